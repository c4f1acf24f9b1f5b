"""A checker of spurious local minima, written from docs/FORMATS.md and docs/theory/spurious.md alone."""

from __future__ import annotations

from typing import Any

from tests.independent.documents import keys, need, rational
from tests.independent.kinds import Kinds, sign, sum_of
from tests.independent.problems import Problem, indices


def check(result: Any) -> tuple[str, Any]:
    """The kind of the witness, and how much lower the loss is at the second point. Raises No."""
    question, witness = result["problem"]["question"], result["witness"]
    need(question.get("spurious") is True and question["minimum"] == "local", "no spurious minimum")
    given = {**witness["parameters"], "x": witness["x"], "y": witness["y"]}
    whole = {key: question[key] for key in ("network", "domain", "derivative_at_kink", "loss")}
    kinds = Kinds(Problem({**whole, "samples": len(witness["x"]), "given": given}))
    kind = kinds.check(result["kind"])
    need("minimum" in kind, "no minimum")
    keys(result["lower"], {"parameters"}, {"loss"})
    told = result["lower"]["parameters"]
    keys(told, {*kinds.problem.shapes}, set())
    here = kinds.moved([{}])
    there = {**here}
    for name, shape in kinds.problem.shapes.items():
        there[name] = {index: [rational(entry(told[name], shape, index))] for index in indices(shape)}
    losses = []
    for values in (here, there):
        *_, y_hat = kinds.passes(values)
        losses.append(kinds.losses(y_hat))
    less = sum_of(losses[0], [-v for v in losses[1]])
    need(sign(less) > 0, "the loss is not lower")
    if "loss" in result["lower"]:
        need(sum_of(losses[1], [])[0] == rational(result["lower"]["loss"]), "another loss")
    return kind, less[0]


def entry(data: Any, shape: tuple[int, ...], index: tuple[int, ...]) -> Any:
    """One number of nested lists of a shape."""
    for i, length in zip(index, shape, strict=True):
        need(isinstance(data, list) and len(data) == length, "another shape")
        data = data[i]
    return data
