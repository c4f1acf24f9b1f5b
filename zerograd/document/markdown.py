"""A derivation as Markdown with formulas in dollar signs, as GitHub renders them."""

from __future__ import annotations

from collections.abc import Sequence

from zerograd.document import latex
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
from zerograd.document.escape import clean, markdown_escape
from zerograd.document.formula import EQUALS, Flow, Node, inline, row, width

_LINE = 60
"""Digits of a formula that stays in one piece: renderers break lines between formulas only."""


def formula(node: Node) -> str:
    """A formula in a line."""
    # Markdown takes a backslash before punctuation for its own, and < for the start of a tag.
    plain = latex.formula(node).replace(r"\,", " ").replace(r"\\", r"\cr")
    plain = plain.replace("<", r"\lt ").replace(">", r"\gt ")
    return f"${' '.join(plain.split())}$"


def written(blocks: Sequence[Block]) -> str:
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"{'#' * (level + 1)} {markdown_escape(text)}"
        case Paragraph(parts=parts):
            return prose(parts)
        case Equations(lines=equations):
            return "\n".join(f"* {_equation(equation)}" for equation in equations)
    lines = [[prose(cell) for cell in cells] for cells in (block.head, *block.rows)]
    lines.insert(1, ["---:"] * len(block.head))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _equation(equation: Equation) -> str:
    first, *more = equation.steps
    pieces = [formula(piece) for piece in pieces_of(equation.left, first)]
    pieces += [formula(piece) for step in more for piece in pieces_of(None, step)]
    return " ".join(pieces) + (f" ({prose(equation.note)})" if equation.note else "")


def pieces_of(left: Node | None, step: Node) -> list[Node]:
    """A step of an equation in pieces between which a line may be broken."""
    start = row(*([left] if left else []), EQUALS)
    if not isinstance(step, Flow) or width(step) <= _LINE:
        return [row(start, step)]
    first, *rest = step.parts
    pieces: list[list[Node]] = [[start, first]]
    used = width(first)
    for part in rest:
        if used + width(part) > _LINE:
            pieces.append([])
            used = 0.0
        pieces[-1].append(part)
        used += width(part)
    return [row(*parts) for parts in pieces]


def prose(parts: Prose) -> str:
    return "".join(map(_inline, parts))


def _inline(part: Inline) -> str:
    match part:
        case Formula(node=node):
            return formula(inline(node))
        case Code(text=text):
            return f"`{clean(text).replace('`', '')}`"
        case Strong(text=text):
            return f"**{markdown_escape(text)}**"
    return " " * part.startswith(" ") + markdown_escape(part) + " " * (part.endswith(" ") and part != " ")
