"""Questions with numbers that floats do not have: no crash, and never a wrong answer."""

from __future__ import annotations

from typing import Any

import pytest

import zerograd as zg
from zerograd.core.model.activations import activation_named
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.smooth import celu, elu
from zerograd.core.question.problem import Problem

HUGE, TINY = "1e400", "1e-400"
QUESTIONS: dict[str, dict[str, Any]] = {
    "celu huge": {"activation": celu(HUGE)},
    "celu tiny": {"activation": celu(TINY)},
    "elu huge": {"activation": elu(HUGE)},
    "huber": {"loss": {"huber": HUGE}},
    "smooth_l1": {"loss": {"smooth_l1": TINY}},
    "factor": {"loss": {"mse": HUGE}},
    "kink": {"activation": activation_named("selu"), "derivative_at_kink": {"selu": HUGE}},
    "given": {"given": {"w2": HUGE}},
    "bounds": {"bounds": {"w1": [HUGE, None]}},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_numbers_that_floats_do_not_have_are_no_crash(name: str) -> None:
    asked = dict(QUESTIONS[name])
    hidden = asked.pop("activation", activation_named("tanh"))
    network = Network(1, (Layer(1, hidden), Layer(1, activation_named("linear"))))
    problem = Problem(network=network, samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"], **asked)
    assert not isinstance(zg.solve(problem, timeout=2), zg.Unsat)  # with three samples there are witnesses
