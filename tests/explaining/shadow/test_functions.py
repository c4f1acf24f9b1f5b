"""Enclosures contain the values, are exact where values are, and are tight."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf

from tests.effort import examples
from tests.explaining.shadow.function_references import MONOTONE, VALUES, hard, inside, value

pytestmark = pytest.mark.needs("torch")
torch = pytest.importorskip("torch")

from zerograd.explaining.shadow.functions import NAMES, enclose  # noqa: E402

NORMAL = 2.0**-1022


def enclosed(name: str, middles: list[float], radii: list[float]) -> list[tuple[float, float]]:
    values, errors = enclose(
        name, torch.tensor(middles, dtype=torch.float64), torch.tensor(radii, dtype=torch.float64)
    )
    assert values.dtype == errors.dtype == torch.float64
    assert values.shape == errors.shape == (len(middles),)
    return list(zip(values.tolist(), errors.tolist(), strict=True))


def holds(name: str, x: mpf, middle: float, radius: float) -> bool:
    return radius == inf or abs(value(name, x) - mpf(middle)) <= mpf(radius)


def check(name: str, middles: list[float], radii: list[float]) -> None:
    """Enclosures contain the values at the middles, at the ends and between them."""
    results = enclosed(name, middles, radii)
    for m, r, (middle, radius) in zip(middles, radii, results, strict=True):
        assert radius >= 0
        assert np.isfinite(middle)
        for part in (0, -1, 1, 0.375, -0.8125):
            x = mpf(m) + mpf(part) * mpf(r)
            if inside(name, x):
                assert holds(name, x, middle, radius), (name, m, r, part, middle, radius)
            elif part in (-1, 1) and name not in {"exp", "expm1"}:
                assert radius == inf or (name == "reciprocal" and x != 0), (name, m, r, part, middle, radius)


def test_every_name_has_a_reference() -> None:
    assert set(NAMES) == set(VALUES)


@pytest.mark.parametrize("name", NAMES)
def test_hard_arguments(name: str) -> None:
    """Without a radius results are within 2^-45, relatively, wherever they are normal floats."""
    middles = [x for x in hard() if inside(name, x)]
    results = enclosed(name, middles, [0.0] * len(middles))
    for x, (middle, radius) in zip(middles, results, strict=True):
        exact = value(name, mpf(x))
        assert abs(exact - mpf(middle)) <= mpf(radius), (name, x, middle, radius)
        if abs(exact) >= NORMAL:
            assert radius <= 2.0**-45 * abs(middle), (name, x, middle, radius)
        else:
            assert radius <= 2.0**-1066, (name, x, middle, radius)
            assert radius > 0 or exact == middle


@pytest.mark.parametrize("name", NAMES)
def test_random_arguments(name: str) -> None:
    random = np.random.default_rng(sum(map(ord, name)))
    sizes = np.concatenate([random.normal(0, s, 40) for s in (0.01, 1, 5, 30, 300)])
    middles = [x for x in sizes.tolist() if inside(name, x)]
    for middle, radius in enclosed(name, middles, [0.0] * len(middles)):
        assert radius <= 2.0**-45 * abs(middle) + (2.0**-1070 if abs(middle) < NORMAL else 0)
    for scale in (0.0, 1e-18, 1e-9, 1e-3, 0.3):
        check(name, middles, (np.abs(middles) * scale).tolist())
    check(name, middles, random.exponential(2, len(middles)).tolist())


@pytest.mark.parametrize("name", NAMES)
def test_hard_arguments_with_radii(name: str) -> None:
    middles = hard()[::2]
    for radius in (5e-324, 2.0**-54, 1e-9, 0.0157, 0.5, 3.0, 1e3, 1e308):
        some = middles[:: 4 if radius > 1 else 2]
        check(name, some, [radius] * len(some))


@pytest.mark.parametrize("name", NAMES)
@examples(200)
@given(st.data())
def test_any_ball(name: str, data: st.DataObject) -> None:
    floats = st.floats(allow_nan=False, allow_infinity=False)
    near = st.floats(-50, 50)
    radius = st.one_of(st.just(0.0), st.floats(0, 1), st.floats(0, allow_infinity=False))
    balls = data.draw(st.lists(st.tuples(st.one_of(floats, near), radius), min_size=1, max_size=8))
    check(name, [m for m, _ in balls], [r for _, r in balls])


@pytest.mark.parametrize("name", MONOTONE)
def test_radii_are_not_much_greater_than_they_must_be(name: str) -> None:
    """The radius is at most twice what the values at the ends ask for, and little more if it is small."""
    little = 1.02 if name == "erf" else 1.01  # the slope of erf is bounded by that at a cell's centre
    random = np.random.default_rng(5)
    middles = [x for x in random.normal(0, 4, 80).tolist() if inside(name, x)]
    for radius, factor in (
        (1e-12, little),
        (1e-6, little),
        (1e-3, 1.25),
        (0.05, 2.1),
        (0.4, 2.1),
        (3.0, 2.1),
    ):
        for m, (middle, error) in zip(middles, enclosed(name, middles, [radius] * len(middles)), strict=True):
            ends = mpf(m) - mpf(radius), mpf(m) + mpf(radius)
            if all(inside(name, x) for x in ends):
                low, high, at = (value(name, x) for x in (*ends, m))
                needed = max(abs(high - at), abs(at - low))
                assert error <= factor * needed + mpf(2) ** -45 * abs(middle), (m, radius)


EXACT = [
    ("exp", 0.0, 1.0), ("exp", -0.0, 1.0), ("expm1", 0.0, 0.0), ("log", 1.0, 0.0), ("log1p", 0.0, 0.0),
    ("sigmoid", 0.0, 0.5), ("tanh", 0.0, 0.0), ("tanh", -0.0, 0.0), ("erf", 0.0, 0.0), ("erfc", 0.0, 1.0),
    ("sin", 0.0, 0.0), ("cos", 0.0, 1.0), ("sqrt", 0.0, 0.0), ("sqrt", 9.0, 3.0), ("sqrt", 2.25, 1.5),
    ("sqrt", 94906265.0**2, 94906265.0), ("sqrt", 2.0**-1074, 2.0**-537), ("sqrt", 2.0**1022, 2.0**511),
    ("rsqrt", 16.0, 0.25), ("rsqrt", 0.0625, 4.0), ("reciprocal", -8.0, -0.125), ("Phi", 0.0, 0.5),
    ("reciprocal", 2.0**-1022, 2.0**1022), ("exp", -inf, 0.0), ("expm1", -inf, -1.0),
    ("sigmoid", -inf, 0.0), ("sigmoid", inf, 1.0), ("tanh", -inf, -1.0), ("tanh", inf, 1.0),
    ("softplus", -inf, 0.0), ("erf", -inf, -1.0), ("erf", inf, 1.0), ("erfc", -inf, 2.0),
    ("erfc", inf, 0.0), ("Phi", -inf, 0.0), ("Phi", inf, 1.0), ("phi", -inf, 0.0), ("phi", inf, 0.0),
    ("reciprocal", inf, 0.0), ("rsqrt", inf, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "result"), EXACT)
def test_exact_values(name: str, x: float, result: float) -> None:
    assert enclosed(name, [x], [0.0]) == [(result, 0.0)]


@pytest.mark.parametrize("name", NAMES)
def test_only_exact_values_have_no_radius(name: str) -> None:
    for x in (3.0, 0.7, 5e-324, 745.0, 2.0**-1030, 1e10):
        ((middle, radius),) = enclosed(name, [x], [0.0])
        assert radius > 0 or value(name, mpf(x)) == mpf(middle)


@pytest.mark.parametrize(("name", "x", "radius"), [
    ("log", 0.0, 0.0), ("log", -1.0, 0.0), ("log", 1.0, 1.0), ("log", 1.0, 2.0), ("log", inf, 0.0),
    ("log", -inf, 0.0), ("log1p", -1.0, 0.0), ("log1p", 0.0, 1.0), ("sqrt", -1e-300, 0.0),
    ("sqrt", 1.0, 1.5), ("rsqrt", 0.0, 0.0), ("rsqrt", 1.0, 1.0), ("reciprocal", 0.0, 0.0),
    ("reciprocal", -0.0, 0.0), ("reciprocal", 1.0, 1.0), ("reciprocal", -1.0, 2.0),
    ("reciprocal", 5e-324, 0.0), ("exp", 710.0, 0.0), ("exp", 0.0, 1e5), ("exp", inf, 0.0),
    ("sin", inf, 0.0), ("cos", -inf, 0.0), ("softplus", inf, 0.0),
])  # fmt: skip
def test_nothing_is_known(name: str, x: float, radius: float) -> None:
    assert enclosed(name, [x], [radius]) == [(0.0, inf)]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_known_of_what_is_no_ball(name: str) -> None:
    middles = [nan, nan, 1.0, 1.0, -inf, inf, 1.0, -inf]
    radii = [0.0, 1.0, nan, inf, 1.0, 1e-3, -1e-3, inf]
    assert enclosed(name, middles, radii) == [(0.0, inf)] * len(middles)


@pytest.mark.parametrize(("name", "x"), [
    ("Phi", -10.0), ("Phi", -37.0), ("sigmoid", -50.0), ("sigmoid", -700.0), ("exp", -700.0), ("erfc", 26.0),
    ("softplus", -700.0), ("phi", 37.0), ("tanh", 1e-200), ("erf", 1e-300), ("sin", 3.141592653589793),
    ("cos", 1.5707963267948966), ("expm1", 1e-300), ("log1p", -1e-300), ("log", 1 + 2.0**-52),
    ("sin", 6381956970095103 * 2.0**797),
])  # fmt: skip
def test_small_values_have_small_radii(name: str, x: float) -> None:
    ((middle, radius),) = enclosed(name, [x], [0.0])
    assert 0 < radius <= 2.0**-45 * abs(middle)
    assert holds(name, mpf(x), middle, radius)


@pytest.mark.parametrize("name", NAMES)
def test_chunks_shapes_and_strides(name: str) -> None:
    """Results do not depend on how entries are laid out, and the arguments stay as they are."""
    random = np.random.default_rng(2)
    middle = torch.from_numpy(random.exponential(2, (200, 100)))
    radius = torch.from_numpy(random.exponential(0.1, (200, 100)) * (random.random((200, 100)) < 0.5))
    before = middle.clone(), radius.clone()
    values, errors = enclose(name, middle, radius)
    assert values.shape == errors.shape == (200, 100)
    assert torch.equal(middle, before[0])
    assert torch.equal(radius, before[1])
    turned = enclose(name, middle.T, radius.T)
    assert torch.equal(turned[0].T, values)
    assert torch.equal(turned[1].T, errors)
    single = enclose(name, middle[7, 3].clone().requires_grad_(), radius[7, 3])
    assert (single[0], single[1]) == (values[7, 3], errors[7, 3])
    assert not single[0].requires_grad
    assert enclose(name, middle[:0], radius[:0])[0].shape == (0, 100)


def test_flushed_denormals() -> None:
    """A tail stays positive although the program asked the processor to flush it, and the request stands."""
    x, zero = torch.tensor([-740.0, 1e-310], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    usual = enclose("exp", x, zero)
    if not torch.set_flush_denormal(True):
        pytest.skip("the processor flushes nothing")
    try:
        flushed = enclose("exp", x, zero)
        assert float(x[1] * 1.0) == 0
    finally:
        torch.set_flush_denormal(False)
    for one, other in zip(usual, flushed, strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()


def test_bad_arguments() -> None:
    x = torch.zeros(3, dtype=torch.float64)
    with pytest.raises(KeyError):
        enclose("gamma", x, x)
    with pytest.raises(ValueError, match="differ"):
        enclose("exp", x, x[:2])
    with pytest.raises(TypeError, match="float64"):
        enclose("exp", x.float(), x)
