"""What is asked of a solver's process, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from zerograd.core.numbers.field import NumberField, field_from_json, field_to_json
from zerograd.services.wire import Leaf, Wire
from zerograd.solvers.base import GaveUp, Mode, Model, NearModel, NoModel, Outcome, SolverUnusable


@dataclass(frozen=True, slots=True)
class Check:
    """Decide a script; the arguments are those of `zerograd.solvers.base.Solver.check`."""

    number: int
    text: str
    wanted: tuple[str, ...]
    mode: Mode
    seed: int
    seconds: float
    effort: float | None


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop what earlier calls left behind. There is no reply."""


@dataclass(frozen=True, slots=True)
class Started:
    """The solver's version, said once, unasked, when it has been loaded."""

    version: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of the `Check` with this number."""

    number: int
    outcome: Outcome


def _fraction(text: str) -> Fraction:
    """Return what `str` made a text of: `Fraction` tries other forms first, which takes longer."""
    top, _, bottom = text.partition("/")
    return Fraction(int(top), int(bottom)) if bottom else Fraction(int(top))


Request: TypeAlias = Check | Forget
Reply: TypeAlias = Started | Checked

WIRE: Wire[Request, Reply] = Wire(
    Request,
    Reply,
    Model,
    NearModel,
    NoModel,
    GaveUp,
    leaves={
        Fraction: Leaf(str, lambda text, _: _fraction(text)),
        NumberField: Leaf(field_to_json, lambda data, _: field_from_json(data)),
    },
    errors=(SolverUnusable,),
)
