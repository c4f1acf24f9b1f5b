"""Polynomials, and what is said of their signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from typing import Any

Poly = dict[tuple[str, ...], Fraction]
"""From sorted names, repeated for powers, to coefficients other than 0."""
Formula = tuple[Any, ...]
"""("=", p) and the like, ("and", part, …) or ("or", part, …)."""


def number(value: Fraction | int) -> Poly:
    return {(): Fraction(value)} if value else {}


def variable(name: str) -> Poly:
    return {(name,): Fraction(1)}


def plus(p: Poly, q: Poly, times: Fraction | int = 1) -> Poly:
    result = dict(p)
    for monomial, c in q.items():
        result[monomial] = result.get(monomial, Fraction(0)) + times * c
    return {monomial: c for monomial, c in result.items() if c}


def minus(p: Poly, q: Poly) -> Poly:
    return plus(p, q, -1)


def times(p: Poly, q: Poly) -> Poly:
    result: Poly = {}
    for a, c in p.items():
        for b, d in q.items():
            monomial = tuple(sorted(a + b))
            result[monomial] = result.get(monomial, Fraction(0)) + c * d
    return {monomial: c for monomial, c in result.items() if c}


def power(p: Poly, exponent: int) -> Poly:
    return reduce(times, [p] * exponent, number(1))


def put(p: Poly, values: Mapping[str, Fraction]) -> Poly:
    result: Poly = {}
    for monomial, c in p.items():
        rest = tuple(name for name in monomial if name not in values)
        value = prod((values[name] for name in monomial if name in values), start=c)
        result = plus(result, {rest: value})
    return result


def put_in(formula: Formula, values: Mapping[str, Fraction]) -> Formula:
    sign, *parts = formula
    if sign in ("and", "or"):
        return (sign, *(put_in(part, values) for part in parts))
    return (sign, put(parts[0], values))


def meaning(formula: Formula, names: Mapping[str, str]) -> object:
    """The same for facts up to positive factors (up to any factor, of = and !=), with other names."""
    sign, *parts = formula
    if sign in ("and", "or"):
        return (sign, frozenset(meaning(part, names) for part in parts))
    p = {tuple(sorted(names.get(n, n) for n in monomial)): c for monomial, c in parts[0].items()}
    if not p:
        return (sign, frozenset())
    scale = p[max(p)]
    return (sign, frozenset((m, c / (scale if sign in ("=", "!=") else abs(scale))) for m, c in p.items()))


def variables_of(formula: Formula) -> set[str]:
    sign, *parts = formula
    if sign in ("and", "or"):
        return set().union(*map(variables_of, parts))
    return {name for monomial in parts[0] for name in monomial}


def denied(formula: Formula) -> Formula:
    sign, *parts = formula
    match sign:
        case "and" | "or":
            return ("or" if sign == "and" else "and", *map(denied, parts))
        case "=" | "!=":
            return ("!=" if sign == "=" else "=", parts[0])
    return (">=" if sign == ">" else ">", minus({}, parts[0]))


def compared(a: Poly, operator: str, b: Poly) -> Formula:
    match operator:
        case "<" | "<=":
            return compared(b, operator.replace("<", ">"), a)
        case "==":
            return ("=", minus(a, b))
    return (operator, minus(a, b))


def several(word: str, parts: Sequence[Formula]) -> Formula:
    return parts[0] if len(parts) == 1 else (word, *parts)


def flat(label: str, formula: Formula) -> Iterator[tuple[str, Formula]]:
    """The parts of a conjunction, numbered, also when nested."""
    if formula[0] != "and":
        yield label, formula
        return
    for n, part in enumerate(formula[1:]):
        yield from flat(label if len(formula) == 2 else f"{label}.{n}", part)
