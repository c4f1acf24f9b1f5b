"""What conditions on the loss say of adjoints, where targets do not tell them by + − · alone.

The loss of sample m at output k is the variable ``l[m,k]``, so that the loss is a positive multiple of their
sum. (Of a loss that joins the outputs of a sample ``l[m,0]`` is that of the sample.) Such a number is not
below 0; where it is 0 the adjoint is one of few (`Loss.adjoints_at_zero`). A loss of residuals has ``r[m,k]``
too: it is 0 where the residual is 0 and nowhere else, and elsewhere residual and adjoint have one sign.

All samples are treated alike: conditions that single entries out are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
LOSS = "loss"
"""The variable that stands for the loss where no number of samples is known, and what tells its cases."""


def adjoints_at_zero(problem: Question) -> tuple[Rational, ...] | None:
    """Return what `Loss.adjoints_at_zero` does, of this question's loss and outputs."""
    loss = problem.model.loss
    if loss.is_balanced and problem.network.outputs == 1:  # of a single class the loss is 0
        return None
    if problem.derivative_at_kink == "any" and loss.has_kinks:
        return None
    return loss.adjoints_at_zero(problem.derivative_at_kink)


def of_losses_alone(condition: Condition, problem: Question) -> bool:
    """Whether a condition speaks of nothing but the loss, or residuals if it is one of these, as a whole."""
    known = {"loss", "r"} if problem.model.loss.of_residuals else {"loss"}
    return adjoints_at_zero(problem) is not None and _names_no_more(condition, known)


def of_loss_alone(condition: Condition, problem: Question) -> bool:
    """Whether a condition speaks of nothing but the loss, of which it is known when it is 0."""
    return adjoints_at_zero(problem) is not None and _names_no_more(condition, {"loss"})


def _names_no_more(condition: Condition, known: set[str]) -> bool:
    single = any(isinstance(node, Item | Listing) for node in walk(condition.node))
    return not single and bool(names := names_in(condition.node)) and names <= known


def loss_and_gradients(
    problem: Question, gradients: Mapping[str, Array[Polynomial]]
) -> tuple[list[tuple[str, Formula]], dict[str, tuple[Case, ...]]]:
    """What holds of ``loss`` and the gradients by parameters, whatever the dataset: facts, and a distinction.

    Where the loss is 0 so is what each output adds to it. If the adjoint is 0 there, so are all gradients.
    """
    loss, at_zero = Polynomial.variable(LOSS), adjoints_at_zero(problem)
    if at_zero is None:
        return [], {}
    if not at_zero:
        return [(f"{LOSS} > 0", Fact(loss, ">"))], {}
    facts: list[tuple[str, Formula]] = [(f"{LOSS} >= 0", Fact(loss, ">="))]
    if at_zero != (0,):
        return facts, {}
    still = [
        (f"{entry(f'g_{name}', index)} = 0", Fact(gradient, "="))
        for name, array in gradients.items()
        for index, gradient in array.items()
    ]
    cases = (
        Case(f"{LOSS} = 0", {}, ((f"{LOSS} = 0", Fact(loss, "=")), *still)),
        Case(f"{LOSS} > 0", {}, ((f"{LOSS} > 0", Fact(loss, ">")),)),
    )
    return facts, {LOSS: cases}


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
        at_zero = adjoints_at_zero(self.problem)
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
