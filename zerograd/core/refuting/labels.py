"""What the labels of facts stand for: signs of gradients, sides of pre-activations, homogeneous units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Interval, Rational, chosen_sides, units_with_sides
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Part
from zerograd.core.refuting.curves import units_on_curves
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.homogeneity import identities
from zerograd.core.refuting.laws import homogeneity_label
from zerograd.core.refuting.moments import patterns_of
from zerograd.core.refuting.system import demands, on_side


@dataclass(frozen=True, slots=True)
class Comparison:
    """That a pre-activation compares so with the end of a side.

    Attributes:
        index: of the pre-activation; without a sample, if it is that of a pattern's sample.
        at: the input of a pattern's sample, such as ``x01``.
    """

    layer: int
    index: Index
    sign: str
    end: Rational
    at: str | None

    @property
    def is_below(self) -> bool:
        """Whether it says that the pre-activation is below the end."""
        return self.sign in ("<", "<=")

    def value(self, fact: Fact) -> Polynomial:
        """The pre-activation, of the fact that says so."""
        return self.end - fact.polynomial if self.is_below else fact.polynomial + self.end


def signs(problem: Problem, part: Part) -> Mapping[str, tuple[str, str]]:
    """The gradient entry of which a sign is asked, and the sign, by label."""
    found: dict[str, tuple[str, str]] = {}
    for demand in demands(problem, part.samples or problem.samples.least):
        entries = [entry(name, index) for name, index in demand.entries]
        sign = _sign(demand.operator)
        several = {f"{demand.label}/{n}": (name, sign) for n, name in enumerate(entries)}
        found |= several if len(entries) > 1 else {demand.label: (entries[0], sign)}
    return found


def comparisons(problem: Problem, part: Part) -> Mapping[str, Comparison]:
    """What cases assume of pre-activations, by label."""
    units = all_sides(problem)
    if part.kind == "dataset":
        places = [
            (layer, (m, unit), side, None)
            for (layer, unit), sides in units.items()
            for m in range(part.samples or 0)
            for side in sides
        ]
        return dict(_labelled(places, str))
    found: dict[str, Comparison] = {}
    if part.kind != "moments":
        return found
    linear = units_with_sides(problem.network, problem.derivative_at_kink)
    for pattern in patterns_of(linear):
        at = f"x{pattern.tag}"
        placed = [(layer, (unit,), side, at) for (layer, unit), side in pattern.sides.items()]
        found |= _labelled(placed, pattern.at)
    return found


def all_sides(problem: Problem) -> Mapping[tuple[int, int], Sequence[Interval]]:
    """The sides of every unit that has several, whether its activation is piecewise linear or not."""
    network, convention = problem.network, problem.derivative_at_kink
    if convention == "any":  # of other activations with kinks there are no facts then
        return {
            (number, unit): chosen_sides(layer.activation)
            for number, layer in enumerate(network.layers, start=1)
            if isinstance(layer.activation, PiecewiseLinear) and layer.activation.has_kinks
            for unit in range(layer.units)
        } | units_on_curves(network, "left")
    return {**units_with_sides(network, convention), **units_on_curves(network, convention)}


def homogeneity_labels(network: Network) -> frozenset[str]:
    """The labels of the facts that say that a hidden unit is homogeneous."""
    return frozenset(homogeneity_label(layer, unit) for (layer, unit), _, _ in identities(network))


def _labelled(
    places: Iterable[tuple[int, Index, Interval, str | None]], label: Callable[[str], str]
) -> Iterator[tuple[str, Comparison]]:
    """The labels that `on_side` gives, and what they say."""
    for layer, index, side, at in places:
        facts = on_side(Polynomial.constant(0), side, entry(f"z{layer}", index))
        for (name, _), (operator, end) in zip(facts, side.comparisons, strict=True):
            yield label(name), Comparison(layer, index, _sign(operator), end, at)


def _sign(operator: str) -> str:
    return "=" if operator == "==" else operator
