"""Small linear programs over the rationals, by Z3's simplex. What it says is checked by whoever uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from zerograd.solvers.base import Model
from zerograd.solvers.terms import Constant, Script, Term, Variable, add, multiply, relate
from zerograd.solvers.z3 import Z3

EFFORT = 2.0
"""For one program (see `zerograd.solvers.base.Solver.check`)."""

Row = Mapping[str, Fraction | int]
"""A linear form: coefficients by unknown, and under ``""`` what is added."""


@dataclass
class Program:
    """Linear conditions on real unknowns."""

    conditions: list[tuple[Row, Literal["=", ">=", ">"]]] = field(default_factory=list)

    def require(self, row: Row, relation: Literal["=", ">=", ">"]) -> None:
        """Ask that a form is 0, or no less, or above 0."""
        self.conditions.append((row, relation))

    def solution(self) -> dict[str, Fraction] | None:
        """Return values of all unknowns, or None where there are none, or none was found."""
        script = Script()
        names = sorted({name for row, _ in self.conditions for name in row if name})
        known = {name: script.declare(name, "Real") for name in names}
        for row, relation in self.conditions:
            script.require(relate(_term(row, known), relation, Constant(0)))
        if not names:
            return {}
        outcome = _SOLVER.check(
            script.to_smtlib(), names, mode="general", seed=0, seconds=60.0, effort=EFFORT
        )
        if not isinstance(outcome, Model):
            return None
        values = {name: outcome.values.get(name, Fraction(0)) for name in names}
        plain = {name: value for name, value in values.items() if isinstance(value, Fraction)}
        return plain if len(plain) == len(names) else None


_SOLVER = Z3()


def _term(row: Row, known: Mapping[str, Variable]) -> Term:
    terms = [multiply(Constant(c), known[name]) for name, c in row.items() if name and c]
    return add(*terms, Constant(row.get("", 0)))
