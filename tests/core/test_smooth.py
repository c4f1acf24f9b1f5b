"""Smooth activations: values, slopes and what is known of them, against mpmath and torch."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.multiprecision import DIGITS, Mp, number
from zerograd.core.model.activations import (
    ACTIVATION_NAMES,
    ACTIVATIONS,
    FAMILIES,
    PIECEWISE,
    activation_named,
    known_activation,
)
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.smooth import EXP, HARDSWISH, SIGMOID, SIN, SMOOTH, celu, elu

F = Fraction
MP = Mp()

EVERY = [*SMOOTH, *(make(alpha) for make in (elu, celu) for alpha in (1, 2, F(1, 3)))]
every = pytest.mark.parametrize("activation", EVERY, ids=str)

inputs = st.one_of(
    st.fractions(-6, 6, max_denominator=100),
    st.integers(-40, 40).map(F),
    st.sampled_from([F(0), F(-3), F(3), F(1, 10**9), F(-1, 10**9), F(1000), F(-1000)]),
)


@contextmanager
def digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


def _positive(z: Any) -> Any:
    return max(z, mpmath.mpf(0))


def _gate(z: Any) -> Any:
    """√(2/π)(z + 0.044715 z³), inside the approximation of GELU."""
    return mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3)


def _selu(z: Any) -> Any:
    scale, alpha = (
        mpmath.mpf("1.0507009873554804934193349852946"),
        mpmath.mpf("1.6732632423543772848170429916717"),
    )
    return scale * (z if z > 0 else alpha * mpmath.expm1(z))


DEFINITIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "selu": _selu,
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: z / 2 * (1 + mpmath.tanh(_gate(z))),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
    "softsign": lambda z: z / (1 + abs(z)),
    "exp": mpmath.exp,
    "sin": mpmath.sin,
    "square": lambda z: z**2,
    "hardswish": lambda z: z * min(_positive(z + 3), 6) / 6,
    "relu_squared": lambda z: _positive(z) ** 2,
}


def defined(activation: Smooth, z: Any) -> Any:
    """φ(z) by its usual definition."""
    alpha = activation.parameter
    if alpha is None:
        return DEFINITIONS[activation.name](z)
    if z > 0:
        return z
    return number(alpha) * mpmath.expm1(z / number(alpha) if activation.name == "celu" else z)


def _mp(value: Any) -> Any:
    """The same as a number of mpmath: formulas may return int and Fraction."""
    return number(value) if isinstance(value, int | Fraction) else value


def close(a: Any, b: Any, digits: int = 45) -> bool:
    return bool(abs(a - b) <= mpmath.mpf(10) ** -digits * (1 + abs(b)))


def test_every_smooth_activation_is_defined_here() -> None:
    """A new one gets its definition, so that the others tests hold for it."""
    assert {a.name for a in SMOOTH} == set(DEFINITIONS)
    smooth = {name for name in ACTIVATION_NAMES if isinstance(activation_named(name), Smooth)}
    assert smooth == {a.name for a in EVERY}


@every
@given(z=inputs)
def test_values_are_those_of_the_definition(activation: Smooth, z: Fraction) -> None:
    """To 45 digits, at joins and far out too."""
    with digits():
        assert close(activation.value(number(z), MP), defined(activation, number(z)))


@every
@given(z=inputs)
def test_slopes_are_derivatives(activation: Smooth, z: Fraction) -> None:
    """Off joins, to 25 digits, those of a difference quotient."""
    assume(z not in activation.joins)
    with mpmath.workdps(3 * DIGITS):
        h = mpmath.mpf(10) ** -(DIGITS // 2)
        quotient = (defined(activation, number(z) + h) - defined(activation, number(z) - h)) / (2 * h)
        assert close(_mp(activation.slope(number(z), MP, "torch")), quotient, 25)


@every
def test_slopes_at_joins_are_the_limits_from_both_sides(activation: Smooth) -> None:
    """The stated ones are those that formulas tend to; formulas meet."""
    assert len(activation.joins) == len(activation.slopes_at_joins) == len(activation.torch_slopes)
    assert len(activation.branches) == len(activation.joins) + 1
    with digits():
        for place, (join, stated) in enumerate(
            zip(activation.joins, activation.slopes_at_joins, strict=True)
        ):
            left, right = activation.branches[place : place + 2]
            z = number(join)
            assert close(left.value(z, MP), right.value(z, MP))
            assert close(_mp(left.slope(z, MP)), number(stated[0]))
            assert close(_mp(right.slope(z, MP)), number(stated[1]))


@every
@pytest.mark.parametrize("convention", KINKS)
def test_conventions_choose_among_the_slopes_at_kinks(activation: Smooth, convention: Any) -> None:
    """Left and right are the limits; under forbid there is none; elsewhere nothing is chosen."""
    kinks = dict(activation.at_kinks(convention))
    for join, (left, right), torch in zip(
        activation.joins, activation.slopes_at_joins, activation.torch_slopes, strict=True
    ):
        with digits():
            slope = activation.slope(number(join), MP, convention)
        assert (torch is None) == (left == right) == (not activation.is_kink(join))
        if left == right:
            assert slope == left
            continue
        mean = (F(left) + right) / 2
        rules = {"torch": torch, "left": left, "right": right, "mean": mean, "forbid": None}
        expected = rules[convention]
        assert kinks.get(join) == expected
        assert slope == (expected or 0)


@every
@given(z=inputs, other=inputs)
def test_what_is_known_holds(activation: Smooth, z: Fraction, other: Fraction) -> None:
    """Bounds, order, symmetry, words of one branch each."""
    low, high = sorted((z, other))
    with mpmath.workdps(1500):  # a sigmoid of 1000 is not 1
        value = activation.value(number(z), MP)
        assert activation.low is None or value > number(activation.low)
        assert activation.high is None or value < number(activation.high)
        assert activation.least is None or value >= number(activation.least)
        assert activation.greatest is None or value <= number(activation.greatest)
        if z not in activation.kinks:
            slope = abs(_mp(activation.slope(number(z), MP, "torch")))
            least = activation.steepest
            if least is None:
                ends = (_mp(activation.slope(number(sign * abs(z)), MP, "torch")) for sign in (1, -1))
                assert slope <= max(map(abs, ends))
            else:
                assert slope <= number(least)
            if activation.least_slope is not None:
                assert _mp(activation.slope(number(z), MP, "torch")) >= number(activation.least_slope)
        if activation.increasing and low < high:
            assert activation.value(number(low), MP) < activation.value(number(high), MP)
        sign = activation.parity("torch")
        if sign:
            assert close(activation.value(number(-z), MP), sign * value)
            if z:
                slopes = [activation.slope(number(at), MP, "torch") for at in (z, -z)]
                assert close(slopes[1], -sign * slopes[0])


@every
@given(z=inputs)
def test_slopes_follow_from_values_where_it_is_said_so(activation: Smooth, z: Fraction) -> None:
    """On its branch, each stated relation between φ and φ′ is an identity; lines are lines."""
    assume(z not in activation.joins)
    branch = activation.branches[sum(join < z for join in activation.joins)]
    with digits():
        value, slope = branch.value(number(z), MP), branch.slope(number(z), MP)
        if branch.slope_of_value:
            assert close(_mp(branch.slope_of_value(value)), _mp(slope))
        if branch.line:
            assert slope == branch.line[0]
            assert value == branch.line[0] * number(z) + branch.line[1]


@pytest.mark.parametrize("activation", [a for a in EVERY if a.slope_squared is not None], ids=str)
@given(z=inputs)
def test_squares_of_slopes_follow_from_values(activation: Smooth, z: Fraction) -> None:
    """On the whole line, joins included."""
    assert activation.slope_squared is not None and not activation.has_kinks
    with digits():
        value, slope = activation.value(number(z), MP), _mp(activation.slope(number(z), MP, "torch"))
        assert close(_mp(activation.slope_squared(value)), slope**2)


def test_relations_are_stated() -> None:
    """Which activations have one formula for the slope from the value."""
    assert [a.name for a in EVERY if a.derivative_of_value] == ["sigmoid", "tanh", "exp"]
    assert [a.name for a in EVERY if a.slope_squared] == ["sin", "relu_squared"]
    assert [a.name for a in EVERY if a.least_slope is not None] == ["relu_squared"]
    assert SIGMOID.derivative_of_value is not None
    assert SIGMOID.derivative_of_value(F(2, 3)) == F(2, 9)
    assert EXP.derivative_of_value is not None
    assert EXP.derivative_of_value(7) == 7
    below, above = elu(2).branches
    assert below.slope_of_value is not None and above.slope_of_value is not None
    assert (below.slope_of_value(-1), above.slope_of_value(5)) == (1, 1)


MINIMA = {
    "gelu": -0.7517915,
    "gelu_tanh": -0.7524614,
    "silu": -1.2784645,
    "mish": -1.1924574,
    "hardswish": -1.5,
}


@pytest.mark.parametrize("name", MINIMA)
def test_lower_bounds_are_near_the_minimum(name: str) -> None:
    """The minimum, where the slope is 0, is above the bound, by less than 1/500; none is below."""
    activation = activation_named(name)
    assert isinstance(activation, Smooth)
    with digits():
        z = mpmath.findroot(lambda z: activation.slope(z, MP, "torch"), MINIMA[name])
        minimum = activation.value(z, MP)
        bound = activation.low if activation.low is not None else activation.least
        assert bound is not None
        assert number(bound) - mpmath.mpf(10) ** -40 <= minimum < number(bound) + mpmath.mpf(1) / 500
        grid = [activation.value(mpmath.mpf(k) / 50, MP) for k in range(-400, 100)]
        assert min(grid) >= minimum - mpmath.mpf(10) ** -40


@every
def test_the_steepest_slope_is_nearly_reached(activation: Smooth) -> None:
    """The bound is above every slope, by less than 1/100, and on a kink slopes of both sides count."""
    if activation.steepest is None:
        return
    with digits():
        slopes = [_mp(activation.slope(mpmath.mpf(k) / 100, MP, "right")) for k in range(-1000, 1000)]
        slopes += [number(left) for left, _ in activation.slopes_at_joins]
        largest = max(map(abs, slopes))
        bound = number(activation.steepest)
        assert largest <= bound < largest + mpmath.mpf(1) / 100


@every
def test_they_go_by_their_names(activation: Smooth) -> None:
    """The name (and parameter) says all, in a pickle too."""
    assert known_activation(activation) == activation
    again = pickle.loads(pickle.dumps(activation))
    assert again == activation
    with digits():
        z = mpmath.mpf(1) / 3
        assert again.value(z, MP) == activation.value(z, MP)
        assert again.slope(z, MP, "torch") == activation.slope(z, MP, "torch")


@pytest.mark.parametrize("make", [elu, celu])
@pytest.mark.parametrize("alpha", [0, -1, "-1/2", "one", 0.5])
def test_alpha_is_an_exact_positive_number(make: Any, alpha: Any) -> None:
    """Others are refused."""
    with pytest.raises(ValueError, match=r"positive|float|number"):
        make(alpha)


def test_families_have_the_parameter_of_torch() -> None:
    """The name alone stands for the one with PyTorch's own parameter."""
    assert str(activation_named("elu")) == "elu(1)"
    assert str(activation_named("celu")) == "celu(1)"
    assert str(activation_named("leaky_relu")) == "leaky_relu(1/100)"
    assert not set(FAMILIES) & set(ACTIVATIONS)
    assert not elu(1).has_kinks
    assert not celu(F(1, 2)).has_kinks
    assert elu(F(1, 2)).kinks == (0,)
    assert HARDSWISH.kinks == (-3, 3)


def test_unknown_names_are_answered_by_the_known_ones() -> None:
    """All of them."""
    with pytest.raises(ValueError, match="unknown activation") as caught:
        activation_named("swoosh")
    assert all(name in str(caught.value) for name in ACTIVATION_NAMES)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("swish", "(here it is called 'silu')"),
        ("leaky_relu(0.1)", "(write {leaky_relu: 1/10})"),
        ("elu(1)", "(write {elu: 1})"),
        ("geluu", "(did you mean 'gelu'?)"),
        ("GELU", "(did you mean 'gelu'?)"),
        ("prelu", "'prelu' (known"),
        ("glu", "'glu' (known"),
        ("nonsense", "'nonsense' (known"),
    ],
)
def test_hints_are_for_near_misses(name: str, hint: str) -> None:
    """What another library has under a name that looks alike is nothing that was meant."""
    with pytest.raises(ValueError, match=re.escape(f"unknown activation '{name}'")) as caught:
        activation_named(name)
    assert hint in str(caught.value)


def _torch_called(activation: Any, text: str, z: Any) -> Any:
    torch = pytest.importorskip("torch")
    parameter = None if activation.parameter is None else float(activation.parameter)
    return eval(text.format(z="z", parameter=parameter), {"torch": torch, "z": z})


ALL = [
    *EVERY,
    *PIECEWISE,
    *(FAMILIES["leaky_relu"].make(slope) for slope in (F(1, 100), F(-1, 2), 2)),
]


@pytest.mark.needs("torch")
@pytest.mark.parametrize("activation", ALL, ids=str)
def test_torch_has_these_values_and_slopes(activation: Any) -> None:
    """In float64, at kinks and joins too, what torch's function and its autograd return."""
    torch = pytest.importorskip("torch")
    joins = activation.joins if isinstance(activation, Smooth) else activation.kinks
    points = [*joins, *(F(k, 16) for k in range(-160, 161)), F(40), F(-40)]
    z = torch.tensor([float(p) for p in points], dtype=torch.float64, requires_grad=True)
    a = _torch_called(activation, activation.names.torch_function, z)
    (slopes,) = torch.autograd.grad(a.sum(), z, allow_unused=True)
    near = 1e-14 + activation.names.torch_error
    with digits():
        for point, value, slope in zip(points, a.tolist(), slopes.tolist(), strict=True):
            ours = activation.value(number(point), MP), activation.slope(number(point), MP, "torch")
            assert abs(ours[0] - value) <= near * (1 + abs(value)), point
            assert abs(_mp(ours[1]) - slope) <= near * (1 + abs(slope)), point


@pytest.mark.needs("torch")
@pytest.mark.parametrize("activation", [a for a in ALL if a.names.torch], ids=str)
def test_torch_has_these_modules(activation: Any) -> None:
    """The module computes what the function does."""
    torch = pytest.importorskip("torch")
    parameter = [] if activation.parameter is None else [repr(float(activation.parameter))]
    arguments = ", ".join([*parameter, *filter(None, [activation.names.torch_arguments])])
    module = eval(f"torch.nn.{activation.names.torch}({arguments})", {"torch": torch})
    z = torch.linspace(-8, 8, 101, dtype=torch.float64)
    assert torch.equal(module(z), _torch_called(activation, activation.names.torch_function, z))


@pytest.mark.needs("jax")
@pytest.mark.parametrize("activation", ALL, ids=str)
def test_jax_has_these_values(activation: Any) -> None:
    """In float64, off kinks (where its derivatives are other ones) slopes too."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    parameter = None if activation.parameter is None else float(activation.parameter)
    text = activation.names.jax.format(z="z", parameter=parameter)

    def call(z: Any) -> Any:
        return eval(text, {"jax": jax, "jnp": jax.numpy, "z": z})

    points = [F(2 * k + 1, 16) for k in range(-80, 80)]
    z = jax.numpy.array([float(p) for p in points])
    values, slopes = call(z), jax.vmap(jax.grad(call))(z)
    with digits():
        for point, value, slope in zip(points, values.tolist(), slopes.tolist(), strict=True):
            assert abs(activation.value(number(point), MP) - value) <= 1e-12 * (1 + abs(value)), point
            assert abs(_mp(activation.slope(number(point), MP, "torch")) - slope) <= 1e-12 * (1 + abs(slope))


def test_sin_has_bounds_that_are_reached() -> None:
    """−1 and 1 are no strict bounds."""
    assert (SIN.low, SIN.high, SIN.least, SIN.greatest) == (None, None, -1, 1)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("alpha", [1, 2, F(1, 4), F(1, 3), F(1, 10), 3, 7])
def test_torch_rounds_alpha_to_float32(alpha: Any) -> None:
    """CELU's derivative in float64 is off by what is stated, and by nothing where alpha is a float32."""
    torch = pytest.importorskip("torch")
    activation = celu(alpha)
    points = [float(-k * alpha) / 2 for k in range(120)]
    z = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(torch.nn.functional.celu(z, float(alpha)).sum(), z)
    with digits():
        for point, slope in zip(points[1:], slopes.tolist()[1:], strict=True):
            exact = activation.slope(mpmath.mpf(point), MP, "torch")
            assert abs(slope / exact - 1) <= activation.names.torch_error + 1e-13
