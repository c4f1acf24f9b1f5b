"""The symbolic loss and gradients of a problem, as text and as LaTeX.

First the network, the loss, and ∂L/∂ of what is asked, for any number of samples; then what one
sample contributes, region by region.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, product
from math import prod
from operator import itemgetter

import sympy as sp

from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.model.network import Network
from zerograd.core.model.references import resolve
from zerograd.core.model.sides import Side, sides, units_with_sides
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes
from zerograd.derive import definitions
from zerograd.derive.chain import Chain, Index, scaled
from zerograd.derive.functions import on_side
from zerograd.derive.gradients import m
from zerograd.derive.lettered import OUTPUT, InRegion, Totals
from zerograd.derive.naming import function, indicator, interval, is_scalar, quantity
from zerograd.derive.notation import Notation
from zerograd.derive.ring import Expr
from zerograd.document import formula as tree
from zerograd.document import latex, text
from zerograd.document.blocks import Block, Equation, Equations, Prose, heading, join, paragraph, prose
from zerograd.document.exact import rational
from zerograd.document.formula import EQUALS, PLUS, beside, derivative, power, row
from zerograd.show.words import activations, kink_values, of_layer, side_word

MAX_REGIONS = 16
L = tree.Letter("L")


def gradients_text(problem: Problem) -> str:
    """The loss and gradients as text, for a terminal."""
    return text.written(_Document(problem).blocks(), hanging=4)


def gradients_latex(problem: Problem) -> str:
    """The loss and gradients as LaTeX, to be put in a document that loads amsmath."""
    return latex.written(_Document(problem).blocks())


@dataclass(frozen=True, slots=True)
class _Document:
    """What is said, whatever it is written in."""

    problem: Problem

    @property
    def network(self) -> Network:
        return self.problem.network

    @property
    def write(self) -> Notation:
        return Notation(self.network)

    def blocks(self) -> Iterator[Block]:
        if self.problem.title:
            yield heading(self.problem.title, level=3)
        yield from self._network()
        yield from self._loss()
        yield from self._totals()
        yield from self._regions()

    def _name(self, letter: str, layer: int | str = "") -> tree.Node:
        return quantity(self.network, letter, layer)

    def _equations(self, sides: Iterable[tuple[Expr, Expr]]) -> Equations:
        return Equations(tuple(Equation(self.write(left), (self.write(right),)) for left, right in sides))

    def _network(self) -> Iterator[Block]:
        yield heading("Network", level=3)
        lines = []
        for number, layer in enumerate(self.network.layers, start=1):
            below = self._name("a", number - 1) if number > 1 else self._name("x")
            bias = [PLUS, self._name("b", number)] if layer.bias else []
            affine = row(row(*beside(self._name("w", number), below)), *bias)
            last = number == self.network.depth
            a, z = self._name("ŷ") if last else self._name("a", number), self._name("z", number)
            if last and layer.activation.is_linear:
                lines.append(Equation(a, (affine,)))
                continue
            lines.append(Equation(z, (affine,)))
            value = z if layer.activation.is_linear else tree.Call(function(layer.activation), z)
            lines.append(Equation(a, (value,)))
        yield Equations((*lines, *definitions.values(self.network)))
        if not is_scalar(self.network):
            shapes = (
                prose(self._name(name[0], name[1:]), f" ({', '.join(map(str, shape))})")
                for name, shape in self.network.shapes.items()
            )
            yield paragraph("shapes: ", _listed(shapes), "; indices from 0")

    def _loss(self) -> Iterator[Block]:
        chain, loss = self._chain, sp.IndexedBase("ℓ")[m]
        yield heading("Loss, over ", tree.Letter("M"), " samples", level=3)
        yield Equations((self._mean(chain.loss if chain.explicit else loss),))
        if not chain.explicit:
            yield Equations(self._of_one(chain, loss))

    def _mean(self, summand: Expr) -> Equation:
        return Equation(L, (self.write(self._chain.over_samples(summand)),))

    def _of_one(self, chain: Totals | InRegion, loss: Expr) -> tuple[Equation, ...]:
        """What ℓ is, output by output where it is a sum over them."""
        outputs, lines = self.network.outputs, [(loss, chain.loss)]
        if outputs > 1 and self.problem.model.loss.by_output and not chain.explicit:
            part = chain.quantity("ℓ", self.network.depth, OUTPUT)
            lines = [(loss, sp.Sum(part, (OUTPUT, 0, outputs - 1))), (part, chain.loss_of(OUTPUT))]
        return self._equations(lines).lines

    @property
    def _chain(self) -> Totals:
        return Totals(self.problem.model)

    def _totals(self) -> Iterator[Block]:
        chain = self._chain
        yield heading("Gradients, ", self._convention(), level=3)
        yield from self._by_cases()
        if chain.named:
            loss = self._name("ℓ")
            derivatives = (
                prose(row(self._name("δ", n), EQUALS, derivative(loss, self._name("z", n)))) for n in (1, 2)
            )
            words = f" is {self.problem.model.loss.sample_words}:"
            yield paragraph("with ", _listed(derivatives), " and so on, where ", loss, words)
            yield self._equations(chain.adjoints())
        if not chain.explicit:
            yield Equations(tuple(self._adjoints(chain)))
        lines = (
            Equation(
                derivative(L, self.write(self._subject(chain, name, index))),
                (self.write(chain.total(name, index)),),
            )
            for name, index in self._asked(chain)
        )
        yield Equations(tuple(lines))

    def _adjoints(self, chain: Totals | InRegion) -> Iterator[Equation]:
        """What each g is."""
        together = self.network.outputs > 1 and self.problem.model.loss.by_output
        for unit in (OUTPUT,) if together else range(self.network.outputs):
            places = [chain.quantity(letter, self.network.depth, unit) for letter in "gŷ"]
            g, y_hat = map(self.write, places)
            yield Equation(g, (derivative(self._name("ℓ"), y_hat), self.write(chain.adjoint_formula(unit))))

    def _convention(self) -> Prose:
        convention = self.problem.derivative_at_kink
        if not any(layer.activation.has_kinks for layer in self.network.layers):
            return ("no activation has a kink",)
        if convention == "forbid":
            return ("no sample on a kink (forbid)",)
        values = (
            prose(
                row(tree.Call(function(a), rational(kink), prime=True), EQUALS, rational(slope)), of_layer(a)
            )
            for a, kink, slope in kink_values(activations(self.network), convention)
        )
        return prose("with ", _listed(values), f" ({convention})")

    def _by_cases(self) -> Iterator[Block]:
        """φ' by cases, where it is no mere indicator."""
        convention, z = self.problem.derivative_at_kink, tree.Letter("z")
        lines = [*definitions.derivatives(self.network, convention)]
        for activation in dict.fromkeys(layer.activation for layer in self.network.layers):
            if not isinstance(activation, PiecewiseLinear) or activation.is_linear:
                continue
            if indicator(activation, convention) is None:
                own = activation.of_layer
                at = z if own is None else quantity(self.network, "z", own.layer)
                cases = tuple(
                    (rational(side.derivative), interval(side, at)) for side in sides(activation, convention)
                )
                lines.append(Equation(tree.Call(function(activation), at, prime=True), (tree.Cases(cases),)))
        if lines:
            yield Equations(tuple(lines))

    def _asked(self, chain: Totals | InRegion) -> list[tuple[str, tuple[Index, ...]]]:
        """The entries to write: of every parameter if nothing is asked, of ``x`` only if it is."""
        single = _entries_asked(self.problem)
        return [
            (name, index)
            for name in [*self.network.shapes, "x"]
            for index in (chain.indices(name) if name in self._whole else sorted(single.get(name, ())))
        ]

    @property
    def _whole(self) -> set[str]:
        """Names asked as a whole."""
        references = [reference for listed in self.problem.query.values() for reference in listed]
        names = {reference.name for reference in references if reference.index is None}
        for condition in self.problem.where:
            names |= set(re.findall(r"grad\((\w+)\)", str(condition)))
        return names if names or references else set(self.network.shapes)

    def _subject(self, chain: Chain, name: str, index: tuple[Index, ...]) -> Expr:
        return chain.quantity("x", 0, index[0]) if name == "x" else chain.parameter(name, index)

    def _regions(self) -> Iterator[Block]:
        choices = units_with_sides(self.network, self.problem.derivative_at_kink)
        yield heading("One sample", level=3)
        chain = InRegion(self.problem.model, {})
        adjoints = () if chain.explicit else self._adjoints(chain)
        mean = self._mean(sp.IndexedBase("ℓ")[m])
        yield Equations((*self._of_one(chain, sp.Symbol("ℓ")), mean, *adjoints))
        powers = Counter(map(len, choices.values()))
        if sum(powers.values()) > MAX_REGIONS or _total(powers) > MAX_REGIONS:
            factors = (power(tree.Digits(str(size)), times) for size, times in sorted(powers.items()))
            few = sum(powers.values()) <= 20
            yield paragraph(
                tree.Digits(str(_total(powers))) if few else row(*beside(*factors)),
                " regions, by the sides of the kinks on which the units are: left out "
                f"here, where at most {MAX_REGIONS} are listed. In Python, "
                "zerograd.gradients(problem).regions() gives each.",
            )
            return
        for combination in product(*choices.values()):
            yield from self._region(dict(zip(choices, combination, strict=True)))

    def _region(self, pattern: dict[tuple[int, int], Side]) -> Iterator[Block]:
        chain = InRegion(self.problem.model, pattern)
        conditions = []
        for (layer, unit), side in pattern.items():
            shown = interval(side, self.write(chain.quantity(f"z{layer}", layer, unit)))
            word = side_word(self.network.layers[layer - 1].activation, side)
            conditions.append(prose(shown, f" ({word})" if word else ""))
        if conditions:
            yield heading(_listed(conditions), level=3)
        for (layer, unit), side in pattern.items():
            z = chain.z[layer, unit]
            if z.is_number and not all(on_side(z, side)):
                name = self.write(chain.quantity(f"z{layer}", layer, unit))
                yield paragraph("impossible, since then ", row(name, EQUALS, self.write(z)))
                return
        known = [(chain.activation(*place), value) for place, value in chain.a.items()]
        equations = [*self._equations([*known, *chain.adjoints()]).lines]
        for name, entries in groupby(self._asked(chain), key=itemgetter(0)):
            indices = [index for _, index in entries]
            values = [scaled(chain.factor, chain.contribution(name, index)) for index in indices]
            subjects = [self._subject(chain, name, index) for index in indices]
            if not any(values) and name in self._whole:
                # One line for an array of zeros.
                values, subjects = values[:1], [sp.Symbol(name)]
            for subject, value in zip(subjects, values, strict=True):
                left = derivative(self._name("ℓ"), self.write(subject))
                equations.append(Equation(left, (self.write(value),)))
        yield Equations(tuple(equations))


def _listed(items: Iterable[Prose]) -> Prose:
    """``a, b, c``."""
    return join(items, ",")


def _entries_asked(problem: Problem) -> dict[str, set[tuple[Index, ...]]]:
    """Entries asked singly (of ``x``: the inputs, whatever the sample)."""
    shapes = gradient_shapes(problem.network, problem.samples.least)
    entries: dict[str, set[tuple[Index, ...]]] = {}
    for reference in (reference for listed in problem.query.values() for reference in listed):
        for index in resolve(reference, shapes[reference.name]) if reference.index else ():
            entries.setdefault(reference.name, set()).add(index[1:] if reference.name == "x" else index)
    return entries


def _total(powers: Mapping[int, int]) -> int:
    return int(prod(size**times for size, times in powers.items()))
