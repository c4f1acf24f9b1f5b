"""Numbers near those that are given, of which claims hold: by linearised corrections, in floats.

Nothing here is believed: what is found is a question in which everything is given, and its answer is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, log10
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.references import Reference
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.question.conditions import number_of
from zerograd.core.question.language import Binary, Call, Chain, Comparison, LanguageError, Node, names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.evaluate import floats

Floats: TypeAlias = NDArray[np.float64]

MOST = 400
"""Numbers that may be corrected."""
STEPS = 60
INSIDE = 0.97
"""The part of an interval in which corrected numbers, and what is claimed of them, have to be."""
MIDDLE = 0.6
"""The part of an interval in which nothing is corrected: what is claimed may not have all middles at once."""
NEGLIGIBLE = 1e-3
"""Relative singular values that are taken for 0: gradients and outputs depend on each other."""
FINER = 10**4
"""Parts of half a unit, at least, to which corrected numbers are rounded."""


def corrected(question: Problem) -> Problem | None:
    """Return a question in which everything is given, within the bounds of this one; None if none is found.

    Args:
        question: one of which every number is given or has two bounds, such as
            `zerograd.core.auditing.rounding.widened` makes; conditions are intervals, ``abs(q - p) <= h``,
            and others that hold where these do.
    """
    try:
        search = _Search(question)
        found = search.nearest()
    except (_Unfit, floats.NotComparable, LanguageError, ArithmeticError, KeyError):
        return None
    return None if found is None else question.asking(given=search.given_at(found))


class _Unfit(Exception):  # noqa: N818 - a finding, not an error
    """Not a question of this kind."""


class _Search:
    """Free numbers as middle + u · half with −1 ≤ u ≤ 1, and the intervals that are claimed.

    Attributes:
        places: what is free.
        middles, halves: of their bounds.
        claims: quantities, with the middle and half the width of the interval of each entry.
    """

    def __init__(self, question: Problem) -> None:
        self.question = question
        if question.samples.fixed is None:
            raise _Unfit
        self.shapes = variable_shapes(question.network, question.samples.fixed)
        bounds = question.entry_bounds(question.samples.fixed)
        self.places: list[tuple[str, Index]] = []
        middles, halves = [], []
        self.values: dict[str, Floats] = {}
        for name, shape in self.shapes.items():
            known = question.given.get(name, {})
            self.values[name] = np.zeros(shape)
            for index in indices(shape):
                if index in known:
                    self.values[name][index] = float(known[index])
                    continue
                low, high = bounds.get((name, index), (None, None))
                if low is None or high is None or low == high or len(self.places) == MOST:
                    raise _Unfit
                self.places.append((name, index))
                middles.append((Fraction(low) + high) / 2)
                halves.append((Fraction(high) - low) / 2)
        self.middles, self.halves = middles, halves
        self.claims = [claim for condition in question.where if (claim := _interval(condition.node))]
        if not self.places or not self.claims:
            raise _Unfit

    def given_at(self, u: Floats) -> dict[str, Any]:
        """All values: corrected ones have a few digits more than what they round to."""
        given: dict[str, Any] = {
            str(Reference(name, index)): value
            for name, values in self.question.given.items()
            for index, value in values.items()
        }
        for (name, index), middle, half, share in zip(self.places, self.middles, self.halves, u, strict=True):
            value = middle
            if share:
                digits = max(0, ceil(log10(FINER / half)))
                value = Fraction(round((middle + half * Fraction(float(share))) * 10**digits), 10**digits)
            given[str(Reference(name, index))] = value
        return given

    def residuals(self, u: Floats) -> Floats:
        """How far what is claimed is from the middles, in halves of the intervals."""
        values = {name: array.copy() for name, array in self.values.items()}
        for (name, index), middle, half, share in zip(self.places, self.middles, self.halves, u, strict=True):
            values[name][index] = float(middle) + float(half) * share
        lookup = _lookup(self.question, values)
        told = []
        for quantity, middle_of, half_of in self.claims:
            entries = number_of(quantity, _FLOATS, lookup).entries
            told += [
                (float(value) - float(middle)) / float(half)
                for value, middle, half in zip(
                    entries, _spread(middle_of, len(entries)), _spread(half_of, len(entries)), strict=True
                )
            ]
        return np.array(told)

    def nearest(self) -> Floats | None:
        """Corrections after which all is inside, as few as these steps show; None if they lead to none."""
        u = np.zeros(len(self.places))
        r = self.residuals(u)
        for _ in range(STEPS):
            if _inside(r):
                return self.fewer(u)
            jacobian = self.jacobian(u, r)
            with np.errstate(all="ignore"):
                step = -np.linalg.lstsq(jacobian, r - np.clip(r, -MIDDLE, MIDDLE), rcond=NEGLIGIBLE)[0]
            moved = np.clip(u + step, -INSIDE, INSIDE)
            if not np.isfinite(moved).all():
                return None
            u, r = moved, self.residuals(moved)
        return self.fewer(u) if _inside(r) else None

    def jacobian(self, u: Floats, r: Floats) -> Floats:
        """The derivatives of residuals, by differences; 0 for what is at a bound and would leave it."""
        columns = []
        for number in range(len(u)):
            moved = u.copy()
            moved[number] += 1e-4
            columns.append((self.residuals(moved) - r) / 1e-4)
        matrix = np.stack(columns, axis=1)
        away = -(matrix.T @ r)  # where steepest descent leads
        matrix[:, (np.abs(u) >= INSIDE) & (away * u > 0)] = 0
        return matrix

    def fewer(self, u: Floats) -> Floats:
        """Take back corrections that are not needed, the smallest first."""
        for number in np.argsort(np.abs(u), kind="stable"):
            without = u.copy()
            without[number] = 0
            if _inside(self.residuals(without)):
                u = without
        return u


def _inside(residuals: Floats) -> bool:
    return bool(np.isfinite(residuals).all() and np.abs(residuals).max() <= INSIDE)


def _interval(node: Node) -> tuple[Node, Array[Any], Array[Any]] | None:
    """``abs(q - p) <= h`` as q, p and h; None of conditions that are checked at the end.

    Raises:
        _Unfit: an equation, which floats do not solve.
    """
    match node:
        case Chain(operands=(Call(function="abs", arguments=(inner,)), half), operators=("<=",)):
            if (
                not isinstance(inner, Binary)
                or inner.operator != "-"
                or names_in(inner.right) | names_in(half)
            ):
                return None
            nothing: Callable[[str], Array[Any]] = dict[str, Array[Any]]().__getitem__
            halves = number_of(half, _FLOATS, nothing)
            if not all(halves.entries):
                raise _Unfit
            return inner.left, number_of(inner.right, _FLOATS, nothing), halves
        case Chain(operators=("==",)):
            raise _Unfit
    return None


def _spread(array: Array[Any], size: int) -> Sequence[Any]:
    return array.entries * size if len(array.entries) == 1 else array.entries


def _lookup(question: Problem, values: dict[str, Floats]) -> Callable[[str], Array[Any]]:
    """What names in conditions stand for, in floats."""
    model = question.model
    loss, _, codes = floats.loss_at(model, values)
    found = floats.evaluate(model, values, codes)
    run = floats.forward(model.network, values)
    known: dict[str, Floats] = {**values, "y_hat": found.y_hat, "r": found.y_hat - values["y"]}
    known["loss"] = np.array(loss)
    known |= {f"grad({name})": array for name, array in found.gradients.items()}
    for number, z in enumerate(found.z, start=1):
        known[f"z{number}"] = z
        known[f"a{number}"] = run.below[number] if number < len(found.z) else found.y_hat

    def named(name: str) -> Array[Any]:
        array = known[name]
        return Array(array.shape, tuple(map(float, array.ravel())))

    return named


class _FloatAlgebra:
    """Numbers as floats; truth values are not asked for."""

    def constant(self, value: int | Fraction) -> float:
        return float(value)

    def divide(self, a: float, b: float) -> float:
        return a / b

    def absolute(self, a: float) -> float:
        return abs(a)

    def minimum(self, values: Sequence[float]) -> float:
        return min(values)

    def maximum(self, values: Sequence[float]) -> float:
        return max(values)

    def compare(self, _a: float, _operator: Comparison, _b: float) -> bool:
        raise _Unfit

    def distinct(self, _values: Sequence[float]) -> bool:
        raise _Unfit

    def conjunction(self, parts: Sequence[bool]) -> bool:
        return all(parts)

    def disjunction(self, parts: Sequence[bool]) -> bool:
        return any(parts)

    def negation(self, part: bool) -> bool:
        return not part


_FLOATS = _FloatAlgebra()
