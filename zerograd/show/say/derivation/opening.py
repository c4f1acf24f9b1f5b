"""The question of a derivation, in words."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import Block, Strong, heading, join, paragraph, prose
from zerograd.document.escape import clean
from zerograd.document.formula import Letter, inline
from zerograd.show.question import convention_line
from zerograd.show.say.asking import asked_of, size
from zerograd.show.say.conditions import bounds, conditions, given, legend
from zerograd.show.say.derivation.names import Names
from zerograd.show.words import NO_KINK, count

_MOST = 12
"""Gradients that the question is said to be about."""


def question(answer: Sat, names: Names) -> Iterator[Block]:
    """The title, what is asked, and that it is answered."""
    yield heading(clean(answer.problem.title or "") or "A worked example", level=1)
    yield heading("The question")
    yield from posed(answer.problem, names)
    samples = count(answer.witness.samples, "sample")
    yield paragraph(Strong("Yes."), f" Here is an answer with {samples}, worked out by hand.")


def posed(problem: Problem, names: Names) -> Iterator[Block]:
    """The question, without a word on its answer."""
    whole = "integer " if problem.domain == "integer" else ""
    asked = list(asked_of(problem, lambda *entry: inline(names.gradient(*entry)), in_order=True))
    if problem.spurious:
        asked.append(("the parameters at a local minimum of the loss that is not a global one",))
    if problem.minimum == "global":
        asked.append(("the parameters at a global minimum of the loss",))
    if len(asked) > _MOST:
        asked = [*asked[:_MOST], (f"{len(asked) - _MOST} more conditions of this kind",)]
    yield paragraph(
        f"Are there {whole}parameters of the network {problem.network} ",
        f"and {'an' if whole else 'a'} {whole}dataset of {size(problem)}",
        prose(" with ", join(asked)) if asked else (),
        "? Here ",
        Letter("L"),
        f" is the {problem.model.loss.words}{_convention(problem)}.",
    )
    besides = [*conditions(problem), *given(problem), *bounds(problem)]
    if len(besides) > _MOST:
        besides = [*besides[:_MOST], (f"{len(besides) - _MOST} more conditions",)]
    if besides:
        letters = legend(problem)
        yield paragraph("Asked besides: ", join(besides), prose(", where ", letters) if letters else (), ".")


def _convention(problem: Problem) -> str:
    line = convention_line(problem)
    return "" if line == NO_KINK else f", and {line}"
