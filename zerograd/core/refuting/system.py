"""Facts about real numbers, with case distinctions, in which certificates find a contradiction.

`zerograd.core.refuting.refutation.system_of` makes them of problems, in three ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

from zerograd.core.model.references import entry
from zerograd.core.model.sides import Interval, Side
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.work import spend
from zerograd.core.question.language import Comparison
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import OF_EACH, Bound, Rational, Relation
from zerograd.core.refuting.facts import (
    Either,
    Fact,
    Formula,
    compared,
    labelled,
    meaning,
    renamed,
    variables_in,
)

Numbers = Mapping[str, Fraction]
constant = Polynomial.constant
_T = TypeVar("_T")


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
        moved = set()
        for fact in self.facts.values():
            moved.add(moved_fact := meaning(renamed(fact, names)))
            if moved_fact not in self._meanings:
                return False
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


class OnDemand(Mapping[str, _T]):
    """Values by name, each made when it is first asked for: most questions speak of few of them."""

    def __init__(self, makers: Mapping[str, Callable[[], _T]]) -> None:
        self._makers = makers
        self._made: dict[str, _T] = {}

    def __getitem__(self, name: str) -> _T:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def split_name(variable: str) -> tuple[str, Index]:
    name, _, rest = variable.partition("[")
    return name, tuple(int(part) for part in rest[:-1].split(",")) if rest else ()


def on_side(z: Polynomial, side: Interval, name: str) -> tuple[tuple[str, Fact], ...]:
    """z lies on this side."""
    return tuple(compared_with(z, name, operator, end) for operator, end in side.comparisons)


def compared_with(p: Polynomial, name: str, operator: Comparison, end: Rational) -> tuple[str, Fact]:
    """``p operator end``, with its label: ``a1[0,0] > 0``."""
    sign = "=" if operator == "==" else operator
    return f"{name} {sign} {end}", compared(p, operator, constant(end))


def one_of(variable: str, values: Iterable[Rational]) -> tuple[str, Fact]:
    """The variable has one of these values, with the label of that fact."""
    vanishing = constant(1)
    for value in dict.fromkeys(values):
        vanishing = vanishing * (Polynomial.variable(variable) - value)
    return values_label(variable), Fact(vanishing, "=")


def values_label(variable: str) -> str:
    """The label of the equation that says which values a variable can have: ``values of s1[0,0]``."""
    return f"values of {variable}"


def intercept(side: Side) -> Fraction:
    """c with φ(z) = φ'(z)·z + c on this side."""
    point = Fraction(side.low or 0) if side.is_point else Fraction(0)
    return Fraction((side.slope - side.derivative) * point + side.offset)


def describe(side: Interval, name: str) -> str:
    """``z1[0,0] > 0`` and the like."""
    return ", ".join(label for label, _ in on_side(Polynomial.constant(0), side, name)) or "anywhere"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a problem asks of a gradient entry, or of at least one of several.

    Attributes:
        named: what the problem calls them: ``w1``, ``w1[0,0]``, ``w1, w2``.
        entries: the gradient entries.
    """

    relation: Relation
    named: str
    entries: tuple[tuple[str, Index], ...]

    @property
    def operator(self) -> Comparison:
        """How an entry compares with 0."""
        match self.relation:
            case Relation.ZERO:
                return "=="
            case Relation.NONZERO | Relation.SOME_NONZERO | Relation.ANY_NONZERO:
                return "!="
            case Relation.POSITIVE:
                return ">"
            case Relation.NEGATIVE:
                return "<"

    @property
    def label(self) -> str:
        """The label of the fact: ``grad(w1[0,0]) = 0``, ``some grad(w1) != 0``, ``any grad(w1, w2) != 0``."""
        symbol = self.relation.symbol.replace("≠", "!=")
        many = "any " if self.relation.joint else "some " if self.relation.some else ""
        return f"{many}grad({self.named}) {symbol} 0"


def demands(problem: Question, samples: int) -> Iterator[Demand]:
    """The signs of gradient entries that a problem asks for, one by one."""
    for relation in OF_EACH:
        for name, index in problem.asked_entries(relation, samples):
            spend(5)
            yield Demand(relation, entry(name, index), ((name, index),))
    for choice in problem.choices(samples):
        yield Demand(choice.relation, str(choice), choice.entries)


def query_facts(
    problem: Question, samples: int, gradients: Mapping[str, Array[Polynomial]]
) -> Iterator[tuple[str, Formula]]:
    """The signs of gradient entries that are asked, where all that are named are among ``gradients``."""
    for demand in demands(problem, samples):
        if all(name in gradients for name, _ in demand.entries):
            entries = [gradients[name][index] for name, index in demand.entries]
            parts = tuple(compared(g, demand.operator, constant(0)) for g in entries)
            yield demand.label, parts[0] if len(parts) == 1 else Either(parts)


def bounded(name: str, bound: Bound) -> Iterator[tuple[str, Comparison, Rational]]:
    """The ends of a bound: the label of the fact, the comparison, and the number."""
    low, high = bound
    if low is not None:
        yield f"{name} >= {low}", ">=", low
    if high is not None:
        yield f"{name} <= {high}", "<=", high


def within(p: Polynomial, name: str, bound: Bound) -> Iterator[tuple[str, Formula]]:
    for label, operator, end in bounded(name, bound):
        yield label, compared(p, operator, constant(end))


def where_label(number: int) -> str:
    """The label of a condition of ``where``: ``where[0]``."""
    return f"where[{number}]"


def parameters_of(problem: Question) -> dict[str, Array[Polynomial]]:
    return {
        name: Array.build(shape, lambda index, name=name: value_of(problem, name, index))  # type: ignore[misc]
        for name, shape in problem.network.shapes.items()
    }


def value_of(problem: Question, name: str, index: Index) -> Polynomial:
    """A given value, or a variable."""
    given = problem.given.get(name, {}).get(index)
    return Polynomial.variable(entry(name, index)) if given is None else Polynomial.constant(given)


def by_label(facts: Iterable[tuple[str, Formula]]) -> dict[str, Fact | Either]:
    """All facts by label. (A label that stood twice would hide a fact, and add none.)"""
    return {label: part for outer, formula in facts for label, part in labelled(outer, formula)}


def lifted(array: Array[Any]) -> Array[Polynomial]:
    return array.map(lambda v: v if isinstance(v, Polynomial) else Polynomial.constant(v))
