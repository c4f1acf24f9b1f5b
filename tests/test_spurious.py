"""Questions that ask for a spurious local minimum: both points, what is refuted, and what is refused."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from tests.independent import check as other
from tests.independent import spurious
from tests.independent.documents import No
from tests.independent.problems import Problem as OtherProblem
from zerograd.classifying.kinds import kind_of
from zerograd.classifying.lower import find_lower
from zerograd.core.errors import FormatError, ProblemError, Refused
from zerograd.core.numbers.arrays import Array
from zerograd.core.points.kinds import Kind
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.given import given_point
from zerograd.core.question.necessary import necessary
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.existence import violations
from zerograd.core.verdict.lower import Lower, loss_at
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.witness import Witness
from zerograd.spec.read import loads

XOR = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}
CORNERS = {"x": [[1, 1], [1, -1], [-1, 1], [-1, -1]], "y": [0, 1, 1, 0]}
ABS = {"inputs": 2, "layers": [{"units": 1, "activation": "abs"}, {"units": 1}]}
UNBIASED = {"inputs": 2, "layers": [{"units": 2, "bias": False}, {"units": 1, "bias": False}]}
BAD = {"x": [[1, 0], [0, 1], ["1/2", "1/2"]], "y": [0, 0, 1], "w1": [[1, 1], [1, 1]], "w2": ["1/3", 0]}
DEAD: dict[str, Any] = {"w1": 0, "b1": -1, "w2": 0, "b2": "1/2", "x": [0, 1], "y": [0, 1]}


def asked(**more: Any) -> zg.Problem:
    """A question about spurious minima."""
    settings: dict[str, Any] = {"network": [1, 1, 1], "samples": 2, "spurious": True}
    return zg.Problem(**{**settings, **more})


def solved(problem: zg.Problem, **options: Any) -> dict[str, Any]:
    """The document of the yes, which both checkers accept."""
    answer = zg.solve(problem, timeout=30, **{"prefer": "any", **options})
    assert isinstance(answer, zg.Sat), str(answer)
    document: dict[str, Any] = json.loads(json.dumps(answer.to_json()))
    assert isinstance(check_result(problem, document), Witness)
    kind, less = spurious.check(document)
    assert "minimum" in kind and less > 0
    assert answer_from_json(document).to_json()["lower"] == document["lower"]
    return document


def test_it_implies_a_local_minimum() -> None:
    """Both keys stand in the document; files without it have the digest that they had."""
    problem = asked()
    assert problem.minimum == "local" and asked(minimum="local").digest == problem.digest
    assert problem.meaning()["spurious"] is True and "spurious" not in asked(spurious=False).meaning()
    assert problem_from_json(problem.to_json()).digest == problem.digest
    assert loads(b"network: [1, 1, 1]\nsamples: 2\nspurious: true\n").digest == problem.digest
    assert asked(spurious=False, minimum="local").digest != problem.digest
    assert problem.anywhere().digest == asked(spurious=False).digest


def test_other_words_are_mistakes() -> None:
    """It is true or false."""
    with pytest.raises(ProblemError, match="spurious"):
        asked(spurious="yes")
    with pytest.raises(zg.ZerogradError, match="spurious"):
        loads(b"network: [1, 1, 1]\nsamples: 2\nspurious: perhaps\n")


@pytest.mark.parametrize(
    "problem",
    [
        asked(),
        asked(loss="mae"),
        asked(loss={"huber": "1/2"}),
        asked(network=[1, 1, 2]),
        asked(network=[1, 1, 1, 1]),
        asked(samples=3, where=["any(z1 > 0)", "w2 != 0"]),
        asked(network=ABS, samples=4, given={**CORNERS, "w1": [0, 0], "b1": "-1/2"}),
        asked(given=DEAD),
    ],
)
def test_both_points_are_found_and_checked(problem: zg.Problem) -> None:
    """The witness has its evidence, and parameters with a lower loss."""
    document = solved(problem)
    text = str(zg.explain(answer_from_json(document)))
    assert "lower loss" in " ".join(text.split())


def test_published_losses() -> None:
    """Exclusive or, an absolute value, and a network without biases: all of them fit the data exactly."""
    for problem, loss in (
        (asked(network=[2, 2, 1], samples=4, given=XOR, where=["loss == 1/8"]), "1/8"),
        (asked(network=ABS, samples=4, given={**CORNERS, "w1": [0, 0], "b1": "1/2"}), "1/4"),
        (asked(network=UNBIASED, samples=3, given=BAD, loss={"sse": "1/2"}), "1/3"),
    ):
        document = solved(problem)
        assert (document["loss"], document["lower"]["loss"]) == (loss, "0")


@pytest.mark.parametrize(
    "problem",
    [
        asked(samples=1),
        asked(samples=1, network=[1, 3, 1]),
        asked(samples=1, loss="mae"),
        asked(samples=1, network=[1, 1, 2]),
        asked(samples=1, derivative_at_kink="all"),
        asked(samples={"from": 1, "to": 2}, where=["any(z1 > 0)", "w2 != 0"]),
        asked(where=["any(z1 > 0)", "w2 != 0"], derivative_at_kink="forbid"),
        asked(samples="any", nonzero=["b2"]),
        asked(samples="any", derivative_at_kink="forbid", some_nonzero=["w1"]),
        asked(given={**DEAD, "b2": "1/3"}),
        asked(given={**DEAD, "y": [0, 0], "b2": 0}),
    ],
)
def test_a_no_has_a_certificate(problem: zg.Problem) -> None:
    """What holds of every spurious minimum is refuted; both checkers derive it for themselves."""
    answer = zg.solve(problem, timeout=30)
    assert isinstance(answer, zg.Unsat) and answer.certificate is not None, str(answer)
    document = json.loads(json.dumps(answer.to_json()))
    assert isinstance(check_result(problem, document), Certificate)
    if problem.derivative_at_kink != "all":
        other.check(OtherProblem(problem.to_json()), document["certificate"])
    with pytest.raises(Refused):  # it speaks of this question alone
        check_result(problem.anywhere(), document)


def test_certificates_of_other_questions_are_refused() -> None:
    """Without the key nothing holds besides."""
    problem = asked(samples=1)
    certificate = zg.solve(problem, timeout=30).to_json()["certificate"]
    plain = problem.anywhere()
    with pytest.raises(Refused):
        check_result(plain, {**certificate, "problem": plain.digest})
    with pytest.raises(No):
        other.check(OtherProblem(plain.to_json()), {**certificate, "problem": plain.digest})


def test_the_fewest_samples() -> None:
    """Two suffice for a dead unit, three for one that plays a part; fewer are ruled out by a certificate."""
    for more, samples in (({}, 2), ({"where": ["any(z1 > 0)", "w2 != 0"]}, 3)):
        document = solved(asked(samples="fewest", **more))
        assert document["samples"] == samples and "fewer" in document
        assert [each["status"] for each in document["attempts"]] == [*["unsat"] * (samples - 1), "sat"]


def test_a_document_without_the_second_point_is_refused() -> None:
    """Without it, with one that is no better, of another shape, or with another loss."""
    problem = asked()
    document = solved(problem)
    lower, parameters = document["lower"], document["witness"]["parameters"]
    without = {key: value for key, value in document.items() if key != "lower"}
    for changed, error in (
        (without, Refused),
        ({key: value for key, value in document.items() if key != "kind"}, Refused),
        ({**document, "lower": {"parameters": parameters}}, Refused),
        ({**document, "lower": {**lower, "loss": "1/7"}}, Refused),
        ({**document, "lower": {**lower, "gain": 1}}, FormatError),
        ({**document, "lower": {"parameters": {**lower["parameters"], "w1": [1]}}}, FormatError),
        ({**document, "lower": {"parameters": {"w1": [[1]]}}}, FormatError),
        ({**document, "lower": []}, FormatError),
        ({**document, "lower": {"parameters": {**lower["parameters"], "w1": [[0.5]]}}}, FormatError),
    ):
        with pytest.raises(error):
            check_result(problem, changed)
    witness = answer_from_json(document)
    assert isinstance(witness, zg.Sat)
    with pytest.raises(Refused, match="lower loss"):
        zg.Sat(witness.witness, problem=problem, kind=witness.kind)
    with pytest.raises(Refused, match="less than"):
        zg.Sat(
            witness.witness,
            problem=problem,
            kind=witness.kind,
            lower=Lower(witness.witness.parameters),
        )


def test_a_claim_is_checked_where_nobody_asked() -> None:
    """A result may tell of a second point, if it is so."""
    document = solved(asked())
    answer = answer_from_json(document)
    assert isinstance(answer, zg.Sat)
    plain = answer.problem.anywhere()
    told = zg.Sat(answer.witness.answering(plain), problem=plain).to_json() | {"lower": document["lower"]}
    check_result(plain, told)
    with pytest.raises(Refused):
        check_result(plain, {**told, "lower": {"parameters": document["witness"]["parameters"]}})


def test_a_point_that_is_given() -> None:
    """A local minimum that is global, and a saddle, are told from spurious minima."""
    peak = {"x": [0, 1, 2], "y": [0, 1, 0]}
    best = asked(samples=3, given={**peak, "w1": -1, "b1": -1, "w2": 0, "b2": "1/3"})
    assert isinstance(zg.solve(best), zg.Sat)  # a kink does better
    best = asked(samples=3, given={**peak, "w1": "1/2", "b1": "-1/2", "w2": -1, "b2": "1/2"})
    answer = zg.solve(best)
    assert (
        isinstance(answer, zg.Unsat)
        and answer.certificate is not None
        and answer.certificate.point is not None
    )
    document = json.loads(json.dumps(answer.to_json()))
    check_result(best, document)
    other.check(OtherProblem(best.to_json()), document["certificate"])
    flat = {key: value for key, value in document["certificate"]["point"].items() if key != "minimum"}
    with pytest.raises(Refused):  # evidence that says less
        check_result(best, {**document, "certificate": {**document["certificate"], "point": flat}})
    assert "no global one" in zg.export(answer, "markdown")
    saddle = asked(given={"w1": 1, "b1": 0, "w2": 0, "b2": 1, "x": [1, 2], "y": [0, 2]})
    assert isinstance(zg.solve(saddle), zg.Unsat)
    with pytest.raises(ProblemError, match="leave out one of the two"):
        asked(minimum="global")


def test_given_parameters_may_move() -> None:
    """All parameters range, for the lower loss as for the minimum."""
    document = solved(asked(given={"w1": 0, "b1": -1}))
    assert document["witness"]["parameters"]["w1"] == [["0"]]
    assert document["lower"]["parameters"]["w1"] != [["0"]]


def test_what_is_necessary_holds_of_random_ones() -> None:
    """Every spurious minimum that is found answers the question by which others are refuted."""
    dice = random.Random(5)
    for _ in range(6):
        units, samples = dice.randint(1, 2), dice.randint(2, 3)
        data = {
            "x": [dice.randint(-3, 3) for _ in range(samples)],
            "y": [dice.randint(-3, 3) for _ in range(samples)],
        }
        if len({*data["x"]}) < 2 or len({*data["y"]}) < 2:
            continue
        problem = asked(
            network=[1, units, 1], samples=samples, given={**data, "w1": [0] * units, "b1": [-1] * units}
        )
        answer = zg.solve(problem, timeout=30, prefer="any")
        assert isinstance(answer, zg.Sat)
        assert not violations(necessary(problem), answer.witness.point)
        assert Fraction(spurious.check(json.loads(json.dumps(answer.to_json())))[1]) > 0


def test_the_smallest() -> None:
    """The smallest numbers of the smallest network: everything smaller was gone through."""
    answer = zg.smallest(asked(), timeout=60)
    assert isinstance(answer, zg.Sat) and answer.smallest is not None
    assert answer.smallest.proved and answer.smallest.size.height == 1 and answer.smallest.size.total == 4


def test_text_and_pictures_have_both() -> None:
    """The second point stands where the witness is shown."""
    from zerograd.show.say.derivation import derivation_markdown
    from zerograd.show.text import answer_text

    answer = zg.solve(asked(given=DEAD))
    assert isinstance(answer, zg.Sat)
    assert "lower     0, at w1 = " in answer_text(answer)
    assert "### A lower loss" in derivation_markdown(answer)


def test_a_lower_loss_where_kinks_are_forbidden() -> None:
    """No derivative is taken there: parameters that put samples on kinks are looked at like others."""
    given = {
        "x": [[-1, 0], [3, 0]],
        "y": [2, 0],
        "w1": [[0, 0], [0, 0]],
        "b1": [-1, -1],
        "w2": [0, 0],
        "b2": 1,
    }
    network = {"inputs": 2, "layers": [{"units": 2, "activation": "relu"}, {"units": 1}]}
    for convention in ("forbid", "any"):
        problem = zg.Problem(
            network=network, samples=2, given=given, loss="smooth_l1", derivative_at_kink=convention
        )
        point = given_point(problem)
        lower = find_lower(point, seed=0).lower
        assert lower is not None
        assert loss_at(lower.at(point)) == 0


def test_kinds_of_points_under_other_losses() -> None:
    """A smooth network, and a loss that is not convex, are undecided, and nothing is refused."""
    layers = [{"units": 1, "activation": "tanh", "bias": False}, {"units": 1}]
    smooth = zg.Problem(
        network={"inputs": 1, "layers": layers}, samples=2, loss={"per_sample": "(y_hat**2 - y)**2"},
    )  # fmt: skip
    arrays = {"x": (0, -1), "y": (1, 1), "w1": (0,), "w2": (3,), "b2": (-3,)}
    shapes = variable_shapes(smooth.network, 2)
    witness = Witness.of(smooth, {name: Array(shapes[name], values) for name, values in arrays.items()})
    assert kind_of(witness.point).kind.is_minimum is not True
    bent = zg.Problem(
        network=[1, 1], samples=1, loss={"per_sample": "abs(y_hat) * (y_hat - y)**2"},
        given={"x": 0, "y": 1, "w1": 0, "b1": 0},
    )  # fmt: skip
    assert kind_of(given_point(bent)).kind is Kind.UNDECIDED
