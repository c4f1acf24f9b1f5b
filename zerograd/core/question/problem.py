"""The question: a network, a number of samples, and what is asked of the gradients.

A `Problem` is checked when it is made, and then never changes. It collects every issue before
it raises, so that a person mends a file in one go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from zerograd.core.errors import Issue, ProblemError, short
from zerograd.core.model.activations import KINKS, Kink
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Network
from zerograd.core.model.point import Model
from zerograd.core.model.references import Reference, entry, resolve
from zerograd.core.numbers.arrays import Index, Shape
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Call, Item, Name, Node, walk
from zerograd.core.question.validation import Validator, tighter
from zerograd.core.question.vocabulary import (
    DOMAINS,
    EXPECTATIONS,
    PREFERENCES,
    RELATIONS,
    Bound,
    Domain,
    Expect,
    Prefer,
    Rational,
    Relation,
    Samples,
    gradient_shapes,
    variable_shapes,
)


@dataclass(frozen=True, init=False)
class Problem:
    """A question about gradients that vanish.

    Args:
        network: a `Network`, or widths such as ``[1, 1, 1]`` (ReLU hidden layers, linear output).
        samples: M, ``"fewest"``, ``"any"``, or ``{"from": 2, "to": 6}``.
        zero: parameters, ``x``, or single entries such as ``"w1[0,1]"``; every entry of ∂L/∂ that name is 0.
        nonzero: names as for ``zero``; every entry is not 0.
        some_nonzero: of each name at least one entry is not 0.
        positive: every entry is above 0.
        negative: every entry is below 0.
        where: conditions (see docs/FORMATS.md).
        given: fixed values: nested lists, None where free; or single entries by name.
        bounds: name to (lowest, highest), None where open.
        domain: ``"real"``, or ``"integer"`` for parameters, inputs and targets.
        derivative_at_kink: ``"torch"``, ``"left"``, ``"right"`` or ``"forbid"``.
        loss: a name in `zerograd.core.model.losses.LOSSES`, such as ``"mse"``.
        title: for people, as are ``notes`` and ``references``.
        notes: what there is to say about it.
        references: where the question comes from.
        expect: the answer that is expected: ``"sat"``, ``"unsat"`` or ``"unknown"``.
        prefer: ``"small"`` witnesses, or ``"any"``.

    Examples:
        >>> problem = Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"])
        >>> problem.network.shapes["w1"]
        (1, 1)

    Raises:
        ProblemError: with every issue found.
    """

    network: Network
    samples: Samples
    query: Mapping[Relation, tuple[Reference, ...]]
    where: tuple[Condition, ...]
    given: Mapping[str, Mapping[Index, Rational]]
    bounds: Mapping[Reference, Bound]
    domain: Domain
    derivative_at_kink: Kink
    loss: str
    title: str | None
    notes: str | None
    references: tuple[str, ...]
    expect: Expect | None
    prefer: Prefer | None

    def __init__(
        self,
        *,
        network: Network | Sequence[int],
        samples: int | str | Mapping[str, int] | Samples,
        zero: Iterable[str | Reference] = (),
        nonzero: Iterable[str | Reference] = (),
        some_nonzero: Iterable[str | Reference] = (),
        positive: Iterable[str | Reference] = (),
        negative: Iterable[str | Reference] = (),
        where: Iterable[str | Condition] = (),
        given: Mapping[str, Any] | None = None,
        bounds: Mapping[Any, Any] | None = None,
        domain: str = "real",
        derivative_at_kink: str = "torch",
        loss: str = "mse",
        title: str | None = None,
        notes: str | None = None,
        references: Iterable[str] = (),
        expect: str | None = None,
        prefer: str | None = None,
    ) -> None:
        if not isinstance(network, Network):
            try:
                network = Network.mlp(*network)
            except ValueError as error:
                raise ProblemError([Issue(("network",), str(error))]) from None
            except TypeError:
                message = f"expected a Network, or widths such as [1, 1, 1], found {short(network)}"
                raise ProblemError([Issue(("network",), message)]) from None
        check = Validator(network)
        count = check.samples(samples)
        if not check.manageable(count.least):
            raise ProblemError(check.issues)
        check.open_samples = count.fixed is None
        parsed = check.conditions(_listed(where))
        asked: Mapping[Relation, Iterable[object]] = {
            Relation.ZERO: _listed(zero),
            Relation.NONZERO: _listed(nonzero),
            Relation.SOME_NONZERO: _listed(some_nonzero),
            Relation.POSITIVE: _listed(positive),
            Relation.NEGATIVE: _listed(negative),
        }
        query = check.query(asked, count.least)
        fixed = check.given(given or {}, count.least)
        limits = check.bounds(bounds or {}, count.least)
        count = check.settle_samples(count)
        if not check.manageable(count.least):
            raise ProblemError(check.issues)
        kind = check.choice("domain", domain, DOMAINS)
        check.contradictions(query, count.least)
        check.values_fit(fixed, limits, kind, count.least)
        check.conditions_fit(parsed, count)
        convention = check.choice("derivative_at_kink", derivative_at_kink, KINKS)
        check.choice("loss", loss, tuple(LOSSES))
        if not check.issues:
            check.divisions(parsed, query, fixed, limits, count)
        cited = _listed(references)
        check.text("title", title)
        check.text("notes", notes)
        for number, reference in enumerate(cited):
            check.text("references", reference, number)
        expectation = None if expect is None else check.choice("expect", expect, EXPECTATIONS)
        preference = None if prefer is None else check.choice("prefer", prefer, PREFERENCES)
        if check.issues:
            raise ProblemError(check.issues)
        for name, value in {
            "network": network,
            "samples": count,
            "query": query,
            "where": tuple(condition for _, condition in parsed),
            "given": fixed,
            "bounds": limits,
            "domain": kind,
            "derivative_at_kink": convention,
            "loss": loss,
            "title": title,
            "notes": notes,
            "references": tuple(cited),
            "expect": expectation,
            "prefer": preference,
        }.items():
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return hash(self.digest)

    def with_samples(self, samples: int | str | Samples) -> Problem:
        """The same question for another number of samples. Raises ProblemError if it does not fit."""
        return self._changed(samples=samples)

    def with_kink(self, convention: Kink) -> Problem:
        """The same question under another convention for the derivative at a kink."""
        return self._changed(derivative_at_kink=convention)

    def with_query(self, **query: Iterable[str | Reference]) -> Problem:
        """Another question about the same network, data and conditions; title and the like are left out.

        Args:
            query: names by relation, as when a problem is made.

        Raises:
            ProblemError: it does not fit.
        """
        nothing: dict[str, Any] = dict.fromkeys(map(str, RELATIONS), ())
        unlabelled: dict[str, Any] = {
            "title": None,
            "notes": None,
            "references": (),
            "expect": None,
            "prefer": None,
        }
        return self._changed(**{**nothing, **unlabelled, **query})

    def _changed(self, **changes: Any) -> Problem:
        names = ("network", "samples", "where", "given", "bounds", "domain", "derivative_at_kink")
        labels = ("loss", "title", "notes", "references", "expect", "prefer")
        own = {name: getattr(self, name) for name in (*names, *labels)} | {
            str(r): v for r, v in self.query.items()
        }
        return Problem(**{**own, **changes})

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
        return Model(self.network, LOSSES[self.loss], self.derivative_at_kink)

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` of what the question means; title, notes and the like play no part."""
        canonical = json.dumps(self._meaning(), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()

    def _meaning(self) -> dict[str, Any]:
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
        return data | {
            "domain": self.domain,
            "derivative_at_kink": self.derivative_at_kink,
            "loss": self.loss,
        }

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

    def to_json(self) -> dict[str, Any]:
        """The canonical document: JSON that is also a valid problem file."""
        labels: dict[str, Any] = {
            "title": self.title,
            "notes": self.notes,
            "references": list(self.references) or None,
            "expect": self.expect,
            "prefer": self.prefer,
        }
        return {"version": 1} | {k: v for k, v in labels.items() if v is not None} | self._meaning()


def _gradient_of_x(node: Node) -> bool:
    match node:
        case Call(function="grad", arguments=(Name(name="x") | Item(array=Name(name="x")),)):
            return True
    return False


def _listed(value: Iterable[Any]) -> list[Any]:
    """A lone string is a list of one, not of its letters."""
    return [value] if isinstance(value, str) else list(value)


def _nested(values: Mapping[Index, Rational], shape: Shape, prefix: Index = ()) -> Any:
    if len(prefix) == len(shape):
        value = values.get(prefix)
        return None if value is None else str(Fraction(value))
    return [_nested(values, shape, (*prefix, i)) for i in range(shape[len(prefix)])]


def _network_to_json(network: Network) -> dict[str, Any]:
    layers = []
    for layer in network.layers:
        activation = layer.activation
        named = (
            activation.name if activation.parameter is None else {activation.name: str(activation.parameter)}
        )
        layers.append({"units": layer.units, "activation": named, "bias": layer.bias})
    return {"inputs": network.inputs, "layers": layers}
