"""Exact entries are the fractions they stand for, and balls contain what mpmath computes at 200 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given

from tests.effort import examples

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

from tests.explaining.shadow.programs import Fractions, Step, leaves, programs, run  # noqa: E402
from zerograd.explaining.shadow import balls as module  # noqa: E402
from zerograd.explaining.shadow.balls import BallDomain, Exhausted, fraction, is_exact, signs  # noqa: E402
from zerograd.explaining.shadow.domain import Cannot, Convolution  # noqa: E402


def rational(x: Any) -> Fraction:
    """Return an exact ball's number."""
    mantissa, exponent = x.man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


def assert_contains(entry: Any, exact: Fraction, slack: Fraction = Fraction(0)) -> None:
    if is_exact(entry):
        assert abs(fraction(entry) - exact) <= slack
    else:
        assert abs(rational(entry.mid()) - exact) <= rational(entry.rad()) + slack


def assert_is(value: Any, exact: Any) -> None:
    """All entries are exact, and these fractions; unknown where there is none."""
    assert value.shape == exact.shape
    for entry, x in zip(value.flatten(), exact.flatten(), strict=True):
        if x is None or not is_exact(entry):
            assert not entry.is_finite()
        else:
            assert fraction(entry) == x


@examples(200)
@given(leaves(), programs("div", "divide"))
def test_rational_numbers_stay_exact(matrices: list[Tensor], program: list[Step]) -> None:
    values = run(BallDomain(64), matrices, program)
    for value, exact in zip(values, run(Fractions(), matrices, program), strict=True):
        assert_is(value, exact)
        known = [2 if x is None else (x > 0) - (x < 0) for x in exact.flatten()]
        assert all(s in (k, 2) for s, k in zip(signs(value).flatten().tolist(), known, strict=True))


class Numbers(Fractions):
    """The reference with mpmath's numbers for functions."""

    def unary(self, name: str, v: Any) -> Any:
        f: dict[str, Callable[[Any], Any]] = {"exp": mpmath.exp, "tanh": mpmath.tanh, "sqrt": mpmath.sqrt}
        with mpmath.workdps(200):
            return self._apply(lambda x: _fraction(f[name](mpmath.mpf(x.numerator) / x.denominator)), v)


def _fraction(x: Any) -> Fraction:
    sign, mantissa, exponent, _ = x._mpf_
    return Fraction(2) ** int(exponent) * (-int(mantissa) if sign else int(mantissa))


def smooth(d: Any, x: Tensor, w: Tensor, v: Tensor) -> list[Any]:
    """A network of tanh and softmax with hidden zeros, and a gradient of it by hand."""
    a = d.unary("tanh", d.matmul(d.leaf(x), d.leaf(w)))
    powers = d.unary("exp", d.matmul(a, d.leaf(v)))
    p = d.div(powers, d.sum(powers, [1], keepdim=True))
    norm = d.unary("sqrt", d.sum(d.mul(p, p), [0, 1]))
    g = d.matmul(d.move(lambda t: t.t(), a), d.sub(p, d.constant(Fraction(1, 3), ())))
    return [a, p, norm, g]


@pytest.mark.parametrize("precision", [64, 256])
def test_balls_contain_the_numbers(precision: int) -> None:
    torch.manual_seed(precision)
    x, w, v = torch.randn(5, 4), torch.randn(4, 6), torch.randn(6, 3)
    x[0], w[:, 2], x[3, 1] = 0, 0, 0
    values = smooth(BallDomain(precision), x, w, v)
    for value, exact in zip(values, smooth(Numbers(), x, w, v), strict=True):
        for entry, number in zip(value.flatten(), exact.flatten(), strict=True):
            assert_contains(entry, number, Fraction(1, 10**150))
            assert is_exact(entry) or entry.rel_accuracy_bits() > precision - 30
    assert all(is_exact(entry) for entry in values[0][0])  # tanh(0 · w)
    assert all(is_exact(entry) for entry in values[0][:, 2])
    assert [fraction(entry) for entry in values[1][0]] == [Fraction(1, 3)] * 3


def test_products_of_exact_and_inexact() -> None:
    d = BallDomain(64)
    root = d.unary("sqrt", d.leaf(torch.tensor([[2.0, 4.0, 0.0], [9.0, 3.0, 16.0]])))
    assert [is_exact(x) for x in root.flatten()] == [False, True, True, True, False, True]
    columns = d.leaf(torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [5.0, 7.0, 0.0]]))
    out = d.matmul(root, columns)
    assert [is_exact(x) for x in out.flatten()] == [True, False, True, False, True, True]
    assert [fraction(out[0, 0]), fraction(out[1, 1])] == [Fraction(2), Fraction(31)]
    assert signs(out).tolist() == [[1, 1, 0], [1, 1, 0]]


def test_nothing_is_known_of_products_with_what_is_no_number() -> None:
    d = BallDomain(64)
    zeros, odd = d.leaf(torch.zeros(1, 2)), d.leaf(torch.tensor([[math.nan, 1.0], [1.0, 1.0]]))
    assert signs(d.matmul(zeros, odd)).tolist() == [[2, 0]]
    assert signs(d.mul(d.leaf(torch.zeros(2, 2)), odd)).tolist() == [[2, 0], [0, 0]]
    assert signs(d.div(zeros, zeros)).tolist() == [[2, 2]]
    infinite = d.leaf(torch.tensor([-math.inf, math.inf, 0.0]))
    assert signs(infinite).tolist() == [2, 2, 0]
    assert signs(d.mul(infinite, d.constant(0, ()))).tolist() == [2, 2, 0]
    assert signs(d.unary("exp", d.add(infinite, d.constant(7, ())))).tolist() == [0, 2, 1]


def test_functions_are_exact_where_they_are_rational() -> None:
    d = BallDomain(64)

    def at(name: str, *numbers: Fraction) -> list[Fraction | None]:
        values = [d.unary(name, d.constant(n, ()))[()] for n in numbers]
        return [fraction(x) if is_exact(x) else None for x in values]

    assert at("sqrt", Fraction(4, 9), Fraction(2), Fraction(0), Fraction(-1)) == [
        Fraction(2, 3),
        None,
        0,
        None,
    ]
    assert at("rsqrt", Fraction(4, 9), Fraction(0)) == [Fraction(3, 2), None]
    assert at("sigmoid", Fraction(0), Fraction(1)) == [Fraction(1, 2), None]
    assert at("exp", Fraction(0)) == [1]
    assert at("log", Fraction(1), Fraction(0)) == [0, None]
    assert at("erf", Fraction(0)) == [0]
    assert at("reciprocal", Fraction(-3, 7), Fraction(0)) == [Fraction(-7, 3), None]
    with pytest.raises(Cannot):
        at("no such function", Fraction(0))


def test_long_fractions_become_balls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 100)
    d = BallDomain(64)
    exact = sum((Fraction(1, n) for n in range(3, 90)), Fraction(0))
    parts = d.div(d.constant(1, ()), d.leaf(torch.arange(3.0, 90.0)))
    (total,) = d.sum(parts, [0], keepdim=True)
    assert not is_exact(total)
    assert_contains(total, exact)
    product = d.matmul(parts[None], d.leaf(torch.ones(87, 1)))[0, 0]
    assert_contains(product, exact)
    assert not is_exact(product)


def test_convolutions_and_stacks_of_matrices() -> None:
    torch.manual_seed(0)
    d, exact = BallDomain(64), Fractions()
    x, w, how = torch.randn(2, 4, 5), torch.randn(2, 2, 3), Convolution((2,), (1,), (1,), 2)
    assert_is(d.convolution(d.leaf(x), d.leaf(w), how), exact.convolution(exact.leaf(x), exact.leaf(w), how))
    a, b = torch.randn(2, 1, 3, 4), torch.randn(5, 4, 2)
    assert_is(d.matmul(d.leaf(a), d.leaf(b)), exact.matmul(exact.leaf(a), exact.leaf(b)))
    empty = d.matmul(d.leaf(torch.ones(2, 0)), d.leaf(torch.ones(0, 3)))
    assert signs(empty).tolist() == [[0] * 3] * 2


def test_precision_is_set_and_restored() -> None:
    before = flint.ctx.prec
    (root,) = BallDomain(500).unary("sqrt", np.array([flint.fmpq(2)], dtype=object))
    assert root.rel_accuracy_bits() > 490
    with pytest.raises(Exhausted):
        BallDomain(500, most=10).leaf(torch.ones(11))
    assert flint.ctx.prec == before


def test_interrupted() -> None:
    class Interrupt(Exception):
        pass

    def tick() -> None:
        raise Interrupt

    with pytest.raises(Interrupt):
        BallDomain(64, tick=tick).leaf(torch.ones(1))
