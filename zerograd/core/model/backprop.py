"""Forward pass and reverse mode, written once for every ring.

The ring needs + − · only; which side of a kink a pre-activation lies on is decided by the
``activate`` that the caller passes: by exact signs for witnesses, from a fixed activation
pattern for polynomials. Reverse mode: Griewank and Walther, Evaluating Derivatives, §3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import cycle, islice
from operator import add, mul
from typing import Any, Generic, Protocol, TypeVar, overload

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink, NoSlopeYet
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.functions import NotClosed
from zerograd.core.numbers.products import array_product
from zerograd.core.numbers.work import bits, fractional, remembered, spend, spend_on, total

MAX_VALUE_BITS = 2**19
"""Longest numerator or denominator of a smooth activation's value or derivative."""


class RingElement(Protocol):
    """What is asked of a number: sums, differences, products, also with int and Fraction."""

    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...


R = TypeVar("R", bound=RingElement)

Site = tuple[int, int, int]
"""(layer 1..L, sample, unit): where a pre-activation stands."""

Activate = Callable[[Activation, Site, R], tuple[R, Any]]
"""(φ, site, z) to (φ(z), φ′(z))."""


@dataclass(frozen=True, slots=True)
class Forward(Generic[R]):
    """A forward pass over M samples. Layer l's arrays stand at position l−1, shape (M, units_l).

    Attributes:
        derivatives: φ′(z), per layer as z.
    """

    x: Array[R]
    z: tuple[Array[R], ...]
    a: tuple[Array[R], ...]
    derivatives: tuple[Array[Any], ...]

    @property
    def y_hat(self) -> Array[R]:
        return self.a[-1]


@dataclass(frozen=True, slots=True)
class Adjoint(Generic[R]):
    """What comes back to one layer, without the loss's factor: arrays of shape (M, units).

    Attributes:
        arriving: at its activations; for the last layer ∂L/∂ŷ.
        delta: at its pre-activations: what arrives times φ′(z).
    """

    arriving: Array[R]
    delta: Array[R]


class OnKink(Exception):  # noqa: N818  # a place, not a mishap
    """A sample sits on a kink although ``derivative_at_kink`` is ``forbid``."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.site = site

    @property
    def place(self) -> str:
        """The number that is on a kink, by name."""
        layer, *index = self.site
        return entry(f"z{layer}", tuple(index))

    @property
    def what(self) -> str:
        """What the number is on."""
        return "a kink"

    def __str__(self) -> str:
        return f"{self.place} is on {self.what}"


class Unevaluated(NotClosed):
    """An activation, or its derivative, of which exact numbers do not hold the value at a pre-activation."""

    def __init__(self, site: Site, activation: str, reason: str) -> None:
        super().__init__(site, activation, reason)
        self.site, self.activation, self.reason = site, activation, reason

    @property
    def place(self) -> str:
        """The pre-activation, by name."""
        layer, *index = self.site
        return entry(f"z{layer}", tuple(index))

    def __str__(self) -> str:
        return f"{self.activation} at {self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ExactActivate:
    """Activation by the exact sign of z. (A class, so that points can be pickled.)

    Calls raise `OnKink` under ``forbid``, `NoSlopeYet` under ``any`` where no slope was chosen, and
    `Unevaluated` where exact numbers do not hold the values.

    Attributes:
        chosen: under ``any``, the slope at each kink by the pre-activation on it, such as ``z1[0,0]``.
    """

    convention: Kink
    chosen: Mapping[str, Exact] = field(default_factory=dict, hash=False)

    @property
    def is_by_value(self) -> bool:
        """Whether φ and φ′ depend on z alone, and not on where it stands."""
        return self.convention != "any"

    def __call__(self, activation: Activation, site: Site, z: Exact, /) -> tuple[Exact, Exact]:
        """(φ(z), φ′(z))."""
        if self.convention == "any":
            return self._with_chosen(activation, site, z)
        try:
            if isinstance(activation, PiecewiseLinear):
                value, derivative = activation.at(z, self.convention)
                if derivative is None:
                    raise OnKink(site)
                return value, derivative
            if self.convention == "forbid" and activation.is_kink(z):
                raise OnKink(site)
            if isinstance(z, Algebraic):  # numbers of two fields cannot be compared
                return _exactly(activation, self.convention, z)
            return _remembered(activation, self.convention, z)
        except ArithmeticError as error:
            raise Unevaluated(site, str(activation), str(error)) from error

    def _with_chosen(self, activation: Activation, site: Site, z: Exact) -> tuple[Exact, Exact]:
        value, derivative = ExactActivate("left")(activation, site, z)
        if activation.has_kinks and activation.is_kink(z):
            layer, *index = site
            place = entry(f"z{layer}", tuple(index))
            if place not in self.chosen:
                raise NoSlopeYet(place)
            derivative = self.chosen[place]
        return value, derivative


def _bounded(value: Exact) -> Exact:
    """The value, if it is not too long: squares of squares grow without end. Raises NotClosed."""
    value = narrow(value)
    spend(4 * fractional(bits(value)))
    if isinstance(value, int | Fraction):
        length = bits(value)
        if length > MAX_VALUE_BITS:
            raise NotClosed(f"a value has {length} bits, more than {MAX_VALUE_BITS}")
    return value


def _exactly(activation: Smooth, convention: Kink, z: Exact) -> tuple[Exact, Exact]:
    value = _bounded(activation.value(z, EXACT))
    if activation.derivative_of_value is not None:
        return value, _bounded(activation.derivative_of_value(value))
    return value, _bounded(activation.slope(z, EXACT, convention))


_remembered = remembered(512)(_exactly)
"""Witnesses in closed form have few different pre-activations, even of many samples and units."""


def forward(
    network: Network, parameters: Mapping[str, Array[R]], x: Array[R], activate: Activate[R]
) -> Forward[R]:
    """Evaluate the network on all samples.

    Args:
        parameters: ``w{l}`` of shape (units_l, units_{l-1}) and ``b{l}`` of shape (units_l,).
        x: shape (M, inputs).
        activate: decides the piece of every activation.
    """
    below = x
    pre, post, derivatives = [], [], []
    for number, layer in enumerate(network.layers, start=1):
        z = array_product(below, parameters[f"w{number}"].turned)
        bias = parameters[f"b{number}"].entries if layer.bias else ()
        spend_on(z.entries)
        if bias:
            spend_on(bias, z.shape[0])
            z = Array(z.shape, tuple(map(add, z.entries, cycle(bias))))
        a, derivative = _activated(layer.activation, number, z, activate)
        pre.append(z)
        post.append(a)
        derivatives.append(derivative)
        below = a
    return Forward(x, tuple(pre), tuple(post), tuple(derivatives))


def _activated(
    activation: Activation, number: int, z: Array[R], activate: Activate[R]
) -> tuple[Array[R], Array[Any]]:
    """φ and φ′ at the pre-activations of a layer."""
    if isinstance(activate, ExactActivate) and activate.is_by_value and z.kinds == {int}:
        whole: Iterable[Any] = z.distinct
        with suppress(OnKink, Unevaluated):  # of which one by one tells the place
            known: dict[Any, tuple[Any, Any]] = {
                value: activate(activation, (number, 0, 0), value) for value in whole
            }
            return z.each(lambda value: known[value][0]), z.each(lambda value: known[value][1])
    active = [activate(activation, (number, m, i), value) for (m, i), value in z.items()]
    return Array(z.shape, tuple(a for a, _ in active)), Array(z.shape, tuple(d for _, d in active))


@dataclass(frozen=True, eq=False)  # compared as a mapping
class Gradients(Mapping[str, Array[R]]):
    """∂L/∂ of every parameter and of ``x``, each calculated when it is first asked for."""

    network: Network
    parameters: Mapping[str, Array[R]]
    run: Forward[R]
    returning: Sequence[Adjoint[R]]
    factor: int | Fraction
    known: dict[str, Array[R]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array[R]:
        if name not in self.known:
            if name != "x" and name not in self.network.shapes:
                raise KeyError(name)
            self.known[name] = self._gradient(name)
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.network.shapes, "x"))

    def __len__(self) -> int:
        return len(self.network.shapes) + 1

    def entries(self, name: str) -> Iterator[tuple[Index, R]]:
        """Yield each entry with its index; the first row before the others are calculated."""
        if name in self.network.shapes and name.startswith("w") and name not in self.known:
            delta, below = self._factors(int(name[1:]))
            samples, units = delta.shape
            first = array_product(Array((1, samples), delta.entries[::units]), below, self.factor)
            yield from first.items()
            yield from islice(self[name].items(), below.shape[1], None)
        else:
            yield from self[name].items()

    def _factors(self, number: int) -> tuple[Array[R], Array[R]]:
        """What comes back to a layer, and what it has from below, in a row for each sample."""
        return self.returning[number - 1].delta, self.run.a[number - 2] if number > 1 else self.run.x

    def _gradient(self, name: str) -> Array[R]:
        if name == "x":
            return _through(self.parameters["w1"], self.returning[0].delta, self.factor)
        delta, below = self._factors(int(name[1:]))
        if name.startswith("w"):
            return array_product(delta.turned, below, self.factor)
        width = delta.shape[1]
        totals: tuple[Any, ...] = tuple(total(delta.entries[i::width]) for i in range(width))
        if self.factor != 1:
            totals = tuple(each * self.factor for each in totals)
        return Array((len(totals),), totals)


def backward(
    network: Network,
    parameters: Mapping[str, Array[R]],
    run: Forward[R],
    adjoint: Array[R],
    factor: int | Fraction = 1,
) -> Gradients[R]:
    """∂L/∂ of every parameter and of ``x``, by reverse mode.

    Args:
        adjoint: ∂L/∂ŷ over ``factor``, of shape (M, outputs). The factor comes in once, at the end.

    Returns:
        Arrays with the shapes of the parameters, and ``x`` of shape (M, inputs).
    """
    return Gradients(network, parameters, run, adjoints(network, parameters, run, adjoint), factor)


class Adjoints(Sequence[Adjoint[R]]):
    """What comes back to each layer, from the first on; calculated, from above, when it is asked for."""

    def __init__(
        self, network: Network, parameters: Mapping[str, Array[R]], run: Forward[R], adjoint: Array[R]
    ) -> None:
        self._depth, self._parameters, self._run, self._adjoint = network.depth, parameters, run, adjoint
        self._known: list[Adjoint[R]] = []

    def __len__(self) -> int:
        return self._depth

    @overload
    def __getitem__(self, position: int) -> Adjoint[R]: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Adjoint[R]]: ...
    def __getitem__(self, position: int | slice) -> Adjoint[R] | Sequence[Adjoint[R]]:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(self._depth))]
        below = range(self._depth)[position]
        while len(self._known) < self._depth - below:
            number = self._depth - len(self._known)
            arriving = self._adjoint
            if self._known:
                arriving = _through(self._parameters[f"w{number + 1}"], self._known[-1].delta)
            derivatives = self._run.derivatives[number - 1]
            spend_on(arriving.entries)
            spend_on(derivatives.entries)
            products: tuple[Any, ...]
            if arriving.kinds == derivatives.kinds == {int}:
                products = tuple(map(mul, arriving.entries, derivatives.entries))
            else:
                pairs = zip(arriving.entries, derivatives.entries, strict=True)
                products = tuple(g * d if d else 0 for g, d in pairs)
            self._known.append(Adjoint(arriving, Array(derivatives.shape, products)))
        return self._known[self._depth - 1 - below]


def adjoints(
    network: Network, parameters: Mapping[str, Array[R]], run: Forward[R], adjoint: Array[R]
) -> Adjoints[R]:
    """What comes back to each layer, from the first on. ``adjoint`` as for `backward`."""
    return Adjoints(network, parameters, run, adjoint)


def _through(weights: Array[R], delta: Array[R], factor: int | Fraction = 1) -> Array[R]:
    """What comes through the weights of a layer from above them, times ``factor``."""
    return array_product(delta, weights, factor)
