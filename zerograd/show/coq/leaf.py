"""The identity at a leaf of a certificate as a lemma for Coq: these facts contradict one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, Product
from zerograd.core.refuting.facts import Fact
from zerograd.show.coq.claim import Value
from zerograd.show.coq.lemma import Key, Known
from zerograd.show.coq.text import NotExportable, cleared, identifier, polynomial_text


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is known where an identity stands.

    Attributes:
        facts: hypotheses, and what they say, by label.
        values: hypotheses, and the numbers that variables are, by variable.
    """

    facts: Mapping[Key, tuple[str, Fact]]
    values: Mapping[str, tuple[str, Fraction]]

    @classmethod
    def of(cls, known: Known) -> Leaf:
        """The facts and values among what is known."""
        facts, values = {}, {}
        for key, (name, claim) in known.items():
            match claim:
                case Fact():
                    facts[key] = (name, claim)
                case Value(name=variable, value=value):
                    values[variable] = (name, value)
        return cls(facts, values)

    def proof(self, node: Identity) -> list[str]:
        """The tactics that close the goal ``False``.

        Polynomials are written once only, in the hypotheses: the terms below name those, Coq finds
        both sides of the identity from them, and ``ring`` shows that the sides are equal.
        """
        known = {name: value for name, (_, value) in self.values.items()}
        whole = {name: v for name, v in known.items() if v.denominator == 1}
        products = [self._scaled(product, known) for product in node.positive]
        cofactors = {
            label: c.at(known) * Fraction(1, self._divisor(label)) for label, c in node.cofactors.items()
        }
        ahead = Fraction(1)
        for label, power in node.nonzero.items():
            ahead /= self._divisor(label) ** power
        coefficients = [ahead * product.coefficient for product in products] or [ahead]
        pairs = list(zip(coefficients, products, strict=True)) if products else [(ahead, None)]
        corrections = self._corrections(node, known, pairs, cofactors)
        scale = lcm(
            *(c.denominator for c in coefficients),
            *(c.denominator for p in (*cofactors.values(), *corrections.values()) for c in p.terms.values()),
        )
        left = self._left(node, [int(c * scale) for c in coefficients], products)
        terms = [
            f"Tools.zero_product ({polynomial_text(c * scale)}) _ {self.facts[label][0]}"
            for label, c in cofactors.items()
        ] + [
            f"Tools.zero_product ({polynomial_text(q * scale)}) _ (Rminus_diag_eq _ _ {self.values[name][0]})"
            for name, q in corrections.items()
        ]
        right = "eq_refl (0 : R)" if not terms else terms[-1]
        for term in reversed(terms[:-1]):
            right = f"Tools.zero_sum _ _ ({term})\n      ({right})"
        substituted = [f"subst {identifier(variable)}." for variable in whole]
        return [*substituted, f"refine (Tools.contradiction _ _ _\n    ({left})\n    ({right})).", "ring."]

    def _divisor(self, label: str) -> int:
        """The hypothesis says d·p, of a fact on p."""
        return cleared(self.facts[label][1].polynomial)[1]

    def _scaled(self, product: Product, known: Mapping[str, Fraction]) -> Product:
        """The product in terms of the hypotheses, with squares of integer coefficients."""
        coefficient = product.coefficient
        for label, power in product.factors.items():
            coefficient /= self._divisor(label) ** power
        squares = []
        for square in product.squares:
            q = square.at(known)
            if square.is_constant:
                coefficient *= square.constant_term**2
                continue
            q, d = cleared(q)
            coefficient /= d**2
            squares.append(q)
        return Product(coefficient, product.factors, tuple(squares))

    def _corrections(
        self,
        node: Identity,
        known: Mapping[str, Fraction],
        products: Sequence[tuple[Fraction, Product | None]],
        cofactors: Mapping[str, Polynomial],
    ) -> dict[str, Polynomial]:
        """Cofactors of b·s − a, for variables s whose value a/b is no integer.

        Those are not substituted, as ``ring`` reads no fractions. The two sides then differ by a
        polynomial that vanishes at s = a/b, and so is a multiple of b·s − a (one variable after another).
        """
        whole = {name: v for name, v in known.items() if v.denominator == 1}
        if len(whole) == len(known):
            return {}

        def says(label: str) -> Polynomial:
            return cleared(self.facts[label][1].polynomial)[0].at(whole)

        left = Polynomial.constant(0)
        for coefficient, product in products:
            value = Polynomial.constant(coefficient)
            for label, power in product.factors.items() if product else ():
                value = value * power_of(says(label), power)
            for square in product.squares if product else ():
                value = value * square * square
            left = left + value
        for label, power in node.nonzero.items():
            left = left * power_of(says(label), power)
        difference = left
        for label, cofactor in cofactors.items():
            difference = difference - cofactor * says(label)
        corrections = {}
        for name in sorted(known.keys() - whole.keys()):
            quotient = divided(difference, name, known[name])
            if quotient:
                corrections[name] = quotient * Fraction(1, known[name].denominator)
            difference = difference.at({name: known[name]})
        if difference:
            raise NotExportable("an identity does not hold: check the certificate first")
        return corrections

    def _left(self, node: Identity, coefficients: Sequence[int], products: Sequence[Product]) -> str:
        """A term that says that the left side is not 0."""
        if not products:
            total = f"Tools.positive_nonzero _ ({_literal(coefficients[0])})"
        else:
            terms = [self._positive(c, p) for c, p in zip(coefficients, products, strict=True)]
            text, strict = terms[-1]
            for term, above in reversed(terms[:-1]):
                lemma = {
                    (True, True): "Rplus_lt_0_compat",
                    (True, False): "Rplus_lt_le_0_compat",
                    (False, True): "Rplus_le_lt_0_compat",
                    (False, False): "Rplus_le_le_0_compat",
                }[above, strict]
                text, strict = f"{lemma} _ _ ({term}) ({text})", above or strict
            total = f"Tools.positive_nonzero _ ({text})"
        for label, power in reversed([*node.nonzero.items()]):
            hypothesis, fact = self.facts[label]
            term = hypothesis if fact.sign == "!=" else f"Tools.positive_nonzero _ {hypothesis}"
            if power > 1:
                term = f"pow_nonzero _ {power} ({term})"
            total = f"Rmult_integral_contrapositive_currified _ _ ({term}) ({total})"
        return total

    def _positive(self, coefficient: int, product: Product) -> tuple[str, bool]:
        """A term that says that a product is above 0 (True), or not below (False)."""
        factors = [(_literal(coefficient), True)]
        for label, power in product.factors.items():
            hypothesis, fact = self.facts[label]
            match fact.sign:
                case ">":
                    factors.append((f"pow_lt _ {power} {hypothesis}", True))
                case ">=":
                    factors.append((f"pow_le _ {power} {hypothesis}", False))
                case _:
                    factors.append((f"pow_lt _ {power // 2} (Tools.nonzero_square _ {hypothesis})", True))
        factors += [(f"Tools.square ({polynomial_text(square)})", False) for square in product.squares]
        strict = all(above for _, above in factors)
        if not strict:
            factors = [(f"Rlt_le _ _ ({text})" if above else text, False) for text, above in factors]
        lemma = "Rmult_lt_0_compat" if strict else "Rmult_le_pos"
        text = factors[-1][0]
        for factor, _ in reversed(factors[:-1]):
            text = f"{lemma} _ _ ({factor}) ({text})"
        return text, strict


def divided(p: Polynomial, name: str, value: Fraction) -> Polynomial:
    """q with p = (name − value)·q + what p is at that value, by Horner's rule."""
    by_degree: dict[int, Polynomial] = {}
    for monomial, c in p.terms.items():
        powers = dict(monomial)
        degree = powers.pop(name, 0)
        rest = Polynomial({tuple(sorted(powers.items())): c})
        by_degree[degree] = by_degree.get(degree, Polynomial.constant(0)) + rest
    quotient = running = Polynomial.constant(0)
    variable = Polynomial.variable(name)
    for degree in range(max(by_degree, default=0), 0, -1):
        running = running * value + by_degree.get(degree, Polynomial.constant(0))
        quotient = quotient + running * power_of(variable, degree - 1)
    return quotient


def power_of(p: Polynomial, power: int) -> Polynomial:
    result = Polynomial.constant(1)
    for _ in range(power):
        result = result * p
    return result


def _literal(number: int) -> str:
    """A term that says that a number is above 0."""
    return f"IZR_lt 0 {number} eq_refl"
