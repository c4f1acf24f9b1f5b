"""What operations and their derivatives give without rounding: number by number, in fractions or many digits.

Independent of the package: arrays are NumPy's, of numbers that remember what they were computed from, so that
views, aliases and writing in place are NumPy's own. Which side of a kink counts is what the run chose.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import mpmath
import numpy as np
import torch
from torch import Tensor

DIGITS = 200
Array: TypeAlias = Any
"""A NumPy array of `Number`."""
_ORDER = itertools.count()


class Number:
    """A number, and the derivatives by the numbers that it was computed from.

    Attributes:
        value: a Fraction, or mpmath's.
        parents: numbers with derivatives by them; none where nothing is to be differentiated.
        needs: whether it depends on a number that is differentiated by.
    """

    __slots__ = ("needs", "order", "parents", "value")
    needs: bool

    def __init__(self, value: Any, parents: Iterable[tuple[Number, Any]] = (), needs: bool = False) -> None:
        self.value, self.order = value, next(_ORDER)
        self.parents = tuple((parent, slope) for parent, slope in parents if parent.needs)
        self.needs = needs or bool(self.parents)

    def _value_of(self, other: Any) -> Any:
        if isinstance(other, Number):
            return other.value
        if isinstance(self.value, Fraction):
            return Fraction(other)
        return (
            mpmath.mpf(other.numerator) / other.denominator
            if isinstance(other, Fraction)
            else mpmath.mpf(other)
        )

    def __add__(self, other: Any) -> Number:
        if isinstance(other, np.ndarray):
            return NotImplemented  # NumPy does it entry by entry
        return Number(self.value + self._value_of(other), _with(self, 1, other, 1))

    def __sub__(self, other: Any) -> Number:
        if isinstance(other, np.ndarray):
            return NotImplemented  # NumPy does it entry by entry
        return Number(self.value - self._value_of(other), _with(self, 1, other, -1))

    def __mul__(self, other: Any) -> Number:
        if isinstance(other, np.ndarray):
            return NotImplemented  # NumPy does it entry by entry
        b = self._value_of(other)
        return Number(self.value * b, _with(self, b, other, self.value))

    def __truediv__(self, other: Any) -> Number:
        if isinstance(other, np.ndarray):
            return NotImplemented  # NumPy does it entry by entry
        b = self._value_of(other)
        return Number(self.value / b, _with(self, 1 / b, other, -self.value / b**2))

    def __neg__(self) -> Number:
        return Number(-self.value, [(self, -1)])

    def __rsub__(self, other: Any) -> Number:
        return (-self).__add__(other)

    __radd__, __rmul__ = __add__, __mul__

    def detached(self) -> Number:
        """Return the same as a constant."""
        return Number(self.value)

    def replaced(self, value: Number) -> Number:
        """Return another value with the derivatives of this one: what writing without gradients does."""
        return Number(value.value, [(self, 1)])


def _with(a: Number, slope: Any, b: Any, other: Any) -> list[tuple[Number, Any]]:
    return [(a, slope), (b, other)] if isinstance(b, Number) else [(a, slope)]


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (mpmath.exp, mpmath.exp),
    "log": (mpmath.log, lambda x: 1 / x),
    "sqrt": (mpmath.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x))),
    "tanh": (mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), lambda x: 1 / (2 + mpmath.exp(x) + mpmath.exp(-x))),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), lambda x: 1 / (1 + mpmath.exp(-x))),
    "normal": (mpmath.ncdf, mpmath.npdf),
    "sin": (mpmath.sin, mpmath.cos),
    "cos": (mpmath.cos, lambda x: -mpmath.sin(x)),
}


def function(name: str, x: Array) -> Array:
    """Apply a function by entries, to mpmath's numbers."""
    f, slope = FUNCTIONS[name]
    return by_entries(lambda n: Number(f(n.value), [(n, slope(n.value))]), x)


def by_entries(f: Callable[..., Number], *arrays: Array) -> Array:
    """Apply a function of numbers to arrays that broadcast."""
    return np.asarray(np.frompyfunc(f, len(arrays), 1)(*arrays), dtype=object)


def numbers(tensor: Tensor, field: type = Fraction, needs: bool = False) -> Array:
    """Return what the floats of a tensor are, as fractions or as mpmath's numbers."""
    flat = np.empty(tensor.numel(), dtype=object)
    flat[:] = [Number(field(x), (), needs) for x in tensor.detach().double().flatten().tolist()]
    return flat.reshape(tuple(tensor.shape))


def values(array: Array) -> list[Any]:
    """Return the values of all entries."""
    return [n.value for n in np.asarray(array, dtype=object).flatten().tolist()]


def gradients(outputs: Sequence[tuple[Number, Any]], wanted: Array) -> list[tuple[Any, Any]]:
    """Return Σ adjoint · ∂output/∂entry for all entries, each with the sum of the terms' absolute values.

    Args:
        outputs: with their adjoints.
    """
    found: dict[int, Number] = {}
    waiting = [n for n, _ in outputs if n.needs]
    while waiting:
        n = waiting.pop()
        if n.order not in found:
            found[n.order] = n
            waiting.extend(parent for parent, _ in n.parents)
    sums: dict[int, Any] = dict.fromkeys(found, 0)
    sizes: dict[int, Any] = dict.fromkeys(found, 0)
    for n, adjoint in outputs:
        if n.needs:
            sums[n.order] += adjoint
            sizes[n.order] += abs(adjoint)
    for order in sorted(found, reverse=True):
        for parent, slope in found[order].parents:
            sums[parent.order] += sums[order] * slope
            sizes[parent.order] += sizes[order] * abs(slope)
    return [(sums.get(n.order, 0), sizes.get(n.order, 0)) for n in np.asarray(wanted).flatten().tolist()]


def one(array: Array) -> Number:
    """Return the first entry."""
    number = np.asarray(array, dtype=object).reshape(-1)[0]
    assert isinstance(number, Number)
    return number


# operations, in torch and exactly


@dataclass(frozen=True, slots=True)
class Both:
    """A tensor of a run beside the exact numbers.

    Attributes:
        detached: whether it shares numbers with another tensor, and hides what they were computed from.
    """

    run: Tensor
    exact: Array
    detached: bool = False

    @property
    def read(self) -> Array:
        """Return the numbers as an operation reads them."""
        return by_entries(Number.detached, self.exact) if self.detached else self.exact


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation.

    Attributes:
        exact: arguments.
        run: copies of the run's arguments.
        out: the run's result.
        how: what else was given.
    """

    exact: Sequence[Array]
    run: Sequence[Tensor]
    out: Tensor
    how: Mapping[str, Any]


Torch: TypeAlias = Callable[..., Any]
VIEWS: set[str] = set()
"""Operations whose result shares its numbers with the first argument."""
OPERATIONS: dict[str, tuple[Torch, Callable[[Call], Array]]] = {}


def define(name: str, torch_does: Torch) -> Callable[[Callable[[Call], Array]], Callable[[Call], Array]]:
    """Register what torch and what exact arithmetic do."""

    def register(exact: Callable[[Call], Array]) -> Callable[[Call], Array]:
        OPERATIONS[name] = (torch_does, exact)
        return exact

    return register


def _beside(argument: Any, field: type) -> Any:
    """Return a tensor of floats with its numbers."""
    if isinstance(argument, Tensor) and argument.is_floating_point():
        return Both(argument, numbers(argument, field))
    return argument


class Interpreter:
    """Runs operations on tensors as torch does, and on `Both` exactly as well.

    Args:
        quiet: entered where the run's numbers are copied.
    """

    def __init__(self, quiet: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self._quiet = quiet

    def __call__(self, name: str, *arguments: Any, **how: Any) -> Any:
        torch_does, exact_does = OPERATIONS[name]
        known = next((one(a.exact) for a in arguments if isinstance(a, Both)), None)
        if known is None:
            return torch_does(*arguments, **how)
        with self._quiet():
            arguments = tuple(_beside(a, type(known.value)) for a in arguments)
            run = [a.run.detach().clone() if isinstance(a, Both) else a for a in arguments]
        out = torch_does(*[a.run if isinstance(a, Both) else a for a in arguments], **how)
        graded = torch.is_grad_enabled()
        with self._quiet():
            exact = [a.read if isinstance(a, Both) else a for a in arguments]
            call = Call(exact, run, out.detach().clone(), how)
            if name.endswith("_"):
                return self._write(exact_does(call), arguments[0], graded)
            first = arguments[0]
            is_view = name in VIEWS
            if is_view and isinstance(first, Both) and first.detached:
                call = Call([first.exact], run, call.out, how)
            array = np.asarray(exact_does(call), dtype=object)
            assert array.shape == tuple(out.shape), (name, array.shape, out.shape)
            if is_view:
                return Both(out, array, first.detached or name == "detach")
            return Both(out, array if graded else by_entries(Number.detached, array))

    def _write(self, new: Array, to: Both, graded: bool) -> Both:
        """Replace a tensor's numbers, in place."""
        new = np.broadcast_to(new, to.exact.shape)
        straight = to.detached or not graded
        to.exact[...] = by_entries(Number.replaced, to.exact, new) if straight else new
        return to
