"""A training step under a `StepWatcher` alone: the least recorder that drives one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode

from zerograd.explaining.explanation import Step
from zerograd.explaining.training.steps.observation import Observation
from zerograd.explaining.training.steps.reasons import explain_step
from zerograd.explaining.training.steps.watcher import StepWatcher


def _is_fused_on_cpus() -> bool:
    try:
        torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], fused=True)
    except RuntimeError:  # torch before 2.4
        return False
    return True


KINDS: list[dict[str, Any]] = [{}, {"foreach": True}, *([{"fused": True}] if _is_fused_on_cpus() else [])]
"""Ways in which optimisers can be asked to work."""
Parameters = Mapping[str, torch.Tensor]


class StepMode(TorchDispatchMode):
    """Shows a watcher every operation, every step and every backward by `backward`.

    Attributes:
        observations: of each step, in order.
    """

    def __init__(self, parameters: Parameters | Callable[[], Parameters]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._parameters = parameters
        self.watcher = StepWatcher()
        self.observations: list[Observation] = []

    @property
    def parameters(self) -> Parameters:
        """The parameters as they are now."""
        return self._parameters() if callable(self._parameters) else self._parameters

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self._take(self.watcher.saw(func, args, kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _take(self, observation: Observation | None) -> None:
        if observation is not None:
            self.observations.append(observation)

    def backward(self, loss: torch.Tensor) -> None:
        """Run backward, and tell the watcher what it left."""
        parameters = self.parameters

        def versions() -> dict[str, Any]:
            return {
                name: None if p.grad is None else (id(p.grad), p.grad._version)
                for name, p in parameters.items()
            }

        before = versions()
        self.watcher.backward_began()
        loss.backward()
        after = versions()
        fresh = {
            name: p.grad.detach().to_dense().clone()
            for name, p in parameters.items()
            if p.grad is not None and before[name] != after[name]
        }
        self.watcher.backward_ended(parameters, fresh)

    @contextmanager
    def hooks(self) -> Iterator[StepMode]:
        """Watch all optimisers."""
        pre = register_optimizer_step_pre_hook(
            lambda optimizer, args, kwargs: self.watcher.before(optimizer, self.parameters, args, kwargs)
        )
        post = register_optimizer_step_post_hook(
            lambda optimizer, args, kwargs: self._take(self.watcher.after(optimizer, self.parameters))
        )
        try:
            with self:
                yield self
        finally:
            pre.remove()
            post.remove()

    def last(self, exactly_zero: Mapping[str, bool] | None = None) -> dict[str, Step]:
        """What is said of the last step."""
        return explain_step(self.observations[-1], exactly_zero)

    def end(self) -> dict[str, Step]:
        """What is said at the end of the first optimiser that did not step."""
        return explain_step(self.watcher.at_end(self.parameters)[0])


def nothing() -> None:
    """Do nothing."""


def once(
    parameters: Parameters,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[], torch.Tensor],
    between: Callable[[], object] = nothing,
    steps: int = 1,
) -> dict[str, Step]:
    """What is said of the last of some steps: zero_grad, backward, ``between``, step."""
    mode = StepMode(parameters)
    with mode.hooks():
        for _ in range(steps):
            optimizer.zero_grad()
            mode.backward(loss())
            between()
            optimizer.step()
    return mode.last()


def weight(*values: float, dtype: torch.dtype = torch.float32) -> torch.nn.Parameter:
    """A parameter of these entries."""
    return torch.nn.Parameter(torch.tensor(values, dtype=dtype))


def linear(parameter: torch.Tensor, *gradient: float) -> Callable[[], torch.Tensor]:
    """A loss whose gradient is this one, wherever the parameter is."""
    fixed = torch.tensor(gradient, dtype=parameter.dtype)
    return lambda: torch.sum(parameter * fixed)
