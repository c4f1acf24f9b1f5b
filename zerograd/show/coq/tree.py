"""A certificate's tree as lemmas about real numbers, for Coq.

Each leaf is a lemma of its own about the facts that it uses, and so is each node that another one is
like: a renaming of samples and units is then nothing but other arguments. The last lemma is the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.refutation import cases_of, symmetry
from zerograd.core.refuting.system import Case, System
from zerograd.show.coq.leaf import Leaf
from zerograd.show.coq.text import (
    AllOf,
    Claim,
    NotExportable,
    OneOf,
    Value,
    Whole,
    case_claim,
    chosen,
    claim,
    claim_key,
    claim_text,
    cleared,
    conjunction_pattern,
    disjunction_pattern,
    identifier,
    polynomial_text,
    renamed_claim,
    renamed_text,
    split_term,
    variables_in,
)


@dataclass(frozen=True, slots=True)
class Lemma:
    """``forall variables, claims -> False``: the claims by their labels where the lemma was made."""

    name: str
    variables: tuple[str, ...]
    premises: tuple[tuple[str, str, Claim], ...]
    """(label, hypothesis, what it says)."""

    def statement(self, proof: Sequence[str]) -> str:
        names = " ".join(identifier(v) for v in self.variables)
        binder = f"forall {names} : R,\n  " if names else ""
        said = "".join(f"{claim_text(what)} ->\n  " for _, _, what in self.premises)
        intros = " ".join([names, *(hypothesis for _, hypothesis, _ in self.premises)]).strip()
        body = "\n".join([f"intros {intros}."] * bool(intros) + list(proof))
        return f"Lemma {self.name} :\n  {binder}{said}False.\nProof.\n{body}\nQed.\n"


@dataclass(slots=True)
class Used:
    """What a part of a proof uses: labels with hypotheses, and variables."""

    premises: dict[str, tuple[str, Claim]] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)

    def add(self, other: Used, besides: Mapping[str, tuple[str, Claim]]) -> None:
        """Whatever another part uses, except for hypotheses that were made for it."""
        own = {hypothesis for hypothesis, _ in besides.values()}
        self.variables |= other.variables
        for label, (hypothesis, said) in other.premises.items():
            if hypothesis not in own:
                self.premises[label] = (hypothesis, said)
        for _, said in besides.values():
            self.variables |= set(variables_in(said))


Known = Mapping[str, tuple[str, Claim]]
"""Labels to hypotheses and what they say."""


@dataclass(slots=True)
class Tree:
    """The lemmas of one part of a certificate.

    Attributes:
        known: everything that the system says, by label: its facts, ``split z1[0,0]``, ``integer w1[0,0]``.
        written: the lemmas so far, as text.
    """

    system: System
    root: Node
    known: dict[str, tuple[str, Claim]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    done: dict[str, Lemma] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)
    hypotheses: int = 0
    liked: frozenset[str] = frozenset()

    def refutation(self) -> Lemma:
        """Writes all lemmas, and returns the last: the facts of the system contradict one another."""
        for label, fact in self.system.facts.items():
            self.known[label] = (self._fresh(), claim(fact))
        for name, cases in self.system.splits.items():
            self.known[f"split {name}"] = (self._fresh(), OneOf(tuple(map(case_claim, cases))))
        for name in sorted(self.system.integers & frozenset(self.system.variables)):
            self.known[f"integer {name}"] = (self._fresh(), Whole(name))
        self.liked = frozenset(node.like for node in nodes(self.root) if isinstance(node, Like))
        lines, used = self._node(self.root, self.known, 0)
        return self._lemma("refuted", lines, used)

    def _fresh(self) -> str:
        self.hypotheses += 1
        return f"H{self.hypotheses}"

    def _lemma(self, name: str, lines: Sequence[str], used: Used) -> Lemma:
        premises = tuple((label, *used.premises[label]) for label in used.premises)
        for _, _, said in premises:
            used.variables |= set(variables_in(said))
        lemma = Lemma(name, tuple(v for v in self.system.variables if v in used.variables), premises)
        self.written.append(lemma.statement(lines))
        return lemma

    def _node(self, node: Node, known: Known, depth: int) -> tuple[list[str], Used]:
        if isinstance(node, Like):
            return self._like(node, known)
        if isinstance(node, Identity):
            lines, used = self._identity(node, known)
        else:
            lines, used = self._inner(node, known, depth)
        if node.name is None or node.name not in self.liked:
            return lines, used
        lemma = self._lemma(f"node_{len(self.done)}", lines, used)
        self.done[node.name] = lemma
        return [_applied(lemma)], used

    def _inner(
        self, node: Split | Compare | Floor | Alternatives, known: Known, depth: int
    ) -> tuple[list[str], Used]:
        node = self._of_known_variables(node)
        cases = cases_of(self.system, node, _formulas(known))
        used = Used()
        patterns, added = [], []
        for case in cases:
            pattern, new = self._assumed(case)
            patterns.append(pattern)
            added.append(new)
        lines = [self._distinction(node, known, used, patterns)]
        for case, new in zip(cases, added, strict=True):
            below, uses = self._case(node.cases[case.name], known, new, depth)
            used.add(uses, new)
            lines += ["{", *(f" {line}" for line in below), "}"] if len(cases) > 1 else below
        return lines, used

    def _case(self, node: Node, known: Known, new: Known, depth: int) -> tuple[list[str], Used]:
        for label, (hypothesis, said) in new.items():
            if isinstance(said, Value) and label in known:
                before, earlier = known[label]
                assert isinstance(earlier, Value)  # for the type checker: a label of a value
                if earlier.value != said.value:
                    # The same distinction made twice, with two outcomes: nothing below is looked at.
                    return [f"clear - {before} {hypothesis}; lra."], Used({label: (before, earlier)})
        return self._node(node, {**known, **new}, depth + 1)

    def _of_known_variables(
        self, node: Split | Compare | Floor | Alternatives
    ) -> Split | Compare | Floor | Alternatives:
        """A distinction may be about variables of its own making; any value does for those, so 0 does."""
        if isinstance(node, Compare | Floor):
            return replace(node, polynomial=self._known_variables(node.polynomial))
        return node

    def _known_variables(self, p: Polynomial) -> Polynomial:
        return p.at(dict.fromkeys(p.variables - set(self.system.variables), 0))

    def _assumed(self, case: Case) -> tuple[str, dict[str, tuple[str, Claim]]]:
        """The pattern that names all that a case adds, and the names by label."""
        parts: list[tuple[str, Claim]] = [
            (f"value {name}", Value(name, value)) for name, value in case.values.items()
        ]
        parts += [(label, claim(formula)) for label, formula in case.facts]
        names: list[str] = []
        new: dict[str, tuple[str, Claim]] = {}
        for label, said in parts:
            pattern, found = self.taken_apart(label, said)
            names.append(pattern)
            new |= found
        return conjunction_pattern(names), new

    def taken_apart(self, label: str, said: Claim) -> tuple[str, dict[str, tuple[str, Claim]]]:
        """A pattern for one claim, and its parts by label, numbered as by `refuting.facts.labelled`."""
        if not isinstance(said, AllOf) or not said.parts:
            name = self._fresh()
            return name, {} if isinstance(said, AllOf) else {label: (name, said)}
        patterns: list[str] = []
        found: dict[str, tuple[str, Claim]] = {}
        for number, part in enumerate(said.parts):
            inner = f"{label}.{number}" if len(said.parts) > 1 else label
            pattern, more = self.taken_apart(inner, part)
            patterns.append(pattern)
            found |= more
        return conjunction_pattern(patterns), found

    def _distinction(
        self,
        node: Split | Compare | Floor | Alternatives,
        known: Known,
        used: Used,
        patterns: Sequence[str],
    ) -> str:
        match node:
            case Split(split=name):
                label = f"split {name}"
                used.premises[label] = known[label]
                return destructed(known[label][0], patterns)
            case Alternatives(either=label):
                used.premises[label] = known[label]
                return destructed(known[label][0], patterns)
            case Compare(polynomial=p, signs=signs):
                used.variables |= p.variables
                text, opposite = (polynomial_text(cleared(q)[0]) for q in (p, -p))
                if not signs:
                    return destructed(f"(Req_dec ({text}) 0)", patterns)
                return destructed(f"(Tools.trichotomy ({text}) ({opposite}) ltac:(ring))", patterns)
            case Floor(polynomial=p, below=n):
                for name in sorted(p.variables):
                    used.premises[f"integer {name}"] = known[f"integer {name}"]
                low, high = polynomial_text(n - p), polynomial_text(p - (n + 1))
                arguments = f"({polynomial_text(p)}) ({low}) ({high}) ({n}) ({n + 1})"
                proofs = "ltac:(Integers.decide_integer) eq_refl ltac:(ring) ltac:(ring)"
                return destructed(f"(Integers.floor {arguments}\n  {proofs})", patterns)

    def _identity(self, node: Identity, known: Known) -> tuple[list[str], Used]:
        cofactors = {label: self._known_variables(c) for label, c in node.cofactors.items()}
        positive = tuple(
            replace(product, squares=tuple(map(self._known_variables, product.squares)))
            for product in node.positive
        )
        node = replace(node, cofactors=cofactors, positive=positive)
        labels = {**node.cofactors, **node.nonzero}
        labels |= {label: None for product in positive for label in product.factors}
        used = Used({label: known[label] for label in labels})
        for cofactor in cofactors.values():
            used.variables |= cofactor.variables
        for product in positive:
            used.variables |= {v for square in product.squares for v in square.variables}
        for _, said in list(used.premises.values()):
            used.variables |= set(variables_in(said))
        values: dict[str, tuple[str, Value]] = {}
        for variable in sorted(used.variables):
            label = f"value {variable}"
            if label in known:
                hypothesis, said = known[label]
                assert isinstance(said, Value)  # for the type checker: a label of a value
                values[variable] = (hypothesis, said)
                used.premises[label] = known[label]
        facts = {
            label: (hypothesis, said)
            for label, (hypothesis, said) in used.premises.items()
            if isinstance(said, Fact)
        }
        # Hypotheses are renamed from 1, so that equal leaves have equal text, and are written once.
        names = {label: f"A{n}" for n, label in enumerate(used.premises, start=1)}
        leaf = Leaf(
            {label: (names[label], said) for label, (_, said) in facts.items()},
            {v: (names[f"value {v}"], said) for v, (_, said) in values.items()},
        )
        lemma = Lemma(
            "leaf",
            tuple(v for v in self.system.variables if v in used.variables),
            tuple((label, names[label], said) for label, (_, said) in used.premises.items()),
        )
        text = lemma.statement(leaf.proof(node))
        if text not in self.leaves:
            self.leaves[text] = f"leaf_{len(self.leaves)}"
            self.written.append(text.replace("Lemma leaf", f"Lemma {self.leaves[text]}", 1))
        own = tuple((label, *used.premises[label]) for label in used.premises)
        return [_applied(replace(lemma, name=self.leaves[text], premises=own))], used

    def _like(self, node: Like, known: Known) -> tuple[list[str], Used]:
        names = symmetry(self.system, node.renaming)
        if names is None:
            raise NotExportable("a renaming changes the facts: check the certificate first")
        lemma = self.done[node.like]
        by_key = {claim_key(said): (label, *hypothesis_of) for label, hypothesis_of in known.items()
                  for _, said in [hypothesis_of]}  # fmt: skip
        used = Used(variables={names.get(v, v) for v in lemma.variables})
        lines, arguments = [], []
        for _, _, said in lemma.premises:
            wanted = renamed_claim(said, names)
            if claim_key(wanted) not in by_key:
                raise NotExportable(
                    "a case is like an earlier one in a way that is seen only after values are put in: "
                    "this is not supported; write that case out in the certificate"
                )
            label, hypothesis, found = by_key[claim_key(wanted)]
            used.premises[label] = known[label]
            # What Coq expects is the lemma's text, other names put in: its terms keep their order.
            expected = renamed_text(claim_text(said), names)
            if claim_text(found) == expected:
                arguments.append(hypothesis)
                continue
            name = self._fresh()
            lines += [f"assert ({name} : {expected}).", "{"]
            lines += [f" {line}" for line in self._converted(hypothesis, found, wanted)] + ["}"]
            arguments.append(name)
        return [*lines, _application(lemma.name, [names.get(v, v) for v in lemma.variables], arguments)], used

    def _converted(self, hypothesis: str, found: Claim, wanted: Claim) -> list[str]:
        """Tactics that show a claim from one that says the same: other order, other factors."""
        match found, wanted:
            case Fact(polynomial=p, sign=sign), Fact(polynomial=q):
                d, h = _factors(cleared(p)[0], cleared(q)[0])
                lemma = {
                    "=": "cancel", "!=": "cancel_nonzero", ">": "cancel_positive", ">=": "cancel_nonnegative"
                }[sign]  # fmt: skip
                if h < 0 or (sign == "!=" and d < 0):
                    d, h = -d, -h
                signs = {"=": 1, "!=": 1, ">": 2, ">=": 2}[sign]
                return [
                    f"refine (Tools.{lemma} ({d}) ({h}) _ _{' _' * signs} _ {hypothesis});",
                    f" [{'lra | ' * signs}ring].",
                ]
            case AllOf(parts=parts), AllOf(parts=others):
                names = [self._fresh() for _ in parts]
                lines = [destructed(hypothesis, [conjunction_pattern(names)])] if len(parts) > 1 else []
                names = names if len(parts) > 1 else [hypothesis]
                lines += [f"refine {split_term(len(others))}."] if len(others) > 1 else []
                by_key = {claim_key(part): (name, part) for name, part in zip(names, parts, strict=True)}
                for other in others:
                    lines += ["{", *self._converted(*by_key[claim_key(other)], other), "}"]
                return lines
            case OneOf(parts=parts), OneOf(parts=others):
                keys = [claim_key(other) for other in others]
                names = [self._fresh() for _ in parts]
                lines = [destructed(hypothesis, names)]
                for name, part in zip(names, parts, strict=True):
                    number = keys.index(claim_key(part))
                    lines += ["{", f"{chosen(number, len(others))}."]
                    lines += [*self._converted(name, part, others[number]), "}"]
                return lines
        return [f"exact {hypothesis}."]


def destructed(term: str, patterns: Sequence[str]) -> str:
    """The tactic that takes a disjunction apart."""
    if not patterns:
        return f"destruct {term}."
    pattern = disjunction_pattern(patterns)
    return f"destruct {term} as {pattern}." if pattern.startswith("[") else f"pose proof {term} as {pattern}."


def _formulas(known: Known) -> dict[str, Fact | Either]:
    """The facts among what is known, as the core has them."""
    return dict(_core(known))


def _core(known: Known) -> Iterator[tuple[str, Fact | Either]]:
    for label, (_, said) in known.items():
        if isinstance(said, Fact):
            yield label, said
        elif isinstance(said, OneOf) and not label.startswith("split "):
            formula = _formula(said)
            assert isinstance(formula, Either)  # for the type checker: a disjunction is one
            yield label, formula


def _formula(said: Claim) -> Formula:
    match said:
        case AllOf(parts=parts):
            return Both(tuple(map(_formula, parts)))
        case OneOf(parts=parts):
            return Either(tuple(map(_formula, parts)))
    assert isinstance(said, Fact)  # for the type checker: formulas have no other parts
    return said


def _factors(p: Polynomial, q: Polynomial) -> tuple[int, int]:
    """d and h with d·p = h·q, for polynomials that differ by a factor."""
    if not p:
        return 1, 1
    monomial = max(p.terms)
    ratio = q.terms[monomial] / p.terms[monomial]
    return ratio.numerator, ratio.denominator


def _applied(lemma: Lemma) -> str:
    return _application(lemma.name, lemma.variables, [hypothesis for _, hypothesis, _ in lemma.premises])


def _application(name: str, variables: Sequence[str], arguments: Sequence[str]) -> str:
    return f"exact ({' '.join([name, *map(identifier, variables), *arguments])})."
