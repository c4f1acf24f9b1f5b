"""Expressions of conditions as formulas: an array is a formula in the letters of its indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zerograd.core.model.references import complete_index
from zerograd.core.question import language as ask
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import quantity_shapes, sample_arrays
from zerograd.derive.naming import quantity
from zerograd.document import formula as tree
from zerograd.document.exact import rational
from zerograd.document.formula import COMMA, LESS, MINUS, PLUS, TIMES, beside, brackets, row

_LETTERS = {"w": "ij", "b": "i", "x": "md", "y": "mk", "r": "mk", "ŷ": "mk", "z": "mi", "a": "mi"}
"""The letters of the indices of an array; those of samples are m."""
OTHERS = {"m": "n", "i": "p", "j": "q", "d": "e", "k": "l"}
"""Letters that are bound by a sum, where the usual one is bound outside of it."""
_SUM, _PRODUCT, _ATOM = range(3)

At = tuple[str, ...]
Term = tuple[tree.Node, int]
"""A formula, and how tightly it binds."""


class UnwrittenError(Exception):
    """There is no formula for it here; the condition is shown as the file has it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number, or an array of them.

    Attributes:
        axes: a letter for each axis of more than one entry.
        lengths: of these axes; None for that of the samples where their number is open.
        write: an entry at so many indices, where these letters are bound.
        listed: whether its entries have no formula in letters.
    """

    axes: At
    lengths: tuple[int | None, ...]
    write: Callable[[At, frozenset[str]], Term]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Writes the expressions of one problem.

    Attributes:
        general: whether they are written for any number of samples, whatever the problem has.
    """

    problem: Problem
    general: bool = False

    @property
    def open_samples(self) -> bool:
        """Whether the number of samples is open."""
        return self.general or self.problem.samples.fixed is None

    def value(self, node: ask.Node) -> Value:
        match node:
            case ask.Number(value=value):
                return _constant(rational(value), _ATOM if value >= 0 else _SUM)
            case ask.Name(name=name):
                return self.named(name)
            case ask.Item(array=array, index=index):
                return self.item(self.value(array), ask.unparse(array), index)
            case ask.Unary(operator="-", operand=operand):
                return _mapped(self.value(operand), _negative)
            case ask.Binary(operator=operator, left=left, right=right):
                return _combined(operator, self.value(left), self.value(right))
            case ask.Power(base=base, exponent=exponent):
                return _mapped(self.value(base), lambda term: _power(term, exponent))
            case ask.Call(function="abs", arguments=(argument,)):
                return _mapped(self.value(argument), lambda term: (tree.Bars(term[0]), _ATOM))
            case ask.Call(function="sum", arguments=(argument,)):
                return _aggregated(self.value(argument), _summed)
            case ask.Call(function="min" | "max" as function, arguments=(argument,)):
                return _aggregated(
                    self.value(argument), lambda letters, term: _extreme(function, letters, term)
                )
            case ask.Call(function="min" | "max" as function, arguments=arguments) if arguments:
                return self._least(function, [self.value(argument) for argument in arguments])
            case ask.Call(function="grad", arguments=(ask.Name(name=name),)):
                return self.named(f"grad({name})")
            case ask.Call(function="grad", arguments=(ask.Item(array=ask.Name(name=name), index=index),)):
                return self.item(self.named(f"grad({name})"), f"grad({name})", index)
            case ask.Listing(items=items):
                return _listing([self.value(item) for item in items])
        raise UnwrittenError

    def named(self, name: str) -> Value:
        """An array by its name."""
        if name == "loss":
            return _constant(tree.Letter("L"), _ATOM)
        shape: list[int | None] = list(self._shape(name))
        if self._has_samples(name) and self.open_samples:
            shape[0] = None
        inner = name.removeprefix("grad(").removesuffix(")")
        letters = _LETTERS["ŷ" if inner == "y_hat" else inner[0]]
        long = [axis for axis, length in enumerate(shape) if length != 1]

        def write(at: At, _bound: frozenset[str]) -> Term:
            filled = dict(zip(long, at, strict=True))
            return self.entry(name, tuple(filled.get(axis, "0") for axis in range(len(shape)))), _ATOM

        return Value(tuple(letters[axis] for axis in long), tuple(shape[axis] for axis in long), write)

    def _shape(self, name: str) -> tuple[int, ...]:
        return quantity_shapes(self.problem.network, self.problem.samples.least)[name]

    def _has_samples(self, name: str) -> bool:
        return name in sample_arrays(self.problem.network)

    def entry(self, name: str, at: At) -> tree.Node:
        """An entry; indices on axes of length 1 are left out, save those of samples."""
        if name.startswith("grad("):
            inner = self.entry(name.removeprefix("grad(").removesuffix(")"), at)
            return tree.derivative(tree.Letter("L"), inner)
        samples = self._has_samples(name)
        lengths = self._shape(name)
        kept = [
            index
            for axis, (index, length) in enumerate(zip(at, lengths, strict=True))
            if length > 1 or (axis == 0 and samples)
        ]
        letter, layer = ("ŷ", "") if name == "y_hat" else (name[0], name[1:])
        return quantity(self.problem.network, letter, layer, kept)

    def whole(self, name: str) -> tree.Node:
        """An array as a whole."""
        return quantity(self.problem.network, name[0], name[1:])

    def item(self, value: Value, name: str, index: tuple[int, ...]) -> Value:
        """One entry of an array."""
        lengths = tuple(index[0] + 1 if length is None else length for length in value.lengths)
        try:
            full = complete_index(name, index, lengths) if lengths else ()
        except ValueError:
            # An axis of length 1 has an index as well: the array is named.
            shape = self._given_shape(name, index)
            every = zip(complete_index(name, index, shape), shape, strict=True)
            open_samples = self._has_samples(name) and self.open_samples
            full = tuple(i for axis, (i, n) in enumerate(every) if n > 1 or (axis == 0 and open_samples))
        at = tuple(map(str, full))
        return Value((), (), lambda _, bound: value.write(at, bound))

    def _given_shape(self, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
        try:
            shape = self._shape(name)
        except KeyError:
            raise UnwrittenError from None
        if self._has_samples(name) and self.open_samples:
            return (max(shape[0], index[0] + 1), *shape[1:])
        return shape

    def _least(self, function: str, values: Sequence[Value]) -> Value:
        if any(value.axes for value in values):
            raise UnwrittenError

        def write(_: At, bound: frozenset[str]) -> Term:
            parts = [part for value in values for part in (COMMA, value.write((), bound)[0])]
            return tree.Call(tree.Word(function), row(*parts[1:])), _ATOM

        return Value((), (), write)


def _constant(node: tree.Node, strength: int) -> Value:
    return Value((), (), lambda _at, _bound: (node, strength))


def _operand(term: Term, least: int) -> tree.Node:
    node, strength = term
    return node if strength >= least else brackets(node)


def _mapped(value: Value, change: Callable[[Term], Term]) -> Value:
    return Value(value.axes, value.lengths, lambda at, bound: change(value.write(at, bound)), value.listed)


def _negative(term: Term) -> Term:
    return row(MINUS, _operand(term, _PRODUCT)), _SUM


def _power(term: Term, exponent: int) -> Term:
    node, strength = term
    simple = strength == _ATOM and isinstance(node, tree.Quantity | tree.Letter | tree.Digits | tree.Bars)
    return tree.Script(node if simple else brackets(node), above=tree.Digits(str(exponent))), _PRODUCT


def _combined(operator: str, left: Value, right: Value) -> Value:
    whole = broadcast(left, right)

    def write(at: At, bound: frozenset[str]) -> Term:
        a = left.write(at if left.axes else (), bound)
        b = right.write(at if right.axes else (), bound)
        match operator:
            case "+" | "-":
                sign = PLUS if operator == "+" else LESS
                below = _operand(b, _PRODUCT)
                return row(_operand(a, _SUM), sign, below), _SUM
            case "*":
                first, second = _operand(a, _PRODUCT), _operand(b, _PRODUCT)
                if isinstance(second, tree.Digits | tree.Quotient):
                    return row(first, TIMES, second), _PRODUCT
                return row(*beside(first, second)), _PRODUCT
        return tree.Quotient(a[0], b[0]), _PRODUCT

    return Value(whole.axes, whole.lengths, write, whole.listed)


def broadcast(left: Value, right: Value) -> Value:
    """The shape of both together, as conditions combine arrays."""
    listed = left.listed or right.listed
    for one, other in ((left, right), (right, left)):
        if not other.axes:
            return Value(one.axes, one.lengths, one.write, listed)
    if left.lengths != right.lengths:
        raise UnwrittenError
    return Value(left.axes, left.lengths, left.write, listed)


def _aggregated(value: Value, change: Callable[[At, Term], Term]) -> Value:
    """One number of all entries."""
    if value.listed:
        raise UnwrittenError

    def write(_: At, bound: frozenset[str]) -> Term:
        letters = tuple(OTHERS[letter] if letter in bound else letter for letter in value.axes)
        if bound & {*letters}:
            raise UnwrittenError
        return change(letters, value.write(letters, bound | {*letters}))

    return Value((), (), write)


def _summed(letters: At, term: Term) -> Term:
    if not letters:
        return term
    signs = [tree.Sigma(tree.Letter(letter)) for letter in letters]
    return row(*signs, _operand(term, _PRODUCT)), _SUM


def _extreme(function: str, letters: At, term: Term) -> Term:
    if not letters:
        return term
    below = tree.indices(letters)
    return row(tree.Script(tree.Word(function), below), _operand(term, _PRODUCT)), _SUM


def _listing(items: Sequence[Value]) -> Value:
    """A list along an axis that letters do not run through."""
    if not items or any(item.lengths != items[0].lengths for item in items):
        raise UnwrittenError
    if len(items) == 1:
        return Value(items[0].axes, items[0].lengths, items[0].write, True)

    def write(at: At, bound: frozenset[str]) -> Term:
        if not at[0].isdigit():
            raise UnwrittenError
        return items[int(at[0])].write(at[1:], bound)

    return Value(("?", *items[0].axes), (len(items), *items[0].lengths), write, True)
