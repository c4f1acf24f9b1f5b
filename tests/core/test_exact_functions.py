"""Functions of exact numbers: what they are where exact numbers hold them, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zerograd.core.model.activations import ACTIVATIONS
from zerograd.core.model.backprop import ExactActivate, OnKink, Unevaluated
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.smooth import celu, elu
from zerograd.core.numbers.closed import Closed, log, pi
from zerograd.core.numbers.exact import Exact, compare, narrow, sign
from zerograd.core.numbers.exact_functions import EXACT, MAX_EXP_BITS
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.functions import NotClosed, OutOfDomain, sigmoid, softplus, tanh
from zerograd.core.numbers.univariate import polynomial

F = Fraction
SMALL = mpmath.mpf("1e-250")
ROOT2 = Algebraic(NumberField(polynomial([-2, 0, 1]), F(1), F(2)), polynomial([0, 1]))

ratios = st.fractions(min_value=F(1, 60), max_value=60, max_denominator=60)


def numeric(value: Exact) -> mpmath.mpf:
    """A rational number or closed form at the working precision."""
    if not isinstance(value, Closed):
        assert isinstance(value, int | Fraction)
        return mpmath.mpf(value.numerator) / value.denominator
    total = mpmath.mpf(0)
    for monomial, c in value.terms:
        term = mpmath.mpf(c.numerator) / c.denominator
        for prime, power in monomial:
            term *= (mpmath.pi if prime is None else mpmath.log(prime)) ** power
        total += term
    return total


@given(ratios)
def test_exp_undoes_log(q: Fraction) -> None:
    """exp(log q) = q, exp(−log q) = 1/q, exp(3 log q) = q³, and log undoes exp."""
    assert EXACT.exp(EXACT.log(q)) == q
    assert EXACT.exp(-EXACT.log(q)) == 1 / q
    assert EXACT.exp(3 * EXACT.log(q)) == q**3
    assert EXACT.log(EXACT.exp(EXACT.log(q))) == EXACT.log(q)


@given(ratios, st.integers(2, 4))
def test_roots_are_rational_only_of_powers(q: Fraction, n: int) -> None:
    """exp(log(qⁿ)/n) = q; exp(log(q)/n) is q's root if that is rational, and refused otherwise."""
    assert EXACT.exp(EXACT.divide(EXACT.log(q**n), n)) == q
    roots = [round(part ** (1 / n)) for part in (q.numerator, q.denominator)]
    is_power = roots[0] ** n == q.numerator and roots[1] ** n == q.denominator
    if is_power:
        assert EXACT.exp(EXACT.divide(EXACT.log(q), n)) == F(roots[0], roots[1])
    else:
        with pytest.raises(NotClosed, match="is not rational"):
            EXACT.exp(EXACT.divide(EXACT.log(q), n))


@given(ratios, ratios)
def test_activations_agree_with_mpmath(p: Fraction, q: Fraction) -> None:
    """Every activation and its derivative at log p − log q and at 0, as far as they are exact."""
    z = narrow(log(p) - log(q))
    with mpmath.workdps(300):
        x = numeric(z)
        for formula, expected in (
            (sigmoid, 1 / (1 + mpmath.exp(-x))),
            (tanh, mpmath.tanh(x)),
            (softplus, mpmath.log(1 + mpmath.exp(x))),
        ):
            assert abs(numeric(formula(z, EXACT)) - expected) < SMALL
        for name in ("sigmoid", "tanh", "exp", "silu", "mish", "softplus", "elu", "square"):
            activation = elu(1) if name == "elu" else ACTIVATIONS[name]
            value, slope = ExactActivate("torch")(activation, (1, 0, 0), z)
            h = mpmath.mpf("1e-100")
            above, below = (_mp(name, x + step) for step in (h, -h))
            assert abs(numeric(value) - _mp(name, x)) < SMALL
            assert abs(numeric(slope) - (above - below) / (2 * h)) < mpmath.mpf("1e-90")


def _mp(name: str, x: mpmath.mpf) -> mpmath.mpf:
    formulas: dict[str, Callable[[Any], Any]] = {
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "tanh": mpmath.tanh,
        "exp": mpmath.exp,
        "silu": lambda x: x / (1 + mpmath.exp(-x)),
        "mish": lambda x: x * mpmath.tanh(mpmath.log(1 + mpmath.exp(x))),
        "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
        "elu": lambda x: x if x > 0 else mpmath.exp(x) - 1,
        "square": lambda x: x * x,
    }
    return formulas[name](x)


@pytest.mark.parametrize("k", range(-15, 16))
def test_sines(k: int) -> None:
    """sin and cos at multiples of π/6 are exact where they are rational, and refused elsewhere."""
    z = pi() * F(k, 6)
    for function, expected in ((EXACT.sin, mpmath.sin), (EXACT.cos, mpmath.cos)):
        value = 2 * expected(mpmath.pi * k / 6)
        if abs(value - round(value)) < 1e-9:
            assert function(z) == F(round(value), 2)
        else:
            with pytest.raises(NotClosed):
                function(z)


def test_what_is_not_closed() -> None:
    """Values that no exact number holds are refused, not rounded (Lindemann, Niven)."""
    assert (EXACT.exp(0), EXACT.log(1), EXACT.sin(0), EXACT.cos(0), EXACT.erf(0)) == (1, 0, 0, 1, 0)
    zero = ROOT2 - ROOT2
    assert (EXACT.exp(zero), EXACT.sin(zero), EXACT.cos(zero), EXACT.erf(zero)) == (1, 0, 1, 0)
    for z in (1, F(1, 2), ROOT2, pi(), log(2) + 1, log(2) * log(3), log(2) * log(2), log(2) + pi()):
        for function in (EXACT.exp, EXACT.erf):
            with pytest.raises(NotClosed):
                function(z)
    for z in (1, log(2), ROOT2, pi() / 4, pi() + 1, pi() * pi(), pi() / 5):
        for function in (EXACT.sin, EXACT.cos):
            with pytest.raises(NotClosed):
                function(z)
    for z in (log(2), pi(), ROOT2, 2**521 - 1):
        with pytest.raises(NotClosed):
            EXACT.log(z)
    for z in (0, -1, -log(2), 1 - log(3), -ROOT2):
        with pytest.raises(OutOfDomain):
            EXACT.log(z)


def test_roots_of_constants() -> None:
    """Roots of squares are rational; others are refused."""
    assert EXACT.sqrt(F(9, 4)) == F(3, 2)
    assert EXACT.sqrt(0) == 0
    with pytest.raises(NotClosed):
        EXACT.sqrt(2)
    with pytest.raises(OutOfDomain):
        EXACT.sqrt(F(-1, 4))


@pytest.mark.parametrize("z", [log(2) * MAX_EXP_BITS, -log(2) * 10**30, log(F(10**9 - 1, 3)) * 10**12])
def test_values_are_bounded(z: Exact) -> None:
    """exp of a large number is refused before it is calculated."""
    with pytest.raises(NotClosed, match="too long"):
        EXACT.exp(z)


def test_choice_by_sign() -> None:
    """Cases are told apart by exact signs, of every kind of exact number."""

    def side(z: Exact) -> Exact:
        return EXACT.choose(z, (0, 1), (lambda _: -1, lambda _: 0, lambda _: 1), (None, F(1, 2)))

    cases: list[tuple[Exact, Exact]] = [(log(F(1, 2)), -1), (0, -1), (log(2), 0), (log(3), 1)]
    cases += [(1, F(1, 2)), (ROOT2, 1), (-ROOT2, -1)]
    cases += [(pi() * F(1, 4), 0), (log(2) * F(1, 10**30), 0), (ROOT2 - ROOT2 + 1, F(1, 2))]
    for z, expected in cases:
        assert side(z) == expected


@given(ratios)
def test_kinks_of_smooth_activations(alpha: Fraction) -> None:
    """At a kink the convention's derivative is taken, and ``forbid`` refuses the sample."""
    assume(alpha != 1)
    activation = elu(alpha)
    for convention in KINKS:
        activate = ExactActivate(convention)
        if convention == "forbid":
            with pytest.raises(OnKink, match=r"z2\[3,4\] is on a kink"):
                activate(activation, (2, 3, 4), 0)
        else:
            value, slope = activate(activation, (2, 3, 4), 0)
            assert value == 0
            assert slope in (1, alpha, (1 + alpha) / 2)
        assert activate(activation, (1, 0, 0), -log(2)) == (-alpha / 2, alpha / 2)
        assert activate(celu(alpha), (1, 0, 0), 0) == (0, 1)


def test_an_unevaluated_pre_activation_is_named() -> None:
    """What exact numbers do not hold is refused with its place and its reason."""
    with pytest.raises(Unevaluated) as error:
        ExactActivate("torch")(ACTIVATIONS["sigmoid"], (2, 3, 4), F(1, 2))
    assert error.value.place == "z2[3,4]"
    assert str(error.value) == "sigmoid at z2[3,4]: exp(-1/2) is no exact number"
    assert isinstance(error.value, NotClosed)


@given(ratios, ratios)
def test_order_is_kept(p: Fraction, q: Fraction) -> None:
    """log, sigmoid and tanh increase, and so do their exact values."""
    a, b = EXACT.log(p), EXACT.log(q)
    assert compare(a, b) == sign(p - q)
    assert compare(sigmoid(a, EXACT), sigmoid(b, EXACT)) == sign(p - q)
    assert compare(tanh(a, EXACT), tanh(b, EXACT)) == sign(p - q)


def test_squares_of_squares_are_bounded() -> None:
    """A deep network of squares is given up before its numbers fill the memory."""
    activate, value = ExactActivate("torch"), 3
    with pytest.raises(Unevaluated, match="bits, more than"):
        for layer in range(1, 60):
            value, _ = activate(ACTIVATIONS["square"], (layer, 0, 0), value)  # type: ignore[assignment]
