"""Whether a witness answers a question, found by another way than the checker's.

Nothing here is imported from the program. Numbers are fractions where network, loss and witness are rational,
else numbers of mpmath with 120 digits: a value is taken for 0 below 10⁻⁵⁵ of the numbers that it is made of.
Where a witness is a box, its equations are solved anew, by Newton's method from the centres.

A question is read in its canonical form, the output of ``zerograd problem``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath as mp

from tools.fuzzing.conditions import Unclear, leaves, truth
from tools.fuzzing.formulas import activation, adjoint, loss_value, stays_rational

DIGITS = 120
SMALL = mp.mpf(10) ** -55
STEPS = 60
"""Newton's method is given up after so many."""

Arrays = dict[str, Any]


@dataclass
class Numbers:
    """The arithmetic of one evaluation; ``largest`` is the largest number that has come up."""

    exact: bool
    largest: Any = 1

    def sign(self, value: Any) -> int:
        """Return −1, 0 or 1."""
        if self.exact:
            return int(value > 0) - int(value < 0)
        size = abs(value)
        if size < SMALL * (1 + self.largest):
            return 0
        return 1 if value > 0 else -1

    def see(self, value: Any) -> Any:
        """Remember how large a number is that others are made of."""
        self.largest = max(self.largest, abs(value))
        return value


def faults(question: Mapping[str, Any], witness: Mapping[str, Any], claims: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a witness, or with the gradients and the loss that a result claims for it.

    Raises:
        Unclear: it cannot be told here.
    """
    with mp.workdps(DIGITS):
        return [*_faults(question, witness, claims)]


def _faults(
    question: Mapping[str, Any], witness: Mapping[str, Any], claims: Mapping[str, Any]
) -> Iterator[str]:
    layers = question["network"]["layers"]
    texts = {**witness["parameters"], "x": witness["x"], "y": witness["y"]}
    numbers = Numbers(stays_rational(question) and all(map(_is_rational, leaves(texts))))
    values = _values(question, witness, texts, numbers)
    samples = len(values["x"])
    yield from _shapes(question, layers, values, samples)
    everything = [*leaves([*values.values()])]
    if question["domain"] == "integer" and any(numbers.sign(v - _nearest(v)) != 0 for v in everything):
        yield "not all numbers are integers"
    yield from _data(question, values, numbers)
    point = evaluate(question, values, numbers)
    if isinstance(point, str):
        yield point
        return
    gradients, loss = point["gradients"], point["loss"]
    tests: dict[str, Callable[[Any], bool]] = {
        "zero": lambda g: numbers.sign(g) == 0,
        "nonzero": lambda g: numbers.sign(g) != 0,
        "positive": lambda g: numbers.sign(g) > 0,
        "negative": lambda g: numbers.sign(g) < 0,
    }
    for relation, test in tests.items():
        for name in question.get(relation, ()):
            for g in _entries(gradients, name):
                if not test(g):
                    yield f"{name} is not {relation}: {_shown(g)}"
    for name in question.get("some_nonzero", ()):
        if not any(numbers.sign(g) for g in _entries(gradients, name)):
            yield f"no entry of {name} is nonzero"
    if "any_nonzero" in question:
        raise Unclear("any_nonzero")
    for text in question.get("where", ()):
        if not truth(text, {**values, **point}, numbers.sign):
            yield f"{text} does not hold"
    for name, claimed in claims.get("gradients", {}).items():
        for g, c in zip(leaves(gradients[name]), leaves(claimed), strict=True):
            if not _agrees(g, c, witness, numbers):
                yield f"the gradient of {name} is claimed to be {c}, and is {_shown(g)}"
    if "loss" in claims and not _agrees(loss, claims["loss"], witness, numbers):
        yield f"the loss is claimed to be {claims['loss']}, and is {_shown(loss)}"


def _nearest(value: Any) -> Any:
    """The nearest integer."""
    return round(value) if isinstance(value, Fraction) else mp.nint(value)


def _shapes(
    question: Mapping[str, Any], layers: Sequence[Any], values: Arrays, samples: int
) -> Iterator[str]:
    asked = question["samples"]
    least, most = (asked, asked) if isinstance(asked, int) else (1, None)
    if isinstance(asked, Mapping):
        least, most = asked["from"], asked["to"]
    if samples < least or (most is not None and samples > most):
        yield f"{samples} samples are not asked for"
    below = question["network"]["inputs"]
    expected: dict[str, tuple[int, ...]] = {"x": (samples, below), "y": (samples, layers[-1]["units"])}
    for number, layer in enumerate(layers, start=1):
        expected[f"w{number}"] = (layer["units"], below)
        if layer["bias"]:
            expected[f"b{number}"] = (layer["units"],)
        below = layer["units"]
    if set(expected) != set(values):
        yield f"there are {sorted(values)}"
        return
    for name, shape in expected.items():
        if _shape(values[name]) != shape:
            yield f"{name} has another shape"


def _shape(array: Any) -> tuple[int, ...]:
    if not isinstance(array, list):
        return ()
    inner = {_shape(item) for item in array}
    return (len(array), *(inner.pop() if len(inner) == 1 else (-1,)))


def _data(question: Mapping[str, Any], values: Arrays, numbers: Numbers) -> Iterator[str]:
    """Given values, bounds, and what targets may be."""
    for name, data in question.get("given", {}).items():
        for v, text in zip(_entries(values, name), leaves(data), strict=True):
            if text is not None and numbers.sign(v - _number(text, numbers)) != 0:
                yield f"{name} is not as given"
    for name, (low, high) in question.get("bounds", {}).items():
        for v in _entries(values, name):
            if (low is not None and numbers.sign(v - _number(low, numbers)) < 0) or (
                high is not None and numbers.sign(v - _number(high, numbers)) > 0
            ):
                yield f"{name} is beyond its bounds"
    kind, loss = question.get("targets", "real"), question["loss"]
    allowed = {"binary": (0, 1), "sign": (-1, 1), "class": (0, 1)}.get(kind)
    for row in values["y"]:
        if allowed is not None and not all(any(numbers.sign(v - a) == 0 for a in allowed) for v in row):
            yield "a target is no label"
        if kind == "class" and numbers.sign(sum(row) - 1) != 0:
            yield "a sample has no class, or several"
        name = loss if isinstance(loss, str) else next(iter(loss))
        if name in ("bce", "bce_with_logits", "cross_entropy"):
            if any(numbers.sign(v) < 0 or numbers.sign(v - 1) > 0 for v in row):
                yield "a target is no probability"
            if name == "cross_entropy" and numbers.sign(sum(row) - 1) != 0:
                yield "the targets of a sample have another sum than 1"


# --- numbers ---------------------------------------------------------------------------------

_DIGITS = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)")
_CLOSED = re.compile(r"[-+*/(). \deE]|pi|log")


def _is_rational(text: Any) -> bool:
    return isinstance(text, int) or (isinstance(text, str) and "log" not in text and "pi" not in text)


def _number(text: Any, numbers: Numbers, alpha: Any = None) -> Any:
    if isinstance(text, Mapping):
        if "centre" in text:
            return _number(text["centre"], numbers)
        powers = (_number(c, numbers) * alpha**i for i, c in enumerate(text["alpha"]))
        return numbers.see(sum(powers, mp.mpf(0)))
    if _is_rational(text):
        value = Fraction(re.sub(r"\s*/\s*", "/", text.strip()) if isinstance(text, str) else text)
        return numbers.see(value if numbers.exact else mp.mpf(value.numerator) / value.denominator)
    if _CLOSED.sub("", text):
        raise Unclear(text)
    formula = _DIGITS.sub(r"m('\1')", text)
    formula = re.sub(r"\*\*m\('(\d+)'\)", r"**\1", formula)
    return numbers.see(eval(formula, {"m": mp.mpf, "pi": +mp.pi, "log": mp.log, "__builtins__": {}}))


def _array(data: Any, numbers: Numbers, alpha: Any = None) -> Any:
    if isinstance(data, list):
        return [_array(item, numbers, alpha) for item in data]
    return _number(data, numbers, alpha)


def _alpha(field: Mapping[str, Any], numbers: Numbers) -> Any:
    """The root in the interval, by bisection and then Newton's method."""
    p = [_number(c, numbers) for c in reversed(field["polynomial"])]
    low, high = (_number(end, numbers) for end in field["interval"])
    at_low = mp.sign(mp.polyval(p, low))
    for _ in range(8 * DIGITS):
        middle = (low + high) / 2
        if mp.sign(mp.polyval(p, middle)) == at_low:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _values(
    question: Mapping[str, Any], witness: Mapping[str, Any], texts: Mapping[str, Any], numbers: Numbers
) -> Arrays:
    alpha = _alpha(witness["field"], numbers) if "field" in witness else None
    values: Arrays = {name: _array(data, numbers, alpha) for name, data in texts.items()}
    balls = [*_balls(texts)]
    if balls:
        _solve(question, witness, values, balls, numbers)
    return values


def _balls(texts: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...], Mapping[str, str]]]:
    def within(name: str, data: Any, index: tuple[int, ...]) -> Iterator[Any]:
        if isinstance(data, list):
            for i, item in enumerate(data):
                yield from within(name, item, (*index, i))
        elif isinstance(data, Mapping) and "centre" in data:
            yield name, index, data

    for name, data in texts.items():
        yield from within(name, data, ())


def _solve(
    question: Mapping[str, Any],
    witness: Mapping[str, Any],
    values: Arrays,
    balls: Sequence[Any],
    numbers: Numbers,
) -> None:
    """Put the solution of the equations in place of the centres. Raises Unclear where none is found."""

    def residuals() -> list[Any]:
        point = evaluate(question, values, numbers)
        if isinstance(point, str):
            raise Unclear(point)
        return [_entries(point["gradients"], name)[0] for name in witness["equations"]]

    for _ in range(STEPS):
        now = residuals()
        columns = []
        for name, index, _ball in balls:
            here = _at(values[name], index)
            step = mp.mpf(10) ** (-DIGITS // 2) * (1 + abs(here))
            _put(values[name], index, here + step)
            columns.append([(a - b) / step for a, b in zip(residuals(), now, strict=True)])
            _put(values[name], index, here)
        matrix = mp.matrix(len(now), len(balls))
        for j, column in enumerate(columns):
            for i, entry in enumerate(column):
                matrix[i, j] = entry
        try:
            change = mp.lu_solve(matrix, mp.matrix([-v for v in now]))
        except (ZeroDivisionError, ValueError):
            raise Unclear("the equations are singular") from None
        for (name, index, _ball), step in zip(balls, change, strict=True):
            _put(values[name], index, _at(values[name], index) + step)
        if max(map(abs, change)) < mp.mpf(10) ** (-DIGITS * 3 // 4):
            break
    else:
        raise Unclear("Newton's method does not end")
    for name, index, ball in balls:
        centre, radius = (_number(ball[key], numbers) for key in ("centre", "radius"))
        if abs(_at(values[name], index) - centre) > radius * (1 + mp.mpf(10) ** -30):
            raise Unclear("Newton's method leaves the box")


def _at(array: Any, index: Sequence[int]) -> Any:
    for i in index:
        array = array[i]
    return array


def _put(array: Any, index: Sequence[int], value: Any) -> None:
    _at(array, index[:-1])[index[-1]] = value


def _entries(arrays: Mapping[str, Any], reference: str) -> list[Any]:
    """The entries that ``w1`` or ``w1[0,1]`` stands for."""
    name, _, index = reference.partition("[")
    array = arrays[name]
    for i in index.rstrip("]").split(",") if index else ():
        array = array[int(i)]
    return [*leaves(array)]


def _agrees(value: Any, claimed: Any, witness: Mapping[str, Any], numbers: Numbers) -> bool:
    alpha = _alpha(witness["field"], numbers) if "field" in witness else None
    if isinstance(claimed, Mapping) and "centre" in claimed:
        centre, radius = (_number(claimed[key], numbers) for key in ("centre", "radius"))
        return bool(abs(value - centre) <= radius * (1 + mp.mpf(10) ** -30))
    if numbers.exact and not _is_rational(claimed):
        raise Unclear("a rational number in other words")
    return numbers.sign(value - _number(claimed, numbers, alpha)) == 0


def _shown(value: Any) -> str:
    return str(value)[:40] if isinstance(value, Fraction) else mp.nstr(value, 20)


# --- the pass ----------------------------------------------------------------------------------


def evaluate(question: Mapping[str, Any], values: Arrays, numbers: Numbers) -> dict[str, Any] | str:
    """Return z1, a1, …, y_hat, r, loss and gradients; or why there are none.

    Raises:
        Unclear: an activation, a loss or a convention that is not known here.
    """
    layers, convention = question["network"]["layers"], question["derivative_at_kink"]
    rows, slopes = [values["x"]], []
    point: dict[str, Any] = {}
    for number, layer in enumerate(layers, start=1):
        w, b = values[f"w{number}"], values.get(f"b{number}")
        z = [
            [
                sum((p * q for p, q in zip(line, row, strict=True)), b[i] if b else 0)
                for i, line in enumerate(w)
            ]
            for row in rows[-1]
        ]
        both = [
            [activation(layer["activation"], numbers.see(v), convention, numbers) for v in row] for row in z
        ]
        if any(slope is None for row in both for _, slope in row):
            return "a sample is on a kink that is forbidden"
        rows.append([[numbers.see(value) for value, _ in row] for row in both])
        slopes.append([[slope for _, slope in row] for row in both])
        point |= {f"z{number}": z, f"a{number}": rows[-1]}
    y_hat, y = rows[-1], values["y"]
    try:
        back = adjoint(question["loss"], y_hat, y, convention, numbers)
        loss = loss_value(question["loss"], y_hat, y, numbers)
    except ZeroDivisionError:
        return "the loss has no value"
    if back is None:
        return "a prediction is on a kink that is forbidden"
    for row in back:
        for v in row:
            numbers.see(v)
    gradients: dict[str, Any] = {}
    for number in range(len(layers), 0, -1):
        back = [
            [g * s for g, s in zip(*both, strict=True)] for both in zip(back, slopes[number - 1], strict=True)
        ]
        below, w = rows[number - 1], values[f"w{number}"]
        gradients[f"w{number}"] = [
            [sum(back[m][i] * below[m][j] for m in range(len(back))) for j in range(len(below[0]))]
            for i in range(len(w))
        ]
        if layers[number - 1]["bias"]:
            gradients[f"b{number}"] = [sum(back[m][i] for m in range(len(back))) for i in range(len(w))]
        back = [[sum(w[i][j] * row[i] for i in range(len(w))) for j in range(len(w[0]))] for row in back]
    gradients["x"] = back
    r = [[p - t for p, t in zip(*both, strict=True)] for both in zip(y_hat, y, strict=True)]
    return {**point, "y_hat": y_hat, "r": r, "loss": loss, "gradients": gradients}
