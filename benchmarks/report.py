"""From the results of `benchmarks/engine.py` to tables: on a terminal, on a page, and in the README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import figures
from benchmarks.contender import BUILDS, EARLIER, OURS, RIVALS, VERDICT
from benchmarks.figures import short, shown_outcome, shown_ratio

Data = Mapping[str, Any]
Rows = list[list[str]]
"""A table, its head first."""


def text(data: Data) -> str:
    """Everything, for a terminal."""
    lines = [_machine(data)]
    for title, rows in tables(data):
        lines += ["", title, *_aligned(rows)]
    lines += ["", *notes(data)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def tables(data: Data) -> Iterator[tuple[str, Rows]]:
    """Every table of what was measured, with a title."""
    if found := figures.summary(data):
        yield f"{found['questions']} random questions, at most {found['cap']:g} s each", random_rows(found)
    if data.get("named"):
        yield f"Named cases, at most {data['options']['cap']:g} s for a rival", list(named_rows(data))


def random_rows(found: Mapping[str, Any]) -> Rows:
    """The table of random questions."""
    asked = {OURS: ("≥ 1.2", ""), VERDICT: ("≥ 3", "≤ 3 %")}
    count = found["questions"]
    rows = [[
        "contender", "decided", "asked", *(f"best of {called} / it: mean" for called in figures.RIVAL_SETS),
        "asked", "a rival is > 3 times faster", "asked",
    ]]  # fmt: skip
    for name, number in found["decided"].items():
        row = [name, _share(number, count)]
        if name in RIVALS:
            rows.append([*row, "", "", "", "", "", ""])
            continue
        mean, much = asked.get(name, ("", ""))
        row.append("≥ 99.5 %" if name in BUILDS else "")
        for called in figures.RIVAL_SETS:
            means = found["means"][name][called]
            parts = ", ".join(f"{k} {short(v)}" for k, v in means.items() if k != "all" and v is not None)
            row.append(f"{short(means['all'])} ({parts})")
        row.append(mean)
        row.append(", ".join(_share(len(numbers), count) for numbers in found["much_faster"][name].values()))
        rows.append([*row, much])
    return rows


def named_rows(data: Data) -> Iterator[list[str]]:
    """The table of the named cases."""
    names = figures.contenders({"named": data["named"]})
    earlier = EARLIER[VERDICT] in names
    head = ["question", "asked", *names, "best rival / zerograd", "… / verdict alone"]
    yield [*head, "earlier / today", "… verdict alone"] if earlier else head
    for case in data["named"]:
        results = case["results"]
        asked = f"{case['asked']:g} s"
        if figures.decided(results, OURS) and results[OURS]["seconds"] > case["asked"]:
            asked += " (missed)"
        row = [
            f"{case['group']}, {case['name']}",
            asked,
            *(shown_outcome(results.get(name)) for name in names),
            *(shown_ratio(results, data["options"]["cap"], name) for name in BUILDS),
        ]
        if earlier:
            ups = [figures.sped_up(results, name) for name in BUILDS]
            row += ["—" if up is None else short(up) for up in ups]
        yield row


def notes(data: Data) -> list[str]:
    """What the tables do not say, a line each."""
    lines = []
    if found := figures.summary(data):
        for build, questions in found["open"].items():
            for q in questions:
                by = f", decided by {' and '.join(q['decided_by'])}" if q["decided_by"] else ""
                lines.append(f"left open by {build}: random question {q['number']}{by} ({q['detail']})")
        for build in BUILDS:
            for called, numbers in found["much_faster"].get(build, {}).items():
                if numbers:
                    shown = ", ".join(map(str, numbers))
                    lines.append(f"{called} more than 3 times faster than {build}: random questions {shown}")
        if numbers := figures.uncertified(data):
            lines.append(f"impossible, without a certificate: random questions {', '.join(map(str, numbers))}")
        for build, times in found.get("earlier / today", {}).items():
            lines.append(f"random questions, {build}: the earlier build's time over today's is {short(times)} (mean)")
    if data.get("earlier") and data.get("named"):
        late = [
            f"{case['group']}, {case['name']}: {name} takes {times:.2f} times as long as in the earlier build"
            for case in data["named"]
            for name, times in figures.slower(case["results"]).items()
        ]
        lines += late or ["no named case got slower than in the earlier build by more than 10 %"]
    wrong = data["contradictions"]
    return [*lines, *([f"CONTRADICTION: {line}" for line in wrong] or ["no verdict contradicts another"])]


def _machine(data: Data) -> str:
    machine, options = data["machine"], data["options"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{versions}; {machine['cores']} cores; {options['memory_gib']:g} GiB"


def _share(number: int, count: int) -> str:
    return f"{100 * number / count:.1f} %".replace(".0 %", " %")


def _aligned(rows: Rows) -> list[str]:
    """The rows as columns of a fixed width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
