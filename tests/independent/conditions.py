"""Conditions as facts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from tests.independent.documents import CannotTell, need
from tests.independent.formulas import (
    Formula,
    Poly,
    compared,
    denied,
    minus,
    number,
    plus,
    power,
    several,
    times,
    variable,
)
from tests.independent.problems import Index, full_index, indices, literal, subscript


class Grid(NamedTuple):
    """An array in row-major order."""

    shape: Index
    entries: list[Any]

    def at(self, index: Index) -> Any:
        return self.entries[indices(self.shape).index(full_index(index, self.shape))]


def pairs(a: Grid, b: Grid) -> tuple[Index, list[tuple[Any, Any]]]:
    if tuple(n for n in a.shape if n != 1) == tuple(n for n in b.shape if n != 1):
        return a.shape, [*zip(a.entries, b.entries, strict=True)]
    if len(b.entries) == 1:
        return a.shape, [(v, b.entries[0]) for v in a.entries]
    return b.shape, [(a.entries[0], v) for v in b.entries]


OPERATORS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=", ast.GtE: ">=", ast.Gt: ">",
}  # fmt: skip


class Conditions:
    """Conditions as facts; what is not polynomial has variables of its own.

    Attributes:
        lookup: names, and ``grad(w1)``, to arrays of polynomials.
        definitions: of the variables ``t[0]``, ``t[1]``, ….
    """

    def __init__(self, lookup: Mapping[str, Grid], letter: str = "t") -> None:
        self.lookup, self.letter = lookup, letter
        self.definitions: list[tuple[str, Formula]] = []
        self.known: dict[object, str] = {}

    def truth(self, node: ast.expr) -> Formula:
        return several("and", self.truths(node))

    def truths(self, node: ast.expr) -> list[Formula]:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=rest):
                arrays = [self.value(part) for part in (left, *rest)]
                links = []
                for a, op, b in zip(arrays, ops, arrays[1:], strict=False):
                    links.append([compared(p, OPERATORS[type(op)], q) for p, q in pairs(a, b)[1]])
                length = max(map(len, links))
                spread = [link * length if len(link) == 1 else link for link in links]
                return [several("and", parts) for parts in zip(*spread, strict=True)]
            case ast.BoolOp(op=op, values=parts):
                word = "and" if isinstance(op, ast.And) else "or"
                return [several(word, [self.truth(part) for part in parts])]
            case ast.UnaryOp(operand=part):
                return [denied(self.truth(part))]
            case ast.Call(func=ast.Name(id="distinct"), args=parts):
                flat_ = [v for part in parts for v in self.value(part).entries]
                return [("and", *(("!=", minus(v, w)) for i, v in enumerate(flat_) for w in flat_[:i]))]
            case ast.Call(func=ast.Name(id=function), args=parts):
                word = "and" if function == "all" else "or"
                if len(parts) == 1 and isinstance(parts[0], ast.List | ast.Tuple):
                    return [several(word, [self.truth(part) for part in parts[0].elts])]
                if len(parts) == 1:
                    single = not isinstance(parts[0], ast.BoolOp | ast.UnaryOp)
                    need(single, f"{function} of one condition with and, or or not")
                    return [several(word, self.truths(parts[0]))]
                return [several(word, [self.truth(part) for part in parts])]
        raise CannotTell(ast.unparse(node))

    def value(self, node: ast.expr) -> Grid:
        constant = literal(node)
        if constant is not None:
            return Grid((), [number(constant)])
        match node:
            case ast.Name(id=name):
                return self.lookup[name]
            case ast.Subscript(value=array):
                return Grid((), [self.value(array).at(subscript(node))])
            case ast.UnaryOp(operand=part):
                grid = self.value(part)
                return Grid(grid.shape, [minus({}, v) for v in grid.entries])
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                grid = self.value(base)
                return Grid(grid.shape, [power(v, ast.literal_eval(exponent)) for v in grid.entries])
            case ast.BinOp(left=left, op=op, right=right):
                shape, both = pairs(self.value(left), self.value(right))
                action: dict[type[ast.AST], Callable[[Poly, Poly], Poly]] = {
                    ast.Add: plus, ast.Sub: minus, ast.Mult: times, ast.Div: self.quotient
                }  # fmt: skip
                return Grid(shape, [action[type(op)](a, b) for a, b in both])
            case ast.List(elts=items) | ast.Tuple(elts=items):
                grids = [self.value(item) for item in items]
                return Grid((len(grids), *grids[0].shape), [v for grid in grids for v in grid.entries])
            case ast.Call(func=ast.Name(id="grad"), args=[ast.Subscript(value=ast.Name(id=name)) as part]):
                return Grid((), [self.lookup[f"grad({name})"].at(subscript(part))])
            case ast.Call(func=ast.Name(id="grad"), args=[ast.Name(id=name)]):
                return self.lookup[f"grad({name})"]
            case ast.Call(func=ast.Name(id=function), args=parts):
                grids = [self.value(part) for part in parts]
                if function == "abs":
                    return Grid(grids[0].shape, [self.greatest([v, minus({}, v)]) for v in grids[0].entries])
                entries = [v for grid in grids for v in grid.entries]
                if function == "sum":
                    return Grid((), [reduce(plus, entries, number(0))])
                if function == "max":
                    return Grid((), [self.greatest(entries)])
                return Grid((), [minus({}, self.greatest([minus({}, v) for v in entries]))])
        raise CannotTell(ast.unparse(node))

    def fresh(self, key: object) -> tuple[str, bool]:
        new = key not in self.known
        return self.known.setdefault(key, f"{self.letter}[{len(self.known)}]"), new

    def quotient(self, a: Poly, b: Poly) -> Poly:
        if set(b) == {()}:
            return times(a, number(1 / b[()]))
        t, new = self.fresh((frozenset(a.items()), "/", frozenset(b.items())))
        if new:
            self.definitions.append((f"{t} quotient", ("=", minus(times(variable(t), b), a))))
            self.definitions.append((f"{t} divisor", ("!=", b)))
        return variable(t)

    def greatest(self, values: list[Poly]) -> Poly:
        key = frozenset(frozenset(v.items()) for v in values)
        if len(key) == 1:
            return values[0]
        t, new = self.fresh(key)
        if new:
            above = [minus(variable(t), v) for v in values]
            self.definitions += [(f"{t} bound {n}", (">=", p)) for n, p in enumerate(above)]
            self.definitions.append((f"{t} attained", ("or", *(("=", p) for p in above))))
        return variable(t)


class TooLong(Exception):
    """A condition that is left out."""


class Counted(Conditions):
    """The terms that a condition may have, counted beforehand."""

    def short(self, node: ast.expr) -> bool:
        try:
            for part in ast.walk(node):
                if isinstance(part, ast.Compare):
                    for operand in (part.left, *part.comparators):
                        self.count(operand)
                match part:
                    case ast.Call(func=ast.Name(id="distinct"), args=arguments):
                        for argument in arguments:
                            self.count(argument)
        except TooLong:
            return False
        return True

    def count(self, node: ast.expr) -> Grid:
        if literal(node) is not None:
            return Grid((), [1])

        def product_of(a: int, b: int) -> int:
            if a * b > 50_000:
                raise TooLong
            return a * b

        match node:
            case ast.Subscript(value=array):
                return Grid((), [self.count(array).at(subscript(node))])
            case ast.UnaryOp(operand=part):
                grid = self.count(part)
                return Grid(grid.shape, [product_of(1, n) for n in grid.entries])
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                grid = self.count(base)
                k = ast.literal_eval(exponent)
                return Grid(grid.shape, [product_of(1, n**k) for n in grid.entries])
            case ast.BinOp(left=left, op=op, right=right):
                shape, both = pairs(self.count(left), self.count(right))
                if isinstance(op, ast.Mult):
                    return Grid(shape, [product_of(a, b) for a, b in both])
                least = 1 if isinstance(op, ast.Div) else 0
                return Grid(shape, [max(least, a + b) for a, b in both])
            case ast.List(elts=items) | ast.Tuple(elts=items):
                grids = [self.count(item) for item in items]
                return Grid((len(grids), *grids[0].shape), [n for grid in grids for n in grid.entries])
            case ast.Call(func=ast.Name(id="abs"), args=[part]):
                grid = self.count(part)
                return Grid(grid.shape, [max(1, n) for n in grid.entries])
            case ast.Call(func=ast.Name(id="sum" | "min" | "max" as function), args=parts):
                entries = [n for part in parts for n in self.count(part).entries]
                return Grid((), [1 + sum(entries) if function == "sum" else max(1, *entries)])
        grid = self.value(node)
        return Grid(grid.shape, [len(v) for v in grid.entries])
