"""What is asked of a search, and what it sends back. None of that is trusted: others check it.

This module loads neither SymPy nor any solver.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Attempt
from zerograd.core.verdict.enclosed import EnclosedWitness, enclosed_from_json
from zerograd.core.verdict.witness import Witness, witness_from_json
from zerograd.search.comparison import Comparison, Second
from zerograd.search.verdict import Verdict
from zerograd.services.wire import Leaf, Wire
from zerograd.solvers.base import SolverUnusable


@dataclass(frozen=True, slots=True)
class Find:
    """Look for a witness until ``deadline``. `Tried` and `Attempt` come on the way, and then a `Finding`.

    Attributes:
        compared: the second solver, if `Compare` will follow: if it cannot be used, that is said before a
            long search.
        looked: the numbers of samples at which a first look came to nothing (`zerograd.search.first_look`).
    """

    problem: Problem
    strategy: str
    seed: int
    deadline: float
    compared: Second | None
    looked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Compare:
    """Put what was decided to a second solver: each `Comparison`, and then `Compared`."""

    problem: Problem
    solver: Second
    attempts: tuple[Attempt, ...]
    seed: int
    deadline: float


@dataclass(frozen=True, slots=True)
class Shrink:
    """Look for the ``count`` smallest witnesses: `Smaller` on the way, and then `Ranked`.

    Attributes:
        known: the document of a witness to begin with.
        effort: see `zerograd.search.smallest.budget.Budget`; None for all there is time for.
    """

    problem: Problem
    known: Mapping[str, Any]
    count: int
    effort: int | None
    seed: int
    deadline: float


@dataclass(frozen=True, slots=True)
class DrawGeneric:
    """Draw generic witnesses with M = ``samples``: `Ranked` is the smallest of them, or nothing."""

    problem: Problem
    samples: int
    seed: int
    deadline: float


@dataclass(frozen=True, slots=True)
class Tried:
    """A strategy that the search has turned to for the first time."""

    strategy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, each number of samples that was tried, and what was used.

    Attributes:
        sufficient: see `zerograd.core.verdict.answer.Run.sufficient_samples`.
        tried: each strategy, in the order in which they were first turned to.
        compared: what a second solver says of it, if that was asked for.
        second: that solver.
    """

    verdict: Verdict
    attempts: tuple[Attempt, ...] = ()
    sufficient: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()
    compared: tuple[Comparison, ...] | None = None
    second: Second | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """There is nothing more to compare."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a search for small witnesses found.

    Attributes:
        witnesses: different ones, the smallest first.
        exhausted: all numerators and denominators up to this one were gone through, so that those of up to
            this height are the smallest there are.
    """

    witnesses: tuple[Witness, ...]
    exhausted: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """The smallest so far."""

    ranked: Ranked


def _witness_to_wire(witness: Witness) -> dict[str, Any]:
    """Return the document of a witness; of one with many integers, these as bytes: texts take much longer."""
    arrays = witness.variables
    if witness.slopes or sum(len(array.entries) for array in arrays.values()) < MANY:
        return witness.to_json()
    if any(array.kinds != {int} for array in arrays.values()):
        return witness.to_json()
    try:
        packed = {name: _bytes_of(array.entries) for name, array in arrays.items()}
    except OverflowError:
        return witness.to_json()
    return {"samples": witness.samples, "whole": packed}


def _bytes_of(entries: tuple[Any, ...]) -> tuple[str, str]:
    """Return integers as a type code of `array.array` and base 64. Raises OverflowError beyond 64 bits."""
    for code in "bhi":
        with suppress(OverflowError):
            return code, b64encode(array(code, entries).tobytes()).decode()
    return "q", b64encode(array("q", entries).tobytes()).decode()


def _witness_from_wire(data: Mapping[str, Any], problem: Problem) -> Witness:
    if "whole" not in data:
        return witness_from_json(problem, data)
    values: dict[str, Array[Exact]] = {}
    for name, shape in variable_shapes(problem.network, data["samples"]).items():
        code, text = data["whole"][name]
        values[name] = Array(shape, tuple(array(code, b64decode(text))))
    return Witness.of(problem, values)


MANY = 1000
"""Numbers from which on a witness is sent as bytes."""

Request: TypeAlias = Find | Compare | Shrink | DrawGeneric
Reply: TypeAlias = Tried | Attempt | Finding | Comparison | Compared | Smaller | Ranked

WIRE: Wire[Request, Reply] = Wire(
    Request,
    Reply,
    Verdict,
    leaves={
        Problem: Leaf(Problem.to_json, lambda data, _: problem_from_json(data)),
        Witness: Leaf(_witness_to_wire, _witness_from_wire),
        EnclosedWitness: Leaf(
            EnclosedWitness.to_json, lambda data, problem: enclosed_from_json(problem, data)
        ),
    },
    errors=(SolverUnusable,),
)
"""Witnesses are read as those of the problem that the conversation is about."""
