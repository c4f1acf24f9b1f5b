"""What is asked of each sample's adjoint and input gradient, as facts about one sample and about sums.

Within an activation pattern T of a single sample, ∂L/∂x is Σ q[k,d] r[k], where r is the sample's adjoint
and q are polynomials in the parameters, the same for all samples of T. What is asked of its signs is said
of the adjoint ``r01[k]`` of the sample ``x01``, and holds of sums over T: a quantity that is 0, above 0 or
not below 0 at each sample, and linear in r, keeps that sign when it is summed, and also when at each sample
it is first multiplied by a number that is above 0, or not below 0. Such sums are linear in moments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Monomial, Polynomial
from zerograd.core.question.question import Question
from zerograd.core.question.small_datasets import each_sample_alone, is_moving, speaks_of_adjoints
from zerograd.core.question.vocabulary import OF_EACH, Relation
from zerograd.core.refuting.facts import Either, Fact, Formula, compared, labelled
from zerograd.core.refuting.system import Demand, constant, split_name

MAX_PRODUCT = 2_000
"""Products of terms in a sum of products; longer ones are left out."""

ADJOINT = "r["
"""What adjoints begin with while facts are made: ``r[0,k]``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a problem asks of each sample's adjoint and input gradient.

    Attributes:
        relations: asked of every entry of ∂L/∂x.
        conditions: the numbers of those conditions on each sample alone that speak of adjoints.
        some: requirements of *some* entry of ∂L/∂x.
        moving: whether some gradient of a parameter is not 0, so that there surely is a sample.
    """

    relations: tuple[Relation, ...]
    conditions: tuple[int, ...]
    some: tuple[Demand, ...]
    moving: bool

    @property
    def of_samples(self) -> bool:
        """Whether anything is asked of adjoints or input gradients of single samples."""
        return bool(self.relations or self.conditions or self.some)

    @classmethod
    def of(cls, problem: Question) -> Asked:
        """Read it off a problem. Of single samples (``x[2]``) nothing is said."""
        whole = {
            relation: [r for r in references if r.name == "x" and r.index is None]
            for relation, references in problem.query.items()
        }
        entries = tuple(("x", (0, d)) for d in range(problem.network.inputs))
        some = [
            Demand(relation, str(r), entries)
            for relation in whole
            if relation.some and not relation.joint  # of several, another one may be the one
            for r in whole[relation]
        ]
        return cls(
            tuple(relation for relation in OF_EACH if whole.get(relation)),
            tuple(
                number
                for number, condition in enumerate(problem.where)
                if speaks_of_adjoints(condition.node) and each_sample_alone(condition.node, problem)
            ),
            tuple(some),
            is_moving(problem),
        )

    def of_each(self, gradient: Array[Polynomial]) -> Iterator[tuple[str, Fact]]:
        """What is asked of the input gradient of each sample, of shape (1, inputs)."""
        for relation in self.relations:
            for (_, d), g in gradient.items():
                demand = Demand(relation, f"x[{d}]", ())
                yield demand.label, compared(g, demand.operator, constant(0))

    def some_entry(self, numbers: Sequence[tuple[str, Array[Polynomial]]]) -> Iterator[tuple[str, Formula]]:
        """What is asked of some input gradient: a pattern has a sample, and a coefficient that is not 0.

        Args:
            numbers: the number of samples of each pattern, and its input gradient.
        """
        for demand in self.some:
            parts = [
                Fact(coefficient * Polynomial.variable(number), "!=")
                for number, gradient in numbers
                for g in gradient.entries
                for coefficient in _coefficients(g)
            ]
            parts = parts or [Fact(constant(0), "!=")]
            yield demand.label, parts[0] if len(parts) == 1 else Either(tuple(parts))


def summed(
    facts: Sequence[tuple[str, str, Formula]],
    inputs: Sequence[Polynomial],
    moment: Callable[[Polynomial], Polynomial],
) -> Iterator[tuple[str, Fact]]:
    """What follows for sums over the samples of a pattern from facts about each of them.

    Args:
        facts: about one sample, by label (and another label, which plays no part).
        inputs: its input, in which what is summed is affine.
        moment: the sum of a polynomial that is linear in adjoints and affine in the input.
    """
    names = {name for p in inputs for name in p.variables}
    single = [(label, f) for outer, _, formula in facts for label, f in labelled(outer, formula)]
    known = [(label, f, _degrees(f.polynomial, names)) for label, f in single if isinstance(f, Fact)]
    signs = [(label, f) for label, f, degrees in known if degrees in ((1, 0), (1, 1)) and f.sign != "!="]
    factors = [(label, f) for label, f, degrees in known if degrees == (0, 1) and f.sign in (">", ">=")]
    for label, fact in signs:
        p = fact.polynomial
        yield label, Fact(moment(p), fact.sign)
        if _degrees(p, names) == (1, 1):
            continue
        if fact.sign == "=":
            for name in sorted(names):
                yield f"{label}, times {name}", Fact(moment(p * Polynomial.variable(name)), "=")
            continue
        for other, factor in factors:
            q = factor.polynomial
            if len(p.terms) * len(q.terms) <= MAX_PRODUCT:
                strict = fact.sign == factor.sign == ">"
                yield f"{label}, {other}", Fact(moment(p * q), ">" if strict else ">=")


def _degrees(p: Polynomial, inputs: Collection[str]) -> tuple[int, int] | None:
    """The degrees in adjoints and in the input; None where a sum would be no sum of moments."""
    found: set[int] = set()
    highest = 0
    for monomial in p.terms:
        adjoints = sum(e for name, e in monomial if name.startswith(ADJOINT))
        found.add(adjoints)
        highest = max(highest, sum(e for name, e in monomial if name in inputs))
        if any(name[0] in "tT" for name, _ in monomial):
            return None
    return (found.pop(), highest) if len(found) == 1 and highest <= 1 else None


def _coefficients(gradient: Polynomial) -> list[Polynomial]:
    """Those of the adjoints in order, one for each that stands in it."""
    by_adjoint: dict[str, dict[Monomial, Fraction]] = {}
    for monomial, c in gradient.terms.items():
        (name,) = (name for name, _ in monomial if name.startswith(ADJOINT))
        by_adjoint.setdefault(name, {})[tuple(item for item in monomial if item[0] != name)] = c
    return [Polynomial(by_adjoint[name]) for name in sorted(by_adjoint, key=split_name)]
