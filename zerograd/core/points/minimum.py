"""Local minima of networks with one hidden layer, or none: multipliers that show them, and their check.

Beside a point each unit is one of two linear functions at each sample that is on one of its kinks, and one
linear function at each other sample. The loss ℓ is convex in the predictions, so with adjoints g in its
subdifferential at the point

    L(θ + d) − L(θ) ≥ share · Σ g·Δŷ.

If the last layer's gradient is 0, then Σ g·Δŷ = Σᵢ Dᵢ(uᵢ), a term for each hidden unit, where uᵢ is what
its incoming weights and its bias move by, and Dᵢ(u) = Σₘ qₘ·s±·(u·Xₘ) with the slopes s± of the piece that
the sample moves to. The weights of the sum are q = Σₖ vₖ·gₖ, with the outgoing weights v after the move.
If Dᵢ(u) ≥ 0 for all u and all v beside the point's own, then the point is a local minimum. Dᵢ is linear in
v: it suffices to see this at the corners of a polytope around them. For given v

    D(u) = c·u + Σ κₘ·|u·Xₘ|

with a sum over the samples on kinks. Those with κₘ > 0 may be replaced by any μₘ·(u·Xₘ) with |μₘ| ≤ κₘ, and
of those with κₘ < 0 all signs have to be tried: so D ≥ 0 if, for all signs σ, there are multipliers μ with

    c + Σ κₘ·σₘ·Xₘ + Σ μₘ·Xₘ = 0,

and, as linear programs have duals, only then. docs/theory/kinds-of-points.md has the proof, and when the
condition is necessary, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, compare, format_exact, sign
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.products import dot
from zerograd.core.numbers.work import spend, spend_on, total
from zerograd.core.points.curves import check_domain, growing

MAX_SIGNS = 12
"""Samples of one unit whose signs are tried."""

Multipliers = Mapping[int, Exact]
"""μ by sample; those left out are 0."""


@dataclass(frozen=True)
class UnitProof:
    """That no small move of a hidden unit's incoming weights lowers the loss.

    Attributes:
        radius: how far outgoing weights may move, each by itself: above 0.
        multipliers: at each of the `corners`, for each choice of signs in their order.
    """

    radius: Exact = 1
    multipliers: tuple[tuple[Multipliers, ...], ...] = ()


@dataclass(frozen=True)
class MinimumProof:
    """That a point is a local minimum.

    Attributes:
        units: by number, of the hidden layer; without one, of the last. Those left out have no multipliers.
        adjoints: ∂ℓ/∂ŷ where the loss is on a kink, by sample and output, as `Loss.sample_adjoint`.
    """

    units: Mapping[int, UnitProof] = field(default_factory=dict)
    adjoints: Mapping[Index, Exact] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """c·u + Σ κₘ·|u·Xₘ|.

    Attributes:
        linear: c.
        kinked: κₘ, by sample, of those that are on a kink; never 0.
        inputs: Xₘ of all samples.
    """

    linear: tuple[Exact, ...]
    kinked: Mapping[int, Exact]
    inputs: Sequence[Sequence[Exact]]

    @property
    def concave(self) -> tuple[int, ...]:
        """The samples whose κ is below 0, in order."""
        return tuple(m for m, kappa in self.kinked.items() if sign(kappa) < 0)

    @property
    def convex(self) -> tuple[int, ...]:
        """The samples whose κ is above 0, in order."""
        return tuple(m for m, kappa in self.kinked.items() if sign(kappa) > 0)

    def at(self, move: Sequence[Exact]) -> Exact:
        """The value for a move u."""
        spend(4 * len(move) * (1 + len(self.kinked)))
        parts = [dot(self.linear, move)]
        for m, kappa in self.kinked.items():
            along = dot(self.inputs[m], move)
            parts.append(kappa * (along if sign(along) >= 0 else -along))
        value: Exact = total(parts)
        return value

    def signed(self) -> Iterator[tuple[Exact, ...]]:
        """c + Σ κₘ·σₘ·Xₘ over those with κₘ < 0, for all signs σ: from all −1 to all 1."""
        for signs in product((-1, 1), repeat=len(self.concave)):
            weights = {m: self.kinked[m] * s for m, s in zip(self.concave, signs, strict=True)}
            yield self.plus(self.linear, weights)

    def plus(self, vector: tuple[Exact, ...], weights: Mapping[int, Exact]) -> tuple[Exact, ...]:
        """A vector and Σ weightₘ·Xₘ."""
        spend(2 * len(vector) * (1 + len(weights)))
        columns = (
            [start, *(weight * self.inputs[m][j] for m, weight in weights.items())]
            for j, start in enumerate(vector)
        )
        return tuple(total(column) for column in columns)


class Sides:
    """What a network with one hidden layer, or none, is beside a point.

    Args:
        adjoint: ∂ℓ/∂ŷ over a positive factor, shape (M, outputs).

    Attributes:
        units: how many units there are whose moves are looked at: of the hidden layer, else of the last.
        outputs: the adjoints at the last layer's pre-activations, or of the predictions where that is the
            only one: shape (M, outputs).

    Raises:
        Refused: the point is of another kind.
    """

    def __init__(self, point: Point[Exact], adjoint: Array[Exact]) -> None:
        network = point.model.network
        if network.depth > 2:
            raise _refused("the network", "at most one hidden layer", str(network))
        for layer in network.layers:
            if not isinstance(layer.activation, PiecewiseLinear):
                raise _refused("the network", "piecewise linear activations", str(network))
        self.point = point
        self.hidden = network.depth == 2
        self.units = network.layers[0].units
        first = network.layers[0]
        self.phi: PiecewiseLinear = first.activation  # type: ignore[assignment]
        rows = point.x.rows()
        self.inputs = [(*row, 1) for row in rows] if first.bias else rows
        self.outputs = self._through_last(adjoint) if self.hidden else adjoint

    def _through_last(self, adjoint: Array[Exact]) -> Array[Exact]:
        phi: Any = self.point.model.network.layers[1].activation
        slopes = []
        for index, value in self.point.forward.z[1].items():
            spend(4)
            piece, on_kink = phi.locate(value)
            if on_kink:
                raise _refused(entry("z2", index), "not to be on a kink", "a kink")
            slopes.append(phi.pieces[piece].slope)
        pairs = zip(adjoint.entries, slopes, strict=True)
        return Array(adjoint.shape, tuple(g * s for g, s in pairs))

    def last_gradient(self) -> Iterator[tuple[str, Index, Exact]]:
        """The gradient of the last layer's parameters, over a positive factor; if there is a hidden layer."""
        if not self.hidden:
            return
        columns = [*zip(*self.outputs.rows(), strict=True)]
        features = [*zip(*self.point.forward.a[0].rows(), strict=True)]
        for k, column in enumerate(columns):
            for i, feature in enumerate(features):
                spend_on(feature, 2)
                yield "w2", (k, i), dot(column, feature)
            if self.point.model.network.layers[1].bias:
                yield "b2", (k,), total(column)

    def outgoing(self, unit: int) -> tuple[Exact, ...]:
        """v, of a hidden unit."""
        return tuple(row[unit] for row in self.point.parameters["w2"].rows())

    def corners(self, unit: int, radius: Exact) -> list[tuple[Exact, ...]]:
        """Outgoing weights whose positive combinations are all weights beside a unit's own.

        Of a single output the weight itself, unless it is 0; else v ± radius·eₖ for each output k.
        """
        if not self.hidden:
            return [tuple(int(k == unit) for k in range(self.units))]
        v = self.outgoing(unit)
        if len(v) == 1 and sign(v[0]):
            return [v]
        return [
            tuple(value + (step if j == k else 0) for j, value in enumerate(v))
            for k in range(len(v))
            for step in (-radius, radius)
        ]

    def terms(self, unit: int, outgoing: Sequence[Exact]) -> Terms:
        """D of a unit, with these outgoing weights."""
        linear: list[list[Any]] = [[] for _ in self.inputs[0]]
        kinked: dict[int, Exact] = {}
        pieces, width = self.phi.pieces, self.point.forward.z[0].shape[1]
        z = self.point.forward.z[0].entries[unit::width]
        for m, (value, row) in enumerate(zip(z, self.outputs.rows(), strict=True)):
            spend_on(self.inputs[m], 3)
            q = dot(outgoing, row)
            piece, on_kink = self.phi.locate(value)
            slope = Fraction(pieces[piece].slope)
            if on_kink:
                right = pieces[piece + 1].slope
                kappa = q * ((right - slope) / 2)
                slope = (slope + right) / 2
                if sign(kappa):
                    kinked[m] = kappa
            for column, x in zip(linear, self.inputs[m], strict=True):
                column.append(q * slope * x)
        return Terms(tuple(total(column) for column in linear), kinked, self.inputs)


def adjoint_with(point: Point[Exact], chosen: Mapping[Index, Exact]) -> Array[Exact]:
    """∂ℓ/∂ŷ over a positive factor, of a loss that is convex in ŷ: with chosen ones where it has a kink.

    Raises:
        Refused: the loss is not convex, or a chosen one is not between those on both sides.
        ArithmeticError: exact numbers do not hold it.
    """
    loss = growing(point)
    if not loss.convex:
        raise _refused("the loss", "one that is convex in the predictions", str(loss))
    check_domain(loss, point)
    y_hat, y = point.forward.y_hat, point.y
    left, right = (loss.adjoint(y_hat, y, EXACT, side) for side in ("left", "right"))
    entries = []
    for (index, low), high in zip(left.items(), right.entries, strict=True):
        if compare(low, high) == 0:
            if index in chosen:
                raise _refused(f"the adjoint of {entry('y_hat', index)}", "none: it is on no kink", "one")
            entries.append(low)
            continue
        value = chosen.get(index)
        if value is None or compare(value, low) < 0 or compare(value, high) > 0:
            between = f"a number from {format_exact(low)} to {format_exact(high)}"
            found = "none" if value is None else format_exact(value)
            raise _refused(f"the adjoint of {entry('y_hat', index)}", between, found)
        entries.append(value)
    if strange := [index for index in chosen if index not in dict(left.items())]:
        raise _refused("adjoints", "those of predictions", str(strange[0]))
    return Array(y.shape, tuple(entries))


def is_best(point: Point[Any]) -> bool:
    """Whether 0 is an adjoint of every prediction, so that no predictions whatever have a lower loss.

    Raises:
        ArithmeticError: it is not known.
    """
    loss = growing(point)
    if not loss.convex:
        return False
    check_domain(loss, point)
    sides = (loss.adjoint(point.forward.y_hat, point.y, EXACT, side) for side in ("left", "right"))
    pairs = zip(*(array.entries for array in sides), strict=True)
    return all(sign(low) <= 0 <= sign(high) for low, high in pairs)


def is_best_function(point: Point[Any]) -> bool:
    """Whether no function of the inputs has a lower loss: equal inputs have equal predictions.

    That is so if, for each output and all samples with the same inputs, 0 is a sum of their adjoints.

    Raises:
        ArithmeticError: it is not known.
    """
    loss = growing(point)
    if not loss.convex:
        return False
    check_domain(loss, point)
    left, right = (
        loss.adjoint(point.forward.y_hat, point.y, EXACT, side).rows() for side in ("left", "right")
    )
    alike: dict[Any, list[int]] = {}
    for m, row in enumerate(point.x.rows()):
        spend(2 * len(row))
        rational = all(isinstance(value, int | Fraction) for value in row)
        alike.setdefault(tuple(row) if rational else m, []).append(m)  # fewer that are alike ask for more
    return all(
        sign(total(left[m][k] for m in samples)) <= 0 <= sign(total(right[m][k] for m in samples))
        for samples in alike.values()
        for k in range(len(left[0]))
    )


def check_minimum(point: Point[Exact], proof: MinimumProof) -> None:
    """Return quietly if the proof shows that the point is a local minimum.

    Raises:
        Refused: it does not.
        ArithmeticError: exact numbers do not hold what it takes.
    """
    sides = Sides(point, adjoint_with(point, proof.adjoints))
    for name, index, value in sides.last_gradient():
        if sign(value):
            raise _refused(f"∂L/∂{entry(name, index)}, but for a factor", "0", format_exact(value))
    for unit in proof.units:
        if not 0 <= unit < sides.units:
            raise _refused("the units", f"numbers below {sides.units}", str(unit))
    for unit in range(sides.units):
        _check_unit(sides, unit, proof.units.get(unit, UnitProof()))


def _check_unit(sides: Sides, unit: int, proof: UnitProof) -> None:
    if sign(proof.radius) <= 0:
        raise _refused(f"the radius of unit {unit}", "a number above 0", format_exact(proof.radius))
    corners = sides.corners(unit, proof.radius)
    if len(proof.multipliers) not in (0, len(corners)):
        raise _refused(f"the multipliers of unit {unit}", f"{len(corners)}", str(len(proof.multipliers)))
    for number, corner in enumerate(corners):
        terms = sides.terms(unit, corner)
        if len(terms.concave) > MAX_SIGNS:
            raise _refused(f"unit {unit}", f"at most {MAX_SIGNS} signs to try", str(len(terms.concave)))
        cases = proof.multipliers[number] if proof.multipliers else ()
        if len(cases) not in (0, 1 << len(terms.concave)):
            wanted = f"{1 << len(terms.concave)} of unit {unit}, corner {number}"
            raise _refused("the multipliers", wanted, str(len(cases)))
        for case, vector in enumerate(terms.signed()):
            multipliers = cases[case] if cases else {}
            for m, mu in multipliers.items():
                kappa = terms.kinked.get(m, 0)
                if compare(mu, kappa) > 0 or compare(-mu, kappa) > 0:
                    wanted = f"at most {format_exact(kappa) if sign(kappa) > 0 else 0} beside 0"
                    raise _refused(f"the multiplier of unit {unit}, sample {m}", wanted, format_exact(mu))
            rest = terms.plus(vector, multipliers)
            if any(map(sign, rest)):
                shown = ", ".join(map(format_exact, rest))
                raise _refused(f"what unit {unit} adds at corner {number}, signs {case}", "0", f"({shown})")


def _refused(what: str, wanted: str, found: str) -> Refused:
    return Refused([Violation(what, wanted, found)])
