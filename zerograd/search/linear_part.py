"""A network at fixed parameters and inputs: outputs, and gradients as linear forms in the adjoints.

With θ and x fixed, ∂L/∂θ = `Loss.factor` · Σ g[m,k] · ∂ŷ[m,k]/∂θ, where g is `Loss.adjoint`. In matrix
form, for whole datasets, with Python's integers (and fractions where values are given as such): SymPy's
formulas, one sample at a time, would take minutes for a network of a hundred units. A property test
holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from zerograd.core.model.activations import piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.products import product
from zerograd.core.question.vocabulary import Rational

Row = list[Rational]
Matrix = list[Row]


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights (units, fan-in) and bias of one layer, as rows."""

    weights: Matrix
    bias: Row


@dataclass(frozen=True, slots=True)
class Run:
    """One sample's way through the network: x, then a1, …, aL; and φ′(z) per layer."""

    activations: tuple[Row, ...]
    derivatives: tuple[Row, ...]
    on_kink: bool


@dataclass(frozen=True, slots=True)
class LinearPart:
    """The network at one (θ, x); ``runs`` has an entry for every sample."""

    network: Network
    layers: tuple[Layer, ...]
    runs: tuple[Run, ...]

    @property
    def samples(self) -> int:
        """M."""
        return len(self.runs)

    @property
    def outputs(self) -> Matrix:
        """ŷ, M rows."""
        return [run.activations[-1] for run in self.runs]

    def adjoints(self, upstream: Matrix, lowest: int = 1) -> dict[int, Matrix]:
        """Σₖ upstream[m][k] ∂ŷ[m,k]/∂z{l} by layer l ≥ ``lowest``; each M rows of units_l entries.

        ``lowest`` 0 stands for the inputs.
        """
        result: dict[int, Matrix] = {}
        above = upstream
        for number in range(self.network.depth, 0, -1):
            if number < lowest:
                return result
            result[number] = [
                list(map(mul, g, run.derivatives[number - 1]))
                for g, run in zip(above, self.runs, strict=True)
            ]
            columns = list(zip(*self.layers[number - 1].weights, strict=True))
            if number > lowest:
                above = [_products(columns, row) for row in result[number]]
        if lowest == 0:
            result[0] = [_products(columns, row) for row in result[1]]
        return result

    def gradients(self, adjoint: Matrix, names: Sequence[str]) -> dict[str, dict[Index, Rational]]:
        """∂L/∂ of the named parameters (and ``x``) over `Loss.factor`, for this adjoint."""
        lowest = min((_layer_of(name) for name in names), default=1)
        deltas = self.adjoints(adjoint, lowest)
        found: dict[str, dict[Index, Rational]] = {}
        for name in names:
            number = _layer_of(name)
            if number == 0:
                found[name] = {(m, d): v for m, row in enumerate(deltas[0]) for d, v in enumerate(row)}
                continue
            by_unit = list(zip(*deltas[number], strict=True))
            if name[0] == "b":
                found[name] = {(i,): sum(unit) for i, unit in enumerate(by_unit)}
            else:
                sums = product(by_unit, [run.activations[number - 1] for run in self.runs])
                found[name] = {(i, j): v for i, row in enumerate(sums) for j, v in enumerate(row)}
        return found

    def rows(self, entries: Sequence[tuple[str, Index]]) -> Iterator[Row]:
        """∂L/∂entry over `Loss.factor` as linear forms: coefficients of g[0,0], g[0,1], …, g[1,0], …"""
        outputs = self.network.outputs
        lowest = min((_layer_of(name) for name, _ in entries), default=1)
        unit_vectors: Matrix = [[int(k == j) for j in range(outputs)] for k in range(outputs)]
        each = [self.adjoints([vector] * self.samples, lowest) for vector in unit_vectors]
        for name, index in entries:
            number = _layer_of(name)
            row: Row = []
            for m in range(self.samples):
                if number == 0:
                    factor: Rational = int(m == index[0])
                    unit = index[1]
                else:
                    factor = self.runs[m].activations[number - 1][index[1]] if name[0] == "w" else 1
                    unit = index[0]
                row += [factor * deltas[number][m][unit] for deltas in each]
            yield row


def layers_of(network: Network, values: Mapping[str, Mapping[Index, Rational]]) -> tuple[Layer, ...]:
    """The parameters among ``values``, layer by layer."""
    layers = []
    fan_in = network.inputs
    for number, layer in enumerate(network.layers, start=1):
        w = values[f"w{number}"]
        weights = [[w[i, j] for j in range(fan_in)] for i in range(layer.units)]
        bias = [values[f"b{number}"][i,] if layer.bias else 0 for i in range(layer.units)]
        layers.append(Layer(weights, bias))
        fan_in = layer.units
    return tuple(layers)


def run(network: Network, layers: Sequence[Layer], x: Row, kink: Kink) -> Run:
    """Evaluate the network on one input. Under ``forbid``, the derivative at a kink is left at 0."""
    row, on_kink = x, False
    activations, derivatives = [row], []
    for layer, spec in zip(layers, network.layers, strict=True):
        row = [sum(map(mul, w, row), b) for w, b in zip(layer.weights, layer.bias, strict=True)]
        row, derivative, met = piecewise(spec.activation).along(row, kink)
        on_kink = on_kink or met
        activations.append(row)
        derivatives.append(derivative)
    return Run(tuple(activations), tuple(derivatives), on_kink)


def _products(columns: Sequence[Sequence[Rational]], row: Row) -> Row:
    return [sum(map(mul, column, row)) for column in columns]


def _layer_of(name: str) -> int:
    return 0 if name == "x" else int(name[1:])
