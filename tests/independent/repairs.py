"""A checker of repairs, written from docs/FORMATS.md and docs/how-to/repair.md alone.

It treats ReLU and linear layers under the rule of PyTorch, least squares, and claims that print numbers of
named arrays. That a change helps is calculated; that none does, for many values of every number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

from tests.independent.documents import CannotTell, need

F = Fraction
Grid = list[list[Fraction]]


class Example:
    """What a document is about."""

    def __init__(self, document: dict[str, Any]) -> None:
        question = document["question"]
        self.layers = question["network"]["layers"]
        if any(layer["activation"] not in ("relu", "linear") for layer in self.layers):
            raise CannotTell("an activation")
        loss = question.get("loss", "mse")
        name, numbers = next(iter(loss.items())) if isinstance(loss, dict) else (loss, {})
        if isinstance(numbers, str):
            numbers = {"factor": numbers}
        self.arrays = {n: deep(v) for n, v in question["given"].items()}
        if name not in ("mse", "sse"):
            raise CannotTell("a loss")
        targets = sum(map(len, self.arrays["y"]))
        self.share = F(numbers.get("factor", 1)) / (targets if name == "mse" else 1)
        self.claims = [claim_of(text) for text in document["claims"]]

    def entries(self) -> Iterator[tuple[str, Fraction]]:
        for name, array in self.arrays.items():
            for index, value in flat(array):
                yield f"{name}[{','.join(map(str, index))}]", value

    def with_values(self, changes: dict[str, Fraction]) -> dict[str, Any]:
        """Everything that is calculated, with other values of some numbers."""
        given = {name: copied(array) for name, array in self.arrays.items()}
        for entry, value in changes.items():
            name, place = entry.rstrip("]").split("[")
            *outer, last = map(int, place.split(","))
            row = given[name]
            for i in outer:
                row = row[i]
            row[last] = value
        found: dict[str, Any] = dict(given)
        below, derivatives = given["x"], []
        for number, layer in enumerate(self.layers, start=1):
            w, b = given[f"w{number}"], given.get(f"b{number}")
            z = [[dot(row, weights) + (b[i] if b else 0) for i, weights in enumerate(w)] for row in below]
            relu = layer["activation"] == "relu"
            derivatives.append([[F(not relu or v > 0) for v in row] for row in z])
            below = [[max(v, F(0)) if relu else v for v in row] for row in z]
            found |= {f"z{number}": z, f"a{number}": below}
        found["y_hat"] = below
        r = [[p - t for p, t in zip(*rows, strict=True)] for rows in zip(below, given["y"], strict=True)]
        found["r"], found["loss"] = r, self.share * sum(v * v for row in r for v in row)
        arriving = [[2 * self.share * v for v in row] for row in r]
        found["grad(y_hat)"] = arriving
        for number in range(len(self.layers), 0, -1):
            found[f"grad(a{number})"] = arriving
            delta = [
                [g * d for g, d in zip(*rows, strict=True)]
                for rows in zip(arriving, derivatives[number - 1], strict=True)
            ]
            source = found[f"a{number - 1}"] if number > 1 else given["x"]
            found[f"grad(z{number})"] = delta
            columns = [*zip(*delta, strict=True)]
            found[f"grad(w{number})"] = [
                [dot(column, inputs) for inputs in zip(*source, strict=True)] for column in columns
            ]
            found[f"grad(b{number})"] = [sum(column, F(0)) for column in columns]
            w = given[f"w{number}"]
            arriving = [[dot(row, weights) for weights in zip(*w, strict=True)] for row in delta]
        found["grad(x)"] = arriving
        return found

    def holds(self, changes: dict[str, Fraction]) -> bool:
        """Whether no claim is wrong with other values."""
        found = self.with_values(changes)
        return all(right(found[name], index, printed) for name, index, printed in self.claims)


def dot(a: Any, b: Any) -> Fraction:
    return sum((u * v for u, v in zip(a, b, strict=True)), F(0))


def deep(data: Any) -> Any:
    return [*map(deep, data)] if isinstance(data, list) else F(data)


def copied(data: Any) -> Any:
    return [*map(copied, data)] if isinstance(data, list) else data


def flat(data: Any) -> list[tuple[tuple[int, ...], Fraction]]:
    if not isinstance(data, list):
        return [((), data)]
    return [((i, *index), value) for i, row in enumerate(data) for index, value in flat(row)]


def claim_of(data: Any) -> tuple[str, tuple[int, ...], list[tuple[str, str]]]:
    """A name, the index of an entry of it, and how numbers are printed, with the sign before them."""
    match = re.fullmatch(r"(grad\([a-z_]+\d*\)|[a-z_]+\d*)(?:\[([\d,]+)\])? (~|==) (.*)", str(data))
    if match is None:
        raise CannotTell(f"the claim {data}")
    name, index, sign, numbers = match.groups()
    place = tuple(map(int, index.split(","))) if index else ()
    return name, place, [(sign, text) for text in re.findall(r"[^\s\[\],]+", numbers)]


def right(value: Any, index: tuple[int, ...], printed: list[tuple[str, str]]) -> bool:
    values = [v for place, v in flat(value) if not index or place == index or (*index,) == place[-1:]]
    if len(printed) == 1:
        printed = printed * len(values)
    return all(so(v, *each) for v, each in zip(values, printed, strict=True))


def so(value: Fraction, sign: str, text: str) -> bool:
    """Whether a number may be printed so: exact, rounded, or cut off."""
    number = F(text)
    if sign == "==" or value == number:
        return value == number
    places = len(text.partition(".")[2])
    if not places:
        return number != 0 and abs(value - number) <= F(1, 2)
    unit = F(1, 10**places)
    if abs(value - number) <= unit / 2:
        return True
    nearer = abs(value) > abs(number) and (value < 0) == text.startswith("-") if number else True
    return nearer and abs(value - number) < unit


def check(document: dict[str, Any]) -> int:
    """Return how many values were tried. Raises No or CannotTell."""
    example = Example(document)
    need(not example.holds({}) or not document["wrong"], "claims are wrong")
    stretches: dict[str, list[Any]] = {}
    for repair in document["repairs"]:
        *others, last = repair["changes"]
        values = {each["entry"]: F(each["to"]) for each in others}
        if isinstance(last["to"], str):
            need(example.holds(values | {last["entry"]: F(last["to"])}), f"{last['entry']} helps")
        if not others:
            stretches.setdefault(last["entry"], []).append(last["any"])
        ends = [end for end in map(located, (last["any"]["low"], last["any"]["high"])) if end is not None]
        if len(ends) == 2 and ends[0] < ends[1]:
            need(example.holds(values | {last["entry"]: sum(ends, F(0)) / 2}), f"{last['entry']} helps")
    tried = 0
    unknown = [set(each) for each in document["open"]]
    for entry, old in example.entries():
        if {entry} in unknown or document["changes"] < 1:
            continue
        for value in candidates(old, stretches.get(entry, [])):
            inside = any(within(value, each) for each in stretches.get(entry, []))
            need(example.holds({entry: value}) == inside, f"{entry} = {value}: {inside}")
            tried += 1
    if "printed" in document:
        found = example.with_values({})
        off = [
            (name, index, printed)
            for name, index, printed in example.claims
            if (index or len(printed) == 1) and not right(found[name], index, printed)
        ]
        told = {each.split("[")[0] for each in document["printed"]["off"]}
        need({name for name, _, _ in off} <= told, "what is off is told")
    return tried


def candidates(old: Fraction, stretches: list[Any]) -> Iterator[Fraction]:
    for number, divisor in product(range(-25, 26), (10, 7)):
        yield F(number, divisor)
    yield from (-old, 10 * old, old / 10, 2 * old, old / 2, 1 - old, F(1000), F(-1000))
    for each in stretches:
        for end in (each["low"], each["high"]):
            place = located(end)
            if place is not None:
                margin = F(1, 10**9)
                yield from (place - margin, place + margin) if isinstance(end, dict) else (place,)
                yield from (place - F(1, 10**6), place + F(1, 10**6))


def located(end: Any) -> Fraction | None:
    """An end of a stretch, of an irrational one the middle of a narrow interval."""
    if not isinstance(end, dict):
        return None if end is None else F(end)
    coefficients = [*map(F, end["polynomial"])]
    low, high = map(F, end["interval"])

    def value(t: Fraction) -> Fraction:
        return sum((c * t**n for n, c in enumerate(coefficients)), F(0))

    falls = value(low) > 0
    while high - low > F(1, 10**12):
        middle = (low + high) / 2
        low, high = (middle, high) if (value(middle) > 0) == falls else (low, middle)
    return (low + high) / 2


def within(value: Fraction, stretch: Any) -> bool:
    low, high = located(stretch["low"]), located(stretch["high"])
    above = low is None or value > low or (value == low and stretch["has_low"])
    return above and (high is None or value < high or (value == high and stretch["has_high"]))
