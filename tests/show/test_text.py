"""Answers as text: what the golden files do not show."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from zerograd.core.model.activations import ACTIVATIONS, LINEAR
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Attempt, CrossCheck, Run, Sat, Unknown, Unsat
from zerograd.core.verdict.witness import Witness
from zerograd.show.text import answer_text
from zerograd.show.why import Why

QUERY: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def problem(**more: Any) -> Problem:
    return Problem(**{"network": [1, 1, 1], "samples": 3, **QUERY, **more})


def witness(question: Problem, **values: Any) -> Witness:
    """From nested lists of integers and fractions."""
    shapes = {
        **question.network.shapes,
        "x": (0, question.network.inputs),
        "y": (0, question.network.outputs),
    }
    arrays: dict[str, Array[Any]] = {}
    for name, shape in shapes.items():
        rows = values[name]
        if len(shape) == 1:
            arrays[name] = Array(shape, tuple(rows))
        else:
            arrays[name] = Array.of(rows, shape[1])
    return Witness.of(question, arrays)


def founding(question: Problem) -> Sat:
    found = witness(question, w1=[[1]], b1=[-1], w2=[[1]], b2=[-1], x=[[0], [2], [3]], y=[[-2], [2], [0]])
    return Sat(found, problem=question)


def label(text: str, name: str) -> str:
    """What stands beside a label, on one line."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(name.ljust(10)))
    rest = lines[start + 1 :]
    more = [
        line.strip() for line in rest[: next((n for n, r in enumerate(rest) if r[:10].strip()), len(rest))]
    ]
    return " ".join([lines[start][10:], *more]).strip()


ANSWERS: list[tuple[Answer, str]] = [
    (founding(problem()), "sat"),
    (Unsat("solver", problem=problem(samples=2)), "unsat"),
    (Unknown("timeout", problem=problem()), "unknown (timeout)"),
]


@pytest.mark.parametrize(("answer", "first"), ANSWERS, ids=lambda part: part if isinstance(part, str) else "")
def test_first_line(answer: Answer, first: str) -> None:
    """The verdict alone, and the kink convention in every answer; colour only where it is asked for."""
    text = answer_text(answer)
    assert text.splitlines()[0] == first
    assert "\x1b" not in text
    assert "ReLU'(0) = 0 (torch)" in label(text, "network")
    assert text.endswith("\n")
    colour = {"sat": 32, "unsat": 31}.get(first, 33)
    assert answer_text(answer, color=True).startswith(f"\x1b[1;{colour}m{first}\x1b[0m\n")


@pytest.mark.parametrize("width", [40, 60, 100])
def test_width(width: int) -> None:
    """Lines keep to the width."""
    for answer, _ in ANSWERS:
        assert max(map(len, answer_text(answer, width=width, verbose=True).splitlines())) <= max(width, 85)
        assert max(map(len, answer_text(answer, width=width).splitlines())) <= width


def test_text_of_strangers_is_harmless() -> None:
    """Titles, notes and references cannot send escape sequences, nor add a line of their own."""
    evil = "unsat\n\x1b[2Jgone\x1b]0;title\x07 [bold]kept[/bold]"
    answer = founding(problem(title=evil, notes=evil, references=[evil]))
    text = answer_text(answer, verbose=True)
    assert "\x1b" not in text
    assert text.splitlines()[:2] == ["sat", "unsat gone [bold]kept[/bold]"]


@pytest.mark.parametrize(
    ("convention", "said"),
    [
        ("right", "ReLU'(0) = 1 (right)"),
        ("left", "ReLU'(0) = 0 (left)"),
        ("forbid", "no sample on a kink (forbid)"),
    ],
)
def test_kink_convention(convention: str, said: str) -> None:
    """Shown whatever the verdict."""
    answer = Unsat("solver", problem=problem(derivative_at_kink=convention))
    assert label(answer_text(answer), "network").endswith(said)


def test_network_line() -> None:
    """Activations, missing biases, and every kink of every activation once."""
    network = Network(
        2, (Layer(3, ACTIVATIONS["hardtanh"], bias=False), Layer(1, ACTIVATIONS["relu"]), Layer(2, LINEAR))
    )
    answer = Unsat("solver", problem=Problem(network=network, samples=1, zero=["w1"]))
    assert label(answer_text(answer, width=200), "network") == (
        "2 → 3 hardtanh without bias → 1 relu → 2 linear, mean squared error, "
        "hardtanh'(-1) = 0, hardtanh'(1) = 0, ReLU'(0) = 0 (torch)"
    )
    linear = Unsat("solver", problem=Problem(network=[2, 1], samples=1, zero=["w1"]))
    assert label(answer_text(linear), "network") == "2 → 1 linear, mean squared error, no kinks"


@pytest.mark.parametrize(
    ("samples", "attempts", "versions", "said"),
    [
        (
            "fewest",
            [(1, "unsat"), (2, "unsat"), (3, "sat")],
            {"z3": "4"},
            "3, the fewest: M = 1 and 2 ruled out on Z3's word",
        ),
        (
            {"from": 1, "to": 5},
            [(1, "unsat"), (2, "unknown"), (3, "sat")],
            {},
            "3, perhaps not the fewest: M = 1 ruled out on the solver's word, M = 2 undecided (timeout)",
        ),
        ({"from": 3, "to": 5}, [(3, "sat")], {}, "3, the fewest allowed (asked: from 3 to 5)"),
        ("any", [], {}, "3"),
        (3, [(3, "sat")], {}, "3"),
    ],
)
def test_smaller_datasets(
    samples: Any, attempts: list[tuple[int, Any]], versions: dict[str, str], said: str
) -> None:
    """What is known of smaller numbers of samples, and on whose word."""
    question = problem(samples=samples)
    tried = tuple(Attempt(m, status, "timeout" if status == "unknown" else None) for m, status in attempts)
    found = founding(question)
    answer = Sat(found.witness, problem=question, run=Run(versions=versions, attempts=tried))
    assert label(answer_text(answer), "samples") == said


@pytest.mark.parametrize(
    ("samples", "sufficient", "said"),
    [
        (2, None, "no parameters and no dataset of 2 samples satisfy the question"),
        ({"from": 1, "to": 4}, None, "no parameters and no dataset of 1 to 4 samples satisfy the question"),
        (
            "any",
            4,
            (
                "no parameters and no dataset of any size satisfy the question: "
                "if any number of samples would do, 4 would"
            ),
        ),
    ],
)
def test_what_unsat_says(samples: Any, sufficient: int | None, said: str) -> None:
    """For which datasets it holds, and that a solver's word is no proof."""
    answer = Unsat(
        "solver",
        problem=problem(samples=samples),
        run=Run(versions={"z3": "4"}, sufficient_samples=sufficient),
    )
    text = answer_text(answer, width=120)
    assert label(text, "shown") == said
    assert label(text, "evidence") == "solver: Z3's word; it cannot be re-checked independently"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (CrossCheck("cvc5", "1.4", (1, 2)), "cross-check: agrees for M = 1, 2"),
        (
            CrossCheck("cvc5", "1.4", (1,), ((2, "timeout"), (3, "memory"))),
            "cross-check: agrees for M = 1; undecided for M = 2 (timeout); undecided for M = 3 (memory)",
        ),
        (CrossCheck("cvc5"), "cross-check: nothing was decided that it could be compared with"),
    ],
)
def test_what_a_second_solver_says(found: CrossCheck, said: str) -> None:
    """Beside its name, whatever the answer is; nothing where it was not asked."""
    for answer in (
        founding(problem()),
        Unsat("solver", problem=problem()),
        Unknown("timeout", problem=problem()),
    ):
        assert "cvc5" not in answer_text(answer)
        asked = replace(answer, run=Run(cross_check=found))
        assert label(answer_text(asked), "cvc5") == said


def test_question_is_restated() -> None:
    """In unsat and unknown: relations, conditions, given values, bounds, domain."""
    question = problem(
        where=["w1 > 0", "b1 < 0"],
        given={"w2": 1, "x[1]": "1/2"},
        bounds={"y": [None, 5]},
    )
    text = answer_text(Unknown("memory", "4 GiB", problem=question))
    assert label(text, "asked") == (
        "zero: w2, b2; nonzero: w1, b1 where w1 > 0 where b1 < 0 "
        "given: w2 = 1, x[1] = 1/2 bounds: y in (-∞, 5]"
    )
    assert label(text, "reason") == "memory: 4 GiB"
    assert label(text, "try").startswith("allow more (--memory 8G)")
    whole = Unsat("solver", problem=problem(domain="integer"))
    assert label(answer_text(whole), "asked").endswith("domain: integer")


def test_many_conditions_are_cut() -> None:
    """The first eight, and how many more there are."""
    question = problem(where=[f"w1 != {n}" for n in range(20)])
    assert "and 12 more" in label(answer_text(Unsat("solver", problem=question)), "asked")


def test_numeric_checks() -> None:
    """Each with its deviation, or with why it was not made."""
    checks = {
        "float64": {"largest_deviation": 1.25e-16},
        "finite_differences": {"largest_deviation": 0.0, "compared": 5, "entries": 10},
        "torch": "not installed",
    }
    question = problem()
    answer = Sat(founding(question).witness, problem=question, checks=checks)
    assert label(answer_text(answer, width=200), "checked") == (
        "exactly; float64 (largest deviation 1e-16); "
        "finite differences (5 of 10 entries, largest deviation 0); torch: not installed"
    )


def test_large_answers_are_cut() -> None:
    """Many samples, units and entries: tables stay readable, and say what they leave out."""
    rng = random.Random(0)
    network = Network.mlp(20, 30, 20, 1)
    question = Problem(network=network, samples=100, some_nonzero=["w1", "x"], nonzero=["b3"])
    shapes = {**network.shapes, "x": (100, 20), "y": (100, 1)}
    values: dict[str, Array[Any]] = {
        name: Array.build(shape, lambda _: rng.randint(-9, 9)) for name, shape in shapes.items()
    }
    text = answer_text(Sat(Witness.of(question, values), problem=question))
    assert "  92 more rows left out; --json has all samples\n" in text
    assert "  …: entries left out; --json has all\n" in text
    assert (
        "  shown in part: w1 (30 × 20), b1 (30), w2 (20 × 30), b2 (20), w3 (1 × 20); --json has all\n" in text
    )
    assert "  one row for each array, of 3271 entries in all; --json has every one\n" in text
    assert "∂L/∂w1" in text
    assert "some nonzero ✓" in text
    assert len(text.splitlines()) < 250
    assert max(map(len, text.splitlines())) <= 100


def test_deep_networks_keep_twelve_columns() -> None:
    """The columns of middle layers are left out, by name."""
    network = Network.mlp(*[1] * 9)
    question = Problem(network=network, samples=1)
    ones: dict[str, Array[Any]] = {
        name: Array.build(shape, lambda _: 1)
        for name, shape in {**network.shapes, "x": (1, 1), "y": (1, 1)}.items()
    }
    text = answer_text(Sat(Witness.of(question, ones), problem=question))
    header = next(line for line in text.splitlines() if line.split()[:1] == ["sample"])
    assert " ".join(header.split()) == "sample x z1 a1 z2 a2 a6 z7 a7 ŷ y residual"
    assert "  columns z3 to z6 left out; --json has all\n" in text


def test_a_column_that_explains_a_zero_is_kept() -> None:
    """Three causes in three layers: the middle one is not left out because it is in the middle."""
    network = Network.mlp(*[1] * 9)
    question = Problem(network=network, samples=1, zero=["w1"])
    ones: dict[str, Array[Any]] = {
        name: Array.build(shape, lambda _: 1)
        for name, shape in {**network.shapes, "x": (1, 1), "y": (1, 1)}.items()
    }
    text = answer_text(Sat(Witness.of(question, {**ones, "w4": Array((1, 1), (-2,))}), problem=question))
    header = next(line for line in text.splitlines() if line.split()[:1] == ["sample"])
    assert " ".join(header.split()) == "sample x z1 a1 z2 a2 z4 a6 z7 a7 ŷ y residual"
    assert "  columns z3, a3, a4, z5, a5 and z6 left out; --json has all\n" in text
    assert "layer 4 (relu) is off on the only sample" in text


@pytest.mark.parametrize("width", [60, 80, 100])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    """Cells of many or long numbers are cut, matrices shown in part, and it is said where all is."""
    chance = random.Random(1)
    network = Network.mlp(12, 14, 2)
    question = Problem(network=network, samples=3, some_nonzero=["w2"])
    values: dict[str, Array[Any]] = {
        name: Array.build(shape, lambda _: Fraction(chance.randint(-9999, 9999), 10007))
        for name, shape in {**network.shapes, "x": (3, 12), "y": (3, 2)}.items()
    }
    text = answer_text(Sat(Witness.of(question, values), problem=question), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…: entries left out; --json has all" in text
    assert "shown in part: w1 (14 × 12)" in text


@pytest.mark.parametrize(("units", "first"), [(1, False), (8, True)])
def test_explanations_come_before_long_tables(units: int, first: bool) -> None:
    """And after short ones."""
    question = Problem(network=[1, units, 1], samples=1, zero=["w1"])
    shapes = {**question.network.shapes, "x": (1, 1), "y": (1, 1)}
    values: dict[str, Array[Any]] = {name: Array.build(shape, lambda _: -1) for name, shape in shapes.items()}
    values["x"] = Array((1, 1), (1,))
    text = answer_text(Sat(Witness.of(question, values), problem=question))
    assert (text.index("why gradients are zero") < text.index("\nsamples\n")) == first


def test_dead_units_are_named() -> None:
    """A unit that is inactive on every sample."""
    question = Problem(network=[1, 2, 1], samples=2, zero=["w1[0,0]"])
    found = witness(question, w1=[[1], [1]], b1=[-9, 1], w2=[[1, 1]], b2=[0], x=[[0], [1]], y=[[0], [0]])
    assert "  unit 0 of layer 1 is dead: slope 0 on every sample\n" in answer_text(
        Sat(found, problem=question)
    )


RELU = ACTIVATIONS["relu"]


def reasons(network: Network, **values: Any) -> list[tuple[int, str]]:
    question = Problem(network=network, samples=len(values["x"]), some_nonzero=[], zero=[], where=[])
    return list(Why(witness(question, **values)).of_inputs())


def test_why_one_unit() -> None:
    """A dead unit, a residual of 0, weights of 0: told apart, as in practice."""
    network = Network(1, (Layer(1, RELU, bias=False), Layer(1, LINEAR, bias=False)))
    assert reasons(network, w1=[[1]], w2=[[1]], x=[[-1], [5], [1]], y=[[5], [5], [9]]) == [
        (1, "the only unit of layer 1 (relu) is off on sample 0"),
        (1, "the loss (mean squared error) is flat on sample 1: the residual is 0"),
    ]
    assert reasons(network, w1=[[1]], w2=[[0]], x=[[1]], y=[[2]]) == [
        (1, "the weights out of the only unit of layer 1 (relu) that would carry a gradient back are 0 (w2)")
    ]
    kink, weight = reasons(network, w1=[[0]], w2=[[1]], x=[[1]], y=[[2]])
    assert kink == (1, f"the only unit of layer 1 (relu) {ON_KINK}")
    assert weight == (
        1,
        "the weights out of the only feature of x that would carry a gradient back are 0 (w1)",
    )


ON_KINK = "is exactly on the kink on the only sample; with the right slope the gradient would be 0 too"


def test_why_units_for_different_reasons() -> None:
    """One is on the kink, the other off: each is said, as neither suffices alone."""
    two = Network(1, (Layer(2, RELU, bias=False), Layer(1, LINEAR, bias=False)))
    assert reasons(two, w1=[[0], [-1]], w2=[[1, 1]], x=[[1]], y=[[2]]) == [
        (1, f"unit 1 of layer 1 (relu) is off on the only sample and unit 0 of layer 1 (relu) {ON_KINK}"),
    ]


CANCEL = "on the only sample cancel exactly"


def test_why_several_units() -> None:
    """What comes back to two units cancels, another has weights of 0."""
    network = Network(2, (Layer(3, RELU, bias=False), Layer(2, LINEAR, bias=False)))
    found = reasons(network, w1=[[1, 0], [1, 0], [-1, 0]], w2=[[0, 1, 1], [0, 1, 1]], x=[[1, 1]], y=[[0, 2]])
    weights = "the weights out of unit 0 of layer 1 (relu) that would carry a gradient back are 0 (w2)"
    alike = f"{CANCEL}, at each by itself: 1 − 1 = 0, from units 0 and 1 above"
    terms = f"the terms at units 1 and 2 of layer 1 (relu) {alike}"
    assert found == [
        (1, "the weights out of feature 1 of x that would carry a gradient back are 0 (w1)"),
        (1, f"{weights} for some of the terms and {terms}"),
    ]
    one = Network(2, (Layer(2, RELU, bias=False), Layer(1, LINEAR, bias=False)))
    assert reasons(one, w1=[[1, 0], [1, 0]], w2=[[1, -1]], x=[[1, 1]], y=[[3]]) == [
        (1, "the weights out of feature 1 of x that would carry a gradient back are 0 (w1)"),
        (1, f"the terms at feature 0 of x {CANCEL}: -6 + 6 = 0, from units 0 and 1 above"),
    ]


FLAT = "the loss (mean squared error) is flat on the only sample: the residual is 0"


def test_why_at_the_output() -> None:
    """An output unit can be off too; one of two may simply have residual 0."""
    network = Network(1, (Layer(2, RELU, bias=False),))
    assert reasons(network, w1=[[-1], [-1]], x=[[1]], y=[[3, 4]]) == [
        (1, "both units of layer 1 (relu) are off on the only sample")
    ]
    assert reasons(network, w1=[[-1], [1]], x=[[1]], y=[[3, 1]]) == [
        (1, f"unit 0 of layer 1 (relu) is off on the only sample and {FLAT}"),
    ]


def test_saturated_units_are_neither_inactive_nor_dead() -> None:
    """They have a mark and words of their own."""
    question = Problem(
        network=Network(1, (Layer(1, "relu6", bias=False), Layer(1, LINEAR, bias=False))),
        samples=2,
        zero=["w1"],
    )
    text = answer_text(
        Sat(witness(question, w1=[[1]], w2=[[1]], x=[[7], [9]], y=[[0], [0]]), problem=question)
    )
    assert "7^" in text
    assert "  ^ saturated: slope 0\n" in text
    assert "  unit 0 of layer 1 is saturated on every sample\n" in text
    assert "  w1: the only unit of layer 1 (relu6) is saturated on both samples\n" in text
    assert "inactive" not in text
    assert "dead" not in text


def test_light_imports() -> None:
    """Neither SymPy nor NumPy is loaded to show an answer."""
    heavy = "('sympy', 'numpy', 'z3')"
    code = f"import sys, zerograd.show.text; print([n for n in {heavy} if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("reason", ["timeout", "memory", "unsupported", "incomplete"])
def test_unknown_advises_what_can_be_done(reason: Any) -> None:
    """Where all is given there are no values to give, nor other numbers of samples."""
    given = {"w1": 1, "b1": 0, "x": [1], "y": [1]}
    everything = Problem(network=[1, 1], samples=1, zero=["w1"], given=given)
    advice = label(answer_text(Unknown(reason, problem=everything)), "try")
    for words in ("given", "bounds", "fix some", "--samples", "smaller network"):
        assert words not in advice
    advice = label(answer_text(Unknown(reason, problem=problem())), "try")
    assert ("fix some values (given, bounds)" in advice) == (reason != "unsupported")
