"""From the statement of a theorem to the lemmas that refute it, in Coq.

A bridge is a lemma in which everything that the statement defines is a variable, and each |a| one with
its properties. So it is about real numbers and nothing else, and the theorem follows by putting in the
definitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from zerograd.core.numbers.clearing import cleared, denominator
from zerograd.core.refuting.claims import Claim, Whole
from zerograd.core.refuting.facts import definition_label
from zerograd.core.refuting.system import System
from zerograd.show.coq.activations import Definition
from zerograd.show.coq.algebra import Occurrence
from zerograd.show.coq.claim import claim_text
from zerograd.show.coq.lemma import Key, Lemma, application
from zerograd.show.coq.props import Compared, Prop, constant, formula_of, proof_term, prop_text
from zerograd.show.coq.statement import Claims
from zerograd.show.coq.text import (
    NotExportable,
    conjunction_pattern,
    disjunction_pattern,
    identifier,
    polynomial_text,
    wrapped,
)
from zerograd.show.coq.tree import Tree


@dataclass(frozen=True, slots=True)
class Premise:
    """A premise of a lemma: what it says, the theorem's proof of it, and whether it is broken into lines."""

    text: str
    proof: str = "eq_refl"
    is_long: bool = False

    @property
    def line(self) -> str:
        line = f"  {self.text} ->"
        return wrapped(line) if self.is_long else line


@dataclass(frozen=True, slots=True)
class Stated:
    """A lemma that theorems use: what it says, and how it is applied.

    Attributes:
        arguments: its variables, with the theorem's terms for them.
        goal: its last line.
    """

    name: str
    arguments: Sequence[tuple[str, str]]
    premises: Sequence[Premise]
    goal: str

    def text(self, proof: Iterable[str]) -> str:
        """The lemma with its proof, which begins where its variables are introduced."""
        names = " ".join(name for name, _ in self.arguments)
        lines = [f"Lemma {self.name} :", wrapped(f"  forall {names} : R,")]
        lines += [premise.line for premise in self.premises]
        lines += [self.goal, "Proof.", wrapped(f"intros {names}."), *proof]
        return "\n".join([*lines, "Qed.", ""])

    def applied(self, module: str, *more: str) -> str:
        """The term for the goal, applied to ``more``."""
        terms = [term for _, term in self.arguments]
        terms += [premise.proof for premise in self.premises]
        return f"({' '.join([f'{module}.{self.name}', *terms, *more])})"


@dataclass(slots=True)
class Bridge:
    """The last lemma of a part, and how the theorem follows from it.

    Attributes:
        claims: the statement.
        root: the lemma that refutes the facts of the system.
        terms: labels of facts to terms that prove them.
        plain: hypotheses of the statement that no fact is made of: names by what they say.
    """

    claims: Claims
    system: System
    tree: Tree
    root: Lemma
    terms: dict[Key, str] = field(default_factory=dict)
    plain: dict[Prop | Whole, str] = field(default_factory=dict)

    def is_needed(self, key: Key) -> bool:
        return key in self.root.premises

    def refuted(self) -> str:
        """The goal that what is asked does not hold, of variables."""
        texts = [hypothesis.text(named=True) for hypothesis in self.claims.hypotheses]
        return "  ~ (" + " /\\\n     ".join(texts or ["True"]) + ")."

    def given(self) -> list[Premise]:
        """The values of inputs that are given."""
        return self.equations(self.claims.given)

    def named_occurrences(self) -> list[tuple[str, str]]:
        """Variables for what is not polynomial, with what they stand for."""
        return [(o.value.named, f"({o.shown})") for o in self.claims.algebra.occurrences]

    def occurrences(self) -> list[Premise]:
        """What these variables are."""
        return [Premise(f"{o.value.named} = {o.inner}") for o in self.claims.algebra.occurrences]

    def equations(self, definitions: Sequence[Definition]) -> list[Premise]:
        """Definitions, with units' values by s and c."""
        proofs = {unit.name("a"): unit.value_proof() for unit in self.claims.units}
        return [Premise(f"{d.name} = {d.named}", proofs.get(d.name, "eq_refl")) for d in definitions]

    # The proof of the lemma

    def proof(self) -> Iterator[str]:
        """The tactics that prove it, from the premises that `introduced` brings in, and ``intros Q``."""
        occurrences = self.claims.algebra.occurrences
        yield from [f"intros {' '.join(f'X_{o.value.named}' for o in occurrences)}."] * bool(occurrences)
        for occurrence in occurrences:
            yield from self._specified(occurrence)
        yield from (f"intros E. subst {definition.name}." for definition in self.claims.given)
        yield from self.introduced()
        for number, occurrence in enumerate(occurrences):
            yield from self._identified(number, occurrence)
        hypotheses = self.claims.hypotheses
        names = [f"Q{n}" for n in range(len(hypotheses))] if len(hypotheses) > 1 else ["Q"]
        yield "intros Q."
        if len(names) > 1:
            yield f"destruct Q as {conjunction_pattern(names)}."
        asked = dict(zip(names, hypotheses, strict=False))
        self.plain = {hypothesis.says: name for name, hypothesis in asked.items() if hypothesis.key is None}
        yield from self.specialized()
        for name, hypothesis in asked.items():
            if hypothesis.key is None:
                continue
            if isinstance(hypothesis.says, Whole):
                self.terms[hypothesis.key] = name
            else:
                yield from self._derived(hypothesis.key, hypothesis.says, name)
        for occurrence in occurrences:
            yield from self._occurring(occurrence)
        yield from self.of_system()
        missing = [key for key in self.root.premises if key not in self.terms]
        if missing:
            raise NotExportable(f"no way is known to state the fact {missing[0]}")
        arguments = [self.argument(variable) for variable in self.root.variables]
        yield application("refuted", [], [*arguments, *(self.terms[key] for key in self.root.premises)])

    def argument(self, variable: str) -> str:
        """What a variable of the system is."""
        return identifier(variable)

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
            for (what, prop), steps in zip(occurrence.facts(), tactics, strict=True):
                yield f"assert ({_property(m, what)} : {prop_text(prop, True)})."
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
        yield f"assert (T : {m} = 1 / {denominator(p)} * ({polynomial_text(cleared(p))}))."
        cases = "; ".join(
            f"destruct {_property(other.value.named, 'attained')} as {pattern}"
            for other in [occurrence, *earlier]
            for pattern in [disjunction_pattern(["?"] * len(other.values))]
        )
        yield f"{{ {cases}; lra. }}"
        yield f"subst {m}."

    def _derived(self, key: Key, prop: Prop, term: str) -> Iterator[str]:
        """The facts of the system that follow from a hypothesis, as far as they are needed."""
        claim = formula_of(prop)
        pattern, named = self.tree.taken_apart(key, claim)
        if not self.root.premises.keys() & named.keys():
            return
        for part, (name, what) in named.items():
            if self.tree.known[part][1] != what:
                raise NotExportable(f"the fact {part} is not what the statement makes of it")
            self.terms[part] = name
        yield from self.asserted(
            pattern, claim, [f"refine {proof_term(prop, term)}.", "all: Tools.equation."]
        )

    def asserted(self, pattern: str, claim: Claim, tactics: list[str]) -> Iterator[str]:
        """A claim, with the tactics that show it, and the pattern that names it."""
        yield f"assert ({'W' if pattern[0] == '[' else pattern} : {claim_text(claim)})."
        yield "{"
        yield from (f" {tactic}" for tactic in tactics)
        yield "}"
        if pattern[0] == "[":
            yield f"destruct W as {pattern}."

    def _occurring(self, occurrence: Occurrence) -> Iterator[str]:
        """The facts of the system on a variable that was made for this."""
        if occurrence.fresh is None:
            return
        m = occurrence.value.named
        for what, prop in occurrence.facts():
            term = _property(m, what)
            if occurrence.kind == "quotient":
                divisor = self.plain[Compared(occurrence.values[1], "!=", constant(0))]
                term = divisor if what == "divisor" else f"(D_{m} {divisor})"
            yield from self._derived(definition_label(occurrence.fresh, what), prop, term)


def _property(m: str, what: str) -> str:
    """The hypothesis that says this of m_0."""
    return f"D_{m}_{what.replace(' ', '_')}"
