"""Small networks at drawn points, and what is zero there when only some zeros are taken as given."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from hypothesis import strategies as st

from zerograd.core.model.activations import ACTIVATIONS, PIECEWISE, leaky_relu, piecewise
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact

NUMBERS: st.SearchStrategy[Exact] = st.sampled_from([0, 0, 0, 1, -1, 2, -2, Fraction(1, 2), 7])
KNOWN = [*PIECEWISE, leaky_relu(0), leaky_relu("1/10")]

Label = tuple[str, str]
"""What is closed: a kind, and the layer or the name of what is zero."""


@st.composite
def points(
    draw: st.DrawFn, depth: int = 4, width: int = 3, samples: int = 3
) -> tuple[Point[Exact], Point[Exact]]:
    """Two points that differ in their data."""
    widths = draw(st.lists(st.integers(1, width), min_size=1, max_size=depth))
    inputs, count = draw(st.integers(1, 2)), draw(st.integers(1, samples))
    kinds = [st.sampled_from(KNOWN), st.just(ACTIVATIONS["relu"])]
    layers = tuple(Layer(width, draw(draw(st.sampled_from(kinds))), draw(st.booleans())) for width in widths)
    network = Network(inputs, layers)
    conventions: tuple[Kink, ...] = ("torch", "left", "right", "mean", "default: 2, relu: 1/3")
    convention = draw(st.sampled_from(conventions))
    model = Model(network, LOSSES["mse"], convention)

    def array(*shape: int) -> Array[Exact]:
        return Array.build(shape, lambda _: draw(NUMBERS))

    parameters = {name: array(*shape) for name, shape in network.shapes.items()}

    def point() -> Point[Exact]:
        x, y = array(count, inputs), array(count, network.outputs)
        made = Point(model, parameters, x, y, ExactActivate(convention))
        if draw(st.booleans()):  # some residuals of 0
            rows = [
                p if draw(st.booleans()) else t
                for p, t in zip(made.forward.a[-1].rows(), y.rows(), strict=True)
            ]
            made = Point(model, parameters, x, Array.of(rows, network.outputs), made.activate)
        return made

    return point(), point()


class Reference:
    """Which gradient entries are zero if only some labels' zeros are: by recursion, one number at a time."""

    def __init__(self, point: Point[Exact], closed: Iterable[Label]) -> None:
        self.point, self.closed = point, frozenset(closed)
        self.network, self.run = point.model.network, point.forward

    def unit(self, layer: int, m: int, u: int) -> str | None:
        """Return the kind of a unit that lets nothing through."""
        activation = piecewise(self.network.layers[layer - 1].activation)
        if self.run.derivatives[layer - 1][m, u]:
            return None
        number, on_kink = activation.locate(self.run.z[layer - 1][m, u])
        return "at_kink" if on_kink else "dead" if activation.words[number] == "inactive" else "saturated"

    def gate(self, layer: int, m: int, u: int) -> bool:
        kind = self.unit(layer, m, u)
        return kind is not None and (kind, f"layer {layer}") in self.closed

    def value(self, layer: int, m: int, u: int) -> bool:
        """Whether an activation is zero."""
        if layer == 0:
            return not self.point.x[m, u] and ("zero_factor", "the input") in self.closed
        if self.run.a[layer - 1][m, u]:
            return False
        if self.unit(layer, m, u) == "dead" and self.gate(layer, m, u):
            return True
        if ("zero_factor", f"a{layer}") in self.closed:
            return True
        if not self.network.layers[layer - 1].activation.is_zero_at_zero:
            return False
        weights = self.point.parameters[f"w{layer}"].rows()[u]
        below = self.point.x if layer == 1 else self.run.a[layer - 2]
        has_bias = self.network.layers[layer - 1].bias
        bias = self.point.parameters[f"b{layer}"][u] if has_bias else 0
        terms = [w and below[m, j] for j, w in enumerate(weights)]
        if (
            not self.run.z[layer - 1][m, u]
            and (any(terms) or bias)
            and ("zero_factor", f"z{layer}") in self.closed
        ):
            return True
        if has_bias and (bias or ("zero_factor", f"b{layer}") not in self.closed):
            return False
        forward = ("zero_factor", f"w{layer}") in self.closed
        return all((forward and not w) or self.value(layer - 1, m, j) for j, w in enumerate(weights))

    def arriving(self, layer: int, m: int, u: int) -> bool:
        """Whether what comes back to an activation is zero."""
        if layer == self.network.depth:
            return not self.point.adjoint[m, u] and ("zero_adjoint", "loss") in self.closed
        exactly = self.point.adjoints[layer - 1].arriving[m, u] if layer else self.point.gradients["x"][m, u]
        weights = [row[u] for row in self.point.parameters[f"w{layer + 1}"].rows()]
        back = ("zero_weight", f"w{layer + 1}") in self.closed
        if layer and not exactly and ("cancellation", f"layer {layer}") in self.closed:
            delta = self.point.adjoints[layer].delta.rows()[m]
            if any(w and d for w, d in zip(weights, delta, strict=True)):
                return True
        return all((back and not w) or self.delta(layer + 1, m, k) for k, w in enumerate(weights))

    def delta(self, layer: int, m: int, u: int) -> bool:
        return self.gate(layer, m, u) or self.arriving(layer, m, u)

    def gradient(self, name: str, index: Index) -> bool:
        """Whether a gradient entry is zero."""
        if ("cancellation", name) in self.closed and self.cancels(name, index):
            return True
        if name == "x":
            return self.arriving(0, *index)
        layer, samples = int(name[1:]), range(self.point.x.shape[0])
        return all(
            self.delta(layer, m, index[0]) or (name[0] == "w" and self.value(layer - 1, m, index[1]))
            for m in samples
        )

    def cancels(self, name: str, index: Index) -> bool:
        """Whether terms of a gradient entry that are not zero sum to zero."""
        if self.point.gradients[name][index]:
            return False
        if name == "x":
            m, column = index
            weights = [row[column] for row in self.point.parameters["w1"].rows()]
            delta = self.point.adjoints[0].delta.rows()[m]
            return any(w and d for w, d in zip(weights, delta, strict=True))
        layer = int(name[1:])
        below = self.point.x if layer == 1 else self.run.a[layer - 2]
        deltas = [row[index[0]] for row in self.point.adjoints[layer - 1].delta.rows()]
        factors = [row[index[1]] if name[0] == "w" else 1 for row in below.rows()]
        return any(d and a for d, a in zip(deltas, factors, strict=True))
