"""Pictures of an answer, drawn by matplotlib: of a witness, or of why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from zerograd.core.errors import ZerogradError
from zerograd.core.verdict.answer import Answer, Sat, Unsat
from zerograd.extras import install
from zerograd.show import chosen
from zerograd.show.fitness import no_witness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

Kind: TypeAlias = Literal["function", "contributions", "network", "loss", "cases"]
"""One picture."""
Picture: TypeAlias = Literal["svg", "png", "pdf"]
"""A form that pictures are written in."""

KINDS: tuple[Kind, ...] = get_args(Kind)
PANELS: tuple[Kind, ...] = ("function", "contributions", "network")
"""What ``all`` draws of a witness."""
PICTURES: tuple[Picture, ...] = get_args(Picture)
NARROWEST, WIDEST = 10.0, 100.0
"""Centimetres."""


class NothingToPlot(ZerogradError):  # noqa: N818 - named for what happened
    """There is nothing to draw, or nothing to draw it with, or no way to draw numbers as large as these."""


def plot(
    answer: Answer,
    *,
    kind: Kind | None = None,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    colors: Sequence[ColorType] | None = None,
    title: str | Literal[False] | None = None,
    along: Sequence[str] = (),
) -> Axes:
    """Draw an answer, with fonts, sizes and colours as matplotlib's settings in force have them.

    Args:
        kind: of a witness ``function`` (the default): ŷ over the inputs with the data, and where units are
            active; ``contributions``: what each sample adds to gradient entries, exactly; ``network``: units
            and connections with their exact weights; ``loss``: L along two parameters, with exact kinks and
            slopes. Of an unsat ``cases``: the cases of its certificate, and why each is impossible.
        ax: the axes to draw into; without it, axes of a new figure, which pyplot does not know.
        figsize: width and height of the new figure, in inches.
        colors: in place of the cycle of colours of the settings (ours, if these are matplotlib's own).
        title: in place of the picture's own; False for none.
        along: for ``loss``, the parameters, such as ``["w1[0,0]", "b2"]``; two are chosen if none is named.

    Returns:
        The axes. Nothing is saved: ``plot(answer).figure.savefig("picture.svg")``. Axes of a new figure show
        themselves where a notebook's cell ends with them.

    Raises:
        NothingToPlot: this kind cannot be drawn of the answer (the message says why), matplotlib is not
            installed, or numbers are too large.
        ValueError: an unknown kind, a colour that is none, ``along`` that names no parameter, or ``figsize``
            together with ``ax``.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r} (known: {', '.join(KINDS)})")
    if ax is not None and figsize is not None:
        raise ValueError("figsize is for a new figure: without ax")
    kind = kind or _usual(answer)
    drawable = _drawable(answer, kind)
    from zerograd.show.plot.figure import draw_into, drawn
    from zerograd.show.plot.style import colored

    with colored(colors):
        if ax is not None:
            draw_into(ax, drawable, kind, title=title, along=along)
            return ax
        return drawn(drawable, [kind], figsize=figsize, title=title, along=along).axes[0]


def picture(
    answer: Answer,
    form: Picture,
    *,
    kind: Kind | Sequence[Kind] | Literal["all"] = "all",
    width: float | None = None,
    title: str | Literal[False] | None = None,
    along: Sequence[str] = (),
) -> bytes:
    """A picture as a file, the same bytes each time, whatever matplotlib's settings.

    Args:
        kind: as for `plot`; or several, as panels of one figure: ``all`` are three of a witness, else what
            there is.
        width: in centimetres; 16 for one picture and 27 for several, if nothing is said.
        title, along: as for `plot`. Panels keep the headings that tell them apart.

    Raises:
        NothingToPlot: as for `plot`.
        ValueError: an unknown form or kind, ``along`` that names no parameter, or a width below 10 or above
            100.
    """
    if form not in PICTURES:
        raise ValueError(f"unknown form {form!r} (known: {', '.join(PICTURES)})")
    usual = _usual(answer)
    kinds: Sequence[Kind]
    match kind:
        case "all":
            kinds = [usual] if usual == "cases" else PANELS
        case "function" | "contributions" | "network" | "loss" | "cases":
            kinds = [kind]
        case str():
            raise ValueError(f"unknown kind {kind!r} (known: {', '.join(KINDS)}, all)")
        case _:
            kinds = kind
    if unknown := [each for each in kinds if each not in KINDS]:
        raise ValueError(f"unknown kind {unknown[0]!r} (known: {', '.join(KINDS)})")
    if not 1 <= len(set(kinds)) == len(kinds) <= len(PANELS):
        raise ValueError(f"kind: expected from 1 to {len(PANELS)} different ones, found {len(kinds)}")
    if width is not None and not NARROWEST <= width <= WIDEST:
        raise ValueError(f"width must be from {NARROWEST:g} to {WIDEST:g} cm, found {width:g}")
    for each in kinds:
        drawable = _drawable(answer, each)
    from zerograd.show.plot.figure import drawn, written
    from zerograd.show.plot.style import styled

    with styled():
        return written(drawn(drawable, kinds, width, title=title, along=along), form)


def unfit(answer: Answer, kind: Kind | None = None) -> str | None:
    """Say why there is no picture of an answer; None if there is one, unless its numbers are too large.

    Args:
        kind: of this kind; else of the usual one.
    """
    if find_spec("matplotlib") is None:
        missing: str | None = f"pictures need matplotlib, which is not installed: {install('plot')}"
    else:
        missing = None
    if (kind or _usual(answer)) == "cases":
        from zerograd.show.say.proof.rows import unfit as no_cases

        return no_cases(answer) or missing
    why = no_witness(answer, "to draw")
    if why is not None and isinstance(answer, Unsat):
        why += " (the kind cases draws why)"
    if why is None and kind == "loss":
        from zerograd.evaluate.along import unfit as no_line

        why = no_line(answer.problem)
    return why or chosen.unfit(answer) or missing


def _usual(answer: Answer) -> Kind:
    """The kind that is drawn if none is named."""
    return "cases" if isinstance(answer, Unsat) else "function"


def _drawable(answer: Answer, kind: Kind) -> Sat | Unsat:
    """What is drawn."""
    if (why := unfit(answer, kind)) is not None:
        raise NothingToPlot(why)
    match answer:
        case Sat():
            return chosen.shown_plainly(answer)
        case Unsat():
            return answer
    raise NothingToPlot(f"the answer is {answer.status}")
