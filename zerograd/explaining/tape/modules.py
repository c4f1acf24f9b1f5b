"""Which module is running, by hooks that every module calls; modules that nobody named are met here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor

from zerograd.explaining.tape.nodes import Layer


class SingleOperation(nn.Module):
    """A module that is one operation: it is named as torch's layers are."""


class Modules:
    """The modules that run, from the outermost to the innermost.

    Attributes:
        roots: outermost modules in the order in which they were met; those given are first.
        inputs: tensors that outermost modules were called with and that require a gradient, by the name of
            the argument.
        given: parameters that outermost modules were called with, by identity.
    """

    def __init__(self, roots: list[nn.Module], met: Callable[[nn.Module], None]) -> None:
        self.roots = list(roots)
        self.inputs: dict[str, Tensor] = {}
        self.given: dict[int, nn.Parameter] = {}
        self._given = bool(roots)
        self._met = met
        self._running: list[nn.Module] = []
        self._paths: dict[int, str] = {}
        for root in roots:
            self._enter_root(root)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Follow modules while the context lasts."""
        hooks = [
            nn.modules.module.register_module_forward_pre_hook(self._before),
            nn.modules.module.register_module_forward_hook(self._after, always_call=True),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self._running.clear()

    def release(self) -> None:
        """Let go who is told of outermost modules."""
        self._met = _nobody

    def current(self) -> tuple[str, str] | None:
        """Return the path and the class of the innermost module that runs."""
        if not self._running:
            return None
        module = self._running[-1]
        place = self._paths.get(id(module), ""), type(module).__name__
        return Layer(*place) if isinstance(module, SingleOperation) else place

    def _before(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if not self._running and id(module) not in self._paths:
            if not _is_loss(module):
                self._enter_root(module)
            if not self._given and not _is_loss(module):
                self.roots.append(module)
        if not self._running and not _is_loss(module):
            self._note_inputs(module, args)
        self._running.append(module)

    def _after(self, module: nn.Module, _args: Any, _result: Any) -> None:
        while self._running:
            if self._running.pop() is module:
                break

    def _enter_root(self, root: nn.Module) -> None:
        for path, module in root.named_modules():
            self._paths.setdefault(id(module), path)
        for path, module in unregistered(root).items():
            for inner, part in module.named_modules(prefix=path):
                self._paths.setdefault(id(part), inner)
        self._met(root)

    def _note_inputs(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if not any(isinstance(a, Tensor) and a.requires_grad and a.is_leaf for a in args):
            return
        names = list(inspect.signature(module.forward).parameters)
        for position, argument in enumerate(args):
            if isinstance(argument, nn.Parameter):
                self.given[id(argument)] = argument
            if not isinstance(argument, Tensor) or isinstance(argument, nn.Parameter):
                continue
            if argument.requires_grad and argument.is_leaf and not is_functorch_wrapped_tensor(argument):
                name = names[position] if position < len(names) else f"input{position}"
                self.inputs[name] = argument


_KERAS = "_torch_params."
"""What Keras on PyTorch registers its variables under, by their own whole path: ``sequential/dense/bias``."""


def unregistered(root: nn.Module) -> dict[str, nn.Module]:
    """Return the modules that stand in lists and dictionaries of modules, where PyTorch does not see them."""
    hidden: dict[str, nn.Module] = {}
    for path, owner in root.named_modules():
        for attribute, value in vars(owner).items():
            name = f"{path}.{attribute}" if path else attribute
            if type(value) in (list, tuple):
                items = [(f"{name}[{i}]", each) for i, each in enumerate(value)]
            elif type(value) is dict and not attribute.startswith("_"):
                items = [(f"{name}[{key!r}]", each) for key, each in value.items()]
            else:
                continue
            hidden |= {place: each for place, each in items if isinstance(each, nn.Module)}
    return hidden


def _nobody(root: nn.Module) -> None:
    """Nobody is told."""


def _is_loss(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.loss._Loss)


def name_parameters(roots: list[nn.Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return all parameters by name, with the class before it where there are several modules.

    Returns:
        Those that modules have registered, and those of modules in lists and dictionaries of these.
    """
    named: dict[str, Tensor] = {}
    hidden: dict[str, Tensor] = {}
    classes: dict[str, int] = {}
    for root in roots:
        prefix = ""
        if len(roots) > 1:
            name = type(root).__name__
            classes[name] = classes.get(name, 0) + 1
            prefix = f"{name}{classes[name] if classes[name] > 1 else ''}."
        for path, parameter in root.named_parameters():
            if not any(parameter is other for other in named.values()):
                keras = path.rpartition(_KERAS)[2]
                named[keras if keras != path and keras not in named else prefix + path] = parameter
        for place, module in unregistered(root).items():
            for path, parameter in module.named_parameters(prefix=place):
                hidden[prefix + path] = parameter
    known = {id(parameter) for parameter in named.values()}
    return named, {name: parameter for name, parameter in hidden.items() if id(parameter) not in known}


def with_buffers(root: nn.Module) -> Iterator[Tensor]:
    """Yield the buffers of a module and of all that it contains."""
    yield from (buffer for buffer in root.buffers() if isinstance(buffer, torch.Tensor))
