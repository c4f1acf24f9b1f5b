"""Levels: against what is known, descents that end somewhere, every region by itself, and forged proofs."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np
import pytest

import zerograd as zg
from tests.effort import seeds
from tests.independent import levels as independent
from tests.independent.documents import No
from zerograd.core.errors import FormatError, Refused
from zerograd.core.landscape.documents import check_document
from zerograd.core.landscape.levels import Geometry, unfit
from zerograd.core.whole import is_whole

XOR: dict[str, Any] = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}


def data(x: Any, y: Any, units: int = 1, **rest: Any) -> zg.Problem:
    """A problem with these samples."""
    inputs = len(x[0]) if isinstance(x[0], list) else 1
    return zg.Problem(network=[inputs, units, 1], samples=len(y), given={"x": x, "y": y}, **rest)


def losses(problem: zg.Problem) -> list[Fraction]:
    """All of them, which has to be proved."""
    found = zg.levels(problem)
    assert found.complete
    return [Fraction(level.loss) for level in found.levels]


def drawn(seed: int, samples: int, inputs: int) -> tuple[list[list[int]], list[int]]:
    """Small whole numbers, inputs perhaps twice."""
    chance = random.Random(seed)
    x = [[chance.randint(-2, 2) for _ in range(inputs)] for _ in range(samples)]
    return x, [chance.randint(-2, 2) for _ in range(samples)]


@pytest.mark.parametrize(
    ("units", "expected"),
    [(1, ["1/6", "1/4"]), (2, ["0", "1/8", "1/6", "1/4"]), (3, ["0", "1/8", "1/6", "1/4"])],
)
def test_exclusive_or(units: int, expected: list[str]) -> None:
    """One unit has two losses, two units or three have four."""
    assert losses(data(**XOR, units=units)) == [Fraction(loss) for loss in expected]


@pytest.mark.parametrize("seed", seeds(60, 6))
def test_both_checkers_accept_what_is_found(seed: int) -> None:
    """The second one was written from the documents alone, and goes through all signs of all units."""
    x, y = drawn(500 + seed, 1 + seed % 4, 1 + seed // 2 % 2)
    found = zg.levels(data(x, y, units=1 + seed % 2, loss=("mse", {"sse": "1/3"})[seed % 2]))
    assert found.complete
    assert independent.check(json.loads(json.dumps(found.to_json())))


def test_losses_have_their_scale() -> None:
    """Half of a sum of squares is twice a mean of four."""
    half = data(**XOR, loss={"sse": "1/2"})
    assert losses(half) == [2 * loss for loss in losses(data(**XOR))]


def separable(x: list[list[int]]) -> Iterator[tuple[bool, ...]]:
    """The sets that an affine function of one input separates: by trying many of them."""
    ends = sorted(value for (value,) in x)
    steps = range(12 * (ends[0] - 1), 12 * (ends[-1] + 1) + 1)
    for a, b in product((-1, 0, 1), [Fraction(n, 12) for n in steps]):
        values = [a * (row[0] - b) + (0 if a else b) for row in x]
        if all(values):
            yield tuple(value > 0 for value in values)


@pytest.mark.parametrize("seed", seeds(60, 8))
def test_every_region_of_one_input_by_itself(seed: int) -> None:
    """In each region, by NumPy: whether the critical points of the convex problem there lie inside it.

    A level is missing only if the point nearest to it lies on the boundary; one too many has no point.
    """
    x, y = drawn(seed, random.Random(seed).randint(1, 4), 1)
    units = 1 + seed % 2
    problem = data(x, y, units=units)
    found = losses(problem)
    sets = sorted(set(separable(x)))
    spans = set()
    for choice in combinations_with_replacement(sets, units):
        columns = [np.ones(len(y))]
        for on in choice:
            columns += [np.array([row[0] if o else 0.0 for row, o in zip(x, on, strict=True)])]
            columns += [np.array([1.0 if o else 0.0 for o in on])]
        matrix = np.stack(columns, axis=1)
        prediction = matrix @ np.linalg.lstsq(matrix, np.array(y, float), rcond=None)[0]
        spans.add(round(float(np.mean((prediction - y) ** 2)), 9))
    assert {round(float(loss), 9) for loss in found} <= spans
    constant = sum((Fraction(v) - Fraction(sum(y), len(y))) ** 2 for v in y) / len(y)
    assert constant in found  # all units off


@pytest.mark.parametrize("seed", seeds(80, 3))
def test_descents_end_at_levels(seed: int) -> None:
    """Gradient descent from random starts: where it comes to rest off the kinks, the loss is a level."""
    inputs = 1 + seed % 2
    x, y = drawn(1000 + seed, 3 + seed % 2, inputs)
    units = 1 + seed % 2
    found = np.array([float(loss) for loss in losses(data(x, y, units=units))])
    points, targets, chance = np.array(x, float), np.array(y, float), np.random.default_rng(seed)
    starts = [
        (
            chance.normal(size=(units, inputs)),
            chance.normal(size=units),
            chance.normal(size=units),
            chance.normal(),
        )
        for _ in range(20)
    ]
    w1, b1, w2, b2 = (np.array(each) for each in zip(*starts, strict=True))  # all descents at once
    for _ in range(4000):
        z = points @ w1.transpose(0, 2, 1) + b1[:, None]
        a = np.maximum(z, 0)
        r = np.einsum("nmh,nh->nm", a, w2) + b2[:, None] - targets
        g = 2 * r / len(y)
        delta = g[:, :, None] * w2[:, None] * (z > 0)
        steps = (
            delta.transpose(0, 2, 1) @ points,
            delta.sum(axis=1),
            np.einsum("nmh,nm->nh", a, g),
            g.sum(axis=1),
        )
        w1, b1, w2, b2 = (v - 0.03 * s for v, s in zip((w1, b1, w2, b2), steps, strict=True))
    sizes = np.max([np.abs(s.reshape(20, -1)).max(axis=1) for s in steps], axis=0)
    at_rest = (sizes < 1e-9) & (np.abs(z).min(axis=(1, 2)) > 1e-3)
    rested = int(at_rest.sum())
    for loss in np.mean(r**2, axis=1)[at_rest]:
        assert np.abs(found - loss).min() < 1e-6
    assert rested or seed not in (0, 1, 2)


def test_solvers_find_no_other() -> None:
    """The same as a question: a critical point off the kinks with another loss."""
    problem = data([0, 1, 2], [0, 1, 0])
    found = losses(problem)
    others = zg.Problem(
        network=[1, 1, 1], samples=3, given={"x": [0, 1, 2], "y": [0, 1, 0]}, zero=["w1", "b1", "w2", "b2"],
        where=["z1 != 0", *(f"loss != {loss}" for loss in found)],
    )  # fmt: skip
    assert isinstance(zg.solve(others, timeout=60), zg.Unsat)
    for loss in found:
        there = zg.Problem(
            network=[1, 1, 1], samples=3, given={"x": [0, 1, 2], "y": [0, 1, 0]},
            zero=["w1", "b1", "w2", "b2"], where=["z1 != 0", f"loss == {loss}"],
        )  # fmt: skip
        assert isinstance(zg.solve(there, timeout=60, prefer="any"), zg.Sat)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": [1, 1, 1, 1]}, "one hidden layer"),
        ({"network": {"inputs": 1, "layers": [{"units": 1, "activation": "tanh"}, {"units": 1}]}}, "ReLU"),
        ({"network": {"inputs": 1, "layers": [{"units": 1, "bias": False}, {"units": 1}]}}, "with biases"),
        ({"network": [1, 1, 2], "given": {"x": [1, 2], "y": [[1, 2], [3, 4]]}}, "one linear output"),
        ({"loss": "mae"}, "least squares"),
        ({"given": {"y": [1, 2]}}, "x is not given in full"),
        ({"given": {"x": [1, 2]}}, "y is not given in full"),
        ({"given": {"x": [1, 2], "y": [1, 2], "w1": 1}}, "parameters are given"),
        ({"zero": ["w1"]}, "a question is asked beside"),
        ({"samples": "any", "given": {}}, "x is not given in full"),
    ],
)
def test_other_problems(changes: dict[str, Any], reason: str) -> None:
    """Each is told why it has no levels."""
    problem = zg.Problem(
        **{"network": [1, 1, 1], "samples": 2, "given": {"x": [1, 2], "y": [1, 2]}, **changes}
    )
    assert reason in (unfit(problem) or "")
    with pytest.raises(FormatError, match=reason):
        zg.levels(problem)


def test_without_time_nothing_is_proved() -> None:
    """What was found stands, and is not said to be all."""
    found = zg.levels(data(**XOR, units=3), timeout=1e-6)
    assert not found.complete
    assert [level.loss for level in found.levels] == [Fraction(1, 4)]  # all units off
    assert "1 loss of critical points off the kinks; there may be others" in str(found)
    assert not check_document(found.found.problem, found.to_json()).proof
    with pytest.raises(ValueError, match="timeout must be above 0"):
        zg.levels(data(**XOR), timeout=0)


def test_without_an_output_bias() -> None:
    """Predictions have no constants then: with all units off, all of y is left."""
    problem = zg.Problem(
        network={"inputs": 1, "layers": [{"units": 1}, {"units": 1, "bias": False}]}, samples=2,
        given={"x": [0, 1], "y": [1, 2]},
    )  # fmt: skip
    assert losses(problem) == [0, Fraction(1, 2), 2, Fraction(5, 2)]


def forgeries(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Documents that say a little less, more, or something else."""

    def changed() -> dict[str, Any]:
        copy: dict[str, Any] = json.loads(json.dumps(document))
        return copy

    for number in range(len(document["levels"])):
        for key in ("w1", "b1", "w2", "b2"):
            forged = changed()
            parameters = forged["levels"][number]["parameters"]
            text = json.dumps(parameters[key])
            parameters[key] = json.loads(text.replace('"', '"7', 1))
            yield forged
        forged = changed()
        forged["levels"][number]["loss"] = "1/1000"
        yield forged
        forged = changed()
        del forged["levels"][number]
        yield forged
    for prefix in document["proof"]["undivided"]:
        forged = changed()
        del forged["proof"]["undivided"][prefix]
        yield forged
        forged = changed()
        forged["proof"]["undivided"][prefix][0] = "-1"
        yield forged
        forged = changed()
        forged["proof"]["undivided"][prefix] = ["0"] * len(prefix)
        yield forged
    for number in range(len(document["proof"]["excluded"])):
        forged = changed()
        del forged["proof"]["excluded"][number]
        yield forged
        for row in ("equations", "inequalities"):
            forged = changed()
            each = forged["proof"]["excluded"][number]
            each[row] = json.loads(json.dumps(each[row]).replace('"0"', '"1"', 1))
            if each != document["proof"]["excluded"][number]:
                yield forged
    forged = changed()
    forged["levels"].append({**forged["levels"][-1], "loss": "9"})
    yield forged
    yield {**document, "complete": False}
    yield {**document, "problem": "sha256:0"}
    yield {**document, "levels": []}


def test_forged_documents_are_refused() -> None:
    """Each number of a proof counts, or the proof does not need it and is still one."""
    problem = data(**XOR)
    document = zg.levels(problem).to_json()
    assert is_whole(document)
    assert document["proof"]["excluded"]
    found = check_document(problem, json.loads(json.dumps(document)))
    assert [level.loss for level in found.levels] == [Fraction(1, 6), Fraction(1, 4)]
    assert independent.check(document)
    refused = accepted = 0
    for forged in forgeries(document):
        try:
            still = check_document(problem, forged)
        except (Refused, FormatError):
            refused += 1
            if forged["problem"] == document["problem"]:  # digests are not its business
                with pytest.raises((No, KeyError, ValueError)):
                    independent.check(forged)
        else:
            accepted += 1
            assert independent.check(forged)
            assert [level.loss for level in still.levels] == [level.loss for level in found.levels]
    assert refused > 20
    assert accepted <= 3  # a weight of a unit that is off may be any
    broken: object
    for broken in (
        None,
        {},
        {**document, "proof": 3},
        {**document, "levels": [3]},
        {**document, "levels": 3},
    ):
        with pytest.raises((Refused, FormatError)):
            check_document(problem, broken)


@pytest.mark.parametrize(
    ("place", "value", "error", "told"),
    [
        (("question", "loss"), "mae", Refused, "question"),
        (("question",), None, Refused, "question"),
        (("proof", "excluded", 0, "signs", 0), None, FormatError, "expected signs"),
        (("proof", "excluded", 0, "signs", 0), True, FormatError, "expected signs"),
        (("proof", "excluded", 0, "patterns", 0), 3, FormatError, "expected patterns"),
        (("levels", 0, "parameters", "b1", 0), "0", Refused, "no sample on a kink"),
    ],
)
def test_odd_values(place: tuple[Any, ...], value: object, error: type[Exception], told: str) -> None:
    """Each is refused in words: none is read as something else, and none ends in a crash."""
    problem = data(**XOR)
    document = json.loads(json.dumps(zg.levels(problem).to_json()))
    document["levels"][0]["parameters"]["w1"] = [["1", "1"]]
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(error, match=told):
        check_document(problem, document)


def test_signs_of_many_units_alike() -> None:
    """Units with the same set differ in how many have which sign: not in 2ⁿ ways, but n + 1."""
    geometry = Geometry(data([0, 1], [0, 1], units=60))
    found = [*geometry.signs(("--",) * 59 + ("++",))]
    assert len({*found}) == len(found) == 60 * 2
    every = [*geometry.signs(("--", "--", "+-", "++", "++"))]
    assert every == [
        signs for signs in product((1, -1), repeat=5) if signs[0] >= signs[1] and signs[3] >= signs[4]
    ]


def test_an_active_unit_without_outgoing_weight_is_no_level() -> None:
    """Such a point is critical, but it need not be a local minimum."""
    problem = data([0, 1], [0, 0])
    document = zg.levels(problem).to_json()
    (level,) = document["levels"]
    level["parameters"] = {"w1": [["1"]], "b1": ["1"], "w2": [["0"]], "b2": ["0"]}
    with pytest.raises(Refused, match="an outgoing weight of each unit that is on"):
        check_document(problem, document)


def test_the_least_loss_may_be_on_kinks_alone() -> None:
    """It is lower than all levels then; forged ones are refused, by both checkers."""
    problem = data([1, -1, -3, -2], [1, 3, 0, -3])
    found = zg.levels(problem)
    assert found.least is not None and found.complete
    assert (str(found.least.loss), str(found.levels[0].loss)) == ("75/22", "39/10")
    assert "a loss below 75/22, which is lower than these" in " ".join(str(found).split())
    document = json.loads(json.dumps(found.to_json()))
    assert independent.check(document)
    least = document["least"]
    bounds = least["minimum"]["bounds"]
    for forged in (
        {**least, "loss": "3"},
        {**least, "parameters": document["levels"][0]["parameters"], "loss": document["levels"][0]["loss"]},
        {**least, "minimum": {**least["minimum"], "bounds": bounds[1:]}},
        {**least, "minimum": {"by": "best predictions"}},
        {**least, "minimum": {"by": "multipliers"}},
    ):
        with pytest.raises((Refused, FormatError)):
            check_document(problem, {**document, "least": forged})
        with pytest.raises(No):
            independent.check({**document, "least": forged})
    del document["least"]
    assert check_document(problem, document).least is None
