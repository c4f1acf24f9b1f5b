"""What programs do beside forward, backward and step: nothing of it may crash, or make a wrong claim."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import zerograd as zg
from tests.explaining.torches import runs, skipped_where_missing
from zerograd.report import Report

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn, F = torch.nn, torch.nn.functional


@pytest.fixture
def model() -> Any:
    """Return a small network whose unit 0 is off on all samples of `batch`, and no other."""
    torch.manual_seed(0)
    first = nn.Linear(3, 6)
    with torch.no_grad():
        first.bias.fill_(10.0)
        first.bias[0] = -10.0
    return nn.Sequential(first, nn.ReLU(), nn.Linear(6, 2))


@pytest.fixture
def batch() -> Any:
    torch.manual_seed(1)
    return torch.randn(5, 3).clamp(-1, 1), torch.randn(5, 2)


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), 0.01)


def watched(run: Callable[[], None], *given: Any) -> Report:
    with zg.watch(*given) as watch:
        run()
    return watch.report()


def unit_0_is_dead(report: Report) -> bool:
    """Whether the report has just the zeros of a network whose unit 0 is off, and why."""
    rows = report.explanation.last.parameters
    counts = [row.entries.zero for row in rows.values()]
    causes = {cause.kind.value for row in rows.values() for cause in row.causes}
    return counts == [3, 1, 2, 0] and causes == {"dead"}


def observed_only(report: Report) -> bool:
    """Whether nothing is claimed of any gradient, and what stood in the way is named."""
    last = report.explanation.last
    rows = last.parameters.values()
    return bool(last.unsupported) and all(row.entries.observed == row.size for row in rows)


NAMES = (
    "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD",
    "Adafactor", "LBFGS",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_optimisers(name: str, model: Any, batch: Any) -> None:
    """Two steps of each; LBFGS goes backward within its own step."""
    if not hasattr(torch.optim, name):
        pytest.skip(f"this torch has no {name}")
    x, y = batch
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=1e-3)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    def run() -> None:
        for _ in range(2):
            optimizer.step(closure)

    report = watched(run, model, optimizer)
    assert len(report.steps) == 2
    assert unit_0_is_dead(report)


def test_adam_of_every_kind(model: Any, batch: Any) -> None:
    """Loops, lists, and one fused operation."""
    x, y = batch
    kinds: list[dict[str, Any]] = [{"foreach": False}, {"foreach": True}, {"fused": True}]
    for how in kinds:
        if not runs(lambda how=how: torch.optim.AdamW(model.parameters(), 1e-4, **how)):  # type: ignore[misc]
            continue  # none is fused on a CPU in 2.1
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4, **how)
        assert unit_0_is_dead(zg.explain(model, F.mse_loss, x, y, optimizer))


def test_scaler(model: Any, batch: Any) -> None:
    """Mixed precision: the scale is a number that changes after a step, no operation without a rule."""
    if not hasattr(torch.amp, "GradScaler"):
        pytest.skip("this torch scales on GPUs only")
    x, y = batch
    optimizer, scaler = sgd(model), torch.amp.GradScaler("cpu")

    def run() -> None:
        for _ in range(2):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                loss = F.mse_loss(model(x).float(), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()

    report = watched(run, model, optimizer)
    assert unit_0_is_dead(report)
    assert not report.explanation.last.unsupported and not report.explanation.last.messages


def test_gradients_of_gradients(model: Any, batch: Any) -> None:
    """A penalty on the slope: no bias matters there, the last is not even connected, the input stays data."""
    x = batch[0].requires_grad_()
    optimizer = sgd(model)

    def run() -> None:
        (slope,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
        (slope.norm(2, 1) - 1).pow(2).mean().backward()
        optimizer.step()

    report = watched(run, model, optimizer)
    assert report["0.bias"].entries.zero == 6 and report["2.bias"].entries.zero == 2
    assert report["0.weight"].entries.zero == 3 and report["0.weight"].causes[0].kind.value == "dead"
    assert "does not hold" not in str(report)


def test_checkpoint(model: Any, batch: Any) -> None:
    """Activations that are computed again, in both ways; the copies that this makes are no parameters."""
    from torch.utils.checkpoint import checkpoint

    for reentrant in (False, True):
        x = batch[0].detach().requires_grad_()
        optimizer = sgd(model)
        optimizer.zero_grad()

        def run(reentrant: bool = reentrant, x: Any = x, optimizer: Any = optimizer) -> None:
            F.mse_loss(checkpoint(model, x, use_reentrant=reentrant), batch[1]).backward()
            optimizer.step()

        report = watched(run, model, optimizer)
        assert [report[name].entries.zero for name, _ in model.named_parameters()] == [3, 1, 2, 0]
        assert "does not hold" not in str(report)


def test_steps_within_backward(model: Any, batch: Any) -> None:
    """An optimiser for each parameter, which steps and clears as soon as its gradient is there: one step."""
    x, y = batch
    optimizers = {p: torch.optim.SGD([p], 0.01) for p in model.parameters()}

    def hook(parameter: Any) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(hook)
    report = watched(lambda: F.mse_loss(model(x), y).backward(), model)
    assert len(report.steps) == 1
    assert unit_0_is_dead(report)


def test_cleared_within_backward(model: Any, batch: Any) -> None:
    """A hook that writes 0 over a gradient does not mean that nothing connects it with the loss."""

    def clear(parameter: Any) -> None:
        parameter.grad.zero_()

    model[2].weight.register_post_accumulate_grad_hook(clear)
    x, y = batch
    report = zg.explain(model, F.mse_loss, x, y, sgd(model))
    assert [cause.kind.value for cause in report["2.weight"].causes] == ["zero_factor"]
    assert "written over" in report.verdict


def test_transforms(model: Any, batch: Any) -> None:
    """torch.func has its own tensors; what it returns is not the parameters' gradient."""
    x, y = batch
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(values: Any, a: Any, b: Any) -> Any:
        return F.mse_loss(torch.func.functional_call(model, values, (a[None],)), b[None])

    def run() -> None:
        torch.func.grad(loss)(parameters, x[0], y[0])
        torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(parameters, x, y)
        torch.func.jacrev(model)(x[0])

    assert watched(run, model).verdict.startswith("No gradient was seen")

    def through() -> None:
        torch.func.jacrev(model)(x[0]).pow(2).sum().backward()

    assert watched(through, model)["0.weight"].entries.zero == 3


def test_no_backward(model: Any, batch: Any) -> None:
    """Without a backward pass, or after one that failed, nothing is said of any gradient."""
    x, y = batch

    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, t: Any) -> Any:
            return t * 1

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            raise ValueError("no way back")

    def fails() -> None:
        F.mse_loss(Fails.apply(model(x)), y).backward()  # type: ignore[no-untyped-call]

    assert watched(lambda: None, model, sgd(model)).verdict.startswith("No gradient was seen")
    assert watched(lambda: model(x), model).explanation["0.weight"].entries.zero == 0
    watch = zg.watch(model)
    with pytest.raises(ValueError, match="no way back"), watch:
        fails()
    report = watch.report()
    assert report.verdict == "The backward pass ended with an error before it left a gradient."
    assert report["2.bias"].entries.zero == 0 and not report["2.bias"].causes


def test_report_before_the_step(model: Any, batch: Any) -> None:
    """A report within the watched code is of what is known by then, and does not end the watching."""
    x, y = batch
    optimizer = sgd(model)
    with zg.watch(model, optimizer) as watch:
        F.mse_loss(model(x), y).backward()
        assert watch.report()["0.bias"].entries.zero == 1
        optimizer.step()
    assert unit_0_is_dead(watch.report()) and len(watch.report().steps) == 1


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
def test_lazy_layers(batch: Any) -> None:
    """Parameters that have no shape yet."""
    model = nn.Sequential(nn.LazyLinear(4), nn.Tanh(), nn.LazyLinear(2))
    with zg.watch(model) as watch:
        model(batch[0])
        optimizer = sgd(model)
        F.mse_loss(model(batch[0]), batch[1]).backward()
        optimizer.step()
    assert watch.report().verdict.startswith("Nothing stands still")


def test_another_thread(model: Any, batch: Any) -> None:
    """What another thread computes is not seen, so its gradients are no more than what the run had."""
    x, y = batch

    def run() -> None:
        thread = threading.Thread(target=lambda: F.mse_loss(model(x), y).backward())
        thread.start()
        thread.join()

    assert observed_only(watched(run, model))


def test_complex_numbers(model: Any, batch: Any) -> None:
    """Real numbers that went through complex ones are only observed, never taken for constants."""
    x, y = batch
    report = zg.explain(model, lambda a, b: torch.fft.fft(a - b).abs().pow(2).mean(), x, y)
    assert observed_only(report)
    weight = nn.Parameter(torch.randn(3, dtype=torch.complex64))
    report = watched(lambda: weight.abs().pow(2).sum().backward(), None, torch.optim.SGD([weight], 0.1))
    assert observed_only(report)


def test_sparse_tensors(model: Any, batch: Any) -> None:
    """Sparse gradients, and sparse numbers on the way."""
    table = nn.Embedding(7, 4, sparse=True)
    optimizer = torch.optim.SparseAdam(list(table.parameters()), 0.01)
    report = zg.explain(table, lambda a, b: a.pow(2).mean(), torch.tensor([1, 2]), None, optimizer)
    step = report["weight"].step
    assert observed_only(report) and step is not None and step.moved == 8
    x, y = batch
    unit = torch.eye(5).to_sparse()
    assert observed_only(zg.explain(model, lambda a, b: F.mse_loss(torch.sparse.mm(unit, a), b), x, y))
    assert observed_only(zg.explain(model, lambda a, b: a.to_sparse().values().pow(2).sum(), x, y))


@pytest.mark.filterwarnings("ignore")
def test_quantised_and_meta_tensors(model: Any, batch: Any) -> None:
    """Reported, not guessed."""
    x, y = batch

    def quantised(t: Any) -> Any:
        return torch.quantize_per_tensor(t, 0.1, 0, torch.qint8).dequantize()

    report = watched(lambda: F.mse_loss(model(quantised(x)), y).backward(), model)
    assert report["0.weight"].entries.observed == 18
    ghost = nn.Linear(3, 2, device="meta")
    optimizer = sgd(ghost)

    def run() -> None:
        ghost(torch.randn(5, 3, device="meta")).sum().backward()
        optimizer.step()

    assert observed_only(watched(run, ghost, optimizer))


def test_leaves_that_were_computed(model: Any, batch: Any) -> None:
    """A result that was made a leaf: the cut has its name, and nobody asks for the leaf in the optimiser."""
    x, y = batch

    def argmax() -> None:
        accuracy = (model(x).argmax(1) == torch.ones(5)).float().mean()
        accuracy.requires_grad_().backward()

    report = watched(argmax, model, sgd(model))
    assert {
        cause.kind.value for row in report.explanation.last.parameters.values() for cause in row.causes
    } >= {"piecewise_constant"}
    assert "argmax" in report.verdict and "does not hold" not in report.verdict

    def detached() -> None:
        hidden = model[1](model[0](x)).detach().requires_grad_()
        F.mse_loss(model[2](hidden), y).backward()

    report = watched(detached, model, sgd(model))
    assert [cause.kind.value for cause in report["0.weight"].causes] == ["detached"]


def test_rounding_of_a_zero_is_not_why_it_stands(batch: Any) -> None:
    """A bias before batch norm stands because its gradient is zero, not because the noise there is small."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
    for dtype in (torch.float32, torch.bfloat16):
        model.to(dtype)
        with skipped_where_missing():
            report = zg.explain(model, F.mse_loss, batch[0].to(dtype), batch[1].to(dtype), sgd(model))
        assert report["0.bias"].entries.zero == 4
        first = report.verdict.partition(";")[0]
        assert "0.bias" in first and "batch norm subtracts the mean of each channel" in first


def test_many_layers() -> None:
    """Sixty layers, whose gradients vanish: what is not decided in time is left open."""
    torch.manual_seed(0)
    layers = [layer for _ in range(60) for layer in (nn.Linear(8, 8), nn.Tanh())]
    model = nn.Sequential(*layers, nn.Linear(8, 2))
    report = zg.explain(model, F.mse_loss, torch.randn(5, 8), torch.randn(5, 2), sgd(model))
    assert report.explanation.seconds < 15
    assert all(row.entries.zero == 0 for row in report.explanation.last.parameters.values())


def test_memory_does_not_grow(model: Any) -> None:
    """Fifty steps: what is kept of storages and leaves is bounded."""
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    sizes = []
    watch = zg.watch(model, optimizer)
    with watch:
        for _ in range(50):
            optimizer.zero_grad()
            F.mse_loss(model(torch.randn(5, 3)), torch.randn(5, 2)).backward()
            optimizer.step()
            recorder = watch._watch.recorder
            sizes.append((len(recorder.storages._records), len(recorder.leaves)))
    assert len(watch.report().steps) == 50
    assert max(records for records, _ in sizes) <= 512 and sizes[-1][1] == 4


def test_only_some_gradients_were_asked_for(model: Any, batch: Any) -> None:
    """Parameters that a backward pass left out on request are neither detached nor zero."""
    x, y = batch

    def by_backward() -> None:
        F.mse_loss(model(x), y).backward(inputs=[model[0].weight])

    def by_grad() -> None:
        torch.autograd.grad(F.mse_loss(model(x), y), [model[0].weight])

    for run in (by_backward, by_grad):
        model.zero_grad()
        report = watched(run, model)
        assert report["0.weight"].entries.zero == 3
        assert report["2.bias"].entries.observed == 2 and not report["2.bias"].causes
        assert "no backward pass was asked for" in " ".join(str(report).split())
