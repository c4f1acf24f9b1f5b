"""Whether facts contradict one another, on Z3's word: what is worth looking for a proof of."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from zerograd.core.numbers.field import NumberField
from zerograd.core.refuting.facts import Either, Fact, Formula
from zerograd.solvers.base import GaveUp, Mode, Model, NoModel, Outcome
from zerograd.solvers.facts import assertion, fact_text
from zerograd.solvers.selections import Selections
from zerograd.solvers.terms import Printer, Sort, Variable

EFFORT = 0.05
"""For one question (see `zerograd.solvers.base.Solver.check`)."""

BRIEFLY = 0.01
"""For what is only tried: to leave a fact out, say."""

PATIENTLY: tuple[tuple[Mode, float], ...] = (
    ("elimination", 0.2),
    ("polynomial", 1.0),
    ("elimination", 1.0),
)
"""What is tried where that does not suffice."""

Facts = Mapping[str, Fact | Either]


class OutOfTime(Exception):  # noqa: N818 - a finding, not an error
    """The deadline has passed."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A formula, its variables, and its number among what was read."""

    formula: Formula
    variables: tuple[str, ...]
    number: int


class Reals:
    """Z3 in this process, which can be killed. Nothing that it says is believed: proofs are checked.

    Args:
        selections: unused ones, if there are some: making them takes as long as many a proof.
    """

    def __init__(self, deadline: float, selections: Selections | None = None) -> None:
        self.deadline = deadline
        self._selections = selections or Selections()
        self._symbols: dict[str, str] = {}
        self._written: dict[int, _Written] = {}
        """Formulas by their identity, for which they are kept."""
        self._outcomes: dict[object, Outcome] = {}
        """What was said: the facts of a system are asked about again when it gets more patience."""

    def share(self, part: float, *, most: float = inf) -> Reals:
        """Return the same with a part of the time that is left: what was read once is not read again."""
        now = time.monotonic()
        other = copy(self)
        other.deadline = now + min((self.deadline - now) * part, most)
        return other

    def keep_time(self) -> float:
        """The seconds that are left. Raises OutOfTime if none are."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return left

    def check(
        self,
        facts: Iterable[Formula],
        *,
        effort: float = EFFORT,
        mode: Mode = "polynomial",
        values: bool = True,
    ) -> Outcome:
        """A model (by the names of the variables), none, or neither. Raises OutOfTime.

        Args:
            values: whether a model is to have values.
        """
        self.keep_time()
        known = self._read(facts)
        names = dict.fromkeys(name for one in known for name in one.variables) if values else {}
        numbers = [one.number for one in known]
        symbols = [self._symbols[name] for name in names]
        key = (*numbers, mode, effort, values)
        if key not in self._outcomes:
            outcome = self._selections.check(numbers, symbols, mode=mode, effort=effort)
            if isinstance(outcome, Model):
                found = outcome.values
                outcome = Model({n: found[self._symbols[n]] for n in names if self._symbols[n] in found})
            self._outcomes[key] = outcome
        return self._outcomes[key]

    def _read(self, formulas: Iterable[Formula]) -> list[_Written]:
        """Most formulas are asked about many times over: each is read once."""
        listed = list(formulas)
        new = {id(formula): formula for formula in listed if id(formula) not in self._written}
        if new:
            texts: list[str] = []
            declared: dict[str, Sort] = {}
            variables: list[tuple[str, ...]] = []
            for formula in new.values():
                text, names = self._text(formula)
                texts.append(text)
                variables.append(names)
                declared |= {self._symbols[name]: "Real" for name in names}
            numbers = self._selections.add(declared, texts)
            for (key, formula), names, number in zip(new.items(), variables, numbers, strict=True):
                self._written[key] = _Written(formula, names, number)
        return [self._written[id(formula)] for formula in listed]

    def _text(self, formula: Formula) -> tuple[str, tuple[str, ...]]:
        """The text of a formula, and its variables."""
        own: dict[str, str] = {}

        def symbol(name: str) -> str:
            if name not in own:
                own[name] = self._symbols.setdefault(name, f"v{len(self._symbols)}")
            return own[name]

        if isinstance(formula, Fact) and not formula.polynomial.is_constant:
            return fact_text(formula, symbol), tuple(own)
        said = assertion(formula, lambda name: Variable(symbol(name)))
        return Printer({}).formula(said), tuple(own)

    def refutes(self, facts: Facts, *, effort: float = EFFORT) -> bool:
        """Whether Z3 finds that the facts contradict one another."""
        return isinstance(self.check(facts.values(), effort=effort, values=False), NoModel)

    def patiently(self, facts: Facts) -> Outcome:
        """Do what `check` does, with more effort and by other means where that does not suffice."""
        outcome = self.check(facts.values())
        for mode, effort in PATIENTLY:
            if not isinstance(outcome, GaveUp):
                break
            outcome = self.check(facts.values(), mode=mode, effort=effort)
        return outcome

    def core(self, facts: Facts, newest: Collection[str] = ()) -> Facts:
        """A subset of contradictory facts, as small as Z3 still finds contradictory.

        Args:
            newest: left out last of all. The others may be contradictory by themselves, and then
                what was just assumed would be for nothing.
        """
        old = [label for label in facts if label not in newest]
        new = [label for label in facts if label in newest]
        left = self._fewer(old, new, facts)
        last = self._fewer(new, left, facts) if new else []
        return {label: fact for label, fact in facts.items() if label in (*left, *last)}

    def _fewer(self, labels: list[str], kept: Collection[str], facts: Facts) -> list[str]:
        """Those of the labels that cannot be left out, beside those that are kept.

        They are left out one by one, what is complicated first: short facts make short proofs.
        """
        left = self.needed(labels, kept, facts)
        if left is None:
            return self._fewer_by_halves(labels, kept, facts)
        for label in sorted(left, key=lambda label: _size(facts[label]), reverse=True):
            if label in left and (kept or len(left) > 1):
                others = [other for other in left if other != label]
                fewer = self.needed(others, kept, facts, effort=BRIEFLY)
                left = left if fewer is None else fewer
        return left

    def needed(
        self,
        labels: Sequence[str],
        kept: Collection[str],
        facts: Mapping[str, Formula],
        *,
        effort: float = EFFORT,
    ) -> list[str] | None:
        """Those of the labels that Z3 says it needed beside what is kept; None if it found nothing."""
        self.keep_time()
        numbers = {
            one.number: label
            for label, one in zip(labels, self._read(facts[label] for label in labels), strict=True)
        }
        beside = [one.number for one in self._read(facts[label] for label in kept)]
        core = self._selections.core([*numbers], beside, mode="polynomial", effort=effort)
        return None if core is None else [numbers[number] for number in core]

    def _fewer_by_halves(self, labels: list[str], kept: Collection[str], facts: Facts) -> list[str]:
        """The same without Z3's account of what it needed.

        Halves, quarters and so on are left out (Zeller and Hildebrandt, Simplifying and Isolating
        Failure-Inducing Input, 2002).
        """
        labels = sorted(labels, key=lambda label: _size(facts[label]), reverse=True)
        size = (len(labels) + 1) // 2
        while size:
            start = 0
            while start < len(labels):
                fewer = [*labels[:start], *labels[start + size :]]
                if self.refutes({label: facts[label] for label in (*fewer, *kept)}):
                    labels = fewer
                else:
                    start += size
            size //= 2
        return labels


def _size(formula: Formula) -> int:
    if isinstance(formula, Fact):
        return sum(sum(e for _, e in m) + 1 for m in formula.polynomial.terms)
    return 1000 + sum(map(_size, formula.parts))


def approximate(value: Fraction | NumberField) -> Fraction:
    """A rational number near a value of a model."""
    return value if isinstance(value, Fraction) else (value.low + value.high) / 2
