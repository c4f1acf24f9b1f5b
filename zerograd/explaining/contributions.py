"""What each sample adds to a gradient entry: exactly, or the middle of what encloses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.exact import Exact, compare, narrow, sign
from zerograd.core.numbers.real import middle
from zerograd.core.verdict.witness import Witness
from zerograd.explaining.sums import Sums

Entry = tuple[str, Index]


@dataclass(frozen=True, slots=True)
class Contributions:
    """One gradient entry as a sum over samples.

    Attributes:
        name, index: of the entry.
        asked: the relations under which the question names it.
        shares: what each of the samples adds that are shown one by one.
        others: what the rest adds, not told apart: (positive, negative). Empty if there is no rest.
        total: the gradient. All shares and others sum to it.
    """

    name: str
    index: Index
    asked: tuple[str, ...]
    shares: tuple[Exact, ...]
    others: tuple[Exact, ...]
    total: Exact

    @property
    def reach(self) -> Exact:
        """The larger of what is added to the entry and what is taken away."""
        parts = (*self.shares, *self.others)
        up, down = _sum(v for v in parts if sign(v) > 0), _sum(-v for v in parts if sign(v) < 0)
        return max(up, down, key=cmp_to_key(compare))


@dataclass(frozen=True, slots=True)
class Table:
    """Gradient entries by samples.

    Attributes:
        samples: those that are shown one by one, in order; ``rest`` is how many are not.
        rows: an entry each.
        left_out: how many entries are not shown, of parameters and of what was asked for of inputs.
    """

    samples: tuple[int, ...]
    rest: int
    rows: tuple[Contributions, ...]
    left_out: int


def contributions(witness: Witness, *, most_entries: int = 12, most_samples: int = 12) -> Table:
    """The entries that were asked for, then those of other parameters, each as a sum over samples.

    Where there are more than ``most_samples``, those are shown that add most to an entry.
    """
    asked = witness.problem.relations_asked(witness.samples)
    gradients = witness.gradients
    every = [(name, index) for name in witness.problem.network.shapes for index, _ in gradients[name].items()]
    every += [place for place in asked if place[0] == "x"]
    entries = _chosen(every, asked, most_entries)
    sums = Sums(witness)
    added = [_added(sums, name, index) for name, index in entries]
    samples = witness.samples
    shown = list(range(samples)) if samples <= most_samples else _largest(added, most_samples - 1)
    hidden = sorted(set(range(samples)) - set(shown))
    rows = []
    for (name, index), values in zip(entries, added, strict=True):
        rest = [values[m] for m in hidden]
        others = (_sum(v for v in rest if sign(v) > 0), _sum(v for v in rest if sign(v) < 0))
        shares = tuple(values[m] for m in shown)
        rows.append(
            Contributions(
                name,
                index,
                tuple(relation.words for relation in asked.get((name, index), ())),
                shares,
                others if hidden else (),
                middle(gradients[name][index]),
            )
        )
    return Table(tuple(shown), len(hidden), tuple(rows), len(every) - len(entries))


def _added(sums: Sums, name: str, index: Index) -> list[Exact]:
    """What each sample adds to a gradient entry; to one by an input, its own sample all."""
    worked = sums.of(name, index)
    if name == "x":
        return [middle(worked.value) if m == index[0] else 0 for m in range(sums.witness.samples)]
    return [narrow(middle(worked.factor * term)) for term in worked.evaluated]


def _chosen(every: Sequence[Entry], asked: Mapping[Entry, object], most: int) -> list[Entry]:
    """Those that were asked for before others, in turn from each array."""
    turns: dict[str, int] = {}
    rank = {}
    for place in sorted(every, key=lambda place: place not in asked):
        turns[place[0]] = turns.get(place[0], 0) + 1
        rank[place] = (place not in asked, turns[place[0]])
    chosen = set(sorted(every, key=lambda place: rank[place])[:most])
    return sorted((place for place in every if place in chosen), key=lambda place: place not in asked)


def _largest(added: Sequence[Sequence[Exact]], most: int) -> list[int]:
    """The samples with the largest share of an entry, in order. Floats do for the choice."""
    sizes = [[_size(v) for v in values] for values in added]
    scaled = [[size / (max(row) or 1.0) for size in row] for row in sizes]
    weight = [max(shares) for shares in zip(*scaled, strict=True)]
    return sorted(sorted(range(len(weight)), key=lambda m: -weight[m])[:most])


def _size(value: Exact) -> float:
    try:
        return abs(float(value))
    except OverflowError:
        return 1e308


def _sum(values: Iterable[Exact]) -> Exact:
    total: Any = sum(values)
    return narrow(total)
