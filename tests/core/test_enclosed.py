"""Enclosed witnesses: what the checker accepts, what it refuses, and that mpmath agrees."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given, reject
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import Reference, entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import Ball
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.checking import accepted_line, check_result, check_witness
from zerograd.core.verdict.enclosed import EnclosedWitness, any_witness_from_json
from zerograd.core.verdict.results import answer_from_json

mpmath = pytest.importorskip("mpmath")

from tests.core.enclosing import DIGITS, Unsolvable, enclosed, gradients, mp, solve  # noqa: E402 - it needs mpmath

F = Fraction


def founding(activation: str = "sigmoid", **changes: Any) -> Problem:
    """The founding question with another hidden activation."""
    asked: dict[str, Any] = {"samples": 3, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    network = Network(1, (Layer(1, activation), Layer(1, "linear")))
    return Problem(network=network, **(asked | changes))


VALUES: dict[str, Any] = {
    "w1": [[1]],
    "b1": [0],
    "w2": [[1]],
    "b2": [0],
    "x": [[-1], [0], [2]],
    "y": [[F(-3, 4)], [0], [0]],
}
TARGETS = {"y[1]": 1, "y[2]": 1}
EQUATIONS = ["w2[0]", "b2[0]"]


def targets_unknown(activation: str = "sigmoid", **changes: Any) -> EnclosedWitness:
    """Two targets are unknown: the equations are linear in them."""
    return enclosed(founding(activation, **changes), VALUES, TARGETS, EQUATIONS)


def weights_unknown(activation: str = "tanh") -> EnclosedWitness:
    """A weight of each layer is unknown: the equations are not linear."""
    values = VALUES | {"y": [[F(1, 2)], [F(-1, 4)], [F(1, 3)]]}
    return enclosed(founding(activation), values, {"w2[0]": F(1, 2), "b2[0]": 0}, EQUATIONS)


def changed(witness: EnclosedWitness, name: str, index: tuple[int, ...], value: Any) -> EnclosedWitness:
    """The witness with another entry."""
    array = witness.box[name]
    entries = tuple(value if i == index else v for i, v in array.items())
    box = {**witness.box, name: Array(array.shape, entries)}
    return EnclosedWitness(witness.problem, box, witness.equations, witness.dropped)


def widened(witness: EnclosedWitness, change: Callable[[Ball], Ball]) -> EnclosedWitness:
    """The witness with other balls."""
    for (name, index), ball in witness.unknowns.items():
        witness = changed(witness, name, index, change(ball))
    return witness


def refusal(witness: EnclosedWitness) -> str:
    with pytest.raises(Refused) as refused:
        check_witness(witness.problem, witness)
    return str(refused.value)


# --- accepted ---------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("make", [targets_unknown, weights_unknown])
def test_accepted(make: Callable[[str], EnclosedWitness], activation: str) -> None:
    """The checker proves the solution near which mpmath's lies, and encloses what mpmath computes."""
    witness = make(activation)
    check_witness(witness.problem, witness)
    agrees_with_mpmath(witness)
    assert [witness.gradients[name].entries for name in ("w2", "b2")] == [(0,), (0,)]


def agrees_with_mpmath(witness: EnclosedWitness) -> None:
    """Newton's method stays in the box, and what it comes to lies in every enclosure."""
    centres = {name: array.map(centre_of) for name, array in witness.box.items()}
    guesses = {entry(name, index): float(ball.centre) for (name, index), ball in witness.unknowns.items()}
    nested = {name: array.tolist() for name, array in centres.items()}
    with mpmath.workdps(DIGITS + 10):
        solution = solve(witness.problem, nested, guesses, [*map(str, witness.equations)])
        values = {(name, i): mp(v) for name, a in centres.items() for i, v in a.items()} | solution
        for (name, index), ball in witness.unknowns.items():
            assert abs(solution[name, index] - mp(ball.centre)) <= mp(ball.radius)
            assert holds(witness.variables[name][index], solution[name, index])
        for (name, index), value in gradients(witness.problem, values, witness.samples).items():
            if name != "y":
                assert holds(witness.gradients[name][index], value)


def centre_of(value: Any) -> int | Fraction:
    return value.centre if isinstance(value, Ball) else value


def holds(number: Any, value: Any) -> bool:
    """Whether an enclosure holds what mpmath computed to some 60 digits."""
    slack = mpmath.mpf(10) ** -50
    if isinstance(number, Interval):
        return bool(mp(number.low) - slack <= value <= mp(number.high) + slack)
    return bool(abs(mp(number) - value) < slack)


def test_a_document_says_it_all() -> None:
    """What is written is read back with the same digits; the answer's document is accepted, balls and all."""
    witness = targets_unknown()
    answer = Sat(witness, problem=witness.problem)
    document = json.loads(json.dumps(answer.to_json()))
    assert any_witness_from_json(witness.problem, document["witness"]) == witness
    assert accepted_line(witness.problem, check_result(witness.problem, document)) == (
        "accepted: a witness with 3 samples, enclosed to 10⁻²⁵, proved again"
    )
    assert document["gradients"]["w2"] == [["0"]]
    assert set(document["gradients"]["b1"][0]) == {"centre", "radius"}
    read = answer_from_json(document)
    assert isinstance(read, Sat)
    assert read.witness.to_json() == witness.to_json()


def test_the_documented_example() -> None:
    """The example in docs/FORMATS.md answers the founding question with the sigmoid."""
    page = (Path(__file__).parents[2] / "docs" / "FORMATS.md").read_text(encoding="utf-8")
    shown = page.split("<!-- enclosed witness -->\n```json\n")[1].split("```")[0]
    assert isinstance(check_result(founding(), json.loads(shown)), EnclosedWitness)


def test_checked_with_nothing_else_importable(tmp_path: Path) -> None:
    """``python -m zerograd.core.check`` takes the standard library alone, also for enclosures."""
    witness = weights_unknown()
    (tmp_path / "problem.json").write_text(json.dumps(witness.problem.to_json()))
    (tmp_path / "result.json").write_text(json.dumps(Sat(witness, problem=witness.problem).to_json()))
    command = [sys.executable, "-I", "-S", "-c", _ISOLATED.format(root=str(Path(__file__).parents[2]))]
    arguments = [str(tmp_path / "problem.json"), str(tmp_path / "result.json")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (
        "accepted: a witness with 3 samples, enclosed to 10⁻²⁵, proved again\n",
        0,
    )


_ISOLATED = """
import sys
sys.path.append({root!r})
sys.stdout.reconfigure(encoding="utf-8")
from zerograd.core.check import main
code = main(sys.argv[1:])
assert not {{"numpy", "sympy", "flint", "mpmath", "torch", "z3"}} & set(sys.modules)
sys.exit(code)
"""


def test_conditions_over_enclosures() -> None:
    """Conditions that the enclosure decides are accepted, also where they speak of what is proved to be 0."""
    witness = targets_unknown(where=["y[1] > 2", "grad(w2) == 0", "y[2] != y[1]", "loss < 10 or loss == 0"])
    check_witness(witness.problem, witness)


def test_bounds_of_unknowns() -> None:
    """A bound of an unknown holds where the enclosure says so."""
    accepted = targets_unknown(bounds={"y[1]": [2, 3]})
    check_witness(accepted.problem, accepted)
    assert refusal(targets_unknown(bounds={"y[1]": [3, None]})) == (
        "bounds of y[1,0]: expected at least 3, found 2.13721075730923 ± 1e-14"
    )


LABELS = Problem(
    network=[1, 1, 1],
    samples=4,
    zero=["w2", "b2"],
    nonzero=["w1", "b1"],
    loss="bce_with_logits",
    targets="binary",
)
LABELLED: dict[str, Any] = {
    "w1": [[1]],
    "b1": [-1],
    "w2": [[0]],
    "b2": [0],
    "x": [[-1], [2], [3], [F(9, 2)]],
    "y": [[0], [1], [0], [1]],
}


def test_hard_labels() -> None:
    """With labels the upper layer is what is unknown: a minimum that has no closed form."""
    witness = enclosed(LABELS, LABELLED, {"w2[0]": 0, "b2[0]": 0}, EQUATIONS)
    check_witness(LABELS, witness)
    agrees_with_mpmath(witness)
    answer = answer_from_json(json.loads(json.dumps(Sat(witness, problem=LABELS).to_json())))
    assert answer.status == "sat"
    swapped = changed(witness, "y", (2, 0), 1)
    assert "exactly one solution" in refusal(swapped)


def test_a_label_is_not_enclosed() -> None:
    """An unknown is no label, even where the solution is one."""
    problem = Problem(
        network=[1, 1, 1], samples=2, zero=["w2", "b2"], loss="bce_with_logits", targets="binary"
    )
    values = LABELLED | {"x": [[2], [3]], "y": [[0], [0]]}
    witness = enclosed(problem, values, {"y[0]": 0, "y[1]": 0}, EQUATIONS)
    assert "targets: y[0,0]: expected 0 or 1" in refusal(witness)


@examples(60)
@given(st.data())
def test_manufactured_solutions(data: st.DataObject) -> None:
    """Random small networks with targets or upper weights unknown: accepted, and as mpmath has it."""
    activation = data.draw(st.sampled_from(["sigmoid", "tanh"]))
    inputs, units = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    samples = units + 1 + data.draw(st.integers(0, 2))
    network = Network(inputs, (Layer(units, activation), Layer(1, "linear")))
    problem = Problem(network=network, samples=samples, zero=["w2", "b2"])
    number = st.integers(-8, 8).map(lambda n: F(n, 4))

    def matrix(rows: int, columns: int) -> list[list[Fraction]]:
        row = st.lists(number, min_size=columns, max_size=columns)
        return data.draw(st.lists(row, min_size=rows, max_size=rows, unique_by=tuple))

    values: dict[str, Any] = {
        "w1": matrix(units, inputs),
        "b1": matrix(1, units)[0],
        "w2": matrix(1, units),
        "b2": matrix(1, 1)[0],
        "x": matrix(samples, inputs),
        "y": matrix(samples, 1),
    }
    equations = [f"w2[0,{i}]" for i in range(units)] + ["b2[0]"]
    targets = [f"y[{m},0]" for m in range(units + 1)]
    unknowns = dict.fromkeys(data.draw(st.sampled_from([targets, equations])), 0)
    try:
        witness = enclosed(problem, values, unknowns, equations)
    except Unsolvable:  # the same inputs twice, or units that are the same
        reject()
    event("refused" if witness.solution.violations else "accepted")
    assume(not witness.solution.violations)
    check_witness(problem, witness)
    agrees_with_mpmath(witness)
    off = widened(witness, lambda ball: Ball(ball.centre + 2 * ball.radius, ball.radius))
    assert "exactly one solution" in refusal(off)


# --- refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [targets_unknown, weights_unknown])
@pytest.mark.parametrize(
    "change",
    [
        lambda ball: Ball(ball.centre + 3 * ball.radius, ball.radius),
        lambda ball: Ball(ball.centre, F(1, 10**60)),
    ],
    ids=["moved off the solution", "shrunk to next to a point"],
)
def test_a_box_without_the_solution(
    make: Callable[[], EnclosedWitness], change: Callable[[Ball], Ball]
) -> None:
    """A box that does not hold the solution is refused."""
    assert "exactly one solution in the box, found not known" in refusal(widened(make(), change))


def test_a_box_too_wide() -> None:
    """A box over which the Jacobian may be singular is refused, although it holds the solution."""
    witness = widened(weights_unknown(), lambda ball: Ball(ball.centre, 10))
    nonlinear = EnclosedWitness(
        witness.problem, witness.box, [Reference("w1", (0, 0)), Reference("b2", (0,))]
    )
    assert "exactly one solution in the box, found not known" in refusal(nonlinear)


def test_a_ball_is_no_point() -> None:
    """A ball without a radius is no ball."""
    with pytest.raises(FormatError, match="the radius '0' is not above 0"):
        Ball(1, 0)


@pytest.mark.parametrize(("true", "false"), [("sigmoid", "tanh"), ("tanh", "sigmoid")])
def test_functions_swapped(true: str, false: str) -> None:
    """What solves the equations with one activation is refused with another."""
    witness = targets_unknown(true)
    swapped = EnclosedWitness(founding(false), witness.box, witness.equations)
    assert "exactly one solution" in refusal(swapped)


def test_a_sign_that_is_not_known() -> None:
    """An enclosure that holds 0 is not taken for other than 0: here ∂L/∂b1 is a multiple of ∂L/∂b2."""
    values = VALUES | {"x": [[1], [1], [2]], "w1": [[0]], "b1": [1]}
    same = enclosed(founding(zero=["b2"], nonzero=["b1"]), values, {"y[1]": 0}, ["b2[0]"])
    assert "∂L/∂b1[0]: expected a value other than 0" in refusal(same)
    assert "its sign is not known" in refusal(same)


def test_zeros_that_are_not_proved() -> None:
    """An entry that is asked to be 0 and is no equation is refused, however small it is."""
    witness = targets_unknown(zero=["w2", "b2"])
    with_x = founding(zero=["w2", "b2", "b1"], nonzero=["w1"])
    assert "∂L/∂b1[0]: expected 0, found" in refusal(EnclosedWitness(with_x, witness.box, witness.equations))


def test_unknowns_that_are_not_independent() -> None:
    """Targets of two samples with one input only occur together: the Jacobian is singular."""
    witness = targets_unknown()
    witness = changed(witness, "x", (2, 0), 0)
    assert "exactly one solution" in refusal(widened(witness, lambda _: Ball(1, 10)))


def test_given_and_domain() -> None:
    """An unknown is no given value, and no integer."""
    assert refusal(targets_unknown(given={"y[1]": 2})) == (
        "given y[1,0]: expected 2, found 2.13721075730923 ± 1e-14"
    )
    assert "domain of y[1,0]: expected an integer" in refusal(targets_unknown(domain="integer"))


@pytest.mark.parametrize("digit", range(3, 25, 4))
def test_one_digit_off(digit: int) -> None:
    """A document with one wrong digit is refused, wherever it stands."""
    document = targets_unknown().to_json()
    centre = document["y"][1][0]["centre"]
    wrong = str(9 - int(centre[digit]))
    document["y"][1][0]["centre"] = centre[:digit] + wrong + centre[digit + 1 :]
    with pytest.raises(Refused, match="exactly one solution"):
        check_result(founding(), document)


def test_claims_beside_the_witness() -> None:
    """Claimed gradients and losses have to hold what the checker encloses."""
    witness = targets_unknown()
    document = Sat(witness, problem=witness.problem).to_json()
    for claim in ("loss", "∂L/∂b1"):
        wrong = copy.deepcopy(document)
        ball = wrong["loss"] if claim == "loss" else wrong["gradients"]["b1"][0]
        ball["centre"] = str(F(ball["centre"]) + F(ball["radius"]) * 2)
        with pytest.raises(Refused, match=f"claimed {claim}"):
            check_result(witness.problem, wrong)
    wrong = copy.deepcopy(document)
    wrong["gradients"]["b1"] = ["0"]
    with pytest.raises(Refused, match="claimed ∂L/∂b1"):
        check_result(witness.problem, wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"equations": ["w2[0,0]"]}, "expected 2 different ones"),
        ({"equations": ["w2[0,0]", "w2[0,0]"]}, "expected 2 different ones"),
        ({"equations": ["w2[0,0]", "y[0,0]"]}, "is no entry of a gradient"),
        ({"equations": ["w2[0,0]", "b2"]}, "is no entry of a gradient"),
        ({"equations": ["w2[0,0]", "b2[1]"]}, "out of range"),
        ({"equations": ["w2[0,0]", 3]}, "expected names"),
        ({"equations": None}, "expected a list"),
        ({"dropped": [{"entry": "b2[0]", "identity": "magic"}]}, "is none of"),
        ({"dropped": [{"entry": "b2[0]", "identity": "homogeneity"}]}, "names a unit"),
        ({"dropped": ["b2[0]"]}, "expected objects"),
        ({"y": [["0"], ["1"], ["2"]]}, "expected 0 different ones"),
        ({"y": [["0"], ["1"], [{"centre": "2"}]]}, "is not an exact number"),
        ({"y": [["0"], ["1"], [{"centre": "2", "radius": "-1"}]]}, "is not above 0"),
        ({"y": [["0"], ["1"], [{"centre": "2", "radius": "1e-2000"}]]}, "exponent"),
        ({"y": [["0"], ["1"], [{"centre": "2", "radius": "x"}]]}, "is not a number"),
        ({"extra": 1}, "unknown key"),
        ({"x": []}, "expected a list of 1 to"),
    ],
)
def test_documents_that_are_none(change: dict[str, Any], message: str) -> None:
    """What is not of the documented form is an error that names it."""
    document = targets_unknown().to_json() | change
    with pytest.raises(FormatError, match=message):
        check_result(founding(), document)


def test_another_problem() -> None:
    """The digest says which question it answers."""
    with pytest.raises(Refused, match="the problem at hand"):
        check_result(founding("tanh"), targets_unknown().to_json())
