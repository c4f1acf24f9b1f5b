"""Audits of published examples, as objects; the function `audit`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zerograd.core.auditing.claims import Claim, read_claims
from zerograd.core.auditing.findings import Audit as Judged
from zerograd.core.auditing.findings import Finding, Grade
from zerograd.core.auditing.judging import audit as judged
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.work import DEFAULT, budget
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.problem import Problem


@dataclass(frozen=True, repr=False)
class Audit:
    """What became of claims about an example.

    ``str(audit)`` is what a person reads; ``audit.findings`` has a grade and the right values for each claim.
    """

    judged: Judged

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Return the claims, in their order."""
        return self.judged.claims

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what became of each claim, under the problem's own convention at kinks."""
        return self.judged.findings

    def under(self, convention: str) -> tuple[Finding, ...]:
        """Return what became of each claim under a convention.

        Raises:
            KeyError: claims were not judged under it.
        """
        if self.judged.kink is None:
            return self.findings
        columns = {str(column.convention): column.findings for column in self.judged.columns}
        return columns[convention]

    @property
    def wrong(self) -> tuple[Claim, ...]:
        """Return the claims that are wrong, or have no meaning at this point."""
        pairs = zip(self.claims, self.findings, strict=True)
        return tuple(claim for claim, found in pairs if found.grade in (Grade.WRONG, Grade.UNDEFINED))

    @property
    def decided(self) -> bool:
        """Return whether every claim is decided."""
        return all(finding.grade is not Grade.UNDECIDED for finding in self.findings)

    def __str__(self) -> str:
        from zerograd.show.say.audit import audit_text

        return audit_text(self.judged)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from zerograd.show.jupyter import literal
        from zerograd.show.say.audit import audit_html

        return literal(audit_html(self.judged))

    def to_markdown(self) -> str:
        """Return it in Markdown."""
        from zerograd.show.say.audit import audit_markdown

        return audit_markdown(self.judged)

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md)."""
        return self.judged.to_json()


def audit(
    example: Problem | str | os.PathLike[str],
    claims: Iterable[object] | None = None,
    *,
    work: int = DEFAULT,
) -> Audit:
    """Judge what is claimed of an example with all its numbers, exactly.

    Args:
        example: the path of an audit file, which has the claims; or a problem.
        claims: such as ``["loss == 1/3", "grad(w1)[0] ~ 0.0394"]`` (docs/how-to/audit.md has all forms);
            of a file, in place of those that it has.
        work: units of about a microsecond after which it is given up.

    Raises:
        SpecError: a file with mistakes.
        FormatError: not everything is given, no claims, or a claim that has no meaning.
        TooMuchWork: it takes more work.
    """
    listed = None if claims is None else read_claims([*claims])
    with budget(work):
        if not isinstance(example, Problem):
            from zerograd.spec.audit import load

            example, written = load(example)
            listed = listed or written
        return Audit(judged(example, listed or read_claims([]), kind_found))


def kind_found(point: Point[Exact], _convention: Kink | None, _number: int, everywhere: bool) -> PointKind:
    """Look for the kind of a point: Z3 is loaded where a claim is about it."""
    from zerograd.classifying.everywhere import kind_among_all
    from zerograd.classifying.kinds import kind_of

    return kind_among_all(point) if everywhere else kind_of(point)
