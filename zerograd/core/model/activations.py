"""Activations, each with all that is known of it in one place.

An activation is `PiecewiseLinear` or `Smooth`; whoever can do with one kind only asks which it is, so that
a function without kinks is never taken for a linear one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

from zerograd.core.errors import short
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink, OfLayer, derivatives_taken
from zerograd.core.model.names import Names
from zerograd.core.model.parameters import exact_parameter
from zerograd.core.model.smooth import SMOOTH, celu, elu
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.numbers.functions import Functions, Rational


@dataclass(frozen=True, slots=True)
class Piece:
    """φ(z) = slope·z + offset from ``low`` to ``high``, which are None where the piece has no end.

    Attributes:
        word: what one says of a unit on it: active, inactive, saturated, or nothing.
    """

    low: Rational | None
    high: Rational | None
    slope: Rational
    offset: Rational
    word: str


@dataclass(frozen=True, slots=True)
class PiecewiseLinear:
    """A continuous piecewise linear function φ.

    On piece i, between ``kinks[i-1]`` and ``kinks[i]``, φ(z) = slopes[i]·z + offsets[i].

    Attributes:
        torch_slopes: ``torch_slopes[i]`` is the derivative that PyTorch returns at ``kinks[i]`` (measured
            for torch 2.13; the test suite measures it again wherever torch is installed).
        words: of each piece, what one says of a unit on it: active, inactive, saturated, or nothing.
        of_layer: the convention of its layer, if a mapping names that.
    """

    name: str
    kinks: tuple[Rational, ...]
    slopes: tuple[Rational, ...]
    offsets: tuple[Rational, ...]
    torch_slopes: tuple[Rational, ...]
    names: Names = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    parameter: Rational | None = None
    of_layer: OfLayer | None = field(default=None, repr=False)

    @property
    def is_linear(self) -> bool:
        """Whether φ(z) = z."""
        return self.slopes == (1,) and self.offsets == (0,)

    @property
    def has_kinks(self) -> bool:
        return bool(self.kinks)

    @property
    def is_homogeneous(self) -> bool:
        """Whether φ(c·z) = c·φ(z) for every c > 0."""
        return not any(self.offsets) and all(kink == 0 for kink in self.kinks)

    @property
    def constants(self) -> tuple[Rational, ...]:
        """The numbers that values of φ are made of, beside z."""
        return (*self.slopes, *self.offsets)

    @property
    def steepest(self) -> Rational:
        """The largest |φ′|: |φ(z)| ≤ steepest·|z| + highest_offset."""
        return max(*self.slopes, -min(self.slopes))

    @property
    def highest_offset(self) -> Rational:
        """See `steepest`."""
        return max(*self.offsets, -min(self.offsets))

    @property
    def is_whole(self) -> bool:
        """Whether φ takes whole numbers to whole numbers, by whole slopes."""
        return all(v.denominator == 1 for v in self.constants)

    @property
    def narrowest(self) -> Rational | None:
        """The length of the shortest piece that has two ends, None where there is none."""
        return min((b - a for a, b in pairwise(self.kinks)), default=None)

    def parity(self, convention: Kink) -> int:
        """1 if φ is even, −1 if it is odd, derivatives at kinks included; else 0."""
        if any(a != -b for a, b in zip(self.kinks, reversed(self.kinks), strict=True)):
            return 0
        chosen = [d for d in self.derivatives_at_kinks(convention) if d is not None]  # all, or none
        derivatives = [*zip(self.slopes, reversed(self.slopes), strict=True)]
        derivatives += zip(chosen, reversed(chosen), strict=True)
        values = [*zip(self.offsets, reversed(self.offsets), strict=True)]
        for sign in (1, -1):
            if all(a == -sign * b for a, b in derivatives) and all(a == sign * b for a, b in values):
                return sign
        return 0

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """From left to right."""
        ends = (None, *self.kinks), (*self.kinks, None)
        return tuple(map(Piece, *ends, self.slopes, self.offsets, self.words))

    def derivative_at_kink(self, number: int, convention: Kink) -> Rational | None:
        """The derivative at ``kinks[number]``; None under ``forbid``."""
        return self.derivatives_at_kinks(convention)[number]

    def derivatives_at_kinks(self, convention: Kink) -> tuple[Rational | None, ...]:
        """`derivative_at_kink` of each kink."""
        if self.of_layer is not None:
            convention = self.of_layer.convention
        return derivatives_taken(convention, self.name, self.slopes[:-1], self.slopes[1:], self.torch_slopes)

    def at_kinks(self, convention: Kink) -> Iterator[tuple[Rational, Rational]]:
        """(kink, derivative there). Nothing under ``forbid``."""
        for kink, derivative in zip(self.kinks, self.derivatives_at_kinks(convention), strict=True):
            if derivative is not None:
                yield kink, derivative

    def on_piece(self, piece: int, z: Exact) -> Exact:
        """φ(z), where z is known to lie on a piece (or at an end of it)."""
        return self.slopes[piece] * z + self.offsets[piece]

    def at(self, z: Exact, convention: Kink) -> tuple[Exact, Rational | None]:
        """(φ(z), φ′(z)) by the exact sign of z; no derivative on a kink under ``forbid``."""
        piece, on_kink = self.locate(z)
        derivative = self.derivative_at_kink(piece, convention) if on_kink else self.slopes[piece]
        return self.on_piece(piece, z), derivative

    def along(self, row: list[Rational], convention: Kink) -> tuple[list[Rational], list[Rational], bool]:
        """φ and φ′ at several rational z, and whether one of them is a kink.

        No calls entry by entry: searches spend much of their time here. Under ``forbid`` φ′ is 0 at a kink.
        """
        kinks, slopes, offsets = self.kinks, self.slopes, self.offsets
        if not kinks and slopes == (1,):
            return row, [1] * len(row), False
        at_kinks = [derivative or 0 for derivative in self.derivatives_at_kinks(convention)]
        values: list[Rational] = []
        derivatives: list[Rational] = []
        on_kink = False
        for z in row:
            piece = bisect_left(kinks, z)
            slope = slopes[piece]
            values.append(slope * z + offsets[piece])
            if piece < len(kinks) and kinks[piece] == z:
                on_kink = True
                slope = at_kinks[piece]
            derivatives.append(slope)
        return values, derivatives, on_kink

    def value(self, z: Any, functions: Functions) -> Any:
        """φ(z) over any numbers."""
        branches = [
            partial(_line, slope, offset) for slope, offset in zip(self.slopes, self.offsets, strict=True)
        ]
        return functions.choose(z, self.kinks, branches, [None] * len(self.kinks))

    def slope(self, z: Any, functions: Functions, convention: Kink) -> Any:
        """φ′(z) over any numbers. At a kink under ``forbid`` it says nothing: 0."""
        branches = [partial(_line, 0, slope) for slope in self.slopes]
        at_kinks = [derivative or 0 for derivative in self.derivatives_at_kinks(convention)]
        return functions.choose(z, self.kinks, branches, at_kinks)

    def is_kink(self, z: Exact) -> bool:
        """Whether φ has no derivative at z."""
        return self.locate(z)[1]

    def word_at(self, z: Exact) -> str:
        """What one says of a unit with this pre-activation, off kinks: see `words`."""
        return self.words[self.locate(z)[0]]

    @property
    def has_words(self) -> bool:
        """Whether its units are told apart by what one says of them."""
        return len(self.words) > 1

    @property
    def is_zero_at_zero(self) -> bool:
        """Whether φ(0) = 0."""
        return self.on_piece(self.locate(0)[0], 0) == 0

    @property
    def slopes_beside_kinks(self) -> tuple[Rational, ...]:
        """The one-sided derivatives at kinks that are not 0, in order."""
        return tuple(sorted({slope for slope in self.slopes if slope})) if self.kinks else ()

    @property
    def slopes_at_kinks(self) -> tuple[tuple[Rational, Rational], ...]:
        """The slopes on the left and on the right of each kink."""
        return tuple(pairwise(self.slopes))

    def locate(self, z: Exact) -> tuple[int, bool]:
        """(piece, False) strictly inside a piece, (number, True) on kink ``number``."""
        if isinstance(z, int):  # most witnesses: no need for anything finer
            number = bisect_left(self.kinks, z)
            return number, number < len(self.kinks) and self.kinks[number] == z
        number = bisect_left(self.kinks, 0, key=lambda kink: compare(kink, z))
        if number < len(self.kinks) and compare(self.kinks[number], z) == 0:
            return number, True
        return number, False

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}({self.parameter})"


def _line(slope: Rational, offset: Rational, z: Any) -> Any:
    return slope * z + offset if slope else offset


Activation: TypeAlias = PiecewiseLinear | Smooth


def piecewise(activation: Activation) -> PiecewiseLinear:
    """The activation, for those who have seen that it is piecewise linear.

    Raises:
        TypeError: it is not; whoever needs it says so beforehand (``unfit``).
    """
    if isinstance(activation, PiecewiseLinear):
        return activation
    raise TypeError(f"{activation} is not piecewise linear")


LINEAR = PiecewiseLinear("linear", (), (1,), (0,), (), Names("linear", None, "{z}", "{z}"), ("",))
RELU = PiecewiseLinear(
    "relu",
    (0,),
    (0, 1),
    (0, 0),
    (0,),
    Names("ReLU", "ReLU", "torch.nn.functional.relu({z})", "jax.nn.relu({z})"),
    ("inactive", "active"),
)
ABS = PiecewiseLinear(
    "abs", (0,), (-1, 1), (0, 0), (0,), Names("abs", None, "torch.abs({z})", "jnp.abs({z})"), ("", "")
)
RELU6 = PiecewiseLinear(
    "relu6",
    (0, 6),
    (0, 1, 0),
    (0, 0, 6),
    (0, 0),
    Names("ReLU6", "ReLU6", "torch.nn.functional.relu6({z})", "jax.nn.relu6({z})"),
    ("inactive", "active", "saturated"),
)
HARDTANH = PiecewiseLinear(
    "hardtanh",
    (-1, 1),
    (0, 1, 0),
    (-1, 0, 1),
    (0, 0),
    Names("hardtanh", "Hardtanh", "torch.nn.functional.hardtanh({z})", "jax.nn.hard_tanh({z})"),
    ("saturated", "active", "saturated"),
)
HARDSIGMOID = PiecewiseLinear(
    "hardsigmoid",
    (-3, 3),
    (0, Fraction(1, 6), 0),
    (0, Fraction(1, 2), 1),
    (0, 0),
    Names(
        "hardsigmoid",
        "Hardsigmoid",
        "torch.nn.functional.hardsigmoid({z})",
        "jax.nn.hard_sigmoid({z})",
        torch_error=2.0**-24,  # its slope is 1/6 as a float32
    ),
    ("saturated", "active", "saturated"),
)

_LEAKY = Names(
    "leaky_relu",
    "LeakyReLU",
    "torch.nn.functional.leaky_relu({z}, {parameter})",
    "jax.nn.leaky_relu({z}, {parameter})",
    word="LeakyReLU",
)


def leaky_relu(slope: int | Fraction | str) -> PiecewiseLinear:
    """z for z > 0, slope·z below. With slope 1 it is linear and has no kink.

    Raises:
        ValueError: the slope is no exact number.
    """
    value = exact_parameter(slope)
    if value == 1:
        return PiecewiseLinear("leaky_relu", (), (1,), (0,), (), _LEAKY, ("",), value)
    words = ("" if value else "saturated", "")
    return PiecewiseLinear("leaky_relu", (0,), (value, 1), (0, 0), (value,), _LEAKY, words, value)


PIECEWISE: tuple[PiecewiseLinear, ...] = (LINEAR, RELU, ABS, RELU6, HARDTANH, HARDSIGMOID)
"""Those that are piecewise linear and have no parameter."""

_PLAIN: tuple[Activation, ...] = (*PIECEWISE, *SMOOTH)
ACTIVATIONS: Mapping[str, Activation] = {activation.name: activation for activation in _PLAIN}
"""The activations without a parameter, by name."""


@dataclass(frozen=True, slots=True)
class Family:
    """Activations that differ by one parameter.

    Attributes:
        make: the activation with this parameter. Raises ValueError.
        default: the parameter that PyTorch takes.
        parameter: what the parameter is called; ``description`` says what it is.
    """

    make: Callable[[int | Fraction | str], Activation]
    default: Rational
    parameter: str
    description: str


FAMILIES: Mapping[str, Family] = {
    "leaky_relu": Family(leaky_relu, Fraction(1, 100), "slope", "The slope below 0, e.g. 1/10."),
    "elu": Family(elu, 1, "alpha", "alpha > 0: below 0 the value is alpha·(exp(z) − 1)."),
    "celu": Family(celu, 1, "alpha", "alpha > 0: below 0 the value is alpha·(exp(z/alpha) − 1)."),
}
"""The activations with a parameter, by name."""

ACTIVATION_NAMES = (*ACTIVATIONS, *FAMILIES)

_ELSEWHERE: Mapping[str, str] = {
    "swish": "silu",
    "identity": "linear",
    "logistic": "sigmoid",
    "gelu_new": "gelu_tanh",
    "lrelu": "leaky_relu",
    "hard_silu": "hardswish",
    "relu2": "relu_squared",
}
_NOT_HERE = frozenset(
    {"prelu", "rrelu", "crelu", "glu", "geglu", "reglu", "swiglu", "softmax", "softmin", "log_softmax"}
    | {"hardshrink", "softshrink", "tanhshrink", "logsigmoid", "log_sigmoid", "threshold", "quick_gelu"}
    | {"maxout"}
)
"""Activations of other libraries that are none of these: no name that looks alike stands for them."""


def activation_hint(name: str) -> str:
    """Return which activation somebody may have meant: `` (did you mean 'relu'?)``, or nothing."""
    plain = name.lower()
    family, _, parameter = plain.removesuffix(")").partition("(")
    if parameter and family.strip() in FAMILIES:  # as messages write it
        decimal = re.fullmatch(r"[+-]?[0-9]{0,9}\.?[0-9]{1,9}", parameter.strip())
        value = Fraction(parameter.strip()) if decimal else short(parameter)
        return f" (write {{{family.strip()}: {value}}})"
    if plain in _NOT_HERE:
        return ""
    if plain in _ELSEWHERE:
        return f" (here it is called {_ELSEWHERE[plain]!r})"
    return did_you_mean(plain, ACTIVATION_NAMES)


def activation_named(name: str) -> Activation:
    """An activation by name; one of a family with PyTorch's parameter, such as leaky_relu with 1/100.

    Raises:
        ValueError: no such activation.
    """
    if name in FAMILIES:
        return FAMILIES[name].make(FAMILIES[name].default)
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATION_NAMES)
        raise ValueError(f"unknown activation {short(name)}{activation_hint(name)} (known: {known})")
    return ACTIVATIONS[name]


def known_activation(activation: Activation) -> Activation | None:
    """The activation that goes by this name (and parameter)."""
    if activation.name in FAMILIES and activation.parameter is not None:
        return FAMILIES[activation.name].make(activation.parameter)
    return ACTIVATIONS.get(activation.name)
