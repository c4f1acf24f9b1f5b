"""Exercises, sheets and slides: what is on them, what is not, and that pdflatex takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import pytest

from tests.show import filled
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.proof import Proof
from zerograd.show.lecture.exercise import exercise
from zerograd.show.lecture.languages import Language
from zerograd.show.lecture.sheet import sheet
from zerograd.show.lecture.slides import slides
from zerograd.typeset import pdf

HOSTILE = "100% of $x_1$ & `code` <b> \\input{/etc/passwd} # {"
SURE = {"latex": r"\newpage", "markdown": "\n---\n", "html": "<hr>"}
"""What ends a page, by language."""


def sat() -> Sat:
    """The founding counterexample."""
    return filled.founding(title="The founding question")


@pytest.fixture(scope="module")
def proof() -> Proof:
    """A proof that there is none."""
    import zerograd as zg

    found = zg.prove(
        Problem(network=[1, 1, 1], samples=2, zero=["w2", "b2"], nonzero=["w1", "b1"], title="Two samples")
    )
    assert isinstance(found, Proof)
    return found


@pytest.mark.parametrize("language", get_args(Language))
def test_an_exercise_does_not_tell(language: Language, proof: Proof) -> None:
    """Sat or unsat, the questions read alike; no number of the witness is there, nor a word of the proof."""
    yes, no = exercise(sat(), language=language), exercise(proof, language=language)
    for text in (yes, no):
        assert "or prove that there are none" in text
        assert SURE[language] not in text
        assert "Yes" not in text
        assert "Suppose" not in text
        assert "smallest" not in text
    alike = (
        yes.replace("The founding question", "Two samples").replace("3 samples", "2 samples"),
        no.replace("The founding question", "Two samples"),
    )
    assert sorted(alike[0].split()) == sorted(alike[1].split())  # gradients come in the order of the file


@pytest.mark.parametrize("language", get_args(Language))
def test_the_solution_stands_behind(language: Language, proof: Proof) -> None:
    """On a page of its own: the witness worked out, or the proof."""
    for thing, word in ((sat(), "Why it works"), (proof, "Nothing is left")):
        text = exercise(thing, language=language, solution=True)
        asked, page, solution = text.partition(SURE[language])
        assert page
        assert word in solution
        assert word not in asked


def test_a_sheet_has_pages_and_solutions() -> None:
    """A page for each network, without answers; their solutions behind, or none."""
    answers = [sat(), filled.filled(sat().problem.network, 2, lambda n: n)]
    text = sheet(answers, language="markdown")
    pages = text.split("\n---\n")
    assert len(pages) == 4
    assert ["Solution of sheet" in page for page in pages] == [False, False, True, True]
    assert ["Why it works" in page for page in pages[:2]] == [False, False]
    assert "sheet 2" in pages[1]
    assert len(sheet(answers, language="markdown", solutions=False).split("\n---\n")) == 2


def test_a_large_network_has_no_table_to_fill_in() -> None:
    """It would not fit on the page."""
    from zerograd.core.model.network import Network

    large = filled.filled(Network.mlp(1, 8, 1), 2, lambda n: n % 3)
    assert "Fill in the table" not in sheet([large], language="markdown")
    assert "Fill in the table" in sheet([sat()], language="markdown")


def test_slides_have_a_frame_for_each_step(proof: Proof) -> None:
    """A witness has those of its derivation, a proof its theorem and the argument."""
    yes, no = slides(sat()), slides(proof)
    for title in ("The question", "The network", "The forward pass", "The gradients", "Check it again"):
        assert f"{{{title}}}" in yes
    for title in ("Theorem", "Notation", "Proof"):
        assert f"{{{title}}}" in no
    assert yes.count(r"\begin{frame}") == yes.count(r"\end{frame}") > 6


def test_long_derivations_go_over_several_frames() -> None:
    """Equations stand a few at a time, so that a frame can end between them and nothing is cut off."""
    from zerograd.core.model.network import Network

    large = slides(filled.filled(Network.mlp(2, 6, 1), 4, lambda n: n % 3 - 1))
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\\end\{align\*\}", large, re.DOTALL):
        assert sum(not line.startswith("&") for line in block.strip().split("\n")) <= 3
    assert large.count("allowframebreaks") > 6


DOCUMENTS: dict[str, Callable[[Sat | Proof], str]] = {
    "exercise": lambda thing: exercise(thing, solution=True),
    "slides": slides,
    "sheet": lambda thing: sheet([sat(), sat()]) if isinstance(thing, Sat) else exercise(thing),
}


@pytest.mark.usefixtures("pdflatex")
@pytest.mark.parametrize(
    "name", ["exercise", "sheet", pytest.param("slides", marks=pytest.mark.needs("pgfmath.sty"))]
)
def test_pdflatex_takes_them(name: str, proof: Proof) -> None:
    """All of them, with a title that would do harm."""
    hostile = filled.founding(title=HOSTILE)
    for thing in (hostile, proof):
        text = DOCUMENTS[name](thing)
        assert text.isascii()
        assert "\\input{" not in text
        assert pdf(text).startswith(b"%PDF-")
