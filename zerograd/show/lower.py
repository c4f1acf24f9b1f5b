"""Parameters with a lower loss on the same data, in words, and as a witness that pictures can draw."""

from __future__ import annotations

from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.real import Real
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.lower import Lower, loss_at
from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import exact_text
from zerograd.show.kinds import parameter_texts

_MOST = 12
"""Parameters that are written out."""


def lower_text(point: Point[Exact], lower: Lower) -> str:
    """``0, at w1 = 1, b1 = 0, …``."""
    entries = parameter_texts(lower.parameters)
    more = f" and {len(entries) - _MOST} more (--json has them)" if len(entries) > _MOST else ""
    return f"{exact_text(lower_loss(point, lower))}, at {', '.join(entries[:_MOST])}{more}"


def lower_lines(answer: Sat) -> list[str]:
    """The same of an answer, if there is any."""
    return [] if answer.lower is None else [lower_text(answer.witness.point, answer.lower)]


def lower_loss(point: Point[Exact], lower: Lower) -> Real:
    """Return the lower loss."""
    return loss_at(lower.at(point))


def with_lower_loss(answer: Sat) -> Witness | None:
    """Return the parameters with a lower loss, with the data; None where there are none."""
    if answer.lower is None:
        return None
    witness = answer.witness
    return Witness(witness.problem, answer.lower.parameters, witness.x, witness.y, witness.slopes)
