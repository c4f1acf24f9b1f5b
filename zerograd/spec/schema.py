"""The JSON Schema of problem files, for editors.

    python -m zerograd.spec.schema > zerograd/spec/problem.schema.json

A file whose first line is ``# yaml-language-server: $schema=…/problem.schema.json`` is completed
and checked while it is written.
"""

from __future__ import annotations

import json
from typing import Any

from zerograd.spec.model import ProblemFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema, made from the models."""
    made = ProblemFile.model_json_schema(by_alias=True, mode="validation")
    result: dict[str, Any] = {"$schema": DIALECT} | _without_null_defaults(made)
    return result


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


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
    print(schema_text(), end="")
