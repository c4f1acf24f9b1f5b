"""What is asked of every file and no linter knows: docstrings that begin plainly, short modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("zerograd", "tests", "tools", "benchmarks")
LONGEST = {"zerograd": 400, "tests": 700}
"""Lines of a file in these folders."""
AMISS = r"\s*(Of|By|As)\b"


def files(*folders: str) -> Iterator[tuple[Path, str]]:
    """The Python files in some folders of the repository, with their text."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Each docstring with its line: of modules, classes, functions, and the strings that follow a name."""
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(said))):
                    yield statement.lineno, said


def test_docstrings_begin_with_what_something_is() -> None:
    """They say "Return the …", "Certificate that …": never "Of …", "By …" or "As …"."""
    wrong = [
        f"{path}:{line}: {said.splitlines()[0]}"
        for path, text in files(*FOLDERS)
        if re.search(f"[\"']{AMISS}", text)  # next to none: to parse them all takes seconds
        for line, said in docstrings(text)
        if re.match(AMISS, said)
    ]
    assert not wrong, "\n".join(wrong)


def test_files_can_be_read_in_one_sitting() -> None:
    """Modules and tests of more lines want dividing."""
    long = [
        f"{path}: {lines} lines, at most {most}"
        for folder, most in LONGEST.items()
        for path, text in files(folder)
        if (lines := len(text.splitlines())) > most
    ]
    assert not long, "\n".join(long)


def test_nothing_rests_on_an_assertion() -> None:
    """Under ``python -O`` they are gone: what must hold is checked (`present`, `of_type`), and raises."""
    asserted = [
        f"{path}:{node.lineno}"
        for path, text in files("zerograd")
        if re.search(r"\bassert\b", text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
    ]
    assert not asserted, "\n".join(asserted)
