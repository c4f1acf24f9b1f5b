"""Numbers that carry derivatives: against polynomials, mpmath, and difference quotients."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.multiprecision import Mp, number
from tests.effort import examples
from zerograd.core.model.activations import RELU, Activation
from zerograd.core.model.backprop import Site, backward, forward
from zerograd.core.model.curves import Smooth
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.smooth import SIGMOID, SIN, SMOOTH, SOFTSIGN, TANH, celu, elu
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.dual import Dual, DualFunctions, Partials
from zerograd.core.numbers.enclosure import IntervalFunctions
from zerograd.core.numbers.exact_functions import ExactFunctions
from zerograd.core.numbers.functions import Functions, Straddles, expm1, sigmoid, softplus, tanh
from zerograd.core.numbers.interval import Interval

F = Fraction
MP = Mp()
OVER_INTERVALS = DualFunctions(IntervalFunctions())
EXACTLY = DualFunctions(ExactFunctions())

small = st.fractions(-3, 3, max_denominator=12)


def holds(enclosure: Any, value: Any, slack: float = 0) -> bool:
    """Whether an interval, or an exact number, holds a number of mpmath."""
    low, high = (enclosure.low, enclosure.high) if isinstance(enclosure, Interval) else (enclosure, enclosure)
    return bool(number(low) - slack <= value <= number(high) + slack)


def parts(value: Any) -> tuple[Any, Partials]:
    """The value and its derivatives; what does not move may be a plain number."""
    return (value.value, value.partials) if isinstance(value, Dual) else (value, {})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), small), max_size=6), small, small)
def test_polynomials_have_their_partial_derivatives(terms: list[tuple[int, int, F]], a: F, b: F) -> None:
    """Σ c·xⁱ·yʲ over the rationals, differentiated by rule."""

    def power(base: Any, exponent: int) -> Any:
        result: Any = 1
        for _ in range(exponent):
            result = result * base
        return result

    x, y = Dual.variable(a, 0), Dual.variable(b, 1)
    total: Any = sum((c * (power(x, i) * power(y, j)) for i, j, c in terms), 0 * x)
    assert total.value == sum(c * a**i * b**j for i, j, c in terms)
    by_x = sum(c * i * a ** (i - 1) * b**j for i, j, c in terms if i)
    by_y = sum(c * j * a**i * b ** (j - 1) for i, j, c in terms if j)
    assert total.partials.get(0, 0) == by_x
    assert total.partials.get(1, 0) == by_y


def test_constants_have_no_partial_derivatives() -> None:
    """Plain numbers stand on either side; what is multiplied by 0 does not move."""
    x = Dual.variable(F(5), 3)
    assert (2 - x).partials == {3: -1}
    assert (x - 2).value == 3
    assert (x * 0).partials == {}
    assert not x * 0
    assert x
    assert x - 5  # 0 now, but not elsewhere
    assert (-x).value == -5
    two: Any = Interval.of(2)
    assert (two * x).value == Interval.of(10)
    assert (two - x).value == Interval.of(-3)
    assert EXACTLY.divide(1, F(4)) == F(1, 4)


FORMULAS: dict[str, Callable[[Any, Any, Functions], Any]] = {
    "quotient": lambda x, y, f: f.divide(x * y - 1, 4 + x * x),
    "exp, log": lambda x, y, f: f.log(2 + f.exp(x * y) + f.exp(-x)),
    "sines": lambda x, y, f: f.sin(x * y) * f.cos(y - 2 * x) + f.pi * x,
    "erf": lambda x, y, f: f.erf(x - y) * f.sqrt(2) - y,
    "their own": lambda x, y, f: tanh(x + y, f) * sigmoid(x - y, f) + softplus(x * x - y, f),
    "less 1": lambda x, y, f: expm1(f.divide(x, 3), f) * y + 2 * y * f.exp(1),
    "by a constant": lambda x, y, f: f.divide(x, 3) + f.divide(f.pi, 2 + y * y),
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
@given(a=small, b=small)
def test_derivatives_are_enclosed(formula: Callable[[Any, Any, Functions], Any], a: F, b: F) -> None:
    """The chain rule over intervals holds the derivatives that mpmath finds, to 20 digits and more."""
    x, y = (Dual.variable(Interval.of(v), k) for k, v in enumerate((a, b)))
    value, partials = parts(formula(x, y, OVER_INTERVALS))
    with mpmath.workdps(60):
        u, v = number(a), number(b)
        assert holds(value, formula(u, v, MP))
        by_x = mpmath.diff(lambda x: formula(x, v, MP), u)
        by_y = mpmath.diff(lambda y: formula(u, y, MP), v)
        assert holds(partials.get(0, 0), by_x, 1e-20)
        assert holds(partials.get(1, 0), by_y, 1e-20)
    assert all(d.radius < F(1, 2**100) for d in partials.values() if isinstance(d, Interval))


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
@given(a=small, b=small, width=st.sampled_from([F(1, 8), F(1)]), share=st.fractions(0, 1, max_denominator=7))
def test_difference_quotients_lie_in_derivatives_over_a_box(
    formula: Callable[[Any, Any, Functions], Any], a: F, b: F, width: F, share: F
) -> None:
    """The mean value theorem: what Krawczyk's test asks of an enclosure of the derivative."""
    assume(share)
    x = Dual.variable(Interval.between(a, a + width), 0)
    _, partials = parts(formula(x, Interval.of(b), OVER_INTERVALS))
    with mpmath.workdps(60):
        step = number(share * width)
        rise = formula(number(a) + step, number(b), MP) - formula(number(a), number(b), MP)
        assert holds(partials.get(0, 0), rise / step, 1e-40)


@given(a=small, b=small)
def test_second_derivatives_by_another_level(a: F, b: F) -> None:
    """Numbers whose values carry derivatives have mixed second derivatives, the same in either order."""
    formula = FORMULAS["exp, log"]
    inner = (Dual.variable(Interval.of(a), 0), Dual.variable(Interval.of(b), 1))
    outer = DualFunctions(OVER_INTERVALS, 1)
    x, y = (Dual.variable(v, k, level=1) for k, v in enumerate(inner))
    result = formula(x, y, outer)
    mixed, turned = result.partials[0].partials[1], result.partials[1].partials[0]
    with mpmath.workdps(60):
        exact = mpmath.diff(lambda u, v: formula(u, v, MP), (number(a), number(b)), (1, 1))
        assert holds(mixed, exact, 1e-15)
        assert holds(turned, exact, 1e-15)
    # Numbers of a lower level are constants of the higher one, on either side.
    for product in (x * inner[1], inner[1] * x):
        assert product.level == 1
        assert product.partials.keys() == {0}
    for total in (x - inner[1], inner[1] - x):
        assert total.level == 1
        assert total.value.partials.keys() == {0, 1}


EVERY = [*SMOOTH, *(make(alpha) for make in (elu, celu) for alpha in (1, F(1, 3)))]


@pytest.mark.parametrize("activation", EVERY, ids=str)
@examples(100)
@given(point=small, width=st.sampled_from([F(0), F(1, 100), F(2)]))
def test_the_slope_is_the_derivative(activation: Smooth, point: F, width: F) -> None:
    """The derivative of φ's formula and the formula of φ′ enclose the same number, kinks included."""
    box = Interval.between(point - width, point + width)
    value = activation.value(Dual.variable(box, 0), OVER_INTERVALS)
    slope = value.partials.get(0, 0) if isinstance(value, Dual) else 0
    if point in activation.joins:
        left, right = activation.slopes_at_joins[activation.joins.index(point)]
        assert holds(slope, number(left), 1e-40)
        assert holds(slope, number(right), 1e-40)
        return
    with mpmath.workdps(60):
        exact = activation.slope(number(point), MP, "torch")
        assert holds(slope, number(exact) if isinstance(exact, int | F) else exact, 1e-40)


def test_at_a_join_derivatives_must_agree() -> None:
    """Exactly on a join a number that moves has a derivative if both branches give the same."""
    at_nought = Dual.variable(0, 0)
    value = SOFTSIGN.value(at_nought, EXACTLY)
    assert (value.value, value.partials) == (0, {0: 1})
    with pytest.raises(Straddles, match="two derivatives"):
        elu(2).value(at_nought, EXACTLY)
    with pytest.raises(Straddles, match="value of its own"):
        RELU.slope(at_nought, EXACTLY, "torch")
    still = Dual(0, {})
    assert RELU.slope(still, EXACTLY, "right") == 1
    assert RELU.value(Dual.variable(3, 0), EXACTLY).partials == {0: 1}


def test_over_a_join_derivatives_are_those_of_either_side() -> None:
    """An enclosure that holds a kink has all slopes for its derivative; a slope there is not known."""
    box = Dual.variable(Interval.between(-1, 2), 0)
    value = RELU.value(box, OVER_INTERVALS)
    assert value.value == Interval.between(0, 2)
    assert value.partials[0] == Interval.between(0, 1)
    with pytest.raises(Straddles):
        RELU.slope(box, OVER_INTERVALS, "torch")
    doubled = DualFunctions(OVER_INTERVALS, 1)
    nested = SOFTSIGN.value(Dual.variable(box, 0, level=1), doubled)
    assert nested.partials[0].value.contains(F(1, 4))
    assert nested.partials[0].partials[0].contains(F(-2, 1))
    assert nested.partials[0].partials[0].contains(F(2, 1))


def network_of(*activations: Activation) -> Network:
    return Network(2, (*(Layer(2, activation, True) for activation in activations), Layer(1, TANH, True)))


def gradients(network: Network, flat: list[Any], functions: Functions) -> list[Any]:
    """All entries of the gradients of Σ ŷ² / 2 over two samples, from all parameters in order."""
    values = iter(flat)
    parameters = {name: Array.build(shape, lambda _: next(values)) for name, shape in network.shapes.items()}

    def activate(activation: Activation, _: Site, z: Any) -> tuple[Any, Any]:
        return activation.value(z, functions), activation.slope(z, functions, "torch")

    x: Array[Any] = Array((2, 2), (1, F(-1, 2), 2, F(1, 3)))
    run = forward(network, parameters, x, activate)
    result = backward(network, parameters, run, run.y_hat)
    return [entry for name in network.shapes for entry in result[name].entries]


@examples(40)
@given(
    st.tuples(*[st.sampled_from([SIGMOID, TANH, SIN, elu(1), celu(2)])] * 2),
    st.lists(st.fractions(-2, 2, max_denominator=20), min_size=15, max_size=15),
    st.integers(0, 14),
)
def test_backpropagation_gives_gradients_with_their_jacobian(
    activations: tuple[Smooth, Smooth], numbers: list[F], moved: int
) -> None:
    """Reverse mode over numbers with derivatives: columns are difference quotients of gradients."""
    network = network_of(*activations)
    duals = [Dual.variable(Interval.of(v), k) for k, v in enumerate(numbers)]
    enclosed = gradients(network, duals, OVER_INTERVALS)
    assert len(enclosed) == 15
    with mpmath.workdps(60):
        exact = [number(v) for v in numbers]
        for ours, theirs in zip(enclosed, gradients(network, exact, MP), strict=True):
            assert holds(parts(ours)[0], theirs)
        step = mpmath.mpf(10) ** -20
        ahead, behind = (
            gradients(network, [v + side * (k == moved) for k, v in enumerate(exact)], MP)
            for side in (step, -step)
        )
        for ours, up, down in zip(enclosed, ahead, behind, strict=True):
            assert holds(parts(ours)[1].get(moved, 0), (up - down) / (2 * step), 1e-15)
    for i, row in enumerate(enclosed):  # second derivatives are symmetric
        gap = parts(row)[1].get(moved, 0) - parts(enclosed[moved])[1].get(i, 0)
        assert gap.contains(0) if isinstance(gap, Interval) else not gap
