"""The arithmetic of pairs over whole tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import LONG, Number, Remembering
from zerograd.explaining.shadow.pairs import arithmetic, functions
from zerograd.explaining.shadow.pairs.arithmetic import MORE, TINY, Pair, power_of_two, two_sum

SLICES = 4
"""Parts of an operand of a matrix product."""
_LEAST, _MOST = -400, 400  # exponents of rows and columns of matrices


class PairDomain(Remembering[Pair]):
    """Pairs of float64 with error bounds."""

    def leaf(self, tensor: Tensor) -> Pair:
        value = tensor.detach().to(torch.float64)
        known = value.isfinite() | (value == -torch.inf)
        error = torch.zeros_like(value).masked_fill(~known, torch.inf)
        if tensor.dtype in LONG:
            error = error.masked_fill(value.abs() >= 2.0**53, 2048.0)
        return Pair(value.where(known, torch.zeros_like(value)), torch.zeros_like(value), error)

    def constant(self, number: Number, shape: Sequence[int]) -> Pair:
        if isinstance(number, float) and not math.isfinite(number):
            return self.leaf(torch.full(tuple(shape), number, dtype=torch.float64))
        whole = Fraction(number)
        hi = float(whole)
        lo = float(whole - Fraction(hi))
        rest = abs(whole - Fraction(hi) - Fraction(lo))
        parts = (hi, lo, float(rest) * MORE + (TINY if rest else 0.0))
        return Pair(*(torch.full(tuple(shape), part, dtype=torch.float64) for part in parts))

    def shape(self, v: Pair) -> tuple[int, ...]:
        return tuple(v.hi.shape)

    def move(self, f: Callable[[Tensor], Tensor], v: Pair) -> Pair:
        return Pair(f(v.hi), f(v.lo), f(v.error))

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Pair]) -> Pair:
        return Pair(f([v.hi for v in vs]), f([v.lo for v in vs]), f([v.error for v in vs]))

    def select(self, mask: Tensor, a: Pair, b: Pair) -> Pair:
        return Pair(*(torch.where(mask, s, t) for s, t in zip(a, b, strict=True)))

    def put(self, v: Pair, positions: Tensor, w: Pair) -> Pair:
        places = (positions.flatten(),)
        return Pair(*(s.flatten().index_put(places, t.flatten()) for s, t in zip(v, w, strict=True)))

    def spread(self, v: Pair, positions: Tensor, size: int) -> Pair:
        kept = positions.flatten() >= 0
        places = positions.flatten()[kept]
        hi, lo, error = (t.flatten()[kept] for t in v)
        fine = hi.abs() < 2.0**_MOST
        hi, lo, error = hi.where(fine, 0.0), lo.where(fine, 0.0), error.where(fine, torch.inf)
        terms = int(torch.bincount(places, minlength=1).max())

        def collect(t: Tensor) -> Tensor:
            return t.new_zeros(size).index_add_(0, places, t)

        bits = 51 - max(terms, 1).bit_length()
        exponent = _exponents(hi, 0)
        total, reach = arithmetic.exact(hi.new_zeros(size)), TINY
        for slice_, quantum in _slices(hi, lo, exponent, bits, 3):
            total = arithmetic.add(total, arithmetic.exact(collect(slice_) * quantum))
            reach = float(quantum.max())
        error = collect(error + reach) * MORE * (1 + terms * 2.0**-52)
        return Pair(total.hi, total.lo, (total.error + error) * MORE)

    def sum(self, v: Pair, dims: Sequence[int], keepdim: bool = False) -> Pair:
        if not dims:
            return v
        dims = sorted(d % v.hi.dim() for d in dims)
        shape = [1 if d in dims else n for d, n in enumerate(v.hi.shape)]
        kept = [n for d, n in enumerate(v.hi.shape) if d not in dims]
        terms = math.prod(v.hi.shape[d] for d in dims)
        back = range(-len(dims), 0)
        rows = self.move(lambda t: t.movedim(dims, tuple(back)).reshape(*kept, terms), v)
        rows = self._halved(rows) if terms else self.constant(0, (*kept, 1))
        return self.move(lambda t: t.reshape(shape if keepdim else kept), rows)

    def _halved(self, rows: Pair) -> Pair:
        """Add the second half of the last dimension to the first until one entry is left."""
        while (n := rows.hi.shape[-1]) > 1:
            half = n // 2
            first, second, rest = zip(
                *(torch.split(t, [half, half, n - 2 * half], -1) for t in rows), strict=True
            )
            total = arithmetic.add(Pair(*first), Pair(*second))
            rows = self.join(lambda ts: torch.cat(ts, -1), [total, Pair(*rest)])
        return rows

    def add(self, a: Pair, b: Pair) -> Pair:
        return arithmetic.add(a, b)

    def neg(self, a: Pair) -> Pair:
        return arithmetic.neg(a)

    def mul(self, a: Pair, b: Pair) -> Pair:
        return arithmetic.mul(a, b)

    def scale(self, a: Pair, number: Number) -> Pair:
        return a if number == 1 else arithmetic.mul(a, self.constant(number, ()))

    def div(self, a: Pair, b: Pair) -> Pair:
        return arithmetic.div(a, b)

    def matmul(self, a: Pair, b: Pair) -> Pair:
        """Return products of matrices, by slices of few bits whose products float64 sums exactly.

        See Ozaki, Ogita, Oishi, Rump, *Error-free transformations of matrix multiplication* (2012).
        """
        terms = max(a.hi.shape[-1], 1)
        rows, columns = _exponents(a.hi, -1), _exponents(b.hi, -2)
        # SLICES · terms · (2^(bits − 1) + 1)² < 2⁵³
        bits = (52 - (SLICES * terms).bit_length()) // 2 + 1
        left = [s for s, _ in _slices(a.hi, a.lo, rows, bits, SLICES)]
        right = [s for s, _ in _slices(b.hi, b.lo, columns, bits, SLICES)]
        scale = power_of_two(rows + columns)
        hi, lo = torch.zeros_like(scale), torch.zeros_like(scale)
        for order in reversed(range(SLICES)):
            pairs = [(left[i], right[order - i]) for i in range(order + 1)]
            pairs = [(s, t) for s, t in pairs if bool(s.any()) and bool(t.any())]
            if pairs:
                product = torch.matmul(
                    torch.cat([s for s, _ in pairs], -1), torch.cat([t for _, t in pairs], -2)
                )
                part = product.mul_(scale * 2.0 ** (2 - 2 * bits - bits * order))
                hi, rest = two_sum(part, hi)
                lo = lo.add_(rest)
        hi, lo = two_sum(hi, lo)
        # what slices omit, and the rounding of at most 8 sums of numbers below 2⁻⁵¹ of the greatest possible
        beyond = scale * (terms * ((SLICES + 2) * 2.0 ** (-bits * SLICES) + 2.0**-98))
        reach = torch.matmul(a.size, b.error) + torch.matmul(a.error, b.size + b.error)
        error = (beyond + reach * (1 + 2 * terms * 2.0**-52)) * MORE + TINY
        bad = (rows > _MOST) | (columns > _MOST)
        return Pair(hi, lo, error.masked_fill(bad, torch.inf))

    def unary(self, name: str, v: Pair) -> Pair:
        return self.remember(name, (v,), lambda: functions.apply(name, v))  # type: ignore[no-any-return]


def nonzero(v: Pair) -> Tensor:
    """Return where numbers are certainly not zero."""
    return (v.hi.abs() * (1 - 2.0**-40) > v.error) & v.hi.isfinite()


def signs(v: Pair) -> Tensor:
    """Return −1 and 1, and 2 where the sign is not known."""
    return torch.where(nonzero(v), v.hi.sign(), 2).to(torch.int8)


def _exponents(t: Tensor, dim: int) -> Tensor:
    """Return e with |t| ≤ 2^e along a dimension: at least `_LEAST`; more than `_MOST` if none is enough."""
    if t.shape[dim] == 0:
        return torch.zeros([1 if d == dim % t.dim() else n for d, n in enumerate(t.shape)], dtype=torch.int32)
    _, exponents = torch.frexp(t.abs().amax(dim, keepdim=True))
    return exponents.clamp(_LEAST, _MOST + 1)


def _slices(hi: Tensor, lo: Tensor, exponents: Tensor, bits: int, number: int) -> list[tuple[Tensor, Tensor]]:
    """Return integers of at most 2^(bits−1) + 1, and what each counts: they add up to hi + lo, nearly.

    What is left is at most half of the last unit.
    """
    out = []
    unit = power_of_two(exponents - (bits - 1))
    for _ in range(number):
        whole = (hi / unit).round_()
        out.append((whole, unit))
        hi, lo = two_sum(hi - whole * unit, lo)
        unit = unit * 2.0**-bits
    return out
