"""Claims about an example in which not everything is given: what they come to, as questions.

A completion is an example with all its numbers that fits what the file says: what is given, bounds, domain,
and what it asks. A claim is right if no completion is against it, wrong if none is for it, and open if there
is one of each. Either is a question as any other, whose answer is a witness or a certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from zerograd.core.auditing.claims import (
    OF_OUTPUTS,
    PROBABILITIES,
    Claim,
    Digits,
    GlobalMinimum,
    LocalMinimum,
    Printed,
    Rounded,
    Statement,
)
from zerograd.core.auditing.findings import Finding, Grade
from zerograd.core.auditing.grading import statement_finding
from zerograd.core.auditing.hints import hinted
from zerograd.core.auditing.naming import lookup_at
from zerograd.core.errors import ProblemError
from zerograd.core.model.kinks import CHOICES, Kink
from zerograd.core.model.losses.outputs import MeanOfOutputs
from zerograd.core.model.references import Reference
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition, ExactAlgebra, number_of
from zerograd.core.question.language import (
    Binary,
    Call,
    Chain,
    LanguageError,
    Listing,
    Node,
    Number,
    Unary,
    names_in,
    unparse,
    walk,
)
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Answer, Sat, Unsat
from zerograd.core.verdict.enclosed import EnclosedWitness

FOR, AGAINST, INEXACT, OTHER = "for", "against", "inexact", "other"
"""Completions of which the claim holds; of which it does not; of which numbers are not exactly those that are
printed; of which they are not those of the completion against it."""

Ask: TypeAlias = Callable[[Kink | None, int, str, Problem], Answer]
"""Answer a question, under a convention and about the claim with this number: for, against or other."""

Answering: TypeAlias = Callable[[str, Problem], Answer]
"""Answer a question about the claim at hand."""

_EXACT = ExactAlgebra()


class UnaskedError(Exception):
    """A claim that cannot be put as a question."""

    @classmethod
    def of(cls, error: ProblemError) -> UnaskedError:
        """Say what is wrong with the question."""
        return cls(f"it cannot be put as a question: {error.issues[0].message}")


def free_entries(problem: Problem) -> list[str]:
    """Return what is not given: whole arrays by name, else entries."""
    free: list[str] = []
    for name, shape in variable_shapes(problem.network, problem.samples.least).items():
        known = problem.given.get(name, {})
        spend(2 + prod(shape))
        if not known:
            free.append(name)
        else:
            free += [str(Reference(name, index)) for index in indices(shape) if index not in known]
    return free


def filled(problem: Problem, claim: Claim) -> Problem | None:
    """Return the example with any numbers for what is not given, if the claim does not depend on it.

    None of others; and where more is asked, which may fit no numbers.
    """
    asks = problem.where or any(problem.query.values()) or problem.minimum is not None
    if asks or problem.samples.fixed is None or problem.derivative_at_kink in CHOICES:
        return None
    shapes = variable_shapes(problem.network, problem.samples.fixed)
    shares = problem.model.loss.probabilities == "softmax"
    arrays: dict[str, Any] = {}
    for name, shape in shapes.items():
        known = problem.given.get(name, {})
        spend(2 + prod(shape))
        if len(known) < prod(shape) and name in _needed(problem, claim):
            return None
        first = 1 if name == "y" and (problem.targets == "sign" or shares) else 0
        values = (known.get(at, 0 if at[-1] else first) for at in indices(shape))
        arrays[name] = Array(shape, tuple(values)).tolist()
    try:
        return problem.with_given(arrays)
    except ProblemError:
        return None


def _needed(problem: Problem, claim: Claim) -> set[str]:
    """The names of all numbers that what a claim speaks of may depend on: more, where that is not plain."""
    match claim.statement:
        case Condition() as condition:
            names = set(condition.names)
        case Digits(quantity=quantity):
            names = names_in(quantity)
        case _:
            return {"x", "y", *problem.network.shapes}
    everything = {"x", *problem.network.shapes}
    if not isinstance(problem.model.loss, MeanOfOutputs):  # whose targets play no part
        everything.add("y")
    if claim.step is not None:
        return everything | names
    needed: set[str] = set()
    for name in names - set(OF_OUTPUTS):
        if name in ("x", "y", *problem.network.shapes):
            needed.add(name)
        elif name[0] in "za" and name[1:].isdigit():
            below = range(1, int(name[1:]) + 1)
            needed |= {"x", *(f"{kind}{layer}" for layer in below for kind in "wb")}
        elif name in ("y_hat", PROBABILITIES):
            needed |= {"x", *problem.network.shapes}
        else:
            needed |= everything | ({"y"} if name == "r" else set())
    return needed


def conventions_of(problem: Problem, claims: Iterable[Claim], rules: Iterable[Kink]) -> list[Kink | None]:
    """Return the conventions under which claims are judged, the problem's own first.

    None stands for every one, where they play no part. ``all`` is none of them: what is against a claim is
    that it is wrong under one choice, and questions under ``all`` ask for numbers of which it is under all.
    """
    own = problem.derivative_at_kink
    if _is_off_kinks(problem) or not any(depends(problem, claim) for claim in claims):
        return [None]
    if own == "any":
        return [own]
    return [*dict.fromkeys(rules if own in CHOICES else (own, *rules))]


def _is_off_kinks(problem: Problem) -> bool:
    """Whether it is plain that no sample is on a kink: there are none, or the file says ``z1 != 0``."""
    if problem.derivative_at_kink == "forbid":
        return True
    apart = {str(condition) for condition in problem.where}
    off = [
        all(kink == 0 for kink in layer.activation.kinks)
        and any(f"z{number} {order} 0" in apart for order in ("!=", "<", ">"))
        for number, layer in enumerate(problem.network.layers, start=1)
        if layer.activation.has_kinks
    ]
    return all(off) and not problem.model.loss.has_kinks


def depends(problem: Problem, claim: Claim) -> bool:
    """Whether what is asked about a claim depends on derivatives."""
    if any(problem.query.values()) or problem.minimum is not None:
        return True
    if any("grad" in condition.names for condition in problem.where):
        return True
    match claim.statement:
        case Condition() as condition:
            return "grad" in condition.names
        case Digits(quantity=quantity):
            return "grad" in names_in(quantity)
        case Rounded():  # the others say so
            return False
    return True


def judged(problem: Problem, number: int, claim: Claim, convention: Kink | None, ask: Ask) -> Finding:
    """Return what becomes of a claim under a convention.

    Args:
        problem: under that convention.
    """
    answers: dict[str, Answer] = {}

    def answer(role: str, question: Problem) -> Answer:
        answers[role] = ask(convention, number, role, question)
        return answers[role]

    try:
        if claim.step is not None:
            raise UnaskedError("what is so after a step is calculated where everything is given")
        if isinstance(claim.statement, LocalMinimum):
            finding = _of_minimum(problem, claim.statement, answer)
        else:
            finding = _of_condition(problem, claim.statement, answer)
    except UnaskedError as why:
        finding = Finding(Grade.UNDECIDED, reason=str(why))
    return replace(finding, answers=tuple(answers.items()))


def with_condition(problem: Problem, node: Node) -> Problem:
    """Return the question with a further condition. Raises UnaskedError if it cannot be asked."""
    if any(isinstance(part, Call) and part.function in OF_OUTPUTS for part in walk(node)) or (
        PROBABILITIES in names_in(node)
    ):
        raise UnaskedError("probabilities are calculated where everything is given")
    try:
        return problem.with_conditions([str(parse_condition(unparse(node)))])
    except LanguageError as error:
        raise UnaskedError(str(error)) from None
    except ProblemError as error:
        raise UnaskedError.of(error) from None


def _of_condition(problem: Problem, statement: Statement, answer: Answering) -> Finding:
    node = node_of(statement)
    holds = answer(FOR, with_condition(problem, node))
    if isinstance(statement, Digits) and not isinstance(holds, Unsat):  # else no number is what is printed
        exactly = Chain((statement.quantity, _values(statement.printed)), ("==",))
        if isinstance(answer(INEXACT, with_condition(problem, Unary("not", exactly))), Unsat):
            return Finding(Grade.RIGHT)
    fails = answer(AGAINST, with_condition(problem, Unary("not", node)))
    grade = _grade(holds, fails)
    there = _at(statement, fails) if grade is not Grade.RIGHT else None
    match grade:
        case Grade.RIGHT if isinstance(statement, Digits):
            return Finding(Grade.ROUNDED)
        case Grade.WRONG if there is not None:
            if (same := _same(statement, fails)) is not None:
                other = answer(OTHER, with_condition(problem, Unary("not", same)))
                if isinstance(other, Unsat):
                    return replace(there, everywhere=True)
            return Finding(grade, there.values)
        case Grade.OPEN if there is not None:
            return Finding(grade, there.values)
        case Grade.UNDEFINED:
            return Finding(grade, reason="no numbers fit what the file says")
        case Grade.UNDECIDED:
            left = next(a for a in (holds, fails) if a.status == "unknown")
            return Finding(grade, reason=f"no answer was found: {left}")
    return Finding(grade)


def _grade(holds: Answer, fails: Answer) -> Grade:
    """What the answers to both questions come to."""
    if isinstance(holds, Unsat) and isinstance(fails, Unsat):
        return Grade.UNDEFINED
    if isinstance(fails, Unsat):
        return Grade.RIGHT
    if isinstance(holds, Unsat):
        return Grade.WRONG
    return Grade.OPEN if isinstance(holds, Sat) and isinstance(fails, Sat) else Grade.UNDECIDED


def at_minimum(problem: Problem, statement: LocalMinimum) -> Problem:
    """Return the question with what a claim says of the parameters. Raises UnaskedError."""
    everywhere = isinstance(statement, GlobalMinimum) or problem.minimum == "global"
    try:
        return problem.asking(minimum="global" if everywhere else "local")
    except ProblemError as error:
        raise UnaskedError.of(error) from None


def _of_minimum(problem: Problem, statement: LocalMinimum, answer: Answering) -> Finding:
    """A point off the kinks with a gradient other than 0 is no minimum."""
    holds = answer(FOR, at_minimum(problem, statement))
    if isinstance(holds, Unsat):
        return Finding(Grade.WRONG)
    moving = " or ".join(f"any(grad({name}) != 0)" for name in problem.network.shapes)
    try:
        off = problem.with_kink("forbid")
    except ProblemError as error:
        raise UnaskedError.of(error) from None
    fails = answer(AGAINST, with_condition(off, parse_condition(moving).node))
    if isinstance(holds, Sat) and isinstance(fails, Sat):
        return Finding(Grade.OPEN)
    told = "it holds for some that fit" if isinstance(holds, Sat) else "no answer was found"
    return Finding(Grade.UNDECIDED, reason=f"{told}; whether for all, no question decides")


def node_of(statement: Statement) -> Node:
    """Return a statement as a condition; printed digits as intervals of half a unit of the last one.

    Raises:
        UnaskedError: it is none.
    """
    match statement:
        case Condition(node=node):
            return node
        case Digits() as digits:
            return near(digits).node
    raise UnaskedError(f"{statement} is no condition on numbers")


def near(digits: Digits) -> Condition:
    """Return that each number is at most half a unit of the last digit from how it is printed."""
    off = Binary("-", digits.quantity, _values(digits.printed))
    return Condition(Chain((Call("abs", (off,)), _listed(digits.printed.map(half_unit))), ("<=",)))


def half_unit(printed: Printed) -> int | Fraction:
    """Return how far a number may be from how it is printed.

    As for `zerograd.core.auditing.grading.graded`, 0 without digits behind the point is 0.
    """
    if printed.value == 0 and printed.unit >= 1:
        return 0
    return narrowed(Fraction(printed.unit) / 2)


def _values(printed: Array[Printed]) -> Node:
    return _listed(printed.map(lambda number: number.value))


def _listed(array: Array[Any]) -> Node:
    """Numbers in lists, as one part of a condition; one number where all are alike."""
    spend(len(array.entries))
    if len(set(array.entries)) == 1:
        return Number(array.entries[0])

    def node(data: Any) -> Node:
        return Listing(tuple(map(node, data))) if isinstance(data, list) else Number(data)

    return node(array.tolist())


def _at(statement: Statement, answer: Answer) -> Finding | None:
    """What becomes of a claim at the witness of an answer; None without one."""
    if not isinstance(answer, Sat) or isinstance(answer.witness, EnclosedWitness):
        return None
    lookup = lookup_at(answer.witness.point)
    try:
        if not isinstance(statement, Digits | Condition):
            return None
        return hinted(statement_finding(statement, lookup), statement, lookup)
    except (ArithmeticError, KeyError):
        return None


def _same(statement: Statement, answer: Answer) -> Node | None:
    """That the numbers which a claim compares with printed ones are those of a witness."""
    match statement:
        case Digits(quantity=quantity):
            pass
        case Condition(node=Chain(operands=(quantity, right), operators=("==",))) if not names_in(right):
            pass
        case _:
            return None
    if not isinstance(answer, Sat) or isinstance(answer.witness, EnclosedWitness):
        return None
    try:
        array = number_of(quantity, _EXACT, lookup_at(answer.witness.point))
    except ArithmeticError:
        return None
    if not all(isinstance(value, int | Fraction) for value in array.entries):
        return None
    return Chain((quantity, _listed(array)), ("==",))


def completed(problem: Problem, answer: Answer) -> Iterator[tuple[str, Array[Any]]]:
    """Return the arrays of a witness that are not given in full, by name."""
    values: Mapping[str, Array[Any]] = answer.witness.variables if isinstance(answer, Sat) else {}
    for name, array in values.items():
        if len(problem.given.get(name, {})) < len(array.entries):
            yield name, array
