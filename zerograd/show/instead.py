"""What is found instead of what was asked, where everything is given."""

from __future__ import annotations

from collections.abc import Sequence

from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation
from zerograd.core.refuting.calculation import MOST, Wrong
from zerograd.document.escape import clean
from zerograd.document.numbers import exact_text

SHOWN = 5
"""Things that are wrong, of which a line is written each."""


def instead_lines(problem: Problem, wrong: Sequence[Wrong]) -> list[str]:
    """``∂L/∂w1[0,0] is 45, not 0``, of the first ones; and how many there are beside."""
    lines = [instead_line(problem, item) for item in wrong[:SHOWN]]
    more = len(wrong) - SHOWN
    if more > 0:
        lines.append(
            f"and {more}{' or more' if len(wrong) == MOST else ''} others of what is asked are not so"
        )
    return lines


def instead_line(problem: Problem, wrong: Wrong) -> str:
    """What is found instead of one thing that was asked."""
    values = [exact_text(value) for value in wrong.values]
    if wrong.relation is not None:
        named = wrong.named.replace(", ", " and ∂L/∂")
        if wrong.relation.some:
            return f"every entry of ∂L/∂{named} is 0"
        (value,) = values
        return f"∂L/∂{named} is {value}{UNLIKE.get(wrong.relation, '')}"
    if wrong.label.startswith("where["):
        number = int(wrong.label.removeprefix("where[").partition("]")[0])
        condition = clean(str(problem.where[number]))
        if len(values) == 2:
            return f"{condition} does not hold: left is {values[0]}, right is {values[1]}"
        return f"{condition} does not hold{': the numbers are ' + ', '.join(values) if values else ''}"
    if values:
        return f"{wrong.label} does not hold: it is {values[0]}"
    return f"{wrong.named} is on a kink, which the question forbids"


UNLIKE = {Relation.ZERO: ", not 0", Relation.POSITIVE: ", not above 0", Relation.NEGATIVE: ", not below 0"}
"""What is said of a value that is not as asked."""
