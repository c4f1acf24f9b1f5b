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


def _erf(z: Any) -> Any:
    return mpmath.erf(z / mpmath.sqrt(2))


PHI: Mapping[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "relu": lambda z: max(z, 0),
    "abs": abs,
    "relu6": lambda z: min(max(z, 0), 6),
    "hardtanh": lambda z: min(max(z, -1), 1),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "celu": lambda z: z if z > 0 else mpmath.expm1(z),
    "selu": lambda z: (
        mpmath.mpf("1.0507009873554804934193349852946")
        * (z if z > 0 else mpmath.mpf("1.6732632423543772848170429916717") * mpmath.expm1(z))
    ),
    "gelu": lambda z: z * (1 + _erf(z)) / 2,
    "gelu_tanh": lambda z: (
        z * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3))) / 2
    ),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
    "softsign": lambda z: z / (1 + abs(z)),
    "exp": mpmath.exp,
    "sin": mpmath.sin,
    "square": lambda z: z * z,
    "hardsigmoid": lambda z: min(max(z + 3, 0), 6) / 6,
    "hardswish": lambda z: z * min(max(z + 3, 0), 6) / 6,
    "relu_squared": lambda z: max(z, 0) ** 2,
}


def slope(name: str, z: Any) -> Any:
    """φ′(z) off kinks, by differences at many digits."""
    with mpmath.extradps(2 * DIGITS):
        h = mpmath.mpf(10) ** (-2 * DIGITS)
        value = PHI[name](z + h) - PHI[name](z - h)
        return value / (2 * h)


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
    "mae": lambda y_hat, y, samples: [
        mpmath.sign(p - t) / (samples * len(y)) for p, t in zip(y_hat, y, strict=True)
    ],
    "per_sample": lambda y_hat, y, samples: [4 * (y_hat[0] - y[0]) ** 3 / samples],
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
            below.append([PHI[layer.activation.name](v) for v in z])
        y = [values["y", (m, k)] for k in range(network.outputs)]
        arriving = ADJOINT[problem.model.loss.name](below[-1], y, samples)
        for number in range(network.depth, 0, -1):
            layer, inputs = network.layers[number - 1], below[number - 1]
            slopes = (slope(layer.activation.name, z) for z in pre[number - 1])
            delta = [g * s for g, s in zip(arriving, slopes, strict=True)]
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
