"""Proofs that were found with residuals as unknowns, once these are written out."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Certificate, Node, Part, certificate_from_json
from zerograd.core.refuting.dataset import dataset_system
from zerograd.core.refuting.refutation import Known, Refutation, check_certificate
from zerograd.proving.certify import certify
from zerograd.proving.reals import Reals
from zerograd.proving.residuals import unfit, with_residuals, written_out
from zerograd.proving.tree import Tree, renamings

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
BOX = {name: [-2, 2] for name in ("w1", "b1", "w2", "b2", "x", "y")}
QUESTIONS: dict[str, zg.Problem] = {
    "integers": zg.Problem(network=[1, 1, 1], samples=2, domain="integer", bounds=BOX, **HEADLINE),
    "given targets": zg.Problem(network=[1, 1, 1], samples=2, given={"y": [1, 3]}, **HEADLINE),
    "a given target": zg.Problem(network=[1, 2, 1], samples=2, given={"y[0]": 1}, **HEADLINE),
    "integers and given targets": zg.Problem(
        network=[1, 1, 1], samples=2, domain="integer", given={"y": [0, 1]}, where=["x >= 0"], **HEADLINE
    ),
    "two outputs": zg.Problem(
        network=[1, 1, 2], samples=1, domain="integer", zero=["b2"], some_nonzero=["w1"], bounds=BOX
    ),
    "relu6": zg.Problem(
        network=zg.Network(1, (zg.Layer(1, "relu6"), zg.Layer(1, "linear"))), samples=2, domain="integer",
        bounds=BOX, **HEADLINE,
    ),
}  # fmt: skip


def found_with_residuals(problem: zg.Problem) -> Node:
    """A proof, with unknown residuals."""
    samples = problem.samples.least
    system, _ = with_residuals(problem, samples)
    hidden = {n: layer.units for n, layer in enumerate(problem.network.layers[:-1], start=1)}
    root = Tree(system, Reals(time.monotonic() + 60), lambda: renamings(system, samples, hidden)).find()
    assert root is not None
    Refutation(system).check(root)
    return root


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_written_out_is_accepted(name: str) -> None:
    """A certificate of the question itself, in the same cases."""
    problem = QUESTIONS[name]
    assert unfit(problem) is None
    samples = problem.samples.least
    system = dataset_system(problem, samples)
    _, residuals = with_residuals(problem, samples)
    root = written_out(found_with_residuals(problem), Known(system.facts), system, residuals)
    certificate = Certificate(problem.digest, (Part("dataset", samples, root),))
    check_certificate(problem, certificate)
    assert "definition" not in str(certificate.to_json())
    assert certificate_from_json(certificate.to_json()) == certificate


@pytest.mark.parametrize("name", QUESTIONS)
def test_residuals_are_what_they_stand_for(name: str) -> None:
    """Facts about them say what the facts of the dataset say, once they are written out."""
    problem = QUESTIONS[name]
    samples = problem.samples.least
    free, residuals = with_residuals(problem, samples)
    plain = dataset_system(problem, samples)
    assert residuals
    point = {name: Fraction(n % 5 - 2, n % 3 + 1) for n, name in enumerate(plain.variables)}
    point |= {name: p.at(point).constant_term for name, p in residuals.items()}
    for label, fact in free.facts.items():
        value = fact.polynomial.at(point)  # type: ignore[union-attr]
        if label in plain.facts:
            assert value == plain.facts[label].polynomial.at(point)  # type: ignore[union-attr]
        else:
            assert label.startswith("definition of ")
            assert value == Polynomial.constant(0)


def test_who_has_them_already() -> None:
    """Free targets of real numbers, and other losses."""
    assert unfit(zg.Problem(network=[1, 1, 1], samples=2, **HEADLINE)) is not None
    assert unfit(zg.Problem(network=[1, 1, 1], samples=2, loss="huber", given={"y": [1, 3]}, **HEADLINE))


@pytest.mark.slow
def test_integers_in_a_box() -> None:
    """With residuals written out no proof was found."""
    layers = (zg.Layer(2, "relu", bias=False), zg.Layer(1, "linear"))
    bounds = {name: [-2, 2] for name in ("w1", "w2", "b2", "x", "y")}
    problem = zg.Problem(
        network=zg.Network(1, layers), samples=3, domain="integer", derivative_at_kink="right",
        zero=["b2", "w2"], negative=["x"], bounds=bounds,
    )  # fmt: skip
    assert certify(problem, deadline=time.monotonic() + 120).certificate is not None
