"""Which strategies are tried, how long, and that they are come back to."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.errors import Refused
from zerograd.core.model.network import Layer, Network
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search import construct, portfolio
from zerograd.search.crew import Crew
from zerograd.search.draw import draw, witness_at
from zerograd.search.draws import Draws, spread
from zerograd.search.portfolio import Portfolio
from zerograd.search.regions import RegionSearch, regions
from zerograd.search.verdict import Found, Impossible, Undecided, Verdict

if TYPE_CHECKING:
    from tests.search.conftest import Decide

PARAMETERS = ["w1", "b1", "w2", "b2"]
LAST_AT_REST: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
LECTURE: dict[str, Any] = {
    "samples": 3,
    "domain": "integer",
    "derivative_at_kink": "forbid",
    "where": ["abs(r) <= 2", "r != 0"],
}
"""What a lecturer wishes for: numbers that one can follow, and nothing that needs an excuse."""


def single(activation: Any) -> Network:
    """Two inputs, one unit, one linear output."""
    return Network(2, (Layer(1, activation), Layer(1)))


@pytest.mark.parametrize(
    ("activation", "query"),
    [
        ({"leaky_relu": "1/2"}, LAST_AT_REST),
        ({"leaky_relu": "1/2"}, {"zero": PARAMETERS}),
        ({"leaky_relu": "1/2"}, {"zero": ["w2", "b2", "b1"], "nonzero": ["w1"]}),
        ({"leaky_relu": "1/100"}, {"zero": PARAMETERS}),
        ("relu", LAST_AT_REST),
        ("abs", LAST_AT_REST),
        ("relu6", LAST_AT_REST),
        ("hardtanh", LAST_AT_REST),
    ],
    ids=str,
)
def test_wishes_of_a_lecturer(activation: Any, query: dict[str, Any], decide: Decide) -> None:
    """Small residuals, whole numbers and no kink: single strategies need a second or so, and so do all."""
    problem = Problem(network=single(activation), **query, **LECTURE)
    assert isinstance(decide(problem, seconds=60), Found)


class Unanswered:
    """The whole question, as if no solver could settle it."""

    def __init__(self, problem: Problem, samples: int) -> None:
        self.problem, self.samples, self.otherwise = problem, samples, self

    def ask(self, *_: Any) -> None:
        pass

    def told(self, *_: Any) -> Verdict:
        return Undecided("incomplete")

    look, seen = ask, told


@pytest.mark.parametrize("small", [0, portfolio.SMALL])
def test_strategies_are_come_back_to(crew: Crew, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    """No draw is made twice, none is left out, and patience grows: of small questions and of others."""
    monkeypatch.setattr(portfolio, "SMALL", small)
    monkeypatch.setattr(Portfolio, "_whole", lambda _, *question: Unanswered(*question))
    drawn: dict[str, list[tuple[int, int]]] = {}
    patience: list[float] = []

    def draws(name: str) -> Callable[..., Any]:
        def make(_: Portfolio, __: Problem, ___: int, first: int, last: int) -> Callable[[float], Verdict]:
            drawn.setdefault(name, []).append((first, last))
            return lambda _: Undecided("incomplete")

        return make

    def without_limits(*_: Any, **__: Any) -> Callable[[float], Verdict]:
        return lambda _: Undecided("incomplete")

    def few_regions(*_: Any) -> Callable[[float], Callable[[float], Verdict]]:
        def look(effort: float) -> Callable[[float], Verdict]:
            patience.append(effort)
            return without_limits()

        return look

    monkeypatch.setattr(Portfolio, "_construct", draws("construct"))
    monkeypatch.setattr(Portfolio, "_guess", draws("guess"))
    monkeypatch.setattr(Portfolio, "_few_regions", few_regions)
    for name in ("_regions", "_piecewise", "_identities", "_facts", "_fit", "_closed", "_enclose"):
        monkeypatch.setattr(Portfolio, name, without_limits)
    problem = Problem(network=[1, 1, 1], **LAST_AT_REST, **LECTURE)
    verdict = Portfolio(crew, "auto", 0, lambda _: None).decide(problem, 3, time.monotonic() + 60)
    assert isinstance(verdict, Undecided)
    for ranges in drawn.values():
        assert ranges[0][0] == 1
        assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
        assert ranges[-1][1] > 3000
    assert patience == sorted(set(patience))


@pytest.mark.parametrize("samples", [2, 3])
@pytest.mark.parametrize("domain", ["real", "integer"])
def test_regions_are_taken_up_where_they_were_left(samples: int, domain: str, crew: Crew) -> None:
    """More patience step by step comes to the verdict of all at once, and nothing is looked at twice."""
    problem = Problem(network=[1, 1, 1], samples=samples, domain=domain, **LAST_AT_REST)
    until = time.monotonic() + 60
    whole = regions(problem, samples, crew, deadline=until, seed=0, progress=lambda _: None)
    search = RegionSearch(problem, samples, crew, 0, lambda _: None)
    assert isinstance(search.go(until, 0.0), Undecided)
    assert search.rounds == 0
    verdict = search.go(until, 0.05)
    if isinstance(verdict, Undecided):
        assert search.rounds == 1
        verdict = search.go(until)
    assert type(verdict) is type(whole)
    assert isinstance(whole, Found | Impossible)


def test_what_is_not_plausible_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick look at targets drops nothing that the checker would accept."""
    problem = Problem(network=single({"leaky_relu": "1/2"}), **LAST_AT_REST, **LECTURE)
    looked: list[tuple[bool, bool]] = []
    quick = construct.Asked.is_plausible

    def both(asked: Any, part: Any, targets: Any) -> bool:
        verdict = quick(asked, part, targets)
        values = {name: dict(known) for name, known in drawn[-1].items()} | {"y": targets}
        looked.append((verdict, _accepts(problem, witness_at(problem, 3, values))))
        return verdict

    drawn: list[Any] = []

    def kept(*arguments: Any, **options: Any) -> Any:
        drawn.append(draw(*arguments, **options))
        return drawn[-1]

    monkeypatch.setattr(construct.Asked, "is_plausible", both)
    monkeypatch.setattr(construct, "draw", kept)
    found = construct.construct(problem, 3, Draws(1, 300, time.monotonic() + 60, 0, lambda _: None))
    assert isinstance(found, Found)
    assert looked[-1] == (True, True)
    assert not any(accepted and not plausible for plausible, accepted in looked)
    assert sum(not plausible for plausible, _ in looked) > 100


def _accepts(problem: Problem, witness: Witness) -> bool:
    try:
        check_witness(problem, witness)
    except Refused:
        return False
    return True


def test_small_numbers_are_drawn_again_and_again() -> None:
    """Large numbers alone would make large witnesses of all that is not found at once."""
    assert [spread(number) for number in (1, 11, 12, 107, 108)] == [1, 1, 2, 9, 1]
    assert {spread(number) for number in range(1000, 1108)} == set(range(1, 10))
