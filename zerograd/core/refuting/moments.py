"""A problem with any number of samples as facts about real numbers.

Within one activation pattern T of a single sample, z and a are affine in x and δ is linear in r. So each
gradient is a sum over the patterns of terms in S_T = Σ r and V_T = Σ r x, the moments over the samples of
T. Every network and dataset of any size that answers the problem gives values to the entries of the
parameters, to ``S01[k]`` and ``V01[k,d]`` for the pattern whose units are, in order, on their sides 0 and
1, and to ``x01[d]``, one of its samples, if there is any, and ``r01[k]``, its adjoint. Where no gradient is
asked not to be 0, ``n01`` is the number of its samples. Gradients are up to the loss's positive factor, and
r is its adjoint. Only what is said of parameters, of signs of their gradients, and of each sample alone is
kept (`zerograd.core.refuting.sample_gradients`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import Forward, Site, backward, forward
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Side, sides, units_with_sides
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import evaluate
from zerograd.core.question.fitness import smooth
from zerograd.core.question.language import names_in
from zerograd.core.question.question import Question
from zerograd.core.question.small_datasets import each_sample_alone
from zerograd.core.question.vocabulary import sample_arrays
from zerograd.core.refuting.facts import Fact, FactAlgebra, Formula, renamed
from zerograd.core.refuting.sample_gradients import Asked, summed
from zerograd.core.refuting.sizes import is_short, sized
from zerograd.core.refuting.system import (
    Case,
    Renaming,
    System,
    by_label,
    constant,
    lifted,
    on_side,
    parameters_of,
    query_facts,
    split_name,
    where_label,
    within,
)

MAX_PATTERNS = 256
"""Patterns of one sample that are looked at."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The side that one sample is on, for each unit that has several: T in the names of variables.

    Attributes:
        tag: the numbers of the sides in the order of units, ``01``.
        sides: (layer from 1, unit) to the side.
    """

    tag: str
    sides: Mapping[tuple[int, int], Side]

    @property
    def split(self) -> str:
        """The name of the distinction whether any sample has this pattern."""
        return f"pattern {self.tag}"

    def at(self, label: str) -> str:
        """The label of a fact about the sample of this pattern."""
        return f"{label} at x{self.tag}"

    def over(self, label: str) -> str:
        """The label of a sum over the samples of this pattern."""
        return f"{label} over {self.tag}".rstrip()

    def input(self, d: int) -> str:
        """Entry d of the sample of this pattern."""
        return entry(f"x{self.tag}", (d,))

    @property
    def number(self) -> str:
        """How many samples have this pattern."""
        return f"n{self.tag}"

    def adjoint(self, k: int, letter: str) -> str:
        """Entry k of the adjoint of the sample of this pattern."""
        return entry(f"{letter}{self.tag}", (k,))

    def moments(self, network: Network) -> list[tuple[str, int, int | None]]:
        """The moments Σ r_k and Σ r_k x_d over its samples: the variable, k, and d or None."""
        outputs, inputs = range(network.outputs), range(network.inputs)
        sums: list[tuple[str, int, int | None]] = [(entry(f"S{self.tag}", (k,)), k, None) for k in outputs]
        return sums + [(entry(f"V{self.tag}", (k, d)), k, d) for k in outputs for d in inputs]

    def on_kink(self, layer: int, unit: int, k: int) -> str:
        """The label of what the moments of output k fulfil where z of a unit is on a kink."""
        return f"{entry(f'z{layer}', (unit,))} = {self.sides[layer, unit].low} over {self.tag}, {k}"


def patterns_of(choices: Mapping[tuple[int, int], tuple[Side, ...]]) -> Iterator[Pattern]:
    """Every pattern of units with these sides (`units_with_sides`)."""
    for digits in product(*(range(len(c)) for c in choices.values())):
        chosen = {unit: c[n] for (unit, c), n in zip(choices.items(), digits, strict=True)}
        yield Pattern("".join(map(str, digits)), chosen)


def unfit(problem: Question) -> str | None:
    """Return why samples of one pattern have no moments that tell the gradients; None if they have."""
    if problem.derivative_at_kink == "any":
        return "slopes are chosen at kinks, for each sample by itself"
    return smooth(problem)


def moments_system(problem: Question) -> System:
    """The facts of datasets of any size. Raises Refused if there are too many patterns."""
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    if prod(map(len, choices.values())) > MAX_PATTERNS:
        raise Refused([Violation("system", f"at most {MAX_PATTERNS} patterns", "more of them")])
    sized(problem.network, prod(map(len, choices.values())), adjoints_are_long=False)
    named = {reference.name for references in problem.query.values() for reference in references}
    return _Moments(problem, choices, named).build()


def moments_quantities(
    problem: Question,
) -> tuple[dict[str, Array[Polynomial]], dict[str, dict[str, Array[Polynomial]]]]:
    """Parameter gradients over the loss's factor, in variables of `moments_system`; and by pattern (``01``)
    what a condition on each sample alone can name (parameters, ``x``, ``z1``, …), of that pattern's sample.

    Raises Refused as `moments_system`.
    """
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    moments = _Moments(problem, choices, problem.network.shapes.keys())
    moments.build()
    return moments.gradients, moments.of_sample


class _Moments:
    """The facts of all patterns of one sample, with moments over the samples of each.

    Args:
        named: parameters of which the gradients are wanted.
    """

    def __init__(
        self,
        problem: Question,
        choices: Mapping[tuple[int, int], tuple[Side, ...]],
        named: AbstractSet[str],
    ) -> None:
        self.problem, self.choices = problem, choices
        self.named = [name for name in problem.network.shapes if name in named]
        self.parameters = parameters_of(problem)
        self.algebra = FactAlgebra()
        self.gradients: dict[str, Array[Polynomial]] = {}
        self.splits: dict[str, tuple[Case, ...]] = {}
        self.of_sample: dict[str, dict[str, Array[Polynomial]]] = {}
        self.degenerate: list[tuple[str, Formula]] = []
        self.asked = Asked.of(problem)
        self.letter = "r" if problem.model.loss.least_squares else "g"
        self.numbers: list[tuple[str, Array[Polynomial]]] = []
        layers = range(1, problem.network.depth + 1)
        of_units = (f"{letter}{layer}" for layer in layers for letter in "za")
        self.alone = frozenset(_each_alone(problem, {*self.parameters, "x", "y_hat", *of_units}))

    def build(self) -> System:
        problem = self.problem
        for pattern in patterns_of(self.choices):
            self._pattern(pattern)
        facts: list[tuple[str, Formula]] = [*query_facts(problem, problem.samples.least, self.gradients)]
        for (name, index), bound in problem.entry_bounds(problem.samples.least).items():
            if name in self.parameters:
                facts += within(self.parameters[name][index], entry(name, index), bound)
        for number, condition in enumerate(problem.where):
            own = names_in(condition.node) <= set(self.parameters)
            if own and is_short(condition, self.parameters.__getitem__):
                formula = evaluate(condition, self.algebra, self.parameters.__getitem__)
                facts.append((where_label(number), formula))
        facts += self.degenerate
        facts += self.asked.some_entry(self.numbers)
        if not self.asked.moving:  # else some sample is needed anyway
            total = sum((Polynomial.variable(number) for number, _ in self.numbers), constant(0))
            facts.append(("samples > 0", Fact(total, ">")))
        facts += self.algebra.definitions.items()
        return System(by_label(facts), self.splits, frozenset(), self._rename)

    def _pattern(self, pattern: Pattern) -> None:
        """One pattern: its share of every gradient, and what its samples have in common."""
        network, tag = self.problem.network, pattern.tag
        x = Array.build((1, network.inputs), lambda i: Polynomial.variable(pattern.input(i[1])))
        r = Array.build((1, network.outputs), lambda i: Polynomial.variable(entry("r", i)))

        def activate(activation: Activation, site: Site, z: Any) -> tuple[Any, Any]:
            side = pattern.sides.get((site[0], site[2]))
            side = side or sides(activation, self.problem.derivative_at_kink)[0]
            return z * side.slope + side.offset, side.derivative

        run = forward(network, self.parameters, x, activate)
        shares = backward(network, self.parameters, run, r)
        for name in self.named:
            share = lifted(shares[name]).map(lambda g: self._moment(g, tag))
            before = self.gradients.get(name)
            self.gradients[name] = (
                share
                if before is None
                else Array(
                    share.shape, tuple(a + b for a, b in zip(before.entries, share.entries, strict=True))
                )
            )
        gradient: Array[Polynomial] = Array((1, 0), ())
        if self.asked.of_samples:
            gradient = lifted(shares["x"])
        self.numbers.append((pattern.number, gradient))
        each: list[tuple[str, str, Formula]] = []
        for (layer, unit), side in pattern.sides.items():
            z = lifted(run.z[layer - 1])[0, unit]
            tests = on_side(z, side, entry(f"z{layer}", (unit,)))
            each += [(label, pattern.at(label), fact) for label, fact in tests]
            if side.is_point:
                for k in range(network.outputs):
                    moment = self._moment((z - (side.low or 0)) * r[0, k], tag)
                    self.degenerate.append((pattern.on_kink(layer, unit, k), Fact(moment, "=")))
        each += [(label, pattern.at(label), fact) for label, fact in self.asked.of_each(gradient)]
        each += self._of_one_sample(run, x, {"r": r, "grad(x)": gradient}, pattern)
        own = {entry("r", (0, k)): pattern.adjoint(k, self.letter) for k in range(network.outputs)}
        present = [(at, renamed(formula, own)) for _, at, formula in each]
        for label, fact in summed(each, x.entries, lambda p: self._moment(p, tag)):
            (self.degenerate if fact.sign == "=" else present).append((pattern.over(label), fact))
        moments = [name for name, _, _ in pattern.moments(network)]
        counted = [pattern.number] if self.asked.some or not self.asked.moving else []
        self.splits[pattern.split] = (
            Case("no sample", dict.fromkeys([*moments, *counted], Fraction(0)), ()),
            Case("some sample", {}, tuple(present)),
        )

    def _of_one_sample(
        self,
        run: Forward[Any],
        x: Array[Polynomial],
        adjoints: Mapping[str, Array[Polynomial]],
        pattern: Pattern,
    ) -> Iterator[tuple[str, str, Formula]]:
        """What the problem says of each sample alone: its label, that of x_T, and the formula."""
        problem = self.problem
        for reference, bound in problem.bounds.items():
            if reference.name == "x" and reference.index is None:
                for (_, d), value in x.items():
                    plain = within(value, entry("x", (d,)), bound)
                    at = within(value, pattern.input(d), bound)
                    yield from ((one, two, fact) for (one, fact), (two, _) in zip(plain, at, strict=True))
        quantities: dict[str, Array[Polynomial]] = {**self.parameters, "x": x, "y_hat": lifted(run.y_hat)}
        for number in range(1, problem.network.depth + 1):
            quantities[f"z{number}"] = lifted(run.z[number - 1])
            quantities[f"a{number}"] = lifted(run.a[number - 1])
        self.of_sample[pattern.tag] = quantities
        # What is divided by is known not to be 0 of a sample of this pattern, and only if there is one.
        algebra = FactAlgebra(f"T{pattern.tag}")
        for number, condition in enumerate(problem.where):
            known = quantities
            if number in self.asked.conditions:
                known = {**quantities, **adjoints}
            elif number not in self.alone:
                continue
            if is_short(condition, known.__getitem__):
                label = where_label(number)
                yield label, pattern.at(label), evaluate(condition, algebra, known.__getitem__)
        yield from ((label, label, formula) for label, formula in algebra.definitions.items())

    def _moment(self, p: Polynomial, tag: str) -> Polynomial:
        """Σ over the samples of the pattern, of a polynomial linear in r and affine in x."""
        spend(5 + 8 * len(p.terms))
        terms: dict[Any, Fraction] = {}
        point = f"x{tag}["
        for monomial, c in p.terms.items():
            ((adjoint, once),) = [(n, e) for n, e in monomial if n.startswith("r[")]
            inputs = [(n, e) for n, e in monomial if n.startswith(point)]
            rest = [(n, e) for n, e in monomial if (n, e) != (adjoint, once) and (n, e) not in inputs]
            _, (_, k) = split_name(adjoint)
            if inputs:
                ((at_input, degree),) = inputs
                moment = entry(f"V{tag}", (k, *split_name(at_input)[1]))
            else:
                degree, moment = 1, entry(f"S{tag}", (k,))
            if once != 1 or degree != 1:  # it cannot be: within a pattern nothing is of higher degree
                raise Refused([Violation("moments", "a term linear in r and affine in x", str(p))])
            terms[tuple(sorted([*rest, (moment, 1)]))] = c
        return Polynomial(terms)

    def _rename(self, renaming: Renaming, variable: str) -> str:
        name, index = split_name(variable)
        if name == "t":
            return variable
        if name[0] in "wb":
            return entry(name, renaming.index(name, index))
        tag = name[1:]
        units = list(self.choices)
        digit = dict(zip(units, tag, strict=True))
        moved = {(layer, renaming.unit(layer, i)): digit[layer, i] for layer, i in units}
        return entry(name[0] + "".join(moved.get(unit, "?") for unit in units), index)


def _each_alone(problem: Question, known: AbstractSet[str]) -> Iterator[int]:
    """Numbers of conditions on each sample alone: they name something of samples, and only what is known."""
    spoken = known & {*sample_arrays(problem.network)}
    for number, condition in enumerate(problem.where):
        names = names_in(condition.node)
        if names & spoken and names <= known and each_sample_alone(condition.node, problem):
            yield number
