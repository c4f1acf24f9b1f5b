"""A witness: all weights, biases, inputs and targets as exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from dataclasses import field as default
from fractions import Fraction
from functools import cached_property, partial
from itertools import chain
from math import prod
from typing import Any, TypeVar

from zerograd.core.errors import FormatError, short
from zerograd.core.model.backprop import ExactActivate, Forward
from zerograd.core.model.point import Point
from zerograd.core.model.references import entry, show_shape
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.core.numbers.exact import Exact, exact_from_json, exact_to_json, narrow
from zerograd.core.numbers.field import Algebraic, NumberField, field_from_json, field_to_json
from zerograd.core.numbers.functions import NotClosed
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.real import RealFunctions, enclosed
from zerograd.core.numbers.work import spend
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import MAX_SAMPLES, variable_shapes

T = TypeVar("T")

FORMAT = "zerograd.witness/1"


@dataclass(frozen=True)
class Witness:
    """A network and a dataset, offered as an answer to ``problem``.

    Attributes:
        problem: the question; a witness answers no other.
        parameters: ``w{l}`` of shape (units_l, units_{l-1}), ``b{l}`` of shape (units_l,).
        x: inputs, shape (M, inputs).
        y: targets, shape (M, outputs).
        slopes: under ``derivative_at_kink: any``, the slope that is chosen at each kink that a sample is
            on, by the number that is on it: ``z1[0,1]``, or ``y_hat[0,0]`` of a kink of the loss.

    Being a `Witness` means to be well-formed; whether it answers the question is for
    `zerograd.core.verdict.existence` to say.

    Raises:
        FormatError: an array that is missing, too many or of the wrong shape, or an entry that is
            no exact number (a float is none), or from a second number field.
    """

    problem: Problem
    parameters: Mapping[str, Array[Exact]]
    x: Array[Exact]
    y: Array[Exact]
    slopes: Mapping[str, Exact] = default(default_factory=dict)

    def __post_init__(self) -> None:
        variables = self.variables
        expected = variable_shapes(self.problem.network, self.x.shape[0] if self.x.shape else 0)
        if set(variables) != set(expected) or len(self.parameters) != len(expected) - 2:
            raise FormatError(f"witness: expected {', '.join(expected)}, found {', '.join(variables)}")
        if self.slopes and self.problem.derivative_at_kink != "any":
            raise FormatError("slopes: they are chosen under derivative_at_kink: any, and under nothing else")
        fields: set[NumberField | None] = set()  # None stands for closed forms
        named = {f"slopes of {short(place)}": Array((), (v,)) for place, v in self.slopes.items()}
        for name, array in {**variables, **named}.items():
            if array.shape != expected.get(name, ()):
                raise FormatError(
                    f"{name}: expected shape {show_shape(expected[name])}, found {show_shape(array.shape)}"
                )
            if array.kinds <= {int, Fraction}:
                continue
            for index, value in array.items():
                if isinstance(value, bool) or not isinstance(value, int | Fraction | Irrational):
                    raise FormatError(f"{entry(name, index)}: {short(value)} is not an exact number")
                if isinstance(value, Irrational):
                    fields.add(value.field if isinstance(value, Algebraic) else None)
        if len(fields) > 1 and None in fields:
            raise FormatError("witness: its numbers are closed forms as well as of a number field")
        if len(fields) > 1:
            raise FormatError("witness: its numbers are of different number fields")

    @classmethod
    def of(
        cls, problem: Problem, values: Mapping[str, Array[Exact]], slopes: Mapping[str, Exact] | None = None
    ) -> Witness:
        """From one mapping of all variables (parameters, ``x`` and ``y``)."""
        plain = {name: narrowed(array) for name, array in values.items()}
        parameters = {name: plain[name] for name in problem.network.shapes}
        chosen = {place: narrow(slope) for place, slope in (slopes or {}).items()}
        return cls(problem, parameters, plain["x"], plain["y"], chosen)

    def answering(self, problem: Problem) -> Witness:
        """The same numbers, offered as an answer to another problem."""
        return Witness(problem, self.parameters, self.x, self.y, self.slopes)

    @property
    def samples(self) -> int:
        """M."""
        return self.x.shape[0]

    @property
    def variables(self) -> dict[str, Array[Exact]]:
        """Parameters, ``x`` and ``y`` by name."""
        return {**self.parameters, "x": self.x, "y": self.y}

    @property
    def field(self) -> NumberField | None:
        """The number field of the irrational values, None where all are rational."""
        arrays = (a.entries for a in self.variables.values() if not a.kinds <= {int, Fraction})
        values = chain(*arrays, self.slopes.values())
        return next((value.field for value in values if isinstance(value, Algebraic)), None)

    @property
    def is_rational(self) -> bool:
        """Whether all values are rational."""
        return all(a.kinds <= {int, Fraction} for a in self.variables.values())

    def __repr__(self) -> str:
        plural = "" if self.samples == 1 else "s"
        return f"<{type(self).__name__} with {self.samples} sample{plural} for {self.problem.network}>"

    def __str__(self) -> str:
        return "\n".join(f"{name} = {array}" for name, array in self.variables.items())

    @cached_property
    def point(self) -> Point[Exact]:
        """The model at these parameters and data."""
        activate = ExactActivate(self.problem.derivative_at_kink, self.slopes)
        return Point(self.problem.model, self.parameters, self.x, self.y, activate, chosen=self.slopes)

    @property
    def forward(self) -> Forward[Exact]:
        """z, a and φ′(z) of every sample. Raises `OnKink` under ``forbid``."""
        return self.point.forward

    @cached_property
    def gradients(self) -> dict[str, Array[Exact]]:
        """∂L/∂ of every parameter and of ``x``, exactly, by reverse mode."""
        return {name: narrowed(array) for name, array in self.point.gradients.items()}

    @cached_property
    def loss(self) -> Any:
        """The value of the problem's loss; an enclosure where that is no exact number.

        Raises:
            ArithmeticError: it has no value, or a unit has none.
        """
        try:
            return narrow(self.point.loss)
        except NotClosed:
            y_hat, y = self.forward.y_hat.map(enclosed), self.y.map(enclosed)
            return self.problem.model.loss.value(y_hat, y, RealFunctions())

    @cached_property
    def quantities(self) -> dict[str, Array[Exact]]:
        """Every name that a condition may use (see `zerograd.core.question.vocabulary.quantity_shapes`)."""
        return {name: narrowed(array) for name, array in self.point.quantities.items()}

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"format": FORMAT, "problem": self.problem.digest}
        if self.field is not None:
            data["field"] = field_to_json(self.field)
        data["parameters"] = {name: array_to_json(a) for name, a in self.parameters.items()}
        data |= {"x": array_to_json(self.x), "y": array_to_json(self.y)}
        if self.slopes:
            data["slopes"] = {place: exact_to_json(slope) for place, slope in self.slopes.items()}
        return data


def array_to_json(array: Array[Exact]) -> Any:
    """Nested lists of exact numbers."""
    return array.each(exact_to_json).tolist()


def narrowed(array: Array[Exact]) -> Array[Exact]:
    """The same numbers in their cheapest representations."""
    return array if array.kinds == {int} else array.each(narrow)


def witness_from_json(problem: Problem, data: object) -> Witness:
    """Read a witness document for ``problem``. Its digest is the checker's business.

    Raises:
        FormatError: naming the entry that is missing, of the wrong shape, or no exact number.
    """
    document, arrays = variables_of(problem, data, FORMAT, {"field", "slopes"})
    field = field_from_json(document["field"]) if "field" in document else None
    shapes = variable_shapes(problem.network, len(arrays["x"]))
    slopes = document.get("slopes", {})
    if not isinstance(slopes, Mapping):
        raise FormatError("witness.slopes: expected an object")
    return Witness.of(
        problem,
        {name: array_from_json(arrays[name], shape, field, name) for name, shape in shapes.items()},
        {
            place: array_from_json(slope, (), field, f"slopes of {short(place)}")[()]
            for place, slope in slopes.items()
        },
    )


def variables_of(
    problem: Problem, data: object, form: str, further: AbstractSet[str]
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the document of a witness, and what it says of parameters, ``x`` and ``y`` by name.

    Args:
        form: its format.
        further: the keys that it may have beside those of every witness.

    Raises:
        FormatError: naming what is missing or too many.
    """
    if not isinstance(data, Mapping):
        raise FormatError("witness: expected an object")
    if data.get("format") != form:
        raise FormatError(f"witness.format: expected {form!r}, found {short(data.get('format'))}")
    unknown = set(data) - {"format", "problem", "parameters", "x", "y"} - further
    if unknown:
        raise FormatError(f"witness: unknown key {short(min(map(str, unknown)))}")
    if not isinstance(data.get("parameters"), Mapping):
        raise FormatError("witness.parameters: expected an object")
    for name in data["parameters"]:
        if name not in problem.network.shapes:
            raise FormatError(f"witness.parameters: {short(name)} is not a parameter of this network")
    for name in problem.network.shapes:
        if name not in data["parameters"]:
            raise FormatError(f"witness.parameters: {name} is missing")
    x = data.get("x")
    if not isinstance(x, list) or not 1 <= len(x) <= MAX_SAMPLES:
        raise FormatError(f"witness.x: expected a list of 1 to {MAX_SAMPLES} samples")
    if "y" not in data:
        raise FormatError("witness.y: is missing")
    return data, {**data["parameters"], "x": x, "y": data["y"]}


def array_from_json(data: object, shape: Shape, field: NumberField | None, name: str) -> Array[Exact]:
    """Nested lists of exact numbers, of exactly this shape. Raises FormatError naming the entry."""
    return array_of(data, shape, name, partial(exact_from_json, field=field))


def array_of(data: object, shape: Shape, name: str, number: Callable[[object], T]) -> Array[T]:
    """Nested lists of what ``number`` reads, of exactly this shape. Raises FormatError naming the entry."""
    entries: list[T] = []
    spend(4 * prod(shape))

    def read(part: object, axes: Shape, place: str) -> None:
        if not axes:
            try:
                entries.append(number(part))
            except FormatError as error:
                raise FormatError(f"{place}: {error}") from None
            return
        if not isinstance(part, list) or len(part) != axes[0]:
            found = f"{len(part)} items" if isinstance(part, list) else short(part)
            raise FormatError(
                f"{place}: expected a list of {axes[0]} ({name} has shape {show_shape(shape)}), found {found}"
            )
        for position, item in enumerate(part):
            read(item, axes[1:], f"{place}[{position}]")

    read(data, shape, name)
    return Array(shape, tuple(entries))
