"""What causes say is so: on their samples and units alone, every zero entry is zero."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import given, settings

from tests.explaining.exact.drawn import Reference, points
from zerograd.core.model.activations import piecewise
from zerograd.core.model.backprop import ExactActivate, backward
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact
from zerograd.explaining.exact.steps import explain_point
from zerograd.explaining.explanation import Cause, Kind, State


def layer_of(cause: Cause) -> int:
    match = re.match(r"layer (\d+)", cause.where)
    return int(match[1]) if match else 0


class Told(Reference):
    """Gradients of the reference, with what some causes say closed, and nothing else."""

    def __init__(self, point: Point[Exact], causes: Iterable[Cause]) -> None:
        super().__init__(point, ())
        self.causes = list(causes)

    def says(self, kind: Kind, layer: int, m: int, u: int, **details: object) -> bool:
        return any(
            cause.kind is kind
            and (layer_of(cause) == layer or kind is Kind.ZERO_ADJOINT)
            and (cause.samples is None or m in cause.samples)
            and (u in cause.details.get("units", (u,)))
            and all(cause.details.get(key) == value for key, value in details.items())
            for cause in self.causes
        )

    def gate(self, layer: int, m: int, u: int) -> bool:
        kind = self.unit(layer, m, u)
        return kind is not None and self.says(Kind(kind), layer, m, u)

    def value(self, layer: int, m: int, u: int) -> bool:
        if layer == 0:
            return not self.point.x[m, u] and self.says(Kind.ZERO_FACTOR, 1, m, u, factor="the input")
        if self.run.a[layer - 1][m, u]:
            return False
        if self.unit(layer, m, u) == "dead" and self.gate(layer, m, u):
            return True
        if self.says(Kind.ZERO_FACTOR, layer, m, u, factor=f"a{layer}"):
            return True
        weights = self.point.parameters[f"w{layer}"].rows()[u]
        has_bias = self.network.layers[layer - 1].bias
        if has_bias:
            bias = self.point.parameters[f"b{layer}"][u]
            if bias or not self.says(Kind.ZERO_FACTOR, layer, m, u, factor=f"b{layer}"):
                return False
        forward = self.says(Kind.ZERO_FACTOR, layer, m, u, factor=f"w{layer}")
        return all((forward and not w) or self.value(layer - 1, m, j) for j, w in enumerate(weights))

    def arriving(self, layer: int, m: int, u: int) -> bool:
        if layer == self.network.depth:
            return not self.point.adjoint[m, u] and self.says(Kind.ZERO_ADJOINT, layer, m, u)
        exactly = self.point.adjoints[layer - 1].arriving[m, u] if layer else self.point.gradients["x"][m, u]
        weights = [row[u] for row in self.point.parameters[f"w{layer + 1}"].rows()]
        if layer and not exactly and self.says(Kind.CANCELLATION, layer, m, u):
            return True
        back = self.says(Kind.ZERO_WEIGHT, layer, m, u, weight=f"w{layer + 1}")
        return all((back and not w) or self.delta(layer + 1, m, k) for k, w in enumerate(weights))

    def sums(self, name: str, index: Sequence[int]) -> bool:
        """Whether a cause says that the terms of an entry cancel."""
        layer = 0 if name == "x" else int(name[1:])
        unit = index[1] if name == "x" else index[0]
        return any(
            cause.kind is Kind.CANCELLATION
            and layer_of(cause) == layer
            and unit in cause.details.get("units", ())
            for cause in self.causes
        )


@given(points())
@settings(max_examples=150)
def test_each_zero_entry_follows_from_its_causes(pair: tuple[Point[Exact], Point[Exact]]) -> None:
    """Zeros are those of the checker; the causes' samples and units suffice, alone where they say so."""
    point, _ = pair
    step = explain_point(point)
    for row in (*step.parameters.values(), *step.inputs.values()):
        values = point.gradients[row.name].entries
        assert row.entries.zero == values.count(0)
        assert row.entries.nonzero == row.size - row.entries.zero
        assert bool(row.causes) == bool(row.entries.zero)
        every = Told(point, row.causes)
        explained = {
            index
            for index, value in point.gradients[row.name].items()
            if every.gradient(row.name, index)
            or (not value and every.cancels(row.name, index) and every.sums(row.name, index))
        }
        assert len(explained) == row.entries.zero
        for cause in row.causes:
            assert 0 < cause.entries <= row.entries.zero
            assert cause.all_samples == (cause.samples is not None and len(cause.samples) == point.x.shape[0])
            if cause.alone and "from" not in cause.details:
                only = Told(point, [cause])
                zero = [i for i in indices(row.shape) if only.gradient(row.name, i)]
                assert len(zero) >= cause.entries


@given(points(depth=3))
@settings(max_examples=100)
def test_the_other_slope_gives_the_other_gradient(pair: tuple[Point[Exact], Point[Exact]]) -> None:
    """With the other slope on the kinks of a layer, some entry is as large as is said, and none larger."""
    point, _ = pair
    step = explain_point(point)
    for row in (*step.parameters.values(), *step.inputs.values()):
        for cause in row.causes:
            if cause.kind is not Kind.AT_KINK:
                continue
            slope, gradient = cause.details["other_slope"], cause.details["other_gradient"]
            slopes, largest = (slope, gradient) if isinstance(slope, tuple) else ((slope,), (gradient,))
            for other, most in zip(slopes, largest, strict=True):
                assert other in piecewise(point.model.network.layers[layer_of(cause) - 1].activation).slopes
                entries = changed(point, layer_of(cause), other)[row.name].entries
                zero = [e for e, v in zip(entries, point.gradients[row.name].entries, strict=True) if not v]
                assert most in zero
                if cause.alone and cause.entries == row.entries.zero:
                    assert all(abs(Fraction(e)) <= abs(Fraction(most)) for e in zero)  # type: ignore[arg-type]


def changed(point: Point[Exact], layer: int, slope: Exact) -> Mapping[str, Array[Exact]]:
    """All gradients with another slope where a unit of a layer is on a kink at slope 0."""

    def other(z: Exact, d: int | Fraction) -> Any:
        return slope if not d and activation.locate(z)[1] else d

    activation = piecewise(point.model.network.layers[layer - 1].activation)
    z, derivatives = point.forward.z[layer - 1], list(point.forward.derivatives)
    derivatives[layer - 1] = Array(z.shape, tuple(map(other, z.entries, derivatives[layer - 1].entries)))
    run = replace(point.forward, derivatives=tuple(derivatives))
    factor = point.model.loss.factor(*point.y.shape)
    return backward(point.model.network, point.parameters, run, point.adjoint, factor)


@given(points())
def test_units_and_graph_are_those_of_the_point(pair: tuple[Point[Exact], Point[Exact]]) -> None:
    """A letter is what the unit does on the sample; a vertex has a gradient where an entry is not zero."""
    point, _ = pair
    step = explain_point(point)
    letters = {"at_kink": State.AT_KINK, "dead": State.OFF, "saturated": State.SATURATED}
    for units in step.units:
        layer = int(units.where.split()[1])
        assert len(units.states) == point.x.shape[0]
        for m, states in enumerate(units.states):
            for u, letter in enumerate(states):
                kind = Reference(point, ()).unit(layer, m, u)
                if kind is None:
                    assert letter in (State.ACTIVE, State.AT_KINK)
                else:
                    assert letter == letters[kind]
    for vertex in step.graph.vertices:
        if vertex.name in point.gradients:
            assert (vertex.reach == "nonzero") == any(point.gradients[vertex.name].entries)
    assert all(a < b for a, b in step.graph.edges)


def test_a_point_can_be_explained_under_another_convention() -> None:
    """With the right slope nothing is zero where a unit sits on the kink."""
    from zerograd.core.model.losses import LOSSES
    from zerograd.core.model.network import Network
    from zerograd.core.model.point import Model

    def point(convention: str) -> Point[Exact]:
        model = Model(Network.mlp(1, 1, 1), LOSSES["mse"], convention)
        parameters = {
            "w1": Array((1, 1), (2,)),
            "b1": Array((1,), (-2,)),
            "w2": Array((1, 1), (3,)),
            "b2": Array((1,), (0,)),
        }
        return Point(model, parameters, Array((1, 1), (1,)), Array((1, 1), (1,)), ExactActivate(convention))  # type: ignore[arg-type]

    (cause,) = explain_point(point("left")).parameters["b1"].causes
    assert cause.kind is Kind.AT_KINK
    assert cause.details["other_gradient"] == point("right").gradients["b1"][0]
    assert (cause.details["other_side"], cause.details["other_entry"]) == ("right", "b1")
    assert explain_point(point("right")).parameters["b1"].causes == ()
