"""Smooth and piecewise smooth activations, by formulas (see `zerograd.core.numbers.functions`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from zerograd.core.model.kinks import Kink
from zerograd.core.model.names import Names
from zerograd.core.numbers.functions import Functions, Rational

Formula = Callable[[Any, Functions], Any]
"""(z, functions) to a value, over the numbers' own + − · and these functions."""


@dataclass(frozen=True, slots=True)
class Branch:
    """φ and φ′ between two joins."""

    value: Formula
    slope: Formula


@dataclass(frozen=True, slots=True)
class Smooth:
    """A continuous function φ that is given by one formula, or by several that meet at ``joins``.

    Attributes:
        derivative_of_value: φ′(z) from a = φ(z) over any ring, such as a·(1 − a) for the sigmoid; None where
            the two are not tied together so.
        low, high: bounds of φ that are never reached, None where there is none.
        increasing: whether z < z′ implies φ(z) < φ(z′).
        joins: where formulas meet.
        torch_slopes: ``torch_slopes[i]`` is the derivative that PyTorch returns at ``joins[i]`` if it is a
            kink; None where φ has a derivative.
    """

    name: str
    names: Names = field(repr=False)
    branches: tuple[Branch, ...] = field(repr=False, compare=False)
    derivative_of_value: Callable[[Any], Any] | None = field(default=None, repr=False, compare=False)
    low: Rational | None = None
    high: Rational | None = None
    increasing: bool = False
    joins: tuple[Rational, ...] = ()
    torch_slopes: tuple[Rational | None, ...] = ()
    parameter: Rational | None = None

    @property
    def is_linear(self) -> bool:
        return False

    @property
    def has_kinks(self) -> bool:
        return any(slope is not None for slope in self.torch_slopes)

    @property
    def is_homogeneous(self) -> bool:
        return False

    @property
    def is_whole(self) -> bool:
        return False

    def value(self, z: Any, functions: Functions) -> Any:
        """φ(z) over any numbers."""
        if not self.joins:
            return self.branches[0].value(z, functions)
        branches = [lambda z, b=b: b.value(z, functions) for b in self.branches]
        return functions.choose(z, self.joins, branches, [None] * len(self.joins))

    def slope(self, z: Any, functions: Functions, convention: Kink) -> Any:
        """φ′(z) over any numbers. At a kink under ``forbid`` it says nothing."""
        if not self.joins:
            return self.branches[0].slope(z, functions)
        branches = [lambda z, b=b: b.slope(z, functions) for b in self.branches]
        return functions.choose(z, self.joins, branches, self._slopes_at_joins(convention))

    def _slopes_at_joins(self, convention: Kink) -> list[Rational | None]:
        """Derivatives at joins; None where formulas agree on one."""
        if self.has_kinks:
            raise NotImplementedError(f"{self.name} has kinks; none was taken for {convention}")
        return [None] * len(self.joins)

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}({self.parameter})"


def _sigmoid(z: Any, f: Functions) -> Any:
    return f.divide(1, 1 + f.exp(-z))


def _tanh(z: Any, f: Functions) -> Any:
    return 1 - f.divide(2, f.exp(2 * z) + 1)


def _sigmoid_slope(z: Any, f: Functions) -> Any:
    value = _sigmoid(z, f)
    return value * (1 - value)


def _tanh_slope(z: Any, f: Functions) -> Any:
    value = _tanh(z, f)
    return (1 - value) * (1 + value)


SIGMOID = Smooth(
    "sigmoid",
    Names("σ", "Sigmoid", "torch.sigmoid({z})", "jax.nn.sigmoid({z})", word="sigmoid"),
    (Branch(_sigmoid, _sigmoid_slope),),
    lambda a: a * (1 - a),
    low=0,
    high=1,
    increasing=True,
)
TANH = Smooth(
    "tanh",
    Names("tanh", "Tanh", "torch.tanh({z})", "jnp.tanh({z})"),
    (Branch(_tanh, _tanh_slope),),
    lambda a: 1 - a * a,
    low=-1,
    high=1,
    increasing=True,
)

SMOOTH: tuple[Smooth, ...] = (SIGMOID, TANH)
"""Those without a parameter."""
