"""Problems that have no answer, their certificates, and certificates made up for others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from zerograd.core.errors import FormatError, Refused
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import (
    FORMAT,
    certificate_from_json,
)
from zerograd.core.refuting.refutation import (
    check_certificate,
)
from zerograd.proving.certify import certify

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
CROSSED: dict[str, Any] = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}

PROVABLE: dict[str, Callable[[], Problem]] = {
    "M=1 H=1": lambda: Problem(network=[1, 1, 1], samples=1, **HEADLINE),
    "M=2 H=1": lambda: Problem(network=[1, 1, 1], samples=2, **HEADLINE),
    "M=1 H=2": lambda: Problem(network=[1, 2, 1], samples=1, **HEADLINE),
    "M=2 H=2": lambda: Problem(network=[1, 2, 1], samples=2, **HEADLINE),
    "right": lambda: Problem(network=[1, 1, 1], samples=2, derivative_at_kink="right", **CROSSED),
    "forbid": lambda: Problem(network=[1, 1, 1], samples=2, derivative_at_kink="forbid", **HEADLINE),
    "crossed": lambda: Problem(network=[1, 1, 1], samples="any", **CROSSED),
    "a range": lambda: Problem(network=[1, 1, 1], samples={"from": 1, "to": 2}, **HEADLINE),
    "identities": lambda: Problem(
        network=[1, 2, 1], samples=2, zero=["w1", "b1", "w2[0,0]"], positive=["w2[0,1]"], where=["w2 > 0"]
    ),
    "where": lambda: Problem(
        network=[1, 1, 1], samples=2, positive=["b2"], where=["abs(r) + r == 0", "max(x) < 3"]
    ),
    "either": lambda: Problem(network=[1, 1], samples=1, where=["w1 == 1 or w1 == 2", "w1 > 2"]),
    "quotient": lambda: Problem(network=[1, 1], samples=1, where=["w1 > 0", "1 / w1 < 0"]),
    "bounds": lambda: Problem(
        network=[1, 1], samples=2, bounds={"x": [0, 1], "w1": [0, 1], "b1": [0, 2]}, where=["y_hat[1] > 3"]
    ),
    "given": lambda: Problem(
        network=[1, 1],
        samples=2,
        given={"x": [[1], [2]], "w1": [[3]], "y": [[0], [3]]},
        zero=["w1", "b1"],
        where=["loss > 0"],
    ),
    "integer": lambda: Problem(
        network=[1, 1],
        samples=1,
        domain="integer",
        where=["2 * w1 == 2 * b1 + 1"],
        bounds={"w1": [-2, 2], "b1": [-2, 2]},
    ),
    "symmetric": lambda: Problem(
        network=[1, 1, 1], samples=2, zero=["w2"], nonzero=["b1"], where=["z1 * w2 * r > 0"]
    ),
    "two units": lambda: Problem(network=[1, 2, 1], samples=1, zero=["b2"], some_nonzero=["w1"]),
}


@cache
def proved(name: str) -> tuple[Problem, str]:
    """A problem that has no answer, and a certificate of it, as text."""
    if name == "exchange":
        problem = Problem(network=[1, 2, 1], samples=2, where=[*OPPOSITE, "b1[1] >= 0"])
        return problem, json.dumps(offered(problem, exchanged(units={"1": [1, 0]}), samples=2))
    problem = PROVABLE[name]()
    found = certify(problem, deadline=time.monotonic() + 60, fixed=name != "crossed" and name != "identities")
    assert found.certificate is not None, found.open
    return problem, json.dumps(found.certificate.to_json())


def accepted(problem: Problem, data: object) -> bool:
    """Whether a document is accepted as a certificate; it may be refused, and no more."""
    try:
        check_certificate(problem, certificate_from_json(data))
    except (Refused, FormatError) as error:
        assert len(str(error)) < 4000
        return False
    return True


ONE = [["1"]]
CONTRADICTION: dict[str, Any] = {"cofactors": {}}  # says 1 = 0


def offered(problem: Problem, proof: Any, kind: str = "dataset", samples: int | None = 1) -> dict[str, Any]:
    part = {"system": kind, "proof": proof} | ({} if samples is None else {"samples": samples})
    return {"format": FORMAT, "problem": problem.digest, "parts": [part]}


w1, b1, x = ([["1", name]] for name in ("w1[0,0]", "b1[0]", "x[0,0]"))


def product(coefficient: str = "1", **rest: Any) -> dict[str, Any]:
    return {"cofactors": {}, "positive": [{"coefficient": coefficient, **rest}]}


OPPOSITE = ["b1[0] >= 0", "b1[0] * b1[1] < 0"]


def exchanged(**renaming: Any) -> Any:
    """b1[1] < 0 is refuted like b1[0] < 0, which contradicts b1[0] >= 0."""
    first, second = [["1", "b1[0]"]], [["1", "b1[1]"]]
    below = {
        "cofactors": {},
        "positive": [{"coefficient": "1", "factors": {label: 1}} for label in ("where[0]", "case 1")],
    }
    named = {"compare": [["1", "b2[0]"]], "name": "a", "cases": {"= 0": below, "!= 0": below}}
    both = {"coefficient": "1", "factors": {"case 1": 1, "case 2": 1}}
    opposite = {"coefficient": "1", "factors": {"where[1]": 1}}
    inner = {
        "< 0": {"like": "a", **renaming},
        "= 0": {"cofactors": {"case 2": [["-1", "b1[0]"]]}, "positive": [opposite]},
        "> 0": {"cofactors": {}, "positive": [opposite, both]},
    }
    zero = {"cofactors": {"case 1": [["-1", "b1[1]"]]}, "positive": [opposite]}
    return {"sign": first, "cases": {"< 0": named, "= 0": zero, "> 0": {"sign": second, "cases": inner}}}
