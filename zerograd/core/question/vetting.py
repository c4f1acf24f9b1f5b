"""Conditions held against the rest of a problem: names, shapes for every number of samples, divisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import prod

from zerograd.core.model.network import Network
from zerograd.core.model.references import Reference, entry, resolve
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition, ExactAlgebra, evaluate
from zerograd.core.question.divisions import LONG, unsafe_division
from zerograd.core.question.language import (
    Binary,
    Comparison,
    LanguageError,
    Listing,
    Name,
    Node,
    Number,
    walk,
)
from zerograd.core.question.vocabulary import NOT_ZERO, Bound, Rational, Relation, Samples, quantity_shapes

MAX_VETTED = 100_000


def telling_samples(conditions: Sequence[Condition], network: Network, samples: Samples) -> list[int]:
    """Numbers of samples that speak for the whole range: what fits these fits every other.

    Shapes agree axis by axis, so a condition can only treat M in its own way where M is 1, a
    width, or the length of a list; and it fits there if it fits where M is none of these.
    """
    if samples.fixed is not None:
        return [samples.fixed]
    lists = (node for condition in conditions for node in walk(condition.node) if isinstance(node, Listing))
    special = {1, *network.widths, *(len(node.items) for node in lists)}
    number = samples.least
    while number in special:
        number += 1
    if samples.most is not None and number > samples.most:
        return list(range(samples.least, samples.most + 1))
    return sorted({samples.least, number})


def values_named(condition: Condition, network: Network, samples: int) -> int:
    """How many values a condition looks at, each as often as it is named."""
    shapes = quantity_shapes(network, samples)
    names = (node.name for node in walk(condition.node) if isinstance(node, Name))
    return sum(prod(shapes[name]) for name in names if name in shapes)


def misfit(condition: Condition, network: Network, samples: int) -> str | None:
    """Why the condition has no meaning for this number of samples, None if it has one."""
    shapes = quantity_shapes(network, samples)

    @cache
    def blank(name: str) -> Array[Exact]:
        return Array(shapes[name], (0,) * prod(shapes[name]))

    try:
        evaluate(condition, ShapesAlone(), blank, list(shapes))
    except LanguageError as error:
        return str(error)
    return None


def doubtful_divisions(
    conditions: Sequence[Condition],
    network: Network,
    samples: Samples,
    *,
    query: Mapping[Relation, tuple[Reference, ...]],
    given: Mapping[str, Mapping[Index, Rational]],
    bounds: Mapping[Reference, Bound],
) -> dict[int, str]:
    """For each condition that divides by what may be 0: its number, and what to do about it."""
    dividing = [
        number for number, condition in enumerate(conditions) if any(map(_divides, walk(condition.node)))
    ]
    result: dict[int, str] = {}
    # Samples beyond those that are named are all alike, and two of them show what more would.
    for count in range(samples.least, samples.least + 3) if dividing else ():
        if count not in samples:
            break
        values = count * sum(network.widths) + network.parameter_count
        if values > MAX_VETTED:
            message = f"divides among more than {MAX_VETTED} values, too many to vet: multiply it out"
            return dict.fromkeys(dividing, message)
        found = _doubtful(conditions, network, count, query=query, given=given, bounds=bounds)
        for number, denominator in found:
            result.setdefault(number, _advice(str(denominator)))
    return result


def _divides(node: Node) -> bool:
    """Whether this is a division by anything but a plain number."""
    match node:
        case Binary(operator="/", right=Number(value=value)):
            return value == 0
        case Binary(operator="/"):
            return True
    return False


def _advice(denominator: str) -> str:
    if denominator == "0":
        return "divides by 0"
    if LONG in denominator or len(denominator) > 200:
        return f"divides by {LONG}, which can be 0: multiply it out"
    return (
        f"divides by {denominator}, which can be 0: multiply it out, or add the condition "
        f"'{denominator} != 0'"
    )


def _doubtful(
    conditions: Sequence[Condition],
    network: Network,
    samples: int,
    *,
    query: Mapping[Relation, tuple[Reference, ...]],
    given: Mapping[str, Mapping[Index, Rational]],
    bounds: Mapping[Reference, Bound],
) -> list[tuple[int, Polynomial]]:
    """Denominators that may be 0, for this number of samples."""
    shapes = quantity_shapes(network, samples)

    def symbol(name: str, index: Index) -> Polynomial:
        value = given.get(name, {}).get(index)
        return Polynomial.variable(entry(name, index)) if value is None else Polynomial.constant(value)

    @cache
    def symbols(name: str) -> Array[Polynomial]:
        return Array.build(shapes[name], lambda index: symbol(name, index))

    known = []
    for relation in NOT_ZERO:
        for reference in query[relation]:
            name = f"grad({reference.name})"
            known += [symbols(name)[i] for i in resolve(reference, shapes[reference.name])]
    for reference, (low, high) in bounds.items():
        if (low is not None and low > 0) or (high is not None and high < 0):
            known += [symbols(reference.name)[i] for i in resolve(reference, shapes[reference.name])]
    return unsafe_division(conditions, symbols, known)


class ShapesAlone(ExactAlgebra):
    """Numbers and truths without content: only names and shapes are looked at."""

    def constant(self, _value: int | Fraction, /) -> Exact:
        return 0

    def divide(self, _a: object, _b: object, /) -> Exact:
        return 0

    def absolute(self, _a: object, /) -> Exact:
        return 0

    def minimum(self, _values: object, /) -> Exact:
        return 0

    def maximum(self, _values: object, /) -> Exact:
        return 0

    def compare(self, _a: object, _operator: Comparison, _b: object, /) -> bool:
        return True

    def distinct(self, _values: object, /) -> bool:
        return True
