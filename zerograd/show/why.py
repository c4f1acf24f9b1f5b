"""Why gradients of an answer are zero, briefly, in the words that explain a training step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from zerograd.core.numbers.arrays import Index
from zerograd.core.question.given import incomplete
from zerograd.core.question.vocabulary import Relation
from zerograd.core.verdict.witness import Witness
from zerograd.document.layout import listed
from zerograd.explaining.exact.causes import Causes
from zerograd.explaining.exact.masks import packed
from zerograd.explaining.exact.patterns import Patterns
from zerograd.explaining.exact.steps import row_of
from zerograd.explaining.explanation import Row, StepReport
from zerograd.show.explanation.findings import Finding, findings
from zerograd.show.explanation.phrases import subjects

Concerned: TypeAlias = tuple[tuple[Row, int], ...]
"""Rows, each with how many of its entries something is said of."""


MOST_ENTRIES = 200
"""Entries whose zeros are explained although none is asked to be zero."""


class Why:
    """Finds and words causes of zeros in the gradients of a witness."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    @cached_property
    def _patterns(self) -> Patterns:
        return Patterns(self._witness.point)

    @cached_property
    def _causes(self) -> Causes:
        return Causes(self._patterns)

    def asked(self) -> list[str]:
        """Return a sentence, without its full stop, for each cause of zeros that the question asks for.

        Where it asks anything of ``x``, of all that are zero there. Where everything is given and nothing is
        asked to be zero, of all gradients, unless these are too many.
        """
        problem, rows = self._witness.problem, {}
        zero = set(problem.asked_entries(Relation.ZERO, self._witness.samples))
        size = sum(len(self._witness.gradients[name].entries) for name in problem.gradient_names)
        every = not zero and size <= MOST_ENTRIES and incomplete(problem) is None
        for name in problem.gradient_names:
            if name == "x" or every:
                rows[name] = self._row(name)
            elif any(name == asked for asked, _ in zero):
                array = self._witness.gradients[name]
                rows[name] = self._row(name, packed((name, index) in zero for index, _ in array.items()))
        return [f"{subjects(concerned)}: {clause}" for concerned, clause in self._told(rows)]

    def of_inputs(self) -> Iterator[tuple[int, str]]:
        """Yield for each cause of zeros in ∂L/∂x how many there are, and the cause."""
        for ((_, entries),), clause in self._told({"x": self._row("x")}):
            yield entries, clause

    def _told(self, rows: dict[str, Row]) -> Iterator[tuple[Concerned, str]]:
        """Yield what is said of which rows: what suffices alone, then what does so only together, as one."""
        together: dict[str, tuple[Concerned, list[str]]] = {}
        for finding in self._findings(rows):
            if finding.joint:
                _, clauses = together.setdefault(subjects(finding.concerned), (finding.concerned, []))
                clauses.append(_brief(finding))
            else:
                yield finding.concerned, _brief(finding)
        for concerned, clauses in together.values():
            yield concerned, listed(clauses)

    def entry(self, name: str, index: Index) -> str:
        """Return why an entry is zero, as a clause: what suffices alone, or else all causes together."""
        array = self._witness.gradients[name]
        row = self._row(name, packed(other == index for other, _ in array.items()))
        found = self._findings({name: row})
        alone = next((finding for finding in found if not finding.joint), None)
        return _brief(alone) if alone is not None else listed([_brief(finding) for finding in found])

    def _row(self, name: str, among: int | None = None) -> Row:
        return row_of(self._patterns, self._causes, name, among=among)

    def _findings(self, rows: dict[str, Row]) -> Sequence[Finding]:
        inputs = {name: row for name, row in rows.items() if name == "x"}
        parameters = {name: row for name, row in rows.items() if name != "x"}
        step = StepReport(1, parameters, inputs, batch=self._witness.samples)
        return [finding for finding in findings(step) if finding.zero]


def _brief(finding: Finding) -> str:
    """Return what is so, as a clause; what suffices only with others is so for some of the terms."""
    cause = finding.cause
    return finding.brief + " for some of the terms" * (finding.joint and not (cause and cause.samples))


def units_text(units: Sequence[int]) -> str:
    """``unit 1``, ``units 0, 2``."""
    shown = [str(n) for n in units]
    several = ", ".join([*shown[:6], "…", shown[-1]] if len(shown) > 8 else shown)
    return ("unit " if len(units) == 1 else "units ") + several
