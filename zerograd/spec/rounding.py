"""The key ``rounded`` of audit files: which given numbers are roundings, as their own text says.

``rounded: 4`` means that those with digits behind the point are rounded to four, ``rounded: true`` that each
is to as many as it is written with. Whole numbers and fractions are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod
from typing import Any

from zerograd.core.auditing.claims import (
    MAX_EXPONENT,
    ROUNDED,
    Claim,
    ClaimError,
    Rounded,
    printed_number,
)
from zerograd.core.model.references import Reference, parse_reference
from zerograd.core.numbers.arrays import indices
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.work import spend
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes


def rounded_claim(problem: Problem, data: object, written: Any) -> Claim:
    """Return the claim that there is an example of which the given numbers are roundings.

    Args:
        data: what stands under ``rounded``.
        written: what stands under ``given``, numbers with a point as texts.

    Raises:
        ClaimError: it is neither true nor a number of digits.
    """
    whole = isinstance(data, int) and not isinstance(data, bool)
    if data is not True and not (whole and 0 < data <= MAX_EXPONENT):  # type: ignore[operator]
        told = f"expected true, or the number of digits behind the point, such as 4, found {data!r:.40}"
        raise ClaimError((), told)
    units = []
    for name, text in _decimals(problem, written):
        printed = printed_number(text, ())
        unit = Fraction(printed.unit if data is True else Fraction(1, 10 ** int(str(data))))
        if unit < 1:
            units.append((name, narrowed(unit)))
            if Fraction(printed.value) % unit:
                raise ClaimError((), f"{name} = {text} has more than {data} digits behind the point")
    if not units:
        told = "no given number has digits behind a point: whole numbers and fractions are exact"
        raise ClaimError((), told)
    shown = str(data).lower()
    return Claim(Rounded(units=tuple(units)), place=(ROUNDED,), written=f"{ROUNDED}: {shown}")


def _decimals(problem: Problem, written: Any) -> Iterator[tuple[str, str]]:
    """The entries whose text has digits behind a point, with it."""
    shapes = variable_shapes(problem.network, problem.samples.least)
    for key, data in written.items() if isinstance(written, Mapping) else ():
        texts = [*_flat(data)]
        spend(2 + len(texts))
        try:
            reference = parse_reference(key)
        except ValueError:
            continue
        shape = shapes.get(reference.name, ())
        places = [reference]
        if reference.index is None and len(texts) == prod(shape):
            places = [Reference(reference.name, index) for index in indices(shape)]
        for place, text in zip(places, texts, strict=False):
            if isinstance(text, str) and "." in text and "/" not in text:
                yield str(place), text


def _flat(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for item in data:
            yield from _flat(item)
    else:
        yield data
