"""Levels for people: a table of losses, each with a local minimum that has it."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.landscape.levels import Levels, point_of
from zerograd.document import html, text
from zerograd.document.blocks import Block, Table, heading, paragraph, prose
from zerograd.document.numbers import decimal_text, exact_text, vector_text


def levels_text(levels: Levels, *, width: int = text.WIDTH) -> str:
    """For a terminal of so many columns."""
    return text.written([*_blocks(levels)], width=width, indent=0)


def levels_html(levels: Levels) -> str:
    """Return a fragment of HTML, for notebooks."""
    return html.written([heading(levels.problem.title or "Levels", level=0), *_blocks(levels)], "levels")


def summary(levels: Levels) -> str:
    """What was found, in a sentence."""
    number = "1 loss" if len(levels.levels) == 1 else f"{len(levels.levels)} losses"
    if levels.proof is None:
        return f"{number} of critical points off the kinks; there may be others: time was up."
    return f"{number} of critical points off the kinks, proved to be all."


def _blocks(levels: Levels) -> Iterator[Block]:
    yield paragraph(summary(levels))
    rows = []
    for level in levels.levels:
        point = point_of(levels.problem, level.parameters)
        loss = exact_text(level.loss)
        decimal = decimal_text(level.loss)
        on = sum(any(z > 0 for z in column) for column in zip(*point.forward.z[0].rows(), strict=True))
        rows.append(
            tuple(
                map(
                    prose,
                    (
                        loss,
                        "" if decimal == loss else decimal,
                        str(on),
                        vector_text(point.forward.y_hat.entries),
                    ),
                )
            )
        )
    if not rows:
        yield from map(paragraph, _least(levels))
        return
    yield Table(tuple(map(prose, ("loss", "≈", "units on", "prediction"))), tuple(rows), words=1)
    yield paragraph(
        "Each is the loss of a local minimum: --json prints its parameters, and the proof that these are all."
    )
    yield from map(paragraph, _least(levels))


def _least(levels: Levels) -> Iterator[str]:
    """What the least loss of all parameters is, if it was found."""
    if levels.least is not None:
        loss = levels.least.loss
        first = bool(levels.levels) and levels.levels[0].loss == loss
        where = "the first of these" if first else "which is lower than these"
        yield f"No parameters, on kinks or off them, have a loss below {exact_text(loss)}, {where}."
