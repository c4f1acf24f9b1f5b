"""Witnesses at rational numbers. Gradients are exact where they can be, else enclosed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod

import numpy as np

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import narrow
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.solution import Entry as Box
from zerograd.core.verdict.witness import Witness
from zerograd.search.smooth.boxes import explained
from zerograd.search.smooth.passes import Entry, Pass
from zerograd.search.smooth.starts import start

NEARLY = 1e-12
"""An entry below this, next to the largest adjoint, may be exactly 0; the checker decides."""

POINTS = 8
"""Points of one draw."""


def given_values(problem: Problem, samples: int) -> dict[str, Array[Fraction]] | None:
    """Return all variables by name, where all of them are given; else None."""
    exact: dict[str, Array[Fraction]] = {}
    for name, shape in variable_shapes(problem.network, samples).items():
        given = problem.given.get(name, {})
        if len(given) < prod(shape):
            return None
        exact[name] = Array.build(shape, lambda i, given=given: Fraction(given[i]))  # type: ignore[misc]
    return exact


def drawn(problem: Problem, samples: int, chance: random.Random) -> Iterator[Mapping[str, Array[Fraction]]]:
    """Draw some points; those of integers, where these are asked for."""
    for _ in range(POINTS):
        exact = start(problem, samples, chance).exact
        if problem.domain == "integer":
            exact = {name: array.map(_rounded_away) for name, array in exact.items()}
        yield exact


def may_rest(here: Pass, zero: Sequence[Entry]) -> bool:
    """Whether gradient entries seem to be 0 at a point as it is."""
    size = float(np.abs(here.adjoint).max(initial=0.0))
    return bool((np.abs(here.at(zero)) <= NEARLY * min(size, 1.0)).all())


def at_point(
    problem: Problem, exact: Mapping[str, Array[Fraction]], zero: Sequence[Entry]
) -> Iterator[Witness]:
    """Return the point as witnesses, which have still to be checked: with exact gradients, and enclosed.

    Args:
        exact: all variables, by name.
        zero: the entries that are asked to be zero.
    """
    yield Witness.of(problem, {name: array.map(narrow) for name, array in exact.items()})
    box: dict[str, Array[Box]] = {name: array.map(_whole) for name, array in exact.items()}
    witness = explained(EnclosedWitness(problem, box, ()), zero)
    if witness is not None:
        yield witness


def _whole(value: Fraction) -> Box:
    return value.numerator if value.denominator == 1 else value


def _rounded_away(value: Fraction) -> Fraction:
    """The next integer that is no nearer to 0."""
    return Fraction(-(-value // 1) if value > 0 else value // 1)
