"""From datasets of every size to the lemmas on polynomials that refute them, in Coq.

What is known of sums (`zerograd.show.coq.every_state`) is so of one sample more, and the bridge refutes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from zerograd.core.model.references import entry
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.system import intercept
from zerograd.show.coq.activations import side_claims
from zerograd.show.coq.claims import tests_of
from zerograd.show.coq.every_state import EveryState, applied
from zerograd.show.coq.every_statement import EachSample, Unit
from zerograd.show.coq.props import proof_term, transferred
from zerograd.show.coq.text import (
    NotExportable,
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


class EveryBridge(EveryState):
    """The lemmas on sums, and the bridge."""

    __slots__ = ()

    def lemmas(self) -> str:
        """``state``, that it holds of no sample and of one more, and the bridge."""
        return "\n".join([self.definition(), self.of_none(), self._one(), self._bridge()])

    # One sample more

    def sample_arguments(self) -> Iterator[tuple[str, str]]:
        """Variables that stand for a sample, and the statement's terms for them."""
        network = self.statement.problem.network
        yield from ((f"x_{d}", f"(x_{d} p)") for d in range(network.inputs))
        yield from ((f"r_{k}", f"(r_{k} p)") for k in range(network.outputs))
        for unit in self.statement.units:
            f, z = unit.function, f"({unit.name('z')} p)"
            yield unit.name("s"), f"({f}' {z})"
            if unit.shifted:
                yield unit.name("c"), f"({f} {z} - {f}' {z} * {z})"
        for definition in self.statement.of_sample:
            if not definition.name.startswith("r_"):
                yield definition.name, f"({definition.name} p)"

    def sample_premises(self) -> Iterator[tuple[str, str, str]]:
        """What is known of a sample: a name, what it says, and the statement's proof of it."""
        units = {unit.name("a"): unit for unit in self.statement.units}
        for definition in self.statement.of_sample:
            if definition.name.startswith("r_"):
                continue  # residuals are free, as targets are
            proof = "eq_refl"
            if definition.name in units:
                unit = units[definition.name]
                f, z = unit.function, f"({unit.name('z')} p)"
                proof = f"(Tools.rest ({f} {z}) ({f}' {z} * {z}))" if unit.shifted else f"({f}_linear {z})"
            yield definition.name, f"{definition.name} = {definition.named}", proof
        if not self.tags:
            return
        for unit in self.statement.units:
            z = unit.name("z")
            forbidden = self.statement.problem.derivative_at_kink == "forbid"
            off = "".join(f"{z} <> {number_text(kink)} -> " for kink in unit.kinks) if forbidden else ""
            said = side_claims(unit.sides, z, unit.name("s"), unit.name("c"))
            yield unit.name("K"), f"({off}{said})", f"({unit.function}_sides ({z} p))"
        for n, each in enumerate(self.statement.each):
            yield f"B{n}", each.named, f"B{n}"

    def _one(self) -> str:
        inputs = [name for name, _ in self.statement.inputs]
        sample = [name for name, _ in self.sample_arguments()]
        sums = [s.name for s in self.sums]
        free = self.statement.free
        lines = ["Lemma one :", wrapped(f"  forall {applied(*inputs, 'h', *sums, *sample)} : R,")]
        lines += self._given_premises()
        lines.append(f"  {applied('state', *free, 'h', *sums)} ->")
        lines += [f"  {said} ->" for _, said, _ in self.sample_premises()]
        more = [f"({s.share.named} + {s.name})" for s in self.sums]
        lines += [wrapped(f"  {applied('state', *free, 'h', *more)}."), "Proof."]
        lines += [
            wrapped(f"intros {applied(*inputs, 'h', *sums, *sample)}."),
            *self.given(),
            *self.opened(),
        ]
        # By moments, values of units are put in where their sides are known.
        later = {unit.name("a") for unit in self.statement.units if self.tags}
        defined = {definition.name for definition in self.statement.of_sample} - later
        for name, _, _ in self.sample_premises():
            lines.append(f"intros E. subst {name}." if name in defined else f"intros E_{name}.")
        if not self.tags:
            lines += self._still_homogeneous()
        else:
            lines += self._off_kinks()
            lines += self._cases(self.statement.units, "")
        return "\n".join([*lines, "Qed.", ""])

    def _given_premises(self) -> list[str]:
        return [
            f"  {name} = {number_text(value)} ->"
            for name, value in self.statement.inputs
            if value is not None
        ]

    def _still_homogeneous(self) -> Iterator[str]:
        """The new sample's share of both sides of each identity is the same."""
        yield "unfold state."
        if not self.homogeneous:
            yield "exact I."
            return
        yield f"refine {split_term(len(self.homogeneous))}."
        for n, label in enumerate(self.homogeneous):
            old = polynomial_text(cleared(self.fact_of(label).polynomial)[0])
            yield f"{{ transitivity ({old}); [ring|exact U{n}]. }}"

    def _off_kinks(self) -> Iterator[str]:
        if self.statement.problem.derivative_at_kink == "forbid":
            numbers = {each.named: f"E_B{n}" for n, each in enumerate(self.statement.each)}
            for unit in self.statement.units:
                off = [numbers[f"{unit.name('z')} <> {number_text(kink)}"] for kink in unit.kinks]
                yield f"specialize (E_{unit.name('K')} {' '.join(off)})."

    def _cases(self, units: list[Unit], tag: str) -> Iterator[str]:
        """The sides of one unit after another, then the new sample among the moments of its pattern."""
        if not units:
            yield from self._among(tag)
            return
        unit = units[0]
        patterns = []
        for side in unit.sides:
            tests = [_test(unit, n) for n, _ in enumerate(tests_of(side))]
            shift = ["Y"] if unit.shifted else []
            patterns.append(conjunction_pattern(["V", *shift, *tests]))
        yield f"destruct E_{unit.name('K')} as {disjunction_pattern(patterns)}."
        for number, side in enumerate(unit.sides):
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
            yield from (f" {line}" for line in self._cases(units[1:], f"{tag}{number}"))
            yield "}"

    def _among(self, tag: str) -> Iterator[str]:
        yield "unfold state."
        new = []
        for moment in self.moments:
            name, _, rest = moment.partition("[")
            output, _, at = rest.removesuffix("]").partition(",")
            more = f" + r_{output}" + (f" * x_{at}" if at else "")
            new.append(identifier(moment) if name[1:] != tag else f"({identifier(moment)}{more})")
        yield wrapped(f"exists {', '.join(new)}.")
        if not self.size:
            yield "exact I."
            return
        yield f"refine {split_term(self.size)}."
        yield from ("{ Tools.equation. }" for _ in self.sums)
        for n, (label, of, where, k) in enumerate(self.degenerate):
            if of != tag:
                yield f"{{ exact D{n}. }}"
                continue
            d = cleared(self.fact_of(label).polynomial)[1]
            known = f"D{n} {_test(where, 0)}"
            yield f"{{ refine (Sums.degenerate {d} r_{k} _ _ _ _ {known} _). Tools.equation. }}"
        for of in self.patterns:
            if of != tag:
                yield f"{{ exact P_{of}. }}"
                continue
            yield "{"
            yield f" right. exists {', '.join(f'x_{d}' for d in range(len(self.inputs_of(of))))}."
            yield from (f" {line}" for line in self._present(of))
            yield "}"

    def _present(self, tag: str) -> Iterator[str]:
        """What holds of a sample of a pattern."""
        facts = self.system.splits[f"pattern {tag}"][1].facts
        if not facts:
            yield "exact I."
            return
        terms: dict[str, str] = {}
        labels = iter(label for label, _ in facts)
        for digit, unit in zip(tag, self.statement.units, strict=True):
            for n, test in enumerate(tests_of(unit.sides[int(digit)])):
                label = next(labels)
                fact = dict(facts)[label]
                assert isinstance(fact, Fact)  # for the type checker: a side is a comparison
                terms[label] = transferred(test, cleared(fact.polynomial)[1], None, _test(unit, n))
        for n, each in enumerate(self.statement.each):
            if each.key is not None:
                terms[_label(each, tag)] = proof_term(each.props[tag], f"E_B{n}")
        yield f"refine {split_term(len(facts))}."
        for label, _ in facts:
            if label not in terms:
                raise NotExportable(f"no way is known to state the fact {label}")
            yield f"{{ refine {terms[label]}. all: Tools.equation. }}"

    # The bridge

    def bridge_arguments(self) -> Iterator[tuple[str, str]]:
        """Variables of the bridge, and what the theorem puts in."""
        yield from ((name, name) for name, _ in self.statement.inputs)
        yield "h", "(2 / size)"
        for at, share in self.statement.gradients.items():
            if at[0] in self.statement.mentioned:
                yield identifier(f"g_{entry(*at)}"), share.name
        for occurrence in self.claims.algebra.occurrences:
            yield occurrence.value.named, f"({occurrence.shown})"

    def _bridge(self) -> str:
        names = [name for name, _ in self.bridge_arguments()]
        lines = ["Lemma bridge :", wrapped(f"  forall {' '.join(names)} : R,")]
        lines += [f"  {o.value.named} = {o.inner} ->" for o in self.claims.algebra.occurrences]
        lines += self._given_premises()
        state = applied("state", *self.statement.free, "h", *[s.name for s in self.sums])
        lines.append(wrapped(f"  {state} ->"))
        lines += ["  0 < h ->", f"  ~ {self.asked()}.", "Proof.", wrapped(f"intros {' '.join(names)}.")]
        return "\n".join([*lines, *self.proof(), "Qed.", ""])

    def argument(self, variable: str) -> str:
        """Any number will do for what a certificate names and no fact that it uses speaks of."""
        known = {name for name, _ in self.bridge_arguments()} | {*map(identifier, self.moments)}
        known |= {name for tag in self.patterns for name in self.inputs_of(tag)}
        known |= {identifier(o.fresh) for o in self.claims.algebra.occurrences if o.fresh is not None}
        return identifier(variable) if identifier(variable) in known else "0"

    def introduced(self) -> Iterator[str]:
        yield from self.given()
        yield from self.opened()
        yield "intros Above."

    def of_system(self) -> Iterator[str]:
        for n, (label, *_) in enumerate(self.degenerate):
            self.terms[label] = f"D{n}"
        for n, label in enumerate(self.homogeneous):
            self.terms[label] = f"U{n}"
        for tag in self.patterns:
            label = f"split pattern {tag}"
            said = self.tree.known[label][1]
            name, _ = self.tree.taken_apart(label, said)
            self.terms[label] = name
            points = self.inputs_of(tag)
            yield f"assert (W : exists {' '.join(points)} : R, {claim_text(said)})."
            yield f"{{ destruct P_{tag} as [N|{conjunction_pattern([*points, 'F'])}]."
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
    said = f"{variable} = {number_text(value)}"
    return f"assert (U : {said}) by lra. clear {hypothesis}. subst {variable}."


def _label(each: EachSample, tag: str) -> str:
    """Of the fact that this makes of the sample of a pattern, as `zerograd.core.refuting.moments` has it."""
    key = each.key or ""
    return f"x{tag}{key}" if key.startswith("[") else f"{key} at x{tag}"
