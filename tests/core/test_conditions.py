"""What conditions mean: against plain Python, on random data; and what has no meaning."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.language import LanguageError, names_in
from zerograd.core.question.parsing import parse_condition

F = Fraction
Real = int | Fraction

SHAPES = {"x": (3, 1), "y": (3, 2), "w1": (2, 1), "b1": (2,), "w2": (1, 2), "b2": (1,), "loss": ()}


def holds(text: str, values: dict[str, Array[Exact]]) -> bool:
    """The truth of a condition, by the code under test."""
    return evaluate(parse_condition(text), ExactAlgebra(), values.__getitem__, list(values))


# --- plain Python -----------------------------------------------------------------------


class DoesNotFit(Exception):
    """Two shapes that do not combine."""


@dataclass(frozen=True)
class Plain:
    """Numbers or truths with a shape, combined entry by entry by Python's operators."""

    shape: tuple[int, ...]
    entries: tuple[Real, ...]

    def combine(self, other: Plain, function: Callable[[Real, Real], Real]) -> Plain:
        bare = [tuple(n for n in side.shape if n != 1) for side in (self, other)]
        if bare[0] == bare[1]:
            pairs = zip(self.entries, other.entries, strict=True)
            return Plain(self.shape, tuple(function(a, b) for a, b in pairs))
        if len(other.entries) == 1:
            return Plain(self.shape, tuple(function(a, other.entries[0]) for a in self.entries))
        if len(self.entries) == 1:
            return Plain(other.shape, tuple(function(self.entries[0], b) for b in other.entries))
        raise DoesNotFit

    @property
    def every(self) -> bool:
        return all(self.entries)

    @property
    def some(self) -> bool:
        return any(self.entries)


@dataclass(frozen=True)
class Piece:
    """A piece of text, and what it means in plain Python."""

    text: str
    meaning: Callable[[dict[str, Plain]], Plain]


def scalar(value: Real) -> Plain:
    return Plain((), (value,))


def binary(symbol: str, function: Callable[[Real, Real], Real], a: Piece, b: Piece) -> Piece:
    return Piece(
        f"({a.text} {symbol} {b.text})", lambda env: a.meaning(env).combine(b.meaning(env), function)
    )


def mapped(name: str, function: Callable[[Sequence[Real]], Real], a: Piece) -> Piece:
    return Piece(f"{name}({a.text})", lambda env: scalar(function(a.meaning(env).entries)))


def total(values: Sequence[Real]) -> Real:
    return sum(values, F(0))


def different(values: Sequence[Real]) -> bool:
    return all(a != b for a, b in combinations(values, 2))


ARITHMETIC: dict[str, Callable[[Real, Real], Real]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
COMPARE: dict[str, Callable[[Real, Real], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


def named(name: str) -> Piece:
    return Piece(name, lambda env: env[name])


def entry(name: str, index: tuple[int, ...]) -> Piece:
    position = sum(i * prod(SHAPES[name][axis + 1 :]) for axis, i in enumerate(index))
    text = f"{name}[{', '.join(map(str, index))}]"
    return Piece(text, lambda env: scalar(env[name].entries[position]))


def literal(value: Real) -> Piece:
    return Piece(f"({value})", lambda _: scalar(value))


def repeated(value: Real, exponent: int) -> Real:
    result: Real = 1
    for _ in range(exponent):
        result = result * value
    return result


def power(base: Piece, exponent: int) -> Piece:
    def meaning(env: dict[str, Plain]) -> Plain:
        found = base.meaning(env)
        return Plain(found.shape, tuple(repeated(v, exponent) for v in found.entries))

    return Piece(f"({base.text})**{exponent}", meaning)


def absolute(a: Piece) -> Piece:
    return Piece(
        f"abs({a.text})",
        lambda env: Plain(a.meaning(env).shape, tuple(max(v, -v) for v in a.meaning(env).entries)),
    )


def negative(a: Piece) -> Piece:
    return Piece(
        f"(-({a.text}))", lambda env: Plain(a.meaning(env).shape, tuple(-v for v in a.meaning(env).entries))
    )


def divided(a: Piece, value: Real) -> Piece:
    return binary("/", lambda u, v: F(u) / v, a, literal(value))


def listed(items: list[Piece]) -> Piece:
    def meaning(env: dict[str, Plain]) -> Plain:
        found = [item.meaning(env) for item in items]
        if len({v.shape for v in found}) > 1:
            raise DoesNotFit
        return Plain((len(found), *found[0].shape), tuple(e for v in found for e in v.entries))

    return Piece(f"[{', '.join(item.text for item in items)}]", meaning)


def extreme(name: str, items: list[Piece]) -> Piece:
    pick: Callable[[list[Real]], Real] = min if name == "min" else max

    def meaning(env: dict[str, Plain]) -> Plain:
        found = [item.meaning(env) for item in items]
        if len(found) > 1 and any(len(v.entries) != 1 for v in found):
            raise DoesNotFit
        return scalar(pick([e for v in found for e in v.entries]))

    return Piece(f"{name}({', '.join(item.text for item in items)})", meaning)


fractions = st.fractions(-3, 3, max_denominator=2)
leaves = st.one_of(
    st.sampled_from(sorted(SHAPES)).map(named),
    st.sampled_from(sorted(SHAPES)).flatmap(
        lambda name: st.sampled_from(list(indices(SHAPES[name]))).map(
            lambda index: entry(name, index) if index else named(name)
        )
    ),
    st.fractions(-3, 3, max_denominator=3).map(literal),
)


def larger_numbers(children: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    symbols = st.sampled_from(sorted(ARITHMETIC))
    return st.one_of(
        st.builds(lambda s, a, b: binary(s, ARITHMETIC[s], a, b), symbols, children, children),
        st.builds(power, children, st.integers(0, 3)),
        st.builds(divided, children, st.sampled_from([2, -3, F(1, 2)])),
        children.map(absolute),
        children.map(negative),
        children.map(lambda a: mapped("sum", total, a)),
        st.builds(extreme, st.sampled_from(["min", "max"]), st.lists(children, min_size=1, max_size=2)),
        st.lists(children, min_size=1, max_size=3).map(listed),
    )


numbers = st.recursive(leaves, larger_numbers, max_leaves=4)
comparisons = st.builds(
    lambda s, a, b: binary(s, COMPARE[s], a, b), st.sampled_from(sorted(COMPARE)), numbers, numbers
)


def close(name: str, parts: list[Piece]) -> Piece:
    """all([…]) and any([…]) of conditions, each of which means every entry."""
    which = all if name == "all" else any
    meaning = lambda env: scalar(which([part.meaning(env).every for part in parts]))  # noqa: E731
    return Piece(f"{name}([{', '.join(part.text for part in parts)}])", meaning)


def joined(word: str, parts: list[Piece]) -> Piece:
    which = all if word == "and" else any
    return Piece(
        f"({f' {word} '.join(part.text for part in parts)})",
        lambda env: scalar(which([part.meaning(env).every for part in parts])),
    )


def negated(a: Piece) -> Piece:
    return Piece(f"(not {a.text})", lambda env: scalar(not a.meaning(env).every))


def larger_conditions(children: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    several = st.lists(children, min_size=2, max_size=3)
    return st.one_of(
        st.builds(joined, st.sampled_from(["and", "or"]), several),
        st.builds(close, st.sampled_from(["all", "any"]), st.lists(children, min_size=1, max_size=3)),
        children.map(negated),
    )


conditions = st.recursive(
    st.one_of(
        comparisons,
        comparisons.map(lambda a: Piece(f"any{a.text}", lambda env: scalar(a.meaning(env).some))),
        comparisons.map(lambda a: Piece(f"all{a.text}", lambda env: scalar(a.meaning(env).every))),
        numbers.map(lambda a: mapped("distinct", different, a)),
    ),
    larger_conditions,
    max_leaves=3,
)


@st.composite
def environments(draw: st.DrawFn) -> dict[str, Plain]:
    return {
        name: Plain(shape, tuple(draw(fractions) for _ in range(prod(shape))))
        for name, shape in SHAPES.items()
    }


@given(conditions, environments())
def test_conditions_mean_what_python_makes_of_them(condition: Piece, env: dict[str, Plain]) -> None:
    """Conditions agree with plain Python on random data; shapes that do not fit, fit in neither."""
    arrays: dict[str, Array[Exact]] = {name: Array(v.shape, v.entries) for name, v in env.items()}
    try:
        expected = condition.meaning(env).every
    except DoesNotFit:
        with pytest.raises(LanguageError, match=r"do not fit|must have one shape|takes single entries"):
            holds(condition.text, arrays)
    else:
        assert holds(condition.text, arrays) is expected


# --- one by one -------------------------------------------------------------------------

DATA: dict[str, Array[Exact]] = {
    "x": Array((3, 1), (0, 2, 3)),
    "y": Array((3, 2), (-2, 2, 0, 1, 1, 1)),
    "w1": Array((2, 1), (1, F(1, 2))),
    "b1": Array((2,), (-1, 3)),
    "w2": Array((1, 2), (1, 4)),
    "b2": Array((1,), (5,)),
    "loss": Array((), (2,)),
    "grad(w1)": Array((2, 1), (0, 7)),
    "grad(x)": Array((3, 1), (0, 0, -1)),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x >= 0", True),
        ("x > 0", False),
        ("any(x > 0)", True),
        ("all(x >= 0)", True),
        ("not x > 0", True),
        ("not x >= 0", False),
        ("x != 0", False),
        ("not x == 0", True),
        ("0 <= x <= 3", True),
        ("0 <= x < 3", False),
        ("any(0 < x < 3)", True),
        ("any(x < 1 < x)", False),
        ("x < 1 < x", False),
        ("x[0] < x[1] < x[2]", True),
        ("1 < 2 < x[2] < 4", True),
        ("b2 > x > -1", True),
        ("loss < 3 > x[1] < 3", True),
        ("x[2] == x[2,0] == 3", True),
        ("w1[1] == 1/2 and w2[1] == 4 and b2[0] == 5 and b2 == 5", True),
        ("w1 == w2", False),
        ("w1 + w2 == [2, 9/2]", True),
        ("b1 == [-1, 3]", True),
        ("y == [[-2, 2], [0, 1], [1, 1]]", True),
        ("x == [0, 2, 3]", True),
        ("x == (0, 2, 3)", True),
        ("x * x == x**2", True),
        ("x**0 == 1", True),
        ("sum(y) == 3", True),
        ("min(x) + max(x) == 3", True),
        ("min(x[1], 1) == 1 and max(loss, b2, 3) == 5", True),
        ("abs(b1) == [1, 3]", True),
        ("max([sum(x), 4]) == 5", True),
        ("distinct(x)", True),
        ("distinct(y)", False),
        ("distinct(x, b1)", False),
        ("distinct(x[0], x[1], 7)", True),
        ("distinct([1, 2, 1])", False),
        ("all([x >= 0, loss == 2])", True),
        ("all(x >= 0, loss == 2)", True),
        ("any(x > 0, loss == 3)", False),
        ("any([x > 0, loss == 3])", False),
        ("any([x > 0])", False),
        ("any([any(x > 0)])", True),
        ("any([not x > 0, loss == 3])", True),
        ("grad(w1)[1] == 7", True),
        ("grad(w1[1]) == 7", True),
        ("grad(w1[1,0]) == grad(w1)[1,0]", True),
        ("grad(x) == [0, 0, -1] and grad(x[2]) < 0", True),
        ("sum(grad(w1)) == 7", True),
        ("x[0] == 0 or 1/2 == 1", True),
        ("x[1] / 4 == 0.5", True),
        ("(x + 1)[2] == 4", True),
        ("[5, 6, 7][1] == 6", True),
        ("-x == [0, -2, -3]", True),
        ("2 - -x[1] == 4", True),
        ("-x[1]**2 == -4", True),
    ],
)
def test_meaning(text: str, expected: bool) -> None:
    """Every entry, unless any() says otherwise; single entries spread; lists nest."""
    assert holds(text, DATA) is expected


ROWS = ": write y[0,0], y[0,1]; there are no rows or slices"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x == y", "shapes (3, 1) and (3, 2) do not fit"),
        ("x < w1", "shapes (3, 1) and (2, 1) do not fit"),
        ("x < 3 < b1", "shapes (2,) and (3, 1) do not fit"),
        ("x == [1, 2]", "shapes (3, 1) and (2,) do not fit"),
        ("x == []", "an empty list has no entries to compare"),
        ("x == [1, [2]]", "the items of a list must have one shape"),
        ("x", "'x' is a number, not a condition: compare it, e.g. with == 0"),
        ("x and y", "'x' is a number, not a condition: compare it, e.g. with == 0"),
        ("not x", "'x' is a number, not a condition: compare it, e.g. with == 0"),
        ("any(x)", "'x' is a number, not a condition: compare it, e.g. with == 0"),
        ("(x < 1) + 1 == 2", "'x < 1' is a condition, not a number"),
        ("(x < 1) == (x < 2)", "'x < 1' is a condition, not a number"),
        ("sum(x < 1) == 2", "'x < 1' is a condition, not a number"),
        ("z == 0", "unknown name 'z' (known: x, y, w1, b1, w2, b2, loss, grad(w1), grad(x))"),
        ("w3 == 0", "unknown name 'w3' (known: x, y, w1, b1, w2, b2, loss, grad(w1), grad(x))"),
        ("los < 1", "unknown name 'los' (did you mean 'loss'?)"),
        ("sum == 0", "sum is a function: write sum(…)"),
        ("grad(y) == 0", "∂L/∂y cannot be asked (known: w1, x)"),
        ("grad(w2) == 0", "∂L/∂w2 cannot be asked (known: w1, x)"),
        ("grad(x + 1) == 0", "grad() takes a parameter or x, found 'x + 1'"),
        ("grad(grad(x)) == 0", "grad() takes a parameter or x, found 'grad(x)'"),
        ("grad(1) == 0", "grad() takes a parameter or x, found '1'"),
        ("x[3] == 0", "x[3]: index 3 is out of range, x has shape (3, 1) (axis 0 runs from 0 to 2)"),
        ("x[0,1] == 0", "x[0,1]: index 1 is out of range, x has shape (3, 1) (axis 1 runs from 0 to 0)"),
        ("y[0] == 0", f"y[0]: y has shape (3, 2), so it takes 2 indices, found 1{ROWS}"),
        ("b1[0,0] == 0", "b1[0,0]: b1 has shape (2,), so it takes 1 index, found 2"),
        ("loss[1] == 0", "loss[1]: loss has shape (), so it takes 0 indices, found 1"),
        ("x[0][0] == 0", "x[0][0]: x[0] has shape (), so it takes 0 indices, found 1"),
        ("abs(x, y) == 0", "abs() takes one argument, found 2"),
        ("sum() == 0", "sum() takes one argument, found 0"),
        ("grad() == 0", "grad() takes one argument, found 0"),
        ("min() == 0", "min() takes at least one argument, found 0"),
        ("min(x, 1) == 0", "min() of several arguments takes single entries, but 'x' has shape (3, 1)"),
        ("any()", "any() needs an argument"),
        ("all([])", "all() needs an argument"),
        ("distinct()", "distinct() needs an argument"),
        (
            "any(x > 0 and y > 0)",
            "any() ranges over the entries of one comparison; write the conditions one by one: any([…, …])",
        ),
        (
            "all(not x > 0)",
            "all() ranges over the entries of one comparison; write the conditions one by one: all([…, …])",
        ),
    ],
)
def test_what_has_no_meaning(text: str, message: str) -> None:
    """Names, shapes, arguments, and numbers where conditions are due: each said exactly."""
    with pytest.raises(LanguageError) as error:
        holds(text, DATA)
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["1/x[0] > 0", "x / (x - 2) == 0", "1/0 == 1", "x[0] == 0 or 1/x[0] > 0"])
def test_division_by_zero_is_no_truth_value(text: str) -> None:
    """A division by zero is raised, wherever it stands: nothing is cut short."""
    with pytest.raises(ZeroDivisionError):
        holds(text, DATA)


def test_irrational_numbers() -> None:
    """Conditions over a number field are decided exactly."""
    root = Algebraic(NumberField(polynomial([-2, 0, 1]), F(1), F(2)), polynomial([0, 1]))
    data: dict[str, Array[Exact]] = {"x": Array((3, 1), (root, -root, 1)), "y": Array((1,), (root * root,))}
    assert holds("x**2 == [2, 2, 1]", data)
    assert holds("distinct(x)", data)
    assert not holds("distinct(x, [-1, 1])", data)
    assert not holds("distinct(abs(x))", data)
    assert holds("x[1] < x[2] < x[0] < 1.4142135623730951", data)
    assert holds("max(x) == x[0] and min(x) == x[1] and abs(x[1]) == x[0]", data)
    assert holds("y == 2", data)
    assert holds("1/x[0] == x[0]/2 and 2/x[0] == x[0]", data)
    assert not holds("distinct(y, 2)", data)


@given(st.lists(st.sampled_from([0, 1, F(1, 2), "α", "-α", "2α/2", "α²/2"]), max_size=6))
def test_distinct_is_pairwise(chosen: list[int | Fraction | str]) -> None:
    """distinct() compares values, not the way they are written."""
    root = Algebraic(NumberField(polynomial([6, 0, -5, 0, 1]), F(1), F(3, 2)), polynomial([0, 1]))
    table: dict[int | Fraction | str, Exact] = {
        "α": root, "-α": -root, "2α/2": 2 * root / 2, "α²/2": root * root / 2
    }  # fmt: skip
    kind = {"2α/2": "α", "α²/2": 1}
    values = tuple(table.get(c, c) for c in chosen)
    assert ExactAlgebra().distinct(values) is (len({kind.get(c, c) for c in chosen}) == len(chosen))  # type: ignore[arg-type]


def test_conditions_show_canonical_text() -> None:
    """Equal conditions have equal text, however they were written."""
    assert str(parse_condition(" x[ 0 ]<0.50 ")) == "x[0] < 1/2"
    assert parse_condition("x[0]<0.5") == parse_condition("(x[0] < (1/2))")


def test_names_of_a_condition() -> None:
    """Those that its tree mentions, `grad` where a gradient is; they are no part of what is compared."""
    text = "w1[0,0] + max(x) > 1 and grad(b1) == 0"
    condition = parse_condition(text)
    assert condition.names == names_in(condition.node) == {"w1", "x", "b1", "grad"}
    assert condition == parse_condition(text)
    assert hash(condition) == hash(parse_condition(text))
