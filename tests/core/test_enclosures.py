"""Functions of intervals: enclosures hold the value at 200 digits, and are tight; FLINT as a rival."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.multiprecision import Mp, number
from tests.effort import examples
from zerograd.core.model.activations import PIECEWISE
from zerograd.core.model.curves import Smooth
from zerograd.core.model.smooth import SMOOTH, celu, elu
from zerograd.core.numbers import elementary
from zerograd.core.numbers.enclosure import IntervalFunctions
from zerograd.core.numbers.functions import OutOfDomain, Straddles
from zerograd.core.numbers.interval import Interval

F = Fraction
MP = Mp()
DIGITS = 200
HERE = IntervalFunctions()

RIVALS: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "erf": mpmath.erf,
    "expm1": mpmath.expm1,
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
}
every_function = pytest.mark.parametrize("name", RIVALS)
INCREASING = sorted({*RIVALS} - {"sin", "cos"})

EDGES: list[int | F] = [
    0,
    1,
    -1,
    1000,
    -1000,
    F(1, 10**9),
    F(-1, 10**9),
    F(1, 2**150),
    1 + F(1, 2**140),
    1 - F(1, 2**120),
]
points = st.one_of(
    st.fractions(-12, 12, max_denominator=1000),
    st.fractions(-1000, 1000, max_denominator=10),
    st.sampled_from([F(edge) for edge in EDGES]),
    st.builds(lambda m, e: m * F(2) ** -e, st.integers(-(2**60), 2**60), st.integers(50, 400)),
    # near multiples of π/2, where sines turn
    st.builds(lambda k, e: k * F(355, 226) + F(1, 2**e), st.integers(-50, 50), st.integers(5, 150)),
)
precisions = st.sampled_from([20, 53, 128, 260])


@contextmanager
def digits() -> Iterator[None]:
    """200 digits, and those that are lost to 10⁻¹²⁰ + 1 and the like."""
    with mpmath.workdps(DIGITS + 700):
        yield


@st.composite
def with_point(draw: st.DrawFn) -> tuple[Interval, F]:
    """An interval (wide, narrow or as near to a point as can be), and a rational in it."""
    low = draw(points)
    width = draw(st.sampled_from([F(0), F(0), F(1, 2**100), F(1, 10**6), F(1), F(5), F(100)]))
    share: F = draw(st.sampled_from([F(0), F(1), F(1, 2), F(1, 7)]))
    return Interval.between(low, low + width, draw(precisions)), low + width * share


def holds(enclosure: Any, value: Any) -> bool:
    value = number(value) if isinstance(value, int | F) else value
    if not isinstance(enclosure, Interval):
        return bool(number(enclosure) == value)
    return bool(number(enclosure.low) <= value <= number(enclosure.high))


def enclosed(name: str, z: Interval | F | int, precision: int = 128) -> Interval:
    result = getattr(IntervalFunctions(precision), name)(z)
    assert isinstance(result, Interval)
    return result


@every_function
@given(one=with_point())
def test_enclosures_hold_the_value(name: str, one: tuple[Interval, F]) -> None:
    """At every point of an interval the value lies in the function of the interval."""
    z, point = one
    assume(name != "log" or z.low > 0)
    with digits():
        assert holds(enclosed(name, z, z.precision), RIVALS[name](number(point)))


@every_function
@given(point=points, precision=precisions)
def test_enclosures_of_points_are_tight(name: str, point: F, precision: int) -> None:
    """All bits but few are right: relative to the value where it is not a sine far from 0."""
    assume(name != "log" or point > 0)
    assume(not point.denominator & (point.denominator - 1))
    z = Interval.of(point, 600)
    assert z.is_point
    result = enclosed(
        name, Interval(z.low_mantissa, z.low_exponent, z.low_mantissa, z.low_exponent, 4), precision
    )
    size: F = max(abs(result.low), abs(result.high))
    if name in ("sin", "cos") and abs(point) > 1:
        size = F(1)
    assert result.radius <= size / F(2) ** (precision - 2)


@every_function
@given(one=with_point(), other=with_point())
def test_a_part_gives_a_part(name: str, one: tuple[Interval, F], other: tuple[Interval, F]) -> None:
    """The function of a part lies in that of the whole, but for roundings."""
    part = one[0]
    whole = part.hull(other[0])
    assume(name != "log" or whole.low > 0)
    inner, outer = enclosed(name, part, 100), enclosed(name, whole, 100)
    slack = max(abs(outer.low), abs(outer.high), F(1)) / F(2) ** 90
    assert outer.low - slack <= inner.low
    assert inner.high <= outer.high + slack


@pytest.mark.parametrize("name", INCREASING)
@given(one=with_point())
def test_increasing_functions_are_as_wide_as_their_values(name: str, one: tuple[Interval, F]) -> None:
    """Wide arguments stay tight: the ends are the values at the ends."""
    z = one[0]
    assume(name != "log" or z.low > 0)
    result = enclosed(name, z, 128)
    low, high = (enclosed(name, F(end), 128) for end in (z.low, z.high))
    assert low.low - abs(low.low) / 2**100 <= result.low
    assert result.high <= high.high + abs(high.high) / 2**100


@every_function
@given(point=points)
def test_widths_shrink_with_the_precision(name: str, point: F) -> None:
    """Each doubling of the bits halves the digits that are not known."""
    assume(name != "log" or point > 0)
    wide, middle, narrow = (enclosed(name, point, bits) for bits in (80, 160, 320))
    assert middle.radius <= wide.radius / 2**60 or not middle.radius
    assert narrow.radius <= middle.radius / 2**100 or not narrow.radius
    assert wide.intersection(narrow) is not None


@every_function
@given(one=with_point())
def test_signs_are_known_and_right(name: str, one: tuple[Interval, F]) -> None:
    """What is positive is seen to be so, far out and near 0; a sign that is claimed is that of all values."""
    z, point = one
    assume(name != "log" or z.low > 0)
    result = enclosed(name, z)
    with digits():
        value = RIVALS[name](number(point))
    assert result.sign() in (None, mpmath.sign(value))
    if name in ("exp", "sigmoid", "softplus"):
        assert result.sign() == 1
    if name in ("tanh", "erf", "expm1"):
        assert result.sign() == z.sign()
    if name in ("sigmoid", "tanh", "erf", "sin", "cos"):
        assert result.low >= -1
        assert result.high <= 1


def test_values_that_are_exact() -> None:
    """Functions of 0 and 1 that are rational are points."""
    nought, one = Interval.of(0), Interval.of(1)
    assert HERE.exp(0) == HERE.cos(0) == HERE.sqrt(1) == one
    assert HERE.log(1) == HERE.sin(0) == HERE.erf(0) == HERE.tanh(0) == HERE.expm1(0) == nought
    assert HERE.sqrt(F(9, 4)) == Interval.of(F(3, 2))
    assert HERE.divide(3, 4) == Interval.of(F(3, 4))
    assert HERE.sigmoid(0) == Interval.of(F(1, 2))


@given(st.fractions(0, 10**6, max_denominator=10**6), precisions)
def test_roots_are_enclosed(value: F, precision: int) -> None:
    """The squares of the ends are on either side."""
    root = IntervalFunctions(precision).sqrt(value)
    assert root.low**2 <= value <= root.high**2
    assert root.radius <= root.high / 2**precision


@given(with_point(), with_point())
def test_quotients_are_enclosed(one: tuple[Interval, F], other: tuple[Interval, F]) -> None:
    """Quotients of points lie inside; the ends are those of exact arithmetic."""
    (x, a), (y, b) = one, other
    if y.low <= 0 <= y.high:
        with pytest.raises(ZeroDivisionError):
            HERE.divide(x, y)
        return
    result = HERE.divide(x, y)
    corners = [p / q for p in (x.low, x.high) for q in (y.low, y.high)]
    assert result.contains(a / b)
    assert result.low <= min(corners)
    assert result.high >= max(corners)
    assert result.low >= min(corners) - abs(min(corners)) / 2**120
    assert result.high <= max(corners) + abs(max(corners)) / 2**120


@given(precisions)
def test_constants_are_enclosed(precision: int) -> None:
    """π and log 2, and the integers they are made of."""
    with digits():
        pi = IntervalFunctions(precision).pi
        assert holds(pi, +mpmath.pi)
        assert pi.radius < F(8, 2**precision)
        for constant, value in [(elementary.pi, mpmath.pi), (elementary.log2, mpmath.log(2))]:
            assert 0 <= value * 2**precision - constant(precision) < 2


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "erf", "expm1", "tanh"])
@given(point=points, width=st.sampled_from([F(0), F(1, 10**9)]))
def test_a_rival_overlaps(name: str, point: F, width: F) -> None:
    """FLINT's balls overlap the enclosures."""
    assume(name != "log" or point > 0)
    ours = enclosed(name, Interval.between(point, point + width))
    ball = flint.arb(flint.fmpq(point.numerator, point.denominator))
    theirs = getattr(ball, name)()
    low, high = (flint.arb(flint.fmpq(end.numerator, end.denominator)) for end in (ours.low, ours.high))
    assert theirs.overlaps(low.union(high))


EVERY = [*SMOOTH, *(make(alpha) for make in (elu, celu) for alpha in (1, 2, F(1, 3)))]


@pytest.mark.parametrize("activation", EVERY, ids=str)
@examples(100)
@given(one=with_point())
def test_activations_and_their_slopes_are_enclosed(activation: Smooth, one: tuple[Interval, F]) -> None:
    """The value and the slope at each point lie inside, or it is said that they are not known."""
    z, point = one
    with digits():
        exact = number(point)
        assert holds(activation.value(z, HERE), activation.value(exact, MP))
        try:
            slope = activation.slope(z, HERE, "torch")
        except Straddles:
            assert any(z.contains(kink) for kink in activation.kinks)
            return
        assert holds(slope, activation.slope(exact, MP, "torch"))


@pytest.mark.parametrize("activation", PIECEWISE, ids=str)
@given(one=with_point())
def test_values_on_both_sides_of_a_kink_are_enclosed(activation: Any, one: tuple[Interval, F]) -> None:
    """Where an interval holds a kink, the value is known and the slope is not."""
    z, point = one
    value = activation.value(z, HERE)
    exact, _ = activation.at(point, "torch")
    assert value.contains(exact) if isinstance(value, Interval) else value == exact
    if any(z.contains(kink) for kink in activation.kinks) and not z.is_point:
        with pytest.raises(Straddles):
            activation.slope(z, HERE, "torch")


def test_pieces_are_chosen_by_what_is_known() -> None:
    """A number on a join has the value that is said; parts that are a join alone do not count."""
    halves = (lambda z: -z, lambda z: 3 * z)
    choose = HERE.choose
    assert choose(0, (0,), halves, (7,)) == 7
    assert choose(Interval.of(0), (0,), halves, (7,)) == 7
    assert choose(F(1, 3), (F(1, 3),), halves, (F(7),)) == 7
    assert choose(Interval.between(-1, 2), (0,), halves, (None,)) == Interval.between(0, 6)
    assert choose(Interval.between(0, 2), (0,), halves, (None,)) == Interval.between(0, 6)
    assert choose(Interval.between(-2, 0), (0,), halves, (None,)) == Interval.between(0, 2)
    steps = (lambda z: 0 * z, lambda z: z, lambda z: 0 * z + 1)
    assert choose(Interval.between(-5, 5), (0, 1), steps, (None, None)) == Interval.between(0, 1)
    third = Interval.of(F(1, 3))
    assert choose(third, (F(1, 3),), (lambda z: z, lambda z: z), (None,)).contains(F(1, 3))
    for z in (third, Interval.between(0, 1)):
        with pytest.raises(Straddles):
            choose(z, (F(1, 3),), halves, (0,))


@pytest.mark.parametrize("size", [10**9, 10**12, 10**40])
def test_huge_arguments_end_at_once(size: int) -> None:
    """Safe bounds or a plain error, never a number that fills the memory."""
    far, back = Interval.between(size, size + 1), Interval.between(-size - 1, -size)
    for name in ("sin", "cos", "tanh", "sigmoid", "erf"):
        for z in (far, back):
            result = enclosed(name, z)
            assert result.low >= -1
            assert result.high <= 1
    assert HERE.exp(back).low >= 0
    assert HERE.exp(back).high < F(1, 2**1000)
    assert HERE.softplus(far).contains(size)
    assert HERE.expm1(back).contains(Interval.of(-1)) or HERE.expm1(back).low >= -1
    assert HERE.log(far).side(0) == 1
    if size < 2**elementary.LARGE:
        assert HERE.exp(far).sign() == 1
        with pytest.raises(OutOfDomain, match="too large"):
            _ = HERE.exp(far).high
    else:
        with pytest.raises(OutOfDomain, match="beyond"):
            HERE.exp(far)


@every_function
def test_tiny_arguments_end_at_once(name: str) -> None:
    """Exponents of any size cost nothing, and the signs stay known."""
    tiny = Interval(1, -(10**12), 3, -(10**12))
    for z in (tiny, -tiny, tiny.hull(-tiny), tiny + 1, tiny - 1):
        if name != "log" or z.sign() == 1:
            enclosed(name, z)
    if name in ("sin", "tanh", "erf", "expm1"):
        assert enclosed(name, tiny).sign() == 1
        assert enclosed(name, -tiny).sign() == -1
        assert enclosed(name, tiny.hull(-tiny)).contains(tiny.hull(-tiny) * F(1, 2))


def test_what_has_no_value_is_refused() -> None:
    """Logarithms and roots of what may be negative, quotients by what may be 0."""
    with pytest.raises(OutOfDomain, match="positive"):
        HERE.log(Interval.between(0, 1))
    with pytest.raises(OutOfDomain, match="negative"):
        HERE.sqrt(-1)
    with pytest.raises(ZeroDivisionError):
        HERE.divide(1, Interval.between(-1, 0))
