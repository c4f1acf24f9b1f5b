"""Certificates: those that are found are accepted, and nothing else is.

A certificate that is accepted for a problem that has an answer would be the worst of bugs. So proofs are
damaged in every place, offered for problems that they are not about, and made up by hand.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zerograd.core.check import main
from zerograd.core.errors import FormatError, Refused
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.certificate import (
    FORMAT,
    MAX_DEPTH,
    Certificate,
    Compare,
    Identity,
    Like,
    Node,
    Part,
    Product,
    certificate_from_json,
)
from zerograd.core.refuting.facts import Both, Fact, Formula
from zerograd.core.refuting.refutation import (
    cases_of,
    check_certificate,
    check_identity,
    every_samples,
    system_of,
)
from zerograd.core.refuting.system import Case
from zerograd.core.verdict.checking import check_fewer
from zerograd.proving.certify import certify
from zerograd.spec import loads

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
CROSSED: dict[str, Any] = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}

PROVABLE: dict[str, Callable[[], Problem]] = {
    "M=1 H=1": lambda: Problem(network=[1, 1, 1], samples=1, **HEADLINE),
    "M=2 H=1": lambda: Problem(network=[1, 1, 1], samples=2, **HEADLINE),
    "M=1 H=2": lambda: Problem(network=[1, 2, 1], samples=1, **HEADLINE),
    "M=2 H=2": lambda: Problem(network=[1, 2, 1], samples=2, **HEADLINE),
    "right": lambda: Problem(network=[1, 1, 1], samples=2, derivative_at_kink="right", **CROSSED),
    "forbid": lambda: Problem(network=[1, 1, 1], samples=2, derivative_at_kink="forbid", **HEADLINE),
    "crossed": lambda: Problem(network=[1, 1, 1], samples="any", **CROSSED),
    "a range": lambda: Problem(network=[1, 1, 1], samples={"from": 1, "to": 2}, **HEADLINE),
    "identities": lambda: Problem(
        network=[1, 2, 1], samples=2, zero=["w1", "b1", "w2[0,0]"], positive=["w2[0,1]"], where=["w2 > 0"]
    ),
    "where": lambda: Problem(
        network=[1, 1, 1], samples=2, positive=["b2"], where=["abs(r) + r == 0", "max(x) < 3"]
    ),
    "either": lambda: Problem(network=[1, 1], samples=1, where=["w1 == 1 or w1 == 2", "w1 > 2"]),
    "quotient": lambda: Problem(network=[1, 1], samples=1, where=["w1 > 0", "1 / w1 < 0"]),
    "bounds": lambda: Problem(
        network=[1, 1], samples=2, bounds={"x": [0, 1], "w1": [0, 1], "b1": [0, 2]}, where=["y_hat[1] > 3"]
    ),
    "given": lambda: Problem(
        network=[1, 1],
        samples=2,
        given={"x": [[1], [2]], "w1": [[3]], "y": [[0], [3]]},
        zero=["w1", "b1"],
        where=["loss > 0"],
    ),
    "integer": lambda: Problem(
        network=[1, 1],
        samples=1,
        domain="integer",
        where=["2 * w1 == 2 * b1 + 1"],
        bounds={"w1": [-2, 2], "b1": [-2, 2]},
    ),
    "symmetric": lambda: Problem(
        network=[1, 1, 1], samples=2, zero=["w2"], nonzero=["b1"], where=["z1 * w2 * r > 0"]
    ),
    "two units": lambda: Problem(network=[1, 2, 1], samples=1, zero=["b2"], some_nonzero=["w1"]),
}


@cache
def proved(name: str) -> tuple[Problem, str]:
    """A problem that has no answer, and a certificate of it, as text."""
    if name == "exchange":
        problem = Problem(network=[1, 2, 1], samples=2, where=[*OPPOSITE, "b1[1] >= 0"])
        return problem, json.dumps(offered(problem, exchanged(units={"1": [1, 0]}), samples=2))
    problem = PROVABLE[name]()
    found = certify(problem, deadline=time.monotonic() + 60, fixed=name != "crossed" and name != "identities")
    assert found.certificate is not None, found.open
    return problem, json.dumps(found.certificate.to_json())


def accepted(problem: Problem, data: object) -> bool:
    """Whether a document is accepted as a certificate; it may be refused, and no more."""
    try:
        check_certificate(problem, certificate_from_json(data))
    except (Refused, FormatError) as error:
        assert len(str(error)) < 4000
        return False
    return True


@pytest.mark.parametrize("name", PROVABLE)
def test_what_is_found_is_accepted(name: str) -> None:
    """Also after a journey through JSON; and by the second checker below."""
    problem, text = proved(name)
    certificate = certificate_from_json(json.loads(text))
    check_certificate(problem, certificate)
    assert json.dumps(certificate.to_json()) == text
    assert certificate_from_json(certificate.to_json()) == certificate
    assert Second(problem).accepts(certificate)


@pytest.mark.parametrize("path", sorted(Path("problems").glob("*.yaml")), ids=lambda path: path.stem)
def test_problems_that_expect_unsat_have_certificates(path: Path) -> None:
    """Of the examples."""
    problem = loads(path.read_text())
    if problem.expect != "unsat":
        pytest.skip("has an answer")
    found = certify(problem, deadline=time.monotonic() + 60)
    assert found.certificate is not None
    check_certificate(problem, found.certificate)


# --- a second checker --------------------------------------------------------------------------

PRIME = 2**127 - 1


class Second:
    """Identities are compared at a random point of a prime field, where the cases' values are put in.

    Facts and case distinctions are those of the system, which tests/core/test_systems.py holds against
    networks and datasets; all else is done anew.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def accepts(self, certificate: Certificate) -> bool:
        asked, enough = self.problem.samples, sufficient_samples(self.problem)
        refuted: set[int] = set()
        everything = False
        for part in certificate.parts:
            self.system = system_of(self.problem, part.kind, part.samples)
            self.done: dict[str, tuple[Case, ...]] = {}
            facts = [*self.system.facts.items()]
            if not self.node(part.root, facts, ()):
                return False
            everything |= part.kind != "dataset"
            if part.samples is not None:
                refuted |= {part.samples}
                everything |= enough is not None and part.samples >= enough
                refuted |= set(range(1, part.samples)) if enough is not None else set()
        return everything or (
            asked.most is not None and refuted.issuperset(range(asked.least, asked.most + 1))
        )

    def node(self, node: Node, facts: list[tuple[str, Any]], assumed: tuple[Case, ...]) -> bool:
        if isinstance(node, Identity):
            if node.name is not None:
                self.done[node.name] = assumed
            return self.identity(node, dict(facts), assumed)
        if isinstance(node, Like):
            return self.like(node, assumed)
        cases = cases_of(self.system, node, dict(facts))
        if sorted(node.cases) != sorted(case.name for case in cases):
            return False
        for case in cases:
            added = [pair for label, formula in case.facts for pair in flat(label, formula)]
            if not self.node(node.cases[case.name], facts + added, (*assumed, case)):
                return False
        if node.name is not None:
            self.done[node.name] = assumed
        return True

    def like(self, node: Like, assumed: tuple[Case, ...]) -> bool:
        if node.like not in self.done:
            return False
        names = {v: self.system.rename(node.renaming, v) for v in self.system.variables}
        everything = [("", f) for f in self.system.facts.values()]
        if {plain(f, names) for _, f in everything} != {plain(f, {}) for _, f in everything}:
            return False
        splits = [
            {case_plain(c, n) for c in cases} for n in (names, {}) for cases in self.system.splits.values()
        ]
        half = len(splits) // 2
        if {frozenset(s) for s in splits[:half]} != {frozenset(s) for s in splits[half:]}:
            return False
        here = {case_plain(case, {}) for case in assumed}
        return all(case_plain(case, names) in here for case in self.done[node.like])

    def identity(self, node: Identity, facts: Mapping[str, Any], assumed: tuple[Case, ...]) -> bool:
        labels = {*node.cofactors, *node.nonzero, *(f for p in node.positive for f in p.factors)}
        if not all(isinstance(facts.get(label), Fact) for label in labels):
            return False
        chance = Random(0)
        point = {name: chance.randrange(PRIME) for name in self.system.variables}
        for case in assumed:
            point.update({name: residue(value) for name, value in case.values.items()})

        def value(p: Polynomial) -> int:
            total = 0
            for monomial, c in p.terms.items():
                term = residue(c)
                for name, exponent in monomial:
                    term = (
                        term * pow(point.setdefault(name, chance.randrange(PRIME)), exponent, PRIME) % PRIME
                    )
                total += term
            return total % PRIME

        left = 0 if node.positive else 1
        strict = not node.positive
        for product in node.positive:
            if product.coefficient <= 0:
                return False
            term, above = residue(product.coefficient), True
            for label, power in product.factors.items():
                sign = facts[label].sign
                if not (sign in (">", ">=") or (sign == "!=" and power % 2 == 0)):
                    return False
                above &= sign != ">="
                term = term * pow(value(facts[label].polynomial), power, PRIME)
            for square in product.squares:
                above &= set(square.terms) == {()}
                term = term * value(square) ** 2
            left += term
            strict |= above
        for label, power in node.nonzero.items():
            if facts[label].sign not in ("!=", ">"):
                return False
            left = left * pow(value(facts[label].polynomial), power, PRIME)
        if any(facts[label].sign != "=" for label in node.cofactors):
            return False
        right = sum(value(c) * value(facts[label].polynomial) for label, c in node.cofactors.items())
        return strict and (left - right) % PRIME == 0


def residue(value: Fraction | int) -> int:
    value = Fraction(value)
    return value.numerator * pow(value.denominator, -1, PRIME) % PRIME


def flat(label: str, formula: Formula) -> Iterator[tuple[str, Formula]]:
    if isinstance(formula, Both):
        for n, part in enumerate(formula.parts):
            yield from flat(f"{label}.{n}" if len(formula.parts) > 1 else label, part)
    else:
        yield label, formula


def plain(formula: Formula, names: Mapping[str, str]) -> object:
    """The same for formulas that say the same but for positive factors, renamed."""
    if isinstance(formula, Fact):
        terms = {
            tuple(sorted((names.get(n, n), e) for n, e in monomial)): c
            for monomial, c in formula.polynomial.terms.items()
        }
        size = terms[max(terms)] if terms else Fraction(1)
        size = size if formula.sign in ("=", "!=") else abs(size)
        return formula.sign, frozenset((monomial, c / size) for monomial, c in terms.items())
    return type(formula).__name__, frozenset(plain(part, names) for part in formula.parts)


def case_plain(case: Case, names: Mapping[str, str]) -> object:
    values = frozenset((names.get(n, n), v) for n, v in case.values.items())
    return values, frozenset(plain(fact, names) for _, fact in case.facts)


# --- mutations ----------------------------------------------------------------------------------


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with every key or position of it."""
    if isinstance(data, dict | list):
        for key in [*data] if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from places(data[key])


def words(data: Any) -> set[str]:
    """All texts in a document, keys among them."""
    if isinstance(data, dict):
        return {*data, *(word for value in data.values() for word in words(value))}
    if isinstance(data, list):
        return {word for value in data for word in words(value)}
    return {data} if isinstance(data, str) else set()


def other_values(value: Any, known: list[str], chance: Random) -> list[Any]:
    if isinstance(value, str):
        try:
            c = Fraction(value)
        except ValueError:
            return [chance.choice(known), value + "0", "moments", "dataset", "n0"]
        return [str(c + 1), str(-c), "0", str(2 * c), chance.choice(known)]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, str(value)]
    if isinstance(value, list):
        return [value[1:], value[:-1], [*value, *value[-1:]], value[::-1], []]
    return [{}, [], None, {"cofactors": {}}, {"like": "n0"}]


def mutants(data: Any, known: list[str], chance: Random) -> Iterator[Any]:
    """Copies of a document with one thing changed: each value, each key, each thing dropped or swapped."""
    size = sum(1 for _ in places(data))
    for n in range(size):

        def changed(change: Callable[[Any, Any], None], n: int = n) -> Any:
            result = copy.deepcopy(data)
            change(*[*places(result)][n])
            return result

        container, key = [*places(data)][n]

        for value in other_values(container[key], known, chance):
            yield changed(partial(_put, value))
        yield changed(_drop)
        if isinstance(container, dict):
            for name in (chance.choice(known), "n0", key + ".0"):
                yield changed(partial(_rename, name))
            others = [k for k in container if k != key]
            if others:
                yield changed(partial(_swap, chance.choice(others)))
                yield changed(partial(_repeat, chance.choice(others)))


def _put(value: Any, container: Any, key: Any) -> None:
    container[key] = value


def _drop(container: Any, key: Any) -> None:
    container.pop(key)


def _rename(name: str, container: Any, key: Any) -> None:
    container[name] = container.pop(key)


def _swap(other: str, container: Any, key: Any) -> None:
    container[key], container[other] = container[other], container[key]


def _repeat(other: str, container: Any, key: Any) -> None:
    container[key] = copy.deepcopy(container[other])


SATISFIABLE: dict[str, list[Problem]] = {
    "exchange": [Problem(network=[1, 2, 1], samples=2, where=["b1[0] >= 0", "b1[0] * b1[1] < 0"])],
    "M=2 H=1": [
        Problem(network=[1, 1, 1], samples=3, **HEADLINE),
        Problem(network=[1, 1, 1], samples=2, zero=["w2", "b2"], nonzero=["w1"]),
        Problem(network=[1, 1, 1], samples="any", **HEADLINE),
    ],
    "crossed": [Problem(network=[1, 2, 1], samples="any", **CROSSED)],
    "either": [Problem(network=[1, 1], samples=1, where=["w1 == 1 or w1 == 2", "w1 >= 2"])],
    "integer": [
        Problem(
            network=[1, 1], samples=1, where=["2 * w1 == 2 * b1 + 1"], bounds={"w1": [-2, 2], "b1": [-2, 2]}
        )
    ],
}


@pytest.mark.parametrize(
    "name",
    [
        *("M=1 H=1", "M=2 H=1", "crossed", "either", "two units", "quotient", "exchange"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("M=2 H=2", "right", "forbid", "a range", "symmetric")
        ),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("identities", "where", "bounds", "given", "integer")
        ),
    ],
)
def test_mutants_are_refused(name: str) -> None:
    """A changed certificate is refused, or the second checker finds that it is a proof as well.

    Offered for a problem that has an answer, it is refused in any case.
    """
    problem, text = proved(name)
    data = json.loads(text)
    chance = Random(name)
    part = certificate_from_json(data).parts[0]
    system = system_of(problem, part.kind, part.samples)
    known = sorted({*words(data), *system.facts, *system.splits, *system.variables})
    total = survived = 0
    for mutant in mutants(data, known, chance):
        total += 1
        if json.dumps(mutant) != text and accepted(problem, mutant):
            survived += 1
            assert Second(problem).accepts(certificate_from_json(mutant)), mutant
        for other in SATISFIABLE.get(name, ()):
            if isinstance(mutant, dict) and total % 3 == 0:
                number = other.samples.fixed
                for part in mutant["parts"] if isinstance(mutant.get("parts"), list) else ():
                    if isinstance(part, dict) and "samples" in part and number is not None:
                        part["samples"] = number
                assert not accepted(other, {**mutant, "problem": other.digest}), mutant
    assert total > 100
    assert survived <= total // 10


# --- proofs made up for problems that have answers ----------------------------------------------

ONE = [["1"]]
CONTRADICTION: dict[str, Any] = {"cofactors": {}}  # says 1 = 0


def offered(problem: Problem, proof: Any, kind: str = "dataset", samples: int | None = 1) -> dict[str, Any]:
    part = {"system": kind, "proof": proof} | ({} if samples is None else {"samples": samples})
    return {"format": FORMAT, "problem": problem.digest, "parts": [part]}


WEAK = Problem(network=[1, 1], samples=1, where=["w1 >= 0", "b1 != 0", "w1 == 0 or w1 == 1", "x > 0"])
"""It has answers, with w1 = 0 and with w1 = 1."""
HALF = Problem(network=[1, 1], samples=1, where=["2 * w1 == 1", "w1 > 0"])
UNITS = Problem(network=[1, 2, 1], samples=2, where=["b1[0] > 0", "x[0] > 0"])
w1, b1, x = ([["1", name]] for name in ("w1[0,0]", "b1[0]", "x[0,0]"))


def product(coefficient: str = "1", **rest: Any) -> dict[str, Any]:
    return {"cofactors": {}, "positive": [{"coefficient": coefficient, **rest}]}


MADE_UP: dict[str, tuple[Problem, Any]] = {
    "nothing": (WEAK, {"cofactors": {}}),
    "an empty sum": (WEAK, {"cofactors": {}, "positive": []}),
    "no such label": (WEAK, {"cofactors": {"case 1": ONE}}),
    "a case is missing": (WEAK, {"compare": w1, "cases": {"!= 0": {"cofactors": {}}}}),
    "no case": (WEAK, {"compare": w1, "cases": {}}),
    "no sign": (
        WEAK,
        {"sign": w1, "cases": {"= 0": {"cofactors": {"case 1": ONE}}, "!= 0": {"cofactors": {}}}},
    ),
    "a case too many": (
        WEAK,
        {"compare": w1, "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION, "> 0": CONTRADICTION}},
    ),
    "an inequation as an equation": (WEAK, {"cofactors": {"where[1]": ONE}, "nonzero": {"where[1]": 1}}),
    "an inequality as an equation": (WEAK, {"cofactors": {"where[0]": ONE}}),
    "a weak fact as not 0": (
        WEAK,
        {
            "compare": w1,
            "cases": {
                "= 0": {"cofactors": {"case 1": ONE}, "nonzero": {"where[0]": 1}},
                "!= 0": {"cofactors": {}},
            },
        },
    ),
    "a weak product as above 0": (
        WEAK,
        {
            "sign": w1,
            "cases": {
                "< 0": product(factors={"where[0]": 1, "case 1": 1}),
                "= 0": {
                    "cofactors": {"case 1": ONE},
                    "positive": [{"coefficient": "1", "factors": {"where[0]": 1}}],
                },
                "> 0": CONTRADICTION,
            },
        },
    ),
    "an odd power of what is not 0": (WEAK, product(factors={"where[1]": 1})),
    "an odd cube": (
        WEAK,
        {
            "cofactors": {},
            "positive": [
                {"coefficient": "1", "factors": {"where[1]": 3}},
                {"coefficient": "-1", "factors": {"where[1]": 3}},
            ],
        },
    ),
    "a coefficient of 0": (WEAK, product("0")),
    "a coefficient below 0": (
        WEAK,
        {"cofactors": {}, "positive": [{"coefficient": "1"}, {"coefficient": "-1"}]},
    ),
    "a square as above 0": (
        WEAK,
        {
            "compare": w1,
            "cases": {
                "= 0": {"cofactors": {"case 1": w1}, "positive": [{"coefficient": "1", "squares": [w1]}]},
                "!= 0": CONTRADICTION,
            },
        },
    ),
    "the square of 0": (WEAK, {"cofactors": {}, "positive": [{"coefficient": "1", "squares": [[]]}]}),
    "an equation as a factor": (
        HALF,
        {"cofactors": {"where[0]": ONE}, "positive": [{"coefficient": "1", "factors": {"where[0]": 1}}]},
    ),
    "an equation as not 0": (HALF, {"cofactors": {"where[0]": ONE}, "nonzero": {"where[0]": 1}}),
    "a power of 0": (WEAK, {"cofactors": {}, "nonzero": {"where[1]": 0}}),
    "alternatives of a plain fact": (WEAK, {"either": "where[0]", "cases": {}}),
    "alternatives of nothing": (WEAK, {"either": "where[9]", "cases": {}}),
    "one of the alternatives": (
        WEAK,
        {"either": "where[2]", "cases": {"0": {"cofactors": {"where[2]/0": ONE}}}},
    ),
    "a disjunction as an equation": (WEAK, {"cofactors": {"where[2]": ONE}}),
    "another branch's label": (
        WEAK,
        {
            "either": "where[2]",
            "cases": {
                "0": {"cofactors": {"where[2]/0": ONE, "where[2]/1": [["-1"]]}},
                "1": {"cofactors": {"where[2]/0": ONE, "where[2]/1": [["-1"]]}},
            },
        },
    ),
    "the label of the other case": (
        WEAK,
        {
            "compare": w1,
            "cases": {
                "= 0": {"cofactors": {"case 1": ONE}},
                "!= 0": {"cofactors": {"case 1": ONE}, "nonzero": {"case 1": 1}},
            },
        },
    ),
    "a floor of reals": (
        HALF,
        {
            "floor": w1,
            "below": 0,
            "cases": {
                "<= 0": product(factors={"where[1]": 1, "case 1": 1}),
                ">= 1": {
                    "cofactors": {"where[0]": ONE},
                    "positive": [{"coefficient": "2", "factors": {"case 1": 1}}, {"coefficient": "1"}],
                },
            },
        },
    ),
    "a split that is not made": (WEAK, {"split": "z1[0,0]", "cases": {}}),
    "like oneself": (
        WEAK,
        {"compare": w1, "name": "a", "cases": {"= 0": {"like": "a"}, "!= 0": {"like": "a"}}},
    ),
    "like each other": (
        WEAK,
        {
            "compare": w1,
            "name": "a",
            "cases": {
                "= 0": {"compare": b1, "name": "b", "cases": {"= 0": {"like": "c"}, "!= 0": {"like": "c"}}},
                "!= 0": {"compare": b1, "name": "c", "cases": {"= 0": {"like": "b"}, "!= 0": {"like": "b"}}},
            },
        },
    ),
    "like nobody": (WEAK, {"like": "a"}),
    "like another case": (
        HALF,
        {
            "compare": [["2", "w1[0,0]"], ["-1"]],
            "cases": {
                "!= 0": {
                    "compare": b1,
                    "name": "a",
                    "cases": {
                        "= 0": {"cofactors": {"where[0]": ONE}, "nonzero": {"case 1": 1}},
                        "!= 0": {"cofactors": {"where[0]": ONE}, "nonzero": {"case 1": 1}},
                    },
                },
                "= 0": {"like": "a"},
            },
        },
    ),
    "like, with units exchanged that differ": (
        UNITS,
        {
            "sign": b1,
            "cases": {
                "< 0": {
                    "compare": w1,
                    "name": "a",
                    "cases": {"= 0": product(factors={"where[0]": 1, "case 1": 1}), "!= 0": product()},
                },
                "= 0": CONTRADICTION,
                "> 0": {"like": "a", "units": {"1": [1, 0]}},
            },
        },
    ),
    "like, with a layer that is not": (UNITS, {"like": "a", "units": {"7": [1, 0]}}),
}


@pytest.mark.parametrize("name", MADE_UP)
def test_made_up_proofs_are_refused(name: str) -> None:
    """Of problems that have answers, in any of the three systems."""
    problem, proof = MADE_UP[name]
    samples = problem.samples.fixed
    assert not accepted(problem, offered(problem, proof, samples=samples))
    assert not accepted(problem, offered(problem, proof, "moments", None))
    assert not accepted(problem, offered(problem, proof, "identities", None))


OPPOSITE = ["b1[0] >= 0", "b1[0] * b1[1] < 0"]


def exchanged(**renaming: Any) -> Any:
    """b1[1] < 0 is refuted like b1[0] < 0, which contradicts b1[0] >= 0."""
    first, second = [["1", "b1[0]"]], [["1", "b1[1]"]]
    below = {
        "cofactors": {},
        "positive": [{"coefficient": "1", "factors": {label: 1}} for label in ("where[0]", "case 1")],
    }
    named = {"compare": [["1", "b2[0]"]], "name": "a", "cases": {"= 0": below, "!= 0": below}}
    both = {"coefficient": "1", "factors": {"case 1": 1, "case 2": 1}}
    opposite = {"coefficient": "1", "factors": {"where[1]": 1}}
    inner = {
        "< 0": {"like": "a", **renaming},
        "= 0": {"cofactors": {"case 2": [["-1", "b1[0]"]]}, "positive": [opposite]},
        "> 0": {"cofactors": {}, "positive": [opposite, both]},
    }
    zero = {"cofactors": {"case 1": [["-1", "b1[1]"]]}, "positive": [opposite]}
    return {"sign": first, "cases": {"< 0": named, "= 0": zero, "> 0": {"sign": second, "cases": inner}}}


def test_a_renaming_must_leave_all_facts_as_they_are() -> None:
    """Where both biases are at least 0, one case is like the other; where only one is, it is not."""
    exchange = {"units": {"1": [1, 0]}}
    symmetric = Problem(network=[1, 2, 1], samples=2, where=[*OPPOSITE, "b1[1] >= 0"])
    one_sided = Problem(network=[1, 2, 1], samples=2, where=OPPOSITE)
    for kind, samples in (("dataset", 2), ("moments", None), ("identities", None)):
        assert accepted(symmetric, offered(symmetric, exchanged(**exchange), kind, samples))
        for problem, renaming, message in (
            (one_sided, exchange, "a renaming that leaves"),
            (symmetric, {}, "all assumptions"),
            (symmetric, {"samples": [1, 0]}, "all assumptions"),
            (symmetric, {"units": {"1": [0, 1]}}, "all assumptions"),
            (symmetric, {"units": {"1": [2, 1, 0]}}, "a renaming that leaves"),
        ):
            with pytest.raises(Refused, match=message):
                check_certificate(
                    problem, certificate_from_json(offered(problem, exchanged(**renaming), kind, samples))
                )


def test_integers_change_places_with_integers() -> None:
    """Renamings of integers, of which facts do not name all."""
    problem = Problem(
        network=[1, 2, 1],
        samples=2,
        domain="integer",
        given={"x": [[1], [None]]},
        where=["b1[0] >= 0", "b1[0] * b1[1] < 0", "b1[1] >= 0"],
    )
    for kind, samples in (("dataset", 2), ("identities", None)):
        proof = exchanged(units={"1": [1, 0]})
        assert accepted(problem, offered(problem, proof, kind, samples))


@pytest.mark.parametrize("kind", ["moments", "identities"])
@pytest.mark.parametrize("samples", [1, 0, -1, "1", None, [1], True])
def test_only_datasets_have_a_number_of_samples(kind: str, samples: object) -> None:
    """A number beside another system is no certificate."""
    part = {"system": kind, "samples": samples, "proof": CONTRADICTION}
    with pytest.raises(FormatError, match="samples"):
        certificate_from_json({"format": FORMAT, "problem": "", "parts": [part]})


def test_each_number_of_samples_must_be_refuted() -> None:
    """A range with a gap; fewer than suffice; a number that is not asked; another problem's proof."""
    problem, text = proved("a range")
    data = json.loads(text)
    assert sufficient_samples(problem) == 4
    assert accepted(problem, data)
    (part,) = data["parts"]
    assert part["samples"] == 2  # by padding, a proof of 1 as well
    two, text = proved("M=2 H=1")
    proof = json.loads(text)["parts"][0]["proof"]
    for asked in ({"from": 1, "to": 3}, "any", "fewest", 1, 3):
        other = Problem(network=[1, 1, 1], samples=asked, **HEADLINE)
        assert accepted(other, offered(other, proof, samples=2)) == (asked == 1)
    spoken = Problem(network=[1, 1], samples={"from": 1, "to": 3}, where=["loss < 0"])
    parts = [
        {"system": "dataset", "samples": m, "proof": json.loads(certificate_of(spoken.with_samples(m)))}
        for m in (1, 2, 3)
    ]
    document = {"format": FORMAT, "problem": spoken.digest, "parts": parts}
    assert accepted(spoken, document)
    for n in range(3):
        assert not accepted(spoken, {**document, "parts": parts[:n] + parts[n + 1 :]})
    assert not accepted(
        spoken.with_samples("any"), {**document, "problem": spoken.with_samples("any").digest}
    )
    assert not accepted(two.with_kink("right"), json.loads(text))
    assert not accepted(two, {**json.loads(text), "problem": two.with_samples(1).digest})


def certificate_of(problem: Problem) -> str:
    found = certify(problem, deadline=time.monotonic() + 60, fixed=True).certificate
    assert found is not None
    return json.dumps(found.to_json()["parts"][0]["proof"])


def test_fewer_is_about_all_smaller_numbers() -> None:
    """The certificate beside a witness is of the same question for the numbers below, and no other."""
    fewest = Problem(network=[1, 1, 1], samples="fewest", **HEADLINE)
    problem, text = proved("a range")
    certificate = certificate_from_json(json.loads(text))
    check_fewer(fewest, 3, certificate)
    for samples in (1, 2, 4):
        with pytest.raises(Refused):
            check_fewer(fewest, samples, certificate)
    with pytest.raises(Refused):
        check_fewer(problem.with_kink("right"), 3, certificate)


def test_entries_beside_samples_do_not_refute() -> None:
    """x == [1, 2] says something else of each sample: no number of samples speaks for another."""
    problem = Problem(network=[1, 1, 1], samples=2, positive=["b2"], where=["x == [1, 2]"])
    both = {"cofactors": {"where[0].0": ONE, "where[0].1": [["-1"]]}}
    assert not accepted(problem, offered(problem, both, samples=1))
    at = {n: {"cofactors": {f"where[0] at x{n}.0": ONE, f"where[0] at x{n}.1": [["-1"]]}} for n in "01"}
    nowhere = product(factors={"grad(b2[0]) > 0": 1})
    proof = {
        "split": "pattern 1",
        "cases": {
            "no sample": {"split": "pattern 0", "cases": {"no sample": nowhere, "some sample": at["0"]}},
            "some sample": at["1"],
        },
    }
    assert not accepted(problem, offered(problem, proof, "moments", None))


def test_divisors_of_patterns_without_samples_do_not_refute() -> None:
    """1 / a1 is said of samples whose unit is active; in the other pattern a1 is 0: it has no sample."""
    problem = Problem(network=[1, 1, 1], samples="any", positive=["b2"], where=["a1 > 0", "1 / a1 < 5"])
    for label in ("t[0] quotient", "T0[0] quotient"):
        assert not accepted(problem, offered(problem, {"cofactors": {label: [["-1"]]}}, "moments", None))


def test_every_number_of_samples_is_claimed_where_it_is_proved() -> None:
    """By a system of any number, or a number that suffices."""
    for name, expected in (("crossed", True), ("M=2 H=1", False), ("identities", True)):
        problem, text = proved(name)
        assert every_samples(problem, certificate_from_json(json.loads(text))) == expected


# --- the rules of signs, against numbers ---------------------------------------------------------

SIGNS = ("=", "!=", ">", ">=")
small = st.integers(-2, 2)
polynomials = st.lists(st.tuples(small, st.lists(st.sampled_from("xy"), max_size=2)), max_size=3).map(
    lambda terms: sum(
        (
            Polynomial({tuple(sorted((v, names.count(v)) for v in {*names})): Fraction(c)})
            for c, names in terms
            if c
        ),
        Polynomial.constant(0),
    )
)


@st.composite
def leaves(draw: st.DrawFn) -> tuple[dict[str, Fact], dict[str, Fraction], Identity]:
    """Facts that are true of some numbers; products that are put together anyhow."""
    point = {name: Fraction(draw(small), draw(st.integers(1, 2))) for name in "xy"}
    facts = {}
    for n in range(draw(st.integers(1, 4))):
        p = draw(polynomials)
        value = p.at(point).constant_term
        p = -p if value < 0 else p
        true = [s for s in SIGNS if {"=": not value, "!=": bool(value), ">": bool(value), ">=": True}[s]]
        facts[f"f{n}"] = Fact(p, draw(st.sampled_from(true)))
    powers = st.dictionaries(st.sampled_from([*facts]), st.integers(1, 3), max_size=2)
    products = st.builds(
        Product,
        st.sampled_from([Fraction(n) for n in (1, 1, 2, 0, -1)]),
        powers,
        st.lists(polynomials, max_size=1).map(tuple),
    )
    return (
        facts,
        point,
        Identity({"e": Polynomial.constant(1)}, draw(powers), tuple(draw(st.lists(products, max_size=3)))),
    )


@settings(max_examples=400, deadline=None)
@given(leaves())
def test_a_left_side_is_never_0(drawn: tuple[dict[str, Fact], dict[str, Fraction], Identity]) -> None:
    """Whatever is let pass as not 0 is not 0 of any numbers of which the facts are true."""
    facts, point, identity = drawn
    left = Polynomial.constant(0 if identity.positive else 1)
    for each in identity.positive:
        value = Polynomial.constant(each.coefficient)
        for label, power in each.factors.items():
            for _ in range(power):
                value = value * facts[label].polynomial
        for square in each.squares:
            value = value * square * square
        left = left + value
    for label, power in identity.nonzero.items():
        for _ in range(power):
            left = left * facts[label].polynomial
    try:
        check_identity(identity, {**facts, "e": Fact(left, "=")})
    except Refused:
        return
    assert left.at(point).constant_term != 0


def test_the_product_of_many_terms_is_not_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget is for all steps of an identity together."""
    monkeypatch.setattr("zerograd.core.refuting.refutation.MAX_TERMS", 50_000)
    wide = sum((Polynomial.variable(f"v{n}") for n in range(40)), Polynomial.constant(1))
    facts = {f"f{n}": Fact(wide, ">") for n in range(40)}
    for identity in (
        Identity({}, dict.fromkeys(facts, 64)),
        Identity({}, {}, tuple(Product(Fraction(1), {label: 3}) for label in facts) * 20),
        Identity({}, {}, (Product(Fraction(1), {}, (wide * wide * wide,) * 9),)),
    ):
        with pytest.raises(Refused, match="at most 50000 products"):
            check_identity(identity, facts)


# --- damaged documents ---------------------------------------------------------------------------

JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    "",
    "x",
    "1/0",
    "1e999",
    "²",
    "\ud800",
    "\x1b[2J",
    "9" * 5000,
    [],
    {},
    [[]],
    [["1", 1]],
    [["0"]],
    {"like": "a"},
    {"cofactors": {}},
    {"x": 1},
    "dataset",
    "moments",
    [1, 0],
    [[["1"]]],
]


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(["M=2 H=1", "crossed", "either", "integer", "two units"]),
    st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["put", "drop", "key"]), st.sampled_from(JUNK)),
        max_size=4,
    ),
)
def test_damaged_documents_are_never_a_crash(name: str, changes: list[tuple[int, str, Any]]) -> None:
    """Whatever stands wherever: refused, or not of the form."""
    problem, text = proved(name)
    data = json.loads(text)
    for number, change, junk in changes:
        found = [*places(data)]
        if not found:
            break
        container, key = found[number % len(found)]
        if change == "put":
            container[key] = copy.deepcopy(junk)
        elif change == "drop":
            container.pop(key)
        elif isinstance(container, dict):
            container[str(junk)] = container.pop(key)
    if accepted(problem, data):
        assert Second(problem).accepts(certificate_from_json(data))


FILES: dict[str, tuple[str, int]] = {
    "no JSON": ("{", 2),
    "nothing": ("", 2),
    "nested deeply": ("[" * 200_000, 2),
    "keys nested deeply": ('{"cases":' * 100_000 + "1" + "}" * 100_000, 2),
    "not an object": ("[1]", 2),
    "another format": ('{"format": "x"}', 2),
    "no parts": (json.dumps({"format": FORMAT, "problem": "x", "parts": []}), 2),
    "NaN": ('{"format": NaN}', 2),
    "a key twice": ('{"format": 1, "format": 2}', 2),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_certificates(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line on what is wrong with them, and the exit code of unusable input."""
    text, code = FILES[name]
    assert run(text, PROVABLE["M=2 H=1"](), tmp_path) == code
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert len(captured.err) < 1000
    assert not captured.out


def run(text: str, problem: Problem, folder: Path) -> int:
    (folder / "p.json").write_text(json.dumps(problem.to_json()))
    (folder / "c.json").write_text(text)
    return main([str(folder / "p.json"), str(folder / "c.json")])


def nested(depth: int) -> Any:
    node: Any = CONTRADICTION
    for _ in range(depth):
        node = {"compare": w1, "cases": {"= 0": node, "!= 0": CONTRADICTION}}
    return node


HUGE: dict[str, Any] = {
    "cases, nested": nested(151),
    "cases, nested as far as may be": nested(150),
    "a long polynomial": {
        "compare": [["1", f"v{n}"] for n in range(200_000)],
        "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION},
    },
    "a high power": {
        "compare": [["1", *["v"] * 300_000]],
        "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION},
    },
    "long numbers": {
        "compare": [["9" * 90_000, "v"]],
        "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION},
    },
    "many cases": {"compare": w1, "cases": {str(n): CONTRADICTION for n in range(100_000)}},
    "a long floor": {"floor": w1, "below": int("9" * 4299), "cases": {}},
    "the longest floor": {"floor": [["1"]], "below": int("9" * 4300), "cases": {}},
    "many squares": {
        "cofactors": {},
        "positive": [{"coefficient": "1", "squares": [[["1", f"v{n}"] for n in range(300)]] * 50}],
    },
    "a long label": {"either": "e" * 10**6, "cases": {}},
    "signs to a terminal": {"either": "\x1b[2J", "cases": {"\x1b[2J": CONTRADICTION}},
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_certificates_are_refused_soon(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In seconds, with a message that fits a screen and has nothing in it for the terminal."""
    before = time.monotonic()
    problem = Problem(network=[1, 1], samples=1, domain="integer", where=["b1 != 0"])
    assert run(json.dumps(offered(problem, HUGE[name])), problem, tmp_path) in (1, 2)
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert shown.startswith(("refused: ", "error: "))
    assert len(shown) < 20_000
    assert "\x1b" not in shown
    assert time.monotonic() - before < 60


@pytest.mark.parametrize(
    ("arguments", "samples"),
    [
        ({"network": [2, 20, 20, 20, 1], "samples": "any"}, 20),
        ({"network": [1, *[10] * 8, 1], "samples": "any"}, 10),
        ({"network": [1, 1, 1], "samples": "any"}, 10**9),
        ({"network": [1, *[1] * 300, 1], "samples": "any"}, 5),
    ],
)
def test_systems_that_are_too_large_are_refused(arguments: dict[str, Any], samples: int) -> None:
    """Who writes a certificate cannot make the checker write out gradients for hours."""
    problem = Problem(zero=["b1"], **arguments)
    with pytest.raises(Refused, match=r"^system: "):
        check_certificate(problem, certificate_from_json(offered(problem, CONTRADICTION, samples=samples)))


def test_conditions_that_are_too_long_are_left_out() -> None:
    """What is not written out is not known, and the rest is."""
    problem = Problem(network=[1, 1], samples=20, where=["(sum(x) + loss)**64 >= 0", "w1 == 1"])
    facts = system_of(problem, "dataset", 20).facts
    assert [label for label in facts if label.startswith("where")] == ["where[1]"]


def test_one_budget_for_all_leaves() -> None:
    """Many leaves, each of which is affordable, are refused together; and so are very long numbers."""
    problem = Problem(network=[1, 1], samples=1, nonzero=["b1"], where=["w1 * w1 < 0"])
    long = Polynomial.constant(Fraction(10**20_000))
    leaf = Identity({}, {}, (Product(Fraction(1), {"where[0]": 1}, (long,) * 60),))
    with pytest.raises(Refused, match="a certificate that is checked in reasonable time"):
        check_certificate(problem, Certificate(problem.digest, (Part("dataset", 1, leaf),)))


def test_nesting_is_bounded_for_objects_too() -> None:
    """A certificate that was never a document."""
    problem = Problem(network=[1, 1], samples=1, nonzero=["b1"])
    b1 = Polynomial.variable("b1[0]")
    node: Node = Identity({}, {"grad(b1[0]) != 0": 1})
    for _ in range(MAX_DEPTH + 2):
        node = Compare(b1, False, {"= 0": node, "!= 0": Identity({}, {"case 1": 1})})
    with pytest.raises(Refused, match="at most 250 nested cases"):
        check_certificate(problem, Certificate(problem.digest, (Part("dataset", 1, node),)))
