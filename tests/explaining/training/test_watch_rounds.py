"""Several optimisers, and programs that try one thing after another: what belongs to which step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from zerograd.watching import watch

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
else:
    torch = pytest.importorskip("torch")
    nn, Tensor = torch.nn, torch.Tensor

pytestmark = pytest.mark.needs("torch")


def _step(w: Tensor, optimizer: torch.optim.Optimizer, factor: float) -> None:
    optimizer.zero_grad()
    (factor * w * w.detach()).sum().backward()
    optimizer.step()


def test_a_step_has_its_own_gradients_though_another_optimiser_rests() -> None:
    """The next backward pass runs before it is known that the other optimiser will not step."""
    v, w = (nn.Parameter(torch.ones(1)) for _ in range(2))
    resting, optimizer = (torch.optim.SGD([p], lr=0.125) for p in (v, w))
    with watch() as watched:
        _step(v, resting, 1.0)
        for factor in (0.0, 1.0, 0.0, 2.0):
            _step(w, optimizer, factor)
    steps = watched.report().steps[-4:]
    assert [step.parameters["w"].entries.zero for step in steps] == [1, 0, 1, 0]
    moved = [row.step.moved for step in steps if (row := step.parameters["w"]).step]
    assert moved == [0, 1, 0, 1]
    assert [step.loss for step in steps] == [0.0, 1.0, 0.0, 2 * 0.875**2]


def test_two_optimisers_in_turn_are_one_step() -> None:
    """A generator and a critic, whose gradients are those with which it was stepped."""
    torch.manual_seed(0)
    generator, critic = nn.Linear(1, 1), nn.Linear(1, 1)
    first, second = (torch.optim.SGD(m.parameters(), lr=0.125) for m in (critic, generator))
    with watch([generator, critic], [first, second]) as watched:
        for _ in range(2):
            first.zero_grad()
            (0 * critic(generator(torch.ones(2, 1)).detach())).sum().backward()
            first.step()
            second.zero_grad()
            critic(generator(torch.ones(2, 1))).sum().backward()  # gradients of the critic as well
            second.step()
    assert len(watched.report().steps) == 2
    for step in watched.report().steps:
        assert [row.entries.zero for row in step.parameters.values()] == [0, 0, 1, 1]
        assert [row.step.moved for row in step.parameters.values() if row.step] == [1, 1, 0, 0]


def test_what_an_earlier_experiment_trained_is_no_part_of_the_next() -> None:
    """Its optimiser has stepped, and rests; the loss does not depend on it."""
    with watch() as watched:
        for lr in (0.125, 0.25):
            model = nn.Linear(2, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=lr)
            for _ in range(2):
                optimizer.zero_grad()
                model(torch.ones(3, 2)).square().mean().backward()
                optimizer.step()
    report = watched.report()
    assert [set(step.parameters) for step in report.steps[-2:]] == [{"Linear2.weight", "Linear2.bias"}] * 2
    assert report.verdict.startswith("Nothing stands still")


def test_an_optimiser_that_nobody_told_of_is_no_loop_by_hand() -> None:
    """It was made before the watch, and is first seen when it steps."""
    w = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([w], lr=0.125)
    with watch() as watched:
        _step(w, optimizer, 1.0)
    step = watched.report()["w"].step
    assert step is not None
    assert (step.held, step.moved) == (True, 1)


def test_gradients_cleared_before_a_step_that_decay_moves_all_the_same() -> None:
    """That it moved does not make it right."""
    w = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.1)
    with watch() as watched:
        (w - 3).square().sum().backward()
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
    assert watched.report().verdict == (
        "No parameter stands still, but w: its gradient was cleared between backward and step, by"
        " zero_grad()."
    )


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda z: z.argmax(1).float(), "argmax after model passes no gradient"),
        (lambda z: z.detach(), "detach() or .data cuts the way back from the loss"),
        (lambda z: torch.tensor(z.tolist()), None),
    ],
)
def test_a_loss_without_a_way_back(cut: Callable[[Tensor], Tensor], said: str | None) -> None:
    """PyTorch raises an error; the report says what cut the way, where that can be known."""
    model = nn.Sequential()
    model.add_module("model", nn.Linear(2, 3))
    with pytest.raises(RuntimeError, match="does not require grad"), watch(model) as watched:
        cut(model(torch.ones(4, 2))).sum().backward()
    start = "The backward pass ended with an error before it left a gradient"
    assert watched.report().verdict.startswith(start)
    if said is not None:
        assert said in watched.report().verdict


def test_a_graph_that_is_gone_is_not_called_cut() -> None:
    """The second backward pass fails for another reason."""
    model = nn.Linear(2, 1)
    with pytest.raises(RuntimeError, match="second time"), watch(model) as watched:
        loss = model(torch.ones(4, 2)).square().sum()
        loss.backward()
        model.zero_grad()
        loss.backward()
    assert "cuts" not in watched.report().verdict


def test_a_batch_that_was_put_together_under_watch() -> None:
    """Samples that are stacked are no batches of one."""
    torch.manual_seed(0)
    data = [(torch.rand(1, 3), torch.rand(1)) for _ in range(8)]
    model = nn.Sequential(nn.Flatten(), nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    nn.init.constant_(model[1].bias, -9)  # type: ignore[arg-type]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer) as watched:
        for x, y in torch.utils.data.DataLoader(data, batch_size=4):  # type: ignore[arg-type]
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
    assert "both units of 2 (ReLU) are off on all 4 samples" in watched.report().verdict


def test_tensors_have_the_names_of_variables() -> None:
    """Those of the outermost caller that has one; lists and dictionaries are looked through."""

    def loss(a: Tensor) -> Tensor:
        return (a * params[0] * named["scale"]).sum()

    x = torch.ones(2, requires_grad=True)
    params = [torch.ones(2, requires_grad=True)]
    named = {"scale": torch.ones(2, requires_grad=True)}
    with watch() as watched:
        loss(x).backward()
        (torch.ones(3, requires_grad=True) * 2).sum().backward()
    assert list(watched.report().explanation.last.parameters)[:3] == ["x", "params[0]", 'named["scale"]']


class _Holder:
    def __init__(self) -> None:
        self.x = torch.ones(1, requires_grad=True)

    def loss(self) -> Tensor:
        return (self.x * 2).sum()


def test_tensors_of_objects_and_equal_names() -> None:
    """Names are not used twice."""
    with watch() as watched:
        for holder in (_Holder(), _Holder()):
            holder.loss().backward()
            kept.append(holder)
    assert list(watched.report().explanation.last.parameters) == ["self.x", "self.x (2)"]


kept: list[_Holder] = []
