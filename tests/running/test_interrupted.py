"""Ctrl-C and kill −9 at any moment: no process is left, and after the first step there is a report."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.running.scripts import FINE, TRAINING, Folder, Run, finished

pytestmark = pytest.mark.needs("torch")

FOREVER = TRAINING + "while True:\n    step()\n    print('.', end='', flush=True)\n"


def _stepped(process: subprocess.Popen[bytes], steps: int) -> None:
    """Wait until some steps are over."""
    assert process.stdout is not None
    assert process.stdout.read(steps) == b"." * steps


@pytest.mark.parametrize("steps", [1, 30])
def test_control_c_shows_the_report(steps: int, folder: Folder) -> None:
    """While steps are watched, and when they are no longer."""
    process = folder.start("-m", "zerograd", "watch", folder.write(FOREVER), "-o", "report.json")
    _stepped(process, steps)
    process.send_signal(signal.SIGINT)
    run = finished(process)
    assert run.code == 130
    assert FINE in run.out
    assert run.err.endswith("KeyboardInterrupt\n") and "zerograd/" not in run.err
    assert json.loads((folder.path / "report.json").read_text())["verdict"] == FINE


def test_control_c_that_the_script_catches(folder: Folder) -> None:
    script = TRAINING + "try:\n    while True:\n        step(); print('.', end='', flush=True)\n"
    script += "except KeyboardInterrupt:\n    print('saved')\n"
    process = folder.start("-m", "zerograd", "watch", folder.write(script))
    _stepped(process, 20)
    process.send_signal(signal.SIGINT)
    run = finished(process)
    assert run.code == 0 and f"saved\n{FINE}" in run.out


def test_control_c_before_there_is_anything_to_explain(folder: Folder) -> None:
    wait = "import time\nprint('.', end='', flush=True)\ntime.sleep(60)\n"
    process = folder.start("-m", "zerograd", "watch", folder.write(wait))
    _stepped(process, 1)
    process.send_signal(signal.SIGINT)
    run = finished(process)
    assert run.code == 130 and "PyTorch was not imported" in run.out


def test_control_c_while_a_step_is_explained(folder: Folder) -> None:
    """It is explained anew for the report; another Ctrl-C cuts that short too."""
    slow = (
        "import time, zerograd.explaining.training.watch as watch\n"
        "explained = watch.report_step\n"
        "def slowly(**given):\n    print('.', end='', flush=True)\n    time.sleep(2)\n"
        "    return explained(**given)\n"
        "watch.report_step = slowly\nstep()\n"
    )
    for again in (False, True):
        process = folder.start("-m", "zerograd", "watch", folder.write(TRAINING + slow))
        _stepped(process, 1)
        process.send_signal(signal.SIGINT)
        _stepped(process, 1)
        if again:
            process.send_signal(signal.SIGINT)
        run = finished(process)
        assert run.code == 130
        assert ("Interrupted before a step was explained" in run.out) if again else (FINE in run.out)


def test_kill_leaves_the_report_of_the_steps_before(folder: Folder) -> None:
    process = folder.start("-m", "zerograd", "watch", folder.write(FOREVER), "-o", "report.json")
    _stepped(process, 3)
    process.kill()
    assert finished(process).code == -signal.SIGKILL
    assert len(json.loads((folder.path / "report.json").read_text())["steps"]) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_signals_at_random_moments(seed: int, folder: Folder) -> None:
    draw, name = random.Random(seed), folder.write(FOREVER)
    report = folder.path / "report.json"
    for number in range(8):
        report.unlink(missing_ok=True)
        process = folder.start("-m", "zerograd", "watch", name, "-o", "report.json")
        if number % 2:
            _stepped(process, 1)
        time.sleep(draw.uniform(0.3, 3.0))
        kill = draw.random() < 0.3
        stepped = number % 2 or report.exists()
        process.send_signal(signal.SIGKILL if kill else signal.SIGINT)
        if draw.random() < 0.5:
            time.sleep(draw.choice([0.001, 0.05, 0.5]))
            process.send_signal(signal.SIGINT)
        run = _ended(process)
        if run.code == 1 and not stepped and "ImportError" in run.err:
            continue  # it came while a library was loaded, which made an error of its own of it
        assert run.code in ((-signal.SIGKILL,) if kill else (130, -signal.SIGINT)), run
        assert kill or run.code == 130 or "zerograd/running" not in run.err
        if number % 2:
            assert json.loads(report.read_text())["verdict"] == FINE
            assert kill or FINE in run.out
        elif stepped:  # perhaps of a first step that was interrupted before its end
            assert "verdict" in json.loads(report.read_text())
        assert not list(folder.path.glob("core*"))
        assert not _left(folder.path)


def _ended(process: subprocess.Popen[bytes]) -> Run:
    """Wait for an interrupted process, and interrupt it again if it goes on.

    Python ignores an interrupt that comes in a finaliser or in a callback of a weak reference, and loading
    libraries runs many of these. Whoever sees the script go on presses Ctrl-C again.
    """
    try:
        process.wait(8)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    return finished(process)


def _left(folder: Path) -> list[str]:
    """Return processes that still run in a folder (Linux)."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder:
                found.append(link.parent.name)
        except OSError:
            continue
    return found
