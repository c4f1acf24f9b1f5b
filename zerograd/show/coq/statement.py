"""What an exported theorem says: network, data, loss, gradients by the chain rule, and what is asked.

Everything is written twice, as the statement shows it and as the proof does, in which each φ'(z) is a
variable ``s`` and φ(z) is ``s * z``, or ``s * z + c``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from zerograd.core.model.activations import piecewise
from zerograd.core.model.references import entry, resolve
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import evaluate
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation, gradient_shapes, quantity_shapes, variable_shapes
from zerograd.core.refuting.dataset import dataset_quantities
from zerograd.show.coq.activations import function_name, has_intercepts, linear_text
from zerograd.show.coq.claims import Definition, Hypothesis
from zerograd.show.coq.props import Compared, CoqAlgebra, Number, Or, Prop, constant, prop_text, scale_of
from zerograd.show.coq.text import identifier


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with several sides, at one sample."""

    layer: int
    sample: int
    unit: int
    function: str
    sides: tuple[Side, ...]
    kinks: tuple[int | Fraction, ...]

    def name(self, letter: str) -> str:
        return f"{letter}{self.layer}_{self.sample}_{self.unit}"

    @property
    def shifted(self) -> bool:
        return has_intercepts(self.sides)


@dataclass(slots=True)
class Statement:
    """The parts of the theorem for M = ``samples`` samples.

    Attributes:
        inputs: parameters, x and y in order, with the value if it is given.
        definitions: what follows from them, in order; ``loss`` apart, which the gradients are of.
    """

    problem: Problem
    samples: int
    algebra: CoqAlgebra = field(default_factory=CoqAlgebra)
    inputs: list[tuple[str, Fraction | None]] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    hypotheses: list[Hypothesis] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        problem, network = self.problem, self.problem.network
        for name, shape in variable_shapes(network, self.samples).items():
            given = problem.given.get(name, {})
            for index in indices(shape):
                value = given.get(index)
                self.inputs.append(
                    (identifier(entry(name, index)), None if value is None else Fraction(value))
                )
        for number, layer in enumerate(network.layers, start=1):
            choices = sides(layer.activation, problem.derivative_at_kink)
            if len(choices) > 1:
                name, kinks = function_name(layer.activation), piecewise(layer.activation).kinks
                self.units += [
                    Unit(number, m, i, name, choices, kinks)
                    for m, i in product(range(self.samples), range(layer.units))
                ]
        self._ask(dataset_quantities(problem, self.samples))
        self._define()

    @property
    def size(self) -> int:
        """M·K, how many residuals the loss is the mean of."""
        return self.samples * self.problem.network.outputs

    # What is asked

    def _ask(self, polynomials: dict[str, Array[Polynomial]]) -> None:
        def number(name: str, index: Index) -> Number:
            text = _name(name, index)
            return Number(text, text, polynomials[name][index])

        def lookup(name: str) -> Array[Number]:
            self.mentioned.add(name)
            return Array.build(polynomials[name].shape, lambda index: number(name, index))

        problem, zero, scale = self.problem, constant(0), scale_of(self.size)
        asked = (("zero", "==", "="), ("nonzero", "!=", "!="), ("positive", ">", ">"), ("negative", "<", "<"))
        for relation, operator, shown in asked:
            for name, index in problem.asked_entries(relation, self.samples):  # type: ignore[arg-type]
                self.mentioned.add(f"grad({name})")
                prop = Compared(number(f"grad({name})", index), operator, zero, scale)  # type: ignore[arg-type]
                self._require(f"grad({entry(name, index)}) {shown} 0", prop, relation)
        shapes = gradient_shapes(problem.network, self.samples)
        for reference in problem.query[Relation.SOME_NONZERO]:
            name = f"grad({reference.name})"
            self.mentioned.add(name)
            parts = tuple(
                Compared(number(name, index), "!=", zero, scale)
                for index in resolve(reference, shapes[reference.name])
            )
            self._require(f"some grad({reference}) != 0", Or(parts), f"some_nonzero: {reference}")
        for (name, index), (low, high) in problem.entry_bounds(self.samples).items():
            bounded, label = number(name, index), entry(name, index)
            if low is not None:
                self._require(f"{label} >= {low}", Compared(bounded, ">=", constant(low)), "bounds")
            if high is not None:
                self._require(f"{label} <= {high}", Compared(bounded, "<=", constant(high)), "bounds")
        for n, condition in enumerate(problem.where):
            divisors = set(self.algebra.divisors)
            asked_for = evaluate(condition, self.algebra, lookup)
            for text in [text for text in self.algebra.divisors if text not in divisors]:
                self._require(None, Compared(self.algebra.divisors[text], "!=", zero), "divided by below")
            self._require(f"where[{n}]", asked_for, f"where: {condition}")
        if problem.domain == "integer":
            for (name, value), (label, _) in zip(self.inputs, self._entries(), strict=True):
                if value is None:
                    said = f"integer {name}"
                    self.hypotheses.append(
                        Hypothesis(f"integer {label}", None, said, said, "domain: integer")
                    )
        if problem.derivative_at_kink == "forbid":
            for unit in self.units:
                name = unit.name("z")
                z = Number(name, name, polynomials[f"z{unit.layer}"][unit.sample, unit.unit])
                for kink in unit.kinks:
                    self._require(None, Compared(z, "!=", constant(kink)), "derivative_at_kink: forbid")

    def _require(self, label: str | None, prop: Prop, remark: str) -> None:
        self.hypotheses.append(Hypothesis(label, prop, prop_text(prop, False), prop_text(prop, True), remark))

    def _entries(self) -> Iterator[tuple[str, Index]]:
        for name, shape in variable_shapes(self.problem.network, self.samples).items():
            for index in indices(shape):
                yield entry(name, index), index

    # Forward and backward

    def _define(self) -> None:
        network = self.problem.network
        below = "x"
        for number, layer in enumerate(network.layers, start=1):
            for m in range(self.samples):
                for i in range(layer.units):
                    self._unit(number, m, i, below)
            below = f"a{number}"
        for m, k in product(range(self.samples), range(network.outputs)):
            self._same(f"y_hat_{m}_{k}", f"{below}_{m}_{k}")
            self._same(f"r_{m}_{k}", f"y_hat_{m}_{k} - y_{m}_{k}")
        squares = " + ".join(
            f"r_{m}_{k} ^ 2" for m, k in product(range(self.samples), range(network.outputs))
        )
        self._same("loss", f"1 / {self.size} * ({squares})")
        lowest = min((_layer(name) for name in self.gradients), default=network.depth + 1)
        for m, k in product(range(self.samples), range(network.outputs)):
            self._same(f"dL_dy_hat_{m}_{k}", f"2 / {self.size} * r_{m}_{k}")
        for number in range(network.depth, max(lowest, 1) - 1, -1):
            for m, i in product(range(self.samples), range(network.layers[number - 1].units)):
                self._delta(number, m, i)
        shapes = quantity_shapes(network, self.samples)
        for name in self.gradients:
            for index in indices(shapes[f"grad({name})"]):
                self._same(_name(f"grad({name})", index), self._gradient(name, index))

    @property
    def gradients(self) -> list[str]:
        """The arrays whose gradients are spoken of, in order."""
        shapes = gradient_shapes(self.problem.network, self.samples)
        return [name for name in shapes if f"grad({name})" in self.mentioned]

    def _same(self, name: str, text: str) -> None:
        self.definitions.append(Definition(name, text, text))

    def _unit(self, number: int, m: int, i: int, below: str) -> None:
        network = self.problem.network
        terms = [f"w{number}_{i}_{j} * {below}_{m}_{j}" for j in range(network.widths[number - 1])]
        terms += [f"b{number}_{i}"] * network.layers[number - 1].bias
        self._same(f"z{number}_{m}_{i}", " + ".join(terms))
        activation = network.layers[number - 1].activation
        a, z, s, c = (f"{letter}{number}_{m}_{i}" for letter in "azsc")
        choices = sides(activation, self.problem.derivative_at_kink)
        if len(choices) == 1:
            self._same(a, linear_text(choices[0].slope, choices[0].offset, z))
            return
        shift = f" + {c}" if has_intercepts(choices) else ""
        self.definitions.append(Definition(a, f"{function_name(activation)} {z}", f"{s} * {z}{shift}"))

    def _delta(self, number: int, m: int, i: int) -> None:
        """∂L/∂a and ∂L/∂z of a unit, from those of the layer above."""
        network = self.problem.network
        if number == network.depth:
            upstream = f"dL_dy_hat_{m}_{i}"
        else:
            upstream = f"dL_da{number}_{m}_{i}"
            above = range(network.layers[number].units)
            self._same(
                upstream, " + ".join(f"dL_dz{number + 1}_{m}_{o} * w{number + 1}_{o}_{i}" for o in above)
            )
        activation = network.layers[number - 1].activation
        choices = sides(activation, self.problem.derivative_at_kink)
        name, z = f"dL_dz{number}_{m}_{i}", f"z{number}_{m}_{i}"
        if len(choices) == 1:
            slope = Fraction(choices[0].slope)
            self._same(name, upstream if slope == 1 else f"{upstream} * {linear_text(0, slope, z)}")
            return
        shown = f"{upstream} * {function_name(activation)}' {z}"
        self.definitions.append(Definition(name, shown, f"{upstream} * s{number}_{m}_{i}"))

    def _gradient(self, name: str, index: Index) -> str:
        samples = range(self.samples)
        if name == "x":
            m, j = index
            units = range(self.problem.network.layers[0].units)
            return " + ".join(f"dL_dz1_{m}_{i} * w1_{i}_{j}" for i in units)
        layer = int(name[1:])
        below = "x" if layer == 1 else f"a{layer - 1}"
        if name[0] == "b":
            return " + ".join(f"dL_dz{layer}_{m}_{index[0]}" for m in samples)
        return " + ".join(f"dL_dz{layer}_{m}_{index[0]} * {below}_{m}_{index[1]}" for m in samples)


def _name(name: str, index: Index) -> str:
    """``grad(w1)`` at [0,1] as ``dL_dw1_0_1``."""
    if name.startswith("grad("):
        name = f"dL_d{name[5:-1]}"
    return identifier(entry(name, index))


def _layer(name: str) -> int:
    return 1 if name == "x" else int(name[1:])
