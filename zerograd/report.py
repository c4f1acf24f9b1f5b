"""What a watched training step comes to: for people, for notebooks, and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zerograd.explaining.training.document import to_json
from zerograd.explaining.training.explanation import Explanation, Row, StepReport


@dataclass(frozen=True)
class Report:
    """Why gradients of a training step are zero, and why its optimiser does not move.

    ``str(report)`` is what a person reads; ``report["fc1.weight"]`` is all that is said of one parameter.
    """

    explanation: Explanation

    @property
    def verdict(self) -> str:
        """Return the most important thing, in one sentence."""
        from zerograd.show.explanation import verdict

        return verdict(self.explanation.last)

    @property
    def steps(self) -> tuple[StepReport, ...]:
        """Return all steps that were watched; the report itself is about the last."""
        return self.explanation.steps

    def __getitem__(self, name: str) -> Row:
        """Return what is said of a parameter, or of an input that requires a gradient.

        Raises:
            KeyError: none is called so.
        """
        return self.explanation[name]

    def __str__(self) -> str:
        from zerograd.show.explanation import explanation_text

        return explanation_text(self.explanation)

    def _repr_html_(self) -> str:
        from zerograd.show.explanation import explanation_html
        from zerograd.show.jupyter import literal

        return literal(explanation_html(self.explanation))

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md)."""
        from zerograd.show.explanation import verdict

        return to_json(self.explanation, [verdict(step) for step in self.steps])
