"""Why it works, in words read off the witness: terms that cancel, and samples that do not reach a layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from zerograd.core.model.places import some_on_kink
from zerograd.core.model.references import parse_reference
from zerograd.core.numbers.real import sign
from zerograd.core.question.vocabulary import RELATIONS, Relation
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.document.blocks import Block, Formula, Paragraph, Prose, heading, join, paragraph
from zerograd.document.formula import inline
from zerograd.explaining.sums import GradientSum, Sums
from zerograd.show.elsewhere import SHOWN, where_text
from zerograd.show.enclosed import sentences as enclosed_sentences
from zerograd.show.instead import instead
from zerograd.show.say.derivation.backward import Place
from zerograd.show.say.derivation.names import Names
from zerograd.show.say.derivation.selection import Selection
from zerograd.show.smallest import generic_text, smallest_sentence
from zerograd.show.why import Why
from zerograd.show.words import count, samples_text

_MINUS = re.compile(r"-(?=\d)")
_MOST_UNITS = 4
"""Units that are said to hold something back."""
_MOST_CAUSES = 8
"""Causes of zeros in inputs' gradients that are told."""


def reasons(answer: Sat, names: Names, shown: Selection, all_sums: Sums) -> Iterator[Block]:
    """Explain how the gradients that are asked for come to vanish, and the others do not."""
    problem, witness = answer.problem, answer.witness
    if isinstance(witness, EnclosedWitness):
        yield heading("Why it exists")
        if not witness.unknowns:
            yield paragraph("Nothing had to be solved: its numbers are exact; gradients are enclosed.")
        for sentence in enclosed_sentences(witness):
            yield paragraph(f"{sentence}.")
        return
    sums = {
        (name, index): all_sums.of(name, index)
        for name, entries in shown.gradients.items()
        for index in entries
        if name != "x"
    }
    zero = [place for place in problem.asked_entries(Relation.ZERO, witness.samples) if place in sums]
    other = [
        place
        for relation in RELATIONS
        if 0 not in relation.signs
        for place in problem.asked_entries(relation, witness.samples)
        if place in sums and sign(sums[place].value)
    ]
    why = Why(witness)
    paragraphs = [
        *_cancelled(answer, names, [sums[place] for place in zero]),
        *_term_by_term(why, names, [sums[place] for place in zero]),
        *_held_back(answer, names, list(dict.fromkeys(other)), sums, all_sums),
        *(_of_inputs(why, witness.samples, problem.network.inputs) if problem.asks_of_x else ()),
    ]
    if answer.fewer is not None:
        paragraphs.append(
            (
                "No smaller number of samples that the question allows will do: the answer carries ",
                "a certificate of that, which was checked.",
            )
        )
    if some_on_kink(problem.network, answer.witness.forward.z):
        paragraphs.append(
            (
                "A sample is on a kink, where the loss need not have a derivative: there the gradients are ",
                "what reverse mode makes of the slope that is taken.",
            )
        )
    paragraphs += _elsewhere(answer, names)
    if size := smallest_sentence(answer):
        paragraphs.append((_MINUS.sub("−", size),))
    if answer.generic == ():
        paragraphs.append((f"It is generic: {generic_text(answer)}.",))
    if paragraphs:
        yield heading("Why it works")
        yield from map(Paragraph, paragraphs)


def _elsewhere(answer: Sat, names: Names) -> Iterator[Prose]:
    """In which libraries something that is asked does not hold."""

    def gradient(named: str) -> Formula:
        reference = parse_reference(named)
        return Formula(inline(names.gradient(reference.name, reference.index)))

    for item in answer.elsewhere:
        clauses = list(instead(answer.problem, item.wrong, gradient))
        where = where_text(item)
        more = " among others" if len(clauses) > SHOWN else ""
        slopes = "other derivatives are returned at kinks, and with these"
        yield (f"{where[0].upper()}{where[1:]} {slopes} ", *join(clauses[:SHOWN]), f"{more}.")


def _cancelled(answer: Sat, names: Names, sums: Sequence[GradientSum]) -> Iterator[Prose]:
    """Sums that are 0 although some of their terms are not."""
    groups: dict[tuple[int, ...], list[Prose]] = {}
    for sum_ in sums:
        if sum_.carrying:
            groups.setdefault(sum_.carrying, []).append((_gradient(names, sum_),))
    if list(groups) == [tuple(range(answer.witness.samples))]:
        yield ("In ", *join(*groups.values()), " non-zero terms cancel.")
    elif groups:
        groups_of_terms: list[Prose] = [
            ("in ", *join(gradients), f" {_those(samples, answer.witness.samples)}")
            for samples, gradients in groups.items()
        ]
        parts = [part for prose in groups_of_terms for part in ("; ", *prose)][1:]
        yield ("Non-zero terms cancel: ", *parts, ".")


def _term_by_term(why: Why, names: Names, sums: Sequence[GradientSum]) -> Iterator[Prose]:
    """Sums whose every term is 0."""
    groups: dict[str, list[Prose]] = {}
    for sum_ in sums:
        if not sum_.carrying:
            groups.setdefault(why.entry(sum_.name, sum_.index), []).append((_gradient(names, sum_),))
    for because, gradients in groups.items():
        yield ("Every term of ", *join(gradients), f" is zero: {_MINUS.sub('−', because)}.")


def _held_back(
    answer: Sat,
    names: Names,
    places: Sequence[Place],
    sums: Mapping[Place, GradientSum],
    all_sums: Sums,
) -> Iterator[Prose]:
    """Sums that are not 0, where a slope of 0 keeps something out of them."""
    by_unit: dict[tuple[int, int], list[GradientSum]] = {}
    for name, index in places:
        by_unit.setdefault((int(name[1:]), index[0]), []).append(sums[name, index])
    run, samples = answer.witness.forward, answer.witness.samples
    told = 0
    for (layer, unit), entries in by_unit.items():
        passing = [values[unit] for values in run.derivatives[layer - 1].rows()]
        arriving = all_sums.arriving(layer, unit)
        held = [m for m in range(samples) if not passing[m] and sign(arriving[m])]
        passed = [m for m in range(samples) if passing[m] and sign(arriving[m])]
        if not held or not passed or told == _MOST_UNITS:
            continue
        told += 1
        gradients: list[Prose] = [(_gradient(names, sum_),) for sum_ in entries]
        what = " is a sum" if len(entries) == 1 else " are sums"
        end = ", and not zero" if len(passed) == 1 else ", which do not cancel"
        yield (
            f"On {samples_text(held, samples)} {_unit(names, layer, unit)} has slope 0 ",
            "and holds back what comes back to it. So ",
            *join(gradients),
            f"{what} over {samples_text(passed, samples)} alone{end}.",
        )


def _of_inputs(why: Why, samples: int, inputs: int) -> Iterator[Prose]:
    """Why entries of ∂L/∂x are 0."""
    told = list(why.of_inputs())
    for entries, because in told[:_MOST_CAUSES]:
        which = (
            "is zero"
            if entries == samples * inputs
            else f"is zero in {entries} of {samples * inputs} entries"
        )
        yield (f"The gradient by the input {which}: {_MINUS.sub('−', because)}.",)
    if len(told) > _MOST_CAUSES:
        yield (f"There are {count(len(told) - _MOST_CAUSES, 'more cause')} of zeros in it.",)


def _those(samples: Sequence[int], of: int) -> str:
    return "all of them" if len(samples) == of else f"those of {samples_text(samples, of)}"


def _gradient(names: Names, sum_: GradientSum) -> Formula:
    return Formula(inline(names.gradient(sum_.name, sum_.index)))


def _unit(names: Names, layer: int, unit: int) -> str:
    depth = names.network.depth
    which = "the unit" if names.network.widths[layer] == 1 else f"unit {unit}"
    if layer == depth:
        return which.replace("unit", "output")
    return f"{which} of layer {layer}" if depth > 2 or names.network.widths[layer] > 1 else which


def _every(answer: Sat) -> str:
    return "every sample" if answer.witness.samples > 1 else "the sample"
