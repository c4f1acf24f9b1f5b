"""Float64 with error bounds: every bound holds against exact fractions, and zero errors mean exactness."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

Exact = list[Fraction]

NASTY = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    3.0,
    5e-324,
    2.0**-1022,
    1e-300,
    -1e-160,
    1e-155,
    1e150,
    -1e300,
    2.0**-500,
    1e16,
]
floats = st.one_of(
    st.sampled_from(NASTY),
    st.floats(-4, 4, width=32),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
)
numbers = st.lists(floats, min_size=4, max_size=4)


def leaf(values: Sequence[float]) -> tuple[Any, Exact]:
    from zerograd.explaining.shadow.bounded import BoundedDomain

    return BoundedDomain().leaf(torch.tensor(values, dtype=torch.float64)), [Fraction(v) for v in values]


def check(value: Any, exact: Sequence[Fraction]) -> None:
    """Each exact number lies within the bound; what is claimed to be zero, or not, is."""
    flat_value, flat_error = value.value.flatten().tolist(), value.errors.flatten().tolist()
    zero, nonzero = value.zero().flatten().tolist(), value.nonzero().flatten().tolist()
    for v, e, x, is_zero, is_not in zip(flat_value, flat_error, exact, zero, nonzero, strict=True):
        if e == e and abs(v) < float("inf") and e < float("inf"):
            assert abs(Fraction(v) - x) <= Fraction(e), (v, e, float(x))
        assert not (is_zero and x != 0)
        assert not (is_not and x == 0)


BINARY: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}


@examples(200)
@given(numbers, numbers, numbers, st.lists(st.sampled_from(sorted(BINARY)), min_size=1, max_size=4))
def test_chains_of_operations(a: list[float], b: list[float], c: list[float], names: list[str]) -> None:
    """Sums, differences and products of products, at all magnitudes."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    value, exact = leaf(a)
    for i, name in enumerate(names):
        other, other_exact = leaf(b if i % 2 else c)
        value = getattr(domain, name)(value, other)
        exact = [BINARY[name](x, y) for x, y in zip(exact, other_exact, strict=True)]
        check(value, exact)


@examples(200)
@given(numbers, numbers, numbers)
def test_division(a: list[float], b: list[float], c: list[float]) -> None:
    """A quotient whose divisor may be 0 is unknown; else the bound holds."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    (x, ex), (y, ey), (z, ez) = leaf(a), leaf(b), leaf(c)
    top, bottom = domain.mul(x, y), domain.add(y, z)
    quotient = domain.div(top, bottom)
    for i in range(4):
        divisor = ey[i] + ez[i]
        v, e = float(quotient.value[i]), float(quotient.errors[i])
        if divisor == 0:
            assert not e < float("inf")
        elif e < float("inf"):
            assert abs(Fraction(v) - ex[i] * ey[i] / divisor) <= Fraction(e)


@examples(150)
@given(
    st.lists(numbers, min_size=3, max_size=3),
    st.lists(st.lists(floats, min_size=2, max_size=2), min_size=4, max_size=4),
)
def test_products_of_matrices(a: list[list[float]], b: list[list[float]]) -> None:
    """Sums of products, then of inexact ones."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    x = domain.leaf(torch.tensor(a, dtype=torch.float64))
    y = domain.leaf(torch.tensor(b, dtype=torch.float64))
    product = domain.matmul(x, y)
    exact = [[sum(Fraction(r[k]) * Fraction(b[k][j]) for k in range(4)) for j in range(2)] for r in a]
    check(product, [e for row in exact for e in row])  # type: ignore[misc]
    again = domain.matmul(domain.move(lambda t: t.t(), product), product)
    gram = [[sum(exact[k][i] * exact[k][j] for k in range(3)) for j in range(2)] for i in range(2)]
    check(again, [e for row in gram for e in row])  # type: ignore[misc]


@examples(100)
@given(numbers, numbers, st.fractions(max_denominator=97))
def test_sums_and_factors(a: list[float], b: list[float], factor: Fraction) -> None:
    """Sums along a dimension, scattered sums, and products with rationals."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    (x, ex), (y, ey) = leaf(a), leaf(b)
    product, exact = domain.mul(x, y), [p * q for p, q in zip(ex, ey, strict=True)]
    check(domain.sum(product, [0], keepdim=True), [sum(exact, Fraction(0))])
    check(domain.scale(product, factor), [factor * e for e in exact])
    spread = domain.spread(product, torch.tensor([0, 2, 0, -1]), 3)
    check(spread, [exact[0] + exact[2], Fraction(0), exact[1]])


def test_what_has_a_zero_factor_is_exactly_zero() -> None:
    """Columns of zeros give zeros without an error, however inexact the rest is."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    a, b = torch.rand(5, 7), torch.rand(7, 3)
    b[:, 1] = 0
    x = domain.matmul(domain.leaf(torch.rand(6, 5)), domain.leaf(a))
    product = domain.matmul(x, domain.leaf(b))
    assert product.zero()[:, 1].all()
    assert not product.zero()[:, [0, 2]].any()
    assert product.nonzero()[:, [0, 2]].all()


def test_infinities_and_nan_are_never_claimed() -> None:
    """Nothing is said of what is not finite."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    value = domain.leaf(torch.tensor([float("nan"), float("inf"), 1e200, 0.0], dtype=torch.float64))
    square = domain.mul(domain.mul(value, value), value)
    assert square.zero().tolist() == [False, False, False, True]
    assert square.nonzero().tolist() == [False, False, False, False]


@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions_agree_with_their_definition_by_patches(groups: int) -> None:
    """torch's convolution and its gradients are what moving and multiplying gives."""
    from zerograd.explaining.shadow.bounded import BoundedDomain
    from zerograd.explaining.shadow.domain import Convolution, convolve, convolve_w, convolve_x

    domain, how = BoundedDomain(), Convolution((2, 1), (1, 0), (1, 2), groups)
    x, w = domain.leaf(torch.randn(2, 4, 9, 8)), domain.leaf(torch.randn(6, 4 // groups, 3, 3))
    y = domain.convolution(x, w, how)
    g = domain.leaf(torch.randn(y.value.shape))
    for fast, slow in (
        (y, convolve(domain, x, w, how)),
        (domain.convolution_x(g, w, how, x.value.shape), convolve_x(domain, g, w, how, tuple(x.value.shape))),
        (domain.convolution_w(g, x, how, w.value.shape), convolve_w(domain, g, x, how, tuple(w.value.shape))),
    ):
        assert ((fast.value - slow.value).abs() <= fast.errors + slow.errors).all()


def test_numbers_beyond_the_floats_are_not_minus_infinity() -> None:
    """A sum or product that overflows has an exponential that is not 0; that of −∞ is 0."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()

    def leaf(*numbers: float) -> Any:
        return domain.leaf(torch.tensor(numbers, dtype=torch.float64))

    one, large = domain.constant(1, ()), leaf(-1.5e308, -1.5e308)
    row, column = domain.move(lambda t: t[None], leaf(-1e200)), domain.move(lambda t: t[:, None], leaf(1e120))
    for beyond in (
        domain.scale(large, 4),
        domain.mul(large, leaf(2.0)),
        domain.sum(large, [0]),
        domain.spread(large, torch.tensor([0, 0]), 1),
        domain.add(large, large),
        domain.matmul(row, column),
    ):
        for v in (beyond, domain.add(beyond, one), domain.scale(beyond, 0.5)):
            assert not domain.unary("exp", v).zero().any()
            assert not v.nonzero().any()
    masked = domain.add(leaf(-math.inf, 1.0), one)
    assert domain.unary("exp", masked).zero().tolist() == [True, False]


def test_bounds_do_not_underflow_where_subnormal_numbers_are_flushed() -> None:
    """Sums of products of tiny numbers are not zero, whatever the processor makes of them."""
    from zerograd.explaining.shadow.bounded import BoundedDomain

    domain = BoundedDomain()
    a = domain.leaf(torch.full((3, 2), 1e-170, dtype=torch.float64))
    b = domain.leaf(torch.full((2, 3), 1e-170, dtype=torch.float64))
    torch.set_flush_denormal(True)
    try:
        product = domain.matmul(a, b)
        assert not product.zero().any()
        assert not domain.div(domain.mul(a, a), domain.constant(3, ())).zero().any()
    finally:
        torch.set_flush_denormal(False)


def test_long_integers_that_float64_rounds_are_refused() -> None:
    """They would be other numbers; signed and unsigned."""
    from zerograd.explaining.shadow.bounded import BoundedDomain
    from zerograd.explaining.shadow.domain import LONG, Cannot
    from zerograd.explaining.shadow.identities.labels import LabelDomain

    for dtype in LONG:
        for domain in (BoundedDomain(), LabelDomain()):
            with pytest.raises(Cannot):
                domain.leaf(torch.tensor([2**53 + 1], dtype=dtype))
            domain.leaf(torch.tensor([2**53 - 1], dtype=dtype))
