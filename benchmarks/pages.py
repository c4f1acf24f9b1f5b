"""The tables of `benchmarks/engine.py` on their page, between markers, and some of them in the README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import chart, figures, report
from benchmarks.contender import CVC5, OURS, YICES, Z3
from benchmarks.figures import short, shown_outcome

END = "<!-- end -->"
BEGIN_EXCERPT = "<!-- benchmark: engine, an excerpt -->"
PICTURE = "assets/growth.svg"
"""Beside the page."""
EXCERPT = {
    "headline, H=1 D=1 M=3": "the question above, H=1 D=1 M=3",
    "headline, H=5 D=2 M=20": "H=5 D=2 M=20",
    "large, H=20 D=5 M=10000": "H=20 D=5 M=10 000",
    "two samples, H=4 D=1 M=2": "two samples, H=4 D=1: impossible",
    "targets 0 or 1, H=1 D=1 M=8": "targets 0 or 1, H=1 D=1 M=8",
    "crossed, H=2 D=1 M=3": "another impossible one, H=2 D=1 M=3",
}
"""Named cases that the README has, and what they are called there."""
SHOWN = (OURS, Z3, CVC5, YICES)


def begin(part: str) -> str:
    """The marker before a table of the page."""
    return f"<!-- benchmark: {part} -->"


def section(part: str, data: Mapping[str, Any]) -> str | None:
    """What stands between the markers of a part; None where it was not measured."""
    rows = report.TABLES[part][1](data)
    if not rows:
        return None
    if part == "growth":
        alt = "seconds of a whole answer against hidden units, samples and inputs, on logarithmic scales"
        return f"![Cost against size: {alt}]({PICTURE})\n\n{source(data)}"
    said = report.notes(part, data)
    lines = [_markdown(rows), "", *(f"- {line}" for line in said), *([""] if said else []), source(data)]
    return "\n".join(lines)


def source(data: Mapping[str, Any]) -> str:
    """The run that figures are from."""
    return f"({report.machine(data)}.)"


def excerpt(data: Mapping[str, Any]) -> str:
    """Some rows for the README, and a sentence on random questions.

    Raises:
        ValueError: a case of the excerpt was not asked.
    """
    cases = {f"{case['group']}, {case['name']}": case["results"] for case in data.get("named", [])}
    if missing := EXCERPT.keys() - cases.keys():
        raise ValueError(f"no case is called {', '.join(sorted(missing))}")
    names = [name for name in SHOWN if any(name in results for results in cases.values())]
    rows = [["question", *names]]
    for name, called in EXCERPT.items():
        rows.append([called, *(shown_outcome(cases[name].get(contender)) for contender in names)])
    lines = [_markdown(rows)]
    if found := figures.summary(data):
        shares = ", ".join(f"{n} {100 * found['decided'][n] / found['questions']:.0f} %" for n in names)
        asked = f"{found['questions']} random questions, with {found['cap']:g} seconds for each"
        lines += ["", f"Shares decided of {asked}: {shares}."]
    large = {case["name"]: case["results"].get(OURS) for case in data.get("large", [])}
    if large and all(found and found["status"] == "sat" for found in large.values()):
        shown = ", ".join(f"{name} {short(found['seconds'])} s" for name, found in large.items() if found)
        lines += ["", f"Larger ones of the same kind, exact check and all: {shown}."]
    return "\n".join(lines)


def write_pages(page: Path, readme: Path, data: Mapping[str, Any]) -> None:
    """Put every table that was measured on the page, the picture beside it, and an excerpt into the README.

    Parts that were not measured stay as they are.

    Raises:
        ValueError: as `put_between`.
    """
    for part in report.TABLES:
        found = section(part, data)
        if found is not None:
            put_between(page, begin(part), found)
    if data.get("growth"):
        picture = page.parent / PICTURE
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(chart.drawn(data["growth"]))
    if {f"{case['group']}, {case['name']}" for case in data.get("named", [])} >= EXCERPT.keys():
        put_between(readme, BEGIN_EXCERPT, excerpt(data))


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in body)])


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
