"""A question as an exercise: with room to write in, without a word on the answer; and its solution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from zerograd.core.errors import present
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import Block, Break, Space, heading, join, paragraph, sections
from zerograd.document.escape import clean
from zerograd.document.formula import Letter, inline
from zerograd.show.lecture.languages import Language, document
from zerograd.show.say.derivation.content import blocks as derivation
from zerograd.show.say.derivation.names import Names
from zerograd.show.say.derivation.opening import posed
from zerograd.show.say.derivation.setting import formulas
from zerograd.show.say.proof import notation_of, reasoning

_LINES, _MORE_LINES = 14, 24
"""Room for formulas, and for an example or a proof."""


class Proved(Protocol):
    """A no with its certificate."""

    @property
    def problem(self) -> Problem: ...
    @property
    def certificate(self) -> Certificate | None: ...


def exercise(thing: Sat | Proved, *, language: Language = "latex", solution: bool = False) -> str:
    """Return the exercise that a question is.

    Args:
        thing: its answer: a witness, or a proof that there is none.
        language: of the document.
        solution: whether the solution stands on a page of its own behind it.
    """
    problem = thing.problem
    asked = list(_asked(problem))
    title = clean(problem.title or "") or "Exercise"
    if not solution:
        return document(asked, language, title)
    asked += [Break(), heading("Solution")]
    if isinstance(thing, Sat):
        return document([*asked, *_worked(thing)], language, title)
    certificate = present(thing.certificate, "certificate")
    told = [*notation_of(problem, certificate), *reasoning(problem, certificate)]
    return document([*asked, paragraph("There are none.")], language, title, argument=told)


def _asked(problem: Problem) -> Iterator[Block]:
    names = Names(problem.model)
    yield heading(clean(problem.title or "") or "Exercise", level=1)
    yield from posed(problem, names)
    yield from formulas(problem, names)
    subjects = [inline(names.gradient(name, None)) for name in problem.gradient_names]
    yield paragraph("(a) Write ", join(subjects), " as sums over the samples ", Letter("m"), ".")
    yield Space(_LINES)
    yield paragraph("(b) Give such parameters and such a dataset, or prove that there are none.")
    yield Space(_MORE_LINES)


def _worked(answer: Sat) -> Iterator[Block]:
    """A witness, worked out."""
    for title, inside in sections(derivation(answer))[2:]:
        yield heading(title, level=3)
        yield from inside
