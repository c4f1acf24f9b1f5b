"""Losses as PyTorch and JAX calculate them: values, gradients, reductions, and what they return at kinks."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import pytest

from tests.core.drawn_losses import EVERY, drawn
from tests.core.multiprecision import Mp, number
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT

torch = pytest.importorskip("torch")

F = Fraction
CASES = [(name, kind) for name, loss in EVERY.items() for kind in loss.targets_for]
cases = pytest.mark.parametrize(("name", "kind"), CASES)
WRITTEN = [n for n in EVERY if n in ("mae", "hinge") or "huber" in n or "smooth" in n]


def _rounded(value: Fraction) -> Fraction:
    return F(round(value))


def exact(loss: Loss, y_hat: Array[Any], y: Array[Any], convention: Kink) -> tuple[float, list[float]]:
    """L and ∂L/∂ŷ, rounded from 40 digits."""
    with mpmath.workdps(40):
        p, t = y_hat.map(number), y.map(number)
        factor = number(loss.factor(*y.shape))
        gradient = [float(factor * g) for g in loss.adjoint(p, t, Mp(), convention).entries]
        return float(loss.value(p, t, Mp())), gradient


def by_torch(code: str, y_hat: Array[Any], y: Array[Any]) -> tuple[float, list[float]]:
    p = torch.tensor([*map(float, y_hat.entries)], dtype=torch.float64).reshape(y_hat.shape).requires_grad_()
    t = torch.tensor([*map(float, y.entries)], dtype=torch.float64).reshape(y.shape)
    value = eval(code.format(y_hat="p", y="t"), {"torch": torch, "p": p, "t": t})
    value.backward()
    return value.item(), p.grad.flatten().tolist()


def agree(found: tuple[float, list[float]], expected: tuple[float, list[float]]) -> None:
    assert found[0] == pytest.approx(expected[0], rel=1e-12, abs=1e-13)
    assert found[1] == pytest.approx(expected[1], rel=1e-11, abs=1e-13)


@cases
@pytest.mark.parametrize("shape", [(3, 2), (4, 1), (1, 3)])
def test_values_gradients_and_reductions(name: str, kind: Targets, shape: tuple[int, int]) -> None:
    """At dyadic numbers, which float64 holds; on kinks too, where there are any."""
    loss = EVERY[name]
    if name == "cross_entropy" and shape[1] == 1:
        return
    for seed in range(6):
        y_hat, y = drawn(loss, kind, seed, shape, size=1 + seed % 2)
        y_hat, y = y_hat.map(lambda v: F(float(v))), y.map(lambda v: F(float(v)))
        agree(by_torch(loss.names.torch, y_hat, y), exact(loss, y_hat, y, "torch"))


@pytest.mark.parametrize(("name", "kind"), [c for c in CASES if c[0] in LOSSES and c[0] != "bce"])
def test_extremes(name: str, kind: Targets) -> None:
    """Predictions of ±50 with every label."""
    loss = LOSSES[name]
    _, y = drawn(loss, kind, 3, (4, 2))
    for signs in product((-50, 50), repeat=2):
        y_hat = Array.of([signs] * 4, 2)
        agree(by_torch(loss.names.torch, y_hat, y), exact(loss, y_hat, y, "torch"))


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("convention", ["torch", "left", "right"])
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_conventions_in_scripts(name: str, convention: Kink, library: str) -> None:
    """What scripts contain takes the derivative of the convention at kinks."""
    loss = EVERY[name]
    code = getattr(loss.written(convention), library)
    for seed, kind in product(range(12), loss.targets_for):
        y_hat, y = drawn(loss, kind, seed, (3, 1), size=1)
        y_hat, y = y_hat.map(_rounded), y.map(_rounded)  # on kinks, mostly
        expected = exact(loss, y_hat, y, convention)
        agree(by_torch(code, y_hat, y) if library == "torch" else by_jax(code, y_hat, y), expected)


def by_jax(code: str, y_hat: Array[Any], y: Array[Any]) -> tuple[float, list[float]]:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    p = jnp.array([*map(float, y_hat.entries)]).reshape(y_hat.shape)
    t = jnp.array([*map(float, y.entries)]).reshape(y.shape)

    def value(p: Any) -> Any:
        return eval(code.format(y_hat="p", y="t"), {"jax": jax, "jnp": jnp, "p": p, "t": t})

    result, gradient = jax.value_and_grad(value)(p)
    return float(result), gradient.flatten().tolist()


@cases
def test_jax_agrees(name: str, kind: Targets) -> None:
    """With torch's convention at kinks."""
    loss = EVERY[name]
    for seed in range(2):
        y_hat, y = drawn(loss, kind, seed, (3, 2), size=1)
        y_hat, y = y_hat.map(lambda v: F(float(v))), y.map(lambda v: F(float(v)))
        agree(by_jax(loss.names.jax, y_hat, y), exact(loss, y_hat, y, "torch"))


def test_the_clamps_of_bce_loss() -> None:
    """At a probability of 0 or 1 torch returns numbers: log ≥ −100, denominators ≥ 1e−12. Here is no loss."""
    for p, t, value, slope in ((1, 0, 100, 1e12), (0, 1, 100, -1e12), (0, 0, 0, 0), (1, 1, 0, 0)):
        y_hat, y = Array((1, 1), (F(p),)), Array((1, 1), (F(t),))
        loss, gradient = by_torch(LOSSES["bce"].names.torch, y_hat, y)
        assert loss == value and gradient == pytest.approx([slope])
        with pytest.raises(ArithmeticError):
            LOSSES["bce"].value(y_hat, y, EXACT)
    # The gradient through a sigmoid that rounds to 1 is lost, though exactly it is not 0.
    z = torch.tensor([40.0], dtype=torch.float64, requires_grad=True)
    torch.nn.functional.binary_cross_entropy(torch.sigmoid(z), torch.zeros_like(z)).backward()
    assert z.grad.item() == 0
    with mpmath.workdps(40):
        (adjoint,) = LOSSES["bce_with_logits"].sample_adjoint([mpmath.mpf(40)], [0], Mp(), "torch")
        assert 0 < 1 - adjoint < mpmath.mpf(10) ** -17


@pytest.mark.parametrize("convention", ["torch", "left", "right"])
def test_joins_of_huber_are_no_kinks(convention: Kink) -> None:
    """Both sides have the derivative ±δ there, and so has torch."""
    for name in ("huber", "smooth_l1", "huber 1/2 times 3", "smooth_l1 2"):
        loss: Any = EVERY[name]
        y_hat, y = Array((2, 1), (loss.width, -loss.width)), Array((2, 1), (0, 0))
        assert loss.adjoint(y_hat, y, EXACT, convention).entries == (loss.steepness, -loss.steepness)
        agree(by_torch(loss.names.torch, y_hat, y), exact(loss, y_hat, y, convention))
        assert not [*loss.on_kinks(y_hat, y, EXACT)]


def test_the_hinge_in_torch() -> None:
    """relu takes 0 on the margin; clamp takes −y in some versions, and is not what the script contains."""
    y_hat, y = Array((2, 1), (1, -1)), Array((2, 1), (1, -1))
    assert by_torch(LOSSES["hinge"].names.torch, y_hat, y) == (0, [0, 0])
    by_clamp = by_torch("(1 - {y} * {y_hat}).clamp(min=0).mean()", y_hat, y)[1]
    assert by_clamp in ([-0.5, 0.5], [0, 0])  # 2.13 and 2.14
