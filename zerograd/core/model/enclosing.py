"""φ and φ′ over enclosures: what a pass through a network takes, where not all numbers are exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import OnKink, Site
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.dual import Dual
from zerograd.core.numbers.functions import Functions, OutOfDomain, Straddles
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.krawczyk import Ends
from zerograd.core.numbers.real import Real, compare, ends, sign

Known = dict[Site, tuple[Real, Real]]
"""φ and φ′ where the pre-activation is exact, for all passes."""

BITS_OF_POINTS = 200
"""Bits of the intervals where all numbers that are told are exact."""
NEAR = 8
"""How far from 0 slopes are calculated from values, which is quicker."""
UNDECIDED = (Straddles, OutOfDomain, OnKink, ZeroDivisionError)
"""What stands in the way of a pass over enclosures."""


@dataclass(frozen=True)
class EnclosingActivate:
    """φ and φ′ over enclosures, or over these with derivatives; of exact numbers they are remembered.

    Attributes:
        plain: the functions of enclosures.
        functions: those of the numbers that depend on an unknown.
    """

    convention: Kink
    plain: Functions
    functions: Functions
    known: Known

    def __call__(self, activation: Activation, site: Site, z: Any, /) -> tuple[Any, Any]:
        if not isinstance(z, int | Fraction):
            return self._both(activation, site, z, self.functions)
        if site not in self.known:
            self.known[site] = self._both(activation, site, z, self.plain)
        return self.known[site]

    def _both(self, activation: Activation, site: Site, z: Any, functions: Functions) -> tuple[Any, Any]:
        for kink in activation.kinks:
            self._check(site, compare(z.value if isinstance(z, Dual) else z, kink))
        value = activation.value(z, functions)
        quick = activation.derivative_of_value if isinstance(activation, Smooth) else None
        # Far out it would lose all digits, as 1 − a² does where a is nearly 1.
        if quick is not None and abs(middle_of(z)) <= NEAR:
            return value, quick(value)
        return value, activation.slope(z, functions, self.convention)

    def _check(self, site: Site, order: int | None) -> None:
        """At a kink φ′ leaps: there a pre-activation has to stay, or keep away from it.

        Raises:
            OnKink: it stays on it, under ``forbid``.
            Straddles: it is not known to do either.
        """
        if order is None:
            layer, sample, unit = site
            raise Straddles(f"it is not known on which side of a kink z{layer}[{sample},{unit}] is")
        if order == 0 and self.convention == "forbid":
            raise OnKink(site)


def middle_of(value: Any) -> Fraction:
    """The middle of what is known of a number, or of its value."""
    low, high = ends_of(value.value if isinstance(value, Dual) else value)
    return (low + high) / 2


def ends_of(value: Any) -> Ends:
    """The ends of what is known of a number."""
    return ends(value) if isinstance(value, Interval) else (Fraction(value), Fraction(value))


def keep_off_kinks(point: Point[Any]) -> None:
    """See to it that each prediction is on a kink of the loss, or off it: there the adjoint leaps.

    Raises:
        Straddles: of one that is not known.
    """
    rows = zip(point.forward.y_hat.rows(), point.y.rows(), strict=True)
    for sample, (y_hat, y) in enumerate(rows):
        for output, number in point.model.loss.kinks(y_hat, y, point.functions):
            if sign(number.value if isinstance(number, Dual) else number) is None:
                place = entry("y_hat", (sample, output))
                raise Straddles(f"it is not known on which side of a kink of the loss {place} is")
