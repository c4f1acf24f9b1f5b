"""The handout as PDF: on one page where the network is small, with the picture in it."""

from __future__ import annotations

import re

import pytest

from tests.show import filled
from zerograd.exports import export
from zerograd.handouts import handout
from zerograd.show import plot

FIRST = "\\pdfobjcompresslevel=0 \\pdfcompresslevel=0 "
"""What leaves a PDF readable."""


def pages(document: bytes) -> int:
    """The number of its pages."""
    (count,) = {int(found) for found in re.findall(rb"/Type /Pages\s*/Count (\d+)", document)}
    return count


@pytest.mark.usefixtures("pdflatex")
@pytest.mark.needs("matplotlib")
def test_one_page_with_the_picture() -> None:
    """The founding counterexample takes no more."""
    answer = filled.founding(title="The founding question")
    text = FIRST + export(answer, "latex")
    document = handout(answer, text)
    assert pages(document) == 1
    assert b"/Subtype /Form" in document


@pytest.mark.usefixtures("pdflatex")
def test_without_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stands where it would be; the text is the same."""
    monkeypatch.setattr(plot, "unfit", lambda *_: "matplotlib is not installed")
    answer = filled.founding()
    document = handout(answer, FIRST + export(answer, "latex"))
    assert pages(document) == 1
    assert b"/Subtype /Form" not in document
