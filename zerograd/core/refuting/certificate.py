"""Certificates: why a problem has no answer, as a tree of cases with an identity at each leaf.

Being a `Certificate` means to be well-formed; whether it proves anything is for
`zerograd.core.refuting.refutation` to say. docs/FORMATS.md describes the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeAlias, get_args

from zerograd.core.errors import FormatError, short
from zerograd.core.model.kinks import Kink
from zerograd.core.numbers.exact import format_exact
from zerograd.core.numbers.polynomial import Polynomial, polynomial_from_json
from zerograd.core.numbers.rationals import MAX_DOCUMENT_DIGITS, parse_rational
from zerograd.core.numbers.work import spend
from zerograd.core.refuting.system import Renaming

FORMAT = "zerograd.certificate/1"
Kind = Literal["dataset", "moments", "identities", "calculation"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NUMBERED: tuple[Kind, ...] = ("dataset", "calculation")
"""The kinds that speak of one number of samples."""

UNDER_ALL: tuple[Kink, ...] = ("torch", "left", "right", "mean")
"""Conventions that a certificate may name, of a problem that asks of all choices of slopes at kinks."""

MAX_DEPTH = 250
"""Nested cases."""
MAX_POWER = 64


@dataclass(frozen=True, slots=True)
class Product:
    """``coefficient`` · Π fact^power · Π square²: 0 or more, where each fact is above 0 or not below it."""

    coefficient: Fraction
    factors: Mapping[str, int]
    squares: tuple[Polynomial, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """A leaf: Π nonzero^power · Σ positive = Σ cofactor · fact, where the facts on the right are 0.

    The left side is not 0, so there is nothing of which all these facts hold. (Without ``positive``
    the sum is 1: a Nullstellensatz certificate. With it: a Positivstellensatz certificate; Bochnak,
    Coste and Roy, Real Algebraic Geometry, §4.4.)

    Attributes:
        cofactors: label of a fact ``p = 0`` to its cofactor.
        nonzero: label of a fact ``p != 0`` or ``p > 0`` to its power.
    """

    cofactors: Mapping[str, Polynomial]
    nonzero: Mapping[str, int] = field(default_factory=dict)
    positive: tuple[Product, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """The cases of a distinction that the system makes, by their names."""

    split: str
    cases: Mapping[str, Node]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A polynomial is 0 or not (cases ``= 0``, ``!= 0``); with ``signs``: ``< 0``, ``= 0`` or ``> 0``."""

    polynomial: Polynomial
    signs: bool
    cases: Mapping[str, Node]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """A polynomial in integers, with integer coefficients, is at most ``below`` or at least one more."""

    polynomial: Polynomial
    below: int
    cases: Mapping[str, Node]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of the parts of a fact that is a disjunction holds: ``0``, ``1``, …"""

    either: str
    cases: Mapping[str, Node]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Like:
    """All that an earlier, named node assumes is assumed here, samples and units renamed."""

    like: str
    renaming: Renaming


Node: TypeAlias = Split | Compare | Floor | Alternatives | Like | Identity
Inner: TypeAlias = Split | Compare | Floor | Alternatives


@dataclass(frozen=True, slots=True)
class Part:
    """The refutation of one system of facts (see `zerograd.core.refuting.refutation.system_of`)."""

    kind: Kind
    samples: int | None
    root: Node


@dataclass(frozen=True, slots=True)
class Certificate:
    """``parts`` that together leave no number of samples over.

    Attributes:
        problem: the digest of the problem; a certificate is about no other.
        convention: of a problem that asks of all choices of slopes at kinks, the one under which there is no
            answer; None for the one that stands for all of them (`zerograd.core.model.kinks.rule_taken`), and
            of other problems.
        point: of a problem that asks for a minimum, and in which everything is given: what shows that the
            given point is none, as a document (`zerograd.core.points.documents`). There are no parts then.
        better: of a problem that asks for a global minimum: parameters, as documents have them; the parts
            speak of points alone whose loss is at most theirs (`zerograd.core.refuting.at_most`).
    """

    problem: str
    parts: tuple[Part, ...]
    convention: Kink | None = None
    point: Mapping[str, Any] | None = None
    better: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        if self.point is not None:
            return "<Certificate by what kind of point is given>"
        parts = [part.kind + (f" for M = {part.samples}" if part.samples else "") for part in self.parts]
        return f"<Certificate by {', '.join(parts[:3])}{', …' if len(parts) > 3 else ''}>"

    def to_json(self) -> dict[str, Any]:
        if self.point is not None:
            return {"format": FORMAT, "problem": self.problem, "point": self.point}
        parts = []
        for part in self.parts:
            data: dict[str, Any] = {"system": part.kind}
            if part.samples is not None:
                data["samples"] = part.samples
            parts.append(data | {"proof": _node_to_json(part.root)})
        under: dict[str, Any] = {} if self.convention is None else {"derivative_at_kink": self.convention}
        if self.better is not None:
            under["better"] = self.better
        return {"format": FORMAT, "problem": self.problem, **under, "parts": parts}


def children(node: Node) -> Mapping[str, Node]:
    """The cases of an inner node."""
    return {} if isinstance(node, Like | Identity) else node.cases


def nodes(root: Node) -> Iterator[Node]:
    """A node and all below it, in order."""
    yield root
    for child in children(root).values():
        yield from nodes(child)


def _node_to_json(node: Node) -> dict[str, Any]:
    data: dict[str, Any] = {}
    match node:
        case Identity(cofactors=cofactors, nonzero=nonzero, positive=positive):
            data["cofactors"] = {label: c.to_json() for label, c in cofactors.items()}
            if nonzero:
                data["nonzero"] = dict(nonzero)
            if positive:
                data["positive"] = [_product_to_json(product) for product in positive]
            return data if node.name is None else {"name": node.name, **data}
        case Like(like=name, renaming=renaming):
            data["like"] = name
            if renaming.samples:
                data["samples"] = list(renaming.samples)
            if renaming.units:
                data["units"] = {str(layer): list(order) for layer, order in renaming.units.items()}
            return data
        case Split(split=split):
            data["split"] = split
        case Compare(polynomial=p, signs=signs):
            data["sign" if signs else "compare"] = p.to_json()
        case Floor(polynomial=p, below=below):
            data["floor"] = p.to_json()
            data["below"] = below
        case Alternatives(either=label):
            data["either"] = label
    if node.name is not None:
        data["name"] = node.name
    data["cases"] = {case: _node_to_json(child) for case, child in node.cases.items()}
    return data


def _product_to_json(product: Product) -> dict[str, Any]:
    data: dict[str, Any] = {"coefficient": format_exact(product.coefficient)}
    if product.factors:
        data["factors"] = dict(product.factors)
    if product.squares:
        data["squares"] = [square.to_json() for square in product.squares]
    return data


def certificate_from_json(data: object) -> Certificate:
    """The inverse of `Certificate.to_json`. Raises FormatError, naming the place."""
    of_point = isinstance(data, Mapping) and "point" in data
    shown = "point" if of_point else "parts"
    allowed: set[str] = set() if of_point else {"derivative_at_kink", "better"}
    document = _object(data, "certificate", {"format", "problem", shown}, allowed)
    if document["format"] != FORMAT:
        raise FormatError(f"certificate.format: expected {FORMAT!r}, found {short(document['format'])}")
    if not isinstance(document["problem"], str):
        raise FormatError(f"certificate.problem: expected a digest, found {short(document['problem'])}")
    if of_point:
        if not isinstance(document["point"], Mapping):
            raise FormatError(f"certificate.point: expected an object, found {short(document['point'])}")
        return Certificate(document["problem"], (), point=document["point"])
    if not isinstance(document["parts"], list) or not document["parts"]:
        raise FormatError("certificate.parts: expected a list of at least one")
    convention = document.get("derivative_at_kink")
    if convention is not None and convention not in UNDER_ALL:
        raise FormatError(
            f"certificate.derivative_at_kink: expected {', '.join(UNDER_ALL)}, found {short(convention)}"
        )
    parts = tuple(_part(part, f"certificate.parts[{n}]") for n, part in enumerate(document["parts"]))
    better = document.get("better")
    if better is not None and not isinstance(better, Mapping):
        raise FormatError(f"certificate.better: expected an object, found {short(better)}")
    return Certificate(document["problem"], parts, convention, better=better)


def _part(data: object, place: str) -> Part:
    document = _object(data, place, {"system", "proof"}, {"samples"})
    kind, samples = document["system"], document.get("samples")
    if kind not in KINDS:
        raise FormatError(f"{place}.system: expected {', '.join(KINDS)}, found {short(kind)}")
    numbered = type(samples) is int and samples > 0 if kind in NUMBERED else "samples" not in document
    if not numbered:
        raise FormatError(
            f"{place}.samples: a whole number above 0 is for the systems {' and '.join(NUMBERED)} alone"
        )
    return Part(kind, samples, _node(document["proof"], f"{place}.proof", 0))


def _node(data: object, place: str, depth: int) -> Node:
    spend(15)
    if depth > MAX_DEPTH:
        raise FormatError(f"{place}: more than {MAX_DEPTH} nested cases")
    if not isinstance(data, Mapping):
        raise FormatError(f"{place}: expected an object, found {short(data)}")
    if "cofactors" in data:
        return _identity(data, place)
    if "like" in data:
        return _like(data, place)
    known = [key for key in ("split", "compare", "sign", "floor", "either") if key in data]
    if len(known) != 1:
        raise FormatError(f"{place}: expected one of split, compare, sign, floor, either, like, cofactors")
    extra = {"below"} if known == ["floor"] else set()
    document = _object(data, place, {known[0], "cases", *extra}, {"name"})
    name = _name(document, place)
    if not isinstance(document["cases"], Mapping):
        raise FormatError(f"{place}.cases: expected an object")
    cases = {
        case: _node(child, f"{place}.cases[{short(case)}]", depth + 1)
        for case, child in document["cases"].items()
    }
    match known[0]:
        case "split":
            return Split(_text(document["split"], f"{place}.split"), cases, name)
        case "either":
            return Alternatives(_text(document["either"], f"{place}.either"), cases, name)
        case "compare" | "sign":
            polynomial = _polynomial(document[known[0]], f"{place}.{known[0]}")
            return Compare(polynomial, known[0] == "sign", cases, name)
    below = document["below"]
    if type(below) is not int:
        raise FormatError(f"{place}.below: expected a whole number, found {short(below)}")
    return Floor(_polynomial(document["floor"], f"{place}.floor"), below, cases, name)


def _name(document: Mapping[str, Any], place: str) -> str | None:
    return None if document.get("name") is None else _text(document["name"], f"{place}.name")


def _identity(data: Mapping[str, Any], place: str) -> Identity:
    document = _object(data, place, {"cofactors"}, {"nonzero", "positive", "name"})
    cofactors = document["cofactors"]
    if not isinstance(cofactors, Mapping):
        raise FormatError(f"{place}.cofactors: expected an object")
    positive = document.get("positive", [])
    if not isinstance(positive, list):
        raise FormatError(f"{place}.positive: expected a list")
    return Identity(
        {label: _polynomial(c, f"{place}.cofactors[{short(label)}]") for label, c in cofactors.items()},
        _powers(document.get("nonzero", {}), f"{place}.nonzero"),
        tuple(_product(product, f"{place}.positive[{n}]") for n, product in enumerate(positive)),
        _name(document, place),
    )


def _product(data: object, place: str) -> Product:
    document = _object(data, place, {"coefficient"}, {"factors", "squares"})
    written = document["coefficient"]
    if type(written) not in (str, int):
        raise FormatError(f"{place}.coefficient: expected a number as text, found {short(written)}")
    try:
        coefficient = Fraction(parse_rational(written, MAX_DOCUMENT_DIGITS))
    except ValueError as error:
        raise FormatError(f"{place}.coefficient: {error}") from None
    squares = document.get("squares", [])
    if not isinstance(squares, list):
        raise FormatError(f"{place}.squares: expected a list")
    return Product(
        coefficient,
        _powers(document.get("factors", {}), f"{place}.factors"),
        tuple(_polynomial(square, f"{place}.squares[{n}]") for n, square in enumerate(squares)),
    )


def _powers(data: object, place: str) -> dict[str, int]:
    if not isinstance(data, Mapping):
        raise FormatError(f"{place}: expected an object")
    for label, power in data.items():
        if type(power) is not int or not 1 <= power <= MAX_POWER:
            raise FormatError(f"{place}[{short(label)}]: expected a power from 1 to {MAX_POWER}")
    return dict(data)


def _like(data: Mapping[str, Any], place: str) -> Like:
    document = _object(data, place, {"like"}, {"samples", "units"})
    units = document.get("units", {})
    if not isinstance(units, Mapping) or not all(re.fullmatch("[1-9][0-9]{0,3}", layer) for layer in units):
        raise FormatError(
            f"{place}.units: expected an object from numbers of layers to orders of their units"
        )
    orders = {int(layer): _order(order, f"{place}.units[{layer}]") for layer, order in units.items()}
    samples = _order(document.get("samples", []), f"{place}.samples")
    return Like(_text(document["like"], f"{place}.like"), Renaming(samples, orders))


def _order(data: object, place: str) -> tuple[int, ...]:
    if (
        not isinstance(data, list)
        or any(type(n) is not int for n in data)
        or sorted(data) != [*range(len(data))]
    ):
        raise FormatError(f"{place}: expected the numbers 0 to n − 1 in some order, found {short(data)}")
    return tuple(data)


def _polynomial(data: object, place: str) -> Polynomial:
    return _at(place, lambda: polynomial_from_json(data))


def _at(place: str, read: Callable[[], Polynomial]) -> Polynomial:
    try:
        return read()
    except FormatError as error:
        raise FormatError(f"{place}: {error}") from None


def _text(data: object, place: str) -> str:
    if type(data) is not str:  # a JSON number such as 1.0, kept as its text, is of another type
        raise FormatError(f"{place}: expected text, found {short(data)}")
    return data


def _object(
    data: object,
    place: str,
    required: set[str],
    optional: set[str] = frozenset(),  # type: ignore[assignment]
) -> Mapping[str, Any]:
    """An object with these keys and no others."""
    if not isinstance(data, Mapping):
        raise FormatError(f"{place}: expected an object, found {short(data)}")
    for key in sorted(required - set(data)):
        raise FormatError(f"{place}: {key} is missing")
    for key in sorted(set(data) - required - optional):
        raise FormatError(f"{place}: unknown key {short(key)}")
    return data
