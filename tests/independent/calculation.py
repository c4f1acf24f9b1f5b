"""A problem in which everything is given, as facts about numbers; all else is said to be untold.

It treats activations that are piecewise linear, losses whose derivatives are rational, and conventions that
name one derivative for each kink.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import chain
from operator import mul

from tests.independent.conditions import Conditions, Grid
from tests.independent.documents import CannotTell, need
from tests.independent.formulas import Formula, Poly, compared, number
from tests.independent.problems import PIECEWISE, Problem, Side, entry, indices, sides
from tests.independent.systems import System

MOST = 100
"""Facts that there are, at most."""
TESTS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}
Matrix = list[list[Fraction]]


class OnKink(Exception):
    """A sample is on a kink, which is forbidden; with the name of the number."""


class Calculation(System):
    """The requirements and conditions that are false at the given numbers."""

    def __init__(self, problem: Problem, samples: int) -> None:
        super().__init__(problem)
        self.samples = samples
        shapes = problem.shapes | {"x": (samples, problem.widths[0]), "y": (samples, problem.widths[-1])}
        for name, shape in shapes.items():
            for index in indices(shape):
                need(entry(name, index) in problem.given, f"{entry(name, index)} is not given")
        self.values = {
            name: [problem.given[entry(name, index)] for index in indices(shape)]
            for name, shape in shapes.items()
        }
        self.found: list[tuple[str, Formula]] = []
        try:
            self.calculate()
        except OnKink as place:
            self.found = [(f"{place} off its kinks", ("!=", {}))]
        for label, formula in self.found[:MOST]:
            self.say(label, formula)

    def matrix(self, name: str, width: int) -> Matrix:
        flat = self.values[name]
        return [flat[n : n + width] for n in range(0, len(flat), width)]

    def calculate(self) -> None:
        problem, widths = self.problem, self.problem.widths
        convention = problem.data["derivative_at_kink"]
        x = below = self.matrix("x", widths[0])
        known: dict[str, Matrix] = {"x": x, "y": self.matrix("y", widths[-1])}
        slopes: list[Matrix] = []
        for layer, (name, parameter) in enumerate(problem.activations, start=1):
            if name not in PIECEWISE:
                raise CannotTell(name)
            pieces = sides(name, parameter, convention)
            w = self.matrix(f"w{layer}", widths[layer - 1])
            b = self.values.get(f"b{layer}", [Fraction(0)] * widths[layer])
            z = [[sum(map(mul, row, line), c) for line, c in zip(w, b, strict=True)] for row in below]
            both = [
                [self.side(pieces, v, f"z{layer}[{m},{i}]") for i, v in enumerate(row)]
                for m, row in enumerate(z)
            ]
            below = [
                [side.slope * v + side.offset for side, v in zip(*lines, strict=True)]
                for lines in zip(both, z, strict=True)
            ]
            slopes.append([[side.derivative for side in line] for line in both])
            known |= {f"z{layer}": z, f"a{layer}": below}
        known["y_hat"] = below
        known["r"] = [
            [p - t for p, t in zip(*rows, strict=True)] for rows in zip(below, known["y"], strict=True)
        ]
        received = [[self.adjoint(*place) for place in line] for line in self.places(known)]
        gradients: dict[str, Matrix] = {}
        for layer in range(len(slopes), 0, -1):
            delta = [
                [g * s for g, s in zip(*rows, strict=True)]
                for rows in zip(received, slopes[layer - 1], strict=True)
            ]
            inputs = known[f"a{layer - 1}"] if layer > 1 else x
            by_unit, by_input = [*zip(*delta, strict=True)], [*zip(*inputs, strict=True)]
            gradients[f"w{layer}"] = [
                [sum(map(mul, unit, column), Fraction(0)) for column in by_input] for unit in by_unit
            ]
            if f"b{layer}" in problem.shapes:
                gradients[f"b{layer}"] = [[sum(unit, Fraction(0))] for unit in by_unit]
            columns = [*zip(*self.matrix(f"w{layer}", widths[layer - 1]), strict=True)]
            received = [[sum(map(mul, line, column), Fraction(0)) for column in columns] for line in delta]
        gradients["x"] = received
        self.require(gradients)
        self.conditions_of(known, gradients)

    @staticmethod
    def side(pieces: list[Side], z: Fraction, place: str) -> Side:
        for side in pieces:
            if all(TESTS[operator](z, end) for operator, end in side.tests):
                return side
        raise OnKink(place)

    @staticmethod
    def places(known: Mapping[str, Matrix]) -> list[list[tuple[Fraction, Fraction, str]]]:
        rows = zip(known["y_hat"], known["y"], strict=True)
        return [
            [(p, t, f"y_hat[{m},{k}]") for k, (p, t) in enumerate(zip(*both, strict=True))]
            for m, both in enumerate(rows)
        ]

    @property
    def numbers(self) -> dict[str, Fraction]:
        loss = self.problem.loss
        told = loss[self.problem.loss_name] if isinstance(loss, dict) else {}
        return {name: Fraction(told.get(name, 1)) for name in ("factor", "delta", "beta")}

    @property
    def share(self) -> Fraction:
        terms = self.samples * self.problem.widths[-1]
        return self.numbers["factor"] / (1 if self.problem.loss_name in ("sse", "sum") else terms)

    def adjoint(self, y_hat: Fraction, y: Fraction, place: str) -> Fraction:
        """The derivative of the loss by a prediction."""
        convention, r = self.problem.data["derivative_at_kink"], y_hat - y
        match self.problem.loss_name:
            case "mse" | "sse":
                return self.share * 2 * r
            case "mean" | "sum":
                return self.share
            case "mae":
                if not r and convention == "forbid":
                    raise OnKink(place)
                at_zero = {"left": -1, "right": 1, "torch": 0, "mean": 0}.get(str(convention))
                if not r and at_zero is None:
                    raise CannotTell(str(convention))
                return self.share * ((r > 0) - (r < 0) if r else at_zero or 0)
            case "huber" | "smooth_l1" as name:
                end = self.numbers["delta" if name == "huber" else "beta"]
                near = r if name == "huber" else r / end
                far = end if name == "huber" else Fraction(1)
                return self.share * (near if abs(r) <= end else far if r > 0 else -far)
        raise CannotTell(self.problem.loss_name)

    def loss(self, known: Mapping[str, Matrix]) -> Fraction:
        total = Fraction(0)
        pairs = zip(chain.from_iterable(known["r"]), chain.from_iterable(known["y_hat"]), strict=True)
        for r, y_hat in pairs:
            match self.problem.loss_name:
                case "mse" | "sse":
                    total += r * r
                case "mean" | "sum":
                    total += y_hat
                case "mae":
                    total += abs(r)
                case "huber" | "smooth_l1" as name:
                    end = self.numbers["delta" if name == "huber" else "beta"]
                    value = r * r / 2 if abs(r) <= end else end * (abs(r) - end / 2)
                    total += value if name == "huber" else value / end
        return self.share * total

    def require(self, gradients: Mapping[str, Matrix]) -> None:
        for key, label, places in self.problem.requirements(self.samples):
            operator = self.problem.RELATIONS[key]
            values = [gradients[name][index[0]][(*index, 0)[1]] for name, index in places]
            facts = [compared(number(v), operator, {}) for v in values]
            if all(map(is_false, facts)):
                self.found.append((label, facts[0]))

    def conditions_of(self, known: Mapping[str, Matrix], gradients: Mapping[str, Matrix]) -> None:
        if not self.problem.where:
            return
        lookup = {name: grid(rows) for name, rows in known.items()}
        lookup |= {f"grad({name})": grid(rows) for name, rows in gradients.items()}
        lookup["loss"] = Grid((), [number(self.loss(known))])
        for name, shape in self.problem.shapes.items():
            lookup[name] = Grid(shape, [*map(number, self.values[name])])
            lookup[f"grad({name})"] = Grid(shape, lookup[f"grad({name})"].entries)
        for n, node in enumerate(self.problem.where):
            self.condition(Calculated(lookup), f"where[{n}]", node)

    def condition(self, reader: Calculated, label: str, node: ast.expr) -> None:
        try:
            formula = reader.truth(node)
        except ZeroDivisionError:  # then another part is not so: that it is not 0
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
                for k, part in enumerate(node.values):
                    self.condition(reader, f"{label}.{k}", part)
            return
        if is_false(formula):
            self.found.append((label, formula))


class Calculated(Conditions):
    """Conditions on numbers."""

    def truths(self, node: ast.expr) -> list[Formula]:
        match node:
            case ast.Call(func=ast.Name(id="distinct"), args=parts):
                values = [v for part in parts for v in self.value(part).entries]
                same = any(v == w for i, v in enumerate(values) for w in values[:i])
                return [("!=", {}) if same else ("and",)]
        return super().truths(node)

    def quotient(self, a: Poly, b: Poly) -> Poly:
        return number(a.get((), Fraction(0)) / b.get((), Fraction(0)))

    def greatest(self, values: list[Poly]) -> Poly:
        return number(max(v.get((), Fraction(0)) for v in values))


def grid(rows: Matrix) -> Grid:
    return Grid((len(rows), len(rows[0])), [number(v) for row in rows for v in row])


def is_false(formula: Formula) -> bool:
    sign, *parts = formula
    match sign:
        case "and":
            return any(map(is_false, parts))
        case "or":
            return all(map(is_false, parts))
    value = parts[0].get((), Fraction(0))
    return not {"=": value == 0, "!=": value != 0, ">": value > 0, ">=": value >= 0}[sign]
