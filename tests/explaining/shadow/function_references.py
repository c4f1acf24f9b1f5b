"""Values of the functions by mpmath, which shares no code with python-flint, and arguments that are hard."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nextafter, pi

import mpmath
from mpmath import mp, mpf

mp.prec = 300  # 90 digits; only these tests use the context

Value = Callable[[mpf], mpf]


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x)) if x >= 0 else mp.exp(x) / (1 + mp.exp(x))


def _tanh(x: mpf) -> mpf:
    return mp.tanh(x) if abs(x) < 1000 else mp.sign(x)


def _softplus(x: mpf) -> mpf:
    return x + mp.log1p(mp.exp(-x)) if x > 0 else mp.log1p(mp.exp(x))


def _erfc(x: mpf) -> mpf:
    return mp.erfc(x) if abs(x) < 1000 else mpf(0 if x > 0 else 2)


VALUES: dict[str, Value] = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "softplus": _softplus,
    "erf": lambda x: mp.erf(x) if abs(x) < 1000 else mp.sign(x),
    "erfc": _erfc,
    "sin": mp.sin,
    "cos": mp.cos,
    "sqrt": mp.sqrt,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "Phi": lambda x: _erfc(-x / mp.sqrt(2)) / 2,
    "phi": lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
}
DOMAINS: dict[str, tuple[float, float]] = {
    "exp": (-inf, 709.78),
    "expm1": (-inf, 709.78),
    "log": (0.0, inf),
    "log1p": (-1.0, inf),
    "sqrt": (-5e-324, inf),
    "rsqrt": (0.0, inf),
    "reciprocal": (-inf, inf),
}
"""Open intervals on which a function has a value that is a float at most; all numbers for the others."""
MONOTONE = sorted(set(VALUES) - {"sin", "cos", "phi", "reciprocal"})


def value(name: str, x: mpf) -> mpf:
    """The value at a number of the domain."""
    return VALUES[name](mpmath.mpf(x))


def inside(name: str, x: float | mpf) -> bool:
    """Whether a function has a value there."""
    low, high = DOMAINS.get(name, (-inf, inf))
    return bool(low < x < high and not (name == "reciprocal" and abs(x) < 6e-309))


def _around(x: float) -> list[float]:
    return [nextafter(x, -inf), x, nextafter(x, inf)]


def hard() -> list[float]:
    """Arguments at borders of tables, next to zeros and singularities, and of every size."""
    borders = [
        *(k / 128 for k in range(-67, 68, 2)),  # of exp, log1p and log
        *(k / 128 for k in (89, 90.5, 91, 127, 129, 179, 181, 183)),
        *(2**e * (1 + (k + 0.5) / 32) - 1 for e in range(6) for k in (0, 7, 15, 30, 31)),  # of ladders
        0.25, 0.5, 0.7853981633974483, 1.0, 6.0, 28.0, 30.0, 40.0, 700.0, 707.0, 708.3964, 709.0, 709.78,
        744.4, 745.13, 745.2, 799.9, 800.0, 26.5, 27.22, 37.5, 38.4, 38.6,
    ]  # fmt: skip
    turns = [
        k * (pi / 2) for k in (1, 2, 3, 4, 5, 100, 355, 1000, 52174, 667543, 667544, 10**6, 10**9, 10**15)
    ]
    integers = [1.0, 2.0, 3.0, 4.0, 9.0, 10.0, 49.0, 1e6, 2.0**52 - 1, 2.0**53, 134217727.0**2, 94906265.0**2]
    powers = [10.0**k for k in (-320, -308, -300, -200, -100, -20, -16, -10, -5, -3, -2, 18, 22, 100, 300)]
    powers += [
        2.0**-1074,
        2.0**-1073,
        2.0**-1023,
        2.0**-1022,
        2.0**-30,
        2.0**-53,
        2.0**1023,
        6381956970095103 * 2.0**797,
    ]
    sizes = [x for start in borders + turns + integers + powers for x in _around(start)]
    return [0.0, -0.0, *sizes, *(-x for x in sizes)]
