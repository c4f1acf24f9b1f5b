"""The three answers, kept strictly apart, and their JSON.

A `Sat` cannot be made with a witness that the checker refuses: making one checks it. `updated` makes one of
another, and checks what is new in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from zerograd.core.errors import NothingToCheck
from zerograd.core.numbers.real import real_to_json
from zerograd.core.points.documents import kind_to_json
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import RESULT_FORMAT, check_fewer, check_size, check_witness
from zerograd.core.verdict.generic import check_generic
from zerograd.core.verdict.lower import Lower
from zerograd.core.verdict.portability import Elsewhere, elsewhere
from zerograd.core.verdict.size import Size
from zerograd.core.verdict.witness import Witness

if TYPE_CHECKING:
    from zerograd.core.refuting.calculation import Wrong
    from zerograd.core.refuting.certificate import Certificate

Status = Literal["sat", "unsat", "unknown"]
Reason = Literal["timeout", "memory", "unsupported", "incomplete"]
Evidence = Literal["certificate", "solver"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one number of samples."""

    samples: int
    status: Status
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"samples": self.samples, "status": self.status}
        return data | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What a second solver said of the numbers of samples that were decided. It contradicted none.

    Attributes:
        solver: its name; ``version`` is None if it never answered.
        agrees: the numbers of samples of which it says the same.
        undecided: those that it left open, each with the reason.
    """

    solver: str
    version: str | None = None
    agrees: tuple[int, ...] = ()
    undecided: tuple[tuple[int, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "solver": self.solver,
            "version": self.version,
            "agrees": list(self.agrees),
            "undecided": [{"samples": samples, "reason": reason} for samples, reason in self.undecided],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How an answer came about.

    Attributes:
        strategy: the search that decided, or None.
        tried: each search, in the order in which they were turned to.
        seconds: wall-clock time.
        beyond: seconds by which the answer came later than its time limit, because it was being checked.
        versions: of this program and of what it called.
        attempts: each number of samples that was tried, in order.
        sufficient_samples: the number of samples that suffices if any does, where that is known
            (`zerograd.core.question.small_datasets`) and the question was left open upwards.
        every_samples: whether an unsat holds for every number of samples, whichever was asked for.
        cross_check: by a second solver, where it was asked for.
        told: whether all of this is what a result document says (`zerograd.core.verdict.results`), and no
            search of ours; so are then an `Unsat` without a certificate, and the re-checks of a `Sat`.
    """

    strategy: str | None = None
    tried: tuple[str, ...] = ()
    seconds: float = 0.0
    beyond: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    sufficient_samples: int | None = None
    every_samples: bool = False
    cross_check: CrossCheck | None = None
    told: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Smallest:
    """How small a witness is, and how sure it is that none is smaller.

    Attributes:
        size: of the witness.
        exhausted: the search went through this height: of the witnesses of up to this height, and with as
            many samples, none is smaller than those that were kept (0: it went through none).
        rank: 1 for the smallest; others differ from those before by more than names and signs.
        told: whether all but the size is what a result document says, and no search of ours.
    """

    size: Size
    exhausted: int
    rank: int = 1
    told: bool = field(default=False, compare=False)

    @property
    def proved(self) -> bool:
        """Whether no witness with as many samples is smaller, but for the ``rank`` - 1 before it."""
        return self.size.height <= self.exhausted

    def to_json(self) -> dict[str, Any]:
        known = {"rank": self.rank, "proved": self.proved, "exhausted": self.exhausted}
        return self.size.to_json() | known


@dataclass(frozen=True, kw_only=True)
class _Answer:
    problem: Problem
    run: Run = field(default_factory=Run, compare=False)

    @property
    def samples(self) -> int | None:
        """M, the number that was asked for; None if several were."""
        return self.problem.samples.fixed

    def updated(self, **changes: Any) -> Self:
        """Return a copy with other fields, as `dataclasses.replace`; what was accepted is not checked again.

        Raises:
            TypeError: there is no such field.
            Refused, NothingToCheck: as when it is made anew.
        """
        if unknown := changes.keys() - {known.name for known in fields(self) if known.init}:
            raise TypeError(f"no fields of an answer: {', '.join(sorted(unknown))}")
        copied = copy(self)
        for name, value in changes.items():
            object.__setattr__(copied, name, value)
        copied._check(self)
        return copied

    def __post_init__(self) -> None:
        self._check(None)

    def _check(self, accepted: Self | None) -> None:
        """Check what an answer claims, but for what is the same in one that was accepted."""

    def _document(self, status: Status, **content: Any) -> dict[str, Any]:
        """The result document: the keys of docs/FORMATS.md, in its order."""
        document: dict[str, Any] = {
            "format": RESULT_FORMAT,
            "problem": {
                "title": self.problem.title,
                "digest": self.problem.digest,
                "question": self.problem.to_json(),
            },
            "status": status,
            "reason": None,
            "samples": self.problem.samples.fixed,
            "evidence": None,
        }
        document |= content
        document |= {
            "strategy": self.run.strategy,
            "tried": list(self.run.tried),
            "seconds": round(self.run.seconds, 3),
        }
        if self.run.beyond:
            document["beyond"] = round(self.run.beyond, 3)
        if len(self.run.attempts) > 1 or self.problem.samples.fixed is None:
            document["attempts"] = [attempt.to_json() for attempt in self.run.attempts]
        if self.run.sufficient_samples is not None:
            document["sufficient_samples"] = self.run.sufficient_samples
        if self.run.cross_check is not None:
            document["cross_check"] = self.run.cross_check.to_json()
        if self.run.every_samples:
            document["every_samples"] = True
        return document | {"versions": dict(self.run.versions)}


@dataclass(frozen=True, repr=False)
class Sat(_Answer):
    """There is such a network and dataset: here is one, accepted by the checker.

    Raises:
        Refused: when made with a witness that does not answer the problem.
    """

    witness: Witness
    checks: Mapping[str, Any] = field(default_factory=dict, compare=False, kw_only=True)
    """The numeric re-checks by name: their largest deviation, or why they were left out."""
    smallest: Smallest | None = field(default=None, compare=False, kw_only=True)
    """How small the witness is, where it was made small."""
    generic: tuple[str, ...] | None = field(default=None, compare=False, kw_only=True)
    """What keeps the witness from being generic, where that was asked for: nothing if it is."""
    fewer: Certificate | None = field(default=None, compare=False, kw_only=True)
    """That no smaller number of samples that is asked for will do, where that was asked, and proved."""
    kind: PointKind | None = field(default=None, compare=False, kw_only=True)
    """What kind of point the witness is, where a local minimum is asked for."""
    lower: Lower | None = field(default=None, compare=False, kw_only=True)
    """Parameters with a lower loss on the same data, where a spurious minimum is asked for."""

    status: Status = field(default="sat", init=False)

    def __str__(self) -> str:
        return f"sat\n{self.witness}"

    def __repr__(self) -> str:
        return f"<Sat by {self.samples} sample{'' if self.samples == 1 else 's'} for {self.problem.network}>"

    @property
    def samples(self) -> int:
        """M, of the witness."""
        return self.witness.samples

    @property
    def elsewhere(self) -> tuple[Elsewhere, ...]:
        """In which libraries the witness does not hold, because a sample is on a kink."""
        return elsewhere(self.witness)

    def _check(self, accepted: Self | None) -> None:
        same = accepted if accepted is not None and accepted.problem is self.problem else None
        if same is None or not all(
            getattr(same, name) is getattr(self, name) for name in ("witness", "kind", "lower")
        ):
            check_witness(self.problem, self.witness, self.kind, self.lower)
        if self.fewer is not None and (
            same is None or same.fewer is not self.fewer or same.witness.samples != self.witness.samples
        ):
            check_fewer(self.problem, self.witness.samples, self.fewer)
        if self.smallest is not None and (
            same is None or same.witness is not self.witness or same.smallest is not self.smallest
        ):
            check_size(self.witness, self.smallest.size)
        if self.generic is not None and (
            same is None or same.witness is not self.witness or same.generic is not self.generic
        ):
            check_generic(self.witness, claimed=not self.generic)

    def to_json(self) -> dict[str, Any]:
        names = self.problem.gradient_names
        proved: dict[str, Any] = {} if self.fewer is None else {"fewer": self.fewer.to_json()}
        if self.smallest is not None:
            proved["smallest"] = self.smallest.to_json()
        if found := self.elsewhere:
            proved["elsewhere"] = [item.to_json() for item in found]
        if self.generic is not None:
            proved["generic"] = not self.generic
        if self.kind is not None:
            proved["kind"] = kind_to_json(self.witness.point, self.kind)
        if self.lower is not None:
            proved["lower"] = self.lower.to_json(self.witness.point)
        return self._document(
            "sat",
            samples=self.witness.samples,
            evidence="witness",
            **proved,
            witness=self.witness.to_json(),
            gradients={name: self.witness.gradients[name].map(real_to_json).tolist() for name in names},
            loss=real_to_json(self.witness.loss),
            checks={"exact": "passed", **self.checks},
        )


@dataclass(frozen=True, repr=False)
class Unsat(_Answer):
    """There is no such network and dataset; ``evidence`` says on whose word.

    Attributes:
        certificate: with evidence ``certificate``, the proof.
        open: cases for which no proof was found, a line each, if one was looked for.
        instead: what is asked and is not so, where everything is given.

    Raises:
        Refused: when made with a certificate that does not prove it.
        NothingToCheck: when made with evidence ``certificate``, and none.
    """

    evidence: Evidence
    certificate: Certificate | None = field(default=None, compare=False, kw_only=True)
    open: tuple[str, ...] = field(default=(), compare=False, kw_only=True)
    instead: tuple[Wrong, ...] = field(default=(), compare=False, kw_only=True)

    status: Status = field(default="unsat", init=False)

    def _check(self, accepted: Self | None) -> None:
        if (self.evidence == "certificate") != (self.certificate is not None):
            raise NothingToCheck(
                f"evidence {self.evidence!r} and {'no' if self.certificate is None else 'a'} certificate"
            )
        if self.certificate is not None and (
            accepted is None
            or accepted.problem is not self.problem
            or accepted.certificate is not self.certificate
        ):
            from zerograd.core.refuting.refutation import check_certificate  # not before it is needed

            check_certificate(self.problem, self.certificate)

    def __str__(self) -> str:
        told = ", says a result document" if self.run.told and self.certificate is None else ""
        return f"unsat (evidence: {self.evidence}{told})"

    def __repr__(self) -> str:
        numbers = f"samples: {self.problem.samples}"
        return f"<Unsat by {self.evidence} for {self.problem.network}, {numbers}>"

    def to_json(self) -> dict[str, Any]:
        content: dict[str, Any] = {}
        if self.certificate is not None:
            content["certificate"] = self.certificate.to_json()
        if self.open:
            content["open"] = list(self.open)
        if self.instead:
            content["instead"] = [wrong.to_json() for wrong in self.instead]
        return self._document("unsat", evidence=self.evidence, **content)


@dataclass(frozen=True, repr=False)
class Unknown(_Answer):
    """Neither was shown; ``detail`` says what stood in the way."""

    reason: Reason
    detail: str = ""

    status: Status = field(default="unknown", init=False)

    def __str__(self) -> str:
        detail = self.detail if self.detail.isprintable() else repr(self.detail)  # it may come from a file
        return f"unknown ({self.reason})" + (f": {detail}" if detail else "")

    def __repr__(self) -> str:
        return f"<Unknown ({self.reason}) for {self.problem.network}, samples: {self.problem.samples}>"

    def to_json(self) -> dict[str, Any]:
        return self._document("unknown", reason=self.reason, detail=self.detail)


Answer: TypeAlias = Sat | Unsat | Unknown
