"""The losses by name, and whether data can be targets of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn.modules.loss import _Loss

from zerograd.core.near import nearest
from zerograd.explaining.models.errors import ModelError, shape_text
from zerograd.explaining.tape.nodes import dtype_name


class Target(StrEnum):
    """What stands in a target."""

    NUMBERS = "numbers"
    SHARES = "numbers from 0 to 1"
    SIGNS = "−1 and 1"
    CLASSES = "classes, or a share for each class"
    LABELS = "classes"
    LOGARITHMS = "a share for each class; outputs are logarithms of shares"
    NOTHING = "nothing"


class _SumLoss(_Loss):
    """The sum of all outputs."""

    def forward(self, output: Tensor, _target: object = None) -> Tensor:
        return output.sum()


class _MeanLoss(_Loss):
    """The mean of all outputs."""

    def forward(self, output: Tensor, _target: object = None) -> Tensor:
        return output.mean()


_SumLoss.__name__, _MeanLoss.__name__ = "SumLoss", "MeanLoss"


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss.

    Attributes:
        words: what it is, as PyTorch writes it.
    """

    name: str
    make: Callable[[], nn.Module]
    words: str
    target: Target


LOSSES: Mapping[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("mse", nn.MSELoss, "MSELoss()", Target.NUMBERS),
        Loss("sse", lambda: nn.MSELoss(reduction="sum"), 'MSELoss(reduction="sum")', Target.NUMBERS),
        Loss("mae", nn.L1Loss, "L1Loss()", Target.NUMBERS),
        Loss("huber", nn.HuberLoss, "HuberLoss()", Target.NUMBERS),
        Loss("smooth_l1", nn.SmoothL1Loss, "SmoothL1Loss()", Target.NUMBERS),
        Loss("bce", nn.BCELoss, "BCELoss()", Target.SHARES),
        Loss("bce_with_logits", nn.BCEWithLogitsLoss, "BCEWithLogitsLoss()", Target.SHARES),
        Loss("cross_entropy", nn.CrossEntropyLoss, "CrossEntropyLoss()", Target.CLASSES),
        Loss("nll", nn.NLLLoss, "NLLLoss()", Target.LABELS),
        Loss("multi_margin", nn.MultiMarginLoss, "MultiMarginLoss()", Target.LABELS),
        Loss("hinge_embedding", nn.HingeEmbeddingLoss, "HingeEmbeddingLoss()", Target.SIGNS),
        Loss("soft_margin", nn.SoftMarginLoss, "SoftMarginLoss()", Target.SIGNS),
        Loss("poisson_nll", nn.PoissonNLLLoss, "PoissonNLLLoss()", Target.NUMBERS),
        Loss(
            "kl_div", lambda: nn.KLDivLoss(reduction="batchmean"), 'KLDivLoss(reduction="batchmean")',
            Target.LOGARITHMS,
        ),
        Loss("sum", _SumLoss, "the sum of all outputs; reads no target", Target.NOTHING),
        Loss("mean", _MeanLoss, "the mean of all outputs; reads no target", Target.NOTHING),
    )
}  # fmt: skip
ALIASES: Mapping[str, str] = {
    "l1": "mae",
    "l2": "mse",
    "bce_logits": "bce_with_logits",
    "binary_cross_entropy": "bce",
    "binary_cross_entropy_with_logits": "bce_with_logits",
    "ce": "cross_entropy",
    "nll_loss": "nll",
    "mse_loss": "mse",
    "l1_loss": "mae",
    "kldiv": "kl_div",
}


def find_loss(name: str) -> Loss:
    """Return a loss by its name.

    Raises:
        ModelError: there is none; names the nearest.
    """
    key = name.strip().lower().replace("-", "_").removesuffix("()").removesuffix("_loss")
    key = ALIASES.get(key, key)
    squeezed = {known.replace("_", ""): known for known in (*LOSSES, *ALIASES)}
    key = squeezed.get(key.replace("_", "").removesuffix("loss"), key)
    key = ALIASES.get(key, key)
    if key in LOSSES:
        return LOSSES[key]
    near = nearest(key, [*LOSSES, *ALIASES])
    hint = f"did you mean {near[0]}? Or choose" if near else "choose"
    raise ModelError(f"--loss {name}: error: unknown loss; {hint} from {', '.join(LOSSES)}")


def fitting_target(loss: Loss, output: Tensor, target: Tensor | None, where: str) -> Tensor | None:
    """Return the target as the loss reads it.

    Args:
        where: the target's file and name, for messages.

    Raises:
        ModelError: it is no target for this output.
    """
    if loss.target is Target.NOTHING:
        return None
    if target is None:
        raise ModelError(f"{where}: error: there is no target for the loss {loss.name}: save one as y")
    if loss.target in (Target.CLASSES, Target.LABELS):
        whole = not target.is_floating_point() or tuple(target.shape) != tuple(output.shape)
        if loss.target is Target.LABELS or whole:
            return _labels(loss, output, target, where)
    if tuple(target.shape) != tuple(output.shape):
        raise ModelError(f"{where}: error: {_broadcast(output, target)}")
    if loss.name == "bce" and bool(((output < 0) | (output > 1)).any()):
        wrong = output[(output < 0) | (output > 1)][0]
        raise ModelError(
            f"--loss bce: error: it needs outputs from 0 to 1, and one is {float(wrong):g}: "
            "is it bce_with_logits?"
        )
    numbers = target.to(output.dtype)
    beyond = (numbers < 0) | (numbers > 1)
    if loss.target in (Target.SHARES, Target.LOGARITHMS, Target.CLASSES) and bool(beyond.any()):
        wrong = numbers[beyond][0]
        raise ModelError(
            f"{where}: error: {loss.name} needs numbers from 0 to 1, and one is {float(wrong):g}"
        )
    if loss.target is Target.SIGNS and bool((numbers.abs() != 1).any()):
        wrong = numbers[numbers.abs() != 1][0]
        raise ModelError(f"{where}: error: {loss.name} needs −1 and 1, and one is {float(wrong):g}")
    return numbers


def _broadcast(output: Tensor, target: Tensor) -> str:
    """Return why shapes that differ are refused: PyTorch would combine each output with each target."""
    mine, theirs = shape_text(tuple(target.shape)), shape_text(tuple(output.shape))
    text = f"its shape is {mine}, and the output's is {theirs}"
    many = output.dim() == 2 and output.shape[1] > 1
    if many and not target.is_floating_point() and tuple(target.shape) == tuple(output.shape[:1]):
        return f"{text}: they must be the same; did you mean --loss cross_entropy?"
    try:
        whole = tuple(torch.broadcast_shapes(tuple(output.shape), tuple(target.shape)))
    except RuntimeError:
        return f"{text}: they must be the same"
    if target.numel() == output.numel():
        return (
            f"{text}: they must be the same (PyTorch would compare all with all, {shape_text(whole)}); "
            f"save y.reshape{tuple(output.shape)}"
        )
    return f"{text}: they must be the same (PyTorch would spread them to {shape_text(whole)})"


def _labels(loss: Loss, output: Tensor, target: Tensor, where: str) -> Tensor:
    if output.dim() < 1:
        raise ModelError(
            f"{where}: error: {loss.name} needs an output for each class, and there is one number"
        )
    classes = output.shape[1] if output.dim() > 1 else output.shape[0]
    wanted = (*output.shape[:1], *output.shape[2:]) if output.dim() > 1 else ()
    if tuple(target.shape) != wanted:
        shares = f", or a share for each class, {shape_text(tuple(output.shape))}"
        also = shares if loss.target is Target.CLASSES else ""
        hint = f": save y.reshape{wanted}" if target.numel() == torch.Size(wanted).numel() else ""
        raise ModelError(
            f"{where}: error: its shape is {shape_text(tuple(target.shape))}; {loss.name} needs a class for "
            f"each sample, {shape_text(wanted)}{also}{hint}"
        )
    if target.is_floating_point():
        raise ModelError(
            f"{where}: error: {loss.name} needs classes as integers, and it is {dtype_name(target.dtype)}: "
            "save y.astype(numpy.int64)"
        )
    labels = target.long()
    ignored = labels == -100 if loss.name != "multi_margin" else torch.zeros_like(labels, dtype=torch.bool)
    wrong = ((labels < 0) | (labels >= classes)) & ~ignored
    if bool(wrong.any()):
        raise ModelError(
            f"{where}: error: it has the class {int(labels[wrong][0])}, and the output has {classes}: 0 to "
            f"{classes - 1}"
        )
    return labels
