"""Patterns of zeros against sums of positive numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

from zerograd.explaining.shadow.domain import Convolution  # noqa: E402
from zerograd.explaining.shadow.zeros import Pattern, ZeroDomain, broadcast  # noqa: E402

seeds = st.integers(0, 10**6)


def draw(seed: int, *shapes: tuple[int, ...], zeros: float = 0.5) -> list[Any]:
    """Return positive numbers with zeros among them; some tensors have none."""
    generator = torch.Generator().manual_seed(seed)
    tensors = []
    for shape in shapes:
        kept = torch.rand(shape, generator=generator) > (
            zeros if torch.rand((), generator=generator) > 0.3 else -1
        )
        tensors.append((torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5) * kept)
    return tensors


def same(pattern: Pattern, value: Any) -> None:
    assert pattern.shape == tuple(value.shape)
    assert torch.equal(pattern.mask, value != 0)
    assert pattern.is_full == bool((value != 0).all())


@given(seeds)
def test_sums_and_products(seed: int) -> None:
    a, b, c = draw(seed, (3, 4), (4,), (4, 2))
    d = ZeroDomain()
    x, y, z = map(d.leaf, (a, b, c))
    same(d.add(x, y), a + b)
    same(d.mul(x, y), a * b)
    same(d.matmul(x, z), a @ c)
    same(d.sum(x, (0,)), a.sum(0))
    same(d.sum(x, (-1, 0), keepdim=True), a.sum((0, 1), keepdim=True))
    same(d.div(y, d.leaf(torch.ones(3, 4))), b.expand(3, 4))
    same(d.unary("tanh", x), a.tanh())
    same(d.unary("exp", x), a.exp())
    same(d.scale(x, 0), a * 0)


@given(seeds)
def test_moves(seed: int) -> None:
    a, part = draw(seed, (3, 4), (2,))
    generator = torch.Generator().manual_seed(seed)
    positions = torch.randint(-1, 5, (3, 4), generator=generator)
    d = ZeroDomain()
    x = d.leaf(a)
    same(d.move(lambda t: torch.nn.functional.pad(t.t(), (1, 0)), x), torch.nn.functional.pad(a.t(), (1, 0)))
    expected = torch.zeros(5, dtype=torch.float64)
    expected.index_add_(0, positions[positions >= 0], a[positions >= 0])
    same(d.spread(x, positions, 5), expected)
    at = torch.randperm(12, generator=generator)[:2]
    same(d.put(d.leaf(a.flatten()), at, d.leaf(part)), a.flatten().index_put((at,), part))
    same(d.join(torch.cat, [x, x]), torch.cat([a, a]))


@given(seeds)
def test_convolutions(seed: int) -> None:
    x, w = draw(seed, (2, 2, 5), (4, 1, 3), zeros=0.8)
    how = Convolution((2,), (1,), (1,), 2)
    d = ZeroDomain()
    out = torch.nn.functional.conv1d(x, w, stride=2, padding=1, groups=2)
    out = torch.where(out > 1e-9, out, 0.0)
    same(d.convolution(d.leaf(x), d.leaf(w), how), out)
    g = (out + 1) * (torch.rand(out.shape, dtype=torch.float64) > 0.7)
    grads = torch.ops.aten.convolution_backward(
        g, x, w, None, [2], [1], [1], False, [0], 2, (True, True, False)
    )
    positive = [torch.where(t > 1e-9, t, 0.0) for t in grads[:2]]
    same(d.convolution_x(d.leaf(g), d.leaf(w), how, x.shape), positive[0])
    same(d.convolution_w(d.leaf(g), d.leaf(x), how, w.shape), positive[1])


def test_an_empty_sum_is_zero() -> None:
    d = ZeroDomain()
    full = [d.leaf(torch.ones(2, 0)), d.leaf(torch.ones(0, 3))]
    assert d.matmul(*full).is_zero
    assert d.sum(full[0], (1,)).is_zero


def test_gates_are_closed_where_it_is_asked() -> None:
    mask, d = torch.tensor([True, False, True]), ZeroDomain()
    x, nothing = d.leaf(torch.ones(3)), d.constant(0, ())
    d.start(None)
    assert d.gate(mask, x).mask.tolist() == [True, False, True]
    assert d.select(mask, nothing, x).mask.tolist() == [False, True, False]
    d.start(lambda number, *_: (torch.tensor([number == 0, False, False]), number == 1))
    assert d.gate(mask, x).mask.tolist() == [False, True, True]
    assert d.select(mask, nothing, x).is_full


def test_shapes_broadcast() -> None:
    assert broadcast((3, 1), (4,), ()) == (3, 4)
    with pytest.raises(RuntimeError):
        broadcast((3,), (4,))
