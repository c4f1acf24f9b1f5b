"""Interpolation, borders and shuffles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_contains, check, draw
from tests.explaining.torches import runs

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional


SPACE = (5, 4, 3)
SIZES: list[dict[str, Any]] = [
    {"scale_factor": 2},
    {"scale_factor": 1.7},
    {"scale_factor": 1.7, "recompute_scale_factor": True},
    {"size": (3, 7, 2)},
    {"size": (1, 1, 1)},
    {"size": SPACE},
]
MODES = ["linear", "bilinear", "trilinear", "bicubic"]


def sized(how: dict[str, Any], n: int) -> dict[str, Any]:
    return {key: value[:n] if key == "size" else value for key, value in how.items()}


@pytest.mark.parametrize("how", SIZES, ids=str)
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_nearest(how: dict[str, Any], mode: str, n: int) -> None:
    value, _ = check(lambda x: F.interpolate(x, mode=mode, **sized(how, n)), draw(2, 2, *SPACE[:n]))
    assert value.error is None


@pytest.mark.parametrize("how", SIZES, ids=str)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("align", [True, False])
def test_weighted(how: dict[str, Any], mode: str, align: bool) -> None:
    n = {"linear": 1, "trilinear": 3}.get(mode, 2)
    check(lambda x: F.interpolate(x, mode=mode, align_corners=align, **sized(how, n)), draw(2, 2, *SPACE[:n]))


@pytest.mark.parametrize("how", [*SIZES[:4], {"scale_factor": 0.6}], ids=str)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("align", [True, False])
def test_smoothed(how: dict[str, Any], mode: str, align: bool) -> None:
    check(
        lambda x: F.interpolate(x, mode=mode, align_corners=align, antialias=True, **sized(how, 2)),
        draw(1, 2, 6, 5),
    )


def test_the_weights_are_exact() -> None:
    from fractions import Fraction

    x = draw(1, 1, 3)
    value, to_x = check(lambda x: F.interpolate(x, size=7, mode="linear", align_corners=True), x)
    a, b, c = map(Fraction, x.flatten().tolist())
    thirds = [a, (2 * a + b) / 3, (a + 2 * b) / 3, b, (2 * b + c) / 3, (b + 2 * c) / 3, c]
    assert_contains(value, thirds)
    g = list(map(Fraction, draw(1, 1, 7).flatten().tolist()))
    assert_contains(
        to_x,
        [
            g[0] + (2 * g[1] + g[2]) / 3,
            (g[1] + 2 * g[2]) / 3 + g[3] + (2 * g[4] + g[5]) / 3,
            (g[4] + 2 * g[5]) / 3 + g[6],
        ],
    )


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_borders(n: int, mode: str) -> None:
    value, _ = check(lambda x: F.pad(x, (1, 2, 0, 1, 2, 1)[: 2 * n], mode=mode), draw(2, 2, *SPACE[:n]))
    assert value.error is None


def test_shuffles() -> None:
    check(lambda x: F.pixel_shuffle(x, 2), draw(2, 8, 3, 2))
    check(lambda x: F.pixel_unshuffle(x, 2), draw(2, 2, 4, 6))
    if not runs(lambda: F.channel_shuffle(draw(2, 4, 3, 2), 2).sum().backward()):
        pytest.skip("this torch does not differentiate shuffles of channels")
    check(lambda x: F.channel_shuffle(x, 2), draw(2, 4, 3, 2))


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 3, 4, 5, 2)])
def test_affine_grids(align: bool, size: tuple[int, ...]) -> None:
    n = len(size) - 2
    check(lambda x: F.affine_grid(x, list(size), align), draw(2, n, n + 1).detach())
