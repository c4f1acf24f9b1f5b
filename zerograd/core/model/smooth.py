"""The smooth activations: their formulas, and what is known of them."""

from __future__ import annotations

from fractions import Fraction

from zerograd.core.model import formulas
from zerograd.core.model.curves import Branch, Smooth, line
from zerograd.core.model.names import Names
from zerograd.core.model.parameters import exact_parameter
from zerograd.core.numbers.functions import Rational, sigmoid, softplus, tanh

SIGMOID = Smooth(
    "sigmoid",
    Names("σ", "Sigmoid", "torch.sigmoid({z})", "jax.nn.sigmoid({z})", word="sigmoid"),
    (Branch(sigmoid, formulas.sigmoid_slope, formulas.sigmoid_slope_of_value),),
    low=0,
    high=1,
    increasing=True,
    steepest=Fraction(1, 4),
)
TANH = Smooth(
    "tanh",
    Names("tanh", "Tanh", "torch.tanh({z})", "jnp.tanh({z})"),
    (Branch(tanh, formulas.tanh_slope, formulas.tanh_slope_of_value),),
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
    (formulas.stretched_elu(_SELU_STEEPNESS, _SELU_STEEPNESS, 1), line(_SELU_SCALE)),
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
    (Branch(formulas.gelu, formulas.gelu_slope),),
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
    (Branch(formulas.gelu_tanh, formulas.gelu_tanh_slope),),
    low=Fraction(-171, 1000),
    steepest=Fraction(113, 100),
)
SILU = Smooth(
    "silu",
    Names("SiLU", "SiLU", "torch.nn.functional.silu({z})", "jax.nn.silu({z})"),
    (Branch(formulas.silu, formulas.silu_slope),),
    low=Fraction(-7, 25),
    steepest=Fraction(11, 10),
)
MISH = Smooth(
    "mish",
    Names("Mish", "Mish", "torch.nn.functional.mish({z})", "jax.nn.mish({z})"),
    (Branch(formulas.mish, formulas.mish_slope),),
    low=Fraction(-31, 100),
    steepest=Fraction(109, 100),
)
SOFTSIGN = Smooth(
    "softsign",
    Names("softsign", "Softsign", "torch.nn.functional.softsign({z})", "jax.nn.soft_sign({z})"),
    (formulas.softsign_branch(-1), formulas.softsign_branch(1)),
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
    (Branch(formulas.exp, formulas.exp, formulas.same),),
    low=0,
    increasing=True,
)
SIN = Smooth(
    "sin",
    Names("sin", None, "torch.sin({z})", "jnp.sin({z})"),
    (Branch(formulas.sin, formulas.cos),),
    least=-1,
    greatest=1,
    slope_squared=formulas.cos_squared_of_sin,
    symmetry=-1,
    steepest=1,
)
SQUARE = Smooth(
    "square",
    Names("square", None, "torch.square({z})", "jnp.square({z})"),
    (Branch(formulas.square, formulas.twice),),
    least=0,
    symmetry=1,
)
HARDSWISH = Smooth(
    "hardswish",
    Names("hardswish", "Hardswish", "torch.nn.functional.hardswish({z})", "jax.nn.hard_swish({z})"),
    (
        line(0, word="inactive"),
        Branch(formulas.hardswish, formulas.hardswish_slope),
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
    (line(0, word="inactive"), Branch(formulas.square, formulas.twice, word="active")),
    least=0,
    least_slope=0,
    slope_squared=formulas.twice_squared_of_square,
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
        (formulas.stretched_elu(value, value, 1), line(1)),
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
    is_float32 = value.denominator.bit_count() == 1 and value.numerator.bit_length() <= 24
    return Smooth(
        "celu",
        Names(
            "CELU",
            "CELU",
            "torch.nn.functional.celu({z}, {parameter})",
            "jax.nn.celu({z}, {parameter})",
            # In the derivative 1/alpha is that of a float32, as a factor and in the exponent.
            torch_error=0.0 if is_float32 else 2.0**-18,
        ),
        (formulas.stretched_elu(value, 1, exact_parameter(1 / Fraction(value))), line(1)),
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
