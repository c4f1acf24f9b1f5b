"""What is changed: questions, results and certificates that are accepted as they stand.

The founding question for each activation and each loss is in docs/every. Questions of other kinds are in
`QUESTIONS`, with others that differ in a detail and have an answer; results of all are in seeds.jsonl, which
``python tools/fuzz.py --write-seeds`` writes.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).with_name("seeds.jsonl")
PROBLEMS = ROOT / "problems"
EVERY = ROOT / "docs" / "every"

Json = dict[str, Any]


def _network(*layers: Any, inputs: int = 1) -> Json:
    """Layers are (units, activation) or (units, activation, bias)."""
    keys = ("units", "activation", "bias")
    return {"inputs": inputs, "layers": [dict(zip(keys, layer, strict=False)) for layer in layers]}


_LINEAR = (1, "linear")
_HEADLINE: Json = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
_CROSSED: Json = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}

QUESTIONS: Mapping[str, tuple[Json, list[Json]]] = {
    "two units": ({"network": [1, 2, 1], "samples": 2, **_HEADLINE}, [{"samples": 3}]),
    "at any M": (
        {"network": [1, 1, 1], "samples": "any", **_CROSSED},
        [{"nonzero": ["b2"]}, {"zero": ["w2"]}],
    ),
    "by homogeneity": (
        {
            "network": [1, 2, 1],
            "samples": 2,
            "zero": ["w1", "b1", "w2[0,0]"],
            "positive": ["w2[0,1]"],
            "where": ["w2 > 0"],
        },
        [{"where": []}, {"positive": []}],
    ),
    "a range": (
        {"network": [1, 1, 1], "samples": {"from": 1, "to": 2}, **_HEADLINE},
        [{"samples": {"from": 1, "to": 3}}, {"nonzero": ["w1"]}],
    ),
    "kinks forbidden": (
        {"network": [1, 1, 1], "samples": 2, "derivative_at_kink": "forbid", **_HEADLINE},
        [{"samples": 3}],
    ),
    "kinks from the right": (
        {"network": [1, 1, 1], "samples": 2, "derivative_at_kink": "right", **_CROSSED},
        [{"nonzero": ["b2"]}],
    ),
    "a condition": (
        {"network": [1, 1, 1], "samples": 2, "positive": ["b2"], "where": ["abs(r) + r == 0", "max(x) < 3"]},
        [{"where": ["abs(r) - r == 0", "max(x) < 3"]}],
    ),
    "one of two": (
        {"network": [1, 1], "samples": 1, "where": ["w1 == 1 or w1 == 2", "w1 > 2"]},
        [{"where": ["w1 == 1 or w1 == 2", "w1 >= 2"]}],
    ),
    "a quotient": (
        {"network": [1, 1], "samples": 1, "where": ["w1 > 0", "1 / w1 < 0"]},
        [{"where": ["w1 < 0", "1 / w1 < 0"]}],
    ),
    "bounds": (
        {
            "network": [1, 1],
            "samples": 2,
            "bounds": {"x": [0, 1], "w1": [0, 1], "b1": [0, 2]},
            "where": ["y_hat[1] > 3"],
        },
        [{"where": ["y_hat[1] >= 3"]}],
    ),
    "given": (
        {
            "network": [1, 1],
            "samples": 2,
            "given": {"x": [[1], [2]], "w1": [[3]], "y": [[0], [3]]},
            "zero": ["w1", "b1"],
            "where": ["loss > 0"],
        },
        [{"where": ["loss == 0"]}],
    ),
    "everything given": (
        {
            "network": [1, 1, 1],
            "samples": 1,
            "zero": ["w2"],
            "given": {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "x": [[1]], "y": [[0]]},
        },
        [{"given": {"w1": 1, "b1": 0, "w2": 1, "b2": 0, "x": [[1]], "y": [[1]]}}],
    ),
    "integers": (
        {
            "network": [1, 1],
            "samples": 1,
            "domain": "integer",
            "where": ["2 * w1 == 2 * b1 + 1"],
            "bounds": {"w1": [-2, 2], "b1": [-2, 2]},
        },
        [{"domain": "real"}, {"where": ["2 * w1 == 2 * b1 + 2"]}],
    ),
    "integers in floors": (
        {
            "network": _network((1, "relu6", False), _LINEAR),
            "samples": 2,
            "domain": "integer",
            "positive": ["w1"],
            "bounds": {"x": ["-1/2", "1/2"]},
        },
        [{"domain": "real"}, {"bounds": {"x": [-1, 1]}}],
    ),
    "absolute values": (
        {"network": _network((2, "abs", False), _LINEAR), "samples": 1, **_HEADLINE, "nonzero": ["w1"]},
        [{"samples": 2, "zero": ["b2"]}],
    ),
    "sigmoids": (
        {
            "network": _network((1, "sigmoid"), (1, "sigmoid"), _LINEAR),
            "samples": 1,
            "zero": ["w3"],
            "nonzero": ["w1"],
        },
        [{"zero": []}],
    ),
    "labels": (
        {
            "network": _network((1, "tanh"), _LINEAR),
            "samples": 1,
            "loss": "bce_with_logits",
            "targets": "binary",
            "zero": ["b2"],
            "nonzero": ["w2"],
        },
        [{"samples": 2}],
    ),
    "classes": (
        {
            "network": _network((1, "relu"), (2, "linear")),
            "samples": 1,
            "loss": "cross_entropy",
            "targets": "class",
            "zero": ["b2[0]"],
        },
        [{"zero": []}],
    ),
    "hinges": (
        {
            "network": _network((1, "relu"), _LINEAR),
            "samples": 1,
            "loss": "hinge",
            "targets": "sign",
            "zero": ["b2"],
            "nonzero": ["w2"],
        },
        [{"samples": 2}],
    ),
    "absolute errors": (
        {"network": [1, 1, 1], "samples": 1, "loss": "mae", "zero": ["b2"], "nonzero": ["w1"]},
        [{"samples": 2}],
    ),
    "huber": (
        {"network": [1, 1, 1], "samples": 1, "loss": {"huber": "1/2"}, "zero": ["b2"], "nonzero": ["w1"]},
        [{"samples": 2}],
    ),
    "irrational": ({"network": [1, 1, 1], "samples": 3, **_HEADLINE, "where": ["w1**2 == 2"]}, []),
    "cubic": (
        {"network": [1, 1], "samples": 2, "zero": ["b1"], "where": ["w1**3 == 2", "b1 == w1**2 - 1"]},
        [],
    ),
    "two outputs": (
        {
            "network": _network((2, "hardtanh"), (2, "linear")),
            "samples": 3,
            "zero": ["w2", "b2"],
            "nonzero": ["w1"],
        },
        [],
    ),
    "steep": (
        {
            "network": _network((1, {"leaky_relu": "-1/2"}), _LINEAR),
            "samples": 3,
            "derivative_at_kink": "mean",
            **_HEADLINE,
        },
        [],
    ),
    "inputs": ({"network": [2, 2, 1], "samples": 2, "zero": ["x"], "nonzero": ["w1"]}, []),
}
"""Questions, and what changes in others that have an answer."""

ATLAS: Json = {"network": [1, 1, 1], "samples": "fewest", "zero": ["w2", "w1"]}


@dataclass(frozen=True)
class Seed:
    """A question in its canonical form and its result document.

    Attributes:
        others: questions that differ in a detail and have an answer, each with the number of samples of that.
    """

    name: str
    question: Json
    result: Json
    others: tuple[tuple[Json, int], ...] = ()

    @property
    def certificate(self) -> Json | None:
        """The certificate, or that of fewer samples; None where there is neither."""
        found: Json | None = self.result.get("certificate", self.result.get("fewer"))
        return copy.deepcopy(found)


@cache
def every() -> tuple[Seed, ...]:
    """All seeds."""
    return (*_kept(), *_founding())


def _founding() -> Iterator[Seed]:
    for path in sorted(EVERY.glob("*.json")):
        for name, result in json.loads(path.read_text(encoding="utf-8")).items():
            question = result["problem"]["question"]
            others: tuple[tuple[Json, int], ...] = ()
            if "fewer" in result:  # of its own samples there is an answer: that is what must not be refuted
                others = (
                    ({**question, "samples": result["samples"]}, result["samples"]),
                    (question, result["samples"]),
                )
            yield Seed(f"{path.stem}, {name}", question, result, others)


def _kept() -> Iterator[Seed]:
    for line in KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() else ():
        data = json.loads(line)
        if "rows" not in data:
            others = tuple((other["problem"]["question"], other["samples"]) for other in data["others"])
            yield Seed(data["name"], data["result"]["problem"]["question"], data["result"], others)
            for n, other in enumerate(data["others"]):
                yield Seed(f"{data['name']}, other {n + 1}", other["problem"]["question"], other)


@cache
def atlas_rows() -> tuple[Json, ...]:
    """The results of the rows of `ATLAS`."""
    lines = map(json.loads, KEPT.read_text(encoding="utf-8").splitlines())
    return tuple(next(data["rows"] for data in lines if "rows" in data))


def write() -> None:
    """Answer all questions anew and keep the results. Raises ValueError where an answer is another."""
    from zerograd.api import solve
    from zerograd.core.question.documents import problem_from_json
    from zerograd.core.verdict.atlas import patterns, row_problem

    def answered(data: Json) -> Json:
        problem = problem_from_json(data)
        result = solve(problem, timeout=60, prefer="any").to_json()
        for key in ("checks", "seconds", "versions"):
            result.pop(key, None)
        result["problem"]["question"] = problem.to_json()
        return result

    lines, wrong = [], []
    for name, (data, changes) in QUESTIONS.items():
        result, others = answered(data), [answered({**data, **change}) for change in changes]
        evidence = [r["evidence"] for r in others]
        print(f"{name}: {result['status']}, {result['evidence']}; others: {evidence}", flush=True)
        if result["evidence"] not in ("witness", "certificate") or evidence != ["witness"] * len(others):
            wrong.append(name)
        lines.append({"name": name, "result": result, "others": others})
    if wrong:
        raise ValueError(", ".join(wrong))
    atlas = problem_from_json(ATLAS)
    rows = [answered(row_problem(atlas, pattern).to_json()) for pattern in patterns(atlas)]
    text = "".join(json.dumps(line) + "\n" for line in [*lines, {"name": "atlas", "rows": rows}])
    KEPT.write_text(text, encoding="utf-8")
