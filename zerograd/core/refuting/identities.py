"""A problem as facts about parameters and gradients alone, for any number of samples.

They are tied together by laws (`zerograd.core.refuting.laws`) and nothing else.
"""

from __future__ import annotations

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import evaluate
from zerograd.core.question.language import names_in
from zerograd.core.question.question import Question
from zerograd.core.refuting.facts import Fact, FactAlgebra, Formula
from zerograd.core.refuting.laws import laws
from zerograd.core.refuting.loss_values import LOSS, loss_and_gradients, of_loss_alone
from zerograd.core.refuting.sizes import is_short
from zerograd.core.refuting.system import (
    Case,
    Renaming,
    System,
    by_label,
    parameters_of,
    query_facts,
    split_name,
    where_label,
    within,
)


def unknown_gradients(problem: Question) -> dict[str, Array[Polynomial]]:
    """A variable for each entry of the gradients by parameters: ``g_w1[0,1]``."""
    return {
        name: Array.build(
            shape,
            lambda index, name=name: Polynomial.variable(f"g_{entry(name, index)}"),  # type: ignore[misc]
        )
        for name, shape in problem.network.shapes.items()
    }


def identities_system(problem: Question) -> System:
    """The facts of parameters and gradients."""
    samples = problem.samples.least
    parameters = parameters_of(problem)
    gradients = unknown_gradients(problem)
    algebra = FactAlgebra()
    facts: list[tuple[str, Formula]] = [*query_facts(problem, samples, gradients)]
    for law in laws(problem):
        total = Polynomial.constant(0)
        for coefficient, parameter, (name, index) in law.terms:
            factor = Polynomial.constant(coefficient)
            if parameter is not None:
                factor = factor * parameters[parameter[0]][parameter[1]]
            total = total + factor * gradients[name][index]
        facts.append((law.label, Fact(total, law.sign)))
    splits: dict[str, tuple[Case, ...]] = {}
    if any(of_loss_alone(condition, problem) for condition in problem.where):
        of_loss, splits = loss_and_gradients(problem, gradients)
        facts += of_loss
    for (name, index), bound in problem.entry_bounds(samples).items():
        if name in parameters:
            facts += within(parameters[name][index], entry(name, index), bound)
    known = {**parameters, **{f"grad({name})": array for name, array in gradients.items()}}
    known[LOSS] = Array((), (Polynomial.variable(LOSS),))
    for number, condition in enumerate(problem.where):
        own = names_in(condition.node) - {"grad"} <= set(parameters) or of_loss_alone(condition, problem)
        if own and is_short(condition, known.__getitem__):
            facts.append((where_label(number), evaluate(condition, algebra, known.__getitem__)))
    facts += algebra.definitions.items()
    integers = (
        frozenset(v for array in parameters.values() for p in array.entries for v in p.variables)
        if problem.domain == "integer"
        else frozenset()
    )
    return System(by_label(facts), splits, integers, _renamed)


def _renamed(renaming: Renaming, variable: str) -> str:
    if variable == LOSS:
        return variable
    name, index = split_name(variable.removeprefix("g_"))
    if name == "t":
        return variable
    prefix = "g_" if variable.startswith("g_") else ""
    return prefix + entry(name, renaming.index(name, index))
