"""Equations that order facts or sums of squares come to: x ≥ c and x ≤ c, or Σ r² = 0.

A search that never says so misses proofs of one line. Each is a comparison with 0 whose other case
contradicts itself at once, so the checker needs no rule for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import TypeVar

from zerograd.core.errors import Refused
from zerograd.core.numbers.polynomial import Monomial, Polynomial
from zerograd.core.refuting.certificate import (
    MAX_DEPTH,
    Alternatives,
    Compare,
    Identity,
    Like,
    Node,
    Product,
    nodes,
)
from zerograd.core.refuting.facts import Both, Fact, Formula, labelled, variables_in
from zerograd.core.refuting.refutation import Known, Refutation, cases_of, check_identity
from zerograd.core.refuting.system import System
from zerograd.proving.leaf import cone, find_identity, weights
from zerograd.proving.reals import Reals

MOST = 60
"""Equations that are stated ahead of a proof: each is a nested case."""

MOST_TRIED = 200
"""Facts that are tried, each with these equations alone."""

MAX_TERMS = 200
"""Terms of what is squared, or multiplied by what is as long."""

MAX_COMBINED = 60
"""Order facts that linear programs are about."""

MOST_IN_VAIN = 10
"""Linear programs without a solution after which no more are solved."""

_T = TypeVar("_T")

Square = tuple[Fraction, Polynomial]
"""A number above 0, and what is squared."""


@dataclass(frozen=True, slots=True)
class Equation:
    """``polynomial = 0``; and what is impossible where it is not 0, but for the comparison's own square.

    Attributes:
        weight: what the square of the polynomial counts.
        positive: the other products.
        cofactors: of equations, by label.
        spent: facts that say no more once this and the equations beside it are stated.
    """

    polynomial: Polynomial
    weight: Fraction
    positive: tuple[Product, ...]
    cofactors: Mapping[str, Polynomial]
    spent: tuple[str, ...]

    def otherwise(self, label: str) -> Identity:
        """Why it cannot be that the polynomial is not 0, a fact with this label."""
        return Identity(self.cofactors, {}, (Product(self.weight, {label: 2}), *self.positive))


@dataclass(frozen=True, slots=True)
class Stated:
    """What is known once the equations are stated.

    Attributes:
        known: without facts that say no more than the equations do: of these, proofs would be longer.
        steps: the comparison that states each equation, with the refutation of its other case.
    """

    known: Known
    steps: tuple[tuple[Compare, Identity], ...]

    def around(self, root: Node, system: System) -> Node:
        """The whole proof, of one of what is known, without the equations that it does without."""
        used, kept = _labels(root), set[int]()
        for number, (_, otherwise) in reversed([*enumerate(self.steps, 1)]):
            if f"case {number}" in used:
                kept.add(number)
                used |= _labels(otherwise)
        if len(kept) < len(self.steps):
            short = self._around(root, sorted(kept))
            with suppress(Refused):  # a renaming may take an equation that is used to one that is not
                Refutation(system).check(short)
                return short
        return self._around(root, range(1, len(self.steps) + 1))

    def _around(self, root: Node, kept: Sequence[int]) -> Node:
        """The proof with these equations alone, by their numbers."""
        later = range(len(self.steps) + 1, len(self.steps) + MAX_DEPTH + 1)
        labels = {f"case {old}": f"case {new}" for new, old in enumerate((*kept, *later), 1)}
        whole = _relabelled(root, labels)
        for number in reversed(kept):
            compare, otherwise = self.steps[number - 1]
            cases = {"= 0": whole, "!= 0": _relabelled(otherwise, labels)}
            whole = Compare(compare.polynomial, False, cases)
        return whole


def _labels(root: Node) -> set[str]:
    """The labels of all facts that a proof speaks of."""
    found: set[str] = set()
    for node in nodes(root):
        if isinstance(node, Identity):
            found.update(node.cofactors, node.nonzero, *(product.factors for product in node.positive))
    return found


def _relabelled(node: Node, labels: Mapping[str, str]) -> Node:
    """A proof with other labels for what it assumes."""

    def said(by_label: Mapping[str, _T]) -> dict[str, _T]:
        return {labels.get(label, label): value for label, value in by_label.items()}

    if isinstance(node, Like):
        return node
    if isinstance(node, Identity):
        positive = tuple(replace(product, factors=said(product.factors)) for product in node.positive)
        return replace(node, cofactors=said(node.cofactors), nonzero=said(node.nonzero), positive=positive)
    cases = {case: _relabelled(child, labels) for case, child in node.cases.items()}
    return replace(node, cases=cases)


def stated(system: System, reals: Reals, residuals: Iterable[Polynomial] = ()) -> Stated:
    """State the equations that the facts of a system come to.

    Args:
        residuals: what may stand squared in a long fact, which does not show it.

    Raises:
        OutOfTime: the deadline has passed.
    """
    known = Known(system.facts)
    steps: list[tuple[Compare, Identity]] = []
    facts = {label: fact for label, fact in system.facts.items() if isinstance(fact, Fact)}
    equal = {fact.polynomial.monic() for fact in facts.values() if fact.sign == "="}
    spent: dict[str, bool] = {}
    for equation in _equations(facts, reals, list(residuals)):
        p = equation.polynomial
        if p not in equal and not p.is_constant and len(steps) < MOST:
            compare = Compare(p, False, {})
            zero, other = cases_of(system, compare, known.facts)
            otherwise = equation.otherwise(other.facts[0][0])
            with suppress(Refused):  # it may be too long to be multiplied out
                check_identity(otherwise, known.assuming(other).facts)
                steps.append((compare, otherwise))
                known = known.assuming(zero)
                equal.add(p)
        for label in equation.spent:
            spent[label] = spent.get(label, True) and p in equal
    left = {label: fact for label, fact in known.facts.items() if not spent.get(label)}
    return Stated(replace(known, facts=left), tuple(steps))


def at_once(reals: Reals, made: Stated) -> Node | None:
    """Return a refutation of a single fact by the equations that were stated; None where none is."""
    labels = list(made.known.facts)
    first = len(labels) - len(made.steps)
    equations = {label: fact for label in labels[first:] if isinstance(fact := made.known.facts[label], Fact)}
    spoken = {name for fact in equations.values() for name in variables_in(fact)}

    def refuted(label: str, formula: Formula) -> Node | None:
        if isinstance(formula, Fact):
            return find_identity({label: formula, **equations}, reals, order=False)
        if isinstance(formula, Both):
            found = (refuted(name, part) for name, part in labelled(label, formula))
            return next((node for node in found if node is not None), None)
        parts = {str(n): refuted(f"{label}/{n}", part) for n, part in enumerate(formula.parts)}
        cases = {n: node for n, node in parts.items() if node is not None}
        return Alternatives(label, cases) if len(cases) == len(parts) else None

    for label in labels[: min(first, MOST_TRIED)]:
        fact = made.known.facts[label]
        if variables_in(fact) & spoken and (node := refuted(label, fact)) is not None:
            return node
    return None


def _equations(
    facts: Mapping[str, Fact], reals: Reals, residuals: Sequence[Polynomial]
) -> Iterator[Equation]:
    yield from _pairs(facts)
    yield from _combined(facts, reals)
    for label, fact in facts.items():
        if fact.sign == "=":
            for sign in (1, -1):
                squares = sum_of_squares(fact.polynomial * sign, residuals)
                yield from _each_square(label, squares, (), {label: Polynomial.constant(sign)})
        elif fact.sign == ">=":
            squares = sum_of_squares(-fact.polynomial, residuals)
            yield from _each_square(label, squares, (Product(Fraction(1), {label: 1}),), {})


def _each_square(
    label: str,
    squares: Sequence[Square],
    positive: tuple[Product, ...],
    cofactors: Mapping[str, Polynomial],
) -> Iterator[Equation]:
    """What is squared in a sum that is not above 0."""
    for n, (weight, root) in enumerate(squares):
        others = (Product(c, {}, (q,)) for c, q in (*squares[:n], *squares[n + 1 :]))
        yield Equation(*_monic(root, weight), (*others, *positive), cofactors, (label,))


def _monic(p: Polynomial, weight: Fraction) -> tuple[Polynomial, Fraction]:
    """p with the leading coefficient 1; and what its square counts, if that of p counts ``weight``."""
    return p.monic(), weight * p.terms[max(p.terms)] ** 2


# --- order -----------------------------------------------------------------------------------


def _pairs(facts: Mapping[str, Fact]) -> Iterator[Equation]:
    """p ≥ 0 and −c·p ≥ 0, c above 0."""
    before: dict[Polynomial, list[tuple[str, Fraction]]] = {}
    for label, fact in facts.items():
        p = fact.polynomial
        if fact.sign != ">=" or p.is_constant or len(p.terms) > MAX_TERMS:
            continue
        leading = p.terms[max(p.terms)]
        opposite = [(other, c) for other, c in before.get(p.monic(), ()) if c * leading < 0]
        if opposite:
            (other, c), *_ = opposite
            # q² + p·p′/−(l·l′) = 0, where p = l·q and p′ = l′·q.
            both = Product(-1 / (c * leading), {other: 1, label: 1})
            yield Equation(p.monic(), Fraction(1), (both,), {}, (other, label))
        before.setdefault(p.monic(), []).append((label, leading))


def _combined(facts: Mapping[str, Fact], reals: Reals) -> Iterator[Equation]:
    """What is not below 0, and stands in a sum of such that is 0: x ≤ y, y ≤ z, z ≤ x."""
    order = {label: fact.polynomial for label, fact in facts.items() if fact.sign == ">="}
    equal = {label: fact.polynomial for label, fact in facts.items() if fact.sign == "="}
    order, equal = _that_may_cancel(order, equal)
    if not len(order) + len(equal) >= 2 or not order or len(order) + len(equal) > MAX_COMBINED:
        return
    columns = [*order.values(), *equal.values(), *(-p for p in equal.values())]
    monomials = sorted({m for p in columns for m in p.terms})
    rows = [[p.terms.get(m, Fraction(0)) for p in columns] for m in monomials]
    conditions = cone(rows, len(columns))
    done: set[str] = set()
    in_vain = 0
    for number, label in enumerate(order):
        if label in done or in_vain == MOST_IN_VAIN:
            continue
        found = weights(reals, conditions, [n == number for n in range(len(columns))])
        if found is None:
            in_vain += 1
            continue
        used = {name: found[n] for n, name in enumerate(order) if n in found}
        shares = {
            name: found.get(len(order) + n, Fraction(0)) - found.get(len(order) + len(equal) + n, Fraction(0))
            for n, name in enumerate(equal)
        }
        for name, weight in used.items():
            if name in done:
                continue
            done.add(name)
            p = order[name]
            others = tuple(
                Product(w / weight, _powers(name, other)) for other, w in used.items() if other != name
            )
            cofactors = {other: p * (-share / weight) for other, share in shares.items() if share}
            yield Equation(*_monic(p, Fraction(1)), others, cofactors, (name,))


def _powers(one: str, other: str) -> dict[str, int]:
    return {one: 1, other: 1}


def _that_may_cancel(
    order: Mapping[str, Polynomial], equal: Mapping[str, Polynomial]
) -> tuple[dict[str, Polynomial], dict[str, Polynomial]]:
    """Those of the facts of which no term stands alone: the others are in no sum that is 0."""
    order = {label: p for label, p in order.items() if 0 < len(p.terms) <= MAX_TERMS}
    equal = {label: p for label, p in equal.items() if 0 < len(p.terms) <= MAX_TERMS}
    while True:
        above = {m for p in order.values() for m, c in p.terms.items() if c > 0}
        below = {m for p in order.values() for m, c in p.terms.items() if c < 0}
        count: dict[Monomial, int] = {}
        for p in equal.values():
            for m in p.terms:
                count[m] = count.get(m, 0) + 1
        left = {
            label: p
            for label, p in order.items()
            if all(m in count or m in (below if c > 0 else above) for m, c in p.terms.items())
        }
        rest = {
            label: p
            for label, p in equal.items()
            if all(count[m] > 1 or m in above or m in below for m in p.terms)
        }
        if len(left) == len(order) and len(rest) == len(equal):
            return left, rest
        order, equal = left, rest


# --- sums of squares -------------------------------------------------------------------------


def sum_of_squares(p: Polynomial, residuals: Sequence[Polynomial] = ()) -> list[Square]:
    """Return squares with weights above 0 that have this sum; none where none are seen.

    Args:
        residuals: polynomials that may all stand squared in it, with one weight.
    """
    if not p or p.constant_term < 0:
        return []
    rest: list[Square] | None = _diagonal(p)
    if rest is not None:
        return rest
    if not residuals or sum(len(r.terms) ** 2 for r in residuals) > MAX_TERMS**2:
        return []
    total = sum((r * r for r in residuals), Polynomial.constant(0))
    if not total:
        return []
    monomial = max(total.terms)
    weight = p.terms.get(monomial, Fraction(0)) / total.terms[monomial]
    if weight <= 0:
        return []
    rest = _diagonal(p - total * weight)
    return [] if rest is None else [*((weight, r) for r in residuals if r), *rest]


def _diagonal(p: Polynomial) -> list[Square] | None:
    """p as a quadratic form in monomials, made diagonal as by Lagrange; None if that is no sum of squares."""
    roots = [root for m, c in p.terms.items() if c > 0 and (root := _root(m)) is not None]
    if not p:
        return []
    if len(roots) > MAX_TERMS or any(c < 0 and _root(m) is not None for m, c in p.terms.items()):
        return None
    place = {_times(a, a): (a, a) for a in roots}
    for a, b in combinations(roots, 2):
        place.setdefault(_times(a, b), (a, b))
    form: dict[tuple[Monomial, Monomial], Fraction] = {}
    for m, c in p.terms.items():
        if m not in place:
            return None
        a, b = place[m]
        form[a, b] = form[b, a] = c if a == b else c / 2
    squares: list[Square] = []
    for n, a in enumerate(roots):
        weight = form.get((a, a), Fraction(0))
        row = {b: form[a, b] for b in roots[n:] if form.get((a, b))}
        if weight < 0 or (not weight and row):
            return None
        if not weight:
            continue
        squares.append((weight, Polynomial({b: c / weight for b, c in row.items()})))
        for (b, left), (d, right) in product(row.items(), repeat=2):
            form[b, d] = form.get((b, d), Fraction(0)) - left * right / weight
    return squares


def _root(m: Monomial) -> Monomial | None:
    return tuple((name, e // 2) for name, e in m) if all(e % 2 == 0 for _, e in m) else None


def _times(a: Monomial, b: Monomial) -> Monomial:
    (both,) = (Polynomial({a: Fraction(1)}) * Polynomial({b: Fraction(1)})).terms
    return both
