"""A derivation as LaTeX that needs amsmath and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from zerograd.document.blocks import (
    Block,
    Code,
    Equation,
    Equations,
    Formula,
    Heading,
    Inline,
    Paragraph,
    Prose,
    Strong,
    Table,
)
from zerograd.document.escape import latex_escape
from zerograd.document.formula import (
    MINUS,
    Digits,
    Flow,
    Letter,
    Matrix,
    Node,
    Quotient,
    Row,
    Script,
    Sigma,
    Sign,
    Word,
    inline,
    width,
)

_LETTERS = {"α": r"\alpha", "δ": r"\delta"}
_SIGNS = {
    "−": "-", "≠": r"\neq", "·": r"\cdot", "⊙": r"\odot", "∂": r"\partial", "′": r"\prime",
    "…": r"\ldots", "⋮": r"\vdots", " ": r"\,",
}  # fmt: skip
_LINE, _WIDE_LINE = 58, 74
"""Digits that fit on a line of LaTeX's own article, and of the document here, with room to spare."""
_UNBROKEN = 12
"""Lines of equations that are kept on one page."""

PREAMBLE = r"""\documentclass[10pt]{article}
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


def formula(node: Node) -> str:
    """A formula, without dollar signs."""
    match node:
        case Letter(name=name, hat=hat):
            letter = _LETTERS.get(name, name)
            return rf"\hat{{{letter}}}" if hat else letter
        case Digits(text=text):
            return text.replace("…", r"\ldots")
        case Sign(text=text):
            return _SIGNS.get(text, text)
        case Word(text=text):
            return rf"\operatorname{{{text}}}"
        case Script(base=base, below=below, above=above):
            lower = f"_{{{formula(below)}}}" if below else ""
            return formula(base) + lower + (f"^{{{formula(above)}}}" if above else "")
        case Quotient(top=top, bottom=bottom, small=small):
            return rf"\{'t' if small else ''}frac{{{formula(top)}}}{{{formula(bottom)}}}"
        case Sigma(index=index):
            return rf"\sum_{{{formula(index)}}}"
        case Matrix(rows=rows):
            lines = r" \\ ".join(" & ".join(map(formula, cells)) for cells in rows)
            return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"
    return joined(node.parts)


def joined(parts: Iterable[Node]) -> str:
    """Parts one after another, with blanks where they help to read."""
    text = ""
    before: Node | None = None
    for part in parts:
        shown = formula(part)
        tight = not text or text.endswith("(") or before == MINUS or shown[:1] in "),"
        text += shown if tight else f" {shown}"
        before = part
    return text


def written(blocks: Sequence[Block], *, document: bool) -> str:
    """A document, or a fragment of one that loads amsmath."""
    lines = [r"\begingroup", r"\allowdisplaybreaks", r"\setlength{\jot}{5pt}"]
    lines += [r"\renewcommand{\arraystretch}{1.25}", r"\begin{sloppypar}"]
    line = _WIDE_LINE if document else _LINE
    for block in blocks:
        if isinstance(block, Equations) and lines[-1].endswith(r"\par"):
            lines[-1] = lines[-1].removesuffix(r"\par")  # a paragraph of its own would leave a gap
        lines += _block(block, line)
    lines += [r"\end{sloppypar}", r"\endgroup"]
    body = "\n".join(lines) + "\n"
    return f"{PREAMBLE}{body}\\end{{document}}\n" if document else body


def _block(block: Block, line: float) -> Iterator[str]:
    match block:
        case Heading(text=text, level=1):
            yield rf"\section*{{{latex_escape(text)}}}"
        case Heading(text=text):
            yield rf"\subsection*{{{latex_escape(text)}}}"
        case Paragraph(parts=parts):
            yield rf"\noindent {prose(parts)}\par"
        case Equations(lines=equations):
            yield from _equations(equations, line)
        case Table(head=head, rows=rows):
            yield r"{\centering"
            yield rf"\begin{{tabular}}{{{'r' * len(head)}}}"
            yield rf"{' & '.join(map(prose, head))} \\ \hline"
            yield from (rf"{' & '.join(map(prose, cells))} \\" for cells in rows)
            yield r"\end{tabular}"
            yield r"\par}"


def prose(parts: Prose) -> str:
    return "".join(map(_inline, parts))


def _inline(part: Inline) -> str:
    match part:
        case Formula(node=node):
            return rf"\({formula(inline(node))}\)"
        case Code(text=text):
            return rf"\texttt{{{latex_escape(text)}}}"
        case Strong(text=text):
            return rf"\textbf{{{latex_escape(text)}}}"
    return " " * part.startswith(" ") + latex_escape(part) + " " * (part.endswith(" ") and part != " ")


def _equations(equations: Sequence[Equation], line: float) -> Iterator[str]:
    left = max(width(equation.left) for equation in equations)
    lines: list[str] = []
    for equation in equations:
        rows = list(_lines(equation, line - left))
        rows[0] = f"{formula(equation.left)} {rows[0]}"
        if equation.note:
            rows[-1] += rf" \tag*{{{prose(equation.note)}}}"
        lines += rows
    yield r"\begin{align*}"
    yield " \\\\\n".join(lines)
    yield r"\end{align*}"


def _lines(equation: Equation, room: float) -> Iterator[str]:
    """The steps, as many on a line as fit; a step that is longer than a line goes over several."""
    line, used = "", 0.0
    for step in equation.steps:
        long = width(step) + 2
        if line and used + long > room:
            yield line
            line, used = "", 0.0
        line += f"{' ' if line else '&'}= "
        parts = step.parts if isinstance(step, Flow) else (step,)
        for position, part in enumerate(parts):
            if used + width(part) + 2 > room and position:
                yield line.rstrip()
                line, used = rf"&\qquad {'{}' * _binary(part)}", 4.0
            line += f"{formula(part)} "
            used += width(part)
        line, used = line.rstrip(), used + 2
    yield line


def _binary(node: Node) -> bool:
    """Whether a formula begins with the sign between two terms."""
    if isinstance(node, Row | Flow):
        return _binary(node.parts[0])
    return isinstance(node, Sign) and node.binary
