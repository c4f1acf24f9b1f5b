"""What smooth questions cost: finding a witness and checking it, side by side in one run.

    python benchmarks/smooth.py [--runs 3] [--only GROUP …] [--json FILE]

Seconds of ``find`` run from the question in hand to the witness that the search sends (its process is
warm); those of ``check`` from a result document to the verdict of the checker. A case takes the median of
its runs.

Exit codes: 0; 1: a case without a witness, or one that took longer than it is asked to.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from zerograd.core.model.activations import ACTIVATION_NAMES  # noqa: E402 - found now
from zerograd.core.model.network import Network  # noqa: E402
from zerograd.core.question.problem import Problem  # noqa: E402
from zerograd.core.verdict.answer import Sat  # noqa: E402
from zerograd.core.verdict.checking import check_result  # noqa: E402
from zerograd.search.process import SearchProcess  # noqa: E402
from zerograd.search.verdict import Found  # noqa: E402

HEADLINE: Mapping[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}

LOSSES: Mapping[str, Mapping[str, Any]] = {
    "mse": {"loss": "mse"},
    "mae": {"loss": "mae"},
    "huber": {"loss": "huber"},
    "bce, labels": {"loss": "bce_with_logits", "targets": "binary"},
    "bce, soft": {"loss": "bce_with_logits"},
    "cross entropy": {"loss": "cross_entropy", "targets": "class"},
    "hinge": {"loss": "hinge", "targets": "sign"},
    "1/mse": {"loss": {"of_mean": "1 / mse"}},
}
"""What problems have beside the network, by the names of columns."""

FEWEST_OF_SIGNS = 4
"""Samples for losses whose adjoints are 1 and −1 (where an activation takes no value twice)."""

IMPOSSIBLE = frozenset({"linear", "exp"})
"""Activations for which no dataset does it, whatever the loss."""


@dataclass(frozen=True)
class Case:
    """A question, and the seconds in which it is asked to be answered."""

    group: str
    name: str
    asked: float
    problem: Problem


def cases() -> Iterator[Case]:
    """All of them, in the order of the table."""
    for activation in ACTIVATION_NAMES:
        for column, extra in LOSSES.items():
            if activation not in IMPOSSIBLE:
                yield Case("pairs", f"{activation}, {column}", 2.0, founding(activation, column, extra))
    for activation in ("sigmoid", "tanh"):
        network = Network.mlp(2, 5, 1, activation=activation)
        problem = Problem(network=network, samples=20, **HEADLINE)
        yield Case("wide", f"{activation} 2-5-1, M = 20, mse", 1.0, problem)
    network = Network.mlp(10, 50, 1, activation="tanh")
    yield Case("wide", "tanh 10-50-1, M = 200, mse", 10.0, Problem(network=network, samples=200, **HEADLINE))
    classes = Problem(network=[2, 8, 3], samples=12, loss="cross_entropy", targets="class", **HEADLINE)
    yield Case("classes", "relu 2-8-3, M = 12, cross entropy", 5.0, classes)


def founding(activation: str, column: str, extra: Mapping[str, Any]) -> Problem:
    """The founding question of an activation and a loss, with a number of samples that is known to do."""
    outputs = 2 if column == "cross entropy" else 1
    samples = FEWEST_OF_SIGNS if column in ("mae", "hinge") else 3
    network = Network.mlp(1, 1, outputs, activation=activation)
    return Problem(network=network, samples=samples, **HEADLINE, **extra)


def measured(case: Case, process: SearchProcess, runs: int) -> dict[str, Any]:
    """Median seconds of finding and of checking, and which strategy found it."""
    finding, checking = [], []
    strategy = None
    for seed in range(runs):
        begin = time.perf_counter()
        found = process.find(
            case.problem, strategy="auto", seed=seed, deadline=time.monotonic() + 60, progress=lambda _: None
        ).verdict
        finding.append(time.perf_counter() - begin)
        if not isinstance(found, Found):
            return {"find": None, "check": None, "strategy": None}
        document = Sat(found.witness, problem=case.problem).to_json()
        begin = time.perf_counter()
        check_result(case.problem, document)
        checking.append(time.perf_counter() - begin)
        strategy = found.strategy
    return {
        "find": statistics.median(finding),
        "check": statistics.median(checking),
        "strategy": strategy,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: dict[str, dict[str, Any]] = {}
    late = False
    print(f"{'':36}{'asked':>7}{'find':>8}{'check':>8}{'check/find':>12}")
    with SearchProcess() as process:
        process.find(
            Problem(network=[1, 1, 1], samples=3, loss="huber", **HEADLINE),
            strategy="auto", seed=0, deadline=time.monotonic() + 60, progress=lambda _: None,
        )  # fmt: skip  # loads what all need
        for case in cases():
            if arguments.only and case.group not in arguments.only:
                continue
            row = rows[case.name] = {"asked": case.asked, **measured(case, process, arguments.runs)}
            if row["find"] is None:
                print(f"{case.name:36}{case.asked:7.1f}{'-':>8}")
                late = True
                continue
            late = late or row["find"] > case.asked
            ratio = row["check"] / row["find"]
            print(
                f"{case.name:36}{case.asked:7.1f}{row['find']:8.3f}{row['check']:8.3f}{ratio:12.2f}"
                f"  {row['strategy']}"
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    raise SystemExit(1 if late else 0)


if __name__ == "__main__":
    main()
