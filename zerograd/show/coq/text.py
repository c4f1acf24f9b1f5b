"""Numbers, polynomials and facts as Coq writes them, and text from problem files made safe in comments.

All polynomials are written with integer coefficients: a fact ``p > 0`` is one about d·p, d the least
common denominator. So Coq's ``ring`` decides every identity between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from textwrap import fill
from typing import TypeAlias

from zerograd.core.errors import ZerogradError
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.facts import Both, Either, Fact, Formula, meaning
from zerograd.core.refuting.system import Case
from zerograd.document.escape import clean


class NotExportable(ZerogradError):  # noqa: N818  # a limit of what can be written, not a mishap
    """A certificate that cannot be written for Coq. The message says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Value:
    """A variable is this number."""

    name: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Whole:
    """A variable is an integer."""

    name: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    parts: tuple[Claim, ...]


Claim: TypeAlias = Fact | Value | Whole | AllOf | OneOf
"""What a hypothesis says: a `Formula`, or one of the things that a system says beside its facts."""


def claim(formula: Formula) -> Claim:
    match formula:
        case Fact():
            return formula
        case Both(parts=parts):
            return AllOf(tuple(map(claim, parts)))
        case Either(parts=parts):
            return OneOf(tuple(map(claim, parts)))


def case_claim(case: Case) -> AllOf:
    """All that holds in one case of a distinction."""
    values = tuple(Value(name, value) for name, value in case.values.items())
    return AllOf((*values, *(claim(formula) for _, formula in case.facts)))


def renamed_claim(said: Claim, names: Mapping[str, str]) -> Claim:
    match said:
        case Fact(polynomial=p, sign=sign):
            return Fact(p.renamed(names), sign)
        case Value(name=name, value=value):
            return Value(names.get(name, name), value)
        case Whole(name=name):
            return Whole(names.get(name, name))
        case AllOf(parts=parts):
            return AllOf(tuple(renamed_claim(part, names) for part in parts))
        case OneOf(parts=parts):
            return OneOf(tuple(renamed_claim(part, names) for part in parts))


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """Text of a claim with other names for its variables."""
    new = {identifier(name): identifier(other) for name, other in names.items()}
    return re.sub(r"\b[a-zA-Z]\w*", lambda match: new.get(match[0], match[0]), text)


def claim_key(said: Claim) -> object:
    """The same for claims that differ in the order of their parts, or by factors, only."""
    match said:
        case Fact():
            return meaning(said)
        case AllOf(parts=parts):
            return ("all", frozenset(map(claim_key, parts)))
        case OneOf(parts=parts):
            return ("one", frozenset(map(claim_key, parts)))
    return said


def variables_in(said: Claim) -> Iterator[str]:
    match said:
        case Fact(polynomial=p):
            yield from p.variables
        case Value(name=name) | Whole(name=name):
            yield name
        case AllOf(parts=parts) | OneOf(parts=parts):
            for part in parts:
                yield from variables_in(part)


def identifier(variable: str) -> str:
    """``w1[0,1]`` as ``w1_0_1``."""
    return variable.replace("[", "_").replace(",", "_").rstrip("]")


def number_text(value: int | Fraction) -> str:
    value = Fraction(value)
    if value.denominator == 1:
        return str(value) if value >= 0 else f"({value})"
    return f"({value.numerator} / {value.denominator})"


def cleared(p: Polynomial) -> tuple[Polynomial, int]:
    """d·p with integer coefficients, and d, the least such number above 0."""
    d = lcm(1, *(c.denominator for c in p.terms.values()))
    return p * d, d


def polynomial_text(p: Polynomial) -> str:
    """A polynomial with integer coefficients, with no parentheses around it."""
    text = ""
    for monomial, c in sorted(p.terms.items(), reverse=True):
        powers = " * ".join(identifier(n) if e == 1 else f"{identifier(n)} ^ {e}" for n, e in monomial)
        size = "" if abs(c) == 1 and powers else str(abs(c))
        term = size + (" * " if size and powers else "") + powers
        text += (" - " if c < 0 else " + ") + term if text else ("- " if c < 0 else "") + term
    return text or "0"


def claim_text(said: Claim) -> str:
    """A proposition; of several parts it stands in parentheses."""
    match said:
        case Fact(polynomial=p, sign=sign):
            text = polynomial_text(cleared(p)[0])
            return {
                "=": f"{text} = 0", "!=": f"{text} <> 0", ">": f"0 < {text}", ">=": f"0 <= {text}"
            }[sign]  # fmt: skip
        case Value(name=name, value=value):
            return value_text(identifier(name), value)
        case Whole(name=name):
            return f"integer {identifier(name)}"
        case AllOf(parts=parts):
            return joined(list(map(claim_text, parts)), "/\\", "True")
        case OneOf(parts=parts):
            return joined(list(map(claim_text, parts)), "\\/", "False")


def value_text(term: str, value: Fraction) -> str:
    """``s = 1``, ``100 * s = 1``: no fractions, which ``ring`` would not read."""
    factor = "" if value.denominator == 1 else f"{value.denominator} * "
    return f"{factor}{term} = {number_text(value.numerator)}"


def joined(parts: Sequence[str], connective: str, empty: str) -> str:
    if not parts:
        return empty
    if len(parts) == 1:
        return parts[0]
    return "(" + f" {connective} ".join(parts) + ")"


def conjunction_pattern(names: Sequence[str]) -> str:
    """The pattern that takes A /\\ B /\\ C apart: ``[a [b c]]``; of no parts it is ``_``."""
    text = names[-1] if names else "_"
    for name in reversed(names[:-1]):
        text = f"[{name} {text}]"
    return text


def disjunction_pattern(patterns: Sequence[str]) -> str:
    """The pattern that takes A \\/ B \\/ C apart: ``[a|[b|c]]``."""
    text = patterns[-1]
    for pattern in reversed(patterns[:-1]):
        text = f"[{pattern}|{text}]"
    return text


def chosen(number: int, count: int) -> str:
    """The tactics that choose part ``number`` of a disjunction of ``count`` parts."""
    steps = ["right"] * number + (["left"] if number < count - 1 else [])
    return "; ".join(steps) or "idtac"


def wrapped(text: str) -> str:
    """A long line as several, broken at blanks."""
    return fill(text, 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def split_term(count: int) -> str:
    """A term for a conjunction, with its parts left as goals."""
    text = "_"
    for _ in range(count - 1):
        text = f"(conj _ {text})"
    return text


def comment(text: str) -> str:
    """Text from a problem file for the inside of a comment: it can neither end it nor begin another.

    Coq also reads string literals inside comments, so double quotes become single ones.
    """
    spaced = re.sub(r"\((?=\*)", "( ", clean(text).replace('"', "'"))
    return re.sub(r"\*(?=\))", "* ", spaced)
