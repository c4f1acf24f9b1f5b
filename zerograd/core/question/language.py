"""The language of ``where`` as a tree, and its canonical text.

    x[0] < x[1] < x[2]        abs(w1) <= 5        sum(y) == 0 or min(z1) > 0
    distinct(x)               any(r != 0)         grad(w1[0,0]) == 2 * loss

`zerograd.core.question.parsing` makes the tree of a text, `zerograd.core.question.conditions` gives it a
meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.work import spend

Comparison = Literal["<", "<=", "==", "!=", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Number:
    value: int | Fraction


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """``array[index]``."""

    array: Node
    index: Index


@dataclass(frozen=True, slots=True)
class Unary:
    operator: Literal["-", "not"]
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    operator: Literal["+", "-", "*", "/"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Power:
    base: Node
    exponent: int


@dataclass(frozen=True, slots=True)
class Chain:
    """``a < b <= c``."""

    operands: tuple[Node, ...]
    operators: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Logic:
    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """``[a, b, c]``."""

    items: tuple[Node, ...]


Node: TypeAlias = Number | Name | Item | Unary | Binary | Power | Chain | Logic | Call | Listing

FUNCTIONS = ("abs", "min", "max", "sum", "all", "any", "distinct", "grad")


class LanguageError(ValueError):
    """A condition that does not parse, or that has no meaning for the problem."""


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    match node:
        case Item(array=child) | Unary(operand=child) | Power(base=child):
            yield from walk(child)
        case Binary(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Chain(operands=children) | Logic(operands=children):
            for child in children:
                yield from walk(child)
        case Call(arguments=children) | Listing(items=children):
            for child in children:
                yield from walk(child)


def unparse(node: Node) -> str:
    """Canonical text: equal trees give equal text, and the text parses to the same tree."""
    return _write(node)[0]


# How tightly a text binds. The operands of an operator need parentheses where they bind less tightly.
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(9)


def _write(node: Node) -> tuple[str, int]:
    """Text, and how tightly it binds."""
    match node:
        case Number(value=value):
            plain = isinstance(value, int) and value >= 0
            return str(value), _ATOM if plain else _PRODUCT  # as -3 and 1/2 are read
        case Name(name=name):
            return name, _ATOM
        case Item(array=array, index=index):
            return f"{_operand(array, _ATOM)}[{','.join(map(str, index))}]", _ATOM
        case Unary(operator="-", operand=operand):
            return f"-{_operand(operand, _MINUS)}", _MINUS
        case Unary(operand=operand):
            return f"not {_operand(operand, _NOT)}", _NOT
        case Binary(operator=operator, left=left, right=right):
            strength = _SUM if operator in "+-" else _PRODUCT
            return f"{_operand(left, strength)} {operator} {_operand(right, strength + 1)}", strength
        case Power(base=base, exponent=exponent):
            return f"{_operand(base, _ATOM)}**{exponent}", _POWER
        case Chain(operands=operands, operators=operators):
            rest = (f" {op} {_operand(o, _SUM)}" for op, o in zip(operators, operands[1:], strict=True))
            return _operand(operands[0], _SUM) + "".join(rest), _COMPARISON
        case Logic(operator=word, operands=operands):
            strength = _OR if word == "or" else _AND
            return f" {word} ".join(_operand(o, strength + 1) for o in operands), strength
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(unparse, arguments))})", _ATOM
        case Listing(items=items):
            return f"[{', '.join(map(unparse, items))}]", _ATOM


def _operand(node: Node, least: int) -> str:
    text, strength = _write(node)
    return text if strength >= least else f"({text})"


def names_in(node: Node) -> set[str]:
    """The names that a tree mentions; a gradient is also mentioned as ``grad``."""
    parts = list(walk(node))
    spend(2 + len(parts))
    names = {part.name for part in parts if isinstance(part, Name)}
    return names | {"grad" for part in parts if isinstance(part, Call) and part.function == "grad"}
