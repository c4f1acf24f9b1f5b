"""Numbers for people: exact ones as they are while they are short, others by their first digits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction

from zerograd.core.numbers.approximation import bits, coefficients, near, simpler_interval
from zerograd.core.numbers.exact import format_exact, narrow
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.real import Real, format_real, rounded
from zerograd.document.layout import shortened

LONGEST = 24
"""Characters of an exact number that is written out."""
_DIGITS = 6
_LONGEST_BITS = LONGEST * 4
_CONTEXT = Context(prec=_DIGITS, Emax=10**9, Emin=-(10**9))


def is_long(value: Real) -> bool:
    """Whether a number is shown by its first digits alone."""
    if isinstance(value, Interval):
        return True
    if isinstance(value, Irrational):
        return any(map(is_long, coefficients(value))) or len(format_exact(value)) > 2 * LONGEST
    return bits(value) > _LONGEST_BITS or len(str(value)) > LONGEST


def exact_text(value: Real) -> str:
    """``-2/3``, ``1/2·α ≈ 0.707107``, or ``≈1.2345e-40`` for a number too long to write out.

    Enclosed ones are written as that; ``0 ± 1e-40`` if they may be 0.
    """
    if isinstance(value, Interval):
        return f"≈{decimal_text(value)}" if value.sign() is not None else format_real(value)
    value = narrow(value)
    if is_long(value):
        return f"≈{decimal_text(value)}"
    if isinstance(value, Irrational):
        return f"{format_exact(value)} ≈ {decimal_text(value)}"
    return str(value)


def equation(name: str, text: str) -> str:
    """``w1 = -2/3``, or ``w1 ≈ 1.2345e-40``, of a number as `exact_text` writes it (or with ``≈ ``)."""
    return f"{name} ≈ {text[1:].lstrip()}" if text.startswith("≈") else f"{name} = {text}"


def decimal_text(value: Real) -> str:
    """Six significant digits, whatever the size of the number; of an enclosed one those that are proved."""
    if isinstance(value, Interval):
        value = rounded(value, _DIGITS).centre
    ratio = near(value, _DIGITS + 3) if isinstance(value, Irrational) else value
    quotient = _CONTEXT.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    shown = quotient.normalize(_CONTEXT)
    return f"{shown:f}" if -_DIGITS <= shown.adjusted() <= _DIGITS else f"{shown:e}"


def vector_text(values: Sequence[Real], marks: Sequence[str] = (), *, longest: int = 8) -> str:
    """``(1, -2)``; a single value without brackets; the middle of a long one is left out."""
    marks = marks or [""] * len(values)
    if len(values) == 1:
        return exact_text(values[0]) + marks[0]
    kept = shortened(range(len(values)), longest, None)  # what is left out need not be written
    shown = ["…" if i is None else exact_text(values[i]) + marks[i] for i in kept]
    return f"({', '.join(shown)})"


def alpha_text(field: NumberField) -> str:
    """``1.41421``: the root α that a field has been made with."""
    return decimal_text(Algebraic(field, (Fraction(0), Fraction(1))))


def field_text(field: NumberField) -> str:
    """``α^2 - 2 in (1, 2)``: a polynomial, and the interval that tells its root α from others."""
    terms = []
    for power, coefficient in reversed(list(enumerate(field.polynomial))):
        if coefficient:
            symbol = "" if power == 0 else "α" if power == 1 else f"α^{power}"
            size = "" if symbol and abs(coefficient) == 1 else format_exact(abs(coefficient))
            terms.append(("-" if coefficient < 0 else "+", size + ("·" if size and symbol else "") + symbol))
    first, *rest = terms
    text = " ".join([first[0].replace("+", "") + first[1], *(f"{sign} {term}" for sign, term in rest)])
    if len(text) > 4 * LONGEST:
        text = f"a polynomial of degree {len(field.polynomial) - 1} (--json has it)"
    interval = isolating_interval(field)
    return f"{text} near there" if interval is None else f"{text} in ({interval[0]}, {interval[1]})"


def isolating_interval(field: NumberField) -> tuple[Fraction, Fraction] | None:
    """An interval that tells α from other roots, with ends that are not long; None if there is none."""
    return simpler_interval(field, lambda end: not is_long(end))
