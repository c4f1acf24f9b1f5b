"""How large the numbers of a witness are: what a small counterexample means."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.numbers.exact import exact_to_json
from zerograd.core.numbers.rationals import digits, rational_text
from zerograd.core.numbers.work import total
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """The size of a rational witness; sizes are compared attribute by attribute.

    Attributes:
        height: the largest absolute numerator or denominator over all values of parameters, inputs and
            targets, each in lowest terms (at least 1: the denominator of a whole number).
        on_kink: whether a sample sits on a kink, of a unit or of the loss.
        non_integers: how many of the values are not whole numbers.
        total: the sum of their absolute values.
        nonzeros: how many of them are not 0.
    """

    height: int
    on_kink: bool
    non_integers: int
    total: Fraction
    nonzeros: int

    def __str__(self) -> str:
        kink = ", a sample on a kink" if self.on_kink else ""
        fractions = f", {self.non_integers} not whole" if self.non_integers else ""
        size, total = digits(self.height), rational_text(self.total)  # of any length
        return f"height {size}{kink}{fractions}, sum {total}, {self.nonzeros} not 0"

    def to_json(self) -> dict[str, Any]:
        """Return the five values by name."""
        return {
            "height": self.height,
            "on_kink": self.on_kink,
            "non_integers": self.non_integers,
            "total": exact_to_json(self.total),
            "nonzeros": self.nonzeros,
        }


def height(value: int | Fraction) -> int:
    """The larger of the absolute numerator and the denominator (Weil's height over the rationals)."""
    return max(abs(value.numerator), value.denominator)


def size_of(witness: Witness) -> Size | None:
    """The size of a witness; None where a value is irrational, or it is enclosed.

    Raises `OnKink` under ``forbid``.
    """
    if isinstance(witness, EnclosedWitness):
        return None
    values: list[int | Fraction] = []
    for array in witness.variables.values():
        for value in array.entries:
            if not isinstance(value, int | Fraction):
                return None
            values.append(value)
    return Size(
        height=max(map(height, values)),
        on_kink=unit_on_kink(witness) or _loss_on_kink(witness),
        non_integers=sum(value.denominator != 1 for value in values),
        total=Fraction(total(map(abs, values))),
        nonzeros=sum(value != 0 for value in values),
    )


def unit_on_kink(witness: Witness) -> bool:
    """Whether a pre-activation of a sample sits on a kink. Raises `OnKink` under ``forbid``."""
    layers = zip(witness.problem.network.layers, witness.forward.z, strict=True)
    return any(layer.activation.is_kink(value) for layer, z in layers for value in z.entries)


def _loss_on_kink(witness: Witness) -> bool:
    """Whether a sample sits on a kink of the loss, such as ŷ = y with the mean absolute error."""
    point = witness.point
    return any(True for _ in point.model.loss.on_kinks(witness.forward.y_hat, witness.y, point.functions))
