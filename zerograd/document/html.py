"""A derivation as a fragment of HTML with MathML, without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

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
)
from zerograd.document.escape import clean
from zerograd.document.formula import (
    Digits,
    Letter,
    Matrix,
    Node,
    Quotient,
    Script,
    Sigma,
    Sign,
    Word,
    inline,
)
from zerograd.document.markdown import pieces_of

_INVISIBLE_TIMES = "\u2062"


def formula(node: Node) -> str:
    """A formula as MathML, without the element ``math`` around it."""
    match node:
        case Letter(name=name, hat=hat):
            letter = f"<mi>{escape(name)}</mi>"
            return f'<mover accent="true">{letter}<mo stretchy="false">^</mo></mover>' if hat else letter
        case Digits(text=text):
            return f"<mn>{text}</mn>"
        case Sign(text=text, binary=binary):
            return _sign(text, binary=binary)
        case Word(text=text):
            return f"<mi>{escape(text)}</mi>"
        case Script(base=base, below=below, above=above):
            parts = "".join(formula(part) for part in (base, below, above) if part)
            tag = f"m{'sub' * bool(below)}{'sup' * bool(above)}"
            return f"<{tag}>{parts}</{tag}>" if below or above else parts
        case Quotient(top=top, bottom=bottom, small=small):
            fraction = f"<mfrac>{formula(top)}{formula(bottom)}</mfrac>"
            return f'<mstyle displaystyle="false">{fraction}</mstyle>' if small else fraction
        case Sigma(index=index):
            return f"<munder><mo>∑</mo>{formula(index)}</munder>"
        case Matrix(rows=rows):
            lines = "".join(
                f"<mtr>{''.join(f'<mtd>{formula(c)}</mtd>' for c in cells)}</mtr>" for cells in rows
            )
            return f"<mrow><mo>(</mo><mtable>{lines}</mtable><mo>)</mo></mrow>"
    return f"<mrow>{''.join(map(formula, node.parts))}</mrow>"


def _sign(text: str, *, binary: bool) -> str:
    if text == " ":
        return f"<mo>{_INVISIBLE_TIMES}</mo>"
    if text in "()":
        return f'<mo stretchy="false">{text}</mo>'
    if text in "+−":
        # By itself a browser would go by the place in its group.
        return f'<mo form="{"infix" if binary else "prefix"}">{text}</mo>'
    if text in "∂…⋮":
        return f"<mi>{text}</mi>"
    return f"<mo>{escape(text)}</mo>"


def written(blocks: Sequence[Block]) -> str:
    """An element ``section`` of class ``derivation``."""
    return "\n".join(['<section class="derivation">', *map(_block, blocks), "</section>"]) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"<h{level + 1}>{escape(clean(text))}</h{level + 1}>"
        case Paragraph(parts=parts):
            return f"<p>{prose(parts)}</p>"
        case Equations(lines=equations):
            return "\n".join(['<div class="equations">', *map(_equation, equations), "</div>"])
    head = _cells("th", block.head)
    body = "\n".join(f"<tr>{_cells('td', cells)}</tr>" for cells in block.rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _cells(tag: str, cells: Iterable[Prose]) -> str:
    return "".join(f"<{tag}>{prose(cell)}</{tag}>" for cell in cells)


def _equation(equation: Equation) -> str:
    first, *more = equation.steps
    pieces = [*pieces_of(equation.left, first), *(piece for step in more for piece in pieces_of(None, step))]
    shown = " ".join(f'<math displaystyle="true">{formula(piece)}</math>' for piece in pieces)
    note = f' <span class="note">({prose(equation.note)})</span>' if equation.note else ""
    return f'<p class="equation">{shown}{note}</p>'


def prose(parts: Prose) -> str:
    return "".join(map(_inline, parts))


def _inline(part: Inline) -> str:
    match part:
        case Formula(node=node):
            return f"<math>{formula(inline(node))}</math>"
        case Code(text=text):
            return f"<code>{escape(clean(text))}</code>"
        case Strong(text=text):
            return f"<strong>{escape(clean(text))}</strong>"
    shown = escape(clean(part))
    return " " * part.startswith(" ") + shown + " " * (part.endswith(" ") and part != " ")
