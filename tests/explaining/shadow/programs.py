"""Random programs over the operations that every arithmetic has, and arrays of fractions as a reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Domain, Number

N = 3
"""All values are matrices with so many rows and columns."""


class Fractions(Domain[Any]):
    """Arrays of fractions; None where there is no number."""

    def leaf(self, tensor: Tensor) -> Any:
        flat = [Fraction(x) for x in tensor.flatten().tolist()]
        return self._array(flat, tuple(tensor.shape))

    def constant(self, number: Number, shape: Sequence[int]) -> Any:
        return np.full(tuple(shape), Fraction(number), dtype=object)

    def shape(self, v: Any) -> tuple[int, ...]:
        return tuple(v.shape)

    def _array(self, flat: list[Any], shape: tuple[int, ...]) -> Any:
        out = np.empty(len(flat), dtype=object)
        out[:] = flat
        return out.reshape(shape)

    def move(self, f: Callable[[Tensor], Tensor], v: Any) -> Any:
        return self.join(lambda ts: f(ts[0]), [v])

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Any]) -> Any:
        flat, numbered = [Fraction(0)], []
        for v in vs:
            numbered.append(torch.arange(len(flat), len(flat) + v.size, dtype=torch.float64).reshape(v.shape))
            flat += v.flatten().tolist()
        places = f(numbered)
        return self._array([flat[int(i)] for i in places.flatten().tolist()], tuple(places.shape))

    def select(self, mask: Tensor, a: Any, b: Any) -> Any:
        return np.where(mask.numpy(), a, b)

    def put(self, v: Any, positions: Tensor, w: Any) -> Any:
        out = v.flatten()
        for place, x in zip(positions.flatten().tolist(), w.flatten().tolist(), strict=True):
            out[place] = x
        return out

    def spread(self, v: Any, positions: Tensor, size: int) -> Any:
        out: list[Any] = [Fraction(0)] * size
        for place, x in zip(positions.flatten().tolist(), v.flatten().tolist(), strict=True):
            if place >= 0:
                out[place] = None if x is None or out[place] is None else out[place] + x
        return self._array(out, (size,))

    def sum(self, v: Any, dims: Sequence[int], keepdim: bool = False) -> Any:
        for d in sorted((d % v.ndim for d in dims), reverse=True):
            total = np.full(np.delete(v.shape, d), Fraction(0), dtype=object)
            for i in range(v.shape[d]):
                total = self.add(total, np.take(v, i, d))
            v = np.expand_dims(total, d) if keepdim else total
        return v

    def _apply(self, f: Callable[..., Any], *vs: Any) -> Any:
        def known(*xs: Any) -> Any:
            return None if any(x is None for x in xs) else f(*xs)

        return np.asarray(np.frompyfunc(known, len(vs), 1)(*vs), dtype=object)

    def add(self, a: Any, b: Any) -> Any:
        return self._apply(lambda x, y: x + y, a, b)

    def neg(self, a: Any) -> Any:
        return self._apply(lambda x: -x, a)

    def mul(self, a: Any, b: Any) -> Any:
        return self._apply(lambda x, y: x * y, a, b)

    def scale(self, a: Any, number: Number) -> Any:
        return self.mul(a, self.constant(number, ()))

    def div(self, a: Any, b: Any) -> Any:
        return self._apply(lambda x, y: x / y if y else None, a, b)

    def matmul(self, a: Any, b: Any) -> Any:
        products = self.mul(np.expand_dims(a, -1), np.expand_dims(b, -3))
        return self.sum(products, [products.ndim - 2])

    def unary(self, name: str, v: Any) -> Any:
        raise Cannot(name)


@dataclass(frozen=True)
class Step:
    """One operation of a program: which, on which of the values so far, and what else it needs."""

    operation: str
    left: int
    right: int
    mask: tuple[bool, ...]
    places: tuple[int, ...]
    number: Number


RING = (
    "add",
    "sub",
    "neg",
    "mul",
    "scale",
    "matmul",
    "sum",
    "roll",
    "pad",
    "join",
    "select",
    "put",
    "spread",
)
NUMBERS: tuple[Number, ...] = (
    3,
    -1,
    0,
    0.1,
    -2.5,
    2.0**-60,
    1e30,
    Fraction(1, 3),
    Fraction(5, 14),
    Fraction(-7, 64),
)


def programs(*more: str) -> st.SearchStrategy[list[Step]]:
    """Draw programs of ring operations, and others by name."""
    squares = N * N
    step = st.builds(
        Step,
        st.sampled_from(RING + more),
        st.integers(0, 20),
        st.integers(0, 20),
        st.tuples(*[st.booleans()] * squares),
        st.tuples(*[st.integers(-1, squares - 1)] * squares),
        st.sampled_from(NUMBERS),
    )
    return st.lists(step, min_size=1, max_size=10)


def leaves() -> st.SearchStrategy[list[Tensor]]:
    """Draw matrices of several types, with many zeros and round numbers."""
    entry = st.one_of(
        st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.5, 3.0, 96.0]),
        st.floats(-4, 4, width=32),
        st.floats(-1e3, 1e3),
    )
    matrix = st.lists(entry, min_size=N * N, max_size=N * N)
    kinds = st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64])
    return st.lists(
        st.builds(lambda xs, k: torch.tensor(xs, dtype=torch.float64).to(k).reshape(N, N), matrix, kinds),
        min_size=1,
        max_size=3,
    )


def run(domain: Domain[Any], matrices: Sequence[Tensor], program: Sequence[Step]) -> list[Any]:
    """Return all values that a program computes."""
    values = [domain.leaf(m) for m in matrices]
    for step in program:
        values.append(_run(domain, step, values[step.left % len(values)], values[step.right % len(values)]))
    return values


def _run(d: Domain[Any], step: Step, a: Any, b: Any) -> Any:
    mask = torch.tensor(step.mask).reshape(N, N)
    places = torch.tensor(step.places).reshape(N, N)
    match step.operation:
        case "add" | "sub" | "mul" | "matmul" | "div":
            return getattr(d, step.operation)(a, b)
        case "neg":
            return d.neg(a)
        case "scale":
            return d.scale(a, step.number)
        case "divide":
            return d.div(a, d.constant(step.number or 2, ()))
        case "sum":
            return d.add(d.sum(a, [step.left % 2], keepdim=True), b)
        case "roll":
            return d.move(lambda t: t.t().roll(1, 0).flip(1), a)
        case "pad":
            return d.move(lambda t: torch.nn.functional.pad(t, (1, 0, 0, 1))[1:, :-1], a)
        case "join":
            return d.join(lambda ts: torch.cat(ts)[1 : N + 1], [a, b])
        case "select":
            return d.select(mask, a, b)
        case "put":
            order = torch.tensor(sorted(set(places.clamp_min(0).flatten().tolist())))
            part = d.move(lambda t: t.flatten()[: len(order)], b)
            return d.move(lambda t: t.reshape(N, N), d.put(a, order, part))
        case "spread":
            return d.move(lambda t: t.reshape(N, N), d.spread(a, places, N * N))
    raise ValueError(step.operation)
