"""An example as one works it out by hand: number by number, each from those before it, as they are printed.

A printed number *follows* if it is what comes out, rounded or cut off, of the numbers before it. What comes
out is one number where those are exact; where they are printed rounded, all that numbers between the exact
and the printed ones may come to. One that does not follow is a slip; what comes after is calculated from the
digits that are printed, rounded or cut off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from zerograd.core.auditing.claims import Claim, Printed, Step, claimable_shapes
from zerograd.core.auditing.grading import range_of
from zerograd.core.model.activations import Activation, Piece, PiecewiseLinear
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import Loss
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.functions import Functions, OutOfDomain, Rational
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.real import Real, RealFunctions, compare, enclosed, ends
from zerograd.core.numbers.work import spend
from zerograd.core.question import given
from zerograd.core.question.problem import Problem
from zerograd.core.repairing.freed import convention_of
from zerograd.core.repairing.slips import Number, Slip, plain_name, printed_numbers

PRECISION = 80
"""Bits of enclosures: printed numbers have few digits."""


@dataclass(frozen=True)
class Sheet:
    """An example with what is printed of it.

    Attributes:
        arrays: x, y and the parameters.
        printed: digits by number.
        steps: those of claims.
        slack: by how much of itself a printed number may be off, for what was rounded in between.
    """

    network: Network
    loss: Loss
    convention: Kink
    arrays: Mapping[str, Array[Any]]
    printed: Mapping[Number, Printed]
    steps: tuple[Step, ...]
    slack: Rational = 0


def sheet_of(problem: Problem, claims: Sequence[Claim]) -> Sheet:
    """Return the sheet of an example in which everything is given."""
    network, convention = problem.network, convention_of(problem)
    shapes = claimable_shapes(problem.model, problem.samples.least)
    arrays = {
        name: array.map(lambda value: enclosed(value, PRECISION))
        for name, array in given.given_arrays(problem).items()
    }
    steps = tuple(dict.fromkeys(claim.step for claim in claims if claim.step is not None))
    return Sheet(
        network, problem.model.loss, convention, arrays, printed_numbers(claims, network, shapes), steps
    )


@dataclass
class Work:
    """The numbers of a sheet, with slips.

    Attributes:
        most: the calculation ends when so many do not follow.
        follow_printed: whether it goes on with what is printed, or with what comes out.
        values: what each number comes to.
        came: what comes out for each printed number, before what is printed takes its place.
        summands: the terms of each number that is a sum.
        unfollowed: printed numbers that do not follow, in the order of the calculation.
    """

    sheet: Sheet
    slips: Mapping[Number, Slip] = field(default_factory=dict)
    most: int | None = None
    follow_printed: bool = True
    values: dict[Number, Real] = field(default_factory=dict)
    came: dict[Number, Real] = field(default_factory=dict)
    summands: dict[Number, Sequence[Real]] = field(default_factory=dict)
    unfollowed: list[Number] = field(default_factory=list)

    def done(self) -> Work:
        """Calculate everything. Raises ArithmeticError where a number has no value that is known."""
        try:
            parameters = {name: self.sheet.arrays[name] for name in self.sheet.network.shapes}
            gradients = self._both_ways(parameters, None)
            for step in self.sheet.steps:
                self._both_ways(self._moved(parameters, gradients, step), step)
        except _EnoughError:
            pass
        return self

    def _both_ways(self, parameters: Mapping[str, Array[Any]], step: Step | None) -> dict[str, Array[Any]]:
        """Forwards and backwards; return the gradients."""
        passed, y_hat = self._forwards(parameters, step)
        return self._backwards(parameters, passed, self._adjoint(y_hat, step), step)

    def _forwards(
        self, parameters: Mapping[str, Array[Any]], step: Step | None
    ) -> tuple[list[tuple[Array[Any], Array[Any]]], Array[Any]]:
        """Return what comes into each layer, with derivatives of its activation; and the predictions."""
        sheet, depth = self.sheet, self.sheet.network.depth
        below = sheet.arrays["x"]
        passed = []
        for number, layer in enumerate(sheet.network.layers, start=1):
            z = self._sums(f"z{number}", below, parameters[f"w{number}"], step, parameters.get(f"b{number}"))
            name = plain_name(f"a{number}", depth)
            both = [_activated(layer.activation, value, sheet.convention) for value in z.entries]
            taken = self._slip_of_all(name, step)
            values: Any = z.entries if taken and taken.kind == "unactivated" else [a for a, _ in both]
            passed.append((below, Array(z.shape, tuple(d for _, d in both))))
            below = self._array(name, z.shape, values, step, instead=z.entries)
        return passed, below

    def _adjoint(self, y_hat: Array[Any], step: Step | None) -> Array[Any]:
        """The loss, residuals, and ∂L/∂ŷ, which is returned."""
        sheet, functions = self.sheet, RealFunctions(PRECISION)
        loss, y = sheet.loss, sheet.arrays["y"]
        if Number("loss", (), step) in sheet.printed:
            self._put(Number("loss", (), step), loss.value(y_hat, y, functions))
        missed = [p - t for p, t in zip(y_hat.entries, y.entries, strict=True)]
        self._array("r", y.shape, missed, step)
        factor = loss.factor(*y.shape)
        adjoint: Array[Any] = loss.adjoint(y_hat, y, functions, sheet.convention)
        return self._array("grad(y_hat)", y.shape, adjoint.map(lambda v: v * factor).entries, step)

    def _backwards(
        self,
        parameters: Mapping[str, Array[Any]],
        passed: Sequence[tuple[Array[Any], Array[Any]]],
        arriving: Array[Any],
        step: Step | None,
    ) -> dict[str, Array[Any]]:
        sheet = self.sheet
        gradients = {}
        for number in range(sheet.network.depth, 0, -1):
            came, slopes = passed[number - 1]
            name = f"grad(z{number})"
            taken = self._slip_of_all(name, step)
            products = [g * d for g, d in zip(arriving.entries, slopes.entries, strict=True)]
            values = arriving.entries if taken and taken.kind == "underived" else products
            delta = self._array(name, arriving.shape, values, step, instead=arriving.entries)
            gradients[f"w{number}"] = self._sums(f"grad(w{number})", delta.turned, came.turned, step)
            if f"b{number}" in parameters:
                gradients[f"b{number}"] = self._totals(f"grad(b{number})", delta, step)
            name = f"grad(a{number - 1})" if number > 1 else "grad(x)"
            weights = parameters[f"w{number}"]
            taken = self._slip_of_all(name, step)
            if taken and taken.kind == "updated" and sheet.steps:
                rate = sheet.steps[0].rate
                pairs = zip(weights.entries, gradients[f"w{number}"].entries, strict=True)
                weights = Array(weights.shape, tuple(v - rate * g for v, g in pairs))
            arriving = self._sums(name, delta, weights.turned, step)
        return gradients

    def _moved(
        self, parameters: Mapping[str, Array[Any]], gradients: Mapping[str, Array[Any]], step: Step
    ) -> dict[str, Array[Any]]:
        moved = {}
        for name, array in parameters.items():
            moved[name] = array
            if step.moved is None or name in step.moved:
                taken = self._slip_of_all(name, step)
                rate = -step.rate if taken and taken.kind == "uphill" else step.rate
                pairs = zip(array.entries, gradients[name].entries, strict=True)
                moved[name] = self._array(name, array.shape, [v - rate * g for v, g in pairs], step)
        return moved

    def _sums(
        self,
        name: str,
        left: Array[Any],
        right: Array[Any],
        step: Step | None,
        bias: Array[Any] | None = None,
    ) -> Array[Any]:
        """Rows of ``left`` times rows of ``right``, number by number."""
        taken = self._slip_of_all(name, step)
        if taken and taken.kind == "transposed" and right.shape[0] == right.shape[1]:
            right = right.turned
        rows, columns = left.rows(), right.rows()
        shape = len(rows), len(columns)
        entries = []
        for m, row in enumerate(rows):
            for i, column in enumerate(columns):
                spend(4 * len(row))
                terms = [a * b for a, b in zip(row, column, strict=True)]
                if bias is not None and bias.entries:
                    terms.append(bias.entries[i])
                entries.append(self._sum(Number(name, (m, i), step), terms))
        return Array(shape, tuple(entries))

    def _totals(self, name: str, delta: Array[Any], step: Step | None) -> Array[Any]:
        columns = delta.turned.rows()
        return Array(
            (len(columns),),
            tuple(self._sum(Number(name, (i,), step), list(column)) for i, column in enumerate(columns)),
        )

    def _sum(self, number: Number, terms: list[Any]) -> Any:
        self.summands[number] = terms
        slip = self.slips.get(number)
        if slip is not None and slip.kind == "term" and -1 <= slip.term < len(terms):
            terms = [*terms]
            terms[slip.term] = terms[slip.term] * slip.factor
        total: Any = 0
        for term in terms:
            total = total + term
        return self._put(number, total)

    def _array(
        self,
        name: str,
        shape: tuple[int, ...],
        values: Sequence[Any],
        step: Step | None,
        instead: Sequence[Any] | None = None,
    ) -> Array[Any]:
        """The numbers of an array; of one with a slip, what stands at its place in ``instead``."""
        whole = self._slip_of_all(name, step)
        entries = []
        for position, (index, _) in enumerate(Array(shape, tuple(values)).items()):
            value = values[position]
            if whole is not None and whole.kind == "factor":
                value = value * whole.factor
            slip = self.slips.get(Number(name, index, step))
            if slip is not None and slip.kind in ("unactivated", "underived") and instead is not None:
                value = instead[position]
            entries.append(self._put(Number(name, index, step), value))
        return Array(shape, tuple(entries))

    def _slip_of_all(self, name: str, step: Step | None) -> Slip | None:
        return self.slips.get(Number(name, None, step)) if self.slips else None

    def _put(self, number: Number, value: Any) -> Any:
        """A number comes out: what is printed of it, if anything, goes on."""
        if (slip := self.slips.get(number)) is not None and slip.kind == "factor":
            value = value * slip.factor
        if isinstance(value, Interval) and value.low_mantissa == value.high_mantissa:
            low, high = ends(value)
            value = low if low == high else value
        if isinstance(value, Fraction):
            value = narrowed(value)
        printed = self.sheet.printed.get(number)
        if printed is not None:
            self.came[number] = value
            if not follows(value, printed, self.sheet.slack):
                self.unfollowed.append(number)
                if self.most is not None and len(self.unfollowed) >= self.most:
                    raise _EnoughError
                if self.follow_printed:
                    value = as_printed(printed)
            elif self.follow_printed:
                value = _both(value, printed.value)
        self.values[number] = value
        return value


class _EnoughError(Exception):
    """Too many numbers do not follow for this to be of interest."""


def follows(value: Real, printed: Printed, slack: Rational = 0) -> bool:
    """Whether digits may be printed of a number, or of one in an interval, up to so much of what they say."""
    low, high, with_low, with_high = range_of(printed)
    if slack:
        margin = slack * abs(Fraction(printed.value))
        low, high = low - margin, high + margin
    if isinstance(value, Interval):
        least, most = ends(value)
        return least <= high and most >= low
    above, below = compare(value, low), compare(value, high)
    return (above == 1 or (above == 0 and with_low)) and (below == -1 or (below == 0 and with_high))


def as_printed(printed: Printed) -> Real:
    """The numbers that somebody may have had who prints this: whole and exact numbers are meant as such."""
    if printed.unit == 0 or printed.unit >= 1:
        return printed.value
    low, high, _, _ = range_of(printed)
    return Interval.between(low, high, PRECISION)


def _both(value: Real, printed: Rational) -> Real:
    """All between what comes out and what is printed of it."""
    if not isinstance(value, Interval):
        known = enclosed(value, PRECISION)
        if not isinstance(known, Interval):
            if known == printed:
                return known
            return Interval.between(min(known, printed), max(known, printed), PRECISION)
        value = known
    low, high = ends(value)
    return Interval.between(min(low, printed), max(high, printed), PRECISION)


def _activated(activation: Activation, z: Any, convention: Kink) -> tuple[Any, Any]:
    """φ(z) and φ′(z), of an interval on a kink all that they may be."""
    functions: Functions = RealFunctions(PRECISION)
    spend(20)
    if isinstance(activation, PiecewiseLinear):
        if not isinstance(z, Interval):
            value, slope = activation.at(z, convention)
            if slope is None:
                raise OutOfDomain("no derivative is taken on a kink")
            return value, slope
        pieces = [piece for piece in activation.pieces if _meets(piece, z)]
        if len(pieces) > 1:
            low, high = ends(z)
            places = [low, high, *(piece.high for piece in pieces[:-1])]
            values: list[Any] = [
                activation.at(narrowed(Fraction(v)), "left")[0] for v in places if v is not None
            ]
            taken = [piece.slope for piece in pieces]
            return (
                Interval.between(min(values), max(values), PRECISION),
                Interval.between(min(taken), max(taken), PRECISION),
            )
    return activation.value(z, functions), activation.slope(z, functions, convention)


def _meets(piece: Piece, z: Interval) -> bool:
    """Whether an interval may reach a piece, its ends included."""
    beyond = piece.low is not None and compare(z, piece.low) == -1
    return not beyond and not (piece.high is not None and compare(z, piece.high) == 1)
