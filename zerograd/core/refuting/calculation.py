"""A problem in which everything is given, as facts about numbers: what is asked and is not so.

No case is left: each fact compares one calculated number with 0, as ``45 - 15 = 0`` does. A number that is
not exact is a variable of which the sign is a fact; what enclosures do not decide is left out. Whoever checks
a certificate of this kind calculates the gradients anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, islice
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.enclosing import BITS_OF_POINTS, UNDECIDED, keep_off_kinks
from zerograd.core.model.point import Point
from zerograd.core.model.references import Reference, complete_index, entry
from zerograd.core.model.slopes import Ranges, is_chosen
from zerograd.core.numbers.arrays import Index, side_by_side
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.real import Real, enclosed, narrow, real_to_json, sign
from zerograd.core.numbers.work import remembered_of_last, spend
from zerograd.core.question import given
from zerograd.core.question.conditions import Condition, evaluate, number_of
from zerograd.core.question.enclosures import EnclosureAlgebra
from zerograd.core.question.language import Call, Chain, Comparison, Listing, Logic
from zerograd.core.question.language import Node as Tree
from zerograd.core.question.necessary import necessary
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import OF_EACH, Relation
from zerograd.core.refuting.certificate import Alternatives, Identity, Node, Product
from zerograd.core.refuting.facts import (
    Both,
    Either,
    Fact,
    Formula,
    compared,
    labelled,
    negated,
    part_label,
    variables_in,
)
from zerograd.core.refuting.system import Demand, System, by_label, where_label

unfit = given.incomplete

MOST = 100
"""Facts that are looked at."""
PRECISIONS = (BITS_OF_POINTS, 4 * BITS_OF_POINTS)
"""Bits of enclosures, one after the other."""

ZERO = Polynomial.constant(0)
_ENCLOSED = EnclosureAlgebra()


@dataclass(frozen=True, slots=True)
class Failure:
    """A comparison that does not hold.

    Attributes:
        index: the entry at which it fails, of arrays that are compared; () of numbers.
        numbers: what it compares there.
    """

    comparison: Chain
    index: Index
    numbers: tuple[Real, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is asked and is not so.

    Attributes:
        label: of the fact: ``grad(w1[0,0]) = 0``, ``where[0]``.
        formula: the fact.
        signs: of the variables in it.
        relation: what is asked of the gradient, if it is asked of one.
        named: the gradient, or what is named of those of which one was asked not to be 0; or the number that
            is on a kink.
        values: the number that was found; of a comparison, those that it compares, at the first entry that
            fails.
        failures: of a condition that is a comparison, or several that are all to hold: those that do not.
    """

    label: str
    formula: Formula
    signs: Mapping[str, int] = field(default_factory=dict)
    relation: Relation | None = None
    named: str = ""
    values: tuple[Real, ...] = ()
    failures: tuple[Failure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The label, and what was found."""
        return {"asked": self.label, "found": [real_to_json(value) for value in self.values]}


def wrong_at(problem: Question, point: Point[Any] | None = None) -> tuple[Wrong, ...]:
    """Return what is asked, or `necessary`, and not so at the given point: the first `MOST` that are known.

    Args:
        point: the given point, where its gradients are known already.

    Raises:
        Refused: enclosures do not tell what loss and gradients are.
    """
    asked = necessary(problem)
    return _wrong_at_given(asked) if point is None else tuple(islice(_wrong(asked, point), MOST))


@remembered_of_last
def _wrong_at_given(problem: Question) -> tuple[Wrong, ...]:
    if given.unfit(problem) is None:
        return wrong_at(problem, given.given_point(problem))
    reason = ""
    for precision in PRECISIONS:
        try:
            enclosed = given.enclosed_point(problem, precision)
            keep_off_kinks(enclosed)
            if found := tuple(islice(_wrong(problem, enclosed), MOST)):
                return found
            reason = ""
        except OnKink as kink:
            return (_on_kink(problem, kink),)
        except (*UNDECIDED, ArithmeticError) as obstacle:
            reason = str(obstacle)
    if reason:
        raise Refused([Violation("system", "numbers that enclosures decide", reason)])
    return ()


def calculation_system(problem: Question, samples: int, point: Point[Any] | None = None) -> System:
    """What is asked and is false at the given point: one fact refutes it, so the first `MOST` will do.

    Args:
        point: the given point, where its gradients are known already.

    Raises:
        Refused: for other samples than are given; or as `wrong_at`.
    """
    if samples != problem.samples.fixed:
        raise Refused([Violation("samples", str(problem.samples), str(samples))])
    return system_of_wrong(wrong_at(problem, point))


def system_of_wrong(wrong: Sequence[Wrong]) -> System:
    """The facts, and the signs of the numbers that they speak of."""
    facts: list[tuple[str, Formula]] = [(item.label, item.formula) for item in wrong]
    for item in wrong:
        for name, known in item.signs.items():
            facts.append((sign_label(name, known), Fact(Polynomial.variable(name) * known, ">")))
    return System(by_label(facts), {}, frozenset(), lambda _, variable: variable)


def sign_label(variable: str, known: int) -> str:
    """The label of the fact that a number has this sign: ``g_w1[0,0] > 0``."""
    return f"{variable} {'>' if known > 0 else '<'} 0"


def refutation_of(system: System) -> Node | None:
    """Return the proof that such facts contradict themselves: the first that is false; None if none is.

    What is false may have parts that are true: of ``0 < 1 < x`` the first.
    """
    signs = {
        name: known
        for label, fact in system.facts.items()
        for name in variables_in(fact)
        for known in (1, -1)
        if label == sign_label(name, known)
    }
    return next(
        (_refuted(label, fact, signs) for label, fact in system.facts.items() if _is_false(fact, signs)), None
    )


def _is_false(formula: Formula, signs: Mapping[str, int]) -> bool:
    """Whether a formula about numbers is known to be false."""
    match formula:
        case Fact(polynomial=p, sign=asked):
            known = _sign(p, signs)
            if known is None:
                return False
            return {"=": known != 0, "!=": known == 0, ">": known <= 0, ">=": known < 0}[asked]
        case Both(parts=parts):
            return any(_is_false(part, signs) for part in parts)
        case Either(parts=parts):
            return all(_is_false(part, signs) for part in parts)


def _sign(p: Polynomial, signs: Mapping[str, int]) -> int | None:
    """The sign of a number, or of a variable or its negative."""
    if p.is_constant:
        return sign(p.constant_term)
    ((name,), coefficient) = next(((tuple(n for n, _ in m), c) for m, c in p.terms.items()))
    known = signs.get(name)
    return None if known is None else known * (1 if coefficient > 0 else -1)


def _wrong(problem: Question, point: Point[Any]) -> Iterator[Wrong]:
    try:
        if outside := tuple(_outside(problem, point)):
            yield from outside
            return
        point.adjoint  # noqa: B018 - it may raise
    except OnKink as kink:
        yield _on_kink(problem, kink)
        return
    yield from _query(problem, point)

    def wrong(condition: Condition, label: str, number: int, *path: int) -> Iterator[Wrong]:
        try:
            if evaluate(condition, _ENCLOSED, point.quantity) is False:
                algebra = _Numbers(f"d{number}", path)
                formula = evaluate(condition, algebra, point.quantity)
                failures = tuple(islice(_failures(condition.node, point), MOST))
                values = failures[0].numbers if failures and isinstance(condition.node, Chain) else ()
                yield Wrong(label, formula, algebra.signs, values=values, failures=failures)
        except ZeroDivisionError:  # such a problem asks elsewhere, or beside, that the divisor is not 0
            node = condition.node
            if isinstance(node, Logic) and node.operator == "and":
                for n, part in enumerate(node.operands):
                    name = part_label(label, n, len(node.operands))
                    yield from wrong(Condition(part), name, number, *path, n)

    for number, condition in enumerate(problem.where):
        yield from wrong(condition, where_label(number), number)


def _outside(problem: Question, point: Point[Any]) -> Iterator[Wrong]:
    """Predictions at which a loss of probabilities has no value."""
    for index, value in point.forward.y_hat.items() if problem.model.loss.within_unit else ():
        name = entry("y_hat", index)
        for operator, end, letter in ((">", 0, name), ("<", 1, f"d_{name}")):
            fact, known = _compare(narrow(value - end), operator, letter)  # type: ignore[arg-type]
            if _is_false(fact, known):
                yield Wrong(f"{name} {operator} {end}", fact, known, values=(narrow(value),))


def _on_kink(problem: Question, kink: OnKink) -> Wrong:
    """What is wrong under ``forbid``. Raises Refused if a slope is chosen instead: that is not wrong."""
    if is_chosen(problem.derivative_at_kink):
        raise Refused([Violation(kink.place, "to be on no kink where a slope is chosen", kink.what)])
    return Wrong(f"{kink.place} off its kinks", Fact(ZERO, "!="), named=kink.place)


def _query(problem: Question, point: Point[Any]) -> Iterator[Wrong]:
    varying = _Varying(point) if point.model.derivative_at_kink == "all" else None
    for relation in OF_EACH:
        told: set[tuple[str, Index]] = set()
        for name, index, value in _asked(problem.query[relation], point):
            known = sign(value)
            if varying is not None and known in relation.signs:
                value = varying.worst(name, index, relation)  # noqa: PLW2901 - what it is at worst
                known = sign(value)
            if known is None or known in relation.signs or (name, index) in told:
                continue
            told.add((name, index))
            demand = Demand(relation, entry(name, index), ((name, index),))
            value = narrow(value)  # noqa: PLW2901
            fact, known_of = _compare(value, demand.operator, f"g_{demand.named}")
            yield Wrong(demand.label, fact, known_of, relation, demand.named, (value,))
    for relation, references in problem.groups():
        if all(sign(value) == 0 for *_, value in _asked(references, point)):
            named = ", ".join(map(str, references))
            yield Wrong(Demand(relation, named, ()).label, Fact(ZERO, "!="), {}, relation, named)


def _asked(references: Iterable[Reference], point: Point[Any]) -> Iterator[tuple[str, Index, Real]]:
    """The gradient entries that are named, some of them perhaps twice; calculated as they are asked for."""
    gradients = point.gradients
    for reference in references:
        name = reference.name
        if reference.index is not None:
            array = gradients[name]
            spend(5)
            index = complete_index(name, reference.index, array.shape)
            yield name, index, array[index]
            continue
        for index, value in gradients.entries(name):
            spend(5)
            yield name, index, value


class _Varying:
    """What gradients are under every choice of slopes at kinks."""

    def __init__(self, point: Point[Any]) -> None:
        self._ranges = Ranges(point)

    def worst(self, name: str, index: Index, relation: Relation) -> Exact:
        """Return a value that an entry takes under some choice; one that is not as asked, if there is."""
        low, high = self._ranges.of(name)[index]
        candidates: tuple[Exact, ...] = (low, high)
        if sign(low) == -sign(high) != 0:  # type: ignore[operator]
            candidates = (low, high, 0)
        return next((value for value in candidates if sign(value) not in relation.signs), low)


def _failures(node: Tree, point: Point[Any]) -> Iterator[Failure]:
    """Yield each comparison that does not hold, where all of several are to hold."""
    match node:
        case Chain():
            yield from _failing(node, point)
        case Logic(operator="and", operands=parts) | Call(function="all", arguments=parts) | Listing(parts):
            for part in parts:
                yield from _failures(part, point)


def _failing(comparison: Chain, point: Point[Any]) -> Iterator[Failure]:
    arrays = [number_of(operand, _ENCLOSED, point.quantity) for operand in comparison.operands]
    for index, places in side_by_side(arrays):
        row = [value for _, value in places]
        links = zip(row, comparison.operators, row[1:], strict=False)
        if any(_ENCLOSED.compare(a, operator, b) is False for a, operator, b in links):
            yield Failure(comparison, index, tuple(map(narrow, row)))


def _compare(difference: Real, operator: Comparison, name: str) -> tuple[Fact, dict[str, int]]:
    """``difference operator 0``, with the sign of a number that is not rational, if it is known."""
    difference = enclosed(difference)
    if isinstance(difference, Interval):
        known = difference.sign()
        return compared(Polynomial.variable(name), operator, ZERO), {name: known} if known else {}
    return compared(Polynomial.constant(difference), operator, ZERO), {}


@dataclass(slots=True, eq=False)
class _Numbers(EnclosureAlgebra):
    """Conditions on numbers as facts: an exact difference is a number, another a variable.

    Attributes:
        letter, path: what the names of variables begin with: ``d0[0]``, ``d0[1]``, …, one for each
            comparison, in order.
        signs: those of the variables, where they are known.
    """

    letter: str
    path: tuple[int, ...] = ()
    count: int = 0
    signs: dict[str, int] = field(default_factory=dict)

    def compare(self, a: Real, operator: Comparison, b: Real) -> Fact:  # type: ignore[override]
        name = entry(self.letter, (*self.path, self.count))
        self.count += 1
        fact, known = _compare(narrow(a - b), operator, name)
        self.signs |= known
        return fact

    def distinct(self, values: Sequence[Real]) -> Formula:  # type: ignore[override]
        same = any(_ENCLOSED.compare(v, "==", w) is True for v, w in combinations(values, 2))
        return Fact(ZERO, "!=") if same else Both(())

    def conjunction(self, parts: Sequence[Formula]) -> Formula:  # type: ignore[override]
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def disjunction(self, parts: Sequence[Formula]) -> Formula:  # type: ignore[override]
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def negation(self, part: Formula) -> Formula:  # type: ignore[override]
        return negated(part)


def _refuted(label: str, formula: Formula, signs: Mapping[str, int]) -> Node:
    """Return why a formula that is false cannot be."""
    for name, part in labelled(label, formula):
        if not _is_false(part, signs):
            continue
        if isinstance(part, Fact):
            return _absurd(name, part, signs)
        parts = {str(n): _refuted(f"{name}/{n}", sub, signs) for n, sub in enumerate(part.parts)}
        return Alternatives(name, parts)
    raise ValueError(f"{label} holds")


def _absurd(label: str, fact: Fact, signs: Mapping[str, int]) -> Identity:
    p = fact.polynomial
    if fact.sign == "!=":
        return Identity({}, {label: 1})
    once = Product(Fraction(1), {label: 1})
    if p.is_constant:
        value = p.constant_term
        if fact.sign == "=":
            return Identity({label: Polynomial.constant(1 / value)})
        return Identity({}, positive=(once, *(() if value == 0 else (Product(-value, {}),))))
    # The variable times its sign is above 0, and p is the variable or its negative.
    (name,) = p.variables
    ((_, coefficient),) = p.terms.items()
    above = Product(Fraction(1), {sign_label(name, signs[name]): 1})
    if fact.sign == "=":
        return Identity({label: Polynomial.constant(signs[name] / coefficient)}, positive=(above,))
    return Identity({}, positive=(once, above))
