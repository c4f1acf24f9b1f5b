"""What is said of a point whose parameters all have gradient 0, in text and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.points.documents import check_kind_document
from zerograd.core.question.given import given_arrays
from zerograd.core.verdict.witness import Witness

FORMATS = Path(zg.__file__).parents[1] / "docs" / "FORMATS.md"
TWO_OUTPUTS: dict[str, Any] = {
    "network": {"inputs": 1, "layers": [{"units": 1}, {"units": 2, "bias": False}]},
    "samples": 2,
    "given": {"w1": 1, "b1": 0, "w2": [1, 0], "x": [1, 2], "y": [[1, -20], [2, 10]]},
}
PUBLISHED: dict[str, Any] = {
    "network": [1, 1, 1],
    "samples": 5,
    "given": {"w1": 1, "b1": -3, "w2": 1, "b2": 0, "x": [5, 4, 3, 1, -1], "y": [2, 1, 0, -3, 3]},
}


def test_a_way_down_is_told_with_the_change_of_the_loss() -> None:
    """The polynomial, and the line along which it is."""
    text = " ".join(str(zg.explain(zg.Problem(**TWO_OUTPUTS))).split())
    assert "The point is no local minimum, but a maximum along a line; the loss changes by −495/4·ε^2" in text
    assert "along w1 + 30·ε, b1 − 50·ε, w2[1] + ε, for small ε > 0." in text


@pytest.mark.parametrize("convention", ["torch", "left", "right", "mean"])
def test_a_local_minimum_is_told(convention: str) -> None:
    """Also on a kink, whatever is taken there."""
    report = zg.explain(zg.Problem(**PUBLISHED, derivative_at_kink=convention))
    assert "The point is a flat local minimum: the loss is lower at no parameters nearby" in " ".join(
        str(report).split()
    )


def test_of_other_points_nothing_is_told() -> None:
    """Some gradient is not 0."""
    given = {**PUBLISHED["given"], "b2": 1}
    report = zg.explain(zg.Problem(**{**PUBLISHED, "given": given}))
    assert "The point is" not in str(report)
    assert "kind" not in report.to_json()


def test_the_example_in_the_documentation_is_what_is_written() -> None:
    """FORMATS.md has a document that the checker accepts."""
    text = FORMATS.read_text(encoding="utf-8").split("<!-- kind -->\n```json\n")[1].split("```")[0]
    problem = zg.Problem(**TWO_OUTPUTS)
    assert json.loads(text) == zg.explain(problem).to_json()["kind"]
    point = Witness.of(problem, given_arrays(problem)).point
    assert check_kind_document(point, json.loads(text)).kind == "maximum in some direction"
