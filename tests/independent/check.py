"""A checker of certificates, written from docs/FORMATS.md and docs/theory alone, without zerograd.

    python -m tests.independent.check PROBLEM.json CERTIFICATE.json

It treats the systems `identities`, `dataset` and `moments`, for all activations and losses but formulas, and
`calculation` of rational numbers; the conventions torch, left, right, mean and forbid at kinks of units,
slopes that are chosen at kinks of those that are piecewise linear (any), and all choices under one of these.
Of others it says that it cannot tell. Problems are taken to be canonical; what makes a file no problem it
knows in part.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.independent.calculation import Calculation
from tests.independent.documents import CannotTell, No, keys, need, order, polynomial, powers, rational, read
from tests.independent.formulas import Formula, Poly, compared, flat, number, plus, power, put_in, times
from tests.independent.identities import Identities
from tests.independent.kinds import Kinds
from tests.independent.moments import Moments
from tests.independent.passes import Dataset
from tests.independent.problems import Problem
from tests.independent.samples import enough
from tests.independent.systems import Case, System


class Known(NamedTuple):
    """What holds at a node: facts, with the values that cases have fixed put in, and these cases."""

    facts: Mapping[str, Formula]
    values: Mapping[str, Fraction]
    cases: tuple[Case, ...]

    def under(self, case: Case) -> Known:
        values = {**self.values, **case.values}
        new = [pair for label, formula in case.facts for pair in flat(label, formula)]
        facts = {label: put_in(fact, case.values) for label, fact in self.facts.items()}
        facts |= {label: put_in(fact, values) for label, fact in new}
        return Known(facts, values, (*self.cases, case))


class Part:
    """The refutation of one system. Names belong to a part."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.done: dict[str, tuple[Case, ...]] = {}

    def check(self, node: Any, known: Known) -> None:
        need(isinstance(node, dict), "a node is an object")
        need(len(known.cases) <= 250, "more than 250 nested cases")
        if "cofactors" in node:
            keys(node, {"cofactors"}, {"nonzero", "positive", "name"})
            self.leaf(node, known.facts)
        elif "like" in node:
            keys(node, {"like"}, {"samples", "units"})
            self.like(node, known)
            return
        else:
            (kind,) = {"split", "compare", "sign", "floor", "either"} & set(node) or {""}
            need(kind, "no kind of node")
            keys(node, {kind, "cases"} | ({"below"} if kind == "floor" else set()), {"name"})
            cases = self.cases(kind, node, known)
            keys(node["cases"], {case.name for case in cases}, set())
            for case in cases:
                self.check(node["cases"][case.name], known.under(case))
        name = node.get("name")
        if name is not None:
            need(type(name) is str and name not in self.done, "a name of its own")
            self.done[name] = known.cases

    def cases(self, kind: str, node: Any, known: Known) -> list[Case]:
        if kind == "split":
            need(type(node["split"]) is str and node["split"] in self.system.splits, "no such distinction")
            return self.system.splits[node["split"]]
        if kind == "either":
            label = node["either"]
            need(type(label) is str, "a label is a text")
            sign, *parts = known.facts.get(label, ("none",))
            need(sign == "or", "no disjunction")
            return [Case(str(n), {}, [(f"{label}/{n}", part)]) for n, part in enumerate(parts)]
        p = polynomial(node[kind])
        label = f"case {1 + sum(label.startswith('case ') for label in known.facts)}"
        zero: Poly = {}
        match kind:
            case "compare":
                ways = [("= 0", compared(p, "==", zero)), ("!= 0", compared(p, "!=", zero))]
            case "sign":
                ways = [("< 0", compared(p, "<", zero)), ("= 0", compared(p, "==", zero))]
                ways.append(("> 0", compared(p, ">", zero)))
            case _:
                k = node["below"]
                need(type(k) is int, "a whole number")
                whole = all(c.denominator == 1 for c in p.values())
                need(whole and {v for m in p for v in m} <= self.system.integers, "no integers")
                ways = [(f"<= {k}", compared(p, "<=", number(k)))]
                ways.append((f">= {k + 1}", compared(p, ">=", number(k + 1))))
        return [Case(name, {}, [(label, fact)]) for name, fact in ways]

    def like(self, node: Any, known: Known) -> None:
        need(type(node["like"]) is str and node["like"] in self.done, "no earlier node of this name")
        units = node.get("units", {})
        need(isinstance(units, dict), "units are an object")
        need(all(re.fullmatch("[1-9][0-9]{0,3}", layer) for layer in units), "no number of a layer")
        orders = {int(layer): order(units[layer]) for layer in units}
        samples = order(node.get("samples", []))
        new = {name: self.system.renamed(name, samples, orders) for name in self.system.variables()}
        need(self.system.symmetric(new), "the renaming changes the facts")
        here = {case.meaning({}) for case in known.cases}
        need(all(case.meaning(new) in here for case in self.done[node["like"]]), "not assumed here")

    def leaf(self, node: Any, facts: Mapping[str, Formula]) -> None:
        def fact(label: str, signs: str) -> tuple[str, Poly]:
            sign, *parts = facts.get(label, ("none",))
            need(sign in signs.split(), f"no fact {signs}: {label}")
            return sign, parts[0]

        need(isinstance(node["cofactors"], dict), "cofactors are an object")
        cofactors = {label: polynomial(p) for label, p in node["cofactors"].items()}
        nonzero = powers(node.get("nonzero", {}))
        positive = node.get("positive", [])
        need(isinstance(positive, list), "positive is a list")
        left, strict = ({}, False) if positive else (number(1), True)
        for term in positive:
            keys(term, {"coefficient"}, {"factors", "squares"})
            coefficient = term["coefficient"]
            c = Fraction(coefficient) if type(coefficient) is int else rational(coefficient)
            need(c > 0, "a coefficient above 0")
            value, above = number(c), True
            for label, exponent in powers(term.get("factors", {})).items():
                sign, p = fact(label, "> >= !=")
                need(sign != "!=" or exponent % 2 == 0, "an even power")
                above &= sign != ">="
                value = times(value, power(p, exponent))
            need(isinstance(term.get("squares", []), list), "squares are a list")
            for square in map(polynomial, term.get("squares", [])):
                above &= set(square) == {()}
                value = times(value, times(square, square))
            left, strict = plus(left, value), strict or above
        need(strict, "no product is surely above 0")
        for label, exponent in nonzero.items():
            left = times(left, power(fact(label, "!= >")[1], exponent))
        right: Poly = {}
        for label, p in cofactors.items():
            right = plus(right, times(p, fact(label, "=")[1]))
        need(left == right, "no identity")


def check_point(problem: Problem, data: Any) -> None:
    """Return if the given point is not the minimum that is asked for. Raises No."""
    keys(data, {"format", "problem", "point"}, set())
    need(data["format"] == "zerograd.certificate/1", "another format")
    need(data["problem"] == problem.digest, "another problem")
    given = Kinds(problem)
    kind = given.check(data["point"])
    asked = problem.data.get("minimum")
    none = kind in ("maximum in some direction", "saddle", "no minimum")
    need(asked in ("local", "global"), "no minimum is asked for")
    least = given.is_global(data["point"])
    spurious = problem.data.get("spurious") and least is True
    need(none or (asked == "global" and least is False) or spurious, "it may be one")


def check(problem: Problem, data: Any) -> None:
    """Return if the certificate is accepted. Raises No or CannotTell."""
    if isinstance(data, dict) and "point" in data:
        check_point(problem, data)
        return
    keys(data, {"format", "problem", "parts"}, {"derivative_at_kink", "better"})
    need(data["format"] == "zerograd.certificate/1", "another format")
    need(data["problem"] == problem.digest, "another problem")
    need(isinstance(data["parts"], list) and data["parts"], "no parts")
    problem = problem.necessary()
    if "better" in data:
        need(problem.data.get("minimum") == "global", "no global minimum is asked for")
        bound = Kinds.of_data(problem, data["better"]).loss
        where = [*problem.data.get("where", []), f"loss <= {bound}"]
        rest = {key: value for key, value in problem.data.items() if key != "minimum"}
        problem = Problem({**rest, "where": where})
    if "derivative_at_kink" in data:
        problem = problem.under(data["derivative_at_kink"])
    n, every, numbers = enough(problem), False, set()
    for part in data["parts"]:
        keys(part, {"system", "proof"}, {"samples"})
        kind = part["system"]
        need(kind in ("dataset", "moments", "identities", "calculation"), "no such system")
        if kind in ("dataset", "calculation"):
            samples = part.get("samples")
            need(type(samples) is int and samples > 0, "a number of samples")
            asked = problem.least <= samples and (problem.most is None or samples <= problem.most)
            need(asked or n is not None, "a number of samples that is not asked for")
            numbers.add(samples)
            every |= n is not None and samples >= n
        else:
            need("samples" not in part, "it has no number of samples")
            every = True
    if n is not None:
        numbers = {*range(1, max(numbers, default=0) + 1)}
    covered = problem.most is not None and numbers.issuperset(range(problem.least, problem.most + 1))
    need(every or covered, "a number of samples is left over")
    for part in data["parts"]:
        if part["system"] not in SYSTEMS:
            raise CannotTell(part["system"])
        system = system_of(problem, part["system"], part.get("samples"))
        Part(system).check(part["proof"], Known(system.facts, {}, ()))


SYSTEMS: dict[str, Callable[[Problem, Any], System]] = {
    "identities": lambda problem, _: Identities(problem),
    "moments": lambda problem, _: Moments(problem),
    "dataset": Dataset,
    "calculation": Calculation,
}
"""The facts of a problem, for a number of samples if they have one."""


@lru_cache(maxsize=4)
def system_of(problem: Problem, kind: str, samples: Any) -> System:
    """Return the facts, made once for many certificates of one problem."""
    return SYSTEMS[kind](problem, samples)


@lru_cache(maxsize=1)
def problem_of(text: str) -> Problem:
    """Return the problem, read once for many certificates."""
    return Problem(read(text))


def verdict(problem: str, certificate: str) -> str:
    """Return accepted, refused: …, or unknown: …, of the texts of two documents."""
    try:
        check(problem_of(problem), read(certificate))
    except No as reason:
        return f"refused: {reason}"
    except CannotTell as what:
        return f"unknown: {what}"
    return "accepted"


if __name__ == "__main__":
    print(verdict(*(Path(path).read_text(encoding="utf-8") for path in sys.argv[1:])))
