"""The system of parameters and gradients alone."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce

from tests.independent.conditions import Grid
from tests.independent.formulas import Poly, compared, minus, plus, times, variable
from tests.independent.others import adjoints_at_zero
from tests.independent.problems import PIECEWISE, Index, Problem, entry, indices
from tests.independent.systems import Case, System, names, renamed_entry


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
        self.bounds(self.parameters)
        known = self.parameters | {f"grad({name})": grid for name, grid in gradients.items()}
        if any(map(self._of_loss, problem.where)):
            self._loss()
            known["loss"] = Grid((), [variable("loss")])
        self.conditions(known, lambda node: "loss" not in names(node) or self._of_loss(node))
        if problem.integer:
            entries = [p for grid in self.parameters.values() for p in grid.entries]
            self.integers = {name for p in entries for monomial in p for name in monomial}

    def _of_loss(self, node: ast.expr) -> bool:
        """Whether a condition names nothing but a loss of which it is known when it is 0."""
        single = any(isinstance(part, ast.Subscript | ast.List | ast.Tuple) for part in ast.walk(node))
        return names(node) == {"loss"} and not single and adjoints_at_zero(self.problem) is not None

    def _loss(self) -> None:
        """The loss as a variable."""
        loss, at_zero = variable("loss"), adjoints_at_zero(self.problem)
        if not at_zero:
            self.say("loss > 0", (">", loss))
            return
        self.say("loss >= 0", (">=", loss))
        if at_zero == [0]:
            still = [
                (f"g_{entry(name, index)} = 0", ("=", value))
                for name, grid in self.gradients.items()
                for index, value in zip(indices(grid.shape), grid.entries, strict=True)
            ]
            zero = Case("loss = 0", {}, [("loss = 0", ("=", loss)), *still])
            self.splits["loss"] = [zero, Case("loss > 0", {}, [("loss > 0", (">", loss))])]

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
