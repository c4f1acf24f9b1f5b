"""Several solver processes: outcomes in order, whatever the speed, and nothing left behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zerograd.search.crew import WINDOW, Crew
from zerograd.solvers.base import GaveUp, Model, NoModel, Outcome
from zerograd.solvers.terms import Constant, Script, add, multiply, relate


def easy(number: int) -> Script:
    """x = number: sat; where it is divisible by 3, unsat."""
    script = Script()
    x = script.declare("x", "Real")
    script.require(relate(x, "=", Constant(number)))
    if number % 3 == 0:
        script.require(relate(x, "<", Constant(number)))
    return script


def hard() -> Script:
    """Quartic equations in nine unknowns: far beyond any solver."""
    script = Script()
    v = [script.declare(f"v{i}", "Real") for i in range(9)]
    for k in range(6):
        parts = [
            multiply(Constant(((7 * i + 5 * k) % 11) - 5), *[v[(i + k) % 9]] * 3, v[(2 * i + k + 1) % 9])
            for i in range(9)
        ]
        script.require(relate(add(*parts), "=", Constant(k + 1)))
    script.require(relate(add(*(multiply(u, u) for u in v)), "<", Constant(3)))
    return script


def ask(crew: Crew, scripts: Iterator[Script], seconds: float = 60.0, effort: float = 1.0) -> list[Outcome]:
    deadline = time.monotonic() + seconds
    return list(crew.outcomes(scripts, deadline=deadline, mode="polynomial", seed=0, effort=effort))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_outcomes_come_in_order(size: int) -> None:
    """More scripts than the window holds, by one process or several."""
    number = 2 * WINDOW + 5
    with Crew(size=size) as crew:
        outcomes = ask(crew, map(easy, range(number)))
        assert len(outcomes) == number
        for n, outcome in enumerate(outcomes):
            assert isinstance(outcome, NoModel if n % 3 == 0 else Model), n
            if isinstance(outcome, Model):
                assert outcome.values["x"] == n
        assert ask(crew, iter(())) == []


def test_scripts_are_made_when_they_are_needed() -> None:
    """Closing after the first outcome leaves most of a long list unmade, and the crew at work."""
    made = []

    def scripts() -> Iterator[Script]:
        for n in range(1000):
            made.append(n)
            yield easy(n)

    with Crew(size=2) as crew:
        outcomes = crew.outcomes(
            scripts(), deadline=time.monotonic() + 60, mode="polynomial", seed=0, effort=1.0
        )
        assert isinstance(next(outcomes), NoModel)
        outcomes.close()
        assert len(made) < 100
        assert [type(o) for o in ask(crew, map(easy, range(5)))] == [NoModel, Model, Model, NoModel, Model]


def test_what_is_running_is_stopped() -> None:
    """A long question beside the one that decides does not hold it up."""
    with Crew(size=2) as crew:
        ask(crew, map(easy, range(4)))  # the processes are up
        scripts = iter([easy(1), hard()])
        outcomes = crew.outcomes(
            scripts, deadline=time.monotonic() + 100, mode="polynomial", seed=0, effort=500.0
        )
        assert isinstance(next(outcomes), Model)
        start = time.monotonic()
        outcomes.close()
        assert time.monotonic() - start < 20
        assert [type(o) for o in ask(crew, map(easy, range(3)))] == [NoModel, Model, Model]


def test_an_answer_that_nobody_took_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in a sweep, and again while it is cleaned up: the next question gets its own answer."""

    def broken() -> Iterator[Script]:
        yield easy(0)
        yield easy(3)
        raise MemoryError

    def exhausted(*_: object) -> None:
        raise MemoryError

    with Crew(size=1) as crew:
        ask(crew, map(easy, range(2)))
        with monkeypatch.context() as patch:
            patch.setattr("zerograd.search.crew._Hand.collect_all", exhausted)
            with pytest.raises(MemoryError):
                ask(crew, broken())
        assert [type(o) for o in ask(crew, iter([easy(1), easy(2)]))] == [Model, Model]
        crew.lead.submit(easy(0), deadline=time.monotonic() + 60, mode="polynomial")
        (outcome,) = ask(crew, iter([easy(1)]))
        assert isinstance(outcome, Model)


def test_a_deadline_ends_all() -> None:
    """What is not settled by then has given up."""
    with Crew(size=2) as crew:
        ask(crew, map(easy, range(2)))
        start = time.monotonic()
        outcomes = ask(crew, (hard() for _ in range(6)), seconds=1.0, effort=500.0)
        assert time.monotonic() - start < 20
        assert all(isinstance(outcome, GaveUp) and outcome.reason == "timeout" for outcome in outcomes)
        assert len(outcomes) == 6


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_leaving_ends_the_processes() -> None:
    """In the middle of their work, too."""

    def children() -> set[str]:
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[1]) == os.getpid() and fields[0] != "Z":
                found.add(stat.parent.name)
        return found

    before = children()
    with Crew(size=2) as crew:
        outcomes = crew.outcomes(
            iter([easy(1), hard(), hard()]),
            deadline=time.monotonic() + 60,
            mode="polynomial",
            seed=0,
            effort=500.0,
        )
        next(outcomes)
        assert len(children() - before) == 2
    assert children() <= before


@pytest.mark.parametrize("kill", [False, True])
def test_what_is_left_is_never_taken_for_what_is_asked_next(crew: Crew, kill: bool) -> None:
    """An outcome that nobody wanted any more is passed over, however late it comes."""
    solver, until = crew.lead, time.monotonic() + 60
    for script, effort in ((hard(), 0.1), (easy(3), 0.1), (easy(4), 0.1)):
        solver.submit(script, deadline=until, mode="polynomial", effort=effort)
        solver.leave(kill=kill)
        assert isinstance(solver.check(easy(1), deadline=until, mode="polynomial"), Model)
        assert isinstance(solver.check(easy(3), deadline=until, mode="polynomial"), NoModel)


def test_what_was_killed_is_started_again(crew: Crew) -> None:
    """When earlier calls are forgotten: the next question need not wait for all of it."""
    assert isinstance(crew.lead.check(easy(1), deadline=time.monotonic() + 60, mode="general"), Model)
    crew.lead.close()
    crew.forget()
    assert crew.lead.ready(time.monotonic() + 60)
