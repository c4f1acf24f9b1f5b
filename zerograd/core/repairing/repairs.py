"""Repairs of an example as a document, ``zerograd.repair/1``, and its check.

What is said of the given values is found out anew: which of them, one at a time or several together, make all
claims right; sets of which that is not settled are listed as open. And the printed numbers are calculated
anew with the slips that are said to be in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

from zerograd.core.auditing.claims import Claim, Digits, read_claims
from zerograd.core.auditing.findings import Grade
from zerograd.core.auditing.judging import audit, misfits
from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import rational_from_json, rational_text
from zerograd.core.numbers.real import real_to_json
from zerograd.core.question import given
from zerograd.core.question.conditions import Condition
from zerograd.core.question.documents import document_about
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, certificate_from_json
from zerograd.core.repairing.asking import check_refuted
from zerograd.core.repairing.freed import (
    Entry,
    convention_of,
    entries_of,
    line_of,
    stretch_from_json,
    unfit,
    with_entries,
)
from zerograd.core.repairing.settling import Found, found_to_json, meant, settled
from zerograd.core.repairing.slips import Slip, slip_from_json
from zerograd.core.repairing.worked import Sheet, Work, sheet_of

FORMAT = "zerograd.repair/1"
MAX_CHANGES = 4
"""Values that are changed together, at most."""
SLACK = Fraction(1, 1000)
"""The part of itself by which a printed number may be off, where nothing else tells what went wrong."""

Free = tuple[Entry, ...]


@dataclass(frozen=True)
class PrintedNumbers:
    """What was found out about printed numbers.

    Attributes:
        slips: with which more of them follow from those before.
        slack: that they are given to follow.
    """

    slips: tuple[Slip, ...]
    slack: Rational = 0

    def works(self, sheet: Sheet) -> tuple[Work, Work, Work]:
        """Calculate them: exactly, from what is printed, and with the slips."""
        sheet = replace(sheet, slack=self.slack)
        slips = {slip.number: slip for slip in self.slips}
        exactly = Work(replace(sheet, slack=0), follow_printed=False).done()
        return exactly, Work(replace(sheet, slack=0)).done(), Work(sheet, slips).done()


@dataclass(frozen=True)
class Repairs:
    """What would make the claims about an example right.

    Attributes:
        claims: in their order.
        wrong: the positions of those that are wrong.
        changes: up to so many given values were changed together.
        found: values with which all claims are right; all have the fewest changes for which there are any.
        open: sets of numbers of which it is not settled.
        certificates: what refutes sets that are not settled without them.
        printed: None where it was not found out.
    """

    problem: Problem
    claims: tuple[Claim, ...]
    wrong: tuple[int, ...]
    changes: int
    found: tuple[Found, ...] = ()
    open: tuple[Free, ...] = ()
    certificates: Mapping[Free, Certificate] = field(default_factory=dict)
    printed: PrintedNumbers | None = None

    @property
    def size(self) -> int:
        """The largest sets that were looked at."""
        return len(self.found[0].entries) if self.found else self.changes

    @property
    def refuted(self) -> dict[int, int]:
        """How many sets of each size are shown to help in no way."""
        if not self.wrong:
            return {}
        number = len(entries_of(self.problem))
        helping = {frozenset(each.entries) for each in self.found}
        counted = {k: comb(number, k) for k in range(1, self.size + 1)}
        for each in {*helping, *map(frozenset, self.open)}:
            counted[len(each)] -= 1
        return counted

    def to_json(self) -> dict[str, Any]:
        """The document."""
        data: dict[str, Any] = {
            "format": FORMAT,
            "problem": self.problem.digest,
            "question": self.problem.to_json(),
            "claims": [claim.to_json() for claim in self.claims],
            "derivative_at_kink": convention_of(self.problem),
            "wrong": [*self.wrong],
            "changes": self.changes,
            "repairs": [found_to_json(self.problem, each) for each in self.found],
            "refuted": {str(k): number for k, number in self.refuted.items()},
            "open": [[*map(str, free)] for free in self.open],
        }
        if self.certificates:
            data["certificates"] = [
                {"entries": [*map(str, free)], "certificate": certificate.to_json()}
                for free, certificate in self.certificates.items()
            ]
        if self.printed is not None:
            data["printed"] = printed_to_json(sheet_of(self.problem, self.claims), self.printed)
        return data


def printed_to_json(sheet: Sheet, printed: PrintedNumbers) -> dict[str, Any]:
    """What is said of printed numbers."""
    exactly, before, after = printed.works(sheet)
    known = {*exactly.values, *(replace(number, index=None) for number in exactly.values)}
    for slip in printed.slips:
        if slip.number not in known:
            raise Refused([Violation("slips", "a number that is calculated", str(slip.number))])
    data: dict[str, Any] = {
        "numbers": len(exactly.came),
        "off": [*map(str, exactly.unfollowed)],
        "do_not_follow": [
            {"number": str(each), "comes_out": real_to_json(before.came[each])} for each in before.unfollowed
        ],
    }
    if printed.slips:
        data["slips"] = [slip.to_json() for slip in printed.slips]
        data["with_slips"] = [*map(str, after.unfollowed)]
        if printed.slack:
            data["slack"] = rational_text(printed.slack)
    return data


def sets_of(problem: Problem, size: int) -> Iterator[Free]:
    """Yield all sets of so many numbers that may change, in order."""
    return combinations(entries_of(problem), size)


def repaired(problem: Problem, found: Found) -> Problem | None:
    """Return the example with the values of a repair; None where one is irrational.

    Raises:
        ProblemError: its values are not such as the problem allows.
    """
    to, _ = meant(problem, found.free, found.stretch)
    if to is None:
        return None
    return with_values(problem, {**dict(found.values), found.free: to})


def with_values(problem: Problem, values: Mapping[Entry, Rational]) -> Problem:
    """Return the example with other values. Raises ProblemError."""
    arrays = with_entries(given.given_arrays(problem), values)
    return problem.with_given({name: array.tolist() for name, array in arrays.items()})


def in_order(claims: Sequence[Claim], wrong: Iterable[int]) -> tuple[Claim, ...]:
    """Return the wrong claims first: they tell soonest that a value does not help."""
    first = [*wrong]
    return tuple(claims[n] for n in (*first, *(n for n in range(len(claims)) if n not in {*first})))


def wrong_claims(problem: Problem, claims: Sequence[Claim], *, undecided: bool = False) -> tuple[int, ...]:
    """Return the positions of claims that are wrong, or have no meaning, under the convention of repairs.

    Claims that are neither digits nor conditions, such as those of kinds of points, are not looked at.

    Args:
        undecided: whether with those of which it is not known.
    """
    grades = {Grade.WRONG, Grade.UNDEFINED, *((Grade.UNDECIDED,) if undecided else ())}
    findings = audit(problem, claims).findings
    return tuple(
        n
        for n, (claim, each) in enumerate(zip(claims, findings, strict=True))
        if isinstance(claim.statement, Digits | Condition) and each.grade in grades
    )


def check_found(problem: Problem, claims: Sequence[Claim], found: Found) -> None:
    """Check that all claims are right with the values of a repair: on the line of a number, and by an audit.

    Raises:
        Refused: one is, or is not known to be right.
    """
    if unfit(problem) is None:
        line = line_of(problem, claims, found.free, dict(found.values))
        if found.stretch not in line.stretches():
            raise Refused([Violation("repairs", "values with which all claims are right", str(found.free))])
    elif not (found.stretch.is_point and isinstance(found.stretch.low, int | Fraction)):
        raise Refused([Violation("repairs", "one value", f"a stretch of {found.free}")])
    mended = repaired(problem, found)
    if mended is None:
        return
    for number in wrong_claims(mended, claims, undecided=True):
        raise Refused([Violation(f"claims[{number}]", "right with the repair", "wrong, or undecided")])


def accepted_repair_line(repairs: Repairs) -> str:
    """What was accepted, in a line."""
    if not repairs.wrong:
        return "accepted: no claim is wrong"
    number = len(repairs.found)
    told = f"{number} repair{'' if number == 1 else 's'}" if number else "no repair"
    refuted = ", ".join(f"{n} sets of {k}" for k, n in repairs.refuted.items())
    return f"accepted: {told}; refuted: {refuted}; open: {len(repairs.open)}"


def check_repair(problem: Problem, data: object) -> Repairs:
    """Accept a document if all that it says is so.

    Raises:
        Refused: something that is not so.
        FormatError: no such document.
    """
    said = document_about(problem, data, FORMAT)
    claims = read_claims(said.get("claims"))
    if reason := given.incomplete(problem):
        raise FormatError(f"{reason}: an example is repaired with all its numbers")
    if unfitting := misfits(problem, claims):
        raise unfitting[0]
    changes = said.get("changes")
    if not isinstance(changes, int) or not 1 <= changes <= MAX_CHANGES:
        raise FormatError(f"changes: expected a number from 1 to {MAX_CHANGES}, found {short(changes)}")
    wrong = said.get("wrong")
    calculated = wrong_claims(problem, claims)
    if wrong != [*calculated]:
        raise Refused([Violation("wrong", short([*calculated]), short(wrong))])
    entries = {str(each): each for each in entries_of(problem)}
    told = tuple(_found(each, entries) for each in _listed(said, "repairs"))
    size = len(told[0].entries) if told else changes
    open_ = tuple(_set(each, entries, size) for each in _listed(said, "open"))
    if any(len(each.entries) != size for each in told):
        raise FormatError("repairs: all of them change equally many values")
    ordered = in_order(claims, calculated)
    certificates = {}
    for each in _listed(said, "certificates") if "certificates" in said else ():
        free = _set(each.get("entries") if isinstance(each, Mapping) else None, entries, size)
        certificates[free] = certificate_from_json(each.get("certificate"))
        check_refuted(problem, ordered, free, certificates[free])
    found = [*_anew(problem, ordered, size, {*open_, *certificates})] if calculated else []
    for each in told:
        check_found(problem, ordered, each)
    settled_told = [each for each in told if frozenset(each.entries) not in {*map(frozenset, open_)}]
    missing = [each for each in found if each not in settled_told]
    extra = [each for each in settled_told if each not in found]
    if missing or extra:
        raise Refused([Violation("repairs", f"{len(found)} that are settled", f"{len(settled_told)}")])
    repairs = Repairs(problem, claims, calculated, changes, told, open_, certificates)
    if "printed" in said:
        repairs = replace(repairs, printed=_printed(said["printed"], claims))
    try:
        document = repairs.to_json()
    except ArithmeticError as gap:
        raise Refused([Violation("printed", "numbers that can be calculated", str(gap))]) from None
    for key, value in document.items():
        if said.get(key) != value:
            raise Refused([Violation(key, short(value), short(said.get(key)))])
    return repairs


def _anew(problem: Problem, claims: Sequence[Claim], size: int, open_: set[Free]) -> Iterator[Found]:
    """All repairs by sets that are not open.

    Raises:
        Refused: fewer changes would do, or a set is not settled.
    """
    for k in range(1, size + 1):
        for free in sets_of(problem, k):
            if free in open_:
                continue
            found = settled(problem, claims, free)
            if found is None:
                raise Refused([Violation("open", " and ".join(map(str, free)), "it is missing")])
            if found and k < size:
                raise Refused([Violation("repairs", f"a change of {k}: {free[0]}", f"changes of {size}")])
            yield from found


def _listed(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list):
        raise FormatError(f"{key}: expected a list, found {short(value)}")
    return value


def _set(data: object, entries: Mapping[str, Entry], size: int) -> Free:
    names = data if isinstance(data, list) else []
    if not all(isinstance(each, str) and each in entries for each in names) or not 1 <= len(names) <= size:
        raise FormatError(f"expected names of given numbers, at most {size}, found {short(data)}")
    if len({*names}) < len(names):
        raise FormatError(f"expected different numbers, found {short(data)}")
    return tuple(entries[each] for each in names)


def _found(data: object, entries: Mapping[str, Entry]) -> Found:
    changes = data.get("changes") if isinstance(data, Mapping) else None
    if not isinstance(changes, list) or not changes or not all(isinstance(each, Mapping) for each in changes):
        raise FormatError(f"repairs: expected a list of changes, found {short(data)}")
    *others, last = changes
    *first, free = _set([each.get("entry") for each in changes], entries, MAX_CHANGES)
    values = tuple(rational_from_json(each.get("to")) for each in others)
    return Found(tuple(zip(first, values, strict=True)), free, stretch_from_json(last.get("any")))


def _printed(data: object, claims: Sequence[Claim]) -> PrintedNumbers:
    if not isinstance(data, Mapping):
        raise FormatError("printed: expected an object")
    steps = [claim.step for claim in claims if claim.step is not None]
    slips = tuple(slip_from_json(each, steps) for each in _listed(data, "slips")) if "slips" in data else ()
    if len({slip.number for slip in slips}) < len(slips):
        raise FormatError("slips: at most one of each number")
    slack = rational_from_json(data.get("slack", "0"))
    if slack not in (0, SLACK):
        raise FormatError(f"slack: expected 0 or {rational_text(SLACK)}, found {short(data.get('slack'))}")
    return PrintedNumbers(slips, slack)
