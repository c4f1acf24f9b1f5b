"""The whole of a system at once, on Z3's word: whether it can be refuted, and which distinctions matter.

A tree of cases finds the same one case after another.
"""

from __future__ import annotations

from zerograd.core.refuting.facts import Formula
from zerograd.core.refuting.refutation import Known
from zerograd.core.refuting.system import System
from zerograd.proving.reals import Reals
from zerograd.solvers.base import Model, NoModel
from zerograd.solvers.facts import distinctions

EFFORT = 0.02
"""For the whole."""

MOST_TRIED = 12
"""Distinctions that are left out on trial."""


def splits_that_matter(system: System, known: Known, reals: Reals) -> frozenset[str] | bool:
    """Return distinctions with which a refutation may do; or whether numbers are seen for all of it.

    Raises:
        OutOfTime: the deadline has passed.
    """
    cases = {f"split {name}": formula for name, formula in distinctions(system).items()}
    whole: dict[str, Formula] = {**known.facts, **cases}
    outcome = reals.check(whole.values(), effort=EFFORT, values=False)
    if not isinstance(outcome, NoModel):
        return isinstance(outcome, Model)
    left = reals.needed(list(cases), list(known.facts), whole, effort=EFFORT)
    if left is None:
        return False
    for label in left[: -MOST_TRIED - 1 : -1]:
        if label in left:
            fewer = reals.needed(
                [other for other in left if other != label], list(known.facts), whole, effort=EFFORT
            )
            left = left if fewer is None else fewer
    return frozenset(label.removeprefix("split ") for label in left)
