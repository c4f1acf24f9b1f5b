"""Where the time of a warm, small answer goes, and what it could not be less than.

    python benchmarks/profiling.py [--seconds 3] [--json FILE]

Each question is asked again and again, and the stacks of all processes are looked at once a millisecond
(`benchmarks/sampling.py`), which costs something. The caller waits while the search works: what the other
processes do is listed below that. The floor is measured by itself: a line to another Python process and back,
the exact check, the JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

import zerograd as zg  # noqa: E402  # found now
from benchmarks.questions import random_questions  # noqa: E402
from benchmarks.sampling import Sampler, watching  # noqa: E402
from zerograd.core.question.problem import Problem  # noqa: E402
from zerograd.core.refuting.certificate import certificate_from_json  # noqa: E402
from zerograd.core.refuting.refutation import check_certificate  # noqa: E402
from zerograd.core.verdict.answer import Answer  # noqa: E402
from zerograd.core.verdict.checking import check_witness  # noqa: E402
from zerograd.core.verdict.witness import witness_from_json  # noqa: E402
from zerograd.proving.process import ProofProcess  # noqa: E402
from zerograd.search.process import SearchProcess  # noqa: E402

FOUNDING: Mapping[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
ECHO = "import sys\nfor line in sys.stdin.buffer:\n sys.stdout.buffer.write(line); sys.stdout.buffer.flush()"
SAMPLED = 6
"""The random question that is profiled: one that Z3 has to answer."""
WAITING = "waiting"
TIMES = 200
"""Times that a part of the floor is measured."""
LISTED = 0.04
"""Share of some answer that a stage takes to have a row of its own."""


def questions() -> dict[str, Problem]:
    """The questions by title."""
    return {
        "founding question, sat": Problem(network=[1, 1, 1], samples=3, **FOUNDING),
        "two samples, H=2, unsat": Problem(network=[1, 2, 1], samples=2, **FOUNDING),
        f"random question {SAMPLED}": random_questions(SAMPLED + 1)[SAMPLED],
    }


def profiled(problem: Problem, seconds: float) -> dict[str, Any]:
    """Milliseconds by stage, of the caller and of the other processes, for one answer; and the floor."""
    with SearchProcess() as process, ProofProcess() as prover:
        answer = _asking(problem, process, prover)
        _, unwatched = _again(answer, seconds / 2)
    with watching(ROOT) as watch, SearchProcess() as process, ProofProcess() as prover:
        answer = _asking(problem, process, prover)
        _again(answer, 0.0)
        watch.forget()
        sampler = Sampler()
        sampler.start()
        found, watched = _again(answer, seconds, warm=0)
        sampler.stop()
        others = watch.seen()
    return {
        "answer": found.status,
        "times": len(watched),
        "whole": 1000 * statistics.median(unwatched),
        "watched": 1000 * sum(watched) / len(watched),
        "caller": _shares(sampler.seen, len(watched)),
        "others": _shares(others, len(watched)),
        "floor": floor(problem, found),
    }


def _asking(problem: Problem, process: SearchProcess, prover: ProofProcess) -> Callable[[], Answer]:
    def answer() -> Answer:
        found = zg.solve(problem, timeout=10.0, prefer="any", process=process, prover=prover)
        json.dumps(found.to_json())
        return found

    return answer


def _again(answer: Callable[[], Answer], seconds: float, warm: int = 10) -> tuple[Answer, list[float]]:
    """An answer, and the seconds that each took, after some that find caches empty."""
    for _ in range(warm):
        answer()
    taken = list[float]()
    while not taken or sum(taken) < seconds:
        begin = time.perf_counter()
        found = answer()
        taken.append(time.perf_counter() - begin)
    return found, taken


def _shares(seen: Mapping[str, float], times: int) -> dict[str, float]:
    found = {name: 1000 * seconds / times for name, seconds in seen.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


# --- the floor -------------------------------------------------------------------------------


def floor(problem: Problem, answer: Answer) -> dict[str, float]:
    """Milliseconds of what no answer can do without, each measured by itself."""
    document = json.dumps(answer.to_json())
    parts: dict[str, list[Callable[[], object]]] = {"JSON": [lambda: json.dumps(answer.to_json())] * TIMES}
    match answer:
        case zg.Sat(witness=witness):
            told = witness.to_json()
            fresh = [witness_from_json(problem, told) for _ in range(TIMES)]  # one remembers its passes
            parts["exact check"] = [partial(check_witness, problem, one) for one in fresh]
        case zg.Unsat(certificate=certificate) if certificate is not None:
            told = certificate.to_json()
            proofs = [certificate_from_json(told) for _ in range(TIMES)]
            parts["exact check"] = [partial(check_certificate, problem, one) for one in proofs]
    pipe, command = subprocess.PIPE, [sys.executable, "-c", ECHO]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as echo:
        sent, received = echo.stdin, echo.stdout
        assert sent is not None  # for the type checker: they are pipes
        assert received is not None

        def there_and_back() -> None:
            sent.write(document.encode() + b"\n")
            sent.flush()
            received.readline()

        parts["a line to a process and back"] = [there_and_back] * TIMES
        found = {name: 1000 * _median(actions) for name, actions in parts.items()}
        sent.close()
    return found


def _median(actions: Sequence[Callable[[], object]]) -> float:
    """Seconds that one of these actions takes."""
    taken = []
    for action in actions:
        begin = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


# --- tables ----------------------------------------------------------------------------------


def rows(profiles: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """The table: stages of the caller, what the others do while it waits, and the floor."""
    whole = {title: p["whole"] for title, p in profiles.items()}
    floors = {title: sum(p["floor"].values()) for title, p in profiles.items()}
    table = [["milliseconds of an answer", *profiles], _row("**whole answer**", whole)]
    table.append(_row("whole answer, watched", {title: p["watched"] for title, p in profiles.items()}))
    table += _stages(profiles, "caller", "the caller: ", "else")
    table += _stages(profiles, "others", "meanwhile: ", "other modules")
    table.append(_row("**floor**", floors))
    table += _stages(profiles, "floor", "floor: ", "else")
    return [
        *table,
        ["**whole answer / floor**", *(f"{whole[title] / floors[title]:.1f}" for title in profiles)],
    ]


def _row(name: str, cells: Mapping[str, float]) -> list[str]:
    return [name, *(f"{ms:.2f}" if ms >= 0.005 else "" for ms in cells.values())]


def _stages(profiles: Mapping[str, Mapping[str, Any]], part: str, indent: str, rest: str) -> list[list[str]]:
    """A row for each stage that takes a share of some answer, and one for all others."""
    found: dict[str, dict[str, float]] = {}
    for title, profile in profiles.items():
        for name, ms in profile[part].items():
            if not (part == "others" and name == WAITING):
                found.setdefault(name, {})[title] = ms
    shares = {
        name: max(ms / profiles[title]["watched"] for title, ms in cells.items())
        for name, cells in found.items()
    }
    listed = [name for name in sorted(found, key=lambda n: -shares[n]) if name != rest]
    kept = [name for name in listed if part == "floor" or shares[name] >= LISTED]
    cells = {name: {title: found[name].get(title, 0.0) for title in profiles} for name in kept}
    table = [_row(f"{indent}{name}", cells[name]) for name in kept]
    left = [found[name] for name in found if name not in kept]
    if left:
        sums = {title: sum(one.get(title, 0.0) for one in left) for title in profiles}
        table.append(_row(f"{indent}{rest}", sums))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each question")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    profiles = {title: profiled(problem, options.seconds) for title, problem in questions().items()}
    table = rows(profiles)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    if options.json:
        options.json.write_text(json.dumps(profiles, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
