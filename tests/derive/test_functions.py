"""Activations and their derivatives as SymPy functions."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp

from zerograd.core.model.activations import ACTIVATIONS, PIECEWISE, Activation, leaky_relu, piecewise
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import KINKS, Kink
from zerograd.core.model.sides import sides
from zerograd.derive.functions import activation_function, derivative_function
from zerograd.derive.ring import SYMPY

ALL = [*PIECEWISE, leaky_relu("1/10")]
SMOOTH = [activation for activation in ACTIVATIONS.values() if isinstance(activation, Smooth)]
POINTS = [Fraction(n, 2) for n in range(-6, 16)]


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("activation", ALL, ids=str)
def test_values_at_numbers(activation: Activation, kink: Kink) -> None:
    """φ and φ' at rationals, on and beside the kinks; φ' is undefined on a kink under forbid."""
    for point in POINTS:
        z = sp.Rational(point.numerator, point.denominator)
        shape = piecewise(activation)
        piece, on_kink = shape.locate(point)
        slope = shape.derivative_at_kink(piece, kink) if on_kink else shape.slopes[piece]
        assert activation_function(activation)(z) == sp.sympify(
            shape.slopes[piece] * point + shape.offsets[piece]
        )
        assert derivative_function(activation, kink)(z) == (sp.nan if slope is None else sp.sympify(slope))


def test_irrational_numbers() -> None:
    """SymPy decides on which side √2 is."""
    relu6 = ACTIVATIONS["relu6"]
    assert activation_function(relu6)(sp.sqrt(2)) == sp.sqrt(2)
    assert activation_function(relu6)(sp.sqrt(50)) == 6
    assert derivative_function(relu6, "torch")(-sp.sqrt(2)) == 0


def test_symbols_stay() -> None:
    """At a symbol a function stands, and can be rewritten by cases; with one case it is its value."""
    z = sp.Symbol("z", real=True)
    slope = derivative_function(ACTIVATIONS["relu"], "torch")(z)
    assert str(slope) == "relu'(z)"
    assert slope.rewrite(sp.Piecewise) == sp.Piecewise((0, z <= 0), (1, z > 0))
    assert slope.is_real
    assert derivative_function(ACTIVATIONS["linear"], "torch")(z) == 1
    assert activation_function(leaky_relu(1))(z) == z


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("activation", ALL, ids=str)
def test_sides_cover_the_line_once(activation: Activation, kink: Kink) -> None:
    """Every number is on exactly one side, which has its slope; a kink under forbid is on none."""
    for z in POINTS:
        found = [
            side
            for side in sides(activation, kink)
            if (side.low is None or z > side.low or (side.low_closed and z == side.low))
            and (side.high is None or z < side.high or (side.high_closed and z == side.high))
        ]
        shape = piecewise(activation)
        piece, on_kink = shape.locate(z)
        slope = shape.derivative_at_kink(piece, kink) if on_kink else shape.slopes[piece]
        assert [side.derivative for side in found] == ([] if slope is None else [slope])
        for side in found:
            assert side.slope * z + side.offset == shape.slopes[piece] * z + shape.offsets[piece]


@pytest.mark.parametrize("activation", SMOOTH, ids=str)
def test_slopes_are_derivatives(activation: Smooth) -> None:
    """φ' is what SymPy's own differentiation makes of φ, on every piece; so is what φ' is in terms of φ."""
    z = sp.Symbol("z", real=True)
    for branch in activation.branches:
        value, slope = sp.sympify(branch.value(z, SYMPY)), sp.sympify(branch.slope(z, SYMPY))
        assert numerically_equal(sp.diff(value, z), slope), activation
        if activation.derivative_of_value and not activation.joins:
            assert numerically_equal(activation.derivative_of_value(value), slope)


def numerically_equal(a: sp.Expr, b: sp.Expr) -> bool:
    """Whether two functions of z agree to 40 digits at points where nothing cancels by chance."""
    (z,) = (a - b).free_symbols or (sp.Symbol("z"),)
    points = [sp.Rational(n, 7) for n in (-30, -9, -2, 1, 3, 10, 29)]
    return all(abs((a - b).subs(z, point).evalf(50)) < sp.Float(10) ** -40 for point in points)


@pytest.mark.parametrize("activation", SMOOTH, ids=str)
def test_smooth_functions_stand_by_name(activation: Smooth) -> None:
    """At a symbol; their values are formulas, their derivatives named too."""
    z = sp.Symbol("z", real=True)
    phi = activation_function(activation)
    assert str(phi(z)) == f"{activation}(z)"
    assert not phi(sp.Rational(1, 2)).has(phi)
    if not activation.has_kinks:
        assert sp.diff(phi(3 * z), z) == 3 * derivative_function(activation, "torch")(3 * z)


def test_logarithms_give_rationals() -> None:
    """σ(log 2) is 2/3, tanh(log 2) is 3/5."""
    assert activation_function(ACTIVATIONS["sigmoid"])(sp.log(2)) == sp.Rational(2, 3)
    assert sp.simplify(activation_function(ACTIVATIONS["tanh"])(sp.log(2))) == sp.Rational(3, 5)
