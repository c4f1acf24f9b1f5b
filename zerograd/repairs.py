"""Repairs of published examples, as objects; the function `repair`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.auditing.claims import Claim, Rounded, read_claims
from zerograd.core.auditing.judging import misfits
from zerograd.core.errors import FormatError
from zerograd.core.model.point import Point
from zerograd.core.numbers.functions import Rational
from zerograd.core.question import given
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.repairing.freed import Entry
from zerograd.core.repairing.repairs import MAX_CHANGES, Repairs, repaired
from zerograd.core.repairing.settling import Found
from zerograd.core.verdict.answer import Sat, Unsat
from zerograd.core.verdict.witness import Witness
from zerograd.repairing.search import Search

DEFAULT_TIMEOUT = 60.0
CHANGES = 2


@dataclass(frozen=True, repr=False)
class Repair:
    """What would make the claims about an example right; ``str(repair)`` is what a person reads."""

    repairs: Repairs
    interrupted: bool = False

    @property
    def wrong(self) -> tuple[Claim, ...]:
        """Return the claims that are wrong."""
        return tuple(self.repairs.claims[n] for n in self.repairs.wrong)

    @property
    def found(self) -> tuple[Found, ...]:
        """Return values with which no claim is wrong: the fewest changes; what was likely meant first."""
        return self.repairs.found

    @property
    def examples(self) -> tuple[Problem, ...]:
        """Return the example with each repair whose values are rational."""
        mended = (repaired(self.repairs.problem, found) for found in self.found)
        return tuple(each for each in mended if each is not None)

    @property
    def complete(self) -> bool:
        """Return whether every set of values that is not among the repairs is shown not to help."""
        return not self.repairs.open

    def __str__(self) -> str:
        from zerograd.show.say.repair import repair_text

        return repair_text(self.repairs)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from zerograd.show.jupyter import literal
        from zerograd.show.say.repair import repair_html

        return literal(repair_html(self.repairs))

    def to_markdown(self) -> str:
        """Return it in Markdown."""
        from zerograd.show.say.repair import repair_markdown

        return repair_markdown(self.repairs)

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md)."""
        return self.repairs.to_json()


def repair(
    example: Problem | str | os.PathLike[str],
    claims: Iterable[object] | None = None,
    *,
    changes: int = CHANGES,
    timeout: float = DEFAULT_TIMEOUT,
    progress: Callable[[str], None] | None = None,
) -> Repair:
    """Look for the fewest given values to change so that no claim about an example is wrong.

    Args:
        example: the path of an audit file, which has the claims; or a problem in which everything is given.
        claims: as for `audit`; of a file, in place of those that it has.
        changes: up to so many values are changed together.
        timeout: seconds after which what was found is returned; what was not looked at is open, then.
        progress: called with a short line as the search goes on.

    Raises:
        SpecError: a file with mistakes.
        FormatError: not everything is given, no claims, or a claim that has no meaning.
        ValueError: a timeout that is not above 0, or a number of changes that is not from 1 to 4.
    """
    if not 1 <= changes <= MAX_CHANGES:
        raise ValueError(f"changes must be from 1 to {MAX_CHANGES}, found {changes}")
    listed = None if claims is None else read_claims([*claims])
    if not isinstance(example, Problem):
        from zerograd.spec.audit import load

        example, written = load(example)
        listed = listed or written
    return find_repair(example, listed or read_claims([]), changes, timeout, progress, keep=False)


def find_repair(
    problem: Problem,
    claims: Sequence[Claim],
    changes: int,
    timeout: float,
    progress: Callable[[str], None] | None,
    *,
    keep: bool,
) -> Repair:
    """Do what `repair` does.

    Args:
        keep: return what was found when it is interrupted (Ctrl-C), instead of KeyboardInterrupt.

    Raises:
        FormatError: not everything is given, or a claim that has no meaning.
        ValueError: a timeout that is not above 0.
    """
    if timeout <= 0:
        raise ValueError("timeout must be above 0")
    if reason := given.incomplete(problem):
        raise FormatError(f"{reason}: an example is repaired with all its numbers")
    if any(isinstance(claim.statement, Rounded) for claim in claims):
        raise FormatError("rounded: an example is repaired as it is printed: leave this key out")
    if wrong := misfits(problem, claims):
        raise wrong[0]
    deadline = time.monotonic() + timeout
    say = progress or (lambda _: None)

    def ask(question: Problem, seconds: float) -> Certificate | dict[Entry, Rational] | None:
        """Return what refutes a question, or rational numbers that answer it."""
        from zerograd.api import solve

        left = min(deadline - time.monotonic(), seconds)
        if left <= 0:
            return None
        match solve(question, timeout=left, prefer="any"):
            case Unsat(certificate=Certificate() as certificate):
                return certificate
            case Sat(witness=Witness(point=Point(variables=values))):
                numbers = {Entry(name, i): v for name, array in values.items() for i, v in array.items()}
                return {at: v for at, v in numbers.items() if isinstance(v, int | Fraction)}
        return None

    search = Search(problem, tuple(claims), changes, lambda: time.monotonic() < deadline, say, ask)
    try:
        return Repair(search.run())
    except KeyboardInterrupt:
        if not keep:
            raise
        return Repair(search.result(), interrupted=True)
