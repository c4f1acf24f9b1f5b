"""A derivation from its title to its last sentence, whatever it is written in."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from zerograd.core.answer import Sat
from zerograd.show.derivation.asking import question
from zerograd.show.derivation.backward import backward, gradients
from zerograd.show.derivation.blocks import Block, Paragraph
from zerograd.show.derivation.formula import Digits
from zerograd.show.derivation.forward import forward
from zerograd.show.derivation.names import Names
from zerograd.show.derivation.reasons import reasons
from zerograd.show.derivation.selection import EVERYTHING, select
from zerograd.show.derivation.setting import data, network
from zerograd.show.derivation.steps import adjoints


def blocks(answer: Sat) -> list[Block]:
    """The answer's witness, worked out."""
    names, shown, found = Names(answer.problem.network), select(answer.witness), adjoints(answer.witness)
    given = [*question(answer, names), *network(answer, names), *data(answer, names)]
    worked = [
        *forward(answer, names, shown),
        *backward(answer, names, shown, found),
        *gradients(answer, names, shown, found),
        *reasons(answer, names, shown, found),
    ]
    if _rounded((*given, *worked)):
        said = "Numbers that end in … are rounded to six digits as they are written; all that is said of them"
        given.append(Paragraph((f"{said} holds of the exact ones: {EVERYTHING}.",)))
    return [*given, *worked]


def _rounded(part: object) -> bool:
    """Whether a number in it is not written out."""
    match part:
        case Digits(text=text):
            return "…" in text
        case tuple():
            return any(map(_rounded, part))
    return is_dataclass(part) and any(_rounded(getattr(part, field.name)) for field in fields(part))
