"""Which renamings of samples and of hidden units leave a question as it is.

Sound and not complete: a condition that speaks of single entries, or of several arrays at once,
is taken to break every symmetry of what it names.
"""

from __future__ import annotations

from zerograd.core.numbers.arrays import Shape
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Call, Item, Listing, Name, walk
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import quantity_shapes, sample_arrays


def samples_interchangeable(problem: Problem, samples: int) -> bool:
    """Whether renaming the samples leaves the question as it is."""
    affected = {name for name in sample_arrays(problem.network) if not name.startswith("grad(")}
    return _untouched(problem, affected, samples, gradients={"x"})


def units_interchangeable(problem: Problem, layer: int, samples: int) -> bool:
    """Whether renaming the units of hidden layer ``layer`` (from 1) leaves the question as it is."""
    names = {f"w{layer}", f"b{layer}", f"w{layer + 1}"}
    return _untouched(problem, names | {f"z{layer}", f"a{layer}"}, samples, gradients=names)


def _untouched(problem: Problem, affected: set[str], samples: int, *, gradients: set[str]) -> bool:
    if affected & set(problem.given):
        return False
    if any(ref.name in affected and ref.index is not None for ref in problem.bounds):
        return False
    asked = (ref for references in problem.query.values() for ref in references)
    if any(ref.name in gradients and ref.index is not None for ref in asked):
        return False
    shapes = quantity_shapes(problem.network, samples)
    named = affected | {f"grad({name})" for name in gradients}
    return all(_symmetric(condition, named, shapes) for condition in problem.where)


def _symmetric(condition: Condition, affected: set[str], shapes: dict[str, Shape]) -> bool:
    """Whether a condition treats all entries of the affected arrays alike."""
    nodes = list(walk(condition.node))
    mentioned = set()
    for node in nodes:
        match node:
            case Call(function="grad", arguments=(Name(name=name) | Item(array=Name(name=name)),)):
                mentioned.add(f"grad({name})")
            case Name(name=name):
                mentioned.add(name)
    if not mentioned & affected:
        return True
    if any(isinstance(node, Item | Listing) for node in nodes):
        return False
    return sum(len(shapes[name]) > 0 and any(n > 1 for n in shapes[name]) for name in mentioned) <= 1
