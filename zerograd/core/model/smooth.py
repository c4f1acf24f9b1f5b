"""The smooth activations: their formulas, and what is known of them.

In a formula z stands as few times as can be, and sums have terms of one sign: intervals then stay tight,
and the slope's sign is known far out. What exact numbers hold (exp of log 2) stays exact.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

from zerograd.core.model.curves import Branch, Smooth, line
from zerograd.core.model.names import Names
from zerograd.core.model.parameters import exact_parameter
from zerograd.core.numbers.functions import Functions, Rational, expm1, sigmoid, softplus, tanh


def _sigmoid_slope(z: Any, f: Functions) -> Any:
    return sigmoid(z, f) * sigmoid(-z, f)


def _tanh_slope(z: Any, f: Functions) -> Any:
    return 4 * _sigmoid_slope(2 * z, f)


def _sigmoid_slope_of_value(a: Any) -> Any:
    return a * (1 - a)


def _tanh_slope_of_value(a: Any) -> Any:
    return 1 - a * a


def _exp(z: Any, f: Functions) -> Any:
    return f.exp(z)


def _same(a: Any) -> Any:
    return a


def _sin(z: Any, f: Functions) -> Any:
    return f.sin(z)


def _cos(z: Any, f: Functions) -> Any:
    return f.cos(z)


def _square(z: Any, _: Functions) -> Any:
    return z * z


def _twice(z: Any, _: Functions) -> Any:
    return 2 * z


def _hardswish(z: Any, f: Functions) -> Any:
    return f.divide(z * (z + 3), 6)


def _hardswish_slope(z: Any, f: Functions) -> Any:
    return f.divide(2 * z + 3, 6)


def _stretched_elu(factor: Rational, steepness: Rational, rate: Rational) -> Branch:
    """factor·(exp(rate·z) − 1), where ``steepness`` is factor·rate."""
    return Branch(
        partial(_stretched_value, factor, rate),
        partial(_stretched_slope, steepness, rate),
        partial(_line_of_value, steepness, rate),
    )


def _stretched_value(factor: Rational, rate: Rational, z: Any, f: Functions) -> Any:
    return factor * expm1(rate * z, f)


def _stretched_slope(steepness: Rational, rate: Rational, z: Any, f: Functions) -> Any:
    return steepness * f.exp(rate * z)


def _line_of_value(offset: Rational, slope: Rational, a: Any) -> Any:
    return slope * a + offset


def _root_of_two_over_pi(f: Any) -> Any:
    """√(2/π)."""
    return _constant_of(f)


@lru_cache(maxsize=8)
def _constant_of(f: Any) -> Any:
    return f.exp(f.divide(f.log(f.divide(2, f.pi)), 2))


def _is_nought(z: Any) -> bool:
    """Whether z is the exact number 0, at which functions have values that formulas with π do not show."""
    return isinstance(z, int) and z == 0


def _normal_cdf(z: Any, f: Functions) -> Any:
    """Φ(z), of the standard normal distribution."""
    return f.divide(1 + f.erf(f.divide(z, f.sqrt(2))), 2)


def _gelu(z: Any, f: Functions) -> Any:
    return 0 if _is_nought(z) else z * _normal_cdf(z, f)


def _gelu_slope(z: Any, f: Functions) -> Any:
    if _is_nought(z):
        return Fraction(1, 2)
    density = f.divide(_root_of_two_over_pi(f) * f.exp(f.divide(-z * z, 2)), 2)
    return _normal_cdf(z, f) + z * density


_CUBIC = Fraction(44715, 1_000_000)
"""The cubic term of GELU's approximation by tanh (Hendrycks and Gimpel, arXiv 1606.08415)."""


def _gelu_tanh(z: Any, f: Functions) -> Any:
    if _is_nought(z):
        return 0
    return z * sigmoid(2 * _root_of_two_over_pi(f) * (z * (1 + _CUBIC * z * z)), f)


def _gelu_tanh_slope(z: Any, f: Functions) -> Any:
    if _is_nought(z):
        return Fraction(1, 2)
    twice_root = 2 * _root_of_two_over_pi(f)
    inner = twice_root * (z * (1 + _CUBIC * z * z))
    gate = sigmoid(inner, f)
    return gate * (1 + z * sigmoid(-inner, f) * (twice_root * (1 + 3 * _CUBIC * z * z)))


def _silu(z: Any, f: Functions) -> Any:
    return z * sigmoid(z, f)


def _silu_slope(z: Any, f: Functions) -> Any:
    return sigmoid(z, f) * (1 + z * sigmoid(-z, f))


def _mish_gate(z: Any, f: Functions) -> tuple[Any, Any]:
    """t = tanh(softplus(z)) = q/(q + 2) with q = (1 + eᶻ)² − 1, and 1 − t."""
    e = f.exp(z)
    q = e * (e + 2)
    return f.divide(1, 1 + f.divide(2, q)), f.divide(2, q + 2)


def _mish(z: Any, f: Functions) -> Any:
    return z * _mish_gate(z, f)[0]


def _mish_slope(z: Any, f: Functions) -> Any:
    t, rest = _mish_gate(z, f)
    return t + z * (rest * (1 + t) * sigmoid(z, f))


def _softsign(sign: int, z: Any, f: Functions) -> Any:
    return f.divide(z, 1 + sign * z)


def _softsign_slope(sign: int, z: Any, f: Functions) -> Any:
    inverse = f.divide(1, 1 + sign * z)
    return inverse * inverse


def _softsign_slope_of_value(sign: int, a: Any) -> Any:
    return (1 - sign * a) * (1 - sign * a)


def _softsign_branch(sign: int) -> Branch:
    """The branch on the side of this sign."""
    return Branch(
        partial(_softsign, sign), partial(_softsign_slope, sign), partial(_softsign_slope_of_value, sign)
    )


SIGMOID = Smooth(
    "sigmoid",
    Names("σ", "Sigmoid", "torch.sigmoid({z})", "jax.nn.sigmoid({z})", word="sigmoid"),
    (Branch(sigmoid, _sigmoid_slope, _sigmoid_slope_of_value),),
    low=0,
    high=1,
    increasing=True,
    steepest=Fraction(1, 4),
)
TANH = Smooth(
    "tanh",
    Names("tanh", "Tanh", "torch.tanh({z})", "jnp.tanh({z})"),
    (Branch(tanh, _tanh_slope, _tanh_slope_of_value),),
    low=-1,
    high=1,
    increasing=True,
    symmetry=-1,
    steepest=1,
)
SOFTPLUS = Smooth(
    "softplus",
    Names(
        "softplus",
        "Softplus",
        "torch.nn.functional.softplus({z})",
        "jax.nn.softplus({z})",
        torch_error=2.1e-9,  # from 20 on it is z
    ),
    (Branch(softplus, sigmoid),),
    low=0,
    increasing=True,
    steepest=1,
)

_SELU_ALPHA = Fraction("1.6732632423543772848170429916717")
_SELU_SCALE = Fraction("1.0507009873554804934193349852946")
"""The digits that torch.nn.SELU has (Klambauer et al., arXiv 1706.02515)."""
_SELU_STEEPNESS = _SELU_SCALE * _SELU_ALPHA
SELU = Smooth(
    "selu",
    Names("SELU", "SELU", "torch.nn.functional.selu({z})", "jax.nn.selu({z})"),
    (_stretched_elu(_SELU_STEEPNESS, _SELU_STEEPNESS, 1), line(_SELU_SCALE)),
    low=-_SELU_STEEPNESS,
    increasing=True,
    joins=(0,),
    slopes_at_joins=((_SELU_STEEPNESS, _SELU_SCALE),),
    torch_slopes=(_SELU_STEEPNESS,),
    steepest=_SELU_STEEPNESS,
)
# The lower bounds of the next four are a little below the minima −0.16997, −0.17004, −0.27846 and −0.30884,
# their steepest slopes a little above the maxima of φ′.
GELU = Smooth(
    "gelu",
    Names("GELU", "GELU", "torch.nn.functional.gelu({z})", "jax.nn.gelu({z}, approximate=False)"),
    (Branch(_gelu, _gelu_slope),),
    low=Fraction(-17, 100),
    steepest=Fraction(113, 100),
)
GELU_TANH = Smooth(
    "gelu_tanh",
    Names(
        "GELU_tanh",
        "GELU",
        "torch.nn.functional.gelu({z}, approximate='tanh')",
        "jax.nn.gelu({z}, approximate=True)",
        torch_arguments="approximate='tanh'",
    ),
    (Branch(_gelu_tanh, _gelu_tanh_slope),),
    low=Fraction(-171, 1000),
    steepest=Fraction(113, 100),
)
SILU = Smooth(
    "silu",
    Names("SiLU", "SiLU", "torch.nn.functional.silu({z})", "jax.nn.silu({z})"),
    (Branch(_silu, _silu_slope),),
    low=Fraction(-7, 25),
    steepest=Fraction(11, 10),
)
MISH = Smooth(
    "mish",
    Names("Mish", "Mish", "torch.nn.functional.mish({z})", "jax.nn.mish({z})"),
    (Branch(_mish, _mish_slope),),
    low=Fraction(-31, 100),
    steepest=Fraction(109, 100),
)
SOFTSIGN = Smooth(
    "softsign",
    Names("softsign", "Softsign", "torch.nn.functional.softsign({z})", "jax.nn.soft_sign({z})"),
    (_softsign_branch(-1), _softsign_branch(1)),
    low=-1,
    high=1,
    increasing=True,
    symmetry=-1,
    joins=(0,),
    slopes_at_joins=((1, 1),),
    torch_slopes=(None,),
    steepest=1,
)
EXP = Smooth(
    "exp",
    Names("exp", None, "torch.exp({z})", "jnp.exp({z})"),
    (Branch(_exp, _exp, _same),),
    low=0,
    increasing=True,
)
SIN = Smooth(
    "sin",
    Names("sin", None, "torch.sin({z})", "jnp.sin({z})"),
    (Branch(_sin, _cos),),
    least=-1,
    greatest=1,
    symmetry=-1,
    steepest=1,
)
SQUARE = Smooth(
    "square",
    Names("square", None, "torch.square({z})", "jnp.square({z})"),
    (Branch(_square, _twice),),
    least=0,
    symmetry=1,
)
HARDSWISH = Smooth(
    "hardswish",
    Names("hardswish", "Hardswish", "torch.nn.functional.hardswish({z})", "jax.nn.hard_swish({z})"),
    (
        line(0, word="inactive"),
        Branch(_hardswish, _hardswish_slope),
        line(1, word="active"),
    ),
    least=Fraction(-3, 8),
    joins=(-3, 3),
    slopes_at_joins=((0, Fraction(-1, 2)), (Fraction(3, 2), 1)),
    torch_slopes=(0, 1),
    steepest=Fraction(3, 2),
)
RELU_SQUARED = Smooth(
    "relu_squared",
    Names(
        "ReLU²",
        None,
        "torch.square(torch.nn.functional.relu({z}))",
        "jnp.square(jax.nn.relu({z}))",
    ),
    (line(0, word="inactive"), Branch(_square, _twice, word="active")),
    least=0,
    joins=(0,),
    slopes_at_joins=((0, 0),),
    torch_slopes=(None,),
)

SMOOTH: tuple[Smooth, ...] = (
    SIGMOID, TANH, SOFTPLUS, SELU, GELU, GELU_TANH, SILU, MISH, SOFTSIGN, EXP, SIN, SQUARE, HARDSWISH,
    RELU_SQUARED,
)  # fmt: skip
"""Those without a parameter."""


def elu(alpha: int | Fraction | str) -> Smooth:
    """z for z > 0, alpha·(eᶻ − 1) below.

    Raises:
        ValueError: alpha is no exact number, or not positive.
    """
    value = _positive(alpha)
    return Smooth(
        "elu",
        Names("ELU", "ELU", "torch.nn.functional.elu({z}, {parameter})", "jax.nn.elu({z}, {parameter})"),
        (_stretched_elu(value, value, 1), line(1)),
        low=-value,
        steepest=max(value, 1),
        increasing=True,
        joins=(0,),
        slopes_at_joins=((value, 1),),
        torch_slopes=(None if value == 1 else value,),
        parameter=value,
    )


def celu(alpha: int | Fraction | str) -> Smooth:
    """z for z > 0, alpha·(exp(z/alpha) − 1) below (Barron, arXiv 1704.07483).

    Raises:
        ValueError: alpha is no exact number, or not positive.
    """
    value = _positive(alpha)
    return Smooth(
        "celu",
        Names(
            "CELU",
            "CELU",
            "torch.nn.functional.celu({z}, {parameter})",
            "jax.nn.celu({z}, {parameter})",
            torch_error=2.0**-24,  # of 1/alpha in the derivative, which is a float32
        ),
        (_stretched_elu(value, 1, exact_parameter(1 / Fraction(value))), line(1)),
        low=-value,
        steepest=1,
        increasing=True,
        joins=(0,),
        slopes_at_joins=((1, 1),),
        torch_slopes=(None,),
        parameter=value,
    )


def _positive(alpha: int | Fraction | str) -> Rational:
    value = exact_parameter(alpha)
    if value <= 0:
        raise ValueError(f"alpha must be positive, found {value}")
    return value
