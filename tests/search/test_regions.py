"""Regions: one pattern of each class, the classes counted independently; renamings are sound."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest

from zerograd.core.model.network import Network
from zerograd.core.model.sides import units_with_sides
from zerograd.core.question.problem import Problem
from zerograd.search.geometry import Row
from zerograd.search.patterns import Patterns
from zerograd.search.symmetry import samples_interchangeable, units_interchangeable

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def orbits(problem: Problem, samples: int) -> set[frozenset[tuple[Row, ...]]]:
    """Classes of patterns under all allowed renamings, by going through all of both."""
    units = list(units_with_sides(problem.network, problem.derivative_at_kink).items())
    layers = range(1, problem.network.depth + 1)
    blocks = []
    for layer in layers:
        here = [i for i, ((number, _), _) in enumerate(units) if number == layer]
        free = layer < problem.network.depth and units_interchangeable(problem, layer, samples)
        blocks.append([list(p) for p in permutations(here)] if free else [here])
    orders = [[i for block in choice for i in block] for choice in product(*blocks)]
    shuffles = (
        list(permutations(range(samples))) if samples_interchangeable(problem, samples) else [range(samples)]
    )
    rows = list(product(*(range(len(sides)) for _, sides in units)))
    classes = set()
    for pattern in product(rows, repeat=samples):
        classes.add(
            frozenset(
                tuple(tuple(pattern[m][i] for i in order) for m in shuffle)
                for shuffle in shuffles
                for order in orders
            )
        )
    return classes


def everything(problem: Problem, samples: int) -> Patterns:
    """The patterns of a problem, those included that geometry or small datasets make superfluous."""
    return replace(Patterns.of(problem, samples), most=None, cuts=())


CASES: list[dict[str, Any]] = [
    {"network": [1, 1, 1], "samples": 3, **HEADLINE},
    {"network": [1, 2, 1], "samples": 3, **HEADLINE},
    {"network": [1, 3, 1], "samples": 2, **HEADLINE},
    {"network": [2, 2, 2, 1], "samples": 2, "zero": ["w3"]},
    {"network": [1, 2, 1], "samples": 3, **HEADLINE, "given": {"x": [0, 1, 2]}},
    {"network": [1, 2, 1], "samples": 2, **HEADLINE, "where": ["w1[0,0] == 1"]},
    {"network": [1, 2, 1], "samples": 2, "zero": ["w1[0,0]"], "where": ["x[0] < x[1]"]},
    {"network": Network.mlp(1, 2, 1, activation="hardtanh"), "samples": 2, **HEADLINE},
    {"network": Network.mlp(1, 2, 1, activation="abs"), "samples": 2, **HEADLINE},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(list(case.values())[0:2])[:40])
def test_one_pattern_of_each_class(case: dict[str, Any]) -> None:
    """There are as many patterns as classes, each in another class, and never more than announced."""
    problem = Problem(**case)
    samples = case["samples"]
    every = everything(problem, samples)
    listed = list(every)
    classes = orbits(problem, samples)
    assert len(listed) == len(classes)
    assert {next(c for c in classes if pattern in c) for pattern in listed} == classes


@pytest.mark.parametrize(
    ("extra", "samples_free", "units_free"),
    [
        ({}, True, True),
        ({"where": ["sum(x) == 1", "loss < 2"]}, True, True),
        ({"where": ["distinct(b1)", "max(abs(w1)) < 3"]}, True, True),
        ({"where": ["x[0] < x[1]"]}, False, True),
        ({"where": ["x == [1, 2]"]}, False, True),
        ({"where": ["r < x"]}, False, True),
        ({"where": ["b1[0] < b1[1]"]}, True, False),
        ({"where": ["z1[0,1] > 0"]}, False, False),
        ({"where": ["x == b1"]}, False, False),
        ({"where": ["grad(w1[0,0]) > 1"]}, True, False),
        ({"given": {"w1": [[1], [None]]}}, True, False),
        ({"given": {"y[0]": 1}}, False, True),
        ({"bounds": {"x": [0, 1], "b1": [0, 1]}}, True, True),
        ({"bounds": {"x[0]": [0, 1]}}, False, True),
        ({"bounds": {"w2[0,1]": [0, 1]}}, True, False),
        ({"positive": ["w1[0,0]"]}, True, False),
        ({"some_nonzero": ["x"]}, True, True),
        ({"some_nonzero": ["x[1]"]}, False, True),
    ],
)
def test_what_breaks_a_symmetry(extra: dict[str, Any], samples_free: bool, units_free: bool) -> None:
    """A renaming is allowed only where the problem treats all alike."""
    problem = Problem(network=[1, 2, 1], samples=2, zero=["w2"], **extra)
    assert samples_interchangeable(problem, 2) == samples_free
    assert units_interchangeable(problem, 1, 2) == units_free
