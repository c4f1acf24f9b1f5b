"""Published examples: the verdict on each claim."""

from __future__ import annotations

import json

import pytest

import zerograd as zg
from tests.auditing.published import PUBLISHED
from zerograd.core.auditing.judging import check_audit

SLOW = (
    "a unit on its kink, called dead",
    "a tent, no better loss",
    "abs, the critical points",
    "two relus, the losses",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in PUBLISHED]
)
def test_published_claims(name: str) -> None:
    """Each is graded as expected; the document is accepted."""
    example = PUBLISHED[name]
    problem = zg.Problem(**example.problem)
    audit = zg.audit(problem, [*example.claims], timeout=60)
    assert {str(c): str(f.grade) for c, f in zip(audit.claims, audit.findings, strict=True)} == example.claims
    assert check_audit(problem, json.loads(json.dumps(audit.to_json()))) == audit.judged
