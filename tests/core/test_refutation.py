"""Certificates: those that are found are accepted, and say no more than they prove.

A certificate that is accepted for a problem that has an answer would be the worst of bugs. So proofs are
damaged in every place (test_mutants.py), offered for problems that they are not about, and made up by hand
(test_made_up_proofs.py).
"""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.certificates import (
    CONTRADICTION,
    HEADLINE,
    ONE,
    PROVABLE,
    accepted,
    offered,
    product,
    proved,
)
from tests.core.second_checker import Second
from tests.effort import examples
from zerograd.core.errors import FormatError, Refused, TooMuchWork
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.work import budget
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.refuting.certificate import (
    FORMAT,
    MAX_DEPTH,
    Certificate,
    Compare,
    Identity,
    Node,
    Part,
    Product,
    certificate_from_json,
)
from zerograd.core.refuting.facts import Fact
from zerograd.core.refuting.refutation import (
    check_certificate,
    check_identity,
    every_samples,
    system_of,
)
from zerograd.core.verdict.checking import check_fewer
from zerograd.proving.certify import certify
from zerograd.spec import loads


@pytest.mark.parametrize("name", PROVABLE)
def test_what_is_found_is_accepted(name: str) -> None:
    """Also after a journey through JSON; and by the second checker."""
    problem, text = proved(name)
    certificate = certificate_from_json(json.loads(text))
    check_certificate(problem, certificate)
    assert json.dumps(certificate.to_json()) == text
    assert certificate_from_json(certificate.to_json()) == certificate
    assert Second(problem).accepts(certificate)


@pytest.mark.parametrize("path", sorted(Path("problems").glob("*.yaml")), ids=lambda path: path.stem)
def test_problems_that_expect_unsat_have_certificates(path: Path) -> None:
    """Every example that has no answer has a certificate, which is accepted."""
    problem = loads(path.read_text())
    if problem.expect != "unsat":
        pytest.skip("has an answer")
    found = certify(problem, deadline=time.monotonic() + 60)
    assert found.certificate is not None
    check_certificate(problem, found.certificate)


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
    """Either a system speaks of any number, or a number that suffices is refuted."""
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


@examples(400)
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


def test_the_product_of_many_terms_is_not_expanded() -> None:
    """The budget is for all steps of an identity together."""
    wide = sum((Polynomial.variable(f"v{n}") for n in range(40)), Polynomial.constant(1))
    facts = {f"f{n}": Fact(wide, ">") for n in range(40)}
    for identity in (
        Identity({}, dict.fromkeys(facts, 64)),
        Identity({}, {}, tuple(Product(Fraction(1), {label: 3}) for label in facts) * 20),
        Identity({}, {}, (Product(Fraction(1), {}, (wide * wide * wide,) * 9),)),
    ):
        with budget(100_000), pytest.raises(TooMuchWork, match="more work than the budget of 100,000 units"):
            check_identity(identity, facts)


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
    """Many steps, each of which is affordable, are refused together; and so are very long numbers."""
    problem = Problem(network=[1, 1], samples=1, nonzero=["b1"], where=["w1 * w1 < 0"])
    long = Polynomial.constant(Fraction(10**20_000))
    leaf = Identity({}, {}, (Product(Fraction(1), {"where[0]": 1}, (long,) * 60),))
    with budget(1_000_000), pytest.raises(TooMuchWork):
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
