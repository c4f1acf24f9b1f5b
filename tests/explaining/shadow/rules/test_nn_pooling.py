"""Pooling: maxima at the run's indices, means over windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_contains, check, draw

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional


SPACE = (6, 7, 5)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(
    "how", [{"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": 2, "dilation": 2}]
)
@pytest.mark.parametrize("ceil", [True, False])
def test_maxima(n: int, how: dict[str, Any], ceil: bool) -> None:
    check(lambda x: getattr(F, f"max_pool{n}d")(x, ceil_mode=ceil, **how), draw(2, 3, *SPACE[:n]))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(("kind", "size"), [("max", 1), ("max", 3), ("max", 9), ("avg", 3), ("avg", 9)])
def test_adaptive(n: int, kind: str, size: int) -> None:
    check(lambda x: getattr(F, f"adaptive_{kind}_pool{n}d")(x, size), draw(2, 3, *SPACE[:n]))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("ceil", [True, False])
@pytest.mark.parametrize("padded", [True, False])
def test_means(n: int, ceil: bool, padded: bool) -> None:
    check(lambda x: getattr(F, f"avg_pool{n}d")(x, 3, 2, 1, ceil, padded), draw(2, 3, *SPACE[:n]))


def test_a_divisor_of_the_users_own() -> None:
    check(lambda x: F.avg_pool2d(x, 2, divisor_override=3), draw(3, 6, 7))


def test_the_enclosure_contains_the_exact_mean() -> None:
    from fractions import Fraction

    x = draw(1, 1, 3, 3)
    value, _ = check(lambda x: F.avg_pool2d(x, 3), x)
    assert_contains(value, [sum(map(Fraction, x.flatten().tolist())) / 9])
    assert float(value.errors.max()) > 0


@pytest.mark.parametrize("n", [2, 3])
def test_fractional(n: int) -> None:
    check(lambda x: getattr(F, f"fractional_max_pool{n}d")(x, 2, output_size=3), draw(2, 3, *SPACE[:n]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling(n: int) -> None:
    def f(x: Any) -> Any:
        y, indices = getattr(F, f"max_pool{n}d")(x, 2, return_indices=True)
        return y, getattr(F, f"max_unpool{n}d")(y.detach(), indices, 2)

    values = check(f, draw(2, 3, *(6, 8, 4)[:n]))
    assert int(values[1].zero().sum()) == values[1].value.numel() - values[0].value.numel()


def test_only_the_first_of_equal_maxima_has_a_gradient() -> None:
    x = torch.ones(1, 1, 2, 2, dtype=torch.float64, requires_grad=True)
    _, to_x = check(lambda x: F.max_pool2d(x, 2), x)
    assert to_x.zero().flatten().tolist() == [False, True, True, True]
