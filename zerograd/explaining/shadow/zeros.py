"""Which entries can be non-zero, judged by factors alone: sums of positive numbers that nobody knows.

A product is 0 where a factor is, a sum where all terms are. So what is 0 here is 0 for all values of the
others, and cancellation, which this arithmetic cannot see, is what it leaves unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Convolution, Domain, Number, convolved, convolved_back

KEEP_ZERO = frozenset(
    [
        "abs",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cbrt",
        "erf",
        "erfinv",
        "expm1",
        "log1p",
        "sin",
        "sinh",
        "softsign",
        "sqrt",
        "square",
        "tan",
        "tanh",
    ]
)
"""Functions that are 0 at 0; all others are taken to be 0 nowhere."""


class Pattern:
    """Which entries can be non-zero; ``mask`` None where all can."""

    __slots__ = ("_mask", "shape")

    def __init__(self, shape: Sequence[int], mask: Tensor | None = None) -> None:
        self.shape, self._mask = tuple(shape), mask

    @classmethod
    def of(cls, mask: Tensor) -> Pattern:
        """Return the pattern of a mask."""
        return cls(mask.shape, None if bool(mask.all()) else mask)

    @property
    def is_full(self) -> bool:
        """Whether every entry can be non-zero."""
        return self._mask is None

    @property
    def mask(self) -> Tensor:
        """Booleans, true where an entry can be non-zero."""
        return torch.ones(self.shape, dtype=torch.bool) if self._mask is None else self._mask

    @property
    def is_zero(self) -> bool:
        """Whether no entry can be non-zero."""
        return self._mask is not None and not bool(self._mask.any())

    def without(self, zeros: Tensor) -> Pattern:
        """Return the pattern with further zeros."""
        return Pattern.of(self.mask & ~zeros)

    def same(self, other: Pattern) -> bool:
        """Whether two patterns agree."""
        if self._mask is None or other._mask is None:
            return self._mask is None and other._mask is None and self.shape == other.shape
        return torch.equal(self._mask, other._mask)


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that shapes broadcast to; torch's own function takes far longer.

    Raises:
        RuntimeError: they do not broadcast.
    """
    dims = max(map(len, shapes))
    out = [1] * dims
    for shape in shapes:
        for i, n in enumerate(shape, start=dims - len(shape)):
            if out[i] == 1:
                out[i] = n
            elif n not in (1, out[i]):
                raise RuntimeError(f"shapes {shapes} do not broadcast")
    return tuple(out)


def broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    """Whether a tensor of one shape can be expanded to another."""
    try:
        return broadcast(shape, to) == tuple(to)
    except RuntimeError:
        return False


Closing: TypeAlias = Callable[[int, Tensor, Pattern, Pattern | None], "tuple[Tensor, bool] | None"]
"""From a gate's number within its rule, its mask, and what each side can be (None: a gate has one side) to
where it is closed and whether the second side passes; None for a gate or a selection as the run had it.
"""


class ZeroDomain(Domain[Pattern]):
    """Patterns of zeros.

    `gate` and `select` ask what is closed: each call within one rule has its own number, so that walks which
    close some gates and open others agree on which is which.

    Attributes:
        summed: whether terms were added since `start`, so that a zero can be a cancellation.
        open_constants: whether numbers 0 that the program wrote count as non-zero; rules' own zeros never do.
    """

    def __init__(self) -> None:
        self.summed = self.open_constants = False
        self._count = 0
        self._closing: Closing | None = None

    def start(self, closing: Closing | None) -> None:
        """Begin a rule."""
        self.summed, self._count, self._closing = False, 0, closing

    def end(self) -> None:
        """End a rule: who was asked is let go."""
        self._closing = None

    def leaf(self, tensor: Tensor) -> Pattern:
        return Pattern.of(tensor.detach() != 0)

    def constant(self, number: Number, shape: Sequence[int]) -> Pattern:
        if number != 0:
            return Pattern(shape)
        return Pattern.of(torch.zeros(tuple(shape), dtype=torch.bool))

    def shape(self, v: Pattern) -> tuple[int, ...]:
        return v.shape

    def move(self, f: Callable[[Tensor], Tensor], v: Pattern) -> Pattern:
        return Pattern.of(f(v.mask))

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Pattern]) -> Pattern:
        return Pattern.of(f([v.mask for v in vs]))

    def select(self, mask: Tensor, a: Pattern, b: Pattern) -> Pattern:
        return self._choose(mask, a, b)

    def gate(self, mask: Tensor, v: Pattern) -> Pattern:
        return self._choose(mask, v, None)

    def _choose(self, mask: Tensor, a: Pattern, b: Pattern | None) -> Pattern:
        number, self._count = self._count, self._count + 1
        answer = self._closing(number, mask, a, b) if self._closing else None
        if answer is None and b is not None:
            if a.is_full and b.is_full:
                return Pattern(broadcast(mask.shape, a.shape, b.shape))
            return Pattern.of(torch.where(mask, a.mask, b.mask))
        closed, second = answer or (~mask, False)
        passing = b if second and b is not None else a
        shape = broadcast(mask.shape, a.shape, b.shape if b is not None else ())
        return Pattern.of(passing.mask.expand(shape) & ~closed)

    def put(self, v: Pattern, positions: Tensor, w: Pattern) -> Pattern:
        if v.is_full and w.is_full:
            return v
        return Pattern.of(v.mask.flatten().index_put((positions.flatten(),), w.mask.flatten()))

    def spread(self, v: Pattern, positions: Tensor, size: int) -> Pattern:
        self.summed = True
        places = positions.flatten()[v.mask.flatten()]
        mask = torch.zeros(size, dtype=torch.bool)
        mask[places[places >= 0]] = True
        return Pattern.of(mask)

    def sum(self, v: Pattern, dims: Sequence[int], keepdim: bool = False) -> Pattern:
        dims = sorted({d % len(v.shape) for d in dims})
        if not dims:
            return v
        self.summed = True
        if v.is_full and all(v.shape[d] for d in dims):
            kept = [1 if d in dims else n for d, n in enumerate(v.shape) if keepdim or d not in dims]
            return Pattern(kept)
        mask = v.mask
        for d in reversed(dims):
            mask = mask.any(d, keepdim=keepdim)
        return Pattern.of(mask)

    def add(self, a: Pattern, b: Pattern) -> Pattern:
        self.summed = True
        shape = broadcast(a.shape, b.shape)
        if a.is_full or b.is_full:
            return Pattern(shape)
        return Pattern.of(a.mask | b.mask)

    def neg(self, a: Pattern) -> Pattern:
        return a

    def mul(self, a: Pattern, b: Pattern) -> Pattern:
        if a.is_full and b.is_full:
            return Pattern(broadcast(a.shape, b.shape))
        return Pattern.of(a.mask & b.mask)

    def scale(self, a: Pattern, number: Number) -> Pattern:
        return a if number != 0 or self.open_constants else self.constant(0, a.shape)

    def div(self, a: Pattern, b: Pattern) -> Pattern:
        shape = broadcast(a.shape, b.shape)
        return Pattern(shape) if a.is_full else Pattern.of(a.mask.expand(shape))

    def matmul(self, a: Pattern, b: Pattern) -> Pattern:
        self.summed = True
        inner = a.shape[-1]
        shape = (*broadcast(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
        if inner == 0:
            return Pattern(shape, torch.zeros(shape, dtype=torch.bool))
        if a.is_full and b.is_full:
            return Pattern(shape)
        if b.is_full:
            return Pattern.of(a.mask.any(-1, keepdim=True).expand(shape))
        if a.is_full:
            return Pattern.of(b.mask.any(-2, keepdim=True).expand(shape))
        return Pattern.of(a.mask.to(torch.float32) @ b.mask.to(torch.float32) > 0)

    def convolution(self, x: Pattern, w: Pattern, how: Convolution) -> Pattern:
        return self._bilinear(lambda a, b: convolved(a, b, how), x, w)

    def convolution_x(self, g: Pattern, w: Pattern, how: Convolution, x_shape: Sequence[int]) -> Pattern:
        def f(g: Tensor, w: Tensor) -> Tensor:
            return convolved_back(g, g.new_empty(1).expand(tuple(x_shape)), w, how, (True, False, False))[0]

        return self._bilinear(f, g, w)

    def convolution_w(self, g: Pattern, x: Pattern, how: Convolution, w_shape: Sequence[int]) -> Pattern:
        def f(g: Tensor, x: Tensor) -> Tensor:
            return convolved_back(g, x, g.new_empty(1).expand(tuple(w_shape)), how, (False, True, False))[1]

        return self._bilinear(f, g, x)

    def _bilinear(self, f: Callable[[Tensor, Tensor], Tensor], a: Pattern, b: Pattern) -> Pattern:
        self.summed = True
        # sums of ones: transforms inside could return a rounding of 0, never 1/2
        return Pattern.of(f(a.mask.to(torch.float32), b.mask.to(torch.float32)) > 0.5)

    def unary(self, name: str, v: Pattern) -> Pattern:
        return v if name in KEEP_ZERO else Pattern(v.shape)
