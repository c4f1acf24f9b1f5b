"""The planted faults, and what counts as naming one.

Written down before anything was run; afterwards the pattern of one fault, `scaler_skips`, was made to ask for
the operation at which nan arises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Judgement(StrEnum):
    """What a tool's statement is worth."""

    NAMED = "named"
    SYMPTOM = "symptom"
    WRONG = "wrong"
    SILENT = "—"


@dataclass(frozen=True)
class Fault:
    """A fault that one of the scripts has.

    Attributes:
        title: for the table.
        words: a pattern, which a statement must contain to name it; in any case.
        where: parameters, one of which it must name too; empty if the fault is in none, or in some without
            a name.
    """

    title: str
    words: str
    where: tuple[str, ...] = ()


HEALTHY = "healthy"
_OFF, _HELD = r"\b(dead|off on|inactive)", r"not hold|n.t belong to any optimi[sz]er"
FAULTS = {
    "dead_after_a_step": Fault("one large step switches ReLUs off", _OFF, ("0.weight", "0.bias")),
    "dead_from_the_start": Fault("ReLUs are off from the start", _OFF, ("0.weight", "0.bias")),
    "only_weight_decay": Fault("ReLUs are off, weight decay moves them", _OFF, ("0.weight", "0.bias")),
    "saturated": Fault("hard tanh beyond its bounds", r"saturat", ("0.weight", "0.bias")),
    "on_the_kink": Fault("ReLUs exactly on the kink", r"\bkink", ("0.weight", "0.bias")),
    "zero_head": Fault(
        "a frozen head with weights 0", r"weights? out of|zero weights?", ("0.weight", "2.weight")
    ),
    "both_factors_zero": Fault("an adapter with both factors 0", r"\bare 0 \(|factor", ("up", "down")),
    "inputs_zero": Fault("all inputs are 0", r"\binputs?\b", ("0.weight",)),
    "residual_zero": Fault("targets are the model's own outputs", r"equals? the target|residual"),
    "labels_ignored": Fault("every label is ignored", r"ignored"),
    "contradicting_labels": Fault("contradicting labels cancel", r"cancel"),
    "softmax_of_one": Fault("softmax over one output", r"softmax"),
    "norm_of_one_feature": Fault("layer norm of one feature", r"layer ?norm"),
    "detached": Fault("a forgotten `detach()`", r"detach", ("encoder.weight", "encoder.bias")),
    "rounded": Fault("predictions are rounded", r"\bround\b"),
    "lost_in_sigmoid": Fault("float32 loses the gradient of sigmoid", r"lost in float|saturat|underflow"),
    "replaced_head": Fault("the optimiser holds the old head", _HELD, ("2.weight", "2.bias")),
    "layers_in_a_list": Fault("layers in a plain list", _HELD),
    "frozen": Fault("a backbone that stayed frozen", r"requires_grad|frozen", ("0.weight", "0.bias")),
    "learning_rate_zero": Fault(
        "a schedule leaves the step size at 0", r"step size is 0|learning rate|\bLR\b"
    ),
    "bfloat16": Fault("updates below half an ulp of bfloat16", r"half the distance|\bulp\b|precision"),
    "cleared": Fault("`zero_grad()` before `step()`", r"cleared|zero_grad"),
    "step_before_backward": Fault("`step()` before `backward()`", r"cleared|zero_grad|before backward"),
    "clipped_to_zero": Fault("clipping divides by an infinite norm", r"clip"),
    "scaler_skips": Fault(
        "0 · log 0, and the scaler skips each step",
        r"scaler skipped|(Log|Mul)Backward\d' returned nan|arose at (log|mul)\b",
    ),
    "stale_gradient": Fault("an old gradient moves an unused head", r"old gradient|stale", ("auxiliary",)),
}


def judged(tool: str, fault: str, output: str) -> Judgement:
    """Return what a tool's output is worth for a script.

    *Named*: its statement has the fault's words and, where the fault sits in a parameter, that one's name.
    *Symptom*: it says that something is unusual. *Wrong*: it has the words of another fault, and not of
    this one. On the script without a fault anything unusual is wrong.
    """
    said = STATEMENTS[tool](output)
    if said is None:
        return Judgement.SILENT
    if fault == HEALTHY:
        return Judgement.WRONG
    this = FAULTS[fault]
    if re.search(this.words, said, re.IGNORECASE):
        named = not this.where or any(name in said for name in this.where)
        return Judgement.NAMED if named else Judgement.SYMPTOM
    others = [other for name, other in FAULTS.items() if name != fault]
    if any(re.search(other.words, said, re.IGNORECASE) for other in others):
        return Judgement.WRONG
    return Judgement.SYMPTOM


def _norms(output: str) -> str | None:
    lines = [line for line in output.splitlines() if " grad: " in line]
    odd = [line for line in lines if line.rpartition(" ")[2] in ("None", "0.0", "nan", "inf")]
    return "\n".join(odd) or None


def _exception(output: str) -> str | None:
    """Return the message of the exception that ended a script, and what PyTorch's warning names."""
    lines = output.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"\w*(Error|Exception)\b", line)]
    warned = [line for line in lines if "Warning: Error detected in" in line]
    return "\n".join([*warned, *lines[starts[-1] :]]) if starts else None


def _gradsnitch(output: str) -> str | None:
    """Return the titles of its findings; what it lists as likely is several guesses each time."""
    return "\n".join(line for line in output.splitlines() if line.startswith("[GS")) or None


def _zerograd(output: str) -> str | None:
    """Return the first sentence of the report, unless it says that all is well."""
    said = first_sentence(output)
    return None if said.startswith(("Nothing stands still", "No gradient is zero")) else said


def first_sentence(output: str) -> str:
    """Return the first sentence of a report of zerograd, in one line."""
    before = re.split(r"\n(?:no optimiser stepped|\w+, step \d+|\d+ optimisers)", output, maxsplit=1)[0]
    return " ".join(before.rpartition("\n\n")[2].split())


STATEMENTS: Mapping[str, Callable[[str], str | None]] = {
    "zerograd": _zerograd,
    "norms": _norms,
    "anomaly": _exception,
    "torcheck": _exception,
    "gradsnitch": _gradsnitch,
}
"""What each tool states: nothing if it says that all is well, or nothing at all."""
