"""The loss of a witness along one parameter: where it bends, exactly, with the slopes on both sides.

Let a parameter of layer l differ by t from what it is. The pre-activations of layer l are then affine in t,
sample by sample, so that what follows is a network whose one input is t: `pieces` has its kinks. Between
these, predictions are affine in t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

import numpy as np

from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import complete_index, parse_reference
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, compare, divide, sign
from zerograd.core.numbers.exact import narrow as exact_narrow
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import NotClosed
from zerograd.core.numbers.real import Real, RealFunctions, enclosed, middle, narrow
from zerograd.core.numbers.real import compare as compared
from zerograd.core.question.fitness import smooth
from zerograd.core.question.question import Question
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.losses import sample_losses
from zerograd.evaluate.piecewise import Piece, pieces
from zerograd.evaluate.smooth import FLOATS, Floats

MOST_SAMPLES = 200
"""More samples have too many pieces to be computed in a moment."""


@dataclass(frozen=True, slots=True)
class Bend:
    """A place on the way, with the slopes of L on both sides.

    Attributes:
        at: how much the parameter differs there from the witness's.
        left, right: the slopes of L on both sides; enclosures where they are no exact numbers.
        samples: those that arrive at a kink there, of a unit or of the loss.
    """

    at: Exact
    left: Real
    right: Real
    samples: tuple[int, ...]

    @property
    def is_kink(self) -> bool:
        """Whether the slopes are known to differ."""
        return compared(self.left, self.right) in (-1, 1)


@dataclass(frozen=True, slots=True)
class Along:
    """L as a function of the change t of one parameter, for t from ``low`` to ``high``.

    Attributes:
        name, index: of the parameter.
        value: what it is at t = 0.
        stops: from where to where predictions are affine in t, in order, the ends included.
        predictions: ŷ of every sample at each stop, shape (M, outputs).
        slopes: of L on each interval between stops, at its start and at its end; enclosures where they are
            no exact numbers.
        causes: for each stop, the samples that are there on a kink of a unit or of the loss.
    """

    witness: Witness
    name: str
    index: Index
    value: Exact
    stops: tuple[Exact, ...]
    predictions: tuple[Array[Exact], ...]
    slopes: tuple[tuple[Real, Real], ...]
    causes: tuple[tuple[int, ...], ...]

    @property
    def here(self) -> Bend:
        """The witness itself, where t = 0: a kink or not."""
        number = next(n for n, stop in enumerate(self.stops) if sign(stop) == 0)
        return self._bend(number)

    @property
    def bends(self) -> list[Bend]:
        """The kinks of L inside. Where enclosed slopes cannot be told apart, none is claimed."""
        every = [self._bend(n) for n in range(1, len(self.stops) - 1)]
        return [bend for bend in every if bend.is_kink]

    def _bend(self, stop: int) -> Bend:
        return Bend(self.stops[stop], self.slopes[stop - 1][1], self.slopes[stop][0], self.causes[stop])

    def heights(self, points: Sequence[float]) -> list[float]:
        """L at some t, in float64."""
        stops = [float(stop) for stop in self.stops]
        known = np.array([array.map(float).tolist() for array in self.predictions])
        witness = self.witness
        loss = witness.problem.model.loss
        y: Floats = np.array(witness.y.map(lambda v: float(middle(v))).tolist())
        heights = []
        for t in points:
            y_hat = np.array(
                [[np.interp(t, stops, known[:, m, k]) for k in range(y.shape[1])] for m in range(len(y))]
            )
            mean = float(loss.share(*y.shape)) * float(sample_losses(loss, y_hat, y).sum())
            with np.errstate(all="ignore"):
                heights.append(float(loss.outer(np.float64(mean), FLOATS)))
        return heights


def unfit(problem: Question) -> str | None:
    """Return why the loss along a parameter has no exact pieces; None if it has."""
    if (why := smooth(problem)) is not None:
        return f"{why}: the loss along a parameter has no exact pieces"
    loss = problem.model.loss
    few = loss.inner is loss and loss.reach(problem.targets, "torch").values is not None
    if loss.has_kinks and not few:
        return f"the {loss.words} has kinks of its own, beside which its slopes are not known exactly"
    return None


def parameter(network: Network, reference: str) -> tuple[str, Index]:
    """Return the name and the index of one entry of a parameter.

    Raises:
        ValueError: it is none of this network, or several.
    """
    named = parse_reference(reference)
    if named.name not in network.shapes:
        raise ValueError(f"{named.name} is no parameter of this network ({', '.join(network.shapes)})")
    shape = network.shapes[named.name]
    return named.name, complete_index(named.name, named.index or (), shape)


def along(witness: Witness, name: str, index: Index, low: Exact, high: Exact) -> Along | None:
    """L along one parameter; None if it has too many pieces to be computed in a moment.

    Args:
        name, index: an entry of a parameter.
        low, high: the range of its change, with low < 0 < high.
    """
    if witness.samples > MOST_SAMPLES:
        return None
    every: list[tuple[Piece, ...]] = []
    for m in range(witness.samples):
        of_sample = _pieces(witness, (name, index), m, (low, high))
        if of_sample is None:
            return None
        every.append(of_sample)
    places: list[tuple[Exact, int]] = [(piece.low, m) for m, parts in enumerate(every) for piece in parts[1:]]
    places += _loss_kinks(witness, every)
    stops = _ordered([low, 0, *(at for at, _ in places), high])
    predictions = [_predictions(every, stop) for stop in stops]
    slopes = [
        (_slope(witness, (a, b), (p, q), p), _slope(witness, (a, b), (p, q), q))
        for (a, b), (p, q) in zip(pairwise(stops), pairwise(predictions), strict=True)
    ]
    causes = [tuple(sorted({m for at, m in places if compare(at, stop) == 0})) for stop in stops]
    value = middle(witness.parameters[name][index])
    return Along(witness, name, index, value, tuple(stops), tuple(predictions), tuple(slopes), tuple(causes))


def _pieces(
    witness: Witness, place: tuple[str, Index], sample: int, ends: tuple[Exact, Exact]
) -> tuple[Piece, ...] | None:
    """ŷ of one sample over the change of a parameter."""
    name, index = place
    number = int(name[1:])
    network = witness.problem.network
    layer = network.layers[number - 1]
    below = witness.forward.a[number - 2] if number > 1 else witness.x
    times: Exact = middle(below[sample, index[1]]) if name[0] == "w" else 1
    weights = [times if unit == index[0] else 0 for unit in range(layer.units)]
    z = [middle(witness.forward.z[number - 1][sample, unit]) for unit in range(layer.units)]
    parameters = {"w1": Array((layer.units, 1), tuple(weights)), "b1": Array((layer.units,), tuple(z))}
    for upper in range(number + 1, network.depth + 1):
        for letter in "wb":
            if (of_layer := witness.parameters.get(f"{letter}{upper}")) is not None:
                parameters[f"{letter}{upper - number + 1}"] = of_layer.map(middle)
    layers = (Layer(layer.units, layer.activation), *network.layers[number:])
    return pieces(Network(1, layers), parameters, *ends)


def _loss_kinks(witness: Witness, every: Sequence[Sequence[Piece]]) -> list[tuple[Exact, int]]:
    """Where samples cross a kink of the loss, strictly inside a piece: (place, sample)."""
    loss = witness.problem.model.loss
    if not loss.has_kinks:
        return []
    crossings: list[tuple[Exact, int]] = []
    for m, parts in enumerate(every):
        y = [middle(v) for v in witness.y.rows()[m]]
        for piece in parts:
            first, last = (loss.kinks(list(end), y, EXACT) for end in piece.ends)
            for (_, a), (_, b) in zip(first, last, strict=True):
                if sign(a) * sign(b) < 0:
                    share = divide(a, a - b)
                    crossings.append((exact_narrow(piece.low + share * (piece.high - piece.low)), m))
                elif sign(a) == 0 != sign(b) and compare(piece.low, parts[0].low) > 0:
                    crossings.append((piece.low, m))
                elif sign(b) == 0 != sign(a) and compare(piece.high, parts[-1].high) < 0:
                    crossings.append((piece.high, m))
    return crossings


def _ordered(places: Sequence[Exact]) -> list[Exact]:
    """In order, each once."""
    kept: list[Exact] = []
    for place in sorted(places, key=cmp_to_key(compare)):
        if not kept or compare(kept[-1], place) != 0:
            kept.append(place)
    return kept


def _predictions(every: Sequence[Sequence[Piece]], at: Exact) -> Array[Exact]:
    """ŷ of every sample at a place."""
    rows = []
    for parts in every:
        piece = next(p for p in parts if compare(at, p.high) <= 0)
        rows.append(_between(piece, divide(at - piece.low, piece.high - piece.low)))
    return Array.of(rows, len(rows[0]))


def _between(piece: Piece, share: Exact) -> list[Exact]:
    return [exact_narrow(a + share * (b - a)) for a, b in zip(*piece.ends, strict=True)]


def _slope(
    witness: Witness,
    interval: tuple[Exact, Exact],
    ends: tuple[Array[Exact], Array[Exact]],
    y_hat: Array[Exact],
) -> Real:
    """The slope of L at one end of an interval on which predictions go from one array to the other.

    By the chain rule. Off its kinks a loss's adjoint is continuous; that of a loss with kinks is the same on
    all of the interval (see `unfit`).
    """
    loss = witness.problem.model.loss
    first, last = ends
    length = interval[1] - interval[0]
    rates = [divide(b - a, length) for a, b in zip(first.entries, last.entries, strict=True)]
    if loss.has_kinks:
        halves = (divide(a + b, 2) for a, b in zip(first.entries, last.entries, strict=True))
        y_hat = Array(first.shape, tuple(halves))
    y = witness.y.map(middle)
    factor = loss.factor(*y.shape)
    try:
        return exact_narrow(_sum(loss.adjoint(y_hat, y, EXACT, "torch"), rates) * factor)
    except NotClosed:
        adjoint = loss.adjoint(y_hat.map(enclosed), y.map(enclosed), RealFunctions(), "torch")
        return narrow(_sum(adjoint, [enclosed(rate) for rate in rates]) * factor)


def _sum(adjoint: Array[Any], rates: Sequence[Any]) -> Any:
    return sum(g * rate for g, rate in zip(adjoint.entries, rates, strict=True))
