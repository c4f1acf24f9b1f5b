"""Files of which a look tells that their form is right: the models find nothing wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from tests.spec.test_fuzz import GOOD, NETWORKS, SAMPLES
from zerograd.core.errors import ProblemError
from zerograd.core.question.documents import KEYS
from zerograd.spec.faults import faults
from zerograd.spec.nodes import compose
from zerograd.spec.plain import is_plain
from zerograd.spec.read import _build

ROOT = Path(__file__).parents[2]

NAMES = st.sampled_from(["w1", "b1", "w1[0,0]", "x", "w9", "W1", "w1[", "", "loss", "y"])
WORDS = st.sampled_from(
    ["mse", "mae", "MSE", "huber", "real", "binary", "class", "integer", "torch", "left", "jax", "any", "all",
     "forbid", "sat", "unsat", "small", "generic", "fewest", "x[0] < 1", "y ==", "w1 > 0", ""]
)  # fmt: skip
LAYER = st.fixed_dictionaries(
    {"units": st.integers(0, 3)},
    optional={
        "activation": st.sampled_from(["relu", "tanh", "Relu", "leaky_relu", "prelu"]) | st.integers(0, 1),
        "bias": st.booleans() | st.integers(0, 1),
        "unit": st.just(1),
    },
)
VALUES = st.one_of(
    NAMES,
    WORDS,
    st.integers(-1, 3),
    st.booleans(),
    st.none(),
    st.lists(NAMES | WORDS | st.integers(0, 1), max_size=3),
)
FORMS = st.fixed_dictionaries(
    {
        "network": NETWORKS
        | st.fixed_dictionaries({"inputs": st.integers(0, 2), "layers": st.lists(LAYER, max_size=2)}),
        "samples": SAMPLES | st.integers(-1, 10**7) | st.booleans(),
    },
    optional={key: VALUES for key in (*KEYS, "title", "seed") if key not in ("network", "samples")},
)


def is_accepted(data: dict[str, Any]) -> bool:
    """Whether the core takes it as it is."""
    try:
        return _build(data, []) is not None
    except ProblemError:
        return False


@given(FORMS)
@examples(600)
def test_what_is_plain_and_accepted_has_no_faults(data: dict[str, Any]) -> None:
    """So nobody need ask the models."""
    if is_plain(data) and is_accepted(data):
        assert faults(data) == []


def test_the_problems_of_the_repository() -> None:
    """Most of them are plain."""
    texts = [*GOOD, *(path.read_text(encoding="utf-8") for path in (ROOT / "problems").glob("*.yaml"))]
    every: list[Any] = [compose(text).root.plain() for text in texts]
    plain = [data for data in every if is_plain(data) and is_accepted(data)]
    assert all(faults(data) == [] for data in plain)
    assert len(plain) > len(every) / 2


@pytest.mark.parametrize(
    "changed",
    [
        {"version": True},
        {"samples": True},
        {"samples": 0},
        {"network": [1]},
        {"network": [1, True]},
        {"network": {"inputs": 1, "layers": []}},
        {"network": {"inputs": 1, "layers": [{"units": 1}], "outputs": 1}},
        {"samples": {"from": 1, "to": 2, "step": 1}},
        {"zero": [1]},
        {"expect": "yes"},
        {"given": {}},
        {"seed": 1},
        {"title": 1},
    ],
)
def test_what_is_not_plain(changed: dict[str, Any]) -> None:
    """Whatever is not known to be right is left to the models."""
    assert is_plain({"network": [1, 1], "samples": 1})
    assert not is_plain({"network": [1, 1], "samples": 1} | changed)
