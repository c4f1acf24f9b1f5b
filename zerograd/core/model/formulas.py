"""Formulas of activations and their derivatives, over any numbers.

In a formula z stands as few times as can be, and sums have terms of one sign: intervals then stay tight,
and the slope's sign is known far out. What exact numbers hold (exp of log 2) stays exact.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

from zerograd.core.model.curves import Branch
from zerograd.core.numbers.functions import Functions, Rational, expm1, sigmoid


def sigmoid_slope(z: Any, f: Functions) -> Any:
    return sigmoid(z, f) * sigmoid(-z, f)


def tanh_slope(z: Any, f: Functions) -> Any:
    return 4 * sigmoid_slope(2 * z, f)


def sigmoid_slope_of_value(a: Any) -> Any:
    return a * (1 - a)


def tanh_slope_of_value(a: Any) -> Any:
    return 1 - a * a


def exp(z: Any, f: Functions) -> Any:
    return f.exp(z)


def same(a: Any) -> Any:
    return a


def sin(z: Any, f: Functions) -> Any:
    return f.sin(z)


def cos(z: Any, f: Functions) -> Any:
    return f.cos(z)


def cos_squared_of_sin(a: Any) -> Any:
    return 1 - a * a


def square(z: Any, _: Functions) -> Any:
    return z * z


def twice(z: Any, _: Functions) -> Any:
    return 2 * z


def twice_squared_of_square(a: Any) -> Any:
    return 4 * a


def hardswish(z: Any, f: Functions) -> Any:
    return f.divide(z * (z + 3), 6)


def hardswish_slope(z: Any, f: Functions) -> Any:
    return f.divide(2 * z + 3, 6)


def stretched_elu(factor: Rational, steepness: Rational, rate: Rational) -> Branch:
    """factor·(exp(rate·z) − 1), where ``steepness`` is factor·rate."""
    return Branch(
        partial(stretched_value, factor, rate),
        partial(stretched_slope, steepness, rate),
        partial(line_of_value, steepness, rate),
    )


def stretched_value(factor: Rational, rate: Rational, z: Any, f: Functions) -> Any:
    return factor * expm1(rate * z, f)


def stretched_slope(steepness: Rational, rate: Rational, z: Any, f: Functions) -> Any:
    return steepness * f.exp(rate * z)


def line_of_value(offset: Rational, slope: Rational, a: Any) -> Any:
    return slope * a + offset


def root_of_two_over_pi(f: Any) -> Any:
    """√(2/π)."""
    return _constant_of(f)


@lru_cache(maxsize=8)
def _constant_of(f: Any) -> Any:
    return f.exp(f.divide(f.log(f.divide(2, f.pi)), 2))


def _is_nought(z: Any) -> bool:
    """Whether z is the exact number 0, at which functions have values that formulas with π do not show."""
    return isinstance(z, int) and z == 0


def normal_cdf(z: Any, f: Functions) -> Any:
    """Φ(z), of the standard normal distribution."""
    return f.divide(1 + f.erf(f.divide(z, f.sqrt(2))), 2)


def gelu(z: Any, f: Functions) -> Any:
    return 0 if _is_nought(z) else z * normal_cdf(z, f)


def gelu_slope(z: Any, f: Functions) -> Any:
    if _is_nought(z):
        return Fraction(1, 2)
    density = f.divide(root_of_two_over_pi(f) * f.exp(f.divide(-z * z, 2)), 2)
    return normal_cdf(z, f) + z * density


_CUBIC = Fraction(44715, 1_000_000)
"""The cubic term of GELU's approximation by tanh (Hendrycks and Gimpel, arXiv 1606.08415)."""


def gelu_tanh(z: Any, f: Functions) -> Any:
    if _is_nought(z):
        return 0
    return z * sigmoid(2 * root_of_two_over_pi(f) * (z * (1 + _CUBIC * z * z)), f)


def gelu_tanh_slope(z: Any, f: Functions) -> Any:
    if _is_nought(z):
        return Fraction(1, 2)
    twice_root = 2 * root_of_two_over_pi(f)
    inner = twice_root * (z * (1 + _CUBIC * z * z))
    gate = sigmoid(inner, f)
    return gate * (1 + z * sigmoid(-inner, f) * (twice_root * (1 + 3 * _CUBIC * z * z)))


def silu(z: Any, f: Functions) -> Any:
    return z * sigmoid(z, f)


def silu_slope(z: Any, f: Functions) -> Any:
    return sigmoid(z, f) * (1 + z * sigmoid(-z, f))


def mish_gate(z: Any, f: Functions) -> tuple[Any, Any]:
    """t = tanh(softplus(z)) = q/(q + 2) with q = (1 + eᶻ)² − 1, and 1 − t."""
    e = f.exp(z)
    q = e * (e + 2)
    return f.divide(1, 1 + f.divide(2, q)), f.divide(2, q + 2)


def mish(z: Any, f: Functions) -> Any:
    return z * mish_gate(z, f)[0]


def mish_slope(z: Any, f: Functions) -> Any:
    t, rest = mish_gate(z, f)
    return t + z * (rest * (1 + t) * sigmoid(z, f))


def softsign(sign: int, z: Any, f: Functions) -> Any:
    return f.divide(z, 1 + sign * z)


def softsign_slope(sign: int, z: Any, f: Functions) -> Any:
    inverse = f.divide(1, 1 + sign * z)
    return inverse * inverse


def softsign_slope_of_value(sign: int, a: Any) -> Any:
    return (1 - sign * a) * (1 - sign * a)


def softsign_branch(sign: int) -> Branch:
    """The branch on the side of this sign."""
    return Branch(
        partial(softsign, sign), partial(softsign_slope, sign), partial(softsign_slope_of_value, sign)
    )
