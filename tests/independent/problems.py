"""Canonical problems: networks, names, numbers of samples."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any, ClassVar, NamedTuple

from tests.independent.documents import CannotTell, No, need

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


KEYS = {
    *("version", "title", "notes", "references", "expect", "prefer", "network", "samples", "loss", "targets"),
    *("zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative", "where", "given", "bounds"),
    *("domain", "derivative_at_kink", "minimum", "spurious"),
}
"""Those of a problem."""


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


def free_sides(name: str, slope: Fraction | None) -> list[tuple[Side, tuple[Fraction, Fraction] | None]]:
    """The sides where slopes at kinks are chosen: each kink is one, with the slopes on both sides of it."""
    pieces = [
        Side([test for test in side.tests if test[0] != "=="], side.slope, side.offset, side.slope)
        for side in sides(name, slope, "forbid")
    ]
    result: list[tuple[Side, tuple[Fraction, Fraction] | None]] = []
    for n, piece in enumerate(pieces):
        result.append((piece, None))
        if n + 1 < len(pieces):
            kink = next(end for operator, end in piece.tests if operator == "<")
            low, high = sorted((piece.slope, pieces[n + 1].slope))
            result.append((Side([("==", kink)], piece.slope, piece.offset, piece.slope), (low, high)))
    return result


def entry(name: str, index: Index) -> str:
    return f"{name}[{','.join(map(str, index))}]" if index else name


def indices(shape: Index) -> list[Index]:
    return [*product(*map(range, shape))]


def reference(text: str) -> tuple[str, Index | None]:
    name, _, rest = text.partition("[")
    return name, tuple(int(part) for part in rest[:-1].split(",")) if rest else None


class Problem:
    """A canonical problem.

    Attributes:
        RELATIONS: the lists of names, and how the gradients that they name compare with 0.
    """

    RELATIONS: ClassVar = {
        "zero": "==",
        "nonzero": "!=",
        "positive": ">",
        "negative": "<",
        "some_nonzero": "!=",
        "any_nonzero": "!=",
    }

    def __init__(self, data: dict[str, Any], *, fits: bool = True) -> None:
        self.data = data
        need(set(data) <= KEYS, "an unknown key")
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
        need(self.loss_name != "cross_entropy" or self.widths[-1] > 1, "cross_entropy of one output")
        try:
            self.where = [ast.parse(text, mode="eval").body for text in data.get("where", [])]
        except SyntaxError:
            raise No("no condition") from None
        self.per_sample = {"x": self.widths[0], "y": self.widths[-1], "y_hat": self.widths[-1]}
        self.per_sample["r"] = self.widths[-1]
        for n, width in enumerate(self.widths[1:], start=1):
            self.per_sample |= {f"z{n}": width, f"a{n}": width}
        self.given: dict[str, Fraction] = {}
        for key, value in data.get("given", {}).items():
            self._give(key, value)
        samples = data["samples"]
        ends = [*samples.values()] if isinstance(samples, dict) else [samples]
        need(not isinstance(samples, dict) or set(samples) == {"from", "to"}, "a range has two ends")
        if samples not in ("any", "fewest"):
            need(all(type(n) is int for n in ends) and 1 <= ends[0] <= ends[-1], "no number of samples")
        self.least, self.most = 1, None
        if isinstance(samples, int):
            self.least = self.most = samples
        elif isinstance(samples, dict):
            self.least, self.most = samples["from"], samples["to"]
        else:
            self.least = self._named_samples()
        if fits:
            self.fits()

    def under(self, convention: Any) -> Problem:
        """Ask of all choices of slopes under one convention that lies between both slopes at every kink."""
        need(self.data["derivative_at_kink"] == "all", "it does not ask of all choices")
        need(convention in ("torch", "left", "right", "mean"), "no convention between both slopes")
        return Problem({**self.data, "derivative_at_kink": convention})

    def necessary(self) -> Problem:
        """What every spurious minimum that answers it answers, as docs/theory/spurious.md has it."""
        if not self.data.get("spurious"):
            return self
        data = {key: value for key, value in self.data.items() if key not in ("minimum", "spurious")}
        depth, convention = len(self.layers), data["derivative_at_kink"]
        kinks = {name: [str(end) for end in KINKS[name][0]] for name in KINKS} | {"leaky_relu": ["0"]}
        if any(name not in kinks for name, _ in self.activations):
            raise CannotTell("smooth activations")
        smooth = self.loss_name in (
            *("mse", "sse", "huber", "smooth_l1", "mean", "sum"),
            *("bce", "bce_with_logits", "cross_entropy"),
        )
        convex = smooth or self.loss_name in ("mae", "hinge")
        linear = self.activations[-1][0] == "linear"
        where, zero = [*data.get("where", [])], {*data.get("zero", [])}

        def of(layer: int) -> list[str]:
            return [name for name in (f"w{layer}", f"b{layer}") if name in self.shapes]

        straight = smooth and all(not kinks[name] for name, _ in self.activations)
        if convex and (convention == "forbid" or straight):
            zero |= {*self.shapes}
        elif smooth and linear:
            zero |= {*of(depth)}
        if self.loss_name in ("mse", "sse", "mae", "huber", "smooth_l1", "hinge"):
            where.append("loss > 0")
        if convex and linear and f"b{depth}" in self.shapes and self.widths[0] == 1:
            where.append("any(x != x[0])")
        if smooth and linear and depth > 1 and convention != "forbid" and not straight:
            on = [f"any(z{depth - 1} == {end})" for end in kinks[self.activations[-2][0]]]
            still = " and ".join(f"all(grad({name}) == 0)" for name in of(depth - 1))
            where.append(" or ".join([*on, f"({still})"]))
        return Problem({**data, "zero": sorted(zero), "where": where}, fits=False)

    def _give(self, key: str, value: Any) -> None:
        if isinstance(value, list):
            for n, item in enumerate(value):
                self._give(f"{key[:-1]},{n}]" if key.endswith("]") else f"{key}[{n}]", item)
        elif value is not None:
            self.given[key] = Fraction(value)

    def fits(self) -> None:
        """No entry is left without a value, given another, or asked to be two things."""
        for key in self.data.get("bounds", {}):
            name, index = reference(key)
            low, high = self.bound(name, index or ())
            if low is not None and high is not None:
                need(low <= high, f"the bounds of {key} leave no value")
                need(not self.integer or ceil(low) <= floor(high), f"the bounds of {key} leave no integer")
        signs = {"==": {0}, "!=": {-1, 1}, ">": {1}, "<": {-1}}
        asked: dict[tuple[str, Index], set[int]] = {}
        for key, _, places in self.requirements(self.least):  # those of some entry come last
            some = key in ("some_nonzero", "any_nonzero")
            for place in () if some else places:
                asked[place] = asked.get(place, {-1, 0, 1}) & signs[self.RELATIONS[key]]
                need(asked[place], f"∂L/∂{entry(*place)} is asked to be two things")
            need(not some or any(asked.get(place) != {0} for place in places), "none can be nonzero")
        for key, value in self.given.items():
            low, high = self.bound(*reference(key))  # type: ignore[arg-type]
            need(not self.integer or value.denominator == 1, f"{key} is given, and no integer")
            need(low is None or low <= value, f"{key} is given below its bounds")
            need(high is None or value <= high, f"{key} is given above its bounds")

    def bound(self, name: str, index: Index) -> tuple[Fraction | None, Fraction | None]:
        found = [self.data.get("bounds", {}).get(key, [None, None]) for key in (name, entry(name, index))]
        lows = [Fraction(low) for low, _ in found if low is not None]
        highs = [Fraction(high) for _, high in found if high is not None]
        return max(lows, default=None), min(highs, default=None)

    def _named_samples(self) -> int:
        """The fewest samples of which every sample that is named is one."""
        lists = (*self.RELATIONS, "given", "bounds")
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

    def requirements(self, samples: int) -> Iterator[tuple[str, str, list[tuple[str, Index]]]]:
        """Every requirement: its key, its label, and the entries of which one must be so."""
        shapes = self.shapes | {"x": (samples, self.widths[0])}
        for key, operator in self.RELATIONS.items():
            sign = "=" if operator == "==" else operator
            texts = self.data.get(key, [])
            named = []
            for text in texts:
                name, index = reference(text)
                named.append([(name, i) for i in (indices(shapes[name]) if index is None else [index])])
            if key == "any_nonzero":
                places = [*dict.fromkeys(place for part in named for place in part)]
                if places:
                    yield key, f"any grad({', '.join(texts)}) {sign} 0", places
            elif key == "some_nonzero":
                for text, part in zip(texts, named, strict=True):
                    yield key, f"some grad({text}) {sign} 0", part
            else:
                for place in (place for part in named for place in part):
                    yield key, f"grad({entry(*place)}) {sign} 0", [place]


def subscript(node: ast.Subscript) -> Index:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return tuple(ast.literal_eval(part) for part in parts)


def full_index(index: Index, shape: Index) -> Index:
    """The index with the axes of length 1 that were left out."""
    kept = [True] * len(shape)
    if len(index) != len(shape):
        kept = [n != 1 for n in shape]
        if not any(kept):
            kept[:1] = [True] * len(kept[:1])
    need(sum(kept) == len(index), "an index of another shape")
    given = iter(index)
    full = tuple(next(given) if n else 0 for n in kept)
    need(all(0 <= i < n for i, n in zip(full, shape, strict=True)), "an index out of range")
    return full


def literal(node: ast.expr) -> Fraction | None:
    """A number, its negative, or a quotient of such: one number."""
    match node:
        case ast.Constant(value=value):
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=part):
            inner = literal(part)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            top, bottom = literal(left), literal(right)
            return None if top is None or not bottom else top / bottom
    return None
