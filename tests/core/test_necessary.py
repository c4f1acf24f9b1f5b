"""What holds of every spurious minimum: the question that certificates speak of."""

from __future__ import annotations

from typing import Any

import pytest

import zerograd as zg
from tests.independent.problems import Problem as OtherProblem
from zerograd.core.question.necessary import necessary
from zerograd.core.question.parsing import parse_condition


def asked(**more: Any) -> zg.Problem:
    """A question about spurious minima."""
    settings: dict[str, Any] = {"network": [1, 2, 1], "samples": 2, "spurious": True}
    return zg.Problem(**{**settings, **more})


def network(*activations: str, inputs: int = 1, bias: bool = True) -> dict[str, Any]:
    """Layers of one unit; ``bias`` is that of the last."""
    layers: list[dict[str, Any]] = [{"units": 1, "activation": name} for name in activations]
    return {"inputs": inputs, "layers": [*layers[:-1], {**layers[-1], "bias": bias}]}


@pytest.mark.parametrize(
    "problem",
    [
        asked(),
        asked(samples="fewest", zero=["b2", "w1"], where=["w2 != 0"]),
        asked(derivative_at_kink="forbid"),
        asked(loss="mae"),
        asked(loss="mae", derivative_at_kink="forbid"),
        asked(loss={"sse": "1/2"}),
        asked(loss="huber"),
        asked(loss="mean"),
        asked(loss="hinge", targets="sign"),
        asked(loss="bce_with_logits", targets="binary"),
        asked(loss={"per_sample": "(y_hat - y)**2"}),
        asked(loss={"of_mean": "2 * mse"}),
        asked(network=[2, 2, 1]),
        asked(network=[1, 2, 2, 1]),
        asked(network=network("relu", "linear", bias=False)),
        asked(network=network("relu", "relu")),
        asked(network=network("hardtanh", "linear")),
        asked(network=network("linear", "linear")),
        asked(network=network("relu", "linear", "linear")),
        asked(network=network("linear")),
        asked(nonzero=["b2"]),
    ],
)
def test_both_checkers_say_the_same(problem: zg.Problem) -> None:
    """The core, and the one that is written from the documentation."""
    ours = necessary(problem).meaning()
    theirs = dict(OtherProblem(problem.to_json()).necessary().data)
    theirs["where"] = [str(parse_condition(text)) for text in theirs["where"]]
    assert ours == {key: value for key, value in theirs.items() if key != "version" and value != []}


def test_of_other_questions_nothing_more_is_known() -> None:
    """Neither of plain ones, nor of local minima."""
    for problem in (asked(spurious=False), asked(spurious=False, minimum="local")):
        assert necessary(problem) is problem


def test_conditions_for_a_search_name_no_sample() -> None:
    """They mean the same."""
    where = [str(condition) for condition in necessary(asked(), alike=True).where]
    assert "max(x) > min(x)" in where and not any("x[0]" in text for text in where)
