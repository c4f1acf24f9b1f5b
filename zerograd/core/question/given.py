"""Questions in which everything is given: nothing is left to look for, and one calculation answers them."""

from __future__ import annotations

from math import prod

from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.fitness import smooth
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import variable_shapes


def unfit(question: Question) -> str | None:
    """Return why the answer is not a matter of one exact calculation; None if it is."""
    if question.samples.fixed is None:
        return "the number of samples is open"
    for name, shape in variable_shapes(question.network, question.samples.fixed).items():
        if len(question.given.get(name, {})) < prod(shape):
            return f"{name} is not given in full"
    loss = question.model.loss
    if not loss.is_rational:
        return f"rational predictions do not have a rational {loss.words}"
    return smooth(question)


def given_point(question: Question) -> Point[Exact]:
    """Return the point that is given.

    Raises:
        ValueError: not everything is given (`unfit`).
    """
    if reason := unfit(question):
        raise ValueError(reason)
    values: dict[str, Array[Exact]] = {}
    for name, shape in variable_shapes(question.network, question.samples.least).items():
        values[name] = Array(shape, tuple(map(question.given[name].__getitem__, indices(shape))))
    parameters = {name: values[name] for name in question.network.shapes}
    activate = ExactActivate(question.derivative_at_kink)
    return Point(question.model, parameters, values["x"], values["y"], activate)
