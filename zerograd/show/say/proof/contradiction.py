"""How a case ends: the identity at a leaf of a certificate, and what it contradicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zerograd.core.errors import of_type
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import Known
from zerograd.derive.polynomials import ONE, Polynomials, is_bracketed, times
from zerograd.document.blocks import Prose, join, prose
from zerograd.document.formula import EQUALS, PLUS, ZERO, Node, brackets, power, row
from zerograd.document.layout import listed
from zerograd.show.say.proof.facts import Facts, Subject


@dataclass(slots=True)
class Contradiction:
    """One leaf.

    Attributes:
        numbers: of the facts that are displayed, by label.
    """

    words: Facts
    numbers: Mapping[str, int]
    node: Identity
    known: Known
    write: Polynomials = field(init=False)
    facts: Mapping[str, Fact] = field(init=False)
    subjects: Mapping[str, Subject] = field(init=False)

    def __post_init__(self) -> None:
        self.write = self.words.naming(self.known.values)
        labels = [
            *self.node.nonzero,
            *(n for p in self.node.positive for n in p.factors),
            *self.node.cofactors,
        ]
        self.facts = {label: _fact(self.known, label) for label in labels}
        self.subjects = {
            label: self.words.subject(label, fact, self.write) for label, fact in self.facts.items()
        }

    def told(self) -> Prose:
        """A clause, with its full stop: what then holds, and why it cannot."""
        node, facts, subjects = self.node, self.facts, self.subjects
        right_labels = list(node.cofactors)
        left_labels = [label for label in facts if label not in right_labels]
        only = _only_label(node)
        if only is not None and facts[only].polynomial.is_constant:
            return self._absurd(only, facts[only], subjects[only])
        given = {
            label: subject.defined
            for label, subject in subjects.items()
            if subject.defined is not None and not self._is_displayed(label, facts[label])
        }
        short = self._shortened()
        if short is not None:
            return short
        left = self._left()
        right = self._right()
        single = _single(node)
        if single is not None:
            # The definition of what is not 0 starts the chain of equations.
            left = given.pop(single, left)
        defined = dict.fromkeys(given.values())
        before = prose(join(defined), ", so that ") if defined else ()
        if not right_labels:
            return prose(before, _zero(left), ", but the left side is above 0", self._by(left_labels), ".")
        chain = prose(before, row(left, EQUALS, right, EQUALS, ZERO), self._by(right_labels))
        if single is not None:
            return prose(chain, ", ", self._against(single, subjects[single]), ".")
        if not left_labels and not node.positive:
            return prose(chain, ", which is false.")
        above = bool(node.positive) and all(facts[label].sign == ">" for label in node.nonzero)
        by = self._by(left_labels)
        return prose(chain, f"; but the left side is {'above 0' if above else 'not 0'}{by}.")

    def _shortened(self) -> Prose | None:
        """An identity of which most is that some variables are 0: these are put into what is left."""
        node, facts, subjects = self.node, self.facts, self.subjects
        if node.positive or not node.nonzero:
            return None
        zeros = {label: variable for label in node.cofactors if (variable := _variable(facts[label]))}
        rest = [label for label in node.cofactors if label not in zeros]
        values = dict.fromkeys(zeros.values(), 0)
        by = self._by([*zeros])
        single = _single(node)
        if single is not None and not rest and zeros:
            defined = subjects[single].defined
            if defined is None:
                return None
            return prose(_zero(defined), f"{by}, ", self._against(single, subjects[single]), ".")
        if len(rest) != 1 or not zeros or not node.cofactors[rest[0]].is_constant:
            return None
        left = Polynomial.constant(1)
        for label, exponent in node.nonzero.items():
            for _ in range(exponent):
                left = left * facts[label].polynomial
        if left != facts[rest[0]].polynomial.at(values) * node.cofactors[rest[0]].constant_term:
            return None
        if rest[0] not in self.numbers:
            return None
        definitions = [
            definition
            for label in node.nonzero
            if (definition := subjects[label].defined) is not None
            and not self._is_displayed(label, facts[label])
        ]
        return prose(
            prose(join(definitions), ", and ") if definitions else (),
            f"({self.numbers[rest[0]]}) becomes ",
            _zero(self._left()),
            f"{by}; but the left side is not 0{self._by([*node.nonzero])}.",
        )

    def _against(self, label: str, subject: Subject) -> Prose:
        return prose("against ", f"({self.numbers[label]})" if label in self.numbers else subject.says)

    def _absurd(self, label: str, fact: Fact, subject: Subject) -> Prose:
        """The fact alone is false."""
        z = self.words.of_pre_activation(label, fact, self.write)
        if z:
            return prose(z, ", against ", subject.says, ".")
        if subject.defined is not None:
            return prose(subject.defined, ", ", self._against(label, subject), ".")
        by = f"({self.numbers[label]}) says that " if label in self.numbers else ""
        return prose(by, subject.says, ", which is false.")

    def _is_displayed(self, label: str, fact: Fact) -> bool:
        return label in self.numbers and self.words.system.facts[label] == fact

    def _right(self) -> Node:
        """Σ cofactor · fact."""
        cofactors = self.node.cofactors
        if len(cofactors) == 1:
            ((label, c),) = cofactors.items()
            if c == Polynomial.constant(1) and is_bracketed(self.subjects[label].shown):
                return self.write(self.facts[label].polynomial)
        return self.write.combination((c, self.subjects[label].shown) for label, c in cofactors.items())

    def _left(self) -> Node:
        """Π nonzero^power · Σ positive, with what all summands share in front of them."""
        node = self.node

        def powers(exponents: Mapping[str, int]) -> list[Node]:
            ordered = sorted(exponents.items(), key=lambda item: "grad(" in item[0])
            return [power(self.subjects[label].shown, e) for label, e in ordered if e]

        shared: dict[str, int] = {}
        if len(node.positive) > 1:
            first, *others = (product.factors for product in node.positive)
            shared = {
                label: min(e, *(other[label] for other in others))
                for label, e in first.items()
                if all(label in other for other in others)
            }
        summands: list[Node] = []
        for product in node.positive:
            inner = powers({label: e - shared.get(label, 0) for label, e in product.factors.items()})
            inner += [power(self.write.factor(square), 2) for square in product.squares]
            constant = self.write(Polynomial.constant(product.coefficient))
            inner = inner if product.coefficient == 1 and inner else [constant, *inner]
            summands += [PLUS, times(inner)]
        total = row(*summands[1:]) if summands else ONE
        together = {**shared}
        for label, e in node.nonzero.items():
            together[label] = together.get(label, 0) + e
        factors = powers(together)
        if not factors:
            return total
        if total != ONE:
            factors.append(brackets(total) if len(node.positive) > 1 else total)
        return times(factors)

    def _by(self, labels: Sequence[str]) -> str:
        known = sorted({self.numbers[label] for label in labels if label in self.numbers})
        return f" by {listed([f'({number})' for number in known])}" if known else ""


def _zero(left: Node) -> Node:
    return row(left, EQUALS, ZERO)


def _fact(known: Known, label: str) -> Fact:
    return of_type(known.facts[label], Fact, "what an identity names")


def _single(node: Identity) -> str | None:
    """The one fact on the left, to the first power."""
    if node.positive or list(node.nonzero.values()) != [1]:
        return None
    return next(iter(node.nonzero))


def _variable(fact: Fact) -> str | None:
    """The variable that the fact says is 0."""
    monomials = list(fact.polynomial.terms)
    if fact.sign == "=" and len(monomials) == 1 and len(monomials[0]) == 1 and monomials[0][0][1] == 1:
        return monomials[0][0][0]
    return None


def _only_label(node: Identity) -> str | None:
    """The one fact that an identity is about, if it is false by itself."""
    if len(node.cofactors) == 1 and not node.nonzero and not node.positive:
        return next(iter(node.cofactors))
    if len(node.nonzero) == 1 and not node.cofactors and not node.positive:
        return next(iter(node.nonzero))
    if len(node.positive) == 1 and not node.cofactors and not node.nonzero:
        factors = node.positive[0].factors
        return next(iter(factors)) if len(factors) == 1 and not node.positive[0].squares else None
    return None
