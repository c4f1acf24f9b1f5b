"""One claim beside the numbers that it speaks of: how right it is, and what is so instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from zerograd.core.auditing.claims import Digits, Printed, Statement
from zerograd.core.auditing.findings import Finding, Grade, Value
from zerograd.core.numbers.arrays import Array, Index, Shape, side_by_side, squeeze
from zerograd.core.numbers.exact import divide
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.rationals import narrowed, rational_text
from zerograd.core.numbers.real import Real, compare, narrow
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition, evaluate, number_of
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.language import (
    Call,
    Chain,
    Item,
    Listing,
    Logic,
    Node,
    Unary,
    names_in,
    unparse,
)
from zerograd.core.question.vocabulary import Rational

Lookup: TypeAlias = Callable[[str], Array[Any]]

MOST = 1000
"""Values that are told of a claim."""
FACTORS: tuple[Rational, ...] = (2, Fraction(1, 2), -1, -2, Fraction(-1, 2), 10, Fraction(1, 10))
"""What is forgotten in a calculation by hand."""

_WORST = (Grade.WRONG, Grade.UNDEFINED, Grade.UNDECIDED, Grade.CUT, Grade.ROUNDED, Grade.RIGHT)

_ALGEBRA = EnclosureAlgebra()


def statement_finding(statement: Condition | Digits, lookup: Lookup) -> Finding:
    """Return what became of a claim about numbers. Arguments and errors are those of `condition_finding`."""
    if isinstance(statement, Digits):
        return digits_finding(statement, lookup)
    return condition_finding(statement, lookup)


def condition_finding(condition: Condition, lookup: Lookup) -> Finding:
    """Return what became of an exact claim.

    Args:
        lookup: the numbers that names stand for, exact or enclosed.

    Raises:
        ArithmeticError: something has no value, or enclosures do not tell which.
    """
    holds = evaluate(condition, _ALGEBRA, lookup)
    if holds is None:
        return Finding(Grade.UNDECIDED, reason="enclosures do not tell")
    values = tuple(_compared(condition.node, lookup, holds=holds))[:MOST]
    if holds:
        return Finding(Grade.RIGHT, values)
    factor = None
    if (pair := compared(condition, lookup)) is not None:
        _, known, printed = pair
        factor = common_factor(known.entries, printed, lookup("y").shape)
    return Finding(Grade.WRONG, values, factor=factor)


def compared(statement: Statement, lookup: Lookup) -> tuple[Node, Array[Real], Sequence[Printed]] | None:
    """Return what a claim compares with printed numbers, or exact ones; None if it is no such claim."""
    match statement:
        case Digits(quantity=quantity, printed=printed):
            return quantity, number_of(quantity, _ALGEBRA, lookup), printed.entries
        case Condition(node=Chain(operands=(quantity, right), operators=("==",))) if not names_in(right):
            values, numbers = (number_of(each, _ALGEBRA, lookup) for each in (quantity, right))
            if squeeze(values.shape) == squeeze(numbers.shape):
                rational = [n for n in numbers.entries if isinstance(n, int | Fraction)]  # all of them
                return quantity, values, [Printed("", number, 0) for number in rational]
    return None


def _compared(node: Node, lookup: Lookup, *, holds: bool) -> Iterator[Value]:
    """The numbers that a condition compares; of a comparison that is false, those at which it is."""
    match node:
        case Chain(operands=operands):
            yield from _links(node, [number_of(each, _ALGEBRA, lookup) for each in operands], holds=holds)
        case Unary(operator="not", operand=inner):
            for value in _compared(inner, lookup, holds=not holds):
                yield replace(value, claimed="")
        case Logic(operands=parts) | Call(function="all" | "any", arguments=parts) | Listing(items=parts):
            for part in parts:
                yield from _compared(part, lookup, holds=holds)
        case Call(function="distinct", arguments=parts):
            for part in parts:
                yield from _named(part, number_of(part, _ALGEBRA, lookup))


def _links(chain: Chain, arrays: list[Array[Any]], *, holds: bool) -> Iterator[Value]:
    constant = [not names_in(operand) for operand in chain.operands]
    for _, places in side_by_side(arrays):
        row = [value for _, value in places]
        links = zip(row, chain.operators, row[1:], strict=False)
        if not holds and all(_ALGEBRA.compare(a, operator, b) is not False for a, operator, b in links):
            continue
        claimed = ""
        if len(row) == 2 and constant == [False, True]:
            claimed = f"{chain.operators[0]} {rational_text(row[1])}"
        for operand, (index, value), fixed in zip(chain.operands, places, constant, strict=True):
            if not fixed:
                yield Value(entry_name(operand, index), narrow(value), claimed)


def _named(node: Node, array: Array[Any]) -> Iterator[Value]:
    for index, value in array.items():
        yield Value(entry_name(node, index), narrow(value))


def entry_name(node: Node, index: Index) -> str:
    """Return what an entry of a quantity is called: ``grad(w1)[0,1]``."""
    return unparse(Item(node, index) if index else node)


def digits_finding(claim: Digits, lookup: Lookup) -> Finding:
    """Return what became of printed digits. Raises as `condition_finding`."""
    array = number_of(claim.quantity, _ALGEBRA, lookup)
    values = []
    for (index, value), printed in zip(array.items(), claim.printed.entries, strict=True):
        spend(20)
        grade = graded(value, printed)
        values.append(
            Value(entry_name(claim.quantity, index), narrow(value), f"~ {printed.text}", grade, printed)
        )
    grades = {value.grade for value in values}
    worst = next(grade for grade in _WORST if grade in grades)
    if worst is Grade.WRONG:
        values = [value for value in values if value.grade is Grade.WRONG]
    reason = "enclosures do not tell" if worst is Grade.UNDECIDED else ""
    factor = None
    if worst is Grade.WRONG:
        factor = common_factor(array.entries, claim.printed.entries, lookup("y").shape)
    return Finding(worst, tuple(values[:MOST]), reason, factor)


def common_factor(values: Sequence[Real], printed: Sequence[Printed], shape: Shape = ()) -> Rational | None:
    """Return what all printed numbers have to be multiplied by to be right; None if it is no likely one.

    The sum in place of the mean, ½ or 2 forgotten, a sign turned, a product off by ten.

    Args:
        shape: the numbers of samples and outputs, over which losses take means.
    """
    if all(number.value == 0 for number in printed):
        return None
    counts = (len(values), *shape, prod(shape))
    means = [f for n in counts for f in (n, Fraction(1, n), Fraction(n, 2), Fraction(2, n))]
    for factor in dict.fromkeys((*FACTORS, *means)):
        spend(20 * len(values))
        if all(is_right_by(factor, *pair) for pair in zip(values, printed, strict=True)):
            return narrowed(Fraction(factor))
    return None


def is_right_by(factor: Rational, value: Real, printed: Printed) -> bool:
    """Return whether a number is printed rightly once what is printed is multiplied by a factor."""
    quotient = value * (1 / Fraction(factor)) if isinstance(value, Interval) else divide(value, factor)
    return graded(quotient, printed) in (Grade.RIGHT, Grade.ROUNDED)


def graded(value: Real, printed: Printed) -> Grade:
    """Return how a number is printed: exactly, rounded to the last digit, cut off behind it, or wrongly.

    Half a unit is rounded either way. Whole numbers are rounded, never cut off; and 0 without any digits
    behind the point is 0, since texts that print it mean that nothing is there.
    """
    if not isinstance(value, Interval) and compare(value, printed.value) == 0:
        return Grade.RIGHT
    if printed.value == 0 and printed.unit >= 1:
        return Grade.WRONG if compare(value, 0) in (-1, 1) else Grade.UNDECIDED
    half = Fraction(printed.unit) / 2
    near = _between(value, printed.value - half, printed.value + half)
    if near:
        return Grade.ROUNDED
    if printed.unit >= 1:
        return Grade.WRONG if near is False else Grade.UNDECIDED
    if printed.negative:
        ends = (printed.value - printed.unit, printed.value)
    elif printed.value == 0:
        ends = (-printed.unit, printed.unit)
    else:
        ends = (printed.value, printed.value + printed.unit)
    cut = _between(value, *ends)
    if cut and any(compare(value, end) == 0 for end in ends):  # a whole unit off
        cut = False
    if cut and near is False:
        return Grade.CUT
    return Grade.WRONG if near is False and cut is False else Grade.UNDECIDED


def printed_so(compare: Callable[[Rational], int], printed: Printed) -> bool:
    """Whether digits may be printed of a number: it is the number, rounded or cut off.

    Args:
        compare: the sign of the number minus another one.
    """
    spend(20)
    low, high, with_low, with_high = range_of(printed)
    above = compare(low)
    if above < 0 or (above == 0 and not with_low):
        return False
    below = compare(high)
    return below < 0 or (below == 0 and with_high)


def range_of(printed: Printed) -> tuple[Rational, Rational, bool, bool]:
    """Return the numbers of which digits may be printed, as `graded` says.

    Returns:
        The least and the greatest, and whether each of them is such a number.
    """
    value, unit = printed.value, printed.unit
    if unit == 0 or (value == 0 and unit >= 1):
        return value, value, True, True
    half = Fraction(unit) / 2
    if unit >= 1:
        return value - half, value + half, True, True
    if value == 0 and not printed.negative:
        return -unit, unit, False, False
    if printed.negative:
        return value - unit, value + half, False, True
    return value - half, value + unit, True, False


def _between(value: Real, low: Rational, high: Rational) -> bool | None:
    """Whether a number lies between two; None if enclosures do not tell."""
    above, below = compare(value, low), compare(value, high)
    if above == -1 or below == 1:
        return False
    return None if above is None or below is None else True
