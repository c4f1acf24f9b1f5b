"""A problem in which everything is given, as facts about numbers: what is asked and is not so.

No case is left, and no variable: each fact compares one calculated number with 0, as ``45 - 15 = 0`` does.
Whoever checks a certificate of this kind calculates the gradients anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import islice

from zerograd.core.errors import Refused, Violation, short
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question import given
from zerograd.core.question.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.question.language import Logic
from zerograd.core.question.question import Question
from zerograd.core.refuting.certificate import Alternatives, Identity, Node, Product
from zerograd.core.refuting.facts import (
    Both,
    Either,
    Fact,
    FactAlgebra,
    Formula,
    compared,
    labelled,
    part_label,
)
from zerograd.core.refuting.system import System, by_label, demands, where_label

unfit = given.unfit

MOST = 100
"""Facts that are looked at."""


def calculation_system(problem: Question, samples: int, point: Point[Exact] | None = None) -> System:
    """What is asked and is false at the given point: one fact refutes it, so the first `MOST` will do.

    Args:
        point: the given point, where its gradients are known already.

    Raises:
        Refused: for other samples than are given.
    """
    if samples != problem.samples.fixed:
        raise Refused([Violation("samples", str(problem.samples), str(samples))])
    return System(
        by_label(islice(_wrong(problem, point or given.given_point(problem)), MOST)),
        {},
        frozenset(),
        lambda _, variable: variable,
    )


def refutation_of(system: System) -> Node | None:
    """Return the proof that such facts contradict themselves: the first that is false; None if none is.

    What is false may have parts that are true: of ``0 < 1 < x`` the first.
    """
    return next((_refuted(label, fact) for label, fact in system.facts.items() if not holds(fact)), None)


def holds(formula: Formula) -> bool:
    """Whether a formula about numbers alone is true."""
    match formula:
        case Fact(polynomial=p, sign=sign):
            value = p.constant_term
            return {"=": value == 0, "!=": value != 0, ">": value > 0, ">=": value >= 0}[sign]
        case Both(parts=parts):
            return all(map(holds, parts))
        case Either(parts=parts):
            return any(map(holds, parts))


def _wrong(problem: Question, point: Point[Exact]) -> Iterator[tuple[str, Formula]]:
    try:
        point.adjoint  # noqa: B018 - it may raise
    except OnKink as kink:
        yield f"{kink.place} off its kinks", Fact(Polynomial.constant(0), "!=")
        return
    yield from _query(problem, point)

    @cache
    def quantity(name: str) -> Array[Polynomial]:
        return point.quantity(name).map(_constant)

    def wrong(condition: Condition, label: str) -> Iterator[tuple[str, Formula]]:
        try:
            if not evaluate(condition, ExactAlgebra(), point.quantity):
                yield label, evaluate(condition, _Numbers(), quantity)
        except ZeroDivisionError:  # such a problem asks elsewhere, or beside, that the divisor is not 0
            node = condition.node
            if isinstance(node, Logic) and node.operator == "and":
                for n, part in enumerate(node.operands):
                    yield from wrong(Condition(part), part_label(label, n, len(node.operands)))

    for number, condition in enumerate(problem.where):
        yield from wrong(condition, where_label(number))


def _query(problem: Question, point: Point[Exact]) -> Iterator[tuple[str, Formula]]:
    for demand in demands(problem, point.x.shape[0]):
        values = [point.gradients[name][index] for name, index in demand.entries]
        if demand.relation.holds(map(sign, values)):
            continue
        # Of several entries at least one was asked not to be 0: the sum of their squares.
        value = 0 if demand.relation.some else values[0]
        yield demand.label, compared(_constant(value), demand.operator, Polynomial.constant(0))


def _constant(value: Exact) -> Polynomial:
    if isinstance(value, Irrational):
        raise Refused([Violation("system", "rational numbers, of what is given", short(str(value)))])
    return Polynomial.constant(value)


class _Numbers(FactAlgebra):
    """Polynomials that are all constant: nothing needs a variable of its own."""

    def divide(self, a: Polynomial, b: Polynomial) -> Polynomial:
        return a * (1 / b.constant_term)

    def maximum(self, values: Sequence[Polynomial]) -> Polynomial:
        return max(values, key=lambda value: value.constant_term)

    def distinct(self, values: Sequence[Polynomial]) -> Formula:
        numbers = [value.constant_term for value in values]
        return Both(()) if len({*numbers}) == len(numbers) else Fact(Polynomial.constant(0), "!=")


def _refuted(label: str, formula: Formula) -> Node:
    """Return why a formula that is false cannot be."""
    for name, part in labelled(label, formula):
        if holds(part):
            continue
        if isinstance(part, Fact):
            return _absurd(name, part)
        return Alternatives(name, {str(n): _refuted(f"{name}/{n}", sub) for n, sub in enumerate(part.parts)})
    raise ValueError(f"{label} holds")


def _absurd(label: str, fact: Fact) -> Identity:
    value = fact.polynomial.constant_term
    if fact.sign == "=":
        return Identity({label: Polynomial.constant(1 / value)})
    if fact.sign == "!=":
        return Identity({}, {label: 1})
    rest = () if value == 0 else (Product(-value, {}),)
    return Identity({}, positive=(Product(Fraction(1), {label: 1}), *rest))
