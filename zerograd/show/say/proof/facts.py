"""Facts of a system as a person would write them: gradients and pre-activations by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Rational, Side, units_with_sides
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Part
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.homogeneity import identities
from zerograd.core.refuting.identities import homogeneity_label
from zerograd.core.refuting.moments import patterns_of
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Numbers, System, demands, on_side
from zerograd.derive.polynomials import Polynomials
from zerograd.document.blocks import Prose, join, prose
from zerograd.document.exact import Signed, rational, total
from zerograd.document.formula import EQUALS, MINUS, RELATIONS, ZERO, Node, brackets, row

_SHORT = 3
"""Terms of a difference that is written as a comparison of two sides."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """That a pre-activation compares so with the end of a side.

    Attributes:
        index: of the pre-activation; without a sample, if it is that of a pattern's sample.
        at: the input of a pattern's sample, such as ``x01``.
    """

    layer: int
    index: Index
    sign: str
    end: Rational
    at: str | None

    @property
    def is_below(self) -> bool:
        """Whether it says that the pre-activation is below the end."""
        return self.sign in ("<", "<=")

    def value(self, fact: Fact) -> Polynomial:
        """The pre-activation, of the fact that says so."""
        return self.end - fact.polynomial if self.is_below else fact.polynomial + self.end


@dataclass(frozen=True, slots=True)
class Subject:
    """What a fact speaks of.

    Attributes:
        shown: a factor that can stand in a product.
        defined: ``∂L/∂b1 = r[0] w2`` where the name does not say it.
        says: the fact, with the name.
    """

    shown: Node
    defined: Node | None
    says: Node


@dataclass
class Facts:
    """Writes the facts of one part of a certificate."""

    problem: Problem
    part: Part
    system: System = field(init=False)
    plain: Polynomials = field(init=False)

    def __post_init__(self) -> None:
        self.system = system_of(self.problem, self.part.kind, self.part.samples)
        self.plain = Polynomials(self.problem)

    @cached_property
    def signs(self) -> Mapping[str, tuple[str, str]]:
        """By label: the gradient entry of which a sign is asked, and the sign."""
        signs: dict[str, tuple[str, str]] = {}
        for demand in demands(self.problem, self.part.samples or self.problem.samples.least):
            entries = [entry(demand.reference.name, index) for index in demand.indices]
            sign = _sign(demand.operator)
            several = {f"{demand.label}/{n}": (name, sign) for n, name in enumerate(entries)}
            signs |= several if len(entries) > 1 else {demand.label: (entries[0], sign)}
        return signs

    @cached_property
    def comparisons(self) -> Mapping[str, Comparison]:
        """By label: what cases assume of pre-activations."""
        units = units_with_sides(self.problem.network, self.problem.derivative_at_kink)
        if self.part.kind == "dataset":
            places = [
                (layer, (m, unit), side, None)
                for (layer, unit), sides in units.items()
                for m in range(self.part.samples or 0)
                for side in sides
            ]
            return dict(_labelled(places, str))
        comparisons: dict[str, Comparison] = {}
        for pattern in patterns_of(units) if self.part.kind == "moments" else ():
            at = f"x{pattern.tag}"
            placed = [(layer, (unit,), side, at) for (layer, unit), side in pattern.sides.items()]
            comparisons |= _labelled(placed, pattern.at)
        return comparisons

    def naming(self, values: Numbers) -> Polynomials:
        """Writes pre-activations by their names where they are factors."""
        return replace(self.plain, named=self._pre_activations(values))

    def _pre_activations(self, values: Numbers) -> tuple[tuple[Polynomial, Node], ...]:
        names: dict[Polynomial, Node] = {}
        for cases in self.system.splits.values():
            for case in cases:
                for label, fact in case.facts:
                    z = self.comparisons.get(label)
                    if z and isinstance(fact, Fact):
                        names.setdefault(z.value(fact).at(values), self._z(z))
        return tuple((p, name) for p, name in names.items() if len(p.terms) > 1)

    def _z(self, z: Comparison) -> Node:
        return self.plain.pre_activation(z.layer, z.index, z.at)

    def formula(self, label: str, formula: Formula, values: Mapping[str, Fraction]) -> Prose:
        match formula:
            case Fact(polynomial=p, sign=sign):
                return prose(self.subject(label, Fact(p.at(values), sign), self.naming(values)).says)
            case Both(parts=parts):
                return join(self.formula("", part, values) for part in parts)
            case Either(parts=parts):
                return join((self.formula("", part, values) for part in parts), "or")

    def subject(self, label: str, fact: Fact, write: Polynomials) -> Subject:
        """What a fact is about, named if it is a gradient or a pre-activation.

        Args:
            write: how its polynomial is written, where the fact holds.
        """
        p = fact.polynomial
        if label in self.signs:
            gradient, sign = self.signs[label]
            name, negative = self.plain.derivative(gradient), sign == "<"
            value = write(-p if negative else p)
            shown = brackets(row(MINUS, name)) if negative else name
            says = row(name, RELATIONS[sign], ZERO)
            return Subject(shown, None if value == name else row(name, EQUALS, value), says)
        if label in self.comparisons:
            z = self.comparisons[label]
            name, end = self._z(z), Fraction(z.end)
            # What it is in the first layer, the notation says.
            defined = None
            if z.layer > 1:
                written = replace(write, named=tuple(n for n in write.named if n[1] != name))
                defined = row(name, EQUALS, written(z.value(fact)))
            says = row(name, RELATIONS[z.sign], rational(end))
            bound = [Signed((end < 0) == z.is_below, rational(abs(end)))] if end else []
            terms = [*bound, Signed(True, name)] if z.is_below else [Signed(False, name), *bound]
            shown = name if terms == [Signed(False, name)] else brackets(row(*total(terms).parts))
            return Subject(shown, defined, says)
        return Subject(write.factor(p), None, self.relation(p, fact.sign, write))

    def relation(self, p: Polynomial, sign: str, write: Polynomials) -> Node:
        """``p sign 0``; a short difference as ``a sign b``."""
        above = {m: c for m, c in p.terms.items() if c > 0}
        below = {m: -c for m, c in p.terms.items() if c < 0}
        if above and below and len(p.terms) <= _SHORT:
            return row(write(Polynomial(above)), RELATIONS[sign], write(Polynomial(below)))
        if below and not above:
            p, sign = -p, {">": "<", ">=": "<="}.get(sign, sign)
        return row(write(p), RELATIONS[sign], ZERO)

    def of_pre_activation(self, label: str, fact: Fact, write: Polynomials) -> Node | None:
        """``z = value``, if a fact is about a pre-activation."""
        z = self.comparisons.get(label)
        return row(self._z(z), EQUALS, write(z.value(fact))) if z else None


def homogeneity_labels(network: Network) -> frozenset[str]:
    """The labels of the facts that say that a hidden unit is homogeneous."""
    return frozenset(homogeneity_label(layer, unit) for (layer, unit), _, _ in identities(network))


def _labelled(
    places: Iterable[tuple[int, Index, Side, str | None]], label: Callable[[str], str]
) -> Iterator[tuple[str, Comparison]]:
    """The labels that `zerograd.core.refuting.system.on_side` gives, and what they say."""
    for layer, index, side, at in places:
        facts = on_side(Polynomial.constant(0), side, entry(f"z{layer}", index))
        for (name, _), (operator, end) in zip(facts, side.comparisons, strict=True):
            yield label(name), Comparison(layer, index, _sign(operator), end, at)


def _sign(operator: str) -> str:
    return "=" if operator == "==" else operator
