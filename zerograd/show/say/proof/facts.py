"""Facts of a system as a person would write them: gradients and pre-activations by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Alternatives, Identity, Part, nodes
from zerograd.core.refuting.curves import ordered
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.labels import Comparison, comparisons, signs
from zerograd.core.refuting.laws import laws
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Numbers, System
from zerograd.derive.polynomials import Polynomials
from zerograd.document.blocks import Prose, join, prose
from zerograd.document.exact import Signed, rational, total
from zerograd.document.formula import EQUALS, MINUS, RELATIONS, ZERO, Node, brackets, row

_SHORT = 3
"""Terms of a difference that is written as a comparison of two sides."""


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
    signs: Mapping[str, tuple[str, str]] = field(init=False)
    laws: frozenset[str] = field(init=False)
    """The labels of what ties parameters and gradients together by an equation."""
    comparisons: Mapping[str, Comparison] = field(init=False)
    cited: frozenset[str] = field(init=False)
    """The labels of the facts that the proof uses."""

    def __post_init__(self) -> None:
        self.system = system_of(self.problem, self.part.kind, self.part.samples)
        self.plain = Polynomials(self.problem)
        self.laws = frozenset(law.label for law in laws(self.problem) if law.sign == "=")
        self.cited = frozenset(used_labels(self.part))
        self.signs, self.comparisons = signs(self.problem, self.part), comparisons(self.problem, self.part)

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

    def order(self, label: str) -> Node | None:
        """``z[0] < z[1]``, if that is what the label of a case says."""
        found = ordered(label)
        if found is None:
            return None
        left, sign, right = found
        return row(self.plain.variable(left), RELATIONS[sign], self.plain.variable(right))

    def definition(self, label: str, p: Polynomial, write: Polynomials) -> Node | None:
        """``s[0] = a[0] (1 − a[0])``, if the label says what a variable is by another."""
        name, by, _ = label.partition(" by ")
        if not by or name not in p.variables:
            return None
        return row(self.plain.variable(name), EQUALS, write(Polynomial.variable(name) - p))

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
        says = self.order(label) or self.definition(label, p, write) or self.relation(p, fact.sign, write)
        return Subject(write.factor(p), None, says)

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


def used_labels(part: Part) -> set[str]:
    """The labels that a proof uses."""
    labels: set[str] = set()
    for node in nodes(part.root):
        match node:
            case Identity(cofactors=cofactors, nonzero=nonzero, positive=positive):
                labels |= {*cofactors, *nonzero, *(name for product in positive for name in product.factors)}
            case Alternatives(either=label):
                labels.add(label)
    return labels
