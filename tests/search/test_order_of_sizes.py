"""The smallest witness of the founding network, against all that there are, in an arithmetic of its own.

Floats are exact here: values are halves, and products of few of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import inf
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

import zerograd as zg
from tests.effort import seeds
from zerograd.core.errors import Refused
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search.smallest import smallest
from zerograd.search.smallest.best import Values, values_of, witness_of
from zerograd.search.smallest.budget import Budget

Floats: TypeAlias = NDArray[np.float64]
Order: TypeAlias = tuple[int, bool, int, Fraction, int]
"""A size, attribute by attribute."""
VALUES = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0)
KINKS: dict[str, tuple[float, ...]] = {
    "relu": (0,),
    "abs": (0,),
    "hardtanh": (-1, 1),
    "leaky": (0,),
    "linear": (),
}
FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda z: np.maximum(z, 0),
    "abs": np.abs,
    "hardtanh": lambda z: np.clip(z, -1, 1),
    "leaky": lambda z: np.where(z > 0, z, z / 2),
    "linear": lambda z: z,
}
SLOPES: dict[str, tuple[float, ...]] = {
    "relu": (0, 1),
    "abs": (-1, 1),
    "hardtanh": (0, 1, 0),
    "leaky": (0.5, 1),
    "linear": (1,),
}


@dataclass(frozen=True)
class Case:
    """A question about one unit of an activation, one input and a linear output.

    Attributes:
        asked: for each parameter the relation of its gradient to 0, if any.
        values: of parameters, and of inputs and targets.
        right: whether slopes at kinks are those on the right, else on the left.
    """

    activation: str
    samples: int
    asked: dict[str, str]
    parameters: tuple[tuple[float, ...], ...]
    data: tuple[tuple[float, ...], tuple[float, ...]]
    right: bool

    def sizes(self) -> Iterator[tuple[Order, Floats]]:
        """Yield the least size for each of all choices of parameters, and the values."""
        pairs = np.array([*product(*self.data)])
        chosen = np.array([*combinations_with_replacement(range(len(pairs)), self.samples)])
        x, y = pairs[chosen, 0], pairs[chosen, 1]
        for w1, b1, w2, b2 in product(*self.parameters):
            z = w1 * x + b1
            a = FUNCTIONS[self.activation](z)
            kinks = np.array(KINKS[self.activation])
            piece = np.searchsorted(kinks, z, "right" if self.right else "left")
            slope = np.array(SLOPES[self.activation])[piece]
            r = w2 * a + b2 - y
            gradients = {"w2": r * a, "b2": r, "w1": r * w2 * slope * x, "b1": r * w2 * slope}
            fine = np.ones(len(x), dtype=bool)
            for name, relation in self.asked.items():
                entry = gradients[name].sum(axis=1)
                fine &= {"zero": entry == 0, "nonzero": entry != 0, "positive": entry > 0}[relation]
            rows = np.flatnonzero(fine)
            if not len(rows):
                continue
            parameters = np.broadcast_to([w1, b1, w2, b2], (len(rows), 4))
            flat = np.concatenate([parameters, x[rows], y[rows]], axis=1)
            keys = [
                np.maximum(np.abs(flat).max(axis=1), 1 + (flat % 1 != 0).any(axis=1)),
                np.isin(z[rows], kinks).any(axis=1),
                (flat % 1 != 0).sum(axis=1),
                np.abs(flat).sum(axis=1),
                (flat != 0).sum(axis=1),
            ]
            first = np.lexsort(keys[::-1])[0]
            height, kinked, fractions, total, nonzeros = (key[first] for key in keys)
            yield (int(height), bool(kinked), int(fractions), Fraction(total), int(nonzeros)), flat[first]

    def least(self) -> Order | None:
        """Return the least size of all, if there is any."""
        return min((size for size, _ in self.sizes()), default=None)

    def problem(self, **more: Any) -> Problem:
        """Return the question as the program has it."""
        activation: Any = {"leaky_relu": "1/2"} if self.activation == "leaky" else self.activation
        hidden = {"units": 1, "activation": activation}
        relations: dict[str, Any] = {}
        for name, relation in self.asked.items():
            relations.setdefault(relation, []).append(name)
        return Problem(
            network={"inputs": 1, "layers": [hidden, {"units": 1, "activation": "linear"}]},
            samples=self.samples,
            derivative_at_kink="right" if self.right else "left",
            **relations,
            **more,
        )


def found(problem: Problem, count: int = 1) -> tuple[list[Size], int]:
    """The sizes of the smallest witnesses by the program, and the height up to which that is proved."""
    known = zg.solve(problem, certify=False)
    assert isinstance(known, zg.Sat)
    budget = Budget(inf)
    ranked = smallest(problem, known.witness, count=count, seed=0, budget=budget, progress=lambda _: None)
    sizes = [size_of(witness) for witness in ranked.witnesses]
    assert all(sizes)
    return [size for size in sizes if size is not None], ranked.exhausted


def order(size: Size) -> Order:
    """The attributes in the order in which they are compared."""
    return size.height, size.on_kink, size.non_integers, size.total, size.nonzeros


def invented(dice: random.Random) -> tuple[Case, dict[str, Any]]:
    """A question with few enough values, and what is asked beside."""
    names = ["w1", "b1", "w2", "b2"]
    dice.shuffle(names)
    relations = ["zero", "zero", "nonzero", "positive"]
    asked = {name: dice.choice(relations) for name in names[: dice.randint(2, 4)]}
    values: dict[str, tuple[float, ...]] = dict.fromkeys(("w1", "b1", "w2", "b2", "x", "y"), VALUES)
    more: dict[str, Any] = {}
    if dice.random() < 0.6:
        name = dice.choice(["w1", "b1", "w2"])
        low, high = dice.choice([(0.5, 2), (0.5, 0.5), (-2, -0.5), (0, 0.5), (-0.5, 2)])
        more["bounds"] = {name: [Fraction(low), Fraction(high)]}
        values[name] = tuple(v for v in VALUES if low <= v <= high)
    if dice.random() < 0.4:
        low, high = dice.choice([(0.5, 2), (0.5, 0.5), (-2, -0.5), (0, 1), (0, 0.5)])
        name = dice.choice(["x", "y"])
        more.setdefault("bounds", {})[name] = [Fraction(low), Fraction(high)]
        values[name] = tuple(v for v in VALUES if low <= v <= high)
    if dice.random() < 0.2 and not more:
        more["domain"] = "integer"
        values = {name: tuple(v for v in of if v % 1 == 0) for name, of in values.items()}
    parameters = tuple(values[name] for name in ("w1", "b1", "w2", "b2"))
    activation = dice.choice([*FUNCTIONS])
    case = Case(activation, 2, asked, parameters, (values["x"], values["y"]), dice.random() < 0.5)
    return case, more


@pytest.mark.parametrize("seed", seeds(10, 3))
def test_nothing_is_smaller_in_any_attribute(seed: int) -> None:
    """The least in the whole order among all with numerators and denominators up to 2."""
    dice = random.Random(f"order {seed}")
    least = None
    while least is None:
        case, more = invented(dice)
        least = case.least()
    [size], exhausted = found(case.problem(**more))
    assert order(size) == least
    assert exhausted >= size.height


def founding(*values: float) -> Case:
    """The founding question, with slope 0 at the kink, and the same values for all variables."""
    asked = {"w2": "zero", "b2": "zero", "w1": "nonzero", "b1": "nonzero"}
    return Case("relu", 3, asked, (values,) * 4, (values, values), right=False)


@pytest.mark.slow
def test_of_fifty_million_none_is_smaller_than_the_founding_witness() -> None:
    """All values of height at most 2, three samples in any order."""
    case = founding(*VALUES)
    assert case.least() == order(found(case.problem())[0][0]) == (2, False, 0, Fraction(11), 8)


def test_the_founding_witness_is_one_that_a_lecturer_would_choose() -> None:
    """No value beyond 2, whole numbers, no sample on a kink; and proved to be the smallest."""
    case = founding(0, 1, -1, 2, -2)
    [size], exhausted = found(case.problem())
    assert order(size) == case.least() == (2, False, 0, Fraction(11), 8)
    assert exhausted == 2


def test_several_are_in_order() -> None:
    """One after the other, by the whole order."""
    case = founding(*VALUES)
    sizes, exhausted = found(case.problem(), count=6)
    assert sizes == sorted(sizes)
    assert exhausted == 2
    assert [size.non_integers for size in sizes[:3]] == [0, 0, 1]


def refused(problem: Problem, witness: Witness) -> bool:
    """Whether the checker does not accept it."""
    try:
        check_witness(problem, witness)
    except Refused:
        return True
    return False


def test_ties_go_to_fewest_negative_values_and_then_to_small_ones_in_front() -> None:
    """The first by taste among all witnesses of the least size whose samples are in order."""
    problem = Problem(
        network=[1, 1, 1], samples=2, zero=["b2"], nonzero=["w1"], domain="integer", bounds={"x": [0, None]}
    )
    known = zg.solve(problem, certify=False)
    assert isinstance(known, zg.Sat)
    ranked = smallest(problem, known.witness, count=1, seed=0, budget=Budget(inf), progress=lambda _: None)
    ties: dict[Size, list[Values]] = {}
    for flat in product(map(Fraction, (0, 1, -1)), repeat=8):
        rows = [((flat[4],), (flat[5],)), ((flat[6],), (flat[7],))]
        values = flat[:4], tuple(rows)
        witness = witness_of(problem, values)
        size = size_of(witness)
        if rows == sorted(rows) and size is not None and not refused(problem, witness):
            ties.setdefault(size, []).append(values)
    least = ties[min(ties)]
    assert len(least) > 1

    def rank(values: Values) -> tuple[int, list[tuple[Fraction, bool]]]:
        numbers = [*values[0], *(v for x, y in values[1] for v in (*x, *y))]
        return sum(v < 0 for v in numbers), [(abs(v), v < 0) for v in numbers]

    assert values_of(ranked.witnesses[0]) == min(least, key=rank)
