"""From datasets of every size to the lemmas on polynomials that refute them, in Coq.

What is known of sums (`zerograd.show.coq.state`) is so of one sample more, and the bridge refutes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from zerograd.core.errors import of_type
from zerograd.core.numbers.clearing import cleared, denominator
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.moments import Pattern
from zerograd.core.refuting.system import intercept
from zerograd.show.coq.activations import Definition, Unit
from zerograd.show.coq.bridge import Premise, Stated
from zerograd.show.coq.claim import claim_text
from zerograd.show.coq.every_statement import ANY
from zerograd.show.coq.loss import FACTOR, above_zero
from zerograd.show.coq.props import proof_term, prop_text, transferred
from zerograd.show.coq.state import State
from zerograd.show.coq.text import (
    NotExportable,
    conjunction_pattern,
    conjunction_term,
    disjunction_pattern,
    identifier,
    number_text,
    polynomial_text,
    split_term,
    wrapped,
)


class EveryBridge(State):
    """The lemmas on sums, and the bridge."""

    __slots__ = ()

    def lemmas(self) -> str:
        """``state``, that it holds of no sample and of one more, and the bridge."""
        bridge = self.bridge().text(self.proof())
        return "\n".join([self.definition(), self.of_none(), self.one().text(self._one_more()), bridge])

    # One sample more

    def _of_sample(self) -> list[Definition]:
        """What follows from a sample, but for r, which is free, as targets are."""
        free = self._free()
        return [definition for definition in self.statement.definitions if definition.name not in free]

    def _free(self) -> list[str]:
        return [ANY.name("r", k) for k in range(self.statement.problem.network.outputs)]

    def one(self) -> Stated:
        """The lemma that the state holds of one sample p more."""
        inputs = [ANY.name("x", d) for d in range(self.statement.problem.network.inputs)]
        arguments = [(name, name) for name in self.statement.inputs]
        arguments += [("h", FACTOR), *((s.name, s.over("rest")) for s in self.sums)]
        arguments += [(name, ANY.argument(name)) for name in [*inputs, *self._free()]]
        arguments += [variable for unit in self.statement.units for variable in unit.variables()]
        arguments += [(d.name, ANY.argument(d.name)) for d in self._of_sample()]
        before = "(IH (fun q I => Each q (or_intror I)))" if self.statement.each else "IH"
        premises = [*self.given(), Premise(self.of(*(s.name for s in self.sums)), before)]
        premises += self.equations(self._of_sample())
        if self.moments:
            premises += [Premise(*unit.on_sides()) for unit in self.statement.units]
            for n, each in enumerate(self.statement.each):
                premises.append(Premise(prop_text(each.prop, True), f"B{n}"))
        more = self.of(*(f"({s.share.named} + {s.name})" for s in self.sums))
        return Stated("one", arguments, premises, wrapped(f"  {more}."))

    def _one_more(self) -> Iterator[str]:
        yield from (f"intros E. subst {definition.name}." for definition in self.statement.given)
        yield from self.opened()
        # By moments, values of units are put in where their sides are known.
        later = {unit.name("a") for unit in self.statement.units if self.moments}
        for definition in self._of_sample():
            name = definition.name
            yield f"intros E_{name}." if name in later else f"intros E. subst {name}."
        if self.moments:
            yield from (f"intros E_{unit.name('K')}." for unit in self.statement.units)
            yield from (f"intros E_B{n}." for n in range(len(self.statement.each)))
            yield from self._specialized_sides()
            yield from self._cases(self.statement.units, self.statement.patterns)
        else:
            yield from self._still_homogeneous()

    def _still_homogeneous(self) -> Iterator[str]:
        """The new sample's share of both sides of each identity is the same."""
        yield "unfold state."
        if not self.homogeneous:
            yield "exact I."
            return
        yield f"refine {split_term(len(self.homogeneous))}."
        for n, label in enumerate(self.homogeneous):
            old = polynomial_text(cleared(self.fact_of(label).polynomial))
            yield f"{{ transitivity ({old}); [ring|exact U{n}]. }}"

    def _specialized_sides(self) -> Iterator[str]:
        names = {each.prop: f"E_B{n}" for n, each in enumerate(self.statement.each)}
        for unit in self.statement.units:
            off = [names[prop] for prop in unit.excluded()]
            if off:
                yield f"specialize (E_{unit.name('K')} {' '.join(off)})."

    def _cases(self, units: Sequence[Unit], patterns: Sequence[Pattern]) -> Iterator[str]:
        """The sides of one unit after another, then the new sample among the moments of its pattern."""
        if not units:
            (pattern,) = patterns
            yield from self._among(pattern)
            return
        unit = units[0]
        names = []
        for side in unit.sides:
            tests = [_test(unit, n) for n, _ in enumerate(side.comparisons)]
            names.append(conjunction_pattern(["V", *["Y"] * unit.shifted, *tests]))
        yield f"destruct E_{unit.name('K')} as {disjunction_pattern(names)}."
        for side in unit.sides:
            yield "{"
            yield f" {_substituted(unit.name('s'), Fraction(side.derivative), 'V')}"
            if unit.shifted:
                yield f" {_substituted(unit.name('c'), intercept(side), 'Y')}"
            a = unit.name("a")
            if side.is_point:
                slope, offset = number_text(side.slope), number_text(side.offset)
                known = f"E_{a} {_test(unit, 0)}"
                yield f" assert (A := Sums.on_kink _ _ _ _ {slope} {offset} {known} ltac:(lra))."
                yield f" clear E_{a}."
            yield f" subst {a}."
            left = [pattern for pattern in patterns if pattern.sides[unit.layer, unit.unit] == side]
            yield from (f" {line}" for line in self._cases(units[1:], left))
            yield "}"

    def _among(self, pattern: Pattern) -> Iterator[str]:
        """What is known of sums, once the new sample is one of this pattern."""
        yield "unfold state."
        new = []
        for tag, moments in self.moments.items():
            for name, k, d in moments:
                more = f" + {ANY.name('r', k)}" + ("" if d is None else f" * {ANY.name('x', d)}")
                new.append(f"({identifier(name)}{more})" if tag == pattern.tag else identifier(name))
        yield wrapped(f"exists {', '.join(new)}.")
        size = len(self.parts())
        yield f"refine {split_term(size)}." if size else "exact I."
        yield from ("{ Tools.equation. }" for _ in self.sums)
        for n, fact in enumerate(self.degenerate):
            if fact.pattern != pattern:
                yield f"{{ exact D{n}. }}"
                continue
            d = denominator(self.fact_of(fact.label).polynomial)
            known = f"D{n} {_test(fact.unit, 0)}"
            r = ANY.name("r", fact.k)
            yield f"{{ refine (Sums.degenerate {d} {r} _ _ _ _ {known} _). Tools.equation. }}"
        for other in self.patterns:
            if other != pattern:
                yield f"{{ exact P_{other.tag}. }}"
                continue
            points = (ANY.name("x", d) for d in range(self.statement.problem.network.inputs))
            yield "{"
            yield f" right. exists {', '.join(points)}."
            yield from (f" {line}" for line in self._present(pattern))
            yield "}"

    def _present(self, pattern: Pattern) -> Iterator[str]:
        """What holds of a sample of a pattern."""
        _, present = self.system.splits[pattern.split]
        if not present.facts:
            yield "exact I."
            return
        terms: dict[str, str] = {}
        facts = iter(present.facts)
        for unit in self.statement.units:
            for n, (operator, _) in enumerate(pattern.sides[unit.layer, unit.unit].comparisons):
                label, fact = next(facts)
                comparison = of_type(fact, Fact, "a side")
                terms[label] = transferred(operator, comparison, _test(unit, n))
        for n, each in enumerate(self.statement.each):
            if pattern.tag in each.facts:
                label, prop = each.facts[pattern.tag]
                terms[label] = proof_term(prop, f"E_B{n}")
        yield f"refine {split_term(len(present.facts))}."
        for label, _ in present.facts:
            if label not in terms:
                raise NotExportable(f"no way is known to state the fact {label}")
            yield f"{{ refine {terms[label]}. all: Tools.equation. }}"

    # The bridge

    def bridge(self) -> Stated:
        """The lemma that what is asked does not hold where the state does."""
        arguments = [(name, name) for name in self.statement.inputs]
        arguments.append(("h", FACTOR))
        for (name, index), share in self.statement.shares.items():
            if name in self.statement.mentioned:
                arguments.append((self.statement.gradient(name, index).named, share.name))
        each = [f"(F{n} p I)" for n in range(len(self.statement.each))]
        of_each = f" (fun p I => {conjunction_term(each)})" if each else ""
        state = self.of(*(s.name for s in self.sums))
        premises = [*self.occurrences(), *self.given()]
        premises += [Premise(state, f"(State data{of_each})", is_long=True)]
        premises += [Premise("0 < h", above_zero(self.statement.problem))]
        return Stated("bridge", [*arguments, *self.named_occurrences()], premises, self.refuted())

    def argument(self, variable: str) -> str:
        """Any number will do for what a certificate names and no fact that it uses speaks of."""
        known = {name for name, _ in self.bridge().arguments} | set(self.variables)
        known |= {name for pattern in self.patterns for name in self.sample_of(pattern)}
        known |= {identifier(o.fresh) for o in self.claims.algebra.occurrences if o.fresh is not None}
        return identifier(variable) if identifier(variable) in known else "0"

    def introduced(self) -> Iterator[str]:
        yield from self.opened()
        yield "intros Above."

    def of_system(self) -> Iterator[str]:
        self.terms |= {fact.label: f"D{n}" for n, fact in enumerate(self.degenerate)}
        self.terms |= {label: f"U{n}" for n, label in enumerate(self.homogeneous)}
        for pattern in self.patterns:
            claim = self.tree.known["split", pattern.split][1]
            name, _ = self.tree.taken_apart(("split", pattern.split), claim)
            self.terms["split", pattern.split] = name
            points = self.sample_of(pattern)
            yield f"assert (W : exists {' '.join(points)} : R, {claim_text(claim)})."
            yield f"{{ destruct P_{pattern.tag} as [N|{conjunction_pattern([*points, 'F'])}]."
            yield f"  {{ exists {', '.join('0' for _ in points)}. left. exact N. }}"
            yield f"  {{ exists {', '.join(points)}. right. exact F. }} }}"
            yield f"destruct W as {conjunction_pattern([*points, name])}."


def _test(unit: Unit, number: int) -> str:
    """The hypothesis that compares z with an end of its side."""
    return f"C{unit.layer}_{unit.unit}_{number}"


def _substituted(variable: str, value: Fraction, hypothesis: str) -> str:
    """A value takes the place of a variable."""
    if value.denominator == 1:
        return f"subst {variable}."
    return f"assert (U : {variable} = {number_text(value)}) by lra. clear {hypothesis}. subst {variable}."
