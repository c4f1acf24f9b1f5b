"""Canonical problems: networks, names, numbers of samples."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, NamedTuple

from tests.independent.documents import CannotTell, need

Index = tuple[int, ...]

KINKS: dict[str, tuple[list[Fraction], list[tuple[Fraction, Fraction]], list[Fraction]]]
_0, _1 = Fraction(0), Fraction(1)
KINKS = {  # kinks; (slope, intercept) of the pieces; derivatives of torch at the kinks
    "linear": ([], [(_1, _0)], []),
    "relu": ([_0], [(_0, _0), (_1, _0)], [_0]),
    "abs": ([_0], [(-_1, _0), (_1, _0)], [_0]),
    "relu6": ([_0, Fraction(6)], [(_0, _0), (_1, _0), (_0, Fraction(6))], [_0, _0]),
    "hardtanh": ([-_1, _1], [(_0, -_1), (_1, _0), (_0, _1)], [_0, _0]),
    "hardsigmoid": (
        [Fraction(-3), Fraction(3)],
        [(_0, _0), (Fraction(1, 6), Fraction(1, 2)), (_0, _1)],
        [_0, _0],
    ),
}

PIECEWISE = (*KINKS, "leaky_relu")
"""The activations that are piecewise linear."""


class Side(NamedTuple):
    tests: list[tuple[str, Fraction]]
    slope: Fraction
    offset: Fraction
    derivative: Fraction

    @property
    def intercept(self) -> Fraction:
        """c with a = s·z + c, s the derivative."""
        operator, end = self.tests[0] if self.tests else ("", _0)
        return (self.slope - self.derivative) * end + self.offset if operator == "==" else self.offset

    def named(self, z: str) -> str:
        return ", ".join(f"{z} {'=' if op == '==' else op} {end}" for op, end in self.tests)


def sides(name: str, slope: Fraction | None, convention: object) -> list[Side]:
    if name == "leaky_relu":
        assert slope is not None
        linear = slope == 1
        kinks, pieces, torch = ([], [(_1, _0)], []) if linear else ([_0], [(slope, _0), (_1, _0)], [slope])
    else:
        if name not in KINKS:
            raise CannotTell(name)
        kinks, pieces, torch = KINKS[name]
    if convention not in ("torch", "left", "right", "mean", "forbid") and kinks:
        raise CannotTell(str(convention))
    taken: list[Fraction | None] = []
    for n in range(len(kinks)):
        left, right = pieces[n][0], pieces[n + 1][0]
        rules = {"torch": torch[n], "left": left, "right": right, "mean": (left + right) / 2}
        taken.append(rules.get(str(convention)))
    result = []
    for n, (inner, offset) in enumerate(pieces):
        tests = []
        if n:
            owns = taken[n - 1] == inner and taken[n - 1] != pieces[n - 1][0]
            tests.append((">=" if owns else ">", kinks[n - 1]))
        if n < len(kinks):
            tests.append(("<=" if taken[n] == inner else "<", kinks[n]))
        result.append(Side(tests, inner, offset, inner))
        if n < len(kinks):
            at = taken[n]
            if at is not None and at not in (inner, pieces[n + 1][0]):
                result.append(Side([("==", kinks[n])], inner, offset, at))
    return result


def entry(name: str, index: Index) -> str:
    return f"{name}[{','.join(map(str, index))}]" if index else name


def indices(shape: Index) -> list[Index]:
    return [*product(*map(range, shape))]


def reference(text: str) -> tuple[str, Index | None]:
    name, _, rest = text.partition("[")
    return name, tuple(int(part) for part in rest[:-1].split(",")) if rest else None


class Problem:
    """A canonical problem."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        labels = ("version", "title", "notes", "references", "expect", "prefer")
        digested = json.dumps(
            {k: v for k, v in data.items() if k not in labels}, sort_keys=True, separators=(",", ":")
        )
        self.digest = "sha256:" + hashlib.sha256(digested.encode()).hexdigest()
        network = data["network"]
        self.layers = network["layers"]
        self.widths = [network["inputs"], *(layer["units"] for layer in self.layers)]
        self.shapes: dict[str, Index] = {}
        self.activations: list[tuple[str, Fraction | None]] = []
        for n, layer in enumerate(self.layers, start=1):
            self.shapes[f"w{n}"] = (self.widths[n], self.widths[n - 1])
            if layer["bias"]:
                self.shapes[f"b{n}"] = (self.widths[n],)
            named = layer["activation"]
            ((name, parameter),) = named.items() if isinstance(named, dict) else [(named, None)]
            self.activations.append((name, None if parameter is None else Fraction(parameter)))
        self.integer = data["domain"] == "integer"
        self.loss = data["loss"]
        self.loss_name = next(iter(self.loss)) if isinstance(self.loss, dict) else self.loss
        self.least_squares = self.loss_name in ("mse", "sse")
        self.where = [ast.parse(text, mode="eval").body for text in data.get("where", [])]
        self.per_sample = {"x": self.widths[0], "y": self.widths[-1], "y_hat": self.widths[-1]}
        self.per_sample["r"] = self.widths[-1]
        for n, width in enumerate(self.widths[1:], start=1):
            self.per_sample |= {f"z{n}": width, f"a{n}": width}
        self.given: dict[str, Fraction] = {}
        for key, value in data.get("given", {}).items():
            self._give(key, value)
        samples = data["samples"]
        self.least, self.most = 1, None
        if isinstance(samples, int):
            self.least = self.most = samples
        elif isinstance(samples, dict):
            self.least, self.most = samples["from"], samples["to"]
        else:
            self.least = self._named_samples()
        self.fits()

    def _give(self, key: str, value: Any) -> None:
        if isinstance(value, list):
            for n, item in enumerate(value):
                self._give(f"{key[:-1]},{n}]" if key.endswith("]") else f"{key}[{n}]", item)
        elif value is not None:
            self.given[key] = Fraction(value)

    def fits(self) -> None:
        """Given values lie within their bounds."""
        for key, value in self.given.items():
            low, high = self.bound(*reference(key))  # type: ignore[arg-type]
            need(low is None or low <= value, f"{key} is given below its bounds")
            need(high is None or value <= high, f"{key} is given above its bounds")

    def bound(self, name: str, index: Index) -> tuple[Fraction | None, Fraction | None]:
        found = [self.data.get("bounds", {}).get(key, [None, None]) for key in (name, entry(name, index))]
        lows = [Fraction(low) for low, _ in found if low is not None]
        highs = [Fraction(high) for _, high in found if high is not None]
        return max(lows, default=None), min(highs, default=None)

    def _named_samples(self) -> int:
        """The fewest samples of which every sample that is named is one."""
        lists = ("zero", "nonzero", "some_nonzero", "positive", "negative", "given", "bounds")
        named = [reference(key) for part in lists for key in self.data.get(part, [])]
        rows = [index[0] for name, index in named if name in ("x", "y") and index is not None]
        for node in (part for condition in self.where for part in ast.walk(condition)):
            if isinstance(node, ast.Subscript):
                array = node.value
                if isinstance(array, ast.Call) and isinstance(array.args[0], ast.Name):
                    array = array.args[0]  # grad(x)[m]
                index = subscript(node)
                width = self.per_sample.get(array.id) if isinstance(array, ast.Name) else None
                if width is not None and (width == 1 or len(index) == 2):
                    rows.append(index[0])
        return max(rows, default=0) + 1

    def asked(self, samples: int) -> Iterator[tuple[str, str, list[tuple[str, Index]]]]:
        """Every requirement: its label, the comparison with 0, the entries of which one must be so."""
        shapes = self.shapes | {"x": (samples, self.widths[0])}
        marks = {"zero": "==", "nonzero": "!=", "positive": ">", "negative": "<", "some_nonzero": "!="}
        for key, operator in marks.items():
            sign = "=" if operator == "==" else operator
            for text in self.data.get(key, []):
                name, index = reference(text)
                places = [(name, i) for i in (indices(shapes[name]) if index is None else [index])]
                if key == "some_nonzero":
                    yield f"some grad({text}) {sign} 0", operator, places
                else:
                    for place in places:
                        yield f"grad({entry(*place)}) {sign} 0", operator, [place]

    def enough(self) -> int | None:
        """The number of samples that suffices, if the theorem on small datasets applies."""
        plain = not self.integer and self.least_squares and "targets" not in self.data
        queried = [places[0][0] for _, _, places in self.asked(self.least)]
        if not plain or "x" in queried or any(reference(key)[0] in ("x", "y") for key in self.given):
            return None
        for key in self.data.get("bounds", {}):
            name, index = reference(key)
            if name == "y" or (name == "x" and index is not None):
                return None
        if not all(self.alone(node) for node in self.where):
            return None
        return max(1, len({place for _, _, places in self.asked(self.least) for place in places}))

    # Conditions on each sample alone, by their form.

    def speaks_of_samples(self, node: ast.AST) -> bool:
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        return bool(names & ({*self.per_sample} | {"loss", "grad"}))

    def alone(self, node: ast.expr) -> bool:
        match node:
            case ast.BoolOp(values=parts):
                return all(map(self.alone, parts))
            case ast.Call(func=ast.Name(id="all"), args=[part]) if not isinstance(part, ast.List | ast.Tuple):
                return self.alone(part)
            case ast.Compare(left=left, comparators=rest) if self.speaks_of_samples(node):
                return self.joint([left, *rest]) is not None
        return not self.speaks_of_samples(node)

    def joint(self, nodes: Sequence[ast.expr]) -> int | None:
        widths = {self.columns(node) for node in nodes} - {0}
        if None in widths or len(widths) > 1:
            return None
        return widths.pop() if widths else 0

    def columns(self, node: ast.expr) -> int | None:
        match node:
            case ast.Constant():
                return 0
            case ast.Name(id=name) if name in self.per_sample:
                return None if name in ("y", "r") else self.per_sample[name]
            case ast.Name(id=name):
                return 0 if prod(self.shapes.get(name, (0,))) == 1 else None
            case ast.UnaryOp(operand=part) | ast.Call(func=ast.Name(id="abs"), args=[part]):
                return self.columns(part)
            case ast.BinOp(left=part, op=ast.Pow()):
                return self.columns(part)
            case ast.BinOp(left=left, right=right):
                return self.joint([left, right])
            case ast.Subscript() | ast.Call(func=ast.Name(id="sum" | "min" | "max")):
                return None if self.speaks_of_samples(node) else 0
        return None


def subscript(node: ast.Subscript) -> Index:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return tuple(ast.literal_eval(part) for part in parts)
