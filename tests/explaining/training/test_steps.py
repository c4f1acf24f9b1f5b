"""Each reason why a step does not move a parameter: planted, found, and not invented."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tests.explaining.torches import runs  # noqa: E402
from tests.explaining.training.stepping import KINDS, StepMode, linear, once, weight  # noqa: E402
from zerograd.explaining.explanation import Entries, Floats, Note, Reason, Row  # noqa: E402
from zerograd.show.explanation.rendering import row_text  # noqa: E402

pytestmark = pytest.mark.needs("torch")

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
HALF = {torch.float16: 2.0**-12, torch.bfloat16: 2.0**-9, torch.float32: 2.0**-25, torch.float64: 2.0**-54}
"""Half the distance from 1 to the next number below."""


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_is_said_of_what_moves(dtype: Any) -> None:
    """The order backward, step, zero_grad is fine too."""
    ones = torch.ones(1, dtype=dtype)
    if not runs(lambda: torch.addcdiv(ones, ones, ones)):
        pytest.skip("this torch has no Adam for this type")
    w = weight(1, -2, dtype=dtype)
    step = once({"w": w}, torch.optim.SGD([w], lr=0.125), linear(w, 1, 2))["w"]
    assert (step.held, step.moved, step.reasons, step.notes, step.details) == (True, 2, (), (), {})
    mode = StepMode({"w": w})
    optimizer = torch.optim.Adam([w], lr=0.1)
    with mode.hooks():
        for _ in range(3):
            mode.backward(linear(w, 1, 2)())
            optimizer.step()
            optimizer.zero_grad()
            step = mode.last()["w"]
            assert (step.moved, step.reasons, step.notes, step.details) == (2, (), (), {})
    assert mode.watcher.at_end({"w": w}) == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_below_half_an_ulp(dtype: Any, kind: dict[str, Any]) -> None:
    """Just below half the distance nothing moves; well above it does."""
    w, half = weight(1, 1, dtype=dtype), HALF[dtype]
    step = once({"w": w}, torch.optim.SGD([w], lr=half * 0.75, **kind), linear(w, 1, 1))["w"]
    assert (step.moved, step.reasons) == (0, (Reason.BELOW_HALF_ULP,))
    details = step.details["below_half_ulp"]
    assert (details["half_ulp"], details["weight"]) == (half, 1)
    assert details["update"] == pytest.approx(half * 0.75, rel=2**-7) and details["dtype"] in str(dtype)
    assert step.details["entries"] == {"below_half_ulp": 2}
    step = once({"w": w}, torch.optim.SGD([w], lr=half * 1.5, **kind), linear(w, 1, 1))["w"]
    assert (step.moved, step.reasons) == (2, ())


def test_upwards_the_distance_is_twice_as_large() -> None:
    w = weight(1, dtype=torch.bfloat16)
    step = once({"w": w}, torch.optim.SGD([w], lr=1.5 * 2.0**-9), linear(w, -1))["w"]
    assert step.reasons == (Reason.BELOW_HALF_ULP,)
    assert step.details["below_half_ulp"]["half_ulp"] == 2.0**-8


def test_the_step_size_is_rounded_first() -> None:
    """0.00196 is above half an ulp of 1, but it is 2⁻⁹ in bfloat16, a tie, which stays."""
    w = weight(1, dtype=torch.bfloat16)
    step = once({"w": w}, torch.optim.SGD([w], lr=0.00196), linear(w, 1))["w"]
    assert step.reasons == (Reason.BELOW_HALF_ULP,)
    details = step.details["below_half_ulp"]
    assert (details["step_size"], details["rounded"], details["update"]) == (0.00196, 2.0**-9, 2.0**-9)


def test_a_step_size_that_is_zero_in_the_type() -> None:
    w = weight(0, dtype=torch.float16)
    step = once({"w": w}, torch.optim.SGD([w], lr=1e-9), linear(w, 1000))["w"]
    assert step.reasons == (Reason.STEP_SIZE_ZERO,)
    assert step.details["step_size_zero"]["step_size"] == 1e-9
    assert step.details["step_size_zero"]["rounded"] == 0


@pytest.mark.parametrize("optimizer", ["Adam", "AdamW"])
@pytest.mark.parametrize("kind", KINDS)
def test_adam_never_moves_a_one_in_bfloat16(optimizer: str, kind: dict[str, Any]) -> None:
    w = weight(1, dtype=torch.bfloat16)
    made = getattr(torch.optim, optimizer)([w], **kind)
    step = once({"w": w}, made, linear(w, 2 / 3), steps=5)["w"]
    assert (step.moved, step.reasons) == (0, (Reason.BELOW_HALF_ULP,))
    assert step.details["below_half_ulp"]["update"] == pytest.approx(1e-3, rel=0.02)


@pytest.mark.parametrize("lr", [0.0, torch.tensor(0.0)])
@pytest.mark.parametrize("kind", KINDS)
def test_step_size_zero(lr: Any, kind: dict[str, Any]) -> None:
    w, v = weight(1, 2), weight(1)
    if isinstance(lr, torch.Tensor) and "foreach" in kind:
        pytest.skip("torch takes no tensor there")
    optimizer = torch.optim.AdamW([{"params": [v]}, {"params": [w], "lr": lr}], **kind)
    if not kind:  # fused and foreach read one step size of all
        optimizer.param_groups[0]["lr"] = 0.1
    said = once({"w": w, "v": v}, optimizer, lambda: linear(w, 1, 0)() + v.sum())
    assert said["w"].reasons == (Reason.STEP_SIZE_ZERO, Reason.ZERO_GRADIENT)
    assert said["w"].details["step_size_zero"] == {"step_size": 0, "group": 1}
    assert said["w"].details["entries"] == {"step_size_zero": 1, "zero_gradient": 1}
    assert said["v"].reasons == () and said["v"].moved == 1


def test_not_held_no_gradient_zero_gradient_frozen() -> None:
    parameters = {name: weight(1, 2) for name in ("free", "unused", "zero", "frozen", "out", "fine")}
    parameters["frozen"].requires_grad_(False)
    parameters["out"].requires_grad_(False)
    held = [p for name, p in parameters.items() if name not in ("free", "out")]

    def loss() -> Any:
        return (parameters["free"] + 0 * parameters["zero"] + parameters["frozen"] * parameters["fine"]).sum()

    said = once(parameters, torch.optim.SGD(held, lr=0.1), loss)
    expected = {
        "free": (False, (Reason.NOT_HELD,)),
        "unused": (True, (Reason.NO_GRADIENT,)),
        "zero": (True, (Reason.ZERO_GRADIENT,)),
        "frozen": (True, (Reason.FROZEN,)),
        "out": (False, (Reason.FROZEN, Reason.NOT_HELD)),
        "fine": (True, ()),
    }
    assert {name: (step.held, step.reasons) for name, step in said.items()} == expected
    assert {name: step.moved for name, step in said.items() if step.moved} == {"fine": 2}
    assert all(not step.notes for step in said.values())


@pytest.mark.parametrize("to_none", [True, False])
@pytest.mark.parametrize("by_optimizer", [True, False])
def test_cleared(to_none: bool, by_optimizer: bool) -> None:
    """Case 25; with zeros and decay it moves all the same."""
    model = torch.nn.Linear(1, 1, bias=False)
    parameters = dict(model.named_parameters())
    for decay in (0.0, 0.1):
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=decay)
        clear: Any = optimizer if by_optimizer else model
        step = once(
            parameters,
            optimizer,
            lambda: (model.weight - 3).square().sum(),
            partial(clear.zero_grad, set_to_none=to_none),
        )["weight"]
        if decay and not to_none:
            assert (step.moved, step.reasons, step.notes) == (1, (), (Note.MOVED_WITHOUT_GRADIENT,))
            assert step.details["moved_without_gradient"]["by"] == "weight decay"
        else:
            assert (step.moved, step.reasons, step.notes) == (0, (Reason.CLEARED,), ())
        assert step.details["cleared"]["cleared"] == 1
        assert step.details["cleared"].get("by") == ("zero_grad()" if by_optimizer else None)


def test_masked_rows_are_cleared() -> None:
    w = weight(1, 2, 3)

    def mask() -> None:
        assert w.grad is not None
        w.grad[1:] = 0

    step = once({"w": w}, torch.optim.SGD([w], lr=0.1), linear(w, 1, 1, 1), mask)["w"]
    assert (step.moved, step.reasons) == (1, ())
    assert step.details["unmoved"] == {"cleared": 2}


@pytest.mark.parametrize("kind", [{}, {"foreach": True}, {"foreach": False}])
def test_clipping_whose_norm_overflows(kind: dict[str, Any]) -> None:
    w, v = weight(1), weight(1)
    said = once(
        {"w": w, "v": v},
        torch.optim.SGD([w, v], lr=0.1),
        lambda: linear(w, 1e20)() + v.sum(),
        lambda: torch.nn.utils.clip_grad_norm_([w, v], 1.0, **kind),
    )
    for step in said.values():
        assert (step.moved, step.reasons) == (0, (Reason.CLIPPED,))
        assert step.details["clipped"] == {"zero": 1, "nan": 0, "norm": float("inf"), "overflow": True}


def test_what_stops_a_whole_gradient_comes_first() -> None:
    """More entries have a gradient of zero, but without the clipping one would have moved."""
    w = weight(1, 1, 1)
    optimizer = torch.optim.SGD([w], lr=0.1)
    clip = partial(torch.nn.utils.clip_grad_norm_, [w], 1.0)
    step = once({"w": w}, optimizer, linear(w, 1e20, 0, 0), clip)["w"]
    assert step.reasons == (Reason.CLIPPED, Reason.ZERO_GRADIENT)
    assert step.details["entries"] == {"clipped": 1, "zero_gradient": 2}


@pytest.mark.parametrize("foreach", [False, True])
def test_clipping_to_nothing(foreach: bool) -> None:
    w = weight(1, 1)
    for scale in (1, 3):
        step = once(
            {"w": w},
            torch.optim.SGD([w], lr=0.1),
            linear(w, scale, scale),
            lambda: torch.nn.utils.clip_grad_norm_([w], 0.0, foreach=foreach),
        )["w"]
        assert step.reasons == (Reason.CLIPPED,)
        assert step.details["clipped"]["max_norm"] == 0
    row = Row("w", (2,), Entries(nonzero=2), Floats("float32"), step=step)
    assert "clipping with max_norm 0 made its gradient zero: the norm" in row_text(row)


def test_clipping_beside_an_infinite_gradient() -> None:
    w = weight(1, 1)
    step = once(
        {"w": w},
        torch.optim.SGD([w], lr=0.1),
        linear(w, 1, float("inf")),
        lambda: torch.nn.utils.clip_grad_norm_([w], 1.0),
    )["w"]
    assert (step.moved, step.reasons, step.details["unmoved"]) == (1, (), {"clipped": 1})
    assert not step.details["clipped"]["overflow"]


def test_clipping_that_spreads_a_nan() -> None:
    w = weight(1, 1)
    step = once(
        {"w": w},
        torch.optim.SGD([w], lr=0.1),
        linear(w, 1, float("nan")),
        lambda: torch.nn.utils.clip_grad_norm_([w], 1.0),
    )["w"]
    assert (step.moved, step.reasons, step.details["clipped"]["nan"]) == (2, (), 1)


def test_clipping_that_is_fine() -> None:
    w = weight(1, 1)
    for clip in (
        lambda: torch.nn.utils.clip_grad_norm_([w], 1.0),
        lambda: torch.nn.utils.clip_grad_value_([w], 1.0),
    ):
        step = once({"w": w}, torch.optim.SGD([w], lr=0.1), linear(w, 100, 0), clip)["w"]
        assert (step.moved, step.reasons, step.details) == (1, (), {"unmoved": {"zero_gradient": 1}})


@pytest.mark.parametrize("kind", KINDS)
def test_an_overflowed_second_moment(kind: dict[str, Any]) -> None:
    """One gradient of 10²⁵, then ones: Adam never moves that entry again."""
    w = weight(1, 1)
    optimizer = torch.optim.Adam([w], **kind)
    gradients = iter(torch.tensor([(1e25, 1), (1, 1), (1, 1)]))
    step = once({"w": w}, optimizer, lambda: torch.sum(w * next(gradients)), steps=3)["w"]
    assert (step.moved, step.reasons, step.details["unmoved"]) == (1, (), {"state": 1})
    v = weight(1)
    step = once({"v": v}, torch.optim.Adam([v], **kind), linear(v, 1e25))["v"]
    assert step.reasons == (Reason.STATE,)
    assert step.details["state"] == {"state": "a running mean of squares overflowed"}


def test_a_nan_that_a_sign_swallows() -> None:
    w = weight(1)
    step = once({"w": w}, torch.optim.Rprop([w]), linear(w, float("nan")))["w"]
    assert (step.moved, step.reasons) == (0, (Reason.STATE,))
    assert "nan" in step.details["state"]["state"]


def test_an_update_that_underflows_on_the_way() -> None:
    """Adam's step of 10⁻³⁹ could be stored, but its numerator, 10⁻³ times 10⁻⁴⁵, could not."""
    w = weight(0)
    step = once({"w": w}, torch.optim.Adam([w]), linear(w, 1e-44))["w"]
    assert step.reasons == (Reason.STATE,)
    assert "underflow" in step.details["state"]["state"]


def test_lbfgs_stops_silently() -> None:
    """Below a gradient norm of 3.16e-5 it writes nothing."""
    w = weight(1)
    optimizer = torch.optim.LBFGS([w])
    for gradient, moved, reasons in ((3e-5, 0, (Reason.STATE,)), (3.2e-5, 1, ())):
        mode = StepMode({"w": w})

        def closure(mode: StepMode = mode, gradient: float = gradient) -> Any:
            optimizer.zero_grad()
            loss = linear(w, gradient)()
            mode.backward(loss)
            return loss

        with mode.hooks():
            optimizer.step(closure)
        step = mode.last()["w"]
        assert (step.moved, step.reasons, step.notes) == (moved, reasons, ())


@pytest.mark.skipif(not hasattr(torch.amp, "GradScaler"), reason="scalers work on GPUs alone")
class TestScaler:
    """A scaler that finds an infinite gradient skips the step."""

    @pytest.mark.parametrize("update", [True, False])
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("known", [True, False])
    def test_skipped(self, kind: dict[str, Any], known: bool, update: bool) -> None:
        w, v, out = weight(1), weight(1), weight(1)
        optimizer = torch.optim.SGD([w, v], lr=0.1, **kind)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        mode = StepMode({"w": w, "v": v, "out": out})
        if known:
            mode.watcher.knows(optimizer)
        with mode.hooks():
            mode.backward(scaler.scale(linear(w, float("inf"))() + v.sum() + out.sum()))
            scaler.step(optimizer)
            if update:
                scaler.update()
        if mode.observations:
            assert len(mode.observations) == 1
            said = mode.last()
        elif known:
            said = mode.end()
        else:
            assert not update
            return
        for name in ("w", "v"):
            assert (said[name].held, said[name].moved, said[name].reasons) == (True, 0, (Reason.SKIPPED,))
        if "fused" not in kind:
            assert said["w"].details["skipped"] == {"skipped": "the gradient of w was infinite or nan"}
        assert (said["out"].held, said["out"].reasons) in ((False, (Reason.NOT_HELD,)), (None, ()))
        assert mode.watcher.at_end(mode.parameters) == () or not update

    @pytest.mark.parametrize("kind", KINDS)
    def test_not_skipped(self, kind: dict[str, Any]) -> None:
        w = weight(1)
        optimizer = torch.optim.Adam([w], lr=0.1, **kind)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        mode = StepMode({"w": w})
        with mode.hooks():
            for _ in range(2):
                optimizer.zero_grad()
                mode.backward(scaler.scale(w.sum()))
                scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_([w], 0.5)
                scaler.step(optimizer)
                scaler.update()
        assert len(mode.observations) == 2
        assert (mode.last()["w"].moved, mode.last()["w"].reasons, mode.last()["w"].details) == (1, (), {})
        assert mode.watcher.at_end({"w": w}) == ()


def test_not_called() -> None:
    w, v, out = weight(1), weight(1), weight(1)
    mode = StepMode({"w": w, "v": v, "out": out})
    mode.watcher.knows(torch.optim.SGD([w, v], lr=0.1))
    with mode.hooks():
        assert mode.watcher.at_end(mode.parameters) == ()
        mode.backward((w * out).sum())
    said = mode.end()
    assert (said["w"].held, said["w"].moved, said["w"].reasons) == (True, None, (Reason.NOT_CALLED,))
    assert said["v"].reasons == (Reason.NOT_CALLED, Reason.NO_GRADIENT)
    assert (said["out"].held, said["out"].reasons) == (False, (Reason.NOT_HELD,))


def test_optimisers_that_take_turns() -> None:
    """A critic gets gradients from the generator's loss, and is not stepped for it."""
    g, d = weight(1), weight(1)
    first, second = torch.optim.SGD([g], lr=0.1), torch.optim.SGD([d], lr=0.1)
    mode = StepMode({"g": g, "d": d})
    mode.watcher.knows(first)
    mode.watcher.knows(second)
    with mode.hooks():
        for _ in range(2):
            second.zero_grad()
            mode.backward((g.detach() * d).sum())
            second.step()
            assert (mode.last()["d"].moved, mode.last()["d"].reasons) == (1, ())
            assert (mode.last()["g"].held, mode.last()["g"].moved, mode.last()["g"].reasons) == (
                True,
                None,
                (),
            )
            first.zero_grad()
            mode.backward((g * d).sum())
            first.step()
            assert (mode.last()["g"].moved, mode.last()["g"].reasons) == (1, ())
    assert mode.watcher.at_end(mode.parameters) == ()


def test_a_step_inside_backward() -> None:
    """An optimiser that hooks step as gradients arrive has been called."""
    if not hasattr(torch.Tensor, "register_post_accumulate_grad_hook"):
        pytest.skip("newer than this torch")
    w = weight(1)
    optimizer = torch.optim.SGD([w], lr=0.1)

    def hook(_: Any) -> None:
        optimizer.step()
        optimizer.zero_grad()

    w.register_post_accumulate_grad_hook(hook)
    mode = StepMode({"w": w})
    with mode.hooks():
        for _ in range(2):
            mode.backward(w.sum())
            assert (mode.last()["w"].moved, mode.last()["w"].reasons) == (1, ())
    assert mode.watcher.at_end({"w": w}) == ()
