"""Conditions from their text: Python's expression syntax, parsed, never evaluated by Python."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from zerograd.core.errors import short
from zerograd.core.model.references import module_hint
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.rationals import parse_rational
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import (
    FUNCTIONS,
    Binary,
    Call,
    Chain,
    Comparison,
    Item,
    LanguageError,
    Listing,
    Logic,
    Name,
    Node,
    Number,
    Power,
    Unary,
    unparse,
)

MAX_LENGTH = 4000
"""Characters of the text, and of the canonical text that stands for it in documents."""
MAX_DEPTH = 100
"""Far below where Python's own parser and stack give up, so that what parses once parses always."""
MAX_POWER = 64
MAX_DEGREE = 256
MAX_INDEX = 10**9
MAX_BITS = 12_000
"""Bits of a number, which is then shorter than `MAX_LENGTH` digits."""

_BINARY: dict[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_COMPARISONS: dict[type[ast.cmpop], Comparison] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.GtE: ">=",
    ast.Gt: ">",
}


def parse_condition(text: str) -> Condition:
    """The condition that a text stands for. Raises LanguageError as `parse`."""
    return Condition(parse(text))


def parse(text: str, functions: Sequence[str] = FUNCTIONS) -> Node:
    """The tree of a condition, or of a formula that may call these functions.

    Raises:
        LanguageError: naming the part of the text that is not of the language, with its column.
    """
    if len(text) > MAX_LENGTH:
        raise LanguageError(f"a condition of {len(text)} characters (at most {MAX_LENGTH} are read)")
    spend(4 * len(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as Python's own reader takes them
    if not all(c.isprintable() or c in "\t\n\f" for c in text):
        raise LanguageError("has a control character: write it in plain text")
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        place = f" at column {error.offset}" if error.offset else " at its end" if error.offset == 0 else ""
        hint = _comparison_hint(text)
        raise LanguageError(f"does not parse{place}: {error.msg}{hint}") from None
    except (RecursionError, MemoryError):
        raise LanguageError("nested too deeply") from None
    except ValueError as error:  # null bytes, and numbers beyond Python's digit limit
        raise LanguageError(f"does not parse: {error}") from None
    node = _Reader(text.strip(), functions).read(tree.body, MAX_DEPTH)
    if degree(node) > MAX_DEGREE:
        raise LanguageError(f"has a degree above {MAX_DEGREE}")
    written = len(unparse(node))
    if written > MAX_LENGTH:
        raise LanguageError(f"takes {written} characters written out (at most {MAX_LENGTH} are read)")
    return node


def negate(operand: Node) -> Node:
    """−operand, folded for numbers so that canonical text parses to the same tree."""
    return Number(-operand.value) if isinstance(operand, Number) else Unary("-", operand)


def combine(operator: Literal["+", "-", "*", "/"], left: Node, right: Node) -> Node:
    """``left operator right``, a quotient of numbers folded into one number."""
    if operator == "/" and isinstance(left, Number) and isinstance(right, Number) and right.value:
        quotient = Fraction(left.value) / right.value
        return Number(quotient.numerator if quotient.denominator == 1 else quotient)
    return Binary(operator, left, right)


def degree(node: Node) -> int:
    """A bound on the degree in the names and numbers: what makes exact values grow."""
    match node:
        case Number() | Name():
            return 1
        case Item(array=child) | Unary(operand=child):
            return degree(child)
        case Power(base=base, exponent=exponent):
            return degree(base) * max(exponent, 1)
        case Binary(operator="*" | "/", left=left, right=right):
            return degree(left) + degree(right)
        case Binary(left=left, right=right):
            return max(degree(left), degree(right))
        case Chain(operands=children) | Logic(operands=children) | Call(arguments=children):
            return max(map(degree, children), default=1)
        case Listing(items=children):
            return max(map(degree, children), default=1)


def _comparison_hint(text: str) -> str:
    for wrong, right in (("=<", "<="), ("=>", ">="), ("<>", "!="), ("&&", "and"), ("||", "or")):
        if wrong in text:
            return f" (write {right}, not {wrong})"
    bare = text
    for operator in ("==", "<=", ">=", "!="):
        bare = bare.replace(operator, "")
    return " (write == for equality)" if "=" in bare else ""


class _Reader:
    def __init__(self, text: str, functions: Sequence[str]) -> None:
        self.text, self.functions = text, functions

    def read(self, node: ast.expr, depth: int) -> Node:
        """The tree of ``node``, at most ``depth`` levels deep."""
        if depth == 0:
            raise LanguageError(f"nested more than {MAX_DEPTH} levels deep")

        def below(child: ast.expr) -> Node:
            return self.read(child, depth - 1)

        match node:
            case ast.Constant():
                return Number(self._number(node))
            case ast.Name(id=name):
                return Name(name)
            case ast.Subscript(value=array, slice=index):
                return Item(below(array), self._index(index))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negate(below(operand))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return below(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Unary("not", below(operand))
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return Power(below(base), self._exponent(exponent))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
                result = combine(_BINARY[type(operator)], below(left), below(right))
                if isinstance(result, Number) and not _bounded(result.value):
                    raise self._refuse(node, "the number is too long")
                return result
            case ast.Compare(left=left, ops=operators, comparators=rest):
                if not all(type(op) in _COMPARISONS for op in operators):
                    raise self._refuse(node, "use <, <=, ==, !=, >= or >")
                return Chain(
                    (below(left), *map(below, rest)), tuple(_COMPARISONS[type(op)] for op in operators)
                )
            case ast.BoolOp(op=operator, values=values):
                return Logic("and" if isinstance(operator, ast.And) else "or", tuple(map(below, values)))
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if (
                function in self.functions
            ):
                return Call(function, tuple(map(below, arguments)))
            case ast.Call():
                listed = ", ".join(self.functions)
                advice = f"the functions are {listed}" if listed else "write + - * / and ** alone"
                raise self._refuse(node, advice)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return Listing(tuple(map(below, items)))
            case ast.BinOp():
                if isinstance(node.op, ast.BitAnd | ast.BitOr):
                    raise self._refuse(node, "write and, or for conditions")
                raise self._refuse(node, "the operators are + - * / and ** with a whole exponent")
        advice = module_hint(ast.get_source_segment(self.text, node) or "").removeprefix(": ")
        raise self._refuse(node, advice or "see the list of what a condition may contain in docs/FORMATS.md")

    def _number(self, node: ast.Constant) -> int | Fraction:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._refuse(node, "expected a number or a name")
        if isinstance(node.value, int):
            value: int | Fraction = node.value
        else:  # the text, not the float that Python read: 0.1 is 1/10
            written = (ast.get_source_segment(self.text, node) or "").replace("_", "")
            try:
                value = parse_rational(written)
            except ValueError as error:
                raise LanguageError(str(error)) from None
            if float(written) != node.value:
                raise self._refuse(node, "the number cannot be read off the text")
        if not _bounded(value):
            raise self._refuse(node, "the number is too long")
        return value

    def _exponent(self, node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and type(node.value) is int and 0 <= node.value <= MAX_POWER:
            return node.value
        raise self._refuse(node, f"an exponent must be a whole number from 0 to {MAX_POWER}")

    def _index(self, node: ast.expr) -> Index:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        result = []
        for part in parts:
            if not (isinstance(part, ast.Constant) and type(part.value) is int and part.value < MAX_INDEX):
                raise self._refuse(part, "an index must be a whole number, counted from 0")
            result.append(part.value)
        if not result:
            raise self._refuse(node, "an index must be a whole number, counted from 0")
        return tuple(result)

    def _refuse(self, node: ast.expr, advice: str) -> LanguageError:
        segment = ast.get_source_segment(self.text, node) or self.text
        line = self.text.split("\n")[node.lineno - 1]
        column = len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1  # ast counts bytes
        return LanguageError(f"{short(segment)} at column {column} is not allowed: {advice}")


def _bounded(value: int | Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS
