"""The table of a sweep, with its ways into documents and pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zerograd.core.errors import ZerogradError
from zerograd.core.question.problem import Problem
from zerograd.core.question.sweeps import Sweep, documented
from zerograd.core.verdict.sweep import SweepRow
from zerograd.store import Store
from zerograd.sweeping.keeping import Keeper
from zerograd.sweeping.outcomes import Outcomes
from zerograd.sweeping.tasks import Settings, Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SweepTable:
    """What became of every row of a sweep. Rows are read when they are asked for; documents from the store.

    Attributes:
        sweep: what was asked.
        reused: how many rows a store had already.
    """

    def __init__(
        self,
        sweep: Sweep,
        *,
        outcomes: Outcomes,
        store: Path,
        settings: Settings,
        reused: int,
    ) -> None:
        self.sweep, self.reused = sweep, reused
        self._outcomes, self._store, self._settings = outcomes, store, settings

    def __len__(self) -> int:
        return len(self.sweep)

    def __iter__(self) -> Iterator[SweepRow]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> SweepRow:
        """Return a row. Raises IndexError."""
        return self._outcomes.row(number, self.sweep.values(number))

    def __repr__(self) -> str:
        return f"<SweepTable of {len(self)} rows over {', '.join(self.sweep.parameters)}>"

    def __str__(self) -> str:
        from zerograd.show.say.sweep import sweep_text

        return sweep_text(self.sweep, self)

    @property
    def decided(self) -> bool:
        """Whether all rows are."""
        return self._outcomes.decided()

    def problem(self, number: int) -> Problem:
        """Return the question of a row. Raises IndexError."""
        return self.sweep.problem(number)

    def results(self, numbers: range | None = None) -> Iterator[Mapping[str, Any]]:
        """Return the result documents of rows (all, by default), each with its witness and certificates.

        Raises:
            ZerogradError: the store does not have one any more.
        """
        with Store(self._store, durable=False) as store:
            for number in range(len(self)) if numbers is None else numbers:
                yield self._result(store, number)

    def _result(self, store: Store, number: int) -> Mapping[str, Any]:
        problem = self.sweep.problem(number)
        found = store.get(problem.digest, self._settings.seed)
        if found is not None and self._outcomes.knows(number, found[0]):
            return found[0]
        task = Task(number, self.sweep.values(number), problem, f"row {number}")
        row = Keeper(store, self._settings).kept(task)  # another run has kept more
        if row is None or SweepRow.of(row) != self[number]:
            raise ZerogradError(
                f"{self._store}: row {number} is not what it was when the run ended: run it again"
            )
        return row.answer

    def records(self) -> Iterator[dict[str, Any]]:
        """Return each row as one mapping: its parameters, and what became of it."""
        for row in self:
            yield {**documented(row.parameters), **row.answered()}

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md), with all witnesses and certificates."""
        document: dict[str, Any] = json.loads(self._written("json"))
        return document

    def to_csv(self) -> str:
        """Return the rows with commas between columns; lists and mappings as JSON."""
        return self._written("csv").decode()

    def to_parquet(self) -> bytes:
        """Return the rows as a Parquet file, results included. Raises ZerogradError without pyarrow."""
        return self._written("parquet")

    def to_markdown(self) -> str:
        """Return a heading, the table, and its summary."""
        return self._written("markdown").decode()

    def plot(self) -> Figure:
        """Return a heat map: the samples over two parameters, with a panel for each combination of others.

        Raises:
            NothingToPlot: too many rows, or too many panels.
            ZerogradError: matplotlib is not installed.
        """
        from zerograd.sweeping.writing import heat_map

        return heat_map(self)

    def save(self, path: str | Path) -> None:
        """Write a file in the form that its name ends in: .csv, .json, .parquet, .md, .tex, .svg, .png, .pdf.

        Raises:
            ZerogradError: another ending, a library that is not installed, or nothing to draw.
            OSError: the file cannot be written.
        """
        from zerograd.sweeping.writing import save

        save(self, Path(path))

    def _written(self, form: str) -> bytes:
        from zerograd.sweeping.writing import WRITERS

        stream = BytesIO()
        WRITERS[form](self, stream)
        return stream.getvalue()

    def _repr_html_(self) -> str:
        from zerograd.show.jupyter import literal
        from zerograd.show.say.sweep import sweep_html

        return literal(sweep_html(self.sweep, self))
