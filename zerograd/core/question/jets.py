"""Numbers with a derivative, for formulas of the language of conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from zerograd.core.model.kinks import Kink
from zerograd.core.numbers.functions import Functions
from zerograd.core.question.vetting import ShapesAlone


@dataclass(frozen=True, slots=True)
class Jet:
    """A value and its derivative in one direction."""

    value: Any
    slope: Any

    def __add__(self, other: Jet) -> Jet:
        return Jet(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Jet) -> Jet:
        return Jet(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Jet) -> Jet:
        return Jet(self.value * other.value, self.slope * other.value + self.value * other.slope)


@dataclass
class Jets(ShapesAlone):
    """The algebra of jets, over the numbers of ``functions``.

    One-sided derivatives are taken in the direction of that side, where |f|′ = |f′| at f = 0, and the
    greatest of several has the greatest derivative of those that tie. Under ``torch`` the derivative of
    ``abs`` at 0 is 0, and those that tie share it, as in torch.amax.

    Attributes:
        kinks: of what was calculated, the numbers that are 0 at a kink.
    """

    functions: Functions
    convention: Kink
    kinks: list[Any] = field(default_factory=list)

    @property
    def towards(self) -> int:
        """The direction in which jets are to move: 1, or −1 for derivatives from the left."""
        return -1 if self.convention == "left" else 1

    @property
    def _one_sided(self) -> bool:
        return self.convention in ("left", "right")

    def constant(self, value: int | Fraction, /) -> Any:
        return Jet(value, 0)

    def divide(self, a: Any, b: Any, /) -> Any:
        value = self.functions.divide(a.value, b.value)
        if _is_zero(a.slope) and _is_zero(b.slope):
            return Jet(value, 0)
        return Jet(value, self.functions.divide(a.slope - value * b.slope, b.value))

    def absolute(self, a: Any, /) -> Any:
        self.kinks.append(a.value)
        return Jet(self._size(a.value), self._sign(a.value) * a.slope + self._if_zero(a.value, a.slope))

    def _if_zero(self, value: Any, slope: Any) -> Any:
        """What a one-sided derivative of |f| is at f = 0; 0 elsewhere."""
        if not self._one_sided or _is_zero(slope):
            return 0
        return self._zero(value) * self._size(slope)

    def minimum(self, values: Any, /) -> Any:
        minus = self.constant(-1)
        return minus * self.maximum([minus * v for v in values])

    def maximum(self, values: Any, /) -> Any:
        result = values[0]
        ties: Any = 1
        for other in values[1:]:
            result, ties = self._greater(result, other, ties)
        return result

    def _greater(self, a: Jet, b: Jet, ties: Any) -> tuple[Jet, Any]:
        """The greater of two, the first being the greatest of ``ties`` others."""
        difference = a.value - b.value
        self.kinks.append(difference)
        first, tie = self._step(difference), self._zero(difference)
        second = 1 - first - tie
        value = b.value + self._positive(difference)
        if self._one_sided:
            at_tie = b.slope + self._positive(a.slope - b.slope) if not _same(a.slope, b.slope) else b.slope
        else:
            at_tie = self.functions.divide(ties * a.slope + b.slope, ties + 1)
        slope = first * a.slope + second * b.slope + tie * at_tie
        return Jet(value, slope), first * ties + second + tie * (ties + 1)

    # --- by cases ------------------------------------------------------------------------

    def _size(self, value: Any) -> Any:
        return self._choose(value, lambda v: -v, lambda v: v, None)

    def _sign(self, value: Any) -> Any:
        return self._choose(value, lambda _: -1, lambda _: 1, 0)

    def _positive(self, value: Any) -> Any:
        return self._choose(value, lambda _: 0, lambda v: v, None)

    def _step(self, value: Any) -> Any:
        return self._choose(value, lambda _: 0, lambda _: 1, 0)

    def _zero(self, value: Any) -> Any:
        return self._choose(value, lambda _: 0, lambda _: 0, 1)

    def _choose(self, value: Any, below: Any, above: Any, at: int | None) -> Any:
        if isinstance(value, int | Fraction):  # as slopes of linear terms are, over any numbers
            return at if value == 0 and at is not None else (below if value < 0 else above)(value)
        return self.functions.choose(value, (0,), (below, above), (at,))


def _is_zero(slope: Any) -> bool:
    """Whether a slope is 0 because nothing moves."""
    return isinstance(slope, int) and slope == 0


def _same(a: Any, b: Any) -> bool:
    return isinstance(a, int) and isinstance(b, int) and a == b
