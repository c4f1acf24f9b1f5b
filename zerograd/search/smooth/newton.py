"""Solutions in float64: least squares on many unknowns, then Newton's method on as few as will do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from zerograd.search.smooth.jets import Floats
from zerograd.search.smooth.passes import Entry, Pass, Values

CLOSE = 1e-11
"""A residual so small, next to the gradients' sizes, is taken for 0; others prove it."""

REGULAR = 1e-6
"""How much of a column must be left by those before it, next to the largest."""

GRAINS = (1, 2, 4, 8, 10, 20, 100, 1000, 10**6)
"""Denominators to which unknowns that are not needed are rounded, the simplest first."""

STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """A regular system: as many ``equations`` as ``unknowns``, all else rational.

    Attributes:
        equations: zero entries that no others imply, near the solution.
        exact: values of everything but the unknowns, where they were rounded.
        pass_: the network at the solution.
        inverse: of the Jacobian there.
    """

    unknowns: tuple[Entry, ...]
    equations: tuple[Entry, ...]
    exact: Mapping[Entry, Fraction]
    pass_: Pass
    inverse: Floats


def moved(values: Values, entries: Sequence[Entry], by: Floats) -> dict[str, Floats]:
    """The values after a step in some entries."""
    result = dict(values)
    for name in {name for name, _ in entries}:
        result[name] = values[name].copy()
    for (name, index), step in zip(entries, by, strict=True):
        result[name][index] += step
    return result


def residual(at: Pass, equations: Sequence[Entry]) -> float:
    """The largest gradient among those that should be zero; infinite where the network has no value."""
    largest = float(np.abs(at.at(equations)).max(initial=0.0))
    return largest if np.isfinite(largest) else np.inf


def descend(
    start: Pass, equations: Sequence[Entry], variables: Sequence[Entry], *, until: float = np.inf
) -> Pass | None:
    """Look for a zero of the equations by Levenberg's method, in small steps; None where it stalls.

    Args:
        until: the deadline, of `time.monotonic`.
    """
    here, size = start, residual(start, equations)
    damping = 1e-3
    for _ in range(STEPS):
        if size < CLOSE:
            return here
        if not np.isfinite(size) or time.monotonic() >= until:
            return None
        jacobian, value = here.jacobian(equations, variables), here.at(equations)
        gram = jacobian @ jacobian.T
        if not np.isfinite(gram).all():
            return None
        scale = max(float(gram.trace()) / len(gram), 1e-30)
        for _ in range(8):
            weights = np.linalg.lstsq(gram + damping * scale * np.eye(len(gram)), value, rcond=None)[0]
            step = -(jacobian.T @ weights)
            there = Pass(here.model, moved(here.values, variables, step))
            reached = residual(there, equations)
            if np.linalg.norm(there.at(equations)) < np.linalg.norm(value):
                here, size, damping = there, reached, damping / 10 if damping > 1e-14 else 0.0
                break
            damping = max(damping * 10, 1e-12)
        else:
            return here if size < 100 * CLOSE else None
    return None


def pivots(matrix: Floats, weights: Floats | None = None) -> list[int]:
    """Columns that are independent, the largest first: Gram and Schmidt, with pivots."""
    left = matrix.astype(np.float64).copy()
    chosen: list[int] = []
    first = 0.0
    for _ in range(min(matrix.shape)):
        norms = np.linalg.norm(left, axis=0)
        if weights is not None:
            norms = norms * weights
        best = int(norms.argmax())
        first = first or float(norms[best])
        if not norms[best] > REGULAR * first:
            break
        chosen.append(best)
        unit = left[:, best] / np.linalg.norm(left[:, best])
        left -= np.outer(unit, unit @ left)
    return chosen


def squared(
    at: Pass, equations: Sequence[Entry], variables: Sequence[Entry], weights: Floats, grain: int
) -> Square | None:
    """Choose unknowns and equations of a regular system, round all other variables, and solve it again."""
    jacobian = at.jacobian(equations, variables)
    if not np.isfinite(jacobian).all():
        return None
    rows = np.abs(jacobian).max(axis=1, initial=0.0)
    scaled = jacobian / np.where(rows > 0, rows, 1.0)[:, None]  # adjoints may be what they are: ±1
    columns = sorted(pivots(scaled, weights))
    kept = sorted(pivots(scaled[:, columns].T))
    if not columns or len(kept) < len(columns):
        return None
    unknowns = [variables[c] for c in columns]
    chosen = set(columns)
    exact: dict[Entry, Fraction] = {}
    values = {name: array.copy() for name, array in at.values.items()}
    for number, (name, index) in enumerate(variables):
        if number not in chosen:
            exact[name, index] = Fraction(round(float(values[name][index]) * grain), grain)
            values[name][index] = float(exact[name, index])
    regular = [equations[r] for r in kept]
    solved = _newton(Pass(at.model, values), regular, unknowns)
    if solved is None or residual(solved, equations) > 1e-8 * (1 + _size(solved)):
        return None
    final = solved.jacobian(regular, unknowns)
    if np.linalg.cond(final / np.abs(final).max(axis=1, initial=1e-300)[:, None]) > 1e10:
        return None
    return Square(tuple(unknowns), tuple(regular), exact, solved, np.linalg.inv(final))


def _newton(start: Pass, equations: Sequence[Entry], unknowns: Sequence[Entry]) -> Pass | None:
    here = start
    for _ in range(30):
        value = here.at(equations)
        size = float(np.abs(value).max())
        if not np.isfinite(size):
            return None
        if size < 1e-13 * (1 + _size(here)):
            return here
        try:
            step = -np.linalg.solve(here.jacobian(equations, unknowns), value)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        for _ in range(12):
            there = Pass(here.model, moved(here.values, unknowns, step))
            if float(np.abs(there.at(equations)).max()) < size:
                break
            step = step / 2
        else:
            return here if size < 1e-9 * (1 + _size(here)) else None
        here = there
    return here if residual(here, equations) < 1e-9 * (1 + _size(here)) else None


def _size(at: Pass) -> float:
    return float(np.abs(at.adjoint).max(initial=0.0))
