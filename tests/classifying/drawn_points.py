"""Points of small networks, many of them critical and on kinks, by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from zerograd.core.model.activations import piecewise
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.points.second_order import kernel
from zerograd.core.question.problem import Problem

SQUARES = ("mse", "sse", "huber", "smooth_l1")
HIDDEN = ("relu", "relu", "abs", "leaky_relu", "hardtanh", "relu6")


def drawn_point(
    random: Random, losses: Sequence[str] = SQUARES, outputs: Sequence[int] = (1, 1, 2)
) -> Point[Any]:
    """A point of a network with one hidden layer; mostly one whose last layer has gradient 0.

    Targets are such that residuals are orthogonal to the features of the last layer, mostly also to what
    each unit with an outgoing weight can change, under slopes at kinks that are drawn.
    """
    name = random.choice(HIDDEN)
    phi: Any = {"leaky_relu": "1/2"} if name == "leaky_relu" else name
    inputs, width, out = random.choice((1, 1, 2)), random.choice((1, 1, 2, 3)), random.choice(outputs)
    bias, last_bias = random.random() < 0.8, random.random() < 0.7
    network = Network(inputs, (Layer(width, phi, bias), Layer(out, "linear", last_bias)))
    samples = random.randint(1, 5)

    def whole(shape: tuple[int, ...], most: int = 2) -> Array[Any]:
        return Array.build(shape, lambda _: random.randint(-most, most))

    values = {key: whole(shape) for key, shape in network.shapes.items()}
    if random.random() < 0.3:
        values["w2"] = values["w2"].map(lambda v: v if random.random() < 0.5 else 0)
    x = whole((samples, inputs), 3)
    model = Model(network, LOSSES[random.choice(losses)], "torch")
    point = Point(model, values, x, Array.build((samples, out), lambda _: 0), ExactActivate("torch"))
    y = _targets(random, point)
    return Point(model, values, x, y, ExactActivate("torch"))


def _targets(random: Random, point: Point[Any]) -> Array[Any]:
    """Targets that make the adjoints, here the residuals, orthogonal to what they may be asked to be."""
    y_hat = point.forward.y_hat
    samples, outputs = y_hat.shape
    if random.random() < 0.1:
        return Array.build(y_hat.shape, lambda _: random.randint(-3, 3))
    network, phi = point.model.network, piecewise(point.model.network.layers[0].activation)
    rows: list[list[Fraction]] = []
    for k in range(outputs):

        def of_output(column: Sequence[Any], k: int = k, weight: Any = 1) -> list[Fraction]:
            return [
                Fraction(column[m] * weight) if j == k else Fraction(0)
                for m in range(samples)
                for j in range(outputs)
            ]

        rows += [of_output(column) for column in zip(*point.forward.a[0].rows(), strict=True)]
        if network.layers[1].bias:
            rows.append(of_output([1] * samples))
    if random.random() < 0.8:
        every = random.random() < 0.5
        for unit in range(network.layers[0].units):
            v = [row[unit] for row in point.parameters["w2"].rows()]
            slopes = []
            for value in point.forward.z[0].entries[unit :: network.layers[0].units]:
                piece, on_kink = phi.locate(value)
                slope = Fraction(phi.pieces[piece].slope)
                if on_kink:
                    share = random.choice((0, Fraction(1, 2), 1, Fraction(1, 3)))
                    slope += share * (phi.pieces[piece + 1].slope - slope)
                slopes.append(slope)
            inputs = [[*row, *([1] if network.layers[0].bias else [])] for row in point.x.rows()]
            for j in range(len(inputs[0])):
                parts = [[s * row[j] for s, row in zip(slopes, inputs, strict=True)]]
                choices = [[int(a == b) for b in range(outputs)] for a in range(outputs)] if every else [v]
                for weights in choices:
                    rows += [
                        [Fraction(part[m] * w) for m in range(samples) for w in weights] for part in parts
                    ]
    basis = kernel(rows, samples * outputs)
    residual = [Fraction(0)] * (samples * outputs)
    for vector in basis:
        times = random.choice((-1, 0, 1, 2, Fraction(1, 2)))
        residual = [a + times * b for a, b in zip(residual, vector, strict=True)]
    entries = (p - r for p, r in zip(y_hat.entries, residual, strict=True))
    return Array(y_hat.shape, tuple(int(v) if v == int(v) else v for v in entries))


def loss_at(point: Point[Any], parameters: Mapping[str, Array[Any]]) -> Any:
    """The loss with other parameters."""
    return Point(point.model, parameters, point.x, point.y, point.activate).loss


def beside(random: Random, point: Point[Any], size: Fraction) -> dict[str, Array[Any]]:
    """Parameters near those of a point: each moved by up to ``size``, or some alone."""
    some = random.random()

    def moved(value: Any) -> Any:
        return value + (
            random.choice((-1, 1, 0, Fraction(random.randint(-9, 9), 9))) * size
            if random.random() < some
            else 0
        )

    return {name: array.map(moved) for name, array in point.parameters.items()}


def at_power(point: Point[Any], steps: Sequence[Mapping[str, Array[Any]]], epsilon: Fraction) -> Any:
    """The loss at a number on a curve."""
    moved = dict(point.parameters)
    for power, step in enumerate(steps, start=1):
        for name, array in step.items():
            pairs = zip(moved[name].entries, array.entries, strict=True)
            moved[name] = Array(array.shape, tuple(a + epsilon**power * b for a, b in pairs))
    return loss_at(point, moved)


def problem_of(point: Point[Any], **more: Any) -> Problem:
    """The problem in which a point is given."""
    arrays = {**point.parameters, "x": point.x, "y": point.y}
    return Problem(
        network=point.model.network,
        samples=point.x.shape[0],
        loss=point.model.loss,
        given={name: array.map(str).tolist() for name, array in arrays.items()},
        derivative_at_kink=str(point.model.derivative_at_kink),
        **more,
    )
