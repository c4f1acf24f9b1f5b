"""The loss of a problem and what its targets may be, as a person wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import ProblemError
from zerograd.core.model.curves import Smooth
from zerograd.core.model.losses import Loss
from zerograd.core.model.references import Reference, entry, resolve
from zerograd.core.numbers.arrays import Index
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Chain, Comparison, Logic, Name, Node, Number
from zerograd.core.question.loss_reading import loss_from_json
from zerograd.core.question.reading import Reader
from zerograd.core.question.targets import LABELS, ill_matched, misfits
from zerograd.core.question.vocabulary import Bound, Rational


@dataclass(slots=True)
class TargetReader(Reader):
    """Reads losses and holds targets against them; what is wrong goes to ``issues``."""

    def loss(self, value: object) -> Loss | None:
        """The loss; None, with an issue, where there is none."""
        try:
            return loss_from_json(value, self.network.outputs)
        except ProblemError as error:
            self.issues += error.issues
            return None

    def targets_fit(
        self,
        loss: Loss,
        conditions: Sequence[tuple[int, Condition]],
        given: Mapping[str, Mapping[Index, Rational]],
        bounds: Mapping[Reference, Bound],
        samples: int,
    ) -> None:
        """Targets are of a kind that the loss can have, and predictions where it has a value."""
        if reason := ill_matched(self.targets, loss, self.network.outputs):
            self.report(("loss",) if self.targets == "real" else ("targets",), reason)
            return
        if loss.within_unit and not (self._ends_within_unit() or _held_within_unit(conditions)):
            last = self.network.layers[-1].activation
            self.report(
                ("loss",),
                f"the {loss.words} has logarithms of ŷ and of 1 − ŷ, which can be 0 where the last "
                f"activation is {last}: let it be sigmoid, write loss: bce_with_logits, or add the condition "
                "'0 < y_hat < 1'",
            )
        outputs = self.network.outputs
        for index, expected, value in misfits(self.targets, loss, given.get("y", {}), outputs):
            what = entry("y", index) if len(index) == 2 else f"the sum of {entry('y', index)}"
            self.report(("given", "y", *index), f"{what} = {value} is not {expected}")
        labels = LABELS.get(self.targets)
        for reference, (low, high) in bounds.items() if labels else ():
            inside = [(low is None or low <= v) and (high is None or v <= high) for v in labels or ()]
            if reference.name == "y" and not any(inside):
                index = resolve(reference, (samples, outputs))[0]
                self.report(("bounds", str(reference)), f"the bounds leave no label for {entry('y', index)}")

    def _ends_within_unit(self) -> bool:
        match self.network.layers[-1].activation:
            case Smooth(low=low, high=high):
                return low is not None and high is not None and low >= 0 and high <= 1
        return False


def _held_within_unit(conditions: Sequence[tuple[int, Condition]]) -> bool:
    """Whether conditions hold all predictions above 0 and below 1."""
    above = below = False
    for _, condition in conditions:
        for left, operator, right in _links(condition.node):
            match left, right:
                case Number(value=value), Name(name="y_hat"):
                    above |= (operator == "<" and value >= 0) or (operator == "<=" and value > 0)
                case Name(name="y_hat"), Number(value=value):
                    below |= (operator == "<" and value <= 1) or (operator == "<=" and value < 1)
    return above and below


def _links(node: Node) -> Iterator[tuple[Node, Comparison, Node]]:
    """The comparisons that a condition holds, each as one of < and <=."""
    match node:
        case Logic(operator="and", operands=parts):
            for part in parts:
                yield from _links(part)
        case Chain(operands=operands, operators=operators):
            for left, operator, right in zip(operands, operators, operands[1:], strict=False):
                turned: Any = {">": "<", ">=": "<="}.get(operator)
                yield (right, turned, left) if turned else (left, operator, right)
