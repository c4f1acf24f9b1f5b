"""The search that is started before the rest of the program: by the commands that are sure to want it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zerograd.cli.early import start_early, taken
from zerograd.search.process import SearchProcess
from zerograd.services.child import MEMORY


def test_a_process_is_handed_over_once() -> None:
    """Whoever takes it closes it."""
    start_early(["solve", "problem.yaml"])
    child = taken(MEMORY)
    assert child is not None
    assert taken(MEMORY) is None
    with SearchProcess(child=child):
        assert child.alive
    assert not child.alive


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["solve"],
        ["solve", "--help"],
        ["solve", "p.yaml", "--memory", "1G"],
        ["solve", "--mem=1G", "p.yaml"],
        ["verify", "p.yaml", "r.json"],
        ["--version"],
    ],
)
def test_others_start_none(arguments: list[str]) -> None:
    """What is only printed needs no search; with another cap it would be another process."""
    start_early(arguments)
    assert taken(MEMORY) is None


def test_another_cap_takes_none() -> None:
    """It stays for the end of the program, which closes it."""
    start_early(["solve", "problem.yaml"])
    assert taken(MEMORY // 2) is None
    child = taken(MEMORY)
    assert child is not None
    child.close()


FOUNDING = Path(__file__).resolve().parents[2] / "problems" / "textbook-m3.yaml"
NEVER = (
    "sympy", "z3", "torch", "pydantic", "flint", "matplotlib", "importlib.metadata", "concurrent.futures",
    "email", "zerograd.core.refuting.certificate", "zerograd.proving.messages", "zerograd.calculating",
)  # fmt: skip
"""What a small question with an answer needs in no process: each takes a moment to load."""
NO_WORDS = ("zerograd.document.formula", "zerograd.document.html", "zerograd.show.explanation.rendering")
NO_ANSWER = ("numpy", "zerograd.solvers.yices", "zerograd.evaluate", "zerograd.show")


def loaded(code: str, names: tuple[str, ...]) -> list[str]:
    """Return which of these modules a program has loaded when it ends."""
    told = f"import atexit, sys\natexit.register(lambda: print(*[n for n in {names} if n in sys.modules]))\n"
    done = subprocess.run([sys.executable, "-c", told + code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def test_a_small_answer_loads_what_it_shows_and_no_more() -> None:
    """PyTorch is there, and not asked for."""
    arguments = ["zerograd", "solve", str(FOUNDING)]
    code = f"sys.argv = {arguments}\nfrom zerograd.cli import main\nmain()"
    assert loaded(code, (*NEVER, *NO_WORDS)) == []


def test_a_search_is_ready_with_next_to_nothing() -> None:
    """NumPy and FLINT come while nothing is asked."""
    assert loaded("import zerograd.search.worker", (*NEVER, *NO_ANSWER)) == []
