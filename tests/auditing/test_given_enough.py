"""Claims that depend on nothing but what is given, where not everything is."""

from __future__ import annotations

import json
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.auditing.judging import check_audit

NEURON = {"inputs": 2, "layers": [{"units": 1, "activation": "sigmoid"}]}


def grades(problem: zg.Problem, *claims: Any) -> list[str]:
    audit = zg.audit(problem, claims, timeout=0.01)
    assert check_audit(problem, json.loads(json.dumps(audit.to_json()))) == audit.judged
    return [str(finding.grade) for finding in audit.findings]


def test_targets_that_play_no_part() -> None:
    problem = zg.Problem(
        network=NEURON, samples=1, loss="sum", given={"x": [-1, -2], "w1": [2, -3], "b1": -3}
    )
    right = ("y_hat ~ 0.73", "grad(z1) ~ 0.20", "grad(w1) ~ [-0.20, -0.39]", "grad(x) ~ [0.39, -0.59]")
    step = {"after_step": "1/10", "z1": "0.882"}
    assert grades(problem, *right, step) == ["rounded"] * 5
    assert grades(problem, "grad(w1) ~ [0.20, -0.39]", "r == 0")[0] == "wrong"


def test_targets_that_play_a_part() -> None:
    problem = zg.Problem(network=NEURON, samples=1, given={"x": [-1, -2], "w1": [2, -3], "b1": -3})
    known = grades(
        problem, "y_hat ~ 0.73", "sigmoid(y_hat) ~ 0.675", "grad(z1) ~ 0.20", {"after_step": 1, "z1": "1.0"}
    )
    assert known == ["rounded", "rounded", "undecided", "undecided"]


@pytest.mark.parametrize("targets", ["class", "real"])
def test_probabilities_without_targets(targets: str) -> None:
    given = {"x": 1, "w1": [[1], [2]], "b1": [0, 0]}
    problem = zg.Problem(network=[1, 2], samples=1, loss="cross_entropy", targets=targets, given=given)
    assert grades(problem, "p ~ [0.269, 0.731]", "p ~ [0.731, 0.269]") == ["rounded", "wrong"]


def test_layers_below_what_is_not_given() -> None:
    given = {"x": [0, 1], "w1": 1, "b1": 0, "w2": 3}
    network = {"inputs": 1, "layers": [{"units": 1, "activation": "sigmoid"}, {"units": 1}]}
    problem = zg.Problem(network=network, samples=2, given=given)
    assert grades(problem, "a1 ~ [0.5, 0.731]", "z1 == x", "z1 == [0, 2]") == ["rounded", "right", "wrong"]


def test_what_is_asked_besides_is_not_forgotten() -> None:
    problem = zg.Problem(network=[1, 1, 1], samples=1, given={"x": 1, "w1": 1, "b1": 0}, where=["z1 < 0"])
    audit = zg.audit(problem, ["z1 == 1"])
    assert [str(finding.grade) for finding in audit.findings] == ["undefined"]


def test_entries_that_are_not_given_are_free() -> None:
    problem = zg.Problem(network=[1, 1], samples=2, given={"x": [1, None], "w1": 1, "b1": 0})
    audit = zg.audit(problem, ["z1[1,0] == 0", "x[0] == 1"])
    assert [str(finding.grade) for finding in audit.findings] == ["open", "right"]
