"""Questions in which everything is given, of many kinds: answered by one calculation, with evidence."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from math import inf
from random import Random
from time import monotonic
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from tests.independent.check import verdict
from zerograd import calculating
from zerograd.core.errors import Refused, TooMuchWork
from zerograd.core.numbers.work import budget, spend
from zerograd.core.question.documents import parse_json, problem_from_json
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.results import answer_from_json

PIECEWISE = ("relu", "abs", "hardtanh", {"leaky_relu": "1/10"}, "relu6", "linear")
RATIONAL = ("square", "softsign", "hardswish", "relu_squared")
SMOOTH = ("tanh", "sigmoid", "gelu", "softplus", "silu", "elu", "sin")
LOSSES: tuple[Any, ...] = ("mse", "sse", "mae", {"huber": "1/2"}, "smooth_l1", "mean", "sum")
KINKS = ("torch", "left", "right", "mean", "forbid", "any", "all")


def question(
    chance: Random, activations: tuple[Any, ...], *, losses: tuple[Any, ...] = LOSSES, floats: bool = False
) -> dict[str, Any]:
    """A network with everything given; small whole numbers put samples on kinks, fractions off them."""
    widths = [chance.randint(1, 4) for _ in range(chance.choice([2, 3]))] + [chance.randint(1, 2)]
    samples = chance.randint(1, 3)

    def number() -> str:
        if floats:
            return str(Fraction(chance.uniform(-1, 1)))
        return str(Fraction(chance.randint(-4, 4), chance.choice([1, 1, 2, 3])))

    def matrix(rows: int, columns: int) -> list[list[str]]:
        return [[number() for _ in range(columns)] for _ in range(rows)]

    given: dict[str, Any] = {"x": matrix(samples, widths[0]), "y": matrix(samples, widths[-1])}
    layers: list[dict[str, Any]] = []
    for layer, (below, units) in enumerate(pairwise(widths), start=1):
        given[f"w{layer}"] = matrix(units, below)
        given[f"b{layer}"] = [number() for _ in range(units)]
        last = layer == len(widths) - 1
        layers.append({"units": units, "activation": "linear" if last else chance.choice(activations)})
    return {
        "network": {"inputs": widths[0], "layers": layers},
        "samples": samples,
        "loss": chance.choice(losses),
        "derivative_at_kink": chance.choice(KINKS[:5]),
        "given": given,
    }


def asked(chance: Random, data: dict[str, Any]) -> dict[str, Any]:
    """Something that is so or is not."""
    depth = len(data["network"]["layers"])
    names = [f"w{depth}", "w1", "b1", f"b{depth}[0]", "x", "x[0,0]"]
    kind = chance.choice(["zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative"])
    if chance.random() < 0.4:
        texts = ["loss < 1", "y_hat > 0", "grad(w1) != 0", "sum(x) < max(w1)", "r != 0", "grad(b1[0]) >= 0"]
        return {"where": [chance.choice(texts), f"z1[0,0] {chance.choice('<>')} 0"]}
    several = 2 if kind == "any_nonzero" else 1
    return {kind: chance.sample(names, several)}


def checked(problem: zg.Problem, answer: zg.Answer) -> None:
    """The document of an answer is accepted, and read back."""
    document = parse_json(json.dumps(answer.to_json()))
    check_result(problem, document)
    assert answer_from_json(document).status == answer.status


def by_definition(data: dict[str, Any], answer: zg.Answer) -> None:
    """What is asked, turned around, is not so where it was; on a kink that is forbidden neither is."""
    (kind,) = {"zero", "nonzero", "positive", "negative", "some_nonzero", "any_nonzero", "where"} & set(data)
    if kind in ("some_nonzero", "any_nonzero"):
        turned = {"zero": data[kind]}
    elif kind == "where":
        turned = {"where": [f"not ({' and '.join(f'({text})' for text in data['where'])})"]}
    else:
        return
    other = {key: value for key, value in data.items() if key != kind} | turned
    found = zg.solve(problem_from_json(other), timeout=20)
    on_kink = data["derivative_at_kink"] == "forbid" and "off its kinks" in json.dumps(answer.to_json())
    assert {found.status, answer.status} == ({"unsat"} if on_kink else {"sat", "unsat"})


@pytest.mark.parametrize("seed", seeds(150, 20))
def test_exact_ones(seed: int) -> None:
    """Each is decided, by a witness or a calculation that the independent checker accepts as well."""
    chance = Random(seed)
    data = question(chance, PIECEWISE, floats=seed % 3 == 0)
    data |= asked(chance, data)
    problem = problem_from_json(data)
    answer = zg.solve(problem, timeout=20)
    assert answer.run.strategy == "calculation"
    checked(problem, answer)
    by_definition(data, answer)
    if isinstance(answer, zg.Unsat):
        assert answer.certificate is not None
        texts = json.dumps(problem.to_json()), json.dumps(answer.certificate.to_json())
        assert verdict(*texts) == "accepted"
        document = answer.certificate.to_json()
        document["parts"][0]["proof"] = {"cofactors": {"grad(w1[0,0]) = 0": [[["1"], []]]}}
        assert verdict(texts[0], json.dumps(document)).startswith("refused") or "-1" in str(answer.instead)


@pytest.mark.parametrize("seed", seeds(100, 14))
def test_enclosed_ones(seed: int) -> None:
    """So is each with smooth units or losses, but where numbers are 0 for no reason that enclosures see."""
    chance = Random(seed)
    activations = (*SMOOTH, *PIECEWISE) if seed % 2 else RATIONAL
    losses = (*LOSSES, "bce_with_logits") if seed % 4 == 1 else LOSSES
    data = question(chance, activations, losses=losses, floats=seed % 3 == 0)
    if data["loss"] == "bce_with_logits":
        data["given"]["y"] = [["1/3"] * len(row) for row in data["given"]["y"]]
    data |= asked(chance, data)
    problem = problem_from_json(data)
    answer = zg.solve(problem, timeout=20)
    if answer.status == "unknown":
        return
    checked(problem, answer)
    if seed % 2 == 0 and isinstance(answer, zg.Sat):
        assert answer.run.strategy == "calculation"
        assert not isinstance(answer.witness, EnclosedWitness)  # all is rational


def test_large_with_smooth_units() -> None:
    """A yes takes one pass, too: nothing is looked for. It did until the time was up."""
    chance = Random(1)

    def matrix(rows: int, columns: int) -> list[list[str]]:
        return [[str(Fraction(chance.uniform(-0.2, 0.2))) for _ in range(columns)] for _ in range(rows)]

    given = {"w1": matrix(16, 64), "b1": matrix(1, 16)[0], "w2": matrix(1, 16), "b2": matrix(1, 1)[0]}
    given |= {"x": matrix(1, 64), "y": matrix(1, 1)}
    layers = [{"units": 16, "activation": "tanh"}, {"units": 1}]
    data = {"network": {"inputs": 64, "layers": layers}, "samples": 1, "given": given}
    for query, status in (
        ({"nonzero": ["w1", "x"], "some_nonzero": ["w2"]}, "sat"),
        ({"zero": ["w1"]}, "unsat"),
    ):
        problem = problem_from_json({**data, **query})
        answer = zg.solve(problem, timeout=20)
        assert (answer.status, answer.run.strategy, answer.run.tried) == (
            status,
            "calculation",
            ("calculation",),
        )
        checked(problem, answer)


@pytest.mark.slow
@pytest.mark.parametrize("query", [{"zero": ["w1"]}, {"nonzero": ["b2"], "some_nonzero": ["w1"]}])
def test_three_seconds_are_enough_work(query: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted as it is done since products are quick; here on a machine of any speed."""
    chance = Random(0)

    def numbers(rows: int, columns: int) -> list[list[str]]:
        return [[str(Fraction(chance.uniform(-0.1, 0.1))) for _ in range(columns)] for _ in range(rows)]

    given = {"w1": numbers(64, 784), "b1": numbers(1, 64)[0], "w2": numbers(10, 64), "b2": numbers(1, 10)[0]}
    given |= {"x": numbers(1, 784), "y": numbers(1, 10)}
    network = {"inputs": 784, "layers": [{"units": 64, "activation": "tanh"}, {"units": 10}]}
    problem = problem_from_json({"network": network, "samples": 1, "given": given, **query})
    monkeypatch.setattr(calculating, "SHARE", inf)
    answer = calculating.calculated_answer(problem, monotonic(), 3.0)
    assert answer is not None
    assert answer.status == ("unsat" if "zero" in query else "sat")


def test_a_slow_machine_is_stopped_by_the_clock() -> None:
    """Half of the time is over: the answer is left to the search, in remembered work as well."""
    given = {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "x": 1, "y": 0}
    layers = [{"units": 1, "activation": "tanh"}, {"units": 1}]
    network = {"inputs": 1, "layers": layers}
    problem = zg.Problem(network=network, samples=1, given=given, zero=["w1"])
    assert calculating.calculated_answer(problem, monotonic() - 2, 3.0) is None
    assert calculating.calculated_answer(problem, monotonic(), 3.0) is not None
    meter = calculating.Timed(10**9, until=monotonic() - 1)
    with budget(meter.rest()), pytest.raises(TooMuchWork):
        spend(1)


def test_a_convention_that_answers_is_a_choice() -> None:
    """With samples on kinks under ``any``, the slopes of one convention are tried before a search."""
    numbers = {"w1": [[1], [1]], "b1": [0, 0], "w2": [[1, 1]], "b2": [0], "x": [[0], [1]], "y": [[1], [1]]}
    asked_ = {"network": [1, 2, 1], "samples": 2, "given": numbers, "derivative_at_kink": "any"}
    problem = problem_from_json({**asked_, "positive": ["b1"]})
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Sat) and answer.run.strategy == "calculation"
    assert set(answer.witness.slopes) == {"z1[0,0]", "z1[0,1]"}
    checked(problem, answer)


def test_a_carried_question_is_told_by_its_digest() -> None:
    """Another question, another title of a wrong form, and no canonical one are seen."""
    numbers = {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "x": [1], "y": [3]}
    problem = zg.Problem(network=[1, 1, 1], samples=1, given=numbers, zero=["w1"])
    document = zg.solve(problem).to_json()
    check_result(problem, document)
    question_ = document["problem"]["question"]

    def carrying(changed: dict[str, Any]) -> dict[str, Any]:
        return {**document, "problem": {**document["problem"], "question": changed}}

    check_result(problem, carrying({**question_, "title": "Another", "loss": {"mse": {"factor": 1}}}))
    with pytest.raises(Refused, match="the problem that it carries"):
        check_result(problem, carrying({**question_, "given": {**question_["given"], "w1": [["2"]]}}))
    for broken in ({"title": 3}, {"version": 2}, {"expect": "no"}, {"references": 1}):
        with pytest.raises(zg.ProblemError):
            check_result(problem, carrying({**question_, **broken}))
