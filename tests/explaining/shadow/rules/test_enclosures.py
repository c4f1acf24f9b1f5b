"""Activations, their derivatives and losses against mpmath: every enclosure contains the number itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import mpmath
import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch = pytest.importorskip("torch")
    import torch.nn.functional as F

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tests.effort import examples  # noqa: E402
from tests.explaining.shadow.rules import programs  # noqa: E402

mp = mpmath.mp
DIGITS = 60


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x))


def _gelu_tanh(x: Any) -> Any:
    # torch's constants, which are float64
    return x / 2 * (1 + mp.tanh(mp.mpf(0.7978845608028654) * (x + mp.mpf(0.044715) * x**3)))


SELU_ALPHA, SELU_SCALE = mp.mpf(1.6732632423543772), mp.mpf(1.0507009873554805)

SMOOTH: dict[str, tuple[programs.Program, Callable[[Any], Any]]] = {
    "sigmoid": (torch.sigmoid, _sigmoid),
    "tanh": (torch.tanh, mp.tanh),
    "exp": (torch.exp, mp.exp),
    "expm1": (torch.expm1, mp.expm1),
    "exp2": (torch.exp2, lambda x: mp.mpf(2) ** x),
    "sinh": (torch.sinh, mp.sinh),
    "cosh": (torch.cosh, mp.cosh),
    "sin": (torch.sin, mp.sin),
    "cos": (torch.cos, mp.cos),
    "erf": (torch.erf, mp.erf),
    "erfc": (torch.erfc, mp.erfc),
    "log": (lambda x: torch.log(x * x + 1), lambda x: mp.log(x * x + 1)),
    "log1p": (lambda x: torch.log1p(x * x), lambda x: mp.log1p(x * x)),
    "sqrt": (lambda x: torch.sqrt(x * x + 1), lambda x: mp.sqrt(x * x + 1)),
    "rsqrt": (lambda x: torch.rsqrt(x * x + 1), lambda x: 1 / mp.sqrt(x * x + 1)),
    "pow": (lambda x: (x * x + 1) ** 1.5, lambda x: mp.power(x * x + 1, mp.mpf(1.5))),
    "pow of tensors": (lambda x: (x * x + 1) ** x, lambda x: mp.power(x * x + 1, x)),
    "gelu": (F.gelu, lambda x: x * mp.ncdf(x)),
    "gelu, tanh": (lambda x: F.gelu(x, approximate="tanh"), _gelu_tanh),
    "silu": (F.silu, lambda x: x * _sigmoid(x)),
    "mish": (F.mish, lambda x: x * mp.tanh(_softplus(x))),
    "softplus": (F.softplus, lambda x: x if x > 20 else _softplus(x)),
    "logsigmoid": (F.logsigmoid, lambda x: -_softplus(-x)),
    "tanhshrink": (F.tanhshrink, lambda x: x - mp.tanh(x)),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x))),
    "elu": (lambda x: F.elu(x, 0.7), lambda x: x if x > 0 else mp.mpf(0.7) * mp.expm1(x)),
    "celu": (lambda x: F.celu(x, 2.0), lambda x: x if x > 0 else 2 * mp.expm1(x / 2)),
    "selu": (F.selu, lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * mp.expm1(x))),
    "hardsigmoid": (F.hardsigmoid, lambda x: min(max(x + 3, 0), 6) / 6),
    "hardswish": (F.hardswish, lambda x: x * min(max(x + 3, 0), 6) / 6),
    "soft_margin": (
        lambda x: F.soft_margin_loss(x, -torch.ones_like(x), reduction="none"),
        _softplus,
    ),
    "bce with logits": (
        lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.25), reduction="none"),
        lambda x: mp.mpf(3) / 4 * x + _softplus(-x),
    ),
}
CONSTANTS = {"exp2": 1e-15, "erf": 1e-15, "erfc": 1e-15}
"""Derivatives that torch's formulas compute with a rounded constant (log 2, 2/√π), relative to them."""

KINKS = (0.0, 3.0, -3.0, 20.0)
numbers = st.one_of(
    st.floats(-4, 4),
    st.floats(-60, 60),
    st.sampled_from([sign * 2.0**-k for k in (1, 10, 30, 60, 100) for sign in (1, -1)]),
    st.sampled_from([0.5, -0.5, 1.0, -1.0, 5.0, -8.0, 19.0, 21.0, -30.0, 37.0]),
).filter(lambda x: x not in KINKS and abs(x) > 1e-40)


@pytest.mark.parametrize("name", SMOOTH)
@examples(40)
@given(xs=st.lists(numbers, min_size=1, max_size=8))
def test_enclosures_contain_the_number(name: str, xs: list[float]) -> None:
    f, exact = SMOOTH[name]
    x = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        run = programs.record(lambda x: f(x).sum() * 2, [x], seed=6)
        values = programs.bounded(programs.record(f, [x]))[:1]
    slope = programs.bounded(run)[1]
    twice = 2 * float(programs.cotangent(torch.zeros(()), 6))
    with mp.workdps(DIGITS):
        for i, number in enumerate(xs):
            at = mp.mpf(number)
            assert _contains(values[0], i, exact(at)), number
            derivative = twice * _slope(exact, at)
            assert _contains(slope, i, derivative, CONSTANTS.get(name, 1e-25)), number


def _slope(f: Callable[[Any], Any], at: Any) -> Any:
    """Return the derivative: a difference so small that its error is far below all that is checked."""
    with mp.workdps(6 * DIGITS):
        h = mp.mpf(10) ** (-2 * DIGITS)
        return (f(at + h) - f(at - h)) / (2 * h)


def _contains(value: Any, i: int, number: Any, tolerance: float = 0.0) -> bool:
    middle, radius = mp.mpf(float(value.value[i])), mp.mpf(float(value.errors[i]))
    return bool(mp.isinf(radius) or abs(middle - number) <= radius + abs(number) * mp.mpf(tolerance))


rows = st.lists(st.lists(st.integers(-160, 160), min_size=4, max_size=4), min_size=1, max_size=3)


@examples(100)
@given(rows=rows, target=st.integers(0, 3), scale=st.sampled_from([0.25, 1.0, 0.1]))
def test_cross_entropy(rows: list[list[int]], target: int, scale: float) -> None:
    x = (torch.tensor(rows, dtype=torch.float64) * scale).requires_grad_()
    labels = torch.full((len(rows),), target)
    with torch.enable_grad():
        run = programs.record(lambda x: F.cross_entropy(x, labels, reduction="none"), [x], 3)
    loss, gradient = programs.bounded(run)
    back = programs.cotangent(run.tensors[0], 3)
    for i, row in enumerate(x.tolist()):
        with mp.workdps(300):
            terms = [mp.exp(mp.mpf(v)) for v in row]
            assert _contains(loss, i, mp.log(sum(terms)) - mp.mpf(row[target]))
            for k in range(4):
                others = sum(t for j, t in enumerate(terms) if j != k)
                exact = float(back[i]) * (-others if k == target else terms[k]) / sum(terms)
                assert _contains(gradient.__class__(gradient.value[i], gradient.errors[i]), k, exact)
                # decided in float64, however confident the row is
                assert bool(gradient.nonzero()[i, k]) == (exact != 0)


@examples(60)
@given(rows=rows, seed=st.integers(0, 50))
def test_softmax(rows: list[list[int]], seed: int) -> None:
    x = (torch.tensor(rows, dtype=torch.float64) / 4).requires_grad_()
    with torch.enable_grad():
        run = programs.record(lambda x: F.softmax(x, 1), [x], seed)
    p, gradient = programs.bounded(run)
    back = programs.cotangent(run.tensors[0], seed).tolist()
    for i, row in enumerate(x.tolist()):
        with mp.workdps(300):
            terms = [mp.exp(mp.mpf(v)) for v in row]
            ps = [t / sum(terms) for t in terms]
            mean = sum(q * g for q, g in zip(ps, back[i], strict=True))
            for k in range(4):
                assert _contains(p.__class__(p.value[i], p.errors[i]), k, ps[k])
                exact = ps[k] * (back[i][k] - mean)
                assert _contains(gradient.__class__(gradient.value[i], gradient.errors[i]), k, exact)
