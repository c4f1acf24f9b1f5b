"""LaTeX of an answer to PDF, with the picture of its witness where there is one."""

from __future__ import annotations

from zerograd.audits import Audit
from zerograd.core.errors import ZerogradError
from zerograd.core.verdict.answer import Answer
from zerograd.show import plot
from zerograd.show.say.paper import PICTURE
from zerograd.typeset import pdf

_WIDTH = 10.0
"""Centimetres that the picture is drawn for; pages show it smaller."""


def handout(answer: Answer | Audit, latex: str) -> bytes:
    """Return a document of LaTeX about an answer, or an audit, as PDF.

    Raises:
        NotTypeset: with what to do about it.
    """
    return pdf(latex, {} if isinstance(answer, Audit) else _picture(answer))


def _picture(answer: Answer) -> dict[str, bytes]:
    """Return the picture as a file; nothing where there is none, or nothing to draw it with."""
    if plot.unfit(answer, "function") is not None:
        return {}
    try:
        return {PICTURE: plot.picture(answer, "pdf", kind="function", width=_WIDTH, title=False)}
    except ZerogradError:  # numbers that are too large to draw
        return {}
