"""The cases of a certificate as drawn: each leaf once, its samples where the certificate says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import zerograd as zg
from tests.show.drawn import plain, texts
from tests.show.filled import founding
from zerograd.core.refuting.certificate import Identity, Like, nodes
from zerograd.core.verdict.answer import Unsat
from zerograd.show.plot import NothingToPlot, picture, plot, unfit

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"


def stored(name: str) -> Unsat:
    """An answer of the gallery."""
    answer = zg.load_answer(GALLERY / f"{name}.json")
    assert isinstance(answer, Unsat)
    return answer


def drawn(answer: Unsat, *, width: float = 8.0, height: float = 9.0) -> Axes:
    """In axes of a given size in inches."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return plot(answer, ax=figure.add_subplot())


def dots(ax: Axes) -> list[tuple[float, float, str]]:
    """Where samples are, from the top row to the last, with what stands in them."""
    places = [
        tuple(map(float, np.asarray(line.get_xydata())[0]))
        for line in ax.lines
        if line.get_marker() == "o" and len(np.asarray(line.get_xdata())) == 1
    ]
    names = {tuple(map(float, text.get_position())): text.get_text() for text in ax.texts}
    return [(x, y, names.get((x, y), "")) for x, y in places]


def regions(ax: Axes) -> list[tuple[float, float, float, float, bool]]:
    """Left, right, bottom, top of each side, and whether it is hatched."""
    found = []
    for patch in ax.patches:
        if isinstance(patch, Rectangle):
            x, y = patch.get_xy()
            hatched = bool(patch.get_hatch())
            found.append((x, x + patch.get_width(), y, y + patch.get_height(), hatched))
    return found


def leaves(answer: Unsat) -> Iterator[Identity | Like]:
    assert answer.certificate is not None
    for part in answer.certificate.parts:
        yield from (node for node in nodes(part.root) if isinstance(node, Identity | Like))


def rows_of(ax: Axes) -> list[list[tuple[str, bool]]]:
    """For each row from the top: the samples, and whether each is where the slope is not 0."""
    every = regions(ax)
    heights = sorted({round((bottom + top) / 2, 3) for *_, bottom, top, _ in every}, reverse=True)
    rows: list[list[tuple[str, bool]]] = [[] for _ in heights]
    for x, y, name in dots(ax):
        [(*_, hatched)] = [r for r in every if r[0] < x < r[1] and r[2] < y < r[3]]
        rows[heights.index(round(y, 3))].append((name, hatched))
    return [sorted(row) for row in rows]


def test_the_founding_certificate() -> None:
    """Two samples: four cases, and in each of them the samples where the certificate's splits say."""
    answer = stored("textbook-m2")
    assert answer.certificate is not None
    wanted = Counter()  # type: ignore[var-annotated]

    def walk(node: Any, sides: tuple[tuple[str, bool], ...]) -> None:
        if "cases" not in node:
            wanted[tuple(sorted(sides))] += 1
            return
        sample = re.fullmatch(r"z1\[(\d),0\]", node["split"])
        assert sample is not None
        for name, child in node["cases"].items():
            walk(child, (*sides, (sample[1], name.endswith("> 0"))))

    walk(answer.certificate.to_json()["parts"][0]["proof"], ())
    ax = drawn(answer)
    assert Counter(map(tuple, rows_of(ax))) == wanted
    assert wanted.total() == 4


@pytest.mark.parametrize(
    "name", ["textbook-m2", "textbook-m2-forbid", "leaky-relu", "no-third-reason", "no-biases"]
)
def test_every_leaf_is_a_row(name: str) -> None:
    """None is left out, none is made up; each has its number and a reason."""
    answer = stored(name)
    ax = drawn(answer, height=12)
    number = len(list(leaves(answer)))
    bold = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    assert bold == [str(n) for n in range(1, number + 1)]
    assert len(rows_of(ax)) == number
    assert "not drawn:" not in ax.get_xlabel()


def test_reasons_are_those_of_the_proof() -> None:
    """Word for word, with names as formulas; the facts that they cite stand below, with what letters mean."""
    said = [text for text in texts(drawn(stored("textbook-m2"), width=14)) if not text.isdigit()]
    assert "∂L/∂b1 = 0, against (3)." in said
    assert "This is row 2 with samples 0 and 1 exchanged." in said
    notes = plain(drawn(stored("textbook-m2"), width=14).get_xlabel())
    assert "(3) ∂L/∂b1 = " in notes and "is the residual of sample m" in notes


def test_patterns_that_no_sample_has() -> None:
    """Certificates about any number of samples say where some sample is, and where none is."""
    ax = drawn(stored("no-third-reason"))
    assert [len(row) for row in rows_of(ax)] == [0, 1, 1]
    assert texts(ax).count("∅") == 3


def test_short_axes_say_what_they_left_out() -> None:
    """Rows for which there is no room are counted."""
    ax = drawn(stored("leaky-relu"), height=2.2)
    missing = re.search(r"(\d) more cases? not drawn", ax.get_xlabel())
    assert missing is not None
    assert len(rows_of(ax)) + int(missing[1]) == 5


def test_long_certificates_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rows are drawn, and the others counted without being put into words."""
    monkeypatch.setattr("zerograd.show.plot.cases.MOST_ROWS", 2)
    ax = drawn(stored("leaky-relu"))
    assert len(rows_of(ax)) == 2
    assert "3 more cases not drawn" in ax.get_xlabel()


@pytest.mark.parametrize("name", ["leaky-relu", "no-third-reason"])
def test_lines_stay_inside(name: str) -> None:
    """Long formulas are broken, in a picture of the usual size."""
    answer = stored(name)
    ax = plot(answer)
    frame = ax.figure.get_window_extent()
    for text in [text for text in ax.texts if text.get_text()]:
        assert text.get_window_extent().x1 <= frame.x1 + 2, text.get_text()


def test_it_is_legible_in_grey() -> None:
    """Where the slope is not 0 is hatched, and not only shaded."""
    every = regions(drawn(stored("textbook-m2")))
    assert [hatched for *_, hatched in every] == [False, True] * 4


def test_what_has_no_cases_says_what_to_do() -> None:
    """Certificates that distinguish no sides, a solver's word, and a witness."""
    assert "zerograd export --to markdown has the proof" in str(unfit(stored("exponential")))
    word = Unsat("solver", problem=founding().problem)
    assert "zerograd prove looks for one" in str(unfit(word))
    assert "draws its witness" in str(unfit(founding(), "cases"))
    assert "the kind cases draws why" in str(unfit(stored("textbook-m2"), "function"))
    with pytest.raises(NothingToPlot, match="no regions to draw"):
        plot(stored("exponential"))


@pytest.mark.slow
def test_files_of_cases() -> None:
    """The same bytes each time; ``all`` is the one picture that there is."""
    answer = stored("textbook-m2")
    drawn_first = picture(answer, "svg")
    assert drawn_first == picture(answer, "svg", kind="cases") and b"<text" in drawn_first
