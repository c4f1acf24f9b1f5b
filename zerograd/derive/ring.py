"""Formulas of the core over SymPy's expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
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


_ANY = sp.Symbol("any", real=True)
SYMPY = SymPyFunctions()


def number(value: Any) -> Expr:
    """An expression; whole numbers and fractions become SymPy's, and cases stand outside of all else."""
    if isinstance(value, Fraction):
        return sp.Rational(value.numerator, value.denominator)
    expression = sp.sympify(value)
    if isinstance(expression, sp.Piecewise) or not (inner := expression.atoms(sp.Piecewise)):
        return expression
    crossed = []
    for choice in product(*(cases.args for cases in inner)):
        value = expression.xreplace(dict(zip(inner, (value for value, _ in choice), strict=True)))
        ranges = _ranges(condition for _, condition in choice)
        if sp.S.EmptySet not in ranges.values():
            crossed.append((value, sp.And(*(_within(place, where) for place, where in ranges.items()))))
    return sp.Piecewise(*crossed, evaluate=False)


def _ranges(conditions: Iterable[Any]) -> dict[Expr, sp.Set]:
    """Where each quantity that conditions compare with numbers may be."""
    ranges: dict[Expr, sp.Set] = {}
    for relation in (part for condition in conditions for part in sp.And.make_args(condition)):
        if relation == sp.true:
            continue
        turned = relation.reversedsign if relation.lhs.could_extract_minus_sign() else relation
        here = turned.func(_ANY, turned.rhs).as_set()
        ranges[turned.lhs] = ranges.get(turned.lhs, sp.S.Reals).intersect(here)
    return ranges


def _within(place: Expr, where: sp.Set) -> Any:
    """The condition that a quantity is in an interval, or at a point."""
    if isinstance(where, sp.FiniteSet):
        return sp.Eq(place, *where)
    low = place > where.start if where.left_open else place >= where.start
    high = place < where.end if where.right_open else place <= where.end
    return sp.And(low if where.start.is_finite else True, high if where.end.is_finite else True)


def _tidy(value: Any) -> Expr:
    """A branch: r²/2 where a formula says r·(r/2)."""
    expression = number(value)
    if not expression.is_Mul:
        return expression
    contents, factors = zip(*(factor.primitive() for factor in expression.args), strict=True)
    return sp.Mul(*contents) * sp.Mul(*factors)
