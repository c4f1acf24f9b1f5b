"""Which derivative is taken at a kink: conventions.

A convention is a text: a rule for all kinks (one of `KINKS`), a library (`zerograd.core.model.libraries`),
or a mapping, such as ``default: torch, hardtanh: 1/2, z2: right``, from activations, layers and `LOSS` to one
of these or to a number. A layer is named by its pre-activations, and comes before its activation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from zerograd.core.errors import short
from zerograd.core.model.libraries import LIBRARIES, UnknownLibrary, library_named
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import parse_rational

Kink: TypeAlias = str
"""A convention for the derivative at a kink."""

Rule = Literal["torch", "left", "right", "mean", "forbid"]

KINKS: tuple[Rule, ...] = get_args(Rule)
"""The rules for all kinks; ``forbid``: no sample may sit on one. ``mean`` is half the sum of both slopes."""

CONVENTIONS: tuple[Kink, ...] = (*KINKS, *LIBRARIES)
"""Rules and libraries."""

Choice = Literal["any", "all"]

CHOICES: tuple[Choice, ...] = get_args(Choice)
"""The slope is chosen, for each unit and sample by itself: ``any`` choice answers, or ``all`` of them do."""

LOSS = "loss"
"""What a mapping calls the loss."""
DEFAULT = "default"
"""What a mapping calls everything that it does not name."""

_FORBID = "forbid"
_LAYER = re.compile(r"z([1-9]\d{0,6})")
LAYER_PATTERN = "^z[1-9][0-9]{0,6}$"
"""What a mapping calls a layer, as JSON Schema writes it."""


@dataclass(frozen=True, slots=True)
class OfLayer:
    """The convention that a mapping has for one layer, counted from 1."""

    layer: int
    convention: Kink


class NoConvention(ValueError):  # noqa: N818 - named for what it is
    """Something that is no convention.

    Attributes:
        faults: (name under which it stands in a mapping, message) of each; None for the whole.
    """

    def __init__(self, *faults: tuple[str | None, str]) -> None:
        self.faults = faults
        super().__init__(
            "; ".join(message if name is None else f"{name}: {message}" for name, message in faults)
        )


class NoSlopeYet(Exception):  # noqa: N818 - named for what is missing
    """Under ``any`` no rule says which derivative is taken at a kink: whoever asks has to choose one."""


class UnknownDerivative(ValueError):  # noqa: N818 - named for what it is
    """It was not measured what a library returns at a kink of an activation or loss."""

    def __init__(self, library: str, name: str) -> None:
        self.library, self.name = library, name
        missing = LIBRARIES[library].missing.get(name) if library in LIBRARIES else None
        why = f" ({missing})" if missing else ""
        super().__init__(f"what {library} returns at a kink of {name} was not measured{why}")


Taken = tuple[Rational | None, ...]
"""The derivative at each of several kinks; None under ``forbid``."""


def derivatives_taken(
    convention: Kink,
    name: str,
    left: tuple[Rational, ...],
    right: tuple[Rational, ...],
    torch: tuple[Rational, ...],
) -> Taken:
    """Return the derivative at each kink of an activation.

    Args:
        name: of the activation.
        left, right: the slopes on both sides of each kink.
        torch: what PyTorch returns.

    Raises:
        UnknownDerivative: the convention is a library in which this was not measured.
        NoSlopeYet: it is ``any``, and there are kinks.
    """
    # Searches ask this for every few pre-activations, nearly always by a rule for all kinks.
    whole = {"torch": torch, "left": left, "right": right}.get(convention)
    if whole is not None:
        return whole
    slopes = zip(left, right, torch, strict=True)
    return tuple(
        _by_rule(rule_taken(convention, name, number), *three) for number, three in enumerate(slopes)
    )


def _by_rule(
    rule: Rule | Literal["all"] | Rational, left: Rational, right: Rational, torch: Rational
) -> Rational | None:
    match rule:
        case "torch":
            return torch
        case "left":
            return left
        case "right":
            return right
        case "mean":
            return _lowest((Fraction(left) + right) / 2)
        case "forbid":
            return None
        case "all":
            return torch if min(left, right) <= torch <= max(left, right) else left
    return rule


@lru_cache(maxsize=1024)
def rule_taken(
    convention: Kink, name: str, number: int, key: str | None = None, /
) -> Rule | Literal["all"] | Rational:
    """Return the rule or number that a convention has for a kink.

    What holds under ``all`` choices holds under torch's, where that lies between both slopes (else under the
    left one): it is the one that stands for all of them.

    Args:
        name: of the activation or loss.
        number: which of its kinks, from 0.
        key: what a mapping calls it, where that is not its name.

    Raises:
        UnknownDerivative: the convention is a library in which this was not measured.
        NoSlopeYet: it is ``any``.
    """
    choice = choice_for(convention, key or name)
    if isinstance(choice, str) and choice in LIBRARIES:
        choices = LIBRARIES[choice].choices.get(name)
        if choices is None:
            raise UnknownDerivative(choice, name if name in LIBRARIES[choice].missing else key or name)
        return choices[number]
    match choice:
        case "torch" | "left" | "right" | "mean" | "forbid" | "all" | int() | Fraction():
            return choice
        case "any":
            raise NoSlopeYet(f"a slope has to be chosen at each kink of {key or name}")
    raise NoConvention((None, f"{convention!r} is no convention for kinks"))


def choice_for(convention: Kink, name: str) -> Kink | Rational:
    """Return the rule, library or number that a convention has for an activation or the loss."""
    if convention in CONVENTIONS or convention in CHOICES:
        return convention
    choices = _choices(convention)
    return choices.get(name, choices[DEFAULT])


def layers_of(convention: Kink) -> dict[int, OfLayer]:
    """Return what a mapping has for layers, by their numbers from 1."""
    if ":" not in convention:  # it is no mapping
        return {}
    conventions = {}
    for name, choice in _choices(convention).items():
        if match := _LAYER.fullmatch(name):
            number = int(match[1])
            text = choice if isinstance(choice, str) else f"{DEFAULT}: {choice}"
            conventions[number] = OfLayer(number, text)
    return conventions


def kink_from(data: object, known: Collection[str]) -> Kink:
    """Return the convention that a file or a program writes as a text or a mapping.

    Args:
        known: the names of activations that a mapping may have, beside `DEFAULT` and `LOSS`.

    Raises:
        NoConvention: it is none.
    """
    words = (*CONVENTIONS, *CHOICES)
    if isinstance(data, str) and data in words:
        return data
    if isinstance(data, str) and ":" in data:  # as `Problem` keeps it
        data = {name.strip(): choice for name, _, choice in (part.partition(":") for part in data.split(","))}
    if not isinstance(data, Mapping):
        try:
            if isinstance(data, str) and (library := _library(data)) is not None:
                return library
        except ValueError as error:
            raise NoConvention((None, str(error))) from None
        hint = did_you_mean(data, words) if isinstance(data, str) else ""
        raise NoConvention((None, f"expected one of {', '.join(words)}, found {short(data)}{hint}"))
    names = (*known, LOSS, DEFAULT)
    faults: list[tuple[str | None, str]] = []
    choices: dict[str, Kink | Rational] = {}
    for name, choice in sorted(data.items(), key=lambda item: str(item[0])):
        if name not in names and not (isinstance(name, str) and _LAYER.fullmatch(name)):
            faults.append(
                (
                    str(name),
                    f"not an activation, a layer such as z2, {LOSS} or {DEFAULT}{_meant(name, names)}",
                )
            )
            continue
        try:
            choices[name] = _choice(choice)
        except ValueError as error:
            faults.append((name, str(error)))
    if faults:
        raise NoConvention(*faults)
    default = choices.pop(DEFAULT, "torch")
    # A layer says something even where that is the default: its activation may have another choice.
    others = {name: choice for name, choice in choices.items() if choice != default or _LAYER.fullmatch(name)}
    if not others and isinstance(default, str):
        return default
    return ", ".join(f"{name}: {choice}" for name, choice in {DEFAULT: default, **others}.items())


def _meant(name: object, names: Collection[str]) -> str:
    """Which name of a mapping somebody may have meant."""
    layer = re.fullmatch(r"(?:layer[ _]?|w|b|a|)([1-9]\d{0,6})", str(name).strip().lower())
    return f" (layer {layer[1]} is called z{layer[1]})" if layer else did_you_mean(str(name), names)


def kink_to_json(convention: Kink) -> str | dict[str, str]:
    """Return a convention as documents have it: a name, or an object with texts."""
    if convention in CONVENTIONS or convention in CHOICES:
        return convention
    return {name: str(choice) for name, choice in _choices(convention).items()}


def _choice(data: object) -> Kink | Rational:
    """What stands under a name of a mapping. Raises ValueError."""
    text = data.strip() if isinstance(data, str) else data
    if isinstance(text, str) and text in CONVENTIONS and text != _FORBID:
        return text
    if isinstance(text, str) and (library := _library(text)) is not None:
        return library
    if text in (_FORBID, *CHOICES):
        raise ValueError(f"{text} is for every kink or none: it cannot stand in a mapping")
    if isinstance(text, str | int | Fraction) and not isinstance(text, bool):
        with suppress(ValueError):
            return parse_rational(text) if isinstance(text, str) else _lowest(Fraction(text))
    words = ", ".join(word for word in CONVENTIONS if word != _FORBID)
    raise ValueError(f"expected one of {words}, or a number, found {short(data)}")


def _library(text: str) -> Kink | None:
    """The library that somebody names. Raises ValueError where none of that name or version was measured."""
    try:
        return library_named(text)
    except UnknownLibrary as error:
        raise ValueError(f"{short(text)}: {error}") from None


@lru_cache(maxsize=64)
def _choices(convention: Kink) -> Mapping[str, Kink | Rational]:
    """The mapping that a convention is, as `kink_from` writes it."""
    parts = (part.partition(": ") for part in convention.split(", "))
    choices = {name: _choice(choice) for name, _, choice in parts}
    if DEFAULT not in choices:
        raise NoConvention((None, f"{convention!r} is no convention for kinks"))
    return choices


def _lowest(value: Fraction) -> Rational:
    return value.numerator if value.denominator == 1 else value
