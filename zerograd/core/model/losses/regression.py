"""Losses of the residual ŷ − y."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.errors import present
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses.loss import ALL, Loss, LossNames, Reach, code, forbids_kinks, slope_at_kink
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Functions, Rational
from zerograd.core.numbers.work import total


class MeanOfSquares(Loss):
    """The mean of (ŷ − y)² over samples and outputs, as ``torch.nn.MSELoss``."""

    name = "mse"
    plain_words = "mean squared error"
    description = "The mean squared error over samples and outputs, as torch.nn.MSELoss."
    sample_words = "the sum of one sample's squared residuals"
    plain_names = LossNames(
        "torch.nn.MSELoss", "torch.nn.functional.mse_loss({y_hat}, {y})", "jnp.mean(({y_hat} - {y}) ** 2)"
    )
    plain_constant = 2
    least_squares = True
    of_residuals = True
    is_whole = True
    convex = True
    total = ("squares", "the sum of the squared residuals")

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return total(r * r for r in _residuals(y_hat, y))

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        return _residuals(y_hat, y)

    def adjoint(self, y_hat: Array[Any], y: Array[Any], functions: Functions, convention: Kink) -> Array[Any]:
        return Array(y.shape, tuple(_residuals(y_hat.entries, y.entries)))

    def value(self, y_hat: Array[Any], y: Array[Any], functions: Functions) -> Any:
        squares = total(r * r for r in _residuals(y_hat.entries, y.entries))
        return squares * self.share(*y.shape)

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        return ALL if targets == "real" else Reach()

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        return (0,)

    def target(self, y_hat: Any, adjoint: Any) -> Any:
        return y_hat - adjoint


class SumOfSquares(MeanOfSquares):
    """The sum of (ŷ − y)² over samples and outputs, as ``torch.nn.MSELoss(reduction="sum")``."""

    name = "sse"
    plain_words = "sum of squared errors"
    description = "For sse the sum of the squares, as torch.nn.MSELoss(reduction='sum')."
    plain_names = LossNames(
        'torch.nn.MSELoss(reduction="sum")',
        'torch.nn.functional.mse_loss({y_hat}, {y}, reduction="sum")',
        "jnp.sum(({y_hat} - {y}) ** 2)",
    )
    averages = False


class MeanOfAbsolutes(Loss):
    """The mean of |ŷ − y| over samples and outputs, as ``torch.nn.L1Loss``."""

    name = "mae"
    plain_words = "mean absolute error"
    description = "For mae the mean of the absolute values, as torch.nn.L1Loss (kink: ŷ = y)."
    sample_words = "the sum of one sample's absolute residuals"
    plain_names = LossNames(
        "torch.nn.L1Loss",
        "torch.nn.functional.l1_loss({y_hat}, {y})",
        "jnp.mean(jax.nn.relu({y_hat} - {y}) + jax.nn.relu({y} - {y_hat}))",  # |·|′(0) is 1 in JAX
    )
    of_residuals = True
    convex = True
    total = ("absolutes", "the sum of the absolute residuals")

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return total(functions.choose(r, (0,), (_minus, _same), (None,)) for r in _residuals(y_hat, y))

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        slope = slope_at_kink(convention, 0, -1, 1, self.name)
        return [functions.choose(r, (0,), (_below, _above), (slope,)) for r in _residuals(y_hat, y)]

    @property
    def has_kinks(self) -> bool:
        return True

    def kinks(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> list[tuple[int, Any]]:
        return [*enumerate(_residuals(y_hat, y))]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        slope = slope_at_kink(convention, 0, -1, 1, self.name)
        at_kink = () if forbids_kinks(convention) else (slope,)
        return Reach.of((-1, 1, *at_kink), freely=targets == "real")

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        return () if forbids_kinks(convention) else (slope_at_kink(convention, 0, -1, 1, self.name),)

    def target(self, y_hat: Any, adjoint: Any) -> Any:
        """Return a target at distance |adjoint|: for ±1 one that is off the kink."""
        return y_hat - adjoint

    def names_at(self, convention: Kink) -> LossNames:
        slope = slope_at_kink(convention, 0, -1, 1, self.name)
        if slope == 0:
            return self.plain_names
        one, other = "{y_hat} - {y}", "{y} - {y_hat}"
        if slope == 1:
            one, other = other, one
        form = f"mean(2 * {{relu}}({one}) + ({other}))"  # relu′(0) = 0 in both libraries
        if slope not in (-1, 1):
            terms = f"{code(slope)} * ({one})", f"({code(1 - slope)}) * {{relu}}({one})"
            form = f"mean({' + '.join(terms)} + ({code(1 + slope)}) * {{relu}}({other}))"
        return LossNames(
            self.plain_names.module,
            "torch." + form.replace("{relu}", "torch.relu"),
            "jnp." + form.replace("{relu}", "jax.nn.relu"),
        )


@dataclass(frozen=True)
class _Joined(Loss):
    """Quadratic near a right prediction, linear beyond; the two meet with one derivative.

    ℓ = curve·r²/2 for |r| ≤ width, and steepness·(|r| − width/2) beyond, where steepness = curve·width.
    """

    width: Rational = 1
    of_residuals = True
    convex = True

    @property
    def parameters(self) -> dict[str, Rational]:
        return {present(self.parameter_name, "name of the parameter"): self.width} if self.width != 1 else {}

    @property
    @abstractmethod
    def curve(self) -> Rational:
        """ℓ″ near a right prediction."""

    @property
    def steepness(self) -> Rational:
        """|ℓ′| beyond."""
        return self.curve * self.width

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        half, end = Fraction(self.curve) / 2, Fraction(self.width) / 2
        branches = (
            lambda r: self.steepness * (-r - end),
            lambda r: half * r * r,
            lambda r: self.steepness * (r - end),
        )
        joins = (-self.width, self.width)
        return total(functions.choose(r, joins, branches, (None, None)) for r in _residuals(y_hat, y))

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        branches = (lambda _: -self.steepness, lambda r: self.curve * r, lambda _: self.steepness)
        joins = (-self.width, self.width)
        return [functions.choose(r, joins, branches, (None, None)) for r in _residuals(y_hat, y)]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        return Reach(-self.steepness, self.steepness, True, True, freely=targets == "real")

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        return (0,)

    def target(self, y_hat: Any, adjoint: Any) -> Any:
        return y_hat - adjoint * (1 / Fraction(self.curve))


class Huber(_Joined):
    """The mean of Huber's loss, as ``torch.nn.HuberLoss``; ``width`` is δ."""

    name = "huber"
    parameter_name = "delta"
    description = (
        "For huber the mean of (ŷ − y)²/2 up to |ŷ − y| = δ, and of δ·(|ŷ − y| − δ/2) beyond, as "
        "torch.nn.HuberLoss; {huber: 1/2} names δ, which is 1 without."
    )
    sample_words = "the sum of the Huber losses of one sample's residuals"

    @property
    def curve(self) -> Rational:
        return 1

    @property
    def plain_words(self) -> str:  # type: ignore[override]
        return f"mean Huber loss with δ = {self.width}"

    def names_at(self, convention: Kink) -> LossNames:
        delta, r, square = code(self.width), "jnp.abs({y_hat} - {y})", "({y_hat} - {y}) ** 2 / 2"
        return LossNames(
            f"torch.nn.HuberLoss(delta={delta})",
            f"torch.nn.functional.huber_loss({{y_hat}}, {{y}}, delta={delta})",
            f"jnp.mean(jnp.where({r} <= {delta}, {square}, {delta} * ({r} - {delta} / 2)))",
        )


class SmoothAbsolutes(_Joined):
    """The mean of the smoothed absolute value, as ``torch.nn.SmoothL1Loss``; ``width`` is β."""

    name = "smooth_l1"
    parameter_name = "beta"
    description = (
        "For smooth_l1 the mean of (ŷ − y)²/(2β) up to |ŷ − y| = β, and of |ŷ − y| − β/2 beyond, as "
        "torch.nn.SmoothL1Loss; {smooth_l1: 1/2} names β, which is 1 without."
    )
    sample_words = "the sum of the smoothed absolute values of one sample's residuals"

    @property
    def curve(self) -> Rational:
        return 1 / Fraction(self.width)

    @property
    def steepness(self) -> Rational:
        return 1

    @property
    def plain_words(self) -> str:  # type: ignore[override]
        return f"mean smooth L1 loss with β = {self.width}"

    def names_at(self, convention: Kink) -> LossNames:
        beta, r = code(self.width), "jnp.abs({y_hat} - {y})"
        square = f"({{y_hat}} - {{y}}) ** 2 / (2 * ({beta}))"
        return LossNames(
            f"torch.nn.SmoothL1Loss(beta={beta})",
            f"torch.nn.functional.smooth_l1_loss({{y_hat}}, {{y}}, beta={beta})",
            f"jnp.mean(jnp.where({r} <= {beta}, {square}, {r} - ({beta}) / 2))",
        )


def _residuals(y_hat: Sequence[Any], y: Sequence[Any]) -> list[Any]:
    return [p - t for p, t in zip(y_hat, y, strict=True)]


def _same(r: Any) -> Any:
    return r


def _minus(r: Any) -> Any:
    return -r


def _below(_: Any) -> int:
    return -1


def _above(_: Any) -> int:
    return 1
