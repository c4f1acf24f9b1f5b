"""Why gradients of a training step are zero, and why its optimiser does not move.

>>> import zerograd as zg
>>> with zg.watch(model, optimizer) as watched:  # doctest: +SKIP
...     loss = criterion(model(x), y)
...     loss.backward()
...     optimizer.step()
>>> print(watched.report())  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from zerograd.core.errors import ZerogradError

if TYPE_CHECKING:
    from zerograd.report import Report


class Watched:
    """A training step under watch; see `watch`."""

    def __init__(self, models: Any = None, optimizers: Any = None, seconds: float = 5.0) -> None:
        from zerograd.explaining.training.given import check_watched
        from zerograd.explaining.training.watch import Watch

        check_watched(_several(models), _several(optimizers), seconds)
        self._watch = Watch(_several(models), _several(optimizers), seconds)

    def __enter__(self) -> Watched:
        self._watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watch.__exit__(kind, error, traceback)

    def report(self) -> Report:
        """Return what was found."""
        from zerograd.report import Report

        return Report(self._watch.explanation())


def watch(model: Any = None, optimizer: Any = None, *, seconds: float = 5.0) -> Watched:
    """Watch PyTorch code that runs within ``with``, and explain its gradients and its optimiser's steps.

    Args:
        model: a ``torch.nn.Module``, or several; what is not given is met when it runs.
        optimizer: a ``torch.optim.Optimizer``, or several.
        seconds: what may be spent, for each step, on gradient entries that float64 with error bounds leaves
            open;
            those that it does not suffice for are reported as undecided.

    Raises:
        ZerogradError: PyTorch is not installed, or something else was given than a module, an optimiser, and
            seconds.
    """
    _need_torch()
    return Watched(model, optimizer, seconds)


def explain(model: Any, loss_fn: Callable[..., Any], x: Any, y: Any, optimizer: Any = None) -> Report:
    """Run one step, ``loss_fn(model(x), y).backward()`` and ``optimizer.step()``, and explain it.

    Gradients are cleared before. Without an optimiser nothing steps.

    Raises:
        ZerogradError: PyTorch is not installed, or an argument is not what stands in its place.
    """
    _need_torch()
    from zerograd.explaining.training.given import check_explained

    check_explained(model, loss_fn, x, y, optimizer)
    with watch(model, optimizer) as watched:
        model.zero_grad()
        loss_fn(model(x), y).backward()
        if optimizer is not None:
            optimizer.step()
    return watched.report()


def explain_model(
    path: str | Path, data: str | Path, loss: str, *, output: str | None = None, seconds: float = 5.0
) -> Report:
    """Explain the gradients of an ONNX file's parameters, for data in an ``.npz`` file.

    Args:
        path: the model file.
        data: a file with an array for each of the model's inputs (``x`` for an only one), and targets ``y``.
        loss: the name of the loss, such as ``cross_entropy``.
        output: the model's output that the loss reads; needed if it has several.
        seconds: as for `watch`.

    Raises:
        ZerogradError: PyTorch or onnx is not installed, or a file, a name or a target cannot be used.
    """
    _need_torch()
    from zerograd.explaining.models.explaining import explain_model as explained
    from zerograd.report import Report

    return Report(explained(path, data, loss, output=output, seconds=seconds))


def _several(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise ZerogradError(
            "watching needs PyTorch, which is not installed: pip install 'zerograd[torch]'"
        ) from None
