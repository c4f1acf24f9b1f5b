"""Why gradients are zero in a problem with all its numbers: the same report as that of a training step.

>>> import zerograd as zg
>>> numbers = {"w1": 1, "b1": -5, "w2": 1, "b2": 0, "x": 2, "y": 0}
>>> print(zg.explain(zg.Problem(network=[1, 1, 1], samples=1, given=numbers))["b1"].causes[0].where)
layer 1 (relu), unit 0
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod

from zerograd.core.errors import Violation, ZerogradError
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.points.documents import kind_to_json
from zerograd.core.points.kinds import is_critical
from zerograd.core.question.given import given_point, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import OF_EACH, Relation, variable_shapes
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.core.verdict.chosen import under_one_convention
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.witness import Witness
from zerograd.explaining.exact.steps import explain_point
from zerograd.explaining.explanation import Explanation, Floats
from zerograd.report import Report

_MOST_NAMES = 6
_MOST_VIOLATIONS = 5
_KINK = "where the derivative is not defined (derivative_at_kink: forbid); take torch, left or right"


def report_of(given: Problem | Witness | Answer) -> Report:
    """Return why gradients are zero in a problem with all its numbers, or in an answer that has them.

    Raises:
        ZerogradError: not everything is given, the answer has no numbers, or a sample is on a kink
            where the problem takes no derivative.
        Disagreement: float64 has other gradients, which is a bug.
    """
    match given:
        case Sat():
            return _report(given.witness)
        case Witness():
            return _report(given)
        case Problem():
            if unfit(given) is not None:
                raise ZerogradError(_not_given(given))
            point = given_point(given)
            return _report(Witness(given, point.parameters, point.x, point.y))
    raise ZerogradError(f"an answer that is {given.status} has no numbers whose gradients could be explained")


def _report(witness: Witness) -> Report:
    if isinstance(witness, EnclosedWitness):
        raise ZerogradError(
            "the witness is enclosed, and causes are looked for where all numbers are exact; the text of the "
            "answer says which gradients are zero because equations are solved, and which these imply"
        )
    plain = under_one_convention(witness)
    if plain is None:
        raise ZerogradError(
            "slopes at kinks are chosen for each unit and sample by itself, and causes are looked for where "
            "an operation takes one derivative at a kink"
        )
    witness = plain
    from zerograd.classifying.everywhere import kind_asked
    from zerograd.evaluate.observed import observed
    from zerograd.evaluate.recheck import recheck_floats
    from zerograd.show.kinds import kind_text
    from zerograd.show.question import setting_line
    from zerograd.show.words import alpha_line

    start = time.monotonic()
    problem, point = witness.problem, witness.point
    try:
        floats = {
            name: Floats("float64", seen.zero, seen.lost, seen.noise, seen.across_kink, seen.nan)
            for name, seen in observed(point).items()
        }
    except OnKink as kink:
        raise ZerogradError(f"{kink}, {_KINK}") from None
    recheck_floats(witness)  # nothing is said of gradients that only one calculation knows
    irrational = alpha_line(witness)
    messages = (*[f"{irrational}."] * (irrational is not None), *_unlike(problem, point))
    step = explain_point(point, setting=setting_line(problem), floats=floats, messages=messages)
    if problem.minimum is not None or is_critical(point):
        found = kind_asked(problem, point)
        said = [f"The point is {kind_text(point, found)}."]
        if problem.spurious:
            said.append(_of_lower(witness))
        kind = kind_to_json(point, found)
        step = replace(step, messages=(*messages, *said), kind=kind)
    return Report(Explanation((step,), seconds=time.monotonic() - start))


def _of_lower(witness: Witness) -> str:
    """Whether the network has a lower loss on the same data, as far as it is known."""
    from zerograd.classifying.lower import find_lower
    from zerograd.core.verdict.lower import check_lower
    from zerograd.show.lower import lower_text

    searched = find_lower(witness.point)
    if searched.lower is not None:
        check_lower(witness, searched.lower)
        return f"On the same data the network has a lower loss: {lower_text(witness.point, searched.lower)}."
    if searched.best:
        return "On the same data no parameters of the network have a lower loss."
    return "No parameters with a lower loss on the same data were found."


def _unlike(problem: Problem, point: Point[Exact]) -> Iterator[str]:
    """What the problem says of these numbers and is not so."""
    wrong = violations(problem, point)
    for violation in wrong[:_MOST_VIOLATIONS]:
        yield f"The problem asks for {_asked(problem, violation)}."
    if len(wrong) > _MOST_VIOLATIONS:
        yield f"… and {len(wrong) - _MOST_VIOLATIONS} more of what it asks for is not so."


def _asked(problem: Problem, violation: Violation) -> str:
    """``∂L/∂w1[0,0] = 0; it is 45``; a condition by its text."""
    if violation.entry.startswith("where["):
        return f"{problem.where[int(violation.entry[6:-1])]}, which does not hold"
    if violation.expected in (Relation.SOME_NONZERO.expected, Relation.ANY_NONZERO.expected):
        return f"{violation.entry} ≠ 0 in at least one entry; all are 0"
    symbol = next((relation.symbol for relation in OF_EACH if relation.expected == violation.expected), None)
    wanted = f": {violation.expected}" if symbol is None else f" {symbol} 0"
    return f"{violation.entry}{wanted}; it is {_number(violation.found)}"


def _number(text: str) -> str:
    """Return an exact number as people read it: a long one by its first digits."""
    from zerograd.document.numbers import exact_text

    try:
        return exact_text(Fraction(text)).replace("≈", "≈ ")
    except ValueError:  # a number of a field, or words
        return text


def _not_given(problem: Problem) -> str:
    """Why a problem cannot be explained, and what to do."""
    advice = "`solve` looks for them, and explain takes its answer"
    if problem.samples.fixed is None:
        return (
            f"the number of samples is open ({problem.samples}), so no numbers are given that could be "
            f"explained; {advice}"
        )
    missing = []
    for name, shape in variable_shapes(problem.network, problem.samples.fixed).items():
        values = problem.given.get(name, {})
        if not values:
            missing.append(name)
        elif len(values) < prod(shape):
            first = next(index for index in indices(shape) if index not in values)
            missing.append(
                f"{entry(name, first)} ({prod(shape) - len(values)} of the {prod(shape)} entries of {name})"
            )
    if not missing:
        return f"this problem cannot be explained: {unfit(problem)}"
    shown = ", ".join(missing[:_MOST_NAMES]) + f" and {len(missing) - _MOST_NAMES} more" * (
        len(missing) > _MOST_NAMES
    )
    return f"not every number is given, so there is nothing to explain yet: {shown} missing; {advice}"
