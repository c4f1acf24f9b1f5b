"""A first look where the caller is: the same answers, only sooner."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.questions import random_questions
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.search.first_look import FirstLook, Open
from zerograd.search.messages import Finding
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Impossible, Undecided

FOUNDING: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
SAT = Problem(network=[1, 1, 1], samples=3, **FOUNDING)
UNSAT = Problem(network=[1, 2, 1], samples=2, **FOUNDING)
IRRATIONAL = Problem(network=[1, 1], samples=1, where=["w1[0,0]**2 == 2"], nonzero=["w1"])
OPEN_ENDED = [
    Problem(network=[1, 1, 1], samples=samples, **FOUNDING)
    for samples in ("fewest", "any", {"from": 1, "to": 4})
]


def found(process: SearchProcess, problem: Problem, strategy: str = "auto", seconds: float = 30.0) -> Finding:
    """What a search says."""
    return process.find(
        problem,
        strategy=strategy,
        seed=0,
        deadline=time.monotonic() + seconds,
        progress=lambda _: None,
        cross_check=None,
    )


def meaning(finding: Finding) -> object:
    """All that does not depend on what has been loaded."""
    verdict: Any = finding.verdict
    if isinstance(verdict, Found):
        verdict = verdict.witness.to_json(), verdict.strategy
    return verdict, finding.attempts, finding.sufficient, finding.tried, finding.second, finding.compared


def loaded(look: FirstLook) -> FirstLook:
    """Wait for its solver."""
    until = time.monotonic() + 60
    while not look._crew.lead.ready(until):  # one that was killed just now has yet to be found dead
        assert time.monotonic() < until
    return look


@pytest.fixture(scope="module")
def looking() -> Iterator[SearchProcess]:
    """A search with first looks."""
    with SearchProcess() as process:
        for _ in range(2):
            found(process, SAT)
        assert process._look is not None
        loaded(process._look)
        yield process


@pytest.fixture(scope="module")
def plain() -> Iterator[SearchProcess]:
    """A search without."""
    with SearchProcess(first_look=False) as process:
        yield process


@pytest.fixture(scope="module")
def look() -> Iterator[FirstLook]:
    """A first look by itself."""
    first = FirstLook(4 * 2**30)
    try:
        yield loaded(first)
    finally:
        first.close()


def seen(look: FirstLook, problem: Problem) -> Finding | Open:
    return look.find(problem, seed=0, deadline=time.monotonic() + 30, progress=lambda _: None)


@pytest.mark.parametrize("problem", [SAT, UNSAT, IRRATIONAL, *OPEN_ENDED], ids=str)
def test_same_answers(problem: Problem, looking: SearchProcess, plain: SearchProcess) -> None:
    assert meaning(found(looking, problem)) == meaning(found(plain, problem))


@pytest.mark.slow
def test_same_answers_to_random_questions(looking: SearchProcess, plain: SearchProcess) -> None:
    """Nearly all of them are seen at once."""
    asked = [problem for number, problem in enumerate(random_questions(40)) if number != 18]
    for problem in asked:  # that one takes seconds
        ours, theirs = found(looking, problem), found(plain, problem)
        assert meaning(ours) == meaning(theirs), problem.to_json()
        if isinstance(ours.verdict, Found):
            assert ours.verdict.witness.problem is problem


def test_what_is_seen_at_once(look: FirstLook) -> None:
    for problem, verdict in ((SAT, Found), (UNSAT, Impossible), (OPEN_ENDED[0], Found)):
        finding = seen(look, problem)
        assert isinstance(finding, Finding)
        assert isinstance(finding.verdict, verdict)
    assert isinstance(finding := seen(look, UNSAT), Finding)
    assert finding.versions.keys() == {"z3"}
    assert finding.tried == ("construct", "piecewise")


@pytest.mark.parametrize(
    "problem",
    [
        IRRATIONAL,  # exact numbers have yet to be made of it
        Problem(network=[1, 1, 1], samples=60, **FOUNDING),  # no small question
        Problem(network=[200, 1, 1], samples=1, **FOUNDING),  # many numbers
        Problem(network=[1, 1, 1], samples=3, **FOUNDING, where=[f"w1[0,0] < {n}" for n in range(1, 20)]),
        Problem(network=[1, 1, 1], samples=3, **FOUNDING, given={"w1[0,0]": f"1/{3**200}"}),
        Problem(network=[1, 1, 1], samples=3, **FOUNDING, derivative_at_kink="any"),
        Problem(
            network={"inputs": 1, "layers": [{"units": 1, "activation": "tanh"}, {"units": 1}]},
            samples=3,
            **FOUNDING,
        ),
    ],
    ids=("irrational", "samples", "entries", "conditions", "digits", "chosen slopes", "smooth"),
)
def test_what_may_take_long_is_left(problem: Problem, look: FirstLook) -> None:
    left = seen(look, problem)
    assert isinstance(left, Open)
    assert left.looked == ()


def test_names_in_order() -> None:
    """The order of a document, in which the search's process reads it."""
    for problem in [SAT, *random_questions(12)]:
        ordered, read = problem.in_order(), problem_from_json(problem.to_json())
        assert ordered.digest == problem.digest
        assert [*map(str, ordered.query.items())] == [*map(str, read.query.items())]
        assert ordered.in_order() is ordered


def test_other_strategies_are_left(looking: SearchProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no first look is asked for")

    monkeypatch.setattr(FirstLook, "find", fail)
    assert isinstance(found(looking, UNSAT, "piecewise").verdict, Impossible)


def test_a_solver_that_was_killed_is_no_answer(look: FirstLook) -> None:
    """The question stays open, and nothing counts as looked at; then it is loaded again."""
    loaded(look).kill()
    finding = seen(look, UNSAT)
    assert isinstance(finding, Open)
    assert finding.looked == ()
    assert isinstance(seen(loaded(look), UNSAT), Finding)


def test_one_at_work_is_left_alone(look: FirstLook) -> None:
    with look._lock:
        assert seen(look, UNSAT) == Open()


def test_two_threads(looking: SearchProcess, plain: SearchProcess) -> None:
    """Whoever finds the first look at work asks the search; what it says is the same."""
    asked = [SAT, UNSAT, *OPEN_ENDED] * 4
    right = {problem.digest: meaning(found(plain, problem)) for problem in asked}
    wrong: list[Problem] = []

    def ask() -> None:
        wrong.extend(p for p in asked if meaning(found(looking, p)) != right[p.digest])

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_an_interrupt_ends_the_solver(look: FirstLook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the solver is at it: nothing is left, and the next answer is right."""
    lead = loaded(look)._crew.lead
    child = lead._child
    assert child is not None

    def interrupted() -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(5)

    with monkeypatch.context() as patched:
        patched.setattr(lead, "collect", interrupted)
        with pytest.raises(KeyboardInterrupt):
            seen(look, UNSAT)
    assert not child.alive
    finding = seen(loaded(look), UNSAT)
    assert isinstance(finding, Finding)
    assert isinstance(finding.verdict, Impossible)


def test_a_kill_from_another_thread_ends_the_search(
    looking: SearchProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only the first look: nobody wants the answer any more."""

    def killed(*_: object, **__: object) -> Open:
        looking.kill()
        return Open()

    with monkeypatch.context() as patched:
        patched.setattr(FirstLook, "find", killed)
        assert isinstance(verdict := found(looking, UNSAT).verdict, Undecided)
    assert verdict.reason == "memory"
    assert isinstance(found(looking, UNSAT).verdict, Impossible)


def test_no_process_is_left() -> None:
    with SearchProcess() as process:
        for _ in range(3):
            found(process, SAT)
        assert process._look is not None
        child = loaded(process._look)._crew.lead._child
        assert child is not None
        assert child.alive
    assert not child.alive
