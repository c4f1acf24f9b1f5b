"""The function `audit`: claims about an example, judged; where not everything is given, by questions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from zerograd.audits import Audit
from zerograd.core.auditing.claims import Claim, read_claims
from zerograd.core.auditing.judging import audit as judged
from zerograd.core.auditing.rounding import EXAMPLE
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.work import DEFAULT, budget
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.preferring import preference
from zerograd.search.verdict import Progress
from zerograd.solving import check_timeout, smallest_first

DEFAULT_TIMEOUT = 10.0
"""Seconds for each claim about an example in which not everything is given."""
LEAST = 0.01
"""Seconds that a question is given, if it is put at all."""
EFFORT = 500
"""Steps, at most, for smaller numbers than the first that are found: a tenth of what `solve` takes."""


def audit(
    example: Problem | str | os.PathLike[str],
    claims: Iterable[object] | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    seed: int = 0,
    work: int = DEFAULT,
    progress: Progress | None = None,
) -> Audit:
    """Judge what is claimed of an example, exactly.

    Args:
        example: the path of an audit file, which has the claims; or a problem. Where not everything is given,
            what else it says (bounds, domain, conditions) is what is known of the numbers that are not.
        claims: such as ``["loss == 1/3", "grad(w1)[0] ~ 0.0394"]`` (docs/how-to/audit.md has all forms);
            of a file, in place of those that it has.
        timeout: seconds for each claim about an example in which not everything is given.
        seed: as of `zerograd.solve`.
        work: units of about a microsecond after which a calculation is given up.
        progress: called with a short line as a search goes on.

    Raises:
        SpecError: a file with mistakes.
        FormatError: no claims, or a claim that has no meaning.
        ValueError: a timeout that is not above 0.
        TooMuchWork: it takes more work.
    """
    check_timeout(timeout)
    listed = None if claims is None else read_claims([*claims])
    with budget(work):
        if not isinstance(example, Problem):
            from zerograd.spec.audit import load

            example, written = load(example)
            listed = listed or written
        return judge(example, listed or read_claims([]), timeout=timeout, seed=seed, progress=progress)


def judge(
    problem: Problem,
    claims: tuple[Claim, ...],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    seed: int = 0,
    progress: Progress | None = None,
) -> Audit:
    """Judge claims that were read. Arguments and errors are those of `audit`."""
    return Audit(judged(problem, claims, kind_found, _Asker(timeout, seed, progress)))


def kind_found(point: Point[Exact], _convention: Kink | None, _number: int, everywhere: bool) -> PointKind:
    """Look for the kind of a point: Z3 is loaded where a claim is about it."""
    from zerograd.classifying.everywhere import kind_among_all
    from zerograd.classifying.kinds import kind_of

    return kind_among_all(point) if everywhere else kind_of(point)


@dataclass
class _Asker:
    """Answers questions about claims, each claim within its own time.

    Attributes:
        until: when the time of a claim is over, by its number.
        known: answers by the question's digest: claims and conventions may come to the same.
        sats: witnesses that were found: one may answer the next question, too.
        refuted: certificates, by claim and role: one may be about other conventions, too.
    """

    timeout: float
    seed: int
    progress: Callable[[str], None] | None
    until: dict[int, float] = field(default_factory=dict)
    known: dict[str, Answer] = field(default_factory=dict)
    sats: list[Sat] = field(default_factory=list)
    refuted: dict[tuple[int, str], Unsat] = field(default_factory=dict)

    def __call__(self, _convention: Kink | None, number: int, asked: str, question: Problem) -> Answer:
        """Answer a question."""
        place = number, asked
        answer = self.known.get(question.digest) or self._moved(question) or self._refuted(place, question)
        if answer is None:
            until = self.until.setdefault(number, time.monotonic() + self.timeout)
            if (left := until - time.monotonic()) <= 0:
                told = f"the {self.timeout:g} s for this claim were over"
                return Unknown("timeout", told, problem=question)
            if self.progress is not None:
                self.progress(f"claim {number + 1}: looking for numbers {_WORDS.get(asked, asked)} it")
            answer = self._corrected(question, left) if asked == EXAMPLE else None
            answer = answer or self._solved(question, max(until - time.monotonic(), LEAST))
            if isinstance(answer, Sat) and not isinstance(answer.witness, EnclosedWitness):
                self.sats.append(answer)
            if isinstance(answer, Unsat) and answer.certificate is not None:
                self.refuted[place] = answer
        self.known[question.digest] = answer
        return answer

    def _solved(self, question: Problem, seconds: float) -> Answer:
        wanted = preference(question)
        if wanted.effort is not None:
            wanted = replace(wanted, effort=EFFORT)
        return smallest_first(question, 1, timeout=seconds, preferred=wanted, seed=self.seed)[0]

    def _corrected(self, question: Problem, seconds: float) -> Answer | None:
        """Numbers near those that are printed, by linearised corrections, if these answer the question."""
        from zerograd.correcting import corrected

        if question.minimum is not None or (near := corrected(question)) is None:
            return None
        answer = self._solved(near, seconds)
        if not isinstance(answer, Sat):
            return None
        with suppress(Refused, FormatError, ArithmeticError):
            return Sat(answer.witness.answering(question), problem=question, run=answer.run)
        return None

    def _moved(self, question: Problem) -> Answer | None:
        """A witness of another question, if it answers this one, too."""
        if question.minimum is not None:
            return None
        for sat in self.sats:
            with suppress(Refused, FormatError, ArithmeticError):
                return Sat(sat.witness.answering(question), problem=question, run=sat.run)
        return None

    def _refuted(self, place: tuple[int, str], question: Problem) -> Answer | None:
        """A certificate of another question, if it is one of this question, too."""
        known = self.refuted.get(place)
        if known is None or known.certificate is None:
            return None
        certificate = replace(known.certificate, problem=question.digest)
        with suppress(Refused, FormatError, ArithmeticError):
            return Unsat("certificate", certificate=certificate, problem=question, run=known.run)
        return None


_WORDS = {"other": "other than those of"}
