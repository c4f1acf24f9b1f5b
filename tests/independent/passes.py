"""Systems that write out the forward and the backward pass."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import reduce

from tests.independent.conditions import Grid, pairs
from tests.independent.documents import need
from tests.independent.formulas import Formula, Poly, compared, minus, number, plus, times, variable
from tests.independent.others import OF_RESIDUALS, Adjoints, Unit, adjoints_at_zero, curve, order_of
from tests.independent.problems import PIECEWISE, Problem, Side, entry, free_sides, indices, sides
from tests.independent.systems import Case, System, names, renamed_entry


class Passes(System):
    """What `dataset` and `moments` share: forward and backward passes in polynomials."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.convention = problem.data["derivative_at_kink"]
        self.sides: list[list[Side]] = []
        self.free: list[list[tuple[Side, tuple[Fraction, Fraction] | None]]] = []
        for name, slope in problem.activations:
            piecewise = name in PIECEWISE
            chosen = self.convention == "any" and piecewise
            self.free.append(free_sides(name, slope) if chosen else [])
            self.sides.append(
                sides(name, slope, "forbid" if chosen else self.convention) if piecewise else []
            )

    def forward(
        self, x: Grid, on: Callable[[int, int, int, Poly], tuple[Poly, Poly]]
    ) -> tuple[dict[str, Grid], list[Grid]]:
        """z and a by name, and the slopes of each layer; ``on`` gives a and the slope of a unit."""
        rows, below = x.shape[0], x
        named: dict[str, Grid] = {}
        slopes: list[Grid] = []
        for layer, width in enumerate(self.problem.widths[1:], start=1):
            w, b = self.parameters[f"w{layer}"], self.parameters.get(f"b{layer}")
            z: list[Poly] = []
            a: list[Poly] = []
            s: list[Poly] = []
            for m, i in indices((rows, width)):
                total = b.at((i,)) if b else {}
                for j in range(below.shape[1]):
                    total = plus(total, times(w.at((i, j)), below.at((m, j))))
                value, slope = on(layer, m, i, total)
                z, a, s = [*z, total], [*a, value], [*s, slope]
            below = Grid((rows, width), a)
            named |= {f"z{layer}": Grid((rows, width), z), f"a{layer}": below}
            slopes.append(Grid((rows, width), s))
        return named | {"y_hat": below}, slopes

    def backward(self, x: Grid, named: Mapping[str, Grid], slopes: list[Grid], r: Grid) -> dict[str, Grid]:
        """Σ r·∂ŷ/∂… by name."""
        received, rows, found = r, x.shape[0], {}
        for layer in range(len(slopes), 0, -1):
            delta = Grid(r.shape, [times(*both) for both in pairs(received, slopes[layer - 1])[1]])
            delta = Grid(slopes[layer - 1].shape, delta.entries)
            below, width = named[f"a{layer - 1}"] if layer > 1 else x, self.problem.widths[layer]
            w, shape = self.parameters[f"w{layer}"], self.problem.shapes[f"w{layer}"]

            def over(terms: Iterator[Poly]) -> Poly:
                return reduce(plus, terms, {})

            found[f"w{layer}"] = Grid(
                shape,
                [
                    over(times(delta.at((m, i)), below.at((m, j))) for m in range(rows))
                    for i, j in indices(shape)
                ],
            )
            if f"b{layer}" in self.parameters:
                columns = [over(delta.at((m, i)) for m in range(rows)) for i in range(width)]
                found[f"b{layer}"] = Grid((width,), columns)
            shape = (rows, shape[1])
            received = Grid(
                shape,
                [
                    over(times(delta.at((m, i)), w.at((i, j))) for i in range(width))
                    for m, j in indices(shape)
                ],
            )
        return found | {"x": received}


class Dataset(Passes):
    """M samples."""

    def __init__(self, problem: Problem, samples: int) -> None:
        super().__init__(problem)
        need(samples * sum(problem.widths) <= 2000, "more than 2,000 values")
        self.curved: list[Unit] = []
        self.pairs: list[tuple[Unit, Unit]] = []
        x = self.known("x", (samples, problem.widths[0]))
        named, slopes = self.forward(x, self._unit)
        if len(self.pairs) <= 300:
            self.splits |= {f"{a.name('z')} : {b.name('z')}": order_of(a, b) for a, b in self.pairs}
        y_hat = named["y_hat"]
        targets, adjoints = self._squares(y_hat) if problem.least_squares else (None, self._adjoints(y_hat))
        gradients = self.backward(x, named, slopes, adjoints)
        self.query(gradients, samples)
        known = {**self.parameters, "x": x} | ({} if targets is None else {"y": targets})
        self.bounds(known)
        told = problem.loss[problem.loss_name] if isinstance(problem.loss, dict) else {}
        terms = {"sse": 1, "sum": 1, "cross_entropy": samples}.get(problem.loss_name, len(y_hat.entries))
        share = Fraction(told.get("factor", 1)) / terms
        known |= named
        if targets is not None:
            loss = reduce(plus, [times(v, v) for v in adjoints.entries])
            known |= {"r": adjoints, "loss": Grid((), [times(loss, number(share))])}
            share *= 2
        for name, grid in gradients.items():
            known[f"grad({name})"] = Grid(grid.shape, [times(p, number(share)) for p in grid.entries])
        if targets is None and any(self._of_losses(node) for node in problem.where):
            losses = self._losses(adjoints, share)
            known |= losses
            self.conditions(known, lambda node: self._of_losses(node) or not names(node) & losses.keys())
        else:
            self.conditions(known)
        if problem.integer:
            shapes = problem.shapes | {"x": x.shape, "y": y_hat.shape}
            self.integers = {entry(name, i) for name, shape in shapes.items() for i in indices(shape)}

    def _squares(self, y_hat: Grid) -> tuple[Grid, Grid]:
        """Targets and residuals."""
        problem, y, r = self.problem, [], []
        for index, p in zip(indices(y_hat.shape), y_hat.entries, strict=True):
            name = entry("y", index)
            if problem.integer or name in problem.given:
                y.append(number(problem.given[name]) if name in problem.given else variable(name))
                r.append(minus(p, y[-1]))
            else:
                r.append(variable(entry("r", index)))
                y.append(minus(p, r[-1]))
        return Grid(y_hat.shape, y), Grid(y_hat.shape, r)

    def _adjoints(self, y_hat: Grid) -> Grid:
        """The adjoints of another loss."""
        problem, rows = self.problem, y_hat.shape[0]
        g = []
        for index, p in zip(indices(y_hat.shape), y_hat.entries, strict=True):
            name, target = entry("g", index), problem.given.get(entry("y", index))
            known = Adjoints.of(problem, target)
            single = known.values is not None and len(known.values) == 1
            g.append(number(known.values[0]) if known.values and single else variable(name))
            if not single:
                facts, cases = known.facts(name, given=target is not None)
                self.facts |= dict(facts)
                self.splits |= {name: cases} if cases else {}
            if problem.loss_name == "bce":
                self.say(f"{entry('y_hat', index)} > 0", compared(p, ">", number(0)))
                self.say(f"{entry('y_hat', index)} < 1", compared(p, "<", number(1)))
        result = Grid(y_hat.shape, g)
        if problem.loss_name == "cross_entropy" and y_hat.shape[1] > 1:
            for m in range(rows):
                row = [result.at((m, k)) for k in range(y_hat.shape[1])]
                self.say(f"sum of g[{m}]", ("=", reduce(plus, row)))
        return result

    def _of_losses(self, node: ast.expr) -> bool:
        """Whether a condition speaks of nothing but losses, or residuals if the loss is one of these."""
        name = self.problem.loss_name
        known = {"loss", "r"} if name in OF_RESIDUALS else {"loss"}
        if adjoints_at_zero(self.problem) is None:
            return False
        single = any(isinstance(part, ast.Subscript | ast.List | ast.Tuple) for part in ast.walk(node))
        return not single and bool(found := names(node)) and found <= known

    def _losses(self, adjoints: Grid, share: Fraction) -> dict[str, Grid]:
        """Losses as variables: what conditions can name."""
        name = self.problem.loss_name
        shape = (adjoints.shape[0], 1 if name == "cross_entropy" else adjoints.shape[1])
        places = indices(shape)
        total = reduce(plus, [variable(entry("l", i)) for i in places])
        known = {"loss": Grid((), [times(total, number(share))])}
        if name in OF_RESIDUALS:
            known["r"] = Grid(shape, [variable(entry("r", i)) for i in places])
        at_zero = adjoints_at_zero(self.problem) or []
        for index in places:
            value, label = variable(entry("l", index)), entry("l", index)
            above: list[tuple[str, Formula]] = [(f"{label} > 0", (">", value))]
            zero: list[tuple[str, Formula]] = [(f"{label} = 0", ("=", value))]
            g = adjoints.at(index)
            vanishing = reduce(times, [minus(g, number(v)) for v in at_zero], number(1))
            zero.append((f"{entry('g', index)} where {label} = 0", ("=", vanishing)))
            if name in OF_RESIDUALS:
                r = known["r"].at(index)
                zero.append((f"{entry('r', index)} = 0", ("=", r)))
                above.append((f"{entry('g', index)}*{entry('r', index)} > 0", (">", times(g, r))))
            if not at_zero:
                self.facts |= dict(above)
                continue
            self.say(f"{label} >= 0", (">=", value))
            self.splits[label] = [Case(f"{label} = 0", {}, zero), Case(f"{label} > 0", {}, above)]
        return known

    def _curve(self, layer: int, m: int, i: int, z: Poly) -> tuple[Poly, Poly]:
        """A unit whose activation is not piecewise linear."""
        name, parameter = self.problem.activations[layer - 1]
        if name == "square":
            return times(z, z), times(number(2), z)
        unit = Unit(curve(name, parameter), layer, (m, i), z, self.convention)
        self.facts |= dict(unit.facts())
        if cases := unit.cases():
            self.splits[unit.name("z")] = cases
        self.pairs += [(other, unit) for other in self.curved if (other.layer, other.index[1]) == (layer, i)]
        self.curved.append(unit)
        return variable(unit.name("a")), variable(unit.name("s"))

    def _unit(self, layer: int, m: int, i: int, z: Poly) -> tuple[Poly, Poly]:
        if len(self.free[layer - 1]) > 1:
            return self._free(layer, m, i, z)
        choices = self.sides[layer - 1]
        if not choices:
            return self._curve(layer, m, i, z)
        if len(choices) == 1:
            (side,) = choices
            return plus(times(z, number(side.slope)), number(side.offset)), number(side.slope)
        s, c, unit = (entry(f"{letter}{layer}", (m, i)) for letter in "scz")
        shifts = any(side.intercept for side in choices)
        for name, values in ((s, [v.derivative for v in choices]), (c, [v.intercept for v in choices])):
            if name == s or shifts:
                vanishing = [minus(variable(name), number(v)) for v in dict.fromkeys(values)]
                self.say(f"values of {name}", ("=", reduce(times, vanishing)))
        self.splits[unit] = [
            Case(
                side.named(unit),
                {s: side.derivative} | ({c: side.intercept} if shifts else {}),
                [*on_side(side, z, unit)],
            )
            for side in choices
        ]
        return plus(times(variable(s), z), variable(c) if shifts else {}), variable(s)

    def _free(self, layer: int, m: int, i: int, z: Poly) -> tuple[Poly, Poly]:
        """A unit whose slopes at kinks are chosen."""
        s, c, unit = (entry(f"{letter}{layer}", (m, i)) for letter in "scz")
        choices = self.free[layer - 1]
        shifts = any(side.offset for side, _ in choices)
        shifts |= any(end for side, ends in choices if ends for _, end in side.tests)
        value, slope = variable(c) if shifts else {}, variable(s)
        slopes = [side.slope for side, _ in choices]

        def between(low: Fraction, high: Fraction) -> Iterator[tuple[str, Formula]]:
            yield f"{s} >= {low}", compared(slope, ">=", number(low))
            yield f"{s} <= {high}", compared(slope, "<=", number(high))

        for label, fact in between(min(slopes), max(slopes)):
            self.say(label, fact)
        cases = []
        for side, ends in choices:
            if ends is None:
                fixed = {s: side.slope} | ({c: side.offset} if shifts else {})
                cases.append(Case(side.named(unit), fixed, [*on_side(side, z, unit)]))
                continue
            ((_, kink),) = side.tests
            facts = [*on_side(side, z, unit), *between(*ends)]
            if shifts:
                at = plus(value, times(slope, number(kink)))
                facts.append(
                    (f"{c} by its slope", compared(at, "==", number(side.slope * kink + side.offset)))
                )
            cases.append(Case(side.named(unit), {}, facts))
        self.splits[unit] = cases
        return plus(times(slope, z), value), slope

    def renamed(self, name: str, samples: list[int], units: Mapping[int, list[int]]) -> str:
        return name if name.startswith("t[") else renamed_entry(name, samples, units)


def on_side(side: Side, z: Poly, name: str) -> Iterator[tuple[str, Formula]]:
    for operator, end in side.tests:
        yield side._replace(tests=[(operator, end)]).named(name), compared(z, operator, number(end))
