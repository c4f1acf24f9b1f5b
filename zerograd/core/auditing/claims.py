"""Claims about an example, as texts print them.

    loss == 1/3                           exactly so: a condition, as under ``where``
    grad(w1[0,1]) ~ 0.0394                so many digits of the number
    y_hat ~ [0.50, 1.25]                  the same of every entry
    minimum: local                        no parameters nearby have a lower loss
    minimum: global                       no parameters at all have a lower loss
    {after_step: 1/10, y_hat: 18.458}     any of these, after one step of gradient descent
    {after_step: 1/10, of: [w1, w2], …}   where these parameters alone were moved

A claim may speak of everything that a condition may, of ∂L/∂ of what lies between: ``grad(y_hat)``,
``grad(z1)``, ``grad(a1)``; and of probabilities: ``softmax(y_hat)``, ``sigmoid(y_hat)``, or ``p``, whichever
of both the loss makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

from zerograd.core.errors import FormatError, Path, format_path, short
from zerograd.core.model.point import Model
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.core.numbers.rationals import narrowed, parse_rational, rational_text
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import FUNCTIONS, LanguageError, Node, unparse
from zerograd.core.question.parsing import MAX_DEPTH, MAX_LENGTH, parse
from zerograd.core.question.vocabulary import Rational, quantity_shapes

AFTER, MOVED = "after_step", "of"
MINIMUM = "minimum"
ROUNDED = "rounded"
MAX_CLAIMS = 1000
MAX_EXPONENT = 400
"""Printed numbers are from 10^−MAX_EXPONENT to 10^MAX_EXPONENT."""

PROBABILITIES = "p"
"""What the loss makes of ŷ, softmax(ŷ) or σ(ŷ), where it makes probabilities of it."""
OF_OUTPUTS = ("softmax", "sigmoid")
_FUNCTIONS = (*FUNCTIONS, *OF_OUTPUTS)
_MINIMUM = re.compile(r"\s*minimum\s*:\s*(local|global)\s*")
_PRINTED = re.compile(r"([-+]?)([0-9]+(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([-+]?[0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it is printed.

    Attributes:
        text: its digits.
        value: what they say.
        unit: of the last digit: 1/1000 of 0.394, 100 of 12e2.
    """

    text: str
    value: Rational
    unit: Rational

    @property
    def negative(self) -> bool:
        """Whether it has a minus sign (−0.00 is what is printed of −1/1000)."""
        return self.text.startswith("-")


@dataclass(frozen=True, slots=True)
class Digits:
    """``quantity ~ printed``: each printed number has the digits of an entry."""

    quantity: Node
    printed: Array[Printed]

    def __str__(self) -> str:
        return f"{unparse(self.quantity)} ~ {_listed(self.printed.map(lambda number: number.text).tolist())}"


@dataclass(frozen=True, slots=True)
class LocalMinimum:
    """The parameters are a local minimum of the loss, for the data as they are."""

    def __str__(self) -> str:
        return f"{MINIMUM}: local"


@dataclass(frozen=True, slots=True)
class GlobalMinimum(LocalMinimum):
    """No parameters at all have a lower loss for these data."""

    def __str__(self) -> str:
        return f"{MINIMUM}: global"


@dataclass(frozen=True, slots=True)
class Rounded:
    """Given numbers are roundings: there are exact ones that round to them, of which all other claims hold.

    Attributes:
        places: digits behind the point; whole numbers are exact. None: as ``units`` say.
        units: of the last digit, by entry; what has none is exact.
    """

    places: int | None = None
    units: tuple[tuple[str, Rational], ...] = ()

    def __str__(self) -> str:
        units = {unit for _, unit in self.units}
        places = self.places
        if places is None and len(units) == 1:
            unit = Fraction(units.pop())
            places = len(str(unit.denominator)) - 1
        return ROUNDED if places is None else f"{ROUNDED}: {places}"

    def to_json(self) -> Any:
        """``{"rounded": 4}``, or the units of entries."""
        units = {name: rational_text(unit) for name, unit in self.units}
        return {ROUNDED: units if self.places is None else self.places}


Statement: TypeAlias = Condition | Digits | LocalMinimum | Rounded


@dataclass(frozen=True, slots=True)
class Step:
    """One step of gradient descent.

    Attributes:
        rate: its size, above 0.
        moved: the parameters that it moves; None: all.
    """

    rate: Rational
    moved: tuple[str, ...] | None = None

    def __str__(self) -> str:
        of = "" if self.moved is None else f" of {', '.join(self.moved)}"
        return f"after a step of {rational_text(self.rate)}{of}"

    def to_json(self) -> dict[str, Any]:
        """``{"after_step": "1/10", "of": ["w1"]}``."""
        moved = {} if self.moved is None else {MOVED: list(self.moved)}
        return {AFTER: rational_text(self.rate), **moved}


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed.

    Attributes:
        statement: what is said to be so.
        step: after this step of gradient descent; None: of the example as it stands.
        place: where it was written, below ``claims``.
        written: what was written, of a text.
    """

    statement: Statement
    step: Step | None = None
    place: Path = field(default=(), compare=False)
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.written or self.statement}{'' if self.step is None else f' {self.step}'}"

    def to_json(self) -> Any:
        if isinstance(self.statement, Rounded):
            return self.statement.to_json()
        if self.step is None:
            return str(self.statement)
        return {**self.step.to_json(), "claim": str(self.statement)}


def read_claims(data: object) -> tuple[Claim, ...]:
    """Return the claims that a file or a program writes.

    Args:
        data: a claim, or a list of them: texts; or mappings with ``after_step`` and what is claimed then,
            which is ``claim`` with a text, or a name such as ``y_hat`` with printed numbers.

    Raises:
        ClaimError: naming the place in the list.
    """
    if isinstance(data, str | Mapping):
        data = [data]
    if not isinstance(data, Sequence) or not data:
        raise ClaimError((), f"expected a list of claims, such as ['loss == 1/3'], found {short(data)}")
    if len(data) > MAX_CLAIMS:
        raise ClaimError((), f"{len(data)} claims, at most {MAX_CLAIMS} are read")
    return tuple(claim for number, each in enumerate(data) for claim in _read(each, number))


class ClaimError(FormatError):
    """A claim that cannot be read, or that has no meaning for the network.

    Attributes:
        place: where it stands below ``claims``.
        fault: what is wrong with it.
    """

    def __init__(self, place: Path, fault: str) -> None:
        self.place, self.fault = place, fault
        super().__init__(f"{format_path(('claims', *place))}: {fault}")


def _read(data: object, number: int) -> list[Claim]:
    if isinstance(data, str):
        return [Claim(_statement(data, (number,)), place=(number,), written=data.strip())]
    if not isinstance(data, Mapping):
        raise ClaimError(
            (number,), f"expected a text such as 'loss == 1/3' or 'loss ~ 0.33', found {short(data)}"
        )
    if set(data) == {ROUNDED}:
        return [Claim(_rounded(data[ROUNDED], (number, ROUNDED)), place=(number,))]
    if set(data) == {MINIMUM}:
        return [Claim(_statement(f"{MINIMUM}: {data[MINIMUM]}", (number, MINIMUM)), place=(number,))]
    if AFTER not in data:
        name, value = next(iter(data.items()), ("y_hat", "0.75"))
        example = f"{name} ~ {value}" if isinstance(value, str | int) else f"{name} ~ 0.75"
        raise ClaimError(
            (number,),
            f"expected a text such as {short(example)}; or a step size under {AFTER}, and what is so then",
        )
    step = _step(data, number)
    rest = {str(name): value for name, value in data.items() if name not in (AFTER, MOVED)}
    if not rest:
        raise ClaimError((number,), "says nothing of what is so after the step: add, say, y_hat: 18.458")
    claims = []
    for name, value in rest.items():
        place = (number, name)
        if name == MINIMUM:
            claims.append(Claim(_statement(f"{MINIMUM}: {value}", place), step, place))
        elif name == "claim":
            if not isinstance(value, str):
                raise ClaimError(place, f"expected a text such as 'loss ~ 0.33', found {short(value)}")
            claims.append(Claim(_statement(value, place), step, place, value.strip()))
        else:
            claims.append(Claim(Digits(_quantity(name, place), _printed(value, place)), step, place))
    return claims


def _rounded(data: object, place: Path) -> Rounded:
    if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= MAX_EXPONENT:
        return Rounded(data)
    if not isinstance(data, Mapping) or not data:
        raise ClaimError(
            place, f"expected the number of digits behind the point, such as 4, found {short(data)}"
        )
    units = []
    for name, unit in data.items():
        spend(20)
        try:
            value = Fraction(parse_rational(unit))
        except (ValueError, TypeError, AttributeError):
            value = Fraction(0)
        if not isinstance(name, str) or value <= 0:
            raise ClaimError(place, f"expected the unit of the last digit of each entry, found {short(data)}")
        units.append((name, narrowed(value)))
    return Rounded(units=tuple(units))


def _step(data: Mapping[Any, Any], number: int) -> Step:
    written, rate = data[AFTER], Fraction(0)
    if isinstance(written, str | int | Fraction):  # a float is not exactly what was written
        with suppress(ValueError):
            rate = Fraction(written if isinstance(written, Fraction) else parse_rational(written))
    if rate <= 0:
        raise ClaimError(
            (number, AFTER), f"expected a step size above 0, such as 1/10, found {short(data[AFTER])}"
        )
    if MOVED not in data:
        return Step(narrowed(rate))
    moved = data[MOVED]
    names = [moved] if isinstance(moved, str) else moved
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise ClaimError(
            (number, MOVED), f"expected names of parameters such as [w1, w2], found {short(moved)}"
        )
    return Step(narrowed(rate), tuple(dict.fromkeys(names)))


def _statement(text: str, place: Path) -> Statement:
    if len(text) > MAX_LENGTH:
        raise ClaimError(place, f"a claim of {len(text)} characters (at most {MAX_LENGTH} are read)")
    if asked := _MINIMUM.fullmatch(text):
        return GlobalMinimum() if asked[1] == "global" else LocalMinimum()
    if text.strip().startswith(f"{MINIMUM}:"):
        raise ClaimError(place, f"expected {MINIMUM}: local, or global, found {short(text)}")
    text = text.replace("−", "-").replace("≈", "~")  # as texts print them
    quantity, tilde, digits = text.partition("~")
    if not tilde:
        try:
            return Condition(parse(text, _FUNCTIONS))
        except LanguageError as error:
            raise ClaimError(place, str(error)) from None
    return Digits(_quantity(quantity, place), _printed(_unlisted(digits, place), place))


def _quantity(text: str, place: Path) -> Node:
    try:
        return parse(text, _FUNCTIONS)
    except LanguageError as error:
        raise ClaimError(place, str(error)) from None


def _unlisted(text: str, place: Path) -> Any:
    """The text ``[[1.0, 2.0], 3.0]`` as lists of texts."""
    stack: list[list[Any]] = [[]]
    for token in re.findall(r"[\[\],]|[^\s\[\],]+", text):
        if token == "[":  # noqa: S105 - a bracket
            if len(stack) > MAX_DEPTH:
                raise ClaimError(place, f"nested more than {MAX_DEPTH} levels deep")
            stack.append([])
        elif token == "]":  # noqa: S105
            if len(stack) == 1:
                raise ClaimError(place, "a bracket ] closes nothing")
            inner = stack.pop()
            stack[-1].append(inner)
        elif token != ",":  # noqa: S105
            stack[-1].append(token)
    if len(stack) > 1:
        raise ClaimError(place, "a bracket [ is not closed")
    if len(stack[0]) != 1:
        raise ClaimError(place, "expected one number as it is printed, or one list of such, after ~")
    return stack[0][0]


def _printed(data: Any, place: Path) -> Array[Printed]:
    """Printed numbers, alone or in lists."""
    if not isinstance(data, list | tuple):
        return Array((), (printed_number(data, place),))
    rows = [_printed(item, place) for item in data]
    if not rows:
        raise ClaimError(place, "an empty list has no numbers")
    if any(row.shape != rows[0].shape for row in rows):
        raise ClaimError(place, "the items of a list must have one shape")
    shape: Shape = (len(rows), *rows[0].shape)
    return Array(shape, tuple(number for row in rows for number in row.entries))


def printed_number(data: Any, place: Path) -> Printed:
    """Return a number as a text prints it. Raises ClaimError."""
    text = str(data) if isinstance(data, str | int) and not isinstance(data, bool) else ""
    spend(len(text))
    match = _PRINTED.fullmatch(text.strip().replace("−", "-"))
    if match is None:
        raise ClaimError(
            place,
            "expected a number as it is printed, such as 0.0394 or -1.2e-3, "
            f"found {short(data)}{_hint(data)}",
        )
    sign, digits, behind, bare, exponent = match.groups()
    power = int(exponent or 0)
    places = len(behind or bare or "")
    if abs(power) > MAX_EXPONENT or len(digits) > MAX_EXPONENT:
        raise ClaimError(place, f"{short(text)} is too long, or too far from 1")
    unit = Fraction(10) ** (power - places)
    value = int(digits.replace(".", "") or 0) * unit
    negative = sign == "-"
    plain = ("-" if negative else "") + digits + (f"e{power}" if power else "")
    return Printed(plain, narrowed(-value if negative else value), narrowed(unit))


def _hint(data: object) -> str:
    """Say how it is written here."""
    text = "," if data is None else str(data)  # {y_hat: 1,5} is y_hat: 1 and a key 5
    for sign, advice in (
        ("/", "a fraction is exact: write =="),
        ("%", "write 0.75 for 75 %"),
        ("10^", "write 3.1e-2"),
        ("10**", "write 3.1e-2"),
        (",", "write a point in decimals: 1.5"),
    ):
        if sign in text:
            return f" ({advice})"
    return ""


def _listed(nested: Any) -> str:
    """Texts in lists, as `_unlisted` reads them."""
    return nested if isinstance(nested, str) else f"[{', '.join(map(_listed, nested))}]"


def claimable_shapes(model: Model, samples: int) -> dict[str, Shape]:
    """Every name that a claim may use: beside those of conditions, what is said above."""
    shapes = quantity_shapes(model.network, samples)
    between = [name for name in shapes if name == "y_hat" or (name[0] in "za" and name[1:].isdigit())]
    shapes |= {f"grad({name})": shapes[name] for name in between}
    shapes |= {f"{function}(y_hat)": shapes["y_hat"] for function in OF_OUTPUTS}
    return shapes | ({PROBABILITIES: shapes["y_hat"]} if model.loss.probabilities else {})
