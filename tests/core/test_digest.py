"""The digest of a problem: what it knows, and what leaves it alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.founding import FOUNDING, founding
from zerograd.core.question.documents import (
    KEYS,
    problem_from_json,
)
from zerograd.core.question.vocabulary import RELATIONS

RICH: dict[str, Any] = {
    "network": {"inputs": 1, "layers": [{"units": 2, "activation": {"leaky_relu": "1/10"}}, {"units": 1}]},
    "samples": 3,
    "zero": ["w2", "b2"],
    "nonzero": ["w1[0,0]"],
    "some_nonzero": ["x"],
    "positive": ["b1[0]"],
    "negative": ["b1[1]"],
    "where": ["x[0] < x[1]", "0.1 < y[0]"],
    "given": {"w1": [[1], [None]]},
    "bounds": {"x": [-5, None]},
    "domain": "real",
    "derivative_at_kink": "left",
    "loss": "mse",
    "targets": "real",
}
LATER = "any_nonzero"
"""A key that is younger than the pinned digest."""
LAST = "minimum"
"""Another one."""
LATEST = "spurious"
"""And another."""


def digest(**changes: Any) -> str:
    return problem_from_json(RICH | changes).digest


def test_the_digest_is_pinned() -> None:
    """The digest of a problem is for ever: a change of canonical form must not go unnoticed."""
    assert founding().digest == "sha256:9cb7030f3a0fb29580c0a172a44249ef6051a82c90f69d1dd023afb66c2f5c48"
    assert digest() == "sha256:88ba46908769254f89429ac571fb2c6d4e62b396081f9684e22bdb96b3da74fc"


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 1},
        {"title": "another"},
        {"notes": "some"},
        {"references": ["one"]},
        {"expect": "unsat"},
        {"prefer": "small"},
        {"zero": ["b2", "w2"]},
        {"zero": ["w2", "b2", "w2"]},
        {"nonzero": ["w1[0]"]},
        {"positive": [" b1[ 0 ] "]},
        {"where": ["x[0]<x[1]", "(1/10) < (y[0])"]},
        {"given": {"w1[0,0]": "1"}},
        {"given": {"w1": ["2/2", None], "b2": None}},
        {"bounds": {"x": ["-5", None]}},
        {
            "network": {
                "inputs": 1,
                "layers": [
                    {"bias": True, "units": 2, "activation": {"leaky_relu": "0.1"}},
                    {"units": 1, "activation": "linear", "bias": True},
                ],
            }
        },
        {"samples": {"from": 3, "to": 3}},
        {"loss": {"mse": 1}},
        {"loss": {"mse": {"factor": "2/2"}}},
    ],
    ids=str,
)
def test_the_digest_is_of_the_meaning(changes: dict[str, Any]) -> None:
    """Labels, order within a relation, and ways to write the same thing leave the digest alone."""
    assert digest(**changes) == digest()


def test_short_and_long_form_have_one_digest() -> None:
    """Widths, a network and the long form are one problem; so are keys in any order."""
    long = {"inputs": 1, "layers": [{"units": 1, "activation": "relu"}, {"units": 1}]}
    documents = [FOUNDING, FOUNDING | {"network": long}, dict(reversed(FOUNDING.items()))]
    assert {problem_from_json(document).digest for document in documents} == {founding().digest}


def test_defaults_are_part_of_the_digest() -> None:
    """A default that is written out changes nothing."""
    written = {
        "loss": "mse",
        "targets": "real",
        "domain": "real",
        "derivative_at_kink": "torch",
        "where": [],
        "given": {},
    }
    assert problem_from_json(FOUNDING | written).digest == founding().digest


LAYERS = RICH["network"]["layers"]


@pytest.mark.parametrize(
    "changes",
    [
        {"network": {"inputs": 1, "layers": [LAYERS[0] | {"activation": {"leaky_relu": "1/9"}}, LAYERS[1]]}},
        {"network": {"inputs": 1, "layers": [LAYERS[0] | {"activation": "relu"}, LAYERS[1]]}},
        {"network": {"inputs": 1, "layers": [LAYERS[0], LAYERS[1] | {"activation": "relu"}]}},
        {"network": {"inputs": 1, "layers": [*LAYERS, {"units": 1}]}},
        {
            "network": {"inputs": 1, "layers": [LAYERS[0], {"units": 1, "bias": False}]},
            "zero": ["w2"],
        },
        {"network": {"inputs": 1, "layers": [LAYERS[0], {"units": 2}]}, "where": []},
        {"network": {"inputs": 2, "layers": LAYERS}, "given": {}, "where": []},
        {"samples": 4},
        {"samples": "any"},
        {"samples": "fewest"},
        {"samples": {"from": 2, "to": 3}},
        {"zero": ["w2"]},
        {"zero": ["w2", "b2", "w1[1,0]"]},
        {"zero": ["w2[0,0]", "b2"]},
        {"zero": []},
        {"nonzero": ["w1[1,0]"]},
        {"some_nonzero": ["x[0]"]},
        {LATER: ["b1", "x"]},
        {LAST: "local"},
        {LATEST: True},
        {"positive": []},
        {"negative": []},
        {"positive": ["b1[1]"], "negative": ["b1[0]"]},
        {"where": ["x[0] < x[1]"]},
        {"where": ["x[0] <= x[1]", "0.1 < y[0]"]},
        {"where": ["x[0] < x[1]", "0.11 < y[0]"]},
        {"where": ["x[0] < x[1] and 0.1 < y[0]"]},
        {"given": {"w1": [[2], [None]]}},
        {"given": {"w1": [[None], [1]]}},
        {"given": {"w1": [[1], [0]]}},
        {"given": {}},
        {"bounds": {"x": [-4, None]}},
        {"bounds": {"x": [-5, 100]}},
        {"bounds": {"y": [-5, None]}},
        {"bounds": {"x[0]": [-5, None]}},
        {"bounds": {}},
        {"domain": "integer"},
        {"derivative_at_kink": "right"},
        {"derivative_at_kink": "torch"},
        {"derivative_at_kink": "forbid"},
        {"loss": "sse"},
        {"loss": {"mse": 2}},
        {"loss": {"huber": 2}},
        {"loss": {"per_sample": "(y_hat - y)**2"}},
        {"targets": "binary"},
        {"targets": "sign"},
    ],
    ids=str,
)
def test_the_digest_knows_every_key_with_a_meaning(changes: dict[str, Any]) -> None:
    """Whatever changes the question changes the digest."""
    assert digest(**changes) != digest()


def test_every_key_is_tested_for_the_digest() -> None:
    """No key of a problem is forgotten in the two tests above."""
    labels = {"version", "title", "notes", "references", "expect", "prefer"}
    assert set(KEYS) == {*RICH, *labels, LATER, LAST, LATEST}
    assert set(RELATIONS) < {*RICH, LATER}
