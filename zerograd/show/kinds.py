"""Kinds of points in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from zerograd.core.model.point import Point
from zerograd.core.model.references import short_entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare, narrow, sign
from zerograd.core.points.curves import Curve, change
from zerograd.core.points.documents import kind_from_json
from zerograd.core.points.kinds import Best, BestFunction, Kind, PointKind, Rescaled, with_parameters
from zerograd.core.points.lowest import Lowest
from zerograd.core.points.minimum import MinimumProof
from zerograd.core.question.given import given_point
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.document.numbers import equation, exact_text

if TYPE_CHECKING:
    from zerograd.core.refuting.certificate import Certificate

_KINDS = {
    Kind.STRICT: "a strict local minimum: the loss is higher at all other parameters nearby",
    Kind.FLAT: "a flat local minimum: the loss is lower at no parameters nearby, and the same at some",
    Kind.MINIMUM: "a local minimum: the loss is lower at no parameters nearby",
    Kind.MAXIMUM: "no local minimum, but a maximum along a line",
    Kind.SADDLE: "a saddle: the loss falls one way and rises another",
    Kind.NO_MINIMUM: "no local minimum",
    Kind.UNDECIDED: "perhaps a local minimum: that is not decided",
}
_GLOBAL = "a global minimum: no parameters have a lower loss on these data"
_MOST = 6
_MOST_VALUES = 16
"""Parameters of a curve, and terms of a polynomial, that are written out."""


def kind_text(point: Point[Exact], found: PointKind) -> str:
    """What kind of point it is, and why; with the exact change of the loss where it falls."""
    kind, evidence = found.kind, found.evidence
    parts = [_KINDS[kind]]
    if isinstance(evidence.minimum, Lowest | BestFunction):
        parts = [_GLOBAL + (", and nearby the same at some" if kind is Kind.FLAT else "")]
    if evidence.falls is not None:
        parts.append(_falling(point, evidence.falls))
    match evidence.minimum:
        case Best():
            parts.append("no prediction could be better, so it is a global minimum")
        case BestFunction():
            parts.append("no function of the inputs has")
        case MinimumProof(units) if units:
            parts.append("at the kinks there are multipliers")
    match evidence.level:
        case Rescaled(layer, unit):
            parts.append(
                f"unit {unit} of layer {layer} may have its incoming weights times t, its outgoing over t"
            )
        case Curve() as curve:
            parts.append(f"it stays along {curve_text(point, curve)}")
    if evidence.better is not None:
        parts.append(_better(point, evidence.better))
    if evidence.reason:
        parts.append(evidence.reason.split("\n")[0])
    return "; ".join(parts)


def _better(point: Point[Exact], parameters: Mapping[str, Array[Exact]]) -> str:
    """``the loss is 1/9, not 1/6, at w1 = 0, b1 = 1, w2 = 1/3``."""
    where = parameters_text(parameters)
    try:
        there, here = (narrow(each.loss) for each in (with_parameters(point, parameters), point))
    except ArithmeticError:
        return f"the loss is lower at {where}"
    return f"the loss is {exact_text(there)}, not {exact_text(here)}, at {where}"


def parameters_text(parameters: Mapping[str, Array[Exact]]) -> str:
    """``w1 = 0, b1 = 1, w2 = 1/3``."""
    values = parameter_texts(parameters)
    return ", ".join(values[:_MOST_VALUES]) + ", …" * (len(values) > _MOST_VALUES)


def parameter_texts(parameters: Mapping[str, Array[Exact]]) -> list[str]:
    """Return all parameters with their values: ``w1 = 0``, and so on."""
    return [
        equation(short_entry(name, index, array.shape), exact_text(value))
        for name, array in parameters.items()
        for index, value in array.items()
    ]


def given_kind_text(problem: Problem, certificate: Certificate) -> str:
    """What the given point is, of a certificate that it is not the minimum that is asked for."""
    point = given_point(problem)
    shown = kind_from_json(problem.network, certificate.point)
    return f"the point that is given is {kind_text(point, shown)}"


def kind_of_answer(answer: Sat) -> str | None:
    """What is to be said of a witness that was asked to be a local minimum, or is critical."""
    witness = answer.witness
    if answer.kind is not None:
        return kind_text(witness.point, answer.kind)
    if isinstance(witness, EnclosedWitness):
        return None
    names = answer.problem.network.shapes
    if any(sign(value) for name in names for value in witness.gradients[name].entries):
        return None
    from zerograd.classifying.kinds import kind_of  # loads a solver

    return kind_text(witness.point, kind_of(witness.point))


def _falling(point: Point[Exact], curve: Curve) -> str:
    where = curve_text(point, curve)
    try:
        by = change(point, curve).coefficients
    except ArithmeticError:
        return f"the loss falls along {where}, for small ε > 0"
    terms = [f"{_signed(c)}{_power(n)}" for n, c in enumerate(by) if sign(c)]
    more = " + …" if len(terms) > _MOST else ""
    shown = " ".join(terms[:_MOST]).removeprefix("+ ").replace("− ", "−", 1)
    return f"the loss changes by {shown}{more} along {where}, for small ε > 0"


def curve_text(point: Point[Exact], curve: Curve) -> str:
    """``w1[0] + 30·ε, b1 − 50·ε``."""
    texts = [*_moves(point, curve)]
    more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more


def _moves(point: Point[Exact], curve: Curve) -> Iterator[str]:
    for name, array in point.parameters.items():
        for position, (index, _) in enumerate(array.items()):
            steps = [step[name].entries[position] if name in step else 0 for step in curve.steps]
            if any(map(sign, steps)):
                moved = " ".join(f"{_signed(c)}{_power(n)}" for n, c in enumerate(steps, start=1) if sign(c))
                yield f"{short_entry(name, index, array.shape)} {moved}"


def _signed(value: Exact) -> str:
    """``+ 30``, ``− 1/2``; of ±1 the sign alone."""
    size = value if sign(value) > 0 else -value
    mark = "+ " if sign(value) > 0 else "− "
    return mark + (exact_text(size) + "·" if compare(size, 1) else "")


def _power(exponent: int) -> str:
    return "ε" + ("" if exponent == 1 else f"^{exponent}")
