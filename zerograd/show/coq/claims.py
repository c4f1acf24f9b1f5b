"""What every bridge shares, from the statement of a theorem to the lemmas that refute it, in Coq.

A bridge is a lemma in which everything that the statement defines is a variable, and each |a| one with
its properties. So it is about real numbers and nothing else, and the theorem follows by putting in the
definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from zerograd.core.model.sides import Side
from zerograd.core.question.language import Comparison
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.system import System
from zerograd.show.coq.props import CoqAlgebra, Occurrence, Prop, formula_of, proof_term, prop_text
from zerograd.show.coq.text import (
    Claim,
    NotExportable,
    claim,
    claim_text,
    cleared,
    conjunction_pattern,
    disjunction_pattern,
    identifier,
    polynomial_text,
)
from zerograd.show.coq.tree import Lemma, Tree


@dataclass(frozen=True, slots=True)
class Definition:
    """``name := shown``; in the proof ``name = named``, of an activation the value for ``s``."""

    name: str
    shown: str
    named: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One part of the conjunction that is refuted.

    Attributes:
        label: of the facts of the system that follow from it; None if none do.
        prop: what it says; None of a variable that is an integer.
        remark: what the problem says.
    """

    label: str | None
    prop: Prop | None
    text: str
    named: str
    remark: str


class Claims(Protocol):
    """What a statement asks of real numbers."""

    @property
    def problem(self) -> Problem: ...

    @property
    def algebra(self) -> CoqAlgebra: ...

    @property
    def inputs(self) -> Sequence[tuple[str, Fraction | None]]: ...

    @property
    def hypotheses(self) -> Sequence[Hypothesis]: ...


@dataclass(slots=True)
class Bridge:
    """The last lemma of a part, and how the theorem follows from it.

    Attributes:
        claims: the statement.
        terms: labels of facts to the hypotheses that say them.
        plain: hypotheses of the statement that no fact is made of: names by what they say.
    """

    claims: Claims
    system: System
    tree: Tree
    root: Lemma
    terms: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> set[str]:
        return {label for label, _, _ in self.root.premises}

    def asked(self) -> str:
        """What is refuted, of variables."""
        texts = [hypothesis.named for hypothesis in self.claims.hypotheses]
        return "(" + " /\\\n     ".join(texts or ["True"]) + ")"

    # The proof of the lemma

    def proof(self) -> Iterator[str]:
        """The tactics that prove it, from the premises that `introduced` brings in, and ``intros Q``."""
        occurrences = self.claims.algebra.occurrences
        yield from [f"intros {' '.join(f'X_{o.value.named}' for o in occurrences)}."] * bool(occurrences)
        for occurrence in occurrences:
            yield from self._specified(occurrence)
        yield from self.introduced()
        for number, occurrence in enumerate(occurrences):
            yield from self._identified(number, occurrence)
        hypotheses = self.claims.hypotheses
        yield "intros Q."
        if len(hypotheses) > 1:
            yield f"destruct Q as {conjunction_pattern([f'Q{n}' for n in range(len(hypotheses))])}."
        asked = {f"Q{n}" if len(hypotheses) > 1 else "Q": h for n, h in enumerate(hypotheses)}
        self.plain = {h.text: name for name, h in asked.items() if h.label is None}
        yield from self.specialized()
        for name, hypothesis in asked.items():
            if hypothesis.label is not None and hypothesis.prop is None:
                self.terms[hypothesis.label] = name
            elif hypothesis.label is not None and hypothesis.prop is not None:
                yield from self._derived(hypothesis.label, hypothesis.prop, name)
        for occurrence in occurrences:
            if occurrence.fresh is not None:
                yield from self._of_occurrence(occurrence)
        yield from self.of_system()
        missing = [label for label in self.needed if label not in self.terms]
        if missing:
            raise NotExportable(f"no way is known to state the fact {missing[0]}")
        arguments = [
            *map(self.argument, self.root.variables),
            *(self.terms[p[0]] for p in self.root.premises),
        ]
        yield f"exact ({' '.join(['refuted', *arguments])})."

    def argument(self, variable: str) -> str:
        """What a variable of the system is."""
        return identifier(variable)

    def given(self) -> Iterator[str]:
        """Given values take the place of their variables."""
        for name, value in self.claims.inputs:
            if value is not None:
                yield f"intros E. subst {name}."

    def introduced(self) -> Iterator[str]:
        """All that is defined gives way to what the system speaks of, one by one.

        Equations are introduced one at a time, so that there is no choice which one to substitute by.
        """
        raise NotImplementedError

    def specialized(self) -> Iterator[str]:
        """What follows at once from hypotheses that are `plain`."""
        return iter(())

    def of_system(self) -> Iterator[str]:
        """What the system knows beside what is asked."""
        return iter(())

    def _specified(self, occurrence: Occurrence) -> Iterator[str]:
        m = occurrence.value.named
        if occurrence.kind == "quotient":
            a, b = occurrence.values
            yield f"assert (D_{m} : {b.named} <> 0 -> {m} * {b.named} = {a.named})."
            yield f"{{ intros N. exact (Tools.quotient _ _ _ X_{m} N). }}"
        else:
            tactics = occurrence.tactics(f"X_{m}")
            for (label, prop), steps in zip(occurrence.facts(), tactics, strict=True):
                yield f"assert ({_of(m, label)} : {prop_text(prop, True)})."
                yield f"{{ {' '.join(steps)} }}"
        yield f"clear X_{m}."

    def _identified(self, number: int, occurrence: Occurrence) -> Iterator[str]:
        """A value that is not polynomial is a variable of the system, or what an earlier one was."""
        m, p = occurrence.value.named, occurrence.value.polynomial
        if occurrence.fresh is not None:
            t = identifier(occurrence.fresh)
            sign = "- " if occurrence.kind == "min" else ""
            yield f"assert (T : exists {t} : R, {m} = {sign}{t})."
            yield f"{{ exists ({sign}{m}). ring. }}"
            yield f"destruct T as [{t} T]. subst {m}."
            return
        if occurrence.kind == "quotient":
            raise NotExportable(
                "two quotients with one value are not supported: write that quotient in one way throughout"
            )
        earlier = [
            other
            for other in self.claims.algebra.occurrences[:number]
            if other.fresh is not None and {other.fresh} == p.variables and other.kind != "quotient"
        ]
        q, d = cleared(p)
        yield f"assert (T : {m} = 1 / {d} * ({polynomial_text(q)}))."
        cases = "; ".join(
            f"destruct {_of(other.value.named, 'attained')} as {pattern}"
            for other in [occurrence, *earlier]
            for pattern in [disjunction_pattern(["?"] * len(other.values))]
        )
        yield f"{{ {cases}; lra. }}"
        yield f"subst {m}."

    def _derived(self, label: str, prop: Prop, term: str) -> Iterator[str]:
        """The facts of the system that follow from a hypothesis, as far as they are needed."""
        said = claim(formula_of(prop))
        pattern, found = self.tree.taken_apart(label, said)
        if not self.needed & found.keys():
            return
        for part, (name, what) in found.items():
            if claim(self.system.facts[part]) != what:
                raise NotExportable(f"the fact {part} is not what the statement makes of it")
            self.terms[part] = name
        yield from self.asserted(pattern, said, [f"refine {proof_term(prop, term)}.", "all: Tools.equation."])

    def asserted(self, pattern: str, said: Claim, tactics: list[str]) -> Iterator[str]:
        """A claim, with the tactics that show it, and the pattern that names it."""
        yield f"assert ({'W' if pattern[0] == '[' else pattern} : {claim_text(said)})."
        yield "{"
        yield from (f" {tactic}" for tactic in tactics)
        yield "}"
        if pattern[0] == "[":
            yield f"destruct W as {pattern}."

    def _of_occurrence(self, occurrence: Occurrence) -> Iterator[str]:
        for label, prop in occurrence.facts():
            m, term = occurrence.value.named, _of(occurrence.value.named, label)
            if occurrence.kind == "quotient":
                divisor = self.plain[f"{occurrence.values[1].shown} <> 0"]
                term = divisor if label == "divisor" else f"(D_{m} {divisor})"
            yield from self._derived(f"{occurrence.fresh} {label}", prop, term)


def _of(m: str, label: str) -> str:
    """The hypothesis that says this of m_0."""
    return f"D_{m}_{label.replace(' ', '_')}"


def tests_of(side: Side) -> Iterator[Comparison]:
    """How z compares with the ends of a side, as `zerograd.core.refuting.system.on_side` has it, in order."""
    if side.is_point:
        yield "=="
        return
    if side.low is not None:
        yield ">=" if side.low_closed else ">"
    if side.high is not None:
        yield "<=" if side.high_closed else "<"
