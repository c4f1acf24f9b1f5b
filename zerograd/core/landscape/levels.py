"""The losses that critical points off the kinks have, for given data: finitely many, and all of them.

The network has one hidden layer of ReLU units with biases, and one linear output; the loss is one of least
squares. Let X be the inputs with a 1 behind each, and θ a critical point at which no sample is on
a kink. Unit i is on for the samples in Aᵢ, and Aᵢ is separated strictly from the other samples by an affine
function. Let Vᵢ be the span of the columns of X with zeros outside of Aᵢ. Then ŷ lies in the sum V of those
Vᵢ with w2ᵢ ≠ 0, and of the constants if the output has a bias; and ∂L/∂w1ᵢ = ∂L/∂b1ᵢ = 0 and ∂L/∂b2 = 0 say
that r is orthogonal to V. So ŷ is the projection of y on V, and the loss its distance: one of finitely many
numbers, all rational. A unit with w2ᵢ = 0 has no part in this, as has one that is on for no sample; so every
such loss is one of H sets A₁, …, A_H, each separated strictly from its complement (∅ may be among them).

Whether H such sets are those of a critical point is a linear program: with uᵢ = w2ᵢ·(w1ᵢ, b1ᵢ) and σᵢ the
sign of w2ᵢ, the prediction is c + Σᵢ [m ∈ Aᵢ] uᵢ·X_m, and z_im has the sign of σᵢ uᵢ·X_m. So there is one if
and only if for some signs σ there are c and u with

    c + Σᵢ [m ∈ Aᵢ] uᵢ·X_m = ŷ_m for all m,    σᵢ uᵢ·X_m > 0 for m ∈ Aᵢ,    σᵢ uᵢ·X_m < 0 for m ∉ Aᵢ

with ŷ the projection (w2ᵢ = σᵢ then). Each of these points is a local minimum: beside it every prediction
lies in V, where none is nearer to y (docs/theory/levels.md).

A proof that no other loss occurs has, for each way to divide samples in two that no affine function makes,
and for each choice of sets and signs whose loss is not among those found, numbers that say so by Farkas'
lemma.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, combinations_with_replacement, groupby, product
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import RELU
from zerograd.core.model.backprop import ExactActivate, OnKink
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.products import dot
from zerograd.core.numbers.rationals import narrowed, rational_text
from zerograd.core.numbers.work import spend
from zerograd.core.points.kinds import Best, Evidence, check_kind
from zerograd.core.points.lowest import Lowest
from zerograd.core.points.patterns import Pattern, Vector, patterns_left
from zerograd.core.question.fitness import no_least_squares
from zerograd.core.question.given import given_data, incomplete_data
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import RELATIONS, Rational

Signs = tuple[int, ...]
"""The sign of the outgoing weight of each unit."""


@dataclass(frozen=True, slots=True)
class Level:
    """A loss that a critical point off the kinks has, with such a point, which is a local minimum.

    Attributes:
        parameters: ``w1``, ``b1``, ``w2``, and ``b2`` if there is one.
    """

    loss: Rational
    parameters: Mapping[str, Array[Rational]]


@dataclass(frozen=True, slots=True)
class Excluded:
    """That sets of samples, with signs of outgoing weights, are those of no critical point.

    Attributes:
        equations: ν, a number for each sample.
        inequalities: λ ≥ 0, one for each unit and sample, not all 0.

    With Σ_m ν_m = 0 (where there is a bias), Σ_m ([m ∈ Aᵢ] ν_m + λ_im σᵢ τ_im) X_m = 0 for each unit i, where
    τ_im is 1 in Aᵢ and −1 outside, and Σ ν_m ŷ_m ≥ 0: the equations say that Σ ν_m ŷ_m is minus a sum of
    numbers above 0.
    """

    patterns: tuple[Pattern, ...]
    signs: Signs
    equations: Vector
    inequalities: tuple[Vector, ...]


@dataclass(frozen=True, slots=True)
class Complete:
    """That there are no other levels.

    Attributes:
        undivided: signs of the first samples that no affine function has, each with numbers λ ≥ 0, not all 0,
            for which Σ_m λ_m τ_m X_m = 0. Together they leave the patterns.
        excluded: what is no critical point.
    """

    undivided: Mapping[Pattern, Vector]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class LeastLoss:
    """The least loss of all parameters, those on kinks included.

    Attributes:
        parameters: such as have it.
        proof: that none have a lower one.
    """

    loss: Rational
    parameters: Mapping[str, Array[Rational]]
    proof: Best | Lowest


@dataclass(frozen=True, slots=True)
class Levels:
    """All losses that critical points off the kinks have, the lowest first.

    Attributes:
        proof: that these are all; None where it was not found.
        least: the least loss of all parameters, if it was found.
    """

    problem: Problem
    levels: tuple[Level, ...]
    proof: Complete | None
    least: LeastLoss | None = None


class Geometry:
    """The data of a problem that is fit, as vectors."""

    def __init__(self, problem: Problem) -> None:
        given = problem.given
        self.problem = problem
        self.samples = problem.samples.least
        inputs = problem.network.inputs
        self.units = problem.network.layers[0].units
        self.bias = problem.network.layers[1].bias
        self.x = tuple((*(given["x"][m, j] for j in range(inputs)), 1) for m in range(self.samples))
        self.y: Vector = tuple(given["y"][m, 0] for m in range(self.samples))

    def choices(self, patterns: Sequence[Pattern]) -> Iterator[tuple[Pattern, ...]]:
        """Each choice of sets for the units, up to their order."""
        return combinations_with_replacement(patterns, self.units)

    def signs(self, patterns: Sequence[Pattern]) -> Iterator[Signs]:
        """The signs of outgoing weights, up to the order of units with the same set."""
        # Neighbours are alike, as `choices` has them: of n, so many have the sign 1, and come first.
        alike = [len([*same]) for _, same in groupby(patterns)]
        each = [[(1,) * (n - k) + (-1,) * k for k in range(n + 1)] for n in alike]
        for signs in product(*each):
            yield (*chain.from_iterable(signs),)

    def projection(self, patterns: Sequence[Pattern]) -> Vector:
        """The point of the span nearest to y, by orthogonalisation (Gram and Schmidt)."""
        left = [Fraction(value) for value in self.y]
        basis: list[list[Fraction]] = []
        for column in self._columns(patterns):
            spend(20 * self.samples * (1 + len(basis)))
            vector = column
            for other in basis:
                vector = _without(vector, other)
            if any(vector):
                basis.append(vector)
                left = _without(left, vector)
        return tuple(narrowed(y - r) for y, r in zip(self.y, left, strict=True))

    def _columns(self, patterns: Sequence[Pattern]) -> Iterator[list[Fraction]]:
        if self.bias:
            yield [Fraction(1)] * self.samples
        for pattern in dict.fromkeys(patterns):
            for j in range(len(self.x[0])):
                yield [
                    Fraction(row[j]) if sign == "+" else Fraction(0)
                    for row, sign in zip(self.x, pattern, strict=True)
                ]

    def loss(self, prediction: Vector) -> Rational:
        """The loss of a prediction."""
        shape = (self.samples, 1)
        value = self.problem.model.loss.value(Array(shape, prediction), Array(shape, self.y), EXACT)
        return narrowed(Fraction(value))


def _without(vector: Sequence[Fraction], other: Sequence[Fraction]) -> list[Fraction]:
    """The part of a vector that is orthogonal to another."""
    along = dot(vector, other) / dot(other, other)
    return [a - along * b for a, b in zip(vector, other, strict=True)]


def unfit(problem: Problem) -> str | None:
    """Return why levels of this problem are not known to be finitely many; None if they are."""
    layers = problem.network.layers
    if len(layers) != 2:
        return "levels are those of networks with one hidden layer"
    hidden, last = layers
    if hidden.activation != RELU or not hidden.bias:
        return "levels are those of ReLU units with biases"
    if last.units != 1 or not last.activation.is_linear:
        return "levels are those of networks with one linear output"
    if reason := no_least_squares(problem):
        return reason
    if reason := incomplete_data(problem):
        return reason
    if set(problem.given) - {"x", "y"}:
        return "parameters are given: levels are those of all parameters"
    if (
        problem.where
        or problem.bounds
        or problem.domain != "real"
        or any(problem.query[r] for r in RELATIONS)
    ):
        return "a question is asked beside: levels are those of all critical points"
    return None


def check_levels(found: Levels) -> None:
    """Accept levels if each has its point, and, where there is a proof, if there are no others.

    Raises:
        Refused: something that is not so.
    """
    problem = found.problem
    if reason := unfit(problem):
        raise Refused([Violation("problem", "one with levels", reason)])
    geometry = Geometry(problem)
    for level in found.levels:
        _check_level(geometry, level)
    losses = [level.loss for level in found.levels]
    if losses != sorted(set(losses)):
        raise Refused(
            [Violation("levels", "each once, the lowest first", ", ".join(map(rational_text, losses)))]
        )
    if found.proof is not None:
        _check_proof(geometry, set(losses), found.proof)
    if found.least is not None:
        _check_least(problem, found.least)


def _check_least(problem: Problem, least: LeastLoss) -> None:
    told = {name: array.shape for name, array in least.parameters.items()}
    shapes = problem.network.shapes
    if told != shapes:
        raise Refused([Violation("least", f"parameters of the shapes {shapes}", str(told))])
    point = point_of(problem, least.parameters, "left")
    if point.loss != least.loss:
        raise Refused([Violation("least", "the loss of its parameters", rational_text(point.loss))])
    check_kind(point, Evidence(minimum=least.proof))


def point_of(
    problem: Problem, parameters: Mapping[str, Array[Rational]], convention: Kink = "forbid"
) -> Point[Any]:
    """The point with these parameters and the problem's data."""
    x, y = given_data(problem)
    model = replace(problem.model, network=problem.network.under(convention))
    return Point(model, parameters, x, y, ExactActivate(convention))


def _check_level(geometry: Geometry, level: Level) -> None:
    problem, shapes = geometry.problem, geometry.problem.network.shapes
    name = f"level {rational_text(level.loss)}"
    told = {name: array.shape for name, array in level.parameters.items()}
    if told != shapes:
        raise Refused([Violation(name, f"parameters of the shapes {shapes}", str(told))])
    point = point_of(problem, level.parameters)
    try:
        hidden = point.forward.z[0]
    except OnKink as kink:
        raise Refused([Violation(name, "no sample on a kink", f"{kink.place} = 0")]) from None
    if point.loss != level.loss:
        raise Refused([Violation(name, "the loss of its parameters", rational_text(point.loss))])
    for parameter in shapes:
        if any(point.gradients[parameter].entries):
            raise Refused([Violation(name, "a critical point", f"∂L/∂{parameter} is not 0")])
    for unit, weight in enumerate(level.parameters["w2"].entries):
        on = any(hidden[m, unit] > 0 for m in range(geometry.samples))
        if on and weight == 0:  # then it need not be a local minimum
            raise Refused(
                [Violation(name, "an outgoing weight of each unit that is on", f"w2[0,{unit}] = 0")]
            )


def _check_proof(geometry: Geometry, losses: set[Rational], proof: Complete) -> None:
    patterns = patterns_left(geometry.x, proof.undivided)
    known = {(each.patterns, each.signs): each for each in proof.excluded}
    for choice in geometry.choices(patterns):
        spend(geometry.units)
        prediction = geometry.projection(choice)
        if geometry.loss(prediction) in losses:
            continue
        for signs in geometry.signs(choice):
            each = known.get((choice, signs))
            if each is None or not _excludes(geometry, each, prediction):
                named = f"sets {', '.join(choice)} with signs {signs}"
                raise Refused([Violation(named, "a proof that they are those of no critical point", "none")])


def _excludes(geometry: Geometry, each: Excluded, prediction: Vector) -> bool:
    spend(30 * geometry.samples * geometry.units * len(geometry.x[0]))
    nu, lambdas = each.equations, each.inequalities
    if len(nu) != geometry.samples or len(lambdas) != geometry.units:
        return False
    if any(len(row) != geometry.samples or any(value < 0 for value in row) for row in lambdas):
        return False
    if not any(any(row) for row in lambdas) or (geometry.bias and sum(nu) != 0):
        return False
    if dot(nu, prediction) < 0:
        return False
    for pattern, sign, row in zip(each.patterns, each.signs, lambdas, strict=True):
        coefficients = [
            (n if side == "+" else 0) + value * sign * (1 if side == "+" else -1)
            for n, value, side in zip(nu, row, pattern, strict=True)
        ]
        if any(dot(coefficients, column) for column in zip(*geometry.x, strict=True)):
            return False
    return True
