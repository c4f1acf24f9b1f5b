"""What a theorem on datasets of every size says, in Coq.

The dataset is a list of samples, and what is computed of a sample is a function of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zerograd.core.model.references import Reference, entry
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import each_sample_alone
from zerograd.core.question.vocabulary import Bound, sample_arrays
from zerograd.core.refuting.certificate import Kind
from zerograd.core.refuting.identities import unknown_gradients
from zerograd.core.refuting.moments import Pattern, moments_quantities, patterns_of
from zerograd.core.refuting.sizes import is_short
from zerograd.core.refuting.system import bounded, parameters_of, where_label
from zerograd.show.coq import passes
from zerograd.show.coq.activations import Definition, Sample
from zerograd.show.coq.algebra import CoqAlgebra
from zerograd.show.coq.loss import ANY_SCALE
from zerograd.show.coq.props import Compared, Number, Prop, constant
from zerograd.show.coq.statement import Claims
from zerograd.show.coq.text import identifier

ANY = Sample()


@dataclass(frozen=True, slots=True)
class EachSample:
    """What is asked of each sample alone.

    Attributes:
        prop: what it says, of any sample.
        facts: the label of the fact and what it says of the sample of each pattern, by its tag; none where
            it is that no pre-activation is on a kink.
    """

    prop: Prop
    remark: str
    facts: Mapping[str, tuple[str, Prop]]


class EveryStatement(Claims):
    """The parts of the theorem.

    Attributes:
        patterns: of one sample; none of a certificate by identities.
        shares: what the gradients by parameters are sums of, over the dataset.
        each: what is asked of each sample alone.
        left_out: what the problem asks and the theorem does not.
    """

    __slots__ = ("_of_sample", "each", "left_out", "parameters", "patterns", "shares")

    def __init__(self, problem: Problem, kind: Kind) -> None:
        self.parameters = parameters_of(problem)
        self.patterns: tuple[Pattern, ...] = ()
        self.each: list[EachSample] = []
        self._of_sample: Mapping[str, Mapping[str, Array[Polynomial]]] = {}
        gradients = unknown_gradients(problem)
        if kind == "moments":
            gradients, self._of_sample = moments_quantities(problem)
            self.patterns = tuple(patterns_of(units_with_sides(problem.network, problem.derivative_at_kink)))
        known = {**self.parameters, **{f"grad({name})": array for name, array in gradients.items()}}
        scale = ANY_SCALE if kind == "moments" else None
        super().__init__(problem, (ANY,), problem.samples.least, known, scale, "g_")
        self.left_out = [*self._gradients_left_out(), *self._bounds_on_samples()]
        self.state(problem.network.shapes)
        self.left_out += [f"given: entries of {name}" for name in ("x", "y") if problem.given.get(name)]
        if problem.domain == "integer":
            self.left_out.append("domain: that entries of x and y are integers")
        self.backward += passes.backward(problem, self.samples, "size", ANY_SCALE.ratio)
        self.shares = {
            (name, index): Definition.of(
                identifier(entry(f"dL_d{name}", index)), passes.share(problem, ANY, name, index)
            )
            for name, shape in problem.network.shapes.items()
            for index in indices(shape)
        }

    def exclude(self, prop: Prop, remark: str) -> None:
        self.each.append(EachSample(prop, remark, {}))

    def condition(self, number: int, condition: Condition) -> None:
        """Say a condition on parameters (by identities, on gradients too) or on each sample; or leave it."""
        names = names_in(condition.node) - (set() if self.patterns else {"grad"})
        if names <= set(self.parameters) and is_short(condition, self.known.__getitem__):
            super().condition(number, condition)
        elif not self._condition_on_each_sample(number, condition):
            self.left_out.append(f"where: {condition}")

    def _gradients_left_out(self) -> Iterator[str]:
        asked = sorted(self.problem.query.items(), key=lambda item: item[0].some)
        for relation, references in asked:
            beyond = [reference for reference in references if reference.name not in self.parameters]
            if relation.joint and beyond:
                yield f"{relation}: {', '.join(map(str, references))}"
            else:
                yield from (f"{relation}: {reference}" for reference in beyond)

    def _bounds_on_samples(self) -> Iterator[str]:
        """Say the bounds on x as a whole, by moments; what bounds on samples are left out."""
        for reference, bound in self.problem.bounds.items():
            if reference.name == "x" and reference.index is None and self.patterns:
                for d in range(self.problem.network.inputs):
                    self._bounds_on_input(d, bound, reference)
            elif reference.name not in self.parameters:
                yield f"bounds: {reference}"

    def _bounds_on_input(self, d: int, bound: Bound, reference: Reference) -> None:
        facts: list[dict[str, tuple[str, Prop]]] = [{} for _ in bounded("", bound)]
        for pattern in self.patterns:
            number = self._number_of_sample("x", (0, d), pattern)
            for by_tag, (label, operator, end) in zip(facts, bounded(pattern.input(d), bound), strict=True):
                by_tag[pattern.tag] = (label, Compared(number, operator, constant(end)))
        for by_tag in facts:
            self._require_of_each(by_tag, f"bounds: {reference}")

    def _condition_on_each_sample(self, number: int, condition: Condition) -> bool:
        """Whether a condition is one on each sample alone, and the statement has it now."""
        names, spoken = names_in(condition.node), set(sample_arrays(self.problem.network))
        facts: dict[str, tuple[str, Prop]] = {}
        for pattern in self.patterns:
            known = self._of_sample[pattern.tag]
            alone = names <= set(known) and names & spoken and each_sample_alone(condition.node, self.problem)
            if not alone or not is_short(condition, known.__getitem__):
                return False

            def lookup(name: str, pattern: Pattern = pattern) -> Array[Number]:
                shape = self._of_sample[pattern.tag][name].shape
                if name in spoken:
                    return Array.build(shape, lambda index: self._number_of_sample(name, index, pattern))
                return Array.build(shape, lambda index: self.number(name, index))

            algebra = CoqAlgebra()
            label = pattern.at(where_label(number))
            facts[pattern.tag] = (label, evaluate(condition, algebra, lookup))
            if algebra.occurrences or algebra.facts.known:
                return False
        if facts:
            self._require_of_each(facts, f"where, of each sample: {condition}")
        return bool(facts)

    def _number_of_sample(self, name: str, index: Index, pattern: Pattern) -> Number:
        """An entry of x, z and the like at the sample of a pattern."""
        text = ANY.name(name, index[1])
        return Number(f"{text} p", text, self._of_sample[pattern.tag][name][index])

    def _require_of_each(self, facts: Mapping[str, tuple[str, Prop]], remark: str) -> None:
        _, prop = next(iter(facts.values()))
        self.each.append(EachSample(prop, remark, facts))
