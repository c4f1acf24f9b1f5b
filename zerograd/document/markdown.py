"""Documents as Markdown with formulas in dollar signs, as GitHub renders them."""

from __future__ import annotations

from collections.abc import Iterable

from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document import latex
from zerograd.document.blocks import escaped
from zerograd.document.escape import clean, markdown_escape
from zerograd.document.formula import inline, row, width

_LINE = 60
"""Digits of a formula that stays in one piece: renderers break lines between formulas only."""


def formula(node: tree.Node) -> str:
    """A formula in a line."""
    # Markdown takes a backslash before punctuation for its own, and < for the start of a tag.
    plain = latex.formula(node).replace(r"\,", " ").replace(r"\\", r"\cr")
    plain = plain.replace("<", r"\lt ").replace(">", r"\gt ")
    return f"${' '.join(plain.split())}$"


def written(blocks: Iterable[doc.Block]) -> str:
    parts: list[str] = []
    before = ""
    for block in blocks:
        if isinstance(block, doc.Heading) and block.level == 4:
            before = f"**{prose(block.text)}.** "
            continue
        if isinstance(block, doc.Paragraph):
            depth = min(block.depth, doc.DEEPEST)
            bullet = "  " * (depth - 1) + ("- " if block.starts_case else "  ") if depth else ""
            parts.append(bullet + before + prose(block.parts))
        else:
            parts.append(_block(block))
        before = ""
    return "\n\n".join(parts) + "\n"


def _block(block: doc.Block) -> str:
    match block:
        case doc.Heading(text=text, level=level):
            return f"{'#' * (level + 1)} {prose(text)}"
        case doc.Paragraph(parts=parts):
            return prose(parts)
        case doc.Equations(lines=equations):
            return "\n".join(f"* {_equation(equation)}" for equation in equations)
        case doc.Numbered(lines=numbered):
            return "\n".join(f"* ({number}) {formula(node)}" for number, node in numbered)
        case doc.Terms(items=items):
            return "\n".join(
                f"- {label}: {markdown_escape(line)}" for label, texts in items for line in texts
            )
        case doc.Space(lines=count):
            return "<br>" * count
        case doc.Break():
            return "---"
    lines = [[prose(cell) for cell in cells] for cells in (block.head, *block.rows)]
    lines.insert(1, ["---:"] * (len(block.head) - block.words) + [":---"] * block.words)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _equation(equation: doc.Equation) -> str:
    pieces = " ".join(map(formula, pieces_of(equation)))
    return pieces + (f" ({prose(equation.note)})" if equation.note else "")


def pieces_of(equation: doc.Equation) -> Iterable[tree.Node]:
    """An equation in pieces between which a line may be broken."""
    start: list[tree.Node] = [equation.left, tree.EQUALS]
    for step in equation.steps:
        if not isinstance(step, tree.Flow) or width(step) <= _LINE:
            yield row(row(*start), step)
        else:
            yield from _pieces(row(*start), step)
        start = [tree.EQUALS]


def _pieces(start: tree.Node, step: tree.Flow) -> Iterable[tree.Node]:
    """A long step, of which as many parts stand together as fit on a line."""
    first, *rest = step.parts
    piece: list[tree.Node] = [start, first]
    used = width(first)
    for part in rest:
        if used + width(part) > _LINE:
            yield row(*piece)
            piece, used = [], 0.0
        piece.append(part)
        used += width(part)
    yield row(*piece)


def prose(parts: doc.Prose) -> str:
    return "".join(map(_inline, parts))


def _inline(part: doc.Inline) -> str:
    match part:
        case doc.Formula(node=node):
            return formula(inline(node))
        case doc.Code(text=text):
            return f"`{clean(text).replace('`', '')}`"
        case doc.Strong(text=text):
            return f"**{markdown_escape(text)}**"
    return escaped(part, markdown_escape)
