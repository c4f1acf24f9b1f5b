"""That no parameters whatever have a lower loss, for given data: a lower bound with its proof.

The network has one hidden layer of units φ(z) = s⁺·z for z ≥ 0, s⁻·z for z ≤ 0 (ReLU, leaky ReLU, |z|, z),
and one linear output; the loss is one of least squares. Let X_m be the input x_m, with a 1 behind it if the
hidden layer has biases. A unit with the outgoing weight w and the incoming u adds w·φ(u·X_m) to ŷ_m, which is
σ·φ(v·X_m) with v = |w|·u and σ the sign of w. If τ is a pattern (`zerograd.core.points.patterns`) with
τ_m v·X_m ≥ 0 for all m, this is σ·s_m·(v·X_m), where s_m is s⁺ or s⁻ by τ_m: with τ and σ fixed, a closed
cone of vectors. Every v has such a pattern: one that nearby vectors have. So the predictions that parameters
make are those of finitely many cones, each the sum of one cone for each unit, and of the constants if there
is a last bias.

Let g be a vector with ⟨g, q⟩ ≤ 0 for all q in such a sum, and ⟨g, y⟩ > 0. Then for these q

    |q − y|² ≥ ⟨g, y − q⟩²/⟨g, g⟩ ≥ ⟨g, y⟩²/⟨g, g⟩.

⟨g, q⟩ ≤ 0 holds on a sum if it does on each part: on the constants if Σ g_m = 0, on the cone of τ and σ if
there are λ ≥ 0 with σ Σ g_m s_m X_m + Σ λ_m τ_m X_m = 0. With g = y − p, where p is the point of the sum
nearest to y, the bound is attained. docs/theory/global-minima.md has the proofs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.exact import Exact, compare, format_exact
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.products import dot
from zerograd.core.numbers.rationals import rational_text
from zerograd.core.numbers.work import spend, spend_on, total
from zerograd.core.points.curves import growing
from zerograd.core.points.patterns import Pattern, Vector, patterns_left, side

SIGNS = (1, -1)


@dataclass(frozen=True, slots=True)
class Bound:
    """That predictions in some cones are no nearer to the targets than those of the point.

    Attributes:
        direction: g, a number for each sample.
        positive: the multipliers λ of cones with σ = 1, by pattern.
        negative: those of cones with σ = −1.
    """

    direction: Vector
    positive: Mapping[Pattern, Vector] = field(default_factory=dict)
    negative: Mapping[Pattern, Vector] = field(default_factory=dict)

    def cones(self, sign: int) -> Mapping[Pattern, Vector]:
        """The cones with this sign of the outgoing weight."""
        return self.positive if sign > 0 else self.negative


@dataclass(frozen=True)
class Lowest:
    """That no parameters have a lower loss.

    Attributes:
        undivided: signs of the first samples that no unit has, with numbers that show it.
        bounds: each choice of a pattern and a sign for every unit is among the cones of one of them.
    """

    undivided: Mapping[Pattern, Vector]
    bounds: tuple[Bound, ...]


class Cones:
    """What predictions are made of.

    Attributes:
        rows: X_m, of each sample.
        units: of the hidden layer.
        bias: whether the output has one.
        slopes: s⁻ and s⁺.
    """

    def __init__(self, network: Network, x: Sequence[Sequence[Rational]]) -> None:
        hidden, last = network.layers
        phi: Any = hidden.activation
        self.rows = [(*row, 1) for row in x] if hidden.bias else [tuple(row) for row in x]
        self.units, self.bias = hidden.units, last.bias
        self.slopes: tuple[Rational, Rational] = (phi.pieces[0].slope, phi.pieces[-1].slope)

    def slope(self, sign: str) -> Rational:
        """s of a sample with this sign."""
        return self.slopes[sign == "+"]


def unfit(model: Model, data: Iterable[object]) -> str | None:
    """Return why the least loss of all parameters is not known to be found here; None if it is.

    Args:
        data: all entries of x and y.
    """
    layers = model.network.layers
    if len(layers) != 2:
        return "the least loss of all parameters is found of networks with one hidden layer"
    hidden, last = layers
    phi = hidden.activation
    if not isinstance(phi, PiecewiseLinear) or not phi.is_homogeneous:
        return f"{phi} is not piecewise linear with a single kink, at 0"
    if last.units != 1 or not last.activation.is_linear:
        return "the least loss of all parameters is found of networks with one linear output"
    loss = model.loss.inner
    if not loss.least_squares or model.loss.outer_sign != 1:
        return f"the loss is not one of least squares: {model.loss.words}"
    if not all(isinstance(value, int | Fraction) for value in data):
        return "the data are not rational"
    return None


def squares(point: Point[Any]) -> Exact:
    """Σ (ŷ_m − y_m)²."""
    pairs = zip(point.forward.y_hat.entries, point.y.entries, strict=True)
    left = [p - y for p, y in pairs]
    spend_on(left, 3)
    value: Exact = total(r * r for r in left)
    return value


def check_lowest(point: Point[Exact], proof: Lowest) -> None:
    """Return quietly if the proof shows that no parameters have a lower loss, for the point's data.

    Raises:
        Refused: it does not.
        ArithmeticError: exact numbers do not hold what it takes.
    """
    if reason := unfit(point.model, (*point.x.entries, *point.y.entries)):
        raise Refused([Violation("the network", "one whose least loss is known", reason)])
    growing(point)
    x: Any = point.x.rows()
    y: Any = point.y.entries
    cones = Cones(point.model.network, x)
    patterns = patterns_left(cones.rows, proof.undivided)
    least = squares(point)
    masks = dict.fromkeys(((p, s) for p in patterns for s in SIGNS), 0)
    for number, bound in enumerate(proof.bounds):
        _check_bound(cones, y, least, bound, number)
        for sign in SIGNS:
            for pattern in bound.cones(sign):
                if (pattern, sign) not in masks:
                    raise _refused(f"bound {number}", "patterns that are left", pattern)
                masks[pattern, sign] |= 1 << number
    _check_covered(cones.units, masks)


def _check_bound(cones: Cones, y: Sequence[Rational], least: Exact, bound: Bound, number: int) -> None:
    """The bound is no less than ``least``, and its multipliers are such."""
    g, name = bound.direction, f"bound {number}"
    if len(g) != len(y):
        raise _refused(name, f"{len(y)} numbers", str(len(g)))
    if cones.bias and total(g) != 0:
        raise _refused(f"{name}: the sum of its numbers", "0", rational_text(total(g)))
    spend_on(g, 4)
    along, size = dot(g, y), dot(g, g)
    if along <= 0 or compare(along * along, least * size) < 0:
        shown = rational_text(Fraction(along * along) / size) if along > 0 else "none"
        raise _refused(name, f"a sum of squares of at least {format_exact(least)}", shown)
    for sign in SIGNS:
        for pattern, multipliers in bound.cones(sign).items():
            spend(20 * len(g) * len(cones.rows[0]))
            if len(multipliers) != len(g) or len(pattern) != len(g) or any(m < 0 for m in multipliers):
                raise _refused(f"{name}, pattern {pattern}", f"{len(g)} multipliers from 0 on", "others")
            sums = [
                sign * value * cones.slope(s) + multiplier * side(s)
                for value, multiplier, s in zip(g, multipliers, pattern, strict=True)
            ]
            if any(dot(sums, column) for column in zip(*cones.rows, strict=True)):
                raise _refused(f"{name}, pattern {pattern}", "multipliers of its cone", "others")


def _check_covered(units: int, masks: Mapping[tuple[Pattern, int], int]) -> None:
    """Each choice of a cone for every unit has a bound.

    Of two cones, what holds of choices with that of fewer bounds holds of those with the other.
    """
    spend(len(masks) ** 2)
    kinds = least_masks(masks.values())
    for choice in combinations_with_replacement(kinds, units):
        spend(2 * units)
        common = -1
        for mask in choice:
            common &= mask
        if not common:
            named = ", ".join(
                next(f"{pattern} times {sign}" for (pattern, sign), m in masks.items() if m == mask)
                for mask in choice
            )
            raise _refused(f"the patterns {named}", "a bound of the loss", "none")


def least_masks(masks: Iterable[int]) -> list[int]:
    """Sets of bounds, as bits, of which none contains another."""
    distinct = sorted(set(masks), key=int.bit_count)
    kept: list[int] = []
    for mask in distinct:
        if all(each & mask != each for each in kept):
            kept.append(mask)
    return kept


def _refused(what: str, wanted: str, found: str) -> Refused:
    return Refused([Violation(what, wanted, found)])
