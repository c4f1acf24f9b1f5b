"""Proofs for Coq: what they state, what stays out of them, and that coqc accepts them and nothing less."""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from zerograd.core.errors import Refused
from zerograd.core.model.activations import Activation, leaky_relu
from zerograd.core.model.backprop import ExactActivate
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import MeanOfSquares
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.model.smooth import SIGMOID
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.refuting.certificate import (
    Alternatives,
    Certificate,
    Compare,
    Floor,
    Identity,
    Like,
    Node,
    Part,
    Product,
    Split,
)
from zerograd.core.refuting.system import Renaming
from zerograd.core.verdict.witness import Witness
from zerograd.proving.certify import certify
from zerograd.show.coq import NotExportable, proof_coq, unfit
from zerograd.show.coq import activations as coq_activations
from zerograd.show.coq import loss as coq_loss
from zerograd.show.coq.activations import function_name
from zerograd.show.coq.statement import Statement
from zerograd.show.coq.text import identifier

HEADLINE: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
v = Polynomial.variable


def by_hand(problem: Problem, root: Node, samples: int = 1) -> str:
    return proof_coq(problem, Certificate(problem.digest, (Part("dataset", samples, root),)))


def found(**asked: Any) -> str:
    """The proof of a question that the program finds a certificate for."""
    problem = Problem(**asked)
    certificate = certify(problem, deadline=time.monotonic() + 120, fixed=True).certificate
    assert certificate is not None
    return proof_coq(problem, certificate)


def mlp(activation: Activation | str, *widths: int) -> Network:
    return Network.mlp(*(widths or (1, 1, 1)), activation=activation)


def one_sample(**more: Any) -> str:
    """The headline for M = 1."""
    problem = Problem(**{**HEADLINE, "samples": 1, **more})
    off = Identity({}, {"grad(b1[0]) != 0": 1})
    on = Identity({"grad(b2[0]) = 0": v("w2[0,0]")}, {"grad(b1[0]) != 0": 1})
    left = "z1[0,0] < 0" if problem.derivative_at_kink == "forbid" else "z1[0,0] <= 0"
    return by_hand(problem, Split("z1[0,0]", {left: off, "z1[0,0] > 0": on}))


def two_samples(**more: Any) -> str:
    """The headline for M = 2, with one sample on: the first and the second are alike."""
    problem = Problem(
        **{**HEADLINE, "samples": 2, "where": ["r[0] != 0 or r[1] != 0", "x[0] != x[1]"], **more}
    )
    none = Identity({}, {"grad(b1[0]) != 0": 1})
    both = Identity({"grad(b2[0]) = 0": v("w2[0,0]")}, {"grad(b1[0]) != 0": 1})
    apart = v("x[0,0]") - v("x[1,0]")
    vanishes = Identity({"case 1": v("w2[0,0]") * apart}, {"grad(b1[0]) != 0": 1, "where[1]": 1})
    inner = Identity({"grad(w2[0,0]) = 0": Polynomial.constant(1)}, {"case 1": 1, "z1[1,0] > 0": 1})
    # Either residual may differ from 0: the parts of the disjunction change places under the renaming.
    either = Alternatives("where[0]", {"0": inner, "1": inner})
    mixed = Compare(v("r[1,0]"), False, {"= 0": vanishes, "!= 0": either}, "mixed")
    root = Split(
        "z1[0,0]",
        {
            "z1[0,0] <= 0": Split("z1[1,0]", {"z1[1,0] <= 0": none, "z1[1,0] > 0": mixed}),
            "z1[0,0] > 0": Split(
                "z1[1,0]", {"z1[1,0] <= 0": Like("mixed", Renaming((1, 0))), "z1[1,0] > 0": both}
            ),
        },
    )
    return by_hand(problem, root, 2)


def two_units() -> str:
    """A unit that is off has no gradient, the second as the first; and one that is on has no residual.

    What is compared has no meaning for the problem, which a certificate may do.
    """
    problem = Problem(network=[1, 2, 1], samples=1, zero=["w2"], nonzero=["b1"])
    first = Compare(
        v("z"),
        False,
        {"= 0": Identity({}, {"grad(b1[0]) != 0": 1}), "!= 0": Identity({}, {"grad(b1[0]) != 0": 1})},
        "off",
    )
    on = Identity({"grad(w2[0,1]) = 0": v("w2[0,1]")}, {"grad(b1[1]) != 0": 1, "z1[0,1] > 0": 1})
    root = Split(
        "z1[0,0]",
        {
            "z1[0,0] <= 0": first,
            "z1[0,0] > 0": Split(
                "z1[0,1]",
                {"z1[0,1] <= 0": Like("off", Renaming((), {1: (1, 0)})), "z1[0,1] > 0": on},
            ),
        },
    )
    return by_hand(problem, root)


def by_sign() -> str:
    """A comparison by sign, and squares: x² + x·y + y² is not below 0."""
    problem = Problem(network=[1, 1, 1], samples=2, where=["x[0]**2 + x[0]*x[1]/2 + x[1]**2 <= -1/3"])
    x, y = v("x[0,0]"), v("x[1,0]")
    leaf = Identity(
        {},
        {},
        (
            Product(Fraction(1), {"where[0]": 1}),
            Product(Fraction(1, 4), {}, (x + y,)),
            Product(Fraction(3, 4), {}, (x,)),
            Product(Fraction(3, 4), {}, (y,)),
            Product(Fraction(1, 3), {}),
        ),
    )
    signs = Compare(x - y, True, {"< 0": leaf, "= 0": leaf, "> 0": leaf})
    return by_hand(problem, signs, 2)


def slope_that_is_not_zero() -> str:
    """A fact says that a slope is 0, and the case that it is 1: Coq is told which of the two to put in."""
    problem = Problem(
        network=[1, 1, 1], samples=1, where=["a1 == 0"], given={"w1": [[1]], "b1": [0], "x": [[1]]}
    )
    one = Polynomial.constant(1)
    off = Identity({}, {}, (Product(Fraction(1), {"z1[0,0] <= 0": 1}), Product(Fraction(1), {})))
    on = Identity({"where[0]": one}, {})
    return by_hand(problem, Split("z1[0,0]", {"z1[0,0] <= 0": off, "z1[0,0] > 0": on}))


def floors() -> str:
    """No integer lies between 0 and 1."""
    problem = Problem(network=[1, 1, 1], samples=1, domain="integer", where=["0 < x < 1"])
    one = Fraction(1)
    low = Identity({}, {}, (Product(one, {"case 1": 1}), Product(one, {"where[0].0": 1})))
    high = Identity({}, {}, (Product(one, {"case 1": 1}), Product(one, {"where[0].1": 1})))
    return by_hand(problem, Floor(v("x[0,0]"), 0, {"<= 0": low, ">= 1": high}))


PROOFS: dict[str, Callable[[], str]] = {
    "one-sample": one_sample,
    "forbid": lambda: one_sample(derivative_at_kink="forbid"),
    "two-samples": two_samples,
    "two-units": two_units,
    "by-sign": by_sign,
    "floors": floors,
    "slope": slope_that_is_not_zero,
    "left": lambda: found(**HEADLINE, samples=2, derivative_at_kink="left"),
    "range": lambda: found(**HEADLINE, samples={"from": 1, "to": 2}),
    "leaky": lambda: found(
        network=mlp(leaky_relu("1/3")), samples=1, where=["z1 > -1", "3 * a1[0] < -1"], bounds={"w1": [0, 5]}
    ),
    "hardtanh": lambda: found(
        network=mlp("hardtanh"), samples=1, where=["a1[0] > 1"], derivative_at_kink="right"
    ),
    "of-layers": lambda: found(
        network=[1, 1, 1, 1], samples=1, where=["z1 == 0"], nonzero=["b1"], derivative_at_kink={"z2": "right"}
    ),
    "abs-at-kink": lambda: found(network=mlp("abs"), samples=1, where=["z1 == 0"], nonzero=["b1"]),
    "relu6": lambda: found(
        network=mlp("relu6", 1, 2, 1), samples=1, where=["sum(a1) < 0"], derivative_at_kink="forbid"
    ),
    "given": lambda: found(
        network=[1, 1, 1], samples=1, zero=["b2"], positive=["b1"], bounds={"x": [-1, "1/7"]},
        given={"w2": [["1/2"]], "b1": ["-1/3"], "y": [[2]]},
    ),
    "words": lambda: found(
        network=[1, 1, 1], samples=2, zero=["b2"], nonzero=["b1"],
        where=["x[0] == x[1]", "abs(r[0]) <= 5 or max(x) > 1", "not (x[0] > 9 and not min(w1, b1, w2) <= 1)"],
    ),
    "not": lambda: found(
        network=[1, 1, 1], samples=2,
        where=["not (x[0] <= 1 and (x[1] > 2 or not x[0] != x[1]))", "x[0] == 0", "x[1] == 0"],
    ),
    "same-maximum": lambda: found(
        network=[1, 1, 1], samples=1,
        where=["max(w1, b1) < min(b1, w1)", "max(b1, w1) < 7", "abs(w1 - w1) == 0"],
    ),
    "absolute": lambda: found(network=[1, 1, 1], samples=1, nonzero=["b2"], where=["abs(r[0]) <= 0"]),
    "least": lambda: found(network=[1, 1, 1], samples=3, negative=["b2"], where=["min(r) >= 0"]),
    "quotient": lambda: found(network=[1, 1, 1], samples=1, where=["x[0] > 1", "1 / x[0] > 1"]),
    "loss": lambda: found(
        network=[1, 1, 1], samples=2, zero=["b2"], where=["grad(b1) == 2 * loss", "loss != 0", "r[0] == r[1]"]
    ),
    "some-nonzero": lambda: found(network=[1, 2, 1], samples=1, zero=["b2"], some_nonzero=["w1", "b1"]),
    "inputs": lambda: found(
        network=[2, 1, 1], samples=2, zero=["x", "w1"], nonzero=["b1"], where=["w1[0,0] != 0"]
    ),
    "deep": lambda: found(network=[1, 1, 1, 1], samples=1, zero=["w3", "b3"], nonzero=["w1"]),
    "distinct": lambda: found(network=[1, 1, 1], samples=2, where=["distinct(x)", "x[0] == x[1]"]),
    "two-outputs": lambda: found(network=[1, 1, 2], samples=1, zero=["b2"], nonzero=["b1"]),
}  # fmt: skip


Coqc = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROOFS)
def test_coq_accepts(name: str, coq_accepts: Callable[[str], None]) -> None:
    """It compiles, and rests on no axioms but those of Coq's real numbers."""
    coq_accepts(PROOFS[name]())


MUTATIONS = {
    "without a hypothesis": ("    dL_db2_0 = 0 /\\\n", ""),
    "another sign": ("dL_db1_0 <> 0\n", "dL_db1_0 = 0\n"),
    "another slope": ("dL_da1_0_0 * relu' z1_0_0", "dL_da1_0_0"),
    "another activation": ("a1_0_0 : R := relu z1_0_0", "a1_0_0 : R := z1_0_0"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_coq_refuses_other_claims(name: str, coqc: Coqc) -> None:
    """The proof proves what is stated, and nothing else."""
    text = one_sample()
    place = text.index("Module Samples_1")
    old, new = MUTATIONS[name]
    assert text[place:].count(old) == 1
    assert coqc(text[:place] + text[place:].replace(old, new)).returncode != 0


@pytest.mark.parametrize("name", ["one-sample", "two-samples", "two-units", "by-sign", "floors"])
def test_nothing_is_assumed(name: str) -> None:
    """No axioms, no parameters, no gaps; the same text each time; ASCII where the problem is."""
    text = PROOFS[name]()
    assert not re.search(r"\b(Admitted|admit|Axiom|Parameter|Conjecture|Hypothesis|Context)\b", text)
    assert text == PROOFS[name]()
    assert text.isascii()


HOSTILE = [
    '*) Axiom no : False. (* "',
    '(* open "and never closed',
    '"*)"(*)*(*)',
    "(((***)))",
    "line\n*)\nAxiom no : False.",
    "ü ∂ 😀 \u202e \x1b[31m",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_titles_stay_in_their_comment(title: str) -> None:
    """The text of a problem neither ends the comment that it stands in, nor opens another, nor a string."""
    text = one_sample(title=title)
    header = text[: text.index("From Coq Require")]
    assert header.count("(*") == header.count("*)") == 1
    assert '"' not in header
    assert text[len(header) :] == one_sample()[one_sample().index("From Coq Require") :]


@pytest.mark.slow
def test_coq_reads_hostile_titles(coqc: Coqc) -> None:
    """coqc agrees that all of them are comments."""
    run = coqc(one_sample(title=" ".join(HOSTILE)))
    assert run.returncode == 0, run.stderr


def test_other_problems_are_refused() -> None:
    """A certificate that proves nothing here is refused, as by the checker."""
    problem = Problem(**HEADLINE, samples=1)
    leaf = Identity({}, {"grad(b1[0]) != 0": 1})
    with pytest.raises(Refused):
        by_hand(problem, leaf)
    with pytest.raises(Refused):
        proof_coq(problem, Certificate(problem.with_kink("left").digest, (Part("dataset", 1, leaf),)))


def test_the_samples_that_are_proved_are_named() -> None:
    """A file with theorems for some numbers of samples says for which, and what was asked."""
    text = one_sample(samples={"from": 1, "to": 1}, title="T")
    assert "for M = 1." in text
    assert "Samples asked for: 1." in text


SIGNS = {"=": "==", "<>": "!=", "^": "**", "/\\": "and", "\\/": "or", "~": "not"}


def in_python(text: str) -> str:
    """Coq's text of a number or a proposition as Python's, over fractions."""
    text = re.sub(r"(?<!\w)(\d+)", r"Fraction(\1)", text)
    functions = r"\b(relu|hardtanh|leaky_relu_1_3)('?) (\w+)"
    text = re.sub(functions, lambda m: f"{m[1]}{'d' * len(m[2])}({m[3]})", text)
    return " ".join(SIGNS.get(token, token) for token in text.split(" "))


@pytest.mark.parametrize("activation", ["relu", "hardtanh", leaky_relu("1/3")], ids=str)
@pytest.mark.parametrize("convention", ["torch", "right"])
def test_the_statement_is_no_stronger_than_the_question(activation: Any, convention: Kink) -> None:
    """Whatever dataset the checker computes gradients of, the statement's definitions give the same ones."""
    network = mlp(activation, 2, 2, 2)
    problem = Problem(
        network=network, samples=3, zero=["w1", "b1", "w2", "b2", "x"], derivative_at_kink=convention,
        where=["loss == 0", "not (z1[0,0] > 1 and r[0,0] != 0)"],
    )  # fmt: skip
    dice = random.Random(1)
    arrays: dict[str, Array[Exact]] = {
        name: Array.build(shape, lambda _: dice.randint(-2, 2))
        for name, shape in variable_shapes(network, 3).items()
    }
    point = Witness.of(problem.with_samples(3), arrays).point
    gradients = point.gradients
    function = network.layers[0].activation
    of_z = ExactActivate(convention)
    statement = Statement(problem, 3)
    values: dict[str, Any] = {"Fraction": Fraction}
    values[function_name(function)] = lambda z: of_z(function, (1, 0, 0), z)[0]
    values[function_name(function) + "d"] = lambda z: of_z(function, (1, 0, 0), z)[1]
    for name, array in arrays.items():
        values |= {identifier(entry(name, index)): v for index, v in array.items()}
    for definition in [*statement.forward, *statement.backward]:
        values[definition.name] = eval(in_python(definition.shown), values)
    for name, array in gradients.items():
        for index, expected in array.items():
            assert values["dL_d" + identifier(entry(name, index))] == expected
    assert values["loss"] == point.loss
    last = statement.hypotheses[-1]
    assert eval(in_python(last.text(named=False)), values) == (
        not (compare(point.forward.z[0][0, 0], 1) > 0 and point.residuals[0, 0] != 0)
    )


def test_cases_are_shared() -> None:
    """A case that is like an earlier one is an application of its lemma."""
    text = two_samples()
    assert text.count("Lemma node_0") == 1
    assert text.count("exact (node_0 ") == 2


def test_parts_twice() -> None:
    """One of two parts for the same number of samples is written."""
    problem = Problem(**HEADLINE, samples=1)
    off = Identity({}, {"grad(b1[0]) != 0": 1})
    on = Identity({"grad(b2[0]) = 0": v("w2[0,0]")}, {"grad(b1[0]) != 0": 1})
    part = Part("dataset", 1, Split("z1[0,0]", {"z1[0,0] <= 0": off, "z1[0,0] > 0": on}))
    text = proof_coq(problem, Certificate(problem.digest, (part, replace(part))))
    assert text.count("Theorem") == 1


def test_other_losses_and_activations_are_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a Coq file cannot speak of is said before anything is written, and of nothing else."""
    assert unfit(Problem(**HEADLINE, samples=1)) is None

    class Absolute(MeanOfSquares):
        words = "mean absolute error"

    monkeypatch.setattr(coq_loss, "MeanOfSquares", Absolute)
    problem = Problem(**HEADLINE, samples=1)
    assert unfit(problem) == "proofs for Coq speak of squared errors only, not of the mean squared error"
    with pytest.raises(NotExportable, match="not of the mean squared error"):
        one_sample()
    assert coq_activations.unfit(SIGMOID) == (
        "proofs for Coq speak of piecewise linear activations only, not of sigmoid"
    )
