"""Generic witnesses: the exact check in the core, the question narrowed to them, and answers that say so."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

import zerograd as zg
from tests.effort import seeds
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import Reference
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.real import Ball
from zerograd.core.numbers.work import budget
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.generic import MOST, against_generic, counts_residuals, meaning
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search.generic import MOST as MOST_CONDITIONS
from zerograd.search.generic import generic_question, unfit
from zerograd.search.generic_draws import smallest_drawn
from zerograd.show.text import answer_text

if TYPE_CHECKING:
    from tests.search.conftest import Dice

F = Fraction
HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def by_definition(witness: Witness) -> bool:
    """Whether a rational witness is generic, where nothing is given: ranks by elimination over all minors."""
    network = witness.problem.network
    if any(value == 0 for array in witness.parameters.values() for value in array.entries):
        return False
    for number, layer in enumerate(network.layers, start=1):
        rows = [list(row) for row in witness.parameters[f"w{number}"].rows()]
        if layer.bias:
            rows = [[*row, b] for row, b in zip(rows, witness.parameters[f"b{number}"].entries, strict=True)]
        for i, one in enumerate(rows):
            for other in rows[:i]:
                ratios = {Fraction(a) / Fraction(b) for a, b in zip(one, other, strict=True)}  # type: ignore[arg-type]
                if ratios == {1} if len(one) == 1 else len(ratios) == 1:
                    return False
    if len(set(witness.x.rows())) < witness.samples:
        return False
    if any(not any(column) for column in zip(*witness.x.rows(), strict=True)):
        return False
    both = zip(witness.forward.y_hat.rows(), witness.y.rows(), strict=True)
    if len({p == t for p, t in both}) == 2:
        return False
    kinks = [layer.activation.kinks for layer in network.layers]
    if any(v in known for known, z in zip(kinks, witness.forward.z, strict=True) for v in z.entries):
        return False
    pairs = zip(witness.forward.y_hat.entries, witness.y.entries, strict=True)
    return witness.problem.loss != "mae" or all(p != t for p, t in pairs)


@pytest.mark.parametrize("seed", range(60))
def test_the_check_and_the_narrower_question(seed: int, dice: type[Dice]) -> None:
    """Core, definition, and conditions: three say the same of witnesses that are nearly generic."""
    drawn = dice(f"generic {seed}")
    network = drawn.network(depth=2, width=3)
    samples = drawn.random.randint(1, 3)
    problem = Problem(network=network, samples=samples, loss=drawn.random.choice(["mse", "mae"]))
    values: dict[str, Any] = {
        name: Array.build(shape, lambda _: drawn.random.choice([-3, -2, -1, 1, 2, 3, Fraction(1, 2)]))
        for name, shape in variable_shapes(network, samples).items()
    }
    for name in drawn.random.sample(sorted(values), drawn.random.choice([0, 0, 1])):
        entries = list(values[name].entries)
        entries[0] = drawn.random.choice([0, entries[-1]])
        values[name] = Array(values[name].shape, tuple(entries))
    witness = Witness.of(problem, values)
    generic = not against_generic(witness)
    assert generic == by_definition(witness)
    assert generic == drawn.accepted(generic_question(problem, samples), values)


def witness_of(problem: Problem, **values: Any) -> Witness:
    arrays = {
        name: Array(shape, tuple(values[name]))
        for name, shape in variable_shapes(problem.network, len(values["y"])).items()
    }
    return Witness.of(problem, arrays)


GOOD: dict[str, Any] = {"w1": [1, 2], "b1": [1, 1], "w2": [1, -1], "b2": [3], "x": [1, 2, -4], "y": [9, 9, 9]}


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, ()),
        ({"w2": [0, -1]}, ("w2[0,0] is 0",)),
        ({"b1": [1, 2]}, ("units 0 and 1 of layer 1 are proportional",)),
        ({"w1": [-1, 1], "b1": [-1, 1], "x": [1, 2, 3]}, ("units 0 and 1 of layer 1 are proportional",)),
        ({"x": [1, 2, 1]}, ("samples 0 and 2 have the same inputs",)),
        ({"x": [1, 2, -1]}, ("z1[2,0] is on a kink",)),
        ({"y": [9, 1, 9]}, ("the residual of sample 1 is 0",)),
        ({"y": [2, 1, 3]}, ()),
    ],
)
def test_each_reason(change: dict[str, Any], reasons: tuple[str, ...]) -> None:
    """A generic witness, and one change for each thing that stands against it."""
    problem = Problem(network=[1, 2, 1], samples=3)
    assert against_generic(witness_of(problem, **GOOD | change)) == reasons


def test_what_is_given_does_not_count() -> None:
    """Zeros, units and inputs that the question gives are no chance; nor are bounds that leave one value."""
    values = GOOD | {"w1": [1, 1], "b1": [1, 1], "w2": [1, 0], "x": [1, 1, 2]}
    free = Problem(network=[1, 2, 1], samples=3)
    assert len(against_generic(witness_of(free, **values))) == 3
    fixed = Problem(
        network=[1, 2, 1],
        samples=3,
        given={"w1": [1, 1], "b1": [1, 1], "x": [1, 1, None]},
        bounds={"w2[0,1]": [0, 0]},
    )
    witness = witness_of(fixed, **values)
    assert against_generic(witness) == ()
    assert generic_question(fixed, 3).derivative_at_kink == "forbid"

    narrower = generic_question(fixed, 3)
    check_witness(narrower, witness.answering(narrower))


def test_units_with_one_number_are_compared_as_they_are() -> None:
    """One input and no bias: every unit is a multiple of every other."""
    problem = Problem(network=Network(1, (Layer(2, "relu", bias=False), Layer(1))), samples=1)
    values: dict[str, Any] = {"w2": [1, 2], "b2": [1], "x": [1], "y": [0]}
    assert against_generic(witness_of(problem, w1=[1, 2], **values)) == ()
    assert against_generic(witness_of(problem, w1=[2, 2], **values)) == (
        "units 0 and 1 of layer 1 are alike",
    )


def test_reasons_and_work_are_bounded() -> None:
    """A wide network that is all zeros has a few reasons, and a budget ends the check."""
    problem = Problem(network=[1, 40, 1], samples=1)
    zeros = {name: [0] * len(array.entries) for name, array in _zeros(problem).items()}
    witness = witness_of(problem, **zeros)
    assert len(against_generic(witness)) == MOST
    with budget(500), pytest.raises(Refused, match="work"):
        against_generic(
            witness_of(problem, **zeros | {"w1": [1] * 40, "b1": [*range(1, 41)], "w2": [1] * 40, "b2": [1]})
        )


def _zeros(problem: Problem) -> dict[str, Array[Any]]:
    return {name: Array.build(s, lambda _: 0) for name, s in variable_shapes(problem.network, 1).items()}


@pytest.mark.parametrize("domain", ["real", "integer"])
def test_an_answer_that_was_asked_to_be_generic(domain: str) -> None:
    """It says so and what it means; its record claims no more, and is read back and checked."""
    problem = Problem(network=[1, 1, 1], samples=3, domain=domain, **HEADLINE)
    answer = zg.solve(problem, prefer="generic")
    assert isinstance(answer, zg.Sat)
    assert answer.generic == against_generic(answer.witness) == ()
    assert answer.smallest is not None
    assert answer.smallest.size.height == 2
    assert not answer.smallest.proved  # a smaller one that is not generic is not ruled out
    document = json.loads(json.dumps(answer.to_json()))
    assert document["generic"] is True
    from zerograd.core.verdict.results import answer_from_json

    again = answer_from_json(document)
    assert isinstance(again, zg.Sat)
    assert again.generic == ()
    for text in (answer_text(answer), answer_text(again)):
        assert "generic   no weight or bias is 0, no two samples have the same inputs, no sample" in text
    with pytest.raises(Refused, match="generic: expected true, found false"):
        answer_from_json(document | {"generic": False})
    with pytest.raises(FormatError, match="generic: expected true or false, found 'yes'"):
        answer_from_json(document | {"generic": "yes"})
    other = zg.solve(problem, prefer="any")
    assert isinstance(other, zg.Sat)
    assert other.generic is None
    assert "generic" not in other.to_json()


@pytest.mark.parametrize("convention", ["any", "all"])
def test_chosen_slopes(convention: str) -> None:
    """A generic witness is on no kink, so no slope is chosen; making it small keeps it generic."""
    problem = Problem(
        network=[1, 1, 1],
        samples=3,
        domain="integer",
        derivative_at_kink=convention,
        prefer="generic",
        **HEADLINE,
    )
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Sat)
    assert answer.generic == ()
    assert size_of(answer.witness) <= Size(2, on_kink=False, non_integers=0, total=Fraction(11), nonzeros=10)  # type: ignore[operator]


def test_where_none_is_found() -> None:
    """A wish does not turn a yes into something else, and nothing is claimed of what was not found."""
    problem = Problem(
        network=[1, 1, 1], samples=3, where=["w1 == 0 or b2 == 0"], prefer="generic", **HEADLINE
    )
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Sat)
    assert answer.generic
    assert answer.to_json()["generic"] is False
    said = " ".join(answer_text(answer).split())
    assert (
        "generic no such witness was found, which does not show that there is none; here b2[0] is 0" in said
    )
    with pytest.raises(Refused, match=r"generic: expected that it is not claimed: .*b2\[0\] is 0"):
        zg.verify(problem, answer.to_json() | {"generic": True})
    with pytest.raises(Refused, match="generic"):
        answer.updated(generic=())


def test_a_no_stays_a_no() -> None:
    """There is nothing to prefer."""
    assert isinstance(zg.solve(Problem(network=[1, 1, 1], samples=2, **HEADLINE), prefer="generic"), zg.Unsat)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"b2": [Ball(F(1, 2), F(1, 4))]}, ()),
        ({"b2": [Ball(F(0), F(1, 4))]}, ("b2[0] may be 0",)),
        ({"b1": [1, Ball(F(3), F(1, 4))]}, ()),
        ({"b1": [1, Ball(F(2), F(1, 4))]}, ("units 0 and 1 of layer 1 are proportional",)),
    ],
)
def test_what_enclosures_leave_open(change: dict[str, Any], reasons: tuple[str, ...]) -> None:
    """It counts against the witness: a ball around 0 may be 0, rows may be proportional."""
    problem = Problem(network=Network(1, (Layer(2, "tanh"), Layer(1))), samples=1, zero=["b2"])
    values: dict[str, Any] = {"w1": [1, 2], "b1": [1, -1], "w2": [1, 1], "b2": [1], "x": [1], "y": [0]}
    box = {
        name: Array(shape, tuple((values | change)[name]))
        for name, shape in variable_shapes(problem.network, 1).items()
    }
    assert against_generic(EnclosedWitness(problem, box, [Reference("b2", (0,))])) == reasons


def test_irrational_numbers() -> None:
    """Algebraic numbers are compared exactly."""
    root = zg.solve(
        Problem(
            network=[1, 1, 1], samples=1, where=["w1**2 == 2", "w2 == w1", "b1 == 1", "b2 == 1", "x == 1"]
        )
    )
    assert isinstance(root, zg.Sat)
    assert not root.witness.is_rational
    assert against_generic(root.witness) == ()


def test_what_is_too_much_is_not_asked_for() -> None:
    """A thousand samples are half a million pairs."""
    assert unfit(Problem(network=[1, 1, 1], samples=1000), 1000) == (
        f"more than {MOST_CONDITIONS} pairs of units or samples would have to differ"
    )
    assert unfit(Problem(network=[1, 1, 1], samples=3), 3) is None


@pytest.mark.parametrize(("samples", "most"), [(3, 9), pytest.param(4, 6, marks=pytest.mark.slow)])
@pytest.mark.parametrize("seed", seeds(2, 1))
def test_small_generic_witnesses_are_drawn(samples: int, most: int, seed: int) -> None:
    """Constructions have parallel units here, and solvers have to give up: draws find small ones."""
    network = {"inputs": 2, "layers": [{"units": 2, "activation": {"leaky_relu": "1/10"}}, {"units": 1}]}
    problem = Problem(
        network=network, samples=samples, domain="integer", derivative_at_kink="forbid", **HEADLINE
    )
    witness = smallest_drawn(problem, samples, seed, time.monotonic() + 60, lambda _: None)
    assert witness is not None
    check_witness(problem, witness)
    assert against_generic(witness) == ()
    size = size_of(witness)
    assert size is not None
    assert size.height <= most
    assert size.non_integers == 0


@pytest.mark.slow
def test_draws_keep_to_what_is_given() -> None:
    """Given values and bounds stand, and one seed gives one witness."""
    problem = Problem(
        network=[1, 2, 1],
        samples=4,
        given={"b2": [1], "x": [2, None, None, None]},
        where=["-3 <= w1 <= 3"],
        **HEADLINE,
    )
    first, again = (smallest_drawn(problem, 4, 0, time.monotonic() + 60, lambda _: None) for _ in range(2))
    assert first is not None
    assert first == again
    check_witness(generic_question(problem, 4), first.answering(generic_question(problem, 4)))
    assert smallest_drawn(problem, 4, 0, time.monotonic(), lambda _: None) is None


def test_an_input_that_is_zero_makes_no_generic_example() -> None:
    """∂L/∂w1 = 0 since x = 0 on the only sample is no generic example; another sample makes one."""
    asked: dict[str, Any] = {"zero": ["w1"], "nonzero": ["w2", "b2", "b1"], "domain": "integer"}
    one = witness_of(
        Problem(network=[2, 1, 1], samples=1, **asked), w1=[1, 2], b1=[1], w2=[1], b2=[1], x=[0, 0], y=[1]
    )
    assert against_generic(one) == ("x[0,0] is 0", "x[0,1] is 0")
    assert (
        meaning(one)
        == "no weight or bias is 0, no input is 0, the residual is not 0, and the sample is on no kink"
    )
    answer = zg.solve(Problem(network=[2, 1, 1], samples=3, **asked), prefer="generic")
    assert isinstance(answer, zg.Sat)
    assert answer.generic == ()
    two = witness_of(
        Problem(network=[2, 1, 1], samples=2, **asked),
        w1=[1, 2], b1=[1], w2=[1], b2=[1], x=[0, 1, 0, 2], y=[1, 1],
    )  # fmt: skip
    assert against_generic(two) == ("input 0 is 0 on every sample",)


def test_residuals_that_the_question_may_force() -> None:
    """Conditions on targets, outputs, residuals or the loss, ∂L/∂x = 0, and losses without residuals."""
    for change in (
        {"where": ["r[0] == 0"]},
        {"where": ["y == y_hat"]},
        {"zero": ["x[0]"]},
        {"loss": "bce_with_logits"},
    ):
        assert not counts_residuals(Problem(network=[1, 1, 1], samples=2, **change))
    assert counts_residuals(Problem(network=[1, 1, 1], samples=2, **HEADLINE))
    fitted = witness_of(Problem(network=[1, 2, 1], samples=3), **GOOD | {"y": [9, 1, 9]})
    assert against_generic(fitted)
    assert not against_generic(fitted.answering(Problem(network=[1, 2, 1], samples=3, where=["r[1] == 0"])))


def test_unknown_preferences() -> None:
    """A word that is none."""
    with pytest.raises(ValueError, match="unknown preference 'nice'"):
        zg.solve(Problem(network=[1, 1, 1], samples=3, **HEADLINE), prefer="nice")
