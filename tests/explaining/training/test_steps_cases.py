"""Reduced cases from the field in which a step moves nothing, or less than one thinks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim import Optimizer  # noqa: E402

from tests.explaining.training.stepping import StepMode, linear, once, weight  # noqa: E402
from zerograd.explaining.explanation import Reason  # noqa: E402
from zerograd.explaining.training.steps.writes import gap  # noqa: E402

pytestmark = pytest.mark.needs("torch")

BFLOAT = torch.bfloat16


def test_case_10_bfloat16_step_lost() -> None:
    """The gradient is 2/3, the step 6·10⁻⁴, and half an ulp of 1 is 2⁻⁹."""
    for dtype in (BFLOAT, torch.float32):
        w = weight(1, dtype=dtype)
        optimizer = torch.optim.Adam([w], lr=6e-4)
        step = once({"w": w}, optimizer, linear(w, 2 / 3), steps=100)["w"]
        if dtype is torch.float32:
            assert (step.moved, step.reasons) == (1, ())
            continue
        assert (step.held, step.moved, step.reasons) == (True, 0, (Reason.BELOW_HALF_ULP,))
        details = step.details["below_half_ulp"]
        assert details["half_ulp"] == 2.0**-9 and details["update"] == pytest.approx(6e-4, rel=0.1)
        assert (details["weight"], details["dtype"], details["step_size"]) == (1, "bfloat16", 6e-4)


class InTheTypeOfItsVariable(Optimizer):
    """Adam as Keras 3 writes it: β₂ᵗ in the type of the variable."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, {"lr": 0.1})

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for p in self.param_groups[0]["params"]:
            state = self.state[p]
            if not state:
                state |= {"m": torch.zeros_like(p), "v": torch.zeros_like(p), "t": 0}
            state["t"] += 1
            state["m"].add_((p.grad - state["m"]) * 0.1)
            state["v"].add_((p.grad**2 - state["v"]) * 0.001)
            power = torch.tensor(0.999, dtype=p.dtype) ** state["t"]
            alpha = 0.1 * torch.sqrt(1 - power) / (1 - torch.tensor(0.9, dtype=p.dtype) ** state["t"])
            p.data.sub_(state["m"] * alpha / (torch.sqrt(state["v"]) + 1e-7))


@pytest.mark.parametrize("dtype", [BFLOAT, torch.float32])
def test_case_11_bias_correction_of_zero(dtype: Any) -> None:
    """β₂ = 0.999 is 1 in bfloat16, so the step is exactly 0; that is no rounding of the weight."""
    w = weight(0.5, dtype=dtype)
    step = once({"w": w}, InTheTypeOfItsVariable([w]), linear(w, 1e-3), steps=3)["w"]
    if dtype is BFLOAT:
        assert (step.moved, step.reasons) == (0, (Reason.STATE,))
        assert step.details["state"] == {"state": "what it computed to add is 0"}
    else:
        assert (step.moved, step.reasons) == (1, ())


@pytest.mark.parametrize(("value", "moved"), [(0.02, 0), (0.0, 1)])
def test_case_11_torch_s_own(value: float, moved: int) -> None:
    """Torch keeps the correction in Python numbers: its step is lost to half an ulp alone."""
    w = weight(value, dtype=BFLOAT)
    step = once({"w": w}, torch.optim.Adam([w], lr=5e-5), linear(w, 1e-3), steps=20)["w"]
    assert (step.moved, step.reasons) == (moved, () if moved else (Reason.BELOW_HALF_ULP,))
    if not moved:
        assert step.details["below_half_ulp"]["half_ulp"] == pytest.approx(6.1e-5, rel=0.01)


def test_case_11_keras() -> None:
    """Its optimiser on the torch backend is none of torch's: it is shown to the watcher as one."""
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "torch":
        pytest.skip("keras runs on another backend")
    w = keras.Variable([0.5], dtype="bfloat16")
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build([w])
    optimizer.param_groups = [{"params": [w.value], "lr": 0.1}]
    w.value.grad = torch.ones(1, dtype=BFLOAT)
    mode = StepMode({"w": w.value})
    with mode:
        mode.watcher.before(optimizer, mode.parameters)
        optimizer.apply([w.value.grad], [w])
        observation = mode.watcher.after(optimizer)
    assert observation is not None
    mode.observations.append(observation)
    assert (mode.last()["w"].moved, mode.last()["w"].reasons) == (0, (Reason.STATE,))


def test_case_12_schedule_of_the_last_group() -> None:
    a, c = weight(1), weight(1)
    factors = {"a": 1.0, "frozen": 0.0}
    schedules = []
    for factor in factors.values():
        schedules.append(lambda step: factor)  # noqa: B023, PERF401 - the fault
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": [c]}], lr=0.1)
    torch.optim.lr_scheduler.LambdaLR(optimizer, schedules)
    said = once({"a": a, "c": c}, optimizer, lambda: torch.sum((a - 3) ** 2 + (c - 3) ** 2))
    for group, step in enumerate(said.values()):
        assert (step.held, step.moved, step.reasons) == (True, 0, (Reason.STEP_SIZE_ZERO,))
        assert step.details["step_size_zero"] == {"step_size": 0, "group": group}


class Net(nn.Module):
    """Cells in a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = [nn.Linear(2, 2) for _ in range(2)]
        self.head = nn.Linear(2, 1)

    def forward(self, x: Any) -> Any:
        for cell in self.cells:
            x = torch.tanh(cell(x))
        return self.head(x)


def test_case_14_layers_in_a_list() -> None:
    torch.manual_seed(0)
    model = Net()
    loose = [p for cell in model.cells for p in cell.parameters()]
    parameters = {**dict(model.named_parameters())}
    parameters |= {f"tensor{k} ({'×'.join(map(str, p.shape))})": p for k, p in enumerate(loose)}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    said = once(parameters, optimizer, lambda: model(torch.rand(4, 2)).square().mean())
    for name, step in said.items():
        if name.startswith("head"):
            assert (step.held, step.reasons) == (True, ())
        else:
            assert (step.held, step.moved, step.reasons, step.notes) == (False, 0, (Reason.NOT_HELD,), ())


def test_case_19_tiny_initial_weights() -> None:
    """Gradients that are not zero, of which some updates are lost; one unit is off."""
    given = {
        "w1": [[0.0013], [-0.0007]],
        "b1": [0.0004, 0.0002],
        "w2": [[0.0009, -0.0011], [0.0006, 0.0015]],
        "b2": [0.0003, -0.0005],
        "w3": [[0.0012, -0.0008]],
        "b3": [0.0001],
    }
    p = {name: nn.Parameter(torch.tensor(entries)) for name, entries in given.items()}
    x, y = torch.tensor([[0.5], [-0.25]]), torch.tensor([[0.25], [-0.125]])

    def loss() -> Any:
        a = torch.relu(torch.relu(x @ p["w1"].T + p["b1"]) @ p["w2"].T + p["b2"])
        return nn.functional.mse_loss(a @ p["w3"].T + p["b3"], y)

    before = {name: it.detach().clone() for name, it in p.items()}
    said = once(p, torch.optim.SGD(p.values(), lr=1e-3), loss)
    for name, step in said.items():
        counts = step.details.get("unmoved", step.details.get("entries", {}))
        gradient = p[name].grad
        assert gradient is not None
        same = before[name] == p[name].detach()
        assert counts.get("zero_gradient", 0) == int((same & (gradient == 0)).sum())
        assert counts.get("below_half_ulp", 0) == int((same & (gradient != 0)).sum())
        assert step.moved == int((~same).sum())
    assert said["w2"].details["unmoved"] == {"below_half_ulp": 1, "zero_gradient": 2}
    details = said["w2"].details["below_half_ulp"]
    assert details["update"] == pytest.approx(5.63e-11, rel=1e-3)
    assert details["half_ulp"] == pytest.approx(5.82e-11, rel=1e-3)


def exact(value: float) -> Fraction:
    """A float as it is."""
    return Fraction(*value.as_integer_ratio())


@given(
    st.sampled_from([torch.float16, BFLOAT, torch.float32, torch.float64]),
    st.integers(-40, 40),
    st.sampled_from([1.0, -1.0, 1.25, -1.75, 0.0]),
    st.booleans(),
)
def test_the_gap_is_the_distance_to_the_next_number(
    dtype: Any, exponent: int, mantissa: float, up: bool
) -> None:
    """Against torch's own list of numbers: the bits, counted up or down."""
    w = torch.tensor([mantissa * 2.0**exponent], dtype=torch.float64).to(dtype)
    if not bool(w.isfinite()):
        return
    there = torch.full_like(w, float("inf") if up else float("-inf"))
    following = (
        torch.nextafter(w.to(torch.float64), there.to(torch.float64)) if dtype is torch.float64 else None
    )
    if following is None:
        integers = {2: torch.int16, 4: torch.int32}[w.element_size()]
        if w.item() == 0:
            following = torch.ones(1, dtype=integers).view(dtype)
        else:
            following = (w.view(integers) + (1 if up == (w.item() > 0) else -1)).view(dtype)
    if not bool(following.isfinite()):
        return
    distance = abs(exact(following.double().item()) - exact(w.double().item()))
    update = torch.tensor([1.0 if up else -1.0], dtype=torch.float64)
    assert exact(gap(w.double(), update, dtype).item()) == distance


@given(
    st.sampled_from([torch.float16, BFLOAT, torch.float32]),
    st.lists(st.floats(-4, 4, width=16), min_size=6, max_size=6),
    st.lists(st.floats(-4, 4, width=16).map(lambda g: g / 64), min_size=6, max_size=6),
    st.sampled_from([0.5, 0.01, 0.003, 1e-4, 1e-7, 1e-10]),
    st.sampled_from([{}, {"foreach": True}]),
)
def test_an_update_is_lost_exactly_if_it_is_at_most_half_a_gap(
    dtype: Any, weights: list[float], gradients: list[float], lr: float, kind: dict[str, Any]
) -> None:
    """SGD against exact fractions, the step size rounded to the type."""
    w = weight(*weights, dtype=dtype)
    before = w.detach().clone()
    g = torch.tensor(gradients).to(dtype)
    step = once({"w": w}, torch.optim.SGD([w], lr=lr, **kind), lambda: torch.sum(w * g))["w"]
    scale = exact(torch.tensor(lr, dtype=torch.float64).to(dtype).double().item())
    expected = {"zero_gradient": 0, "below_half_ulp": 0, "step_size_zero": 0}
    for old, new, slope in zip(before.double(), w.detach().double(), g.double(), strict=True):
        if old.item() != new.item():  # -0 is 0
            continue
        update = -scale * exact(slope.item())
        if slope.item() == 0:
            expected["zero_gradient"] += 1
        elif scale == 0:
            expected["step_size_zero"] += 1
        else:
            width = gap(old.reshape(1), torch.tensor([float(update)], dtype=torch.float64), dtype)
            assert abs(update) <= exact(width.item()) / 2
            expected["below_half_ulp"] += 1
    counts = step.details.get("unmoved", step.details.get("entries", {}))
    assert counts == {key: count for key, count in expected.items() if count}
    assert step.moved == 6 - sum(expected.values())
