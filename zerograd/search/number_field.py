"""Several algebraic numbers in one number field.

A primitive element α = Σ cᵢ vᵢ is found by trying small c; its minimal polynomial comes from
resultants (SymPy), and each vᵢ is recognised as a polynomial in α by lattice reduction (FLINT)
on high-precision values: Cohen, A Course in Computational Algebraic Number Theory, §4.5.
Recognition is a guess that is then verified exactly: vᵢ's own polynomial must vanish at it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from zerograd.core.errors import of_type, present
from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.solvers.base import Value

if TYPE_CHECKING:
    from flint import fmpq

MAX_DEGREE = 24
"""The largest degree of a common field. Each step towards a larger one takes seconds, for numbers that
nobody wants to read."""
MAX_RESULTANT = 48
"""Degree of a resultant that is computed."""


def common_field(values: Mapping[str, Value], *, deadline: float) -> dict[str, Exact] | None:
    """The same numbers as rationals and elements of one field; None if none is found in time."""
    result: dict[str, Exact] = {n: v for n, v in values.items() if isinstance(v, Fraction)}
    irrational = {n: v for n, v in values.items() if isinstance(v, NumberField)}
    if not irrational:
        return result
    roots = {name: minimal(root) for name, root in irrational.items()}
    field: NumberField | None = None
    for root in sorted(roots.values(), key=lambda root: len(root.polynomial)):
        if len(root.polynomial) > 2 and (field is None or express(root, field, deadline=deadline) is None):
            field = root if field is None else extend(field, root, deadline=deadline)
            if field is None or time.monotonic() >= deadline:
                return None
    for name, root in roots.items():
        if len(root.polynomial) == 2:
            result[name] = -root.polynomial[0] / root.polynomial[1]
            continue
        # It was set by the first irrational root.
        found = express(root, present(field, "number field"), deadline=deadline)
        if found is None:
            return None
        result[name] = found
    return result


def minimal(root: NumberField) -> NumberField:
    """The same α with its irreducible polynomial."""
    from flint import fmpq_poly, fmpz_poly

    polynomial = fmpq_poly([_flint(c) for c in root.polynomial])
    _, factors = fmpz_poly(list(polynomial.numer())).factor()
    for factor, _ in factors:
        candidate = uni.polynomial(int(c) for c in factor.coeffs())
        if root.is_root(candidate):
            return NumberField(candidate, *_isolated(candidate, root))
    raise ArithmeticError("a root of a polynomial is a root of one of its factors")


def _isolated(polynomial: uni.Polynomial, root: NumberField) -> tuple[Fraction, Fraction]:
    level = 0
    while True:
        low, high = root.enclosure(level)
        ends = uni.evaluate(polynomial, low) and uni.evaluate(polynomial, high)
        if ends and uni.count_roots(polynomial, low, high) == 1:
            return low, high
        level += 1


def express(root: NumberField, field: NumberField, *, deadline: float) -> Exact | None:
    """``root`` as an element of ``field``, verified; None where it is not recognised as one in time."""
    if root == field:
        return Algebraic(field, uni.polynomial([0, 1]))
    degree = len(field.polynomial) - 1
    if degree % (len(root.polynomial) - 1):
        return None  # the degree of an element divides that of the field
    for bits in (64 * degree, 256 * degree):
        if time.monotonic() >= deadline:
            return None
        guess = _recognise(root, field, bits)
        if guess is not None and _is_root_at(root, guess):
            return guess
    return None


def _recognise(root: NumberField, field: NumberField, bits: int) -> Algebraic | None:
    from flint import fmpz_mat

    degree = len(field.polynomial) - 1
    alpha, value = _approximate(field, bits), _approximate(root, bits)
    powers = [1 << bits]
    for _ in range(1, degree):
        powers.append(powers[-1] * alpha >> bits)
    rows = []
    for position, number in enumerate([*powers, value]):
        row = [0] * (degree + 2)
        row[position] = 1
        row[-1] = number
        rows.append(row)
    shortest = [int(c) for c in fmpz_mat(rows).lll().table()[0]]
    if not shortest[degree]:
        return None
    scale = Fraction(-1, shortest[degree])
    return Algebraic(field, uni.polynomial(scale * c for c in shortest[:degree]))


def _approximate(root: NumberField, bits: int) -> int:
    """An integer near root·2**bits, by Newton's method; how near is not proved, for it serves guesses."""
    scale = lcm(*(c.denominator for c in root.polynomial))
    coefficients = [int(c * scale) for c in root.polynomial]
    slope = [i * c for i, c in enumerate(coefficients)][1:]
    low, high = root.enclosure(6)
    precision = 128
    value: int = round((low + high) / 2 * 2**precision)
    while True:
        steep = _horner(slope, value, precision)
        value -= (_horner(coefficients, value, precision) << precision) // steep if steep else 0
        if precision > 2 * bits:
            return value >> (precision - bits)
        value <<= precision
        precision *= 2


def _horner(coefficients: list[int], value: int, precision: int) -> int:
    """The polynomial at ``value``/2**precision, in fixed point too."""
    result: int = 0
    for c in reversed(coefficients):
        result = (result * value >> precision) + (c << precision)
    return result


def _is_root_at(root: NumberField, guess: Algebraic) -> bool:
    """Whether the guess is exactly the root: a zero of its polynomial, inside its interval.

    The guess is of a field with an irreducible polynomial, as all here, so it is zero only as written.
    """
    value: Exact = 0
    for c in reversed(root.polynomial):
        value = value * guess + c
    if not isinstance(value, Algebraic) or value.coefficients:
        return False
    level = 0
    while True:
        low, high = uni.enclose(guess.coefficients, *guess.field.enclosure(level))
        if root.low < low and high < root.high:
            return True
        if high < root.low or root.high < low:
            return False
        level += 1


def extend(field: NumberField, root: NumberField, *, deadline: float) -> NumberField | None:
    """ℚ(α, β) = ℚ(α + c·β) for all but finitely many c; None beyond `MAX_DEGREE`, or not in time."""
    import sympy as sp

    own, other = len(field.polynomial) - 1, len(root.polynomial) - 1
    # The degree is a multiple of both, and not that of ℚ(α), where β is not.
    if max(2 * own, lcm(own, other)) > MAX_DEGREE or own * other > MAX_RESULTANT:
        return None
    for c in range(1, 20):
        if time.monotonic() >= deadline:
            return None
        t, u = sp.symbols("t u")
        first = sp.Poly([sp.Rational(v.numerator, v.denominator) for v in reversed(field.polynomial)], u)
        second = sp.Poly([sp.Rational(v.numerator, v.denominator) for v in reversed(root.polynomial)], u)
        # γ = α + c·β: eliminate u = β from p(γ − c·u) and q(u).
        shifted = sp.Poly(first.as_expr().subs(u, t - c * u), u)
        resultant = sp.Poly(sp.resultant(shifted, second.as_expr(), u), t)
        candidate = _factor_near(resultant, field, root, c)
        if candidate is None:
            continue
        if len(candidate.polynomial) - 1 > MAX_DEGREE:
            return None
        if all(express(part, candidate, deadline=deadline) is not None for part in (root, field)):
            return candidate
    return None


def _factor_near(resultant: object, field: NumberField, root: NumberField, c: int) -> NumberField | None:
    """The irreducible factor of the resultant that α + c·β is a root of."""
    import sympy as sp
    from flint import fmpz_poly

    whole = of_type(resultant, sp.Poly, "a resultant").clear_denoms(convert=True)[1]
    _, factors = fmpz_poly([int(v) for v in reversed(whole.all_coeffs())]).factor()
    for level in range(1, 12):
        (a, b), (d, e) = field.enclosure(level), root.enclosure(level)
        low, high = a + c * d, b + c * e
        holds = []
        for factor, _ in factors:
            polynomial = uni.polynomial(int(v) for v in factor.coeffs())
            ends = uni.evaluate(polynomial, low) and uni.evaluate(polynomial, high)
            count = uni.count_roots(polynomial, low, high) if ends else 2
            if count:
                holds.append((polynomial, count))
        if len(holds) == 1 and holds[0][1] == 1:
            return NumberField(holds[0][0], low, high)
    return None


def _flint(value: Fraction) -> fmpq:
    from flint import fmpq

    return fmpq(value.numerator, value.denominator)
