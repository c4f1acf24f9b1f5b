"""Every file in problems/ says what it shows, and shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from zerograd.api import load, solve
from zerograd.core.numbers.exact import compare, is_integer, sign
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat, Unsat
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.witness import Witness
from zerograd.search.process import SearchProcess


def witness_in(problem: Problem, data: object) -> Witness:
    """The witness in a result that the checker accepts."""
    found = check_result(problem, data)
    assert isinstance(found, Witness)
    return found


FOLDER = Path(__file__).resolve().parent.parent / "problems"
FILES = sorted(FOLDER.glob("*.yaml"))
NAMES = [path.stem for path in FILES]
FIRST_LINE = "# yaml-language-server: $schema=../zerograd/spec/problem.schema.json"


@pytest.fixture(scope="module")
def process() -> Iterator[SearchProcess]:
    """One search process for all files."""
    with SearchProcess() as process:
        yield process


@pytest.fixture(scope="module")
def answer(process: SearchProcess) -> Callable[[str], Answer]:
    """The answer to a file, computed once."""
    known: dict[str, Answer] = {}

    def answer(name: str) -> Answer:
        if name not in known:
            known[name] = solve(load(FOLDER / f"{name}.yaml"), timeout=60, process=process)
        return known[name]

    return answer


def test_there_are_examples() -> None:
    """The glob finds them; the founding one is there."""
    assert len(FILES) >= 18
    assert "textbook-m3" in NAMES


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_file_is_complete(path: Path) -> None:
    """Title, notes and expectation for people, a schema for their editors, and no broken reference."""
    text = path.read_text(encoding="utf-8")
    problem = load(path)
    assert text.splitlines()[0] == FIRST_LINE
    assert problem.title
    assert problem.notes
    assert problem.expect in ("sat", "unsat")
    for other in re.findall(r"[\w-]+\.yaml", problem.notes):
        assert other in {f.name for f in FILES}, f"{other} does not exist"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_file_fits_the_schema(path: Path) -> None:
    """What editors check agrees with what the program reads."""
    schema = json.loads((FOLDER / FIRST_LINE.partition("=")[2]).read_text(encoding="utf-8"))
    jsonschema.validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize("name", NAMES)
def test_file_is_answered_as_expected(name: str, answer: Callable[[str], Answer]) -> None:
    """The answer is the one in the file, its JSON passes the checker, its problem survives its own JSON."""
    found = answer(name)
    problem = found.problem
    assert found.status == problem.expect
    assert problem_from_json(json.loads(json.dumps(problem.to_json()))).digest == problem.digest
    if isinstance(found, Sat):
        document = json.loads(json.dumps(found.to_json()))
        assert witness_in(problem, document).variables == found.witness.variables


def _values(witness: Witness, name: str) -> list[Any]:
    return list(witness.quantities[name].entries)


# What the notes tell a reader to look at.
CLAIMS: Mapping[str, Callable[[Witness], bool]] = {
    "textbook-m2-right": lambda w: sorted(map(sign, _values(w, "z1"))) in ([-1, 0], [0, 0]),
    "fewest-samples": lambda w: w.samples == 3,
    "range-of-samples": lambda w: w.samples == 3,
    "irrational": lambda w: (
        w.field is not None and compare(w.parameters["w1"][0, 0] * w.parameters["w1"][0, 0], 2) == 0
    ),
    "abs": lambda w: sorted(map(sign, _values(w, "z1"))) == [-1, 1],
    "dead-unit": lambda w: _values(w, "z1") == [-1] and w.loss == 25 and w.gradients["x"][0, 0] == 0,
    "zero-residual": lambda w: _values(w, "x") == [5] and w.loss == 0,
    "outgoing-zero": lambda w: w.parameters["w2"][0, 0] == 0,
    "cancellation": lambda w: sum(_values(w, "r")) == 0 and all(_values(w, "r")),
    "signs": lambda w: sign(w.parameters["w1"][0, 0]) == sign(w.parameters["b1"][0]) != 0,
    "relu6": lambda w: sorted(_values(w, "a1")) == [0, 6],
    "saturated": lambda w: all(abs(z) >= 1 for z in _values(w, "z2")),
    "spurious-critical-point": lambda w: len(set(_values(w, "y_hat"))) == 1 and w.loss * 3 / 2 * 9 == 3,
    "exact-fit": lambda w: w.loss == 0,
    "local-minimum-left": lambda w: w.loss * 5 == 18,
    "local-minimum-found": lambda w: w.samples == 5 and not any(w.gradients["w1"].entries),
    "integer-only": lambda w: all(is_integer(v) for a in w.variables.values() for v in a.entries),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_notes_tell_the_truth(name: str, answer: Callable[[str], Answer]) -> None:
    """The notes of a file hold for the answer that a reader sees."""
    found = answer(name)
    assert isinstance(found, Sat)
    assert CLAIMS[name](found.witness)


def test_no_number_of_samples_is_a_theorem(answer: Callable[[str], Answer]) -> None:
    """Three samples suffice if any do, and one, two and three are impossible."""
    found = answer("no-number-of-samples")
    assert isinstance(found, Unsat)
    assert found.run.sufficient_samples == 3
    assert found.run.attempts[-1].samples == 3


def test_given_answer_with_another_target_is_impossible(process: SearchProcess) -> None:
    """The notes of textbook-given.yaml say so of y = (−2, 2, 1)."""
    problem = load(FOLDER / "textbook-given.yaml")
    document = problem.to_json()
    document["given"]["y"] = [["-2"], ["2"], ["1"]]
    assert solve(problem_from_json(document), timeout=60, process=process).status == "unsat"
