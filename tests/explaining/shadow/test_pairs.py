"""Pairs of float64 enclose exact fractions and python-flint's values, closely."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

from tests.explaining.shadow.programs import Fractions, Step, leaves, programs, run  # noqa: E402
from tests.explaining.shadow.recorded import recorded  # noqa: E402
from zerograd.explaining.shadow.balls import BallDomain  # noqa: E402
from zerograd.explaining.shadow.domain import Cannot, Convolution  # noqa: E402
from zerograd.explaining.shadow.evaluation import Evaluation  # noqa: E402
from zerograd.explaining.shadow.functions import NAMES, ball  # noqa: E402
from zerograd.explaining.shadow.pairs.arithmetic import Pair, two_product, two_sum  # noqa: E402
from zerograd.explaining.shadow.pairs.domain import PairDomain, nonzero, signs  # noqa: E402

HERE = [name for name in NAMES if name not in ("sin", "cos")]


def entries(v: Pair) -> list[tuple[float, float, float]]:
    return list(zip(*(t.flatten().tolist() for t in v), strict=True))


def assert_encloses(v: Pair, exact: Any) -> None:
    """Each fraction lies within its bound, and what is said not to be zero is not; None is not known."""
    for (hi, lo, error), x, known in zip(
        entries(v), exact.flatten(), nonzero(v).flatten().tolist(), strict=True
    ):
        if x is None:
            assert not known
            assert not error < math.inf
        elif error < math.inf and math.isfinite(hi):
            assert abs(Fraction(hi) + Fraction(lo) - x) <= Fraction(error)
            assert not known or x
    for sign, x in zip(signs(v).flatten().tolist(), exact.flatten(), strict=True):
        assert sign == 2 or sign == (x > 0) - (x < 0)


@examples(200)
@given(leaves(), programs("div", "divide"))
def test_programs(matrices: list[Tensor], program: list[Step]) -> None:
    values = run(PairDomain(), matrices, program)
    for value, exact in zip(values, run(Fractions(), matrices, program), strict=True):
        assert value.hi.shape == exact.shape
        assert_encloses(value, exact)


@examples(200)
@given(st.floats(-1e140, 1e140), st.floats(-1e140, 1e140))
def test_errors_are_floats(a: float, b: float) -> None:
    x, y = torch.tensor([a], dtype=torch.float64), torch.tensor([b], dtype=torch.float64)
    total, rest = (t.item() for t in two_sum(x, y))
    assert Fraction(total) + Fraction(rest) == Fraction(a) + Fraction(b)
    product, rest = (t.item() for t in two_product(x, y))
    missing = Fraction(product) + Fraction(rest) - Fraction(a) * Fraction(b)
    assert abs(missing) <= (0 if abs(product) > 1e-280 else Fraction(2) ** -1000)


@pytest.mark.parametrize("terms", [0, 1, 63, 64, 127, 3000])
def test_products_of_matrices(terms: int) -> None:
    torch.manual_seed(terms)
    d, exact = PairDomain(), Fractions()
    a, b = torch.randn(2, terms), torch.randn(terms, 3, dtype=torch.float64)
    if terms:
        a[0] = 1.0  # the greatest integers in every slice
        b[:, 0] = 1 - 2.0**-53
        a[1, ::2] *= 1e-12
    value, x = d.matmul(d.leaf(a), d.leaf(b)), exact.matmul(exact.leaf(a), exact.leaf(b))
    assert_encloses(value, x)
    assert all(error <= 2.0**-72 * max(terms, 1) for _, _, error in entries(value))
    square = d.matmul(value, d.move(lambda t: t.T, value))
    assert_encloses(square, exact.matmul(x, x.T))


def test_stacks_of_matrices() -> None:
    d, exact = PairDomain(), Fractions()
    a, b = torch.randn(2, 1, 3, 4), torch.randn(5, 4, 2) * 1e-30
    value = d.matmul(d.leaf(a), d.leaf(b))
    assert_encloses(value, exact.matmul(exact.leaf(a), exact.leaf(b)))
    assert nonzero(value).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-130, 1e130, 1e250])
def test_numbers_of_any_size(scale: float) -> None:
    d, exact = PairDomain(), Fractions()
    a = torch.randn(3, 3, dtype=torch.float64) * scale
    for f in ("matmul", "mul", "add", "div"):
        x, y = d.leaf(a), exact.leaf(a)
        assert_encloses(getattr(d, f)(x, x), getattr(exact, f)(y, y))
    assert_encloses(d.sum(d.leaf(a), [0, 1]), exact.sum(exact.leaf(a), [0, 1]))


def test_convolutions() -> None:
    torch.manual_seed(0)
    how = Convolution((2, 1), (1, 0), (1, 2), 2)
    d, exact = PairDomain(), Fractions()
    x, w = torch.randn(2, 4, 5, 4), torch.randn(2, 2, 3, 2)
    out = exact.convolution(exact.leaf(x), exact.leaf(w), how)
    value = d.convolution(d.leaf(x), d.leaf(w), how)
    assert_encloses(value, out)
    g = torch.randn(out.shape)
    back = d.convolution_x(d.leaf(g), d.leaf(w), how, x.shape)
    assert_encloses(back, exact.convolution_x(exact.leaf(g), exact.leaf(w), how, x.shape))
    assert float(back.error.max()) < 2.0**-75
    weights = d.convolution_w(d.leaf(g), d.leaf(x), how, w.shape)
    assert_encloses(weights, exact.convolution_w(exact.leaf(g), exact.leaf(x), how, w.shape))


def _number(x: float) -> Any:
    return flint.arb(flint.fmpq(*x.as_integer_ratio()))


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("scale", [1e-8, 1.0, 30.0, 700.0])
def test_functions(name: str, scale: float) -> None:
    """The bound holds at random points of what the pair stands for."""
    torch.manual_seed(1)
    hi = torch.randn(60, dtype=torch.float64) * scale
    hi[:4] = torch.tensor([0.0, 1.0, -1.0, 8.0])
    if name in ("log", "sqrt", "rsqrt"):
        hi = hi.abs()
    lo = hi * (torch.rand(60, dtype=torch.float64) - 0.5) * 2.0**-54
    error = hi.abs() * 2.0 ** -torch.randint(3, 100, (60,)).double()
    error[::2] = 0
    where = torch.rand(60, dtype=torch.float64) * 2 - 1
    value = PairDomain().unary(name, Pair(hi, lo, error))
    close = 0
    with flint.ctx.workprec(400):
        for (h, r, e), (a, b, c), t in zip(
            entries(Pair(hi, lo, error)), entries(value), where.tolist(), strict=True
        ):
            if not c < math.inf:
                continue
            exact = ball(name, _number(h) + _number(r) + _number(e) * _number(t), 300)
            assert abs(_number(a) + _number(b) - exact) <= _number(c)
            close += e == 0 and c <= 2.0**-80 * (1 + abs(a))
    assert close >= (25 if scale < 700 and name != "log1p" else 10)


def test_limits_and_what_is_not_known() -> None:
    d = PairDomain()
    v = d.leaf(torch.tensor([-math.inf, math.inf, math.nan, 2.0]))
    power = d.unary("exp", d.add(v, d.constant(Fraction(1, 3), ())))
    assert entries(power)[0] == (0, 0, 0)
    assert nonzero(power).tolist() == [False, False, False, True]
    assert not nonzero(d.mul(v, d.constant(1, ())))[:3].any()
    assert signs(d.neg(v))[3] == -1
    assert not nonzero(d.div(v, d.constant(0, ()))).any()
    assert not nonzero(d.unary("log", d.leaf(torch.tensor([0.0, -1.0])))).any()
    assert not nonzero(d.unary("sqrt", d.leaf(torch.tensor([-1.0])))).any()
    with pytest.raises(Cannot):
        d.unary("sin", v)


@pytest.mark.parametrize("activation", ["GELU", "SiLU", "Mish", "Softsign", "ELU"])
def test_gradients_of_smooth_networks(activation: str) -> None:
    """Pairs enclose what balls of 256 bits contain."""
    torch.manual_seed(0)
    nn = torch.nn
    net = nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), getattr(nn, activation)(), nn.Linear(5, 3))
    x, y = torch.randn(3, 4), torch.tensor([0, 2, 2])

    def program() -> list[Tensor]:
        nn.functional.cross_entropy(net(x), y).backward()
        return [p.grad for p in net.parameters() if p.grad is not None]

    sources = recorded(program)
    pairs, balls = Evaluation(PairDomain()), Evaluation(BallDomain(256))
    for source in sources:
        value, exact = pairs(source), balls(source)
        assert value is not None
        assert exact is not None
        for (hi, lo, error), number in zip(entries(value), exact.flatten(), strict=True):
            assert error < 2.0**-75
            with flint.ctx.workprec(400):
                assert abs(_number(hi) + _number(lo) - number) <= _number(error)


def test_what_is_not_known_stays_where_it_goes() -> None:
    d, exact = PairDomain(), Fractions()
    v = d.leaf(torch.tensor([1.0, math.nan, 1e200, 3.0, -math.inf], dtype=torch.float64))
    spread = d.spread(v, torch.tensor([0, 1, 2, 0, -1]), 4)
    assert nonzero(spread).tolist() == [True, False, False, False]
    assert entries(spread)[0][0] == 4
    row = d.matmul(d.move(lambda t: t.reshape(5, 1), v), d.leaf(torch.ones(1, 2)))
    assert nonzero(row)[:, 0].tolist() == [True, False, False, True, False]
    x = torch.randn(50)
    places = torch.arange(50) % 3
    value = d.spread(d.leaf(x), places, 3)
    assert_encloses(value, exact.spread(exact.leaf(x), places, 3))
    assert float(value.error.max()) < 2.0**-80


def test_integers_beyond_float64() -> None:
    tensor = torch.tensor([2**62 + 12345, -(2**63), 2**53 + 1, 0])
    assert_encloses(PairDomain().leaf(tensor), Fractions().leaf(tensor))
