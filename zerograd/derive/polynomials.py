"""Polynomials of `zerograd.core.refuting.system` as a person would write them: collected, in readable order.

``r[0,0]*s1[0,0]*w1[0,0]*x[0,0] + b1[0]*r[0,0]*s1[0,0]`` becomes ``r[0] s[0] (w1 x[0] + b1)`` in a network
of one unit a layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.references import entry
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.polynomial import Monomial, Polynomial
from zerograd.core.question.problem import Problem
from zerograd.derive.naming import is_scalar, quantity
from zerograd.document import formula as tree
from zerograd.document.exact import Signed, coefficient, total
from zerograd.document.formula import OPEN, TIMES, beside, brackets, derivative, power, row

_VARIABLE = re.compile(r"(?P<letter>[A-Za-z]+)(?P<number>\d*)(?:\[(?P<index>[\d,]+)\])?")
ONE = tree.Digits("1")
_RANKS = {"r": 0, "g": 0, "w": 1, "b": 2, "s": 3, "c": 3, "a": 3, "S": 5, "V": 5}
"""The order of factors: errors, parameters, φ and φ′, inputs and all else, moments; then gradients."""
_OF_GRADIENTS = 6


@dataclass(frozen=True, slots=True)
class _Summand:
    """coefficient · monomial · what stands in brackets, or has a name."""

    coefficient: Fraction
    monomial: Monomial
    named: tuple[tree.Node, ...] = ()


@dataclass(frozen=True)
class Polynomials:
    """Writes the variables and polynomials of one problem.

    Attributes:
        named: polynomials that are written by a name wherever they are a factor: pre-activations.
    """

    problem: Problem
    named: tuple[tuple[Polynomial, tree.Node], ...] = ()

    @cached_property
    def _layers_with_slopes(self) -> set[int]:
        """Those whose units have slopes of their own on each sample."""
        network = self.problem.network
        curved = {
            number
            for number, layer in enumerate(network.layers, start=1)
            if not isinstance(layer.activation, PiecewiseLinear)
        }
        convention = self.problem.derivative_at_kink
        if convention == "any":
            return curved | {
                n for n, layer in enumerate(network.layers, start=1) if layer.activation.has_kinks
            }
        return curved | {layer for layer, _ in units_with_sides(network, convention)}

    def variable(self, name: str) -> tree.Node:
        """A variable of any system. Indices on axes of length 1 are left out, save those of samples."""
        if name.startswith("g_"):
            return self.derivative(name.removeprefix("g_"))
        match = _VARIABLE.fullmatch(name)
        if match is None:  # it cannot be: systems name their variables so
            raise ValueError(f"no variable of a system: {name!r}")
        index = tuple(int(part) for part in match["index"].split(",")) if match["index"] else ()
        return self._quantity(match["letter"], match["number"], index)

    def _quantity(self, letter: str, number: str, index: Index) -> tree.Node:
        network = self.problem.network
        lengths: Sequence[int]
        match letter:
            case "w" | "b":
                lengths = network.shapes[letter + number]
            case "S":
                lengths = (network.outputs,)
            case "V":
                lengths = (network.outputs, network.inputs)
            case "x":
                lengths = (network.inputs,)
            case "r" | "y" | "g":
                lengths = (network.outputs,)
            case "l":
                lengths = (network.outputs if self.problem.model.loss.by_output else 1,)
            case "a" | "s" | "c" | "z":
                lengths = (network.layers[int(number) - 1].units,)
                number = self._layer(number)
            case _:
                lengths = ()
        # What stands before the axes of units is the number of a sample.
        first = len(index) - len(lengths)
        kept = [*index[:first], *(i for i, n in zip(index[first:], lengths, strict=True) if n > 1)]
        return quantity(network, letter, number, kept)

    def _layer(self, number: str) -> str:
        """The number of a layer; nothing where one layer alone has several sides, and no name needs it.

        Of one unit a layer z₁ would be the unit of layer 1 in a derivation, and sample 1 here.
        """
        alone = self._layers_with_slopes <= {int(number)} and not is_scalar(self.problem.network)
        return "" if alone else number

    def derivative(self, name: str) -> tree.Node:
        """∂L/∂ of an entry, e.g. of ``w1[0,0]``."""
        return derivative(tree.Letter("L"), self.variable(name))

    def pre_activation(self, layer: int, index: Index, at: str | None = None) -> tree.Node:
        """z of a sample's unit; or of a unit, at an input such as ``x01``."""
        if at is None:
            return self.variable(entry(f"z{layer}", index))
        network = self.problem.network
        number = self._layer(str(layer))
        z = quantity(network, "z", number, index if network.layers[layer - 1].units > 1 else ())
        return tree.Call(z, quantity(network, at[0], at[1:])) if at else z

    def __call__(self, p: Polynomial) -> tree.Node:
        return _sum([self._written(summand) for summand in self._summands(p)])

    def factor(self, p: Polynomial) -> tree.Node:
        """A polynomial as a factor: in brackets if it is a sum, or starts with a sign."""
        parts = [self._written(summand) for summand in self._summands(p)]
        plain = len(parts) < 2 and not any(part.negative for part in parts)
        return _sum(parts) if plain else brackets(_sum(parts))

    def combination(self, summands: Iterable[tuple[Polynomial, tree.Node]]) -> tree.Node:
        """Σ coefficient · quantity, the quantities as they are written."""
        parts = []
        for multiple, node in summands:
            written = [self._written(summand) for summand in self._summands(multiple)]
            if len(written) != 1:
                parts.append(Signed(False, times([brackets(_sum(written)), node])))
            else:
                size = written[0].size
                parts.append(Signed(written[0].negative, node if size == ONE else times([size, node])))
        # A sum that starts without a sign reads better.
        return _sum(sorted(parts, key=lambda part: part.negative))

    def _written(self, summand: _Summand) -> Signed:
        ordered = sorted(summand.monomial, key=lambda item: _factor_order(item[0]))
        factors = [power(self.variable(name), e) for name, e in ordered] + list(summand.named)
        before = coefficient(abs(summand.coefficient), alone=not factors)
        return Signed(summand.coefficient < 0, row(*before, *beside(*factors)))

    def _summands(self, p: Polynomial) -> list[_Summand]:
        terms = sorted(p.terms.items(), key=lambda term: _term_order(*term))
        if len(terms) < 2:
            return [_Summand(c, monomial) for monomial, c in terms]
        common, size = _common([m for m, _ in terms]), _common_size([c for _, c in terms])
        rest = Polynomial({_without(m, common): c / size for m, c in terms})
        names: dict[tree.Node, int] = {}
        for z, name in self.named:
            while (quotient := _quotient(rest, z)) is not None:
                rest, names[name] = quotient, names.get(name, 0) + 1
        if common or abs(size) != 1 or names:
            shown = tuple(power(name, e) for name, e in names.items())
            if len(rest.terms) > 1:
                shown += (self.factor(rest),)
                return [_Summand(size, common, shown)]
            ((monomial, c),) = rest.terms.items()
            return [_Summand(size * c, _times(common, monomial), shown)]
        # By errors, or by φ′ where that makes fewer groups: r[0] z[0] + …, or s[0] (…) + ….
        groups = min((_grouped(terms, letters) for letters in ("rgSV", "sc")), key=_summands_left)
        summands: list[_Summand] = []
        for key, inside in groups.items():
            inner = self._summands(Polynomial(inside)) if key else []
            if len(inner) == 1:
                summands.append(replace(inner[0], monomial=_times(key, inner[0].monomial)))
            elif inner:
                summands.append(_Summand(Fraction(1), key, (self.factor(Polynomial(inside)),)))
            else:
                summands += [_Summand(c, monomial) for monomial, c in inside.items()]
        # A sum that starts without a sign reads better.
        first = next((n for n, summand in enumerate(summands) if summand.coefficient > 0), 0)
        return [summands[first], *summands[:first], *summands[first + 1 :]]


def times(factors: Sequence[tree.Node]) -> tree.Node:
    """A product with its signs of multiplication."""
    return row(*[part for factor in factors for part in (TIMES, factor)][1:])


def is_bracketed(node: tree.Node) -> bool:
    """Whether a formula begins with a bracket."""
    return node == OPEN or (isinstance(node, tree.Row) and is_bracketed(node.parts[0]))


def _sum(terms: Iterable[Signed]) -> tree.Node:
    return row(*total(terms).parts)


def _term_order(monomial: Monomial, c: Fraction) -> tuple[int, bool, list[tuple[int, int, list[str | int]]]]:
    """Long products first; of equally long ones, those that are added."""
    return -sum(e for _, e in monomial), c < 0, sorted(_factor_order(name) for name, _ in monomial)


def _factor_order(name: str) -> tuple[int, int, list[str | int]]:
    match = _VARIABLE.fullmatch(name)
    layer = int(match["number"]) if match and name[0] == "w" else 0
    natural: list[str | int] = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
    rank = _OF_GRADIENTS if name.startswith("g_") else _RANKS.get(name[0], 4)
    return rank, -layer, natural


def _grouped(
    terms: Sequence[tuple[Monomial, Fraction]], letters: str
) -> dict[Monomial, dict[Monomial, Fraction]]:
    """The terms by their factors whose names start with one of the letters, which are taken out."""
    groups: dict[Monomial, dict[Monomial, Fraction]] = {}
    for monomial, c in terms:
        key = tuple((name, e) for name, e in monomial if name[0] in letters and name[1] != "_")
        groups.setdefault(key, {})[_without(monomial, key)] = c
    return groups


def _summands_left(groups: Mapping[Monomial, Mapping[Monomial, Fraction]]) -> int:
    return sum(1 if key else len(inside) for key, inside in groups.items())


def _common(monomials: Sequence[Monomial]) -> Monomial:
    """The greatest monomial that divides all."""
    powers = dict(monomials[0])
    for monomial in monomials[1:]:
        exponents = dict(monomial)
        powers = {name: min(e, exponents[name]) for name, e in powers.items() if name in exponents}
    return tuple(sorted(powers.items()))


def _common_size(coefficients: Sequence[Fraction]) -> Fraction:
    """What all coefficients are whole multiples of, or 1 if one of them is ±1; below 0 if they all are."""
    size = Fraction(1)
    if all(abs(c) != 1 for c in coefficients):
        size = Fraction(
            gcd(*(c.numerator for c in coefficients)), lcm(*(c.denominator for c in coefficients))
        )
    return -size if all(c < 0 for c in coefficients) else size


def _quotient(p: Polynomial, divisor: Polynomial) -> Polynomial | None:
    """p / divisor, if that is a polynomial; the divisor must have a variable as a term of its own."""
    if len(p.terms) < 2 or not divisor.variables <= p.variables:
        return None
    alone = next(
        (
            m
            for m in sorted(divisor.terms)
            if len(m) == 1 and m[0][1] == 1 and _degree_in(m[0][0], divisor) == 1
        ),
        None,
    )
    if alone is None or sum(1 for m in divisor.terms if alone[0] in m) != 1:
        return None
    name, leading = alone[0][0], divisor.terms[alone]
    quotient = Polynomial.constant(0)
    while (degree := _degree_in(name, p)) > 0:
        # Long division by a divisor whose leading coefficient is a number.
        top = Polynomial({m: c / leading for m, c in p.terms.items() if dict(m).get(name) == degree})
        step = Polynomial({_without(m, ((name, 1),)): c for m, c in top.terms.items()})
        quotient, p = quotient + step, p - step * divisor
    return quotient if quotient and not p else None


def _degree_in(name: str, p: Polynomial) -> int:
    return max((dict(m).get(name, 0) for m in p.terms), default=0)


def _times(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, e in b:
        powers[name] = powers.get(name, 0) + e
    return tuple(sorted(powers.items()))


def _without(monomial: Monomial, divisor: Monomial) -> Monomial:
    taken = dict(divisor)
    return tuple((name, e - taken.get(name, 0)) for name, e in monomial if e > taken.get(name, 0))
