"""Rational functions of *atoms*: values of transcendental functions, each different one a variable.

A rational function that is 0 is 0 whatever the atoms are, wherever its denominators are not 0. Atoms know a
ball that contains their value, with which denominators are shown not to be 0, and some know their square.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import flint

from zerograd.explaining.shadow.balls import ONE, ZERO, Exhausted, apply, is_exact
from zerograd.explaining.shadow.domain import Cannot

ATOMS = 48  # at most
TERMS = 2000  # of a numerator and denominator together
LENGTH = 4000  # bits of coefficients, about
WORK = 10_000_000  # products of terms, altogether
PRECISION = 256  # bits, of the balls

_CONTEXT = flint.fmpq_mpoly_ctx.get(("a", ATOMS))
_VARIABLES = _CONTEXT.gens()


@dataclass(frozen=True, slots=True)
class Atom:
    """The value of a function at an exact argument.

    Attributes:
        argument: fmpq or `Quotient`.
        ball: an arb that contains it.
        square: what its square is, fmpq or `Quotient`; None where that is no rational function.
    """

    name: str
    argument: Any
    ball: Any
    square: Any = None


class Field:
    """The atoms, and arithmetic with them. Entries are fmpq where they are rational numbers, else `Quotient`.

    Raises:
        Cannot: by all operations, where there are too many atoms or terms, or a denominator may be 0.
        Exhausted: by all operations, after too many altogether.
    """

    def __init__(self) -> None:
        self.atoms: list[Atom] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._work = 0
        self.until = math.inf

    def make(self, above: Any, below: Any) -> Any:
        """Return above / below, two polynomials, in lowest terms."""
        if time.monotonic() > self.until:
            raise Exhausted("the time for identities")
        if max(_length(above), _length(below)) > LENGTH:
            raise Cannot("numbers are too long")
        if any(atom.square is not None for atom in self.atoms):
            above, below = self._reduced(above, below)
        if not above:
            return ZERO
        if len(above) + len(below) > TERMS:
            raise Cannot("too many terms")
        if not below.is_constant():
            common = above.gcd(below)
            if not common.is_constant():
                above, below = above / common, below / common
        leading = below.leading_coefficient()
        above, below = above / leading, below / leading
        if above.is_constant() and below.is_constant():
            return above.leading_coefficient()
        return Quotient(self, above, below)

    def polynomials(self, x: Any) -> tuple[Any, Any]:
        """Return numerator and denominator."""
        if isinstance(x, Quotient):
            return x.above, x.below
        if not is_exact(x):
            raise Cannot("not a number, such as 1/0")
        return _CONTEXT.constant(x), _CONTEXT.constant(ONE)

    def ball(self, x: Any) -> Any:
        """Return an arb that contains an entry."""
        with flint.ctx.workprec(PRECISION):
            if is_exact(x):
                return flint.arb(x)
            return self._at(x.above) / self._at(x.below)

    def is_nonzero(self, polynomial: Any) -> bool:
        """Whether a polynomial's value is certainly not 0."""
        if polynomial.is_constant():
            return bool(polynomial)
        with flint.ctx.workprec(PRECISION):
            value = self._at(polynomial)
            return bool(value > 0 or value < 0)

    def _at(self, polynomial: Any) -> Any:
        total = flint.arb(0)
        for exponents, coefficient in polynomial.to_dict().items():
            term = flint.arb(coefficient)
            for atom, exponent in zip(self.atoms, exponents, strict=False):
                if exponent:
                    term = term * atom.ball**exponent
            total = total + term
        return total

    def _reduced(self, above: Any, below: Any) -> tuple[Any, Any]:
        """Replace squares of atoms by what they are known to be."""
        for number in reversed(range(len(self.atoms))):
            square = self.atoms[number].square
            if square is not None:
                top, bottom = self.polynomials(square)
                above, factor_above = self._replace(above, number, top, bottom)
                below, factor_below = self._replace(below, number, top, bottom)
                above, below = self.times(above, factor_below), self.times(below, factor_above)
        return above, below

    def _replace(self, polynomial: Any, number: int, top: Any, bottom: Any) -> tuple[Any, Any]:
        """Return p and q with polynomial = p / q, where the square of a variable is top / bottom."""
        degree = polynomial.degrees()[number] if polynomial else 0
        most = int(degree) // 2
        if not most:
            return polynomial, _CONTEXT.constant(ONE)
        parts: dict[int, dict[tuple[int, ...], Any]] = {}
        for exponents, coefficient in polynomial.to_dict().items():
            squares, rest = divmod(exponents[number], 2)
            left = (*exponents[:number], rest, *exponents[number + 1 :])
            parts.setdefault(squares, {})[left] = coefficient
        total = _CONTEXT.constant(ZERO)
        for squares, part in parts.items():
            term = _CONTEXT.from_dict(part)
            for factor in [top] * squares + [bottom] * (most - squares):
                term = self.times(term, factor)
            total = total + term
        power = _CONTEXT.constant(ONE)
        for _ in range(most):
            power = self.times(power, bottom)
        return total, power

    def times(self, a: Any, b: Any) -> Any:
        """Return the product of polynomials, if it cannot be too large to compute."""
        products = len(a) * len(b)
        self._work += products
        if self._work > WORK:
            raise Exhausted(f"{WORK} products of terms")
        if products > 100 * TERMS:
            raise Cannot("too many terms")
        return a * b

    # functions
    def function(self, name: str, x: Any) -> Any:
        """Return a function's value at an entry."""
        match name:
            case "reciprocal":
                return ONE / x if is_exact(x) and x else self._over(x)
            case "rsqrt":
                return self._over(self.function("sqrt", x))
            case "sigmoid":
                return self._over(self.function("exp", -x) + ONE)
            case "tanh":
                e = self.function("exp", x + x)
                return (e - ONE) * self._over(e + ONE)
            case "expm1":
                return self.function("exp", x) - ONE
            case "log1p":
                return self.function("log", x + ONE)
            case "softplus":
                return self.function("log", self.function("exp", x) + ONE)
            case "erfc":
                return ONE - self.function("erf", x)
            case "exp":
                return self._exp(x)
            case "sqrt":
                return self._atom(name, x, square=x)
            case "cos":
                sine = self.function("sin", x)
                return self._atom(name, x, square=ONE - sine * sine)
            case _:
                return self._atom(name, x)

    @property
    def _is_free(self) -> bool:
        return any(atom.name == "free" for atom in self.atoms)

    def free(self, x: Any) -> Any:
        """Return a new variable that stands for a number; it counts as that number only in balls."""
        if len(self.atoms) == ATOMS:
            raise Cannot("too many numbers")
        with flint.ctx.workprec(PRECISION):
            self.atoms.append(Atom("free", x, flint.arb(x)))
        return self._variable(len(self.atoms) - 1)

    def _over(self, x: Any) -> Any:
        if is_exact(x):
            if not x:
                raise Cannot("a denominator is 0")
            return ONE / x
        return ONE / x

    def _exp(self, x: Any) -> Any:
        """Return exp of an entry: exp(n log a + b) = aⁿ exp(b), exp(−a) = 1 / exp(a)."""
        factor: Any = ONE
        if isinstance(x, Quotient) and x.below.is_constant():
            for exponents, coefficient in x.above.to_dict().items():
                if sum(exponents) == 1 and coefficient.q == 1 and abs(coefficient.p) <= 4:
                    atom = self.atoms[exponents.index(1)]
                    if atom.name == "log":
                        power = self._power(atom.argument, int(coefficient.p))
                        factor = factor * power
                        x = x - coefficient * self._variable(exponents.index(1))
        negative = x < ZERO if is_exact(x) else x.above.leading_coefficient() < 0
        value = self._atom("exp", -x) if negative else self._atom("exp", x)
        return factor * (self._over(value) if negative else value)

    def _power(self, x: Any, n: int) -> Any:
        value: Any = ONE
        for _ in range(abs(n)):
            value = value * x
        return value if n >= 0 else self._over(value)

    def _atom(self, name: str, x: Any, square: Any = None) -> Any:
        """Return the variable for a function's value, or the value where it is rational and seen to be."""
        value = apply(name, x if is_exact(x) else self.ball(x), PRECISION)
        if is_exact(value):
            if is_exact(x) or not self._is_free:
                return value
            value = flint.arb(value)  # so it is for this number, and not for any that stands there
        if not value.is_finite():
            raise Cannot(f"{name} is not finite")
        key = (name, f"{x.above}/{x.below}" if isinstance(x, Quotient) else str(x))
        if key not in self._numbers:
            if len(self.atoms) == ATOMS:
                raise Cannot("too many transcendental numbers")
            self._numbers[key] = len(self.atoms)
            self.atoms.append(Atom(name, x, value, square))
        return self._variable(self._numbers[key])

    def _variable(self, number: int) -> Quotient:
        return Quotient(self, _VARIABLES[number], _CONTEXT.constant(ONE))


class Quotient:
    """A rational function of atoms that is not a number: above / below."""

    __slots__ = ("above", "below", "field")

    def __init__(self, field: Field, above: Any, below: Any) -> None:
        self.field, self.above, self.below = field, above, below

    def is_finite(self) -> bool:
        """Whether it has a value: denominators were shown not to be 0."""
        return True

    def __neg__(self) -> Any:
        return Quotient(self.field, -self.above, self.below)

    def __add__(self, other: Any) -> Any:
        above, below = self.field.polynomials(other)
        if below == self.below:
            return self.field.make(self.above + above, below)
        top = self.field.times(self.above, below) + self.field.times(above, self.below)
        return self.field.make(top, self.field.times(self.below, below))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        above, below = self.field.polynomials(other)
        return self.field.make(self.field.times(self.above, above), self.field.times(self.below, below))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        above, below = self.field.polynomials(other)
        if not self.field.is_nonzero(above):
            raise Cannot("a denominator may be 0")
        return self.field.make(self.field.times(self.above, below), self.field.times(self.below, above))

    def __rtruediv__(self, other: Any) -> Any:
        if not self.field.is_nonzero(self.above):
            raise Cannot("a denominator may be 0")
        above, below = self.field.polynomials(other)
        return self.field.make(self.field.times(above, self.below), self.field.times(below, self.above))

    def __gt__(self, other: Any) -> bool:
        return bool(self.field.ball(self) > other)

    def __lt__(self, other: Any) -> bool:
        return bool(self.field.ball(self) < other)


def _length(polynomial: Any) -> int:
    """Return how many bits a coefficient has."""
    return int(polynomial.leading_coefficient().height_bits()) if polynomial else 0
