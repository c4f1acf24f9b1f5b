"""The JSON Schema of explanations, ``zerograd.explanation/1``, for programs that read them.

python -m zerograd.spec.explanation_schema > zerograd/spec/explanation.schema.json
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from zerograd.explaining.document import FORMAT
from zerograd.explaining.explanation import Kind, Note, Reach, Reason, State
from zerograd.spec.schema import DIALECT

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_NUMBER = {"type": ["number", "string", "null"], "description": "A number; nan and infinities are texts."}
_STATES = {
    "type": "string",
    "pattern": f"^[{''.join(state.value for state in State)}]*$",
    "description": "A sample: a letter for each unit.",
}
_OPTIONAL = ("kind",)
_DETAILS = {"type": "object", "description": "What sentences use beside; keys may be added."}


def schema() -> dict[str, Any]:
    """Return the schema."""
    step = _step_report()
    return {
        "$schema": DIALECT,
        "title": FORMAT,
        **_object(
            {
                "format": {"const": FORMAT},
                **step,
                "error": {**_nullable("string"), "description": "The error that ended the watched code."},
                "torch": {**_nullable("string"), "description": "The version of PyTorch."},
                "seconds": {**_NUMBER, "description": "Time spent on explaining."},
                "steps": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object(step, _OPTIONAL),
                    "description": "All steps; the last one is the top level.",
                },
            },
            _OPTIONAL,
        ),
        "$defs": {"row": _row(), "cause": _cause(), "step": _step()},
    }


def schema_text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _object(properties: Mapping[str, Any], optional: Collection[str] = ()) -> dict[str, Any]:
    """An object with all of these keys but those that may be left out, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _nullable(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


def _step_report() -> dict[str, Any]:
    rows = {"type": "object", "additionalProperties": {"$ref": "#/$defs/row"}}
    return {
        "number": {"type": "integer", "description": "Which step of the run this is."},
        "verdict": {**_TEXT, "description": "The most important thing, in one sentence."},
        "setting": {
            **_nullable("string"),
            "description": "Network, loss and conventions, of a problem or a model file; null of a step.",
        },
        "optimizer": {**_nullable("string"), "description": "The class of the optimiser that stepped."},
        "loss": {**_NUMBER, "description": "What backward started from, as the run had it."},
        "batch": {**_nullable("integer"), "description": "Number of samples."},
        "parameters": rows,
        "inputs": rows,
        "unsupported": _list(_object({"operation": _TEXT, "where": _TEXT, "times": _COUNT})),
        "messages": _list(_TEXT),
        "kind": {"type": "object", "description": "What kind of point the parameters of a problem are."},
        "units": _list(_object({"where": _TEXT, "states": _list(_STATES)})),
        "graph": _object(
            {
                "vertices": _list(
                    _object({"name": _TEXT, "kind": _TEXT, "reach": {"enum": [r.value for r in Reach]}})
                ),
                "edges": _list({"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2}),
            }
        ),
    }


def _row() -> dict[str, Any]:
    classes = ("zero", "nonzero", "undecided", "observed")
    floats = ("zero", "lost", "noise", "across_kink", "nan")
    return _object(
        {
            "shape": _list(_COUNT),
            "entries": {
                **_object(dict.fromkeys(classes, _COUNT)),
                "description": "How many entries of the gradient; they sum to its size.",
            },
            "precision": {
                **_nullable("integer"),
                "description": "Bits that undecided entries were followed to.",
            },
            "float": _object(
                {
                    "dtype": _TEXT,
                    **dict.fromkeys(floats, _COUNT),
                    **dict.fromkeys(("nan_began", "lost_began"), _nullable("string")),
                }
            ),
            "causes": _list({"$ref": "#/$defs/cause"}),
            "step": {"$ref": "#/$defs/step"},
        }
    )


def _cause() -> dict[str, Any]:
    return _object(
        {
            "kind": {"enum": [kind.value for kind in Kind]},
            "where": _TEXT,
            "samples": {"type": ["array", "null"], "items": _COUNT},
            "all_samples": _FLAG,
            "entries": _COUNT,
            "structural": _FLAG,
            "alone": _FLAG,
            "details": _DETAILS,
        }
    )


def _step() -> dict[str, Any]:
    return _object(
        {
            "held": _nullable("boolean"),
            "moved": {**_nullable("integer"), "description": "How many entries changed."},
            "reasons": _list({"enum": [reason.value for reason in Reason]}),
            "notes": _list({"enum": [note.value for note in Note]}),
            "details": _DETAILS,
        }
    )


if __name__ == "__main__":
    print(schema_text(), end="")
