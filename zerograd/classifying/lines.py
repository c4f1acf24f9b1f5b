"""The best fit of data with one input by one hidden layer: exact, by finitely many ways to place kinks.

A hidden unit is φ(u·X) with X = (x, 1) and φ a line through 0 on both sides of 0. The lines u fall into cones
by the signs of u·X at the samples; the rays of a cone are lines that are 0 at a sample. Within a cone
φ(α r + β s) = α φ(r) + β φ(s) at all samples, for α, β ≥ 0. So what units of outgoing weights σ predict is

    ŷ = c + Σᵢ σᵢ (αᵢ φ(rᵢ·X) + βᵢ φ(sᵢ·X)),    σᵢ = ±1, αᵢ, βᵢ ≥ 0

with neighbouring rays rᵢ, sᵢ. The best of these is the projection of y on some of the columns, which may be
chosen to be independent (as in Carathéodory's theorem), with coefficients above 0. There are finitely many
choices of columns; the best of those projections that have such coefficients is the best fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, combinations_with_replacement, pairwise, product
from math import comb
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.rationals import narrowed

MAX_CHOICES = 10_000
"""Choices of columns that are gone through."""

Ray: TypeAlias = tuple[Fraction, Fraction]
"""Weight and bias of a line that is 0 at a sample."""
Face: TypeAlias = tuple[tuple[Ray, ...], int]
"""One or two neighbouring rays, and the sign of the outgoing weight."""
Parameters: TypeAlias = dict[str, Array[Exact]]


def unfit(point: Point[Exact]) -> str | None:
    """Return why the best fit of the data at a point is not found here; None if it is."""
    network = point.model.network
    if network.depth != 2 or network.inputs != 1 or network.outputs != 1:
        return "the network does not have one input, one hidden layer and one output"
    hidden, last = network.layers
    phi = hidden.activation
    if not hidden.bias or not isinstance(phi, PiecewiseLinear) or any(phi.offsets) or any(phi.kinks):
        return "hidden units are not lines through 0 on both sides of 0, with biases"
    if not last.activation.is_linear or not point.model.loss.least_squares:
        return "it is no fit by least squares"
    if not (point.x.kinds | point.y.kinds) <= {int, Fraction}:
        return "the data are not rational"
    distinct = len(set(point.x.entries))
    if distinct < 2:
        return "all inputs are the same"
    if comb(2 * (4 * distinct) + hidden.units, hidden.units) > MAX_CHOICES:
        return "there are too many ways to place the kinks"
    return None


def best_fits(point: Point[Exact]) -> tuple[Fraction, list[Parameters]]:
    """Return the least loss on the data at a point, over a factor, and parameters of all best choices.

    The factor is the one by which the loss is the sum of squares.
    """
    network = point.model.network
    xs = [Fraction(x) for x in point.x.entries]  # type: ignore[arg-type]
    target = fmpq_mat(len(xs), 1, [_q(y) for y in point.y.entries])
    phi: PiecewiseLinear = network.layers[0].activation  # type: ignore[assignment]
    columns = {ray: [_at(phi, w * x + b) for x in xs] for ray in _rays(xs) for w, b in [ray]}
    faces = [(rays, sign) for rays in _faces(xs) for sign in (1, -1) if all(any(columns[r]) for r in rays)]
    last_bias = network.layers[1].bias
    best: Fraction | None = None
    found: list[tuple[tuple[Face, ...], list[Fraction]]] = []
    for units in combinations_with_replacement([None, *faces], network.layers[0].units):
        used = [face for face in units if face is not None]
        rays = [(ray, sign) for rays, sign in used for ray in rays]
        if len(set(rays)) < len(rays):
            continue
        ones = [[Fraction(1)] * len(xs)] if last_bias else []
        solved = _projection([*ones, *([sign * v for v in columns[ray]] for ray, sign in rays)], target)
        if solved is None:
            continue
        coefficients, left = solved
        if any(c <= 0 for c in coefficients[last_bias:]) or (best is not None and left > best):
            continue
        if best is None or left < best:
            best, found = left, []
        found.append((tuple(used), coefficients))
    if best is None:
        best = sum((_fraction(_q(y)) ** 2 for y in point.y.entries), Fraction(0))
        found = [((), [])]
    made = chain.from_iterable(_parameters(point, faces, c, last_bias=last_bias) for faces, c in found)
    return best, list(made)


def _q(value: object) -> fmpq:
    return fmpq(*Fraction(value).as_integer_ratio())  # type: ignore[call-overload]


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _at(phi: PiecewiseLinear, z: Fraction) -> Fraction:
    return Fraction(phi.slopes[0 if z < 0 else -1]) * z


def _rays(xs: Sequence[Fraction]) -> list[Ray]:
    kinks = sorted(set(xs))
    one = Fraction(1)
    return [*((one, -x) for x in kinks), *((-one, x) for x in kinks)]


def _faces(xs: Sequence[Fraction]) -> Iterator[tuple[Ray, ...]]:
    """The rays, and the pairs of neighbours among them."""
    rays = _rays(xs)
    half = len(rays) // 2
    yield from ((ray,) for ray in rays)
    right, left = rays[:half], rays[half:]
    for side in (right, left):
        yield from pairwise(side)
    yield right[0], left[-1]  # lines above 0 at all samples
    yield right[-1], left[0]  # below


def _projection(
    columns: Sequence[Sequence[Fraction]], target: fmpq_mat
) -> tuple[list[Fraction], Fraction] | None:
    """The coefficients of the projection on independent columns, and the sum of squares that is left."""
    if not columns:
        return None
    matrix = fmpq_mat([[*map(_q, column)] for column in columns])  # a row for each
    try:
        solution = (matrix * matrix.transpose()).solve(matrix * target)
    except ZeroDivisionError:
        return None
    rest = matrix.transpose() * solution - target
    left = (rest.transpose() * rest)[0, 0]
    return [_fraction(solution[n, 0]) for n in range(len(columns))], _fraction(left)


def _parameters(
    point: Point[Exact], faces: Sequence[Face], coefficients: Sequence[Fraction], *, last_bias: bool
) -> Iterator[Parameters]:
    """Parameters that predict it, with each unit scaled in two ways."""
    shapes, units = point.model.network.shapes, point.model.network.layers[0].units
    rest = iter(coefficients[last_bias:])
    lines = []
    for rays, sign in faces:
        weights = [next(rest) for _ in rays]
        w = sum((c * ray[0] for c, ray in zip(weights, rays, strict=True)), Fraction(0))
        b = sum((c * ray[1] for c, ray in zip(weights, rays, strict=True)), Fraction(0))
        ways = [(w, b, Fraction(sign))]
        ways += [(w / s, b / s, sign * s) for s in {abs(w), abs(b)} - {0, 1}]
        lines.append(ways)
    lines += [[(Fraction(0), Fraction(0), Fraction(0))]] * (units - len(lines))
    for chosen in product(*lines):
        values = {"w1": [w for w, _, _ in chosen], "b1": [b for _, b, _ in chosen]}
        values |= {"w2": [v for _, _, v in chosen], "b2": [*coefficients[:1]] or [Fraction(0)]}
        yield {name: Array(shape, tuple(map(narrowed, values[name]))) for name, shape in shapes.items()}
