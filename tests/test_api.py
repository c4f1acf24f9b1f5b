"""The public face: what the README shows of it, its laziness, its limits."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zerograd as zg
from zerograd.answering import WitnessRefused, late
from zerograd.core.errors import FormatError
from zerograd.core.question.vocabulary import Samples
from zerograd.core.verdict.results import answer_from_json
from zerograd.search import process as search
from zerograd.search.messages import WIRE, Finding
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found, Impossible, Undecided
from zerograd.services.wire import ServiceFailed
from zerograd.show.text import answer_text

PROBLEMS = Path(__file__).parents[1] / "problems"
HOPELESS = zg.Problem(
    network=[2, 3, 3, 1],
    samples=5,
    zero=["w1", "b1", "w2", "b2", "w3", "b3"],
    where=["loss == 2", "sum(x) == 7", "z1 != 0", "z2 != 0", "y**3 == x[0,0] + 2"],
    nonzero=["x"],
    derivative_at_kink="forbid",
)


def founding(samples: int | str = 3) -> zg.Problem:
    """The founding question."""
    return zg.Problem(
        network=zg.Network.mlp(1, 1, 1), samples=samples, zero=["w2", "b2"], nonzero=["w1", "b1"]
    )


def test_public_names() -> None:
    """A name more or less is a decision, not an accident."""
    pinned = """
        Answer Atlas Audit Certificate Layer Levels Network NothingToCheck Problem ProblemError Proof
        Refused Repair Report Sat Sweep SweepTable Unknown Unsat Witness ZerogradError __version__ atlas audit
        celu elu explain explain_model export gradients leaky_relu levels load load_answer plot prove repair
        smallest solve sweep verify watch
    """
    assert " ".join(dir(zg)) == " ".join(pinned.split())
    for name in zg.__all__:
        assert getattr(zg, name) is not None
    with pytest.raises(AttributeError, match="module 'zerograd' has no attribute 'solv'"):
        _ = zg.solv


def test_the_three_answers_match() -> None:
    """The README's `match` tells them apart."""
    problem = founding()
    match zg.solve(problem, timeout=60):
        case zg.Sat(witness):
            assert witness.gradients["w2"].tolist() == [[0]]
            assert all(v != 0 for name in ("w1", "b1") for v in witness.gradients[name].entries)
            assert zg.verify(problem, witness) is witness
        case _:
            pytest.fail("the founding question has a witness")
    match zg.solve(founding(2)):
        case zg.Unsat(evidence):
            assert evidence == "certificate"
        case _:
            pytest.fail("two samples do not do")


def test_a_problem_file_is_solved_by_its_path() -> None:
    """A path stands for the problem in its file, wherever a problem is answered."""
    path = PROBLEMS / "signs.yaml"
    assert zg.solve(path) == zg.solve(str(path)) == zg.solve(zg.load(path))
    assert zg.smallest(path).samples == zg.solve(path).samples
    assert isinstance(zg.prove(PROBLEMS / "textbook-m2.yaml"), zg.Proof)
    with pytest.raises(zg.ZerogradError, match="no such file"):
        zg.solve("no such file.yaml")


def test_what_is_shown_of_objects_is_short() -> None:
    """A line each, however large they are; and the number of samples is to be had of any answer."""
    problem, network = founding(), "1 → 1 relu → 1 linear"
    sat, unsat = zg.solve(problem), zg.solve(founding(2))
    assert isinstance(sat, zg.Sat) and isinstance(unsat, zg.Unsat)
    assert (sat.samples, unsat.samples) == (3, 2)
    assert [repr(thing) for thing in (problem, sat, sat.witness, unsat, unsat.certificate)] == [
        f"<Problem {network}, samples: 3, zero w2, b2, nonzero w1, b1>",
        f"<Sat by 3 samples for {network}>",
        f"<Witness with 3 samples for {network}>",
        f"<Unsat by certificate for {network}, samples: 2>",
        "<Certificate by dataset for M = 2>",
    ]
    unknown = zg.Unknown("timeout", problem=problem.with_samples("any"))
    assert repr(unknown) == f"<Unknown (timeout) for {network}, samples: any>"
    assert unknown.samples is None
    wide = zg.Problem(network=[784, 128, 10], samples=1, zero=[f"w1[{n},0]" for n in range(128)])
    assert len(repr(wide)) < 250


def test_witnesses_are_arrays_of_numpy() -> None:
    """Exact numbers as they are, floats if asked for."""
    answer = zg.solve(founding())
    assert isinstance(answer, zg.Sat)
    assert np.asarray(answer.witness.x).tolist() == answer.witness.x.tolist()
    gradient = np.asarray(answer.witness.gradients["w1"], dtype=float)
    assert gradient.dtype == np.float64 and gradient.shape == (1, 1)
    assert gradient[0, 0] == float(answer.witness.gradients["w1"][0, 0])
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":  # before, False meant: not unless it must be
        with pytest.raises(ValueError, match="are copied"):
            np.array(answer.witness.x, copy=False)


def test_an_answer_that_is_late_says_so() -> None:
    """Checks are never cut short: what they add to the time that was asked for is said, and kept."""
    answer = zg.solve(founding())
    assert late([answer], time.monotonic() + 60) == [answer]
    assert "beyond" not in answer.to_json()
    (slow,) = late([answer], time.monotonic() - 7)
    assert slow.run.beyond >= 7
    assert "checking it took 7.0 s beyond the time limit" in answer_text(slow, width=200)
    again = answer_from_json(slow.to_json())
    assert again.run.beyond == round(slow.run.beyond, 3)


def test_an_answer_verifies_as_json_and_as_object() -> None:
    """The result document, the answer and the witness are all accepted."""
    problem = founding()
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Sat)
    assert zg.verify(problem, answer).x == answer.witness.x
    again = zg.verify(problem, answer.to_json())
    assert isinstance(again, zg.Witness)
    assert again.x == answer.witness.x
    with pytest.raises(zg.Refused, match="problem: expected sha256"):
        zg.verify(founding(4), answer)


def test_nothing_to_check() -> None:
    """A no on a solver's word carries nothing that can be checked."""
    with pytest.raises(zg.NothingToCheck, match="rests on a solver's word"):
        zg.verify(founding(2), zg.solve(founding(2), certify=False))


def test_verify_refuses_what_is_no_result() -> None:
    """An object that is no result document."""
    with pytest.raises(FormatError):
        zg.verify(founding(), {"format": "something else"})


def test_load_and_samples() -> None:
    """A file's own number of samples can be replaced."""
    problem = zg.load(PROBLEMS / "textbook-m3.yaml")
    assert problem.digest == founding().digest
    assert isinstance(zg.solve(problem, samples=2), zg.Unsat)
    fewest = zg.solve(problem, samples="fewest")
    assert isinstance(fewest, zg.Sat)
    assert fewest.witness.samples == 3
    assert [(a.samples, a.status) for a in fewest.run.attempts] == [(1, "unsat"), (2, "unsat"), (3, "sat")]
    ranged = zg.solve(problem, samples=Samples(1, 2))
    assert isinstance(ranged, zg.Unsat)
    with pytest.raises(zg.ProblemError):
        zg.solve(problem, samples=0)


def test_any_number_of_samples() -> None:
    """Where small datasets suffice, a no holds for every number of samples."""
    problem = zg.Problem(network=[1, 1, 1], samples="any", zero=["b1", "w2"], nonzero=["w1", "b2"])
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Unsat)
    assert answer.run.sufficient_samples == 4
    assert [(a.samples, a.status) for a in answer.run.attempts] == [(4, "unsat")]


def test_what_holds_for_every_number_of_samples_says_so() -> None:
    """The identities alone say so (of integers: for this M), and so does the theorem where it applies."""
    from zerograd.show.text import answer_text

    every = zg.Problem(network=[1, 1, 1], samples=2, zero=["w1", "b1"], nonzero=["w2"], where=["w2 != 0"])
    answer = zg.solve(every)
    assert isinstance(answer, zg.Unsat)
    assert answer.run.every_samples
    assert "of any size" in answer_text(answer)
    assert answer.to_json()["every_samples"] is True

    integers: dict[str, Any] = {"network": [1, 1, 1], "domain": "integer", "where": ["grad(b2) == 1"]}
    one = zg.solve(zg.Problem(samples=1, nonzero=["b2"], **integers))
    assert isinstance(one, zg.Unsat)
    assert not one.run.every_samples
    assert "of any size" not in answer_text(one)
    assert "every_samples" not in one.to_json()
    assert isinstance(zg.solve(zg.Problem(samples=2, nonzero=["b2"], **integers)), zg.Sat)

    labels: dict[str, Any] = {"zero": ["w2"], "nonzero": ["w1"], "where": ["y * (y - 1) == 0"]}
    plain = zg.Problem(network=zg.Network.mlp(1, 1, 1, bias=False), samples="any", **labels)
    answer = zg.solve(plain, certify=False)
    assert isinstance(answer, zg.Unsat)
    assert answer.run.every_samples
    assert "even without the conditions" in " ".join(answer_text(answer).split())


def test_arguments_are_checked() -> None:
    """Each names what is wrong."""
    known = r"\(known: auto, construct, closed, enclose, fit, identities, facts, piecewise, guess, regions\)"
    with pytest.raises(ValueError, match=f"unknown strategy 'magic' {known}"):
        zg.solve(founding(), strategy="magic")
    with pytest.raises(ValueError, match="timeout must be above 0 and at most 100000000 seconds, found 0"):
        zg.solve(founding(), timeout=0)


@pytest.mark.parametrize("strategy", ["guess", "regions", "piecewise"])
def test_every_strategy_answers(strategy: str) -> None:
    """Each by itself, and says that it was the one."""
    answer = zg.solve(founding(), strategy=strategy)
    assert isinstance(answer, zg.Sat)
    assert answer.run.strategy == strategy


def test_a_seed_repeats_its_answer() -> None:
    """The same witness twice; another seed may find another."""
    first, second = (zg.solve(founding(), seed=7) for _ in range(2))
    assert isinstance(first, zg.Sat)
    assert isinstance(second, zg.Sat)
    assert first.witness == second.witness


def test_the_timeout_holds() -> None:
    """A question that is too hard comes back undecided, about when it was told to."""
    start = time.monotonic()
    answer = zg.solve(HOPELESS, timeout=2)
    assert isinstance(answer, zg.Unknown)
    assert answer.reason == "timeout"
    assert time.monotonic() - start < 5  # 2 s, its grace, and a busy machine


def test_the_timeout_holds_for_what_cannot_be_interrupted() -> None:
    """Even deriving and encoding a question end in time: they can be killed."""
    start = time.monotonic()
    large = zg.Problem(network=[1, 1, 1], samples=20_000, nonzero=["w1"], where=["sum(y * y) == 2"])
    answer = zg.solve(large, timeout=1.5)
    assert isinstance(answer, zg.Unknown)
    assert answer.reason == "timeout"
    assert time.monotonic() - start < 5
    assert isinstance(zg.solve(founding()), zg.Sat)  # and the next question is answered


def test_a_search_that_the_system_kills_ran_out_of_memory() -> None:
    """The out-of-memory killer leaves no other trace than SIGKILL."""
    with SearchProcess() as process:
        killer = threading.Timer(1.5, process.kill)
        killer.start()
        answer = zg.solve(HOPELESS, process=process, timeout=30)
        killer.join()
        assert isinstance(answer, zg.Unknown)
        assert answer.reason == "memory"
        assert isinstance(zg.solve(founding(), process=process), zg.Sat)


@pytest.mark.slow
def test_a_search_that_exhausts_its_memory_leaves_none_without() -> None:
    """Numbers of 1500 bits in 400 MiB: undecided, with its reason; and the next question is answered."""
    names = ("x", "y", "w1", "b1", "w2", "b2")
    large = zg.Problem(
        network=[1, 1, 1],
        samples=2,
        zero=["w2"],
        nonzero=["b2"],
        domain="integer",
        bounds={name: [3, 2**1500] for name in names},
        where=["x[0]*w1 == 3*y[0]*y[1] - 2", "x[0]*x[1]*w1*b1 == y[0]**2 + 1"],
    )
    with SearchProcess(memory=400 * 2**20) as process:
        answer = zg.solve(large, strategy="piecewise", timeout=40, process=process)
        assert isinstance(answer, zg.Unknown)
        assert answer.reason == "memory"
        assert isinstance(zg.solve(founding(), process=process), zg.Sat)


def test_threads_share_a_process() -> None:
    """Calls from several threads wait for one another and get their own answers."""
    answers: dict[int, zg.Answer] = {}

    def ask(samples: int) -> None:
        answers[samples] = zg.solve(founding(samples))

    threads = [threading.Thread(target=ask, args=(samples,)) for samples in (2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {samples: answer.status for samples, answer in answers.items()} == {2: "unsat", 3: "sat", 4: "sat"}


def test_progress_is_reported() -> None:
    """Short lines, as the search goes on."""
    lines: list[str] = []
    zg.solve(founding("fewest"), progress=lines.append)
    assert "trying 2 samples" in lines
    assert all(len(line) < 80 for line in lines)


def wrong_witness(problem: zg.Problem) -> zg.Witness:
    """All zeros: every gradient vanishes, the asked-nonzero ones too."""
    answer = zg.solve(zg.Problem(network=problem.network, samples=3, given={"w1": 0, "w2": 0, "b1": 0}))
    assert isinstance(answer, zg.Sat)
    return zg.Witness(problem, answer.witness.parameters, answer.witness.x, answer.witness.y)


def test_a_wrong_witness_never_becomes_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the search says, the checker has the last word."""
    lie = Finding(Found(wrong_witness(founding()), "guess"))
    monkeypatch.setattr(search.SearchProcess, "find", lambda *_, **__: lie)
    with pytest.raises(WitnessRefused, match=r"∂L/∂w1\[0,0\]: expected a value other than 0, found 0"):
        zg.solve(founding())


def test_a_sat_cannot_be_made_up() -> None:
    """Its constructor asks the checker."""
    with pytest.raises(zg.Refused):
        zg.Sat(wrong_witness(founding()), problem=founding())


def test_a_broken_search_is_no_answer() -> None:
    """An error inside the search is raised, not reported as unknown."""
    with SearchProcess() as process, pytest.raises(ServiceFailed, match="no message"):
        process._running.send(b'{"no": "problem"}\n')
        process.find(
            founding(), strategy="auto", seed=0, deadline=time.monotonic() + 30, progress=lambda line: None
        )


def test_findings_survive_the_pipe() -> None:
    """What a search sends is what is received."""
    problem = founding()
    for verdict in (
        Found(wrong_witness(problem), "guess"),
        Impossible("solver", "regions"),
        Undecided("timeout", "so far"),
    ):
        finding = Finding(verdict, (), 4, {"z3": "1"})
        assert WIRE.read(WIRE.write(finding), problem) == finding


def test_gradients_are_sympy() -> None:
    """The symbolic gradients of the founding question, with numbers put in, are the exact ones."""
    symbolic = zg.gradients(founding())
    assert symbolic["w1"].shape == (1, 1)


def test_numbers_are_exact() -> None:
    """0.1 in a string is 1/10; a float is refused with advice."""
    problem = zg.Problem(network=[1, 1], samples=1, given={"x": ["0.1"]})
    assert problem.given["x"][0, 0] == Fraction(1, 10)
    with pytest.raises(zg.ProblemError, match=r"0.1 is a float; write it exactly"):
        zg.Problem(network=[1, 1], samples=1, given={"x": [0.1]})


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import zerograd", "sympy z3 numpy pydantic ruamel click flint torch matplotlib"),
        (
            "import zerograd; zerograd.Problem",
            "sympy z3 numpy pydantic ruamel click flint torch matplotlib",
        ),
        (
            "import zerograd; zerograd.plot",
            "sympy z3 numpy pydantic ruamel click flint torch matplotlib",
        ),
        (
            "import zerograd; zerograd.watch; zerograd.explain; zerograd.Report",
            "sympy z3 numpy pydantic ruamel click flint torch matplotlib",
        ),
        (
            "import zerograd; zerograd.solve",
            "sympy z3 numpy pydantic ruamel click flint torch matplotlib",
        ),
        ("import zerograd.cli.program", "sympy z3 numpy pydantic ruamel flint torch matplotlib"),
    ],
)
def test_nothing_heavy_is_imported_early(code: str, absent: str) -> None:
    """Modules are loaded when they are first needed."""
    script = f"{code}\nimport sys\nprint([m for m in {absent.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
