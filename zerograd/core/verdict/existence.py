"""Do these parameters and data answer this question?

The gradients are computed here, by reverse mode on exact numbers; nothing was told by the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from zerograd.core.errors import Violation
from zerograd.core.model.backprop import OnKink, Unevaluated
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry, resolve
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, compare, format_exact, is_integer, sign
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import OF_EACH, Relation

MOST = 1000
"""Violations that are listed."""


def violations(question: Question, point: Point[Exact]) -> list[Violation]:
    """What is not as the question asks: nothing, if these parameters and data answer it.

    Of very many, the first `MOST`.
    """
    samples = point.x.shape[0]
    if samples not in question.samples:
        return [Violation("samples", str(question.samples), str(samples))]
    wrong: list[Violation] = []
    try:
        wrong += islice(_values(question, point), MOST)
        wrong += islice(_query(question, point), MOST - len(wrong))
        wrong += islice(_conditions(question, point), MOST - len(wrong))
    except OnKink as kink:
        wrong.append(Violation(kink.place, "not to be on a kink (derivative_at_kink: forbid)", kink.what))
    except Unevaluated as gap:
        wanted = f"a number at which {gap.activation} and its derivative are exact numbers"
        wrong.append(Violation(gap.place, wanted, f"one at which {gap.reason}"))
    except ArithmeticError as error:
        wrong.append(Violation("loss and gradients", "exact numbers", f"that {error}"))
    return wrong


def _values(question: Question, point: Point[Exact]) -> Iterator[Violation]:
    """Given values, bounds and domain."""
    variables = point.variables
    for name, values in question.given.items():
        for index, value in variables[name].items():
            expected = values.get(index)
            if expected is not None and expected is not value and compare(value, expected) != 0:
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
        told: set[tuple[str, Index]] = set()
        for name, index, value in _entries(question, relation, gradients):
            if sign(value) not in relation.signs and (name, index) not in told:
                told.add((name, index))
                yield Violation(f"∂L/∂{entry(name, index)}", relation.expected, format_exact(value))
    for reference in question.query[Relation.SOME_NONZERO]:
        array = gradients[reference.name]
        if not Relation.SOME_NONZERO.holds(sign(array[index]) for index in resolve(reference, array.shape)):
            yield Violation(f"∂L/∂{reference}", Relation.SOME_NONZERO.expected, "0 in every entry")


def _entries(
    question: Question, relation: Relation, gradients: Mapping[str, Array[Exact]]
) -> Iterator[tuple[str, Index, Exact]]:
    """The gradient entries named under a relation, some of them perhaps twice."""
    for reference in question.query[relation]:
        array = gradients[reference.name]
        if reference.index is None:
            for index, value in array.items():
                yield reference.name, index, value
        else:
            for index in resolve(reference, array.shape):
                yield reference.name, index, array[index]


def _conditions(question: Question, point: Point[Exact]) -> Iterator[Violation]:
    for number, condition in enumerate(question.where):
        try:
            if not evaluate(condition, ExactAlgebra(), point.quantity):
                yield Violation(f"where[{number}]", str(condition), "that it does not hold")
        except ZeroDivisionError:
            yield Violation(f"where[{number}]", str(condition), "a division by zero")
        except ArithmeticError as error:
            yield Violation(f"where[{number}]", str(condition), f"that it is not decided: {error}")
