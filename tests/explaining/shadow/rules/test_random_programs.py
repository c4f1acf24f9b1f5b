"""Random small networks, forward and backward: the arithmetics agree with one another, and with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch = pytest.importorskip("torch")
    import torch.nn.functional as F

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tests.effort import examples  # noqa: E402
from tests.explaining.shadow.rules import programs  # noqa: E402
from zerograd.explaining.shadow.balls import BallDomain, is_exact  # noqa: E402
from zerograd.explaining.shadow.evaluation import Evaluation  # noqa: E402

LABELS = torch.tensor([2, 0])
MASK = torch.tensor([[True, False, False], [False, False, True]])

PIECEWISE: dict[str, Any] = {
    "relu": lambda x, w, b: F.relu(x),
    "leaky_relu": lambda x, w, b: F.leaky_relu(x, 0.25),
    "hardtanh": lambda x, w, b: F.hardtanh(x, -1.0, 1.5),
    "abs": lambda x, w, b: x.abs(),
    "matmul": lambda x, w, b: x @ w,
    "bias": lambda x, w, b: x + b,
    "gate": lambda x, w, b: x * b,
    "square": lambda x, w, b: x**2 / 4,
    "centred": lambda x, w, b: x - x.mean(1, keepdim=True),
    "largest": lambda x, w, b: x.max(1, keepdim=True)[0] - x,
    "amax": lambda x, w, b: x.amax(0) - x,
    "clamp": lambda x, w, b: x.clamp(min=0),
    "maximum": lambda x, w, b: torch.maximum(x, b),
    "where": lambda x, w, b: torch.where(x > b, x, x * 0.5),
    "masked": lambda x, w, b: x.masked_fill(MASK, 0),
    "cumsum": lambda x, w, b: x.cumsum(1) - x.flip(1),
    "gather": lambda x, w, b: x.gather(1, torch.tensor([[0, 0, 2], [2, 1, 1]])),
    "in place": lambda x, w, b: (x * 1).add_(b).mul_(0.5),
    "cat": lambda x, w, b: torch.cat([x[:, 1:], x[:, :1]], 1),
    "sorted": lambda x, w, b: x.sort(1)[0],
    "detached": lambda x, w, b: x - x.detach() / 2,
    "divided": lambda x, w, b: x / (x * x + 1).detach(),
}
SMOOTH: dict[str, Any] = {
    "tanh": lambda x, w, b: torch.tanh(x),
    "sigmoid": lambda x, w, b: torch.sigmoid(x),
    "gelu": lambda x, w, b: F.gelu(x),
    "silu": lambda x, w, b: F.silu(x),
    "elu": lambda x, w, b: F.elu(x),
    "softmax": lambda x, w, b: F.softmax(x, 1),
    "log_softmax": lambda x, w, b: F.log_softmax(x, 0),
    "softplus": lambda x, w, b: F.softplus(x),
    "root": lambda x, w, b: torch.sqrt(x.abs() + 1),
    "normalised": lambda x, w, b: x / (x.norm(dim=1, keepdim=True) + 1),
}
LOSSES: dict[str, Any] = {
    "sum": lambda x: x.sum(),
    "mse": lambda x: F.mse_loss(x, torch.ones_like(x)),
    "l1": lambda x: F.l1_loss(x, torch.zeros_like(x)),
    "smooth_l1": lambda x: F.smooth_l1_loss(x, torch.zeros_like(x)),
    "hinge": lambda x: F.multi_margin_loss(x, LABELS),
    "cross_entropy": lambda x: F.cross_entropy(x, LABELS),
    "var": lambda x: x.var(),
}

entries = st.integers(-6, 6).map(lambda n: n / 4)


def tensors(*shape: int) -> st.SearchStrategy[torch.Tensor]:
    """Entries with small denominators: ties, zeros and cancellation are common."""
    size = torch.Size(shape).numel()
    return st.lists(entries, min_size=size, max_size=size).map(
        lambda xs: torch.tensor(xs, dtype=torch.float64).reshape(shape)
    )


def _agree(steps: list[str], loss: str, xs: list[torch.Tensor]) -> None:
    layers = {**PIECEWISE, **SMOOTH}

    def program(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        y = x
        for step in steps:
            y = layers[step](y, w, b)
        result: torch.Tensor = LOSSES[loss](y)
        return result

    run = programs.record(program, [x.requires_grad_() for x in xs], 1)
    values = programs.bounded(run)
    balls = Evaluation(BallDomain(192))
    for source, tensor, value in zip(run.sources, run.tensors, values, strict=True):
        exact = balls(source)
        assert exact is not None
        errors = value.errors.expand(value.value.shape)
        # an error that is ∞ or nan says that nothing is known
        assert not bool(((value.value - tensor).abs() > errors + 1e-6 * (1 + tensor.abs())).any())
        zero, nonzero = value.zero().flatten().tolist(), value.nonzero().flatten().tolist()
        middles, radii = value.value.flatten().tolist(), errors.flatten().tolist()
        for i, x in enumerate(exact.reshape(-1).tolist()):
            assert programs.contains(middles[i], radii[i], x)
            if zero[i]:
                assert not x if is_exact(x) else x.contains(0)
            if nonzero[i]:
                assert bool(x) if is_exact(x) else not x.contains(0)
    programs.check_against_residues(run)


@examples(120)
@given(
    steps=st.lists(st.sampled_from(sorted(PIECEWISE)), max_size=5),
    loss=st.sampled_from(["sum", "mse", "l1", "smooth_l1", "hinge", "var"]),
    xs=st.tuples(tensors(2, 3), tensors(3, 3), tensors(3)),
)
def test_piecewise_rational_networks(steps: list[str], loss: str, xs: tuple[torch.Tensor, ...]) -> None:
    _agree(steps, loss, list(xs))


@examples(120)
@given(
    steps=st.lists(st.sampled_from(sorted(PIECEWISE) + sorted(SMOOTH) * 2), max_size=5),
    loss=st.sampled_from(sorted(LOSSES)),
    xs=st.tuples(tensors(2, 3), tensors(3, 3), tensors(3)),
)
def test_smooth_networks(steps: list[str], loss: str, xs: tuple[torch.Tensor, ...]) -> None:
    _agree(steps, loss, list(xs))
