"""The runner: limits hold, what is found is kept, contradictions are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import engine, report
from benchmarks.contender import NAMES, Contender
from benchmarks.questions import Case

EASY: dict[str, Any] = {"network": [1, 1, 1], "samples": 1, "zero": ["w1"]}
TWO = [Case("tiny", "sat", 1.0, EASY), Case("tiny", "unsat", 1.0, {**EASY, "where": ["w1 > 1", "w1 < 0"]})]


def outcome(status: str, seconds: float) -> dict[str, Any]:
    return {"status": status, "seconds": seconds, "detail": ""}


def results(*statuses: str, seconds: float = 1.0) -> dict[str, Any]:
    return {name: outcome(status, seconds) for name, status in zip(NAMES, statuses, strict=True)}


def document(*named: dict[str, Any], asked: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Results as a run would keep them."""
    questions = [{"number": number, "results": found} for number, found in enumerate(asked)]
    return {
        "machine": {"versions": {"Python": "3"}, "cores": 2},
        "options": {"cap": 60.0, "memory_gib": 4.0},
        "named": [{"group": "g", "name": "n", "asked": 0.5, "results": r} for r in named],
        "random": {"cap": 10.0, "asked": 10.0, "questions": questions},
        "contradictions": [],
    }


@pytest.mark.slow
def test_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Two tiny cases and two random questions: verdicts, a table, the document."""
    monkeypatch.setattr(engine, "named_cases", lambda: TWO)
    monkeypatch.setattr(engine, "RUNS", 1)
    kept = tmp_path / "kept.json"
    code = engine.main(["--cap", "5", "--random", "2", "--random-cap", "2", "--json", str(kept)])
    assert code == 0
    printed = capsys.readouterr().out
    assert "tiny, unsat" in printed
    assert "no contradictions" in printed
    data = json.loads(kept.read_text())
    verdicts = [case["results"]["zerograd"]["status"] for case in data["named"]]
    assert verdicts == ["sat", "unsat"]
    assert [case["results"]["Z3 by hand"]["status"] for case in data["named"]] == verdicts
    assert len(data["random"]["questions"]) == 2
    assert engine.main(["--from", str(kept)]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.slow
def test_the_cap_holds() -> None:
    """A contender that takes longer is stopped, and answers the next question."""
    contender = Contender("Z3 by hand", 4 * 2**30)
    hard = {"network": [2, 5, 1], "samples": 20, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    try:
        found = contender.ask(Case("", "", 1.0, hard).problem.to_json(), 0.5)
        assert (found.status, found.seconds) == ("stopped", 0.5)
        assert contender.ask(TWO[0].problem.to_json(), 5.0).status == "sat"
    finally:
        contender.close()


@pytest.mark.slow
def test_the_memory_cap_holds() -> None:
    """Too little to start with is told as such."""
    contender = Contender("zerograd", 2**20)
    with pytest.raises(RuntimeError, match="cannot start"):
        contender.ask(TWO[0].problem.to_json(), 5.0)
    contender.close()


def test_contradictions_are_found() -> None:
    """Between contenders, and between runs of one."""
    assert not report.contradicting(results("sat", "sat", "stopped"))
    assert not report.contradicting(results("unsat", "unknown", "error"))
    assert report.contradicting(results("sat", "unsat", "stopped"))
    twice = results("sat", "unknown", "stopped")
    twice["zerograd"]["said"] = ["sat", "unsat"]
    assert report.contradicting(twice)
    data = document(results("sat", "unsat", "stopped"), asked=(results("unsat", "stopped", "sat"),))
    found = report.contradictions(data["named"], data["random"]["questions"])
    assert [line.partition(":")[0] for line in found] == ["g, n", "random question 0"]


@pytest.mark.parametrize(
    ("statuses", "shown"),
    [
        (("sat", "sat", "stopped"), "4.0"),
        (("sat", "stopped", "stopped"), "> 120"),
        (("stopped", "sat", "stopped"), "< 0.033"),
        (("unknown", "stopped", "unknown"), "—"),
    ],
)
def test_ratios(statuses: tuple[str, str, str], shown: str) -> None:
    """The best rival over zerograd, with the cap for what was left open."""
    found = results(*statuses)
    found["zerograd"]["seconds"] = 0.5
    found["Z3 by hand"]["seconds"] = 2.0
    assert report.shown_ratio(found, 60.0) == shown


def test_summary_of_random_questions() -> None:
    """Shares, slowest answer, mean ratio, and what is open."""
    asked = (
        results("sat", "unsat", "sat"),
        results("stopped", "sat", "stopped"),
        results("unsat", "stopped", "stopped"),
    )
    found = report.summary(document(asked=asked))
    assert found is not None
    assert found["decided"] == dict(zip(NAMES, (2, 2, 1), strict=True))
    assert found["geometric_mean_ratio"] == pytest.approx(1.0)  # 1/1, 1/10, 10/1
    assert [question["number"] for question in found["open"]] == [1]


def named(name: str, *statuses: str) -> dict[str, Any]:
    """A case as a run keeps it."""
    group, _, rest = name.partition(", ")
    return {"group": group, "name": rest, "asked": 0.5, "results": results(*statuses)}


def test_pages_are_rewritten_between_their_markers(tmp_path: Path) -> None:
    """And nothing else of them; without markers it is an error."""
    page, readme = tmp_path / "speed.md", tmp_path / "README.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    readme.write_text(f"first\n{report.BEGIN_EXCERPT}\nold\n{report.END}\nlast\n")
    data = document()
    data["named"] = [named(name, "sat", "sat", "stopped") for name in ("headline, x", *report.EXCERPT)]
    report.write_pages(page, readme, data)
    text = page.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n| question |")
    assert text.endswith(f"{report.END}\nafter\n")
    assert "old" not in text
    short = readme.read_text().splitlines()
    assert short[4] == "| the question above, H=1 D=1 M=3 | sat 1.0 s | sat 1.0 s | stopped at 1.0 s |"
    assert len(short) == 4 + len(report.EXCERPT) + 2
    page.write_text("no markers")
    with pytest.raises(ValueError, match="expected"):
        report.write_pages(page, readme, data)
    with pytest.raises(ValueError, match="no row is called crossed"):
        report.excerpt(report.markdown(document()))


def test_the_readme_has_rows_of_the_page() -> None:
    """What it says of speed stands on the page, measured in one run."""
    text = (engine.ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.partition(f"{report.BEGIN_EXCERPT}\n")[2].partition(f"\n{report.END}")[0]
    page = (engine.ROOT / "docs" / "reference" / "speed.md").read_text(encoding="utf-8")
    assert shown == report.excerpt(page.partition(report.BEGIN)[2].partition(report.END)[0])
