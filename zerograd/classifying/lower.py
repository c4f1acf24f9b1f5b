"""Other parameters with a lower loss on the same data.

Where the least loss of all parameters is known (`zerograd.classifying.lowest`), so is the answer. Hidden
layers are drawn for short numbers, or else found by descent in floating point and rounded to short rationals,
and the last layer is fit exactly. What is found is compared exactly; draws are the same for a seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import inf
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from zerograd.classifying.lowest import TooManyError, find_least
from zerograd.core.errors import Refused, TooMuchWork
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.real import Real, compare
from zerograd.core.points.lowest import unfit
from zerograd.core.verdict.lower import Lower, loss_at
from zerograd.core.verdict.size import height
from zerograd.evaluate import floats, losses, passes
from zerograd.evaluate.floats import Floats

DRAWS = 300
"""Hidden layers that are drawn."""
DESCENTS = 8
STEPS = 400
"""Steps of each descent."""
KEPT = 6
"""Those that are made exact, of what was drawn or descended to."""
MAX_WORK = 2_000_000
"""Samples times parameters times draws, beyond which fewer are drawn."""
DENOMINATORS = (1, 2, 3, 4, 6, 12, 64, 2**12, 2**20)

Parameters = Mapping[str, Array[Exact]]


@dataclass(frozen=True, slots=True)
class Searched:
    """What became of a search.

    Attributes:
        lower: parameters with a lower loss, if some were found.
        best: whether it is known that there are none.
    """

    lower: Lower | None
    best: bool = False


def find_lower(point: Point[Exact], *, seed: int = 0, brief: bool = False) -> Searched:
    """Look for parameters with a lower loss, with small numbers where the loss is as low.

    Args:
        seed: of draws.
        brief: whether any numbers will do, where the least loss is known.
    """
    try:
        here = loss_at(point)
    except ArithmeticError:
        return Searched(None)
    least = _least(point)
    if least is not None:
        lower = _best(point, here, [least])
        if lower is None or brief:
            return Searched(lower, best=lower is None)
    return Searched(_searched(point, here, seed, least))


def _least(point: Point[Exact]) -> Parameters | None:
    """Parameters with the least loss of all, where they are known to have it."""
    if unfit(point.model, (*point.x.entries, *point.y.entries)) is not None:
        return None
    try:
        return find_least(point.model, point.x, point.y).parameters
    except (TooManyError, Refused, OnKink, ArithmeticError):
        return None


def _searched(point: Point[Exact], here: Real, seed: int, least: Parameters | None) -> Lower | None:
    known = [] if least is None else [least]
    try:
        values = {name: floats.to_floats(array) for name, array in point.variables.items()}
    except (floats.NotComparable, TypeError):
        return _best(point, here, known)
    search, dice = _Search(point, values), np.random.default_rng([seed, *b"lower"])
    drawn = search.drawn(dice)
    exact = (each for start in drawn for each in search.rounded(start, DENOMINATORS[:1]))
    lower = _best(point, here, chain(known, exact))
    done = lower is not None and point.model.loss.is_nonnegative and loss_at(lower.at(point)) == 0
    if known or done:  # there is nothing below
        return lower
    ends = search.descended(dice, drawn)
    further = (each for start in ends for each in search.rounded(start, DENOMINATORS))
    return _best(point, here, chain([] if lower is None else [lower.parameters], further))


def _best(point: Point[Exact], here: Real, candidates: Iterable[Parameters]) -> Lower | None:
    """The one of the lowest loss, and of those the one with the smallest numbers."""
    best: tuple[Real, tuple[Any, ...], Lower] | None = None
    for parameters in candidates:
        lower = Lower(parameters)
        try:
            loss = loss_at(lower.at(point))
        except ArithmeticError:
            continue
        if compare(loss, here) != -1:
            continue
        size = _size(parameters)
        order = None if best is None else compare(loss, best[0])
        if best is None or order == -1 or (order == 0 and size < best[1]):
            best = loss, size, lower
    return None if best is None else best[2]


def _size(parameters: Parameters) -> tuple[Any, ...]:
    """The order of `zerograd.core.verdict.size`, of parameters alone; then small ones in front."""
    values = [Fraction(v) for array in parameters.values() for v in array.entries]  # type: ignore[arg-type]
    return (
        max(map(height, values)),
        sum(v.denominator != 1 for v in values),
        sum(map(abs, values)),
        sum(v < 0 for v in values),
        [(abs(v), v < 0) for v in values],
    )


class _Search:
    """Parameters in floating point, and what comes of them."""

    def __init__(self, point: Point[Exact], values: Mapping[str, Floats]) -> None:
        self.point, self.values, self.model = point, values, point.model
        self.network = point.model.network
        self.shapes = self.network.shapes
        self.last = self.network.depth
        # Of most losses a fit by least squares is best where it is exact.
        self.linear = self.network.layers[-1].activation.is_linear
        self.best = self.linear and point.model.loss.least_squares
        self.bias = self.network.layers[-1].bias
        self.convention: Kink = "left"

    def _forward(self, parameters: Mapping[str, Floats]) -> passes.Run[Floats]:
        def activate(_number: int, phi: Activation, z: Floats) -> tuple[Floats, Floats]:
            code = floats.pieces(phi, z)
            return floats.value(phi, z, code), floats.derivative(phi, z, code, self.convention)

        return passes.forward(self.network, {**parameters, "x": self.values["x"]}, activate)

    def _loss(self, y_hat: Floats) -> float:
        total = float(losses.sample_losses(self.model.loss.inner, y_hat, self.values["y"]).sum())
        return total if np.isfinite(total) else inf

    def _fit(self, parameters: dict[str, Floats]) -> dict[str, Floats]:
        """The same hidden layers, with the last one that solves normal equations."""
        if not self.linear:
            return parameters
        features = self._forward(parameters).below[-1]
        if self.bias:
            features = np.concatenate([features, np.ones((len(features), 1))], axis=1)
        best, *_ = np.linalg.lstsq(features, self.values["y"], rcond=None)
        solved = best.T.astype(np.float64)
        fit = {f"w{self.last}": solved[:, : solved.shape[1] - self.bias]}
        if self.bias:
            fit[f"b{self.last}"] = solved[:, -1]
        return {**parameters, **fit}

    def drawn(self, rng: np.random.Generator) -> list[dict[str, Floats]]:
        """The best of hidden layers of small whole numbers that were drawn."""
        found = []
        size = len(self.values["x"]) * self.network.parameter_count
        for number in range(max(20, min(DRAWS, MAX_WORK // (1 + size)))):
            reach = 1 + number % 3
            start = {
                name: rng.integers(-reach, reach + 1, shape).astype(float)
                for name, shape in self.shapes.items()
            }
            start = self._fit(start)
            loss = self._loss(self._forward(start).y_hat)
            found.append((round(loss, 9), sum(float(abs(a).sum()) for a in start.values()), number, start))
        found.sort(key=lambda item: item[:3])
        return [start for *_, start in found[:KEPT]]

    def descended(self, rng: np.random.Generator, drawn: list[dict[str, Floats]]) -> list[dict[str, Floats]]:
        """The best of what descents end in, from drawn parameters and from others."""
        starts = [*drawn]
        while len(starts) < DESCENTS:
            starts.append({name: rng.normal(0, 1, shape) for name, shape in self.shapes.items()})
        ends: list[tuple[float, int, dict[str, Floats]]] = []
        for number, start in enumerate(starts):
            end = self._descent(start)
            both = [self._fit(end)] if self.best else [end, self._fit(end)] if self.linear else [end]
            ends.extend((self._loss(self._forward(each).y_hat), number, each) for each in both)
        ends.sort(key=lambda item: item[:2])
        return [end for _, _, end in ends[:KEPT]]

    def _descent(self, start: dict[str, Floats]) -> dict[str, Floats]:
        """The lowest point of a descent (Adam: Kingma and Ba, arXiv 1412.6980, with steps that shrink)."""
        here = {name: array.copy() for name, array in start.items()}
        first = {name: np.zeros_like(array) for name, array in here.items()}
        second = {name: np.zeros_like(array) for name, array in here.items()}
        best, lowest = here, inf
        for step in range(1, STEPS + 1):
            run = self._forward(here)
            loss = self._loss(run.y_hat)
            if loss < lowest:
                best, lowest = {name: array.copy() for name, array in here.items()}, loss
            if loss < 1e-14 or not np.isfinite(loss):
                break
            adjoint = losses.sample_adjoints(self.model.loss.inner, run.y_hat, self.values["y"], "left")
            inputs = {**here, "x": self.values["x"]}
            gradients = passes.gradients(self.network, inputs, run, adjoint)
            rate = 0.1 * (1 - step / (STEPS + 1))
            for name in here:
                g = np.nan_to_num(gradients[name])
                first[name] += 0.1 * (g - first[name])
                second[name] += 0.01 * (g * g - second[name])
                up, down = first[name] / (1 - 0.9**step), second[name] / (1 - 0.99**step)
                here[name] -= rate * up / (np.sqrt(down) + 1e-12)
        return best

    def rounded(self, start: Mapping[str, Floats], denominators: tuple[int, ...]) -> Iterator[Parameters]:
        """The same in rationals with these denominators, the last layer fit exactly where it can be."""
        for denominator in denominators:
            exact = {name: _rounded(array, denominator) for name, array in start.items()}
            if self.linear:
                fit = self._exact_fit(exact)
                if fit is not None:
                    yield fit
            if not self.best:
                yield exact

    def _exact_fit(self, parameters: Parameters) -> Parameters | None:
        """The same hidden layers, with a best last one: entries that others make up for are 0."""
        try:
            at = Lower(parameters).at(self.point)
            rows = [
                [*map(_q, row)] for row in (at.forward.a[self.last - 2] if self.last > 1 else at.x).rows()
            ]
            targets = [[*map(_q, row)] for row in self.point.y.rows()]
        except (ArithmeticError, TypeError, TooMuchWork):
            return None
        columns = [*zip(*rows, strict=True), *([(fmpq(1),) * len(rows)] if self.bias else [])]
        independent: list[int] = []
        for number in (len(columns) - 1, *range(len(columns) - 1)):  # the bias first
            chosen = [*independent, number]
            if fmpq_mat([[*columns[n]] for n in chosen]).rank() == len(chosen):
                independent = chosen
        if not independent:
            return None
        matrix = fmpq_mat([[*columns[n]] for n in independent])
        solved = (matrix * matrix.transpose()).solve(matrix * fmpq_mat(targets))
        outputs = len(targets[0])
        entries: list[list[Exact]] = [[0] * len(columns) for _ in range(outputs)]
        for place, number in enumerate(independent):
            for k in range(outputs):
                value = solved[place, k]
                entries[k][number] = narrowed(Fraction(int(value.p), int(value.q)))
        width = len(columns) - self.bias
        weights = tuple(v for row in entries for v in row[:width])
        fit = {f"w{self.last}": Array(self.shapes[f"w{self.last}"], weights)}
        if self.bias:
            fit[f"b{self.last}"] = Array((outputs,), tuple(row[-1] for row in entries))
        return {**parameters, **fit}


def _rounded(array: Floats, denominator: int) -> Array[Exact]:
    flat = (narrowed(Fraction(round(float(v) * denominator), denominator)) for v in array.ravel())
    return Array(array.shape, tuple(flat))


def _q(value: object) -> fmpq:
    return fmpq(*Fraction(value).as_integer_ratio())  # type: ignore[call-overload]
