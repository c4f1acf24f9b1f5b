"""What an exported theorem says: network, data, loss, gradients by the chain rule, and what is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index, Shape, indices
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes, quantity_shapes, variable_shapes
from zerograd.core.refuting.claims import Whole
from zerograd.core.refuting.dataset import dataset_quantities
from zerograd.core.refuting.system import bounded, demands, where_label
from zerograd.show.coq import passes
from zerograd.show.coq.activations import Definition, Sample, Unit
from zerograd.show.coq.algebra import CoqAlgebra
from zerograd.show.coq.claim import claim_text
from zerograd.show.coq.lemma import Key
from zerograd.show.coq.loss import loss, scale_of
from zerograd.show.coq.props import Compared, Junction, Number, Prop, Scale, constant, prop_text
from zerograd.show.coq.text import comment, identifier, number_text, wrapped


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One part of the conjunction that is refuted.

    Attributes:
        key: of what the system says because of it; None if that is nothing.
        says: a proposition, or that a variable is an integer.
        remark: what the problem says.
    """

    key: Key | None
    says: Prop | Whole
    remark: str

    def text(self, named: bool) -> str:
        """The proposition, as the proof (``named``) or as the statement writes it."""
        return claim_text(self.says) if isinstance(self.says, Whole) else prop_text(self.says, named)


@dataclass(slots=True)
class Claims:
    """What theorems of both kinds state.

    Attributes:
        samples: those that the definitions speak of.
        least: a number of samples that is asked for; references are resolved by it.
        known: what the theorem can speak of, as the polynomials that facts are on.
        scale: of the gradients, if facts are not on themselves.
        prefix: of the names that entries of gradients have in the proof.
        values: the variables of the problem in order, with the value if it is given.
        units: those with several sides, at each sample.
        forward, backward: what follows from the inputs, in order.
        hypotheses: what is asked.
        mentioned: the arrays whose gradients are spoken of.
    """

    problem: Problem
    samples: tuple[Sample, ...]
    least: int
    known: dict[str, Array[Polynomial]]
    scale: Scale | None
    prefix: str
    algebra: CoqAlgebra = field(default_factory=CoqAlgebra)
    values: dict[str, Fraction | None] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    forward: list[Definition] = field(default_factory=list)
    backward: list[Definition] = field(default_factory=list)
    hypotheses: list[Hypothesis] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)

    def state(self, variables: Mapping[str, Shape]) -> None:
        """Fill in the inputs, the units and what is asked of them."""
        self.units = passes.units_of(self.problem, self.samples)
        self.forward = list(passes.forward(self.problem, self.samples))
        for name, shape in variables.items():
            given = self.problem.given.get(name, {})
            for index in indices(shape):
                self.values[entry(name, index)] = Fraction(given[index]) if index in given else None
        self._demands()
        self._bounds()
        for number, condition in enumerate(self.problem.where):
            self.condition(number, condition)
        if self.problem.domain == "integer":
            self.hypotheses += [
                Hypothesis(("integer", variable), Whole(variable), "domain: integer")
                for variable, value in self.values.items()
                if value is None
            ]
        for unit in self.units:
            for prop in unit.excluded():
                self.exclude(prop, "derivative_at_kink: forbid")

    @property
    def definitions(self) -> list[Definition]:
        """All that follows from the inputs."""
        return [*self.forward, *self.backward]

    @property
    def free(self) -> list[str]:
        """The variables that are not given."""
        return [identifier(name) for name, value in self.values.items() if value is None]

    @property
    def given(self) -> list[Definition]:
        """Those that are."""
        values = self.values.items()
        return [Definition.of(identifier(n), number_text(v)) for n, v in values if v is not None]

    @property
    def inputs(self) -> list[str]:
        """All of them."""
        return list(map(identifier, self.values))

    def input_lines(self) -> list[str]:
        """The variables that the theorem holds for, and the values that are given, as Coq's definitions."""
        lines = [wrapped(f"Variables {' '.join(self.free)} : R.")] if self.free else []
        return lines + [definition.line() for definition in self.given]

    @property
    def gradients(self) -> list[str]:
        """The arrays whose gradients are spoken of, in order."""
        shapes = gradient_shapes(self.problem.network, self.least)
        return [name for name in shapes if name in self.mentioned]

    def require(self, key: Key | None, prop: Prop, remark: str) -> None:
        """Add a hypothesis."""
        self.hypotheses.append(Hypothesis(key, prop, remark))

    def exclude(self, prop: Prop, remark: str) -> None:
        """Add a hypothesis on the pre-activation of a unit."""
        self.require(None, prop, remark)

    def number(self, name: str, index: Index) -> Number:
        """An entry of something that is known."""
        text = identifier(entry(name, index))
        return Number(text, text, self.known[name][index])

    def gradient(self, name: str, index: Index) -> Number:
        """An entry of the gradient by a parameter, or by x."""
        self.mentioned.add(name)
        label = entry(name, index)
        polynomial = self.known[f"grad({name})"][index]
        return Number(identifier(f"dL_d{label}"), identifier(f"{self.prefix}{label}"), polynomial)

    def condition(self, number: int, condition: Condition) -> None:
        """Say a condition of ``where``."""
        gradients = {f"grad({name})": name for name in gradient_shapes(self.problem.network, self.least)}

        def lookup(name: str) -> Array[Number]:
            shape = self.known[name].shape
            if name in gradients:
                return Array.build(shape, lambda index: self.gradient(gradients[name], index))
            return Array.build(shape, lambda index: self.number(name, index))

        before = set(self.algebra.divisors)
        prop = evaluate(condition, self.algebra, lookup)
        for text, divisor in self.algebra.divisors.items():
            if text not in before:
                self.require(None, Compared(divisor, "!=", constant(0)), "divided by below")
        self.require(where_label(number), prop, f"where: {condition}")

    def _demands(self) -> None:
        for demand in demands(self.problem, self.least):
            if any(f"grad({name})" not in self.known for name, _ in demand.entries):
                continue
            parts = tuple(
                Compared(self.gradient(name, index), demand.operator, constant(0), self.scale)
                for name, index in demand.entries
            )
            some = demand.relation.some
            remark = f"{demand.relation}: {demand.named}" if some else str(demand.relation)
            self.require(demand.label, Junction(False, parts) if some else parts[0], remark)

    def _bounds(self) -> None:
        for (name, index), bound in self.problem.entry_bounds(self.least).items():
            if name in self.known:
                number = self.number(name, index)
                for label, operator, end in bounded(entry(name, index), bound):
                    self.require(label, Compared(number, operator, constant(end)), "bounds")


class Statement(Claims):
    """The theorem for a fixed number of samples; its gradients are sums of their shares."""

    __slots__ = ()

    def __init__(self, problem: Problem, samples: int) -> None:
        network = problem.network
        size = problem.model.loss.count(samples, network.outputs)
        scale, known = scale_of(size), dataset_quantities(problem, samples)
        super().__init__(problem, tuple(map(Sample, range(samples))), samples, known, scale, "dL_d")
        self.state(variable_shapes(network, samples))
        self.forward.append(loss(self.samples, network.outputs, size))
        lowest = min(map(passes.layer_of, self.gradients), default=network.depth + 1)
        self.backward += passes.backward(problem, self.samples, str(size), scale.ratio, lowest)
        shapes = quantity_shapes(network, samples)
        for name in self.gradients:
            for index in indices(shapes[f"grad({name})"]):
                of = [self.samples[index[0]]] if name == "x" else self.samples
                shares = [passes.share(problem, sample, name, index) for sample in of]
                known_as = identifier(entry(f"dL_d{name}", index))
                self.backward.append(Definition.of(known_as, " + ".join(shares)))


def claim_lines(before: str, asked: Sequence[tuple[str, str]]) -> Iterator[str]:
    """That what is asked does not hold: pairs of a remark and a proposition, under a premise ``before``."""
    if not asked:
        yield f"  {before}~ True."
        return
    yield f"  {before}~ ("
    left = len(asked)
    for remark, group in groupby(asked, key=lambda pair: pair[0]):
        yield f"    (* {comment(remark)} *)"
        for _, text in group:
            left -= 1
            yield f"    {text}{' /' + chr(92) if left else ''}"
    yield "  )."
