"""What is not polynomial (absolute, least and greatest values, quotients), and conditions in Coq."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import Comparison
from zerograd.core.refuting.facts import FactAlgebra
from zerograd.show.coq.props import And, Compared, Not, Number, Or, Prop, constant

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
        m, values = self.value, self.values
        match self.kind:
            case "quotient":
                a, b = values
                return [("quotient", Compared(m * b, "==", a)), ("divisor", Compared(b, "!=", constant(0)))]
            case "min":
                bounds = [Compared(v, ">=", m) for v in values]
                attained = [Compared(v, "==", m) for v in values]
            case _:
                bounds = [Compared(m, ">=", v) for v in values]
                attained = [Compared(m, "==", v) for v in values]
        return [*((f"bound {n}", bound) for n, bound in enumerate(bounds)), ("attained", Or(tuple(attained)))]

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
        return self._named("quotient", [a, b], "/", lambda: self.facts.divide(a.polynomial, b.polynomial))

    def absolute(self, a: Number) -> Number:
        return self._named("abs", [a, -a], "Rabs", lambda: self.facts.absolute(a.polynomial))

    def minimum(self, values: Sequence[Number]) -> Number:
        return self._extreme("min", values, "Rmin", self.facts.minimum)

    def maximum(self, values: Sequence[Number]) -> Number:
        return self._extreme("max", values, "Rmax", self.facts.maximum)

    def _extreme(
        self,
        kind: Kind,
        values: Sequence[Number],
        function: str,
        polynomial: Callable[[Sequence[Polynomial]], Polynomial],
    ) -> Number:
        if len(values) == 1:
            return values[0]
        return self._named(kind, values, function, lambda: polynomial([v.polynomial for v in values]))

    def _named(
        self, kind: Kind, values: Sequence[Number], function: str, polynomial: Callable[[], Polynomial]
    ) -> Number:
        count = len(self.facts.known)
        p = polynomial()
        shown = _written(function, [v.shown for v in values])
        inner = _written(function, [v.named for v in values])
        for occurrence in self.occurrences:
            if occurrence.inner == inner:
                return occurrence.value
        value = Number(f"({shown})", f"m_{len(self.occurrences)}", p)
        fresh = next(iter(p.variables)) if len(self.facts.known) > count else None
        self.occurrences.append(Occurrence(kind, tuple(values), value, shown, inner, fresh))
        return value

    def compare(self, a: Number, operator: Comparison, b: Number) -> Prop:
        return Compared(a, operator, b)

    def distinct(self, values: Sequence[Number]) -> Prop:
        return And(tuple(Compared(v, "!=", w) for i, v in enumerate(values) for w in values[:i]))

    def conjunction(self, parts: Sequence[Prop]) -> Prop:
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def disjunction(self, parts: Sequence[Prop]) -> Prop:
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def negation(self, part: Prop) -> Prop:
        return Not(part)


def _written(function: str, values: Sequence[str]) -> str:
    if function == "/":
        return f"{values[0]} / {values[1]}"
    if function == "Rabs":
        return f"Rabs {values[0]}"
    text = f"{function} {values[-2]} {values[-1]}"
    for value in reversed(values[:-2]):
        text = f"{function} {value} ({text})"
    return text
