"""Units of activations that are not piecewise linear, and adjoints of losses other than least squares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.independent.documents import CannotTell, need, rational
from tests.independent.formulas import Formula, Poly, compared, minus, number, plus, times, variable
from tests.independent.problems import Problem, entry
from tests.independent.systems import Case

F = Fraction
Of = Callable[[Poly], Poly]
"""A polynomial in a polynomial."""


def line(slope: Fraction | int, offset: Fraction | int = 0) -> Of:
    return lambda z: plus(times(number(slope), z), number(offset))


@dataclass(frozen=True)
class Formulas:
    """φ and φ′ on an interval, where they are polynomials in z; φ′ as a polynomial in φ, where it is not."""

    value: Of | None = None
    slope: Of | None = None
    slope_of_value: Of | None = None


@dataclass(frozen=True)
class Curve:
    """An activation that is not piecewise linear.

    Attributes:
        bounds: of φ.
        by_value, squared: φ′ and φ′² as polynomials in φ, where that is so everywhere.
        joins: where formulas meet, with the derivatives from the left, from the right, and PyTorch's.
        at_zero: φ(0), if the sides are those of 0.
    """

    bounds: tuple[tuple[str, Fraction | int], ...]
    increasing: bool = False
    by_value: Of | None = None
    squared: Of | None = None
    formulas: Sequence[Formulas] = (Formulas(),)
    joins: tuple[tuple[Fraction | int, ...], ...] = ()
    at_zero: tuple[Fraction | int, Fraction] | None = None
    rising: bool = False


def squared(a: Poly) -> Poly:
    return times(a, a)


def curve(name: str, parameter: Fraction | None) -> Curve:
    """What docs/FORMATS.md says of an activation."""
    linear = Formulas(line(1), line(0, 1))
    match name:
        case "sigmoid":
            p: Of = lambda a: minus(a, squared(a))  # noqa: E731
            only = (Formulas(slope_of_value=p),)
            return Curve(((">", 0), ("<", 1)), True, p, formulas=only, at_zero=(F(1, 2), F(1, 4)))
        case "tanh":
            p = lambda a: minus(number(1), squared(a))  # noqa: E731
            return Curve(
                ((">", -1), ("<", 1)), True, p, formulas=(Formulas(slope_of_value=p),), at_zero=(0, F(1))
            )
        case "exp":
            p = line(1)
            return Curve(((">", 0),), True, p, formulas=(Formulas(slope_of_value=p),), at_zero=(1, F(1)))
        case "softplus":
            return Curve(((">", 0),), True)
        case "sin":
            return Curve(((">=", -1), ("<=", 1)), squared=lambda a: minus(number(1), squared(a)))
        case "gelu" | "gelu_tanh" | "silu" | "mish":
            lowest = {"gelu": F(-17, 100), "gelu_tanh": F(-171, 1000), "silu": F(-7, 25), "mish": F(-31, 100)}
            return Curve(((">", lowest[name]),))
        case "softsign":
            left = Formulas(slope_of_value=lambda a: squared(plus(number(1), a)))
            right = Formulas(slope_of_value=lambda a: squared(minus(number(1), a)))
            return Curve(((">", -1), ("<", 1)), True, formulas=(left, right), joins=((0, 1, 1, 1),))
        case "elu" | "celu":
            assert parameter is not None
            steep, share = (parameter, F(1)) if name == "elu" else (F(1), 1 / parameter)
            left = Formulas(slope_of_value=line(share, steep))
            return Curve(((">", -parameter),), True, formulas=(left, linear), joins=((0, steep, 1, steep),))
        case "selu":
            alpha, scale = F("1.6732632423543772848170429916717"), F("1.0507009873554804934193349852946")
            left, right = (
                Formulas(slope_of_value=line(1, alpha * scale)),
                Formulas(line(scale), line(0, scale)),
            )
            steep = alpha * scale
            return Curve(((">", -steep),), True, formulas=(left, right), joins=((0, steep, scale, steep),))
        case "relu_squared":
            sides = (Formulas(line(0), line(0)), Formulas(squared, line(2)))
            return Curve(((">=", 0),), squared=line(4), formulas=sides, joins=((0, 0, 0, 0),), rising=True)
        case "hardswish":
            middle = Formulas(
                lambda z: times(number(F(1, 6)), times(z, line(1, 3)(z))), line(F(1, 3), F(1, 2))
            )
            joins = ((-3, 0, F(-1, 2), 0), (3, F(3, 2), 1, 1))
            three = (Formulas(line(0), line(0)), middle, linear)
            return Curve(((">=", F(-3, 8)),), formulas=three, joins=joins)
    raise CannotTell(name)


def taken(join: tuple[Fraction | int, ...], convention: object) -> Fraction | int | None:
    """The derivative that is taken at a kink."""
    _, left, right, torch = join
    rules: dict[str, Fraction | int | None] = {
        "torch": torch, "left": left, "right": right, "mean": F(left + right) / 2, "forbid": None
    }  # fmt: skip
    if not isinstance(convention, str) or convention not in rules:
        raise CannotTell(str(convention))
    return rules[convention]


def is_kink(join: tuple[Fraction | int, ...]) -> bool:
    return join[1] != join[2]


@dataclass(frozen=True)
class Unit:
    """A unit with such an activation on a sample."""

    curve: Curve
    layer: int
    index: tuple[int, int]
    z: Poly
    convention: object

    def name(self, letter: str) -> str:
        return entry(f"{letter}{self.layer}", self.index)

    def says(self, letter: str, operator: str, end: Fraction | int) -> tuple[str, Formula]:
        value = self.z if letter == "z" else variable(self.name(letter))
        sign = "=" if operator == "==" else operator
        return f"{self.name(letter)} {sign} {end}", compared(value, operator, number(end))

    def facts(self) -> Iterator[tuple[str, Formula]]:
        phi = self.curve
        a, s = variable(self.name("a")), variable(self.name("s"))
        if phi.by_value:
            yield f"{self.name('s')} by its value", ("=", minus(s, phi.by_value(a)))
        if phi.squared:
            yield f"{self.name('s')} squared by its value", ("=", minus(squared(s), phi.squared(a)))
        for operator, end in phi.bounds:
            yield self.says("a", operator, end)
        at_kinks = [taken(join, self.convention) for join in phi.joins if is_kink(join)]
        if phi.increasing and all(slope is None or slope > 0 for slope in at_kinks):
            yield self.says("s", ">", 0)
        if phi.rising:
            yield self.says("s", ">=", 0)

    def sides(self) -> Iterator[tuple[list[tuple[str, Fraction | int]], Formulas, Any]]:
        """The intervals, what holds on them, and of a single number the derivative there."""
        phi = self.curve
        if phi.at_zero is not None:
            (only,) = phi.formulas
            yield [("<", 0)], only, None
            yield [("==", 0)], only, phi.at_zero[1]
            yield [(">", 0)], only, None
            return
        low: list[tuple[str, Fraction | int]] = []
        for join, left in zip(phi.joins, phi.formulas, strict=False):
            at = taken(join, self.convention) if is_kink(join) else join[1]
            alone = at is not None and (phi.increasing or at not in join[1:3])
            ours = at is not None and not alone and at == join[1]
            theirs = at is not None and not alone and not ours
            yield [*low, ("<=" if ours else "<", join[0])], left, None
            if alone:
                yield [("==", join[0])], left, at
            low = [(">=" if theirs else ">", join[0])]
        if phi.joins:
            yield low, phi.formulas[-1], None

    def cases(self) -> list[Case]:
        result = []
        a, s = variable(self.name("a")), variable(self.name("s"))
        for tests, formulas, derivative in self.sides():
            facts = [self.says("z", operator, end) for operator, end in tests]
            name = ", ".join(label for label, _ in facts)
            if derivative is not None:
                facts.append(self.says("s", "==", derivative))
            elif formulas.slope:
                facts.append(
                    (f"{self.name('s')} by {self.name('z')}", ("=", minus(s, formulas.slope(self.z))))
                )
            elif formulas.slope_of_value:
                facts.append((f"{self.name('s')} by its value", ("=", minus(s, formulas.slope_of_value(a)))))
            if formulas.value:
                facts.append(
                    (f"{self.name('a')} by {self.name('z')}", ("=", minus(a, formulas.value(self.z))))
                )
            elif self.curve.increasing:
                value = self.curve.at_zero[0] if self.curve.at_zero else 0  # of joins all are at 0
                facts += [self.says("a", operator, value) for operator, _ in tests]
            result.append(Case(name, {}, facts))
        return result


def order_of(first: Unit, second: Unit) -> list[Case]:
    """How two samples of a unit compare."""

    def case(operator: str, letters: str) -> Case:
        sign = "=" if operator == "==" else operator
        facts = []
        for letter in letters:
            both = [u.z if letter == "z" else variable(u.name(letter)) for u in (first, second)]
            label = f"{first.name(letter)} {sign} {second.name(letter)}"
            facts.append((label, compared(both[0], operator, both[1])))
        return Case(facts[0][0], {}, facts)

    if first.curve.increasing:
        return [case("<", "za"), case("==", "zas"), case(">", "za")]
    return [case("==", "zas"), case("!=", "z")]


# --- adjoints ----------------------------------------------------------------------------


@dataclass
class Adjoints:
    """What is known of the adjoints of one output on one sample."""

    values: list[Fraction] | None = None
    bounds: tuple[tuple[str, Fraction], ...] = ()
    gap: tuple[Fraction, Fraction] | None = None
    signs: str = ""

    @classmethod
    def of(cls, problem: Problem, target: Fraction | None) -> Adjoints:
        """Those of a problem's loss; with a target, if it is given."""
        name, hard = problem.loss_name, problem.data.get("targets", "real") != "real"
        told = problem.loss[name] if isinstance(problem.loss, dict) else {}
        convention = problem.data["derivative_at_kink"]
        if convention not in ("torch", "left", "right", "mean", "forbid") and (
            convention != "any" or name in ("mae", "hinge")
        ):
            raise CannotTell(str(convention))
        sign = "" if target is None else ">" if target <= 0 else "<" if target >= 1 else ""
        match name:
            case "mean" | "sum":
                return cls([F(1)])
            case "mae":
                at = {"left": [-1], "right": [1], "torch": [0], "mean": [0]}.get(convention, [])
                return cls([F(v) for v in sorted({-1, 1, *at})])
            case "hinge":
                half = [F(1, 2), F(-1, 2)] if convention == "mean" else []
                sign = "" if target is None else "<=" if target > 0 else ">="
                return cls(sorted({F(-1), F(0), F(1), *half}), signs=sign)
            case "huber" | "smooth_l1":
                end = F(told.get("delta", 1)) if name == "huber" else F(1)
                return cls(bounds=((">=", -end), ("<=", end)))
            case "bce":
                return cls(gap=(F(-1), F(1)) if hard else None, signs=sign)
            case "bce_with_logits" | "cross_entropy":
                gap = (F(0), F(0)) if hard else None
                return cls(bounds=((">", F(-1)), ("<", F(1))), gap=gap, signs=sign)
        raise CannotTell(name)

    def facts(self, name: str, *, given: bool) -> tuple[list[tuple[str, Formula]], list[Case]]:
        """Facts and the cases of the distinction, if there is one."""
        g, cases = variable(name), []
        facts: list[tuple[str, Formula]] = []

        def says(operator: str, end: Fraction) -> tuple[str, Formula]:
            return f"{name} {operator} {end}", compared(g, operator, number(end))

        if self.values is not None:
            vanishing = number(1)
            for value in self.values:
                vanishing = times(vanishing, minus(g, number(value)))
                cases.append(Case(f"{name} = {value}", {name: value}, []))
            facts.append((f"values of {name}", ("=", vanishing)))
        facts += [says(operator, end) for operator, end in self.bounds]
        if given:
            facts += [says(self.signs, F(0))] if self.signs else []
        elif self.gap is not None:
            low, high = self.gap
            off = times(minus(g, number(low)), minus(g, number(high)))
            facts.append(says("!=", low) if low == high else (f"{name} off its gap", (">", off)))
            cases = [Case(label, {}, [(label, fact)]) for label, fact in (says("<", low), says(">", high))]
        return facts, cases


OF_RESIDUALS = ("mae", "huber", "smooth_l1")


LIBRARIES: dict[str, dict[str, str]] = {
    "mae": {
        "jax": "right", "tensorflow": "0", "mlx": "0", "paddle": "0", "mindspore": "0", "torch==2.13": "0",
        "torch>=2.14": "0", "keras/jax": "left", "keras/tensorflow": "0", "keras/torch": "0", "mxnet": "0",
        "autograd": "0", "casadi": "0", "pytensor": "0",
    },
    "hinge": {
        "jax": "mean", "mlx": "0", "paddle": "0", "torch==2.13": "1", "torch>=2.14": "0", "keras/jax": "mean",
        "keras/tensorflow": "1", "keras/torch": "mean", "mxnet": "0", "autograd": "mean", "casadi": "mean",
    },
}  # fmt: skip
"""What libraries take at the kinks of losses."""
NAMED = {*LIBRARIES["mae"], *LIBRARIES["hinge"], "tinygrad"}


def at_kink(name: str, convention: Any) -> str | Fraction:
    """What is taken at the kinks of a loss: torch, left, right, mean or forbid, or a number."""
    if isinstance(convention, dict):
        convention = convention.get("loss", convention.get("default", "torch"))
    if convention in NAMED:
        need(convention in LIBRARIES[name], "a derivative that was not measured")
        convention = LIBRARIES[name][convention]
    return convention if convention in ("torch", "left", "right", "mean", "forbid") else rational(convention)


def adjoints_at_zero(problem: Problem) -> list[Fraction] | None:
    """The adjoints of an output whose loss is 0; None where that is not known."""
    name, convention = problem.loss_name, problem.data["derivative_at_kink"]
    if name in ("mse", "sse", "huber", "smooth_l1"):
        return [F(0)]
    if name in ("mae", "hinge") and convention == "any":
        return None
    if name == "mae":
        rule = at_kink(name, convention)
        at = {"left": [F(-1)], "right": [F(1)], "torch": [F(0)], "mean": [F(0)], "forbid": []}
        return at[rule] if isinstance(rule, str) else [rule]
    if name == "hinge":
        rule = at_kink(name, convention)
        slopes = {"left": F(1), "right": F(1), "mean": F(1, 2), "torch": F(0), "forbid": F(0)}
        slope = slopes[rule] if isinstance(rule, str) else rule
        return [F(0), -slope, slope] if slope else [F(0)]
    return [] if name in ("bce", "bce_with_logits", "cross_entropy") else None
