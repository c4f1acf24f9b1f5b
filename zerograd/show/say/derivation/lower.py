"""What a derivation says of parameters with a lower loss: what they predict, and how much lower it is."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.numbers.real import narrow
from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import Block, Equation, Equations, heading, paragraph
from zerograd.document.exact import number
from zerograd.document.formula import Letter
from zerograd.show.kinds import kind_text
from zerograd.show.lower import lower_loss, with_lower_loss
from zerograd.show.say.derivation.names import Names, vector
from zerograd.show.say.derivation.setting import parameters


def lower(answer: Sat, names: Names) -> Iterator[Block]:
    """That the point is a local minimum, and no global one."""
    other = with_lower_loss(answer)
    if other is None or answer.lower is None or answer.kind is None:
        return
    point = answer.witness.point
    yield heading("A lower loss")
    yield paragraph(
        f"With the data as they are, the point is {kind_text(point, answer.kind)}. "
        "But it is spurious: the same network fits the same data better with other parameters."
    )
    yield from parameters(answer.lower.parameters, names)
    rows = other.forward.y_hat.rows()
    units = range(answer.problem.network.outputs)
    lines = [
        Equation(names.plain("ŷ", *names.at(names.network.depth, k)), (vector([row[k] for row in rows]),))
        for k in units
    ]
    loss = narrow(lower_loss(point, answer.lower))
    lines.append(Equation(Letter("L"), (number(loss),)))
    yield paragraph("It then predicts, with the loss")
    yield Equations(tuple(lines))
    yield paragraph("which is less than ", number(answer.witness.loss), ".")
