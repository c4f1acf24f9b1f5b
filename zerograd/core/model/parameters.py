"""Parameters of activations."""

from __future__ import annotations

from fractions import Fraction

from zerograd.core.numbers.exact import narrow
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import parse_rational


def exact_parameter(value: int | Fraction | str) -> Rational:
    """Return a parameter as an exact number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, float):
        raise ValueError(f"{value!r} is a float; write it exactly, as '{value!r}' or Fraction(p, q)")
    number = narrow(value) if isinstance(value, Fraction) else parse_rational(value)
    assert isinstance(number, int | Fraction)  # for the type checker: rational in, rational out
    return number
