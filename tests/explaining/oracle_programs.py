"""Straight-line programs for the oracle: arithmetic, views, writes in place, masks, casts, no gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from inspect import signature
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from tests.explaining import oracle_layers as layers
from tests.explaining.oracle import (
    OPERATIONS,
    VIEWS,
    Array,
    Both,
    Call,
    Interpreter,
    Number,
    by_entries,
    define,
    function,
)

NUMBERS = (2.0, -1.0, 0.5, 0.0, 0.1, 3, -7, 1e-3)
TYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
ORDERS = ([1, 0, 1], [0], [1, 1], [0, 1])


def _same(name: str, f: Callable[..., Any]) -> None:
    """Register what is written alike for torch and for NumPy."""
    define(name, f)(lambda c: f(*c.exact, **c.how))


def _both(name: str, torch_does: Callable[..., Any], exact: Callable[..., Any]) -> None:
    define(name, torch_does)(lambda c: exact(*c.exact, **c.how))


def _view(name: str, f: Callable[..., Any], exact: Callable[..., Any] | None = None) -> None:
    _both(name, f, exact or f)
    VIEWS.add(name)


# entry by entry
_same("p.add", lambda a, b, k: a + b)
_same("p.sub", lambda a, b, k: a - b)
_same("p.mul", lambda a, b, k: a * b)
_same("p.neg", lambda a, k: -a)
_same("p.scale", lambda a, k: a * NUMBERS[k])
_same("p.shift", lambda a, k: a + NUMBERS[k])
_same("p.rsub", lambda a, k: NUMBERS[k] - a)
_same("p.over", lambda a, k: a / (NUMBERS[k] or 3))
_same("p.div", lambda a, b, k: a / (b * b + 1))
_both("p.alpha", lambda a, b, k: torch.add(a, b, alpha=NUMBERS[k]), lambda a, b, k: a + b * NUMBERS[k])
_both(
    "p.addcmul",
    lambda a, b, k: torch.addcmul(a, a, b, value=NUMBERS[k]),
    lambda a, b, k: a + a * b * NUMBERS[k],
)
_both("p.lerp", lambda a, b, k: torch.lerp(a, b, k / 4), lambda a, b, k: a + (b - a) * (Fraction(k) / 4))
_both("p.pow", lambda a, k: a ** (1 + k % 4), lambda a, k: _power(a, 1 + k % 4))
_same("p.matmul", lambda a, b, k: a @ b)


def _power(a: Array, k: int) -> Array:
    return a.copy() if k == 1 else a * _power(a, k - 1)


# sums
_both("p.sum", lambda a, k: a.sum(k % 2), lambda a, k: a.sum(axis=k % 2))
_both("p.all", lambda a, k: a.sum(), lambda a, k: a.sum())
_both("p.keep", lambda a, k: a.sum(k % 2, keepdim=True), lambda a, k: a.sum(axis=k % 2, keepdims=True))
_both(
    "p.mean",
    lambda a, k: a.mean(k % 2),
    lambda a, k: layers._full(a.sum(axis=k % 2)) / layers._full(a.shape[k % 2]),
)
_both("p.prod", lambda a, k: a.prod(k % 2), lambda a, k: a.prod(axis=k % 2))
_both("p.cumsum", lambda a, k: a.cumsum(k % 2), lambda a, k: a.cumsum(axis=k % 2).reshape(a.shape))
_both("p.var", lambda a, k: a.var(k % 2, correction=0), lambda a, k: _variance(a, k % 2))


def _variance(a: Array, axis: int) -> Array:
    n = layers._full(a.shape[axis])
    centred = a - a.sum(axis=axis, keepdims=True) / n
    return layers._full((centred * centred).sum(axis=axis)) / n


# moving
_both("p.clone", lambda a, k: a.clone(), lambda a, k: a.copy())
_both("p.cat", lambda a, b, k: torch.cat([a, b], k % 2), lambda a, b, k: np.concatenate([a, b], k % 2))
_both("p.stack", lambda a, b, k: torch.stack([a, b]).sum(0), lambda a, b, k: np.stack([a, b]).sum(axis=0))
_both("p.roll", lambda a, k: a.roll(1, k % 2), lambda a, k: np.roll(a, 1, k % 2))
_both("p.flip", lambda a, k: a.flip(0), lambda a, k: a[::-1].copy())
_both("p.pick", lambda a, k: a[torch.tensor(ORDERS[k % 4])], lambda a, k: a[ORDERS[k % 4]])
_both(
    "p.gather",
    lambda a, k: a.gather(0, _index(a, k)),
    lambda a, k: np.take_along_axis(a, _index(a, k).numpy(), 0),
)
_both("p.tril", lambda a, k: a.tril(), lambda a, k: np.where(np.tri(*a.shape) > 0, a, a * 0))
_both(
    "p.pad",
    lambda a, k: F.pad(a, (1, 0))[..., :3],
    lambda a, k: np.concatenate([a[..., :1] * 0, a], -1)[..., :3],
)
_both(
    "p.flat",
    lambda a, k: a.clone(memory_format=torch.contiguous_format).view(-1),
    lambda a, k: a.copy().reshape(-1),
)
_view("p.t", lambda a, k: a.transpose(0, 1), lambda a, k: a.swapaxes(0, 1))
_view("p.row", lambda a, k: a[k % 2, ...])  # with dots, NumPy gives a view even of one number
_view("p.column", lambda a, k: a[..., k % 2])
_view("p.some", lambda a, k: a[k % 2 :])
_view("p.every_other", lambda a, k: a[..., ::2])
_view("p.unsqueeze", lambda a, k: a[None] if a.ndim < 2 else a[0][:, None])
_view("p.expand", lambda a, k: a.expand(2, *a.shape[-1:]), lambda a, k: _expanded(a, (2, *a.shape[-1:])))
_view(
    "p.diagonal",
    lambda a, k: a.diagonal(),
    lambda a, k: np.einsum("ii->i", a[: min(a.shape), : min(a.shape)]),
)
_view("detach", lambda a, k: a.detach(), lambda a, k: a)


def _expanded(a: Array, shape: tuple[int, ...]) -> Array:
    return a if a.shape == shape else np.broadcast_to(a, shape)


def _index(a: Any, k: int) -> Tensor:
    """Return positions along the first dimension, in the shape of an array."""
    n, m = (*a.shape, 1)[:2] if a.ndim else (1, 1)
    rows: Tensor = (torch.arange(n * m) * (k + 1) // 2 % n).reshape(n, m)
    return rows if a.ndim == 2 else rows[:, 0]


# what the run decides
def _decided(name: str, base: str, **how: Any) -> None:
    torch_does, exact = OPERATIONS[base]

    define(name, lambda a, k: torch_does(a, **how))(lambda c: exact(Call(c.exact, c.run, c.out, how)))


_decided("p.relu", "relu")
_decided("p.abs", "abs")
_decided("p.clamp", "clamp", min=-0.5, max=1.0)
_decided("p.leaky", "leaky_relu", negative_slope=0.25)
_decided("p.max", "max", dim=0)


@define("p.maximum", lambda a, b, k: torch.maximum(a, b))
def maximum(c: Call) -> Array:
    a, b = np.broadcast_arrays(*c.exact)
    x, y = torch.broadcast_tensors(*[t.to(c.out.dtype) for t in c.run])
    return layers.maximum(Call([a, b], [x, y], c.out, {}))


@define("p.where", lambda a, b, k: torch.where(a > b, a, b * 2))
def where(c: Call) -> Array:
    (a, b), (x, y) = c.exact, c.run
    return layers.where(x > y, a, b * 2)


@define("p.mask", lambda a, b, k: a * (b > 0).to(a.dtype))
def mask(c: Call) -> Array:
    return c.exact[0] * layers.where((c.run[1] > 0), c.exact[1] * 0 + 1, 0)


@define("p.fill", lambda a, b, k: a.masked_fill(b > 0, NUMBERS[k]))
def fill(c: Call) -> Array:
    return layers.where(c.run[1] > 0, NUMBERS[c.how["k"]], c.exact[0])


@define("p.chosen", lambda a, k: a[a >= 0])
def chosen(c: Call) -> Array:
    return c.exact[0][(c.run[0] >= 0).numpy()]


@define("p.cast", lambda a, k: a.to(TYPES[k % 4]))
def cast(c: Call) -> Array:
    return c.exact[0].copy()  # where nothing is to be cast, torch returns an alias: see `run`


@define("p.argmax", lambda a, k: F.one_hot(a.argmax(-1), a.shape[-1]).to(a.dtype) * a)
def argmax(c: Call) -> Array:
    hot = F.one_hot(c.run[0].argmax(-1), c.run[0].shape[-1])
    return layers.where(hot > 0, c.exact[0], 0)


# in place
_both("p.add_", lambda a, b, k: a.add_(b), lambda a, b, k: a + b)
_both("p.sub_", lambda a, b, k: a.sub_(b, alpha=2), lambda a, b, k: a - b * 2)
_both("p.mul_", lambda a, b, k: a.mul_(b), lambda a, b, k: a * b)
_both("p.scale_", lambda a, k: a.mul_(NUMBERS[k]), lambda a, k: a * NUMBERS[k])
_both("p.neg_", lambda a, k: a.neg_(), lambda a, k: -a)
_both("p.copy_", lambda a, b, k: a.copy_(b), lambda a, b, k: a * 0 + b if b.ndim > a.ndim else b)
_both(
    "p.addcmul_", lambda a, b, k: a.addcmul_(b, b, value=NUMBERS[k]), lambda a, b, k: a + b * b * NUMBERS[k]
)
_both("p.zero_", lambda a, k: a.zero_(), lambda a, k: a * 0)
_both("p.set_", lambda a, k: a.fill_(NUMBERS[k]), lambda a, k: a * 0 + NUMBERS[k])


def _zero_detached(name: str, f: Callable[[Array, int], Array]) -> None:
    """Numbers that are written over pass no gradients on."""
    torch_does = OPERATIONS[name][0]

    def exact(c: Call) -> Array:
        plain = np.frompyfunc(lambda n: n.detached(), 1, 1)(c.exact[0])
        return f(plain, c.how["k"])

    define(name, torch_does)(exact)


_zero_detached("p.zero_", lambda a, k: a * 0)
_zero_detached("p.set_", lambda a, k: a * 0 + NUMBERS[k])


@define("p.relu_", lambda a, k: a.relu_())
def relu_(c: Call) -> Array:
    return layers.through(c.run[0] > 0, c.exact[0])


@define("p.clamp_", lambda a, k: a.clamp_(-0.5, 1.0))
def clamp_(c: Call) -> Array:
    return layers.clamp(Call(c.exact, c.run, c.out, {"min": -0.5, "max": 1.0}))


@define("p.fill_", lambda a, b, k: a.masked_fill_(b > 0, NUMBERS[k]))
def fill_(c: Call) -> Array:
    return layers.where(c.run[1] > 0, NUMBERS[c.how["k"]], c.exact[0])


def _put(a: Tensor, b: Tensor, k: int) -> Tensor:
    a[torch.tensor(ORDERS[1 + k % 2 * 2])] = b
    return a


@define("p.put_", _put)
def put_(c: Call) -> Array:
    a = c.exact[0].copy()
    a[ORDERS[1 + c.how["k"] % 2 * 2]] = c.exact[1]
    return a


def _index_add(a: Tensor, b: Tensor, k: int) -> Tensor:
    return a.index_add_(0, torch.tensor(ORDERS[k % 4][: b.shape[0]]), b)


@define("p.index_add_", _index_add)
def index_add_(c: Call) -> Array:
    a = c.exact[0].copy()
    for place, row in zip(ORDERS[c.how["k"] % 4][: len(c.exact[1])], c.exact[1], strict=True):
        a[place] = a[place] + row
    return a


_both("p.square_", lambda a, k: a.pow_(2), lambda a, k: a * a)
_both("p.over_", lambda a, k: a.div_(NUMBERS[k] or 3), lambda a, k: a / (NUMBERS[k] or 3))


def _accumulated(a: Tensor, b: Tensor, k: int) -> Tensor:
    return a.index_put_((torch.tensor([1, 0, 1][: 1 + k % 3]),), b, accumulate=True)


def _added(a: Array, b: Array, places: list[int]) -> Array:
    out = a.copy()
    for place, row in zip(places, np.broadcast_to(b, (len(places), *a.shape[1:])), strict=True):
        out[place] = out[place] + row
    return out


def _scattered(a: Array, b: Array, k: int) -> Array:
    out = a.copy()
    for at, row in np.ndenumerate(_index(b, k).numpy()):
        out[(row, *at[1:])] = out[(row, *at[1:])] + b[at]
    return out


_both("p.put_more_", _accumulated, lambda a, b, k: _added(a, b, [1, 0, 1][: 1 + k % 3]))
_both("p.scatter_add_", lambda a, b, k: _several(a).scatter_add_(0, _index(b, k), _several(b)), _scattered)


# more of everything
_both("p.outer", lambda a, b, k: torch.outer(a, b), lambda a, b, k: np.multiply.outer(_vector(a), _vector(b)))
_both(
    "p.affine",
    lambda a, b, k: torch.addmm(b, a, a.t(), beta=2, alpha=NUMBERS[k]),
    lambda a, b, k: b * 2 + (a @ a.T) * NUMBERS[k],
)
_both("p.repeat", lambda a, k: a.repeat(2, 1)[: 1 + k % 3], lambda a, k: np.tile(a, (2, 1))[: 1 + k % 3])
_both(
    "p.split",
    lambda a, k: a.clone().split(2)[k % len(a.split(2))],
    lambda a, k: a[2 * (k % -(-len(a) // 2)) :][:2].copy(),
)
_both("p.products", lambda a, k: a.cumprod(k % 2), lambda a, k: a.cumprod(axis=k % 2).reshape(a.shape))
_both(
    "p.triple",
    lambda a, b, k: torch.stack([a + b, a, b], -1).mean(-1),
    lambda a, b, k: (a * 2 + b * 2) / layers._full(3),
)
_both(
    "p.put_row",
    lambda a, k: torch.zeros_like(a).select_scatter(a[0], 0, k % 2),
    lambda a, k: _row_alone(a, k % 2),
)
_view("p.unbind", lambda a, k: a.unbind()[k % 2], lambda a, k: a[k % 2, ...])
_view("p.narrow", lambda a, k: a.narrow(-1, k % 2, 1), lambda a, k: a[..., k % 2 : k % 2 + 1])
_view(
    "p.squeeze",
    lambda a, k: a.squeeze(),
    lambda a, k: a.reshape(a.shape) if 1 not in a.shape else _squeezed(a),
)
_view("p.corner", lambda a, k: a.as_strided((2,), (1,), a.storage_offset()), lambda a, k: _corner(a))


def _vector(a: Array) -> Array:
    if a.ndim != 1:
        raise IndexError
    return a


def _row_alone(a: Array, at: int) -> Array:
    out = a * 0
    out[at] = a[0]
    return np.where(
        np.arange(len(a)).reshape(-1, *[1] * (a.ndim - 1)) == at, out, by_entries(Number.detached, a * 0)
    )


def _squeezed(a: Array) -> Array:
    return np.squeeze(a)


def _corner(a: Array) -> Array:
    """The first two entries in memory, where these are the first two of the last dimension."""
    if a.ndim == 0 or a.shape[-1] < 2 or a.strides[-1] != a.itemsize:
        raise IndexError
    return a[(0,) * (a.ndim - 1)][:2]


@define("p.minimum", lambda a, b, k: torch.minimum(a, b))
def minimum(c: Call) -> Array:
    a, b = np.broadcast_arrays(*c.exact)
    x, y = torch.broadcast_tensors(*[t.to(c.out.dtype) for t in c.run])
    return -layers.maximum(Call([-a, -b], [-x, -y], c.out, {}))


@define("p.amax", lambda a, k: a.amax(0))
def amax(c: Call) -> Array:
    return _shared(_several(c.exact[0]), c.run[0])


@define("p.most", lambda a, k: a.max())
def most(c: Call) -> Array:
    return _shared(c.exact[0].reshape(-1), c.run[0].reshape(-1))


def _shared(x: Array, run: Tensor) -> Array:
    """Return the first of the largest, whose derivative all of them share."""
    ties = run == run.amax(0)
    out = np.empty(x.shape[1:], dtype=object)
    for at in np.ndindex(*x.shape[1:]):
        tied = [x[(i, *at)] for i in range(len(x)) if bool(ties[(i, *at)])]
        out[at] = Number(tied[0].value, [(n, tied[0]._value_of(Fraction(1, len(tied)))) for n in tied])
    return out


@define("p.sort", lambda a, k: a.sort(dim=-1, stable=True).values)
def sort(c: Call) -> Array:
    return np.take_along_axis(c.exact[0], c.run[0].sort(dim=-1, stable=True).indices.numpy(), -1)


@define("p.median", lambda a, k: a.kthvalue(1, -1).values)
def median(c: Call) -> Array:
    at = c.run[0].kthvalue(1, -1).indices.unsqueeze(-1).numpy()
    return np.take_along_axis(c.exact[0], at, -1).squeeze(-1)


# smooth ones
def _several(a: Any) -> Any:
    if a.ndim == 0:
        raise IndexError  # as NumPy gives a number then, and no array
    return a


def _composed(name: str, torch_does: Callable[[Tensor], Tensor], exact: Callable[[Array], Array]) -> None:
    define(name, lambda a, k: torch_does(a))(lambda c: exact(_several(c.exact[0])))


_composed("s.tanh", torch.tanh, lambda x: function("tanh", x))
_composed("s.sigmoid", torch.sigmoid, lambda x: function("sigmoid", x))
_composed("s.bell", lambda x: torch.exp(-x * x), lambda x: function("exp", -(x * x)))
_composed("s.log", lambda x: torch.log(x * x + 1), lambda x: function("log", x * x + 1))
_composed("s.sqrt", lambda x: torch.sqrt(x * x + 1), lambda x: function("sqrt", x * x + 1))
_composed("s.sin", torch.sin, lambda x: function("sin", x))
_composed(
    "s.softmax", lambda x: torch.softmax(torch.tanh(x), -1), lambda x: layers.softmax(function("tanh", x))
)

_composed(
    "s.logsumexp", lambda x: torch.logsumexp(torch.sin(x), -1), lambda x: _logsumexp(function("sin", x))
)
_composed(
    "s.log_softmax", lambda x: F.log_softmax(torch.sin(x), -1), lambda x: _log_softmax(function("sin", x))
)
_composed("s.norm", lambda x: torch.linalg.vector_norm(x - 9), lambda x: function("sqrt", _squares(x - 9)))
_composed("s.rsqrt", lambda x: torch.rsqrt(x * x + 0.5), lambda x: _ones(x) / function("sqrt", x * x + 0.5))
_composed("s.gelu", F.gelu, lambda x: x * function("normal", x))
_composed("s.bell2", lambda x: (-(x * x)).exp_(), lambda x: function("exp", -(x * x)))


def _logsumexp(x: Array) -> Array:
    return function("log", layers._full(function("exp", x).sum(axis=-1)))


def _log_softmax(x: Array) -> Array:
    return x - _logsumexp(x)[..., None]


def _squares(x: Array) -> Array:
    return layers._full((x * x).sum())


def _ones(x: Array) -> Array:
    return x * 0 + 1


RATIONAL = tuple(name for name in OPERATIONS if name.startswith("p.") or name == "detach")
SMOOTH = tuple(name for name in OPERATIONS if name.startswith("s."))


@dataclass(frozen=True)
class Step:
    """One operation, on which of the values so far, with which choice, and whether gradients are off."""

    operation: str
    left: int
    right: int
    k: int
    silent: bool


def programs(smooth: bool, most: int = 12) -> st.SearchStrategy[list[Step]]:
    """Draw programs."""
    names = st.sampled_from(RATIONAL + SMOOTH * 3 if smooth else RATIONAL)
    silent = st.sampled_from([False] * 7 + [True])
    step = st.builds(Step, names, st.integers(0, 9), st.integers(0, 9), st.integers(0, 7), silent)
    return st.lists(step, min_size=1, max_size=most)


def leaves() -> st.SearchStrategy[list[Tensor]]:
    """Draw small tensors of several types and shapes, with many zeros and ties."""
    entry = st.one_of(st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.5, 2.0]), st.floats(-4, 4, width=32))
    shape = st.sampled_from([(2, 3), (2, 3), (3, 3), (3,), (2, 1), ()])

    @st.composite
    def tensor(draw: Any) -> Tensor:
        size = draw(shape)
        count = torch.Size(size).numel()
        numbers = draw(st.lists(entry, min_size=count, max_size=count))
        return torch.tensor(numbers, dtype=torch.float64).to(draw(st.sampled_from(TYPES))).reshape(size)

    return st.lists(tensor(), min_size=2, max_size=3)


def arity(name: str) -> int:
    """Return how many tensors an operation takes."""
    return len(signature(OPERATIONS[name][0]).parameters) - 1


Seen = Callable[[Both], None]


def run(interpreter: Interpreter, values: list[Both], program: Sequence[Step], seen: Seen) -> None:
    """Run a program on some values, whose results join them; steps that torch refuses are left out."""
    for step in program:
        a, b = values[-1 - step.left % len(values)], values[-1 - step.right % len(values)]
        name = step.operation
        if (name in VIEWS and step.silent) or (name == "p.cast" and a.run.dtype is TYPES[step.k % 4]):
            continue
        if name.endswith("_") and ((a.detached and not step.silent) or not a.exact.flags.writeable):
            continue  # it would get a history of its own; or it is expanded, which torch deprecates
        if a.run.numel() == 0 or b.run.numel() == 0:
            continue
        try:
            with torch.set_grad_enabled(not step.silent):
                out = interpreter(name, *(a, b)[: arity(name)], k=step.k)
        except (RuntimeError, IndexError):
            continue
        seen(out)
        if out.run.numel() and not any(out is v for v in values):
            values.append(out)
