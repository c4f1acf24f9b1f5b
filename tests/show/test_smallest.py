"""What is said of the size of a witness: literally true, whatever the question allows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat, Smallest
from zerograd.core.verdict.size import size_of
from zerograd.search.smallest.best import witness_of
from zerograd.show.smallest import smallest_text


def answer(exhausted: int, rank: int = 1, *, height: int, told: bool = False, **asked: Any) -> Sat:
    """One sample, and numbers up to a height."""
    problem = Problem(network=[1, 1, 1], samples=asked.pop("samples", 1), **asked)
    parameters = tuple(map(Fraction, (height, 0, 1, 0)))
    witness = witness_of(problem, (parameters, (((Fraction(1),), (Fraction(0),)),)))
    size = size_of(witness)
    assert size is not None
    return Sat(witness, problem=problem, smallest=Smallest(size, exhausted, rank, told=told))


UP_TO_1 = "with numerators and denominators up to 1 has a smaller sum of absolute values than 3"
OF_THOSE = (
    "of those with numerators and denominators up to {} none has a smaller sum of absolute values than {}"
)
BELOW_3, FRACTIONS = "all its values in {-2, …, 2}", "nor in fractions of such numbers"
DIFFERS = "and what differs from {} by names and signs alone"
CASES = {
    "proved": (
        answer(2, height=2),
        f"the smallest: no witness has all its values in {{-1, 0, 1}}; {OF_THOSE.format(2, 4)}",
    ),
    "nothing below": (answer(1, height=1), f"the smallest: no witness {UP_TO_1}"),
    "of this many samples": (
        answer(3, height=3, samples="any"),
        f"the smallest: no witness with 1 sample has {BELOW_3}, {FRACTIONS}; {OF_THOSE.format(3, 5)}",
    ),
    "whole numbers": (
        answer(3, height=3, domain="integer"),
        f"the smallest: no witness has {BELOW_3}; {OF_THOSE.format(3, 5)}",
    ),
    "the second": (
        answer(1, 2, height=1),
        (
            f"number 2 of the smallest: but for the one before it, {DIFFERS.format('that')}, "
            f"no witness {UP_TO_1}"
        ),
    ),
    "the third": (
        answer(1, 3, height=2),
        (
            f"number 3 of the smallest that were found: but for the 2 before it, "
            f"{DIFFERS.format('those')}, no "
            "witness has all its values in {-1, 0, 1}; of larger ones not all were tried"
        ),
    ),
    "no time": (answer(0, height=2), "the smallest that was found: of smaller ones not all were tried"),
    "read": (
        answer(1, height=1, told=True),
        "the smallest, by the record of its search: no witness " + UP_TO_1,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_size_in_words(case: str) -> None:
    """Whether it is the smallest, among which ones, and who says so."""
    found, text = CASES[case]
    assert smallest_text(found) == text
