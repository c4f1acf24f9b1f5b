"""What targets may be: labels of a kind, classes as whole numbers, shares; and what loses its meaning."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.activations import activation_named
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.fitness import labels
from zerograd.core.question.given import given_point, unfit
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness

F = Fraction


def problem(**asked: Any) -> Problem:
    return Problem(**{"network": [1, 1, 1], "samples": 3, "zero": ["w2"], **asked})


def issues(**asked: Any) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        problem(**asked)
    return [str(issue) for issue in caught.value.issues]


# --- documents --------------------------------------------------------------------------

FORMS: list[tuple[Any, Any]] = [
    ("mse", "mse"),
    ({"sse": "1/2"}, {"sse": {"factor": "1/2"}}),
    ({"sse": {"factor": 1}}, "sse"),
    ({"huber": 1}, "huber"),
    ({"huber": F(1, 2)}, {"huber": {"delta": "1/2"}}),
    ({"smooth_l1": {"beta": "0.5", "factor": 3}}, {"smooth_l1": {"beta": "1/2", "factor": "3"}}),
    ({"per_sample": "(y_hat-y) ** 4"}, {"per_sample": "(y_hat - y)**4"}),
    ({"of_mean": "1/mse"}, {"of_mean": "1 / mse"}),
]


@pytest.mark.parametrize(("written", "canonical"), FORMS, ids=str)
def test_losses_in_documents(written: Any, canonical: Any) -> None:
    """Several forms, one canonical document, which is read back as the same question."""
    asked = problem(loss=written)
    assert asked.meaning()["loss"] == canonical
    assert "targets" not in asked.meaning()
    assert problem_from_json(asked.to_json()).digest == asked.digest
    assert problem(loss=asked.model.loss).digest == asked.digest
    assert asked.with_samples(4).loss == canonical
    assert (asked.digest == problem().digest) == (canonical == "mse")


def test_targets_are_part_of_the_meaning() -> None:
    """Where they are not just numbers."""
    digests = {problem(targets=kind).digest for kind in ("real", "binary", "sign")}
    assert len(digests) == 3
    asked = problem(targets="binary", loss="bce_with_logits")
    assert asked.meaning()["targets"] == "binary"
    assert problem_from_json(asked.to_json()) == asked
    assert asked.with_kink("left").targets == "binary"
    assert labels(asked) == "the targets are labels: 0 or 1"
    assert labels(problem(loss="bce_with_logits")) == "the targets are shares from 0 to 1"
    assert labels(problem()) is None


# --- classes -------------------------------------------------------------------------------

CLASSES: list[Any] = [[0, 2, 1], [[0], [2], [1]], [[1, 0, 0], [0, 0, 1], [0, 1, 0]], Array((3,), (0, 2, 1))]


@pytest.mark.parametrize("y", CLASSES, ids=str)
def test_classes(y: Any) -> None:
    """Whole numbers and rows are the same."""
    asked = problem(network=[1, 1, 3], loss="cross_entropy", targets="class", given={"y": y})
    rows = [[asked.given["y"][m, k] for k in range(3)] for m in range(3)]
    assert rows == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_the_class_of_the_only_sample() -> None:
    """A number, as other arrays of one entry; no class, and more than one sample, are mistakes."""
    shape: dict[str, Any] = {"network": [1, 1, 3], "loss": "cross_entropy", "targets": "class"}
    given = problem(samples=1, given={"y": 2}, **shape).given["y"]
    assert given == {(0, 0): 0, (0, 1): 0, (0, 2): 1}
    with pytest.raises(ProblemError, match="3 is no class: expected a whole number from 0 to 2"):
        problem(samples=1, given={"y": 3}, **shape)
    with pytest.raises(ProblemError, match=r"y has shape \(2, 3\), found shape \(\)"):
        problem(samples=2, given={"y": 2}, **shape)


def test_classes_of_single_samples() -> None:
    """They have names, where the number of samples is open as well; those left out are free."""
    shape: dict[str, Any] = {"network": [1, 1, 2], "loss": "cross_entropy", "targets": "class"}
    for samples in (3, "fewest"):
        asked = problem(**shape, samples=samples, given={"y[2]": 1})
        assert asked.given["y"] == {(2, 0): 0, (2, 1): 1}
        assert asked.samples.least == 3
    assert problem(**shape, given={"y": [0, None, 1]}).given["y"].keys() == {(0, 0), (0, 1), (2, 0), (2, 1)}
    np = pytest.importorskip("numpy")
    assert problem(**shape, given={"y": np.array([0, 1, 1])}).given["y"][1, 1] == 1
    assert issues(**shape, given={"y[2]": 2}) == [
        "given.y[2]: 2 is no class: expected a whole number from 0 to 1"
    ]
    assert issues(**shape, given={"y": [0, -1, "1/2"]}) == [
        "given.y[1]: -1 is no class: expected a whole number from 0 to 1",
        "given.y[2]: 1/2 is no class: expected a whole number from 0 to 1",
    ]


# --- mistakes ------------------------------------------------------------------------------

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"loss": "hinge"}, "loss: the mean hinge loss takes targets: sign (without it they are real)"),
    ({"loss": "bce"}, "loss: the binary cross entropy of probabilities has logarithms of ŷ and of 1 − ŷ"),
    ({"loss": "cross_entropy"}, "loss: the softmax cross entropy is of several outputs"),
    ({"loss": "mse", "targets": "class"}, "targets: the mean squared error takes targets: real or"),
    ({"loss": "relu"}, "loss: expected one of mse, sse, mae,"),
    ({"loss": "per_sample"}, "loss: per_sample takes a formula, such as"),
    ({"loss": ["mse"]}, "loss: expected a loss such as mse or {huber: 1/2}, found ['mse']"),
    ({"loss": {"huber": 0.5}}, "loss.huber: 0.5 is a float; write it exactly"),
    ({"loss": {"huber": 0}}, "loss.huber: expected a number above 0, found 0"),
    ({"loss": {"huber": True}}, "loss.huber: expected a number above 0, found True"),
    ({"loss": {"mse": {"delta": 1}}}, "loss.mse.delta: unknown key (known of mse: factor)"),
    ({"loss": {"per_sample": "y_hat + z"}}, "loss.per_sample: unknown name 'z' (known: y_hat, y)"),
    ({"loss": {"per_sample": "y**2"}}, "loss.per_sample: does not depend on y_hat"),
    ({"loss": {"per_sample": "y_hat / 0"}}, "loss.per_sample: divides by 0"),
    ({"loss": {"of_mean": "1 / 0 + mse"}}, "loss.of_mean: divides by 0"),
    ({"loss": {"per_sample": "y_hat[1]"}}, "loss.per_sample: y_hat[1]: index 1 is out of range"),
    ({"loss": {"per_sample": "y_hat < y"}}, "loss.per_sample: 'y_hat < y' is a condition, not a number"),
    ({"loss": {"per_sample": "distinct(y_hat)"}}, "loss.per_sample: 'distinct(y_hat)' at column 1 is not"),
    ({"loss": {"of_mean": "1 / rmse"}}, "loss.of_mean: unknown name 'rmse' (known: mse, sse,"),
    ({"loss": {"of_mean": "abs(mse)"}}, "loss.of_mean: 'abs(mse)' at column 1 is not allowed"),
    ({"loss": {"of_mean": "2"}}, "loss.of_mean: expected one loss in the formula, such as 1 / mse, found"),
    ({"given": {"y": [0, 1, 2]}, "targets": "binary"}, "given.y[2][0]: y[2,0] = 2 is not 0 or 1"),
    ({"given": {"y": [0, 1, 1]}, "targets": "sign"}, "given.y[0][0]: y[0,0] = 0 is not -1 or 1"),
    (
        {"given": {"y[1]": "3/2"}, "loss": "bce_with_logits"},
        "given.y[1][0]: y[1,0] = 3/2 is not a number from 0 to 1",
    ),
    ({"bounds": {"y": [2, 3]}, "targets": "binary"}, "bounds.y: the bounds leave no label for y[0,0]"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "message"), MISTAKES, ids=lambda value: str(value)[:60])
def test_mistakes(asked: dict[str, Any], message: str) -> None:
    """Each has its place and says what to do."""
    (found,) = issues(**asked)
    assert found.startswith(message)


@pytest.mark.parametrize(
    "where",
    [
        ["0 < y_hat < 1"],
        ["y_hat > 0", "y_hat < 1"],
        ["1/10 <= y_hat and 9/10 >= y_hat"],
        ["y_hat > 1/2", "1 > y_hat"],
    ],
    ids=str,
)
def test_probabilities_by_conditions(where: list[str]) -> None:
    """Outputs that conditions hold between 0 and 1 have logarithms."""
    assert problem(loss="bce", where=where).loss == "bce"
    assert issues(loss="bce", where=where[1:])
    assert issues(loss="bce", where=[f"not ({condition})" for condition in where])
    last = Layer(1, activation_named("sigmoid"))
    assert problem(loss="bce", network=Network(1, (Layer(2, activation_named("relu")), last))).loss == "bce"


# --- the checker -----------------------------------------------------------------------------


def witness(asked: Problem, **values: Any) -> Witness:
    numbers: dict[str, Any] = {"w1": [[0]], "b1": [0], "w2": [[0]], "b2": [0], "x": [[0]] * 3, **values}
    return Witness.of(asked, {name: _array(value) for name, value in numbers.items()})


def _array(value: list[Any]) -> Array[Any]:
    return (
        Array.of(value, len(value[0])) if isinstance(value[0], list) else Array((len(value),), tuple(value))
    )


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"targets": "binary"}, {"y": [[0], [F(1, 2)], [1]]}, "targets: y[1,0]: expected 0 or 1, found 1/2"),
    ({"targets": "sign", "loss": "hinge"}, {"y": [[0], [1], [1]]}, "targets: y[0,0]: expected -1 or 1"),
    ({"loss": "bce_with_logits"}, {"y": [[0], [2], [1]]}, "targets: y[1,0]: expected a number from 0 to 1"),
    (
        {"loss": {"per_sample": "1 / (y_hat - y)"}}, {"y": [[0], [1], [1]]},
        "loss and gradients: expected exact numbers",
    ),
    ({"loss": {"of_mean": "1 / mse"}}, {"y": [[0], [0], [0]]}, "loss and gradients: expected exact numbers"),
    (
        {"loss": "bce", "where": ["0 < y_hat < 1"]}, {"y": [[0], [0], [0]], "b2": [1]},
        "y_hat[0,0]: expected a number above 0 and below 1, found 1",
    ),
    (
        {"loss": "mae", "derivative_at_kink": "forbid"}, {"y": [[1], [0], [1]], "b1": [1]},
        "y_hat[1,0]: expected not to be on a kink (derivative_at_kink: forbid), found a kink of the loss",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "values", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_is_no_witness(asked: dict[str, Any], values: dict[str, Any], message: str) -> None:
    """Targets that are none, and numbers at which the loss has no derivative."""
    question = problem(**asked)
    with pytest.raises(Refused) as caught:
        check_witness(question, witness(question, **values))
    assert str(caught.value).startswith(message)


def test_rows_of_a_witness() -> None:
    """Shares of a sample have sum 1, and one class has it all."""
    for targets, rows, message in (
        ("real", [[F(1, 2), F(1, 4)]] * 3, "targets: the sum of y[0]: expected 1, found 3/4"),
        ("class", [[1, 1], [0, 1], [1, 0]], "targets: the sum of y[0]: expected 1, found 2"),
        ("class", [[0, 0], [0, 1], [1, 0]], "targets: the sum of y[0]: expected 1, found 0"),
    ):
        question = problem(network=[1, 1, 2], loss="cross_entropy", targets=targets)
        with pytest.raises(Refused) as caught:
            check_witness(question, witness(question, w2=[[0], [0]], b2=[0, 0], y=rows))
        assert str(caught.value).startswith(message)


def test_closed_forms_are_checked() -> None:
    """Logits whose sigmoid is rational: σ(log 2) = 2/3, softmax(log 2, 0, 0) = (1/2, 1/4, 1/4)."""
    log2 = EXACT.log(2)
    question = problem(loss="bce_with_logits", zero=["b2"], nonzero=[])
    check_witness(question, witness(question, b2=[log2], y=[[1], [1], [0]]))
    question = problem(network=[1, 1, 3], samples=4, loss="cross_entropy", targets="class", zero=["b2"])
    labels = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    numbers: dict[str, Any] = {"w2": [[0]] * 3, "b2": [log2, 0, 0], "x": [[0]] * 4, "y": labels}
    check_witness(question, witness(question, **numbers))
    with pytest.raises(Refused):
        check_witness(question, witness(question, **{**numbers, "y": [*labels[:3], [1, 0, 0]]}))


def test_given_questions_of_other_losses() -> None:
    """One calculation answers them where loss and derivative are rational."""
    numbers = {"w1": 1, "b1": -1, "w2": 1, "b2": -1, "x": [0, 2, 3], "y": [-2, 2, 0]}
    answer = zg.solve(
        problem(loss={"of_mean": "1 / mse"}, zero=["w2", "b2"], nonzero=["w1", "b1"], given=numbers)
    )
    assert isinstance(answer, zg.Sat)
    assert answer.witness.loss == F(1, 2)
    assert answer.witness.gradients["b1"].entries == (F(1, 6),)  # −1/mse² times 2/3
    assert unfit(problem(loss="bce_with_logits", given={**numbers, "y": [0, 1, 0]}))
    assert unfit(problem(loss={"of_mean": "1 / mse"}, given={**numbers, "y": [-1, 0, 1]}))
    point = given_point(problem(loss="mae", given=numbers, derivative_at_kink="right"))
    assert point.adjoint.entries == (1, -1, 1)
