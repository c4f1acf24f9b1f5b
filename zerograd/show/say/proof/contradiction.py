"""How a case ends: the identity at a leaf of a certificate, and what it contradicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import Known
from zerograd.show.say.proof.facts import Facts, Quantity
from zerograd.show.say.proof.polynomials import Polynomials
from zerograd.show.say.proof.style import Style, listed


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
    style: Style = field(init=False)
    write: Polynomials = field(init=False)
    facts: Mapping[str, Fact] = field(init=False)
    quantities: Mapping[str, Quantity] = field(init=False)

    def __post_init__(self) -> None:
        self.style = self.words.style
        self.write = self.words.naming(self.known.values)
        labels = [
            *self.node.nonzero,
            *(n for p in self.node.positive for n in p.factors),
            *self.node.cofactors,
        ]
        self.facts = {label: _fact(self.known, label) for label in labels}
        self.quantities = {
            label: self.words.quantity(label, fact, self.write) for label, fact in self.facts.items()
        }

    def told(self) -> str:
        """A clause, with its full stop: what then holds, and why it cannot."""
        node, facts, quantities = self.node, self.facts, self.quantities
        right_labels = list(node.cofactors)
        left_labels = [label for label in facts if label not in right_labels]
        only = _only_label(node)
        if only is not None and facts[only].polynomial.is_constant:
            return self._absurd(only, facts[only], quantities[only])
        math = self.style.math
        given = {
            label: quantity.defined
            for label, quantity in quantities.items()
            if quantity.defined is not None and not self._is_displayed(label, facts[label])
        }
        on_right = self._by(right_labels)
        short = self._shortened()
        if short is not None:
            return short
        left = self._left()
        right = self._right()
        single = _single(node)
        if single is not None:
            # The definition of what is not 0 starts the chain of equations.
            left = given.pop(single, left)
        said = [math(text) for text in dict.fromkeys(given.values())]
        before = f"{listed(said)}, so that " if said else ""
        if not right_labels:
            return f"{before}{math(f'{left} = 0')}, but the left side is above 0{self._by(left_labels)}."
        chain = f"{before}{math(f'{left} = {right} = 0')}{on_right}"
        if single is not None:
            return f"{chain}, {self._against(single, quantities[single])}."
        if not left_labels and not node.positive:
            return f"{chain}, which is false."
        above = bool(node.positive) and all(facts[label].sign == ">" for label in node.nonzero)
        return f"{chain}; but the left side is {'above 0' if above else 'not 0'}{self._by(left_labels)}."

    def _shortened(self) -> str | None:
        """An identity of which most is that some variables are 0: these are put into what is left."""
        node, facts, quantities = self.node, self.facts, self.quantities
        if node.positive or not node.nonzero:
            return None
        zeros = {label: variable for label in node.cofactors if (variable := _variable(facts[label]))}
        rest = [label for label in node.cofactors if label not in zeros]
        values = dict.fromkeys(zeros.values(), 0)
        by = self._by([*zeros])
        single = _single(node)
        if single is not None and not rest and zeros:
            if quantities[single].defined is None:
                return None
            zero = self.style.math(f"{quantities[single].defined} = 0")
            return f"{zero}{by}, {self._against(single, quantities[single])}."
        if len(rest) != 1 or not zeros or not node.cofactors[rest[0]].is_constant:
            return None
        left = Polynomial.constant(1)
        for label, power in node.nonzero.items():
            for _ in range(power):
                left = left * facts[label].polynomial
        if left != facts[rest[0]].polynomial.at(values) * node.cofactors[rest[0]].constant_term:
            return None
        if rest[0] not in self.numbers:
            return None
        product = self._left()
        defined = [
            self.style.math(text)
            for label in node.nonzero
            if (text := quantities[label].defined) is not None and not self._is_displayed(label, facts[label])
        ]
        here = f"{listed(defined)}, and " if defined else ""
        return (
            f"{here}({self.numbers[rest[0]]}) becomes {self.style.math(f'{product} = 0')}{by}; "
            f"but the left side is not 0{self._by([*node.nonzero])}."
        )

    def _against(self, label: str, quantity: Quantity) -> str:
        if label in self.numbers:
            return f"against ({self.numbers[label]})"
        return f"against {self.style.math(quantity.says)}"

    def _absurd(self, label: str, fact: Fact, quantity: Quantity) -> str:
        """The fact alone is false."""
        math = self.style.math
        z = self.words.of_pre_activation(label, fact, self.write)
        if z:
            return f"{math(' = '.join(z))}, against {math(quantity.says)}."
        if quantity.defined is not None:
            return f"{math(quantity.defined)}, {self._against(label, quantity)}."
        by = f"({self.numbers[label]}) says that " if label in self.numbers else ""
        return f"{by}{math(quantity.says)}, which is false."

    def _is_displayed(self, label: str, fact: Fact) -> bool:
        return label in self.numbers and self.words.system.facts[label] == fact

    def _right(self) -> str:
        """Σ cofactor · fact."""
        cofactors = self.node.cofactors
        if len(cofactors) == 1:
            ((label, c),) = cofactors.items()
            if c == Polynomial.constant(1) and self.quantities[label].shown.startswith("("):
                return self.write(self.facts[label].polynomial)
        return self.write.combination((c, self.quantities[label].shown) for label, c in cofactors.items())

    def _left(self) -> str:
        """Π nonzero^power · Σ positive, with what all summands share in front of them."""
        node, quantities = self.node, self.quantities

        def powers(exponents: Mapping[str, int]) -> list[str]:
            ordered = sorted(exponents.items(), key=lambda power: "grad(" in power[0])
            return [self.write.power(quantities[label].shown, e) for label, e in ordered if e]

        shared: dict[str, int] = {}
        if len(node.positive) > 1:
            first, *others = (product.factors for product in node.positive)
            shared = {
                label: min(e, *(other[label] for other in others))
                for label, e in first.items()
                if all(label in other for other in others)
            }
        summands = []
        for product in node.positive:
            inner = powers({label: e - shared.get(label, 0) for label, e in product.factors.items()})
            inner += [self.write.power(self.write.factor(square), 2) for square in product.squares]
            constant = self.write(Polynomial.constant(product.coefficient))
            inner = inner if product.coefficient == 1 and inner else [constant, *inner]
            summands.append(self.write.times(inner))
        total = " + ".join(summands)
        together = {**shared}
        for label, e in node.nonzero.items():
            together[label] = together.get(label, 0) + e
        factors = powers(together)
        if not factors:
            return total or "1"
        if summands and total != "1":
            factors.append(self.style.write.brackets(total) if len(summands) > 1 else total)
        return self.write.times(factors)

    def _by(self, labels: Sequence[str]) -> str:
        known = sorted({self.numbers[label] for label in labels if label in self.numbers})
        return f" by {listed([f'({number})' for number in known])}" if known else ""


def _fact(known: Known, label: str) -> Fact:
    fact = known.facts[label]
    assert isinstance(fact, Fact)  # for the type checker: the certificate was accepted
    return fact


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
