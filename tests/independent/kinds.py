"""A checker of kinds of points, written from docs/FORMATS.md and docs/theory/kinds-of-points.md alone.

It treats rational numbers, piecewise linear activations, and losses that are piecewise polynomials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import product, zip_longest
from typing import Any

from tests.independent import lowest
from tests.independent.documents import CannotTell, No, keys, need, rational
from tests.independent.problems import KINKS, Index, Problem, entry, indices

Series = list[Fraction]
"""A polynomial in ε, from the constant on."""
Piece = tuple[Fraction, Fraction]
F = Fraction


def sum_of(*parts: Series) -> Series:
    return [sum(column, F(0)) for column in zip_longest(*parts, fillvalue=F(0))]


def times(a: Series, b: Series) -> Series:
    result = [F(0)] * max(0, len(a) + len(b) - 1)
    for (i, u), (j, v) in product(enumerate(a), enumerate(b)):
        result[i + j] += u * v
    return result


def scaled(a: Series, c: Fraction) -> Series:
    return [u * c for u in a]


def sign(a: Series) -> int:
    """For all small ε > 0."""
    first = next((u for u in a if u), F(0))
    return (first > 0) - (first < 0)


def trimmed(a: Series) -> Series:
    a = list(a)
    while a and not a[-1]:
        a.pop()
    return a


class Kinds:
    """A problem in which everything is given, and what a document says of its point."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.widths, self.samples = problem, problem.widths, problem.least
        shapes = problem.shapes | {"x": (self.samples, self.widths[0]), "y": (self.samples, self.widths[-1])}
        self.shapes = shapes
        self.values = {
            name: {index: problem.given[entry(name, index)] for index in indices(shape)}
            for name, shape in shapes.items()
        }
        self.tables = [self.table(*each) for each in problem.activations]
        told = problem.loss[problem.loss_name] if isinstance(problem.loss, dict) else {}
        self.numbers = {name: F(told.get(name, 1)) for name in ("factor", "delta", "beta")}
        self.depth = len(self.widths) - 1

    @classmethod
    def of_data(cls, problem: Problem, parameters: Any) -> Kinds:
        """The given data, with other parameters."""
        keys(parameters, {*problem.shapes}, set())
        given = {**problem.data["given"], **parameters}
        return cls(Problem({**problem.data, "given": given}))

    @property
    def loss(self) -> Fraction:
        *_, y_hat = self.passes(self.moved([{}]))
        return (trimmed(self.losses(y_hat)) or [F(0)])[0]

    @staticmethod
    def table(name: str, slope: Fraction | None) -> tuple[list[Fraction], list[Piece]]:
        if name == "leaky_relu":
            return [F(0)], [(slope or F(0), F(0)), (F(1), F(0))]
        if name not in KINKS:
            raise CannotTell(name)
        return KINKS[name][0], KINKS[name][1]

    # --- along curves --------------------------------------------------------------------

    def moved(self, curve: Any) -> dict[str, dict[Index, Series]]:
        need(isinstance(curve, list) and 1 <= len(curve) <= 4, "a curve has 1 to 4 steps")
        result = {
            name: {index: [value] for index, value in entries.items()}
            for name, entries in self.values.items()
        }
        for step in curve:
            keys(step, set(), set(self.problem.shapes))
            for name in self.problem.shapes:
                for index in indices(self.shapes[name]):
                    part = step.get(name)
                    for i in index:
                        part = None if part is None else part[i]
                    result[name][index].append(F(0) if part is None else rational(part))
        return result

    def passes(self, values: dict[str, dict[Index, Series]]) -> Iterator[list[list[Series]]]:
        """z and a of each layer in turn."""
        below = [[values["x"][m, j] for j in range(self.widths[0])] for m in range(self.samples)]
        for layer in range(1, self.depth + 1):
            w, b = values[f"w{layer}"], values.get(f"b{layer}")
            z = [
                [
                    sum_of(*(times(w[i, j], v) for j, v in enumerate(row)), b[i,] if b else [])
                    for i in range(self.widths[layer])
                ]
                for row in below
            ]
            yield z
            below = [[self.activated(layer, v) for v in row] for row in z]
            yield below

    def activated(self, layer: int, z: Series) -> Series:
        kinks, pieces = self.tables[layer - 1]
        slope, offset = pieces[sum(sign(sum_of(z, [-kink])) > 0 for kink in kinks)]
        return sum_of(scaled(z, slope), [offset])

    def losses(self, y_hat: list[list[Series]]) -> Series:
        total: Series = []
        for m, row in enumerate(y_hat):
            for k, p in enumerate(row):
                r = sum_of(p, [-self.values["y"][m, k]])
                match self.problem.loss_name:
                    case "mse" | "sse":
                        total = sum_of(total, times(r, r))
                    case "mean" | "sum":
                        total = sum_of(total, p)
                    case "mae":
                        total = sum_of(total, scaled(r, F(sign(r))))
                    case "huber" | "smooth_l1" as name:
                        end = self.numbers["delta" if name == "huber" else "beta"]
                        size = scaled(r, F(sign(r)))
                        near = scaled(times(r, r), F(1, 2))
                        far = sum_of(scaled(size, end), [-end * end / 2])
                        value = far if sign(sum_of(size, [-end])) > 0 else near
                        total = sum_of(total, value if name == "huber" else scaled(value, 1 / end))
                    case other:
                        raise CannotTell(str(other))
        return scaled(total, self.share)

    @property
    def share(self) -> Fraction:
        terms = self.samples * self.widths[-1]
        return self.numbers["factor"] / (1 if self.problem.loss_name in ("sse", "sum") else terms)

    def change(self, curve: Any) -> Series:
        *_, after = self.passes(self.moved(curve))
        *_, before = self.passes(self.moved([{}]))
        return trimmed(sum_of(self.losses(after), scaled(self.losses(before), F(-1))))

    # --- what a document says --------------------------------------------------------------

    def check(self, data: Any) -> str:
        """The kind that is shown. Raises No."""
        keys(data, {"kind"}, {"minimum", "level", "falls", "rises", "reason", "better"})
        need("minimum" not in data or "falls" not in data, "a minimum from which the loss falls")
        strict = flat = False
        if "minimum" in data:
            keys(data["minimum"], {"by"}, {"units", "adjoints", "undivided", "bounds"})
            match data["minimum"]["by"]:
                case "best predictions":
                    need(all(low <= 0 <= high for _, low, high in self.adjoints()), "one could be better")
                case "best function":
                    sums: dict[Any, list[Fraction]] = {}
                    for (m, k), low, high in self.adjoints():
                        alike = k, *(self.values["x"][m, j] for j in range(self.widths[0]))
                        ends = sums.setdefault(alike, [F(0), F(0)])
                        ends[:] = ends[0] + low, ends[1] + high
                    need(all(low <= 0 <= high for low, high in sums.values()), "a better function of x")
                case "multipliers":
                    self.multipliers(data["minimum"])
                case "second derivatives":
                    strict = self.second()
                    flat = not strict
                case "least loss":
                    self.least(data["minimum"])
                case _:
                    raise No("no proof of a minimum")
        if "better" in data:
            self.better(data["better"])
        if "level" in data:
            self.level(data["level"])
            flat = True
        for name, wanted in (("falls", -1), ("rises", 1)):
            if name in data:
                keys(data[name], {"curve"}, {"change"})
                change = self.change(data[name]["curve"])
                need(sign(change) == wanted, f"the loss {name} not")
                if "change" in data[name]:
                    need([*map(rational, data[name]["change"])] == change, "another change")
        shown = "undecided"
        if "falls" in data:
            curve = data["falls"]["curve"]
            back = [{name: self.turned(part) for name, part in step.items()} for step in curve]
            shown = "no minimum"
            if self.critical():
                if len(curve) == 1 and sign(self.change(back)) < 0:
                    shown = "maximum in some direction"
                elif "rises" in data:
                    shown = "saddle"
        elif "minimum" in data:
            shown = "strict minimum" if strict else "flat minimum" if flat else "minimum"
        need(data["kind"] == shown, f"it is {shown}")
        return shown

    def is_global(self, data: Any) -> bool | None:
        """Whether a document that is accepted shows that no parameters are better; None: nothing of it."""
        if "falls" in data or "better" in data:
            return False
        by = data["minimum"]["by"] if "minimum" in data else ""
        convex = by in ("multipliers", "second derivatives") and self.depth == 1 and not self.tables[0][0]
        return True if convex or by in ("best predictions", "best function", "least loss") else None

    def least(self, proof: Any) -> None:
        """Raises No."""
        need(self.depth == 2 and self.widths[2] == 1, "one hidden layer, one output")
        kinks, pieces = self.tables[0]
        need(kinks in ([], [F(0)]) and not any(offset for _, offset in pieces), "a kink at 0")
        need(self.tables[1] == ([], [(F(1), F(0))]), "a linear output")
        need(self.problem.loss_name in ("mse", "sse"), "squares")
        ones = [F(1)] * ("b1" in self.values)
        inputs = [
            [*(self.values["x"][m, j] for j in range(self.widths[0])), *ones] for m in range(self.samples)
        ]
        targets = [self.values["y"][m, 0] for m in range(self.samples)]
        *_, predicted = self.passes(self.moved([{}]))
        squares = sum(
            (((row[0] or [F(0)])[0] - y) ** 2 for row, y in zip(predicted, targets, strict=True)), F(0)
        )
        slopes = pieces[0][0], pieces[-1][0]
        lowest.check(inputs, targets, self.widths[1], "b2" in self.values, slopes, squares, proof)

    def better(self, parameters: Any) -> None:
        """Raises No."""
        keys(parameters, {*self.problem.shapes}, set())
        here = self.moved([{}])
        there = dict(here)
        for name, shape in self.problem.shapes.items():
            there[name] = {}
            for index in indices(shape):
                part = parameters[name]
                for i, size in zip(index, shape, strict=True):
                    need(isinstance(part, list) and len(part) == size, "a shape")
                    part = part[i]
                there[name][index] = [rational(part)]
        (*_, before), (*_, after) = map(self.passes, (here, there))
        need(sign(sum_of(self.losses(after), scaled(self.losses(before), F(-1)))) < 0, "a lower loss")

    def turned(self, part: Any) -> Any:
        return [*map(self.turned, part)] if isinstance(part, list) else str(-rational(part))

    def critical(self) -> bool:
        """Whether all gradients are 0, under the convention."""
        convention = self.problem.data["derivative_at_kink"]
        runs = [*self.passes(self.moved([{}]))]
        received = []
        for m in range(self.samples):
            row = []
            for k in range(self.widths[-1]):
                left, right = next((low, high) for at, low, high in self.adjoints() if at == (m, k))
                named = {
                    "left": left,
                    "right": right,
                    "torch": (left + right) / 2,
                    "mean": (left + right) / 2,
                }
                if left != right and convention not in named:
                    return False
                row.append(named.get(str(convention), left))
            received.append(row)
        for layer in range(self.depth, 0, -1):
            z = [[trimmed(v) for v in row] for row in runs[2 * layer - 2]]
            slopes = [[self.derivative(layer, v[0] if v else F(0), convention) for v in row] for row in z]
            if any(s is None for row in slopes for s in row):
                return False
            delta = [
                [g * (s or 0) for g, s in zip(*rows, strict=True)]
                for rows in zip(received, slopes, strict=True)
            ]
            below = runs[2 * layer - 3] if layer > 1 else None
            for i in range(self.widths[layer]):
                if f"b{layer}" in self.values and sum((row[i] for row in delta), F(0)):
                    return False
                for j in range(self.widths[layer - 1]):
                    inputs = [
                        self.values["x"][m, j] if below is None else (below[m][j] or [F(0)])[0]
                        for m in range(self.samples)
                    ]
                    if sum(delta[m][i] * v for m, v in enumerate(inputs)):
                        return False
            w = self.values[f"w{layer}"]
            received = [
                [
                    sum((row[i] * w[i, j] for i in range(len(row))), F(0))
                    for j in range(self.widths[layer - 1])
                ]
                for row in delta
            ]
        return True

    def derivative(self, layer: int, z: Fraction, convention: Any) -> Fraction | None:
        kinks, pieces = self.tables[layer - 1]
        if z not in kinks:
            return pieces[sum(z > kink for kink in kinks)][0]
        n = kinks.index(z)
        left, right = pieces[n][0], pieces[n + 1][0]
        name = self.problem.activations[layer - 1][0]
        torch = left if name == "leaky_relu" else KINKS[name][2][n]
        taken = {"torch": torch, "left": left, "right": right, "mean": (left + right) / 2}
        return taken.get(str(convention))

    def adjoints(self) -> list[tuple[Index, Fraction, Fraction]]:
        """Least and greatest derivative of one sample's loss, for each prediction."""
        *_, y_hat = self.passes(self.moved([{}]))
        result: list[tuple[Index, Fraction, Fraction]] = []
        for m, row in enumerate(y_hat):
            for k, p in enumerate(row):
                r = (trimmed(p) or [F(0)])[0] - self.values["y"][m, k]
                way = (r > 0) - (r < 0)
                match self.problem.loss_name:
                    case "mse" | "sse":
                        low = high = r
                    case "mean" | "sum":
                        low = high = F(1)
                    case "mae":
                        low, high = (F(way), F(way)) if r else (F(-1), F(1))
                    case "huber" | "smooth_l1" as name:
                        end = self.numbers["delta" if name == "huber" else "beta"]
                        low = high = (r if abs(r) <= end else way * end) / (1 if name == "huber" else end)
                    case other:
                        raise CannotTell(str(other))
                result.append(((m, k), low, high))
        return result

    # --- multipliers -------------------------------------------------------------------------

    def multipliers(self, data: Any) -> None:
        need(self.depth <= 2, "several hidden layers")
        units, told = data.get("units", {}), dict(data.get("adjoints", {}))
        g: dict[Index, Fraction] = {}
        for at, low, high in self.adjoints():
            name = entry("y_hat", at)
            need((low != high) == (name in told), "adjoints at kinks of the loss, and nowhere else")
            g[at] = rational(told.pop(name)) if low != high else low
            need(low <= g[at] <= high, "an adjoint between both")
        need(not told, "an adjoint of no prediction")
        runs = [
            [[(trimmed(v) or [F(0)])[0] for v in row] for row in run] for run in self.passes(self.moved([{}]))
        ]
        outputs = self.widths[-1]
        if self.depth == 2:
            kinks, pieces = self.tables[1]
            for (m, k), value in g.items():
                z = runs[2][m][k]
                need(z not in kinks, "the last layer is on a kink")
                g[m, k] = value * pieces[sum(z > kink for kink in kinks)][0]
            for k in range(outputs):
                column = [g[m, k] for m in range(self.samples)]
                if "b2" in self.values:
                    need(not sum(column), "a gradient that is not 0")
                for i in range(self.widths[1]):
                    need(not sum(c * runs[1][m][i] for m, c in enumerate(column)), "a gradient that is not 0")
        need(all(re.fullmatch("[0-9]+", unit) and int(unit) < self.widths[1] for unit in units), "no unit")
        for unit in range(self.widths[1]):
            said = units.get(str(unit), {})
            keys(said, set(), {"radius", "multipliers"})
            radius = rational(said.get("radius", "1"))
            need(radius > 0, "a radius above 0")
            corners = self.corners(unit, radius)
            cases = said.get("multipliers") or [[] for _ in corners]
            need(len(cases) == len(corners), "multipliers for each corner")
            for corner, each in zip(corners, cases, strict=True):
                q = [sum((v * g[m, k] for k, v in enumerate(corner)), F(0)) for m in range(self.samples)]
                self.corner(q, [row[unit] for row in runs[0]], each)

    def corners(self, unit: int, radius: Fraction) -> list[list[Fraction]]:
        outputs = self.widths[-1]
        if self.depth == 1:
            return [[F(k == unit) for k in range(outputs)]]
        v = [self.values["w2"][k, unit] for k in range(outputs)]
        if outputs == 1 and v[0]:
            return [v]
        return [
            [c + (step if j == k else 0) for j, c in enumerate(v)]
            for k in range(outputs)
            for step in (-radius, radius)
        ]

    def corner(self, q: list[Fraction], z: list[Fraction], cases: list[Any]) -> None:
        kinks, pieces = self.tables[0]
        inputs = [
            [
                *(self.values["x"][m, j] for j in range(self.widths[0])),
                *([F(1)] if "b1" in self.values else []),
            ]
            for m in range(self.samples)
        ]
        linear, kappas = [F(0)] * len(inputs[0]), {}
        for m, value in enumerate(z):
            slope = pieces[sum(value > kink for kink in kinks)][0]
            if value in kinks:
                right = pieces[kinks.index(value) + 1][0]
                kappas[m], slope = q[m] * (right - slope) / 2, (right + slope) / 2
            linear = [c + q[m] * slope * x for c, x in zip(linear, inputs[m], strict=True)]
        below = [m for m, kappa in kappas.items() if kappa < 0]
        signs = [*product((-1, 1), repeat=len(below))]
        need(len(below) <= 12 and len(cases) in (0, len(signs)), "multipliers for all signs")
        for n, choice in enumerate(signs):
            mu = {int(m): rational(value) for m, value in (cases[n] if cases else {}).items()}
            need(
                all(abs(value) <= kappas.get(m, 0) for m, value in mu.items()),
                "a multiplier that is too large",
            )
            weights = mu | {m: kappas[m] * s for m, s in zip(below, choice, strict=True)}
            for j, start in enumerate(linear):
                need(not start + sum(c * inputs[m][j] for m, c in weights.items()), "the sum is not 0")

    # --- where the loss stays, and second derivatives ------------------------------------------

    def level(self, data: Any) -> None:
        if "curve" in data:
            keys(data, {"curve"}, set())
            moved = self.moved(data["curve"])
            need(any(any(part[1:]) for parts in moved.values() for part in parts.values()), "no move")
            need(not self.change(data["curve"]), "the loss changes")
            return
        keys(data, {"layer", "unit"}, set())
        need(data["unit"] in self.scalable(data["layer"]), "a unit that cannot be scaled")
        name, unit = f"w{data['layer']}", data["unit"]
        weights = [v for (i, _), v in self.values[name].items() if i == unit]
        weights += [v for (_, i), v in self.values[f"w{data['layer'] + 1}"].items() if i == unit]
        weights += [v for (i,), v in self.values.get(f"b{data['layer']}", {}).items() if i == unit]
        need(any(weights), "all weights are 0")

    def scalable(self, layer: Any) -> list[int]:
        need(type(layer) is int and 1 <= layer < self.depth, "no hidden layer")
        kinks, pieces = self.tables[layer - 1]
        run = [*self.passes(self.moved([{}]))][2 * layer - 2]
        result = []
        for unit in range(self.widths[layer]):
            lines = []
            for row in run:
                z = (trimmed(row[unit]) or [F(0)])[0]
                n = sum(z > kink for kink in kinks)
                lines.append(pieces[n][1] == 0 and (z not in kinks or (z == 0 and pieces[n + 1][1] == 0)))
            if all(lines):
                result.append(unit)
        return result

    def second(self) -> bool:
        """Whether the point is a strict minimum; else it is a flat one. Raises No."""
        places = [(name, index) for name in self.problem.shapes for index in indices(self.shapes[name])]
        self.off_kinks()
        size = len(places)
        single = [self.second_along({place: F(1)}) for place in places]
        need(all(not first for first, _ in single), "the gradient is not 0")
        rows = [[F(0)] * size for _ in places]
        for i, j in product(range(size), repeat=2):
            if i <= j:
                both = (
                    single[i][1] * 4 if i == j else self.second_along({places[i]: F(1), places[j]: F(1)})[1]
                )
                rows[i][j] = rows[j][i] = both - single[i][1] - single[j][1]
        nullity = size
        left = [*range(size)]
        while left:
            pivot = max(left, key=lambda i: rows[i][i])
            need(min(rows[i][i] for i in left) >= 0, "a second derivative below 0")
            if not rows[pivot][pivot]:
                need(not any(rows[i][j] for i in left for j in left), "a second derivative below 0")
                break
            left.remove(pivot)
            nullity -= 1
            for i in left:
                factor = rows[i][pivot] / rows[pivot][pivot]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[pivot], strict=True)]
        if nullity:
            vectors = [[move.get(place, F(0)) for place in places] for move in self.symmetries()]
            need(rank(vectors) == nullity, "a kernel that symmetries do not span")
        return not nullity

    def second_along(self, direction: dict[tuple[str, Index], Fraction]) -> tuple[Fraction, Fraction]:
        """The coefficients of ε and ε²."""
        moved = self.moved([{}])
        for (name, index), value in direction.items():
            moved[name][index] = [moved[name][index][0], value]
        *_, after = self.passes(moved)
        change = [*self.losses(after), F(0), F(0), F(0)]
        return change[1], change[2]

    def off_kinks(self) -> None:
        runs = [*self.passes(self.moved([{}]))]
        for layer in range(1, self.depth + 1):
            values = [(trimmed(v) or [F(0)])[0] for row in runs[2 * layer - 2] for v in row]
            need(not set(values) & set(self.tables[layer - 1][0]), "a kink")
        for m, row in enumerate(runs[-1]):
            for k, p in enumerate(row):
                r = abs((trimmed(p) or [F(0)])[0] - self.values["y"][m, k])
                ends = {"mae": F(0), "huber": self.numbers["delta"], "smooth_l1": self.numbers["beta"]}
                need(r != ends.get(self.problem.loss_name), "a kink of the loss, or where it is joined")

    def symmetries(self) -> Iterator[dict[tuple[str, Index], Fraction]]:
        runs = [*self.passes(self.moved([{}]))]
        for layer in range(1, self.depth + 1):
            kinks, pieces = self.tables[layer - 1]
            found: list[tuple[list[Fraction], list[tuple[str, Index]], list[tuple[str, Index]]]] = []
            for unit in range(self.widths[layer]):
                values = [(trimmed(row[unit]) or [F(0)])[0] for row in runs[2 * layer - 2]]
                lines = [pieces[sum(z > kink for kink in kinks)] for z in values]
                into: list[tuple[str, Index]] = [
                    (f"w{layer}", (unit, j)) for j in range(self.widths[layer - 1])
                ]
                into += [(f"b{layer}", (unit,))] if f"b{layer}" in self.values else []
                if layer == 1:
                    met = [
                        [*(self.values["x"][m, j] for j in range(self.widths[0])), F(1)][: len(into)]
                        for m, (slope, _) in enumerate(lines)
                        if slope
                    ]
                    for vector in orthogonal(met, len(into)):
                        yield dict(zip(into, vector, strict=True))
                elif not any(slope for slope, _ in lines):
                    yield from ({place: F(1)} for place in into)
                if layer == self.depth:
                    continue
                out: list[tuple[str, Index]] = [
                    (f"w{layer + 1}", (k, unit)) for k in range(self.widths[layer + 1])
                ]
                found.append(([slope for slope, _ in lines], into, out))
                biases = {f"b{layer}", f"b{layer + 1}"} <= set(self.values)
                if biases and len({slope for slope, _ in lines}) == 1:
                    yield {into[-1]: F(1)} | {
                        (f"b{layer + 1}", (k,)): -lines[0][0] * self.values[name][k, i]
                        for name, (k, i) in out
                    }
                if any(offset for _, offset in lines):
                    found.pop()
                elif not any(slope for slope, _ in lines):
                    yield from ({place: F(1)} for place in out)
            for (one, into, out), (other, taken, given) in product(found, repeat=2):
                if one == other:
                    incoming = zip(into, taken, strict=True)
                    yield {place: self.values[t[0]][t[1]] for place, t in incoming} | {
                        t: -self.values[place[0]][place[1]] for place, t in zip(out, given, strict=True)
                    }


def reduced(rows: list[list[Fraction]]) -> dict[int, list[Fraction]]:
    """Rows in echelon form by the column that they begin in."""
    known: dict[int, list[Fraction]] = {}
    for row in rows:
        rest = list(row)
        for lead, other in known.items():
            rest = [a - rest[lead] * b for a, b in zip(rest, other, strict=True)]
        start = next((j for j, value in enumerate(rest) if value), None)
        if start is not None:
            rest = [value / rest[start] for value in rest]
            known = {
                lead: [a - other[start] * b for a, b in zip(other, rest, strict=True)]
                for lead, other in known.items()
            }
            known[start] = rest
    return known


def rank(rows: list[list[Fraction]]) -> int:
    return len(reduced(rows))


def orthogonal(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    known = reduced(rows)
    result = []
    for free in (j for j in range(width) if j not in known):
        vector = [F(j == free) for j in range(width)]
        for lead, row in known.items():
            vector[lead] = -row[free]
        result.append(vector)
    return result
