"""In-place writes to a parameter, and the update that each was meant to make.

A write is known by its ATen operation: ``add_(g, alpha=-lr)``, ``addcdiv_(m, denominator, value=-s)``, the
same on lists (``_foreach_add_``), and the fused kernels of torch.optim. The update is a sum of terms, each a
product over a product, so that whether it is exactly zero is read off its factors and is no matter of
rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

WIDE = torch.float64


@dataclass(frozen=True, slots=True)
class Term:
    """The update ``scale · Π factors / Π divisors`` of each entry.

    Attributes:
        narrow: whether the kernel rounds ``scale`` to the weight's own type; others to float32 at least.
    """

    factors: tuple[torch.Tensor, ...]
    divisors: tuple[torch.Tensor, ...] = ()
    scale: float = 1.0
    narrow: bool = False

    def rounded_scale(self, dtype: torch.dtype) -> float:
        """Return the scale as the kernel has it for weights of this type."""
        own = dtype in (torch.float32, WIDE) or self.narrow
        return float(torch.tensor(self.scale, dtype=WIDE).to(dtype if own else torch.float32).item())

    def value(self, scale: float) -> torch.Tensor:
        """Return the update in float64, with ``scale`` for the scale."""
        value = self.factors[0] * scale
        for factor in self.factors[1:]:
            value = value * factor
        for divisor in self.divisors:
            value = value / divisor
        return value

    @property
    def nonzero(self) -> torch.Tensor:
        """Return where the update is not exactly zero: no factor is 0, no divisor infinite."""
        nonzero = torch.full_like(self.factors[0], self.scale != 0, dtype=torch.bool)
        for factor in self.factors:
            nonzero &= factor != 0
        return nonzero & ~self.overflowed

    @property
    def overflowed(self) -> torch.Tensor:
        """Return where a divisor is infinite."""
        infinite = torch.zeros_like(self.factors[0], dtype=torch.bool)
        for divisor in self.divisors:
            infinite |= divisor.isinf()
        return infinite


@dataclass(frozen=True, slots=True)
class Write:
    """A write to a whole parameter by an operation of `KERNELS`, or of a fused one.

    Attributes:
        operands: copies of what the operation read, beside the parameter itself.
    """

    operation: str
    operands: tuple[Any, ...]
    keywords: Mapping[str, Any]

    def terms(self, weight: torch.Tensor, shape: torch.Size, entries: torch.Tensor) -> tuple[Term, ...]:
        """Return the intended update of some entries.

        Args:
            weight: the parameter before the step, in float64: those entries alone.
            shape: of the whole parameter.
            entries: their positions in the flattened parameter.
        """

        def read(operand: Any) -> Any:
            if not isinstance(operand, torch.Tensor):
                return operand
            dense = operand.to_dense() if operand.layout is not torch.strided else operand
            return dense.to(WIDE).expand(shape).reshape(-1)[entries]

        kernel = KERNELS.get(self.operation) or FUSED[self.operation]
        return kernel(weight, *map(read, self.operands), **dict(self.keywords))


def _tensor(value: Any, like: torch.Tensor) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.full_like(like, float(value))


def _add(weight: torch.Tensor, other: Any, alpha: float = 1) -> tuple[Term, ...]:
    return (Term((_tensor(other, weight),), scale=float(alpha), narrow=True),)


def _sub(weight: torch.Tensor, other: Any, alpha: float = 1) -> tuple[Term, ...]:
    return _add(weight, other, -alpha)


def _mul(weight: torch.Tensor, other: Any) -> tuple[Term, ...]:
    return (Term((weight, _tensor(other, weight) - 1)),)


def _div(weight: torch.Tensor, other: Any) -> tuple[Term, ...]:
    divisor = _tensor(other, weight)
    return (Term((weight, 1 - divisor), (divisor,)),)


def _lerp(weight: torch.Tensor, end: torch.Tensor, share: Any) -> tuple[Term, ...]:
    return (Term((end - weight, _tensor(share, weight))),)


def _scaled(factors: tuple[Any, ...], divisors: tuple[Any, ...], value: Any) -> tuple[Term, ...]:
    if isinstance(value, torch.Tensor):
        return (Term((*factors, value), divisors),)
    return (Term(factors, divisors, float(value)),)


def _addcmul(_: torch.Tensor, first: Any, second: Any, value: Any = 1) -> tuple[Term, ...]:
    return _scaled((first, second), (), value)


def _addcdiv(_: torch.Tensor, first: Any, second: Any, value: Any = 1) -> tuple[Term, ...]:
    return _scaled((first,), (second,), value)


KERNELS: Mapping[str, Callable[..., tuple[Term, ...]]] = {
    "add_": _add,
    "sub_": _sub,
    "mul_": _mul,
    "div_": _div,
    "lerp_": _lerp,
    "addcmul_": _addcmul,
    "addcdiv_": _addcdiv,
}
"""What each operation adds. ``copy_`` is not here: an update is lost before it, where its source is made."""


def _fused_adam(
    _weight: torch.Tensor,
    _gradient: torch.Tensor,
    mean: torch.Tensor,
    square: torch.Tensor,
    largest: torch.Tensor | None,
    step: torch.Tensor,
    *,
    lr: Any,
    beta1: float,
    beta2: float,
    eps: float,
    amsgrad: bool,
    **_: Any,
) -> tuple[Term, ...]:
    """Kingma and Ba, algorithm 1, with the moments as the kernel left them."""
    count = float(step.reshape(-1)[0]) if step.numel() else 0.0
    first, second = 1 - beta1**count, 1 - beta2**count
    if first == 0 or second == 0:
        return ()
    most = largest if amsgrad and largest is not None else square
    return (Term((mean,), (most.sqrt() / second**0.5 + eps,), -_number(lr) / first),)


def _fused_adamw(weight: torch.Tensor, *operands: Any, **keywords: Any) -> tuple[Term, ...]:
    decay = Term((weight,), scale=-_number(keywords["lr"]) * keywords["weight_decay"])
    return (decay, *_fused_adam(weight, *operands, **keywords))


def _decayed(weight: torch.Tensor, gradient: torch.Tensor, keywords: Mapping[str, Any]) -> torch.Tensor:
    direction = -gradient if keywords["maximize"] else gradient
    return direction + float(keywords["weight_decay"]) * weight


def _fused_sgd(
    weight: torch.Tensor, gradient: torch.Tensor, buffer: torch.Tensor | None = None, **keywords: Any
) -> tuple[Term, ...]:
    direction = _decayed(weight, gradient, keywords)
    if keywords["momentum"] and buffer is not None:
        direction = direction + keywords["momentum"] * buffer if keywords["nesterov"] else buffer
    return (Term((direction,), scale=-_number(keywords["lr"])),)


def _fused_adagrad(
    weight: torch.Tensor, gradient: torch.Tensor, total: torch.Tensor, step: torch.Tensor, **keywords: Any
) -> tuple[Term, ...]:
    count = float(step.reshape(-1)[0]) if step.numel() else 1.0
    scale = _number(keywords["lr"]) / (1 + (count - 1) * keywords["lr_decay"])
    return (Term((_decayed(weight, gradient, keywords),), (total.sqrt() + keywords["eps"],), -scale),)


FUSED: Mapping[str, Callable[..., tuple[Term, ...]]] = {
    "_fused_adam_": _fused_adam,
    "_fused_adamw_": _fused_adamw,
    "_fused_sgd_": _fused_sgd,
    "_fused_adagrad_": _fused_adagrad,
}
"""Kernels that change their state as well: their operands are read when the step is over."""


def _number(value: Any) -> float:
    return float(value.item()) if isinstance(value, torch.Tensor) else float(value)


@cache
def name_of(func: Any) -> str:
    """Return the name of an operation without namespace and overload: ``add_``."""
    schema = getattr(func, "_schema", None)  # operations of higher order have none
    return str(func if schema is None else schema.name).rpartition("::")[2]


@cache
def is_mutable(func: Any) -> bool:
    """Whether an operation writes to any of its arguments."""
    schema = getattr(func, "_schema", None)
    return schema is not None and bool(schema.is_mutable)


@cache
def _written(func: Any) -> tuple[tuple[int, str], ...]:
    """The positions and names of the arguments that an operation writes to."""
    return tuple(
        (position, argument.name)
        for position, argument in enumerate(func._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    )


def written(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[torch.Tensor]:
    """The tensors that a call writes to."""
    for position, name in _written(func):
        value = args[position] if position < len(args) else kwargs.get(name)
        for tensor in value if isinstance(value, list | tuple) else (value,):
            if isinstance(tensor, torch.Tensor):
                yield tensor


def targets(
    func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[tuple[torch.Tensor, Write | None]]:
    """What a call writes to, each with the write where it is one of ours: operands are not copied yet.

    Only the first argument of such an operation is taken for a parameter; a fused one's state gets None.
    """
    name = name_of(func).removeprefix("_foreach_")
    listed = args and isinstance(args[0], list | tuple)
    if (name not in KERNELS and name not in FUSED) or not args:
        yield from ((tensor, None) for tensor in written(func, args, kwargs))
        return
    tensors = args[0] if listed else [args[0]]
    first = {id(tensor) for tensor in tensors}
    yield from ((tensor, None) for tensor in written(func, args, kwargs) if id(tensor) not in first)
    one_each = func._overloadname == "Tensor" and name in ("addcmul_", "addcdiv_")  # scalars, as one tensor

    def item(value: Any, k: int) -> Any:
        if not listed:
            return value
        if one_each and isinstance(value, torch.Tensor):
            return value[k]
        if isinstance(value, list | tuple):
            return value[k] if k < len(value) else None
        return value

    plain = name in FUSED or not kwargs.keys() - {"alpha", "value"}  # rounding_mode is a different operation
    for k, tensor in enumerate(tensors):
        keywords = {key: item(value, k) for key, value in kwargs.items()}
        yield tensor, Write(name, tuple(item(value, k) for value in args[1:]), keywords) if plain else None


def gap(weight: torch.Tensor, update: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return the distance from each weight to the next number of ``dtype`` in the update's direction.

    Towards zero it is half as far below a power of 2 as above it.
    """
    info = torch.finfo(dtype)
    mantissa, exponent = torch.frexp(weight.abs())
    exponent = exponent.to(WIDE) - 1
    inwards = (mantissa == 0.5) & (torch.sign(update) == -torch.sign(weight))
    least = torch.log2(torch.tensor(info.tiny, dtype=WIDE))
    exponent = torch.where(weight == 0, least, exponent - inwards.to(WIDE))
    return torch.exp2(torch.maximum(exponent, least)) * info.eps
