"""Parameters at which the loss is lower on the same data: what makes a local minimum spurious.

Only the value of the loss counts. It does not depend on the derivative that is taken at a kink, and nothing
that a problem gives or asks of parameters is asked of these: all that training moves may move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.model.point import Point
from zerograd.core.model.references import show_shape
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import Functions, OutOfDomain
from zerograd.core.numbers.real import (
    Real,
    RealFunctions,
    compare,
    format_real,
    is_as_told,
    narrow,
    real_from_json,
    real_to_json,
)
from zerograd.core.points.curves import arrays_to_lists
from zerograd.core.points.elsewhere import valued
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness, array_from_json


@dataclass(frozen=True)
class Lower:
    """Parameters, offered as ones with a lower loss.

    Attributes:
        parameters: ``w{l}`` of shape (units_l, units_{l-1}), ``b{l}`` of shape (units_l,).
    """

    parameters: Mapping[str, Array[Exact]]

    def at(self, point: Point[Exact]) -> Point[Any]:
        """Return the point with these parameters, and the model and data of another.

        It may be on kinks, whatever the problem says of them: of its derivatives nothing is known.
        """
        return valued(point.model, self.parameters, point.x, point.y)

    def to_json(self, point: Point[Exact]) -> dict[str, Any]:
        """Return the parameters, and the loss that they have."""
        return {"parameters": arrays_to_lists(self.parameters), "loss": real_to_json(loss_at(self.at(point)))}


def loss_at(point: Point[Any]) -> Real:
    """Return the loss at a point, on whatever kinks it is: enclosed, where exact numbers do not hold it.

    Raises:
        ArithmeticError: it is not known.
    """
    try:
        return _loss(point, EXACT)
    except OutOfDomain:
        raise
    except ArithmeticError:
        return _loss(point, RealFunctions())


def _loss(point: Point[Any], functions: Functions) -> Real:
    return narrow(valued(point.model, point.parameters, point.x, point.y, functions).loss)


def check_lower(witness: Witness, lower: Lower) -> None:
    """Return quietly if the loss is lower at other parameters. Raises Refused."""
    if isinstance(witness, EnclosedWitness):
        raise Refused([Violation("lower", "none of an enclosed witness", "one")])
    point, shapes = witness.point, {name: array.shape for name, array in lower.parameters.items()}
    if shapes != point.model.network.shapes:
        wanted = ", ".join(
            f"{name} {show_shape(shape)}" for name, shape in point.model.network.shapes.items()
        )
        raise Refused([Violation("lower", f"parameters of the shapes {wanted}", short(shapes))])
    try:
        here, there = loss_at(point), loss_at(lower.at(point))
        order = compare(there, here)
    except ArithmeticError as error:
        raise Refused([Violation("lower: the loss", "one that is known", str(error))]) from None
    if order != -1:
        found = format_real(there) + ("" if order is not None else ", which is not known to be less")
        raise Refused([Violation("lower: the loss", f"less than {format_real(here)}", found)])


def lower_claimed(witness: Witness, data: object) -> Lower | None:
    """Read what a result says of parameters with a lower loss, and check it; None if it says nothing.

    Raises:
        FormatError: it is not of the documented form.
        Refused: the loss is not lower there, or another than it says.
    """
    if data is None:
        return None
    if not isinstance(data, Mapping) or not set(data) <= {"parameters", "loss"}:
        raise FormatError(f"lower: expected an object with parameters and loss, found {short(data)}")
    told, shapes = data.get("parameters"), witness.problem.network.shapes
    if not isinstance(told, Mapping) or set(told) != set(shapes):
        raise FormatError(f"lower.parameters: expected {', '.join(shapes)}, found {short(told)}")
    field = witness.field
    lower = Lower({name: array_from_json(told[name], shape, field, name) for name, shape in shapes.items()})
    check_lower(witness, lower)
    if "loss" in data:
        loss = loss_at(lower.at(witness.point))
        if not is_as_told(loss, real_from_json(data["loss"], field)):
            raise Refused([Violation("lower.loss", format_real(loss), short(data["loss"]))])
    return lower
