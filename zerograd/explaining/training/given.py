"""What was given to be watched: whether it is what it should be, and what to do if it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from zerograd.core.errors import ZerogradError


def check_watched(models: Sequence[Any], optimizers: Sequence[Any], seconds: Any) -> None:
    """Accept modules, optimisers and seconds.

    Raises:
        ZerogradError: something else was given.
    """
    if any(map(_is_optimizer, models)) and any(isinstance(it, nn.Module) for it in optimizers):
        raise ZerogradError(
            f"model is {_what(models[0])}, and optimizer is {_what(optimizers[0])}: did you swap them? "
            "It is watch(model, optimizer)."
        )
    for model in models:
        if not isinstance(model, nn.Module):
            raise ZerogradError(f"model is {_what(model)}: {_instead_of_model(model)}")
    for optimizer in optimizers:
        if not _is_optimizer(optimizer):
            raise ZerogradError(f"optimizer is {_what(optimizer)}: {_instead_of_optimizer(optimizer)}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or isnan(seconds) or seconds < 0:
        raise ZerogradError(f"seconds is {seconds!r}: it must be a number that is not negative, such as 5.0.")


def check_explained(model: Any, loss_fn: Any, x: Any, y: Any, optimizer: Any) -> None:
    """Accept what one step can be made of.

    Raises:
        ZerogradError: something else was given, or in another order.
    """
    order = "The order is explain(model, loss_fn, x, y, optimizer)."
    if isinstance(model, list | tuple) or isinstance(optimizer, list | tuple):
        raise ZerogradError("explain takes one model and one optimiser: with several, use watch.")
    if _is_loss(model) and isinstance(loss_fn, nn.Module) and not _is_loss(loss_fn):
        found = f"model is {_what(model)}, and loss_fn is {_what(loss_fn)}"
        raise ZerogradError(f"{found}: did you swap them? {order}")
    if isinstance(loss_fn, type):
        name = loss_fn.__name__
        raise ZerogradError(f"loss_fn is the class {name}: give an instance, such as {name}().")
    if not callable(loss_fn):
        raise ZerogradError(
            f"loss_fn is {_what(loss_fn)}: it must be callable, such as torch.nn.MSELoss(). Did you swap "
            f"arguments? {order}"
        )
    for name, given in (("x", x), ("y", y)):
        if _is_optimizer(given) or isinstance(given, nn.Module):
            raise ZerogradError(f"{name} is {_what(given)}: did you swap arguments? {order}")
    check_watched([model], [] if optimizer is None else [optimizer], 0)


def _is_optimizer(given: Any) -> bool:
    if isinstance(given, type | nn.Module):
        return False
    return isinstance(given, Optimizer) or (hasattr(given, "param_groups") and hasattr(given, "step"))


def _is_loss(given: Any) -> bool:
    return isinstance(given, nn.Module) and type(given).__name__.endswith("Loss")


def _what(given: Any) -> str:
    """Return what something is, in words."""
    name = type(given).__name__
    if isinstance(given, type):
        return f"the class {given.__name__}"
    if isinstance(given, nn.Module):
        return f"a module ({name})"
    if _is_optimizer(given):
        return f"an optimiser ({name})"
    if isinstance(given, Tensor):
        return f"a tensor ({name}, {' × '.join(map(str, given.shape)) or 'number'})"
    if given is None or isinstance(given, int | float | str):
        return repr(given)[:60]
    return f"of type {name}"


def _instead_of_model(given: Any) -> str:
    if _is_optimizer(given):
        return "give it by name, watch(optimizer=optimizer), or after the model, watch(model, optimizer)."
    if isinstance(given, Iterator | Tensor):
        return "give the module itself, not its parameters: watch(model)."
    if isinstance(given, type) and issubclass(given, nn.Module):
        return f"give an instance, such as {given.__name__}()."
    return "it must be a torch.nn.Module, or several in a list."


def _instead_of_optimizer(given: Any) -> str:
    if isinstance(given, nn.Module):
        return "it must be a torch.optim.Optimizer; several models are given as a list, watch([a, b])."
    if _is_optimizer(getattr(given, "optimizer", None)):
        return "give the optimiser that it belongs to, its .optimizer."
    if isinstance(given, Iterator | Tensor):
        return "give the optimiser itself, not the parameters that it holds."
    if isinstance(given, type) and issubclass(given, Optimizer):
        return f"give an instance, such as {given.__name__}(model.parameters())."
    return "it must be a torch.optim.Optimizer, or several in a list."
