"""Small integer questions, answered by trying every assignment, and by every strategy.

The evaluator below shares nothing with the package: every value is a multiple of a small power
of 1/2, so float64 holds it exactly, and all assignments are computed at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from zerograd.core.model.activations import activation_named as named
from zerograd.core.model.activations import leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.search.verdict import Found, Impossible, Undecided

if TYPE_CHECKING:
    from tests.search.conftest import Decide

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Values = dict[str, Floats]
"""Name to values, shape (assignments, *shape)."""

# value, left derivative, right derivative, PyTorch's derivative at kinks, and the kinks.
_RULES: dict[str, tuple[Callable[[Floats], Floats], tuple[float, ...], tuple[float, ...], float | None]] = {
    "linear": (lambda z: z, (), (1,), None),
    "relu": (lambda z: np.maximum(z, 0), (0,), (0, 1), 0),
    "abs": (np.abs, (0,), (-1, 1), 0),
    "hardtanh": (lambda z: np.clip(z, -1, 1), (-1, 1), (0, 1, 0), 0),
    "relu6": (lambda z: np.clip(z, 0, 6), (0, 6), (0, 1, 0), 0),
    "leaky_relu(1/2)": (lambda z: np.where(z > 0, z, z / 2), (0,), (0.5, 1), 0.5),
    "leaky_relu(-2)": (lambda z: np.where(z > 0, z, -2 * z), (0,), (-2, 1), -2),
}


def slope(name: str, z: Floats, convention: str) -> Floats:
    """φ'(z), nan on a kink under ``forbid``."""
    _, kinks, slopes, at_kink = _RULES[name]
    result = np.full_like(z, slopes[0])
    for number, kink in enumerate(kinks):
        result[z > kink] = slopes[number + 1]
        left, right = slopes[number : number + 2]
        here = {
            "torch": at_kink,
            "left": left,
            "right": right,
            "mean": (left + right) / 2,
            "default: torch, relu: 1/4": 0.25 if name == "relu" else at_kink,
            "forbid": np.nan,
        }
        result[z == kink] = here[convention]
    return result


def everything(network: Network, samples: int, low: int, high: int) -> Values:
    """Every assignment of integers from ``low`` to ``high``."""
    shapes = variable_shapes(network, samples)
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    table = np.array(list(product(range(low, high + 1), repeat=sum(sizes.values()))), dtype=np.float64)
    columns = np.split(table, np.cumsum(list(sizes.values()))[:-1], axis=1)
    return {
        name: column.reshape(-1, *shape)
        for (name, shape), column in zip(shapes.items(), columns, strict=True)
    }


def quantities(network: Network, values: Values, convention: str) -> Values:
    """All that a condition may name, and ``allowed``: whether no sample is on a forbidden kink."""
    env = dict(values)
    a = values["x"]
    for number, layer in enumerate(network.layers, start=1):
        z = np.einsum("nmi,nui->nmu", a, values[f"w{number}"])
        if layer.bias:
            z = z + values[f"b{number}"][:, None, :]
        a = _RULES[str(layer.activation)][0](z)
        env[f"z{number}"], env[f"a{number}"] = z, a
    r = a - values["y"]
    env |= {"y_hat": a, "r": r, "loss": np.mean(r * r, axis=(1, 2))}
    allowed = np.ones(len(r), dtype=bool)
    g = 2 * r  # M·K·∂L/∂ŷ: gradients below are M·K times too large, and exact
    for number in range(network.depth, 0, -1):
        steep = slope(str(network.layers[number - 1].activation), env[f"z{number}"], convention)
        allowed &= ~np.isnan(steep).any(axis=(1, 2))
        d = g * steep
        below = env[f"a{number - 1}"] if number > 1 else values["x"]
        env[f"grad(w{number})"] = np.einsum("nmu,nmi->nui", d, below)
        if network.layers[number - 1].bias:
            env[f"grad(b{number})"] = d.sum(axis=1)
        g = np.einsum("nmu,nui->nmi", d, values[f"w{number}"])
    return env | {"grad(x)": g, "allowed": allowed}


def flat(array: Floats) -> Floats:
    return array.reshape(len(array), -1)


def at(array: Floats, index: tuple[int, ...]) -> Floats:
    """One entry, for every assignment."""
    return flat(array)[:, int(np.ravel_multi_index(index, array.shape[1:]))]


_HOLDS: dict[str, Callable[[Floats], Truths]] = {
    "zero": lambda g: (g == 0).all(axis=1),
    "nonzero": lambda g: (g != 0).all(axis=1),
    "positive": lambda g: np.all(g > 0, axis=1),
    "negative": lambda g: np.all(g < 0, axis=1),
    "some_nonzero": lambda g: (g != 0).any(axis=1),
}

Condition = tuple[str, Callable[[Values], Truths]]

# Conditions for any network with a hidden layer and any number of samples.
CONDITIONS: list[Condition] = [
    ("any(r != 0)", lambda e: (flat(e["r"]) != 0).any(axis=1)),
    ("not all(r == 0)", lambda e: (flat(e["r"]) != 0).any(axis=1)),
    ("loss == 1", lambda e: e["loss"] == 1),
    ("loss * 2 > 3 or loss == 0", lambda e: (e["loss"] * 2 > 3) | (e["loss"] == 0)),
    ("abs(w1) == 1", lambda e: (np.abs(flat(e["w1"])) == 1).all(axis=1)),
    ("distinct(x)", lambda e: (np.diff(np.sort(flat(e["x"])), axis=1) != 0).all(axis=1)),
    ("sum(y) == 0", lambda e: flat(e["y"]).sum(axis=1) == 0),
    ("max(z1) > 0 >= min(z1)", lambda e: (flat(e["z1"]).max(axis=1) > 0) & (flat(e["z1"]).min(axis=1) <= 0)),
    ("min(a1) == 0", lambda e: flat(e["a1"]).min(axis=1) == 0),
    ("y_hat != y", lambda e: (flat(e["y_hat"]) != flat(e["y"])).all(axis=1)),
    ("y_hat[0,0] == 2", lambda e: e["y_hat"][:, 0, 0] == 2),
    ("z1 != 0", lambda e: (flat(e["z1"]) != 0).all(axis=1)),
    ("z1[0,0] == 0", lambda e: e["z1"][:, 0, 0] == 0),
    ("w1[0,0] * w2[0,0] < 0", lambda e: e["w1"][:, 0, 0] * e["w2"][:, 0, 0] < 0),
    (
        "x[0,0] != 0 and y[0,0] / x[0,0] < r[0,0]",
        lambda e: (
            (e["x"][:, 0, 0] != 0)
            & (e["y"][:, 0, 0] * e["x"][:, 0, 0] < e["r"][:, 0, 0] * e["x"][:, 0, 0] ** 2)
        ),
    ),
    (
        "w1[0,0] < 0 and x[0,0] / w1[0,0] >= 1",
        lambda e: (e["w1"][:, 0, 0] < 0) & (e["x"][:, 0, 0] <= e["w1"][:, 0, 0]),
    ),
    ("2 * x[0,0] + 1/2 > y[0,0] / 3", lambda e: 12 * e["x"][:, 0, 0] + 3 > 2 * e["y"][:, 0, 0]),
    (
        "grad(w1)[0,0] > 0 or grad(w2)[0,0] < 0",
        lambda e: (e["grad(w1)"][:, 0, 0] > 0) | (e["grad(w2)"][:, 0, 0] < 0),
    ),
    (
        "abs(abs(r[0,0] / 2) - 1) <= 1/2",
        lambda e: np.abs(np.abs(e["r"][:, 0, 0] / 2) - 1) <= 0.5,
    ),
    (
        "min(max(x), max(y), 1/2) > min(z1)",
        lambda e: (
            np.minimum(np.minimum(flat(e["x"]).max(axis=1), flat(e["y"]).max(axis=1)), 0.5)
            > flat(e["z1"]).min(axis=1)
        ),
    ),
    ("sum(r) == 0", lambda e: flat(e["r"]).sum(axis=1) == 0),
    ("r**2 == 1", lambda e: (flat(e["r"]) ** 2 == 1).all(axis=1)),
    ("max(abs(y[0,0]), x[0,0]) == 1", lambda e: np.maximum(np.abs(e["y"][:, 0, 0]), e["x"][:, 0, 0]) == 1),
]


@dataclass(frozen=True)
class Family:
    """A network, with the sizes for which every assignment can be tried."""

    network: Network
    samples: int
    low: int
    high: int


def layers(*activations: str, inputs: int = 1, units: Sequence[int] = (), bias: bool = True) -> Network:
    known = {"leaky_relu(1/2)": leaky_relu("1/2"), "leaky_relu(-2)": leaky_relu(-2)}
    widths = [*units, *[1] * (len(activations) - len(units))]
    return Network(
        inputs,
        tuple(Layer(n, known.get(a) or named(a), bias) for n, a in zip(widths, activations, strict=True)),
    )


FAMILIES = {
    "founding-1": Family(layers("relu", "linear"), 1, -2, 2),
    "founding-2": Family(layers("relu", "linear"), 2, -1, 1),
    "founding-2-up": Family(layers("relu", "linear"), 2, 0, 2),
    "no-bias-3": Family(layers("relu", "linear", bias=False), 3, -1, 1),
    "hardtanh-2": Family(layers("hardtanh", "linear", bias=False), 2, -2, 2),
    "abs-2": Family(layers("abs", "linear"), 2, -1, 1),
    "leaky-half-2": Family(layers("leaky_relu(1/2)", "linear"), 2, -1, 1),
    "leaky-minus-2": Family(layers("leaky_relu(-2)", "linear", bias=False), 2, -2, 2),
    "relu-output-2": Family(layers("relu", "relu"), 2, -1, 1),
    "abs-output-2": Family(layers("leaky_relu(1/2)", "abs", bias=False), 2, -2, 2),
    "hardtanh-output-2": Family(layers("relu", "hardtanh"), 2, -1, 1),
    "relu6-2": Family(layers("relu6", "linear", bias=False), 2, -2, 3),
    "two-units-2": Family(layers("relu", "linear", units=(2,), bias=False), 2, -1, 1),
    "two-inputs-2": Family(layers("relu", "linear", inputs=2, bias=False), 2, -1, 1),
    "two-outputs-2": Family(layers("abs", "linear", units=(1, 2), bias=False), 2, -1, 1),
    "deep-2": Family(layers("relu", "abs", "linear", bias=False), 2, -1, 2),
    "deep-leaky-2": Family(layers("leaky_relu(1/2)", "relu", "linear", bias=False), 2, -1, 1),
}


def question(family: Family, chance: random.Random) -> tuple[dict[str, Any], Truths]:
    """A random question, and for which of all assignments the answer is yes.

    What is asked mostly holds of one assignment, drawn at random, so that sat and unsat are both common.
    """
    network, samples = family.network, family.samples
    values = everything(network, samples, family.low, family.high)
    convention = chance.choice(["torch", "left", "right", "mean", "default: torch, relu: 1/4", "forbid"])
    env = quantities(network, values, convention)
    holds: Truths = env["allowed"].astype(bool)
    model = int(chance.choice(np.flatnonzero(holds).tolist()))
    contrary = chance.choice([0.0, 0.2, 0.5, 0.7])

    def fits(truths: Truths) -> bool:
        return bool(truths[model]) or chance.random() < contrary

    query: dict[str, list[str]] = {}
    for name in [*network.shapes, "x"]:
        gradient, asked = env[f"grad({name})"], name
        if chance.random() < 0.3:
            index = tuple(chance.randrange(n) for n in gradient.shape[1:])
            gradient, asked = at(gradient, index), f"{name}[{','.join(map(str, index))}]"
        relation = chance.choice(list(_HOLDS))
        truths = _HOLDS[relation](flat(gradient))
        if fits(truths) and chance.random() < (0.4 if name == "x" else 0.8):
            query.setdefault(relation, []).append(asked)
            holds = holds & truths
    where: list[str] = []
    for text, predicate in chance.sample(CONDITIONS, 6):
        truths = predicate(env)
        if len(where) < 3 and fits(truths):
            where.append(text)
            holds = holds & truths
    given = {}
    for name, array in values.items():
        if chance.random() < 0.12:
            index = tuple(chance.randrange(n) for n in array.shape[1:])
            number = int(array[(model, *index)])
            given[f"{name}[{','.join(map(str, index))}]"] = number
            holds = holds & (at(array, index) == number)
    arguments = {
        "network": network,
        "samples": samples,
        **query,
        "where": where,
        "given": given,
        "bounds": {name: [family.low, family.high] for name in values},
        "domain": "integer",
        "derivative_at_kink": convention,
    }
    return arguments, holds


ONE_SIDED = ("construct", "fit", "guess", "identities")
"""Strategies that only ever say sat, or only ever unsat; otherwise they leave it open."""


def compare(
    family: Family, seeds: range, strategies: Sequence[str], decide: Decide, seconds: float
) -> dict[str, int]:
    """How many verdicts were sat, unsat and unknown; every one agrees with the enumeration."""
    counts = {"sat": 0, "unsat": 0, "unknown": 0}
    for seed in seeds:
        arguments, holds = question(family, random.Random(seed))
        problem = Problem(**arguments)
        expected = "sat" if holds.any() else "unsat"
        for strategy in strategies:
            one_sided = strategy in ONE_SIDED
            verdict = decide(problem, strategy, seconds=0.25 if one_sided else seconds)
            found = {Found: "sat", Impossible: "unsat", Undecided: "unknown"}[type(verdict)]
            counts[found] += found != "unknown" or not one_sided
            if found != "unknown":
                assert found == expected, (
                    f"{strategy} says {found}, enumeration {expected} ({holds.sum()} assignments), "
                    f"seed {seed}: {problem.to_json()}"
                )
    return counts


def test_enumeration_of_the_founding_case() -> None:
    """The evaluator of these tests knows the textbook solution, and refuses its neighbour."""
    network = layers("relu", "linear")
    values = {
        "w1": [[[1]], [[1]]], "b1": [[-1], [-1]], "w2": [[[1]], [[1]]], "b2": [[-1], [-1]],
        "x": [[[0], [2], [3]]] * 2, "y": [[[-2], [2], [0]], [[-2], [2], [1]]],
    }  # fmt: skip
    env = quantities(network, {name: np.array(v, dtype=float) for name, v in values.items()}, "torch")
    assert env["grad(w2)"].tolist() == [[[0]], [[-4]]]
    assert env["grad(b2)"].tolist() == [[0], [-2]]
    assert (env["grad(w1)"] / 3).tolist() == [[[-2 / 3]], [[-8 / 3]]]
    assert env["loss"].tolist() == [2.0, 5 / 3]


@pytest.mark.parametrize("questions", [range(3), pytest.param(range(3, 7), marks=pytest.mark.slow)], ids=str)
@pytest.mark.parametrize("name", FAMILIES)
def test_every_strategy_agrees_with_enumeration(name: str, questions: range, decide: Decide) -> None:
    """Sat where an assignment answers the question, unsat where none does."""
    counts = compare(FAMILIES[name], questions, ["regions", "piecewise", "auto", *ONE_SIDED], decide, 1.5)
    assert counts["sat"] > 0
    assert counts["unknown"] <= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_more_questions_agree_with_enumeration(name: str, decide: Decide) -> None:
    """The same with other questions, most of them without an answer."""
    counts = compare(FAMILIES[name], range(100, 120), ["regions", "piecewise", "identities"], decide, 4.0)
    assert counts["sat"] > 0
    assert counts["unsat"] > 0
    assert counts["unknown"] <= 4
