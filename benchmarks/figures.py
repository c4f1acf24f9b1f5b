"""Figures from results of `benchmarks/engine.py`: ratios, shares, what got slower. Nothing is measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.contender import BUILDS, CVC5, EARLIER, OURS, RIVALS, Z3

Results = Mapping[str, Mapping[str, Any]]
"""Contender to its outcome: ``status``, ``seconds``, ``detail``."""
RIVAL_SETS = {"Z3 and cvc5": (Z3, CVC5), "all three rivals": RIVALS}
"""Rivals of which the best counts. What is asked was set against the first."""
MUCH = 3.0
"""How many times faster a rival has to be to be much faster."""
SLOWER = 1.1
"""How many times as long a case may take as with an earlier build."""


def decided(results: Results, name: str) -> bool:
    """Whether a contender said sat or unsat."""
    return name in results and results[name]["status"] in ("sat", "unsat")


def contradicting(results: Results) -> bool:
    """Whether one contender says sat and another (or the same one, in another run) unsat."""
    said = {status for outcome in results.values() for status in outcome.get("said", [outcome["status"]])}
    return {"sat", "unsat"} <= said


def best_rival(results: Results, cap: float, rivals: Sequence[str] = RIVALS) -> float:
    """Seconds of the fastest rival; the cap if none decided."""
    times: list[float] = [results[name]["seconds"] for name in rivals if decided(results, name)]
    return min([cap, *times])


def ratio(results: Results, cap: float, ours: str = OURS, rivals: Sequence[str] = RIVALS) -> float:
    """Best rival / zerograd, a question that is left open counted as the cap for either."""
    seconds: float = min(cap, results[ours]["seconds"]) if decided(results, ours) else cap
    return best_rival(results, cap, rivals) / seconds


def slower(results: Results) -> dict[str, float]:
    """How many times as long today's build takes as the earlier one, where that is more than `SLOWER`."""
    found = {}
    for name, called in EARLIER.items():
        if decided(results, called) and name in results:
            open_now = not decided(results, name)
            times = math.inf if open_now else results[name]["seconds"] / results[called]["seconds"]
            if times > SLOWER:
                found[name] = times
    return found


def sped_up(results: Results, name: str) -> float | None:
    """Earlier build / today's; None where either did not decide."""
    if decided(results, name) and decided(results, EARLIER[name]):
        return float(results[EARLIER[name]]["seconds"] / results[name]["seconds"])
    return None


def geometric_mean(values: Sequence[float]) -> float:
    """exp of the mean of the logarithms."""
    return math.exp(sum(map(math.log, values)) / len(values))


def contenders(data: Mapping[str, Any]) -> list[str]:
    """Who took part, in the order of `everyone`."""
    found = [*data.get("named", []), *data.get("random", {}).get("questions", [])]
    present = {name for entry in found for name in entry["results"]}
    return [name for name in (*BUILDS, *EARLIER.values(), *RIVALS) if name in present]


def summary(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The random questions: shares decided, geometric means, where rivals are much faster, what is open."""
    section = data.get("random")
    if not section or not section["questions"]:
        return None
    questions, cap = section["questions"], section["cap"]
    names = contenders(data)
    builds = [name for name in names if name not in RIVALS]
    found: dict[str, Any] = {
        "questions": len(questions),
        "cap": cap,
        "decided": {name: sum(decided(q["results"], name) for q in questions) for name in names},
        "means": {}, "much_faster": {}, "open": {}, "slowest": {},
    }  # fmt: skip
    for build in builds:
        found["means"][build] = {
            called: {
                "all": _mean(questions, cap, build, rivals),
                "sat": _mean([q for q in questions if _said(q, "sat")], cap, build, rivals),
                "unsat": _mean([q for q in questions if _said(q, "unsat")], cap, build, rivals),
            }
            for called, rivals in RIVAL_SETS.items()
        }
        found["much_faster"][build] = {
            called: [q["number"] for q in questions if ratio(q["results"], cap, build, rivals) < 1 / MUCH]
            for called, rivals in RIVAL_SETS.items()
        }
        found["open"][build] = list(_open(questions, build))
        answered = [q for q in questions if decided(q["results"], build)]
        if answered:
            slowest = max(answered, key=lambda q: q["results"][build]["seconds"])
            found["slowest"][build] = [slowest["number"], slowest["results"][build]["seconds"]]
    if EARLIER[OURS] in names:
        found["earlier / today"] = {
            build: geometric_mean(
                [
                    _at_most(cap, q["results"], EARLIER[build]) / _at_most(cap, q["results"], build)
                    for q in questions
                ]
            )
            for build in BUILDS
        }
    return found


def _at_most(cap: float, results: Results, name: str) -> float:
    return min(cap, results[name]["seconds"]) if decided(results, name) else cap


def _said(question: Mapping[str, Any], status: str) -> bool:
    return any(outcome["status"] == status for outcome in question["results"].values())


def _mean(questions: Sequence[Any], cap: float, build: str, rivals: Sequence[str]) -> float | None:
    return geometric_mean([ratio(q["results"], cap, build, rivals) for q in questions]) if questions else None


def _open(questions: Sequence[Any], build: str) -> Iterator[dict[str, Any]]:
    """What a build left open, and the rivals that decided it."""
    for question in questions:
        results = question["results"]
        if not decided(results, build):
            yield {
                "number": question["number"],
                "detail": results[build]["detail"],
                "decided_by": [name for name in RIVALS if decided(results, name)],
            }


def uncertified(data: Mapping[str, Any]) -> list[int]:
    """Random questions whose no carries no certificate."""
    return [
        q["number"]
        for q in data.get("random", {}).get("questions", [])
        if q["results"][OURS]["status"] == "unsat" and "certificate" not in q["results"][OURS]["detail"]
    ]


def titled(data: Mapping[str, Any]) -> Iterator[tuple[str, Results]]:
    """What was answered, with the question's name."""
    for case in data.get("named", []):
        yield f"{case['group']}, {case['name']}", case["results"]
    for question in data.get("random", {}).get("questions", []):
        yield f"random question {question['number']}", question["results"]
    for part in ("large", "given"):
        for case in data.get(part, []):
            yield f"{part}, {case['name']}", case["results"]


def contradictions(data: Mapping[str, Any]) -> list[str]:
    """The questions on which verdicts differ, with who said what."""
    return [
        f"{title}: " + ", ".join(f"{name} {outcome['status']}" for name, outcome in results.items())
        for title, results in titled(data)
        if contradicting(results)
    ]


def faults(data: Mapping[str, Any]) -> list[str]:
    """Contradictions, and errors of zerograd."""
    errors = [
        f"{title}: {name}: {results[name]['detail']}"
        for title, results in titled(data)
        for name in BUILDS
        if name in results and results[name]["status"] == "error"
    ]
    return [*data["contradictions"], *errors]


# --- wording ---------------------------------------------------------------------------------


def shown_outcome(outcome: Mapping[str, Any] | None) -> str:
    """``sat 0.12 s``, or what happened instead."""
    if outcome is None:
        return "not run"
    if outcome["status"] == "stopped":
        return f"stopped at {short(outcome['seconds'])} s"
    return f"{outcome['status']} {short(outcome['seconds'])} s"


def shown_outcomes(results: Results) -> str:
    """Those of all contenders, in one line."""
    return "; ".join(f"{name} {shown_outcome(outcome)}" for name, outcome in results.items())


def shown_ratio(results: Results, cap: float, ours: str = OURS, rivals: Sequence[str] = RIVALS) -> str:
    """``12``; ``> 12`` where the rivals decided nothing; a dash where zerograd did not."""
    if ours not in results or not any(name in results for name in rivals):
        return ""
    theirs = any(decided(results, name) for name in rivals)
    if not decided(results, ours):
        return f"< {short(ratio(results, cap, ours, rivals))}" if theirs else "—"
    return ("" if theirs else "> ") + short(ratio(results, cap, ours, rivals))


def short(value: float) -> str:
    """Two significant digits, never in exponential form."""
    if value >= 10:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def percent(number: int, count: int) -> str:
    """``97.5 %``, ``98 %``."""
    return f"{100 * number / count:.1f} %".replace(".0 %", " %")
