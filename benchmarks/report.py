"""From the results of `benchmarks/engine.py` to tables: on a terminal, on a page, and in the README."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contender import NAMES

OURS, *RIVALS = NAMES
BEGIN, END = "<!-- benchmark: engine -->", "<!-- end -->"
BEGIN_EXCERPT = "<!-- benchmark: engine, an excerpt -->"
EXCERPT = {
    "headline, H=1 D=1 M=3": "the question above, H=1 D=1 M=3",
    "headline, H=1 D=1 M=20": "H=1 D=1 M=20",
    "headline, H=5 D=2 M=20": "H=5 D=2 M=20",
    "two samples, H=4 D=1 M=2": "two samples, H=4 D=1: impossible",
    "targets 0 or 1, H=1 D=1 M=8": "targets 0 or 1, H=1 D=1 M=8",
    "crossed, H=2 D=1 M=3": "another impossible one, H=2 D=1 M=3",
}
"""Rows of the page's table that the README has, and what they are called there."""
Results = Mapping[str, Mapping[str, Any]]
"""Contender to its outcome: ``status``, ``seconds``, ``detail``."""


def decided(results: Results, name: str) -> bool:
    return name in results and results[name]["status"] in ("sat", "unsat")


def contradicting(results: Results) -> bool:
    """Whether one contender says sat and another (or the same one, in another run) unsat."""
    said = {status for outcome in results.values() for status in outcome.get("said", [outcome["status"]])}
    return {"sat", "unsat"} <= said


def best_rival(results: Results, cap: float) -> float:
    """Seconds of the faster rival; the cap if neither decided."""
    times: list[float] = [results[name]["seconds"] for name in RIVALS if decided(results, name)]
    return min([cap, *times])


def ratio(results: Results, cap: float) -> float:
    """Best rival / zerograd, a question that is left open counted as the cap for either."""
    ours: float = min(cap, results[OURS]["seconds"]) if decided(results, OURS) else cap
    return best_rival(results, cap) / ours


def shown_ratio(results: Results, cap: float) -> str:
    """``12``; ``> 12`` where the rivals decided nothing; a dash where zerograd did not."""
    if OURS not in results or not any(name in results for name in RIVALS):
        return ""
    rivals = any(decided(results, name) for name in RIVALS)
    if not decided(results, OURS):
        return f"< {_short(ratio(results, cap))}" if rivals else "—"
    return ("" if rivals else "> ") + _short(ratio(results, cap))


def shown_outcome(outcome: Mapping[str, Any] | None) -> str:
    """``sat 0.12 s``, or what happened instead."""
    if outcome is None:
        return "not run"
    if outcome["status"] == "stopped":
        return f"stopped at {_short(outcome['seconds'])} s"
    return f"{outcome['status']} {_short(outcome['seconds'])} s"


def _short(value: float) -> str:
    """Two significant digits, never in exponential form."""
    if value >= 10:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


# --- tables ----------------------------------------------------------------------------------


def rows(data: Mapping[str, Any]) -> Iterator[list[str]]:
    """The table of the named cases, its head first."""
    yield ["question", "asked", *NAMES, "best rival / zerograd"]
    for case in data["named"]:
        results = case["results"]
        asked = f"{case['asked']:g} s"
        if decided(results, OURS) and results[OURS]["seconds"] > case["asked"]:
            asked += " (missed)"
        yield [
            f"{case['group']}, {case['name']}",
            asked,
            *(shown_outcome(results.get(name)) for name in NAMES),
            shown_ratio(results, data["options"]["cap"]),
        ]


def summary(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The random questions: shares decided, slowest answer, geometric mean of the ratios, what is open."""
    section = data.get("random")
    if not section or not section["questions"]:
        return None
    questions, cap = section["questions"], section["cap"]
    answered = [q for q in questions if decided(q["results"], OURS)]
    ratios = [ratio(q["results"], cap) for q in questions]
    slowest = max(answered, key=lambda q: q["results"][OURS]["seconds"], default=None)
    return {
        "questions": len(questions),
        "cap": cap,
        "decided": {name: sum(decided(q["results"], name) for q in questions) for name in NAMES},
        "slowest": slowest
        and {"number": slowest["number"], "seconds": slowest["results"][OURS]["seconds"]},
        "geometric_mean_ratio": math.exp(sum(map(math.log, ratios)) / len(ratios)),
        "open": [
            {
                "number": q["number"],
                "detail": q["results"][OURS]["detail"],
                "rivals": [q["results"][name]["status"] for name in RIVALS if name in q["results"]],
            }
            for q in questions
            if not decided(q["results"], OURS)
        ],
        "slower_than_asked": [
            q["number"] for q in answered if q["results"][OURS]["seconds"] > section["asked"]
        ],
    }  # fmt: skip


def text(data: Mapping[str, Any]) -> str:
    """Everything, for a terminal."""
    lines = [_machine(data), ""]
    if data["named"]:
        table = list(rows(data))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines += ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in table]
        lines.append("")
    lines += _random_lines(data)
    lines += _contradiction_lines(data)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _machine(data: Mapping[str, Any]) -> str:
    machine, options = data["machine"], data["options"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{versions}; {machine['cores']} cores; cap {options['cap']:g} s, {options['memory_gib']:g} GiB"


def _random_lines(data: Mapping[str, Any]) -> list[str]:
    found = summary(data)
    if found is None:
        return []
    number = found["questions"]
    shares = ", ".join(
        f"{name} {count} ({100 * count / number:.0f} %)" for name, count in found["decided"].items()
    )
    mean = _short(found["geometric_mean_ratio"])
    lines = [
        f"{number} random questions, at most {found['cap']:g} s each",
        f"  decided: {shares}",
        f"  best rival / zerograd, geometric mean, open ones at the cap: {mean}",
    ]
    if found["slowest"]:
        slowest = found["slowest"]
        lines.append(
            f"  zerograd's slowest answer: {_short(slowest['seconds'])} s (question {slowest['number']})"
        )
    for question in found["open"]:
        rivals = ", ".join(
            f"{name} {status}" for name, status in zip(RIVALS, question["rivals"], strict=False)
        )
        lines.append(f"  left open: question {question['number']}: {question['detail']} ({rivals})")
    return lines


def _contradiction_lines(data: Mapping[str, Any]) -> list[str]:
    found = [f"  {name}" for name in data["contradictions"]]
    return ["", f"CONTRADICTIONS: {len(found)}", *found] if found else ["", "no contradictions"]


def markdown(data: Mapping[str, Any]) -> str:
    """What stands between the markers on the page."""
    head, *body = rows(data)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in body]
    found = summary(data)
    if found:
        number = found["questions"]
        shares = ", ".join(f"{name} {100 * count / number:.0f} %" for name, count in found["decided"].items())
        ratio_shown = _short(found["geometric_mean_ratio"])
        told = (
            f"Shares decided of {number} random questions, with {found['cap']:g} seconds for each: "
            f"{shares}. The better rival's time over zerograd's is {ratio_shown} in the geometric "
            "mean; "
            "a question left open counts as the cap for either."
        )
        lines += ["", told]
    said = (
        "They contradict each other: see above."
        if data["contradictions"]
        else "No verdict contradicts another."
    )
    return "\n".join([*lines, "", f"{said} ({_machine(data)}.)"])


def excerpt(page: str) -> str:
    """Some rows of the table on a page, and what the page says of random questions.

    Raises:
        ValueError: a row is missing.
    """
    rows = dict(line.strip("| ").split(" | ", 1) for line in page.splitlines() if line.startswith("| "))
    if missing := EXCERPT.keys() - rows.keys():
        raise ValueError(f"no row is called {', '.join(sorted(missing))}")
    lines = ["| question | " + " | ".join(NAMES) + " |", "|" + "---|" * (1 + len(NAMES))]
    for name, called in EXCERPT.items():
        _, *times, _ = rows[name].split(" | ")  # without the time asked for, and the ratio
        lines.append("| " + " | ".join([called, *times]) + " |")
    said = [line.partition(". ")[0] for line in page.splitlines() if line.startswith("Shares ")]
    return "\n".join([*lines, *(f"\n{line}." for line in said)])


def write_pages(page: Path, readme: Path, data: Mapping[str, Any]) -> None:
    """Put the table on its page, and some of its rows into the README. Raises ValueError as `put_between`."""
    table = markdown(data)
    put_between(page, BEGIN, table)
    put_between(readme, BEGIN_EXCERPT, excerpt(table))


def put_between(path: Path, begin: str, text: str) -> None:
    """Put a text between a marker and the next end.

    Raises:
        ValueError: the markers are not there, the first of them once, and in order.
    """
    whole = path.read_text(encoding="utf-8")
    before, marker, rest = whole.partition(begin)
    _, end, after = rest.partition(END)
    if not (marker and end) or begin in rest:
        raise ValueError(f"{path}: expected {begin} … {END}, once")
    path.write_text(f"{before}{begin}\n{text}\n{END}{after}", encoding="utf-8")


def contradictions(named: Sequence[Mapping[str, Any]], asked: Sequence[Mapping[str, Any]]) -> list[str]:
    """The questions on which verdicts differ, with who said what."""
    titled = [(f"{case['group']}, {case['name']}", case["results"]) for case in named]
    titled += [(f"random question {q['number']}", q["results"]) for q in asked]
    return [
        f"{title}: " + ", ".join(f"{name} {outcome['status']}" for name, outcome in results.items())
        for title, results in titled
        if contradicting(results)
    ]
