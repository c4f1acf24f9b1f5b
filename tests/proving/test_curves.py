"""Proofs about smooth activations and all losses: found, accepted twice, and never of what can be."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.core.certificates import accepted
from tests.core.second_checker import Second
from tests.core.test_mutants import mutants, words
from zerograd.core.model.activations import activation_named
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.smooth import celu, elu
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, certificate_from_json
from zerograd.core.refuting.refutation import every_samples, system_of
from zerograd.evaluate.losses import sample_adjoints
from zerograd.evaluate.smooth import FLOATS, as_floats
from zerograd.proving.certify import certify
from zerograd.show.say.proof import proof_html, proof_latex, proof_markdown, proof_text

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
Asked = tuple[str, str, str, int]
"""(activation, loss, targets, samples): the founding pattern."""


def founding(activation: str, loss: Any, targets: str, samples: Any) -> Problem:
    named = {"elu(1)": elu(1), "celu(2)": celu(2)}.get(activation) or activation_named(activation)
    outputs = 2 if loss == "cross_entropy" else 1
    network = Network(1, (Layer(1, named), Layer(outputs, "linear")))
    extra: dict[str, Any] = {} if targets == "real" else {"targets": targets}
    return Problem(network=network, samples=samples, loss=loss, **extra, **HEADLINE)


@cache
def proved(activation: str, loss: str, targets: str, samples: int) -> tuple[Problem, Certificate | None]:
    problem = founding(activation, loss, targets, samples)
    return problem, certify(problem, deadline=time.monotonic() + 30).certificate


INCREASING = ("sigmoid", "tanh", "softplus", "elu(1)", "celu(2)", "selu", "softsign")
LOSSES = (
    ("mse", "real"),
    ("huber", "real"),
    ("bce_with_logits", "real"),
    ("bce_with_logits", "binary"),
    ("cross_entropy", "class"),
    ("hinge", "sign"),
)
TWO: list[Asked] = [(name, "mse", "real", 2) for name in INCREASING]
TWO += [(name, *loss, 2) for name in ("sigmoid", "relu") for loss in LOSSES]
ONE: list[Asked] = [
    (name, *loss, 1)
    for name in ("gelu", "gelu_tanh", "silu", "mish", "sin", "square", "hardswish")
    for loss in (("mse", "real"),)
]
THREE: list[Asked] = [("tanh", "mae", "real", 3), ("relu", "mae", "real", 3), ("sigmoid", "hinge", "sign", 3)]
THREE += [("relu_squared", "mae", "real", 3), ("relu_squared", "hinge", "sign", 3)]
IMPOSSIBLE: list[Asked] = [*dict.fromkeys([*ONE, *TWO, *THREE])]


@pytest.mark.parametrize("asked", IMPOSSIBLE, ids=str)
def test_what_is_impossible_is_proved(asked: Asked) -> None:
    """With fewer samples than the pattern needs; both checkers accept it, and it can be put in words."""
    problem, certificate = proved(*asked)
    assert certificate is not None
    assert Second(problem).accepts(certificate)
    assert certificate_from_json(json.loads(json.dumps(certificate.to_json()))) == certificate
    for written in (proof_text, proof_markdown, proof_html, proof_latex):
        assert "so there are no such parameters" in " ".join(written(problem, certificate).split())


@pytest.mark.parametrize("loss", [*LOSSES, ({"of_mean": "1 / mse"}, "real")], ids=str)
@pytest.mark.parametrize("activation", ["exp", "linear"])
def test_every_number_of_samples(activation: str, loss: tuple[Any, str]) -> None:
    """An exp unit, and a linear one, give nothing back to their bias that the layer above does not show."""
    problem = founding(activation, *loss, "any")
    certificate = certify(problem, deadline=time.monotonic() + 30).certificate
    assert certificate is not None and every_samples(problem, certificate)
    assert "any number of samples" in proof_text(problem, certificate)


@pytest.mark.parametrize(
    ("layers", "question"),
    [
        ([("exp", 2), ("tanh", 1)], {"zero": ["w2"], "nonzero": ["b1"]}),
        ([("linear", 1), ("sigmoid", 1)], {"zero": ["b2"], "nonzero": ["b1"]}),
        ([("relu", 1), ("exp", 1), ("linear", 1)], {"zero": ["w3"], "nonzero": ["b2"]}),
        ([("square", 1), ("linear", 1)], {"zero": ["w1", "b1"], "nonzero": ["w2"], "where": ["w2 != 0"]}),
        ([("tanh", 1), ("linear", 1)], {"zero": ["b2"], "loss": "mean"}),
    ],
    ids=str,
)
def test_laws_of_mixed_networks(layers: list[tuple[str, int]], question: dict[str, Any]) -> None:
    """Each law by itself refutes a question about any dataset."""
    network = Network(1, tuple(Layer(units, name) for name, units in layers))
    problem = Problem(network=network, samples="any", **question)
    certificate = certify(problem, deadline=time.monotonic() + 30).certificate
    assert certificate is not None and [part.kind for part in certificate.parts] == ["identities"]
    assert Second(problem).accepts(certificate)
    assert "whatever the data" in proof_text(problem, certificate) or "one sign" in proof_text(
        problem, certificate
    )


@pytest.mark.parametrize("activation", ["tanh", "softsign", "elu"])
def test_values_at_zero(activation: str) -> None:
    """A function that is increasing and 0 at 0 is 0 nowhere else."""
    layers = (Layer(1, activation, bias=False), Layer(1, "linear", bias=False))
    question: dict[str, Any] = {"zero": ["w2"], "nonzero": ["w1"], "where": ["w1 != 0"]}
    problem = Problem(network=Network(1, layers), samples=1, **question)
    certificate = certify(problem, deadline=time.monotonic() + 30).certificate
    assert certificate is not None and Second(problem).accepts(certificate)
    proof_text(problem, certificate)


@pytest.mark.parametrize("asked", [("sigmoid", "mse", "real", 2), ("elu(1)", "huber", "real", 2)], ids=str)
def test_mutants_are_refused(asked: Asked) -> None:
    """A changed certificate is refused, or is a proof; of what has an answer it is refused in any case."""
    problem, certificate = proved(*asked)
    assert certificate is not None
    data, chance = certificate.to_json(), Random(str(asked))
    part = certificate.parts[0]
    system = system_of(problem, part.kind, part.samples)
    known = sorted({*words(data), *system.facts, *system.splits, *system.variables})
    possible = founding(*asked[:3], 3)
    everything = [*mutants(data, known, chance)]
    for mutant in chance.sample(everything, min(len(everything), 300)):
        if mutant != data and accepted(problem, mutant):
            assert Second(problem).accepts(certificate_from_json(mutant)), mutant
        if isinstance(mutant, dict):
            for one in mutant["parts"] if isinstance(mutant.get("parts"), list) else ():
                if isinstance(one, dict) and "samples" in one:
                    one["samples"] = 3
            assert not accepted(possible, {**mutant, "problem": possible.digest}), mutant


# --- numerical search ---------------------------------------------------------------------------


def residuals(problem: Problem, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The gradients that are to be zero, and those that are not."""
    (hidden, _), loss = problem.network.layers, problem.model.loss
    with np.errstate(all="ignore"):
        z = values["w1"] * values["x"] + values["b1"]
        a = np.asarray(hidden.activation.value(as_floats(z), FLOATS))
        s = np.asarray(hidden.activation.slope(as_floats(z), FLOATS, "torch"))
        y_hat = np.outer(a, values["w2"]) + values["b2"]
        g = sample_adjoints(loss, y_hat, values["y"], "torch")
        back = (g @ values["w2"]) * s
    zero = np.concatenate([a @ g, g.sum(axis=0)])
    return zero, np.array([back @ values["x"], back.sum()])


def solution(problem: Problem, rng: np.random.Generator) -> bool:
    """Whether a numerical search from one random start ends in a solution, by Gauss and Newton."""
    samples, outputs = problem.samples.least, problem.network.outputs
    shapes = {"w1": (), "b1": (), "w2": (outputs,), "b2": (outputs,), "x": (samples,)}
    labels: np.ndarray = np.zeros((samples, outputs))
    match problem.targets:
        case "real":
            shapes["y"] = (samples, outputs)
        case "class":
            labels[np.arange(samples), rng.integers(outputs, size=samples)] = 1
        case "binary":
            labels = rng.integers(2, size=(samples, outputs)).astype(float)
        case "sign":
            labels = 2.0 * rng.integers(2, size=(samples, outputs)) - 1

    def split(vector: np.ndarray) -> dict[str, np.ndarray]:
        result: dict[str, np.ndarray] = {"y": labels}
        start = 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            result[name], start = vector[start : start + size].reshape(shape), start + size
        return result

    here = rng.normal(size=sum(int(np.prod(shape)) for shape in shapes.values())) * rng.choice([0.5, 1, 3])
    for _ in range(20):
        zero, _ = residuals(problem, split(here))
        if not np.isfinite(zero).all() or np.abs(zero).max() < 1e-13:
            break
        step = 1e-6
        slopes = [
            (residuals(problem, split(here + step * e))[0] - residuals(problem, split(here - step * e))[0])
            / (2 * step)
            for e in np.eye(len(here))
        ]
        jacobian = np.array(slopes).T
        if not np.isfinite(jacobian).all():
            return False
        here = here - np.linalg.lstsq(jacobian, zero, rcond=None)[0]
    zero, other = residuals(problem, split(here))
    values = split(here)
    with np.errstate(all="ignore"):
        z = values["w1"] * values["x"] + values["b1"]
    kinks = [float(kink) for kink in problem.network.layers[0].activation.kinks]
    off = all(np.abs(z - kink).min() > 1e-6 for kink in kinks)
    return bool(
        off and np.abs(zero).max() < 1e-12 and np.abs(other).min() > 1e-3 and np.abs(here).max() < 1e3
    )


SEARCHED = [asked for asked in IMPOSSIBLE if asked[1] not in ("mae", "hinge")]
QUICK = {("mse", "real"), ("bce_with_logits", "binary")}


@pytest.mark.parametrize(
    "asked",
    [pytest.param(a, marks=() if a[1:3] in QUICK else pytest.mark.slow, id=str(a)) for a in SEARCHED],
)
def test_no_solution_is_found_of_what_is_impossible(asked: Asked) -> None:
    """A numerical search finds none where a certificate says that there is none."""
    problem, certificate = proved(*asked)
    assert certificate is not None
    rng = np.random.default_rng(0)
    assert not any(solution(problem, rng) for _ in range(8))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "softsign"])
def test_the_search_finds_what_is_there(activation: str) -> None:
    """With three samples there are solutions, which the same search finds."""
    rng = np.random.default_rng(0)
    problem = founding(activation, "mse", "real", 3)
    assert any(solution(problem, rng) for _ in range(12))
    assert certify(problem, deadline=time.monotonic() + 10).certificate is None
