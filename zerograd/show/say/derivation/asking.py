"""The question of a derivation, in words."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from zerograd.core.model.references import resolve
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation, gradient_shapes
from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import Block, Code, Formula, Heading, Paragraph, Prose, Strong, join
from zerograd.document.escape import clean
from zerograd.document.formula import ZERO, Letter, Sign, row
from zerograd.show.question import condition_lines
from zerograd.show.say.derivation.names import Names
from zerograd.show.words import activations, count, kink_line, network_line

SIGNS: dict[Relation, str] = {
    "zero": "=",
    "nonzero": "≠",
    "some_nonzero": "≠",
    "positive": ">",
    "negative": "<",
}
_MOST = 12
"""Gradients that the question is said to be about."""


def question(answer: Sat, names: Names) -> Iterator[Block]:
    """The title, what is asked, and that it is answered."""
    problem = answer.problem
    yield Heading(clean(problem.title or "") or "A worked example", level=1)
    yield Heading("The question")
    whole = "integer " if problem.domain == "integer" else ""
    asked = list(_asked(problem, names))
    if len(asked) > _MOST:
        asked = [*asked[:_MOST], (f"{len(asked) - _MOST} more conditions of this kind",)]
    yield Paragraph(
        (
            f"Are there {whole}parameters of the network {network_line(problem.network)} ",
            f"and a {whole}dataset of {_size(problem)}",
            *((" with ", *join(asked)) if asked else ()),
            "? Here ",
            Formula(Letter("L")),
            f" is the mean squared error{_kinks(problem)}.",
        )
    )
    lines = [Code(line) for line in condition_lines(problem)]
    if lines:
        yield Paragraph(("Asked besides: ", *join([(line,) for line in lines]), "."))
    found = count(answer.witness.samples, "sample")
    yield Paragraph((Strong("Yes."), f" Here is an answer with {found}, worked out by hand."))


def _kinks(problem: Problem) -> str:
    used = activations(problem.network)
    if not any(activation.kinks for activation in used):
        return ""
    return f", and {kink_line(used, problem.derivative_at_kink)}"


def _size(problem: Problem) -> str:
    samples = problem.samples
    if samples.fixed is not None:
        return count(samples.fixed, "sample")
    if samples.most is not None:
        return f"{samples.least} to {samples.most} samples"
    return "any size" if samples.least == 1 else f"{samples.least} or more samples"


def _asked(problem: Problem, names: Names) -> Iterator[Prose]:
    order = list(gradient_shapes(problem.network, problem.samples.least))
    for relation, references in problem.query.items():
        for reference in sorted(references, key=lambda reference: order.index(reference.name)):
            shape = gradient_shapes(problem.network, problem.samples.least)[reference.name]
            several = reference.index is None and (prod(shape) > 1 or reference.name == "x")
            where = " in some entry" if relation == "some_nonzero" else " in every entry"
            gradient = names.gradient(reference.name, None if several else resolve(reference, shape)[0])
            formula = row(gradient, Sign(SIGNS[relation]), ZERO)
            yield (Formula(formula), where) if several else (Formula(formula),)
