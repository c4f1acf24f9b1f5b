"""The forward pass of a derivation, as vectors over the samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.core.model.activations import LINEAR, Activation, PiecewiseLinear
from zerograd.core.model.network import Layer
from zerograd.core.model.places import on_kink, word
from zerograd.core.numbers.exact import Exact
from zerograd.core.verdict.answer import Sat
from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document.blocks import chain, heading, paragraph
from zerograd.document.exact import combination, number, signed, total
from zerograd.document.formula import BESIDE, LESS, PLUS, beside, brackets, derivative, flow, row
from zerograd.document.layout import shortened
from zerograd.show.say.derivation.names import LONGEST, SPELLED, Names, summed, vector
from zerograd.show.say.derivation.selection import EVERYTHING, Selection
from zerograd.show.words import count, kink_line, samples_text


def forward(answer: Sat, names: Names, shown: Selection) -> Iterator[doc.Block]:
    """Inputs, pre-activations, activations, predictions, residuals and the loss."""
    witness, network = answer.witness, answer.problem.network
    run = witness.forward
    yield heading("The forward pass")
    entries = "; every vector has an entry for each sample, in order" if witness.samples > 1 else ""
    if witness.samples > LONGEST:
        entries += f". Of the {witness.samples} entries and terms some are left out ({EVERYTHING})"
    yield paragraph(f"The inputs, and what each layer makes of them{entries}:")
    lines = [
        doc.Equation(names.plain("x", *names.at(0, unit)), (vector(_column(witness.x.rows(), unit)),))
        for unit in shown.units[0]
    ]
    for layer, kind in enumerate(network.layers, start=1):
        for unit in shown.units[layer]:
            z = vector(_column(run.z[layer - 1].rows(), unit))
            a = vector(_column(run.a[layer - 1].rows(), unit))
            out = _output(names, layer, unit)
            name = names.layered("z", layer, *names.at(layer, unit))
            formulas = _affine(answer, names, layer, unit, kind)
            if kind.activation == LINEAR:
                lines.append(chain(out, *([name] if layer < network.depth else []), *formulas, a))
            else:
                lines.append(chain(name, *formulas, z))
                lines.append(chain(out, names.activation(kind.activation, name), a))
        left_out = kind.units - len(shown.units[layer])
        sentences = list(_units_at_rest(answer, layer, kind.activation, shown.units[layer]))
        if not sentences and not left_out and layer < network.depth:
            continue
        yield doc.Equations(tuple(lines))
        lines = []
        if left_out:
            yield paragraph(f"{count(left_out, 'more unit')} of layer {layer}: {EVERYTHING}.")
        if sentences:
            yield paragraph(" ".join(sentences))
    yield from _loss(answer, names, shown)


def _output(names: Names, layer: int, unit: int) -> tree.Node:
    at = names.at(layer, unit)
    return names.plain("ŷ", *at) if layer == names.network.depth else names.layered("a", layer, *at)


def _column(rows: Sequence[Sequence[Exact]], unit: int) -> list[Exact]:
    return [values[unit] for values in rows]


def _affine(answer: Sat, names: Names, layer: int, unit: int, kind: Layer) -> Iterator[tree.Node]:
    """The pre-activation of a unit, with letters and, where it is short, with numbers."""
    parameters, below = answer.witness.parameters, answer.problem.network.widths[layer - 1]
    bias = [PLUS, names.parameter(f"b{layer}", (unit,))] if kind.bias else []
    if below > SPELLED:
        product = summed("j", names.parameter(f"w{layer}", (unit, "j")), names.fed(layer, "j"))
        yield row(product, *bias)
        return
    letters: list[tree.Node] = []
    for j in range(below):
        letters += [PLUS] if j else []
        letters += beside(names.parameter(f"w{layer}", (unit, j)), names.fed(layer, j))
    yield row(*letters, *bias)
    weights = [(parameters[f"w{layer}"][unit, j], names.fed(layer, j)) for j in range(below)]
    yield combination([*weights, *([(parameters[f"b{layer}"][unit], None)] if kind.bias else [])])


def _units_at_rest(answer: Sat, layer: int, activation: Activation, units: Sequence[int]) -> Iterator[str]:
    """Sentences on the samples on which a unit is inactive, saturated or on a kink."""
    run, network = answer.witness.forward, answer.problem.network
    single = network.widths[layer] == 1
    of = f" of layer {layer}" if network.depth > 2 or not single else ""
    samples = answer.witness.samples
    for unit in units:
        flat: dict[str, list[int]] = {}
        on_kink_at: list[int] = []
        for m, (z, slope) in enumerate(
            zip(
                _column(run.z[layer - 1].rows(), unit),
                _column(run.derivatives[layer - 1].rows(), unit),
                strict=True,
            )
        ):
            if on_kink(activation, z):
                on_kink_at.append(m)
            elif not slope:
                other = "saturated" if isinstance(activation, PiecewiseLinear) else "level"
                flat.setdefault(word(activation, z) or other, []).append(m)
        states = [f"{state} (slope 0) on {samples_text(at, samples)}" for state, at in flat.items()]
        if on_kink_at:
            where = kink_line([activation], answer.problem.derivative_at_kink)
            states.append(f"on a kink on {samples_text(on_kink_at, samples)}, where {where}")
        if states:
            name = f"The unit{of}" if single else f"Unit {unit}{of}"
            yield f"{name} is {', and '.join(states)}."


def _loss(answer: Sat, names: Names, shown: Selection) -> Iterator[doc.Block]:
    witness, network = answer.witness, answer.problem.network
    if not answer.problem.model.loss.least_squares:
        yield from _other_loss(answer, names, shown)
        return
    rows = witness.point.residuals.rows()
    depth = network.depth
    lines = []
    for unit in shown.units[depth]:
        at = names.at(depth, unit)
        difference = row(names.plain("ŷ", *at), LESS, names.plain("y", *at))
        lines.append(doc.Equation(names.plain("r", *at), (difference, vector(_column(rows, unit)))))
    yield paragraph("The residuals, and the loss:")
    residual = names.plain("r", "m", *names.at(depth, "k"))
    squared = (
        tree.Script(residual.base, residual.below, tree.Digits("2"))
        if isinstance(residual, tree.Script)
        else residual
    )
    over = summed("k", squared) if network.outputs > 1 else squared
    loss = answer.problem.model.loss
    lead = [names.share(loss.scale), BESIDE] if loss.averages else []
    entries = witness.point.residuals.entries
    steps: list[tree.Node] = [row(*lead, summed("m", over))]
    if len(entries) > 1:
        squares = [signed(value * value) for value in entries]
        terms = total(shortened(squares, LONGEST, None))
        size = tree.Quotient(tree.Digits("1"), tree.Digits(str(len(entries))))
        steps.append(flow(row(size, BESIDE), brackets(terms)) if loss.averages else terms)
    lines.append(chain(tree.Letter("L"), *steps, number(witness.loss)))
    yield doc.Equations(tuple(lines))


def _other_loss(answer: Sat, names: Names, shown: Selection) -> Iterator[doc.Block]:
    """What ℓ and its adjoints are, and their values."""
    from zerograd.derive import definitions  # loads SymPy

    witness, model = answer.witness, answer.problem.model
    depth, loss = answer.problem.network.depth, model.loss
    yield paragraph(f"The loss is the {loss.words}. Of one sample,")
    yield doc.Equations(tuple(definitions.of_loss(model)))
    yield paragraph("The derivatives, and the loss:")
    rows = [[loss.plain_constant * g for g in values] for values in witness.point.adjoint.rows()]
    lines = []
    for unit in shown.units[depth]:
        at = names.at(depth, unit)
        by = derivative(tree.Letter("ℓ"), names.plain("ŷ", *at))
        lines.append(doc.Equation(names.plain("g", *at), (by, vector(_column(rows, unit)))))
    mean = row(
        *([names.share(loss.scale), BESIDE] if loss.averages else []), summed("m", names.plain("ℓ", "m"))
    )
    lines.append(chain(tree.Letter("L"), mean, number(witness.loss)))
    yield doc.Equations(tuple(lines))
