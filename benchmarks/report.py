"""From the results of `benchmarks/engine.py` to tables, a title and rows each, and to text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks import asked, figures, profiling
from benchmarks.contender import BUILDS, EARLIER, OURS, RIVALS
from benchmarks.figures import percent, short, shown_outcome, shown_ratio

Data = Mapping[str, Any]
Rows = list[list[str]]
"""A table, its head first."""
BUSY = 0.5
"""Processes that wanted to run before the run began: with more of them, times say little."""
LISTED = 40
"""Random questions that are named at most: more of them say no more."""


def text(data: Data) -> str:
    """Everything, for a terminal."""
    lines = [machine(data)]
    for part, (title, rows) in TABLES.items():
        if table := rows(data):
            lines += ["", title, *_aligned(table), *notes(part, data)]
    wrong = [f"CONTRADICTION: {line}" for line in data["contradictions"]]
    lines += ["", *(wrong or ["no verdict contradicts another"])]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def machine(data: Data) -> str:
    """With what was measured."""
    machine, options = data["machine"], data["options"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    commits = f"commit {machine['commit']}" if machine.get("commit") else "no commit"
    if data.get("earlier"):
        commits += f", earlier build {data['earlier'][:12]}"
    load = machine.get("load")
    busy = "" if load is None else f"; load before the run {load:g}" + (" (**busy**)" if load > BUSY else "")
    limits = f"at most {options['cap']:g} s for a named case, {options['memory_gib']:g} GiB a process"
    seconds = f"{data.get('seconds', 0):.0f} s in all"
    return f"{commits}; {versions}; {machine['cores']} cores{busy}; {limits}; {seconds}"


def asked_rows(data: Data) -> Rows:
    """What is asked, beside what was measured."""
    found = asked.asked(data)
    return [asked.HEAD, *(one.row() for one in found)] if found else []


def random_rows(data: Data) -> Rows:
    """The table of random questions."""
    found = figures.summary(data)
    if found is None:
        return []
    count, sets = found["questions"], figures.RIVAL_SETS
    rows = [[f"{count} random questions, {found['cap']:g} s each", "decided",
             *(f"best of {called} / it" for called in sets), "sat ones", "unsat ones",
             "a rival > 3 times faster", "the slowest answer"]]  # fmt: skip
    for name, number in found["decided"].items():
        row = [name, percent(number, count)]
        if name in RIVALS:
            rows.append([*row, *[""] * 6])
            continue
        first, *_ = sets
        row += [short(found["means"][name][called]["all"]) for called in sets]
        row += [_mean(found["means"][name][first][status]) for status in ("sat", "unsat")]
        row.append(", ".join(percent(len(numbers), count) for numbers in found["much_faster"][name].values()))
        slowest = found["slowest"].get(name)
        rows.append([*row, f"{short(slowest[1])} s (question {slowest[0]})" if slowest else ""])
    return rows


def named_rows(data: Data) -> Rows:
    """The table of the named cases."""
    if not data.get("named"):
        return []
    names = figures.contenders({"named": data["named"]})
    earlier = EARLIER[OURS] in names
    names = [name for name in names if name not in EARLIER.values()]
    head = ["question", "asked", *names, "best rival / zerograd", "… / verdict alone"]
    rows = [[*head, "earlier build / today", "…, verdict alone"] if earlier else head]
    for case in data["named"]:
        results = case["results"]
        wanted = f"{case['asked']:g} s"
        if figures.decided(results, OURS) and results[OURS]["seconds"] > case["asked"]:
            wanted += " (missed)"
        row = [
            f"{case['group']}, {case['name']}",
            wanted,
            *(shown_outcome(results.get(name)) for name in names),
            *(shown_ratio(results, data["options"]["cap"], name) for name in BUILDS),
        ]
        if earlier:
            ups = [figures.sped_up(results, name) for name in BUILDS]
            row += ["—" if up is None else short(up) for up in ups]
        rows.append(row)
    return rows


def warm_rows(data: Data) -> Rows:
    """The founding question in a warm process."""
    if not data.get("warm"):
        return []
    rows = [["the founding question, warm", "today, median", "best", "earlier build, median", "best"]]
    for title, found in data["warm"].items():
        cells = [
            f"{1000 * found[called][which]:.2f} ms" if called in found else ""
            for called in ("today", "earlier")
            for which in ("median", "best")
        ]
        rows.append([title, *cells])
    return rows


def cold_rows(data: Data) -> Rows:
    """Whole processes."""
    if not data.get("cold"):
        return []
    rows = [["whole process, cold", "median", "best", "/ import sympy, z3"]]
    for name, row in data["cold"].items():
        rows.append([f"`{name}`" if "," not in name[:20] else name, f"{row['median']:.3f} s",
                     f"{row['best']:.3f} s", f"{row['ratio']:.2f}"])  # fmt: skip
    return rows


def large_rows(data: Data) -> Rows:
    """Large questions."""
    return _sized_rows(data.get("large"), "large question")


def given_rows(data: Data) -> Rows:
    """Questions with everything given."""
    return _sized_rows(data.get("given"), "everything given")


def _sized_rows(cases: Any, title: str) -> Rows:
    if not cases:
        return []
    rows = [[title, "zerograd", "memory", "earlier build", "memory", "earlier / today"]]
    for case in cases:
        row = [case["name"]]
        for called in (OURS, EARLIER[OURS]):
            found = case["results"].get(called)
            row.append(shown_outcome(found) if found else "")
            row.append(f"{found['memory'] / 2**20:.0f} MiB" if found and found.get("memory") else "")
        up = figures.sped_up(case["results"], OURS)
        rows.append([*row, "" if up is None else short(up)])
    kept = [column for column in zip(*rows, strict=True) if any(column[1:])]  # where there is no memory, say
    return [list(row) for row in zip(*kept, strict=True)]


def growth_rows(data: Data) -> Rows:
    """Seconds by size, of the families that the picture has."""
    if not data.get("growth"):
        return []
    rows = [["family", "contender", "seconds by size"]]
    for family in data["growth"]:
        for called, points in family["results"].items():
            shown = ", ".join(f"{size}: {short(seconds)}" for size, seconds in points)
            rows.append([family["title"].replace("\n", ": "), called, shown])
    return rows


def profile_rows(data: Data) -> Rows:
    """Where the time of warm, small answers goes."""
    return profiling.rows(data["profile"]) if data.get("profile") else []


TABLES: Mapping[str, tuple[str, Callable[[Data], Rows]]] = {
    "asked": ("ASKED, AND MEASURED", asked_rows),
    "random": ("RANDOM QUESTIONS", random_rows),
    "named": ("NAMED CASES", named_rows),
    "warm": ("WARM", warm_rows),
    "cold": ("COLD", cold_rows),
    "large": ("LARGE", large_rows),
    "given": ("GIVEN IN FULL", given_rows),
    "growth": ("COST AGAINST SIZE", growth_rows),
    "profile": ("WHERE THE TIME GOES", profile_rows),
}


# --- what tables do not say ------------------------------------------------------------------


def notes(part: str, data: Data) -> list[str]:
    """What a table does not say, a line each."""
    match part:
        case "random":
            return list(_random_notes(data))
        case "named" if data.get("earlier"):
            late = [
                f"{case['group']}, {case['name']}: {name} takes {times:.2f} times the earlier build's time"
                for case in data["named"]
                for name, times in figures.slower(case["results"]).items()
            ]
            return late or ["No named case takes more than 10 % longer than with the earlier build."]
    return []


def _random_notes(data: Data) -> Iterator[str]:
    found = figures.summary(data)
    if found is None:
        return
    for build in BUILDS:
        if left := found["open"][build]:
            shown = "; ".join(
                f"{q['number']}" + (f" (decided by {', '.join(q['decided_by'])})" if q["decided_by"] else "")
                for q in left
            )
            yield f"Left open, {build}: random questions {shown}."
    for build in BUILDS:
        for called, numbers in found["much_faster"].get(build, {}).items():
            if 0 < len(numbers) <= LISTED:
                shown = ", ".join(map(str, numbers))
                yield f"One of {called} is more than 3 times faster than {build} on random questions {shown}."
    if numbers := figures.uncertified(data):
        yield f"Impossible, without a certificate: random questions {', '.join(map(str, numbers))}."
    for build, times in found.get("earlier / today", {}).items():
        yield f"Random questions, {build}: earlier build / today is {short(times)} in the geometric mean."


def _mean(value: float | None) -> str:
    return "" if value is None else short(value)


def _aligned(rows: Rows) -> list[str]:
    """The rows as columns of a fixed width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
