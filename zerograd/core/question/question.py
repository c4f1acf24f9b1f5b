"""The question in its normal form: what is asked, and nothing else.

Whoever makes a `zerograd.core.question.problem.Problem` of what a person wrote sees to it that the form is
normal: names are resolved, values lie within their bounds, divisions are never by zero.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from zerograd.core.model.kinks import Kink, kink_to_json
from zerograd.core.model.losses import Reach
from zerograd.core.model.losses.loss import SOME
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.core.model.references import Reference, entry, resolve
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array, Index, Shape, indices
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Call, Item, Name, Node, walk
from zerograd.core.question.loss_reading import loss_from_json
from zerograd.core.question.vocabulary import (
    Bound,
    Domain,
    Minimum,
    Rational,
    Relation,
    Samples,
    gradient_shapes,
    tighter,
    variable_shapes,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Gradient entries of which at least one is asked not to be 0.

    Attributes:
        references: what names them.
        entries: without repeats.
    """

    relation: Relation
    references: tuple[Reference, ...]
    entries: tuple[tuple[str, Index], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays that the entries belong to."""
        return tuple(dict.fromkeys(reference.name for reference in self.references))

    def __str__(self) -> str:
        return ", ".join(map(str, self.references))


@dataclass(frozen=True)
class Question:
    """What is asked of a network and a dataset.

    Attributes:
        query: for each relation the names of gradients that it is asked of, single entries by full index.
        where: conditions on everything that is computed.
        given: fixed values by name and full index.
        bounds: (lowest, highest) by name or entry, None where open.
        loss: as documents have it (`Loss.to_json`); ``model`` has the object.
        targets: what y may be.
        minimum: ``"local"`` or ``"global"``, if the parameters have to be such a minimum; else None.
        spurious: whether other parameters have to have a lower loss on the same data. It is then a minimum
            that is asked for.
    """

    network: Network
    samples: Samples
    query: Mapping[Relation, tuple[Reference, ...]]
    where: tuple[Condition, ...]
    given: Mapping[str, Mapping[Index, Rational]]
    bounds: Mapping[Reference, Bound]
    domain: Domain
    derivative_at_kink: Kink
    loss: Any
    targets: Targets
    minimum: Minimum | None
    spurious: bool

    def asked_entries(self, relation: Relation, samples: int) -> list[tuple[str, Index]]:
        """Every gradient entry named under a relation, in order, without repeats."""
        shapes = gradient_shapes(self.network, samples)
        return list(
            dict.fromkeys(
                (reference.name, index)
                for reference in self.query[relation]
                for index in resolve(reference, shapes[reference.name])
            )
        )

    def choices(self, samples: int) -> list[Choice]:
        """The entries of which one is not 0: of each name, and of several together."""
        return [self._choice(relation, group, samples) for relation, group in self.groups()]

    def groups(self) -> Iterator[tuple[Relation, tuple[Reference, ...]]]:
        """What names the entries of each of the `choices`."""
        for relation, references in self.query.items():
            if relation.some:
                # Documents sort names, so labels of facts must not depend on their order.
                together = tuple(sorted(references, key=str))
                groups = [together] if relation.joint else [(reference,) for reference in references]
                yield from ((relation, group) for group in groups if group)

    def _choice(self, relation: Relation, references: tuple[Reference, ...], samples: int) -> Choice:
        shapes = gradient_shapes(self.network, samples)
        places = ((r.name, index) for r in references for index in resolve(r, shapes[r.name]))
        return Choice(relation, references, tuple(dict.fromkeys(places)))

    def entry_bounds(self, samples: int) -> dict[tuple[str, Index], Bound]:
        """The bounds of every bounded entry of parameters, ``x`` and ``y``."""
        shapes = variable_shapes(self.network, samples)
        result: dict[tuple[str, Index], Bound] = {}
        for reference, bound in self.bounds.items():
            for index in resolve(reference, shapes[reference.name]):
                site = (reference.name, index)
                result[site] = tighter(result.get(site, (None, None)), bound)
        return result

    @property
    def asks_of_x(self) -> bool:
        """Whether gradients with respect to the inputs play a part."""
        named = any(reference.name == "x" for references in self.query.values() for reference in references)
        return named or any(_gradient_of_x(node) for c in self.where for node in walk(c.node))

    @cached_property
    def model(self) -> Model:
        """The network with its loss and conventions."""
        loss = loss_from_json(self.loss, self.network.outputs)
        return Model(self.network, loss, self.derivative_at_kink)

    @property
    def reach(self) -> Reach:
        """The adjoints that free targets reach."""
        if self.derivative_at_kink == "any" and self.model.loss.has_kinks:
            return SOME
        return self.model.loss.reach(self.targets, self.derivative_at_kink)

    def under(self, convention: Kink) -> Question:
        """The same question, asked under a convention for kinks."""
        same = {each.name: getattr(self, each.name) for each in fields(Question)}
        network = self.network.under(convention)
        return Question(**{**same, "network": network, "derivative_at_kink": convention})

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` of what the question means; title, notes and the like play no part."""
        return digest_of(self.meaning())

    def meaning(self) -> dict[str, Any]:
        """What the digest is of: the canonical document without title, notes and the like."""
        data: dict[str, Any] = {
            "network": _network_to_json(self.network),
            "samples": self.samples.to_json(),
        }
        for relation, references in self.query.items():
            if references:
                data[str(relation)] = sorted(map(str, references))
        if self.where:
            data["where"] = [str(condition) for condition in self.where]
        if self.given:
            data["given"] = self.given_to_json()
        if self.bounds:
            data["bounds"] = {
                str(reference): [None if end is None else str(end) for end in bound]
                for reference, bound in sorted(self.bounds.items(), key=lambda item: str(item[0]))
            }
        data |= {
            "domain": self.domain,
            "derivative_at_kink": kink_to_json(self.derivative_at_kink),
            "loss": self.loss,
        }
        if self.targets != "real":
            data["targets"] = self.targets
        if self.minimum is not None:
            data["minimum"] = self.minimum
        return data | {"spurious": True} if self.spurious else data

    def given_to_json(self) -> dict[str, Any]:
        """The given values as nested lists by name (of open samples: single entries)."""
        shapes = variable_shapes(self.network, self.samples.least)
        data: dict[str, Any] = {}
        for name, values in sorted(self.given.items()):
            if self.samples.fixed is None and name in ("x", "y"):
                data |= {entry(name, index): str(value) for index, value in sorted(values.items())}
            else:
                data[name] = _nested(values, shapes[name])
        return data


def digest_of(meaning: Mapping[str, Any]) -> str:
    """``sha256:…`` of a canonical document without title, notes and the like."""
    canonical = json.dumps(meaning, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _gradient_of_x(node: Node) -> bool:
    match node:
        case Call(function="grad", arguments=(Name(name="x") | Item(array=Name(name="x")),)):
            return True
    return False


def _nested(values: Mapping[Index, Rational], shape: Shape) -> Any:
    texts = (None if value is None else str(value) for value in map(values.get, indices(shape)))
    return Array(shape, tuple(texts)).tolist()


def _network_to_json(network: Network) -> dict[str, Any]:
    layers = []
    for layer in network.layers:
        activation = layer.activation
        named = (
            activation.name if activation.parameter is None else {activation.name: str(activation.parameter)}
        )
        layers.append({"units": layer.units, "activation": named, "bias": layer.bias})
    return {"inputs": network.inputs, "layers": layers}
