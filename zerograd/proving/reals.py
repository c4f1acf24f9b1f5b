"""Whether facts contradict one another, on Z3's word: what is worth looking for a proof of."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from zerograd.core.numbers.field import NumberField
from zerograd.core.refuting.facts import Either, Fact, Formula
from zerograd.solvers.base import GaveUp, Mode, Model, NoModel, Outcome
from zerograd.solvers.facts import assertion
from zerograd.solvers.terms import Script, Term, Variable
from zerograd.solvers.z3 import Z3

EFFORT = 0.05
"""For one question (see `zerograd.solvers.base.Solver.check`)."""

PATIENTLY: tuple[tuple[Mode, float], ...] = (
    ("elimination", 0.2),
    ("polynomial", 1.0),
    ("elimination", 1.0),
)
"""What is tried where that does not suffice."""

Facts = Mapping[str, Fact | Either]


class OutOfTime(Exception):  # noqa: N818 - a finding, not an error
    """The deadline has passed."""


class Reals:
    """Z3 in this process, which can be killed. Nothing that it says is believed: proofs are checked."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.solver = Z3()
        self._symbols: dict[str, str] = {}
        self._texts: dict[int, tuple[Formula, str, tuple[str, ...]]] = {}
        """Assertions and variables of each formula, by its identity (for which it is kept)."""

    def keep_time(self) -> float:
        """The seconds that are left. Raises OutOfTime if none are."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return left

    def check(
        self, facts: Iterable[Formula], *, effort: float = EFFORT, mode: Mode = "polynomial"
    ) -> Outcome:
        """A model (by the names of the variables), none, or neither. Raises OutOfTime."""
        left = self.keep_time()
        known = [self._text(fact) for fact in facts]
        names = dict.fromkeys(name for _, _, variables in known for name in variables)
        declared = "".join(f"(declare-const {self._symbols[name]} Real)\n" for name in names)
        text = declared + "".join(assertions for _, assertions, _ in known)
        symbols = [self._symbols[name] for name in names]
        outcome = self.solver.check(text, symbols, mode=mode, seed=0, seconds=left, effort=effort)
        if isinstance(outcome, Model):
            values = outcome.values
            return Model({n: values[self._symbols[n]] for n in names if self._symbols[n] in values})
        return outcome

    def _text(self, formula: Formula) -> tuple[Formula, str, tuple[str, ...]]:
        """Most formulas are asked about many times over: each is written out once."""
        if id(formula) not in self._texts:
            script = Script()
            own: dict[str, Variable] = {}

            def symbol(name: str) -> Term:
                if name not in own:
                    known = self._symbols.setdefault(name, f"v{len(self._symbols)}")
                    own[name] = script.declare(known, "Real")
                return own[name]

            script.require(assertion(formula, symbol))
            lines = script.to_smtlib().splitlines(keepends=True)
            assertions = "".join(line for line in lines if not line.startswith("(declare-const"))
            self._texts[id(formula)] = (formula, assertions, tuple(own))
        return self._texts[id(formula)]

    def refutes(self, facts: Facts) -> bool:
        """Whether Z3 finds that the facts contradict one another."""
        return isinstance(self.check(facts.values()), NoModel)

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

        They are left out by halves, quarters and so on (Zeller and Hildebrandt, Simplifying and
        Isolating Failure-Inducing Input, 2002), what is complicated first: short facts make short proofs.

        Args:
            newest: left out last of all. The others may be contradictory by themselves, and then
                what was just assumed would be for nothing.
        """
        old = [label for label in facts if label not in newest]
        left = sorted(old, key=lambda label: _size(facts[label]), reverse=True)
        left = self._fewer(left, [label for label in facts if label in newest], facts)
        last = self._fewer([label for label in facts if label in newest], left, facts)
        return {label: fact for label, fact in facts.items() if label in (*left, *last)}

    def _fewer(self, labels: list[str], kept: Collection[str], facts: Facts) -> list[str]:
        """Those of the labels that cannot be left out, beside those that are kept."""
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
