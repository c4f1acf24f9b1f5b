"""The page that says what a sceptic must read is true."""

from __future__ import annotations

import subprocess
import sys

from tools import reading


def test_the_page_lists_what_decides() -> None:
    """Modules, their lengths and their summaries are those of the tree."""
    page = reading.PAGE.read_text(encoding="utf-8")
    assert reading.written(page) == page, "run python tools/reading.py update"


def test_a_witness_is_accepted_by_little() -> None:
    """Neither validation nor what is read or refuted decides whether a witness is accepted."""
    modules = reading.closure(reading.DECIDING["witness"])
    assert len(modules) < 60
    assert "zerograd.core.question.validation" not in modules
    assert not any(module.startswith(("zerograd.core.refuting", "zerograd.spec")) for module in modules)


def test_what_is_loaded_is_what_is_listed() -> None:
    """Importing the module that accepts loads the listed modules, the packages around them, and no other."""
    for module in reading.DECIDING.values():
        code = (
            "import sys, types; package = types.ModuleType('zerograd'); package.__path__ = [sys.argv[1]]\n"
            f"sys.modules['zerograd'] = package; import {module}\n"
            "print(*[name for name in sys.modules if name.startswith('zerograd.')])"
        )
        command = [sys.executable, "-c", code, str(reading.ROOT / "zerograd")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        listed = set(reading.closure(module))
        packages = {name for name in done.stdout.split() if reading.path_of(name).name == "__init__.py"}
        assert set(done.stdout.split()) - (packages - listed) == listed
