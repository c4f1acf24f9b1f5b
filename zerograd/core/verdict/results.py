"""An answer from its result document: what `Answer.to_json` wrote, read back and checked.

The document may come from a stranger: witness, certificate and every claim beside them are checked before
there is an answer. What is only told (the search, re-checks, an unsat without a certificate) is of a bounded
shape, and marked: `zerograd.core.verdict.answer.Run.told`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import Any, TypeVar

from zerograd.core.errors import FormatError, NothingToCheck, Refused, Violation, short
from zerograd.core.question.loosening import loosened
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.calculation import wrong_at
from zerograd.core.refuting.certificate import Certificate, certificate_from_json
from zerograd.core.verdict.answer import Answer, Attempt, CrossCheck, Run, Sat, Smallest, Unknown, Unsat
from zerograd.core.verdict.checking import (
    RESULT_FORMAT,
    carried_question,
    check_result,
    is_of_old_order,
    kind_claimed,
    size_from_json,
)
from zerograd.core.verdict.generic import against_generic
from zerograd.core.verdict.lower import lower_claimed
from zerograd.core.verdict.witness import Witness

T = TypeVar("T")

_STATUSES = ("sat", "unsat", "unknown")
_REASONS = ("timeout", "memory", "unsupported", "incomplete")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_MOST = 100_000
"""Items of a list or an object, and characters of a text, that are told."""


def answer_from_json(data: object, problem: Problem | None = None) -> Answer:
    """The answer that a result document holds, checked, with ``run.told``.

    That an unsat without a certificate holds for every number of samples is not believed.

    Args:
        data: the document, of format ``zerograd.result/1``.
        problem: the question; without, the document must carry its own.

    Raises:
        FormatError: it is not of the documented form, or the question is not known.
        ProblemError: the question that it carries is none.
        Refused: it answers another question, or the checker does not accept what it carries or claims.
    """
    if not isinstance(data, Mapping) or data.get("format") != RESULT_FORMAT:
        found = short(data.get("format")) if isinstance(data, Mapping) else short(data)
        raise FormatError(f"format: expected a result ({RESULT_FORMAT!r}), found {found}")
    question = problem or carried_question(data)
    if question is None:
        raise FormatError("problem.question: is missing: say which problem this is an answer to")
    status = data.get("status")
    if status not in _STATUSES:
        raise FormatError(f"status: expected sat, unsat or unknown, found {short(status)}")
    try:
        accepted: Witness | Certificate | None = check_result(question, data)
    except NothingToCheck:
        accepted = None
    run = _run(data, every_samples=isinstance(accepted, Certificate) and data.get("every_samples") is True)
    _check_sufficient(question, run.sufficient_samples)
    match accepted:
        case Witness() as witness:
            fewer = certificate_from_json(data["fewer"]) if "fewer" in data else None
            return Sat(
                witness,
                problem=question,
                checks=_checks(data),
                fewer=fewer,
                smallest=_smallest(data["smallest"], witness) if "smallest" in data else None,
                kind=kind_claimed(witness, data.get("kind")),
                lower=lower_claimed(witness, data.get("lower")),
                generic=against_generic(witness) if "generic" in data else None,
                run=run,
            )
        case Certificate() as certificate:
            # What it says is found instead was checked with the certificate.
            instead = wrong_at(question) if data.get("instead") else ()
            return Unsat("certificate", problem=question, certificate=certificate, instead=instead, run=run)
    if status == "unsat":
        if data.get("evidence") != "solver":
            raise Refused([Violation("evidence", "certificate or solver", short(data.get("evidence")))])
        return Unsat("solver", problem=question, open=_texts(data, "open"), run=run)
    reason = data.get("reason")
    if reason not in _REASONS:
        raise FormatError(f"reason: expected one of {', '.join(_REASONS)}, found {short(reason)}")
    return Unknown(reason, _text(data, "detail") or "", problem=question, run=run)


def _smallest(data: Mapping[str, Any], witness: Witness) -> Smallest:
    """That nothing smaller exists is told, not proved: only going through it all again would.

    The smallest of one height may be another since the order changed; smaller heights come first as before.
    """
    size, exhausted = size_from_json(data, witness), data["exhausted"]
    if is_of_old_order(data):
        exhausted = min(exhausted, size.height - 1)
    return Smallest(size, exhausted, data["rank"], told=True)


def _check_sufficient(problem: Problem, claimed: int | None) -> None:
    """The theorem says how many samples suffice, of the question or of a looser one. Raises Refused."""
    if claimed is None or claimed == (sufficient := sufficient_samples(problem)):
        return
    # The theorem was narrower once: older documents speak of the question without more conditions.
    loose = [
        loosened(problem, signs=signs, with_adjoints=adjoints)
        for signs in (True, False)
        for adjoints in (True, False)
    ]
    if claimed not in [sufficient_samples(looser) for looser in loose if looser is not None]:
        expected = "that none is known" if sufficient is None else str(sufficient)
        raise Refused([Violation("sufficient_samples", expected, short(claimed))])


def _run(data: Mapping[str, Any], *, every_samples: bool) -> Run:
    compared = data.get("cross_check")
    return Run(
        strategy=_text(data, "strategy"),
        tried=_texts(data, "tried"),
        seconds=_number(data.get("seconds", 0), "seconds"),
        beyond=_number(data.get("beyond", 0), "beyond"),
        versions={
            _is_text(name, "versions"): _is_text(version, f"versions.{short(name)}")
            for name, version in _mapping(data, "versions").items()
        },
        attempts=tuple(_attempt(item) for item in _list(data, "attempts")),
        sufficient_samples=_whole(data, "sufficient_samples"),
        every_samples=every_samples,
        cross_check=None if compared is None else _cross_check(compared),
        told=True,
    )


def _attempt(data: object) -> Attempt:
    if not isinstance(data, Mapping) or data.get("status") not in _STATUSES:
        raise FormatError(f"attempts: expected objects with samples and status, found {short(data)}")
    samples = _whole(data, "samples")
    if samples is None:
        raise FormatError("attempts: samples is missing")
    return Attempt(samples, data["status"], _text(data, "reason"))


def _cross_check(data: object) -> CrossCheck:
    if not isinstance(data, Mapping):
        raise FormatError(f"cross_check: expected an object, found {short(data)}")
    undecided = []
    for item in _list(data, "undecided"):
        samples = _whole(item, "samples") if isinstance(item, Mapping) else None
        if samples is None:
            raise FormatError(f"cross_check.undecided: expected samples and reason, found {short(item)}")
        undecided.append((samples, _text(item, "reason") or ""))
    agrees = [_is_whole(item, "cross_check.agrees") for item in _list(data, "agrees")]
    solver = _is_text(data.get("solver"), "cross_check.solver")
    return CrossCheck(solver, _text(data, "version"), tuple(agrees), tuple(undecided))


def _checks(data: Mapping[str, Any]) -> dict[str, Any]:
    """The numeric re-checks: numbers by name, or why there are none."""
    told: dict[str, Any] = {}
    for name, found in _mapping(data, "checks").items():
        if name == "exact":  # made again just now
            continue
        place = f"checks.{short(name)}"
        if isinstance(found, Mapping) and len(found) <= _MOST:
            told[_is_text(name, place)] = {
                _is_text(key, place): _checked_number(value, place) for key, value in found.items()
            }
        else:
            told[_is_text(name, place)] = _is_text(found, place)
    return told


def _number(value: object, place: str) -> float:
    """A finite number. Floats come as their text (`zerograd.core.question.documents.parse_json`)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _JSON_NUMBER.fullmatch(value)):
        try:
            number = float(value)  # type: ignore[arg-type]
        except OverflowError:
            number = inf
        if isfinite(number):
            return number
    raise FormatError(f"{place}: expected a number, found {short(value)}")


def _checked_number(value: object, place: str) -> int | float:
    """A finite number, whole numbers as they are."""
    number = _number(value, place)
    return value if isinstance(value, int) else number


def _is_text(value: object, place: str) -> str:
    if not isinstance(value, str) or len(value) > _MOST:
        raise FormatError(f"{place}: expected a text, found {short(value)}")
    return value


def _is_whole(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise FormatError(f"{place}: expected a whole number, found {short(value)}")
    return value


def _optional(data: Mapping[str, Any], name: str, read: Callable[[object, str], T]) -> T | None:
    return None if data.get(name) is None else read(data[name], name)


def _text(data: Mapping[str, Any], name: str) -> str | None:
    return _optional(data, name, _is_text)


def _whole(data: Mapping[str, Any], name: str) -> int | None:
    return _optional(data, name, _is_whole)


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name, [])
    if not isinstance(found, list) or len(found) > _MOST:
        raise FormatError(f"{name}: expected a list, found {short(found)}")
    return found


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_is_text(item, name) for item in _list(data, name))


def _mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name, {})
    if not isinstance(found, Mapping) or len(found) > _MOST:
        raise FormatError(f"{name}: expected an object, found {short(found)}")
    return found
