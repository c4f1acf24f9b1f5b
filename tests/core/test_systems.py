"""The facts that certificates rest on, held against networks and datasets that answer the problem.

A fact that a witness does not fulfil would let a problem with an answer be refuted. So networks and datasets
are drawn at random, a problem is made of which they are an answer, and every fact of every system must hold
of them, and of every case distinction exactly one case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod
from random import Random
from typing import Any

import pytest

from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.activations import LINEAR, Activation, activation_named, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import Side, units_with_sides
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import sign
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.language import LanguageError
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.dataset import dataset_system
from zerograd.core.refuting.facts import Both, Fact, Formula
from zerograd.core.refuting.identities import identities_system
from zerograd.core.refuting.moments import MAX_PATTERNS, moments_system
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Case, System
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness

Values = dict[str, Fraction]


def rational(value: object) -> Fraction:
    assert isinstance(value, int | Fraction)
    return Fraction(value)


# --- what holds, evaluated anew --------------------------------------------------------------


class Unknown(Exception):
    """A variable that has no value, for the pattern it belongs to has no sample."""


def number(p: Polynomial, values: Mapping[str, Fraction]) -> Fraction:
    """The value of a polynomial, by a loop that shares nothing with `Polynomial.at`."""
    total = Fraction(0)
    for monomial, coefficient in p.terms.items():
        value = coefficient
        for name, exponent in monomial:
            if name not in values:
                raise Unknown(name)
            value *= values[name] ** exponent
        total += value
    return total


def holds(formula: Formula, values: Mapping[str, Fraction]) -> bool:
    """Whether a formula is true of these values."""
    if isinstance(formula, Fact):
        value = number(formula.polynomial, values)
        return {"=": value == 0, "!=": value != 0, ">": value > 0, ">=": value >= 0}[formula.sign]
    close = all if isinstance(formula, Both) else any
    return close([holds(part, values) for part in formula.parts])


def define(facts: Mapping[str, Formula], values: Values, letter: str) -> None:
    """Values for the variables ``t[0]``, ``t[1]``, … by their own definitions, in order."""
    names = {label.split()[0] for label in facts if label.startswith(f"{letter}[")}
    for name in sorted(names, key=lambda name: int(name[len(letter) + 1 : -1])):
        t = Polynomial.variable(name)
        quotient = facts.get(f"{name} quotient")
        if quotient is not None:
            assert isinstance(quotient, Fact)
            at_0, at_1 = (number(quotient.polynomial, {**values, name: Fraction(v)}) for v in (0, 1))
            values[name] = -at_0 / (at_1 - at_0)
            continue
        bounds = [f for label, f in facts.items() if label.startswith(f"{name} bound ")]
        assert len(bounds) > 1
        values[name] = max(number(t - f.polynomial, values) for f in bounds if isinstance(f, Fact))


def fits(case: Case, values: Mapping[str, Fraction]) -> bool:
    """Whether a case is the one that is at hand."""
    return all(values[name] == value for name, value in case.values.items()) and all(
        holds(fact, values) for _, fact in case.facts
    )


def named(name: str, array: Array[Any]) -> Values:
    return {entry(name, index): rational(value) for index, value in array.items()}


def hold_all(system: System, values: Values, story: str) -> None:
    """Every fact of a system is true."""
    for label, fact in system.facts.items():
        assert holds(fact, values), f"{story}: {label}: {fact} is not so of {values}"


# --- the three systems ------------------------------------------------------------------------


def dataset_holds(problem: Problem, witness: Witness, story: str) -> int:
    """The system of M samples holds of M samples; the number of its facts."""
    system, run = dataset_system(problem, witness.samples), witness.forward
    values: Values = {}
    for name, array in {**witness.variables, "r": witness.point.residuals}.items():
        values |= named(name, array)
    for layer in range(1, problem.network.depth + 1):
        z, a, s = run.z[layer - 1], run.a[layer - 1], run.derivatives[layer - 1]
        values |= named(f"s{layer}", s)
        values |= {entry(f"c{layer}", i): rational(a[i]) - s[i] * rational(z[i]) for i, _ in z.items()}
    define(system.facts, values, "t")
    hold_all(system, values, f"{story}, dataset")
    for name, cases in system.splits.items():
        fitting = [case.name for case in cases if fits(case, values)]
        assert len(fitting) == 1, f"{story}: of {name} the cases {fitting} fit"
    assert system.integers <= set(values)
    assert all(values[name].denominator == 1 for name in system.integers)
    return len(system.facts) + len(system.splits)


def on(side: Side, z: Fraction) -> bool:
    above = side.low is None or z > side.low or (side.low_closed and z == side.low)
    return above and (side.high is None or z < side.high or (side.high_closed and z == side.high))


def moments_hold(problem: Problem, witness: Witness, story: str) -> int:
    """The system of any number of samples holds of these; the number of its facts."""
    choices = units_with_sides(problem.network, problem.derivative_at_kink)
    if prod(map(len, choices.values())) > MAX_PATTERNS:
        return 0
    system, run = moments_system(problem), witness.forward
    patterns: dict[str, list[int]] = {name.removeprefix("pattern "): [] for name in system.splits}
    for m in range(witness.samples):
        tag = ""
        for (layer, unit), sides in choices.items():
            z = rational(run.z[layer - 1][m, unit])
            (digit,) = [n for n, side in enumerate(sides) if on(side, z)]
            assert sides[digit].derivative == run.derivatives[layer - 1][m, unit]
            tag += str(digit)
        patterns[tag].append(m)
    values: Values = {}
    for name, array in witness.parameters.items():
        values |= named(name, array)
    for tag, members in patterns.items():
        values[f"n{tag}"] = Fraction(len(members))
        for k in range(problem.network.outputs):
            r = {m: rational(witness.point.residuals[m, k]) for m in members}
            values[f"S{tag}[{k}]"] = sum(r.values(), Fraction(0))
            for d in range(problem.network.inputs):
                values[f"V{tag}[{k},{d}]"] = sum(
                    (r[m] * rational(witness.x[m, d]) for m in members), Fraction(0)
                )
    define(system.facts, values, "t")
    hold_all(system, values, f"{story}, moments")  # of no x_T: there may be none
    for tag, members in patterns.items():
        none, some = system.splits[f"pattern {tag}"]
        if not members:
            assert fits(none, values), f"{story}: nothing has the pattern {tag}"
        for m in members:  # x_T may be any of them
            here = {**values, **{f"x{tag}[{d}]": rational(v) for d, v in enumerate(witness.x.rows()[m])}}
            here |= {f"r{tag}[{k}]": rational(v) for k, v in enumerate(witness.point.residuals.rows()[m])}
            define(dict(some.facts), here, f"T{tag}")
            assert fits(some, here), f"{story}: sample {m} has the pattern {tag}, but not {some}"
    return len(system.facts) + len(system.splits)


def identities_hold(problem: Problem, witness: Witness, story: str) -> int:
    """The system of parameters and gradients holds; the number of its facts."""
    system = identities_system(problem)
    values: Values = {}
    for name, array in witness.parameters.items():
        values |= named(name, array) | named(f"g_{name}", witness.gradients[name])
    values["loss"] = rational(witness.quantities["loss"].entries[0])
    define(system.facts, values, "t")
    hold_all(system, values, f"{story}, identities")
    for name, cases in system.splits.items():
        fitting = [case.name for case in cases if fits(case, values)]
        assert len(fitting) == 1, f"{story}: of {name} the cases {fitting} fit"
    assert all(values[name].denominator == 1 for name in system.integers)
    return len(system.facts)


def padded(witness: Witness, chance: Random) -> Witness:
    """With one more sample, a copy of one with which it shares the residuals."""
    m = chance.randrange(witness.samples)
    half = [
        p - r / Fraction(2)
        for p, r in zip(witness.forward.y_hat.rows()[m], witness.point.residuals.rows()[m], strict=True)
    ]
    x = [*witness.x.rows(), witness.x.rows()[m]]
    y = [*(half if n == m else row for n, row in enumerate(witness.y.rows())), half]
    values = {
        **witness.parameters,
        "x": Array.of(x, witness.x.shape[1]),
        "y": Array.of(y, witness.y.shape[1]),
    }
    return Witness.of(witness.problem, values)


def all_hold(problem: Problem, witness: Witness, chance: Random, story: str) -> int:
    """All systems hold of a witness; also with a sample more, where the number is said not to matter."""
    facts = dataset_holds(problem, witness, story)
    facts += moments_hold(problem, witness, story)
    facts += identities_hold(problem, witness, story)
    if sufficient_samples(problem) is not None:
        facts += dataset_holds(problem, padded(witness, chance), f"{story}, padded")
    return facts


# --- random networks and datasets, and problems that they answer ------------------------------

ACTIVATIONS: tuple[Activation, ...] = (
    *map(activation_named, ("relu", "relu", "relu", "abs", "relu6", "hardtanh", "linear", "leaky_relu")),
    leaky_relu("-1/2"),
    leaky_relu(0),
    leaky_relu(1),
)
NUMBERS = [Fraction(n, d) for n in range(-3, 4) for d in (1, 1, 2, 3)] + [Fraction(6), Fraction(-6)]


class Draw:
    """A network with a dataset, and what is true of it."""

    def __init__(self, seed: str) -> None:
        self.chance = chance = Random(seed)
        hidden = chance.choice([[], [1], [1], [2], [2], [3], [1, 1], [2, 1], [1, 2], [2, 2]])
        layers = [Layer(n, chance.choice(ACTIVATIONS), chance.random() < 0.8) for n in hidden]
        last = chance.choice(ACTIVATIONS) if chance.random() < 0.3 else LINEAR
        layers.append(Layer(chance.choice([1, 1, 1, 2]), last, chance.random() < 0.8))
        self.network = Network(chance.choice([1, 1, 2]), tuple(layers))
        self.samples = chance.choice([1, 2, 2, 3, 3, 4])
        self.integer = chance.random() < 0.25
        self.numbers = [v for v in NUMBERS if v.denominator == 1] if self.integer else NUMBERS
        if chance.random() < 0.5:  # many samples on kinks
            self.numbers = [v for v in self.numbers if abs(v) <= 1 or v == 6]
        bare = Problem(network=self.network, samples=self.samples)
        shapes = {
            **self.network.shapes,
            "x": (self.samples, self.network.inputs),
            "y": (self.samples, self.network.outputs),
        }
        self.values = {name: Array.build(shape, self.value) for name, shape in shapes.items()}
        self.kink = chance.choice(["torch", "left", "right", "mean", "default: torch, relu: 1/3", "forbid"])
        self.witness = Witness.of(bare.with_kink(self.kink), self.values)  # type: ignore[arg-type]

    def value(self, _: object = None) -> Fraction:
        return self.chance.choice(self.numbers)

    def problem(self) -> Problem:
        """A problem of which the network and dataset are an answer. Raises ProblemError now and then."""
        chance, question = self.chance, self.query()
        samples: Any = self.samples
        if chance.random() < 0.4:
            least = chance.randint(1, self.samples)
            samples = chance.choice(["any", "fewest", {"from": least, "to": self.samples + 1}])
        question["where"] = [text for _ in range(chance.choice([0, 1, 2, 4])) for text in self.true()]
        question["given"], question["bounds"] = self.limits()
        domain = "integer" if self.integer else "real"
        return Problem(
            network=self.network, samples=samples, domain=domain, derivative_at_kink=self.kink, **question
        )

    def query(self) -> dict[str, Any]:
        asked: dict[str, list[str]] = {}
        names = [*self.network.shapes, *(["x"] if self.chance.random() < 0.2 else [])]
        for name in names:
            array = self.witness.gradients[name]
            for index, value in array.items():
                if self.chance.random() < 0.5:
                    relation = ("negative", "zero", "positive")[sign(value) + 1]
                    relation = "nonzero" if value and self.chance.random() < 0.5 else relation
                    asked.setdefault(relation, []).append(entry(name, index))
            if any(array.entries) and self.chance.random() < 0.3:
                asked.setdefault("some_nonzero", []).append(name)
        signs = {sign(value) for value in self.witness.gradients["x"].entries}
        if "x" not in names and self.chance.random() < 0.7:
            relations = [
                relation
                for relation, allowed in {
                    "zero": {0},
                    "positive": {1},
                    "negative": {-1},
                    "nonzero": {-1, 1},
                }.items()
                if signs <= allowed
            ]
            if signs != {0}:
                relations.append("some_nonzero")
            asked.setdefault(self.chance.choice(relations), []).append("x")
        return asked

    def limits(self) -> tuple[dict[str, Any], dict[str, Any]]:
        given, bounds = {}, {}
        for name, array in self.values.items():
            for index, value in array.items():
                site, chance = entry(name, index), self.chance.random()
                if chance < 0.08:
                    given[site] = str(value)
                elif chance < 0.14:
                    bounds[site] = self.chance.choice([[value, None], [value - 1, value + 1], [None, value]])
            if self.chance.random() < 0.06:
                bounds[name] = [min(array.entries), max(array.entries)]
        return given, bounds

    def true(self) -> Iterator[str]:
        """A random condition, if it is true (or else its negation, sometimes)."""
        text = self.condition()
        if self.chance.random() < 0.2:
            text = f"({text}) {self.chance.choice(['or', 'and'])} ({self.condition()})"
        for written in (text, f"not ({text})"):
            try:
                if evaluate(parse_condition(written), ExactAlgebra(), self.witness.quantities.__getitem__):
                    yield written
                    return
            except (LanguageError, ZeroDivisionError):
                return

    def number(self) -> str:
        """What stands for one number, or an array of them."""
        pick = self.chance.choice
        names = [*self.network.shapes, "x", "y", "r", "y_hat", "z1", "a1", f"z{self.network.depth}"]
        whole = pick(names)
        quantities = self.witness.quantities
        single = pick(names)
        one = entry(single, pick([index for index, _ in quantities[single].items()]))
        slope = pick([*self.network.shapes, "x"])
        steep = entry(slope, pick([index for index, _ in quantities[slope].items()]))
        return pick(
            [
                whole, whole, whole, one, one, "loss", f"grad({slope})", f"grad({steep})",
                f"abs({whole})", f"sum({whole})", f"max({whole})", f"min({whole})", f"{whole}**2",
                f"max({one}, 1)", f"min({one}, {one} / 2)", f"abs({one} - abs({one}))", str(self.value()),
                f"1 / ({one}**2 + 1)", f"{one} / (abs({whole}) + 1)", f"{whole} / {whole}", f"1 / {whole}",
                f"({whole} + {one})", f"{whole} * {whole}", f"[{one}, {self.value()}]", f"-{whole}",
            ]
        )  # fmt: skip

    def condition(self) -> str:
        pick, number = self.chance.choice, self.number
        signs = ["<", "<=", "==", "!=", ">=", ">"]
        kind = self.chance.random()
        if kind < 0.1:
            return f"distinct({number()})"
        if self.chance.random() < 0.2:
            of_sample = pick(["r", "grad(x)", "r * x", "-2 * r", "r * w1[0,0]", "grad(x) * x", "r**2"])
            return f"{of_sample} {pick(signs)} {pick(['0', '0', '0', 'r', 'grad(x) * 3'])}"
        if kind < 0.2:
            return f"{pick(['any', 'all'])}({number()} {pick(signs)} {number()})"
        if kind < 0.3:
            return f"{number()} {pick(signs)} {number()} {pick(signs)} {number()}"
        if kind < 0.4:
            quantities = self.witness.quantities
            name = pick(["x", "y", "a1", "z1", "w1"])
            listed = ", ".join(map(str, quantities[name].entries))
            return f"{name} == [{listed}]"
        if kind < 0.5:
            return f"{pick(['x', 'z1', 'a1', *self.network.shapes])} {pick(signs)} 0"
        return f"{number()} {pick(signs)} {number()}"


def drawn(seed: str) -> tuple[Problem, Witness, Random] | None:
    """A problem and an answer to it; None where the draw makes none."""
    draw = Draw(seed)
    try:
        problem = draw.problem()
    except ProblemError:
        return None
    except Exception as error:
        if type(error).__name__ == "OnKink":
            return None
        raise
    witness = Witness.of(problem, draw.values)  # type: ignore[arg-type]
    try:
        check_witness(problem, witness)
    except Refused as refusal:
        raise AssertionError(f"{seed}: {refusal}") from None
    return problem, witness, draw.chance


@pytest.mark.parametrize(("first", "count"), [(0, 100), pytest.param(10**4, 1000, marks=pytest.mark.slow)])
def test_all_facts_hold_of_what_answers_the_problem(first: int, count: int) -> None:
    """No system says anything of a problem that a network and dataset that answer it do not fulfil."""
    looked_at = conditions = facts = small = 0
    for seed in range(first, first + count):
        found = drawn(f"draw {seed}")
        if found is None:
            continue
        problem, witness, chance = found
        looked_at += 1
        conditions += len(problem.where)
        small += sufficient_samples(problem) is not None
        try:
            facts += all_hold(problem, witness, chance, f"draw {seed}")
        except Exception as error:
            error.add_note(json.dumps(problem.to_json()) + "\n" + str(witness))
            raise
    assert looked_at > count // 4
    assert conditions > count // 4
    assert small > count // 20
    assert facts > 5 * count


def test_sums_in_conditions_are_counted() -> None:
    """Terms are counted before anything is multiplied out, those of a sum too."""
    problem = Problem(network=[1, 2, 1], samples=2, where=["sum(w1**2) + sum(x) <= 0"])
    for kind in ("dataset", "identities"):
        system_of(problem, kind, 2 if kind == "dataset" else None)
    assert "where[0]" in system_of(problem, "dataset", 2).facts
