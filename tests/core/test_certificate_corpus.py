"""The corpus of certificates for other checkers, and a checker that was written from the documents alone."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.core.certificates import PROVABLE, proved
from tests.core.test_mutants import mutants, other_values, places, words
from tests.independent.check import verdict
from zerograd.core.check import main
from zerograd.core.errors import FormatError, ProblemError, Refused
from zerograd.core.question.documents import parse_json, problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import certificate_from_json
from zerograd.core.refuting.refutation import check_certificate
from zerograd.core.verdict.checking import check_result

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "corpus" / "certificates"
EXAMPLES = sorted(path.parent for path in CORPUS.glob("*/*/why.txt"))
UNTREATED = ("calculation-enclosed",)
"""Examples that the independent checker does not treat: of enclosures."""
UNCHANGED = ("key-twice", "number-over-zero", "two-thousand-values")
"""Examples of which no changes are tried: they cannot be read here, or take seconds."""


def name_of(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def documents(folder: Path) -> tuple[Path, Path]:
    """The files of an example."""
    result = folder / "result.json"
    return folder / "problem.json", result if result.exists() else folder / "certificate.json"


@lru_cache(maxsize=1)
def question(text: str) -> Problem:
    """The problem, read once for many certificates."""
    return problem_from_json(parse_json(text))


def accepts(problem: str, certificate: str) -> bool:
    """Whether the program accepts the texts of two documents."""
    try:
        check_certificate(question(problem), certificate_from_json(parse_json(certificate)))
    except (Refused, FormatError, ProblemError):
        return False
    return True


@pytest.mark.parametrize("folder", EXAMPLES, ids=name_of)
def test_the_program_agrees(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command and the function have the verdict that the folder says."""
    problem, document = documents(folder)
    code = main([str(problem), str(document)])
    output = capsys.readouterr()
    if folder.parent.name == "accept":
        assert (code, output.out[:10], output.err) == (0, "accepted: ", "")
        read = problem_from_json(parse_json(problem.read_text(encoding="utf-8")))
        assert read.to_json() == json.loads(problem.read_text(encoding="utf-8"))  # it is canonical
        check_result(read, parse_json(document.read_text(encoding="utf-8")))
    else:
        assert code in (1, 2)
        shown = output.out if code == 1 else output.err
        assert shown.startswith("refused: " if code == 1 else "error: ")
        if document.name == "certificate.json":
            assert not accepts(*(path.read_text(encoding="utf-8") for path in (problem, document)))


@pytest.mark.parametrize("folder", EXAMPLES, ids=name_of)
def test_the_independent_checker_agrees(folder: Path) -> None:
    """So does the checker that knows the documents alone."""
    problem, document = documents(folder)
    problem_text, text = (path.read_text(encoding="utf-8") for path in (problem, document))
    if document.name == "result.json":
        data, question = json.loads(text), json.loads(problem_text)
        first, last = (
            question["samples"]["from"] if question["samples"] != "fewest" else 1,
            data["samples"] - 1,
        )
        question["samples"] = last if first == last else {"from": first, "to": last}
        problem_text, text = json.dumps(question), json.dumps(data["fewer"])
    found = verdict(problem_text, text).partition(":")[0]
    expected = {"accept": "accepted", "refuse": "refused"}[folder.parent.name]
    assert found == ("unknown" if folder.name in UNTREATED else expected)


@pytest.mark.parametrize("name", PROVABLE)
def test_the_independent_checker_accepts_what_the_program_proves(name: str) -> None:
    """Certificates that were found, of all the systems that it knows."""
    problem, text = proved(name)
    assert verdict(json.dumps(problem.to_json()), text) == "accepted"


def test_the_commands_run() -> None:
    """Both checkers are commands; the independent one loads nothing of zerograd."""
    files = [str(path) for path in documents(CORPUS / "accept" / "founding-two-samples")]
    run = [sys.executable, "-X", "importtime", "-m"]
    settings: dict[str, Any] = {"capture_output": True, "text": True, "cwd": ROOT}
    settings["env"] = {**os.environ, "PYTHONPATH": str(ROOT)}
    first = subprocess.run([*run, "zerograd.core.check", *files], check=False, **settings)
    assert (first.returncode, first.stdout[:10]) == (0, "accepted: ")
    second = subprocess.run([*run, "tests.independent.check", *files], check=False, **settings)
    assert (second.returncode, second.stdout) == (0, "accepted\n")
    assert "tests.independent.formulas" in second.stderr
    assert "zerograd" not in second.stderr


def certificates() -> Iterator[tuple[Path, str, Any]]:
    """The examples that are changed: the text of the problem, the certificate."""
    for folder in EXAMPLES:
        problem, document = documents(folder)
        if document.name == "certificate.json" and folder.name not in (*UNTREATED, *UNCHANGED):
            text = document.read_text(encoding="utf-8")
            yield folder, problem.read_text(encoding="utf-8"), parse_json(text)


def disagreement(problem: str, certificate: object) -> str | None:
    """What the independent checker says, if the program says something else."""
    text = json.dumps(certificate)
    independent = verdict(problem, text)
    if independent.startswith("unknown") or (independent == "accepted") == accepts(problem, text):
        return None
    return f"{independent}: {problem} {text}"


def test_both_checkers_agree_on_mutants() -> None:
    """A few hundred certificates with one or two things changed."""
    chance, count, refused = Random(15), 0, 0
    for _, problem, data in certificates():
        known = sorted(words(data))
        for changes in (1, 1, 2):
            mutant = copy.deepcopy(data)
            for _ in range(changes):
                container, key = chance.choice([*places(mutant)])
                match chance.randrange(4):
                    case 0:
                        container.pop(key)
                    case 1 if isinstance(container, dict):
                        container[chance.choice(known)] = container.pop(key)
                    case _:
                        container[key] = chance.choice(other_values(container[key], known, chance))
            count += 1
            refused += not accepts(problem, json.dumps(mutant))
            assert disagreement(problem, mutant) is None
    assert count > 400
    assert refused < count  # some changes change nothing that counts


@pytest.mark.slow
@pytest.mark.parametrize("example", [*certificates()], ids=lambda example: name_of(example[0]))
def test_both_checkers_agree_on_all_mutants(example: tuple[Path, str, Any]) -> None:
    """Each change of each certificate of the corpus."""
    _, problem, data = example
    for mutant in mutants(data, sorted(words(data)), Random(1)):
        assert disagreement(problem, mutant) is None


def test_the_index_is_complete(update_golden: bool) -> None:
    """README.md lists every example with its reason; each reason is one line."""
    readme = CORPUS / "README.md"
    head = readme.read_text(encoding="utf-8").partition("\n## ")[0]
    lists = [head.rstrip("\n"), ""]
    for kind in ("accept", "refuse"):
        lists += [f"## {kind}", "", "| example | why |", "|---|---|"]
        for folder in EXAMPLES:
            if folder.parent.name == kind:
                (why,) = (folder / "why.txt").read_text(encoding="utf-8").splitlines()
                lists.append(
                    f"| [`{folder.name}`]({kind}/{folder.name}) | {why.replace('|', chr(92) + '|')} |"
                )
        lists.append("")
    text = "\n".join(lists)
    if update_golden:
        readme.write_text(text, encoding="utf-8")
    assert readme.read_text(encoding="utf-8") == text


def test_the_corpus_is_there() -> None:
    """An empty folder proves nothing, and every folder is an example."""
    kinds = {"accept", "refuse"}
    assert {path.name for path in CORPUS.iterdir() if path.is_dir()} == kinds
    assert sum(len(list((CORPUS / kind).iterdir())) for kind in kinds) == len(EXAMPLES) > 250
    assert all(sum(path.stat().st_size for path in folder.iterdir()) < 20_000 for folder in EXAMPLES)
