"""The identity by which facts contradict one another: a Null- or Positivstellensatz certificate.

Cofactors of bounded degree are the solution of linear equations between coefficients; products of facts
that are above 0, and their weights, one of linear inequalities. What is found is expanded before it is
believed: solving is done modulo a prime.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from typing import Any

from zerograd.core.errors import Refused
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, Product
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import check_identity
from zerograd.proving.reals import Reals, approximate
from zerograd.proving.ring import PRIME, Ring, Solution, Span, Terms, degree_under, gradings, terms_of
from zerograd.proving.squares import forms, sum_of_squares
from zerograd.solvers.base import Model

MAX_SIZE = 600_000
"""Entries of a matrix of multiples of equations; a larger one is not worth its time."""

MAX_PRODUCTS, MAX_FACTS, MAX_SQUARES = 60, 6, 8
"""Products that a positive combination may be made of, and facts and squares of unknowns in them."""

MAX_SQUARED = 200
"""Exponents of a fact, in all, that may be a sum of squares."""

MAX_GROUPS = 30

SLACK = 1
"""Degrees by which multiples of equations may exceed the degree of what they add up to."""

ZERO, ONE = Polynomial.constant(0), Polynomial.constant(1)


def find_identity(facts: Mapping[str, Fact], reals: Reals, *, order: bool = True) -> Identity | None:
    """An identity that refutes the facts, or None where none of low degree was found.

    Args:
        order: whether to look for Positivstellensatz certificates too.

    Raises:
        OutOfTime: the deadline has passed.
    """
    found = _constant(facts)
    if found is not None:
        check_identity(found, facts)
        return found
    search = _Search(facts, reals)
    return search.null() or (search.positive() if order else None)


def eliminated(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts without unknowns that equations express by others; those equations stay as they are."""
    ring = Ring({name for fact in facts.values() for name in fact.polynomial.variables})
    equations = {label: f.polynomial for label, f in facts.items() if f.sign == "="}
    reduction = _Reduction(ring, equations)
    pivots = {pivot.label for pivot in reduction.pivots}
    return {
        label: fact if label in pivots else Fact(ring.back(reduction(fact.polynomial)), fact.sign)
        for label, fact in facts.items()
    }


def _constant(facts: Mapping[str, Fact]) -> Identity | None:
    """A fact that no number fulfils, such as 0 != 0."""
    for label, fact in facts.items():
        p = fact.polynomial
        if not p.is_constant:
            continue
        c = p.constant_term
        match fact.sign:
            case "=" if c:
                return Identity({label: Polynomial.constant(1 / c)})
            case "!=" if not c:
                return Identity({}, {label: 1})
            case ">" | ">=" if c < 0:
                return Identity({}, {}, (Product(Fraction(1), {label: 1}), Product(-c, {})))
            case ">" if not c:
                return Identity({}, {}, (Product(Fraction(1), {label: 1}),))
    return None


class _Search:
    def __init__(self, facts: Mapping[str, Fact], reals: Reals) -> None:
        self.facts, self.reals = facts, reals
        self.ring = Ring({name for fact in facts.values() for name in fact.polynomial.variables})
        self.equations = {label: f.polynomial for label, f in facts.items() if f.sign == "="}
        self.nonzero = [label for label, f in facts.items() if f.sign == "!="]
        self.strict = [label for label, f in facts.items() if f.sign == ">"]
        self.weak = [label for label, f in facts.items() if f.sign == ">="]
        self.reduced = _Reduction(self.ring, self.equations, reals.keep_time)

    def null(self) -> Identity | None:
        """A product of what is not 0 that the equations make 0."""
        for powers in self._null_targets():
            found = self._null(powers)
            if found is not None:
                return found
        return None

    def _product(self, powers: Mapping[str, int]) -> Polynomial:
        result = ONE
        for label, power in powers.items():
            for _ in range(power):
                result = result * self.facts[label].polynomial
        return result

    def _null_targets(self) -> Iterator[list[dict[str, int]]]:
        """Products of what is not 0, a few at a time: short ones first."""
        labels = [*self.nonzero, *self.strict]
        if self.equations:
            yield [{}, *({label: 1} for label in labels)]
            if len(labels) > 1:
                yield [dict.fromkeys(pair, 1) for pair in combinations(labels, 2)][:12]
            if len(labels) > 2:
                yield [dict.fromkeys(labels, 1)]
            yield [{label: 2} for label in self.nonzero][:6]

    def _null(self, choices: Sequence[dict[str, int]]) -> Identity | None:
        products = [self._product(powers) for powers in choices]
        targets = [terms_of(self.reduced(p)) for p in products]
        for powers, product, target in zip(choices, products, targets, strict=True):
            if not target:
                return self._lifted(powers, (), product, [])
        solution = self._solve(targets)
        for n, (powers, product) in enumerate(zip(choices, products, strict=True)):
            if solution is not None and solution.reaches(n):
                return self._lifted(powers, (), product, solution.cofactors({n: Fraction(1)}))
        return None

    def _solve(self, targets: Sequence[Terms]) -> Solution | None:
        generators = [terms_of(g) for g in self.reduced.rest.values()]
        if any(c.denominator % PRIME == 0 for terms in (*targets, *generators) for c in terms.values()):
            return None  # nothing can be said modulo this prime
        self.reals.keep_time()
        degree = max((sum(e) for terms in (*targets, *generators) for e in terms), default=0) + SLACK
        span = Span.towards(generators, targets, degree=degree, most=MAX_SIZE)
        if span.size > MAX_SIZE:
            return None
        return span.solve(targets)

    def positive(self) -> Identity | None:
        """A positive combination of products that the equations make 0.

        All facts are homogeneous under some gradings; so are the parts of an identity, one by one.
        """
        weights = gradings([self.ring.to(fact.polynomial) for fact in self.facts.values()])
        groups: dict[object, list[Product]] = {}
        for product in self._products():
            value = self.ring.to(self._value(product))
            if value != 0:
                groups.setdefault(degree_under(weights, value), []).append(product)
        single = [
            Product(Fraction(1), {}),
            *(Product(Fraction(1), {label: 1}) for label in (*self.strict, *self.weak)),
        ]
        found = self._combined(single, {})
        if found is not None:  # a sum of facts, as in Farkas' lemma: nothing is easier to follow
            return found
        for label in (*self.strict, *self.weak, *self.equations):
            if (found := self._square(label)) is not None:
                return found
        # Short ones first: groups come in the order of their shortest products.
        telling = [
            g for g in groups.values() if any(map(self._is_strict, g)) and (len(g) > 1 or self.equations)
        ]
        multipliers: list[dict[str, int]] = [{}]
        if self.nonzero and self.equations:
            multipliers.append(dict.fromkeys(self.nonzero, 1))
        for group in telling[:MAX_GROUPS]:
            for powers in multipliers:
                found = self._combined(group[:MAX_PRODUCTS], powers)
                if found is not None:
                    return found
        return self._with_forms(weights, single)

    def _square(self, label: str) -> Identity | None:
        """A fact that says that less than a sum of squares is above 0, or that one and more is 0."""
        fact = self.facts[label]
        reduced = self.ring.back(self.reduced(fact.polynomial))
        if sum(e for m in reduced.terms for _, e in m) > MAX_SQUARED:
            return None
        for sign in (1, -1) if fact.sign == "=" else (-1,):
            squares = sum_of_squares(reduced * sign)
            if squares is None:
                continue
            own = () if fact.sign == "=" else (Product(Fraction(1), {label: 1}),)
            positive = (*own, *(Product(c, {}, () if h == ONE else (h,)) for c, h in squares))
            if not any(self._is_strict(product) for product in positive):
                continue
            left = sum((self._value(product) * product.coefficient for product in positive), ZERO)
            if fact.sign != "=":
                found = self._lifted({}, positive, left, [])
            else:
                by_label = self.reduced.lift(left - fact.polynomial * sign, {})
                by_label[label] = by_label.get(label, ZERO) + sign
                found = self._checked(Identity(by_label, {}, positive))
            if found is not None:
                return found
        return None

    def _with_forms(self, weights: Sequence[Sequence[int]], single: Sequence[Product]) -> Identity | None:
        """A combination of facts with squares of sums and differences of unknowns."""
        squared = Counter(
            name
            for fact in self.facts.values()
            if fact.sign != "!="
            for m in fact.polynomial.terms
            for name, e in m
            if e == 2
        )
        names = [name for name, _ in squared.most_common(MAX_SQUARES)]
        degrees = [degree_under(weights, self.ring.to(Polynomial.variable(name))) for name in names]
        several = [
            Product(Fraction(1), {}, (form,))
            for form in (
                *map(Polynomial.variable, names),
                *forms(names, degrees, degree_under(weights, self.ring.to(ONE))),
            )
        ]
        return self._combined([*single, *several], {}) if several else None

    def _combined(self, choices: Sequence[Product], powers: Mapping[str, int]) -> Identity | None:
        outer = self._product(powers)
        products = [self._value(choice) * outer for choice in choices]
        solution = self._solve([terms_of(self.reduced(p)) for p in products])
        if solution is None:
            return None
        strict = [self._is_strict(choice) for choice in choices]
        found = weights(self.reals, cone(solution.remainders(), len(strict)), strict)
        if found is None:
            return None
        positive = tuple(Product(w, choices[n].factors, choices[n].squares) for n, w in found.items())
        total = sum((products[n] * w for n, w in found.items()), Polynomial.constant(0))
        return self._lifted(powers, positive, total, solution.cofactors(found))

    def _products(self) -> Iterator[Product]:
        """Products of at most three facts, and of squares of unknowns with at most two of them."""
        labels = [*self.strict, *self.weak]
        one = Fraction(1)
        yield Product(one, {})
        for size in (1, 2, 3):
            for few in combinations_with_replacement(labels[:MAX_FACTS], size):
                yield Product(one, _counted(few))
        for label in self.nonzero:
            yield Product(one, {label: 2})
            for other in labels[:MAX_FACTS]:
                yield Product(one, {label: 2, other: 1})
        for name in self.ring.names[:MAX_SQUARES]:
            square = (Polynomial.variable(name),)
            yield Product(one, {}, square)
            for size in (1, 2):
                for pair in combinations(labels[:MAX_FACTS], size):
                    yield Product(one, dict.fromkeys(pair, 1), square)

    def _is_strict(self, product: Product) -> bool:
        return not product.squares and not any(label in self.weak for label in product.factors)

    def _value(self, product: Product) -> Polynomial:
        value = self._product(product.factors)
        for square in product.squares:
            value = value * square * square
        return value

    def _lifted(
        self,
        powers: Mapping[str, int],
        positive: tuple[Product, ...],
        left: Polynomial,
        cofactors: Sequence[Terms],
    ) -> Identity | None:
        """The identity over the equations as they were, checked."""
        polynomials = [self.ring.polynomial(terms) for terms in cofactors]
        by_label = self.reduced.lift(left, dict(zip(self.reduced.rest, polynomials, strict=False)))
        return self._checked(Identity(by_label, dict(powers), positive))

    def _checked(self, identity: Identity) -> Identity | None:
        try:
            check_identity(identity, self.facts)
        except Refused:  # the prime was unlucky
            return None
        return identity


@dataclass(frozen=True, slots=True)
class _Pivot:
    """An unknown, what it equals, and the reduced equation that says so."""

    label: str
    position: int
    value: Any
    equation: Any

    def eliminated(self, p: Any, gens: Sequence[Any]) -> tuple[Any, Any]:
        """p with the unknown replaced; and the multiple of the equation that is taken away."""
        replaced = list(gens)
        replaced[self.position] = self.value
        q = p.compose(*replaced)
        # p − q vanishes where the equation does, so this division leaves no remainder.
        return (q, 0) if p == q else (q, divmod(p - q, self.equation)[0])


class _Reduction:
    """Unknowns eliminated by equations in which they have a constant coefficient.

    Calling it reduces a polynomial; ``rest`` are the other equations, reduced; `lift` goes back.
    """

    def __init__(
        self, ring: Ring, equations: Mapping[str, Polynomial], keep_time: Callable[[], object] = lambda: None
    ) -> None:
        self.ring, self.gens = ring, list(ring.context.gens())
        self.pivots: list[_Pivot] = []
        pending = {label: ring.to(p) for label, p in equations.items()}
        self.originals = dict(pending)
        self.shares: dict[str, dict[str, Any]] = {label: {} for label in pending}
        """The multiples of pivots that the reduced form of each equation lacks."""
        while (choice := self._choose(pending)) is not None:
            keep_time()
            label, position = choice
            equation = pending.pop(label)
            c = equation.to_dict()[tuple(int(i == position) for i in range(ring.width))]
            pivot = _Pivot(label, position, self.gens[position] - equation / c, equation)
            self.pivots.append(pivot)
            for other, p in pending.items():
                pending[other], multiple = pivot.eliminated(p, self.gens)
                if multiple != 0:
                    self.shares[other][label] = multiple
        self.rest = {label: p for label, p in pending.items() if p != 0}

    def _choose(self, pending: Mapping[str, Any]) -> tuple[str, int] | None:
        """The shortest equation with an unknown that stands in one term, linear and alone."""
        best: tuple[int, str, int] | None = None
        for label, p in pending.items():
            terms = p.to_dict()
            alone = {e.index(1) for e in terms if sum(e) == 1}
            for position in sorted(alone):
                if sum(1 for e in terms if e[position]) == 1:
                    size = (len(terms), label, position)
                    best = size if best is None else min(best, size)
                    break
        return None if best is None else best[1:]

    def __call__(self, p: Polynomial) -> Any:
        q = self.ring.to(p)
        for pivot in self.pivots:
            q, _ = pivot.eliminated(q, self.gens)
        return q

    def lift(self, left: Polynomial, cofactors: Mapping[str, Polynomial]) -> dict[str, Polynomial]:
        """Cofactors of the original equations, from those of the reduced ones."""
        total: dict[str, Any] = {label: self.ring.to(c) for label, c in cofactors.items() if c}
        difference = self.ring.to(left)
        for label, c in total.items():
            difference = difference - c * self.originals[label]
        own: dict[str, Any] = {}
        for pivot in self.pivots:
            difference, own[pivot.label] = pivot.eliminated(difference, self.gens)
        # Each reduced pivot is the original one less multiples of the pivots before it.
        for pivot in reversed(self.pivots):
            c = total[pivot.label] = own[pivot.label]
            for before, multiple in self.shares[pivot.label].items():
                own[before] = own[before] - c * multiple
        return {label: self.ring.back(c) for label, c in total.items() if c != 0}


def _counted(labels: Sequence[str]) -> dict[str, int]:
    return {label: labels.count(label) for label in dict.fromkeys(labels)}


def cone(rows: Sequence[Sequence[Fraction]], width: int) -> list[Fact]:
    """The conditions w ≥ 0 and row · w = 0 for every row, on ``width`` numbers."""
    unknowns = [Polynomial.variable(f"w{n}") for n in range(width)]
    conditions = [Fact(w, ">=") for w in unknowns]
    for row in rows:
        terms = {m: c for c, w in zip(row, unknowns, strict=True) if c for m in w.terms}
        conditions.append(Fact(Polynomial(terms), "="))
    return conditions


def weights(reals: Reals, conditions: Sequence[Fact], strict: Sequence[bool]) -> dict[int, Fraction] | None:
    """Numbers in a `cone` that are not all 0 where strict: a linear program."""
    total = sum((Polynomial.variable(f"w{n}") for n, s in enumerate(strict) if s), ZERO)
    whole = Fact(total - 1, "=")
    outcome = reals.check([*conditions, whole], mode="general", effort=1.0)
    if not isinstance(outcome, Model):
        return None
    values = {n: approximate(outcome.values.get(f"w{n}", Fraction(0))) for n in range(len(strict))}
    return {n: value for n, value in values.items() if value}
