"""Random problems and witnesses, and one solver process for all tests of the search."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest

from zerograd.core.errors import ProblemError, Refused
from zerograd.core.model.activations import LINEAR, Activation, leaky_relu
from zerograd.core.model.backprop import ExactActivate, forward
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, is_integer, sign
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import quantity_shapes, variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search.crew import Crew
from zerograd.search.portfolio import Portfolio
from zerograd.search.verdict import Found, Verdict
from zerograd.solvers.process import SolverProcess

ACTIVATIONS: list[Activation | str] = [
    "relu", "relu", "abs", "relu6", "hardtanh", "linear",
    leaky_relu("1/10"), leaky_relu("-1/2"), leaky_relu(0), leaky_relu(1), leaky_relu(2),
]  # fmt: skip
Values = Mapping[str, Array[Exact]]
HALF: int | Fraction = Fraction(1, 2)


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    """Solver processes, shared: starting them is the slow part."""
    with Crew() as processes:
        yield processes


@pytest.fixture(scope="session")
def solver(crew: Crew) -> SolverProcess:
    """One of them."""
    return crew.lead


Decide = Callable[..., Verdict]
"""(problem, strategy, seconds=…, seed=…) to a verdict for the problem's fixed number of samples."""


@pytest.fixture(scope="session")
def decide(crew: Crew) -> Decide:
    """What a strategy says of a problem; a witness has been checked."""

    def run(problem: Problem, strategy: str = "auto", *, seconds: float = 8.0, seed: int = 0) -> Verdict:
        samples = problem.samples.fixed
        assert samples is not None
        portfolio = Portfolio(crew, strategy, seed, lambda _: None)
        verdict = portfolio.decide(problem, samples, time.monotonic() + seconds)
        if isinstance(verdict, Found):
            check_witness(problem, verdict.witness)
        return verdict

    return run


@pytest.fixture(scope="session")
def dice() -> type[Dice]:
    """What draws random problems and witnesses, from a seed."""
    return Dice


def accepted(problem: Problem, values: Values) -> bool:
    """Whether the checker accepts these values as a witness."""
    try:
        check_witness(problem, Witness.of(problem, values))
    except Refused:
        return False
    return True


class Dice:
    """Draws networks, values, conditions and problems; the same seed draws the same."""

    accepted = staticmethod(accepted)

    def __init__(self, seed: object) -> None:
        self.random = random.Random(f"{seed}")

    def often(self, chance: float) -> bool:
        return self.random.random() < chance

    # --- networks and values -----------------------------------------------------------

    def network(self, *, depth: int = 3, width: int = 2) -> Network:
        """Any activations, also of the output; layers with and without biases."""
        pick = self.random
        number = pick.choice([1, 2, 2, 2, depth])
        layers = tuple(
            Layer(
                pick.randint(1, width),
                LINEAR if last and self.often(0.5) else pick.choice(ACTIVATIONS),
                bias=self.often(0.7),
            )
            for last in [*[False] * (number - 1), True]
        )
        return Network(pick.randint(1, width), layers)

    def value(self, *, integer: bool) -> int | Fraction:
        if integer or self.often(0.6):
            return self.random.choice([-3, -2, -1, -1, 0, 0, 1, 1, 2, 3])
        return Fraction(self.random.randint(-6, 6), self.random.choice([2, 3, 4]))

    def values(self, network: Network, samples: int, *, integer: bool) -> dict[str, Array[Exact]]:
        """Small exact numbers for parameters, x and y; often on kinks, often with zero residuals."""
        found: dict[str, Array[Exact]] = {
            name: Array.build(shape, lambda _: self.value(integer=integer))
            for name, shape in variable_shapes(network, samples).items()
        }
        run = forward(network, found, found["x"], ExactActivate("torch"))
        kept = [
            p if self.often(0.3) and (not integer or is_integer(p)) else t
            for p, t in zip(run.y_hat.entries, found["y"].entries, strict=True)
        ]
        return found | {"y": Array(found["y"].shape, tuple(kept))}

    def balanced(
        self, network: Network, samples: int, *, integer: bool
    ) -> tuple[dict[str, Array[Exact]], list[str]]:
        """Values whose residuals make a random choice of gradient entries vanish, and that choice."""
        values = self.values(network, samples, integer=integer)
        problem = Problem(network=network, samples=samples)
        shapes = {**network.shapes, "x": values["x"].shape}
        sites = [
            (name, index) for name, shape in shapes.items() for index, _ in Array.build(shape, str).items()
        ]
        chosen = self.random.sample(sites, self.random.randint(0, min(len(sites), 4)))
        blank = values["y"]
        y_hat = forward(network, values, values["x"], ExactActivate("torch")).y_hat
        columns = []
        for position in range(len(blank.entries)):
            target = list(y_hat.entries)
            target[position] = target[position] - 1
            gradients = Witness.of(problem, values | {"y": Array(blank.shape, tuple(target))}).gradients
            columns.append([Fraction(gradients[n][i]) for n, i in chosen])  # type: ignore[arg-type]
        basis = null_space([list(row) for row in zip(*columns, strict=True)], len(columns))
        r = [Fraction(0)] * len(columns)
        for vector in basis:
            factor = self.random.choice([-2, -1, 0, 1, 1, 2])
            r = [a + factor * b for a, b in zip(r, vector, strict=True)]
        targets: list[Exact] = [p - v for p, v in zip(y_hat.entries, r, strict=True)]
        return values | {"y": Array(blank.shape, tuple(targets))}, [entry(n, i) for n, i in chosen]

    # --- conditions --------------------------------------------------------------------

    def conditions(self, network: Network, samples: int) -> list[str]:
        """A few random conditions, with what guards their divisions."""
        result: list[str] = []
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            guards: list[str] = []
            text = self._formula(network, samples, guards, depth=2)
            result += [*guards, text]
        self.random.shuffle(result)
        return result

    def _entry(self, network: Network, samples: int) -> str:
        shapes = quantity_shapes(network, samples)
        name = self.random.choice(list(shapes))
        return entry(name, tuple(self.random.randrange(n) for n in shapes[name]))

    def _term(self, network: Network, samples: int, guards: list[str], depth: int) -> str:
        """The text of a single number."""

        def term() -> str:
            return self._term(network, samples, guards, depth - 1)

        if depth == 0 or self.often(0.25):
            if self.often(0.3):
                return self.random.choice(["0", "1", "-1", "2", "1/2", "-3/2", "0.1"])
            return self._entry(network, samples)
        match self.random.randrange(9):
            case 0:
                return f"({term()} + {term()})"
            case 1:
                return f"({term()} - {term()})"
            case 2:
                return f"{term()} * {term()}"
            case 3:
                return f"({term()})**{self.random.choice([0, 1, 2, 3])}"
            case 4:
                return f"abs({term()})"
            case 5:
                return f"{self.random.choice(['min', 'max'])}({term()}, {term()})"
            case 6:
                name = self.random.choice([n for n in quantity_shapes(network, samples) if n != "loss"])
                return f"{self.random.choice(['sum', 'min', 'max'])}({name})"
            case 7:
                return f"-({term()})"
        return self._quotient(network, samples, guards, term())

    def _quotient(self, network: Network, samples: int, guards: list[str], top: str) -> str:
        a, b = self._entry(network, samples), self._entry(network, samples)
        match self.random.randrange(6):
            case 0:
                return f"({top}) / {self.random.choice(['2', '(-3)', '0.5'])}"
            case 1:
                return f"({top}) / ({a}**2 + 1)"
            case 2:
                return f"({top}) / (abs({a}) + 1/2)"
            case 3:
                guards.append(f"{a} {self.random.choice(['!=', '<', '>', '!='])} 0")
                return f"({top}) / {a}"
            case 4:
                guards += [f"{a} != 0", f"{b} < 0"]
                return f"({top}) / ({a} * {b})"
        guards.append(f"{a} - {b} != 0")
        return f"({top}) / ({a} - {b})"

    def _formula(self, network: Network, samples: int, guards: list[str], depth: int) -> str:
        """The text of a condition."""

        def formula() -> str:
            return self._formula(network, samples, guards, depth - 1)

        def term() -> str:
            return self._term(network, samples, guards, 2)

        def sign_of() -> str:
            return self.random.choice(["<", "<=", "==", "!=", ">=", ">", "<=", ">="])

        if depth == 0 or self.often(0.4):
            return f"{term()} {sign_of()} {term()}"
        shapes = {n: s for n, s in quantity_shapes(network, samples).items() if s}
        name = self.random.choice(list(shapes))
        alike = [n for n, s in shapes.items() if s == shapes[name]]
        match self.random.randrange(9):
            case 0:
                return f"{term()} {sign_of()} {term()} {sign_of()} {term()}"
            case 1:
                return f"({formula()} and {formula()})"
            case 2:
                return f"({formula()} or {formula()})"
            case 3:
                return f"(not {formula()})"
            case 4:
                return f"{name} {sign_of()} {self.random.choice(alike)}"
            case 5:
                return f"{name} * {name} {sign_of()} {term()}"
            case 6:
                return f"{self.random.choice(['any', 'all'])}({name} {sign_of()} {term()})"
            case 7:
                return f"{self.random.choice(['any', 'all'])}([{formula()}, {formula()}])"
        return f"distinct({self.random.choice([name, f'{name}, {term()}'])})"

    # --- problems ----------------------------------------------------------------------

    def query(self, network: Network, samples: int, gradients: Mapping[str, Array[Exact]]) -> dict[str, Any]:
        """A question that these gradients mostly answer: whole arrays and single entries."""
        query: dict[str, list[str]] = {}
        names = [n for n in [*network.shapes, "x"] if self.often(0.5)]
        for name in names:
            array = gradients[name]
            if self.often(0.5):
                signs = {sign(v) for v in array.entries}
                query.setdefault(self._relation(signs), []).append(name)
            else:
                for index, value in array.items():
                    if self.often(0.4):
                        query.setdefault(self._relation({sign(value)}), []).append(entry(name, index))
        return query

    def _relation(self, signs: set[int]) -> str:
        """What holds of entries with these signs, or now and then what does not."""
        if self.often(0.1):
            return self.random.choice(["zero", "nonzero", "positive", "negative", "some_nonzero"])
        fitting = ["some_nonzero"] if signs != {0} else ["zero"]
        fitting += (
            ["nonzero"] * (0 not in signs) + ["positive"] * (signs == {1}) + ["negative"] * (signs == {-1})
        )
        return self.random.choice(fitting)

    def limits(self, network: Network, samples: int, values: Values) -> dict[str, Any]:
        """Given values and bounds that mostly fit."""
        given: dict[str, Exact] = {}
        bounds: dict[str, list[Exact | None]] = {}
        for name, array in values.items():
            for index, value in array.items():
                shift = self.random.choice([0, 0, 0, 0, 0, 1]) if self.often(0.2) else 0
                if self.often(0.15):
                    given[entry(name, index)] = value + shift
                elif self.often(0.15):
                    low = value - self.random.choice([0, 1, 2]) + shift
                    high = value + shift + self.random.choice([0, 1, HALF])
                    ends: list[Exact | None] = [low, high]
                    bounds[entry(name, index)] = self.random.choice([ends, [low, None], [None, high]])
            if self.often(0.1) and array.entries:
                bounds[name] = [-8, self.random.choice([8, None])]
        return {"given": given, "bounds": bounds}

    def problem(self, network: Network, values: Values, **extra: Any) -> Problem:
        """A question that the values mostly answer; ``extra`` goes before what is drawn."""
        samples = values["x"].shape[0]
        plain = Witness.of(Problem(network=network, samples=samples), values)
        while True:
            arguments: dict[str, Any] = {
                **self.query(network, samples, plain.gradients),
                **self.limits(network, samples, values),
                "where": self.conditions(network, samples),
                "derivative_at_kink": self.random.choice(KINKS),
            }
            try:
                return Problem(**{"network": network, "samples": samples, **arguments, **extra})
            except ProblemError:  # contradictory, or a doubtful division
                continue

    def planted(
        self, *, depth: int = 3, width: int = 2, samples: int = 3, **extra: Any
    ) -> tuple[Problem, Values]:
        """A question and values that answer it."""
        while True:
            network = self.network(depth=depth, width=width)
            number = self.random.randint(1, samples)
            values, _ = self.balanced(network, number, integer=True)
            problem = self.problem(network, values, **extra)
            if accepted(problem, values):
                return problem, values


def null_space(rows: Sequence[Sequence[Fraction]], width: int) -> list[list[Fraction]]:
    """A basis of the null space, by elimination."""
    table = [list(row) for row in rows]
    pivots: list[int] = []
    for column in range(width):
        row = next((r for r in range(len(pivots), len(table)) if table[r][column]), None)
        if row is None:
            continue
        top = len(pivots)
        table[top], table[row] = table[row], table[top]
        table[top] = [v / table[top][column] for v in table[top]]
        for other in range(len(table)):
            if other != top and table[other][column]:
                factor = table[other][column]
                table[other] = [a - factor * b for a, b in zip(table[other], table[top], strict=True)]
        pivots.append(column)
    basis = []
    for free in (c for c in range(width) if c not in pivots):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for row, pivot in enumerate(pivots):
            vector[pivot] = -table[row][free]
        basis.append(vector)
    return basis
