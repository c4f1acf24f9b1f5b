"""Losses of every kind, with predictions and targets that they can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

from zerograd.core.model.losses import LOSSES, Huber, Loss, SmoothAbsolutes
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.loss_reading import loss_from_json

F = Fraction

FORMULAS = (
    "(y_hat - y)**4",
    "abs(y_hat - y)",
    "(y_hat - y)**2 / (1 + y_hat**2)",
    "y_hat**3 - 3*y*y_hat + 1/7",
    "sum((y_hat - y)**2)**2",
    "max(y_hat[0] - y[0], 2*y_hat[0], -1/4)",
    "min(y_hat) * 2 - max(y)",
    "abs(y_hat * (y_hat - 2*y)) - y",
)
"""Formulas of one sample, for any number of outputs."""

OUTER = ("1 / mse", "mse**2 + 3*mse", "1 - huber", "mae / (1 + mae)", "1 / bce_with_logits")

EVERY: dict[str, Loss] = {
    **LOSSES,
    "sse times 1/2": replace(LOSSES["sse"], scale=F(1, 2)),
    "huber 1/2 times 3": Huber(width=F(1, 2), scale=3),
    "smooth_l1 2": SmoothAbsolutes(width=2),
    "smooth_l1 1/3": SmoothAbsolutes(width=F(1, 3)),
    **{text: loss_from_json({"per_sample": text}, 2) for text in FORMULAS},
    **{text: loss_from_json({"of_mean": text}, 2) for text in OUTER},
}

KINKED = [name for name, loss in EVERY.items() if "abs" in name or name in ("mae", "hinge")]


def kinds(loss: Loss) -> tuple[Targets, ...]:
    return loss.targets_for


def drawn(
    loss: Loss, targets: Targets, seed: int, shape: tuple[int, int], size: int = 4
) -> tuple[Array[Fraction], Array[Fraction]]:
    """Predictions and targets, the same for the same seed."""
    random = Random(seed)
    samples, outputs = shape

    def prediction() -> Fraction:
        return F(random.randint(1, 11), 12) if loss.within_unit else F(random.randint(-6 * size, 6 * size), 6)

    def row() -> Sequence[Fraction]:
        match targets:
            case "class":
                at = random.randrange(outputs)
                return [F(k == at) for k in range(outputs)]
            case "binary":
                return [F(random.randint(0, 1)) for _ in range(outputs)]
            case "sign":
                return [F(random.choice((-1, 1))) for _ in range(outputs)]
        if loss.shares == "row":
            cuts = sorted(F(random.randint(0, 12), 12) for _ in range(outputs - 1))
            return [b - a for a, b in zip([F(0), *cuts], [*cuts, F(1)], strict=True)]
        if loss.shares == "each":
            return [F(random.randint(0, 12), 12) for _ in range(outputs)]
        return [F(random.randint(-24, 24), 6) for _ in range(outputs)]

    y_hat = [[prediction() for _ in range(outputs)] for _ in range(samples)]
    return Array.of(y_hat, outputs), Array.of([row() for _ in range(samples)], outputs)
