"""Given numbers that are roundings: whether there is an exact example that rounds to them.

It has every given number within half a unit of its last digit, and all claims hold of it, printed digits as
intervals of half a unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from zerograd.core.auditing.claims import Claim, Digits, LocalMinimum, Rounded
from zerograd.core.auditing.completions import Ask, UnaskedError, at_minimum, near, node_of, with_condition
from zerograd.core.auditing.findings import Finding, Grade
from zerograd.core.auditing.grading import Lookup, statement_finding
from zerograd.core.errors import ProblemError
from zerograd.core.model.enclosing import BITS_OF_POINTS, UNDECIDED, EnclosingActivate
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.model.references import Reference, complete_index, parse_reference
from zerograd.core.model.slopes import off_kinks
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import RealFunctions
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.given import given_arrays, incomplete
from zerograd.core.question.language import LanguageError
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import RELATIONS, Bound, Rational, tighter, variable_shapes
from zerograd.core.verdict.answer import Sat, Unknown, Unsat

EXAMPLE = "example"
"""What is asked for: numbers that round to those that are given, and of which all claims hold."""

Halves: TypeAlias = Mapping[tuple[str, Index], Rational]
"""Half a unit of the last digit of given numbers that are roundings."""
LookupOf: TypeAlias = Callable[[Claim, Point[Any]], Lookup]
"""What names stand for, of a claim at a point: after the claim's step, where it has one."""

_GAPS = (*UNDECIDED, ArithmeticError, TypeError)  # irrational numbers stand beside no enclosures
_ALGEBRA = EnclosureAlgebra()


@dataclass(frozen=True, slots=True)
class Others:
    """The other claims, and what became of them.

    Attributes:
        findings: of the numbers as they are printed, where everything is given.
        lookup_of: what names stand for.
    """

    claims: Sequence[tuple[int, Claim]]
    findings: Sequence[Finding]
    lookup_of: LookupOf


def half_units(problem: Problem, rounded: Rounded) -> Halves:
    """Return how far each given number may be from what it rounds to.

    Raises:
        LanguageError: a number that is not given, or that has more digits.
    """
    if rounded.places is not None:
        unit = Fraction(1, 10**rounded.places)
        entries = [(name, index, v) for name, given in problem.given.items() for index, v in given.items()]
        spend(2 + len(entries))
        halves = {(name, index): unit / 2 for name, index, value in entries if value != int(value)}
        for name, index, value in entries:
            if Fraction(value) % unit:
                place = Reference(name, index)
                raise LanguageError(f"{place} has more than {rounded.places} digits behind the point")
    else:
        shapes = variable_shapes(problem.network, problem.samples.least)
        halves = {}
        for text, unit_of in rounded.units:
            name, index = _place(text, shapes)
            if index not in problem.given.get(name, {}):
                raise LanguageError(f"{text} is not given")
            halves[name, index] = Fraction(unit_of) / 2
    if not halves:
        raise LanguageError(
            "no given number has digits behind a point: whole numbers and fractions are exact"
        )
    return halves


def _place(text: str, shapes: Mapping[str, Any]) -> tuple[str, Index]:
    """Raises LanguageError for what names no entry."""
    try:
        reference = parse_reference(text)
        if reference.name not in shapes or reference.index is None:
            raise ValueError(f"{text} is no entry of parameters, x or y")
        return reference.name, complete_index(reference.name, reference.index, shapes[reference.name])
    except ValueError as error:
        raise LanguageError(str(error)) from None


def widened(problem: Problem, halves: Halves) -> Problem:
    """Return the question with bounds in place of roundings. Raises ProblemError."""
    given: dict[str, Any] = {}
    bounds: dict[Any, Bound] = {**problem.bounds}
    spend(2 + 2 * len(halves))
    for name, values in problem.given.items():
        for index, value in values.items():
            place = Reference(name, index)
            if (half := halves.get((name, index))) is None:
                given[str(place)] = value
            else:
                ends = (Fraction(value - half), Fraction(value + half))
                bounds[place] = tighter(bounds.get(place, (None, None)), ends)
    return problem.asking(given=given, bounds=bounds)


def judged(
    problem: Problem, place: tuple[Kink | None, int], rounded: Rounded, others: Others, ask: Ask | None
) -> Finding:
    """Return whether there is such an example: right if there is, wrong if there is none.

    Args:
        problem: under the convention.
        place: the convention, and the number of the claim.
    """
    halves = half_units(problem, rounded)
    complete = incomplete(problem) is None
    if complete and all(finding.grade in (Grade.RIGHT, Grade.ROUNDED) for finding in others.findings):
        return Finding(Grade.RIGHT, reason="the numbers as they are printed are such an example")
    if complete and (refuted := _refuted(boxed(problem, halves), others)) is not None:
        return refuted
    if ask is None:
        return Finding(Grade.UNDECIDED, reason="without a search it is not decided")
    try:
        question, left = widened(_unasked(problem) if complete else problem, halves), []
        for _, claim in others.claims:
            if claim.step is not None:
                left.append(claim)
                continue
            try:
                if isinstance(claim.statement, LocalMinimum):
                    question = at_minimum(question, claim.statement)
                    continue
                question = with_condition(question, node_of(claim.statement))
            except UnaskedError:
                left.append(claim)
    except ProblemError as error:
        return Finding(Grade.UNDECIDED, reason=str(UnaskedError.of(error)))
    answer = ask(*place, EXAMPLE, question)
    answers = ((EXAMPLE, answer),)
    match answer:
        case Unsat():
            return Finding(Grade.WRONG, answers=answers)
        case Sat() as sat:
            failing = next((claim for claim in left if not _holds(claim, sat, others.lookup_of)), None)
            if failing is None:
                return Finding(Grade.RIGHT, answers=answers)
            told = f"{failing} was no part of the question, and does not hold of the numbers that were found"
            return Finding(Grade.UNDECIDED, reason=told, answers=answers)
        case Unknown():
            return Finding(Grade.UNDECIDED, reason=f"no answer was found: {answer}", answers=answers)


def _unasked(problem: Problem) -> Problem:
    """The example alone: what a problem asks plays no part where everything is given."""
    return problem.asking(where=(), minimum=None, **dict.fromkeys(map(str, RELATIONS), ()))


def boxed(problem: Problem, halves: Halves) -> Point[Any]:
    """Return the point that is given, with an interval for each number that is a rounding."""
    arrays = {}
    for name, array in given_arrays(problem).items():
        spend(2 + len(array.entries))
        entries = (
            _interval(value, halves[name, index]) if (name, index) in halves else value
            for index, value in array.items()
        )
        arrays[name] = Array(array.shape, tuple(entries))
    functions = RealFunctions(BITS_OF_POINTS)
    model = off_kinks(problem.model)
    activate = EnclosingActivate(model.derivative_at_kink, functions, functions, {})
    parameters = {name: arrays[name] for name in problem.network.shapes}
    return Point(model, parameters, arrays["x"], arrays["y"], activate, functions)


def _interval(value: Any, half: Rational) -> Interval:
    return Interval.between(value - half, value + half, BITS_OF_POINTS)


def _refuted(box: Point[Any], others: Others) -> Finding | None:
    """A claim that holds of no numbers in the box, which shows that there is no example; None without one."""
    for _, claim in others.claims:
        statement = claim.statement
        if not isinstance(statement, Digits | Condition):
            continue
        condition = near(statement) if isinstance(statement, Digits) else statement
        try:
            lookup = others.lookup_of(claim, box)
            if evaluate(condition, _ALGEBRA, lookup) is not False:
                continue
            values = statement_finding(statement, lookup).values
        except _GAPS:
            continue
        told = f"{claim} is wrong of all numbers that round to those that are given"
        return Finding(Grade.WRONG, values, told)
    return None


def _holds(claim: Claim, sat: Sat, lookup_of: LookupOf) -> bool:
    """Whether a claim holds at the numbers that were found."""
    if not isinstance(claim.statement, Digits | Condition):
        return False
    try:
        lookup = lookup_of(claim, sat.witness.point)
        return statement_finding(claim.statement, lookup).grade in (Grade.RIGHT, Grade.ROUNDED)
    except _GAPS:
        return False
