"""Why gradients are zero, of a training step or of given numbers, and why an optimiser does not move.

>>> import zerograd as zg
>>> with zg.watch(model, optimizer) as watched:  # doctest: +SKIP
...     loss = criterion(model(x), y)
...     loss.backward()
...     optimizer.step()
>>> print(watched.report())  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from zerograd.core.errors import ZerogradError
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.core.verdict.witness import Witness
from zerograd.extras import install

if TYPE_CHECKING:
    from zerograd.report import Report


class _LeftOut(Enum):
    """An argument that was not given; None may be a target."""

    LEFT_OUT = "left out"

    def __repr__(self) -> str:
        return "…"


LEFT_OUT: Any = _LeftOut.LEFT_OUT


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


@overload
def explain(model: Problem | Witness | Answer, /) -> Report: ...
@overload
def explain(model: Any, loss_fn: Callable[..., Any], x: Any, y: Any, optimizer: Any = None) -> Report: ...
def explain(
    model: Any,
    loss_fn: Callable[..., Any] | None = None,
    x: Any = LEFT_OUT,
    y: Any = LEFT_OUT,
    optimizer: Any = None,
) -> Report:
    """Explain the gradients of a problem with all its numbers, or of one training step.

    A problem, a witness or an answer stands alone: nothing runs, and PyTorch plays no part. Of a module one
    step is run, ``loss_fn(model(x), y).backward()`` and ``optimizer.step()``; gradients are cleared before,
    and without an optimiser nothing steps.

    Raises:
        ZerogradError: not everything is given in the problem; PyTorch is not installed; or an argument is
            not what stands in its place.
    """
    if isinstance(model, Problem | Witness | Sat | Unsat | Unknown):
        if not (loss_fn is optimizer is None and x is y is LEFT_OUT):
            raise ZerogradError("a problem has its own loss and data: give it alone, zg.explain(problem)")
        from zerograd.problem_report import report_of

        return report_of(model)
    _need_torch()
    if loss_fn is None or x is LEFT_OUT or y is LEFT_OUT:
        raise ZerogradError(
            "a module is explained with its loss and a batch, zg.explain(model, loss_fn, x, y); "
            "a problem alone, zg.explain(problem)"
        )
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
        raise ZerogradError(f"watching needs PyTorch, which is not installed: {install('torch')}") from None
