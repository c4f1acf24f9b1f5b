"""Losses of labels and shares: of one label for each output, and of a class for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zerograd.core.model.kinks import LOSS, Kink, rule_taken
from zerograd.core.model.losses.loss import (
    ANY_SIGN,
    Loss,
    LossNames,
    Reach,
    code,
    forbids_kinks,
    slope_at_kink,
)
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.functions import Functions, Rational, sigmoid, softplus
from zerograd.core.numbers.work import total

_PLUS, _MINUS = frozenset({1}), frozenset({-1})


class CrossEntropyOfProbabilities(Loss):
    """The mean of −y log ŷ − (1 − y) log(1 − ŷ), as ``torch.nn.BCELoss``; outputs lie between 0 and 1.

    PyTorch takes log ŷ for no less than −100, and divides by no less than 10⁻¹²: at ŷ = 0 and 1, where this
    loss has no value, it returns one.
    """

    name = "bce"
    plain_words = "binary cross entropy of probabilities"
    description = (
        "For bce the mean of −y log ŷ − (1 − y) log(1 − ŷ), as torch.nn.BCELoss: outputs lie between 0 and "
        "1, targets from 0 to 1."
    )
    sample_words = "the sum of the binary cross entropies of one sample"
    plain_names = LossNames(
        "torch.nn.BCELoss",
        "torch.nn.functional.binary_cross_entropy({y_hat}, {y})",
        "-jnp.mean(({y}) * jnp.log({y_hat}) + (1 - ({y})) * jnp.log(1 - ({y_hat})))",
    )
    convex = True
    curved = True
    is_rational = False
    targets_for = ("real", "binary")
    shares = "each"
    within_unit = True

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return -sum(
            t * functions.log(p) + (1 - t) * functions.log(1 - p) for p, t in zip(y_hat, y, strict=True)
        )

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        return [functions.divide(p - t, p * (1 - p)) for p, t in zip(y_hat, y, strict=True)]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        return Reach(gap=(-1, 1)) if targets == "binary" else Reach()

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        return ()

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        return _signs(y)

    def sample_target(self, y_hat: Sequence[Any], adjoint: Sequence[Any], functions: Functions) -> list[Any]:
        return [p - g * p * (1 - p) for p, g in zip(y_hat, adjoint, strict=True)]


class CrossEntropyOfLogits(Loss):
    """The mean of log(1 + e^ŷ) − yŷ, as ``torch.nn.BCEWithLogitsLoss``."""

    name = "bce_with_logits"
    plain_words = "binary cross entropy of logits"
    description = (
        "For bce_with_logits the mean of log(1 + e^ŷ) − yŷ, as torch.nn.BCEWithLogitsLoss; targets from 0 "
        "to 1."
    )
    sample_words = "the sum of the binary cross entropies of one sample"
    plain_names = LossNames(
        "torch.nn.BCEWithLogitsLoss",
        "torch.nn.functional.binary_cross_entropy_with_logits({y_hat}, {y})",
        "jnp.mean(jax.nn.softplus({y_hat}) - ({y}) * ({y_hat}))",
    )
    convex = True
    curved = True
    is_rational = False
    targets_for = ("real", "binary")
    shares = "each"
    probabilities = "sigmoid"

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return total(softplus(p, functions) - t * p for p, t in zip(y_hat, y, strict=True))

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        return [sigmoid(p, functions) - t for p, t in zip(y_hat, y, strict=True)]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        return Reach(-1, 1, gap=(0, 0) if targets == "binary" else None)

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        return ()

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        return _signs(y)

    def sample_target(self, y_hat: Sequence[Any], adjoint: Sequence[Any], functions: Functions) -> list[Any]:
        return [sigmoid(p, functions) - g for p, g in zip(y_hat, adjoint, strict=True)]


class CrossEntropy(Loss):
    """The mean over samples of −Σ yₖ log softmax(ŷ)ₖ, as ``torch.nn.CrossEntropyLoss``.

    The targets of a sample have sum 1, so that ℓ is log Σ exp ŷₖ − Σ yₖŷₖ, and the adjoints of a sample have
    sum 0.
    """

    name = "cross_entropy"
    plain_words = "softmax cross entropy"
    description = (
        "For cross_entropy the mean over samples of −Σ yₖ log softmax(ŷ)ₖ, as torch.nn.CrossEntropyLoss: the "
        "targets are classes, or shares of sum 1."
    )
    sample_words = "the cross entropy of one sample"
    plain_names = LossNames(
        "torch.nn.CrossEntropyLoss",
        "torch.nn.functional.cross_entropy({y_hat}, {y})",
        "-jnp.mean(jnp.sum(({y}) * jax.nn.log_softmax({y_hat}), axis=1))",
    )
    over_outputs = False
    by_output = False
    convex = True
    is_rational = False
    targets_for = ("real", "class")
    shares = "row"
    is_balanced = True
    probabilities = "softmax"

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        first = y_hat[0]
        total = sum((functions.exp(p - first) for p in y_hat[1:]), start=1)
        return first + functions.log(total) - sum(t * p for p, t in zip(y_hat, y, strict=True))

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        return [p - t for p, t in zip(softmax(y_hat, functions), y, strict=True)]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        """Return what holds of two classes and more; of a single one the adjoint is 0."""
        return Reach(-1, 1, gap=(0, 0) if targets == "class" else None)

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        """Return none, which holds of two classes and more: of a single one ℓ is 0."""
        return ()

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        """Return what holds of two classes and more."""
        return _signs(y)

    def sample_target(self, y_hat: Sequence[Any], adjoint: Sequence[Any], functions: Functions) -> list[Any]:
        return [p - g for p, g in zip(softmax(y_hat, functions), adjoint, strict=True)]


class Hinge(Loss):
    """The mean of max(0, 1 − yŷ), targets being −1 or 1; on the margin it has a kink.

    PyTorch has no such function. Its derivative at the kink is that of ``torch.relu(1 - y * y_hat)``, 0;
    that of ``clamp`` is −y in some versions.
    """

    name = "hinge"
    plain_words = "mean hinge loss"
    description = "For hinge the mean of max(0, 1 − yŷ), targets being −1 or 1 (kink: yŷ = 1)."
    sample_words = "the sum of the hinge losses of one sample"
    plain_names = LossNames(
        "torch.relu(1 - y * y_hat).mean()",
        "torch.relu(1 - ({y}) * ({y_hat})).mean()",
        "jnp.mean(jax.nn.relu(1 - ({y}) * ({y_hat})))",
    )
    convex = True
    is_whole = True
    targets_for = ("sign",)

    def sample_loss(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> Any:
        return sum(
            functions.choose(margin, (0,), (_nothing, _same), (None,))
            for _, margin in self.kinks(y_hat, y, functions)
        )

    def sample_adjoint(
        self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions, convention: Kink
    ) -> list[Any]:
        def slope(margin: Any, t: Any) -> Any:
            steps = [functions.choose(s, (0,), (_nothing, _one), (0,)) for s in (t, -t)]
            # On its left ŷ is short of the margin if y > 0.
            at_kink = slope_at_kink(convention, 0, steps[0], steps[1], self.name)
            off = functions.choose(margin, (0,), (_nothing, _one), (0,))
            on = functions.choose(margin, (0,), (_nothing, _nothing), (1,))
            return -t * (off + on * at_kink)

        return [slope(margin, t) for (_, margin), t in zip(self.kinks(y_hat, y, functions), y, strict=True)]

    @property
    def has_kinks(self) -> bool:
        return True

    def kinks(self, y_hat: Sequence[Any], y: Sequence[Any], functions: Functions) -> list[tuple[int, Any]]:
        return [(k, 1 - t * p) for k, (p, t) in enumerate(zip(y_hat, y, strict=True))]

    def reach(self, targets: Targets, convention: Kink) -> Reach:
        slopes = {0, 1, *self._slopes_on_margin(convention)}
        return Reach.of([sign * slope for sign in (-1, 1) for slope in slopes])

    def adjoints_at_zero(self, convention: Kink) -> tuple[Rational, ...]:
        """Return 0, and what an output on the margin has."""
        slopes = sorted(self._slopes_on_margin(convention))
        return tuple(dict.fromkeys((0, *(sign * slope for slope in slopes for sign in (-1, 1)))))

    def _slopes_on_margin(self, convention: Kink) -> set[Rational]:
        """What takes the place of a derivative of max(0, m) at m = 0, for targets of both signs."""
        if forbids_kinks(convention):
            return set()
        return {slope_at_kink(convention, 0, *steps, name=self.name) for steps in ((1, 0), (0, 1))}

    def signs(self, y: Rational, convention: Kink) -> frozenset[int]:
        slopes = {0, 1, *self._slopes_on_margin(convention)}
        return frozenset((-y * slope > 0) - (-y * slope < 0) for slope in slopes)

    def names_at(self, convention: Kink) -> LossNames:
        rule = rule_taken(convention, self.name, 0, LOSS)
        if rule in ("torch", "forbid"):
            return self.plain_names
        m = "1 - ({y}) * ({y_hat})"
        if rule in ("left", "right"):
            # relu(m) = m + relu(−m), where the derivative at 0 is 1 in both libraries.
            taken = "({y}) > 0" if rule == "left" else "({y}) < 0"
            torch = f"torch.where({taken}, {m} + torch.relu(-({m})), torch.relu({m})).mean()"
            jax = f"jnp.mean(jnp.where({taken}, {m} + jax.nn.relu(-({m})), jax.nn.relu({m})))"
        else:
            slope = slope_at_kink(convention, 0, 1, 0, self.name)
            parts = f"{code(slope)} * ({m} + relu(-({m}))) + ({code(1 - slope)}) * relu({m})"
            torch = f"torch.mean({parts.replace('relu', 'torch.relu')})"
            jax = f"jnp.mean({parts.replace('relu', 'jax.nn.relu')})"
        return LossNames(self.plain_names.module, torch, jax)


def _signs(share: Rational) -> frozenset[int]:
    """The sign of p − share for p between 0 and 1."""
    return _MINUS if share >= 1 else _PLUS if share <= 0 else ANY_SIGN


def softmax(row: Sequence[Any], functions: Functions) -> list[Any]:
    """Return the probabilities of one sample.

    They are made of differences alone: those of logarithms of rationals are rational.
    """
    result = []
    for k, z in enumerate(row):
        others = (functions.exp(other - z) for j, other in enumerate(row) if j != k)
        result.append(functions.divide(1, sum(others, start=1)))
    return result


def _same(value: Any) -> Any:
    return value


def _nothing(_: Any) -> int:
    return 0


def _one(_: Any) -> int:
    return 1
