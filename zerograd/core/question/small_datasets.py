"""When small datasets suffice: a bound on the samples that a question can need.

Theorem. Let free targets reach every adjoint of the loss, let a problem speak of targets through signs of
parameter gradients only, and let its conditions on inputs be conditions on each sample alone. Let A be the
asked entries of parameter gradients (of several of which one is asked not to be 0 together, one that is not;
of conditions, those that make it true: `zerograd.core.question.sign_conditions`), and N = max(1, |A|). If the
problem has a witness for some number of samples, it has one for N samples. So it has one for every M ≥ N, or
for no M at all.

Proof. With parameters and inputs fixed, (∂L/∂θ)_A is, up to a positive factor, a linear combination
Σ g[m,k] J[m,k] of vectors in a space of |A| dimensions, g the adjoints. Those J[m,k] that form a basis of
their span number at most |A|; writing the sum in this basis and giving every other adjoint the value 0
leaves it as it was. Only the samples of the basis are kept (one sample with adjoint 0, if the sum is 0):
the factor may change with the number of samples, which no sign sees, and what was required of each kept
sample alone still holds. Padding: a further sample with the input of a kept one and adjoint 0 changes the
sum by a positive factor again. Targets follow from ŷ and g. ∎

Lemma. Under the same hypotheses D + 1 samples of one activation pattern are enough, D the number of
inputs: a witness may be changed so that all other samples of that pattern have adjoint 0.

Proof. In one pattern, with the parameters fixed, every pre-activation and so every J[m,k] is an affine
function of sample m's input, the same one for all samples of the pattern. Choose among their inputs an
affinely independent set with the same affine hull: at most D + 1. Each other input is an affine
combination of these, its J[m,k] the same combination of theirs for each k, and its adjoints can be moved
to them without a change of the sum. ∎

The hypotheses are tested by `hypotheses_fail`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from zerograd.core.question.language import (
    Binary,
    Call,
    Chain,
    Item,
    Listing,
    Logic,
    Name,
    Node,
    Number,
    Power,
    Unary,
    names_in,
    unparse,
)
from zerograd.core.question.question import Choice, Question
from zerograd.core.question.sign_conditions import Signs, signs_of
from zerograd.core.question.vocabulary import sample_arrays


def sufficient_samples(problem: Question) -> int | None:
    """N of the theorem, or None where a hypothesis fails."""
    return None if hypotheses_fail(problem) else max(1, asked_entries(problem))


def asked_entries(problem: Question) -> int:
    """|A|: how many different entries of parameter gradients make the query and the conditions true."""
    samples = problem.samples.least
    relations = [relation for relation in problem.query if not relation.joint]
    named = {e for relation in relations for e in problem.asked_entries(relation, samples)}
    together = [Signs.one_of(Signs(frozenset({e})) for e in c.entries) for c in _joint_choices(problem)]
    of_conditions = (condition_signs(condition.node, problem) or Signs() for condition in problem.where)
    return Signs.all_of([Signs(frozenset(named)), *together, *of_conditions]).count


def _joint_choices(problem: Question) -> list[Choice]:
    return [choice for choice in problem.choices(problem.samples.least) if choice.relation.joint]


def condition_signs(node: Node, problem: Question) -> Signs | None:
    """Return the signs of parameter gradients that make a condition true, none if it is one on each sample.

    None where it is neither, nor made of both by *and* and *or*: then the theorem does not hold of it.
    """

    def speaks_of_none(part: Node, denied: bool) -> bool:
        if denied:
            return not names_in(part) & _of_samples(problem)
        return each_sample_alone(part, problem)

    return signs_of(node, problem.network, speaks_of_none)


def hypotheses_fail(problem: Question) -> str | None:
    """Which hypothesis of the theorem the problem does not meet; None if it meets all."""
    if problem.domain != "real":
        return "domain is integer, so targets cannot be chosen freely"
    if not problem.reach.everything:
        return f"targets do not reach every adjoint of the {problem.model.loss.words}"
    if any(reference.name == "x" for references in problem.query.values() for reference in references):
        return "it asks of input gradients, which each sample has its own"
    for name in ("x", "y"):
        if name in problem.given:
            return f"it gives values to {name}"
    for reference in problem.bounds:
        if reference.name == "y":
            return "it bounds the targets"
        if reference.name == "x" and reference.index is not None:
            return f"it bounds the single entry {reference}"
    for condition in problem.where:
        if condition_signs(condition.node, problem) is None:
            return (
                f"the condition {unparse(condition.node)!r} is not one on parameters, or on each sample alone"
            )
    return None


def each_sample_alone(node: Node, problem: Question) -> bool:
    """Whether a condition that holds of a dataset holds of every part of it, and of it with copies added."""
    match node:
        case Logic(operands=parts):
            return all(each_sample_alone(part, problem) for part in parts)
        case Call(function="all", arguments=[part]) if not isinstance(part, Listing):
            return each_sample_alone(part, problem)
        case Chain(operands=operands) if names_in(node) & _of_samples(problem):
            return _joint([_columns(operand, problem) for operand in operands]) is not None
    return not names_in(node) & _of_samples(problem)


def _columns(node: Node, problem: Question) -> int | None:
    """How many entries a value has for each sample, if those depend on parameters and its input alone.

    0 of a single entry that no sample plays a part in. None otherwise: an array such as ``b1`` or ``[1, 2]``
    would be laid beside the samples, its first entry beside the first of them.
    """
    match node:
        case Number():
            return 0
        case Name(name=name):
            of_samples = sample_arrays(problem.network)
            if name in of_samples:
                return None if name in _FORBIDDEN else of_samples[name]
            return 0 if prod(problem.network.shapes.get(name, (0,))) == 1 else None
        case Unary(operand=part) | Power(base=part) | Call(function="abs", arguments=[part]):
            return _columns(part, problem)
        case Binary(left=left, right=right):
            return _joint([_columns(left, problem), _columns(right, problem)])
        case Item() | Call(function="sum" | "min" | "max") if not names_in(node) & _of_samples(problem):
            return 0
    return None


def _joint(columns: Sequence[int | None]) -> int | None:
    """The columns of values that are combined entry by entry."""
    of_samples = set(columns) - {0}
    if None in of_samples or len(of_samples) > 1:
        return None
    return of_samples.pop() if of_samples else 0


_FORBIDDEN = frozenset({"y", "r", "loss"})


def _of_samples(problem: Question) -> set[str]:
    """The names that speak of the dataset; ``grad`` stands for any gradient."""
    return {*sample_arrays(problem.network), "loss", "grad"}
