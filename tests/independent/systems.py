"""Systems of facts, with case distinctions and renamings."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from tests.independent.conditions import Conditions, Counted, Grid
from tests.independent.formulas import (
    Formula,
    Poly,
    compared,
    flat,
    meaning,
    number,
    several,
    variable,
    variables_of,
)
from tests.independent.problems import Index, Problem, entry, indices, reference


class Case(NamedTuple):
    name: str
    values: dict[str, Fraction]
    facts: list[tuple[str, Formula]]

    def meaning(self, names: Mapping[str, str]) -> object:
        values = frozenset((names.get(name, name), value) for name, value in self.values.items())
        return values, frozenset(meaning(fact, names) for _, fact in self.facts)


class System:
    """Facts by label, and case distinctions by name."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.facts: dict[str, Formula] = {}
        self.splits: dict[str, list[Case]] = {}
        self.integers: set[str] = set()
        self.parameters = {name: self.known(name, shape) for name, shape in problem.shapes.items()}

    def known(self, name: str, shape: Index) -> Grid:
        """Given values, and variables."""
        places = [entry(name, index) for index in indices(shape)]
        given = self.problem.given
        return Grid(shape, [number(given[p]) if p in given else variable(p) for p in places])

    def say(self, label: str, formula: Formula) -> None:
        self.facts |= dict(flat(label, formula))

    def query(self, gradients: Mapping[str, Grid], samples: int) -> None:
        for key, label, places in self.problem.requirements(samples):
            if all(name in gradients for name, _ in places):
                operator = self.problem.RELATIONS[key]
                parts = [compared(gradients[n].at(index), operator, {}) for n, index in places]
                self.say(label, several("or", parts))

    def bounds(self, arrays: Mapping[str, Grid]) -> None:
        for name, grid in arrays.items():
            for index, value in zip(indices(grid.shape), grid.entries, strict=True):
                for label, fact in within(entry(name, index), value, self.problem.bound(name, index)):
                    self.say(label, fact)

    def conditions(
        self, lookup: Mapping[str, Grid], admitted: Callable[[ast.expr], bool] = lambda _: True
    ) -> None:
        facts = Conditions(lookup)
        for n, node in enumerate(self.problem.where):
            if names(node) <= set(lookup) and admitted(node) and Counted(lookup).short(node):
                self.say(f"where[{n}]", facts.truth(node))
        for label, formula in facts.definitions:
            self.say(label, formula)

    def variables(self) -> set[str]:
        found = [*self.facts.values()]
        cases = [case for cases in self.splits.values() for case in cases]
        found += [formula for case in cases for _, formula in case.facts]
        fixed = {name for case in cases for name in case.values}
        return set().union(fixed, *map(variables_of, found))

    def symmetric(self, names_: Mapping[str, str]) -> bool:
        """Whether new names for all variables leave facts, distinctions and integers as they are."""
        everything = self.variables()
        if sorted(names_[name] for name in everything) != sorted(everything):
            return False
        whole = self.integers & everything
        if {names_[name] for name in whole} != whole:
            return False
        facts = [{meaning(f, n) for f in self.facts.values()} for n in (names_, {})]
        splits = [
            {frozenset(case.meaning(n) for case in cases) for cases in self.splits.values()}
            for n in (names_, {})
        ]
        return facts[0] == facts[1] and splits[0] == splits[1]

    def renamed(self, name: str, samples: list[int], units: Mapping[int, list[int]]) -> str:
        raise NotImplementedError


def within(
    name: str, value: Poly, bound: tuple[Fraction | None, Fraction | None]
) -> Iterator[tuple[str, Formula]]:
    low, high = bound
    if low is not None:
        yield f"{name} >= {low}", compared(value, ">=", number(low))
    if high is not None:
        yield f"{name} <= {high}", compared(value, "<=", number(high))


@lru_cache
def names(node: ast.expr) -> frozenset[str]:
    """What a condition names; gradients as ``grad(w1)``, and with them the arrays themselves."""
    functions = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part not in functions}
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "grad":
            inner = part.args[0]
            name = inner.value if isinstance(inner, ast.Subscript) else inner
            assert isinstance(name, ast.Name)
            found |= {f"grad({name.id})"}
    return frozenset(found)


def moved(order_: Sequence[int], n: int) -> int:
    return order_[n] if n < len(order_) else n


def renamed_entry(name: str, samples: list[int], units: Mapping[int, list[int]]) -> str:
    array, index = reference(name)
    assert index is not None
    letter, layer = array[0], int(array[1:] or 0)
    if letter == "w":
        return entry(
            array, (moved(units.get(layer, []), index[0]), moved(units.get(layer - 1, []), index[1]))
        )
    if letter == "b":
        return entry(array, (moved(units.get(layer, []), index[0]),))
    rows = moved(samples, index[0])
    if letter in "xrygl":
        return entry(array, (rows, index[1]))
    return entry(array, (rows, moved(units.get(layer, []), index[1])))
