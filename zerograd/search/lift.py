"""From a solver's model to an exact witness.

A model may be partial and may hold irrational algebraic numbers. What is missing is completed;
what is irrational is made rational where the question leaves it free (the unknowns are pinned,
one after another, to simple rationals near their values, while the solver confirms that a
solution is left); what cannot be, is expressed in one number field ℚ(α).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from zerograd.core.model.backprop import ExactActivate, forward
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.field import NumberField
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, variable_shapes
from zerograd.core.verdict.witness import Witness
from zerograd.search.encoding import ADJOINT, Encoding, Fixed
from zerograd.search.mentions import speaks_of, targets_are_free
from zerograd.search.number_field import common_field
from zerograd.search.requirements import symbol
from zerograd.solvers.base import Model, Value
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Constant, Formula, Script, Variable, relate

SIZED = ("r", "loss", "grad")
"""Names of what changes with the size of the adjoints; signs of gradients do not."""

SIMPLEST = (1, 2, 4, 12, 60, 1000, 10**6)
"""Largest denominators that are tried, one after another, when an irrational value is made rational."""


def lift(
    encoding: Encoding, model: Model, solver: SolverProcess, *, deadline: float, seed: int
) -> Witness | None:
    """An exact witness, rational if possible; None if no common number field is found in time.

    The result is well-formed, and for the checker to judge.
    """
    if any(isinstance(value, NumberField) for value in model.values.values()):
        # Irrational answers are answers: making them rational must not eat all the time there is.
        patience = min(deadline, time.monotonic() + max(2.0, (deadline - time.monotonic()) / 4))
        model = rationalise(encoding.script, model, solver, deadline=patience, seed=seed)
    values = common_field(model.values, deadline=deadline)
    return None if values is None else read_back(encoding, values)


def rationalise(script: Script, model: Model, solver: SolverProcess, *, deadline: float, seed: int) -> Model:
    """Pin irrational values, one by one, to nearby rationals for which a model remains."""
    pinned: list[Formula] = []
    stubborn: set[str] = set()
    while time.monotonic() < deadline:
        irrational = [n for n, v in model.values.items() if isinstance(v, NumberField) and n not in stubborn]
        if not irrational:
            break
        # All at once first: mostly the adjoints alone carry the equations.
        parameters = [n for n in irrational if not n.startswith((f"{ADJOINT}_", "y_"))]
        groups = [parameters] if len(parameters) > 1 else []
        name = (parameters or irrational)[0]
        found = _pin([*groups, [name]], script, model, pinned, solver, deadline=deadline, seed=seed)
        if found is None:
            stubborn.add(name)
        else:
            model, added = found
            pinned += added
    return model


def _pin(
    groups: Iterable[list[str]],
    script: Script,
    model: Model,
    pinned: list[Formula],
    solver: SolverProcess,
    *,
    deadline: float,
    seed: int,
) -> tuple[Model, list[Formula]] | None:
    for group in groups:
        tried: set[tuple[Fraction, ...]] = set()
        for largest in SIMPLEST:
            near = tuple(nearby(model.values[name], largest) for name in group)
            if near in tried:
                continue
            tried.add(near)
            extra = [relate(Variable(n), "=", Constant(v)) for n, v in zip(group, near, strict=True)]
            outcome = solver.check(
                script.copy([*pinned, *extra]), deadline=deadline, mode="polynomial", seed=seed, effort=1.0
            )
            if isinstance(outcome, Model):
                return outcome, extra
            if time.monotonic() >= deadline:
                return None
    return None


def nearby(value: Value, largest: int) -> Fraction:
    """A rational near the value with a denominator of at most ``largest``."""
    if isinstance(value, Fraction):
        return value
    low, high = value.enclosure(4)
    return ((low + high) / 2).limit_denominator(largest)


def read_back(encoding: Encoding, values: Mapping[str, Exact]) -> Witness:
    """A witness from solver values: given and missing entries filled in, targets computed from adjoints."""
    problem, samples = encoding.problem, encoding.samples
    arrays = complete(problem, samples, values, encoding.fixed)
    if encoding.free:
        shape = arrays["y"].shape
        activate = ExactActivate("torch")  # values do not depend on the convention
        y_hat = forward(problem.network, arrays, arrays["x"], activate).y_hat
        g = Array.build(shape, lambda i: values.get(symbol(ADJOINT, i), 0))
        if targets_are_free(problem) and not speaks_of(problem, SIZED):
            g = primitive(g)
        target, known = problem.model.loss.target, arrays["y"]
        arrays["y"] = Array.build(shape, lambda i: target(y_hat[i], g[i]) if i in encoding.free else known[i])
    return Witness.of(problem, arrays)


def primitive(adjoints: Array[Exact]) -> Array[Exact]:
    """Scaled by a positive rational to coprime integers, where they are rational: smaller numbers."""
    entries = [v for v in adjoints.entries if isinstance(v, int | Fraction)]
    if len(entries) < len(adjoints.entries) or not any(entries):
        return adjoints
    scale = Fraction(lcm(*(v.denominator for v in entries)), gcd(*(v.numerator for v in entries)))
    return Array(adjoints.shape, tuple(narrow(v * scale) for v in entries))


def complete(
    problem: Problem, samples: int, values: Mapping[str, Exact], fixed: Fixed
) -> dict[str, Array[Exact]]:
    """All variables: given or fixed values, then the solver's, then the simplest inside the bounds."""
    bounds = problem.entry_bounds(samples)

    def value(name: str, index: Index) -> Exact:
        for known in (problem.given.get(name, {}), fixed.get(name, {})):
            if index in known:
                return known[index]
        if symbol(name, index) in values:
            return narrow(values[symbol(name, index)])
        return simplest(bounds.get((name, index), (None, None)), integer=problem.domain == "integer")

    shapes = variable_shapes(problem.network, samples)
    return {
        name: Array.build(shape, lambda index, name=name: value(name, index))  # type: ignore[misc]
        for name, shape in shapes.items()
    }


def simplest(bound: Bound, *, integer: bool) -> int | Fraction:
    """0 where the bounds allow it, else the nearest integer inside, else the nearer end."""
    low, high = bound
    near: int | Fraction = 0
    if low is not None and low > 0:
        near = low
    if high is not None and high < 0:
        near = high
    whole = ceil(near) if near > 0 else floor(near)
    inside = (low is None or low <= whole) and (high is None or whole <= high)
    return whole if inside or integer else near
