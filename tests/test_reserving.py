"""Time that is kept for checking what a search finds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from zerograd import reserving
from zerograd.answering import TOLERANCE
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Unknown
from zerograd.preferring import FIRST
from zerograd.reserving import MOST, kept_for_checking, seconds_a_step, steps
from zerograd.search.messages import Finding
from zerograd.search.verdict import Undecided
from zerograd.solving import smallest_first

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def question(*network: int, samples: int) -> Problem:
    return Problem(network=list(network), samples=samples, **HEADLINE)


def test_small_questions_keep_nothing() -> None:
    """A question that is checked in a moment has all of its time, and nothing is measured for it."""
    assert kept_for_checking(question(2, 20, 1, samples=20), 60.0) == 0.0


def test_what_is_kept_grows_with_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many samples, or units, take about twice as long; never is more than half of the time kept."""
    monkeypatch.setattr(reserving, "seconds_a_step", lambda: 1e-6)
    one = kept_for_checking(question(50, 50, 1, samples=1000), 60.0)
    assert one > 0
    for more in (question(50, 50, 1, samples=2000), question(50, 100, 1, samples=1000)):
        assert 1.3 * one < kept_for_checking(more, 60.0) < 2.2 * one
    assert kept_for_checking(question(50, 40, 1, samples=100_000), 1.0) == MOST


def test_a_slow_machine_keeps_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step takes is measured when it matters."""
    assert 0 < seconds_a_step() < 1
    problem = question(50, 50, 1, samples=1000)
    monkeypatch.setattr(reserving, "seconds_a_step", lambda: 1e-5)
    slow = kept_for_checking(problem, 600.0)
    monkeypatch.setattr(reserving, "seconds_a_step", lambda: 1e-6)
    assert slow == pytest.approx(10 * kept_for_checking(problem, 600.0))


class Asked:
    """A search that finds nothing, and keeps the deadline that it was given."""

    deadline = 0.0

    def find(self, _problem: Problem, *, deadline: float, **_: Any) -> Finding:
        self.deadline = deadline
        return Finding(Undecided("timeout"))


def test_the_search_ends_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for a witness of a large question has the time that is not kept."""
    monkeypatch.setattr(reserving, "seconds_a_step", lambda: 1e-6)
    process = Asked()
    began = time.monotonic()
    problem = question(50, 50, 1, samples=10_000)
    (answer,) = smallest_first(problem, 1, timeout=1000.0, preferred=FIRST, process=process)  # type: ignore[arg-type]
    assert isinstance(answer, Unknown)
    kept = kept_for_checking(problem, 1000.0)
    assert kept > 1
    assert began + 1000 - kept <= process.deadline <= time.monotonic() + 1000 - kept
    smallest_first(question(1, 1, 1, samples=3), 1, timeout=1000.0, preferred=FIRST, process=process)  # type: ignore[arg-type]
    assert process.deadline > began + 1000


@pytest.mark.slow
@pytest.mark.parametrize("timeout", ["2s", "20s"])
def test_an_answer_is_in_time_or_says_so(timeout: str) -> None:
    """In a process of its own: a large question is answered within its time, or the answer says how late."""
    text = "network: [100, 60, 10]\nsamples: 200\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
    command = [sys.executable, "-m", "zerograd", "solve", "-", "--json", "--timeout", timeout]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    answer = json.loads(run.stdout)
    assert answer["status"] == "sat", run.stderr
    assert answer["seconds"] <= float(timeout[:-1]) + TOLERANCE or answer["beyond"] >= TOLERANCE


def test_steps_count_samples_and_products() -> None:
    """Numbers of the witness, gradients, pre-activations; and products in blocks."""
    problem = question(3, 4, 2, samples=5)
    numbers, gradients, units = 26 + 5 * 5, 26 + 5 * 3, 5 * 6
    assert steps(problem) == numbers + gradients + units + 5 * 26 // reserving.PRODUCTS
