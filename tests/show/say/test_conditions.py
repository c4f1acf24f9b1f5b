"""Conditions, given values and bounds as mathematics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zerograd.core.question.problem import Problem
from zerograd.document import html, latex, markdown, text
from zerograd.document.blocks import Code, paragraph
from zerograd.show.say.conditions import bounds, conditions, given, legend
from zerograd.spec.read import load

ROOT = Path(__file__).parents[3]


def asked(network: list[int], samples: Any, *where: str, **more: Any) -> Problem:
    """A problem with these conditions."""
    return Problem(network=network, samples=samples, zero=["b1"], where=where, **more)


SCALAR = {
    "z1 > 0": "z1ₘ > 0 for all m",
    "w2 != 0": "w2 ≠ 0",
    "sum(y) == 0 or min(z1) > 0": "Σₘ yₘ = 0 or min(m) z1ₘ > 0",
    "distinct(x)": "xₘ ≠ x[n] for all m ≠ n",
    "x[0] < x[1]": "x[0] < x[1]",
    "x > 2 * w1": "xₘ > 2 w1 for all m",
}
SEVERAL = {
    "w2 != 0": "w2[j] ≠ 0 for all j",
    "abs(w1) <= 5": "|w1[i,j]| ≤ 5 for all i, j",
    "any(r != 0)": "r[m] ≠ 0 for some m",
    "not w2 == 0": "not (w2[j] = 0 for all j)",
    "grad(w1[0,0]) == 2*loss": "∂L/∂w1[0,0] = 2 L",
    "b1 == [1, 2, 3]": "b1[0] = 1, b1[1] = 2 and b1[2] = 3",
    "any(b1 == [1, 2, 3])": "b1[0] = 1, b1[1] = 2 or b1[2] = 3",
    "b1 > w2": "b1[i] > w2[i] for all i",
    "sum(b1) - b2 < b1": "Σ_p b1[p] − b2 < b1[i] for all i",
    "b1 - (b1 - 1) == 1": "b1[i] − (b1[i] − 1) = 1 for all i",
    "all(z1 > 0) or any([loss > 1, b2 > 1])": "(z1[m,i] > 0 for all m, i) or (L > 1 or b2 > 1)",
    "min(b2, loss) > 1/2": "min(b2, L) > 1/2",
    "(b1 + 1)**2 * 3 > 0": "(b1[i] + 1)² · 3 > 0 for all i",
    "distinct(x, y)": "all x[m,d] and y[m] are distinct",
    "-1 < b1 <= b2 < 1": "−1 < b1[i] ≤ b2 < 1 for all i",
    "x[2,1]/2 - 3 > -1/2": "x[2,1]/2 − 3 > −1/2",
}


@pytest.mark.parametrize("condition", SCALAR)
def test_of_one_unit_a_layer(condition: str) -> None:
    """The number of samples is open; only they have letters."""
    (shown,) = conditions(asked([1, 1, 1], "any", condition))
    assert text.prose(shown) == SCALAR[condition]


@pytest.mark.parametrize("condition", SEVERAL)
def test_of_arrays(condition: str) -> None:
    """What is said of an array is said of every entry, and of some where the condition says so."""
    (shown,) = conditions(asked([2, 3, 1], 3, condition))
    assert text.prose(shown) == SEVERAL[condition]


def test_in_latex_an_array_is_never_compared_as_a_whole() -> None:
    """The theorem would be false as w⁽²⁾ ≠ 0: only its being 0 everywhere would be excluded."""
    (shown,) = conditions(asked([2, 3, 1], 3, "w2 != 0"))
    assert latex.prose(shown) == r"\(w^{(2)}_{j} \neq 0\) for all \(j\)"
    assert markdown.prose(shown) == r"$w^{(2)}_{j} \neq 0$ for all $j$"


def test_absolute_values_in_every_language() -> None:
    """They have bars."""
    (shown,) = conditions(asked([2, 3, 1], 3, "abs(b2) <= 2"))
    assert latex.prose(shown) == r"\(\lvert b^{(2)} \rvert \leq 2\)"
    assert "<mo>|</mo>" in html.written([paragraph(shown)], "x")


def test_one_sample_may_stand_for_any() -> None:
    """A theorem that holds for every number of samples says its conditions of every sample."""
    problem = asked([1, 1, 1], 1, "z1 > 0")
    assert text.prose(conditions(problem)[0]) == "z1[0] > 0"
    assert text.prose(conditions(problem, general=True)[0]) == "z1ₘ > 0 for all m"


def test_letters_are_explained() -> None:
    """Residuals and pre-activations are what a reader cannot know."""
    assert text.prose(legend(asked([1, 1, 1], 2, "r != 0", "z1 > 0"))) == (
        "rₘ = ŷₘ − yₘ are the residuals and z1ₘ are pre-activations"
    )
    assert legend(asked([1, 1, 1], 2, "w2 != 0")) == ()


def test_given_values_and_bounds() -> None:
    """Arrays that are given in full stand as a whole; bounds are of every entry."""
    problem = asked(
        [2, 2, 1],
        2,
        given={"w1": [[1, 2], [3, 4]], "b1": [None, 2], "x": [[1, 2], [0, 1]]},
        bounds={"w2": [-1, 1], "b2": [0, None], "y": [None, 2]},
    )
    assert [*map(text.prose, given(problem))] == ["w1 = (1 2; 3 4)", "b1[1] = 2", "x = (1 2; 0 1)"]
    assert [*map(text.prose, bounds(problem))] == [
        "−1 ≤ w2[j] ≤ 1 for all j",
        "0 ≤ b2",
        "y[m] ≤ 2 for all m",
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "problems").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_condition_of_the_examples_is_a_formula(path: Path) -> None:
    """None is shown as code."""
    problem = load(str(path))
    shown = [*conditions(problem), *given(problem), *bounds(problem)]
    assert not any(isinstance(part, Code) for said in shown for part in said)
    assert len(conditions(problem)) == len(problem.where)
