"""oneDNN's fused LSTM layer: forward and backward through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_contains, assert_zero, check, draw

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional


def float32(*shape: int, seed: int = 0) -> Any:
    return draw(*shape, seed=seed).detach().float().requires_grad_()


def layer(x: Any, *parameters: Any, hidden: int, reverse: bool = False) -> Any:
    rest = [reverse, [], 2, hidden, 1, True, False, False, True]
    return torch.ops.aten.mkldnn_rnn_layer(x, *parameters, *rest)[:3]


def parameters(inputs: int, hidden: int) -> list[Any]:
    return [
        float32(4 * hidden, inputs),
        float32(4 * hidden, hidden),
        float32(4 * hidden),
        float32(4 * hidden, seed=1),
        float32(1, 2, hidden),
        float32(1, 2, hidden, seed=1),
    ]


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("steps", [1, 5])
def test_layer(reverse: bool, steps: int) -> None:
    def f(x: Any, *parameters: Any) -> Any:
        return layer(x, *parameters, hidden=4, reverse=reverse)

    assert len(check(f, float32(steps, 2, 3), *parameters(3, 4))) == 10


def test_one_step_at_fifty_digits() -> None:
    import mpmath

    x, (w, u, b, c, h, s) = float32(1, 2, 1), parameters(1, 1)
    state, *_ = check(lambda *a: layer(*a, hidden=1)[2], x, w, u, b, c, h, s)
    with mpmath.workdps(50), torch.no_grad():
        exact = []
        for k in range(2):
            i, forget, g, _ = (
                mpmath.mpf(float(w[gate, 0])) * float(x[0, k, 0])
                + mpmath.mpf(float(u[gate, 0])) * float(h[0, k, 0])
                + mpmath.mpf(float(b[gate]))
                + mpmath.mpf(float(c[gate]))
                for gate in range(4)
            )
            exact.append(
                float(s[0, k, 0]) / (1 + mpmath.exp(-forget)) + mpmath.tanh(g) / (1 + mpmath.exp(-i))
            )
        assert_contains(state, exact)


def test_units_that_lead_nowhere_have_no_gradient() -> None:
    """Candidate 0, state 0: only the candidate gate's gradient can differ from zero."""

    zeros = [torch.zeros_like(p, requires_grad=True) for p in parameters(3, 2)]
    _, to_x, to_w, to_u, to_b, *_ = check(lambda *a: layer(*a, hidden=2)[0], float32(1, 2, 3), *zeros)
    assert_zero(to_x)
    assert_zero(to_u)
    candidate = torch.tensor([False] * 4 + [True] * 2 + [False] * 2)
    assert_zero(to_w, ~candidate)
    assert to_b.nonzero().tolist() == candidate.tolist()
