"""Points of small networks, many of them critical and on kinks, by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import numpy

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


def descended(random: Random, point: Point[Any], size: float, steps: int = 40) -> tuple[float, float]:
    """Gradient descent in float64 from parameters near a point: the least loss, and at the point itself.

    It stays within ten times ``size``, at most.
    """
    network, phi = point.model.network, piecewise(point.model.network.layers[0].activation)
    start = {name: numpy.array(array.tolist(), dtype=float) for name, array in point.parameters.items()}
    x, y = (numpy.array(array.tolist(), dtype=float) for array in (point.x, point.y))
    ends = [numpy.inf if piece.high is None else float(piece.high) for piece in phi.pieces]
    slopes, offsets = (
        numpy.array([float(getattr(piece, name)) for piece in phi.pieces]) for name in ("slope", "offset")
    )
    loss, share = point.model.loss, float(point.model.loss.share(*point.y.shape))

    def value(parameters: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        z = x @ parameters["w1"].T + parameters.get("b1", 0.0)
        piece = numpy.searchsorted(ends, z)
        a = slopes[piece] * z + offsets[piece]
        y_hat = a @ parameters["w2"].T + parameters.get("b2", 0.0)
        each, g = _loss_and_slope(loss.name, y_hat, y)
        back = (g @ parameters["w2"]) * slopes[piece]
        gradients = {"w2": g.T @ a, "b2": g.sum(axis=0), "w1": back.T @ x, "b1": back.sum(axis=0)}
        return share * float(each.sum()), gradients

    here = {name: array + size * _noise(random, array) for name, array in start.items()}
    least = value(here)[0]
    for _ in range(steps):
        _, gradients = value(here)
        largest = max(numpy.abs(gradients[name]).max() for name in network.shapes)
        rate = min(0.01, size / 5 / largest) if largest else 0.0
        here = {name: array - rate * gradients[name] for name, array in here.items()}
        least = min(least, value(here)[0])
    return least, value(start)[0]


def _noise(random: Random, array: Any) -> Any:
    moves = [random.choice((-1.0, 0.0, 1.0, random.random())) for _ in range(array.size)]
    return numpy.array(moves).reshape(array.shape)


def _loss_and_slope(name: str, y_hat: Any, y: Any) -> tuple[Any, Any]:
    r = y_hat - y
    match name:
        case "mse" | "sse":
            return r * r, 2 * r
        case "huber" | "smooth_l1":
            near = numpy.abs(r) <= 1
            return numpy.where(near, r * r / 2, numpy.abs(r) - 0.5), numpy.clip(r, -1, 1)
        case "mae":
            return numpy.abs(r), numpy.sign(r)
        case "hinge":
            margin = 1 - y * y_hat
            return numpy.maximum(margin, 0), -y * (margin > 0)
    raise ValueError(name)
