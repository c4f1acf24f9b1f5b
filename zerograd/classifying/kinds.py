"""The kind of a point, with evidence that the core accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from zerograd.classifying.steep import joint_proof, steepest
from zerograd.classifying.units import Down, is_rational, narrow, unit_proof
from zerograd.core.errors import Refused
from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import NoSlopeYet
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.points.curves import Curve, check_change
from zerograd.core.points.kinds import (
    Best,
    BestFunction,
    Evidence,
    Level,
    PointKind,
    Rescaled,
    SecondOrder,
    check_kind,
    is_critical,
    unscalable,
)
from zerograd.core.points.minimum import (
    MinimumProof,
    Sides,
    UnitProof,
    adjoint_with,
    is_best,
    is_best_function,
)
from zerograd.core.points.second_order import Expansion, kernel, second_order

MAX_PARAMETERS = 60
"""Entries of parameters of which second derivatives are taken."""
MAX_TRIES = 80
"""Parameters that are moved alone, to see whether the loss stays, or rises."""
HALVINGS = 24

Step: TypeAlias = dict[str, Array[Exact]]
Undecided = (Refused, ArithmeticError)


def kind_of(point: Point[Exact]) -> PointKind:
    """Return of what kind a point is, as far as it is decided.

    Raises:
        TooMuchWork: inside a budget.
    """
    evidence = _decided(point)
    if evidence.minimum is not None:
        level = _level(point)
        evidence = replace(evidence, level=level)
        if level is None and _is_strict(point):
            evidence = replace(evidence, minimum=SecondOrder())
    if evidence.falls is not None and _is_critical(point):
        evidence = replace(evidence, rises=_rises(point, evidence.falls))
    return PointKind(check_kind(point, evidence), evidence)


def _is_strict(point: Point[Exact]) -> bool:
    """Whether second derivatives show that nearby the loss is higher everywhere."""
    if point.model.network.parameter_count > MAX_PARAMETERS:
        return False
    try:
        return second_order(point) == "strict"
    except Undecided:
        return False


def _is_critical(point: Point[Exact]) -> bool:
    try:
        return is_critical(point)
    except ArithmeticError:
        return False


def _decided(point: Point[Exact]) -> Evidence:
    """A proof that it is a local minimum, or a way down; else why there is neither."""
    reasons: list[str] = []
    ways: tuple[Callable[[Point[Exact]], Evidence | str], ...]
    ways = (_best, _one_layer, _gradient, _curvature, _best_function)
    for way in ways:
        try:
            found = way(point)
        except Undecided as error:
            found = str(error)
        except (OnKink, NoSlopeYet) as error:
            found = str(error)
        if isinstance(found, Evidence):
            return found
        if found:
            reasons.append(found)
    return Evidence(reason="; ".join(dict.fromkeys(reasons)))


def _best(point: Point[Exact]) -> Evidence | str:
    return Evidence(minimum=Best()) if is_best(point) else ""


def _best_function(point: Point[Exact]) -> Evidence | str:
    return Evidence(minimum=BestFunction()) if is_best_function(point) else ""


def _one_layer(point: Point[Exact]) -> Evidence | str:
    """The theorem on one hidden layer."""
    if point.model.network.depth > 2:
        return "the network has several hidden layers"
    try:
        adjoint = adjoint_with(point, {})
    except Refused as refused:
        proof, why = joint_proof(point) if point.model.loss.inner.convex else (None, "")
        if proof is not None:
            return Evidence(minimum=proof)
        down = steepest(point)
        if down is not None and _falls(point, down):
            return Evidence(falls=down)
        return why or str(refused)
    sides = Sides(point, adjoint)
    gradient = {(name, index): value for name, index, value in sides.last_gradient() if sign(value)}
    if gradient:
        line = _line(point, {place: -value for place, value in gradient.items()})
        if _falls(point, line):
            return Evidence(falls=line)
        return "the last layer's gradient is not 0, and the loss is not seen to fall"
    proofs: dict[int, UnitProof] = {}
    open_units = []
    for unit in range(sides.units):
        found = unit_proof(sides, unit)
        if isinstance(found, UnitProof):
            proofs[unit] = found
            continue
        if isinstance(found, Down):
            for curve in _ways_down(point, sides, found):
                if _falls(point, curve):
                    return Evidence(falls=curve)
        open_units.append(unit)
    if open_units:
        shown = ", ".join(map(str, open_units))
        return f"what moves of unit {shown} of layer 1 do is not decided at first order"
    return Evidence(minimum=MinimumProof({u: p for u, p in proofs.items() if p != UnitProof()}))


def _ways_down(point: Point[Exact], sides: Sides, down: Down) -> Iterator[Curve]:
    """Curves along which the loss should fall."""
    incoming: dict[tuple[str, Index], Exact] = {}
    width = point.x.shape[1]
    for j, value in enumerate(down.move):
        incoming[("w1", (down.unit, j)) if j < width else ("b1", (down.unit,))] = value
    if not sides.hidden:
        yield _line(point, incoming)
        return
    before = sides.outgoing(down.unit)
    outgoing: dict[tuple[str, Index], Exact] = {
        ("w2", (k, down.unit)): w - v for k, (w, v) in enumerate(zip(down.outgoing, before, strict=True))
    }
    if not any(map(sign, outgoing.values())):
        yield _line(point, incoming)
        return
    if point.model.loss.is_rational:
        for power in range(HALVINGS):
            share = Fraction(1, 2**power)
            yield _line(point, incoming | {place: value * share for place, value in outgoing.items()})
    yield Curve((*_line(point, incoming).steps, *_line(point, outgoing).steps))


def _gradient(point: Point[Exact]) -> Evidence | str:
    """Against the gradient."""
    direction = {
        (name, index): -value
        for name in point.parameters
        for index, value in point.gradients[name].items()
        if sign(value)
    }
    if direction:
        line = _line(point, direction)
        if _falls(point, line):
            return Evidence(falls=line)
    return ""


def _curvature(point: Point[Exact]) -> Evidence | str:
    """Second derivatives."""
    if point.model.network.parameter_count > MAX_PARAMETERS:
        return f"second derivatives of more than {MAX_PARAMETERS} parameters are not taken"
    expansion = Expansion(point)
    if not expansion.is_critical:
        return "the gradient is not 0, and the loss is not seen to fall"
    _, down = expansion.form
    if down is not None:
        line = expansion.line(dict(zip(expansion.places, down, strict=True)))
        if _falls(point, line):
            return Evidence(falls=line)
    try:
        second_order(point)
    except Refused:
        return "second derivatives leave it open"
    return Evidence(minimum=SecondOrder())


def _falls(point: Point[Exact], curve: Curve) -> bool:
    return _changes(point, curve, -1)


def _changes(point: Point[Exact], curve: Curve, wanted: int) -> bool:
    try:
        check_change(point, curve, wanted, "")
    except Refused:
        return False
    return True


def _line(point: Point[Exact], direction: Mapping[tuple[str, Index], Exact]) -> Curve:
    """The line in a direction."""
    step: Step = {}
    for name, array in point.parameters.items():
        if any(place[0] == name for place in direction):
            step[name] = Array(
                array.shape, tuple(direction.get((name, index), 0) for index, _ in array.items())
            )
    return Curve((step,))


def _level(point: Point[Exact]) -> Level | None:
    """Where the loss stays, if it is seen."""
    network = point.model.network
    for number, layer in enumerate(network.layers[:-1], start=1):
        for unit in range(layer.units):
            scaled = Rescaled(number, unit)
            if unscalable(point, scaled) is None:
                return scaled
    for curve in (*_dependent(point), *_coordinates(point)):
        if _changes(point, curve, 0):
            return curve
    return None


def _dependent(point: Point[Exact]) -> Iterator[Curve]:
    """Moves of the last layer that no prediction sees."""
    last = point.model.network.depth
    phi = point.model.network.layers[-1].activation
    if not isinstance(phi, PiecewiseLinear) or point.model.network.parameter_count > MAX_PARAMETERS:
        return
    below = point.forward.a[last - 2].rows() if last > 1 else point.x.rows()
    if not all(map(is_rational, below)):
        return
    bias = point.model.network.layers[-1].bias
    rows = [[*map(_fraction, row), *([Fraction(1)] if bias else [])] for row in below]
    width = len(rows[0])
    for vector in kernel(rows, width)[:1]:
        places = [
            *((f"w{last}", (0, j)) for j in range(width - bias)),
            *([(f"b{last}", (0,))] if bias else []),
        ]
        yield _line(point, {place: narrow(value) for place, value in zip(places, vector, strict=True)})


def _fraction(value: Exact) -> Fraction:
    return Fraction(value)  # type: ignore[arg-type]


def _coordinates(point: Point[Exact], names: Sequence[str] | None = None) -> Iterator[Curve]:
    """One parameter after another, both ways."""
    places = [
        (name, index) for name in names or point.parameters for index, _ in point.parameters[name].items()
    ]
    for place in places[:MAX_TRIES]:
        for value in (1, -1):
            yield _line(point, {place: value})


def _rises(point: Point[Exact], falls: Curve) -> Curve | None:
    """A way up, if one is seen."""
    last = point.model.network.depth
    names = [name for name in (f"b{last}", f"w{last}") if name in point.parameters]
    for curve in (*_coordinates(point, names), falls.back):
        if _changes(point, curve, 1):
            return curve
    return None
