"""The question as a competent user of Z3 would ask it, without zerograd: formulas, `If`, `check`.

Forward pass and chain rule are written down as they stand in a textbook, a case distinction for
every activation and every slope; gradients are sums over the samples, without the factor 2 / (M K)
where only signs are asked. The assertions are also given, as SMT-LIB text, to cvc5.

Only the meaning of problems is taken from `zerograd.core`, and nothing from the search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from itertools import count
from typing import Any, Literal

import z3

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.question.conditions import evaluate
from zerograd.core.question.language import Call, Comparison, Name, walk
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational, Relation, variable_shapes

Number = Any
"""An arithmetic expression of z3 (its Python classes carry no types)."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the question is put.

    Attributes:
        residuals: take r = ŷ − y for the unknowns where nothing is said of the targets.
        named: give every activation and every error signal a variable of its own.
        solver: what decides: ``default`` is ``Solver()``, ``logic`` is ``SolverFor`` the logic,
            ``nlsat`` is the tactic qfnra-nlsat.
    """

    residuals: bool = True
    named: bool = True
    solver: Literal["default", "logic", "nlsat"] = "nlsat"


BEST = Form()
"""What decided most in least time, with a cap of 1.5 s, on 60 random questions (numbers 12 to 71):

    nlsat, named         54 decided, 15 s      default, named       52 decided, 20 s
    nlsat                53 decided, 17 s      default, logic       50 decided, 23 s, 21 s
    default, targets in place of residuals     46 decided, 28 s

Of the 33 named cases that are neither large nor deep it decided 15 within 1.2 s, the others 13 or 14.
cvc5 was tried on a dozen questions, and decided as many with either text. nlsat is for reals:
questions of integers go to ``Solver()`` in any form.
"""


class HandAlgebra:
    """Conditions over z3's expressions: the `zerograd.core.question.conditions.Algebra` of this encoding."""

    def __init__(self, *, integer: bool, name: Callable[[], Number]) -> None:
        self.integer, self.name = integer, name
        self.requirements: list[Any] = []

    def constant(self, value: int | Fraction) -> Number:
        return constant(value, integer=self.integer)

    def divide(self, a: Number, b: Number) -> Number:
        """No division is written: by a constant it is a product, else an unknown quotient."""
        divisor = z3.simplify(b)
        if z3.is_rational_value(divisor) or z3.is_int_value(divisor):
            return a * constant(1 / Fraction(str(divisor)), integer=False)
        quotient = self.name()
        self.requirements += [quotient * b == a, b != 0]
        return quotient

    def absolute(self, a: Number) -> Number:
        return z3.If(a >= 0, a, -a)

    def minimum(self, values: Sequence[Number]) -> Number:
        return reduce(lambda a, b: z3.If(a <= b, a, b), values)

    def maximum(self, values: Sequence[Number]) -> Number:
        return reduce(lambda a, b: z3.If(a >= b, a, b), values)

    def compare(self, a: Number, operator: Comparison, b: Number) -> Any:
        match operator:
            case "<":
                return a < b
            case "<=":
                return a <= b
            case "==":
                return a == b
            case "!=":
                return a != b
            case ">=":
                return a >= b
            case ">":
                return a > b

    def distinct(self, values: Sequence[Number]) -> Any:
        return z3.Distinct(*values)

    def conjunction(self, parts: Sequence[Any]) -> Any:
        return z3.And(*parts)

    def disjunction(self, parts: Sequence[Any]) -> Any:
        return z3.Or(*parts)

    def negation(self, part: Any) -> Any:
        return z3.Not(part)


def constant(value: Rational, *, integer: bool) -> Number:
    """A numeral; whole ones are of sort Int in a question of integers."""
    number = Fraction(value)
    if integer and number.denominator == 1:
        return z3.IntVal(number.numerator)
    return z3.Q(number.numerator, number.denominator)


class Encoding:
    """The assertions for M samples. ``unknowns`` are the parameters, ``x``, and ``y`` or ``r``."""

    def __init__(self, problem: Problem, samples: int, form: Form = BEST) -> None:
        self.problem, self.samples, self.form = problem, samples, form
        self.network, self.integer = problem.network, problem.domain == "integer"
        self.free_targets = form.residuals and _says_nothing_of_targets(problem)
        self.assertions: list[Any] = []
        self.fresh = count()
        self.unknowns: dict[str, Array[Number]] = {}
        self._unknowns()
        self.values = dict(self.unknowns)
        self._forward()
        self.half_gradients = self._backward() if _gradients_used(problem) else {}
        self._query()
        self._where()

    def solver(self) -> Any:
        """A solver that holds the assertions."""
        match "default" if self.integer else self.form.solver:
            case "default":
                solver = z3.Solver()
            case "logic":
                solver = z3.SolverFor("QF_NRA")
            case "nlsat":
                solver = z3.Tactic("qfnra-nlsat").solver()
        solver.add(self.assertions)
        return solver

    def text(self) -> str:
        """The assertions as SMT-LIB text. The only divisions in it are those of rational numerals."""
        solver = z3.Solver()
        solver.add(self.assertions)
        return str(solver.to_smt2())

    # --- unknowns ---

    def _unknowns(self) -> None:
        bounds = self.problem.entry_bounds(self.samples)
        for name, shape in variable_shapes(self.network, self.samples).items():
            if name == "y" and self.free_targets:
                continue
            self.unknowns[name] = Array.build(shape, partial(self._unknown, name))
        for (name, index), (low, high) in bounds.items():
            value = self.unknowns[name][index]
            if low is not None:
                self.assertions.append(value >= self._constant(low))
            if high is not None:
                self.assertions.append(value <= self._constant(high))
        if self.free_targets:
            shape = (self.samples, self.network.outputs)
            self.unknowns["r"] = Array.build(shape, lambda i: z3.Real(_symbol("r", i)))

    def _unknown(self, name: str, index: Index) -> Number:
        given = self.problem.given.get(name, {})
        if index in given:
            return self._constant(given[index])
        return (z3.Int if self.integer else z3.Real)(_symbol(name, index))

    def _constant(self, value: Rational) -> Number:
        return constant(value, integer=self.integer)

    def _name(self, value: Number) -> Number:
        """The value, or a variable that equals it."""
        if not self.form.named or not z3.is_expr(value) or z3.is_const(value):
            return value
        variable = (z3.Int if value.is_int() else z3.Real)(f"n_{next(self.fresh)}")
        self.assertions.append(variable == value)
        return variable

    # --- the network ---

    def _forward(self) -> None:
        """z{l} and a{l} of every layer, ŷ, and the residuals."""
        below = self.unknowns["x"].rows()
        for number, layer in enumerate(self.network.layers, start=1):
            if number == self.network.depth and self._output_unused():
                return
            weights = self.unknowns[f"w{number}"].rows()
            biases = self.unknowns[f"b{number}"].entries if layer.bias else (None,) * layer.units
            z_rows = [
                [self._name(_sum([*_products(w, row), b])) for w, b in zip(weights, biases, strict=True)]
                for row in below
            ]
            below = [tuple(self._name(self._activated(layer.activation, z)) for z in row) for row in z_rows]
            self.values[f"z{number}"] = Array.of(z_rows, layer.units)
            self.values[f"a{number}"] = Array.of(below, layer.units)
            if self.problem.derivative_at_kink == "forbid":
                kinks = piecewise(layer.activation).kinks
                self.assertions += [z != self._constant(k) for row in z_rows for z in row for k in kinks]
        self.values["y_hat"] = Array.of(below, self.network.outputs)
        if not self.free_targets:
            y_hat, y = self.values["y_hat"], self.values["y"]
            entries = tuple(self._name(p - t) for p, t in zip(y_hat.entries, y.entries, strict=True))
            self.values["r"] = Array(y.shape, entries)

    def _output_unused(self) -> bool:
        """Whether only residuals stand for the output, so that ŷ need not be written down."""
        last = self.network.depth
        spoken = _names(self.problem) & {"y_hat", f"z{last}", f"a{last}"}
        return self.free_targets and not spoken and not self.network.layers[-1].activation.has_kinks

    def _activated(self, activation: Activation, z: Number) -> Number:
        pieces = [
            self._affine(slope, z, offset)
            for slope, offset in zip(piecewise(activation).slopes, piecewise(activation).offsets, strict=True)
        ]
        result = pieces[-1]
        for kink, piece in zip(reversed(piecewise(activation).kinks), reversed(pieces[:-1]), strict=True):
            result = z3.If(z <= self._constant(kink), piece, result)
        return result

    def _affine(self, slope: Rational, z: Number, offset: Rational) -> Number:
        scaled = self._scaled(slope, z)
        return scaled if offset == 0 else scaled + self._constant(offset)

    def _scaled(self, factor: Rational, value: Number) -> Number:
        if factor == 0:
            return self._constant(0)
        return value if factor == 1 else self._constant(factor) * value

    def _through(self, activation: Activation, z: Number, signal: Number) -> Number:
        """signal · φ'(z), under the convention for kinks."""
        convention: Kink = self.problem.derivative_at_kink
        slopes = piecewise(activation).slopes
        result = self._scaled(slopes[-1], signal)
        for number in range(len(piecewise(activation).kinks) - 1, -1, -1):
            kink, left, right = (
                self._constant(piecewise(activation).kinks[number]),
                slopes[number],
                slopes[number + 1],
            )
            on_kink = piecewise(activation).derivative_at_kink(number, convention)
            if on_kink is not None and on_kink not in (left, right):
                result = z3.If(z == kink, self._scaled(on_kink, signal), result)
            below = z <= kink if on_kink in (None, left) else z < kink
            result = z3.If(below, self._scaled(left, signal), result)
        return result

    def _backward(self) -> dict[str, Array[Number]]:
        """½ M K ∂L/∂ of parameters and inputs: the chain rule, from the residuals down."""
        gradients: dict[str, Array[Number]] = {}
        signals = self.values["r"].rows()
        for number in range(self.network.depth, 0, -1):
            layer = self.network.layers[number - 1]
            if layer.activation.has_kinks:
                pre = self.values[f"z{number}"].rows()
                signals = [
                    tuple(
                        self._name(self._through(layer.activation, z, s)) for z, s in zip(*pair, strict=True)
                    )
                    for pair in zip(pre, signals, strict=True)
                ]
            elif piecewise(layer.activation).slopes != (1,):
                raise ValueError(f"{layer.activation} has neither a kink nor slope 1")
            below = self.values[f"a{number - 1}" if number > 1 else "x"].rows()
            units, columns = list(zip(*signals, strict=True)), list(zip(*below, strict=True))
            rows = [[_sum(_products(unit, column)) for column in columns] for unit in units]
            gradients[f"w{number}"] = Array.of(rows, len(columns))
            if layer.bias:
                gradients[f"b{number}"] = Array((layer.units,), tuple(_sum(unit) for unit in units))
            if number > 1 or "x" in _gradients_used(self.problem):
                outgoing = list(zip(*self.unknowns[f"w{number}"].rows(), strict=True))
                signals = [tuple(self._name(_sum(_products(w, row))) for w in outgoing) for row in signals]
        gradients["x"] = Array.of(signals, len(signals[0]))
        return gradients

    # --- what is asked ---

    def _query(self) -> None:
        asked = self.problem.asked_entries
        half = self.half_gradients
        self.assertions += [half[n][i] == 0 for n, i in asked(Relation.ZERO, self.samples)]
        self.assertions += [half[n][i] != 0 for n, i in asked(Relation.NONZERO, self.samples)]
        self.assertions += [half[n][i] > 0 for n, i in asked(Relation.POSITIVE, self.samples)]
        self.assertions += [half[n][i] < 0 for n, i in asked(Relation.NEGATIVE, self.samples)]
        for choice in self.problem.choices(self.samples):
            self.assertions.append(z3.Or(*[half[name][index] != 0 for name, index in choice.entries]))

    def _where(self) -> None:
        algebra = HandAlgebra(integer=self.integer, name=lambda: z3.Real(f"q_{next(self.fresh)}"))
        for condition in self.problem.where:
            self.assertions.append(evaluate(condition, algebra, self._lookup))
        self.assertions += algebra.requirements

    def _lookup(self, name: str) -> Array[Number]:
        loss, shape = self.problem.model.loss, (self.samples, self.network.outputs)
        if name == "loss":
            total = sum(map(loss.at_adjoint, self.values["r"].rows()))
            return Array((), (total * z3.Q(1, loss.count(*shape)),))
        if name.startswith("grad("):
            return self.half_gradients[name[5:-1]].map(lambda g: g * self._constant(loss.factor(*shape)))
        return self.values[name]


def _products(a: Sequence[Number], b: Sequence[Number]) -> list[Number]:
    return [u * v for u, v in zip(a, b, strict=True)]


def _sum(terms: Sequence[Number | None]) -> Number:
    present = [term for term in terms if term is not None]
    return present[0] if len(present) == 1 else z3.Sum(present)


def _symbol(name: str, index: Index) -> str:
    return "_".join([name, *map(str, index)])


def _names(problem: Problem) -> set[str]:
    return {n.name for c in problem.where for n in walk(c.node) if isinstance(n, Name)}


def _says_nothing_of_targets(problem: Problem) -> bool:
    bounded = {reference.name for reference in problem.bounds}
    return problem.domain == "real" and "y" not in {*_names(problem), *problem.given, *bounded}


def _gradients_used(problem: Problem) -> set[str]:
    used = {reference.name for references in problem.query.values() for reference in references}
    for condition in problem.where:
        for node in walk(condition.node):
            if isinstance(node, Call) and node.function == "grad":
                used |= {n.name for n in walk(node.arguments[0]) if isinstance(n, Name)}
    return used
