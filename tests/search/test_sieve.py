"""Conditions in floating point: what they rule out, the exact ones do."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.model.activations import LINEAR
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.question.language import (
    Binary,
    Call,
    Chain,
    Comparison,
    Logic,
    Name,
    Node,
    Number,
    Power,
    Unary,
)
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.size import Size, size_of
from zerograd.search.smallest import smallest
from zerograd.search.smallest.best import witness_of
from zerograd.search.smallest.budget import Budget
from zerograd.search.smallest.sieve import Enclosed, EnclosedAlgebra, Perhaps, may_hold, quotient

F = Fraction
OPERATORS: tuple[Comparison, ...] = ("<", "<=", "==", "!=", ">=", ">")
DATASETS = 3
LONG = [
    F(10**20 + 1, 10**20),
    F(3333333333, 10**10),
    F(2**53 + 1),
    F(2**53 + 1, 3),
    F(10**400),
    F(1, 10**400),
    F(10**300),
    F(1, 10**300),
    F(2**26 - 1, 2**26 - 3),
]

Values = dict[str, list[Fraction]]
"""The values of each name, dataset by dataset."""


def exact(values: Values, dataset: int) -> Any:
    """What names stand for in one dataset."""

    def lookup(name: str) -> Array[Exact]:
        return Array((), (values[name][dataset],))

    return lookup


def perhaps(condition: Condition, values: dict[str, tuple[list[int], int]]) -> Perhaps:
    """What the sieve says of numerators over a common denominator."""

    def lookup(name: str) -> Array[Enclosed]:
        numerators, scale = values[name]
        return Array((), (quotient(np.array(numerators, dtype=np.int64), scale),))

    return evaluate(condition, EnclosedAlgebra(), lookup)


def terms(depth: int) -> st.SearchStrategy[Node]:
    """Numbers: names, constants short and long, and what operations make of them."""
    short = st.builds(F, st.integers(-4, 4), st.integers(1, 3))
    leaves = st.sampled_from("abc").map(Name) | (short | st.sampled_from(LONG)).map(Number)
    if depth == 0:
        return leaves
    inner = terms(depth - 1)
    return st.one_of(
        leaves,
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(Power, inner, st.integers(0, 5)),
        st.builds(Unary, st.just("-"), inner),
        st.builds(lambda a: Call("abs", (a,)), inner),
        st.builds(lambda f, a, b: Call(f, (a, b)), st.sampled_from(["min", "max"]), inner, inner),
    )


@st.composite
def conditions(draw: st.DrawFn, values: Values, depth: int = 1) -> Node:
    """Comparisons, often of what is equal or nearly so in some dataset, and what logic makes of them."""
    kind = draw(st.integers(0, 5 if depth else 3))
    if kind == 4:
        return Unary("not", draw(conditions(values, depth - 1)))
    if kind == 5:
        operator: Literal["and", "or"] = draw(st.sampled_from(["and", "or"]))
        return Logic(operator, (draw(conditions(values, depth - 1)), draw(conditions(values, depth - 1))))
    operands = [draw(terms(draw(st.sampled_from([0, 1, 3]))))]
    if draw(st.booleans()) and (near := draw(close(operands[0], values))):
        operands[0] = Binary("/", Number(1), Binary("-", operands[0], near))
    for _ in range(draw(st.integers(1, 2))):
        operands.append(draw(close(operands[-1], values)) or draw(terms(2)))
    if kind == 3:
        return Call("distinct", tuple(operands))
    return Chain(tuple(operands), tuple(draw(st.sampled_from(OPERATORS)) for _ in operands[1:]))


@st.composite
def close(draw: st.DrawFn, term: Node, values: Values) -> Number | None:
    """The exact value of a term in some dataset, or one beside it."""
    dataset, off = (
        draw(st.integers(0, DATASETS - 1)),
        draw(st.sampled_from([10**20, -(10**20), 10**9, 60, 0])),
    )
    found = value(term, values, dataset)
    return None if found is None else Number(found + (F(1, off) if off else 0))


def value(term: Node, values: Values, dataset: int) -> Fraction | None:
    """The exact value of a term; None where it has none."""
    found: list[Fraction] = []

    class Caught(ExactAlgebra):
        def compare(self, a: Exact, operator: Comparison, b: Exact) -> bool:
            found.append(Fraction(a))  # type: ignore[arg-type]  # all is rational here
            return super().compare(a, operator, b)

    try:
        evaluate(Condition(Chain((term, Number(0)), ("==",))), Caught(), exact(values, dataset))
    except ZeroDivisionError:
        return None
    return found[-1]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Condition, Values, dict[str, tuple[list[int], int]]]:
    """A condition, and what its names stand for: fractions, and as numerators over a denominator."""
    scales = st.sampled_from([1, 2, 6, 60, 2**26 - 1, 2**26 + 1, 2**53 - 1, 10**18])
    entries = st.integers(-6, 6) | st.integers(2**53 - 2, 2**53 + 2) | st.integers(-(2**61), 2**61)
    whole = {
        name: (draw(st.lists(entries, min_size=DATASETS, max_size=DATASETS)), draw(scales)) for name in "abc"
    }
    values = {name: [F(v, scale) for v in numerators] for name, (numerators, scale) in whole.items()}
    return Condition(draw(conditions(values))), values, whole


@examples(200)
@given(questions())
def test_nothing_that_holds_is_ruled_out(
    question: tuple[Condition, Values, dict[str, tuple[list[int], int]]],
) -> None:
    """Nor is anything taken for certain that does not hold."""
    condition, values, whole = question
    found = perhaps(condition, whole)
    for dataset in range(DATASETS):
        try:
            holds = evaluate(condition, ExactAlgebra(), exact(values, dataset))
        except ZeroDivisionError:  # no answer, whatever the sieve says
            continue
        said = found.true if holds else found.false
        assert np.broadcast_to(said, DATASETS)[dataset]


@pytest.mark.parametrize(
    ("text", "numerator", "scale", "true", "false"),
    [
        ("a < 1.00000000000000000001", 1, 1, True, True),
        ("a == 9007199254740993", 2**53, 1, True, True),
        ("a == 9007199254740989/60", 2**53 - 4, 60, True, True),
        ("a == 1/3", 1, 3, True, False),
        ("a != 1/3", 2, 6, False, True),
        ("a < 1/3", 2, 7, True, False),
        ("distinct([a, -a])", 0, 1, True, True),
        ("1/(a - 3333333333/10000000000) == 30000000000", 1, 3, True, True),
        ("1/(a - 1/3) > 5", 1, 3, True, True),
        ("1/a > 5", 1, 3, False, True),
        ("a < 1" + 400 * "0", 1, 1, True, True),
        ("a*1" + 300 * "0" + " * 1" + 300 * "0" + " > a", 1, 1, True, False),
        ("abs(a) >= 1/3", -1, 3, True, False),
        ("max(a, -5) <= -1/3", -1, 3, True, False),
        ("grad > 0", 0, 1, True, True),
    ],
)
def test_what_is_said(text: str, numerator: int, scale: int, true: bool, false: bool) -> None:
    """In doubt both; where fractions are short even equal ones are not in doubt."""
    unknown = Enclosed(np.array(-np.inf), np.array(np.inf))

    def lookup(name: str) -> Array[Enclosed]:
        return Array((), (unknown if name == "grad" else quotient(np.array([numerator]), scale),))

    condition = parse_condition(text)
    found = evaluate(condition, EnclosedAlgebra(), lookup)
    assert (bool(found.true), bool(found.false)) == (true, false)
    assert may_hold([condition], lookup, 1).tolist() == [true]


def smallest_of(where: str) -> tuple[Size | None, int]:
    """The size of the smallest w1, x and y with this and a nonzero gradient; and how far that is proved."""
    network = Network(1, (Layer(1, LINEAR, bias=False),))
    problem = Problem(network=network, samples=1, nonzero=["w1"], where=[where])
    known = witness_of(problem, ((F(0),), (((F(3, 2),), (F(1),)),)))
    found = smallest(problem, known, count=1, seed=0, budget=Budget(inf), progress=lambda _: None)
    return size_of(found.witnesses[0]), found.exhausted


def test_what_is_all_but_on_a_bound_is_found() -> None:
    """A number that no float tells from the bound."""
    assert smallest_of("abs(x) > 0.99999999999999999999") == (
        Size(1, on_kink=False, non_integers=0, total=F(2), nonzeros=2),
        1,
    )


def test_constants_that_no_float_holds() -> None:
    """Nothing is known of them, which is no error."""
    assert smallest_of(f"abs(x) < 1{400 * '0'}") == (
        Size(1, on_kink=False, non_integers=0, total=F(2), nonzeros=2),
        1,
    )


def test_denominators_that_no_word_holds() -> None:
    """Too long for whole numbers of 64 bits: what is known is kept, and nothing is proved."""
    network = Network(1, (Layer(1, LINEAR, bias=False),))
    given = {"x": [F(1, 10**400)], "y": [0], "w1": [[0]]}
    problem = Problem(network=network, samples=1, given=given)
    known = witness_of(problem, ((F(0),), (((F(1, 10**400),), (F(0),)),)))
    found = smallest(problem, known, count=1, seed=0, budget=Budget(inf), progress=lambda _: None)
    assert found.witnesses == (known,)
