"""What a run remembers of each row: so little that a million rows take some megabytes."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping
from typing import Any

from zerograd.core.errors import ZerogradError
from zerograd.core.verdict.row import Row
from zerograd.core.verdict.sweep import SweepRow

_SIZE = 16
"""Bytes of a hash that are kept."""


class Outcomes:
    """The outcomes of a run by the numbers of their rows, and hashes of the documents that were accepted.

    Few outcomes differ in anything but the number of samples, so each kind is kept once.
    """

    def __init__(self, rows: int) -> None:
        self._kinds: list[tuple[str, str, bool, bool]] = []
        self._known: dict[tuple[str, str, bool, bool], int] = {}
        self._kind = array("i", [-1]) * rows
        self._samples = array("q", [-1]) * rows
        self._hashes = bytearray(_SIZE * rows)

    def __len__(self) -> int:
        return len(self._kind)

    def put(self, number: int, row: Row) -> None:
        """Remember a row."""
        kind = (row.status, row.evidence, row.decided, row.proved)
        place = self._known.setdefault(kind, len(self._kinds))
        if place == len(self._kinds):
            self._kinds.append(kind)
        self._kind[number] = place
        self._samples[number] = -1 if row.samples is None else row.samples
        self._hashes[_SIZE * number : _SIZE * (number + 1)] = _hash(row.answer)

    def row(self, number: int, parameters: Mapping[str, Any]) -> SweepRow:
        """Return what became of a row.

        Raises:
            ZerogradError: nothing yet.
        """
        if self._kind[number] < 0:
            raise ZerogradError(f"row {number} was not answered")
        status, evidence, decided, proved = self._kinds[self._kind[number]]
        samples = self._samples[number]
        return SweepRow(parameters, status, None if samples < 0 else samples, evidence, decided, proved)

    def decided(self) -> bool:
        """Whether all rows are."""
        open_kinds = {place for place, kind in enumerate(self._kinds) if not kind[2]}
        return not any(kind in open_kinds for kind in self._kind)

    def knows(self, number: int, document: Any) -> bool:
        """Whether this is the document of the row that was accepted."""
        return self._hashes[_SIZE * number : _SIZE * (number + 1)] == _hash(document)


def _hash(document: Any) -> bytes:
    text = json.dumps(dict(document), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_SIZE]
