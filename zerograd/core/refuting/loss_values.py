"""What conditions on the loss say of adjoints, where targets do not tell them by + − · alone.

The loss of sample m at output k is the variable ``l[m,k]``, so that the loss is a positive multiple of their
sum. (Of a loss that joins the outputs of a sample ``l[m,0]`` is that of the sample.) Such a number is not
below 0; where it is 0 the adjoint is one of few (`Loss.adjoints_at_zero`). A loss of residuals has ``r[m,k]``
too: it is 0 where the residual is 0 and nowhere else, and elsewhere residual and adjoint have one sign.

All samples are treated alike: conditions that single entries out are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Item, Listing, names_in, walk
from zerograd.core.question.question import Question
from zerograd.core.refuting.facts import Fact, Formula, compared
from zerograd.core.refuting.system import Case

ZERO = Polynomial.constant(0)


def of_losses_alone(condition: Condition, problem: Question) -> bool:
    """Whether a condition speaks of nothing but the loss, or residuals if it is one of these, as a whole."""
    loss = problem.model.loss
    single_class = loss.is_balanced and problem.network.outputs == 1  # of which the loss is 0
    if single_class or loss.adjoints_at_zero(problem.derivative_at_kink) is None:
        return False
    known = {"loss", "r"} if loss.of_residuals else {"loss"}
    single = any(isinstance(node, Item | Listing) for node in walk(condition.node))
    return not single and bool(names := names_in(condition.node)) and names <= known


@dataclass(slots=True)
class LossValues:
    """The losses of M samples, with what holds of them.

    Attributes:
        adjoints: of shape (M, outputs).
        quantities: ``loss``, and ``r`` where there are residuals.
    """

    problem: Question
    adjoints: Array[Polynomial]
    quantities: dict[str, Array[Polynomial]] = field(init=False)
    facts: list[tuple[str, Formula]] = field(init=False, default_factory=list)
    splits: dict[str, tuple[Case, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        loss, (samples, outputs) = self.problem.model.loss, self.adjoints.shape
        shape = (samples, outputs if loss.by_output else 1)
        values = Array.build(shape, lambda index: Polynomial.variable(entry("l", index)))
        share = loss.share(samples, outputs)
        self.quantities = {"loss": Array((), (sum(values.entries, ZERO) * share,))}
        if loss.of_residuals:
            self.quantities["r"] = Array.build(shape, lambda index: Polynomial.variable(entry("r", index)))
        at_zero = loss.adjoints_at_zero(self.problem.derivative_at_kink)
        for index, value in values.items():
            name = entry("l", index)
            if not at_zero:
                self.facts += self._above(index, value)
                continue
            self.facts.append((f"{name} >= 0", Fact(value, ">=")))
            self.splits[name] = (
                Case(f"{name} = 0", {}, tuple(self._at_zero(index, value, at_zero))),
                Case(f"{name} > 0", {}, tuple(self._above(index, value))),
            )

    def _at_zero(
        self, index: Index, value: Polynomial, adjoints: tuple[Rational, ...]
    ) -> Iterator[tuple[str, Formula]]:
        name = entry("l", index)
        yield f"{name} = 0", Fact(value, "=")
        vanishing = Polynomial.constant(1)
        for adjoint in adjoints:
            vanishing = vanishing * (self.adjoints[index] - Fraction(adjoint))
        yield f"{entry('g', index)} where {name} = 0", Fact(vanishing, "=")
        if "r" in self.quantities:
            yield f"{entry('r', index)} = 0", Fact(self.quantities["r"][index], "=")

    def _above(self, index: Index, value: Polynomial) -> Iterator[tuple[str, Formula]]:
        name = entry("l", index)
        yield f"{name} > 0", Fact(value, ">")
        if "r" in self.quantities:
            product = self.adjoints[index] * self.quantities["r"][index]
            yield f"{entry('g', index)}*{entry('r', index)} > 0", compared(product, ">", ZERO)
