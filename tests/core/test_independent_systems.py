"""The facts that the documents say a question has are those that the program derives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from random import Random
from typing import Any

import pytest

from tests.effort import seeds
from tests.independent.check import SYSTEMS
from tests.independent.documents import CannotTell, No
from tests.independent.problems import Problem as Independent
from tests.independent.samples import enough
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.certificate import Kind
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Renaming, System

PIECEWISE = ("linear", "relu", "relu", "abs", "hardtanh", "relu6", "hardsigmoid", "leaky_relu")
SMOOTH = (
    *("sigmoid", "tanh", "softplus", "elu", "celu", "selu", "gelu", "gelu_tanh", "silu", "mish"),
    *("softsign", "exp", "sin", "square", "hardswish", "relu_squared"),
)
ACTIVATIONS = (*PIECEWISE, *PIECEWISE, *SMOOTH)
SQUARES: tuple[Any, ...] = ("mse", "mse", "sse", {"sse": "1/2"}, {"mse": 3})
OTHERS: tuple[tuple[Any, str], ...] = (
    *(("mae", "real"), ({"mae": 2}, "sign"), ({"huber": "3/2"}, "real"), ({"smooth_l1": 2}, "real")),
    *(("bce", "real"), ("bce", "binary"), ("bce_with_logits", "real"), ("bce_with_logits", "binary")),
    *(("cross_entropy", "real"), ("cross_entropy", "class"), ("hinge", "sign"), ("mean", "real")),
    *(({"sum": 3}, "real"), ("mse", "binary"), ("sse", "sign")),
)
"""Losses, with the kinds of targets."""

CONVENTIONS: tuple[Any, ...] = (
    *("torch", "torch", "left", "right", "mean", "forbid", "jax", "mlx"),
    *("torch==2.13", "keras/jax", {"loss": "keras/tensorflow", "z1": "right"}),
    *({"loss": 0, "default": "right"}, {"loss": "1/2"}, "any", "any"),
)

NUMBERS = (
    *("w1", "b1", "w2[0,0]", "x", "x[0]", "x[1,0]", "y", "r", "y_hat", "z1", "a1", "loss"),
    *("grad(w1)", "grad(b1[0])", "grad(x)", "0", "1", "2/3", "-3"),
    *("sum(b1)", "max(w1)", "min(x)", "[1, 2]", "abs(b1)"),
)
TAME = (
    "w1",
    "b1",
    "b1[0]",
    "w1[0,0]",
    "x",
    "x",
    "y_hat",
    "z1",
    "a1",
    "0",
    "2",
    "sum(w1)",
    "r",
    "grad(x)",
    "grad(w1)",
)
"""Those in questions of which small datasets often suffice."""


def number(chance: Random, words: tuple[str, ...], depth: int = 0) -> str:
    """A number in the language of conditions, or what looks like one."""
    kind = chance.randrange(9 if depth < 2 else 4)
    if kind < 4:
        return chance.choice(words)
    parts = [number(chance, words, depth + 1) for _ in range(3)]
    return (
        f"({parts[0]} {chance.choice('+-*')} {parts[1]})",
        f"({parts[0]} / {chance.choice(['2', '4/3', 'b1[0]', 'w1[0,0]'])})",
        f"(-{parts[0]})**{chance.choice([0, 1, 2, 2, 2, 7])}",
        f"{chance.choice(['abs', 'sum', 'min', 'max'])}({parts[0]})",
        f"{chance.choice(['min', 'max'])}({parts[0]}, {parts[1]}, {chance.choice(parts)})",
    )[kind - 4]


def condition(chance: Random, words: tuple[str, ...], depth: int = 0) -> str:
    """A condition, or what looks like one."""
    kind = chance.randrange(10 if depth < 3 else 4)
    compared = [number(chance, words) for _ in range(3)]
    signs = [chance.choice(["<", "<=", "==", "!=", ">=", ">"]) for _ in range(2)]
    if kind < 3:
        return f"{compared[0]} {signs[0]} {compared[1]}"
    if kind == 3:
        return f"{compared[0]} {signs[0]} {compared[1]} {signs[1]} {compared[2]}"
    parts = [condition(chance, words, depth + 1) for _ in range(3)]
    return (
        f"({parts[0]} and {parts[1]})",
        f"({parts[0]} or {parts[1]} or {parts[2]})",
        f"(not {parts[0]})",
        f"{chance.choice(['all', 'any'])}({compared[0]} {signs[0]} {compared[1]})",
        f"{chance.choice(['all', 'any'])}([{', '.join(parts[: chance.randint(1, 2)])}])",
        f"distinct({', '.join(compared[: chance.randint(1, 3)])})",
    )[kind - 4]


def questions(seed: int) -> Iterator[Problem]:
    """Questions about one random network; texts that are no conditions are left out."""
    chance = Random(seed)
    layers = []
    for _ in range(chance.choice([1, 2, 2, 3])):
        activation = chance.choice(ACTIVATIONS)
        layers.append(Layer(chance.randint(1, 2), activation, bias=chance.random() < 0.8))
    network = Network(chance.randint(1, 2), tuple(layers))
    for tame in (True, False):
        loss, targets = (chance.choice(SQUARES), "real") if tame else chance.choice(OTHERS)
        entries = ["w1[0,0]"] if tame else ["w1[0,0]", "x[0,0]", "y[0,0]"]
        arguments: dict[str, Any] = {
            "network": network,
            "samples": chance.choice([1, 2, 3, "any", "fewest", {"from": 1, "to": 2}]),
            "derivative_at_kink": chance.choice(CONVENTIONS),
            "loss": loss,
            "targets": targets,
            "domain": "real" if tame else chance.choice(["real", "real", "integer"]),
        }
        for relation in Independent.RELATIONS:
            if chance.random() < 0.4:
                arguments[relation] = chance.choices(
                    [*network.shapes, "w1[0,0]", "x"], k=chance.choice([1, 1, 2])
                )
        if chance.random() < 0.3:
            arguments["given"] = {chance.choice(entries): chance.choice([0, 2, -1])}
        if chance.random() < 0.3:
            arguments["bounds"] = {chance.choice([*entries, "x"]): chance.choice([[0, 2], [-3, None]])}
        yield from grown(arguments, chance, TAME if tame else NUMBERS)


def grown(arguments: dict[str, Any], chance: Random, words: tuple[str, ...]) -> Iterator[Problem]:
    """The question with some conditions, as many as fit; nothing if it is none without."""
    where: list[str] = []
    problem = made(arguments)
    if problem is None and arguments["loss"] == "bce":  # it asks for a condition, or for a last sigmoid
        where = ["0 < y_hat < 1"]
        problem = made(arguments | {"where": where})
    more = [
        "w1[0,0] > 0",
        "b1[0] != 0",
        chance.choice(["loss == 0", "loss > 1", "x > 0"]),
        *(condition(chance, words, 2 * (words is TAME)) for _ in range(4)),
    ]
    for text in more if problem else ():
        larger = made(arguments | {"where": [*where, text]})
        if larger is not None:
            problem, where = larger, [*where, text]
    if problem is not None:
        yield problem


def made(arguments: Mapping[str, Any]) -> Problem | None:
    try:
        return Problem(**arguments)
    except ProblemError:
        return None


def plain(formula: Formula) -> Any:
    """A formula as the independent checker has it."""
    match formula:
        case Fact(polynomial=p, sign=sign):
            return (sign, terms(p))
        case Both(parts=parts):
            return ("and", *map(plain, parts))
        case Either(parts=parts):
            return ("or", *map(plain, parts))


def terms(p: Polynomial) -> dict[tuple[str, ...], Any]:
    return {tuple(n for n, e in monomial for _ in range(e)): c for monomial, c in p.terms.items()}


def described(system: System) -> tuple[Any, Any, Any]:
    splits = {
        name: [(c.name, dict(c.values), [(label, plain(f)) for label, f in c.facts]) for c in cases]
        for name, cases in system.splits.items()
    }
    return {label: plain(fact) for label, fact in system.facts.items()}, splits, set(system.integers)


def renamings(problem: Problem, samples: int) -> Iterator[tuple[list[int], dict[int, list[int]]]]:
    """Some renamings, none of which need be a symmetry."""
    yield [*reversed(range(samples))], {}
    for layer, width in enumerate(problem.network.widths[1:], start=1):
        yield [], {layer: [*reversed(range(width))]}


@pytest.mark.parametrize("seed", seeds(400, 25))
def test_the_systems_are_those_of_the_documents(seed: int) -> None:
    """Every fact, its label and sign; every case in order; integers; what renamings do; N."""
    for problem in questions(seed):
        independent = Independent(problem.to_json())
        assert (independent.digest, independent.least) == (problem.digest, problem.samples.least)
        assert enough(independent) == sufficient_samples(problem)
        kinds: tuple[Kind, ...] = ("identities", "dataset", "moments")
        for kind in kinds:
            samples = problem.samples.least if kind == "dataset" else None
            if kind == "moments" and problem.derivative_at_kink != "any":
                choices = units_with_sides(problem.network, problem.derivative_at_kink).values()
                if prod(map(len, choices)) > 12:  # many patterns take seconds
                    continue
            try:
                expected = system_of(problem, kind, samples)
                system = SYSTEMS[kind](independent, samples)
            except (Refused, CannotTell, No):
                continue
            facts, splits, integers = described(expected)
            assert system.facts == facts
            assert {name: [tuple(case) for case in cases] for name, cases in system.splits.items()} == splits
            assert system.integers == integers
            assert system.variables() == set(expected.variables)
            for rows, units in renamings(problem, samples or 2):
                renaming = Renaming(tuple(rows), {layer: tuple(order) for layer, order in units.items()})
                names = {name: expected.rename(renaming, name) for name in expected.variables}
                assert {name: system.renamed(name, rows, units) for name in names} == names
                assert system.symmetric(names) == expected.is_symmetry(names)
