"""Witnesses in which slopes at kinks are chosen, and the same under one convention."""

from __future__ import annotations

from dataclasses import replace

from zerograd.core.model.kinks import Kink
from zerograd.core.model.slopes import choices_at, conventions_between
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness


def slopes_of(witness: Witness, convention: Kink) -> dict[str, Exact]:
    """Return the slopes that a convention takes at the kinks that samples are on, by `Choice.place`.

    Args:
        witness: one over exact numbers.
        convention: of which no kink is forbidden or chosen.
    """
    point, network = witness.point, witness.problem.network
    result: dict[str, Exact] = {}
    for choice in choices_at(point):
        if choice.layer is not None:
            activation = network.layers[choice.layer - 1].activation
            z = choice.pre_activation(point)
            slope = activation.derivatives_at_kinks(convention)[activation.locate(z)[0]]
            result[choice.place] = 0 if slope is None else slope
        else:
            rows = point.forward.y_hat.rows()[choice.sample], point.y.rows()[choice.sample]
            result[choice.place] = point.model.loss.sample_adjoint(*rows, point.functions, convention)[
                choice.unit
            ]
    return result


def answering(problem: Problem, witness: Witness) -> Witness:
    """Return a witness under one convention as an answer to a question in which slopes are chosen."""
    if isinstance(witness, EnclosedWitness) or problem.derivative_at_kink == "all":
        return witness.answering(problem)
    convention = witness.problem.derivative_at_kink
    slopes = slopes_of(witness, convention) if convention != "forbid" else {}
    return Witness(problem, witness.parameters, witness.x, witness.y, slopes)


def under_one_convention(witness: Witness) -> Witness | None:
    """Return the same numbers under a convention for all kinks, with the same gradients.

    Under ``all`` that of torch, or the left one; under ``any`` one that agrees with every chosen slope, None
    where none does. Other witnesses are returned as they are.
    """
    problem = witness.problem
    if problem.derivative_at_kink != "any":
        return witness
    if not witness.slopes or isinstance(witness, EnclosedWitness):  # on no kink
        return _under("forbid", witness)
    for convention in conventions_between(problem.network):
        taken = slopes_of(witness, convention)
        if taken.keys() == witness.slopes.keys() and all(
            compare(slope, witness.slopes[place]) == 0 for place, slope in taken.items()
        ):
            return _under(convention, witness)
    return None


def _under(convention: Kink, witness: Witness) -> Witness:
    problem = witness.problem.with_kink(convention)
    if isinstance(witness, EnclosedWitness):
        return witness.answering(problem)
    return replace(witness, problem=problem, slopes={})
