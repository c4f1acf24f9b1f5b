"""Renamings of samples and units: what is called interchangeable is, and each class is looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.model.activations import LINEAR
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.search.patterns import MAX_ROWS, Patterns
from zerograd.search.regions import regions
from zerograd.search.symmetry import samples_interchangeable, units_interchangeable
from zerograd.search.verdict import Undecided

if TYPE_CHECKING:
    from tests.search.conftest import Dice
    from zerograd.search.crew import Crew

Pattern = tuple[tuple[int, ...], ...]


def everything(problem: Problem, samples: int) -> Patterns:
    """The patterns of a problem, those included that geometry or small datasets make superfluous."""
    return replace(Patterns.of(problem, samples), most=None, cuts=())


def permuted(array: Array[Exact], axis: int, order: Sequence[int]) -> Array[Exact]:
    return Array.build(
        array.shape,
        lambda index: array[tuple(order[i] if position == axis else i for position, i in enumerate(index))],
    )


def rename_samples(values: dict[str, Array[Exact]], order: Sequence[int]) -> dict[str, Array[Exact]]:
    return values | {name: permuted(values[name], 0, order) for name in ("x", "y")}


def rename_units(
    values: dict[str, Array[Exact]], layer: int, order: Sequence[int]
) -> dict[str, Array[Exact]]:
    moves = [(f"w{layer}", 0), (f"b{layer}", 0), (f"w{layer + 1}", 1)]
    return values | {name: permuted(values[name], axis, order) for name, axis in moves if name in values}


SYMMETRIC = [
    "distinct(x)", "x >= -3", "sum(x) == 0", "sum(abs(y)) <= 20", "loss >= 0", "any(r != 0)", "max(z1) >= 0",
    "x * x < 10", "sum(w1) + loss > -90", "any(w2 > 0) or loss == 0", "not all(y == 1)", "abs(b1) < 10",
    "min(x) < 3 and max(x) > -3", "all(grad(w1) * grad(w1) >= 0)", "any(grad(x) != 5)", "distinct(w1)",
]  # fmt: skip
"""Conditions that treat all entries of what they name alike (and often hold)."""


def question(draw: Dice, seed: int) -> tuple[Problem, dict[str, Array[Exact]]]:
    """A random question, often a symmetric one, and values that often answer it."""
    network = draw.network(width=3)
    samples = draw.random.randint(1, 3)
    values, _ = draw.balanced(network, samples, integer=True)
    extra: dict[str, Any] = {}
    if draw.often(0.8):
        extra["given"] = {}
    if draw.often(0.7):
        extra["bounds"] = draw.random.choice([{}, {"x": [-3, 3]}, {"w1": [-3, None], "y": [-30, 30]}])
    if draw.often(0.8):
        known = SYMMETRIC if network.layers[0].bias else [c for c in SYMMETRIC if "b1" not in c]
        known = known if network.depth > 1 else [c for c in known if "w2" not in c]
        extra["where"] = draw.random.sample(known, draw.random.randint(0, 2))
    return draw.problem(network, values, **extra), values


def test_what_is_called_interchangeable_is(dice: type[Dice]) -> None:
    """Renaming leaves an accepted witness accepted, and a refused one refused."""
    tried = {("samples", True): 0, ("samples", False): 0, ("units", True): 0, ("units", False): 0}
    for seed in range(300):
        draw = dice(f"symmetry {seed}")
        problem, values = question(draw, seed)
        samples = values["x"].shape[0]
        accepted = draw.accepted(problem, values)
        if samples > 1 and samples_interchangeable(problem, samples):
            for order in permutations(range(samples)):
                renamed = rename_samples(values, order)
                assert draw.accepted(problem, renamed) == accepted, (seed, order, problem.to_json())
            tried["samples", accepted] += 1
        for layer in range(1, problem.network.depth):
            units = problem.network.layers[layer - 1].units
            if units > 1 and units_interchangeable(problem, layer, samples):
                for order in permutations(range(units)):
                    renamed = rename_units(values, layer, order)
                    assert draw.accepted(problem, renamed) == accepted, (seed, order, problem.to_json())
                tried["units", accepted] += 1
    assert min(tried.values()) > 15, tried


def test_samples_put_in_order_lose_no_answer(dice: type[Dice]) -> None:
    """What `piecewise` adds: an accepted witness can be renamed so that its first inputs ascend."""
    ordered = 0
    for seed in range(120):
        draw = dice(f"order {seed}")
        problem, values = question(draw, seed)
        samples = values["x"].shape[0]
        if samples > 1 and samples_interchangeable(problem, samples) and draw.accepted(problem, values):
            order = sorted(range(samples), key=lambda m: Fraction(values["x"][m, 0]))  # type: ignore[arg-type]
            assert draw.accepted(problem, rename_samples(values, order)), problem.to_json()
            ordered += 1
    assert ordered > 8


@pytest.mark.parametrize(
    ("extra", "samples", "units"),
    [
        ({}, True, True),
        ({"where": ["distinct(x)", "sum(w1) == 1"]}, True, True),
        ({"where": ["x[0] < x[1]"]}, False, True),
        ({"where": ["w1[0,0] < w1[1,0]"]}, True, False),
        ({"where": ["any(x == 1)", "any([loss > 1, loss == 0])"]}, True, True),
        ({"where": ["y_hat == 2 * y"]}, False, True),
        ({"where": ["z1 > 0"]}, True, True),
        ({"where": ["r == [1, 2, 3]"]}, False, True),
        ({"where": ["w1 * w2 > 0"]}, True, False),
        ({"where": ["grad(b1[0]) > 1"]}, True, False),
        ({"where": ["grad(x)[0,0] > 1"]}, False, True),
        ({"where": ["b1 == grad(b1)"]}, True, False),
        ({"bounds": {"x[0]": [0, 1]}}, False, True),
        ({"bounds": {"x": [0, 1], "b1": [0, 1]}}, True, True),
        ({"bounds": {"b1[1]": [0, 1]}}, True, False),
        ({"given": {"y[1]": 1}}, False, True),
        ({"given": {"w2[0,1]": 1}}, True, False),
        ({"given": {"b2": [0]}}, True, True),
        ({"zero": ["x"], "nonzero": ["w1"]}, True, True),
        ({"zero": ["x[1]"]}, False, True),
        ({"some_nonzero": ["w2[0,0]"]}, True, False),
        ({"some_nonzero": ["w2"]}, True, True),
    ],
)
def test_what_breaks_a_symmetry(extra: dict[str, Any], samples: bool, units: bool) -> None:
    """Single entries, given values, and conditions that link several arrays break it; nothing else does."""
    problem = Problem(**{"network": [1, 2, 1], "samples": 3, **extra})
    assert samples_interchangeable(problem, 3) == samples
    assert units_interchangeable(problem, 1, 3) == units


# --- patterns --------------------------------------------------------------------------------


def orbits(problem: Problem, samples: int) -> list[set[Pattern]]:
    """Classes of activation patterns under the renamings that the problem allows, by brute force."""
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    units = list(choices)
    rows = list(product(*(range(len(sides)) for sides in choices.values())))
    sample_orders = (
        list(permutations(range(samples)))
        if samples_interchangeable(problem, samples)
        else [tuple(range(samples))]
    )
    unit_orders: list[list[int]] = [[]]
    for layer in range(1, problem.network.depth + 1):
        here = [i for i, (number, _) in enumerate(units) if number == layer]
        free = layer < problem.network.depth and units_interchangeable(problem, layer, samples)
        orders = permutations(here) if free else iter([tuple(here)])
        unit_orders = [[*before, *order] for order in list(orders) for before in unit_orders]
    found: list[set[Pattern]] = []
    left = set(product(rows, repeat=samples))
    while left:
        start = next(iter(left))
        orbit = {
            tuple(tuple(start[m][i] for i in unit_order) for m in sample_order)
            for sample_order in sample_orders
            for unit_order in unit_orders
        }
        found.append(orbit)
        left -= orbit
    return found


CASES: list[tuple[list[int], int, dict[str, Any]]] = [
    ([1, 1, 1], 3, {}),
    ([1, 2, 1], 3, {}),
    ([1, 3, 1], 2, {}),
    ([2, 2, 2, 1], 2, {}),
    ([1, 2, 1], 2, {"where": ["x[0] < x[1]"]}),
    ([1, 3, 1], 2, {"where": ["w1[0,0] > 0"]}),
    ([1, 2, 2, 1], 2, {"given": {"w3": [[1, None]]}}),
    ([1, 2, 2, 1], 2, {"given": {"w2": [[1, None], [None, None]]}}),
    ([1, 2, 1], 2, {"bounds": {"x[0]": [0, 1], "b1[0]": [0, None]}}),
]


@pytest.mark.parametrize(("widths", "samples", "extra"), CASES)
@pytest.mark.parametrize("convention", KINKS)
def test_each_class_of_patterns_is_looked_at_once(
    widths: list[int], samples: int, extra: dict[str, Any], convention: str
) -> None:
    """The patterns enumerated are one of each class: none left out, none twice."""
    problem = Problem(network=widths, samples=samples, derivative_at_kink=convention, **extra)
    every = everything(problem, samples)
    listed = list(every)
    assert len(listed) == len(set(listed))
    classes = orbits(problem, samples)
    assert len(listed) == len(classes)
    for orbit in classes:
        assert len(orbit & set(listed)) == 1


def test_activations_with_several_sides() -> None:
    """Kinks that are sides of their own, output activations, and layers without any kink."""
    layers = (Layer(2, "hardtanh"), Layer(2, LINEAR), Layer(1, "abs"))
    problem = Problem(network=Network(1, layers), samples=2)
    every = everything(problem, 2)
    listed = list(every)
    # hardtanh: flat, steep, flat; abs: falling, the kink, rising.
    assert {len(row) for rows in listed for row in rows} == {3}
    assert len(listed) == len(orbits(problem, 2))


def test_counts_of_the_design() -> None:
    """92 classes for two units and three samples, 267 for four: a kink of its own makes three sides."""
    abs_like = Network(1, (Layer(2, "abs"), Layer(1, LINEAR)))
    assert [len(list(everything(Problem(network=abs_like, samples=m), m))) for m in (3, 4)] == [92, 267]


@pytest.mark.parametrize("hidden", [15, 40])
def test_too_many_patterns_are_not_listed(crew: Crew, hidden: int) -> None:
    """A wide network is refused at once, and not after hours of counting."""
    problem = Problem(network=[1, hidden, 1], samples=2)
    assert 2**hidden > MAX_ROWS
    verdict = regions(problem, 2, crew, deadline=float("inf"), seed=0, progress=lambda _: None)
    assert verdict == Undecided("unsupported", "too many activation patterns to go through one by one")
