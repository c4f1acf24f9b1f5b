"""Watching a training step: what is followed while the user's own code runs, and when it is explained."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from zerograd.explain.tape import passes
from zerograd.explain.tape.modules import Modules, name_parameters, with_buffers
from zerograd.explain.tape.nodes import Origin, Source
from zerograd.explain.tape.recorder import Recorder
from zerograd.explain.training.explanation import Explanation, StepReport
from zerograd.explain.training.reporting import Gradient, Subject, report_step


@dataclass(slots=True)
class _Round:
    """What happened since the last report: until every optimiser has stepped once, or one steps again.

    Attributes:
        gradients: what ``backward`` left for each tensor, by identity.
        stepped: the optimisers that stepped.
    """

    gradients: dict[int, Gradient]
    stepped: list[Optimizer]


class Watch:
    """Follows modules, backward passes and optimisers from ``__enter__`` to ``__exit__``."""

    def __init__(self, models: Sequence[nn.Module], optimizers: Sequence[Optimizer]) -> None:
        self.recorder = Recorder()
        self._modules = Modules(list(models), self._met)
        self._optimizers: list[Optimizer] = list(optimizers)
        self._reports: list[StepReport] = []
        self._round = _Round({}, [])
        self._stack = ExitStack()
        self._error: str | None = None
        self._seconds = 0.0
        self._process = os.getpid()
        self.recorder.module = self._modules.current
        for optimizer in optimizers:
            self._keep(_held(optimizer))

    def __enter__(self) -> Watch:
        self._stack.enter_context(self._modules.watched())
        self._stack.enter_context(passes.watched(self.recorder, self._after_backward, self._after_grad))
        for hook in (
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ):
            self._stack.callback(hook.remove)
        self._stack.enter_context(self.recorder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()
        if error is not None:
            self._error = f"{type(error).__name__}: {error}"
        self._finish(last=True)

    def explanation(self) -> Explanation:
        """Return what was seen so far."""
        return Explanation(tuple(self._reports), str(torch.__version__), self._error, self._seconds)

    # what calls back

    def _met(self, root: nn.Module) -> None:
        self._keep(root.parameters())
        for buffer in with_buffers(root):
            self.recorder.keep(buffer, Origin.BUFFER)

    def _keep(self, parameters: Iterable[Tensor]) -> None:
        for parameter in parameters:
            self.recorder.keep(parameter, Origin.PARAMETER)

    def _after_backward(self) -> None:
        with self.recorder.paused():
            for tensor in self._tensors():
                if tensor.grad is not None:
                    source = self.recorder.read(tensor.grad)
                    known = self._round.gradients.get(id(tensor))
                    if known is None or known.source.node is not source.node:
                        self._round.gradients[id(tensor)] = Gradient(source, source.run)

    def _after_grad(self, inputs: Sequence[Any], gradients: Sequence[Any]) -> None:
        with self.recorder.paused():
            for tensor, gradient in zip(inputs, gradients, strict=False):
                if isinstance(tensor, Tensor) and isinstance(gradient, Tensor):
                    source = self.recorder.read(gradient)
                    self._round.gradients[id(tensor)] = Gradient(source, source.run)

    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if optimizer in self._round.stepped:
            self._finish()
        if optimizer not in self._optimizers:
            self._optimizers.append(optimizer)
            self._keep(_held(optimizer))
        self.recorder.saw = lambda function, args, kwargs: None

    def _after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self.recorder.saw = None
        self._round.stepped.append(optimizer)
        if all(any(o is other for other in self._round.stepped) for o in self._optimizers):
            self._finish()

    # what is reported

    def _tensors(self) -> Iterable[Tensor]:
        """Yield every tensor whose gradient may be asked about."""
        seen: set[int] = set()
        leaves = [reference() for reference in list(self.recorder.leaves.values())]
        everything = [*self._named().values(), *(leaf for leaf in leaves if leaf is not None)]
        for tensor in everything:
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield tensor

    def _named(self) -> Mapping[str, Tensor]:
        """Return parameters by name: those of the modules, of the optimisers alone, and of neither."""
        named = name_parameters(self._modules.roots)
        known = {id(t) for t in named.values()} | {id(t) for t in self._modules.inputs.values()}
        for leaf in [reference() for reference in list(self.recorder.leaves.values())]:
            if leaf is not None and id(leaf) not in known:
                known.add(id(leaf))
                number = sum(name.startswith("tensor") for name in named)
                named[f"tensor{number} ({' × '.join(map(str, leaf.shape)) or 'number'})"] = leaf
        for optimizer in self._optimizers:
            for i, group in enumerate(optimizer.param_groups):
                for j, parameter in enumerate(group["params"]):
                    if id(parameter) not in known:
                        known.add(id(parameter))
                        named[f"param_groups[{i}][{j}]"] = parameter
        return named

    def _finish(self, last: bool = False) -> None:
        """Explain what happened since the last report."""
        if last and self._reports and not self._round.gradients and not self._round.stepped:
            return
        began = time.perf_counter()
        with self.recorder.paused():
            subjects = [Subject(name, t) for name, t in self._named().items()]
            inputs = [Subject(name, t) for name, t in self._modules.inputs.items()]
            loss: Source | None = self.recorder.loss
            optimizer = type(self._round.stepped[-1]).__name__ if self._round.stepped else None
            self._reports.append(
                report_step(
                    number=len(self._reports) + 1,
                    parameters=subjects,
                    inputs=inputs,
                    gradients=self._round.gradients,
                    loss=loss,
                    optimizer=optimizer,
                )
            )
        self.recorder.loss = None
        self._round = _Round({}, [])
        self._seconds += time.perf_counter() - began


def _held(optimizer: Optimizer) -> Iterable[Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]
