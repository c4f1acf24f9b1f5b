"""Do these parameters and data answer this question?

The gradients are computed here, by reverse mode on exact numbers; nothing was told by the search.
"""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.errors import Violation
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry, resolve
from zerograd.core.numbers.exact import Exact, compare, format_exact, is_integer, sign
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import OF_EACH, Relation


def violations(question: Question, point: Point[Exact]) -> list[Violation]:
    """What is not as the question asks: nothing, if these parameters and data answer it."""
    samples = point.x.shape[0]
    if samples not in question.samples:
        return [Violation("samples", str(question.samples), str(samples))]
    wrong = [*_values(question, point)]
    try:
        wrong += [*_query(question, point), *_conditions(question, point)]
    except OnKink as kink:
        layer, sample, unit = kink.site
        place = entry(f"z{layer}", (sample, unit))
        wrong.append(Violation(place, "not to be on a kink (derivative_at_kink: forbid)", "a kink"))
    return wrong


def _values(question: Question, point: Point[Exact]) -> Iterator[Violation]:
    """Given values, bounds and domain."""
    variables = point.variables
    for name, values in question.given.items():
        for index, expected in values.items():
            value = variables[name][index]
            if compare(value, expected) != 0:
                yield Violation(f"given {entry(name, index)}", str(expected), format_exact(value))
    for (name, index), (low, high) in question.entry_bounds(point.x.shape[0]).items():
        value = variables[name][index]
        if low is not None and compare(value, low) < 0:
            yield Violation(f"bounds of {entry(name, index)}", f"at least {low}", format_exact(value))
        if high is not None and compare(value, high) > 0:
            yield Violation(f"bounds of {entry(name, index)}", f"at most {high}", format_exact(value))
    if question.domain == "integer":
        for name, array in variables.items():
            for index, value in array.items():
                if not is_integer(value):
                    yield Violation(f"domain of {entry(name, index)}", "an integer", format_exact(value))


def _query(question: Question, point: Point[Exact]) -> Iterator[Violation]:
    """Signs of gradient entries."""
    gradients = point.gradients
    for relation in OF_EACH:
        for name, index in question.asked_entries(relation, point.x.shape[0]):
            value = gradients[name][index]
            if sign(value) not in relation.signs:
                yield Violation(f"∂L/∂{entry(name, index)}", relation.expected, format_exact(value))
    for reference in question.query[Relation.SOME_NONZERO]:
        array = gradients[reference.name]
        if not Relation.SOME_NONZERO.holds(sign(array[index]) for index in resolve(reference, array.shape)):
            yield Violation(f"∂L/∂{reference}", Relation.SOME_NONZERO.expected, "0 in every entry")


def _conditions(question: Question, point: Point[Exact]) -> Iterator[Violation]:
    for number, condition in enumerate(question.where):
        try:
            if not evaluate(condition, ExactAlgebra(), point.quantities.__getitem__):
                yield Violation(f"where[{number}]", str(condition), "that it does not hold")
        except ZeroDivisionError:
            yield Violation(f"where[{number}]", str(condition), "a division by zero")
