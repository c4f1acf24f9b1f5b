"""Open-ended questions about input gradients: how many are answered, and how many nos carry a proof.

    python benchmarks/open_ended.py [--count 64] [--seed 15] [--seconds 20] [--list] [--only 3 17]

asks random questions of any number of samples (`samples: any`, `samples: fewest`). All of them ask for signs
of ∂L/∂x; networks have one or two hidden layers of any piecewise linear activations. Each is given so many
seconds, certificates included. The table counts answers; what stayed unknown, or without a proof, is
listed below it. ``--list`` prints the questions instead, one canonical problem a line.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

import zerograd as zg  # noqa: E402  # found now
from zerograd.core.errors import ProblemError  # noqa: E402
from zerograd.core.model.activations import leaky_relu  # noqa: E402
from zerograd.core.model.network import Layer, Network  # noqa: E402

COUNT, SEED, SECONDS = 64, 15, 20.0

HIDDEN = ("relu", "relu", "leaky_relu", leaky_relu("1/10"), "abs", "relu6", "hardtanh", "hardsigmoid")
LAST = ("linear",) * 7 + ("relu", "abs", "hardtanh")
SHAPES = ([1], [1], [2], [2], [2], [3], [1, 1], [1, 2], [2, 1], [2, 2])
OF_X = ("zero", "zero", "zero", "nonzero", "nonzero", "positive", "negative", "some_nonzero")
OF_PARAMETERS = ("zero",) * 5 + ("nonzero", "nonzero", "some_nonzero", "positive", "negative")
CONDITIONS = ("x > 0", "x != 0", "-1 <= x <= 1", "z1 != 0", "w1 != 0", "y_hat > 0", "r != 0", "r >= 0")
ANSWERS = ("witness", "no, with a proof", "no, on a solver's word", "unknown")


def open_ended(count: int = COUNT, seed: int = SEED) -> list[zg.Problem]:
    """The questions. Question n depends on ``seed`` and n alone, on every machine."""
    return [_question(random.Random(f"open-ended {seed} {number}")) for number in range(count)]


def _question(chance: random.Random) -> zg.Problem:
    """One question; draws that make no problem (contradictions, say) are drawn again."""
    while True:
        try:
            return zg.Problem(**_drawn(chance))
        except ProblemError:
            continue


def _drawn(chance: random.Random) -> dict[str, Any]:
    network = _network(chance)
    query: dict[str, list[str]] = {chance.choice(OF_X): ["x"]}
    names = list(network.shapes)
    for name in chance.sample(names, chance.randint(1, len(names))):
        query.setdefault(chance.choice(OF_PARAMETERS), []).append(name)
    question = {"network": network, "samples": chance.choice(["any", "fewest"]), **query}
    if chance.random() < 0.25:
        question["where"] = [chance.choice(CONDITIONS)]
    question["derivative_at_kink"] = chance.choice(
        ["torch"] * 4 + ["left", "right", "mean", "forbid", "forbid"]
    )
    return question


def _network(chance: random.Random) -> Network:
    usual = chance.random() < 0.8  # all layers with biases
    layers = [_layer(chance, units, HIDDEN, usual) for units in chance.choice(SHAPES)]
    last = _layer(chance, chance.choice([1] * 6 + [2]), LAST, usual)
    return Network(chance.choice([1, 1, 1, 2]), (*layers, last))


def _layer(chance: random.Random, units: int, activations: Sequence[Any], usual: bool) -> Layer:
    return Layer(units, chance.choice(activations), usual or chance.random() < 0.5)


def outcome(problem: zg.Problem, seconds: float) -> tuple[str, str]:
    """The answer (one of `ANSWERS`), and what more there is to say."""
    answer = zg.solve(problem, timeout=seconds, prefer="any")
    match answer:
        case zg.Sat():
            return "witness", f"M = {answer.witness.samples}"
        case zg.Unsat(evidence="certificate", certificate=certificate) if certificate is not None:
            return "no, with a proof", ", ".join(part.kind for part in certificate.parts)
        case zg.Unsat():
            return "no, on a solver's word", "; ".join(answer.open)
    return "unknown", f"{answer.reason} {answer.detail}".strip() if isinstance(answer, zg.Unknown) else ""


def main() -> None:
    """Ask all questions, or list them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--list", action="store_true", help="print the questions")
    parser.add_argument("--only", type=int, nargs="+", help="these questions alone, each with its answer")
    options = parser.parse_args()
    questions = list(enumerate(open_ended(options.count, options.seed)))
    if options.only:
        questions = [(number, problem) for number, problem in questions if number in options.only]
    if options.list:
        for _, problem in questions:
            print(json.dumps(problem.to_json()))
        return
    counts: Counter[str] = Counter()
    longest, left = 0.0, []
    for number, problem in questions:
        start = time.perf_counter()
        answer, detail = outcome(problem, options.seconds)
        elapsed = time.perf_counter() - start
        longest = max(longest, elapsed)
        counts[answer] += 1
        line = f"question {number}: {answer} ({detail}), {elapsed:.1f} s"
        if options.only or answer in ANSWERS[2:]:
            left.append(line)
        print(line, file=sys.stderr)
    print(f"| {' | '.join(ANSWERS)} | longest |\n|{'---|' * (len(ANSWERS) + 1)}")
    print(f"| {' | '.join(str(counts[answer]) for answer in ANSWERS)} | {longest:.1f} s |")
    print(*left, sep="\n")


if __name__ == "__main__":
    main()
