"""What kind of point the parameters of a model are, with all that shows it; and the check of that.

The data are fixed: only parameters move. Everything here can be checked without looking for anything
(`check_kind`); what looks for it is elsewhere, and is not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zerograd.core.errors import FormatError, Refused, Violation
from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import NoSlopeYet
from zerograd.core.model.point import Model, Point
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare, format_exact, sign
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.work import spend
from zerograd.core.points.curves import Curve, check_change, growing, moves
from zerograd.core.points.elsewhere import valued
from zerograd.core.points.lowest import Lowest, check_lowest
from zerograd.core.points.minimum import MinimumProof, check_minimum, is_best, is_best_function
from zerograd.core.points.second_order import second_order


class Kind(StrEnum):
    """What a point is: the strongest that is shown."""

    STRICT = "strict minimum"
    FLAT = "flat minimum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum in some direction"
    SADDLE = "saddle"
    NO_MINIMUM = "no minimum"
    UNDECIDED = "undecided"

    @property
    def is_minimum(self) -> bool | None:
        """Whether it is a local minimum; None where that is not decided."""
        if self is Kind.UNDECIDED:
            return None
        return self in (Kind.STRICT, Kind.FLAT, Kind.MINIMUM)


@dataclass(frozen=True)
class Best:
    """No prediction of any sample could be better: a minimum, and no parameters have a lower loss."""


@dataclass(frozen=True)
class BestFunction:
    """No function of the inputs has a lower loss, so no parameters have: samples may have equal inputs."""


@dataclass(frozen=True)
class SecondOrder:
    """The second derivatives show it (`zerograd.core.points.second_order`)."""


@dataclass(frozen=True)
class Rescaled:
    """The loss stays where a unit's incoming weights and bias are multiplied, and its outgoing divided.

    Attributes:
        layer: from 1; not the last.
    """

    layer: int
    unit: int


Proof = Best | BestFunction | MinimumProof | SecondOrder | Lowest
"""Why a point is a local minimum; some show more (`PointKind.is_global`)."""
Level = Curve | Rescaled
"""Where the loss stays as it is."""


@dataclass(frozen=True)
class Evidence:
    """What shows of what kind a point is.

    Attributes:
        minimum: that it is a local minimum.
        level: that it is no strict one: along this the loss stays the same.
        falls: along this the loss falls, so that it is no local minimum.
        rises: along this the loss rises.
        reason: why it is not decided whether it is a local minimum, or, where that is asked, a global one.
        better: parameters, anywhere, with a lower loss on the same data.
    """

    minimum: Proof | None = None
    level: Level | None = None
    falls: Curve | None = None
    rises: Curve | None = None
    reason: str = ""
    better: Mapping[str, Array[Exact]] | None = None

    def __post_init__(self) -> None:
        if self.minimum is not None and self.falls is not None:
            raise FormatError("kind: a point is no minimum where the loss falls")


@dataclass(frozen=True)
class PointKind:
    """The kind of a point, as it is claimed, with what shows it."""

    kind: Kind
    evidence: Evidence

    def is_global(self, model: Model) -> bool | None:
        """Whether no parameters have a lower loss, as the evidence shows; None where that is not decided.

        Without a hidden layer predictions are linear in the parameters, and the loss is convex in these: then
        a local minimum is a global one.
        """
        evidence = self.evidence
        if evidence.falls is not None or evidence.better is not None:
            return False
        match evidence.minimum:
            case Best() | BestFunction() | Lowest():
                return True
            case MinimumProof() | SecondOrder() if _is_convex(model):
                return True
        return None

    def is_asked(self, minimum: str | None, model: Model) -> bool | None:
        """Whether it is a minimum as asked for: ``global``, or local; None where that is not decided."""
        return self.is_global(model) if minimum == "global" else self.kind.is_minimum

    def check(self, point: Point[Exact]) -> None:
        """Return quietly if the evidence shows that the point is of this kind. Raises Refused."""
        shown = check_kind(point, self.evidence)
        if shown is not self.kind:
            raise Refused([Violation("the kind of the point", str(shown), str(self.kind))])


def _is_convex(model: Model) -> bool:
    """Whether the loss is a convex function of the parameters, or grows with one."""
    if model.network.depth > 1 or model.loss.outer_sign != 1 or not model.loss.inner.convex:
        return False
    phi = model.network.layers[0].activation
    return isinstance(phi, PiecewiseLinear) and not phi.has_kinks


def check_kind(point: Point[Exact], evidence: Evidence) -> Kind:
    """Return the kind of a point that the evidence shows.

    Raises:
        Refused: it does not show what it is said to.
    """
    try:
        return _checked(point, evidence)
    except ArithmeticError as error:
        raise Refused([Violation("the kind of the point", "what exact numbers decide", str(error))]) from None


def _checked(point: Point[Exact], evidence: Evidence) -> Kind:
    by_curvature = ""
    match evidence.minimum:
        case Best():
            if not is_best(point):
                raise Refused([Violation("every prediction", "one that could not be better", "another")])
        case BestFunction():
            if not is_best_function(point):
                raise Refused([Violation("the predictions", "those of a best function of x", "others")])
        case MinimumProof() as proof:
            check_minimum(point, proof)
        case SecondOrder():
            by_curvature = second_order(point)
        case Lowest() as proof:
            check_lowest(point, proof)
    if evidence.better is not None:
        _check_better(point, evidence.better)
    if evidence.level is not None:
        _check_level(point, evidence.level)
    if evidence.rises is not None:
        check_change(point, evidence.rises, 1, "the curve along which the loss rises")
    if evidence.falls is not None:
        check_change(point, evidence.falls, -1, "the curve along which the loss falls")
        if evidence.falls.is_line and is_critical(point) and _falls_too(point, evidence.falls.back):
            return Kind.MAXIMUM
        return Kind.SADDLE if evidence.rises is not None and is_critical(point) else Kind.NO_MINIMUM
    if evidence.minimum is None:
        return Kind.UNDECIDED
    if by_curvature == "strict":
        return Kind.STRICT
    return Kind.MINIMUM if evidence.level is None and not by_curvature else Kind.FLAT


def with_parameters(point: Point[Exact], parameters: Mapping[str, Array[Exact]]) -> Point[Exact]:
    """Return the point with other parameters and the same data, of which values alone are asked.

    Raises:
        Refused: they are not those of this network.
    """
    told = {name: array.shape for name, array in parameters.items()}
    if told != {name: array.shape for name, array in point.parameters.items()}:
        shapes = ", ".join(entry(name, array.shape) for name, array in point.parameters.items())
        raise Refused([Violation("better", f"parameters of the shapes {shapes}", str(told))])
    return valued(point.model, parameters, point.x, point.y)


def _check_better(point: Point[Exact], parameters: Mapping[str, Array[Exact]]) -> None:
    loss = growing(point)
    if not loss.is_rational:
        raise Refused([Violation("better", "a loss that exact numbers compare", loss.words)])
    other = with_parameters(point, parameters)
    here, there = (loss.value(each.forward.y_hat, each.y, EXACT) for each in (point, other))
    if compare(there, here) >= 0:
        raise Refused([Violation("better: the loss", f"one below {format_exact(here)}", format_exact(there))])


def _falls_too(point: Point[Exact], curve: Curve) -> bool:
    try:
        check_change(point, curve, -1, "the line")
    except Refused:
        return False
    return True


def is_critical(point: Point[Exact]) -> bool:
    """Whether all parameters' gradients are 0, under the model's convention at kinks.

    Where that takes no derivative they are not.

    Raises:
        ArithmeticError: exact numbers do not hold them.
    """
    try:
        gradients = point.gradients
        for name in point.parameters:
            spend(len(gradients[name].entries))
            if any(map(sign, gradients[name].entries)):
                return False
    except (OnKink, NoSlopeYet):
        return False
    return True


def _check_level(point: Point[Exact], level: Level) -> None:
    if isinstance(level, Curve):
        if not moves(level):
            raise Refused([Violation("the curve along which the loss stays", "one that moves", "none")])
        check_change(point, level, 0, "the curve along which the loss stays")
        return
    if (reason := unscalable(point, level)) is not None:
        raise Refused([Violation(f"unit {level.unit} of layer {level.layer}", "to be scalable", reason)])


def unscalable(point: Point[Exact], scaled: Rescaled) -> str | None:
    """Return why a unit's weights cannot be multiplied on one side and divided on the other; else None.

    They can where the activation is a line through 0 on both sides of each of its pre-activations.
    """
    network = point.model.network
    if not (1 <= scaled.layer < network.depth and 0 <= scaled.unit < network.layers[scaled.layer - 1].units):
        return "there is no such hidden unit"
    layer = network.layers[scaled.layer - 1]
    phi = layer.activation
    if not isinstance(phi, PiecewiseLinear):
        return "its activation is not piecewise linear"
    for value in point.forward.z[scaled.layer - 1].entries[scaled.unit :: layer.units]:
        spend(3)
        piece, on_kink = phi.locate(value)
        beside = phi.pieces[piece : piece + 2] if on_kink else phi.pieces[piece : piece + 1]
        if any(each.offset for each in beside) or (on_kink and sign(value)):
            return "a sample is on a piece that is no line through 0"
    incoming = point.parameters[f"w{scaled.layer}"].rows()[scaled.unit]
    bias = (point.parameters[f"b{scaled.layer}"][scaled.unit],) if layer.bias else ()
    outgoing = (row[scaled.unit] for row in point.parameters[f"w{scaled.layer + 1}"].rows())
    return None if any(map(sign, (*incoming, *bias, *outgoing))) else "all its weights are 0"
