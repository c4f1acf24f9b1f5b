"""What else a step does to a parameter: stale gradients, lists with repeats, parameters replaced after."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.explaining.training.stepping import StepMode, linear, once, weight  # noqa: E402
from zerograd.explaining.explanation import Note, Reason  # noqa: E402

pytestmark = [
    pytest.mark.needs("torch"),
    pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate"),
]


def module_step(model: nn.Module, optimizer: Any, x: Any) -> Any:
    """What is said of a step of a module."""
    mode = StepMode(lambda: dict(model.named_parameters()))
    with mode.hooks():
        optimizer.zero_grad()
        mode.backward(model(x).square().mean())
        optimizer.step()
    return mode.last()


def test_listed_twice() -> None:
    w, v = weight(1), weight(1)
    said = once({"w": w, "v": v}, torch.optim.SGD([w, v, w], lr=0.1), lambda: w.sum() + v.sum())
    assert said["w"].notes == (Note.LISTED_TWICE,) and said["w"].moved == 1
    assert said["w"].details["listed_twice"]["places"] == ["param_groups[0][0]", "param_groups[0][2]"]
    assert said["v"].notes == ()


def test_a_tensor_of_two_names_is_listed_once() -> None:
    w = weight(1)
    said = once({"a": w, "b": w}, torch.optim.SGD([w], lr=0.1), w.sum)
    assert [(step.held, step.moved, step.notes) for step in said.values()] == [(True, 1, ())] * 2


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_frozen_with_a_stale_gradient(optimizer: str) -> None:
    w, v = weight(1), weight(1)
    made = getattr(torch.optim, optimizer)([w, v], lr=0.1)
    mode = StepMode({"w": w, "v": v})
    with mode.hooks():
        mode.backward((w * v).sum())
        made.step()
        assert mode.last()["w"].notes == ()
        w.requires_grad_(False)
        v.grad = None
        mode.backward((w * v).sum())
        made.step()
        assert mode.last()["w"].notes == (Note.MOVED_BY_STALE_GRADIENT,)
        assert (mode.last()["w"].moved, mode.last()["w"].reasons) == (1, ())
        assert mode.last()["v"].notes == ()
        w.grad = None
        mode.backward((w * v).sum())
        made.step()
        assert (mode.last()["w"].moved, mode.last()["w"].reasons) == (0, (Reason.FROZEN,))


def test_a_gradient_that_the_last_backward_did_not_touch() -> None:
    """It is there from an earlier step, and moves its parameter again; unless somebody set it."""
    w, v = weight(1), weight(1)
    optimizer = torch.optim.SGD([w, v], lr=0.1)
    mode = StepMode({"w": w, "v": v})
    with mode.hooks():
        mode.backward(w.sum() + v.sum())
        optimizer.step()
        mode.backward(v.sum())
        optimizer.step()
        assert mode.last()["w"].notes == (Note.MOVED_BY_STALE_GRADIENT,)
        assert mode.last()["v"].notes == ()
        mode.backward(v.sum())
        w.grad = torch.ones(1)
        optimizer.step()
        assert mode.last()["w"].notes == ()


def test_gradients_that_several_backwards_gather_are_not_stale() -> None:
    w, v = weight(1), weight(1)
    optimizer = torch.optim.SGD([w, v], lr=0.1)
    mode = StepMode({"w": w, "v": v})
    with mode.hooks():
        for _ in range(2):
            optimizer.zero_grad()
            mode.backward(w.sum())
            mode.backward(v.sum())
            optimizer.step()
            assert [(step.moved, step.notes) for step in mode.last().values()] == [(1, ())] * 2


def test_noise_moves_what_has_no_gradient() -> None:
    """A gradient that is exactly zero, and rounding errors in floats."""
    w = weight(1)
    said = once({"w": w}, torch.optim.Adam([w]), linear(w, 1e-9))
    assert said["w"].notes == ()
    mode = StepMode({"w": w})
    optimizer = torch.optim.Adam([w])
    with mode.hooks():
        optimizer.zero_grad()
        mode.backward(linear(w, 1e-9)())
        optimizer.step()
    step = mode.last({"w": True})["w"]
    assert step.notes == (Note.MOVED_WITHOUT_GRADIENT,)
    assert step.details["moved_without_gradient"]["by"] == "rounding errors in the gradient"
    assert mode.last({"w": False})["w"].notes == ()


def test_whether_a_zero_is_exact_is_passed_on() -> None:
    w = weight(1)
    mode = StepMode({"w": w})
    optimizer = torch.optim.SGD([w], lr=0.1)
    with mode.hooks():
        mode.backward(linear(w, 0)())
        optimizer.step()
    assert mode.last()["w"].details == {"entries": {"zero_gradient": 1}}
    assert mode.last({"w": True})["w"].details["zero_gradient"] == {"exactly": True}
    assert mode.last({"w": False})["w"].details == {"entries": {"zero_gradient": 1}}


def make() -> nn.Sequential:
    """Two layers."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))


def groups(model: nn.Module) -> list[dict[str, Any]]:
    """Weights with decay, biases without."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    return [
        {"params": decayed, "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.ndim == 1]},
    ]


@pytest.mark.parametrize("grouped", [False, True])
def test_replaced_by_other_shapes(grouped: bool) -> None:
    """Case 13: the layers were pruned after the optimiser was made."""
    model = make()
    optimizer = torch.optim.SGD(groups(model) if grouped else model.parameters(), lr=0.1)
    model[0], model[2] = nn.Linear(2, 2), nn.Linear(2, 1)
    said = module_step(model, optimizer, torch.rand(4, 2))
    old = {"0.weight": [4, 2], "0.bias": [4], "2.weight": [1, 4], "2.bias": [1]}
    for name, shape in old.items():
        step = said[name]
        assert (step.held, step.moved, step.reasons) == (False, 0, (Reason.NOT_HELD,))
        assert step.notes == (Note.REPLACED_AFTER,)
        assert step.details["replaced_after"]["old"] == shape
    held = {name: step for name, step in said.items() if name not in old}
    assert len(held) == 4
    assert all((step.held, step.reasons) == (True, (Reason.NO_GRADIENT,)) for step in held.values())
    assert {step.details["replaced_after"]["held"] for name, step in said.items() if name in old} == set(held)


@pytest.mark.parametrize("grouped", [False, True])
def test_one_layer_replaced(grouped: bool) -> None:
    model = make()
    optimizer = torch.optim.SGD(groups(model) if grouped else model.parameters(), lr=0.1)
    model[2] = nn.Linear(4, 1)
    said = module_step(model, optimizer, torch.rand(4, 2))
    places = (
        ["param_groups[0][1]", "param_groups[1][1]"] if grouped else [f"param_groups[0][{k}]" for k in (2, 3)]
    )
    for name, where in zip(("2.weight", "2.bias"), places, strict=True):
        assert said[name].notes == (Note.REPLACED_AFTER,)
        assert said[name].details["replaced_after"]["held"] == where
    assert all(said[name].held and said[name].moved for name in ("0.weight", "0.bias"))


def test_one_parameter_set_anew() -> None:
    model = make()
    optimizer = torch.optim.Adam(model.parameters())
    model.get_submodule("0").weight = nn.Parameter(torch.rand(4, 2))
    said = module_step(model, optimizer, torch.rand(4, 2))
    assert said["0.weight"].reasons == (Reason.NOT_HELD,)
    assert said["0.weight"].notes == (Note.REPLACED_AFTER,)
    assert said["0.bias"].reasons == ()


def test_not_held_is_not_replaced() -> None:
    """An optimiser of the head, and one with another module's parameters that are in use."""
    model, other = make(), nn.Linear(2, 4)
    said = module_step(model, torch.optim.SGD(model[2].parameters(), lr=0.1), torch.rand(4, 2))
    assert said["0.weight"].reasons == (Reason.NOT_HELD,) and said["0.weight"].notes == ()
    assert said["2.weight"].reasons == ()
    optimizer = torch.optim.SGD([*other.parameters(), *model[2].parameters()], lr=0.1)
    named = {f"param_groups[0][{k}]": p for k, p in enumerate(other.parameters())}
    mode = StepMode({**dict(model.named_parameters()), **named})
    x = torch.rand(4, 2)
    with mode.hooks():
        mode.backward((model(x) + other(x)).square().mean())
        optimizer.step()
    said = mode.last()
    assert said["0.weight"].reasons == (Reason.NOT_HELD,) and said["0.weight"].notes == ()
    assert said["param_groups[0][0]"].moved == 8


def test_the_same_memory_is_not_another_parameter() -> None:
    """An optimiser that was given data: the objects have no gradient."""
    w = weight(1, 2)
    said = once({"w": w}, torch.optim.SGD([w.data], lr=0.1), w.sum)
    assert said["w"].reasons == (Reason.NOT_HELD,) and said["w"].notes == ()
    assert said["param_groups[0][0]"].reasons == (Reason.FROZEN,)
