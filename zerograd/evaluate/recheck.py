"""Numeric re-checks of a witness: float64, central finite differences, and torch.autograd.

They come beside the exact check, never in its place. Each gives its largest deviation from the
exact gradients, or says why it was not made. A deviation beyond rounding is an error.

PyTorch is asked where it is loaded already: loading it takes several times as long as most answers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
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
from zerograd.evaluate.differences import Slopes
from zerograd.evaluate.floats import (
    ROUNDING,
    Evaluation,
    Floats,
    NotComparable,
    Values,
    evaluate,
    exact_pieces,
    forward,
    pieces,
    to_floats,
)
from zerograd.evaluate.rounding import works_out_sizes

MAX_DIFFERENCES = 400
"""Entries that finite differences are taken of; each costs two forward passes."""

MAX_PRODUCTS = 2 * 10**7
"""Products in all those passes: of a large network or dataset fewer entries are taken, evenly spread."""

MAX_NAMED = 5
"""Entries that a disagreement names."""

NOT_LOADED = "not loaded"
"""Said of PyTorch where it is installed, and nobody asked for it."""

Codes: TypeAlias = list[NDArray[np.intp]]
"""See `zerograd.evaluate.floats.exact_pieces`; at last that of the loss, `zerograd.evaluate.losses.sides`."""


class Disagreement(ZerogradError):  # noqa: N818 - named for what it is
    """A numeric re-check contradicts the exact gradients: a bug in one of the two."""

    def __init__(self, witness: Witness, message: str) -> None:
        self.witness = witness
        super().__init__(message)


@dataclass(frozen=True, eq=False)
class _Point:
    """A witness in float64; what several checks ask of it is worked out once."""

    witness: Witness

    @cached_property
    def names(self) -> list[str]:
        """What gradients are taken in, in the order in which their entries are counted."""
        return [*self.witness.problem.network.shapes, "x"]

    @cached_property
    def values(self) -> Values:
        return {name: to_floats(array) for name, array in self.witness.variables.items()}

    @cached_property
    def codes(self) -> Codes:
        return [*exact_pieces(self.witness), losses.exact_sides(self.witness.point)]

    @cached_property
    def run(self) -> Evaluation:
        return evaluate(self.witness.problem.model, self.values, self.codes)

    @cached_property
    def exact(self) -> Floats:
        """The exact gradients, all entries."""
        return self.flat({name: to_floats(self.witness.gradients[name]) for name in self.names})

    @cached_property
    def bounds(self) -> Floats:
        """What bounds the errors of gradients in float64, in units of `ROUNDING`."""
        return self.flat(self.run.bounds)

    def flat(self, arrays: Mapping[str, Floats]) -> Floats:
        """All entries of one array for each name."""
        return np.concatenate([arrays[name].ravel() for name in self.names])

    def agree(
        self, check: str, found: Floats, within: Floats, places: NDArray[np.intp] | None = None
    ) -> float:
        """The largest deviation from the exact gradients.

        Args:
            within: how large it may be, in each entry.
            places: which entries were found; None for all.

        Raises:
            Disagreement: it is larger.
        """
        exact = self.exact if places is None else self.exact[places]
        deviations = np.abs(found - exact)
        if not (fine := deviations <= within).all():
            sites = [(name, index) for name in self.names for index in np.ndindex(self.values[name].shape)]
            wrong = []
            for at in np.flatnonzero(~fine)[:MAX_NAMED]:
                name, index = sites[at if places is None else places[at]]
                where = entry(name, tuple(int(i) for i in index))
                wrong.append(f"∂L/∂{where}: exactly {float(exact[at])}, found {float(found[at])}")
            message = f"{check} disagrees with the exact gradients: {'; '.join(wrong)}"
            raise Disagreement(self.witness, message)
        return float(deviations.max(initial=0.0))


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
        point = _comparable(witness)
        checks["float64"] = _float64(point)
        checks["finite_differences"] = _differences(point)
        checks["torch"] = _torch(point)
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
        _float64(_comparable(witness))


def _comparable(witness: Witness) -> _Point:
    """The same point, where derivatives do not differ from kink to kink of one activation."""
    plain = under_one_convention(witness)
    if plain is None:
        raise NotComparable("slopes at kinks are chosen, for each unit and sample by itself")
    if reason := model_beyond_floats(plain.problem):
        raise NotComparable(reason)
    return _Point(plain)


def _is_torch(problem: Problem) -> bool:
    """Whether PyTorch takes the same derivatives at kinks of units."""
    return problem.derivative_at_kink == "torch" or (
        problem.derivative_at_kink == "all" and "torch" in common_between(problem.network)
    )


def _another_slope_of_the_loss(point: _Point) -> bool:
    """Whether a sample is on a kink of the loss where torch, as the loss is written, takes another slope."""
    model, y_hat, y = point.witness.problem.model, point.run.y_hat, point.values["y"]
    loss, convention = model.loss, model.derivative_at_kink
    if (point.codes[-1] != 0).all() or loss.written(convention) != loss.written("torch"):
        return False
    ours, theirs = (losses.sample_adjoints(loss, y_hat, y, rule) for rule in (convention, "torch"))
    return not np.array_equal(ours, theirs)


def _float64(point: _Point) -> dict[str, Any]:
    model, values = point.witness.problem.model, point.values
    try:
        with np.errstate(all="ignore", under="raise"):
            try:
                run = point.run
            except FloatingPointError:
                run = None
            if run is None or _crossed(point, run.z, run.y_hat):
                # On its own sides: these may be others, and there is more to say of that.
                here = forward(model.network, values)
                _same_sides(point, here.z, here.y_hat)
                raise FloatingPointError
    except FloatingPointError:
        raise NotComparable("an intermediate value is too near to 0 for float64") from None
    if not np.isfinite(point.bounds).all():
        raise NotComparable("an intermediate value is beyond the range of float64")
    found = point.flat(run.gradients)
    return {"largest_deviation": point.agree("float64", found, ROUNDING * point.bounds)}


def _crossed(point: _Point, z: Sequence[Floats], y_hat: Floats) -> str | None:
    """Which kink rounding carries float64 across, so that nothing can be compared."""
    witness = point.witness
    *of_layers, of_loss = point.codes
    if (losses.sides(witness.problem.model.loss, y_hat, point.values["y"]) != of_loss).any():
        return "ŷ across a kink of the loss"
    layers = zip(witness.problem.network.layers, of_layers, z, strict=True)
    for number, (layer, codes, row) in enumerate(layers, start=1):
        if layer.activation.has_kinks and (differs := pieces(layer.activation, row) != codes).any():
            site = entry(f"z{number}", tuple(int(i) for i in np.argwhere(differs)[0]))
            return f"{site} across a kink"
    return None


def _same_sides(point: _Point, z: Sequence[Floats], y_hat: Floats) -> None:
    """Rounding near a kink may carry float64 to the other side, where nothing can be compared."""
    if (crossed := _crossed(point, z, y_hat)) is not None:
        raise NotComparable(f"rounding carries {crossed}")


def _differences(point: _Point) -> dict[str, Any] | str:
    """Central differences of the loss: quadratic in each single entry while no kink is crossed."""
    witness, values = point.witness, point.values
    number = sum(values[name].size for name in point.names)
    each = witness.samples * (number - values["x"].size)
    taken = min(number, MAX_DIFFERENCES, max(10, MAX_PRODUCTS // each))
    places = np.arange(taken) * number // taken
    polynomial = works_out_sizes(witness.problem)
    slopes, errors = Slopes(witness.problem.model, values, point.codes, polynomial).central(places)
    if not (compared := ~np.isnan(errors)).all():
        places, slopes, errors = places[compared], slopes[compared], errors[compared]
    largest = point.agree("finite differences", slopes, ROUNDING * point.bounds[places] + errors, places)
    if not len(places):
        return "not comparable: every entry moves a sample across a kink, or beyond the range of float64"
    return {"largest_deviation": largest, "compared": len(places), "entries": number}


def _torch(point: _Point) -> dict[str, Any] | str:
    if sys.modules.get("torch") is None:
        return "not installed" if find_spec("torch") is None else NOT_LOADED
    from zerograd.evaluate.autograd import torch_gradients

    problem = point.witness.problem
    on_kink = any((layer % 2).any() for layer in point.codes[:-1])
    if on_kink and not _is_torch(problem):
        convention = problem.derivative_at_kink
        return f"not comparable: a sample is on a kink, where derivative_at_kink is {convention}"
    z, y_hat, gradients = torch_gradients(problem.model, point.values)
    _same_sides(point, z, y_hat)
    coarser = sum(layer.activation.names.torch_error for layer in problem.network.layers)
    within = (ROUNDING + 2 * coarser) * point.bounds
    try:
        return {"largest_deviation": point.agree("torch", point.flat(gradients), within)}
    except Disagreement:
        if not _another_slope_of_the_loss(point):
            raise
    convention = problem.derivative_at_kink
    return f"not comparable: a sample is on a kink of the loss, where derivative_at_kink is {convention}"
