"""What a certificate shows, and the letters and theorems that its proof uses, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from math import prod

from zerograd.core.model.references import Reference, entry
from zerograd.core.model.sides import Side, sides
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.question.vocabulary import gradient_shapes, variable_shapes
from zerograd.core.refuting.certificate import Certificate, Kind
from zerograd.core.refuting.refutation import every_samples
from zerograd.core.refuting.system import intercept, sides_of_units
from zerograd.derive.notation import Atom
from zerograd.document.numbers import exact_text
from zerograd.show.say.proof.polynomials import Polynomials
from zerograd.show.say.proof.style import Style, listed
from zerograd.show.words import activations, count, kink_line, label, network_line


def claim(problem: Problem, certificate: Certificate, style: Style) -> str:
    """The theorem, in one sentence or a few."""
    network = style.escape(network_line(problem.network))
    kinks = style.escape(kink_line(activations(problem.network), problem.derivative_at_kink))
    whole = "integer " if problem.domain == "integer" else ""
    asked = [*_asked(problem, style), *_conditions(problem, style)]
    text = f"No {whole}parameters of the network {network} and no {whole}dataset of {_size(problem)} satisfy "
    text += (listed(asked) if asked else "a gradient") + _fixed(problem, style) + "."
    text += f" Here {style.math('L')} is the mean squared error; {kinks}."
    if problem.samples.most is not None and _holds_for_any(problem, certificate):
        text += " The same holds for every other number of samples."
    return text


def _holds_for_any(problem: Problem, certificate: Certificate) -> bool:
    return sufficient_samples(problem) is not None and every_samples(problem, certificate)


def _size(problem: Problem) -> str:
    samples = problem.samples
    if samples.fixed is not None:
        return count(samples.fixed, "sample")
    if samples.most is not None:
        return f"{samples.least} to {samples.most} samples"
    return "any size" if samples.least == 1 else f"{samples.least} or more samples"


def _asked(problem: Problem, style: Style) -> Iterator[str]:
    words = {
        "zero": ("= 0", "in every entry"),
        "nonzero": (f"{style.sign('!=')} 0", "in every entry"),
        "some_nonzero": (f"{style.sign('!=')} 0", "in some entry"),
        "positive": ("> 0", "in every entry"),
        "negative": ("< 0", "in every entry"),
    }
    for relation, references in problem.query.items():
        sign, where = words[relation]
        for reference in references:
            shape = gradient_shapes(problem.network, problem.samples.least)[reference.name]
            several = reference.index is None and (prod(shape) > 1 or reference.name == "x")
            name = style.write.derivative("L", _reference(problem, reference, style))
            yield style.math(f"{name} {sign}") + (f" {where}" if several else "")


def _reference(problem: Problem, reference: Reference, style: Style) -> str:
    if reference.index is not None:
        return Polynomials(problem, style.write).variable(str(reference))
    layer = reference.name[1:]
    return style.write.atom(Atom(reference.name[0], layer))


def _conditions(problem: Problem, style: Style) -> Iterator[str]:
    for condition in problem.where:
        text = str(condition)
        # Set in prose without a font of its own, its words must not run into those around it.
        plain = style.language == "text" and not {"or", "and"}.isdisjoint(text.split())
        yield f"({style.code(text)})" if plain else style.code(text)


def _fixed(problem: Problem, style: Style) -> str:
    """Given values and bounds."""
    shapes = variable_shapes(problem.network, problem.samples.least)
    given = [
        style.code(f"{label(name, index, shapes[name])} = {exact_text(value)}")
        for name, values in problem.given.items()
        for index, value in values.items()
    ]
    bounded = []
    for reference, (low, high) in problem.bounds.items():
        below = "" if low is None else f"{exact_text(low)} <= "
        above = "" if high is None else f" <= {exact_text(high)}"
        bounded.append(style.code(f"{below}{reference}{above}"))
    text = f", where {listed(given)}" if given else ""
    return text + (f"{' and' if given else ', where'} {listed(bounded)}" if bounded else "")


def notation(problem: Problem, kinds: Collection[Kind], used: Collection[str], style: Style) -> Iterator[str]:
    """Paragraphs that say what the letters of the proof stand for.

    Args:
        kinds: of the parts of the certificate.
        used: the labels of the facts that it uses.
    """
    math, write = style.math, style.write
    several = problem.network.outputs > 1
    size = write.join([*("MK" if several else "M")])
    half = f"{size}/2"
    outputs = f" and {math('K')} = {problem.network.outputs} outputs" if several else ""
    yield (
        f"From here on {math('L')} stands for half the sum of the squared residuals, which is {math(half)} "
        f"times the mean squared error ({math('M')} samples{outputs}): the signs of gradients are the same. "
        f"Samples and units are counted from 0."
    )
    if "dataset" in kinds or "moments" in kinds:
        yield _letters(problem, style, slopes="dataset" in kinds)
    if "moments" in kinds:
        yield _moments(problem, style)
    if any(label.startswith("homogeneity") for label in used):
        yield (
            "The activations of the hidden units below are homogeneous: their value at a pre-activation is "
            "their slope there times the pre-activation. So for each unit, the sum of parameter times "
            "gradient is the same over what comes in, bias included, and over what goes out, whatever the "
            "data."
        )
    if any("t[" in label for label in used):
        yield _auxiliary(problem, style)


def _letters(problem: Problem, style: Style, *, slopes: bool) -> str:
    math, write, network = style.math, style.write, problem.network
    k = ("k",) if network.outputs > 1 else ()
    r, y_hat, y = (write.atom(Atom(letter, "", ("m", *k))) for letter in ("r", "ŷ", "y"))
    text = f"{math(f'{r} = {y_hat} {write.minus} {y}')} is the residual of sample {math('m')}"
    text += f" at output {math('k')}" if k else ""
    units = sides_of_units(problem)
    layers = list(dict.fromkeys(layer for layer, _ in units))
    said = []
    for layer in layers:
        # Of the first layer it is said what they are: proofs name them without a further word.
        i = ("i",) if network.layers[layer - 1].units > 1 else ()
        number = "" if len(layers) == 1 else str(layer)
        z, s, c = (write.atom(Atom(letter, number, ("m", *i))) for letter in "zsc")
        which = f"unit {math('i')} of layer {layer}" if i else f"the unit of layer {layer}"
        own = sides(network.layers[layer - 1].activation, problem.derivative_at_kink)
        name = z
        if layer == 1:
            z += f" = {_affine(problem, i, style)}"
        text += f"; {math(z)} is the pre-activation of {which}"
        if slopes:
            text += f" and {math(s)} its slope: {listed(_slopes(own, s, name, style))}"
            shifts = [intercept(side) for side in own]
            if any(shifts):
                values = listed([math(write.number(shift)) for shift in shifts])
                value = f"{write.join([s, name])} + {c}"
                said.append(f"The value of {which} is {math(value)}, where {math(c)} is {values} in turn.")
    return " ".join([f"{text}.", *said])


def _affine(problem: Problem, i: tuple[str, ...], style: Style) -> str:
    """w·x + b of a unit of the first layer, on sample m."""
    write, network = style.write, problem.network
    d = ("d",) if network.inputs > 1 else ()
    product = write.join([write.atom(Atom("w", "1", (*i, *d))), write.atom(Atom("x", "", ("m", *d)))])
    bias = f" + {write.atom(Atom('b', '1', i))}" if network.layers[0].bias else ""
    return (f"{write.summation('d')} {product}" if d else product) + bias


def _slopes(own: tuple[Side, ...], s: str, z: str, style: Style) -> list[str]:
    return [
        f"{style.math(f'{s} = {style.write.number(Fraction(side.derivative))}')} where "
        f"{style.math(style.write.interval(side, z))}"
        for side in own
    ]


def _moments(problem: Problem, style: Style) -> str:
    math, write, network = style.math, style.write, problem.network
    units = sides_of_units(problem)
    k = ("k",) if network.outputs > 1 else ()
    d = ("d",) if network.inputs > 1 else ()
    total, first = write.atom(Atom("S", "T", k)), write.atom(Atom("V", "T", (*k, *d)))
    r, x = write.atom(Atom("r", "", ("m", *k))), write.atom(Atom("x", "", ("m", *d)))
    over = write.summation("m")
    sums = f"{math(f'{total} = {over} {r}')} and {math(f'{first} = {over} {write.join([r, x])}')}"
    if not units:
        return f"The network is affine in its input, so gradients are linear in the sums {sums}."
    digits = []
    for (layer, unit), own in units.items():
        width = network.layers[layer - 1].units
        if unit == 0:
            z = write.atom(
                Atom("z", "" if len({n for n, _ in units}) == 1 else str(layer), ("i",) * (width > 1))
            )
            sides_said = [f"{n} where {math(write.interval(side, z))}" for n, side in enumerate(own)]
            digits.append(listed(sides_said))
    of_each = "a digit" if len(units) == 1 else "digits, one for each unit in order"
    return (
        f"The activation pattern {math('T')} of a sample is written as {of_each}: {'; '.join(digits)}. "
        "Within a pattern the network is affine in its input, so gradients are linear in the moments "
        f"{sums}, summed over the samples {math('m')} of pattern {math('T')}."
    )


def enough(problem: Problem, certificate: Certificate, style: Style) -> str | None:
    """Why the parts of the proof are enough for what is asked; None where that needs no words."""
    if any(part.samples is None for part in certificate.parts):
        return None
    numbers = sorted(part.samples for part in certificate.parts if part.samples is not None)
    wanted, bound = problem.samples, sufficient_samples(problem)
    each = wanted.most is not None and {*range(wanted.least, wanted.most + 1)} <= {*numbers}
    if each and not _holds_for_any(problem, certificate):
        return None
    so = f"So it is enough to consider {style.math(f'M = {numbers[-1]}')}"
    if bound is not None and numbers[-1] >= bound:
        entries = "1 entry" if bound == 1 else f"{bound} entries"
        return (
            f"The question names {entries} of gradients, which are linear in the residuals. If some dataset "
            f"answers it, so do at most {bound} of its samples with other residuals: of the vectors that the "
            "residuals multiply, those of a basis are enough. And a dataset can be padded with copies of its "
            f"inputs whose residuals are 0. {so}, whatever the number of samples."
        )
    return (
        "A dataset that answers the question can be padded with copies of its inputs whose residuals are 0. "
        f"{so}."
    )


def about(kind: Kind, samples: int | None, style: Style) -> str:
    """What a part of the proof is about."""
    if kind == "dataset":
        return f"Let {style.math(f'M = {samples}')}."
    return f"Let {style.math('M')} be any number of samples."


def _auxiliary(problem: Problem, style: Style) -> str:
    """What t[0], t[1], … stand for."""
    t = Polynomials(problem, style.write).variable(entry("t", (0,)))
    of = "absolute values, greatest values and quotients in the conditions"
    return f"{style.math(t)} and its like stand for {of}."
