"""Witnesses of every loss through the whole program: checked, calculated again, shown, read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.model.losses import LOSSES
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.recheck import recheck
from zerograd.exports import Form, export, unfit
from zerograd.show.text import answer_text

F = Fraction
LOG2 = EXACT.log(2)
PLAIN: dict[str, Any] = {
    "w1": [[1]], "b1": [-1], "w2": [[1]], "b2": [-1], "x": [[0], [2], [3]], "y": [[-2], [2], [0]],
}  # fmt: skip
REST: dict[str, Any] = {**PLAIN, "w2": [[0]], "b2": [LOG2], "y": [[1], [1], [0]]}
"""The logit is log 2, its sigmoid 2/3: the gradient of b2 is 0."""

CASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "mse": ("mse", "real", PLAIN),
    "half sse": ({"sse": "1/2"}, "real", PLAIN),
    "mse of labels": ("mse", "sign", {**PLAIN, "y": [[1], [-1], [1]]}),
    "mae": ("mae", "real", PLAIN),
    "huber": ({"huber": "1/2"}, "real", PLAIN),
    "smooth_l1": ({"smooth_l1": {"beta": 2, "factor": "1/3"}}, "real", PLAIN),
    "mean": ("mean", "real", PLAIN),
    "sum": ("sum", "real", PLAIN),
    "hinge": ("hinge", "sign", {**PLAIN, "y": [[1], [-1], [1]]}),
    "bce": ("bce", "binary", {**REST, "b2": [F(2, 3)]}),
    "soft bce": ("bce", "real", {**REST, "b2": [F(2, 3)], "y": [[F(2, 3)], [F(1, 2)], [1]]}),
    "bce_with_logits": ("bce_with_logits", "binary", REST),
    "soft bce_with_logits": ("bce_with_logits", "real", {**REST, "y": [[F(2, 3)], [1], [F(1, 3)]]}),
    "cross_entropy": (
        "cross_entropy", "class", {**REST, "w2": [[0], [0]], "b2": [LOG2, 0], "y": [[1, 0], [1, 0], [0, 1]]},
    ),
    "fourth power": ({"per_sample": "(y_hat - y)**4"}, "real", PLAIN),
    "formula with kinks": ({"per_sample": "abs(y_hat - y) + max(y_hat[0], 0) / 3"}, "real", PLAIN),
    "inverse": ({"of_mean": "1 / mse"}, "real", PLAIN),
}  # fmt: skip
cases = pytest.mark.parametrize("case", CASES)


def array(value: list[Any]) -> Array[Any]:
    return (
        Array.of(value, len(value[0])) if isinstance(value[0], list) else Array((len(value),), tuple(value))
    )


@cache
def answer(case: str) -> zg.Sat:
    """With what the checker and the numeric re-checks say."""
    loss, targets, numbers = CASES[case]
    where = ["w1 != 0", *["0 < y_hat < 1"] * (loss == "bce")]
    network = [1, 1, len(numbers["b2"])]
    problem = zg.Problem(network=network, samples=3, loss=loss, targets=targets, where=where)
    witness = Witness.of(problem, {name: array(value) for name, value in numbers.items()})
    return zg.Sat(witness, problem=problem, checks=recheck(witness))


def test_all_are_here() -> None:
    """Every loss that files can name."""
    named = {next(iter(loss)) if isinstance(loss, dict) else loss for loss, _, _ in CASES.values()}
    assert named == LOSSES.keys() | {"per_sample", "of_mean"}


@cases
@pytest.mark.needs("torch")
def test_floats_and_torch_agree(case: str) -> None:
    """Float64, finite differences and torch are compared, and say the same."""
    checks = answer(case).checks
    for name in ("float64", "finite_differences", "torch"):
        # A difference over the join of smooth_l1 is off by as much as its width.
        assert checks[name]["largest_deviation"] < (1e-5 if name.startswith("finite") else 1e-12), checks


@cases
def test_it_is_named_or_refused(case: str) -> None:
    """What shows an answer says which loss it is of, or why it shows none."""
    found = answer(case)
    loss = found.problem.model.loss
    assert loss.words in answer_text(found)
    forms: tuple[Form, ...] = ("markdown", "latex", "html", "pytorch", "jax", "notebook", "smtlib")
    for form in forms:
        reason = unfit(found, form)
        if reason is not None:
            assert "least squares" in reason or "the targets are" in reason
            continue
        text = export(found, form)
        if loss.plain_words.isascii() and form in ("html", "pytorch", "jax", "smtlib"):
            assert loss.plain_words in text
    assert (unfit(found, "smtlib") is None) == (loss.least_squares and found.problem.targets == "real")


@cases
def test_results_are_read_back(case: str) -> None:
    """They are the same answer; a loss that is off is refused."""
    found = answer(case)
    data = json.loads(json.dumps(found.to_json()))
    again = answer_from_json(data)
    assert isinstance(again, zg.Sat)
    assert again.problem == found.problem and again.to_json()["loss"] == data["loss"]
    with pytest.raises(zg.Refused):
        answer_from_json({**data, "loss": "17"})


@cases
@pytest.mark.slow
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_scripts_pass(case: str, library: str, script_passes: Callable[[str], str]) -> None:
    """The libraries' gradients of this loss are the exact ones."""
    pytest.importorskip(library)
    script_passes(export(answer(case), "pytorch" if library == "torch" else "jax"))


PROVED: dict[str, dict[str, Any]] = {
    "bce_with_logits": {"targets": "binary", "samples": 1},
    "mean": {"samples": "any"},
    "hinge": {"targets": "sign", "samples": 1},
}


@pytest.mark.parametrize("name", PROVED)
def test_wrong_proofs_are_not_made(name: str, solved: Callable[[zg.Problem], zg.Answer]) -> None:
    """A hard label, and ŷ itself, allow no zero gradient of the last bias; the hinge does."""
    found = solved(zg.Problem(network=[1, 1, 1], zero=["b2"], loss=name, **PROVED[name]))
    assert isinstance(found, zg.Sat) == (name == "hinge") or isinstance(found, zg.Unknown)


@pytest.fixture
def solved() -> Callable[[zg.Problem], zg.Answer]:
    return lambda problem: zg.solve(problem, timeout=20)
