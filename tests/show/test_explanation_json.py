"""The document of an explanation: its schema, its promises, and what no JSON may contain."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from tests.cli.test_formats import _example
from tests.show.explained import ALL, MIXED, PAGE, STEPS
from tests.show.test_explanation import EXPLANATIONS
from zerograd.explaining.document import clean
from zerograd.explaining.explanation import Explanation, Kind, Note, Reason
from zerograd.report import Report
from zerograd.spec.explanation_schema import schema_text

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "zerograd" / "spec" / "explanation.schema.json"
VALIDATOR = Draft202012Validator(json.loads(COMMITTED.read_text(encoding="utf-8")))


def through_json(made: Explanation) -> Any:
    """The document as another program reads it."""
    return json.loads(json.dumps(Report(made).to_json(), allow_nan=False))


def test_committed_schema_is_current(update_golden: bool) -> None:
    """The file in the repository is what its module gives."""
    if update_golden:
        COMMITTED.write_text(schema_text(), encoding="utf-8")
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(), (
        "update it with: python -m zerograd.spec.explanation_schema > zerograd/spec/explanation.schema.json"
    )
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("name", list(ALL))
def test_documents_are_as_the_schema_says(name: str) -> None:
    """Entries are a partition of the array, and the top level is the last step."""
    document = through_json(ALL[name])
    VALIDATOR.validate(document)
    assert {key: document[key] for key in document["steps"][-1]} == document["steps"][-1]
    for row in (*document["parameters"].values(), *document["inputs"].values()):
        assert sum(row["entries"].values()) == np.prod(row["shape"], dtype=int)


@given(EXPLANATIONS)
def test_whatever_is_reported_has_a_document(made: Explanation) -> None:
    """No value that the data can hold is lost to JSON, or against the schema."""
    VALIDATOR.validate(through_json(made))


def test_the_schema_refuses_what_is_not_in_the_format() -> None:
    """A cause of no known kind, a missing class, a key too many."""
    for path, value in (
        (("parameters", "fc1.weight", "causes", 0, "kind"), "tired"),
        (("parameters", "fc1.weight", "entries"), {"zero": 1}),
        (("parameters", "fc1.weight", "float", "nan"), -1),
        (("format",), "zerograd.explanation/2"),
        (("more",), 1),
    ):
        document = through_json(MIXED)
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        assert not VALIDATOR.is_valid(document), path


def test_keys_that_programs_rely_on() -> None:
    """What the format promises at least."""
    document = Report(MIXED).to_json()
    row = document["parameters"]["fc1.weight"]
    assert document["format"] == "zerograd.explanation/1"
    assert row["shape"] == [8, 4]
    assert row["entries"] == {"zero": 12, "nonzero": 20, "undecided": 0, "observed": 0}
    assert (row["causes"][0]["kind"], row["causes"][0]["samples"]) == ("dead", list(range(32)))
    assert row["step"] == {"held": True, "moved": 20, "reasons": [], "notes": [], "details": {}}
    assert document["parameters"]["encoder.layers.0.self_attn.out_proj.weight"]["precision"] == 4096
    assert document["inputs"]["x"]["step"]["moved"] is None
    assert document["unsupported"] == [{"operation": "aten.bessel_j0", "where": "train.py:31", "times": 2}]
    assert document["error"].startswith("RuntimeError")
    assert [step["number"] for step in Report(STEPS).to_json()["steps"]] == [1, 2, 3]


def test_what_is_no_json_becomes_text() -> None:
    """Fractions, nan and infinities; numbers of NumPy are numbers."""
    values = {"a": Fraction(1, 3), 2: (float("nan"), -float("inf")), "n": np.float32(0.5), "i": np.int64(3)}
    assert clean(values) == {"a": "1/3", "2": ["nan", "-inf"], "n": 0.5, "i": 3}
    assert clean([Kind.DEAD, True, None, {1}, object]) == ["dead", True, None, [1], "<class 'object'>"]


def test_page_shows_what_the_program_prints() -> None:
    """The example in docs/FORMATS.md; and the tables there name every kind, reason and note."""
    document = through_json(PAGE)
    assert json.loads(_example("explanation")) == {k: v for k, v in document.items() if k != "steps"}
    page = (ROOT / "docs" / "FORMATS.md").read_text(encoding="utf-8")
    section = page.partition("## Explanations")[2].partition("\n## ")[0]
    for word in (*Kind, *Reason, *Note):
        assert f"`{word.value}`" in section


def test_reports_need_no_torch() -> None:
    """Who reads an explanation need not have what made it."""
    program = (
        "import sys, zerograd.report, zerograd.show.explanation, zerograd.spec.explanation_schema;"
        "assert not {'torch', 'z3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
