"""Printed numbers, worked out one by one: slips that are planted are named, their consequences are not."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest

import zerograd as zg
from tests.effort import seeds
from tests.repairing.planted import digits, drawn, printed, problem_of
from zerograd.core.auditing.claims import read_claims
from zerograd.core.repairing.repairs import PrintedNumbers, check_repair
from zerograd.core.repairing.slips import Number, Slip
from zerograd.core.repairing.worked import Work, sheet_of
from zerograd.repairing.slips import find_printed

FOUR = {
    "x": [[1, 4, 7]],
    "y": [[1, 0, 0]],
    "w1": [["0.2", "-0.1", "0.4"], ["0.5", "0.3", "-0.6"], ["-0.2", "0.1", "0.3"]],
    "w2": [["0.1", "-0.2", "0.5"], ["0.4", "0.1", "-0.3"], ["-0.1", "0.3", "0.2"]],
    "w3": [["0.3", "0.1", "-0.4"], ["0.2", "-0.5", "0.6"], ["-0.3", "0.2", "0.4"]],
    "w4": [["0.2", "-0.1", "0.5"], ["0.4", "0.1", "-0.3"], ["-0.2", "0.3", "0.2"]],
    **{f"b{layer}": [0, 0, 0] for layer in (1, 2, 3, 4)},
}
WIDTHS = [3, 3, 3, 3, 3]


def worked(problem: zg.Problem, claims: list[str], *slips: Slip) -> Work:
    """A calculation of what claims print, with slips."""
    return Work(sheet_of(problem, read_claims(claims)), {slip.number: slip for slip in slips}).done()


def slips_in(problem: zg.Problem, claims: list[str]) -> tuple[Slip, ...]:
    """What is found."""
    found = find_printed(problem, read_claims(claims), lambda: True)
    assert found is not None
    return found.slips


def as_calculated(problem: zg.Problem, names: list[str], slip: Slip, places: int = 6) -> list[str]:
    """What somebody prints who makes a slip, and goes on with all digits."""
    work = worked(problem, ["loss ~ 0.5"], slip)
    claims = []
    for name in names:
        for number, value in work.values.items():
            if number.name == name:
                claims.append(f"{number} ~ {digits(value, places)}")
    return claims


def test_a_product_that_is_off_by_ten() -> None:
    """0.4 · 0.11836 taken for 0.47344, in a sum that is not printed: all gradients below are off by that."""
    problem = problem_of(FOUR, WIDTHS)
    slip = Slip(Number("grad(a2)", (0, 2)), "term", 10, 0)
    claims = as_calculated(problem, ["grad(w4)", "grad(w3)", "grad(w2)", "grad(w1)"], slip)
    repair = zg.repair(problem, claims, changes=1)
    assert repair.repairs.printed is not None
    assert repair.repairs.printed.slips == (slip,)
    told = "the term w3[0,2]*grad(z3)[0,0] was taken ten times: 0.53935 in place of 0.113254"
    assert f"in grad(a2)[0,2] {told}" in str(repair)
    data = json.loads(json.dumps(repair.to_json()))
    assert data["printed"]["with_slips"] == []
    assert len(data["printed"]["off"]) == 8
    check_repair(problem, data)


@pytest.mark.slow
def test_the_same_with_what_was_rounded_on_the_way() -> None:
    """Gradients as they were published, with other errors: the slip is named where numbers follow nearly."""
    problem = problem_of(FOUR, WIDTHS)
    claims = [
        "grad(w4) ~ [[-0.3576,-0.2144,0],[0.0657,0.0395,0],[0.0014,0.0008,0]]",
        "grad(w3) ~ [[-0.16738,-0.04149,-0.02367],[0.15576,0.03849,0.02197],[0,0,0]]",
        "grad(w2) ~ [[-0.03519,0,-0.03111],[0.17335,0,0.13535],[0.37574,0,0.20557]]",
        "grad(w1) ~ [[-0.081997,-0.327988,-0.57392],[0,0,0],[0.121131,0.484524,0.847917]]",
    ]
    found = find_printed(problem, read_claims(claims), lambda: True)
    assert found == PrintedNumbers((Slip(Number("grad(a2)", (0, 2)), "term", 10, 0),), Fraction(1, 1000))


def test_a_printed_slip_has_consequences() -> None:
    """One pre-activation is printed ten times too large, and everything after it comes of that."""
    problem = problem_of(FOUR, WIDTHS)
    slip = Slip(Number("z3", (0, 1)), "factor", 10)
    names = ["z1", "z2", "z3", "y_hat", "grad(z4)", "grad(w4)", "grad(w3)"]
    claims = as_calculated(problem, names, slip)
    work = worked(problem, claims)
    assert work.unfollowed == [Number("z3", (0, 1))]
    told = str(zg.repair(problem, claims, changes=1))
    assert "this one does not follow; the others do" in " ".join(told.split())
    assert "z3[0,1] was taken ten times: " in told


def test_an_audit_says_where_it_went_wrong() -> None:
    """One pre-activation is off, and with it all that comes of it: the audit names it."""
    problem = problem_of(
        {"x": [[1, 2]], "y": [[1]], "w1": [["0.3", "0.7"]], "b1": ["0.1"], "w2": [["0.5"]], "b2": ["0.2"]},
        [2, 1, 1],
    )
    slip = Slip(Number("z1", (0, 0)), "factor", 10)
    claims = as_calculated(problem, ["z1", "y_hat", "grad(w2)", "grad(w1)"], slip)
    told = " ".join(str(zg.audit(problem, claims)).split())
    off = "Of 5 printed numbers that are off, 4 follow from what is printed before them"
    assert f"{off}; these do not: z1[0,0]. zerograd repair tells more." in told
    assert "follow" not in str(zg.audit(problem, ["y_hat ~ 0.9", "z1 ~ 7"]))


@pytest.mark.parametrize(
    ("kind", "number", "term", "factor"),
    [
        ("term", Number("z1", (0, 1)), -1, 0),
        ("term", Number("z2", (0, 0)), 1, -1),
        ("factor", Number("grad(y_hat)", None), 0, 2),
        ("underived", Number("grad(z1)", None), 0, 1),
        ("unactivated", Number("a1", None), 0, 1),
        ("transposed", Number("grad(a1)", None), 0, 1),
        ("factor", Number("grad(z2)", (0, 1)), 0, -1),
    ],
)
def test_slips_by_name(kind: str, number: Number, term: int, factor: int) -> None:
    """A slip between printed numbers, in an example off the kinks, is what is found."""
    problem = problem_of(
        {"x": [[1, 2]], "y": [[1, 0]], "w1": [["0.3", "-0.7"], ["0.25", "0.4"]], "b1": ["0.15", "0.35"],
         "w2": [["0.5", "-0.3"], ["0.6", "0.85"]], "b2": ["0.1", "-0.2"]},
        [2, 2, 2],
    )  # fmt: skip
    slip = Slip(number, kind, factor, term)
    claims = as_calculated(problem, ["y_hat", "grad(w2)", "grad(w1)", "grad(b1)"], slip)
    assert worked(problem, claims).unfollowed
    found = slips_in(problem, claims)
    assert len(found) == 1
    assert not worked(problem, claims, *found).unfollowed
    assert found[0].kind == kind or found[0].number.name in (
        "y_hat",
        "z2",
        "grad(z1)",
        "grad(z2)",
        "grad(a1)",
    )


@pytest.mark.parametrize("seed", seeds(40, quick=8))
def test_rounded_numbers_follow(seed: int) -> None:
    """What is printed rounded of a true example follows, however few digits there are."""
    rng = random.Random(seed)
    widths = rng.choice([[2, 2, 1], [2, 3, 2], [1, 2, 2, 1]])
    problem = problem_of(drawn(rng, widths, rng.choice([1, 2, 3])), widths)
    depth = len(widths) - 1
    names = [f"z{n}" for n in range(1, depth + 1)] + ["y_hat", "loss", "grad(w1)", f"grad(w{depth})"]
    claims = printed(problem, names, places=rng.choice([2, 3, 5]))
    work = worked(problem, claims)
    assert work.unfollowed == []


@pytest.mark.parametrize("seed", seeds(20, quick=4))
def test_calculated_from_rounded_numbers(seed: int) -> None:
    """Numbers that were calculated from rounded ones follow, though they are off in the last digits."""
    rng = random.Random(seed)
    widths = [2, 2, 1]
    problem = problem_of(drawn(rng, widths), widths)
    values = problem.given
    exact = worked(problem, ["loss ~ 0.5"]).values
    z = [Fraction(digits(exact[Number("z1", (0, i))], 1)) for i in range(2)]
    y_hat = values["b2"][0,] + sum(values["w2"][0, i] * max(z[i], Fraction(0)) for i in range(2))
    claims = [f"z1 ~ [{digits(z[0], 1)}, {digits(z[1], 1)}]", f"y_hat == {y_hat}"]
    assert worked(problem, claims).unfollowed == []


def test_weights_that_were_updated_too_early() -> None:
    """The backward pass went through the weights as they are after the step."""
    problem = problem_of(
        {"x": [[1, 2]], "y": [[1]], "w1": [["0.3", "0.7"]], "b1": ["0.1"], "w2": [["0.5"]], "b2": ["0.2"]},
        [2, 1, 1],
    )
    (claim,) = read_claims([{"after_step": "1/2", "w2": "0"}])
    slip = Slip(Number("grad(a1)", None), "updated")
    work = Work(sheet_of(problem, (claim,)), {slip.number: slip}, follow_printed=False).done()
    row = [digits(work.values[Number("grad(w1)", (0, j))], 6) for j in range(2)]
    after = digits(work.values[Number("w2", (0, 0), claim.step)], 6)
    claims = read_claims([f"grad(w1) ~ [{', '.join(row)}]", {"after_step": "1/2", "w2": after}])
    found = find_printed(problem, claims, lambda: True)
    assert found is not None and found.slips == (slip,)


def test_after_a_step() -> None:
    """The gradients are as printed: it is the step that was added, not subtracted."""
    problem = problem_of(
        {"x": [[1, 2]], "y": [[1]], "w1": [["0.3", "0.7"]], "b1": ["0.1"], "w2": [["0.5"]], "b2": ["0.2"]},
        [2, 1, 1],
    )
    (claim,) = read_claims([{"after_step": "1/10", "w1": [["0", "0"]]}])
    slip = Slip(Number("w1", None, claim.step), "uphill")
    work = Work(sheet_of(problem, (claim,)), {slip.number: slip}, follow_printed=False).done()
    row = [digits(work.values[Number("w1", (0, j), claim.step)], 6) for j in range(2)]
    claims = [*printed(problem, ["grad(w1)"]), {"after_step": "1/10", "w1": [row]}]
    repair = zg.repair(problem, claims, changes=1)
    assert "w1 after a step of 1/10: the step was added, not subtracted" in str(repair)
    check_repair(problem, json.loads(json.dumps(repair.to_json())))
