"""Mistakes of form in plain data, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from zerograd.core.errors import Issue, Path
from zerograd.core.references import did_you_mean
from zerograd.spec.model import TAGS, Layer, LeakyRelu, NetworkForm, ProblemFile, SampleRange
from zerograd.spec.wording import OWN, show


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake of form; ``on_key`` where the key is wrong and not its value."""

    issue: Issue
    on_key: bool = False


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


KEYS = _keys(ProblemFile)

# Keys by the path around them, list positions left out.
_KNOWN: Mapping[tuple[str, ...], tuple[str, ...]] = {
    (): KEYS,
    ("samples",): _keys(SampleRange),
    ("network",): _keys(NetworkForm),
    ("network", "layers"): _keys(Layer),
    ("network", "layers", "activation"): _keys(LeakyRelu),
}

_MISSING = {
    "network": "write the widths, such as network: [1, 1, 1]",
    "samples": "write a number such as samples: 3, or fewest, or any",
    "inputs": "write the number of inputs, such as inputs: 1",
    "layers": "write the layers, such as layers: [{units: 3}, {units: 1}]",
    "units": "write the number of units, such as units: 3",
    "leaky_relu": "write the slope, such as {leaky_relu: 1/10}",
    "from": "write both ends, such as {from: 2, to: 6}",
    "to": "write both ends, such as {from: 2, to: 6}",
}

_TYPES = {
    "list_type": "a list",
    "dict_type": "a mapping, such as {x: …}",
    "model_type": "a mapping, such as {units: 3}",
    "less_than_equal": "a number of at most {le}",
}


def faults(data: Mapping[str, Any]) -> list[Fault]:
    """Every mistake of form, one for each place."""
    try:
        ProblemFile.model_validate(data)
    except ValidationError as error:
        return [
            _fault(e["type"], e["loc"], e["input"], e.get("ctx", {})) for e in error.errors(include_url=False)
        ]
    return []


def _fault(kind: str, location: tuple[str | int, ...], value: object, context: Mapping[str, Any]) -> Fault:
    path: Path = tuple(part for part in location if part not in TAGS)
    match kind:
        case "missing":
            return Fault(Issue(path, f"is missing: {_MISSING[str(path[-1])]}"))
        case "extra_forbidden":
            known = _KNOWN[tuple(part for part in path[:-1] if isinstance(part, str))]
            near = did_you_mean(str(path[-1]), known)
            return Fault(
                Issue(path, f"unknown key{near or '; the keys are ' + ', '.join(known)}"), on_key=True
            )
        case _ if kind == OWN:
            return Fault(Issue(path, context["message"]))
    return Fault(Issue(path, f"expected {_TYPES[kind].format(**context)}, found {show(value)}"))
