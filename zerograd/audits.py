"""Audits of published examples, as objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zerograd.core.auditing.claims import Claim
from zerograd.core.auditing.findings import Audit as Judged
from zerograd.core.auditing.findings import Finding, Grade
from zerograd.core.question.problem import Problem


@dataclass(frozen=True, repr=False)
class Audit:
    """What became of claims about an example.

    ``str(audit)`` is what a person reads; ``audit.findings`` has a grade and the right values for each claim.
    """

    judged: Judged

    @property
    def problem(self) -> Problem:
        """Return the example, without claims."""
        return self.judged.problem

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
        """Return whether every claim is decided: none holds for some numbers and not for others, either."""
        return all(finding.grade not in (Grade.UNDECIDED, Grade.OPEN) for finding in self.findings)

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
        from zerograd.show.say.audit import audit_document

        return audit_document(self.judged, "markdown")

    def to_latex(self, *, document: bool = True) -> str:
        """Return it as LaTeX: a document, or a fragment of one."""
        from zerograd.show.say.audit import audit_document

        return audit_document(self.judged, "latex", fragment=not document)

    def to_html(self) -> str:
        """Return it as a page in one file."""
        from zerograd.show.say.audit import audit_document

        return audit_document(self.judged, "html")

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md)."""
        return self.judged.to_json()
