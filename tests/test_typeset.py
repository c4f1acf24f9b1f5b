"""LaTeX to PDF: with the real pdflatex where it is installed, and what is said where it is not."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from zerograd.typeset import NotTypeset, pdf

DOCUMENT = "\\documentclass{article}\n\\begin{document}\n%s\n\\end{document}\n"


@pytest.mark.usefixtures("pdflatex")
def test_the_same_text_gives_the_same_bytes() -> None:
    """No date and no name of a folder gets into the file."""
    first = pdf(DOCUMENT % "One page, of \\today.")
    assert first.startswith(b"%PDF-")
    assert first == pdf(DOCUMENT % "One page, of \\today.")


@pytest.mark.usefixtures("pdflatex")
def test_an_error_is_said_with_what_to_do() -> None:
    """The first error of pdflatex, and the way around it."""
    with pytest.raises(NotTypeset, match=r"pdflatex failed: ! Undefined control sequence.*--to latex"):
        pdf(DOCUMENT % "\\undefinedcommand")


@pytest.mark.usefixtures("pdflatex")
def test_endless_text_is_stopped() -> None:
    """After the time that is given."""
    with pytest.raises(NotTypeset, match=r"stopped after 1 s"):
        pdf(DOCUMENT % "\\def\\x{\\x}\\x", seconds=1)


@pytest.mark.usefixtures("pdflatex")
@pytest.mark.parametrize(
    "attack", ["\\immediate\\write18{touch %s}", "\\newwrite\\f\\immediate\\openout\\f=%s"]
)
def test_nothing_is_run_or_written_elsewhere(tmp_path: Path, attack: str) -> None:
    """Neither by the shell nor by LaTeX itself."""
    made = tmp_path / "made.tex"
    with suppress(NotTypeset):
        pdf(DOCUMENT % (attack % made))
    assert not made.exists()


def test_without_pdflatex_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which package to install, or to typeset the LaTeX elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotTypeset, match=r"not installed .*texlive-latex-base.*--to latex"):
        pdf(DOCUMENT % "x")
