"""Functions of exact numbers, where exact numbers hold the values (see `zerograd.core.numbers.functions`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from zerograd.core.numbers import closed
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import Exact, compare, divide, format_exact, narrow, sign
from zerograd.core.numbers.functions import NotClosed, OutOfDomain, Rational

MAX_EXP_BITS = 2**14
"""Longest value of exp."""

_SINES: tuple[Rational | None, ...] = (0, Fraction(1, 2), None, 1, None, Fraction(1, 2))
"""sin(k·π/6) for k = 0, …, 5 where it is rational. Up to the period it is so at no other rational multiple of
π (Niven, Irrational Numbers, corollary 3.12)."""


@dataclass(frozen=True, slots=True)
class ExactFunctions:
    """Functions that raise NotClosed where a value is no `Exact`, or none that is looked for.

    exp of an integer combination of logarithms is rational, and so is sin of a multiple of π/2 or of some of
    π/6. The logarithm of a positive rational number is a closed form.
    """

    @property
    def pi(self) -> Exact:
        return closed.pi()

    def divide(self, a: Exact, b: Exact, /) -> Exact:
        return divide(a, b)

    def sqrt(self, value: Rational, /) -> Exact:
        if value < 0:
            raise OutOfDomain(f"the root of {_shown(value)} is no number")
        top, bottom = isqrt(value.numerator), isqrt(value.denominator)
        if (top * top, bottom * bottom) != (value.numerator, value.denominator):
            raise NotClosed(f"the root of {_shown(value)} is not rational")
        return narrow(Fraction(top, bottom))

    def exp(self, z: Exact, /) -> Exact:
        z = narrow(z)
        powers = z.exponents() if isinstance(z, Closed) else {} if sign(z) == 0 else None
        if powers is None:
            raise NotClosed(f"exp({_shown(z)}) is no exact number")
        # Primes have no rational product of powers that are not whole: factorisation is unique.
        if any(power.denominator != 1 for power in powers.values()):
            raise NotClosed(f"exp({_shown(z)}) is not rational")
        if sum(abs(power) * prime.bit_length() for prime, power in powers.items()) > MAX_EXP_BITS:
            raise NotClosed(f"exp({_shown(z)}) is too long")
        top = bottom = 1
        for prime, power in powers.items():
            if power > 0:
                top *= prime**power.numerator
            else:
                bottom *= prime**-power.numerator
        return narrow(Fraction(top, bottom))

    def log(self, z: Exact, /) -> Exact:
        z = narrow(z)
        if sign(z) <= 0:
            raise OutOfDomain(f"log({_shown(z)}) is no number")
        if not isinstance(z, int | Fraction):
            raise NotClosed(f"log({_shown(z)}) is no exact number")
        return closed.log(z)

    def sin(self, z: Exact, /) -> Exact:
        return self._sine("sin", z, 0)

    def cos(self, z: Exact, /) -> Exact:
        return self._sine("cos", z, 3)

    def _sine(self, name: str, z: Exact, ahead: int) -> Exact:
        """sin(z + ahead·π/6)."""
        z = narrow(z)
        turns = z.turns() if isinstance(z, Closed) else Fraction(0) if sign(z) == 0 else None
        if turns is None:
            raise NotClosed(f"{name}({_shown(z)}) is no exact number")
        steps = 6 * turns + ahead
        value = _SINES[int(steps) % 6] if steps.denominator == 1 else None
        if value is None:
            raise NotClosed(f"{name}({_shown(z)}) is not rational")
        return value if int(steps) % 12 < 6 else -value

    def erf(self, z: Exact, /) -> Exact:
        if sign(z) == 0:
            return 0
        raise NotClosed(f"erf({_shown(z)}) is no exact number")

    def choose(
        self,
        z: Exact,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Exact], Exact]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Exact:
        piece = 0
        for join, value in zip(joins, at_joins, strict=True):
            order = compare(z, join)
            if order == 0 and value is not None:
                return value
            if order <= 0:
                break
            piece += 1
        return branches[piece](z)


EXACT = ExactFunctions()


def _shown(value: Exact) -> str:
    text = format_exact(value)
    return text if len(text) <= 60 else text[:57] + "…"
