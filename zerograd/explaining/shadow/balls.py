"""Arrays of exact rational numbers, and of balls that contain the number where it is not rational.

What can be exact is: sums, products and quotients of rational numbers, and functions where their value is
rational and seen to be. Everything else is an `arb` of python-flint. Its traps, avoided here: a ball is true
whatever it holds, negation rounds, and `contains` rounds the rational that it is asked about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, TypeAlias

import flint
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Domain, Number

Balls: TypeAlias = npt.NDArray[np.object_]
"""Entries are fmpq, or arb: a ball, −∞, or nan, of which nothing is known."""

ZERO, ONE = flint.fmpq(0), flint.fmpq(1)
NAN, MINUS_INFINITY = flint.arb.nan(), flint.arb.neg_inf()
LONGEST = 1 << 14
"""Bits of numerators and denominators; longer ones become balls: sums of fractions grow without end."""
_CHEAP = 16  # products in a matrix product cost so much less than others
_AT_ONCE = 1 << 14  # operations between two calls of ``tick``, about


class Exhausted(Exception):  # noqa: N818  (not an error: what was asked is undecided)
    """More operations would be needed than were allowed."""


class BallDomain(Domain[Balls]):
    """Exact numbers and balls, entry by entry.

    Args:
        precision: in bits, for what is not rational.
        most: how many operations may be done on entries.
        tick: called now and then; what it raises ends the computation.

    Raises:
        Exhausted: by the operations, beyond ``most``.
    """

    def __init__(
        self, precision: int, most: float = math.inf, tick: Callable[[], None] | None = None
    ) -> None:
        self.precision, self.most, self.spent = precision, most, 0.0
        self._tick = tick

    @contextmanager
    def _working(self, operations: float) -> Iterator[None]:
        """Count operations, and do them in this precision."""
        self.spent += operations
        if self.spent > self.most:
            raise Exhausted(f"{self.most} operations on single numbers")
        if self._tick:
            self._tick()
        with flint.ctx.workprec(self.precision):
            yield

    # where values come from
    def leaf(self, tensor: Tensor) -> Balls:
        if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
            raise Cannot(f"a tensor of {tensor.dtype}")
        with self._working(tensor.numel()):
            numbers = tensor.detach().flatten()
            if tensor.is_floating_point():
                return _array([_rational(x) for x in numbers.to(torch.float64).tolist()], tensor.shape)
            return _array([flint.fmpq(int(x)) for x in numbers.tolist()], tensor.shape)

    def constant(self, number: Number, shape: Sequence[int]) -> Balls:
        return np.full(tuple(shape), _rational(number), dtype=object)

    def shape(self, v: Balls) -> tuple[int, ...]:
        return v.shape

    # moving entries
    def move(self, f: Callable[[Tensor], Tensor], v: Balls) -> Balls:
        return self.join(lambda ts: f(ts[0]), [v])

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Balls]) -> Balls:
        numbered, start = [], 1
        for v in vs:
            numbered.append(torch.arange(start, start + v.size, dtype=torch.float64).reshape(v.shape))
            start += v.size
        places = f(numbered).to(torch.int64).numpy()
        entries = np.concatenate([np.array([ZERO], dtype=object), *(v.reshape(-1) for v in vs)])
        with self._working(places.size / _CHEAP):
            return _whole(entries[places])

    def select(self, mask: Tensor, a: Balls, b: Balls) -> Balls:
        return _whole(np.where(mask.numpy(), a, b))

    def put(self, v: Balls, positions: Tensor, w: Balls) -> Balls:
        written = v.flatten()
        written[positions.flatten().numpy()] = w.reshape(-1)
        return written

    def spread(self, v: Balls, positions: Tensor, size: int) -> Balls:
        total = np.full(size, ZERO, dtype=object)
        with self._working(v.size):
            for place, x in zip(positions.flatten().tolist(), v.reshape(-1).tolist(), strict=True):
                if place >= 0:
                    total[place] = _add(total[place], x)
        return total

    # arithmetic
    def sum(self, v: Balls, dims: Sequence[int], keepdim: bool = False) -> Balls:
        if not dims:
            return v
        axes = tuple(d % v.ndim for d in dims)
        kept = [n for d, n in enumerate(v.shape) if d not in axes]
        rows = np.moveaxis(v, axes, range(v.ndim - len(axes), v.ndim))
        rows = rows.reshape(math.prod(kept), math.prod(v.shape[d] for d in axes))
        sums: list[Any] = []
        for some in _blocks(len(rows), max(rows.shape[1], 1)):
            with self._working(rows[some].size):
                sums += [_sum(row) for row in rows[some].tolist()]
        total = _array(sums, kept)
        return np.expand_dims(total, axes) if keepdim else total

    def _apply(self, f: Callable[..., Any], *vs: Balls) -> Balls:
        shape = np.broadcast_shapes(*(v.shape for v in vs))
        flat = [np.broadcast_to(v, shape).reshape(-1) for v in vs]
        out = np.empty(math.prod(shape), dtype=object)
        for some in _blocks(len(out), 1):
            with self._working(some.stop - some.start):
                out[some] = np.frompyfunc(f, len(vs), 1)(*(v[some] for v in flat))
        return out.reshape(shape)

    def add(self, a: Balls, b: Balls) -> Balls:
        return self._apply(_add, a, b)

    def neg(self, a: Balls) -> Balls:
        return self._apply(lambda x: -x, a)

    def sub(self, a: Balls, b: Balls) -> Balls:
        return self._apply(_sub, a, b)

    def mul(self, a: Balls, b: Balls) -> Balls:
        return self._apply(_mul, a, b)

    def scale(self, a: Balls, number: Number) -> Balls:
        return a if number == 1 else self.mul(a, self.constant(number, ()))

    def div(self, a: Balls, b: Balls) -> Balls:
        return self._apply(_div, a, b)

    def matmul(self, a: Balls, b: Balls) -> Balls:
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        rows, inner, columns = a.shape[-2], a.shape[-1], b.shape[-1]
        many = math.prod(stack)
        lefts = np.broadcast_to(a, (*stack, rows, inner)).reshape(many, rows, inner)
        rights = np.broadcast_to(b, (*stack, inner, columns)).reshape(many, inner, columns)
        out = np.full((many, rows, columns), ZERO, dtype=object)
        cost = _CHEAP**-1 * (1 + max(_longest(a), _longest(b), self.precision) / 256)
        for n, (left, right) in enumerate(zip(lefts, rights, strict=True)):
            # the matrix on the right is read again for each block
            for some in _blocks(rows, inner * columns * cost / 64):
                with self._working((some.stop - some.start) * inner * (1 + columns * cost)):
                    out[n, some] = _matmul(left[some], right)
        return out.reshape(*stack, rows, columns)

    def unary(self, name: str, v: Balls) -> Balls:
        return self._apply(lambda x: apply(name, x, self.precision), v)


def signs(v: Balls) -> Tensor:
    """Return the signs of entries, −1, 0 or 1, and 2 where they are not known."""
    numbers = [_sign(x) for x in v.reshape(-1).tolist()]
    return torch.tensor(numbers, dtype=torch.int8).reshape(v.shape)


def is_exact(x: Any) -> bool:
    """Whether an entry is a rational number, not a ball."""
    return type(x) is flint.fmpq


def _sign(x: Any) -> int:
    exact = is_exact(x)
    if not exact and not x.is_finite():
        return 2
    if x > 0:
        return 1
    if x < 0:
        return -1
    return 0 if exact else 2


def _rational(number: Number) -> Any:
    if isinstance(number, float) and not math.isfinite(number):
        return MINUS_INFINITY if number == -math.inf else NAN
    return flint.fmpq(*number.as_integer_ratio())


def fraction(x: Any) -> Fraction:
    """Return an exact entry as Python's own."""
    return Fraction(int(x.p), int(x.q))


def _array(entries: list[Any], shape: Sequence[int]) -> Balls:
    out = np.empty(len(entries), dtype=object)
    out[:] = entries
    return out.reshape(tuple(shape))


def _whole(v: Any) -> Balls:
    """Return an array, also of one number, which numpy unpacks."""
    if isinstance(v, np.ndarray):
        return v
    return _array([v], ())


def _add(x: Any, y: Any) -> Any:
    if is_exact(x) and not x:
        return y
    return x if is_exact(y) and not y else x + y


def _sub(x: Any, y: Any) -> Any:
    return x if is_exact(y) and not y else x - y


def _mul(x: Any, y: Any) -> Any:
    if is_exact(x):
        if is_exact(y):
            return x * y
        return ZERO if not x and y.is_finite() else x * y
    return ZERO if is_exact(y) and not y and x.is_finite() else x * y


def _div(x: Any, y: Any) -> Any:
    if is_exact(y):
        if not y:
            return NAN
        return _short(x / y) if is_exact(x) else x / y
    if is_exact(x) and not x:
        return ZERO if y.is_finite() and (y > 0 or y < 0) else NAN
    return x / y


def _short(x: Any) -> Any:
    return x if x.height_bits() <= LONGEST else flint.arb(x)


def _sum(entries: list[Any]) -> Any:
    total, rest = ZERO, None
    for x in entries:
        if is_exact(x):
            total += x
        else:
            rest = x if rest is None else rest + x
    return _short(total) if rest is None else _add(total, rest)


_exact = np.frompyfunc(is_exact, 1, 1)
_present = np.frompyfunc(lambda x: not is_exact(x) or bool(x), 1, 1)
_unknown = np.frompyfunc(lambda x: not is_exact(x) and not x.is_finite(), 1, 1)


def _blocks(size: int, cost: float) -> Iterator[slice]:
    """Divide a range into parts that can be worked on without looking at the clock."""
    step = max(1, int(_AT_ONCE / max(cost, 1e-3)))
    for start in range(0, size, step):
        yield slice(start, min(start + step, size))


def _longest(v: Balls) -> int:
    """Return the bits of the longest fraction."""
    return max((x.height_bits() for x in v.reshape(-1).tolist() if is_exact(x)), default=0)


def _matmul(a: Balls, b: Balls) -> Balls:
    """Multiply matrices: exact parts exactly, the products of which a factor is a ball in balls."""
    if 0 in (*a.shape, b.shape[1]):
        return np.full((a.shape[0], b.shape[1]), ZERO, dtype=object)
    exact_a, exact_b = _exact(a).astype(bool), _exact(b).astype(bool)
    whole_a, whole_b = _where(exact_a, a), _where(exact_b, b)
    rational = _matrix(flint.fmpq_mat, whole_a) * _matrix(flint.fmpq_mat, whole_b)
    out = _array([_short(x) for x in rational.entries()], (a.shape[0], b.shape[1]))
    if exact_a.all() and exact_b.all():
        return out
    there_a, there_b = _present(a).astype(np.float64), _present(b).astype(np.float64)
    # a b = a' b' + (a − a') b + a' (b − b') with the exact parts a', b'
    terms = (there_a * ~exact_a) @ there_b + (there_a * exact_a) @ (there_b * ~exact_b)
    left = np.concatenate([_where(~exact_a, a), whole_a], axis=1)
    right = np.concatenate([b, _where(~exact_b, b)], axis=0)
    balls = _matrix(flint.arb_mat, left) * _matrix(flint.arb_mat, right)
    for i, j in zip(*np.nonzero(terms), strict=True):
        out[i, j] = _add(out[i, j], balls[int(i), int(j)])
    # 0 · ∞ is not 0: what meets an unknown number is unknown
    out[_unknown(a).astype(bool).any(axis=1), :] = NAN
    out[:, _unknown(b).astype(bool).any(axis=0)] = NAN
    return out


def _where(mask: npt.NDArray[np.bool_], v: Balls) -> Balls:
    """Return v where the mask is true, and 0 elsewhere."""
    out = np.full(v.shape, ZERO, dtype=object)
    out[mask] = v[mask]
    return out


def _matrix(kind: Any, v: Balls) -> Any:
    return kind(*v.shape, v.reshape(-1).tolist())


def apply(name: str, x: Any, precision: int) -> Any:
    """Return a function's value at an entry: exact where it is seen to be rational, else a ball.

    Raises:
        Cannot: no such function.
    """
    from zerograd.explaining.shadow.functions import NAMES, ball

    if name not in NAMES:
        raise Cannot(f"no function {name}")
    if name == "reciprocal":
        return _div(ONE, x)
    if is_exact(x) and name in ("sqrt", "rsqrt"):
        root = _root(x)
        if root is not None and (name == "sqrt" or root):
            return root if name == "sqrt" else ONE / root
    return _exactly(ball(name, x, precision))


def _root(x: Any) -> Any:
    """Return the square root if it is rational, else None."""
    above, below = int(x.p), int(x.q)
    if above < 0:
        return None
    roots = math.isqrt(above), math.isqrt(below)
    return flint.fmpq(*roots) if roots[0] ** 2 == above and roots[1] ** 2 == below else None


def _exactly(x: Any) -> Any:
    """Return the number that a ball of radius 0 is."""
    if x.is_finite() and x.is_exact():
        mantissa, exponent = x.man_exp()
        return flint.fmpq(mantissa) * flint.fmpq(2) ** int(exponent)
    return x
