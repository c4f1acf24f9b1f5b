"""The same functions at a single number or ball, at any precision, by python-flint.

python-flint encloses most of these functions well at points, and badly on wide balls (tanh of 0 ± 1 reaches
below −5), so that wide balls are enclosed by the values at their ends, where the function is monotone between
them.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import arb, fmpq

from .tables import above, working

EXTRA = 32
"""Bits more than asked for, at first."""
MOST = 1 << 16
"""Bits of working precision that are not exceeded in search of relative accuracy."""


def ball(name: str, x: arb | fmpq, precision: int) -> arb:
    """Return a ball that contains f(x) for every number in a ball, or for a rational number.

    For a rational or an exact ball, the radius is at most about 2^-precision times the value, unless the
    value is zero (then it is an exact 0 where that is known). It is not finite where the argument leaves the
    domain.

    Raises:
        KeyError: no function has this name.
    """
    function = _FUNCTIONS[name]
    bits = precision + EXTRA
    while True:
        with working(bits):
            value = _on(name, function, x)
        if value.is_zero() or not value.is_finite() or value.rel_accuracy_bits() >= precision or bits >= MOST:
            return value
        if isinstance(x, arb) and not x.is_exact() and bits >= 2 * precision + 4 * EXTRA:
            return value
        bits *= 2


def rounded(name: str, x: float) -> tuple[float, float]:
    """Return a float and a radius that enclose f(x)."""
    value = ball(name, arb(x), 64)
    middle = float(value.mid())
    with working(256):
        radius = above(value - arb(middle))
    return middle, 0.0 if value.is_exact() and arb(middle) == value else radius


def _on(name: str, function: Callable[[arb], arb], x: arb | fmpq) -> arb:
    """Return an enclosure with the present working precision."""
    if isinstance(x, fmpq):
        match name:  # exact differences from where the logarithm is 0 or has no value
            case "log" if fmpq(1, 2) < x < 2:
                return arb(x - 1).log1p()
            case "log1p" if x < fmpq(-1, 2):
                return arb(x + 1).log()
            case _:
                return function(arb(x))
    if not x.is_finite():
        return _limit(name, x)
    if x.is_exact():
        return function(x)
    low, high = x.lower(), x.upper()
    match name:
        case "sin" | "cos":
            return function(x)
        case "reciprocal" if x.contains(0):
            return arb.nan()
        case "phi" if x.contains(0):
            return function(low).union(function(high)).union(function(arb(0)))
        case _:
            return function(low).union(function(high))


def _limit(name: str, x: arb) -> arb:
    """Return the limit at an infinity, where it is a number."""
    below, beyond = _LIMITS.get(name, (None, None))
    limit = below if x == arb.neg_inf() else beyond if x == arb.pos_inf() else None
    return arb.nan() if limit is None else arb(limit)


def _sigmoid(x: arb) -> arb:
    z = (-abs(x)).exp()
    return 1 / (1 + z) if x >= 0 else z / (1 + z)


def _tanh(x: arb) -> arb:
    difference = (-2 * abs(x)).expm1()
    size = -difference / (2 + difference)
    return size if x >= 0 else -size


def _softplus(x: arb) -> arb:
    rest = (-abs(x)).exp().log1p()
    return x + rest if x >= 0 else rest


def _erfc(x: arb) -> arb:
    """Return erfc x; for great x as e^(−x²)·U(1/2, 1/2, x²)/√π, of which arb.erfc returns 0 ± a little."""
    if not x > 1000:
        return x.erfc()
    square, half = x * x, arb(1) / 2
    return (-square).exp() * square.hypgeom_u(half, half) / arb.pi().sqrt()


def _cumulative(x: arb) -> arb:
    return _erfc(-x / arb(2).sqrt()) / 2


def _density(x: arb) -> arb:
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


_FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "exp": arb.exp,
    "expm1": arb.expm1,
    "log": arb.log,
    "log1p": arb.log1p,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "softplus": _softplus,
    "erf": arb.erf,
    "erfc": _erfc,
    "sin": arb.sin,
    "cos": arb.cos,
    "sqrt": arb.sqrt,
    "rsqrt": arb.rsqrt,
    "reciprocal": lambda x: 1 / x,
    "Phi": _cumulative,
    "phi": _density,
}
_LIMITS: dict[str, tuple[int | None, int | None]] = {
    "exp": (0, None),
    "expm1": (-1, None),
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "softplus": (0, None),
    "erf": (-1, 1),
    "erfc": (2, 0),
    "rsqrt": (None, 0),
    "reciprocal": (0, 0),
    "Phi": (0, 1),
    "phi": (0, 0),
}
