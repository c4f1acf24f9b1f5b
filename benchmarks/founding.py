"""Parts of the benchmark: the founding question in warm processes, and in cold ones; where time goes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import startup
from benchmarks.contender import OURS, ROOT, SMALL, Contender
from benchmarks.running import Run
from zerograd.api import load

FIRST, SMALLEST = 200, 10
"""Times that a warm process is asked for a first witness, and for the smallest."""
COLD = 5
"""Whole processes of each kind."""
PROFILED = 1.5
"""Seconds for each question that is profiled."""


def warm_part(run: Run) -> None:
    """The founding question, again and again in one process of each build."""
    document = load(startup.FOUNDING).to_json()
    section = run.data["warm"] = {}
    folders = {"today": None, **({"earlier": run.build.folder} if run.build else {})}
    for title, name, hidden, times in (
        (f"first witness{startup.WITHOUT}", OURS, True, FIRST),
        ("first witness", OURS, False, FIRST),
        ("small numbers", SMALL, False, SMALLEST),
    ):
        contenders = {
            called: Contender(name, run.memory, folder, without_torch=hidden)
            for called, folder in folders.items()
        }
        run.open += contenders.values()
        seconds: dict[str, list[float]] = {called: [] for called in contenders}
        for number in range(times + times // 10):
            for called, contender in contenders.items():
                outcome = contender.ask(document, 60.0)
                if outcome.status != "sat":
                    raise RuntimeError(f"the founding question, {called}: {outcome}")
                if number >= times // 10:  # the first of them find caches empty
                    seconds[called].append(outcome.seconds)
        section[title] = {called: _spread(taken) for called, taken in seconds.items()}
        shown = "; ".join(f"{called} {1000 * row['median']:.2f} ms" for called, row in section[title].items())
        run.say(f"founding question, warm, {title}: {shown}")
        run.close()
        run.keep()


def cold_part(run: Run) -> None:
    """Whole processes: the founding question beside imports alone."""
    run.data["cold"] = startup.measured(COLD, run.build.folder if run.build else None)
    for name, row in run.data["cold"].items():
        run.say(f"cold, {name}: {row['median']:.3f} s")
    run.keep()


def _spread(seconds: list[float]) -> dict[str, Any]:
    return {"median": statistics.median(seconds), "best": min(seconds), "times": len(seconds)}


def profile_part(run: Run) -> None:
    """Where the time of warm, small answers goes: in a process of its own, as its stack is looked at."""
    with TemporaryDirectory() as folder:
        kept = Path(folder, "profile.json")
        options = ["--json", str(kept), "--seconds", str(PROFILED)]
        subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "profiling.py"), *options],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        run.data["profile"] = json.loads(kept.read_text(encoding="utf-8"))
    for title, profile in run.data["profile"].items():
        run.say(f"profile, {title}: {profile['whole']:.2f} ms")
    run.keep()
