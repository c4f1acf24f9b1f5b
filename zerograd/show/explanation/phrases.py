"""Short phrases that all sentences about a training step share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import format_exact, sign
from zerograd.core.numbers.field import Algebraic
from zerograd.document.layout import listed
from zerograd.document.numbers import exact_text, is_long
from zerograd.explaining.explanation import Cause, Floats, Row, Step
from zerograd.show.words import samples_text

MOST_NAMES = 6
"""Names that one sentence lists."""
_MOST_TERMS = 8
_PARTS = re.compile(r"(?P<place>.+), (?P<parts>(?:unit|channel|head|feature|row|column)s? [\d–…, and-]*\d)")


def number(value: object) -> str:
    """A float in four significant digits, an exact number so far as it is not too long; texts as they are."""
    if isinstance(value, float) and isfinite(value):
        mantissa, _, exponent = f"{value:.4g}".partition("e")
        return f"{mantissa}e{int(exponent)}" if exponent else mantissa
    if isinstance(value, Algebraic | Closed) and not is_long(value):
        text = format_exact(value)
        return f"({text})" if " " in text else text
    return exact_text(value) if isinstance(value, Fraction | Algebraic | Closed) else str(value)


def names_text(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """``a, b and c``; of a long list the first ones, and how many more."""
    if len(names) <= most + 1:
        return listed(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def subjects(concerned: Iterable[tuple[Row, int]], most: int = MOST_NAMES) -> str:
    """Names, with how many entries are concerned where these are not all."""
    sized = [(row.name, min(entries, row.size), row.size) for row, entries in concerned]
    return names_text(
        [name if entries == size else f"{name} ({entries:,} of {size:,})" for name, entries, size in sized],
        most,
    )


def entries_text(entries: int) -> str:
    """``1 entry``, ``1,024 entries``."""
    return "1 entry" if entries == 1 else f"{entries:,} entries"


def placed(operation: str, where: str) -> str:
    """``argmax (train.py:9)``, or ``round at more.py:56`` where the place names the operation itself."""
    if where.startswith(operation):
        return where
    return f"{operation} ({where})" if where else operation


def on_all_samples(cause: Cause, batch: int | None) -> bool:
    """Whether it holds on the whole batch."""
    return cause.all_samples or bool(batch and cause.samples and len(cause.samples) == batch)


def on_samples(cause: Cause, batch: int | None) -> str:
    """`` on all 32 samples``, `` on samples 1 and 4``, or nothing."""
    passes = cause.details.get("passes")
    if passes and cause.samples:
        of = f"of {'both' if passes == 2 else f'all {passes}'} backward passes"
        which = "all samples" if on_all_samples(cause, batch) else samples_text(cause.samples, 0)
        return f" on {which} {of}"
    if on_all_samples(cause, batch):
        every = batch or len(cause.samples or ())
        if every == 2:
            return " on both samples"
        return (
            " on the only sample"
            if every == 1
            else f" on all {every} samples"
            if every
            else " on all samples"
        )
    return f" on {samples_text(cause.samples, 0)}" if cause.samples else ""


def place_of(cause: Cause) -> str:
    """``relu1 (ReLU)``: where it is, without the units."""
    match = _PARTS.fullmatch(cause.where)
    return match["place"] if match else cause.where


def units_of(cause: Cause) -> tuple[str, bool]:
    """``units 3, 7 of relu1 (ReLU)`` or ``all 8 units of …``, and whether that is a plural."""
    units, of = cause.details.get("units"), cause.details.get("of")
    match, place = _PARTS.fullmatch(cause.where), place_of(cause)
    noun = match["parts"].partition(" ")[0].removesuffix("s") if match else "unit"
    if cause.details.get("partly") and (not isinstance(units, Sequence) or len(units) == of):
        return (f"units of {place}", True)
    if isinstance(units, Sequence) and units and not isinstance(units, str):
        if len(units) == of:
            every = {1: f"the only {noun}", 2: f"both {noun}s"}.get(len(units), f"all {of} {noun}s")
            return f"{every} of {place}", len(units) > 1
        several = len(units) > 1
        return f"{noun}{'s' * several} {names_text([str(unit) for unit in units])} of {place}", several
    if match:
        return f"{match['parts']} of {place}", match["parts"].startswith(f"{noun}s")
    return (f"units of {place}", True) if of and units is None else (cause.where, False)


def in_parts(cause: Cause) -> str:
    """`` at some positions``, where its units are not wholly what it says, else nothing."""
    return {
        "positions": " at some positions",
        "runs": " in some of its runs",
        "samples": ", each on other samples",
    }.get(str(cause.details.get("partly")), "")


def terms_text(terms: object) -> str:
    """``3/2 − 3/2 = 0``: what cancels, with its signs; texts are listed."""
    if not isinstance(terms, Sequence) or isinstance(terms, str) or not terms:
        return ""
    if not all(isinstance(term, int | float | Fraction | Algebraic | Closed) for term in terms):
        return names_text([str(term) for term in terms], _MOST_TERMS)
    first, *rest = terms[:_MOST_TERMS]

    def below(term: Any) -> bool:
        return term < 0 if isinstance(term, float) else sign(term) < 0

    signed = [number(first), *(f"{'−' if below(t) else '+'} {number(-t if below(t) else t)}" for t in rest)]
    return " ".join([*signed, *["+ …"] * (len(terms) > _MOST_TERMS), "= 0"])


def lost_from(floats: Floats) -> str:
    """``, from the slope of 3 (Sigmoid) on``: where floating point has 0 first."""
    return f", from {floats.lost_began} on" if floats.lost_began else ""


def detail(step: Step, of: str, key: str) -> Any:
    """What is known beside a reason or a note: under its name first, then among all details."""
    under = step.details.get(of)
    if isinstance(under, Mapping) and key in under:
        return under[key]
    return step.details.get(key)
