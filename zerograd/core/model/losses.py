"""Losses, each with all that is known of it in one place.

A loss is L = scale·Σ ℓ(ŷ, y) over the samples. Reverse mode starts from its adjoint ∂ℓ/∂ŷ: everything
else here is what strategies, proofs and texts ask about a loss instead of knowing one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from zerograd.core.numbers.arrays import Array


@dataclass(frozen=True, slots=True)
class LossNames:
    """How libraries write a loss: the module in PyTorch, and calls of ``{y_hat}`` and ``{y}``."""

    module: str
    torch: str
    jax: str


class Loss(ABC):
    """What is known of a loss. Rows are those of one sample, a value for each output.

    Attributes:
        name: in problem files.
        words: in running text, without an article; ``description`` says in a sentence what it is.
        sample_words: what ℓ is, in running text.
        names: in PyTorch and JAX.
        constant: of the adjoint, taken out: ∂ℓ/∂ŷ = constant · `sample_adjoint`. Above 0.
        averages: whether L is the mean over samples and outputs, or else the sum.
        reach: the (lowest, highest) adjoint that free targets reach, None where there is no bound.
        least_squares: whether ℓ is the sum of (ŷ − y)², so that `sample_adjoint` is ŷ − y, output by output,
            and the best last layer solves normal equations.
        total: a name for Σ ℓ over the samples, and what it is, in words.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    description: ClassVar[str]
    sample_words: ClassVar[str]
    names: ClassVar[LossNames]
    constant: ClassVar[int] = 1
    averages: ClassVar[bool] = True
    reach: ClassVar[tuple[Fraction | None, Fraction | None]] = (None, None)
    least_squares: ClassVar[bool] = False
    total: ClassVar[tuple[str, str]] = ("losses", "the sum of the losses of all samples")

    @abstractmethod
    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any]) -> Any:
        """Return ℓ of one sample, in the ring of its arguments."""

    @abstractmethod
    def sample_adjoint(self, y_hat: Sequence[Any], y: Sequence[Any]) -> list[Any]:
        """Return ∂ℓ/∂ŷ of one sample, without `constant`."""

    @abstractmethod
    def target(self, y_hat: Any, adjoint: Any) -> Any:
        """Return the target of one output at which ŷ has this adjoint."""

    def at_adjoint(self, adjoint: Sequence[Any]) -> Any:
        """Return ℓ of one sample that has this adjoint (without `constant`).

        Raises:
            TypeError: the loss is not `least_squares`.
        """
        if not self.least_squares:
            raise TypeError(f"the adjoint does not tell the value of the {self.words}")
        return sum(g * g for g in adjoint)

    def count(self, samples: int, outputs: int) -> int:
        """How many terms L is the mean of: 1 for a sum."""
        return samples * outputs if self.averages else 1

    def factor(self, samples: int, outputs: int) -> Fraction:
        """The positive number by which ∂L/∂ŷ differs from `adjoint`."""
        return Fraction(self.constant, self.count(samples, outputs))

    def value(self, y_hat: Array[Any], y: Array[Any]) -> Any:
        """Return L. Both arrays have the shape (M, outputs)."""
        total = sum(map(self.sample_loss, y_hat.rows(), y.rows()))
        return total * Fraction(1, self.count(*y.shape))

    def adjoint(self, y_hat: Array[Any], y: Array[Any]) -> Array[Any]:
        """Return ∂L/∂ŷ over `factor`, of shape (M, outputs)."""
        rows = zip(y_hat.rows(), y.rows(), strict=True)
        return Array.of([self.sample_adjoint(*both) for both in rows], y.shape[1])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name


class MeanOfSquares(Loss):
    """The mean of (ŷ − y)² over samples and outputs, as ``torch.nn.MSELoss``."""

    name = "mse"
    words = "mean squared error"
    description = "The mean squared error over samples and outputs, as torch.nn.MSELoss."
    sample_words = "the sum of one sample's squared residuals"
    names = LossNames(
        "torch.nn.MSELoss", "torch.nn.functional.mse_loss({y_hat}, {y})", "jnp.mean(({y_hat} - {y}) ** 2)"
    )
    constant = 2
    least_squares = True
    total = ("squares", "the sum of the squared residuals")

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any]) -> Any:
        return self.at_adjoint(self.sample_adjoint(y_hat, y))

    def sample_adjoint(self, y_hat: Sequence[Any], y: Sequence[Any]) -> list[Any]:
        return [p - t for p, t in zip(y_hat, y, strict=True)]

    def target(self, y_hat: Any, adjoint: Any) -> Any:
        return y_hat - adjoint


class SumOfSquares(MeanOfSquares):
    """The sum of (ŷ − y)² over samples and outputs, as ``torch.nn.MSELoss(reduction="sum")``."""

    name = "sse"
    words = "sum of squared errors"
    description = "For sse the sum of the squares, as torch.nn.MSELoss(reduction='sum')."
    names = LossNames(
        'torch.nn.MSELoss(reduction="sum")',
        'torch.nn.functional.mse_loss({y_hat}, {y}, reduction="sum")',
        "jnp.sum(({y_hat} - {y}) ** 2)",
    )
    averages = False


LOSSES: Mapping[str, Loss] = {loss.name: loss for loss in (MeanOfSquares(), SumOfSquares())}
"""The losses by the names that problem files use."""
