"""Documents of repairs that were changed anywhere: refused, or as good as the original."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from tests.repairing.planted import drawn, printed, problem_of
from zerograd.core.errors import FormatError, Refused
from zerograd.core.numbers.work import budget
from zerograd.core.repairing.freed import entries_of
from zerograd.core.repairing.repairs import check_repair, with_values

JUNK: list[Any] = [
    None,
    0,
    1,
    -1,
    True,
    "x",
    "1/0",
    "1/3",
    [],
    {},
    [[]],
    ["w1[0,0]"],
    {"polynomial": ["-2", "0", "1"]},
]
IRRATIONAL = {"polynomial": ["-2", "0", "1"], "interval": ["1", "2"]}
RATIONAL = {"polynomial": ["-1", "2"], "interval": ["0", "1"]}
UNREAD = ("question", "claims")
"""What every document has."""


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@pytest.fixture(scope="module")
def documents() -> list[tuple[zg.Problem, Any]]:
    """One with repairs of one value, and one that rests on certificates."""
    rng = random.Random(2)
    true = problem_of(drawn(rng, [1, 2, 1]), [1, 2, 1])
    claims = [*printed(true, ["y_hat", "grad(w2)"]), "loss >= 0"]
    problem = with_values(true, {entries_of(true)[3]: 7})
    first = problem, json.loads(json.dumps(zg.repair(problem, claims).to_json()))
    tiny = problem_of(
        {"x": [[1]], "y": [[1]], "w1": [["0.3"]], "b1": [0], "w2": [["0.5"]], "b2": [0]}, [1, 1, 1]
    )
    hopeless = zg.repair(tiny, ["y_hat ~ 0.25", "loss ~ 0.5", "grad(w1) ~ -0.31"])
    return [first, (tiny, json.loads(json.dumps(hopeless.to_json())))]


@pytest.mark.parametrize("seed", seeds(400, quick=60))
def test_something_else_somewhere(documents: list[tuple[zg.Problem, Any]], seed: int) -> None:
    """No other error is raised; what is accepted says no more than what was found."""
    rng = random.Random(seed)
    problem, original = rng.choice(documents)
    check_repair(problem, original)
    data = copy.deepcopy(original)
    *path, last = rng.choice([path for path in places(data) if path[0] not in UNREAD])
    inner = data
    for key in path:
        inner = inner[key]
    value = copy.deepcopy(rng.choice([*JUNK, IRRATIONAL, RATIONAL]))
    if inner[last] == value:
        return
    inner[last] = value
    try:
        with budget(20_000_000):
            accepted = check_repair(problem, data)
    except (Refused, FormatError):
        return
    assert len(accepted.found) <= len(original["repairs"])
    refuted = {str(k): number for k, number in accepted.refuted.items()}
    assert all(number <= original["refuted"][k] for k, number in refuted.items())
