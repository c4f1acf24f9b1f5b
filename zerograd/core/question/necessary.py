"""What holds of every spurious local minimum, in the words of a question that asks for none.

Let θ be a local minimum, on given data, and θ′ have a lower loss on them.

1. If the loss is never below 0, then L(θ) > L(θ′) ≥ 0.
2. Let the last layer be linear, and the loss be convex in ŷ and differentiable. As a function of the last
   layer's parameters alone L is differentiable, whatever kinks the layers below are on, and its derivative
   is what reverse mode returns: no slope of a layer below is in it. So these gradients are 0 at θ. If no
   sample is on a kink, neither of a unit nor of the loss, then L is differentiable at θ in all parameters,
   and all their gradients are 0. If none is on a kink of a unit of the layer before the last, the same is so
   of that layer's parameters.
3. Let the last layer be linear, with a bias, and the loss be convex in ŷ. If all samples had the same
   inputs, every network would predict the same of each: L would be f(p), a convex function of one prediction
   p. At θ the bias moves p, so p would be a local minimum of f, hence a global one: there would be no θ′.

So if the question `necessary` has no answer, the question that asks for a spurious minimum has none.
docs/theory/spurious.md has this at more length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TypeVar

from zerograd.core.model.network import Network
from zerograd.core.model.references import Reference
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import Relation

Q = TypeVar("Q", bound=Question)


def zero_gradients(question: Question) -> tuple[str, ...]:
    """Return the parameters whose gradients are 0 at every local minimum that answers a question."""
    network, loss = question.network, question.model.loss
    if loss.inner is not loss or not loss.convex:
        return ()
    kinks = loss.has_kinks or any(layer.activation.has_kinks for layer in network.layers)
    if question.derivative_at_kink == "forbid" or not kinks:
        return tuple(network.shapes)
    return _of_layer(network, network.depth) if _smooth_above(question) else ()


def _smooth_above(question: Question) -> bool:
    """Whether the loss is a convex and differentiable function of the last layer's parameters."""
    loss = question.model.loss
    linear = question.network.layers[-1].activation.is_linear
    return linear and loss.inner is loss and loss.convex and not loss.has_kinks


def _of_layer(network: Network, number: int) -> tuple[str, ...]:
    return tuple(name for name in (f"w{number}", f"b{number}") if name in network.shapes)


def conditions(question: Question, *, alike: bool = False) -> Iterator[str]:
    """Yield what else holds of every spurious local minimum that answers a question.

    Args:
        alike: in words in which all samples are alike; those of certificates have shorter facts.
    """
    network, loss = question.network, question.model.loss
    if loss.inner is not loss:
        return
    if loss.is_nonnegative and loss.is_rational:
        yield "loss > 0"
    last = network.layers[-1]
    if last.activation.is_linear and last.bias and loss.convex and network.inputs == 1:
        yield "max(x) > min(x)" if alike else "any(x != x[0])"
    before = network.depth - 1
    if before and _smooth_above(question) and zero_gradients(question) == _of_layer(network, network.depth):
        kinks = (f"any(z{before} == {kink})" for kink in network.layers[before - 1].activation.kinks)
        zero = (f"all(grad({name}) == 0)" for name in _of_layer(network, before))
        yield " or ".join((*kinks, f"({' and '.join(zero)})"))


def necessary(question: Q, *, alike: bool = False) -> Q:
    """Return a question that has an answer if one that asks for a spurious minimum has one: the same point.

    It may ask of a gradient that it is 0 and that it is not. Of another question, that question.

    Args:
        alike: as for `conditions`.
    """
    if not question.spurious:
        return question
    zero = (*question.query[Relation.ZERO], *map(Reference, zero_gradients(question)))
    changed = {
        "query": {**question.query, Relation.ZERO: tuple(dict.fromkeys(zero))},
        "where": (*question.where, *map(parse_condition, conditions(question, alike=alike))),
        "minimum": None,
        "spurious": False,
    }
    made = object.__new__(type(question))  # a problem that contradicts itself cannot be made otherwise
    for each in fields(question):
        object.__setattr__(made, each.name, changed.get(each.name, getattr(question, each.name)))
    return made
