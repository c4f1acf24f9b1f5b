"""What an arithmetic offers, so that each rule is written once for all of them.

A value stands for a tensor of real numbers: with error bounds, modulo primes, as exact numbers, or merely as
which entries can be non-zero. Rules (`rules`) are written over the operations below. An arithmetic that
cannot do one raises `Cannot`; the value is then unknown to it, as is what depends on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Generic, TypeAlias, TypeVar

import torch
from torch import Tensor

V = TypeVar("V")
Number: TypeAlias = int | float | Fraction
"""A float is the rational number that it is."""


class Cannot(Exception):  # noqa: N818  (not an error: the next arithmetic is asked)
    """This arithmetic has no such operation, or not for these values."""


class Domain(ABC, Generic[V]):
    """Tensors of one kind of numbers.

    Shapes broadcast as torch's do in ``add``, ``sub``, ``mul``, ``div``, ``select`` and ``gate``.
    """

    # where values come from
    @abstractmethod
    def leaf(self, tensor: Tensor) -> V:
        """Return the numbers that the floats (or integers, or booleans) of a tensor are."""

    def constant(self, number: Number, shape: Sequence[int]) -> V:
        """Return a tensor with one number everywhere."""
        exact = isinstance(number, float) or (Fraction(number).denominator == 1 and -(2**53) < number < 2**53)
        full = self.leaf(torch.full(tuple(shape), float(number) if exact else 1.0, dtype=torch.float64))
        return full if exact else self.scale(full, number)

    @abstractmethod
    def shape(self, v: V) -> tuple[int, ...]:
        """Return the shape."""

    # moving entries
    @abstractmethod
    def move(self, f: Callable[[Tensor], Tensor], v: V) -> V:
        """Apply ``f``, which only moves, repeats or drops entries, or puts zeros beside them (any view, pad,
        gather).
        """

    @abstractmethod
    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[V]) -> V:
        """Apply ``f``, which only moves entries of several tensors: cat, stack."""

    @abstractmethod
    def select(self, mask: Tensor, a: V, b: V) -> V:
        """Return ``a`` where the mask is true, else ``b``: a decision of the run, or of the program."""

    def gate(self, mask: Tensor, v: V) -> V:
        """Return ``v`` where the mask is true, else 0: what an activation lets through.

        Apart from `select`, because zeros that it makes are causes: dead, saturated, on the kink.
        """
        return self.select(mask, v, self.constant(0, ()))

    @abstractmethod
    def put(self, v: V, positions: Tensor, w: V) -> V:
        """Return flat ``v`` with the entries at ``positions`` (integers, in the shape of ``w``) replaced by
        ``w``'s.
        """

    @abstractmethod
    def spread(self, v: V, positions: Tensor, size: int) -> V:
        """Return a flat tensor of ``size`` entries: the sum of those of ``v`` that go to each position.

        ``positions`` has the shape of ``v``; −1 drops an entry.
        """

    # arithmetic
    @abstractmethod
    def sum(self, v: V, dims: Sequence[int], keepdim: bool = False) -> V:
        """Return the sum over some dimensions; over none, ``v`` itself."""

    @abstractmethod
    def add(self, a: V, b: V) -> V:
        """Return a + b."""

    @abstractmethod
    def neg(self, a: V) -> V:
        """Return −a."""

    def sub(self, a: V, b: V) -> V:
        """Return a − b."""
        return self.add(a, self.neg(b))

    @abstractmethod
    def mul(self, a: V, b: V) -> V:
        """Return a · b, entry by entry."""

    @abstractmethod
    def scale(self, a: V, number: Number) -> V:
        """Return a · number, for a finite number."""

    @abstractmethod
    def div(self, a: V, b: V) -> V:
        """Return a / b, entry by entry; unknown where b may be 0."""

    @abstractmethod
    def matmul(self, a: V, b: V) -> V:
        """Return the product of matrices, or of stacks of matrices that broadcast; both have two dimensions
        or more.
        """

    def remember(self, name: str, inputs: Sequence[V], make: Callable[[], Any]) -> Any:  # noqa: ARG002
        """Return what ``make`` makes of some values; arithmetics may keep it for the way back."""
        return make()

    @abstractmethod
    def unary(self, name: str, v: V) -> V:
        """Apply a function by entries: the names of `functions`, such as exp, log, tanh, erf, sqrt, rsqrt."""

    # convolutions: by moving and multiplying; arithmetics with tensors of floats use torch's own
    def convolution(self, x: V, w: V, how: Convolution) -> V:
        """Return the convolution of x (N, C, …) with w (K, C/groups, …), without bias; not transposed."""
        return convolve(self, x, w, how)

    def convolution_x(self, g: V, w: V, how: Convolution, x_shape: Sequence[int]) -> V:
        """Return what the transposed convolution makes of g: the gradient of x. It is linear in g and in
        w.
        """
        return convolve_x(self, g, w, how, tuple(x_shape))

    def convolution_w(self, g: V, x: V, how: Convolution, w_shape: Sequence[int]) -> V:
        """Return the gradient of w. It is linear in g and in x."""
        return convolve_w(self, g, x, how, tuple(w_shape))


class Remembering(Domain[V]):
    """An arithmetic that computes what went forward once, and not again on the way back."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], tuple[Sequence[V], Any]] = {}

    def remember(self, name: str, inputs: Sequence[V], make: Callable[[], Any]) -> Any:
        key = name, *map(id, inputs)
        if key not in self._made:
            self._made[key] = inputs, make()  # the inputs are kept, so that no other takes their identity
        return self._made[key][1]


class Convolution:
    """Stride, padding, dilation (one number for each dimension of space) and groups."""

    __slots__ = ("dilation", "groups", "padding", "stride")

    def __init__(
        self, stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int
    ) -> None:
        self.stride, self.padding, self.dilation, self.groups = (
            tuple(stride),
            tuple(padding),
            tuple(dilation),
            groups,
        )


def patches(x: Tensor, how: Convolution, kernel: Sequence[int]) -> Tensor:
    """Return the patches that a kernel meets: (N, C, K…, P…) from (N, C, …), with zeros around; moves
    entries only.
    """
    pad = [p for padding in reversed(how.padding) for p in (padding, padding)]
    x = torch.nn.functional.pad(x, pad)
    for d, k in enumerate(kernel):
        # dimension 2+d is replaced by positions, and the offsets within the kernel go last
        reach = how.dilation[d] * (k - 1) + 1
        x = x.unfold(2 + d, reach, how.stride[d])[..., :: how.dilation[d]]
    n = len(kernel)
    return x.permute(0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))


def _columns(x: Tensor, how: Convolution, kernel: Sequence[int]) -> Tensor:
    """Patches as matrices: (N, groups, C/groups · K, P)."""
    p = patches(x, how, kernel)
    n = len(kernel)
    places = p.shape[2 + n :].numel()
    return p.reshape(p.shape[0], how.groups, -1, places)


def _out_shape(x_shape: Sequence[int], how: Convolution, kernel: Sequence[int]) -> tuple[int, ...]:
    return tuple(
        (x + 2 * p - d * (k - 1) - 1) // s + 1
        for x, p, d, k, s in zip(x_shape[2:], how.padding, how.dilation, kernel, how.stride, strict=True)
    )


def convolve(domain: Domain[V], x: V, w: V, how: Convolution) -> V:
    """Return the convolution, by multiplying patches with the kernel as matrices."""
    w_shape, x_shape = domain.shape(w), domain.shape(x)
    columns = domain.move(lambda t: _columns(t, how, w_shape[2:]), x)
    rows = domain.move(lambda t: t.reshape(1, how.groups, w_shape[0] // how.groups, -1), w)
    out = domain.matmul(rows, columns)
    return domain.move(
        lambda t: t.reshape(x_shape[0], w_shape[0], *_out_shape(x_shape, how, w_shape[2:])), out
    )


def convolve_x(domain: Domain[V], g: V, w: V, how: Convolution, x_shape: tuple[int, ...]) -> V:
    """Return the gradient of x: each patch's share goes back to where it was taken from."""
    w_shape, g_shape = domain.shape(w), domain.shape(g)
    rows = domain.move(lambda t: t.reshape(1, how.groups, w_shape[0] // how.groups, -1).transpose(2, 3), w)
    back = domain.move(lambda t: t.reshape(g_shape[0], how.groups, w_shape[0] // how.groups, -1), g)
    size = torch.Size(x_shape).numel()
    places = torch.arange(1, size + 1, dtype=torch.float64).reshape(x_shape)
    positions = _columns(places, how, w_shape[2:]).to(torch.int64) - 1
    flat = domain.spread(domain.matmul(rows, back), positions, size)
    return domain.move(lambda t: t.reshape(x_shape), flat)


def convolve_w(domain: Domain[V], g: V, x: V, how: Convolution, w_shape: tuple[int, ...]) -> V:
    """Return the gradient of w: patches times what comes back, summed over samples and places."""
    g_shape = domain.shape(g)
    columns = domain.move(lambda t: _columns(t, how, w_shape[2:]).permute(1, 0, 3, 2).flatten(1, 2), x)
    back = domain.move(
        lambda t: (
            t.reshape(g_shape[0], how.groups, w_shape[0] // how.groups, -1).permute(1, 2, 0, 3).flatten(2, 3)
        ),
        g,
    )
    return domain.move(lambda t: t.reshape(w_shape), domain.matmul(back, columns))


def convolved(x: Tensor, w: Tensor, how: Convolution) -> Tensor:
    """Return torch's own convolution of two tensors of floats."""
    out: Tensor = torch.ops.aten.convolution(
        x, w, None, how.stride, how.padding, how.dilation, False, [0] * len(how.stride), how.groups
    )
    return out


def convolved_back(
    g: Tensor, x: Tensor, w: Tensor, how: Convolution, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return torch's own gradients of a convolution: of x, w and the bias, where they are wanted."""
    grads: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        g, x, w, None, how.stride, how.padding, how.dilation, False, [0] * len(how.stride), how.groups, wanted
    )
    return grads


LONG = (torch.int64, getattr(torch, "uint64", torch.int64))
"""Integers that float64 may round; torch has unsigned ones from 2.3 on."""


def float64(tensor: Tensor) -> Tensor:
    """Return the numbers of a tensor as float64, exactly.

    Raises:
        Cannot: they are integers, and one of them may have been rounded.
    """
    value = tensor.to(torch.float64)
    if tensor.dtype in LONG and bool((value.abs() >= 2.0**53).any()):
        raise Cannot("integers of 54 bits or more")
    return value


AnyDomain: TypeAlias = Domain[Any]
