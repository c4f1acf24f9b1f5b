"""LaTeX to PDF, by the pdflatex that is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from zerograd.core.errors import ZerogradError

SECONDS = 120.0
"""Longest that pdflatex may take; it needs about one."""

_COMMAND = ("pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex")
_ELSEWHERE = "write the LaTeX with --to latex, and typeset it elsewhere"
_ERROR = re.compile(r"^! .*(?:\n(?!! ).*){0,4}", re.MULTILINE)


class NotTypeset(ZerogradError):  # noqa: N818  # named for what happened
    """There is no PDF: pdflatex is not installed, takes too long, or does not take the text."""


def pdf(latex: str, files: Mapping[str, bytes] | None = None, *, seconds: float = SECONDS) -> bytes:
    """A document of LaTeX as PDF: the same bytes for the same text and the same pdflatex.

    Args:
        files: what stands in the folder beside the text, such as a picture, by name.

    Raises:
        NotTypeset: with what to do about it.
    """
    program = shutil.which(_COMMAND[0])
    if program is None:
        raise NotTypeset(
            "pdflatex is not installed (Debian and Ubuntu: apt-get install texlive-latex-base): "
            f"install it, or {_ELSEWHERE}"
        )
    # No date and no random number: what is printed depends on the text alone. Nothing outside the folder
    # can be written, and nothing above it read.
    settings = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "openin_any": "p", "openout_any": "p"}
    with tempfile.TemporaryDirectory(prefix="zerograd-") as folder:
        (Path(folder) / "page.tex").write_text(latex, encoding="utf-8")
        for name, content in (files or {}).items():
            (Path(folder) / name).write_bytes(content)
        try:
            run = subprocess.run(  # noqa: S603 - a program found by name, and no word of the caller's
                [program, *_COMMAND[1:]],
                cwd=folder,
                env=os.environ | settings,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotTypeset(f"pdflatex was stopped after {seconds:g} s: {_ELSEWHERE}") from None
        except OSError as error:
            raise NotTypeset(f"pdflatex cannot be started ({error.strerror}): {_ELSEWHERE}") from None
        made = Path(folder) / "page.pdf"
        if run.returncode or not made.is_file():
            raise NotTypeset(f"pdflatex failed: {_said(run.stdout.decode(errors='replace'))}; {_ELSEWHERE}")
        return made.read_bytes()


def _said(log: str) -> str:
    """The first error of a log, on one line."""
    found = _ERROR.search(log)
    return " ".join((found[0] if found else log[-300:]).split()) or "without a word"
