"""Systems of facts, and that of parameters and gradients alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import NamedTuple

from tests.independent.conditions import Conditions, Counted, Grid
from tests.independent.formulas import (
    Formula,
    Poly,
    compared,
    flat,
    meaning,
    minus,
    number,
    plus,
    several,
    times,
    variable,
    variables_of,
)
from tests.independent.problems import PIECEWISE, Index, Problem, entry, indices, reference


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


class Identities(System):
    """Parameters and gradients, tied by laws."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        gradients = {
            name: Grid(shape, [variable(f"g_{entry(name, i)}") for i in indices(shape)])
            for name, shape in problem.shapes.items()
        }
        self.gradients = gradients
        self.query(gradients, problem.least)
        last = len(problem.layers)
        for layer, (activation, slope) in enumerate(problem.activations[:-1], start=1):
            for unit in range(problem.widths[layer]):
                self._unit(layer, unit, activation, slope)
        if is_linear(*problem.activations[-1]):
            outputs, biases = range(problem.widths[-1]), gradients.get(f"b{last}")
            if problem.loss_name == "cross_entropy":
                columns = {
                    f"w{last}[{i}]": [gradients[f"w{last}"].at((k, i)) for k in outputs]
                    for i in range(problem.widths[-2])
                }
                for what, parts in (columns | ({f"b{last}": biases.entries} if biases else {})).items():
                    self.say(f"balance of {what}", ("=", reduce(plus, parts)))
            elif problem.loss_name in ("mean", "sum") and biases:
                for k in outputs:
                    self.say(f"sign of b{last}[{k}]", (">", biases.entries[k]))
        self._inputs()
        known = self.parameters | {f"grad({name})": grid for name, grid in gradients.items()}
        if any(map(self._of_loss, problem.where)):
            self._say_of_loss()
            known["loss"] = Grid((), [variable("loss")])
        self.bounds(self.parameters)
        self.conditions(known, lambda node: "loss" not in names(node) or self._of_loss(node))
        if problem.integer:
            entries = [p for grid in self.parameters.values() for p in grid.entries]
            self.integers = {name for p in entries for monomial in p for name in monomial}

    def _inputs(self) -> None:
        """Sums of input gradients that are asked as a whole."""
        inputs, units = range(self.problem.widths[0]), range(self.problem.widths[1])
        w, g = self.parameters["w1"], self.gradients
        for key, sign, operator in (("zero", "=", "=="), ("positive", ">", ">"), ("negative", "<", "<")):
            if "x" not in self.problem.data.get(key, []):
                continue
            for d in inputs:
                if "b1" in g:
                    total = reduce(plus, [times(w.at((i, d)), g["b1"].at((i,))) for i in units])
                    self.say(f"sum of grad(x[{d}]) {sign} 0", compared(total, operator, {}))
                for e in inputs if key == "zero" else ():
                    total = reduce(plus, [times(w.at((i, d)), g["w1"].at((i, e))) for i in units])
                    self.say(f"sum of grad(x[{d}]) x[{e}] = 0", ("=", total))

    def _of_loss(self, node: ast.expr) -> bool:
        """Whether a condition names nothing but the loss, of which it is known when it is 0."""
        name = self.problem.loss_name
        if name in ("mean", "sum", "per_sample", "of_mean"):
            return False
        if name == "cross_entropy" and self.problem.widths[-1] == 1:
            return False
        single = any(isinstance(part, ast.Subscript | ast.List | ast.Tuple) for part in ast.walk(node))
        return not single and names(node) == {"loss"}

    def _say_of_loss(self) -> None:
        from tests.independent.others import adjoints_at_zero

        name, loss = self.problem.loss_name, variable("loss")
        squares = self.problem.least_squares
        at_zero = [0] if squares else [*adjoints_at_zero(name, self.problem.data["derivative_at_kink"])]
        if not at_zero:
            self.say("loss > 0", (">", loss))
            return
        self.say("loss >= 0", (">=", loss))
        if at_zero == [0]:
            still = [("loss = 0", ("=", loss))]
            still += [
                (f"g_{entry(name, index)} = 0", ("=", grid.at(index)))
                for name, grid in self.gradients.items()
                for index in indices(grid.shape)
            ]
            self.splits["loss"] = [
                Case("loss = 0", {}, still),
                Case("loss > 0", {}, [("loss > 0", (">", loss))]),
            ]

    def _unit(self, layer: int, unit: int, activation: str, slope: Fraction | None) -> None:
        problem, g, w = self.problem, self.gradients, self.parameters
        own: list[tuple[str, Index]] = [(f"w{layer}", (unit, j)) for j in range(problem.widths[layer - 1])]
        own += [(f"b{layer}", (unit,))] if f"b{layer}" in g else []
        out: list[tuple[str, Index]] = [
            (f"w{layer + 1}", (k, unit)) for k in range(problem.widths[layer + 1])
        ]
        degree = {"linear": 1, "relu": 1, "abs": 1, "leaky_relu": 1, "square": 2, "relu_squared": 2}
        if activation in degree:
            total: Poly = {}
            for sign, places in ((1, own), (-degree[activation], out)):
                for name, index in places:
                    total = plus(total, times(w[name].at(index), g[name].at(index)), sign)
            self.say(f"homogeneity of a{layer}[{unit}]", ("=", total))
        curved = any(name not in PIECEWISE for name, _ in problem.activations)
        affine = {True: (1, 0), False: (0, 1)}.get(is_linear(activation, slope))
        if affine == (0, 1) and activation != "exp":
            affine = None
        if not (curved or not problem.least_squares) or affine is None or f"b{layer}" not in g:
            return
        above = f"b{layer + 1}" in g
        if affine[0] and not above:
            return
        total = minus({}, g[f"b{layer}"].at((unit,)))
        for name, index in out:
            gradient = g[f"b{layer + 1}"].at((index[0],)) if affine[0] else g[name].at(index)
            total = plus(total, times(w[name].at(index), gradient))
        self.say(f"slope of a{layer}[{unit}]", ("=", total))

    def renamed(self, name: str, samples: list[int], units: Mapping[int, list[int]]) -> str:
        if name.startswith("t[") or name == "loss":
            return name
        prefix = "g_" if name.startswith("g_") else ""
        return prefix + renamed_entry(name.removeprefix("g_"), samples, units)


def is_linear(activation: str, slope: Fraction | None) -> bool:
    return activation == "linear" or (activation == "leaky_relu" and slope == 1)
