"""Functions that are not algebraic, over one kind of number.

The formulas of activations and losses are written once, over the numbers' own + − · and the functions of a
`Functions`. There is one for exact numbers, one for intervals, and one for numbers that carry derivatives;
others, such as that for NumPy's arrays, are where they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

Rational = int | Fraction


class Functions(Protocol):
    """Functions of numbers of one kind, which also are what they return; int and Fraction may stand for them.

    Methods raise
        NotClosed: exact numbers do not hold the value.
        Straddles: it is not known which piece the number lies on.
        ZeroDivisionError, OutOfDomain: the function has no value there, or may have none.
    """

    @property
    def pi(self) -> Any: ...
    def divide(self, a: Any, b: Any, /) -> Any: ...
    def sqrt(self, value: Rational, /) -> Any:
        """Return the root of a constant that is not negative."""
        ...

    def exp(self, z: Any, /) -> Any: ...
    def log(self, z: Any, /) -> Any: ...
    def sin(self, z: Any, /) -> Any: ...
    def cos(self, z: Any, /) -> Any: ...
    def erf(self, z: Any, /) -> Any: ...

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        """Return a function of z that is given by cases.

        Args:
            joins: increasing; ``branches[i]`` gives the value strictly between ``joins[i-1]`` and
                ``joins[i]``.
            at_joins: ``at_joins[i]`` is the value at ``joins[i]``; None where the branches on both sides
                agree.
        """
        ...


def sigmoid(z: Any, f: Functions) -> Any:
    """1/(1 + e⁻ᶻ), by the functions' own where they have one (as floats do)."""
    direct = getattr(f, "sigmoid", None)
    return direct(z) if direct else f.divide(1, 1 + f.exp(-z))


def tanh(z: Any, f: Functions) -> Any:
    """Tanh z, by the functions' own where they have one. (z stands there once: intervals stay tight.)"""
    direct = getattr(f, "tanh", None)
    return direct(z) if direct else 1 - f.divide(2, f.exp(2 * z) + 1)


def softplus(z: Any, f: Functions) -> Any:
    """Return log(1 + eᶻ), by the functions' own where they have one."""
    direct = getattr(f, "softplus", None)
    return direct(z) if direct else f.log(1 + f.exp(z))


def expm1(z: Any, f: Functions) -> Any:
    """eᶻ − 1, by the functions' own where they have one."""
    direct = getattr(f, "expm1", None)
    return direct(z) if direct else f.exp(z) - 1


class NotClosed(ArithmeticError):  # noqa: N818 - a finding, not a mishap
    """Exact numbers do not hold the value of a function."""


class Straddles(ArithmeticError):  # noqa: N818 - a finding, not a mishap
    """An enclosure does not tell which piece a number lies on."""


class OutOfDomain(ArithmeticError):  # noqa: N818 - named for what it is
    """A function has no value there, or an enclosure does not exclude that."""
