"""From datasets of every size to the lemmas on polynomials that refute them, in Coq.

What is known of the sums over a dataset is a proposition ``state``, which holds of no sample, and of one
sample more wherever it holds: so it holds of every dataset, by induction. By moments it says that there are
S_T and V_T for each pattern T of which the gradients are the certificate's polynomials, and a sample of
T where they are not 0. By identities it says that units are homogeneous.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from zerograd.core.facts import Fact
from zerograd.core.polynomial import Polynomial
from zerograd.core.references import entry
from zerograd.core.system import System, intercept, sides_of_units
from zerograd.show.coq.activations import side_claims
from zerograd.show.coq.claims import Bridge, Definition, tests_of
from zerograd.show.coq.every_statement import EachSample, EveryStatement, Unit
from zerograd.show.coq.props import proof_term, transferred
from zerograd.show.coq.text import (
    NotExportable,
    case_claim,
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


class EveryBridge(Bridge):
    """The lemmas on sums, and the bridge.

    Attributes:
        tags: the patterns, ``01`` and the like; none of a certificate by identities.
        moments: the variables S and V of all patterns.
        degenerate: facts of samples on kinks: label, pattern, unit and output.
        homogeneous: labels of facts by identities.
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
        choices = sides_of_units(statement.problem)
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
        spoken = {v for label in self.homogeneous for v in self._fact(label).polynomial.variables}
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

    def _fact(self, label: str) -> Fact:
        fact = self.system.facts[label]
        assert isinstance(fact, Fact)  # for the type checker: an equation
        return fact

    # What is known of sums

    def lemmas(self) -> str:
        """``state``, that it holds of no sample and of one more, and the bridge."""
        return "\n".join([self._state(), self._none(), self._one(), self._bridge()])

    @property
    def _patterns(self) -> list[str]:
        """The patterns that the proof distinguishes."""
        return [tag for tag in self.tags if f"split pattern {tag}" in self.needed]

    def _inputs_of(self, tag: str) -> list[str]:
        return [f"x{tag}_{d}" for d in range(self.statement.problem.network.inputs)]

    def _state(self) -> str:
        names = [*self.statement.free, "h", *(s.name for s in self.sums)]
        parts = [f"{s.name} = {_scaled(s.polynomial)}" for s in self.sums if self.tags]
        parts += [claim_text(claim(self._fact(label))) for label, *_ in self.degenerate]
        parts += [claim_text(claim(self._fact(label))) for label in self.homogeneous]
        for tag in self._patterns:
            absent, present = map(case_claim, self.system.splits[f"pattern {tag}"])
            some = f"exists {' '.join(self._inputs_of(tag))} : R, {claim_text(present)}"
            parts.append(f"({claim_text(absent)} \\/ {some})")
        moments = " ".join(map(identifier, self.moments))
        exists = wrapped(f"  exists {moments} : R,") + "\n" if moments else ""
        body = " /\\\n  ".join(parts) or "True"
        return f"{wrapped(f'Definition state ({_applied(*names)} : R) : Prop :=')}\n{exists}  {body}.\n"

    def _parts(self) -> int:
        """How many propositions the state is made of."""
        sums = len(self.sums) if self.tags else 0
        return sums + len(self.degenerate) + len(self.homogeneous) + len(self._patterns)

    def _names(self) -> str:
        """The pattern that takes the state apart."""
        names = [f"E_{s.name}" for s in self.sums if self.tags]
        names += [f"D{n}" for n in range(len(self.degenerate))]
        names += [f"U{n}" for n in range(len(self.homogeneous))]
        names += [f"P_{tag}" for tag in self._patterns]
        text = conjunction_pattern(names)
        for moment in reversed(self.moments):
            text = f"[{identifier(moment)} {text}]"
        return text

    def _opened(self) -> Iterator[str]:
        """A state is introduced, and taken apart: sums give way to moments."""
        yield "intros State. unfold state in State."
        pattern = self._names()
        if pattern.startswith("["):
            yield wrapped(f"destruct State as {pattern}.")
        elif pattern != "_":
            yield f"rename State into {pattern}."
        if self.tags:
            yield from (f"subst {s.name}." for s in self.sums)

    def _none(self) -> str:
        names = [*self.statement.free, "h"]
        said = _applied("state", *names, *["0" for _ in self.sums])
        lines = [f"Lemma none ({_applied(*names)} : R) : {said}.", "Proof.", "unfold state."]
        lines += [f"exists {', '.join('0' for _ in self.moments)}."] if self.moments else []
        if not self._parts():
            return "\n".join([*lines, "exact I.", "Qed.", ""])
        lines.append(f"refine {split_term(self._parts())}.")
        equations = self._parts() - len(self._patterns)
        lines += ["{ Tools.equation. }"] * equations
        for tag in self._patterns:
            count = len(self.system.splits[f"pattern {tag}"][0].values)
            lines.append(f"{{ left. exact {split_term(count).replace('_', 'eq_refl')}. }}")
        return "\n".join([*lines, "Qed.", ""])

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
        lines = ["Lemma one :", wrapped(f"  forall {_applied(*inputs, 'h', *sums, *sample)} : R,")]
        lines += self._given_premises()
        lines.append(f"  {_applied('state', *free, 'h', *sums)} ->")
        lines += [f"  {said} ->" for _, said, _ in self.sample_premises()]
        more = [f"({s.share.named} + {s.name})" for s in self.sums]
        lines += [wrapped(f"  {_applied('state', *free, 'h', *more)}."), "Proof."]
        lines += [
            wrapped(f"intros {_applied(*inputs, 'h', *sums, *sample)}."),
            *self.given(),
            *self._opened(),
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
            old = polynomial_text(cleared(self._fact(label).polynomial)[0])
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
        if not self._parts():
            yield "exact I."
            return
        yield f"refine {split_term(self._parts())}."
        yield from ("{ Tools.equation. }" for _ in self.sums)
        for n, (label, of, where, k) in enumerate(self.degenerate):
            if of != tag:
                yield f"{{ exact D{n}. }}"
                continue
            d = cleared(self._fact(label).polynomial)[1]
            known = f"D{n} {_test(where, 0)}"
            yield f"{{ refine (Sums.degenerate {d} r_{k} _ _ _ _ {known} _). Tools.equation. }}"
        for of in self._patterns:
            if of != tag:
                yield f"{{ exact P_{of}. }}"
                continue
            yield "{"
            yield f" right. exists {', '.join(f'x_{d}' for d in range(len(self._inputs_of(of))))}."
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
        state = _applied("state", *self.statement.free, "h", *[s.name for s in self.sums])
        lines.append(wrapped(f"  {state} ->"))
        lines += ["  0 < h ->", f"  ~ {self.asked()}.", "Proof.", wrapped(f"intros {' '.join(names)}.")]
        return "\n".join([*lines, *self.proof(), "Qed.", ""])

    def argument(self, variable: str) -> str:
        """Any number will do for what a certificate names and no fact that it uses speaks of."""
        known = {name for name, _ in self.bridge_arguments()} | {*map(identifier, self.moments)}
        known |= {name for tag in self._patterns for name in self._inputs_of(tag)}
        known |= {identifier(o.fresh) for o in self.claims.algebra.occurrences if o.fresh is not None}
        return identifier(variable) if identifier(variable) in known else "0"

    def introduced(self) -> Iterator[str]:
        yield from self.given()
        yield from self._opened()
        yield "intros Above."

    def of_system(self) -> Iterator[str]:
        for n, (label, *_) in enumerate(self.degenerate):
            self.terms[label] = f"D{n}"
        for n, label in enumerate(self.homogeneous):
            self.terms[label] = f"U{n}"
        for tag in self._patterns:
            label = f"split pattern {tag}"
            said = self.tree.known[label][1]
            name, _ = self.tree.taken_apart(label, said)
            self.terms[label] = name
            points = self._inputs_of(tag)
            yield f"assert (W : exists {' '.join(points)} : R, {claim_text(said)})."
            yield f"{{ destruct P_{tag} as [N|{_nested([*points, 'F'])}]."
            yield f"  {{ exists {', '.join('0' for _ in points)}. left. exact N. }}"
            yield f"  {{ exists {', '.join(points)}. right. exact F. }} }}"
            yield f"destruct W as {_nested([*points, name])}."


def _applied(*names: str) -> str:
    return " ".join(names)


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
    """Of the fact that this makes of the sample of a pattern, as `zerograd.core.moments` has it."""
    key = each.key or ""
    return f"x{tag}{key}" if key.startswith("[") else f"{key} at x{tag}"


def _scaled(polynomial: Polynomial) -> str:
    q, d = cleared(polynomial)
    return f"h * ({polynomial_text(q)})" if d == 1 else f"h / {d} * ({polynomial_text(q)})"


def _nested(names: list[str]) -> str:
    return conjunction_pattern(names)
