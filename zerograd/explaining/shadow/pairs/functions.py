"""Functions of pairs: exp by a table and Taylor's series, erf by a table of series, the others from these.

Each is computed at hi + lo, and its error grows by how far the function can move within the number's bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import flint
import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.pairs import arithmetic as pairs
from zerograd.explaining.shadow.pairs.arithmetic import MORE, TINY, Pair, exact, power_of_two

_PARTS = 64
_SMALL_ERROR = 2.0**-58
"""More than the error of the terms of exp's series from r⁶/6! on, divided by r⁶, where |r| < 0.0055.

Six products and sums of floats near 1/720, and what the series omits, below 0.0055⁷/13!.
"""
_ERF_END = 8.0
"""erf is 1 beyond, but for 2⁻⁹⁶."""
_CELLS = 8  # of erf, for each unit
_DEGREE = 22
_BITS = 160


def apply(name: str, v: Pair) -> Pair:
    """Return the function of a pair.

    Raises:
        Cannot: there is no such function here.
    """
    if name not in _FUNCTIONS:
        raise Cannot(f"no {name} of pairs")
    return _FUNCTIONS[name](v)


def constant(number: Any) -> Pair:
    """Return a ball of python-flint as a pair without dimensions."""
    hi, lo, error = _split(number)
    return Pair(*(torch.tensor(part, dtype=torch.float64) for part in (hi, lo, error)))


def _split(number: Any) -> tuple[float, float, float]:
    with flint.ctx.workprec(_BITS):
        hi = float(number.mid())
        lo = float((number - flint.arb(hi)).mid())
        rest = number - flint.arb(hi) - flint.arb(lo)
        return hi, lo, float(rest.abs_upper()) * MORE + 2.0**-1000


@cache
def _log2_parts() -> tuple[float, float, Pair]:
    """Return log(2)/64 in three parts; the first two have 32 bits."""
    with flint.ctx.workprec(_BITS):
        step = flint.arb(2).log() / _PARTS
        first = float((step * 2**38).floor().mid()) * 2.0**-38
        rest = step - flint.arb(first)
        second = float((rest * 2**70).floor().mid()) * 2.0**-70
        return first, second, constant(rest - flint.arb(second))


@cache
def _powers() -> Pair:
    """Return 2^(j/64)."""
    with flint.ctx.workprec(_BITS):
        parts = [_split((flint.arb(2).log() * j / _PARTS).exp()) for j in range(_PARTS)]
    return Pair(*torch.tensor(parts, dtype=torch.float64).unbind(1))


@cache
def _inverse_factorials() -> list[Pair]:
    """Return 1/5!, 1/4!, … 1/0!."""
    with flint.ctx.workprec(_BITS):
        return [constant(flint.arb(1) / math.factorial(i)) for i in range(5, -1, -1)]


def _exp_at(hi: Tensor, lo: Tensor) -> Pair:
    """Return exp(hi + lo)."""
    first, second, third = _log2_parts()
    hi = hi.clamp(-1400.0, 800.0)
    k = (hi * (_PARTS / math.log(2))).round()
    r = pairs.add(Pair(*pairs.two_sum(hi, k * -first), torch.zeros_like(hi)), exact(lo))
    r = pairs.add(r, exact(k * -second))
    r = pairs.add(r, pairs.mul(exact(-k), third))
    small = torch.full_like(hi, 1 / math.factorial(12))
    for i in range(11, 5, -1):
        small = small * r.hi + 1 / math.factorial(i)
    total = Pair(small, torch.zeros_like(small), torch.full_like(small, _SMALL_ERROR))
    for coefficient in _inverse_factorials():
        total = pairs.add(pairs.mul(total, r), coefficient)
    part = torch.remainder(k, _PARTS).nan_to_num(0.0).to(torch.int64)
    total = pairs.mul(total, Pair(*(t[part] for t in _powers())))
    power = ((k - part) / _PARTS).nan_to_num(0.0)
    half = (power / 2).round()
    one, other = power_of_two(half), power_of_two(power - half)
    return Pair(*(t * one * other for t in total))


def exp(v: Pair) -> Pair:
    """Return eˣ: |e^(x+d) − e^x| ≤ e^x·(e^|d| − 1), and e^|d| − 1 ≤ |d| + d² up to 1. exp(−∞) = 0."""
    value = _exp_at(v.hi, v.lo)
    moved = torch.where(v.error <= 1, v.error * (1 + v.error) * MORE, torch.inf)
    error = (value.error + (value.size + value.error) * moved) * MORE + TINY
    value = Pair(value.hi, value.lo, error.nan_to_num(torch.inf, torch.inf))
    limit = (v.hi == -torch.inf) & (v.error == 0)
    return Pair(*(t.masked_fill(limit, 0.0) for t in value)) if bool(limit.any()) else value


def log(v: Pair) -> Pair:
    """Return log x = y + log(1 + δ) with y near it and δ = x·e^(−y) − 1: y + δ − δ²/2, but for |δ|³."""
    y = v.hi.log()
    power = exp(exact(y))
    d = pairs.div(pairs.sub(v, power), power)
    square = pairs.mul(d, d)
    total = pairs.sub(pairs.add(exact(y), d), Pair(square.hi / 2, square.lo / 2, square.error / 2))
    reach = d.size + d.error
    error = (total.error + reach**3) * MORE
    return Pair(total.hi, total.lo, error.masked_fill(~((reach < 0.25) & (v.hi > TINY)), torch.inf))


def _one() -> Pair:
    return constant(flint.arb(1))


def _decay(v: Pair) -> Pair:
    """Return e^(−|x|) at hi + lo."""
    sign = torch.where(v.hi < 0, 1.0, -1.0)
    return exp(Pair(v.hi * sign, v.lo * sign, torch.zeros_like(v.hi)))


def _steepest(decay: Pair, error: Tensor) -> Tensor:
    """Return a bound on e^(−|x|) within the bounds of x, where |x| is at least that less the error."""
    return (decay.size + decay.error) * torch.where(error <= 1, 1 + error * (1 + error), 1e300) * MORE


def _moved(value: Pair, slope: Tensor, v: Pair) -> Pair:
    return Pair(value.hi, value.lo, (value.error + slope * v.error) * MORE)


def sigmoid(v: Pair) -> Pair:
    """Return 1/(1 + e^(−x)), with slope at most e^(−|x|) and 1/4."""
    z = _decay(v)
    upper = pairs.div(_one(), pairs.add(_one(), z))
    lower = pairs.mul(z, upper)
    value = Pair(*(torch.where(v.hi < 0, s, t) for s, t in zip(lower, upper, strict=True)))
    return _moved(value, _steepest(z, v.error).clamp_max(0.25), v)


def tanh(v: Pair) -> Pair:
    """Return (1 − e^(−2|x|))/(1 + e^(−2|x|)) with the sign of x, with slope at most 4e^(−2|x|) and 1."""
    double = Pair(v.hi * 2, v.lo * 2, v.error * 2)
    z = _decay(double)
    size = pairs.div(pairs.sub(_one(), z), pairs.add(_one(), z))
    sign = torch.where(v.hi < 0, -1.0, 1.0)
    value = Pair(size.hi * sign, size.lo * sign, size.error)
    return _moved(value, (4 * _steepest(z, double.error)).clamp_max(1.0), v)


def softplus(v: Pair) -> Pair:
    """Return log(1 + e^x) = max(x, 0) + log(1 + e^(−|x|)), with slope at most 1."""
    rest = log(pairs.add(_one(), _decay(v)))
    above = v.hi > 0
    part = Pair(v.hi * above, v.lo * above, torch.zeros_like(v.hi))
    return _moved(pairs.add(part, rest), torch.ones_like(v.hi), v)


@cache
def _erf_table() -> tuple[Pair, float]:
    """Return coefficients of series about middles of cells, (cells, degree), and what they omit."""
    before, flint.ctx.cap = flint.ctx.cap, _DEGREE + 1
    try:
        with flint.ctx.workprec(_BITS):
            rows, beyond = [], 0.0
            for j in range(int(_ERF_END * _CELLS)):
                middle, radius = flint.arb(2 * j + 1) / (2 * _CELLS), flint.arb(1) / (2 * _CELLS)
                series = flint.arb_series([middle, 1]).erf()
                rows.append([_split(series[i]) for i in range(_DEGREE)])
                cell = (middle - radius).union(middle + radius)
                last = flint.arb_series([cell, 1]).erf()[_DEGREE]  # Lagrange's remainder
                beyond = max(beyond, float((last * radius**_DEGREE).abs_upper()))
    finally:
        flint.ctx.cap = before
    return Pair(*torch.tensor(rows, dtype=torch.float64).unbind(-1)), beyond * MORE


def erf(v: Pair) -> Pair:
    """Return erf x, with slope at most 2/√π."""
    sign = torch.where(v.hi < 0, -1.0, 1.0)
    x, rest = v.hi * sign, v.lo * sign
    far = ~(x < _ERF_END)
    x, rest = x.masked_fill(far, 0.0), rest.masked_fill(far, 0.0)
    cell = (x * _CELLS).floor()
    table, beyond = _erf_table()
    t = pairs.add(Pair(*pairs.two_sum(x, (cell + 0.5) / -_CELLS), torch.zeros_like(x)), exact(rest))
    rows = cell.to(torch.int64)
    small = table.hi[:, -1][rows]
    reach = table.hi[:, 10:].abs().sum(1)  # |t| < 1/15
    for i in range(_DEGREE - 2, 9, -1):
        small = small * t.hi + table.hi[:, i][rows]
    total = Pair(small, torch.zeros_like(x), reach[rows] * 2.0**-47)
    for i in range(9, -1, -1):
        total = pairs.add(pairs.mul(total, t), Pair(*(c[:, i][rows] for c in table)))
    # erfc(8) < 2⁻⁹⁶
    value = Pair(
        total.hi.masked_fill(far, 1.0) * sign,
        total.lo.masked_fill(far, 0.0) * sign,
        (total.error + beyond).masked_fill(far, 2.0**-96).masked_fill(v.hi.isnan(), torch.inf),
    )
    return _moved(value, torch.full_like(x, 1.13), v)


@cache
def _constants() -> tuple[Pair, Pair]:
    """Return 1/√2 and 1/√(2π)."""
    with flint.ctx.workprec(_BITS):
        return constant(flint.arb(0.5).sqrt()), constant((2 * flint.arb.pi()).rsqrt())


def cumulative(v: Pair) -> Pair:
    """Return Φ(x) = (1 + erf(x/√2))/2."""
    value = pairs.add(_one(), erf(pairs.mul(v, _constants()[0])))
    return Pair(value.hi / 2, value.lo / 2, value.error / 2)


def density(v: Pair) -> Pair:
    """Return φ(x) = e^(−x²/2)/√(2π)."""
    square = pairs.mul(v, v)
    power = exp(Pair(square.hi / -2, square.lo / -2, square.error / 2))
    return pairs.mul(power, _constants()[1])


_FUNCTIONS: dict[str, Callable[[Pair], Pair]] = {
    "exp": exp,
    "expm1": lambda v: pairs.sub(exp(v), _one()),
    "log": log,
    "log1p": lambda v: log(pairs.add(_one(), v)),
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softplus": softplus,
    "erf": erf,
    "erfc": lambda v: pairs.sub(_one(), erf(v)),
    "Phi": cumulative,
    "phi": density,
    "sqrt": pairs.sqrt,
    "rsqrt": lambda v: pairs.div(_one(), pairs.sqrt(v)),
    "reciprocal": lambda v: pairs.div(_one(), v),
}
