"""Coq, where it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

AXIOMS = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}


@pytest.fixture
def coqc(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """What coqc says of a text. Tests that want it are skipped where it is not installed, save in CI."""
    if shutil.which("coqc") is None and not os.environ.get("CI"):
        pytest.skip("coqc is not installed")

    def compiled(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "proof.v").write_text(text, encoding="utf-8")
        return subprocess.run(["coqc", "proof.v"], cwd=tmp_path, capture_output=True, text=True, check=False)

    return compiled


@pytest.fixture
def coq_accepts(coqc: Callable[[str], subprocess.CompletedProcess[str]]) -> Callable[[str], None]:
    """Asserts that a text compiles, and rests on no axioms but those of Coq's real numbers."""

    def accepts(text: str) -> None:
        run = coqc(text)
        assert run.returncode == 0, run.stderr
        axioms = set(re.findall(r"^(\S+)\s*(?:$|:)", run.stdout.replace("Axioms:", ""), re.MULTILINE))
        assert axioms
        assert axioms <= AXIOMS
        assert run.stdout.count("Axioms:") == text.count("Print Assumptions")

    return accepts
