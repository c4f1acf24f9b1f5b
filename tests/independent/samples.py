"""How many samples suffice: conditions on each sample alone, conditions on signs, and N."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from tests.independent.problems import Index, Problem, full_index, indices, literal, reference, subscript

Entry = tuple[str, Index]


class Rows(NamedTuple):
    """What a number is for each sample: columns, and its degrees in r and grad(x); those of 0 are None."""

    columns: int
    degrees: tuple[int, int] | None = (0, 0)


def speaks_of_samples(problem: Problem, node: ast.AST) -> bool:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return bool(names & ({*problem.per_sample} | {"loss", "grad"}))


def alone(problem: Problem, node: ast.expr) -> bool:
    """Whether a condition is of the form of one on each sample alone."""
    match node:
        case ast.BoolOp(values=parts):
            return all(alone(problem, part) for part in parts)
        case ast.Call(func=ast.Name(id="all"), args=[part]) if not isinstance(part, ast.List | ast.Tuple):
            return alone(problem, part)
        case ast.Compare(left=left, comparators=rest) if speaks_of_samples(problem, node):
            return joint([rows(problem, part) for part in (left, *rest)]) is not None
    return not speaks_of_samples(problem, node)


def joint(values: Sequence[Rows | None]) -> Rows | None:
    known = [value for value in values if value is not None]
    columns = {value.columns for value in known} - {0}
    degrees = {value.degrees for value in known} - {None}
    if len(known) < len(values) or len(columns) > 1 or len(degrees) > 1:
        return None
    return Rows(max(columns, default=0), next(iter(degrees), None))


def product_of(a: Rows | None, b: Rows | None, power: int) -> Rows | None:
    """The product of a number with a power of another."""
    if a is None or b is None or (a.columns and b.columns and a.columns != b.columns):
        return None
    columns = a.columns or b.columns
    if a.degrees is None or b.degrees is None:
        return Rows(columns, None)
    return Rows(columns, (a.degrees[0] + power * b.degrees[0], a.degrees[1] + power * b.degrees[1]))


def rows(problem: Problem, node: ast.expr) -> Rows | None:
    constant = literal(node)
    if constant is not None:
        return Rows(0, (0, 0) if constant else None)
    match node:
        case ast.Name(id="r"):
            return Rows(problem.widths[-1], (1, 0)) if problem.least_squares else None
        case ast.Name(id=name) if name in problem.per_sample:
            return None if name == "y" else Rows(problem.per_sample[name])
        case ast.Name(id=name):
            return Rows(0) if prod(problem.shapes.get(name, (0,))) == 1 else None
        case ast.Call(func=ast.Name(id="grad"), args=[ast.Name(id="x")]):
            return Rows(problem.widths[0], (0, 1))
        case ast.UnaryOp(operand=part) | ast.Call(func=ast.Name(id="abs"), args=[part]):
            return rows(problem, part)
        case ast.BinOp(left=part, op=ast.Pow(), right=exponent):
            base, k = rows(problem, part), ast.literal_eval(exponent)
            return base if base is None else product_of(Rows(0), base, k) if k else Rows(0)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return joint([rows(problem, left), rows(problem, right)])
        case ast.BinOp(left=left, op=op, right=right):
            power = 1 if isinstance(op, ast.Mult) else -1
            return product_of(rows(problem, left), rows(problem, right), power)
        case ast.Subscript() | ast.Call(func=ast.Name(id="sum" | "min" | "max")):
            return None if speaks_of_samples(problem, node) else Rows(0)
    return None


# --- signs of gradients ------------------------------------------------------------------


class Taken(NamedTuple):
    """The entries that a condition on signs takes: some in any case, and how many others."""

    always: frozenset[Entry] = frozenset()
    more: int = 0


def every(parts: Iterable[Taken | None]) -> Taken | None:
    listed = [*parts]
    known = [part for part in listed if part is not None]
    if len(known) < len(listed):
        return None
    return Taken(frozenset().union(*(part.always for part in known)), sum(part.more for part in known))


def some(parts: Iterable[Taken | None]) -> Taken | None:
    listed = [*parts]
    known = [part for part in listed if part is not None]
    if len(known) < len(listed):
        return None
    if len(known) == 1:
        return known[0]
    return Taken(more=max((len(part.always) + part.more for part in known), default=0))


def taken(problem: Problem, node: ast.expr, *, denied: bool = False) -> Taken | None:
    """What a condition on signs takes; None of one that is none."""
    if not speaks_of_samples(problem, node) or (not denied and alone(problem, node)):
        return Taken()

    def parts(nodes: Sequence[ast.expr], *, both: bool) -> Taken | None:
        inner = [taken(problem, part, denied=denied) for part in nodes]
        return every(inner) if both else some(inner)

    match node:
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return taken(problem, part, denied=not denied)
        case ast.BoolOp(op=op, values=values):
            return parts(values, both=isinstance(op, ast.And) != denied)
        case ast.Call(func=ast.Name(id="all" | "any" as function), args=arguments):
            both = (function == "all") != denied
            match arguments:
                case [ast.List(elts=items) | ast.Tuple(elts=items)]:
                    return parts(items, both=both)
                case [ast.Call() as part]:
                    return taken(problem, part, denied=denied)
                case [ast.Compare() as part]:
                    return of_entries(compared_entries(problem, part), both=both)
                case [_]:
                    return None
            return parts(arguments, both=both)
        case ast.Compare():
            return of_entries(compared_entries(problem, node), both=not denied)
    return None


def of_entries(entries: frozenset[Entry] | None, *, both: bool) -> Taken | None:
    if entries is None:
        return None
    listed = [Taken(frozenset({entry})) for entry in entries]
    return every(listed) if both else some(listed)


def compared_entries(problem: Problem, node: ast.Compare) -> frozenset[Entry] | None:
    """The entries of parameter gradients that are compared with 0."""
    sides = [node.left, *node.comparators]
    if len(sides) != 2 or all(literal(side) != 0 for side in sides):
        return None
    part = sides[0] if literal(sides[1]) == 0 else sides[1]
    while isinstance(part, ast.UnaryOp) and literal(part) is None:
        part = part.operand
    match part:
        case ast.Call(func=ast.Name(id="grad"), args=[ast.Name(id=name)]) if name in problem.shapes:
            return frozenset((name, index) for index in indices(problem.shapes[name]))
        case ast.Subscript(value=ast.Call(func=ast.Name(id="grad"), args=[ast.Name(id=name)])):
            item = part
        case ast.Call(func=ast.Name(id="grad"), args=[ast.Subscript(value=ast.Name(id=name)) as item]):
            pass
        case _:
            return None
    if name not in problem.shapes:
        return None
    return frozenset({(name, full_index(subscript(item), problem.shapes[name]))})


# --- the number --------------------------------------------------------------------------


def enough(problem: Problem) -> int | None:
    """N, if small datasets suffice."""
    if problem.integer or not problem.least_squares or "targets" in problem.data:
        return None
    lists = {key: [reference(text) for text in problem.data.get(key, [])] for key in problem.RELATIONS}
    of_x = {key: [index for name, index in names if name == "x"] for key, names in lists.items()}
    if any(index is not None for found in of_x.values() for index in found) or of_x["any_nonzero"]:
        return None
    if any(reference(key)[0] in ("x", "y") for key in problem.given):
        return None
    for key in problem.data.get("bounds", {}):
        name, index = reference(key)
        if name == "y" or (name == "x" and index is not None):
            return None
    conditions = [taken(problem, node) for node in problem.where]
    named = [
        place
        for key, _, places in problem.requirements(problem.least)
        if key != "any_nonzero"
        for place in places
        if place[0] != "x"
    ]
    joined = [
        some(Taken(frozenset({place})) for place in places)
        for key, _, places in problem.requirements(problem.least)
        if key == "any_nonzero"
    ]
    total = every([Taken(frozenset(named)), *joined, *conditions])
    if total is None:
        return None
    count = len(total.always) + total.more
    moving = any(name != "x" for key, names in lists.items() if key != "zero" for name, _ in names)
    signs = any(of_x[key] for key in ("nonzero", "positive", "negative"))
    signs |= any(speaks_of_adjoints(node) for node in problem.where)
    more = bool(of_x["some_nonzero"]) or (signs and not moving)
    return max(1, count + more)


def speaks_of_adjoints(node: ast.expr) -> bool:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    called = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    gradients = [call for call in called if isinstance(call.func, ast.Name) and call.func.id == "grad"]
    inside = {part.id for call in gradients for part in ast.walk(call) if isinstance(part, ast.Name)}
    return "r" in names or "x" in inside
