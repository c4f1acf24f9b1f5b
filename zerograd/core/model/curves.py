"""Smooth and piecewise smooth activations, by formulas (see `zerograd.core.numbers.functions`).

Which there are: `zerograd.core.model.smooth`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zerograd.core.model.kinks import Kink, OfLayer, derivatives_taken
from zerograd.core.model.names import Names
from zerograd.core.numbers.exact import Exact, compare, sign
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import Functions, Rational

Formula = Callable[[Any, Functions], Any]
"""(z, functions) to a value, over the numbers' own + − · and these functions."""


@dataclass(frozen=True, slots=True)
class Branch:
    """φ and φ′ between two joins.

    Attributes:
        slope_of_value: φ′(z) from a = φ(z) over any ring, such as a·(1 − a) for the sigmoid; None where the
            two are not tied together so.
        line: (slope, offset) where φ(z) = slope·z + offset on this branch, else None.
        word: what one says of a unit on it: active, inactive, saturated, or nothing.
    """

    value: Formula
    slope: Formula
    slope_of_value: Callable[[Any], Any] | None = None
    line: tuple[Rational, Rational] | None = None
    word: str = ""


def line(slope: Rational, offset: Rational = 0, word: str = "") -> Branch:
    """A branch on which φ(z) = slope·z + offset."""
    constant = partial(_constant, slope)
    return Branch(partial(_on_line, slope, offset), constant, constant, (slope, offset), word)


def _on_line(slope: Rational, offset: Rational, z: Any, _: Functions) -> Any:
    return slope * z + offset if slope else offset


def _constant(value: Rational, *_: Any) -> Rational:
    return value


@dataclass(frozen=True, slots=True)
class Smooth:
    """A continuous function φ that is given by one formula, or by several that meet at ``joins``.

    Attributes:
        low, high: bounds of φ that are never reached, None where there is none.
        least, greatest: bounds of φ that are reached, None where none is known.
        steepest: |φ′(z)| is at most this; None where there is no bound (then the largest |φ′(z)| with
            |z| ≤ c is that at c or −c).
        least_slope: φ′ is at least this wherever there is one, 0 for what never falls; None where that is not
            used.
        slope_squared: φ′(z)² from a = φ(z) over any ring, such as 1 − a² for the sine; None where the two are
            not tied together so, or more closely (`derivative_of_value`).
        increasing: whether φ′ is above 0 wherever there is one, so that z < z′ implies φ(z) < φ(z′).
        symmetry: 1 if φ is even, −1 if it is odd, else 0.
        joins: where formulas meet.
        slopes_at_joins: ``slopes_at_joins[i]`` are the derivatives from the left and from the right at
            ``joins[i]``. Where they differ, the join is a kink.
        torch_slopes: ``torch_slopes[i]`` is the derivative that PyTorch returns at ``joins[i]`` if it is a
            kink (measured for torch 2.13; the test suite measures it again wherever torch is installed);
            None where φ has a derivative.
        of_layer: the convention of its layer, if a mapping names that.
    """

    name: str
    names: Names = field(repr=False)
    branches: tuple[Branch, ...] = field(repr=False, compare=False)
    low: Rational | None = None
    high: Rational | None = None
    least: Rational | None = None
    greatest: Rational | None = None
    steepest: Rational | None = None
    least_slope: Rational | None = None
    slope_squared: Callable[[Any], Any] | None = field(default=None, repr=False, compare=False)
    increasing: bool = False
    symmetry: int = 0
    joins: tuple[Rational, ...] = ()
    slopes_at_joins: tuple[tuple[Rational, Rational], ...] = ()
    torch_slopes: tuple[Rational | None, ...] = ()
    parameter: Rational | None = None
    of_layer: OfLayer | None = field(default=None, repr=False)

    @property
    def is_linear(self) -> bool:
        return False

    @property
    def has_kinks(self) -> bool:
        return bool(self.kinks)

    @property
    def is_homogeneous(self) -> bool:
        return False

    @property
    def is_whole(self) -> bool:
        return False

    @property
    def kinks(self) -> tuple[Rational, ...]:
        """The joins at which φ has no derivative."""
        pairs = zip(self.joins, self.slopes_at_joins, strict=True)
        return tuple(join for join, (left, right) in pairs if left != right)

    @property
    def derivative_of_value(self) -> Callable[[Any], Any] | None:
        """φ′(z) from a = φ(z) over any ring, where one formula holds everywhere."""
        return self.branches[0].slope_of_value if not self.joins else None

    def parity(self, convention: Kink) -> int:  # noqa: ARG002 - as for what is piecewise linear
        """1 if φ is even, −1 if it is odd, derivatives at kinks included; else 0."""
        return 0 if self.has_kinks else self.symmetry

    def derivatives_at_kinks(self, convention: Kink) -> tuple[Rational | None, ...]:
        """The derivative that is taken at each of the `kinks`; None under ``forbid``."""
        left, right = (tuple(pair[side] for pair in self.slopes_at_kinks) for side in (0, 1))
        torch = tuple(slope for slope in self.torch_slopes if slope is not None)
        if self.of_layer is not None:
            convention = self.of_layer.convention
        return derivatives_taken(convention, self.name, left, right, torch)

    def at_kinks(self, convention: Kink) -> Iterator[tuple[Rational, Rational]]:
        """(kink, derivative there). Nothing under ``forbid``."""
        for kink, derivative in zip(self.kinks, self.derivatives_at_kinks(convention), strict=True):
            if derivative is not None:
                yield kink, derivative

    def is_kink(self, z: Exact) -> bool:
        """Whether φ has no derivative at z."""
        return self.locate(z)[1]

    def word_at(self, z: Exact) -> str:
        """What one says of a unit with this pre-activation, off kinks: active, inactive, or nothing."""
        return self.branches[sum(compare(join, z) < 0 for join in self.joins)].word

    @property
    def has_words(self) -> bool:
        """Whether its units are told apart by what one says of them."""
        return any(branch.word for branch in self.branches)

    @property
    def is_zero_at_zero(self) -> bool:
        """Whether φ(0) = 0."""
        return sign(self.value(0, EXACT)) == 0

    @property
    def slopes_beside_kinks(self) -> tuple[Rational, ...]:
        """The one-sided derivatives at kinks that are not 0, in order."""
        return tuple(sorted({slope for pair in self.slopes_at_kinks for slope in pair if slope}))

    @property
    def slopes_at_kinks(self) -> tuple[tuple[Rational, Rational], ...]:
        """The slopes on the left and on the right of each kink."""
        return tuple((left, right) for left, right in self.slopes_at_joins if left != right)

    def locate(self, z: Exact) -> tuple[int, bool]:
        """(number of kinks below, False) strictly between kinks, (number, True) on kink ``number``."""
        signs = [compare(kink, z) for kink in self.kinks]
        return signs.count(-1), 0 in signs

    def value(self, z: Any, functions: Functions) -> Any:
        """φ(z) over any numbers."""
        if not self.joins:
            return self.branches[0].value(z, functions)
        branches = [partial(_apply, branch.value, functions) for branch in self.branches]
        return functions.choose(z, self.joins, branches, [None] * len(self.joins))

    def slope(self, z: Any, functions: Functions, convention: Kink) -> Any:
        """φ′(z) over any numbers. At a kink under ``forbid`` it says nothing: 0."""
        if not self.joins:
            return self.branches[0].slope(z, functions)
        branches = [partial(_apply, branch.slope, functions) for branch in self.branches]
        at_joins = [
            None if left == right else taken or 0
            for taken, (left, right) in zip(
                self._slopes_at_joins(convention), self.slopes_at_joins, strict=True
            )
        ]
        return functions.choose(z, self.joins, branches, at_joins)

    def _slopes_at_joins(self, convention: Kink) -> list[Rational | None]:
        """Derivatives at joins; None at kinks under ``forbid``."""
        at_kinks = iter(self.derivatives_at_kinks(convention))
        return [left if left == right else next(at_kinks) for left, right in self.slopes_at_joins]

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}({self.parameter})"


def _apply(formula: Formula, functions: Functions, z: Any) -> Any:
    return formula(z, functions)
