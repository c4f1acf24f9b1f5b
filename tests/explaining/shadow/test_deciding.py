"""Classes of entries agree with exact gradients, zeros that cancel included."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.effort import seeds

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

from tests.explaining.shadow.recorded import Network, bounded, flat, recorded  # noqa: E402
from zerograd.explaining.shadow import balls, deciding  # noqa: E402
from zerograd.explaining.shadow.deciding import Budget, Classes, decide, decide_all, signs  # noqa: E402
from zerograd.explaining.shadow.residues import primes  # noqa: E402

NOTHING = Budget(primes=0, operations=0, pairs=False)


def round_numbers(seed: int) -> Network:
    """Quarters for parameters and inputs, so that the run is exact, and samples twice: residuals cancel."""
    torch.manual_seed(seed)
    sizes = (4, 5, 4, 2)

    def draw(*shape: int) -> Tensor:
        return torch.randint(-4, 5, shape) / 4

    net = Network(
        [draw(b, a) for a, b in pairwise(sizes)],
        [draw(b) for b in sizes[1:]],
        draw(6, 4),
        draw(6, 2),
    )
    net.x[3:] = net.x[:3]
    run = net.x
    for w, b in zip(net.weights[:-1], net.biases[:-1], strict=True):
        run = torch.nn.functional.linear(run, w, b).relu()
    out = torch.nn.functional.linear(run, net.weights[-1], net.biases[-1])
    net.y[3:5] = 2 * out[:2] - net.y[:2]  # the third sample is not cancelled
    net.y[2::3, seed % 2] = out[2::3, seed % 2]
    return net


def mirrored(seed: int, dtype: Any) -> Network:
    """Random floats, each unit twice with opposite outgoing weights: what is passed back to x cancels."""
    torch.manual_seed(seed)
    w, b, v = torch.randn(6, 4), torch.randn(6), torch.randn(2, 6)
    tensors = [
        torch.cat([w, w]),
        torch.cat([v, -v], 1),
        torch.cat([b, b]),
        torch.randn(2),
        torch.randn(7, 4),
        torch.randn(7, 2),
    ]
    w, v, b, c, x, y = (t.to(dtype) for t in tensors)
    return Network([w, v], [b, c], x, y)


def networks(seed: int) -> list[Network]:
    return [round_numbers(seed), mirrored(seed, [torch.float64, torch.float32, torch.bfloat16][seed % 3])]


def assert_right(classes: Classes, exact: Any) -> None:
    numbers = flat(exact)
    assert classes.zero.flatten().tolist() == [x == 0 for x in numbers]
    assert classes.nonzero.flatten().tolist() == [x != 0 for x in numbers]
    assert not classes.undecided.any()
    assert not classes.is_observed


BUDGETS = {
    "all": Budget(),
    "residues alone": Budget(operations=0),
    "balls alone": Budget(primes=0),
}


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
@pytest.mark.parametrize("seed", seeds(30, 6))
def test_every_entry(seed: int, budget: Budget) -> None:
    for net in networks(seed):
        for classes, exact in zip(decide_all(net.gradients(), bounded(), budget), net.exact(), strict=True):
            assert_right(classes, exact)


@pytest.mark.parametrize("seed", seeds(10, 3))
def test_signs(seed: int) -> None:
    for net in networks(seed):
        for source, exact in zip(net.gradients(), net.exact(), strict=True):
            assert signs(source, bounded()).flatten().tolist() == [(x > 0) - (x < 0) for x in flat(exact)]


def test_error_bounds_alone_leave_what_cancels_open() -> None:
    net = mirrored(0, torch.float32)
    (of_x, *_), (exact, *_) = net.gradients(), net.exact()
    assert not any(flat(exact))
    classes = decide(of_x, bounded(), NOTHING)
    assert classes.undecided.any()
    assert not (classes.zero & classes.undecided).any()
    assert not classes.nonzero.any()
    assert (signs(of_x, bounded(), NOTHING) == 2).equal(classes.undecided)


def test_out_of_time() -> None:
    classes = decide(mirrored(0, torch.float32).gradients()[0], bounded(), Budget(seconds=0))
    assert classes.undecided.any()


def test_too_few_primes_prove_no_zero() -> None:
    of_x = mirrored(1, torch.float64).gradients()[0]
    few, enough = Budget(primes=2, operations=0), Budget(operations=0)
    assert decide(of_x, bounded(), few).undecided.any()
    assert not decide(of_x, bounded(), enough).undecided.any()


def test_tiny_but_not_zero() -> None:
    """1 + 2⁻⁶⁰ − 1, and a number that is 0 modulo the first primes."""
    one, tiny, large = (torch.tensor([x], dtype=torch.float64) for x in (1.0, 2.0**-60, float(2**120)))
    factors = torch.tensor([float(p) for p in islice(primes(), 2)], dtype=torch.float64)
    (a, b) = recorded(lambda: [one + tiny - one, large + factors[:1] * factors[1:] - large])
    for budget in (Budget(operations=0), Budget(primes=0)):
        assert decide(a, bounded(), budget).nonzero.all()
        assert decide(b, bounded(), budget).nonzero.all()
    assert decide(b, bounded(), Budget(primes=2, operations=0, pairs=False)).undecided.all()
    assert signs(a, bounded()).tolist() == [1]


def test_irrational() -> None:
    x = torch.tensor([0.5, -1.25, 3.0])

    def program() -> list[Tensor]:
        a, b = x.tanh(), (-x).tanh()
        return [a + b, a * (x.exp() - x.exp()) + 2.0**-100]

    cancels, above = recorded(program)
    classes = decide(cancels, bounded())
    assert classes.undecided.all()
    assert classes.precision == deciding.PRECISIONS[-1]
    assert decide(cancels, bounded(), Budget(precisions=(64, 256))).precision == 256
    assert signs(above, bounded()).tolist() == [1, 1, 1]
    assert decide(above, bounded()).precision == 128
    assert decide(above, bounded(), Budget(operations=0)).precision == deciding.PAIRS


@pytest.mark.parametrize("budget", [Budget(operations=0), Budget(pairs=False)])
def test_small_gradients_of_a_deep_network(budget: Budget) -> None:
    """Error bounds grow from layer to layer; more digits outgrow them."""
    torch.manual_seed(0)
    layers = [(torch.randn(12, 12) / 2).requires_grad_() for _ in range(24)]

    def program() -> list[Tensor]:
        x = torch.randn(3, 12)
        for w in layers:
            x = (x @ w).tanh()
        x.square().sum().backward()
        return [w.grad for w in layers if w.grad is not None]

    sources = recorded(program)
    assert any(c.undecided.any() for c in decide_all(sources, bounded(), NOTHING))
    for c in decide_all(sources, bounded(), budget):
        assert c.nonzero.all()


def test_identities_are_asked_where_it_is_open() -> None:
    x = torch.tensor([0.5, -1.25, 0.0])
    asked: list[Tensor] = []

    def identity(source: Any, mask: Tensor) -> Tensor:
        asked.append(mask)
        return torch.tensor([True, False, True])

    (cancels,) = recorded(lambda: [x.tanh() + (-x).tanh()])
    classes = decide(cancels, bounded(), identity=identity)
    assert classes.zero.tolist() == [True, False, True]
    assert classes.undecided.tolist() == [False, True, False]
    assert [mask.tolist() for mask in asked] == [[True, True, False]]


def test_observed_only() -> None:
    x = torch.tensor([0.5, 2.0])
    strange, fine = recorded(lambda: [torch.special.airy_ai(x) * 0, x - x])
    classes = decide_all([strange, fine], bounded())
    assert classes[0].is_observed
    assert classes[0].undecided.all()
    assert classes[1].zero.all()


def test_quotients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Residues of quotients show what is not zero; exact fractions show what is."""
    x, y = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([3.0, 7.0, 11.0])
    (source,) = recorded(lambda: [(x / y) * 3 - torch.stack([x[0], x[1] * 3 / y[1], x[2]])])
    classes = decide(source, bounded())
    assert classes.zero.tolist() == [True, True, False]
    monkeypatch.setattr(deciding, "BallDomain", None)  # residues are enough
    assert decide(source, bounded(), Budget(seconds=30), lambda s, mask: mask).nonzero.tolist() == [
        False,
        False,
        True,
    ]
    assert balls.LONGEST > 0


def test_what_is_no_number_stays_undecided() -> None:
    x = torch.tensor([1.0, float("nan"), float("inf"), -float("inf")])
    (source,) = recorded(lambda: [x * 0])
    classes = decide(source, bounded())
    assert classes.zero.tolist() == [True, False, False, False]
    assert classes.undecided.tolist() == [False, True, True, True]
