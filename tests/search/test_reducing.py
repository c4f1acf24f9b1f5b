"""A smaller witness to begin with: accepted, never larger, the same each time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search import construct
from zerograd.search.crew import Crew
from zerograd.search.draws import Draws
from zerograd.search.reducing import BOUNDS, LARGE, reduced
from zerograd.solvers.process import SolverProcess

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def nobody() -> SolverProcess:
    """No solver is asked."""
    raise AssertionError


def size(witness: Witness) -> Size:
    found = size_of(witness)
    assert found is not None
    return found


def worst(problem: Problem, draws: int = 200) -> Witness:
    """The largest of some constructions."""
    found = construct.constructions(
        problem, problem.samples.least, Draws(1, draws, time.monotonic() + 60, 0, lambda _: None)
    )
    return max((verdict.witness for verdict in found), key=size)


def smaller(problem: Problem, known: Witness, lead: Any = nobody) -> Witness:
    witness = reduced(problem, known, lead, seed=0, deadline=time.monotonic() + 60, progress=lambda _: None)
    check_witness(problem, witness)
    return witness


@pytest.mark.parametrize("network", [[1, 1, 1], [1, 2, 1], [2, 2, 2, 1]], ids=str)
def test_more_constructions(network: list[int]) -> None:
    """The smallest of several hundred is a good deal smaller than the largest."""
    problem = Problem(network=network, samples=4, **HEADLINE)
    known = worst(problem)
    assert size(known).height > LARGE
    witness = smaller(problem, known)
    assert size(witness) < size(known)
    assert smaller(problem, known) == witness


def test_small_ones_are_left_as_they_are() -> None:
    """What can be gone through needs no help."""
    problem = Problem(network=[1, 1, 1], samples=3, **HEADLINE)
    known = next(
        verdict.witness
        for verdict in construct.constructions(
            problem, 3, Draws(1, 300, time.monotonic() + 60, 0, lambda _: None)
        )
        if size(verdict.witness).height <= LARGE
    )
    assert smaller(problem, known) is known


def test_whole_numbers_within_bounds(crew: Crew) -> None:
    """Where targets are not free, a solver is asked for numbers up to 6, 12, 24."""
    problem = Problem(network=[1, 1, 1], samples=3, domain="integer", bounds={"y": [-100, 100]}, **HEADLINE)
    assert construct.unfit(problem) is not None
    free = Problem(network=[1, 1, 1], samples=3, domain="integer", where=["abs(y) <= 100"], **HEADLINE)
    known = worst(free).answering(problem)
    check_witness(problem, known)
    assert size(known).height > LARGE
    witness = smaller(problem, known, lambda: crew.lead)
    assert size(witness).height <= BOUNDS[-1]
