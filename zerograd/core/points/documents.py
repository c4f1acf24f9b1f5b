"""Kinds of points as JSON, with their evidence (docs/FORMATS.md)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.model.network import Network
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact, exact_from_json, exact_to_json, format_exact
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.rationals import rational_from_json, rational_text
from zerograd.core.numbers.work import spend
from zerograd.core.points.curves import Curve, array_from_lists, arrays_to_lists, change, curve_from_json
from zerograd.core.points.kinds import (
    Best,
    BestFunction,
    Evidence,
    Kind,
    Level,
    PointKind,
    Proof,
    Rescaled,
    SecondOrder,
)
from zerograd.core.points.lowest import Bound, Lowest
from zerograd.core.points.minimum import MinimumProof, Multipliers, UnitProof
from zerograd.core.points.patterns import Vector

_KEYS = ("kind", "minimum", "level", "falls", "rises", "reason", "better")
_LONGEST = 10_000


def kind_to_json(point: Point[Exact], found: PointKind) -> dict[str, Any]:
    """The kind of a point and what shows it."""
    kind, evidence = found.kind, found.evidence
    data: dict[str, Any] = {"kind": str(kind)}
    if evidence.minimum is not None:
        data["minimum"] = proof_to_json(evidence.minimum)
    match evidence.level:
        case Curve() as curve:
            data["level"] = {"curve": curve.to_json()}
        case Rescaled(layer, unit):
            data["level"] = {"layer": layer, "unit": unit}
    for name, moved in (("falls", evidence.falls), ("rises", evidence.rises)):
        if moved is not None:
            data[name] = _moved_to_json(point, moved)
    if evidence.better is not None:
        data["better"] = arrays_to_lists(evidence.better)
    if evidence.reason:
        data["reason"] = evidence.reason
    return data


def _moved_to_json(point: Point[Exact], curve: Curve) -> dict[str, Any]:
    data: dict[str, Any] = {"curve": curve.to_json()}
    with suppress(ArithmeticError):  # of other losses the sign alone is known
        data["change"] = [exact_to_json(c) for c in change(point, curve).coefficients]
    return data


def proof_to_json(proof: Proof) -> dict[str, Any]:
    """Why a point is a minimum."""
    match proof:
        case Best():
            return {"by": "best predictions"}
        case BestFunction():
            return {"by": "best function"}
        case SecondOrder():
            return {"by": "second derivatives"}
        case Lowest(undivided, bounds):
            return {
                "by": "least loss",
                "undivided": {prefix: _texts(weights) for prefix, weights in undivided.items()},
                "bounds": [
                    {"direction": _texts(each.direction)}
                    | {
                        name: {pattern: _texts(row) for pattern, row in cones.items()}
                        for name, cones in (("positive", each.positive), ("negative", each.negative))
                        if cones
                    }
                    for each in bounds
                ],
            }
        case MinimumProof(units, adjoints):
            data: dict[str, Any] = {"by": "multipliers"}
            if units:
                data["units"] = {
                    str(unit): {
                        "radius": exact_to_json(each.radius),
                        "multipliers": [
                            [{str(m): exact_to_json(mu) for m, mu in case.items()} for case in cases]
                            for cases in each.multipliers
                        ],
                    }
                    for unit, each in sorted(units.items())
                }
            if adjoints:
                data["adjoints"] = {
                    f"y_hat[{m},{k}]": exact_to_json(g) for (m, k), g in sorted(adjoints.items())
                }
            return data


def check_kind_document(point: Point[Exact], data: object, field: NumberField | None = None) -> PointKind:
    """Check what a document says of a point's kind.

    Returns:
        The kind, accepted.

    Raises:
        FormatError: it is not of the documented form.
        Refused: its evidence does not show it, or the loss changes otherwise along a curve.
    """
    found = kind_from_json(point.model.network, data, field)
    found.check(point)
    evidence = found.evidence
    for name, curve in (("falls", evidence.falls), ("rises", evidence.rises)):
        claimed = data[name].get("change") if curve is not None else None  # type: ignore[index]
        if curve is None or claimed is None:
            continue
        try:
            computed = [*change(point, curve).coefficients]
        except ArithmeticError as error:
            raise Refused([Violation(f"{name}.change", f"none: {error}", short(claimed))]) from None
        told = [exact_from_json(c, field) for c in _list(claimed, f"{name}.change")]
        if told != computed:
            wanted = ", ".join(map(format_exact, computed))
            raise Refused([Violation(f"{name}.change", wanted, ", ".join(map(format_exact, told)))])
    return found


def kind_from_json(network: Network, data: object, field: NumberField | None = None) -> PointKind:
    """Read a kind and its evidence; nothing of it is checked. Raises FormatError."""
    said = _object(data, "kind", set(_KEYS))
    try:
        kind = Kind(said.get("kind"))  # type: ignore[arg-type]
    except ValueError:
        raise FormatError(
            f"kind: expected one of {', '.join(Kind)}, found {short(said.get('kind'))}"
        ) from None
    curves = {}
    for name in ("falls", "rises"):
        if name in said:
            moved = _object(said[name], name, {"curve", "change"})
            curves[name] = curve_from_json(network, moved.get("curve"), field)
    reason = said.get("reason", "")
    if not isinstance(reason, str) or len(reason) > _LONGEST:
        raise FormatError(f"kind.reason: expected a text, found {short(reason)}")
    minimum = proof_from_json(said["minimum"], field) if "minimum" in said else None
    level = _level(network, said["level"], field) if "level" in said else None
    better = parameters_from_json(network, said["better"], field) if "better" in said else None
    evidence = Evidence(minimum, level, curves.get("falls"), curves.get("rises"), reason, better)
    return PointKind(kind, evidence)


def _level(network: Network, data: object, field: NumberField | None) -> Level:
    said = _object(data, "level", {"curve", "layer", "unit"})
    if "curve" in said:
        return curve_from_json(network, said["curve"], field)
    return Rescaled(_whole(said.get("layer"), "level.layer"), _whole(said.get("unit"), "level.unit"))


def proof_from_json(data: object, field: NumberField | None = None) -> Proof:
    """Read why a point is a minimum; nothing of it is checked. Raises FormatError."""
    said = _object(data, "minimum", {"by", "units", "adjoints", "undivided", "bounds"})
    match said.get("by"):
        case "least loss":
            bounds = _list(said.get("bounds"), "bounds")
            return Lowest(_rows(said.get("undivided"), "undivided"), tuple(map(_bound, bounds)))
        case "best predictions":
            return Best()
        case "best function":
            return BestFunction()
        case "second derivatives":
            return SecondOrder()
        case "multipliers":
            units = {
                _number(unit): _unit(each, field)
                for unit, each in _object(said.get("units", {}), "units", None).items()
            }
            adjoints: dict[Index, Exact] = {
                _place(place): exact_from_json(value, field)
                for place, value in _object(said.get("adjoints", {}), "adjoints", None).items()
            }
            return MinimumProof(units, adjoints)
    raise FormatError(f"minimum.by: found {short(said.get('by'))}")


def parameters_from_json(
    network: Network, data: object, field: NumberField | None = None
) -> Mapping[str, Array[Exact]]:
    """Read parameters by name, those that are there. Raises FormatError."""
    said = _object(data, "better", set(network.shapes))
    return {
        name: array_from_lists(said[name], shape, field)
        for name, shape in network.shapes.items()
        if name in said
    }


def _bound(data: object) -> Bound:
    said = _object(data, "bounds", {"direction", "positive", "negative"})
    cones = (_rows(said.get(name, {}), name) for name in ("positive", "negative"))
    return Bound(_vector(said.get("direction"), "direction"), *cones)


def _rows(data: object, place: str) -> Mapping[str, Vector]:
    return {pattern: _vector(row, place) for pattern, row in _object(data, place, None).items()}


def _vector(data: object, place: str) -> Vector:
    values = _list(data, place)
    spend(2 * len(values))
    return tuple(map(rational_from_json, values))


def _texts(row: Vector) -> list[str]:
    return [rational_text(value) for value in row]


def _unit(data: object, field: NumberField | None) -> UnitProof:
    said = _object(data, "units", {"radius", "multipliers"})
    corners = []
    for corner in _list(said.get("multipliers", []), "multipliers"):
        cases = _list(corner, "multipliers")
        spend(2 * len(cases))
        corners.append(tuple(_multipliers(case, field) for case in cases))
    return UnitProof(exact_from_json(said.get("radius", "1"), field), tuple(corners))


def _multipliers(data: object, field: NumberField | None) -> Multipliers:
    return {_number(m): exact_from_json(mu, field) for m, mu in _object(data, "multipliers", None).items()}


def _place(text: str) -> tuple[int, int]:
    inner = text.removeprefix("y_hat[").removesuffix("]").split(",")
    if len(inner) != 2 or text != f"y_hat[{inner[0]},{inner[1]}]":
        raise FormatError(f"adjoints: expected names such as y_hat[0,0], found {short(text)}")
    return _number(inner[0]), _number(inner[1])


def _number(text: object) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 9):
        raise FormatError(f"kind: expected the number of a unit or sample, found {short(text)}")
    return int(text)


def _whole(value: object, place: str) -> int:
    if type(value) is not int:
        raise FormatError(f"{place}: expected a whole number, found {short(value)}")
    return value


def _list(data: object, place: str) -> list[Any]:
    if not isinstance(data, list):
        raise FormatError(f"{place}: expected a list, found {short(data)}")
    return data


def _object(data: object, place: str, keys: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or (keys is not None and not set(data) <= keys):
        raise FormatError(f"{place}: expected an object, found {short(data)}")
    spend(len(data))
    return data
