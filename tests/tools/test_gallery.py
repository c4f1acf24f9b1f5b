"""The gallery: a page for every problem, with an answer that the checker accepts; what counts as a change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tools.gallery import FOUNDING, GALLERY, PROBLEMS, contents, founding, page, row, same
from zerograd.api import load, load_answer
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.show.plot import unfit

NAMES = sorted(path.stem for path in PROBLEMS.glob("*.yaml"))


def as_found(answer: Answer) -> Answer:
    """The answer as it was before it was written down: then nothing of it was told."""
    found = replace(answer, run=replace(answer.run, told=False))
    if isinstance(found, Sat) and found.smallest is not None:
        return replace(found, smallest=replace(found.smallest, told=False))
    return found


def test_every_problem_has_its_files_and_there_are_no_others() -> None:
    """A page and a result for each; a picture where there is something to draw; the table of contents."""
    expected = {"index.md"}
    for name in NAMES:
        expected |= {f"{name}.md", f"{name}.json"}
        drawn = unfit(load_answer(GALLERY / f"{name}.json")) is None
        expected |= {f"{name}.svg"} if drawn else set()
    assert {path.name for path in GALLERY.iterdir()} == expected


@pytest.mark.slow
def test_the_picture_of_the_readme_is_of_the_founding_answer() -> None:
    """It is drawn anew of the answer that the gallery has, and is the same."""
    drawn = founding(load_answer(GALLERY / "textbook-m3.json"))
    stored = (GALLERY / FOUNDING).read_text(encoding="utf-8")
    assert same("founding.svg", stored, drawn)
    other = founding(load_answer(GALLERY / "textbook-given.json"))
    assert not same("founding.svg", stored, other)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_to_the_problem_as_it_stands(name: str) -> None:
    """The checker accepts it for the file of today, and the page and the table are about this answer."""
    problem = load(PROBLEMS / f"{name}.yaml")
    answer = as_found(load_answer(GALLERY / f"{name}.json", problem))
    assert problem.expect in (None, answer.status)
    assert not isinstance(answer, Unknown)
    source = (PROBLEMS / f"{name}.yaml").read_text(encoding="utf-8")
    assert (GALLERY / f"{name}.md").read_text(encoding="utf-8") == page(name, source, answer)
    assert row(name, answer) in (GALLERY / "index.md").read_text(encoding="utf-8").splitlines()


def test_a_page_has_all_there_is() -> None:
    """The question without what is said above it, the answer without its time, the derivation."""
    source = (PROBLEMS / "textbook-m3.yaml").read_text(encoding="utf-8")
    answer = load_answer(GALLERY / "textbook-m3.json")
    assert isinstance(answer, Sat)
    text = page("textbook-m3", source, as_found(answer))
    assert text.startswith("# The founding question, three samples\n\nOne input, one ReLU unit")
    question = text.partition("```yaml\n")[2].partition("```")[0]
    assert question.startswith("network: [1, 1, 1]\n")
    assert "expect: sat" in question
    assert "\nstrategy  construct\n" in text
    assert "## Worked out by hand\n\n### The question\n" in text
    assert "(textbook-m3.svg)](textbook-m3.svg)" in text


def test_a_page_of_an_impossible_question_has_the_proof() -> None:
    """And a picture of its cases; on a solver's word there is nothing to draw or to work out."""
    source = (PROBLEMS / "textbook-m2.yaml").read_text(encoding="utf-8")
    answer = load_answer(GALLERY / "textbook-m2.json")
    assert isinstance(answer, Unsat)
    text = page("textbook-m2", source, answer)
    assert "## The proof\n\n**Claim.**" in text
    assert "why each is impossible](textbook-m2.svg)](textbook-m2.svg)" in text
    word = page("textbook-m2", source, Unsat("solver", problem=answer.problem))
    assert "There is nothing to work out: the answer is unsat on a solver's word" in word
    assert "![" not in word


def test_the_table_has_a_line_for_each() -> None:
    """With a title in place of none, and no bar that would end a cell."""
    problem = Problem(network=[1, 1], samples=1, where=["x == 0 or y == 0"])
    line = row("untitled", Unknown("timeout", problem=problem))
    assert line == "| [untitled](untitled.md) | 1 → 1 linear | `where x == 0 or y == 0` | unknown |"
    assert contents([line]).endswith(f"| :--- |\n{line}\n")


def test_what_counts_as_a_change() -> None:
    """Not the last bits of a picture, nor the versions that an answer was found with; all else does."""
    path = '<g id="a"><path d="M %s 2" clip-path="url(#%s)"/></g>'
    before = path % ("10.0001", "p41ca51f66d")
    assert same("a.svg", before, path % ("10.0009", "pbbbbbbbbbb"))
    assert not same("a.svg", before, path % ("10.1", "p41ca51f66d"))
    assert not same("a.svg", before, before.replace("path", "line"))
    assert not same("a.svg", before, before + before)
    assert same("a.json", '{"samples": 3, "versions": {"z3": "1"}}', '{"versions": {}, "samples": 3}')
    assert not same("a.json", '{"samples": 3}', '{"samples": 4}')
    assert not same("a.md", "loss 1/2", "loss 1/3")
