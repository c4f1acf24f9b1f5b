"""From one number of samples to all: attempts, ends of ranges, and what is never claimed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Attempt, Reason
from zerograd.core.verdict.witness import Witness
from zerograd.search.portfolio import Portfolio
from zerograd.search.samples import over_samples
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict

if TYPE_CHECKING:
    from zerograd.search.crew import Crew

HEADLINE: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
NO = Impossible("solver", "stub")


def witness(problem: Problem, samples: int) -> Witness:
    shapes = variable_shapes(problem.network, samples)
    zeros: dict[str, Array[Exact]] = {name: Array.build(shape, lambda _: 0) for name, shape in shapes.items()}
    return Witness.of(problem, zeros)


def unknown(reason: Reason = "incomplete") -> Undecided:
    return Undecided(reason, f"stub: {reason}")


def ask(
    samples: object, answers: Callable[[int], str], *, sufficient: int | None = None, seconds: float = 60.0
) -> tuple[Verdict, tuple[Attempt, ...], list[int]]:
    """The outcome for stubbed verdicts per M, and the numbers of samples that were asked for."""
    problem = Problem(network=[1, 1, 1], samples=samples)  # type: ignore[arg-type]
    asked: list[int] = []

    def decide(m: int, deadline: float) -> Verdict:
        asked.append(m)
        assert deadline <= end
        match answers(m):
            case "sat":
                return Found(witness(problem, m), "stub")
            case "unsat":
                return NO
            case reason:
                return unknown(reason)  # type: ignore[arg-type]

    end = time.monotonic() + seconds
    verdict, attempts = over_samples(
        problem, decide, sufficient=sufficient, deadline=end, progress=lambda _: None
    )
    return verdict, attempts, asked


def test_a_fixed_number_is_asked_once() -> None:
    """Whatever the verdict, it is passed on."""
    for word in ("sat", "unsat", "incomplete", "memory"):
        verdict, attempts, asked = ask(3, lambda _, word=word: word)  # type: ignore[misc]
        assert asked == [3]
        assert [a.samples for a in attempts] == [3]
        assert isinstance(verdict, {"sat": Found, "unsat": Impossible}.get(word, Undecided))


def test_the_first_witness_ends_the_search() -> None:
    """Attempts tell what was ruled out before."""
    verdict, attempts, asked = ask({"from": 2, "to": 9}, lambda m: "sat" if m == 5 else "unsat")
    assert isinstance(verdict, Found)
    assert asked == [2, 3, 4, 5]
    assert attempts == (*(Attempt(m, "unsat") for m in (2, 3, 4)), Attempt(5, "sat"))


def test_a_finite_range_is_ruled_out_as_a_whole() -> None:
    """Every number of samples unsat: unsat."""
    verdict, attempts, _ = ask({"from": 2, "to": 4}, lambda _: "unsat")
    assert verdict == NO
    assert attempts == tuple(Attempt(m, "unsat") for m in (2, 3, 4))


@pytest.mark.parametrize("gap", [2, 3, 4])
def test_one_gap_in_a_finite_range_leaves_it_open(gap: int) -> None:
    """Unknown anywhere: never unsat, though the last number may be."""
    verdict, attempts, _ = ask({"from": 2, "to": 4}, lambda m: "incomplete" if m == gap else "unsat")
    assert verdict == unknown()
    assert [a.status for a in attempts] == ["unknown" if m == gap else "unsat" for m in (2, 3, 4)]
    assert attempts[gap - 2].reason == "incomplete"


def test_a_gap_does_not_hide_a_later_witness() -> None:
    """A number of samples that stays open is passed over."""
    verdict, attempts, _ = ask("fewest", lambda m: {1: "unsat", 2: "memory"}.get(m, "sat"))
    assert isinstance(verdict, Found)
    assert attempts == (Attempt(1, "unsat"), Attempt(2, "unknown", "memory"), Attempt(3, "sat"))


@pytest.mark.parametrize("samples", ["any", "fewest"])
def test_an_endless_range_is_never_ruled_out_by_trying(samples: str) -> None:
    """Without a theorem, unsat for every M that was tried is unknown."""

    def slowly(m: int) -> str:
        time.sleep(0.02)
        return "unsat"

    verdict, attempts, asked = ask(samples, slowly, seconds=0.3)
    assert verdict == Undecided("timeout")
    assert len(attempts) == len(asked) > 2
    assert {a.status for a in attempts} == {"unsat"}


@pytest.mark.parametrize("samples", ["any", "fewest"])
def test_where_small_datasets_suffice_the_last_one_decides(samples: str) -> None:
    """What has no witness with a sufficient number of samples has none with any, gaps below included."""
    verdict, attempts, asked = ask(samples, lambda m: "incomplete" if m == 2 else "unsat", sufficient=3)
    assert verdict == NO
    assert asked == [3]
    assert attempts == (Attempt(3, "unsat"),)
    verdict, attempts, asked = ask(samples, lambda m: "incomplete" if m == 3 else "unsat", sufficient=3)
    assert verdict == unknown()
    assert asked == [3, 1, 2, 3]
    assert [a.status for a in attempts] == ["unsat", "unsat", "unknown"]


def test_any_ends_with_a_witness_for_the_sufficient_number_and_fewest_does_not() -> None:
    """Any number of samples answers the one question, the least one the other."""
    verdict, attempts, asked = ask("any", lambda m: "sat" if m > 1 else "unsat", sufficient=3)
    assert isinstance(verdict, Found)
    assert (asked, attempts) == ([3], (Attempt(3, "sat"),))
    verdict, attempts, asked = ask("fewest", lambda m: "sat" if m > 1 else "unsat", sufficient=3)
    assert isinstance(verdict, Found)
    assert verdict.witness.samples == 2
    assert (asked, attempts) == ([3, 1, 2], (Attempt(1, "unsat"), Attempt(2, "sat")))


@pytest.mark.parametrize(("samples", "expected"), [("any", []), ("fewest", [1, 2])])
def test_a_sketched_witness(samples: str, expected: list[int]) -> None:
    """It answers `any` at once; for `fewest` each number below is still ruled out, and itself decided."""
    problem = Problem(network=[1, 1, 1], samples=samples)
    asked: list[int] = []

    def decide(m: int, _: float) -> Verdict:
        asked.append(m)
        return Found(witness(problem, m), "stub") if m >= 2 else NO

    def sketch(m: int, _: float) -> Verdict:
        return Found(witness(problem, m), "sketch") if m >= 2 else unknown()

    verdict, attempts = over_samples(
        problem,
        decide,
        sufficient=5,
        deadline=time.monotonic() + 60,
        progress=lambda _: None,
        sketch=sketch,
    )
    assert isinstance(verdict, Found)
    assert verdict.witness.samples == 2
    assert asked == expected
    assert attempts[-1] == Attempt(2, "sat")


def test_a_sufficient_number_says_nothing_of_a_finite_range() -> None:
    """From 1 to 2 is asked from 1 to 2, with gaps that count."""
    verdict, _, asked = ask({"from": 1, "to": 2}, lambda m: "timeout" if m == 1 else "unsat", sufficient=2)
    assert asked == [1, 2]
    assert verdict == unknown("timeout")


def test_a_deadline_that_has_passed() -> None:
    """Nothing is asked, and nothing is claimed."""
    verdict, attempts, asked = ask({"from": 1, "to": 3}, lambda _: "unsat", seconds=-1.0)
    assert verdict == Undecided("timeout")
    assert attempts == ()
    assert asked == []


def test_time_running_out_before_the_end_of_a_range() -> None:
    """The numbers that were not tried keep the range open."""

    def slowly(m: int) -> str:
        time.sleep(0.1)
        return "unsat"

    verdict, attempts, _ = ask({"from": 1, "to": 50}, slowly, seconds=0.3)
    assert verdict == Undecided("timeout")
    assert len(attempts) < 10


def test_each_number_leaves_time_for_the_next() -> None:
    """Half of what is left, and all of it for the last."""
    problem = Problem(network=[1, 1, 1], samples={"from": 1, "to": 3})
    start = time.monotonic()
    limits: list[float] = []

    def decide(m: int, deadline: float) -> Verdict:
        limits.append(deadline - start)
        return unknown()

    over_samples(problem, decide, sufficient=None, deadline=start + 80, progress=lambda _: None)
    assert limits == pytest.approx([40, 40, 80], abs=1)


# --- with the solver ---------------------------------------------------------------------------


def solve(crew: Crew, *, seconds: float = 20.0, **arguments: Any) -> tuple[Verdict, tuple[Attempt, ...]]:
    problem = Problem(**arguments)
    portfolio = Portfolio(crew, "auto", 0, lambda _: None)
    return over_samples(
        problem,
        lambda m, deadline: portfolio.decide(problem, m, deadline),
        sufficient=sufficient_samples(problem) if problem.samples.most is None else None,
        deadline=time.monotonic() + seconds,
        progress=lambda _: None,
    )


def test_the_founding_case_needs_three_samples(crew: Crew) -> None:
    """One and two are ruled out on the way."""
    for samples in ("fewest", {"from": 1, "to": 6}):
        verdict, attempts = solve(crew, samples=samples, **HEADLINE)
        assert isinstance(verdict, Found)
        assert verdict.witness.samples == 3
        assert attempts == (Attempt(1, "unsat"), Attempt(2, "unsat"), Attempt(3, "sat"))
    verdict, attempts = solve(crew, samples="any", **HEADLINE)
    assert isinstance(verdict, Found)
    assert attempts[-1] == Attempt(verdict.witness.samples, "sat")


def test_a_range_below_is_unsat(crew: Crew) -> None:
    """Up to two samples there is none."""
    verdict, attempts = solve(crew, samples={"from": 1, "to": 2}, **HEADLINE)
    assert isinstance(verdict, Impossible)
    assert attempts == (Attempt(1, "unsat"), Attempt(2, "unsat"))


def test_impossible_for_every_number(crew: Crew) -> None:
    """w1·∂w1 + b1·∂b1 = w2·∂w2: with w1 = 0, b1 ≠ 0 and ∂w2 = 0, ∂b1 vanishes. For any M."""
    verdict, attempts = solve(
        crew, network=[1, 1, 1], samples="any", zero=["w2"], nonzero=["b1"], where=["w1 == 0", "b1 != 0"]
    )
    assert isinstance(verdict, Impossible)
    assert {a.status for a in attempts} == {"unsat"}


def test_any_without_a_theorem_and_without_a_witness_is_unknown(crew: Crew) -> None:
    """A condition on the loss, to which the theorem does not apply: what was tried is ruled out, no more."""
    verdict, attempts = solve(
        crew, network=[1, 1, 1], samples="any", zero=["w2", "b2"], nonzero=["w1", "b1"],
        where=["z1 > 0", "loss < 5"], seconds=2.0,
    )  # fmt: skip
    assert isinstance(verdict, Undecided)
    assert verdict.reason == "timeout"
    assert attempts[0] == Attempt(1, "unsat")
    assert "sat" not in {a.status for a in attempts}


def test_any_without_a_theorem_may_still_be_ruled_out_as_a_whole(crew: Crew) -> None:
    """The identities of homogeneous units hold for every dataset, and rule it out."""
    verdict, attempts = solve(
        crew, network=[1, 1, 1], samples="any", zero=["w2"], nonzero=["b1"],
        where=["w1 == 0", "b1 != 0", "loss < 5"],
    )  # fmt: skip
    assert verdict == Impossible("solver", "identities", every=True)
    assert attempts == (Attempt(1, "unsat"),)


def test_a_loosened_question_is_asked_where_the_question_makes_sense() -> None:
    """Where conditions name sample 6, the attempt has seven samples, however few suffice."""
    problem = Problem(network=[1, 1, 1], samples="any", where=["x[6] > 0"])
    asked: list[int] = []

    def decide_loosened(samples: int, _: float) -> Verdict:
        asked.append(samples)
        return NO

    verdict, attempts = over_samples(
        problem,
        lambda *_: unknown(),
        sufficient=None,
        deadline=time.monotonic() + 60,
        progress=lambda _: None,
        loosened=(2, decide_loosened),
    )
    assert verdict == Impossible("solver", "stub", every=True)
    assert asked == [7]
    assert attempts == (Attempt(7, "unsat"),)


def test_samples_that_are_named_must_be_there(crew: Crew) -> None:
    """`fewest` starts at the samples that the question names."""
    verdict, attempts = solve(
        crew, network=[1, 1, 1], samples="fewest", zero=["b2"], where=["x[2] - x[0] == 4", "y[1] == 1"]
    )
    assert isinstance(verdict, Found)
    assert attempts == (Attempt(3, "sat"),)


def looked(
    samples: object, answers: Mapping[int, str], *, sufficient: int | None, sketched: int | None = None
) -> tuple[Verdict, tuple[Attempt, ...], list[int]]:
    """The outcome where looks give these verdicts, and the numbers of samples that were looked at."""
    problem = Problem(network=[1, 1, 1], samples=samples)  # type: ignore[arg-type]
    seen: list[int] = []

    def look(m: int, _: float) -> Verdict:
        seen.append(m)
        match answers.get(m):
            case "sat":
                return Found(witness(problem, m), "stub")
            case "unsat":
                return NO
        return unknown()

    def sketch(m: int, _: float) -> Verdict:
        return Found(witness(problem, m), "stub") if m == sketched else unknown()

    verdict, attempts = over_samples(
        problem,
        lambda m, _: unknown(),
        sufficient=sufficient,
        deadline=time.monotonic() + 60,
        progress=lambda _: None,
        looks=(sketch, look),
    )
    return verdict, attempts, seen


@pytest.mark.parametrize("samples", ["any", "fewest"])
def test_the_next_number_is_looked_at_where_the_least_is_too_small(samples: str) -> None:
    """A witness there has the fewest samples; else as many as suffice are looked at."""
    verdict, attempts, seen = looked(samples, {1: "unsat", 2: "sat", 4: "sat"}, sufficient=4)
    assert isinstance(verdict, Found)
    assert [(a.samples, a.status) for a in attempts] == [(1, "unsat"), (2, "sat")]
    assert seen == [1, 2]
    verdict, attempts, seen = looked(samples, {1: "unsat", 2: "unsat", 4: "unsat"}, sufficient=4)
    assert isinstance(verdict, Impossible)
    assert seen == [1, 2, 4]
    _, _, seen = looked(samples, {1: "unsat", 2: "unsat"}, sufficient=2)
    assert seen == [1, 2]


def test_the_next_number_is_left_where_the_least_is_open() -> None:
    """One sample may do yet: a witness with two would not have the fewest."""
    _, _, seen = looked("fewest", {2: "sat"}, sufficient=4)
    assert seen == [1, 4]
    verdict, _, seen = looked("any", {1: "unsat", 2: "sat"}, sufficient=4, sketched=3)
    assert isinstance(verdict, Found)
    assert verdict.witness.samples == 3
    assert seen == [1]
