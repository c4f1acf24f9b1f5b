"""A question as a person asks it: checked, brought to its normal form, with a title and notes.

A `Problem` is checked when it is made, and then never changes. It collects every issue before
it raises, so that a person mends a file in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zerograd.core.errors import Issue, ProblemError
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import Loss
from zerograd.core.model.network import Network
from zerograd.core.model.references import Reference
from zerograd.core.model.targets import TARGETS
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition
from zerograd.core.question.question import Question
from zerograd.core.question.validation import Validator
from zerograd.core.question.vocabulary import (
    DOMAINS,
    EXPECTATIONS,
    MINIMA,
    PREFERENCES,
    RELATIONS,
    Expect,
    Prefer,
    Relation,
    Samples,
)

LONGEST = 200
"""Characters of a problem that `repr` shows: it may have thousands of names."""


@dataclass(frozen=True, init=False, repr=False)
class Problem(Question):
    """A question about gradients that vanish.

    Args:
        network: a `Network`; widths such as ``[1, 1, 1]`` (ReLU hidden layers, linear output); or
            ``{"inputs": 1, "layers": [{"units": 1, "activation": "tanh"}, {"units": 1}]}``.
        samples: M, ``"fewest"``, ``"any"``, or ``{"from": 2, "to": 6}``.
        zero: parameters, ``x``, or single entries such as ``"w1[0,1]"``; every entry of ∂L/∂ that name is 0.
        nonzero: names as for ``zero``; every entry is not 0.
        some_nonzero: of each name at least one entry is not 0.
        any_nonzero: of all names together at least one entry is not 0.
        positive: every entry is above 0.
        negative: every entry is below 0.
        where: conditions (see docs/FORMATS.md).
        given: fixed values: nested lists, None where free; or single entries by name.
        bounds: name to (lowest, highest), None where open.
        domain: ``"real"``, or ``"integer"`` for parameters, inputs and targets.
        derivative_at_kink: ``"torch"``, ``"left"``, ``"right"``, ``"mean"`` or ``"forbid"``; a library such
            as ``"jax"`` or ``"torch>=2.14"``; or a mapping such as
            ``{"relu": "right", "z2": 1, "loss": 0, "default": "torch"}``.
        loss: a name in `zerograd.core.model.losses.LOSSES`, such as ``"mse"``; one with a number, such as
            ``{"huber": "1/2"}``; a formula, such as ``{"per_sample": "(y_hat - y)**4"}``; or a `Loss`.
        targets: what ``y`` may be: ``"real"`` numbers, ``"binary"`` (0 or 1) or ``"sign"`` (−1 or 1) labels,
            or a ``"class"`` for each sample.
        minimum: ``"local"``: the parameters have to be a local minimum of the loss, the data being fixed;
            ``"global"``: no parameters whatever, given ones included, have a lower loss on the same data.
        spurious: whether other parameters have to have a lower loss on the same data; what is given or asked
            of parameters is not asked of those. It implies ``minimum="local"``.
        title: for people, as are ``notes`` and ``references``.
        notes: what there is to say about it.
        references: where the question comes from.
        expect: the answer that is expected: ``"sat"``, ``"unsat"`` or ``"unknown"``.
        prefer: a ``"small"`` witness (the default), ``"any"``, or a ``"generic"`` one.

    Examples:
        >>> problem = Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"])
        >>> problem.network.shapes["w1"]
        (1, 1)

    Raises:
        ProblemError: with every issue found.
    """

    title: str | None
    notes: str | None
    references: tuple[str, ...]
    expect: Expect | None
    prefer: Prefer | None

    def __init__(
        self,
        *,
        network: Network | Sequence[int] | Mapping[str, Any],
        samples: int | str | Mapping[str, int] | Samples,
        zero: Iterable[str | Reference] = (),
        nonzero: Iterable[str | Reference] = (),
        some_nonzero: Iterable[str | Reference] = (),
        any_nonzero: Iterable[str | Reference] = (),
        positive: Iterable[str | Reference] = (),
        negative: Iterable[str | Reference] = (),
        where: Iterable[str | Condition] = (),
        given: Mapping[str, Any] | None = None,
        bounds: Mapping[Any, Any] | None = None,
        domain: str = "real",
        derivative_at_kink: str | Mapping[str, Any] = "torch",
        loss: str | Mapping[str, Any] | Loss = "mse",
        targets: str = "real",
        minimum: str | None = None,
        spurious: bool = False,
        title: str | None = None,
        notes: str | None = None,
        references: Iterable[str] = (),
        expect: str | None = None,
        prefer: str | None = None,
    ) -> None:
        if not isinstance(network, Network):
            try:
                network = Network.described(network)
            except (ValueError, TypeError) as error:
                raise ProblemError([Issue(("network",), str(error))]) from None
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
            Relation.ANY_NONZERO: _listed(any_nonzero),
            Relation.POSITIVE: _listed(positive),
            Relation.NEGATIVE: _listed(negative),
        }
        query = check.query(asked, count.least)
        check.targets = check.choice("targets", targets, TARGETS)
        objective = check.loss(loss)
        fixed = check.given(given or {}, count.least)
        limits = check.bounds(bounds or {}, count.least)
        spend(200 + 10 * sum(map(len, query.values())) + 4 * (sum(map(len, fixed.values())) + len(limits)))
        count = check.settle_samples(count)
        if not check.manageable(count.least):
            raise ProblemError(check.issues)
        kind = check.choice("domain", domain, DOMAINS)
        check.contradictions(query, count.least)
        check.values_fit(fixed, limits, kind, count.least)
        check.conditions_fit(parsed, count)
        convention = check.kink("derivative_at_kink", derivative_at_kink)
        if objective is not None:
            check.kink_of_loss("derivative_at_kink", convention, objective)
            check.targets_fit(objective, parsed, fixed, limits, count.least)
        if not check.issues:
            check.divisions(parsed, query, fixed, limits, count)
        cited = _listed(references)
        check.text("title", title)
        check.text("notes", notes)
        for number, reference in enumerate(cited):
            check.text("references", reference, number)
        expectation = None if expect is None else check.choice("expect", expect, EXPECTATIONS)
        preference = None if prefer is None else check.choice("prefer", prefer, PREFERENCES)
        asked_minimum = None if minimum is None else check.choice("minimum", minimum, MINIMA)
        if check.flag("spurious", spurious):
            if str(asked_minimum or "local") != "local":
                found = f"a spurious minimum is a local one, and minimum: {asked_minimum} is asked for"
                check.report(("spurious",), f"{found}: leave out one of the two")
            asked_minimum = "local"
        if check.issues or objective is None:
            raise ProblemError(check.issues)
        for name, value in {
            "network": network.under(convention),
            "samples": count,
            "query": query,
            "where": tuple(condition for _, condition in parsed),
            "given": fixed,
            "bounds": limits,
            "domain": kind,
            "derivative_at_kink": convention,
            "loss": objective.to_json(),
            "targets": check.targets,
            "minimum": asked_minimum,
            "spurious": spurious,
            "title": title,
            "notes": notes,
            "references": tuple(cited),
            "expect": expectation,
            "prefer": preference,
        }.items():
            object.__setattr__(self, name, value)

    if TYPE_CHECKING:  # `zerograd` gives it this method: the core reads no YAML

        @staticmethod
        def from_yaml(text: str | bytes) -> Problem:
            """Read a text as a problem file is read. Raises SpecError."""

    def __hash__(self) -> int:
        return hash(self.digest)

    def with_samples(self, samples: int | str | Samples) -> Problem:
        """The same question for another number of samples. Raises ProblemError if it does not fit."""
        return self._changed(samples=samples)

    def with_kink(self, convention: Kink) -> Problem:
        """The same question under another convention for the derivative at a kink."""
        return self._changed(derivative_at_kink=convention)

    def with_conditions(self, conditions: Iterable[str]) -> Problem:
        """The same question under further conditions. Raises ProblemError if one does not fit."""
        return self._changed(where=[*self.where, *conditions])

    def with_given(self, given: Mapping[str, Any]) -> Problem:
        """The same question with these values in place of those given. Raises ProblemError."""
        return self._changed(given=given)

    def anywhere(self) -> Problem:
        """The same question, whether the parameters are a minimum or not."""
        return self if self.minimum is None else self._changed(minimum=None, spurious=False)

    def with_zeros(self, names: Iterable[str]) -> Problem:
        """The same question, with further gradients that are asked to be 0. Raises ProblemError."""
        return self._changed(zero=[*self.query[Relation.ZERO], *names])

    def in_order(self) -> Problem:
        """The same question with the names in each relation in order, as its document has them."""
        names = {str(relation): sorted(references, key=str) for relation, references in self.query.items()}
        if all(names[str(relation)] == [*references] for relation, references in self.query.items()):
            return self
        return self._changed(**names)

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

    def asking(self, **changes: Any) -> Problem:
        """The same question with other arguments, by name, in place of its own. Raises ProblemError."""
        return self._changed(**changes)

    def _changed(self, **changes: Any) -> Problem:
        names = ("network", "samples", "where", "given", "bounds", "domain", "derivative_at_kink", "spurious")
        labels = ("loss", "targets", "minimum", "title", "notes", "references", "expect", "prefer")
        same = {name: getattr(self, name) for name in (*names, *labels)} | {
            str(r): v for r, v in self.query.items()
        }
        return Problem(**{**same, **changes})

    def __repr__(self) -> str:
        asked = [f", {relation} {', '.join(map(str, of))}" for relation, of in self.query.items() if of]
        shown = f"{self.network}, samples: {self.samples}{''.join(asked)}"
        return f"<Problem {shown if len(shown) <= LONGEST else shown[:LONGEST] + '…'}>"

    @property
    def gradient_names(self) -> list[str]:
        """The arrays whose gradients are told: all parameters, and ``x`` if anything is asked of it."""
        return [*self.network.shapes, *(["x"] if self.asks_of_x else [])]

    def relations_asked(self, samples: int) -> dict[tuple[str, Index], list[Relation]]:
        """The relations under which the question names each gradient entry that it asks for."""
        asked: dict[tuple[str, Index], list[Relation]] = {}
        for relation in RELATIONS:
            for place in self.asked_entries(relation, samples):
                asked.setdefault(place, []).append(relation)
        return asked

    def to_json(self) -> dict[str, Any]:
        """The canonical document: JSON that is also a valid problem file."""
        labels: dict[str, Any] = {
            "title": self.title,
            "notes": self.notes,
            "references": list(self.references) or None,
            "expect": self.expect,
            "prefer": self.prefer,
        }
        return {"version": 1} | {k: v for k, v in labels.items() if v is not None} | self.meaning()


def _listed(value: Iterable[Any]) -> list[Any]:
    """A lone string is a list of one, not of its letters."""
    return [value] if isinstance(value, str) else list(value)
