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


@pytest.mark.parametrize("data", [None, [], {}, {"format": []}, {"format": "zerograd.result/1"}])
def test_other_documents_are_none(data: object) -> None:
    """Results and malformed documents among them."""
    assert not is_whole(data)
