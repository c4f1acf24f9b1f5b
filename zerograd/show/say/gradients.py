"""The symbolic loss and gradients of a problem, as text and as LaTeX.

First the network, the loss, and ∂L/∂ of what is asked, for any number of samples; then what one
sample contributes, region by region.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, product
from math import prod
from operator import itemgetter
from typing import TypeAlias

import sympy as sp

from zerograd.core.model.network import Network
from zerograd.core.model.references import resolve
from zerograd.core.model.sides import Side, sides
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import gradient_shapes
from zerograd.derive.gradients import M, m
from zerograd.derive.notation import Atom, LaTeX, Notation, Text, indicator
from zerograd.derive.regions import units_with_sides
from zerograd.derive.sample import Expr
from zerograd.document.escape import clean, latex_escape
from zerograd.show.formulas import Chain, Index, InRegion, Totals, loss_of_one, scaled
from zerograd.show.words import activations, kink_values, side_word

_WHOLE = re.compile(r"1\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]|[wb]\d+ \([\d, ]+\)")
"""What is not broken over lines: ``1[z1[m,0] > 0]``, and a name with its shape."""

MAX_REGIONS = 16
WIDTH = 100
_UNBROKEN = 15
"""Lines of a LaTeX block: amsmath does not break one over pages."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A heading or remark, in the target language."""

    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Equations:
    """(left, right) sides that belong together, in the target language."""

    lines: tuple[tuple[str, str], ...]


Part: TypeAlias = Prose | Equations


def gradients_text(problem: Problem) -> str:
    """The loss and gradients as text, for a terminal."""
    lines: list[str] = []
    for part in _Document(problem, Text(problem.network), clean, str).parts():
        match part:
            case Prose(text=text, heading=heading):
                lines += ([""] if lines and heading else []) + _wrapped(text, "" if heading else "  ")
            case Equations(lines=equations):
                for left, right in equations:
                    lines += _wrapped(f"{left} = {right}", "  ")
    return "\n".join(lines) + "\n"


def gradients_latex(problem: Problem) -> str:
    """The loss and gradients as LaTeX, to be put in a document that loads amsmath."""
    lines: list[str] = []
    for part in _Document(problem, LaTeX(problem.network), latex_escape, r"\({}\)".format).parts():
        match part:
            case Prose(text=text, heading=True):
                lines += ([""] if lines else []) + [rf"\medskip\noindent\textbf{{{text}}}\par"]
            case Prose(text=text):
                lines.append(rf"\noindent {text}\par")
            case Equations(lines=equations):
                for start in range(0, len(equations), _UNBROKEN):
                    block = equations[start : start + _UNBROKEN]
                    body = " \\\\\n".join(f"{left} &= {right}" for left, right in block)
                    lines += [r"\begin{align*}", body, r"\end{align*}"]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, indent: str) -> list[str]:
    kept = re.sub(
        r"1\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]", lambda match: match[0].replace(" ", "\u00a0"), text
    )
    lines = textwrap.wrap(
        kept,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0", " ") for line in lines]


@dataclass(frozen=True, slots=True)
class _Document:
    """What is said, whatever it is written in.

    Attributes:
        escape: for text from the problem file.
        math: sets a formula in prose.
    """

    problem: Problem
    write: Notation
    escape: Callable[[str], str]
    math: Callable[[str], str]

    @property
    def network(self) -> Network:
        return self.problem.network

    def parts(self) -> Iterator[Part]:
        if self.problem.title:
            yield Prose(self.escape(self.problem.title), heading=True)
        yield from self._network()
        yield from self._loss()
        yield from self._totals()
        yield from self._regions()

    def _name(self, letter: str, layer: int | str = "") -> str:
        return self.write.atom(Atom(letter, str(layer)))

    def _network(self) -> Iterator[Part]:
        yield Prose("Network", heading=True)
        lines = []
        for number, layer in enumerate(self.network.layers, start=1):
            below = self._name("a", number - 1) if number > 1 else self._name("x")
            z = self.write.join([self._name("w", number), below])
            if layer.bias:
                z += f" + {self._name('b', number)}"
            last = number == self.network.depth
            a = self._name("ŷ") if last else self._name("a", number)
            if last and not layer.activation.kinks:
                lines.append((a, z))
                continue
            lines.append((self._name("z", number), z))
            function = self.write.function_name(layer.activation)
            inner = self._name("z", number)
            lines.append((a, f"{function}({inner})" if layer.activation.kinks else inner))
        yield Equations(tuple(lines))
        if not self.write.scalar:
            shapes = (
                f"{self.math(self._name(name[0], name[1:]))} ({', '.join(map(str, shape))})"
                for name, shape in self.network.shapes.items()
            )
            yield Prose(f"shapes: {', '.join(shapes)}; indices from 0")

    def _loss(self) -> Iterator[Part]:
        yield Prose(f"Loss, over {self.math('M')} samples", heading=True)
        chain, last = Totals(self.network, self.problem.derivative_at_kink), self.network.depth
        squares = chain.sum_over(last, lambda unit: chain.unit("r", last, unit) ** 2)
        yield Equations((("L", self._sum_over_samples(1, squares)),))

    def _sum_over_samples(self, factor: int, summand: Expr) -> str:
        scale = sp.Rational(factor, self.network.outputs) / M
        return self.write(scale * sp.Sum(summand, (m, 0, M - 1)))

    def _totals(self) -> Iterator[Part]:
        chain = Totals(self.network, self.problem.derivative_at_kink)
        yield Prose(f"Gradients, {self._kinks()}", heading=True)
        yield from self._slopes()
        if chain.named:
            derivatives = (
                self.math(
                    f"{self._name('δ', n)} = {self.write.derivative(self._name('ℓ'), self._name('z', n))}"
                )
                for n in (1, 2)
            )
            yield Prose(
                f"with {', '.join(derivatives)} and so on, where {self.math(self._name('ℓ'))} is the sum of "
                "one sample's squared residuals:"
            )
            yield Equations(tuple((self.write(left), self.write(right)) for left, right in chain.adjoints()))
        lines = []
        for name, index in self._asked(chain):
            value = chain.gradient(name, index)
            if name == "x":
                right = self.write(sp.Rational(chain.factor, self.network.outputs) / M * value)
            else:
                right = self._sum_over_samples(chain.factor, value)
            lines.append((self.write.derivative("L", self.write(self._subject(chain, name, index))), right))
        yield Equations(tuple(lines))

    def _kinks(self) -> str:
        convention = self.problem.derivative_at_kink
        if not any(layer.activation.kinks for layer in self.network.layers):
            return "no activation has a kink"
        if convention == "forbid":
            return "no sample on a kink (forbid)"
        values = [
            self.math(f"{self.write.function_name(a)}'({self._number(kink)}) = {self._number(slope)}")
            for a, kink, slope in kink_values(activations(self.network), convention)
        ]
        return f"with {', '.join(values)} ({convention})"

    def _number(self, value: object) -> str:
        return self.write(sp.Rational(str(value)))

    def _slopes(self) -> Iterator[Part]:
        """φ' by cases, where it is no mere indicator."""
        convention = self.problem.derivative_at_kink
        lines = []
        for activation in dict.fromkeys(layer.activation for layer in self.network.layers):
            if activation.kinks and indicator(activation, convention) is None:
                cases = [
                    (self._number(side.derivative), self.write.interval(side, "z"))
                    for side in sides(activation, convention)
                ]
                lines.append((f"{self.write.function_name(activation)}'(z)", self.write.cases(cases)))
        if lines:
            yield Equations(tuple(lines))

    def _asked(self, chain: Chain) -> list[tuple[str, tuple[Index, ...]]]:
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
        layer = 0 if name == "x" else int(name[1:])
        if name == "x":
            return chain.unit("x", 0, index[0])
        return chain.weight(layer, *index) if name[0] == "w" else chain.bias(layer, *index)

    def _regions(self) -> Iterator[Part]:
        choices = units_with_sides(self.network, self.problem.derivative_at_kink)
        yield Prose("One sample", heading=True)
        mean = self._sum_over_samples(1, sp.IndexedBase("ℓ")[m])
        yield Equations(((self._name("ℓ"), self.write(loss_of_one(self.network))), ("L", mean)))
        powers = Counter(map(len, choices.values()))
        if sum(powers.values()) > MAX_REGIONS or _total(powers) > MAX_REGIONS:
            factors = [self.write.power(str(size), times) for size, times in sorted(powers.items())]
            shown = str(_total(powers)) if sum(powers.values()) <= 20 else self.write.join(factors)
            yield Prose(
                f"{self.math(shown)} regions, by the sides of the kinks on which the units are: left out "
                f"here, where at most {MAX_REGIONS} are listed. In Python, "
                "zerograd.gradients(problem).regions() gives each."
            )
            return
        for combination in product(*choices.values()):
            yield from self._region(dict(zip(choices, combination, strict=True)))

    def _region(self, pattern: dict[tuple[int, int], Side]) -> Iterator[Part]:
        chain = InRegion(self.network, self.problem.derivative_at_kink, pattern)
        conditions = []
        for (layer, unit), side in pattern.items():
            shown = self.math(self.write.interval(side, self.write(chain.unit(f"z{layer}", layer, unit))))
            word = side_word(self.network.layers[layer - 1].activation, side)
            conditions.append(f"{shown} ({word})" if word else shown)
        if conditions:
            yield Prose(", ".join(conditions), heading=True)
        for (layer, unit), side in pattern.items():
            z = chain.z[layer, unit]
            if z.is_number and not _inside(side, z):
                name = self.write(chain.unit(f"z{layer}", layer, unit))
                yield Prose(f"impossible, since then {self.math(f'{name} = {self.write(z)}')}")
                return
        lines = []
        for (layer, unit), value in chain.a.items():
            name = chain.unit("ŷ" if layer == self.network.depth else f"a{layer}", layer, unit)
            lines.append((self.write(name), self.write(value)))
        lines += [(self.write(left), self.write(right)) for left, right in chain.adjoints()]
        for name, entries in groupby(self._asked(chain), key=itemgetter(0)):
            indices = [index for _, index in entries]
            values = [scaled(chain.factor, chain.gradient(name, index)) for index in indices]
            subjects = [self._subject(chain, name, index) for index in indices]
            if not any(values) and name in self._whole:
                # One line for an array of zeros.
                values, subjects = values[:1], [sp.Symbol(name)]
            for subject, value in zip(subjects, values, strict=True):
                lines.append((self.write.derivative(self._name("ℓ"), self.write(subject)), self.write(value)))
        yield Equations(tuple(lines))


def _entries_asked(problem: Problem) -> dict[str, set[tuple[Index, ...]]]:
    """Entries asked singly (of ``x``: the inputs, whatever the sample)."""
    shapes = gradient_shapes(problem.network, problem.samples.least)
    entries: dict[str, set[tuple[Index, ...]]] = {}
    for reference in (reference for listed in problem.query.values() for reference in listed):
        for index in resolve(reference, shapes[reference.name]) if reference.index else ():
            entries.setdefault(reference.name, set()).add(index[1:] if reference.name == "x" else index)
    return entries


def _inside(side: Side, z: Expr) -> bool:
    """Whether a number is on the side."""
    low = side.low is None or bool(z >= side.low if side.low_closed else z > side.low)
    return low and (side.high is None or bool(z <= side.high if side.high_closed else z < side.high))


def _total(powers: Mapping[int, int]) -> int:
    return int(prod(size**times for size, times in powers.items()))
