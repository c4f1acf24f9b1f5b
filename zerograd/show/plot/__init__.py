"""Pictures of a witness, drawn by matplotlib: its function, how gradients come about, the network."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from zerograd.core.errors import ZerogradError, of_type
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.show import chosen
from zerograd.show.fitness import no_witness

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind: TypeAlias = Literal["function", "contributions", "network"]
"""One picture."""
Picture: TypeAlias = Literal["svg", "png", "pdf"]
"""A form that pictures are written in."""

KINDS: tuple[Kind, ...] = get_args(Kind)
PICTURES: tuple[Picture, ...] = get_args(Picture)
NARROWEST, WIDEST = 10.0, 100.0
"""Centimetres."""


class NothingToPlot(ZerogradError):  # noqa: N818 - named for what happened
    """There is no witness, nothing to draw it with, or no way to draw numbers as large as its."""


def plot(answer: Answer, *, kind: Kind = "function", ax: Axes | None = None) -> Axes:
    """Draw the witness of an answer.

    Args:
        kind: ``function``: ŷ over the inputs with the data, and where units are active;
            ``contributions``: what each sample adds to gradient entries, exactly;
            ``network``: units and connections with their exact weights.
        ax: the axes to draw into; without it, axes of a new figure, which pyplot does not know.

    Returns:
        The axes. Nothing is shown or saved: ``plot(answer).figure.savefig("picture.svg")``.

    Raises:
        NothingToPlot: the answer is not sat, matplotlib is not installed, or numbers are too large.
        ValueError: an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r} (known: {', '.join(KINDS)})")
    witness = _drawable(answer).witness
    from zerograd.show.plot.figure import draw_into, drawn

    if ax is not None:
        draw_into(ax, witness, kind)
        return ax
    return drawn(witness, [kind]).axes[0]


def picture(
    answer: Answer, form: Picture, *, kind: Kind | Literal["all"] = "all", width: float | None = None
) -> bytes:
    """A picture as a file, the same bytes each time.

    Args:
        kind: as for `plot`, or ``all``: the three as panels of one figure.
        width: in centimetres; 16 for one picture and 27 for all, if nothing is said.

    Raises:
        NothingToPlot: as for `plot`.
        ValueError: an unknown form or kind, or a width below 10 or above 100.
    """
    if form not in PICTURES:
        raise ValueError(f"unknown form {form!r} (known: {', '.join(PICTURES)})")
    if kind not in (*KINDS, "all"):
        raise ValueError(f"unknown kind {kind!r} (known: {', '.join(KINDS)}, all)")
    if width is not None and not NARROWEST <= width <= WIDEST:
        raise ValueError(f"width must be from {NARROWEST:g} to {WIDEST:g} cm, found {width:g}")
    witness = _drawable(answer).witness
    from zerograd.show.plot.figure import drawn, written

    return written(drawn(witness, KINDS if kind == "all" else [kind], width), form)


def unfit(answer: Answer) -> str | None:
    """Say why there is no picture of an answer; None if there is one, unless its numbers are too large."""
    installed = find_spec("matplotlib") is not None
    missing = "pictures need matplotlib, which is not installed: pip install 'zerograd[plot]'"
    if (why := no_witness(answer, "to draw")) is not None:
        return why
    return chosen.unfit(answer) if installed else missing


def _drawable(answer: Answer) -> Sat:
    """The answer, if it can be drawn."""
    if (why := unfit(answer)) is not None:
        raise NothingToPlot(why)
    return chosen.shown_plainly(of_type(answer, Sat, "an answer that can be drawn"))
