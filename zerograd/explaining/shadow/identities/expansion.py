"""Entries written as sums of terms, expanded backwards through the graph."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import isfinite
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.identities.labels import ZERO, Integers, LabelDomain, Labels, Mask
from zerograd.explaining.shadow.identities.laws import BACKWARD, Law, law_of, words_of
from zerograd.explaining.shadow.identities.moves import MOVES, Parts, positions
from zerograd.explaining.shadow.identities.primitives import (
    Expression,
    compute,
    decides,
    origin_of,
    take_apart,
)
from zerograd.explaining.shadow.identities.terms import Products, Terms, collect, groups, join
from zerograd.explaining.tape.nodes import Node, Source

_SMALL = 2**20  # numerators and denominators that are kept as coefficients
_AT_ONCE = 2_000_000  # terms
_OF_ROW = 2_000_000  # terms that are handled for one row
_ALTOGETHER = 10_000_000  # terms that are handled in one expansion


_NOTHING = Terms(*np.zeros((4, 0), np.int64))


class Knowledge(Protocol):
    """What an expansion needs to know of the graph's values."""

    domain: LabelDomain
    products: Products

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""

    def labels(self, source: Source) -> Labels:
        """Return labels of a source's entries."""

    def nonzero(self, e: Expression, memo: dict[Expression, Any]) -> Tensor:
        """Return where an expression is certainly not zero."""


class Expansion:
    """One expansion of several sums. A row that needs too many terms is given up.

    Args:
        rows: how many sums.
        keeps_older: whether the older of two factors stays, that of the forward pass, where nothing else
            speaks for one of them.

    Attributes:
        waiting: terms by the node and output that they are of.
        laws: the nodes whose laws were used, in words, and for which rows.
        passed: layers that terms went through, and for which rows.
        cancelled: rows in which terms cancelled; others that are zero have no terms.
        decided: rows whose terms went through what the run decided: masks, indices.
        rest: terms that cannot be expanded further; their entry is among the factors.
    """

    def __init__(self, sums: Knowledge, rows: int, keeps_older: bool) -> None:
        self._sums, self._rows, self._keeps_older = sums, rows, keeps_older
        self.waiting: dict[tuple[int, int], list[Terms]] = {}
        self.nodes: dict[int, Node] = {}
        self.rest: list[Terms] = []
        self.laws: list[tuple[Node, str, Mask]] = []
        self.passed: list[tuple[Node, str, Mask]] = []
        self.cancelled, self.decided = np.zeros(rows, bool), np.zeros(rows, bool)
        self._left = _NOTHING
        self._given_up = np.zeros(rows, bool)
        self._work = np.zeros(rows, np.int64)
        self._memo: dict[Expression, Any] = {}
        self._bounds: dict[Expression, Any] = {}

    @property
    def zero(self) -> Mask:
        """Rows that are zero."""
        return ~self._given_up & ~self._mark(self._left.row)

    def run(self, source: Source, entries: Integers) -> None:
        """Expand entries of a source, each a row, until only what cannot be taken apart is left.

        Args:
            entries: flat positions.

        Raises:
            Cannot: there are too many products, or coefficients become too large.
        """
        rows = np.arange(len(entries), dtype=np.int64)
        self._wait(source, Terms(rows, entries, np.zeros_like(rows), np.ones_like(rows)))
        while self.waiting:
            number, output = max(self.waiting)
            terms = self._gather(self.waiting.pop((number, output)))
            node = self.nodes[number]
            words = words_of(node)
            before = self.cancelled.copy()
            law = law_of(node, output)
            if law is not None:
                terms = self._by_law(node, output, law, terms)
            if not len(terms):
                continue
            if words is not None and node.operation in BACKWARD:
                self.passed.append((node, words, self._mark(terms.row)))
                labels = self._sums.labels(Source(node, output)).reshape(-1).numpy()
                self._pass_even(node, output, terms.at(labels[terms.entry] == ZERO))
            parts = None if law is not None and law.total else take_apart(node)
            if decides(node, parts):
                self.decided |= self._mark(terms.row)
            part = parts[output] if parts is not None and output < len(parts) else None
            result = node.results[output]
            if part is None or torch.Size(part.shape).numel() != result.numel() or not _is_finite(node):
                self._keep(self._sums.labels(Source(node, output)), terms)
            else:
                self._take_apart(part, terms)
            if words is not None and node.operation not in BACKWARD:
                self.passed.append((node, words, self.cancelled & ~before))
        self._left, cancelled = collect(join(self.rest)) if self.rest else (_NOTHING, _NOTHING.row)
        self.cancelled |= self._mark(cancelled)

    def _gather(self, parts: list[Terms]) -> Terms:
        """Collect terms, without those of rows that were given up, and count the work."""
        terms, cancelled = collect(self._without(join(parts)))
        self.cancelled |= self._mark(cancelled)
        self._work += np.bincount(terms.row, minlength=self._rows)
        self._given_up |= self._work > _OF_ROW
        if self._work.sum() > _ALTOGETHER or self._sums.is_late:
            self._given_up |= self._mark(terms.row)
            for waiting in self.waiting.values():
                for part in waiting:
                    self._given_up |= self._mark(part.row)
        return self._without(terms)

    def _without(self, terms: Terms) -> Terms:
        return terms.at(~self._given_up[terms.row]) if self._given_up.any() else terms

    def _repeat(self, terms: Terms, times: int) -> Terms:
        """Return each term so many times; rows with most terms are given up where this is too much."""
        if len(terms) * times > _AT_ONCE:
            counts = np.bincount(terms.row, minlength=self._rows)
            order = np.argsort(counts, kind="stable")
            self._given_up[order[np.cumsum(counts[order]) * times > _AT_ONCE]] = True
            terms = self._without(terms)
        return terms.repeated(times)

    @property
    def work(self) -> int:
        """How many terms were handled."""
        return int(self._work.sum())

    def _mark(self, rows: Integers) -> Mask:
        marked = np.zeros(self._rows, bool)
        marked[rows] = True
        return marked

    def _keep(self, labels: Labels, terms: Terms) -> None:
        """Count terms as they are: their entries become factors, numbers small enough coefficients."""
        terms = self._times(terms, labels.reshape(-1).numpy().astype(np.int64)[terms.entry])
        self.rest.append(terms.of(np.zeros_like(terms.entry)))

    def _times(self, terms: Terms, labels: Integers, exponent: int = 1) -> Terms:
        """Return terms with one more factor each, without those that are 0."""
        if exponent > 0:
            weights, labels = self._sums.domain.split(labels)
            terms = terms.weighted(weights)
        kept = labels != ZERO
        factors = self._sums.products.times(terms.factors, labels, exponent)
        return terms.of(terms.entry, factors).at(kept)

    def _by_law(self, node: Node, output: int, law: Law, terms: Terms) -> Terms:
        """Replace complete groups with equal coefficients by their total; return what is left.

        Entries that are 0, as those where a mask closed a softmax, are in every group: no term is wanted.
        """
        zero = self._sums.labels(Source(node, output)).reshape(-1).numpy() == ZERO
        zeros, terms = terms.at(zero[terms.entry]), terms.at(~zero[terms.entry])
        if not len(terms):
            return zeros
        wanted = law.size - np.bincount(law.groups[zero], minlength=int(law.groups.max()) + 1)
        group = law.groups[terms.entry]
        order, starts = groups(terms.row, terms.factors, group)
        sizes = np.diff(np.append(starts, len(order)))
        coefficients = terms.coefficient[order]
        equal = np.minimum.reduceat(coefficients, starts) == np.maximum.reduceat(coefficients, starts)
        its_group = group[order[starts]]
        complete = equal & (sizes == wanted[its_group]) & law.holds[its_group]
        if not complete.any():
            return join([terms, zeros])
        first = order[starts][complete]
        rows = self._mark(terms.row[first])
        self.laws.append((node, law.words, rows))
        self.cancelled |= rows
        if law.total:
            self.rest.append(terms.at(first, np.zeros_like(first)))
        gone = np.zeros(len(terms), bool)
        gone[order] = np.repeat(complete, sizes)
        return join([terms.at(~gone), zeros])

    # one node
    def _take_apart(self, part: Expression, terms: Terms) -> None:
        waiting: dict[Expression, list[Terms]] = defaultdict(list)
        waiting[part].append(terms)
        while waiting:
            e = max(waiting, key=lambda each: each.order)
            there = self._gather(waiting.pop(e))
            if not len(there):
                continue
            if e.kind == "source":
                self._wait(e.extra, there)
                continue
            parts = self._step(e, there)
            if parts is None:
                self._keep(self._label(e), there)
            for argument, its_terms in parts or ():
                waiting[argument].append(its_terms)

    def _step(self, e: Expression, terms: Terms) -> Parts | None:
        """Return terms of the arguments that equal those of an expression; None where there are none."""
        match e.kind:
            case "sum":
                return self._sum(e, terms)
            case "scale":
                return self._scale(e, terms)
            case "constant":
                return self._constant(e, terms)
            case "mul":
                return self._mul(e, terms)
            case "matmul":
                return self._matmul(e, terms)
            case "div":
                return self._div(e, terms)
        move = MOVES.get(e.kind)
        return None if move is None else move(e, terms)

    def _wait(self, source: Source, terms: Terms) -> None:
        if not source.is_float:
            self._keep(self._sums.labels(source), terms)
            return
        places = origin_of(source).reshape(-1).numpy()
        key = (source.node.number, source.output)
        self.nodes[source.node.number] = source.node
        self.waiting.setdefault(key, []).append(terms.of(places[terms.entry]))

    def _label(self, e: Expression) -> Labels:
        try:
            labels: Labels = compute(self._sums.domain, e, self._sums.labels, self._memo)
        except Cannot:
            labels = self._memo[e] = self._sums.domain.fresh(e.shape)
        return labels.expand(e.shape)

    def _sum(self, e: Expression, terms: Terms) -> Parts | None:
        """Σ: all entries that were added."""
        (v,), dims = e.arguments, e.extra[0]
        rest = [d for d in range(len(v.shape)) if d not in dims]
        places = (
            np.arange(torch.Size(v.shape).numel(), dtype=np.int64).reshape(v.shape).transpose(*rest, *dims)
        )
        places = places.reshape(torch.Size(e.shape).numel(), -1)
        many = self._repeat(terms, places.shape[1])
        k = np.tile(np.arange(places.shape[1]), len(many) // max(1, places.shape[1]))
        return [(v, many.of(places[many.entry, k]))]

    def _scale(self, e: Expression, terms: Terms) -> Parts | None:
        """Expand a · number: simple ones are coefficients, others factors."""
        if isinstance(e.extra, float) and not isfinite(e.extra):
            return None
        number = Fraction(e.extra)
        if not number:
            return []
        if max(abs(number.numerator), number.denominator) <= _SMALL:
            return [(e.arguments[0], terms.times(number.numerator, number.denominator))]
        label = np.full(len(terms), self._sums.domain.number(number), np.int64)
        return [(e.arguments[0], self._times(terms, label))]

    def _constant(self, e: Expression, terms: Terms) -> Parts | None:
        """Numbers: simple ones are coefficients of 1."""
        if isinstance(e.extra, float) and not isfinite(e.extra):
            return None
        number = Fraction(e.extra)
        if max(abs(number.numerator), number.denominator) > _SMALL:
            return None
        if number:
            there = terms.of(np.zeros_like(terms.entry))
            self.rest.append(there.times(number.numerator, number.denominator))
        return []

    def _mul(self, e: Expression, terms: Terms) -> Parts | None:
        """Expand a · b: one side stays, the other becomes a factor."""
        a, b = e.arguments
        at_a, at_b = (positions(each.shape, e.shape)[terms.entry] for each in (a, b))
        return self._product(e, terms, at_a, at_b)

    def _matmul(self, e: Expression, terms: Terms) -> Parts | None:
        """Expand Σₖ aᵢₖ bₖⱼ: of each product one side stays."""
        a, b = e.arguments
        inner, (rows, columns) = a.shape[-1], e.shape[-2:]

        def lines(entry: Integers) -> tuple[Integers, Integers]:
            """Return which row of a and which column of b, of all the matrices, an entry needs."""
            batch, i, j = entry // (rows * columns), entry // columns % rows, entry % columns
            batch_a, batch_b = (positions(each.shape[:-2], e.shape[:-2])[batch] for each in (a, b))
            return batch_a * rows + i, batch_b * columns + j

        row, column = lines(terms.entry)
        there_a = (self._label(a).flatten(0, -2) != ZERO).any(-1).numpy()
        there_b = (self._label(b).transpose(-1, -2).flatten(0, -2) != ZERO).any(-1).numpy()
        there = there_a[row] & there_b[column]
        # rows and columns of zeros, of which there may be many; their first entries stand for them
        self._pass_zeros(a, terms.at(~there_a[row], (row * inner)[~there_a[row]]))
        first = column // columns * inner * columns + column % columns
        self._pass_zeros(b, terms.at(~there_b[column], first[~there_b[column]]))
        many = self._repeat(terms.at(there), inner)
        k = np.tile(np.arange(inner), len(many) // max(1, inner))
        row, column = lines(many.entry)
        at_a = row * inner + k
        at_b = (column // columns * inner + k) * columns + column % columns
        return self._product(e, many, at_a, at_b)

    def _product(self, e: Expression, terms: Terms, at_a: Integers, at_b: Integers) -> Parts | None:
        """Make one side of products a factor.

        That is, row by row, the side with fewer different entries, or else what `_is_factor` says.
        """
        a, b = e.arguments
        label_a = self._label(a).reshape(-1).numpy().astype(np.int64)[at_a]
        label_b = self._label(b).reshape(-1).numpy().astype(np.int64)[at_b]
        there = (label_a != ZERO) & (label_b != ZERO)
        for each, at, label in ((a, at_a, label_a), (b, at_b, label_b)):
            self._pass_zeros(each, terms.at(label == ZERO, at[label == ZERO]))
        terms, label_a, label_b = terms.at(there), label_a[there], label_b[there]
        at_a, at_b = at_a[there], at_b[there]
        count_a, count_b = self._count(terms, label_a), self._count(terms, label_b)
        keep_a = (count_b < count_a) | ((count_a == count_b) & self._is_factor(b, a))
        of_a = keep_a[terms.row]
        of_b = ~of_a
        return [
            (a, self._times(terms.at(of_a, at_a[of_a]), label_b[of_a])),
            (b, self._times(terms.at(of_b, at_b[of_b]), label_a[of_b])),
        ]

    def _is_factor(self, a: Expression, b: Expression) -> bool:
        """Whether of two factors with equally many entries the first should stay: numbers, else the older."""
        if _is_leaf(a) or _is_leaf(b):
            return _is_leaf(a)
        return (a.age < b.age) is self._keeps_older

    def _pass_zeros(self, e: Expression, terms: Terms) -> None:
        """Note the layer whose results were seen to be 0 without expanding them."""
        if e.kind == "source" and len(terms) and e.extra.node.operation in BACKWARD:
            places = origin_of(e.extra).reshape(-1).numpy()
            self._pass_even(e.extra.node, e.extra.output, terms.of(places[terms.entry]))

    def _pass_even(self, node: Node, output: int, terms: Terms) -> None:
        """Note a layer whose gradient is 0 because what comes back is one number in each group.

        The table's rule says so at once. Where what comes back is 0, the layer is not the reason.
        """
        words, back = words_of(node), self._sums.labels(node.arguments[0]).reshape(-1).numpy() != ZERO
        there = back[terms.entry] if output == 0 else np.full(len(terms), back.any())
        if words is not None:
            rows = self._mark(terms.row[there])
            self.passed.append((node, words, rows))
            self.cancelled |= rows

    def _count(self, terms: Terms, labels: Integers) -> Integers:
        """Return how many different products each row would have with one more factor for each term."""
        order, starts = groups(terms.row, terms.factors, labels)
        return np.bincount(terms.row[order[starts]], minlength=self._rows).astype(np.int64)

    def _div(self, e: Expression, terms: Terms) -> Parts | None:
        """Expand a / b: 1/b becomes a factor, where b is certainly not zero."""
        a, b = e.arguments
        at_a, at_b = (positions(each.shape, e.shape)[terms.entry] for each in (a, b))
        try:
            nonzero = self._sums.nonzero(b, self._bounds).reshape(-1).numpy()
        except Cannot:
            return None
        if not nonzero[at_b].all():
            return None
        labels = self._label(b).reshape(-1).numpy().astype(np.int64)[at_b]
        return [(a, self._times(terms, labels, -1).of(at_a))]


def _is_leaf(e: Expression) -> bool:
    return e.kind in ("leaf", "constant") or (e.kind == "source" and e.extra.node.operation == "leaf")


def _is_finite(node: Node) -> bool:
    return all(bool(r.isfinite().all()) for r in node.results if isinstance(r, Tensor))
