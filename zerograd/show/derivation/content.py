"""A derivation from its title to its last sentence, whatever it is written in."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.answer import Sat
from zerograd.show.derivation.asking import question
from zerograd.show.derivation.backward import backward, gradients
from zerograd.show.derivation.blocks import Block
from zerograd.show.derivation.forward import forward
from zerograd.show.derivation.names import Names
from zerograd.show.derivation.reasons import reasons
from zerograd.show.derivation.selection import select
from zerograd.show.derivation.setting import data, network
from zerograd.show.derivation.steps import adjoints


def blocks(answer: Sat) -> Iterator[Block]:
    """The answer's witness, worked out."""
    names, shown, found = Names(answer.problem.network), select(answer.witness), adjoints(answer.witness)
    yield from question(answer, names)
    yield from network(answer, names)
    yield from data(answer, names)
    yield from forward(answer, names, shown)
    yield from backward(answer, names, shown, found)
    yield from gradients(answer, names, shown, found)
    yield from reasons(answer, names, shown, found)
