"""Terms that cancel, as bars: positive to the right, negative to the left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from zerograd.document.escape import clean
from zerograd.explaining.explanation import Cause, Kind
from zerograd.show.explanation.phrases import number
from zerograd.show.words import count

HALF = 100
"""Length of the longest bar."""
_MOST = 32
"""Terms that have a bar of their own."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One term.

    Attributes:
        x, width: where the bar stands, from −`HALF` to `HALF`.
    """

    label: str
    text: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """All terms of one sum."""

    caption: str
    bars: tuple[Bar, ...]


def bars(cause: Cause) -> Bars | None:
    """Return the bars of a cancellation whose terms are known as numbers, else None."""
    terms = _terms(cause.details.get("terms"))
    if cause.kind is not Kind.CANCELLATION or not terms:
        return None
    values = list(zip(_labels(cause, len(terms)), terms, strict=True))
    values, rest = values[:_MOST], values[_MOST:]
    more, left = len(rest), sum((value for _, value in rest), Fraction(0))
    beyond = cause.details.get("more")  # what the cause itself leaves out
    if isinstance(beyond, Mapping):
        total = _terms([beyond["sum"]])
        if not total:
            return None
        more, left = more + int(beyond["terms"]), left + total[0]
    if more:
        values.append((f"{count(more, 'more term')} together", left))
    longest = max((abs(value) for _, value in values), default=Fraction(0)) or Fraction(1)
    return Bars(
        caption="The terms of an entry of the gradient; exactly, they sum to 0.",
        bars=tuple(_bar(label, value, float(value / longest)) for label, value in values),
    )


def _labels(cause: Cause, terms: int) -> list[str]:
    """Return what each term is called: by its label, by the sample or unit that it is from, or a number."""
    labels = cause.details.get("labels") or ()
    origins, over = cause.details.get("from") or (), cause.details.get("over") or "terms"
    if len(labels) == terms:
        return [clean(str(label)) for label in labels]
    numbers = origins if len(origins) == terms else range(1, terms + 1)
    noun = clean(str(over)).removesuffix("s") if len(origins) == terms else "term"
    return [f"{noun} {number}" for number in numbers]


def _terms(terms: Any) -> list[Fraction]:
    """Return terms as exact numbers; nothing where one of them is no finite number."""
    if not isinstance(terms, Sequence) or isinstance(terms, str):
        return []
    if not all(isinstance(term, int | float | Fraction) and isfinite(term) for term in terms):
        return []
    return [Fraction(term) for term in terms]


def _bar(label: str, value: Fraction, share: float) -> Bar:
    width = round(abs(share) * HALF, 2)
    plain = value if value.denominator <= 10**4 else float(value)
    return Bar(label, number(plain).replace("-", "−"), -width if value < 0 else 0, width)
