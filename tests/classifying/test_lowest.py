"""The least loss of all parameters: known values, rivals, and documents that say what is not so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from random import Random
from typing import Any

import numpy
import pytest

import zerograd as zg
from tests.classifying.drawn_points import drawn_point, problem_of
from tests.effort import seeds
from tests.independent.documents import No
from tests.independent.kinds import Kinds
from tests.independent.problems import Problem as OtherProblem
from zerograd.classifying.everywhere import kind_among_all
from zerograd.classifying.lowest import Least, TooManyError, find_least
from zerograd.classifying.nearest import nearest, remainder
from zerograd.core.errors import FormatError, Refused, TooMuchWork
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.work import budget
from zerograd.core.points.documents import check_kind_document, kind_to_json
from zerograd.core.points.kinds import Best, Evidence, PointKind, check_kind
from zerograd.core.points.lowest import check_lowest, squares, unfit

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
CENTRED = [[-1, -1], [-1, 1], [1, -1], [1, 1]]
XOR = [0, 1, 1, 0]


def network(inputs: int, units: int, phi: Any = "relu", bias: bool = True, last: bool = True) -> Network:
    """One hidden layer, one linear output."""
    return Network(inputs, (Layer(units, phi, bias), Layer(1, "linear", last)))


def least_of(net: Network, x: Any, y: list[Any], loss: str = "sse") -> tuple[Point[Any], Least]:
    """The least sum of squares, with a point that has it: all of it checked."""
    model = Model(net, LOSSES[loss], "torch")
    inputs = Array.of([row if isinstance(row, list) else [row] for row in x], net.inputs)
    targets = Array.of([[value] for value in y], 1)
    found = find_least(model, inputs, targets)
    point = Point(model, found.parameters, inputs, targets, ExactActivate("torch"))
    assert squares(point) == found.squares
    if found.proof is None:
        assert found.squares == 0
    else:
        check_lowest(point, found.proof)
    return point, found


@pytest.mark.parametrize(
    ("net", "x", "y", "expected"),
    [
        (network(2, 2), CORNERS, XOR, "0"),
        (network(2, 1), CORNERS, XOR, "2/3"),
        (network(1, 1, last=False), [-1, 0, 1], [0, 1, 0], "2/3"),  # a constant 1/3
        (network(1, 1), [-1, 0, 1], [0, 1, 0], "1/2"),  # one side is flat, the other monotone
        (network(1, 2), [-1, 0, 1], [0, 1, 0], "0"),
        (network(2, 1, "abs", bias=False), CENTRED, XOR, "0"),
        (network(2, 1, "relu", bias=False), CENTRED, XOR, "2/3"),
        (network(2, 3, "linear"), CORNERS, XOR, "1"),
        (network(2, 1, "relu", bias=False, last=False), [[0, 0]], [5], "25"),  # it predicts 0 there
        (network(1, 3), [1, 1, 2, 2], [0, 1, 0, 3], "5"),  # equal inputs have equal predictions
        (network(1, 1, {"leaky_relu": "1/2"}), [-2, 0, 2], [-1, 0, 2], "0"),
        (
            network(1, 1, {"leaky_relu": "1/2"}),
            [-1, 0, 1],
            [0, 1, 0],
            "9/14",
        ),  # −1, 0, 1/2 times 1/7, and a constant
    ],
)
def test_known_values(net: Network, x: Any, y: list[int], expected: str) -> None:
    """Constants, fits, and lines, worked out by hand."""
    assert least_of(net, x, y)[1].squares == Fraction(expected)


def descended(point: Point[Any], random: Random) -> float:
    """The least sum of squares that descents of a float copy reach, from 40 starts at once."""
    net = point.model.network
    hidden: Any = net.layers[0]
    low, high = float(hidden.activation.slopes[0]), float(hidden.activation.slopes[-1])
    x = numpy.array([[float(v) for v in row] for row in point.x.rows()])
    y = numpy.array([float(v) for v in point.y.entries])
    rng = numpy.random.default_rng(random.randint(0, 10**6))
    bias, last = float(hidden.bias), float(net.layers[1].bias)
    theta = [
        2 * rng.normal(size=(40, hidden.units, net.inputs)),
        2 * rng.normal(size=(40, hidden.units)) * bias,
        rng.normal(size=(40, hidden.units)),
        rng.normal(size=(40, 1)) * last,
    ]
    first, second = ([0 * part for part in theta] for _ in range(2))
    least = numpy.inf
    for step in range(1, 2001):
        w, b, v, c = theta
        z = numpy.einsum("shd,md->shm", w, x) + b[:, :, None]
        slopes = numpy.where(z > 0, high, low)
        r = numpy.einsum("sh,shm->sm", v, slopes * z) + c - y
        least = min(least, float((r**2).sum(1).min()))
        dz = r[:, None, :] * v[:, :, None] * slopes
        gradients = [
            numpy.einsum("shm,md->shd", dz, x),
            dz.sum(2) * bias,
            numpy.einsum("sm,shm->sh", r, slopes * z),
            r.sum(1, keepdims=True) * last,
        ]
        rate = 0.05 if step < 1300 else 0.005 if step < 1800 else 0.0005
        for n, gradient in enumerate(gradients):  # Adam
            first[n] = 0.9 * first[n] + 0.1 * gradient
            second[n] = 0.99 * second[n] + 0.01 * gradient**2
            size = numpy.sqrt(second[n] / (1 - 0.99**step)) + 1e-9
            theta[n] = theta[n] - rate * first[n] / (1 - 0.9**step) / size
    return least


@pytest.mark.parametrize("seed", seeds(25, 2))
def test_descents_come_to_it_and_never_below(seed: int) -> None:
    """The best of forty ends there (or within 1 %: some valleys are long)."""
    random = Random(seed)
    inputs, samples = random.choice((1, 1, 2)), random.randint(2, 6)
    phi: Any = random.choice(("relu", "relu", "abs", {"leaky_relu": "1/2"}))
    net = network(inputs, random.choice((1, 1, 2)), phi, random.random() < 0.7, random.random() < 0.7)
    x = [[random.randint(-3, 3) for _ in range(inputs)] for _ in range(samples)]
    point, found = least_of(net, x, [random.randint(-3, 3) for _ in range(samples)])
    reached, least = descended(point, random), float(found.squares)
    assert least - 1e-7 <= reached <= 1.01 * least + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_solver_finds_nothing_below(seed: int) -> None:
    """The raw question, of nonlinear real arithmetic, has no answer below it, and one at it."""
    random = Random(seed)
    x, y = ([random.randint(-2, 2) for _ in range(3)] for _ in range(2))
    _, found = least_of(network(1, 1), x, y)
    settings: dict[str, Any] = {
        "network": network(1, 1), "samples": 3, "given": {"x": x, "y": y}, "loss": "sse"
    }  # fmt: skip
    below = zg.Problem(**settings, where=[f"loss < {found.squares}"])
    if found.squares:
        assert not isinstance(zg.solve(below, timeout=20, certify=False), zg.Sat)
    assert not isinstance(
        zg.solve(zg.Problem(**settings, where=[f"loss == {found.squares}"]), timeout=20), zg.Unsat
    )


def test_the_nearest_point_of_a_cone() -> None:
    """Known ones, and its conditions: no generator is in the direction of what is left."""
    assert nearest([(1, 0), (0, 1)], (2, -3)) == {0: 2}
    assert nearest([], (1,)) == {}
    random = Random(1)
    for _ in range(100):
        generators = [tuple(random.randint(-3, 3) for _ in range(4)) for _ in range(random.randint(1, 7))]
        target = tuple(random.randint(-5, 5) for _ in range(4))
        used = nearest(generators, target)
        left = remainder(generators, target, used)
        along = [sum(a * b for a, b in zip(g, left, strict=True)) for g in generators]
        assert all(value <= 0 for value in along) and all(value > 0 for value in used.values())
        assert not any(along[j] for j in used)


def other(point: Point[Any]) -> Kinds:
    """The other checker of a point."""
    return Kinds(OtherProblem(problem_of(point).to_json()))


def verdicts(point: Point[Any], document: Any) -> tuple[str | None, str | None]:
    """What both checkers make of a document: the kind, None if it is refused."""
    first = second = None
    with suppress(Refused, FormatError, TooMuchWork), budget(10**7):
        first = str(check_kind_document(point, document).kind)
    with suppress(No):
        second = other(point).check(document)
    return first, second


def changed(document: Any, random: Random) -> Iterator[Any]:
    """The document with a part left out, or one number changed."""
    proof = document["minimum"]
    for number in range(len(proof["bounds"])):
        bounds = [each for n, each in enumerate(proof["bounds"]) if n != number]
        yield {**document, "minimum": {**proof, "bounds": bounds}}
    for prefix in proof["undivided"]:
        left = {name: row for name, row in proof["undivided"].items() if name != prefix}
        yield {**document, "minimum": {**proof, "undivided": left}}
    text = json.dumps(document)
    places = [n for n, c in enumerate(text) if c in "0123456789" and text[n - 1] in '"-/']
    for place in random.sample(places, min(12, len(places))):
        yield json.loads(text[:place] + random.choice("123456789") + text[place + 1 :])
    for a, b in (("+", "-"), ("-", "+")):
        at = [n for n, c in enumerate(text) if c == a and text[n - 1] in '"+-' and text[n + 1] in '"+-']
        for place in random.sample(at, min(3, len(at))):
            yield json.loads(text[:place] + b + text[place + 1 :])


@pytest.mark.parametrize("seed", seeds(30, 3))
def test_both_checkers_agree_on_changed_proofs(seed: int) -> None:
    """What one accepts the other does; a proof without one of its bounds is refused."""
    random = Random(seed)
    phi: Any = random.choice(("relu", "abs", {"leaky_relu": "1/2"}))
    net = network(random.choice((1, 2)), random.choice((1, 2)), phi, random.random() < 0.7)
    x = [[random.randint(-2, 2) for _ in range(net.inputs)] for _ in range(4)]
    point, found = least_of(net, x, [random.randint(-2, 2) for _ in range(4)], "mse")
    assert kind_among_all(point).is_global(point.model)
    evidence = Evidence(minimum=found.proof or Best())
    kind = PointKind(check_kind(point, evidence), evidence)
    assert kind.is_global(point.model)
    document = json.loads(json.dumps(kind_to_json(point, kind)))
    assert verdicts(point, document) == (str(kind.kind),) * 2
    if found.proof is None:
        return
    for number, each in enumerate(changed(document, random)):
        first, second = verdicts(point, each)
        assert first == second, each
        assert first is None or number >= len(found.proof.bounds)
    worse = Point(
        point.model, {**point.parameters, "w2": point.parameters["w2"].map(lambda v: 2 * v)},
        point.x, point.y, point.activate,
    )  # fmt: skip
    if squares(worse) != found.squares:
        assert verdicts(worse, {"kind": "minimum", "minimum": document["minimum"]}) == (None, None)


@pytest.mark.parametrize("seed", seeds(200, 40))
def test_points_are_the_best_or_there_are_better_ones(seed: int) -> None:
    """With one hidden layer and a kink at 0 it is always decided, and both checkers accept why."""
    point = drawn_point(Random(seed), losses=("mse", "sse"), outputs=(1,))
    found = kind_among_all(point)
    known = unfit(point.model, (*point.x.entries, *point.y.entries)) is None
    verdict = found.is_global(point.model)
    assert verdict is not None or not known
    document = json.loads(json.dumps(kind_to_json(point, found)))
    assert verdicts(point, document) == (str(found.kind),) * 2
    assert other(point).is_global(document) is verdict
    if known and verdict is False:
        assert found.evidence.better is not None


def test_better_parameters_have_to_be_better() -> None:
    """Others are refused, as are those of another shape."""
    point, found = least_of(network(1, 1), [-1, 0, 1], [0, 1, 0])
    plain = {name: array.map(str).tolist() for name, array in found.parameters.items()}
    for better in (plain, {**plain, "w1": [["1", "2"]]}, {"w1": [["1"]]}, {**plain, "w3": [["1"]]}):
        assert verdicts(point, {"kind": "undecided", "better": better}) == (None, None)


def test_what_is_not_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other losses, layers and activations; a search that would take too long."""
    deep = Network(1, (Layer(1, "relu"), Layer(1, "relu"), Layer(1, "linear")))
    for net, loss in (
        (deep, "mse"),
        (network(1, 1, "tanh"), "mse"),
        (network(1, 1, "hardtanh"), "mse"),
        (network(1, 1), "mae"),
        (Network(1, (Layer(1, "relu"), Layer(2, "linear"))), "mse"),
    ):
        assert unfit(Model(net, LOSSES[loss], "torch"), ()) is not None
    many = Array.of([[n, n * n, n**3, n**4] for n in range(12)], 4)
    monkeypatch.setattr("zerograd.classifying.lowest.MOST_PATTERNS", 10)
    with pytest.raises(TooManyError, match="more than 10 patterns"):
        find_least(
            Model(network(4, 2), LOSSES["mse"], "torch"), many, Array.of([[n % 3] for n in range(12)], 1)
        )


def test_without_a_hidden_layer_local_is_global() -> None:
    """The loss is convex in the parameters then."""
    given = {"w1": 0, "b1": "1/3", "x": [-1, 0, 1], "y": [0, 1, 0]}
    answer = zg.solve(zg.Problem(network=[1, 1], samples=3, given=given, minimum="global"))
    assert isinstance(answer, zg.Sat)
    assert answer.kind is not None and answer.kind.is_global(answer.problem.model)
