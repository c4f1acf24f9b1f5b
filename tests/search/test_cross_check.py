"""A second solver agrees, leaves it open, or contradicts, for every number of samples that was decided."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import zerograd as zg
from zerograd.answering import SolversDisagree
from zerograd.core.verdict.answer import Attempt, CrossCheck, Status
from zerograd.core.verdict.checking import check_witness
from zerograd.search.comparison import Comparison, completed, summary
from zerograd.search.cross_check import compare, cross_check
from zerograd.search.messages import WIRE, Finding
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Impossible
from zerograd.solvers.process import SolverProcess

PROBLEMS = Path(__file__).parents[2] / "problems"


def founding(samples: int | str) -> zg.Problem:
    """The founding question: no for M = 1 and 2, yes for 3."""
    return zg.Problem(network=[1, 1, 1], samples=samples, zero=["w2", "b2"], nonzero=["w1", "b1"])


@pytest.fixture(scope="module")
def cvc5() -> Iterator[SolverProcess]:
    """One process of it."""
    with SolverProcess("cvc5") as process:
        yield process


@pytest.fixture(scope="module")
def search() -> Iterator[SearchProcess]:
    """One search process, with a second solver."""
    with SearchProcess() as process:
        yield process


@pytest.mark.needs("cvc5")
@pytest.mark.parametrize(
    ("name", "decided"),
    [
        ("textbook-m3", (3,)),
        ("textbook-m2", (2,)),
        ("textbook-m2-right", (2,)),
        ("fewest-samples", (1, 2, 3)),
        ("no-number-of-samples", (3,)),
        ("irrational", (3,)),
        ("integer-only", (3,)),
        ("hardtanh", (3,)),
    ],
)
def test_small_questions_agree(name: str, decided: tuple[int, ...], search: SearchProcess) -> None:
    """Sat, unsat, ranges, irrational numbers, integers: cvc5 says the same of each M that was decided."""
    answer = zg.solve(zg.load(PROBLEMS / f"{name}.yaml"), process=search, cross_check=True)
    found = answer.run.cross_check
    assert found is not None
    assert (found.solver, found.agrees, found.undecided) == ("cvc5", decided, ())
    assert found.version
    assert answer.to_json()["cross_check"] == {
        "solver": "cvc5",
        "version": found.version,
        "agrees": list(decided),
        "undecided": [],
    }


@pytest.mark.needs("cvc5")
def test_it_is_left_out_unless_asked_for(search: SearchProcess) -> None:
    """Unasked, nothing is said of it."""
    answer = zg.solve(founding(2), process=search)
    assert answer.run.cross_check is None
    assert "cross_check" not in answer.to_json()


@pytest.mark.needs("cvc5")
@pytest.mark.parametrize(("samples", "lie", "truth"), [(2, "sat", "unsat"), (3, "unsat", "sat")])
def test_a_lie_is_contradicted(samples: int, lie: Status, truth: Status, cvc5: SolverProcess) -> None:
    """With the question as it was asked, and a witness that the checker accepts where there is one."""
    problem = founding(samples)
    found = compare(problem, Attempt(samples, lie), cvc5, deadline=time.monotonic() + 20, seed=0)
    assert found.contradicts
    assert (found.samples, found.ours, found.theirs) == (samples, lie, truth)
    assert found.script is not None
    assert "(assert" in found.script
    assert (found.witness is not None) == (truth == "sat")
    if found.witness is not None:
        check_witness(problem, found.witness)
    assert WIRE.read(WIRE.write(found), problem) == found


@pytest.mark.needs("cvc5")
def test_what_was_left_open_is_not_compared(cvc5: SolverProcess) -> None:
    """Only what was decided; once the time is over nothing is asked, and what was not is said."""
    problem = founding({"from": 1, "to": 3})  # type: ignore[arg-type]
    attempts = [Attempt(1, "unsat"), Attempt(2, "unknown", "timeout"), Attempt(3, "sat")]

    def ask(seconds: float) -> list[Comparison]:
        deadline = time.monotonic() + seconds
        return list(
            cross_check(problem, attempts, cvc5, deadline=deadline, seed=0, progress=lambda line: None)
        )

    assert [(c.samples, c.ours, c.theirs) for c in ask(20)] == [(1, "unsat", "unsat"), (3, "sat", "sat")]
    assert [(c.samples, c.theirs, c.reason) for c in ask(-1)] == [
        (1, "unknown", "timeout"),
        (3, "unknown", "timeout"),
    ]


@pytest.mark.needs("cvc5")
def test_nothing_decided_is_nothing_to_compare(search: SearchProcess) -> None:
    """An unknown answer of which nothing was decided says so."""
    hopeless = zg.Problem(
        network=[2, 3, 3, 1],
        samples=5,
        zero=["w1", "b1", "w2", "b2", "w3", "b3"],
        where=["loss == 2", "sum(x) == 7", "z1 != 0", "z2 != 0", "y**3 == x[0,0] + 2"],
        nonzero=["x"],
        derivative_at_kink="forbid",
    )
    answer = zg.solve(hopeless, timeout=2, process=search, cross_check=True)
    assert isinstance(answer, zg.Unknown)
    assert answer.run.cross_check == CrossCheck("cvc5")


def test_what_a_stop_left_out_is_undecided() -> None:
    """What was compared before stands."""
    attempts = [Attempt(1, "unsat"), Attempt(2, "unsat"), Attempt(3, "unknown", "memory"), Attempt(4, "sat")]
    made = [Comparison("cvc5", 1, "unsat", "unsat", version="1")]
    found = summary(completed(made, attempts, "timeout", "cvc5"), "cvc5")
    assert found == CrossCheck("cvc5", "1", (1,), ((2, "timeout"), (4, "timeout")))


def all_zero(problem: zg.Problem) -> zg.Witness:
    answer = zg.solve(zg.Problem(network=[1, 1, 1], samples=3, given={"w1": 0, "w2": 0, "b1": 0}))
    assert isinstance(answer, zg.Sat)
    return zg.Witness(problem, answer.witness.parameters, answer.witness.x, answer.witness.y)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("none", "the model of cvc5 could not be made exact"),
        (
            "wrong",
            r"the checker refuses the model of cvc5:\n(.*\n)*∂L/∂w1\[0,0\]: expected a value other than 0",
        ),
        ("right", "the checker accepts the model of cvc5"),
    ],
)
def test_a_contradicted_no_is_no_answer(kind: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error, which says what the checker makes of the model; the witness is kept if it is accepted."""
    problem = founding(3)
    right = zg.solve(problem)
    assert isinstance(right, zg.Sat)
    witness = {"none": None, "wrong": all_zero(problem), "right": right.witness}[kind]
    lie = Finding(
        Impossible("solver", "regions"),
        (Attempt(3, "unsat"),),
        compared=(Comparison("cvc5", 3, "unsat", "sat", witness=witness, script="(assert true)"),),
        second="cvc5",
    )
    monkeypatch.setattr(SearchProcess, "find", lambda *_, **__: lie)
    told = f"disagree about M = 3: unsat for the search, sat for cvc5; {said}"
    with pytest.raises(SolversDisagree, match=told) as caught:
        zg.solve(problem, cross_check=True)
    assert caught.value.witness == (witness if kind == "right" else None)
