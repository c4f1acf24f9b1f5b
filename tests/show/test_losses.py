"""Every loss goes through the whole program: what is printed, exported and proved is about that loss."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import z3

import zerograd as zg
from tests.show.filled import founding
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.exports import Form, export
from zerograd.show.say.gradients import gradients_text
from zerograd.show.text import answer_text

SQUARES = {name: loss for name, loss in LOSSES.items() if loss.least_squares}
EVERY = pytest.mark.parametrize("loss", SQUARES.values(), ids=SQUARES)


def question(loss: Loss, **asked: Any) -> zg.Problem:
    whole: dict[str, Any] = {"samples": 3, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"], **asked}
    return zg.Problem(network=[1, 1, 1], loss=loss.name, **whole)


@EVERY
def test_it_is_named_wherever_it_is_spoken_of(loss: Loss) -> None:
    """Answers and documents use its own words."""
    answer = founding(loss=loss.name)
    others = {other.words for other in LOSSES.values()} - {loss.words}
    forms: tuple[Form, ...] = ("markdown", "latex", "html", "pytorch", "jax", "smtlib")
    for text in (answer_text(answer), *(export(answer, form) for form in forms)):
        assert loss.words in text
        assert not [words for words in others if words in text]


@EVERY
def test_formulas_have_its_factor(loss: Loss) -> None:
    """In front of the sum over the samples."""
    lines = [line.strip() for line in gradients_text(question(loss)).splitlines()]
    mean = {True: "(2/M)", False: "2"}[loss.averages]
    assert f"∂L/∂b2 = {mean} Σₘ (ŷₘ − yₘ)" in lines


@EVERY
def test_an_answer_is_found_and_checked(loss: Loss) -> None:
    """With gradients that are the factor times those of the sum of squares over two."""
    answer = zg.solve(question(loss), timeout=60)
    assert isinstance(answer, zg.Sat)
    assert answer.checks["float64"]
    same = zg.Problem(network=[1, 1, 1], samples=3, loss="mse")
    witness = answer.witness
    mean = zg.Witness(same, witness.parameters, witness.x, witness.y).gradients
    ratio = loss.factor(3, 1) / LOSSES["mse"].factor(3, 1)
    for name, gradient in witness.gradients.items():
        assert gradient.entries == tuple(ratio * Fraction(str(g)) for g in mean[name].entries)


@EVERY
def test_solvers_read_the_same_question(loss: Loss) -> None:
    """Z3 says of the exported script what its status says."""
    solver = z3.Solver()
    solver.from_string(export(founding(loss=loss.name), "smtlib"))
    assert solver.check() == z3.sat


@EVERY
@pytest.mark.slow
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_scripts_pass(loss: Loss, library: str, script_passes: Callable[[str], str]) -> None:
    """The libraries' gradients of this loss are the exact ones."""
    pytest.importorskip(library)
    script_passes(export(founding(loss=loss.name), "pytorch" if library == "torch" else "jax"))


@EVERY
@pytest.mark.slow
@pytest.mark.parametrize(
    "asked", [{"samples": 2}, {"samples": "any", "zero": ["w1", "b1"], "nonzero": ["w2"]}]
)
def test_coq_accepts_proofs_about_it(
    loss: Loss, asked: dict[str, Any], coq_accepts: Callable[[str], None]
) -> None:
    """For a number of samples, and for all."""
    where = ["w2 != 0"] if asked["samples"] == "any" else []
    proof = zg.prove(question(loss, **asked, where=where), timeout=60)
    assert isinstance(proof, zg.Proof)
    assert proof.every_samples == (asked["samples"] == "any") or asked["samples"] == 2
    coq_accepts(proof.to_coq())
