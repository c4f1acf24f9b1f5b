"""The outputs themselves as a loss: targets play no part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses.loss import Loss, LossNames, Reach
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.functions import Functions, Rational
from zerograd.core.numbers.work import total


class MeanOfOutputs(Loss):
    """The mean of ŷ over samples and outputs, as ``torch.mean``."""

    name = "mean"
    plain_words = "mean of the outputs"
    description = "For mean the mean of all outputs, whatever the targets."
    sample_words = "the sum of one sample's outputs"
    plain_names = LossNames("torch.mean", "torch.mean({y_hat})", "jnp.mean({y_hat})")
    is_nonnegative = False
    convex = True
    total = ("outputs", "the sum of all outputs")

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return total(y_hat)

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        return [1 for _ in y_hat]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        return Reach.of((1,), freely=True)

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        return frozenset({1})

    def target(self, y_hat: Any, adjoint: Any) -> Any:
        """Return ŷ: any target does."""
        return y_hat


class SumOfOutputs(MeanOfOutputs):
    """The sum of ŷ over samples and outputs, as ``torch.sum``."""

    name = "sum"
    plain_words = "sum of the outputs"
    description = "For sum the sum of all outputs, whatever the targets."
    plain_names = LossNames("torch.sum", "torch.sum({y_hat})", "jnp.sum({y_hat})")
    averages = False
