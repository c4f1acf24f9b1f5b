"""What geometry leaves out cannot occur; what small datasets make superfluous changes no verdict."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Network
from zerograd.core.model.sides import Side
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search.geometry import Row, possible
from zerograd.search.patterns import Patterns
from zerograd.search.regions import regions
from zerograd.search.verdict import Found, Impossible

if TYPE_CHECKING:
    from tests.search.conftest import Dice
    from zerograd.search.crew import Crew


def on_a_line(units: int) -> set[frozenset[Row]]:
    """All sets of patterns of points on a line, for units with two sides, by going through arrangements.

    A unit is constant (on either side), or changes at one of ``units`` places from one side to the other.
    """
    each = [(0, None), (1, None), *product((0, 1), range(units))]
    found = set()
    for arrangement in product(each, repeat=units):
        cells = set()
        for cell in range(units + 1):  # cell c lies right of the places 0 … c−1
            cells.add(
                tuple(left if place is None or cell <= place else 1 - left for left, place in arrangement)
            )
        for size in range(1, len(cells) + 1):
            found |= {frozenset(few) for few in combinations(cells, size)}
    return found


@pytest.mark.parametrize("units", [1, 2, 3])
def test_on_a_line_the_test_is_exact(units: int) -> None:
    """It finds as many sets of patterns as an independent count, and the same ones."""
    rows = list(product((0, 1), repeat=units))
    cuts = ((0, units, True),)
    accepted = {
        frozenset(few)
        for size in range(1, len(rows) + 1)
        for few in combinations(rows, size)
        if possible(few, 1, cuts)
    }
    assert accepted == on_a_line(units)


def test_in_the_plane_three_lines_leave_one_part_out() -> None:
    """Seven of eight combinations of three units' sides, never all; two units show all four."""
    rows = list(product((0, 1), repeat=3))
    assert not possible(rows, 2, ((0, 3, True),))
    assert all(possible(few, 2, ((0, 3, True),)) for few in combinations(rows, 7))
    assert possible(list(product((0, 1), repeat=2)), 2, ((0, 2, True),))
    assert possible(rows, 3, ((0, 3, True),))


def rows_of(witness: Witness, choices: dict[tuple[int, int], tuple[Side, ...]]) -> list[Row]:
    """On which side each unit is, sample by sample."""

    def number(sides: tuple[Side, ...], z: Any) -> int:
        for position, side in enumerate(sides):
            low = side.low is None or side.low < z or (side.low_closed and side.low == z)
            high = side.high is None or z < side.high or (side.high_closed and side.high == z)
            if low and high:
                return position
        raise AssertionError(z)

    z = witness.forward.z
    return [
        tuple(number(sides, z[layer - 1][m, unit]) for (layer, unit), sides in choices.items())
        for m in range(witness.samples)
    ]


@pytest.mark.parametrize("seed", range(300))
def test_what_occurs_is_possible(dice: type[Dice], seed: int) -> None:
    """The patterns of random networks at random data, all activations and conventions, are not left out."""
    chance = dice(f"occurs {seed}")
    network = chance.network(depth=3, width=3)
    samples = chance.random.randint(2, 6)
    values = chance.values(network, samples, integer=chance.often(0.7))
    problem = Problem(network=network, samples=samples, derivative_at_kink=KINKS[seed % 3])
    patterns = Patterns.of(problem, samples)
    rows = rows_of(Witness.of(problem, values), patterns.choices)
    assert possible(set(rows), network.inputs, patterns.cuts)
    for size in range(1, samples):
        assert possible(set(rows[:size]), network.inputs, patterns.cuts)


QUESTIONS: list[dict[str, Any]] = [
    {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]},
    {"network": [1, 2, 1], "zero": ["b1", "w2"], "nonzero": ["w1", "b2"]},
    {"network": [1, 2, 1], "zero": ["w2", "b2"], "positive": ["w1"], "negative": ["b1"]},
    {"network": [2, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]},
    {"network": [1, 1, 1, 1], "zero": ["w3", "b3"], "nonzero": ["w1"]},
    {"network": [1, 1, 1], "zero": ["w1"], "nonzero": ["b1", "w2"], "where": ["x > 0", "z1 != 1"]},
    {"network": Network.mlp(1, 2, 1, activation="abs"), "zero": ["w2"], "nonzero": ["b1"]},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_what_is_left_out_changes_no_verdict(question: dict[str, Any], samples: int, crew: Crew) -> None:
    """Each set of patterns by itself is worth all that repeat it, and what geometry forbids is impossible."""
    problem = Problem(samples=samples, **question)
    limits: dict[str, Any] = {"deadline": time.monotonic() + 60, "seed": 0, "progress": lambda _: None}
    found = regions(problem, samples, crew, **limits)
    few = Patterns.of(problem, samples)
    every = replace(few, most=None, cuts=())
    assert few.most == problem.network.inputs + 1
    assert len(list(few)) <= len(list(every))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Patterns, "of", lambda *_: every)
        slow = regions(problem, samples, crew, **limits)
    assert type(found) is type(slow)
    assert isinstance(found, Found | Impossible)
    if isinstance(found, Found):
        check_witness(problem, found.witness)


@pytest.mark.parametrize("samples", [7, 30])
def test_more_samples_than_any_pattern_needs(samples: int, crew: Crew) -> None:
    """A witness is filled up with copies of residual 0; an impossible question stays one."""
    limits: dict[str, Any] = {"deadline": time.monotonic() + 60, "seed": 0, "progress": lambda _: None}
    problem = Problem(network=[1, 1, 1], samples=samples, zero=["w2", "b2"], nonzero=["w1", "b1"])
    found = regions(problem, samples, crew, **limits)
    assert isinstance(found, Found)
    assert found.witness.samples == samples
    check_witness(problem, found.witness)
    problem = Problem(network=[1, 1, 1], samples=samples, zero=["b1", "w2"], nonzero=["w1", "b2"])
    assert isinstance(regions(problem, samples, crew, **limits), Impossible)


def test_repetition_is_kept_where_conditions_link_samples() -> None:
    """Sizes of residuals, targets, single samples: then a further sample is no harmless addition."""
    base: dict[str, Any] = {"network": [1, 1, 1], "samples": 3, "zero": ["w2"]}
    for extra in (
        {"where": ["r < 1"]}, {"where": ["distinct(x)"]}, {"given": {"x": [0, 1, 2]}}, {"nonzero": ["x[0]"]},
        {"where": ["loss == 1"]}, {"where": ["grad(b2) == 1"]}, {"bounds": {"y": [0, 1]}},
        {"domain": "integer"}, {"where": ["x == [1, 2, 1]"]},
    ):  # fmt: skip
        assert Patterns.of(Problem(**base, **extra), 3).most is None, extra
    assert Patterns.of(Problem(**base), 3).most == 2
