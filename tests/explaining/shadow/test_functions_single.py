"""Balls of single values contain them, at any precision, and are tight."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from tests.effort import examples
from tests.explaining.shadow.function_references import VALUES, inside, value

pytestmark = pytest.mark.needs("torch")
pytest.importorskip("torch")

from zerograd.explaining.shadow.functions import NAMES, ball  # noqa: E402


def exactly(x: arb) -> mpf:
    """The middle of a ball."""
    mantissa, exponent = x.mid().man_exp()
    return mpf(int(mantissa)) * mpf(2) ** int(exponent)


def holds(result: arb, x: mpf, name: str) -> bool:
    """Whether a ball contains the value, but for the 60 digits that are compared."""
    at = value(name, x)
    return bool(abs(at - exactly(result)) <= exactly(result.rad()) + abs(at) * mpf(10) ** -70)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("precision", [53, 128, 200])
def test_rational_numbers(name: str, precision: int) -> None:
    for number in (
        Fraction(1, 3), Fraction(-1, 3), Fraction(10**20 + 1, 10**20), Fraction(-30), Fraction(22, 7),
        Fraction(40), Fraction(1, 10**30), Fraction(-1, 10**30), Fraction(-99, 100), Fraction(997, 3),
        Fraction(1, 10**30) - 1,
    ):  # fmt: skip
        with mp.workprec(600):
            x = mpf(number.numerator) / number.denominator
            if inside(name, x):
                result = ball(name, fmpq(number.numerator, number.denominator), precision)
                assert holds(result, x, name), (name, number, result)
                assert result.rel_accuracy_bits() >= precision
    assert ctx.prec == 53


@pytest.mark.parametrize("name", NAMES)
@examples(100)
@given(st.integers(-2000, 2000), st.integers(0, 400), st.floats(-1, 1))
def test_balls(name: str, middle: int, radius: int, part: float) -> None:
    x = mpf(middle) / 64 + mpf(part) * mpf(radius) / 64
    ends = [mpf(middle - radius) / 64, mpf(middle + radius) / 64]
    result = ball(name, arb(fmpq(middle, 64), fmpq(radius, 64)), 80)
    if all(inside(name, end) for end in ends):
        around = name == "reciprocal" and ends[0] <= 0 <= ends[1]
        if around:
            assert not result.is_finite()
        elif all(inside(name, end + s * mpf(2) ** -20) for end in ends for s in (-1, 1)):
            assert result.is_finite()
        if result.is_finite() and inside(name, x):
            assert holds(result, x, name)
            if name not in {"sin", "cos", "phi", "reciprocal"}:
                low, high = (value(name, end) for end in ends)
                assert (
                    exactly(result.rad()) <= abs(high - low) * mpf("0.5001") + abs(high + low) * mpf(2) ** -25
                )


def test_wide_balls_are_enclosed_by_their_ends() -> None:
    result = ball("tanh", arb(0, 100), 64)
    assert result.abs_upper() <= 1 + arb(2) ** -20
    assert ball("sigmoid", arb(0, 1000), 64).abs_upper() <= 1 + arb(2) ** -20
    assert ball("sin", arb(0, 1000), 64).abs_upper() <= 1 + arb(2) ** -20
    assert not ball("reciprocal", arb(0, 1), 64).is_finite()
    assert not ball("log", arb(1, 2), 64).is_finite()
    assert not ball("sqrt", arb(1, 2), 64).is_finite()
    with ctx.workprec(64):
        hill = ball("phi", arb(0, 3), 64)
        assert hill.lower() >= 0
        assert hill.contains(1 / (2 * arb.pi()).sqrt())


@pytest.mark.parametrize(("name", "x", "result"), [
    ("exp", 0, 1), ("expm1", 0, 0), ("log", 1, 0), ("log1p", 0, 0), ("sigmoid", 0, fmpq(1, 2)),
    ("tanh", 0, 0), ("erf", 0, 0), ("erfc", 0, 1), ("sin", 0, 0), ("cos", 0, 1),
    ("sqrt", fmpq(9, 4), fmpq(3, 2)),
    ("rsqrt", 4, fmpq(1, 2)), ("reciprocal", 4, fmpq(1, 4)), ("Phi", 0, fmpq(1, 2)),
])  # fmt: skip
def test_exact_values(name: str, x: int | fmpq, result: int | fmpq) -> None:
    for argument in (fmpq(x), arb(fmpq(x))):
        at = ball(name, argument, 100)
        assert at.is_exact()
        assert at == arb(fmpq(result))


@pytest.mark.parametrize("name", NAMES)
def test_infinities(name: str) -> None:
    """They stand for limits, as they do for tensors."""
    limits = {
        "exp": (0, None), "expm1": (-1, None), "sigmoid": (0, 1), "tanh": (-1, 1), "softplus": (0, None),
        "erf": (-1, 1), "erfc": (2, 0), "rsqrt": (None, 0), "reciprocal": (0, 0), "Phi": (0, 1),
        "phi": (0, 0),
    }.get(name, (None, None))  # fmt: skip
    for x, limit in zip((arb.neg_inf(), arb.pos_inf()), limits, strict=True):
        result = ball(name, x, 64)
        assert not result.is_finite() if limit is None else (result == limit and result.is_exact())
    assert not ball(name, arb.nan(), 64).is_finite()


def test_far_tails_and_great_arguments() -> None:
    """No exponent is too small, and no angle too great."""
    for name, x in (
        ("Phi", -(10**4)),
        ("erfc", 10**4),
        ("sigmoid", -(10**6)),
        ("softplus", -(10**6)),
        ("phi", 10**4),
        ("erfc", 10**9),
        ("Phi", -(10**9)),
    ):
        result = ball(name, fmpq(x), 64)
        assert result > 0
        assert result.rel_accuracy_bits() >= 64
    angle = ball("sin", fmpq(10**60), 64)
    with mp.workprec(600):
        assert abs(mp.sin(mpf(10) ** 60) - exactly(angle)) <= exactly(angle.rad())


def test_names() -> None:
    assert set(NAMES) == set(VALUES)
    with pytest.raises(KeyError):
        ball("gamma", fmpq(1), 64)
