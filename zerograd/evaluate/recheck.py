"""Numeric re-checks of a witness: float64, central finite differences, and torch.autograd.

They come beside the exact check, never in its place. Each gives its largest deviation from the
exact gradients, or says why it could not be made. A deviation beyond rounding is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zerograd.core.errors import ZerogradError
from zerograd.core.model.references import entry
from zerograd.core.model.slopes import common_between
from zerograd.core.question.fitness import model_beyond_floats
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.chosen import under_one_convention
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate import losses
from zerograd.evaluate.floats import (
    ROUNDING,
    Floats,
    NotComparable,
    Values,
    evaluate,
    exact_pieces,
    forward,
    largest_deviation,
    loss_at,
    pieces,
    to_floats,
)
from zerograd.evaluate.rounding import works_out_sizes

MAX_DIFFERENCES = 400
"""Entries that finite differences are taken of; each costs two forward passes."""

MAX_PRODUCTS = 2 * 10**7
"""Products in all those passes: of a large network or dataset fewer entries are taken, evenly spread."""

Codes: TypeAlias = list[NDArray[np.intp]]
"""See `zerograd.evaluate.floats.exact_pieces`; at last that of the loss, `zerograd.evaluate.losses.sides`."""


class Disagreement(ZerogradError):  # noqa: N818 - named for what it is
    """A numeric re-check contradicts the exact gradients: a bug in one of the two."""

    def __init__(self, witness: Witness, message: str) -> None:
        self.witness = witness
        super().__init__(message)


def recheck(witness: Witness) -> dict[str, Any]:
    """All numeric re-checks, by name.

    Returns:
        ``{"float64": {"largest_deviation": 0.0}, "finite_differences": …, "torch": …}``, where a
        string in place of an object says why the check was not made.

    Raises:
        Disagreement: a deviation that rounding does not explain.
    """
    checks: dict[str, Any] = {}
    try:
        witness = _under_one_convention(witness)
        _in_range(witness)
        values = {name: to_floats(array) for name, array in witness.variables.items()}
        codes = _codes(witness)
        checks["float64"] = _float64(witness, values, codes)
        checks["finite_differences"] = _differences(witness, values, codes)
        checks["torch"] = _torch(witness, values, codes)
    except NotComparable as reason:
        for name in ("float64", "finite_differences", "torch"):
            checks.setdefault(name, f"not comparable: {reason}")
    return checks


def recheck_floats(witness: Witness) -> None:
    """Compare the gradients at a point with float64, where that says anything.

    Raises:
        Disagreement: a deviation that rounding does not explain.
    """
    with suppress(NotComparable):
        witness = _under_one_convention(witness)
        _in_range(witness)
        values = {name: to_floats(array) for name, array in witness.variables.items()}
        _float64(witness, values, _codes(witness))


def _under_one_convention(witness: Witness) -> Witness:
    """The same point, where derivatives do not differ from kink to kink of one activation."""
    plain = under_one_convention(witness)
    if plain is None:
        raise NotComparable("slopes at kinks are chosen, for each unit and sample by itself")
    return plain


def _is_torch(problem: Problem) -> bool:
    """Whether PyTorch takes the same derivatives at kinks of units."""
    return problem.derivative_at_kink == "torch" or (
        problem.derivative_at_kink == "all" and "torch" in common_between(problem.network)
    )


def _in_range(witness: Witness) -> None:
    if reason := model_beyond_floats(witness.problem):
        raise NotComparable(reason)


def _codes(witness: Witness) -> Codes:
    return [*exact_pieces(witness), losses.exact_sides(witness.point)]


def _agree(witness: Witness, check: str, wrong: list[str]) -> None:
    if wrong:
        raise Disagreement(witness, f"{check} disagrees with the exact gradients: " + "; ".join(wrong[:5]))


def _float64(witness: Witness, values: Values, codes: Codes) -> dict[str, Any]:
    model = witness.problem.model
    try:
        with np.errstate(all="ignore", under="raise"):
            here = forward(model.network, values)
            _same_sides(witness, codes, here.z, here.y_hat)
            run = evaluate(model, values, codes)
    except FloatingPointError:
        raise NotComparable("an intermediate value is too near to 0 for float64") from None
    if not all(np.isfinite(bound).all() for bound in run.bounds.values()):
        raise NotComparable("an intermediate value is beyond the range of float64")
    largest, wrong = largest_deviation(witness, run.gradients, run.bounds, ROUNDING)
    _agree(witness, "float64", wrong)
    return {"largest_deviation": largest}


def _same_sides(witness: Witness, exact: Codes, z: Sequence[Floats], y_hat: Floats) -> None:
    """Rounding near a kink may carry float64 to the other side, where nothing can be compared."""
    *of_layers, of_loss = exact
    if not np.array_equal(losses.sides(witness.problem.model.loss, y_hat, to_floats(witness.y)), of_loss):
        raise NotComparable("rounding carries ŷ across a kink of the loss")
    layers = zip(witness.problem.network.layers, of_layers, z, strict=True)
    for number, (layer, codes, row) in enumerate(layers, start=1):
        differs = np.argwhere(pieces(layer.activation, row) != codes)
        if len(differs):
            site = entry(f"z{number}", tuple(int(i) for i in differs[0]))
            raise NotComparable(f"rounding carries {site} across a kink")


def _differences(witness: Witness, values: Values, codes: Codes) -> dict[str, Any] | str:
    """Central differences of the loss: quadratic in each single entry while no kink is crossed."""
    network = witness.problem.network
    names = [*network.shapes, "x"]
    sites = [(name, index) for name in names for index in np.ndindex(values[name].shape)]
    run = evaluate(witness.problem.model, values, codes)
    gradients = {name: to_floats(array) for name, array in witness.gradients.items()}
    largest, wrong, compared = 0.0, [], 0
    with np.errstate(all="ignore"):
        loss = loss_at(witness.problem.model, values)[0]
    slopes = _Slopes(witness, values, codes, loss)
    each = witness.samples * sum(values[name].size for name in network.shapes)
    taken = min(len(sites), MAX_DIFFERENCES, max(10, MAX_PRODUCTS // each))
    for name, index in (sites[i * len(sites) // taken] for i in range(taken)):
        difference = slopes.central(name, index)
        if difference is None:
            continue
        compared += 1
        slope, error = difference
        exact = float(gradients[name][index])
        deviation = abs(slope - exact)
        largest = max(largest, deviation)
        if not deviation <= ROUNDING * run.bounds[name][index] + error:
            wrong.append(f"∂L/∂{entry(name, tuple(int(i) for i in index))}: exactly {exact}, found {slope}")
    _agree(witness, "finite differences", wrong)
    if not compared:
        return "not comparable: every entry moves a sample across a kink, or beyond the range of float64"
    return {"largest_deviation": largest, "compared": compared, "entries": len(sites)}


@dataclass(frozen=True, slots=True)
class _Quotient:
    """A central difference quotient of the loss.

    Attributes:
        rounding: a bound of its error from rounding.
        bend: the second difference, divided by the square of the step.
    """

    slope: float
    rounding: float
    bend: float
    step: float

    def bends_more_than(self, wider: _Quotient) -> bool:
        """Whether second differences grew, by more than half and more than rounding, as the step shrank."""
        rounding = 2 * (self.rounding / self.step + wider.rounding / wider.step)
        return abs(self.bend) > 1.5 * abs(wider.bend) + rounding


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Difference quotients of the loss at a witness, in one entry at a time; `loss` is its value there."""

    witness: Witness
    values: Values
    codes: Codes
    loss: float

    def central(self, name: str, index: tuple[int, ...]) -> tuple[float, float] | None:
        """(difference quotient, its error), with the largest step that crosses no kink; None near one.

        Where the loss is no polynomial of degree 2 in the entry, two quotients are extrapolated to step 0,
        and their difference counts as error (Richardson). Where pieces meet, as of the Huber loss, the second
        derivative may leap within a step, and the error has a term of first order, which extrapolation
        leaves: a third quotient tells how large it is. None of this sees a bowl that lies within the smallest
        of the three steps (quotients on its straight sides all agree, on a value that is not its slope):
        where second differences grow as the step shrinks, it shrinks further.
        """
        exact = works_out_sizes(self.witness.problem)
        step = max(1.0, abs(float(self.values[name][index]))) * (1 / 8 if exact else losses.STEP)
        for _ in range(12):
            first = self._quotient(name, index, step)
            second, third = (first if exact else self._quotient(name, index, k * step) for k in (2, 4))
            if first is None or second is None or third is None or first.bends_more_than(second):
                step /= 4
                continue
            near = first.slope - second.slope
            far = second.slope - third.slope  # with errors a·h + b·h²: far − 4·near = 2·a·h
            return first.slope + near / 3, 2 * first.rounding + abs(near) + abs(far - 4 * near) / 3
        return None

    def _quotient(self, name: str, index: tuple[int, ...], step: float) -> _Quotient | None:
        """The quotient of a step; None where it crosses a kink."""
        ends = []
        for move in (step, -step):
            moved = {**self.values, name: self.values[name].copy()}
            moved[name][index] += move
            with np.errstate(all="ignore"):
                loss, bound, sides = loss_at(self.witness.problem.model, moved)
            if not np.isfinite(bound) or not all(map(np.array_equal, sides, self.codes)):
                return None
            ends.append((loss, bound))
        (above, _), (below, _) = ends
        # The losses far from here may be much larger than the one here, and round accordingly.
        rounding = ROUNDING * max(bound for _, bound in ends) / step
        bend = (above - self.loss + below - self.loss) / step**2
        return _Quotient((above - below) / (2 * step), rounding, bend, step)


def _torch(witness: Witness, values: Values, codes: Codes) -> dict[str, Any] | str:
    if find_spec("torch") is None:
        return "not installed"
    try:
        from zerograd.evaluate.autograd import torch_gradients
    except (ImportError, OSError) as error:  # there, and broken: no reason to withhold an answer
        return f"not usable: {error}"

    on_kink = any((layer % 2).any() for layer in codes[:-1])
    convention = witness.problem.derivative_at_kink
    if on_kink and not _is_torch(witness.problem):
        return f"not comparable: a sample is on a kink, where derivative_at_kink is {convention}"
    z, y_hat, gradients = torch_gradients(witness.problem.model, values)
    _same_sides(witness, codes, z, y_hat)
    run = evaluate(witness.problem.model, values, codes)
    coarser = sum(layer.activation.names.torch_error for layer in witness.problem.network.layers)
    largest, wrong = largest_deviation(witness, gradients, run.bounds, ROUNDING + 2 * coarser)
    _agree(witness, "torch", wrong)
    return {"largest_deviation": largest}
