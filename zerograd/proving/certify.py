"""A certificate for a problem that has no answer, by whichever system of facts can be refuted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from zerograd.core.errors import Refused
from zerograd.core.model.slopes import common_between
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import names_in
from zerograd.core.question.necessary import necessary
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import signs_of_adjoints, sufficient_samples
from zerograd.core.refuting.certificate import Certificate, Kind, Node, Part
from zerograd.core.refuting.dataset import dataset_quantities
from zerograd.core.refuting.refutation import Known, Refutation, system_of
from zerograd.core.refuting.system import System
from zerograd.proving import residuals
from zerograd.proving.equations import Stated, at_once, stated
from zerograd.proving.messages import ProofFinding
from zerograd.proving.reals import OutOfTime, Reals
from zerograd.proving.tree import Tree, renamings
from zerograd.proving.whole import NotAtSight, Satisfiable, Sight
from zerograd.solvers.selections import Selections

MAX_OPEN = 40
"""Open cases that are listed; of a system that holds for every M, a few are enough to turn to another."""

PLAINLY = 3.0
"""Seconds for a proof with long residuals, before they become unknowns: most are found soon."""

FEW_SITES = 100
"""Units times samples of a dataset that is looked at ahead of what takes patience."""

UNSEEN = "one question did not show that it can be refuted"

Progress = Callable[[str], None]
Turn = Callable[[Kind, int | None], object]
"""What is told which facts a proof is looked for among."""


def _nobody(_kind: Kind, _samples: int | None) -> None:
    pass


def certify(
    problem: Problem,
    *,
    deadline: float,
    fixed: bool = False,
    progress: Progress = lambda _: None,
    turned: Turn = _nobody,
    selections: Selections | None = None,
) -> ProofFinding:
    """Look for a certificate until ``deadline`` (of `time.monotonic`).

    Args:
        fixed: only certificates that speak of a dataset with a fixed number of samples.
        turned: told each system of facts once a contradiction is seen in it, before a proof is found.
        selections: unused ones for the solver, made beforehand.
    """
    if problem.spurious:
        finding = certify(
            necessary(problem),
            deadline=deadline,
            fixed=fixed,
            progress=progress,
            turned=turned,
            selections=selections,
        )
        if finding.certificate is None:
            return finding
        return replace(finding, certificate=replace(finding.certificate, problem=problem.digest))
    reals = Reals(deadline, selections)
    if problem.derivative_at_kink == "all":
        return _under_all(problem, reals, fixed, progress)
    return _certified(problem, reals, fixed, progress, turned)


def _certified(
    problem: Problem,
    reals: Reals,
    fixed: bool,
    progress: Progress,
    turned: Turn = _nobody,
) -> ProofFinding:
    search = _Search(problem, progress, turned)
    left: list[str] = []
    # Where each sample's own gradient is restricted, datasets that suffice are large.
    of_each = problem.asks_of_x or signs_of_adjoints(problem)
    large = of_each and problem.samples.most is None
    numbers = list(_numbers(problem, fixed=fixed))
    if not fixed:
        shares = {"identities": 1 / 6, "moments": 2 / 3} if large else {"identities": 1 / 3, "moments": 1 / 3}
        tries: list[tuple[Kind, int | None, Sight]] = [("identities", None, "patient")]
        tries += [("moments", None, "with cases")]
        # What facts of one dataset show without any cases is shorter than what takes patience.
        if len(numbers) == 1 and numbers[0] * sum(problem.network.widths) <= FEW_SITES:
            tries.append(("dataset", numbers[0], "without cases"))
        tries += [("moments", None, "patient")]
        hopeless: set[Kind] = set()
        for kind, samples, at_sight in tries:
            if kind in hopeless:
                continue
            within = reals.share(shares.get(kind, 1 / 4))
            root, missing = search.refuted(kind, samples, within, patience=1, at_sight=at_sight)
            if root is not None:
                return ProofFinding(Certificate(problem.digest, (Part(kind, samples, root),)))
            if missing != [UNSEEN]:
                hopeless.add(kind)
    parts = []
    for number, samples in enumerate(numbers):
        within = reals.share(1 / (len(numbers) - number))
        root, missing = search.refuted("dataset", samples, within, patience=MAX_OPEN)
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


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for refutations of the systems of a problem, each of which is made once."""

    problem: Problem
    progress: Progress
    turned: Turn = _nobody
    systems: dict[tuple[Kind, int | None], System] = field(default_factory=dict)
    ahead: dict[int, tuple[System, Stated]] = field(default_factory=dict)
    """Equations of systems by their identity, for which these are kept."""
    told: set[tuple[Kind, int | None]] = field(default_factory=set)

    def refuted(
        self, kind: Kind, samples: int | None, reals: Reals, *, patience: int, at_sight: Sight = "patient"
    ) -> tuple[Node | None, list[str]]:
        """A refutation of a part's system, or what stays open.

        Whoever asked checks it against facts that are derived anew.
        """
        try:
            if (kind, samples) not in self.systems:
                self.systems[kind, samples] = system_of(self.problem, kind, samples)
        except Refused as refusal:
            return None, [str(refusal)]
        system = self.systems[kind, samples]
        root: Node | None = None
        left: list[str] = []
        if samples is not None and residuals.unfit(self.problem) is None:
            soon = reals.share(1 / 4, most=PLAINLY)
            root, left = self._searched(
                kind, system, samples, soon, patience=1, equations=False, at_sight=at_sight
            )
            if at_sight == "patient":
                root = root or self._with_residuals(system, samples, reals.share(3 / 4))
        if root is None and left != [UNSEEN]:
            root, left = self._searched(kind, system, samples, reals, patience=patience, at_sight=at_sight)
        if root is not None:
            Refutation(system).check(root)
        return root, left

    def _begun(self, kind: Kind, samples: int | None) -> None:
        if (kind, samples) not in self.told:
            self.told.add((kind, samples))
            self.turned(kind, samples)

    def _with_residuals(self, system: System, samples: int, reals: Reals) -> Node | None:
        """A refutation of the system that was found with residuals as unknowns."""
        free, written = residuals.with_residuals(self.problem, samples)
        root, _ = self._searched("dataset", free, samples, reals, patience=1)
        if root is None:
            return None
        root = residuals.written_out(root, Known(system.facts), system, written)
        try:
            Refutation(system).check(root)
        except Refused:  # too long to be checked, say
            return None
        return root

    def _searched(
        self,
        kind: Kind,
        system: System,
        samples: int | None,
        reals: Reals,
        *,
        patience: int,
        equations: bool = True,
        at_sight: Sight = "patient",
    ) -> tuple[Node | None, list[str]]:
        """A refutation of the system, with equations stated ahead or without; or what stays open."""
        layers = self.problem.network.layers[:-1]
        hidden = {number: layer.units for number, layer in enumerate(layers, start=1)}
        alike = partial(renamings, system, samples or 0, hidden)
        progress, begun = (lambda line: self.progress(f"{kind}: {line}")), partial(self._begun, kind, samples)
        tree = Tree(system, reals, alike, progress, patience, begun)
        try:
            if not equations:
                return tree.find(at_sight=at_sight), _lines(tree)
            if id(system) not in self.ahead:
                of_loss = _residuals(self.problem, samples) if kind == "dataset" else ()
                self.ahead[id(system)] = system, stated(system, reals, of_loss)
            _, ahead = self.ahead[id(system)]
            root = at_once(reals, ahead) or tree.find(ahead.known, at_sight)
        except Satisfiable:
            return None, [
                "its facts do not contradict one another over the real numbers, as far as they are used"
            ]
        except NotAtSight:
            return None, [UNSEEN]
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
