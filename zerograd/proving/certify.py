"""A certificate for a problem that has no answer, by whichever system of facts can be refuted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from zerograd.core.errors import Refused
from zerograd.core.model.slopes import common_between
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import signs_of_adjoints, sufficient_samples
from zerograd.core.refuting.certificate import Certificate, Kind, Node, Part
from zerograd.core.refuting.dataset import dataset_quantities
from zerograd.core.refuting.refutation import Known, Refutation, system_of
from zerograd.core.refuting.system import System
from zerograd.proving import residuals
from zerograd.proving.equations import at_once, stated
from zerograd.proving.messages import ProofFinding
from zerograd.proving.reals import OutOfTime, Reals
from zerograd.proving.tree import Satisfiable, Tree, renamings
from zerograd.solvers.selections import Selections

MAX_OPEN = 40
"""Open cases that are listed; of a system that holds for every M, a few are enough to turn to another."""

PLAINLY = 3.0
"""Seconds for a proof with long residuals, before they become unknowns: most are found soon."""

Progress = Callable[[str], None]


def certify(
    problem: Problem,
    *,
    deadline: float,
    fixed: bool = False,
    progress: Progress = lambda _: None,
    selections: Selections | None = None,
) -> ProofFinding:
    """Look for a certificate until ``deadline`` (of `time.monotonic`).

    Args:
        fixed: only certificates that speak of a dataset with a fixed number of samples.
        selections: unused ones for the solver, made beforehand.
    """
    reals = Reals(deadline, selections)
    if problem.derivative_at_kink == "all":
        return _under_all(problem, reals, fixed, progress)
    return _certified(problem, reals, fixed, progress)


def _certified(problem: Problem, reals: Reals, fixed: bool, progress: Progress) -> ProofFinding:
    left: list[str] = []
    # Where each sample's own gradient is restricted, datasets that suffice are large.
    of_each = problem.asks_of_x or signs_of_adjoints(problem)
    large = of_each and problem.samples.most is None
    if not fixed:
        kinds: tuple[Kind, ...] = ("identities", "moments")
        for kind in kinds:
            share = {"identities": 1 / 6, "moments": 2 / 3}[kind] if large else 1 / 3
            root, _ = _refuted(problem, kind, None, reals.share(share), patience=1, progress=progress)
            if root is not None:
                return ProofFinding(Certificate(problem.digest, (Part(kind, None, root),)))
    parts = []
    numbers = list(_numbers(problem, fixed=fixed))
    for number, samples in enumerate(numbers):
        within = reals.share(1 / (len(numbers) - number))
        root, missing = _refuted(problem, "dataset", samples, within, patience=MAX_OPEN, progress=progress)
        if root is None:
            left += [f"M = {samples}: {line}" for line in missing]
        else:
            parts.append(Part("dataset", samples, root))
    if left or not parts:
        return ProofFinding(None, tuple(left) or ("no number of samples is known that would suffice",))
    return ProofFinding(Certificate(problem.digest, tuple(parts)))


def _under_all(problem: Problem, reals: Reals, fixed: bool, progress: Progress) -> ProofFinding:
    """A certificate under one convention: an answer under every choice of slopes would be one under it."""
    conventions = common_between(problem.network)
    left: tuple[str, ...] = ()
    for number, convention in enumerate(conventions):
        within = reals.share(1 / (len(conventions) - number))
        finding = _certified(problem.with_kink(convention), within, fixed, progress)
        if finding.certificate is not None:
            certificate = replace(finding.certificate, problem=problem.digest, convention=convention)
            return ProofFinding(certificate)
        left = left or finding.open
    return ProofFinding(None, left)


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
    problem: Problem, kind: Kind, samples: int | None, reals: Reals, *, patience: int, progress: Progress
) -> tuple[Node | None, list[str]]:
    """A refutation of a part's system, or what stays open.

    Whoever asked checks it against facts that are derived anew.
    """
    try:
        system = system_of(problem, kind, samples)
    except Refused as refusal:
        return None, [str(refusal)]
    if samples is not None and residuals.unfit(problem) is None:
        soon = reals.share(1 / 4, most=PLAINLY)
        root, _ = _searched(
            problem, kind, system, samples, soon, patience=1, progress=progress, equations=False
        )
        root = root or _with_residuals(problem, system, samples, reals.share(3 / 4), progress)
    else:
        root = None
    left: list[str] = []
    if root is None:
        root, left = _searched(problem, kind, system, samples, reals, patience=patience, progress=progress)
    if root is not None:
        Refutation(system).check(root)
    return root, left


def _with_residuals(
    problem: Problem, system: System, samples: int, reals: Reals, progress: Progress
) -> Node | None:
    """A refutation of the system that was found with residuals as unknowns."""
    free, written = residuals.with_residuals(problem, samples)
    root, _ = _searched(problem, "dataset", free, samples, reals, patience=1, progress=progress)
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
    reals: Reals,
    *,
    patience: int,
    progress: Progress,
    equations: bool = True,
) -> tuple[Node | None, list[str]]:
    """A refutation of the system, with equations stated ahead or without; or what stays open."""
    hidden = {number: layer.units for number, layer in enumerate(problem.network.layers[:-1], start=1)}
    alike = partial(renamings, system, samples or 0, hidden)
    tree = Tree(system, reals, alike, lambda line: progress(f"{kind}: {line}"), patience)
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
