"""The whole of a system at once, on Z3's word: whether it can be refuted, and which distinctions matter.

A tree of cases finds the same one case after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from zerograd.core.refuting.facts import Formula
from zerograd.core.refuting.refutation import Known
from zerograd.core.refuting.system import Case, System, values_label
from zerograd.proving.reals import Reals
from zerograd.solvers.base import Model, NoModel
from zerograd.solvers.facts import distinctions

EFFORT, BRIEFLY = 0.02, 0.01
"""For the whole; at sight less: what is seen at all is seen sooner."""

MOST_TRIED = 12
"""Distinctions that are left out on trial."""


class Satisfiable(Exception):  # noqa: N818 - a finding, not an error
    """There are numbers of which all facts of the system hold: it cannot be refuted."""


class NotAtSight(Exception):  # noqa: N818 - a finding, not an error
    """One question did not show that the system can be refuted."""


Sight = Literal["without cases", "with cases", "patient"]
"""What a refutation is looked for on: one question shows it, about facts alone or about all cases; or any."""


@dataclass(frozen=True, slots=True)
class Matters:
    """What a refutation may do with.

    Attributes:
        known: what is known, without what unites the cases of other distinctions.
        splits: the distinctions.
    """

    known: Known
    splits: Mapping[str, tuple[Case, ...]]


def what_matters(system: System, known: Known, reals: Reals, at_sight: Sight) -> Matters:
    """Return what matters of a system whose facts alone go together.

    Raises:
        Satisfiable: it cannot be refuted.
        NotAtSight: that is not seen as it was asked for.
        OutOfTime: the deadline has passed.
    """
    if at_sight == "without cases":
        raise NotAtSight
    # What unites cases, say s² = s, would stand in for distinctions, and makes for long proofs.
    united = {name: set(map(values_label, fixed_by(cases))) for name, cases in system.splits.items()}
    facts = {label: f for label, f in known.facts.items() if not any(label in us for us in united.values())}
    cases = {f"split {name}": formula for name, formula in distinctions(system).items()}
    whole: dict[str, Formula] = {**facts, **cases}
    effort = BRIEFLY if at_sight == "with cases" else EFFORT
    outcome = reals.check(whole.values(), effort=effort, values=False)
    if isinstance(outcome, Model) and not system.integers:
        raise Satisfiable
    left = None
    if isinstance(outcome, NoModel):
        left = reals.needed(list(cases), list(facts), whole, effort=EFFORT)
    if left is None:
        if at_sight == "with cases":
            raise NotAtSight
        return Matters(known, system.splits)
    for label in left[: -MOST_TRIED - 1 : -1]:
        if label in left and len(left) > 1:
            others = [other for other in left if other != label]
            fewer = reals.needed(others, list(facts), whole, effort=EFFORT)
            left = left if fewer is None else fewer
    splits = {name: split for name, split in system.splits.items() if f"split {name}" in left}
    spoken = set().union(*(united[name] for name in splits))
    kept = {label: fact for label, fact in known.facts.items() if label in facts or label in spoken}
    return Matters(replace(known, facts=kept), splits)


def fixed_by(cases: Iterable[Case]) -> set[str]:
    """The variables that cases fix."""
    return {name for case in cases for name in case.values}
