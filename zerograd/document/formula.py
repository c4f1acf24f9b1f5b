"""Formulas as trees, which every style of writing walks in its own way; and exact numbers as such trees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from zerograd.core.numbers.exact import Algebraic, Exact, digits, narrow, sign
from zerograd.document.numbers import decimal_text, is_long


@dataclass(frozen=True, slots=True)
class Letter:
    """A variable. Greek letters stand for themselves; ``hat`` puts a hat on it."""

    name: str
    hat: bool = False


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
class Script:
    """A base with indices below, and above it."""

    base: Node
    below: Node | None = None
    above: Node | None = None


@dataclass(frozen=True, slots=True)
class Quotient:
    """A fraction; ``small`` ones are numbers within a line."""

    top: Node
    bottom: Node
    small: bool = False


@dataclass(frozen=True, slots=True)
class Sigma:
    """The sign of a sum over an index."""

    index: Node


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


Node: TypeAlias = Letter | Digits | Sign | Word | Script | Quotient | Sigma | Matrix | Row | Flow

MINUS, EQUALS, TIMES, ODOT, COMMA = map(Sign, "−=·⊙,")
PLUS, LESS = Sign("+", True), Sign("−", True)
OPEN, CLOSE, DOTS, DOWN, BESIDE = map(Sign, "()…⋮ ")
ALPHA = Letter("α")
ZERO = Digits("0")


def row(*parts: Node) -> Node:
    return parts[0] if len(parts) == 1 else Row(parts)


def flow(*parts: Node) -> Flow:
    """One after another; the places where parts may be broken are kept."""
    return Flow(tuple(p for part in parts for p in (part.parts if isinstance(part, Flow) else (part,))))


def inline(node: Node) -> Node:
    """As it stands in a line of prose: derivatives with a slash."""
    match node:
        case Quotient(top=Row(parts=(Sign(text="∂"), *_)) as top, bottom=bottom):
            return row(top, Sign("/"), bottom)
        case Row(parts=parts):
            return Row(tuple(map(inline, parts)))
    return node


def brackets(inner: Node) -> Node:
    """In round brackets, breakable where the inside is."""
    parts = inner.parts if isinstance(inner, Flow) else (inner,)
    if len(parts) == 1:
        return row(OPEN, *parts, CLOSE)
    return Flow((row(OPEN, parts[0]), *parts[1:-1], row(parts[-1], CLOSE)))


@dataclass(frozen=True, slots=True)
class Signed:
    """A number or product taken apart: its sign, and its size.

    Attributes:
        terms: of how many terms the size consists; more than one want brackets in a product.
        long: whether the size is shown by its first digits alone.
    """

    negative: bool
    size: Node
    terms: int = 1

    @property
    def node(self) -> Node:
        return row(MINUS, self.size) if self.negative else self.size

    @property
    def factor(self) -> Node:
        """As it stands in a product, behind another factor."""
        return brackets(self.node) if self.negative or self.terms > 1 else self.size


def signed(value: Exact) -> Signed:
    """An exact number; by its first six digits and an ellipsis where it is too long to write out."""
    value = narrow(value)
    if sign(value) == 0:
        return Signed(False, ZERO)
    if is_long(value):
        return _decimal(value)
    if isinstance(value, Algebraic):
        return _polynomial(value.coefficients, ALPHA)
    return Signed(value < 0, _rational(_size(value)))


def number(value: Exact) -> Node:
    return signed(value).node


def polynomial(coefficients: Sequence[int | Fraction], variable: Node) -> Node:
    """From the highest power down; ``coefficients`` from the constant up."""
    return _polynomial(coefficients, variable).node


def _size(value: int | Fraction) -> int | Fraction:
    return -value if value < 0 else value


def _rational(size: int | Fraction) -> Node:
    if size.denominator == 1:
        return Digits(digits(size.numerator))
    return Quotient(Digits(digits(size.numerator)), Digits(digits(size.denominator)), small=True)


def _polynomial(coefficients: Sequence[int | Fraction], variable: Node) -> Signed:
    terms = []
    for power, coefficient in reversed(list(enumerate(coefficients))):
        if coefficient:
            symbol = variable if power < 2 else Script(variable, above=Digits(str(power)))
            shown = [_rational(_size(coefficient))] if power == 0 or _size(coefficient) != 1 else []
            terms.append(Signed(coefficient < 0, row(*shown, *([symbol] if power else []))))
    if len(terms) == 1:
        return terms[0]
    return Signed(False, row(*total(terms).parts), len(terms))


def _decimal(value: Exact) -> Signed:
    mantissa, _, exponent = decimal_text(value).partition("e")
    negative = mantissa.startswith("-")
    size: Node = Digits(f"{mantissa.removeprefix('-')}…")
    if exponent:
        power = int(exponent)
        shown = row(MINUS, Digits(str(-power))) if power < 0 else Digits(str(power))
        size = row(size, TIMES, Script(Digits("10"), above=shown))
    return Signed(negative, size)


def product(factors: Sequence[Exact]) -> Signed:
    """``2 · (−3)``; the sign of the first factor is that of the whole, so that sums of products read well."""
    first, *rest = map(signed, factors)
    if not rest:
        return first
    parts = [brackets(first.size) if first.terms > 1 else first.size]
    for factor in rest:
        parts += [TIMES, factor.factor]
    return Signed(first.negative, row(*parts))


def total(terms: Iterable[Signed | None]) -> Flow:
    """``1 − 2 + 1``, breakable before each sign; None stands for terms that are left out."""
    parts: list[Node] = []
    for term in terms:
        if term is None:
            parts.append(row(PLUS, DOTS))
        elif parts:
            size = brackets(term.size) if term.terms > 1 else term.size
            parts.append(row(LESS if term.negative else PLUS, size))
        else:
            parts.append(term.node)
    return Flow(tuple(parts) or (ZERO,))


def combination(terms: Iterable[tuple[Exact, Node | None]]) -> Node:
    """``2 x − 3``: a sum of multiples of variables, and of constants (None), without what is 0."""
    shown = []
    for coefficient, variable in terms:
        if sign(coefficient) == 0:
            continue
        if variable is None:
            shown.append(signed(coefficient))
        elif sign(coefficient - 1) == 0 or sign(coefficient + 1) == 0:
            shown.append(Signed(sign(coefficient) < 0, variable))
        else:
            value = signed(coefficient)
            size = brackets(value.size) if value.terms > 1 else value.size
            shown.append(Signed(value.negative, row(size, BESIDE, variable)))
    return total(shown)


def width(node: Node) -> float:
    """About how many digits wide a formula is when set."""
    match node:
        case Digits(text=text) | Word(text=text):
            return len(text)
        case Sign(text=text):
            return 0.4 if text in " ′" else 0.8 if text in "(),∂" else 1.8
        case Letter():
            return 1.1
        case Script(base=base, below=below, above=above):
            return width(base) + 0.7 * max(width(part) if part else 0.0 for part in (below, above))
        case Quotient(top=top, bottom=bottom, small=small):
            return (0.75 if small else 1) * max(width(top), width(bottom)) + 0.8
        case Sigma():
            return 2.8
        case Matrix(rows=rows):
            return sum(max(map(width, column)) + 2 for column in zip(*rows, strict=True)) + 1
    return sum(map(width, node.parts))
