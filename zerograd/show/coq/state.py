"""What is known of sums over datasets of every size, as a proposition in Coq.

``state`` holds of no sample, and of one sample more wherever it holds: so it holds of every dataset, by
induction. By moments it says that there are S_T and V_T for each pattern T of which the gradients are the
certificate's polynomials, and a sample of T where they are not 0. By identities it says that units are
homogeneous.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zerograd.core.errors import of_type
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.clearing import cleared, denominator
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.labels import homogeneity_labels
from zerograd.core.refuting.moments import Pattern
from zerograd.core.refuting.system import System, demands
from zerograd.show.coq.activations import Definition, Unit
from zerograd.show.coq.bridge import Bridge
from zerograd.show.coq.claim import claim_text
from zerograd.show.coq.every_statement import EveryStatement
from zerograd.show.coq.lemma import Lemma
from zerograd.show.coq.text import conjunction_pattern, identifier, polynomial_text, split_term, wrapped
from zerograd.show.coq.tree import Tree


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

    def over(self, samples: str) -> str:
        """The statement's term for the sum over some samples."""
        return f"(sum_over (fun p => {self.share.shown}) {samples})"


@dataclass(frozen=True, slots=True)
class OnKink:
    """The fact that moments of output k fulfil, where a unit of a pattern is on a kink."""

    pattern: Pattern
    unit: Unit
    k: int

    @property
    def label(self) -> str:
        return self.pattern.on_kink(self.unit.layer, self.unit.unit, self.k)


class State(Bridge):
    """What is known of sums, as a proposition in Coq.

    Attributes:
        claims: the statement.
        patterns: those that the proof distinguishes.
        moments: by pattern, if the certificate is one by moments: the variable, the output, and the input or
            None.
        degenerate: facts of samples on a kink.
        homogeneous: labels of facts by identities.
        sums: the gradients that the certificate speaks of.
    """

    __slots__ = ("degenerate", "homogeneous", "moments", "patterns", "statement", "sums")

    def __init__(self, statement: EveryStatement, system: System, tree: Tree, root: Lemma) -> None:
        super().__init__(statement, system, tree, root)
        self.statement = statement
        network = statement.problem.network
        self.patterns = [p for p in statement.patterns if self.is_needed(("split", p.split))]
        self.moments = {p.tag: p.moments(network) for p in statement.patterns}
        degenerate = (
            OnKink(pattern, unit, k)
            for pattern in statement.patterns
            for unit in statement.units
            if pattern.sides[unit.layer, unit.unit].is_point
            for k in range(network.outputs)
        )
        self.degenerate = [fact for fact in degenerate if self.is_needed(fact.label)]
        self.homogeneous = sorted(label for label in homogeneity_labels(network) if self.is_needed(label))
        self.sums = list(self._sums())

    def _sums(self) -> Iterator[Sum]:
        spoken = {v for label in self.homogeneous for v in self.fact_of(label).polynomial.variables}
        asked = self._asked()
        for (name, index), share in self.statement.shares.items():
            label = f"g_{entry(name, index)}"
            if label in spoken or (self.moments and asked & {(name, index), (name, None)}):
                self.statement.mentioned.add(name)
                yield Sum(identifier(label), self.statement.known[f"grad({name})"][index], share)

    def _asked(self) -> set[tuple[str, Index | None]]:
        """The gradients that the proof is to know of: entries, and whole arrays (None)."""
        problem = self.statement.problem
        needed = [d for d in demands(problem, problem.samples.least) if self.is_needed(d.label)]
        some = {(name, None) for d in needed if d.relation.some for name, _ in d.entries}
        return some | {place for d in needed for place in d.entries}

    def fact_of(self, label: str) -> Fact:
        """The equation of the system with this label."""
        return of_type(self.system.facts[label], Fact, "an equation")

    @property
    def variables(self) -> list[str]:
        """The moments of all patterns."""
        return [identifier(name) for moments in self.moments.values() for name, _, _ in moments]

    def sample_of(self, pattern: Pattern) -> list[str]:
        """The sample of a pattern."""
        return [identifier(pattern.input(d)) for d in range(self.statement.problem.network.inputs)]

    def of(self, *sums: str) -> str:
        """``state`` of the free parameters, h and these sums."""
        return " ".join(["state", *self.statement.free, "h", *sums])

    def parts(self) -> dict[str, str]:
        """What ``state`` is made of, by the names that hypotheses get where it is taken apart."""
        parts: dict[str, str] = {}
        if self.moments:
            parts |= {f"E_{s.name}": f"{s.name} = {_scaled(s.polynomial)}" for s in self.sums}
        parts |= {f"D{n}": claim_text(self.fact_of(fact.label)) for n, fact in enumerate(self.degenerate)}
        parts |= {f"U{n}": claim_text(self.fact_of(label)) for n, label in enumerate(self.homogeneous)}
        for pattern in self.patterns:
            absent, present = map(claim_text, self.system.splits[pattern.split])
            some = f"exists {' '.join(self.sample_of(pattern))} : R, {present}"
            parts[f"P_{pattern.tag}"] = f"({absent} \\/ {some})"
        return parts

    def definition(self) -> str:
        """``state``, of the free parameters, the factor h of the gradients, and the sums."""
        names = " ".join([*self.statement.free, "h", *(s.name for s in self.sums)])
        moments = " ".join(self.variables)
        exists = wrapped(f"  exists {moments} : R,") + "\n" if moments else ""
        body = " /\\\n  ".join(self.parts().values()) or "True"
        return f"{wrapped(f'Definition state ({names} : R) : Prop :=')}\n{exists}  {body}.\n"

    def opened(self) -> Iterator[str]:
        """A state is introduced, and taken apart: sums give way to moments."""
        yield "intros State. unfold state in State."
        pattern = conjunction_pattern(list(self.parts()))
        for moment in reversed(self.variables):
            pattern = f"[{moment} {pattern}]"
        if pattern.startswith("["):
            yield wrapped(f"destruct State as {pattern}.")
        elif pattern != "_":
            yield f"rename State into {pattern}."
        if self.moments:
            yield from (f"subst {s.name}." for s in self.sums)

    def of_none(self) -> str:
        """The lemma that it holds of no sample."""
        names = " ".join([*self.statement.free, "h"])
        zeros = ["0" for _ in self.sums]
        lines = [f"Lemma none ({names} : R) : {self.of(*zeros)}.", "Proof.", "unfold state."]
        lines += [f"exists {', '.join('0' for _ in self.variables)}."] * bool(self.variables)
        size = len(self.parts())
        lines += [f"refine {split_term(size)}." if size else "exact I."]
        lines += ["{ Tools.equation. }"] * (size - len(self.patterns))
        for pattern in self.patterns:
            zeros_of_all = split_term(len(self.moments[pattern.tag])).replace("_", "eq_refl")
            lines.append(f"{{ left. exact {zeros_of_all}. }}")
        return "\n".join([*lines, "Qed.", ""])


def _scaled(polynomial: Polynomial) -> str:
    d, text = denominator(polynomial), polynomial_text(cleared(polynomial))
    return f"h * ({text})" if d == 1 else f"h / {d} * ({text})"
