"""The meaning of conditions, written once for every domain in which they are evaluated.

An `Algebra` says what numbers and truth values are: exact numbers and bool in the checker,
solver terms and formulas in the search, polynomials and known facts where division is vetted.
Arrays combine entry by entry when their shapes agree after axes of length 1 are dropped, or
when one of them is a single entry. An array-valued comparison means: every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from zerograd.core.model.references import complete_index, show_shape
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.arrays import Array, Shape, squeeze
from zerograd.core.numbers.exact import Exact, compare, divide
from zerograd.core.numbers.work import bits, fractional, spend, spend_on, total
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
    names_in,
    unparse,
)

T = TypeVar("T")
B = TypeVar("B")


@dataclass(frozen=True)
class Condition:
    """A parsed condition; its text is canonical, so equal conditions have equal text."""

    node: Node

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it mentions, as `names_in`."""
        return frozenset(names_in(self.node))

    def __str__(self) -> str:
        return unparse(self.node)


class Algebra(Protocol[T, B]):
    """Numbers T (which also have + − ·) and truth values B."""

    def constant(self, value: int | Fraction, /) -> T: ...
    def divide(self, a: T, b: T, /) -> T: ...
    def absolute(self, a: T, /) -> T: ...
    def minimum(self, values: Sequence[T], /) -> T: ...
    def maximum(self, values: Sequence[T], /) -> T: ...
    def compare(self, a: T, operator: Comparison, b: T, /) -> B: ...
    def distinct(self, values: Sequence[T], /) -> B: ...
    def conjunction(self, parts: Sequence[B], /) -> B: ...
    def disjunction(self, parts: Sequence[B], /) -> B: ...
    def negation(self, part: B, /) -> B: ...


@dataclass(frozen=True, slots=True)
class Truths(Generic[B]):
    """A comparison of arrays before it is closed by ``all`` (the default) or ``any``."""

    array: Array[B]


Lookup = Callable[[str], Array[T]]
"""``w1``, ``x``, ``loss``, ``grad(w1)``, … to its array. Raises KeyError for unknown names."""


def evaluate(condition: Condition, algebra: Algebra[T, B], lookup: Lookup[T], names: Sequence[str] = ()) -> B:
    """The truth value of a condition.

    Args:
        algebra: what numbers and truth values are.
        lookup: the arrays that names stand for.
        names: all known names, for the hint in an error.

    Raises:
        LanguageError: unknown name, shapes that do not fit, a number where a condition is due.
        ZeroDivisionError: from ``algebra.divide``.
    """
    return _Evaluator(algebra, lookup, names).truth(condition.node)


def number_of(node: Node, algebra: Algebra[T, B], lookup: Lookup[T], names: Sequence[str] = ()) -> Array[T]:
    """The value of what is a number, or an array of them. Arguments and errors as `evaluate`."""
    return _Evaluator(algebra, lookup, names).number(node)


class _Evaluator(Generic[T, B]):
    def __init__(self, algebra: Algebra[T, B], lookup: Lookup[T], names: Sequence[str]) -> None:
        self.algebra, self.lookup, self.names = algebra, lookup, names

    def truth(self, node: Node) -> B:
        """A condition as one truth value: every entry."""
        return self.algebra.conjunction(self.truths(node).array.entries)

    def truths(self, node: Node) -> Truths[B]:
        match node:
            case Chain(operands=operands, operators=operators):
                return self._chain([self.number(o) for o in operands], operators)
            case Logic(operator="and", operands=operands):
                return _one(self.algebra.conjunction([self.truth(o) for o in operands]))
            case Logic(operands=operands):
                return _one(self.algebra.disjunction([self.truth(o) for o in operands]))
            case Unary(operator="not", operand=operand):
                return _one(self.algebra.negation(self.truth(operand)))
            case Call(function="all" | "any" as function, arguments=arguments):
                parts = self._members(function, arguments)
                close = self.algebra.conjunction if function == "all" else self.algebra.disjunction
                return _one(close(parts))
            case Call(function="distinct", arguments=arguments):
                if not arguments:
                    raise LanguageError("distinct() needs an argument")
                flat = [v for a in arguments for v in self.number(a).entries]
                spend_on(flat)
                return _one(self.algebra.distinct(flat))
        raise LanguageError(f"{unparse(node)!r} is a number, not a condition: compare it, e.g. with == 0")

    def number(self, node: Node) -> Array[T]:
        match node:
            case Number(value=value):
                return Array((), (self.algebra.constant(value),))
            case Name(name=name):
                return self._named(name, name)
            case Item(array=array, index=index):
                whole = self.number(array)
                try:
                    return Array((), (whole[complete_index(unparse(array), index, whole.shape)],))
                except ValueError as error:
                    raise LanguageError(str(error)) from None
            case Unary(operator="-", operand=operand):
                return self.number(operand).map(lambda v: self.algebra.constant(-1) * v)  # type: ignore[operator]
            case Binary(operator=operator, left=left, right=right):
                return self._combine(operator, self.number(left), self.number(right))
            case Power(base=base, exponent=exponent):
                return self.number(base).map(lambda v: self._power(v, exponent))
            case Call(function="abs", arguments=[argument]):
                return self.number(argument).map(self.algebra.absolute)
            case Call(function="sum", arguments=[argument]):
                entries: tuple[Any, ...] = self.number(argument).entries
                return Array((), (total((self.algebra.constant(0), *entries)),))
            case Call(function="min" | "max" as function, arguments=arguments) if arguments:
                pick = self.algebra.minimum if function == "min" else self.algebra.maximum
                return Array((), (pick(self._choices(function, arguments)),))
            case Call(function="grad" | "softmax" | "sigmoid" as function, arguments=[argument]):
                return self._derived(function, argument)
            case Call(function="abs" | "sum" | "grad" | "min" | "max" as function, arguments=arguments):
                least = "at least " if function in ("min", "max") else ""
                raise LanguageError(f"{function}() takes {least}one argument, found {len(arguments)}")
            case Listing(items=items):
                return self._listing([self.number(item) for item in items])
        raise LanguageError(f"{unparse(node)!r} is a condition, not a number")

    def _named(self, key: str, name: str) -> Array[T]:
        try:
            return self.lookup(key)
        except KeyError:
            pass
        if name in FUNCTIONS:
            raise LanguageError(f"{name} is a function: write {name}(…)")
        if key != name and not key.startswith("grad("):
            raise LanguageError(f"{key} cannot be asked: there is {key.split('(', maxsplit=1)[0]}(y_hat)")
        if key != name:
            known = [n.removeprefix("grad(").removesuffix(")") for n in self.names if n.startswith("grad(")]
            hint = did_you_mean(name, known) or f" (known: {', '.join(known)})"
            raise LanguageError(f"∂L/∂{name} cannot be asked{hint}")
        hint = did_you_mean(name, self.names) or f" (known: {', '.join(self.names)})"
        raise LanguageError(f"unknown name {name!r}{hint}")

    def _derived(self, function: str, argument: Node) -> Array[T]:
        match argument:
            case Name(name=name):
                return self._named(f"{function}({name})", name)
            case Item(array=Name(name=name), index=index):
                return self.number(Item(Call(function, (Name(name),)), index))
        takes = "a parameter or x" if function == "grad" else "y_hat"
        raise LanguageError(f"{function}() takes {takes}, found {unparse(argument)!r}")

    def _power(self, base: Any, exponent: int) -> Any:
        spend(2 * fractional(exponent * bits(base)))
        result: Any = self.algebra.constant(1)
        for bit in f"{exponent:b}":
            result = result * result
            if bit == "1":
                result = result * base
        return result

    def _combine(self, operator: str, left: Array[Any], right: Array[Any]) -> Array[Any]:
        shape, pairs = _broadcast(left, right)
        spend_on(chain.from_iterable(pairs))
        match operator:
            case "+":
                return Array(shape, tuple(a + b for a, b in pairs))
            case "-":
                return Array(shape, tuple(a - b for a, b in pairs))
            case "*":
                return Array(shape, tuple(a * b for a, b in pairs))
        return Array(shape, tuple(self.algebra.divide(a, b) for a, b in pairs))

    def _chain(self, arrays: list[Array[T]], operators: tuple[Comparison, ...]) -> Truths[B]:
        links = []
        for left, operator, right in zip(arrays, operators, arrays[1:], strict=False):
            shape, pairs = _broadcast(left, right)
            spend_on(chain.from_iterable(pairs))
            links.append(Array(shape, tuple(self.algebra.compare(a, operator, b) for a, b in pairs)))
        if len(links) == 1:
            return Truths(links[0])
        shape = max((link.shape for link in links), key=lambda s: (_size(s), len(s)))
        spread = [_spread(link, shape) for link in links]
        return Truths(Array(shape, tuple(map(self.algebra.conjunction, zip(*spread, strict=True)))))

    def _members(self, function: str, arguments: tuple[Node, ...]) -> list[B]:
        """What ``all`` and ``any`` range over: the entries of one comparison, or listed conditions."""
        if len(arguments) == 1 and isinstance(arguments[0], Listing):
            if not arguments[0].items:
                raise LanguageError(f"{function}() needs an argument")
            return [self.truth(item) for item in arguments[0].items]
        if len(arguments) == 1 and isinstance(arguments[0], Logic | Unary):
            raise LanguageError(
                f"{function}() ranges over the entries of one comparison; "
                f"write the conditions one by one: {function}([…, …])"
            )
        if not arguments:
            raise LanguageError(f"{function}() needs an argument")
        if len(arguments) == 1:
            return list(self.truths(arguments[0]).array.entries)
        return [self.truth(argument) for argument in arguments]

    def _choices(self, function: str, arguments: tuple[Node, ...]) -> list[T]:
        """``min(array)`` ranges over its entries; ``min(a, b, …)`` takes single entries."""
        arrays = [self.number(argument) for argument in arguments]
        spend_on((v for array in arrays for v in array.entries), 2)
        if len(arrays) == 1:
            return list(arrays[0].entries)
        for argument, array in zip(arguments, arrays, strict=True):
            if len(array.entries) != 1:
                raise LanguageError(
                    f"{function}() of several arguments takes single entries, but {unparse(argument)!r} "
                    f"has shape {show_shape(array.shape)}"
                )
        return [array.entries[0] for array in arrays]

    def _listing(self, arrays: list[Array[T]]) -> Array[T]:
        if not arrays:
            raise LanguageError("an empty list has no entries to compare")
        inner = arrays[0].shape
        if any(array.shape != inner for array in arrays):
            raise LanguageError("the items of a list must have one shape")
        return Array((len(arrays), *inner), tuple(v for array in arrays for v in array.entries))


def _one(value: B) -> Truths[B]:
    return Truths(Array((), (value,)))


def _size(shape: Shape) -> int:
    return reduce(lambda a, b: a * b, shape, 1)


def _broadcast(left: Array[Any], right: Array[Any]) -> tuple[Shape, list[tuple[Any, Any]]]:
    if squeeze(left.shape) == squeeze(right.shape):
        return left.shape, list(zip(left.entries, right.entries, strict=True))
    if len(right.entries) == 1:
        return left.shape, [(a, right.entries[0]) for a in left.entries]
    if len(left.entries) == 1:
        return right.shape, [(left.entries[0], b) for b in right.entries]
    raise LanguageError(f"shapes {show_shape(left.shape)} and {show_shape(right.shape)} do not fit")


def _spread(array: Array[B], shape: Shape) -> tuple[B, ...]:
    if len(array.entries) == 1:
        return array.entries * _size(shape)
    if squeeze(array.shape) != squeeze(shape):
        raise LanguageError(f"shapes {show_shape(array.shape)} and {show_shape(shape)} do not fit")
    return array.entries


class ExactAlgebra:
    """Exact numbers and Python's bool. `divide` raises ZeroDivisionError."""

    def constant(self, value: int | Fraction) -> Exact:
        return value

    def divide(self, a: Exact, b: Exact) -> Exact:
        return divide(a, b)

    def absolute(self, a: Exact) -> Exact:
        return a if compare(a, 0) >= 0 else -a

    def minimum(self, values: Sequence[Exact]) -> Exact:
        return reduce(lambda a, b: a if compare(a, b) <= 0 else b, values)

    def maximum(self, values: Sequence[Exact]) -> Exact:
        return reduce(lambda a, b: a if compare(a, b) >= 0 else b, values)

    def compare(self, a: Exact, operator: Comparison, b: Exact) -> bool:
        order = compare(a, b)
        match operator:
            case "<":
                return order < 0
            case "<=":
                return order <= 0
            case "==":
                return order == 0
            case "!=":
                return order != 0
            case ">=":
                return order >= 0
            case ">":
                return order > 0

    def distinct(self, values: Sequence[Exact]) -> bool:
        rational = [v for v in values if isinstance(v, int | Fraction)]
        others = [v for v in values if not isinstance(v, int | Fraction)]
        return len(set(rational)) == len(rational) and all(
            compare(v, w) != 0 for i, v in enumerate(others) for w in [*rational, *others[:i]]
        )

    def conjunction(self, parts: Sequence[bool]) -> bool:
        return all(parts)

    def disjunction(self, parts: Sequence[bool]) -> bool:
        return any(parts)

    def negation(self, part: bool) -> bool:
        return not part
