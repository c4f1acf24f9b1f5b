"""Losses, each with all that is known of it in one place."""

from __future__ import annotations

from collections.abc import Mapping

from zerograd.core.model.losses.labels import (
    CrossEntropy,
    CrossEntropyOfLogits,
    CrossEntropyOfProbabilities,
    Hinge,
)
from zerograd.core.model.losses.loss import ALL, Loss, LossNames, Reach
from zerograd.core.model.losses.outputs import MeanOfOutputs, SumOfOutputs
from zerograd.core.model.losses.regression import (
    Huber,
    MeanOfAbsolutes,
    MeanOfSquares,
    SmoothAbsolutes,
    SumOfSquares,
)

__all__ = [
    "ALL", "LOSSES", "CrossEntropy", "CrossEntropyOfLogits", "CrossEntropyOfProbabilities", "Hinge", "Huber",
    "Loss", "LossNames", "MeanOfAbsolutes", "MeanOfOutputs", "MeanOfSquares", "Reach", "SmoothAbsolutes",
    "SumOfOutputs", "SumOfSquares",
]  # fmt: skip

LOSSES: Mapping[str, Loss] = {
    loss.name: loss
    for loss in (
        MeanOfSquares(),
        SumOfSquares(),
        MeanOfAbsolutes(),
        Huber(),
        SmoothAbsolutes(),
        CrossEntropyOfProbabilities(),
        CrossEntropyOfLogits(),
        CrossEntropy(),
        Hinge(),
        MeanOfOutputs(),
        SumOfOutputs(),
    )
}
"""The losses by the names that problem files use, each with its default parameters."""
