"""Multipliers that show a local minimum of a network with one hidden layer, or a way down.

For the terms of a unit, c·u + Σ κₘ·|u·Xₘ| (`zerograd.core.points.minimum`), one of two linear programs has a
solution for each choice of signs: multipliers, or a direction in which the sum is below 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.classifying.linear import Program
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.points.minimum import MAX_SIGNS, Multipliers, Sides, Terms, UnitProof

RADII: tuple[Fraction, ...] = (Fraction(1), Fraction(1, 16), Fraction(1, 2**12))
"""How far outgoing weights may move, as it is tried."""


MAX_MOVES = 20
"""Inputs in whose directions weights are moved, to see whether the loss falls."""


@dataclass(frozen=True)
class Down:
    """A move of incoming weights, at outgoing weights with which it lowers the loss at first order."""

    unit: int
    outgoing: tuple[Exact, ...]
    move: tuple[Exact, ...]


def unit_proof(sides: Sides, unit: int) -> UnitProof | Down | None:
    """Return the proof that no move of a unit leads down, or one that may; None where neither is found."""
    radii = RADII
    if sides.hidden:
        outgoing = sides.outgoing(unit)
        known = _cases(sides, unit, outgoing)
        if not isinstance(known, tuple):
            return known
        if not any(map(sign, outgoing)):
            radii = RADII[:1]  # how large they are makes no difference then
    result: UnitProof | Down | None = None
    for radius in radii:
        result = _at_radius(sides, unit, radius)
        if isinstance(result, UnitProof):
            return result
    return result


def _at_radius(sides: Sides, unit: int, radius: Fraction) -> UnitProof | Down | None:
    multipliers = []
    for corner in sides.corners(unit, radius):
        cases = _cases(sides, unit, corner)
        if not isinstance(cases, tuple):
            return cases
        multipliers.append(cases)
    trivial = not any(case for cases in multipliers for case in cases)
    return UnitProof(radius, () if trivial else tuple(multipliers))


def _cases(sides: Sides, unit: int, outgoing: tuple[Exact, ...]) -> tuple[Multipliers, ...] | Down | None:
    """Multipliers for all signs, with these outgoing weights."""
    terms = sides.terms(unit, outgoing)
    if (quick := _seen_down(terms)) is not None:
        return Down(unit, outgoing, quick)
    if len(terms.concave) > MAX_SIGNS:
        return None
    result: list[Multipliers] = []
    for vector in terms.signed():
        if not any(map(sign, vector)):
            result.append({})
            continue
        if not terms.convex:
            return Down(unit, outgoing, tuple(-value for value in vector))
        found = multipliers_for(terms, vector)
        if found is None:
            move = direction_for(terms, vector)
            return None if move is None else Down(unit, outgoing, move)
        result.append(found)
    return tuple(result)


def _seen_down(terms: Terms) -> tuple[Exact, ...] | None:
    """A move that lowers the terms, of those that are tried: no program is solved for most points."""
    width = len(terms.linear)
    moves = [terms.linear, *(tuple(terms.inputs[m]) for m in [*terms.kinked][:MAX_MOVES])]
    moves += [tuple(int(i == j) for j in range(width)) for i in range(width)]
    for move in moves:
        for turned in (move, tuple(-value for value in move)):
            if sign(terms.at(turned)) < 0:
                return turned
    return None


def multipliers_for(terms: Terms, vector: Sequence[Exact]) -> Multipliers | None:
    """Return μ with |μ| ≤ κ and vector + Σ μₘ·Xₘ = 0."""
    if not is_rational((*vector, *terms.kinked.values())):
        return None
    program = Program()
    for m in terms.convex:
        program.require({f"m{m}": 1, "": _plain(terms.kinked[m])}, ">=")
        program.require({f"m{m}": -1, "": _plain(terms.kinked[m])}, ">=")
    for j, start in enumerate(vector):
        program.require(
            {"": _plain(start)} | {f"m{m}": _plain(terms.inputs[m][j]) for m in terms.convex}, "="
        )
    found = program.solution()
    return None if found is None else {m: narrow(found[f"m{m}"]) for m in terms.convex if found[f"m{m}"]}


def direction_for(terms: Terms, vector: Sequence[Exact]) -> tuple[Exact, ...] | None:
    """Return u with vector·u + Σ κₘ·|u·Xₘ| < 0, over those with κₘ > 0."""
    if not is_rational((*vector, *terms.kinked.values())):
        return None
    program = Program()
    for m in terms.convex:
        for side in (1, -1):
            product = {f"u{j}": -side * _plain(x) for j, x in enumerate(terms.inputs[m])}
            program.require({f"t{m}": 1} | product, ">=")
    total = {f"u{j}": -_plain(value) for j, value in enumerate(vector)}
    total |= {f"t{m}": -_plain(terms.kinked[m]) for m in terms.convex}
    program.require(total | {"": -1}, "=")
    found = program.solution()
    return None if found is None else tuple(narrow(found[f"u{j}"]) for j in range(len(vector)))


def is_rational(values: Sequence[Exact] | Iterator[Exact]) -> bool:
    """Whether linear programs can be about these numbers."""
    return all(isinstance(value, int | Fraction) for value in values)


def _plain(value: Exact) -> int | Fraction:
    return value if isinstance(value, int | Fraction) else Fraction(0)


def narrow(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value
