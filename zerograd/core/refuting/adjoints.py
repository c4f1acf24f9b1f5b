"""What is known of adjoints ∂ℓ/∂ŷ, where targets do not tell them by + − · alone.

The adjoint of sample m at output k is the variable ``g[m,k]``, without the loss's positive constant. It lies
within `Loss.reach`, whatever prediction and target are; a target that is given may say its sign
(`Loss.signs`). What the prediction has to do with it is left out: fewer facts refute less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zerograd.core.model.losses import Reach
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.language import Comparison
from zerograd.core.question.question import Question
from zerograd.core.refuting.facts import Fact, Formula, compared
from zerograd.core.refuting.system import Case, compared_with, one_of

_OF_SIGNS: Mapping[frozenset[int], Comparison] = {
    frozenset({1}): ">",
    frozenset({-1}): "<",
    frozenset({0}): "==",
    frozenset({-1, 1}): "!=",
    frozenset({0, 1}): ">=",
    frozenset({-1, 0}): "<=",
}


@dataclass(slots=True)
class Adjoints:
    """The adjoints of M samples, with what holds of them.

    Attributes:
        values: of shape (M, outputs).
    """

    problem: Question
    samples: int
    values: Array[Polynomial] = field(init=False)
    facts: list[tuple[str, Formula]] = field(init=False, default_factory=list)
    splits: dict[str, tuple[Case, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        shape = (self.samples, self.problem.network.outputs)
        # Of a single class softmax leaves nothing: what reach says holds of two and more.
        single = self.problem.model.loss.is_balanced and shape[1] == 1
        reach = Reach.of((0,)) if single else self.problem.reach
        if reach.values is not None and len(reach.values) == 1:
            self.values = Array.build(shape, lambda _: Polynomial.constant(reach.values[0]))  # type: ignore[index]
            return
        self.values = Array.build(shape, lambda index: Polynomial.variable(entry("g", index)))
        for index in indices(shape):
            self._of_one(index, reach)
        if self.problem.model.loss.is_balanced:
            for m, row in enumerate(self.values.rows()):
                self.facts.append((balance(m), Fact(sum(row, Polynomial.constant(0)), "=")))

    def _of_one(self, index: Index, reach: Reach) -> None:
        name, g = entry("g", index), self.values[index]
        if reach.values is not None:
            self.facts.append(one_of(name, reach.values))
            self.splits[name] = tuple(Case(f"{name} = {v}", {name: v}, ()) for v in reach.values)  # type: ignore[dict-item]
        else:
            if reach.low is not None:
                self.facts.append(compared_with(g, name, ">=" if reach.low_reached else ">", reach.low))
            if reach.high is not None:
                self.facts.append(compared_with(g, name, "<=" if reach.high_reached else "<", reach.high))
        target = self.problem.given.get("y", {}).get(index)
        if target is not None:
            operator = self._sign(target)
            if operator is not None:
                self.facts.append(compared_with(g, name, operator, 0))
        elif reach.gap is not None:
            low, high = reach.gap
            beyond = [compared_with(g, name, "<", low), compared_with(g, name, ">", high)]
            self.facts.append(
                compared_with(g, name, "!=", low)
                if low == high
                else (gap(name), compared((g - low) * (g - high), ">", Polynomial.constant(0)))
            )
            self.splits[name] = tuple(Case(label, {}, ((label, fact),)) for label, fact in beyond)

    def _sign(self, target: Rational) -> Comparison | None:
        """How the adjoint of an output with this target compares with 0, if that is known."""
        loss = self.problem.model.loss
        outer = loss.outer_sign  # g has F′ in it, `Loss.signs` has not
        if outer is None:
            return None
        signs = loss.signs(target, self.problem.derivative_at_kink)
        return _OF_SIGNS.get(frozenset(sign * outer for sign in signs))


def balance(sample: int) -> str:
    """The label of the fact that the adjoints of a sample have sum 0: ``sum of g[0]``."""
    return f"sum of {entry('g', (sample,))}"


def gap(variable: str) -> str:
    """The label of the fact that an adjoint lies off its gap: ``g[0,0] off its gap``."""
    return f"{variable} off its gap"
