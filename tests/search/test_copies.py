"""Large witnesses made of copies of small ones, against the checker; and how they are sent."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zerograd.core.model.activations import LINEAR, activation_named
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search import construct, copies
from zerograd.search.draws import Draws
from zerograd.search.messages import MANY, WIRE, Finding
from zerograd.search.verdict import Found

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def found(problem: Problem, seed: int = 0) -> Witness | None:
    """What the first draws find, checked."""
    drawn = Draws(1, 8, time.monotonic() + 60, seed, lambda _: None)
    verdict = construct.construct(problem, problem.samples.least, drawn)
    if not isinstance(verdict, Found):
        return None
    check_witness(problem, verdict.witness)
    return verdict.witness


@given(copies_=st.integers(1, 60), originals=st.integers(1, 9))
def test_numbers_of_copies(copies_: int, originals: int) -> None:
    """The numbers of the copies of one unit have the sum 1, and none is 0."""
    assume(copies_ >= originals)
    numbers = copies.numbers_of_copies(copies_, originals)
    assert len(numbers) == copies_ and 0 not in numbers
    assert all(sum(numbers[i::originals]) == 1 for i in range(originals))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Questions about whole arrays and about entries, of all kinds that copies are made for."""
    names = ("relu", "abs", "hardtanh", "leaky_relu", "relu6")
    hidden = draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    biased = draw(st.booleans())
    layers = [Layer(n, activation_named(draw(st.sampled_from(names))), biased) for n in hidden]
    last = Layer(draw(st.integers(1, 4)), LINEAR, draw(st.booleans()))
    network = Network(draw(st.integers(1, 6)), (*layers, last))
    known = list(network.shapes)
    zero = draw(st.lists(st.sampled_from(known), unique=True, max_size=3))
    rest = [name for name in known if name not in zero]
    relation = draw(st.sampled_from(["nonzero", "some_nonzero", "any_nonzero"]))
    others = draw(st.lists(st.sampled_from(rest), unique=True)) if rest else []
    assume(zero or others)
    asked: dict[str, Any] = {"zero": zero, relation: others}
    return Problem(
        network=network,
        samples=draw(st.integers(4, 30)),
        derivative_at_kink=draw(st.sampled_from(["torch", "left", "forbid", "mean"])),
        loss=draw(st.sampled_from(["mse", "sse"])),
        domain=draw(st.sampled_from(["real", "integer"])),
        **asked,
    )


@given(problem=problems(), seed=st.integers(0, 3))
def test_copies_answer_the_question(problem: Problem, seed: int) -> None:
    """What copies make of a small witness is accepted, whatever the widths, activations and conventions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "LARGE", 0)
        small = copies.small_question(problem, 1, 4)
        assume(small is not None)
        found(problem, seed)


@given(problem=problems())
def test_gradients_are_those_of_the_originals(problem: Problem) -> None:
    """Each gradient is that of its original times the number of the copy, but for the mean's factor."""
    width = 2
    small = copies.small_question(problem, width, min(4, problem.samples.least))
    assume(small is not None and small is not problem)
    assert small is not None
    chance = random.Random(1)
    values: dict[str, Any] = {
        name: Array.build(shape, lambda _: chance.randint(1, 9))
        for name, shape in variable_shapes(small.network, small.samples.least).items()
    }
    original = Witness.of(small, values)
    large = copies.copied(problem, problem.samples.least, original, chance)
    factors = [problem.model.loss.factor(*w.y.shape) for w in (original, large)]
    widths = problem.network.widths
    for number in range(1, problem.network.depth + 1):
        units = small.network.widths[number]
        numbers = copies.numbers_of_copies(widths[number], units)
        below = small.network.widths[number - 1]
        for (i, j), value in large.gradients[f"w{number}"].items():
            expected = original.gradients[f"w{number}"][i % units, j % below] * numbers[i]
            assert value / factors[1] == expected / factors[0]


def test_what_copies_are_not_made_for() -> None:
    """Small questions, and those whose answer is not one of whole arrays, are left to draws."""
    large: dict[str, Any] = {"network": [30, 40, 2], "samples": 20, **HEADLINE}
    assert copies.unfit(Problem(**large), 20) is None
    for change in (
        {"network": [2, 3, 1]},
        {"where": ["w1 != 1"]},
        {"given": {"b2": [0, 0]}},
        {"bounds": {"w1": [-1, 1]}},
        {"nonzero": ["w1", "x"]},
        {"nonzero": [], "positive": ["b1"]},
        {"derivative_at_kink": "any"},
        {"loss": "mae", "zero": ["w2"]},
    ):
        assert copies.unfit(Problem(**{**large, **change}), 20) is not None


def test_a_question_that_its_small_one_contradicts() -> None:
    """Where copies would have to differ in what is asked of them, draws look for the witness."""
    problem = Problem(network=[20, 40, 1], samples=30, zero=["w1[0,0]"], nonzero=["w1[1,0]"])
    assert copies.small_question(problem, 1, 4) is None
    assert found(problem) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        {"network": [30, 40, 10], "samples": 16, **HEADLINE},
        {"network": [1, 60, 1], "samples": 700, **HEADLINE},
        {"network": [3, 20, 20, 2], "samples": 100, "zero": ["w3", "b3", "w2"], "nonzero": ["w1", "b1"]},
        {"network": [3, 50, 1], "samples": 300, "zero": ["b1", "w2"], "nonzero": ["w1", "b2"]},
    ],
)
def test_large_questions(arguments: dict[str, Any]) -> None:
    """They have witnesses of small integers, the same ones for a seed, in which samples differ."""
    problem = Problem(**arguments)
    witness = found(problem)
    assert witness is not None
    assert witness == found(problem) != found(problem, seed=1)
    numbers: list[Any] = [v for array in witness.variables.values() for v in array.entries]
    largest = max(abs(v) for v in numbers)
    assert largest <= 200 * (1 if problem.network.inputs > 1 else problem.samples.least)
    assert len(set(witness.x.rows())) > 3 * witness.samples / 4 or problem.network.inputs > 1


@pytest.mark.parametrize("size", [1, 100, 40_000, 2**40, 2**80])
def test_witnesses_on_the_wire(size: int) -> None:
    """A witness arrives as it was sent, whatever the size of its numbers."""
    problem = Problem(network=[5, 200, 1], samples=10, **HEADLINE)
    shapes = variable_shapes(problem.network, 10)
    chance = random.Random(size)
    values: dict[str, Any] = {
        name: Array.build(shape, lambda _: chance.randint(-size, size)) for name, shape in shapes.items()
    }
    witness = Witness.of(problem, values)
    assert sum(len(array.entries) for array in witness.variables.values()) > MANY
    finding = Finding(Found(witness, "construct"))
    line = WIRE.write(finding)
    assert line.count(b"\n") == 1
    assert WIRE.read(line, problem) == finding
