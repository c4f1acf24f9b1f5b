"""What each sample adds to a gradient entry, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from zerograd.core.arrays import Array, Index
from zerograd.core.backprop import Forward, backward
from zerograd.core.exact import Exact, narrow, sign
from zerograd.core.references import resolve
from zerograd.core.vocabulary import RELATIONS
from zerograd.core.witness import Witness

T = TypeVar("T")

Entry = tuple[str, Index]

MOST_STEPS = 3_000_000
"""Samples times parameters for which every sample's contribution is computed."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """One gradient entry as a sum over samples.

    Attributes:
        name, index: of the entry.
        asked: the relations under which the question names it.
        shares: what each of the samples adds that are shown one by one.
        others: what the rest adds, in parts that are not told apart: (positive, negative), or the
            one sum of all if they were too many for more. Empty if there is no rest.
        total: the gradient. All shares and others sum to it.
    """

    name: str
    index: Index
    asked: tuple[str, ...]
    shares: tuple[Exact, ...]
    others: tuple[Exact, ...]
    total: Exact


@dataclass(frozen=True, slots=True)
class Table:
    """Gradient entries by samples.

    Attributes:
        samples: those that are shown one by one, in order; ``rest`` is how many are not.
        rows: an entry each.
        left_out: how many entries are not shown, of parameters and of what was asked for of inputs.
        net: whether ``others`` are net sums.
    """

    samples: tuple[int, ...]
    rest: int
    rows: tuple[Contributions, ...]
    left_out: int
    net: bool


def sample_gradients(witness: Witness, sample: int) -> dict[str, Array[Exact]]:
    """One sample's summand of ∂L/∂ of every parameter: the gradients if all other residuals were 0."""
    run = witness.forward
    alone: Forward[Exact] = Forward(
        _row(run.x, sample),
        tuple(_row(z, sample) for z in run.z),
        tuple(_row(a, sample) for a in run.a),
        tuple(_row(s, sample) for s in run.slopes),
        _row(run.residuals, sample),
    )
    network = witness.problem.network
    share = Fraction(1, witness.samples)  # the mean over one sample is M times too large
    gradients = backward(network, witness.parameters, alone)
    return {name: gradients[name].map(lambda g: narrow(g * share)) for name in network.shapes}


def _row(array: Array[T], sample: int) -> Array[T]:
    width = array.shape[1]
    return Array((1, width), array.entries[sample * width : (sample + 1) * width])


def contributions(witness: Witness, *, most_entries: int = 12, most_samples: int = 12) -> Table:
    """The entries that were asked for, then those of other parameters, each as a sum over samples.

    Where there are more than ``most_samples``, those are shown that add most to an entry.
    """
    asked = _asked(witness)
    gradients = witness.gradients
    every = [(name, index) for name in witness.problem.network.shapes for index, _ in gradients[name].items()]
    parameters = len(every)
    every += [place for place in asked if place[0] == "x"]
    entries = _chosen(every, asked, most_entries)
    samples = witness.samples
    whole = samples <= most_samples or samples * parameters <= MOST_STEPS
    known: dict[int, list[Exact]] = {}
    for m in range(samples if whole else most_samples - 1):
        alone = sample_gradients(witness, m)
        known[m] = [
            alone[name][index] if name != "x" else gradients[name][index] if index[0] == m else 0
            for name, index in entries
        ]
    shown = list(known)
    if samples > most_samples and whole:
        shown = _largest(known, most_samples - 1)
    rows = []
    for number, (name, index) in enumerate(entries):
        shares = tuple(known[m][number] for m in shown)
        total = gradients[name][index]
        others: tuple[Exact, ...] = ()
        if not whole:
            others = (narrow(total - _sum(shares)),)
        elif len(shown) < samples:
            hidden = [values[number] for m, values in known.items() if m not in set(shown)]
            others = (
                _sum([v for v in hidden if sign(v) > 0]),
                _sum([v for v in hidden if sign(v) < 0]),
            )
        rows.append(Contributions(name, index, asked.get((name, index), ()), shares, others, total))
    left_out = len(every) - len(entries)
    return Table(tuple(shown), samples - len(shown), tuple(rows), left_out, not whole)


def _chosen(every: Sequence[Entry], asked: Mapping[Entry, object], most: int) -> list[Entry]:
    """Those that were asked for before others, in turn from each array."""
    turns: dict[str, int] = {}
    rank = {}
    for place in sorted(every, key=lambda place: place not in asked):
        turns[place[0]] = turns.get(place[0], 0) + 1
        rank[place] = (place not in asked, turns[place[0]])
    chosen = set(sorted(every, key=lambda place: rank[place])[:most])
    return sorted((place for place in every if place in chosen), key=lambda place: place not in asked)


def _largest(known: dict[int, list[Exact]], most: int) -> list[int]:
    """The samples with the largest share of an entry, in order. Floats do for the choice."""
    sizes = {m: [_size(v) for v in values] for m, values in known.items()}
    scales = [max(column) or 1.0 for column in zip(*sizes.values(), strict=True)]
    weight = {m: max(v / s for v, s in zip(row, scales, strict=True)) for m, row in sizes.items()}
    return sorted(sorted(weight, key=lambda m: -weight[m])[:most])


def _size(value: Exact) -> float:
    try:
        return abs(float(value))
    except OverflowError:
        return 1e308


def _sum(values: Sequence[Exact]) -> Exact:
    total: Exact = 0
    for value in values:
        total = total + value
    return narrow(total)


def _asked(witness: Witness) -> dict[Entry, tuple[str, ...]]:
    """The relations under which each entry is named."""
    problem = witness.problem
    found: dict[Entry, tuple[str, ...]] = {}
    for relation in RELATIONS:
        for reference in problem.query[relation]:
            for index in resolve(reference, witness.gradients[reference.name].shape):
                place = (reference.name, index)
                word = relation.replace("_", " ")
                if word not in found.get(place, ()):
                    found[place] = (*found.get(place, ()), word)
    return found
