"""The page on `unknown` has every reason and detail that a search gives; the citation has the version."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from zerograd._version import __version__
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Reason
from zerograd.show.text import _advice

ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs/how-to/unknown.md").read_text(encoding="utf-8").split())


def details() -> Iterator[str]:
    """The texts of ``Undecided(reason, text)`` in the search, each piece between values that are put in."""
    for path in (ROOT / "zerograd/search").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id != "Undecided" or len(node.args) < 2:
                continue
            for part in ast.walk(node.args[1]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value.strip(" :")


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_is_there(reason: Reason) -> None:
    """In a row of its own; the answer gives advice as well."""
    assert f"| `{reason}` |" in PAGE
    assert _advice(Problem(network=[1, 1], samples=1), reason)


@pytest.mark.parametrize("detail", sorted({*details()} - {"", "of", "regions were left"}))
def test_every_detail_is_there(detail: str) -> None:
    """The page has it as the search writes it."""
    assert re.sub(r"\bon$|^of ", "", detail).strip() in PAGE


def test_there_are_details() -> None:
    """Enough of them are found in the code that the test above says something."""
    assert len({*details()}) > 12


def test_the_citation_has_the_version() -> None:
    """CITATION.cff and the page on citing name the version that is there."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    assert "cff-version: 1.2.0" in citation
    assert f"{{{__version__}}}" in (ROOT / "docs/how-to/cite.md").read_text(encoding="utf-8")
