"""Strategies never contradict one another, a known witness, or a question that has the same answer."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.errors import Refused
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import OF_EACH
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search.crew import Crew
from zerograd.search.portfolio import Portfolio
from zerograd.search.verdict import Found, Impossible, Verdict

if TYPE_CHECKING:
    from tests.search.conftest import Decide, Dice

COMPLETE = ("regions", "piecewise", "auto")
ONE_SIDED = ("construct", "fit", "guess", "identities")
"""They only ever say sat, or only ever unsat."""

RELATIONS = ("zero", "zero", "nonzero", "nonzero", "positive", "negative", "some_nonzero", "any_nonzero")


def random_question(seed: object) -> dict[str, Any]:
    """A small network and a random query, mostly without further conditions: sat or unsat, nobody knows."""
    chance = random.Random(f"question {seed}")
    hidden = chance.choice([[1], [1], [2], [2], [3], [1, 1], [2, 1]])
    widths = [chance.choice([1, 1, 2]), *hidden, 1]
    usual = ["relu", "relu", "relu", "abs", "hardtanh"]
    layers = [{"units": n, "activation": chance.choice(usual), "bias": chance.random() < 0.8} for n in hidden]
    output = {
        "units": 1,
        "activation": chance.choice(["linear", "linear", "relu"]),
        "bias": chance.random() < 0.8,
    }
    from zerograd.core.question.documents import network_from_json

    network = network_from_json({"inputs": widths[0], "layers": [*layers, output]})
    query: dict[str, list[str]] = {}
    for name in [*network.shapes, "x"]:
        if chance.random() < (0.15 if name == "x" else 0.75):
            query.setdefault(chance.choice(RELATIONS), []).append(name)
    where = chance.sample(
        ["x[0,0] < w1[0,0]", "loss == 1", "distinct(x)", "any(r > 0)", "w1 != 0", "w2 > 0", "sum(y) == 1",
         "z1 != 0", "abs(w1) == abs(w2[0,0])"],
        chance.choice([0, 0, 0, 1, 1, 2]),
    )  # fmt: skip
    return {
        "network": network,
        "samples": chance.choice([1, 2, 2, 2, 3]),
        **query,
        "where": where,
        "derivative_at_kink": chance.choice(
            ["torch", "left", "right", "mean", "default: torch, relu: 1/3", "forbid"]
        ),
    }


def verdicts(arguments: Mapping[str, Any], decide: Decide, seconds: float) -> dict[str, Verdict]:
    problem = Problem(**arguments)
    found = {strategy: decide(problem, strategy, seconds=seconds) for strategy in COMPLETE}
    return found | {strategy: decide(problem, strategy, seconds=0.1) for strategy in ONE_SIDED}


def agreed(found: Mapping[str, Verdict], told: object) -> Verdict | None:
    """The verdict that all strategies with a verdict came to."""
    sat = [v for v in found.values() if isinstance(v, Found)]
    unsat = [v for v in found.values() if isinstance(v, Impossible)]
    assert not (sat and unsat), f"{told}: {found}"
    verdicts: list[Verdict] = [*sat, *unsat]
    return verdicts[0] if verdicts else None


def compare_strategies(seeds: range, decide: Decide, seconds: float) -> tuple[int, int, int]:
    """(sat, unsat, undecided) questions."""
    sat = unsat = 0
    for seed in seeds:
        verdict = agreed(verdicts(random_question(seed), decide, seconds), seed)
        sat += isinstance(verdict, Found)
        unsat += isinstance(verdict, Impossible)
    return sat, unsat, len(seeds) - sat - unsat


def test_strategies_agree(decide: Decide) -> None:
    """On questions of which nobody knows the answer, no two verdicts contradict each other."""
    sat, unsat, undecided = compare_strategies(range(15, 30), decide, 1.0)
    assert sat >= 4
    assert unsat >= 1
    assert undecided <= 5


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1000, 1040, 1080, 1120])
def test_strategies_agree_on_more(first: int, decide: Decide) -> None:
    """The same with other questions."""
    sat, unsat, undecided = compare_strategies(range(first, first + 40), decide, 2.0)
    assert sat >= 5
    assert unsat >= 2
    assert undecided <= 12


def never_unsat(seeds: range, dice: type[Dice], decide: Decide, seconds: float) -> int:
    """How many of the questions with a planted witness were answered; none may be called impossible."""
    found = 0
    for seed in seeds:
        draw = dice(f"planted {seed}")
        domain = draw.random.choice(["real", "real", "real", "integer"])
        extra: dict[str, Any] = {"bounds": {n: [-40, 40] for n in "xy"}} if domain == "integer" else {}
        problem, _ = draw.planted(width=3, domain=domain, **extra)
        for strategy in COMPLETE:
            verdict = decide(problem, strategy, seconds=seconds)
            assert not isinstance(verdict, Impossible), f"{strategy}, seed {seed}: {problem.to_json()}"
            found += isinstance(verdict, Found)
    return found


def test_a_planted_witness_is_never_denied(dice: type[Dice], decide: Decide) -> None:
    """Questions that are known to have an answer: whatever the strategy, never unsat."""
    assert never_unsat(range(12), dice, decide, 0.8) >= 18


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1000, 1030, 1060, 1090])
def test_planted_witnesses_are_never_denied(first: int, dice: type[Dice], decide: Decide) -> None:
    """The same with other questions."""
    assert never_unsat(range(first, first + 30), dice, decide, 1.0) >= 54


# --- questions that must have the same answer --------------------------------------------------

FURTHER = [
    "x[0,0] > 0",
    "w1[0,0] < 1",
    "loss < 1",
    "x[0,0] <= x[1,0]",
    "any(y > 0)",
    "w1[0,0] == 2 or loss > 3",
]


def test_a_further_condition_never_makes_it_possible(decide: Decide) -> None:
    """Unsat stays unsat under more conditions."""
    unsat = 0
    for seed in range(100, 160):
        arguments = random_question(seed)
        if arguments["samples"] == 1 or not isinstance(decide(Problem(**arguments), seconds=1.0), Impossible):
            continue
        unsat += 1
        condition = random.Random(seed).choice(FURTHER)
        more = Problem(**{**arguments, "where": [*arguments["where"], condition]})
        for strategy in ("piecewise", "regions"):
            assert not isinstance(decide(more, strategy, seconds=1.0), Found), (seed, condition)
    assert unsat >= 3


def test_renamed_samples_have_the_same_answer(decide: Decide) -> None:
    """Given data in another order is the same dataset."""
    verdict_seen = set()
    for seed in range(16):
        chance = random.Random(f"rename {seed}")
        x = [chance.randint(-2, 2) for _ in range(3)]
        y = [chance.randint(-2, 2) for _ in range(3)]
        asked = chance.choice(
            [{"zero": ["w2", "b2"], "nonzero": ["w1"]},
             {"zero": ["w1", "b1", "w2", "b2"], "where": ["loss > 0"]},
             {"zero": ["w2", "b1"], "positive": ["b2"]}, {"negative": ["w1"], "zero": ["b1", "b2"]}]
        )  # fmt: skip
        order = chance.sample(range(3), 3)
        base: dict[str, Any] = {"network": [1, 1, 1], "samples": 3, **asked}
        one = decide(Problem(**base, given={"x": x, "y": y}), seconds=3.0)
        other = decide(
            Problem(**base, given={"x": [x[m] for m in order], "y": [y[m] for m in order]}), seconds=3.0
        )
        agreed({"one": one, "other": other}, (seed, x, y, asked))
        verdict_seen.add(type(one))
    assert {Found, Impossible} <= verdict_seen


def test_the_order_of_what_is_asked_does_not_matter(decide: Decide) -> None:
    """Names in another order, or entry by entry, ask the same."""
    for seed in range(200, 216):
        arguments = random_question(seed)
        problem = Problem(**arguments)
        turned: dict[str, Any] = {
            relation: [str(reference) for reference in reversed(references)]
            for relation, references in problem.query.items()
        }
        for relation in OF_EACH:
            turned[str(relation)] = [
                f"{name}[{','.join(map(str, index))}]"
                for name, index in reversed(problem.asked_entries(relation, arguments["samples"]))
            ]
        other = Problem(**{**arguments, **turned})
        agreed({"one": decide(problem, seconds=1.5), "other": decide(other, seconds=1.5)}, seed)


def test_scaling_the_targets_keeps_the_answer(decide: Decide) -> None:
    """Signs of gradients do not see the unit in which outputs are measured: w2, b2 and y scale along."""
    for seed in range(5):
        chance = random.Random(f"scale {seed}")
        x, y = ([chance.randint(-2, 2) for _ in range(3)] for _ in range(2))
        base: dict[str, Any] = {"network": [1, 1, 1], "samples": 3, "zero": ["w2", "b2"], "nonzero": ["b1"]}
        found = {
            str(factor): decide(Problem(**base, given={"x": x, "y": [factor * v for v in y]}), seconds=1.0)
            for factor in (1, 3, -1)
        }
        agreed(found, (seed, x, y))


@pytest.mark.parametrize(
    "questions", [range(300, 310), pytest.param(range(310, 340), marks=pytest.mark.slow)], ids=str
)
def test_conventions_differ_only_on_kinks(questions: range, decide: Decide) -> None:
    """What is possible off all kinks is so under each convention; a witness off kinks serves them all."""
    tested = 0
    for seed in questions:
        arguments = random_question(seed)
        found = {
            convention: decide(
                Problem(**{**arguments, "derivative_at_kink": convention}), "piecewise", seconds=1.0
            )
            for convention in ("forbid", "torch", "left", "right")
        }
        if isinstance(found["forbid"], Found):
            tested += 1
            assert not any(isinstance(v, Impossible) for v in found.values()), (seed, found)
        for convention, verdict in found.items():
            if isinstance(verdict, Found) and isinstance(found["forbid"], Impossible):
                tested += 1
                problem = Problem(**{**arguments, "derivative_at_kink": "forbid"})
                with pytest.raises(Refused, match="kink"):
                    check_witness(problem, Witness.of(problem, verdict.witness.variables))
                assert convention != "forbid"
    assert tested >= len(questions) // 4


def test_the_founding_case_knows_its_conventions(decide: Decide) -> None:
    """Two samples do under ReLU'(0) = 1, and under no other convention."""
    base: dict[str, Any] = {"network": [1, 1, 1], "samples": 2, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    for convention, expected in [
        ("torch", Impossible), ("left", Impossible), ("right", Found), ("forbid", Impossible),
    ]:  # fmt: skip
        for strategy in COMPLETE:
            verdict = decide(Problem(**base, derivative_at_kink=convention), strategy)
            assert isinstance(verdict, expected), (convention, strategy, verdict)


def test_answers_do_not_depend_on_earlier_questions(decide: Decide) -> None:
    """Asked first by a fresh solver, or after others: the same witness."""
    for seed, strategy in [(9, "regions"), (24, "regions"), (45, "auto"), (48, "auto")]:
        problem = Problem(**random_question(seed))
        with Crew() as fresh:
            first = Portfolio(fresh, strategy, 0, lambda _: None).decide(
                problem, problem.samples.least, time.monotonic() + 20
            )
        later = decide(problem, strategy, seconds=20.0)
        assert isinstance(first, Found)
        assert isinstance(later, Found)
        assert first.witness.to_json() == later.witness.to_json(), seed


@pytest.mark.parametrize(
    ("samples", "arguments"),
    [
        (3, {"network": [1, 2, 1], "zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}),
        (2, {"network": [1, 2, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}),
        (3, {"network": [1, 1, 1], "zero": ["w1", "b1", "w2"], "nonzero": ["b2"],
             "where": ["w2 != 0", "z1 > 0"]}),
        (2, {"network": [1, 1, 1], "zero": ["w2"], "positive": ["w1", "b1"],
             "where": ["w1 == b1", "w1 != 0"]}),
    ],
)  # fmt: skip
def test_known_impossibilities(samples: int, arguments: dict[str, Any], decide: Decide) -> None:
    """Questions with a proof on paper: unsat whatever the strategy and seed."""
    for strategy in COMPLETE:
        for seed in (0, 1):
            verdict = decide(Problem(samples=samples, **arguments), strategy, seed=seed, seconds=20.0)
            assert isinstance(verdict, Impossible), (strategy, seed, verdict)


def test_seeds_repeat_their_answers(decide: Decide) -> None:
    """The same seed finds the same witness, strategy by strategy, whatever was asked in between."""
    problem = Problem(network=[1, 2, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"])
    other = Problem(network=[2, 1, 1], samples=2, zero=["w2"], nonzero=["w1"], where=["w1[0,0] > 1"])
    for strategy in ("guess", "regions", "piecewise", "auto"):
        for seed in (0, 7):
            one = decide(problem, strategy, seed=seed)
            decide(other, strategy, seed=seed)
            two = decide(problem, strategy, seed=seed)
            assert isinstance(one, Found)
            assert isinstance(two, Found)
            assert one.witness.to_json() == two.witness.to_json()
