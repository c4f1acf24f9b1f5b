"""An enclosed witness: a box of rationals that provably holds exactly one solution of some equations.

All entries are exact, but for the *unknowns*, of each of which a ball is told. The *equations* are gradient
entries, as many as there are unknowns; by Krawczyk's test exactly one point of the box makes all of them 0
(`zerograd.core.verdict.solution`). That point is the witness. Without unknowns the box is one point, and
nothing has to be solved. All else is read off enclosures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from zerograd.core.errors import FormatError, short
from zerograd.core.model.point import Point
from zerograd.core.model.references import Reference, complete_index, entry, parse_reference, show_shape
from zerograd.core.model.slopes import off_kinks
from zerograd.core.numbers.arrays import Array, Index, Shape
from zerograd.core.numbers.exact import exact_to_json
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.real import Ball, ball_to_json, format_real, narrow, order, real_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes, variable_shapes
from zerograd.core.verdict.dropping import Dropped, dropped_from_json
from zerograd.core.verdict.solution import Entry, Solution, implied, solved, unknowns_of
from zerograd.core.verdict.witness import Witness, array_of, variables_of, witness_from_json

FORMAT = "zerograd.enclosure/1"
MAX_UNKNOWNS = 500
"""Krawczyk's test takes as many steps as the cube of this."""
MAX_DROPPED = 10_000
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class EnclosedWitness(Witness):
    """A network and a dataset that are enclosed, offered as an answer to ``problem``.

    Args:
        problem: the question; a witness answers no other.
        box: parameters, ``x`` and ``y`` by name, in the shapes of a `Witness`; rationals, and a `Ball` for
            each unknown, if there are any.
        equations: gradient entries by full index, as many as there are unknowns.
        dropped: gradient entries that are asked to be 0 and are no equations, because these imply them, each
            with the identity by which they do; those that come earlier may be used.

    Being an `EnclosedWitness` means to be well-formed; whether it answers the question is for
    `zerograd.core.verdict.checking.check_witness` to say. What a `Witness` has, this has over enclosures of
    the one solution in the box where Krawczyk's test proves one, else of the whole box: numbers are `Real`.

    Raises:
        FormatError: an array that is missing, too many or of the wrong shape, an entry that is neither a
            rational nor a ball, or not as many equations as unknowns.
    """

    box: Mapping[str, Array[Entry]]
    equations: tuple[Reference, ...]
    dropped: tuple[Dropped, ...]

    def __init__(
        self,
        problem: Problem,
        box: Mapping[str, Array[Entry]],
        equations: Iterable[Reference],
        dropped: Iterable[Dropped] = (),
    ) -> None:
        x = box.get("x")
        expected = variable_shapes(problem.network, x.shape[0] if x is not None and x.shape else 0)
        if set(box) != set(expected):
            raise FormatError(f"witness: expected {', '.join(expected)}, found {', '.join(box)}")
        for name, value in {
            "problem": problem,
            "box": {name: box[name] for name in expected},
            "equations": tuple(equations),
            "dropped": tuple(dropped),
            "slopes": {},  # the box is on no kink where slopes would have to be chosen
        }.items():
            object.__setattr__(self, name, value)
        for name, array in self.box.items():
            if array.shape != expected[name]:
                raise FormatError(
                    f"{name}: expected shape {show_shape(expected[name])}, found {show_shape(array.shape)}"
                )
            if array.kinds <= {int, Fraction, Ball}:
                continue
            for index, number in array.items():
                if isinstance(number, bool) or not isinstance(number, int | Fraction | Ball):
                    raise FormatError(
                        f"{entry(name, index)}: {short(number)} is neither a rational nor a ball"
                    )
        if len(self.unknowns) > MAX_UNKNOWNS:
            raise FormatError(
                f"witness: expected at most {MAX_UNKNOWNS} unknowns, found {len(self.unknowns)}"
            )
        shapes = gradient_shapes(problem.network, self.samples)
        places = {_place(reference, shapes) for reference in self.equations}
        if not len(places) == len(self.equations) == len(self.unknowns):
            raise FormatError(
                f"equations: expected {len(self.unknowns)} different ones, one for each unknown, "
                f"found {len(self.equations)}"
            )
        for item in self.dropped:
            _place(item.entry, shapes)

    def answering(self, problem: Problem) -> EnclosedWitness:
        """The same box, offered as an answer to another problem."""
        return EnclosedWitness(problem, self.box, self.equations, self.dropped)

    def with_dropped(self, dropped: Iterable[Dropped]) -> EnclosedWitness:
        """The same box with other dropped entries. What is proved of the box is not proved again."""
        other = EnclosedWitness(self.problem, self.box, self.equations, dropped)
        if "proof" in vars(self):
            vars(other)["proof"] = self.proof
        return other

    @property
    def samples(self) -> int:
        """M."""
        return self.box["x"].shape[0]

    @cached_property
    def unknowns(self) -> dict[tuple[str, Index], Ball]:
        """The ball of each unknown, by name and full index."""
        return unknowns_of(self.box)

    @property
    def radius(self) -> int | Fraction:
        """The largest radius of an unknown; 0 without unknowns."""
        return max((ball.radius for ball in self.unknowns.values()), default=0)

    @property
    def words(self) -> str:
        """``enclosed to 10⁻³⁰``; without unknowns, what is enclosed."""
        if not self.unknowns:
            return "exact, with gradients that are enclosed"
        exponent = order(self.radius, up=True)
        return f"enclosed to 10{str(exponent).translate(_SUPERSCRIPTS)}"

    @cached_property
    def proof(self) -> Solution:
        """What Krawczyk's test proves of the box."""
        return solved(off_kinks(self.problem.model), self.box, self.equations)

    @cached_property
    def solution(self) -> Solution:
        """What is proved of the box, with what the equations imply."""
        return implied(self.proof, self.dropped)

    @property
    def field(self) -> NumberField | None:
        """No number field: what is not rational is enclosed."""
        return None

    @property
    def point(self) -> Point[Any]:
        """The model at enclosures of these parameters and data."""
        return self.solution.point

    @property
    def parameters(self) -> Mapping[str, Array[Any]]:
        """Enclosures of ``w{l}`` and ``b{l}``."""
        return self.point.parameters

    @property
    def x(self) -> Array[Any]:
        """Enclosures of the inputs."""
        return self.point.x

    @property
    def y(self) -> Array[Any]:
        """Enclosures of the targets."""
        return self.point.y

    @cached_property
    def gradients(self) -> dict[str, Array[Any]]:
        """∂L/∂ of every parameter and of ``x``. What is proved to be 0 is the int 0."""
        return {name: array.map(narrow) for name, array in self.point.gradients.items()}

    @cached_property
    def loss(self) -> Any:
        """The value of the problem's loss."""
        return narrow(self.point.loss)

    @cached_property
    def quantities(self) -> dict[str, Array[Any]]:
        """Every name that a condition may use (see `zerograd.core.question.vocabulary.quantity_shapes`)."""
        return {name: array.map(narrow) for name, array in self.point.quantities.items()}

    def __str__(self) -> str:
        return "\n".join(f"{name} = {array.map(format_real)}" for name, array in self.variables.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnclosedWitness) and self._told == other._told

    def __hash__(self) -> int:
        return hash((self.problem, self.equations))

    @property
    def _told(self) -> tuple[object, ...]:
        return self.problem, self.box, self.equations, self.dropped

    def to_json(self) -> dict[str, Any]:
        arrays = {name: array.map(_entry_to_json).tolist() for name, array in self.box.items()}
        data: dict[str, Any] = {"format": FORMAT, "problem": self.problem.digest}
        data["parameters"] = {name: arrays[name] for name in self.problem.network.shapes}
        data |= {"x": arrays["x"], "y": arrays["y"], "equations": [*map(str, self.equations)]}
        if self.dropped:
            data["dropped"] = [dropped.to_json() for dropped in self.dropped]
        return data


def _entry_to_json(value: Entry) -> Any:
    return ball_to_json(value) if isinstance(value, Ball) else exact_to_json(value)


def _place(reference: Reference, shapes: Mapping[str, Shape]) -> tuple[str, Index]:
    """Raises FormatError for what is no gradient entry by its full index."""
    if reference.name not in shapes or reference.index is None:
        raise FormatError(f"equations: {short(str(reference))} is no entry of a gradient")
    try:
        index = complete_index(reference.name, reference.index, shapes[reference.name])
    except ValueError as error:
        raise FormatError(f"equations: {error}") from None
    if index != reference.index:
        raise FormatError(f"equations: {reference} has to be {entry(reference.name, index)}")
    return reference.name, index


def enclosed_from_json(problem: Problem, data: object) -> EnclosedWitness:
    """Read the document of an enclosed witness for ``problem``. Its digest is the checker's business.

    Raises:
        FormatError: naming what is missing, of the wrong shape, or no rational or ball.
    """
    document, arrays = variables_of(problem, data, FORMAT, {"equations", "dropped"})
    shapes = variable_shapes(problem.network, len(arrays["x"]))
    box = {name: array_of(arrays[name], shape, name, _entry_from_json) for name, shape in shapes.items()}
    equations: Any = document.get("equations")
    dropped: Any = document.get("dropped", [])
    for name, listed, most in (("equations", equations, MAX_UNKNOWNS), ("dropped", dropped, MAX_DROPPED)):
        if not isinstance(listed, list) or len(listed) > most:
            raise FormatError(f"witness.{name}: expected a list of at most {most}")
    return EnclosedWitness(
        problem, box, tuple(map(_reference, equations)), tuple(map(dropped_from_json, dropped))
    )


def _entry_from_json(data: object) -> Entry:
    value = real_from_json(data)
    if isinstance(value, Irrational):
        raise FormatError(f"{short(data)} is neither a rational number nor a ball")
    return value


def _reference(data: object) -> Reference:
    try:
        if isinstance(data, str):
            return parse_reference(data)
    except ValueError as error:
        raise FormatError(f"equations: {error}") from None
    raise FormatError(f"equations: expected names such as w2[0,0], found {short(data)}")


def any_witness_from_json(problem: Problem, data: object) -> Witness:
    """Read the document of a witness of either kind. Raises FormatError."""
    enclosed = isinstance(data, Mapping) and data.get("format") == FORMAT
    return enclosed_from_json(problem, data) if enclosed else witness_from_json(problem, data)
