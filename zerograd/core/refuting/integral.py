"""The identity at a leaf of a certificate in integers, as a prover's own ring checks it.

A fact on p is stated as one on d·p, d its least common denominator. Variables whose values are integers are
substituted; those of others are left, and multiples of what the values say are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm, prod

from zerograd.core.numbers.clearing import cleared, denominator, divided
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Identity, Product
from zerograd.core.refuting.facts import Fact


@dataclass(frozen=True, slots=True)
class Integral:
    """Π nonzero · Σ products = Σ cofactor · fact + Σ correction · (b·s − a), for values s = a/b.

    Attributes:
        substituted: the variables that are replaced by their values.
        cofactors: by labels of facts.
        corrections: by variables.
        remainder: the left side less the right; 0 where the identity holds.
    """

    substituted: tuple[str, ...]
    products: tuple[Product, ...]
    cofactors: Mapping[str, Polynomial]
    corrections: Mapping[str, Polynomial]
    remainder: Polynomial


def integral(identity: Identity, facts: Mapping[str, Fact], values: Mapping[str, Fraction]) -> Integral:
    """The identity in integers, where these facts and values are known."""
    whole = {name: value for name, value in values.items() if value.denominator == 1}
    ahead = _divisor(facts, identity.nonzero)
    # An empty sum of products stands for 1.
    products = [
        _in_integers(product, facts, values, ahead)
        for product in identity.positive or (Product(Fraction(1), {}),)
    ]
    cofactors = {label: c.at(values) * _divisor(facts, {label: 1}) for label, c in identity.cofactors.items()}
    corrections: dict[str, Polynomial] = {}
    remainder = Polynomial.constant(0)
    if len(whole) < len(values):
        says = {label: cleared(fact.polynomial).at(whole) for label, fact in facts.items()}
        remainder = _difference(identity.nonzero, products, cofactors, says)
        for name in sorted(values.keys() - whole.keys()):
            # What vanishes at s = a/b is a multiple of b·s − a, one variable after another.
            if quotient := divided(remainder, name, values[name]):
                corrections[name] = quotient * Fraction(1, values[name].denominator)
            remainder = remainder.at({name: values[name]})
    scale = lcm(
        *(product.coefficient.denominator for product in products),
        *(denominator(c) for c in (*cofactors.values(), *corrections.values())),
    )
    return Integral(
        tuple(whole),
        tuple(replace(product, coefficient=product.coefficient * scale) for product in products),
        {label: c * scale for label, c in cofactors.items()},
        {name: c * scale for name, c in corrections.items()},
        remainder,
    )


def _divisor(facts: Mapping[str, Fact], powers: Mapping[str, int]) -> Fraction:
    """A product of facts over the same of what is stated."""
    return Fraction(1, prod(denominator(facts[label].polynomial) ** power for label, power in powers.items()))


def _in_integers(
    product: Product, facts: Mapping[str, Fact], values: Mapping[str, Fraction], ahead: Fraction
) -> Product:
    """The product in terms of what is stated, with squares of integer coefficients, times a factor."""
    coefficient = ahead * product.coefficient * _divisor(facts, product.factors)
    squares = []
    for square in product.squares:
        if square.is_constant:
            coefficient *= square.constant_term**2
        else:
            coefficient /= denominator(square.at(values)) ** 2
            squares.append(cleared(square.at(values)))
    return Product(coefficient, product.factors, tuple(squares))


def _difference(
    nonzero: Mapping[str, int],
    products: Sequence[Product],
    cofactors: Mapping[str, Polynomial],
    says: Mapping[str, Polynomial],
) -> Polynomial:
    """The left side less the right, without corrections."""

    def product_of(powers: Mapping[str, int], start: Polynomial) -> Polynomial:
        return prod((says[label] for label, power in powers.items() for _ in range(power)), start=start)

    total = Polynomial.constant(0)
    for product in products:
        value = product_of(product.factors, Polynomial.constant(product.coefficient))
        total = total + prod((q * q for q in product.squares), start=value)
    total = product_of(nonzero, total)
    return total - sum((c * says[label] for label, c in cofactors.items()), Polynomial.constant(0))
