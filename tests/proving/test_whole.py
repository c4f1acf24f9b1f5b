"""What of a system matters, by one question about the whole of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.refuting.refutation import Known, system_of
from zerograd.core.refuting.system import System
from zerograd.proving.reals import Reals
from zerograd.proving.whole import NotAtSight, Satisfiable, Sight, what_matters
from zerograd.solvers.base import Model
from zerograd.solvers.selections import Selections


def dataset(samples: int, **asked: Any) -> System:
    problem = zg.Problem(network=[1, 1, 1], samples=samples, **asked)
    return system_of(problem, "dataset", samples)


def matters(system: System, at_sight: Sight = "patient") -> frozenset[str]:
    found = what_matters(system, Known(system.facts), Reals(time.monotonic() + 60), at_sight)
    assert found.known.facts.items() <= system.facts.items()
    return frozenset(found.splits)


def test_distinctions_that_do_not_matter_are_left_out() -> None:
    """What is asked of one sample says nothing of another."""
    system = dataset(2, where=["a1[0,0] < 0"])
    assert set(system.splits) == {"z1[0,0]", "z1[1,0]"}
    assert matters(system) == {"z1[0,0]"}


def test_facts_that_unite_cases_do_not_stand_in_for_them() -> None:
    """The values that a slope can have rule out nothing here but what the sides do."""
    system = dataset(2, where=["a1[0,0] < 0"])
    found = what_matters(system, Known(system.facts), Reals(time.monotonic() + 60), "patient")
    assert "values of s1[0,0]" in found.known.facts
    assert "values of s1[1,0]" not in found.known.facts


def test_what_was_said_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that gets more patience begins with the same questions; another effort is another question."""
    asked: list[object] = []
    real = Selections.check

    def check(self: Selections, *args: Any, **options: Any) -> Any:
        asked.append((args, options))
        return real(self, *args, **options)

    monkeypatch.setattr(Selections, "check", check)
    facts = dataset(2, where=["a1[0,0] > 0"]).facts
    reals = Reals(time.monotonic() + 60)
    first = reals.check(facts.values())
    assert isinstance(first, Model)
    assert reals.share(0.5).check(facts.values()) == first
    assert len(asked) == 1
    reals.check(facts.values(), values=False)
    reals.check(facts.values(), effort=0.01)
    assert len(asked) == 3


def test_what_has_an_answer_is_left_at_once() -> None:
    """The founding pattern with three samples."""
    system = dataset(3, zero=["w2", "b2"], nonzero=["w1", "b1"])
    with pytest.raises(Satisfiable):
        matters(system)


def test_at_sight_nothing_is_looked_for_long() -> None:
    """Facts alone go together here, so that no question without cases shows anything."""
    system = dataset(2, where=["a1[0,0] < 0"])
    with pytest.raises(NotAtSight):
        matters(system, "without cases")
    assert matters(system, "with cases") == {"z1[0,0]"}
