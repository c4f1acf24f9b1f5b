"""Questions in which everything is given: nothing is left to look for, and one calculation answers them.

It is exact where loss and gradients are rational; elsewhere it encloses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

from zerograd.core.model.backprop import ExactActivate, OnKink
from zerograd.core.model.enclosing import EnclosingActivate
from zerograd.core.model.point import Point
from zerograd.core.model.slopes import choices_at, off_kinks
from zerograd.core.numbers.arrays import Array, Shape, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.real import RealFunctions
from zerograd.core.numbers.work import remembered_of_last
from zerograd.core.question.fitness import smooth
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import variable_shapes


@remembered_of_last
def unfit(question: Question) -> str | None:
    """Return why the answer is not a matter of one exact calculation; None if it is."""
    return incomplete(question) or smooth(question) or _chosen(question) or _not_rational(question)


def incomplete(question: Question) -> str | None:
    """Return what is not given; None if everything is."""
    if question.samples.fixed is None:
        return "the number of samples is open"
    return _lacking(question, variable_shapes(question.network, question.samples.fixed))


def incomplete_data(question: Question) -> str | None:
    """Return what of ``x`` and ``y`` is not given; None if all of it is."""
    if question.samples.fixed is None:
        return "x is not given in full"
    shapes = variable_shapes(question.network, question.samples.fixed)
    return _lacking(question, {name: shapes[name] for name in ("x", "y")})


def _lacking(question: Question, shapes: Mapping[str, Shape]) -> str | None:
    for name, shape in shapes.items():
        if len(question.given.get(name, {})) < prod(shape):
            return f"{name} is not given in full"
    return None


def _chosen(question: Question) -> str | None:
    """Return the kink at which a slope has to be found, so that one calculation is not enough."""
    if question.derivative_at_kink == "any":
        for choice in choices_at(_point(question)):
            return f"{choice.place} is on a kink, where a slope is chosen"
    return None


def _not_rational(question: Question) -> str | None:
    """Return why loss and adjoints at the given point are not rational numbers."""
    loss = question.model.loss
    if loss.is_rational:
        return None
    point = _point(question)
    try:
        numbers = (*point.adjoint.entries, point.loss)
    except OnKink:
        return None
    except ArithmeticError as error:
        return f"the {loss.words} has no exact value or derivative there: {error}"
    if all(isinstance(number, int | Fraction) for number in numbers):
        return None
    return f"the {loss.words} or its derivative is not rational there"


def given_point(question: Question) -> Point[Exact]:
    """Return the point that is given.

    Raises:
        ValueError: not everything is given (`unfit`).
    """
    if reason := unfit(question):
        raise ValueError(reason)
    return _point(question)


def enclosed_point(question: Question, precision: int) -> Point[Any]:
    """Return the point that is given, over numbers that are exact or enclosed.

    Args:
        precision: bits of the enclosures.

    Raises:
        ValueError: not everything is given (`incomplete`).
    """
    if reason := incomplete(question):
        raise ValueError(reason)
    functions = RealFunctions(precision)
    activate = EnclosingActivate(off_kinks(question.model).derivative_at_kink, functions, functions, {})
    exact = _point(question)
    return Point(off_kinks(question.model), exact.parameters, exact.x, exact.y, activate, functions)


def given_arrays(question: Question) -> dict[str, Array[Any]]:
    """Return parameters, ``x`` and ``y`` by name, of a question in which everything is given."""
    return {
        name: Array(shape, tuple(map(question.given[name].__getitem__, indices(shape))))
        for name, shape in variable_shapes(question.network, question.samples.least).items()
    }


def given_data(question: Question) -> tuple[Array[Any], Array[Any]]:
    """Return ``x`` and ``y``, of a question in which they are given (`incomplete_data`)."""
    shapes = variable_shapes(question.network, question.samples.least)
    x, y = (Array.build(shapes[name], question.given[name].__getitem__) for name in ("x", "y"))
    return x, y


def _point(question: Question) -> Point[Exact]:
    values = given_arrays(question)
    parameters = {name: values[name] for name in question.network.shapes}
    model = question.model
    if model.derivative_at_kink == "any":  # what is on a kink is `unfit` for one calculation
        model = replace(model, derivative_at_kink="left")
    activate = ExactActivate(model.derivative_at_kink)
    return Point(model, parameters, values["x"], values["y"], activate)
