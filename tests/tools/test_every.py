"""The table of activations and losses: every cell has an answer that the checker accepts today."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tools import every
from tools.every import ACTIVATIONS, COLUMNS, FOLDER, THEORY, cell, kept, page, table
from zerograd.core.model.activations import ACTIVATION_NAMES, activation_named
from zerograd.core.verdict.answer import Answer, Sat, Unsat

NEVER = {"linear", "exp"}
"""The theorem says never: the slope is an affine function of the value."""
TWICE = {"abs", "gelu", "gelu_tanh", "silu", "mish", "hardswish", "sin", "square"}
"""The theorem says two samples: some value is taken twice, with different slopes."""


@pytest.fixture(scope="module")
def answers() -> Mapping[str, Mapping[str, Answer]]:
    """All that is kept, read back and checked."""
    return {name: kept(name) for name in ACTIVATIONS}


def test_every_activation_is_there() -> None:
    """And each has its page."""
    assert set(ACTIVATIONS) == set(ACTIVATION_NAMES)
    assert {path.stem for path in FOLDER.iterdir()} == set(ACTIVATIONS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_answers_are_those_of_the_theorem(
    activation: str, answers: Mapping[str, Mapping[str, Answer]]
) -> None:
    """Two, three or four samples, or never; and fewer are ruled out by a certificate."""
    for name, answer in answers[activation].items():
        if activation in NEVER:
            assert isinstance(answer, Unsat) and answer.evidence == "certificate"
            assert answer.run.every_samples
            continue
        assert isinstance(answer, Sat), name
        fewest = 2 if activation in TWICE else 4 if name in ("mae", "hinge") else 3
        assert answer.witness.samples == fewest
        assert answer.fewer is not None, name
        assert cell(activation, name, answer).startswith(f"[{fewest}")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pages_are_about_these_answers(activation: str, answers: Mapping[str, Mapping[str, Answer]]) -> None:
    text = (FOLDER / f"{activation}.md").read_text(encoding="utf-8")
    assert text == page(activation, answers[activation])


def test_the_table_is_about_these_answers(answers: Mapping[str, Mapping[str, Answer]]) -> None:
    assert table(answers) in THEORY.read_text(encoding="utf-8")


def test_values_that_are_taken_twice() -> None:
    """The theorem's distinction is that of what the program knows of activations."""
    for name in ACTIVATIONS:
        activation = activation_named(name)
        if getattr(activation, "increasing", False):
            assert name not in TWICE


def test_a_cell_says_what_is_not_settled(answers: Mapping[str, Mapping[str, Answer]]) -> None:
    answer = answers["sigmoid"]["mse"]
    assert isinstance(answer, Sat)
    assert cell("sigmoid", "mse", answer) == "[3](../every/sigmoid.md#mse)"
    assert cell("sigmoid", "mse", answer.updated(fewer=None)).startswith("[≤ 3]")
    assert every.question("sigmoid", COLUMNS["mse"]).endswith("loss: mse\n")
