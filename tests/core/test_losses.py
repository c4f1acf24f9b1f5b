"""Every loss: its adjoint is its derivative, targets give the adjoints that are wanted, torch agrees."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.plain import RING

SQUARES = {name: loss for name, loss in LOSSES.items() if loss.least_squares}
EVERY = pytest.mark.parametrize("loss", SQUARES.values(), ids=SQUARES)
numbers = st.fractions(-4, 4, max_denominator=6)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Array[Fraction], Array[Fraction]]:
    """Predictions and targets of a few samples and outputs."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 2)))
    entries = st.lists(numbers, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(tuple)
    return Array(shape, draw(entries)), Array(shape, draw(entries))


@EVERY
@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (2, 2)])
def test_the_adjoint_is_the_derivative(loss: Loss, shape: tuple[int, int]) -> None:
    """Differentiated by SymPy: ∂L/∂ŷ is the factor times the adjoint, entry by entry."""
    y_hat, y = (Array.build(shape, lambda i, name=name: sp.Symbol(f"{name}{i}")) for name in ("p", "t"))  # type: ignore[misc]
    value, factor = loss.value(y_hat, y, RING), loss.factor(*shape)
    for index, adjoint in loss.adjoint(y_hat, y, RING, "torch").items():
        scale = sp.Rational(factor.numerator, factor.denominator)
        assert sp.expand(sp.diff(value, y_hat[index]) - scale * adjoint) == 0


@EVERY
@given(arrays=pairs())
def test_targets_give_their_adjoint(loss: Loss, arrays: tuple[Array[Fraction], Array[Fraction]]) -> None:
    """Where ``reach`` has no bound, the target for any adjoint has that adjoint."""
    y_hat, wanted = arrays
    assert loss.reach("real", "torch").everything
    y = Array.build(y_hat.shape, lambda i: loss.target(y_hat[i], wanted[i]))
    assert loss.adjoint(y_hat, y, RING, "torch") == wanted


@EVERY
@given(arrays=pairs())
def test_losses_are_what_they_say(loss: Loss, arrays: tuple[Array[Fraction], Array[Fraction]]) -> None:
    """The value is the formula as one reads it; of least squares, adjoints alone give it too."""
    y_hat, y = arrays
    squares = [(p - t) ** 2 for p, t in zip(y_hat.entries, y.entries, strict=True)]
    formulas = {"mse": sum(squares) / len(squares), "sse": sum(squares)}
    assert loss.value(y_hat, y, RING) == formulas[loss.name]
    assert loss.least_squares
    rows = loss.adjoint(y_hat, y, RING, "torch").rows()
    assert [loss.at_adjoint(row) for row in rows] == [
        loss.sample_loss(*both, RING) for both in zip(y_hat.rows(), y.rows(), strict=True)
    ]


@EVERY
@pytest.mark.needs("torch")
def test_torch_agrees(loss: Loss) -> None:
    """Value and gradient of the expression that scripts contain."""
    import torch

    shape, y_hat, y = (3, 2), [1, -2, 0.5, 3, -0.25, 4], [0, 1, 1.5, -2, -0.25, 0]
    p = torch.tensor(y_hat, dtype=torch.float64).reshape(shape).requires_grad_()
    t = torch.tensor(y, dtype=torch.float64).reshape(shape)
    names: dict[str, Any] = {"torch": torch, "p": p, "t": t}
    value = eval(loss.names.torch.format(y_hat="p", y="t"), names)
    value.backward()
    exact = [Array(shape, tuple(map(Fraction, values))) for values in (y_hat, y)]
    assert value.item() == float(loss.value(exact[0], exact[1], RING))
    assert p.grad is not None
    factor = loss.factor(*shape)
    expected = [float(factor * g) for g in loss.adjoint(exact[0], exact[1], RING, "torch").entries]
    assert p.grad.flatten().tolist() == pytest.approx(expected, rel=1e-15)
