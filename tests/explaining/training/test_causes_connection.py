"""Why parameters have no gradient at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

import zerograd as zg  # noqa: E402
from tests.explaining.training.causing import Causing, causes  # noqa: E402
from zerograd.explaining.explanation import Cause, Kind  # noqa: E402
from zerograd.explaining.training.causes.connection import connection, decision_between  # noqa: E402
from zerograd.explaining.training.causes.graph import whole_cone  # noqa: E402


def cause(loss: Callable[[Any, Any], Any], requires_grad: bool = True) -> Cause:
    """Return why the second of two parameters has no gradient."""
    w, v = torch.nn.Parameter(torch.tensor([1.0, 2])), torch.nn.Parameter(torch.tensor([3.0, -4]))
    watch = Causing([], [])
    with watch:
        loss(w, v).backward()
    assert v.grad is None
    storage = v.untyped_storage()._cdata
    start = watch.recorder.loss
    assert start is not None
    leaves = [n for n in whole_cone([start]) if n.identity is not None and n.identity[0] == storage]
    return connection(start, leaves, v.numel(), requires_grad)


def no_grad(v: Any) -> Any:
    with torch.no_grad():
        return v * 2


def test_what_the_loss_does_not_read() -> None:
    found = cause(lambda w, v: w.sum())
    assert (found.kind, found.entries, found.structural) == (Kind.NOT_CONNECTED, 2, True)


@pytest.mark.parametrize(
    "use", [lambda v: (v * 2).detach(), no_grad, lambda v: v.data * 2, lambda v: torch.exp(v.detach())]
)
def test_what_is_detached(use: Callable[[Any], Any]) -> None:
    assert cause(lambda w, v: (w * use(v)).sum()).kind is Kind.DETACHED


class Cut(torch.nn.Module):
    """Two layers, and a way to cut what comes out."""

    def __init__(self, cut: Callable[[Any], Any], quiet: bool = False) -> None:
        super().__init__()
        self.first, self.second, self.last = (torch.nn.Linear(2, 2) for _ in range(3))
        self.cut, self.quiet = cut, quiet

    def forward(self, x: Any) -> Any:
        with torch.set_grad_enabled(not self.quiet):
            h = self.second(self.first(x))
        return self.last(self.cut(h))


def detach(h: Any) -> Any:
    return h.detach()


def draw(h: Any) -> Any:
    std = torch.exp(h)
    with torch.no_grad():
        return torch.normal(h, std)


def saved(h: Any) -> Any:
    result = torch.exp(h)  # whose backward keeps the result
    return result.detach()


HERE = __file__.rpartition("/")[2]


@pytest.mark.parametrize(
    ("cut", "quiet", "operation", "where"),
    [
        (detach, False, "detach() or .data", f"{HERE}:{detach.__code__.co_firstlineno + 1}"),
        (draw, False, "a random draw under no_grad()", f"{HERE}:{draw.__code__.co_firstlineno + 3}"),
        (saved, False, "detach() or .data", f"{HERE}:{saved.__code__.co_firstlineno + 2}"),
        (lambda h: h, True, "no_grad()", "first (Linear)"),
        (lambda h: h.data, False, "detach() or .data", None),
        (lambda h: (h.detach().sum() * 0).detach() + h.data, False, "detach() or .data", None),
    ],
)
def test_where_it_is_cut(cut: Any, quiet: bool, operation: str, where: str | None) -> None:
    model = Cut(cut, quiet)
    with zg.watch(model) as watched:
        model(torch.ones(1, 2)).sum().backward()
    row = watched.report().to_json()["parameters"]["first.weight"]
    (found,) = row["causes"]
    assert (found["kind"], found["details"]["operation"]) == ("detached", operation)
    assert where is None or found["where"] == where


@pytest.mark.parametrize(
    ("use", "operation"),
    [
        (lambda v: v.argmax().float(), "argmax"),
        (lambda v: (v * 3 > 1).float(), "gt"),
        (lambda v: v.long().float(), "_to_copy"),
        (lambda v: torch.nn.functional.one_hot(v.argmax(), 2), "argmax"),
    ],
)
def test_what_is_decided(use: Callable[[Any], Any], operation: str) -> None:
    found = cause(lambda w, v: (w * use(v)).sum())
    assert (found.kind, found.details["operation"]) == (Kind.PIECEWISE_CONSTANT, operation)


def test_what_is_frozen() -> None:
    assert cause(lambda w, v: w.sum(), requires_grad=False).kind is Kind.FROZEN


def test_a_way_without_decisions_has_none_between() -> None:
    w = torch.nn.Parameter(torch.tensor([1.0, 2]))
    watch = Causing([], [])
    with watch:
        (w * 2).sum().backward()
    loss = watch.recorder.loss
    assert loss is not None
    leaves = [n for n in whole_cone([loss]) if n.operation == "leaf"]
    assert decision_between(loss, leaves) is None


def test_the_report_says_so() -> None:
    model = torch.nn.ModuleDict({"used": torch.nn.Linear(2, 1), "spare": torch.nn.Linear(2, 1)})
    with zg.watch(model) as watched:
        model["used"](torch.ones(1, 2)).sum().backward()
    rows = watched.report().to_json()["parameters"]
    assert [c["kind"] for c in rows["spare.weight"]["causes"]] == ["not_connected"]
    assert rows["used.weight"]["causes"] == []


def test_a_row_that_was_looked_up_and_dropped_is_not_connected() -> None:
    rows = torch.nn.Embedding(3, 2)
    looked_up = torch.tensor([[0, 1], [0, 1]])
    found = causes([rows], lambda: rows(looked_up)[:, 0].sum().backward())["weight"]
    assert {(c.kind, c.entries) for c in found} == {(Kind.NOT_CONNECTED, 2), (Kind.ZERO_FACTOR, 2)}
    assert not any(cause.structural for cause in found)  # with other indices these are other rows
    (other,) = [c for c in found if c.kind is Kind.ZERO_FACTOR]
    assert other.details == {"factor": "the indices, which name other rows"}


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("selects", [True, False], ids=["index_select", "index"])
def test_entries_that_indices_left_out_are_others_with_other_indices(dim: int, selects: bool) -> None:
    """PyTorch writes zeros, and the gradients of what was chosen over them: no constant of the program."""
    table, index = torch.nn.Linear(5, 3, bias=False), torch.tensor([1, 2])

    def step() -> None:
        w = table.weight
        rows = w.index_select(dim, index) if selects else w[(slice(None),) * dim + (index,)]
        rows.square().sum().backward()

    (cause,) = causes([table], step)["weight"]
    assert (cause.kind, cause.structural) == (Kind.ZERO_FACTOR, False)
    assert cause.details == {"factor": "the indices, which name other rows"}


def test_a_row_that_is_looked_up_and_never_the_largest_lost_to_others() -> None:
    rows = torch.nn.Embedding(3, 2)
    with torch.no_grad():
        rows.weight.copy_(torch.tensor([[5.0, 5], [1, 1], [2, 2]]))
    looked_up = torch.tensor([[0, 1], [1, 0]])
    pool = torch.nn.AdaptiveMaxPool1d(1)
    found = causes([rows], lambda: pool(rows(looked_up).transpose(1, 2)).sum().backward())["weight"]
    factors = {str(c.details.get("factor")): c.entries for c in found}
    assert factors == {
        "the indices, which name other rows": 2,
        "the choice of the maximum, which is another entry": 2,
    }


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("use", [lambda w, mask: w[mask], lambda w, mask: w.masked_select(mask)])
def test_entries_that_a_mask_leaves_out(use: Callable[[Any, Any], Any], decided: bool) -> None:
    w = torch.nn.ParameterList([torch.tensor([[0.25, 1.0], [0.5, 2.0]])])

    def step() -> None:
        mask = w[0] > 0.75 if decided else torch.tensor([[False, True], [False, True]])
        use(w[0], mask).square().sum().backward()

    (cause,) = causes([w], step)["0"]
    assert (cause.kind, cause.entries, cause.structural) == (Kind.ZERO_FACTOR, 2, False)
    assert cause.details == {"factor": "the mask, which leaves these entries out"}


def test_entries_that_a_slice_leaves_out_are_not_connected_in_later_steps_either() -> None:
    w = torch.nn.ParameterList([torch.ones(2, 3)])
    x = torch.ones(4, 1)
    for _ in range(2):
        (cause,) = causes([w], lambda: (x @ w[0][:1, 1:3]).square().sum().backward())["0"]
        assert (cause.kind, cause.entries) == (Kind.NOT_CONNECTED, 4)
