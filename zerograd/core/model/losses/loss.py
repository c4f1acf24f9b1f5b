"""What is known of a loss.

A loss is L = F(share · Σ ℓ(ŷ, y)), the sum over the samples, and F(u) = u but for losses of a mean.
Reverse mode starts from the adjoint ∂ℓ/∂ŷ: everything else here is what strategies, proofs and texts ask
about a loss instead of knowing one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from zerograd.core.model.kinks import LOSS, Kink, choice_for, rule_taken
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.functions import Functions, Rational
from zerograd.core.numbers.work import total

ANY_SIGN = frozenset({-1, 0, 1})


@dataclass(frozen=True, slots=True)
class LossNames:
    """How libraries write a loss: the module in PyTorch, and calls of ``{y_hat}`` and ``{y}``."""

    module: str
    torch: str
    jax: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Adjoints (without `Loss.constant`) that targets give at one output.

    Attributes:
        low, high: bounds of the adjoint, whatever prediction and target are; None where there is none.
        low_reached, high_reached: whether the adjoint takes these values.
        values: the adjoints, where they are but few; they lie from ``low`` to ``high``.
        gap: no adjoint lies from the first to the second, ends included.
        freely: whether at every prediction each of these adjoints is that of some target.
    """

    low: Rational | None = None
    high: Rational | None = None
    low_reached: bool = False
    high_reached: bool = False
    values: tuple[Rational, ...] | None = None
    gap: tuple[Rational, Rational] | None = None
    freely: bool = False

    @classmethod
    def of(cls, values: Sequence[Rational], *, freely: bool = False) -> Reach:
        """Return the reach that is but these values."""
        values = tuple(sorted(set(values)))
        return cls(values[0], values[-1], True, True, values, freely=freely)

    @property
    def everything(self) -> bool:
        """Whether at every prediction every number is the adjoint of some target."""
        return self.freely and (self.low, self.high, self.values, self.gap) == (None, None, None, None)

    def admits(self, adjoint: Rational) -> bool:
        """Whether a number is not excluded."""
        if self.values is not None:
            return adjoint in self.values
        if self.low is not None and not (adjoint > self.low or (self.low_reached and adjoint == self.low)):
            return False
        if self.high is not None and not (
            adjoint < self.high or (self.high_reached and adjoint == self.high)
        ):
            return False
        return self.gap is None or not self.gap[0] <= adjoint <= self.gap[1]


ALL = Reach(freely=True)
"""Every number, by targets that are free."""

SOME = Reach()
"""Nothing is known."""


@dataclass(frozen=True)
class Loss(ABC):
    """What is known of a loss. Rows are those of one sample, a value for each output.

    Formulas are over any numbers with + − · and the `Functions` of them that are handed in.

    Attributes:
        scale: a constant above 0 that L is multiplied by.
        name: in problem files.
        plain_words: in running text, without an article or ``scale``; `words` has both.
        description: a sentence that says what it is.
        sample_words: what ℓ is, in running text.
        plain_names: in PyTorch and JAX, of ``{y_hat}`` and ``{y}``, without ``scale``.
        plain_constant: of the adjoint, taken out: ∂ℓ/∂ŷ = plain_constant · `sample_adjoint`. Above 0.
        parameter_name: of the number that it has in files, ``width`` of the object; None where it has none.
        averages: whether L is a mean over the samples, or else the sum.
        over_outputs: whether the mean is over the outputs, too.
        least_squares: whether ℓ is the sum of (ŷ − y)², so that `sample_adjoint` is ŷ − y, output by output,
            and the best last layer solves normal equations.
        is_rational: whether rational predictions and targets have a rational L and rational adjoints.
        is_whole: whether integer predictions and targets have an integer `sample_adjoint`.
        is_nonnegative: whether L is never below 0.
        by_output: whether ℓ is a sum over the outputs, each term of one prediction and its target alone.
        convex: whether ℓ is convex in ŷ.
        curved: whether it is strictly so: ℓ″ > 0 for each output, whatever the target is.
        targets_for: the kinds of targets that it can have.
        shares: whether targets that are real numbers are shares: each from 0 to 1; where it is ``"row"``,
            those of a sample have sum 1.
        of_residuals: whether ℓ is a sum over the outputs of terms that depend on ŷ − y alone, are 0 at 0 and
            above 0 elsewhere, where their derivative has the sign of ŷ − y.
        within_unit: whether it needs outputs above 0 and below 1.
        outer_sign: the sign of F′ wherever L has a value; None where it is not known, or 0 somewhere.
        is_balanced: whether the adjoints of a sample sum to 0 over the outputs if its targets sum to 1.
        chosen_by_output: whether at its kinks each entry of the adjoint can be chosen by itself, between
            those that the left and the right slope give.
        probabilities: what makes such of ŷ in it: ``softmax`` or ``sigmoid``; empty where nothing does.
        total: a name for Σ ℓ over the samples, and what it is, in words.
    """

    scale: Rational = 1

    name: ClassVar[str]
    plain_words: ClassVar[str]
    description: ClassVar[str]
    sample_words: ClassVar[str]
    plain_names: ClassVar[LossNames]
    plain_constant: ClassVar[int] = 1
    parameter_name: ClassVar[str | None] = None
    averages: ClassVar[bool] = True
    over_outputs: ClassVar[bool] = True
    least_squares: ClassVar[bool] = False
    is_rational: ClassVar[bool] = True
    is_whole: ClassVar[bool] = False
    is_nonnegative: ClassVar[bool] = True
    by_output: ClassVar[bool] = True
    convex: ClassVar[bool] = False
    curved: ClassVar[bool] = False
    targets_for: ClassVar[tuple[Targets, ...]] = ("real", "binary", "sign")
    shares: ClassVar[str | None] = None
    of_residuals: ClassVar[bool] = False
    within_unit: ClassVar[bool] = False
    outer_sign: ClassVar[int | None] = 1
    is_balanced: ClassVar[bool] = False
    chosen_by_output: ClassVar[bool] = True
    probabilities: ClassVar[str] = ""
    total: ClassVar[tuple[str, str]] = ("losses", "the sum of the losses of all samples")

    @abstractmethod
    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        """Return ℓ of one sample."""

    @abstractmethod
    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        """Return ∂ℓ/∂ŷ of one sample, without `constant`. On a kink under ``forbid`` it says nothing."""

    def kinks(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> list[tuple[int, Any]]:
        """Return (output, number) for each number of one sample at whose zeros ℓ has a kink there."""
        return []

    @property
    def has_kinks(self) -> bool:
        """Whether there are predictions and targets at which it has a kink."""
        return False

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        """Return the adjoints that free targets of a kind reach at one output."""
        return SOME

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        """Return the signs that the adjoint of an output with this target can have, whatever ŷ is."""
        return ANY_SIGN

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...] | None:
        """Return the adjoints (without `constant`) that an output can have where its share of ℓ is 0.

        None of them where that share is above 0 throughout; of a loss that is not `by_output`, where ℓ is.
        None where ℓ can be below 0, or nothing is known.
        """
        return None

    def target(self, y_hat: Any, adjoint: Any) -> Any:
        """Return a target of one output at which ŷ has this adjoint.

        The adjoint has to be one that `reach` admits.

        Raises:
            TypeError: targets do not give adjoints freely, or not by + − · alone.
        """
        raise TypeError(f"adjoints do not tell the targets of the {self.words}")

    def sample_target(self, y_hat: Sequence[Any], adjoint: Sequence[Any], functions: Functions) -> list[Any]:
        """Return targets of one sample at which the outputs have these adjoints, if there are any.

        Whether these are what targets may be (shares from 0 to 1) is for the caller to see.

        Raises:
            TypeError: adjoints do not tell the targets.
        """
        return [self.target(p, g) for p, g in zip(y_hat, adjoint, strict=True)]

    def at_adjoint(self, adjoint: Sequence[Any]) -> Any:
        """Return ℓ of one sample that has this adjoint (without `constant`).

        Raises:
            TypeError: the loss is not `least_squares`.
        """
        if not self.least_squares:
            raise TypeError(f"the adjoint does not tell the value of the {self.words}")
        return sum(g * g for g in adjoint)

    @property
    def inner(self) -> Loss:
        """The loss that L is a function F of; itself where F(u) = u."""
        return self

    def outer(self, value: Any, functions: Functions) -> Any:
        """Return F(u) of the value u of `inner`."""
        return value

    def outer_slope(self, value: Any, functions: Functions) -> Any:
        """Return F′(u)."""
        return 1

    # --- the whole dataset -------------------------------------------------------------

    @property
    def constant(self) -> Rational:
        """What is common to all adjoints, but for `count`: above 0."""
        product = Fraction(self.plain_constant * self.scale)
        return product.numerator if product.denominator == 1 else product

    def count(self, samples: int, outputs: int) -> int:
        """How many terms L is the mean of: 1 for a sum."""
        if not self.averages:
            return 1
        return samples * outputs if self.over_outputs else samples

    def share(self, samples: int, outputs: int) -> Fraction:
        """The positive number by which L differs from the sum of ℓ over the samples."""
        return Fraction(self.scale) / self.count(samples, outputs)

    def factor(self, samples: int, outputs: int) -> Fraction:
        """The positive number by which ∂L/∂ŷ differs from `adjoint`."""
        return Fraction(self.constant) / self.count(samples, outputs)

    def value(self, y_hat: Array[Any], y: Array[Any], functions: Functions) -> Any:
        """Return L. Both arrays have the shape (M, outputs).

        Raises:
            ArithmeticError: there is none, or the numbers do not hold it (see `Functions`).
        """
        rows = zip(y_hat.rows(), y.rows(), strict=True)
        return total(self.sample_loss(*both, functions) for both in rows) * self.share(*y.shape)

    def adjoint(self, y_hat: Array[Any], y: Array[Any], functions: Functions, convention: Kink) -> Array[Any]:
        """Return ∂L/∂ŷ over `factor`, of shape (M, outputs). Raises ArithmeticError as `value`."""
        rows = zip(y_hat.rows(), y.rows(), strict=True)
        adjoints = [self.sample_adjoint(*both, functions, convention) for both in rows]
        return Array.of(adjoints, y.shape[1])

    def on_kinks(self, y_hat: Array[Any], y: Array[Any], functions: Functions) -> Iterator[Index]:
        """Yield each (sample, output) at which the loss is on a kink."""
        for m, both in enumerate(zip(y_hat.rows(), y.rows(), strict=True)):
            for k, number in self.kinks(*both, functions):
                if functions.choose(number, (0,), (_zero, _zero), (1,)) == 1:
                    yield m, k

    # --- words -------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """In running text, without an article."""
        return self.plain_words if self.scale == 1 else f"{self.plain_words} times {self.scale}"

    @property
    def names(self) -> LossNames:
        """In PyTorch and JAX."""
        return self.written("torch")

    def written(self, convention: Kink) -> LossNames:
        """Return how libraries write the loss, so that they take this derivative at its kinks."""
        names = self.names_at(convention)
        if self.scale == 1:
            return names
        calls = (f"{code(self.scale)} * {call}" for call in (names.torch, names.jax))
        return LossNames(f"{names.module} times {self.scale}", *calls)

    def names_at(self, convention: Kink) -> LossNames:
        """Return what `written` does, without ``scale``."""
        return self.plain_names

    @property
    def parameters(self) -> dict[str, Rational]:
        """What files say of it beside its name, without ``factor``: the parameter, where it is not 1."""
        return {}

    def to_json(self) -> Any:
        """The loss as problem files have it."""
        told = {key: str(value) for key, value in self.parameters.items()}
        if self.scale != 1:
            told["factor"] = str(self.scale)
        return {self.name: told} if told else self.name

    def __str__(self) -> str:
        return self.name


def code(number: Rational) -> str:
    """Return a number as Python and so PyTorch and JAX read it."""
    return str(number) if isinstance(number, int) else f"{number.numerator} / {number.denominator}"


def forbids_kinks(convention: Kink) -> bool:
    """Whether no prediction may be on a kink of the loss."""
    return choice_for(convention, LOSS) == "forbid"


def slope_at_kink(convention: Kink, torch: Any, left: Any, right: Any, name: str = LOSS) -> Any:
    """Return the derivative that is taken at a kink of a loss. Under ``forbid`` it says nothing: 0."""
    match rule_taken(convention, name, 0, LOSS):
        case "torch" | "all":  # which is between both of them, of each loss
            return torch
        case "left":
            return left
        case "right":
            return right
        case "mean":
            return _half(left + right)
        case "forbid":
            return 0
        case rule:
            return rule


def _half(value: Any) -> Any:
    return value * Fraction(1, 2)


def _zero(_: Any) -> int:
    return 0
