"""Heat maps of sweeps: what is in which cell, and what is not drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.question.sweeps import Sweep, pattern_values
from zerograd.core.verdict.sweep import SweepRow
from zerograd.show.plot import NothingToPlot
from zerograd.show.plot.heat import heat_map, picture, planned
from zerograd.show.say.sweep import SHOWN, samples_text, summary, sweep_html, sweep_latex, sweep_text


def sweep(title: str | None = None, **parameters: Sequence[Any]) -> Sweep:
    """A sweep whose questions nobody asks."""

    def question(**_: Any) -> zg.Problem:
        raise AssertionError

    return Sweep.of(parameters, question, title=title)


KINDS = (
    ("sat", 3, "witness; fewer: certificate", True, True),
    ("sat", 12, "witness; fewer: unknown (timeout)", False, False),
    ("unsat", None, "certificate (every M)", True, True),
    ("unsat", None, "solver", True, False),
    ("unknown", None, "unknown: timeout", False, False),
)


def rows(asked: Sweep) -> list[SweepRow]:
    """Rows of each kind in turn."""
    return [SweepRow(asked.values(n), *KINDS[n % len(KINDS)]) for n in range(len(asked))]


def texts(svg: bytes) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())


def test_numbers_are_at_the_axes() -> None:
    """Two of them, in the order of the file; then what has most values; what has one value is nowhere."""
    two = planned(sweep(kink=["torch", "right"], H=range(4), D=[1, 2], one=[5]))
    assert (two.down, two.across, two.panels) == ("H", "D", ("kink",))
    none = planned(sweep(kink=["torch", "right"], p=pattern_values(["w1", "b1"]), a=["x", "y", "z"]))
    assert (none.down, none.across, none.panels) == ("p", "a", ("kink",))
    assert planned(sweep(H=range(4))).across == "H"
    assert planned(sweep(one=[5])).across is None


def test_every_cell_says_what_is_known() -> None:
    """A number, at most a number, none, none on a solver's word, or nothing."""
    asked = sweep("Five kinds", H=range(5), kink=["torch", "right"])
    drawn = texts(picture(asked, rows(asked), "svg"))
    assert [drawn.count(mark) for mark in ("3", "≤12", "–", "–*", "?")] == [
        2 + 1,
        2,
        2,
        2,
        2,
    ]  # 3 is at H, too
    for text in ("Five kinds", "H", "kink", "torch", "right", "samples: 3", "samples: 12", "?: unknown"):
        assert text in drawn
    assert "–: none; *: on a solver's word" in [text.replace("&apos;", "'") for text in drawn]


def test_panels_have_the_other_parameters() -> None:
    """One for each combination; a pattern is written as its signs."""
    asked = sweep(H=range(2), D=range(2), p=pattern_values(["w1", "b1"]))
    drawn = texts(picture(asked, rows(asked), "svg"))
    for signs in ("0 0", "0 ≠", "≠ 0", "≠ ≠"):
        assert f"p = {signs}" in drawn


def test_the_same_picture_is_the_same_file() -> None:
    """Whatever the form."""
    asked = sweep(H=range(3), D=range(2))
    for form in ("svg", "png", "pdf"):
        first = picture(asked, rows(asked), form)
        assert first == picture(asked, rows(asked), form)


def test_what_is_not_drawn() -> None:
    """Too many cells, and too many panels."""
    with pytest.raises(NothingToPlot, match="5001 rows are more than the 5000 cells"):
        heat_map(sweep(n=range(5001)), [])
    with pytest.raises(NothingToPlot, match="25 panels for c, d: at most 24"):
        heat_map(sweep(a=range(2), b=range(2), c=range(5), d=range(5)), [])


def test_words_of_tables() -> None:
    """What cells say, what a table comes to, and that strangers' text stays text."""
    asked = sweep("<b>T</b> $x$ \\x", name=["<i>", "a_b", "\x1b[31m"], n=range(2))
    every = rows(asked)
    assert [samples_text(row) for row in every[:5]] == ["3", "≤ 12", "impossible", "none", "?"]
    assert summary(every) == (
        "6 rows: 3 with a witness, 1 impossible, 1 without an answer for the samples asked, 1 unknown, "
        "1 of which the fewest samples are not known. 1 row rests on a solver's word."
    )
    assert "<i>" not in sweep_html(asked, every)
    assert "\x1b" not in sweep_text(asked, every)
    assert r"a\_b" in sweep_latex(asked, every)


def test_long_tables_are_cut_on_a_terminal() -> None:
    """Files have them whole; the sentence below counts all rows."""
    asked = sweep(n=range(SHOWN + 7))
    text = sweep_text(asked, rows(asked))
    assert f"The first {SHOWN} of {SHOWN + 7} rows; a file (-o rows.csv) has them all." in text
    assert f"{SHOWN + 7} rows:" in text
    assert len(sweep_latex(asked, rows(asked)).splitlines()) > SHOWN + 7
