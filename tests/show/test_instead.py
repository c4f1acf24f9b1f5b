"""Where everything is given there is neither search nor smallest: calculated and claimed, side by side."""

from __future__ import annotations

from typing import Any

import pytest

import zerograd as zg
from zerograd.core.verdict.answer import Answer
from zerograd.proof import Proof
from zerograd.show.text import answer_text

SLIP: dict[str, Any] = {
    "network": {"inputs": 1, "layers": [{"units": 3, "bias": False}, {"units": 1, "bias": False}]},
    "samples": 1,
    "given": {"x": 3, "w1": [1, 2, -1], "w2": ["1/2", 1, 2], "y": 0},
}
"""∂L/∂w1 = (45/2, 45, 0), ∂L/∂w2 = (45, 90, 0)."""


def answer(**asked: Any) -> Answer:
    return zg.solve(zg.Problem(**SLIP, **asked))


def text(**asked: Any) -> str:
    return answer_text(answer(**asked))


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({"where": ["grad(w1[1]) == 15"]}, ["∂L/∂w1[1] is 45, not 15"]),
        ({"where": ["15 == grad(w1[1,0])"]}, ["∂L/∂w1[1] is 45, not 15"]),
        ({"where": ["grad(w1[1]) < 15"]}, ["∂L/∂w1[1] is 45, not < 15"]),
        ({"where": ["15 > grad(w1[1])"]}, ["∂L/∂w1[1] is 45, not < 15"]),
        (
            {"where": ["grad(w1) == 45"]},
            ["∂L/∂w1[0] is 45/2, not 45", "∂L/∂w1[2] is 0, not 45"],
        ),
        (
            {"where": ["grad(w1[0]) == 1 and grad(w1[1]) == 45 and grad(w2[1]) == 9"]},
            ["∂L/∂w1[0] is 45/2, not 1", "∂L/∂w2[1] is 90, not 9"],
        ),
        ({"where": ["all([y_hat == 7, loss == 7])"]}, ["y_hat[0,0] is 15/2, not 7", "loss is 225/4, not 7"]),
        ({"where": ["grad(w1[1]) == 2 * w2[1]"]}, ["∂L/∂w1[1] is 45, but 2 * w2[1] is 2"]),
        (
            {"where": ["x != 3 or loss < 1"]},
            ["x != 3 or loss < 1 does not hold"],
        ),
        ({"where": ["0 < w1[2] < 1"]}, ["w1[2] is -1: 0 < w1[2] < 1 does not hold"]),
        (
            {"zero": ["w2"]},
            ["∂L/∂w2[0] is 45, not 0", "∂L/∂w2[1] is 90, not 0"],
        ),
        ({"negative": ["w2[0]"]}, ["∂L/∂w2[0] is 45, not below 0"]),
        ({"nonzero": ["w2[2]"]}, ["∂L/∂w2[2] is 0, though nonzero is asked"]),
    ],
)
def test_each_entry_is_told(asked: dict[str, Any], lines: list[str]) -> None:
    """The first one in the first line; all of them below, and in the proof."""
    shown = text(**asked).splitlines()
    more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
    assert shown[0] == f"unsat: {lines[0]}{more}"
    at = next(n for n, line in enumerate(shown) if line.startswith("found     "))
    assert [line[10:] for line in shown[at : at + len(lines)]] == lines
    proof = zg.prove(zg.Problem(**SLIP, **asked))
    assert isinstance(proof, Proof)
    for line in lines:
        assert line in str(proof)


def test_a_calculation_is_no_search() -> None:
    """Neither yes nor no speaks of one, of what is smallest, or of all parameters there are."""
    told = text(where=["grad(w1[1]) == 45"]) + text(where=["grad(w1[1]) == 15"])
    for words in ("smallest", "search", "no parameters and no dataset", "tried"):
        assert words not in told
    assert told.count("strategy  calculation") == 2
    document = answer(where=["grad(w1[1]) == 45"]).to_json()
    assert document["strategy"] == "calculation"
    assert "smallest" not in document


def test_a_proof_of_a_calculation_supposes_nothing() -> None:
    """In every form; for a proof by cases one asks with ``fixed``."""
    problem = zg.Problem(**SLIP, where=["grad(w1[1]) == 15"])
    proof = zg.prove(problem)
    assert isinstance(proof, Proof)
    for form in (str(proof), proof.to_markdown(), proof.to_latex(), proof._repr_html_()):
        assert "Everything is given, so this is calculated" in form
        assert "is 45, not 15" in form
        assert "Suppose" not in form
    cases = zg.prove(problem, fixed=True)
    assert isinstance(cases, Proof)
    assert "Suppose" in str(cases)


def test_many_entries_are_counted() -> None:
    """Twenty have a line each."""
    problem = zg.Problem(network=[5, 5, 1], samples=1, given=GIVEN, nonzero=["w1"])
    shown = answer_text(zg.solve(problem))
    assert shown.startswith("unsat: ∂L/∂w1[0,0] is 0, though nonzero is asked, and 24 more\n")
    assert shown.count("though nonzero is asked") == 21
    assert "and 5 others of what is asked are not so" in shown


GIVEN: dict[str, Any] = {
    "x": [[0] * 5],
    "y": [1],
    "w1": [[1] * 5] * 5,
    "b1": [1] * 5,
    "w2": [[1] * 5],
    "b2": 0,
}


def test_zeros_are_explained_though_none_is_asked() -> None:
    """A unit on the kink is not dead: what the other one-sided slope would do is said."""
    pair: dict[str, Any] = {
        "network": {"inputs": 2, "layers": [{"units": 2, "bias": False}, {"units": 1, "bias": False}]},
        "samples": 1,
        "given": {"x": [[3, 1]], "w1": [[1, 1], [1, -3]], "w2": [[1, 2]], "y": [0]},
    }
    shown = " ".join(answer_text(zg.solve(zg.Problem(**pair))).split())
    assert "w1 (2 of 4): unit 1 of layer 1 (relu) is exactly on the kink on the only sample;" in shown
    assert "with the right slope ∂L/∂w1[1,0] would be 48" in shown
    assert "dead" not in shown
    assert "inactive" not in shown
