"""A certificate for a problem that has no answer, by whichever system of facts can be refuted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from zerograd.core.errors import Refused
from zerograd.core.model.slopes import common_between
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import signs_of_adjoints, sufficient_samples
from zerograd.core.refuting.certificate import Certificate, Kind, Node, Part
from zerograd.core.refuting.dataset import dataset_quantities
from zerograd.core.refuting.refutation import Known, Refutation, check_certificate, system_of
from zerograd.core.refuting.system import System
from zerograd.proving import residuals
from zerograd.proving.equations import at_once, stated
from zerograd.proving.messages import ProofFinding
from zerograd.proving.reals import OutOfTime, Reals
from zerograd.proving.tree import Satisfiable, Tree, renamings

MAX_OPEN = 40
"""Open cases that are listed; of a system that holds for every M, a few are enough to turn to another."""

PLAINLY = 3.0
"""Seconds for a proof with long residuals, before they become unknowns: most are found soon."""

Progress = Callable[[str], None]


def certify(
    problem: Problem, *, deadline: float, fixed: bool = False, progress: Progress = lambda _: None
) -> ProofFinding:
    """Look for a certificate until ``deadline`` (of `time.monotonic`).

    Args:
        fixed: only certificates that speak of a dataset with a fixed number of samples.
    """
    if problem.derivative_at_kink == "all":
        return _under_all(problem, deadline, fixed, progress)
    left: list[str] = []
    # Where each sample's own gradient is restricted, datasets that suffice are large.
    of_each = problem.asks_of_x or signs_of_adjoints(problem)
    large = of_each and problem.samples.most is None
    if not fixed:
        kinds: tuple[Kind, ...] = ("identities", "moments")
        for kind in kinds:
            now = time.monotonic()
            share = {"identities": 1 / 6, "moments": 2 / 3}[kind] if large else 1 / 3
            until = now + (deadline - now) * share
            root, _ = _refuted(problem, kind, None, until, patience=1, progress=progress)
            if root is not None:
                return _accepted(problem, (Part(kind, None, root),))
    parts = []
    numbers = list(_numbers(problem, fixed=fixed))
    for number, samples in enumerate(numbers):
        now = time.monotonic()
        until = now + (deadline - now) / (len(numbers) - number)
        root, missing = _refuted(problem, "dataset", samples, until, patience=MAX_OPEN, progress=progress)
        if root is None:
            left += [f"M = {samples}: {line}" for line in missing]
        else:
            parts.append(Part("dataset", samples, root))
    if left or not parts:
        return ProofFinding(None, tuple(left) or ("no number of samples is known that would suffice",))
    return _accepted(problem, tuple(parts))


def _under_all(problem: Problem, deadline: float, fixed: bool, progress: Progress) -> ProofFinding:
    """A certificate under one convention: an answer under every choice of slopes would be one under it."""
    conventions = common_between(problem.network)
    left: tuple[str, ...] = ()
    for number, convention in enumerate(conventions):
        now = time.monotonic()
        until = now + (deadline - now) / (len(conventions) - number)
        finding = certify(problem.with_kink(convention), deadline=until, fixed=fixed, progress=progress)
        if finding.certificate is not None:
            certificate = replace(finding.certificate, problem=problem.digest, convention=convention)
            check_certificate(problem, certificate)
            return ProofFinding(certificate)
        left = left or finding.open
    return ProofFinding(None, left)


def _accepted(problem: Problem, parts: tuple[Part, ...]) -> ProofFinding:
    certificate = Certificate(problem.digest, parts)
    check_certificate(problem, certificate)
    return ProofFinding(certificate)


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
    problem: Problem,
    kind: Kind,
    samples: int | None,
    deadline: float,
    *,
    patience: int,
    progress: Progress,
) -> tuple[Node | None, list[str]]:
    """A refutation of a part's system, or what stays open."""
    try:
        system = system_of(problem, kind, samples)
    except Refused as refusal:
        return None, [str(refusal)]
    if samples is not None and residuals.unfit(problem) is None:
        now = time.monotonic()
        soon = now + min((deadline - now) / 4, PLAINLY)
        root, _ = _searched(
            problem, kind, system, samples, soon, patience=1, progress=progress, equations=False
        )
        now = time.monotonic()
        root = root or _with_residuals(problem, system, samples, now + (deadline - now) * 3 / 4, progress)
        if root is not None:
            return root, []
    return _searched(problem, kind, system, samples, deadline, patience=patience, progress=progress)


def _with_residuals(
    problem: Problem, system: System, samples: int, deadline: float, progress: Progress
) -> Node | None:
    """A refutation of the system that was found with residuals as unknowns."""
    free, written = residuals.with_residuals(problem, samples)
    root, _ = _searched(problem, "dataset", free, samples, deadline, patience=1, progress=progress)
    if root is None:
        return None
    root = residuals.written_out(root, Known(system.facts), system, written)
    try:
        Refutation(system).check(root)
    except Refused:  # too long to be checked, say
        return None
    return root


def _searched(
    problem: Problem,
    kind: Kind,
    system: System,
    samples: int | None,
    deadline: float,
    *,
    patience: int,
    progress: Progress,
    equations: bool = True,
) -> tuple[Node | None, list[str]]:
    """A refutation of the system, with equations stated ahead or without; or what stays open."""
    hidden = {number: layer.units for number, layer in enumerate(problem.network.layers[:-1], start=1)}
    found = renamings(system, samples or 0, hidden)
    reals = Reals(deadline)
    tree = Tree(system, reals, found, lambda line: progress(f"{kind}: {line}"), patience)
    try:
        if not equations:
            return tree.find(), _lines(tree)
        ahead = stated(system, reals, _residuals(problem, samples) if kind == "dataset" else ())
        root = at_once(reals, ahead) or tree.find(ahead.known)
    except Satisfiable:
        return None, [
            "its facts do not contradict one another over the real numbers, as far as they are used"
        ]
    except OutOfTime:
        return None, [*_lines(tree), "time ran out"]
    return root if root is None else ahead.around(root, system), _lines(tree)


def _residuals(problem: Problem, samples: int | None) -> Sequence[Polynomial]:
    """The residuals, where a condition may have the sum of their squares."""
    if samples is None or not any("loss" in names_in(condition.node) for condition in problem.where):
        return ()
    residuals = dataset_quantities(problem, samples).get("r")
    return () if residuals is None else residuals.entries


def _lines(tree: Tree) -> list[str]:
    lines = [", ".join(names) or "all of it" for names in tree.open[:MAX_OPEN]]
    if len(tree.open) > MAX_OPEN:
        lines.append(f"and {len(tree.open) - MAX_OPEN} more")
    return lines
