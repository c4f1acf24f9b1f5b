"""Slips in a calculation by hand, and the numbers that it comes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from zerograd.core.auditing.claims import Claim, Digits, Printed, Step
from zerograd.core.errors import FormatError, short
from zerograd.core.model.network import Network
from zerograd.core.model.references import complete_index, entry
from zerograd.core.numbers.arrays import Index, Shape, indices, squeeze
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import rational_from_json, rational_text
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import ExactAlgebra, number_of
from zerograd.core.question.language import Call, Chain, Item, Name, Node, names_in

FACTORS: tuple[Rational, ...] = (-1, 10, Fraction(1, 10), 2, Fraction(1, 2))
"""What numbers are multiplied by in error: signs, decimal points, factors of squares."""
KINDS = ("factor", "term", "unactivated", "underived", "transposed", "updated", "uphill")

_PLACE = re.compile(r"(grad\([a-z_]+[0-9]*\)|[a-z_]+[0-9]*)(?:\[([0-9]+(?:,[0-9]+)*)\])?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is calculated: ``z2[0,1]``, ``grad(w1)[0,2]``, ``loss``.

    Attributes:
        index: None: all numbers of this name.
        step: after this step.
    """

    name: str
    index: Index | None
    step: Step | None = None

    def __str__(self) -> str:
        place = entry(self.name, self.index or ())
        return place if self.step is None else f"{place} {self.step}"


@dataclass(frozen=True, slots=True)
class Slip:
    """What went wrong where.

    Attributes:
        kind: ``factor``: the number was multiplied by ``factor``; ``term``: one summand was, which is 0 if it
            was left out; ``unactivated``: z was taken for a; ``underived``: ∂L/∂a for ∂L/∂z; ``transposed``:
            the weights were read with rows and columns exchanged; ``updated``: those after the first step
            were taken; ``uphill``: the step was added.
        term: which summand: a position, −1 for the bias.
    """

    number: Number
    kind: str
    factor: Rational = 1
    term: int = 0

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"number": entry(self.number.name, self.number.index or ()), "kind": self.kind}
        if self.number.step is not None:
            data["step"] = self.number.step.to_json()
        if self.kind in ("factor", "term"):
            data["factor"] = rational_text(self.factor)
        if self.kind == "term":
            data["term"] = self.term
        return data


def slip_from_json(data: object, steps: Iterable[Step]) -> Slip:
    """Read a slip.

    Args:
        steps: those that claims have.

    Raises:
        FormatError: it is none.
    """
    if not isinstance(data, Mapping) or data.get("kind") not in KINDS:
        raise FormatError(f"expected a slip, found {short(data)}")
    match = _PLACE.fullmatch(str(data.get("number"))[:80])
    if match is None:
        raise FormatError(f"expected a number such as z1[0,1], found {short(data.get('number'))}")
    step = None
    if "step" in data:
        step = next((each for each in steps if each.to_json() == data["step"]), None)
        if step is None:
            raise FormatError(f"no claim is made after the step {short(data['step'])}")
    name, index = match.groups()
    whole: Index | None = () if name == "loss" else None
    number = Number(name, tuple(map(int, index.split(","))) if index else whole, step)
    term = data.get("term", 0)
    if not isinstance(term, int) or isinstance(term, bool):
        raise FormatError(f"expected the position of a summand, found {short(term)}")
    return Slip(number, data["kind"], rational_from_json(data.get("factor", "1")), term)


def plain_name(name: str, depth: int) -> str:
    """One name for what has two: predictions are the activations of the last layer."""
    return {f"a{depth}": "y_hat", f"grad(a{depth})": "grad(y_hat)"}.get(name, name)


def printed_numbers(
    claims: Iterable[Claim], network: Network, shapes: Mapping[str, Shape]
) -> dict[Number, Printed]:
    """Return what claims print of single numbers, in the order in which they are claimed.

    ``q ~ digits``, and ``q == numbers`` where q names an array or an entry; what is printed again of the same
    number is left out, as is every other claim.
    """
    found: dict[Number, Printed] = {}
    for claim in claims:
        for name, index, printed in _printed(claim, shapes):
            found.setdefault(Number(plain_name(name, network.depth), index, claim.step), printed)
    return found


def _printed(claim: Claim, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Index, Printed]]:
    match claim.statement:
        case Digits(quantity=quantity, printed=printed):
            numbers = printed.entries
            shape = printed.shape
        case _ if isinstance(node := getattr(claim.statement, "node", None), Chain):
            if len(node.operands) != 2 or node.operators != ("==",):
                return
            quantity, right = node.operands
            if names_in(right):
                quantity, right = right, quantity
            if names_in(right):
                return
            values = number_of(right, ExactAlgebra(), shapes_of_nothing)
            shape = values.shape
            numbers = tuple(
                Printed(rational_text(v), v, 0) for v in values.entries if isinstance(v, int | Fraction)
            )
        case _:
            return
    place = place_of(quantity, shapes)
    if place is None:
        return
    name, places = place
    spend(10 * len(places))
    if len(numbers) == 1:
        numbers *= len(places)
    elif squeeze(shape) != squeeze(shapes[name]) or len(numbers) != len(places):
        return
    for index, printed_number in zip(places, numbers, strict=True):
        yield name, index, printed_number


def shapes_of_nothing(name: str) -> Any:
    """Look up a name where there are none."""
    raise KeyError(name)


def place_of(node: Node, shapes: Mapping[str, Shape]) -> tuple[str, list[Index]] | None:
    """Return the array that an expression names, and which entries; None for other expressions."""
    index: Index | None = None
    if isinstance(node, Item):
        index = node.index
        node = node.array
    match node:
        case Name(name=name):
            pass
        case Call(function="grad", arguments=(Name(name=inner),)):
            name = f"grad({inner})"
        case Call(function="grad", arguments=(Item(array=Name(name=inner), index=at),)) if index is None:
            name, index = f"grad({inner})", at
        case _:
            return None
    if name not in shapes:
        return None
    if index is None:
        return name, [*indices(shapes[name])]
    return name, [complete_index(name, index, shapes[name])]
