"""Suggestions: what is near, and what is another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.errors import ProblemError, article
from zerograd.core.model.activations import ACTIVATION_NAMES
from zerograd.core.model.kinks import CONVENTIONS
from zerograd.core.near import did_you_mean, nearest
from zerograd.core.question.loss_reading import LOSS_NAMES, loss_hint
from zerograd.core.question.problem import Problem

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


@pytest.mark.parametrize("name", ["rmse", "RMSELoss", "msle", "NLLLoss", "mape", "PoissonNLLLoss"])
def test_another_loss_is_not_suggested(name: str) -> None:
    """It would be another question."""
    assert loss_hint(name) == ""


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("MSELoss", "mse"),
        ("mse_loss", "mse"),
        ("L1Loss", "mae"),
        ("l1", "mae"),
        ("BCEWithLogitsLoss", "bce_with_logits"),
        ("SmoothL1Loss", "smooth_l1"),
        ("CrossEntropyLoss", "cross_entropy"),
        ("binary_cross_entropy", "bce"),
    ],
)
def test_what_libraries_call_a_loss_is_translated(name: str, ours: str) -> None:
    """It is the same loss under another name."""
    assert loss_hint(name) == f" (here it is called {ours!r})"


def refused(**asked: object) -> str:
    """What is said of a question that cannot be read."""
    question = {"network": [1, 1, 1], "samples": 1, "zero": ["w2"], **asked}
    with pytest.raises(ProblemError) as error:
        Problem(**question)  # type: ignore[arg-type]
    return str(error.value)


def test_half_is_not_left() -> None:
    assert "did you mean" not in refused(derivative_at_kink="half")


@pytest.mark.parametrize(
    "asked",
    [
        {"zero": ["fc1.weight"]},
        {"zero": ["0.bias"]},
        {"zero": ["weight"]},
        {"where": ["fc1.weight == 0"]},
        {"where": ["grad(layers.fc1.weight) == 0"]},
        {"given": {"fc1.weight": 1}},
        {"bounds": {"fc1.bias": (0, 1)}},
    ],
)
def test_names_of_modules_are_answered_with_how_layers_are_counted(asked: dict[str, object]) -> None:
    """Wherever a name may stand."""
    assert "layers are counted from 1, so the first layer has the weights w1 and the biases b1" in refused(
        **asked
    )


@pytest.mark.parametrize(
    ("name", "condition"), [("r", "abs(r)"), ("r[0]", "abs(r[0])"), ("z1", "abs(z1)"), ("loss", "loss")]
)
def test_what_the_network_makes_is_bounded_by_a_condition(name: str, condition: str) -> None:
    """Only parameters and data have bounds."""
    assert f"bound it by a condition, where: ['{condition} <= …']" in refused(bounds={name: (-2, 2)})


@pytest.mark.parametrize(
    ("noun", "with_article"), [("int", "an int"), ("float", "a float"), ("optional", "an optional")]
)
def test_articles(noun: str, with_article: str) -> None:
    """An integer dataset, a real one."""
    assert article(noun) == with_article
