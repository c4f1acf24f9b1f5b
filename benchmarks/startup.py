"""How long the founding problem takes, cold, beside merely importing SymPy and Z3.

    python benchmarks/startup.py [--runs 15] [--json FILE]

Whole processes, in turn (A B C A B C …), on one machine in one run, so that the ratios hold when
its speed drifts. Prints the median of each and the median of the pairwise ratios to the import.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = [sys.executable, "-c", "import sympy, z3"]
COMMANDS = {
    "import sympy, z3": IMPORTS,
    "zerograd solve": [sys.executable, "-m", "zerograd", "solve", str(ROOT / "problems/textbook-m3.yaml")],
    "zerograd --version": [sys.executable, "-m", "zerograd", "--version"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def seconds(command: list[str]) -> float:
    """Wall-clock time of one whole process. Raises CalledProcessError if it fails."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ})
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for command in COMMANDS.values():
        seconds(command)  # bytecode and disk caches, for all alike
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(options.runs):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    base = times["import sympy, z3"]
    rows = {
        name: {
            "median_seconds": round(statistics.median(taken), 3),
            "ratio": round(statistics.median(a / b for a, b in zip(taken, base, strict=True)), 2),
        }
        for name, taken in times.items()
    }
    print(f"{'whole process, cold':24}{'median s':>10}{'ratio':>8}")
    for name, row in rows.items():
        print(f"{name:24}{row['median_seconds']:10.3f}{row['ratio']:8.2f}")
    if options.json:
        options.json.write_text(json.dumps({"runs": options.runs, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
