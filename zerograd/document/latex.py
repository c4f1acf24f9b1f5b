"""Documents as LaTeX that needs amsmath and nothing else (and longtable, for long tables)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import TypeVar

from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document import text
from zerograd.document.blocks import escaped
from zerograd.document.escape import clean, latex_escape
from zerograd.document.formula import inline, is_signed, joined, width

T = TypeVar("T")

_LETTERS = {"α": r"\alpha", "δ": r"\delta", "σ": r"\sigma", "π": r"\pi", "ŷ": r"\hat{y}", "ℓ": r"\ell"}
_SIGNS = {
    "−": "-", "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "·": r"\cdot", "⊙": r"\odot", "∂": r"\partial",
    "′": r"\prime", "…": r"\ldots", "⋮": r"\vdots", " ": r"\,",
}  # fmt: skip
_UNBROKEN, _UNBROKEN_NUMBERED = 15, 12
"""Lines of one block: amsmath breaks none over pages unless told to."""
_ONE_LINE = 80
"""Characters of a numbered formula that is set in a line of its own."""
_PIECE = 16
"""Characters of a long word of code between which it may be broken."""
_STEP = 1.5
"""Indent of each case within a case, in em."""
LONG = 40
"""Rows of a table that fit on a page."""
_RELATION = re.compile(r" (?:=|>|<|\\neq|\\geq|\\leq) ")


def formula(node: tree.Node) -> str:
    """A formula, without dollar signs."""
    match node:
        case tree.Letter(name=name):
            return _LETTERS.get(name, name)
        case tree.Digits(text=digits):
            return digits.replace("…", r"\ldots")
        case tree.Sign(text=sign):
            return _SIGNS.get(sign, sign)
        case tree.LOG:
            return r"\log"
        case tree.Word(text=word):
            return rf"\operatorname{{{latex_escape(word)}}}"
        case tree.Name(text=name):
            return rf"\mathtt{{{name}}}"
        case tree.Phrase(text=words):
            return rf"\text{{ {words} }}"
        case tree.Quantity(letter=letter, layer=layer, at=at, scalar=scalar):
            above = f"^{{({layer})}}" if layer and not scalar else ""
            below = ",".join((layer, *at) if layer and scalar else at)
            return _LETTERS.get(letter, letter) + above + (f"_{{{below}}}" if below else "")
        case tree.Script(base=base, below=below, above=above):
            shown = formula(base)
            if above and isinstance(base, tree.Quantity) and "^" in shown:
                shown = f"{{{shown}}}"
            shown += f"_{{{formula(below)}}}" if below else ""
            return shown + (f"^{{{formula(above)}}}" if above else "")
        case tree.Quotient(top=top, bottom=bottom, slash=True):
            return f"{formula(top)}/{formula(bottom)}"
        case tree.Quotient(top=top, bottom=bottom, small=small):
            return rf"\{'t' if small else ''}frac{{{formula(top)}}}{{{formula(bottom)}}}"
        case tree.Root(inner=inner):
            return rf"\sqrt{{{formula(inner)}}}"
        case tree.Bars(inner=inner):
            return rf"\lvert {formula(inner)} \rvert"
        case tree.Sigma(index=index):
            return rf"\sum_{{{formula(index)}}}"
        case tree.Call(function=function, argument=argument, prime=prime):
            return f"{formula(function)}{chr(39) * prime}({formula(argument)})"
        case tree.OneIf(condition=condition):
            return rf"\mathbf{{1}}[{formula(condition)}]"
        case tree.Cases(cases=cases):
            lines = (rf"{formula(value)} & \text{{for }} {formula(condition)}" for value, condition in cases)
            return _environment("cases", lines)
        case tree.Matrix(rows=rows):
            return _environment("pmatrix", (" & ".join(map(formula, cells)) for cells in rows))
    return joined(node.parts, formula)


def _environment(name: str, lines: Iterable[str]) -> str:
    body = r" \\ ".join(lines)
    return rf"\begin{{{name}}} {body} \end{{{name}}}"


def written(blocks: Iterable[doc.Block], *, room: float = inf, indented: bool = False) -> str:
    """The body of a document.

    Args:
        room: digits that fit on a line of equations, where they are to be broken.
        indented: whether paragraphs are.
    """
    lines: list[str] = []
    before = ""
    for block in blocks:
        if isinstance(block, doc.Heading) and block.level == 4:
            before = rf"\medskip\noindent\textbf{{{prose(block.text)}.}} "
            continue
        if isinstance(block, doc.Paragraph):
            start = r"\smallskip\noindent " * block.starts_case if indented else r"\noindent "
            shown = rf"{before or start}{prose(block.parts)}\par"
            skip = _STEP * (min(block.depth, doc.DEEPEST) - 1)
            lines.append(rf"{{\leftskip={skip:g}em {shown}}}" if indented and skip > 0 else shown)
        else:
            tight = isinstance(block, doc.Numbered) or (isinstance(block, doc.Equations) and room < inf)
            if tight and lines and lines[-1].endswith(r"\par"):
                lines[-1] = lines[-1].removesuffix(r"\par")  # a paragraph of its own would leave a gap
            elif isinstance(block, doc.Heading) and block.level == 3 and lines:
                lines.append("")
            lines += _block(block, room)
        before = ""
    return "\n".join(lines) + "\n"


def _block(block: doc.Block, room: float) -> Iterator[str]:
    match block:
        case doc.Heading(text=words, level=3):
            yield rf"\medskip\noindent\textbf{{{prose(words)}}}\par"
        case doc.Heading(text=words, level=level):
            yield rf"\{'sub' * (level > 1)}section*{{{prose(words)}}}"
        case doc.Equations(lines=equations):
            for some in _batches(equations, _UNBROKEN if room == inf else len(equations)):
                yield from _aligned(_equations(some, room))
        case doc.Numbered(lines=numbered):
            yield from _numbered(numbered)
        case doc.Terms(items=items):
            for label, texts in items:
                yield from (rf"\noindent {label}: {latex_escape(line)}\par" for line in texts)
        case doc.Space(lines=count):
            yield rf"\vspace{{{count}\baselineskip}}"
        case doc.Break():
            yield r"\newpage"
        case doc.Table(head=head, rows=rows, words=0):
            yield r"{\centering"
            yield rf"\begin{{tabular}}{{{'r' * len(head)}}}"
            yield rf"{_cells(head)} \\ \hline"
            yield from (rf"{_cells(cells)} \\" for cells in rows)
            yield r"\end{tabular}"
            yield r"\par}"
        case doc.Table(head=head, rows=rows, words=words):
            long = len(rows) > LONG
            environment = "longtable" if long else "tabular"
            yield from ("", r"\noindent") if not long else ("",)
            yield rf"\begin{{{environment}}}{{{'r' * (len(head) - words)}{'l' * words}}}"
            yield rf"\hline {_cells(head)} \\ \hline" + (r" \endhead" if long else "")
            yield from (rf"{_cells(cells)} \\" for cells in rows)
            yield from (r"\hline", rf"\end{{{environment}}}", "")


def _cells(cells: Iterable[doc.Prose]) -> str:
    return " & ".join(map(prose, cells))


def prose(parts: doc.Prose) -> str:
    return "".join(map(_inline, parts))


def _inline(part: doc.Inline) -> str:
    match part:
        case doc.Formula(node=node):
            return rf"\({formula(inline(node))}\)"
        case doc.Code(text=code):
            return rf"\texttt{{{' '.join(map(_breakable, clean(code).split(' ')))}}}"
        case doc.Strong(text=words):
            return rf"\textbf{{{latex_escape(words)}}}"
    return escaped(part, latex_escape)


def _breakable(word: str) -> str:
    """A word of code; a long one, such as a digest, may be broken."""
    pieces = [word[start : start + _PIECE] for start in range(0, len(word), _PIECE)]
    return latex_escape(word) if len(pieces) < 3 else r"\allowbreak{}".join(map(latex_escape, pieces))


def _batches(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    return (items[start : start + most] for start in range(0, len(items), most))


def _aligned(lines: Iterable[str]) -> Iterator[str]:
    yield r"\begin{align*}"
    yield " \\\\\n".join(lines)
    yield r"\end{align*}"


def _numbered(formulas: Iterable[tuple[int, tree.Node]]) -> Iterator[str]:
    """Short formulas aligned; long ones in paragraphs, which LaTeX knows how to break."""
    short: list[str] = []

    def aligned() -> Iterator[str]:
        for some in _batches(short, _UNBROKEN_NUMBERED):
            yield from _aligned(some)
        short.clear()

    for number, node in formulas:
        shown = formula(node)
        if len(text.formula(node)) <= _ONE_LINE:
            shown = _RELATION.sub(lambda match: f" &{match[0].lstrip()}", shown, count=1)
            short.append(rf"{shown} \tag{{{number}}}")
        else:
            yield from aligned()
            yield rf"\noindent({number})\quad\({shown}\)\par"
    yield from aligned()


def _equations(equations: Sequence[doc.Equation], room: float) -> Iterator[str]:
    left = max(width(equation.left) for equation in equations)
    for equation in equations:
        lines = list(_lines(equation, room - left))
        lines[0] = f"{formula(equation.left)} {lines[0]}"
        if equation.note:
            lines[-1] += rf" \tag*{{{prose(equation.note)}}}"
        yield from lines


def _lines(equation: doc.Equation, room: float) -> Iterator[str]:
    """The steps, as many on a line as fit; a step that is longer than a line goes over several."""
    line, used = "", 0.0
    for step in equation.steps:
        long = width(step) + 2
        if line and used + long > room:
            yield line
            line, used = "", 0.0
        line += f"{' ' if line else '&'}= "
        parts = step.parts if isinstance(step, tree.Flow) else (step,)
        for position, part in enumerate(parts):
            if used + width(part) + 2 > room and position:
                yield line.rstrip()
                line, used = rf"&\qquad {'{}' * is_signed(part)}", 4.0
            line += f"{formula(part)} "
            used += width(part)
        line, used = line.rstrip(), used + 2
    yield line
