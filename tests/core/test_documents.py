"""Problems as JSON: round trips, and what is refused."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from tests.core.founding import FOUNDING
from tests.effort import examples
from zerograd.core.errors import FormatError, ProblemError
from zerograd.core.model.activations import ABS, ACTIVATION_NAMES, ACTIVATIONS, RELU, leaky_relu
from zerograd.core.model.network import Layer, Network, activation_from_json
from zerograd.core.model.references import Reference
from zerograd.core.model.smooth import celu, elu
from zerograd.core.numbers.arrays import indices
from zerograd.core.question.documents import (
    KEYS,
    MAX_BYTES,
    network_from_json,
    parse_json,
    problem_from_json,
    read_json,
)
from zerograd.core.question.vocabulary import RELATIONS, variable_shapes

NETWORK = 'a Network, widths such as [1, 1, 1], or {"inputs": …, "layers": […]}'

F = Fraction
KNOWN = ", ".join(ACTIVATION_NAMES)


numbers = st.one_of(st.integers(-5, 5), st.fractions(-5, 5, max_denominator=4).map(str))
activations = st.one_of(
    st.sampled_from(sorted(ACTIVATIONS)),
    st.builds(lambda s: {"leaky_relu": s}, numbers),
    st.builds(lambda name, s: {name: s}, st.sampled_from(["elu", "celu"]), st.sampled_from([1, 2, "1/3"])),
    st.none(),
)
layers = st.fixed_dictionaries(
    {"units": st.integers(1, 3)}, optional={"activation": activations, "bias": st.booleans()}
)
text = st.text(max_size=8)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Problem documents that mean something (almost always)."""
    data: dict[str, Any] = {
        "network": draw(
            st.one_of(
                st.lists(st.integers(1, 3), min_size=2, max_size=4),
                st.fixed_dictionaries(
                    {"inputs": st.integers(1, 2), "layers": st.lists(layers, min_size=1, max_size=3)}
                ),
            )
        ),
        "samples": draw(
            st.one_of(
                st.integers(1, 4),
                st.sampled_from(["fewest", "any"]),
                st.builds(lambda a, b: {"from": a, "to": a + b}, st.integers(1, 3), st.integers(0, 3)),
            )
        ),
    }
    network = network_from_json(data["network"])
    fixed = data["samples"] if isinstance(data["samples"], int) else None
    shapes = variable_shapes(network, fixed or 1)
    for name in [*network.shapes, "x"]:
        relation = draw(st.sampled_from([*RELATIONS, None, None]))
        if relation:
            index = draw(st.sampled_from([None, (0,) * len(shapes[name])]))
            data.setdefault(relation, []).append(str(Reference(name, index)))
    for name, shape in shapes.items():
        whole = fixed is not None or name not in ("x", "y")
        kind = draw(st.sampled_from(["free", "free", "given", "bounds"]))
        if kind == "bounds":
            ends = sorted(draw(st.tuples(st.integers(-5, 5), st.integers(-5, 5))))
            data.setdefault("bounds", {})[name] = [draw(st.sampled_from([ends[0], None])), str(ends[1])]
        if kind == "given" and whole:
            flat = [draw(st.one_of(st.none(), numbers)) for _ in indices(shape)]
            rows = [flat[i : i + shape[-1]] for i in range(0, len(flat), shape[-1])]
            data.setdefault("given", {})[name] = rows if len(shape) == 2 else flat
        elif kind == "given":
            data.setdefault("given", {})[f"{name}[{draw(st.integers(0, 2))},0]"] = draw(numbers)
    conditions = [
        "x[0,0] <= 1",
        "loss > 0",
        "any(w1 != 0.5)",
        "1 < y_hat + 3",
        "not x == y or r > 0",
        "x[2,0] == 1",
    ]
    data["where"] = draw(st.lists(st.sampled_from(conditions), max_size=3))
    optional: dict[str, Any] = {
        "domain": st.sampled_from(["real", "integer"]),
        "derivative_at_kink": st.sampled_from(["torch", "left", "right", "forbid"]),
        "title": text,
        "notes": st.one_of(st.none(), text),
        "references": st.lists(text, max_size=2),
        "expect": st.sampled_from(["sat", "unsat", "unknown", None]),
        "prefer": st.sampled_from(["small", "any", None]),
        "loss": st.just("mse"),
        "version": st.just(1),
    }
    return data | draw(st.fixed_dictionaries({}, optional=optional))


@examples(100, HealthCheck.filter_too_much)
@given(documents())
def test_json_round_trip(data: dict[str, Any]) -> None:
    """The canonical document is JSON, gives the same problem, and is its own canonical document."""
    try:
        problem = problem_from_json(data)
    except ProblemError:
        assume(False)
    document = problem.to_json()
    again = problem_from_json(parse_json(json.dumps(document)))
    assert {r: set(names) for r, names in again.query.items()} == {
        r: set(names) for r, names in problem.query.items()
    }
    for key in ("network", "samples", "where", "given", "bounds", "domain", "derivative_at_kink", "loss"):
        assert getattr(again, key) == getattr(problem, key)
    for label in ("title", "notes", "references", "expect", "prefer"):
        assert getattr(again, label) == getattr(problem, label)
    assert again.digest == problem.digest
    assert again.to_json() == document
    assert problem.with_samples(problem.samples) == problem
    assert set(document) <= set(KEYS)


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**12), 10**12),
        st.floats(),
        st.text(max_size=6),
        st.sampled_from(["w1", "x[0]", "1/2", "relu", "x < 1", "any", "mse", "torch", "w1[0,0]", "1e999"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from([*KEYS, "inputs", "layers", "units", "from", "to", "w1", "x", "leaky_relu"]),
                st.text(max_size=4),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


def only_expected_errors(data: object) -> None:
    try:
        problem = problem_from_json(data)
    except (FormatError, ProblemError) as error:
        assert str(error)
        assert len(str(error)) < 100_000
    else:
        assert problem_from_json(problem.to_json()).digest == problem.digest


@given(st.one_of(json_values, st.dictionaries(st.sampled_from(KEYS), json_values)))
def test_arbitrary_json_is_refused_politely(data: object) -> None:
    """Any JSON value is a problem, a FormatError or a ProblemError; no other error gets out."""
    only_expected_errors(data)


@given(documents(), st.data())
def test_spoilt_documents_are_refused_politely(document: dict[str, Any], data: st.DataObject) -> None:
    """A good document with any one part replaced raises nothing but FormatError and ProblemError."""
    document = copy.deepcopy(document)
    node: Any = document
    while True:
        keys: list[Any] = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(json_values)
        break
    only_expected_errors(document)


def nested(depth: int) -> Any:
    data: Any = 1
    for _ in range(depth):
        data = [data]
    return data


@pytest.mark.parametrize("depth", [10, 500, 900, 5000])
@pytest.mark.parametrize(
    "key", ["given", "samples", "zero", "where", "title", "network", "domain", "bounds", "activation"]
)
def test_deep_nesting_is_refused_politely(key: str, depth: int) -> None:
    """However deep the lists: one short message, and no RecursionError."""
    deep: Any = nested(depth)
    data = FOUNDING | {
        "given": {"given": {"w1": deep}},
        "bounds": {"bounds": {"w1": deep}},
        "activation": {"network": {"inputs": 1, "layers": [{"units": 1, "activation": deep}]}},
    }.get(key, {key: deep})
    with pytest.raises(ProblemError) as error:
        problem_from_json(data)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "a problem is a JSON object"),
        ([FOUNDING], "a problem is a JSON object"),
        ("network", "a problem is a JSON object"),
    ],
)
def test_a_problem_is_an_object(data: object, message: str) -> None:
    """Other JSON is no problem at all."""
    with pytest.raises(FormatError) as error:
        problem_from_json(data)
    assert str(error.value) == message


SLOPE_TRUE = {"leaky_relu": True}


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        ({}, ["network: is missing", "samples: is missing"]),
        (FOUNDING | {"nozero": []}, ["nozero: unknown key (did you mean 'nonzero'?)"]),
        (FOUNDING | {"x\n": 1}, ["'x\\n': unknown key"]),
        (FOUNDING | {"version": 2}, ["version: expected 1, found 2"]),
        (FOUNDING | {"version": True}, ["version: expected 1, found True"]),
        (FOUNDING | {"version": "1"}, ["version: expected 1, found '1'"]),
        (
            FOUNDING | {"zero": "w1", "where": {}, "given": [], "bounds": None, "references": "a"},
            [
                "zero: expected a list",
                "where: expected a list",
                "references: expected a list",
                "given: expected an object",
                "bounds: expected an object",
            ],
        ),
        (
            FOUNDING | {"given": {"w1": {"0,0": 1}}},
            ["given.w1: expected a number or nested lists of numbers"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1}},
            [f"network: expected {NETWORK}, found {{'inputs': 1}}"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [1]}},
            ['network: a layer is {"units": …, "activation": …, "bias": …}'],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "bias": 1}]}},
            ["network: bias: expected true or false, found 1"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "activation": "reul"}]}},
            [f"network: unknown activation 'reul' (did you mean 'relu'?) (known: {KNOWN})"],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "activation": {"relu": 1}}]}},
            [
                (
                    "network: unknown activation {'relu': 1} "
                    f"(known: {KNOWN})"
                )
            ],
        ),
        (
            FOUNDING | {"network": {"inputs": 1, "layers": [{"units": 1, "activation": SLOPE_TRUE}]}},
            ["network: true is not a number"],
        ),
        (
            FOUNDING | {"network": [1, "1"]},
            ["network: a width must be a whole number from 1 to 1000000, found '1'"],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_documents_are_refused(data: dict[str, Any], messages: list[str]) -> None:
    """Unknown and missing keys, other versions, and values of the wrong kind, all at once."""
    with pytest.raises(ProblemError) as error:
        problem_from_json(data)
    assert [str(issue) for issue in error.value.issues] == messages


def test_layers_default_as_in_the_short_form() -> None:
    """Hidden layers are ReLU, the last is linear; null says the same."""
    data = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "activation": None}, {"units": 1}]}
    assert network_from_json(data) == Network.mlp(1, 1, 1, 1)
    assert activation_from_json("abs") is ABS
    assert activation_from_json({"leaky_relu": "0.1"}) == leaky_relu("1/10")
    assert activation_from_json({"elu": "1/2"}) == elu(F(1, 2))
    assert activation_from_json({"celu": 2}) == celu(2)
    assert network_from_json({"inputs": 1, "layers": [{"units": 2, "activation": "relu"}]}).layers[
        0
    ] == Layer(2, RELU)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b"", "line 1, column 1: Expecting value"),
        (b'{"a": 1,}', "line 1, column 9: "),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands twice"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * 5000, "Exceeds the limit (4300"),
        (b"\xef\xbb\xbf{}", "line 1, column 1: "),
    ],
    ids=lambda value: str(value)[:20],
)
def test_read_json_refuses(tmp_path: Path, written: bytes, message: str) -> None:
    """Text that is no JSON, or JSON that could mean two things, is refused with the file's name."""
    path = tmp_path / "problem.json"
    path.write_bytes(written)
    with pytest.raises(FormatError) as error:
        read_json(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_read_json_of_no_file(tmp_path: Path) -> None:
    """Files that are missing, folders, and too large are refused by name."""
    with pytest.raises(FormatError) as error:
        read_json(tmp_path / "none.json")
    assert str(error.value) == f"{tmp_path / 'none.json'}: No such file or directory"
    with pytest.raises(FormatError) as error:
        read_json(tmp_path)
    assert str(error.value) == f"{tmp_path}: Is a directory"
    large = tmp_path / "large.json"
    with large.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(FormatError) as error:
        read_json(large)
    assert str(error.value) == f"{large}: larger than 64 MiB"


def test_read_json_keeps_decimals(tmp_path: Path) -> None:
    """A decimal in JSON stays text, so 0.1 is 1/10."""
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(FOUNDING | {"given": {"w1": 0.1}}), encoding="utf-8")
    assert problem_from_json(read_json(path)).given == {"w1": {(0, 0): F(1, 10)}}
