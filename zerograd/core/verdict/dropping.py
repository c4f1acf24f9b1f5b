"""Gradient entries that are 0 because others are: identities between the gradients of one network.

They hold at every point of a box, so that equations which they imply can be dropped. Each is verified
here, exactly or by enclosures; what is not known to hold is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

from zerograd.core.errors import FormatError, short
from zerograd.core.model.point import Point
from zerograd.core.model.references import Reference, entry, parse_reference
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.real import Real, compare, sign
from zerograd.core.numbers.work import spend, spend_on
from zerograd.core.refuting.homogeneity import identities

Place = tuple[str, Index]
Identity = Literal["outputs", "homogeneity", "inputs"]
IDENTITIES: tuple[Identity, ...] = get_args(Identity)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A gradient entry that others imply.

    Attributes:
        entry: its name and full index.
        identity: by which they do:
            ``outputs``: the adjoints of each sample sum to 0 over the outputs, as those of the cross entropy
            do, so the gradients of the last layer's weights (or biases) sum to 0 over the outputs;
            ``homogeneity``: Σ w·∂L/∂w over what comes into ``unit`` is that over what goes out of it
            (`zerograd.core.refuting.homogeneity`);
            ``inputs``: what the entry's weight (a bias: 1) is multiplied with is, over all samples, a linear
            combination of what others of the same unit are multiplied with. Values of an activation at one
            exact number count as equal, whatever they are.
        unit: (layer from 1, unit) of homogeneity.
    """

    entry: Reference
    identity: Identity
    unit: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.identity not in IDENTITIES:
            raise FormatError(f"dropped: {short(self.identity)} is none of {', '.join(IDENTITIES)}")
        if (self.unit is not None) != (self.identity == "homogeneity"):
            raise FormatError("dropped: homogeneity, and nothing else, names a unit")

    def __str__(self) -> str:
        unit = "" if self.unit is None else f" of unit {self.unit[1]} of layer {self.unit[0]}"
        return f"{self.entry} ({self.identity}{unit})"

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"entry": str(self.entry), "identity": self.identity}
        return data if self.unit is None else data | {"unit": list(self.unit)}


def dropped_from_json(data: object) -> Dropped:
    """Raises FormatError."""
    keys = set(data) if isinstance(data, Mapping) else set()
    if not isinstance(data, Mapping) or not {"entry", "identity"} <= keys <= {"entry", "identity", "unit"}:
        raise FormatError(f"dropped: expected objects with entry and identity, found {short(data)}")
    unit = data.get("unit")
    if unit is not None:
        if not (isinstance(unit, list) and len(unit) == 2 and all(type(n) is int for n in unit)):
            raise FormatError(f"dropped: a unit is [layer, number], found {short(unit)}")
        unit = unit[0], unit[1]
    if not isinstance(data["entry"], str):
        raise FormatError(f"dropped: an entry is a text, found {short(data['entry'])}")
    try:
        reference = parse_reference(data["entry"])
    except ValueError as error:
        raise FormatError(f"dropped: {error}") from None
    return Dropped(reference, data["identity"], unit)


def fault(dropped: Dropped, zeros: Collection[Place], point: Point[Real]) -> str | None:
    """Return why an identity does not make an entry 0; None if it does.

    Args:
        zeros: gradient entries that are 0.
        point: enclosures of the point at which they are.
    """
    if dropped.entry.index is None:
        return "it is no single entry"
    place = dropped.entry.name, dropped.entry.index
    match dropped.identity:
        case "outputs":
            return _outputs(place, zeros, point)
        case "homogeneity":
            return _homogeneity(place, dropped.unit, zeros, point)
        case "inputs":
            return _inputs(place, zeros, point)


def _outputs(place: Place, zeros: Collection[Place], point: Point[Real]) -> str | None:
    network = point.model.network
    name, index = place
    if name not in (f"w{network.depth}", f"b{network.depth}"):
        return "it is no weight or bias of the last layer"
    if not network.layers[-1].activation.is_linear:
        return "the last layer is not linear"
    if not _balanced(point):
        return f"the adjoints of {point.model.loss.words} are not known to sum to 0 over the outputs"
    spend(4 * len(point.y.entries))
    others = [(name, (k, *index[1:])) for k in range(network.outputs) if k != index[0]]
    return _missing(others, zeros)


def _balanced(point: Point[Real]) -> bool:
    """Whether the adjoints of each sample are known to sum to 0."""
    loss = point.model.loss
    return loss.is_balanced and all(compare(sum(row), 1) == 0 for row in point.y.rows())


def _homogeneity(
    place: Place, unit: tuple[int, int] | None, zeros: Collection[Place], point: Point[Real]
) -> str | None:
    spend(point.model.network.parameter_count)
    around = next(([*left, *right] for u, left, right in identities(point.model.network) if u == unit), None)
    if around is None:
        return "there is no such homogeneous hidden unit"
    if place not in around:
        return "it is no weight or bias of that unit"
    if sign(_value(point, place)) in (0, None):
        return f"{entry(*place)}, its factor, may be 0"
    return _missing([other for other in around if other != place and sign(_value(point, other)) != 0], zeros)


def _inputs(place: Place, zeros: Collection[Place], point: Point[Real]) -> str | None:
    name, index = place
    if name == "x":
        return "it is no parameter"
    layer = int(name[1:])
    spend(4 * point.x.shape[0] * (point.model.network.widths[layer - 1] + 1))
    below = _symbols(point, layer - 1)
    arriving = point.adjoints[layer - 1].delta.rows()
    # Samples that let nothing back to this unit play no part.
    rows = [row for row, delta in zip(below, arriving, strict=True) if sign(delta[index[0]]) != 0]
    columns: dict[Place, list[_Symbol | None]] = {
        (f"w{layer}", (index[0], d)): [row[d] for row in rows] for d in range(len(below[0]))
    }
    columns[f"b{layer}", (index[0],)] = [(_ONE, 1)] * len(rows)
    column = columns.pop(place)
    known = [other for place, other in columns.items() if place in zeros and None not in other]
    if None in column:
        return "what it is multiplied with is not exact"
    # Symbols of one sample are taken for independent numbers: what holds then does so whatever they are.
    axes = [*dict.fromkeys((m, value[0]) for c in (column, *known) for m, value in enumerate(c) if value)]
    target, *others = ([_along(c, axis) for axis in axes] for c in (column, *known))
    if not in_span(target, others):
        return "what it is multiplied with is no combination of what others are multiplied with"
    return None


_Symbol = tuple[object, int | Fraction]
"""What a number is a multiple of, and how many times: an exact number is one of 1."""
_ONE = "1"


def _symbols(point: Point[Real], layer: int) -> list[list[_Symbol | None]]:
    """What the activations of a layer (of layer 0: the inputs) are exactly; None where that is not known.

    Enclosed values of one function at one exact number are equal.
    """
    if not layer:
        return [[_symbol(value, None) for value in row] for row in point.x.rows()]
    pairs = zip(point.forward.z[layer - 1].rows(), point.forward.a[layer - 1].rows(), strict=True)
    return [[_symbol(a, z) for z, a in zip(*rows, strict=True)] for rows in pairs]


def _symbol(value: Real, argument: Real | None) -> _Symbol | None:
    if isinstance(value, int | Fraction):
        return _ONE, value
    return (argument, 1) if isinstance(argument, int | Fraction) else None


def _along(column: Sequence[_Symbol | None], axis: tuple[int, object]) -> int | Fraction:
    value = column[axis[0]]
    return value[1] if value is not None and value[0] == axis[1] else 0


def _missing(places: Sequence[Place], zeros: Collection[Place]) -> str | None:
    missing = next((place for place in places if place not in zeros), None)
    return None if missing is None else f"∂L/∂{entry(*missing)} is not known to be 0"


def _value(point: Point[Real], place: Place) -> Real:
    return point.variables[place[0]][place[1]]


def in_span(column: Sequence[int | Fraction], columns: Sequence[Sequence[int | Fraction]]) -> bool:
    """Whether a vector of rationals is a linear combination of others."""
    basis: list[tuple[int, list[Fraction]]] = []
    spend_on((*column, *(v for c in columns for v in c)))
    for vector in columns:
        rest = _reduced(vector, basis)
        pivot = next((i for i, v in enumerate(rest) if v), None)
        if pivot is not None:
            basis.append((pivot, [v / rest[pivot] for v in rest]))
    return not any(_reduced(column, basis))


def _reduced(vector: Sequence[int | Fraction], basis: Sequence[tuple[int, list[Fraction]]]) -> list[Fraction]:
    rest = [Fraction(v) for v in vector]
    for pivot, row in basis:
        if times := rest[pivot]:
            spend_on(rest)
            rest = [v - times * w for v, w in zip(rest, row, strict=True)]
    return rest
