"""What each sample may contribute to the gradients, for all choices of its numbers at once.

Everything is whole numbers of 64 bits: values times the scale of their layer. `fits` says beforehand
whether they are wide enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.activations import Activation, Kink, piecewise
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Index
from zerograd.search.smallest.choices import Choices

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Entry: TypeAlias = tuple[str, Index]

MAX_POOL = 100_000
"""Choices for one sample."""
_WIDEST = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """All choices for one sample, the smallest first.

    Attributes:
        inputs: shape (n, D), times the scale.
        targets: shape (n, K), times the scale.
        cost: shape (n,): the sum of the absolute values.
    """

    inputs: Ints
    targets: Ints
    cost: Ints

    @classmethod
    def of(cls, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Pool | None:
        """Of the choices of each entry; None if they are too many."""
        if prod(map(len, [*inputs, *targets])) > MAX_POOL:
            return None
        every = np.array(list(product(*inputs, *targets)), dtype=np.int64)
        cost = np.abs(every).sum(axis=1)
        order = np.argsort(cost, kind="stable")
        every = every[order]
        return cls(every[:, : len(inputs)], every[:, len(inputs) :], cost[order])


@dataclass(frozen=True, slots=True)
class _Steps:
    """An activation in whole numbers: slopes and offsets times ``scale``."""

    scale: int
    kinks: tuple[Fraction, ...]
    slopes: tuple[int, ...]
    offsets: tuple[int, ...]
    at_kinks: tuple[int | None, ...]

    @classmethod
    def of(cls, activation: Activation, convention: Kink) -> _Steps:
        shape = piecewise(activation)
        scale = lcm(*(Fraction(v).denominator for v in shape.constants))
        at_kinks = shape.derivatives_at_kinks(convention)
        return cls(
            scale,
            tuple(map(Fraction, shape.kinks)),
            tuple(int(s * scale) for s in shape.slopes),
            tuple(int(o * scale) for o in shape.offsets),
            tuple(None if s is None else int(s * scale) for s in at_kinks),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Of each choice for one sample, with the parameters fixed.

    Attributes:
        rows: for each entry of a parameter's gradient, shape (n,), up to a positive factor.
        inputs: the same for ∂L/∂x of this sample, shape (n, D).
        values: ``z1``, ``a1``, …, ``y_hat`` and ``r``, shape (n, units), and the scale of each.
        on_kink: shape (n,).
        barred: shape (n,): whether it sits on a kink where that is forbidden.
    """

    rows: Mapping[Entry, Ints]
    inputs: Ints
    values: Mapping[str, tuple[Ints, int]]
    on_kink: Bools
    barred: Bools


class Layers:
    """A network with its activations as whole numbers, for values of one scale."""

    def __init__(self, model: Model, scale: int) -> None:
        self.network, self.loss, self.scale = model.network, model.loss, scale
        convention = model.derivative_at_kink
        self.steps = [_Steps.of(layer.activation, convention) for layer in self.network.layers]

    def fits(self, choices: Choices, samples: int) -> bool:
        """Whether no whole number on the way can leave 64 bits."""
        widest = max((abs(v) for entry in choices.parameters for v in entry), default=0)
        a = max((abs(v) for row in choices.inputs for entry in row for v in entry), default=0)
        y = max((abs(v) for row in choices.targets for entry in row for v in entry), default=0)
        scale, largest, slope = self.scale, a, 1
        for fan_in, steps in zip(self.network.widths, self.steps, strict=False):
            z = fan_in * widest * a + widest * scale
            scale *= self.scale
            kinks = max((abs(k.numerator) * scale + z * k.denominator for k in steps.kinks), default=0)
            steepest = max(map(abs, (*steps.slopes, *(s or 0 for s in steps.at_kinks))))
            a = steepest * z + max(map(abs, steps.offsets)) * scale
            scale *= steps.scale
            largest = max(largest, a, kinks)
            slope *= steepest * max(1, widest) * fan_in * max(self.network.widths)
        widest = max(scale, (a + y * scale) * slope * max(1, largest) * samples)
        return widest < _WIDEST

    def contributions(self, parameters: Mapping[str, Ints], pool: Pool) -> Contributions:
        """Forward pass and reverse mode for every choice in a pool.

        Args:
            parameters: times the scale, in the shapes of the network.
        """
        a, scale = pool.inputs, self.scale
        below, slopes = [], []
        values: dict[str, tuple[Ints, int]] = {}
        count = len(pool.cost)
        on_kink, barred = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        for number, (layer, steps) in enumerate(zip(self.network.layers, self.steps, strict=True), start=1):
            below.append(a)
            z = a @ parameters[f"w{number}"].T
            if layer.bias:
                z = z + parameters[f"b{number}"] * scale
            scale *= self.scale
            piece = np.zeros(z.shape, dtype=np.intp)
            for kink in steps.kinks:
                piece += z * kink.denominator > kink.numerator * scale
            slope = np.array(steps.slopes)[piece]
            a = slope * z + np.array(steps.offsets)[piece] * scale
            for kink, at_kink in zip(steps.kinks, steps.at_kinks, strict=True):
                here = z * kink.denominator == kink.numerator * scale
                on_kink |= here.any(axis=1)
                if at_kink is None:
                    barred |= here.any(axis=1)
                else:
                    slope = np.where(here, at_kink, slope)
            values[f"z{number}"] = z, scale
            scale *= steps.scale
            values[f"a{number}"] = values["y_hat"] = a, scale
            slopes.append(slope)
        rows: dict[Entry, Ints] = {}
        (upstream,) = self.loss.sample_adjoint([a], [pool.targets * (scale // self.scale)])
        values["r"] = upstream, scale
        for number in range(self.network.depth, 0, -1):
            delta = upstream * slopes[number - 1]
            inner = below[number - 1]
            for unit in range(delta.shape[1]):
                for entry in range(inner.shape[1]):
                    rows[f"w{number}", (unit, entry)] = delta[:, unit] * inner[:, entry]
                if self.network.layers[number - 1].bias:
                    rows[f"b{number}", (unit,)] = delta[:, unit]
            upstream = delta @ parameters[f"w{number}"]
        return Contributions(rows, upstream, values, on_kink, barred)
