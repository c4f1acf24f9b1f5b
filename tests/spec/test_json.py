"""Problem files that are JSON: what a YAML reader has, without its time, with the same places of mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.spec import SpecError, json_text, loads
from zerograd.spec.errors import MalformedError
from zerograd.spec.nodes import compose
from zerograd.spec.nodes import locate as locate_in_yaml
from zerograd.spec.source import BESIDE, MAX_BYTES

WIDE = {
    "network": [200, 300, 1],
    "samples": 1,
    "given": {"w1": [[f"{i * 200 + j}/65536" for j in range(200)] for i in range(300)]},
    "notes": "x" * MAX_BYTES,
}
"""More than a YAML file may have."""


def complaint(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        loads(text, "p.json")
    return str(caught.value)


def wide(**changes: Any) -> str:
    return json.dumps({**WIDE, **changes}, indent=0)


def place(text: str, part: str) -> str:
    """``12:3``: where a part of a text stands."""
    at = text.index(part)
    return f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


def test_wide() -> None:
    """Sixty thousand numbers in more than a mebibyte, exactly."""
    problem = loads(wide())
    assert len(problem.given["w1"]) == 60_000
    assert str(problem.given["w1"][299, 199]) == "59999/65536"
    assert loads(json.dumps(problem.to_json())).digest == problem.digest


def test_wide_as_yaml_is_refused_at_once() -> None:
    """The message says how to put numbers into a file beside it."""
    text = f"network: [1, 1]\nsamples: 1\nnotes: {'x' * MAX_BYTES}\n"
    assert complaint(text) == f"p.json: error: {len(text)} characters, at most {MAX_BYTES} are read: {BESIDE}"
    assert "numpy.savez('numbers.npz', w1=…, b1=…, x=…, y=…)" in BESIDE
    assert "given: {from: numbers.npz}" in BESIDE


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"samples": -9}, "-9", "samples: expected from 1 to 100000 samples, found -9"),
    ({"samples": "some"}, '"some"', "samples: expected a whole number, fewest, any, or"),
    ({"loss": "nll"}, '"nll"', "loss: expected one of mse, sse, mae, "),
    ({"loss": {"huber": {"delta": -1}}}, "-1", "loss.huber.delta: expected a number above 0, found -1"),
    ({"zero": ["w7"]}, '"w7"', "zero[0]: there is no w7"),
    ({"zeros": ["w1"]}, '"zeros"', "zeros: unknown key (did you mean 'zero'?)"),
    ({"given": {"w1": [[1.5, 2]], "x": 1}}, '"w1"', "given.w1: w1 has shape (300, 200), found shape (1, 2)"),
    ({"given": {"b1": ["1"] * 299 + ["a/b"]}}, '"a/b"', "given.b1[299]: 'a/b' is not a number"),
    ({"bounds": {"x": [2, 1]}}, '"x"', "bounds.x: the lowest value 2 is above the highest 1"),
    ({"where": ["x <"]}, '"x <"', "where[0]: "),
]


@pytest.mark.parametrize(("changes", "part", "message"), MISTAKES)
def test_places_of_mistakes(changes: dict[str, Any], part: str, message: str) -> None:
    """Line and column of a long file, and the same mistake in a short one."""
    text = wide(**changes)
    assert f"p.json:{place(text, part)}: error: {message}" in complaint(text)
    assert message in complaint(json.dumps({"network": [200, 300, 1], "samples": 1, **changes}))


def test_what_is_no_number() -> None:
    """Lists of numbers are left to the core, which has its own words."""
    for value, message in ((True, "true is not a number"), ({}, "expected a number, found {}")):
        assert f"given.b2[0]: {message}" in complaint(wide(given={"b2": [value]}))


SPOILT = [
    ('{"network": [1, 1], "samples": }', "no JSON: Expecting value"),
    ('{"network": [1, 1], "samples": 1', "no JSON: Expecting ',' delimiter"),
    (
        '{"network": [1, 1], "samples": 1, "samples": 1}',
        "the key 'samples' stands twice: keep one of the two",
    ),
    ('{"network": [1, 1], "samples": NaN}', "NaN is not a number"),
    ('{"network": ' + "[" * 100 + "]" * 100 + "}", "nested more than 60 levels deep"),
    ('{"network": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested more than 60 levels deep"),
    ('{"title": "\\ud800", "network": [1, 1], "samples": 1}', "is half a character: write the character"),
    ('{"network": [1, 1], "samples": 1} {}', "no JSON: Extra data"),
]


@pytest.mark.parametrize(("text", "message"), SPOILT)
def test_spoilt(text: str, message: str) -> None:
    """What is no JSON, or too deep; of a short one YAML's words are told."""
    with pytest.raises(MalformedError) as caught:
        json_text.read(text)
    assert message in caught.value.message
    assert message in complaint(text + " " * MAX_BYTES)
    assert complaint(text).startswith("p.json:1:")


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """On values, and on the digits of a number."""
    monkeypatch.setattr(json_text, "MAX_VALUES", 10)
    with pytest.raises(MalformedError, match="more than 10 values"):
        json_text.read(json.dumps({"a": [*range(20)]}))
    monkeypatch.undo()
    for quote in ("", '"'):
        text = wide(given={"b2": ["PLACE"]}).replace('"PLACE"', quote + "1" * 5000 + quote)
        assert "given.b2[0]: a number of 5000 characters (at most 4000 are read)" in complaint(text)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(data=st.dictionaries(st.text(), trees, min_size=1, max_size=4), indent=st.sampled_from([None, 1]))
def test_same_as_yaml(data: dict[str, Any], indent: int | None) -> None:
    """The same values at the same places as by the YAML reader, wherever that reads the text."""
    text = json.dumps(data, indent=indent)
    try:
        document = compose(text)
    except MalformedError:
        return
    if document.issues:
        return
    assert json_text.read(text) == document.root.plain()

    def walk(value: Any, path: tuple[str | int, ...]) -> None:
        assert json_text.locate(text, path) == locate_in_yaml(document.root, path)
        if path:
            found = json_text.locate(text, path, on_key=True)
            assert found == locate_in_yaml(document.root, path, on_key=True)
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, (*path, key))
        elif isinstance(value, list):
            for number, item in enumerate(value):
                walk(item, (*path, number))

    walk(data, ())
