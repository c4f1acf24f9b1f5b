"""Proofs that sums are zero for all values, by expanding them backwards through the graph."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from math import inf, isfinite
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.evaluation import Evaluation, cone
from zerograd.explaining.shadow.identities.labels import ZERO, Integers, LabelDomain, Labels
from zerograd.explaining.shadow.identities.laws import SOFTMAX, Law, forward_of, law_of, words_of
from zerograd.explaining.shadow.identities.primitives import Expression, compute, origin_of, take_apart
from zerograd.explaining.shadow.identities.terms import Products, Terms, collect, groups, join
from zerograd.explaining.tape.nodes import Node, Origin, Source, see

_ROWS = (*SOFTMAX, "_log_softmax")
_SMALL = 2**20  # numerators and denominators that are kept as coefficients
_AT_ONCE = 2_000_000  # terms
_OF_ROW = 2_000_000  # terms that are handled for one row
_ALTOGETHER = 10_000_000  # terms that are handled in one expansion


class Sums:
    """What is known of a graph's values for expanding sums; kept for several of them.

    Args:
        bounded: shows that denominators are not 0.
        any_data: whether inputs and targets are taken as any numbers, not as what they are in this run.

    Attributes:
        until: when to give up, by the monotonic clock.

    An entry is written as a sum of terms: coefficient · factors · entry of an earlier value. Going backwards, each
    value is replaced by what its operation computed it from; of a product one side becomes a factor. A sum is zero if
    all terms cancel, or are complete groups of an operation's law. Every replacement is an equation, so the order in
    which they are tried cannot make a wrong claim.
    """

    def __init__(self, bounded: Evaluation[Bounded], any_data: bool = False) -> None:
        self._bounded, self._any_data = bounded, any_data
        self.domain = LabelDomain()
        self._labels: dict[tuple[int, int], Labels] = {}
        self._labelled: set[int] = set()
        self.products = Products()
        self.until = inf

    def tick(self) -> None:
        """Give up if it is too late.

        Raises:
            Cannot: it is.
        """
        if time.monotonic() > self.until:
            raise Cannot("no time is left")

    # labels
    def labels(self, source: Source) -> Labels:
        """Return labels of a source's entries."""
        if not source.is_float:
            return self.domain.leaf(source.run)
        if source.node.number not in self._labelled:
            for node in cone([source]):
                if node.number not in self._labelled:
                    self._label(node)
        labels = self._labels[source.node.number, source.output]
        if source.view is None:
            return labels
        layout = source.node.layouts[source.output]
        if layout is None:
            raise Cannot("no layout")
        return see(labels, layout, source.view)

    def _label(self, node: Node) -> None:
        """Label the results of a node; where that cannot be done, each entry is equal to itself only."""
        self._labelled.add(node.number)
        parts = take_apart(node)
        memo: dict[Expression, Any] = {}
        for output, result in enumerate(node.results):
            if not isinstance(result, Tensor) or not result.is_floating_point():
                continue
            part = parts[output] if parts is not None and output < len(parts) else None
            try:
                if part is None and (
                    node.operation != "leaf" or (self._any_data and node.origin is Origin.DATA)
                ):
                    raise Cannot("unknown")
                labels = (
                    self.domain.leaf(result)
                    if part is None
                    else compute(self.domain, part, self.labels, memo).reshape(result.shape)
                )
            except (Cannot, RuntimeError):
                labels = self.domain.fresh(result.shape)
            if not bool(result.isfinite().all()):
                labels = torch.where(result.isfinite(), labels, self.domain.fresh(result.shape))
            self._labels[node.number, output] = labels

    # expansion
    def expand(self, source: Source, entries: Integers) -> Expansion:
        """Expand the entries at some flat positions of a source, each a row.

        Raises:
            Cannot: there are too many products, coefficients become too large, or no time is left.
        """
        self.products = Products(self.tick)
        expansion = Expansion(self, len(entries))
        positions = origin_of(source).reshape(-1).numpy()[entries]
        rows = np.arange(len(entries), dtype=np.int64)
        start = Terms(rows, positions, np.zeros_like(rows), np.ones_like(rows))
        expansion.waiting[source.node.number, source.output] = [start]
        expansion.nodes[source.node.number] = source.node
        expansion.run()
        return expansion

    def nonzero(self, e: Expression, memo: dict[Expression, Any]) -> Tensor:
        """Return where an expression is certainly not zero."""

        def read(source: Source) -> Bounded:
            value = self._bounded(source)
            if value is None:
                raise Cannot("unknown")
            return value

        value: Bounded = compute(self._bounded.domain, e, read, memo)
        return value.nonzero().expand(e.shape)


class Expansion:
    """One expansion of several sums. A row that needs too many terms is given up.

    Attributes:
        waiting: terms by the node and output that they are of.
        laws: the nodes whose laws were used, in words, and for which rows.
        passed: layers that terms went through, and for which rows.
        decided: rows whose terms went through what the run decided: masks, indices.
        rest: terms that cannot be expanded further; their entry is among the factors.
    """

    def __init__(self, sums: Sums, rows: int) -> None:
        self._sums, self._rows = sums, rows
        self.waiting: dict[tuple[int, int], list[Terms]] = {}
        self.nodes: dict[int, Node] = {}
        self.rest: list[Terms] = []
        self.laws: list[tuple[Node, str, np.ndarray]] = []
        self.passed: list[tuple[Node, str, np.ndarray]] = []
        self.decided = np.zeros(rows, bool)
        self._in_softmax = False
        self._given_up = np.zeros(rows, bool)
        self._work = np.zeros(rows, np.int64)
        self._memo: dict[Expression, Any] = {}
        self._bounds: dict[Expression, Any] = {}

    @property
    def zero(self) -> np.ndarray:
        """Rows that are zero."""
        zero = ~self._given_up
        zero[collect(join(self.rest)).row if self.rest else []] = False
        return zero

    def run(self) -> None:
        """Expand until only numbers, leaves, and what cannot be taken apart is left."""
        while self.waiting:
            number, output = max(self.waiting)
            terms = self._gather(self.waiting.pop((number, output)))
            node = self.nodes[number]
            words = words_of(node)
            if words is not None:
                self.passed.append((node, words, self._mark(terms.row)))
            law = law_of(node, output)
            if law is not None:
                terms = self._by_law(node, law, terms)
            if not len(terms):
                continue
            if any(not source.is_float for source in node.sources()):
                self.decided |= self._mark(terms.row)
            self._in_softmax = forward_of(node).operation in _ROWS
            parts = None if law is not None and law.total else take_apart(node)
            part = parts[output] if parts is not None and output < len(parts) else None
            result = node.results[output]
            if (
                part is None
                or torch.Size(part.shape).numel() != result.numel()
                or not self._is_finite(node, terms)
            ):
                self._keep(self._sums.labels(Source(node, output)), terms)
            else:
                self._take_apart(part, terms)

    def _gather(self, parts: list[Terms]) -> Terms:
        """Collect terms, without those of rows that were given up, and count the work."""
        self._sums.tick()
        terms = collect(self._without(join(parts)))
        self._work += np.bincount(terms.row, minlength=self._rows)
        self._given_up |= self._work > _OF_ROW
        if self._work.sum() > _ALTOGETHER:
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

    def _mark(self, rows: Integers) -> np.ndarray:
        marked = np.zeros(self._rows, bool)
        marked[rows] = True
        return marked

    def _is_finite(self, node: Node, terms: Terms) -> bool:
        return all(bool(r.isfinite().all()) for r in node.results if isinstance(r, Tensor))

    def _keep(self, labels: Labels, terms: Terms) -> None:
        """Count terms as they are: their entries become factors, numbers small enough coefficients."""
        terms = self._times(terms, labels.reshape(-1).numpy().astype(np.int64)[terms.entry])
        self.rest.append(collect(terms.of(np.zeros_like(terms.entry))))

    def _times(self, terms: Terms, labels: Integers, exponent: int = 1) -> Terms:
        """Return terms with one more factor each, without those that are 0."""
        if exponent > 0:
            weights, labels = self._sums.domain.split(labels)
            terms = terms.weighted(weights)
        kept = labels != ZERO
        factors = self._sums.products.times(terms.factors, labels, exponent)
        return terms.of(terms.entry, factors).at(kept)

    def _by_law(self, node: Node, law: Law, terms: Terms) -> Terms:
        """Replace complete groups with equal coefficients by their total; return what is left."""
        group = law.groups[terms.entry]
        order, starts = groups(terms.row, terms.factors, group)
        sizes = np.diff(np.append(starts, len(order)))
        coefficients = terms.coefficient[order]
        equal = np.minimum.reduceat(coefficients, starts) == np.maximum.reduceat(coefficients, starts)
        complete = equal & (sizes == law.size) & law.holds[group[order[starts]]]
        if not complete.any():
            return terms
        first = order[starts][complete]
        self.laws.append((node, law.words, self._mark(terms.row[first])))
        if law.total:
            self.rest.append(terms.at(first, np.zeros_like(first)))
        gone = np.zeros(len(terms), bool)
        gone[order] = np.repeat(complete, sizes)
        return terms.at(~gone)

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
            step = getattr(self, f"_{e.kind}", None)
            if step is None or not step(e, there, lambda a, t: waiting[a].append(t)):
                self._keep(self._label(e), there)

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

    def _sum(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Σ: all entries that were added."""
        (v,), dims = e.arguments, e.extra[0]
        rest = [d for d in range(len(v.shape)) if d not in dims]
        places = (
            np.arange(torch.Size(v.shape).numel(), dtype=np.int64).reshape(v.shape).transpose(*rest, *dims)
        )
        places = places.reshape(torch.Size(e.shape).numel(), -1)
        many = self._repeat(terms, places.shape[1])
        k = np.tile(np.arange(places.shape[1]), len(many) // max(1, places.shape[1]))
        give(v, many.of(places[many.entry, k]))
        return True

    def _add(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Expand a + b: both."""
        for a in e.arguments:
            give(a, terms.of(_spread(a.shape, e.shape)[terms.entry]))
        return True

    def _neg(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Expand −a."""
        give(e.arguments[0], terms.times(-1))
        return True

    def _scale(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Expand a · number: simple ones are coefficients, others factors."""
        if not isfinite(e.extra):
            return False
        number = Fraction(e.extra)
        if not number:
            return True
        if max(abs(number.numerator), number.denominator) <= _SMALL:
            give(e.arguments[0], terms.times(number.numerator, number.denominator))
            return True
        label = np.full(len(terms), self._sums.domain.number(number), np.int64)
        give(e.arguments[0], self._times(terms, label))
        return True

    def _constant(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Numbers: simple ones are coefficients of 1."""
        if not isfinite(e.extra):
            return False
        number = Fraction(e.extra)
        if max(abs(number.numerator), number.denominator) > _SMALL:
            return False
        if number:
            self.rest.append(terms.of(np.zeros_like(terms.entry)).times(number.numerator, number.denominator))
        return True

    def _move(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """An entry is where it came from, or a zero that was put beside."""
        places = e.extra[1].reshape(-1).numpy().astype(np.int64) - 1
        give(e.arguments[0], terms.of(places[terms.entry]))
        return True

    def _join(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """An entry is one of one of the tensors."""
        places = e.extra[1].reshape(-1).numpy().astype(np.int64)[terms.entry] - 1
        start = 0
        for v in e.arguments:
            end = start + torch.Size(v.shape).numel()
            within = (places >= start) & (places < end)
            give(v, terms.at(within, places[within] - start))
            start = end
        return True

    def _select(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """An entry is that of one side, as the mask says."""
        if not self._in_softmax:  # whose result does not depend on which entry is the largest
            self.decided |= self._mark(terms.row)
        mask = e.extra.expand(e.shape).reshape(-1).numpy()[terms.entry]
        for a, which in zip(e.arguments, (mask, ~mask), strict=True):
            give(a, terms.at(which, _spread(a.shape, e.shape)[terms.entry[which]]))
        return True

    def _put(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """An entry was written, or is the old one."""
        v, w = e.arguments
        positions = e.extra.reshape(-1).numpy()
        if len(np.unique(positions)) != len(positions):
            return False
        written = np.full(torch.Size(v.shape).numel(), -1, np.int64)
        written[positions] = np.arange(len(positions))
        new = written[terms.entry]
        give(w, terms.of(new))
        give(v, terms.at(new < 0))
        return True

    def _spread(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """An entry is the sum of those that went there."""
        positions = e.extra[0].reshape(-1).numpy()
        order = np.argsort(positions, kind="stable")
        starts = np.searchsorted(positions[order], terms.entry, "left")
        counts = np.searchsorted(positions[order], terms.entry, "right") - starts
        index = np.repeat(np.arange(len(terms)), counts)
        within = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        give(e.arguments[0], terms.at(index, order[starts[index] + within].astype(np.int64)))
        return True

    def _mul(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Expand a · b: one side stays, the other becomes a factor."""
        a, b = e.arguments
        at_a, at_b = (_spread(each.shape, e.shape)[terms.entry] for each in (a, b))
        return self._product(e, terms, at_a, at_b, give)

    def _matmul(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Expand Σₖ aᵢₖ bₖⱼ: of each product one side stays."""
        a, b = e.arguments
        inner = a.shape[-1]
        rows, columns = e.shape[-2:]
        many = self._repeat(terms, inner)
        k = np.tile(np.arange(inner), len(many) // max(1, inner))
        batch, i, j = many.entry // (rows * columns), many.entry // columns % rows, many.entry % columns
        batch_a, batch_b = (_spread(each.shape[:-2], e.shape[:-2])[batch] for each in (a, b))
        at_a = (batch_a * rows + i) * inner + k
        at_b = (batch_b * inner + k) * columns + j
        return self._product(e, many, at_a, at_b, give)

    def _product(self, e: Expression, terms: Terms, at_a: Integers, at_b: Integers, give: _Give) -> bool:
        """Of each row's products make that side a factor that has fewer different entries; of equally many the older."""
        a, b = e.arguments
        label_a = self._label(a).reshape(-1).numpy().astype(np.int64)[at_a]
        label_b = self._label(b).reshape(-1).numpy().astype(np.int64)[at_b]
        there = (label_a != ZERO) & (label_b != ZERO)
        terms, at_a, at_b = terms.at(there), at_a[there], at_b[there]
        with_a, with_b = self._times(terms, label_a[there]), self._times(terms, label_b[there])
        count_a, count_b = self._count(with_a), self._count(with_b)
        keep_a = (count_b < count_a) | ((count_a == count_b) & (b.age < a.age))
        here = keep_a[terms.row]
        give(a, with_b.of(at_a).at(here))
        give(b, with_a.of(at_b).at(~here))
        return True

    def _count(self, terms: Terms) -> Integers:
        """Return how many different factors each row has."""
        order, starts = groups(terms.row, terms.factors)
        return np.bincount(terms.row[order[starts]], minlength=self._rows).astype(np.int64)

    def _div(self, e: Expression, terms: Terms, give: _Give) -> bool:
        """Expand a / b: 1/b becomes a factor, where b is certainly not zero."""
        a, b = e.arguments
        at_a, at_b = (_spread(each.shape, e.shape)[terms.entry] for each in (a, b))
        try:
            nonzero = self._sums.nonzero(b, self._bounds).reshape(-1).numpy()
        except (Cannot, ImportError):
            return False
        if not nonzero[at_b].all():
            return False
        labels = self._label(b).reshape(-1).numpy().astype(np.int64)[at_b]
        give(a, self._times(terms, labels, -1).of(at_a))
        return True


_Give = Callable[[Expression, Terms], None]


def _spread(shape: tuple[int, ...], whole: tuple[int, ...]) -> Integers:
    """Return, for each entry of a broadcast tensor, the flat position in the tensor of ``shape``."""
    places = np.arange(torch.Size(shape).numel(), dtype=np.int64).reshape(shape)
    spread: Integers = np.broadcast_to(places, whole).reshape(-1)
    return spread
