"""An answer as slides for LaTeX's class beamer: a frame for each step of a derivation, or of a proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.core.errors import present
from zerograd.core.verdict.answer import Sat
from zerograd.document import latex
from zerograd.document.blocks import Block, Equations, Paragraph, heading, sections
from zerograd.document.escape import clean, latex_escape
from zerograd.show.lecture.exercise import Proved
from zerograd.show.say.citing import recheck
from zerograd.show.say.derivation.content import blocks as derivation
from zerograd.show.say.paper import PICTURE, PICTURE_THERE
from zerograd.show.say.proof import notation_of, reasoning
from zerograd.show.say.proof.claim import claim

_LINE = 52
"""Digits that fit on a line of a slide."""
_MOST = 3
"""Equations that are kept together."""
_PREAMBLE = r"""\documentclass[aspectratio=169,11pt]{beamer}
\usepackage{amsmath,graphicx}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}{\hfill\insertpagenumber\hspace{1em}\vspace{4pt}}
\setbeamertemplate{frametitle continuation}{}
\setbeamertemplate{headline}{}
"""
_PICTURE = rf"""\ifpicture
\begin{{frame}}{{The picture}}
\centering\includegraphics[width=\linewidth,height=0.8\textheight,keepaspectratio]{{{PICTURE}}}
\end{{frame}}
\fi
"""
_LOOSE = r"""\allowdisplaybreaks\predisplaypenalty=0
\small\setlength{\parskip}{4pt}\renewcommand{\arraystretch}{1.3}
"""


def slides(thing: Sat | Proved) -> str:
    """Return a LaTeX document of frames, which shows ``picture.pdf`` if it lies beside it."""
    title = clean(thing.problem.title or "") or "Gradients that vanish, and gradients that do not"
    frames = _of_witness(thing) if isinstance(thing, Sat) else _of_proof(thing)
    head = f"{_PREAMBLE}{PICTURE_THERE}\\title{{{latex_escape(title)}}}\n\\date{{}}\n\\begin{{document}}\n"
    return f"{head}\\begin{{frame}}\n\\titlepage\n\\end{{frame}}\n{''.join(frames)}\\end{{document}}\n"


def _of_witness(answer: Sat) -> Iterator[str]:
    for title, inside in sections(derivation(answer)):
        if title:
            yield _frame(title, inside)
        if title == "The data":
            yield _PICTURE
    yield _frame("Check it again", [*recheck(answer.problem, proved=False)])


def _of_proof(proof: Proved) -> Iterator[str]:
    problem, certificate = proof.problem, present(proof.certificate, "certificate")
    yield _frame("Theorem", [Paragraph(claim(problem, certificate))])
    yield _frame("Notation", [*notation_of(problem, certificate)])
    yield _frame("Proof", [*reasoning(problem, certificate)], indented=True)
    yield _frame("Check it again", [*recheck(problem, proved=True)])


def _breakable(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, with equations a few at a time: frames break between them, and not within."""
    for block in blocks:
        if isinstance(block, Equations):
            starts = range(0, len(block.lines), _MOST)
            yield from (Equations(block.lines[start : start + _MOST]) for start in starts)
        else:
            yield block


def _frame(title: str, blocks: Sequence[Block], *, indented: bool = False) -> str:
    """Return a frame; what does not fit goes onto further ones."""
    shown = latex.prose(heading(title).text)
    body = latex.written(_breakable(blocks), room=_LINE, indented=indented)
    return f"\\begin{{frame}}[allowframebreaks=0.85]{{{shown}}}\n{_LOOSE}{body}\\end{{frame}}\n"
