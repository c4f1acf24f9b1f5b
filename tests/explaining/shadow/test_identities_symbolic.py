"""Zeros of small graphs, by rational functions of transcendental numbers."""

from __future__ import annotations

from collections.abc import Callable

import flint
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from tests.effort import examples  # noqa: E402
from tests.explaining.shadow.proving import leaf, numbers, proven, reasons  # noqa: E402
from zerograd.explaining.shadow.domain import Cannot  # noqa: E402
from zerograd.explaining.shadow.identities.quotients import Field, Quotient  # noqa: E402

pytestmark = pytest.mark.needs("torch")


def one_chosen(a: Tensor) -> Tensor:
    """The largest probability, divided by the sum of those that were chosen: itself."""
    p = torch.softmax(a, 0).topk(1).values
    loss: Tensor = (p / p.sum() * 3).sum()
    return loss


def two_chosen(a: Tensor) -> Tensor:
    """The larger of two probabilities, divided by their sum."""
    p = torch.softmax(a, 0).topk(2).values
    loss: Tensor = (p / p.sum())[0]
    return loss


def unit(columns: int) -> Callable[[Tensor], Tensor]:
    """Rows of length 1, weighted."""
    weights = numbers(4 // columns, columns)
    return lambda a: torch.sum(F.normalize(a.reshape(-1, columns), dim=1) * weights)


@pytest.mark.parametrize(
    ("loss", "zero"),
    [
        (one_chosen, True),
        (unit(1), True),
        (unit(2), False),
        (lambda a: torch.sum(a / a), True),
        (lambda a: torch.sum(a / (a + 1)), False),
        (lambda a: torch.sum((a + 1) - a), True),
        (lambda a: torch.sum((a.softmax(0) + 2 - a.softmax(0)).exp()), True),
        (lambda a: torch.sum((a.exp().log() - a).exp()), True),
        (lambda a: torch.sum(a.sin() ** 2 + a.cos() ** 2), True),
        (lambda a: torch.sum(a.sin() ** 2 - a.cos() ** 2), False),
        (lambda a: torch.sum(a.sigmoid() + (-a).sigmoid()), True),
        (lambda a: torch.sum(a.exp() * (-a).exp()), True),
        (lambda a: torch.sum((a.exp() + 1).sqrt() ** 2 - a.exp()), True),
        (lambda a: torch.sum(torch.log_softmax(a, 0).exp()), True),
    ],
)
def test_small_programs(loss: Callable[[Tensor], Tensor], zero: bool) -> None:
    a = leaf(4)
    (found,) = proven(lambda: loss(a), [a])
    assert found.tolist() == [zero] * 4


def test_two_chosen_of_four() -> None:
    # p₁ / (p₁ + p₂) depends on the two that were chosen, not on the others
    a = leaf(4)
    (found,) = proven(lambda: two_chosen(a), [a])
    assert found.tolist() == (a < a.topk(2).values[1]).tolist()


def test_weight_norm_of_one_entry() -> None:
    model = torch.nn.utils.parametrizations.weight_norm(nn.Linear(1, 3)).double()
    x = numbers(2, 1)
    names = [name for name, _ in model.named_parameters()]
    found = dict(
        zip(names, proven(lambda: torch.tanh(model(x)).sum(), list(model.parameters())), strict=True)
    )
    direction = found.pop("parametrizations.weight.original1")
    assert direction.all() and not any(bool(z.any()) for z in found.values())


def test_choices_are_not_structural() -> None:
    a, b = leaf(4), leaf(1)
    assert {each.structural for why in reasons(lambda: one_chosen(a), a) for each in why} == {False}
    assert {each.structural for why in reasons(lambda: torch.sum(b / b), b) for each in why} == {True}


@pytest.mark.parametrize(
    ("x", "f"), [(0.0, torch.cos), (0.0, torch.exp), (1.0, torch.sqrt)], ids=["cos", "exp", "sqrt"]
)
def test_value_at_a_number_of_the_data_is_not_structural(x: float, f: Callable[[Tensor], Tensor]) -> None:
    """cos 0 = 1, so that terms cancel for these data, and for no others."""
    data, other = numbers(1) * 0 + x, numbers(1, seed=3)
    a = leaf(1)

    def loss() -> Tensor:
        total: Tensor = (a * (f(data) * other.exp() - other.exp())).sum()
        return total

    ((reason,),) = reasons(loss, a)
    assert not reason.structural


def test_nothing_is_claimed_beside_a_quotient_by_zero() -> None:
    """1/0 is no number, and no reason to give up with an error."""
    a, first = leaf(2), torch.tensor([True, False])

    def loss() -> Tensor:
        a.grad = numbers(2)
        total: Tensor = torch.where(first, a, (a - a).sqrt() * 0 + a.exp()).sum()
        return total

    assert not any(zero.any() for zero in proven(loss, [a]))


def test_written_out_softmax_does_not_change_by_a_shift() -> None:
    a, shift = leaf(3), leaf(1, seed=9)

    def loss() -> Tensor:
        e = (a + shift).exp()
        total: Tensor = (e / e.sum() * torch.arange(3)).sum()
        return total

    of_a, of_shift = proven(loss, [a, shift])
    assert of_shift.all() and not of_a.any()


def test_field_knows_relations_and_no_others() -> None:
    field, x, y = Field(), flint.fmpq(1, 3), flint.fmpq(1, 2)
    e, other = field.function("exp", x), field.function("exp", y)
    assert isinstance(e, Quotient) and isinstance(e - other, Quotient)
    assert e * field.function("exp", -x) == 1
    assert field.function("log", e) != e
    assert field.function("exp", field.function("log", e + other)) - e - other == 0
    root = field.function("sqrt", e)
    assert root * root - e == 0 and isinstance(root - e, Quotient)
    assert field.function("sqrt", flint.fmpq(4, 9)) == flint.fmpq(2, 3)


def test_denominator_that_may_be_zero_is_refused() -> None:
    field = Field()
    e = field.function("exp", flint.fmpq(1))
    zero = field.function("log1p", flint.fmpq(0))
    with pytest.raises(Cannot):
        field.function("reciprocal", zero)
    # sin² + cos² − 1 is 0, although nothing says so before it is reduced
    s, c = field.function("sin", e), field.function("cos", e)
    assert s * s + c * c - flint.fmpq(1) == 0


NAMES = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "expm1", "log1p", "softplus", "erf", "rsqrt"]


STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(1, 9), st.integers(1, 4)), min_size=1, max_size=4
)


@given(STEPS)
@examples(100)
def test_values_lie_in_the_balls_of_their_expressions(steps: list[tuple[str, int, int]]) -> None:
    field, x = Field(), flint.fmpq(1, 2)
    with flint.ctx.workprec(256):
        y = flint.arb(x)
        for name, p, q in steps:
            number = flint.fmpq(p, q)
            value, ball = field.function(name, x * x + number), _ball(name, y * y + flint.arb(number))
            try:
                x = value / (value * value + number)
            except Cannot:  # too large
                return
            y = ball / (ball * ball + flint.arb(number))
        assert field.ball(x).overlaps(y)
        assert abs(field.ball(x) - y) < flint.arb("1e-40")


def _ball(name: str, x: flint.arb) -> flint.arb:
    match name:
        case "sigmoid":
            return 1 / (1 + (-x).exp())
        case "softplus":
            return (1 + x.exp()).log()
        case _:
            value: flint.arb = getattr(x, name)()
            return value
