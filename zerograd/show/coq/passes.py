"""Forward and backward pass of some samples of a dataset, or of any one, as definitions in Coq."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from zerograd.core.model.sides import sides
from zerograd.core.numbers.arrays import Index
from zerograd.core.question.problem import Problem
from zerograd.show.coq.activations import Definition, Sample, Unit, linear_text
from zerograd.show.coq.loss import adjoint, error
from zerograd.show.coq.text import number_text


def units_of(problem: Problem, samples: Sequence[Sample], layer: int | None = None) -> list[Unit]:
    """The units with several sides, of all layers or of this one."""
    return [
        Unit(number, i, sample, at.activation, problem.derivative_at_kink)
        for number, at in enumerate(problem.network.layers, start=1)
        if layer in (None, number) and len(sides(at.activation, problem.derivative_at_kink)) > 1
        for sample, i in product(samples, range(at.units))
    ]


def forward(problem: Problem, samples: Sequence[Sample]) -> Iterator[Definition]:
    """z and a, layer by layer, then ŷ and how far it is from y."""
    network = problem.network
    below = "x"
    for number, layer in enumerate(network.layers, start=1):
        side, *others = sides(layer.activation, problem.derivative_at_kink)
        for sample, i in product(samples, range(layer.units)):
            fan_in = range(network.widths[number - 1])
            terms = [f"w{number}_{i}_{j} * {sample.value(below, j)}" for j in fan_in]
            terms += [f"b{number}_{i}"] * layer.bias
            yield Definition.of(sample.name(f"z{number}", i), " + ".join(terms))
            if others:
                yield Unit(number, i, sample, layer.activation, problem.derivative_at_kink).value()
            else:
                value = linear_text(side, sample.value(f"z{number}", i))
                yield Definition.of(sample.name(f"a{number}", i), value)
        below = f"a{number}"
    for sample, k in product(samples, range(network.outputs)):
        yield Definition.of(sample.name("y_hat", k), sample.value(below, k))
        yield error(sample, k)


def backward(
    problem: Problem, samples: Sequence[Sample], size: str, factor: str, lowest: int = 1
) -> Iterator[Definition]:
    """∂L/∂ŷ, then ∂L/∂a and ∂L/∂z, layer by layer, down to the lowest that is asked for.

    Args:
        size: M·K as the statement writes it.
        factor: the factor of the gradients as the proof does.
    """
    network = problem.network
    for sample, k in product(samples, range(network.outputs)):
        yield adjoint(sample, k, size, factor)
    for number in range(network.depth, lowest - 1, -1):
        layer = network.layers[number - 1]
        side, *others = sides(layer.activation, problem.derivative_at_kink)
        upstream = "dL_dy_hat" if number == network.depth else f"dL_da{number}"
        for sample, i in product(samples, range(layer.units)):
            if number < network.depth:
                terms = [
                    f"{sample.value(f'dL_dz{number + 1}', o)} * w{number + 1}_{o}_{i}"
                    for o in range(network.layers[number].units)
                ]
                yield Definition.of(sample.name(upstream, i), " + ".join(terms))
            name, above = sample.name(f"dL_dz{number}", i), sample.value(upstream, i)
            if others:
                unit = Unit(number, i, sample, layer.activation, problem.derivative_at_kink)
                shown = f"{above} * {unit.function}' {unit.at}"
                yield Definition.of(name, shown, f"{above} * {unit.name('s')}")
            else:
                factor_here = "" if side.slope == 1 else f" * {number_text(side.slope)}"
                yield Definition.of(name, f"{above}{factor_here}")


def layer_of(name: str) -> int:
    """The lowest layer whose ∂L/∂z the gradient by a parameter, or by x, is made of."""
    return 1 if name == "x" else int(name[1:])


def share(problem: Problem, sample: Sample, name: str, index: Index) -> str:
    """A sample's share of the gradient by an entry of a parameter, or of x at that sample; with marks."""
    layer = layer_of(name)
    if name == "x":
        units = range(problem.network.layers[0].units)
        return " + ".join(f"{sample.value('dL_dz1', i)} * w1_{i}_{index[1]}" for i in units)
    delta = sample.value(f"dL_dz{layer}", index[0])
    if name.startswith("b"):
        return delta
    return f"{delta} * {sample.value('x' if layer == 1 else f'a{layer - 1}', index[1])}"
