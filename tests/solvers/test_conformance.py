"""What every backend must do, in each of its modes: answer rightly, give exact models, keep its limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from zerograd.core.exact import Algebraic, Exact, NumberField, compare
from zerograd.core.univariate import polynomial
from zerograd.search.number_field import common_field
from zerograd.solvers.base import GaveUp, Model, NoModel, outcome_from_json, outcome_to_json
from zerograd.solvers.process import SolverProcess, SolverUnusable
from zerograd.solvers.registry import NAMES, solver
from zerograd.solvers.terms import (
    And,
    Choice,
    Constant,
    Formula,
    Not,
    Or,
    Product,
    Relation,
    Script,
    Sum,
    Term,
    Truth,
    Variable,
    add,
    choose,
    conjoin,
    differ,
    disjoin,
    imply,
    invert,
    multiply,
    negate,
    power,
    relate,
)

INCOMPLETE = {("z3", "bits")}
"""Modes that search small values only, so that they cannot say unsat."""


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each backend by name."""
    return str(request.param)


@pytest.fixture(scope="module")
def processes() -> Iterator[dict[str, SolverProcess]]:
    """One process a backend, for all tests that do not harm it."""
    started = {backend: SolverProcess(backend) for backend in NAMES}
    yield started
    for process in started.values():
        process.close()


def soon(seconds: float = 20.0) -> float:
    """A deadline."""
    return time.monotonic() + seconds


def number(value: int | Fraction) -> Constant:
    """A constant term."""
    return Constant(value)


def value_of(term: Term, values: dict[str, Exact]) -> Exact:
    """Exact evaluation, written for this test."""
    match term:
        case Variable(name=variable):
            return values.get(variable, 0)
        case Constant(value=constant):
            return constant
        case Sum(terms=parts):
            total: Exact = 0
            for part in parts:
                total = total + value_of(part, values)
            return total
        case Product(factors=parts):
            product: Exact = 1
            for part in parts:
                product = product * value_of(part, values)
            return product
        case Choice(condition=condition, then=then, other=other):
            return value_of(then if holds(condition, values) else other, values)


def holds(formula: Formula, values: dict[str, Exact]) -> bool:
    """Exact truth, for formulas without Boolean unknowns."""
    match formula:
        case And(parts=parts):
            return all(holds(part, values) for part in parts)
        case Or(parts=parts):
            return any(holds(part, values) for part in parts)
        case Not(part=part):
            return not holds(part, values)
        case Relation(operator=operator, left=left, right=right):
            order = compare(value_of(left, values), value_of(right, values))
            return {"<": order < 0, "<=": order <= 0, "=": order == 0, ">=": order >= 0, ">": order > 0}[
                operator
            ]
        case Truth():
            raise AssertionError("a Boolean unknown has no exact value here")


def reals(*names: str) -> tuple[Script, list[Variable]]:
    """A script over real unknowns."""
    script = Script()
    return script, [script.declare(variable, "Real") for variable in names]


def integers(*names: str) -> tuple[Script, list[Variable]]:
    """A script over integer unknowns."""
    script = Script()
    return script, [script.declare(variable, "Int") for variable in names]


def satisfiable() -> dict[str, Script]:
    """Scripts with a model."""
    scripts: dict[str, Script] = {}
    script, [x, y] = reals("x", "y")
    script.require(relate(add(x, y), "=", number(Fraction(1, 3))))
    script.require(relate(x, ">", number(2)))
    scripts["linear"] = script
    script, [x, y] = reals("x", "y")
    script.require(relate(multiply(x, y), "=", number(1)))
    script.require(relate(x, "<", number(-3)))
    scripts["hyperbola"] = script
    script, [x] = reals("x")
    script.require(relate(power(x, 2), "=", number(2)))
    script.require(relate(x, "<", number(0)))
    scripts["irrational"] = script
    script, [x, y] = reals("x", "y")
    script.require(relate(power(x, 3), "=", number(5)))
    script.require(relate(power(y, 2), "=", add(x, number(1))))
    scripts["tower"] = script
    script, [x, y] = reals("x", "y")
    a = choose(relate(x, "<=", number(0)), number(0), x)
    script.require(relate(add(a, negate(y)), "=", number(2)))
    script.require(disjoin([relate(x, "<", number(-1)), relate(y, ">", number(5))]))
    script.require(differ(x, number(7)))
    scripts["choices"] = script
    script, [x, y] = integers("x", "y")
    script.require(relate(multiply(number(Fraction(2, 3)), x, y), "=", number(10)))
    script.require(relate(x, ">", number(Fraction(3, 2))))
    script.require(conjoin([relate(x, "<=", number(9)), relate(y, "<=", number(9))]))
    scripts["integers"] = script
    return scripts


def unsatisfiable() -> dict[str, Script]:
    """Scripts without one."""
    scripts: dict[str, Script] = {}
    script, [x] = reals("x")
    script.require(relate(power(x, 2), "<", number(0)))
    scripts["negative square"] = script
    script, [x, y] = reals("x", "y")
    script.require(relate(add(power(x, 2), power(y, 2)), "=", number(1)))
    script.require(relate(add(x, y), ">", number(Fraction(3, 2))))
    scripts["circle"] = script
    script, [x] = integers("x")
    script.require(relate(multiply(number(2), x), "=", number(Fraction(7, 1))))
    scripts["parity"] = script
    script, [x] = reals("x")
    truth = script.truth("p")
    script.require(imply(truth, relate(x, ">", number(1))))
    script.require(imply(invert(truth), relate(x, ">", number(2))))
    script.require(relate(x, "<", number(1)))
    scripts["truths"] = script
    return scripts


def meant_for(scripts: dict[str, Script]) -> list[tuple[str, str, str]]:
    """Each backend's modes with the scripts whose sorts they are meant for."""
    return [
        (name, mode, what)
        for name in NAMES
        for mode in solver(name).modes
        for what, script in scripts.items()
        if mode == "smt" or (mode == "bits") == ("Int" in script.variables.values())
    ]


@pytest.mark.parametrize(("backend", "mode", "what"), meant_for(satisfiable()))
def test_models_hold_exactly(processes: dict[str, SolverProcess], backend: str, mode: str, what: str) -> None:
    """A model makes every assertion true, its irrational values taken exactly."""
    script = satisfiable()[what]
    outcome = processes[backend].check(script, deadline=soon(), mode=mode)
    assert isinstance(outcome, Model), outcome
    values = common_field(outcome.values, deadline=soon())
    assert values is not None
    for assertion in script.assertions:
        assert holds(assertion, values)


@pytest.mark.parametrize(("backend", "mode", "what"), meant_for(unsatisfiable()))
def test_no_model(processes: dict[str, SolverProcess], backend: str, mode: str, what: str) -> None:
    """Unsat is said where a mode can, and never elsewhere."""
    script = unsatisfiable()[what]
    outcome = processes[backend].check(script, deadline=soon(), mode=mode)
    if (backend, mode) in INCOMPLETE:
        assert isinstance(outcome, GaveUp)
        assert outcome.reason == "incomplete"
    else:
        assert outcome == NoModel()


def test_an_irrational_value_is_isolated(processes: dict[str, SolverProcess], name: str) -> None:
    """−√2, with its polynomial and an interval that holds no other root."""
    outcome = processes[name].check(satisfiable()["irrational"], deadline=soon(), mode="nlsat")
    assert isinstance(outcome, Model)
    root = outcome.values["x"]
    assert isinstance(root, NumberField)
    assert Algebraic(root, polynomial([0, 1])) * Algebraic(root, polynomial([0, 1])) == 2
    assert float(Algebraic(root, polynomial([0, 1]))) == pytest.approx(-(2**0.5))


def hard() -> Script:
    """Three cubes that sum to 114: whether there are any is not known."""
    script, [x, y, z] = integers("x", "y", "z")
    script.require(relate(add(power(x, 3), power(y, 3), power(z, 3)), "=", number(114)))
    return script


def test_time_is_kept(name: str) -> None:
    """A call that is too hard comes back at its deadline, and the next is answered."""
    with SolverProcess(name) as process:
        start = time.monotonic()
        outcome = process.check(hard(), deadline=soon(2), mode="smt")
        assert isinstance(outcome, GaveUp)
        assert outcome.reason == "timeout"
        assert time.monotonic() - start < 4
        assert process.check(hard(), deadline=time.monotonic() - 1, mode="smt") == GaveUp("timeout")
        assert isinstance(process.check(satisfiable()["linear"], deadline=soon(), mode="nlsat"), Model)


def test_effort_is_counted(processes: dict[str, SolverProcess], name: str) -> None:
    """A little effort gives up long before the deadline."""
    start = time.monotonic()
    outcome = processes[name].check(hard(), deadline=soon(60), mode="smt", effort=0.05)
    assert isinstance(outcome, GaveUp)
    assert time.monotonic() - start < 20


def test_a_killed_solver_is_replaced(name: str) -> None:
    """What the system kills has run out of memory; the next call starts a fresh process."""
    with SolverProcess(name) as process:
        assert isinstance(process.check(satisfiable()["linear"], deadline=soon(), mode="nlsat"), Model)
        assert process._worker is not None
        process._worker._process.kill()
        outcome = process.check(satisfiable()["linear"], deadline=soon(), mode="nlsat")
        assert isinstance(outcome, GaveUp)
        assert outcome.reason == "memory"
        assert isinstance(process.check(satisfiable()["linear"], deadline=soon(), mode="nlsat"), Model)


def test_text_that_is_no_script_is_no_verdict(name: str) -> None:
    """A bug in an encoding must not look like an answer."""
    outcome = solver(name).check("(assert (> x 0))", ["x"], mode="smt", seed=0, seconds=5)
    assert isinstance(outcome, GaveUp)


def test_a_seed_repeats(processes: dict[str, SolverProcess], name: str) -> None:
    """The same seed, the same model."""
    script = satisfiable()["hyperbola"]
    first, second = (processes[name].check(script, deadline=soon(), mode="smt", seed=3) for _ in range(2))
    assert first == second


def test_a_solver_that_does_not_start_says_so() -> None:
    """A name that is not registered, or a library that is not there: an error with its cause."""
    with SolverProcess("no-such-solver") as process, pytest.raises(SolverUnusable, match="no-such-solver"):
        process.check(satisfiable()["linear"], deadline=soon(), mode="smt")


def test_nothing_outlives_a_killed_parent(name: str) -> None:
    """The worker ends with its input, however its parent ended, even in the middle of a call."""
    code = (
        "import sys, time\n"
        "from zerograd.solvers.process import SolverProcess\n"
        "from zerograd.solvers.terms import Constant, Script, add, power, relate\n"
        "script = Script()\n"
        "cubes = [power(script.declare(n, 'Int'), 3) for n in 'xyz']\n"
        "script.require(relate(add(*cubes), '=', Constant(114)))\n"
        f"process = SolverProcess({name!r})\n"
        "print(process._worker._process.pid, flush=True)\n"
        "process.check(script, deadline=time.monotonic() + 60, mode='smt')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(1.0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for _ in range(100):
        if not _alive(worker):
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has waited for yet is not alive.
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"


def test_outcomes_survive_the_pipe() -> None:
    """What a worker sends is what is received."""
    field = NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))
    for outcome in (Model({"x": Fraction(1, 3), "y": field}), NoModel(), GaveUp("memory", "why")):
        assert outcome_from_json(outcome_to_json(outcome)) == outcome
