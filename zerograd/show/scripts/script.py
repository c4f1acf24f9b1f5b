"""What a script does, in the same order for every library; a `Library` says how each of them writes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.kinks import DEFAULT, LOSS, Kink, UnknownDerivative
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.rounding import PutBack, prepare
from zerograd.show.scripts.literals import literal
from zerograd.show.scripts.parts import (
    check_lines,
    data_lines,
    docstring,
    exact_lines,
    numbered,
    put_back_arguments,
    rounding_comment,
    rounding_lines,
)

Hit = tuple[Rational, Rational]
"""A kink that a sample sits on, and the derivative that the question takes there."""


@dataclass(frozen=True, slots=True)
class Custom:
    """An activation that a script defines, because the library has it not, or not with these derivatives."""

    name: str
    activation: Activation
    hit: Sequence[Hit]
    convention: Kink

    def slope_lines(self, library: Library) -> Iterator[str]:
        """Assignments after which ``slope`` is φ′(z)."""
        if not isinstance(self.activation, PiecewiseLinear):
            yield from library.own_slope(self.activation)
        for piece in self.activation.pieces if isinstance(self.activation, PiecewiseLinear) else ():
            slope = literal(piece.slope)
            if piece.low is None:
                yield f"slope = {library.module}.full_like(z, {slope})"
            else:
                yield library.replace_slope.format(where=f"z > {piece.low}", slope=slope)
        for kink, derivative in self.hit:
            yield library.replace_slope.format(where=f"z == {kink}", slope=literal(derivative))


@dataclass(frozen=True, slots=True)
class Plan:
    """A witness with what has to be done for it.

    Attributes:
        put_back: by layer, the pre-activations that rounding may carry across a kink.
        customs: the activations that the script defines.
    """

    witness: Witness
    put_back: Mapping[int, PutBack]
    customs: Mapping[Activation, Custom]

    @property
    def asks_of_x(self) -> bool:
        return self.witness.problem.asks_of_x

    def arguments(self, number: int) -> str:
        """What the function is given that puts pre-activations of a layer back."""
        return put_back_arguments(self.put_back[number], 4)


class Library(ABC):
    """How a library writes what a script does.

    Attributes:
        name, install: what it is called, and how one gets it.
        imports: lines at the top.
        module: where it has its functions of arrays.
        convert, array: the name of a function from nested lists to an array of float64, and its lines.
        track_x: lines that make it differentiate with respect to ``x`` too.
        put_back: the lines of what puts pre-activations back.
        replace_slope: an assignment of ``{slope}`` to the entries of ``slope`` ``{where}`` a condition holds.
        numbered: the end of the name of a second activation of the same kind.
        rounding: lines that assign ``rounding``.
    """

    name: ClassVar[str]
    install: ClassVar[str]
    imports: ClassVar[Sequence[str]]
    module: ClassVar[str]
    convert: ClassVar[str]
    array: ClassVar[Sequence[str]]
    track_x: ClassVar[Sequence[str]] = ()
    put_back: ClassVar[str]
    replace_slope: ClassVar[str]
    numbered: ClassVar[str]
    rounding: ClassVar[Sequence[str]]

    @abstractmethod
    def own_name(self, activation: Activation, hit: Sequence[Hit]) -> str | None:
        """Return what an activation is called where the script has to define it; None where it need not."""

    @abstractmethod
    def own_slope(self, activation: Activation) -> Iterator[str]:
        """Yield assignments after which ``slope`` is the derivative that the library takes at ``z``."""

    @abstractmethod
    def definition(self, custom: Custom) -> Iterator[str]:
        """Yield the lines that define an activation."""

    def functions(self, _: Plan) -> Iterable[Iterable[str]]:
        """Return the functions that the network and its loss are written as, where they are functions."""
        return ()

    @abstractmethod
    def gradients(self, plan: Plan) -> Iterator[str]:
        """Yield lines after which ``found`` has the gradients."""


def script(answer: Sat, library: Library) -> str:
    """A Python script that needs this library alone.

    Raises:
        BeyondFloat64: float64 cannot hold the numbers, or cannot tell what is asked.
    """
    witness = answer.witness
    plan = Plan(witness, prepare(witness), _customs(witness, library))
    definitions: list[Iterable[str]] = [
        *map(library.definition, plan.customs.values()),
        *([[library.put_back]] if plan.put_back else []),
        *library.functions(plan),
    ]
    data = [*data_lines(witness, library.convert), *(library.track_x if plan.asks_of_x else [])]
    data += ["", *exact_lines(answer, library.convert)]
    math = ["import math", ""] if any("math." in line for line in data) else []
    lines = [docstring(answer, library.name, library.install), "", *math, *library.imports]
    lines += ["", "", *library.array, "", "", *data]
    for definition in definitions:
        lines += ["", "", *definition]
    lines += [*([""] if definitions else []), "", *library.gradients(plan)]
    lines += [
        "",
        "",
        *rounding_lines(witness, library.convert),
        "",
        "",
        *rounding_comment(),
        *library.rounding,
        "",
    ]
    lines += check_lines(answer, library.name)
    return "\n".join(lines) + "\n"


def call(template: str, activation: Activation) -> str:
    """An activation of ``z``, as one of its names writes it."""
    parameter = "" if activation.parameter is None else literal(activation.parameter)
    return template.format(z="z", parameter=parameter)


def loss_kink_comment(plan: Plan, library: str, name: str) -> Iterator[str]:
    """A comment where the loss is on a kink at which a library by itself takes another derivative."""
    witness, loss = plan.witness, plan.witness.problem.model.loss
    if isinstance(witness, EnclosedWitness) or not loss.has_kinks:
        return
    convention, y_hat = witness.problem.derivative_at_kink, witness.forward.y_hat
    places = list(loss.on_kinks(y_hat, witness.y, EXACT))
    try:
        asked, theirs = (
            loss.adjoint(y_hat, witness.y, EXACT, rule)
            for rule in (convention, f"{DEFAULT}: torch, {LOSS}: {library}")
        )
    except (UnknownDerivative, NotClosed):
        return
    for place in places:
        if asked[place] != theirs[place]:
            yield f"# Sample {place[0]} is on a kink of the loss. The question takes the derivative"
            yield f"# {asked[place]} there ({convention}), where {name} by itself takes {theirs[place]}."
            return


def _customs(witness: Witness, library: Library) -> dict[Activation, Custom]:
    problem = witness.problem
    layers = [layer.activation for layer in problem.network.layers]
    hits = [
        (activation, _with_derivatives(activation, z.entries, problem.derivative_at_kink))
        for activation, z in zip(layers, witness.forward.z, strict=True)
    ]
    result: dict[Activation, Custom] = {}
    for activation, hit in hits:
        name = library.own_name(activation, hit)
        if name is None or activation in result:
            continue
        name += numbered(activation, result, library.numbered)
        every = {pair for known, pairs in hits if known == activation for pair in pairs}
        result[activation] = Custom(name, activation, sorted(every), problem.derivative_at_kink)
    return result


def _with_derivatives(activation: Activation, z: Iterable[Exact], convention: Kink) -> list[Hit]:
    """The kinks that some of these pre-activations are on."""
    values = {value for value in map(narrow, z) if isinstance(value, int | Fraction)}
    return [pair for pair in activation.at_kinks(convention) if pair[0] in values]
