"""The system of any number of samples: sums over the samples of each pattern."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from math import prod

from tests.independent.conditions import Conditions, Counted, Grid, pairs
from tests.independent.documents import need
from tests.independent.formulas import (
    Formula,
    Poly,
    compared,
    flat,
    minus,
    number,
    plus,
    several,
    times,
    variable,
)
from tests.independent.passes import Passes, on_side
from tests.independent.problems import Index, Problem, reference
from tests.independent.samples import alone
from tests.independent.systems import Case, moved, names, renamed_entry, within


class Moments(Passes):
    """Any number of samples."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        need(self.convention != "any", "slopes at kinks are chosen for each sample by itself")
        need(all(self.sides), "an activation that is not piecewise linear")
        self.units = [
            (layer, i)
            for layer, choices in enumerate(self.sides, start=1)
            for i in range(problem.widths[layer])
            if len(choices) > 1
        ]
        choices = [range(len(self.sides[layer - 1])) for layer, _ in self.units]
        need(prod(map(len, choices)) <= 256, "more than 256 patterns")
        lists = {key: {*map(reference, problem.data.get(key, []))} for key in problem.RELATIONS}
        of_x = {key for key, found in lists.items() if ("x", None) in found}
        self.each = [key for key in ("zero", "nonzero", "positive", "negative") if key in of_x]
        moving = any(
            name != "x" and not (key == "any_nonzero" and key in of_x)
            for key, found in lists.items()
            if key != "zero"
            for name, _ in found
        )
        self.counted = "some_nonzero" in of_x or not moving
        self.numbers: list[tuple[str, Poly]] = []
        gradients: dict[str, Grid] = {}
        points: list[tuple[str, Formula]] = []
        for digits in product(*choices):
            shares = self._pattern(digits, points)
            for name, share in shares.items():
                before = gradients.get(name)
                both = None if before is None else pairs(before, share)[1]
                gradients[name] = share if both is None else Grid(share.shape, [plus(p, q) for p, q in both])
        self.query(gradients, problem.least)
        self.bounds(self.parameters)
        self.conditions(self.parameters)
        self.facts |= dict(points)
        if "some_nonzero" in of_x:
            parts = [("!=", times(variable(n), q)) for n, p in self.numbers for q in coefficients(p)]
            self.say("some grad(x) != 0", several("or", parts) if parts else ("!=", {}))
        if not moving:
            every = dict.fromkeys(n for n, _ in self.numbers)
            self.say("samples > 0", (">", reduce(plus, map(variable, every))))

    def _pattern(self, digits: Index, points: list[tuple[str, Formula]]) -> dict[str, Grid]:
        problem, tag = self.problem, "".join(map(str, digits))
        chosen = {unit: self.sides[unit[0] - 1][n] for unit, n in zip(self.units, digits, strict=True)}
        inputs, outputs = problem.widths[0], problem.widths[-1]
        x = Grid((1, inputs), [variable(f"x{tag}[{d}]") for d in range(inputs)])
        r = Grid((1, outputs), [variable(f"r[{k}]") for k in range(outputs)])

        def on(layer: int, _: int, i: int, z: Poly) -> tuple[Poly, Poly]:
            side = chosen.get((layer, i), self.sides[layer - 1][0])
            return plus(times(z, number(side.slope)), number(side.offset)), number(side.derivative)

        def moment(p: Poly) -> Poly:
            result: Poly = {}
            for monomial, c in p.items():
                (k,) = [name[2:-1] for name in monomial if name.startswith("r[")]
                at = [name for name in monomial if name.startswith(f"x{tag}[")]
                rest = [name for name in monomial if name not in at and name != f"r[{k}]"]
                sums = f"V{tag}[{k},{at[0].partition('[')[2]}" if at else f"S{tag}[{k}]"
                result = plus(result, {tuple(sorted([*rest, sums])): c})
            return result

        named, slopes = self.forward(x, on)
        shares = self.backward(x, named, slopes, r)
        gradient = shares.pop("x")
        self.numbers += [(f"n{tag}", p) for p in gradient.entries]
        facts: list[tuple[str, str, Formula]] = []  # label, label at the sample, fact
        for (layer, i), side in chosen.items():
            z, name = named[f"z{layer}"].at((0, i)), f"z{layer}[{i}]"
            facts += [(label, f"{label} at x{tag}", fact) for label, fact in on_side(side, z, name)]
            operator, end = side.tests[0]
            if operator == "==":
                for k in range(outputs):
                    vanishing = moment(times(minus(z, number(end)), r.at((0, k))))
                    points.append((f"{name} = {end} over {tag}, {k}", ("=", vanishing)))
        for key in self.each:
            operator = problem.RELATIONS[key]
            for d, p in enumerate(gradient.entries):
                label = f"grad(x[{d}]) {'=' if operator == '==' else operator} 0"
                facts.append((label, f"{label} at x{tag}", compared(p, operator, {})))
        low, high = (None if end is None else Fraction(end) for end in self._whole_bounds())
        for d, value in enumerate(x.entries):
            both = zip(
                within(f"x[{d}]", value, (low, high)), within(f"x{tag}[{d}]", value, (low, high)), strict=True
            )
            facts += [(label, at, fact) for (label, fact), (at, _) in both]
        facts += self._conditions_at(tag, {**self.parameters, "x": x, **named}, {"r": r, "grad(x)": gradient})
        letter = "r" if problem.least_squares else "g"
        own = {f"r[{k}]": f"{letter}{tag}[{k}]" for k in range(outputs)}
        present = [(at, with_names(fact, own)) for _, at, fact in facts]
        for label, fact in summed(facts, [f"x{tag}[{d}]" for d in range(inputs)]):
            sum_ = (f"{label} over {tag}".rstrip(), (fact[0], moment(fact[1])))
            (points if fact[0] == "=" else present).append(sum_)
        sums = [f"S{tag}[{k}]" for k in range(outputs)]
        sums += [f"V{tag}[{k},{d}]" for k in range(outputs) for d in range(inputs)]
        sums += [f"n{tag}"] if self.counted else []
        nothing = Case("no sample", dict.fromkeys(sums, Fraction(0)), [])
        self.splits[f"pattern {tag}"] = [nothing, Case("some sample", {}, present)]
        return {n: Grid(g.shape, [*map(moment, g.entries)]) for n, g in shares.items()}

    def _whole_bounds(self) -> list[str | None]:
        return self.problem.data.get("bounds", {}).get("x", [None, None])  # type: ignore[no-any-return]

    def _conditions_at(
        self, tag: str, lookup: Mapping[str, Grid], adjoints: Mapping[str, Grid]
    ) -> Iterator[tuple[str, str, Formula]]:
        """The conditions on each sample alone, at the sample of a pattern."""
        conditions = Conditions({**lookup, **adjoints, "grad(x)": adjoints["grad(x)"]}, f"T{tag}")
        of_samples = {*lookup} - {*self.parameters}
        for n, node in enumerate(self.problem.where):
            of_adjoints = any(
                isinstance(part, ast.Name) and part.id in ("r", "grad") for part in ast.walk(node)
            )
            plain = names(node) <= set(lookup) and names(node) & of_samples
            if (
                (of_adjoints or plain)
                and alone(self.problem, node)
                and Counted(conditions.lookup).short(node)
            ):
                label = f"where[{n}]"
                yield label, f"{label} at x{tag}", conditions.truth(node)
        yield from ((label, label, formula) for label, formula in conditions.definitions)

    def renamed(self, name: str, samples: list[int], units: Mapping[int, list[int]]) -> str:
        if name.startswith("t["):
            return name
        if name[0] in "wb":
            return renamed_entry(name, samples, units)
        tag, bracket, rest = name[1:].partition("[")
        digit = {
            (layer, moved(units.get(layer, []), i)): n for (layer, i), n in zip(self.units, tag, strict=True)
        }
        return name[0] + "".join(digit.get(unit, "?") for unit in self.units) + bracket + rest


def with_names(formula: Formula, new: Mapping[str, str]) -> Formula:
    sign, *parts = formula
    if sign in ("and", "or"):
        return (sign, *(with_names(part, new) for part in parts))
    return (sign, {tuple(sorted(new.get(n, n) for n in monomial)): c for monomial, c in parts[0].items()})


def coefficients(p: Poly) -> list[Poly]:
    """Those of r[0], r[1], … in a polynomial that is linear in them."""
    found: dict[int, Poly] = {}
    for monomial, c in p.items():
        (name,) = (name for name in monomial if name.startswith("r["))
        found.setdefault(int(name[2:-1]), {})[tuple(n for n in monomial if n != name)] = c
    return [found[k] for k in sorted(found)]


def degrees(p: Poly, inputs: Sequence[str]) -> tuple[int, int] | None:
    """The degree in r, if it is one, and the highest in x, if it is at most 1; not with variables T."""
    in_r = {sum(name.startswith("r[") for name in monomial) for monomial in p}
    in_x = max((sum(name in inputs for name in monomial) for monomial in p), default=0)
    if len(in_r) != 1 or in_x > 1 or any(name[0] == "T" for monomial in p for name in monomial):
        return None
    return in_r.pop(), in_x


def summed(facts: Sequence[tuple[str, str, Formula]], inputs: Sequence[str]) -> Iterator[tuple[str, Formula]]:
    """What holds of sums over the samples of a pattern; the polynomials are yet to be summed."""
    single = [pair for label, _, formula in facts for pair in flat(label, formula) if pair[1][0] != "or"]
    factors = [(o, f) for o, f in single if degrees(f[1], inputs) == (0, 1) and f[0] in (">", ">=")]
    for label, (sign, p) in single:
        degree = degrees(p, inputs)
        if degree not in ((1, 0), (1, 1)) or sign == "!=":
            continue
        yield label, (sign, p)
        if degree == (1, 1):
            continue
        if sign == "=":
            yield from (
                (f"{label}, times {name}", ("=", times(p, variable(name)))) for name in sorted(inputs)
            )
            continue
        for other, (its_sign, q) in factors:
            if len(p) * len(q) <= 2_000:
                yield f"{label}, {other}", (">" if sign == its_sign == ">" else ">=", times(p, q))
