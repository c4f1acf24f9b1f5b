"""Whether facts contradict one another, on Z3's word: what is worth looking for a proof of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from zerograd.core.exact import NumberField
from zerograd.core.facts import Both, Either, Fact, Formula
from zerograd.core.polynomial import Polynomial
from zerograd.solvers.base import Mode, Model, NoModel, Outcome
from zerograd.solvers.terms import (
    ZERO,
    Constant,
    Script,
    Term,
    Variable,
    add,
    conjoin,
    differ,
    disjoin,
    multiply,
    relate,
)
from zerograd.solvers.terms import Formula as Assertion
from zerograd.solvers.z3 import Z3

EFFORT = 0.05
"""For one question (see `zerograd.solvers.base.Solver.check`)."""

Facts = Mapping[str, Fact | Either]


class OutOfTime(Exception):  # noqa: N818 - a finding, not an error
    """The deadline has passed."""


class Reals:
    """Z3 in this process, which can be killed. Nothing that it says is believed: proofs are checked."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.solver = Z3()

    def check(
        self, facts: Iterable[Formula], *, effort: float = EFFORT, mode: Mode = "polynomial"
    ) -> Outcome:
        """A model (by the names of the variables), none, or neither. Raises OutOfTime."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime
        script = Script()
        symbols: dict[str, Variable] = {}

        def symbol(name: str) -> Term:
            if name not in symbols:
                symbols[name] = script.declare(f"v{len(symbols)}", "Real")
            return symbols[name]

        for fact in facts:
            script.require(_assertion(fact, symbol))
        outcome = self.solver.check(
            script.to_smtlib(), list(script.variables), mode=mode, seed=0, seconds=left, effort=effort
        )
        if isinstance(outcome, Model):
            return Model({n: outcome.values[s.name] for n, s in symbols.items() if s.name in outcome.values})
        return outcome

    def refutes(self, facts: Facts) -> bool:
        """Whether Z3 finds that the facts contradict one another."""
        return isinstance(self.check(facts.values()), NoModel)

    def core(self, facts: Facts) -> Facts | None:
        """As few of contradictory facts as still are, or None where Z3 does not find them contradictory."""
        if not self.refutes(facts):
            return None
        left = dict(facts)
        # What is complicated goes first: short facts make short proofs.
        for label in sorted(facts, key=lambda label: _size(facts[label]), reverse=True):
            fewer = {other: fact for other, fact in left.items() if other != label}
            if self.refutes(fewer):
                left = fewer
        return left


def _size(formula: Formula) -> int:
    if isinstance(formula, Fact):
        return sum(sum(e for _, e in m) + 1 for m in formula.polynomial.terms)
    return 1000 + sum(map(_size, formula.parts))


def approximate(value: Fraction | NumberField) -> Fraction:
    """A rational number near a value of a model."""
    return value if isinstance(value, Fraction) else (value.low + value.high) / 2


def _assertion(formula: Formula, symbol: Callable[[str], Term]) -> Assertion:
    match formula:
        case Fact(polynomial=p, sign="!="):
            return differ(_term(p, symbol), ZERO)
        case Fact(polynomial=p, sign=sign):
            return relate(_term(p, symbol), sign, ZERO)  # type: ignore[arg-type]  # != was above
        case Both(parts=parts):
            return conjoin(_assertion(part, symbol) for part in parts)
        case Either(parts=parts):
            return disjoin(_assertion(part, symbol) for part in parts)


def _term(p: Polynomial, symbol: Callable[[str], Term]) -> Term:
    return add(
        *(
            multiply(Constant(c), *(symbol(name) for name, e in monomial for _ in range(e)))
            for monomial, c in sorted(p.terms.items())
        )
    )
