"""Why a method cannot treat a question: what several of them have to say.

Every strategy, system of facts, export and picture has an ``unfit``: its reason, or None where it can be
tried.
"""

from __future__ import annotations

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.question.question import Question
from zerograd.core.question.targets import restricted


def smooth(question: Question) -> str | None:
    """Return which activation is not piecewise linear."""
    for layer in question.network.layers:
        if not isinstance(layer.activation, PiecewiseLinear):
            return f"the activation {layer.activation} is not piecewise linear"
    return None


def unreached(question: Question) -> str | None:
    """Return why free targets do not give the loss every adjoint."""
    if question.reach.everything:
        return None
    return f"free targets do not reach every adjoint of the {question.model.loss.words}"


def labels(question: Question) -> str | None:
    """Return what targets are, where these are not just numbers."""
    kind = restricted(question.targets, question.model.loss)
    return None if kind is None else f"the targets are {kind}"


def no_least_squares(question: Question) -> str | None:
    """Return why the adjoint is not ŷ − y."""
    loss = question.model.loss
    return None if loss.least_squares else f"the loss is not one of least squares: {loss.words}"
