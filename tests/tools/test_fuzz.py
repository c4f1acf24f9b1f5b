"""A few hundred mutants of the fuzzer; and that it would notice, by faults that are put into the program."""

from __future__ import annotations

import copy
import inspect
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tools import fuzz
from tools.fuzzing import oracle, seeds, trials
from tools.fuzzing.conditions import Unclear, truth
from tools.fuzzing.trials import CRASH, KINDS, SLOWLY, WRONG
from zerograd.core.question.documents import problem_from_json
from zerograd.core.refuting import refutation
from zerograd.core.verdict import existence
from zerograd.core.verdict.checking import check_result

COUNT = 220
KEPT = [seed for seed in seeds.every() if ", " not in seed.name or "other" in seed.name]
FOUNDING = [seed for seed in seeds.every() if seed not in KEPT]
FORGED = "certificates, of what has an answer"


@pytest.fixture(autouse=True)
def without_search() -> Iterator[None]:
    """Whether a changed question has an answer is for the tool to ask: it starts processes."""
    before = trials.SEARCH["seconds"]
    trials.SEARCH["seconds"] = 0.0
    yield
    trials.SEARCH["seconds"] = before


def test_mutants() -> None:
    """No crash, no wrong acceptance, nothing that takes more than its time."""
    total = fuzz.tally(range(COUNT), seed=0)
    assert total.total == COUNT
    assert not total.faults, "\n".join(f"{n}: {o.verdict}: {o.detail}" for n, o in total.faults)
    assert {kind for kind, _ in total.counts} == set(KINDS)


@pytest.mark.parametrize("seed", [*KEPT, *FOUNDING[::6]], ids=lambda seed: seed.name)
def test_seeds_are_accepted(seed: seeds.Seed) -> None:
    """What is changed was right: by the checker, and witnesses by the oracle, too."""
    problem = problem_from_json(seed.question)
    check_result(problem, seed.result)
    if seed.result["status"] == "sat":
        assert oracle.faults(problem.to_json(), seed.result["witness"], seed.result) == []


def test_mutants_have_numbers() -> None:
    """The same number is the same mutant, and its documents are kept for who looks into it."""
    kind = "results, numbers and claims"
    one, other = trials.run(5, 1, kind), trials.run(5, 1, kind)
    assert one.documents == other.documents != trials.run(6, 1, kind).documents
    assert (one.kind, one.verdict) == (kind, other.verdict)
    assert set(one.documents) == {"problem.json", "result.json"}


# --- it would notice ---------------------------------------------------------------------------------


def planted(module: ModuleType, *changes: tuple[str, str]) -> dict[str, Any]:
    """A copy of a module with other source text, as a dictionary of what it defines."""
    text = inspect.getsource(module)
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    copied = ModuleType(module.__name__)
    exec(compile(text, "planted", "exec"), copied.__dict__)
    return copied.__dict__


def verdicts(kind: str, most: int, seed: int = 12) -> Iterator[str]:
    """What becomes of mutants, one after the other."""
    for number in range(most):
        yield trials.run(number, seed, kind).verdict


CHECKER: dict[str, tuple[tuple[str, str], ...]] = {
    "a missing case is not noticed": (
        ("if set(node.cases) != {case", "if not set(node.cases) <= {case"),
        (
            "for case in cases:\n            self._node",
            "for case in (c for c in cases if c.name in node.cases):\n            self._node",
        ),
    ),
    "nodes are like any other": (("if case.meaning(names) not in here", "if False"),),
    "no product need be above 0": (("    if not strict:", "    if False:"),),
    "coefficients may be negative": (("product.coefficient <= 0", "product.coefficient == 0"),),
    "every fact counts as an equation": (('fact(label, "="))', 'fact(label, "=", ">", ">=", "!="))'),),
    "no number of samples need be covered": (("if left is not None:", "if False:"),),
    "squares of what is 0 are above 0": (
        ("constants = all(square.is_constant and square for square in product.squares)", "constants = True"),
    ),
    "identities may be off by a term": (("if left != right:", "if len((left - right).terms) > 1:"),),
}  # fmt: skip


FOUND_SOON = (
    "a missing case is not noticed",
    "every fact counts as an equation",
    "identities may be off by a term",
)


@pytest.mark.parametrize(
    "name", [n if n in FOUND_SOON else pytest.param(n, marks=pytest.mark.slow) for n in CHECKER]
)
def test_it_notices_a_checker_that_believes_too_much(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fault in the checker of certificates, a forged one is accepted before long."""
    monkeypatch.setattr(trials, "check_certificate", planted(refutation, *CHECKER[name])["check_certificate"])
    assert WRONG in verdicts(FORGED, 600)


OVERLOOKED: dict[str, Callable[[str], bool]] = {
    "gradients": lambda entry: entry.startswith("∂"),
    "the rest": lambda entry: not entry.startswith("∂"),
}


@pytest.mark.parametrize("name", OVERLOOKED)
def test_it_notices_a_checker_that_overlooks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a checker that overlooks what is not as asked of gradients, or of numbers, the oracle objects."""

    def overlooking(*arguments: Any) -> list[Any]:
        return [v for v in existence.violations(*arguments) if not OVERLOOKED[name](v.entry)]

    monkeypatch.setattr("zerograd.core.verdict.checking.violations", overlooking)
    monkeypatch.setattr("zerograd.core.verdict.checking._check_claims", lambda *_: None)
    assert WRONG in verdicts("results, question changed", 400)


def test_it_notices_crashes_and_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any error but a refusal is a crash; what does not end is broken off."""

    def crash(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(trials, "check_certificate", crash)
    assert CRASH in verdicts(FORGED, 20)

    def hang(*_: Any) -> None:
        while True:
            pass

    monkeypatch.setattr(trials, "check_certificate", hang)
    monkeypatch.setattr(trials, "LONGEST", 0.2)
    assert SLOWLY in verdicts(FORGED, 20)


# --- the oracle ------------------------------------------------------------------------------------------


def test_the_oracle_refuses_what_the_corpus_refuses() -> None:
    """It finds a fault in each wrong witness of the corpus, except where something else is wrong."""
    folder = seeds.ROOT / "tests" / "core" / "corpus" / "refuse"
    elsewhere = {
        "another-problem",
        "another-witness",
        "claimed-evidence",
        "claimed-nothing",
        "claimed-samples",
    }
    for path in sorted(folder.glob("*.problem.json")):
        name = path.name.removesuffix(".problem.json")
        question = problem_from_json(json.loads(path.read_text())).to_json()
        result = json.loads((folder / f"{name}.result.json").read_text())
        if name not in elsewhere:
            assert oracle.faults(question, result.get("witness", result), result), name


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("x > 0", False),
        ("any(x > 0)", True),
        ("not x > 0", True),
        ("x[1,0] / x[0,0] == -2", True),
        ("0 < sum(x) < 2 and distinct(x)", True),
        ("max(x) == 2 or 1 / (x[0,0] + 1) > 0", False),
        ("1 / (x[0,0] + 1) > 0", False),
        ("abs(x) != 3", True),
    ],
)
def test_the_oracle_reads_conditions(text: str, holds: bool) -> None:
    assert truth(text, {"x": [[-1], [2]]}, lambda v: (v > 0) - (v < 0)) is holds


def test_the_oracle_says_what_it_does_not_know() -> None:
    seed = copy.deepcopy(next(s for s in seeds.every() if s.name == "sigmoid, mse"))
    seed.question["loss"] = {"per_sample": "(y_hat - y)**4"}
    with pytest.raises(Unclear):
        oracle.faults(seed.question, seed.result["witness"], {})


# --- the tool --------------------------------------------------------------------------------------------


def test_the_tool() -> None:
    """A table of what became of mutants; exit code 0 without faults."""
    done = subprocess.run(
        [sys.executable, "tools/fuzz.py", "--count", "12", "--seed", "3"],
        cwd=seeds.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("| what is changed | mutants |")
    assert "| all | 12 |" in done.stdout


def test_interrupted_tool_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends it with what was done."""
    said = fuzz._say

    def interrupt(*arguments: Any) -> None:
        said(*arguments)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(fuzz, "_say", interrupt)
    monkeypatch.setattr(fuzz, "CHUNK", 3)
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert fuzz.main(["--count", "1000"]) == 0
    finally:
        signal.signal(signal.SIGINT, before)
    captured = capsys.readouterr()
    assert "interrupted" in captured.err
    assert "| all | 3 |" in captured.out


def test_the_page_on_trust() -> None:
    """What it names is there, and what it counts is so many."""
    text = fuzz.PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"(?:tests|tools|benchmarks)/[\w/.]+\w", text):
        assert (seeds.ROOT / name).exists(), name
    accept, refuse = (
        len([*(seeds.ROOT / "tests/corpus/certificates" / kind).iterdir()]) for kind in ("accept", "refuse")
    )
    assert f"{accept} certificates that prove something, {refuse} that do not" in text
    assert f"{accept + refuse} certificates for other checkers" in text
    assert f"and {len(KEPT)} other questions" in text
    assert len(CHECKER) + len(OVERLOOKED) == 10
    assert "plants ten faults" in text


def test_the_table_is_put_into_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its marks, and nowhere else."""
    page = tmp_path / "trust.md"
    page.write_text("before\n<!-- fuzz -->\nold\n<!-- end -->\nafter\n")
    monkeypatch.setattr(fuzz, "PAGE", page)
    fuzz.update("| a |\n| b |", 12, 3)
    says = "`python tools/fuzz.py --count 12 --seed 3` says:\n\n| a |\n| b |\n"
    assert page.read_text() == f"before\n<!-- fuzz -->\n{says}<!-- end -->\nafter\n"
