"""The loss along parameters as drawn: its breakpoints are the exact ones, told by more than colour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tests.show.drawn import answers, checked, markers, plain, texts
from tests.show.filled import filled, founding
from zerograd.core.model.network import Network
from zerograd.core.verdict.answer import Sat
from zerograd.evaluate.along import Along, along, parameter
from zerograd.show.plot import NothingToPlot, plot
from zerograd.show.plot.style import number


def drawn(found: Sat, *names: str, width: float = 9.0) -> Axes:
    """In axes whose place is final."""
    figure = Figure(figsize=(width, 5.0))
    FigureCanvasAgg(figure)
    return plot(found, kind="loss", along=names, ax=figure.add_subplot())


def curves(ax: Axes) -> dict[str, Line2D]:
    """The curves by the parameter that they move."""
    labels = {line: plain(str(line.get_label())) for line in ax.lines}
    return {
        label.split(" where ")[1].split(" ")[0]: line
        for line, label in labels.items()
        if label.startswith("L where ")
    }


def exactly(found: Sat, name: str, ax: Axes) -> Along:
    """What the picture should show of one parameter."""
    place = parameter(found.problem.network, name)
    low, high = ax.get_xlim()
    line = along(found.witness, *place, _rational(low), _rational(high))
    assert line is not None
    return line


def _rational(value: float) -> Any:
    from fractions import Fraction

    return Fraction(value).limit_denominator(10**6)


@checked
@given(answers(depth=2))
def test_breakpoints_are_the_exact_ones(found: Sat) -> None:
    """Each kink of L inside the picture has its marker at the float next to it, and nothing else has one."""
    ax = drawn(found)
    every = curves(ax)
    assert 1 <= len(every) <= 2
    wanted: list[float] = []
    for name, line in every.items():
        exact = exactly(found, name, ax)
        ats = [float(bend.at) for bend in exact.bends]
        wanted += ats
        ts = np.asarray(line.get_xdata(), dtype=float)
        assert all(at in ts for at in ats)  # a curve has a corner there, not a chord
        assert np.asarray(line.get_ydata()) == pytest.approx(exact.heights(ts.tolist()))
    assert sorted(x for x, _ in markers(ax, "D")) == pytest.approx(sorted(wanted))


def test_slopes_at_kinks_are_written() -> None:
    """Left and right of each kink, exactly; short tangents show them."""
    found = founding()
    ax = drawn(found, "w1", "b1", width=14)
    said = [text for text in texts(ax) if " | " in text]
    wanted = [
        f"{number(bend.left)} | {number(bend.right)}"  # type: ignore[arg-type]
        for name in ("w1", "b1")
        for bend in exactly(found, name, ax).bends
    ]
    assert wanted and sorted(said) == sorted(wanted)
    assert sum(line.get_linewidth() == 0.9 for line in ax.lines) == 2 * len(wanted)


def test_slopes_at_a_witness_on_a_kink() -> None:
    """Below the picture, with both sides."""
    flat = [1, 0, 1, 0, 0, 1, 2, 1, 3, 1]  # sample 0 has z1 = 0
    found = filled(Network.mlp(1, 1, 1), 3, flat.__getitem__)
    assert found.witness.forward.z[0][0, 0] == 0
    ax = drawn(found, "b1")
    here = exactly(found, "b1", ax).here
    assert here.is_kink
    notes = plain(ax.get_xlabel())
    left, right = (number(slope) for slope in (here.left, here.right))  # type: ignore[arg-type]
    assert f"along b1 are {left} on the left and {right} on the right." in notes
    assert (0.0, markers(ax, "o")[0][1]) == markers(ax, "o")[0]


def test_curves_differ_in_grey() -> None:
    """Line styles tell them apart."""
    ax = drawn(founding(), "w1", "b1", "w2", "b2")
    styles = {str(line._dash_pattern) for line in curves(ax).values()}  # type: ignore[attr-defined]
    assert len(styles) == len(curves(ax)) == 4


def test_what_cannot_be_drawn() -> None:
    """Smooth networks, names that are none, too many names, and other kinds' arguments."""
    smooth = filled(Network.mlp(1, 1, 1, activation="sigmoid"), 1, lambda _: 0)
    with pytest.raises(NothingToPlot, match="sigmoid is not piecewise linear"):
        plot(smooth, kind="loss")
    with pytest.raises(ValueError, match="w9 is no parameter"):
        plot(founding(), kind="loss", along=["w9"])
    with pytest.raises(ValueError, match="at most 4 parameters, found 5"):
        plot(founding(), kind="loss", along=["w1"] * 5)
