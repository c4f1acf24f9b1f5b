"""Arrays of float64 that carry how far rounding may have moved them: running error analysis.

Errors are in units of `zerograd.evaluate.floats.ROUNDING`. The error of a product is that of one factor times
the size of the other, so that far fewer large factors meet than in a product of majorants (Higham, Accuracy
and Stability of Numerical Algorithms, §3.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

UNIT = 2.0**-40
"""The unit of errors."""


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """Values and bounds of their errors, arrays of one shape, with what `zerograd.evaluate.passes` needs."""

    value: Floats
    error: Floats

    @classmethod
    def given(cls, value: Floats) -> Rounded:
        """Return numbers that are rounded once."""
        return cls(value, np.abs(value))

    @property
    def T(self) -> Rounded:  # noqa: N802 - as NumPy has it
        return Rounded(self.value.T, self.error.T)

    def __add__(self, other: Rounded) -> Rounded:
        sizes = np.abs(self.value) + np.abs(other.value)
        return Rounded(self.value + other.value, self.error + other.error + sizes)

    def __mul__(self, other: Rounded) -> Rounded:
        return self._times(other, np.multiply)

    def __matmul__(self, other: Rounded) -> Rounded:
        return self._times(other, np.matmul)

    def _times(self, other: Rounded, product: Callable[[Floats, Floats], Any]) -> Rounded:
        a, b = np.abs(self.value), np.abs(other.value)
        with np.errstate(under="ignore"):  # what vanishes beside the rest
            near = UNIT * other.error
        error = product(a, b + other.error) + product(self.error, b + near)
        return Rounded(product(self.value, other.value), error)

    def sum(self, axis: int) -> Rounded:
        """Return sums along an axis."""
        return Rounded(self.value.sum(axis), (self.error + np.abs(self.value)).sum(axis))
