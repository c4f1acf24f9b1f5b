"""What a problem asks, restated in a few lines, and which numbers of samples were tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from zerograd.core.model.references import short_entry
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Attempt, Run
from zerograd.document.escape import clean
from zerograd.document.numbers import exact_text
from zerograd.show.words import NO_KINK, activations, kink_line

_MOST = 8
"""Conditions, given values and bounds that are listed."""
_SOLVERS = {"z3": "Z3", "cvc5": "cvc5", "yices": "Yices"}


def setting_line(problem: Problem) -> str:
    """The network, the loss, and the derivative that is taken at a kink."""
    return f"{problem.network}, {problem.model.loss.words}, {convention_line(problem)}"


def convention_line(problem: Problem) -> str:
    """``ReLU'(0) = 0 (torch)``."""
    convention = problem.derivative_at_kink
    line = kink_line(activations(problem.network), convention)
    if line != NO_KINK or not problem.model.loss.has_kinks:
        return line
    return f"kinks of the loss alone ({convention})"


def question_lines(problem: Problem) -> Iterator[str]:
    """Relations on one line, then conditions, given values, bounds and the domain."""
    asked = [
        f"{relation.words}: {', '.join(map(str, references))}"
        for relation, references in problem.query.items()
        if references
    ]
    if asked:
        yield "; ".join(asked)
    yield from condition_lines(problem)


def condition_lines(problem: Problem) -> Iterator[str]:
    """What is asked beside the signs of gradients: conditions, given values, bounds and the domain."""
    yield from (f"where {line}" for line in where_lines(problem))
    bounds = [
        f"{reference} in {'(-∞' if low is None else f'[{exact_text(low)}'}, "
        f"{'∞)' if high is None else f'{exact_text(high)}]'}"
        for reference, (low, high) in problem.bounds.items()
    ]
    count = sum(map(len, problem.given.values()))
    for word, items, length in (("given", given_values(problem), count), ("bounds", bounds, len(bounds))):
        if length:
            yield f"{word}: {', '.join(_first(items, length))}"
    if problem.domain != "real":
        yield f"domain: {problem.domain}"
    if problem.minimum is not None:
        yield f"minimum: {problem.minimum}{', spurious' if problem.spurious else ''}"


def where_lines(problem: Problem, mark: str = "") -> list[str]:
    """The conditions, one a line, each with a mark behind it."""
    conditions = (clean(str(condition)) for condition in problem.where)
    return [line + mark for line in _first(conditions, len(problem.where))]


def given_values(problem: Problem) -> Iterator[str]:
    """``w1 = 2``, of each value that is given."""
    shapes = variable_shapes(problem.network, problem.samples.least)
    for name, values in problem.given.items():
        for index, value in values.items():
            yield f"{short_entry(name, index, shapes[name])} = {exact_text(value)}"


def _first(items: Iterable[str], count: int) -> list[str]:
    """The first of so many, as many as are listed, and how many there are besides."""
    more = count - _MOST
    return [*islice(items, _MOST), *([f"and {more} more"] if more > 0 else [])]


def word_of(run: Run) -> str:
    """Whose word it is that there is no witness: ``Z3's word``."""
    if run.told:
        return "the document's word"
    names = [_SOLVERS[name] for name in run.versions if name in _SOLVERS]
    return f"{' and '.join(names)}'s word" if names else "the solver's word"


def attempts_text(attempts: Iterable[Attempt], run: Run) -> str:
    """``M = 1 and 2 ruled out on Z3's word, M = 3 undecided (timeout)``; nothing of a witness found."""
    groups: list[tuple[str, list[int]]] = []
    for attempt in attempts:
        if attempt.status == "sat":
            continue
        outcome = (
            f"ruled out on {word_of(run)}"
            if attempt.status == "unsat"
            else f"undecided ({clean(attempt.reason or 'no reason')})"
        )
        if groups and groups[-1][0] == outcome:
            groups[-1][1].append(attempt.samples)
        else:
            groups.append((outcome, [attempt.samples]))
    return ", ".join(f"M = {_span(numbers)} {outcome}" for outcome, numbers in groups)


def _span(numbers: Sequence[int]) -> str:
    if len(numbers) > 2:
        return f"{numbers[0]} to {numbers[-1]}"
    return " and ".join(map(str, numbers))
