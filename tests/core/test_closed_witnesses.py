"""Witnesses in closed form: accepted by the checker alone, refused when they are off by a digit."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from fractions import Fraction
from math import prod
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

import zerograd
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.activations import ACTIVATIONS
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.smooth import elu
from zerograd.core.numbers import real
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.closed import Closed, log
from zerograd.core.numbers.exact import exact_from_json, exact_to_json
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.functions import NotClosed
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import Ball
from zerograd.core.question.documents import problem_from_json, read_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.checking import check_result, check_witness
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import Witness, witness_from_json

F = Fraction
CORPUS = Path(__file__).parent / "corpus"
NAMES = ["sigmoid-log-2", "tanh-logarithms", "softplus-log-2", "sin-pi", "silu-log-2"]


def pair(name: str) -> tuple[Problem, dict[str, Any]]:
    folder = CORPUS / "accept"
    problem = problem_from_json(read_json(folder / f"{name}.problem.json"))
    data = read_json(folder / f"{name}.result.json")
    assert isinstance(data, dict)
    return problem, data


def check(tmp_path: Path, problem: Problem, data: object) -> subprocess.CompletedProcess[str]:
    """The checker in a process of its own."""
    files = [tmp_path / "problem.json", tmp_path / "result.json"]
    for file, content in zip(files, (problem.to_json(), data), strict=True):
        file.write_text(json.dumps(content), encoding="utf-8")
    root = str(Path(zerograd.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-S", "-m", "zerograd.core.check", *map(str, files)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": root, "PYTHONUTF8": "1"},
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", NAMES)
def test_accepted_by_the_standard_library(name: str, tmp_path: Path) -> None:
    """The checker accepts it in a process that has nothing but the standard library."""
    done = check(tmp_path, *pair(name))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "accepted: a witness with 3 samples, re-checked exactly\n"


@pytest.mark.parametrize("change", ["1/1000", "log(2)", "pi/1000000"])
@pytest.mark.parametrize("name", NAMES)
def test_off_by_a_little(name: str, change: str) -> None:
    """A target that is off is refused, whichever it is."""
    problem, data = pair(name)
    data = data["witness"]
    for sample in range(3):
        moved = copy.deepcopy(data)
        (target,) = moved["y"][sample]
        moved["y"][sample] = [exact_to_json(exact_from_json(target, None) + exact_from_json(change, None))]
        with pytest.raises(Refused) as error:
            check_witness(problem, witness_from_json(problem, moved))
        assert "∂L/∂b2[0]: expected 0" in str(error.value)


def test_refused_in_a_process(tmp_path: Path) -> None:
    """A weight of log 3 in place of log 2, and one that leaves exp without a value."""
    problem, data = pair("sigmoid-log-2")
    for weight, line in (
        ("log(3)", "refused: ∂L/∂b2[0]: expected 0, found"),
        ("1/2", "refused: z1[1,0]: expected a number at which sigmoid and its derivative are exact numbers"),
        ("log(2)/2", "refused: z1[1,0]: expected a number at which sigmoid and its derivative are exact"),
    ):
        data["witness"]["parameters"]["w1"] = [[weight]]
        done = check(tmp_path, problem, data)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(line)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("log(0)", "log(0) is no number"),
        ("log(2", "is no term of a closed form"),
        ("1/log(2)", "is no term of a closed form"),
        (f"log({2**521 - 1})", "prime factors that are too large"),
    ],
)
def test_unusable_in_a_process(weight: str, message: str, tmp_path: Path) -> None:
    """What is no closed form is named, and the checker ends with code 2."""
    problem, data = pair("sigmoid-log-2")
    data["witness"]["parameters"]["w1"] = [[weight]]
    done = check(tmp_path, problem, data)
    assert done.returncode == 2
    assert done.stderr.startswith("error: w1[0][0]: ")
    assert message in done.stderr


def test_closed_forms_and_fields_do_not_mix() -> None:
    """A witness has numbers of one kind beside rational ones."""
    problem, data = pair("sigmoid-log-2")
    data["witness"]["field"] = {"polynomial": ["-2", "0", "1"], "interval": ["1", "2"]}
    data["witness"]["x"][0] = [{"alpha": ["0", "1"]}]
    with pytest.raises(FormatError, match="closed forms as well as of a number field"):
        check_result(problem, data)


def test_a_closed_witness_has_no_size() -> None:
    """Sizes are of rational witnesses alone."""
    problem, data = pair("sigmoid-log-2")
    witness = check_result(problem, data)
    assert isinstance(witness, Witness)
    assert size_of(witness) is None
    assert witness.field is None
    assert isinstance(witness.parameters["w1"][0, 0], Closed)


def test_size_of_a_rational_witness_of_a_smooth_question() -> None:
    """A smooth unit at 0 has rational values, and may be on a kink there."""
    for activation, on_kink in ((ACTIVATIONS["sigmoid"], False), (elu(2), True), (elu(1), False)):
        network = Network(1, (Layer(1, activation), Layer(1, "linear")))
        zero = {"w1": 0, "b1": 0, "w2": 1, "b2": 0, "x": 2, "y": 3}
        problem = Problem(network=network, samples=1, nonzero=["b2"], given={})
        shapes = variable_shapes(network, 1)
        witness = Witness.of(problem, {name: Array(shapes[name], (value,)) for name, value in zero.items()})
        check_witness(problem, witness)
        assert size_of(witness) == Size(3, on_kink, 0, F(6), 3)


def test_conditions_on_closed_forms() -> None:
    """Conditions are decided exactly; one that cannot be is refused, not guessed."""
    problem, data = pair("sigmoid-log-2")
    witness = witness_from_json(problem, data["witness"])
    for condition, holds in (
        ("w1 > 0.69314718055994", True),
        ("w1 > 0.69314718055995", False),
        ("w1 * w1 < w1", True),
        ("z1 == x * w1", True),
        ("distinct(z1)", True),
        ("abs(-w1) == w1", True),
        ("z1 / w1 == x", True),
        ("1 / w1 > 1", False),
        ("w1 != 0", True),
    ):
        asked = Problem(**{**_question(problem), "where": ["w1 != 0", condition]})
        moved = Witness(asked, witness.parameters, witness.x, witness.y)
        if holds:
            check_witness(asked, moved)
        else:
            with pytest.raises(Refused, match=r"where\[1\]"):
                check_witness(asked, moved)


def _question(problem: Problem) -> dict[str, Any]:
    return {
        "network": problem.network,
        "samples": problem.samples,
        "zero": ["w2", "b2"],
        "nonzero": ["w1", "b1"],
    }


def test_bounds_and_domain() -> None:
    """Bounds are compared exactly, and log 2 is no integer."""
    problem, data = pair("sigmoid-log-2")
    witness = witness_from_json(problem, data["witness"])
    for more, message in (
        (
            {"bounds": {"w1": ["0", "0.69"]}},
            r"bounds of w1\[0,0\]: expected at most 69/100, found log\(2\)",
        ),
        ({"domain": "integer"}, r"domain of w1\[0,0\]: expected an integer, found log\(2\)"),
        ({"given": {"w1": [["7/10"]]}}, r"given w1\[0,0\]: expected 7/10, found log\(2\)"),
    ):
        asked = Problem(**{**_question(problem), **more})
        with pytest.raises(Refused, match=message):
            check_witness(asked, Witness(asked, witness.parameters, witness.x, witness.y))


def test_products_that_grow_are_refused() -> None:
    """Numbers beyond the bounds of closed forms end in a refusal."""
    value = log(2) * log(3) + log(5) * log(7)
    with pytest.raises(NotClosed):
        for _ in range(40):
            value = value * value


def test_a_loss_that_is_no_exact_number_is_enclosed() -> None:
    """log(1 + 2^67) has a prime factor that is too large: the gradients are exact, the loss is a ball."""
    network = Network(1, (Layer(1, "linear"),))
    problem = Problem(network=network, samples=1, nonzero=["b1"], loss="bce_with_logits")
    values: dict[str, Any] = {"w1": log(2), "b1": 0, "x": 67, "y": F(1, 2)}
    shapes = variable_shapes(network, 1)
    witness = Witness.of(problem, {name: Array(shapes[name], (value,)) for name, value in values.items()})
    check_witness(problem, witness)
    with pytest.raises(NotClosed):
        _ = witness.point.loss
    document = Sat(witness, problem=problem).to_json()
    claimed = document["loss"]
    assert claimed["centre"].startswith("23.2204")  # log(1 + 2^67) − 67·log(2)/2
    check_result(problem, document)
    for wrong in ({"centre": "23.2", "radius": "0.001"}, "67/2*log(2)", "23"):
        with pytest.raises(Refused, match="claimed loss"):
            check_result(problem, document | {"loss": wrong})
    asked = Problem(network=network, samples=1, nonzero=["b1"], loss="bce_with_logits", where=["loss > 1"])
    with pytest.raises(Refused, match=r"where\[0\]: expected loss > 1, found that it is not decided"):
        check_witness(asked, Witness(asked, witness.parameters, witness.x, witness.y))


HOSTILE = {
    "logarithms of long numbers": ("softplus", "log(3)", range(1000, 1100), 1),
    "long fractions": ("sigmoid", "log(3)", range(8000, 8010), 1),
    "powers that are too long": ("exp", "log(3)", range(100_000, 100_100), 1),
    "a tower of squares": ("square", "7/3", range(1, 5), 40),
    "a tower of squared logarithms": ("square", "log(2)", range(1, 5), 30),
    "many terms": ("square", "+".join(f"log({n})" for n in range(2, 80)), range(1, 10), 3),
    "quotients of quotients": ("softsign", "7/3", range(1, 9), 30),
    "fractions of logarithms": ("silu", "log(2)", range(1, 5), 5),
}


@pytest.mark.parametrize(("activation", "weight", "inputs", "depth"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_witnesses_are_refused_quickly(
    activation: str, weight: str, inputs: range, depth: int
) -> None:
    """Small documents whose numbers would grow without end: refused, by name, within seconds."""
    layers = (*[Layer(2, ACTIVATIONS[activation])] * depth, Layer(1, "linear"))
    network = Network(1, layers)
    problem = Problem(network=network, samples=len(inputs), zero=[f"b{depth + 1}"])
    parameters: dict[str, Any] = {}
    for name, shape in network.shapes.items():
        entry = "0" if name[0] == "b" else weight if name == "w1" else "1"
        parameters[name] = Array(shape, (entry,) * prod(shape)).tolist()
    document = {
        "format": "zerograd.witness/1",
        "problem": problem.digest,
        "parameters": parameters,
        "x": [[x] for x in inputs],
        "y": [[0] for _ in inputs],
    }
    start = perf_counter()
    with pytest.raises(Refused):
        check_result(problem, document)
    assert perf_counter() - start < 20


def test_enclosures_and_closed_forms_compare() -> None:
    """An enclosure is compared with numbers of every kind; what it leaves open is not known."""
    near = Interval.between(F(69, 100), F(70, 100))
    root = Algebraic(NumberField((F(-2), F(0), F(1)), F(1), F(2)), (F(0), F(1)))
    assert real.compare(near, log(2)) is None
    assert (real.compare(near, log(3)), real.compare(log(3), near)) == (-1, 1)
    assert (real.compare(near, root), real.compare(root, near)) == (-1, 1)
    for value, number in ((log(2), 0.6931471805599453), (root, 2**0.5)):
        interval = real.enclosed(value)
        assert isinstance(interval, Interval)
        assert interval.radius < F(1, 2**120)
        assert float(interval.midpoint) == number
    assert real.enclosed(F(1, 3)) == F(1, 3)
    assert Ball(F(7, 10), F(1, 100)).contains(log(2))
    assert not Ball(F(7, 10), F(1, 1000)).contains(log(2))
