"""Numbers that carry their partial derivatives: forward mode over any numbers.

Griewank and Walther, Evaluating Derivatives, §3.1. Partial derivatives are sparse, as the values that few
parameters reach have few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

from zerograd.core.numbers.functions import Functions, Rational, Straddles, expm1, sigmoid, softplus, tanh
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.work import bits, fractional, spend

Partials = Mapping[int, Any]
"""∂/∂(variable) by the variable's number; those that are left out are 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Dual:
    """A value with its partial derivatives, all over one kind of numbers.

    + − · accept such a number, int and Fraction on either side.

    Attributes:
        level: tells variables from others, for second derivatives: numbers of lower levels are constants
            here, and may be the value and the partial derivatives.
    """

    value: Any
    partials: Partials
    level: int = 0

    @classmethod
    def variable(cls, value: Any, number: int, level: int = 0) -> Dual:
        return cls(value, {number: 1}, level)

    def __add__(self, other: Any) -> Dual:
        if not isinstance(other, Dual) or other.level < self.level:
            return Dual(self.value + other, self.partials, self.level)
        if other.level > self.level:
            return Dual(self + other.value, other.partials, other.level)
        return Dual(self.value + other.value, _sum(self.partials, other.partials), self.level)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, {k: -d for k, d in self.partials.items()}, self.level)

    def __sub__(self, other: Any) -> Dual:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Dual:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual) or other.level < self.level:
            return Dual(self.value * other, _times(self.partials, other), self.level)
        if other.level > self.level:
            return Dual(self * other.value, _times(other.partials, self), other.level)
        partials = _sum(_times(self.partials, other.value), _times(other.partials, self.value))
        return Dual(self.value * other.value, partials, self.level)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        """False where it and all its derivatives are known to be 0."""
        return bool(self.value) or any(self.partials.values())


@dataclass(frozen=True, slots=True)
class DualFunctions:
    """`Functions` of numbers with derivatives by the chain rule, over the functions of their values."""

    inner: Functions
    level: int = 0

    @property
    def pi(self) -> Any:
        return self.inner.pi

    def sqrt(self, value: Rational, /) -> Any:
        return self.inner.sqrt(value)

    def divide(self, a: Any, b: Any, /) -> Any:
        (a, da), (b, db) = self._split(a), self._split(b)
        value = self.inner.divide(a, b)
        if not (da or db):
            return value
        inverse = self.inner.divide(1, b)
        return self._make(value, _sum(_times(da, inverse), _times(db, -value * inverse)))

    def exp(self, z: Any, /) -> Any:
        return self._chain(z, self.inner.exp, lambda _, value: value)

    # In one step, so that derivatives are multiplied once; the functions of the same names use these.

    def expm1(self, z: Any, /) -> Any:
        return self._chain(z, self._over_inner(expm1), lambda z, _: self.inner.exp(z))

    def tanh(self, z: Any, /) -> Any:
        return self._chain(z, self._over_inner(tanh), lambda z, _: 4 * self._sigmoid_slope(2 * z))

    def sigmoid(self, z: Any, /) -> Any:
        return self._chain(z, self._over_inner(sigmoid), lambda z, _: self._sigmoid_slope(z))

    def softplus(self, z: Any, /) -> Any:
        return self._chain(z, self._over_inner(softplus), lambda z, _: sigmoid(z, self.inner))

    def log(self, z: Any, /) -> Any:
        return self._chain(z, self.inner.log, lambda z, _: self.inner.divide(1, z))

    def sin(self, z: Any, /) -> Any:
        return self._chain(z, self.inner.sin, lambda z, _: self.inner.cos(z))

    def cos(self, z: Any, /) -> Any:
        return self._chain(z, self.inner.cos, lambda z, _: -self.inner.sin(z))

    def erf(self, z: Any, /) -> Any:
        return self._chain(z, self.inner.erf, lambda z, _: self._erf_slope(z))

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """The branch on which the value lies, with its derivatives.

        Derivatives of an interval that holds joins where branches agree are the hull of those of the
        branches: the function is continuous, so they bound its difference quotients.

        Raises:
            Straddles: see the inner functions; or z moves and lies exactly on a join where the function is
                not known to have a derivative.
        """
        value, partials = self._split(z)
        if not partials:
            return self.inner.choose(value, joins, branches, at_joins)
        try:
            place = self.inner.choose(
                value,
                joins,
                [partial(_constant, 2 * k) for k in range(len(branches))],
                [2 * k + 1 for k in range(len(joins))],
            )
        except Straddles:
            place = None
        if place is None:
            return self._over_joins(value, partials, joins, branches, at_joins)
        piece, on_join = divmod(place, 2)
        if not on_join:
            return branches[piece](z)
        if at_joins[piece] is not None:
            raise Straddles("a number that moves lies on a join, where a function has a value of its own")
        (left, a), (_, b) = self._split(branches[piece](z)), self._split(branches[piece + 1](z))
        sides = [(a.get(k, 0), b.get(k, 0)) for k in {*a, *b}]
        if not _encloses(value) and any(one != other for one, other in sides):
            raise Straddles("a number that moves lies on a join, where a function has two derivatives")
        return _joined(left, [a, b], self.level)

    def _over_joins(
        self,
        value: Any,
        partials: Partials,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
    ) -> Any:
        derivatives: list[Partials] = []

        def on_part(branch: Callable[[Any], Any], part: Any) -> Any:
            result, derivative = self._split(branch(self._make(part, partials)))
            derivatives.append(derivative)
            return result

        pieces = [partial(on_part, branch) for branch in branches]
        return _joined(self.inner.choose(value, joins, pieces, at_joins), derivatives, self.level)

    def _chain(self, z: Any, function: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Any:
        """f(z), where ``slope`` gives f′ from z and f(z)."""
        z, partials = self._split(z)
        value = function(z)
        return self._make(value, _times(partials, slope(z, value))) if partials else value

    def _over_inner(self, formula: Callable[[Any, Functions], Any]) -> Callable[[Any], Any]:
        return lambda z: formula(z, self.inner)

    def _sigmoid_slope(self, z: Any) -> Any:
        return sigmoid(z, self.inner) * sigmoid(-z, self.inner)

    def _erf_slope(self, z: Any) -> Any:
        """2/√π·exp(−z²)."""
        inner = self.inner
        return inner.exp(inner.divide(inner.log(inner.divide(4, inner.pi)), 2) - z * z)

    def _split(self, z: Any) -> tuple[Any, Partials]:
        return _split(z, self.level)

    def _make(self, value: Any, partials: Partials) -> Dual:
        return Dual(value, partials, self.level)


def _sum(one: Partials, other: Partials) -> Partials:
    if not one or not other:
        return one or other
    if len(one) < len(other):
        one, other = other, one
    spend(2 * len(other))
    total = dict(one)
    for k, d in other.items():
        total[k] = total[k] + d if k in total else d
    return total


def _times(partials: Partials, factor: Any) -> Partials:
    if not partials or not factor:
        return {}
    spend(len(partials) * (3 + fractional(bits(factor))))
    return {k: factor if d is _ONE else d * factor for k, d in partials.items()}


_ONE = 1
"""The derivative of a variable, which most products meet."""


def _split(z: Any, level: int) -> tuple[Any, Partials]:
    return (z.value, z.partials) if isinstance(z, Dual) and z.level == level else (z, {})


def _joined(value: Any, derivatives: Sequence[Partials], level: int) -> Dual:
    """A value with all that several branches give as its derivatives."""
    numbers = {k for partials in derivatives for k in partials}
    return Dual(value, {k: _hull([d.get(k, 0) for d in derivatives]) for k in numbers}, level)


def _constant(value: int, _: Any) -> int:
    return value


def _encloses(value: Any) -> bool:
    while isinstance(value, Dual):
        value = value.value
    return isinstance(value, Interval)


def _hull(values: Sequence[Any]) -> Any:
    """What holds several numbers. Those that differ are intervals or rationals, or carry derivatives."""
    first = values[0]
    levels = [value.level for value in values if isinstance(value, Dual)]
    if levels:
        level = max(levels)
        split = [_split(value, level) for value in values]
        return _joined(_hull([value for value, _ in split]), [partials for _, partials in split], level)
    if all(value == first for value in values):
        return first
    return reduce(Interval.hull, (v if isinstance(v, Interval) else Interval.of(v) for v in values))
