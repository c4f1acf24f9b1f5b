"""The meaning of a condition in ``where``, over nested lists of numbers."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

Sign = Callable[[Any], int]

# Division by 0 refuses a witness wherever it stands, so every part is looked at.
_ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_HOLDS: Mapping[type, Callable[[int], bool]] = {
    ast.Lt: lambda s: s < 0,
    ast.LtE: lambda s: s <= 0,
    ast.Eq: lambda s: s == 0,
    ast.NotEq: lambda s: s != 0,
    ast.GtE: lambda s: s >= 0,
    ast.Gt: lambda s: s > 0,
}


class Unclear(Exception):  # noqa: N818 - neither right nor wrong
    """What cannot be told here."""


def leaves(data: Any) -> Iterator[Any]:
    """The numbers in nested lists, or in a mapping of such; objects such as balls are one each."""
    if isinstance(data, list):
        for item in data:
            yield from leaves(item)
    elif isinstance(data, Mapping) and not {"centre", "alpha"} & set(data):
        for item in data.values():
            yield from leaves(item)
    else:
        yield data


def truth(text: str, names: Mapping[str, Any], sign: Sign) -> bool:
    """Whether a condition holds. Raises Unclear for what is not known here."""
    try:
        return _Reader(names, sign).condition(ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        return False


class _Reader:
    def __init__(self, names: Mapping[str, Any], sign: Sign) -> None:
        self.names, self.sign = names, sign

    def condition(self, node: ast.expr) -> bool:
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(list(map(self.condition, parts)))
            case ast.BoolOp(values=parts):
                return any(list(map(self.condition, parts)))
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return not self.condition(part)
            case ast.Call(func=ast.Name(id="all" | "any" as name), args=arguments):
                return self._quantified(name, arguments)
            case ast.Call(func=ast.Name(id="distinct"), args=arguments):
                values = [v for argument in arguments for v in leaves(self.value(argument))]
                return all(self.sign(v - w) != 0 for i, v in enumerate(values) for w in values[:i])
            case ast.Compare():
                return all(self._entries(node))
        raise Unclear(ast.unparse(node))

    def _quantified(self, name: str, arguments: list[ast.expr]) -> bool:
        if len(arguments) == 1 and isinstance(arguments[0], ast.List | ast.Tuple):
            arguments = arguments[0].elts
        if len(arguments) == 1 and isinstance(arguments[0], ast.Compare):
            entries = self._entries(arguments[0])
            return all(entries) if name == "all" else any(entries)
        values = [self.condition(argument) for argument in arguments]
        return all(values) if name == "all" else any(values)

    def _entries(self, node: ast.Compare) -> list[bool]:
        """The truth of each entry of a chain."""
        values = [self.value(part) for part in (node.left, *node.comparators)]
        result: list[bool] = []
        for op, left, right in zip(node.ops, values, values[1:], strict=False):
            signs = [self.sign(v) for v in leaves(_each(operator.sub, left, right))]
            here = [_HOLDS[type(op)](s) for s in signs]
            result = here if not result else _both(result, here)
        return result

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=number) if isinstance(number, int | float):
                return Fraction(ast.unparse(node)) if isinstance(number, float) else number
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.Call(func=ast.Name(id="grad"), args=[argument]):
                return self._gradient(argument)
            case ast.Call(func=ast.Name(id="abs"), args=[argument]):
                return _map(abs, self.value(argument))
            case ast.Call(func=ast.Name(id="sum" | "min" | "max" as name), args=arguments):
                values = [v for argument in arguments for v in leaves(self.value(argument))]
                return sum(values) if name == "sum" else min(values) if name == "min" else max(values)
            case ast.Subscript(value=inner, slice=index):
                return self._item(self.value(inner), index)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _map(operator.neg, self.value(inner))
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self.value(inner)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
                return _map(lambda v: v**power, self.value(left))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                function = _ARITHMETIC[type(op)]
                if isinstance(op, ast.Div):
                    function = self._divided
                return _each(function, self.value(left), self.value(right))
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self.value(part) for part in parts]
        raise Unclear(ast.unparse(node))

    def _divided(self, a: Any, b: Any) -> Any:
        if self.sign(b) == 0:
            raise ZeroDivisionError
        return Fraction(a, b) if isinstance(a, int) and isinstance(b, int) else a / b

    def _gradient(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Subscript):
            return self._item(self._gradient(node.value), node.slice)
        if isinstance(node, ast.Name):
            return self.names["gradients"][node.id]
        raise Unclear(ast.unparse(node))

    @staticmethod
    def _item(array: Any, index: ast.expr) -> Any:
        parts = ast.literal_eval(index)
        for part in parts if isinstance(parts, tuple) else (parts,):
            if not isinstance(array, list):
                raise Unclear("an axis of length 1 is left out")
            array = array[part]
        return array


def _map(function: Callable[[Any], Any], value: Any) -> Any:
    return [_map(function, item) for item in value] if isinstance(value, list) else function(value)


def _each(function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Entry by entry; one that has a single entry goes with each of the other."""
    left, right = [*leaves(a)], [*leaves(b)]
    if len(left) == 1:
        left *= len(right)
    if len(right) == 1:
        right *= len(left)
    if len(left) != len(right):
        raise Unclear("shapes that do not fit")
    return [function(v, w) for v, w in zip(left, right, strict=True)]


def _both(a: list[bool], b: list[bool]) -> list[bool]:
    if len(a) == 1:
        a *= len(b)
    if len(b) == 1:
        b *= len(a)
    return [v and w for v, w in zip(a, b, strict=True)]
