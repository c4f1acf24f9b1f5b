"""The bars of what each sample adds are read back, and computed again."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from tests.show.drawn import (
    F,
    answers,
    checked,
    markers,
    plain,
    shown,
    texts,
    varied,
)
from tests.show.filled import answer, filled, founding
from zerograd.core.model.network import (
    Network,
)  # fmt: skip
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.explaining.contributions import contributions
from zerograd.show.plot import PANELS
from zerograd.show.plot.figure import drawn
from zerograd.show.plot.style import (
    number,
    styled,
)  # fmt: skip


def alone(witness: Witness, sample: int) -> dict[str, Array[Exact]]:
    """The gradients of a dataset of one sample: by the checker, independently of what is drawn."""
    problem = Problem(
        network=witness.problem.network, samples=1, derivative_at_kink=witness.problem.derivative_at_kink
    )
    data = {"x": Array((1, witness.x.shape[1]), witness.x.rows()[sample]),
            "y": Array((1, witness.y.shape[1]), witness.y.rows()[sample])}  # fmt: skip
    return Witness.of(problem, {**witness.parameters, **data}).gradients


def stacks(ax: Axes) -> dict[int, list[float]]:
    """The heights of the filled bars of each entry, in order, those below zero as negative ones."""
    found: dict[int, list[float]] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_fill():
            bottom, height = patch.get_y(), patch.get_height()
            place = round(patch.get_x() + patch.get_width() / 2)
            found.setdefault(place, []).append(height if bottom + height / 2 > 0 else -height)
    return found


def entry_of(tick: str, witness: Witness) -> tuple[str, tuple[int, ...]]:
    """The entry that stands below a bar."""
    match = re.match(r"∂L/∂(\w+)((?:\[[\d,]+\])?)", tick)
    assert match
    name, index = match[1], match[2].strip("[]")
    shape = witness.gradients[name].shape
    full = [int(v) for v in index.split(",")] if index else []
    if len(full) < len(shape):  # axes of length 1 are not written
        rest = iter(full)
        full = [0 if length == 1 else next(rest) for length in shape]
    return name, tuple(full)


@checked
@given(answers())
def test_bars_are_what_each_sample_adds(found: Sat) -> None:
    """Bars are the gradients of each sample alone, over M; they sum to the gradient, where its diamond is."""
    ax = shown(found, "contributions")
    witness = found.witness
    own = "scale of their own" in ax.get_xlabel()
    heights, diamonds = stacks(ax), markers(ax, "D", "white")
    singles = [alone(witness, m) for m in range(witness.samples)]
    ticks = [plain(tick.get_text()) for tick in ax.get_xticklabels()]
    assert (
        len(diamonds)
        == len(ticks)
        == min(12, sum(len(g.entries) for n, g in witness.gradients.items() if n != "x"))
    )
    for place, tick in enumerate(ticks):
        name, index = entry_of(tick, witness)
        shares = [float(g[name][index]) / witness.samples for g in singles]
        scale = max(sum(v for v in shares if v > 0), -sum(v for v in shares if v < 0)) if own else 1.0
        expected = [v / (scale or 1.0) for v in shares if v]
        assert heights.get(place, []) == pytest.approx(expected, abs=1e-9)
        total = float(witness.gradients[name][index]) / (scale or 1.0)
        assert diamonds[place][1] == pytest.approx(total, abs=1e-9)
        assert sum(heights.get(place, [])) == pytest.approx(total, abs=1e-9)
        assert abs(diamonds[place][0] - place) < 0.5


@checked
@given(answers())
def test_bars_lie_on_one_another(found: Sat) -> None:
    """From zero upwards or downwards, each where the one before ends: without gaps, nothing covered."""
    ax = shown(found, "contributions")
    ends: dict[tuple[int, bool], float] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_fill():
            low, high = patch.get_y(), patch.get_y() + patch.get_height()
            up = (low + high) / 2 > 0
            key = (round(patch.get_x() + patch.get_width() / 2), up)
            assert (low if up else high) == pytest.approx(ends.get(key, 0.0), abs=1e-9)
            ends[key] = high if up else low
    bottom, top = ax.get_ylim()
    assert all(bottom < end < top for end in ends.values())


def test_numbers_in_bars_are_exact() -> None:
    """The founding example: its contributions and its gradients, as a lecturer would write them."""
    ax = shown(founding(), "contributions")
    assert Counter(texts(ax)) == Counter(
        ["−2/3", "−2/3", "0", "0",  # the gradients
         "−8/3", "2", "−4/3", "2/3", "−4/3", "4/3", "2/3", "−4/3", "2/3"]
    )  # fmt: skip
    assert [plain(tick.get_text()) for tick in ax.get_xticklabels()] == [
        "∂L/∂w1\nasked: nonzero", "∂L/∂b1\nasked: nonzero", "∂L/∂w2\nasked: zero", "∂L/∂b2\nasked: zero",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [4.0, 7.0, 11.0, 16.0])
def test_every_gradient_is_written(width: float) -> None:
    """Beside its diamond, or below its bar: the last one too, at the edge of the picture."""
    found = filled(Network.mlp(1, 2, 1), 3, [-2, -3, 0, -3, 3, 3, 3, 2, -1, -3, 3, -4, 2].__getitem__)
    ax = shown(found, "contributions", width=width)
    ticks = [plain(tick.get_text()) for tick in ax.get_xticklabels()]
    values = [number(found.witness.gradients[n][i]) for n, i in (entry_of(t, found.witness) for t in ticks)]
    beside = [text for text in ax.texts if text.get_fontweight() == "bold"]
    if beside:
        assert [text.get_text() for text in beside] == values
        frame = ax.get_window_extent()
        assert all(
            frame.x0 < text.get_window_extent().x0 and text.get_window_extent().x1 < frame.x1
            for text in beside
        )
    else:
        assert all(re.search(f"= {value}$", tick) for tick, value in zip(ticks, values, strict=True))


@pytest.mark.slow
def test_long_values_take_lines_before_they_are_turned() -> None:
    """Twelve entries with their values stand upright, and do not touch."""
    found = filled(Network.mlp(1, 30, 1), 12, lambda n: n % 7 - 3)
    with styled():
        figure = drawn(found, PANELS)
    labels = figure.axes[2].get_xticklabels()
    assert len(labels) == 12
    assert all("\n= " in tick.get_text() and tick.get_rotation() == 0 for tick in labels)
    boxes = [tick.get_window_extent() for tick in labels]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_number_that_is_not_exact_does_not_claim_to_be() -> None:
    """Numbers too long to write out are about so much, not "= ≈" so much."""
    found = filled(Network.mlp(1, 1, 1), 2, lambda n: F(3**70 + n, 7**30))
    for kind in PANELS:
        ax = shown(found, kind)
        every = [*texts(ax), *(plain(tick.get_text()) for tick in ax.get_xticklabels())]
        assert any("≈" in text for text in every)
        assert not any("= ≈" in text or "=\n≈" in text for text in every)


def test_entries_of_unequal_size_have_scales_of_their_own() -> None:
    """Where one bar would hide another: the longest of each is 1, there are no ticks, and a note says so."""
    found = filled(Network.mlp(1, 1, 1), 2, [1000, 0, 1, 0, 1, 2, 0, 0].__getitem__)
    ax = shown(found, "contributions")
    assert "The bars of each entry have a scale of their own." in ax.get_xlabel()
    assert len(ax.get_yticks()) == 0
    assert all(max(map(abs, np.cumsum(stack))) == pytest.approx(1) for stack in stacks(ax).values())


@pytest.mark.parametrize("size", [F(1, 10**400), F(1, 10**95), 10**120, 10**400])
def test_bars_of_any_size(size: Exact) -> None:
    """Divided before they are rounded, contributions beyond float64 are drawn like any others."""
    small = founding().witness
    scaled = {**small.parameters, "x": small.x, "y": small.y}
    for name in ("w2", "b2", "y"):  # a multiple of the function has residuals that are multiples
        scaled[name] = scaled[name].map(lambda v: v * size)
    ax = shown(answer(small.problem.network, scaled), "contributions")
    sums = [round(sum(stack), 9) for _, stack in sorted(stacks(ax).items())]
    assert sums == [-0.25, -0.5, 0, 0]


def test_samples_beyond_the_legend() -> None:
    """What is left over of many samples is drawn as others, positive and negative ones apart."""
    found = filled(Network.mlp(1, 2, 1), 40, lambda n: n * n % 17 - 8)
    table = contributions(found.witness)
    assert len(table.samples) == 11 and table.rest == 29
    for row in table.rows:
        assert sum(row.shares, 0) + sum(row.others, 0) == row.total
        assert sign(row.others[0]) >= 0 >= sign(row.others[1])
        singles = [alone(found.witness, m)[row.name][row.index] for m in range(40) if m not in table.samples]
        hidden = [single * F(1, 40) for single in singles]
        for number_, others in zip((1, -1), row.others, strict=True):
            assert others == sum([v for v in hidden if sign(v) == number_], start=F(0))
    labels = [text.get_text() for text in shown(found, "contributions").get_legend().get_texts()]  # type: ignore[union-attr]
    assert labels == [*(f"sample {m}" for m in table.samples), "29 others: + and −", "sum: the gradient"]


def test_entries_that_were_asked_for_come_first() -> None:
    """Gradients by inputs are drawn where they were asked for; what is left out is counted."""
    found = varied(Network.mlp(2, 4, 1), 3)
    entry = next(f"x[{m},{d}]" for (m, d), v in found.witness.gradients["x"].items() if v)
    asked = answer(found.problem.network, found.witness.variables, nonzero=["b2", entry])
    ax = shown(asked, "contributions")
    ticks = [plain(tick.get_text()) for tick in ax.get_xticklabels()]
    assert {tick.split()[0] for tick in ticks[:2]} == {"∂L/∂b2", f"∂L/∂{entry}"}
    assert "asked" in ticks[1] and "asked" not in "".join(ticks[2:])
    assert "6 more entries are not drawn." in ax.get_xlabel()
