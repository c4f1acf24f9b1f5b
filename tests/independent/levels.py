"""A checker of levels, written from docs/FORMATS.md and docs/theory/levels.md alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from tests.independent import lowest
from tests.independent.documents import No, keys, need, rational

F = Fraction
Row = Sequence[Fraction]


def inner(a: Row, b: Row) -> Fraction:
    return sum((u * v for u, v in zip(a, b, strict=True)), F(0))


def solved(rows: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """A solution of a consistent system, by elimination; free unknowns are 0."""
    matrix = [[*row, value] for row, value in zip(rows, right, strict=True)]
    width = len(rows[0])
    pivots: list[int] = []
    for column in range(width):
        row = next((r for r in range(len(pivots), len(matrix)) if matrix[r][column]), None)
        if row is None:
            continue
        place = len(pivots)
        matrix[place], matrix[row] = matrix[row], matrix[place]
        matrix[place] = [v / matrix[place][column] for v in matrix[place]]
        for other, each in enumerate(matrix):
            if other != place and each[column]:
                matrix[other] = [u - each[column] * v for u, v in zip(each, matrix[place], strict=True)]
        pivots.append(column)
    solution = [F(0)] * width
    for place, column in enumerate(pivots):
        solution[column] = matrix[place][width]
    return solution


class Data:
    """What a document is about: inputs with a 1 behind each, targets, the number of units, a factor."""

    def __init__(self, question: dict[str, Any]) -> None:
        hidden, last = question["network"]["layers"]
        given = question["given"]
        self.x = [[*map(F, row), F(1)] for row in given["x"]]
        self.y = [F(row[0]) for row in given["y"]]
        self.units, self.bias = hidden["units"], last["bias"]
        loss = question.get("loss", "mse")
        name, numbers = next(iter(loss.items())) if isinstance(loss, dict) else (loss, {})
        self.share = F(numbers.get("factor", 1)) / (len(self.y) if name == "mse" else 1)

    def projected(self, patterns: Sequence[str]) -> list[Fraction]:
        """The projection of y on the span, by normal equations."""
        columns = [[F(1)] * len(self.y)] if self.bias else []
        for pattern in patterns:
            masked = [x if s == "+" else [F(0)] * len(x) for x, s in zip(self.x, pattern, strict=True)]
            columns += [list(column) for column in zip(*masked, strict=True)]
        gram = [[inner(a, b) for b in columns] for a in columns]
        weights = solved(gram, [inner(a, self.y) for a in columns])
        return [
            sum((w * c[m] for w, c in zip(weights, columns, strict=True)), F(0)) for m in range(len(self.y))
        ]

    def loss(self, prediction: Row) -> Fraction:
        return self.share * sum((p - y) ** 2 for p, y in zip(prediction, self.y, strict=True))


def check(document: dict[str, Any]) -> bool:
    """Whether a document shows that its levels are all. Raises No where something in it is not so."""
    need(document["format"] == "zerograd.levels/1", "format")
    data = Data(document["question"])
    found = [_level(data, level) for level in document["levels"]]
    need(found == sorted(set(found)), "each level once, the lowest first")
    need(document["complete"] is ("proof" in document), "complete")
    if "least" in document:
        _least(data, document["least"])
    if "proof" in document:
        _proof(data, set(found), document["proof"])
    return bool(document["complete"])


def _level(data: Data, level: dict[str, Any]) -> Fraction:
    keys(level, {"loss", "kind", "parameters"}, set())
    need(level["kind"] == "local minimum", "kind")
    parameters = level["parameters"]
    w1 = [
        [*map(rational, row), rational(b)] for row, b in zip(parameters["w1"], parameters["b1"], strict=True)
    ]
    (w2,) = ([rational(v) for v in row] for row in parameters["w2"])
    b2 = rational(parameters["b2"][0]) if data.bias else F(0)
    need(len(w1) == len(w2) == data.units, "shapes")
    z = [[inner(unit, row) for unit in w1] for row in data.x]
    need(all(all(row) for row in z), "off the kinks")
    predicted = [b2 + sum((w * v for w, v in zip(w2, row, strict=True) if v > 0), F(0)) for row in z]
    r = [p - y for p, y in zip(predicted, data.y, strict=True)]
    need(not data.bias or sum(r) == 0, "the gradient of b2")
    for unit, w in enumerate(w2):
        on = [m for m, row in enumerate(z) if row[unit] > 0]
        need(w != 0 or not on, "an outgoing weight")
        need(sum((r[m] * z[m][unit] for m in on), F(0)) == 0, "the gradient of w2")
        for j in range(len(data.x[0])):
            need(w * sum((r[m] * data.x[m][j] for m in on), F(0)) == 0, "the gradient of w1 or b1")
    loss = data.share * sum(v * v for v in r)
    need(loss == rational(level["loss"]), "the loss")
    return loss


def _least(data: Data, told: dict[str, Any]) -> None:
    keys(told, {"loss", "parameters", "minimum"}, set())
    parameters = told["parameters"]
    w1 = [
        [*map(rational, row), rational(b)] for row, b in zip(parameters["w1"], parameters["b1"], strict=True)
    ]
    (w2,) = ([rational(v) for v in row] for row in parameters["w2"])
    b2 = rational(parameters["b2"][0]) if data.bias else F(0)
    need(len(w1) == len(w2) == data.units, "shapes")
    predicted = [
        b2 + sum((w * max(inner(unit, row), F(0)) for w, unit in zip(w2, w1, strict=True)), F(0))
        for row in data.x
    ]
    need(data.loss(predicted) == rational(told["loss"]), "the loss")
    squares = sum(((p - y) ** 2 for p, y in zip(predicted, data.y, strict=True)), F(0))
    if told["minimum"]["by"] == "best predictions":
        need(squares == 0, "predictions that could be better")
        return
    need(told["minimum"]["by"] == "least loss", "another proof")
    lowest.check(data.x, data.y, data.units, data.bias, (F(0), F(1)), squares, told["minimum"])


def _proof(data: Data, found: set[Fraction], proof: dict[str, Any]) -> None:
    refuted = {prefix: [rational(v) for v in row] for prefix, row in proof["undivided"].items()}
    for prefix, row in refuted.items():
        need(len(row) == len(prefix) and any(row) and min(row) >= 0, "numbers from 0 on")
        for j in range(len(data.x[0])):
            signed = (
                w * x[j] * (1 if s == "+" else -1) for w, x, s in zip(row, data.x, prefix, strict=False)
            )
            need(sum(signed, F(0)) == 0, "a sum that vanishes")
    patterns = [
        "".join(signs)
        for signs in product("-+", repeat=len(data.y))
        if not any("".join(signs).startswith(prefix) for prefix in refuted)
    ]
    shown = {
        (tuple(each["patterns"]), tuple(each["signs"])) for each in proof["excluded"] if _excludes(data, each)
    }
    for choice in product(patterns, repeat=data.units):
        if list(choice) != sorted(choice, key=patterns.index):
            continue
        if data.loss(data.projected(choice)) in found:
            continue
        for signs in product((1, -1), repeat=data.units):
            pairs = sorted(
                zip(choice, signs, strict=True), key=lambda pair: (patterns.index(pair[0]), -pair[1])
            )
            named = tuple(p for p, _ in pairs), tuple(s for _, s in pairs)
            need(named in shown, f"a proof that {named} is no critical point")


def _excludes(data: Data, each: dict[str, Any]) -> bool:
    nu = [rational(v) for v in each["equations"]]
    rows = [[rational(v) for v in row] for row in each["inequalities"]]
    need(len(nu) == len(data.y) and [len(row) for row in rows] == [len(nu)] * data.units, "lengths")
    if min(map(min, rows)) < 0 or not any(map(any, rows)) or (data.bias and sum(nu) != 0):
        raise No("numbers of an excluded choice")
    for pattern, sign, row in zip(each["patterns"], each["signs"], rows, strict=True):
        for j in range(len(data.x[0])):
            terms = (
                x[j] * ((n if s == "+" else 0) + v * sign * (1 if s == "+" else -1))
                for x, n, v, s in zip(data.x, nu, row, pattern, strict=True)
            )
            need(sum(terms, F(0)) == 0, "a form that vanishes")
    return inner(nu, data.projected(each["patterns"])) >= 0
