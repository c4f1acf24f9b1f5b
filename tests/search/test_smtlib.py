"""The question as an SMT-LIB script: solvers read it, agree with the answer, and accept the witness."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.api import load, solve
from zerograd.core.model.activations import LINEAR, leaky_relu
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.rationals import digits
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.search.process import SearchProcess
from zerograd.search.smtlib import TooLarge, question_smtlib

if TYPE_CHECKING:
    from tests.search.conftest import Dice

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"
NAMES = [path.stem for path in sorted(PROBLEMS.glob("*.yaml"))]
OPEN = {"no-number-of-samples"}
"""About every number of samples, and impossible: there is no one script."""
SMOOTH = {"exponential", "sigmoid", "sigmoid-labels"}
"""Solvers have no such functions."""
HARD = {"integer-only", "wide"}
"""Left undecided by solvers within the time that a test has."""
FOUNDING: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def number(value: int | Fraction) -> str:
    top, bottom = digits(abs(value.numerator)), digits(value.denominator)
    sign = "-" if value < 0 else "+"
    return f"({sign} 0 {top})" if bottom == "1" else f"({sign} 0.0 (/ {top}.0 {bottom}.0))"


def values(witness: Witness) -> str:
    """Assertions that fix every unknown to its exact value."""
    lines = []
    if witness.field is not None:
        field = witness.field
        powers = [f"(* {number(c)} {' '.join(['alpha'] * k)} 1)" for k, c in enumerate(field.polynomial)]
        lines = ["(declare-const alpha Real)", f"(assert (= 0 (+ {' '.join(powers)})))"]
        lines.append(f"(assert (< {number(field.low)} alpha {number(field.high)}))")
    for name, array in witness.variables.items():
        for index, value in array.items():
            if isinstance(value, Algebraic):
                terms = [
                    f"(* {number(c)} {' '.join(['alpha'] * k)} 1)" for k, c in enumerate(value.coefficients)
                ]
                text = f"(+ {' '.join(terms)} 0)"
            else:
                assert isinstance(value, int | Fraction)
                text = number(value)
            lines.append(f"(assert (= {'_'.join([name, *map(str, index)])} {text}))")
    return "\n".join(lines)


def ask_z3(text: str, seconds: float = 10) -> str:
    """``sat``, ``unsat`` or ``unknown``."""
    solver = z3.Solver()
    solver.set("timeout", int(seconds * 1000))
    solver.from_string(text)
    return str(solver.check())


CVC5 = """
import sys
import cvc5

solver = cvc5.Solver(cvc5.TermManager())
solver.setOption("tlimit-per", sys.argv[1])
parser = cvc5.InputParser(solver)
parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, sys.stdin.read(), "question")
verdict = ""
while not (command := parser.nextCommand()).isNull():
    said = command.invoke(solver, parser.getSymbolManager()).strip()
    if command.getCommandName() == "check-sat":
        verdict = said
        print(verdict, flush=True)
    elif verdict != "unknown" and "error" in said:
        sys.exit(said)
"""
"""cvc5 runs the commands of a script."""


def ask_cvc5(text: str, seconds: float = 10) -> str:
    """The same, by the whole script, in a process of its own: cvc5 does not always keep its limit."""
    command = [sys.executable, "-c", CVC5, str(int(seconds * 1000))]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=2 * seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return "unknown"
    assert done.returncode == 0, done.stderr
    verdict = done.stdout.strip()
    assert verdict in ("sat", "unsat", "unknown")
    return verdict


@pytest.fixture(scope="module")
def process() -> Any:
    """One search process for all questions."""
    with SearchProcess() as process:
        yield process


@pytest.mark.slow
@pytest.mark.needs("cvc5")
@pytest.mark.parametrize("name", [name for name in NAMES if name not in OPEN | SMOOTH])
def test_solvers_agree_with_the_answer(name: str, process: SearchProcess) -> None:
    """On all of problems/: no contradiction, hardly a question left open, and the witness satisfies it."""
    answer = solve(load(PROBLEMS / f"{name}.yaml"), timeout=60, process=process)
    assert answer.status in ("sat", "unsat")
    samples = answer.witness.samples if isinstance(answer, Sat) else answer.problem.samples.fixed
    assert samples is not None
    text = question_smtlib(answer.problem, samples, status=answer.status)
    assert f"(set-info :status {answer.status})" in text
    verdicts = {ask_z3(text, 3), ask_cvc5(text, 3)}
    if verdicts == {"unknown"} and name not in HARD:  # one verdict is enough: the other may be out of reach
        verdicts |= {ask_z3(text), ask_cvc5(text)}
    assert verdicts <= {answer.status, "unknown"}
    assert name in HARD or answer.status in verdicts
    if isinstance(answer, Sat):
        check_witness_satisfies(answer.problem, answer.witness)


def check_witness_satisfies(problem: Problem, witness: Witness) -> None:
    """With the values put in the script holds; with any one of its assertions negated it does not."""
    text = question_smtlib(problem, witness.samples)
    fixed = text.replace("(check-sat)", values(witness))
    fixed = fixed[: fixed.index("(get-value")]
    assert ask_z3(fixed) == "sat"
    asserts = [line for line in text.splitlines() if line.startswith("(assert ")]
    # An auxiliary unknown may take another value where what ties it down is negated.
    for line in [line for line in asserts if "extreme_" not in line]:
        negated = f"(assert (not {line.removeprefix('(assert ')})"
        assert ask_z3(fixed.replace(line + "\n", negated + "\n")) == "unsat", line


@pytest.mark.parametrize("domain", ["real", "integer"])
@pytest.mark.parametrize("seed", range(40))
def test_random_values_satisfy_it_where_they_answer_the_question(
    seed: int, domain: str, dice: type[Dice]
) -> None:
    """Random networks, activations, conventions, conditions: a solver says what the checker says."""
    drawn = dice(f"smtlib {domain} {seed}")
    network = drawn.network()
    found = drawn.values(network, drawn.random.randint(1, 3), integer=domain == "integer")
    problem = drawn.problem(network, found, domain=domain)
    witness = Witness.of(problem, found)
    text = question_smtlib(problem, witness.samples).replace("(check-sat)", values(witness))
    expected = "sat" if drawn.accepted(problem, found) else "unsat"
    assert ask_z3(text[: text.index("(get-value")]) == expected


@pytest.mark.parametrize("seed", range(20))
def test_every_assertion_counts(seed: int, dice: type[Dice]) -> None:
    """All assertions hold of an answer; none of them holds when it is negated."""
    problem, found = dice(f"counts {seed}").planted()
    check_witness_satisfies(problem, Witness.of(problem, found))


def test_irrational_witness() -> None:
    """Put in as the root of its polynomial."""
    alpha = Algebraic(
        NumberField((Fraction(-2), Fraction(0), Fraction(1)), Fraction(1), Fraction(2)),
        (Fraction(0), Fraction(1)),
    )
    problem = Problem(**FOUNDING, samples=3, where=["w1**2 == 2", "max(w1, b1) == w1"])
    found: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (alpha,)), "b1": Array((1,), (-alpha,)), "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (0,)), "x": Array((3, 1), (0, 2, 3)),
        "y": Array((3, 1), (-1, alpha + 2, alpha * 2 - 1)),
    }  # fmt: skip
    check_witness_satisfies(problem, Sat(Witness.of(problem, found), problem=problem).witness)


@pytest.mark.needs("cvc5")
def test_both_solvers_read_every_kind_of_script() -> None:
    """All activations, conventions, domains, and what conditions are made of."""
    for convention in KINKS:
        for domain in ("real", "integer"):
            layers = (Layer(2, "hardtanh"), Layer(1, "relu6"), Layer(1, leaky_relu("-1/3"), bias=False))
            problem = Problem(
                network=Network(1, (*layers, Layer(1, "abs"), Layer(2, LINEAR))),
                samples=1,
                nonzero=["b5"],
                where=[
                    "loss == 4",
                    "max(x, y_hat[0,0]) / 2 > 0",
                    "abs(grad(w5[0,0])) >= 0",
                    "b1[0] / (b5[0]**2 + 1) < 9",
                ],
                derivative_at_kink=convention,
                domain=domain,
                title="Ünïcode \u2028(assert false)\n(assert false)",
            )
            text = question_smtlib(problem, 1)
            assert len(text.splitlines()) == len(text.split("\n")) - 1
            verdicts = {ask_z3(text, 0.5), ask_cvc5(text, 1)}
            assert verdicts <= {"sat", "unknown"}


@given(title=st.text())
@examples(50)
def test_title_stays_in_its_comment(title: str) -> None:
    """Whatever it says, what follows is the same."""
    titled = question_smtlib(Problem(**FOUNDING, samples=2, title=title), 2).split("\n")
    plain = question_smtlib(Problem(**FOUNDING, samples=2), 2).split("\n")
    assert titled[0].startswith("; ")
    assert titled[0].isprintable()
    assert titled[1:] == plain[1:]


def test_no_division_and_short_names() -> None:
    """Constants alone are written as fractions; every name is a simple symbol."""
    problem = Problem(**FOUNDING, samples=3, where=["y[0] / (x[0]**2 + 1) > 1/3", "x[0] / w1 < 2", "w1 > 0"])
    text = question_smtlib(problem, 3, status="sat")
    for operand in re.findall(r"\(/ (\S+ \S+)\)", text):
        assert re.fullmatch(r"\d+\.0 \d+\.0", operand)
    names = re.findall(r"\((?:declare-const|define-fun) (\S+)", text)
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z_]+\d*(_\d+)*", name) for name in names)
    assert "; no division by 0:" in text


def test_question_that_is_too_long() -> None:
    """An error that says so, at once."""
    with pytest.raises(TooLarge, match="too long to write out for 1000 samples"):
        question_smtlib(Problem(network=[100, 100, 1], samples=1000, zero=["b2"]), 1000)
