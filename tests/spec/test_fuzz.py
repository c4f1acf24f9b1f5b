"""Whatever the file holds: a problem, or a SpecError."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.question.documents import KEYS
from zerograd.spec import SpecError, loads

GOOD = [path.read_text(encoding="utf-8") for path in Path(__file__).with_name("good").glob("*.yaml")]
SCRAPS = [
    *[
        "",
        " ",
        "\n",
        "\t",
        "- ",
        ": ",
        ", ",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "&a ",
        "*a",
        "!!int ",
        "!x ",
        "? ",
    ],
    *["| ", "> ", "#", "%YAML 1.1\n", "---\n", "...\n", "<<: ", "~", "null", "true", "yes", ".inf", ".nan"],
    *[
        "0.1",
        "1/3",
        "1/0",
        "-1",
        "9" * 50,
        "1e999",
        "w1",
        "w9",
        "b1[0]",
        "x",
        "y[1]",
        "x[99999]",
        "loss",
        "grad(",
    ],
    *[
        "sum(x)",
        "/",
        "**",
        "==",
        "<",
        "any",
        "fewest",
        "zero: ",
        "given: ",
        "where: ",
        "bounds: ",
        "network: ",
    ],
    *["samples: ", "layers: ", "units: ", "\\ud83d", "é", "\x00"],
]


WORDS = [
    "w1",
    "b2",
    "w1[0,0]",
    "x",
    "x[1]",
    "y[2,0]",
    "w9",
    "inputs",
    "layers",
    "units",
    "activation",
    "bias",
    "from",
]
WORDS += [
    "to",
    "leaky_relu",
    "relu",
    "any",
    "1/3",
    "0.1",
    "x[0] < x[1]",
    "1/x[0] > 0",
    "sum(r) == 0",
    "integer",
    "",
]
LEAVES = st.sampled_from([*WORDS, None, True, False, 0.5, -1, 0, 1, 2, 3, 10**6]) | st.text(max_size=3)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)
NETWORKS = st.sampled_from(
    [[1, 1], [2, 2, 1], {"inputs": 1, "layers": [{"units": 2, "bias": False}, {"units": 1}]}]
)
SAMPLES = st.sampled_from([1, 3, "any", "fewest", {"from": 1, "to": 2}])


def read(text: str | bytes) -> None:
    """Reads a text; anything but a SpecError with a line for each mistake is a failure."""
    try:
        loads(text)
    except SpecError as error:
        assert error.diagnostics
        assert len(str(error).split("\n")) == len(error.diagnostics)


@given(st.text())
@examples(200)
@example('a: "\\UFFFFFFFF"')
@example("%YAML 1.999\n---\n")
@example("!<")
@example("{a: b, ? c}")
def test_any_text(text: str) -> None:
    """Arbitrary text."""
    read(text)


@given(st.binary())
@examples(200)
def test_any_bytes(data: bytes) -> None:
    """Arbitrary bytes."""
    read(data)


@given(st.lists(st.sampled_from(SCRAPS), max_size=30).map("".join))
@examples(300)
def test_scraps(text: str) -> None:
    """Pieces of YAML and of problems in any order."""
    read(text)


@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(SCRAPS)), max_size=4),
)
@examples(300)
def test_mutated_good_files(text: str, edits: list[tuple[float, int, str]]) -> None:
    """Good files with pieces cut out and others put in."""
    for place, length, scrap in edits:
        start = int(place * len(text))
        text = text[:start] + scrap + text[start + length :]
    read(text)


@given(
    st.fixed_dictionaries(
        {"network": NETWORKS | DATA, "samples": SAMPLES | DATA},
        optional={key: DATA for key in KEYS if key not in ("network", "samples")},
    )
)
@examples(300)
def test_any_values(data: dict[str, object]) -> None:
    """Any values under the right keys."""
    read(json.dumps(data))
