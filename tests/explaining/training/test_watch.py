"""Watching: what is run stays as it is, and what is asked about is met by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.watching import watch

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    torch.manual_seed(0)
    yield


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 3),
    )


def transformer() -> nn.Module:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
    return nn.Sequential(layer, nn.Flatten(), nn.Linear(24, 3))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(4, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.gru(x)[0][:, -1])


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mlp": (mlp, (6, 4)),
    "cnn": (cnn, (6, 1, 8, 8)),
    "transformer": (transformer, (6, 3, 8)),
    "gru": (Recurrent, (6, 3, 4)),
}


def train(model: nn.Module, optimizer: torch.optim.Optimizer, x: Any, y: Any) -> list[Any]:
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.detach())
    return losses


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "RMSprop"])
@pytest.mark.parametrize("name", MODELS)
def test_the_run_is_bitwise_as_unwatched(name: str, optimizer: str) -> None:
    """Losses, parameters, buffers, gradients and the random numbers after it are the same."""
    make, shape = MODELS[name]
    model = make()
    twin = copy.deepcopy(model)
    x, y = torch.randn(shape), torch.randint(0, 3, (6,))
    results = []
    for watched, each in ((False, model), (True, twin)):
        torch.manual_seed(1)
        opt = getattr(torch.optim, optimizer)(each.parameters(), lr=0.01)
        if watched:
            with watch(each, opt):
                losses = train(each, opt, x, y)
        else:
            losses = train(each, opt, x, y)
        grads = [p.grad for p in each.parameters()]
        results.append([*losses, *each.state_dict().values(), *grads, torch.rand(3)])
    for plain, seen in zip(*results, strict=True):
        assert torch.equal(plain, seen)


def test_what_is_not_given_is_met() -> None:
    """Modules are met when they run, and optimisers when they step."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch() as watched:
        train(model, optimizer, torch.randn(6, 4), torch.randint(0, 3, (6,)))
    report = watched.report()
    assert list(report.to_json()["parameters"]) == [name for name, _ in model.named_parameters()]
    assert len(report.to_json()["steps"]) == 2


def test_several_models_have_their_class_before_the_name() -> None:
    """Two modules side by side, and a tensor that belongs to none."""
    first, second = nn.Linear(2, 2), nn.Linear(2, 1)
    scale = torch.ones(1, requires_grad=True)
    with watch() as watched:
        (second(first(torch.randn(3, 2))) * scale).sum().backward()
    names = set(watched.report().to_json()["parameters"])
    assert names == {"Linear.weight", "Linear.bias", "Linear2.weight", "Linear2.bias", "scale"}


def test_a_derivative_that_is_computed_otherwise_while_watched() -> None:
    """Nothing can be done about it, but said: 10⁻²⁰ · 10⁻²⁰ · 10⁻²⁰ has gradient 0 unwatched."""
    w = torch.full((3,), 1e-20, requires_grad=True)
    (unwatched,) = torch.autograd.grad(torch.prod(w), w)
    with watch() as watched:
        (gradient,) = torch.autograd.grad(torch.prod(w), w)
    assert not bool(unwatched.any())
    assert bool(gradient.all())
    (step,) = watched.report().steps
    (message,) = step.messages
    assert "prod" in message and "test_watch.py" in message


def test_inputs_that_require_a_gradient() -> None:
    """They are reported beside the parameters, under the names of the arguments."""
    model = mlp().eval()
    x = torch.randn(2, 4, requires_grad=True)
    with watch(model) as watched:
        model(x).sum().backward()
    assert watched.report().to_json()["inputs"]["input"]["shape"] == [2, 4]


def test_an_error_is_the_users_own() -> None:
    """It passes through, and the report goes as far as the run did."""
    model = mlp()
    with pytest.raises(ZeroDivisionError), watch(model) as watched:
        model(torch.randn(2, 4)).sum().backward()
        1 / 0  # noqa: B018
    report = watched.report().to_json()
    assert report["error"].startswith("ZeroDivisionError")
    assert report["parameters"]["0.weight"]["entries"]["nonzero"] > 0


def test_hooks_are_gone_afterwards() -> None:
    """Nothing of ours stays in torch: neither hooks nor patched functions."""
    backward, grad = torch.autograd.backward, torch.autograd.grad
    module_hooks = dict(nn.modules.module._global_forward_hooks)
    with watch():
        assert torch.autograd.backward is not backward
    assert torch.autograd.backward is backward
    assert torch.autograd.grad is grad
    assert dict(nn.modules.module._global_forward_hooks) == module_hooks


def test_a_forward_pass_that_ran_before() -> None:
    """Nothing is claimed of what was computed before the watch began, and the report says what to do."""
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    loss = model(torch.randn(6, 4)).square().mean()
    with watch(model) as watched:
        loss.backward()
    report = watched.report().to_json()
    for row in report["parameters"].values():
        assert row["entries"]["observed"] == sum(row["entries"].values())
        assert row["causes"] == []
    assert "before the watch began" in report["verdict"]
    assert any("before the watch began" in message for message in report["messages"])


@pytest.mark.parametrize("rate", [0.1, 0.0])
def test_a_loop_without_an_optimiser(rate: float) -> None:
    """Steps that the program takes by itself are told apart, and what they moved is counted."""
    w, b = torch.randn(3, requires_grad=True), torch.zeros(1, requires_grad=True)
    x, y = torch.randn(6, 3), torch.randn(6)
    with watch() as watched:
        for _ in range(3):
            (x @ w + b - y).square().mean().backward()
            with torch.no_grad():
                for parameter in (w, b):
                    assert parameter.grad is not None
                    parameter.sub_(rate * parameter.grad)
                    parameter.grad = None
    report = watched.report().to_json()
    assert len(report["steps"]) == 3
    for step in report["steps"]:
        moved = [row["step"]["moved"] for row in step["parameters"].values()]
        assert moved == ([3, 1] if rate else [0, 0])


def test_two_backward_passes_without_an_optimiser_are_one_step() -> None:
    """Gradients that accumulate belong together as long as nothing is moved."""
    model = mlp()
    with watch(model) as watched:
        for _ in range(2):
            model(torch.randn(6, 4)).square().mean().backward()
    report = watched.report().to_json()
    assert len(report["steps"]) == 1
    assert report["parameters"]["0.weight"]["step"]["moved"] is None


def test_an_interruption_says_no_more_than_its_name() -> None:
    """It has no message."""
    watched = watch()
    with pytest.raises(KeyboardInterrupt), watched:
        raise KeyboardInterrupt
    assert watched.report().to_json()["error"] == "KeyboardInterrupt"


def test_a_backward_pass_that_broke_off_leaves_the_rest_unknown() -> None:
    """What it did not come to is not zero: it was to come."""
    model = torch.nn.Linear(2, 2)
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}

    def step_and_fail(parameter: torch.Tensor) -> None:
        next(o for held, o in optimizers.items() if held is parameter).step()
        raise RuntimeError("a hook that fails")

    for parameter in optimizers:
        parameter.register_post_accumulate_grad_hook(step_and_fail)
    watched = watch(model)
    with pytest.raises(RuntimeError, match="a hook that fails"), watched:
        model(torch.ones(1, 2)).sum().backward()
    report = watched.report()
    rows = [report.explanation[name] for name in ("weight", "bias")]
    assert sorted(row.entries.nonzero for row in rows)[1] > 0
    assert not any(row.entries.zero for row in rows)
    assert any("ended with an error" in message for message in report.steps[-1].messages)
