"""Where an activation is one linear function with one derivative.

A side is an interval of pre-activations on which both φ and the derivative that the kink
convention gives are fixed. A kink belongs to a neighbouring side where the convention gives
that side's slope; else it is a side of its own. Under ``forbid`` it belongs to none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from zerograd.core.model.activations import Activation, PiecewiseLinear, piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network

Rational = int | Fraction
Unit = tuple[int, int]
"""(layer from 1, unit from 0)."""
Comparison = tuple[Literal["==", ">", ">=", "<", "<="], Rational]
"""How a pre-activation compares with a number."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers from ``low`` to ``high``, which are None where it has no end.

    ``low_closed`` and ``high_closed`` say whether an end belongs to it.
    """

    low: Rational | None
    high: Rational | None
    low_closed: bool
    high_closed: bool

    @property
    def is_point(self) -> bool:
        """Whether it is one number: of a side, a kink alone."""
        return self.low is not None and self.low == self.high

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What holds of z inside, and nowhere else: comparisons with its ends, the low one first."""
        if self.low is not None and self.is_point:
            return (("==", self.low),)
        tests: list[Comparison] = []
        if self.low is not None:
            tests.append((">=" if self.low_closed else ">", self.low))
        if self.high is not None:
            tests.append(("<=" if self.high_closed else "<", self.high))
        return tuple(tests)


@dataclass(frozen=True, slots=True)
class Side(Interval):
    """φ(z) = slope·z + offset and φ'(z) = ``derivative`` for z from ``low`` to ``high``.

    ``derivative`` differs from ``slope`` on a lone kink only.
    """

    slope: Rational
    offset: Rational
    derivative: Rational


@dataclass(frozen=True, slots=True)
class ChosenSide(Interval):
    """φ(z) = slope·z + offset for z from ``low`` to ``high``, and φ'(z) is any number between two.

    Attributes:
        least, greatest: φ′(z) lies from the one to the other: on a lone kink; elsewhere both are ``slope``.
    """

    slope: Rational
    offset: Rational
    least: Rational
    greatest: Rational


@lru_cache
def chosen_sides(activation: Activation) -> tuple[ChosenSide, ...]:
    """The sides from left to right, each kink a side of its own, where slopes at kinks are chosen.

    Raises:
        TypeError: the activation is not piecewise linear.
    """
    phi = piecewise(activation)
    result: list[ChosenSide] = []
    for piece, (slope, offset) in enumerate(zip(phi.slopes, phi.offsets, strict=True)):
        low = phi.kinks[piece - 1] if piece else None
        high = phi.kinks[piece] if piece < len(phi.kinks) else None
        result.append(ChosenSide(low, high, False, False, slope, offset, slope, slope))
        if high is not None:
            ends = sorted((slope, phi.slopes[piece + 1]))
            result.append(ChosenSide(high, high, True, True, slope, offset, *ends))
    return tuple(result)


@lru_cache
def sides(activation: Activation, convention: Kink) -> tuple[Side, ...]:
    """The sides from left to right. They cover the line, save kinks under ``forbid``.

    Raises:
        TypeError: the activation is not piecewise linear.
        NoSlopeYet: the convention is ``any``, and it has kinks: see `chosen_sides`.
    """
    return tuple(_sides(piecewise(activation), convention))


def _sides(activation: PiecewiseLinear, convention: Kink) -> Iterator[Side]:
    kinks, chosen = activation.kinks, activation.derivatives_at_kinks(convention)
    for piece, (slope, offset) in enumerate(zip(activation.slopes, activation.offsets, strict=True)):
        low = kinks[piece - 1] if piece else None
        high = kinks[piece] if piece < len(kinks) else None
        # A kink that both neighbours could own goes to the left one.
        owned_by_left = piece > 0 and chosen[piece - 1] == activation.slopes[piece - 1]
        low_closed = piece > 0 and chosen[piece - 1] == slope and not owned_by_left
        high_closed = high is not None and chosen[piece] == slope
        yield Side(low, high, low_closed, high_closed, slope, offset, slope)
        if high is None or (derivative := chosen[piece]) is None:
            continue
        if derivative not in (slope, activation.slopes[piece + 1]):
            yield Side(high, high, True, True, slope, offset, derivative)


def units_with_sides(network: Network, convention: Kink) -> dict[Unit, tuple[Side, ...]]:
    """The units whose activation has more than one side, with their sides; smooth ones have none."""
    return {
        (number, unit): choices
        for number, layer in enumerate(network.layers, start=1)
        if isinstance(layer.activation, PiecewiseLinear)
        for choices in [sides(layer.activation, convention)]
        if len(choices) > 1
        for unit in range(layer.units)
    }
