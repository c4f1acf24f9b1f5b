"""Formulas as trees, which the writer of each language walks in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Letter:
    """A variable. ŷ and Greek letters stand for themselves."""

    name: str


@dataclass(frozen=True, slots=True)
class Digits:
    """A number without sign, as it is written; with an ellipsis behind it where it is rounded."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """``+ − = ≠ > < · ⊙ ∂ / ( ) , ′ … ⋮``, or a blank for a product without a sign.

    ``binary`` is a sign between two terms, which stands so at the beginning of a line as well.
    """

    text: str
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """The upright name of a function."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name as problem files write it."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words between formulas, with blanks around them: or, and."""

    text: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A letter with a layer and indices, which text writes as problem files do: ``w1[0,1]``.

    ``scalar`` networks have one unit a layer: the layer then stands with the indices.
    """

    letter: str
    layer: str = ""
    at: tuple[str, ...] = ()
    scalar: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """A base with indices below, and above it."""

    base: Node
    below: Node | None = None
    above: Node | None = None


@dataclass(frozen=True, slots=True)
class Quotient:
    """A fraction.

    Attributes:
        small: a number within a line.
        factor: before other factors, so that text puts it in brackets.
        slash: written with a slash in every language.
    """

    top: Node
    bottom: Node
    small: bool = False
    factor: bool = False
    slash: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Bars:
    """An absolute value."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Sigma:
    """The sign of a sum over an index."""

    index: Node


@dataclass(frozen=True, slots=True)
class Call:
    """``ReLU(z)``, or ``ReLU'(z)``."""

    function: Node
    argument: Node
    prime: bool = False


@dataclass(frozen=True, slots=True)
class OneIf:
    """1 where the condition holds, else 0."""

    condition: Node


@dataclass(frozen=True, slots=True)
class Cases:
    """(value, condition) pairs."""

    cases: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Parts that stay together in a line."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Parts of a formula before each of which, but the first, a new line may begin."""

    parts: tuple[Node, ...]


_Leaf: TypeAlias = Letter | Digits | Sign | Word | Name | Phrase | Quantity
Node: TypeAlias = _Leaf | Script | Quotient | Root | Bars | Sigma | Call | OneIf | Cases | Matrix | Row | Flow

MINUS, EQUALS, TIMES, ODOT, COMMA = map(Sign, "−=·⊙,")
PLUS, LESS = Sign("+", True), Sign("−", True)
OPEN, CLOSE, DOTS, DOWN, BESIDE, PARTIAL, PRIME = map(Sign, "()…⋮ ∂′")
RELATIONS = {"=": EQUALS, "!=": Sign("≠"), ">=": Sign("≥"), "<=": Sign("≤"), ">": Sign(">"), "<": Sign("<")}
"""The signs of relations, as conditions write them."""
ALPHA, PI = Letter("α"), Letter("π")
LOG = Word("log")
ZERO = Digits("0")


def row(*parts: Node) -> Node:
    return parts[0] if len(parts) == 1 else Row(parts)


def flow(*parts: Node) -> Flow:
    """One after another; the places where parts may be broken are kept."""
    return Flow(tuple(p for part in parts for p in (part.parts if isinstance(part, Flow) else (part,))))


def beside(*factors: Node) -> list[Node]:
    """Factors without a sign between them."""
    return [part for factor in factors for part in (BESIDE, factor)][1:]


def brackets(inner: Node) -> Node:
    """Round brackets around a formula, breakable where the inside is."""
    parts = inner.parts if isinstance(inner, Flow) else (inner,)
    if len(parts) == 1:
        return row(OPEN, *parts, CLOSE)
    return Flow((row(OPEN, parts[0]), *parts[1:-1], row(parts[-1], CLOSE)))


def is_signed(node: Node) -> bool:
    """Whether a formula begins with the sign between two terms."""
    if isinstance(node, Row | Flow):
        return is_signed(node.parts[0])
    return isinstance(node, Sign) and node.binary


def is_sum(node: Node) -> bool:
    """Whether a formula has several terms."""
    return isinstance(node, Row | Flow) and any(map(is_signed, node.parts[1:]))


def power(base: Node, exponent: int) -> Node:
    """A derivative gets brackets."""
    if exponent == 1:
        return base
    return Script(brackets(base) if isinstance(base, Quotient) else base, above=Digits(str(exponent)))


def derivative(above: Node, below: Node) -> Quotient:
    """``∂L/∂z``."""
    return Quotient(row(PARTIAL, above), row(PARTIAL, below))


def inline(node: Node) -> Node:
    """A formula as it may stand in a line of prose: derivatives with a slash.

    They get brackets before another factor, which would else seem to stand below the slash.
    """
    match node:
        case Quotient(top=Row(parts=(Sign(text="∂"), *_)) as top, bottom=bottom):
            return row(top, Sign("/"), bottom)
        case Script(base=base, below=below, above=above):
            return Script(inline(base), below, above)
        case Row(parts=parts) | Flow(parts=parts):
            following = (*parts[1:], None)
            shown = tuple(
                brackets(inline(part)) if _is_derivative(part) and after in (TIMES, BESIDE) else inline(part)
                for part, after in zip(parts, following, strict=True)
            )
            return Row(shown) if isinstance(node, Row) else Flow(shown)
    return node


def _is_derivative(node: Node) -> bool:
    return isinstance(node, Quotient) and isinstance(node.top, Row) and node.top.parts[0] == PARTIAL


def joined(parts: Iterable[Node], write: Callable[[Node], str], *, opening: tuple[str, ...] = ("(",)) -> str:
    """Parts one after another, with blanks where they help to read.

    Args:
        opening: signs behind which there is none.
    """
    text = ""
    before: Node | None = None
    for part in parts:
        shown = write(part)
        tight = not text or text.endswith(opening) or before == MINUS or shown[:1] in "),"
        tight = tight or isinstance(part, Phrase) or isinstance(before, Phrase)
        tight = tight or (isinstance(before, Script) and before.base == PARTIAL)
        text += shown if tight else f" {shown}"
        before = part
    return text


def indices(at: tuple[str, ...]) -> Node | None:
    """Indices with commas between them; letters and digits are told apart."""
    parts: list[Node] = []
    for index in at:
        parts += [COMMA, Digits(index) if index.isdigit() else Letter(index)]
    return row(*parts[1:]) if parts else None


def spread(node: Quantity | Call | OneIf) -> Node:
    """The same as a base with scripts, or as a row."""
    match node:
        case Quantity(letter=letter, layer=layer, at=at, scalar=scalar):
            if not layer or scalar:
                below = indices((layer, *at) if layer else at)
                return Script(Letter(letter), below) if below else Letter(letter)
            return Script(Letter(letter), indices(at), row(OPEN, Digits(layer), CLOSE))
        case Call(function=function, argument=argument, prime=prime):
            if prime and isinstance(function, Script):
                function = Script(function.base, function.below, PRIME)
            elif prime:
                function = Script(function, above=PRIME)
            return row(function, OPEN, argument, CLOSE)
    return row(Digits("1"), Sign("["), node.condition, Sign("]"))


def width(node: Node) -> float:
    """About how many digits wide a formula is when set."""
    match node:
        case Digits(text=text) | Word(text=text) | Name(text=text) | Phrase(text=text):
            return len(text)
        case Sign(text=text):
            return 0.4 if text in " ′" else 0.8 if text in "(),∂" else 1.8
        case Letter():
            return 1.1
        case Quantity() | Call() | OneIf():
            return width(spread(node))
        case Script(base=base, below=below, above=above):
            return width(base) + 0.7 * max(width(part) if part else 0.0 for part in (below, above))
        case Quotient(top=top, bottom=bottom, small=small):
            return (0.75 if small else 1) * max(width(top), width(bottom)) + 0.8
        case Root(inner=inner):
            return width(inner) + 1
        case Bars(inner=inner):
            return width(inner) + 0.8
        case Sigma():
            return 2.8
        case Cases(cases=rows) | Matrix(rows=rows):
            return sum(max(map(width, column)) + 2 for column in zip(*rows, strict=True)) + 1
    return sum(map(width, node.parts))
