"""The smallest witness, against trying everything with the checker alone."""

from __future__ import annotations

import json
import random
import select
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import inf, prod
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from zerograd.core.errors import Refused
from zerograd.core.model.activations import ABS, HARDTANH, LINEAR, RELU, RELU6, Activation, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact, is_integer
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search.messages import Ranked
from zerograd.search.smallest import smallest
from zerograd.search.smallest.best import values_of, variant, witness_of
from zerograd.search.smallest.budget import Budget
from zerograd.search.smallest.choices import least_height
from zerograd.search.smallest.orbits import generators, group, identity
from zerograd.services.child import Child

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def ranked(problem: Problem, known: Witness, count: int = 1, effort: float = inf) -> Ranked:
    """The smallest witnesses, whatever time that takes."""
    budget = Budget(inf, effort)
    return smallest(problem, known, count=count, seed=0, budget=budget, progress=lambda _: None)


def everything(problem: Problem, samples: int, height: int) -> Iterator[Witness]:
    """All answers with values up to a height beside those that are given, one assignment after another."""
    values = sorted({Fraction(p, q) for q in range(1, height + 1) for p in range(-height, height + 1)})
    shapes = variable_shapes(problem.network, samples)
    sizes = {name: len(Array.build(shape, lambda _: 0).entries) for name, shape in shapes.items()}
    given = [
        problem.given.get(name, {}).get(index) for name, shape in shapes.items() for index in indices(shape)
    ]
    sets = [values if value is None else [value] for value in given]
    if prod(map(len, sets)) > 7000:  # too many: another question
        return
    for flat in product(*sets):
        rest = iter(flat)
        arrays: dict[str, Array[Exact]] = {
            name: Array(shape, tuple(next(rest) for _ in range(sizes[name])))
            for name, shape in shapes.items()
        }
        witness = Witness.of(problem, arrays)
        try:
            check_witness(problem, witness)
        except Refused:
            continue
        yield witness


def size(witness: Witness) -> Size:
    """The size of a rational witness."""
    found = size_of(witness)
    assert found is not None
    return found


def invented(dice: random.Random) -> tuple[Problem, int, int] | None:
    """A question that is small enough to try everything: with its M, and the height to try."""
    networks: list[tuple[Network, int, int]] = []
    for hidden in (RELU, ABS, HARDTANH, RELU6, LINEAR, leaky_relu("1/2")):
        last: Activation = dice.choice([LINEAR, LINEAR, HARDTANH, ABS])
        networks += [
            (Network(1, (Layer(1, hidden, bias=True), Layer(1, last, bias=False))), 2, 1),
            (Network(1, (Layer(1, hidden, bias=False), Layer(1, last, bias=False))), 1, 2),
            (Network(1, (Layer(2, hidden, bias=False), Layer(1, last, bias=True))), 1, 1),
            (Network(2, (Layer(1, hidden, bias=False), Layer(1, last, bias=False))), 1, 1),
            (Network(1, (Layer(1, hidden, bias=False), Layer(2, last, bias=False))), 1, 1),
            (Network(1, (*[Layer(1, hidden, bias=False)] * 2, Layer(1, last, bias=False))), 1, 1),
        ]
    network, samples, height = dice.choice(networks)
    names = [*network.shapes, "x"]
    dice.shuffle(names)
    relations = ["zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative"]
    asked: dict[str, Any] = {}
    for name in names[: dice.randint(1, len(names))]:
        asked.setdefault(dice.choice(relations), []).append(name)
    extra: dict[str, Any] = {}
    if dice.random() < 0.3:
        extra["where"] = [
            dice.choice(
                [
                    "loss > 1/2",
                    "w1 >= 0",
                    "sum(x) == 1",
                    "r != 0",
                    "abs(y) <= 1",
                    "y_hat > 1/3",
                    "z1 < 0",
                    "distinct(r)",
                ]
            )
        ]
    if dice.random() < 0.3:
        bounds = [[0, None], ["1/2", None], ["-1/3", "1/3"], [None, -1], ["1/3", 1], ["1/2", "3/5"]]
        extra["bounds"] = {dice.choice(["x", "y", "w1"]): dice.choice(bounds)}
    if dice.random() < 0.3:
        extra["given"] = {
            dice.choice(["x[0,0]", "y[0,0]", "w1[0,0]", "w2[0,0]"]): dice.choice([0, 1, -2, "1/2"])
        }
        height = 2
    if dice.random() < 0.2:
        extra["domain"] = "integer"
    kink = dice.choice(["torch", "left", "right", "mean", "default: 2, relu: 1/3", "forbid"])
    try:
        return (
            Problem(network=network, samples=samples, derivative_at_kink=kink, **asked, **extra),
            samples,
            height,
        )
    except zg.ProblemError:
        return None


@pytest.mark.parametrize("seed", seeds(24, 4))
def test_nothing_is_smaller(seed: int) -> None:
    """What is said to be the smallest is what the checker alone finds by trying everything."""
    dice = random.Random(seed)
    answers: list[Witness] = []
    while not answers:
        question = invented(dice)
        if question is not None:
            problem, samples, height = question
            answers = list(everything(problem, samples, height))
    known = max(answers, key=size)  # a bad one to begin with
    found = ranked(problem, known)
    assert size(found.witnesses[0]).height <= found.exhausted
    assert size(found.witnesses[0]) == min(map(size, answers))
    assert found == ranked(problem, dice.choice(answers))  # whatever was known before


@pytest.mark.parametrize("seed", seeds(8, 2))
def test_several_smallest(seed: int) -> None:
    """The smallest of all answers, and no two that differ by renaming and signs alone."""
    dice = random.Random(f"several {seed}")
    classes: dict[object, Size] = {}
    while len(classes) < 5:
        question = invented(dice)
        if question is None:
            continue
        problem, samples, height = question
        every = group(
            list(generators(problem.network, problem.derivative_at_kink)), identity(problem.network)
        )
        classes = {}
        answers = list(everything(problem, samples, height))
        for witness in answers:
            orbit = min(variant(values_of(witness), g, renumber=True) for g in every)
            classes[orbit] = min(size(witness), classes.get(orbit, size(witness)))
    found = ranked(problem, answers[-1], count=5)
    assert size(found.witnesses[4]).height <= found.exhausted <= height
    assert [size(witness) for witness in found.witnesses] == sorted(classes.values())[:5]


def test_the_founding_question() -> None:
    """Its smallest witness: proved to be one, accepted, the same each time."""
    problem = Problem(network=[1, 1, 1], samples=3, **HEADLINE)
    known = zg.solve(problem)
    assert isinstance(known, zg.Sat)
    first, again = ranked(problem, known.witness), ranked(problem, known.witness)
    assert first == again
    assert first.exhausted == 2
    assert size(first.witnesses[0]) == Size(2, on_kink=False, non_integers=0, total=Fraction(11), nonzeros=8)
    check_witness(problem, first.witnesses[0])


def test_given_values_bounds_and_domain_are_kept() -> None:
    """The smallest of those that are allowed, against trying everything."""
    network = Network(1, (Layer(1, RELU, bias=False), Layer(1, LINEAR, bias=False)))
    problem = Problem(
        network=network,
        samples=2,
        zero=["w2"],
        nonzero=["x"],
        given={"w1": [["1/2"]], "x": [[2], [None]]},
        bounds={"y": ["-1/2", 2]},
        derivative_at_kink="forbid",
    )
    answers = list(everything(problem, 2, 2))
    found = ranked(problem, max(answers, key=size))
    best = found.witnesses[0]
    assert size(best) == min(map(size, answers))
    assert size(best).height == found.exhausted
    assert best.parameters["w1"].entries == (Fraction(1, 2),)
    assert best.x.entries[0] == 2
    assert all(Fraction(-1, 2) <= Fraction(v) <= 2 for v in best.y.entries)  # type: ignore[arg-type]
    assert not size(best).on_kink


def test_whole_numbers_are_kept() -> None:
    """Also where there are smaller fractions."""
    problem = Problem(network=[1, 1, 1], samples=3, domain="integer", **HEADLINE)
    known = zg.solve(problem)
    assert isinstance(known, zg.Sat)
    found = ranked(problem, known.witness)
    assert size(found.witnesses[0]).height == found.exhausted
    assert all(is_integer(v) for a in found.witnesses[0].variables.values() for v in a.entries)


def test_irrational_witnesses_are_left_as_they_are() -> None:
    """They have no numerators to compare."""
    problem = Problem(network=[1, 1, 1], samples=1, where=["w1**2 == 2", "w2 == w1"])
    answer = zg.smallest(problem, effort=100)
    assert isinstance(answer, zg.Sat)
    assert answer.witness.field is not None
    assert answer.smallest is None


def test_effort_ends_it_the_same_way_each_time() -> None:
    """A limit in steps, not seconds, gives the same witness on any machine, and does not claim a proof."""
    problem = Problem(network=[1, 2, 1], samples=3, **HEADLINE)
    known = zg.solve(problem)
    assert isinstance(known, zg.Sat)
    found = [
        smallest(problem, known.witness, count=1, seed=0, budget=Budget(inf, 200), progress=lambda _: None)
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert found[0].exhausted < size(found[0].witnesses[0]).height
    assert size(found[0].witnesses[0]) <= size(known.witness)


def test_count_must_be_positive() -> None:
    """None at all is not a question."""
    problem = Problem(network=[1, 1, 1], samples=3, **HEADLINE)
    with pytest.raises(ValueError, match="count must be at least 1, found 0"):
        zg.smallest(problem, count=0)


@pytest.mark.parametrize(
    ("bounds", "domain", "known", "height"),
    [
        ([3, None], "real", 4, 3),
        (["1/3", "2/5"], "real", "3/8", 3),
        ([None, "-3/2"], "real", -5, 2),
        (["3/2", "9/2"], "integer", 4, 2),
        (["-1/2", 7], "real", 4, 1),
    ],
)
def test_bounds_may_need_a_height(bounds: list[Any], domain: str, known: int | str, height: int) -> None:
    """Heights below hold nothing, and those from there on are gone through."""
    network = Network(1, (Layer(1, LINEAR, bias=False),))
    problem = Problem(network=network, samples=1, bounds={"y": bounds}, domain=domain)
    assert least_height(problem, 1) == height
    values = (Fraction(1),), (((Fraction(1),), (Fraction(known),)),)
    found = ranked(problem, witness_of(problem, values))
    assert size(found.witnesses[0]).height == found.exhausted == height


@pytest.mark.parametrize("large", ["100", "1/10", "1000000", "7777777777777777777777"])
def test_beside_a_large_given_value_the_others_are_small(large: str) -> None:
    """Although the height is what it is, and all values up to it are too many, or take too long to list."""
    network = Network(1, (Layer(1, RELU, bias=False), Layer(1, LINEAR, bias=False)))
    problem = Problem(network=network, samples=2, given={"y": [large, None]}, nonzero=["w1"])
    rows = ((Fraction(3),), (Fraction(large),)), ((Fraction(4),), (Fraction(9),))
    known = witness_of(problem, ((Fraction(7), Fraction(2000003)), rows))
    best = size(ranked(problem, known, effort=5000).witnesses[0])
    assert best.height == max(Fraction(large).numerator, Fraction(large).denominator)
    if best.height < 10**9:  # beyond, numbers of 64 bits might not hold what comes of them
        assert not best.on_kink
        assert best.total == Fraction(large) + 4  # both weights and inputs are 1 or −1


def test_what_was_known_before_plays_no_part_in_a_proved_answer() -> None:
    """Also where it is in a form, here an order of samples, that the search itself never gives."""
    problem = Problem(
        network=[1, 1, 1],
        samples=2,
        zero=["w2"],
        where=["distinct(r)"],
        bounds={"x": ["1/2", None], "w2": ["1/2", None]},
    )
    rows = [((Fraction(1),), (Fraction(-1),)), ((Fraction(1),), (Fraction(0),))]
    parameters = (Fraction(0), Fraction(0), Fraction(1), Fraction(0))
    one, other = (ranked(problem, witness_of(problem, (parameters, tuple(r)))) for r in (rows, rows[::-1]))
    assert one == other
    assert one.exhausted == size(one.witnesses[0]).height == 1


def test_rechecks_do_not_take_the_time_of_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading torch takes seconds, in which smaller witnesses are looked for."""
    calls: list[Witness] = []
    children: list[Child] = []
    send = Child.send

    def sent(child: Child, line: bytes) -> None:
        children.append(child)
        send(child, line)

    def slowly(witness: Witness) -> dict[str, Any]:
        if not calls:  # until the search has something to say
            assert select.select([children[-1]], [], [], 60)[0]
        calls.append(witness)
        return {"float64": "slow"}

    monkeypatch.setattr(Child, "send", sent)
    monkeypatch.setattr("zerograd.evaluate.recheck.recheck", slowly)
    problem = Problem(network=[1, 1, 1], samples=1, nonzero=["w1"])
    answer = zg.smallest(problem, certify=False)
    assert isinstance(answer, zg.Sat)
    assert answer.smallest is not None
    assert answer.smallest.proved
    assert calls[-1] == answer.witness
    assert answer.checks == {"float64": "slow"}


def test_the_smallest_so_far_is_told() -> None:
    """Each is smaller than the one before it, and the last is the answer."""
    problem = Problem(network=[1, 1, 1], samples=1, nonzero=["w1"])
    values = (Fraction(5), Fraction(0), Fraction(3), Fraction(0)), (((Fraction(1),), (Fraction(2),)),)
    told: list[Ranked] = []
    found = smallest(
        problem,
        witness_of(problem, values),
        count=3,
        seed=0,
        budget=Budget(inf),
        progress=lambda _: None,
        improved=told.append,
    )
    sizes = [size(ranked.witnesses[0]) for ranked in told]
    assert sizes == sorted(sizes, reverse=True)
    assert (told[-1].witnesses[0], told[-1].exhausted) == (found.witnesses[0], found.exhausted)


@pytest.mark.parametrize(
    ("network", "zero", "nonzero", "samples"),
    [([1, 2, 1], ["w1", "b1"], ["w2", "b2"], 1), ([1, 1, 1], ["w2", "b2"], ["w1", "b1"], 3)],
)
def test_of_any_number_of_samples_the_fewest(
    network: list[int], zero: list[str], nonzero: list[str], samples: int
) -> None:
    """The first witness to come may have more; those with fewer are ruled out, and the attempts say so."""
    problem = Problem(network=network, samples="any", zero=zero, nonzero=nonzero)
    answer = zg.smallest(problem, timeout=30)
    assert isinstance(answer, zg.Sat)
    assert answer.witness.samples == samples
    zg.verify(problem, answer)
    attempts = [(attempt.samples, attempt.status) for attempt in answer.run.attempts]
    assert attempts == [*((fewer, "unsat") for fewer in range(1, samples)), (samples, "sat")]
    again = answer_from_json(json.loads(json.dumps(answer.to_json())), problem)
    assert again == answer
