"""Norms: exact where nothing is left to normalise, enclosed elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_contains, assert_zero, check, draw, run, shadows

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional


def statistics() -> list[Any]:
    """Return a running mean and variance of three channels."""
    return [torch.tensor([0.5, -1.0, 2.0]).double(), torch.tensor([0.25, 1.0, 3.0]).double()]


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 2, 5), (2, 3, 2, 2, 2)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm(shape: tuple[int, ...], training: bool, affine: bool) -> None:
    def f(x: Any, mean: Any, variance: Any, weight: Any = None, bias: Any = None) -> Any:
        return F.batch_norm(x, mean, variance, weight, bias, training)

    check(f, draw(*shape), *statistics(), *([draw(3), draw(3, seed=1)] if affine else []))


def test_batch_norm_without_running_statistics() -> None:
    check(lambda x: F.batch_norm(x, None, None, training=True), draw(4, 3))


def test_running_statistics_move_with_the_batches() -> None:
    def f(x: Any, mean: Any, variance: Any) -> Any:
        F.batch_norm(x, mean, variance, training=True, momentum=0.1)
        F.batch_norm(x * x, mean, variance, training=True, momentum=0.3)
        return F.batch_norm(x, mean, variance), mean, variance

    values = check(f, draw(4, 3, 2), *statistics())
    assert float(values[1].errors.max()) > 0  # computed, not read


def test_the_enclosure_contains_a_batch_norm_at_fifty_digits() -> None:
    import mpmath

    x, w = draw(5, 1), draw(1)
    value, to_x, to_w = check(lambda x, w: F.batch_norm(x, None, None, w, training=True, eps=0.125), x, w)
    g = draw(5, 1).flatten().tolist()
    with mpmath.workdps(50):
        numbers = [mpmath.mpf(v) for v in x.flatten().tolist()]
        weight = mpmath.mpf(w.item())
        mean = sum(numbers) / 5
        rstd = 1 / mpmath.sqrt(sum((v - mean) ** 2 for v in numbers) / 5 + mpmath.mpf(0.125))
        normal = [(v - mean) * rstd for v in numbers]
        inner = sum(a * n for a, n in zip(g, normal, strict=True)) / 5
        assert_contains(value, [n * weight for n in normal])
        assert_contains(to_w, [inner * 5])
        assert_contains(
            to_x,
            [
                weight * rstd * (a - sum(g) / 5 - n * inner)
                for a, n in zip(map(mpmath.mpf, g), normal, strict=True)
            ],
        )


@pytest.mark.parametrize(("shape", "over"), [((4, 3, 5), 1), ((4, 3, 5), 2), ((6, 2), 1)])
@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm(shape: tuple[int, ...], over: int, affine: bool) -> None:
    last = shape[-over:]
    check(
        lambda x, *affine: F.layer_norm(x, last, *affine),
        draw(*shape),
        *([draw(*last), draw(*last, seed=1)] if affine else []),
    )


def test_the_enclosure_contains_a_layer_norm_at_fifty_digits() -> None:
    import mpmath

    x = draw(2, 3)
    value, to_x = check(lambda x: F.layer_norm(x, (3,), eps=1e-5), x)
    with mpmath.workdps(50):
        out, back = [], []
        for row, g in zip(x.tolist(), draw(2, 3).tolist(), strict=True):
            numbers, adjoint = [mpmath.mpf(v) for v in row], [mpmath.mpf(v) for v in g]
            mean = sum(numbers) / 3
            rstd = 1 / mpmath.sqrt(sum((v - mean) ** 2 for v in numbers) / 3 + mpmath.mpf(1e-5))
            normal = [(v - mean) * rstd for v in numbers]
            inner = sum(a * n for a, n in zip(adjoint, normal, strict=True)) / 3
            out += normal
            back += [rstd * (a - sum(adjoint) / 3 - n * inner) for a, n in zip(adjoint, normal, strict=True)]
        assert_contains(value, out)
        assert_contains(to_x, back)


def test_over_one_entry_a_layer_norm_is_its_bias() -> None:
    """Whatever the run's rounding leaves: neither the input nor the weight has a gradient."""
    x = torch.tensor([[1e6], [0.1], [-3.0]], dtype=torch.float64, requires_grad=True)
    results, recorder = run(lambda x, w, b: F.layer_norm(x * 0.3, (1,), w, b), x, draw(1), draw(1))
    hidden, to_x, to_w, to_b = shadows(results, recorder)
    assert bool((hidden.errors == 0).all())
    assert_zero(to_x)
    assert_zero(to_w)
    assert bool(to_b.nonzero().all())


def test_over_one_entry_group_and_batch_norms_are_zero() -> None:
    out, to_x, to_w = check(lambda x, w: F.group_norm(x * 0.3, 4, w), draw(3, 4, 1), draw(4))
    assert_zero(out)
    assert_zero(to_x)
    assert_zero(to_w)

    def batch(x: Any, w: Any) -> Any:
        return torch.native_batch_norm(x * 0.3, w, None, None, None, True, 0.1, 1e-5)[0]

    for value in check(batch, draw(1, 3), draw(3)):
        assert_zero(value)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("affine", [True, False])
def test_group_norm(groups: int, affine: bool) -> None:
    check(
        lambda x, *affine: F.group_norm(x, groups, *affine),
        draw(3, 4, 5, 2),
        *([draw(4), draw(4, seed=1)] if affine else []),
    )


@pytest.mark.parametrize(("dim", "length"), [(0, (3, 1, 1)), (2, (1, 1, 2))])
def test_weight_norm(dim: int, length: tuple[int, ...]) -> None:
    check(lambda v, g: torch._weight_norm(v, g, dim), draw(3, 4, 2), draw(*length))


def test_the_direction_of_a_single_weight_is_its_sign() -> None:
    v, g = draw(3, 1), draw(3, 1, seed=1)
    w, to_v, to_g = check(lambda v, g: torch._weight_norm(v, g, 0), v, g)
    assert w.value.tolist() == (g * v.sign()).tolist()
    assert_zero(to_v)
    assert bool((to_g.errors == 0).all())


SUMS: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
    "layer": (lambda x: F.layer_norm(x, (4,)), [(3, 4)]),
    "layer, all weights 2": (
        lambda x: F.layer_norm(x, (2, 4), torch.full((2, 4), 2.0, dtype=torch.float64)),
        [(3, 2, 4)],
    ),
    "group": (lambda x: F.group_norm(x, 2), [(3, 4, 5)]),
    "batch": (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), [(3, 4), (4,), (4,)]),
    "batch, places": (lambda x, w: F.batch_norm(x, None, None, w, None, True), [(3, 4, 5), (4,)]),
}


@pytest.mark.parametrize("name", SUMS)
def test_the_sum_of_what_is_normalised_has_no_gradient(name: str) -> None:
    """The run's own gradient is rounding. The bias alone has one."""
    f, shapes = SUMS[name]
    inputs = [draw(*shape, seed=k) for k, shape in enumerate(shapes)]
    _, *gradients = shadows(*run(lambda *inputs: f(*inputs).sum(), *inputs))
    for value in gradients[:2]:
        assert_zero(value)
    for value in gradients[2:]:
        assert bool(value.nonzero().all())


def test_uneven_weights_leave_a_gradient() -> None:
    _, to_x, _ = check(lambda x, w: F.layer_norm(x, (4,), w).sum(), draw(3, 4), draw(4))
    assert bool(to_x.nonzero().all())
