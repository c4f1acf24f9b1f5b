"""Which divisions are let through, and why; what is refused, and with what advice."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.errors import ProblemError
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.divisions import unsafe_division
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem

BASE: dict[str, Any] = {"network": [1, 2, 1], "samples": 3}


@pytest.mark.parametrize(
    ("where", "more"),
    [
        (["x[0] / 2 > 1"], {}),
        (["x[0] / (1/3 - 1) > 1"], {}),
        (["x[0] / abs(-3) / min(2, 5) / max(1, 4) > 1"], {}),
        (["1 / x[0] > 1", "x[0] != 0"], {}),
        (["x[0] != 0", "1 / x[0] > 1"], {}),
        (["0 != x[0] and 1 / x[0] > 1"], {}),
        (["1 / x[0] > 1", "x[0] > 0"], {}),
        (["1 / x[0] > 1", "x[0] < 0"], {}),
        (["1 / x[0] > 1", "0 < x[0] < 5"], {}),
        (["1 / x[0] > 1", "x[0] > 2"], {}),
        (["1 / x[0] > 1", "x[0] >= 1/2"], {}),
        (["1 / x[0] > 1", "x[0] <= -1"], {}),
        (["1 / x[0] > 1", "-x[0] > 0"], {}),
        (["1 / x[0] > 1", "x[0] == 3"], {}),
        (["1 / x > 1", "x != 0"], {}),
        (["sum(1 / x) > 1", "x > 0"], {}),
        (["1 / (x[0] - x[1]) > 1", "x[0] != x[1]"], {}),
        (["1 / (x[1] - x[0]) > 1", "x[0] < x[1]"], {}),
        (["1 / (2*x[0] - 2*x[1]) > 1", "x[0] > x[1]"], {}),
        (["1 / (x[0] - x[1]) / (x[1] - x[2]) / (x[0] - x[2]) > 1", "distinct(x)"], {}),
        (["1 / (x[0] * w1[1,0]) > 1", "x[0] != 0", "w1 > 0"], {}),
        (["1 / x[0]**3 > 1", "x[0] != 0"], {}),
        (["1 / (x[0]**2 + 1) > 1"], {}),
        (["1 / (x[0]**2 * x[1]**4 + x[2]**2 + 1/7) > 1"], {}),
        (["1 / (-(x[0]**2) - 1) > 1"], {}),
        (["1 / (1 + abs(x[0])) > 1"], {}),
        (["1 / (1 + loss) > 1"], {}),
        (["1 / abs(x[0]) > 1", "abs(x[0]) != 0"], {}),
        (["1 / max(x) > 1", "max(x) > 0"], {}),
        (["1 / (1 / x[0]) > 1", "x[0] > 0", "1 / x[0] > 0"], {}),
        (["1 / loss > 1", "loss > 0"], {}),
        (["1 / x[0] > 1", "all([x[0] != 0, x[1] > 2])"], {}),
        (["1 / x[0] > 1", "x[0] > 1 or x[0] > 2"], {"samples": 3}),
        (["1 / x[0] > 1", "any(x[0] != 0)"], {}),
        (["1 / x[0] > 1", "x > 0 and (x[1] == 1 or x[2] == 2)"], {}),
        (["1 / w1[0,0] > 1"], {"given": {"w1[0,0]": "1/2"}}),
        (["1 / (w1[0,0] - w1[1,0]) > 1"], {"given": {"w1": [[3], [4]]}}),
        (["1 / w1[0,0] > 1"], {"bounds": {"w1": [1, None]}}),
        (["1 / w1[0,0] > 1"], {"bounds": {"w1[0,0]": [None, "-1/9"]}}),
        (["1 / grad(w1)[0,0] > 1"], {"nonzero": ["w1"]}),
        (["1 / grad(w1[1,0]) > 1"], {"positive": ["w1[1,0]"]}),
        (["1 / grad(b2) > 1"], {"negative": ["b2"]}),
        (["1 / x[5] > 1", "x > 0"], {"samples": "fewest"}),
    ],
    ids=str,
)
def test_accepted(where: list[str], more: dict[str, Any]) -> None:
    """Constants, conditions, bounds, given values, asked gradients and positive sums allow a division."""
    problem = Problem(**(BASE | more), where=where)
    assert len(problem.where) == len(where)


ADVICE = "which can be 0: multiply it out, or add the condition"


@pytest.mark.parametrize(
    ("where", "more", "denominator"),
    [
        (["1 / x[0] > 1"], {}, "x[0,0]"),
        (["1 / x > 1", "x[0] > 0", "x[1] > 0"], {}, "x[2,0]"),
        (["1 / x[0] > 1", "x[0] >= 0"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[0] > -1"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[0] < 1"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[0] <= 0"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[0] != 1"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[0] == x[1]"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[1] != 0"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "any(x != 0)"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "x[0] > 1 or x[1] > 1"], {}, "x[0,0]"),
        (["1 / x[0] > 1 or x[0] == 0"], {}, "x[0,0]"),
        (["x[0] == 0 or 1 / x[0] > 1"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "not x[0] == 0"], {}, "x[0,0]"),
        (["1 / x[0] > 1", "not x[0] != 0"], {}, "x[0,0]"),
        (["1 / (x[0] + x[1]) > 1", "x[0] > 0", "x[1] > 0"], {}, "x[1,0] + x[0,0]"),
        (["1 / (x[0]**2 - 1) > 1"], {}, "x[0,0]**2 - 1"),
        (["1 / (x[0]**2 + x[1]**2) > 1"], {}, "x[1,0]**2 + x[0,0]**2"),
        (["1 / (x[0]**3 + 1) > 1"], {}, "x[0,0]**3 + 1"),
        (["1 / (x[0]*x[1]) > 1", "x[0] != 0"], {}, "x[0,0]*x[1,0]"),
        (["1 / loss > 1"], {}, "loss"),
        (["1 / (loss - 1) > 1"], {}, "loss - 1"),
        (["1 / abs(x[0]) > 1"], {}, "abs(x[0,0])"),
        (["1 / (abs(x[0]) - 1) > 1"], {}, "abs(x[0,0]) - 1"),
        (["1 / min(x) > 1"], {}, "min(x[0,0], x[1,0], x[2,0])"),
        (["1 / (1 / x[0]) > 1", "x[0] > 0"], {}, "((1) / (x[0,0]))"),
        (["1 / w1[0,0] > 1"], {"bounds": {"w1": [0, None]}}, "w1[0,0]"),
        (["1 / w1[0,0] > 1"], {"bounds": {"w1": [-1, 1]}}, "w1[0,0]"),
        (["1 / w1[0,0] > 1"], {"given": {"w1[1,0]": 2}}, "w1[0,0]"),
        (["1 / grad(w1)[0,0] > 1"], {"some_nonzero": ["w1"]}, "grad(w1)[0,0]"),
        (["1 / grad(w1)[0,0] > 1"], {"zero": ["w1"]}, "grad(w1)[0,0]"),
        (["1 / w1[0,0] > 1"], {"nonzero": ["w1"]}, "w1[0,0]"),
    ],
    ids=str,
)
def test_refused(where: list[str], more: dict[str, Any], denominator: str) -> None:
    """What is not shown to be nonzero is refused, with the condition that would allow it."""
    with pytest.raises(ProblemError) as error:
        Problem(**(BASE | more), where=where)
    assert str(error.value) == f"where[0]: divides by {denominator}, {ADVICE} '{denominator} != 0'"


@pytest.mark.parametrize(
    "denominator",
    [
        "x[0]",
        "x[0] + x[1]",
        "abs(x[0])",
        "loss",
        "min(x)",
        "(1 / (x[0]**2 + 1))",
        "x[0]**2 - 1",
        "grad(w1[0,0])",
    ],
)
def test_the_advice_works(denominator: str) -> None:
    """Adding the advised condition makes the division pass."""
    where = [f"x[1] / ({denominator}) > 1"]
    with pytest.raises(ProblemError) as error:
        Problem(**BASE, where=where)
    advised = str(error.value).split("'")[1]
    assert len(Problem(**BASE, where=[*where, advised]).where) == 2


@pytest.mark.parametrize("where", ["1/0 > 1", "1/(x[0] - x[0]) > 1", "1/w1[0,0] > 1"])
def test_division_by_nothing_but_zero(where: str) -> None:
    """A denominator that is 0 gets no advice."""
    with pytest.raises(ProblemError) as error:
        Problem(**BASE, where=[where], given={"w1[0,0]": 0})
    assert str(error.value) == "where[0]: divides by 0"


def test_each_condition_is_named_once() -> None:
    """Each condition with a doubtful division is one issue, at its own place."""
    with pytest.raises(ProblemError) as error:
        Problem(**BASE, where=["x > 0", "1/w1 > 1", "1/x > 1", "1/(b1[0] + 1) == 1/b2"])
    assert [issue.path for issue in error.value.issues] == [("where", 1), ("where", 3)]


def test_vetting_takes_no_time() -> None:
    """Expressions whose expansion would be huge are not expanded; they are refused, or let be."""
    wide = {"network": [12, 1], "samples": 1}
    base = "(" + "+".join(f"x[0,{i}]" for i in range(12)) + ")"
    begun = time.process_time()
    assert Problem(**wide, where=[f"{base}**60 / 2 > 1"])  # type: ignore[arg-type]
    with pytest.raises(ProblemError) as error:
        Problem(**wide, where=[f"1 / {base}**60 > 1"])  # type: ignore[arg-type]
    assert Problem(network=[1, 1], samples=5000, where=["sum(x) / 2 > 1", "distinct(x)"])
    assert time.process_time() - begun < 10
    assert str(error.value) == ("where[0]: divides by a long expression, which can be 0: multiply it out")


# --- soundness --------------------------------------------------------------------------

terms = st.sampled_from(
    [
        "x[0]",
        "x[1]",
        "x[0] - x[1]",
        "x[0]*x[1]",
        "x[0]**2",
        "x[0] + 1",
        "x[1]**2 + 1",
        "abs(x[0])",
        "loss",
        "2",
        "-1",
    ]
)
comparisons = st.builds(
    lambda a, op, b: f"{a} {op} {b}", terms, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), terms
)
conditions = st.recursive(
    st.one_of(comparisons, st.just("distinct(x)"), comparisons.map(lambda c: f"any({c})")),
    lambda c: st.one_of(
        st.builds(lambda a, b, w: f"(({a}) {w} ({b}))", c, c, st.sampled_from(["and", "or"])),
        c.map(lambda a: f"(not ({a}))"),
    ),
    max_leaves=3,
)
small = st.integers(-2, 2)


@examples(300)
@given(st.lists(conditions, max_size=3), terms, small, small, st.integers(0, 2))
def test_what_is_accepted_is_never_zero(
    where: list[str], denominator: str, a: int, b: int, loss: int
) -> None:
    """Where all other conditions hold, an accepted denominator is not 0."""
    values: dict[str, Array[Exact]] = {"x": Array((2, 1), (a, b)), "loss": Array((), (loss,))}
    shapes = {name: array.shape for name, array in values.items()}

    def symbols(name: str) -> Array[Polynomial]:
        return Array.build(
            shapes[name], lambda index: Polynomial.variable(f"{name}{index}" if index else name)
        )

    parsed = [parse_condition(text) for text in [*where, f"1 / ({denominator}) == 1"]]
    doubtful = unsafe_division(parsed, symbols, [])
    if not doubtful and all(evaluate(c, ExactAlgebra(), values.__getitem__) for c in parsed[:-1]):
        evaluate(parsed[-1], ExactAlgebra(), values.__getitem__)


def test_facts_of_the_rest_of_the_problem() -> None:
    """Polynomials known to be nonzero are taken up to a constant factor."""
    x = Polynomial.variable("x")

    def symbols(_: str) -> Array[Polynomial]:
        return Array((), (x,))

    conditions = [parse_condition("1 / (3 - 3*x) > 1")]
    assert unsafe_division(conditions, symbols, [x - 1]) == []
    assert unsafe_division(conditions, symbols, [x + 1]) == [(0, 3 - x * 3)]


# --- numbers of samples -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "samples", "accepted"),
    [
        (["1 / x > 0", "x[0] != 0"], 1, True),
        (["1 / x > 0", "x[0] != 0"], 2, False),
        (["1 / x > 0", "x[0] != 0"], "any", False),
        (["1 / x > 0", "x[0] != 0"], {"from": 1, "to": 2}, False),
        (["1 / x > 0", "x != 0"], "fewest", True),
        (["1 / sum(x) > 0", "x[0] + x[1] != 0"], 2, True),
        (["1 / sum(x) > 0", "x[0] + x[1] != 0"], {"from": 2, "to": 4}, False),
        (["1 / sum(x) > 0", "sum(x) > 0"], "any", True),
        (["1 / (1 + sum(x) - x[0]) > 0", "x != -1"], {"from": 1, "to": 2}, True),
        (["1 / (1 + sum(x) - x[0]) > 0", "x != -1"], {"from": 1, "to": 3}, False),
        (["1 / (1 + sum(x) - x[0]) > 0", "x != -1"], "any", False),
    ],
    ids=str,
)
def test_divisions_are_vetted_for_every_number_of_samples(
    where: list[str], samples: Any, accepted: bool
) -> None:
    """What is safe for the fewest samples must be safe for more; else the question changes on the way."""
    if accepted:
        problem = Problem(network=[1, 2, 1], samples=samples, where=where)
        assert problem.with_samples(problem.samples.least).where == problem.where
        if problem.samples.most is None:
            assert problem.with_samples(9).where == problem.where
    else:
        with pytest.raises(ProblemError, match=r"^where\[0\]: divides by "):
            Problem(network=[1, 2, 1], samples=samples, where=where)


def test_long_expressions_are_known_again() -> None:
    """What is too long to be looked into is still the same where it is the same."""
    base = "(" + "+".join(f"x[0,{i}]" for i in range(12)) + ")**9"
    wide: dict[str, Any] = {"network": [12, 1], "samples": 1}
    assert len(Problem(**wide, where=[f"1 / {base} > 1", f"{base} != 0"]).where) == 2
    many: dict[str, Any] = {"network": [1, 1], "samples": 3000}
    assert len(Problem(**many, where=["1 / sum(x) > 1", "sum(x) > 0"]).where) == 2
    with pytest.raises(ProblemError, match="divides by "):
        Problem(**many, where=["1 / sum(x) > 1", "sum(y) > 0"])


def test_too_many_values_to_vet() -> None:
    """A division by a number is free; any other is refused where it would take long to vet."""
    many: dict[str, Any] = {"network": [1, 10, 1], "samples": 90_000}
    assert Problem(**many, where=["z1 / 2 > 1"]).samples.fixed == 90_000
    with pytest.raises(ProblemError) as error:
        Problem(**many, where=["x > 0", "1 / x > 1"])
    assert str(error.value) == (
        "where[1]: divides among more than 100000 values, too many to vet: multiply it out"
    )


def test_vetting_has_a_budget() -> None:
    """Thousands of entries that expand a little each end in the same way as one that expands much."""
    begun = time.process_time()
    with pytest.raises(ProblemError, match="divides by "):
        Problem(network=[1, 1], samples=9000, where=["1 / (x + y + r + z1 + loss)**8 > 0"])
    assert time.process_time() - begun < 20
