"""What a certificate shows, and the letters and theorems that its proof uses, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import partial
from math import prod

from zerograd.core.model.references import entry
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.arrays import Index
from zerograd.core.question.given import unfit
from zerograd.core.question.necessary import necessary, zero_gradients
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import asked_entries, signs_of_adjoints, sufficient_samples
from zerograd.core.refuting.certificate import Certificate, Kind
from zerograd.core.refuting.refutation import every_samples
from zerograd.derive.naming import interval, is_scalar, quantity
from zerograd.derive.polynomials import Polynomials
from zerograd.document import formula as tree
from zerograd.document.blocks import Prose, join, prose, worded
from zerograd.document.formula import EQUALS, LESS, beside, derivative, row
from zerograd.show.question import convention_line
from zerograd.show.say.asking import asked_of, size
from zerograd.show.say.conditions import bounds, conditions, given, legend
from zerograd.show.say.proof.letters import letters
from zerograd.show.say.proof.reasons import reasons

_GIVES = {
    True: "gives exactly.",
    False: "gives. Where it is not rational, it is enclosed, narrowly enough to show its sign.",
}
_SLOPES = {
    "any": ", whatever slopes are taken at kinks, for each unit and sample by itself",
    "all": ", under every choice of slopes at kinks, for each unit and sample by itself",
}
_L, _M, _K, _T, _m = map(tree.Letter, "LMKTm")


def claim(problem: Problem, certificate: Certificate) -> Prose:
    """The theorem, in one sentence or a few."""
    whole = "integer " if problem.domain == "integer" else ""
    every = problem.samples.most is not None and _holds_for_any(problem, certificate)
    asked = [*asked_of(problem, partial(_gradient, problem)), *conditions(problem, general=every)]
    if problem.spurious:
        asked.append(
            ("the condition that the parameters are a local minimum of the loss, but no global one",)
        )
    elif certificate.point is not None or certificate.better is not None:
        nearby = "" if problem.minimum == "global" else " nearby"
        asked.append(prose(f"that no parameters{nearby} have a lower loss on the same data"))
    conditions_speak_of = legend(problem)
    return worded(
        "No {whole}parameters of the network {network} and no {whole}dataset of {size} satisfy {asked}"
        "{fixed}{slopes}. Here {L} is the {loss}{letters}; {convention}.{every}",
        whole=whole,
        network=str(problem.network),
        size=size(problem),
        asked=join(asked) if asked else "a gradient",
        fixed=_fixed(problem),
        slopes=_SLOPES.get(problem.derivative_at_kink, ""),
        L=_L,
        loss=problem.model.loss.words,
        letters=prose(", ", conditions_speak_of) if conditions_speak_of else "",
        convention=convention_line(problem),
        every=" The same holds for every other number of samples." if every else "",
    )


def consequences(problem: Problem) -> Prose:
    """What a proof uses of a spurious minimum, in a sentence or two."""
    shapes, of = problem.network.shapes, partial(_gradient, problem)
    known = [
        prose(row(of(name, (0,) * len(shapes[name])), EQUALS, tree.ZERO))
        if prod(shapes[name]) == 1
        else prose(row(of(name, None), EQUALS, tree.ZERO), " in every entry")
        for name in zero_gradients(problem)
    ]
    known += conditions(necessary(problem))[len(problem.where) :]
    return worded(
        "Of such parameters it is known that {known} (docs/theory/spurious.md proves it). So it suffices "
        "to show that nothing satisfies this and all else.",
        known=join(known) if known else "the loss is lower elsewhere",
    )


def _holds_for_any(problem: Problem, certificate: Certificate) -> bool:
    return sufficient_samples(problem) is not None and every_samples(problem, certificate)


def _gradient(problem: Problem, name: str, index: Index | None) -> tree.Node:
    if index is None:
        return derivative(_L, quantity(problem.network, name[0], name[1:]))
    return Polynomials(problem).derivative(entry(name, index))


def _fixed(problem: Problem) -> Prose:
    """Given values and bounds."""
    first, *more = [join(said) for said in ([*given(problem)], [*bounds(problem)]) if said] or [()]
    return prose(", where " if first else "", first, *(prose(" and ", said) for said in more))


def notation(problem: Problem, kinds: Collection[Kind], used: Collection[str]) -> Iterator[Prose]:
    """Paragraphs that say what the letters of the proof stand for.

    Args:
        kinds: of the parts of the certificate.
        used: the labels of the facts that it uses.
    """
    if {*kinds} == {"calculation"}:
        yield prose(
            "All parameters and data are given, so that every gradient is one number, which the chain rule "
            f"{_GIVES[unfit(problem) is None]} Samples and units are counted from 0."
        )
        return
    yield _scaled(problem)
    if "dataset" in kinds or "moments" in kinds:
        yield letters(problem, whole="dataset" in kinds)
    if "moments" in kinds:
        yield _moments(problem)
        if problem.asks_of_x or signs_of_adjoints(problem):
            yield _of_a_sample(problem)
    yield from reasons(problem, used)
    if any(label.startswith("l[") for label in used):
        yield _of_losses(problem)
    if any("t[" in label for label in used):
        of = "absolute values, greatest values and quotients in the conditions"
        yield prose(Polynomials(problem).variable(entry("t", (0,))), f" and its like stand for {of}.")


def _of_losses(problem: Problem) -> Prose:
    """What the loss of an output is."""
    network, loss = problem.network, problem.model.loss
    k = ("k",) if network.outputs > 1 and loss.by_output else ()
    value, r, y_hat, y = (quantity(network, letter, at=("m", *k)) for letter in ("l", "r", "ŷ", "y"))
    text = prose(value, " is the share of sample ", _m, " in the loss")
    text += prose(" at output ", tree.Letter("k")) if k else ()
    if not loss.of_residuals:
        return prose(text, ".")
    residual = row(r, EQUALS, y_hat, LESS, y)
    return prose(text, ": it is 0 where ", residual, " is, and nowhere else.")


def _scaled(problem: Problem) -> Prose:
    """What stands for the loss: a multiple, of which gradients have no factor."""
    outputs, loss = problem.network.outputs, problem.model.loss
    constant = Fraction(loss.constant)
    count: list[tree.Node] = [_M, _K] if loss.over_outputs and outputs > 1 else [_M]
    numerator, denominator = (tree.Digits(str(n)) for n in (constant.denominator, constant.numerator))
    factors = [*([numerator] if constant.denominator != 1 else []), *(count if loss.averages else [])]
    multiple = row(*beside(*factors)) if factors else tree.Digits("1")
    if constant.numerator != 1:
        multiple = tree.Quotient(multiple, denominator, slash=True)
    if constant == 1 and not loss.averages:
        return prose("Samples and units are counted from 0.")
    return worded(
        "From here on {L} stands for {sum}{multiple} times the {loss} ({M} samples{outputs}): the signs of "
        "gradients are the same. Samples and units are counted from 0.",
        L=_L,
        sum="half the sum of the squared residuals, which is " if loss.least_squares else "",
        multiple=multiple,
        loss=loss.words,
        M=_M,
        outputs=prose(" and ", _K, f" = {outputs} outputs") if outputs > 1 else "",
    )


def _moments(problem: Problem) -> Prose:
    network = problem.network
    name = partial(quantity, network)
    units = units_with_sides(network, problem.derivative_at_kink)
    k = ("k",) if network.outputs > 1 else ()
    d = ("d",) if network.inputs > 1 else ()
    letter = "r" if problem.model.loss.least_squares else "g"
    r, x, over = name(letter, at=("m", *k)), name("x", at=("m", *d)), tree.Sigma(_m)
    total = row(name("S", "T", k), EQUALS, over, r)
    first = row(name("V", "T", (*k, *d)), EQUALS, over, *beside(r, x))
    if not units:
        start = "The network is affine in its input, so gradients are linear in the sums "
        return prose(start, total, " and ", first, ".")
    digits: list[Prose] = []
    for (layer, unit), choices in units.items():
        if unit == 0:
            i = ("i",) * (network.layers[layer - 1].units > 1)
            alone = len({n for n, _ in units}) == 1 and not is_scalar(network)
            z = name("z", "" if alone else layer, i)
            each = (prose(f"{n} where ", interval(side, z)) for n, side in enumerate(choices))
            digits += [("; ",), join(each)]
    of_each = "a digit" if len(units) == 1 else "digits, one for each unit in order"
    return worded(
        "The activation pattern {T} of a sample is written as {digits}. Within a pattern the network is "
        "affine in its input, so gradients are linear in the moments {total} and {first}, summed over the "
        "samples {m} of pattern {T}.",
        digits=prose(f"{of_each}: ", *digits[1:]),
        total=total,
        first=first,
        m=_m,
        T=_T,
    )


def _of_a_sample(problem: Problem) -> Prose:
    """What moments say of the sample of a pattern, and of their number."""
    name = partial(quantity, problem.network)
    letter = "r" if problem.model.loss.least_squares else "g"
    return worded(
        "{x} is one of the samples of pattern {T}, {r} its {what}, and {n} the number of them.",
        x=name("x", "T"),
        T=_T,
        r=name(letter, "T"),
        what="residual" if letter == "r" else "adjoint",
        n=name("n", "T"),
    )


def enough(problem: Problem, certificate: Certificate) -> Prose | None:
    """Why the parts of the proof are enough for what is asked; None where that needs no words."""
    if any(part.samples is None for part in certificate.parts):
        return None
    numbers = sorted(part.samples for part in certificate.parts if part.samples is not None)
    wanted, bound = problem.samples, sufficient_samples(problem)
    each = wanted.most is not None and {*range(wanted.least, wanted.most + 1)} <= {*numbers}
    if each and not _holds_for_any(problem, certificate):
        return None
    so = prose("So it is enough to consider ", _samples(numbers[-1]))
    entries = asked_entries(problem)
    split = signs_of_adjoints(problem) or bound not in (None, max(1, entries))
    if bound is not None and numbers[-1] >= bound and split:
        return worded(
            "The question names {entries} of parameter gradients, to which each sample adds a vector. If "
            "some dataset answers it, so do at most {bound} of its samples with positive multiples of their "
            "residuals (Carathéodory's theorem), which change no sign of an input gradient. And a sample can "
            "be split into copies that share its residuals. {so}, whatever the number of samples.",
            entries="1 entry" if entries == 1 else f"{entries} entries",
            bound=str(bound),
            so=so,
        )
    if bound is not None and numbers[-1] >= bound:
        return worded(
            "The question names {entries} of gradients, which are linear in the residuals. If some dataset "
            "answers it, so do at most {bound} of its samples with other residuals: of the vectors that the "
            "residuals multiply, those of a basis are enough. And a dataset can be padded with copies of its "
            "inputs whose residuals are 0. {inputs}{so}, whatever the number of samples.",
            entries="1 entry" if bound == 1 else f"{bound} entries",
            bound=str(bound),
            inputs="Input gradients stay 0. " if problem.asks_of_x else "",
            so=so,
        )
    padded = "can be padded with copies of its inputs whose residuals are 0. "
    if split:
        padded = "can be enlarged: a sample is split into copies that share its residuals. "
    return prose(f"A dataset that answers the question {padded}", so, ".")


def about(samples: int | None) -> Prose:
    """What a part of the proof is about."""
    if samples is not None:
        return prose("Let ", _samples(samples), ".")
    return prose("Let ", _M, " be any number of samples.")


def _samples(number: int) -> tree.Node:
    return row(_M, EQUALS, tree.Digits(str(number)))
