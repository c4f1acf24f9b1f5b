"""Facts about real numbers, with case distinctions, in which certificates find a contradiction.

`zerograd.core.refuting.refutation.system_of` makes them of problems, in three ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from zerograd.core.model.references import entry, resolve
from zerograd.core.model.sides import Side
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import OF_EACH, Bound, Relation, gradient_shapes
from zerograd.core.refuting.facts import Either, Fact, Formula, labelled, meaning, renamed, variables_in

Numbers = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Case:
    """One way for things to be: values of some variables, and facts."""

    name: str
    values: Numbers
    facts: tuple[tuple[str, Formula], ...]

    def meaning(self, names: Mapping[str, str]) -> object:
        """The same for cases that say the same, once variables are renamed."""
        return (
            frozenset((names.get(name, name), value) for name, value in self.values.items()),
            frozenset(meaning(renamed(fact, names)) for _, fact in self.facts),
        )


@dataclass(frozen=True)
class System:
    """Facts, and case distinctions of which one case always holds.

    Attributes:
        facts: what holds, by label.
        splits: cases by name, e.g. ``z1[0,1]``, the sides that this pre-activation can be on.
        integers: variables that stand for integers.
        rename: the names that variables get when samples and units of hidden layers are renamed
            (see `Renaming`).
    """

    facts: Mapping[str, Fact | Either]
    splits: Mapping[str, tuple[Case, ...]]
    integers: frozenset[str]
    rename: Callable[[Renaming, str], str]

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """All variables."""
        found: dict[str, None] = {}
        formulas: list[Formula] = [*self.facts.values()]
        for cases in self.splits.values():
            for case in cases:
                found.update(dict.fromkeys(case.values))
                formulas += [fact for _, fact in case.facts]
        for formula in formulas:
            found.update(dict.fromkeys(sorted(variables_in(formula))))
        return tuple(found)

    def is_symmetry(self, names: Mapping[str, str]) -> bool:
        """Whether renaming variables so leaves all facts and case distinctions as they are."""
        if sorted(names.values()) != sorted(self.variables):
            return False
        moved = {meaning(renamed(fact, names)) for fact in self.facts.values()}
        integers = self.integers & names.keys()  # numbers that no fact speaks of are no variables
        if moved != self._meanings or {names[name] for name in integers} != integers:
            return False
        return {frozenset(case.meaning(names) for case in cases) for cases in self.splits.values()} == (
            self._split_meanings
        )

    @cached_property
    def _meanings(self) -> set[object]:
        return {meaning(fact) for fact in self.facts.values()}

    @cached_property
    def _split_meanings(self) -> set[frozenset[object]]:
        return {frozenset(case.meaning({}) for case in cases) for cases in self.splits.values()}


@dataclass(frozen=True, slots=True)
class Renaming:
    """Sample m becomes ``samples[m]``, unit i of hidden layer l becomes ``units[l][i]``.

    What is left out stays as it is.
    """

    samples: tuple[int, ...] = ()
    units: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def sample(self, m: int) -> int:
        return self.samples[m] if m < len(self.samples) else m

    def unit(self, layer: int, i: int) -> int:
        order = self.units.get(layer, ())
        return order[i] if i < len(order) else i

    def index(self, name: str, index: Index) -> Index:
        """Where an entry of a parameter or its gradient goes; or of what has a row for each sample."""
        letter, layer = name[0], int(name[1:]) if name[1:].isdigit() else 0
        if letter == "w":
            return (self.unit(layer, index[0]), self.unit(layer - 1, index[1]))
        if letter == "b":
            return (self.unit(layer, index[0]),)
        return (self.sample(index[0]), self.unit(layer, index[1]))


def split_name(variable: str) -> tuple[str, Index]:
    name, _, rest = variable.partition("[")
    return name, tuple(int(part) for part in rest[:-1].split(","))


def on_side(z: Polynomial, side: Side, name: str) -> tuple[tuple[str, Fact], ...]:
    """z lies on this side."""
    if side.is_point:
        return ((f"{name} = {side.low}", Fact(z - (side.low or 0), "=")),)
    facts = []
    if side.low is not None:
        sign: Literal[">=", ">"] = ">=" if side.low_closed else ">"
        facts.append((f"{name} {sign} {side.low}", Fact(z - side.low, sign)))
    if side.high is not None:
        sign = ">=" if side.high_closed else ">"
        facts.append((f"{name} {'<=' if side.high_closed else '<'} {side.high}", Fact(side.high - z, sign)))
    return tuple(facts)


def intercept(side: Side) -> Fraction:
    """c with φ(z) = φ'(z)·z + c on this side."""
    point = Fraction(side.low or 0) if side.is_point else Fraction(0)
    return Fraction((side.slope - side.derivative) * point + side.offset)


def describe(side: Side, name: str) -> str:
    """``z1[0,0] > 0`` and the like."""
    return ", ".join(label for label, _ in on_side(Polynomial.constant(0), side, name)) or "anywhere"


def query_facts(
    problem: Problem, samples: int, gradients: Mapping[str, Array[Polynomial]]
) -> Iterator[tuple[str, Formula]]:
    """The signs of gradient entries that are asked, of those that are among ``gradients``."""
    for relation in OF_EACH:
        for name, index in problem.asked_entries(relation, samples):
            if name in gradients:
                shown = relation.symbol.replace("≠", "!=")
                yield f"grad({entry(name, index)}) {shown} 0", sign_fact(gradients[name][index], relation)
    shapes = gradient_shapes(problem.network, samples)
    for reference in problem.query[Relation.SOME_NONZERO]:
        if reference.name in gradients:
            named = resolve(reference, shapes[reference.name])
            parts = tuple(sign_fact(gradients[reference.name][index], Relation.NONZERO) for index in named)
            yield f"some grad({reference}) != 0", parts[0] if len(parts) == 1 else Either(parts)


def sign_fact(p: Polynomial, relation: Relation) -> Fact:
    """The fact that p has a sign that the relation allows."""
    match relation:
        case Relation.ZERO:
            return Fact(p, "=")
        case Relation.NONZERO | Relation.SOME_NONZERO:
            return Fact(p, "!=")
        case Relation.POSITIVE:
            return Fact(p, ">")
        case Relation.NEGATIVE:
            return Fact(-p, ">")


def within(p: Polynomial, name: str, bound: Bound) -> Iterator[tuple[str, Formula]]:
    low, high = bound
    if low is not None:
        yield f"{name} >= {low}", Fact(p - low, ">=")
    if high is not None:
        yield f"{name} <= {high}", Fact(high - p, ">=")


def parameters_of(problem: Problem) -> dict[str, Array[Polynomial]]:
    return {
        name: Array.build(shape, lambda index, name=name: value_of(problem, name, index))  # type: ignore[misc]
        for name, shape in problem.network.shapes.items()
    }


def value_of(problem: Problem, name: str, index: Index) -> Polynomial:
    """A given value, or a variable."""
    given = problem.given.get(name, {}).get(index)
    return Polynomial.variable(entry(name, index)) if given is None else Polynomial.constant(given)


def by_label(facts: Iterable[tuple[str, Formula]]) -> dict[str, Fact | Either]:
    """All facts by label. (A label that stood twice would hide a fact, and add none.)"""
    return {label: part for outer, formula in facts for label, part in labelled(outer, formula)}


def lifted(array: Array[Any]) -> Array[Polynomial]:
    return array.map(lambda v: v if isinstance(v, Polynomial) else Polynomial.constant(v))
