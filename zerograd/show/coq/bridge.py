"""From a dataset with M samples to the lemmas on polynomials that refute it, in Coq.

In the bridge each φ'(z) is a variable that has one of its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.system import System
from zerograd.show.coq.activations import side_claims
from zerograd.show.coq.claims import Bridge, tests_of
from zerograd.show.coq.props import transferred
from zerograd.show.coq.statement import Statement, Unit
from zerograd.show.coq.text import (
    AllOf,
    OneOf,
    case_claim,
    chosen,
    claim,
    cleared,
    conjunction_pattern,
    disjunction_pattern,
    number_text,
    split_term,
    wrapped,
)
from zerograd.show.coq.tree import Lemma, Tree


class DatasetBridge(Bridge):
    """The bridge of a dataset with a fixed number of samples."""

    __slots__ = ("statement",)

    def __init__(self, statement: Statement, system: System, tree: Tree, root: Lemma) -> None:
        super().__init__(statement, system, tree, root)
        self.statement = statement

    def lemma(self) -> str:
        """``forall …, equations -> ~ (what is asked)``, with its proof."""
        names = [name for name, _ in self._arguments()]
        lines = ["Lemma bridge :", wrapped(f"  forall {' '.join(names)} : R,")]
        lines += [f"  {said} ->" for _, said, _ in self._equations()]
        lines += [f"  ~ {self.asked()}.", "Proof.", wrapped(f"intros {' '.join(names)}.")]
        return "\n".join([*lines, *self.proof(), "Qed.", ""])

    def theorem_proof(self, module: str) -> str:
        """The term that proves the theorem, where all that it defines is at hand."""
        arguments = [text for _, text in self._arguments()] + [text for _, _, text in self._equations()]
        return wrapped(f"exact ({module}.bridge {' '.join(arguments)}).")

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

    def introduced(self) -> Iterator[str]:
        yield from self.given()
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

    def specialized(self) -> Iterator[str]:
        if self.statement.problem.derivative_at_kink != "forbid":
            return
        for unit in self.statement.units:
            off = [self.plain[f"{unit.name('z')} <> {number_text(kink)}"] for kink in unit.kinks]
            yield f"specialize ({unit.name('K')} {' '.join(off)})."

    def of_system(self) -> Iterator[str]:
        for unit in self.statement.units:
            yield from self._of_unit(unit)

    def _of_unit(self, unit: Unit) -> Iterator[str]:
        layer, place = unit.layer, f"[{unit.sample},{unit.unit}]"
        known = unit.name("K")
        label = f"split z{layer}{place}"
        cases = self.system.splits[label.removeprefix("split ")]
        if label in self.needed:
            parts = tuple(map(case_claim, cases))
            name, _ = self.tree.taken_apart(label, OneOf(parts))
            self.terms[label] = name
            yield from self.asserted(name, OneOf(parts), list(self._sides(unit, parts)))
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
            yield from self.asserted(
                name,
                said,
                [f"transitivity ({factors}).", "{ ring. }", f"destruct {known} as {taken}; rewrite V; ring."],
            )

    def _sides(self, unit: Unit, parts: tuple[AllOf, ...]) -> Iterator[str]:
        """From what holds of z on each side to what holds of the polynomial that z is."""
        names = [[f"V{n}_{i}" for i in range(len(part.parts))] for n, part in enumerate(parts)]
        yield f"destruct {unit.name('K')} as {disjunction_pattern([conjunction_pattern(n) for n in names])}."
        for number, (side, part) in enumerate(zip(unit.sides, parts, strict=True)):
            tests = tests_of(side)
            yield f"{{ {chosen(number, len(parts))}; refine {split_term(len(part.parts))}."
            for name, said in zip(names[number], part.parts, strict=True):
                if isinstance(said, Fact):
                    _, d = cleared(said.polynomial)
                    yield f"  {{ refine {transferred(next(tests), d, None, name)}. all: Tools.equation. }}"
                else:
                    yield f"  {{ exact {name}. }}"
            yield "}"


def _product(s: str, value: Fraction) -> str:
    """b·s, of a value a/b."""
    return s if value.denominator == 1 else f"{value.denominator} * {s}"
