"""Figures and tables from results, without measuring anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import asked, chart, engine, figures, pages, report
from benchmarks.contender import BUILDS, CVC5, EARLIER, OURS, RIVALS, VERDICT, YICES, Z3

STATUSES = ("sat", "sat", "stopped", "sat")


def outcome(status: str, seconds: float) -> dict[str, Any]:
    return {"status": status, "seconds": seconds, "detail": ""}


def results(ours: str, *rivals: str, seconds: float = 1.0) -> dict[str, Any]:
    """The same for either build; rivals in the order of `RIVALS`."""
    found = {name: outcome(ours, seconds) for name in BUILDS}
    return found | {name: outcome(status, seconds) for name, status in zip(RIVALS, rivals, strict=True)}


def document(*named: dict[str, Any], random: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Results as a run would keep them."""
    questions = [{"number": number, "results": found} for number, found in enumerate(random)]
    return {
        "machine": {"versions": {"Python": "3"}, "cores": 2, "commit": "abc"},
        "options": {"cap": 60.0, "memory_gib": 4.0},
        "earlier": None,
        "named": [{"group": "g", "name": "n", "asked": 0.5, "results": r} for r in named],
        "random": {"cap": 10.0, "questions": questions},
        "contradictions": [],
    }


def test_contradictions_are_found() -> None:
    """Between contenders, and between runs of one."""
    assert not figures.contradicting(results("sat", "sat", "stopped", "sat"))
    assert not figures.contradicting(results("unsat", "unknown", "error", "stopped"))
    assert figures.contradicting(results("sat", "sat", "stopped", "unsat"))
    twice = results("sat", "unknown", "stopped", "stopped")
    twice[OURS]["said"] = ["sat", "unsat"]
    assert figures.contradicting(twice)
    data = document(
        results("sat", "unsat", "stopped", "sat"), random=(results("unsat", "stopped", "sat", "unsat"),)
    )
    assert [line.partition(":")[0] for line in figures.contradictions(data)] == ["g, n", "random question 0"]


def test_errors_of_zerograd_are_faults() -> None:
    """Those of a rival are not."""
    found = results("error", "sat", "error", "sat")
    assert len(figures.faults(document(found))) == 2
    assert figures.faults(document(results("sat", "error", "sat", "sat"))) == []


@pytest.mark.parametrize(
    ("statuses", "shown"),
    [
        (("sat", "sat", "stopped", "sat"), "4.0"),
        (("sat", "stopped", "stopped", "unknown"), "> 120"),
        (("stopped", "sat", "stopped", "stopped"), "< 0.033"),
        (("unknown", "stopped", "unknown", "error"), "—"),
    ],
)
def test_ratios(statuses: tuple[str, str, str, str], shown: str) -> None:
    """The best rival over zerograd, with the cap for what was left open."""
    found = results(*statuses)
    found[OURS]["seconds"] = 0.5
    for name in RIVALS:
        found[name]["seconds"] = 2.0
    assert figures.shown_ratio(found, 60.0) == shown


def test_the_rivals_that_count() -> None:
    """What is asked was set against Z3 and cvc5; Yices counts beside them."""
    found = results("sat", "sat", "sat", "sat", seconds=2.0)
    found[YICES]["seconds"] = 0.5
    assert figures.ratio(found, 10.0, OURS, (Z3, CVC5)) == 1.0
    assert figures.ratio(found, 10.0) == 0.25


def test_summary_of_random_questions() -> None:
    """Shares, mean ratios, where rivals are much faster, and what is open here alone."""
    random = (
        results("sat", "sat", "sat", "sat"),
        results("stopped", "sat", "stopped", "stopped"),
        results("unsat", "stopped", "stopped", "unsat"),
        results("unknown", "stopped", "unknown", "stopped"),
    )
    found = figures.summary(document(random=random))
    assert found is not None
    assert found["decided"] == {**dict.fromkeys(BUILDS, 2), Z3: 2, CVC5: 1, YICES: 2}
    assert found["means"][VERDICT]["Z3 and cvc5"]["all"] == pytest.approx(1.0)  # 1/1, 1/10, 10/1, 10/10
    assert found["means"][VERDICT]["all three rivals"]["all"] == pytest.approx(0.1 ** (1 / 4))
    assert found["much_faster"][OURS] == {"Z3 and cvc5": [1], "all three rivals": [1]}
    assert [(q["number"], q["decided_by"]) for q in found["open"][OURS]] == [(1, [Z3]), (3, [])]


def test_what_got_slower() -> None:
    """Whatever takes a tenth longer, or is open where the earlier build decides, with or without a proof."""
    found = results("sat", *STATUSES[1:])
    for name, called in EARLIER.items():
        found[called] = outcome("sat", found[name]["seconds"])
    assert figures.slower(found) == {}
    found[EARLIER[OURS]]["seconds"] = 0.8
    assert figures.slower(found) == {OURS: pytest.approx(1.25)}
    found[VERDICT]["status"] = "unknown"
    assert figures.slower(found).keys() == {OURS, VERDICT}
    data = document(found) | {"earlier": "abc"}
    (row,) = [one for one in asked.asked(data) if one.what.startswith("named cases")]
    assert (row.measured, row.met, row.aside) == (1, False, "g, n")


def test_asked_beside_measured() -> None:
    """Each figure says whether it is met, and is left out where it was not measured."""
    assert asked.asked(document()) == []
    data = document(random=(results("sat", "sat", "sat", "sat"),))
    data["warm"] = {"first witness, without torch": {"today": {"median": 0.002, "best": 0.001}}}
    found = {one.what.partition(",")[0]: one.row() for one in asked.asked(data)}
    assert found["founding question"][1:4] == ["≤ 1.5 ms", "2.0 ms", "**no**"]
    assert found["decided within 10 s"][1:4] == ["≥ 99.5 %", "100 %", "yes"]
    assert found["1 random questions"][1:3] == ["≥ 1.2", "1.0"]


def large(seconds: float) -> dict[str, Any]:
    return {
        "name": "10-1", "asked": 2.0, "seconds": 1.0, "memory": 2.0,
        "results": {
            OURS: {**outcome("sat", seconds), "memory": 2**30},
            EARLIER[OURS]: {**outcome("sat", 3.0), "memory": 2**31},
        },
    }  # fmt: skip


@pytest.mark.parametrize(("seconds", "met"), [(0.5, [True, True, True]), (2.0, [False, False, True])])
def test_large_questions(seconds: float, met: list[bool]) -> None:
    """How many times as fast, in how many seconds, in how much memory."""
    data = {**document(), "large": [large(seconds)]}
    assert [one.met for one in asked.asked(data)] == met
    assert "1024 MiB" in report.text(data)


def named(name: str, *statuses: str) -> dict[str, Any]:
    """A case as a run keeps it."""
    group, _, rest = name.partition(", ")
    return {"group": group, "name": rest, "asked": 0.5, "results": results(*statuses)}


def families() -> list[dict[str, Any]]:
    points = {OURS: [[1, 0.01], [10, 0.1]], EARLIER[OURS]: [[1, 0.1]]}
    return [{"title": "samples M\n5-20-1, M samples", "results": points}]


def test_pages_are_rewritten_between_their_markers(tmp_path: Path) -> None:
    """And nothing else of them: parts that were not measured stay; without markers it is an error."""
    page, readme = tmp_path / "benchmarks.md", tmp_path / "README.md"
    markers = [f"{pages.begin(part)}\nold {part}\n{pages.END}" for part in report.TABLES]
    page.write_text("\n".join(["before", *markers, "after"]))
    readme.write_text(f"first\n{pages.BEGIN_EXCERPT}\nold\n{pages.END}\nlast\n")
    data = {**document(), "growth": families()}
    data["named"] = [named(name, *STATUSES) for name in ("headline, x", *pages.EXCERPT)]
    pages.write_pages(page, readme, data)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{pages.END}\nafter")
    assert "old named" not in text
    assert "old cold" in text
    assert "(commit abc; Python 3; 2 cores" in text
    assert (tmp_path / pages.PICTURE).read_bytes().startswith(b"<?xml")
    short = readme.read_text().splitlines()
    assert short[4] == (
        "| the question above, H=1 D=1 M=3 | sat 1.0 s | sat 1.0 s | stopped at 1.0 s | sat 1.0 s |"
    )
    assert len(short) == 4 + len(pages.EXCERPT) + 2
    page.write_text("no markers")
    with pytest.raises(ValueError, match="expected"):
        pages.write_pages(page, readme, data)
    with pytest.raises(ValueError, match="no case is called crossed"):
        pages.excerpt(document())


def test_a_picture_is_the_same_each_time() -> None:
    """Byte for byte, and it tells builds apart without colour."""
    first = chart.drawn(families())
    assert first == chart.drawn(families())
    text = first.decode()
    assert "earlier build" in text
    assert "stroke-dasharray" in text
    colours = {part[:6] for part in text.split("#")[1:] if len(part) > 6 and part[6] in ";\"'"}
    assert all(colour[:2] == colour[2:4] == colour[4:] for colour in colours), colours


def test_the_page_has_a_place_for_every_table() -> None:
    """Each marker once; the README has one, and a table of at most ten lines."""
    page = (engine.ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert [page.count(pages.begin(part)) for part in report.TABLES] == [1] * len(report.TABLES)
    text = (engine.ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.partition(f"{pages.BEGIN_EXCERPT}\n")[2].partition(f"\n{pages.END}")[0]
    assert 3 <= sum(line.startswith("|") for line in shown.splitlines()) <= 10


def test_the_readme_has_rows_of_the_page() -> None:
    """What it says of speed stands on the page, measured in one run."""
    page = (engine.ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    text = (engine.ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.partition(f"{pages.BEGIN_EXCERPT}\n")[2].partition(f"\n{pages.END}")[0]
    rows = {line.strip("| ").split(" | ")[0]: line.strip("| ").split(" | ") for line in page.splitlines()}
    for name, called in pages.EXCERPT.items():
        (row,) = [line for line in shown.splitlines() if line.startswith(f"| {called} |")]
        for cell in row.strip("| ").split(" | ")[1:]:
            assert cell in rows[name], (name, cell)
