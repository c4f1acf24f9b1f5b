"""The identity at a leaf of a certificate as a lemma for Coq: these facts contradict one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm, prod

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, Product
from zerograd.core.refuting.facts import Fact
from zerograd.show.coq.claim import Value
from zerograd.show.coq.lemma import Key, Known
from zerograd.show.coq.text import NotExportable, cleared, denominator, identifier, nested, polynomial_text


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
        whole = {name: value for name, value in known.items() if value.denominator == 1}
        ahead = self._divisor(node.nonzero)
        # An empty sum of products stands for 1.
        products = [self._in_integers(p, known, ahead) for p in node.positive or (Product(Fraction(1), {}),)]
        cofactors = {label: c.at(known) * self._divisor({label: 1}) for label, c in node.cofactors.items()}
        corrections: dict[str, Polynomial] = {}
        if len(whole) < len(known):
            corrections = self._corrections(self._difference(node.nonzero, products, cofactors, whole))
        right = {self.facts[label][0]: c for label, c in cofactors.items()}
        right |= {f"(Rminus_diag_eq _ _ {self.values[name][0]})": c for name, c in corrections.items()}
        scale = lcm(
            *(product.coefficient.denominator for product in products),
            *(c.denominator for polynomial in right.values() for c in polynomial.terms.values()),
        )
        products = [replace(product, coefficient=product.coefficient * scale) for product in products]
        terms = [f"Tools.zero_product ({polynomial_text(c * scale)}) _ {h}" for h, c in right.items()]
        zero = nested("Tools.zero_sum _ _ ({})\n      ({})", terms or ["eq_refl (0 : R)"])
        nonzero = self._nonzero(node.nonzero, products)
        substituted = [tactic for variable in whole for tactic in self._substituted(variable)]
        return [*substituted, f"refine (Tools.contradiction _ _ _\n    ({nonzero})\n    ({zero})).", "ring."]

    def _substituted(self, variable: str) -> Iterator[str]:
        """A value takes the place of its variable; first in a fact ``s = 0``, which ``subst`` might use."""
        for name, fact in self.facts.values():
            if fact.sign == "=" and cleared(fact.polynomial) == Polynomial.variable(variable):
                yield f"rewrite {self.values[variable][0]} in {name}."
        yield f"subst {identifier(variable)}."

    def _divisor(self, powers: Mapping[str, int]) -> Fraction:
        """A product of facts over that of their hypotheses: one says d·p, of a fact on p."""
        divisor = Fraction(1)
        for label, power in powers.items():
            divisor /= denominator(self.facts[label][1].polynomial) ** power
        return divisor

    def _in_integers(self, product: Product, known: Mapping[str, Fraction], ahead: Fraction) -> Product:
        """The product in terms of the hypotheses, with squares of integer coefficients, times a factor."""
        coefficient = ahead * product.coefficient * self._divisor(product.factors)
        squares = []
        for square in product.squares:
            if square.is_constant:
                coefficient *= square.constant_term**2
            else:
                coefficient /= denominator(square.at(known)) ** 2
                squares.append(cleared(square.at(known)))
        return Product(coefficient, product.factors, tuple(squares))

    def _difference(
        self,
        nonzero: Mapping[str, int],
        products: Sequence[Product],
        cofactors: Mapping[str, Polynomial],
        whole: Mapping[str, Fraction],
    ) -> Polynomial:
        """The left side less the right, in terms of the hypotheses."""
        says = {label: cleared(fact.polynomial).at(whole) for label, (_, fact) in self.facts.items()}

        def product_of(powers: Mapping[str, int], start: Polynomial) -> Polynomial:
            return prod((says[label] for label, power in powers.items() for _ in range(power)), start=start)

        total = Polynomial.constant(0)
        for product in products:
            value = product_of(product.factors, Polynomial.constant(product.coefficient))
            total = total + prod((q * q for q in product.squares), start=value)
        total = product_of(nonzero, total)
        return total - sum((c * says[label] for label, c in cofactors.items()), Polynomial.constant(0))

    def _corrections(self, difference: Polynomial) -> dict[str, Polynomial]:
        """Cofactors of b·s − a, for variables s whose value a/b is no integer.

        Those are not substituted, as ``ring`` reads no fractions. The two sides then differ by a
        polynomial that vanishes at s = a/b, and so is a multiple of b·s − a (one variable after another).
        """
        corrections = {}
        for name in sorted(name for name, (_, value) in self.values.items() if value.denominator > 1):
            value = self.values[name][1]
            quotient = divided(difference, name, value)
            if quotient:
                corrections[name] = quotient * Fraction(1, value.denominator)
            difference = difference.at({name: value})
        if difference:
            raise NotExportable("an identity does not hold: check the certificate first")
        return corrections

    def _nonzero(self, powers: Mapping[str, int], products: Sequence[Product]) -> str:
        """A term that says that the left side is not 0."""
        text, strict = self._positive(products[-1])
        for product in reversed(products[:-1]):
            term, above = self._positive(product)
            lemma = {
                (True, True): "Rplus_lt_0_compat",
                (True, False): "Rplus_lt_le_0_compat",
                (False, True): "Rplus_le_lt_0_compat",
                (False, False): "Rplus_le_le_0_compat",
            }[above, strict]
            text, strict = f"{lemma} _ _ ({term}) ({text})", above or strict
        factors = []
        for label, power in powers.items():
            hypothesis, fact = self.facts[label]
            term = hypothesis if fact.sign == "!=" else f"Tools.positive_nonzero _ {hypothesis}"
            factors.append(term if power == 1 else f"pow_nonzero _ {power} ({term})")
        factors.append(f"Tools.positive_nonzero _ ({text})")
        return nested("Rmult_integral_contrapositive_currified _ _ ({}) ({})", factors)

    def _positive(self, product: Product) -> tuple[str, bool]:
        """A term that says that a product is above 0 (True), or not below (False)."""
        factors = [(f"IZR_lt 0 {product.coefficient} eq_refl", True)]
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
        if all(above for _, above in factors):
            return nested("Rmult_lt_0_compat _ _ ({}) ({})", [text for text, _ in factors]), True
        terms = [f"Rlt_le _ _ ({text})" if above else text for text, above in factors]
        return nested("Rmult_le_pos _ _ ({}) ({})", terms), False


def divided(p: Polynomial, name: str, value: Fraction) -> Polynomial:
    """q with p = (name − value)·q + what p is at that value, by Horner's rule."""
    zero, variable = Polynomial.constant(0), Polynomial.variable(name)
    by_degree: dict[int, Polynomial] = {}
    for monomial, c in p.terms.items():
        powers = dict(monomial)
        degree = powers.pop(name, 0)
        by_degree[degree] = by_degree.get(degree, zero) + Polynomial({tuple(sorted(powers.items())): c})
    quotient = running = zero
    for degree in range(max(by_degree, default=0), 0, -1):
        running = running * value + by_degree.get(degree, zero)
        quotient = quotient * variable + running
    return quotient
