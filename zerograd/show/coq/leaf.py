"""The identity at a leaf of a certificate as a lemma for Coq: these facts contradict one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.numbers.clearing import cleared
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, Product
from zerograd.core.refuting.claims import Value
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.integral import integral
from zerograd.show.coq.lemma import Key, Known
from zerograd.show.coq.text import NotExportable, identifier, nested, polynomial_text


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
        facts = {label: fact for label, (_, fact) in self.facts.items() if isinstance(label, str)}
        identity = integral(node, facts, {name: value for name, (_, value) in self.values.items()})
        if identity.remainder:
            raise NotExportable("an identity does not hold: check the certificate first")
        right = {self.facts[label][0]: c for label, c in identity.cofactors.items()}
        for name, c in identity.corrections.items():
            right[f"(Rminus_diag_eq _ _ {self.values[name][0]})"] = c
        terms = [f"Tools.zero_product ({polynomial_text(c)}) _ {h}" for h, c in right.items()]
        zero = nested("Tools.zero_sum _ _ ({})\n      ({})", terms or ["eq_refl (0 : R)"])
        nonzero = self._nonzero(node.nonzero, identity.products)
        substituted = [tactic for variable in identity.substituted for tactic in self._substituted(variable)]
        return [*substituted, f"refine (Tools.contradiction _ _ _\n    ({nonzero})\n    ({zero})).", "ring."]

    def _substituted(self, variable: str) -> Iterator[str]:
        """A value takes the place of its variable; first in a fact ``s = 0``, which ``subst`` might use."""
        for name, fact in self.facts.values():
            if fact.sign == "=" and cleared(fact.polynomial) == Polynomial.variable(variable):
                yield f"rewrite {self.values[variable][0]} in {name}."
        yield f"subst {identifier(variable)}."

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
