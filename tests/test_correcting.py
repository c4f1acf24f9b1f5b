"""Linearised corrections: numbers that round to those that are given, and of which claims hold."""

from __future__ import annotations

import json
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from zerograd.core.auditing.judging import check_audit
from zerograd.core.question.given import incomplete
from zerograd.core.verdict.answer import Sat
from zerograd.correcting import corrected

NETWORK: dict[str, Any] = {
    "inputs": 2, "layers": [{"units": 2, "activation": "sigmoid"}, {"units": 2, "activation": "sigmoid"}],
}  # fmt: skip
GIVEN: dict[str, Any] = {
    "x": [["1/20", "1/10"]], "y": [["1/100", "99/100"]],
    "w1": [["0.15", "0.20"], ["0.25", "0.30"]], "b1": ["0.35", "0.35"],
    "w2": [["0.40", "0.45"], ["0.50", "0.55"]], "b2": ["0.60", "0.60"],
}  # fmt: skip


def widened(where: list[str], half: str = "0.005") -> zg.Problem:
    """The question with intervals for all parameters."""
    bounds = {}
    for name, values in GIVEN.items():
        flat = [v for row in values for v in (row if isinstance(row, list) else [row])]
        shape = (2, 2) if name.startswith("w") else (2,)
        for number, value in enumerate(flat if name not in "xy" else []):
            index = f"{number // 2},{number % 2}" if len(shape) == 2 else str(number)
            middle, away = Fraction(value), Fraction(half)
            bounds[f"{name}[{index}]"] = (middle - away, middle + away)
    data = {name: GIVEN[name] for name in "xy"}
    return zg.Problem(network=NETWORK, samples=1, given=data, bounds=bounds, where=where)


def test_a_few_numbers_are_corrected() -> None:
    """Within their bounds; the answer is checked exactly."""
    question = widened(["abs(y_hat - [1880/2500, 3865/5000]) <= 1/20000"])
    near = corrected(question)
    assert near is not None
    assert incomplete(near) is None
    assert isinstance(zg.solve(near), Sat)
    changed = [
        value
        for name in ("w1", "b1", "w2", "b2")
        for index, value in near.given[name].items()
        if value != (question.entry_bounds(1)[name, index][0] or 0) + Fraction("0.005")
    ]
    assert 0 < len(changed) < 12
    assert all(10**8 % value.denominator == 0 for value in changed)


def test_what_it_is_not_for() -> None:
    """Equations, numbers without bounds, open numbers of samples, and what is out of reach."""
    assert corrected(widened(["y_hat[0,0] == 0.752"])) is None
    assert corrected(widened(["abs(y_hat - [0.9, 0.7]) <= 1/20000"])) is None
    assert corrected(widened(["loss < 1"])) is None
    assert corrected(zg.Problem(network=[1, 1], samples=1, where=["abs(w1 - 1) <= 1/2"])) is None
    assert corrected(zg.Problem(network=[1, 1], samples="any", where=["abs(w1 - 1) <= 1/2"])) is None


def test_an_audit_of_a_larger_network() -> None:
    """Weights have two digits, outputs are those of others; an example is found and checked."""
    problem = zg.Problem(network=NETWORK, samples=1, given=GIVEN, loss={"sse": "1/2"})
    audit = zg.audit(problem, ["y_hat ~ [0.7520, 0.7740]", {"rounded": 2}])
    assert [str(finding.grade) for finding in audit.findings] == ["wrong", "right"]
    assert check_audit(problem, json.loads(json.dumps(audit.to_json()))) == audit.judged
    assert "an example, exact, that rounds to what is given has " in " ".join(str(audit).split())


@pytest.mark.parametrize("seed", seeds(12, 3))
def test_planted_examples_are_found(seed: int) -> None:
    """Weights with five digits are printed with two; what is claimed was calculated of the exact ones."""
    random = Random(seed)
    shapes = {"w1": (4, 3), "b1": (4,), "w2": (2, 4), "b2": (2,)}

    def drawn(*shape: int) -> Any:
        if not shape:
            return Fraction(random.randint(-(10**5), 10**5), 10**5)
        return [drawn(*shape[1:]) for _ in range(shape[0])]

    def printed(data: Any) -> Any:
        return [*map(printed, data)] if isinstance(data, list) else f"{float(data):.2f}"

    exact = {name: drawn(*shape) for name, shape in shapes.items()}
    data = {"x": [[1, 2, -1], [0, 1, 3]], "y": [[1, 0], [0, 1]]}
    network = {"inputs": 3, "layers": [{"units": 4, "activation": "tanh"}, {"units": 2}]}
    true = zg.Problem(network=network, samples=2, given={**data, **exact})
    told = zg.audit(true, ["loss > 0", "y_hat > -1000", "grad(b2) > -1000"])
    values = {value.name: value.value for finding in told.findings for value in finding.values}

    def digits(name: str) -> str:
        value: Any = values[name]
        return f"{float(value.midpoint if hasattr(value, 'midpoint') else value):.4f}"

    outputs = [[digits(f"y_hat[{m},{k}]") for k in range(2)] for m in range(2)]
    claims = [f"loss ~ {digits('loss')}", f"y_hat ~ {outputs}".replace("'", "")]
    claims.append(f"grad(b2) ~ [{digits('grad(b2)[0]')}, {digits('grad(b2)[1]')}]")
    problem = zg.Problem(network=network, samples=2, given={**data, **printed_all(exact, printed)})
    audit = zg.audit(problem, [*claims, {"rounded": 2}])
    assert str(audit.findings[-1].grade) == "right"


def printed_all(exact: dict[str, Any], printed: Any) -> dict[str, Any]:
    """All arrays as they are printed."""
    return {name: printed(values) for name, values in exact.items()}
