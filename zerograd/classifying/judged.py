"""Whether a witness is such a minimum as a problem asks for, with what shows it."""

from __future__ import annotations

from dataclasses import dataclass

from zerograd.classifying.everywhere import kind_among_all
from zerograd.classifying.kinds import kind_of
from zerograd.core.points.kinds import PointKind
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.lower import Lower
from zerograd.core.verdict.witness import Witness


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of a witness that answers all else that a problem asks.

    Attributes:
        kind: what kind of point it is; None of an enclosed one.
        lower: parameters with a lower loss on the same data, where these are asked for, and found.
        answers: whether it is a minimum as it is asked for; None where that is not known.
    """

    kind: PointKind | None
    lower: Lower | None
    answers: bool | None


def judged(problem: Problem, witness: Witness, *, seed: int = 0, brief: bool = False) -> Judged:
    """Return whether a witness is such a minimum as a problem asks for.

    Args:
        seed: of the search for a lower loss.
        brief: whether its parameters may have any numbers.
    """
    if isinstance(witness, EnclosedWitness):
        return Judged(None, None, None)
    if problem.minimum == "global":
        kind = kind_among_all(witness.point)
        return Judged(kind, None, kind.is_global(problem.model))
    kind = kind_of(witness.point)
    if not problem.spurious or not kind.kind.is_minimum:
        return Judged(kind, None, kind.kind.is_minimum)
    from zerograd.classifying.lower import find_lower  # NumPy and FLINT: few questions ask for it

    searched = find_lower(witness.point, seed=seed, brief=brief)
    if searched.lower is not None:
        return Judged(kind, searched.lower, answers=True)
    return Judged(kind, None, False if searched.best else None)
