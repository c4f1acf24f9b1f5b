"""Causes are true of the point, and those that are structural of every dataset."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from zerograd.core.model.activations import ACTIVATIONS, RELU, Kink, leaky_relu
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.explaining.causes import (
    AtKink,
    Cancels,
    Dead,
    Flat,
    NoOutgoingWeight,
    NothingReturns,
    Saturated,
    ZeroAdjoint,
    ZeroFactor,
    causes,
    dead_units,
)

NUMBERS: st.SearchStrategy[Exact] = st.sampled_from([0, 0, 0, 1, -1, 2, -2, Fraction(1, 2), 7])


@st.composite
def points(draw: st.DrawFn) -> tuple[Point[Exact], Point[Exact]]:
    """Two points that differ in their data."""
    known = st.sampled_from([*ACTIVATIONS.values(), leaky_relu(0), leaky_relu("1/10")])
    widths, inputs = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)), draw(st.integers(1, 2))
    layers = tuple(Layer(width, draw(known), draw(st.booleans())) for width in widths)
    network, samples = Network(inputs, layers), draw(st.integers(1, 3))
    conventions: tuple[Kink, ...] = ("torch", "left", "right")
    convention = draw(st.sampled_from(conventions))
    model = Model(network, LOSSES["mse"], convention)

    def array(*shape: int) -> Array[Exact]:
        return Array.build(shape, lambda _: draw(NUMBERS))

    parameters = {name: array(*shape) for name, shape in network.shapes.items()}

    def point() -> Point[Exact]:
        x, y = array(samples, inputs), array(samples, network.outputs)
        return Point(model, parameters, x, y, ExactActivate(convention))

    return point(), point()


@given(points())
@settings(max_examples=300)
def test_every_zero_has_causes(pair: tuple[Point[Exact], Point[Exact]]) -> None:
    """A zero has causes that hold, and what is not zero has none; structural ones hold for other data."""
    point, other = pair
    for name, array in point.gradients.items():
        for index, value in array.items():
            found = causes(point, name, index)
            assert bool(found) == (value == 0)
            for cause in found:
                assert cause.samples
                holds(point, cause)
            if found and all(cause.structural for cause in found):
                assert other.gradients[name][index] == 0


def holds(point: Point[Exact], cause: object) -> None:
    match cause:
        case ZeroAdjoint(samples=samples, outputs=outputs):
            assert all(point.adjoint[m, k] == 0 for m in samples for k in outputs)
        case Flat(samples=samples, layer=layer, unit=unit):
            assert not any(point.forward.derivatives[layer - 1][m, unit] for m in samples)
        case NoOutgoingWeight(samples=samples, layer=layer, unit=unit):
            assert all(point.adjoints[layer - 1].arriving[m, unit] == 0 for m in samples)
        case NothingReturns(samples=samples, layer=layer, unit=unit):
            assert all(point.adjoints[layer - 1].delta[m, unit] == 0 for m in samples)
        case Cancels(terms=terms):
            assert len(terms) > 1
        case ZeroFactor(factor=factor):
            quantities = {**point.parameters, "x": point.x}
            quantities |= {f"a{number}": a for number, a in enumerate(point.forward.a, start=1)}
            assert 0 in quantities[factor].entries
        case _:
            raise AssertionError(cause)


def relu_point(w1: int, b1: int, w2: int, x: list[int], y: list[int]) -> Point[Exact]:
    model = Model(Network.mlp(1, 1, 1), LOSSES["mse"], "torch")
    parameters: dict[str, Array[Exact]] = {
        "w1": Array((1, 1), (w1,)),
        "b1": Array((1,), (b1,)),
        "w2": Array((1, 1), (w2,)),
        "b2": Array((1,), (0,)),
    }
    inputs: Array[Exact] = Array((len(x), 1), tuple(x))
    targets: Array[Exact] = Array((len(y), 1), tuple(y))
    return Point(model, parameters, inputs, targets, ExactActivate("torch"))


def test_kinds_are_told_apart() -> None:
    """Dead, on a kink, without an outgoing weight, fitted, cancelled."""
    off = relu_point(1, -3, 1, [1, 3], [5, 5])
    assert causes(off, "w1", (0, 0)) == (Dead((0,), 1, 0, False), AtKink((1,), 1, 0, False))
    assert list(dead_units(off)) == [(1, 0)]
    constant = relu_point(0, -1, 1, [1, 3], [5, 5])
    assert causes(constant, "b1", (0,)) == (Dead((0, 1), 1, 0, structural=True),)
    assert causes(constant, "w2", (0, 0)) == (ZeroFactor((0, 1), "a1", structural=True),)
    unused = relu_point(1, 0, 0, [1, 3], [5, 5])
    assert causes(unused, "w1", (0, 0)) == (NoOutgoingWeight((0, 1), 1, 0, 1, structural=True),)
    assert causes(relu_point(1, 0, 1, [1, 3], [1, 3]), "b2", (0,)) == (ZeroAdjoint((0, 1), (0,)),)
    assert causes(relu_point(1, 0, 1, [1, 3], [0, 4]), "b2", (0,)) == (Cancels((0, 1), (0, 1), "samples"),)
    assert causes(relu_point(1, 0, 1, [1, 3], [0, 4]), "w1", (0, 0)) == ()


def test_saturation_is_not_death() -> None:
    """ReLU6 is dead below 0 and saturated above 6; so is hardtanh on both sides."""
    for name, z, kind in (("relu6", 7, Saturated), ("relu6", -1, Dead), ("hardtanh", -2, Saturated)):
        network = Network(1, (Layer(1, name, bias=False), Layer(1, "linear", bias=False)))
        model = Model(network, LOSSES["mse"], "torch")
        one: Array[Exact] = Array((1, 1), (1,))
        x: Array[Exact] = Array((1, 1), (z,))
        point = Point(model, {"w1": one, "w2": one}, x, one, ExactActivate("torch"))
        assert causes(point, "x", (0, 0)) == (kind((0,), 1, 0, structural=False),)
    assert RELU.pieces[0].word == "inactive"
