"""The LaTeX around what lectures print: a page with room for much, and a place for a picture."""

from __future__ import annotations

from collections.abc import Iterable

from zerograd.document import latex
from zerograd.document.blocks import Block

LINE, WIDE_LINE, COLUMN = 58, 80, 36
"""Digits on a line of LaTeX's own article, of the document here, and of half of it: with room to spare."""
PICTURE = "picture.pdf"
"""A picture in the folder of a document is shown in it."""

PICTURE_THERE = rf"""\newif\ifpicture
\IfFileExists{{{PICTURE}}}{{\picturetrue}}{{}}
"""
_CLASS = r"""\documentclass[10pt]{article}
\usepackage[a4paper,hmargin=2cm,vmargin={1.2cm,1.3cm},footskip=0.6cm]{geometry}
\usepackage{amsmath,graphicx}
"""
_STYLE = r"""\setlength{\parindent}{0pt}
\setlength{\parskip}{3pt plus 2pt}
\makeatletter
\renewcommand\section{\@startsection{section}{1}{0pt}{0pt}{3pt}{\normalfont\Large\bfseries}}
\renewcommand\subsection{%
  \@startsection{subsection}{2}{0pt}{6pt plus 4pt}{2pt}{\normalfont\normalsize\bfseries}}
\makeatother
\begin{document}
\small
\setlength{\abovedisplayskip}{3pt plus 2pt}\setlength{\belowdisplayskip}{3pt plus 2pt}
\setlength{\abovedisplayshortskip}{1pt plus 2pt}\setlength{\belowdisplayshortskip}{3pt plus 2pt}
"""
_BEGIN = r"""\begingroup
\allowdisplaybreaks
\setlength{\jot}{2pt}
\renewcommand{\arraystretch}{1.15}
\begin{sloppypar}
"""
_END = "\\end{sloppypar}\n\\endgroup\n"
_LEFT = r"""\ifpicture
\par\smallskip\noindent\begin{minipage}{0.58\linewidth}\setlength{\parskip}{3pt}\setlength{\parindent}{0pt}
\fi
"""
_INCLUDED = rf"\includegraphics[width=\linewidth,height=6.2cm,keepaspectratio]{{{PICTURE}}}"
_RIGHT = rf"""\ifpicture
\end{{minipage}}\hfill
\begin{{minipage}}{{0.4\linewidth}}\centering{_INCLUDED}\end{{minipage}}\par
\fi
"""
_COLUMN = r"""\begin{minipage}[t]{0.485\linewidth}
\setlength{\parskip}{3pt}\setlength{\parindent}{0pt}
"""
_BELOW = rf"""\ifpicture
\begin{{center}}{_INCLUDED}\end{{center}}
\fi
"""


def fragment(*bodies: str) -> str:
    """Return a text for a document that loads amsmath."""
    return f"{_BEGIN}{''.join(bodies)}{_END}"


def document(*bodies: str) -> str:
    """Return a document of its own."""
    return f"{_CLASS}{PICTURE_THERE}{_STYLE}{fragment(*bodies)}\\end{{document}}\n"


def written(blocks: Iterable[Block], room: int = WIDE_LINE) -> str:
    """Return blocks as LaTeX whose equations fit on lines of so many digits."""
    return latex.written(blocks, room=room)


def beside_picture(body: str, *, narrow: bool) -> str:
    """Return a text with the picture beside it, or below where the text is not narrow."""
    return f"{_LEFT}{body}{_RIGHT}" if narrow else f"{body}{_BELOW}"


def columns(*bodies: str) -> str:
    """Return two texts beside each other."""
    pages = (f"{_COLUMN}{body}\\end{{minipage}}" for body in bodies)
    return "\\par\\noindent" + "\\hfill\n".join(pages) + "\\par\n"


def small(body: str) -> str:
    """Return a text for the end of a page."""
    return f"\\medskip\\footnotesize\n{body}"
