"""Exact numbers as Python writes them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, format_exact, narrow
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.irrational import Irrational
from zerograd.document.numbers import field_text, is_long

WIDTH = 100
_WHOLE = 2**53
"""Below it integers are float64 values, so that a division of two of them is rounded once."""
_MOST = 8


def literal(value: Exact) -> str:
    """``-2 / 3``, or the nearest float64 where the number is irrational or long."""
    value = narrow(value)
    if isinstance(value, Irrational) or max(abs(value.numerator), value.denominator) > _WHOLE:
        return repr(float(value))
    return str(value) if value.denominator == 1 else f"{value.numerator} / {value.denominator}"


def is_rounded(value: Exact) -> bool:
    """Whether `literal` gives a float64 that stands for another number."""
    value = narrow(value)
    return isinstance(value, Irrational) or (
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


def rounded_comments(arrays: Mapping[str, Array[Exact]]) -> Iterator[str]:
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
        text = "a number too long to write out" if is_long(value) else format_exact(narrow(value))
        yield f"#   {name} = {text}"
    if len(rounded) > _MOST:
        yield f"#   and {len(rounded) - _MOST} more"
    if field is not None:
        yield f"# where α is the root of {field_text(field)}."
