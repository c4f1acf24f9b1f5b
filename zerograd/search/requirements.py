"""What a problem requires of values and gradients, said of whatever terms stand for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.question.conditions import Condition, evaluate
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Bound, Relation
from zerograd.search.algebra import Ratio, TermAlgebra
from zerograd.solvers.terms import ZERO, Constant, Script, Term, differ, disjoin, relate


def symbol(name: str, index: Index) -> str:
    """The solver's name of an entry: ``w1[0,1]`` is ``w1_0_1``."""
    if len(index) == 2:  # the most frequent
        return f"{name}_{index[0]}_{index[1]}"
    return "_".join([name, *map(str, index)])


def all_whole(problem: Problem) -> bool:
    """Whether integer unknowns go through integer pieces, so that all that is made of them is an integer."""
    activations = [layer.activation for layer in problem.network.layers]
    whole = problem.domain == "integer" and problem.model.loss.is_whole
    whole = whole and all(activation.is_whole for activation in activations)
    return whole and all(
        slope.denominator == 1
        for activation in activations
        for _, slope in activation.at_kinks(problem.derivative_at_kink)
    )


def require_bounds(script: Script, term: Term, bound: Bound) -> None:
    """The term is inside its bounds."""
    low, high = bound
    if low is not None:
        script.require(relate(term, ">=", Constant(low)))
    if high is not None:
        script.require(relate(term, "<=", Constant(high)))


def require_query(
    script: Script, problem: Problem, samples: int, gradients: Mapping[str, Array[Term]]
) -> None:
    """The gradients are as asked; those not among ``gradients`` are passed over.

    Args:
        gradients: by name, up to a positive factor.
    """
    for relation, operator in (("zero", "="), ("positive", ">"), ("negative", "<")):
        for name, index in problem.asked_entries(relation, samples):  # type: ignore[arg-type]
            if name in gradients:
                script.require(relate(gradients[name][index], operator, ZERO))  # type: ignore[arg-type]
    for name, index in problem.asked_entries(Relation.NONZERO, samples):
        if name in gradients:
            script.require(differ(gradients[name][index], ZERO))
    for choice in problem.choices(samples):
        if all(name in gradients for name in choice.names):
            script.require(disjoin(differ(gradients[name][index], ZERO) for name, index in choice.entries))


def require_conditions(
    script: Script, conditions: Iterable[Condition], lookup: Callable[[str], Array[Ratio]]
) -> None:
    """The conditions hold, with ``lookup`` from names to values."""
    extremes = 0

    def fresh(terms: Sequence[Term]) -> Term:
        nonlocal extremes
        extremes += 1
        whole = all(map(script.holds_integers, terms))
        return script.introduce(symbol("extreme", (extremes,)), "Int" if whole else "Real")

    algebra = TermAlgebra(fresh)
    for condition in conditions:
        script.require(evaluate(condition, algebra, lookup))
    for requirement in algebra.requirements:
        script.require(requirement)
    for divisor in algebra.denominators:
        script.require(differ(divisor, ZERO))
