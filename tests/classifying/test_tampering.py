"""Documents that say what is not so: refused, and by both checkers alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.classifying.drawn_points import SQUARES, drawn_point, problem_of
from tests.effort import seeds
from tests.independent.documents import No
from tests.independent.kinds import Kinds
from tests.independent.problems import Problem as OtherProblem
from zerograd.classifying.kinds import kind_of
from zerograd.core.errors import FormatError, Refused
from zerograd.core.model.point import Point
from zerograd.core.numbers.work import budget
from zerograd.core.points.documents import check_kind_document, kind_to_json
from zerograd.core.points.kinds import Kind

KINDS = [str(kind) for kind in Kind]


def changed(document: Any, random: Random) -> Iterator[Any]:
    """The document with another kind, a part left out, or one number changed."""
    yield {**document, "kind": random.choice(KINDS)}
    for key in ("minimum", "level", "falls", "rises"):
        if key in document:
            yield {name: part for name, part in document.items() if name != key}
    yield {**document, "level": {"layer": 1, "unit": random.randint(0, 3)}}
    yield {**document, "minimum": {"by": "multipliers"}}
    yield {**document, "minimum": {"by": "second derivatives"}}
    yield {**document, "minimum": {"by": "best predictions"}}
    text = json.dumps(document)
    numbers = [n for n, c in enumerate(text) if c in "123456789" and text[n - 1] in '"-/']
    for place in random.sample(numbers, min(4, len(numbers))):
        yield json.loads(text[:place] + random.choice("123456789") + text[place + 1 :])


def first(point: Point[Any], document: Any) -> str | None:
    """What the core makes of it: the kind, None if it is refused."""
    try:
        with budget(10**7):
            return str(check_kind_document(point, document).kind)
    except (Refused, FormatError):
        return None


def second(point: Point[Any], document: Any) -> str | None:
    """What the other checker makes of it."""
    try:
        return Kinds(OtherProblem(problem_of(point).to_json())).check(document)
    except No:
        return None


@pytest.mark.parametrize("batch", seeds(20, 1))
def test_both_checkers_refuse_the_same(batch: int) -> None:
    """Whatever is changed, the two agree, and accept nothing against what was found."""
    refused = 0
    for seed in range(batch * 30, (batch + 1) * 30):
        random = Random(seed)
        point = drawn_point(random, (*SQUARES, "mae"))
        found = kind_of(point)
        for document in changed(kind_to_json(point, found), random):
            one, other = first(point, document), second(point, document)
            assert one == other, (seed, document)
            refused += one is None
            if one is not None and Kind(one) is not Kind.UNDECIDED and found.kind is not Kind.UNDECIDED:
                assert Kind(one).is_minimum == found.kind.is_minimum, (seed, document)
    assert refused > 60


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"kind": "peak"},
        {"kind": "minimum", "minimum": {"by": "eye"}},
        {"kind": "no minimum", "falls": {"curve": []}},
        {"kind": "no minimum", "falls": {"curve": [{}] * 5}},
        {"kind": "no minimum", "falls": {"curve": [{"w9": []}]}},
        {"kind": "no minimum", "falls": {"curve": [{"w2": [0.5]}]}},
        {"kind": "flat minimum", "level": {"layer": "1", "unit": 0}},
        {"kind": "minimum", "minimum": {"by": "multipliers", "units": {"-1": {}}}},
        {"kind": "minimum", "minimum": {"by": "multipliers", "adjoints": {"y_hat": "0"}}},
        {"kind": "undecided", "reason": 7},
        {"kind": "undecided", "more": 7},
    ],
)
def test_what_is_no_such_document_is_told(document: Any) -> None:
    """Another form is an error, no crash."""
    with pytest.raises(FormatError):
        check_kind_document(drawn_point(Random(0)), document)
