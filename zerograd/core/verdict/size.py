"""How large the numbers of a witness are: what a small counterexample means."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.numbers.work import total
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """The size of a rational witness; sizes are compared attribute by attribute.

    Attributes:
        height: the largest absolute numerator or denominator over all values of parameters, inputs and
            targets, each in lowest terms (at least 1: the denominator of a whole number).
        total: the sum of their absolute values.
        on_kink: whether a sample sits on a kink.
    """

    height: int
    total: Fraction
    on_kink: bool

    def __str__(self) -> str:
        kink = ", a sample on a kink" if self.on_kink else ""
        return f"height {self.height}, sum {self.total}{kink}"


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
    layers = zip(witness.problem.network.layers, witness.forward.z, strict=True)
    on_kink = any(layer.activation.is_kink(value) for layer, z in layers for value in z.entries)
    return Size(max(map(height, values)), Fraction(total(map(abs, values))), on_kink)
