"""What is said of the size of a witness: literally true, whatever the question allows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat, Smallest
from zerograd.core.verdict.size import size_of
from zerograd.search.smallest.best import witness_of
from zerograd.show.smallest import smallest_sentence, smallest_text


def answer(
    exhausted: int,
    rank: int = 1,
    *,
    height: int,
    bias: int = 3,
    target: Fraction = Fraction(0),
    told: bool = False,
    **asked: Any,
) -> Sat:
    """One sample x = 1, on the kink where the bias is −``height``; and numbers up to a height."""
    problem = Problem(network=[1, 1, 1], samples=asked.pop("samples", 1), **asked)
    parameters = tuple(map(Fraction, (height, min(bias, height), 1, 0)))
    witness = witness_of(problem, (parameters, (((Fraction(1),), (target,)),)))
    size = size_of(witness)
    assert size is not None
    return Sat(witness, problem=problem, smallest=Smallest(size, exhausted, rank, told=told))


UP_TO_1 = "all its values in {-1, 0, 1} and no sample on a kink has a smaller sum of absolute values than 4"
NONE_BELOW_2, BELOW_3 = "no witness has all its values in {-1, 0, 1}", "all its values in {-2, …, 2}"
FRACTIONS = "nor in fractions of such numbers"
LESS = "has a smaller sum of absolute values than"
WHOLE = f"of those with whole numbers up to {{}} and no sample on a kink none {LESS} {{}}"
DIFFERS = "and what differs from {} by names and signs alone"
HALF, NUMBERS = Fraction(1, 2), "with numerators and denominators up to 2"
CASES = {
    "proved": (answer(2, height=2, bias=0), f"the smallest: {NONE_BELOW_2}; {WHOLE.format(2, 4)}"),
    "nothing below": (answer(1, height=1), f"the smallest: no witness with {UP_TO_1}"),
    "nothing below, on a kink": (
        answer(1, height=1, bias=-1),
        (
            "the smallest: each witness with all its values in {-1, 0, 1} has a sample on a kink, "
            f"and none {LESS} 4"
        ),
    ),
    "of this many samples, nothing below": (
        answer(1, height=1, samples="any"),
        f"the smallest: no witness with 1 sample and {UP_TO_1}",
    ),
    "on a kink": (
        answer(2, height=2, bias=-2),
        (
            f"the smallest: {NONE_BELOW_2}; of those {NUMBERS} each has a sample on a kink, and of those in "
            f"whole numbers none {LESS} 6"
        ),
    ),
    "on a kink, whole numbers": (
        answer(2, height=2, bias=-2, domain="integer"),
        (
            f"the smallest: {NONE_BELOW_2}; of those with whole numbers up to 2 each has a sample on a kink, "
            f"and none {LESS} 6"
        ),
    ),
    "on a kink, a fraction": (
        answer(2, height=2, bias=-2, target=HALF),
        (
            f"the smallest: {NONE_BELOW_2}; of those {NUMBERS} each has a sample on a kink, none has fewer "
            f"than 1 fraction, and of those with 1 none {LESS} 13/2"
        ),
    ),
    "a fraction": (
        answer(2, height=2, bias=0, target=HALF),
        (
            f"the smallest: {NONE_BELOW_2}; of those {NUMBERS} and no sample on a kink none has fewer than 1 "
            f"fraction, and of those with 1 none {LESS} 9/2"
        ),
    ),
    "no kinks": (
        answer(2, height=2, bias=0, derivative_at_kink="forbid"),
        f"the smallest: {NONE_BELOW_2}; of those with whole numbers up to 2 none {LESS} 4",
    ),
    "no kinks, nothing below": (
        answer(1, height=1, derivative_at_kink="forbid"),
        f"the smallest: no witness with all its values in {{-1, 0, 1}} {LESS} 4",
    ),
    "of this many samples": (
        answer(3, height=3, samples="any"),
        f"the smallest: no witness with 1 sample has {BELOW_3}, {FRACTIONS}; {WHOLE.format(3, 8)}",
    ),
    "whole numbers": (
        answer(3, height=3, domain="integer"),
        f"the smallest: no witness has {BELOW_3}; {WHOLE.format(3, 8)}",
    ),
    "the second": (
        answer(1, 2, height=1),
        (
            f"number 2 of the smallest: but for the one before it, {DIFFERS.format('that')}, "
            f"no witness with {UP_TO_1}"
        ),
    ),
    "the third": (
        answer(1, 3, height=2),
        (
            f"number 3 of the smallest that were found: but for the 2 before it, "
            f"{DIFFERS.format('those')}, {NONE_BELOW_2}; not all larger ones were tried"
        ),
    ),
    "no time": (answer(0, height=2), "no smaller witness was found; not all smaller ones were tried"),
    "read": (
        answer(1, height=1, told=True),
        "the smallest, by the record of its search: no witness with " + UP_TO_1,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_size_in_words(case: str) -> None:
    """Whether it is the smallest, among which ones, and who says so."""
    found, text = CASES[case]
    assert smallest_text(found) == text


@pytest.mark.parametrize("told", [False, True])
def test_nothing_is_claimed_where_nothing_is_shown(told: bool) -> None:
    """A search that ended before its first step, and a document that says so, leave the same."""
    nothing = answer(0, height=2, told=told)
    assert smallest_sentence(nothing) == (
        "No smaller counterexample was found; not all smaller ones were tried."
    )
    something = answer(1, height=3, told=told)
    whose = ", by the record of its search" if told else ""
    assert smallest_sentence(something) == (
        f"As a counterexample it is the smallest that was found{whose}: {NONE_BELOW_2}; "
        "not all larger ones were tried."
    )
