"""Labels of entries: equal labels, equal numbers, whatever the functions in between are.

An arithmetic in which an entry is a label instead of a number. A label is made from an operation and the
labels it was given, so that two entries with one label are computed in the same way from the same numbers.
Different labels say nothing. Label 0 is the number 0, label 1 the number 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Domain, Number, float64

Labels: TypeAlias = Tensor
"""Whole numbers below 2⁵³, as float64, so that what moves floats moves them."""

Integers: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

ZERO, ONE = 0, 1
_REMEMBERED = 4096  # combinations of one call that are remembered for later ones
_WHOLE, _FEW = 2**20, 64  # the largest whole number that is split off, and how many are
_LARGEST = 2**31  # two labels make one integer of 64 bits


class LabelDomain(Domain[Labels]):
    """Labels, made by looking up combinations of operation and labels."""

    def __init__(self) -> None:
        self._next = 2
        self._numbers: dict[float | Fraction, int] = {0.0: ZERO, 1.0: ONE}
        self._known: dict[tuple[str, int, int], int] = {}
        self._values: dict[int, float | Fraction] = {ZERO: 0.0, ONE: 1.0}
        self._whole: dict[int, int] = {}  # whole numbers that are split off
        self._negative = np.full(1024, -1, np.int64)  # by label; −1: not asked for yet

    # making labels
    def fresh(self, shape: Sequence[int]) -> Labels:
        """Return labels that no other entry has."""
        n = torch.Size(shape).numel()
        return torch.from_numpy(self._new(n).astype(np.float64)).reshape(tuple(shape))

    def number(self, number: Number) -> int:
        """Return the label of a number."""
        key = float(number) if Fraction(float(number)) == Fraction(number) else Fraction(number)
        return int(self._of_numbers([key])[0])

    def _of_numbers(self, numbers: Sequence[float | Fraction]) -> Integers:
        """Return labels of different numbers, as floats where they are floats."""
        known = self._numbers
        new = [number for number in numbers if number not in known]
        labels = self._new(len(new)).tolist()
        known.update(zip(new, labels, strict=True))
        self._values.update(zip(labels, new, strict=True))
        for number, label in zip(new, labels, strict=True):
            if len(self._whole) < _FEW and number == int(number) and abs(Fraction(number)) <= _WHOLE:
                self._whole[label] = int(number)
        return np.array([known[number] for number in numbers], np.int64)

    def split(self, labels: Integers) -> tuple[Integers, Integers]:
        """Return labels as products of a whole number that is not 0 and a label; 0 is left as it is."""
        negative = self._negative[labels] if len(labels) else labels
        is_larger = (negative >= 0) & (negative < labels)
        weights = np.where(is_larger, -1, 1).astype(np.int64)
        rest = np.where(is_larger, negative, labels)
        for label, number in self._whole.items():
            here = labels == label
            weights[here], rest[here] = number, ONE
        return weights, rest

    def _new(self, n: int) -> Integers:
        if self._next + n >= _LARGEST:
            raise Cannot("too many labels")
        self._next += n
        if self._next > len(self._negative):
            more = np.full(2 * self._next - len(self._negative), -1, np.int64)
            self._negative = np.concatenate([self._negative, more])
        return np.arange(self._next - n, self._next, dtype=np.int64)

    def _combine(self, name: str, a: Integers, b: Integers) -> Integers:
        """Return one label for each combination of an operation and two labels."""
        pairs, inverse = np.unique(a * _LARGEST + b, return_inverse=True)
        if len(pairs) > _REMEMBERED:
            return _take(self._new(len(pairs)), inverse)
        labels: Integers = np.empty(len(pairs), np.int64)
        for i, pair in enumerate(pairs.tolist()):
            key = (name, *divmod(pair, _LARGEST))
            if key not in self._known:
                self._known[key] = int(self._new(1)[0])
            labels[i] = self._known[key]
        return _take(labels, inverse)

    def _pairwise(self, name: str, a: Labels, b: Labels, commutes: bool) -> Labels:
        shape = torch.broadcast_shapes(a.shape, b.shape)
        a, b = a.expand(shape), b.expand(shape)
        x, y = _integers(a), _integers(b)
        if commutes:
            x, y = np.minimum(x, y), np.maximum(x, y)
        return _floats(self._combine(name, x, y), a.shape)

    # where values come from
    def leaf(self, tensor: Tensor) -> Labels:
        """Return labels of numbers.

        Raises:
            Cannot: some are not finite, and 0 times those is not 0.
        """
        values = float64(tensor)
        if not bool(values.isfinite().all()):
            raise Cannot("not finite")
        numbers, inverse = np.unique(values.numpy().reshape(-1) + 0.0, return_inverse=True)
        labels = self._of_numbers(numbers.tolist())
        return _floats(labels[inverse.reshape(-1)] if len(labels) else labels, values.shape)

    def constant(self, number: Number, shape: Sequence[int]) -> Labels:
        if isinstance(number, float) and not np.isfinite(number):
            raise Cannot("not finite")
        return torch.full(tuple(shape), float(self.number(number)), dtype=torch.float64)

    def shape(self, v: Labels) -> tuple[int, ...]:
        return tuple(v.shape)

    # moving entries
    def move(self, f: Callable[[Tensor], Tensor], v: Labels) -> Labels:
        return f(v)

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Labels]) -> Labels:
        return f(list(vs))

    def select(self, mask: Tensor, a: Labels, b: Labels) -> Labels:
        return torch.where(mask, a, b)

    def put(self, v: Labels, positions: Tensor, w: Labels) -> Labels:
        return v.flatten().index_put((positions.flatten(),), w.flatten())

    def spread(self, v: Labels, positions: Tensor, size: int) -> Labels:
        """Return labels of sums: that of the only entry, or else new ones."""
        kept = (positions.flatten() >= 0) & (v.flatten() != ZERO)
        where, entries = positions.flatten()[kept], v.flatten()[kept]
        terms = torch.zeros(size, dtype=torch.int64).index_add(0, where, torch.ones_like(where))
        single = torch.zeros(size, dtype=torch.float64).index_add(0, where, entries)
        return torch.where(terms <= 1, single, self.fresh((size,)))

    # arithmetic
    def sum(self, v: Labels, dims: Sequence[int], keepdim: bool = False) -> Labels:
        dims = sorted({d % v.dim() for d in dims}) if v.dim() else []
        if not dims:
            return v
        rest = [d for d in range(v.dim()) if d not in dims]
        terms = v.permute(*rest, *dims).reshape(*(v.shape[d] for d in rest), -1)
        out = self._total(terms)
        return out.reshape([1 if d in dims else n for d, n in enumerate(v.shape)]) if keepdim else out

    def _total(self, terms: Labels) -> Labels:
        """Return labels of sums over the last dimension: the same terms in any order make the same label."""
        if terms.shape[-1] == 1:
            return terms[..., 0]
        ordered = terms.sort(dim=-1).values
        labels = self._combine("sum", self._rows(ordered), np.zeros(ordered[..., 0].numel(), np.int64))
        several = (ordered != ZERO).sum(-1)
        single = ordered.sum(-1)  # where all but one are 0
        return torch.where(several <= 1, single, _floats(labels, single.shape))

    def _rows(self, t: Labels) -> Integers:
        """Return a label for each row: equal for equal rows of this tensor."""
        rows = t.reshape(-1, t.shape[-1]).contiguous().numpy()
        if not rows.shape[1]:
            return np.zeros(len(rows), np.int64)
        whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).reshape(-1)
        distinct, inverse = np.unique(whole, return_inverse=True)
        return _take(self._new(len(distinct)), inverse)

    def add(self, a: Labels, b: Labels) -> Labels:
        total = self._pairwise("add", a, b, commutes=True)
        total = torch.where(a == ZERO, b, torch.where(b == ZERO, a, total))
        negative = _floats(self._negative[_integers(a)], a.shape)  # a − a, computed twice, is 0
        return torch.where(negative == b, torch.zeros_like(total), total)

    def neg(self, a: Labels) -> Labels:
        labels = _integers(a)
        unknown = np.unique(labels[self._negative[labels] < 0]) if len(labels) else labels
        numbers = [label for label in unknown.tolist() if label in self._values]
        others = np.setdiff1d(unknown, numbers)
        new = self._new(len(others))
        self._negative[others], self._negative[new] = new, others
        for label in numbers:
            other = self.number(-self._values[label])
            self._negative[label], self._negative[other] = other, label
        return _floats(self._negative[labels], a.shape)

    def mul(self, a: Labels, b: Labels) -> Labels:
        product = self._pairwise("mul", a, b, commutes=True)
        product = torch.where(a == ONE, b, torch.where(b == ONE, a, product))
        return torch.where((a == ZERO) | (b == ZERO), torch.zeros_like(product), product)

    def scale(self, a: Labels, number: Number) -> Labels:
        return self.mul(a, self.constant(number, ()))

    def div(self, a: Labels, b: Labels) -> Labels:
        quotient = self._pairwise("div", a, b, commutes=False)
        return torch.where(b == ONE, a, quotient)

    def matmul(self, a: Labels, b: Labels) -> Labels:
        rows, columns = (
            self._total_free(a),
            self._total_free(b.transpose(-1, -2)),
        )
        if a.shape[-1] == 1:
            return self.mul(a, b)
        left, right = rows.unsqueeze(-1), columns.unsqueeze(-2)
        product = self._pairwise("matmul", left, right, commutes=False)
        return torch.where((left == ZERO) | (right == ZERO), torch.zeros_like(product), product)

    def _total_free(self, t: Labels) -> Labels:
        """Return labels of the rows themselves, 0 for rows of zeros."""
        rows = _floats(self._rows(t), t.shape[:-1])
        return torch.where((t == ZERO).all(-1), torch.zeros_like(rows), rows)

    def unary(self, name: str, v: Labels) -> Labels:
        x = _integers(v)
        return _floats(self._combine(name, x, np.zeros_like(x)), v.shape)


def _take(labels: Integers, inverse: Integers) -> Integers:
    taken: Integers = labels[inverse.reshape(-1)]
    return taken


def _integers(labels: Labels) -> Integers:
    whole: Integers = labels.reshape(-1).numpy().astype(np.int64)
    return whole


def _floats(labels: Integers, shape: Sequence[int]) -> Labels:
    return torch.from_numpy(labels.astype(np.float64)).reshape(tuple(shape))
