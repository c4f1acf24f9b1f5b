"""What is so instead of what is asked, where everything is given: calculated and claimed, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from zerograd.core.model.references import complete_index, entry, parse_reference, short_entry
from zerograd.core.numbers.arrays import Index, Shape
from zerograd.core.question.language import Call, Item, Name, Node, names_in, unparse
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation, variable_shapes
from zerograd.core.refuting.calculation import MOST, Failure, Wrong
from zerograd.document import text
from zerograd.document.blocks import Code, Inline, Prose, join, prose
from zerograd.document.formula import Node as Formula
from zerograd.document.numbers import exact_text

SHOWN = 20
"""Things that are wrong, of which a line is written each."""

Gradient = Callable[[str], Inline | Formula]
"""How ∂L/∂ of an entry such as ``w1[0,0]`` is written."""


def instead_lines(problem: Problem, wrong: Sequence[Wrong]) -> list[str]:
    """``∂L/∂w1[0,0] is 45, not 0``, of the first ones; and how many there are beside."""
    lines, more = first_lines(problem, wrong, SHOWN)
    return [*lines, *[f"and {more} others of what is asked are not so; --json has more"] * bool(more)]


def refuted_line(problem: Problem, wrong: Sequence[Wrong]) -> str:
    """``∂L/∂w1[0,0] is 45, not 0``: the first of them, for a headline."""
    (line,), more = first_lines(problem, wrong, 1)
    return f"{line}, and {more} more" if more else line


def first_lines(problem: Problem, wrong: Sequence[Wrong], most: int) -> tuple[list[str], str]:
    """Return the first lines, and how many more there are, if any."""
    shapes = variable_shapes(problem.network, problem.samples.least)

    def gradient(named: str) -> str:
        name, _, inside = named.partition("[")
        index = tuple(map(int, inside.rstrip("]").split(","))) if inside else ()
        whole = name in shapes and len(index) == len(shapes[name])
        return f"∂L/∂{short_entry(name, index, shapes[name]) if whole else named}"

    lines = [text.prose(clause) for clause in instead(problem, wrong, gradient)]
    cut = len(wrong) == MOST or any(len(item.failures) == MOST for item in wrong)
    more = len(lines) - most
    return lines[:most], f"{more}{' or more' * cut}" if more > 0 else ""


def instead(problem: Problem, wrong: Sequence[Wrong], gradient: Gradient) -> Iterator[Prose]:
    """Yield a clause for each thing that is wrong: what is calculated, and what is asked of it."""
    shapes = variable_shapes(problem.network, problem.samples.least)

    def whole(named: str) -> Inline | Formula:
        """Write it with all its indices, where a condition leaves out those of axes of length 1."""
        reference = parse_reference(named)
        shape = shapes[reference.name]
        return gradient(entry(reference.name, complete_index(reference.name, reference.index or (), shape)))

    for item in wrong:
        values = [exact_text(value) for value in item.values]
        if item.relation is not None:
            names = join([prose(gradient(name)) for name in item.named.split(", ")])
            if item.relation.some:
                yield prose("every entry of ", names, " is 0, though one is asked not to be")
            else:
                yield prose(names, f" is {values[0]}{_UNLIKE[item.relation]}")
        elif item.failures:
            yield from (_failed(failure, whole, shapes) for failure in item.failures)
        elif item.label.startswith("where["):
            number = int(item.label.removeprefix("where[").partition("]")[0])
            yield prose(Code(str(problem.where[number])), " does not hold")
        elif values:
            name, _, bound = item.label.partition(" ")
            yield prose(Code(name), f" is {values[0]}, not {bound}")
        else:
            yield prose(Code(item.named), " is on a kink, which the question forbids")


_UNLIKE = {
    Relation.ZERO: ", not 0",
    Relation.POSITIVE: ", not above 0",
    Relation.NEGATIVE: ", not below 0",
    Relation.NONZERO: ", though nonzero is asked",
}


def _failed(failure: Failure, gradient: Gradient, shapes: Mapping[str, Shape]) -> Prose:
    """``∂L/∂w1[1] is 45, not 15``; where both sides are calculated, both, and what is claimed of them."""
    operands, operators = failure.comparison.operands, failure.comparison.operators
    numbers = [exact_text(number) for number in failure.numbers]
    calculated = [n for n, operand in enumerate(operands) if names_in(operand)]
    told = [
        prose(_quantity(operands[n], failure.index, gradient, shapes), f" is {numbers[n]}")
        for n in calculated
    ]
    if len(operands) == 2 and len(calculated) == 1:
        (n,) = calculated
        operator = operators[0] if n == 0 else operators[0].translate(_TURNED)
        return prose(told[0], f", not {f'{operator} ' * (operator != '==')}{numbers[1 - n]}")
    if len(operands) == 2 and operators == ("==",) and told:
        return prose(told[0], ", but ", told[1])
    return prose(join(told), ": ", Code(unparse(failure.comparison)), " does not hold")


_TURNED = str.maketrans("<>", "><")


def _quantity(node: Node, index: Index, gradient: Gradient, shapes: Mapping[str, Shape]) -> Prose:
    """An entry of what is compared, gradients as their tables call them."""
    match node:
        case Call(function="grad", arguments=(Name(name=name),)):
            return prose(gradient(entry(name, index)))
        case Call(function="grad", arguments=(Item(array=Name(name=name), index=first),)):
            return prose(gradient(entry(name, (*first, *index))))
        case Name(name=name) if name in shapes and index:
            return (Code(short_entry(name, complete_index(name, index, shapes[name]), shapes[name])),)
        case Name(name=name):
            return (Code(entry(name, index)),)
        case Item(array=Name(name=name), index=first):
            return _quantity(Name(name), (*first, *index), gradient, shapes)
    at = f" at [{','.join(map(str, index))}]" if index else ""
    return prose(Code(unparse(node)), at)
