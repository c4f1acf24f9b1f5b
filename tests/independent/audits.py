"""A checker of audits of partly given examples, written from docs/FORMATS.md alone.

It says whether each answer is one to the question that the claim comes to, and whether the grade follows.
Numbers are rational, activations piecewise linear; of other documents it says that it cannot tell.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from tests.independent.calculation import Calculation
from tests.independent.check import check as check_certificate
from tests.independent.documents import CannotTell, need
from tests.independent.problems import Problem

Asked = Mapping[str, str]
"""The status of the answer to each question."""


def check(document: Any) -> None:
    """Return if all findings follow from their answers. Raises No or CannotTell."""
    need(document["format"] == "zerograd.audit/1", "another format")
    question = document["question"]
    need(Problem(question).digest == document["problem"], "another problem")
    need(document["kink"] is None, "a kink")
    for column in document["findings"]:
        under = column["derivative_at_kink"]
        need(len(column["claims"]) == len(document["claims"]), "a finding for each claim")
        for claim, finding in zip(document["claims"], column["claims"], strict=True):
            own = (
                question
                if under is None or not _depends(question, claim)
                else {**question, "derivative_at_kink": under}
            )
            answers = finding.get("answers", {})
            if isinstance(claim, dict) and "rounded" in claim:
                others = [other for other in document["claims"] if other is not claim]
                _check_example(own, claim["rounded"], others, finding, answers)
            elif not answers:
                if finding["grade"] != "undecided":
                    _check_settled(own, claim, finding)
            elif claim == "minimum: local":
                raise CannotTell("kinds of points")
            else:
                _check_claim(own, claim, finding, answers)


def _depends(question: Any, claim: Any) -> bool:
    """Whether conventions play a part in what is asked about a claim."""
    relations = ("zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative", "minimum")
    texts = [*question.get("where", ()), claim if isinstance(claim, str) else ""]
    return (
        any(question.get(name) for name in relations)
        or any("grad(" in t for t in texts)
        or claim == "minimum: local"
    )


def _check_settled(question: Any, claim: Any, finding: Any) -> None:
    """What is claimed is so, or is not, whatever stands for what is not given: with 0 and with 1."""
    relations = ("zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative", "minimum", "where")
    need(not any(question.get(key) for key in relations), "a grade without answers, though more is asked")
    if not isinstance(claim, str) or finding["grade"] not in ("right", "rounded", "wrong"):
        raise CannotTell("a step, or digits that were cut off")
    near, exactly = condition_of(claim)
    holds = exactly if "~" in claim and finding["grade"] == "right" else near
    told = f"not ({near})" if finding["grade"] == "wrong" else holds
    here, samples = Problem(question), question["samples"]
    shapes = here.shapes | {"x": (samples, here.widths[0]), "y": (samples, here.widths[-1])}
    for other in (0, 1):
        values = {
            name: _filled(shape, question.get("given", {}).get(name), other) for name, shape in shapes.items()
        }
        asked = {**question, "given": values, "where": [told]}
        need(not Calculation(Problem(asked), question["samples"]).found, f"a grade: {finding['grade']}")


def _filled(shape: Any, given: Any, other: int) -> Any:
    if not shape:
        return other if given is None else given
    return [_filled(shape[1:], given and given[n], other) for n in range(shape[0])]


def _check_claim(question: Any, claim: str, finding: Any, answers: Mapping[str, Any]) -> None:
    near, exactly = condition_of(claim)
    told = {"for": near, "against": f"not ({near})", "inexact": f"not ({exactly})"}
    asked: dict[str, str] = {}
    for role, answer in answers.items():
        if role == "other":
            _check_answer(answer)
            asked[role] = answer["status"]
            continue
        where = answer["problem"]["question"].get("where", [])
        need(where[:-1] == question.get("where", []), "what the file says comes first")
        need(_same(where[-1], told[role]), f"another question: {where[-1]}")
        _check_question(question, answer, {"where"})
        _check_answer(answer)
        asked[role] = answer["status"]
    need(
        finding["grade"] == _grade(asked, digits="~" in claim),
        f"the grade {finding['grade']} does not follow",
    )
    if finding.get("everywhere"):
        need(asked["other"] == "unsat", "it is not so everywhere")


def _grade(asked: Asked, *, digits: bool) -> str:
    if asked.get("inexact") == "unsat":
        return "right"
    both = asked["for"], asked["against"]
    match both:
        case "unsat", "unsat":
            return "undefined"
        case _, "unsat":
            return "rounded" if digits else "right"
        case "unsat", _:
            return "wrong"
        case "sat", "sat":
            return "open"
    return "undecided"


def _check_question(question: Any, answer: Any, but: set[str]) -> None:
    """What is asked differs from what the file says in these keys alone; its digest is right."""
    asked = answer["problem"]["question"]
    for key in ({*asked} | {*question}) - but:
        need(asked.get(key) == question.get(key), f"another {key}")
    need(Problem(asked).digest == answer["problem"]["digest"], "another digest")


def _check_answer(answer: Any) -> None:
    """The witness or the certificate; what rests on a solver's word is taken as it is."""
    asked = answer["problem"]["question"]
    if answer["status"] == "sat":
        witness = answer["witness"]
        values = {**witness["parameters"], "x": witness["x"], "y": witness["y"]}
        need(not Calculation(Problem({**asked, "given": values}), len(values["x"])).found, "no witness")
        _check_given(asked, values)
    elif answer["status"] == "unsat" and "certificate" in answer:
        check_certificate(Problem(asked), answer["certificate"])


def _check_given(asked: Any, values: Mapping[str, Any]) -> None:
    """The witness has what is given, and is within the bounds."""
    for name, given in asked.get("given", {}).items():
        _each(given, values[name], lambda told, value: told is None or Fraction(told) == value)
    for place, (low, high) in asked.get("bounds", {}).items():
        name, _, index = place.partition("[")
        found = values[name]
        for part in index.rstrip("]").split(",") if index else ():
            found = found[int(part)]
        least, most = (None if end is None else Fraction(end) for end in (low, high))
        _each((least, most), found, _between)


def _between(ends: Any, value: Fraction) -> bool:
    low, high = ends
    return (low is None or low <= value) and (high is None or value <= high)


def _each(told: Any, found: Any, holds: Callable[[Any, Fraction], bool]) -> None:
    if isinstance(found, list):
        for number, inner in enumerate(found):
            _each(told[number] if isinstance(told, list) else told, inner, holds)
        return
    need(holds(told, Fraction(found)), "a number that does not fit")


def _check_example(
    question: Any, rounded: Any, others: list[Any], finding: Any, answers: Mapping[str, Any]
) -> None:
    """Bounds in place of what is rounded, and every other claim that is a condition."""
    if not answers:
        return  # a calculation
    answer = answers["example"]
    asked = answer["problem"]["question"]
    _check_question(question, answer, {"where", "given", "bounds", "minimum"})
    told = [condition_of(other)[0] for other in others if isinstance(other, str) and "minimum" not in other]
    more = asked.get("where", [])[len(question.get("where", [])) :]
    need(len(more) == len(told) and all(map(_same, more, told)), "other claims")
    given, left = (Problem(each).given for each in (question, asked))
    units = rounded
    if isinstance(rounded, int):
        units = {place: Fraction(1, 10**rounded) for place, value in given.items() if value.denominator != 1}
    for place, value in given.items():
        if place not in units:
            need(left.get(place) == value, f"{place} is not what is given")
            continue
        half = Fraction(units[place]) / 2
        need(place not in left, f"{place} is given")
        need([*map(Fraction, asked["bounds"][place])] == [value - half, value + half], "other bounds")
    _check_answer(answer)
    grade = {"sat": ("right", "undecided"), "unsat": ("wrong",), "unknown": ("undecided",)}
    need(finding["grade"] in grade[answer["status"]], "the grade does not follow")


def condition_of(claim: str) -> tuple[str, str]:
    """A claim as a condition, and what it says of the exact numbers."""
    quantity, tilde, printed = claim.partition("~")
    if not tilde:
        return claim, claim
    numbers = re.findall(r"[^\s\[\],]+", printed)
    halves = [_half(text) for text in numbers]
    return f"abs({quantity} - {_listed(printed, numbers)}) <= {_listed(printed, halves)}", (
        f"{quantity} == {_listed(printed, numbers)}"
    )


def _half(text: str) -> str:
    digits, _, exponent = text.lower().partition("e")
    unit = Fraction(10) ** (int(exponent or 0) - len(digits.partition(".")[2]))
    return "0" if unit >= 1 and Fraction(text) == 0 else str(unit / 2)


def _listed(printed: str, numbers: list[str]) -> str:
    """Other numbers in the lists of a text; one number where all are alike."""
    texts = [str(Fraction(number)) for number in numbers]
    if len(set(texts)) == 1:
        return texts[0]
    rest = iter(texts)
    return re.sub(r"[^\s\[\],]+", lambda _: next(rest), printed)


def _same(one: str, other: str) -> bool:
    return ast.dump(ast.parse(one.strip(), mode="eval")) == ast.dump(ast.parse(other.strip(), mode="eval"))
