"""One changed document, put to the program: what it says, and whether that is right.

Each kind of trial draws a seed and a change from a source of chance, so that a number names a mutant.
"""

from __future__ import annotations

import copy
import io
import json
import signal
import sqlite3
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.independent.check import verdict as independent
from tools.fuzzing import oracle, seeds
from tools.fuzzing.conditions import Unclear
from tools.fuzzing.forging import forged
from tools.fuzzing.mutations import as_bytes, bytes_changed, dumped, mutated, texts
from tools.fuzzing.questions import question_changed
from tools.fuzzing.stores import kept_rows, mutated_store
from tools.fuzzing.trees import tree_changed
from zerograd.core.errors import (
    FormatError,
    Impossible,
    NothingToCheck,
    ProblemError,
    Refused,
    TooMuchWork,
    ZerogradError,
)
from zerograd.core.numbers.work import budget
from zerograd.core.question.documents import documents_in, parse_json, problem_from_json
from zerograd.core.question.language import LanguageError
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.question.vocabulary import Samples
from zerograd.core.refuting.certificate import NUMBERED, Certificate, certificate_from_json
from zerograd.core.refuting.refutation import check_certificate, system_of
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.witness import Witness
from zerograd.spec.errors import SpecError
from zerograd.spec.read import loads
from zerograd.store import StoreError

SLOW = 10.0
"""Seconds of this process that no document may take. (Those of a clock depend on who else is at work.)"""
LONGEST = 120.0
"""Seconds by the clock after which a trial is broken off."""
TOO_LONG_TO_CHECK = 400_000
"""Characters of a question that is not looked into further."""

ACCEPTED, REFUSED, UNREADABLE, UNCLEAR = "accepted", "refused", "unreadable", "unclear"
WRONG, CRASH, SLOWLY = "WRONG", "CRASH", "SLOW"
FAULTS = (WRONG, CRASH, SLOWLY)


class WrongError(Exception):
    """The program has said what is not so."""


class _Broken(BaseException):
    """A trial takes too long."""


@dataclass
class Outcome:
    """What became of a mutant.

    Attributes:
        documents: what was put to the program, by name, for those who look into it.
    """

    kind: str
    verdict: str
    seconds: float = 0.0
    detail: str = ""
    documents: dict[str, Any] = field(default_factory=dict)


Trial = Callable[[Random, dict[str, Any]], str]


def run(number: int, seed: int = 0, kind: str | None = None) -> Outcome:
    """Return what becomes of a mutant, by its number."""
    chance = Random(f"{seed}:{number}")
    name = kind or ORDER[number % len(ORDER)]
    documents: dict[str, Any] = {}
    if name == WRITTEN:
        _load()
    began = time.process_time()
    try:
        with _limited(), budget() if name not in UNCOUNTED else nullcontext():
            outcome = Outcome(name, KINDS[name](chance, documents))
    except WrongError as error:
        outcome = Outcome(name, WRONG, detail=str(error))
    except Unclear as error:
        outcome = Outcome(name, UNCLEAR, detail=str(error))
    except TooMuchWork:
        outcome = Outcome(name, REFUSED, detail="more work than is allowed")
    except _Broken:
        outcome = Outcome(name, SLOWLY, detail="broken off: " + _where())
    except Exception:
        outcome = Outcome(name, CRASH, detail=traceback.format_exc())
    outcome.seconds = time.process_time() - began
    if outcome.seconds > SLOW and outcome.verdict not in FAULTS:
        outcome = Outcome(name, SLOWLY, outcome.seconds, f"{outcome.verdict} after {outcome.seconds:.1f} s")
    if outcome.verdict in FAULTS or kind is not None:
        outcome.documents = documents
    return outcome


@contextmanager
def _limited() -> Iterator[None]:
    def broken(*_: object) -> None:
        raise _Broken

    before = signal.signal(signal.SIGALRM, broken)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _where() -> str:
    return traceback.format_exc(limit=-4)


# --- problem files ---------------------------------------------------------------------------------


@cache
def _problem_texts() -> tuple[str, ...]:
    files = sorted(seeds.PROBLEMS.glob("*.yaml"))
    return tuple(path.read_text(encoding="utf-8") for path in files)


@cache
def _questions() -> tuple[seeds.Json, ...]:
    return tuple(seed.question for seed in seeds.every())


@cache
def _words() -> tuple[str, ...]:
    return tuple(sorted({word for question in _questions() for word in texts(question)} - {""}))


def problem_bytes(chance: Random, documents: dict[str, Any]) -> str:
    """A problem file with other characters in it."""
    text = chance.choice(_problem_texts())
    if chance.random() < 0.3:
        text = dumped(chance.choice(_questions()))
    data = as_bytes(bytes_changed(text, chance, chance.choice([1, 1, 2, 5])))
    if chance.random() < 0.1:
        data = (
            data.replace(b"\n", b"\r\n")
            if chance.random() < 0.5
            else data[: chance.randrange(len(data) + 1)] + b"\xff"
        )
    documents["problem.yaml"] = data
    try:
        problem = loads(data)
    except SpecError as error:
        _bounded(error)
        return UNREADABLE
    _stands(problem)
    return ACCEPTED


def problem_structure(chance: Random, documents: dict[str, Any]) -> str:
    """A question with other values in it, as a file and as the checker reads it."""
    data = mutated(chance.choice(_questions()), chance, _words(), chance.choice([1, 1, 2, 3]))
    documents["problem.json"] = data
    said: dict[str, str | None] = {}
    try:
        text = dumped(data)
        said["file"] = loads(as_bytes(text)).digest
    except SpecError as error:
        _bounded(error)
        said["file"] = None
    try:
        problem = problem_from_json(parse_json(text))
        said["core"] = problem.digest
    except (FormatError, ProblemError) as error:
        _bounded(error)
        said["core"] = None
    if said["core"] is None:
        return UNREADABLE
    if said["file"] is not None and said["file"] != said["core"]:
        raise WrongError(f"it means two things: {said}")
    _stands(problem)
    return ACCEPTED


def _stands(problem: Problem) -> None:
    """What follows from a question is made without a crash; its canonical form is the same question."""
    canonical = problem.to_json()
    if len(dumped(canonical)) > TOO_LONG_TO_CHECK:
        return
    if problem_from_json(parse_json(dumped(canonical))).digest != problem.digest:
        raise WrongError("its canonical form has another digest")
    if loads(as_bytes(dumped(canonical))).digest != problem.digest:
        raise WrongError("its canonical form as a file has another digest")
    sufficient_samples(problem)
    for kind in ("dataset", "moments", "identities", "calculation"):
        with suppress(Refused):
            system_of(problem, kind, problem.samples.least if kind in NUMBERED else None)


def _bounded(error: Exception) -> None:
    if len(str(error)) > 200_000:
        raise WrongError(f"a message of {len(str(error))} characters")


# --- witnesses --------------------------------------------------------------------------------------


@cache
def _sat() -> tuple[seeds.Seed, ...]:
    return tuple(seed for seed in seeds.every() if seed.result["status"] == "sat")


def witness_numbers(chance: Random, documents: dict[str, Any]) -> str:
    """A result with other numbers, references and claims; the question is as it was."""
    seed = chance.choice(_sat())
    within = chance.choice([("witness",), ("witness",), ("witness", "gradients", "loss", "fewer"), None])
    words = sorted({*texts(seed.result["witness"])})
    result = mutated(seed.result, chance, words, chance.choice([1, 1, 1, 2, 3]), within)
    return _answer(seed.question, result, documents)


def witness_of_another(chance: Random, documents: dict[str, Any]) -> str:
    """A result whose question is changed, with all digests corrected; and sometimes its numbers."""
    seed = chance.choice(_sat())
    question = question_changed(seed.question, chance, _words())
    result = copy.deepcopy(seed.result)
    if chance.random() < 0.3:
        result = mutated(result, chance, (), 1, ("witness",))
    problem = _problem(question)
    if problem is None:
        return UNREADABLE
    _point_at(result, problem)
    return _answer(problem.to_json(), result, documents)


def _problem(question: Any) -> Problem | None:
    try:
        return problem_from_json(parse_json(dumped(question)))
    except (FormatError, ProblemError):
        return None


def _point_at(result: Any, problem: Problem) -> None:
    """Correct every digest, so that a checker goes on to what is deeper."""
    result["problem"] = {"title": None, "digest": problem.digest, "question": problem.to_json()}
    for key in ("witness", "certificate"):
        if isinstance(result.get(key), dict):
            result[key]["problem"] = problem.digest
    if isinstance(result.get("fewer"), dict):
        with suppress(ZerogradError, TypeError, ValueError):
            asked = Samples(problem.samples.least, result["samples"] - 1)
            result["fewer"]["problem"] = problem.with_samples(asked).digest


def _answer(question: seeds.Json, result: Any, documents: dict[str, Any]) -> str:
    """Check a result, and hold an accepted witness against the oracle."""
    documents |= {"problem.json": question, "result.json": result}
    problem = problem_from_json(parse_json(dumped(question)))
    read = parse_json(dumped(result))
    try:
        accepted = check_result(problem, read)
    except NothingToCheck:
        return _told(read)
    except Refused as error:
        _bounded(error)
        return REFUSED
    except (FormatError, ProblemError) as error:
        _bounded(error)
        return UNREADABLE
    _told(read)
    if isinstance(accepted, Witness):
        whole = read.get("format") == "zerograd.result/1"
        wrong = oracle.faults(problem.to_json(), read["witness"] if whole else read, read if whole else {})
        if wrong:
            raise WrongError("accepted, and " + "; ".join(wrong[:5]))
    elif read.get("status") == "sat":
        raise WrongError("a sat is accepted for its certificate")
    return ACCEPTED


def _told(read: Any) -> str:
    """Read it as an answer, too: what is told may be refused there."""
    try:
        answer = answer_from_json(read)
    except (Refused, FormatError, ProblemError) as error:
        _bounded(error)
        return REFUSED
    if answer.run.every_samples and not getattr(answer, "certificate", None):
        raise WrongError("every number of samples is believed without a certificate")
    return UNREADABLE if answer.to_json()["status"] == "unknown" else ACCEPTED


def result_bytes(chance: Random, documents: dict[str, Any]) -> str:
    """The text of a result with other characters in it."""
    seed = chance.choice(seeds.every())
    data = as_bytes(bytes_changed(dumped(seed.result), chance, chance.choice([1, 1, 2, 5])))
    documents["result.json"] = data
    try:
        (read,) = documents_in(io.BytesIO(data), "result.json")
        problem = problem_from_json(read["problem"]["question"])
    except (FormatError, ProblemError, KeyError, TypeError, ValueError):
        return UNREADABLE
    return _answer(problem.to_json(), read, documents) if len(dumped(read)) < TOO_LONG_TO_CHECK else ACCEPTED


# --- certificates -----------------------------------------------------------------------------------


@cache
def _refuted() -> tuple[seeds.Seed, ...]:
    return tuple(seed for seed in seeds.every() if seed.certificate is not None)


@cache
def _answerable() -> tuple[seeds.Seed, ...]:
    return tuple(seed for seed in _refuted() if seed.others)


@cache
def _labels(question: str, kind: Any, samples: int | None) -> tuple[str, ...]:
    """The names of facts, cases and variables."""
    if samples is not None and not 1 <= samples <= 10:
        return ()
    try:
        system = system_of(problem_from_json(json.loads(question)), kind, samples)
    except (ZerogradError, LanguageError):  # samples that a condition names are not there
        return ()
    cases = {case.name for split in system.splits.values() for case in split}
    return tuple(sorted({*system.facts, *system.splits, *system.variables, *cases}))


def _vocabulary(question: seeds.Json, certificate: Any) -> list[str]:
    part = certificate["parts"][0]
    return sorted({*texts(certificate), *_labels(dumped(question), part["system"], part.get("samples"))})


def _changed(certificate: Any, question: seeds.Json, chance: Random, most: int) -> Any:
    for _ in range(chance.randint(min(1, most), most)):
        try:
            words = _vocabulary(question, certificate)
        except (KeyError, TypeError, IndexError):
            words = []
        if chance.random() < 0.5:
            tree_changed(certificate, chance)
        else:
            certificate = mutated(
                certificate, chance, words, within=("parts",) if chance.random() < 0.9 else None
            )
    return certificate


def _proves(problem: Problem, certificate: Any) -> bool | None:
    """Whether a certificate is accepted; None if it is no certificate.

    One that is accepted is put to the checker that was written from the documents alone, too.
    """
    text = dumped(certificate)
    try:
        check_certificate(problem, certificate_from_json(parse_json(text)))
    except Refused as error:
        _bounded(error)
        return False
    except (FormatError, ProblemError) as error:
        _bounded(error)
        return None
    second = independent(dumped(problem.to_json()), text)
    if second.startswith("refused"):
        raise WrongError(f"a certificate is accepted; of the other checker it is {second}")
    return True


def certificates(chance: Random, documents: dict[str, Any]) -> str:
    """A changed certificate of the question that it is of: to accept it would be no lie."""
    seed = chance.choice(_refuted())
    problem = problem_from_json(seed.question)
    if "certificate" not in seed.result:
        problem = problem.with_samples(Samples(problem.samples.least, seed.result["samples"] - 1))
    certificate = _changed(seed.certificate, problem.to_json(), chance, 3)
    documents |= {"problem.json": problem.to_json(), "certificate.json": certificate}
    return {True: ACCEPTED, False: REFUSED, None: UNREADABLE}[_proves(problem, certificate)]


def forged_certificates(chance: Random, documents: dict[str, Any]) -> str:
    """A certificate of one question pointed at another, which has an answer."""
    seed = chance.choice(_answerable())
    question, samples = chance.choice(seed.others)
    problem = problem_from_json(question)
    certificate: Any = seed.certificate
    certificate["problem"] = problem.digest
    for part in certificate["parts"]:
        if part["system"] in NUMBERED and (problem.samples.fixed is not None or chance.random() < 0.8):
            part["samples"] = samples
    if chance.random() < 0.3:  # the kinds that would rule out every number of samples
        certificate["parts"] = certificate["parts"][-1:]
    if hidden := chance.random() < 0.6:
        certificate = _hidden(certificate, problem, chance)
    if not hidden or chance.random() < 0.2:
        certificate = _changed(certificate, question, chance, 4)
    if isinstance(certificate, dict):
        certificate["problem"] = problem.digest
    documents |= {"problem.json": question, "certificate.json": certificate}
    proved = _proves(problem, certificate)
    if proved:
        raise WrongError(f"a certificate is accepted of a question with an answer ({seed.name})")
    return REFUSED if proved is False else UNREADABLE


def _hidden(certificate: Any, problem: Problem, chance: Random) -> Any:
    """The certificate with its gaps hidden; as it is where there are no facts that it could speak of."""
    try:
        parts = [
            forged(part, system_of(problem, part.kind, part.samples), chance)
            for part in certificate_from_json(certificate).parts
        ]
    except ZerogradError:
        return certificate
    return json.loads(dumped(Certificate(problem.digest, tuple(parts)).to_json()))


def certified_questions(chance: Random, documents: dict[str, Any]) -> str:
    """A certificate of a question that is changed: accepted, if the search finds no answer either."""
    seed = chance.choice(_refuted())
    question = question_changed(seed.question, chance, _words())
    problem = _problem(question)
    if problem is None:
        return UNREADABLE
    if "certificate" not in seed.result and problem.samples.fixed is None:
        with suppress(ZerogradError, ValueError):
            problem = problem.with_samples(Samples(problem.samples.least, seed.result["samples"] - 1))
    certificate: Any = seed.certificate
    certificate["problem"] = problem.digest
    if problem.samples.fixed is not None and chance.random() < 0.5:
        for part in certificate["parts"]:
            if "samples" in part:
                part["samples"] = problem.samples.fixed
    if chance.random() < 0.3:
        certificate = _changed(certificate, problem.to_json(), chance, 1)
    documents |= {"problem.json": problem.to_json(), "certificate.json": certificate}
    proved = _proves(problem, certificate)
    if not proved:
        return REFUSED if proved is False else UNREADABLE
    asked = problem.to_json()
    if {**asked, "samples": 0} != {**problem_from_json(seed.question).to_json(), "samples": 0}:
        _contradicted(problem)
    return ACCEPTED


SEARCH: dict[str, Any] = {"seconds": 0.0, "processes": None}
"""How long the search may look for a counterexample to a certificate, or answer a changed question."""


def _contradicted(problem: Problem) -> None:
    """Raise WrongError if the search finds an answer that there should not be."""
    if SEARCH["seconds"] and isinstance(_solved(problem), Sat):
        raise WrongError("a certificate is accepted, and there is an answer")


def _solved(problem: Problem) -> Any:
    from zerograd.api import solve
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess

    if SEARCH["processes"] is None:
        SEARCH["processes"] = SearchProcess(), ProofProcess()
    search, prover = SEARCH["processes"]
    return solve(problem, timeout=SEARCH["seconds"], process=search, prover=prover)


def answers(chance: Random, documents: dict[str, Any]) -> str:
    """A changed question, answered: a witness is held against the oracle, and read back."""
    question = question_changed(chance.choice(_questions()), chance, _words())
    problem = _problem(question)
    if problem is None or not SEARCH["seconds"] or len(dumped(problem.to_json())) > 20_000:
        return UNREADABLE
    documents["problem.json"] = problem.to_json()
    result = parse_json(json.dumps(_solved(problem).to_json()))
    documents["result.json"] = result
    if result["status"] == "sat":
        wrong = oracle.faults(problem.to_json(), result["witness"], result)
        if wrong:
            raise WrongError("answered, and " + "; ".join(wrong[:5]))
    answer_from_json(result)
    return {"sat": ACCEPTED, "unsat": REFUSED, "unknown": UNCLEAR}[result["status"]]


# --- what is accepted, written out ------------------------------------------------------------------


def written(chance: Random, documents: dict[str, Any]) -> str:
    """A result with other numbers, of a question that asks for less: compared with floats, written out."""
    seed = chance.choice(seeds.every())
    question, result = copy.deepcopy(seed.question), copy.deepcopy(seed.result)
    if result["status"] == "sat":
        for key in ("gradients", "loss", "fewer", "smallest"):
            result.pop(key, None)
        if chance.random() < 0.7:
            for key in chance.sample(["zero", "nonzero", "where", "bounds"], chance.choice([2, 4])):
                question.pop(key, None)
            result = mutated(result, chance, (), chance.choice([1, 2, 4]), ("witness",))
        else:
            question = question_changed(question, chance, _words())
    problem = _problem(question)
    if problem is None:
        return UNREADABLE
    _point_at(result, problem)
    documents |= {"problem.json": question, "result.json": result}
    try:
        answer = answer_from_json(parse_json(dumped(result)))
    except (Refused, FormatError, ProblemError):
        return REFUSED
    return _written(answer, chance)


@cache
def _load() -> None:
    """Import what takes seconds to load, which is not to be counted."""
    with suppress(ImportError):
        import torch  # noqa: F401
    import zerograd.show.page
    import zerograd.show.say.derivation  # noqa: F401


def _written(answer: Any, chance: Random) -> str:
    from zerograd.evaluate.recheck import Disagreement, recheck
    from zerograd.exports import FORMS, export
    from zerograd.show.text import answer_text

    try:
        if isinstance(answer, Sat):
            recheck(answer.witness)
        answer_text(answer)
        export(answer, chance.choice(FORMS))
    except Disagreement as error:
        raise WrongError(f"accepted, and {error}") from None
    except Impossible:
        raise
    except ZerogradError as error:  # the form has no room for it
        _bounded(error)
        return UNREADABLE
    return ACCEPTED


# --- stores -----------------------------------------------------------------------------------------


def stores(chance: Random, documents: dict[str, Any]) -> str:
    """A store with changed rows, or changed bytes: what is taken from it is as it was computed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        mutated_store(path, chance)
        documents["store.sqlite"] = path.read_bytes()
        try:
            rows = kept_rows(path)
        except StoreError as error:
            _bounded(error)
            return UNREADABLE
        except sqlite3.Error as error:
            raise WrongError(f"an error of SQLite: {error}") from error
    if rows is None:
        return REFUSED
    for pattern, said, truth in rows:
        if said != truth:
            raise WrongError(f"{pattern}: {said} is taken from the store, and {truth} is so")
    return ACCEPTED


WRITTEN = "accepted results, written out"
KINDS: Mapping[str, Trial] = {
    "problem files, bytes": problem_bytes,
    "problem files, structure": problem_structure,
    "results, numbers and claims": witness_numbers,
    "results, question changed": witness_of_another,
    "results, bytes": result_bytes,
    "certificates, same question": certificates,
    "certificates, of what has an answer": forged_certificates,
    "certificates, question changed": certified_questions,
    "answers to changed questions": answers,
    WRITTEN: written,
    "atlas stores": stores,
}
UNCOUNTED = ("answers to changed questions", "atlas stores")
"""Kinds whose work is counted where it is done, or has a deadline."""
_WEIGHTS = (8, 12, 24, 12, 6, 10, 24, 12, 1, 5, 4)
ORDER: tuple[str, ...] = tuple(
    Random(0).sample(
        [name for name, weight in zip(KINDS, _WEIGHTS, strict=True) for _ in range(weight)], sum(_WEIGHTS)
    )
)
"""The kinds of mutants 0, 1, 2, …, again and again."""
