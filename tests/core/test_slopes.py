"""Slopes that are chosen at kinks (``derivative_at_kink: any`` and ``all``), held against every vertex."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest

from tests.core.test_systems import dataset_holds, identities_hold
from tests.effort import seeds
from tests.independent.check import verdict
from zerograd.core.errors import FormatError, ProblemError, Refused
from zerograd.core.model.kinks import NoSlopeYet
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.model.sides import sides
from zerograd.core.model.slopes import Ranges, choices_at
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import compare, sign
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.refuting.calculation import wrong_at
from zerograd.core.refuting.certificate import Certificate, certificate_from_json
from zerograd.core.refuting.refutation import check_certificate, system_of
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.checking import check_result, check_witness
from zerograd.core.verdict.chosen import answering, slopes_of, under_one_convention
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.witness import Witness, witness_from_json
from zerograd.proving.certify import certify

RELATIONS = ("zero", "nonzero", "positive", "negative")
ACTIVATIONS: tuple[Any, ...] = ("relu", "relu", "abs", "hardtanh", {"leaky_relu": "1/3"}, "hardswish")
LOSSES = (("mse", "real"), ("mse", "real"), ("mae", "real"), ("hinge", "sign"), ({"mae": 3}, "real"))


def drawn(seed: int, convention: str = "all", **asked: Any) -> Witness:
    """A small network and dataset with many samples on kinks."""
    chance = Random(seed)
    hidden = [
        Layer(chance.randint(1, 2), chance.choice(ACTIVATIONS)) for _ in range(chance.choice([1, 1, 2]))
    ]
    loss, targets = chance.choice(LOSSES)
    network = Network(chance.randint(1, 2), (*hidden, Layer(1)))
    samples = chance.randint(1, 2)
    problem = Problem(
        network=network,
        samples=samples,
        loss=loss,
        targets=targets,
        derivative_at_kink=convention,
        **asked,
    )

    def value(name: str) -> Fraction:
        if name == "y" and targets == "sign":
            return Fraction(chance.choice([-1, 1]))
        return Fraction(chance.choice([-1, 0, 0, 1, 1, 2]))

    arrays: dict[str, Array[Any]] = {
        name: Array.build(shape, lambda _, name=name: value(name))  # type: ignore[misc]
        for name, shape in variable_shapes(network, samples).items()
    }
    return Witness.of(problem, arrays)


def at_vertices(witness: Witness) -> list[dict[str, Array[Any]]]:
    """The gradients for each choice of one of the two slopes at every kink, as `any` calculates them."""
    problem = witness.problem.with_kink("any")
    ends = [((c.place, c.low), (c.place, c.high)) for c in choices_at(witness.point)]
    return [
        Witness(problem, witness.parameters, witness.x, witness.y, dict(slopes)).gradients
        for slopes in product(*ends)
    ]


@pytest.mark.parametrize("seed", seeds(150, 25))
def test_ranges_are_those_of_all_vertices(seed: int) -> None:
    """The least and the greatest value of each gradient entry are those over all 2^k vertices."""
    witness = drawn(seed)
    ranges, vertices = Ranges(witness.point), at_vertices(witness)
    for name in (*witness.problem.network.shapes, "x"):
        found = ranges.of(name)
        for index, (low, high) in found.items():
            values = [gradients[name][index] for gradients in vertices]
            assert (low, high) == (min(values), max(values)), entry(name, index)


@pytest.mark.parametrize("seed", seeds(150, 25))
def test_all_is_what_holds_at_every_vertex(seed: int) -> None:
    """A sign that is asked under ``all`` is accepted if and only if it is the sign at every vertex."""
    witness = drawn(seed)
    vertices = at_vertices(witness)
    for name in witness.problem.network.shapes:
        for index in dict(vertices[0][name].items()):
            signs = {sign(gradients[name][index]) for gradients in vertices}
            for relation in RELATIONS:
                holds = {
                    "zero": signs == {0},
                    "nonzero": signs in ({1}, {-1}),  # between both signs lies 0
                    "positive": signs == {1},
                    "negative": signs == {-1},
                }[relation]
                asked = witness.problem.with_query(**{relation: [entry(name, index)]})
                assert (not violations(asked, witness.answering(asked).point)) == holds, (relation, signs)


@pytest.mark.parametrize("seed", seeds(100, 20))
def test_gradients_between_vertices_lie_within(seed: int) -> None:
    """Under a choice inside the box, each entry lies between the least and the greatest value."""
    chance = Random(seed)
    witness = drawn(seed)
    ranges = Ranges(witness.point)
    slopes = {}
    for choice in choices_at(witness.point):
        share = Fraction(chance.randint(0, 4), 4)
        slopes[choice.place] = choice.low + (choice.high - choice.low) * share
    chosen = replace(witness, problem=witness.problem.with_kink("any"), slopes=slopes)
    check_witness(chosen.problem, chosen)
    for name in witness.problem.network.shapes:
        for index, (low, high) in ranges.of(name).items():
            value: Any = chosen.gradients[name][index]
            assert compare(low, value) <= 0 <= compare(high, value)


@pytest.mark.parametrize("seed", seeds(100, 20))
def test_conventions_are_choices(seed: int) -> None:
    """The slopes that torch, left, right and mean take are a choice with the same gradients."""
    for convention in ("torch", "left", "right", "mean"):
        witness = drawn(seed, convention)
        chosen = answering(witness.problem.with_kink("any"), witness)
        check_witness(chosen.problem, chosen)
        assert dict(chosen.gradients) == dict(witness.gradients)
        assert chosen.slopes == slopes_of(witness, convention)
        plain = under_one_convention(chosen)
        assert plain is not None
        assert dict(plain.gradients) == dict(witness.gradients)


# --- abuse ---------------------------------------------------------------------------------


def two_units(convention: str, **asked: Any) -> Witness:
    """Two units on the kink of one sample, whose effects on ∂L/∂x cancel each other."""
    network = Network(1, (Layer(2), Layer(1)))
    problem = Problem(network=network, samples=1, derivative_at_kink=convention, **asked)
    values = {"w1": [[1], [1]], "b1": [0, 0], "w2": [[1, -1]], "b2": [0], "x": [[0]], "y": [[1]]}
    return witness_from_json(problem, written(problem, values))


def written(problem: Problem, values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    parameters = {name: values[name] for name in problem.network.shapes}
    data = {"format": "zerograd.witness/1", "problem": problem.digest, "parameters": parameters}
    return {**data, "x": values["x"], "y": values["y"], **more}


def test_what_cancels_only_jointly_does_not_hold_under_all() -> None:
    """Under left and under right both units cancel; with one slope of each they do not."""
    for convention in ("left", "right", "mean", "torch"):
        witness = two_units(convention, zero=["x"])
        check_witness(witness.problem, witness)
    witness = two_units("all", zero=["x"])
    with pytest.raises(Refused, match="all numbers from -2 to 2"):
        check_witness(witness.problem, witness)
    nonzero = two_units("all", zero=["w2"], nonzero=["b2"])  # these do not see the slopes
    check_witness(nonzero.problem, nonzero)


def test_not_zero_at_every_vertex_and_zero_between() -> None:
    """Signs differ at vertices, none of which is 0: between them some choice gives 0."""
    network = Network(1, (Layer(1, "abs"), Layer(1)))
    values = {"w1": [[1]], "b1": [0], "w2": [[1]], "b2": [0], "x": [[0]], "y": [[1]]}
    for relation in ("nonzero", "some_nonzero"):
        query: dict[str, Any] = {relation: ["b1"]}
        problem = Problem(network=network, samples=1, derivative_at_kink="all", **query)
        with pytest.raises(Refused, match="b1"):
            check_result(problem, written(problem, values))
        for convention in ("left", "right"):
            check_result(other := problem.with_kink(convention), written(other, values))


@pytest.mark.parametrize(
    ("slopes", "said"),
    [
        ({}, "slope at the kink of z1\\[0,0\\]: expected a number from 0 to 1, found none"),
        ({"z1[0,0]": 0}, "slope at the kink of z1\\[0,1\\]"),
        ({"z1[0,0]": 0, "z1[0,1]": "3/2"}, "found 3/2"),
        ({"z1[0,0]": "-1/1000", "z1[0,1]": 0}, "found -1/1000"),
        ({"z1[0,0]": 0, "z1[0,1]": 0, "z2[0,0]": 1}, "on no kink"),
        ({"z1[0,0]": 0, "z1[0,1]": 0, "y_hat[0,0]": 1}, "on no kink"),
        ({"z1[0,0]": 0, "z1[0,1]": 0, "z1[0, 1]": 1}, "on no kink"),
        ({"z1[0,0]": 1, "z1[0,1]": 0}, "∂L/∂x"),
    ],
)
def test_slopes_that_are_no_choice(slopes: dict[str, Any], said: str) -> None:
    """One for each kink, between both slopes, and for nothing else; and then the gradients count."""
    problem = two_units("any", zero=["x"]).problem
    values = {"w1": [[1], [1]], "b1": [0, 0], "w2": [[1, -1]], "b2": [0], "x": [[0]], "y": [[1]]}
    with pytest.raises(Refused, match=said):
        check_result(problem, written(problem, values, slopes=slopes))
    check_result(problem, written(problem, values, slopes={"z1[0,0]": "1/3", "z1[0,1]": "1/3"}))


def test_slopes_belong_to_any_alone() -> None:
    """Under another convention nothing is chosen; and what is no number is no slope."""
    witness = two_units("left", zero=["x"])
    values = {name: array.tolist() for name, array in witness.variables.items()}
    with pytest.raises(FormatError, match="slopes"):
        witness_from_json(witness.problem, written(witness.problem, values, slopes={"z1[0,0]": 1}))
    problem = witness.problem.with_kink("any")
    for slope in (0.5, None, [1], True, "one"):
        with pytest.raises(FormatError, match="slope"):
            witness_from_json(problem, written(problem, values, slopes={"z1[0,0]": slope}))


def test_the_loss_has_kinks_too() -> None:
    """A perfect fit of the absolute error: the adjoint is any number from −1 to 1."""
    network = Network(1, (Layer(1),))
    values = {"w1": [[1]], "b1": [0], "x": [[1]], "y": [[1]]}
    problem = Problem(network=network, samples=1, loss="mae", derivative_at_kink="any", positive=["b1"])
    check_result(problem, written(problem, values, slopes={"y_hat[0,0]": "1/2"}))
    for slope in (0, 2):
        with pytest.raises(Refused):
            check_result(problem, written(problem, values, slopes={"y_hat[0,0]": slope}))
    every = problem.with_kink("all").with_query(zero=["b1"])
    with pytest.raises(Refused, match="all numbers from -1 to 1"):
        check_result(every, written(every, values))
    formula = {"per_sample": "abs(y_hat - y)"}
    with pytest.raises(ProblemError, match="given by a formula"):
        Problem(network=network, samples=1, loss=formula, derivative_at_kink="any", zero=["b1"])
    outer = problem.with_query(negative=["b1"]).to_json() | {"loss": {"of_mean": "(mae - 1)**2"}}
    asked = problem_from_json(outer)  # F′(0) = −2
    check_result(asked, written(asked, values, slopes={"y_hat[0,0]": "1/2"}))


def test_smooth_activations_with_kinks() -> None:
    """The slope of elu(2) at 0 is any number from 1 to 2."""
    network = Network(1, (Layer(1, {"elu": 2}), Layer(1)))
    values = {"w1": [[1]], "b1": [0], "w2": [[1]], "b2": [0], "x": [[0]], "y": [[1]]}
    problem = Problem(network=network, samples=1, negative=["b1"], derivative_at_kink="all")
    check_result(problem, written(problem, values))
    with pytest.raises(Refused, match="all numbers from -4 to -2"):
        check_result(problem.with_query(zero=["b1"]), written(problem.with_query(zero=["b1"]), values))
    chosen = problem.with_kink("any")
    check_result(chosen, written(chosen, values, slopes={"z1[0,0]": "3/2"}))
    with pytest.raises(Refused, match="from 1 to 2"):
        check_result(chosen, written(chosen, values, slopes={"z1[0,0]": "1/2"}))


def test_conditions_on_gradients_that_vary() -> None:
    """What holds of all values between the ends is accepted; what is not known to hold is refused."""
    values = {"w1": [[1], [1]], "b1": [0, 0], "w2": [[1, -1]], "b2": [0], "x": [[0]], "y": [[1]]}
    accepted = ("grad(b1[0]) >= -2", "grad(b1[0]) <= 0", "abs(grad(x)) <= 2", "grad(b2) == -2", "r == -1")
    refused = ("grad(b1[0]) < 0", "grad(b1[0]) == -2", "grad(x) == 0", "grad(b1[0]) + grad(b1[1]) == 0")
    for condition in (*accepted, *refused):
        problem = Problem(network=[1, 2, 1], samples=1, derivative_at_kink="all", where=[condition])
        if condition in accepted:
            check_result(problem, written(problem, values))
            continue
        with pytest.raises(Refused, match="where"):
            check_result(problem, written(problem, values))


def test_enclosed_witnesses_keep_off_kinks() -> None:
    """In a box nothing is chosen: a sample on a kink is refused, under any and all alike."""
    for convention in ("any", "all"):
        problem = two_units(convention, zero=["w2"], nonzero=["b2"]).problem
        box = two_units("left", zero=["x"]).variables
        with pytest.raises(Refused):
            check_witness(problem, EnclosedWitness(problem, box, ()))  # type: ignore[arg-type]
        off = {**box, "b1": Array((2,), (1, 2))}
        asked = problem.with_query(nonzero=["b2"])
        check_witness(asked, EnclosedWitness(asked, off, ()))  # type: ignore[arg-type]


def test_no_convention_for_a_choice() -> None:
    """Whoever asks for one derivative at a kink under ``any`` is told that there is none."""
    relu = Network(1, (Layer(1), Layer(1))).layers[0].activation
    with pytest.raises(NoSlopeYet):
        sides(relu, "any")
    with pytest.raises(NoSlopeYet):
        relu.derivatives_at_kinks("any")


# --- certificates ----------------------------------------------------------------------------

QUESTION: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def proved(problem: Problem) -> Certificate:
    finding = certify(problem, deadline=time.monotonic() + 60)
    assert finding.certificate is not None
    return finding.certificate


def second(problem: Problem, certificate: Certificate) -> str:
    return verdict(json.dumps(problem.to_json()), json.dumps(certificate.to_json()))


@pytest.mark.parametrize("activation", ["relu", "hardtanh", "relu6", "abs", {"leaky_relu": "1/2"}])
def test_no_choice_of_slopes_helps_one_sample(activation: Any) -> None:
    """The founding question has no answer for one sample, whatever slope is taken: both checkers accept."""
    network = Network(1, (Layer(1, activation), Layer(1)))
    problem = Problem(**{**QUESTION, "network": network}, samples=1, derivative_at_kink="any")
    certificate = proved(problem)
    check_certificate(problem, certificate_from_json(certificate.to_json()))
    assert second(problem, certificate) == "accepted"


def test_a_proof_off_kinks_is_none_for_any() -> None:
    """Two samples answer the founding question with two slopes at one kink, which forbid rules out."""
    problem = Problem(**QUESTION, samples=2, derivative_at_kink="any")
    values = {"w1": [[0]], "b1": [0], "w2": [[1]], "b2": [0], "x": [[1], [2]], "y": [[1], [-1]]}
    slopes = {"z1[0,0]": "1/2", "z1[1,0]": 0}
    check_result(problem, written(problem, values, slopes=slopes))
    for convention in ("forbid", "left", "torch"):
        certificate = replace(proved(problem.with_kink(convention)), problem=problem.digest)
        with pytest.raises(Refused):
            check_certificate(problem, certificate)
        assert second(problem, certificate).startswith("refused")
        with pytest.raises(Refused, match="derivative_at_kink"):
            check_certificate(problem, replace(certificate, convention="left"))
        assert second(problem, replace(certificate, convention="left")).startswith("refused")


def test_a_no_under_one_convention_is_one_under_all() -> None:
    """The certificate names the convention; forbid, libraries and numbers are not between both slopes."""
    problem = Problem(**QUESTION, samples=2, derivative_at_kink="all")
    certificate = proved(problem)
    assert certificate.convention in ("torch", "left", "right")
    assert second(problem, certificate) == "accepted"
    left = proved(problem.with_kink("left"))
    named = replace(left, problem=problem.digest, convention="left")
    check_certificate(problem, certificate_from_json(named.to_json()))
    assert second(problem, named) == "accepted"
    off = replace(proved(problem.with_kink("forbid")), problem=problem.digest)
    for convention in ("forbid", "jax", "default: 2", "all", "any"):
        data = {**off.to_json(), "derivative_at_kink": convention}
        with pytest.raises(FormatError, match="derivative_at_kink"):
            certificate_from_json(data)
        with pytest.raises(Refused):
            check_certificate(problem, replace(off, convention=convention))
        assert verdict(json.dumps(problem.to_json()), json.dumps(data)).startswith("refused")
    with pytest.raises(Refused):  # of a question under one convention
        check_certificate(problem.with_kink("left"), replace(left, convention="left"))


def test_a_no_off_kinks_is_none_under_all() -> None:
    """All inputs 0 and no bias: on kinks alone, where forbid has no witness and all has one."""
    network = Network(1, (Layer(1, bias=False), Layer(1)))
    problem = Problem(network=network, samples=1, given={"x": [0]}, nonzero=["b2"], derivative_at_kink="all")
    values = {"w1": [[1]], "w2": [[1]], "b2": [0], "x": [[0]], "y": [[1]]}
    check_result(problem, written(problem, values))
    certificate = replace(proved(problem.with_kink("forbid")), problem=problem.digest)
    for convention in (None, "torch", "left", "right", "mean"):
        with pytest.raises(Refused):
            check_certificate(problem, replace(certificate, convention=convention))


def test_kinds_of_facts_that_say_nothing_of_chosen_slopes() -> None:
    """Moments, losses with kinks and smooth activations with kinks are refused, not guessed."""
    for arguments, kind in (
        ({}, "moments"),
        ({"loss": "mae"}, "dataset"),
        ({"network": Network(1, (Layer(1, {"elu": 2}), Layer(1)))}, "dataset"),
    ):
        problem = Problem(**{**QUESTION, **arguments}, samples=2, derivative_at_kink="any")
        with pytest.raises(Refused, match="slopes"):
            system_of(problem, kind, None if kind == "moments" else 2)  # type: ignore[arg-type]
    for loss in ("mae", "hinge"):
        targets = "sign" if loss == "hinge" else "real"
        problem = Problem(**QUESTION, samples="any", loss=loss, targets=targets, derivative_at_kink="any")
        assert sufficient_samples(problem) is None
        system_of(problem, "identities", None)


@pytest.mark.parametrize("seed", seeds(200, 30))
def test_facts_hold_of_networks_and_choices(seed: int) -> None:
    """Every fact under ``any`` holds of a network and dataset with any choice, and one case of each split."""
    chance = Random(seed)
    witness = drawn(seed)
    problem = witness.problem.with_kink("any")
    layers = problem.network.layers
    if problem.model.loss.name != "mse" or any(layer.activation.name == "hardswish" for layer in layers):
        with pytest.raises(Refused, match="slopes"):
            system_of(problem, "dataset", witness.samples)
        return
    slopes = {
        c.place: c.low + (c.high - c.low) * Fraction(chance.randint(0, 3), 3)
        for c in choices_at(witness.point)
    }
    chosen = Witness(problem, witness.parameters, witness.x, witness.y, slopes)
    asked: dict[str, list[str]] = {}
    for name in problem.network.shapes:
        for index, value in chosen.gradients[name].items():
            relation = "zero" if value == 0 else "positive" if sign(value) > 0 else "negative"
            asked.setdefault(relation, []).append(entry(name, index))
    problem = problem.with_query(**asked)
    chosen = replace(chosen, problem=problem)
    check_witness(problem, chosen)
    assert dataset_holds(problem, chosen, str(seed)) > 0
    identities_hold(problem, chosen, str(seed))


def given_in_full(witness: Witness, convention: str, **asked: Any) -> Problem:
    """The question with all numbers of a witness."""
    problem = witness.problem
    return Problem(
        network=problem.network,
        samples=witness.samples,
        loss=problem.model.loss,
        targets=problem.targets,
        given={name: array.tolist() for name, array in witness.variables.items()},
        derivative_at_kink=convention,
        **asked,
    )


@pytest.mark.parametrize("seed", seeds(200, 30))
def test_nothing_is_refuted_that_a_choice_answers(seed: int) -> None:
    """A calculation refutes ``any`` only if no vertex answers, ``all`` exactly if some choice does not."""
    chance = Random(seed)
    witness = drawn(seed)
    vertices = at_vertices(witness)
    shapes = witness.problem.network.shapes
    names = [entry(name, i) for name in shapes for i in dict(vertices[0][name].items())]
    name = chance.choice(names)
    relation = chance.choice(RELATIONS)
    array, index = name.partition("[")[0], tuple(map(int, name.partition("[")[2][:-1].split(",")))
    signs = [sign(gradients[array][index]) for gradients in vertices]
    holds = {"zero": {0}, "nonzero": {-1, 1}, "positive": {1}, "negative": {-1}}[relation]
    some = given_in_full(witness, "any", **{relation: [name]})
    with suppress(Refused):  # on a kink, where a slope is to be found
        if wrong_at(some):
            assert not holds & set(signs)
    every = given_in_full(witness, "all", **{relation: [name]})
    crosses = relation == "nonzero" and {-1, 1} <= set(signs)
    answers = set(signs) <= holds and not crosses
    if all(layer.activation.name != "hardswish" for layer in witness.problem.network.layers):
        assert bool(wrong_at(every)) == (not answers)
    else:  # by enclosures, which keep off kinks
        with suppress(Refused):
            assert not (wrong_at(every) and answers)
    found = certify(some, deadline=time.monotonic() + 5).certificate if seed < 10 else None
    if found is not None:
        check_certificate(some, found)
        assert not holds & set(signs)


def test_a_prediction_on_a_kink_of_the_loss_is_not_wrong_under_any() -> None:
    """The calculation once took it for what ``forbid`` rules out, and answered no."""
    given = {"w1": 0, "b1": 1, "x": [1], "y": [1]}
    arguments: dict[str, Any] = {"network": [1, 1], "samples": 1, "loss": "mae", "given": given}
    for convention in ("any", "all"):
        problem = Problem(**arguments, negative=["b1"], derivative_at_kink=convention)
        if convention == "any":
            with pytest.raises(Refused, match="kink"):
                wrong_at(problem)
            with pytest.raises(Refused, match="kink"):
                system_of(problem, "calculation", 1)
        else:
            assert wrong_at(problem)
    node = {"cofactors": {}, "nonzero": {"y_hat[0,0] off its kinks": 1}}
    part = {"system": "calculation", "samples": 1, "proof": node}
    for convention in ("any", "all"):
        problem = Problem(**arguments, nonzero=["w1"], derivative_at_kink=convention)
        data = {"format": "zerograd.certificate/1", "problem": problem.digest, "parts": [part]}
        with pytest.raises(Refused):
            check_certificate(problem, certificate_from_json(data))


def test_where_everything_is_given() -> None:
    """Under ``all`` a calculation answers; its certificate has a value that some choice gives."""
    import zerograd as zg

    given = {"w1": [[1], [1]], "b1": [0, 0], "w2": [[1, -1]], "b2": [0], "x": [[0]], "y": [[1]]}
    no = zg.Problem(network=[1, 2, 1], samples=1, given=given, zero=["x"], derivative_at_kink="all")
    answer = zg.solve(no)
    assert str(answer) == "unsat (evidence: certificate)"
    check_result(no, answer.to_json())
    yes = no.with_query(nonzero=["b2"], zero=["w2"])
    assert isinstance(zg.solve(yes), Sat)
    both = no.with_query(some_nonzero=["b1"])  # with the slope 0 for both units both entries are 0
    assert str(zg.solve(both)) == "unsat (evidence: certificate)"
