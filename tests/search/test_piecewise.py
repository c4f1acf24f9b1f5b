"""The whole question to one solver and another: what each says comes to the same."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks.questions import random_questions
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.search import crew as crew_module
from zerograd.search.crew import Crew
from zerograd.search.piecewise import LOOKS, TakesLonger, Whole, whole_question
from zerograd.search.portfolio import Portfolio
from zerograd.search.verdict import Found, Impossible, Undecided
from zerograd.solvers.base import GaveUp, Mode, Model, NearModel, NoModel, Outcome
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.registry import has_yices
from zerograd.solvers.terms import Script

if TYPE_CHECKING:
    from tests.search.conftest import Dice

with_yices = pytest.mark.skipif(not has_yices(), reason="Yices is not installed")

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
ROOT: dict[str, Any] = {"network": [1, 1, 1], "samples": 1, "nonzero": ["w1"], "where": ["w1 * w1 == 2"]}
"""Its answers are irrational."""


class Saying(SolverProcess):
    """A solver that says what it was told to."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("yices")
        self.outcome = outcome

    def submit(self, *_: Any, **__: Any) -> None:
        pass

    def collect(self) -> Outcome:
        return self.outcome


class Answering(SolverProcess):
    """A solver that gives these outcomes, one for each question, and keeps what it was asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        super().__init__()
        self.outcomes = list(outcomes)
        self.asked: list[tuple[str, Mode, float | None]] = []

    def submit(self, script: Script, *, mode: Mode, effort: float | None = None, **_: Any) -> None:
        self.asked.append((script.to_smtlib(), mode, effort))

    def collect(self) -> Outcome:
        return self.outcomes[len(self.asked) - 1]


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("name", ["other form", pytest.param("yices", marks=with_yices)])
def test_solvers_and_forms_agree(block: int, name: str, dice: type[Dice], crew: Crew) -> None:
    """What they decide of random questions, they decide alike; witnesses are accepted."""
    decided = 0
    for seed in range(block * 12, block * 12 + 12):
        draw = dice(seed)
        network = draw.network()
        values = draw.values(network, 2, integer=True)
        problem = draw.problem(network, values)
        until = time.monotonic() + 60
        whole = Whole(problem, 2, crew.lead, 0)
        whole.ask(crew.lead, "polynomial", 0.1, until)
        first = whole.told(crew.lead, until)
        second: Any
        if name == "yices":
            assert crew.other is not None
            whole.ask(crew.other, "general", 2.0, until)
            second = whole.told(crew.other, until)
        else:
            whole.otherwise.ask(crew.lead, "elimination", 0.1, until)
            second = whole.otherwise.told(crew.lead, until)
        for verdict in (first, second):
            if isinstance(verdict, Found):
                check_witness(problem, verdict.witness)
        kinds = {type(verdict) for verdict in (first, second)} - {Undecided}
        assert len(kinds) <= 1, f"seed {seed}: {problem.to_json()}"
        decided += not isinstance(first, Undecided) and not isinstance(second, Undecided)
    assert decided >= 6


def test_a_rounded_solution_shows_the_region_of_an_exact_one(crew: Crew) -> None:
    """The pattern that it lies in is given to Z3, which finds √2 there."""
    problem, until = Problem(**ROOT), time.monotonic() + 60
    near = {
        "w1_0_0": Fraction("1.414213"),
        "b1_0": Fraction("0.5"),
        "x_0_0": Fraction(1),
        "w2_0_0": Fraction(1),
    }
    verdict = Whole(problem, 1, crew.lead, 0).told(Saying(NearModel(near)), until)
    assert isinstance(verdict, Found)
    check_witness(problem, verdict.witness)
    assert isinstance(verdict.witness.field, NumberField)


def test_a_model_that_is_none_is_no_witness(crew: Crew) -> None:
    """Another solver's model is put to the checker before it counts."""
    problem = Problem(**ROOT)
    wrong = Model({"w1_0_0": Fraction("1.414213"), "b1_0": Fraction(1), "x_0_0": Fraction(1)})
    verdict = Whole(problem, 1, crew.lead, 0).told(Saying(wrong), time.monotonic() + 60)
    assert isinstance(verdict, Undecided)


def test_without_yices_the_same_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is optional."""
    monkeypatch.setattr(crew_module, "has_yices", lambda: False)
    with Crew(size=1) as alone:
        assert alone.other is None
        portfolio = Portfolio(alone, "auto", 0, lambda _: None)
        two = Problem(network=[1, 2, 1], samples=2, **HEADLINE)
        verdict = portfolio.decide(two, 2, time.monotonic() + 60)
        assert isinstance(verdict, Impossible)
        assert portfolio.heard == {"z3"}


@with_yices
def test_whose_word_it_is(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """A no of Yices is said to be its own."""
    problem, until = Problem(network=[1, 2, 1], samples=2, **HEADLINE), time.monotonic() + 60
    portfolio = Portfolio(crew, "auto", 0, lambda _: None)
    whole = Whole(problem, 2, crew.lead, 0)

    def steps(*_: Any) -> Any:
        return portfolio._beside(whole, portfolio._yices(10.0), until, [])

    monkeypatch.setattr(Portfolio, "_steps", steps)
    verdict = portfolio.decide(problem, 2, until)
    assert verdict == Impossible("solver", "piecewise", solver="yices")
    assert portfolio.heard == {"yices"}
    assert cast("SolverProcess", crew.other).version is not None


def test_a_second_opinion_is_not_the_first(crew: Crew) -> None:
    """The solver that what was decided will be put to has no part in the search."""
    portfolio = Portfolio(crew, "auto", 0, lambda _: None, spared="yices")
    assert portfolio._yices(1.0)[0] is None


STUCK = GaveUp("timeout")
NOTHING: Outcome = Model({})
IRRATIONAL: Outcome = Model({"w1_0_0": NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))})
ANY: dict[str, Any] = {"network": [1, 1, 1], "samples": 1, "where": ["w1[0,0] >= 0"]}
"""Zeros answer it."""


def seen(problem: Problem, *outcomes: Outcome, hasty: bool = False) -> tuple[object, Answering]:
    """What comes of first looks with these outcomes, and who was asked."""
    solver, until = Answering(*outcomes), time.monotonic() + 60
    whole = Whole(problem, 1, solver, 0, hasty=hasty)
    whole.look(until)
    return whole.seen(until), solver


@pytest.mark.parametrize("number", range(len(LOOKS)))
def test_the_first_look_that_settles_it_is_the_last(number: int) -> None:
    """Each is made in its form and mode, until one says yes or no."""
    problem = Problem(**ANY)
    for outcome, kind in ((NOTHING, Found), (NoModel(), Impossible)):
        verdict, solver = seen(problem, *[STUCK] * number, outcome)
        assert isinstance(verdict, kind)
        expected = [
            (whole_question(problem, 1, choices=other)[1].to_smtlib(), mode, effort)
            for other, mode, effort in LOOKS[: number + 1]
        ]
        assert solver.asked == expected
    assert len(set(LOOKS)) == len(LOOKS)


def test_looks_that_settle_nothing() -> None:
    """Nothing is claimed; a solver that is out of memory is not asked again."""
    verdict, solver = seen(Problem(**ANY), *[STUCK] * len(LOOKS))
    assert isinstance(verdict, Undecided)
    assert len(solver.asked) == len(LOOKS)
    verdict, solver = seen(Problem(**ANY), STUCK, GaveUp("memory"))
    assert isinstance(verdict, Undecided)
    assert verdict.reason == "memory"
    assert len(solver.asked) == 2


def test_a_rational_solution_is_preferred_to_an_irrational_one() -> None:
    """Another look may have one; who is in a hurry need not wait for exact numbers then."""
    for hasty in (False, True):
        verdict, _ = seen(Problem(**ANY), IRRATIONAL, STUCK, NOTHING, hasty=hasty)
        assert isinstance(verdict, Found)
        check_witness(Problem(**ANY), verdict.witness)
        assert not isinstance(verdict.witness.field, NumberField)


def test_an_irrational_solution_is_come_back_to(crew: Crew) -> None:
    """What no look has in rational numbers is made exact, or left by who is in a hurry."""
    problem, until = Problem(**ROOT), time.monotonic() + 60
    whole = Whole(problem, 1, crew.lead, 0)
    whole.look(until)
    verdict = whole.seen(until)
    assert isinstance(verdict, Found)
    check_witness(problem, verdict.witness)
    with pytest.raises(TakesLonger):
        seen(problem, IRRATIONAL, *[STUCK] * len(LOOKS), hasty=True)
    with pytest.raises(TakesLonger):  # a second one: irrational numbers are needed
        seen(problem, IRRATIONAL, IRRATIONAL, hasty=True)


@pytest.mark.parametrize("number", [32, 67, 95, 184])
def test_a_second_look_settles_what_takes_the_first_one_long(number: int, crew: Crew) -> None:
    """Questions that the first form leaves open within its effort."""
    problem, until = random_questions(number + 1)[number].in_order(), time.monotonic() + 60
    crew.forget()
    whole = Whole(problem, problem.samples.least, crew.lead, 0)
    whole.look(until)
    verdict = whole.seen(until)
    assert isinstance(verdict, Found)
    check_witness(problem, verdict.witness)
