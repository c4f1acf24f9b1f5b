"""Exact numbers as Python writes them."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import exact_to_json
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.real import Real, format_real, narrow
from zerograd.document.numbers import field_text, is_long

WIDTH = 100
_WHOLE = 2**53
"""Below it integers are float64 values, so that a division of two of them is rounded once."""
_MOST = 8


def literal(value: Real) -> str:
    """``-2 / 3``, ``1 + math.log(2)``, or the nearest float64 of what is written in no such way."""
    value = narrow(value)
    if isinstance(value, Interval):
        return repr(float(value.midpoint))
    if isinstance(value, Irrational):
        return _closed(value) or repr(float(value))
    if max(abs(value.numerator), value.denominator) > _WHOLE:
        return repr(float(value))
    return str(value) if value.denominator == 1 else f"{value.numerator} / {value.denominator}"


def _closed(value: Irrational) -> str | None:
    """A closed form as Python writes it; None where terms cancel, so that Python's value is not near."""
    if not isinstance(value, Closed):
        return None
    text = re.sub(r"\b(log\(|pi)", r"math.\1", str(exact_to_json(value)))
    try:
        near, found = float(value), eval(text, {"math": math})  # noqa: S307 - made of numbers, by the core
    except OverflowError:
        return None
    return text if abs(found - near) <= 4 * math.ulp(near) else None


def is_rounded(value: Real) -> bool:
    """Whether `literal` gives a float64 that stands for another number."""
    value = narrow(value)
    if isinstance(value, Irrational):
        return _closed(value) is None
    return isinstance(value, Interval) or (
        max(abs(value.numerator), value.denominator) > _WHOLE and value != float(value)
    )


def nested(array: Any, indent: int = 0) -> str:
    """Nested lists of texts as Python writes them, on lines of their own where they are long."""
    text = _flat(array)
    if len(text) + indent <= WIDTH - 20 or isinstance(array, str):
        return text
    margin = " " * (indent + 4)
    if isinstance(array[0], str):
        lines = textwrap.wrap(", ".join(array) + ",", WIDTH - indent - 4, break_long_words=False)
        inner = "\n".join(margin + line for line in lines)
    else:
        inner = "\n".join(f"{margin}{nested(row, indent + 4)}," for row in array)
    return f"[\n{inner}\n{' ' * indent}]"


def _flat(array: Any) -> str:
    return array if isinstance(array, str) else f"[{', '.join(map(_flat, array))}]"


def rounded_comments(arrays: Mapping[str, Array[Any]]) -> Iterator[str]:
    """What the rounded numbers are exactly, as lines of comment."""
    rounded = [
        (entry(name, index), value)
        for name, array in arrays.items()
        for index, value in array.items()
        if is_rounded(value)
    ]
    if not rounded:
        return
    yield "# Rounded to float64:"
    field = next((value.field for _, value in rounded if isinstance(value, Algebraic)), None)
    for name, value in rounded[:_MOST]:
        long = not isinstance(value, Interval) and is_long(value)
        text = "a number too long to write out" if long else format_real(narrow(value))
        yield f"#   {name} = {text}"
    if len(rounded) > _MOST:
        yield f"#   and {len(rounded) - _MOST} more"
    if field is not None:
        yield f"# where α is the root of {field_text(field)}."
