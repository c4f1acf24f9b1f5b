"""Why a method cannot treat a question: what several of them have to say.

Every strategy, system of facts, export and picture has an ``unfit``: its reason, or None where it can be
tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.kinks import LOSS, choice_for
from zerograd.core.model.slopes import is_chosen
from zerograd.core.numbers.functions import Rational
from zerograd.core.question.question import Question
from zerograd.core.question.targets import restricted

MOST = 10**100
"""Floats calculate with numbers from 1/MOST to MOST: these leave room for products."""


def beyond_floats(question: Question) -> str | None:
    """Return why floats do not calculate with a number of the question; None if they do with all."""
    given = [value for values in question.given.values() for value in values.values()]
    bounds = [end for bound in question.bounds.values() for end in bound if end is not None]
    return model_beyond_floats(question) or _beyond([*given, *bounds])


def model_beyond_floats(question: Question) -> str | None:
    """Return why floats do not calculate with a number of activations, loss or kinks."""
    return _beyond(_numbers_of_model(question))


def _numbers_of_model(question: Question) -> Iterator[Rational]:
    model = question.model
    # What is chosen lies between slopes that are parameters, or made of them.
    convention = "left" if is_chosen(model.derivative_at_kink) else model.derivative_at_kink
    for layer in question.network.layers:
        if layer.activation.parameter is not None:
            yield layer.activation.parameter
        yield from (slope for _, slope in layer.activation.at_kinks(convention))
    yield model.loss.scale
    yield from model.loss.parameters.values()
    at_loss = choice_for(convention, LOSS)
    if not isinstance(at_loss, str):
        yield at_loss


def _beyond(numbers: Iterable[Rational]) -> str | None:
    far = any(value and not Fraction(1, MOST) <= abs(Fraction(value)) <= MOST for value in numbers)
    return "a number of the question is too large, or too near to 0, for floats" if far else None


def minimum(question: Question) -> str | None:
    """Return that a minimum is asked for, if it is."""
    return None if question.minimum is None else f"a {question.minimum} minimum is asked for"


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


def chosen(question: Question) -> str | None:
    """Return why a question is not one under one convention for all kinks; None if it is."""
    match question.derivative_at_kink:
        case "any":
            return "slopes at kinks are chosen (derivative_at_kink: any)"
        case "all":
            return "it is asked of every choice of slopes at kinks (derivative_at_kink: all)"
    return None
