"""What is impossible for parameters and gradients alone, whatever the dataset and its size.

The parameters and the entries of their gradients are unknowns of their own, tied together by the
identities of homogeneous units alone (`zerograd.search.homogeneity`). Every witness gives such
values, for any number of samples; so where there are none, there is no witness. (Of integers the
gradients are multiples of 2/(M·K), and the question is one for this M.) One small question to a
solver, asked before any activation pattern is looked at. It never says that there is a witness.
"""

from __future__ import annotations

from fractions import Fraction

from zerograd.core.arrays import Array, Index
from zerograd.core.conditions import evaluate
from zerograd.core.problem import Problem
from zerograd.search.algebra import Ratio, TermAlgebra
from zerograd.search.homogeneity import identities
from zerograd.search.mentions import names_in
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
    differ,
    disjoin,
    multiply,
    negate,
    relate,
)

NAME = "identities"
EFFORT = 0.2


def relaxation(
    problem: Problem, samples: int, solver: SolverProcess, *, deadline: float, seed: int
) -> Verdict:
    """Impossible for every number of samples (of integers: for M = ``samples``), or undecided."""
    script = relaxed(problem, samples)
    modes: tuple[Mode, ...] = ("general",) if _whole(problem) else ("polynomial", "elimination")
    for mode in modes:
        outcome = solver.check(script, deadline=deadline, mode=mode, seed=seed, effort=EFFORT)
        if isinstance(outcome, NoModel):
            return Impossible("solver", NAME, every=not _whole(problem))
        if isinstance(outcome, Model):
            break
    return Undecided("incomplete", "the identities of homogeneous units do not rule it out")


def relaxed(problem: Problem, samples: int) -> Script:
    """The question about parameters and gradients alone, as a script."""
    return _Relaxation(problem, samples).script


def _whole(problem: Problem) -> bool:
    """Whether ½·M·K·∂L/∂θ is an integer, as all that it is made of is."""
    pieces = (
        v for layer in problem.network.layers for a in [layer.activation] for v in (*a.slopes, *a.offsets)
    )
    return problem.domain == "integer" and all(Fraction(v).denominator == 1 for v in pieces)


class _Relaxation:
    def __init__(self, problem: Problem, samples: int) -> None:
        self.problem, self.script = problem, Script()
        self.sort: Sort = "Int" if _whole(problem) else "Real"
        # Of real numbers the scale plays no part: gradients may be anything.
        self.scale = Fraction(2, samples * problem.network.outputs) if self.sort == "Int" else Fraction(1)
        self.values: dict[str, Array[Term]] = {}
        self.gradients: dict[str, Array[Term]] = {}
        for name, shape in problem.network.shapes.items():
            self.values[name] = Array.build(shape, lambda index, name=name: self._parameter(name, index))  # type: ignore[misc]
            self.gradients[name] = Array.build(shape, lambda index, name=name: self._gradient(name, index))  # type: ignore[misc]
        self._query()
        for left, right in identities(problem.network):
            sides = [
                add(*(multiply(self.values[n][i], self.gradients[n][i]) for n, i in side))
                for side in (left, right)
            ]
            self.script.require(relate(add(sides[0], negate(sides[1])), "=", ZERO))
        self._where()

    def _gradient(self, name: str, index: Index) -> Term:
        half = self.script.declare("_".join(["g", name, *map(str, index)]), self.sort)
        return multiply(Constant(self.scale), half)

    def _parameter(self, name: str, index: Index) -> Term:
        given = self.problem.given.get(name, {}).get(index)
        term: Term = (
            Constant(given)
            if given is not None
            else self.script.declare("_".join([name, *map(str, index)]), self.sort)
        )
        low, high = self.problem.entry_bounds(self.problem.samples.least).get((name, index), (None, None))
        if low is not None:
            self.script.require(relate(term, ">=", Constant(low)))
        if high is not None:
            self.script.require(relate(term, "<=", Constant(high)))
        return term

    def _query(self) -> None:
        problem, samples = self.problem, self.problem.samples.least
        for relation, operator in (("zero", "="), ("positive", ">"), ("negative", "<")):
            for name, index in problem.asked_entries(relation, samples):  # type: ignore[arg-type]
                if name != "x":
                    self.script.require(relate(self.gradients[name][index], operator, ZERO))  # type: ignore[arg-type]
        for name, index in problem.asked_entries("nonzero", samples):
            if name != "x":
                self.script.require(differ(self.gradients[name][index], ZERO))
        for reference in problem.query["some_nonzero"]:
            if reference.name != "x":
                array = self.gradients[reference.name]
                named = array.entries if reference.index is None else (array[reference.index],)
                self.script.require(disjoin(differ(term, ZERO) for term in named))

    def _where(self) -> None:
        """The conditions on parameters and their gradients alone."""
        algebra = TermAlgebra(self._fresh)
        for condition in self.problem.where:
            if names_in(condition) - {"grad"} <= set(self.values):
                self.script.require(evaluate(condition, algebra, self._lookup))
        for requirement in algebra.requirements:
            self.script.require(requirement)
        for divisor in algebra.denominators:
            self.script.require(differ(divisor, ZERO))

    def _fresh(self, _: object) -> Term:
        return self.script.introduce(f"extreme_{len(self.script.auxiliary)}", "Real")

    def _lookup(self, name: str) -> Array[Ratio]:
        array = self.gradients[name[5:-1]] if name.startswith("grad(") else self.values[name]
        return array.map(Ratio)
