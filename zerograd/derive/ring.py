"""Formulas of the core over SymPy's expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp

from zerograd.core.numbers.functions import Rational

Expr: TypeAlias = sp.Expr


class SymPyFunctions:
    """`zerograd.core.numbers.functions.Functions` over SymPy's expressions."""

    pi = sp.pi

    def divide(self, a: Any, b: Any, /) -> Expr:
        return number(a) / number(b)

    def sqrt(self, value: Rational, /) -> Expr:
        return sp.sqrt(number(value))

    def exp(self, z: Any, /) -> Expr:
        return sp.exp(number(z))

    def log(self, z: Any, /) -> Expr:
        return sp.log(number(z))

    def sin(self, z: Any, /) -> Expr:
        return sp.sin(number(z))

    def cos(self, z: Any, /) -> Expr:
        return sp.cos(number(z))

    def erf(self, z: Any, /) -> Expr:
        return sp.erf(number(z))

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Expr:
        z, cases = number(z), []
        reached: Any = sp.true
        for left, right, end, at_end in zip(branches, branches[1:], joins, at_joins, strict=False):
            join, value = number(end), None if at_end is None else number(at_end)
            to_left = value is not None and number(left(join)) == value
            to_right = value is None or (not to_left and number(right(join)) == value)
            cases.append((_tidy(left(z)), sp.And(reached, z <= join if to_left else z < join)))
            if not to_left and not to_right:
                cases.append((value, sp.Eq(z, join)))
            reached = z >= join if to_right else z > join
        cases.append((_tidy(branches[-1](z)), reached))
        if z.is_number:
            return next(value for value, condition in cases if condition == True)  # noqa: E712  # SymPy's true
        return sp.Piecewise(*cases, evaluate=False)


SYMPY = SymPyFunctions()


def number(value: Any) -> Expr:
    """An expression; whole numbers and fractions become SymPy's."""
    return (
        sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sp.sympify(value)
    )


def _tidy(value: Any) -> Expr:
    """A branch: r²/2 where a formula says r·(r/2)."""
    expression = number(value)
    return sp.factor(expression) if expression.is_Mul and expression.is_polynomial() else expression
