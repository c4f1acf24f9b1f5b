"""How long the founding problem takes, cold, beside merely importing SymPy and Z3.

    python benchmarks/startup.py [--runs 15] [--json FILE]

Whole processes, in turn (A B C A B C …), on one machine in one run, so that the ratios hold when
its speed drifts. Prints the median of each and the median of the pairwise ratios to the import.
`benchmarks/engine.py` measures the same, and an earlier build beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOUNDING = ROOT / "problems" / "textbook-m3.yaml"
BASE = "import sympy, z3"
WITHOUT = ", without torch"
"""What the name of a command ends with that finds no torch, which the re-checks of earlier builds load."""
HIDING = ROOT / "benchmarks" / "without_torch"
SOLVE = ("-m", "zerograd", "solve", str(FOUNDING))
COMMANDS: Mapping[str, Sequence[str]] = {
    BASE: ("-c", BASE),
    f"zerograd solve{WITHOUT}": SOLVE,
    f"zerograd solve --prefer any{WITHOUT}": (*SOLVE, "--prefer", "any"),
    "zerograd solve": SOLVE,
    "zerograd --version": ("-m", "zerograd", "--version"),
    "python -c pass": ("-c", "pass"),
}


def seconds(arguments: Sequence[str], folders: Sequence[Path] = (ROOT,)) -> float:
    """Wall-clock time of one whole process of Python, with the packages of some folders.

    Raises:
        CalledProcessError: it fails.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONSAFEPATH": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def measured(runs: int, earlier: Path | None = None) -> dict[str, dict[str, Any]]:
    """Median, best, and median ratio to the import, of each command.

    Args:
        earlier: the folder with the package of an earlier build, which is asked to solve, too.
    """
    commands = {
        name: (arguments, [HIDING, ROOT] if name.endswith(WITHOUT) else [ROOT])
        for name, arguments in COMMANDS.items()
    }
    if earlier is not None:
        commands[f"zerograd solve, earlier build{WITHOUT}"] = (SOLVE, [HIDING, earlier])
    for arguments, folders in commands.values():
        seconds(arguments, folders)  # bytecode and disk caches, for all alike
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, (arguments, folders) in commands.items():
            times[name].append(seconds(arguments, folders))
    return {
        name: {
            "median": statistics.median(taken),
            "best": min(taken),
            "ratio": statistics.median(a / b for a, b in zip(taken, times[BASE], strict=True)),
        }
        for name, taken in times.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = measured(options.runs)
    print(f"{'whole process, cold':30}{'median s':>10}{'ratio':>8}")
    for name, row in rows.items():
        print(f"{name:30}{row['median']:10.3f}{row['ratio']:8.2f}")
    if options.json:
        options.json.write_text(json.dumps({"runs": options.runs, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
