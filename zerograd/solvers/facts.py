"""Facts of the core about real numbers, as formulas for solvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.system import Case, System
from zerograd.solvers.terms import (
    ZERO,
    Constant,
    Term,
    add,
    conjoin,
    differ,
    disjoin,
    multiply,
    real_text,
    relate,
)
from zerograd.solvers.terms import Formula as Assertion


def assertion(formula: Formula, symbol: Callable[[str], Term]) -> Assertion:
    """What a formula says, where ``symbol`` has the terms of variables."""
    match formula:
        case Fact(polynomial=p, sign="!="):
            return differ(_term(p, symbol), ZERO)
        case Fact(polynomial=p, sign=sign):
            return relate(_term(p, symbol), sign, ZERO)  # type: ignore[arg-type]  # != was above
        case Both(parts=parts):
            return conjoin(assertion(part, symbol) for part in parts)
        case Either(parts=parts):
            return disjoin(assertion(part, symbol) for part in parts)


def fact_text(fact: Fact, symbol: Callable[[str], str]) -> str:
    """Return the SMT-LIB text of a fact about reals that is not about a constant.

    It is the text of `assertion`, without terms in between: of most facts only that is wanted.
    """
    total: list[str] = []
    last: list[str] = []
    for monomial, c in sorted(fact.polynomial.terms.items()):
        factors = [symbol(name) for name, e in monomial for _ in range(e)]
        if c != 1 or not factors:
            factors.insert(0, real_text(c))
        (total if monomial else last).append(factors[0] if len(factors) == 1 else f"(* {' '.join(factors)})")
    total += last
    left = total[0] if len(total) == 1 else f"(+ {' '.join(total)})"
    return f"(not (= {left} 0.0))" if fact.sign == "!=" else f"({fact.sign} {left} 0.0)"


def _term(p: Polynomial, symbol: Callable[[str], Term]) -> Term:
    return add(
        *(
            multiply(Constant(c), *(symbol(name) for name, e in monomial for _ in range(e)))
            for monomial, c in sorted(p.terms.items())
        )
    )


def distinctions(system: System) -> Mapping[str, Formula]:
    """Return what each distinction says, by its name: one of its cases holds."""
    return {name: Either(tuple(map(_conjunction, cases))) for name, cases in system.splits.items()}


def _conjunction(case: Case) -> Formula:
    values = (Fact(Polynomial.variable(name) - value, "=") for name, value in case.values.items())
    return Both((*values, *(fact for _, fact in case.facts)))
