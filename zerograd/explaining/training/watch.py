"""Watching a training step: what is followed while the user's own code runs, and when it is explained."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from zerograd.explaining.explanation import Explanation, StepReport
from zerograd.explaining.shadow.deciding import Budget
from zerograd.explaining.tape import passes
from zerograd.explaining.tape.modules import Modules, name_parameters, with_buffers
from zerograd.explaining.tape.nodes import Origin, Phase, Place, Source, is_plain
from zerograd.explaining.tape.recorder import Recorder
from zerograd.explaining.training.nans import with_origin
from zerograd.explaining.training.progress import shown
from zerograd.explaining.training.reporting import report_step
from zerograd.explaining.training.rounds import Round
from zerograd.explaining.training.steps.clipping import before_clipping
from zerograd.explaining.training.steps.held import held_tensors
from zerograd.explaining.training.steps.tensors import copy
from zerograd.explaining.training.steps.watcher import StepWatcher


def _nothing() -> None:
    """Do nothing."""


class Watch:
    """Follows modules, backward passes and optimisers from ``__enter__`` to ``__exit__``, or until `leave`.

    Args:
        seconds: what may be spent, for each step, on entries that float64 with error bounds leaves open.
        reported: called after each report, within whatever ended the step: a hook of an optimiser, or the
            next backward pass. It may leave, and raise.
    """

    def __init__(
        self,
        models: Sequence[nn.Module],
        optimizers: Sequence[Optimizer],
        seconds: float = 5.0,
        reported: Callable[[], None] = _nothing,
    ) -> None:
        self._budget = Budget(seconds=seconds)
        self.recorder = Recorder()
        self._modules = Modules(list(models), self._met)
        self._steps = StepWatcher()
        self._reports: list[StepReport] = []
        self._values: list[tuple[Tensor, Tensor | None]] = []
        self._round = Round()
        self._stack = ExitStack()
        self._error: str | None = None
        self._seconds = 0.0
        self._before = 0  # the last node of the step before
        self._reported = reported
        self._hooks: list[RemovableHandle] = []
        self.recorder.module = self._modules.current
        self.recorder.saw = self._saw
        for optimizer in optimizers:
            self._steps.knows(optimizer)
            self._keep(held_tensors(optimizer))

    def __enter__(self) -> Watch:
        self._stack.enter_context(self._modules.watched())
        self._stack.enter_context(passes.watched(self.recorder, self))
        self._stack.enter_context(self._optimizers_made())
        self._hooks = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        self.recorder.__enter__()  # type: ignore[no-untyped-call]
        return self

    def leave(self) -> None:
        """Stop watching, in the middle of a hook too: from here on the program runs as if unwatched."""
        self.recorder.active = False
        self._stack.close()
        for hook in self._hooks:
            _unhook(hook)
        self.recorder.leave()
        self._release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        watched = self.recorder.active
        for hook in self._hooks:
            hook.remove()
        self._stack.close()
        self.recorder.leave()
        if error is not None:
            self._error = f"{type(error).__name__}: {error}".removesuffix(": ")
        if watched:
            self._finish(last=True)
        self._release()

    @property
    def steps(self) -> Sequence[StepReport]:
        """Reports of the steps that are over."""
        return self._reports

    def forget(self) -> None:
        """Let go what was recorded since the last report."""
        self._release()
        self._steps = StepWatcher()

    def _release(self) -> None:
        """Let go what was recorded: a step's memory should not wait for the collection of cycles."""
        self.recorder.release()
        self._modules.release()
        self._values = []
        self._round = Round()

    def explanation(self) -> Explanation:
        """Return what was seen so far; before the first step is over, what is known of it."""
        with self.recorder.paused():
            reports = self._reports or [self._report(self.recorder.loss)]
        return Explanation(tuple(reports), str(torch.__version__), self._error, self._seconds)

    # what calls back

    @contextmanager
    def _optimizers_made(self) -> Iterator[None]:
        """Meet optimisers when they are made, for those that never step."""
        init = Optimizer.__init__

        def met(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            init(optimizer, *args, **kwargs)
            if self.recorder.active:
                self._steps.knows(optimizer)
                self._keep(held_tensors(optimizer))

        Optimizer.__init__ = met  # type: ignore[assignment,method-assign]
        try:
            yield
        finally:
            Optimizer.__init__ = init  # type: ignore[method-assign]

    def _met(self, root: nn.Module) -> None:
        if not self.recorder.active:
            return
        self._keep(root.parameters())
        for buffer in with_buffers(root):
            self.recorder.keep(buffer, Origin.BUFFER)

    def _keep(self, parameters: Iterable[Tensor]) -> None:
        for parameter in parameters:
            self.recorder.keep(parameter, Origin.PARAMETER)

    def before_backward(self, inputs: Sequence[Any] | None = None) -> None:
        """Take note that gradients will come, of some inputs or of all."""
        if self.recorder.active and self._moved_by_hand():
            self._finish()
        if not self.recorder.active:  # left, or a process that was forked
            return
        self._round.asked += inputs or ()
        self._round.limited = self._round.limited and inputs is not None
        self._steps.backward_began()

    def after_backward(self) -> None:
        """Take the gradients that ``backward`` left."""
        if not self.recorder.active:
            return
        with self.recorder.paused():
            fresh: dict[str, Tensor | None] = {}
            named = self._everything()
            for name, tensor in named.items():
                if tensor.grad is None:
                    continue
                source = self.recorder.read(tensor.grad)
                known = self._round.gradients.get(id(tensor))
                if source.node.number > self._before and (known is None or known.node is not source.node):
                    self._round.take(tensor, source)
                    fresh[name] = source.run if is_plain(source.run) else copy(source.run)
            self._steps.backward_ended(named, fresh)
            self._remember_values()

    def _remember_values(self) -> None:
        """Keep the numbers of parameters that no optimiser holds: the program may move them by itself."""
        tensors = () if self._steps.optimizers else self._everything().values()
        self._values = [(tensor, copy(tensor)) for tensor in tensors if is_plain(tensor)]
        self.recorder.storages.written.clear()

    def _moved_by_hand(self) -> dict[int, int]:
        """Return how many entries the program changed, by tensor, if it tried to and has no optimiser."""
        with self.recorder.paused():
            moved = {
                id(tensor): int((tensor != before).sum())
                for tensor, before in self._values
                if before is not None and tensor.shape == before.shape
            }
            written = self.recorder.storages.written
            tried = any(tensor.untyped_storage()._cdata in written for tensor, _ in self._values)
        return moved if tried or any(moved.values()) else {}

    def after_grad(self, inputs: Sequence[Any], gradients: Sequence[Any]) -> None:
        """Take the gradients that ``torch.autograd.grad`` returned."""
        if not self.recorder.active:
            return
        with self.recorder.paused():
            self._round.asked += inputs
            for tensor, gradient in zip(inputs, gradients, strict=False):
                if isinstance(tensor, Tensor) and isinstance(gradient, Tensor):
                    self._round.take(tensor, self.recorder.read(gradient))
            self._remember_values()

    def _saw(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        skipped = self._steps.saw(function, args, kwargs)
        if skipped is not None:
            self._round.observations.append(skipped)

    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if self.recorder.active and any(optimizer is other for other in self._round.stepped):
            self._finish(again=True)
        if not self.recorder.active:
            return
        self._keep(held_tensors(optimizer))
        held = set(map(id, held_tensors(optimizer)))
        self._values = [(tensor, before) for tensor, before in self._values if id(tensor) not in held]
        with self.recorder.paused():
            for tensor in held_tensors(optimizer):
                if tensor.grad is not None:
                    arrived = self._round.gradients.get(id(tensor))
                    present = self.recorder.read(tensor.grad)
                    self._round.gradients[id(tensor)] = before_clipping(present, arrived)
            self._steps.before(optimizer, self._everything(), args, kwargs)
        self.recorder.stepping = True

    def _after_step(self, optimizer: Optimizer, *_: Any) -> None:
        if not self.recorder.active:
            return
        with self.recorder.paused():
            observation = self._steps.after(optimizer, self._everything())
        self.recorder.stepping = self._steps.stepping
        if observation is None:
            return
        self._round.observations.append(observation)
        self._round.stepped.append(optimizer)
        self._round.loss = self.recorder.loss
        if self.recorder.phase is Phase.BACKWARD:
            return  # of a hook; the other parameters' gradients are still to come
        if all(any(o is other for other in self._round.stepped) for o in self._steps.optimizers):
            self._finish()

    # what is reported

    def _named(self) -> Mapping[str, Tensor]:
        """Return parameters by name: those of the modules, of the optimisers alone, and of neither."""
        named, hidden = name_parameters(self._modules.roots)
        names = {id(tensor): name for name, tensor in hidden.items()}
        loose: set[str] = set()
        known = {id(t) for t in named.values()} | {id(t) for t in self._modules.inputs.values()}
        for leaf in [reference() for reference in list(self.recorder.leaves.values())]:
            if leaf is not None and id(leaf) not in known:
                known.add(id(leaf))
                name = names.get(id(leaf)) or self._loose_name(leaf, named)
                loose.add(name)
                named[name] = leaf
        self._steps.loose = frozenset(loose)
        for optimizer in self._steps.optimizers:
            for i, group in enumerate(optimizer.param_groups):
                for j, parameter in enumerate(group["params"]):
                    if id(parameter) not in known:
                        known.add(id(parameter))
                        named[f"param_groups[{i}][{j}]"] = parameter
        return named

    def _loose_name(self, leaf: Tensor, named: Collection[str]) -> str:
        """Return a name for a tensor that belongs to no module: the program's own where it has one."""
        variable = self.recorder.variables.get(id(leaf))
        if variable is None:
            number = sum(name.startswith("tensor") for name in named)
            return f"tensor{number} ({' × '.join(map(str, leaf.shape)) or 'number'})"
        taken = {*named, *self._modules.inputs}
        others = (f"{variable} ({k})" for k in count(2))
        return variable if variable not in taken else next(name for name in others if name not in taken)

    def _everything(self) -> dict[str, Tensor]:
        """Return every tensor that is asked about, by name."""
        return {**self._modules.inputs, **self._named()}

    def _finish(self, last: bool = False, again: bool = False) -> None:
        """Explain what happened since the last report.

        Args:
            last: whether nothing more will happen.
            again: whether an optimiser is about to step again, so that backward has run for the next round.
        """
        if last and self._reports and not self._round.gradients and not self._round.stepped:
            return
        began = time.perf_counter()
        with self.recorder.paused():
            if last:
                self._round.observations += self._steps.at_end(self._everything())
            with shown(f"zerograd: explaining step {len(self._reports) + 1}"):
                self._reports.append(self._report(self._round.loss if again else self.recorder.loss))
        if not again or self.recorder.loss is self._round.loss:
            self.recorder.loss, self.recorder.failed = None, False
        self._round = Round(self._round.later) if again else Round()
        self._before = self.recorder.number
        self._values = []
        self._seconds += time.perf_counter() - began
        if not last:
            self._reported()

    def _report(self, loss: Source | None) -> StepReport:
        named, held = self._named(), {id(t) for o in self._steps.optimizers for t in held_tensors(o)}
        loose = {  # beside modules, what else the program differentiates by: no optimiser should move it
            name
            for name, tensor in named.items()
            if self._modules.roots and not isinstance(tensor, nn.Parameter) and id(tensor) not in held
        }
        beside = {name for name, it in named.items() if not isinstance(it, nn.Parameter)}
        optimised = {
            name
            for name, tensor in self._everything().items()
            if self._modules.roots and id(tensor) in held and name in {*self._modules.inputs, *beside}
        }
        asked = {id(tensor) for tensor in self._round.asked}
        unasked = {
            name
            for name, tensor in self._everything().items()
            if asked and self._round.limited and id(tensor) not in asked
        }
        report = report_step(
            number=len(self._reports) + 1,
            parameters=named,
            inputs=self._modules.inputs,
            loose=loose,
            resting=self._resting(),
            unasked=unasked,
            optimised=optimised,
            gradients=self._round.gradients,
            loss=loss,
            observations=self._round.observations,
            by_hand=self._moved_by_hand(),
            messages=self._new_messages(),
            budget=self._budget,
            failed=self.recorder.failed and self.recorder.phase is not Phase.BACKWARD,
            cut=self.recorder.cut,
        )
        return with_origin(report, self._reports)

    def _resting(self) -> set[int]:
        """Return the tensors of optimisers that have stepped, and now others do: by identity."""
        resting = [o for o in self._steps.optimizers if not any(o is other for other in self._round.stepped)]
        if not self._round.stepped:
            return set()
        return {id(t) for o in resting if id(o) in self._steps.stepped for t in held_tensors(o)}

    def _new_messages(self) -> tuple[str, ...]:
        messages = [
            f"A tensor of shape {list(shape)} was changed past PyTorch's operations, before {_at(place)}: "
            "its numbers are taken as they were from there on."
            for shape, place in self.recorder.changed
        ]
        messages += [
            f"PyTorch computes the derivative of {operation}, called at {_at(place)}, by another formula "
            "while it is watched: unwatched, its rounding is different, and so is what under- or overflows."
            for operation, place in self.recorder.unlike
        ]
        self.recorder.changed.clear()
        self.recorder.unlike.clear()
        return tuple(dict.fromkeys(messages))


def _unhook(hook: RemovableHandle) -> None:
    """Remove a hook of all optimisers, which may be running.

    PyTorch goes through the hooks while they run: the last one may leave, one before it would end the
    iteration with an error. That one stays, and does nothing.
    """
    hooks = hook.hooks_dict_ref()
    if hooks is not None and next(reversed(hooks), None) == hook.id:
        hook.remove()


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.file else "an operation of PyTorch"
