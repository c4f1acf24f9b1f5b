"""Forward pass and reverse mode, written once for every ring.

The ring needs + − · only; which side of a kink a pre-activation lies on is decided by the
``activate`` that the caller passes: by exact signs for witnesses, from a fixed activation
pattern for polynomials. Reverse mode: Griewank and Walther, Evaluating Derivatives, §3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import Any, Generic, Protocol, TypeVar

from zerograd.core.model.network import Activation, Kink, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact


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

Activate = Callable[[Activation, Site, R], tuple[R, int | Fraction]]
"""(φ, site, z) to (φ(z), φ'(z))."""


@dataclass(frozen=True, slots=True)
class Forward(Generic[R]):
    """A forward pass over M samples. Layer l's arrays stand at position l−1, shape (M, units_l)."""

    x: Array[R]
    z: tuple[Array[R], ...]
    a: tuple[Array[R], ...]
    slopes: tuple[Array[int | Fraction], ...]
    residuals: Array[R]

    @property
    def y_hat(self) -> Array[R]:
        return self.a[-1]

    @property
    def loss(self) -> R:
        """Mean of the squared residuals over samples and outputs, as ``torch.nn.MSELoss``."""
        r = self.residuals.entries
        mean: R = sum(v * v for v in r) * Fraction(1, len(r))
        return mean


class OnKink(Exception):  # noqa: N818  # a place, not a mishap
    """A sample sits on a kink although ``derivative_at_kink`` is ``forbid``."""

    def __init__(self, site: Site) -> None:
        self.site = site
        layer, sample, unit = site
        super().__init__(f"z{layer}[{sample},{unit}] is on a kink")


def exact_activate(convention: Kink) -> Activate[Exact]:
    """Activation by the exact sign of z. The returned function raises `OnKink` under ``forbid``."""

    def activate(activation: Activation, site: Site, z: Exact) -> tuple[Exact, int | Fraction]:
        piece, on_kink = activation.locate(z)
        value = activation.slopes[piece] * z + activation.offsets[piece]
        if not on_kink:
            return value, activation.slopes[piece]
        slope = activation.slope_at_kink(piece, convention)
        if slope is None:
            raise OnKink(site)
        return value, slope

    return activate


def forward(
    network: Network, parameters: Mapping[str, Array[R]], x: Array[R], y: Array[R], activate: Activate[R]
) -> Forward[R]:
    """Evaluate the network on all samples.

    Args:
        parameters: ``w{l}`` of shape (units_l, units_{l-1}) and ``b{l}`` of shape (units_l,).
        x: shape (M, inputs).
        y: shape (M, outputs).
        activate: decides the piece of every activation.
    """
    samples = x.shape[0]
    below = x.rows()
    pre, post, slopes = [], [], []
    for number, layer in enumerate(network.layers, start=1):
        weights = parameters[f"w{number}"].rows()
        bias = parameters[f"b{number}"].entries if layer.bias else (0,) * layer.units
        z_rows, a_rows, s_rows = [], [], []
        for m in range(samples):
            z_row = [_dot(w, below[m]) + b for w, b in zip(weights, bias, strict=True)]
            active = [activate(layer.activation, (number, m, i), z) for i, z in enumerate(z_row)]
            z_rows.append(z_row)
            a_rows.append(tuple(a for a, _ in active))
            s_rows.append([s for _, s in active])
        pre.append(Array.of(z_rows, layer.units))
        post.append(Array.of(a_rows, layer.units))
        slopes.append(Array.of(s_rows, layer.units))
        below = a_rows
    residuals = Array(y.shape, tuple(p - t for p, t in zip(post[-1].entries, y.entries, strict=True)))
    return Forward(x, tuple(pre), tuple(post), tuple(slopes), residuals)


def backward(network: Network, parameters: Mapping[str, Array[R]], run: Forward[R]) -> dict[str, Array[R]]:
    """∂L/∂ of every parameter and of ``x``, L the mean squared error, by reverse mode.

    Returns:
        Arrays with the shapes of the parameters, and ``x`` of shape (M, inputs).
    """
    gradients: dict[str, Array[R]] = {}
    upstream = run.residuals.rows()  # half of M·K·∂L/∂a{l}; scaled once at the end
    for number in range(network.depth, 0, -1):
        layer = network.layers[number - 1]
        below = run.a[number - 2].rows() if number > 1 else run.x.rows()
        slopes = run.slopes[number - 1].rows()
        delta = [
            [g * s if s else 0 for g, s in zip(g_row, s_row, strict=True)]
            for g_row, s_row in zip(upstream, slopes, strict=True)
        ]
        by_unit = list(zip(*delta, strict=True))
        by_input = list(zip(*below, strict=True))
        gradients[f"w{number}"] = Array.of(
            [[_dot(unit, column) for column in by_input] for unit in by_unit], len(by_input)
        )
        if layer.bias:
            gradients[f"b{number}"] = Array((layer.units,), tuple(sum(unit) for unit in by_unit))
        columns = list(zip(*parameters[f"w{number}"].rows(), strict=True))
        upstream = [tuple(_dot(column, row) for column in columns) for row in delta]
    gradients["x"] = Array.of(upstream, network.inputs)
    scale = Fraction(2, len(run.residuals.entries))
    names = [*network.shapes, "x"]
    return {name: gradients[name].map(lambda g: g * scale) for name in names}


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return sum(map(mul, a, b))
