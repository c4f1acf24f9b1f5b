"""Exact numbers, and sums and products of them, as formula trees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import narrow
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.rationals import digits
from zerograd.core.numbers.real import Real, sign
from zerograd.document import formula as tree
from zerograd.document.formula import (
    ALPHA,
    BESIDE,
    DOTS,
    LESS,
    LOG,
    MINUS,
    PI,
    PLUS,
    TIMES,
    ZERO,
    brackets,
    row,
)
from zerograd.document.numbers import decimal_text, is_long


@dataclass(frozen=True, slots=True)
class Signed:
    """A number or product taken apart: its sign, and its size.

    Attributes:
        terms: of how many terms the size consists; more than one want brackets in a product.
        long: whether the size is shown by its first digits alone.
    """

    negative: bool
    size: tree.Node
    terms: int = 1

    @property
    def node(self) -> tree.Node:
        return row(MINUS, self.size) if self.negative else self.size

    @property
    def factor(self) -> tree.Node:
        """The number in a product, behind another factor."""
        return brackets(self.node) if self.negative or self.terms > 1 else self.size


def signed(value: Real) -> Signed:
    """An exact number; by its first digits and an ellipsis where it is enclosed, or too long to write out."""
    if isinstance(value, Interval) and value:
        return _decimal(value)
    value = 0 if isinstance(value, Interval) else narrow(value)
    if sign(value) == 0:
        return Signed(False, ZERO)
    if is_long(value):
        return _decimal(value)
    if isinstance(value, Algebraic):
        return _polynomial(value.coefficients, ALPHA)
    if isinstance(value, Closed):
        return _closed(value)
    return Signed(value < 0, _rational(_size(value)))


def number(value: Real) -> tree.Node:
    return signed(value).node


def rational(value: int | Fraction) -> tree.Node:
    """A rational number, however long."""
    return Signed(value < 0, _rational(_size(value))).node


def coefficient(
    value: int | Fraction, divisors: Sequence[tree.Node] = (), *, alone: bool = False
) -> list[tree.Node]:
    """What stands before a product: ``2``, ``(2/M)``; nothing for 1 unless it stands alone."""
    below = [*([tree.Digits(digits(value.denominator))] if value.denominator > 1 else []), *divisors]
    if below:
        return [tree.Quotient(tree.Digits(digits(value.numerator)), row(*below), factor=not alone)]
    return [tree.Digits(digits(value.numerator))] if alone or value != 1 else []


def polynomial(coefficients: Sequence[int | Fraction], variable: tree.Node) -> tree.Node:
    """A polynomial from the highest power down; ``coefficients`` from the constant up."""
    return _polynomial(coefficients, variable).node


def _size(value: int | Fraction) -> int | Fraction:
    return -value if value < 0 else value


def _rational(size: int | Fraction) -> tree.Node:
    if size.denominator == 1:
        return tree.Digits(digits(size.numerator))
    return tree.Quotient(
        tree.Digits(digits(size.numerator)), tree.Digits(digits(size.denominator)), small=True
    )


def _polynomial(coefficients: Sequence[int | Fraction], variable: tree.Node) -> Signed:
    terms = []
    for power, coefficient in reversed(list(enumerate(coefficients))):
        if coefficient:
            symbol = variable if power < 2 else tree.Script(variable, above=tree.Digits(str(power)))
            shown = [_rational(_size(coefficient))] if power == 0 or _size(coefficient) != 1 else []
            terms.append(Signed(coefficient < 0, row(*shown, *([symbol] if power else []))))
    if len(terms) == 1:
        return terms[0]
    return Signed(False, row(*total(terms).parts), len(terms))


def _closed(value: Closed) -> Signed:
    terms = []
    for monomial, coefficient in value.terms:
        size = _size(coefficient)
        factors = [_rational(size)] if size.numerator != 1 or not monomial else []
        for prime, power in monomial:
            symbol = PI if prime is None else tree.Call(LOG, tree.Digits(str(prime)))
            factors.append(tree.Script(symbol, above=tree.Digits(str(power))) if power > 1 else symbol)
        node = row(*factors)
        if monomial and size.numerator == 1 != size.denominator:
            node = tree.Quotient(node, tree.Digits(digits(size.denominator)), small=True)
        terms.append(Signed(coefficient < 0, node))
    return terms[0] if len(terms) == 1 else Signed(False, row(*total(terms).parts), len(terms))


def _decimal(value: Real) -> Signed:
    mantissa, _, exponent = decimal_text(value).partition("e")
    negative = mantissa.startswith("-")
    size: tree.Node = tree.Digits(f"{mantissa.removeprefix('-')}…")
    if exponent:
        power = int(exponent)
        shown = row(MINUS, tree.Digits(str(-power))) if power < 0 else tree.Digits(str(power))
        size = row(size, TIMES, tree.Script(tree.Digits("10"), above=shown))
    return Signed(negative, size)


def product(factors: Sequence[Real]) -> Signed:
    """``2 · (−3)``; the sign of the first factor is that of the whole, so that sums of products read well."""
    first, *rest = map(signed, factors)
    if not rest:
        return first
    parts = [brackets(first.size) if first.terms > 1 else first.size]
    for factor in rest:
        parts += [TIMES, factor.factor]
    return Signed(first.negative, row(*parts))


def total(terms: Iterable[Signed | None]) -> tree.Flow:
    """``1 − 2 + 1``, breakable before each sign; None stands for terms that are left out."""
    parts: list[tree.Node] = []
    for term in terms:
        if term is None:
            parts.append(row(PLUS, DOTS))
        elif parts:
            size = brackets(term.size) if term.terms > 1 else term.size
            parts.append(row(LESS if term.negative else PLUS, size))
        else:
            parts.append(term.node)
    return tree.Flow(tuple(parts) or (ZERO,))


def combination(terms: Iterable[tuple[Real, tree.Node | None]]) -> tree.Node:
    """``2 x − 3``: a sum of multiples of variables, and of constants (None), without what is 0."""
    shown = []
    for coefficient, variable in terms:
        if sign(coefficient) == 0:
            continue
        if variable is None:
            shown.append(signed(coefficient))
        elif sign(coefficient - 1) == 0 or sign(coefficient + 1) == 0:
            shown.append(Signed(sign(coefficient) == -1, variable))
        else:
            value = signed(coefficient)
            size = brackets(value.size) if value.terms > 1 else value.size
            shown.append(Signed(value.negative, row(size, BESIDE, variable)))
    return total(shown)
