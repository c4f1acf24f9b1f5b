"""Which given values to change: errors that are planted are found, and what is refuted does not help."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from tests.independent.repairs import check as check_independently
from tests.repairing.planted import drawn, printed, problem_of
from zerograd.core.auditing.claims import read_claims
from zerograd.core.check import main
from zerograd.core.errors import FormatError, Refused
from zerograd.core.repairing.freed import entries_of
from zerograd.core.repairing.repairs import check_repair, with_values, wrong_claims
from zerograd.core.repairing.settling import typical
from zerograd.core.whole import is_whole
from zerograd.repairs import find_repair

NAMES = ["y_hat", "loss", "grad(w2)", "grad(b1)"]
HALF = {
    "x": [[1, 2]], "y": [[1]], "w1": [["0.3", "-0.1"], ["0.2", "0.4"]], "b1": [0, 0], "w2": [["0.5", "-0.3"]],
    "b2": [0],
}  # fmt: skip
CLAIMS = ["y_hat == -0.25", "loss ~ 0.7812", "grad(w2) ~ [-0.125, -1.25]", "grad(b2) == -5/4"]


def half(**changed: Any) -> zg.Problem:
    """Two inputs, two units, ½ r², with other values of some arrays."""
    return problem_of(HALF | changed, [2, 2, 1])


def document(repair: zg.Repair) -> dict[str, Any]:
    """What is written of it, read again."""
    data: dict[str, Any] = json.loads(json.dumps(repair.to_json()))
    return data


def test_what_is_undecided_is_no_repair() -> None:
    """A value at which a claim is not known to be right or wrong is open, and is no change that helps."""
    values = {"x": [[1, 2]], "w1": [[1, 0], [0, 1], [1, 1]], "b1": [0, 0, 0], "y": [[0, 0, 1]]}
    problem = zg.Problem(network=[2, 3], samples=1, loss="cross_entropy", given=values)
    claims = read_claims(["loss ~ 0.41", "grad(y_hat) ~ [0.09, 0.24, -0.43]"])
    repair = find_repair(problem, claims, 1, 3.0, None, keep=False)
    assert not repair.found
    assert "x[0,0]" in {free[0] for free in document(repair)["open"]}


def test_a_sign_that_was_turned() -> None:
    """The sign comes first among the changes that help; each makes every claim right."""
    problem = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]])
    repair = zg.repair(problem, CLAIMS)
    assert [str(found.free) for found in repair.found] == ["w1[0,1]", "b1[0]", "w1[0,0]"]
    assert repair.complete
    for mended in repair.examples:
        assert not zg.audit(mended, CLAIMS).wrong
    first = document(repair)["repairs"][0]["changes"]
    assert first == [
        {
            "entry": "w1[0,1]", "from": "1/10", "to": "-1/10", "closest": "-1/10", "meant": "sign",
            "any": {"low": "-1/10", "high": "-1/10", "has_low": True, "has_high": True},
        }
    ]  # fmt: skip
    assert "the sign" in str(repair)


def test_the_checker_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m zerograd.core.check` accepts a document, with exit code 3 where sets are open."""
    problem = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]])
    (tmp_path / "p.json").write_text(json.dumps(problem.to_json()))
    for code, timeout in ((0, 60.0), (3, 1e-6)):
        (tmp_path / "r.json").write_text(json.dumps(zg.repair(problem, CLAIMS, timeout=timeout).to_json()))
        assert main([str(tmp_path / "p.json"), str(tmp_path / "r.json")]) == code
        assert capsys.readouterr().out.startswith("accepted: ")


def test_nothing_to_repair() -> None:
    """Where no claim is wrong, nothing is changed."""
    repair = zg.repair(half(), CLAIMS)
    assert not repair.wrong and not repair.found
    assert str(repair).startswith("No claim is wrong")
    check_repair(half(), document(repair))


@pytest.mark.parametrize("seed", seeds(60, quick=6))
def test_a_planted_error_is_found(seed: int) -> None:
    """One value of a true example is another: what it was is a repair; a second checker agrees with all."""
    rng = random.Random(seed)
    widths = rng.choice([[1, 1, 1], [1, 2, 1], [2, 2, 1], [2, 1, 2]])
    true = problem_of(drawn(rng, widths, rng.choice([1, 1, 2])), widths)
    claims = printed(true, rng.sample(NAMES, 2))
    at = rng.choice(entries_of(true))
    wrong = rng.choice([*typical(true, at).values()])
    problem = with_values(true, {at: wrong})
    repair = zg.repair(problem, claims, changes=1)
    if not repair.wrong:
        return
    original = true.given[at.name][at.index]
    assert any(found.free == at and found.stretch.holds(original) for found in repair.found)
    data = document(repair)
    assert check_repair(problem, data).found == repair.found
    assert check_independently(data) > 100
    for mended in repair.examples:
        assert not zg.audit(mended, claims).wrong


@pytest.mark.parametrize("seed", seeds(20, quick=1))
def test_fewest_by_brute_force(seed: int) -> None:
    """Where one change is not enough, two planted errors are found, or the values that were planted help."""
    rng = random.Random(seed)
    widths = [1, 2, 1]
    true = problem_of(drawn(rng, widths), widths)
    claims = printed(true, ["y_hat", "grad(w2)", "grad(w1)"])
    one, other = rng.sample(entries_of(true), 2)
    problem = with_values(true, {at: rng.choice([*typical(true, at).values()]) for at in (one, other)})
    repair = zg.repair(problem, claims, changes=2, timeout=20)
    if not repair.wrong:
        return
    if not repair.found:  # time was up
        assert {one, other} in [{*free} for free in repair.repairs.open]
        return
    size = len(repair.found[0].entries)
    if size == 2:
        for at in entries_of(problem):
            for value in (*typical(problem, at).values(), *(Fraction(n, 10) for n in range(-20, 21))):
                assert wrong_claims(with_values(problem, {at: value}), read_claims(claims))
    for mended in repair.examples:
        assert not zg.audit(mended, claims).wrong


def test_no_change_of_two_values_helps() -> None:
    """Two signs and a digit are wrong: sets of two values are refuted by certificates, which are checked."""
    problem = problem_of(
        {"x": [[1]], "y": [[1]], "w1": [["0.3"]], "b1": [0], "w2": [["0.5"]], "b2": [0]}, [1, 1, 1]
    )
    claims = ["y_hat ~ 0.25", "loss ~ 0.5", "grad(w1) ~ -0.31"]
    repair = zg.repair(problem, claims, changes=2)
    assert repair.complete and not repair.found
    data = document(repair)
    assert data["refuted"] == {"1": 6, "2": 15}
    assert not check_repair(problem, data).open
    assert data["certificates"]
    other = next(
        each for each in data["certificates"] if each["entries"] != data["certificates"][0]["entries"]
    )
    other["certificate"] = data["certificates"][0]["certificate"]
    with pytest.raises(Refused):
        check_repair(problem, data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("wrong", [0]),
        ("repairs", []),
        ("open", [["w2[0,0]"]]),
        ("open", [["w9[0,0]"]]),
        ("refuted", {"1": 12}),
        ("derivative_at_kink", "left"),
        ("changes", 1),
    ],
)
def test_documents_that_say_something_else(key: str, value: Any) -> None:
    """Each is refused."""
    problem = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]])
    data = document(zg.repair(problem, CLAIMS))
    assert is_whole(data)
    check_repair(problem, data)
    if key == "changes":
        data["repairs"][0]["changes"][0]["to"] = "1/10"
    else:
        data[key] = value
    with pytest.raises((Refused, FormatError)):
        check_repair(problem, data)


def test_a_value_that_does_not_help_is_refused() -> None:
    """A stretch that is too wide is seen."""
    problem = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]])
    data = document(zg.repair(problem, CLAIMS))
    data["repairs"][0]["changes"][0]["any"]["high"] = "0"
    with pytest.raises(Refused):
        check_repair(problem, data)


def test_an_irrational_value() -> None:
    """w² = 2 is wanted: both roots are found, exactly."""
    problem = zg.Problem(
        network={"inputs": 1, "layers": [{"units": 1, "activation": "linear", "bias": False}]},
        samples=1,
        given={"x": [[1]], "y": [[0]], "w1": [[1]]},
        loss="sse",
    )
    repair = zg.repair(problem, ["loss == 2"], changes=1)
    data = document(repair)
    roots = [r["changes"][0]["to"] for r in data["repairs"] if r["changes"][0]["entry"] == "w1[0,0]"]
    assert all(root["polynomial"] == ["-2", "0", "1"] for root in roots) and len(roots) == 2
    check_repair(problem, data)
    assert "≈ 1.41421" in str(repair)


def test_a_smooth_activation() -> None:
    """Likely values are tried by audits; what depends on none of them is refuted, the rest is open."""
    network = {"inputs": 1, "layers": [{"units": 1, "activation": "tanh"}, {"units": 1}]}
    problem = zg.Problem(
        network=network, samples=1, given={"x": 1, "y": 0, "w1": -1, "b1": 0, "w2": 2, "b2": 0}
    )
    repair = zg.repair(problem, ["y_hat ~ 1.5232", "grad(b2) ~ 3.0464"], changes=1, timeout=10)
    assert {str(found.free) for found in repair.found} >= {"x[0,0]", "w1[0,0]", "w2[0,0]"}
    check_repair(problem, document(repair))


def test_a_transposed_matrix_of_a_smooth_network() -> None:
    """Numbers in each other's place are tried before solvers are asked, for which there may be no time."""
    layers = [{"units": 2, "activation": "sigmoid"}, {"units": 2, "activation": "sigmoid"}]
    given = {
        "x": [["0.05", "0.10"]], "y": [["0.01", "0.99"]], "w1": [["0.15", "0.20"], ["0.25", "0.30"]],
        "b1": ["0.35", "0.35"], "w2": [["0.40", "0.50"], ["0.45", "0.55"]], "b2": ["0.60", "0.60"],
    }  # fmt: skip
    problem = zg.Problem(network={"inputs": 2, "layers": layers}, samples=1, loss={"sse": "1/2"}, given=given)
    claims = ["y_hat ~ [0.75136507, 0.772928465]", "loss ~ 0.298371109"]
    repair = zg.repair(problem, claims)
    (found,) = repair.found
    assert [str(at) for at in found.entries] == ["w2[0,1]", "w2[1,0]"]
    assert not zg.audit(repair.examples[0], claims).wrong
    assert str(repair).count("exchanged") == 2
    check_repair(problem, document(repair))


@pytest.mark.parametrize("minimum", ["local", "global"])
def test_a_claim_of_a_minimum_is_not_looked_at(minimum: str) -> None:
    """What helps with the other claims is told all the same, and that it is to be audited."""
    problem, claims = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]]), [*CLAIMS, f"minimum: {minimum}"]
    repair = zg.repair(problem, claims)
    assert [str(found.free) for found in repair.found] == ["w1[0,1]", "b1[0]", "w1[0,0]"]
    assert f"minimum: {minimum} is not looked at: audit what helps." in str(repair)
    assert "makes all others right" in str(repair)
    check_repair(problem, document(repair))


def test_time_is_up() -> None:
    """What was not looked at is open."""
    problem = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]])
    repair = zg.repair(problem, CLAIMS, timeout=1e-6)
    assert not repair.complete
    assert "open" in str(repair)
    check_repair(problem, document(repair))


def test_interrupted() -> None:
    """Ctrl-C ends the search; what was found by then is kept where that is asked for."""
    problem = half(w1=[["0.3", "0.1"], ["0.2", "0.4"]])

    def interrupt(line: str) -> None:
        if line.startswith("changing"):
            raise KeyboardInterrupt

    kept = find_repair(problem, read_claims(CLAIMS), 1, 60, interrupt, keep=True)
    assert kept.interrupted and len(kept.wrong) == 4 and len(kept.repairs.open) == 12
    check_repair(problem, document(kept))
    with pytest.raises(KeyboardInterrupt):
        zg.repair(problem, CLAIMS, progress=interrupt)


def test_arguments() -> None:
    """What is no number of changes, or no time, is said."""
    for wrong in ({"changes": 0}, {"changes": 5}, {"timeout": 0}):
        with pytest.raises(ValueError, match=r"changes|timeout"):
            zg.repair(half(), CLAIMS, **wrong)  # type: ignore[arg-type]
    with pytest.raises(FormatError, match="given"):
        zg.repair(zg.Problem(network=[1, 1], samples=1), CLAIMS)


@pytest.mark.parametrize(
    "claims",
    [
        ["(y_hat[0,0] + 1)/w1[0,0] == 70", "loss ~ 0.1"],
        ["sigmoid(y_hat) ~ 0.9", "loss ~ 0.1"],
        ["p ~ 0.9", "loss ~ 0.1"],
    ],
)
def test_what_is_not_decided_is_no_repair(claims: list[str]) -> None:
    """Claims that are no polynomials along the line of a number leave it open."""
    given = {"x": 1, "y": 1, "w1": "1/2", "b1": 0, "w2": 1, "b2": 0}
    loss = "bce_with_logits" if "p ~ 0.9" in claims else "mse"
    problem = zg.Problem(network=[1, 1, 1], samples=1, given=given, loss=loss)
    document = json.loads(json.dumps(zg.repair(problem, claims, changes=1).to_json()))
    assert document["repairs"] == []
    assert document["open"]
    assert document["printed"]["numbers"] == 1
    check_repair(problem, document)
