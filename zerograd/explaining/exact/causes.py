"""Why gradient entries are zero at a point: causes with their places, samples, terms and other slopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from zerograd.core.model.backprop import Forward, backward
from zerograd.core.model.references import short_entry
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.exact import Exact, compare, narrow, sign
from zerograd.core.numbers.functions import Rational
from zerograd.explaining.exact.masks import bits
from zerograd.explaining.exact.narrowing import Narrowing, Part
from zerograd.explaining.exact.patterns import Patterns, Slot
from zerograd.explaining.exact.roots import Covers, Root, find_roots
from zerograd.explaining.explanation import Cause, Kind

MOST_TERMS = 9
_MOST_RUNS = 8
"""Runs of numbers that a place lists."""
_MOST_COMPARED = 32
"""Sums that are compared; of more, one is an example."""
_ORDER = {kind: i for i, kind in enumerate(Kind)}


class Causes:
    """Finds why entries are zero, for one gradient after another."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns, self._point = patterns, patterns.point
        self._roots = find_roots(patterns)
        self._covers = Covers(patterns, self._roots)
        self._narrowing = Narrowing(patterns)
        self._other: dict[tuple[Root, int], Mapping[str, Array[Exact]]] = {}

    def of(self, name: str, among: int | None = None) -> tuple[Cause, ...]:
        """Return why entries of a gradient are zero, what suffices alone first.

        Args:
            among: the entries that are asked about; all by default.
        """
        zeros = self._patterns.zeros[name]
        zeros = zeros if among is None else zeros & among
        told: list[tuple[Cause, int]] = []
        for numbers, entries in self._covers.cover(name, zeros) if zeros else ():
            cover = [self._roots[i] for i in numbers]
            for root, parts in zip(cover, self._narrowing.parts(cover, name, entries), strict=True):
                told += [
                    (self._cause(name, root, part, alone=len(cover) == 1), part.entries) for part in parts
                ]
        return tuple(sorted(_merged(told), key=lambda cause: (not cause.alone, _ORDER[cause.kind])))

    def _cause(self, name: str, root: Root, part: Part, *, alone: bool) -> Cause:
        where, details, samples = self._described(name, root, part)
        return Cause(
            root.kind,
            where,
            samples,
            part.entries.bit_count(),
            part.structural,
            alone and part.alone,
            samples is not None and len(samples) == self._patterns.count,
            details,
        )

    def _described(
        self, name: str, root: Root, part: Part
    ) -> tuple[str, dict[str, Any], tuple[int, ...] | None]:
        """Return the place of a part of a root, what is to be said of it, and the samples."""
        network, details, samples = self._patterns.network, self._units(root, part), part.samples
        match root.kind:
            case Kind.DEAD | Kind.SATURATED | Kind.AT_KINK:
                details["activation"] = str(network.layers[root.layer - 1].activation)
                if root.kind is Kind.AT_KINK:
                    details |= self._other_slope(name, root, part)
                return self._place(root.layer, part.units), details, samples
            case Kind.ZERO_WEIGHT:
                return self._place(root.layer - 1, part.units), {**details, "weight": root.name}, None
            case Kind.ZERO_FACTOR:
                details["factor"] = root.name
                if (name, root.name) in self._saddles:
                    details["both"] = True
                every = part.units is not None and len(part.units) == network.widths[root.layer]
                units, noun = () if every else part.units, "unit" if root.layer else "feature"
                return _with_parts(layer_name(network, max(root.layer, 1)), units, noun), details, samples
            case Kind.ZERO_ADJOINT:
                loss = self._point.model.loss
                return loss.words, {"why": "the residual is 0"} if loss.least_squares else {}, samples
            case _ if root.own:
                details |= self._own_terms(name, part)
                return self._place(root.layer, part.units), details, samples
            case _:
                return (
                    self._place(root.layer, part.units),
                    details | self._arriving_terms(root, part),
                    samples,
                )

    # places

    def _units(self, root: Root, part: Part) -> dict[str, Any]:
        layer = root.layer - 1 if root.kind is Kind.ZERO_WEIGHT else root.layer
        if root.kind is Kind.ZERO_ADJOINT:
            return {}
        if part.units is None:  # each off on samples of its own
            return {"of": self._patterns.widths[layer]}
        return {"units": part.units, "of": self._patterns.widths[layer]}

    def _place(self, layer: int, units: Sequence[int] | None) -> str:
        if layer == 0:
            return _with_parts("x", units, "feature")
        return _with_parts(layer_name(self._patterns.network, layer), units, "unit")

    # saddles

    @cached_property
    def _saddles(self) -> set[tuple[str, str]]:
        """Return pairs of parameters of which each makes all of the other's gradient zero."""
        zeros, works = self._patterns.zeros, set()
        for number, root in enumerate(self._roots):
            for name in self._patterns.names if not root.derived and root.name in zeros else ():
                whole = zeros[name].bit_count() == len(self._point.gradients[name].entries)
                if name != root.name and whole and zeros[name] == self._covers.alone((number,), name):
                    works.add((name, root.name))
        return {(a, b) for a, b in works if (b, a) in works}

    # the other slope

    def _other_slope(self, name: str, root: Root, part: Part) -> dict[str, Any]:
        """Return the slopes beside a kink that are not taken, with side and largest entry."""
        slopes = self._patterns.network.layers[root.layer - 1].activation.slopes_beside_kinks
        known: list[dict[str, Any]] = []
        for number, slope in enumerate(slopes):
            entries = self._with_slope(root, number)[name]
            largest = max(bits(part.entries), key=lambda i: _Size(entries.entries[i]))
            details: dict[str, Any] = {
                "other_slope": slope,
                "other_gradient": narrow(entries.entries[largest]),
            }
            details |= {"other_side": side} if (side := self._side(root, slope)) else {}
            if details["other_gradient"]:
                index = list(indices(entries.shape))[largest]
                details["other_entry"] = short_entry(name, index, entries.shape)
            known.append(details)
        if len(known) == 1:
            return known[0]
        return {key: tuple(details.get(key, "") for details in known) for key in {**known[0], **known[-1]}}

    def _side(self, root: Root, slope: Rational) -> str:
        """Return on which side of its kinks a slope is, where that is the same at all that are closed."""
        activation = self._patterns.network.layers[root.layer - 1].activation
        rows = self._point.forward.z[root.layer - 1].rows()
        kinks = {
            activation.locate(rows[m][unit])[0]
            for c, mask in enumerate(root.closed[Slot.GATE, root.layer])
            for unit in bits(mask)
            for m in self._patterns.classes[c]
        }
        sides = {
            "left" if left == slope else "right"
            for left, right in (activation.slopes_at_kinks[number] for number in kinks)
            if slope in (left, right)
        }
        return sides.pop() if len(sides) == 1 else ""

    def _with_slope(self, root: Root, side: int) -> Mapping[str, Array[Exact]]:
        """Return all gradients with another slope on the kinks of a layer; values stay as they are."""
        if (root, side) not in self._other:
            point, run, number = self._point, self._point.forward, root.layer
            other = self._patterns.network.layers[number - 1].activation.slopes_beside_kinks[side]
            rows = [list(row) for row in run.derivatives[number - 1].rows()]
            for c, mask in enumerate(root.closed[Slot.GATE, number]):
                for unit in bits(mask):
                    for m in self._patterns.classes[c]:
                        rows[m][unit] = other
            derivatives = list(run.derivatives)
            derivatives[number - 1] = Array.of(rows, self._patterns.widths[number])
            changed: Forward[Exact] = replace(run, derivatives=tuple(derivatives))
            factor = point.model.loss.factor(*point.y.shape)
            self._other[root, side] = backward(
                point.model.network, point.parameters, changed, point.adjoint, factor
            )
        return self._other[root, side]

    # what cancels

    def _own_terms(self, name: str, part: Part) -> dict[str, Any]:
        """Return the terms of the first entry of a part: those of each sample, or of each unit for x."""
        places = list(indices(self._point.gradients[name].shape))
        entries = [places[entry] for entry in bits(part.entries)]
        known = [self._terms_of(name, index) for index in entries[:_MOST_COMPARED]]
        over = "units" if name == "x" else "samples"
        shape = self._point.gradients[name].shape
        return _terms(known, over, len(entries), short_entry(name, entries[0], shape))

    def _terms_of(self, name: str, index: Index) -> list[Any]:
        """Return the terms of a gradient entry."""
        point, (unit, *column) = self._point, index
        factor: Fraction = point.model.loss.factor(*point.y.shape)
        if name == "x":
            weights = [row[column[0]] for row in point.parameters["w1"].rows()]
            return [factor * w * d for w, d in zip(weights, self._delta(1, unit), strict=True)]
        number = int(name[1:])
        below = point.x if number == 1 else point.forward.a[number - 2]
        factors: list[Any] = [1] * self._patterns.count
        if name[0] == "w":
            factors = list(below.entries[column[0] :: below.shape[1]])
        delta = point.adjoints[number - 1].delta
        column_of_delta = delta.entries[unit :: delta.shape[1]]
        return [factor * d * a for d, a in zip(column_of_delta, factors, strict=True)]

    def _arriving_terms(self, root: Root, part: Part) -> dict[str, Any]:
        """Return the terms that cancel at the first unit and sample of a part, one for each unit above."""
        if not part.units or not part.samples:
            return {}
        point = self._point
        rows = list(point.parameters[f"w{root.layer + 1}"].rows())
        factor = point.model.loss.factor(*point.y.shape)
        places = [(unit, sample) for sample in part.samples for unit in part.units]
        known = [
            [factor * d * row[unit] for d, row in zip(self._delta(root.layer + 1, sample), rows, strict=True)]
            for unit, sample in places[:_MOST_COMPARED]
        ]
        return _terms(known, "units", len(places), f"at unit {part.units[0]} on sample {part.samples[0]}")

    def _delta(self, layer: int, sample: int) -> list[Exact]:
        width = self._patterns.widths[layer]
        return list(self._point.adjoints[layer - 1].delta.entries[sample * width : (sample + 1) * width])


class _Size:
    """Orders exact numbers by their absolute values."""

    def __init__(self, value: Exact) -> None:
        self.value: Exact = -value if sign(value) < 0 else value

    def __lt__(self, other: _Size) -> bool:
        return compare(self.value, other.value) < 0


def layer_name(network: Any, number: int) -> str:
    """``layer 1 (relu)``."""
    return f"layer {number} ({network.layers[number - 1].activation})"


def _terms(sums: Sequence[Sequence[Any]], over: str, of: int, first: str) -> dict[str, Any]:
    """Return what is to be said of the first of some sums, and where it is if it does not stand for all.

    Args:
        sums: the terms of each, or of the first ones.
        of: how many sums there are.
        first: where the first one is.
    """
    terms = sums[0]
    there = [n for n, term in enumerate(terms) if sign(term)]
    shown = there[:MOST_TERMS]
    numbers = tuple(narrow(terms[n]) for n in shown)
    known: dict[str, Any] = {"terms": numbers, "over": over, "from": tuple(shown)}
    if rest := [terms[n] for n in there[MOST_TERMS:]]:
        known["more"] = {"terms": len(rest), "sum": narrow(sum(rest[1:], rest[0]))}
    alike = all(_is_same(a, b) for other in sums for a, b in zip(terms, other, strict=True))
    return known if alike and len(sums) == of else {**known, "example": first}


def _is_same(a: Exact, b: Exact) -> bool:
    """Whether two numbers are plainly the same; that irrational ones are can take long to find out."""
    rational = isinstance(a, int | Fraction) and isinstance(b, int | Fraction)
    return a == b if rational else a is b


def _with_parts(place: str, units: Sequence[int] | None, noun: str) -> str:
    """Return a place with the numbers of the units there: ``layer 1 (relu), units 0–3, 7``."""
    if not units:
        return place
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][-1] + 1:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    if len(runs) > _MOST_RUNS:
        return place
    texts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"{place}, {noun}{'s' * (len(units) > 1)} {', '.join(texts)}"


def _merged(told: Sequence[tuple[Cause, int]]) -> Iterator[Cause]:
    """Join causes that are otherwise the same: entries count once."""
    merged: dict[Any, tuple[Cause, int]] = {}
    for cause, entries in told:
        key = (cause.kind, cause.where, cause.samples, cause.structural, cause.alone, repr(cause.details))
        known, before = merged.get(key, (cause, 0))
        merged[key] = replace(known, entries=(before | entries).bit_count()), before | entries
    return (cause for cause, _ in merged.values())
