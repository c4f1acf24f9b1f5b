"""Points at which the loss is on a kink: adjoints and multipliers by one linear program, or a way down.

The loss has no derivative there, but adjoints from one number to another at each prediction on a kink. What
has to hold (`zerograd.core.points.minimum`) is linear in these and in the multipliers together.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice, product

from zerograd.classifying.linear import Program
from zerograd.classifying.units import RADII, is_rational, narrow
from zerograd.core.errors import Refused
from zerograd.core.model.activations import PiecewiseLinear, piecewise
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.points.curves import Curve, growing
from zerograd.core.points.minimum import MinimumProof, Sides, Terms, UnitProof

MAX_PATTERNS = 64
"""Choices of sides at the kinks of units that are tried."""
MAX_KNOWN = 6
"""Samples of one unit whose signs are all tried."""
Row = dict[str, Fraction | int]


def loss_kinks(point: Point[Exact]) -> dict[Index, tuple[Exact, Exact]]:
    """The least and the greatest adjoint of each prediction that is on a kink of the loss."""
    loss = growing(point)
    sides = (loss.adjoint(point.forward.y_hat, point.y, EXACT, side) for side in ("left", "right"))
    left, right = sides
    pairs = zip(left.items(), right.entries, strict=True)
    return {index: (low, high) for (index, low), high in pairs if compare(low, high) != 0}


class _Affine:
    """What is affine in the adjoints of predictions on kinks: `Sides` for each of them, and without."""

    def __init__(self, point: Point[Exact], kinks: Mapping[Index, tuple[Exact, Exact]]) -> None:
        left = growing(point).adjoint(point.forward.y_hat, point.y, EXACT, "left")
        fixed = Array(left.shape, tuple(0 if index in kinks else g for index, g in left.items()))
        self.constant = Sides(point, fixed)
        self.kinks = kinks
        self.single = {
            name_of(index): Sides(point, Array(left.shape, tuple(int(at == index) for at, _ in left.items())))
            for index in kinks
        }

    def last_gradient(self) -> list[Row]:
        rows: list[Row] = [{"": _plain(value)} for _, _, value in self.constant.last_gradient()]
        for name, sides in self.single.items():
            for row, (_, _, value) in zip(rows, sides.last_gradient(), strict=True):
                row[name] = _plain(value)
        return rows

    def terms(self, unit: int, corner: tuple[Exact, ...]) -> tuple[list[Row], dict[int, Row], Terms]:
        """c and κ as forms, and the terms without the unknown adjoints."""
        start = self.constant.terms(unit, corner)
        linear: list[Row] = [{"": _plain(value)} for value in start.linear]
        kinked: dict[int, Row] = {m: {"": _plain(kappa)} for m, kappa in start.kinked.items()}
        for name, sides in self.single.items():
            terms = sides.terms(unit, corner)
            for row, value in zip(linear, terms.linear, strict=True):
                row[name] = _plain(value)
            for m, kappa in terms.kinked.items():
                kinked.setdefault(m, {"": 0})[name] = _plain(kappa)
        return linear, kinked, start


def _rational_point(point: Point[Exact]) -> bool:
    arrays = (point.x, point.y, *point.parameters.values())
    return is_rational([value for array in arrays for value in array.entries])


def name_of(index: Index) -> str:
    return "g" + "_".join(map(str, index))


def joint_proof(point: Point[Exact]) -> tuple[MinimumProof | None, str]:
    """Return adjoints and multipliers that show a local minimum, or why there are none."""
    if not is_rational(
        [v for array in (point.x, point.y, *point.parameters.values()) for v in array.entries]
    ):
        return None, "the point is not rational"
    kinks = loss_kinks(point)
    if not kinks:
        return None, ""
    affine = _Affine(point, kinks)
    for radius in RADII:
        proof = _proof(affine, radius)
        if proof is not None:
            return proof, ""
    return None, "no adjoints at the kinks of the loss, with multipliers, show a minimum"


def _proof(affine: _Affine, radius: Fraction) -> MinimumProof | None:
    program = Program()
    for index, (low, high) in affine.kinks.items():
        program.require({name_of(index): 1, "": -_plain(low)}, ">=")
        program.require({name_of(index): -1, "": _plain(high)}, ">=")
    for row in affine.last_gradient():
        program.require(row, "=")
    sides = affine.constant
    shapes: dict[int, list[list[list[int]]]] = {}
    for unit in range(sides.units):
        shapes[unit] = []
        for number, corner in enumerate(sides.corners(unit, radius)):
            linear, kinked, start = affine.terms(unit, corner)
            # Where an adjoint is unknown, κ is taken to be no less than 0.
            concave = [m for m in start.concave if set(kinked[m]) == {""}]
            convex = [m for m in kinked if m not in concave]
            if len(concave) > MAX_KNOWN:
                return None
            cases = []
            for case, signs in enumerate(product((-1, 1), repeat=len(concave))):
                cases.append(convex)
                names = {m: f"u{unit}_{number}_{case}_{m}" for m in convex}
                for m, name in names.items():
                    program.require(kinked[m] | {name: 1}, ">=")
                    program.require(kinked[m] | {name: -1}, ">=")
                for j, row in enumerate(linear):
                    inputs = start.inputs
                    shift = sum(
                        kinked[m][""] * s * _plain(inputs[m][j]) for m, s in zip(concave, signs, strict=True)
                    )
                    form = row | {"": row[""] + shift}
                    program.require(form | {name: _plain(inputs[m][j]) for m, name in names.items()}, "=")
            shapes[unit].append(cases)
    found = program.solution()
    if found is None:
        return None
    adjoints = {index: narrow(found.get(name_of(index), Fraction(0))) for index in affine.kinks}
    units = {}
    for unit, corners in shapes.items():
        multipliers = tuple(
            tuple(
                {m: narrow(value) for m in convex if (value := found[f"u{unit}_{number}_{case}_{m}"])}
                for case, convex in enumerate(cases)
            )
            for number, cases in enumerate(corners)
        )
        if any(case for cases in multipliers for case in cases):
            units[unit] = UnitProof(radius, multipliers)
    return MinimumProof(units, adjoints)


def steepest(point: Point[Exact]) -> Curve | None:
    """A direction in which the loss falls at first order, at kinks of units and of the loss alike."""
    network = point.model.network
    if network.depth > 2 or not _rational_point(point):
        return None
    if not isinstance(network.layers[0].activation, PiecewiseLinear):
        return None
    try:
        kinks = loss_kinks(point)
        places = list(_patterns(point))
    except (Refused, ArithmeticError):
        return None
    for pattern in islice(product((0, 1), repeat=len(places)), MAX_PATTERNS):
        found = _down(point, kinks, dict(zip(places, pattern, strict=True)))
        if found is not None:
            return found
    return None


def _patterns(point: Point[Exact]) -> list[tuple[int, int]]:
    """(sample, unit) of each pre-activation of the first layer that is on a kink."""
    phi = piecewise(point.model.network.layers[0].activation)
    if not phi.has_kinks:
        return []
    return [(m, i) for (m, i), value in point.forward.z[0].items() if phi.locate(value)[1]]


def _down(
    point: Point[Exact], kinks: Mapping[Index, tuple[Exact, Exact]], right: Mapping[tuple[int, int], int]
) -> Curve | None:
    network = point.model.network
    phi = piecewise(network.layers[0].activation)
    first_bias = network.layers[0].bias
    program = Program()
    adjoint = growing(point).adjoint(point.forward.y_hat, point.y, EXACT, "left")
    total: Row = {"": -1}
    for m, row in enumerate(point.x.rows()):
        moved = []
        for i in range(network.layers[0].units):
            value = point.forward.z[0][m, i]
            piece, on_kink = phi.locate(value)
            form: Row = {f"w1_{i}_{j}": _plain(x) for j, x in enumerate(row)}
            if first_bias:
                form[f"b1_{i}"] = 1
            if on_kink:
                side = right[m, i]
                program.require({name: c * (1 if side else -1) for name, c in form.items()}, ">=")
                piece += side
            slope = phi.pieces[piece].slope
            moved.append({name: c * slope for name, c in form.items()})
        for k in range(network.outputs):
            change = moved[k] if network.depth == 1 else _through(point, m, k, moved)
            g = adjoint[m, k]
            if (m, k) not in kinks:
                for name, c in change.items():
                    total[name] = total.get(name, 0) - _plain(g) * c
                continue
            name = f"t{m}_{k}"
            total[name] = -1
            for end in kinks[m, k]:
                program.require({name: 1} | {n: -_plain(end) * c for n, c in change.items()}, ">=")
    program.require(total, "=")
    found = program.solution()
    if found is None:
        return None
    step: dict[str, Array[Exact]] = {}
    for name, array in point.parameters.items():
        values = (found.get("_".join(map(str, (name, *index))), Fraction(0)) for index, _ in array.items())
        step[name] = Array(array.shape, tuple(map(narrow, values)))
    return Curve((step,))


def _through(point: Point[Exact], m: int, k: int, moved: list[Row]) -> Row:
    """The change of a pre-activation of a linear last layer, by those of the hidden units."""
    result: Row = {}
    for i, form in enumerate(moved):
        v = _plain(point.parameters["w2"][k, i])
        for name, c in form.items():
            result[name] = v * c
        result[f"w2_{k}_{i}"] = _plain(point.forward.a[0][m, i])
    if point.model.network.layers[1].bias:
        result[f"b2_{k}"] = 1
    phi = piecewise(point.model.network.layers[1].activation)
    piece, on_kink = phi.locate(point.forward.z[1][m, k])
    if on_kink:
        raise ArithmeticError("the last layer is on a kink")
    slope = phi.pieces[piece].slope
    return {name: c * slope for name, c in result.items()}


def _plain(value: Exact) -> int | Fraction:
    return value if isinstance(value, int | Fraction) else Fraction(0)
