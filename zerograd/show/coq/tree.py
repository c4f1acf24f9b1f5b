"""A certificate's tree as lemmas about real numbers, for Coq.

Each leaf is a lemma of its own about the facts that it uses, and so is each node that another one is
like: a renaming of samples and units is then nothing but other arguments. The last lemma is the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from zerograd.core.errors import of_type
from zerograd.core.numbers.clearing import cleared
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import (
    Alternatives,
    Compare,
    Floor,
    Identity,
    Like,
    Node,
    Split,
    nodes,
)
from zerograd.core.refuting.claims import Claim, Distinction, Value, Whole, claim_key, renamed_claim
from zerograd.core.refuting.facts import Both, Either, Fact, part_label
from zerograd.core.refuting.refutation import cases_of, symmetry
from zerograd.core.refuting.system import Case, System
from zerograd.show.coq.claim import claim_text
from zerograd.show.coq.conversion import converted, renamed_text
from zerograd.show.coq.leaf import Leaf
from zerograd.show.coq.lemma import Key, Known, Lemma, Used, application
from zerograd.show.coq.text import NotExportable, conjunction_pattern, destructed, polynomial_text

Inner: TypeAlias = Split | Compare | Floor | Alternatives


@dataclass(slots=True)
class Tree:
    """The lemmas of one part of a certificate.

    Attributes:
        known: everything that the system says.
        written: the lemmas so far, as text.
        done: those of nodes that others are like, by the names of the nodes.
        leaves: the names of those of leaves, by their text.
    """

    system: System
    root: Node
    known: dict[Key, tuple[str, Claim]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    done: dict[str, Lemma] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)
    hypotheses: int = 0
    liked: frozenset[str] = frozenset()

    def refutation(self) -> Lemma:
        """Write all lemmas, and return the last: the facts of the system contradict one another."""
        for label, fact in self.system.facts.items():
            self.known[label] = (self._fresh(), fact)
        for name, cases in self.system.splits.items():
            self.known["split", name] = (self._fresh(), Distinction(cases))
        for name in sorted(self.system.integers & frozenset(self.system.variables)):
            self.known["integer", name] = (self._fresh(), Whole(name))
        self.liked = frozenset(node.like for node in nodes(self.root) if isinstance(node, Like))
        lines, used = self._node(self.root, self.known)
        return self._lemma("refuted", lines, used)

    def _fresh(self) -> str:
        self.hypotheses += 1
        return f"H{self.hypotheses}"

    def _lemma(self, name: str, lines: Sequence[str], used: Used) -> Lemma:
        used.add_variables(used.premises)
        lemma = Lemma(name, self._in_order(used.variables), dict(used.premises))
        self.written.append(lemma.statement(lines))
        return lemma

    def _in_order(self, variables: set[str]) -> tuple[str, ...]:
        return tuple(variable for variable in self.system.variables if variable in variables)

    def _node(self, node: Node, known: Known) -> tuple[list[str], Used]:
        match node:
            case Like():
                return self._like(node, known)
            case Identity():
                lines, used = self._identity(node, known)
            case _:
                lines, used = self._inner(node, known)
        if node.name is None or node.name not in self.liked:
            return lines, used
        lemma = self._lemma(f"node_{len(self.done)}", lines, used)
        self.done[node.name] = lemma
        return [lemma.applied()], used

    # Case distinctions

    def _inner(self, node: Inner, known: Known) -> tuple[list[str], Used]:
        if isinstance(node, Compare | Floor):
            node = replace(node, polynomial=self._of_known_variables(node.polynomial))
        facts = {
            key: fact
            for key, (_, fact) in known.items()
            if isinstance(key, str) and isinstance(fact, Fact | Either)
        }
        cases = cases_of(self.system, node, facts)
        assumed = [self._assumed(case) for case in cases]
        used = Used()
        lines = [destructed(self._distinction(node, known, used), [pattern for pattern, _ in assumed])]
        for case, (_, new) in zip(cases, assumed, strict=True):
            below, uses = self._case(node.cases[case.name], known, new)
            used.add(uses, new)
            lines += ["{", *(f" {line}" for line in below), "}"] if len(cases) > 1 else below
        return lines, used

    def _of_known_variables(self, p: Polynomial) -> Polynomial:
        """A node may speak of variables of its own making; any value does for those, so 0 does."""
        return p.at(dict.fromkeys(p.variables - set(self.system.variables), 0))

    def _assumed(self, case: Case) -> tuple[str, Known]:
        """The pattern that names all that a case adds, and the hypotheses."""
        parts: list[tuple[Key, Claim]] = [
            (("value", name), Value(name, value)) for name, value in case.values.items()
        ]
        parts += case.facts
        patterns: list[str] = []
        new: dict[Key, tuple[str, Claim]] = {}
        for key, claim in parts:
            pattern, named = self.taken_apart(key, claim)
            patterns.append(pattern)
            new |= named
        return conjunction_pattern(patterns), new

    def taken_apart(self, key: Key, claim: Claim) -> tuple[str, Known]:
        """A pattern for a claim, and the hypotheses that it makes of its parts (see `facts.labelled`)."""
        if not isinstance(claim, Both) or not claim.parts:
            name = self._fresh()
            return name, {} if isinstance(claim, Both) else {key: (name, claim)}
        label = of_type(key, str, "the label of a conjunction")
        patterns: list[str] = []
        named: dict[Key, tuple[str, Claim]] = {}
        for number, part in enumerate(claim.parts):
            pattern, more = self.taken_apart(part_label(label, number, len(claim.parts)), part)
            patterns.append(pattern)
            named |= more
        return conjunction_pattern(patterns), named

    def _distinction(self, node: Inner, known: Known, used: Used) -> str:
        """A term for the disjunction of the cases."""
        match node:
            case Split(split=name):
                return self._premise(("split", name), known, used)
            case Alternatives(either=label):
                return self._premise(label, known, used)
            case Compare(polynomial=p, signs=signs):
                used.variables |= p.variables
                text, opposite = (polynomial_text(cleared(q)) for q in (p, -p))
                if not signs:
                    return f"(Req_dec ({text}) 0)"
                return f"(Tools.trichotomy ({text}) ({opposite}) ltac:(ring))"
            case Floor(polynomial=p, below=n):
                for name in sorted(p.variables):
                    self._premise(("integer", name), known, used)
                low, high = polynomial_text(n - p), polynomial_text(p - (n + 1))
                arguments = f"({polynomial_text(p)}) ({low}) ({high}) ({n}) ({n + 1})"
                proofs = "ltac:(Integers.decide_integer) eq_refl ltac:(ring) ltac:(ring)"
                return f"(Integers.floor {arguments}\n  {proofs})"

    def _premise(self, key: Key, known: Known, used: Used) -> str:
        used.premises[key] = known[key]
        return known[key][0]

    def _case(self, node: Node, known: Known, new: Known) -> tuple[list[str], Used]:
        for key, (name, claim) in new.items():
            if isinstance(claim, Value) and key in known and known[key][1] != claim:
                # The same distinction made twice, with two outcomes: nothing below is looked at.
                return [f"clear - {known[key][0]} {name}; lra."], Used({key: known[key]})
        return self._node(node, {**known, **new})

    # Leaves

    def _identity(self, node: Identity, known: Known) -> tuple[list[str], Used]:
        positive = tuple(
            replace(product, squares=tuple(map(self._of_known_variables, product.squares)))
            for product in node.positive
        )
        cofactors = {label: self._of_known_variables(c) for label, c in node.cofactors.items()}
        node = replace(node, cofactors=cofactors, positive=positive)
        labels = [*cofactors, *node.nonzero, *(label for product in positive for label in product.factors)]
        used = Used({label: known[label] for label in labels})
        used.add_variables(used.premises)
        used.variables.update(*(c.variables for c in cofactors.values()))
        used.variables.update(*(square.variables for product in positive for square in product.squares))
        for variable in sorted(used.variables):
            if ("value", variable) in known:
                self._premise(("value", variable), known, used)
        # Hypotheses are renamed from 1, so that equal leaves have equal text, and are written once.
        renamed = {key: (f"A{n}", claim) for n, (key, (_, claim)) in enumerate(used.premises.items(), 1)}
        lemma = Lemma("leaf", self._in_order(used.variables), renamed)
        text = lemma.statement(Leaf.of(renamed).proof(node))
        if text not in self.leaves:
            self.leaves[text] = f"leaf_{len(self.leaves)}"
            self.written.append(text.replace("Lemma leaf", f"Lemma {self.leaves[text]}", 1))
        return [replace(lemma, name=self.leaves[text], premises=used.premises).applied()], used

    # Nodes like earlier ones

    def _like(self, node: Like, known: Known) -> tuple[list[str], Used]:
        names = symmetry(self.system, node.renaming)
        if names is None:
            raise NotExportable("a renaming changes the facts: check the certificate first")
        lemma = self.done[node.like]
        by_meaning = {claim_key(claim): key for key, (_, claim) in known.items()}
        used = Used(variables={names.get(v, v) for v in lemma.variables})
        lines, arguments = [], []
        for _, claim in lemma.premises.values():
            wanted = renamed_claim(claim, names)
            if claim_key(wanted) not in by_meaning:
                raise NotExportable(
                    "a case is like an earlier one in a way that is seen only after values are put in: "
                    "this is not supported; write that case out in the certificate"
                )
            key = by_meaning[claim_key(wanted)]
            hypothesis = self._premise(key, known, used)
            # What Coq expects is the lemma's text, other names put in: its terms keep their order.
            expected = renamed_text(claim_text(claim), names)
            if claim_text(known[key][1]) != expected:
                name = self._fresh()
                lines += [f"assert ({name} : {expected}).", "{"]
                steps = converted(hypothesis, known[key][1], wanted, self._fresh)
                lines += [*(f" {line}" for line in steps), "}"]
                hypothesis = name
            arguments.append(hypothesis)
        return [*lines, application(lemma.name, [names.get(v, v) for v in lemma.variables], arguments)], used
