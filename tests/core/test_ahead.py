"""Facts derived ahead of a check: the same ones, whose work counts, of the question at hand alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.errors import Refused, TooMuchWork
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.work import budget
from zerograd.core.refuting import ahead
from zerograd.core.refuting.ahead import derive_ahead, derived
from zerograd.core.refuting.certificate import Kind
from zerograd.core.refuting.moments import _Moments, moments_quantities, moments_system
from zerograd.core.refuting.refutation import check_certificate, system_of
from zerograd.core.refuting.system import OnDemand, System

KINDS: list[tuple[Kind, int | None]] = [("identities", None), ("moments", None), ("dataset", 2)]


def question(samples: int = 2) -> zg.Problem:
    return zg.Problem(network=[1, 1, 1], samples=samples, zero=["w2", "b2"], nonzero=["w1", "b1"])


def derive(problem: zg.Problem, kind: Kind, samples: int | None) -> None:
    derive_ahead(problem, kind, samples, lambda: system_of(problem, kind, samples))


@pytest.mark.parametrize(("kind", "samples"), KINDS)
def test_the_same_facts_at_the_same_price(kind: Kind, samples: int | None) -> None:
    """Whether they were there or not, and as often as they are asked for."""
    plain, problem = question(), question()
    with budget() as meter:
        expected = system_of(plain, kind, samples)
    derive(problem, kind, samples)
    for times in (1, 2):
        with budget() as again:
            found = system_of(problem, kind, samples)
        assert (found.facts, found.splits) == (expected.facts, expected.splits), times
        assert again.spent == meter.spent
    assert found is derived(problem, kind, samples)


@pytest.mark.parametrize(
    "asked", [{"zero": ["w2"]}, {"zero": ["x"], "nonzero": ["b1"]}, {"where": ["r > 0"]}]
)
def test_gradients_that_nobody_names_change_no_fact(asked: dict[str, Any]) -> None:
    """Facts by moments are the same, whether all gradients are written out or those that are asked about."""
    problem = zg.Problem(network=[1, 2, 1], samples=2, positive=["b2"], **asked)
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    everything = _Moments(problem, choices, problem.network.shapes.keys()).build()
    assert moments_system(problem).facts == everything.facts
    gradients, _ = moments_quantities(problem)
    assert set(gradients) == set(problem.network.shapes)


def test_quantities_are_made_when_they_are_asked_for() -> None:
    """Each once; its name is known before."""
    made: list[str] = []

    def maker(name: str) -> str:
        made.append(name)
        return name.upper()

    values = OnDemand({name: partial(maker, name) for name in ("a", "b")})
    assert "a" in values
    assert list(values) == ["a", "b"]
    assert len(values) == 2
    assert made == []
    assert [values["b"], values["b"]] == ["B", "B"]
    assert made == ["b"]
    with pytest.raises(KeyError):
        values["c"]


def test_what_is_too_dear_stays_so() -> None:
    """A check with a small budget ends where it would end without facts that are there."""
    problem = question()
    derive(problem, "moments", None)
    with pytest.raises(TooMuchWork), budget(10):
        system_of(problem, "moments", None)


def test_another_question_has_other_facts() -> None:
    """Also one that is equal: only the very object is known. Of several questions, the last one is."""
    one, other = question(), question(3)
    derive(one, "dataset", 2)
    assert derived(question(), "dataset", 2) is None
    assert derived(one, "dataset", 3) is None
    assert derived(one, "moments", None) is None
    derive(other, "dataset", 3)
    assert derived(one, "dataset", 2) is None


def test_what_is_refused_or_takes_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made, or refused, when it is asked for."""
    smooth = zg.Problem(network=zg.Network(1, (zg.Layer(1, "tanh"), zg.Layer(1))), samples=1, zero=["w1"])
    derive(smooth, "moments", None)
    with pytest.raises(Refused):
        system_of(smooth, "moments", None)
    monkeypatch.setattr(ahead, "MOST", 10)
    problem = question()
    derive(problem, "moments", None)
    assert derived(problem, "moments", None) is None
    assert isinstance(system_of(problem, "moments", None), System)


def test_a_check_refuses_what_it_refused() -> None:
    """A certificate of another question gains nothing by facts that are there."""
    problem, other = question(), question(3)
    answer = zg.prove(problem)
    assert isinstance(answer, zg.Proof | zg.Unsat)
    proof = answer.certificate
    assert proof is not None
    for kind, samples in KINDS:
        derive(problem, kind, samples)
    check_certificate(problem, proof)
    with pytest.raises(Refused):
        check_certificate(other, proof)
