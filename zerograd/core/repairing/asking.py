"""The question whether some numbers of an example can be such that claims hold, for solvers and provers.

It asks for no more than the claims do: those that no problem can ask are left out. So where it is refuted,
the claims are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.core.auditing.claims import Claim, Digits, LocalMinimum
from zerograd.core.auditing.grading import range_of
from zerograd.core.errors import ProblemError, Refused, Violation
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import rational_text
from zerograd.core.question import given
from zerograd.core.question.language import unparse
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import quantity_shapes
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.refuting.refutation import check_certificate
from zerograd.core.repairing.freed import Entry, convention_of, with_entries
from zerograd.core.repairing.slips import place_of


def question_of(problem: Problem, claims: Sequence[Claim], free: Sequence[Entry]) -> Problem | None:
    """Return the question; None where there is none, since the example has bounds or whole numbers."""
    if problem.bounds or problem.domain != "real":
        return None
    arrays = with_entries(given.given_arrays(problem), dict.fromkeys(free, None))
    nested = {name: array.tolist() for name, array in arrays.items()}
    try:
        question = problem.with_query().anywhere().with_kink(convention_of(problem)).with_given(nested)
        if question.where:  # what the example asks plays no part
            return None
        return question.with_conditions(_conditions(question, claims))
    except ProblemError:
        return None


def _conditions(question: Problem, claims: Sequence[Claim]) -> Iterator[str]:
    shapes = quantity_shapes(question.network, question.samples.least)
    for claim in claims:
        statement = claim.statement
        if claim.step is not None or isinstance(statement, LocalMinimum):
            continue
        if not isinstance(statement, Digits):
            texts = [str(statement)]
        elif (place := place_of(statement.quantity, shapes)) is not None:
            name, indices = place
            names = [str(Entry(name, index)) for index in indices]
            texts = [
                text
                for each, printed in zip(names, statement.printed.entries, strict=False)
                for text in _between(each, *range_of(printed))
            ]
        elif len(statement.printed.entries) == 1:
            texts = [*_between(f"({unparse(statement.quantity)})", *range_of(statement.printed.entries[0]))]
        else:
            continue
        for text in texts:
            try:
                question.with_conditions([text])
            except ProblemError:  # such as ∂L/∂z, of which no problem asks
                continue
            yield text


def _between(name: str, low: Rational, high: Rational, with_low: bool, with_high: bool) -> Iterator[str]:
    if low == high:
        yield f"{name} == {rational_text(low)}"
        return
    yield f"{name} {'>=' if with_low else '>'} {rational_text(low)}"
    yield f"{name} {'<=' if with_high else '<'} {rational_text(high)}"


def check_refuted(
    problem: Problem, claims: Sequence[Claim], free: Sequence[Entry], certificate: Certificate
) -> None:
    """See to it that a certificate refutes that claims hold for some values of numbers.

    Raises:
        Refused: it does not.
    """
    question = question_of(problem, claims, free)
    if question is None:
        raise Refused([Violation("refutations", "a question", "an example of which there is none")])
    check_certificate(question, certificate)
