"""When the program goes backward: calls of ``backward`` and ``torch.autograd.grad``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from zerograd.explain.tape.nodes import Phase
from zerograd.explain.tape.recorder import Recorder


@contextmanager
def watched(
    recorder: Recorder, after: Callable[[], None], returned: Callable[[Sequence[Any], Sequence[Any]], None]
) -> Iterator[None]:
    """Mark backward passes in the recorder.

    Args:
        recorder: its phase is set.
        after: called after each ``backward``.
        returned: called with the inputs and the gradients of each ``torch.autograd.grad``.
    """
    backward, grad = torch.autograd.backward, torch.autograd.grad

    def watched_backward(*args: Any, **kwargs: Any) -> None:
        with _going_back(recorder, args, kwargs.get("tensors")):
            backward(*args, **kwargs)
        after()

    def watched_grad(*args: Any, **kwargs: Any) -> Any:
        with _going_back(recorder, args, kwargs.get("outputs")):
            gradients = grad(*args, **kwargs)
        inputs = kwargs["inputs"] if "inputs" in kwargs else args[1]
        returned(inputs if isinstance(inputs, list | tuple) else [inputs], gradients)
        return gradients

    torch.autograd.backward, torch.autograd.grad = watched_backward, watched_grad  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.autograd.backward, torch.autograd.grad = backward, grad


@contextmanager
def _going_back(recorder: Recorder, args: tuple[Any, ...], named: Any) -> Iterator[None]:
    before = recorder.phase
    roots = named if named is not None else args[0] if args else None
    root = roots[0] if isinstance(roots, list | tuple) and roots else roots
    if isinstance(root, Tensor):
        with recorder.paused():
            recorder.loss = recorder.read(root)
    recorder.phase = Phase.BACKWARD
    try:
        yield
    finally:
        recorder.phase = before
