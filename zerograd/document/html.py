"""Documents as fragments of HTML, formulas in MathML, without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document.blocks import escaped
from zerograd.document.escape import clean
from zerograd.document.formula import row, spread
from zerograd.document.markdown import pieces_of

_INVISIBLE_TIMES = "\u2062"


def formula(node: tree.Node) -> str:
    """A formula as MathML, without the element ``math`` around it."""
    match node:
        case tree.Letter(name="ŷ"):
            return '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'
        case tree.Letter(name=text) | tree.Word(text=text):
            return f"<mi>{escape(text)}</mi>"
        case tree.Name(text=text):
            return f'<mi mathvariant="monospace">{escape(text)}</mi>'
        case tree.Digits(text=text):
            return f"<mn>{text}</mn>"
        case tree.Sign(text=text, binary=binary):
            return _sign(text, binary=binary)
        case tree.Phrase(text=text):
            return f"<mtext>&nbsp;{escape(text)}&nbsp;</mtext>"
        case tree.Quantity() | tree.Call() | tree.OneIf():
            return formula(spread(node))
        case tree.Script(base=base, below=below, above=above):
            parts = "".join(formula(part) for part in (base, below, above) if part)
            tag = f"m{'sub' * bool(below)}{'sup' * bool(above)}"
            return f"<{tag}>{parts}</{tag}>" if below or above else parts
        case tree.Quotient(top=top, bottom=bottom, slash=True):
            return formula(row(top, tree.Sign("/"), bottom))
        case tree.Quotient(top=top, bottom=bottom, small=small):
            fraction = f"<mfrac>{formula(top)}{formula(bottom)}</mfrac>"
            return f'<mstyle displaystyle="false">{fraction}</mstyle>' if small else fraction
        case tree.Root(inner=inner):
            return f"<msqrt>{formula(inner)}</msqrt>"
        case tree.Bars(inner=inner):
            return f"<mrow><mo>|</mo>{formula(inner)}<mo>|</mo></mrow>"
        case tree.Sigma(index=index):
            return f"<munder><mo>∑</mo>{formula(index)}</munder>"
        case tree.Cases(cases=cases):
            return f"<mrow><mo>{{</mo>{_table(cases)}</mrow>"
        case tree.Matrix(rows=rows):
            return f"<mrow><mo>(</mo>{_table(rows)}<mo>)</mo></mrow>"
    return f"<mrow>{''.join(map(formula, node.parts))}</mrow>"


def _table(rows: Iterable[tuple[tree.Node, ...]]) -> str:
    lines = (f"<mtr>{''.join(f'<mtd>{formula(cell)}</mtd>' for cell in cells)}</mtr>" for cells in rows)
    return f"<mtable>{''.join(lines)}</mtable>"


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


def written(blocks: Iterable[doc.Block], kind: str) -> str:
    """An element ``section`` of a class."""
    return "\n".join([f'<section class="{kind}">', *map(_block, blocks), "</section>"]) + "\n"


def _block(block: doc.Block) -> str:
    match block:
        case doc.Heading(text=text, level=level):
            level = min(level + 1, 3)
            return f"<h{level}>{prose(text)}</h{level}>"
        case doc.Paragraph(parts=parts, depth=depth):
            indent = f' style="margin-left: {2 * min(depth, doc.DEEPEST)}em"' if depth else ""
            return f"<p{indent}>{prose(parts)}</p>"
        case doc.Equations(lines=equations):
            return "\n".join(['<div class="equations">', *map(_equation, equations), "</div>"])
        case doc.Numbered(lines=numbered):
            items = (f'<li value="{number}">{_inline(doc.Formula(node))}</li>' for number, node in numbered)
            return f"<ol>{''.join(items)}</ol>"
        case doc.Terms(items=terms):
            lines = (f"{label}: {escape(clean(line))}" for label, texts in terms for line in texts)
            return "\n".join(f"<p>{line}</p>" for line in lines)
        case doc.Space(lines=count):
            return "<p><br></p>" * count
        case doc.Break():
            return "<hr>"
    head = _cells("th", block.head)
    body = "\n".join(f"<tr>{_cells('td', cells)}</tr>" for cells in block.rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _cells(tag: str, cells: Iterable[doc.Prose]) -> str:
    return "".join(f"<{tag}>{prose(cell)}</{tag}>" for cell in cells)


def _equation(equation: doc.Equation) -> str:
    pieces = (f'<math displaystyle="true">{formula(piece)}</math>' for piece in pieces_of(equation))
    note = f' <span class="note">({prose(equation.note)})</span>' if equation.note else ""
    return f'<p class="equation">{" ".join(pieces)}{note}</p>'


def prose(parts: doc.Prose) -> str:
    return "".join(map(_inline, parts))


def _inline(part: doc.Inline) -> str:
    match part:
        case doc.Formula(node=tree.Phrase(text=text)):
            return escape(text)
        case doc.Formula(node=node):
            return f"<math>{formula(node)}</math>"
        case doc.Code(text=text):
            return f"<code>{escape(clean(text))}</code>"
        case doc.Strong(text=text):
            return f"<strong>{escape(clean(text))}</strong>"
    return escaped(part, lambda text: escape(clean(text)))
