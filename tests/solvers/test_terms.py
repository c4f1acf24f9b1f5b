"""Constructors of terms keep the value that they simplify, and the text says what the term says."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.numbers.exact import compare
from zerograd.solvers.terms import (
    FALSE,
    ONE,
    TRUE,
    ZERO,
    And,
    Choice,
    Constant,
    Formula,
    Not,
    Or,
    Product,
    Relation,
    Script,
    Sum,
    Term,
    Truth,
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

if TYPE_CHECKING:
    from tests.solvers.conftest import Evaluator

F = Fraction
X, Y, P = Variable("x"), Variable("y"), Truth("p")

SORTS = {"x": "Real", "y": "Real", "i": "Int", "j": "Int"}
NUMBERS: list[int | Fraction] = [-2, -1, 0, 0, 1, 1, 2, F(1, 2), F(-1, 3), F(5, 6)]
CONSTANTS = st.sampled_from(NUMBERS).map(Constant)
OPERATORS = st.sampled_from(["<", "<=", "=", ">=", ">"])


def leaves(names: list[str]) -> st.SearchStrategy[Term]:
    return st.one_of(CONSTANTS, st.sampled_from([Variable(name) for name in names]))


def formulas(terms: st.SearchStrategy[Term]) -> st.SearchStrategy[Formula]:
    atoms = st.one_of(
        st.builds(Relation, OPERATORS, terms, terms),
        st.sampled_from([TRUE, FALSE, Truth("p"), Truth("q")]),
    )
    return st.recursive(
        atoms,
        lambda parts: st.one_of(
            st.lists(parts, max_size=3).map(lambda ps: And(tuple(ps))),
            st.lists(parts, max_size=3).map(lambda ps: Or(tuple(ps))),
            parts.map(Not),
        ),
        max_leaves=4,
    )


def terms(names: list[str]) -> st.SearchStrategy[Term]:
    """Raw trees: made without the constructors."""
    return st.recursive(
        leaves(names),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda ts: Sum(tuple(ts))),
            st.lists(inner, min_size=1, max_size=3).map(lambda ts: Product(tuple(ts))),
            st.builds(Choice, formulas(leaves(names)), inner, inner),
        ),
        max_leaves=8,
    )


VALUES = st.fractions(-3, 3, max_denominator=3)
ENVIRONMENTS = st.fixed_dictionaries(
    {
        "x": VALUES,
        "y": VALUES,
        "i": st.integers(-4, 4),
        "j": st.integers(-4, 4),
        "p": st.booleans(),
        "q": st.booleans(),
    }
)


def made(term: Term) -> Term:
    """The same term, by way of the constructors."""
    match term:
        case Sum(terms=parts):
            return add(*map(made, parts))
        case Product(factors=parts):
            return multiply(*map(made, parts))
        case Choice(condition=condition, then=then, other=other):
            return choose(stated(condition), made(then), made(other))
    return term


def stated(formula: Formula) -> Formula:
    """The same formula, by way of the constructors."""
    match formula:
        case Relation(operator=operator, left=left, right=right):
            return relate(made(left), operator, made(right))
        case And(parts=parts):
            return conjoin(map(stated, parts))
        case Or(parts=parts):
            return disjoin(map(stated, parts))
        case Not(part=part):
            return invert(stated(part))
    return formula


@given(terms(["x", "y", "i"]), ENVIRONMENTS)
def test_simplified_terms_have_the_same_value(
    exactly: type[Evaluator], term: Term, env: dict[str, Any]
) -> None:
    """Folding, flattening and choosing change nothing."""
    assert exactly.number(made(term), env) == exactly.number(term, env)


@given(formulas(terms(["x", "i"])), ENVIRONMENTS)
def test_simplified_formulas_have_the_same_truth(
    exactly: type[Evaluator], formula: Formula, env: dict[str, Any]
) -> None:
    """Nor does what is done to conjunctions, disjunctions and negations."""
    assert exactly.holds(stated(formula), env) == exactly.holds(formula, env)


@given(terms(["x", "y"]), terms(["x", "y"]), ENVIRONMENTS)
def test_what_is_built_of_others(exactly: type[Evaluator], a: Term, b: Term, env: dict[str, Any]) -> None:
    """Negation, powers, ≠ and implication mean what they say."""
    x, y = exactly.number(a, env), exactly.number(b, env)
    assert exactly.number(negate(made(a)), env) == -x
    assert exactly.number(power(made(a), 3), env) == x * x * x
    assert exactly.number(power(made(a), 0), env) == 1
    assert exactly.holds(differ(made(a), made(b)), env) == (x != y)
    less, same = relate(made(a), "<", made(b)), relate(made(a), "=", made(b))
    assert exactly.holds(imply(less, same), env) == (compare(x, y) >= 0)


@given(terms(["i", "j"]), ENVIRONMENTS, st.integers(1, 3))
def test_multiplied_out(exactly: type[Evaluator], term: Term, env: dict[str, Any], factor: int) -> None:
    """The factor goes inside, and takes the fractions with it."""
    built = made(term)
    scale = factor * lcm(*(c.denominator for c in constants(built)), 1) ** 4
    assert exactly.number(multiply_out(built, scale), env) == scale * exactly.number(built, env)


def constants(term: Term) -> list[Fraction]:
    match term:
        case Constant(value=value):
            return [F(value)]
        case Sum(terms=parts) | Product(factors=parts):
            return [c for part in parts for c in constants(part)]
        case Choice(then=then, other=other):
            return [*constants(then), *constants(other)]
    return []


def as_z3_sees_it(script: Script, env: dict[str, Any]) -> bool:
    """The truth value that Z3 gives to the text, with every unknown replaced by its value."""
    parsed = z3.And(*z3.parse_smt2_string(script.to_smtlib()))
    pairs = []
    for name, sort in (script.variables | script.auxiliary).items():
        value = z3.IntVal(env[name]) if sort == "Int" else z3.RealVal(str(F(env[name])))
        pairs.append((z3.Int(name) if sort == "Int" else z3.Real(name), value))
    pairs += [(z3.Bool(name), z3.BoolVal(env[name])) for name in script.truths]
    result = z3.simplify(z3.substitute(parsed, *pairs))
    assert z3.is_true(result) or z3.is_false(result), result
    return bool(z3.is_true(result))


def script_of(formula: Formula, names: list[str]) -> Script:
    script = Script()
    for name in names:
        script.declare(name, SORTS[name])  # type: ignore[arg-type]
    script.truth("p")
    script.truth("q")
    script.require(formula)
    return script


@examples(150)
@given(formulas(terms(["x", "y"])), ENVIRONMENTS)
def test_text_of_real_formulas(exactly: type[Evaluator], formula: Formula, env: dict[str, Any]) -> None:
    """Z3 reads in the text what the formula says."""
    script = script_of(stated(formula), ["x", "y"])
    assert as_z3_sees_it(script, env) == exactly.holds(formula, env)


@examples(250)
@given(formulas(terms(["i", "j"])), ENVIRONMENTS)
def test_text_of_integer_formulas(exactly: type[Evaluator], formula: Formula, env: dict[str, Any]) -> None:
    """Rational coefficients of integers are scaled away, and nothing changes."""
    script = script_of(stated(formula), ["i", "j"])
    assert as_z3_sees_it(script, env) == exactly.holds(formula, env)


@examples(150)
@given(formulas(terms(["x", "i"])), ENVIRONMENTS)
def test_text_of_mixed_formulas(exactly: type[Evaluator], formula: Formula, env: dict[str, Any]) -> None:
    """Integers beside reals are read as reals."""
    script = script_of(stated(formula), ["x", "i"])
    assert as_z3_sees_it(script, env) == exactly.holds(formula, env)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (add, ZERO),
        (multiply, ONE),
        (lambda: add(X, ZERO), X),
        (lambda: add(Constant(1), X, Constant(F(1, 2))), Sum((X, Constant(F(3, 2))))),
        (lambda: add(X, add(Y, X)), Sum((X, Y, X))),
        (lambda: add(Constant(1), Constant(-1)), ZERO),
        (lambda: multiply(X, ONE), X),
        (lambda: multiply(X, ZERO, Y), ZERO),
        (lambda: multiply(X, Constant(2), multiply(Constant(F(1, 2)), Y)), Product((X, Y))),
        (lambda: negate(negate(X)), X),
        (lambda: choose(TRUE, X, Y), X),
        (lambda: choose(FALSE, X, Y), Y),
        (lambda: choose(P, X, X), X),
        (lambda: relate(ZERO, "<", ONE), TRUE),
        (lambda: relate(ZERO, ">=", ONE), FALSE),
        (lambda: differ(ONE, ONE), FALSE),
        (lambda: conjoin([]), TRUE),
        (lambda: conjoin([TRUE, P, TRUE]), P),
        (lambda: conjoin([P, FALSE]), FALSE),
        (lambda: disjoin([]), FALSE),
        (lambda: disjoin([FALSE, P]), P),
        (lambda: disjoin([P, TRUE]), TRUE),
        (lambda: invert(invert(P)), P),
        (lambda: imply(FALSE, P), TRUE),
        (lambda: imply(P, TRUE), TRUE),
    ],
)
def test_simplifications(build: Callable[[], Term | Formula], expected: Term | Formula) -> None:
    """The neutral, the absorbing and the constant."""
    assert build() == expected


def test_text_of_a_script() -> None:
    """Declarations first; negative and rational numbers as SMT-LIB writes them."""
    script = Script()
    x, i = script.declare("x", "Real"), script.declare("i", "Int")
    p = script.truth("p")
    square = script.define("s", "Real", multiply(x, x))
    script.require(relate(square, "=", Constant(F(-2, 3))))
    script.require(imply(p, relate(multiply(Constant(F(1, 2)), i), ">", Constant(F(-1, 3)))))
    script.require(relate(x, "<=", i))
    script.require(TRUE)
    assert script.to_smtlib() == (
        "(declare-const x Real)\n"
        "(declare-const i Int)\n"
        "(declare-const s Real)\n"
        "(declare-const p Bool)\n"
        "(assert (= s (* x x)))\n"
        "(assert (= s (- (/ 2.0 3.0))))\n"
        "(assert (or (not p) (> (* 3 i) (- 2))))\n"
        "(assert (<= x (to_real i)))\n"
    )


def test_names_for_constants_and_variables_are_not_needed() -> None:
    """`define` gives a name to what is worth one."""
    script = Script()
    x = script.declare("x", "Real")
    assert script.define("a", "Real", x) == x
    assert script.define("b", "Real", ONE) == ONE
    assert script.auxiliary == {}
    assert script.define("c", "Real", add(x, ONE)) == Variable("c")
    assert script.auxiliary == {"c": "Real"}


def test_a_copy_is_another_script() -> None:
    """With further assertions, and without a way back."""
    script = Script()
    x = script.declare("x", "Real")
    copy = script.copy([relate(x, "=", ONE)])
    copy.declare("y", "Real")
    copy.truth("p")
    assert script.assertions == []
    assert script.variables == {"x": "Real"}
    assert script.truths == []
    assert copy.assertions == [relate(x, "=", ONE)]


FORMULAS = (Truth("p"), relate(Variable("x"), ">", ZERO), TRUE, FALSE)
PREMISES = (*FORMULAS, *map(invert, FORMULAS), And(FORMULAS[:2]))


@pytest.mark.parametrize("premise", PREMISES)
@pytest.mark.parametrize("conclusion", [*PREMISES, Or(FORMULAS[:2])])
def test_an_implication_is_a_disjunction(premise: Formula, conclusion: Formula) -> None:
    """The disjunction of the conclusion and what the premise is not; that twice is the premise."""
    assert imply(premise, conclusion) == disjoin([invert(premise), conclusion])
    assert invert(invert(premise)) == premise
