"""Small datasets suffice where signs of input gradients are asked: the proof carried out, and LPs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from math import prod
from typing import Any

import pytest
import sympy as sp
import z3
from hypothesis import assume, given
from hypothesis import strategies as st

import zerograd as zg
from tests.core.test_small_datasets import witnesses
from tests.effort import examples
from zerograd.core.model.activations import leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import sign
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import samples_of_one_pattern, sufficient_samples
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness

OF_X: dict[str, Callable[[list[int]], bool]] = {
    "zero": lambda signs: set(signs) <= {0},
    "nonzero": lambda signs: 0 not in signs,
    "positive": lambda signs: set(signs) == {1},
    "negative": lambda signs: set(signs) == {-1},
}
"""Which samples may stay, by the signs of their input gradients."""


# --- the bound ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ({"zero": ["x"]}, 1),
        ({"zero": ["x", "b2"]}, 1),
        ({"zero": ["x", "w1", "b1", "w2", "b2"]}, 4),
        ({"zero": ["b2"], "nonzero": ["x"]}, 2),
        ({"zero": ["w1", "b1", "w2", "b2"], "negative": ["x"]}, 5),
        ({"zero": ["w1"], "nonzero": ["b2"], "positive": ["x"]}, 2),
        ({"zero": ["w1"], "some_nonzero": ["w2"], "positive": ["x"]}, 2),
        ({"some_nonzero": ["x"]}, 1),
        ({"zero": ["b2"], "some_nonzero": ["x"]}, 2),
        ({"nonzero": ["b2"], "some_nonzero": ["x"]}, 2),
        ({"zero": ["b2"], "nonzero": ["x"], "some_nonzero": ["x"]}, 2),
        ({"positive": ["x"]}, 1),
        ({"zero": ["b2"], "where": ["r != 0"]}, 2),
        ({"zero": ["b2"], "where": ["r * grad(x) > 0 or grad(x)**2 > r * 0"]}, 2),
        ({"nonzero": ["b2"], "where": ["0 < r", "-2 * grad(x) < grad(x) / 3"]}, 1),
    ],
)
def test_the_bound(query: dict[str, Any], bound: int) -> None:
    """One more than the asked entries where only zeros are asked of parameters, or some input gradient."""
    assert sufficient_samples(Problem(network=[1, 1, 1], samples="any", **query)) == bound


@pytest.mark.parametrize("loss", ["mae", "huber", "bce_with_logits", {"of_mean": "1 / mse"}])
def test_other_losses_fail(loss: Any) -> None:
    """Where targets do not reach every adjoint, these cannot be multiplied."""
    assert sufficient_samples(Problem(network=[1, 1, 1], samples="any", zero=["x"], loss=loss)) is None


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ({"zero": ["x"]}, 3),
        ({"zero": ["b2"], "some_nonzero": ["x"]}, 4),
        ({"positive": ["x"]}, 7),
        ({"zero": ["b2"], "where": ["r > 0"]}, 7),
        ({"zero": ["b2"], "where": ["y > 0"]}, None),
    ],
)
def test_the_bound_within_a_pattern(query: dict[str, Any], bound: int | None) -> None:
    """D + 1 by affine combinations, K (D + 1) + 1 by conic ones; here D = K = 2."""
    assert samples_of_one_pattern(Problem(network=[2, 1, 2], samples="any", **query)) == bound


# --- the proof, carried out --------------------------------------------------------------


def contributions(witness: Witness, asked: Sequence[tuple[str, Any]]) -> list[sp.Matrix]:
    """v[m]: what each sample adds to the asked entries of parameter gradients, up to one factor."""
    problem = witness.problem
    result = []
    outputs = witness.forward.y_hat.rows()
    for m in range(witness.samples):
        rows = [*outputs[:m], witness.y.rows()[m], *outputs[m + 1 :]]  # the others' residuals are 0
        alone = Witness.of(problem, {**witness.variables, "y": Array.of(rows, problem.network.outputs)})
        values = [sp.Rational(str(alone.gradients[name][index])) for name, index in asked]
        result.append(sp.Matrix(len(asked), 1, values))
    return result


def conic(vectors: Sequence[sp.Matrix]) -> dict[int, Fraction]:
    """Positive weights of linearly independent vectors with the sum of all (Carathéodory's theorem)."""
    weights = {n: sp.Integer(1) for n in range(len(vectors))}
    while weights:
        names = list(weights)
        kernel = sp.Matrix.hstack(*(vectors[n] for n in names)).nullspace()
        if not kernel:
            break
        relation = kernel[0] if any(c > 0 for c in kernel[0]) else -kernel[0]
        step = min(weights[n] / c for n, c in zip(names, relation, strict=True) if c > 0)
        moved = {n: weights[n] - step * c for n, c in zip(names, relation, strict=True)}
        weights = {n: w for n, w in moved.items() if w != 0}
    return {n: Fraction(int(w.p), int(w.q)) for n, w in weights.items()}


def rebuilt(witness: Witness, kept: Sequence[tuple[int, Fraction]]) -> Witness:
    """The dataset of these samples, their residuals multiplied."""
    problem = witness.problem.with_samples(len(kept))
    outputs = [witness.forward.y_hat.rows()[m] for m, _ in kept]
    residuals = [[w * r for r in witness.point.residuals.rows()[m]] for m, w in kept]
    x = Array.of([witness.x.rows()[m] for m, _ in kept], problem.network.inputs)
    y = [[p - r for p, r in zip(*pair, strict=True)] for pair in zip(outputs, residuals, strict=True)]
    return Witness.of(problem, {**witness.parameters, "x": x, "y": Array.of(y, problem.network.outputs)})


@st.composite
def cases(draw: st.DrawFn) -> Witness:
    """A witness of what is so of its own gradients, input gradients included."""
    drawn = draw(witnesses())
    own = drawn.gradients["x"].rows()
    relation = draw(st.sampled_from([*OF_X, "some_nonzero"]))
    rule = OF_X.get(relation, bool)
    staying = [(m, Fraction(1)) for m, row in enumerate(own) if rule([sign(v) for v in row])]
    assume(staying)
    smaller = rebuilt(drawn, staying)
    assume(relation != "some_nonzero" or any(smaller.gradients["x"].entries))
    query: dict[str, list[str]] = {"zero": [], "positive": [], "negative": []}
    some = draw(st.booleans())
    for name in drawn.problem.network.shapes:
        for index, value in smaller.gradients[name].items():
            if draw(st.booleans()) and (some or value == 0):
                kind = ("negative", "zero", "positive")[sign(value) + 1]
                query[kind].append(f"{name}[{','.join(map(str, index))}]")
    query.setdefault(relation, []).append("x")
    where = ["r != 0"] if all(smaller.point.residuals.entries) else []
    problem = Problem(network=drawn.problem.network, samples=len(staying), where=where, **query)  # type: ignore[arg-type]
    return Witness.of(problem, smaller.variables)


@examples(25)
@given(cases(), st.integers(0, 2))
def test_a_witness_shrinks_and_grows(witness: Witness, extra: int) -> None:
    """Carathéodory's theorem, a sample with an input gradient kept aside, copies that share: all accepted."""
    problem = witness.problem
    check_witness(problem, witness)
    asked = [
        (name, index)
        for relation in problem.query
        for name, index in problem.asked_entries(relation, witness.samples)
        if name != "x"
    ]
    vectors = contributions(witness, asked)
    wanted = (sufficient_samples(problem) or 0) + extra
    total = sum(vectors, sp.zeros(len(asked), 1))
    aside: list[int] = []
    if problem.query["some_nonzero"]:  # type: ignore[index]
        aside = [next(m for m, row in enumerate(witness.gradients["x"].rows()) if any(row))]
    others = [m for m in range(witness.samples) if m not in aside]
    only_zero = not aside and problem.query["zero"] and "x" in map(str, problem.query["zero"])  # type: ignore[index]
    if total == sp.zeros(len(asked), 1) and not aside:
        if only_zero and not problem.where:
            kept = [(others[0], Fraction(0))]
        else:
            lifted = [sp.Matrix(len(asked) + 1, 1, [*v, 1]) for v in vectors]
            kept = list(conic(lifted).items())
    else:
        weights = conic([vectors[m] for m in others]) if others else {}
        kept = [*((m, Fraction(1)) for m in aside), *((others[n], w) for n, w in weights.items())]
    assert 1 <= len(kept) <= wanted - extra
    check_witness(problem.with_samples(len(kept)), rebuilt(witness, kept))
    (first, weight), missing = kept[0], wanted - len(kept)
    shared = [(first, weight / (missing + 1))] * (missing + 1)
    check_witness(problem.with_samples(wanted), rebuilt(witness, [*shared, *kept[1:]]))


# --- linear programs over datasets of a grid ---------------------------------------------


def linear_programs(
    problem: Problem, parameters: dict[str, Array[Any]], grid: Sequence[int], samples: int
) -> bool:
    """Whether M = ``samples`` inputs of a grid, repeats allowed, have adjoints that answer the question."""
    network = problem.network
    points = [[v, *[1] * (network.inputs - 1)] for v in grid]
    rows: list[dict[tuple[str, Any], Fraction]] = []
    for point in points:
        bare = Problem(network=network, samples=1, derivative_at_kink=problem.derivative_at_kink)
        x = Array.of([point], network.inputs)
        data: dict[str, Array[Any]] = {"x": x, "y": Array.of([[0]], 1)}
        blank = Witness.of(bare, {**parameters, **data})
        data["y"] = Array.of([[blank.forward.y_hat.entries[0] - 1]], 1)
        unit = Witness.of(bare, {**parameters, **data})
        rows.append({(n, i): Fraction(str(v)) for n, a in unit.gradients.items() for i, v in a.items()})
    return any(
        _solvable(problem, [rows[n] for n in chosen])
        for chosen in combinations_with_replacement(range(len(points)), samples)
    )


def _solvable(problem: Problem, rows: Sequence[dict[tuple[str, Any], Fraction]]) -> bool:
    solver, g = z3.Solver(), [z3.Real(f"g{m}") for m in range(len(rows))]
    holds = {"zero": lambda v: v == 0, "positive": lambda v: v > 0, "negative": lambda v: v < 0}
    for relation, references in problem.query.items():
        for reference in references:
            entries = list(_entries(reference, rows, g))
            if relation.some:
                solver.add(z3.Or([v != 0 for v in entries]))
            else:
                solver.add([holds.get(str(relation), lambda v: v != 0)(v) for v in entries])
    if problem.where:
        assert [str(c) for c in problem.where] == ["r != 0"]
        solver.add([v != 0 for v in g])
    return bool(solver.check() == z3.sat)


def _entries(
    reference: Any, rows: Sequence[dict[tuple[str, Any], Fraction]], g: Sequence[Any]
) -> Iterator[Any]:
    for name, index in rows[0]:
        if name == reference.name == "x":
            yield from (
                z3.Q(*row[name, index].as_integer_ratio()) * v for row, v in zip(rows, g, strict=True)
            )
        elif name == reference.name:
            yield z3.Sum([z3.Q(*r[name, index].as_integer_ratio()) * v for r, v in zip(rows, g, strict=True)])


def random_question(chance: random.Random) -> tuple[Problem, dict[str, Array[Any]]]:
    """A question, and parameters in small integers: many are 0."""
    activations: list[Any] = ["relu", "abs", leaky_relu("1/2"), "hardtanh", "relu6"]
    hidden = [Layer(n, chance.choice(activations)) for n in chance.choice([[1], [2], [1, 1]])]
    network = Network(chance.choice([1, 1, 2]), (*hidden, Layer(1, "linear")))
    relations = ["zero", "nonzero", "positive", "negative", "some_nonzero"]
    query: dict[str, list[str]] = {chance.choice(relations): ["x"]}
    names = chance.sample(list(network.shapes), chance.choice([0, 1, 1, 2]))
    for name in names:
        query.setdefault(chance.choice(["zero", "zero", *relations]), []).append(name)
    where = ["r != 0"] if chance.random() < 0.2 else []
    problem = Problem(network=network, samples="any", where=where, **query)  # type: ignore[arg-type]
    parameters = {
        name: Array.build(shape, lambda _: chance.choice([-2, -1, -1, 0, 1, 1, 2]))
        for name, shape in network.shapes.items()
    }
    return problem, parameters


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 60))]
)
def test_more_samples_answer_no_more(seed: int) -> None:
    """With N samples of a grid there is an answer if there is one with more; with more, if with N."""
    chance = random.Random(f"grid {seed}")
    compared = 0
    while compared < 4:
        problem, parameters = random_question(chance)
        bound = sufficient_samples(problem)
        assert bound is not None
        if bound > 4:
            continue
        compared += 1
        answers = [
            linear_programs(problem, parameters, (-2, 0, 1, 3), m) for m in (bound, bound + 1, bound + 2)
        ]
        assert len(set(answers)) == 1, (problem, parameters, answers)


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ({"zero": ["b2"], "nonzero": ["x"]}, 2),
        ({"zero": ["b2"], "where": ["r != 0"]}, 2),
    ],
)
def test_the_bound_is_reached(query: dict[str, Any], bound: int) -> None:
    """These need as many samples as the theorem allows."""
    problem = Problem(network=[1, 1, 1], samples="any", **query)
    assert sufficient_samples(problem) == bound
    parameters = {n: Array.build(s, lambda _: 1) for n, s in problem.network.shapes.items()}
    assert linear_programs(problem, parameters, (0, 1, 3), bound)
    grid = [{n: Array(s, (v,) * prod(s)) for n, s in problem.network.shapes.items()} for v in (-1, 1, 2)]
    assert not any(linear_programs(problem, p, (-2, 0, 1, 3), bound - 1) for p in grid)


@pytest.mark.parametrize(
    ("query", "samples", "status"),
    [
        ({"where": ["y == 0", "y_hat != 0"]}, 1, "unsat"),
        ({"where": ["y == 0", "y_hat != 0"]}, 2, "sat"),
        ({"where": ["abs(r) == 1"]}, 1, "unsat"),
        ({"where": ["abs(r) == 1"]}, 2, "sat"),
        ({"where": ["abs(r) == 1"]}, 3, "unsat"),
        ({"nonzero": ["x"]}, 1, "unsat"),
        ({"nonzero": ["x"]}, 2, "sat"),
    ],
)
def test_the_page_on_small_datasets(query: dict[str, Any], samples: int, status: str) -> None:
    """What it says of questions that do not meet a hypothesis, or need one sample more."""
    problem = Problem(network=[1, 1, 1], samples=samples, zero=["b2"], **query)
    assert zg.solve(problem, certify=False).status == status
