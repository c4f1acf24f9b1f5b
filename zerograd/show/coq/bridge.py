"""From the statement of a theorem to the lemmas on polynomials that refute it, in Coq.

The bridge is a lemma in which everything that the statement defines is a variable, with an equation
for it, each φ'(z) a variable that has one of its values, and each |a| one with its properties. So it
is about real numbers and nothing else, and the theorem follows by putting in the definitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from zerograd.core.facts import Fact
from zerograd.core.language import Comparison
from zerograd.core.sides import Side
from zerograd.core.system import System
from zerograd.show.coq.activations import side_claims
from zerograd.show.coq.props import Occurrence, Prop, formula_of, proof_term, prop_text, transferred
from zerograd.show.coq.statement import Statement, Unit
from zerograd.show.coq.text import (
    AllOf,
    Claim,
    NotExportable,
    OneOf,
    case_claim,
    chosen,
    claim,
    claim_text,
    cleared,
    conjunction_pattern,
    disjunction_pattern,
    identifier,
    number_text,
    polynomial_text,
    split_term,
    wrapped,
)
from zerograd.show.coq.tree import Lemma, Tree


@dataclass(slots=True)
class Bridge:
    """The last lemma of a part, and how the theorem follows from it."""

    statement: Statement
    system: System
    tree: Tree
    root: Lemma
    terms: dict[str, str] = field(default_factory=dict)
    """Labels of facts to the hypotheses that say them."""

    @property
    def needed(self) -> set[str]:
        return {label for label, _, _ in self.root.premises}

    def lemma(self) -> str:
        """``forall …, equations -> ~ (what is asked)``, with its proof."""
        names = [name for name, _ in self._arguments()]
        lines = ["Lemma bridge :", wrapped(f"  forall {' '.join(names)} : R,")]
        lines += [f"  {said} ->" for _, said, _ in self._equations()]
        lines += [f"  ~ {self._asked()}.", "Proof.", wrapped(f"intros {' '.join(names)}.")]
        return "\n".join([*lines, *self._proof(), "Qed.", ""])

    def theorem_proof(self, module: str) -> str:
        """The term that proves the theorem, where all that it defines is at hand."""
        arguments = [text for _, text in self._arguments()] + [text for _, _, text in self._equations()]
        return wrapped(f"exact ({module}.bridge {' '.join(arguments)}).")

    def _asked(self) -> str:
        texts = [hypothesis.named for hypothesis in self.statement.hypotheses]
        return "(" + " /\\\n     ".join(texts or ["True"]) + ")"

    def _arguments(self) -> Iterator[tuple[str, str]]:
        """Variables of the lemma, and what the theorem puts in."""
        for name, _ in self.statement.inputs:
            yield name, name
        for unit in self.statement.units:
            function, z = unit.function, unit.name("z")
            yield unit.name("s"), f"({function}' {z})"
            if unit.shifted:
                yield unit.name("c"), f"({function} {z} - {function}' {z} * {z})"
        for definition in self.statement.definitions:
            yield definition.name, definition.name
        for occurrence in self.statement.algebra.occurrences:
            yield occurrence.value.named, f"({occurrence.shown})"

    def _equations(self) -> Iterator[tuple[str, str, str]]:
        """Hypotheses of the lemma: name, what it says, and the theorem's proof of it."""
        for occurrence in self.statement.algebra.occurrences:
            m = occurrence.value.named
            yield f"X_{m}", f"{m} = {occurrence.inner}", "eq_refl"
        for name, value in self.statement.inputs:
            if value is not None:
                yield f"E_{name}", f"{name} = {number_text(value)}", "eq_refl"
        units = {unit.name("a"): unit for unit in self.statement.units}
        for definition in self.statement.definitions:
            proof = "eq_refl"
            if definition.name in units:
                unit = units[definition.name]
                function, z = unit.function, unit.name("z")
                proof = f"({function}_linear {z})"
                if unit.shifted:
                    proof = f"(Tools.rest ({function} {z}) ({function}' {z} * {z}))"
            yield f"E_{definition.name}", f"{definition.name} = {definition.named}", proof
        forbidden = self.statement.problem.derivative_at_kink == "forbid"
        for unit in self.statement.units:
            z = unit.name("z")
            off = "".join(f"{z} <> {number_text(kink)} -> " for kink in unit.kinks) if forbidden else ""
            said = side_claims(unit.sides, z, unit.name("s"), unit.name("c"))
            yield unit.name("K"), f"({off}{said})", f"({unit.function}_sides {z})"

    # The proof of the lemma

    def _proof(self) -> Iterator[str]:
        occurrences = [o.value.named for o in self.statement.algebra.occurrences]
        yield from [f"intros {' '.join(f'X_{m}' for m in occurrences)}."] * bool(occurrences)
        for occurrence in self.statement.algebra.occurrences:
            yield from self._specified(occurrence)
        yield from self._substituted()
        for number, occurrence in enumerate(self.statement.algebra.occurrences):
            yield from self._identified(number, occurrence)
        hypotheses = self.statement.hypotheses
        yield "intros Q."
        if len(hypotheses) > 1:
            yield f"destruct Q as {conjunction_pattern([f'Q{n}' for n in range(len(hypotheses))])}."
        asked = {f"Q{n}" if len(hypotheses) > 1 else "Q": h for n, h in enumerate(hypotheses)}
        divisors = {h.text: name for name, h in asked.items() if h.label is None}
        if self.statement.problem.derivative_at_kink == "forbid":
            for unit in self.statement.units:
                off = [divisors[f"{unit.name('z')} <> {number_text(kink)}"] for kink in unit.kinks]
                yield f"specialize ({unit.name('K')} {' '.join(off)})."
        for name, hypothesis in asked.items():
            if hypothesis.label is not None and hypothesis.prop is None:
                self.terms[hypothesis.label] = name
            elif hypothesis.label is not None and hypothesis.prop is not None:
                yield from self._derived(hypothesis.label, hypothesis.prop, name)
        for occurrence in self.statement.algebra.occurrences:
            if occurrence.fresh is not None:
                yield from self._of_occurrence(occurrence, divisors)
        for unit in self.statement.units:
            yield from self._of_unit(unit)
        missing = [label for label in self.needed if label not in self.terms]
        if missing:
            raise NotExportable(f"no way is known to state the fact {missing[0]}")
        arguments = [*map(identifier, self.root.variables), *(self.terms[p[0]] for p in self.root.premises)]
        yield f"exact (refuted {' '.join(arguments)})."

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

    def _substituted(self) -> Iterator[str]:
        """All that is defined gives way to parameters, inputs, residuals and slopes, one by one.

        Equations are introduced one at a time, so that there is no choice which one to substitute by.
        """
        for name, value in self.statement.inputs:
            if value is not None:
                yield f"intros E. subst {name}."
        free = self._residuals()
        for definition in self.statement.definitions:
            if definition.name in free:
                yield f"intros E. apply Tools.target in E. subst {free[definition.name]}."
            else:
                yield f"intros E. subst {definition.name}."
        names = [unit.name("K") for unit in self.statement.units]
        yield from [f"intros {' '.join(names)}."] * bool(names)

    def _residuals(self) -> dict[str, str]:
        """Residuals that are variables of the system, of free targets (not of integers), with the targets."""
        problem = self.statement.problem
        if problem.domain != "real":
            return {}
        given = problem.given.get("y", {})
        places = product(range(self.statement.samples), range(problem.network.outputs))
        return {f"r_{m}_{k}": f"y_{m}_{k}" for m, k in places if (m, k) not in given}

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
            for other in self.statement.algebra.occurrences[:number]
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
        yield from self._asserted(
            pattern, said, [f"refine {proof_term(prop, term)}.", "all: Tools.equation."]
        )

    def _asserted(self, pattern: str, said: Claim, tactics: list[str]) -> Iterator[str]:
        yield f"assert ({'W' if pattern[0] == '[' else pattern} : {claim_text(said)})."
        yield "{"
        yield from (f" {tactic}" for tactic in tactics)
        yield "}"
        if pattern[0] == "[":
            yield f"destruct W as {pattern}."

    def _of_occurrence(self, occurrence: Occurrence, divisors: dict[str, str]) -> Iterator[str]:
        for label, prop in occurrence.facts():
            m, term = occurrence.value.named, _of(occurrence.value.named, label)
            if occurrence.kind == "quotient":
                divisor = divisors[f"{occurrence.values[1].shown} <> 0"]
                term = divisor if label == "divisor" else f"(D_{m} {divisor})"
            yield from self._derived(f"{occurrence.fresh} {label}", prop, term)

    def _of_unit(self, unit: Unit) -> Iterator[str]:
        layer, place = unit.layer, f"[{unit.sample},{unit.unit}]"
        known = unit.name("K")
        label = f"split z{layer}{place}"
        cases = self.system.splits[label.removeprefix("split ")]
        if label in self.needed:
            parts = tuple(map(case_claim, cases))
            name, _ = self.tree.taken_apart(label, OneOf(parts))
            self.terms[label] = name
            yield from self._asserted(name, OneOf(parts), list(self._sides(unit, parts)))
        for position, letter in enumerate("sc" if unit.shifted else "s"):
            label = f"values of {letter}{layer}{place}"
            if label not in self.needed:
                continue
            said = claim(self.system.facts[label])
            name, _ = self.tree.taken_apart(label, said)
            self.terms[label] = name
            s = unit.name(letter)
            values = dict.fromkeys(case.values[f"{letter}{layer}{place}"] for case in cases)
            factors = " * ".join(f"({_product(s, v)} - {number_text(v.numerator)})" for v in values)
            pattern = "[V _]" if position == 0 else "[_ [V _]]"
            taken = disjunction_pattern([pattern] * len(cases))
            yield from self._asserted(
                name,
                said,
                [f"transitivity ({factors}).", "{ ring. }", f"destruct {known} as {taken}; rewrite V; ring."],
            )

    def _sides(self, unit: Unit, parts: tuple[AllOf, ...]) -> Iterator[str]:
        """From what holds of z on each side to what holds of the polynomial that z is."""
        names = [[f"V{n}_{i}" for i in range(len(part.parts))] for n, part in enumerate(parts)]
        yield f"destruct {unit.name('K')} as {disjunction_pattern([conjunction_pattern(n) for n in names])}."
        for number, (side, part) in enumerate(zip(unit.sides, parts, strict=True)):
            tests = _tests(side)
            yield f"{{ {chosen(number, len(parts))}; refine {split_term(len(part.parts))}."
            for name, said in zip(names[number], part.parts, strict=True):
                if isinstance(said, Fact):
                    _, d = cleared(said.polynomial)
                    yield f"  {{ refine {transferred(next(tests), d, None, name)}. all: Tools.equation. }}"
                else:
                    yield f"  {{ exact {name}. }}"
            yield "}"


def _tests(side: Side) -> Iterator[Comparison]:
    """How z compares with the ends of a side, as `zerograd.core.system.on_side` has it, in order."""
    if side.is_point:
        yield "=="
        return
    if side.low is not None:
        yield ">=" if side.low_closed else ">"
    if side.high is not None:
        yield "<=" if side.high_closed else "<"


def _of(m: str, label: str) -> str:
    """The hypothesis that says this of m_0."""
    return f"D_{m}_{label.replace(' ', '_')}"


def _product(s: str, value: Fraction) -> str:
    """b·s, of a value a/b."""
    return s if value.denominator == 1 else f"{value.denominator} * {s}"
