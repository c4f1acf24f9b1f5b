"""Certificates for questions whose answer is known, and what is said where there is none."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.refuting.ahead import derived
from zerograd.core.refuting.certificate import Like, nodes
from zerograd.core.refuting.refutation import check_certificate, every_samples
from zerograd.proving.certify import certify
from zerograd.proving.process import ProofProcess

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"
HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
CROSSED: dict[str, Any] = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}
IMPOSSIBLE = [path.name for path in sorted(PROBLEMS.glob("*.yaml")) if zg.load(path).expect == "unsat"]


def until() -> float:
    return time.monotonic() + 120


@pytest.mark.parametrize("units", [1, 2, 3])
@pytest.mark.parametrize("samples", [1, 2])
def test_fewer_than_three_samples(units: int, samples: int) -> None:
    """The founding question, for more units too: no unit has the gradients that are asked."""
    problem = zg.Problem(network=[1, units, 1], samples=samples, **HEADLINE)
    found = certify(problem, deadline=until()).certificate
    assert found is not None
    check_certificate(problem, found)
    assert not every_samples(problem, found)


@pytest.mark.parametrize("units", [1, 2])
def test_every_number_of_samples(units: int) -> None:
    """A question about any dataset, by one system for all of them."""
    problem = zg.Problem(network=[1, units, 1], samples="any", **CROSSED)
    found = certify(problem, deadline=until()).certificate
    assert found is not None
    assert [part.kind for part in found.parts] == ["moments"]
    assert every_samples(problem, found)


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_problems_that_expect_no(name: str) -> None:
    """Each file in problems/ whose answer is no has a certificate."""
    problem = zg.load(PROBLEMS / name)
    assert certify(problem, deadline=until()).certificate is not None


def test_fixed_speaks_of_a_number_of_samples() -> None:
    """For those who want a proof about one M."""
    problem = zg.Problem(network=[1, 1, 1], samples=3, **CROSSED)
    found = certify(problem, deadline=until(), fixed=True).certificate
    assert found is not None
    assert [(part.kind, part.samples) for part in found.parts] == [("dataset", 3)]


def test_renamings_are_proved_once() -> None:
    """Two samples that change places, say."""
    found = certify(zg.Problem(network=[1, 1, 1], samples=2, **HEADLINE), deadline=until()).certificate
    assert found is not None
    assert any(isinstance(node, Like) for part in found.parts for node in nodes(part.root))


def test_what_has_an_answer_has_no_certificate() -> None:
    """And the outcome says so."""
    outcome = certify(zg.Problem(network=[1, 1, 1], samples=3, **HEADLINE), deadline=until())
    assert outcome.certificate is None
    assert outcome.open[0].startswith("M = 3: its facts do not contradict one another over the real numbers")


def test_integers_between() -> None:
    """No integer is between 0 and 1: real numbers would do."""
    problem = zg.Problem(
        network=[1, 1], samples=1, domain="integer", nonzero=["b1"], where=["2 * w1 + 4 * b1 == 3"],
        bounds={"w1": [-2, 2], "b1": [-2, 2]},
    )  # fmt: skip
    assert certify(problem, deadline=until()).certificate is not None


def test_time_runs_out() -> None:
    """Without a certificate, and with word of it."""
    problem = zg.Problem(network=[2, 3, 3, 1], samples=3, zero=["w3", "b3"], nonzero=["w2", "b2", "w1", "b1"])
    outcome = certify(problem, deadline=time.monotonic() + 0.5)
    assert outcome.certificate is None
    assert any("time ran out" in line for line in outcome.open)


def test_the_process_answers_and_keeps_its_time() -> None:
    """Twice from one process; past its deadline it is stopped, and the next call starts another."""
    problem = zg.Problem(network=[1, 1, 1], samples=2, **HEADLINE)
    hard = zg.Problem(network=[2, 3, 3, 1], samples=3, zero=["w3", "b3"], nonzero=["w2", "b2", "w1", "b1"])
    with ProofProcess() as prover:
        for asked in (problem, hard, problem):
            start = time.monotonic()
            seconds = 1.0 if asked is hard else 60.0
            found = prover.find(asked, deadline=start + seconds, fixed=False, progress=lambda _: None)
            assert (found.certificate is None) == (asked is hard)
            assert time.monotonic() - start < seconds + 5


@pytest.mark.parametrize("beside", [True, False])
def test_facts_are_derived_while_a_proof_is_looked_for(beside: bool) -> None:
    """What the check will need is there when the certificate comes; unless other rows want the core."""
    problem = zg.Problem(network=[1, 1, 1], samples=2, **HEADLINE)
    with ProofProcess(beside=beside) as prover:
        found = prover.find(problem, deadline=until(), fixed=True, progress=lambda _: None).certificate
    assert found is not None
    ahead = [derived(problem, part.kind, part.samples) is not None for part in found.parts]
    assert ahead == [beside] * len(found.parts)
    check_certificate(problem, found)


def test_every_system_that_is_turned_to_is_told_once() -> None:
    """If a contradiction is seen in it; the certificate's own are among them."""
    told: list[object] = []
    problem = zg.Problem(network=[1, 1, 1], samples=2, **HEADLINE)
    found = certify(problem, deadline=until(), turned=lambda *facts: told.append(facts)).certificate
    assert found is not None
    assert len(set(told)) == len(told)
    assert {(part.kind, part.samples) for part in found.parts} <= set(told)


def test_a_bug_costs_the_proof_not_the_answer() -> None:
    """What a search that breaks down says last stands where an open case would; the next one is not hurt."""
    problem = zg.Problem(network=[1, 1, 1], samples=2, **HEADLINE)
    with ProofProcess() as prover:
        assert prover.find(problem, deadline=until(), fixed=False, progress=lambda _: None).certificate
        prover._running.send(b'{"no": "problem"}\n')
        broken = prover.find(problem, deadline=until(), fixed=False, progress=lambda _: None)
        assert broken.certificate is None
        (line,) = broken.open
        assert re.fullmatch(r"the search for proofs failed \(.+\): please report it", line)
        found = prover.find(problem, deadline=until(), fixed=False, progress=lambda _: None)
        assert found.certificate is not None


def test_integers_that_are_split_more_than_once() -> None:
    """One case of a split is refuted by splitting integers, without what it assumes: it has a name, too."""
    layers = (zg.Layer(1, "relu6", bias=False), zg.Layer(1, "linear"))
    bounds = {"x": ["-1/2", "1/2"]}
    network = zg.Network(1, layers)
    problem = zg.Problem(network=network, samples=2, domain="integer", positive=["w1"], bounds=bounds)
    assert certify(problem, deadline=until()).certificate is not None


def test_what_is_enough_is_enough() -> None:
    """Twelve samples are asked for, and four entries: four samples are looked at."""
    problem = zg.Problem(network=[1, 1, 1], samples=12, where=["x > 0"], **CROSSED)
    found = certify(problem, deadline=until()).certificate
    assert found is not None
    assert all(part.samples is None or part.samples <= 4 for part in found.parts)


def test_denominators_that_the_prime_divides() -> None:
    """Solving is done modulo a prime, and such a number has no inverse there."""
    problem = zg.Problem(
        network=[1, 1, 1], samples=2, given={"x": [f"1/{2**61 - 1}", None]}, **HEADLINE
    )  # fmt: skip
    certify(problem, deadline=until())


def test_wide_layers_do_not_take_all_time() -> None:
    """Their renamings are too many to be listed; without them there is still a proof."""
    network = zg.Network.mlp(1, 5, 5, 5, 5, 1)
    problem = zg.Problem(network=network, samples=1, nonzero=["b5"], where=["b5 * b5 < 0"])
    start = time.monotonic()
    assert certify(problem, deadline=start + 120).certificate is not None
