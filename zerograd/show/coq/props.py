"""Conditions as Coq states them, each with the terms that turn it into facts on polynomials.

A `Number` is written twice: as the statement shows it (``Rabs w1_0_0``), and as the proof does, where
what is not polynomial has a name of its own (``m_0``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from zerograd.core.numbers.clearing import denominator
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import Comparison
from zerograd.core.refuting.facts import Both, Either, Fact, Formula, compared, negated
from zerograd.show.coq.text import joined, nested, number_text


@dataclass(frozen=True, slots=True)
class Number:
    """A real number: how the statement writes it, how the proof does, and which polynomial it is."""

    shown: str
    named: str
    polynomial: Polynomial

    def __add__(self, other: Number) -> Number:
        if self.shown == "0":
            return other
        return self._joined("+", other, self.polynomial + other.polynomial)

    def __sub__(self, other: Number) -> Number:
        return self._joined("-", other, self.polynomial - other.polynomial)

    def __mul__(self, other: Number) -> Number:
        if self.shown == "1":
            return other
        if other.shown == "1":
            return self
        return self._joined("*", other, self.polynomial * other.polynomial)

    def __neg__(self) -> Number:
        return Number(f"(- {self.shown})", f"(- {self.named})", -self.polynomial)

    def _joined(self, sign: str, other: Number, polynomial: Polynomial) -> Number:
        return Number(
            f"({self.shown} {sign} {other.shown})", f"({self.named} {sign} {other.named})", polynomial
        )


def constant(value: int | Fraction) -> Number:
    text = number_text(value)
    return Number(text, text, Polynomial.constant(value))


COQ: dict[Comparison, str] = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
"""Comparisons as Coq writes them."""

_LEMMAS: dict[Comparison, str] = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
"""How names of lemmas on comparisons end: ``of_eq``, ``decide_eq``."""

_FAILED: dict[Comparison, tuple[Comparison, str]] = {
    "==": ("!=", "{}"), "!=": ("==", "(Tools.not_ne _ _ {})"), "<": (">=", "(Rnot_lt_ge _ _ {})"),
    "<=": (">", "(Rnot_le_gt _ _ {})"), ">": ("<=", "(Rnot_gt_le _ _ {})"),
    ">=": ("<", "(Rnot_ge_lt _ _ {})"),
}  # fmt: skip
"""What holds where a comparison does not, and the term that says so."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A factor above 0 by which gradients differ from what facts are on.

    Attributes:
        ratio: the factor, as Coq writes it: a gradient is ``ratio`` times what facts are on.
        above: a term that says that it is above 0.
        polynomial: what facts are on, over the `Number.polynomial` of a gradient.
    """

    ratio: str
    above: str
    polynomial: Fraction


@dataclass(frozen=True, slots=True)
class Compared:
    """``a operator b``; ``scale`` if a is a gradient."""

    a: Number
    operator: Comparison
    b: Number
    scale: Scale | None = None

    def text(self, named: bool) -> str:
        a, b = (self.a.named, self.b.named) if named else (self.a.shown, self.b.shown)
        return f"{a} {COQ[self.operator]} {b}"

    def formula(self) -> Fact:
        fact = compared(self.a.polynomial, self.operator, self.b.polynomial)
        return fact if self.scale is None else Fact(fact.polynomial * self.scale.polynomial, fact.sign)

    def proof(self, h: str, holds: bool = True) -> str:
        if not holds:
            operator, term = _FAILED[self.operator]
            return Compared(self.a, operator, self.b, self.scale).proof(term.format(h))
        return transferred(self.operator, self.formula(), h, self.scale)

    def decided(self) -> str:
        return f"(Tools.decide_{_LEMMAS[self.operator]} _ _)"


def transferred(operator: Comparison, fact: Fact, h: str, scale: Scale | None = None) -> str:
    """A term for a fact on a polynomial p, from the term h that compares a and b.

    It leaves to ``ring`` that d·(a − b), or d·(b − a), is p; or the ratio of the scale times p.
    """
    d = denominator(fact.polynomial)
    ratio, above = ("1", "Rlt_0_1") if scale is None else (scale.ratio, scale.above)
    return f"(Tools.of_{_LEMMAS[operator]} {d} ({ratio}) _ _ _ (IZR_lt 0 {d} eq_refl) ({above}) _ {h})"


@dataclass(frozen=True, slots=True)
class Junction:
    """Each of the parts holds (``every``), or one of them does."""

    every: bool
    parts: tuple[Prop, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Prop


Prop: TypeAlias = Compared | Junction | Not


def prop_text(prop: Prop, named: bool) -> str:
    """The proposition, in parentheses if it has several parts."""
    match prop:
        case Compared():
            return prop.text(named)
        case Junction(every=every, parts=parts):
            connective, empty = ("/\\", "True") if every else ("\\/", "False")
            return joined([prop_text(part, named) for part in parts], connective, empty)
        case Not(part=part):
            return f"~ ({prop_text(part, named)})"


def formula_of(prop: Prop) -> Formula:
    """What a certificate's system says instead."""
    match prop:
        case Compared():
            return prop.formula()
        case Junction(every=every, parts=parts):
            formulas = tuple(map(formula_of, parts))
            return formulas[0] if len(parts) == 1 else Both(formulas) if every else Either(formulas)
        case Not(part=part):
            return negated(formula_of(part))


def proof_term(prop: Prop, h: str, holds: bool = True, depth: int = 0) -> str:
    """A term for `formula_of` the proposition (or of its negation), from the term h for it.

    The underscores that Coq cannot fill in are equations, for ``ring``.
    """
    match prop:
        case Compared():
            return prop.proof(h, holds)
        case Not(part=part):
            h = h if holds else f"(Tools.not_not _ {h} {decided(part)})"
            return proof_term(part, h, not holds, depth)
        case Junction(every=every, parts=parts):
            return (_each if every == holds else _one)(parts, h, holds, depth)


def _each(parts: Sequence[Prop], h: str, holds: bool, depth: int) -> str:
    """A term for all formulas, from a conjunction, or from a disjunction that does not hold."""
    if len(parts) <= 1:
        return proof_term(parts[0], h, holds, depth) if parts else "I"
    if holds:
        a, b = f"p{depth}", f"q{depth}"
    else:
        a, b = (f"(fun q{depth} => {h} ({side} q{depth}))" for side in ("or_introl", "or_intror"))
    first, rest = proof_term(parts[0], a, holds, depth + 1), _each(parts[1:], b, holds, depth + 1)
    return f"(match {h} with conj {a} {b} => conj {first} {rest} end)" if holds else f"(conj {first} {rest})"


def _one(parts: Sequence[Prop], h: str, holds: bool, depth: int) -> str:
    """A term for one of the formulas, from a disjunction, or from a conjunction that does not hold."""
    if not parts:
        return f"(match {h} with end)" if holds else f"({h} I)"
    if len(parts) == 1:
        return proof_term(parts[0], h, holds, depth)
    if not holds:
        h = f"(Tools.not_and _ _ {h} {decided(parts[0])})"
    a, b = f"p{depth}", f"q{depth}"
    first, rest = proof_term(parts[0], a, holds, depth + 1), _one(parts[1:], b, holds, depth + 1)
    return f"(match {h} with or_introl {a} => or_introl {first} | or_intror {b} => or_intror {rest} end)"


def decided(prop: Prop) -> str:
    """A term for: it holds, or it does not."""
    match prop:
        case Compared():
            return prop.decided()
        case Not(part=part):
            return f"(Tools.decide_not _ {decided(part)})"
        case Junction(every=every, parts=parts):
            lemma, empty = ("and", "(or_introl I)") if every else ("or", "(or_intror (fun no => no))")
            return nested(f"(Tools.decide_{lemma} _ _ {{}} {{}})", list(map(decided, parts)) or [empty])
