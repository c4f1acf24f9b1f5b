"""Every strategy says why it cannot answer a question: of smooth activations, and of other losses."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import count, repeat
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from tests.core.drawn_losses import EVERY as EVERY_LOSS
from zerograd import exports
from zerograd.core.model.activations import LINEAR, RELU
from zerograd.core.model.losses import Loss
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.smooth import SIGMOID
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.loss_reading import loss_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import hypotheses_fail
from zerograd.core.verdict.answer import Unknown
from zerograd.core.verdict.witness import Witness
from zerograd.search import portfolio, smallest, smtlib
from zerograd.search.crew import Crew
from zerograd.search.portfolio import Portfolio, unfit
from zerograd.search.samples import over_samples
from zerograd.search.smallest.budget import Budget
from zerograd.search.verdict import Undecided, Verdict
from zerograd.solving import STRATEGIES as STRATEGY_NAMES

STRATEGIES = [name for name in STRATEGY_NAMES if name != "auto"]
OF_SOLVERS = ["piecewise", "guess", "regions"]
FOR_SMOOTH = ["closed", "enclose", "facts"]
HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
Decide = Callable[..., Verdict]


@pytest.fixture
def smooth() -> Problem:
    """A question about sigmoid units."""
    return Problem(network=Network.mlp(1, 2, 1, activation="sigmoid"), samples=3, **HEADLINE)


@pytest.fixture
def absolute() -> Callable[..., Problem]:
    """Questions about the absolute error."""
    return lambda **extra: Problem(network=[1, 1, 1], samples=3, loss="mae", **HEADLINE, **extra)


def test_smooth_activations(smooth: Problem) -> None:
    """Each strategy names the activation, or what it is for; so does the export."""
    reasons = {name: unfit(name, smooth) for name in STRATEGIES}
    assert [reasons.pop(name) for name in FOR_SMOOTH] == [None, None, None]
    assert "restricted targets" in str(reasons.pop("fit"))
    assert set(reasons.values()) == {"the activation sigmoid is not piecewise linear"}
    assert smallest.unfit(smooth) == smtlib.unfit(smooth) == "the activation sigmoid is not piecewise linear"
    assert exports.unfit(Unknown("unsupported", problem=smooth), "smtlib") == smtlib.unfit(smooth)


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name not in FOR_SMOOTH])
def test_what_no_strategy_is_fit_for(strategy: str, smooth: Problem, crew: Crew) -> None:
    """Unsupported, with the reasons, at once and for any number of samples."""
    portfolio = Portfolio(crew, strategy, 0, lambda _: None)
    deadline = time.monotonic() + 60

    def decide(samples: int, until: float) -> Verdict:
        return portfolio.decide(smooth, samples, until)

    verdict = decide(3, deadline)
    assert isinstance(verdict, Undecided)
    assert verdict.reason == "unsupported"
    assert ("restricted targets" if strategy == "fit" else "sigmoid") in verdict.detail
    every = smooth.with_samples("any")
    again, attempts = over_samples(
        every, decide, sufficient=None, deadline=deadline, progress=lambda _: None, sketch=portfolio_sketch
    )
    assert (again, [a.status for a in attempts]) == (verdict, ["unknown"])
    assert time.monotonic() < deadline - 30


def portfolio_sketch(_samples: int, _until: float) -> Verdict:
    """No witness."""
    return Undecided("unsupported")


def test_homogeneous_units_below_smooth_ones(smooth: Problem) -> None:
    """Their identities hold whatever the other layers are."""
    layers = (Layer(1, "relu"), Layer(1, SIGMOID), Layer(1, "linear"))
    mixed = Problem(network=Network(1, layers), samples=2, zero=["w1", "b1"], positive=["w2"])
    assert smooth.network.layers[0].activation == SIGMOID
    assert unfit("identities", mixed) is None
    assert unfit("construct", mixed) is not None


def test_adjoints_that_targets_do_not_reach(absolute: Callable[..., Problem]) -> None:
    """Where adjoints are unknowns of their own, free targets must reach all of them."""
    free = absolute()
    for name in ["construct", *OF_SOLVERS]:
        assert unfit(name, free) == "free targets do not reach every adjoint of the mean absolute error"
    assert unfit("identities", free) is None


def test_losses_that_are_not_least_squares(absolute: Callable[..., Problem]) -> None:
    """Where targets are spoken of, the adjoint has to be ŷ − y."""
    restricted = absolute(bounds={"y": [0, 1]})
    reason = "the loss is not one of least squares: mean absolute error"
    assert {unfit(name, restricted) for name in ["fit", *OF_SOLVERS]} == {reason}
    assert smallest.unfit(restricted) == smtlib.unfit(restricted) == reason


def asked_of(loss: Loss, targets: Targets, **extra: Any) -> Problem:
    """A question with this loss, in a network that it can have."""
    outputs = 2 if loss.shares == "row" else 1
    last = Layer(outputs, SIGMOID if loss.within_unit else LINEAR)
    network = Network(1, (Layer(1, RELU), last))
    return Problem(network=network, samples=3, loss=loss, targets=targets, **{**HEADLINE, **extra})


ASKED = [(name, kind) for name, loss in EVERY_LOSS.items() for kind in loss.targets_for]
SQUARES_ALONE = ["piecewise", "guess", "regions", "fit"]


@pytest.mark.parametrize(("name", "kind"), ASKED)
def test_none_takes_another_loss_for_squares(name: str, kind: Targets) -> None:
    """What relies on r = ŷ − y, or on targets that reach everything, says so; nothing is unfit for mse."""
    loss = EVERY_LOSS[name]
    if "[0]" in name or "min(" in name:  # written for two outputs as well
        loss = loss_from_json(loss.to_json(), 1)
    for extra in ({}, {"bounds": {"y": [-1, 1]}}):
        problem = asked_of(loss, kind, **extra)
        fits = loss.least_squares and kind == "real"
        assert (unfit("construct", problem) is None) == (fits and not extra)
        for strategy in SQUARES_ALONE[:3]:
            assert (unfit(strategy, problem) is None) == fits
        assert (smallest.unfit(problem) is None) == (smtlib.unfit(problem) is None) == fits
        assert problem.reach.everything == fits
        if not fits:
            assert unfit("fit", problem) is not None and hypotheses_fail(problem) is not None


def test_no_smaller_witness_is_looked_for(absolute: Callable[..., Problem]) -> None:
    """The known one stays, with no height gone through."""
    problem = absolute()
    one: Array[Any] = Array((1,), (1,))
    matrix: Array[Any] = Array((1, 1), (1,))
    x: Array[Any] = Array((3, 1), (0, 2, 3))
    known = Witness(problem, {"w1": matrix, "b1": one, "w2": matrix, "b2": one}, x, x)
    found = smallest.smallest(problem, known, count=1, seed=0, budget=Budget(inf), progress=lambda _: None)
    assert (found.witnesses, found.exhausted) == ((known,), 0)


def test_time_that_runs_out_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question is unsupported if every strategy was asked, and not if some were not for want of time."""
    problem = Problem(network=[1, 1, 1], samples=3, **HEADLINE)
    monkeypatch.setattr(portfolio, "unfit", lambda name, problem: "no")
    for clock, reason in ((count(0), "timeout"), (repeat(0), "unsupported")):
        monkeypatch.setattr(portfolio, "time", SimpleNamespace(monotonic=partial(next, clock)))
        with Crew() as crew:
            verdict = Portfolio(crew, "auto", 0, lambda _: None).decide(problem, 3, 2)
        assert isinstance(verdict, Undecided)
        assert (verdict.reason, verdict.every) == (reason, reason == "unsupported")
