"""The words a problem is made of: sample counts, relations, and the quantities with their shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeAlias, get_args

from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Shape
from zerograd.core.numbers.work import spend

Rational: TypeAlias = int | Fraction
Bound = tuple[Rational | None, Rational | None]
"""(lowest, highest) value, None where open."""

Domain = Literal["real", "integer"]
Expect = Literal["sat", "unsat", "unknown"]
Prefer = Literal["small", "any", "generic"]
Minimum = Literal["local", "global"]

DOMAINS: tuple[Domain, ...] = get_args(Domain)
EXPECTATIONS: tuple[Expect, ...] = get_args(Expect)
PREFERENCES: tuple[Prefer, ...] = get_args(Prefer)
MINIMA: tuple[Minimum, ...] = get_args(Minimum)


class Relation(StrEnum):
    """What a query asks of gradient entries; its value is the key in problem files.

    Attributes:
        symbol: between a gradient and 0.
        signs: those that an entry may have.
        some: whether it is asked of at least one of the entries that are named, or else of each of them.
        expected: the value, in words.
    """

    symbol: str
    signs: frozenset[int]
    some: bool
    expected: str

    ZERO = "zero", "=", {0}, False, "0"
    NONZERO = "nonzero", "≠", {-1, 1}, False, "a value other than 0"
    SOME_NONZERO = "some_nonzero", "≠", {-1, 1}, True, "at least one entry other than 0"
    ANY_NONZERO = "any_nonzero", "≠", {-1, 1}, True, "at least one entry of any of them other than 0"
    POSITIVE = "positive", ">", {1}, False, "a value above 0"
    NEGATIVE = "negative", "<", {-1}, False, "a value below 0"

    def __new__(cls, key: str, symbol: str, signs: set[int], some: bool, expected: str) -> Relation:
        """Members are their keys."""
        relation = str.__new__(cls, key)
        relation._value_ = key
        relation.symbol, relation.signs = symbol, frozenset(signs)
        relation.some, relation.expected = some, expected
        return relation

    @property
    def words(self) -> str:
        """In running text: ``some nonzero``."""
        return self.replace("_", " ")

    @property
    def joint(self) -> bool:
        """Whether it is asked once of all that are named, and not of each name."""
        return self is Relation.ANY_NONZERO

    def holds(self, signs: Iterable[int]) -> bool:
        """Whether entries with these signs are as asked."""
        return (any if self.some else all)(sign in self.signs for sign in signs)


RELATIONS = tuple(Relation)
OF_EACH = tuple(relation for relation in Relation if not relation.some)
"""The relations that are asked of each entry that is named."""
NOT_ZERO = tuple(relation for relation in OF_EACH if 0 not in relation.signs)
"""Those of them under which an entry is not 0."""

MAX_SAMPLES = 100_000
MAX_VALUES = 10_000_000
"""Samples times widths: what is computed in a forward pass."""


@dataclass(frozen=True, slots=True)
class Samples:
    """How many samples the dataset has.

    Attributes:
        least, most: the range of M; ``most`` is None where it has no end.
        every: True for ``any``: the question is asked over all M ≥ ``least``.
    """

    least: int
    most: int | None
    every: bool = False

    @property
    def fixed(self) -> int | None:
        """M, where it is one number."""
        return self.least if self.least == self.most else None

    def __contains__(self, samples: int) -> bool:
        return self.least <= samples and (self.most is None or samples <= self.most)

    def __str__(self) -> str:
        if self.fixed is not None:
            return str(self.fixed)
        if self.most is None:
            return "any" if self.every else "fewest"
        return f"from {self.least} to {self.most}"

    def to_json(self) -> int | str | dict[str, int]:
        if self.fixed is not None:
            return self.fixed
        return str(self) if self.most is None else {"from": self.least, "to": self.most}


def tighter(a: Bound, b: Bound) -> Bound:
    """The intersection of two bounds."""
    lows = [low for low in (a[0], b[0]) if low is not None]
    highs = [high for high in (a[1], b[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)


def variable_shapes(network: Network, samples: int) -> dict[str, Shape]:
    """What a witness gives a value to: parameters, ``x`` and ``y``."""
    return {**network.shapes, "x": (samples, network.inputs), "y": (samples, network.outputs)}


def gradient_shapes(network: Network, samples: int) -> dict[str, Shape]:
    """What a gradient can be asked of: parameters and ``x``."""
    return {**network.shapes, "x": (samples, network.inputs)}


def quantity_shapes(network: Network, samples: int) -> dict[str, Shape]:
    """Every name that a condition may use, gradients as ``grad(w1)``."""
    shapes = variable_shapes(network, samples)
    shapes["y_hat"] = shapes["r"] = (samples, network.outputs)
    for number, layer in enumerate(network.layers, start=1):
        shapes[f"z{number}"] = shapes[f"a{number}"] = (samples, layer.units)
    shapes["loss"] = ()
    shapes |= {f"grad({name})": shape for name, shape in gradient_shapes(network, samples).items()}
    return shapes


def sample_arrays(network: Network) -> dict[str, int]:
    """The names whose first axis runs over samples, with the length of their second."""
    spend(10 + 5 * network.depth)
    return {
        name: s[1] for name, s in quantity_shapes(network, 2).items() if len(s) == 2 and _per_sample(name)
    }


def _per_sample(name: str) -> bool:
    return name in ("x", "y", "y_hat", "r", "grad(x)") or (name[0] in "za" and name[1:].isdigit())
