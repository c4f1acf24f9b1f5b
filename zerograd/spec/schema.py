"""The JSON Schemas of problem files and of sweep files, for editors.

    python -m zerograd.spec.schema > zerograd/spec/problem.schema.json
    python -m zerograd.spec.schema sweep > zerograd/spec/sweep.schema.json

A file whose first line is ``# yaml-language-server: $schema=…/problem.schema.json`` is completed
and checked while it is written.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from zerograd.core.question.sweeps import MAX_PATTERN
from zerograd.spec.model import ProblemFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema, made from the models."""
    made = ProblemFile.model_json_schema(by_alias=True, mode="validation")
    result: dict[str, Any] = {"$schema": DIALECT} | _without_null_defaults(made)
    return result


def sweep_schema() -> dict[str, Any]:
    """The schema of sweep files: that of problems, in which a placeholder may stand for any value."""
    problem = schema()
    names = problem.pop("$defs", {})
    del problem["$schema"]
    problem["required"] = []
    placeholder = {"type": "string", "pattern": r"\$"}
    values = {
        "anyOf": [
            {"type": "array", "minItems": 1, "description": "The values."},
            {
                "description": "Whole numbers, both ends included.",
                "type": "object",
                "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}},
                "required": ["from", "to"],
                "additionalProperties": False,
            },
            {
                "description": "All patterns of names: $NAME.zero and $NAME.nonzero.",
                "type": "object",
                "properties": {"patterns": names_schema()},
                "required": ["patterns"],
                "additionalProperties": False,
            },
        ]
    }
    return {
        "$schema": DIALECT,
        "title": "zerograd sweep",
        "description": "A problem with parameters, asked for all combinations of their values.",
        "$defs": {name: _replaceable(each, placeholder) for name, each in names.items()},
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "A name for people."},
            "notes": {"type": "string", "description": "Notes for people."},
            "sweep": {
                "description": "The values of each parameter.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "additionalProperties": values,
            },
            "problem": _with_replaceable_parts(problem, placeholder),
        },
        "required": ["sweep", "problem"],
        "additionalProperties": False,
    }


def names_schema() -> dict[str, Any]:
    """The schema of a list of names, or of one."""
    one = {"type": "string"}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_PATTERN}]}


_PARTS = ("properties", "items", "additionalProperties", "prefixItems", "anyOf", "oneOf")


def _replaceable(data: Any, placeholder: dict[str, Any]) -> Any:
    """A schema that takes a placeholder, too, at any depth."""
    if not isinstance(data, dict):
        return data
    return {"anyOf": [placeholder, _with_replaceable_parts(data, placeholder)]}


def _with_replaceable_parts(data: dict[str, Any], placeholder: dict[str, Any]) -> dict[str, Any]:
    made = dict(data)
    for key in _PARTS:
        match data.get(key):
            case dict() as parts if key == "properties":
                made[key] = {name: _replaceable(part, placeholder) for name, part in parts.items()}
            case dict() as part:
                made[key] = _replaceable(part, placeholder)
            case list() as parts:
                made[key] = [_replaceable(part, placeholder) for part in parts]
    return made


def schema_text(what: str = "problem") -> str:
    """The schema of problems, or of sweeps, as it is committed."""
    made = sweep_schema() if what == "sweep" else schema()
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _without_null_defaults(data: Any) -> Any:
    """A key that may be left out is not one that may be null."""
    match data:
        case dict():
            return {
                key: _without_null_defaults(value)
                for key, value in data.items()
                if (key, value) != ("default", None)
            }
        case list():
            return [_without_null_defaults(item) for item in data]
    return data


if __name__ == "__main__":
    print(schema_text(*sys.argv[1:2]), end="")
