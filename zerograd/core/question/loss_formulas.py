"""Losses by a formula of the user's own: of each sample, or of the mean of another loss.

Formulas are of the language of conditions. They are differentiated along with their values, in one
direction, so that a derivative from the left or the right is what it is at every kink that a formula has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

from zerograd.core.model.kinks import KINKS, LOSS, Kink, NoConvention, Rule, UnknownDerivative, choice_for
from zerograd.core.model.losses import LOSSES, Loss, LossNames, MeanOfSquares, Reach
from zerograd.core.model.losses.loss import SOME
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Functions, Rational
from zerograd.core.question.conditions import number_of
from zerograd.core.question.formula_code import code_of
from zerograd.core.question.jets import Jet, Jets
from zerograd.core.question.language import (
    Binary,
    Call,
    Item,
    LanguageError,
    Name,
    Node,
    Number,
    names_in,
    unparse,
    walk,
)
from zerograd.core.question.slope_sign import slope_sign
from zerograd.core.question.vetting import ShapesAlone

_NOTHING = Number(0)
_MSE = MeanOfSquares()

SAMPLE_FUNCTIONS = ("abs", "min", "max", "sum")


@dataclass(frozen=True)
class PerSample(Loss):
    """The mean over the samples of a formula in ``y_hat`` and ``y``, the rows of one sample.

    Where the formula has an entry for each output, the mean is over the outputs as well.
    """

    node: Node = _NOTHING

    name = "per_sample"
    description = (
        "{per_sample: formula} is the mean over samples of a formula in y_hat and y, such as (y_hat - y)**4."
    )
    sample_words = "the formula at one sample"
    is_nonnegative = False
    targets_for = ("real", "binary", "sign")

    @property
    def plain_words(self) -> str:  # type: ignore[override]
        return f"mean of {unparse(self.node)}"

    @property
    def is_rational(self) -> bool:  # type: ignore[override]
        return not divides(self.node)

    @cached_property
    def by_output(self) -> bool:  # type: ignore[override]
        """Whether no part of the formula joins outputs, or picks one."""
        return not any(
            isinstance(part, Item) or (isinstance(part, Call) and part.function != "abs")
            for part in walk(self.node)
        )

    def entries(self, outputs: int) -> int:
        """How many entries the formula has."""
        blank: Array[Any] = Array((outputs,), (0,) * outputs)
        return prod(number_of(self.node, ShapesAlone(), {"y_hat": blank, "y": blank}.__getitem__).shape)

    def count(self, samples: int, outputs: int) -> int:
        return samples * self.entries(outputs)

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return sum(jet.value for jet in self._jets(y_hat, y, None, Jets(functions, "torch")))

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        rule = self._rule(convention)
        if rule == "mean":
            sides = [self.sample_adjoint(y_hat, y, functions, side) for side in ("left", "right")]
            return [(left + right) * Fraction(1, 2) for left, right in zip(*sides, strict=True)]
        jets = Jets(functions, rule)
        return [sum(jet.slope for jet in self._jets(y_hat, y, k, jets)) for k in range(len(y_hat))]

    def _rule(self, convention: Kink) -> Rule:
        """The rule for the kinks of this formula.

        Raises:
            UnknownDerivative: the convention is a library; what it returns depends on how it is called.
            NoConvention: it is a number, which does not say what it is of.
        """
        choice = choice_for(convention, LOSS)
        if not self.has_kinks:
            return "torch"
        for rule in KINKS:
            if choice == rule:
                return rule
        if isinstance(choice, str):
            raise UnknownDerivative(choice, LOSS)
        raise NoConvention((LOSS, f"a formula takes {', '.join(KINKS)} at its kinks, and no number"))

    @cached_property
    def has_kinks(self) -> bool:
        return any(
            isinstance(part, Call) and part.function in ("abs", "min", "max") for part in walk(self.node)
        )

    @property
    def chosen_by_output(self) -> bool:  # type: ignore[override]
        """Not at kinks: one number of the formula may move several outputs, or have several kinks at once."""
        return not self.has_kinks

    def kinks(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> list[tuple[int, Any]]:
        """Return the arguments of ``abs`` and the differences of what ``min`` and ``max`` choose from."""
        rule = Jets(functions, "torch")
        self._jets(y_hat, y, None, rule)
        return [(0, number) for number in rule.kinks]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        self._rule(convention)
        return SOME

    def names_at(self, convention: Kink) -> LossNames:
        torch, jax = code_of(self.node, "torch"), code_of(self.node, "jax")
        return LossNames(f"torch.mean({unparse(self.node)})", f"torch.mean({torch})", f"jnp.mean({jax})")

    def to_json(self) -> Any:
        return {self.name: unparse(self.node)}

    def _jets(self, y_hat: Sequence[Any], y: Sequence[Any], moved: int | None, rule: Jets) -> tuple[Jet, ...]:
        """The entries, with derivatives in the direction of one output (none: 0)."""
        rows = {
            "y_hat": tuple(Jet(p, rule.towards if k == moved else 0) for k, p in enumerate(y_hat)),
            "y": tuple(Jet(t, 0) for t in y),
        }
        arrays = {name: Array((len(row),), row) for name, row in rows.items()}
        entries = number_of(self.node, rule, arrays.__getitem__).entries
        return tuple(Jet(jet.value, jet.slope * rule.towards) for jet in entries)


@dataclass(frozen=True)
class OfMean(Loss):
    """A function F of the value u of another loss, such as 1/mse.

    `sample_loss` and `sample_adjoint` are those of the other loss, and so is `factor`; `value` is F(u), and
    `adjoint` has F′(u) in it.
    """

    node: Node = _NOTHING
    inner: Loss = _MSE

    name = "of_mean"
    is_nonnegative = False
    description = "{of_mean: formula} is a function of another loss, such as 1 / mse."

    @property
    def plain_words(self) -> str:  # type: ignore[override]
        return f"function {unparse(self.node)} of the {self.inner.words}"

    @property
    def sample_words(self) -> str:  # type: ignore[override]
        return self.inner.sample_words

    @property
    def plain_constant(self) -> int:  # type: ignore[override]
        return self.inner.plain_constant

    @property
    def averages(self) -> bool:  # type: ignore[override]
        return self.inner.averages

    @property
    def over_outputs(self) -> bool:  # type: ignore[override]
        return self.inner.over_outputs

    @property
    def by_output(self) -> bool:  # type: ignore[override]
        return self.inner.by_output

    @property
    def probabilities(self) -> str:  # type: ignore[override]
        return self.inner.probabilities

    @property
    def targets_for(self) -> tuple[Targets, ...]:  # type: ignore[override]
        return self.inner.targets_for

    @property
    def shares(self) -> str | None:  # type: ignore[override]
        return self.inner.shares

    @property
    def within_unit(self) -> bool:  # type: ignore[override]
        return self.inner.within_unit

    @property
    def is_rational(self) -> bool:  # type: ignore[override]
        return self.inner.is_rational and not divides(self.node)

    @cached_property
    def outer_sign(self) -> int | None:  # type: ignore[override]
        """The sign of F′ wherever L has a value; None where it is not known, or 0 somewhere."""
        return slope_sign(self.node, self.inner.is_nonnegative)

    def outer(self, value: Any, functions: Functions) -> Any:
        """Return F(u)."""
        return self._outer(value, functions).value

    def outer_slope(self, value: Any, functions: Functions) -> Any:
        """Return F′(u)."""
        return self._outer(value, functions).slope

    def _outer(self, value: Any, functions: Functions) -> Jet:
        one: Callable[[str], Array[Any]] = {self.inner.name: Array((), (Jet(value, 1),))}.__getitem__
        return number_of(self.node, Jets(functions, "torch"), one)[()]  # type: ignore[no-any-return]

    def value(self, y_hat: Array[Any], y: Array[Any], functions: Functions) -> Any:
        return self.outer(self.inner.value(y_hat, y, functions), functions)

    def adjoint(self, y_hat: Array[Any], y: Array[Any], functions: Functions, convention: Kink) -> Array[Any]:
        slope = self.outer_slope(self.inner.value(y_hat, y, functions), functions)
        return self.inner.adjoint(y_hat, y, functions, convention).map(lambda g: g * slope)

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return self.inner.sample_loss(y_hat, y, functions)

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        return self.inner.sample_adjoint(y_hat, y, functions, convention)

    @property
    def has_kinks(self) -> bool:
        return self.inner.has_kinks

    def kinks(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> list[tuple[int, Any]]:
        return self.inner.kinks(y_hat, y, functions)

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        """Return the signs of `sample_adjoint`, without F′."""
        return self.inner.signs(y, convention)

    def names_at(self, convention: Kink) -> LossNames:
        inner = self.inner.names_at(convention)
        torch = code_of(self.node, "torch", {self.inner.name: inner.torch})
        jax = code_of(self.node, "jax", {self.inner.name: inner.jax})
        return LossNames(f"{unparse(self.node)}, where {self.inner.name} is {inner.module}", torch, jax)

    def to_json(self) -> Any:
        return {self.name: unparse(self.node)}


def per_sample(node: Node, outputs: int | None) -> PerSample:
    """Return the loss of a formula; for how many outputs, if that is known.

    Raises:
        LanguageError: it is no number, speaks of something else, or has no prediction in it.
    """
    _plain(node, ("y_hat", "y"))
    if "y_hat" not in names_in(node):
        raise LanguageError("does not depend on y_hat, so that its derivative is 0 everywhere")
    loss = PerSample(node=node)
    if outputs is not None:
        loss.entries(outputs)
    return loss


def of_mean(node: Node) -> OfMean:
    """Return the loss of a formula in another loss. Raises LanguageError as `per_sample`."""
    _plain(node, tuple(LOSSES))
    names = sorted(names_in(node))
    if len(names) != 1:
        count = "none" if not names else " and ".join(names)
        raise LanguageError(f"expected one loss in the formula, such as 1 / mse, found {count}")
    loss = OfMean(node=node, inner=LOSSES[names[0]])
    blank: Array[Any] = Array((), (0,))
    number_of(node, ShapesAlone(), {names[0]: blank}.__getitem__)
    return loss


def _plain(node: Node, names: Sequence[str]) -> None:
    """Raise LanguageError for names that a formula cannot have, and for a division by the number 0."""
    for part in walk(node):
        if isinstance(part, Binary) and part.operator == "/" and part.right == Number(0):
            raise LanguageError("divides by 0")
        if isinstance(part, Name) and part.name not in names:
            raise LanguageError(f"unknown name {part.name!r} (known: {', '.join(names)})")


def divides(node: Node) -> bool:
    """Whether a formula divides by more than a number."""
    return any(
        isinstance(part, Binary)
        and part.operator == "/"
        and not (isinstance(part.right, Number) and part.right.value)
        for part in walk(node)
    )
