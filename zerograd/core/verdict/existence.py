"""Do these parameters and data answer this question?

The gradients are computed here, by reverse mode on exact numbers or enclosures; nothing was told by the
search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain, islice
from operator import eq, is_
from typing import Any

from zerograd.core.errors import Violation, short
from zerograd.core.model.backprop import OnKink, Unevaluated
from zerograd.core.model.point import Point
from zerograd.core.model.references import Reference, entry, resolve
from zerograd.core.model.slopes import Ranges, choices_at, off_kinks, ranges_at
from zerograd.core.numbers import exact
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import Real, compare, enclosed, format_real, is_integer, sign
from zerograd.core.numbers.real import ends as real_ends
from zerograd.core.numbers.work import spend_on
from zerograd.core.question.conditions import Algebra, ExactAlgebra, evaluate
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.question import Question
from zerograd.core.question.targets import misfits, restricted
from zerograd.core.question.vocabulary import OF_EACH, Relation

MOST = 1000
"""Violations that are listed."""
_EXACTLY = ExactAlgebra()
_ENCLOSED = EnclosureAlgebra()


def violations(
    question: Question, point: Point[Any], algebra: Algebra[Any, Any] = _EXACTLY
) -> list[Violation]:
    """What is not, or is not known to be, as the question asks; nothing if the point answers it.

    Of very many, the first `MOST`.

    Args:
        algebra: of conditions; by default over exact numbers.
    """
    samples = point.x.shape[0]
    if samples not in question.samples:
        return [Violation("samples", str(question.samples), str(samples))]
    wrong: list[Violation] = []
    try:
        wrong += islice(_slopes(question, point), MOST)
        if wrong:
            return wrong
        ranges = ranges_at(point)
        wrong += islice(_values(question, point), MOST)
        if ranges is None:
            wrong += islice(_query(question, point), MOST - len(wrong))
            wrong += islice(_conditions(question, point, algebra), MOST - len(wrong))
        else:
            wrong += islice(_query_of_all(question, point, ranges), MOST - len(wrong))
            wrong += islice(_conditions(question, _Varying(point, ranges), _ENCLOSED), MOST - len(wrong))
    except OnKink as kink:
        wrong.append(Violation(kink.place, "not to be on a kink (derivative_at_kink: forbid)", kink.what))
    except Unevaluated as gap:
        wanted = f"a number at which {gap.activation} and its derivative are exact numbers"
        wrong.append(Violation(gap.place, wanted, f"one at which {gap.reason}"))
    except ArithmeticError as error:
        wrong.append(Violation("loss and gradients", "exact numbers", f"that {error}"))
    return wrong


def _slopes(question: Question, point: Point[Any]) -> Iterator[Violation]:
    """Under ``any``: a slope for each kink that a sample is on, between both; and for nothing else."""
    convention = point.model.derivative_at_kink
    if convention not in (question.derivative_at_kink, off_kinks(question.model).derivative_at_kink):
        raise ValueError(f"a point under {convention} for a question under {question.derivative_at_kink}")
    if convention != "any":
        return
    places = set()
    for choice in choices_at(point):
        places.add(choice.place)
        slope = point.chosen.get(choice.place)
        if slope is None or not choice.admits(slope):
            between = f"from {format_real(choice.low)} to {format_real(choice.high)}"
            found = "none" if slope is None else format_real(slope)
            yield Violation(f"slope at the kink of {choice.place}", f"a number {between}", found)
    for place in sorted(set(point.chosen) - places):
        yield Violation(
            f"slope of {short(place)}", "none: it is on no kink", format_real(point.chosen[place])
        )


def _values(question: Question, point: Point[Real]) -> Iterator[Violation]:
    """Given values, bounds and domain."""
    variables = point.variables
    spend_on(chain.from_iterable(array.entries for array in variables.values()))
    for name, values in question.given.items():
        if _are(values, variables[name]):
            continue
        for index, value in variables[name].items():
            expected = values.get(index)
            if expected is not None and expected is not value and compare(value, expected) != 0:
                yield Violation(f"given {entry(name, index)}", str(expected), format_real(value))
    for (name, index), (low, high) in question.entry_bounds(point.x.shape[0]).items():
        value = variables[name][index]
        if low is not None and compare(value, low) not in (0, 1):
            yield Violation(f"bounds of {entry(name, index)}", f"at least {low}", format_real(value))
        if high is not None and compare(value, high) not in (-1, 0):
            yield Violation(f"bounds of {entry(name, index)}", f"at most {high}", format_real(value))
    outputs = point.y.shape[1]
    loss, kind = question.model.loss, question.targets
    known = {} if restricted(kind, loss) is None else dict(point.y.items())
    for index, label, value in misfits(kind, loss, known, outputs):
        what = entry("y", index) if len(index) == 2 else f"the sum of {entry('y', index)}"
        yield Violation(f"targets: {what}", label, format_real(value))
    if question.domain == "integer":
        for name, array in variables.items():
            for index, value in array.items():
                if not is_integer(value):
                    yield Violation(f"domain of {entry(name, index)}", "an integer", format_real(value))


def _are(values: Mapping[Index, int | Fraction], array: Array[Real]) -> bool:
    """Whether these rational numbers are the entries, one by one: seen at once, as of most points."""
    if not array.kinds <= {int, Fraction} or len(values) != len(array.entries):
        return False
    given = [*map(values.get, indices(array.shape))]
    return all(map(is_, given, array.entries)) or all(map(eq, given, array.entries))


def _query(question: Question, point: Point[Real]) -> Iterator[Violation]:
    """Signs of gradient entries."""
    if outside := [*_outside_unit(question, point)]:
        yield from outside
        return
    gradients = point.gradients
    for relation in OF_EACH:
        told: set[tuple[str, Index]] = set()
        doubtful = (r for r in question.query[relation] if not _are_as_asked(r, relation, gradients))
        for name, index, value in _named(doubtful, gradients):
            if sign(value) not in relation.signs and (name, index) not in told:
                told.add((name, index))
                yield Violation(f"∂L/∂{entry(name, index)}", relation.expected, _found(value))
    for relation, references in question.groups():
        signs: set[int | None] = set()
        for _, _, value in _named(references, gradients):
            signs.add(sign(value))
            if 1 in signs or -1 in signs:
                break
        else:
            found = "0 in every entry" if None not in signs else "no entry that is known not to be 0"
            named = ", ".join(f"∂L/∂{reference}" for reference in references)
            yield Violation(named, relation.expected, found)


def _outside_unit(question: Question, point: Point[Real]) -> Iterator[Violation]:
    """The first prediction at which a loss of probabilities has no value."""
    if question.model.loss.within_unit:
        for index, value in point.forward.y_hat.items():
            if sign(value) != 1 or compare(value, 1) != -1:
                yield Violation(entry("y_hat", index), "a number above 0 and below 1", format_real(value))
                return


def _query_of_all(question: Question, point: Point[Real], ranges: Ranges) -> Iterator[Violation]:
    """Signs of gradient entries, under every choice of slopes."""
    if outside := [*_outside_unit(question, point)]:
        yield from outside
        return
    for relation in OF_EACH:
        for name, index in question.asked_entries(relation, point.x.shape[0]):
            low, high = ranges.of(name)[index]
            signs = {*range(exact.sign(low), exact.sign(high) + 1)}  # an entry takes all values between
            if not signs <= relation.signs:
                expected = f"{relation.expected} whatever slopes are taken at kinks"
                yield Violation(f"∂L/∂{entry(name, index)}", expected, _spread(low, high))
    for choice in question.choices(point.x.shape[0]):
        ends = [ranges.of(name)[index] for name, index in choice.entries]
        # That several take turns in not being 0 is not looked into.
        if not any(exact.sign(low) > 0 or exact.sign(high) < 0 for low, high in ends):
            named = ", ".join(f"∂L/∂{reference}" for reference in choice.references)
            expected = "one entry that is not 0 whatever slopes are taken at kinks"
            yield Violation(named, expected, "0 in every entry, each under some choice")


def _spread(low: Exact, high: Exact) -> str:
    same = exact.compare(low, high) == 0
    return format_real(low) if same else f"all numbers from {format_real(low)} to {format_real(high)}"


class _Varying:
    """What conditions speak of at a point on kinks: gradients that vary are enclosed by what they can be."""

    def __init__(self, point: Point[Real], ranges: Ranges) -> None:
        self._point, self._ranges = point, ranges

    def quantity(self, name: str) -> Array[Any]:
        if not name.startswith("grad("):
            return self._point.quantity(name).map(enclosed)
        return self._ranges.of(name[len("grad(") : -1]).map(_enclosing)


def _enclosing(ends: tuple[Exact, Exact]) -> Real:
    low, high = map(enclosed, ends)
    if isinstance(low, int | Fraction) and isinstance(high, int | Fraction):
        return low if low == high else Interval.between(low, high)
    if exact.compare(*ends) == 0:
        return low
    edges = [v for end in (low, high) for v in (real_ends(end) if isinstance(end, Interval) else (end,))]
    return Interval.between(min(edges), max(edges))


def _found(value: Real) -> str:
    """A number that has not the sign that it should have."""
    return format_real(value) if sign(value) is not None else f"{format_real(value)}: its sign is not known"


def _are_as_asked(reference: Reference, relation: Relation, gradients: Mapping[str, Array[Real]]) -> bool:
    """Whether all entries of an array are rational and as asked: its different numbers are looked at."""
    if reference.index is not None:
        return False
    array = gradients[reference.name]
    return array.kinds <= {int, Fraction} and {*map(sign, array.distinct)} <= relation.signs


def _named(
    references: Iterable[Reference], gradients: Mapping[str, Array[Real]]
) -> Iterator[tuple[str, Index, Real]]:
    """The gradient entries that are named, some of them perhaps twice."""
    for reference in references:
        array = gradients[reference.name]
        if reference.index is None:
            for index, value in array.items():
                yield reference.name, index, value
        else:
            for index in resolve(reference, array.shape):
                yield reference.name, index, array[index]


def _conditions(
    question: Question, point: Point[Real] | _Varying, algebra: Algebra[Any, Any]
) -> Iterator[Violation]:
    for number, condition in enumerate(question.where):
        try:
            held = evaluate(condition, algebra, point.quantity)
        except ZeroDivisionError:
            yield Violation(f"where[{number}]", str(condition), "a division by zero")
            continue
        except ArithmeticError as error:
            yield Violation(f"where[{number}]", str(condition), f"that it is not decided: {error}")
            continue
        if not held:
            found = "that it is not known to hold" if held is None else "that it does not hold"
            yield Violation(f"where[{number}]", str(condition), found)
