"""Enclosed witnesses made by mpmath: Newton's method at 60 digits on gradients written here once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath

from zerograd.core.model.references import Reference, complete_index, parse_reference
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.real import Ball
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.dropping import Dropped
from zerograd.core.verdict.enclosed import EnclosedWitness

DIGITS = 60
Place = tuple[str, tuple[int, ...]]

PHI: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "linear": (lambda z: z, lambda z: mpmath.mpf(1)),
    "relu": (lambda z: z if z > 0 else mpmath.mpf(0), lambda z: mpmath.mpf(z > 0)),
    "tanh": (mpmath.tanh, lambda z: 1 / mpmath.cosh(z) ** 2),
    "sigmoid": (
        lambda z: 1 / (1 + mpmath.exp(-z)),
        lambda z: mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2,
    ),
}


def _mse(y_hat: list[Any], y: list[Any], samples: int) -> list[Any]:
    return [2 * (p - t) / (samples * len(y)) for p, t in zip(y_hat, y, strict=True)]


def _logits(y_hat: list[Any], y: list[Any], samples: int) -> list[Any]:
    return [(1 / (1 + mpmath.exp(-p)) - t) / (samples * len(y)) for p, t in zip(y_hat, y, strict=True)]


def _classes(y_hat: list[Any], y: list[Any], samples: int) -> list[Any]:
    total = sum(map(mpmath.exp, y_hat))
    return [(mpmath.exp(p) / total - t) / samples for p, t in zip(y_hat, y, strict=True)]


ADJOINT: dict[str, Callable[[list[Any], list[Any], int], list[Any]]] = {
    "mse": _mse,
    "bce_with_logits": _logits,
    "cross_entropy": _classes,
}
"""∂L/∂ŷ of one sample."""


def mp(value: int | Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def gradients(problem: Problem, values: Mapping[Place, Any], samples: int) -> dict[Place, Any]:
    """∂L/∂ of every entry, by the chain rule, for one sample after the other."""
    network, total = problem.network, dict.fromkeys(values, mpmath.mpf(0))
    for m in range(samples):
        below = [[values["x", (m, d)] for d in range(network.inputs)]]
        pre: list[list[Any]] = []
        for number, layer in enumerate(network.layers, 1):
            inputs = below[-1]
            z = [
                sum(values[f"w{number}", (i, d)] * a for d, a in enumerate(inputs))
                + (values[f"b{number}", (i,)] if layer.bias else 0)
                for i in range(layer.units)
            ]
            pre.append(z)
            below.append([PHI[layer.activation.name][0](v) for v in z])
        y = [values["y", (m, k)] for k in range(network.outputs)]
        arriving = ADJOINT[problem.model.loss.name](below[-1], y, samples)
        for number in range(network.depth, 0, -1):
            layer, inputs = network.layers[number - 1], below[number - 1]
            slope = PHI[layer.activation.name][1]
            delta = [g * slope(z) for g, z in zip(arriving, pre[number - 1], strict=True)]
            for i, d in enumerate(delta):
                for j, a in enumerate(inputs):
                    total[f"w{number}", (i, j)] += d * a
                if layer.bias:
                    total[f"b{number}", (i,)] += d
            arriving = [
                sum(values[f"w{number}", (i, j)] * d for i, d in enumerate(delta)) for j in range(len(inputs))
            ]
        for d, g in enumerate(arriving):
            total["x", (m, d)] += g
    return total


def full(problem: Problem, name: str, samples: int) -> Place:
    """The place that a name such as ``w2[1]`` stands for."""
    reference = parse_reference(name)
    shape = variable_shapes(problem.network, samples)[reference.name]
    return reference.name, complete_index(reference.name, reference.index or (), shape)


class Unsolvable(Exception):
    """Newton's method finds nothing."""


def solve(
    problem: Problem, values: Mapping[str, Any], guesses: Mapping[str, Any], equations: Sequence[str]
) -> dict[Place, Any]:
    """The unknowns for which the equations hold, by Newton's method from a guess."""
    arrays = {
        name: Array.build(shape, _reader(values[name])) for name, shape in _shapes(problem, values).items()
    }
    samples = arrays["x"].shape[0]
    unknowns = [full(problem, name, samples) for name in guesses]
    places = [full(problem, name, samples) for name in equations]
    with mpmath.workdps(DIGITS + 10):
        fixed = {(n, i): mp(Fraction(v)) for n, array in arrays.items() for i, v in array.items()}

        def residuals(*at: Any) -> list[Any]:
            found = gradients(problem, fixed | dict(zip(unknowns, at, strict=True)), samples)
            return [found[place] for place in places]

        start = [mpmath.mpf(str(guess)) for guess in guesses.values()]
        try:
            root = mpmath.findroot(residuals, start, tol=mpmath.mpf(10) ** (-DIGITS))
        except (ZeroDivisionError, TypeError, ValueError):  # a matrix that is singular, or next to it
            raise Unsolvable from None
        return dict(zip(unknowns, root, strict=True))


def enclosed(
    problem: Problem,
    values: Mapping[str, Any],
    guesses: Mapping[str, Any],
    equations: Sequence[str],
    dropped: Sequence[Dropped] = (),
    radius: Fraction = Fraction(1, 10**25),
) -> EnclosedWitness:
    """The witness around the solution that Newton's method finds.

    Args:
        values: nested lists, with anything at all for unknowns.
        guesses: of the unknowns, by name.
    """
    solution = solve(problem, values, guesses, equations)
    box: dict[str, Any] = {}
    for name, shape in _shapes(problem, values).items():
        exact = Array.build(shape, _reader(values[name]))
        box[name] = Array(
            shape,
            tuple(
                Ball(rational(solution[name, index]), radius)
                if (name, index) in solution
                else Fraction(value)
                for index, value in exact.items()
            ),
        )
    samples = box["x"].shape[0]
    references = [Reference(*full(problem, name, samples)) for name in equations]
    return EnclosedWitness(problem, box, references, dropped)


def rational(value: Any, digits: int = 50) -> Fraction:
    """A decimal number near it."""
    with mpmath.workdps(DIGITS + 10):
        return Fraction(int(mpmath.nint(value * mpmath.mpf(10) ** digits)), 10**digits)


def _shapes(problem: Problem, values: Mapping[str, Any]) -> dict[str, Any]:
    return variable_shapes(problem.network, len(values["x"]))


def _reader(nested: Any) -> Callable[[tuple[int, ...]], Any]:
    def read(index: tuple[int, ...]) -> Any:
        value = nested
        for i in index:
            value = value[i]
        return value

    return read
