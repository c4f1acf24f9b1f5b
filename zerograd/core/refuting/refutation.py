"""The checker of certificates: does this show that the problem has no answer? The standard library alone.

A certificate is a tree. The checker derives the facts of the problem itself, follows every case with what
it adds to the facts, sees to it that no case is missing, and expands the identity at each leaf:

    Π (what is not 0) · Σ (what is above 0) = Σ cofactor · (what is 0)

says that the facts of that leaf contradict one another. What it does not accept it refuses by raising,
naming the node.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from zerograd.core.errors import Refused, Violation, short
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.rationals import digits
from zerograd.core.numbers.work import spend
from zerograd.core.question.question import Question
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting import calculation, moments
from zerograd.core.refuting.ahead import derived
from zerograd.core.refuting.calculation import calculation_system
from zerograd.core.refuting.certificate import (
    MAX_DEPTH,
    Alternatives,
    Certificate,
    Compare,
    Floor,
    Identity,
    Kind,
    Like,
    Node,
    Product,
    Split,
)
from zerograd.core.refuting.dataset import chosen_unfit, dataset_system
from zerograd.core.refuting.facts import Either, Fact, at, labelled
from zerograd.core.refuting.identities import identities_system
from zerograd.core.refuting.moments import moments_system
from zerograd.core.refuting.no_minimum import check_no_minimum
from zerograd.core.refuting.spoken import spoken_of
from zerograd.core.refuting.system import Case, Numbers, Renaming, System

Facts: TypeAlias = Mapping[str, Fact | Either]


def check_certificate(problem: Question, certificate: Certificate) -> None:
    """Return quietly if the certificate proves that the problem has no answer.

    Raises:
        Refused: it does not; naming the node that is at fault.
    """
    if certificate.problem != problem.digest:
        found = _brief(certificate.problem, 100)
        raise Refused([Violation("problem", f"{problem.digest} (the problem at hand)", found)])
    if certificate.point is not None:
        check_no_minimum(problem, certificate.point)
        return
    problem = spoken_of(problem, certificate)
    left = _left_over(problem, certificate)
    if left is not None:
        raise Refused([Violation("parts", f"a refutation for {problem.samples} samples", f"none for {left}")])
    for number, part in enumerate(certificate.parts):
        if part.samples is not None and not _is_asked(problem, part.samples):
            raise Refused([Violation(f"parts[{number}].samples", str(problem.samples), str(part.samples))])
        Refutation(system_of(problem, part.kind, part.samples)).check(part.root, place=f"parts[{number}]")


def every_samples(problem: Question, certificate: Certificate) -> bool:
    """Whether an accepted certificate rules out every number of samples, asked for or not."""
    return _rules_out_every(spoken_of(problem, certificate), certificate)


def _rules_out_every(problem: Question, certificate: Certificate) -> bool:
    enough = sufficient_samples(problem)
    return any(
        part.samples is None or (enough is not None and part.samples >= enough) for part in certificate.parts
    )


def system_of(problem: Question, kind: Kind, samples: int | None) -> System:
    """The facts that a part of this kind refutes.

    Raises:
        Refused: they are too many to be looked at, or this kind is `unfit` for the question.
    """
    if (made := derived(problem, kind, samples)) is not None:
        return made
    if reason := unfit(problem, kind):
        raise Refused([Violation("system", f"a question that {kind} can treat", reason)])
    if kind == "identities":
        return identities_system(problem)
    if kind == "moments":
        return moments_system(problem)
    if samples is None:
        raise Refused([Violation("samples", f"a number, for the system {kind}", "none")])
    if kind == "calculation":
        return calculation_system(problem, samples)
    return dataset_system(problem, samples)


def unfit(problem: Question, kind: Kind) -> str | None:
    """Return why facts of this kind cannot be made of the question; None if they can.

    A dataset has variables for what is not polynomial. Identities hold for every activation and loss: of
    units that are not homogeneous they say nothing.
    """
    match kind:
        case "moments":
            return moments.unfit(problem)
        case "dataset":
            return chosen_unfit(problem)
        case "identities":
            return None
        case "calculation":
            return calculation.unfit(problem)


def _is_asked(problem: Question, samples: int) -> bool:
    return samples in problem.samples or sufficient_samples(problem) is not None


def _left_over(problem: Question, certificate: Certificate) -> str | None:
    """A number of samples that is asked for and that no part speaks of."""
    wanted = problem.samples
    if _rules_out_every(problem, certificate):
        return None
    numbers = {part.samples for part in certificate.parts if part.samples is not None}
    if sufficient_samples(problem) is not None:
        # By padding, an answer with fewer samples would be one with the greatest of these numbers too.
        numbers = set(range(1, max(numbers, default=0) + 1))
    last = wanted.most if wanted.most is not None else max(wanted.least, *numbers) + 1
    return next((str(m) for m in range(wanted.least, last + 1) if m not in numbers), None)


@dataclass(frozen=True, slots=True)
class Known:
    """What holds in a case.

    Attributes:
        facts: by label, with ``values`` put in.
        values: of variables that cases have fixed.
        assumed: the cases that have led here.
    """

    facts: Facts
    values: Numbers = field(default_factory=dict)
    assumed: tuple[Case, ...] = ()

    def assuming(self, case: Case) -> Known:
        """What holds in a case of this one."""
        values = {**self.values, **case.values}
        added = {part: fact for label, formula in case.facts for part, fact in labelled(label, formula)}
        spend(len(values) // 16 + len(self.assumed) // 16 + len(added))
        facts = _Within(self.facts, case.values, added, values)
        return Known(facts, values, (*self.assumed, case))


class _Within(Mapping[str, Fact | Either]):
    """The facts of a case: those around it with its values put in, and its own.

    Values are put in when a fact is asked for: a certificate has thousands of nodes, and each of them speaks
    of a few facts.
    """

    def __init__(self, around: Facts, fixed: Numbers, added: Facts, values: Numbers) -> None:
        self._around, self._fixed, self._added, self._values = around, fixed, added, values
        self._known: dict[str, Fact | Either] = {}
        self.compared: int = _compared(around) + sum(map(_is_assumed, added))

    def __getitem__(self, label: str) -> Fact | Either:
        fact = self._known.get(label)
        if fact is None:
            if label in self._added:
                fact = at(self._added[label], self._values)
            else:
                fact = self._around[label]
                fact = at(fact, self._fixed) if self._fixed else fact
            self._known[label] = fact
        return fact

    @cached_property
    def _all(self) -> dict[str, Fact | Either]:
        return {label: self[label] for label in dict.fromkeys((*self._around, *self._added))}

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def items(self) -> ItemsView[str, Fact | Either]:
        return self._all.items()


def _compared(facts: Facts) -> int:
    """How many facts are what a case of a comparison assumes."""
    return facts.compared if isinstance(facts, _Within) else sum(map(_is_assumed, facts))


def _is_assumed(label: str) -> bool:
    return label.startswith("case ")


@dataclass(slots=True)
class Refutation:
    """The check of one system's refutation.

    Attributes:
        done: what each named node that was checked assumes.
    """

    system: System
    done: dict[str, tuple[Case, ...]] = field(default_factory=dict)
    symmetries: dict[object, Mapping[str, str]] = field(default_factory=dict)

    def check(self, root: Node, known: Known | None = None, place: str = "root") -> None:
        """Return quietly if what is known (by default, the system's facts) is refuted. Raises Refused."""
        self._node(root, known or Known(self.system.facts), place)

    def _node(self, node: Node, known: Known, place: str) -> None:
        if len(known.assumed) > MAX_DEPTH:
            raise Refused([Violation(place, f"at most {MAX_DEPTH} nested cases", "more of them")])
        spend(30 + len(place) // 256)
        if isinstance(node, Identity):
            check_identity(node, known.facts, place)
            self._name(node.name, known, place)
            return
        if isinstance(node, Like):
            self._like(node, known, place)
            return
        cases = cases_of(self.system, node, known.facts, place)
        if set(node.cases) != {case.name for case in cases}:
            expected = ", ".join(case.name for case in cases)
            raise Refused(
                [Violation(place, f"the cases {expected}", _brief(", ".join(node.cases)) or "none")]
            )
        for case in cases:
            self._node(node.cases[case.name], known.assuming(case), f"{place} / {_where(node, case)}")
        self._name(node.name, known, place)

    def _name(self, name: str | None, known: Known, place: str) -> None:
        """Keep what a node assumes that was checked."""
        if name in self.done:
            raise Refused([Violation(place, "a name of its own", f"{short(name)} a second time")])
        if name is not None:
            self.done[name] = known.assumed

    def _like(self, node: Like, known: Known, place: str) -> None:
        if node.like not in self.done:
            raise Refused([Violation(place, "the name of an earlier node", short(node.like))])
        names = self._symmetry(node.renaming, place)
        spend(5 * len(known.assumed))
        here = {case.meaning({}) for case in known.assumed}
        for case in self.done[node.like]:
            if case.meaning(names) not in here:
                found = f"not so under {case.name!r}, renamed"
                raise Refused([Violation(place, f"all assumptions of {node.like!r}", found)])

    def _symmetry(self, renaming: Renaming, place: str) -> Mapping[str, str]:
        key = (renaming.samples, tuple(sorted(renaming.units.items())))
        if key not in self.symmetries:
            names = symmetry(self.system, renaming)
            if names is None:
                raise Refused(
                    [Violation(place, "a renaming that leaves all facts as they are", short(renaming))]
                )
            self.symmetries[key] = names
        return self.symmetries[key]


def symmetry(system: System, renaming: Renaming) -> Mapping[str, str] | None:
    """The new name of each variable, if the renaming leaves the system as it is."""
    names = {name: system.rename(renaming, name) for name in system.variables}
    return names if system.is_symmetry(names) else None


def cases_of(
    system: System, node: Split | Compare | Floor | Alternatives, facts: Facts, place: str = ""
) -> tuple[Case, ...]:
    """All cases that a node must treat, with what each of them adds.

    What is assumed of polynomials is labelled ``case 1``, ``case 2``, … from the root on.

    Raises:
        Refused: there is no such distinction.
    """
    label = f"case {1 + _compared(facts)}"

    def assume(name: str, polynomial: Polynomial, sign: str) -> Case:
        return Case(name, {}, ((label, Fact(polynomial, sign)),))  # type: ignore[arg-type]

    match node:
        case Split(split=name):
            if name not in system.splits:
                raise Refused([Violation(place, "a case distinction of this problem", short(name))])
            return system.splits[name]
        case Compare(polynomial=p, signs=signs):
            if not signs:
                return (assume("= 0", p, "="), assume("!= 0", p, "!="))
            return (assume("< 0", -p, ">"), assume("= 0", p, "="), assume("> 0", p, ">"))
        case Floor(polynomial=p, below=below):
            whole = all(c.denominator == 1 for c in p.terms.values()) and p.variables <= system.integers
            if not whole:
                raise Refused(
                    [Violation(place, "a polynomial in integers, with integer coefficients", _brief(p))]
                )
            return (
                assume(f"<= {digits(below)}", below - p, ">="),
                assume(f">= {digits(below + 1)}", p - (below + 1), ">="),
            )
        case Alternatives(either=chosen):
            fact = facts.get(chosen)
            if not isinstance(fact, Either):
                raise Refused([Violation(place, "the label of a disjunction", short(chosen))])
            return tuple(Case(str(n), {}, ((f"{chosen}/{n}", part),)) for n, part in enumerate(fact.parts))


def _where(node: Node, case: Case) -> str:
    match node:
        case Compare(polynomial=p) | Floor(polynomial=p):
            spend(2 * len(p.terms))
            return f"{_brief(p)} {_brief(case.name)}"
        case Alternatives(either=label):
            return f"{_brief(label)}/{case.name}"
    return case.name


def check_identity(node: Identity, facts: Facts, place: str = "identity") -> None:
    """Both sides of an identity, multiplied out. Raises Refused if they differ, or prove nothing."""

    def fact(label: str, *signs: str) -> Polynomial:
        found = facts.get(label)
        if not isinstance(found, Fact) or found.sign not in signs:
            what = " or ".join(f"p {sign} 0" for sign in signs)
            raise Refused([Violation(place, f"the label of a fact {what}", short(label))])
        return found.polynomial

    def times(p: Polynomial, q: Polynomial, power: int = 1) -> Polynomial:
        for _ in range(power):
            p = p * q
        return p

    one = Polynomial.constant(1)
    total = Polynomial.constant(0) if node.positive else one
    strict = not node.positive
    for product in node.positive:
        strict = _is_strict(product, facts, place) or strict
        value = Polynomial.constant(product.coefficient)
        for label, power in product.factors.items():
            value = times(value, fact(label, "!=", ">", ">="), power)
        for square in product.squares:
            value = times(value, square, 2)
        total = total + value
    if not strict:
        raise Refused([Violation(place, "a product that is surely above 0", "none")])
    left = total
    for label, power in node.nonzero.items():
        left = times(left, fact(label, "!=", ">"), power)
    right = Polynomial.constant(0)
    for label, cofactor in node.cofactors.items():
        right = right + times(cofactor, fact(label, "="))
    if left != right:
        raise Refused([Violation(place, "an identity", f"a difference of {_brief(left - right)}")])


def _is_strict(product: Product, facts: Facts, place: str) -> bool:
    """Whether a product is above 0, and not only not below. Raises Refused if not even that is known."""
    if product.coefficient <= 0:
        raise Refused([Violation(place, "a coefficient above 0", str(product.coefficient))])
    signs = []
    for label, power in product.factors.items():
        found = facts.get(label)
        sign = found.sign if isinstance(found, Fact) else None
        if sign not in (">", ">=") and not (sign == "!=" and power % 2 == 0):
            raise Refused([Violation(place, "facts p > 0 or p >= 0, or even powers of p != 0", short(label))])
        signs.append(sign)
    constants = all(square.is_constant and square for square in product.squares)
    return constants and ">=" not in signs


def _brief(data: object, most: int = 60) -> str:
    """At most so many characters, of what may come from a stranger."""
    text = str(data)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= most else f"{text[: most - 3]}..."
