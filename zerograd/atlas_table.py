"""The table of all patterns of vanishing gradients, with its ways into documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import ATLAS_FORMAT
from zerograd.core.verdict.row import Row


@dataclass(frozen=True)
class Atlas:
    """Which patterns are possible, with how many samples at least, and on what evidence.

    Attributes:
        rows: one for each pattern, from zero everywhere to nonzero everywhere.
        reused: how many of them a store had already.
    """

    problem: Problem
    rows: tuple[Row, ...]
    reused: int = field(default=0, compare=False)

    @property
    def decided(self) -> bool:
        """Whether all of them are."""
        return all(row.decided for row in self.rows)

    def __repr__(self) -> str:
        return f"<Atlas of {len(self.rows)} patterns for {self.problem.network}>"

    def __str__(self) -> str:
        from zerograd.show.say.atlas import atlas_text

        return atlas_text(self.problem, self.rows)

    def to_markdown(self) -> str:
        """Return a heading, the table, and its summary."""
        from zerograd.show.say.atlas import atlas_markdown

        return atlas_markdown(self.problem, self.rows)

    def to_latex(self, *, document: bool = True) -> str:
        """Return the same as LaTeX: a document, or a fragment of one (a long table wants longtable)."""
        from zerograd.show.say.atlas import atlas_latex

        return atlas_latex(self.problem, self.rows, document=document)

    def _repr_html_(self) -> str:
        from zerograd.show.jupyter import literal
        from zerograd.show.say.atlas import atlas_html

        return literal(atlas_html(self.problem, self.rows))

    def _repr_latex_(self) -> str:
        return self.to_latex(document=False)

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md), with all witnesses and certificates."""
        return {
            "format": ATLAS_FORMAT,
            "problem": self.problem.to_json(),
            "rows": [row.to_json() for row in self.rows],
        }
