"""What is known of smooth activations and other losses rules small datasets out, and never what is there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.model.network import Layer, Network
from zerograd.core.question.problem import Problem
from zerograd.search.facts import facts, unfit
from zerograd.search.verdict import Impossible, Undecided

if TYPE_CHECKING:
    from zerograd.solvers.process import SolverProcess

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def founding(activation: str, samples: int, loss: str = "mse") -> Problem:
    network = Network(1, (Layer(1, activation), Layer(1, "linear")))
    return Problem(network=network, samples=samples, loss=loss, **HEADLINE)


@pytest.mark.parametrize(
    ("activation", "loss", "fewest"),
    [("sigmoid", "mse", 3), ("tanh", "mae", 4), ("gelu", "mse", 2), ("relu", "huber", 3)],
)
def test_fewer_samples_are_ruled_out(activation: str, loss: str, fewest: int, solver: SolverProcess) -> None:
    """And no more: what has a witness is left open."""
    for samples in range(1, fewest + 1):
        problem = founding(activation, samples, loss)
        verdict = facts(problem, samples, solver, deadline=time.monotonic() + 20, seed=0)
        expected = Impossible if samples < fewest else Undecided
        assert isinstance(verdict, expected), (samples, verdict)


def test_who_it_is_for() -> None:
    """Questions that are no polynomials as they stand."""
    assert unfit(founding("sigmoid", 1)) is None
    assert unfit(founding("relu", 1, "mae")) is None
    assert "piecewise" in str(unfit(founding("relu", 1)))


def test_long_facts_are_left_alone(solver: SolverProcess) -> None:
    """More samples than are looked at, or terms."""
    problem = Problem(network=Network.mlp(5, 40, 1, activation="tanh"), samples=60, **HEADLINE)
    start = time.monotonic()
    assert isinstance(facts(problem, 60, solver, deadline=start + 20, seed=0), Undecided)
    assert time.monotonic() - start < 5
