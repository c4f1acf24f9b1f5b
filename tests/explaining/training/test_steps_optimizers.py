"""Every optimiser of torch.optim under watch: what it moves, what it does not, and as it ever does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.optim import Optimizer  # noqa: E402

from tests.explaining.training.stepping import KINDS, StepMode, weight  # noqa: E402
from zerograd.explaining.explanation import Note, Reason  # noqa: E402

pytestmark = pytest.mark.needs("torch")

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "ASGD": {"decays": True},
    "Adadelta": {},
    "Adafactor": {},
    "Adagrad": {},
    "Adam": {},
    "AdamW": {"decays": True},
    "Adamax": {},
    "LBFGS": {"closure": True},
    "Muon": {"matrix": True, "decays": True},
    "NAdam": {},
    "RAdam": {},
    "RMSprop": {},
    "Rprop": {},
    "SGD": {},
    "SparseAdam": {"sparse": True},
}
"""What each wants, and whether its defaults decay weights."""


def classes() -> dict[str, Any]:
    """All that torch has."""
    listed = vars(torch.optim).values()
    of_torch = [
        kind for kind in torch.optim.Optimizer.__subclasses__() if kind.__module__.startswith("torch.optim")
    ]
    kinds = {kind for kind in (*listed, *of_torch) if isinstance(kind, type)} - {torch.optim.Optimizer}
    return {kind.__name__: kind for kind in kinds if issubclass(kind, torch.optim.Optimizer)}


def made(name: str, parameter: Any, kind: dict[str, Any], **more: Any) -> Any:
    """An optimiser of one parameter."""
    step_size = {"lr": 1e-3} if name == "SGD" else {}  # the default, which torch 2.1 has not
    return classes()[name]([parameter], **kind, **(step_size | more))


EACH = [
    pytest.param(name, kind, id="-".join((name, *kind)))
    for name in sorted(OPTIMIZERS.keys() & classes().keys())
    for kind in KINDS
    if kind.keys() <= signature(classes()[name]).parameters.keys()
]
"""Each optimiser in each way that it takes."""


def run(name: str, optimizer: Any, parameter: Any, gradient: Any, steps: int = 1, mode: Any = None) -> None:
    """Some steps of a gradient that is always the same; under watch if there is a mode."""

    def backward() -> Any:
        optimizer.zero_grad()
        if OPTIMIZERS[name].get("sparse"):
            # An embedding gives a sparse gradient of the rows that it read.
            rows = gradient.nonzero().reshape(-1)
            rows = rows if len(rows) else torch.tensor([0])
            read = torch.nn.functional.embedding(rows, parameter, sparse=True)
            loss = (read.reshape(-1) * gradient[rows]).sum()
        else:
            loss = (parameter * gradient).sum()
        if mode is None:
            loss.backward()
        else:
            mode.backward(loss)
        return loss

    for _ in range(steps):
        if OPTIMIZERS[name].get("closure"):
            optimizer.step(backward)
        else:
            backward()
            optimizer.step()


def watched(name: str, optimizer: Any, parameter: Any, gradient: Any, steps: int = 1) -> Any:
    """What is said of the last step."""
    mode = StepMode({"w": parameter})
    with mode.hooks():
        run(name, optimizer, parameter, gradient, steps, mode)
    return mode.last()["w"]


def values(name: str, *entries: float) -> Any:
    """A tensor of as many dimensions as the optimiser wants."""
    tensor = torch.tensor(entries)
    return tensor.reshape(1, -1) if OPTIMIZERS[name].get("matrix") else tensor


def sparse_leaf(name: str, *entries: float) -> Any:
    """A parameter; of an optimiser of sparse gradients a column."""
    tensor = values(name, *entries)
    return torch.nn.Parameter(tensor.reshape(-1, 1) if OPTIMIZERS[name].get("sparse") else tensor)


def test_the_table_has_every_optimizer() -> None:
    """A class that is new in torch wants a line of the table."""
    missing = classes().keys() - OPTIMIZERS.keys()
    assert not missing


@pytest.mark.parametrize(("name", "kind"), EACH)
class TestEach:
    """The same questions to all."""

    def test_moves(self, name: str, kind: dict[str, Any]) -> None:
        w = sparse_leaf(name, 1, -2, 0.5)
        step = watched(name, made(name, w, kind), w, values(name, 1, -1, 2), steps=2)
        assert (step.held, step.moved, step.reasons, step.notes, step.details) == (True, 3, (), (), {})

    def test_zero_among_others(self, name: str, kind: dict[str, Any]) -> None:
        """An entry of gradient 0 stays, or is moved by decay or by a rule of the whole matrix."""
        w = sparse_leaf(name, 1, -2, 0.5)
        step = watched(name, made(name, w, kind), w, values(name, 1, 0, 2), steps=2)
        assert step.reasons == ()
        if OPTIMIZERS[name].get("decays"):
            assert (step.moved, step.notes) == (3, (Note.MOVED_WITHOUT_GRADIENT,))
            assert "weight decay" in step.details["moved_without_gradient"]["by"]
        else:
            assert (step.moved, step.notes, step.details) == (2, (), {"unmoved": {"zero_gradient": 1}})

    def test_all_zero(self, name: str, kind: dict[str, Any]) -> None:
        w = sparse_leaf(name, 1, -2, 0.5)
        step = watched(name, made(name, w, kind), w, values(name, 0, 0, 0), steps=2)
        if OPTIMIZERS[name].get("decays"):
            assert (step.moved, step.reasons, step.notes) == (3, (), (Note.MOVED_WITHOUT_GRADIENT,))
            assert step.details["moved_without_gradient"]["by"] == "weight decay"
        else:
            assert (step.moved, step.reasons, step.notes) == (0, (Reason.ZERO_GRADIENT,), ())

    def test_no_gradient(self, name: str, kind: dict[str, Any]) -> None:
        w, other = sparse_leaf(name, 1, -2, 0.5), weight(1)
        optimizer = made(name, w, kind)
        mode = StepMode({"w": w})
        with mode.hooks():
            mode.backward(other.sum())
            optimizer.step(*[lambda: 0.0] if OPTIMIZERS[name].get("closure") else [])
        step = mode.last()["w"]
        assert (step.moved, step.reasons, step.notes) == (0, (Reason.NO_GRADIENT,), ())

    def test_step_size_zero(self, name: str, kind: dict[str, Any]) -> None:
        """Rprop's steps are at least 10⁻⁶ whatever the step size."""
        w = sparse_leaf(name, 1, -2, 0.5)
        optimizer = made(name, w, kind)
        optimizer.param_groups[0]["lr"] = 0.0
        step = watched(name, optimizer, w, values(name, 1, -1, 2))
        expected = (3, ()) if name == "Rprop" else (0, (Reason.STEP_SIZE_ZERO,))
        assert (step.moved, step.reasons) == expected and not step.notes

    def test_large_weights(self, name: str, kind: dict[str, Any]) -> None:
        """Beside 10¹² each step is lost to rounding; what decays is not."""
        w = sparse_leaf(name, 1e12, -1e12, 1e12)
        options = {"weight_decay": 0.0} if name in ("AdamW", "Muon") else {}
        options |= {"lambd": 0.0} if name == "ASGD" else {}
        options |= {"lr": 1e-14} if name == "Adafactor" else {}
        step = watched(name, made(name, w, kind, **options), w, values(name, 1, -1, 2), steps=2)
        assert (step.moved, step.reasons, step.notes) == (0, (Reason.BELOW_HALF_ULP,), ())
        details = step.details["below_half_ulp"]
        assert details["half_ulp"] in (2.0**15, 2.0**14) and 0 < details["update"] < 2.0**15

    def test_as_unwatched(self, name: str, kind: dict[str, Any]) -> None:
        """Bit for bit, weights, state and random numbers."""
        results = []
        for under_watch in (False, True):
            torch.manual_seed(0)
            w = sparse_leaf(name, 1, -2, 0.5)
            optimizer = made(name, w, kind)
            gradient = values(name, 0.1, 0, -3)
            if under_watch:
                watched(name, optimizer, w, gradient, steps=3)
            else:
                run(name, optimizer, w, gradient, steps=3)
            state = [value for value in optimizer.state[w].values() if isinstance(value, torch.Tensor)]
            assert w.grad is not None
            results.append([w.detach(), w.grad.to_dense(), torch.rand(2), *state])
        for plain, seen in zip(*results, strict=True):
            assert torch.equal(plain, seen)


def test_muon_moves_an_entry_without_gradient_by_its_own_rule() -> None:
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("newer than this torch")
    w = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = torch.optim.Muon([w], weight_decay=0.0)
    step = watched("Muon", optimizer, w, torch.tensor([[1.0, 0.0], [1.0, 3.0]]))
    assert (step.moved, step.reasons, step.notes) == (4, (), (Note.MOVED_WITHOUT_GRADIENT,))
    assert step.details["moved_without_gradient"]["by"] == "the optimiser's own rule"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_momentum_moves_on(name: str, kind: dict[str, Any]) -> None:
    """After one gradient, zeros."""
    w = weight(1, 1)
    optimizer = made(name, w, kind, **({"momentum": 0.9, "lr": 0.1} if name == "SGD" else {}))
    mode = StepMode({"w": w})
    with mode.hooks():
        run(name, optimizer, w, torch.tensor([1.0, 0.0]), 1, mode)
        run(name, optimizer, w, torch.tensor([0.0, 0.0]), 1, mode)
    step = mode.last()["w"]
    assert (step.moved, step.reasons, step.notes) == (1, (), (Note.MOVED_WITHOUT_GRADIENT,))
    assert step.details["moved_without_gradient"] == {
        "by": "momentum",
        "moved": 1,
        "entries": {"momentum": 1},
    }
    assert step.details["unmoved"] == {"zero_gradient": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_coupled_decay(kind: dict[str, Any]) -> None:
    w = weight(1, 0)
    step = watched("Adam", made("Adam", w, kind, weight_decay=0.01), w, torch.zeros(2))
    assert (step.moved, step.notes) == (1, (Note.MOVED_WITHOUT_GRADIENT,))
    assert step.details["moved_without_gradient"]["by"] == "weight decay"


class Plain(Optimizer):
    """An optimiser in plain Python, as people write them."""

    def __init__(self, parameters: Any, update: Callable[[Any], None], lr: float = 0.1) -> None:
        self.update = update
        super().__init__(parameters, {"lr": lr})

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update each parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p)


def replace_data(p: Any) -> None:
    """Make new data."""
    p.data = p.data - 1e-9 * p.grad


def copy_data(p: Any) -> None:
    """Copy over what was computed elsewhere."""
    with torch.no_grad():
        p.copy_(p - 1e-9 * p.grad)


def slice_data(p: Any) -> None:
    """Write to a part."""
    p.data[:1] -= 1e-9 * p.grad[:1]


@pytest.mark.parametrize("update", [replace_data, copy_data, slice_data])
def test_nothing_is_guessed_of_writes_that_cannot_be_read(update: Callable[[Any], None]) -> None:
    w = weight(1, 0)
    mode = StepMode({"w": w})
    optimizer = Plain([w], update)
    with mode.hooks():
        for gradient, moved, details in (
            ((1.0, 0.0), 0, {"entries": {"unknown": 1, "zero_gradient": 1}}),
            ((1e9, 0.0), 1, {"unmoved": {"zero_gradient": 1}}),
        ):
            optimizer.zero_grad()
            mode.backward((w * torch.tensor(gradient)).sum())
            optimizer.step()
            step = mode.last()["w"]
            assert (step.moved, step.details) == (moved, details)
            assert step.reasons == (() if moved else (Reason.ZERO_GRADIENT,))


def test_an_optimizer_that_waits_before_it_writes() -> None:
    """Some warm up, or gather several gradients, before their first step."""
    w = weight(1, 0)
    step = watched("SGD", Plain([w], lambda p: None), w, torch.tensor([1.0, 0.0]))
    assert (step.moved, step.reasons) == (0, (Reason.STATE, Reason.ZERO_GRADIENT))
    w = weight(1)
    step = watched("SGD", Plain([w], lambda p: None), w, torch.tensor([1.0]))
    assert (step.moved, step.reasons) == (0, (Reason.STATE,))


def test_a_wrapper_whose_step_takes_another() -> None:
    """One observation, of the outer one, with the writes of the inner."""
    w = weight(1, dtype=torch.bfloat16)
    inner = torch.optim.SGD([w], lr=1e-4)

    class Wrapper(Optimizer):
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            inner.step()

    outer = Wrapper([w], {"lr": 1e-4})
    mode = StepMode({"w": w})
    with mode.hooks():
        for _ in range(2):
            mode.backward(w.sum())
            outer.step()
    assert len(mode.observations) == 2
    step = mode.last()["w"]
    assert (step.held, step.moved, step.reasons) == (True, 0, (Reason.BELOW_HALF_ULP,))
    assert mode.watcher.at_end({"w": w}) == ()


def test_a_step_that_raises_leaves_nothing_behind() -> None:
    w = weight(1)
    failing = [True]

    def update(p: Any) -> None:
        if failing:
            failing.pop()
            raise RuntimeError
        p.data.sub_(p.grad)

    optimizer = Plain([w], update)
    mode = StepMode({"w": w})
    with mode.hooks():
        mode.backward(w.sum())
        with pytest.raises(RuntimeError):
            optimizer.step()
        optimizer.step()
    assert len(mode.observations) == 1
    assert (mode.last()["w"].moved, mode.last()["w"].reasons) == (1, ())


def test_names_that_become_known_in_the_step() -> None:
    """A closure runs the module for the first time: what was the optimiser's alone gets its name."""
    w, v = weight(1), weight(1)
    optimizer = torch.optim.LBFGS([w, v])
    names: dict[str, Any] = {"tensor0 (1)": w}
    mode = StepMode(lambda: names)
    mode.watcher.knows(optimizer)

    def closure() -> Any:
        names.clear()
        names.update({"first": w, "second": v, "third": weight(1)})
        optimizer.zero_grad()
        loss = ((w - 3) ** 2).sum() + 0 * v.sum()
        mode.backward(loss)
        return loss

    with mode.hooks():
        optimizer.step(closure)
    said = mode.last()
    assert (said["third"].held, said["third"].moved, said["third"].reasons) == (
        False,
        None,
        (Reason.NOT_HELD,),
    )
    assert (said["first"].held, said["first"].moved, said["first"].reasons) == (True, 1, ())
    assert (said["second"].moved, said["second"].reasons) == (0, (Reason.ZERO_GRADIENT,))
    assert mode.watcher.at_end(names) == ()


def test_a_closure() -> None:
    """Gradients that a closure makes inside the step are this step's."""
    w, v = weight(1, dtype=torch.bfloat16), weight(1)
    optimizer = torch.optim.SGD([w, v], lr=1e-4)
    mode = StepMode({"w": w, "v": v})

    def closure() -> Any:
        optimizer.zero_grad()
        loss = w.float().sum() + v.sum() * 0
        mode.backward(loss)
        return loss

    with mode.hooks(), warnings.catch_warnings():
        for _ in range(2):
            optimizer.step(closure)
            said = mode.last()
            assert said["w"].reasons == (Reason.BELOW_HALF_ULP,) and not said["w"].notes
            assert said["v"].reasons == (Reason.ZERO_GRADIENT,) and not said["v"].notes
    assert mode.watcher.at_end(mode.parameters) == ()
