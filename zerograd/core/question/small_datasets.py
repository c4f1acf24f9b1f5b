"""When small datasets suffice: a bound on the samples that a question can need.

Theorem. Let free targets reach every adjoint of the loss, and let what a problem asks beside the signs of
parameter gradients concern parameters, or each sample alone: its input, and its adjoint and input gradient
so that positive multiples of the adjoint do as well. Let A be the asked entries of
parameter gradients (of several of which one is asked not to be 0 together, one that is not; of conditions,
those that make it true: `zerograd.core.question.sign_conditions`), and N = max(1, |A|); one more if signs of
input gradients or adjoints are asked other than that input gradients are 0, and no entry of A is to be
other than 0; and one more if some entry of the input gradients is to be other than 0, but not both. If the
problem has a witness for some number of samples, it has one for N samples. So it has one for every M ≥ N, or
for no M at all.

Proof. With parameters and inputs fixed, (∂L/∂θ)_A is, up to a positive factor, the sum of vectors v[m] =
J[m] g[m] in a space of |A| dimensions, g[m] the adjoint of sample m. If the sum is not 0, it is Σ λ[m] v[m]
over |A| samples at most, λ[m] > 0 (Carathéodory); a sum that is 0 is one over |A| + 1 at most, and at least
one. Only these samples are kept, with the adjoints λ[m] g[m]: what was required of each alone still holds,
for signs see neither λ[m] nor the factor, which may change with the number of samples. A sample of which
some input gradient is not 0 is kept first, as it is; the others make up what is left of the sum. Where of
adjoints no more is required than equations Q[m] g[m] = 0, those J[m,k] (or combinations that solve these
equations) that form a basis of their span are enough: |A| at most, and every other adjoint is 0. Padding: a
sample is split into copies that share its adjoint equally. Targets follow from ŷ and g. ∎

Lemma. Under the same hypotheses `samples_of_one_pattern` are enough of one activation pattern: D + 1 if no
more is required of adjoints than equations, D the number of inputs (a witness may be changed so that all
other samples of that pattern have adjoint 0); one more if some input gradient is to be other than 0; and K
(D + 1) + 1, K the number of outputs, in all other cases.

Proof. In one pattern, with the parameters fixed, every pre-activation and so every J[m,k] is an affine
function of sample m's input, the same one for all samples of the pattern, and Q[m] is the same for all.
Choose among their inputs an affinely independent set with the same affine hull: at most D + 1. Each other
input is an affine combination of these, its J[m,k] the same combination of theirs for each k, and its
adjoints can be moved to them without a change of the sum. Otherwise, the sum over the pattern depends on
that of the vectors g[m,k] (1, x[m]) alone, in a space of K (D + 1) dimensions, and Carathéodory's theorem
is applied to these. ∎

The hypotheses are tested by `hypotheses_fail`; docs/theory/small-datasets.md has the proofs at length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from zerograd.core.model.references import Reference
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
    walk,
)
from zerograd.core.question.question import Choice, Question
from zerograd.core.question.sign_conditions import Signs, signs_of
from zerograd.core.question.vocabulary import sample_arrays


def sufficient_samples(problem: Question) -> int | None:
    """N of the theorem, or None where a hypothesis fails."""
    if hypotheses_fail(problem):
        return None
    more = _some_input_gradient(problem) or (signs_of_adjoints(problem) and not is_moving(problem))
    return max(1, asked_entries(problem) + more)


def samples_of_one_pattern(problem: Question) -> int | None:
    """How many samples of one pattern the lemma says are enough; None where a hypothesis fails."""
    if hypotheses_fail(problem):
        return None
    dimensions = problem.network.inputs + 1
    if signs_of_adjoints(problem):
        return problem.network.outputs * dimensions + 1
    return dimensions + _some_input_gradient(problem)


def asked_entries(problem: Question) -> int:
    """|A|: how many different entries of parameter gradients make the query and the conditions true."""
    samples = problem.samples.least
    relations = [relation for relation in problem.query if not relation.joint]
    named = {e for relation in relations for e in problem.asked_entries(relation, samples) if e[0] != "x"}
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


def signs_of_adjoints(problem: Question) -> bool:
    """Whether more is required of a sample's adjoint than that it solves linear equations."""
    asked = any(
        0 not in relation.signs and not relation.some and _names_x(references)
        for relation, references in problem.query.items()
    )
    return asked or any(speaks_of_adjoints(condition.node) for condition in problem.where)


def speaks_of_adjoints(node: Node) -> bool:
    """Whether a condition mentions adjoints (``r``) or input gradients."""
    gradients = [part for part in walk(node) if isinstance(part, Call) and part.function == "grad"]
    return "r" in names_in(node) or any("x" in names_in(part) for part in gradients)


def _some_input_gradient(problem: Question) -> bool:
    """Whether some entry of ∂L/∂x is to be other than 0, whichever it is."""
    return any(relation.some and _names_x(references) for relation, references in problem.query.items())


def is_moving(problem: Question) -> bool:
    """Whether some entry of a parameter gradient is to be other than 0, and none of the whole x instead."""
    return any(
        0 not in relation.signs
        and any(reference.name != "x" for reference in references)
        and not (relation.joint and Reference("x") in references)
        for relation, references in problem.query.items()
    )


def _names_x(references: Sequence[Reference]) -> bool:
    return any(reference.name == "x" for reference in references)


def hypotheses_fail(problem: Question) -> str | None:
    """Which hypothesis of the theorem the problem does not meet; None if it meets all."""
    if problem.minimum is not None:
        return f"it asks for a {problem.minimum} minimum"
    if problem.domain != "real":
        return "domain is integer, so targets cannot be chosen freely"
    if not problem.reach.everything:
        return f"targets do not reach every adjoint of the {problem.model.loss.words}"
    for relation, references in problem.query.items():
        for reference in (reference for reference in references if reference.name == "x"):
            if reference.index is not None:
                return f"it asks of the input gradient of a single sample, {reference}"
            if relation.joint:
                return "it asks of input gradients together with others"
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
    """Whether a condition that holds of a dataset holds of every part of it, and of it with copies added.

    It does so whatever positive numbers the adjoints of the samples are multiplied by.
    """
    match node:
        case Logic(operands=parts):
            return all(each_sample_alone(part, problem) for part in parts)
        case Call(function="all", arguments=[part]) if not isinstance(part, Listing):
            return each_sample_alone(part, problem)
        case Chain(operands=operands) if names_in(node) & _of_samples(problem):
            return _joint([_rows(operand, problem) for operand in operands]) is not None
    return not names_in(node) & _of_samples(problem)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A value that each sample has its own row of.

    Attributes:
        columns: the length of a row; 0 of a single entry that no sample plays a part in.
        degrees: of homogeneity in the sample's adjoint and in its input gradient; None of 0, which is
            homogeneous of every degree.
    """

    columns: int
    degrees: tuple[int, int] | None = (0, 0)

    def times(self, other: _Rows, power: int = 1) -> _Rows | None:
        """The product with a power of another value."""
        if self.columns and other.columns and self.columns != other.columns:
            return None
        if self.degrees is None or other.degrees is None:
            return _Rows(self.columns or other.columns, None)
        (r, x), (s, y) = self.degrees, other.degrees
        return _Rows(self.columns or other.columns, (r + power * s, x + power * y))


def _rows(node: Node, problem: Question) -> _Rows | None:
    """What a value is for each sample, if it depends on parameters and that sample alone.

    None otherwise: an array such as ``b1`` or ``[1, 2]`` would be laid beside the samples, its first entry
    beside the first of them.
    """
    match node:
        case Number(value=value):
            return _Rows(0, (0, 0) if value else None)
        case Name(name=name):
            return _named(name, problem)
        case Call(function="grad", arguments=[Name(name="x")]):
            return _Rows(problem.network.inputs, (0, 1))
        case Unary(operand=part) | Call(function="abs", arguments=[part]):
            return _rows(part, problem)
        case Power(base=part, exponent=exponent):
            base = _rows(part, problem)
            one = _Rows(0)
            return None if base is None else one.times(base, exponent) if exponent else one
        case Binary(operator=operator, left=left, right=right):
            first, second = _rows(left, problem), _rows(right, problem)
            if operator in "+-" or first is None or second is None:
                return _joint([first, second])
            return first.times(second, 1 if operator == "*" else -1)
        case Item() | Call(function="sum" | "min" | "max") if not names_in(node) & _of_samples(problem):
            return _Rows(0)
    return None


def _named(name: str, problem: Question) -> _Rows | None:
    """The value of a name."""
    of_samples = sample_arrays(problem.network)
    if name == "r" and problem.model.loss.least_squares:  # the adjoint itself
        return _Rows(of_samples[name], (1, 0))
    if name in of_samples:
        return None if name in _FORBIDDEN else _Rows(of_samples[name])
    return _Rows(0) if prod(problem.network.shapes.get(name, (0,))) == 1 else None


def _joint(values: Sequence[_Rows | None]) -> _Rows | None:
    """What values are that are combined entry by entry: rows of one length, of one degree."""
    known = [value for value in values if value is not None]
    columns = {value.columns for value in known} - {0}
    degrees = {value.degrees for value in known if value.degrees is not None}
    if len(known) < len(values) or len(columns) > 1 or len(degrees) > 1:
        return None
    return _Rows(max(columns, default=0), next(iter(degrees), None))


_FORBIDDEN = frozenset({"y", "r", "loss"})


def _of_samples(problem: Question) -> set[str]:
    """The names that speak of the dataset; ``grad`` stands for any gradient."""
    return {*sample_arrays(problem.network), "loss", "grad"}
