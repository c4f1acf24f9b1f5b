"""The general questions of the benchmark of proofs: the same everywhere, and of every kind."""

from __future__ import annotations

from benchmarks.general import general_questions
from benchmarks.proofs import Outcome, markdown, reasons
from zerograd.core.question.vocabulary import Relation


def test_a_question_depends_on_its_seed_and_number_alone() -> None:
    """Not on how many are asked."""
    digests = [problem.digest for problem in general_questions(30)]
    assert [problem.digest for problem in general_questions(10)] == digests[:10]
    assert [problem.digest for problem in general_questions(30, seed=16)] != digests
    assert len(set(digests)) == 30


def test_every_kind_is_asked() -> None:
    """Two hidden layers, integers in boxes, gradients of inputs, signs, bounds, open numbers of samples."""
    problems = general_questions(200)
    assert {problem.network.depth for problem in problems} == {2, 3}
    assert sum(problem.domain == "integer" for problem in problems) > 10
    assert sum(problem.asks_of_x for problem in problems) > 20
    assert sum(problem.samples.fixed is None for problem in problems) > 20
    assert sum(bool(problem.bounds) and problem.domain == "real" for problem in problems) > 20
    for relation in (
        Relation.ZERO,
        Relation.NONZERO,
        Relation.SOME_NONZERO,
        Relation.POSITIVE,
        Relation.NEGATIVE,
    ):
        assert sum(bool(problem.query[relation]) for problem in problems) > 20
    activations = {layer.activation.name for problem in problems for layer in problem.network.layers}
    assert len(activations) >= 12


def test_what_has_no_certificate_is_listed() -> None:
    """With its question, and what the search says."""
    (problem,) = general_questions(1)
    done = Outcome("general", "question 0", 0.5, 0.01, "dataset", 3)
    left = Outcome("general", "question 1", 9.0, open=("M = 2: time ran out",), asked=problem.to_json())
    table = markdown([done, left], 10.0)
    assert "| general | 1 of 2 |" in table
    assert "Open after 10 s: general, question 1." in table
    first, second = reasons([done, left]).splitlines()
    assert first == "# general, question 1: M = 2: time ran out"
    assert second.startswith('{"version": 1, "network"')
