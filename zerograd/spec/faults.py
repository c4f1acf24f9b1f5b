"""Mistakes of form in plain data, in our words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from zerograd.core.errors import Issue, Path, ProblemError
from zerograd.core.model.activations import FAMILIES
from zerograd.core.near import did_you_mean
from zerograd.core.question.loss_reading import loss_from_json
from zerograd.spec.errors import Fault
from zerograd.spec.model import TAGS, Layer, NetworkForm, ProblemFile, SampleRange
from zerograd.spec.scalars import Real
from zerograd.spec.wording import OWN, show


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


# Keys by the path around them, list positions left out.
_KNOWN: Mapping[tuple[str, ...], tuple[str, ...]] = {
    (): _keys(ProblemFile),
    ("samples",): _keys(SampleRange),
    ("network",): _keys(NetworkForm),
    ("network", "layers"): _keys(Layer),
    ("network", "layers", "activation"): tuple(FAMILIES),
}

_MISSING = {
    "network": "write the widths, such as network: [1, 1, 1]",
    "samples": "write a number such as samples: 3, or fewest, or any",
    "inputs": "write the number of inputs, such as inputs: 1",
    "layers": "write the layers, such as layers: [{units: 3}, {units: 1}]",
    "units": "write the number of units, such as units: 3",
    "leaky_relu": "write the slope, such as {leaky_relu: 1/10}",
    "elu": "write alpha, such as {elu: 1}",
    "celu": "write alpha, such as {celu: 1}",
    "from": "write both ends, such as {from: 2, to: 6}",
    "to": "write both ends, such as {from: 2, to: 6}",
}

_TYPES = {
    "list_type": "a list",
    "dict_type": "a mapping, such as {x: …}",
    "model_type": "a mapping, such as {units: 3}",
}


def faults(data: Mapping[str, Any]) -> list[Fault]:
    """Every mistake of form, one for each place."""
    try:
        ProblemFile.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        misspelt = {_meant(_path(e["loc"])) for e in errors if e["type"] == "extra_forbidden"}
        told = [_fault(e["type"], _path(e["loc"]), e["input"], e.get("ctx", {}), misspelt) for e in errors]
    else:
        told = []
    return told + _of_loss(data.get("loss"))


def _of_loss(data: object) -> list[Fault]:
    """What is wrong inside a loss, whatever the network: its place may be deep in a mapping."""
    if not isinstance(data, str | dict):
        return []
    try:
        loss_from_json(_texts(data), None)
    except ProblemError as error:
        return [Fault(issue) for issue in error.issues]
    return []


def _texts(data: Any) -> Any:
    """Decimals as their own text."""
    if isinstance(data, dict):
        return {key: _texts(value) for key, value in data.items()}
    return data.text if isinstance(data, Real) else data


def _path(location: tuple[str | int, ...]) -> Path:
    return tuple(part for part in location if part not in TAGS)


def _known(path: Path) -> tuple[str, ...]:
    """The keys that may stand where the last part of a path stands."""
    return _KNOWN[tuple(part for part in path[:-1] if isinstance(part, str))]


def _meant(path: Path) -> Path:
    """The path with its unknown last key replaced by the one that `did_you_mean` names, if it does."""
    known = _known(path)
    hint = did_you_mean(str(path[-1]), known)
    return (*path[:-1], next((key for key in known if repr(key) in hint), path[-1]))


def _fault(
    kind: str, path: Path, value: object, context: Mapping[str, Any], misspelt: Collection[Path]
) -> Fault:
    match kind:
        case "missing":
            advice = f"is missing: {_MISSING[str(path[-1])]}"
            return Fault(Issue(path, advice), implied=path in misspelt)
        case "extra_forbidden":
            known = _known(path)
            if path[-1] in known:  # of a union of mappings with one key each
                return Fault(Issue(path, "one key is enough: take the others out"), on_key=True)
            hint = did_you_mean(str(path[-1]), known) or f"; the keys are {', '.join(known)}"
            return Fault(Issue(path, f"unknown key{hint}"), on_key=True)
        case "less_than_equal":
            message = f"expected at most {context['le']}, found {show(value)}"
        case _ if kind == OWN:
            message = context["message"]
        case _:
            message = f"expected {_TYPES[kind]}, found {show(value)}"
    if value is None and len(path) == 1 and path[0] not in _MISSING:
        message += ": write a value, or take the key out"
    return Fault(Issue(path, message))
