"""Gradients of a network in float64, and how they change with parameters and data.

Forwards over reverse: the tangents of the forward pass and of reverse mode (Griewank and Walther,
Evaluating Derivatives, §5.1), for many directions at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Index
from zerograd.search.smooth.jets import Floats, Jet, JetFunctions

Entry = tuple[str, Index]
"""An entry of a parameter, of ``x`` or of ``y``; or of a gradient."""
Values = Mapping[str, Floats]

FUNCTIONS = JetFunctions()


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward and one backward pass, at ``values`` of parameters, ``x`` and ``y``."""

    model: Model
    values: Values

    @cached_property
    def _layers(self) -> list[tuple[Floats, Floats, Floats, Floats]]:
        """For each layer z, a, φ′ and φ″."""
        below, result = self.values["x"], []
        with np.errstate(all="ignore"):
            for number, layer in enumerate(self.model.network.layers, start=1):
                z = below @ self.values[f"w{number}"].T
                if layer.bias:
                    z = z + self.values[f"b{number}"]
                jet = Jet.variable(z)
                a = _full(layer.activation.value(jet, FUNCTIONS), z)
                slope = _full(layer.activation.slope(jet, FUNCTIONS, self.model.derivative_at_kink), z)
                result.append((z, a.value, slope.value, slope.slope))
                below = a.value
        return result

    @property
    def z(self) -> list[Floats]:
        """Pre-activations, layer by layer."""
        return [layer[0] for layer in self._layers]

    @property
    def y_hat(self) -> Floats:
        return self._layers[-1][1]

    @cached_property
    def adjoint(self) -> Floats:
        """∂ℓ/∂ŷ over `Loss.constant`, and without F′: shape (M, outputs)."""
        return np.stack([g.value for g in self._adjoint_along(None, 0)], axis=1)

    def _adjoint_slopes(self, of: str) -> Floats:
        """∂g[m,k]/∂ŷ[m,j], or by targets for ``of`` = "y", as [m,k,j]."""
        columns = [self._adjoint_along(of, j) for j in range(self.y_hat.shape[1])]
        return np.stack([np.stack([g.slope for g in column], axis=1) for column in columns], axis=2)

    def _adjoint_along(self, of: str | None, number: int) -> list[Jet]:
        """The adjoints of all samples, output by output, with derivatives by one output or target."""
        arrays = {"y_hat": self.y_hat, "y": self.values["y"]}
        rows = {name: [Jet(c, np.zeros_like(c)) for c in array.T] for name, array in arrays.items()}
        if of is not None:
            rows[of][number] = Jet.variable(rows[of][number].value)
        loss, kink = self.model.loss.inner, self.model.derivative_at_kink
        with np.errstate(all="ignore"):
            found = loss.sample_adjoint(rows["y_hat"], rows["y"], FUNCTIONS, kink)
        return [_full(g, arrays["y"][:, 0]) for g in found]

    @cached_property
    def _returning(self) -> list[tuple[Floats, Floats]]:
        """For each layer what arrives at its activations, and at its pre-activations."""
        arriving, result = self.adjoint, []
        for number in range(len(self._layers), 0, -1):
            delta = arriving * self._layers[number - 1][2]
            result.append((arriving, delta))
            arriving = delta @ self.values[f"w{number}"]
        return result[::-1]

    def below(self, number: int) -> Floats:
        """The inputs of a layer, counted from 1."""
        return self._layers[number - 2][1] if number > 1 else self.values["x"]

    @cached_property
    def gradients(self) -> dict[str, Floats]:
        """∂L/∂ of every parameter and of ``x``, over F′ and `Loss.factor`."""
        found = {"x": self._returning[0][1] @ self.values["w1"]}
        for number, layer in enumerate(self.model.network.layers, start=1):
            delta = self._returning[number - 1][1]
            found[f"w{number}"] = delta.T @ self.below(number)
            if layer.bias:
                found[f"b{number}"] = delta.sum(axis=0)
        return found

    def at(self, entries: Sequence[Entry]) -> Floats:
        """The gradients of some entries."""
        return np.array([self.gradients[name][index] for name, index in entries], dtype=np.float64)

    def jacobian(self, entries: Sequence[Entry], variables: Sequence[Entry]) -> Floats:
        """Return ∂(gradient of an entry)/∂(variable), shape (entries, variables)."""
        count = len(variables)
        moved: dict[str, Floats] = {}
        for number, (name, index) in enumerate(variables):
            if name not in moved:
                moved[name] = np.zeros((count, *self.values[name].shape))
            moved[name][(number, *index)] = 1.0
        if not variables:
            return np.zeros((len(entries), 0))
        tangents = self._tangents(moved, count)
        rows = [
            tangents[name].reshape(count, -1)[:, _flat(index, self._shape(name))] for name, index in entries
        ]
        return np.array(rows, dtype=np.float64).reshape(len(entries), count)

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.values[name].shape)

    def _tangents(self, moved: Mapping[str, Floats], count: int) -> dict[str, Floats]:
        """How the gradients change in each of ``count`` directions."""

        def direction(name: str) -> Floats:
            known = moved.get(name)
            return np.zeros((count, *self.values[name].shape)) if known is None else known

        layers, network = self._layers, self.model.network
        below, dbelow = self.values["x"], direction("x")
        activations, slopes = [dbelow], []
        for number, layer in enumerate(network.layers, start=1):
            dz = dbelow @ self.values[f"w{number}"].T + below @ direction(f"w{number}").transpose(0, 2, 1)
            if layer.bias:
                dz = dz + direction(f"b{number}")[:, None, :]
            _, below, slope, bend = layers[number - 1]
            dbelow = slope * dz
            activations.append(dbelow)
            slopes.append(bend * dz)
        arriving = np.einsum("mkj,tmj->tmk", self._adjoint_slopes("y_hat"), dbelow)
        if "y" in moved:
            arriving = arriving + np.einsum("mkj,tmj->tmk", self._adjoint_slopes("y"), moved["y"])
        found: dict[str, Floats] = {}
        for number in range(network.depth, 0, -1):
            came, delta = self._returning[number - 1]
            ddelta = arriving * layers[number - 1][2] + came * slopes[number - 1]
            found[f"w{number}"] = (
                ddelta.transpose(0, 2, 1) @ self.below(number) + delta.T @ activations[number - 1]
            )
            found[f"b{number}"] = ddelta.sum(axis=1)
            arriving = ddelta @ self.values[f"w{number}"] + delta @ direction(f"w{number}")
        found["x"] = arriving
        return found


def _full(number: object, like: Floats) -> Jet:
    """A jet of a layer's shape: a formula may well be a constant."""
    if isinstance(number, Jet):
        return number
    return Jet(np.full(like.shape, float(number)), np.zeros(like.shape))  # type: ignore[arg-type]


def _flat(index: Index, shape: tuple[int, ...]) -> int:
    return int(np.ravel_multi_index(index, shape))
