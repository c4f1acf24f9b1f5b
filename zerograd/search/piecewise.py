"""The general strategy: the whole question, every activation pattern at once, to one solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from zerograd.core.model.backprop import ExactActivate, Site, forward
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import NumberField
from zerograd.core.question.problem import Problem
from zerograd.search.draw import accepted
from zerograd.search.encoding import Encoding, encode, no_terms, on_side
from zerograd.search.lift import complete, lift
from zerograd.search.symmetry import samples_interchangeable
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict
from zerograd.solvers.base import GaveUp, Mode, Model, NearModel, NoModel, Outcome
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import TRUE, Constant, Script, relate

NAME = "piecewise"
EACH = 0.25
"""Effort for the region of a solution that is rounded."""

LOOKS: Sequence[tuple[bool, Mode, float]] = (
    (False, "polynomial", 0.05),
    (True, "choices", 0.05),
    (True, "polynomial", 0.03),
    (False, "elimination", 0.05),
)
"""What a solver is asked first of a small question: whether in the other form, its mode, the effort.

Each settles in a moment some of what takes the others seconds. The first settles nine of ten.
"""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    return no_terms(problem)


def whole_question(problem: Problem, samples: int, *, choices: bool = False) -> tuple[Encoding, Script]:
    """The encoding for M = ``samples`` (see `encode`), and the script that a solver is given."""
    encoding = encode(problem, samples, choices=choices)
    # Interchangeable samples may as well be in order: it spares the solver their permutations.
    order = []
    if samples_interchangeable(problem, samples):
        order = [relate(a, "<=", b) for a, b in pairwise(row[0] for row in encoding.inputs.rows())]
    return encoding, encoding.script.copy(order)


class TakesLonger(Exception):  # noqa: N818 - a finding, not an error
    """What was found has to be made exact, and who asked is in a hurry."""


class Whole:
    """The whole question with M = ``samples``, made once, for one solver after another.

    Args:
        lead: a solver for what is left to do when another has a model.
        choices: see `encode`.
        hasty: whether TakesLonger is raised rather than a search made for exact numbers.
    """

    def __init__(
        self,
        problem: Problem,
        samples: int,
        lead: SolverProcess,
        seed: int,
        *,
        choices: bool = False,
        hasty: bool = False,
    ) -> None:
        self.problem, self.samples, self.lead, self.seed = problem, samples, lead, seed
        self.choices, self.hasty = choices, hasty

    @cached_property
    def _made(self) -> tuple[Encoding, Script]:
        return whole_question(self.problem, self.samples, choices=self.choices)

    @cached_property
    def otherwise(self) -> Whole:
        """The same question in the other form."""
        return Whole(
            self.problem,
            self.samples,
            self.lead,
            self.seed,
            choices=not self.choices,
            hasty=self.hasty,
        )

    def ask(self, solver: SolverProcess, mode: Mode, effort: float | None, deadline: float) -> None:
        """Hand the question over; `told` waits for the outcome."""
        solver.submit(self._made[1], deadline=deadline, mode=mode, seed=self.seed, effort=effort)

    def look(self, deadline: float) -> None:
        """Have the lead look at the question; `seen` waits for what it sees."""
        _, mode, effort = LOOKS[0]
        self.ask(self.lead, mode, effort, deadline)

    def seen(self, deadline: float) -> Verdict:
        """What is settled at first sight, in one form and mode or another.

        A solution that is not exact yet is come back to if there is no other.
        """
        unfinished: tuple[Whole, Outcome] | None = None
        verdict: Verdict = Undecided("incomplete")
        for number, (other, mode, effort) in enumerate(LOOKS):
            form = self.otherwise if other else self
            if number:
                form.ask(self.lead, mode, effort, deadline)
            outcome = self.lead.collect()
            if _is_unfinished(outcome):
                if unfinished is not None:
                    break  # irrational numbers are needed, it seems
                unfinished = form, outcome
                continue
            verdict = form._heard(self.lead, outcome, deadline)
            if isinstance(verdict, Found | Impossible) or verdict.reason == "memory":
                return verdict
        if unfinished is not None:
            form, outcome = unfinished
            return form._heard(self.lead, outcome, deadline)
        return verdict

    def told(self, solver: SolverProcess, deadline: float) -> Verdict:
        """What the solver has to say of what was asked last."""
        return self._heard(solver, solver.collect(), deadline)

    def _heard(self, solver: SolverProcess, outcome: Outcome, deadline: float) -> Verdict:
        """What an outcome comes to."""
        encoding, _ = self._made
        if self.hasty and _is_unfinished(outcome):
            raise TakesLonger
        match outcome:
            case NoModel():
                return Impossible("solver", NAME, solver=solver.name)
            case Model() as model:
                witness = lift(encoding, model, self.lead, deadline=deadline, seed=self.seed)
                if witness is None:
                    return Undecided(
                        "incomplete", "a solution was found, in no single number field of low degree"
                    )
                if solver is not self.lead and not accepted(self.problem, witness):
                    return Undecided("incomplete", f"{solver.name} gave a solution that the check refuses")
                return Found(witness, NAME)
            case NearModel(values=values):
                return self._near(values, deadline)
            case GaveUp(reason="crashed", detail=detail):
                return Undecided("incomplete", detail)
            case GaveUp(reason=reason, detail=detail):
                return Undecided(reason, detail)  # type: ignore[arg-type]  # "crashed" is dealt with above

    def _near(self, values: Mapping[str, Fraction], deadline: float) -> Verdict:
        """A witness in the activation pattern of a solution that is rounded, if there is one."""
        known: dict[str, Exact] = dict(values)
        arrays = complete(self.problem, self.samples, known, {})
        run = forward(self.problem.network, arrays, arrays["x"], ExactActivate("torch"))
        pattern: dict[Site, Side] = {}
        for number, (layer, z) in enumerate(zip(self.problem.network.layers, run.z, strict=True), start=1):
            choices = sides(layer.activation, self.problem.derivative_at_kink)
            for (m, unit), value in z.items() if len(choices) > 1 else ():
                z_value = Constant(value if isinstance(value, int | Fraction) else 0)  # they are rational
                held = (side for side in choices if on_side(z_value, side) == TRUE)
                pattern[number, m, unit] = next(held, choices[0])
        region = encode(self.problem, self.samples, pattern=pattern)
        outcome = self.lead.check(
            region.script, deadline=deadline, mode="polynomial", seed=self.seed, effort=EACH
        )
        if isinstance(outcome, Model):
            witness = lift(region, outcome, self.lead, deadline=deadline, seed=self.seed)
            if witness is not None:
                return Found(witness, NAME)
        return Undecided("incomplete", "a solution was found, in rounded numbers")


def _is_unfinished(outcome: Outcome) -> bool:
    """Whether exact numbers, in one field, have yet to be made of a solution."""
    if isinstance(outcome, Model):
        return any(isinstance(value, NumberField) for value in outcome.values.values())
    return isinstance(outcome, NearModel)


def piecewise(
    problem: Problem,
    samples: int,
    solver: SolverProcess,
    *,
    mode: Mode,
    effort: float | None,
    deadline: float,
    seed: int,
) -> Verdict:
    """Decide the problem for M = ``samples``, before ``deadline`` (of `time.monotonic`)."""
    whole = Whole(problem, samples, solver, seed)
    whole.ask(solver, mode, effort, deadline)
    return whole.told(solver, deadline)
