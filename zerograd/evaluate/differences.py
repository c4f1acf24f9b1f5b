"""Central difference quotients of the loss, in many entries at once.

Each quotient needs the loss at two points. These are stacked: one pass through the network over K of them
takes hardly longer than over one, where the network is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zerograd.core.model.point import Model
from zerograd.evaluate.floats import ROUNDING, Floats, Moved, Values, losses_at, sides_at
from zerograd.evaluate.losses import STEP

STACK = 1 << 16
"""Numbers in a stack of points and their pre-activations: about what a processor keeps at hand."""

WHOLE = 4096
"""Numbers of a point up to which all of it is stacked, whichever are moved: one pass, not one an array."""

_TIMES = 12
"""How often a step may shrink to a quarter."""


@dataclass(frozen=True, slots=True, eq=False)
class _Quotients:
    """Central difference quotients, and what is known of each; arrays of one shape.

    Attributes:
        rounding: bounds of their errors from rounding.
        bends: second differences, divided by the squares of the steps.
    """

    slopes: Floats
    rounding: Floats
    bends: Floats
    steps: Floats

    def grow_inwards(self) -> NDArray[np.bool_]:
        """Whether second differences grew, by more than half and more than rounding, as steps shrank."""
        wider = min(1, len(self.steps) - 1)
        rounding = 2 * (self.rounding[0] / self.steps[0] + self.rounding[wider] / self.steps[wider])
        grown: NDArray[np.bool_] = np.abs(self.bends[0]) > 1.5 * np.abs(self.bends[wider]) + rounding
        return grown

    def at_step_nought(self) -> tuple[Floats, Floats]:
        """Slopes extrapolated to step 0, and their errors."""
        first, second, third = (self.slopes[min(n, len(self.slopes) - 1)] for n in range(3))
        near = first - second
        far = second - third  # with errors a·h + b·h²: far − 4·near = 2·a·h
        return first + near / 3, 2 * self.rounding[0] + np.abs(near) + np.abs(far - 4 * near) / 3


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """The loss around a point.

    Attributes:
        values: the point.
        codes: on which side of every kink it is: see `zerograd.evaluate.floats.sides_at`.
        polynomial: whether, while no kink is crossed, the loss is a polynomial of degree 2 in every entry.
    """

    model: Model
    values: Values
    codes: list[NDArray[np.intp]]
    polynomial: bool

    def central(self, places: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return difference quotients in the entries at these places, and their errors, of the same shape.

        They are taken with the largest steps that cross no kink; NaN where none does.

        Where the loss is no polynomial of degree 2 in the entry, two quotients are extrapolated to step 0,
        and their difference counts as error (Richardson). Where pieces meet, as of the Huber loss, the second
        derivative may leap within a step, and the error has a term of first order, which extrapolation
        leaves: a third quotient tells how large it is. None of this sees a bowl that lies within the smallest
        of the three steps (quotients on its straight sides all agree, on a value that is not its slope):
        where second differences grow as the step shrinks, it shrinks further.

        Args:
            places: in the entries of all parameters, one array after another, and of ``x``.
        """
        widths = np.array([[1.0]] if self.polynomial else [[1.0], [2.0], [4.0]])
        point = np.concatenate([self.values[name].ravel() for name in self._names])
        step = np.maximum(1.0, np.abs(point[places])) * (1 / 8 if self.polynomial else STEP)
        slopes, errors = np.full((2, len(places)), np.nan)
        missing, here, again = np.arange(len(places)), np.nan, 0
        with np.errstate(all="ignore"):
            while again < _TIMES and missing.size:
                several = self._at_once(missing.size * 2 * len(widths)) if again else 1
                shrunk = 4.0 ** -np.arange(again, min(again + several, _TIMES))
                again += len(shrunk)
                steps = (shrunk[:, np.newaxis] * step[missing]).ravel() * widths
                own = [0] if again == 1 else []  # at first the loss at the point itself, too
                sites = np.tile(places[missing], len(shrunk) * 2 * len(widths))
                where = np.concatenate([np.array(own, dtype=np.intp), sites])
                by = np.concatenate([own, *steps, *-steps])
                losses, bounds = self._losses(point, where, by)
                if own:
                    here, losses, bounds = losses[0], losses[1:], bounds[1:]
                (above, below), ends = losses.reshape(2, *steps.shape), bounds.reshape(2, *steps.shape)
                # The losses far from here may be much larger than the one here, and round accordingly.
                rounding = ROUNDING * ends.max(axis=0) / steps
                bends = (above - here + below - here) / steps**2
                quotients = _Quotients((above - below) / (2 * steps), rounding, bends, steps)
                fine = np.isfinite(ends).all(axis=(0, 1)) & ~quotients.grow_inwards()
                found = fine.reshape(len(shrunk), -1)
                settled = np.flatnonzero(found.any(axis=0))
                largest = found.argmax(axis=0)[settled] * missing.size + settled
                extrapolated, uncertain = quotients.at_step_nought()
                slopes[missing[settled]] = extrapolated[largest]
                errors[missing[settled]] = uncertain[largest]
                missing = np.delete(missing, settled)
        return slopes, errors

    def _at_once(self, points: int) -> int:
        """How many sizes of steps are tried at once: several where a pass over few points costs the same."""
        return max(1, STACK // (self._each * points))

    @property
    def _each(self) -> int:
        """Numbers of a point and its pre-activations."""
        units = sum(layer.units for layer in self.model.network.layers)
        size = sum(self.values[name].size for name in self._names)
        return size + len(self.values["x"]) * units

    @property
    def _names(self) -> list[str]:
        return [*self.model.network.shapes, "x"]

    def _losses(self, point: Floats, places: NDArray[np.intp], moves: Floats) -> tuple[Floats, Floats]:
        """The loss where one entry is moved, and its majorant, for each move; NaN beyond a kink."""
        losses, most = np.full((2, len(places)), np.nan)
        each = self._each - point.size
        if point.size <= WHOLE:
            for rows in _slices(len(places), max(2, STACK // self._each)):
                losses[rows], most[rows] = self._at(self._whole(point, places[rows], moves[rows]))
            return losses, most
        start = 0
        for name in self._names:
            array = self.values[name]
            own = np.flatnonzero((start <= places) & (places < start + array.size))
            stacked = 0 if name.startswith("w") else array.size
            for rows in _slices(len(own), max(2, STACK // (stacked + each))):
                some = own[rows]
                losses[some], most[some] = self._at(self._one(name, places[some] - start, moves[some]))
            start += array.size
        return losses, most

    def _whole(self, point: Floats, places: NDArray[np.intp], moves: Floats) -> dict[str, Any]:
        """All arrays once for each move."""
        number = len(places)
        moved = np.empty((number, point.size))
        moved[:] = point
        moved[np.arange(number), places] += moves
        batch: dict[str, Any] = {"y": self.values["y"]}
        start = 0
        for name in self._names:
            array = self.values[name]
            batch[name] = moved[:, start : start + array.size].reshape(number, *array.shape)
            start += array.size
        return batch

    def _one(self, name: str, places: NDArray[np.intp], moves: Floats) -> dict[str, Any]:
        """The array in which the moves are, for each of them; the others once."""
        array = self.values[name]
        batch: dict[str, Any] = {other: value[np.newaxis] for other, value in self.values.items()}
        batch["y"] = self.values["y"]
        if name.startswith("w"):
            batch[name] = Moved(array, *np.divmod(places, array.shape[1]), moves)
        else:
            stack = np.repeat(array.reshape(1, -1), len(places), axis=0)
            stack[np.arange(len(places)), places] += moves
            batch[name] = stack.reshape(len(places), *array.shape)
        return batch

    def _at(self, batch: dict[str, Any]) -> tuple[Floats, Floats]:
        """The loss, and its majorant, at each of some points; NaN beyond a kink."""
        codes, y_hat = sides_at(self.model, batch)
        same = np.ones(len(y_hat), dtype=np.bool_)
        for there, code in zip(codes, self.codes, strict=True):
            same &= (there == code).reshape(len(there), -1).all(axis=1)
        if not same.any():
            return np.full(len(same), np.nan), np.full(len(same), np.nan)
        found, most = losses_at(self.model, batch, y_hat)
        return np.where(same, found, np.nan), np.where(same, most, np.nan)


def _slices(length: int, each: int) -> list[slice]:
    return [slice(start, start + each) for start in range(0, length, each)]
