"""What a fully given problem of real size costs: `solve` and `explain` as processes, seconds and peak memory.

    python benchmarks/given.py [--runs 3] [--case NAME …] [--json FILE]

Numbers are float32, in a `.npz` beside the problem file. Each run is a process of its own, with torch for
the re-check where it is installed: ``import torch`` is measured beside it. The peak is the largest process's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """A network with everything given, what is asked of it, and the first line that a command prints."""

    widths: tuple[int, ...]
    samples: int
    query: str
    expected: str
    command: str = "solve"


WHY = "No whole gradient is zero, but the gradient is exactly zero in 14,310 entries of w1, b1 and w2,"

CASES = {
    "yes": Case((784, 128, 10), 64, "nonzero: [b2]\nsome_nonzero: [w1, w2]", "sat"),
    "no": Case((784, 128, 10), 64, "zero: [w1]", "unsat"),
    "why": Case((784, 128, 10), 64, "", WHY, "explain"),
    "small": Case((196, 64, 1), 4, "nonzero: [b2]", "sat"),
}


def written(case: Case, folder: Path) -> Path:
    """Write the problem and its numbers. Return the problem file."""
    chance = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x": chance.random((case.samples, case.widths[0]), dtype=np.float32),
        "y": chance.random((case.samples, case.widths[-1]), dtype=np.float32),
    }
    for number, (below, units) in enumerate(pairwise(case.widths), start=1):
        bound = below**-0.5
        arrays[f"w{number}"] = chance.uniform(-bound, bound, (units, below)).astype(np.float32)
        arrays[f"b{number}"] = chance.uniform(-bound, bound, units).astype(np.float32)
    np.savez(folder / "numbers.npz", allow_pickle=False, **arrays)
    path = folder / "problem.yaml"
    path.write_text(
        f"network: {list(case.widths)}\nsamples: {case.samples}\n{case.query}\ngiven: {{from: numbers.npz}}\n"
    )
    return path


def measured(command: list[str]) -> tuple[float, float, int, str]:
    """Return wall-clock seconds, seconds of the processor, peak memory in bytes, and the first line."""
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0], command, {**os.environ, "PYTHONPATH": str(ROOT)},
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, read)],
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text.partition("\n")[0]


def best(command: list[str], runs: int, expected: str) -> dict[str, float]:
    """Return the fastest of several runs, and the highest peak."""
    found = [measured(command) for _ in range(runs)]
    if wrong := {line for *_, line in found} - {expected}:
        raise SystemExit(f"expected {expected!r}, found {wrong}")
    return {
        "seconds": min(seconds for seconds, *_ in found),
        "processor": min(used for _, used, *_ in found),
        "peak": max(peak for _, _, peak, _ in found),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--case", choices=CASES, nargs="*", default=list(CASES))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    for name in arguments.case:
        case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "zerograd", case.command, str(written(case, Path(folder)))]
            answer = case.expected if case.command == "solve" else case.command
            rows[f"{'-'.join(map(str, case.widths))}, {case.samples} samples: {answer}"] = best(
                command, arguments.runs, case.expected
            )
    if find_spec("torch") is not None:
        imports = [sys.executable, "-c", "import torch; print(1)"]
        rows["python -c 'import torch'"] = best(imports, arguments.runs, "1")
    print(f"{'':34}{'seconds':>9}{'processor':>11}{'peak MiB':>10}")
    for title, row in rows.items():
        print(f"{title:34}{row['seconds']:9.2f}{row['processor']:11.2f}{row['peak'] / MIB:10.0f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
