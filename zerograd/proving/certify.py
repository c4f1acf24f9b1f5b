"""A certificate for a problem that has no answer, by whichever system of facts can be refuted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zerograd.core.certificate import Certificate, Kind, Node, Part
from zerograd.core.errors import Refused
from zerograd.core.problem import Problem
from zerograd.core.refutation import check_certificate, system_of
from zerograd.core.small_datasets import sufficient_samples
from zerograd.proving.reals import OutOfTime, Reals
from zerograd.proving.tree import Satisfiable, Tree, renamings

MAX_OPEN = 40
"""Open cases that are listed; of a system that holds for every M, a few are enough to turn to another."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of looking for a certificate.

    Attributes:
        certificate: accepted by the checker; None where none was found.
        open: what no proof was found for, a line each.
    """

    certificate: Certificate | None
    open: tuple[str, ...] = ()


def certify(
    problem: Problem, *, deadline: float, fixed: bool = False, progress: Progress = lambda _: None
) -> Outcome:
    """Look for a certificate until ``deadline`` (of `time.monotonic`).

    Args:
        fixed: only certificates that speak of a dataset with a fixed number of samples.
    """
    left: list[str] = []
    if not fixed:
        kinds: tuple[Kind, ...] = ("identities", "moments")
        for kind in kinds:
            now = time.monotonic()
            root, _ = _refuted(problem, Part(kind, None, _NOTHING), now + (deadline - now) / 3, 1, progress)
            if root is not None:
                return _accepted(problem, (Part(kind, None, root),))
    parts = []
    numbers = list(_numbers(problem, fixed=fixed))
    for number, samples in enumerate(numbers):
        now = time.monotonic()
        until = now + (deadline - now) / (len(numbers) - number)
        root, missing = _refuted(problem, Part("dataset", samples, _NOTHING), until, MAX_OPEN, progress)
        if root is None:
            left += [f"M = {samples}: {line}" for line in missing]
        else:
            parts.append(Part("dataset", samples, root))
    if left or not parts:
        return Outcome(None, tuple(left) or ("no number of samples is known that would suffice",))
    return _accepted(problem, tuple(parts))


_NOTHING: Node = None  # type: ignore[assignment]  # of a part whose refutation is yet to be found


def _accepted(problem: Problem, parts: tuple[Part, ...]) -> Outcome:
    certificate = Certificate(problem.digest, parts)
    check_certificate(problem, certificate)
    return Outcome(certificate)


def _numbers(problem: Problem, *, fixed: bool) -> Iterator[int]:
    """The numbers of samples whose refutation is a refutation for all that are asked for.

    With ``fixed`` those that are asked for, as far as they can be refuted by themselves.
    """
    wanted, enough = problem.samples, sufficient_samples(problem)
    if wanted.most is None:
        if enough is not None:
            yield max(enough, wanted.least)
    elif enough is not None:
        # By padding, none with fewer samples either; and none with more than are enough.
        yield wanted.most if fixed else min(enough, wanted.most)
    else:
        yield from range(wanted.least, wanted.most + 1)


def _refuted(
    problem: Problem, part: Part, deadline: float, patience: int, progress: Progress
) -> tuple[Node | None, list[str]]:
    """A refutation of a part's system, or what stays open."""
    try:
        system = system_of(problem, part)
    except Refused as refusal:
        return None, [str(refusal)]
    hidden = {number: layer.units for number, layer in enumerate(problem.network.layers[:-1], start=1)}
    found = renamings(system, part.samples or 0, hidden)
    tree = Tree(system, Reals(deadline), found, lambda line: progress(f"{part.kind}: {line}"), patience)
    try:
        root = tree.find()
    except Satisfiable:
        return None, [
            "its facts do not contradict one another over the real numbers, as far as they are used"
        ]
    except OutOfTime:
        return None, [*_lines(tree), "time ran out"]
    return root, _lines(tree)


def _lines(tree: Tree) -> list[str]:
    lines = [", ".join(names) or "all of it" for names in tree.open[:MAX_OPEN]]
    if len(tree.open) > MAX_OPEN:
        lines.append(f"and {len(tree.open) - MAX_OPEN} more")
    return lines
