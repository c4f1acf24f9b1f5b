"""What is kept of finished rows, and what is taken back: nothing that was not checked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from zerograd.core.errors import FormatError, ProblemError, Refused
from zerograd.core.numbers.work import budget
from zerograd.core.verdict.row import Row
from zerograd.store import Damaged, Store
from zerograd.sweeping.tasks import Document, Say, Settings, Task


@contextmanager
def opened(path: Path | None) -> Iterator[Store]:
    """Open a store; without a path, one that is gone afterwards. Raises StoreError."""
    if path is not None:
        with Store(path) as store:
            yield store
        return
    with (
        TemporaryDirectory(prefix="zerograd-") as folder,
        Store(Path(folder) / "rows", durable=False) as store,
    ):
        yield store


@dataclass(frozen=True)
class Keeper:
    """A store, and what its rows are kept under."""

    store: Store
    settings: Settings

    def row(self, task: Task, notice: Say) -> Row | None:
        """Return the row of a task if it was decided, re-checked. A damaged one is reported, and dropped.

        One that rests on a solver's word is asked again: of what a file says, only proofs are believed.
        """
        try:
            document, decided = self.store.get(task.problem.digest, self.settings.seed) or ({}, False)
            if not decided:
                return None
            row = self._checked(task, document)
            if not row.decided:
                raise Damaged("it is kept as decided, and is not")
            if not row.proved:
                self._forget(task)
                return None
        except (Damaged, FormatError, ProblemError, Refused) as error:
            what = str(error).splitlines()[0]
            notice(f"{self.store.path}: the row {task} is damaged and computed again: {what}")
            self._forget(task)
            return None
        return row

    def keep(self, finished: Sequence[tuple[Task, Document]]) -> list[Row | Exception]:
        """Check documents and keep them in one transaction; return the rows as they are kept.

        Where another run, or an earlier one with more time, has kept a row that says more, it is that one. Of
        a document that the checker does not accept nothing is kept, and there is the reason in its place.

        Raises:
            StoreError: the store cannot be written to. None of them is kept.
        """
        rows: list[Row | Exception] = []
        for task, document in finished:
            try:
                rows.append(self._checked(task, document))
            except (Refused, FormatError, ProblemError) as error:
                rows.append(error)
        with self.store.together():
            return [
                row if isinstance(row, Exception) else self._kept_best(task, row)
                for (task, _), row in zip(finished, rows, strict=True)
            ]

    def _kept_best(self, task: Task, row: Row) -> Row:
        """Keep a row; return it, or the one that is kept because it says more."""
        if self._put(row):
            return row
        other = self.kept(task)
        if other is None or (row.proved and not other.proved):
            self._forget(task)
            self._put(row)
            return row
        return other

    def kept(self, task: Task) -> Row | None:
        """Return what is kept of a task, decided or not, checked again; None if that is nothing.

        Raises:
            StoreError: the store cannot be read.
        """
        try:
            found = self.store.get(task.problem.digest, self.settings.seed)
            return None if found is None else self._checked(task, found[0])
        except (Damaged, FormatError, ProblemError, Refused):
            return None

    def _put(self, row: Row) -> bool:
        return self.store.put(row, self.settings.seed, self.settings.timeout)

    def _forget(self, task: Task) -> None:
        self.store.forget(task.problem.digest, self.settings.seed)

    def _checked(self, task: Task, document: Document) -> Row:
        with budget():
            return Row(task.parameters, task.problem, document)
