"""Problem files of which a look tells that their form is right.

Most are. The models (`zerograd.spec.model`) take longer to load than such a file takes to be answered; they
are asked about all others, and about those that the core refuses, to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zerograd.core.model.activations import ACTIVATION_NAMES
from zerograd.core.model.kinks import CONVENTIONS
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.targets import TARGETS
from zerograd.core.question.vocabulary import (
    DOMAINS,
    EXPECTATIONS,
    MAX_SAMPLES,
    MINIMA,
    PREFERENCES,
    RELATIONS,
)

MAX_CONDITIONS = 1000
"""Most conditions in one file."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "loss": tuple(LOSSES),
    "targets": tuple(TARGETS),
    "domain": tuple(DOMAINS),
    "derivative_at_kink": tuple(CONVENTIONS),
    "expect": tuple(EXPECTATIONS),
    "prefer": tuple(PREFERENCES),
    "minimum": tuple(MINIMA),
    "samples": ("fewest", "any"),
}


def is_plain(data: Mapping[str, Any]) -> bool:
    """Whether the form is right for sure. False says nothing; the core has still to accept what it means."""
    return {"network", "samples"} <= data.keys() and all(_is_plain(key, value) for key, value in data.items())


def _is_plain(key: str, value: object) -> bool:
    match key, value:
        case (("title" | "notes"), str()):
            return True
        case "version", int():
            return value == 1 and type(value) is int
        case "spurious", bool():
            return True
        case "network", list():
            return len(value) >= 2 and all(map(_is_count, value))
        case "network", {"inputs": inputs, "layers": list(layers), **others}:
            return not others and _is_count(inputs) and bool(layers) and all(map(_is_layer, layers))
        case "samples", int():
            return _is_count(value) and value <= MAX_SAMPLES
        case "samples", {"from": least, "to": most, **others}:
            return not others and all(_is_count(n) and n <= MAX_SAMPLES for n in (least, most))
        case (("where" | "references"), list()):
            return len(value) <= MAX_CONDITIONS and all(isinstance(text, str) for text in value)
        case _, list():
            return key in RELATIONS and all(isinstance(text, str) for text in value)
        case _, str():
            return key in RELATIONS or key == "where" or value in _WORDS.get(key, ())
    return False


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def _is_layer(value: object) -> bool:
    match value:
        case {"units": units, **others}:
            activation, bias = others.pop("activation", "relu"), others.pop("bias", True)
            known = isinstance(activation, str) and activation in ACTIVATION_NAMES
            return not others and _is_count(units) and known and isinstance(bias, bool)
    return False
