"""Generic witnesses: nothing in them is zero, equal or on a kink by chance.

A witness is generic if

- no weight is 0, and no bias that the network has;
- no two units of a layer are proportional: the weights and the bias of one are no multiple of the other's
  (of units that have one number alone, which are always proportional: they are not alike);
- no two samples have the same inputs, and no input is 0 on every sample;
- no sample's residual ŷ − y is 0, where the loss is one of residuals (`counts_residuals`);
- no pre-activation is on a kink of its activation, and no prediction on a kink of the loss.

What the question gives is no chance: zeros that are given (or are the only value within bounds) do not count,
nor do units or inputs that are given in full, nor residuals that are all 0. Numbers are exact or enclosed:
what enclosures do not decide counts against the witness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations, islice
from typing import Any, TypeAlias

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.enclosing import UNDECIDED
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.real import Real, compare
from zerograd.core.numbers.work import spend
from zerograd.core.question.language import names_in
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import Rational, Relation
from zerograd.core.verdict.witness import Witness

TIED_TO_TARGETS = frozenset({"r", "y", "y_hat", "loss"})
"""Names that conditions may force residuals to be 0 by."""
MOST = 5
"""Reasons that are listed."""

Row: TypeAlias = Sequence[Real]
Places: TypeAlias = AbstractSet[tuple[str, Index]]
"""Entries by name and full index."""


def against_generic(witness: Witness) -> tuple[str, ...]:
    """Return what keeps an accepted witness from being generic, the first `MOST` reasons; none if it is."""
    return tuple(islice(_reasons(witness), MOST))


def meaning(witness: Witness) -> str:
    """Return what it means that a witness is generic, without what is true of every witness of its shape."""
    problem = witness.problem
    layers, loss = problem.network.layers, problem.model.loss
    biased = any(layer.bias for layer in layers)
    clauses = [f"no weight{' or bias' if biased else ''} is 0"]
    if any(layer.units > 1 for layer in layers):
        clauses.append("no two units of a layer are alike or proportional")
    if witness.samples > 1:
        clauses.append("no two samples have the same inputs")
    if witness.samples == 1 or problem.network.inputs > 1:
        clauses.append("no input is 0 on every sample" if witness.samples > 1 else "no input is 0")
    if counts_residuals(problem):
        clauses.append("no sample's residual is 0" if witness.samples > 1 else "the residual is not 0")
    if loss.has_kinks or any(layer.activation.kinks for layer in layers):
        clauses.append("no sample is on a kink" if witness.samples > 1 else "the sample is on no kink")
    *first, last = clauses
    return f"{', '.join(first)}{',' * (len(first) > 1)} and {last}" if first else last


def counts_residuals(question: Question) -> bool:
    """Whether a sample whose residual is 0 is one by chance: nothing that is asked is about single residuals.

    What conditions say of targets, outputs, residuals or the loss may force it, and so may ∂L/∂x = 0.
    """
    spoken = {name for condition in question.where for name in names_in(condition.node)}
    at_rest = any(reference.name == "x" for reference in question.query.get(Relation.ZERO, ()))
    return question.model.loss.of_residuals and spoken.isdisjoint(TIED_TO_TARGETS) and not at_rest


def check_generic(witness: Witness, *, claimed: bool) -> None:
    """Check whether a witness is generic, as is claimed. Raises Refused."""
    against = against_generic(witness)
    if claimed == bool(against):
        expected = f"that it is not claimed: {'; '.join(against)}" if against else "true"
        raise Refused([Violation("generic", expected, str(claimed).lower())])


def pinned(question: Question, samples: int) -> dict[tuple[str, Index], Rational]:
    """The entries of which the question leaves one value, by name and full index."""
    values = {(name, index): v for name, array in question.given.items() for index, v in array.items()}
    for place, (low, high) in question.entry_bounds(samples).items():
        if low is not None and low == high:
            values[place] = low
    return values


def _reasons(witness: Witness) -> Iterator[str]:
    fixed = pinned(witness.problem, witness.samples)
    for name, array in witness.parameters.items():
        spend(len(array.entries))
        for index, value in array.items():
            if fixed.get((name, index)) != 0 and compare(value, 0) in (0, None):
                yield f"{entry(name, index)} {'is' if compare(value, 0) == 0 else 'may be'} 0"
    for number in range(1, witness.problem.network.depth + 1):
        yield from _units(witness, number, fixed.keys())
    yield from _samples(witness, fixed.keys())
    yield from _residuals(witness)
    yield from _kinks(witness)


def _units(witness: Witness, number: int, fixed: Places) -> Iterator[str]:
    """Units of a layer that are alike or proportional."""
    arrays = {
        name: witness.parameters[name] for name in (f"w{number}", f"b{number}") if name in witness.parameters
    }
    rows, given = _rows(arrays, fixed)
    single = len(rows[0]) == 1
    for one, other in _pairs(rows, _alike if single else _proportional, given):
        yield f"units {one} and {other} of layer {number} are {'alike' if single else 'proportional'}"


def _samples(witness: Witness, fixed: Places) -> Iterator[str]:
    """Samples with the same inputs, and inputs that are 0 on every sample."""
    rows, given = _rows({"x": witness.x}, fixed)
    for one, other in _pairs(rows, _alike, given):
        yield f"samples {one} and {other} have the same inputs"
    for d, column in enumerate(zip(*rows, strict=True)):
        spend(len(column))
        if all(("x", (m, d)) in fixed for m in range(len(column))):
            continue
        if all(compare(value, 0) in (0, None) for value in column):
            yield f"input {d} is 0 on every sample" if len(column) > 1 else f"{entry('x', (0, d))} is 0"


def _residuals(witness: Witness) -> Iterator[str]:
    """Samples whose residual is 0, unless all are."""
    if not counts_residuals(witness.problem):
        return
    pairs = zip(witness.forward.y_hat.rows(), witness.y.rows(), strict=True)
    spend(2 * len(witness.y.entries))
    signs = [[compare(p, t) for p, t in zip(*pair, strict=True)] for pair in pairs]
    if all(sign == 0 for row in signs for sign in row):
        return
    for m, row in enumerate(signs):
        if not any(sign in (-1, 1) for sign in row):
            yield f"the residual of sample {m} {'is' if None not in row else 'may be'} 0"


def _kinks(witness: Witness) -> Iterator[str]:
    """Samples on a kink."""
    layers = zip(witness.problem.network.layers, witness.forward.z, strict=True)
    for number, (layer, array) in enumerate(layers, start=1):
        kinks = layer.activation.kinks
        spend(len(kinks) * len(array.entries))
        for index, z in array.items() if kinks else ():
            sides = [compare(z, kink) for kink in kinks]
            if 0 in sides or None in sides:
                yield f"{entry(f'z{number}', index)} {'is' if 0 in sides else 'may be'} on a kink"
    point = witness.point
    spend(4 * len(point.y.entries))
    try:
        on_kink = [*witness.problem.model.loss.on_kinks(witness.forward.y_hat, point.y, point.functions)]
    except UNDECIDED:
        yield "a prediction may be on a kink of the loss"
    else:
        for index in on_kink:
            yield f"{entry('y_hat', index)} is on a kink of the loss"


def _rows(arrays: Mapping[str, Array[Any]], fixed: Places) -> tuple[list[list[Real]], list[bool]]:
    """The entries of each first index, side by side, and whether all of them are given."""
    count = next(iter(arrays.values())).shape[0]
    rows: list[list[Real]] = [[] for _ in range(count)]
    given = [True] * count
    for name, array in arrays.items():
        spend(len(array.entries))
        for index, value in array.items():
            rows[index[0]].append(value)
            given[index[0]] &= (name, index) in fixed
    return rows, given


def _pairs(
    rows: Sequence[Row], related: Callable[[Row, Row], bool], given: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """The pairs of rows that are related, or may be; without those that are given both."""
    for one, other in combinations(range(len(rows)), 2):
        if given[one] and given[other]:
            continue
        spend(4 * len(rows[one]))
        if related(rows[one], rows[other]):
            yield one, other


def _alike(one: Row, other: Row) -> bool:
    return all(compare(a, b) in (0, None) for a, b in zip(one, other, strict=True))


def _proportional(one: Row, other: Row) -> bool:
    """Whether the rows are linearly dependent, or may be: with a pivot in one of them, its minors say so."""
    pivot = next((i for i, value in enumerate(one) if compare(value, 0) in (-1, 1)), None)
    if pivot is None:
        return True
    return all(
        compare(one[pivot] * value, one[j] * other[pivot]) in (0, None)
        for j, value in enumerate(other)
        if j != pivot
    )
