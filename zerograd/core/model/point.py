"""A model, and a point of it: parameters and data at which it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic

from zerograd.core.model.backprop import (
    Activate,
    Adjoints,
    Forward,
    Gradients,
    OnKink,
    R,
    adjoints,
    backward,
    forward,
)
from zerograd.core.model.kinks import Kink, NoSlopeYet
from zerograd.core.model.losses import Loss
from zerograd.core.model.losses.loss import forbids_kinks
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import Functions
from zerograd.core.numbers.work import spend_on


class OnLossKink(OnKink):
    """The loss of a sample is on a kink although ``derivative_at_kink`` is ``forbid``."""

    @property
    def place(self) -> str:
        _, *index = self.site
        return entry("y_hat", tuple(index))

    @property
    def what(self) -> str:
        return "a kink of the loss"


@dataclass(frozen=True, slots=True)
class Model:
    """A network, its loss, and the derivative that is taken at a kink."""

    network: Network
    loss: Loss
    derivative_at_kink: Kink


@dataclass(frozen=True)
class Point(Generic[R]):
    """Parameters and data of a model, over any ring.

    Attributes:
        parameters: ``w{l}`` of shape (units_l, units_{l-1}), ``b{l}`` of shape (units_l,).
        x: inputs, shape (M, inputs).
        y: targets, shape (M, outputs).
        activate: φ and φ′ over this ring; for exact numbers `zerograd.core.model.backprop.ExactActivate`.
        functions: what the loss is calculated with; by default for exact numbers.
        chosen: under ``any``, the slope at each kink of the loss by the prediction that is on it, such as
            ``y_hat[0,0]``, as entry of `Loss.sample_adjoint`. (Those of units ``activate`` knows.)
    """

    model: Model
    parameters: Mapping[str, Array[R]]
    x: Array[R]
    y: Array[R]
    activate: Activate[R]
    functions: Functions = EXACT
    chosen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, Array[R]]:
        """Parameters, ``x`` and ``y`` by name."""
        return {**self.parameters, "x": self.x, "y": self.y}

    @cached_property
    def forward(self) -> Forward[R]:
        """z, a and φ′(z) of every sample. Raises what ``activate`` does, such as `OnKink`."""
        return forward(self.model.network, self.parameters, self.x, self.activate)

    @cached_property
    def residuals(self) -> Array[R]:
        """r = ŷ − y, whatever the loss."""
        pairs = zip(self.forward.y_hat.entries, self.y.entries, strict=True)
        return Array(self.y.shape, tuple(p - t for p, t in pairs))

    @cached_property
    def adjoint(self) -> Array[R]:
        """∂L/∂ŷ over `Loss.factor`, shape (M, outputs).

        Raises:
            OnLossKink: the loss has a kink there, under ``forbid``.
            NoSlopeYet: it has a kink there, under ``any``, and no slope was chosen.
            ArithmeticError: it has no derivative there, or these numbers do not hold it.
        """
        loss, y_hat, convention = self.model.loss, self.forward.y_hat, self.model.derivative_at_kink
        spend_on((*y_hat.entries, *self.y.entries))
        if forbids_kinks(convention):
            for sample, output in loss.on_kinks(y_hat, self.y, self.functions):
                raise OnLossKink((self.model.network.depth, sample, output))
        if convention == "any":
            return self._chosen_adjoint
        return loss.adjoint(y_hat, self.y, self.functions, convention)

    @property
    def _chosen_adjoint(self) -> Array[R]:
        """`adjoint` under ``any``."""
        loss, y_hat = self.model.loss, self.forward.y_hat
        entries = dict(loss.adjoint(y_hat, self.y, self.functions, "left").items())
        for index in loss.on_kinks(y_hat, self.y, self.functions) if loss.has_kinks else ():
            place = entry("y_hat", index)
            if place not in self.chosen:
                raise NoSlopeYet(place)
            entries[index] = self.chosen[place] * self.outer_slope
        return Array(self.y.shape, tuple(entries.values()))

    @cached_property
    def outer_slope(self) -> Any:
        """F′(u) of a loss that is a function of the value u of another one; else 1."""
        loss = self.model.loss
        if loss.inner is loss:
            return 1
        return loss.outer_slope(loss.inner.value(self.forward.y_hat, self.y, self.functions), self.functions)

    @cached_property
    def adjoints(self) -> Adjoints[R]:
        """What comes back to each layer, from the first on, without `Loss.factor`."""
        return adjoints(self.model.network, self.parameters, self.forward, self.adjoint)

    @cached_property
    def gradients(self) -> Gradients[R]:
        """∂L/∂ of every parameter and of ``x``, by reverse mode."""
        factor = self.model.loss.factor(*self.y.shape)
        return backward(self.model.network, self.parameters, self.forward, self.adjoint, factor)

    @cached_property
    def loss(self) -> R:
        """L. Raises ArithmeticError where it has no value, or these numbers do not hold it."""
        spend_on((*self.forward.y_hat.entries, *self.y.entries), 2)
        value: R = self.model.loss.value(self.forward.y_hat, self.y, self.functions)
        return value

    def quantity(self, name: str) -> Array[R]:
        """What a name stands for in a condition (see `zerograd.core.question.vocabulary.quantity_shapes`).

        Raises:
            KeyError: the name stands for nothing.
        """
        # The loss may have no exact value where its derivatives have: it is calculated if it is asked for.
        return Array((), (self.loss,)) if name == "loss" else self._quantities[name]

    @property
    def quantities(self) -> dict[str, Array[R]]:
        """Every name that a condition may use, as `quantity`."""
        return self._quantities | {"loss": self.quantity("loss")}

    @cached_property
    def _quantities(self) -> dict[str, Array[R]]:
        run = self.forward
        result = self.variables | {"y_hat": run.y_hat, "r": self.residuals}
        for number in range(1, self.model.network.depth + 1):
            result[f"z{number}"], result[f"a{number}"] = run.z[number - 1], run.a[number - 1]
        return result | {f"grad({name})": array for name, array in self.gradients.items()}
