"""Lines of free numbers: what holds on them is what audits say, number by number."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from tests.repairing.planted import drawn
from zerograd.core.auditing.claims import read_claims
from zerograd.core.repairing.freed import Stretch, entries_of, line_of
from zerograd.core.repairing.repairs import with_values, wrong_claims
from zerograd.core.repairing.settling import settled
from zerograd.core.repairing.unmoved import wrong_anyway

LOSSES: list[Any] = ["mse", {"sse": "1/2"}, "mae", {"huber": "1/2"}, "hinge"]
ACTIVATIONS: list[Any] = ["relu", {"leaky_relu": "1/10"}, "hardtanh", "abs", "relu6"]
CLAIMS: list[Any] = [
    "y_hat[0,0] ~ 1", "y_hat[0,0] >= 0", "loss < 2", "loss ~ 0.", "grad(w1)[0,0] == 0", "grad(b1)[0] <= 1/2",
    "abs(grad(w2)[0,0]) < 1", "max(y_hat) != 1", "z1[0,0] ~ -1", "grad(z1)[0,0] ~ 0.", "not loss == 0",
    "any([y_hat[0,0] < 0, w1[0,0] > 1])", "distinct(w1, b1)", "grad(x)[0,0] ~ 0.0",
    {"after_step": "1/2", "claim": "b2[0] <= 1"}, {"after_step": "1/4", "claim": "loss < 1"},
]  # fmt: skip


def example(rng: random.Random) -> zg.Problem:
    """Small networks of every kind."""
    widths = rng.choice([[1, 1, 1], [1, 2, 1], [2, 1, 1]])
    samples = rng.choice([1, 2])
    values = drawn(rng, widths, samples)
    loss = rng.choice(LOSSES)
    if loss == "hinge":
        values["y"] = [[rng.choice([-1, 1])] for _ in range(samples)]
    units = [{"units": widths[1], "activation": rng.choice(ACTIVATIONS)}, {"units": 1}]
    return zg.Problem(
        network={"inputs": widths[0], "layers": units},
        samples=samples,
        given=values,
        loss=loss,
        targets="sign" if loss == "hinge" else "real",
        derivative_at_kink=rng.choice(["torch", "left", "right", "mean"]),
    )


@pytest.mark.parametrize("seed", seeds(60, quick=10))
def test_lines_and_audits(seed: int) -> None:
    """All over the line, and next to the ends of stretches: no claim is wrong if and only if it says so."""
    rng = random.Random(seed)
    problem = example(rng)
    claims = read_claims(rng.sample(CLAIMS, rng.choice([1, 1, 2])))
    at = rng.choice(entries_of(problem))
    stretches = line_of(problem, claims, at).stretches()
    assert all(each.decided for each in stretches)
    values = [Fraction(rng.randint(-40, 40), rng.choice([1, 5, 10])) for _ in range(12)]
    for each in stretches:
        for end in (each.low, each.high):
            if isinstance(end, int | Fraction):
                values += [Fraction(end), end + Fraction(1, 10**6), end - Fraction(1, 10**6)]
    for value in values:
        holds = any(each.holds(value) for each in stretches)
        assert holds == (not wrong_claims(with_values(problem, {at: value}), claims)), (value, stretches)


@pytest.mark.parametrize("seed", seeds(60, quick=10))
def test_what_is_wrong_anyway(seed: int) -> None:
    """A claim that is said not to depend on numbers is wrong for other values of them, too."""
    rng = random.Random(seed)
    problem = example(rng)
    claims = read_claims(rng.sample(CLAIMS, 3))
    free = rng.sample(entries_of(problem), 2)
    claim = wrong_anyway(problem, claims, free)
    if claim is None:
        return
    for _ in range(6):
        values = {at: Fraction(rng.randint(-30, 30), 10) for at in free}
        assert claims.index(claim) in wrong_claims(with_values(problem, values), claims)


@pytest.mark.parametrize("seed", seeds(40, quick=6))
def test_two_numbers(seed: int) -> None:
    """What is settled of two numbers is so: outside the values that are found, a claim is wrong."""
    rng = random.Random(seed)
    problem = example(rng)
    exact = [f"{name} == {rng.choice([0, 1, 2])}" for name in ("y_hat[0,0]", "z1[0,0]", "grad(w1)[0,0]")]
    claims = read_claims([*exact, rng.choice(CLAIMS)])
    pair = tuple(rng.sample(entries_of(problem), 2))
    found = settled(problem, claims, pair)
    if found is None:
        return
    values = [(Fraction(rng.randint(-20, 20), 5), Fraction(rng.randint(-20, 20), 5)) for _ in range(8)]
    for one in found:
        ((at, value),) = one.values
        for end in (one.stretch.low, one.stretch.high):
            if isinstance(end, int | Fraction):
                new = {at: value, one.free: end}
                values.append((Fraction(new[pair[0]]), Fraction(new[pair[1]])))
    for each in values:
        changed = dict(zip(pair, each, strict=True))
        holds = any(
            changed[one.values[0][0]] == one.values[0][1] and one.stretch.holds(changed[one.free])
            for one in found
        )
        assert holds == (not wrong_claims(with_values(problem, changed), claims))


def test_a_line_on_a_kink() -> None:
    """The slope at a kink counts: under the right one, a gradient is not 0 there."""
    for convention, value in (("left", True), ("right", False)):
        problem = zg.Problem(
            network=[1, 1, 1],
            samples=1,
            given={"x": 1, "y": 1, "w1": 1, "b1": 0, "w2": 1, "b2": 0},
            derivative_at_kink=convention,
        )
        claims = read_claims(["grad(w1) == 0", "w1 >= 0"])
        (at,) = [each for each in entries_of(problem) if each.name == "w1"]
        stretches = line_of(problem, claims, at).stretches()
        assert any(each.holds(0) for each in stretches) == value
        assert Stretch(1, 1, True, True) in stretches
