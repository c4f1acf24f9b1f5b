"""The whole question as an SMT-LIB 2.6 script, for any solver and for readers.

It says the same as the encoding that the search uses (`zerograd.search.encoding`), step by step: targets are
unknowns, pre-activations, slopes and gradients have names, and an activation chooses its piece by ``ite``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from zerograd.core.errors import Impossible, ZerogradError
from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.question.conditions import evaluate
from zerograd.core.question.fitness import chosen, labels, minimum, no_least_squares, smooth
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.search.algebra import Ratio, TermAlgebra
from zerograd.search.mentions import gradients_used, speaks_of
from zerograd.search.requirements import all_whole, symbol
from zerograd.solvers.terms import (
    ZERO,
    Constant,
    Formula,
    Printer,
    Sort,
    Term,
    Variable,
    add,
    choose,
    denominator,
    differ,
    disjoin,
    is_integral,
    multiply,
    negate,
    relate,
)

MAX_PRODUCTS = 2_000_000
"""Products that the gradients are sums of: some sixty megabytes of text."""


def unfit(problem: Problem) -> str | None:
    """Return why the question cannot be written down."""
    return (
        minimum(problem) or chosen(problem) or smooth(problem) or labels(problem) or no_least_squares(problem)
    )


class TooLarge(ZerogradError):  # noqa: N818 - named for what is the matter
    """The question is too long to write out."""


def question_smtlib(problem: Problem, samples: int, *, status: Literal["sat", "unsat"] | None = None) -> str:
    """The question for ``samples`` = M samples.

    Args:
        status: the answer, where it is known. If it is not ``unsat``, the script asks for values too.

    Raises:
        TooLarge: more than `MAX_PRODUCTS` products.
    """
    widths = problem.network.widths
    products = 3 * samples * sum(a * b for a, b in pairwise(widths))
    if products > MAX_PRODUCTS:
        raise TooLarge(f"the question is too long to write out for {samples} samples ({products} products)")
    return _Writer(problem, samples).text(status)


@dataclass(slots=True)
class _Writer:
    problem: Problem
    samples: int
    lines: list[str] = field(default_factory=list)
    sorts: dict[str, Sort] = field(default_factory=dict)
    arrays: dict[str, Array[Term]] = field(default_factory=dict)
    extremes: int = 0

    @property
    def derived(self) -> Sort:
        """The sort of what is made of the unknowns."""
        return "Int" if all_whole(self.problem) else "Real"

    @property
    def scale(self) -> Fraction:
        """What the gradients are multiplied by: whole numbers stay whole without the factor of the loss."""
        return Fraction(1) if self.derived == "Int" else self.factor

    @property
    def factor(self) -> Fraction:
        """`Loss.factor` for this question."""
        return self.problem.model.loss.factor(self.samples, self.problem.network.outputs)

    def text(self, status: str | None) -> str:
        self._unknowns()
        self._given()
        self._forward()
        used = gradients_used(self.problem)
        if used:
            self._backward(used)
        self._asked()
        self._conditions()
        self.lines += ["", "(check-sat)"]
        if status != "unsat":
            self.lines += ["(get-value (", *_columns(self._unknown_names()), "))"]
        return "\n".join([*self._header(status), *self.lines]) + "\n"

    # --- pieces of text ------------------------------------------------------------------

    def _say(self, *comments: str) -> None:
        self.lines += ["", *(f"; {_plain(comment)}" for comment in comments)]

    def _define(self, name: str, term: Term) -> Variable:
        written = Printer(self.sorts).term(term, self.derived)
        self.lines.append(f"(define-fun {name} () {self.derived} {written})")
        self.sorts[name] = self.derived
        return Variable(name)

    def _assert(self, formula: Formula) -> None:
        self.lines.append(f"(assert {Printer(self.sorts).formula(formula)})")

    # --- the question --------------------------------------------------------------------

    def _header(self, status: str | None) -> Iterator[str]:
        """What goes before the rest, and depends on it: the logic."""
        network = self.problem.network
        layers = [f"{n.units} {n.activation}" + ("" if n.bias else " without bias") for n in network.layers]
        yield f"; {_plain(self.problem.title or 'Gradients that vanish, and gradients that do not')}"
        yield ";"
        loss = self.problem.model.loss
        yield f"; Network {' -> '.join([str(network.inputs), *layers])}, {loss.words} L,"
        yield f"; number of samples: {self.samples}, derivative at kinks: {self.problem.derivative_at_kink}."
        yield "; Are there parameters, inputs x and targets y for which the gradients are as asked?"
        yield "; Samples, units and entries are counted from 0: w1_2_0 is w1[2,0], x_3_0 is x[3,0]."
        yield "; Written by zerograd."
        yield "(set-info :smt-lib-version 2.6)"
        if status is not None:
            yield f"(set-info :status {status})"
        if status != "unsat":
            yield "(set-option :produce-models true)"
        sorts = set(self.sorts.values())
        yield f"(set-logic {'QF_NIRA' if len(sorts) > 1 else 'QF_NIA' if sorts == {'Int'} else 'QF_NRA'})"

    def _unknowns(self) -> None:
        self._say("The unknowns: parameters, inputs and targets.")
        sort: Sort = "Int" if self.problem.domain == "integer" else "Real"
        for name, shape in variable_shapes(self.problem.network, self.samples).items():
            for index in indices(shape):
                self.sorts[symbol(name, index)] = sort
                self.lines.append(f"(declare-const {symbol(name, index)} {sort})")
            self.arrays[name] = Array.build(shape, lambda index, name=name: Variable(symbol(name, index)))  # type: ignore[misc]  # the default binds the name

    def _unknown_names(self) -> list[str]:
        shapes = variable_shapes(self.problem.network, self.samples)
        return [symbol(name, index) for name, shape in shapes.items() for index in indices(shape)]

    def _given(self) -> None:
        if self.problem.given:
            self._say("Given values.")
        for name, values in self.problem.given.items():
            for index, value in values.items():
                self._assert(relate(self.arrays[name][index], "=", Constant(value)))
        bounds = self.problem.entry_bounds(self.samples)
        if bounds:
            self._say("Bounds.")
        for (name, index), (low, high) in bounds.items():
            if low is not None:
                self._assert(relate(self.arrays[name][index], ">=", Constant(low)))
            if high is not None:
                self._assert(relate(self.arrays[name][index], "<=", Constant(high)))

    def _forward(self) -> None:
        network = self.problem.network
        below = self.arrays["x"].rows()
        for number, layer in enumerate(network.layers, start=1):
            self._say(*self._words(number, layer.activation))
            weights = self.arrays[f"w{number}"].rows()
            z: list[list[Term]] = []
            a: list[list[Term]] = []
            s: list[list[Term]] = []
            for m in range(self.samples):
                row = [self._pre_activation(number, m, i, weights[i], below[m]) for i in range(layer.units)]
                z.append(row)
                a.append([self._value(number, m, i, row[i]) for i in range(layer.units)])
                s.append([self._slope(number, m, i, row[i]) for i in range(layer.units)])
            for name, rows in ((f"z{number}", z), (f"a{number}", a), (f"s{number}", s)):
                self.arrays[name] = Array.of(rows, layer.units)
            below = self.arrays[f"a{number}"].rows()
        self._say("Residuals: the prediction minus the target.")
        y_hat = self.arrays["y_hat"] = self.arrays[f"a{network.depth}"]
        self.arrays["r"] = Array.build(
            y_hat.shape,
            lambda i: self._define(symbol("r", i), add(y_hat[i], negate(self.arrays["y"][i]))),
        )

    def _words(self, number: int, activation: Activation) -> Iterator[str]:
        yield f"Layer {number}: pre-activations z{number}_m_i of sample m and unit i"
        if not activation.is_linear:
            yield f"through {activation}: activations a{number}_m_i and slopes s{number}_m_i."
            if self.problem.derivative_at_kink == "forbid":
                yield "No sample sits on a kink."
            else:
                for kink, slope in piecewise(activation).at_kinks(self.problem.derivative_at_kink):
                    yield f"At {kink} the slope is {slope} ({self.problem.derivative_at_kink})."
        else:
            yield "are the activations: the layer is linear."

    def _pre_activation(
        self, number: int, m: int, i: int, weights: Sequence[Term], below: Sequence[Term]
    ) -> Term:
        terms = [multiply(w, v) for w, v in zip(weights, below, strict=True)]
        layer = self.problem.network.layers[number - 1]
        if layer.bias:
            terms.append(self.arrays[f"b{number}"][i])
        z = self._define(symbol(f"z{number}", (m, i)), add(*terms))
        if self.problem.derivative_at_kink == "forbid":
            for side in self._sides(number):
                if side.high is not None:
                    self._assert(differ(z, Constant(side.high)))
        return z

    def _value(self, number: int, m: int, i: int, z: Term) -> Term:
        own = self._sides(number)
        if len(own) == 1:
            return z
        values = [add(multiply(Constant(side.slope), z), Constant(side.offset)) for side in own]
        return self._define(symbol(f"a{number}", (m, i)), _by_side(z, own, values))

    def _slope(self, number: int, m: int, i: int, z: Term) -> Term:
        own = self._sides(number)
        derivatives: list[Term] = [Constant(side.derivative) for side in own]
        if len(set(derivatives)) == 1:
            return derivatives[0]
        return self._define(symbol(f"s{number}", (m, i)), _by_side(z, own, derivatives))

    def _sides(self, number: int) -> tuple[Side, ...]:
        return sides(self.problem.network.layers[number - 1].activation, self.problem.derivative_at_kink)

    def _backward(self, used: Iterable[str]) -> None:
        network = self.problem.network
        factor = "" if self.scale != 1 or self.derived == "Real" else f", times {self._whole_factor()}"
        lowest = min(1 if name == "x" else int(name[1:]) for name in used)
        above = [[multiply(Constant(self.scale), r) for r in row] for row in self.arrays["r"].rows()]
        deltas: dict[int, list[list[Term]]] = {}
        for number in range(network.depth, lowest - 1, -1):
            self._say(f"d{number}_m_i: the derivative of L by z{number}_m_i{factor}.")
            slopes = self.arrays[f"s{number}"].rows()
            delta: list[list[Term]] = [
                [
                    self._define(symbol(f"d{number}", (m, i)), multiply(s, g))
                    for i, (s, g) in enumerate(zip(slopes[m], above[m], strict=True))
                ]
                for m in range(self.samples)
            ]
            deltas[number] = delta
            columns = list(zip(*self.arrays[f"w{number}"].rows(), strict=True))
            above = [[_dot(column, row) for column in columns] for row in delta]
        for name in [*network.shapes, "x"]:
            if name in used:
                self._say(f"The gradient of L by {name}{factor}.")
                self._gradient(name, deltas, above)

    def _gradient(self, name: str, deltas: dict[int, list[list[Term]]], of_x: list[list[Term]]) -> None:
        number = 1 if name == "x" else int(name[1:])
        below = (self.arrays["x"] if number == 1 else self.arrays[f"a{number - 1}"]).rows()

        def value(index: Index) -> Term:
            if name == "x":
                return of_x[index[0]][index[1]]
            of_unit = [delta[index[0]] for delta in deltas[number]]
            if name[0] == "b":
                return add(*of_unit)
            return _dot(of_unit, [row[index[1]] for row in below])

        shape = variable_shapes(self.problem.network, self.samples)[name]
        self.arrays[f"grad({name})"] = Array.build(
            shape, lambda index: self._define(symbol(f"grad_{name}", index), value(index))
        )

    def _whole_factor(self) -> str:
        return f"{1 / self.factor}, so that all numbers are whole"

    def _asked(self) -> None:
        problem = self.problem
        for relation, operator in (("zero", "="), ("positive", ">"), ("negative", "<"), ("nonzero", "!=")):
            for name, index in problem.asked_entries(relation, self.samples):  # type: ignore[arg-type]  # one of the relations
                self._say(f"Asked: the gradient by {entry(name, index)} is {relation}.")
                g = self.arrays[f"grad({name})"][index]
                self._assert(differ(g, ZERO) if operator == "!=" else relate(g, operator, ZERO))  # type: ignore[arg-type]  # one of the comparisons
        for choice in problem.choices(self.samples):
            named = " or ".join(map(str, choice.references))
            self._say(f"Asked: some entry of the gradient by {named} is nonzero.")
            terms = (self.arrays[f"grad({name})"][index] for name, index in choice.entries)
            self._assert(disjoin(differ(term, ZERO) for term in terms))

    def _conditions(self) -> None:
        if speaks_of(self.problem, {"loss"}):
            name, words = self.problem.model.loss.total
            self._say(f"{words[0].upper()}{words[1:]}.")
            adjoints = self.arrays["r"].map(Ratio).rows()
            total = sum(map(self.problem.model.loss.at_adjoint, adjoints))
            self.arrays["total"] = Array((), (self._define(name, total.top),))
        for condition in self.problem.where:
            self._say(f"Condition: {condition}")
            algebra = TermAlgebra(self._extreme)
            formula = evaluate(condition, algebra, self._lookup)
            for divisor in algebra.denominators:
                self.lines.append("; no division by 0:")
                self._assert(differ(divisor, ZERO))
            for requirement in algebra.requirements:
                self._assert(requirement)
            self._assert(formula)

    def _extreme(self, terms: Sequence[Term]) -> Term:
        """A further unknown, which the requirements that follow make the least or greatest of the terms."""
        self.extremes += 1
        name = symbol("extreme", (self.extremes,))
        whole = all(is_integral(t, self.sorts) and denominator(t) == 1 for t in terms)
        self.sorts[name] = "Int" if whole and self.problem.domain == "integer" else "Real"
        self.lines.append("; the least or the greatest of some values:")
        self.lines.append(f"(declare-const {name} {self.sorts[name]})")
        return Variable(name)

    def _lookup(self, name: str) -> Array[Ratio]:
        if name == "loss":
            share = self.problem.model.loss.share(self.samples, self.problem.network.outputs)
            return self.arrays["total"].map(lambda term: Ratio(multiply(Constant(share), term)))
        if name.startswith("grad("):
            scale = Constant(self.factor / self.scale)
            return self.arrays[name].map(lambda term: Ratio(multiply(scale, term)))
        return self.arrays[name].map(Ratio)


def _by_side(z: Term, own: Sequence[Side], values: Sequence[Term]) -> Term:
    """The value of the side that z lies on: ``ite`` from left to right."""
    result = values[-1]
    for side, value, following in reversed(list(zip(own[:-1], values[:-1], values[1:], strict=True))):
        if value != following:
            if side.high is None:  # only the last has no end
                raise Impossible("a side without an end comes before another")
            result = choose(relate(z, "<=" if side.high_closed else "<", Constant(side.high)), value, result)
    return result


def _dot(a: Sequence[Term], b: Sequence[Term]) -> Term:
    return add(*(multiply(v, w) for v, w in zip(a, b, strict=True)))


def _columns(names: Sequence[str], width: int = 100) -> Iterator[str]:
    line = " "
    for name in names:
        if len(line) + len(name) >= width:
            yield line
            line = " "
        line += f" {name}"
    yield line


def _plain(text: str) -> str:
    """One line: no character ends a comment, or hides or reorders what is in it."""
    visible = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(visible.split())
