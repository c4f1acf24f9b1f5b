"""The search where slopes at kinks are chosen, and whoever shows what it finds."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from tests.independent.check import verdict
from zerograd.core.errors import ZerogradError
from zerograd.core.verdict.answer import Sat, Unsat
from zerograd.core.verdict.checking import check_result
from zerograd.exports import NothingToExport, export, unfit
from zerograd.search.portfolio import unfit as strategy_unfit
from zerograd.show.text import answer_text

QUESTION: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
TWO_UNITS = {"w1": [1, 1], "b1": [0, 0], "w2": [[1, -1]], "b2": 0, "x": 0, "y": 1}


def asked(convention: str, samples: Any, **more: Any) -> zg.Problem:
    return zg.Problem(**{**QUESTION, **more}, samples=samples, derivative_at_kink=convention)


@pytest.mark.parametrize(
    ("convention", "samples", "expected"),
    [("any", 1, "unsat"), ("any", 2, "sat"), ("any", 3, "sat"), ("all", 2, "unsat"), ("all", 3, "sat")],
)
def test_the_founding_question(convention: str, samples: int, expected: str) -> None:
    """Two slopes at one kink answer it with two samples; under every choice three are needed."""
    problem = asked(convention, samples)
    answer = zg.solve(problem)
    assert answer.status == expected
    check_result(problem, answer.to_json())
    if isinstance(answer, Unsat):
        assert answer.evidence == "certificate"
        certificate = json.dumps(answer.to_json()["certificate"])
        assert verdict(json.dumps(problem.to_json()), certificate) == "accepted"


def test_the_fewest_samples_are_counted_under_the_question_itself() -> None:
    """That two samples are too few off kinks says nothing of two samples with chosen slopes."""
    for convention, fewest in (("any", 2), ("all", 3)):
        answer = zg.solve(asked(convention, "fewest"))
        assert isinstance(answer, Sat)
        assert answer.witness.samples == fewest
        assert [attempt.status for attempt in answer.run.attempts] == ["unsat"] * (fewest - 1) + ["sat"]
        assert answer.fewer is not None


def test_slopes_as_unknowns_with_conditions_on_gradients() -> None:
    """A slope of 2/7 is needed, which no convention takes; 9/7 is no slope of ReLU."""
    given = {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "x": 0, "y": 1}
    one: dict[str, Any] = {"network": [1, 1, 1], "samples": 1, "given": given, "derivative_at_kink": "any"}
    answer = zg.solve(zg.Problem(**one, where=["grad(b1) == -4/7"]))
    assert isinstance(answer, Sat)
    assert answer.witness.slopes == {"z1[0,0]": Fraction(2, 7)}
    beyond = zg.solve(zg.Problem(**one, where=["grad(b1) == -18/7"]))
    assert str(beyond) == "unsat (evidence: certificate)"
    integers = zg.solve(zg.Problem(**one, domain="integer", where=["grad(b1) == -4/7"]))
    assert isinstance(integers, Sat)


def test_kinks_that_are_not_at_0() -> None:
    """The slope of hardtanh at −1 is chosen, and the value there is −1 whatever it is."""
    network = {"inputs": 1, "layers": [{"units": 1, "activation": "hardtanh"}, {"units": 1}]}
    problem = asked("any", 2, network=network, nonzero=["w1"], where=["abs(z1) == 1"])
    answer = zg.solve(problem)
    assert isinstance(answer, Sat)
    assert all(value in {-1, 1} for value in answer.witness.forward.a[0].entries)
    check_result(problem, answer.to_json())


def test_a_loss_with_kinks() -> None:
    """What a convention takes at kinks of the loss is a choice; nothing is ruled out there."""
    given = {"w1": 0, "b1": 1, "x": [1, 2], "y": [1, 1]}
    problem = zg.Problem(
        network=[1, 1], samples=2, loss="mae", given=given, negative=["b1"], derivative_at_kink="any"
    )
    answer = zg.solve(problem)
    assert isinstance(answer, Sat)
    assert {*answer.witness.slopes} == {"y_hat[0,0]", "y_hat[1,0]"}


def test_no_strategy_treats_a_choice_as_a_convention() -> None:
    """All say why not, and so do SMT-LIB and Coq."""
    for convention in ("any", "all"):
        problem = asked(convention, 2)
        for strategy in ("construct", "fit", "identities", "facts", "piecewise", "guess", "regions"):
            assert f"derivative_at_kink: {convention}" in (strategy_unfit(strategy, problem) or "")
        with pytest.raises(ZerogradError, match="slopes at kinks are chosen"):
            zg.gradients(problem)
    proof = zg.prove(asked("all", 2))
    assert "derivative_at_kink: all" in (unfit(proof, "coq") or "")
    assert "This is shown of the slopes that are taken under" in str(proof)
    assert "This is shown of the slopes that are taken under" in zg.export(proof, "latex")
    assert "whatever slopes are taken at kinks" in str(zg.prove(asked("any", 1)))


def test_an_answer_with_chosen_slopes_is_shown_as_it_is() -> None:
    """Its text names the slopes; what knows one derivative at each kink refuses it, or has one like it."""
    mixed = zg.solve(asked("any", 2))
    assert "slopes taken: z1[0,0]:" in answer_text(mixed)
    for form in ("markdown", "latex", "pytorch", "jax", "notebook", "html"):
        with pytest.raises(NothingToExport, match="for each unit and sample by itself"):
            export(mixed, form)
    with pytest.raises(ZerogradError, match="by itself"):
        zg.explain(mixed)
    assert "not comparable" in mixed.to_json()["checks"]["float64"]
    off = zg.solve(asked("any", 3))
    assert "no sample on a kink" in export(off, "markdown")
    given = {**TWO_UNITS}
    plain = zg.Problem(network=[1, 2, 1], samples=1, given=given, zero=["x"], derivative_at_kink="any")
    assert "slope" in export(zg.solve(plain), "markdown")


def test_gradients_that_vary_are_shown_with_their_ends() -> None:
    """Under ``all`` a gradient that depends on the choice is no number."""
    given = {**TWO_UNITS}
    problem = zg.Problem(
        network=[1, 2, 1], samples=1, given=given, zero=["w2"], nonzero=["b2"], derivative_at_kink="all"
    )
    answer = zg.solve(problem)
    assert isinstance(answer, Sat)
    text = answer_text(answer)
    assert "-2 to 0" in text
    assert "why gradients are zero" not in text
    with pytest.raises(NothingToExport, match="of which this would show one"):
        export(answer, "markdown")
