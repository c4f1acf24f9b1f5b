"""What is asked of gradients, in words that derivations and proofs share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

from zerograd.core.model.references import resolve
from zerograd.core.numbers.arrays import Index
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes
from zerograd.document.blocks import Prose, prose
from zerograd.document.formula import ZERO, Node, Sign, row
from zerograd.show.words import count


def asked_of(
    problem: Problem, gradient: Callable[[str, Index | None], Node], *, in_order: bool = False
) -> Iterator[Prose]:
    """What is asked of each gradient: ``∂L/∂w1 ≠ 0 in some entry``.

    Args:
        gradient: a gradient by name and index; without an index, that of the whole array.
        in_order: whether what one relation is about comes in the order of the layers.
    """
    shapes = gradient_shapes(problem.network, problem.samples.least)
    order = {name: position if in_order else 0 for position, name in enumerate(shapes)}
    for relation, references in problem.query.items():
        entries = " in some entry" if relation.some else " in every entry"
        formulas, many = [], False
        for reference in sorted(references, key=lambda reference: order[reference.name]):
            shape = shapes[reference.name]
            several = reference.index is None and (prod(shape) > 1 or reference.name == "x")
            index = None if several else resolve(reference, shape)[0]
            formula = row(gradient(reference.name, index), Sign(relation.symbol), ZERO)
            if relation.joint:
                formulas += [" or ", formula]
                many = many or several
            else:
                yield prose(formula, entries if several else "")
        if formulas:
            yield prose(*formulas[1:], entries if many else "")


def size(problem: Problem) -> str:
    """How large the dataset may be: ``3 samples``, ``any size``."""
    samples = problem.samples
    if samples.fixed is not None:
        return count(samples.fixed, "sample")
    if samples.most is not None:
        return f"{samples.least} to {samples.most} samples"
    return "any size" if samples.least == 1 else f"{samples.least} or more samples"
