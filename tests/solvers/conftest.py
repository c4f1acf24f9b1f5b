"""An exact evaluator of terms and formulas, which shares nothing with any solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest

from zerograd.core.numbers.exact import Exact, compare
from zerograd.solvers.terms import (
    And,
    Choice,
    Constant,
    Formula,
    Not,
    Or,
    Product,
    Relation,
    Script,
    Sum,
    Term,
    Truth,
    Variable,
)

Env = Mapping[str, Any]
"""Numbers by variable, truth values by truth."""


def number(term: Term, env: Env) -> Exact:
    """The value of a term."""
    match term:
        case Variable(name=name):
            value: Exact = env[name]
            return value
        case Constant(value=value):
            return value
        case Sum(terms=parts):
            total: Exact = 0
            for part in parts:
                total = total + number(part, env)
            return total
        case Product(factors=parts):
            result: Exact = 1
            for part in parts:
                result = result * number(part, env)
            return result
        case Choice(condition=condition, then=then, other=other):
            return number(then if holds(condition, env) else other, env)


def holds(formula: Formula, env: Env) -> bool:
    """The truth value of a formula."""
    match formula:
        case Relation(operator=operator, left=left, right=right):
            order = compare(number(left, env), number(right, env))
            return {"<": order < 0, "<=": order <= 0, "=": order == 0, ">=": order >= 0, ">": order > 0}[
                operator
            ]
        case And(parts=parts):
            return all(holds(part, env) for part in parts)
        case Or(parts=parts):
            return any(holds(part, env) for part in parts)
        case Not(part=part):
            return not holds(part, env)
        case Truth(name=name):
            return bool(env[name])


def satisfied(script: Script, env: Env) -> bool:
    """Whether some truth values make every assertion hold, with these numbers."""
    return any(
        all(
            holds(assertion, {**env, **dict(zip(script.truths, truths, strict=True))})
            for assertion in script.assertions
        )
        for truths in product((False, True), repeat=len(script.truths))
    )


class Evaluator:
    """The functions above, for tests (which cannot import this file)."""

    number: Callable[[Term, Env], Exact] = staticmethod(number)
    holds: Callable[[Formula, Env], bool] = staticmethod(holds)
    satisfied: Callable[[Script, Env], bool] = staticmethod(satisfied)


@pytest.fixture(scope="session")
def exactly() -> type[Evaluator]:
    """The exact evaluator."""
    return Evaluator
