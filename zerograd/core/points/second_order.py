"""Second-order conditions at a point off all kinks, for networks of any depth.

There the loss is a polynomial nearby, or given by one. Its Hessian H at the point is brought to diagonal form
by LDLᵀ over the rationals. At a critical point

- a direction d with dᵀHd < 0 leads down, both ways: the loss has a maximum along this line;
- if H is positive definite, the point is a strict local minimum;
- if H is positive semidefinite, and its kernel is spanned by what moves along *symmetries* change first, it
  is a local minimum, and no strict one. Symmetries leave the loss as it is. Units that are the same linear
  function through 0 on each sample may be mixed, and undone by the weights behind them (one unit: its
  incoming weights times t, its outgoing ones over t); the bias of a unit with one slope on all samples may be
  moved, and those of the next layer against it; what no sample sees may be anything.

docs/theory/kinds-of-points.md has the proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import Activation, Piece, PiecewiseLinear
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.germs import germ_of
from zerograd.core.numbers.plain import PlainFunctions
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.work import bits, fractional, spend
from zerograd.core.points.curves import Curve, along, growing

MAX_ENTRIES = 200
"""Parameters of which second derivatives are taken."""

Vector = list[Fraction]
_Direction = dict[tuple[str, Index], Fraction]


@dataclass(frozen=True)
class _Unit:
    """The pieces that a unit's samples are on, and the entries of its weights and its bias, which is last."""

    pieces: list[Piece]
    incoming: list[tuple[str, Index]]
    outgoing: list[tuple[str, Index]]

    @property
    def slopes(self) -> list[Rational]:
        return [piece.slope for piece in self.pieces]


@dataclass(frozen=True)
class Expansion:
    """Gradient and second derivatives of the loss at a point off all kinks.

    Raises:
        Refused: the point is on a kink, or there are too many parameters.
        ArithmeticError: the loss is not polynomial beside it, over rational numbers.
    """

    point: Point[Exact]

    def __post_init__(self) -> None:
        loss = growing(self.point)
        if not loss.is_rational:
            raise NotClosed(f"the {loss.words} is no polynomial beside the point")
        if len(self.places) > MAX_ENTRIES:
            found = str(len(self.places))
            raise Refused([Violation("the parameters", f"at most {MAX_ENTRIES} entries", found)])
        arrays = (*self.point.parameters.values(), self.point.x, self.point.y)
        if not all(array.kinds <= {int, Fraction} for array in arrays):
            raise NotClosed("the point is not rational")
        for number, layer in enumerate(self.point.model.network.layers, start=1):
            for index, value in self.point.forward.z[number - 1].items():
                spend(2)
                if _piecewise(layer.activation).locate(value)[1]:
                    raise _on_kink(entry(f"z{number}", index))
        loss.value(self.point.forward.y_hat, self.point.y, _OffJoins())

    @cached_property
    def places(self) -> list[tuple[str, Index]]:
        """The entries of the parameters, in order."""
        return [(name, index) for name, array in self.point.parameters.items() for index, _ in array.items()]

    @cached_property
    def _inner(self) -> Point[Exact]:
        return replace(self.point, model=replace(self.point.model, loss=growing(self.point)))

    @cached_property
    def is_critical(self) -> bool:
        """Whether the gradient is 0."""
        return not any(self._inner.gradients[name][index] for name, index in self.places)

    @cached_property
    def hessian(self) -> list[Vector]:
        """∂²L/∂θ², rows in the order of `places`."""
        return [self._row(place) for place in self.places]

    def _row(self, place: tuple[str, Index]) -> Vector:
        """Derivatives of the gradient along one parameter."""
        gradients = along(self._inner, self.line({place: Fraction(1)})).gradients
        row = []
        for name, index in self.places:
            coefficients = germ_of(gradients[name][index]).coefficients
            row.append(Fraction(coefficients[1]) if len(coefficients) > 1 else Fraction(0))  # type: ignore[arg-type]
        return row

    def line(self, direction: Mapping[tuple[str, Index], Fraction]) -> Curve:
        """The line in a direction."""
        step: dict[str, Array[Exact]] = {}
        for name, array in self.point.parameters.items():
            moves = (direction.get((name, index), Fraction(0)) for index, _ in array.items())
            step[name] = Array(array.shape, tuple(map(narrowed, moves)))
        return Curve(({name: array for name, array in step.items() if any(array.entries)},))

    @cached_property
    def form(self) -> tuple[int, Vector | None]:
        """The rank of H where it is positive semidefinite; else a direction d with dᵀHd < 0."""
        return rank_or_descent(self.hessian)

    @cached_property
    def symmetries(self) -> list[Vector]:
        """What moves along symmetries begin with, not all of them independent."""
        directions = self._symmetric()
        return [[each.get(place, Fraction(0)) for place in self.places] for each in directions]

    def _symmetric(self) -> Iterator[_Direction]:
        network, parameters = self.point.model.network, self.point.parameters
        for number, layer in enumerate(network.layers, start=1):
            units = [self._unit(number, unit) for unit in range(layer.units)]
            for unit in units:
                yield from self._unseen(number, unit)
            if number == network.depth:
                continue
            through_0 = [unit for unit in units if not any(piece.offset for piece in unit.pieces)]
            for unit in through_0:
                for other in through_0:
                    if other.slopes == unit.slopes:
                        taken = dict(zip(unit.incoming, map(self._value, other.incoming), strict=True))
                        pairs = zip(other.outgoing, unit.outgoing, strict=True)
                        yield taken | {given: -self._value(place) for given, place in pairs}
                if not any(unit.slopes):
                    yield from ({place: Fraction(1)} for place in unit.outgoing)
            if layer.bias and f"b{number + 1}" in parameters:
                for unit in units:
                    if len({*unit.slopes}) == 1:
                        slope = Fraction(unit.slopes[0])
                        moved = {place: -slope * self._value(place) for place in unit.outgoing}
                        shifted = {(f"b{number + 1}", (k,)): value for (_, (k, _)), value in moved.items()}
                        yield {unit.incoming[-1]: Fraction(1)} | shifted

    def _unseen(self, number: int, unit: _Unit) -> Iterator[_Direction]:
        """Moves of incoming weights that no sample sees."""
        if number > 1:
            if not any(unit.slopes):
                yield from ({place: Fraction(1)} for place in unit.incoming)
            return
        bias = [Fraction(1)] if self.point.model.network.layers[0].bias else []
        rows = zip(self.point.x.rows(), unit.slopes, strict=True)
        seen = [[*map(_fraction, row), *bias] for row, slope in rows if slope]
        for vector in kernel(seen, len(unit.incoming)):
            yield dict(zip(unit.incoming, vector, strict=True))

    def _value(self, place: tuple[str, Index]) -> Fraction:
        name, index = place
        return _fraction(self.point.parameters[name][index])

    def _unit(self, number: int, unit: int) -> _Unit:
        layer, parameters = self.point.model.network.layers[number - 1], self.point.parameters
        phi = _piecewise(layer.activation)
        z = self.point.forward.z[number - 1].entries[unit :: layer.units]
        spend(4 * len(z))
        incoming: list[tuple[str, Index]] = [
            (f"w{number}", (unit, j)) for j in range(parameters[f"w{number}"].shape[1])
        ]
        after = parameters.get(f"w{number + 1}")
        return _Unit(
            [phi.pieces[phi.locate(value)[0]] for value in z],
            incoming + [(f"b{number}", (unit,))] * layer.bias,
            [(f"w{number + 1}", (k, unit)) for k in range(after.shape[0] if after else 0)],
        )


def second_order(point: Point[Exact]) -> str:
    """``strict`` or ``flat``: what kind of local minimum a point is by its second derivatives.

    Raises:
        Refused: they do not show that it is one.
        ArithmeticError: there are none.
    """
    expansion = Expansion(point)
    if not expansion.is_critical:
        raise Refused([Violation("the gradient", "0", "another")])
    rank, down = expansion.form
    size = len(expansion.places)
    if down is not None:
        raise Refused([Violation("the second derivatives", "none below 0", "one below 0")])
    if rank == size:
        return "strict"
    spanned = size - len(kernel(expansion.symmetries, size))
    if rank + spanned != size:
        found = f"{size - rank} dimensions, {spanned} of them along symmetries"
        raise Refused([Violation("the kernel of the second derivatives", "symmetries alone", found)])
    return "flat"


def rank_or_descent(matrix: Sequence[Sequence[Fraction]]) -> tuple[int, Vector | None]:
    """The rank of a symmetric matrix that is positive semidefinite; of another a d with dᵀHd < 0.

    Symmetric elimination: Golub and Van Loan, Matrix Computations, §4.2 and §4.4.
    """
    rows = [list(row) for row in matrix]
    size = len(rows)
    basis = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
    left = [*range(size)]
    rank = 0
    while True:
        pivot = next((i for i in left if rows[i][i]), None)
        if pivot is None:
            pair = next(((i, j) for i in left for j in left if rows[i][j]), None)
            if pair is None:
                return rank, None
            i, j = pair
            sign = -1 if rows[i][j] > 0 else 1
            return rank, [a + sign * b for a, b in zip(basis[i], basis[j], strict=True)]
        value = rows[pivot][pivot]
        if value < 0:
            return rank, basis[pivot]
        left.remove(pivot)
        rank += 1
        longest = max(map(bits, rows[pivot]))
        spend(2 * len(left) * size * fractional(longest))
        for i in left:
            factor = rows[i][pivot] / value
            if factor:
                for j in left:
                    rows[i][j] -= factor * rows[pivot][j]
                basis[i] = [a - factor * b for a, b in zip(basis[i], basis[pivot], strict=True)]


def kernel(rows: Sequence[Sequence[Fraction]], width: int) -> list[Vector]:
    """A basis of the vectors that are orthogonal to all rows."""
    reduced: list[tuple[int, Vector]] = []
    for row in rows:
        rest = list(row)
        for lead, other in reduced:
            if rest[lead]:
                spend(width * fractional(max(map(bits, rest))))
                rest = [a - rest[lead] * b for a, b in zip(rest, other, strict=True)]
        start = next((j for j, value in enumerate(rest) if value), None)
        if start is None:
            continue
        rest = [value / rest[start] for value in rest]
        spend(width * len(reduced))
        reduced = [
            (lead, [a - other[start] * b for a, b in zip(other, rest, strict=True)])
            for lead, other in reduced
        ]
        reduced.append((start, rest))
    leads = dict(reduced)
    result = []
    for free in range(width):
        if free not in leads:
            vector = [Fraction(int(j == free)) for j in range(width)]
            for lead, row in leads.items():
                vector[lead] = -row[free]
            result.append(vector)
    return result


class _OffJoins(PlainFunctions):
    """Functions of exact numbers that refuse those at which a case ends."""

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        if any(compare(z, join) == 0 for join in joins):
            raise _on_kink("a prediction")
        return PlainFunctions.choose(self, z, joins, branches, at_joins)


def _on_kink(place: str) -> Refused:
    return Refused([Violation(place, "off the kinks, where there are second derivatives", "on one")])


def _piecewise(activation: Activation) -> PiecewiseLinear:
    if not isinstance(activation, PiecewiseLinear):
        raise NotClosed(f"{activation} is not piecewise linear")
    return activation


def _fraction(value: Exact) -> Fraction:
    if not isinstance(value, int | Fraction):
        raise NotClosed("the point is not rational")
    return Fraction(value)
