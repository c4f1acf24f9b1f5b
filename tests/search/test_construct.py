"""Construct and fit: exact linear algebra at fixed parameters and inputs, against SymPy and the checker."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import units_with_sides
from zerograd.core.numbers.arrays import indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation
from zerograd.core.verdict.checking import check_witness
from zerograd.derive.regions import region
from zerograd.derive.sample import derive
from zerograd.search import construct, fit
from zerograd.search.draw import Structure
from zerograd.search.draws import Draws
from zerograd.search.kernel import REDUCED, kernel, primitive
from zerograd.search.linear_part import LinearPart, layers_of, run
from zerograd.search.verdict import Found, Undecided, Verdict

if TYPE_CHECKING:
    from tests.search.conftest import Dice

HEADLINE: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def constructed(
    problem: Problem, *, draws: int = 60, seed: int = 0, strategy: Any = construct.construct
) -> Verdict:
    """What the strategy says; a witness has been checked."""
    drawn = Draws(1, draws, time.monotonic() + 60, seed, lambda _: None)
    verdict: Verdict = strategy(problem, problem.samples.least, drawn)
    if isinstance(verdict, Found):
        check_witness(problem, verdict.witness)
    return verdict


# --- the linear part ---------------------------------------------------------------------------


def linear_part(dice: Dice, kink: str) -> tuple[Problem, dict[str, Any], LinearPart]:
    """A random network at random values."""
    network = dice.network(depth=3, width=3)
    samples = dice.random.randint(1, 3)
    values = dice.values(network, samples, integer=dice.often(0.5))
    plain: Any = {name: dict(array.items()) for name, array in values.items()}
    layers = layers_of(network, plain)
    rows: Any = values["x"].rows()
    runs = tuple(run(network, layers, list(row), kink) for row in rows)
    problem = Problem(network=network, samples=samples, derivative_at_kink=kink)
    return problem, values, LinearPart(network, layers, runs)


@pytest.mark.parametrize("seed", range(60))
def test_gradients_are_those_of_the_checker(dice: type[Dice], seed: int) -> None:
    """Linear forms and reverse mode, applied to the residuals, both give what the checker computes."""
    from zerograd.core.verdict.witness import Witness

    kink = KINKS[seed % 3]
    problem, values, part = linear_part(dice(f"linear {seed}"), kink)
    witness = Witness.of(problem, values)
    residuals: Any = [list(row) for row in witness.point.residuals.rows()]
    names = [*problem.network.shapes, "x"]
    entries = [(n, i) for n in names for i in indices(witness.gradients[n].shape)]
    scale = Fraction(2, len(witness.point.residuals.entries))
    by_name = part.gradients(residuals, names)
    flat = [v for row in residuals for v in row]
    for (name, index), row in zip(entries, part.rows(entries), strict=True):
        exact = witness.gradients[name][index]
        assert exact == scale * by_name[name][index]
        assert exact == scale * sum(a * b for a, b in zip(row, flat, strict=True))
    assert [list(row) for row in witness.forward.y_hat.rows()] == part.outputs


@pytest.mark.parametrize("seed", range(6))
def test_forms_tell_what_gradients_tell(dice: type[Dice], seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether gradients are as asked, by coefficients of those that are asked about and by all."""
    for number in range(20):
        die = dice(1000 * seed + number)
        problem, _, part = linear_part(die, die.random.choice(["left", "right", "torch"]))
        entries = die.random.sample([*problem.network.shapes, "x"], 2)
        wanted: Any = {die.random.choice(["nonzero", "positive", "negative"]): [entries[1]]}
        samples, outputs = part.samples, problem.network.outputs
        asking = Problem(network=problem.network, samples=samples, zero=[entries[0]], **wanted)
        few = construct.Asked(asking, samples).test(part)
        with monkeypatch.context() as patch:
            patch.setattr(construct, "FEW_COEFFICIENTS", 0)
            all_of_them = construct.Asked(asking, samples).test(part)
        adjoint: Any = [[die.random.randint(-1, 1) for _ in range(outputs)] for _ in range(samples)]
        assert few(adjoint) == all_of_them(adjoint)


@pytest.mark.parametrize(
    "seed",
    # the slow ones have wide layers, in which SymPy has much to write
    [pytest.param(n, marks=[pytest.mark.slow] if n in (1, 2, 5, 11) else []) for n in range(15)],
)
def test_gradients_are_those_of_sympy(dice: type[Dice], seed: int) -> None:
    """In the sample's region, SymPy's formulas at the drawn values give the same gradients."""
    problem, values, part = linear_part(dice(f"sympy {seed}"), "torch")
    network = problem.network
    sample = derive(problem.model)
    choices = units_with_sides(network, "torch")
    symbols = [
        (s, values[n].entries[i]) for n, a in sample.parameters.items() for i, s in enumerate(a.entries)
    ]
    for m, (x, y) in enumerate(zip(values["x"].rows(), values["y"].rows(), strict=True)):
        alone = LinearPart(network, part.layers, part.runs[m : m + 1])
        pattern = {}
        z_below: Any = list(x)
        for number, layer in enumerate(alone.layers, start=1):
            z = [
                sum(a * b for a, b in zip(w, z_below, strict=True)) + c
                for w, c in zip(layer.weights, layer.bias, strict=True)
            ]
            for unit, v in enumerate(z):
                for side in choices.get((number, unit), ()):
                    low = side.low is None or side.low < v or (side.low_closed and side.low == v)
                    high = side.high is None or v < side.high or (side.high_closed and side.high == v)
                    if low and high:
                        pattern[number, unit] = side
            z_below = alone.runs[0].activations[number]
        formulas = region(problem.model, pattern)
        known = dict([*symbols, *zip(sample.x, x, strict=True), *zip(sample.y, y, strict=True)])
        residuals = [[p - t for p, t in zip(alone.outputs[0], y, strict=True)]]
        found = alone.gradients(residuals, [*network.shapes, "x"])
        for name, array in formulas.gradients.items():
            for index, formula in array.items():
                exact = formula.xreplace({s: _sympy(v) for s, v in known.items()})
                own = found[name][(0, *index) if name == "x" else index]
                assert exact == _sympy(2 * own), (name, index)


def _sympy(value: Any) -> Any:
    import sympy

    return sympy.Rational(Fraction(value).numerator, Fraction(value).denominator)


# --- kernels -----------------------------------------------------------------------------------

MATRICES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.integers(-6, 6), min_size=width, max_size=width), max_size=5).map(
        lambda rows: (width, [tuple(row) for row in rows])
    )
)


@given(MATRICES)
def test_kernels(case: tuple[int, list[tuple[int, ...]]]) -> None:
    """Annihilated by all rows, as many as the rank leaves, independent, and of all integer vectors there."""
    import flint

    width, rows = case
    basis = kernel(rows, width)
    for vector in basis:
        assert all(sum(a * b for a, b in zip(row, vector, strict=True)) == 0 for row in rows)
    rank = flint.fmpz_mat([list(row) for row in rows]).rank() if rows else 0
    assert len(basis) == width - rank
    if basis:
        invariants = flint.fmpz_mat([list(v) for v in basis]).snf()
        assert all(invariants[i, i] == 1 for i in range(len(basis)))  # independent, and a saturated lattice


def test_a_large_kernel() -> None:
    """Beyond the rows that are reduced, the kernel is still one."""
    rows = [tuple((i * i * j + 3 * i + j * j) % 7 - 3 for j in range(60)) for i in range(REDUCED + 5)]
    basis = kernel(rows, 60)
    assert basis
    for vector in basis:
        assert all(sum(a * b for a, b in zip(row, vector, strict=True)) == 0 for row in rows)


def test_primitive_rows() -> None:
    """Fractions and common factors go; the first entry is positive."""
    assert primitive([Fraction(-1, 2), 0, Fraction(3, 4)]) == (2, 0, -3)
    assert primitive([4, 6]) == (2, 3)
    assert primitive([0, 0]) == (0, 0)


# --- construct ---------------------------------------------------------------------------------

SHAPES = [
    ([1, 1, 1], 3), ([1, 2, 1], 3), ([1, 2, 1], 5), ([2, 2, 1], 4), ([2, 5, 1], 20), ([1, 20, 1], 3),
    ([3, 4, 2], 12), ([1, 10, 1], 40), ([10, 30, 1], 60),
]  # fmt: skip


@pytest.mark.parametrize(("widths", "samples"), SHAPES)
def test_the_headline(widths: list[int], samples: int) -> None:
    """Wide networks with few samples (parallel units) and with many."""
    verdict = constructed(Problem(network=widths, samples=samples, **HEADLINE))
    assert isinstance(verdict, Found)
    assert verdict.witness.samples == samples


@pytest.mark.slow
@pytest.mark.parametrize(("widths", "samples"), [([10, 100, 1], 400), ([5, 20, 1], 10_000)])
def test_the_headline_at_size(widths: list[int], samples: int) -> None:
    """A hundred units; ten thousand samples."""
    assert isinstance(constructed(Problem(network=widths, samples=samples, **HEADLINE)), Found)


def test_a_deep_network_with_more_zero_rows_than_samples() -> None:
    """General position has no null space here; parallel units in every layer have."""
    zero = ["w2", "b2", "w3", "b3", "w4", "b4"]
    problem = Problem(network=[2, 12, 12, 12, 1], samples=60, zero=zero, nonzero=["w1", "b1"])
    assert len(problem.asked_entries(Relation.ZERO, 60)) > 60
    assert isinstance(constructed(problem), Found)


QUESTIONS: list[dict[str, Any]] = [
    {"positive": ["w1"], "negative": ["b1"]},
    {"some_nonzero": ["w1"], "nonzero": ["b1[1]"], "zero": ["w2", "b2", "b1[0]"]},
    {"zero": ["x"], "nonzero": ["b2"]},
    {"given": {"w1": [[1], [-2]], "x[0]": 3}},
    {"bounds": {"w2": [2, 3], "x": ["1/2", None]}},
    {"where": ["w1 != 0", "distinct(x)", "z1[0,0] > 1", "r != 0"]},
    {"where": ["sum(a1) > 2", "abs(w2[0,0]) != abs(w2[0,1])"]},
    {"domain": "integer"},
    {"derivative_at_kink": "forbid"},
    {"derivative_at_kink": "right"},
]


@pytest.mark.parametrize("extra", QUESTIONS, ids=str)
def test_conditions_are_honoured(extra: dict[str, Any]) -> None:
    """Signs, given values, bounds, conditions and domains: met, as the checker confirms."""
    question: dict[str, Any] = {"network": [1, 2, 1], "samples": 6, "zero": ["w2", "b2"]} | extra
    assert isinstance(constructed(Problem(**question), draws=300), Found)


@pytest.mark.parametrize("activation", ["relu", "abs", "relu6", "hardtanh", "leaky_relu", "linear"])
def test_every_activation(activation: str) -> None:
    """Also at the output."""
    for output in ("linear", activation):
        layers = (Layer(3, activation), Layer(2, output))
        problem = Problem(network=Network(2, layers), samples=9, zero=["b2"], nonzero=["w1"])
        assert isinstance(constructed(problem, draws=300), Found), output


def test_no_witness_no_claim() -> None:
    """Where there is none it says that it found none."""
    verdict = constructed(Problem(network=[1, 1, 1], samples=2, **HEADLINE), draws=30)
    assert verdict == Undecided("incomplete", "30 draws led to nothing, which shows nothing")


@pytest.mark.parametrize(
    "extra", [{"given": {"y": [0, 1, 2]}}, {"bounds": {"y": [0, 1]}}, {"where": ["y[0] == 1"]}]
)
def test_restricted_targets_are_left_to_others(extra: dict[str, Any]) -> None:
    """Residuals are free only where targets are."""
    problem = Problem(network=[1, 1, 1], samples=3, **HEADLINE, **extra)
    assert construct.unfit(problem) == "the targets are not free"


def test_a_seed_gives_the_same_witness() -> None:
    """Twice the same; another seed, another one."""
    problem = Problem(network=[2, 3, 1], samples=8, **HEADLINE)
    first, again, other = (constructed(problem, seed=seed) for seed in (5, 5, 6))
    assert isinstance(first, Found)
    assert isinstance(again, Found)
    assert isinstance(other, Found)
    assert first.witness == again.witness != other.witness


def test_structure_names_the_row_that_stands_for_others() -> None:
    """Entries of parallel units are multiples of their originals'."""
    structure = Structure.with_originals([3, 2], [2, 1])
    assert structure.original == ((0, 1, 0), (0, 0))
    assert structure.site("w1", (2, 0)) == ("w1", (0, 0))
    assert structure.site("b1", (2,)) == ("b1", (0,))
    assert structure.site("w2", (1, 2)) == ("w2", (0, 0))
    assert structure.site("w3", (0, 1)) == ("w3", (0, 0))
    assert structure.site("b3", (0,)) == ("b3", (0,))


# --- fit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [3, 5, 8])
def test_labels(samples: int) -> None:
    """All targets 0 or 1."""
    problem = Problem(network=[1, 1, 1], samples=samples, **HEADLINE, where=["y * (y - 1) == 0"])
    verdict = constructed(problem, strategy=fit.fit)
    assert isinstance(verdict, Found)
    assert set(verdict.witness.y.entries) <= {0, 1}


def test_given_data_and_bounds() -> None:
    """Targets as given, partly given, or inside bounds; several outputs."""
    for extra in (
        {"given": {"x": [0, 1, 2, 4], "y": [0, 3, 1, 2]}},
        {"given": {"y": [None, 3, None, "1/2"]}},
        {"bounds": {"y": ["1/3", 2]}},
    ):
        problem = Problem(network=[1, 2, 1], samples=4, **HEADLINE, **extra)
        assert isinstance(constructed(problem, strategy=fit.fit, draws=300), Found), extra
    problem = Problem(network=[2, 2, 2], samples=6, **HEADLINE, bounds={"y": [0, 1]})
    assert isinstance(constructed(problem, strategy=fit.fit, draws=300), Found)


def test_wide_networks_and_many_samples() -> None:
    """Parallel units share a weight: labels, targets above 0, and data in a box."""
    for extra in (
        {"where": ["y * (y - 1) == 0"]}, {"where": ["y >= 0"]}, {"bounds": {"y": [-1, 1], "x": [-1, 1]}},
    ):  # fmt: skip
        problem = Problem(network=[2, 50, 1], samples=60, **HEADLINE, **extra)
        assert isinstance(constructed(problem, strategy=fit.fit, draws=160), Found), extra


@pytest.mark.parametrize("widths", [[1, 5, 1], [2, 3, 1]])
def test_distinct_inputs(widths: list[int]) -> None:
    """No two entries of x alike, with many samples."""
    problem = Problem(network=widths, samples=60, **HEADLINE, where=["distinct(x)"])
    assert isinstance(constructed(problem), Found)


@pytest.mark.parametrize(
    "extra",
    [
        {"where": []},
        {"where": ["y == 1"], "zero": ["w2"]},
        {"where": ["y == 1"], "given": {"w2": 1}},
        {"where": ["y == 1"], "domain": "integer"},
        {"where": ["y == 1"], "network": Network(1, (Layer(1, "relu"), Layer(1, "relu")))},
    ],
)
def test_what_fit_is_not_for(extra: dict[str, Any]) -> None:
    """Free targets, other zero entries, a last layer that is not free: left to others."""
    question: dict[str, Any] = {"network": [1, 1, 1], "samples": 4, **HEADLINE} | extra
    assert "restricted targets" in str(fit.unfit(Problem(**question)))
