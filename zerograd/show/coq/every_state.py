"""What is known of sums over datasets of every size, as a proposition in Coq.

``state`` holds of no sample, and of one sample more wherever it holds: so it holds of every dataset, by
induction. By moments it says that there are S_T and V_T for each pattern T of which the gradients are the
certificate's polynomials, and a sample of T where they are not 0. By identities it says that units are
homogeneous.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from zerograd.core.model.references import entry
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.system import System
from zerograd.show.coq.claims import Bridge, Definition
from zerograd.show.coq.every_statement import EveryStatement, Unit
from zerograd.show.coq.text import (
    case_claim,
    claim,
    claim_text,
    cleared,
    conjunction_pattern,
    identifier,
    polynomial_text,
    split_term,
    wrapped,
)
from zerograd.show.coq.tree import Lemma, Tree


@dataclass(frozen=True, slots=True)
class Sum:
    """A gradient that the certificate speaks of.

    Attributes:
        name: in the proof.
        polynomial: what it is, over h.
        share: the statement's name for it, and what it is a sum of.
    """

    name: str
    polynomial: Polynomial
    share: Definition


class EveryState(Bridge):
    """What is known of sums, as a proposition in Coq.

    Attributes:
        tags: the patterns, ``01`` and the like; none of a certificate by identities.
        moments: the variables S and V of all patterns.
        degenerate: facts of samples on kinks: label, pattern, unit and output.
        homogeneous: labels of facts by identities.
        sums: the gradients that the certificate speaks of.
    """

    __slots__ = ("degenerate", "homogeneous", "moments", "statement", "sums", "tags")
    statement: EveryStatement
    tags: list[str]
    moments: list[str]
    degenerate: list[tuple[str, str, Unit, int]]
    homogeneous: list[str]
    sums: list[Sum]

    def __init__(self, statement: EveryStatement, system: System, tree: Tree, root: Lemma) -> None:
        super().__init__(statement, system, tree, root)
        self.statement = statement
        choices = units_with_sides(statement.problem.network, statement.problem.derivative_at_kink)
        by_moments = statement.kind == "moments"
        self.tags = (
            ["".join(map(str, d)) for d in product(*(range(len(c)) for c in choices.values()))]
            if by_moments
            else []
        )
        self.moments = [name for tag in self.tags for name in system.splits[f"pattern {tag}"][0].values]
        self.degenerate = [
            (label, tag, unit, k)
            for tag in self.tags
            for digit, unit in zip(tag, statement.units, strict=True)
            if unit.sides[int(digit)].is_point
            for k in range(statement.problem.network.outputs)
            for label in [f"z{unit.layer}[{unit.unit}] = {unit.sides[int(digit)].low} over {tag}, {k}"]
            if label in self.needed
        ]
        self.homogeneous = sorted(label for label in self.needed if label.startswith("homogeneity "))
        self.sums = list(self._sums())

    def _sums(self) -> Iterator[Sum]:
        spoken = {v for label in self.homogeneous for v in self.fact_of(label).polynomial.variables}
        for (name, index), share in self.statement.gradients.items():
            label = entry(name, index)
            if f"g_{label}" in spoken or (self.tags and self._is_needed(name, label)):
                self.statement.mentioned.add(name)
                polynomial = self.statement.polynomials[name][index]
                yield Sum(identifier(f"g_{label}"), polynomial, share)

    def _is_needed(self, name: str, label: str) -> bool:
        """Whether the proof is to know what a gradient is."""
        texts = (f"grad({label}) ", f"some grad({label}) ", f"some grad({name}) ", f"some grad({name}[")
        return any(needed.startswith(texts) for needed in self.needed)

    def fact_of(self, label: str) -> Fact:
        """The equation of the system with this label."""
        fact = self.system.facts[label]
        assert isinstance(fact, Fact)  # for the type checker: an equation
        return fact

    @property
    def patterns(self) -> list[str]:
        """The patterns that the proof distinguishes."""
        return [tag for tag in self.tags if f"split pattern {tag}" in self.needed]

    def inputs_of(self, tag: str) -> list[str]:
        """The sample of a pattern."""
        return [f"x{tag}_{d}" for d in range(self.statement.problem.network.inputs)]

    def definition(self) -> str:
        """``state``, of the free parameters, h = 2/(M·K) and the sums."""
        names = [*self.statement.free, "h", *(s.name for s in self.sums)]
        parts = [f"{s.name} = {_scaled(s.polynomial)}" for s in self.sums if self.tags]
        parts += [claim_text(claim(self.fact_of(label))) for label, *_ in self.degenerate]
        parts += [claim_text(claim(self.fact_of(label))) for label in self.homogeneous]
        for tag in self.patterns:
            absent, present = map(case_claim, self.system.splits[f"pattern {tag}"])
            some = f"exists {' '.join(self.inputs_of(tag))} : R, {claim_text(present)}"
            parts.append(f"({claim_text(absent)} \\/ {some})")
        moments = " ".join(map(identifier, self.moments))
        exists = wrapped(f"  exists {moments} : R,") + "\n" if moments else ""
        body = " /\\\n  ".join(parts) or "True"
        return f"{wrapped(f'Definition state ({applied(*names)} : R) : Prop :=')}\n{exists}  {body}.\n"

    @property
    def size(self) -> int:
        """How many propositions the state is made of."""
        sums = len(self.sums) if self.tags else 0
        return sums + len(self.degenerate) + len(self.homogeneous) + len(self.patterns)

    def _names(self) -> str:
        """The pattern that takes the state apart."""
        names = [f"E_{s.name}" for s in self.sums if self.tags]
        names += [f"D{n}" for n in range(len(self.degenerate))]
        names += [f"U{n}" for n in range(len(self.homogeneous))]
        names += [f"P_{tag}" for tag in self.patterns]
        text = conjunction_pattern(names)
        for moment in reversed(self.moments):
            text = f"[{identifier(moment)} {text}]"
        return text

    def opened(self) -> Iterator[str]:
        """A state is introduced, and taken apart: sums give way to moments."""
        yield "intros State. unfold state in State."
        pattern = self._names()
        if pattern.startswith("["):
            yield wrapped(f"destruct State as {pattern}.")
        elif pattern != "_":
            yield f"rename State into {pattern}."
        if self.tags:
            yield from (f"subst {s.name}." for s in self.sums)

    def of_none(self) -> str:
        """The lemma that it holds of no sample."""
        names = [*self.statement.free, "h"]
        said = applied("state", *names, *["0" for _ in self.sums])
        lines = [f"Lemma none ({applied(*names)} : R) : {said}.", "Proof.", "unfold state."]
        lines += [f"exists {', '.join('0' for _ in self.moments)}."] if self.moments else []
        if not self.size:
            return "\n".join([*lines, "exact I.", "Qed.", ""])
        lines.append(f"refine {split_term(self.size)}.")
        equations = self.size - len(self.patterns)
        lines += ["{ Tools.equation. }"] * equations
        for tag in self.patterns:
            count = len(self.system.splits[f"pattern {tag}"][0].values)
            lines.append(f"{{ left. exact {split_term(count).replace('_', 'eq_refl')}. }}")
        return "\n".join([*lines, "Qed.", ""])


def applied(*names: str) -> str:
    """A function and its arguments."""
    return " ".join(names)


def _scaled(polynomial: Polynomial) -> str:
    q, d = cleared(polynomial)
    return f"h * ({polynomial_text(q)})" if d == 1 else f"h / {d} * ({polynomial_text(q)})"
