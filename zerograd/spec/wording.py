"""Validators that say what a person should do. Each raises `PydanticCustomError`, the message verbatim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from zerograd.core.errors import short
from zerograd.core.model.activations import ACTIVATION_NAMES, FAMILIES
from zerograd.core.model.kinks import CHOICES, CONVENTIONS, kink_from
from zerograd.core.model.references import parse_reference
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.rationals import parse_rational
from zerograd.core.question.language import LanguageError
from zerograd.core.question.parsing import parse_condition
from zerograd.spec.scalars import Real

OWN = "zerograd"
"""The type of errors whose message is ours."""


def fault(message: str) -> PydanticCustomError:
    """An error with this message: the template is fixed, since messages may hold braces."""
    return PydanticCustomError(OWN, "{message}", {"message": message})


def show(value: object) -> str:
    """A value as a file would have it, shortened."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return short(value)


def expected(what: str, value: object) -> PydanticCustomError:
    return fault(f"expected {what}, found {show(value)}")


def text(value: object) -> object:
    if isinstance(value, str):
        return value
    hint = ": put it in quotes" if isinstance(value, bool | int | Real) else ""
    raise fault(f"expected text, found {show(value)}{hint}")


def whole(value: object) -> object:
    if type(value) is int and value >= 1:
        return value
    raise expected("a whole number of at least 1", value)


def flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    raise expected("true or false", value)


def choice(*allowed: str | int, hint: Callable[[str], str] | None = None) -> BeforeValidator:
    """One of a few words; the nearest one is named for a wrong one, or what ``hint`` says of it."""

    def check(value: object) -> object:
        if type(value) in (str, int) and value in allowed:
            return value
        words = [str(word) for word in allowed]
        near = (hint(value) if hint else did_you_mean(value, words)) if isinstance(value, str) else ""
        one = "one of " if len(words) > 1 else ""
        raise fault(f"expected {one}{', '.join(words)}, found {show(value)}{near}")

    return BeforeValidator(check)


def count(value: object) -> object:
    """``samples`` where it is no range."""
    if type(value) is int or value in ("fewest", "any"):
        return value
    hint = did_you_mean(value, ("fewest", "any")) if isinstance(value, str) else ""
    raise fault(f"expected a whole number, fewest, any, or {{from: 2, to: 6}}, found {show(value)}{hint}")


def number(value: object) -> object:
    """Exact: an integer, a decimal as its own text, or ``p/q``."""
    if isinstance(value, Real | str):
        try:
            return parse_rational(value.text if isinstance(value, Real) else value)
        except ValueError as error:
            raise fault(str(error)) from None
    if type(value) is int:
        return value
    raise expected("a number such as 3, -2/3 or 0.1", value)


def parameter(activation: str) -> AfterValidator:
    """The parameter of an activation with this name."""

    def check(value: Any) -> Any:
        try:
            FAMILIES[activation].make(value)
        except ValueError as error:
            raise fault(str(error)) from None
        return value

    return AfterValidator(check)


def number_or_free(value: object) -> object:
    return None if value is None else number(value)


def pair(value: object) -> object:
    if isinstance(value, list) and len(value) == 2:
        return value
    instead = f"a list of {len(value)}" if isinstance(value, list) else show(value)
    raise fault(f"expected [lowest, highest] (null where open), found {instead}")


def name(value: object) -> object:
    if not isinstance(value, str):
        hint = ": put names with an index in quotes" if isinstance(value, list | dict) else ""
        raise fault(f"expected a name such as w1 or w1[0,1], found {show(value)}{hint}")
    try:
        return parse_reference(value)
    except ValueError as error:
        raise fault(str(error)) from None


def condition(value: object) -> object:
    if not isinstance(value, str):
        hint = ": put the whole condition in quotes" if isinstance(value, list | dict) else ""
        raise fault(f"expected a condition such as 'x[0] < x[1]', found {show(value)}{hint}")
    try:
        return parse_condition(value)
    except LanguageError as error:
        raise fault(str(error)) from None


def kink(value: object) -> object:
    """A convention for kinks. What stands in a mapping, the core looks at."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        known = ", ".join((*CONVENTIONS, *CHOICES))
        raise expected(f"one of {known}, or a mapping such as {{relu: right}}", value)
    try:
        return kink_from(value, ACTIVATION_NAMES)
    except ValueError as error:
        raise fault(str(error)) from None


def loss(value: object) -> object:
    """A name, or a mapping: what stands in it is for the core to judge."""
    if isinstance(value, str | dict):
        return value
    raise expected("a loss such as mse or {huber: 1/2}", value)


def listed(what: str, at_most: int | None = None) -> BeforeValidator:
    """A list; a lone text is a list of one."""

    def check(value: object) -> object:
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            raise expected(f"a list of {what}", value)
        if at_most is not None and len(value) > at_most:
            raise fault(f"{len(value)} {what} are more than the {at_most} that are read")
        return value

    return BeforeValidator(check)


def at_least(least: int, what: str) -> BeforeValidator:
    """A list with at least so many items."""

    def check(value: object) -> object:
        if not isinstance(value, list) or len(value) < least:
            instead = f"a list of {len(value)}" if isinstance(value, list) else show(value)
            raise fault(f"expected {what}, found {instead}")
        return value

    return BeforeValidator(check)


def kind(of_list: str, of_mapping: str, otherwise: str) -> Callable[[Any], str]:
    """Which member of a union a value is held against: so there is one message, not one per member."""

    def tell(value: Any) -> str:
        return of_list if isinstance(value, list) else of_mapping if isinstance(value, dict) else otherwise

    return tell


def by_key(tags: Mapping[str, str], otherwise: str) -> Callable[[Any], str]:
    """The member of a union whose key a mapping has, or has nearly; the first one if it has none."""

    def tell(value: Any) -> str:
        if not isinstance(value, dict):
            return otherwise
        for key in value:
            hint = did_you_mean(str(key), tags)
            for name, tag in tags.items():
                if key == name or repr(name) in hint:
                    return tag
        return next(iter(tags.values()))

    return tell
