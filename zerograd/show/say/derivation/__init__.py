"""A witness worked out by hand, as the page of a lecture: forward pass, backward pass, gradients as sums."""

from __future__ import annotations

from zerograd.core.verdict.answer import Sat
from zerograd.document import html, latex, markdown
from zerograd.show.say.citing import recheck
from zerograd.show.say.derivation.content import blocks

_LINE, _WIDE_LINE = 58, 74
"""Digits that fit on a line of LaTeX's own article, and of the document here, with room to spare."""
_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[a4paper,hmargin=2.3cm,vmargin=2cm]{geometry}
\usepackage{amsmath}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\makeatletter
\renewcommand\section{\@startsection{section}{1}{0pt}{0pt}{4pt}{\normalfont\Large\bfseries}}
\renewcommand\subsection{%
  \@startsection{subsection}{2}{0pt}{8pt plus 4pt}{2pt}{\normalfont\normalsize\bfseries}}
\makeatother
\begin{document}
\setlength{\abovedisplayskip}{4pt plus 2pt}\setlength{\belowdisplayskip}{4pt plus 2pt}
\setlength{\abovedisplayshortskip}{2pt plus 2pt}\setlength{\belowdisplayshortskip}{4pt plus 2pt}
"""
_BEGIN = r"""\begingroup
\allowdisplaybreaks
\setlength{\jot}{5pt}
\renewcommand{\arraystretch}{1.25}
\begin{sloppypar}
"""
_CHECKED = "\\medskip\\footnotesize\n"
_END = "\\end{sloppypar}\n\\endgroup\n"


def derivation_markdown(answer: Sat) -> str:
    """The derivation as Markdown with ``$…$`` formulas, as GitHub renders them."""
    return markdown.written(blocks(answer))


def derivation_latex(answer: Sat, *, document: bool = True) -> str:
    """The derivation as a LaTeX document, with the problem's notes; or as a fragment for one with amsmath."""
    room = _WIDE_LINE if document else _LINE
    checked = latex.written(recheck(answer.problem, proved=False))
    body = f"{_BEGIN}{latex.written(blocks(answer, notes=document), room=room)}{_CHECKED}{checked}{_END}"
    return f"{_PREAMBLE}{body}\\end{{document}}\n" if document else body


def derivation_html(answer: Sat, *, title: bool = True) -> str:
    """The derivation as a fragment of HTML: an element ``section`` with formulas in MathML, no scripts.

    Args:
        title: whether it begins with its title, for a page that has none.
    """
    return html.written(blocks(answer)[0 if title else 1 :], "derivation")
