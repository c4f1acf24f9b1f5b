"""Terms: what the constructors simplify keeps its value, and the text means what the terms mean."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, get_args

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from zerograd.solvers.terms import (
    FALSE,
    TRUE,
    And,
    Choice,
    Comparison,
    Constant,
    Formula,
    Not,
    Or,
    Product,
    Relation,
    Script,
    Sum,
    Term,
    Variable,
    add,
    choose,
    conjoin,
    differ,
    disjoin,
    imply,
    invert,
    multiply,
    multiply_out,
    negate,
    power,
    relate,
)

rationals = st.fractions(min_value=-3, max_value=3, max_denominator=4)
operators: st.SearchStrategy[Comparison] = st.sampled_from(get_args(Comparison))


def value_of(term: Term, values: dict[str, Fraction]) -> Fraction:
    """The value of a term, written for this test."""
    match term:
        case Variable(name=name):
            return values[name]
        case Constant(value=value):
            return Fraction(value)
        case Sum(terms=parts):
            return sum((value_of(part, values) for part in parts), Fraction(0))
        case Product(factors=parts):
            result = Fraction(1)
            for part in parts:
                result *= value_of(part, values)
            return result
        case Choice(condition=condition, then=then, other=other):
            return value_of(then if holds(condition, values) else other, values)


def holds(formula: Formula, values: dict[str, Fraction]) -> bool:
    """The truth of a formula, written for this test."""
    match formula:
        case And(parts=parts):
            return all(holds(part, values) for part in parts)
        case Or(parts=parts):
            return any(holds(part, values) for part in parts)
        case Not(part=part):
            return not holds(part, values)
        case Relation(operator=operator, left=left, right=right):
            a, b = value_of(left, values), value_of(right, values)
            return {"<": a < b, "<=": a <= b, "=": a == b, ">=": a >= b, ">": a > b}[operator]
    raise AssertionError(formula)


Pair = tuple[Any, Any]
"""A term (or formula) and its value (or truth) for the values drawn beside it."""

VALUES = {"x": Fraction(2), "y": Fraction(-3), "z": Fraction(0)}


def terms(depth: int = 3) -> st.SearchStrategy[Pair]:
    """Terms built by the constructors, each with the value that its construction should have."""
    leaves = st.one_of(
        st.sampled_from([(Variable(name), value) for name, value in VALUES.items()]),
        rationals.map(lambda v: (Constant(v), v)),
    )
    if not depth:
        return leaves
    below = terms(depth - 1)
    return st.one_of(
        leaves,
        st.tuples(below, below, below).map(lambda t: (add(*(u for u, _ in t)), sum(v for _, v in t))),
        st.tuples(below, below).map(lambda t: (multiply(t[0][0], t[1][0]), t[0][1] * t[1][1])),
        below.map(lambda t: (negate(t[0]), -t[1])),
        st.tuples(below, st.integers(0, 3)).map(lambda t: (power(t[0][0], t[1]), t[0][1] ** t[1])),
        st.tuples(formulas(depth - 1), below, below).map(
            lambda t: (choose(t[0][0], t[1][0], t[2][0]), t[1][1] if t[0][1] else t[2][1])
        ),
    )


def formulas(depth: int = 2) -> st.SearchStrategy[Pair]:
    """Formulas built by the constructors, each with the truth that its construction should have."""
    compare = {
        "<": Fraction.__lt__,
        "<=": Fraction.__le__,
        "=": Fraction.__eq__,
        ">=": Fraction.__ge__,
        ">": Fraction.__gt__,
    }
    below = terms(max(depth - 1, 0))
    relations = st.tuples(below, operators, below).map(
        lambda t: (relate(t[0][0], t[1], t[2][0]), bool(compare[t[1]](Fraction(t[0][1]), Fraction(t[2][1]))))
    )
    if not depth:
        return relations
    parts = st.lists(formulas(depth - 1), max_size=3)
    two = st.tuples(formulas(depth - 1), formulas(depth - 1))
    return st.one_of(
        relations,
        st.sampled_from([(TRUE, True), (FALSE, False)]),
        parts.map(lambda fs: (conjoin(f for f, _ in fs), all(v for _, v in fs))),
        parts.map(lambda fs: (disjoin(f for f, _ in fs), any(v for _, v in fs))),
        formulas(depth - 1).map(lambda f: (invert(f[0]), not f[1])),
        two.map(lambda t: (imply(t[0][0], t[1][0]), not t[0][1] or t[1][1])),
        st.tuples(below, below).map(lambda t: (differ(t[0][0], t[1][0]), t[0][1] != t[1][1])),
    )


@given(terms())
def test_constructors_keep_the_value(pair: Pair) -> None:
    """Folding, flattening and dropping neutral elements change nothing."""
    term, value = pair
    assert value_of(term, VALUES) == value


@given(formulas())
def test_constructors_keep_the_truth(pair: Pair) -> None:
    """The same for formulas."""
    formula, truth = pair
    assert holds(formula, VALUES) == truth


@given(terms(), st.integers(1, 12))
def test_multiplying_out_scales(pair: Pair, scale: int) -> None:
    """A scale pushed into a term is a scale."""
    term, value = pair
    assert value_of(multiply_out(term, scale), VALUES) == scale * value


def truth_in_z3(formula: Formula, sort: Any) -> bool:
    """What Z3 takes the printed formula to mean, at `VALUES`."""
    script = Script()
    for name in VALUES:
        script.declare(name, sort)
    for name, value in VALUES.items():
        script.require(relate(Variable(name), "=", Constant(value)))
    script.assertions.append(formula)
    solver = z3.Solver()
    solver.from_string(script.to_smtlib())
    result = solver.check()
    assert result != z3.unknown
    return bool(result == z3.sat)


@settings(deadline=None)
@given(formulas())
def test_real_text_means_the_same(pair: Pair) -> None:
    """Z3 reads the SMT-LIB text and agrees about its truth."""
    formula, truth = pair
    assert truth_in_z3(formula, "Real") == truth


@settings(deadline=None)
@given(formulas())
def test_integer_text_means_the_same(pair: Pair) -> None:
    """Rational coefficients of integers are scaled away without changing a truth."""
    formula, truth = pair
    assert truth_in_z3(formula, "Int") == truth


def test_a_script_can_be_extended() -> None:
    """A copy with further assertions leaves the first as it was."""
    script = Script()
    x = script.declare("x", "Real")
    more = script.copy([relate(x, ">", Constant(1))])
    assert len(script.assertions) == 0
    assert more.to_smtlib() == "(declare-const x Real)\n(assert (> x 1.0))\n"
    assert script.define("c", "Real", Constant(3)) == Constant(3)
    assert script.define("s", "Real", add(x, Constant(1))) == Variable("s")
    assert script.to_smtlib() == (
        "(declare-const x Real)\n(declare-const s Real)\n(assert (= s (+ x 1.0)))\n"
    )
