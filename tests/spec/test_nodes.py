"""YAML to plain values with places, within bounds."""

from __future__ import annotations

import time

import pytest

from zerograd.spec.errors import MalformedError, Position
from zerograd.spec.nodes import MAX_DEPTH, MAX_NODES, compose, locate
from zerograd.spec.scalars import Real, resolve_plain
from zerograd.spec.source import BESIDE

TEXT = """\
# a comment
network:
  inputs: 2
  layers:
  - {units: 3, bias: false}
  - units: 1
"zero": [w1, "b1[0]",
  w2]
given: {x: [[1, 2.5]],
  y: ~}
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None), ("nULL", "nULL"),
        ("true", True), ("FALSE", False), ("yes", "yes"), ("on", "on"), ("y", "y"),
        ("3", 3), ("+3", 3), ("-0", 0), ("012", 12), ("0o17", 15), ("0x1F", 31), ("0b1", "0b1"),
        ("1_000", "1_000"), ("1:30", "1:30"), ("2020-01-01", "2020-01-01"), ("1/3", "1/3"), ("w1", "w1"),
        ("0.1", Real("0.1")), (".5", Real(".5")), ("3.", Real("3.")), ("-1e-3", Real("-1e-3")),
        ("1e3", Real("1e3")), (".inf", Real(".inf")), ("-.INF", Real("-.INF")), (".nan", Real(".nan")),
        ("nan", "nan"), ("1.2.3", "1.2.3"), ("9" * 4001, Real("9" * 4001)),
        ("0x" + "f" * 999, Real("0x" + "f" * 999)),
    ],
)  # fmt: skip
def test_plain_scalars(text: str, value: object) -> None:
    """The core schema of YAML 1.2; numbers that are not whole keep their text."""
    found = resolve_plain(text)
    assert found == value
    assert type(found) is type(value)


def test_plain_data() -> None:
    """The values, without their places."""
    assert compose(TEXT).root.plain() == {
        "network": {"inputs": 2, "layers": [{"units": 3, "bias": False}, {"units": 1}]},
        "zero": ["w1", "b1[0]", "w2"],
        "given": {"x": [[1, Real("2.5")]], "y": None},
    }


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (2, 1), (2, 1)),
        (("network",), (3, 3), (2, 1)),
        (("network", "inputs"), (3, 11), (3, 3)),
        (("network", "layers", 0), (5, 5), (5, 5)),
        (("network", "layers", 0, "bias"), (5, 22), (5, 16)),
        (("network", "layers", 1, "units"), (6, 12), (6, 5)),
        (("zero",), (7, 9), (7, 1)),
        (("zero", 1), (7, 14), (7, 14)),
        (("zero", 2), (8, 3), (8, 3)),
        (("given", "x", 0, 1), (9, 17), (9, 17)),
        (("given", "y"), (10, 6), (10, 3)),
        (("samples",), (2, 1), (2, 1)),
        (("network", "layers", 7, "units"), (5, 3), (4, 3)),
        (("zero", "w1"), (7, 9), (7, 1)),
    ],
)
def test_places(path: tuple[str | int, ...], value: Position, key: Position) -> None:
    """Keys, values and items; what is not there is at the nearest thing around it."""
    root = compose(TEXT).root
    assert locate(root, path) == value
    assert locate(root, path, on_key=True) == key


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a: 1\nb:\nc: 2\n", ("b",), (2, 1)),
        ("a: {b: , c: 1}", ("a", "b"), (1, 5)),
        ("a: {b}", ("a", "b"), (1, 5)),
        ("a:\n- 1\n-\n- 2\n", ("a", 1), (3, 2)),
        ('a: ""', ("a",), (1, 4)),
    ],
)
def test_places_of_what_is_not_written(text: str, path: tuple[str | int, ...], place: Position) -> None:
    """A value that is left out stands at its key, or behind its dash."""
    assert locate(compose(text).root, path) == place


def test_aliases() -> None:
    """An alias has its own place, and the values of its anchor."""
    root = compose("a: &a [1, 2]\nb: [*a, 3]\n").root
    assert root.plain() == {"a": [1, 2], "b": [[1, 2], 3]}
    assert locate(root, ("b", 0)) == (2, 5)
    assert locate(root, ("b", 0, 1)) == (1, 11)


def test_keys_are_text() -> None:
    """Keys are text, as in JSON: one that looks like a number or a truth value is unknown, not a riddle."""
    assert compose("{1: a, true: b, ~: c, 0.5: d}").root.plain() == {
        "1": "a",
        "true": "b",
        "~": "c",
        "0.5": "d",
    }


def refusal(text: str) -> str:
    start = time.perf_counter()
    with pytest.raises(MalformedError) as caught:
        compose(text)
    assert time.perf_counter() - start < 5
    return caught.value.message


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, "a: " + "{a: " * 1000, "? " * 3 + "- " * 1000]
)
def test_depth_is_bounded(text: str) -> None:
    """Deep nesting is refused while it is read, long before Python's own limit."""
    assert refusal(text) in (
        f"nested more than {MAX_DEPTH} levels deep",
        "expected a key such as zero, found a list or mapping",
    )


def test_depth_of_aliases_is_bounded() -> None:
    """Aliases do not help to dig deeper."""
    nested = "&a0 " + "[" * 20 + "]" * 20
    lines = [f"- {nested}", *(f"- &a{n} [*a{n - 1}]" for n in range(1, 60))]
    assert refusal("\n".join(lines)) == f"nested more than {MAX_DEPTH} levels deep"


def test_alias_bomb() -> None:
    """Ten to the ninth values in ten lines are counted, not written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    expected = f"more than {MAX_NODES} values, aliases written out: make the file smaller, or {BESIDE}"
    assert refusal("\n".join(lines)) == expected


def test_braces() -> None:
    """A mapping as a key of a mapping as a key … is refused at the first."""
    assert refusal("{" * 100_000) == "expected a key such as zero, found a list or mapping"


def test_long_tag() -> None:
    """The parser is slow on long tags, so they do not get there."""
    assert refusal("a: !" + "x" * 1_000_000) == "a tag of more than 256 characters: take it out"
    assert compose("a: 'see https://example.org/!" + "x" * 300 + "'").issues == ()


@pytest.mark.slow
def test_many_values() -> None:
    """More values than are read, in a file of the largest size, are refused within seconds."""
    with pytest.raises(MalformedError, match="more than 100000 values"):
        compose("[" + "1," * 500_000 + "]")
