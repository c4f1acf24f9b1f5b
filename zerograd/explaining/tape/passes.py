"""When the program goes backward: calls of ``backward`` and ``torch.autograd.grad``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor

from zerograd.explaining.tape.nodes import Phase
from zerograd.explaining.tape.recorder import Recorder


class Listener(Protocol):
    """What wants to know of backward passes."""

    def before_backward(self, inputs: Sequence[Any] | None = None) -> None:
        """``backward`` is called, for these inputs alone where some are given."""

    def after_backward(self) -> None:
        """``backward`` returned."""

    def after_grad(self, inputs: Sequence[Any], gradients: Sequence[Any]) -> None:
        """``torch.autograd.grad`` returned gradients for these inputs."""


@contextmanager
def watched(recorder: Recorder, listener: Listener) -> Iterator[None]:
    """Mark backward passes in the recorder, and tell the listener."""
    backward, grad = torch.autograd.backward, torch.autograd.grad

    def watched_backward(*args: Any, **kwargs: Any) -> None:
        limited = kwargs.get("inputs", args[5] if len(args) > 5 else None)
        listener.before_backward(None if limited is None else _several(limited))
        with _going_back(recorder, args, kwargs.get("tensors")):
            backward(*args, **kwargs)
        listener.after_backward()

    def watched_grad(*args: Any, **kwargs: Any) -> Any:
        with _going_back(recorder, args, kwargs.get("outputs")):
            gradients = grad(*args, **kwargs)
        inputs = kwargs["inputs"] if "inputs" in kwargs else args[1]
        inputs = _several(inputs)
        if not any(isinstance(t, Tensor) and is_functorch_wrapped_tensor(t) for t in (*inputs, *gradients)):
            listener.after_grad(inputs, gradients)
        return gradients

    torch.autograd.backward, torch.autograd.grad = watched_backward, watched_grad
    try:
        yield
    finally:
        torch.autograd.backward, torch.autograd.grad = backward, grad


def _several(inputs: Any) -> Sequence[Any]:
    return inputs if isinstance(inputs, list | tuple) else [inputs]


@contextmanager
def _going_back(recorder: Recorder, args: tuple[Any, ...], named: Any) -> Iterator[None]:
    before = recorder.phase
    roots = named if named is not None else args[0] if args else None
    root = roots[0] if isinstance(roots, list | tuple) and roots else roots
    if recorder.active and isinstance(root, Tensor) and not is_functorch_wrapped_tensor(root):
        with recorder.paused():
            recorder.loss = recorder.read(root)
            recorder.cut = not root.requires_grad
    recorder.phase = Phase.BACKWARD
    recorder.failed = True
    try:
        yield
        recorder.failed = False
    finally:
        recorder.phase = before
