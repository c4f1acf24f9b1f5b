"""What a search has to say of one number of samples, before anyone has checked it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from zerograd.core.verdict.answer import Evidence, Reason
from zerograd.core.verdict.witness import Witness

Progress = Callable[[str], None]
"""Called with a short line whenever the search turns to something else."""


@dataclass(frozen=True, slots=True)
class Found:
    """A witness, not checked yet."""

    witness: Witness
    strategy: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """No witness exists, on the word of ``evidence``; with ``every``, for no number of samples.

    Attributes:
        solver: the name of the solver that says so.
    """

    evidence: Evidence
    strategy: str
    every: bool = False
    solver: str = "z3"


@dataclass(frozen=True, slots=True)
class Undecided:
    """The search ended without a verdict; with ``every``, it would so for any number of samples."""

    reason: Reason
    detail: str = ""
    every: bool = False


Verdict: TypeAlias = Found | Impossible | Undecided
