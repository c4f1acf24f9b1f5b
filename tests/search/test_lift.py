"""From models to witnesses: rational where the question leaves it free, exact where it does not."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search.encoding import encode
from zerograd.search.lift import lift, nearby, primitive, rationalise, read_back, simplest
from zerograd.search.verdict import Found
from zerograd.solvers.base import Model
from zerograd.solvers.terms import Constant, Script, multiply, relate

if TYPE_CHECKING:
    from tests.search.conftest import Decide
    from zerograd.solvers.process import SolverProcess

F = Fraction
HEADLINE: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
ROOT2 = NumberField(polynomial([-2, 0, 1]), F(1), F(2))
ROOT3 = NumberField(polynomial([-3, 0, 1]), F(1), F(2))


def found(decide: Decide, strategy: str = "auto", **arguments: Any) -> Witness:
    """A witness, which `decide` has checked."""
    verdict = decide(Problem(**{"samples": 3, **HEADLINE, **arguments}), strategy, seconds=8.0)
    assert isinstance(verdict, Found), verdict
    return verdict.witness


@pytest.mark.parametrize("strategy", ["guess", "regions", "piecewise", "auto"])
def test_rational_where_nothing_forces_more(strategy: str, decide: Decide) -> None:
    """The founding case has rational answers, and gets one."""
    assert found(decide, strategy).field is None


@pytest.mark.parametrize(
    ("where", "degree"),
    [
        (["w1**2 == 2"], 2),
        pytest.param(["w1**3 == 2"], 3, marks=pytest.mark.slow),
        (["w1**2 == 2", "b1**2 == 3"], 4),
        (["w1**2 == 2", "b1**2 == 8"], 2),
        pytest.param(["w1**2 == 2", "b1**3 == 5"], 6, marks=pytest.mark.slow),
        pytest.param(["w1**2 == 2", "w2**2 == 3", "x[0]**2 == 5"], 8, marks=pytest.mark.slow),
    ],
)
def test_irrational_only_as_far_as_it_is_forced(where: list[str], degree: int, decide: Decide) -> None:
    """The field is the one that the conditions force, where the rest can be rational."""
    witness = found(decide, "piecewise", where=where)
    assert witness.field is not None
    assert len(witness.field.polynomial) - 1 == degree


def test_what_need_not_be_irrational_is_not(decide: Decide) -> None:
    """x² + y² = 2 has rational points, though solvers like to answer with roots."""
    witness = found(decide, "piecewise", where=["x[0]**2 + x[1]**2 == 2", "w1 * b1 == -6"])
    assert witness.field is None


def test_targets_follow_exactly(decide: Decide) -> None:
    """y = ŷ − r in the field of the answer, with a loss that was asked for."""
    witness = found(decide, "piecewise", where=["w1**2 == 2", "loss == 3"])
    assert sign(witness.loss - 3) == 0
    for p, r, y in zip(
        witness.forward.y_hat.entries, witness.point.residuals.entries, witness.y.entries, strict=True
    ):
        assert sign(p - r - y) == 0


def test_a_known_model_is_read_back(solver: SolverProcess) -> None:
    """A model by hand: √2 and √3, which are asked for, in one field; given values, and what bounds allow."""
    problem = Problem(
        network=[1, 1, 1], samples=1, given={"b2": 5}, bounds={"b1": [2, 3], "x": [None, -1]},
        zero=["w2"], where=["w1**2 == 2", "w2**2 == 3", "w1 * w2 > 0"],
    )  # fmt: skip
    encoding = encode(problem, 1)
    model = Model({"w1_0_0": ROOT2, "w2_0_0": ROOT3, "r_0_0": F(0)})
    assert lift(encoding, model, solver, deadline=time.monotonic() - 1, seed=0) is None
    witness = lift(encoding, model, solver, deadline=time.monotonic() + 8, seed=0)
    assert witness is not None
    check_witness(problem, witness)
    assert witness.field is not None
    assert len(witness.field.polynomial) == 5
    assert witness.parameters["b1"].entries == (2,)
    assert witness.parameters["b2"].entries == (5,)
    assert witness.x.entries == (-1,)


def test_missing_values_are_the_simplest(solver: SolverProcess) -> None:
    """An empty model: 0 where bounds allow it, and targets that fit exactly."""
    problem = Problem(network=[1, 1, 1], samples=2, bounds={"w1": [F(1, 2), 9], "w2": [None, F(-3, 2)]})
    witness = read_back(encode(problem, 2), {})
    assert witness.parameters["w1"].entries == (1,)
    assert witness.parameters["w2"].entries == (-2,)
    assert witness.loss == 0
    check_witness(problem, witness)


BOUND = st.one_of(st.none(), st.fractions(-9, 9, max_denominator=4))


@given(BOUND, BOUND, st.booleans())
def test_simplest_is_inside(low: Fraction | None, high: Fraction | None, integer: bool) -> None:
    """Inside the bounds; an integer wherever there is one; 0 wherever it may be."""
    if low is not None and high is not None and low > high:
        low, high = high, low
    whole = range(-9, 10)
    integers = [n for n in whole if (low is None or low <= n) and (high is None or n <= high)]
    if integer and not integers:
        return  # no such problem can be made
    value = simplest((low, high), integer=integer)
    assert (low is None or low <= value) and (high is None or value <= high)
    assert not integers or value in integers
    assert 0 not in integers or value == 0


@given(st.lists(st.fractions(-20, 20, max_denominator=12), min_size=1, max_size=5))
def test_primitive_residuals(values: list[Fraction]) -> None:
    """A positive multiple with coprime integers: no sign changes."""
    array: Array[Exact] = Array((len(values),), tuple(values))
    scaled = primitive(array)
    assert all(sign(a) == sign(b) for a, b in zip(array.entries, scaled.entries, strict=True))
    if any(values):
        assert all(isinstance(v, int) for v in scaled.entries)
        factor = next(F(b) / F(a) for a, b in zip(values, scaled.entries, strict=True) if a)  # type: ignore[arg-type]
        assert factor > 0
        assert all(a * factor == b for a, b in zip(values, scaled.entries, strict=True))


def test_irrational_residuals_are_left_alone() -> None:
    """There is no primitive multiple in general."""
    array: Array[Exact] = Array((2,), (Algebraic(ROOT2, polynomial([0, 1])), F(1, 2)))
    assert primitive(array) is array


def test_nearby_rationals() -> None:
    """With small denominators first."""
    assert nearby(F(3, 7), 1) == F(3, 7)
    assert [nearby(ROOT2, largest) for largest in (1, 2, 12)] == [1, F(3, 2), F(17, 12)]


def test_values_are_pinned_while_a_model_remains(solver: SolverProcess) -> None:
    """x² < 3 with x near √2 can be rational; y² = 3 cannot."""
    script = Script()
    x, y = script.declare("x", "Real"), script.declare("y", "Real")
    script.require(relate(multiply(x, x), "<", Constant(3)))
    script.require(relate(multiply(y, y), "=", Constant(3)))
    model = rationalise(
        script, Model({"x": ROOT2, "y": ROOT3}), solver, deadline=time.monotonic() + 10, seed=0
    )
    assert isinstance(model.values["x"], Fraction)
    assert model.values["x"] ** 2 < 3
    assert isinstance(model.values["y"], NumberField)


def test_no_time_leaves_the_model_as_it_is(solver: SolverProcess) -> None:
    """Making values rational is a nicety."""
    model = Model({"x": ROOT2})
    assert rationalise(Script(), model, solver, deadline=time.monotonic() - 1, seed=0) is model
