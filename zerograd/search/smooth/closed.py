"""Closed forms: weights and inputs such as log 2, at which all activations are rational; then linear algebra.

Pre-activations are drawn among those at which activations and their derivatives have closed forms. The
gradients are linear in the adjoints, so that zero entries ask these to lie in a null space over ℚ, and
targets follow from them. Finds witnesses only.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice, product
from operator import itemgetter, mul
from typing import Any

from zerograd.core.model.backprop import OnKink
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, compare, narrow, sign
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import NOT_ZERO, RELATIONS, Relation
from zerograd.core.verdict.witness import Witness
from zerograd.search.adjoints import annihilating
from zerograd.search.draw import accepted
from zerograd.search.draws import Draws
from zerograd.search.linear_part import Layer, LinearPart, Matrix
from zerograd.search.mentions import speaks_of_targets
from zerograd.search.smooth.drawing import Drawing, Drawn, Exacts
from zerograd.search.smooth.fitness import exact_elsewhere, expected_signs, reach, tied
from zerograd.search.smooth.levels import FUNCTIONS, balanced, is_rational, rational_forms
from zerograd.search.smooth.starts import labels
from zerograd.search.smooth.targets import targets_at
from zerograd.search.verdict import Found, Verdict

NAME = "closed"

CONVENTIONS = ("torch", "left", "right", "mean")
"""Those that forbid nothing."""

CANDIDATES = 12
"""Adjoints of one null space that are tried."""

CHOICE, LAST_CHOICE, SMALL = 12, 40, 60
"""Witnesses of a small question that are compared, and the last draw for it: the shortest one is taken."""

SIGNS = 10
"""Outputs of all samples up to which adjoints of one size are tried in every combination of signs.

With 0 among the values there are as many combinations at fewer outputs.
"""

LARGEST = 1000
"""Adjoints above this are divided by the first of them."""

MANY_LABELS = 64
"""Combinations of labels that are tried."""

SCALES = tuple(Fraction(1, 2**n) for n in (0, 1, 2, 3, 4, 6, 8, 12))
"""Factors of adjoints, or of the last layer, that bring them within reach of targets."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    if problem.given or speaks_of_targets(problem):
        return "values are given, or something is said of the targets"
    if problem.domain == "integer":
        return "closed forms are no integers"
    first = problem.network.layers[0].activation
    if tied(problem) and not balanced(first, problem.derivative_at_kink, 1):
        return f"labels tie the adjoints of the {problem.model.loss.words} to the predictions"
    return exact_elsewhere(problem)


def closed(problem: Problem, samples: int, draws: Draws) -> Verdict:
    """Look for a witness with M = ``samples``; it never says there is none."""
    zero = problem.asked_entries(Relation.ZERO, samples)
    wanted = CHOICE if samples * sum(problem.network.widths) <= SMALL else 1
    plain = _plain(problem)
    best: list[tuple[int, Witness]] = []
    for attempt, chance in draws.of(NAME):
        if best and attempt > LAST_CHOICE:
            break
        try:
            drawn = Drawing(problem, samples, attempt, chance).draw()
            if drawn is None or not _within_bounds(problem, samples, drawn):
                continue
            for adjoint in islice(_adjoints(problem, drawn, zero, chance), CANDIDATES):
                if not _as_asked(problem, samples, drawn.part, adjoint):
                    continue
                witness = _witness(problem, drawn, _of_order_one(adjoint))
                length = None if witness is None else _length(witness)
                if witness is None or length is None:
                    continue
                if plain or accepted(problem, witness):
                    best.append((length, witness))
                    break
        except (ArithmeticError, OnKink):
            continue
        if len(best) >= wanted:
            break
    return Found(min(best, key=itemgetter(0))[1], NAME) if best else draws.in_vain()


def _within_bounds(problem: Problem, samples: int, drawn: Drawn) -> bool:
    """Whether parameters and inputs are; the targets are free."""
    bounds = problem.entry_bounds(samples)
    if not bounds:
        return True
    blank: list[Exacts] = [[0] * problem.network.outputs for _ in range(samples)]
    variables = _assembled(problem, drawn, drawn.part.layers, blank).variables
    return all(
        (low is None or compare(variables[name][index], low) >= 0)
        and (high is None or compare(variables[name][index], high) <= 0)
        for (name, index), (low, high) in bounds.items()
    )


def _plain(problem: Problem) -> bool:
    """Whether nothing is asked but what is exact as it is made."""
    loss = problem.model.loss
    conditions = problem.where or problem.bounds or loss.within_unit or loss.inner is not loss
    return not conditions and problem.derivative_at_kink in CONVENTIONS


def _length(witness: Witness) -> int | None:
    """How much there is to write down, None for too much; terms of closed forms count more than digits."""
    entries = [v for array in witness.variables.values() for v in array.entries]
    try:
        return sum((len(str(v)) if v else 0) + (0 if isinstance(v, int) else 2) for v in entries)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return None


def _adjoints(
    problem: Problem, drawn: Drawn, zero: Sequence[tuple[str, Index]], chance: random.Random
) -> Iterator[Matrix]:
    """Adjoints at which the zero entries are zero."""
    part, outputs = drawn.part, problem.network.outputs
    columns = part.samples * outputs
    forms = list(dict.fromkeys(tuple(f) for row in part.rows(zero) for f in rational_forms(row)))
    values = reach(problem).values
    if values is not None:
        yield from _of_few_values(forms, [v for v in values if v], drawn, outputs)
        if 0 in values:  # some samples are predicted right: on a kink of the loss
            yield from _of_few_values(forms, values, drawn, outputs)
        return
    if tied(problem):
        yield from _of_labels(problem, forms, drawn)
        return
    if not any(problem.query[relation] for relation in RELATIONS if 0 not in relation.signs):
        blank: Matrix = [[0] * outputs for _ in range(part.samples)]
        yield blank
    if problem.model.loss.inner.shares == "row":
        forms += [tuple(Fraction(n // outputs == m) for n in range(columns)) for m in range(part.samples)]
    yield from annihilating([list(f) for f in forms], part.samples, outputs, chance)


def _of_labels(problem: Problem, forms: Sequence[Sequence[Fraction]], drawn: Drawn) -> Iterator[Matrix]:
    """The adjoints of labels, in every combination if the samples are few."""
    loss, kink = problem.model.loss.inner, problem.derivative_at_kink
    options = labels(problem.targets, problem.network.outputs)
    outputs = drawn.part.outputs
    if len(options) ** len(outputs) > MANY_LABELS:
        return
    for chosen in product(options, repeat=len(outputs)):
        rows = [
            [narrow(g) for g in loss.sample_adjoint(p, y, FUNCTIONS, kink)]
            for p, y in zip(outputs, chosen, strict=True)
        ]
        flat: list[Any] = [g for row in rows for g in row]
        if all(map(is_rational, flat)) and not any(sum(map(mul, form, flat)) for form in forms):
            yield rows  # type: ignore[misc]


def _of_few_values(
    forms: Sequence[Sequence[Fraction]], values: Sequence[Any], drawn: Drawn, outputs: int
) -> Iterator[Matrix]:
    """Adjoints among few values: as the samples were balanced, or in every combination."""
    columns = drawn.part.samples * outputs
    candidates: list[tuple[Any, ...]] = []
    if drawn.signs is not None and outputs == 1 and len(values) == 2:
        by_sign = {0: 0, 1: max(values), -1: min(values)}
        candidates += [tuple(by_sign[s * t] for s in drawn.signs) for t in (1, -1)]
    if len(values) ** columns <= 2**SIGNS:
        candidates += product(values, repeat=columns)
    for candidate in candidates:
        if not any(sum(map(mul, form, candidate)) for form in forms):
            yield [list(candidate[i : i + outputs]) for i in range(0, columns, outputs)]


def _of_order_one(adjoint: Matrix) -> Matrix:
    """The adjoint, or a multiple that is not large."""
    largest = max(abs(Fraction(v)) for row in adjoint for v in row)
    if largest <= LARGEST:
        return adjoint
    return [[v / largest for v in row] for row in adjoint]


def _as_asked(problem: Problem, samples: int, part: LinearPart, adjoint: Matrix) -> bool:
    """Whether the entries that should not be zero are as asked."""
    signs = {relation: problem.asked_entries(relation, samples) for relation in NOT_ZERO}
    choices = problem.choices(samples)
    named = [*signs.values(), *(choice.entries for choice in choices)]
    names = dict.fromkeys(name for entries in named for name, _ in entries)
    gradients = part.gradients(adjoint, tuple(names))
    return all(
        sign(gradients[name][index]) in expected_signs(problem, relation)
        for relation, entries in signs.items()
        for name, index in entries
    ) and all(any(sign(gradients[name][index]) for name, index in choice.entries) for choice in choices)


def _witness(problem: Problem, drawn: Drawn, adjoint: Matrix) -> Witness | None:
    """The network and dataset with this adjoint, or one in proportion to it; None if no targets give it."""
    labelled = problem.targets != "real"
    for scale in SCALES:
        layers, outputs = list(drawn.part.layers), list(drawn.part.outputs)
        if labelled and scale != 1:  # not the adjoints are small then, but the predictions
            if not problem.network.layers[-1].activation.is_linear:
                return None
            top = layers[-1]
            smaller: Matrix = [[w * scale for w in row] for row in top.weights]
            layers[-1] = Layer(smaller, [b * scale for b in top.bias])
            outputs = [[v * scale for v in row] for row in outputs]
        wanted: Matrix = adjoint if labelled else [[v * scale for v in row] for row in adjoint]
        y = [targets_at(problem, list(p), g) for p, g in zip(outputs, wanted, strict=True)]
        rows = [row for row in y if row is not None]
        if len(rows) == len(y):
            return _assembled(problem, drawn, layers, rows)
    return None


def _assembled(problem: Problem, drawn: Drawn, layers: Sequence[Layer], y: Sequence[Exacts]) -> Witness:
    network = problem.network
    arrays: dict[str, Array[Exact]] = {}
    for number, (layer, unit) in enumerate(zip(layers, drawn.units, strict=True), start=1):
        rows = [[unit * w for w in row] for row in layer.weights]
        arrays[f"w{number}"] = Array.of(rows, network.widths[number - 1])
        if network.layers[number - 1].bias:
            arrays[f"b{number}"] = Array((len(layer.bias),), tuple(unit * b for b in layer.bias))
    x: list[Exacts] = [list(run.activations[0]) for run in drawn.part.runs]
    arrays["x"], arrays["y"] = Array.of(x, network.inputs), Array.of(y, network.outputs)
    return Witness.of(problem, arrays)
