"""Conditions, given values and bounds as mathematics: a comparison of arrays is said of every entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import product
from math import prod

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question import language as ask
from zerograd.core.question.conditions import Condition
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, variable_shapes
from zerograd.derive.naming import quantity
from zerograd.document import formula as tree
from zerograd.document.blocks import Code, Prose, join, prose
from zerograd.document.exact import number
from zerograd.document.formula import COMMA, EQUALS, LESS, RELATIONS, brackets, row
from zerograd.show.say.terms import OTHERS, At, Terms, UnwrittenError, Value, broadcast

_MOST = 12
"""Entries that are compared one by one, where one side is a list of numbers."""
_LARGE = 64
"""Entries of an array that is written out."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """A statement; one that is ``plain`` needs no brackets between others."""

    words: Prose
    plain: bool = True


def conditions(problem: Problem, *, general: bool = False) -> list[Prose]:
    """Return the conditions of ``where``: ``w2 != 0`` is ``w⁽²⁾ᵢⱼ ≠ 0 for all i, j``.

    Args:
        general: whether they are said of any number of samples, whatever the problem has.
    """
    writer = _Writer(problem, general)
    return [_condition(writer, asked) for asked in problem.where]


def _condition(writer: _Writer, asked: Condition) -> Prose:
    try:
        return writer.clause(asked.node).words
    except UnwrittenError:
        return prose(Code(str(asked)), " in the language of problem files")


def legend(problem: Problem) -> Prose:
    """Return what the letters in the conditions stand for; nothing where there are none to explain."""
    used = {name for asked in problem.where for name in ask.names_in(asked.node)}
    network = problem.network
    k = ("k",) if network.outputs > 1 else ()
    parts: list[Prose] = []
    if "r" in used:
        r, y_hat, y = (quantity(network, letter, at=("m", *k)) for letter in ("r", "ŷ", "y"))
        parts.append(prose(row(r, EQUALS, y_hat, LESS, y), " are the residuals"))
    elif "y_hat" in used:
        parts.append(prose(quantity(network, "ŷ", at=("m", *k)), " are the outputs"))
    for letter, words in (("z", "pre-activations"), ("a", "activations")):
        names = sorted(name for name in used if name[0] == letter and name[1:].isdigit())
        units = [("i",) * (network.widths[int(name[1:])] > 1) for name in names]
        shown = [quantity(network, letter, name[1:], ("m", *i)) for name, i in zip(names, units, strict=True)]
        if shown:
            parts.append(prose(join(shown), f" are {words}"))
    return join(parts) if parts else ()


def given(problem: Problem) -> Iterator[Prose]:
    """Yield what is given: arrays that are given in full as a whole, others entry by entry."""
    shapes = variable_shapes(problem.network, problem.samples.least)
    name_of = _Writer(problem)
    for name, values in problem.given.items():
        shape = shapes[name]
        if len(values) == prod(shape) > _LARGE:
            yield prose(name_of.whole(name), " is as in the problem file")
        elif len(values) == prod(shape) > 1 and (not name_of.open_samples or name not in "xy"):
            full = Array.build(shape, values.__getitem__)
            rows = full.rows() if len(shape) == 2 else [(entry,) for entry in full.entries]
            yield prose(row(name_of.whole(name), EQUALS, _written(rows)))
        else:
            for index, value in values.items():
                yield prose(row(name_of.entry(name, tuple(map(str, index))), EQUALS, number(value)))


def bounds(problem: Problem) -> Iterator[Prose]:
    """Yield the bounds: ``−1 ≤ w⁽¹⁾ᵢⱼ ≤ 1 for all i, j``."""
    writer = _Writer(problem)
    for reference, bound in problem.bounds.items():
        value = writer.named(reference.name)
        if reference.index is not None:
            value = writer.item(value, reference.name, reference.index)
        yield writer.every(value, partial(_between, bound)).words


def _written(rows: Sequence[Sequence[Exact]]) -> tree.Node:
    """A matrix; one column as a vector in a line."""
    if all(len(line) == 1 for line in rows):
        return brackets(row(*[part for (value,) in rows for part in (COMMA, number(value))][1:]))
    return tree.Matrix(tuple(tuple(map(number, line)) for line in rows))


def _between(bound: Bound, node: tree.Node) -> tree.Node:
    low, high = bound
    left = () if low is None else (number(low), RELATIONS["<="])
    right = () if high is None else (RELATIONS["<="], number(high))
    return row(*left, node, *right)


@dataclass(frozen=True, slots=True)
class _Writer(Terms):
    """Writes statements."""

    # Statements

    def clause(self, node: ask.Node) -> _Clause:
        match node:
            case ask.Chain():
                return self._compared(node, "all")
            case ask.Call(function="all" | "any" as function, arguments=(ask.Chain() as chain,)):
                return self._compared(chain, function)
            case ask.Call(function="all" | "any" as function, arguments=arguments):
                if len(arguments) == 1 and isinstance(arguments[0], ask.Listing):
                    arguments = arguments[0].items
                return self._logic("and" if function == "all" else "or", arguments)
            case ask.Logic(operator=word, operands=operands):
                return self._logic(word, operands)
            case ask.Unary(operator="not", operand=operand):
                return _Clause(prose("not ", _bracketed(self.clause(operand), always=True)), False)
            case ask.Call(function="distinct", arguments=arguments):
                return self._distinct([self.value(argument) for argument in arguments])
        raise UnwrittenError

    def _logic(self, word: str, operands: Sequence[ask.Node]) -> _Clause:
        if len(operands) == 1:
            return self.clause(operands[0])
        parts = [_bracketed(self.clause(operand)) for operand in operands]
        return _Clause(join(parts, word), False)

    def _compared(self, chain: ask.Chain, function: str) -> _Clause:
        values = [self.value(operand) for operand in chain.operands]
        signs = [RELATIONS["=" if operator == "==" else operator] for operator in chain.operators]

        def write(at: At, bound: frozenset[str]) -> tree.Node:
            parts: list[tree.Node] = []
            for value, sign in zip(values, [None, *signs], strict=True):
                parts += [sign] if sign else []
                parts.append(value.write(at if value.axes else (), bound)[0])
            return row(*parts)

        whole = reduce(broadcast, values)
        return self._quantified(whole, write, function)

    def every(self, value: Value, says: Callable[[tree.Node], tree.Node]) -> _Clause:
        """A formula of each entry."""
        return self._quantified(value, lambda at, bound: says(value.write(at, bound)[0]), "all")

    def _quantified(
        self, value: Value, write: Callable[[At, frozenset[str]], tree.Node], function: str
    ) -> _Clause:
        if not value.axes:
            return _Clause(prose(write((), frozenset())))
        if value.listed:
            sizes = [length for length in value.lengths if length is not None]
            if len(sizes) < len(value.axes) or prod(sizes) > _MOST:
                raise UnwrittenError
            entries = (tuple(map(str, at)) for at in product(*map(range, sizes)))
            word = "and" if function == "all" else "or"
            return _Clause(join([prose(write(at, frozenset())) for at in entries], word), False)
        letters = join((prose(tree.Letter(letter)) for letter in value.axes), ",")
        which = " for all " if function == "all" else " for some "
        return _Clause(prose(write(value.axes, frozenset(value.axes)), which, letters), False)

    def _distinct(self, values: Sequence[Value]) -> _Clause:
        if len(values) == 1 and len(values[0].axes) == 1 and not values[0].listed:
            (value,), (m,) = values, values[0].axes
            n = OTHERS[m]
            sides = [value.write((letter,), frozenset({m, n}))[0] for letter in (m, n)]
            differ = row(tree.Letter(m), RELATIONS["!="], tree.Letter(n))
            return _Clause(prose(row(sides[0], RELATIONS["!="], sides[1]), " for all ", differ), False)
        if any(value.listed for value in values):
            raise UnwrittenError
        bound = frozenset(letter for value in values for letter in value.axes)
        names = [prose(value.write(value.axes, bound)[0]) for value in values]
        return _Clause(prose("all ", join(names), " are distinct"), False)


def _bracketed(clause: _Clause, *, always: bool = False) -> Prose:
    return clause.words if clause.plain and not always else prose("(", clause.words, ")")
