"""The committed JSON Schema: up to date, and of one mind with the reader about form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest
from jsonschema import Draft202012Validator

from zerograd.core.question.documents import KEYS
from zerograd.spec.nodes import compose
from zerograd.spec.scalars import Real
from zerograd.spec.schema import schema, schema_text, sweep_schema

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "zerograd" / "spec" / "problem.schema.json"
GOOD = sorted([*Path(__file__).with_name("good").glob("*.yaml"), *ROOT.glob("problems/*.yaml")])
BAD_FORM = sorted(ROOT.glob("tests/bad/form-*.yaml"))
BAD_MEANING = sorted(ROOT.glob("tests/bad/meaning-*.yaml"))


def as_json(data: Any) -> Any:
    """Plain data as an editor sees it, numbers as floats."""
    match data:
        case Real(text=text):
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
        case list():
            return [as_json(item) for item in data]
        case dict():
            return {key: as_json(value) for key, value in data.items()}
    return data


def accepted(path: Path) -> bool:
    """Whether the schema has nothing against a file."""
    validator = Draft202012Validator(json.loads(COMMITTED.read_text(encoding="utf-8")))
    return bool(validator.is_valid(as_json(compose(path.read_text(encoding="utf-8")).root.plain())))


@pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 14),
    reason="older pydantic spells the same otherwise",
)
def test_committed_schema_is_current(update_golden: bool) -> None:
    """The file in the repository is what the models give."""
    if update_golden:
        COMMITTED.write_text(schema_text(), encoding="utf-8")
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(), (
        "update it with: python -m zerograd.spec.schema > zerograd/spec/problem.schema.json"
    )


def test_schema_is_a_schema() -> None:
    """It is valid itself, knows every key, and says something about each."""
    made = schema()
    Draft202012Validator.check_schema(made)
    assert tuple(sorted(made["properties"])) == tuple(sorted(KEYS))
    assert all(made["properties"][key]["description"] for key in KEYS)
    assert made["required"] == ["network", "samples"]
    assert "null" not in json.dumps([made["properties"][key].get("default", 0) for key in KEYS])


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_files_are_accepted(path: Path) -> None:
    """An editor has nothing to complain about in a good file."""
    assert accepted(path)


@pytest.mark.parametrize("path", BAD_FORM, ids=lambda path: path.stem)
def test_bad_form_is_refused(path: Path) -> None:
    """An editor marks mistakes of form."""
    assert not accepted(path)


@pytest.mark.parametrize("path", BAD_MEANING, ids=lambda path: path.stem)
def test_meaning_is_beyond_the_schema(path: Path) -> None:
    """What only the reader can know is no complaint of the editor, but for names and numbers of samples."""
    assert accepted(path) == (path.stem not in ("meaning-modules", "meaning-names", "meaning-no-samples"))


SWEEPS = sorted(ROOT.glob("problems/sweeps/*.yaml"))


def test_the_schema_of_sweeps_is_up_to_date() -> None:
    """It is made from that of problems."""
    committed = (ROOT / "zerograd/spec/sweep.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == sweep_schema()
    Draft202012Validator.check_schema(sweep_schema())


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_the_schema_accepts_sweeps(path: Path) -> None:
    """Placeholders may stand anywhere; the rest is held to the form of problems."""
    validator = Draft202012Validator(sweep_schema())
    data = as_json(compose(path.read_text(encoding="utf-8")).root.plain())
    assert validator.is_valid(data)
    for wrong in (
        {**data, "problem": {**data["problem"], "netwrok": 1}},
        {**data, "problem": {**data["problem"], "samples": "some"}},
        {**data, "sweep": {"H": 3}},
        {"problem": data["problem"]},
    ):
        assert not validator.is_valid(wrong)
