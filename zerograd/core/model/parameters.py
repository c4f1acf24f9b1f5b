"""Parameters of activations."""

from __future__ import annotations

from fractions import Fraction

from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import narrowed, parse_rational


def exact_parameter(value: int | Fraction | str) -> Rational:
    """Return a parameter as an exact number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, float):
        raise ValueError(f"{value!r} is a float; write it exactly, as '{value!r}' or Fraction(p, q)")
    return narrowed(value) if isinstance(value, Fraction) else parse_rational(value)
