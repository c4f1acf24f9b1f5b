"""Documents as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from zerograd.document.blocks import (
    DEEPEST,
    Block,
    Equations,
    Formula,
    Heading,
    Inline,
    Numbered,
    Paragraph,
    Prose,
    Table,
    Terms,
    escaped,
)
from zerograd.document.escape import clean
from zerograd.document.formula import (
    PARTIAL,
    Call,
    Cases,
    Digits,
    Letter,
    Matrix,
    Node,
    OneIf,
    Phrase,
    Quantity,
    Quotient,
    Row,
    Script,
    Sigma,
    Sign,
    Word,
    joined,
)
from zerograd.document.layout import Layout
from zerograd.document.table import Column, table

WIDTH = 100
_SUBSCRIPTS = {"m": "ₘ", "k": "ₖ", "i": "ᵢ", "j": "ⱼ"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def formula(node: Node) -> str:
    """A formula in a line, with names as in problem files: ``(2/M) Σₘ (ŷₘ − yₘ) w2 1[z1ₘ > 0] xₘ``."""
    match node:
        case Letter(name=text) | Digits(text=text) | Word(text=text):
            return text
        case Sign(text=text):
            return text.strip()
        case Phrase(text=text):
            return f" {text} "
        case Quantity(letter=letter, layer=layer, at=at, scalar=scalar):
            if scalar and at == ("m",):
                return f"{letter}{layer}ₘ"
            return f"{letter}{layer}[{','.join(at)}]" if at else letter + layer
        case Script(base=base, below=below, above=above):
            upper = formula(above).translate(_SUPERSCRIPTS) if above else ""
            return formula(base) + (f"({formula(below)})" if below else "") + upper
        case Quotient(top=top, bottom=bottom, factor=factor):
            several = isinstance(bottom, Row) and bottom.parts[0] != PARTIAL
            fraction = f"{formula(top)}/{f'({formula(bottom)})' if several else formula(bottom)}"
            return f"({fraction})" if factor else fraction
        case Sigma(index=index):
            letter = formula(index)
            return "Σ" + _SUBSCRIPTS.get(letter, f"_{letter}")
        case Call(function=function, argument=argument, prime=prime):
            return f"{formula(function)}{chr(39) * prime}({formula(argument)})"
        case OneIf(condition=condition):
            return f"1[{formula(condition)}]"
        case Cases(cases=cases):
            return ", ".join(f"{formula(value)} for {formula(condition)}" for value, condition in cases)
        case Matrix(rows=rows):
            return f"({'; '.join(' '.join(map(formula, cells)) for cells in rows)})"
    return joined(node.parts, formula, opening=("(", "∂"))


def prose(parts: Prose) -> str:
    """One line."""
    return "".join(map(_inline, parts))


def _inline(part: Inline) -> str:
    if isinstance(part, Formula):
        return formula(part.node)
    return escaped(part if isinstance(part, str) else part.text, clean)


def plain(block: Block) -> Block:
    """The same block, with formulas and conditions as text."""
    match block:
        case Heading(text=words):
            return replace(block, text=(prose(words),))
        case Paragraph(parts=parts):
            return replace(block, parts=(prose(parts),))
        case Numbered(lines=lines):
            return Numbered(tuple((number, Phrase(formula(node))) for number, node in lines))
    return block


def written(blocks: Iterable[Block], *, width: int = WIDTH, indent: int = 2, hanging: int = 0) -> str:
    """Lines of at most ``width`` columns where that is possible.

    Args:
        indent: of paragraphs.
        hanging: their further indent from the second line on.
    """
    page = Layout(width, False)
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(text=text, level=level):
                lines += [*[""] * bool(lines), *page.wrapped(prose(text), 0, 4), *[""] * (level == 0)]
            case Paragraph(parts=parts, depth=depth):
                lines += page.wrapped(prose(parts), indent + 2 * min(depth, DEEPEST), hanging)
            case Equations(lines=equations):
                for equation in equations:
                    sides = " = ".join(map(formula, (equation.left, *equation.steps)))
                    lines += page.wrapped(sides, 2, 4)
            case Numbered(lines=numbered):
                for number, node in numbered:
                    lines += page.wrapped(f"{f'({number})'.ljust(5)} {formula(node)}", 4, 8)
            case Terms(items=items):
                lines += [line for label, texts in items for line in page.labelled(label, texts)]
            case Table():
                lines += ["", *table(columns(block), width=width), ""]
    return "\n".join(lines) + "\n"


def columns(block: Table) -> Sequence[Column]:
    """The columns of a table."""
    cells = zip(*block.rows, strict=True)
    numbers = len(block.head) - block.words
    return [
        Column(prose(heading), [prose(cell) for cell in column], left=position >= numbers)
        for position, (heading, column) in enumerate(zip(block.head, cells, strict=True))
    ]
