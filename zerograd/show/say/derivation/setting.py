"""The network and the data of a derivation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zerograd.core.model.activations import LINEAR
from zerograd.core.model.curves import Smooth
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import NumberField
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import (
    Block,
    Equation,
    Equations,
    Prose,
    Table,
    heading,
    join,
    paragraph,
    prose,
)
from zerograd.document.exact import number, polynomial
from zerograd.document.formula import ALPHA, DOTS, DOWN, EQUALS, PLUS, ZERO, Letter, Matrix, Node, beside, row
from zerograd.document.layout import shortened
from zerograd.document.numbers import alpha_text, is_long, isolating_interval
from zerograd.show.say.derivation.names import Names
from zerograd.show.say.derivation.selection import EVERYTHING, MOST_COLUMNS, MOST_ROWS, MOST_SIDE
from zerograd.show.words import count

_LONGEST_POLYNOMIAL = 13
"""Coefficients of a polynomial that is written out."""


def network(answer: Sat, names: Names) -> Iterator[Block]:
    """The formulas of the network, and its parameters."""
    yield heading("The network")
    yield from formulas(answer.problem, names)
    yield from parameters(answer.witness.parameters, names)


def formulas(problem: Problem, names: Names) -> Iterator[Block]:
    """What the network computes."""
    yield paragraph("From an input ", names.plain("x"), " the network computes")
    lines = []
    for layer, kind in enumerate(problem.network.layers, start=1):
        last = layer == problem.network.depth
        below = names.plain("x") if layer == 1 else names.layered("a", layer - 1)
        parts = beside(names.parameter(f"w{layer}"), below)
        parts += [PLUS, names.parameter(f"b{layer}")] if kind.bias else []
        out = names.plain("ŷ") if last else names.layered("a", layer)
        z = names.layered("z", layer)
        if kind.activation == LINEAR:
            lines.append(Equation(out, (row(*parts),) if last else (z, row(*parts))))
        else:
            lines += [Equation(z, (row(*parts),)), Equation(out, (names.activation(kind.activation, z),))]
    yield Equations(tuple(lines))
    if any(isinstance(kind.activation, Smooth) for kind in problem.network.layers):
        from zerograd.derive import definitions  # loads SymPy

        net, convention = problem.network, problem.derivative_at_kink
        defined = *definitions.values(net), *definitions.derivatives(net, convention)
        yield paragraph("where")
        yield Equations(defined)
    if not names.scalar:
        where = "The number in brackets above a letter is that of its layer; "
        yield paragraph(f"{where}units, inputs and samples are counted from 0.")


def parameters(arrays: Mapping[str, Array[Exact]], names: Names) -> Iterator[Block]:
    """The values of parameters."""
    single = [name for name, array in arrays.items() if len(array.entries) == 1]
    several = [name for name in arrays if name not in single]
    values = [row(names.parameter(name), EQUALS, number(arrays[name].entries[0])) for name in single]
    if values:
        yield paragraph("Its parameters are " if not several else "Of its parameters, ", join(values), ".")
    if several:
        yield paragraph("The others are:" if values else "Its parameters are:")
        yield Equations(tuple(Equation(names.parameter(name), (_matrix(arrays[name]),)) for name in several))
    if any(max(array.shape) > MOST_SIDE for array in arrays.values()):
        yield paragraph(f"Of large arrays some rows and columns are left out: {EVERYTHING}.")


def _matrix(array: Array[Exact]) -> Node:
    """A matrix, or a vector as a column."""
    rows = array.rows() if len(array.shape) == 2 else [(value,) for value in array.entries]
    shown = shortened(rows, MOST_SIDE, ())
    cells = [tuple(shortened([*map(number, values)], MOST_SIDE, DOTS)) for values in shown]
    return Matrix(tuple(line or (DOWN,) * len(cells[0]) for line in cells))


def alpha(field: NumberField) -> Block:
    """What α is."""
    value = alpha_text(field)
    near = prose("The number ", ALPHA, f" is about {value}: ")
    if len(field.polynomial) > _LONGEST_POLYNOMIAL or any(map(is_long, field.polynomial)):
        degree = len(field.polynomial) - 1
        return paragraph(near, f"the root of a polynomial of degree {degree}; {EVERYTHING}.")
    equation = row(polynomial(field.polynomial, Letter("t")), EQUALS, ZERO)
    interval = isolating_interval(field)
    where: Prose = (" near there",)
    if interval is not None:
        where = prose(" between ", number(interval[0]), " and ", number(interval[1]))
    return paragraph(near, "the solution of ", equation, where, ".")


def data(answer: Sat, names: Names) -> Iterator[Block]:
    """A table of the samples: inputs and targets."""
    witness, net = answer.witness, answer.problem.network
    yield heading("The data")
    head = [prose("sample ", Letter("m"))]
    columns: list[list[Prose]] = []
    ends = (("x", net.inputs, witness.x), ("y", net.outputs, witness.y))
    for letter, width, array in ends:
        for i in shortened(range(width), MOST_COLUMNS, None):
            if i is None:
                head.append(prose(DOTS))
                columns.append([prose(DOTS)] * witness.samples)
            else:
                head.append(prose(names.plain(letter, "m", *((i,) if width > 1 else ()))))
                columns.append([prose(number(values[i])) for values in array.rows()])
    table = [((str(m),), *cells) for m, cells in enumerate(zip(*columns, strict=True))]
    yield Table(tuple(head), tuple(shortened(table, MOST_ROWS, (prose(DOWN),) * len(head))))
    if len(table) > MOST_ROWS or any(width > MOST_COLUMNS for _, width, _ in ends):
        whole = count(witness.samples, "sample")
        yield paragraph(f"Not all of the {whole} and their entries are shown: {EVERYTHING}.")
