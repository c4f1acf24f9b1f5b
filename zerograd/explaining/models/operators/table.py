"""The table of operators, and what one of them is called with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from zerograd.explaining.models.errors import OperatorError, shape_text
from zerograd.explaining.models.graph import Operation

MOST_ENTRIES = 2**27
"""Entries that one result may have."""
MOST_INTEGERS = 1000
"""Integers in a list of axes, lengths or places."""


@dataclass(frozen=True, slots=True)
class Kink:
    """Values that lay on a kink, where ONNX does not say what the derivative is.

    Attributes:
        operation: which they were given to.
        bound: where the kink is; None for a tie.
        function: whose derivative by PyTorch was taken; or that derivative in words, if it is not one number.
        count: number of values.
        unlike: what else may have been exported so, and has another derivative: a clause, or nothing.
    """

    operation: Operation
    bound: float | None
    function: Callable[[Tensor], Tensor] | str
    count: int
    unlike: str = ""

    def slope(self) -> str:
        """Return the derivative that was taken. Not while anything is watched."""
        if isinstance(self.function, str):
            return self.function
        at = torch.tensor(self.bound or 0.0, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(self.function(at), at)
        return f"{float(slope):g}"


@dataclass(slots=True)
class Call:
    """An operation with the values of its inputs.

    Attributes:
        values: of inputs; None where one is left out.
        kinks: values on kinks, which operators add.
    """

    operation: Operation
    values: Sequence[Tensor | None]
    kinks: list[Kink] = field(default_factory=list)

    def __getitem__(self, position: int) -> Tensor:
        value = self.get(position)
        if value is None:
            raise OperatorError(f"has no input {position}")
        return value

    def get(self, position: int) -> Tensor | None:
        """Return an input; None if it is left out."""
        return self.values[position] if position < len(self.values) else None

    @property
    def opset(self) -> int:
        """The version of operators that the file asks for."""
        return self.operation.opset

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute's value, or the default where the file has none."""
        return self.operation.attributes.get(name, default)

    def ints(self, position: int) -> list[int] | None:
        """Return an input's entries as integers; None if it is left out."""
        value = self.get(position)
        if value is None:
            return None
        if value.is_floating_point() or value.dim() > 1:
            raise OperatorError(
                f"input {position} should be a list of integers, and is {value.dtype} of shape "
                f"{shape_text(tuple(value.shape))}"
            )
        if value.numel() > MOST_INTEGERS:
            raise OperatorError(f"input {position} is a list of {value.numel()} integers")
        with _disable_current_modes():
            return [int(entry) for entry in value.reshape(-1).tolist()]

    def either_ints(self, name: str, position: int) -> list[int] | None:
        """Return integers that older versions have as an attribute, newer ones as an input."""
        given = self.attribute(name)
        if given is not None and len(given) > MOST_INTEGERS:
            raise OperatorError(f"{name} is a list of {len(given)} integers")
        return list(given) if given is not None else self.ints(position)

    def number(self, position: int) -> float | None:
        """Return an input of one entry as a number; None if it is left out."""
        value = self.get(position)
        if value is None:
            return None
        if value.numel() != 1:
            raise OperatorError(
                f"input {position} should be one number, and has the shape {shape_text(tuple(value.shape))}"
            )
        with _disable_current_modes():
            return float(self.setting(position).reshape(()))

    def setting(self, position: int) -> Tensor:
        """Return an input that is differentiated by nobody.

        Raises:
            OperatorError: it is computed of weights: what it does to their gradients would be lost.
        """
        value = self[position]
        if value.requires_grad and not value.is_leaf:
            raise OperatorError(f"input {position} depends on parameters, which is not explained here")
        return value.detach()

    def axis(self, default: int, rank: int, name: str = "axis") -> int:
        """Return an attribute that counts dimensions, from 0 on."""
        return checked_axis(int(self.attribute(name, default)), rank, name)

    def bend(
        self, value: Tensor, function: Callable[[Tensor], Tensor], *bounds: float, unlike: str = ""
    ) -> Tensor:
        """Return what a function with kinks gives, and note how many of the values lie on these."""
        for bound in bounds:
            self.note(bound, function, partial(torch.eq, value.detach(), bound), unlike)
        return function(value)

    def note(
        self,
        bound: float | None,
        function: Callable[[Tensor], Tensor] | str,
        where: Callable[[], Tensor],
        unlike: str = "",
    ) -> None:
        """Note how many values lie on a kink; ``where`` says which, and is not watched."""
        with _disable_current_modes(), torch.no_grad():
            count = int(where().sum())
        if count:
            self.kinks.append(Kink(self.operation, bound, function, count, unlike))

    def ties(self, value: Tensor, chosen: Callable[[], Tensor], axes: Sequence[int], words: str) -> None:
        """Note how often a choice over dimensions was one between equal entries.

        Args:
            chosen: gives what was chosen, with these dimensions kept.
            words: what the derivative is then.
        """
        if value.requires_grad and value.numel():
            self.note(None, words, lambda: (value.detach() == chosen()).sum(list(axes)) > 1)

    def tie(self, a: Tensor, b: Tensor, function: Callable[[Tensor, Tensor], Tensor], unlike: str) -> Tensor:
        """Return a choice between two values, and note where they are the same."""
        if a.requires_grad or b.requires_grad:
            other = torch.zeros((), dtype=torch.float64)
            self.note(None, lambda t: function(t, other), lambda: a.detach() == b.detach(), unlike)
        return function(a, b)


def checked_axis(axis: int, rank: int, name: str = "axis") -> int:
    """Return a number of a dimension, counted from 0 on.

    Raises:
        OperatorError: there is no such dimension.
    """
    if not -rank <= axis < max(rank, 1):
        raise OperatorError(f"{name} is {axis}, and its input has {rank} dimensions")
    return axis % rank if rank else 0


def bounded(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape of a result, if memory may be taken for it.

    Raises:
        OperatorError: it has more entries than are computed with, or would have but for a length of 0.
    """
    shape = tuple(int(length) for length in shape)
    if any(length < 0 for length in shape):
        raise OperatorError(f"would give the shape {shape_text(shape)}: lengths cannot be negative")
    if not all(shape) and prod(filter(None, shape)) > MOST_ENTRIES:
        raise OperatorError(f"would give the shape {shape_text(shape)}: such lengths are not computed with")
    if prod(shape) > MOST_ENTRIES:
        raise OperatorError(
            f"would give {prod(shape)} entries, of shape {shape_text(shape)}; at most {MOST_ENTRIES} are "
            "computed"
        )
    return shape


class _Bounding(TorchDispatchMode):
    """Refuses results, also those on the way to others, that are too large."""

    def __torch_dispatch__(
        self, func: Any, _types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            bounded(result.shape)
        return result


def check_sizes(function: Callable[..., object], *values: Tensor) -> None:
    """Run a function on shapes alone.

    Raises:
        OperatorError: a result is too large, also one on the way.
    """
    with _disable_current_modes(), torch.no_grad():
        shapes = [torch.empty(value.shape, dtype=value.dtype, device="meta") for value in values]
        with _Bounding():  # type: ignore[no-untyped-call]
            function(*shapes)


def broadcast(*values: Tensor) -> tuple[int, ...]:
    """Return the shape to which values are broadcast.

    Raises:
        OperatorError: they do not fit, or the result is too large.
    """
    try:
        return bounded(torch.broadcast_shapes(*(tuple(value.shape) for value in values)))
    except RuntimeError:
        shapes = " and ".join(shape_text(tuple(value.shape)) for value in values)
        raise OperatorError(f"cannot combine the shapes {shapes}") from None


Result: TypeAlias = Tensor | Sequence[Tensor | None]
Run: TypeAlias = Callable[[Call], Result]


@dataclass(frozen=True, slots=True)
class Operator:
    """What is known of one of ONNX's operators.

    Attributes:
        words: how it is computed: operations of PyTorch.
        constants: positions of inputs that are settings, not weights: a tensor that only these read is no
            parameter.
    """

    kind: str
    run: Run
    words: str
    constants: frozenset[int] = frozenset()


_OPERATORS: dict[str, Operator] = {}


def operator(kind: str, words: str, constants: Sequence[int] = ()) -> Callable[[Run], Run]:
    """Enter a function in the table."""

    def enter(run: Run) -> Run:
        add(kind, run, words, constants)
        return run

    return enter


def add(kind: str, run: Run, words: str, constants: Sequence[int] = ()) -> None:
    """Enter an operator in the table."""
    if kind in _OPERATORS:
        raise ValueError(f"the operator {kind} is entered twice")
    _OPERATORS[kind] = Operator(kind, run, words, frozenset(constants))


def kinds() -> Mapping[str, Operator]:
    """Return all operators by name."""
    return dict(sorted(_OPERATORS.items()))


def find(kind: str) -> Operator | None:
    """Return an operator; None if there is none of that name."""
    return _OPERATORS.get(kind)


def given(values: Sequence[Tensor | None]) -> Iterator[Tensor]:
    """Yield inputs that are not left out."""
    return (value for value in values if value is not None)
