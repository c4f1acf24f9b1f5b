"""Suggestions: what is near, and what is another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.model.activations import ACTIVATION_NAMES
from zerograd.core.model.kinks import CONVENTIONS
from zerograd.core.near import did_you_mean, nearest
from zerograd.core.question.loss_reading import LOSS_NAMES

WORDS = st.text("abcdef_", min_size=4, max_size=12)


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("rellu", ACTIVATION_NAMES, "relu"),
        ("ReLU", ACTIVATION_NAMES, "relu"),
        ("hardtahn", ACTIVATION_NAMES, "hardtanh"),
        ("rigth", CONVENTIONS, "right"),
        ("int", ["real", "integer"], "integer"),
        ("binaries", ["binary", "sign"], "binary"),
        ("mea", LOSS_NAMES, "mean"),
        ("sampels", ["samples", "zero"], "samples"),
    ],
)
def test_mistakes_are_understood(typed: str, known: list[str], meant: str) -> None:
    """A letter or two, a word that is cut off, another ending."""
    assert nearest(typed, known) == [meant]
    assert did_you_mean(typed, known) == f" (did you mean {meant!r}?)"


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("half", CONVENTIONS),
        ("w3", ["w1", "w2"]),
        ("zero", CONVENTIONS),
        ("xyz", ACTIVATION_NAMES),
        ("", ["a"]),
        ("logcosh", LOSS_NAMES),
    ],
)
def test_other_names_are_no_mistakes(typed: str, known: list[str]) -> None:
    """What is far off is not guessed at: half of the letters of a short word are another word."""
    assert nearest(typed, known) == []
    assert did_you_mean(typed, known) == ""


@given(WORDS, st.data())
def test_one_mistake_is_near(word: str, data: st.DataObject) -> None:
    """A letter too many, missing, wrong or exchanged, anywhere in four letters or more."""
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("abcdef_"))
    for typed in (
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ):
        assert nearest(typed, [word]) == [word]
    assert nearest(word, ["qqqqqqqqqqqqq", word]) == [word]
