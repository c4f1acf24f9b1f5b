"""Rules of powers, roots, and products of many factors."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.table import Call, rule
from zerograd.explaining.tape.nodes import Source

_MOST = 1024  # integer exponents beyond are left to exp and log


def integer_power(d: AnyDomain, v: Any, exponent: int) -> Any:
    """Return a power by squaring; the power 0 is 1, also of 0."""
    if exponent == 0:
        return d.constant(1, d.shape(v))
    if exponent < 0:
        return d.div(d.constant(1, ()), integer_power(d, v, -exponent))
    half = integer_power(d, v, exponent // 2) if exponent > 1 else None
    if half is None:
        return v
    square = d.mul(half, half)
    return d.mul(square, v) if exponent % 2 else square


def power(d: AnyDomain, v: Any, exponent: float) -> Any:
    """Return a power: of multiples of 1/2 by multiplying and square roots, of others exp(exponent · log v).

    Raises:
        Cannot: the exponent is not finite.
    """
    if not isfinite(exponent):
        raise Cannot(f"the power {exponent}")
    if exponent == int(exponent) and abs(exponent) <= _MOST:
        return integer_power(d, v, int(exponent))
    twice = 2 * exponent
    if twice == int(twice) and abs(twice) <= _MOST:
        if exponent < 0:
            return integer_power(d, d.unary("rsqrt", v), int(-twice))
        root = d.unary("sqrt", v)
        whole = int(exponent)
        return d.mul(integer_power(d, v, whole), root) if whole else root
    return d.unary("exp", d.scale(d.unary("log", v), exponent))


@rule("pow")
def pow_(c: Call[Any]) -> Any:
    """self to the power of exponent."""
    d, exponent = c.domain, c["exponent"]
    if not isinstance(exponent, Source):
        return power(d, c.value("self"), exponent)
    fixed = _numbers(exponent)
    if fixed is None:
        return d.unary("exp", d.mul(c.value("exponent"), d.unary("log", c.value("self"))))
    shape = c.result().shape
    whole = d.move(lambda t: t.expand(shape), c.value("self"))
    out = d.constant(0, ())
    for number in fixed:
        where = exponent.run == number
        used = d.select(where, whole, d.constant(1, ()))
        out = d.select(where, power(d, used, number), out)
    return out


def _numbers(exponent: Source) -> list[float] | None:
    """Return the few numbers that exponents are exactly, if nothing computed them."""
    if exponent.is_float and exponent.node.operation != "leaf":
        return None
    numbers: list[float] = sorted(set(exponent.run.double().flatten().tolist()))
    return numbers if len(numbers) <= 8 and all(map(isfinite, numbers)) else None


@rule("reciprocal")
def reciprocal(c: Call[Any]) -> Any:
    """1 / self."""
    return c.domain.div(c.domain.constant(1, ()), c.value("self"))


@rule("hypot")
def hypot(c: Call[Any]) -> Any:
    """√(self² + other²)."""
    d, a, b = c.domain, c.value("self"), c.value("other")
    return d.unary("sqrt", d.add(d.mul(a, a), d.mul(b, b)))


@rule("exp2")
def exp2(c: Call[Any]) -> Any:
    """exp(self · log 2)."""
    d = c.domain
    return d.unary("exp", d.mul(c.value("self"), _log_two(d)))


@rule("ldexp")
def ldexp(c: Call[Any]) -> Any:
    """self · 2^other."""
    d, other = c.domain, c["other"]
    if other.is_float:
        return d.mul(c.value("self"), d.unary("exp", d.mul(c.value("other"), _log_two(d))))
    exponents = other.run.to(torch.int64)
    if bool((exponents.abs() > 1022).any()):
        raise Cannot("powers of two beyond the floats")
    powers = ((exponents + 1023) << 52).view(torch.float64)  # of 2, written as bits
    return d.mul(c.value("self"), d.leaf(powers))


def _log_two(d: AnyDomain) -> Any:
    return d.unary("log", d.constant(2, ()))


def _every_second(t: Tensor, first: int) -> Tensor:
    return t[first : len(t) // 2 * 2 : 2]


def product(d: AnyDomain, v: Any, dim: int) -> Any:
    """Return the product along one dimension, which goes: of neighbours, until one is left."""
    v = d.move(lambda t: t.movedim(dim, 0), v)
    while (n := d.shape(v)[0]) > 1:
        done = d.mul(d.move(partial(_every_second, first=0), v), d.move(partial(_every_second, first=1), v))
        v = done if n % 2 == 0 else d.join(torch.cat, [done, d.move(lambda t: t[-1:], v)])
    if n == 0:
        return d.constant(1, d.shape(v)[1:])
    return d.move(lambda t: t[0], v)


@rule("prod")
def prod(c: Call[Any]) -> Any:
    """Product over all entries, or along one dimension."""
    d, v = c.domain, c.value("self")
    if c.arguments.get("dim") is None:
        return product(d, d.move(lambda t: t.reshape(-1), v), 0)
    if not d.shape(v):
        return v
    at = c["dim"] % len(d.shape(v))
    out = product(d, v, at)
    return d.move(lambda t: t.unsqueeze(at), out) if c["keepdim"] else out


def scanned(d: AnyDomain, v: Any, dim: int, combine: Any) -> Any:
    """Return what ``combine`` makes of the first entry, the first two, the first three … of a dimension."""
    if not d.shape(v):
        return v
    n = d.shape(v)[dim]
    step = 1
    while step < n:
        head, left, right = (
            d.move(partial(torch.narrow, dim=dim, start=start, length=length), v)
            for start, length in ((0, step), (0, n - step), (step, n - step))
        )
        v = d.join(lambda ts: torch.cat(ts, dim), [head, combine(left, right)])
        step *= 2
    return v


@rule("cumsum")
def cumsum(c: Call[Any]) -> Any:
    """Sums of the first entries along a dimension."""
    return scanned(c.domain, c.value("self"), c["dim"], c.domain.add)


@rule("cumprod")
def cumprod(c: Call[Any]) -> Any:
    """Products of the first entries along a dimension."""
    return scanned(c.domain, c.value("self"), c["dim"], c.domain.mul)


def flattened(v: Tensor, dims: Sequence[int]) -> Tensor:
    """Move some dimensions to the end, as one."""
    rest = [i for i in range(v.dim()) if i not in dims]
    return v.permute(*rest, *dims).reshape([*(v.shape[i] for i in rest), -1])


def inverse_of(number: float) -> Fraction:
    """Return 1 / number.

    Raises:
        Cannot: it is 0, or not finite.
    """
    if number == 0 or not isfinite(number):
        raise Cannot(f"division by {number}")
    return 1 / Fraction(number)
