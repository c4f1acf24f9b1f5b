"""What is impossible for parameters and gradients alone, whatever the dataset and its size.

The parameters and the entries of their gradients are unknowns of their own, tied together by laws alone
(`zerograd.core.refuting.laws`). Every witness gives such
values, for any number of samples; so where there are none, there is no witness. (Of integers the
gradients are multiples of `Loss.factor`, and the question is one for this M.) One small question to a
solver, asked before any activation pattern is looked at. It never says that there is a witness.
"""

from __future__ import annotations

from fractions import Fraction

from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.question.fitness import smooth
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.laws import Term as LawTerm
from zerograd.core.refuting.laws import laws
from zerograd.core.refuting.loss_values import LOSS, adjoints_at_zero, of_loss_alone
from zerograd.search.algebra import Ratio
from zerograd.search.requirements import (
    all_whole,
    require_bounds,
    require_conditions,
    require_query,
    symbol,
)
from zerograd.search.verdict import Impossible, Undecided, Verdict
from zerograd.solvers.base import Mode, Model, NoModel
from zerograd.solvers.process import SolverProcess
from zerograd.solvers.terms import (
    ZERO,
    Constant,
    Script,
    Sort,
    Term,
    add,
    conjoin,
    disjoin,
    multiply,
    relate,
)

NAME = "identities"
EFFORT = 0.2


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question: with smooth units alone, nothing is known."""
    if any(True for _ in laws(problem)) or any(of_loss_alone(c, problem) for c in problem.where):
        return None
    return smooth(problem)


def relaxation(
    problem: Problem, samples: int, solver: SolverProcess, *, deadline: float, seed: int
) -> Verdict:
    """Impossible for every number of samples (of integers: for M = ``samples``), or undecided."""
    script = relaxed(problem, samples)
    modes: tuple[Mode, ...] = ("general",) if all_whole(problem) else ("polynomial", "elimination")
    for mode in modes:
        outcome = solver.check(script, deadline=deadline, mode=mode, seed=seed, effort=EFFORT)
        if isinstance(outcome, NoModel):
            return Impossible("solver", NAME, every=not all_whole(problem))
        if isinstance(outcome, Model):
            break
    return Undecided("incomplete", "the identities of units do not rule it out")


def relaxed(problem: Problem, samples: int) -> Script:
    """The question about parameters and gradients alone, as a script."""
    return _Relaxation(problem, samples).script


class _Relaxation:
    def __init__(self, problem: Problem, samples: int) -> None:
        self.problem, self.script = problem, Script()
        self.bounds = problem.entry_bounds(problem.samples.least)
        self.sort: Sort = "Int" if all_whole(problem) else "Real"
        # Of real numbers the scale plays no part: gradients may be anything.
        factor = problem.model.loss.factor(samples, problem.network.outputs)
        self.scale = factor if self.sort == "Int" else Fraction(1)
        self.values: dict[str, Array[Term]] = {}
        self.gradients: dict[str, Array[Term]] = {}
        for name, shape in problem.network.shapes.items():
            self.values[name] = Array.build(shape, lambda index, name=name: self._parameter(name, index))  # type: ignore[misc]
            self.gradients[name] = Array.build(shape, lambda index, name=name: self._gradient(name, index))  # type: ignore[misc]
        # Gradients of x are none of its unknowns: what is asked of them is left out.
        require_query(self.script, problem, problem.samples.least, self.gradients)
        for law in laws(problem):
            self.script.require(relate(add(*map(self._product, law.terms)), law.sign, ZERO))
        own = [c for c in problem.where if names_in(c.node) - {"grad"} <= set(self.values)]
        if of_loss := [c for c in problem.where if of_loss_alone(c, problem)]:
            self._say_of_loss()
        require_conditions(self.script, [*own, *of_loss], self._lookup)

    def _say_of_loss(self) -> None:
        """It is not below 0; where it is 0, gradients are, too, if adjoints are."""
        at_zero = adjoints_at_zero(self.problem)
        self.loss = self.script.declare(LOSS, "Real")
        self.script.require(relate(self.loss, ">=" if at_zero else ">", ZERO))
        if at_zero == (0,):
            still = (relate(g, "=", ZERO) for array in self.gradients.values() for g in array.entries)
            self.script.require(disjoin((relate(self.loss, ">", ZERO), conjoin(still))))

    def _product(self, term: LawTerm) -> Term:
        coefficient, parameter, (name, index) = term
        factors = [] if parameter is None else [self.values[parameter[0]][parameter[1]]]
        return multiply(Constant(Fraction(coefficient)), *factors, self.gradients[name][index])

    def _gradient(self, name: str, index: Index) -> Term:
        scaled = self.script.declare(symbol(f"g_{name}", index), self.sort)
        return multiply(Constant(self.scale), scaled)

    def _parameter(self, name: str, index: Index) -> Term:
        given = self.problem.given.get(name, {}).get(index)
        term: Term = (
            Constant(given) if given is not None else self.script.declare(symbol(name, index), self.sort)
        )
        require_bounds(self.script, term, self.bounds.get((name, index), (None, None)))
        return term

    def _lookup(self, name: str) -> Array[Ratio]:
        if name == LOSS:
            return Array((), (Ratio(self.loss),))
        array = self.gradients[name[5:-1]] if name.startswith("grad(") else self.values[name]
        return array.map(Ratio)
