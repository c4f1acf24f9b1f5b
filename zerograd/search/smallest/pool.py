"""What each sample may contribute to the gradients, for all choices of its numbers at once.

Everything is whole numbers of 64 bits: values times the scale of their layer. `fits` says beforehand
whether they are wide enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

import numpy as np

from zerograd.core.model.activations import Activation
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.plain import RING
from zerograd.evaluate.passes import deltas, forward
from zerograd.evaluate.whole import Bools, Ints, WholeActivation
from zerograd.search.smallest.choices import Choices
from zerograd.search.smallest.costs import Costs

Entry: TypeAlias = tuple[str, Index]

MAX_POOL = 100_000
"""Choices for one sample."""
_WIDEST = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """All choices for one sample, the cheapest first.

    Attributes:
        inputs: shape (n, D), times the scale.
        targets: shape (n, K), times the scale.
        cost: shape (n,): see `zerograd.search.smallest.costs.Costs`.
    """

    inputs: Ints
    targets: Ints
    cost: Ints

    @classmethod
    def of(
        cls, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], costs: Costs
    ) -> Pool | None:
        """All combinations of the choices of each entry; None if they are too many."""
        if prod(map(len, [*inputs, *targets])) > MAX_POOL:
            return None
        every = np.array(list(product(*inputs, *targets)), dtype=np.int64)
        cost = costs.rows(every)
        order = np.argsort(cost, kind="stable")
        every = every[order]
        return cls(every[:, : len(inputs)], every[:, len(inputs) :], cost[order])


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What each choice for one sample adds, with the parameters fixed.

    Attributes:
        rows: for each entry of a parameter's gradient, shape (n,), up to a positive factor.
        inputs: the same for ∂L/∂x of this sample, shape (n, D).
        values: ``z1``, ``a1``, …, ``y_hat`` and ``r``, shape (n, units), and the scale of each.
        barred: shape (n,): whether it sits on a kink where that is forbidden.
        kinked: shape (n,): whether it sits on a kink.
    """

    rows: Mapping[Entry, Ints]
    inputs: Ints
    values: Mapping[str, tuple[Ints, int]]
    barred: Bools
    kinked: Bools


class Layers:
    """A network with its activations as whole numbers, for values of one scale."""

    def __init__(self, model: Model, scale: int) -> None:
        self.network, self.loss, self.scale = model.network, model.loss, scale
        self.activations: list[WholeActivation] = []
        before = scale
        for layer in self.network.layers:
            whole = WholeActivation.of(layer.activation, model.derivative_at_kink, before * scale)
            self.activations.append(whole)
            before = whole.after

    def fits(self, choices: Choices, samples: int) -> bool:
        """Whether no whole number on the way can leave 64 bits."""
        widest = max((abs(v) for entry in choices.parameters for v in entry), default=0)
        a = max((abs(v) for row in choices.inputs for entry in row for v in entry), default=0)
        y = max((abs(v) for row in choices.targets for entry in row for v in entry), default=0)
        scale, largest, slope = self.scale, a, 1
        for fan_in, activation in zip(self.network.widths, self.activations, strict=False):
            a, most = activation.widest(fan_in * widest * a + widest * scale)
            scale = activation.after
            largest = max(largest, most)
            slope *= activation.steepest * max(1, widest) * fan_in * max(self.network.widths)
        widest = max(scale, (a + y * scale) * slope * max(1, largest) * samples)
        return widest < _WIDEST

    def contributions(self, parameters: Mapping[str, Ints], pool: Pool) -> Contributions:
        """Forward pass and reverse mode for every choice in a pool.

        Args:
            parameters: times the scale, in the shapes of the network.
        """
        values: dict[str, Ints] = {**parameters, "x": pool.inputs}
        before = self.scale
        for number, whole in enumerate(self.activations, start=1):
            if f"b{number}" in values:
                values[f"b{number}"] = values[f"b{number}"] * before
            before = whole.after
        quantities: dict[str, tuple[Ints, int]] = {}
        barred, kinked = np.zeros((2, len(pool.cost)), dtype=bool)

        def activate(number: int, _: Activation, z: Ints) -> tuple[Ints, Ints]:
            whole = self.activations[number - 1]
            a, derivative, without = whole.at(z)
            if without is not None:
                barred[without] = True
            kinked[whole.on_kink(z)] = True
            quantities[f"z{number}"] = z, whole.before
            quantities[f"a{number}"] = quantities["y_hat"] = a, whole.after
            return a, derivative

        run = forward(self.network, values, activate)
        (adjoint,) = self.loss.sample_adjoint(
            [run.y_hat], [pool.targets * (before // self.scale)], RING, "torch"
        )
        quantities["r"] = adjoint, before
        rows: dict[Entry, Ints] = {}
        of_layers, of_inputs = deltas(self.network, values, run, adjoint)
        for number, (delta, inner) in enumerate(zip(of_layers, run.below, strict=True), start=1):
            for unit in range(delta.shape[1]):
                for entry in range(inner.shape[1]):
                    rows[f"w{number}", (unit, entry)] = delta[:, unit] * inner[:, entry]
                if self.network.layers[number - 1].bias:
                    rows[f"b{number}", (unit,)] = delta[:, unit]
        return Contributions(rows, of_inputs, quantities, barred, kinked)
