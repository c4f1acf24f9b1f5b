"""In which libraries a witness with samples on kinks does not hold.

The gradients are computed anew, exactly, with what each library returns at the kinks that samples are on
(`zerograd.core.model.libraries`); off kinks they are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.kinks import DEFAULT, LOSS, Kink, NoConvention, NoSlopeYet, UnknownDerivative
from zerograd.core.model.libraries import LIBRARIES
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.witness import Witness

if TYPE_CHECKING:
    from zerograd.core.refuting.calculation import Wrong

T = TypeVar("T")

COMPARED = ("torch", *LIBRARIES)
"""The libraries with which witnesses are compared."""
MOST_WORK = 10**5
"""Parameters times samples, beyond which a witness is not compared."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is asked and does not hold in some libraries, which return other derivatives at kinks.

    Attributes:
        libraries: as conventions name them.
        everywhere: whether these are all with which the witness was compared.
        wrong: what does not hold there.
    """

    libraries: tuple[str, ...]
    everywhere: bool
    wrong: tuple[Wrong, ...]

    def to_json(self) -> dict[str, Any]:
        """The names, and what does not hold, as of a calculation."""
        return {"libraries": list(self.libraries), "instead": [wrong.to_json() for wrong in self.wrong]}


@dataclass(frozen=True, slots=True)
class _Kinks:
    """The kinks that samples are on.

    Attributes:
        of_layers: by layer from 1 the numbers of its activation's kinks.
        of_loss: whether the loss is on one.
    """

    of_layers: Mapping[int, tuple[int, ...]]
    of_loss: bool


def unfit(witness: Witness) -> str | None:
    """Return why a witness is not compared with libraries; None if it is."""
    if isinstance(witness, EnclosedWitness):
        return "its zeros rest on the question's own convention"
    if witness.problem.network.parameter_count * witness.samples > MOST_WORK:
        return f"it has more than {MOST_WORK} parameters times samples"
    return None


def elsewhere(witness: Witness) -> tuple[Elsewhere, ...]:
    """Return where a witness does not hold, libraries with the same gradients together.

    Nothing if it is `unfit`. Libraries that have no function of an activation or loss, or of which it was not
    measured, are left out.
    """
    if unfit(witness) is not None:
        return ()
    kinks = _kinks(witness)
    if not kinks.of_layers and not kinks.of_loss:
        return ()
    from zerograd.core.refuting.calculation import wrong_at  # not before it is needed

    asked = _taken(witness, kinks, None)
    known = [(name, taken) for name in COMPARED if (taken := _taken(witness, kinks, name)) is not None]
    differing: list[tuple[tuple[Wrong, ...], list[str]]] = []
    for taken, group in _grouped((taken, name) for name, taken in known):
        if taken != asked:
            differing.append((wrong_at(witness.problem, _point(witness, kinks, group[0])), group))
    joined = _grouped((wrong, name) for wrong, group in differing for name in group if wrong)
    return tuple(
        Elsewhere(tuple(sorted(names, key=COMPARED.index)), len(names) == len(known), wrong)
        for wrong, names in joined
    )


def _grouped(items: Iterable[tuple[T, str]]) -> list[tuple[T, list[str]]]:
    """Names with equal things together, in order; the things need not be hashable."""
    groups: list[tuple[T, list[str]]] = []
    for thing, name in items:
        same = next((names for other, names in groups if other == thing), None)
        if same is None:
            groups.append((thing, [name]))
        else:
            same.append(name)
    return groups


def _kinks(witness: Witness) -> _Kinks:
    of_layers = {}
    layers = zip(witness.problem.network.layers, witness.forward.z, strict=True)
    for number, (layer, z) in enumerate(layers, start=1):
        if not layer.activation.has_kinks:
            continue
        places = map(layer.activation.locate, z.entries)
        if hit := tuple(sorted({kink for kink, on_kink in places if on_kink})):
            of_layers[number] = hit
    loss = witness.problem.model.loss
    of_loss = loss.has_kinks and any(loss.on_kinks(witness.forward.y_hat, witness.y, EXACT))
    return _Kinks(of_layers, of_loss)


def _taken(witness: Witness, kinks: _Kinks, library: str | None) -> tuple[object, ...] | None:
    """What a library returns at these kinks, or the question's convention; None where it is not known."""
    convention = library or witness.problem.derivative_at_kink
    if convention == "any":  # slopes of its own, which are compared with every library
        return None
    loss = witness.problem.model.loss
    composed = LIBRARIES[library].composed if library and library in LIBRARIES else frozenset()
    taken: list[object] = []
    try:
        for number, hit in kinks.of_layers.items():
            activation = witness.problem.network.layers[number - 1].activation
            if activation.name in composed:
                return None
            if library is not None:
                activation = replace(activation, of_layer=None)
            derivatives = activation.derivatives_at_kinks(convention)
            taken.append(tuple(derivatives[kink] for kink in hit))
        if kinks.of_loss:
            if loss.inner.name in composed:
                return None
            rule = convention if library is None else _rule(_Kinks({}, of_loss=True), library)
            taken.append(loss.adjoint(witness.forward.y_hat, witness.y, EXACT, rule).entries)
    except (UnknownDerivative, NoConvention, NoSlopeYet):
        return None
    return tuple(taken)


def _rule(kinks: _Kinks, library: str) -> Kink:
    """The mapping that has a library at these kinks alone: of others its convention may not be known."""
    names = [*(f"z{number}" for number in sorted(kinks.of_layers)), *([LOSS] if kinks.of_loss else [])]
    return ", ".join([f"{DEFAULT}: torch", *(f"{name}: {library}" for name in sorted(names))])


def _point(witness: Witness, kinks: _Kinks, library: str) -> Point[Any]:
    rule = _rule(kinks, library)
    model = Model(witness.problem.network.under(rule), witness.problem.model.loss, rule)
    return Point(model, witness.parameters, witness.x, witness.y, ExactActivate(rule))
