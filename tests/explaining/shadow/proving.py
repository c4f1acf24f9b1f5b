"""Gradients of small programs, recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from zerograd.explaining.shadow.identities import Identities, Identity
from zerograd.explaining.tape.nodes import Origin, Source
from zerograd.explaining.tape.recorder import Recorder


def gradients(loss: Callable[[], Tensor], tensors: Sequence[Tensor]) -> list[Source]:
    """Return the gradients that ``loss().backward()`` leaves, as values in a graph."""
    recorder = Recorder()
    for tensor in tensors:
        tensor.grad = None
        recorder.keep(tensor, Origin.PARAMETER)
    with recorder:
        loss().backward()
    with recorder.paused():
        return [recorder.read(tensor.grad) for tensor in tensors if tensor.grad is not None]


def proven(loss: Callable[[], Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return which entries of gradients are zero by an identity."""
    identities = Identities()
    return [identities.zero(s, torch.ones_like(s.run, dtype=torch.bool)) for s in gradients(loss, tensors)]


def reasons(loss: Callable[[], Tensor], tensor: Tensor) -> list[tuple[Identity, ...]]:
    """Return the reasons for all entries of a gradient."""
    identities = Identities()
    (source,) = gradients(loss, [tensor])
    identities.zero(source, torch.ones_like(source.run, dtype=torch.bool))
    return [identities.reason(source, entry) for entry in range(source.run.numel())]


def uneven(*modules: nn.Module) -> None:
    """Give parameters values that no identity can lean on: no two alike, none 0 or 1."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for module in modules:
            for parameter in module.parameters():
                parameter.copy_(torch.rand(parameter.shape, generator=generator, dtype=torch.float64) + 0.3)


def numbers(*shape: int, seed: int = 5) -> Tensor:
    """Return numbers in no order, as float64."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def leaf(*shape: int, seed: int = 7) -> Tensor:
    """Return such numbers that require a gradient."""
    return numbers(*shape, seed=seed).requires_grad_()
