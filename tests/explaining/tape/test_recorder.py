"""The recorder: whatever the program does with storages, the graph says what every tensor holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")


def assert_followed(tensor: Tensor, recorder: Any) -> None:
    """The shadow of a float64 tensor contains what the run has, up to the run's own rounding."""
    from zerograd.explaining.shadow.bounded import BoundedDomain
    from zerograd.explaining.shadow.evaluation import Evaluation

    with recorder.paused():
        value = Evaluation(BoundedDomain())(recorder.read(tensor))
    assert value is not None
    assert torch.allclose(value.value, tensor.double(), rtol=1e-6, atol=1e-9)
    assert (value.errors <= 1e-9 * (1 + value.value.abs())).all()


def numbers() -> Tensor:
    return torch.arange(12.0, dtype=torch.float64).reshape(3, 4)


def part_written(x: Tensor) -> list[Tensor]:
    y = x * 1.5
    y[1].mul_(2.0)
    return [y, y[1], y.t()[2:, 1:], y.reshape(-1)[3:7]]


def transposed_written(x: Tensor) -> list[Tensor]:
    y = x * 1.5
    z = y.t()
    z.add_(torch.ones(4, 3))
    return [y, z]


def lists_written(x: Tensor) -> list[Tensor]:
    y = x * 1.5
    torch._foreach_mul_([y[0], y[1, :2], y[2]], 2.0)
    return [y, y[1], y * y]


def alias_written(x: Tensor) -> list[Tensor]:
    y = x * 1.5
    y.detach().mul_(3.0)
    y.data.add_(1.0)
    return [y, y * y]


def expanded(x: Tensor) -> list[Tensor]:
    row = torch.full((3, 1), 2.0).expand(3, 4)
    return [row, row * x]


def views_of_casts(x: Tensor) -> list[Tensor]:
    """A cast has the numbers of what it was made from, which began in the middle of others."""
    part = (x * 1.5)[1:].float()
    return [part, part[1], part.t()[1:], part[0] + 1]


def views_of_expanded(x: Tensor) -> list[Tensor]:
    whole = torch.zeros(3, 4, dtype=torch.float64).copy_(torch.full((), 2.5))
    return [whole.view(-1)[2:9], whole.t()[1], x + whole[:, :1]]


def block_written(x: Tensor) -> list[Tensor]:
    b = torch.zeros(5, 5, dtype=torch.float64)
    b[1:3, 2:4].add_(x[:2, :2])
    return [b, b * b, b[1:3, 2:4], b[0]]


def part_of_a_leaf_written(x: Tensor) -> list[Tensor]:
    x[0].mul_(5.0)
    return [x, x * x, x[1:]]


def overlapping(x: Tensor) -> list[Tensor]:
    y = x * 1.0
    y[:, 1:].mul_(2.0)
    y[1:].add_(y[:2] * 1.0)
    return [y]


def written_after_reading(x: Tensor) -> list[Tensor]:
    y = x * 2.0
    before = y * 3.0
    y.mul_(0.0)
    return [before, y, before * y]


def laid_out_anew(x: Tensor) -> list[Tensor]:
    y = x * 1.5
    y.transpose_(0, 1).unsqueeze_(0)
    return [y, y * 2.0, y[:, 1]]


def made_larger(x: Tensor) -> list[Tensor]:
    y = x.new_empty(0)
    y.resize_as_(x)
    y[0].zero_()
    torch.mul(x[1:], 2.0, out=y[1:])
    return [y, y * 2.0]


PROGRAMS: list[Callable[[Tensor], list[Tensor]]] = [
    part_written,
    transposed_written,
    lists_written,
    alias_written,
    expanded,
    block_written,
    part_of_a_leaf_written,
    overlapping,
    written_after_reading,
    laid_out_anew,
    made_larger,
    views_of_casts,
    views_of_expanded,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_storages(program: Callable[[Tensor], list[Tensor]]) -> None:
    """Views, aliases, in-place operations and partial writes are followed."""
    from zerograd.explaining.tape.recorder import Recorder

    recorder, x = Recorder(), numbers()
    with recorder:
        tensors = program(x)
    for tensor in tensors:
        assert_followed(tensor, recorder)
    assert not recorder.changed


def test_a_write_past_dispatch_is_noticed() -> None:
    """A tensor changed through NumPy becomes a new leaf, and the place is kept."""
    from zerograd.explaining.tape.nodes import Origin
    from zerograd.explaining.tape.recorder import Recorder

    recorder, x = Recorder(), numbers()
    with recorder:
        y = x * 2.0
        y.numpy()[0, 0] = 77
        z = y * 1.0
    assert len(recorder.changed) == 1
    shape, place = recorder.changed[0]
    assert shape == (3, 4)
    assert place.file == __file__
    assert_followed(z, recorder)
    with recorder.paused():
        assert recorder.read(y).node.origin is Origin.OUTSIDE


def test_what_was_computed_and_is_seen_as_another_type_is_unknown() -> None:
    """Bits of a computed float read as another float type are not taken for a number of the program."""
    from zerograd.explaining.shadow.bounded import BoundedDomain
    from zerograd.explaining.shadow.evaluation import Evaluation
    from zerograd.explaining.tape.recorder import Recorder

    recorder, x = Recorder(), numbers()
    with recorder:
        y = (x * 2.0).view(torch.float32)
    with recorder.paused():
        assert Evaluation(BoundedDomain())(recorder.read(y)) is None


def test_parameters_are_read_afresh() -> None:
    """After a write to a parameter its floats count, not how they were computed."""
    from zerograd.explaining.tape.nodes import Origin
    from zerograd.explaining.tape.recorder import Recorder

    recorder = Recorder()
    with recorder:
        w = torch.ones(3, dtype=torch.float64, requires_grad=True)
        first = w * 2.0
        with torch.no_grad():
            w -= 0.1 * first
        second = w * 2.0
    with recorder.paused():
        source = recorder.read(second)
    leaf = next(s.node for s in source.node.sources() if s.node.origin is Origin.PARAMETER)
    assert leaf.operation == "leaf"
    assert torch.equal(leaf.results[0], w.detach())


def test_storages_are_let_go() -> None:
    """Nothing keeps the tensors of a loop alive that nothing can ask for any more."""
    from zerograd.explaining.tape.recorder import Recorder

    recorder, x = Recorder(), numbers()
    with recorder:
        for _ in range(2000):
            x * 2.0
    assert len(recorder.storages._records) < 600


def test_what_was_computed_and_made_larger_is_unknown() -> None:
    from zerograd.explaining.shadow.evaluation import observed
    from zerograd.explaining.tape.recorder import Recorder

    recorder = Recorder()
    with recorder:
        y = numbers() * 1.5
        y.resize_(2, 12)
        z = y * 2.0
    with recorder.paused():
        assert observed([recorder.read(z)])
