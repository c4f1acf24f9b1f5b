"""What is not polynomial (absolute, least and greatest values, quotients), and conditions in Coq."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import Comparison
from zerograd.core.refuting.facts import FactAlgebra
from zerograd.show.coq.props import Compared, Junction, Not, Number, Prop, constant
from zerograd.show.coq.text import nested

Kind = Literal["abs", "min", "max", "quotient"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that is not polynomial: an absolute, least or greatest value, or a quotient.

    Attributes:
        values: what it is of; an absolute value of a and −a.
        value: its `Number`, in the proof by name.
        shown, inner: what it is, as the statement and as the proof write it.
        fresh: the variable of the system that it was made for, if no earlier one was.
    """

    kind: Kind
    values: tuple[Number, ...]
    value: Number
    shown: str
    inner: str
    fresh: str | None

    def facts(self) -> list[tuple[str, Prop]]:
        """What is known of it: by the labels of the system, less the variable's name."""
        m = self.value
        if self.kind == "quotient":
            a, b = self.values
            return [("quotient", Compared(m * b, "==", a)), ("divisor", Compared(b, "!=", constant(0)))]
        pairs = [(v, m) if self.kind == "min" else (m, v) for v in self.values]
        bounds = ((f"bound {n}", Compared(a, ">=", b)) for n, (a, b) in enumerate(pairs))
        return [*bounds, ("attained", Junction(False, tuple(Compared(a, "==", b) for a, b in pairs)))]

    def tactics(self, equation: str) -> list[list[str]]:
        """How each of `facts` is shown from m = …, a hypothesis (not for quotients)."""
        if self.kind == "abs":
            return [[f"exact (Tools.abs_{which} _ _ {equation})."] for which in ("above", "below", "is")]
        count = len(self.values)
        steps = []
        for n in range(count):
            last = "apply Req_ge; reflexivity." if n == count - 1 else f"exact (Tools.{self.kind}_head _ _)."
            steps.append([f"rewrite {equation}.", *[f"apply Tools.{self.kind}_tail."] * n, last])
        attained, current = [], equation
        for n in range(count - 1):
            attained += [f"destruct (Tools.{self.kind}_is _ _ _ {current}) as [L{n}|M{n}]."]
            attained += [f"{{ {'right; ' * n}left. exact L{n}. }}"]
            current = f"M{n}"
        sides = "symmetry in {0}. exact {0}." if self.kind == "min" else "exact {0}."
        attained += [f"{'right; ' * (count - 2)}right. {sides.format(current)}"]
        return [*steps, attained]


@dataclass(slots=True, eq=False)
class CoqAlgebra:
    """Numbers are `Number`, truth values are `Prop` (an `Algebra` of `zerograd.core.question.conditions`).

    Attributes:
        occurrences: all that is not polynomial, in order.
        divisors: what is divided by; a dataset for which one of them is 0 answers no question.
    """

    facts: FactAlgebra = field(default_factory=FactAlgebra)
    occurrences: list[Occurrence] = field(default_factory=list)
    divisors: dict[str, Number] = field(default_factory=dict)

    def constant(self, value: int | Fraction) -> Number:
        return constant(value)

    def divide(self, a: Number, b: Number) -> Number:
        if b.polynomial.is_constant:
            p = self.facts.divide(a.polynomial, b.polynomial)
            return Number(f"({a.shown} / {b.shown})", f"({a.named} / {b.named})", p)
        self.divisors[b.shown] = b
        return self._named("quotient", [a, b])

    def absolute(self, a: Number) -> Number:
        return self._named("abs", [a, -a])

    def minimum(self, values: Sequence[Number]) -> Number:
        return values[0] if len(values) == 1 else self._named("min", values)

    def maximum(self, values: Sequence[Number]) -> Number:
        return values[0] if len(values) == 1 else self._named("max", values)

    def _named(self, kind: Kind, values: Sequence[Number]) -> Number:
        count = len(self.facts.known)
        p = self._polynomial(kind, [value.polynomial for value in values])
        shown, inner = (
            _written(kind, texts) for texts in zip(*((v.shown, v.named) for v in values), strict=True)
        )
        for occurrence in self.occurrences:
            if occurrence.inner == inner:
                return occurrence.value
        value = Number(f"({shown})", f"m_{len(self.occurrences)}", p)
        fresh = next(iter(p.variables)) if len(self.facts.known) > count else None
        self.occurrences.append(Occurrence(kind, tuple(values), value, shown, inner, fresh))
        return value

    def _polynomial(self, kind: Kind, values: Sequence[Polynomial]) -> Polynomial:
        match kind:
            case "quotient":
                return self.facts.divide(*values)
            case "abs":
                return self.facts.absolute(values[0])
            case "min":
                return self.facts.minimum(values)
            case "max":
                return self.facts.maximum(values)

    def compare(self, a: Number, operator: Comparison, b: Number) -> Prop:
        return Compared(a, operator, b)

    def distinct(self, values: Sequence[Number]) -> Prop:
        return Junction(True, tuple(Compared(v, "!=", w) for i, v in enumerate(values) for w in values[:i]))

    def conjunction(self, parts: Sequence[Prop]) -> Prop:
        return parts[0] if len(parts) == 1 else Junction(True, tuple(parts))

    def disjunction(self, parts: Sequence[Prop]) -> Prop:
        return parts[0] if len(parts) == 1 else Junction(False, tuple(parts))

    def negation(self, part: Prop) -> Prop:
        return Not(part)


def _written(kind: Kind, values: Sequence[str]) -> str:
    match kind:
        case "quotient":
            return " / ".join(values)
        case "abs":
            return f"Rabs {values[0]}"
        case "min" | "max":
            return nested(f"(R{kind} {{}} {{}})", values)[1:-1]
