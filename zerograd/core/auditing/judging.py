"""What is so of an example, beside what is claimed: a calculation, exact or by enclosures.

Where a sample is on a kink, what holds depends on the derivative that is taken there: every claim is judged
under each rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from zerograd.core.auditing import completions, rounding
from zerograd.core.auditing.claims import (
    Claim,
    ClaimError,
    Digits,
    GlobalMinimum,
    LocalMinimum,
    Rounded,
    Statement,
    Step,
    claimable_shapes,
    read_claims,
)
from zerograd.core.auditing.completions import Ask
from zerograd.core.auditing.findings import FORMAT, Audit, Column, Finding, FoundKind, Grade, Hint
from zerograd.core.auditing.grading import Lookup, compared, statement_finding
from zerograd.core.auditing.hints import hinted, other_steps
from zerograd.core.auditing.naming import PRECISIONS, lookup_at
from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.model.backprop import ExactActivate, OnKink, Site
from zerograd.core.model.enclosing import EnclosingActivate
from zerograd.core.model.kinks import CHOICES, Kink
from zerograd.core.model.point import Point
from zerograd.core.model.references import show_shape
from zerograd.core.numbers.arrays import Array, squeeze
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.functions import OutOfDomain, Straddles
from zerograd.core.numbers.real import Real, narrow
from zerograd.core.numbers.work import spend
from zerograd.core.points.documents import check_kind_document
from zerograd.core.points.kinds import PointKind
from zerograd.core.question import given
from zerograd.core.question.conditions import Condition, evaluate, number_of
from zerograd.core.question.documents import document_about
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.language import LanguageError, unparse
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer
from zerograd.core.verdict.results import answer_from_json

RULES: tuple[Kink, ...] = ("torch", "left", "right", "mean")
"""Conventions under which claims are judged where a sample is on a kink, after the file's own."""
_ALGEBRA = EnclosureAlgebra()


KindOf: TypeAlias = Callable[[Point[Exact], Kink | None, int, bool], PointKind]
"""What is said of the kind of a point, under a convention and of the claim with this number: not believed.

The last argument: whether it is claimed to be a minimum among all parameters.
"""


def audit(
    problem: Problem, claims: Iterable[Claim], kind_of: KindOf | None = None, ask: Ask | None = None
) -> Audit:
    """Judge claims about an example.

    Args:
        problem: what it asks plays no part where everything is given; else it is what is known of the numbers
            that are not.
        kind_of: looks for the kind of a point, and for what shows it; without it, claims about that are
            undecided.
        ask: answers questions about what is not given.

    Raises:
        FormatError: not everything is given, and nobody can be asked; or a claim has no meaning for this
            network.
    """
    claims = tuple(claims)
    if wrong := misfits(problem, claims):
        raise wrong[0]
    if reason := given.incomplete(problem):
        if ask is None:
            raise FormatError(f"{reason}: without a search an example is audited with all its numbers")
        rules = completions.conventions_of(problem, claims, RULES)
        return Audit(problem, claims, None, tuple(_asked(problem, claims, rule, ask) for rule in rules))
    judge = partial(_column, problem, claims, kind_of=kind_of, ask=ask)
    try:
        return Audit(problem, claims, None, (judge("forbid", None),))
    except OnKink as kink:
        own = problem.derivative_at_kink
        chosen = {own: None} if own not in ("forbid", *CHOICES) else {}
        conventions = [*(chosen | dict.fromkeys(RULES))]
        columns = tuple(judge(convention, convention) for convention in conventions)
        return Audit(problem, claims, kink.place, columns)


def _asked(problem: Problem, claims: tuple[Claim, ...], convention: Kink | None, ask: Ask) -> Column:
    """Judge all claims under a convention, where not everything is given."""
    under = problem if convention is None else problem.with_kink(convention)
    findings: list[Finding | None] = [None] * len(claims)
    for number, claim in enumerate(claims):
        if isinstance(claim.statement, Rounded):
            continue
        asked = under if completions.depends(problem, claim) else problem
        findings[number] = _settled(under, claim, convention) or completions.judged(
            asked, number, claim, convention, ask
        )
    _judge_rounded(under, claims, convention, findings, ask)
    return Column(convention, tuple(finding for finding in findings if finding is not None))


def _settled(problem: Problem, claim: Claim, convention: Kink | None) -> Finding | None:
    """What becomes of a claim whose numbers depend on nothing but what is given; None of others."""
    if (example := completions.filled(problem, claim)) is None:
        return None
    try:
        rule = example.derivative_at_kink
        column = _column(example, (claim,), rule, convention, kind_of=None, ask=None)
    except OnKink:  # so no numbers fit
        return None
    return column.findings[0]


def accepted_audit_line(audit: Audit) -> str:
    """What was accepted, in a line."""
    number = len(audit.claims)
    line = f"accepted: an audit of {number} claim{'' if number == 1 else 's'}, calculated anew"
    return line if audit.proved else f"{line}, but for what rests on a solver's word"


def check_audit(problem: Problem, data: object) -> Audit:
    """Accept a document if all that it says is so.

    Raises:
        Refused: something that is not so.
        FormatError: no such document.
    """
    said = document_about(problem, data, FORMAT)
    told = said.get("findings")

    def kind_told(point: Point[Exact], convention: Kink | None, number: int, _: bool) -> PointKind:
        finding = _told_of(told, convention, number)
        if "kind" not in finding:
            raise Refused([Violation(f"claims[{number}]", "the kind of the point, with evidence", "none")])
        return check_kind_document(point, finding["kind"])

    def answer_told(convention: Kink | None, number: int, asked: str, question: Problem) -> Answer:
        answers = _told_of(told, convention, number).get("answers")
        if not isinstance(answers, Mapping) or asked not in answers:
            raise Refused([Violation(f"claims[{number}]", f"the answer to what was asked ({asked})", "none")])
        return answer_from_json(answers[asked], question)

    found = audit(problem, read_claims(said.get("claims")), kind_told, answer_told)
    calculated = found.to_json()
    for key in ("kink", "question"):
        if said.get(key) != calculated[key]:
            raise Refused([Violation(key, short(calculated[key]), short(said.get(key)))])
    # Answers were checked as they were read; what they tell of a search is not calculated anew.
    computed, claimed = _without_answers(calculated["findings"]), _without_answers(told)
    _without_untold_hints(computed, claimed)
    if claimed != computed:
        raise Refused([_difference(computed, claimed)])
    return found


def _told_of(told: object, convention: Kink | None, number: int) -> Mapping[str, Any]:
    """What a document says of a claim under a convention; nothing if it does not."""
    column = next((c for c in _mappings(told) if c.get("derivative_at_kink") == convention), {})
    findings = [*_mappings(column.get("claims"))]
    return findings[number] if number < len(findings) else {}


def _without_answers(told: Any) -> Any:
    """Findings as documents have them, with what was asked alone of the answers that they rest on."""
    if isinstance(told, Mapping):
        return {
            key: sorted(value) if key == "answers" and isinstance(value, Mapping) else _without_answers(value)
            for key, value in told.items()
        }
    return [*map(_without_answers, told)] if isinstance(told, list) else told


def _mappings(data: object) -> Iterator[Mapping[str, Any]]:
    """The mappings of a list; something else stands for one without keys."""
    for each in data if isinstance(data, list) else ():
        yield each if isinstance(each, Mapping) else {}


def _without_untold_hints(computed: list[Any], claimed: Any) -> None:
    """Leave out hints where a document gives none: older ones do not."""
    for column, told in zip(computed, _mappings(claimed), strict=False):
        for finding, other in zip(column["claims"], _mappings(told.get("claims")), strict=False):
            if "hint" not in other:
                finding.pop("hint", None)


def _difference(calculated: list[Any], told: object) -> Violation:
    """The first finding that is not what is calculated."""
    for column, each in zip(calculated, told if isinstance(told, list) else (), strict=False):
        claims = each.get("claims") if isinstance(each, Mapping) else None
        for number, pair in enumerate(
            zip(column["claims"], claims if isinstance(claims, list) else (), strict=False)
        ):
            if pair[0] != pair[1]:
                return Violation(f"claims[{number}]", *map(short, pair))
    return Violation("findings", "one for each claim and convention", short(told))


def misfits(problem: Problem, claims: Iterable[Claim]) -> list[ClaimError]:
    """Return what is wrong with claims that have no meaning here: unknown names, shapes that do not fit."""
    shapes = claimable_shapes(problem.model, problem.samples.least)
    ones: dict[str, Array[Real]] = {name: Array.build(shape, lambda _: 1) for name, shape in shapes.items()}
    wrong = []
    for claim in claims:
        try:
            _misfit(claim.statement, ones)
            if isinstance(claim.statement, Rounded):
                rounding.half_units(problem, claim.statement)
            unknown = [] if claim.step is None else {*(claim.step.moved or ())} - {*problem.network.shapes}
            if unknown:
                known = ", ".join(problem.network.shapes)
                raise LanguageError(f"no parameter is called {min(unknown)} (there are {known})")
        except LanguageError as error:
            wrong.append(ClaimError(claim.place, str(error)))
    return wrong


def _misfit(statement: Statement, ones: Mapping[str, Array[Real]]) -> None:
    """Raise LanguageError if a statement has no meaning."""
    if isinstance(statement, LocalMinimum | Rounded):
        return
    with suppress(ZeroDivisionError):
        if isinstance(statement, Condition):
            evaluate(statement, _ALGEBRA, ones.__getitem__, [*ones])
            return
        array = number_of(statement.quantity, _ALGEBRA, ones.__getitem__, [*ones])
        printed = statement.printed.shape
        if squeeze(array.shape) != squeeze(printed):
            quantity = unparse(statement.quantity)
            turned = squeeze(array.shape)[::-1] == squeeze(printed)
            raise LanguageError(
                f"{quantity} has shape {show_shape(array.shape)}, "
                f"but what is printed has {show_shape(printed)}{': transpose it' if turned else ''}"
            )


def _column(
    problem: Problem,
    claims: tuple[Claim, ...],
    convention: Kink,
    named: Kink | None,
    *,
    kind_of: KindOf | None,
    ask: Ask | None,
) -> Column:
    """Judge all claims under a convention. Raises OnKink under ``forbid``."""
    under = problem.with_kink(convention)
    findings: list[Finding | None] = [None] * len(claims)
    exact = given.unfit(under) is None
    for precision in (0,) if exact else PRECISIONS:
        point = given.given_point(under) if exact else given.enclosed_point(under, precision)
        after: dict[Step | None, Point[Any]] = {None: point}
        for number, claim in enumerate(claims):
            known = findings[number]
            if isinstance(claim.statement, Rounded):
                continue
            if known is None or known.grade is Grade.UNDECIDED:
                findings[number] = _finding(claim, after, partial(_kind, named, number, kind_of))
    _judge_rounded(problem if named is None else under, claims, named, findings, ask)
    return Column(named, tuple(finding for finding in findings if finding is not None))


def _judge_rounded(
    problem: Problem,
    claims: tuple[Claim, ...],
    named: Kink | None,
    findings: list[Finding | None],
    ask: Ask | None,
) -> None:
    """Judge, last of all, whether there is an exact example of which the other claims hold."""
    others = [(n, claim) for n, claim in enumerate(claims) if not isinstance(claim.statement, Rounded)]
    judged = [finding for finding in findings if finding is not None]
    known = rounding.Others(others, judged, _lookup_of)
    for number, claim in enumerate(claims):
        if isinstance(claim.statement, Rounded):
            findings[number] = rounding.judged(problem, (named, number), claim.statement, known, ask)


def _lookup_of(claim: Claim, point: Point[Any]) -> Lookup:
    """What names stand for, of a claim at a point."""
    return lookup_at(point if claim.step is None else after_step(point, claim.step))


def _kind(
    named: Kink | None, number: int, kind_of: KindOf | None, point: Point[Any], everywhere: bool
) -> Finding:
    """Say whether a point is a local minimum, or one among all parameters."""
    if kind_of is None or not isinstance(point.activate, ExactActivate):
        return Finding(Grade.UNDECIDED, reason="kinds of points are decided in exact numbers alone")
    point.adjoint  # noqa: B018 - under ``forbid`` it raises where a sample is on a kink
    found = kind_of(point, named, number, everywhere)
    found.check(point)
    is_minimum = found.is_global(point.model) if everywhere else found.kind.is_minimum
    grade = Grade.UNDECIDED if is_minimum is None else Grade.RIGHT if is_minimum else Grade.WRONG
    return Finding(grade, kind=FoundKind(point, found))


def _finding(
    claim: Claim, points: dict[Step | None, Point[Any]], kind: Callable[[Point[Any], bool], Finding]
) -> Finding:
    try:
        if claim.step is not None and claim.step not in points:
            points[claim.step] = after_step(points[None], claim.step)
        point = points[claim.step]
        try:
            point.forward  # noqa: B018 - under ``forbid`` it raises where a sample is on a kink
        except OnKink as kink:
            raise kink if claim.step is None else OnKinkLater(kink.site, claim.step) from None
        if not isinstance(claim.statement, Digits | Condition):
            return kind(point, isinstance(claim.statement, GlobalMinimum))
        lookup = lookup_at(point)
        finding = hinted(statement_finding(claim.statement, lookup), claim.statement, lookup)
        return finding if claim.step is None else _otherwise(finding, claim.statement, claim.step, points)
    except Straddles as gap:
        return Finding(Grade.UNDECIDED, reason=str(gap))
    except ZeroDivisionError:
        return Finding(Grade.UNDEFINED, reason="it divides by 0, or by what is not known to be other than 0")
    except (OutOfDomain, ArithmeticError) as gap:
        return Finding(Grade.UNDEFINED, reason=str(gap))


def _otherwise(
    finding: Finding, statement: Condition | Digits, step: Step, points: dict[Step | None, Point[Any]]
) -> Finding:
    """A finding with the step that was taken instead, if a wrong claim is right after that."""
    if finding.grade is not Grade.WRONG or finding.hint is not None:
        return finding
    start = points[None]
    for other in other_steps(step, start.model.network, len(start.y.entries) // start.model.network.outputs):
        with suppress(OnKink, ArithmeticError):
            if other not in points:
                points[other] = after_step(start, other)
            lookup = lookup_at(points[other])
            if compared(statement, lookup) is None:
                return finding
            if statement_finding(statement, lookup).grade in (Grade.RIGHT, Grade.ROUNDED):
                return replace(finding, hint=Hint(step=other))
    return finding


class OnKinkLater(OnKink):
    """A sample is on a kink after a step."""

    def __init__(self, site: Site, step: Step) -> None:
        super().__init__(site)
        self.step = step

    @property
    def place(self) -> str:
        return f"{super().place} {self.step}"


def after_step(point: Point[Any], step: Step) -> Point[Any]:
    """Return the point after one step of gradient descent: θ − rate · ∂L/∂θ for what it moves."""
    parameters, rate = {}, step.rate
    for name, array in point.parameters.items():
        if step.moved is not None and name not in step.moved:
            parameters[name] = array
            continue
        pairs = zip(array.entries, point.gradients[name].entries, strict=True)
        spend(4 * len(array.entries))
        parameters[name] = Array(array.shape, tuple(narrow(value - rate * slope) for value, slope in pairs))
    activate = point.activate
    if isinstance(activate, EnclosingActivate):
        activate = replace(activate, known={})  # of the numbers before the step
    return replace(point, parameters=parameters, activate=activate)
