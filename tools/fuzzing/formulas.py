"""Activations and losses, written once more: of fractions, or of numbers of mpmath.

``numbers`` has ``exact`` and ``sign``. A convention is a name, or a mapping with a default, as in a
canonical problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath as mp

from tools.fuzzing.conditions import Unclear

_ALPHA = "1.6732632423543772848170429916717"
_LAMBDA = "1.0507009873554804934193349852946"
_RATIONAL = {
    "linear", "relu", "abs", "leaky_relu", "relu6", "hardtanh", "hardsigmoid", "square", "softsign",
    "hardswish", "relu_squared",
}  # fmt: skip
_RATIONAL_LOSSES = {"mse", "sse", "mae", "huber", "smooth_l1", "hinge", "mean", "sum"}

Rows = Sequence[Sequence[Any]]


def stays_rational(question: Mapping[str, Any]) -> bool:
    """Whether everything is rational if the numbers of the witness are."""
    used = {_named(layer["activation"])[0] for layer in question["network"]["layers"]}
    name, _ = _loss_named(question["loss"])
    return used <= _RATIONAL and name in _RATIONAL_LOSSES


def _named(data: Any) -> tuple[str, Any]:
    """The name of an activation, and its parameter or None."""
    return (data, None) if isinstance(data, str) else next(iter(data.items()))


def _taken(convention: Any, name: str, left: Any, right: Any, torch: Any) -> Any:
    """The derivative that is taken at a kink; None if it is forbidden."""
    if isinstance(convention, Mapping):
        convention = convention.get(name, convention.get("default", "torch"))
    table = {"torch": torch, "left": left, "right": right, "mean": (left + right) / 2, "forbid": None}
    if convention in table:
        return table[convention]
    try:
        return Fraction(convention)
    except ValueError:
        raise Unclear(f"the convention {convention}") from None


# --- activations: kinks, and a pair (value, slope) for each piece between them ----------------

_Piece = Callable[[Any], tuple[Any, Any]]


def activation(data: Any, z: Any, convention: Any, numbers: Any) -> tuple[Any, Any]:
    """Return φ(z) and the derivative taken at z, None on a kink that is forbidden.

    Raises:
        Unclear: a name, or a convention, that is not known here.
    """
    name, parameter = _named(data)
    exact = numbers.exact

    def n(text: Any) -> Any:
        value = Fraction(text)
        return value if exact else mp.mpf(value.numerator) / value.denominator

    joins, pieces, torch = _pieces(name, None if parameter is None else n(parameter), n)
    for k, join in enumerate(joins):
        side = numbers.sign(z - n(join))
        if side < 0:
            return pieces[k](z)
        if side == 0:
            value, left = pieces[k](n(join))
            right = pieces[k + 1](n(join))[1]
            if numbers.sign(left - right) == 0:
                return value, left
            return value, _taken(convention, name, left, right, n(torch[k]) if torch[k] is not None else left)
    return pieces[-1](z)


def _line(slope: Any, offset: Any = 0) -> _Piece:
    return lambda z: (slope * z + offset, slope)


def _pieces(
    name: str, p: Any, n: Callable[[Any], Any]
) -> tuple[Sequence[Any], Sequence[_Piece], Sequence[Any]]:
    """The joins; value and slope between them; what PyTorch takes at each (None: what the left piece has)."""
    zero, one = _line(n(0)), _line(n(1))
    table: dict[str, Callable[[], tuple[Sequence[Any], Sequence[_Piece], Sequence[Any]]]] = {
        "linear": lambda: ((), [one], ()),
        "relu": lambda: ((0,), [zero, one], (0,)),
        "abs": lambda: ((0,), [_line(n(-1)), one], (0,)),
        "leaky_relu": lambda: ((0,), [_line(n("1/100") if p is None else p), one], (None,)),
        "relu6": lambda: ((0, 6), [zero, one, _line(n(0), n(6))], (0, 0)),
        "hardtanh": lambda: ((-1, 1), [_line(n(0), n(-1)), one, _line(n(0), n(1))], (0, 0)),
        "hardsigmoid": lambda: ((-3, 3), [zero, _line(n("1/6"), n("1/2")), _line(n(0), n(1))], (0, 0)),
        "square": lambda: ((), [lambda z: (z * z, 2 * z)], ()),
        "relu_squared": lambda: ((0,), [zero, lambda z: (z * z, 2 * z)], (0,)),
        "hardswish": lambda: ((-3, 3), [zero, lambda z: (z * (z + 3) / 6, (2 * z + 3) / 6), one], (0, 1)),
        "softsign": lambda: ((0,), [_softsign(-1), _softsign(1)], (1,)),
        "elu": lambda: ((0,), [_exponential(n(1) if p is None else p, n(1)), one], (None,)),
        "celu": lambda: ((0,), [_exponential(*[n(1) if p is None else p] * 2), one], (None,)),
        "selu": lambda: (
            (0,),
            [_scaled(n(_LAMBDA), _exponential(n(_ALPHA), n(1))), _line(n(_LAMBDA))],
            (None,),
        ),
    }
    if name in table:
        return table[name]()
    if name in _SMOOTH:
        return (), [_SMOOTH[name]], ()
    raise Unclear(f"the activation {name}")


def _softsign(sign: int) -> _Piece:
    """z/(1 + |z|) where z has this sign."""
    return lambda z: (z / (1 + sign * z), 1 / (1 + sign * z) ** 2)


def _exponential(alpha: Any, width: Any) -> _Piece:
    return lambda z: (alpha * (mp.exp(z / width) - 1), alpha / width * mp.exp(z / width))


def _scaled(factor: Any, piece: _Piece) -> _Piece:
    return lambda z: (factor * piece(z)[0], factor * piece(z)[1])


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + mp.exp(-z)) if z >= 0 else mp.exp(z) / (1 + mp.exp(z))


def _softplus(z: Any) -> Any:
    return mp.log1p(mp.exp(z)) if z < 0 else z + mp.log1p(mp.exp(-z))


def _silu(z: Any) -> tuple[Any, Any]:
    s = _sigmoid(z)
    return z * s, s + z * s * _sigmoid(-z)


def _gelu(z: Any) -> tuple[Any, Any]:
    below = mp.erfc(-z / mp.sqrt(2)) / 2
    return z * below, below + z * mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def _gelu_tanh(z: Any) -> tuple[Any, Any]:
    c, d = 2 * mp.sqrt(2 / mp.pi), mp.mpf("0.044715")
    s, other = _sigmoid(c * (z + d * z**3)), _sigmoid(-c * (z + d * z**3))
    return z * s, s + z * s * other * c * (1 + 3 * d * z * z)


def _mish(z: Any) -> tuple[Any, Any]:
    t = mp.tanh(_softplus(z))
    return z * t, t + z * (1 - t * t) * _sigmoid(z)


_SMOOTH: dict[str, _Piece] = {
    "sigmoid": lambda z: (_sigmoid(z), _sigmoid(z) * _sigmoid(-z)),
    "tanh": lambda z: (mp.tanh(z), mp.sech(z) ** 2),
    "softplus": lambda z: (_softplus(z), _sigmoid(z)),
    "silu": _silu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "mish": _mish,
    "exp": lambda z: (mp.exp(z), mp.exp(z)),
    "sin": lambda z: (mp.sin(z), mp.cos(z)),
}


# --- losses ------------------------------------------------------------------------------------


def _loss_named(data: Any) -> tuple[str, Any]:
    if isinstance(data, str):
        return data, None
    ((name, rest),) = data.items()
    return name, rest


def _parameters(name: str, data: Any, n: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The width (δ or β) and the factor."""
    key = {"huber": "delta", "smooth_l1": "beta"}.get(name, "factor")
    numbers = data if isinstance(data, Mapping) else {} if data is None else {key: data}
    width = n(numbers.get("delta", numbers.get("beta", 1)))
    return width, n(numbers.get("factor", 1))


def _number_reader(numbers: Any) -> Callable[[Any], Any]:
    def n(text: Any) -> Any:
        value = Fraction(text)
        return value if numbers.exact else mp.mpf(value.numerator) / value.denominator

    return n


def _mean(name: str, samples: int, outputs: int) -> int:
    return {"sse": 1, "sum": 1, "cross_entropy": samples}.get(name, samples * outputs)


def loss_value(data: Any, y_hat: Rows, y: Rows, numbers: Any) -> Any:
    """Return L. Raises Unclear, or ZeroDivisionError where it has no value."""
    name, rest = _loss_named(data)
    n = _number_reader(numbers)
    if (inner := _inverted(name, rest, y_hat, y, numbers)) is not None:
        return 1 / inner
    if name not in _VALUES:
        raise Unclear(f"the loss {name}")
    width, factor = _parameters(name, rest, n)
    total = sum((_VALUES[name](p, t, width, numbers) for p, t in zip(y_hat, y, strict=True)), n(0))
    return factor * total / _mean(name, len(y), len(y[0]))


def _inverted(name: str, rest: Any, y_hat: Rows, y: Rows, numbers: Any) -> Any:
    """Return the mean that the loss is 1 over, or None. Raises ZeroDivisionError if it is 0."""
    if name != "of_mean" or rest.replace(" ", "") != "1/mse":
        return None
    inner = loss_value("mse", y_hat, y, numbers)
    if numbers.sign(inner) == 0:
        raise ZeroDivisionError
    return inner


def adjoint(data: Any, y_hat: Rows, y: Rows, convention: Any, numbers: Any) -> list[list[Any]] | None:
    """Return ∂L/∂ŷ; None on a kink that is forbidden. Raises as `loss_value`."""
    name, rest = _loss_named(data)
    n = _number_reader(numbers)
    if (inner := _inverted(name, rest, y_hat, y, numbers)) is not None:
        plain = adjoint("mse", y_hat, y, convention, numbers)
        return plain and [[-g / inner**2 for g in row] for row in plain]
    if name not in _VALUES:
        raise Unclear(f"the loss {name}")
    width, factor = _parameters(name, rest, n)
    share = factor / _mean(name, len(y), len(y[0]))
    rows = []
    for predicted, targets in zip(y_hat, y, strict=True):
        row = _Slopes(name, width, convention, numbers).row(predicted, targets)
        if any(g is None for g in row):
            return None
        rows.append([share * g for g in row])
    return rows


def _bce(p: Any, t: Any, numbers: Any) -> Any:
    if numbers.sign(p) <= 0 or numbers.sign(p - 1) >= 0:
        raise ZeroDivisionError
    return -t * mp.log(p) - (1 - t) * mp.log(1 - p)


def _bent(r: Any, width: Any, numbers: Any) -> Any:
    return r * r / 2 if numbers.sign(abs(r) - width) <= 0 else width * (abs(r) - width / 2)


def _softmax(p: Sequence[Any]) -> list[Any]:
    largest = max(p)
    powers = [mp.exp(v - largest) for v in p]
    return [v / sum(powers) for v in powers]


def _log_softmax(p: Sequence[Any]) -> list[Any]:
    largest = max(p)
    total = mp.log(sum(mp.exp(v - largest) for v in p))
    return [v - largest - total for v in p]


def _by_output(f: Callable[[Any, Any, Any, Any], Any]) -> Callable[[Any, Any, Any, Any], Any]:
    return lambda p, t, width, numbers: sum(f(a, b, width, numbers) for a, b in zip(p, t, strict=True))


_VALUES: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "mse": _by_output(lambda p, t, *_: (p - t) ** 2),
    "sse": _by_output(lambda p, t, *_: (p - t) ** 2),
    "mae": _by_output(lambda p, t, *_: abs(p - t)),
    "huber": _by_output(lambda p, t, width, numbers: _bent(p - t, width, numbers)),
    "smooth_l1": _by_output(lambda p, t, width, numbers: _bent(p - t, width, numbers) / width),
    "bce": _by_output(lambda p, t, _, numbers: _bce(p, t, numbers)),
    "bce_with_logits": _by_output(lambda p, t, *_: _softplus(p) - t * p),
    "cross_entropy": lambda p, t, *_: -sum(a * b for a, b in zip(t, _log_softmax(p), strict=True)),
    "hinge": _by_output(lambda p, t, *_: max(0 * p, 1 - t * p)),
    "mean": _by_output(lambda p, *_: p),
    "sum": _by_output(lambda p, *_: p),
}


@dataclass(frozen=True)
class _Slopes:
    """∂ℓ/∂ŷ of one loss; None on a kink that is forbidden."""

    name: str
    width: Any
    convention: Any
    numbers: Any

    def row(self, predicted: Sequence[Any], targets: Sequence[Any]) -> list[Any]:
        """Return those of one sample."""
        if self.name == "cross_entropy":
            total = sum(targets)
            return [total * s - t for s, t in zip(_softmax(predicted), targets, strict=True)]
        return [self._entry(p, t) for p, t in zip(predicted, targets, strict=True)]

    def _entry(self, p: Any, t: Any) -> Any:
        r = p - t
        match self.name:
            case "mse" | "sse":
                return 2 * r
            case "mae":
                side = self.numbers.sign(r)
                return self._n(side) if side else self._taken(self._n(-1), self._n(1), self._n(0))
            case "huber" | "smooth_l1":
                bends = self.numbers.sign(abs(r) - self.width) > 0
                bent = self.width * self.numbers.sign(r) if bends else r
                return bent if self.name == "huber" else bent / self.width
            case "bce":
                return (p - t) / (p * (1 - p))
            case "bce_with_logits":
                return _sigmoid(p) - t
            case "hinge":
                return self._hinge(p, t)
            case _:
                return self._n(1)

    def _hinge(self, p: Any, t: Any) -> Any:
        margin = self.numbers.sign(1 - t * p)
        if margin:
            return -t if margin > 0 else 0 * t
        chosen = self.convention
        if isinstance(chosen, Mapping):
            chosen = chosen.get("loss", chosen.get("default", "torch"))
        if chosen in ("torch", "left", "right", "mean", "forbid"):
            left, right = (-t, 0 * t) if self.numbers.sign(t) > 0 else (0 * t, -t)
            return self._taken(left, right, self._n(0))
        return -t * self._taken(self._n(0), self._n(1), self._n(0))

    def _taken(self, left: Any, right: Any, torch: Any) -> Any:
        return _taken(self.convention, "loss", left, right, torch)

    def _n(self, number: int) -> Any:
        return _number_reader(self.numbers)(number)
