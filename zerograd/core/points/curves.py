"""The loss along a curve of parameters: an exact polynomial beside the point, whatever kinks are met.

A curve θ(ε) = θ + ε·d₁ + ε²·d₂ + … leaves the point. Over polynomials in ε that are ordered by their values
for small ε > 0 (`zerograd.core.numbers.germs`) a network of piecewise linear activations has one piece at
each unit and sample, and so its loss, where that is made of polynomials, is one polynomial in ε.

docs/theory/kinds-of-points.md has the theorems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.backprop import Site, Unevaluated
from zerograd.core.model.losses import Loss
from zerograd.core.model.network import Network
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact, exact_from_json, exact_to_json, format_exact, sign
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.functions import NotClosed, OutOfDomain
from zerograd.core.numbers.germs import Germ, GermFunctions, compare, germ_of
from zerograd.core.numbers.work import spend, total

MAX_STEPS = 4
"""Powers of ε in a curve."""


@dataclass(frozen=True)
class Curve:
    """θ(ε) = θ + ε·d₁ + ε²·d₂ + …, from a point on.

    Attributes:
        steps: d₁, d₂, …: arrays by the names of parameters, with their shapes; those left out do not move.

    Raises:
        FormatError: there is no step, or more than `MAX_STEPS`.
    """

    steps: tuple[Mapping[str, Array[Exact]], ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise FormatError(f"curve: expected 1 to {MAX_STEPS} steps, found {len(self.steps)}")

    @property
    def is_line(self) -> bool:
        return len(self.steps) == 1

    @property
    def back(self) -> Curve:
        """The line in the other direction; of a curve the one with each step turned."""
        turned = ({name: array.map(_minus) for name, array in step.items()} for step in self.steps)
        return Curve(tuple(turned))

    def to_json(self) -> list[dict[str, Any]]:
        """Each step as nested lists by name."""
        return [arrays_to_lists(step) for step in self.steps]


def _minus(value: Exact) -> Exact:
    return -value


def curve_from_json(network: Network, data: object, field: NumberField | None = None) -> Curve:
    """Read a curve. Raises FormatError."""
    if not isinstance(data, list):
        raise FormatError(f"curve: expected a list of steps, found {short(data)}")
    steps = []
    for step in data[: MAX_STEPS + 1]:
        if not isinstance(step, Mapping) or not set(step) <= set(network.shapes):
            raise FormatError("curve: each step is an object of arrays by the names of parameters")
        steps.append({name: array_from_lists(step[name], network.shapes[name], field) for name in step})
    return Curve(tuple(steps))


def arrays_to_lists(arrays: Mapping[str, Array[Any]]) -> dict[str, Any]:
    """Return arrays of exact numbers, by name, as nested lists of what JSON has."""
    return {name: array.map(exact_to_json).tolist() for name, array in arrays.items()}


def array_from_lists(data: object, shape: tuple[int, ...], field: NumberField | None) -> Array[Exact]:
    """Read nested lists of exact numbers of this shape. Raises FormatError."""
    entries: list[Exact] = []
    for index in indices(shape):
        part = data
        for i, n in zip(index, shape, strict=True):
            part = part[i] if isinstance(part, list) and len(part) == n else None
        entries.append(exact_from_json(part, field))
    return Array(shape, tuple(entries))


@dataclass(frozen=True, slots=True)
class GermActivate:
    """φ and φ′ of germs, by their sign. Raises `Unevaluated` for smooth activations."""

    def __call__(self, activation: Activation, site: Site, z: Any, /) -> tuple[Any, Any]:
        if not isinstance(activation, PiecewiseLinear):
            raise Unevaluated(site, str(activation), "it is no polynomial along a curve")
        pieces = activation.pieces
        spend(2 * len(pieces))
        piece = next(each for each in pieces if each.high is None or compare(z, each.high) <= 0)
        return piece.slope * z + piece.offset, piece.slope


def along(point: Point[Exact], curve: Curve) -> Point[Germ]:
    """The point that moves along a curve."""
    moved = {}
    for name, array in point.parameters.items():
        steps = [step[name].entries if name in step else None for step in curve.steps]
        entries = [
            Germ((value, *(0 if step is None else step[position] for step in steps)))
            for position, value in enumerate(array.entries)
        ]
        moved[name] = Array(array.shape, tuple(entries))
    return Point(
        point.model, moved, point.x.map(_constant), point.y.map(_constant), GermActivate(), GermFunctions()
    )


def _constant(value: Exact) -> Germ:
    return Germ((value,))


def growing(point: Point[Exact]) -> Loss:
    """The loss that L is a function F of, where F is known to grow; L itself, where there is no F.

    Raises:
        NotClosed: it is not known to.
        ArithmeticError: L has no value there.
    """
    loss = point.model.loss
    if loss.outer_sign != 1:
        raise NotClosed(f"the {loss.words} is not known to grow with the {loss.inner.words}")
    if loss.inner is not loss:
        _ = point.loss
    return loss.inner


def change(point: Point[Exact], curve: Curve) -> Germ:
    """The change of the loss along a curve (of that within F, which grows with it).

    Raises:
        NotClosed: it is no polynomial.
    """
    loss = growing(point)
    if not loss.is_rational:
        raise NotClosed(f"the {loss.words} is no polynomial along a curve")
    moved = along(point, curve)
    value = loss.value(moved.forward.y_hat, moved.y, moved.functions)
    before = loss.value(point.forward.y_hat, point.y, EXACT)
    return germ_of(value - before).narrowed()


def first_change(steps: Sequence[Germ], adjoint: Array[Exact]) -> Germ:
    """Σ g·Δŷ up to the order that decides: below twice that of Δŷ.

    A differentiable loss, twice so with bounded second derivatives nearby, differs from it by O(|Δŷ|²).
    """
    orders = [step.order for step in steps if step.order is not None]
    return Germ(_first(steps, adjoint).coefficients[: 2 * min(orders, default=0)]).narrowed()


def _first(steps: Sequence[Germ], adjoint: Array[Exact]) -> Germ:
    return germ_of(total(step * g for step, g in zip(steps, adjoint.entries, strict=True)))


def check_domain(loss: Loss, point: Point[Exact]) -> None:
    """See to it that predictions are such as the loss takes. Raises OutOfDomain."""
    if loss.within_unit and any(sign(p) <= 0 or sign(1 - p) <= 0 for p in point.forward.y_hat.entries):
        raise OutOfDomain("a prediction does not lie between 0 and 1")


def smooth_adjoint(point: Point[Exact]) -> Array[Exact]:
    """∂ℓ/∂ŷ over a positive factor, of a loss that is convex and smooth.

    Raises:
        NotClosed: it is not, or its adjoint is no exact number.
    """
    loss = growing(point)
    if not loss.convex or loss.has_kinks:
        raise NotClosed(f"the {loss.words} is not known to be smooth and convex")
    check_domain(loss, point)
    return loss.adjoint(point.forward.y_hat, point.y, EXACT, "left")


def _moves(point: Point[Exact], curve: Curve) -> list[Germ]:
    """Δŷ along a curve."""
    after = along(point, curve).forward.y_hat.entries
    return [germ_of(p - q) for p, q in zip(after, point.forward.y_hat.entries, strict=True)]


def falling(point: Point[Exact], curve: Curve) -> Germ:
    """The change of the loss along a curve, or what is known to have its sign. 0: not known to fall.

    Raises:
        ArithmeticError: it is not known.
    """
    if growing(point).is_rational:
        return change(point, curve)
    return first_change(_moves(point, curve), smooth_adjoint(point))


def rising(point: Point[Exact], curve: Curve) -> Germ:
    """The change of the loss, or what it is no less than. 0: not known to rise.

    A convex loss changes by no less than Σ g·Δŷ, and by more where it is curved and predictions move.

    Raises:
        ArithmeticError: it is not known.
    """
    loss = growing(point)
    if loss.is_rational:
        return change(point, curve)
    steps, adjoint = _moves(point, curve), smooth_adjoint(point)
    least = _first(steps, adjoint)
    strictly = loss.curved and any(step.sign() for step in steps)
    return Germ((1,)) if strictly and least.sign() == 0 else least.narrowed()


def check_change(point: Point[Exact], curve: Curve, wanted: int, what: str) -> Germ:
    """See to it that the loss changes as it is said to along a curve: falls (−1), rises (1) or stays (0).

    Raises:
        Refused: it does not, or is not known to.
    """
    try:
        germ = {-1: falling, 0: _staying, 1: rising}[wanted](point, curve)
    except ArithmeticError as error:
        raise Refused([Violation(what, "a change of the loss that is known", str(error))]) from None
    if germ.sign() != wanted:
        words = {-1: "that the loss falls", 0: "that the loss stays", 1: "that it rises"}
        raise Refused([Violation(what, words[wanted], f"a change of {polynomial_text(germ)}")])
    return germ


def _staying(point: Point[Exact], curve: Curve) -> Germ:
    """The change of the loss; where that is no polynomial, 0 if predictions stay."""
    if growing(point).is_rational:
        return change(point, curve)
    if any(step.sign() for step in _moves(point, curve)):
        raise NotClosed("the predictions change")
    return Germ(())


def _moving(curve: Curve) -> list[Array[Exact]]:
    return [array for step in curve.steps for array in step.values()]


def moves(curve: Curve) -> bool:
    """Whether a curve leaves the point."""
    return any(sign(value) for array in _moving(curve) for value in array.entries)


def polynomial_text(germ: Germ) -> str:
    """``-13*e^2 + e^3``."""
    terms = [
        f"{format_exact(c)}" + ("" if n == 0 else "*e" if n == 1 else f"*e^{n}")
        for n, c in enumerate(germ.coefficients)
        if sign(c)
    ]
    return " + ".join(terms).replace("+ -", "- ") or "0"
