"""A problem with M samples as facts about real numbers.

Every network and dataset that answers the problem gives the variables values for which all facts hold:
the entries of the parameters and of ``x``; ``r[m,k]`` for the adjoint of each output whose target is not
given (``y[m,k]`` instead, where numbers are integers; ``g[m,k]`` for all adjoints of losses other than least
squares, see `zerograd.core.refuting.adjoints`); and for each unit that has several sides the
derivative ``s1[m,i]`` of the side that sample m is on, and its intercept ``c1[m,i]`` where sides differ in
it: there φ(z) = s·z + c and φ′(z) = s. (On a kink that is a side of its own, s is the derivative that the
convention gives and c = φ(z) − s·z. Where slopes are chosen, ``derivative_at_kink: any``, each kink is a side
of its own, on which s is any number between the slopes on both sides.) Units of a smooth activation have
variables for φ(z) and φ′(z) (`zerograd.core.refuting.curves`). Gradients come without the loss's positive
factor, so that their coefficients are integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import Forward, Site, backward, forward
from zerograd.core.model.curves import Smooth
from zerograd.core.model.references import entry
from zerograd.core.model.sides import chosen_sides, sides
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.plain import RING
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.language import Comparison, names_in
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.refuting.adjoints import Adjoints
from zerograd.core.refuting.curves import Curved, orders, polynomials
from zerograd.core.refuting.facts import Fact, FactAlgebra, Formula
from zerograd.core.refuting.loss_values import LossValues, of_losses_alone
from zerograd.core.refuting.sizes import is_short, sized
from zerograd.core.refuting.system import (
    Case,
    OnDemand,
    Renaming,
    System,
    by_label,
    compared_with,
    describe,
    intercept,
    lifted,
    on_side,
    one_of,
    parameters_of,
    query_facts,
    split_name,
    value_of,
    where_label,
    within,
)

MAX_SITES = 2_000
"""Units times samples that are looked at."""


_UNIT: tuple[tuple[Comparison, int], ...] = ((">", 0), ("<", 1))


def dataset_system(problem: Question, samples: int) -> System:
    """The facts of M = ``samples`` samples. Raises Refused if they are too many to be looked at."""
    return _Dataset(problem, samples).build()


def dataset_quantities(problem: Question, samples: int) -> dict[str, Array[Polynomial]]:
    """What a condition can name (``w1``, ``x``, ``z1``, ``grad(w1)``, …), in variables of `dataset_system`.

    The gradients are those of the loss, not scaled. Raises Refused as `dataset_system`.
    """
    dataset = _Dataset(problem, samples)
    dataset.build()
    return dict(dataset.quantities)


class _Dataset:
    """The facts of M samples."""

    def __init__(self, problem: Question, samples: int) -> None:
        if samples * max(1, sum(problem.network.widths)) > MAX_SITES:
            raise Refused([Violation("system", f"at most {MAX_SITES} values of units", "more of them")])
        long = problem.domain == "integer" or "y" in problem.given
        sized(problem.network, samples, adjoints_are_long=long)
        self.problem, self.samples = problem, samples
        self.quantities: Mapping[str, Array[Polynomial]] = {}
        self.parameters = parameters_of(problem)
        self.algebra = FactAlgebra()
        self.facts: list[tuple[str, Formula]] = []
        self.splits: dict[str, tuple[Case, ...]] = {}
        self.curved: list[Curved] = []
        self.of_losses: LossValues | None = None

    def build(self) -> System:
        problem, network = self.problem, self.problem.network
        x = Array.build((self.samples, network.inputs), lambda index: value_of(problem, "x", index))
        run = forward(network, self.parameters, x, self._activate)
        # What is decided first makes the shortest proofs: adjoints, then orders, then sides.
        sides_of_units, self.splits = self.splits, {}
        y, adjoint = self._targets(run)
        self.splits |= dict(orders(self.curved)) | sides_of_units
        back = backward(network, self.parameters, run, adjoint)
        gradients = OnDemand({name: partial(_lifted_entry, back, name) for name in back})
        self.facts += query_facts(problem, self.samples, gradients)
        factor = problem.model.loss.factor(self.samples, network.outputs)
        variables = {**self.parameters, "x": x} | ({} if y is None else {"y": y})
        for (name, index), bound in problem.entry_bounds(self.samples).items():
            if name in variables:
                self.facts += within(variables[name][index], entry(name, index), bound)
        quantities: dict[str, Callable[[], Array[Polynomial]]] = {}
        quantities |= {name: partial(_itself, array) for name, array in variables.items()}
        quantities |= self._quantities(run, y)
        quantities |= {f"grad({name})": partial(_scaled, gradients, name, factor) for name in gradients}
        if self.of_losses:
            quantities |= {name: partial(_itself, array) for name, array in self.of_losses.quantities.items()}
        self.quantities = OnDemand(quantities)
        for number, condition in enumerate(problem.where):
            if self._is_known(condition) and is_short(condition, self.quantities.__getitem__):
                formula = evaluate(condition, self.algebra, self.quantities.__getitem__)
                self.facts.append((where_label(number), formula))
        self.facts += self.algebra.definitions.items()
        return System(by_label(self.facts), self.splits, self._integers(), _renamed)

    def _targets(self, run: Forward[Any]) -> tuple[Array[Polynomial] | None, Array[Polynomial]]:
        """The targets, if they are spoken of, and the adjoints."""
        problem, loss, y_hat = self.problem, self.problem.model.loss, lifted(run.y_hat)
        if not loss.least_squares:
            adjoints = Adjoints(problem, self.samples)
            if any(of_losses_alone(condition, problem) for condition in problem.where):
                self.of_losses = LossValues(problem, adjoints.values)
                self.facts += self.of_losses.facts
                self.splits |= self.of_losses.splits
            self.facts += adjoints.facts
            self.splits |= adjoints.splits
            if loss.within_unit:  # elsewhere there is no loss
                for index, p in y_hat.items():
                    self.facts += (compared_with(p, entry("y_hat", index), o, end) for o, end in _UNIT)
            return None, adjoints.values
        # A free target is the one with an unknown adjoint, in which gradients are linear; of integers y is
        # the unknown.
        given = problem.given.get("y", {})
        unknown = {i for i in indices(y_hat.shape) if problem.domain == "real" and i not in given}
        y = Array.build(
            y_hat.shape,
            lambda i: (
                loss.target(y_hat[i], Polynomial.variable(entry("r", i)))
                if i in unknown
                else value_of(problem, "y", i)
            ),
        )
        return y, lifted(loss.adjoint(y_hat, y, RING, problem.derivative_at_kink))

    def _is_known(self, condition: Condition) -> bool:
        """Whether all that a condition names has a polynomial."""
        names = names_in(condition.node) - {"grad"}
        if self.of_losses and names & set(self.of_losses.quantities):
            return of_losses_alone(condition, self.problem)
        return names <= set(self.quantities)

    def _quantities(
        self, run: Forward[Any], y: Array[Polynomial] | None
    ) -> dict[str, Callable[[], Array[Polynomial]]]:
        named: dict[str, Callable[[], Array[Polynomial]]] = {"y_hat": partial(lifted, run.y_hat)}
        for number in range(1, self.problem.network.depth + 1):
            named[f"z{number}"] = partial(lifted, run.z[number - 1])
            named[f"a{number}"] = partial(lifted, run.a[number - 1])
        if y is None:
            return named
        y_hat, loss = lifted(run.y_hat), self.problem.model.loss
        return named | {
            "r": lambda: Array.build(y.shape, lambda i: y_hat[i] - y[i]),
            "loss": lambda: lifted(Array((), (loss.value(y_hat, y, RING),))),
        }

    def _activate(self, activation: Activation, site: Site, z: Any) -> tuple[Any, Any]:
        z = z if isinstance(z, Polynomial) else Polynomial.constant(z)
        if isinstance(activation, Smooth):
            return self._curve(activation, site, z)
        if self.problem.derivative_at_kink == "any" and activation.has_kinks:
            return self._chosen(activation, site, z)
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

    def _chosen(self, activation: Activation, site: Site, z: Polynomial) -> tuple[Any, Any]:
        """φ(z) and φ′(z) of a unit whose slopes at kinks are chosen."""
        layer, *where = site
        unit, s, c = (entry(f"{letter}{layer}", tuple(where)) for letter in "zsc")
        choices = chosen_sides(activation)
        slope = Polynomial.variable(s)
        # With every kink at 0, and φ(0) = 0, φ(z) is s·z whatever s is at 0.
        straight = all(not side.offset and not (side.is_point and side.low) for side in choices)
        shift = Polynomial.constant(0) if straight else Polynomial.variable(c)
        bounds = min(side.least for side in choices), max(side.greatest for side in choices)
        self.facts += within(slope, s, bounds)
        cases = []
        for side in choices:
            name = describe(side, unit)
            if not side.is_point:
                values = {s: Fraction(side.slope)} | ({} if straight else {c: Fraction(side.offset)})
                cases.append(Case(name, values, on_side(z, side, unit)))
                continue
            facts: list[tuple[str, Formula]] = [*on_side(z, side, unit)]
            facts += within(slope, s, (side.least, side.greatest))
            if not straight:
                low = side.low or 0
                facts.append((by_slope(c), Fact(shift + slope * low - (side.slope * low + side.offset), "=")))
            cases.append(Case(name, {}, tuple(facts)))
        self.splits[unit] = tuple(cases)
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
        self.facts.append(one_of(name, values))
        return Polynomial.variable(name)

    def _integers(self) -> frozenset[str]:
        if self.problem.domain != "integer":
            return frozenset()
        shapes = variable_shapes(self.problem.network, self.samples)
        names = {
            entry(name, index) for name, shape in shapes.items() for index in product(*map(range, shape))
        }
        return frozenset(names)


def _itself(array: Array[Polynomial]) -> Array[Polynomial]:
    return array


def _lifted_entry(arrays: Mapping[str, Array[Any]], name: str) -> Array[Polynomial]:
    return lifted(arrays[name])


def _scaled(
    gradients: Mapping[str, Array[Polynomial]], name: str, factor: int | Fraction
) -> Array[Polynomial]:
    return gradients[name].map(lambda g: g * factor)


def by_slope(variable: str) -> str:
    """The label of the intercept at a kink, where the slope is chosen: ``c1[0,0] by its slope``."""
    return f"{variable} by its slope"


def chosen_unfit(problem: Question) -> str | None:
    """Return why there are no facts of slopes that are chosen at kinks."""
    if problem.derivative_at_kink != "any":
        return None
    if problem.model.loss.has_kinks:
        return f"slopes are chosen at kinks of the {problem.model.loss.words}"
    for layer in problem.network.layers:
        if isinstance(layer.activation, Smooth) and layer.activation.has_kinks:
            return f"slopes are chosen at kinks of {layer.activation}, which is not piecewise linear"
    return None


def _renamed(renaming: Renaming, variable: str) -> str:
    name, index = split_name(variable)
    if name == "t":
        return variable
    if name in ("x", "r", "y", "g", "l"):
        return entry(name, (renaming.sample(index[0]), index[1]))
    return entry(name, renaming.index(name, index))
