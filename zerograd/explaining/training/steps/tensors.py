"""How tensors lie in memory, copies of them, and their bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes


def strided(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized


def copy(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return a dense copy; None of what cannot be compared: complex, quantised, not on the CPU."""
    dense = tensor.detach()
    if dense.layout is not torch.strided:
        dense = dense.to_dense()
    return dense.clone() if strided(dense) and not dense.is_complex() else None


def copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def copied_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: copied(value) for key, value in values.items()}


def storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage().data_ptr())


def geometry(tensor: torch.Tensor) -> tuple[Any, ...]:
    return (tensor.data_ptr(), tuple(tensor.shape), tensor.stride())


def overlap(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether the spans of two tensors in their storage meet."""

    def span(tensor: torch.Tensor) -> tuple[int, int]:
        reach = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True))
        return tensor.data_ptr(), tensor.data_ptr() + (reach + 1) * tensor.element_size()

    (a, b), (c, d) = span(one), span(other)
    return a < d and c < b


@contextmanager
def quietly() -> Iterator[None]:
    """Whatever runs here is not seen by a recorder, and recorded by nobody."""
    with _disable_current_modes(), torch.no_grad():
        yield


def bits(tensor: torch.Tensor) -> torch.Tensor:
    """Return the bits of each entry as an integer, flattened."""
    if not tensor.is_floating_point():
        return tensor.reshape(-1)
    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return tensor.contiguous().reshape(-1).view(integers[tensor.element_size()])
