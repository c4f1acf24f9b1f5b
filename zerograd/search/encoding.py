"""The piecewise encoding: a problem with M samples as a script for a solver.

The formulas are SymPy's (`zerograd.derive.sample`), instantiated once per sample; each unit's
activation and derivative are chosen by the side its pre-activation lies on. Where nothing is
said of the targets, the residuals r are the unknowns and y = ŷ − r is read off afterwards: the
gradients are linear in r, and ŷ drops out of the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import sympy as sp

from zerograd.core.arrays import Array, Index
from zerograd.core.conditions import evaluate
from zerograd.core.language import Call, Name, walk
from zerograd.core.problem import Problem
from zerograd.core.vocabulary import variable_shapes
from zerograd.derive.regions import Unit
from zerograd.derive.sample import Expr, derive
from zerograd.derive.sides import Side, sides
from zerograd.search.algebra import Ratio, TermAlgebra
from zerograd.solvers.terms import (
    ONE,
    TRUE,
    ZERO,
    Constant,
    Formula,
    Script,
    Sort,
    Term,
    Variable,
    add,
    choose,
    conjoin,
    differ,
    disjoin,
    multiply,
    relate,
)

Site = tuple[int, int, int]
"""(layer from 1, sample, unit)."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A script, and how its model is read back.

    Attributes:
        script: declares ``w1_0_0``, …, ``x_0_0``, … and ``y_0_0`` or ``r_0_0``, ….
        free_targets: whether the residuals stand in for the targets.
        pre_activations: the term of every pre-activation whose side matters.
    """

    problem: Problem
    samples: int
    script: Script
    free_targets: bool
    pre_activations: Mapping[Site, Term]


def symbol(name: str, index: Index) -> str:
    """The solver's name of an entry: ``w1[0,1]`` is ``w1_0_1``."""
    return "_".join([name, *map(str, index)])


def targets_are_free(problem: Problem) -> bool:
    """Whether nothing is said of the targets: neither values, bounds nor domain, nor a condition."""
    speaks = any(
        isinstance(node, Name) and node.name == "y" for condition in problem.where for node in walk(condition.node)
    )
    bounded = any(reference.name == "y" for reference in problem.bounds)
    return not (speaks or bounded or "y" in problem.given or problem.domain == "integer")


def encode(problem: Problem, samples: int) -> Encoding:
    """The piecewise encoding for ``samples`` = M samples."""
    return _Encoder(problem, samples).encode()


def gradients_used(problem: Problem) -> set[str]:
    """The names whose gradient the problem speaks of."""
    asked = {reference.name for references in problem.query.values() for reference in references}
    for condition in problem.where:
        for node in walk(condition.node):
            if isinstance(node, Call) and node.function == "grad":
                asked |= {n.name for n in walk(node.arguments[0]) if isinstance(n, Name)}
    return asked


class _Encoder:
    def __init__(self, problem: Problem, samples: int) -> None:
        self.problem, self.samples = problem, samples
        self.network = problem.network
        self.script = Script()
        self.free_targets = targets_are_free(problem)
        self.sample = derive(problem.network)
        # Integer unknowns through integer pieces stay integers.
        whole = problem.domain == "integer" and all(
            Fraction(v).denominator == 1
            for layer in self.network.layers
            for v in (*layer.activation.slopes, *layer.activation.offsets)
        )
        self.sort: Sort = "Int" if problem.domain == "integer" else "Real"
        self.derived: Sort = "Int" if whole else "Real"
        self.arrays: dict[str, Array[Term]] = {}
        self.pre_activations: dict[Site, Term] = {}
        self.used = gradients_used(problem)

    def encode(self) -> Encoding:
        self._declare()
        rows = [self._forward(m) for m in range(self.samples)]
        if not self.free_targets:
            self._residuals()
        if self.used:
            self._gradients(rows)
        self._query()
        self._where()
        return Encoding(self.problem, self.samples, self.script, self.free_targets, self.pre_activations)

    def _declare(self) -> None:
        bounds = self.problem.entry_bounds(self.samples)
        for name, shape in variable_shapes(self.network, self.samples).items():
            if name == "y" and self.free_targets:
                continue
            given = self.problem.given.get(name, {})

            def variable(index: Index, name: str = name, given: Mapping[Index, int | Fraction] = given) -> Term:
                if index in given:
                    return Constant(given[index])
                term = self.script.declare(symbol(name, index), self.sort)
                low, high = bounds.get((name, index), (None, None))
                if low is not None:
                    self.script.require(relate(term, ">=", Constant(low)))
                if high is not None:
                    self.script.require(relate(term, "<=", Constant(high)))
                return term

            self.arrays[name] = Array.build(shape, variable)
        if self.free_targets:
            shape = (self.samples, self.network.outputs)
            self.arrays["r"] = Array.build(shape, lambda i: self.script.declare(symbol("r", i), "Real"))

    def _known(self, m: int) -> dict[Expr, Term]:
        """SymPy's symbols of the generic sample, for sample m."""
        known: dict[Expr, Term] = {}
        for name, array in self.sample.parameters.items():
            known |= dict(zip(array.entries, self.arrays[name].entries, strict=True))
        known |= dict(zip(self.sample.x, self.arrays["x"].rows()[m], strict=True))
        return known

    def _forward(self, m: int) -> dict[Expr, Term]:
        """Name every pre-activation and activation of sample m."""
        known = self._known(m)
        last = self.network.depth
        for number, layer in enumerate(self.network.layers, start=1):
            if number == last and self._output_unused():
                break
            choices = sides(layer.activation, self.problem.derivative_at_kink)
            for unit, formula in enumerate(self.sample.pre_activation[number - 1]):
                site = (number, m, unit)
                z = self.script.define(symbol(f"z{number}", (m, unit)), self.derived, lower(formula, known))
                known[self.sample.z[number - 1][unit]] = z
                a = select(z, choices, [_affine(side, z) for side in choices])
                a = self.script.define(symbol(f"a{number}", (m, unit)), self.derived, a)
                known[self.sample.a[number - 1][unit]] = a
                if len(choices) > 1:
                    self.pre_activations[site] = z
                    self._forbid_kinks(z, choices)
        for number in range(1, last + 1):
            for name, rows in (("z", self.sample.z), ("a", self.sample.a)):
                if rows[number - 1][0] in known:
                    row = [known[unit] for unit in rows[number - 1]]
                    before = self.arrays.get(f"{name}{number}")
                    entries = (*(before.entries if before else ()), *row)
                    self.arrays[f"{name}{number}"] = Array((m + 1, len(row)), entries)
        return known

    def _output_unused(self) -> bool:
        """ŷ plays no part: the residuals are unknowns, and no condition or kink speaks of the last layer."""
        names = {"y_hat", f"z{self.network.depth}", f"a{self.network.depth}"}
        spoken = any(
            isinstance(node, Name) and node.name in names
            for condition in self.problem.where
            for node in walk(condition.node)
        )
        return self.free_targets and not spoken and not self.network.layers[-1].activation.kinks

    def _forbid_kinks(self, z: Term, choices: Sequence[Side]) -> None:
        if self.problem.derivative_at_kink == "forbid":
            for side in choices[1:]:
                assert side.low is not None  # only the first side has no lower end
                self.script.require(differ(z, Constant(side.low)))

    def _residuals(self) -> None:
        shape = (self.samples, self.network.outputs)
        y_hat, y = self.arrays[f"a{self.network.depth}"], self.arrays["y"]
        self.arrays["r"] = Array.build(
            shape,
            lambda i: self.script.define(
                symbol("r", i), self.derived, add(y_hat[i], multiply(Constant(-1), y[i]))
            ),
        )

    def _gradients(self, rows: Sequence[dict[Expr, Term]]) -> None:
        """½·M·K·∂L/∂θ as ``half`` arrays: sums over the samples of SymPy's contributions to ½ℓ."""
        lowest = min((1 if n == "x" else int(n[1:]) for n in self.used), default=1)
        for m, known in enumerate(rows):
            known |= dict(zip(self.sample.r, self.arrays["r"].rows()[m], strict=True))
            for number in range(self.network.depth, lowest - 1, -1):
                choices = sides(self.network.layers[number - 1].activation, self.problem.derivative_at_kink)
                for unit, formula in enumerate(self.sample.upstream[number - 1]):
                    # δ is linear in r, so half of ℓ is half of δ: done once, at the top.
                    half = formula / 2 if number == self.network.depth else formula
                    g = lower(half, known)
                    if len(choices) > 1:
                        g = self.script.define(symbol(f"g{number}", (m, unit)), self.derived, g)
                        z = known[self.sample.z[number - 1][unit]]
                        scaled = [multiply(Constant(side.derivative), g) for side in choices]
                        g = select(z, choices, scaled)
                    d = self.script.define(symbol(f"d{number}", (m, unit)), self.derived, g)
                    known[self.sample.delta[number - 1][unit]] = d
        for name in sorted(self.used):
            formulas = self.sample.contribution[name]
            if name == "x":
                entries = tuple(lower(f, known) for known in rows for f in formulas.entries)
                shape: tuple[int, ...] = (self.samples, self.network.inputs)
            else:
                entries = tuple(add(*(lower(f, known) for known in rows)) for f in formulas.entries)
                shape = formulas.shape
            self.arrays[f"half({name})"] = Array(shape, entries)

    def _query(self) -> None:
        for relation, operator in (("zero", "="), ("positive", ">"), ("negative", "<")):
            for name, index in self.problem.asked_entries(relation, self.samples):  # type: ignore[arg-type]
                self.script.require(relate(self.arrays[f"half({name})"][index], operator, ZERO))  # type: ignore[arg-type]
        for name, index in self.problem.asked_entries("nonzero", self.samples):
            self.script.require(differ(self.arrays[f"half({name})"][index], ZERO))
        for reference in self.problem.query["some_nonzero"]:
            array = self.arrays[f"half({reference.name})"]
            named = [array[reference.index]] if reference.index is not None else array.entries
            self.script.require(disjoin(differ(term, ZERO) for term in named))

    def _where(self) -> None:
        algebra = TermAlgebra()
        for condition in self.problem.where:
            self.script.require(evaluate(condition, algebra, self._lookup))
        for denominator in algebra.denominators:
            self.script.require(differ(denominator, ZERO))

    def _lookup(self, name: str) -> Array[Ratio]:
        if name == "y_hat":
            name = f"a{self.network.depth}"
        if name == "loss":
            return Array((), (self._loss,))
        if name.startswith("grad("):
            scale = Constant(Fraction(2, self.samples * self.network.outputs))
            return self.arrays[f"half({name[5:-1]})"].map(lambda term: Ratio(multiply(scale, term)))
        return self.arrays[name].map(Ratio)

    @cached_property
    def _loss(self) -> Ratio:
        r = self.arrays["r"].entries
        total = self.script.define("squares", self.derived, add(*(multiply(v, v) for v in r)))
        return Ratio(multiply(Constant(Fraction(1, len(r))), total))


def _affine(side: Side, z: Term) -> Term:
    return add(multiply(Constant(side.slope), z), Constant(side.offset))


def on_side(z: Term, side: Side) -> Formula:
    """z lies on this side."""
    if side.is_point:
        return relate(z, "=", Constant(side.low))  # type: ignore[arg-type]  # a point has ends
    parts = []
    if side.low is not None:
        parts.append(relate(z, ">=" if side.low_closed else ">", Constant(side.low)))
    if side.high is not None:
        parts.append(relate(z, "<=" if side.high_closed else "<", Constant(side.high)))
    return conjoin(parts)


def select(z: Term, choices: Sequence[Side], values: Sequence[Term]) -> Term:
    """The value that belongs to the side z lies on; the last side needs no condition."""
    result = values[-1]
    for side, value in zip(reversed(choices[:-1]), reversed(values[:-1]), strict=True):
        below = TRUE if side.high is None else relate(z, "<=" if side.high_closed else "<", Constant(side.high))
        result = choose(below, value, result)
    return result


def lower(expression: Expr, known: Mapping[Expr, Term]) -> Term:
    """A SymPy polynomial as a term, its symbols replaced."""
    if expression in known:
        return known[expression]
    if isinstance(expression, sp.Rational):
        p, q = int(expression.p), int(expression.q)
        return Constant(p if q == 1 else Fraction(p, q))
    if isinstance(expression, sp.Add):
        return add(*(lower(part, known) for part in expression.args))
    if isinstance(expression, sp.Mul):
        return multiply(*(lower(part, known) for part in expression.args))
    if isinstance(expression, sp.Pow) and isinstance(expression.exp, sp.Integer) and expression.exp >= 0:
        return multiply(*[lower(expression.base, known)] * int(expression.exp)) if expression.exp else ONE
    raise TypeError(f"{expression!r} is not a polynomial in the known symbols")


__all__ = ["Encoding", "Unit", "Variable", "encode", "lower", "on_side", "symbol", "targets_are_free"]
