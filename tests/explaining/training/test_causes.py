"""Planted causes of zero gradients: each is found where it was planted, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")

torch = pytest.importorskip("torch")

from tests.explaining.training.causing import causes  # noqa: E402
from zerograd.explaining.explanation import Cause, Kind  # noqa: E402

nn, F = torch.nn, torch.nn.functional
BATCH = 6
EVERY = tuple(range(BATCH))


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    torch.manual_seed(0)
    yield


def numbers(*shape: int) -> Any:
    """Return quarters other than 0, of which float32 makes no rounding errors in small networks."""
    return (torch.randint(1, 13, shape) * (2 * torch.randint(0, 2, shape) - 1)) / 4


def linear(inputs: int, outputs: int) -> Any:
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(numbers(outputs, inputs))
        layer.bias.copy_(numbers(outputs))
    return layer


def network(*between: Any) -> Any:
    return nn.Sequential(linear(4, 5), *between, linear(5, 2))


def put(tensor: Any, at: Any, value: float) -> None:
    with torch.no_grad():
        tensor[at] = value


def step(model: Any, x: Any = None, y: Any = None, loss: Callable[..., Any] = F.mse_loss) -> dict[str, Any]:
    x = numbers(BATCH, 4) if x is None else x
    y = 100 * numbers(BATCH, 2) if y is None else y
    return causes([model], lambda: loss(model(x), y).backward())


def only(found: tuple[Cause, ...]) -> Cause:
    assert len(found) == 1, found
    return found[0]


def test_nothing_is_invented() -> None:
    model = network(nn.LeakyReLU(0.5))
    assert step(model) == {}


@pytest.mark.parametrize(
    ("activation", "bias", "kind"),
    [
        (nn.ReLU(), -100, Kind.DEAD),
        (nn.ReLU6(), -100, Kind.DEAD),
        (nn.ReLU6(), 100, Kind.SATURATED),
        (nn.Hardtanh(), -100, Kind.SATURATED),
        (nn.Hardtanh(), 100, Kind.SATURATED),
        (nn.Hardsigmoid(), -100, Kind.SATURATED),
        (nn.Hardsigmoid(), 100, Kind.SATURATED),
        (nn.Hardswish(), -100, Kind.DEAD),
        (nn.Threshold(0.5, 1.0), -100, Kind.DEAD),
    ],
)
def test_units_beyond_a_kink(activation: Any, bias: float, kind: Kind) -> None:
    model = network(activation)
    with torch.no_grad():
        model[0].weight.copy_(0.125 * model[0].weight.sign())
        model[0].bias.copy_(torch.full((5,), 0.75))
    put(model[0].bias, 3, bias)
    found = step(model, x=0.25 * numbers(BATCH, 4).sign())
    cause = only(found["0.weight"])
    assert (cause.kind, cause.entries, cause.alone, cause.structural) == (kind, 4, True, False)
    assert (cause.samples, cause.all_samples) == (EVERY, True)
    assert cause.where == f"1 ({type(activation).__name__}), unit 3"
    assert cause.details["units"] == (3,)
    assert cause.details["of"] == 5
    assert only(found["0.bias"]).kind is kind
    assert set(found) <= {"0.weight", "0.bias", "2.weight"}
    for other in found.get("2.weight", ()):
        assert other.details["units"] == (3,)


def test_a_unit_without_incoming_weights_is_off_whatever_the_data_are() -> None:
    model = network(nn.ReLU())
    put(model[0].bias, slice(None), 100)
    put(model[0].bias, 3, -1)
    put(model[0].weight, 3, 0)
    cause = only(step(model)["0.weight"])
    assert (cause.kind, cause.structural, cause.details["units"]) == (Kind.DEAD, True, (3,))


def test_a_unit_on_the_kink() -> None:
    model = network(nn.ReLU())
    put(model[0].bias, slice(None), 100)
    put(model[0].bias, 2, 0)
    put(model[0].weight, 2, 0)
    found = step(model)
    cause = only(found["0.weight"])
    assert (cause.kind, cause.structural) == (Kind.AT_KINK, True)
    assert cause.details["other_slope"] == Fraction(1)
    assert cause.where == "1 (ReLU), unit 2"
    assert {c.kind for c in found["2.weight"]} == {Kind.ZERO_FACTOR}


def test_the_slope_on_the_other_side_of_a_kink() -> None:
    """One weight that should become 1, and starts at 0: the loss falls with slope 5/2 to the right."""
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU())
    put(model[0].weight, slice(None), 0)
    x, y = torch.tensor([[-2.0], [-1], [1], [2]]), torch.tensor([[0.0], [0], [1], [2]])
    cause = only(step(model, x, y)["0.weight"])
    assert cause.samples == (0, 1, 2, 3)
    assert cause.details["other_gradient"] == -2.5


@pytest.mark.parametrize(
    ("activation", "at", "slope", "side"),
    [
        (nn.Hardtanh(), 1, 1, "left"),
        (nn.Hardtanh(), -1, 1, "right"),
        (nn.ReLU6(), 6, 1, "left"),
        (nn.Hardsigmoid(), 3, Fraction(1, 6), "left"),
        (nn.Softshrink(0.5), 0.5, 1, "right"),
    ],
)
def test_slopes_beside_kinks(activation: Any, at: float, slope: Any, side: str) -> None:
    w = torch.nn.Parameter(torch.tensor([float(at)]))
    found = causes([activation], lambda: (activation(w) * 4).sum().backward())
    cause = only(found[next(iter(found))])
    assert (cause.kind, cause.details["other_slope"]) == (Kind.AT_KINK, slope)
    assert cause.details["other_side"] == side
    assert cause.details["other_gradient"] == pytest.approx(float(4 * slope))


def test_weights_that_lead_nowhere() -> None:
    model = network(nn.LeakyReLU(0.5))
    put(model[2].weight, (slice(None), 1), 0)
    found = step(model)
    cause = only(found["0.weight"])
    assert (cause.kind, cause.structural, cause.samples) == (Kind.ZERO_WEIGHT, True, None)
    assert cause.details["weight"] == "2.weight"
    assert cause.where == "1 (LeakyReLU), unit 1"
    assert set(found) == {"0.weight", "0.bias"}


def test_an_input_that_is_zero() -> None:
    x = numbers(BATCH, 4)
    x[:, 1] = 0
    found = step(network(nn.LeakyReLU(0.5)), x=x)
    assert set(found) == {"0.weight"}
    cause = only(found["0.weight"])
    assert (cause.kind, cause.structural, cause.samples) == (Kind.ZERO_FACTOR, False, EVERY)
    assert cause.details["factor"] == "the input"
    assert cause.where == "0 (Linear), feature 1"
    assert cause.entries == 5


def test_two_factors_that_are_zero_hold_each_other() -> None:
    model = nn.Sequential(nn.Linear(4, 5, bias=False), nn.Linear(5, 2, bias=False))
    for layer in model:
        put(layer.weight, slice(None), 0)
    found = step(model)
    first, second = only(found["0.weight"]), only(found["1.weight"])
    assert (first.kind, first.structural, first.details["both"]) == (Kind.ZERO_WEIGHT, True, True)
    assert (second.kind, second.structural, second.details["both"]) == (Kind.ZERO_FACTOR, True, True)
    assert second.details["factor"] == "0.weight"
    model.zero_grad()
    put(model[0].weight, slice(None), 1)
    assert "both" not in only(step(model)["0.weight"]).details


def test_weights_and_biases_that_are_zero_make_an_output_that_is() -> None:
    model = nn.Sequential(linear(4, 5), linear(5, 2))
    put(model[0].weight, slice(None), 0)
    put(model[0].bias, slice(None), 0)
    cause = only(step(model)["1.weight"])
    assert (cause.kind, cause.structural) == (Kind.ZERO_FACTOR, True)
    assert cause.details["factor"] == "the output of 0 (Linear)"


def test_a_dropout_mask() -> None:
    found = step(network(nn.Dropout(0.9)))
    cause = only(found["0.weight"])
    assert (cause.kind, cause.structural) == (Kind.ZERO_FACTOR, False)
    assert cause.details["factor"] == "the dropout mask"


def test_residuals_that_are_zero() -> None:
    model, x = network(nn.ReLU()), numbers(BATCH, 4)
    found = step(model, x, model(x).detach())
    for name in ("0.weight", "2.weight", "2.bias"):
        (cause, *_) = [c for c in found[name] if c.kind is Kind.ZERO_ADJOINT]
        assert (cause.samples, cause.structural) == (EVERY, False)
        assert cause.details["why"] == "the residual is 0"


@pytest.mark.parametrize("by_hand", [False, True])
def test_one_output_whose_residuals_are_zero(by_hand: bool) -> None:
    model, x, y = network(nn.LeakyReLU(0.5)), numbers(BATCH, 4), 100 * numbers(BATCH, 2)
    y[:, 1] = model(x).detach()[:, 1]
    loss = (lambda a, b: (a - b).square().mean()) if by_hand else F.mse_loss
    found = step(model, x, y, loss)
    assert set(found) == {"2.weight", "2.bias"}
    assert only(found["2.bias"]).kind is Kind.ZERO_ADJOINT


def test_a_loss_at_its_bound() -> None:
    model, x = network(nn.LeakyReLU(0.5)), numbers(BATCH, 4)
    y = 1000 * model(x).detach().sign()
    cause = only(step(model, x, y, lambda a, b: (1 - a * b).clamp(min=0).mean())["2.bias"])
    assert cause.kind is Kind.ZERO_ADJOINT
    assert cause.details["why"] == "it is at its bound there"


def test_a_unit_that_rounding_put_on_its_kink_is_off_and_neither_on_the_kink_nor_the_loss() -> None:
    """Exactly its argument is 1; float32 has 0 there."""
    w = nn.ParameterList([torch.ones(1)])
    cause = only(causes([w], lambda: torch.relu((w[0] + 1e8) - 1e8).sum().backward())["0"])
    assert (cause.kind, cause.details["activation"]) == (Kind.DEAD, "relu")
    cause = only(causes([w], lambda: torch.relu((w[0] + 1) - 2).sum().backward())["0"])
    assert cause.kind is Kind.AT_KINK


def test_labels_that_are_ignored() -> None:
    found = step(network(nn.LeakyReLU(0.5)), y=torch.full((BATCH,), -100), loss=F.cross_entropy)
    assert len(found) == 4
    for cause in map(only, found.values()):
        assert cause.kind is Kind.ZERO_ADJOINT
        assert "ignored" in cause.details["why"]


def test_a_mean_over_nothing() -> None:
    found = step(network(nn.ReLU()), torch.zeros(0, 4), torch.zeros(0, 2))
    for cause in map(only, found.values()):
        assert (cause.kind, cause.details["why"]) == (Kind.ZERO_ADJOINT, "it is a mean over nothing")


def test_terms_that_cancel() -> None:
    model = nn.Sequential(linear(4, 2))
    x = numbers(BATCH, 4)
    y = model(x).detach() + torch.tensor([3.0, -1, -2, 0, 0, 0])[:, None]
    cause = only(step(model, x, y)["0.bias"])
    assert (cause.kind, cause.structural, cause.samples) == (Kind.CANCELLATION, False, (0, 1, 2))
    assert sum(cause.details["terms"]) == pytest.approx(0, abs=1e-6)
    assert len(cause.details["terms"]) == 3
    assert cause.where == "0 (Linear)"


def test_a_law_of_a_layer() -> None:
    model = nn.Sequential(linear(4, 3), nn.BatchNorm1d(3))
    cause = only(step(model, y=numbers(BATCH, 3))["0.bias"])
    assert (cause.kind, cause.structural) == (Kind.IDENTITY, True)
    assert cause.where == "1 (BatchNorm1d)"


def test_a_softmax_of_one_output() -> None:
    found = step(nn.Sequential(linear(4, 1)), y=torch.zeros(BATCH, dtype=torch.long), loss=F.cross_entropy)
    assert {c.kind for name in found for c in found[name]} == {Kind.IDENTITY}
    assert set(found) == {"0.weight", "0.bias"}


def test_rows_that_nobody_looks_up() -> None:
    model = nn.Sequential(nn.Embedding(6, 3), nn.Flatten(), linear(6, 2))
    found = step(model, torch.tensor([[0, 1], [1, 2], [0, 2], [1, 1], [0, 0], [2, 1]]))
    cause = only(found["0.weight"])
    assert (cause.kind, cause.structural, cause.entries) == (Kind.ZERO_FACTOR, False, 9)


def test_what_is_not_used() -> None:
    w = torch.nn.Parameter(numbers(4))
    found = causes([], lambda: (w[:2] * numbers(2)).sum().backward())
    (cause,) = next(iter(found.values()))
    assert (cause.kind, cause.entries) == (Kind.NOT_CONNECTED, 2)


def zeroed() -> Any:
    factor = numbers(4) * 2
    factor.zero_()
    return factor


@pytest.mark.parametrize(
    ("loss", "factor"),
    [
        (lambda w: torch.cdist(w.reshape(2, 2), w.reshape(2, 2)).sum(), "what cdist lets through"),
        (lambda w: (w * zeroed()).sum(), "a constant 0"),
    ],
    ids=["cdist", "zero_"],
)
def test_what_is_used_is_not_said_to_be_unconnected(loss: Callable[[Any], Any], factor: str) -> None:
    """Points at distance 0, and a factor that the program wrote over with 0."""
    w = torch.nn.Parameter(torch.ones(4))
    found = causes([], lambda: loss(w).backward())
    (cause,) = next(iter(found.values()))
    assert (cause.kind, cause.details["factor"]) == (Kind.ZERO_FACTOR, factor)


@pytest.mark.parametrize("function", [torch.round, torch.sign, torch.floor])
def test_steps_of_a_staircase(function: Any) -> None:
    w = torch.nn.Parameter(numbers(4))
    found = causes([], lambda: (function(w * 1.5) * numbers(4)).sum().backward())
    cause = only(next(iter(found.values())))
    assert cause.kind is Kind.PIECEWISE_CONSTANT
    assert cause.details["operation"] == function.__name__


class Functional(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.out = linear(4, 5), linear(5, 2)

    def forward(self, x: Any) -> Any:
        return self.out(self.activation(self.fc(x)))

    activation = staticmethod(F.relu)


FORMS = {
    "relu": F.relu,
    "clamp": lambda z: z.clamp(min=0),
    "where": lambda z: torch.where(z > 0, z, 0.0),
    "masked_fill": lambda z: z.masked_fill(z < 0, 0.0),
    "mul": lambda z: z * (z > 0),
    "maximum": lambda z: torch.maximum(z, torch.zeros(())),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_relu(name: str) -> None:
    model = Functional()
    model.activation = FORMS[name]
    put(model.fc.bias, slice(None), 100)
    put(model.fc.bias, 3, -100)
    found = step(model)
    for parameter in ("fc.weight", "fc.bias"):
        cause = only(found[parameter])
        assert (cause.kind, cause.details["units"], cause.samples) == (Kind.DEAD, (3,), EVERY)
        assert cause.where == f"{name} after fc, unit 3"
    assert {c.kind for c in found["out.weight"]} <= {Kind.DEAD, Kind.ZERO_FACTOR}


def test_two_layers_on_one_line_are_two_places() -> None:
    a, b, c = linear(4, 5), linear(5, 5), linear(5, 2)
    for layer in (a, b):
        put(layer.bias, slice(None), 1000)
    put(a.bias, 3, -1000)
    put(b.bias, 2, -100000)
    put(b.weight, slice(None), 1)
    x, y = numbers(BATCH, 4), numbers(BATCH, 2)
    found = causes([a, b, c], lambda: F.mse_loss(c(F.relu(b(F.relu(a(x))))), y).backward())
    first, second = only(found["Linear.weight"]), only(found["Linear2.bias"])
    assert (first.kind, first.details["units"]) == (Kind.DEAD, (3,))
    assert (second.kind, second.details["units"]) == (Kind.DEAD, (2,))
    assert all(cause.alone for name in found for cause in found[name])


def test_a_cell_that_runs_several_times_is_one_place() -> None:
    cell, out = linear(4, 4), linear(4, 2)
    put(cell.bias, slice(None), 10)
    put(cell.bias, 1, -1000)
    x, y = numbers(BATCH, 4), numbers(BATCH, 2)

    def run() -> None:
        h = x
        for _ in range(3):
            h = F.relu(cell(h))
        F.mse_loss(out(h), y).backward()

    dead = [c for c in causes([cell, out], run)["Linear.bias"] if c.kind is Kind.DEAD and c.alone]
    assert [(c.details["units"], c.samples) for c in dead] == [((1,), EVERY)]


def test_gradients_that_add_up_over_two_batches() -> None:
    model = network(nn.ReLU())
    put(model[0].bias, slice(None), 100)
    put(model[0].bias, 3, -100)
    batches = [(numbers(BATCH, 4), numbers(BATCH, 2)) for _ in range(2)]

    def run() -> None:
        for x, y in batches:
            F.mse_loss(model(x), y).backward()

    cause = only(causes([model], run)["0.weight"])
    assert (cause.kind, cause.details["units"], cause.samples) == (Kind.DEAD, (3,), EVERY)


def test_a_channel_that_is_off() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), linear(36, 2))
    put(model[0].bias, slice(None), 10)
    put(model[0].bias, 2, -100)
    found = step(model, torch.rand(BATCH, 1, 8, 8))
    for name in ("0.weight", "0.bias", "4.weight"):
        cause = only(found[name])
        assert (cause.kind, cause.details["units"], cause.samples) == (Kind.DEAD, (2,), EVERY)


def test_two_causes_that_cover_the_terms_together() -> None:
    model = network(nn.ReLU())
    put(model[0].bias, slice(None), 100)
    put(model[0].bias, 0, 0)
    put(model[0].weight, (0, slice(None)), 0)
    put(model[0].weight, (0, 0), 1)
    x = numbers(BATCH, 4)
    x[:, 0] = torch.tensor([-1.0, 2, -1, -1, 3, -1])
    y = 100 * numbers(BATCH, 2)
    y[[1, 4]] = model(x).detach()[[1, 4]]
    found = {c.kind: c for c in step(model, x, y)["0.bias"]}
    assert set(found) == {Kind.DEAD, Kind.ZERO_ADJOINT}
    dead, flat = found[Kind.DEAD], found[Kind.ZERO_ADJOINT]
    assert (dead.alone, dead.samples, dead.details["units"]) == (False, (0, 2, 3, 5), (0,))
    assert (flat.alone, flat.samples) == (False, (1, 4))


def test_several_causes_that_suffice_alone_are_all_named() -> None:
    model, x = network(nn.ReLU()), numbers(BATCH, 4)
    put(model[0].bias, slice(None), 100)
    put(model[0].bias, 1, -100)
    put(model[2].weight, (slice(None), 1), 0)
    x[:, 3] = 0
    found = step(model, x)["0.weight"]
    assert {c.kind for c in found} == {Kind.DEAD, Kind.ZERO_WEIGHT, Kind.ZERO_FACTOR}
    assert all(c.alone for c in found)
    assert {c.kind: c.entries for c in found} == {Kind.DEAD: 4, Kind.ZERO_WEIGHT: 4, Kind.ZERO_FACTOR: 5}


def test_structural_causes_hold_with_other_data() -> None:
    model = network(nn.ReLU(), linear(5, 5), nn.Hardtanh())
    put(model[0].bias, slice(None), 100)
    put(model[0].weight, 1, 0)
    put(model[0].bias, 1, -1)
    put(model[0].bias, 4, -100)
    put(model[2].weight, (slice(None), 0), 0)
    before = step(model)
    after = step(model, 50 * numbers(BATCH, 4))
    for name, found in before.items():
        for cause in found:
            if cause.structural and cause.alone:
                assert any(c.kind is cause.kind and c.structural for c in after[name])
    (dead,) = [c for c in before["0.bias"] if c.kind is Kind.DEAD and c.structural]
    assert dead.details["units"] == (1,)


def test_what_is_saturated_behind_a_saturated_unit_may_be_so_only_with_these_data() -> None:
    """The first unit is at its lower bound here; other data take it to the upper one."""
    model = nn.Sequential(linear(1, 1), nn.Hardtanh(), linear(1, 1), nn.Hardtanh(), linear(1, 1))
    for layer, weight, bias in ((0, 1.0, 0.0), (2, 1.25, -1.0), (4, 1.0, 0.0)):
        put(model[layer].weight, slice(None), weight)
        put(model[layer].bias, slice(None), bias)
    low = torch.full((BATCH, 1), -3.0)
    assert not any(cause.structural for cause in step(model, low, numbers(BATCH, 1))["2.bias"])
