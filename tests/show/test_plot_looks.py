"""Pictures look as matplotlib's settings ask: style sheets, fonts, colours, sizes, titles."""

from __future__ import annotations

import pytest
from matplotlib import rc_context, style
from matplotlib.colors import same_color, to_hex
from matplotlib.figure import Figure

import zerograd as zg
from tests.show.drawn import curves, plain
from tests.show.filled import founding
from zerograd.show.plot import PANELS, Kind, picture, plot
from zerograd.show.plot.style import RAMP, is_math, look, wrapped


def test_colors_of_the_caller() -> None:
    """In place of ours, for this picture alone."""
    before = look().ramp
    ax = plot(founding(), colors=["red", "0.3", (0, 0, 1)])
    [curve] = curves(ax)
    assert same_color(curve.get_color(), "red")
    assert look().ramp == before == RAMP
    with pytest.raises(ValueError, match="nonsense"):
        plot(founding(), colors=["nonsense"])


def test_style_sheets() -> None:
    """The user's colours are taken, and matplotlib's own are not; on dark paper the ink is light."""
    with style.context("dark_background"):
        ax = plot(founding(), kind="network")
        assert look().ink == "#ffffff" and look().paper == "#000000"
        assert all(same_color(text.get_color(), "white") for text in ax.texts if text.get_text())
    with style.context("grayscale"):
        [curve] = curves(plot(founding()))
        assert to_hex(curve.get_color()) == look().ramp[0] != RAMP[0]
    [curve] = curves(plot(founding()))
    assert to_hex(curve.get_color()) == RAMP[0]


def test_sizes_of_fonts() -> None:
    """Text is as large as the settings say, in the same proportions."""
    with rc_context({"font.size": 20.0}):
        large = plot(founding(), figsize=(14, 10))
    small = plot(founding(), figsize=(14, 10))
    assert large.xaxis.label.get_fontsize() == 2 * small.xaxis.label.get_fontsize() == 16


def test_the_size_of_a_figure() -> None:
    """In inches, as for matplotlib; not together with axes of one's own."""
    figure = plot(founding(), figsize=(4, 3)).figure
    assert isinstance(figure, Figure) and figure.get_size_inches().tolist() == [4, 3]
    with pytest.raises(ValueError, match="figsize is for a new figure"):
        plot(founding(), figsize=(4, 3), ax=Figure().add_subplot())


@pytest.mark.parametrize("kind", PANELS)
def test_titles_can_be_left_out(kind: Kind) -> None:
    """Those of the figure and of the axes; or there is another, taken as it stands."""
    none = plot(founding(title="A title"), kind=kind, title=False)
    assert none.figure._suptitle is None and none.get_title(loc="left") == ""  # type: ignore[union-attr]
    other = plot(founding(), kind=kind, title="$5 and $6")
    heading = other.figure._suptitle  # type: ignore[union-attr]
    assert heading is not None and heading.get_text() == "$5 and $6" and not heading.get_parse_math()
    mine = Figure().add_subplot()
    assert zg.plot(founding(), kind=kind, ax=mine, title="Mine").get_title(loc="left") == "Mine"


@pytest.mark.slow
def test_panels_keep_their_headings() -> None:
    """Which tell them apart."""
    drawn = picture(founding(title="A title"), "svg", kind=("function", "contributions"), title=False)
    assert b"A title" not in drawn and b"What the network computes" in drawn and b"What each sample" in drawn
    with pytest.raises(ValueError, match="from 1 to 3 different ones, found 2"):
        picture(founding(), "svg", kind=("function", "function"))


def test_names_are_formulas() -> None:
    """w₁ and ∂L/∂w₁, set by matplotlib, in SVG as text with a lower line."""
    ax = plot(founding(), kind="network")
    assert {"$w_{1}$ = 1", "$a_{1}$", r"$\hat{y}$"} <= {text.get_text() for text in ax.texts}
    ticks = [tick.get_text() for tick in plot(founding(), kind="contributions").get_xticklabels()]
    assert ticks[0].startswith(r"$\partial L/\partial w_{1}$") and plain(ticks[0]).startswith("∂L/∂w1")
    assert b"w1" not in picture(founding(), "svg", kind="network")


def test_long_formulas_are_broken() -> None:
    """At signs outside of brackets, never inside a name; every line is a formula by itself."""
    long = r"so $a_{1} (b_{2} + c_{3}) = d^{(1)}_{4,5} \cdot e + f_{6} = 0$, which is false."
    for width in (40.0, 70.0, 120.0, 500.0):
        lines = wrapped(long, width)
        assert all(line.count("$") % 2 == 0 for line in lines)
        assert all(is_math(line) == ("$" in line) for line in lines)
        joined = " ".join(lines).replace("$ $", " ")
        assert joined == long
    assert len(wrapped(long, 500.0)) == 1 < len(wrapped(long, 70.0))
