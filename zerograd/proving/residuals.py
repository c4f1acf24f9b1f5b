"""Residuals as unknowns where they are long polynomials: with integers, and with given targets.

There the facts of a dataset have r = ŷ − y written out, and few identities are short enough to be found. So
they are looked for among facts about unknowns r, with the equations that define these. Once r is written out
in what was found, it is a proof of the same cases, and those equations say that 0 = 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zerograd.core.model.references import entry
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.question import Question
from zerograd.core.refuting.certificate import Compare, Floor, Identity, Like, Node
from zerograd.core.refuting.dataset import dataset_quantities, dataset_system
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import Known, cases_of
from zerograd.core.refuting.system import System


def unfit(problem: Question) -> str | None:
    """Return why nothing is gained; None if something may be."""
    if not problem.model.loss.least_squares:
        return "its adjoints are unknowns already"
    if problem.domain == "real" and "y" not in problem.given:
        return "its residuals are unknowns already"
    return None


def with_residuals(problem: Question, samples: int) -> tuple[System, Mapping[str, Polynomial]]:
    """Return the facts of M samples with unknown residuals, and what these are.

    Raises:
        Refused: as `dataset_system`.
    """
    plain = dataset_system(problem, samples)
    quantities = dataset_quantities(problem, samples)
    free = Question(
        network=problem.network,
        samples=problem.samples,
        query=problem.query,
        where=problem.where,
        given={name: values for name, values in problem.given.items() if name != "y"},
        bounds=problem.bounds,
        domain="real",
        derivative_at_kink=problem.derivative_at_kink,
        loss=problem.loss,
        minimum=None,
        spurious=False,
        targets=problem.targets,
    )
    y_hat, y = quantities["y_hat"], quantities["y"]
    given = problem.given.get("y", {})
    residuals, definitions = {}, {}
    system = dataset_system(free, samples)
    predictions = dataset_quantities(free, samples)["y_hat"]
    for index, target in y.items():
        name = entry("r", index)
        if problem.domain == "integer" or index in given:
            residuals[name] = y_hat[index] - target
            equation = predictions[index] - target - Polynomial.variable(name)
            definitions[_label(name)] = Fact(equation, "=")
    return replace(system, facts={**system.facts, **definitions}, integers=plain.integers), residuals


def _label(residual: str) -> str:
    return f"definition of {residual}"


def written_out(node: Node, known: Known, system: System, residuals: Mapping[str, Polynomial]) -> Node:
    """The proof of what is known, with residuals written out.

    Args:
        known: what holds at the node in ``system``, in which residuals are no unknowns.
    """
    if isinstance(node, Like):
        return node
    if isinstance(node, Identity):
        own = {name: p.at(known.values) for name, p in residuals.items()}
        cofactors = {
            label: _substituted(c, own)
            for label, c in node.cofactors.items()
            if label not in {_label(name) for name in residuals}
        }
        positive = tuple(
            replace(product, squares=tuple(_substituted(square, own) for square in product.squares))
            for product in node.positive
        )
        return replace(node, cofactors={label: c for label, c in cofactors.items() if c}, positive=positive)
    if isinstance(node, Compare | Floor):
        node = replace(node, polynomial=_substituted(node.polynomial, residuals))
    cases = {
        case.name: written_out(node.cases[case.name], known.assuming(case), system, residuals)
        for case in cases_of(system, node, known.facts)
    }
    return replace(node, cases=cases)


def _substituted(p: Polynomial, values: Mapping[str, Polynomial]) -> Polynomial:
    """The polynomial with polynomials in place of some variables."""
    if not p.variables & values.keys():
        return p
    total = Polynomial.constant(0)
    for monomial, c in p.terms.items():
        rest = tuple((name, e) for name, e in monomial if name not in values)
        term = Polynomial({rest: c})
        for name, e in monomial:
            for _ in range(e if name in values else 0):
                term = term * values[name]
        total = total + term
    return total
