"""What is exactly zero, what the run decided, and in which type it compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flint
import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch = pytest.importorskip("torch")
    import torch.nn.functional as F

from tests.explaining.shadow.rules import programs  # noqa: E402
from tests.explaining.torches import skipped_where_missing  # noqa: E402
from zerograd.explaining.shadow.balls import BallDomain  # noqa: E402
from zerograd.explaining.shadow.bounded import Bounded  # noqa: E402
from zerograd.explaining.shadow.evaluation import Evaluation  # noqa: E402

DTYPES = ["float64", "float32", "bfloat16", "float16"]
INF = float("inf")

POINTS: dict[str, tuple[Any, list[float]]] = {
    "relu": (F.relu, [0.0, -0.0, 1e-3, -1e-3]),
    "relu6": (F.relu6, [0.0, 6.0, 5.9, 6.1]),
    "hardtanh": (lambda x: F.hardtanh(x, -0.1, 0.1), [0.1, -0.1, 0.0999, 0.101]),
    "threshold": (lambda x: F.threshold(x, 0.1, 0.7), [0.1, 0.0999, 0.101]),
    "clamp": (lambda x: x.clamp(-0.1, 0.1), [0.1, -0.1, 0.0999, 0.101]),
    "clamp_min": (lambda x: x.clamp(min=0), [0.0, -0.0, 1e-3]),
    "hardshrink": (lambda x: F.hardshrink(x, 0.1), [0.1, -0.1, 0.0999, 0.101]),
    "softshrink": (lambda x: F.softshrink(x, 0.1), [0.1, -0.1, 0.0999, 0.101]),
    "hardsigmoid": (F.hardsigmoid, [3.0, -3.0, 2.9, 0.0]),
    "hardswish": (F.hardswish, [3.0, -3.0, 2.9, 0.0]),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.25), [0.0, -0.0, 1.0, -1.0]),
    "elu": (lambda x: F.elu(x, 2.0), [0.0, -0.0, 1.0, -1.0]),
    "selu": (F.selu, [0.0, 1.0, -1.0]),
    "celu": (lambda x: F.celu(x, 2.0), [0.0, 1.0, -1.0]),
    "softplus": (F.softplus, [20.0, 20.125, 19.875, 0.0]),
    "softplus, steep": (lambda x: F.softplus(x, 0.3, 0.5), [5 / 3, 1.66, 1.67]),
    "abs": (torch.abs, [0.0, -0.0, 1.0]),
    "smooth_l1": (lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), beta=0.1), [0.1, -0.1, 0.0999, 0.0]),
    "huber": (lambda x: F.huber_loss(x, torch.zeros_like(x), delta=0.1), [0.1, -0.1, 0.101, 0.0]),
    "maximum": (lambda x: torch.maximum(x, torch.zeros_like(x)), [0.0, 1.0, -1.0]),
    "amax": (torch.amax, [1.0, 1.0, 0.0]),
    "max": (lambda x: x.max(0)[0], [1.0, 1.0, 0.0]),
    "norm": (torch.norm, [0.0, 0.0]),
    "binary_cross_entropy": (lambda x: F.binary_cross_entropy(x, 1 - x.detach().round()), [0.0, 1.0, 0.5]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", POINTS)
def test_sides_of_kinks_are_those_of_the_run(name: str, dtype: str) -> None:
    f, points = POINTS[name]
    x = torch.tensor(points).to(getattr(torch, dtype)).requires_grad_()
    with skipped_where_missing():
        run = programs.record(f, [x], 6)
    for value, tensor in zip(programs.bounded(run), run.tensors, strict=True):
        errors = value.errors.expand(value.value.shape)
        finite = tensor.isfinite()
        assert bool((errors.isfinite() | ~finite).all())
        rough = (
            4 * torch.finfo(tensor.dtype).eps if dtype != "float64" else 1e-7
        )  # hardsigmoid's float32 sixth
        apart = (value.value - tensor.double()).abs()
        near = apart <= errors + rough * (1 + tensor.double().abs())
        assert bool((near | ~finite).all()), (value.value, tensor)
        assert torch.equal(value.zero(), tensor == 0)


def _zero(value: Bounded) -> bool:
    return bool(value.zero().all())


def test_softmax_of_one_class_is_constant() -> None:
    x = torch.randn(5, 1, dtype=torch.float64, requires_grad=True)
    for f, number in ((F.softmax, 1.0), (F.log_softmax, 0.0)):
        value, gradient = programs.bounded(programs.record(lambda x, f=f: f(x * 0.1, 1), [x]))
        assert bool((value.value == number).all())
        assert bool((value.errors == 0).all())
        assert _zero(gradient)


def test_softmax_of_what_is_not_known_is_not_known() -> None:
    for bad in (float("nan"), INF, -INF):
        x = torch.full((2, 1), bad, dtype=torch.float64, requires_grad=True)
        for f in (F.softmax, F.log_softmax):
            for value in programs.bounded_or_none(programs.record(lambda x, f=f: f(x, 1), [x])):
                assert value is None or not bool(value.errors.expand(value.value.shape).isfinite().any())


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_sum_of_a_softmax_has_no_gradient(scale: float) -> None:
    x = torch.randn(5, 7, dtype=torch.float64, requires_grad=True)
    w = torch.randn(5, dtype=torch.float64)
    run = programs.record(lambda x: ((F.softmax(x, 1).sum(1) * w / 3) * scale).sum(), [x], 6)
    assert _zero(programs.bounded(run)[1])


def test_equal_logits_are_rational() -> None:
    x = torch.full((2, 3), 0.1, dtype=torch.float64, requires_grad=True)
    run = programs.record(lambda x: F.cross_entropy(x, torch.tensor([0, 2]), reduction="none"), [x], 3)
    gradient = Evaluation(BallDomain(64))(run.sources[1])
    back = [flint.fmpq(*float(g).as_integer_ratio()) for g in programs.cotangent(run.tensors[0], 3)]
    assert gradient is not None
    assert gradient[0].tolist() == [back[0] * flint.fmpq(n, 3) for n in (-2, 1, 1)]
    assert gradient[1].tolist() == [back[1] * flint.fmpq(n, 3) for n in (1, 1, -2)]


def test_masked_entries_have_no_share() -> None:
    mask = torch.tensor([[0.0, -INF, 0.0], [-INF, 0.0, -INF]], dtype=torch.float64)
    x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    p, gradient = programs.bounded(programs.record(lambda x: F.softmax(x / 3 + mask, 1), [x], 1))
    assert torch.equal(p.zero(), mask == -INF)
    assert torch.equal(p.nonzero(), mask == 0)
    assert bool((p.value[1, 1] == 1) & (p.errors[1, 1] == 0))
    assert bool(gradient.zero()[mask == -INF].all())
    assert bool(gradient.zero()[1].all())


def test_scores_that_are_low_are_not_masked() -> None:
    """exp(−10⁴) is nothing in a float, but not 0."""
    x = torch.tensor([[0.0, -1e4]], dtype=torch.float64, requires_grad=True)
    run = programs.record(lambda x: F.softmax(x, 1), [x], 1)
    assert float(run.tensors[0][0, 1]) == 0
    assert not bool(programs.bounded(run)[0].zero()[0, 1])
    exact = Evaluation(BallDomain(64))(run.sources[0])
    assert exact is not None
    assert exact[0, 1] > 0


def test_labels_that_are_ignored() -> None:
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([1, -100, 2])
    gradient = programs.bounded(programs.record(lambda x: F.cross_entropy(x, labels), [x], 6))[1]
    assert torch.equal(gradient.zero().all(1), labels == -100)
    assert torch.equal(gradient.nonzero().all(1), labels != -100)


def test_mean_over_nothing() -> None:
    """The loss is nan, its gradients are 0."""
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.full((3,), -100)
    run = programs.record(lambda x: F.cross_entropy(x, labels), [x], 6)
    assert bool(run.tensors[0].isnan())
    loss, gradient = programs.bounded_or_none(run)
    assert loss is None
    assert gradient is not None
    assert _zero(gradient)


def test_saturated_is_not_zero() -> None:
    x = torch.tensor([30.0, -30.0, 100.0, -100.0], dtype=torch.float64, requires_grad=True)
    for f in (torch.sigmoid, torch.tanh, F.silu, F.softplus, F.mish, F.gelu, F.logsigmoid):
        gradient = programs.bounded(programs.record(f, [x], 6))[1]
        assert not bool(gradient.zero().any()), f
        if f in (torch.sigmoid, torch.tanh):
            assert bool(gradient.nonzero().all()), f


def test_run_that_underflowed_is_not_zero() -> None:
    x = torch.tensor([1e-30], requires_grad=True)
    run = programs.record(lambda x: x * x * 1e-20, [x], 6)
    assert float(run.tensors[0]) == 0
    assert bool(programs.bounded(run)[0].nonzero())


def test_positions_written_twice_are_those_of_the_run() -> None:
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    index = torch.tensor([1, 1, 0])
    run = programs.record(lambda x: torch.zeros(3, dtype=torch.float64).scatter(0, index, x), [x], 6)
    assert torch.equal(programs.bounded(run)[0].value, run.tensors[0])


def test_noise_of_rrelu_is_that_of_the_run() -> None:
    x = torch.tensor([-1.0, -2.0, 3.0], requires_grad=True)
    run = programs.record(lambda x: F.rrelu(x, training=True), [x], 6)
    value, gradient = programs.bounded(run)
    torch.testing.assert_close(value.value.float(), run.tensors[0])
    torch.testing.assert_close(gradient.value.float(), run.tensors[1])
    assert {"rrelu_with_noise", "rrelu_with_noise_backward"} <= {node.operation for node in run.nodes}
