"""Numbers, polynomials, patterns and terms as Coq writes them; text from problem files made safe in comments.

All polynomials are written with integer coefficients: a fact ``p > 0`` is one about d·p, d the least
common denominator. So Coq's ``ring`` decides every identity between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from textwrap import fill

from zerograd.core.errors import ZerogradError
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.document.escape import clean


class NotExportable(ZerogradError):  # noqa: N818  # a limit of what can be written, not a mishap
    """A certificate that cannot be written for Coq. The message says why, and what to do instead."""


def identifier(variable: str) -> str:
    """``w1[0,1]`` as ``w1_0_1``."""
    return variable.replace("[", "_").replace(",", "_").rstrip("]")


def number_text(value: int | Fraction) -> str:
    value = Fraction(value)
    if value.denominator == 1:
        return str(value) if value >= 0 else f"({value})"
    return f"({value.numerator} / {value.denominator})"


def polynomial_text(p: Polynomial) -> str:
    """A polynomial with integer coefficients, with no parentheses around it."""
    text = ""
    for monomial, c in sorted(p.terms.items(), reverse=True):
        powers = " * ".join(identifier(n) if e == 1 else f"{identifier(n)} ^ {e}" for n, e in monomial)
        size = "" if abs(c) == 1 and powers else str(abs(c))
        term = size + (" * " if size and powers else "") + powers
        text += (" - " if c < 0 else " + ") + term if text else ("- " if c < 0 else "") + term
    return text or "0"


def value_text(term: str, value: Fraction) -> str:
    """``s = 1``, ``100 * s = 1``: no fractions, which ``ring`` would not read."""
    factor = "" if value.denominator == 1 else f"{value.denominator} * "
    return f"{factor}{term} = {number_text(value.numerator)}"


def joined(parts: Sequence[str], connective: str, empty: str) -> str:
    """A proposition of several, in parentheses if they are more than one."""
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else f"({f' {connective} '.join(parts)})"


def nested(template: str, parts: Sequence[str]) -> str:
    """Parts joined in pairs from the right: of ``({} + {})`` and a, b, c it is ``(a + (b + c))``."""
    text = parts[-1]
    for part in reversed(parts[:-1]):
        text = template.format(part, text)
    return text


def conjunction_pattern(names: Sequence[str]) -> str:
    """The pattern that takes A /\\ B /\\ C apart: ``[a [b c]]``; of no parts it is ``_``."""
    return nested("[{} {}]", names or ["_"])


def conjunction_term(terms: Sequence[str]) -> str:
    """A term for a conjunction, of terms for its parts."""
    return nested("(conj {} {})", terms)


def split_term(count: int) -> str:
    """A term for a conjunction, with its parts left as goals."""
    return conjunction_term(["_"] * max(count, 1))


def disjunction_pattern(patterns: Sequence[str]) -> str:
    """The pattern that takes A \\/ B \\/ C apart: ``[a|[b|c]]``."""
    return nested("[{}|{}]", patterns)


def destructed(term: str, patterns: Sequence[str]) -> str:
    """The tactic that takes a disjunction apart."""
    if not patterns:
        return f"destruct {term}."
    pattern = disjunction_pattern(patterns)
    return f"destruct {term} as {pattern}." if pattern.startswith("[") else f"pose proof {term} as {pattern}."


def chosen(number: int, count: int) -> str:
    """The tactics that choose part ``number`` of a disjunction of ``count`` parts."""
    steps = ["right"] * number + (["left"] if number < count - 1 else [])
    return "; ".join(steps) or "idtac"


def wrapped(text: str) -> str:
    """A long line as several, broken at blanks."""
    return fill(text, 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def comment(text: str) -> str:
    """Text from a problem file for the inside of a comment: it can neither end it nor begin another.

    Coq also reads string literals inside comments, so double quotes become single ones.
    """
    spaced = re.sub(r"\((?=\*)", "( ", clean(text).replace('"', "'"))
    return re.sub(r"\*(?=\))", "* ", spaced)
