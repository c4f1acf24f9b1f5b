"""Answers made of numbers that a function counts out, whatever the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness

ROOT = NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))
"""The field of √2."""


def answer(network: Network, values: Mapping[str, Array[Any]], **asked: Any) -> Sat:
    """The checked answer with these values."""
    problem = Problem(network=network, samples=values["x"].shape[0], **asked)
    return Sat(Witness.of(problem, values), problem=problem)


def filled(network: Network, samples: int, value: Callable[[int], Exact], **asked: Any) -> Sat:
    """All entries of all arrays, counted through, by a function."""
    counter = iter(range(10**9))
    shapes = variable_shapes(network, samples)
    values = {name: Array.build(shape, lambda _: value(next(counter))) for name, shape in shapes.items()}
    return answer(network, values, **asked)


def founding(**asked: Any) -> Sat:
    """The founding counterexample."""
    flat: list[Exact] = [1, -1, 1, -1, 0, 2, 3, -2, 2, 0]
    asked = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]} | asked
    return filled(Network.mlp(1, 1, 1), 3, flat.__getitem__, **asked)
