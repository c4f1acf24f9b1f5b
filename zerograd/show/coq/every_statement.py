"""What a theorem on datasets of every size says, in Coq.

The dataset is a list of samples, and what is computed of a sample is a function of it. Everything is
written twice, as the statement shows it and as the proof does, in which a sample is given by variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from zerograd.core.model.activations import piecewise
from zerograd.core.model.references import entry, resolve
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import each_sample_alone
from zerograd.core.question.vocabulary import Relation, sample_arrays
from zerograd.core.refuting.certificate import Kind
from zerograd.core.refuting.moments import moments_quantities
from zerograd.core.refuting.sizes import is_short
from zerograd.core.refuting.system import parameters_of
from zerograd.show.coq.activations import function_name, has_intercepts, linear_text
from zerograd.show.coq.claims import Definition, Hypothesis
from zerograd.show.coq.props import Compared, CoqAlgebra, Number, Or, Prop, Scale, constant, prop_text
from zerograd.show.coq.text import identifier, number_text

SCALE = Scale("h", "Above", Fraction(1))
"""Gradients are h = 2/(M·K) times what facts by moments are on."""

OF_SAMPLE = "@"
"""Marks names of functions of a sample: `` p`` in the statement, nothing in the proof."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with several sides."""

    layer: int
    unit: int
    function: str
    sides: tuple[Side, ...]
    kinks: tuple[int | Fraction, ...]

    def name(self, letter: str) -> str:
        return f"{letter}{self.layer}_{self.unit}"

    @property
    def shifted(self) -> bool:
        return has_intercepts(self.sides)


@dataclass(frozen=True, slots=True)
class EachSample:
    """What is asked of each sample alone.

    Attributes:
        key: how labels of its facts begin, `` at x01`` and more following; None of kinks that are forbidden.
        props: what it says of the sample of each pattern.
    """

    key: str | None
    text: str
    named: str
    props: Mapping[str, Prop]
    remark: str


@dataclass(slots=True)
class EveryStatement:
    """The parts of the theorem.

    Attributes:
        inputs: parameters in order, with the value if it is given.
        of_sample: what follows from parameters and a sample, in order.
        gradients: the sums that gradients are, over what is written here.
        each: what is asked of each sample alone.
        left_out: what the problem asks and the theorem does not.
        scale: of the gradients, if facts are not on themselves.
        polynomials: what facts are on, by gradient.
        mentioned: the arrays whose gradients are spoken of.
    """

    problem: Problem
    kind: Kind
    algebra: CoqAlgebra = field(default_factory=CoqAlgebra)
    inputs: list[tuple[str, Fraction | None]] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    of_sample: list[Definition] = field(default_factory=list)
    gradients: dict[tuple[str, Index], Definition] = field(default_factory=dict)
    hypotheses: list[Hypothesis] = field(default_factory=list)
    each: list[EachSample] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    scale: Scale | None = None
    polynomials: dict[str, Array[Polynomial]] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        problem = self.problem
        for name, shape in problem.network.shapes.items():
            given = problem.given.get(name, {})
            for index in indices(shape):
                value = given.get(index)
                self.inputs.append(
                    (identifier(entry(name, index)), None if value is None else Fraction(value))
                )
        for number, layer in enumerate(problem.network.layers, start=1):
            choices = sides(layer.activation, problem.derivative_at_kink)
            if len(choices) > 1:
                function, kinks = function_name(layer.activation), piecewise(layer.activation).kinks
                self.units += [Unit(number, i, function, choices, kinks) for i in range(layer.units)]
        if self.kind == "moments":
            self.scale = SCALE
            self.polynomials, patterns = moments_quantities(problem)
        else:
            self.polynomials, patterns = _unknown_gradients(problem), {}
        _Asked(self, patterns).ask()
        self._define()

    @property
    def free(self) -> list[str]:
        """The parameters that are not given."""
        return [name for name, value in self.inputs if value is None]

    # Forward and backward

    def _define(self) -> None:
        network = self.problem.network
        below = "x"
        for number, layer in enumerate(network.layers, start=1):
            for i in range(layer.units):
                self._unit(number, i, below)
            below = f"a{number}"
        for k in range(network.outputs):
            self._same(f"y_hat_{k}", f"{below}_{k}@")
            self._same(f"r_{k}", f"y_hat_{k}@ - y_{k}@")
        for k in range(network.outputs):
            text = f" * r_{k}@"
            self.of_sample.append(Definition(f"dL_dy_hat_{k}", "2 / size" + _shown(text), "h" + _named(text)))
        for number in range(network.depth, 0, -1):
            for i in range(network.layers[number - 1].units):
                self._delta(number, i)
        for name, shape in network.shapes.items():
            for index in indices(shape):
                text = self._share(name, index)
                known = identifier(entry(f"dL_d{name}", index))
                self.gradients[name, index] = Definition(known, _shown(text), _named(text))

    def _same(self, name: str, text: str) -> None:
        self.of_sample.append(Definition(name, _shown(text), _named(text)))

    def _unit(self, number: int, i: int, below: str) -> None:
        network = self.problem.network
        layer = network.layers[number - 1]
        terms = [f"w{number}_{i}_{j} * {below}_{j}@" for j in range(network.widths[number - 1])]
        self._same(f"z{number}_{i}", " + ".join(terms + [f"b{number}_{i}"] * layer.bias))
        a, z, s, c = (f"{letter}{number}_{i}" for letter in "azsc")
        choices = sides(layer.activation, self.problem.derivative_at_kink)
        if len(choices) == 1:
            self._same(a, linear_text(choices[0].slope, choices[0].offset, f"{z}@"))
            return
        shift = f" + {c}" if has_intercepts(choices) else ""
        self.of_sample.append(
            Definition(a, f"{function_name(layer.activation)} ({z} p)", f"{s} * {z}{shift}")
        )

    def _delta(self, number: int, i: int) -> None:
        """∂L/∂a and ∂L/∂z of a unit, from those of the layer above."""
        network = self.problem.network
        upstream = f"dL_dy_hat_{i}"
        if number < network.depth:
            upstream = f"dL_da{number}_{i}"
            above = range(network.layers[number].units)
            terms = [f"dL_dz{number + 1}_{o}@ * w{number + 1}_{o}_{i}" for o in above]
            self._same(upstream, " + ".join(terms))
        activation = network.layers[number - 1].activation
        choices = sides(activation, self.problem.derivative_at_kink)
        name, z = f"dL_dz{number}_{i}", f"z{number}_{i}"
        if len(choices) == 1:
            slope = Fraction(choices[0].slope)
            factor = "" if slope == 1 else f" * {number_text(slope)}"
            self._same(name, f"{upstream}@{factor}")
            return
        shown = f"{upstream} p * {function_name(activation)}' ({z} p)"
        self.of_sample.append(Definition(name, shown, f"{upstream} * s{number}_{i}"))

    def _share(self, name: str, index: Index) -> str:
        """A sample's share of the gradient by an entry of a parameter."""
        layer = int(name[1:])
        below = "x" if layer == 1 else f"a{layer - 1}"
        delta = f"dL_dz{layer}_{index[0]}@"
        return delta if name[0] == "b" else f"{delta} * {below}_{index[1]}@"


class _Asked:
    """What a problem asks, sorted into what the statement says and what it leaves out."""

    def __init__(
        self,
        statement: EveryStatement,
        patterns: Mapping[str, Mapping[str, Array[Polynomial]]],
    ) -> None:
        self.statement, self.problem = statement, statement.problem
        self.gradients, self.patterns = statement.polynomials, patterns
        self.parameters = parameters_of(self.problem)

    def ask(self) -> None:
        """Fill in the hypotheses, those on each sample, and what is left out."""
        self._query()
        self._bounds()
        known: dict[str, Array[Polynomial]] = {**self.parameters}
        if self.statement.kind == "identities":
            known |= {f"grad({name})": array for name, array in self.gradients.items()}
        for n, condition in enumerate(self.problem.where):
            own = names_in(condition.node) - ({"grad"} if self.statement.kind == "identities" else set())
            if own <= set(self.parameters) and is_short(condition, known.__getitem__):
                self._where(n, condition, known)
            elif not self._of_each_sample(n, condition):
                self.statement.left_out.append(f"where: {condition}")
        self.statement.left_out += [
            f"given: entries of {name}" for name in ("x", "y") if self.problem.given.get(name)
        ]
        if self.problem.domain == "integer":
            self.statement.left_out.append("domain: that entries of x and y are integers")
            for name, shape in self.problem.network.shapes.items():
                for index in indices(shape):
                    if index not in self.problem.given.get(name, {}):
                        label = entry(name, index)
                        said = f"integer {identifier(label)}"
                        self.statement.hypotheses.append(
                            Hypothesis(f"integer {label}", None, said, said, "domain: integer")
                        )
        if self.problem.derivative_at_kink == "forbid":
            for unit in self.statement.units:
                z = Number(f"{unit.name('z')} p", unit.name("z"), Polynomial.constant(0))
                for kink in unit.kinks:
                    prop = Compared(z, "!=", constant(kink))
                    self._each(None, prop, {}, "derivative_at_kink: forbid")

    def _gradient(self, name: str, index: Index) -> Number:
        label = entry(name, index)
        self.statement.mentioned.add(name)
        return Number(identifier(f"dL_d{label}"), identifier(f"g_{label}"), self.gradients[name][index])

    def _require(self, label: str | None, prop: Prop, remark: str) -> None:
        self.statement.hypotheses.append(
            Hypothesis(label, prop, prop_text(prop, False), prop_text(prop, True), remark)
        )

    def _query(self) -> None:
        problem, zero, scale = self.problem, constant(0), self.statement.scale
        asked = (("zero", "==", "="), ("nonzero", "!=", "!="), ("positive", ">", ">"), ("negative", "<", "<"))
        for relation, operator, shown in asked:
            for name, index in problem.asked_entries(relation, problem.samples.least):  # type: ignore[arg-type]
                if name in self.gradients:
                    prop = Compared(self._gradient(name, index), operator, zero, scale)  # type: ignore[arg-type]
                    self._require(f"grad({entry(name, index)}) {shown} 0", prop, relation)
            self._without_inputs(relation)
        for reference in problem.query[Relation.SOME_NONZERO]:
            if reference.name in self.gradients:
                parts = tuple(
                    Compared(self._gradient(reference.name, index), "!=", zero, scale)
                    for index in resolve(reference, problem.network.shapes[reference.name])
                )
                self._require(f"some grad({reference}) != 0", Or(parts), f"some_nonzero: {reference}")
        self._without_inputs("some_nonzero")

    def _without_inputs(self, relation: str) -> None:
        for reference in self.problem.query[relation]:  # type: ignore[index]
            if reference.name not in self.gradients:
                self.statement.left_out.append(f"{relation}: {reference}")

    def _bounds(self) -> None:
        problem = self.problem
        for (name, index), bound in problem.entry_bounds(problem.samples.least).items():
            if name in self.parameters:
                text = identifier(entry(name, index))
                number = Number(text, text, self.parameters[name][index])
                for sign, prop, end in _within(number, bound):
                    self._require(f"{entry(name, index)} {sign} {end}", prop, "bounds")
        for reference, bound in problem.bounds.items():
            if reference.name == "x" and reference.index is None and self.statement.kind == "moments":
                for d in range(problem.network.inputs):
                    by_tag: dict[str, dict[str, Prop]] = {}
                    for tag, known in self.patterns.items():
                        number = Number(f"x_{d} p", f"x_{d}", known["x"][0, d])
                        for sign, prop, end in _within(number, bound):
                            by_tag.setdefault(f"[{d}] {sign} {end}", {})[tag] = prop
                    for key, props in by_tag.items():
                        self._each(key, next(iter(props.values())), props, f"bounds: {reference}")
            elif reference.name not in self.parameters:
                self.statement.left_out.append(f"bounds: {reference}")

    def _where(self, n: int, condition: Condition, known: Mapping[str, Array[Polynomial]]) -> None:
        """A condition on parameters; for certificates by identities, on gradients too."""

        def lookup(name: str) -> Array[Number]:
            array = known[name]
            if name.startswith("grad("):
                return Array.build(array.shape, lambda index: self._gradient(name[5:-1], index))
            return Array.build(
                array.shape,
                lambda index: Number(
                    identifier(entry(name, index)), identifier(entry(name, index)), array[index]
                ),
            )

        algebra = self.statement.algebra
        divisors = set(algebra.divisors)
        asked_for = evaluate(condition, algebra, lookup)
        for text in [text for text in algebra.divisors if text not in divisors]:
            self._require(None, Compared(algebra.divisors[text], "!=", constant(0)), "divided by below")
        self._require(f"where[{n}]", asked_for, f"where: {condition}")

    def _of_each_sample(self, n: int, condition: Condition) -> bool:
        """Whether a condition is one on each sample alone, and the statement has it now."""
        names = names_in(condition.node)
        props: dict[str, Prop] = {}
        spoken = set(sample_arrays(self.problem.network))
        for tag, known in self.patterns.items():
            alone = names <= set(known) and names & spoken and each_sample_alone(condition.node, self.problem)
            if not alone or not is_short(condition, known.__getitem__):
                return False

            def lookup(name: str, known: Mapping[str, Array[Polynomial]] = known) -> Array[Number]:
                array = known[name]
                if name in spoken:
                    return Array.build(
                        array.shape, lambda i: Number(f"{name}_{i[1]} p", f"{name}_{i[1]}", array[i])
                    )
                return Array.build(
                    array.shape,
                    lambda i: Number(identifier(entry(name, i)), identifier(entry(name, i)), array[i]),
                )

            algebra = CoqAlgebra()
            props[tag] = evaluate(condition, algebra, lookup)
            if algebra.occurrences or algebra.facts.known:
                return False
        if not props:
            return False
        self._each(f"where[{n}]", next(iter(props.values())), props, f"where, of each sample: {condition}")
        return True

    def _each(self, key: str | None, prop: Prop, props: Mapping[str, Prop], remark: str) -> None:
        self.statement.each.append(
            EachSample(key, prop_text(prop, False), prop_text(prop, True), props, remark)
        )


def _within(
    number: Number, bound: tuple[int | Fraction | None, int | Fraction | None]
) -> list[tuple[str, Prop, int | Fraction]]:
    low, high = bound
    found: list[tuple[str, Prop, int | Fraction]] = []
    if low is not None:
        found.append((">=", Compared(number, ">=", constant(low)), low))
    if high is not None:
        found.append(("<=", Compared(number, "<=", constant(high)), high))
    return found


def _unknown_gradients(problem: Problem) -> dict[str, Array[Polynomial]]:
    """As `zerograd.core.refuting.identities` has them."""
    return {
        name: Array.build(
            shape,
            lambda index, name=name: Polynomial.variable(f"g_{entry(name, index)}"),  # type: ignore[misc]
        )
        for name, shape in problem.network.shapes.items()
    }


def _shown(text: str) -> str:
    return text.replace(OF_SAMPLE, " p")


def _named(text: str) -> str:
    return text.replace(OF_SAMPLE, "")
