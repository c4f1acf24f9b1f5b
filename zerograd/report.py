"""What an explanation comes to: for people, for notebooks, and for programs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from zerograd.explaining.document import to_json
from zerograd.explaining.explanation import Backward, Explanation, Row, StepReport


class ReportedRow(Row):
    """A row that prints as people read it: its line of the table, and what there is to say of it."""

    __slots__ = ()

    def __str__(self) -> str:
        from zerograd.show.explanation.rendering import row_text

        return row_text(self)

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Report:
    """Why gradients are zero, and why the optimiser of a training step does not move.

    ``str(report)`` is what a person reads, at the prompt as well; ``report["fc1.weight"]`` is all that is
    said of one parameter.
    """

    explanation: Explanation

    @property
    def verdict(self) -> str:
        """Return the most important thing, in one sentence."""
        from zerograd.show.explanation.verdict import verdict

        return verdict(self.explanation.last)

    @property
    def steps(self) -> tuple[StepReport, ...]:
        """Return all steps that were watched; the report itself is about the last."""
        return self.explanation.steps

    @property
    def decided(self) -> bool:
        """Return whether gradients were seen, and every entry that was asked for is zero or not zero."""
        last = self.explanation.last
        rows = [row for row in (*last.parameters.values(), *last.inputs.values()) if row.asked]
        open_entries = sum(row.entries.undecided + row.entries.observed for row in rows)
        return last.backward is Backward.DONE and bool(rows) and not open_entries

    def __getitem__(self, name: str) -> Row:
        """Return what is said of a parameter, or of an input that requires a gradient.

        Raises:
            KeyError: none is called so.
        """
        row = self.explanation[name]
        return ReportedRow(*(getattr(row, field.name) for field in fields(row)))

    def __str__(self) -> str:
        from zerograd.show.explanation.rendering import explanation_text

        return explanation_text(self.explanation)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from zerograd.show.explanation.rendering import explanation_html
        from zerograd.show.jupyter import literal

        return literal(explanation_html(self.explanation))

    def to_html(self) -> str:
        """Return a page in one file that needs no network: what is so, and where, to look through."""
        from zerograd.show.report_page import report_html

        return report_html(self.explanation)

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md)."""
        from zerograd.show.explanation.verdict import verdict

        return to_json(self.explanation, [verdict(step) for step in self.steps])
