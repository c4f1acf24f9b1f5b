"""Pre-activations at which an activation and its derivative have closed forms.

Each list here is found by asking: which of a pool of numbers, logarithms of small rationals and parts of π
among them, `ExactFunctions` evaluates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, zip_longest
from math import gcd
from typing import Any

from zerograd.core.model.activations import Activation
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.exact_functions import ExactFunctions

FUNCTIONS = ExactFunctions()


@lru_cache(maxsize=1)
def units() -> tuple[Exact, ...]:
    """Numbers of whose multiples pre-activations are tried to be made, the plainest first."""
    return (1, FUNCTIONS.log(2), FUNCTIONS.pi * Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Level:
    """A pre-activation z with a = φ(z) and φ′(z)."""

    z: Exact
    a: Exact
    slope: Exact


def level(activation: Activation, z: Exact, convention: Kink) -> Level | None:
    """The level at z; None where exact numbers do not hold it, or on a kink that is forbidden."""
    try:
        a = narrow(activation.value(z, FUNCTIONS))
        tied = activation.derivative_of_value if isinstance(activation, Smooth) else None
        slope = narrow(tied(a) if tied is not None else activation.slope(z, FUNCTIONS, convention))
    except ArithmeticError:
        return None
    return Level(z, a, slope)


def is_rational(number: Exact) -> bool:
    """Whether a number is kept as a fraction."""
    return isinstance(number, int | Fraction)


@lru_cache(maxsize=256)
def lattice(activation: Activation, convention: Kink) -> Exact | None:
    """A unit at whose integer multiples φ and φ′ are rational; None if none is known."""
    for unit in units():
        levels = [level(activation, narrow(unit * k), convention) for k in range(-3, 4)]
        if all(one is not None and is_rational(one.a) and is_rational(one.slope) for one in levels):
            return unit
    return None


@lru_cache(maxsize=64)
def pool(activation: Activation, convention: Kink, wide: bool) -> tuple[Level, ...]:
    """Levels with closed forms, the plainest first; with ``wide`` at many more numbers.

    They are rational where all of the activation's lattice is, and at logarithms and multiples of π else.
    """
    if lattice(activation, convention) == 1:
        size = 12 if wide else 6
        rationals = {Fraction(p, q) for q in range(1, 4 if wide else 3) for p in range(size + 1)}
        plain = sorted({r for p in rationals for r in (p, -p)}, key=lambda r: (r.denominator, abs(r), r < 0))
        found = (level(activation, narrow(z), convention) for z in plain)
        return tuple(one for one in found if one is not None)
    log, pi = FUNCTIONS.log, FUNCTIONS.pi
    halves = (2, -2, 4, -4, 1, -1, 6, -6, 3, -3, 5, -5)
    powers = [Fraction(2) ** n for n in (-1, 1, -2, 2, -3, 3, -4, 4)]
    ratios = [*powers[:4], Fraction(3), *powers[4:6], Fraction(7), *powers[6:], Fraction(15), Fraction(1, 3)]
    kinds: list[list[Any]] = [
        [Fraction(n, 2) for n in halves],
        [log(ratio) for ratio in ratios],
        [pi * Fraction(n, 2) for n in (1, -1, 2, -2, 3, -3, 4)],
    ]
    # In turn, so that the first few have some on each side of a join.
    candidates: list[Exact] = [0, *(z for few in zip_longest(*kinds) for z in few if z is not None)]
    if wide:
        more = [Fraction(p, q) for q in range(1, 10) for p in range(1, 13) if gcd(p, q) == 1 and p != q]
        candidates += [log(ratio) for ratio in more if ratio not in powers]
        candidates += [Fraction(n, 3) for n in range(-9, 10) if n % 3]
    found = (level(activation, narrow(z), convention) for z in candidates)
    return tuple(dict.fromkeys(one for one in found if one is not None))


Family = tuple[Level, ...]


@lru_cache(maxsize=64)
def families(activation: Activation, convention: Kink) -> tuple[Family, ...]:
    """Levels whose values are rational multiples of one number: they take one equation together."""
    groups: defaultdict[object, list[Level]] = defaultdict(list)
    zeros = []
    for one in pool(activation, convention, False):
        parts = components(one.a)
        if not parts:
            zeros.append(one)
        elif len(parts) == 1:
            groups[next(iter(parts))].append(one)
    found = [tuple(zeros + group) for group in groups.values()] or [tuple(zeros)]
    return tuple(sorted((f for f in found if len(f) > 1), key=len, reverse=True))


@lru_cache(maxsize=64)
def balanced(activation: Activation, convention: Kink, size: int) -> tuple[tuple[Family, Family], ...]:
    """Pairs (of pairs, for ``size`` 2) of different levels whose values have equal sums.

    Adjoints of one size and opposite signs balance there.
    """
    by_sum: defaultdict[object, list[Family]] = defaultdict(list)
    levels = [(one, components(one.a)) for one in pool(activation, convention, size > 1)]
    for few in combinations(levels, size):
        total: defaultdict[object, Fraction] = defaultdict(Fraction)
        for _, parts in few:
            for key, part in parts.items():
                total[key] += part
        by_sum[frozenset((k, v) for k, v in total.items() if v)].append(tuple(one for one, _ in few))
    return tuple(
        (left, right)
        for same in by_sum.values()
        for left, right in combinations(same[:6], 2)
        if not {one.z for one in left} & {one.z for one in right}
    )


def components(number: Exact) -> Mapping[object, Fraction]:
    """The coefficients of a number over ℚ, by the products of constants that they stand before."""
    if isinstance(number, Closed):
        return dict(number.terms)
    if is_rational(number):
        return {(): Fraction(number)} if number else {}  # type: ignore[arg-type]
    return {("α", k): Fraction(c) for k, c in enumerate(number.coefficients) if c}  # type: ignore[union-attr]


def rational_forms(form: Sequence[Exact]) -> list[list[Fraction]]:
    """Linear forms over ℚ that are all zero at a rational point where ``form`` is zero.

    Where the products of constants are linearly independent over ℚ, they are so exactly where it is.
    """
    if all(map(is_rational, form)):
        return [[Fraction(v) for v in form]]  # type: ignore[arg-type]
    parts = [components(v) for v in form]
    keys = dict.fromkeys(key for part in parts for key in part)
    return [[part.get(key, Fraction(0)) for part in parts] for key in keys]
