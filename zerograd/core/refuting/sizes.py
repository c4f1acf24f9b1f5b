"""How large the facts of a problem would be, found out before they are made.

A certificate says which system of facts it refutes; whoever wrote it must not keep the
checker busy for hours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.language import Comparison

MAX_SIZE = 1_000_000
"""Terms of all gradients together, times the length of one, about."""
MAX_PRODUCT = 50_000
"""Products of terms in one multiplication within a condition."""


def sized(network: Network, runs: int, *, adjoints_are_long: bool) -> None:
    """Raise Refused if the gradients of so many runs would be too long to be written out.

    Args:
        adjoints_are_long: whether adjoints are written out, and no unknowns of their own.
    """
    terms, total = 1, 0
    for below, layer in zip(network.widths, network.layers, strict=False):
        terms = below * terms + 1 + 1  # of z: the bias; of a: the intercept
        total += layer.units * terms
    # A path through the network passes one edge of each layer, so it stands in as many gradients.
    total += network.outputs * terms * network.depth * (terms if adjoints_are_long else 1)
    if runs * total * network.depth > MAX_SIZE:
        raise Refused(
            [Violation("system", "gradients that are not too long to be written out", "longer ones")]
        )


def is_short(condition: Condition, lookup: Callable[[str], Array[Polynomial]]) -> bool:
    """Whether a condition can be written out. One that is left out makes no statement false."""
    try:
        evaluate(condition, _Counting(), lambda name: lookup(name).map(lambda p: _Terms(len(p.terms))))
    except OverflowError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Terms:
    """A polynomial of which only a bound on the number of its terms is known."""

    count: int

    def __add__(self, other: _Terms) -> _Terms:
        return _Terms(self.count + other.count)

    __sub__ = __add__

    def __mul__(self, other: _Terms) -> _Terms:
        if self.count * other.count > MAX_PRODUCT:
            raise OverflowError
        return _Terms(self.count * other.count)


class _Counting:
    """The algebra of `_Terms`; truth has no content."""

    def constant(self, _value: int | Fraction, /) -> _Terms:
        return _Terms(1)

    def divide(self, a: _Terms, b: _Terms, /) -> _Terms:
        return _Terms(max(1, (a + b).count))

    def absolute(self, a: _Terms, /) -> _Terms:
        return _Terms(max(1, a.count))

    def minimum(self, values: Sequence[_Terms], /) -> _Terms:
        return _Terms(max(1, *(value.count for value in values)))

    maximum = minimum

    def compare(self, _a: _Terms, _operator: Comparison, _b: _Terms, /) -> None:
        return None

    def distinct(self, _values: Sequence[_Terms], /) -> None:
        return None

    def conjunction(self, _parts: Sequence[None], /) -> None:
        return None

    disjunction = conjunction

    def negation(self, _part: None, /) -> None:
        return None
