"""YAML's plain scalars: the core schema of YAML 1.2 (§10.3.2), with exact numbers.

So ``012`` is 12, ``yes`` and ``2020-01-01`` are text, and ``0.1`` keeps its own text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from zerograd.core.errors import of_type
from zerograd.core.numbers.rationals import MAX_DIGITS, parse_rational

MAX_HEX_DIGITS = 1000

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True, repr=False)
class Real:
    """A number with a point or an exponent (or ``.inf``, or beyond all bounds), as its own text."""

    text: str

    def __repr__(self) -> str:
        return self.text


def as_written(data: Any) -> Any:
    """Data with its decimals as their own text, which is how the core reads them exactly."""
    match data:
        case Real(text=text):
            return text
        case list():
            return [as_written(item) for item in data]
        case dict():
            return {key: as_written(value) for key, value in data.items()}
    return data


Scalar: TypeAlias = bool | int | Real | str | None


def resolve_plain(text: str) -> Scalar:
    """What a scalar without quotes means."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INTEGER.fullmatch(text):
        return _integer(text) if len(text) <= MAX_DIGITS else Real(text)
    if _BASED.fullmatch(text):
        return int(text, 0) if len(text) <= MAX_HEX_DIGITS else Real(text)
    return Real(text) if _REAL.fullmatch(text) else text


def _integer(text: str) -> int:
    # Not int(): how many digits that reads depends on the interpreter's settings.
    return of_type(parse_rational(text), int, "a whole number")
