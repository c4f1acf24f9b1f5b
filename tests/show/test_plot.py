"""Pictures: their titles, their files, and whose axes they are drawn into."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any, get_args

import pytest
from matplotlib import rc_context, rcParams
from matplotlib.artist import Artist
from matplotlib.figure import Figure

import zerograd as zg
from tests.show.drawn import (
    ALPHA,
    HOSTILE,
    markers,
    shown,
    texts,
    varied,
)
from tests.show.filled import answer, filled, founding
from zerograd.core.model.activations import LINEAR, RELU
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.extras import install
from zerograd.show.plot import KINDS, PANELS, PICTURES, Kind, NothingToPlot, Picture, picture, plot
from zerograd.show.plot.figure import drawn
from zerograd.show.plot.style import (
    extent,
    look,
    title_text,
)  # fmt: skip

# Titles and text


@pytest.mark.parametrize("title", [HOSTILE, "$x$ and $y$", r"\$ ${", "a\n\u202eb 😀 ≤ ŷ"])
def test_titles_are_taken_literally(title: str) -> None:
    """No formula, no markup, nothing that hides; the file is well-formed XML whatever is in it."""
    found = founding(title=title)
    figure = drawn(found, ["network"])
    heading = figure._suptitle  # type: ignore[attr-defined]
    assert heading.get_text().splitlines()[0] == title_text(title, 10**6)
    assert not heading.get_parse_math() and not heading.get_usetex()
    width = max(extent(line, look().title, math=False)[0] for line in heading.get_text().splitlines())
    assert heading.get_window_extent().width * 72 / figure.dpi == pytest.approx(width, rel=0.05)
    ET.fromstring(picture(found, "svg", kind="network"))


def test_titles_that_are_long_or_empty() -> None:
    """Two lines at most; a title of nothing that can be seen takes none."""
    long = title_text("word " * 500, 300)
    assert long.count("\n") == 1 and long.endswith("…")
    assert title_text("x" * 500, 300).count("\n") == 1
    assert title_text("see 漢", 300) == "see [U+6F22]"
    first = drawn(founding(title="\u200b\x07"), ["network"])._suptitle.get_text()  # type: ignore[attr-defined]
    assert first == "1 → 1 relu → 1 linear; 3 samples; ReLU'(0) = 0 (torch)"


def test_irrational_numbers() -> None:
    """α is explained below the picture, with minus signs like those of the numbers."""
    found = filled(Network.mlp(1, 1, 1), 2, lambda n: n or ALPHA)
    for kind in PANELS:
        ax = shown(found, kind)
        assert "α ≈ 1.41421 is the root of α^2 − 2 in (1, 2)" in ax.get_xlabel()
    assert "w1 = α ≈ 1.41421" in texts(shown(found, "network"))


# Files


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-1.")])
def test_the_same_bytes_each_time(form: Picture, start: bytes) -> None:
    """Whatever the user's settings, which are as they were afterwards."""
    found = founding(title="The founding question")
    once = picture(found, form, kind="contributions")
    assert once.startswith(start)
    hostile: Any = {"text.usetex": True, "font.size": 40, "svg.fonttype": "path", "axes.grid": True,
               "savefig.dpi": 30,
               "svg.hashsalt": None, "axes.facecolor": "red", "savefig.bbox": "tight", "font.family": "serif",
               "axes.formatter.use_mathtext": True, "pdf.compression": 0, "hatch.linewidth": 5}  # fmt: skip
    with rc_context(hostile):
        before = dict(rcParams)
        assert picture(found, form, kind="contributions") == once
        assert dict(rcParams) == before
    assert b"CreationDate" not in once and b"dc:date" not in once


SCRIPT = """
import hashlib, sys
import zerograd as zg
assert "matplotlib" not in sys.modules
from zerograd.show.plot import picture
answer = zg.load_answer(sys.argv[1])
for form in ("svg", "png", "pdf"):
    print(form, hashlib.sha256(picture(answer, form, kind=sys.argv[2])).hexdigest())
axes = zg.plot(answer)
print("matplotlib.pyplot" in sys.modules, type(axes).__name__)
"""


def elsewhere(tmp_path: Any, found: Sat, kind: str, **environment: str) -> list[str]:
    """What another process makes of it."""
    import json

    (tmp_path / "r.json").write_text(json.dumps(found.to_json()), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "r.json", kind], env=os.environ | environment, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["all", "contributions"])
def test_the_same_bytes_everywhere(tmp_path: Any, kind: Kind) -> None:
    """In processes of other hash seeds, backends and settings; pyplot is never imported."""
    found = founding(title="$ & <")
    (tmp_path / "matplotlibrc").write_text(
        "font.size: 33\naxes.grid: True\nsavefig.dpi: 17\nsvg.hashsalt: other\n"
    )
    here = [f"{form} {digest(picture(found, form, kind=kind))}" for form in PICTURES]
    for environment in (
        {"PYTHONHASHSEED": "1", "MPLBACKEND": "svg"},
        {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "SOURCE_DATE_EPOCH": "1"},
    ):
        assert elsewhere(tmp_path, found, kind, **environment) == [*here, "False Picture"]


@pytest.mark.parametrize("kind", PANELS)
def test_files_are_small_and_whole(kind: Kind) -> None:
    """Nothing outside of the file is referred to, and hatches are not written to a millionth of a point."""
    svg = picture(founding(title="The founding question"), "svg", kind=kind).decode()
    assert len(svg) < 120_000
    references = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', svg)
    assert references and all((a or b).startswith("#") for a, b in references)
    for pattern in re.findall(r"<pattern .*?</pattern>", svg, re.DOTALL):
        assert not re.search(r"\.\d{3}", pattern)
    assert "<text" in svg
    assert svg.count("'DejaVu Sans'") == svg.count("'DejaVu Sans', Verdana, sans-serif") > 0


def test_rounded_hatches_look_the_same() -> None:
    """What is rounded is within a hundredth of a point, and only patterns are."""
    from zerograd.show.plot.figure import _rounded

    svg = b'<path d="M 1.23456 2"/><pattern id="p"><path d="M 0.125678 -7.5 L -0.001 12.3451"/></pattern>'
    assert _rounded(svg) == svg.replace(b"0.125678", b"0.13").replace(b"-0.001", b"-0").replace(
        b"12.3451", b"12.35"
    )


def test_widths() -> None:
    """In centimetres, as the file says them, with text of the same size."""
    for width in (10.0, 40.0):
        root = ET.fromstring(picture(founding(), "svg", kind="network", width=width))
        assert float(root.get("width", "0pt")[:-2]) == pytest.approx(width / 2.54 * 72, abs=0.01)


# Refusals, and other people's axes


def test_kinds_and_forms_agree_with_their_types() -> None:
    """What is accepted is what the types say."""
    assert get_args(Kind) == KINDS and get_args(Picture) == PICTURES


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Unsat("solver", problem=founding().problem), "on a solver's word alone: without a certificate"),
        (Unknown("timeout", problem=founding().problem), r"the answer is unknown \(timeout\): there is"),
    ],
)  # fmt: skip
def test_without_a_witness(found: Answer, message: str) -> None:
    """There is nothing to draw, and the error says why."""
    for draw in (plot, lambda f: picture(f, "svg")):
        with pytest.raises(NothingToPlot, match=message):
            draw(found)


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to get it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NothingToPlot, match=re.escape(install("plot"))):
        plot(founding())
    with pytest.raises(NothingToPlot, match="matplotlib, which is not installed"):
        picture(founding(), "svg")


def test_unusable_arguments() -> None:
    """Named, with what would be usable."""
    with pytest.raises(ValueError, match=r"unknown kind 'pie' \(known: function, .*, cases\)"):
        plot(founding(), kind="pie")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"unknown kind 'pie' \(known: function, .*, cases, all\)"):
        picture(founding(), "svg", kind="pie")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"unknown form 'gif' \(known: svg, png, pdf\)"):
        picture(founding(), "gif")  # type: ignore[arg-type]
    for width in (9.9, 101, float("nan")):
        with pytest.raises(ValueError, match="width must be from 10 to 100 cm"):
            picture(founding(), "svg", width=width)


def test_numbers_that_are_too_large() -> None:
    """Beyond 1e100 there is no picture of the function, and the error says of which number."""
    small = founding().witness.variables
    for name, what in (("x", "an input"), ("y", "a target")):
        huge = Array(small[name].shape, (10**101, *small[name].entries[1:]))
        found = answer(Network.mlp(1, 1, 1), {**small, name: huge})
        with pytest.raises(NothingToPlot, match=f"{what} is ≈1e\\+101: too large for a picture"):
            plot(found)
        assert plot(found, kind="network")
    steep = answer(Network.mlp(1, 1, 1), {**small, "w1": Array((1, 1), (10**400,))})
    with pytest.raises(NothingToPlot, match="too large for a picture"):
        plot(steep)


def test_a_curve_beyond_float64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is drawn through points."""
    large = 10**99
    layers = (*(Layer(1, RELU),) * 5, Layer(1, LINEAR))
    found = filled(Network(1, layers), 2, [large, -large, *[large, 0] * 4, 1, 0, 0, -1, 0, 0].__getitem__)
    with pytest.raises(NothingToPlot, match=r"an output is ≈.*too large"):
        plot(found)
    monkeypatch.setattr("zerograd.evaluate.piecewise.MOST_STEPS", 0)
    with pytest.raises(NothingToPlot, match="an output is too large"):
        plot(found)


@pytest.mark.parametrize("kind", PANELS)
def test_axes_of_the_user(kind: Kind) -> None:
    """They are drawn into and returned; other axes, the figure and its settings stay as they are."""
    figure = Figure(figsize=(7, 4))
    mine, other = figure.subplots(1, 2)
    size, before = figure.get_size_inches().tolist(), len(other.get_children())
    with rc_context({"text.usetex": True, "lines.linewidth": 7}):
        settings_ = dict(rcParams)
        assert zg.plot(founding(), kind=kind, ax=mine) is mine
        assert dict(rcParams) == settings_
    assert mine.get_title(loc="left") and figure.axes == [mine, other]
    assert (figure.get_size_inches().tolist(), len(other.get_children())) == (size, before)
    written = [*mine.texts, mine.xaxis.label, mine.yaxis.label]
    written += mine.get_legend().get_texts() if mine.get_legend() else []  # type: ignore[union-attr]
    assert not any(text.get_usetex() for text in written if text.get_text())


def test_axes_in_a_part_of_a_figure() -> None:
    """Subfigures hold them as well."""
    parts: Any = Figure(figsize=(9, 4)).subfigures(1, 2)
    assert markers(plot(founding(), ax=parts[0].add_subplot()), "D", "white")


def test_a_new_figure_is_not_known_to_pyplot() -> None:
    """It belongs to whoever called, who can save it."""
    ax = plot(founding())
    assert isinstance(ax.figure, Figure) and ax.figure.axes == [ax]
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()


def test_older_versions_of_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until 3.10 `get_figure` took no argument; it must not be asked for the root."""
    modern = Artist.get_figure

    def get_figure(self: Artist, root: bool = False) -> Any:
        caller = sys._getframe(1).f_globals["__name__"]
        assert not caller.startswith("zerograd"), caller
        return modern(self, root=root)

    monkeypatch.setattr(Artist, "get_figure", get_figure)
    for kind in PANELS:
        shown(varied(Network.mlp(2, 2, 1), 2), kind)
        shown(founding(), kind)
