"""A certificate for a fixed number of samples as a part of a Coq file.

In the bridge each φ'(z) is a variable that has one of its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from zerograd.core.model.references import entry
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Part
from zerograd.core.refuting.claims import Distinction, conjuncts
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Case, values_label
from zerograd.show.coq.activations import Unit
from zerograd.show.coq.bridge import Bridge, Premise, Stated
from zerograd.show.coq.lemma import Key
from zerograd.show.coq.loss import FORWARD
from zerograd.show.coq.props import transferred
from zerograd.show.coq.statement import Statement, claim_lines
from zerograd.show.coq.text import (
    chosen,
    conjunction_pattern,
    disjunction_pattern,
    number_text,
    split_term,
    wrapped,
)
from zerograd.show.coq.tree import Tree


def dataset_part(problem: Problem, part: Part, samples: int) -> str:
    """The module ``Samples_2`` with its proof, for M = 2 samples and the like."""
    system = system_of(problem, part.kind, samples)
    tree = Tree(system, part.root)
    root = tree.refutation()
    statement = Statement(problem, samples)
    bridge = DatasetBridge(statement, system, tree, root)
    stated = bridge.stated()
    module = f"Algebra_{samples}"
    lines = [f"(* The proof for M = {samples}. *)", "", f"Module {module}.", ""]
    lines += [*tree.written, stated.text(bridge.proof()), f"End {module}.", ""]
    lines += [f"(* The claim for M = {samples}. *)", "", f"Module Samples_{samples}.", "Section Dataset.", ""]
    lines += ["(* Parameters, inputs and targets. *)", *statement.input_lines()]
    lines += ["", f"(* Forward pass: {FORWARD}. *)", *(definition.line() for definition in statement.forward)]
    lines += ["", "(* Backward pass: derivatives of the loss by the chain rule. *)"]
    lines += [definition.line() for definition in statement.backward]
    asked = [(hypothesis.remark, hypothesis.text(named=False)) for hypothesis in statement.hypotheses]
    lines += ["", f"Theorem no_answer_{samples} :", *claim_lines("", asked), "Proof."]
    lines += [
        wrapped(f"exact {stated.applied(module)}."),
        "Qed.",
        "",
        "End Dataset.",
        f"End Samples_{samples}.",
        "",
    ]
    return "\n".join(lines)


class DatasetBridge(Bridge):
    """The bridge of a dataset with a fixed number of samples."""

    __slots__ = ()

    def stated(self) -> Stated:
        """``forall …, equations -> ~ (what is asked)``."""
        definitions = self.claims.definitions
        arguments = [(name, name) for name in self.claims.inputs]
        arguments += [variable for unit in self.claims.units for variable in unit.variables()]
        arguments += [(definition.name, definition.name) for definition in definitions]
        premises = [*self.occurrences(), *self.given(), *self.equations(definitions)]
        premises += [Premise(*unit.on_sides()) for unit in self.claims.units]
        return Stated("bridge", [*arguments, *self.named_occurrences()], premises, self.refuted())

    def introduced(self) -> Iterator[str]:
        targets = self._free_targets()
        for definition in self.claims.definitions:
            if definition.name in targets:
                yield f"intros E. apply Tools.target in E. subst {targets[definition.name]}."
            else:
                yield f"intros E. subst {definition.name}."
        names = [unit.name("K") for unit in self.claims.units]
        yield from [f"intros {' '.join(names)}."] * bool(names)

    def _free_targets(self) -> dict[str, str]:
        """Targets that are free (not integers) give way to r, which the system speaks of: y by the r."""
        problem = self.claims.problem
        if problem.domain != "real":
            return {}
        given = problem.given.get("y", {})
        return {
            sample.name("r", k): sample.name("y", k)
            for m, sample in enumerate(self.claims.samples)
            for k in range(problem.network.outputs)
            if (m, k) not in given
        }

    def specialized(self) -> Iterator[str]:
        for unit in self.claims.units:
            off = [self.plain[prop] for prop in unit.excluded()]
            if off:
                yield f"specialize ({unit.name('K')} {' '.join(off)})."

    def of_system(self) -> Iterator[str]:
        for unit in self.claims.units:
            yield from self._of_unit(unit)

    def _of_unit(self, unit: Unit) -> Iterator[str]:
        z, s, c = (entry(f"{letter}{unit.layer}", (unit.sample.number or 0, unit.unit)) for letter in "zsc")
        cases = self.system.splits[z]
        if self.is_needed(("split", z)):
            name = self._named(("split", z))
            yield from self.asserted(name, Distinction(cases), list(self._sides(unit, cases)))
        for variable, letter, pattern in ((s, "s", "[V _]"), (c, "c", "[_ [V _]]")):
            label = values_label(variable)
            if self.is_needed(label):
                name = self._named(label)
                values = dict.fromkeys(case.values[variable] for case in cases)
                factors = " * ".join(
                    f"({_product(unit.name(letter), v)} - {number_text(v.numerator)})" for v in values
                )
                by_case = f"destruct {unit.name('K')} as {disjunction_pattern([pattern] * len(cases))}"
                tactics = [f"transitivity ({factors}).", "{ ring. }", f"{by_case}; rewrite V; ring."]
                yield from self.asserted(name, self.system.facts[label], tactics)

    def _named(self, key: Key) -> str:
        """A new name for what the system says."""
        self.terms[key], _ = self.tree.taken_apart(key, self.tree.known[key][1])
        return self.terms[key]

    def _sides(self, unit: Unit, cases: tuple[Case, ...]) -> Iterator[str]:
        """From what holds of z on each side to what holds of the polynomial that z is."""
        parts = [conjuncts(case) for case in cases]
        names = [[f"V{n}_{i}" for i in range(len(part))] for n, part in enumerate(parts)]
        yield f"destruct {unit.name('K')} as {disjunction_pattern([conjunction_pattern(n) for n in names])}."
        for number, (side, part) in enumerate(zip(unit.sides, parts, strict=True)):
            tests = iter(side.comparisons)
            yield f"{{ {chosen(number, len(parts))}; refine {split_term(len(part))}."
            for name, claim in zip(names[number], part, strict=True):
                if isinstance(claim, Fact):
                    operator, _ = next(tests)
                    yield f"  {{ refine {transferred(operator, claim, name)}. all: Tools.equation. }}"
                else:
                    yield f"  {{ exact {name}. }}"
            yield "}"


def _product(s: str, value: Fraction) -> str:
    """b·s, of a value a/b."""
    return s if value.denominator == 1 else f"{value.denominator} * {s}"
