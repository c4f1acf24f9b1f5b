"""Documents that are checked as a whole."""

from __future__ import annotations

import pytest

from zerograd.core.errors import FormatError, Refused
from zerograd.core.question.problem import Problem
from zerograd.core.whole import KINDS, check_whole, is_whole


@pytest.mark.parametrize("form", KINDS)
def test_every_format_is_known_and_an_empty_document_refused(form: str) -> None:
    """Whatever else is not there."""
    assert is_whole({"format": form})
    with pytest.raises((FormatError, Refused)):
        check_whole(Problem(network=[1, 1], samples=1, zero=["w1"]), {"format": form})


@pytest.mark.parametrize("form", KINDS)
def test_a_problem_that_is_too_large_to_show_is_refused(form: str) -> None:
    """Python writes no integers of so many digits."""
    problem = Problem(network=[1, 1], samples=1, zero=["w1"])
    with pytest.raises((FormatError, Refused)):
        check_whole(problem, {"format": form, "problem": 10**5000})


@pytest.mark.parametrize("data", [None, [], {}, {"format": []}, {"format": "zerograd.result/1"}])
def test_other_documents_are_none(data: object) -> None:
    """Results and malformed documents among them."""
    assert not is_whole(data)
