"""Proofs for Coq about datasets of every size: what they state; coqc accepts them and nothing less."""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zerograd.core.model.activations import leaky_relu
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.refuting.certificate import Certificate, Identity, Kind, Like, Part, Product, Split
from zerograd.core.refuting.system import Renaming
from zerograd.core.verdict.witness import Witness
from zerograd.proving.certify import certify
from zerograd.show.coq import NotExportable, proof_coq
from zerograd.show.coq.activations import function_name
from zerograd.show.coq.every_statement import EveryStatement
from zerograd.show.coq.text import identifier
from zerograd.spec import load

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"

CROSSED: dict[str, Any] = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"], "samples": "any"}
"""The gradients of w1 and b2 differ from 0, and those between them do not."""


def certified(problem: Problem) -> Certificate:
    certificate = certify(problem, deadline=time.monotonic() + 60).certificate
    assert certificate is not None
    return certificate


def found(kind: Kind, **asked: Any) -> Callable[[], str]:
    """The proof of a question that the program finds a certificate of this kind for."""

    def make() -> str:
        problem = Problem(**{"samples": "any", **asked})
        certificate = certified(problem)
        assert [part.kind for part in certificate.parts] == [kind]
        return proof_coq(problem, certificate)

    return cache(make)


def crossed(activation: Any = "relu", *widths: int, **more: Any) -> Callable[[], str]:
    network = Network.mlp(*(widths or (1, 1, 1)), activation=activation)
    return found("moments", **{**CROSSED, "network": network, **more})


def linear() -> str:
    """One pattern, of which nothing is known: of no sample both gradients are 0."""
    problem = Problem(network=[1, 1], samples="any", nonzero=["b1"], where=["w1 > 0", "w1 < 0"])
    none = Identity({}, {"grad(b1[0]) != 0": 1})
    some = Identity({}, {}, tuple(Product(Fraction(1), {f"where[{n}]": 1}) for n in (0, 1)))
    part = Part("moments", None, Split("pattern ", {"no sample": none, "some sample": some}))
    return proof_coq(problem, Certificate(problem.digest, (part,)))


def renamed() -> str:
    """Both units are on; a pattern where only the first is off is like the one where only the second is."""
    problem = Problem(network=[1, 2, 1], samples="any", zero=["b2"], nonzero=["b1"], where=["z1 > 0"])

    def never(tag: str, unit: int, name: str | None = None) -> Identity:
        # What is 0 beside uses a moment too, which has another name then.
        labels = (f"z1[{unit}] <= 0 at x{tag}", f"where[0] at x{tag}.{unit}")
        squared = (Polynomial.variable(f"S{tag}[0]"),)
        terms = tuple(
            Product(Fraction(1), {label: 1}, factor) for label in labels for factor in ((), squared)
        )
        return Identity({}, {}, terms, name)

    only = Identity({"grad(b2[0]) = 0": Polynomial.variable("w2[0,0]")}, {"grad(b1[0]) != 0": 1})
    on = Split("pattern 00", {"no sample": only, "some sample": never("00", 0)})
    swapped = Like("n", Renaming((), {1: (1, 0)}))
    root = Split(
        "pattern 01",
        {
            "no sample": Split("pattern 10", {"no sample": on, "some sample": never("10", 1, "n")}),
            "some sample": Split("pattern 10", {"no sample": swapped, "some sample": never("01", 0)}),
        },
    )
    text = proof_coq(problem, Certificate(problem.digest, (Part("moments", None, root),)))
    assert text.count("exact (node_0 ") == 2
    return text


def from_file() -> str:
    problem = load(PROBLEMS / "no-number-of-samples.yaml")
    return proof_coq(problem, certified(problem))


one_unit = crossed()
of_each = found(
    "moments", network=[1, 1, 1], zero=["b1"], nonzero=["b2"], bounds={"w2": [1, None]}, where=["z1 > 0"]
)
by_identities = found("identities", network=[1, 1, 1], zero=["w1", "b1"], nonzero=["w2"], where=["w2 != 0"])

PROOFS: dict[str, Callable[[], str]] = {
    "one-unit": one_unit,
    "two-units": crossed("relu", 1, 2, 1),
    "two-outputs": crossed("relu", 1, 1, 2),
    "right": crossed(derivative_at_kink="right"),
    "left": crossed(derivative_at_kink="left"),
    "forbid": crossed(derivative_at_kink="forbid"),
    "leaky": crossed(leaky_relu("1/3")),
    "abs-with-kink": crossed("abs"),
    "abs-right": crossed("abs", derivative_at_kink="right"),
    "more-than-is-needed": crossed(
        samples={"from": 2, "to": 9}, where=["loss > 1", "distinct(x)"],
        given={"x[0]": 3}, bounds={"y": [0, 1]},
    ),
    "of-each-sample": of_each,
    "leaky-of-each": found(
        "moments", network=Network.mlp(1, 1, 1, activation=leaky_relu("1/3")), zero=["b2"], nonzero=["b1"],
        where=["z1 > 0 and a1 > -1/3"], bounds={"x": ["-1/7", 1]},
    ),
    "bounds-and-given": found(
        "moments", network=[1, 1, 1], zero=["b2"], nonzero=["b1"], bounds={"x": [0, None], "w1": ["1/2", 3]},
        given={"b1": ["1/3"]},
    ),
    "conditions-on-parameters": found(
        "moments", network=[1, 1, 1], zero=["b2"], nonzero=["b1"],
        where=["abs(x) > 1", "z1 > 0", "min(w1, b1) > 0 or b2/w1 == 7", "abs(w1) != 0", "w1 != 0"],
    ),
    "some-nonzero": found(
        "moments", network=[1, 2, 1], zero=["b2"], some_nonzero=["b1"], where=["z1 > 0"]
    ),
    "deep": found("moments", network=[1, 1, 1, 1], zero=["b2"], nonzero=["b1"], where=["z1 > 0", "z2 > 0"]),
    "hardtanh": found(
        "moments", network=Network.mlp(1, 1, 1, activation="hardtanh"), zero=["b1"], nonzero=["b2"],
        where=["abs(w1) <= 1/2", "x > 0", "x < 1/3", "b1 > 0", "b1 < 1/10", "w2 != 0"],
    ),
    "relu6-forbid": found(
        "moments", network=Network.mlp(1, 1, 1, activation="relu6"), zero=["b1"], nonzero=["b2"],
        derivative_at_kink="forbid", where=["0 < z1 < 6", "w2 != 0"],
    ),
    "linear": linear,
    "renamed": renamed,
    "file": from_file,
    "identities": by_identities,
    "without-biases": found(
        "identities", network=Network.mlp(1, 2, 1, bias=False), zero=["w1"], some_nonzero=["w2"],
        where=["w2[0,0] > 0", "w2[0,1] > 0"],
    ),
    "two-outputs-by-identities": found(
        "identities", network=[1, 1, 2], zero=["w1", "b1", "w2[1]"], nonzero=["w2[0]"], where=["w2[0,0] != 0"]
    ),
    "integers": found(
        "identities", network=[1, 1, 1], zero=["w1"], nonzero=["w2"], domain="integer",
        where=["0 < 2*b1 < 1 or b1 == 0", "w2 != 0", "w1 != 0", "w2/w1 > 3", "abs(b1) < 5"],
    ),
    "gradients-in-conditions": found(
        "identities", network=[1, 1, 1], derivative_at_kink="forbid",
        where=["grad(w1) == 1", "grad(b1) >= 0", "w1 > 0", "b1 > 0", "w2*grad(w2) < 0"],
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", PROOFS)
def test_coq_accepts(name: str, coq_accepts: Callable[[str], None]) -> None:
    """It compiles, and rests on no axioms but those of Coq's real numbers."""
    coq_accepts(PROOFS[name]())


MUTATIONS: dict[str, tuple[Callable[[], str], str, str]] = {
    "without a zero": (one_unit, "    dL_db1_0 = 0 /", "    True /"),
    "without a nonzero": (one_unit, "    dL_db2_0 <> 0\n", "    True\n"),
    "of empty datasets": (one_unit, "  data <> nil -> ~ (", "  data = data -> ~ ("),
    "another sign": (one_unit, "dL_db2_0 <> 0\n", "dL_db2_0 = 0\n"),
    "another slope": (one_unit, "dL_da1_0 p * relu' (z1_0 p)", "dL_da1_0 p"),
    "another activation": (one_unit, ": R := relu (z1_0 p)", ": R := z1_0 p"),
    "another sum": (one_unit, "nil => 0 |", "nil => 1 |"),
    "another share": (one_unit, "R := total (fun p => dL_dz2_0 p).", "R := total (fun p => dL_dz1_0 p)."),
    "of no sample": (of_each, "(forall p : sample, In p data -> z1_0 p > 0)", "(forall p : sample, True)"),
    "of one sample": (
        of_each, "(forall p : sample, In p data -> z1_0 p > 0)",
        "(exists p : sample, In p data /\\ z1_0 p > 0)",
    ),
    "without a bound": (of_each, "    w2_0_0 >= 1 /", "    True /"),
    "without a condition": (by_identities, "    w2_0_0 <> 0\n", "    True\n"),
    "without an identity": (by_identities, "    dL_db1_0 = 0 /", "    True /"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_coq_refuses_other_claims(name: str, coqc: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    """The proof proves what is stated, and nothing else."""
    make, old, new = MUTATIONS[name]
    text = make()
    place = text.index("Module Datasets")
    assert text[place:].count(old) == 1
    assert coqc(text[:place] + text[place:].replace(old, new)).returncode != 0


def test_nothing_is_assumed() -> None:
    """No axioms, no parameters, no gaps; ASCII where the problem is; and it says what it is about."""
    for text in (one_unit(), by_identities()):
        assert not re.search(r"\b(Admitted|admit|Axiom|Parameter|Conjecture|Hypothesis|Context)\b", text)
        assert text.isascii()
        assert "for every number M of its samples" in text


def test_what_is_left_out_is_named() -> None:
    """A theorem that says more than was asked names what it does without."""
    header, _, theorem = PROOFS["more-than-is-needed"]().partition("From Coq Require")
    for said in ("where: loss > 1", "where: distinct(x)", "given: entries of x", "bounds: y"):
        assert f"- {said}\n" in header
    assert "Samples asked for: from 2 to 9." in header
    assert "loss >" not in theorem


def test_conditions_that_are_not_polynomial() -> None:
    """What a certificate needs of each sample and the statement cannot say is declined, with what to do."""
    problem = Problem(
        network=[1, 1, 1], samples="any", zero=["b2"], nonzero=["b1"],
        where=["abs(x) < 1", "w1 == 1", "b1 == 2"],
    )  # fmt: skip
    with pytest.raises(NotExportable, match=r"abs\(x\) < 1.*--samples 3 --fixed"):
        proof_coq(problem, certified(problem))


def test_many_patterns_are_not_written() -> None:
    """The proof looks at each pattern beside each, so there is an end to it."""
    problem = Problem(network=[1, 6, 1], samples="any", zero=["b2"], nonzero=["b1[0]"], where=["1 < 0"])
    one = Fraction(1)
    part = Part("moments", None, Identity({}, {}, (Product(one, {"where[0]": 1}), Product(one, {}))))
    with pytest.raises(NotExportable, match="64 activation patterns"):
        proof_coq(problem, Certificate(problem.digest, (part,)))


def test_parts_of_both_kinds() -> None:
    """Every part is written; of those for every number of samples one."""
    problem = Problem(**{**CROSSED, "network": [1, 1, 1], "samples": {"from": 1, "to": 2}})
    of_all = certified(problem).parts
    fixed = certify(problem, deadline=time.monotonic() + 60, fixed=True).certificate
    assert fixed is not None
    text = proof_coq(problem, Certificate(problem.digest, (*of_all, *of_all, *fixed.parts)))
    assert re.findall(r"^Theorem (\w+)", text, re.MULTILINE) == [
        "no_answer", *(f"no_answer_{part.samples}" for part in fixed.parts)
    ]  # fmt: skip
    assert text.count("Print Assumptions") == 1 + len(fixed.parts)


SIGNS = {"=": "==", "<>": "!=", "^": "**", "/\\": "and", "\\/": "or", "~": "not"}


def in_python(text: str) -> str:
    """Coq's text of what is computed of a sample as Python's, over fractions."""
    text = re.sub(r"(?<!\w)(\d+)", r"Fraction(\1)", re.sub(r"\((\w+) p\)", r"\1", text))
    text = re.sub(
        r"\b(relu|hardtanh|leaky_relu_1_3)('?) (\w+)", lambda m: f"{m[1]}{'d' * len(m[2])}({m[3]})", text
    )
    return " ".join(SIGNS.get(token, token) for token in text.split(" ") if token != "p")


@pytest.mark.parametrize("kind", ["moments", "identities"])
@pytest.mark.parametrize("activation", ["relu", "hardtanh", leaky_relu("1/3")], ids=str)
@pytest.mark.parametrize("convention", ["torch", "right"])
def test_the_statement_is_no_stronger_than_the_question(
    kind: Kind, activation: Any, convention: Kink
) -> None:
    """Whatever dataset the checker computes gradients of, the statement's definitions give the same ones."""
    network = Network.mlp(2, 2, 2, activation=activation)
    problem = Problem(
        network=network, samples="any", zero=["w1", "b1", "w2", "b2"], derivative_at_kink=convention
    )
    dice = random.Random(1)
    arrays: dict[str, Array[Exact]] = {
        name: Array.build(shape, lambda _: dice.randint(-2, 2))
        for name, shape in variable_shapes(network, 3).items()
    }
    point = Witness.of(problem.with_samples(3), arrays).point
    expected = point.gradients
    function = network.layers[0].activation
    of_z = ExactActivate(convention)
    statement = EveryStatement(problem, kind)
    values: dict[str, Any] = {"Fraction": Fraction, "size": Fraction(6)}
    values[function_name(function)] = lambda z: of_z(function, (1, 0, 0), z)[0]
    values[function_name(function) + "d"] = lambda z: of_z(function, (1, 0, 0), z)[1]
    for name, array in point.parameters.items():
        values |= {identifier(entry(name, index)): value for index, value in array.items()}
    totals = dict.fromkeys(statement.shares, Fraction(0))
    for m in range(3):
        here = dict(values)
        for name in ("x", "y"):
            here |= {f"{name}_{i}": value for (n, i), value in arrays[name].items() if n == m}
        for definition in [*statement.forward, *statement.backward]:
            here[definition.name] = eval(in_python(definition.shown), here)
        for at, share in statement.shares.items():
            totals[at] += eval(in_python(share.shown), here)
    for (name, index), total in totals.items():
        assert total == expected[name][index]
    named = [
        f"dL_d{identifier(entry(name, i))} = 0" for name in network.shapes for i, _ in arrays[name].items()
    ]
    assert [hypothesis.text(named=False) for hypothesis in statement.hypotheses] == named
