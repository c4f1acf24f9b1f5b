"""Facts of a system as a person would write them: gradients and pre-activations by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from zerograd.core.model.references import entry, parse_reference, resolve
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes
from zerograd.core.refuting.certificate import Part
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Numbers, System
from zerograd.derive.polynomials import Polynomials
from zerograd.document.blocks import Prose, join, prose
from zerograd.document.exact import Signed, rational, total
from zerograd.document.formula import EQUALS, MINUS, RELATIONS, ZERO, Node, brackets, row

_GRADIENT = re.compile(
    r"(?P<some>some )?grad\((?P<name>[^)]+)\) (?P<sign>=|!=|>|<) 0(?:/(?P<part>\d+))?(?:\.\d+)*"
)
_PRE_ACTIVATION = re.compile(
    r"z(?P<layer>\d+)\[(?P<index>[\d,]+)\] (?P<sign>=|>=|<=|>|<) (?P<end>\S+)(?: at (?P<at>x\d*))?"
)
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

    def __post_init__(self) -> None:
        self.system = system_of(self.problem, self.part.kind, self.part.samples)
        self.plain = Polynomials(self.problem)

    def naming(self, values: Numbers) -> Polynomials:
        """Writes pre-activations by their names where they are factors."""
        return replace(self.plain, named=self._pre_activations(values))

    def _pre_activations(self, values: Numbers) -> tuple[tuple[Polynomial, Node], ...]:
        names: dict[Polynomial, Node] = {}
        for cases in self.system.splits.values():
            for case in cases:
                for label, fact in case.facts:
                    z = _PRE_ACTIVATION.fullmatch(label)
                    if z and isinstance(fact, Fact):
                        names.setdefault(_value_of(z, fact).at(values), self._z(z))
        return tuple((p, name) for p, name in names.items() if len(p.terms) > 1)

    def _z(self, match: re.Match[str]) -> Node:
        index = tuple(int(part) for part in match["index"].split(","))
        return self.plain.pre_activation(int(match["layer"]), index, match["at"])

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
        p, sign = fact.polynomial, fact.sign
        gradient = _GRADIENT.fullmatch(label)
        if gradient:
            name = self.plain.derivative(self._entry(gradient["name"], gradient["part"]))
            negative = gradient["sign"] == "<"
            value = write(-p if negative else p)
            says = row(name, RELATIONS[gradient["sign"]], ZERO)
            shown = brackets(row(MINUS, name)) if negative else name
            return Subject(shown, None if value == name else row(name, EQUALS, value), says)
        z = _PRE_ACTIVATION.fullmatch(label)
        if z:
            name = self._z(z)
            end, below = Fraction(z["end"]), z["sign"] in ("<", "<=")
            # What it is in the first layer, the notation says.
            defined = None
            if z["layer"] != "1":
                written = replace(write, named=tuple(n for n in write.named if n[1] != name))
                defined = row(name, EQUALS, written(_value_of(z, fact)))
            says = row(name, RELATIONS[z["sign"]], rational(end))
            bound = [Signed((end < 0) == below, rational(abs(end)))] if end else []
            terms = [*bound, Signed(True, name)] if below else [Signed(False, name), *bound]
            shown = name if terms == [Signed(False, name)] else brackets(row(*total(terms).parts))
            return Subject(shown, defined, says)
        return Subject(write.factor(p), None, self.relation(p, sign, write))

    def relation(self, p: Polynomial, sign: str, write: Polynomials) -> Node:
        """``p sign 0``; a short difference as ``a sign b``."""
        above = {m: c for m, c in p.terms.items() if c > 0}
        below = {m: -c for m, c in p.terms.items() if c < 0}
        if above and below and len(p.terms) <= _SHORT:
            return row(write(Polynomial(above)), RELATIONS[sign], write(Polynomial(below)))
        if below and not above:
            p, sign = -p, {">": "<", ">=": "<="}.get(sign, sign)
        return row(write(p), RELATIONS[sign], ZERO)

    def _entry(self, reference: str, part: str | None) -> str:
        parsed = parse_reference(reference)
        shape = gradient_shapes(self.problem.network, self.part.samples or 1)[parsed.name]
        return entry(parsed.name, resolve(parsed, shape)[int(part or 0)])

    def of_pre_activation(self, label: str, fact: Fact, write: Polynomials) -> Node | None:
        """``z = value``, if a fact is about a pre-activation."""
        z = _PRE_ACTIVATION.fullmatch(label)
        return row(self._z(z), EQUALS, write(_value_of(z, fact))) if z else None


def _value_of(match: re.Match[str], fact: Fact) -> Polynomial:
    """z, of the fact that says on which side of an end it is."""
    end = Fraction(match["end"])
    return end - fact.polynomial if match["sign"] in ("<", "<=") else fact.polynomial + end
