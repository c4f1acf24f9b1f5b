"""Time that is kept for checking what a search finds, so that time limits hold for large questions as well.

A witness is checked exactly, checked again in floats, and written. What that takes grows with the numbers
that are calculated and with the products that they are made of; how fast this machine is now, a small witness
tells.
"""

from __future__ import annotations

import time
from functools import cache
from math import prod

from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes, variable_shapes
from zerograd.core.verdict.witness import Witness

SMALL = 20_000
"""Steps of a check up to which no time is kept: it takes hundredths of a second."""

PRODUCTS = 64
"""Products of entries that take as long as a step: they are made many at once."""

TIMES = 2.5
"""How many times as long as exact gradients all takes: the check, the re-checks, the document."""

MOST = 0.5
"""The largest part of a time limit that is kept."""


def steps(problem: Problem) -> int:
    """Return how much there is to calculate in a witness with the fewest samples that are asked for."""
    samples, network = problem.samples.least, problem.network
    numbers = sum(map(prod, variable_shapes(network, samples).values()))
    gradients = sum(map(prod, gradient_shapes(network, samples).values()))
    units = samples * sum(network.widths[1:])
    return numbers + gradients + units + samples * network.parameter_count // PRODUCTS


def kept_for_checking(problem: Problem, timeout: float) -> float:
    """Return seconds of a time limit in which a search had better be over: 0 for small questions."""
    amount = steps(problem)
    if amount <= SMALL:
        return 0.0
    return min(MOST * timeout, TIMES * amount * seconds_a_step())


def seconds_a_step() -> float:
    """Measure how long a step takes at the moment: the second longest of three."""
    return sorted(_measured() for _ in range(3))[1]


def _measured() -> float:
    sample = _sample()
    began = time.perf_counter()
    witness = sample.answering(sample.problem)
    witness.gradients  # noqa: B018 - calculated when it is asked for
    witness.to_json()
    return (time.perf_counter() - began) / steps(sample.problem)


@cache
def _sample() -> Witness:
    """A witness of moderate size: numbers as they come, which answer nothing."""
    problem = Problem(network=[20, 20, 1], samples=50, zero=["w2"])
    shapes = variable_shapes(problem.network, problem.samples.least)
    return Witness.of(
        problem,
        {name: Array(shape, tuple(sum(i) % 5 - 2 for i in indices(shape))) for name, shape in shapes.items()},
    )
