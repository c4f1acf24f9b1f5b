"""The slip by which all numbers of a wrong claim are right.

Some entries by a factor, a transposed matrix, rows that changed places, a step that was taken otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod

from zerograd.core.auditing.claims import Printed, Statement, Step
from zerograd.core.auditing.findings import Finding, Grade, Hint
from zerograd.core.auditing.grading import FACTORS, Lookup, compared, entry_name, graded, is_right_by
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array, Shape, squeeze
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.real import Real
from zerograd.core.numbers.work import spend
from zerograd.core.question.language import Node


def hinted(finding: Finding, statement: Statement, lookup: Lookup) -> Finding:
    """Return a finding, with the slip that its claim comes of where it is wrong, and there is one.

    Raises:
        ArithmeticError: something has no value.
    """
    if finding.grade is not Grade.WRONG or finding.factor is not None:
        return finding
    if (pair := compared(statement, lookup)) is None:
        return finding
    quantity, values, printed = pair
    return replace(finding, hint=_slip(quantity, values, printed))


def _slip(quantity: Node, values: Array[Real], printed: Sequence[Printed]) -> Hint | None:
    """The first slip that makes all of it right."""
    spend(20 * len(printed))
    indices = [index for index, _ in values.items()]
    right = [_is_right(value, number) for value, number in zip(values.entries, printed, strict=True)]
    wrong = [place for place, known in enumerate(right) if not known]
    if len(wrong) < len(right):
        for factor in FACTORS:
            if all(is_right_by(factor, values.entries[place], printed[place]) for place in wrong):
                names = tuple(entry_name(quantity, indices[place]) for place in wrong)
                return Hint(factor=narrowed(Fraction(factor)), entries=names)
    shape = squeeze(values.shape)
    if len(shape) == 2 and shape[0] == shape[1]:
        size = shape[0]
        turned = [values.entries[size * (place % size) + place // size] for place in range(size * size)]
        if all(map(_is_right, turned, printed)):
            return Hint(transposed=True)
    for axis, word in _axes(shape):
        lines = sorted({_line(place, shape, axis) for place in wrong})
        if len(lines) == 2 and _swapped(values.entries, printed, shape, axis, (lines[0], lines[1])):
            return Hint(swapped=word, places=(lines[0], lines[1]))
    return None


def _axes(shape: Shape) -> list[tuple[int, str]]:
    return [(0, "rows"), (1, "columns")] if len(shape) == 2 else [(0, "entries")] if len(shape) == 1 else []


def _line(place: int, shape: Shape, axis: int) -> int:
    """The row or column of an entry."""
    return place // prod(shape[1:]) if axis == 0 else place % shape[1]


def _swapped(
    values: Sequence[Real], printed: Sequence[Printed], shape: Shape, axis: int, lines: tuple[int, int]
) -> bool:
    """Whether all is right once two rows or columns have changed places."""
    step = prod(shape[1:]) if axis == 0 else 1
    away = {lines[0]: (lines[1] - lines[0]) * step, lines[1]: (lines[0] - lines[1]) * step}
    spend(20 * len(values))
    return all(
        _is_right(values[place + away.get(_line(place, shape, axis), 0)], number)
        for place, number in enumerate(printed)
    )


def _is_right(value: Real, printed: Printed) -> bool:
    return graded(value, printed) in (Grade.RIGHT, Grade.ROUNDED)


def other_steps(step: Step, network: Network, samples: int) -> Iterator[Step]:
    """Return steps that may have been taken in place of one: upwards, without biases, with another mean."""
    yield replace(step, rate=-step.rate)
    weights = tuple(name for name in network.shapes if name.startswith("w"))
    if step.moved is None and len(weights) < len(network.shapes):
        yield replace(step, moved=weights)
    if step.moved is not None:
        yield replace(step, moved=None)
    numbers = dict.fromkeys((2, samples, network.outputs, samples * network.outputs))
    for factor in numbers:
        if factor > 1:
            yield replace(step, rate=narrowed(Fraction(step.rate) * factor))
            yield replace(step, rate=narrowed(Fraction(step.rate) / factor))
