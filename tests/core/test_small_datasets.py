"""Small datasets suffice: the theorem's own construction, carried out on random witnesses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import sign
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import asked_entries, hypotheses_fail, sufficient_samples
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness

HEADLINE: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def test_the_bound_is_the_number_of_asked_entries() -> None:
    """Entries named twice, or under two relations that agree, count once."""
    problem = Problem(
        network=[2, 3, 1],
        samples="any",
        zero=["w2", "b2"],
        nonzero=["w1[0,0]"],
        positive=["w1[0,0]"],
        some_nonzero=["w1"],
    )
    assert asked_entries(problem) == 3 + 1 + 6
    assert sufficient_samples(problem) == 10


def test_a_question_without_gradients_needs_one_sample() -> None:
    """The bound is at least one."""
    assert sufficient_samples(Problem(network=[1, 1], samples="any", where=["w1 == 2"])) == 1


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"domain": "integer"}, "domain is integer, so targets cannot be chosen freely"),
        ({"positive": ["x[1]"]}, "it asks of the input gradient of a single sample, x[1,0]"),
        ({"given": {"x[0]": 1}}, "it gives values to x"),
        ({"given": {"y[0]": 1}}, "it gives values to y"),
        ({"bounds": {"y": [0, 1]}}, "it bounds the targets"),
        ({"bounds": {"x[1]": [0, 1]}}, "it bounds the single entry x[1,0]"),
        *(
            ({"where": [text]}, f"the condition {shown!r} is not one on parameters, or on each sample alone")
            for text, shown in [
                ("loss < 1", "loss < 1"),
                ("r < 1", "r < 1"),
                ("r == x", "r == x"),
                ("r > grad(x)", "r > grad(x)"),
                ("r * r > r", "r * r > r"),
                ("r / grad(x) > 0 and r**0 == grad(x)", "r / grad(x) > 0 and r**0 == grad(x)"),
                ("any(r != 0)", "any(r != 0)"),
                ("grad(x[0]) > 0", "grad(x[0]) > 0"),
                ("not grad(x) > 0", "not grad(x) > 0"),
                ("y > 0", "y > 0"),
                ("any(x > 1)", "any(x > 1)"),
                ("distinct(x)", "distinct(x)"),
                ("sum(x) == 1", "sum(x) == 1"),
                ("max(abs(x)) < 1", "max(abs(x)) < 1"),
                ("not x > 1", "not x > 1"),
                ("x[0] < 1", "x[0] < 1"),
                ("w1 > 0 or any(z1 > 0)", "w1 > 0 or any(z1 > 0)"),
                ("grad(w1) > 1", "grad(w1) > 1"),
            ]
        ),
    ],
)
def test_what_breaks_a_hypothesis(extra: dict[str, Any], reason: str) -> None:
    """Each hypothesis is tested, and the one that fails is named."""
    problem = Problem(samples="any", **{**HEADLINE, **extra})
    assert hypotheses_fail(problem) == reason
    assert sufficient_samples(problem) is None


@pytest.mark.parametrize(
    "where", ["x > 0", "z1 > 0 or w1 == 1", "all(x**2 + a1 < 9) and b1 < 0", "y_hat <= 4", "max(w1) > 0"]
)
def test_conditions_on_each_sample_alone_keep_the_bound(where: str) -> None:
    """What a dataset's samples each fulfil, every part of it fulfils."""
    assert sufficient_samples(Problem(samples="any", where=[where], **HEADLINE)) == 4


integers = st.integers(-3, 3)


@st.composite
def witnesses(draw: st.DrawFn) -> Witness:
    """Any network and dataset, as a witness of the question that its own gradients answer."""
    inputs, hidden, outputs = draw(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 2)))
    samples = draw(st.integers(1, 7))
    bare = Problem(network=[inputs, hidden, outputs], samples=samples)

    def array(*shape: int) -> Array[Any]:
        size = 1
        for n in shape:
            size *= n
        return Array(shape, tuple(draw(integers) for _ in range(size)))

    values = {name: array(*shape) for name, shape in bare.network.shapes.items()}
    values |= {"x": array(samples, inputs), "y": array(samples, outputs)}
    gradients = Witness.of(bare, values).gradients
    query: dict[str, list[str]] = {"zero": [], "positive": [], "negative": []}
    for name in bare.network.shapes:
        for index, value in gradients[name].items():
            if draw(st.booleans()):
                relation = ("negative", "zero", "positive")[sign(value) + 1]
                query[relation].append(f"{name}[{','.join(map(str, index))}]")
    return Witness.of(Problem(network=bare.network, samples=samples, **query), values)  # type: ignore[arg-type]


def columns(witness: Witness, asked: list[tuple[str, tuple[int, ...]]]) -> sp.Matrix:
    """J: one column for every residual, from gradients with that residual alone set to 1."""
    run = witness.forward
    result = []
    for position in range(len(witness.point.residuals.entries)):
        unit = tuple(int(i == position) for i in range(len(witness.point.residuals.entries)))
        y = Array(run.y_hat.shape, tuple(p - u for p, u in zip(run.y_hat.entries, unit, strict=True)))
        moved = Witness.of(witness.problem, {**witness.variables, "y": y})
        result.append([sp.Rational(str(moved.gradients[name][index])) for name, index in asked])
    return sp.Matrix(result).T


@examples(60)
@given(witnesses(), st.integers(0, 2))
def test_a_witness_shrinks_and_grows(witness: Witness, extra: int) -> None:
    """The proof, carried out: a basis of columns, its residuals, padding, and the checker agrees."""
    problem = witness.problem
    check_witness(problem, witness)
    asked = [e for relation in problem.query for e in problem.asked_entries(relation, witness.samples)]
    wanted = (sufficient_samples(problem.with_samples("any")) or 0) + extra
    assert wanted >= max(1, len(asked))
    outputs = problem.network.outputs
    residuals: dict[int, Fraction] = {}
    if asked:
        matrix = columns(witness, asked)
        _, basis = matrix.rref()
        goal = sp.Matrix([sp.Rational(str(witness.gradients[name][index])) for name, index in asked])
        if basis:
            chosen = matrix[:, list(basis)]
            solution = (chosen.T * chosen).LUsolve(chosen.T * goal)
            residuals = {c: Fraction(int(v.p), int(v.q)) for c, v in zip(basis, solution, strict=True)}
    kept = sorted({c // outputs for c in residuals}) or [0]
    padded = kept + [kept[0]] * (wanted - len(kept))
    x = Array.of([witness.x.rows()[m] for m in padded], problem.network.inputs)
    r = [
        [residuals.get(m * outputs + k, 0) if place < len(kept) else 0 for k in range(outputs)]
        for place, m in enumerate(padded)
    ]
    y = Array.of(
        [
            [p - v for p, v in zip(witness.forward.y_hat.rows()[m], row, strict=True)]
            for m, row in zip(padded, r, strict=True)
        ],
        outputs,
    )
    smaller = problem.with_samples(wanted)
    check_witness(smaller, Witness.of(smaller, {**witness.parameters, "x": x, "y": y}))


@pytest.mark.parametrize(
    "where",
    [
        "x == [1, 2]",
        "x > b1",
        "x - b1 == 0",
        "0 < b1 < z1[0,0] or x != w2",
        "all([1, 2] <= x)",
        "w1 < x",
        "x == [[1], [2]]",
    ],
)
def test_entries_laid_beside_samples_break_a_hypothesis(where: str) -> None:
    """Where arrays of M entries meet the M samples, each sample has a condition of its own."""
    problem = Problem(**{**HEADLINE, "network": [1, 2, 1]}, samples=2, where=[where])
    assert sufficient_samples(problem) is None


def test_columns_that_fit_one_sample_alone_break_a_hypothesis() -> None:
    """One sample is compared with each of the two units; two samples would not fit."""
    problem = Problem(**{**HEADLINE, "network": [1, 2, 1]}, samples=1, where=["x > z1"])
    assert sufficient_samples(problem) is None


@pytest.mark.parametrize(
    "where", ["x > b1[0]", "z1 + w1[1] > sum(b1) * a1", "z1 > max(w1[0,0], b2)", "w1 != b1"]
)
def test_single_entries_beside_samples_keep_the_bound(where: str) -> None:
    """What is the same for each sample, or of its own row, says the same of every dataset."""
    assert sufficient_samples(Problem(**{**HEADLINE, "network": [1, 2, 1]}, samples=2, where=[where])) == 7
