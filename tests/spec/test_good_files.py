"""Problem files that are as they should be."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zerograd as zg
from tests.effort import examples
from zerograd.core.question.documents import parse_json, problem_from_json
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem
from zerograd.spec import SpecError, load, loads

GOOD = sorted(Path(__file__).with_name("good").glob("*.yaml"))
FOUNDING = Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"])


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
@pytest.mark.parametrize("indent", [None, 2, "\t"], ids=["one line", "indented", "tabs"])
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "unicode"])
def test_canonical_json_is_a_problem_file(path: Path, indent: int | str | None, ascii_only: bool) -> None:
    """YAML to a problem to JSON, read as YAML and by the core alone: always the same question."""
    problem = load(path)
    document = json.dumps(problem.to_json(), indent=indent, ensure_ascii=ascii_only)
    again = loads(document)
    assert again.digest == problem.digest
    assert again.to_json() == problem.to_json()
    assert problem_from_json(parse_json(document)) == again


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_text_is_read_as_a_file_is(path: Path) -> None:
    """`Problem.from_yaml` gives the same question and complains as files do; Python's own form, too."""
    text = path.read_text(encoding="utf-8")
    problem = zg.Problem.from_yaml(text)
    assert problem.to_json() == load(path).to_json()
    document = problem.to_json() | {"network": parse_json(json.dumps(problem.to_json()["network"]))}
    del document["version"]
    assert zg.Problem(**document).digest == problem.digest
    with pytest.raises(SpecError, match=r"^<text>:\d+:1: error: "):
        zg.Problem.from_yaml(f"{text}\nsampels: 3\n")


def test_short_form() -> None:
    """Four lines are a problem."""
    assert load(GOOD[[path.stem for path in GOOD].index("founding")]).digest == FOUNDING.digest


def test_every_key() -> None:
    """The long form, key by key, all numbers exact."""
    problem = load(Path(__file__).with_name("good") / "everything.yaml")
    assert (problem.title, problem.notes) == ("Every key: once 🙂", "Two lines,\nthe second one.\n")
    assert problem.references == ("a paper", "https://example.org/#1")
    assert problem.network.widths == (2, 3, 2, 2, 1)
    assert [str(layer.activation) for layer in problem.network.layers] == [
        "leaky_relu(1/10)", "hardtanh", "relu", "linear",
    ]  # fmt: skip
    assert [layer.bias for layer in problem.network.layers] == [False, True, True, True]
    assert (problem.samples.least, problem.samples.most) == (3, 6)
    assert {relation: list(map(str, names)) for relation, names in problem.query.items()} == {
        "zero": ["w2", "b2[0]", "x"],
        "nonzero": ["w1[0,1]", "w1[1,0]"],
        "some_nonzero": ["b3"],
        "any_nonzero": ["w3", "b2[0]"],
        "positive": ["b4"],
        "negative": ["b2[1]"],
    }
    assert problem.where == tuple(
        map(
            parse_condition,
            [
                "x[0,0] < x[1,0] <= x[2,0]",
                "distinct(y)",
                "abs(w1) <= 5 and not (loss == 0 or sum(r) == 1)",
                "grad(w1[0,0]) == 2 * loss",
                "1/(x[0,0]**2 + 1) < 1/4",
            ],
        )
    )
    assert problem.given == {
        "w1": {(0, 0): 1, (1, 0): Fraction(-1, 2), (1, 1): Fraction(1, 3), (2, 1): Fraction(1, 1000)},
        "w2": {(0, 1): 7},
        "b2": {(0,): Fraction(1, 2), (1,): 3},
        "x": {(1, 0): Fraction(-2, 3)},
        "y": {(2, 0): 16},
    }
    assert {str(name): bound for name, bound in problem.bounds.items()} == {
        "x": (-5, 5),
        "x[0,1]": (0, None),
        "w3": (None, Fraction(7, 2)),
    }
    assert (problem.domain, problem.derivative_at_kink, problem.expect) == ("real", "forbid", "unknown")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        ("'1/3'", Fraction(1, 3)),
        ("0.30000000000000001", Fraction(30000000000000001, 10**17)),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-1e3", -1000),
        ("1E-2", Fraction(1, 100)),
    ],
)
def test_numbers_are_exact(written: str, value: Fraction) -> None:
    """No number passes through a float on its way in."""
    problem = loads(f"{{network: [1, 1], samples: 1, given: {{x: [{written}]}}}}")
    assert problem.given == {"x": {(0, 0): value}}


@given(st.fractions())
@examples(30)
def test_fractions_round_trip(value: Fraction) -> None:
    """A fraction written by the core is read as that fraction."""
    problem = Problem(network=[1, 1], samples=1, given={"x": [[value]]})
    again = loads(json.dumps(problem.to_json()))
    assert again.given == {"x": {(0, 0): value}}
    assert again.digest == problem.digest


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@examples(60)
def test_titles_round_trip(title: str) -> None:
    """Any title survives JSON's escapes, characters in two halves among them."""
    problem = Problem(network=[1, 1], samples=1, title=title)
    assert loads(json.dumps(problem.to_json())).title == title


def test_words_of_yaml_1_1_are_text() -> None:
    """``on``, ``no`` and dates are text in YAML 1.2."""
    assert loads("{title: no, notes: 2020-01-01, network: [1, 1], samples: 1}").title == "no"


def test_byte_order_mark() -> None:
    """A UTF-8 byte order mark, as some editors write it, is no part of the file."""
    text = "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
    assert loads(b"\xef\xbb\xbf" + text.encode()).digest == FOUNDING.digest
    assert loads("\ufeff" + text).digest == FOUNDING.digest
    assert loads(text.replace("\n", "\r\n")).digest == FOUNDING.digest
