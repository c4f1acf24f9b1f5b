"""One form of all witnesses that differ by names and signs alone, without a list of the symmetries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice
from math import lcm
from typing import TypeAlias

from zerograd.core.model.activations import piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network

Row: TypeAlias = tuple[int, ...]
Form: TypeAlias = tuple[tuple[tuple[Row, ...], ...], tuple[Row, ...]]
"""For each layer its units, a row of weights and a bias each; for each sample its inputs and targets."""

Unit: TypeAlias = tuple[Row, tuple[Row, ...]]
"""A row, and the weights above that may go with it: one choice, or two of opposite signs."""

MAX_FORMS = 5000
"""Forms that are looked at because nothing so far tells which of them is the least."""


def canonical(
    network: Network,
    convention: Kink,
    parameters: Sequence[Fraction],
    rows: Iterable[tuple[Sequence[Fraction], Sequence[Fraction]]],
) -> tuple[int, Form] | None:
    """The same for two witnesses exactly if they differ by names of units and samples and by signs alone.

    From the samples through the layers to the output, what can be renamed is put into order, and signs are
    chosen so that it is the least; where several ways lead to that, all are followed.

    Args:
        rows: for each sample its inputs and targets.

    Returns:
        A common denominator with the least numerators; None where more than `MAX_FORMS` ways lead there.
    """
    pairs = [(*x, *y) for x, y in rows]
    scale = lcm(*(v.denominator for v in parameters), *(v.denominator for row in pairs for v in row))
    rest = iter([int(v * scale) for v in parameters])
    layers = []
    for layer, fan_in in zip(network.layers, network.widths, strict=False):
        weights = [tuple(islice(rest, fan_in)) for _ in range(layer.units)]
        biases = [tuple(islice(rest, int(layer.bias))) for _ in range(layer.units)]
        layers.append(tuple(row + bias for row, bias in zip(weights, biases, strict=True)))
    forms = {(tuple(layers), tuple(sorted(tuple(int(v * scale) for v in row) for row in pairs)))}
    parities = [piecewise(layer.activation).parity(convention) for layer in network.layers]
    odd_output = parities[-1] == -1
    for column in range(network.inputs + (network.outputs if odd_output else 0)):
        either = forms | {_flipped(form, column, network.inputs) for form in forms}
        views = {form: sorted(row[: column + 1] for row in form[1]) for form in either}
        least = min(views.values())
        forms = {form for form, view in views.items() if view == least}
        if len(forms) > MAX_FORMS:
            return None
    for number, sign in enumerate(parities[:-1]):
        last = number == network.depth - 2  # the units above have their places
        units = {form: _units(form[0][number], form[0][number + 1], sign) for form in forms}
        least_rows = min([row for row, _ in found] for found in units.values())
        further = chain.from_iterable(
            _placed(form, number, found, last=last)
            for form, found in units.items()
            if [row for row, _ in found] == least_rows
        )
        many = list(islice(further, MAX_FORMS + 1))
        if len(many) > MAX_FORMS:
            return None
        forms = set(many)
    return scale, min(forms)


def _negative(row: Row) -> Row:
    return tuple(-v for v in row)


def _flipped(form: Form, column: int, inputs: int) -> Form:
    """With another sign of one input, or of one output."""
    layers, rows = form
    rows = tuple(sorted((*row[:column], -row[column], *row[column + 1 :]) for row in rows))
    if column < inputs:
        first = tuple((*unit[:column], -unit[column], *unit[column + 1 :]) for unit in layers[0])
        return (first, *layers[1:]), rows
    outputs = list(layers[-1])
    outputs[column - inputs] = _negative(outputs[column - inputs])
    return (*layers[:-1], tuple(outputs)), rows


def _units(layer: Sequence[Row], above: Sequence[Row], sign: int) -> list[Unit]:
    """In order: of each unit the lesser of its rows, and the weights above that may go with it."""
    found = []
    for row, column in zip(layer, zip(*above, strict=True), strict=False):  # the biases above come last
        ways = {(row, column)}
        if sign:
            ways.add((_negative(row), _negative(column) if sign == -1 else column))
        least = min(row for row, _ in ways)
        found.append((least, tuple(sorted(column for row, column in ways if row == least))))
    return sorted(found)


def _placed(form: Form, number: int, units: Sequence[Unit], *, last: bool) -> Iterator[Form]:
    """With the units of a layer in order: in each that they may have, or the least if it is the last."""
    layers, rows = form
    biases = [unit[len(units) :] for unit in layers[number + 1]]
    orders = iter([tuple(columns[0] for _, columns in units)]) if last else _orders(units)
    placed = tuple(row for row, _ in units)
    for order in orders:
        weights = zip(*order, strict=True)
        above = tuple((*row, *bias) for row, bias in zip(weights, biases, strict=True))
        yield (*layers[:number], placed, above, *layers[number + 2 :]), rows


def _orders(units: Sequence[Unit]) -> Iterator[tuple[Row, ...]]:
    """The weights above in all orders, and with all signs, that leave the rows in order."""
    if not units:
        yield ()
    for unit in dict.fromkeys(unit for unit in units if unit[0] == units[0][0]):
        rest = list(units)
        rest.remove(unit)
        for column in unit[1]:
            for tail in _orders(rest):
                yield (column, *tail)
