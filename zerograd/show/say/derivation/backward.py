"""The backward pass of a derivation: what comes back to each layer, and each gradient as a sum."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from zerograd.core.model.activations import LINEAR
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.real import sign
from zerograd.core.question.vocabulary import RELATIONS
from zerograd.core.verdict.answer import Sat
from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document.blocks import chain, heading, paragraph, prose
from zerograd.document.exact import number, product, signed, total
from zerograd.document.formula import (
    BESIDE,
    EQUALS,
    ODOT,
    PLUS,
    TIMES,
    ZERO,
    beside,
    brackets,
    derivative,
    flow,
    inline,
    row,
)
from zerograd.document.layout import shortened
from zerograd.explaining.sums import GradientSum, Sums
from zerograd.show.say.derivation.names import LONGEST, SPELLED, Names, summed, vector
from zerograd.show.say.derivation.selection import EVERYTHING, Selection

Place = tuple[str, Index]


def backward(answer: Sat, names: Names, shown: Selection, sums: Sums) -> Iterator[doc.Block]:
    """The adjoints δ from the last layer to the first."""
    depth = answer.problem.network.depth
    output = names.at(depth, "k")
    r = names.plain(names.adjoint, "m", *output)
    by_output = derivative(tree.Letter("L"), names.plain("ŷ", "m", *output))
    factor = sums.factor
    loss = answer.problem.model.loss
    steps = [EQUALS, names.factor, BESIDE, r]
    if loss.averages:
        steps += [EQUALS, *([r] if factor == 1 else [number(factor), BESIDE, r])]
    of = "of squares" if loss.least_squares else "over the samples"
    yield heading("The backward pass")
    yield paragraph(
        f"The loss is a {'mean' if loss.averages else 'sum'} {of}, so ",
        inline(row(by_output, *steps)),
        ". Let ",
        tree.Letter("δ"),
        " stand for the derivatives by the pre-activations",
        " without this common factor" if factor != 1 else "",
        ". From the last layer back, the chain rule gives:",
    )
    layers = range(depth, 0, -1)
    yield doc.Equations(
        tuple(_adjoint(answer, names, sums, layer, unit) for layer in layers for unit in shown.units[layer])
    )


def _adjoint(answer: Sat, names: Names, sums: Sums, layer: int, unit: int) -> doc.Equation:
    network, run = answer.problem.network, answer.witness.forward
    kind = network.layers[layer - 1]
    at = names.at(layer, unit)
    arriving, delta = sums.arriving(layer, unit), sums.delta(layer, unit)
    back = names.plain(names.adjoint, *at) if layer == network.depth else _arriving(names, layer, unit)
    left = names.layered("δ", layer, *at)
    if kind.activation == LINEAR:
        return chain(left, back, vector(delta))
    derivatives = [values[unit] for values in run.derivatives[layer - 1].rows()]
    slope = names.activation(kind.activation, names.layered("z", layer, *at), prime=True)
    several = layer < network.depth and 1 < network.widths[layer + 1] <= SPELLED
    times = ODOT if answer.witness.samples > 1 else TIMES
    came = vector(arriving) if answer.witness.samples > 1 else signed(arriving[0]).factor
    return doc.Equation(
        left,
        (
            row(slope, times, brackets(back) if several else back),
            flow(vector(derivatives), row(times), came),
            vector(delta),
        ),
    )


def _arriving(names: Names, layer: int, unit: int) -> tree.Node:
    """What the layer above passes back to a unit, in letters."""
    above = layer + 1
    width = names.network.widths[above]
    if width > SPELLED:
        delta = names.layered("δ", above, "k")
        return summed("k", names.parameter(f"w{above}", ("k", unit)), delta)
    parts: list[tree.Node] = []
    for k in range(width):
        parts += [PLUS] if k else []
        delta = names.layered("δ", above, *names.at(above, k))
        parts += beside(names.parameter(f"w{above}", (k, unit)), delta)
    return row(*parts)


def gradients(answer: Sat, names: Names, shown: Selection, sums: Sums) -> Iterator[doc.Block]:
    """Each gradient as a formula, as a sum with its terms, as a number; and what was asked of it."""
    yield heading("The gradients")
    over = "sum over the samples" if answer.witness.samples > 1 else "product"
    yield paragraph(f"The gradient with respect to each parameter is a {over}:")
    marks = _marks(answer)
    order = sorted((name for name in shown.gradients if name != "x"), key=lambda name: -int(name[1:]))
    lines = []
    for name in [*order, *(["x"] if "x" in shown.gradients else [])]:
        shape = answer.witness.gradients[name].shape
        formula = _formula(names, name)
        single = prod(shape) == 1 and name != "x"
        if not single:
            lines.append(
                doc.Equation(
                    names.gradient(name, ("m", "j") if name == "x" else ("i", "j")[: len(shape)]), (formula,)
                )
            )
        for index in shown.gradients[name]:
            sum_ = sums.of(name, index)
            steps = (*([formula] if single else []), *_sum_steps(sum_), number(sum_.value))
            lines.append(chain(names.gradient(name, index), *steps, note=marks.get((name, index), ())))
    yield doc.Equations(tuple(lines))
    if any(
        len(entries) < prod(answer.witness.gradients[name].shape) for name, entries in shown.gradients.items()
    ):
        yield from _summary(answer, names, shown)


def _formula(names: Names, name: str) -> tree.Node:
    if name == "x":
        weight, delta = names.parameter("w1", ("i", "j")), names.layered("δ", 1, "m", *names.at(1, "i"))
        several = names.network.widths[1] > 1
        along = summed("i", weight, delta) if several else row(*beside(weight, delta))
        return row(names.factor, BESIDE, along)
    layer = int(name[1:])
    delta = names.layered("δ", layer, "m", *names.at(layer, "i"))
    fed = [names.fed(layer, "j", "m")] if name[0] == "w" else []
    return row(names.factor, BESIDE, summed("m", delta, *fed))


def _sum_steps(sum_: GradientSum) -> Iterator[tree.Node]:
    """``(2/3) (1 · 0 − 2 · 1 + 1 · 2)``, and the same with the products multiplied out."""
    lead = [] if sum_.factor == 1 else [row(number(sum_.factor), BESIDE)]
    if len(sum_.terms) == 1:
        yield product([*([] if sum_.factor == 1 else [sum_.factor]), *sum_.terms[0]]).node
        return
    shown = [[product(term) for term in sum_.terms]]
    if sum_.carrying and len(sum_.terms[0]) > 1:
        shown.append([signed(value) for value in sum_.evaluated])
    for terms in shown:
        whole = total(shortened(terms, LONGEST, None))
        yield flow(*lead, brackets(whole) if lead else whole)


def _marks(answer: Sat) -> dict[Place, doc.Prose]:
    """What was asked of each entry, which the checker found to hold."""
    problem, witness = answer.problem, answer.witness
    marks: dict[Place, doc.Prose] = {}
    for relation in sorted(RELATIONS, key=lambda relation: relation.some):
        for place in problem.asked_entries(relation, witness.samples):
            name, index = place
            if not relation.some:
                marks[place] = prose(row(tree.Sign(relation.symbol), ZERO), ", as asked")
            elif sign(witness.gradients[name][index]) and place not in marks:
                marks[place] = prose(row(tree.Sign(relation.symbol), ZERO), ", as asked of some entry")
    return marks


def _summary(answer: Sat, names: Names, shown: Selection) -> Iterator[doc.Block]:
    """All entries of each gradient, by their signs."""
    rows: list[tuple[doc.Prose, ...]] = []
    written = whole = 0
    for name, entries in shown.gradients.items():
        values = answer.witness.gradients[name].entries
        signs = [sign(value) for value in values]
        written, whole = written + len(entries), whole + len(values)
        counts = (len(values), *(signs.count(s) for s in (0, 1, -1)))
        rows.append((prose(inline(names.gradient(name, None))), *((str(n),) for n in counts)))
    yield paragraph(f"These are {written} of the {whole} entries: {EVERYTHING}. Of all of them:")
    zero, above, below = (prose(row(tree.Sign(s), ZERO)) for s in "=><")
    yield doc.Table((("gradient",), ("entries",), zero, above, below), tuple(rows))
