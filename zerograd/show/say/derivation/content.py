"""A derivation from its title to its last sentence, whatever it is written in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass

from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.document.blocks import Block, paragraph
from zerograd.document.escape import clean
from zerograd.document.formula import ALPHA, Digits
from zerograd.explaining.sums import Sums
from zerograd.show.say.derivation.backward import backward, gradients
from zerograd.show.say.derivation.forward import forward
from zerograd.show.say.derivation.lower import lower
from zerograd.show.say.derivation.names import Names
from zerograd.show.say.derivation.opening import question
from zerograd.show.say.derivation.reasons import reasons
from zerograd.show.say.derivation.selection import EVERYTHING, select
from zerograd.show.say.derivation.setting import alpha, data, network


def blocks(answer: Sat, *, notes: bool = False) -> list[Block]:
    """The answer's witness, worked out.

    Args:
        notes: whether the notes of the problem stand below the title.
    """
    names, shown, sums = Names(answer.problem.model), select(answer.witness), Sums(answer.witness)
    title, *asked = question(answer, names)
    shown_notes = _paragraphs(answer.problem.notes or "") if notes else []
    formulas, table = [*network(answer, names)], [*data(answer, names)]
    worked = [
        *forward(answer, names, shown),
        *backward(answer, names, shown, sums),
        *gradients(answer, names, shown, sums),
        *reasons(answer, names, shown, sums),
        *lower(answer, names),
    ]
    field = answer.witness.field
    if field is not None and _holds((*formulas, *table, *worked), lambda part: part == ALPHA):
        formulas.append(alpha(field))
    given = [title, *shown_notes, *asked, *formulas, *table]
    if _holds((*given, *worked), _is_rounded):
        warning = (
            "Numbers that end in … are rounded to six digits as they are written; all that is said of them"
        )
        given.append(paragraph(f"{warning} holds of the exact ones: {EVERYTHING}."))
    if isinstance(answer.witness, EnclosedWitness):
        words = answer.witness.words
        given.append(paragraph(f"They are the numbers of a solution that is {words}: see the end."))
    return [*given, *worked]


def _paragraphs(text: str) -> list[Block]:
    """Notes, as paragraphs that empty lines separate."""
    parts = re.split(r"\n\s*\n", text)
    return [paragraph(clean(part)) for part in parts if clean(part)]


def _is_rounded(part: object) -> bool:
    """Whether it is a number that is not written out."""
    return isinstance(part, Digits) and "…" in part.text


def _holds(part: object, test: Callable[[object], bool]) -> bool:
    """Whether the test holds of a part of it."""
    if test(part):
        return True
    if isinstance(part, tuple):
        return any(_holds(inner, test) for inner in part)
    return is_dataclass(part) and any(_holds(getattr(part, field.name), test) for field in fields(part))
