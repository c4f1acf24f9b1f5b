"""What it costs to run a script under ``zerograd watch``: whole processes, beside Python alone, in one run.

    python benchmarks/watch_command.py [--runs 7] [--json FILE]

The script trains 784-128-10 for three steps, with one thread. Both commands are run in turn (A B A B …), and
the fastest of each counts. What the watched steps cost, reports included, the script measures itself; the
rest is what zerograd adds by being there: loading, the report on the terminal. Asked is that the whole
process takes no longer than twice Python's and the watched steps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

SCRIPT = """\
import sys
import time

import torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.rand(64, 784), torch.randn(64, 10)
start = time.perf_counter()
for _ in range(3):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
print(time.perf_counter() - start, file=sys.stderr)
"""

COMMANDS = {"python": (), "zerograd watch": ("-m", "zerograd", "watch")}


def run(folder: Path, command: str) -> tuple[float, float]:
    """Return the seconds of a whole process, and those of the steps in it."""
    root = str(Path(__file__).resolve().parents[1])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *COMMANDS[command], "script.py"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
    )
    return time.perf_counter() - start, float(done.stderr.split()[0])


def measure(runs: int) -> dict[str, tuple[float, float]]:
    """Return seconds of the fastest process of each command, and those of its steps."""
    best: dict[str, tuple[float, float]] = {}
    with TemporaryDirectory() as folder:
        Path(folder, "script.py").write_text(SCRIPT, encoding="utf-8")
        for command in COMMANDS:
            run(Path(folder), command)  # reads what is on the disk
        for _ in range(runs):
            for command in COMMANDS:
                best[command] = min(best.get(command, (float("inf"), 0.0)), run(Path(folder), command))
    return best


def main() -> int:
    """Measure and print; return 1 if it takes longer than is asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    best = measure(options.runs)
    print(f"{'command':18}{'process':>10}{'its steps':>12}")
    for command, (whole, steps) in best.items():
        print(f"{command:18}{whole:8.2f} s{1000 * steps:9.0f} ms")
    (python, _), (watched, steps) = best.values()
    asked = 2 * python + steps
    print(f"ratio {watched / python:.2f}; asked: at most {asked:.2f} s (2 × python and the watched steps)")
    if options.json:
        options.json.write_text(json.dumps(best | {"asked": asked}, indent=2) + "\n", encoding="utf-8")
    return int(watched > asked)


if __name__ == "__main__":
    sys.exit(main())
