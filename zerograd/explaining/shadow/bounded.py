"""Tensors of float64 with a proved bound on each entry's error.

An entry with value 0 and error 0 is exactly zero: errors are computed so that they vanish only where nothing
was rounded, or where every term has a factor that is exactly zero. u = 2⁻⁵³ bounds the relative error of one
rounded operation; γₙ = n·u / (1 − n·u) that of a sum of n products in any order (Higham, *Accuracy and
Stability of Numerical Algorithms*, §3.1). Errors are themselves computed in floating point, and made a
little larger for that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import torch
from torch import Tensor

from zerograd.core.errors import present
from zerograd.explaining.shadow.domain import (
    Convolution,
    Number,
    Remembering,
    convolved,
    convolved_back,
    float64,
)

U = 2.0**-53
_MORE = 1 + 2.0**-40  # for the rounding of bounds: far more than the few operations that compute one can need
_FLOOR = (
    2.0**-480
)  # magnitudes below are taken as this in bounds: two of them times u are no subnormal number
_SPLIT = 134217729.0  # 2²⁷ + 1, Veltkamp's
_SAFE = 2.0**-900  # products below may lose bits to underflow


class Bounded:
    """Values, and bounds on their errors; ``error`` None where all are exact. Both have one shape."""

    __slots__ = ("_magnitude", "_zero", "error", "value")

    def __init__(self, value: Tensor, error: Tensor | None = None) -> None:
        self.value, self.error = value, error
        self._magnitude: Tensor | None = None
        self._zero: Tensor | None = None

    @property
    def errors(self) -> Tensor:
        """Bounds, zeros where all are exact."""
        return torch.zeros_like(self.value) if self.error is None else self.error

    @property
    def magnitude(self) -> Tensor:
        """Absolute values, where they are not 0 at least `_FLOOR`."""
        if self._magnitude is None:
            self._magnitude = floored(self.value.abs())
        return self._magnitude

    def zero(self) -> Tensor:
        """Return where entries are exactly zero."""
        if self._zero is None:
            zero = self.value == 0
            self._zero = zero if self.error is None else zero & (self.error == 0)
        return self._zero

    def nonzero(self) -> Tensor:
        """Return where entries are certainly not zero."""
        if self.error is None:
            return self.value != 0
        size = self.value.abs()
        return (size > self.error) & (size < torch.inf)


def floored(t: Tensor) -> Tensor:
    """Return non-negative entries, those that are not 0 at least `_FLOOR`."""
    return torch.where(t == 0, t, t.clamp_min(_FLOOR))


def gamma(n: int) -> float:
    """Return a bound above γₙ."""
    return n * U / (1 - n * U) * _MORE


class BoundedDomain(Remembering[Bounded]):
    """Float64 with error bounds."""

    def leaf(self, tensor: Tensor) -> Bounded:
        """Return the numbers of a tensor; nothing is known of those that are not finite, but that −∞ is
        −∞.
        """
        value = float64(tensor)
        if tensor.dtype is not torch.float64 and bool(value.sum().isfinite()):  # the sum cannot overflow
            leaf = Bounded(value)
            leaf._magnitude = value.abs()  # smaller floats are 0 or far above the floor
            return leaf
        finite = value.isfinite()
        if bool(finite.all()):
            return Bounded(value)
        known = finite | (value == -torch.inf)
        nothing = torch.zeros_like(value)  # of its type: two numbers alone would make float32
        return Bounded(torch.where(known, value, nothing), torch.where(known, nothing, torch.inf))

    def shape(self, v: Bounded) -> tuple[int, ...]:
        return tuple(v.value.shape)

    def constant(self, number: Number, shape: Sequence[int]) -> Bounded:
        value, error = _rounded(number)
        full = torch.full(tuple(shape), value, dtype=torch.float64)
        return Bounded(full, torch.full_like(full, error) if error else None)

    def move(self, f: Callable[[Tensor], Tensor], v: Bounded) -> Bounded:
        moved = Bounded(f(v.value), None if v.error is None else f(v.error))
        if v._magnitude is not None:
            moved._magnitude = f(v._magnitude)
        return moved

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Bounded]) -> Bounded:
        exact = all(v.error is None for v in vs)
        return Bounded(f([v.value for v in vs]), None if exact else f([v.errors for v in vs]))

    def select(self, mask: Tensor, a: Bounded, b: Bounded) -> Bounded:
        exact = a.error is None and b.error is None
        value = torch.where(mask, a.value, b.value)
        return Bounded(value, None if exact else torch.where(mask, a.errors, b.errors).expand_as(value))

    def put(self, v: Bounded, positions: Tensor, w: Bounded) -> Bounded:
        def write(whole: Tensor, part: Tensor) -> Tensor:
            return whole.flatten().index_put((positions.flatten(),), part.flatten())

        exact = v.error is None and w.error is None
        return Bounded(write(v.value, w.value), None if exact else write(v.errors, w.errors))

    def spread(self, v: Bounded, positions: Tensor, size: int) -> Bounded:
        def collect(t: Tensor) -> Tensor:
            kept = positions.flatten() >= 0
            return t.new_zeros(size).index_add(0, positions.flatten()[kept], t.flatten()[kept])

        terms = int(collect(torch.ones_like(v.value)).max()) if size and v.value.numel() else 0
        value = collect(v.value)
        return self._summed(value, v, collect, terms)

    def sum(self, v: Bounded, dims: Sequence[int], keepdim: bool = False) -> Bounded:
        dims = [d % v.value.dim() for d in dims]
        if not dims:
            return v
        terms = 1
        for d in dims:
            terms *= v.value.shape[d]
        return self._summed(v.value.sum(dims, keepdim), v, lambda t: t.sum(dims, keepdim), terms)

    def _summed(self, value: Tensor, v: Bounded, f: Callable[[Tensor], Tensor], terms: int) -> Bounded:
        if terms <= 1:
            return Bounded(value, None if v.error is None else f(v.error))
        bound = v.magnitude * gamma(terms)
        if v.error is not None:
            bound = bound + v.error
        return Bounded(value, _unless_beyond(value, f(bound) * (_MORE + gamma(terms))))

    def add(self, a: Bounded, b: Bounded) -> Bounded:
        value = a.value + b.value
        part = value - a.value  # the rounding error of a sum is a float itself (Knuth's TwoSum)
        rounding = ((a.value - (value - part)) + (b.value - part)).abs()
        error = present(_total(value, rounding, a.error, b.error), "error of a sum")
        low = value == -torch.inf
        return Bounded(value, torch.where(low, _lowest(low, a, b), error) if bool(low.any()) else error)

    def neg(self, a: Bounded) -> Bounded:
        return Bounded(-a.value, a.error)

    def mul(self, a: Bounded, b: Bounded) -> Bounded:
        value = a.value * b.value
        rounding = _product_error(a.value, b.value, value)
        if a.error is None and b.error is None:
            return Bounded(value, rounding)
        ea, eb = floored(a.errors), floored(b.errors)
        return Bounded(value, _total(value, rounding, a.magnitude * eb + ea * (b.magnitude + eb)))

    def scale(self, a: Bounded, number: Number) -> Bounded:
        if number == 1:
            return a
        value, error = _rounded(number)
        factor = torch.tensor(value, dtype=torch.float64)
        return self.mul(a, Bounded(factor, torch.tensor(error, dtype=torch.float64) if error else None))

    def div(self, a: Bounded, b: Bounded) -> Bounded:
        ea, eb = floored(a.errors), floored(b.errors)
        low = b.value.abs() - eb  # of |b|
        value = a.value / b.value
        bound = (ea + floored(value.abs()) * eb + value.abs().clamp_min(_FLOOR) * (2 * U * b.magnitude)) / low
        nothing = (a.value == 0) & (ea == 0)
        error = torch.where(nothing | _is_exact(a, b, value), 0.0, bound * _MORE)
        unknown = (low <= b.magnitude * 2**-50) | ~value.isfinite() | (b.magnitude < _FLOOR * 2)
        return Bounded(torch.where(unknown, 0.0, value), torch.where(unknown, torch.inf, error))

    def matmul(self, a: Bounded, b: Bounded) -> Bounded:
        return bilinear(torch.matmul, a, b, a.value.shape[-1])

    def convolution(self, x: Bounded, w: Bounded, how: Convolution) -> Bounded:
        def f(x: Tensor, w: Tensor) -> Tensor:
            return convolved(x, w, how)

        return bilinear(f, x, w, w.value[0].numel())

    def convolution_x(self, g: Bounded, w: Bounded, how: Convolution, x_shape: Sequence[int]) -> Bounded:
        def f(g: Tensor, w: Tensor) -> Tensor:
            return convolved_back(g, g.new_empty(1).expand(tuple(x_shape)), w, how, (True, False, False))[0]

        return bilinear(f, g, w, w.value[:, 0].numel())

    def convolution_w(self, g: Bounded, x: Bounded, how: Convolution, w_shape: Sequence[int]) -> Bounded:
        def f(g: Tensor, x: Tensor) -> Tensor:
            return convolved_back(g, x, g.new_empty(1).expand(tuple(w_shape)), how, (False, True, False))[1]

        return bilinear(f, g, x, g.value[:, 0].numel())

    def unary(self, name: str, v: Bounded) -> Bounded:
        from zerograd.explaining.shadow.functions import enclose

        def apply() -> Bounded:
            value, error = enclose(name, v.value, v.errors)
            return Bounded(value, error if bool(error.any()) else None)

        return self.remember(name, (v,), apply)  # type: ignore[no-any-return]


def _lowest(low: Tensor, a: Bounded, b: Bounded) -> Tensor:
    """Return the errors of sums whose value is −∞: 0 where an addend is −∞ and neither is unknown."""
    known = a.errors.isfinite() & b.errors.isfinite() & (a.value.isneginf() | b.value.isneginf())
    return torch.where(known & low, torch.zeros((), dtype=torch.float64), torch.inf)


def bilinear(f: Callable[[Tensor, Tensor], Tensor], a: Bounded, b: Bounded, terms: int) -> Bounded:
    """Apply a function whose entries are sums of at most ``terms`` products of an entry of a and one of b.

    |f(a, b) − exact| ≤ f(|a|, e_b + γ|b|) + f(e_a, |b| + e_b), where f sums absolute values; where b is
    exact, that is f(γ|a| + e_a, |b|).
    """
    value = f(a.value, b.value)
    n = max(terms, 1)
    if b.error is None:
        left = a.magnitude * gamma(n + 2)
        error = f(left if a.error is None else left + floored(a.error), b.magnitude)
    else:
        error = f(a.magnitude, b.magnitude * gamma(n + 2) + floored(b.error))
        if a.error is not None:
            error = error + f(floored(a.error), b.magnitude + floored(b.error))
    # the bound's own rounding: n + 2 operations on numbers that are not negative
    return Bounded(value, _unless_beyond(value, error * (_MORE + gamma(2 * n))))


def _unless_beyond(value: Tensor, error: Tensor) -> Tensor:
    """Return bounds, nan where a value is not finite: a number beyond the floats is not −∞."""
    if bool(value.sum().isfinite()):  # then all are
        return error
    return error + (value - value)


def _rounded(number: Number) -> tuple[float, float]:
    """Return the nearest float, and how far it is from the number, rounded up."""
    value = float(number)
    distance = abs(Fraction(number) - Fraction(value))
    return value, float(distance) * _MORE + (_SAFE if distance else 0.0)


def _total(value: Tensor, *errors: Tensor | None) -> Tensor:
    """Sum bounds, rounded up."""
    there = [e for e in errors if e is not None]
    total = there[0]
    for e in there[1:]:
        total = total + e
    return (total * _MORE).expand_as(value)


def _product_error(a: Tensor, b: Tensor, value: Tensor) -> Tensor:
    """Return bounds on the rounding errors of products: the errors themselves, which are floats (Dekker,
    Veltkamp).
    """
    if (a.numel() == 1 and _is_power(a)) or (b.numel() == 1 and _is_power(b)):
        exact = torch.where(value.isinf(), torch.inf, torch.zeros_like(value))
    else:
        a1 = _SPLIT * a
        a1 = a1 - (a1 - a)
        b1 = _SPLIT * b
        b1 = b1 - (b1 - b)
        a2, b2 = a - a1, b - b1
        exact = (((a1 * b1 - value) + a1 * b2 + a2 * b1) + a2 * b2).abs()
    small = (value.abs() < _SAFE) & (a != 0) & (b != 0)  # Dekker's argument fails there
    return torch.where(small, _SAFE, exact)


def _is_exact(a: Bounded, b: Bounded, value: Tensor) -> Tensor:
    """Return where a quotient is exact: of exact numbers, and so is its product with the divisor."""
    exact = (a.errors == 0) & (b.errors == 0)
    if not bool(exact.any()):
        return exact
    product = value * b.value
    return exact & (product == a.value) & (_product_error(value, b.value, product) == 0)


def _is_power(t: Tensor) -> bool:
    """Whether a single number is a power of two, or its negative."""
    mantissa, _ = torch.frexp(t.flatten())
    return bool(mantissa.abs() == 0.5)
