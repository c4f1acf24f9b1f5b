"""What a fully given problem of real size costs: `solve` and `explain` as processes, seconds and peak memory.

    python benchmarks/given.py [--runs 3] [--case NAME …] [--json FILE] [--against FOLDER]

With ``--against``, another checkout answers the same problems, turn by turn.

Numbers are float32, in a `.npz` beside the problem file. Each run is a process of its own, with torch for
the re-check where it is installed: ``import torch`` is measured beside it, and a problem of one unit, as
what it takes to start. The peak is the largest process's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MIB = 2**20
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A network with everything given, what is asked of it, and the first line that a command prints."""

    widths: tuple[int, ...]
    samples: int
    query: str
    expected: str
    command: str = "solve"
    activation: str = "relu"


WHY = "No whole gradient is zero, but the gradient is exactly zero in 14,310 entries of w1, b1 and w2,"

CASES = {
    "yes": Case((784, 128, 10), 64, "nonzero: [b2]\nsome_nonzero: [w1, w2]", "sat"),
    "no": Case((784, 128, 10), 64, "zero: [w1]", "unsat"),
    "why": Case((784, 128, 10), 64, "", WHY, "explain"),
    "small": Case((196, 64, 1), 4, "nonzero: [b2]", "sat"),
}
for _widths, _samples in (((64, 16, 1), 1), ((10, 16, 16, 1), 32), ((784, 64, 10), 1)):
    for _activation in ("relu", "tanh"):
        for _query, _answer in (
            (f"nonzero: [b{len(_widths) - 1}]\nsome_nonzero: [w1]", "sat"),
            ("zero: [w1]", "unsat"),
        ):
            CASES[f"{_widths[0]}-{_activation}-{_answer}"] = Case(
                _widths, _samples, _query, _answer, activation=_activation
            )


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
    layers = [f"{{units: {units}, activation: {case.activation}}}" for units in case.widths[1:-1]]
    network = f"{{inputs: {case.widths[0]}, layers: [{', '.join(layers)}, {{units: {case.widths[-1]}}}]}}"
    path.write_text(
        f"network: {network}\nsamples: {case.samples}\n{case.query}\ngiven: {{from: numbers.npz}}\n"
    )
    return path


def measured(command: list[str], root: Path) -> tuple[float, float, int, str]:
    """Return wall-clock seconds, seconds of the processor, peak memory in bytes, and the first line."""
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0], command, {**os.environ, "PYTHONPATH": str(root)},
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, read)],
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, status, usage = os.wait4(child, 0)
    if status and root == ROOT:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text.partition("\n")[0]


def best(command: list[str], runs: int, expected: str, roots: Sequence[Path] = (ROOT,)) -> list[Row]:
    """Return the fastest of several runs of each checkout, turn by turn, and the highest peak."""
    found = [[measured(command, root) for root in roots] for _ in range(runs)]
    answers = {line for turn in found for *_, line in turn[:1]}
    if wrong := {line for line in answers if not line.startswith(expected)}:
        raise SystemExit(f"expected {expected!r}, found {wrong}")
    return [
        {
            "seconds": min(seconds for seconds, *_ in own),
            "processor": min(used for _, used, *_ in own),
            "peak": max(peak for _, _, peak, _ in own),
            "answer": own[0][3].partition(":")[0][:40],
        }
        for own in zip(*found, strict=True)
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--case", choices=CASES, nargs="*", default=list(CASES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout")
    arguments = parser.parse_args()
    roots = [ROOT, *([arguments.against.resolve()] if arguments.against else [])]
    rows: dict[str, Row] = {}
    for name in arguments.case:
        case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-P", "-m", "zerograd", case.command, str(written(case, Path(folder)))]
            answer = case.expected if case.command == "solve" else case.command
            title = f"{'-'.join(map(str, case.widths))} {case.activation}, M = {case.samples}: {answer}"
            own, *others = best(command, arguments.runs, case.expected, roots)
            rows[title] = own
            for other in others:
                rows[f"  {arguments.against.name}: {other['answer']}"[:40] + f" ({name})"] = other
    if find_spec("torch") is not None:
        imports = [sys.executable, "-c", "import torch; print(1)"]
        rows["python -c 'import torch'"] = best(imports, arguments.runs, "1")[0]
    founding = [
        sys.executable,
        "-P",
        "-m",
        "zerograd",
        "solve",
        str(ROOT / "problems" / "textbook-given.yaml"),
    ]
    rows["one unit, M = 3: sat"] = best(founding, arguments.runs, "sat")[0]
    print(f"{'':44}{'seconds':>9}{'processor':>11}{'peak MiB':>10}")
    for title, row in rows.items():
        print(f"{title:44}{row['seconds']:9.2f}{row['processor']:11.2f}{row['peak'] / MIB:10.0f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
