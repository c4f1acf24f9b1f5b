"""Documents as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document.blocks import escaped
from zerograd.document.escape import clean
from zerograd.document.formula import brackets, is_sum, joined
from zerograd.document.layout import LABEL, Layout
from zerograd.document.table import Column, table

WIDTH = 100
_SUBSCRIPTS = {"m": "ₘ", "k": "ₖ", "i": "ᵢ", "j": "ⱼ"}
_RAISED = set("⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUPERSCRIPTS = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def formula(node: tree.Node) -> str:
    """A formula in a line, with names as in problem files: ``(2/M) Σₘ (ŷₘ − yₘ) w2 1[z1ₘ > 0] xₘ``."""
    match node:
        case tree.Letter(name=text) | tree.Digits(text=text) | tree.Word(text=text) | tree.Name(text=text):
            return text
        case tree.Sign(text=text):
            return text.strip()
        case tree.Phrase(text=text):
            return f" {text} "
        case tree.Quantity(letter=letter, layer=layer, at=at, scalar=scalar):
            if scalar and at == ("m",):
                return f"{letter}{layer}ₘ"
            return f"{letter}{layer}[{','.join(at)}]" if at else letter + layer
        case tree.Script(base=base, below=below, above=above):
            raised = formula(above).translate(_SUPERSCRIPTS) if above else ""
            if above and set(raised) - _RAISED:
                several = isinstance(above, tree.Row | tree.Quotient)
                raised = f"^{formula(brackets(above) if several else above)}"
            return formula(base) + (f"({formula(below)})" if below else "") + raised
        case tree.Quotient(top=top, bottom=bottom, factor=factor):
            several = isinstance(bottom, tree.Row) and bottom.parts[0] != tree.PARTIAL
            upper = formula(brackets(top) if is_sum(top) else top)
            fraction = f"{upper}/{f'({formula(bottom)})' if several else formula(bottom)}"
            return f"({fraction})" if factor else fraction
        case tree.Root(inner=inner):
            return f"√{formula(brackets(inner) if isinstance(inner, tree.Row) else inner)}"
        case tree.Bars(inner=inner):
            return f"|{formula(inner)}|"
        case tree.Sigma(index=index):
            letter = formula(index)
            return "Σ" + _SUBSCRIPTS.get(letter, f"_{letter}")
        case tree.Call(function=function, argument=argument, prime=prime):
            return f"{formula(function)}{chr(39) * prime}({formula(argument)})"
        case tree.OneIf(condition=condition):
            return f"1[{formula(condition)}]"
        case tree.Cases(cases=cases):
            return ", ".join(f"{formula(value)} for {formula(condition)}" for value, condition in cases)
        case tree.Matrix(rows=rows):
            return f"({'; '.join(' '.join(map(formula, cells)) for cells in rows)})"
    return joined(node.parts, formula, opening=("(", "∂"))


def prose(parts: doc.Prose) -> str:
    """One line."""
    return "".join(map(_inline, parts))


def _inline(part: doc.Inline) -> str:
    if isinstance(part, doc.Formula):
        return formula(part.node)
    return escaped(part if isinstance(part, str) else part.text, clean)


def plain(block: doc.Block) -> doc.Block:
    """The same block, with formulas and conditions as text."""
    match block:
        case doc.Heading(text=words):
            return replace(block, text=(prose(words),))
        case doc.Paragraph(parts=parts):
            return replace(block, parts=(prose(parts),))
        case doc.Numbered(lines=lines):
            return doc.Numbered(tuple((number, tree.Phrase(formula(node))) for number, node in lines))
    return block


def written(blocks: Iterable[doc.Block], *, width: int = WIDTH, indent: int = 2, hanging: int = 0) -> str:
    """Lines of at most ``width`` columns where that is possible.

    Args:
        indent: of paragraphs.
        hanging: their further indent from the second line on.
    """
    page = Layout(width, False)
    lines: list[str] = []
    for block in blocks:
        match block:
            case doc.Heading(text=text, level=level):
                lines += [*[""] * bool(lines), *page.wrapped(prose(text), 0, 4), *[""] * (level == 0)]
            case doc.Paragraph(parts=parts, depth=depth):
                lines += page.wrapped(prose(parts), indent + 2 * min(depth, doc.DEEPEST), hanging)
            case doc.Equations(lines=equations):
                for equation in equations:
                    sides = " = ".join(map(formula, (equation.left, *equation.steps)))
                    lines += page.wrapped(sides, 2, 4)
            case doc.Numbered(lines=numbered):
                for number, node in numbered:
                    lines += page.wrapped(f"{f'({number})'.ljust(5)} {formula(node)}", 4, 8)
            case doc.Terms(items=items):
                column = max([LABEL, *(len(label) + 3 for label, _ in items)])
                lines += [
                    line
                    for label, texts in items
                    for line in page.labelled(clean(label), map(clean, texts), column)
                ]
            case doc.Space(lines=count):
                lines += [""] * count
            case doc.Break():
                lines += ["", "-" * width, ""]
            case doc.Table():
                lines += ["", *table(columns(block), width=width), ""]
    return "\n".join(lines) + "\n"


def columns(block: doc.Table) -> Sequence[Column]:
    """The columns of a table."""
    cells = zip(*block.rows, strict=True)
    numbers = len(block.head) - block.words
    return [
        Column(prose(heading), [prose(cell) for cell in column], left=position >= numbers)
        for position, (heading, column) in enumerate(zip(block.head, cells, strict=True))
    ]
