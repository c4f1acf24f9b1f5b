"""Questions that are asked for their size: large ones, ones with everything given, and families that grow."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from zerograd.core.model.network import Layer, Network
from zerograd.core.question.problem import Problem


@dataclass(frozen=True)
class Sized:
    """A question that is asked for its size.

    Attributes:
        asked: how many times as fast as an earlier build zerograd is asked to be; None where nothing is.
        seconds: those in which it is asked to answer; None where none are.
        memory: GiB, at most, that all its processes may take.
    """

    name: str
    arguments: Mapping[str, Any]
    asked: float | None = None
    seconds: float | None = None
    memory: float | None = None

    @cached_property
    def problem(self) -> Problem:
        return Problem(**self.arguments)


def headline(widths: Sequence[int], samples: int) -> dict[str, Any]:
    """The founding question of any network: the lowest layer learns alone."""
    layers = range(2, len(widths))
    zero = [name for n in layers for name in (f"w{n}", f"b{n}")]
    return {"network": [*widths], "samples": samples, "zero": zero, "nonzero": ["w1", "b1"]}


def large_cases() -> list[Sized]:
    """Large networks and datasets, the smallest first."""
    return [
        Sized("deep, 2-20-20-20-1 M=200", headline([2, 20, 20, 20, 1], 200), asked=2),
        Sized("10-300-1 M=1000", headline([10, 300, 1], 1000), asked=4),
        Sized("deep, 4-50-50-50-50-2 M=500", headline([4, 50, 50, 50, 50, 2], 500), seconds=10),
        Sized("784-128-10 M=64", headline([784, 128, 10], 64), asked=10),
        Sized("20-5-1 M=100 000", headline([20, 5, 1], 100_000), asked=10, memory=2),
    ]


def growing_cases() -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """What costs are plotted of: families of questions, with what grows in them."""
    return {
        "hidden units H\n10-H-1, 100 samples": [
            (n, headline([10, n, 1], 100)) for n in (10, 30, 100, 300, 1000)
        ],
        "samples M\n5-20-1, M samples": [
            (n, headline([5, 20, 1], n)) for n in (10, 100, 1000, 10_000, 100_000)
        ],
        "inputs D\nD-20-1, 100 samples": [(n, headline([n, 20, 1], 100)) for n in (10, 30, 100, 300, 1000)],
    }


GIVEN_SECONDS = 0.2
"""Seconds in which a question with everything given is asked to be answered."""


def given_cases() -> list[Sized]:
    """Questions in which everything is given, of each network a true statement and a false one."""
    cases = []
    for widths, samples in (((64, 16, 1), 1), ((10, 16, 16, 1), 32), ((784, 64, 10), 1)):
        shown = "-".join(map(str, widths))
        for activation in ("relu", "tanh"):
            last = f"b{len(widths) - 1}"
            true = {"nonzero": [last], "some_nonzero": ["w1"]}
            for said, query in (("true", true), ("false", {"zero": ["w1", last]})):
                arguments = {**given_in_full(widths, samples, activation), **query}
                cases.append(
                    Sized(f"{shown} {activation} M={samples}, {said}", arguments, seconds=GIVEN_SECONDS)
                )
    return cases


def given_in_full(widths: Sequence[int], samples: int, activation: str) -> dict[str, Any]:
    """A network and data, all values given as floats of 24 bits. Nothing is asked yet."""
    chance = random.Random(f"given {widths} {samples}")

    def values(*shape: int) -> Any:
        if not shape:
            return Fraction(chance.randint(-(2**23), 2**23), 2**23)
        return [values(*shape[1:]) for _ in range(shape[0])]

    given = {"x": values(samples, widths[0]), "y": values(samples, widths[-1])}
    layers = [Layer(units, activation) for units in widths[1:-1]]
    for number, (below, units) in enumerate(pairwise(widths), start=1):
        given |= {f"w{number}": values(units, below), f"b{number}": values(units)}
    network = Network(widths[0], (*layers, Layer(widths[-1], "linear")))
    return {"network": network, "samples": samples, "given": given}
