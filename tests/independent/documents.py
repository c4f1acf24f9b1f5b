"""JSON documents, and the numbers and polynomials in them."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from tests.independent.formulas import Poly


class No(Exception):  # a verdict
    """The certificate is refused."""


class CannotTell(Exception):
    """This checker does not know a system of facts."""


def need(condition: object, reason: str) -> None:
    if not condition:
        raise No(reason)


class Written(str):
    """A JSON number with a point or an exponent, which is none of the numbers of a certificate."""


def read(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), "a key stands twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once, parse_float=Written)
    except ValueError:
        raise No("no JSON") from None


NUMBER = re.compile(r"\s*([+-]?)(?:(\d+)\s*/\s*(\d+)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))\s*", re.ASCII)


def rational(data: object) -> Fraction:
    need(type(data) is str, "a number is a text")
    match = NUMBER.fullmatch(str(data))
    if match is None:
        raise No("no number")
    sign, top, bottom, decimal = match.groups()
    need(bottom is None or int(bottom), "a division by 0")
    value = Fraction(decimal) if bottom is None else Fraction(int(top), int(bottom))
    return -value if sign == "-" else value


def keys(data: Any, required: set[str], optional: set[str]) -> None:
    need(isinstance(data, dict), "an object is due")
    need(required <= set(data) <= required | optional, "unknown or missing keys")


def polynomial(data: Any) -> Poly:
    need(isinstance(data, list), "a polynomial is a list")
    result: Poly = {}
    for term in data:
        need(isinstance(term, list) and term and all(type(part) is str for part in term), "no term")
        monomial, c = tuple(sorted(term[1:])), rational(term[0])
        need(c and monomial not in result, "a term is zero, or stands twice")
        result[monomial] = c
    return result


def powers(data: Any) -> dict[str, int]:
    need(isinstance(data, dict), "powers are an object")
    need(all(type(n) is int and 1 <= n <= 64 for n in data.values()), "a power is from 1 to 64")
    return data  # type: ignore[no-any-return]


def order(data: Any) -> list[int]:
    need(isinstance(data, list) and all(type(n) is int for n in data), "no order")
    need(sorted(data) == [*range(len(data))], "no order")
    return data  # type: ignore[no-any-return]
