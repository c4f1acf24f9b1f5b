"""The piecewise encoding: a problem with M samples as a script for a solver.

The chain rule is written out step by step, for each sample. For each unit and sample, truth values say on
which side its pre-activation lies, and tie down its activation and the adjoint below it; where an activation
pattern is given, these are polynomials, and the script is (conditions apart) a conjunction of polynomial
relations. With every unknown pinned it has a model exactly where the checker accepts: so tests hold the two
together.

Where a target is not given, the adjoint g of the loss is the unknown in its place, and the target is the
one at which the loss has it: the gradients are linear in g, and where nothing is said of the targets, ŷ
drops out of the question. (Not for integers: that y is one says nothing simple of g.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from zerograd.core.model.activations import LINEAR
from zerograd.core.model.backprop import Site
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array, Index, indices
from zerograd.core.numbers.plain import RING
from zerograd.core.question.fitness import labels, no_least_squares, smooth, unreached
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational, variable_shapes
from zerograd.core.refuting.homogeneity import vanishing_parameters
from zerograd.search.algebra import Ratio
from zerograd.search.mentions import gradients_used, speaks_of, speaks_of_targets
from zerograd.search.requirements import (
    all_whole,
    require_bounds,
    require_conditions,
    require_query,
    symbol,
)
from zerograd.solvers.terms import (
    FALSE,
    TRUE,
    ZERO,
    Constant,
    Formula,
    Script,
    Sort,
    Term,
    add,
    choose,
    conjoin,
    disjoin,
    imply,
    invert,
    multiply,
    relate,
)

ADJOINT = "r"
"""What a solver calls an adjoint, ŷ − y for least squares. (Which model it finds depends on names.)"""

Pattern = Mapping[Site, Side]
"""The side of every pre-activation whose activation has more than one."""

Fixed = Mapping[str, Mapping[Index, Rational]]
"""Values by name and index."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A script, and how its model is read back.

    Attributes:
        script: declares ``w1_0_0``, …, ``x_0_0``, … and ``y_0_0`` or ``r_0_0``, ….
        fixed: entries that were fixed by whoever asked for the encoding, beside the given ones.
        inputs: the terms of ``x``.
        free: the targets that adjoints stand in for.
    """

    problem: Problem
    samples: int
    script: Script
    fixed: Fixed
    inputs: Array[Term]
    free: frozenset[Index]


def no_terms(problem: Problem) -> str | None:
    """Return why the question cannot be encoded for solvers, whose terms are polynomials on each side.

    Where nothing is said of targets or the loss, every adjoint that they reach is an unknown.
    """
    spoken = speaks_of_targets(problem) or problem.domain == "integer" or speaks_of(problem, {"r", "loss"})
    return smooth(problem) or labels(problem) or (no_least_squares(problem) if spoken else unreached(problem))


def encode(
    problem: Problem,
    samples: int,
    *,
    pattern: Pattern | None = None,
    fixed: Fixed | None = None,
    choices: bool = False,
) -> Encoding:
    """The encoding for ``samples`` = M samples.

    Args:
        choices: have terms choose by the side of a pre-activation, rather than truth values imply relations.
            Each form is quick where the other is not.
        pattern: restrict the question to one activation pattern.
        fixed: restrict the question to these values of some entries (where a value is given,
            the given one stands).
    """
    return _Encoder(problem, samples, pattern, fixed or {}, choices=choices).encode()


class _Encoder:
    def __init__(
        self, problem: Problem, samples: int, pattern: Pattern | None, fixed: Fixed, *, choices: bool
    ) -> None:
        self.problem, self.samples = problem, samples
        self.choices = choices
        self.pattern, self.fixed = pattern, fixed
        self.network, self.loss = problem.network, problem.model.loss
        self.script = Script()
        fixed_targets = {**self.fixed.get("y", {}), **problem.given.get("y", {})}
        self.free = frozenset(
            index
            for index in indices((samples, problem.network.outputs))
            if problem.domain == "real" and index not in fixed_targets
        )
        self.targets_matter = speaks_of_targets(problem) or len(self.free) < samples * problem.network.outputs
        self.sort: Sort = "Int" if problem.domain == "integer" else "Real"
        self.derived: Sort = "Int" if all_whole(problem) else "Real"
        self.arrays: dict[str, Array[Term]] = {}
        self.chosen: dict[Site, list[tuple[Formula, Side]]] = {}
        self.used = gradients_used(problem)
        self.bounds = problem.entry_bounds(samples)
        self.sides = [sides(layer.activation, problem.derivative_at_kink) for layer in self.network.layers]

    def encode(self) -> Encoding:
        self._declare()
        for m in range(self.samples):
            self._forward(m)
        self._targets()
        if self.used:
            self._gradients()
        asked = {name: self.arrays[f"scaled({name})"] for name in self.used}
        require_query(self.script, self.problem, self.samples, asked)
        for name, index in vanishing_parameters(self.problem):
            self.script.require(relate(self.arrays[name][index], "=", ZERO))
        require_conditions(self.script, self.problem.where, self._lookup)
        x = self.arrays["x"]
        return Encoding(self.problem, self.samples, self.script, self.fixed, x, self.free)

    def _declare(self) -> None:
        for name, shape in variable_shapes(self.network, self.samples).items():
            if name != "y":
                self.arrays[name] = Array.build(shape, lambda index, name=name: self._entry(name, index))  # type: ignore[misc]

    def _entry(self, name: str, index: Index) -> Term:
        """A given value or an unknown, inside its bounds."""
        given = self.problem.given.get(name, {}).get(index, self.fixed.get(name, {}).get(index))
        term: Term
        if given is None:
            term = self.script.declare(symbol(name, index), self.sort)
        else:
            term = Constant(given)
            if self.sort == "Int" and given != int(given):
                self.script.require(FALSE)
        require_bounds(self.script, term, self.bounds.get((name, index), (None, None)))
        return term

    def _forward(self, m: int) -> None:
        """Name every pre-activation and activation of sample m."""
        below = self.arrays["x"].rows()[m]
        last = self.network.depth
        for number, layer in enumerate(self.network.layers, start=1):
            if number == last and self._output_unused():
                break
            weights = self.arrays[f"w{number}"].rows()
            z: list[Term] = []
            a: list[Term] = []
            for unit, row in enumerate(weights):
                # Which model a solver finds depends on the order of terms and factors.
                pairs = zip(row, below, strict=True)
                products = [multiply(w, v) if number == 1 else multiply(v, w) for w, v in pairs]
                bias = [self.arrays[f"b{number}"][(unit,)]] if layer.bias else []
                z.append(self._name(f"z{number}", (m, unit), add(*bias, *products)))
                choices = self._sides((number, m, unit), z[-1])
                values = [_affine(side, z[-1]) for _, side in choices]
                a.append(self._select(f"a{number}", (m, unit), choices, values))
            self._append(f"z{number}", m, z)
            self._append(f"a{number}", m, a)
            below = tuple(a)

    def _append(self, name: str, m: int, row: Sequence[Term]) -> None:
        """Put in row m of an array, whose rows before it are there."""
        before = self.arrays.get(name)
        self.arrays[name] = Array((m + 1, len(row)), (*(before.entries if before else ()), *row))

    def _output_unused(self) -> bool:
        """ŷ plays no part: the adjoints are unknowns, and no condition or side speaks of the last layer."""
        names = {"y_hat", f"z{self.network.depth}", f"a{self.network.depth}"}
        spoken = speaks_of(self.problem, names)
        return not self.targets_matter and not spoken and self.network.layers[-1].activation.is_linear

    def _sides(self, site: Site, z: Term) -> list[tuple[Formula, Side]]:
        """The sides that z may lie on, each with the truth value that says so."""
        choices = self.sides[site[0] - 1]
        if self.pattern is not None and len(choices) > 1:
            choices = (self.pattern[site],)
            self.script.require(on_side(z, choices[0]))
        options: list[tuple[Formula, Side]]
        if len(choices) == 1:
            options = [(TRUE, choices[0])]
        elif isinstance(z, Constant):
            options = [(TRUE, side) for side in choices if on_side(z, side) == TRUE]
            if not options:  # on a kink, under forbid
                self.script.require(FALSE)
                options = [(TRUE, choices[0])]
        else:
            options = self._truths(site, z, choices)
        self.chosen[site] = options
        return options

    def _truths(self, site: Site, z: Term, choices: Sequence[Side]) -> list[tuple[Formula, Side]]:
        if self.choices:
            options = [(on_side(z, side), side) for side in choices]
            if self.problem.derivative_at_kink == "forbid":  # else they are all there is
                self.script.require(disjoin(held for held, _ in options))
            return options
        names = [symbol(f"p{site[0]}", (*site[1:], number)) for number in range(len(choices))]
        if len(choices) == 2:
            first: Formula = self.script.truth(names[0])
            options = [(first, choices[0]), (invert(first), choices[1])]
        else:
            options = [(self.script.truth(name), side) for name, side in zip(names, choices, strict=True)]
            self.script.require(disjoin(truth for truth, _ in options))
        for truth, side in options:
            self.script.require(imply(truth, on_side(z, side)))
        return options

    def _name(self, name: str, index: Index, term: Term) -> Term:
        """A variable of its own for a term that recurs; in a region, the polynomial itself."""
        if self.pattern is not None:
            return term
        return self.script.define(symbol(name, index), self.derived, term)

    def _select(
        self, name: str, index: Index, options: Sequence[tuple[Formula, Side]], values: Sequence[Term]
    ) -> Term:
        """The value that belongs to the side that is chosen."""
        if values.count(values[0]) == len(values):
            return self._name(name, index, values[0])
        if self.choices:
            *others, (_, chosen) = zip((held for held, _ in options), values, strict=True)
            for held, value in reversed(others):
                chosen = choose(held, value, chosen)
            return self._name(name, index, chosen)
        result = self.script.introduce(symbol(name, index), self.derived)
        for (truth, _), value in zip(options, values, strict=True):
            self.script.require(imply(truth, relate(result, "=", value)))
        return result

    def _targets(self) -> None:
        """Targets and adjoints: of each pair, one is an unknown (or given)."""
        shape = (self.samples, self.network.outputs)
        if not self.targets_matter:
            self.arrays["g"] = Array.build(shape, lambda i: self.script.declare(symbol(ADJOINT, i), "Real"))
            return
        y_hat = self.arrays[f"a{self.network.depth}"].map(Ratio)
        y: list[Term] = []
        g: list[Term] = []
        for index in indices(shape):
            if index in self.free:
                g.append(self.script.declare(symbol(ADJOINT, index), "Real"))
                y.append(self._name("y", index, self.loss.target(y_hat[index], Ratio(g[-1])).top))
                require_bounds(self.script, y[-1], self.bounds.get(("y", index), (None, None)))
            else:
                y.append(self._entry("y", index))
                (adjoint,) = self.loss.sample_adjoint([y_hat[index]], [Ratio(y[-1])], RING, "torch")
                g.append(self._name(ADJOINT, index, adjoint.top))
        self.arrays["y"], self.arrays["g"] = Array(shape, tuple(y)), Array(shape, tuple(g))

    def _gradients(self) -> None:
        """∂L/∂θ over `Loss.factor` as ``scaled`` arrays: sums over the samples of contributions."""
        lowest = min((1 if n == "x" else int(n[1:]) for n in self.used), default=1)
        for m in range(self.samples):
            arriving: Sequence[Term] = self.arrays["g"].rows()[m]
            for number in range(self.network.depth, lowest - 1, -1):
                delta = [self._adjoint(number, m, unit, g) for unit, g in enumerate(arriving)]
                self._append(f"d{number}", m, delta)
                columns = zip(*self.arrays[f"w{number}"].rows(), strict=True)
                arriving = [_dot(column, delta) for column in columns]
            if "x" in self.used:
                self._append("scaled(x)", m, arriving)
        for name in sorted(self.used - {"x"}):
            number = int(name[1:])
            deltas = list(zip(*self.arrays[f"d{number}"].rows(), strict=True))
            if name[0] == "b":
                self.arrays[f"scaled({name})"] = Array((len(deltas),), tuple(add(*unit) for unit in deltas))
                continue
            fed = list(zip(*self.arrays["x" if number == 1 else f"a{number - 1}"].rows(), strict=True))
            rows = [[_dot(column, unit) for column in fed] for unit in deltas]
            self.arrays[f"scaled({name})"] = Array.of(rows, len(fed))

    def _adjoint(self, number: int, m: int, unit: int, g: Term) -> Term:
        """∂ℓ/∂z, where g is what arrives."""
        (linear,) = sides(LINEAR, "torch")  # of an output layer that was left out
        options = self.chosen.get((number, m, unit)) or [(TRUE, linear)]
        if len(options) > 1:
            g = self._name(f"g{number}", (m, unit), g)
        scaled = [_scaled(side.derivative, g) for _, side in options]
        return self._select(f"d{number}", (m, unit), options, scaled)

    def _lookup(self, name: str) -> Array[Ratio]:
        if name == "loss":
            return Array((), (self._loss,))
        if name.startswith("grad("):
            scale = Constant(self.loss.factor(self.samples, self.network.outputs))
            return self.arrays[f"scaled({name[5:-1]})"].map(lambda term: Ratio(multiply(scale, term)))
        stored = {"y_hat": f"a{self.network.depth}", "r": "g"}  # r: least squares, or `unfit` for conditions
        return self.arrays[stored.get(name, name)].map(Ratio)

    @cached_property
    def _loss(self) -> Ratio:
        adjoints = self.arrays["g"].map(Ratio).rows()
        total = self._name(self.loss.total[0], (), sum(map(self.loss.at_adjoint, adjoints)).top)
        share = self.loss.share(self.samples, self.network.outputs)
        return Ratio(multiply(Constant(share), total))


def _affine(side: Side, z: Term) -> Term:
    return add(_scaled(side.slope, z), Constant(side.offset)) if side.offset else _scaled(side.slope, z)


def _scaled(factor: Rational, term: Term) -> Term:
    if factor == 1:
        return term
    return multiply(Constant(factor), term) if factor else ZERO


def on_side(z: Term, side: Side) -> Formula:
    """z lies on this side."""
    held = [relate(z, "=" if op == "==" else op, Constant(end)) for op, end in side.comparisons]
    return held[0] if len(held) == 1 else conjoin(held)


def _dot(left: Sequence[Term], right: Sequence[Term]) -> Term:
    return add(*(multiply(a, b) for a, b in zip(left, right, strict=True)))
