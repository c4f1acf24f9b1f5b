"""A problem with M samples as facts about real numbers.

Every network and dataset that answers the problem gives the variables values for which all facts hold:
the entries of the parameters and of ``x``; ``r[m,k]`` for the adjoint of each output whose target is not
given (``y[m,k]`` instead, where numbers are integers); and for each unit that has several sides the
derivative ``s1[m,i]`` of the side that sample m is on, and its intercept ``c1[m,i]`` where sides differ in
it: there φ(z) = s·z + c and φ′(z) = s. (On a kink that is a side of its own, s is the derivative that the
convention gives and c = φ(z) − s·z.) Units of a smooth activation have variables for φ(z) and φ′(z)
(`zerograd.core.refuting.curves`). Gradients come without the loss's positive factor, so that their
coefficients are integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import Forward, Site, backward, forward
from zerograd.core.model.curves import Smooth
from zerograd.core.model.references import entry
from zerograd.core.model.sides import sides
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.plain import RING
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import evaluate
from zerograd.core.question.fitness import no_least_squares
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.refuting.curves import Curved, orders, polynomials
from zerograd.core.refuting.facts import Fact, FactAlgebra, Formula
from zerograd.core.refuting.sizes import is_short, sized
from zerograd.core.refuting.system import (
    Case,
    Renaming,
    System,
    by_label,
    describe,
    intercept,
    lifted,
    on_side,
    parameters_of,
    query_facts,
    split_name,
    value_of,
    where_label,
    within,
)

MAX_SITES = 2_000
"""Units times samples that are looked at."""


def unfit(problem: Question) -> str | None:
    """Return why the question is not one about polynomials, once values and slopes have names."""
    return no_least_squares(problem)


def dataset_system(problem: Question, samples: int) -> System:
    """The facts of M = ``samples`` samples. Raises Refused if they are too many to be looked at."""
    return _Dataset(problem, samples).build()


def dataset_quantities(problem: Question, samples: int) -> dict[str, Array[Polynomial]]:
    """What a condition can name (``w1``, ``x``, ``z1``, ``grad(w1)``, …), in variables of `dataset_system`.

    The gradients are those of the loss, not scaled. Raises Refused as `dataset_system`.
    """
    dataset = _Dataset(problem, samples)
    dataset.build()
    return dataset.quantities


def values_label(variable: str) -> str:
    """The label of the equation that says which values a variable can have: ``values of s1[0,0]``."""
    return f"values of {variable}"


class _Dataset:
    """The facts of M samples."""

    def __init__(self, problem: Question, samples: int) -> None:
        if samples * max(1, sum(problem.network.widths)) > MAX_SITES:
            raise Refused([Violation("system", f"at most {MAX_SITES} values of units", "more of them")])
        long = problem.domain == "integer" or "y" in problem.given
        sized(problem.network, samples, adjoints_are_long=long)
        self.problem, self.samples = problem, samples
        self.quantities: dict[str, Array[Polynomial]] = {}
        self.parameters = parameters_of(problem)
        self.algebra = FactAlgebra()
        self.facts: list[tuple[str, Formula]] = []
        self.splits: dict[str, tuple[Case, ...]] = {}
        self.curved: list[Curved] = []

    def build(self) -> System:
        problem, network = self.problem, self.problem.network
        shape = (self.samples, network.outputs)
        x = Array.build((self.samples, network.inputs), lambda index: value_of(problem, "x", index))
        run = forward(network, self.parameters, x, self._activate)
        self.splits |= orders(self.curved)
        y_hat = lifted(run.y_hat)
        # A free target is the one with an unknown adjoint, in which gradients are linear; of integers y is
        # the unknown.
        loss, given = problem.model.loss, problem.given.get("y", {})
        unknown = {i for i in indices(shape) if problem.domain == "real" and i not in given}
        y = Array.build(
            shape,
            lambda i: (
                loss.target(y_hat[i], Polynomial.variable(entry("r", i)))
                if i in unknown
                else value_of(problem, "y", i)
            ),
        )
        adjoint = lifted(loss.adjoint(y_hat, y, RING, problem.derivative_at_kink))
        gradients = {n: lifted(a) for n, a in backward(network, self.parameters, run, adjoint).items()}
        self.facts += query_facts(problem, self.samples, gradients)
        factor = loss.factor(*shape)
        variables = {**self.parameters, "x": x, "y": y}
        for (name, index), bound in problem.entry_bounds(self.samples).items():
            self.facts += within(variables[name][index], entry(name, index), bound)
        self.quantities = (
            variables
            | self._quantities(run, y)
            | {f"grad({n})": a.map(lambda g: g * factor) for n, a in gradients.items()}
        )
        for number, condition in enumerate(problem.where):
            if is_short(condition, self.quantities.__getitem__):
                formula = evaluate(condition, self.algebra, self.quantities.__getitem__)
                self.facts.append((where_label(number), formula))
        self.facts += self.algebra.definitions.items()
        return System(by_label(self.facts), self.splits, self._integers(), _renamed)

    def _quantities(self, run: Forward[Any], y: Array[Polynomial]) -> dict[str, Array[Polynomial]]:
        y_hat = lifted(run.y_hat)
        named = {"r": Array.build(y.shape, lambda i: y_hat[i] - y[i]), "y_hat": y_hat}
        for number in range(1, self.problem.network.depth + 1):
            named |= {f"z{number}": lifted(run.z[number - 1]), f"a{number}": lifted(run.a[number - 1])}
        loss = self.problem.model.loss.value(y_hat, y, RING)
        return named | {"loss": lifted(Array((), (loss,)))}

    def _activate(self, activation: Activation, site: Site, z: Any) -> tuple[Any, Any]:
        z = z if isinstance(z, Polynomial) else Polynomial.constant(z)
        if isinstance(activation, Smooth):
            return self._curve(activation, site, z)
        choices = sides(activation, self.problem.derivative_at_kink)
        if len(choices) == 1:
            return z * choices[0].slope + choices[0].offset, choices[0].slope
        layer, *where = site
        index = tuple(where)
        unit, s, c = (entry(f"{letter}{layer}", index) for letter in "zsc")
        slope, shift = (
            self._one_of(s, [Fraction(side.derivative) for side in choices]),
            Polynomial.constant(0),
        )
        intercepts = [intercept(side) for side in choices]
        if any(intercepts):
            shift = self._one_of(c, intercepts)
        self.splits[unit] = tuple(
            Case(
                describe(side, unit),
                {s: Fraction(side.derivative)} | ({c: intercept(side)} if any(intercepts) else {}),
                on_side(z, side, unit),
            )
            for side in choices
        )
        return slope * z + shift, slope

    def _curve(self, activation: Smooth, site: Site, z: Polynomial) -> tuple[Polynomial, Polynomial]:
        written = polynomials(activation, z)
        if written is not None:
            return written
        layer, *index = site
        unit = Curved(activation, layer, tuple(index), z)
        self.curved.append(unit)
        self.facts += unit.facts(self.problem.derivative_at_kink)
        if cases := tuple(unit.cases(self.problem.derivative_at_kink)):
            self.splits[unit.name("z")] = cases
        return unit.value, unit.slope

    def _one_of(self, name: str, values: Sequence[Fraction]) -> Polynomial:
        variable = Polynomial.variable(name)
        vanishing = Polynomial.constant(1)
        for value in dict.fromkeys(values):
            vanishing = vanishing * (variable - value)
        self.facts.append((values_label(name), Fact(vanishing, "=")))
        return variable

    def _integers(self) -> frozenset[str]:
        if self.problem.domain != "integer":
            return frozenset()
        shapes = variable_shapes(self.problem.network, self.samples)
        names = {
            entry(name, index) for name, shape in shapes.items() for index in product(*map(range, shape))
        }
        return frozenset(names)


def _renamed(renaming: Renaming, variable: str) -> str:
    name, index = split_name(variable)
    if name == "t":
        return variable
    if name in ("x", "r", "y"):
        return entry(name, (renaming.sample(index[0]), index[1]))
    return entry(name, renaming.index(name, index))
