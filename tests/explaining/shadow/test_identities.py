"""Zeros by a law of a layer are proven, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from tests.effort import examples  # noqa: E402
from tests.explaining.shadow.proving import gradients, leaf, numbers, proven, reasons, uneven  # noqa: E402
from zerograd.explaining.shadow.identities import CANCEL, Identities  # noqa: E402

pytestmark = pytest.mark.needs("torch")


def double(*layers: nn.Module) -> nn.Sequential:
    model = nn.Sequential(*layers).double()
    uneven(model)
    return model


def parameter(model: nn.Module, name: str) -> Tensor:
    return dict(model.named_parameters())[name]


def test_bias_before_batch_norm() -> None:
    model = double(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
    x, y = numbers(6, 3), torch.tensor([0, 1, 0, 1, 1, 0])
    found = proven(lambda: F.cross_entropy(model(x), y), list(model.parameters()))
    assert [bool(z.all()) for z in found] == [False, True, False, False, False, False]
    assert [bool(z.any()) for z in found] == [False, True, False, False, False, False]


def test_batch_norm_by_running_statistics_lets_the_bias_through() -> None:
    model = double(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).eval()
    x, y = numbers(6, 3), torch.tensor([0, 1, 0, 1, 1, 0])
    assert not any(
        bool(z.any()) for z in proven(lambda: F.cross_entropy(model(x), y), list(model.parameters()))
    )


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(2), nn.InstanceNorm2d(2, affine=True), nn.GroupNorm(2, 2)])
def test_bias_of_a_convolution_before_a_norm(norm: nn.Module) -> None:
    model = double(nn.Conv2d(1, 2, 3), norm, nn.Tanh(), nn.Flatten(), nn.Linear(8, 3))
    x, y = numbers(2, 1, 4, 4), torch.tensor([0, 2])
    weight, bias, *rest = proven(lambda: F.cross_entropy(model(x), y), list(model.parameters()))
    assert bias.all() and not weight.any() and not any(bool(z.any()) for z in rest)


@pytest.mark.parametrize("shape", [(3, 4, 1, 1), (3, 2, 2, 1, 1), (3, 1, 1, 1)])
def test_numbers_added_to_groups(shape: tuple[int, ...]) -> None:
    x, shift = numbers(3, 4, 2, 2), leaf(*shape)

    def added() -> Tensor:
        return (x.reshape(3, 2, 2, 2, 2) + shift).reshape(x.shape) if len(shape) == 5 else x + shift

    def proves(norm: nn.Module) -> bool:
        uneven(norm.double())
        (zero,) = proven(lambda: torch.sum(torch.tanh(norm(added()))), [shift])
        assert bool(zero.any()) == bool(zero.all())
        return bool(zero.all())

    assert proves(nn.InstanceNorm2d(4, affine=True))
    assert proves(nn.GroupNorm(2, 4)) == (shape == (3, 1, 1, 1))
    assert proves(nn.LayerNorm([4, 2, 2])) == (shape == (3, 1, 1, 1))
    assert not proves(nn.BatchNorm2d(4))


def test_norm_of_several_channels_lets_the_bias_through() -> None:
    model = double(nn.Conv2d(1, 2, 3), nn.GroupNorm(1, 2), nn.Tanh())
    x = numbers(2, 1, 4, 4)
    assert not any(bool(z.any()) for z in proven(lambda: model(x).sum(), list(model.parameters())))


@pytest.mark.parametrize("weights", [False, True], ids=["fused", "explicit"])
@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
def test_key_bias_of_attention(weights: bool, masked: bool) -> None:
    attention = nn.MultiheadAttention(4, 2, batch_first=True).double()
    uneven(attention)
    x = numbers(2, 3, 4)
    mask = torch.zeros(2, 3, dtype=torch.bool)
    mask[0, 2] = masked

    def loss() -> Tensor:
        out, _ = attention(x, x, x, need_weights=weights, key_padding_mask=mask if masked else None)
        square: Tensor = out * out
        return square.sum()

    zero = proven(loss, [attention.in_proj_bias])[0]
    assert zero.tolist() == [False] * 4 + [True] * 4 + [False] * 4


def test_key_bias_under_a_causal_mask() -> None:
    """Where the mask puts −∞ the softmax and its gradient are 0: nothing is missing from a row."""
    keys = nn.Linear(3, 2).double()
    uneven(keys)
    closed = ~torch.ones(4, 4, dtype=torch.bool).tril()

    def loss() -> Tensor:
        queries = torch.arange(24.0).reshape(3, 4, 2).double().cos()
        scores = queries @ keys(torch.arange(36.0).reshape(3, 4, 3).double().sin()).transpose(1, 2)
        seen = scores.masked_fill(closed, -torch.inf).softmax(-1)
        square: Tensor = (seen * torch.arange(4).add(1.0)).pow(2).sum()
        return square

    bias, weight = proven(loss, [keys.bias, keys.weight])
    assert bool(bias.all())
    assert not bool(weight.any())


def test_key_bias_beside_dropped_probabilities() -> None:
    # the softmax comes before dropout, so its rows still sum to 1
    attention = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True).double()
    uneven(attention)
    x = numbers(2, 3, 4)
    torch.manual_seed(3)
    zero = proven(lambda: attention(x, x, x)[0].pow(2).sum(), [attention.in_proj_bias])[0]
    assert zero[4:8].all() and not zero[:4].any() and not zero[8:].any()


def test_probabilities_dropped_do_not_sum_to_1() -> None:
    bias = leaf(2, 1)
    x, keep = numbers(2, 4), torch.tensor([1.0, 0, 1, 1]).double()
    assert not proven(lambda: torch.sum(torch.softmax(x * bias, 1) * keep), [bias])[0].any()
    assert proven(lambda: torch.sum(torch.softmax(x * bias, 1)), [bias])[0].all()


def test_number_added_to_all_logits() -> None:
    model, shift = double(nn.Linear(3, 4)), leaf(1)
    x, y = numbers(5, 3), torch.tensor([0, 3, 2, -100, 1])
    found = proven(lambda: F.cross_entropy(model(x) + shift, y), [*model.parameters(), shift])
    assert [bool(z.any()) for z in found] == [False, False, True]


def test_number_added_to_one_logit_matters() -> None:
    shift = leaf(1)
    x, y = numbers(5, 4), torch.tensor([0, 3, 2, 2, 1])
    assert not proven(lambda: F.cross_entropy(torch.cat([x[:, :3], x[:, 3:] + shift], 1), y), [shift])[
        0
    ].any()


def test_sum_of_normalised_values_as_a_factor() -> None:
    norm, weight = nn.LayerNorm(4, elementwise_affine=False), leaf(5)
    z = numbers(5, 4).requires_grad_()
    found, of_z = proven(lambda: torch.sum(norm(z).sum(1) * weight), [weight, z])
    assert found.all() and of_z.all()
    (law,) = {each for entry in reasons(lambda: torch.sum(norm(z).sum(1) * weight), weight) for each in entry}
    assert law.operation == "native_layer_norm"
    assert proven(lambda: torch.sum(torch.tanh(norm(z).sum(1) * weight + z[:, 0])), [weight])[0].all()
    assert not proven(lambda: torch.sum(norm(z)[:, :3].sum(1) * weight), [weight])[0].any()


def test_sum_of_a_norm() -> None:
    norms = [nn.LayerNorm(4), nn.BatchNorm1d(4), nn.GroupNorm(1, 4)]
    for norm in norms:
        model = nn.Sequential(nn.Linear(3, 4), norm).double()
        x = numbers(5, 3)
        weight, bias, scale, offset = proven(lambda m=model, x=x: m(x).sum(), list(model.parameters()))  # type: ignore[misc]
        assert weight.all() and bias.all() and not offset.any()
        assert bool(scale.all()) == isinstance(norm, nn.BatchNorm1d)


def test_weighted_sum_of_a_layer_norm() -> None:
    model = double(nn.Linear(3, 4), nn.LayerNorm(4))
    x = numbers(5, 3)
    assert not any(bool(z.any()) for z in proven(lambda: model(x).sum(), list(model.parameters())))


def test_written_out_norm_and_softmax() -> None:
    shift, x = leaf(4, 1), numbers(4, 6)

    def norm() -> Tensor:
        z = x + shift
        z = z - z.mean(1, keepdim=True)
        return (z / (z.pow(2).mean(1, keepdim=True) + 1e-5).sqrt()).pow(3).sum()

    assert proven(norm, [shift])[0].all()
    assert not proven(lambda: torch.sum(x + shift).pow(3), [shift])[0].any()


def test_equal_paths_subtracted() -> None:
    a, b = leaf(3), leaf(3, seed=8)
    assert proven(lambda: torch.sum(a.tanh() - b - a.tanh()), [a, b])[0].all()
    assert not proven(lambda: torch.sum(a.tanh() - b - a.tanh()), [a, b])[1].any()
    assert not proven(lambda: torch.sum(a.tanh() - b - a.sigmoid()), [a, b])[0].any()


def test_reasons_name_the_layer() -> None:
    model = double(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh())
    x = numbers(6, 3)
    (law,) = {
        each for entry in reasons(lambda: model(x).pow(2).sum(), parameter(model, "0.bias")) for each in entry
    }
    assert law.law == "batch norm subtracts the mean of each channel" and law.structural
    assert law.operation == "native_batch_norm" and law.place.file == __file__


def test_dead_units_are_no_identity_of_the_norm_before_them() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1)).double()
    with torch.no_grad():
        parameter(model, "1.bias")[2] = -50  # unit 2 is off
    x = numbers(6, 3)
    weights = reasons(lambda: torch.sum(model(x) ** 2), parameter(model, "0.weight"))
    assert not any(weights)
    (zero,) = proven(lambda: torch.sum(model(x) ** 2), [parameter(model, "0.weight")])
    assert zero.tolist() == [[unit == 2] * 3 for unit in range(4)]


@pytest.mark.parametrize("norm", [nn.LayerNorm(4), nn.BatchNorm1d(4), nn.Softmax(-1)])
def test_reason_of_an_even_gradient_is_the_layer(norm: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(3, 4), norm).double()
    why = reasons(lambda: torch.sum(model(numbers(6, 3))), parameter(model, "0.weight"))
    layer = {
        "LayerNorm": "layer norm",
        "BatchNorm1d": "batch norm",
        "Softmax": "the probabilities of a softmax",
    }
    assert all(len(each) == 1 and each[0].law.startswith(layer[type(norm).__name__]) for each in why)


def test_reason_of_a_cancellation_of_data_is_not_structural() -> None:
    # only because the two inputs are the same number
    weight, x = leaf(1), torch.tensor([2.0, 2.0]).double()
    (why,) = reasons(lambda: torch.sum(x[0] * weight.exp() - x[1] * weight.exp()), weight)
    assert [(each.law, each.structural) for each in why] == [(CANCEL, False)]
    (why,) = reasons(lambda: torch.sum(x[0] * weight.exp() - x[0] * weight.exp()), weight)
    assert [(each.law, each.structural) for each in why] == [(CANCEL, True)]


def test_only_open_entries_are_claimed() -> None:
    model = double(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh())
    x = numbers(6, 3)
    (source,) = gradients(lambda: model(x).pow(2).sum(), [parameter(model, "0.bias")])
    open_ = torch.tensor([True, False, True, False])
    assert Identities().zero(source, open_).tolist() == open_.tolist()


def test_nothing_is_claimed_of_what_is_not_finite() -> None:
    shift, x = leaf(2, 1), numbers(2, 3)
    x[0] = -torch.inf  # the softmax of this row is nan
    zero = proven(lambda: torch.sum(torch.softmax(x + shift, 1) * numbers(2, 3, seed=2)), [shift])[0]
    assert not zero[0].any()


class Shift(nn.Module):
    """One number for each row, added to all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.by = nn.Parameter(torch.randn(5, 1))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.by
        return y


class Residual(nn.Module):
    """x + tanh(x W)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + torch.tanh(self.inner(x))
        return y


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(4, 4),
    "no bias": lambda: nn.Linear(4, 4, bias=False),
    "batch": lambda: nn.BatchNorm1d(4),
    "frozen batch": lambda: nn.BatchNorm1d(4).eval(),
    "layer": lambda: nn.LayerNorm(4),
    "plain layer": lambda: nn.LayerNorm(4, elementwise_affine=False),
    "group": lambda: nn.GroupNorm(2, 4),
    "one group": lambda: nn.GroupNorm(4, 4),
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "softmax": lambda: nn.Softmax(-1),
    "columns": lambda: nn.Softmax(0),
    "log softmax": lambda: nn.LogSoftmax(-1),
    "dropout": lambda: nn.Dropout(0.5),
    "shift": Shift,
    "residual": Residual,
}
LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": lambda z: z.sum(),
    "mean of squares": lambda z: z.pow(2).mean(),
    "cross entropy": lambda z: F.cross_entropy(z, torch.arange(len(z)) % 3),
    "some ignored": lambda z: F.nll_loss(z, torch.arange(len(z)) % 3, ignore_index=1),
    "first column": lambda z: z[:, 0].sum(),
    "row sums": lambda z: z.sum(1).exp().sum(),
}


@given(
    st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=4),
    st.sampled_from(sorted(LOSSES)),
    st.integers(0, 99),
)
@examples(100)
def test_what_is_claimed_is_zero_in_float64(layers: list[str], loss: str, seed: int) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(*(LAYERS[name]() for name in ["shift", *layers])).double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d) and not module.training:
            module.running_mean.normal_()  # type: ignore[union-attr]
    x = torch.randn(5, 4, dtype=torch.float64)
    parameters = list(model.parameters())

    def run() -> Tensor:
        torch.manual_seed(seed)
        return LOSSES[loss](model(x))

    for source, zero in zip(gradients(run, parameters), proven(run, parameters), strict=True):
        assert float(source.run[zero].abs().sum()) <= 1e-9
