"""Limits that hold, and processes that end: interrupts, time and memory."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.questions import CONTRADICTION

if TYPE_CHECKING:
    from tests.cli.conftest import Program

# Nobody knows whether 114 is a sum of three cubes: no solver answers this within a test.
HOPELESS = "network: [1, 1, 1]\nsamples: 1\ndomain: integer\nwhere: ['w1**3 + b1**3 + w2**3 == 114']\n"

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def _descendants(process: int) -> set[int]:
    """The processes that this one started, and those that they started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(int(status.parent.name))
        if fields:
            parents[int(status.parent.name)] = int(fields[1])
    found: set[int] = set()
    while more := {p for p, parent in parents.items() if parent in {process, *found}} - found:
        found |= more
    return found


def _fields(process: int) -> list[str]:
    """What the kernel says of a process, from its state on; nothing of one that is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ended(processes: set[int]) -> bool:
    """None of them is left, except as an entry that nobody has collected."""
    return all(_fields(p)[:1] in ([], ["Z"]) for p in processes)


def _busy(processes: set[int]) -> bool:
    """One of them has computed for half a second."""
    used = (int(f[11]) for p in processes if (f := _fields(p)))
    return any(ticks > os.sysconf("SC_CLK_TCK") / 2 for ticks in used)


def _wait_until(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def _started(program: Program, *, working: bool) -> tuple[subprocess.Popen[str], set[int]]:
    """A search without end, at its start or while its solver works, and the processes it started."""
    process = program.start("solve", "--timeout", "10m", program.file("hopeless.yaml", HOPELESS))
    _wait_until(lambda: bool(_descendants(process.pid)))
    if working:
        _wait_until(lambda: len(_descendants(process.pid)) >= 2 and _busy(_descendants(process.pid)))
    return process, _descendants(process.pid)


@linux
@pytest.mark.parametrize(("number", "message"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "")])
def test_interrupted_search_leaves_no_process(program: Program, number: signal.Signals, message: str) -> None:
    """Ctrl-C and SIGTERM end the program and what it started, without a verdict and without a traceback."""
    process, started = _started(program, working=True)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (128 + number, "", message)
    _wait_until(lambda: _ended(started))


@linux
def test_interrupt_while_loading_leaves_no_process(program: Program) -> None:
    """Ctrl-C is heard from the start."""
    process, started = _started(program, working=False)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (130, "", "interrupted")
    _wait_until(lambda: _ended(started))


INTERRUPTING = """
import os, signal, sys
from importlib.abc import MetaPathFinder

sys.modules["torch"] = None

class Interrupt(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == os.environ["INTERRUPTED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupt())
"""


INTERRUPTED_CHECKER = """
import os, runpy, signal, sys

import zerograd.core.question.documents as documents

documents.read_json = lambda path: os.kill(os.getpid(), signal.SIGINT)
sys.argv[1:] = ["problem.json", "result.json"]
runpy.run_module("zerograd.core.check", run_name="__main__")
"""


@pytest.mark.parametrize(
    "module",
    ["zerograd.cli.program", "click", "zerograd.cli.watching", "zerograd.spec.read", "zerograd.solving"],
)
def test_interrupt_while_importing(program: Program, module: str) -> None:
    """Ctrl-C is heard before anything of the program runs: in a line, not in a traceback."""
    (program.folder / "site").mkdir()
    program.file("site/sitecustomize.py", INTERRUPTING)
    path = os.pathsep.join([str(program.folder / "site"), program.environment["PYTHONPATH"]])
    environment = {"PYTHONPATH": path, "INTERRUPTED_AT": module}
    name = program.file("p.yaml", CONTRADICTION)
    run = program.process("solve", "--no-certify", name, environment=environment)
    assert (run.code, run.out, run.err.strip()) == (130, "", "interrupted")


def test_next_to_nothing_is_imported_before_interrupts_are_heard(program: Program) -> None:
    """`typing` alone takes longer than the rest of it, with a traceback for who types Ctrl-C at once."""
    program.file(
        "early.py", "import sys; old = {*sys.modules}; import zerograd.cli; print({*sys.modules} - old)"
    )
    run = program.process(run=("early.py",))
    imported = {name for name in ast.literal_eval(run.out) if not name.startswith("zerograd")}
    assert imported <= {"__future__", "gc"}


def test_interrupted_checker(program: Program) -> None:
    """The checker that stands alone ends in a line as well."""
    program.file("driver.py", INTERRUPTED_CHECKER)
    assert program.process(run=("driver.py",)) == (130, "", "interrupted\n")


@linux
@pytest.mark.parametrize(
    "number",
    [signal.SIGKILL, *(pytest.param(n, marks=pytest.mark.slow) for n in (signal.SIGINT, signal.SIGTERM))],
)
def test_stopped_atlas_leaves_no_process(program: Program, number: signal.Signals) -> None:
    """However it ends: the processes of all its jobs end with it."""
    name = program.file("hopeless.yaml", HOPELESS + "zero: [b2]\n")
    process = program.start("atlas", "--no-store", "--jobs", "2", "--timeout", "10m", name)
    _wait_until(lambda: len(_descendants(process.pid)) >= 4 and _busy(_descendants(process.pid)))
    started = _descendants(process.pid)
    process.send_signal(number)
    process.communicate(timeout=15)
    _wait_until(lambda: _ended(started))


@linux
def test_killed_search_leaves_no_solver(program: Program) -> None:
    """Even SIGKILL, which no program can answer, leaves no solver behind."""
    process, started = _started(program, working=True)
    process.kill()
    process.communicate(timeout=10)
    assert len(started) >= 2
    _wait_until(lambda: _ended(started))


@pytest.mark.slow
def test_timeout_holds(program: Program) -> None:
    """A solver that goes on for ever is stopped: `unknown (timeout)`, not much later than asked."""
    name = program.file("hopeless.yaml", HOPELESS)
    done = program.process("solve", "--json", "--timeout", "2s", name)
    (result,) = done.results
    assert (done.code, result["status"], result["reason"]) == (3, "unknown", "timeout")
    assert result["evidence"] is None
    assert 2 <= result["seconds"] < 6  # a second is promised, a busy machine takes its own


def test_timeout_is_for_each_file(program: Program) -> None:
    """After a file that ran out of time the next one gets its own, and a fresh solver."""
    hopeless, fine = program.file("hopeless.yaml", HOPELESS), program.file("fine.yaml", CONTRADICTION)
    done = program("solve", "-q", "--timeout", "3s", hopeless, fine)
    assert done == (3, "hopeless.yaml:\nunknown (timeout)\n\nfine.yaml:\nunsat\n", "")


@pytest.mark.slow
def test_timeout_holds_for_wide_networks(program: Program) -> None:
    """The time limit is for everything, not for the solver alone: here the formulas alone take minutes."""
    wide = "network: [50, 200, 50]\nsamples: 100\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
    name = program.file("wide.yaml", wide)  # constructions are too quick for this
    (result,) = program("solve", "--json", "--strategy", "piecewise", "--timeout", "2s", name).results
    assert (result["status"], result["reason"]) == ("unknown", "timeout")
    assert result["seconds"] < 6


@linux
@pytest.mark.slow
def test_memory_cap_holds(program: Program) -> None:
    """Bit-blasting a twentieth power needs more than 256 MiB: `unknown (memory)`."""
    greedy = (
        "network: [1, 1, 1]\nsamples: 1\ndomain: integer\nwhere:\n"
        "  - (w1 + b1 + w2 + b2 + x[0] + y[0] + 1)**20 == (w1 - b2)**19 + 114\n"
        "  - w1 > 1 and b1 > 1 and w2 > 1\n"
    )
    name = program.file("greedy.yaml", greedy)
    options = ("--strategy", "piecewise", "--memory", "256M", "--timeout", "80s")  # what gets there soonest
    done = program.process("solve", "-q", *options, name)
    assert done == (3, "unknown (memory)\n", "")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--timeout", "0", "'0' is not a time above 0: write 500ms, 60s, 5m or 1h"),
        ("--timeout", "soon", "'soon' is not a time above 0: write 500ms, 60s, 5m or 1h"),
        ("--timeout", "-1s", "'-1s' is not a time above 0: write 500ms, 60s, 5m or 1h"),
        ("--timeout", "inf", "'inf' is not a time above 0: write 500ms, 60s, 5m or 1h"),
        ("--memory", "1M", "'1M' is not a size of at least 256M: write 512M or 4G"),
        ("--memory", "99999999999G", "'99999999999G' is not a size of at least 256M: write 512M or 4G"),
        ("--samples", "some", "'some' is not a number of samples: write 3, fewest or any"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    program: Program, option: str, value: str, message: str
) -> None:
    """Each with what to write instead."""
    done = program("solve", option, value, "-", stdin=CONTRADICTION)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(f"Error: Invalid value for '{option}': {message}\n")
