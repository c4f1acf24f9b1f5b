"""Some entry of any of several gradients: as a relation, and as conditions on signs."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zerograd as zg
from tests.effort import examples
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.loosening import loosened
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import asked_entries, hypotheses_fail, sufficient_samples
from zerograd.core.refuting.certificate import Alternatives, Certificate, Identity, Kind, Part
from zerograd.core.refuting.facts import Either
from zerograd.core.refuting.refutation import check_certificate, system_of
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.existence import violations

SHAPE: dict[str, Any] = {"network": [2, 2, 2]}
DEAD: dict[str, Any] = {"given": {"w1": [[0, 0], [0, 0]], "b1": [0, 0], "w2": [[0, 0], [0, 0]]}}


def test_it_is_asked_once_of_all_names() -> None:
    """One choice of several arrays, beside those of each name; it is a key of documents."""
    problem = Problem(**SHAPE, samples=2, some_nonzero=["w1", "b1"], any_nonzero=["w2", "b2[0]", "x", "b2"])
    each, other, together = problem.choices(2)
    assert (str(each), str(other), str(together)) == ("w1", "b1", "b2, b2[0], w2, x")
    assert len(together.entries) == len(set(together.entries)) == 4 + 2 + 4
    again = problem_from_json(problem.to_json())
    assert again.digest == problem.digest
    assert again.choices(2)[-1] == together  # facts are labelled by the names, in order


def test_what_cannot_be() -> None:
    """That all of them are zero, and that one is not."""
    with pytest.raises(ProblemError, match="every entry of these is asked to be zero"):
        Problem(**SHAPE, samples=1, zero=["w1", "b2"], any_nonzero=["w1", "b2[1]"])
    Problem(**SHAPE, samples=1, zero=["w1", "b2"], any_nonzero=["w1", "b1"])


@examples(150)
@given(data=st.data())
def test_the_checker_by_hand(data: st.DataObject) -> None:
    """A point is accepted if and only if some entry that is named is not zero."""
    numbers = st.sampled_from([Fraction(0), Fraction(0), Fraction(1), Fraction(-2)])
    shapes = {"w1": (2, 1), "b1": (2,), "w2": (1, 2), "b2": (1,), "x": (2, 1), "y": (2, 1)}
    arrays: dict[str, Array[Any]] = {
        name: Array.build(shape, lambda _: data.draw(numbers)) for name, shape in shapes.items()
    }
    named = data.draw(st.lists(st.sampled_from(["w1", "b1", "w2", "b2", "x", "w1[1,0]"]), min_size=1))
    problem = Problem(network=[1, 2, 1], samples=2, any_nonzero=named)
    point = _point(problem, arrays)
    values: list[Any] = []
    for name in named:
        array = point.gradients[name.partition("[")[0]]
        values += [array[1, 0]] if "[" in name else array.entries
    assert (not violations(problem, point)) == any(values)


def _point(problem: Problem, arrays: dict[str, Array[Any]]) -> Point[Any]:
    parameters = {name: arrays[name] for name in problem.network.shapes}
    return Point(problem.model, parameters, arrays["x"], arrays["y"], ExactActivate("torch"))


def test_systems_that_know_no_gradients_of_inputs_leave_it_out() -> None:
    """That one of the others is not zero would be more than is asked."""
    problem = Problem(network=[1, 1, 1], samples="any", any_nonzero=["w1", "x"])
    kinds: tuple[Kind, ...] = ("moments", "identities")
    for kind in kinds:
        assert not any(label.startswith("any ") for label in system_of(problem, kind, None).facts)
    fact = system_of(problem, "dataset", 2).facts["any grad(w1, x) != 0"]
    assert isinstance(fact, Either) and len(fact.parts) == 3
    looser = loosened(problem)
    assert looser is not None and not looser.choices(1)


def test_a_forged_certificate_is_refused() -> None:
    """That refutes the parameters' part alone, though an input's gradient will do."""
    problem = Problem(network=[1, 1, 1], samples=1, zero=["w1"], any_nonzero=["w1", "x"])
    leaf = Identity({"grad(w1[0,0]) = 0": _one()}, {"any grad(w1, x) != 0/0": 1})
    part = Part("dataset", 1, Alternatives("any grad(w1, x) != 0", {"0": leaf}))
    with pytest.raises(Refused, match="the cases 0, 1"):
        check_certificate(problem, Certificate(problem.digest, (part,)))


def _one() -> Polynomial:
    return Polynomial.constant(1)


@pytest.mark.parametrize("samples", [2, "any", "fewest"])
@pytest.mark.parametrize(
    "asked",
    [
        {"any_nonzero": ["w1", "w2"]},
        {"where": ["any([any(grad(w1) != 0), any(grad(w2) != 0)])"]},
        {"where": ["any(grad(w1) > 0) or not grad(w2) == 0 or any(grad(w1) < 0)"]},
    ],
    ids=str,
)
def test_impossible_for_every_number_of_samples(asked: dict[str, Any], samples: Any) -> None:
    """Layers that are zero let nothing back into either of them."""
    answer = zg.solve(Problem(**SHAPE, **DEAD, samples=samples, **asked), timeout=60)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None


@pytest.mark.parametrize("seed", range(12))
def test_some_entry_of_any_is_some_entry_of_one(seed: int) -> None:
    """A question that asks it of two has an answer if and only if that of one of them has."""
    chance = random.Random(f"any nonzero {seed}")
    activation = chance.choice(["relu", "abs", "hardtanh", "leaky_relu"])
    layers: list[dict[str, Any]] = [
        {"units": 1, "activation": activation, "bias": chance.random() < 0.7},
        {"units": 1},
    ]
    names = ["w1", "w2", "b2", "x"] + (["b1"] if layers[0]["bias"] else [])
    chance.shuffle(names)
    common: dict[str, Any] = {
        "network": {"inputs": 1, "layers": layers},
        "samples": chance.choice([1, 2]),
        "zero": names[:2],
        "where": chance.choice([[], ["w1 == 0"], ["x > 0"], ["w2 == 0"]]),
    }
    first, second = names[2:4]
    together = zg.solve(problem_from_json({**common, "any_nonzero": [first, second]}), timeout=60)
    each = {
        zg.solve(problem_from_json({**common, "some_nonzero": [name]}), timeout=60).status
        for name in (first, second)
    }
    assert together.status == ("sat" if "sat" in each else "unsat")
    if isinstance(together, zg.Sat):
        check_witness(together.problem, together.witness)


# --- how many samples it takes ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "enough"),
    [
        ({"any_nonzero": ["w1", "w2"]}, 1),
        ({"any_nonzero": ["w1", "w2"], "zero": ["b2"]}, 3),
        ({"where": ["any(grad(w1) != 0)"]}, 1),
        ({"where": ["grad(w1) != 0"]}, 4),
        ({"where": ["not grad(w1) == 0"]}, 1),
        ({"where": ["not any(grad(w1) == 0)"]}, 4),
        ({"where": ["grad(w1[0,0]) > 0 and grad(b2) <= 0"]}, 3),
        ({"where": ["grad(w1[0,0]) > 0 or grad(b2) <= 0"]}, 2),
        ({"where": ["grad(w1)[0,0] > 0 or 0 > -grad(w1[0,0])", "0 == grad(w1)[0,0]"]}, 2),
        ({"where": ["all([grad(w1) != 0, z1 > 0]) or w1[0,0] == 3"]}, 4),
        ({"where": ["any(any(grad(w1) != 0), all(grad(b2) == 0))"], "zero": ["b1"]}, 4),
    ],
    ids=str,
)
def test_signs_that_a_condition_needs(asked: dict[str, Any], enough: int) -> None:
    """One part of *or* is enough, each of *and* counts, once *not* is moved inwards."""
    problem = Problem(**SHAPE, samples="any", **asked)
    assert sufficient_samples(problem) == asked_entries(problem) == enough


@pytest.mark.parametrize(
    "where",
    [
        "grad(w1) > 1",
        "grad(w1[0,0]) == grad(w1[1,1])",
        "any(grad(x) != 0)",
        "grad(w1[0,0]) * loss == 0",
        "0 < grad(w1[0,0]) < 1",
        "not (grad(w1[0,0]) > 0 and x > 0)",
        "grad(w1[0,0]) != 0 or any(x > 0)",
        "sum(grad(w1)) == 0",
        "grad(w1[0,0])**2 > 0",
        "distinct(grad(w1))",
        "any(grad(w1) == w1)",
    ],
)
def test_more_than_signs(where: str) -> None:
    """Values of gradients, and what some sample alone fulfils, may need more samples."""
    assert "is not one on parameters" in str(hypotheses_fail(Problem(**SHAPE, samples="any", where=[where])))


CONDITIONS = [
    "grad(w1[0]) > 0 or grad(b2) != 0",
    "not grad(w2) == 0",
    "any(grad(w1) < 0) and any(grad(b1) != 0)",
    "not (any(grad(w1) == 0) or grad(b2) > 0)",
    "grad(w1) >= 0 or x > 0",
]


@pytest.mark.parametrize("where", CONDITIONS)
@pytest.mark.parametrize("seed", range(4))
def test_an_answer_with_many_samples_has_one_with_as_many_as_suffice(where: str, seed: int) -> None:
    """The theorem: what a random dataset fulfils, with other targets N of its samples fulfil."""
    chance = random.Random(f"{where} {seed}")

    def array(*shape: int) -> Array[Any]:
        return Array.build(shape, lambda _: chance.randint(-3, 3))

    names = {"w1": (2, 1), "b1": (2,), "w2": (1, 2), "b2": (1,), "x": (6, 1), "y": (6, 1)}
    problem = Problem(network=[1, 2, 1], samples=6, where=[where])
    arrays = {name: array(*shape) for name, shape in names.items()}
    while violations(problem, _point(problem, arrays)):
        arrays = {name: array(*shape) for name, shape in names.items()}
    fixed = {name: arrays[name].tolist() for name in problem.network.shapes}
    enough = sufficient_samples(problem)
    assert enough is not None
    fewer = Problem(network=[1, 2, 1], samples=enough, where=[where], given=fixed)
    assert zg.solve(fewer, timeout=60).status == "sat"
