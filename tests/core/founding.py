"""The founding question, and what is wrong with it when parts of it are replaced."""

from __future__ import annotations

from typing import Any

import pytest

from zerograd.core.errors import ProblemError
from zerograd.core.question.problem import Problem

FOUNDING: dict[str, Any] = {
    "network": [1, 1, 1],
    "samples": 3,
    "zero": ["w2", "b2"],
    "nonzero": ["w1", "b1"],
}


def founding(**changes: Any) -> Problem:
    return Problem(**(FOUNDING | changes))


def issues(**changes: Any) -> list[str]:
    """Every issue of a problem that has some."""
    with pytest.raises(ProblemError) as error:
        founding(**changes)
    return [str(issue) for issue in error.value.issues]
