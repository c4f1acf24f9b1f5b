"""Rules of what moves between grids: interpolation, padding at the border, shuffles of pixels and channels.

Interpolation is separable, and linear with rational weights: along each dimension an output is a weighted sum
of a few inputs, its taps. The weights are those that sizes (or the factor given) make, not the run's rounded
ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any, TypeAlias

import torch
from torch import Tensor

from zerograd.core.errors import Impossible
from zerograd.explaining.shadow.domain import AnyDomain
from zerograd.explaining.shadow.rules.parts import fractions, given, size, taken
from zerograd.explaining.shadow.rules.table import Call, rule

Taps: TypeAlias = list[list[tuple[int, Fraction]]]
"""What each output along a dimension reads: positions and weights."""


# one entry each
def _positions(c: Call[Any], space: Sequence[int], f: Callable[[Tensor], Tensor]) -> Tensor:
    """Return where an operation that picks entries takes each from, by asking it with numbers for entries."""
    # picked in the run's precision, in which nearest neighbours are computed
    dtype = torch.float64 if c.result().dtype == torch.float64 else torch.float32
    plane = torch.arange(size(space), dtype=dtype).reshape(1, 1, *space)
    return f(plane).to(torch.int64)[0, 0]


_NEAREST = [f"{kind}{n}d" for kind in ("upsample_nearest", "_upsample_nearest_exact") for n in (1, 2, 3)]


def _nearest(c: Call[Any], space: Sequence[int]) -> Tensor:
    scales = [value for name, value in c.arguments.items() if name.startswith("scales")]
    f = getattr(torch.ops.aten, c.node.operation.removesuffix("_backward")).default
    return _positions(c, space, lambda t: f(t, c["output_size"], *scales))


@rule(*_NEAREST)
def nearest(c: Call[Any]) -> Any:
    """The nearest entry."""
    space = c.shape("self")[2:]
    return taken(c.domain, c.value("self"), _nearest(c, space), len(space))


@rule(*(f"{name}_backward" for name in _NEAREST))
def nearest_backward(c: Call[Any]) -> Any:
    """What comes back goes to the nearest entry."""
    space = tuple(c["input_size"][2:])
    return given(c.domain, c.value("grad_output"), _nearest(c, space), space)


_BORDERS = [f"{kind}_pad{n}d" for kind in ("reflection", "replication") for n in (1, 2, 3)]


def _border(c: Call[Any], space: Sequence[int]) -> Tensor:
    f = getattr(torch.ops.aten, c.node.operation.removesuffix("_backward")).default
    return _positions(c, space, lambda t: f(t, c["padding"]))


@rule(*_BORDERS)
def border(c: Call[Any]) -> Any:
    """Entries mirrored at the border, or repeated."""
    dims = len(c["padding"]) // 2
    return taken(c.domain, c.value("self"), _border(c, c.shape("self")[-dims:]), dims)


@rule(*(f"{name}_backward" for name in _BORDERS))
def border_backward(c: Call[Any]) -> Any:
    """What comes back is added to the entry that was mirrored or repeated."""
    space = c.shape("self")[-(len(c["padding"]) // 2) :]
    return given(c.domain, c.value("grad_output"), _border(c, space), space)


@rule("pixel_shuffle")
def pixel_shuffle(c: Call[Any]) -> Any:
    """Channels become places."""
    return c.domain.move(lambda t: torch.pixel_shuffle(t, c["upscale_factor"]), c.value("self"))


@rule("pixel_unshuffle")
def pixel_unshuffle(c: Call[Any]) -> Any:
    """Places become channels."""
    return c.domain.move(lambda t: torch.pixel_unshuffle(t, c["downscale_factor"]), c.value("self"))


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(c: Call[Any]) -> Any:
    """Channels change places between groups."""
    groups = c["groups"]

    def f(t: Tensor) -> Tensor:
        split = t.reshape(t.shape[0], groups, -1, *t.shape[2:])
        return split.transpose(1, 2).reshape(t.shape)

    return c.domain.move(f, c.value("self"))


# weighted sums
def _place(i: int, scale: Fraction, align: bool) -> Fraction:
    """Return where output i lies among the inputs."""
    return scale * i if align else scale * (i + Fraction(1, 2)) - Fraction(1, 2)


def _linear(place: Fraction, n: int) -> list[tuple[int, Fraction]]:
    low = min(floor(max(place, Fraction(0))), n - 1)
    weight = min(max(place - low, Fraction(0)), Fraction(1))
    return [(low, 1 - weight), (min(low + 1, n - 1), weight)]


def _near(x: Fraction, a: Fraction) -> Fraction:
    """Return the cubic kernel at |x| ≤ 1."""
    return ((a + 2) * x - (a + 3)) * x * x + 1


def _far(x: Fraction, a: Fraction) -> Fraction:
    """Return the cubic kernel at 1 ≤ |x| ≤ 2."""
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


def _cubic(place: Fraction, n: int) -> list[tuple[int, Fraction]]:
    low, a = min(floor(place), n - 1), Fraction(-3, 4)
    t = min(max(place - low, Fraction(0)), Fraction(1))
    weights = (_far(t + 1, a), _near(t, a), _near(1 - t, a), _far(2 - t, a))
    return [(min(max(low - 1 + k, 0), n - 1), weight) for k, weight in enumerate(weights)]


def _triangle(x: Fraction) -> Fraction:
    return max(1 - abs(x), Fraction(0))


def _bell(x: Fraction) -> Fraction:
    x, a = abs(x), Fraction(-1, 2)
    return _near(x, a) if x < 1 else _far(x, a) if x < 2 else Fraction(0)


def _smoothed(
    i: int, scale: Fraction, n: int, kernel: Callable[[Fraction], Fraction], reach: int
) -> list[tuple[int, Fraction]]:
    """Return the taps of interpolation that smooths where it makes the grid coarser."""
    wide = max(scale, Fraction(1))
    centre, support, half = scale * (i + Fraction(1, 2)), reach * wide, Fraction(1, 2)
    low = max(int(centre - support + half), 0)
    high = min(int(centre + support + half), n)
    weights = [kernel((j - centre + half) / wide) for j in range(low, high)]
    return [(low + k, weight / sum(weights)) for k, weight in enumerate(weights)]


_KINDS = {
    "upsample_linear1d": 1,
    "upsample_bilinear2d": 2,
    "upsample_trilinear3d": 3,
    "upsample_bicubic2d": 2,
    "_upsample_bilinear2d_aa": 2,
    "_upsample_bicubic2d_aa": 2,
}


def _taps(c: Call[Any], space: Sequence[int]) -> list[Taps]:
    """Return the taps along each dimension."""
    name, align = c.node.operation.removesuffix("_backward"), bool(c["align_corners"])
    factors = [value for key, value in c.arguments.items() if key.startswith("scales")]
    along: list[Taps] = []
    for n, out, factor in zip(space, c["output_size"], factors, strict=True):
        if align:
            scale = Fraction(n - 1, out - 1) if out > 1 else Fraction(0)
        else:
            scale = 1 / Fraction(factor) if factor else Fraction(n, out)
        if name.endswith("_aa"):
            kernel, reach = (_triangle, 1) if "linear" in name else (_bell, 2)
            along.append([_smoothed(i, scale, n, kernel, reach) for i in range(out)])
        else:
            f = _cubic if "cubic" in name else _linear
            along.append(
                [[(i, Fraction(1))] for i in range(n)]
                if n == out and (align or not factor)
                else [f(_place(i, scale, align), n) for i in range(out)]
            )
    return along


def _tables(d: AnyDomain, taps: Taps) -> tuple[Tensor, Any]:
    """Return taps as positions and weights, (outputs, taps); weight 0 where an output has fewer."""
    most = max(len(each) for each in taps)
    filled = [[*each, *[(0, Fraction(0))] * (most - len(each))] for each in taps]
    positions = torch.tensor([[p for p, _ in each] for each in filled])
    return positions, fractions(d, [w for each in filled for _, w in each], positions.shape)


@rule(*_KINDS)
def interpolation(c: Call[Any]) -> Any:
    """Weighted sums along each dimension."""
    d, v, dims = c.domain, c.value("self"), _KINDS[c.node.operation]
    for i, taps in enumerate(_taps(c, c.shape("self")[2:])):
        positions, weights = _tables(d, taps)
        picked = d.mul(_at(d, v, positions, 2 + i), weights)
        v = _last_to(d, d.sum(picked, (-1,)), 2 + i)
    if len(d.shape(v)) != 2 + dims:
        raise Impossible(f"{c.node.operation} has a result of shape {tuple(d.shape(v))}")
    return v


def _at(d: AnyDomain, v: Any, positions: Tensor, dim: int) -> Any:
    return d.move(lambda t: t.movedim(dim, -1)[..., positions], v)


def _to_last(d: AnyDomain, v: Any, dim: int) -> Any:
    return d.move(lambda t: t.movedim(dim, -1).unsqueeze(-1), v)


def _last_to(d: AnyDomain, v: Any, dim: int) -> Any:
    return d.move(lambda t: t.movedim(-1, dim), v)


@rule(*(f"{name}_backward" for name in _KINDS))
def interpolation_backward(c: Call[Any]) -> Any:
    """The transposes of the sums, in the other order."""
    d, v, space = c.domain, c.value("grad_output"), c["input_size"][2:]
    for i, taps in reversed(list(enumerate(_taps(c, space)))):
        positions, weights = _tables(d, taps)
        shares = d.mul(_to_last(d, v, 2 + i), weights)
        v = _last_to(d, given(d, shares, positions, (space[i],)), 2 + i)
    return v


# grids
@rule("affine_grid_generator")
def affine_grid(c: Call[Any]) -> Any:
    """Places (x, y(, z), 1) of a regular grid, moved by an affine map."""
    d, (n, _, *space) = c.domain, c["size"]
    along = [
        [Fraction(2 * i, k - 1) - 1 if c["align_corners"] else Fraction(2 * i + 1, k) - 1 for i in range(k)]
        if k > 1
        else [Fraction(0)]
        for k in space
    ]
    places = [place[::-1] for place in product(*along)]  # x goes along the last dimension
    numbers = [number for place in places for number in (*place, Fraction(1))]
    base = fractions(d, numbers, (len(places), len(space) + 1))
    moved = d.matmul(base, d.move(lambda t: t.transpose(1, 2), c.value("theta")))
    return d.move(lambda t: t.reshape(n, *space, len(space)), moved)
