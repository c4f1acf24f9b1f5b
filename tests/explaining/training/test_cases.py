"""Training steps that people were stuck with, reduced to numbers of our own, and what is so in each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import zerograd as zg
from tests.explaining.torches import runs

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    F = torch.nn.functional


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    torch.manual_seed(0)
    yield


def linear(weight: Any, bias: Any = None) -> nn.Linear:
    """Return a layer with these numbers."""
    w = torch.tensor(weight)
    layer = nn.Linear(w.shape[1], w.shape[0], bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(w)
        if bias is not None:
            layer.bias.copy_(torch.tensor(bias))
    return layer


def kinds(row: dict[str, Any]) -> set[str]:
    return {cause["kind"] for cause in row["causes"]}


def explained(model: nn.Module, loss: Any, x: Tensor, y: Tensor, optimizer: Any = None) -> Any:
    return zg.explain(model, loss, x, y, optimizer).to_json()


class Clamped(nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return z.clamp(min=0)


class Maximum(nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return torch.maximum(z, torch.zeros(()))


def test_on_the_kink_of_relu() -> None:
    """Unit 1 is on the kink on sample 1, and residuals are zero there for unit 1 on sample 0."""
    model = nn.Sequential(linear([[1.0, 1], [1, -3]]), nn.ReLU(), linear([[1.0, 2]]))
    x, y = torch.tensor([[1.0, 2], [3, 1]]), torch.tensor([[1.0], [0]])
    row = explained(model, F.mse_loss, x, y)["parameters"]["0.weight"]
    assert row["entries"]["zero"] == 2
    assert kinds(row) == {"dead", "at_kink"}
    by_kind = {cause["kind"]: cause for cause in row["causes"]}
    assert by_kind["at_kink"]["samples"] == [1]
    assert by_kind["dead"]["samples"] == [0]


@pytest.mark.parametrize("kind", [Clamped, Maximum])
def test_on_the_kink_of_what_passes_something_there(kind: type[nn.Module]) -> None:
    """clamp passes all or nothing there, by its version; maximum a half: then nothing is zero."""
    model = nn.Sequential(linear([[1.0, 1], [1, -3]]), kind(), linear([[1.0, 2]]))
    x, y = torch.tensor([[1.0, 2], [3, 1]]), torch.tensor([[1.0], [0]])
    row = explained(model, F.mse_loss, x, y)["parameters"]["0.weight"]
    passes = bool(next(model.parameters()).grad[1].any())  # type: ignore[index]
    assert row["entries"]["zero"] == (0 if passes else 2)
    assert passes or "at_kink" in kinds(row)


def test_slopes_at_both_ends_of_a_clamp() -> None:
    """hardtanh passes nothing at its ends: on the kink, neither dead nor saturated."""
    z = torch.tensor([-1.0, 1.0], requires_grad=True)
    with zg.watch() as watched:
        F.hardtanh(z).sum().backward()
    (row,) = watched.report().to_json()["parameters"].values()
    assert row["entries"]["zero"] == 2
    assert kinds(row) == {"at_kink"}


def test_softmax_after_one_big_step() -> None:
    """No gradient is zero: the probability is e^−x, and underflows in float32."""
    x, w = torch.tensor([[255.0, 10, 130]]), torch.zeros(3, 3, requires_grad=True)
    with zg.watch() as watched:
        for label in (0, 1, 1):
            w.grad = None
            (-torch.log(torch.softmax(x @ w, -1)[0, label] + 1e-10)).backward()
            with torch.no_grad():
                w -= 0.5 * w.grad  # type: ignore[operator]
    (row,) = watched.report().to_json()["parameters"].values()
    assert row["entries"] == {"zero": 0, "nonzero": 9, "undecided": 0, "observed": 0}
    assert row["float"]["lost"] == 9


@pytest.mark.parametrize("value", [3.0, 1e6, 16777217.0, 0.1])
def test_layer_norm_of_one_feature(value: float) -> None:
    """The gradient of its weight is zero whatever the input is; what floats show is rounding."""
    norm = nn.LayerNorm(1)
    with zg.watch(norm) as watched:
        norm(torch.tensor([[value]])).sum().backward()
    row = watched.report().to_json()["parameters"]["weight"]
    assert row["entries"]["zero"] == 1
    (cause,) = row["causes"]
    assert (cause["kind"], cause["structural"]) == ("identity", True)
    assert row["float"]["noise"] == int(norm.weight.grad.item() != 0)  # type: ignore[union-attr]


def test_a_step_below_half_an_ulp_of_bfloat16() -> None:
    """The gradient is 2/3, the step 6·10⁻⁴, and half the way to the number below 1 is 2⁻⁹."""
    w = nn.Parameter(torch.ones(1, dtype=torch.bfloat16))
    optimizer = torch.optim.Adam([w], lr=6e-4)
    with zg.watch(optimizer=optimizer) as watched:
        for _ in range(3):
            optimizer.zero_grad()
            (w * 2 / 3).sum().backward()
            optimizer.step()
    (row,) = watched.report().to_json()["parameters"].values()
    assert row["entries"]["nonzero"] == 1
    assert (row["step"]["held"], row["step"]["moved"]) == (True, 0)
    assert row["step"]["reasons"] == ["below_half_ulp"]


def test_step_size_zero_in_every_group() -> None:
    """All schedules read the loop's last value, which is 0."""
    a, c = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": [c]}], lr=0.1)
    schedules = []
    for factor in (1.0, 0.0):
        schedules.append(lambda step: factor)  # noqa: B023, PERF401  (the fault)
    torch.optim.lr_scheduler.LambdaLR(optimizer, schedules)
    with zg.watch(optimizer=optimizer) as watched:
        ((a - 3) ** 2 + (c - 3) ** 2).sum().backward()
        optimizer.step()
    report = watched.report()
    rows = list(report.to_json()["parameters"].values())
    assert [row["step"]["reasons"] for row in rows] == [["step_size_zero"]] * 2
    assert "step size" in str(report).splitlines()[0]


def test_an_optimiser_of_old_parameters() -> None:
    """The layers were replaced by smaller ones after the optimiser was made."""
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[0], model[2] = nn.Linear(2, 2), nn.Linear(2, 1)
    with zg.watch(model, optimizer) as watched:
        F.mse_loss(model(torch.rand(4, 2)), torch.ones(4, 1)).backward()
        optimizer.step()
    assert "stood" not in str(watched.report()), "nobody saw what was there before"
    rows = watched.report().to_json()["parameters"]
    for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
        assert rows[name]["step"]["held"] is False
        assert rows[name]["step"]["moved"] == 0
        assert rows[name]["step"]["reasons"] == ["not_held"]
        assert "replaced_after" in rows[name]["step"]["notes"]


def test_an_optimiser_of_another_model() -> None:
    old, model = (nn.Sequential(*map(nn.Linear, n, n[1:])) for n in ([2, 4, 1], [2, 3, 3, 1]))
    optimizer = torch.optim.SGD(old.parameters(), lr=0.1)
    with zg.watch(model, optimizer) as watched:
        F.mse_loss(model(torch.rand(4, 2)), torch.ones(4, 1)).backward()
        optimizer.step()
    assert watched.report().verdict == "Nothing moves: the optimiser holds none of the parameters that ran."


class InAList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells = [nn.Linear(2, 2) for _ in range(2)]
        self.head = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        for cell in self.cells:
            x = torch.tanh(cell(x))
        return self.head(x)  # type: ignore[no-any-return]


def test_layers_in_a_list() -> None:
    """They get gradients, and no optimiser is told of them."""
    model = InAList()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with zg.watch(model, optimizer) as watched:
        model(torch.rand(4, 2)).square().mean().backward()
        optimizer.step()
    rows = watched.report().to_json()["parameters"]
    assert rows["head.weight"]["step"]["moved"] == 2
    loose = {name: row for name, row in rows.items() if name.startswith("cells")}
    assert set(loose) == {f"cells[{k}].{name}" for k in (0, 1) for name in ("weight", "bias")}
    for row in loose.values():
        assert row["step"]["reasons"] == ["not_held"]
        assert row["entries"]["nonzero"] == sum(row["entries"].values())
    text = " ".join(str(watched.report()).split())
    assert "they are not in model.parameters(); layers in a plain list? nn.ModuleList registers them." in text


def test_relu_learns_relu() -> None:
    """On the kink on every sample: with the other slope the loss would fall."""
    model = nn.Sequential(linear([[0.0]]), nn.ReLU())
    x, y = torch.tensor([[-2.0], [-1], [1], [2]]), torch.tensor([[0.0], [0], [1], [2]])
    report = explained(model, F.mse_loss, x, y)
    row = report["parameters"]["0.weight"]
    assert row["entries"]["zero"] == 1
    assert "at_kink" in kinds(row)
    assert "dead" not in kinds(row)
    cause = next(c for c in row["causes"] if c["kind"] == "at_kink")
    assert cause["samples"] == [0, 1, 2, 3]
    assert "dead" not in report["verdict"]


def test_inputs_that_are_all_zero() -> None:
    """Every unit is on the kink, the last one included."""
    model = nn.Sequential(
        linear([[0.3, -0.8], [0.5, 0.2]], [0.0, 0]), nn.ReLU(), linear([[0.9, -0.4]], [0.0]), nn.ReLU()
    )
    rows = explained(model, F.mse_loss, torch.zeros(2, 2), torch.full((2, 1), 0.5))["parameters"]
    for row in rows.values():
        assert row["entries"]["nonzero"] == 0
        assert row["entries"]["zero"] == sum(row["entries"].values())
        assert "dead" not in kinds(row)
        assert any(c["kind"] == "at_kink" and "3" in c["where"] for c in row["causes"])


def test_both_factors_zero() -> None:
    """Each gradient has the other factor 0; with one of them at random, it trains."""
    x, y = torch.tensor([[1.0, 2], [-1, 1]]), torch.tensor([[1.0, 0], [0, 3]])
    rows = explained(nn.Sequential(linear([[0.0, 0]]), linear([[0.0], [0]])), F.mse_loss, x, y)["parameters"]
    assert rows["0.weight"]["entries"]["zero"] == rows["1.weight"]["entries"]["zero"] == 2
    assert kinds(rows["0.weight"]) == {"zero_weight"}
    assert all(cause["structural"] for row in rows.values() for cause in row["causes"])
    assert kinds(rows["1.weight"]) <= {"zero_factor", "zero_weight"}
    rows = explained(nn.Sequential(linear([[1.0, -1]]), linear([[0.0], [0]])), F.mse_loss, x, y)["parameters"]
    assert kinds(rows["0.weight"]) == {"zero_weight"}
    assert rows["1.weight"]["entries"]["nonzero"] == 2


def test_tiny_initial_weights() -> None:
    """Gradients of products of small weights are not zero; steps of some entries are lost to rounding."""
    model = nn.Sequential(
        linear([[0.0013], [-0.0007]], [0.0004, 0.0002]),
        nn.ReLU(),
        linear([[0.0009, -0.0011], [0.0006, 0.0015]], [0.0003, -0.0005]),
        nn.ReLU(),
        linear([[0.0012, -0.0008]], [0.0001]),
    )
    x, y = torch.tensor([[0.5], [-0.25]]), torch.tensor([[0.25], [-0.125]])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    rows = explained(model, F.mse_loss, x, y, optimizer)["parameters"]
    assert rows["0.weight"]["entries"]["nonzero"] == 2
    assert rows["4.bias"]["step"]["moved"] == 1
    assert any("below_half_ulp" in str(row["step"]) for row in rows.values())


def test_argmax_in_the_loss() -> None:
    """It passes no gradient; the product with 0 that keeps the graph alive passes none either."""
    logits = torch.tensor([[0.2, 0.9], [1.5, -1.0]], requires_grad=True)
    with zg.watch() as watched:
        hard = F.one_hot(logits.argmax(-1), 2).float() + 0 * logits
        ((hard[:, 1] - torch.ones(2)) ** 2).mean().backward()
    (row,) = watched.report().to_json()["parameters"].values()
    assert row["entries"]["zero"] == 4
    assert "piecewise_constant" in kinds(row)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_confident_softmax(dtype: str, from_logits: bool) -> None:
    """1 − p is about e^−120: not zero, whatever floats show."""
    v = torch.tensor([[3.0, -1.0], [-3.0, 1.0]], dtype=getattr(torch, dtype))
    x = torch.tensor([20.0, 0.0], dtype=v.dtype, requires_grad=True)
    with zg.watch() as watched:
        if from_logits:
            F.cross_entropy((v @ x)[None], torch.tensor([0])).backward()
        else:
            (-torch.log(torch.softmax(v @ x, -1)[0])).backward()
    (row,) = watched.report().to_json()["parameters"].values()
    assert row["entries"]["nonzero"] == 2
    assert x.grad is not None
    assert row["float"]["lost"] == int((x.grad == 0).sum())


@pytest.mark.parametrize("to_none", [True, False])
def test_cleared_after_backward(to_none: bool) -> None:
    """backward gave −4, and the optimiser saw nothing of it."""
    w = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.1)
    with zg.watch(optimizer=optimizer) as watched:
        (w - 3).square().sum().backward()
        optimizer.zero_grad(set_to_none=to_none)
        optimizer.step()
    (row,) = watched.report().to_json()["parameters"].values()
    assert row["entries"]["nonzero"] == 1
    if to_none:
        assert row["step"]["moved"] == 0
        assert row["step"]["reasons"] == ["cleared"]
    else:
        assert row["step"]["moved"] == 1
        assert row["step"]["reasons"] == []
        assert "moved_without_gradient" in row["step"]["notes"]


def test_clearing_after_the_step_is_fine() -> None:
    """backward, step, zero_grad: the usual order of many scripts."""
    model = linear([[1.0, 2]], [0.5])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with zg.watch(model, optimizer) as watched:
        for _ in range(2):
            F.mse_loss(model(torch.rand(4, 2)), torch.zeros(4, 1)).backward()
            optimizer.step()
            optimizer.zero_grad()
    report = watched.report().to_json()
    for row in report["parameters"].values():
        assert row["entries"]["nonzero"] == sum(row["entries"].values())
        assert row["step"]["reasons"] == row["step"]["notes"] == []


def test_a_clipped_critic() -> None:
    """The action of sample 0 meets a clipped output: saturated, neither inactive nor dead."""
    critic = nn.Sequential(linear([[1.0]]), nn.ReLU(), linear([[2.0]]), nn.Hardtanh())
    action = torch.tensor([[3.0], [0.25]], requires_grad=True)
    with zg.watch(critic) as watched:
        (-critic(action).mean()).backward()
    (row,) = watched.report().to_json()["inputs"].values()
    assert (row["entries"]["zero"], row["entries"]["nonzero"]) == (1, 1)
    (cause,) = row["causes"]
    assert (cause["kind"], cause["samples"]) == ("saturated", [0])
    assert "dead" not in str(watched.report())


TEXTBOOK = [[0.1, 0.4, 0.2, -0.3], [0.2, -0.1, -0.4, 0.1], [0.3, 0.2, 0.1, 0.1]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_textbooks_kink(dtype: str) -> None:
    """0.1 + 0.2 − 0.3 is another number in each precision; where rounding crosses the kink, it is said."""
    from fractions import Fraction

    kind = getattr(torch, dtype)
    ones = torch.ones(1, 1, dtype=kind)
    if not runs(lambda: F.mse_loss(ones @ ones.T, ones)):
        pytest.skip("this torch does not compute with this type")
    w1 = torch.tensor(TEXTBOOK, dtype=kind, requires_grad=True)
    w2 = torch.tensor([[0.3, -0.2, 0.2], [0.1, 0.4, -0.2], [-0.3, 0.2, -0.1], [0.5, 0.1, -0.5]], dtype=kind)
    x, y = torch.tensor([[1.0, 0, 1, 1]], dtype=kind), torch.tensor([[1.0, 1, 0, 1]], dtype=kind)
    with zg.watch() as watched:
        z = x @ w1.T
        F.mse_loss(torch.relu(z) @ w2.T, y).backward()
    exact = sum(Fraction(w1[0, i].item()) for i in (0, 2, 3))
    row = next(iter(watched.report().to_json()["parameters"].values()))
    # On some machines the sum is 0 in float32: on the kink, where the slope is that of what is below it.
    crossed = (exact > 0) != (z[0, 0].item() > 0)
    assert (row["float"]["across_kink"] > 0) == crossed


def test_stationary_and_no_minimum() -> None:
    """Both weights are zero: each gradient has the other as a factor."""
    model = nn.Sequential(linear([[0.0]]), nn.ReLU(), linear([[0.0]]))
    rows = explained(model, F.mse_loss, torch.tensor([[1.0], [-1]]), torch.tensor([[1.0], [0]]))["parameters"]
    assert {"zero_weight", "at_kink"} <= kinds(rows["0.weight"])
    assert rows["2.weight"]["entries"]["zero"] == 1


def test_deep_and_narrow() -> None:
    """Layer 3 is off on all samples, layer 4 on the kink, and the last bias cancels."""
    model = nn.Sequential(
        linear([[1.0], [-1]], [0.0, 0]), nn.ReLU(),
        linear([[1.0, 1], [1, -1]], [0.0, 0]), nn.ReLU(),
        linear([[-1.0, -1], [-1, 0]], [0.0, 0]), nn.ReLU(),
        linear([[1.0, 2], [3, 1]], [0.0, 0]), nn.ReLU(),
        linear([[1.0, -1]], [2 / 3]),
    )  # fmt: skip
    model = model.double()
    with torch.no_grad():
        list(model.parameters())[-1].fill_(0.75)
    x, y = torch.tensor([[-1.0], [0], [1], [1]]).double(), torch.tensor([[1.0], [0], [1], [1]]).double()
    rows = explained(model, F.mse_loss, x, y)["parameters"]
    for row in rows.values():
        assert row["entries"]["zero"] == sum(row["entries"].values())
    assert kinds(rows["8.bias"]) == {"cancellation"}
    assert kinds(rows["6.bias"]) == {"at_kink"}
    assert "at_kink" in kinds(rows["0.weight"])


@pytest.mark.parametrize("zero_first", [True, False])
def test_a_gate_that_never_opens(zero_first: bool) -> None:
    """Each layer's gradient is a product with the other one, zero: whatever the data are."""
    first, second = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
    nn.init.zeros_(second.weight)
    if zero_first:
        nn.init.zeros_(first.weight)
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
    x, y = torch.randn(8, 3), torch.randn(8, 3)
    with zg.watch([first, second], optimizer) as watched:
        for _ in range(2):
            optimizer.zero_grad()
            F.mse_loss(x + torch.tanh(second(torch.relu(first(x)))) * x, y).backward()
            optimizer.step()
    rows = list(watched.report().to_json()["parameters"].values())
    if zero_first:
        for row in rows:
            assert row["entries"]["zero"] == 9
            assert any(cause["structural"] for cause in row["causes"])
            assert row["step"]["reasons"] == ["zero_gradient"]
    else:
        assert all(row["step"]["moved"] for row in rows)
