"""The facts about smooth units, held against networks and datasets of real numbers.

A fact that a network and a dataset do not fulfil would let a question that has an answer be refuted. So
both are drawn at random, everything is calculated with 200 digits, and every fact of the system must be true,
and of every case distinction one case. Some samples are copies, so that equations are met as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import mpmath
import pytest

from tests.core.multiprecision import Mp
from zerograd.core.model.activations import ACTIVATIONS, LINEAR, Activation, PiecewiseLinear
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.model.smooth import celu, elu
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.facts import Both, Fact, Formula
from zerograd.core.refuting.refutation import system_of
from zerograd.core.refuting.system import Case, System

DIGITS = 200
NEAR = mpmath.mpf(10) ** -150
"""What differs by no more is equal."""
FAR = 150

Numbers = Mapping[str, Any]


def real(value: Any) -> Any:
    if isinstance(value, int | Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return value


def number(p: Polynomial, values: Numbers) -> Any:
    total = mpmath.mpf(0)
    for monomial, c in p.terms.items():
        value = real(c)
        for name, exponent in monomial:
            value *= values[name] ** exponent
        total += value
    return total


def holds(formula: Formula, values: Numbers) -> bool:
    if isinstance(formula, Fact):
        value = number(formula.polynomial, values)
        if abs(value) < NEAR:
            value = 0
        return bool({"=": value == 0, "!=": value != 0, ">": value > 0, ">=": value >= 0}[formula.sign])
    close = all if isinstance(formula, Both) else any
    return close([holds(part, values) for part in formula.parts])


def fits(case: Case, values: Numbers) -> bool:
    exact = all(abs(values[name] - real(value)) < NEAR for name, value in case.values.items())
    return exact and all(holds(fact, values) for _, fact in case.facts)


def all_hold(system: System, values: Numbers) -> int:
    """Every fact is true, and of every distinction exactly one case."""
    for label, fact in system.facts.items():
        assert holds(fact, values), f"{label}: {fact}"
    for name, cases in system.splits.items():
        assert len([case.name for case in cases if fits(case, values)]) == 1, name
    return len(system.facts) + len(system.splits)


class Drawn:
    """A network and a dataset, and all that is calculated of them."""

    def __init__(self, network: Network, samples: int, kink: Kink, chance: Random) -> None:
        self.network, self.samples, self.kink, self.chance = network, samples, kink, chance
        for size in (chance.choice([1, 1, 3, 10]), 1, 0.3, 0.1):
            self.draw(size)
            # Beyond that, 1 - tanh(z) is no longer to be told from 0, nor exp(exp(z)) written down.
            if max(abs(v) for name, v in self.values.items() if name[0] in "zac") < FAR:
                return
        raise AssertionError("too large")

    def draw(self, size: float) -> None:
        """Parameters and inputs, and what follows from them."""
        chance, samples, network = self.chance, self.samples, self.network
        self.values: dict[str, Any] = {}
        for name, shape in network.shapes.items():
            for index in indices(shape):
                self.values[entry(name, index)] = self.number(size)
        self.x = [[self.number(size) for _ in range(network.inputs)] for _ in range(samples)]
        for m in range(1, samples):
            if chance.random() < 0.4:
                self.x[m] = self.x[chance.randrange(m)]
        for m, row in enumerate(self.x):
            self.values |= {entry("x", (m, d)): value for d, value in enumerate(row)}
        self.run()

    def number(self, size: float) -> Any:
        if self.chance.random() < 0.15:
            return mpmath.mpf(self.chance.choice([0, 0, 1, -1]))
        return mpmath.mpf(self.chance.uniform(-2, 2)) * size

    def run(self) -> None:
        """Forwards."""
        below, self.on_kink = self.x, False
        self.a: list[list[list[Any]]] = [below]
        for number, layer in enumerate(self.network.layers, start=1):
            rows = []
            for m, row in enumerate(below):
                values = []
                for i in range(layer.units):
                    z = self.values.get(f"b{number}[{i}]", mpmath.mpf(0))
                    z += sum(self.values[f"w{number}[{i},{j}]"] * v for j, v in enumerate(row))
                    a = real(layer.activation.value(z, Mp()))
                    s = real(layer.activation.slope(z, Mp(), self.kink))
                    self.values |= {
                        f"{letter}{number}[{m},{i}]": v
                        for letter, v in (("z", z), ("a", a), ("s", s), ("c", a - s * z))
                    }
                    values.append(a)
                    at_kinks = any(abs(z - real(kink)) < NEAR for kink in layer.activation.kinks)
                    self.on_kink |= self.kink == "forbid" and at_kinks
                rows.append(values)
            below = rows
            self.a.append(below)

    def targets(self, loss: Loss, kind: Targets, y_hat: list[Any]) -> list[Any]:
        """Targets of one sample."""
        chance, count = self.chance, len(y_hat)
        match kind:
            case "binary":
                return [chance.choice([0, 1]) for _ in y_hat]
            case "sign":
                return [chance.choice([-1, 1]) for _ in y_hat]
            case "class":
                true = chance.randrange(count)
                return [int(k == true) for k in range(count)]
        if loss.shares is None:
            return [p + chance.choice([0, 0, self.number(1), self.number(3)]) for p in y_hat]
        shares = [mpmath.mpf(chance.choice([0, 1, chance.random()])) for _ in y_hat]
        if loss.shares == "each":
            return shares
        total = sum(shares)
        return [share / total for share in shares] if total else [1, *[0] * (count - 1)]

    def adjoint(self, loss: Loss, kind: Targets) -> list[list[Any]] | None:
        """∂ℓ/∂ŷ at drawn targets; None where there is none."""
        result: list[list[Any]] = []
        for m, y_hat in enumerate(self.a[-1]):
            y = self.targets(loss, kind, y_hat)
            if self.kink == "forbid" and any(abs(n) < NEAR for _, n in loss.kinks(y_hat, y, Mp())):
                return None
            row = [real(g) for g in loss.sample_adjoint(y_hat, y, Mp(), self.kink)]
            result.append(row)
            for k, g in enumerate(row):
                self.values |= {f"g[{m},{k}]": g, f"r[{m},{k}]": y_hat[k] - y[k], f"y[{m},{k}]": y[k]}
            pairs = zip(y_hat, y, strict=True)
            parts = [([p], [t]) for p, t in pairs] if loss.by_output else [(y_hat, y)]
            for k, part in enumerate(parts):
                self.values[f"l[{m},{k}]"] = loss.sample_loss(*part, Mp())
        return result

    def of_losses(self, loss: Loss) -> list[str]:
        """Conditions on the loss and the residuals that hold."""
        total = sum(value for name, value in self.values.items() if name.startswith("l["))
        near = abs(total) < NEAR
        share = real(loss.share(self.samples, self.network.outputs))
        bound = int(mpmath.ceil(abs(total * share))) + 1
        residuals = all(abs(v) < NEAR for name, v in self.values.items() if name.startswith("r["))
        return [
            "loss == 0" if near else "loss != 0",
            f"-{bound} < loss < {bound}",
            f"{'' if residuals else 'not '}r == 0 or loss == -{bound}",
        ]

    def gradients(self, adjoint: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Backwards, of each parameter and input."""
        result: dict[str, Any] = {}
        arriving = [list(row) for row in adjoint]
        for number in range(self.network.depth, 0, -1):
            layer = self.network.layers[number - 1]
            delta = [
                [g * self.values[f"s{number}[{m},{i}]"] for i, g in enumerate(row)]
                for m, row in enumerate(arriving)
            ]
            below = self.a[number - 1]
            for i in range(layer.units):
                result[f"b{number}[{i}]"] = sum(row[i] for row in delta)
                for j in range(len(below[0])):
                    result[f"w{number}[{i},{j}]"] = sum(
                        row[i] * low[j] for row, low in zip(delta, below, strict=True)
                    )
            arriving = [
                [sum(row[i] * self.values[f"w{number}[{i},{j}]"] for i in range(layer.units))
                 for j in range(len(below[0]))]
                for row in delta
            ]  # fmt: skip
        for m, row in enumerate(arriving):
            result |= {f"x[{m},{d}]": value for d, value in enumerate(row)}
        return result


def indices(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if not shape:
        yield ()
    else:
        yield from ((n, *rest) for n in range(shape[0]) for rest in indices(shape[1:]))


def asked_of(gradients: Numbers, network: Network, chance: Random) -> dict[str, Any]:
    """Signs of gradients, as they are."""
    asked: dict[str, list[str]] = {}
    for name, value in gradients.items():
        if name.partition("[")[0] in network.shapes and chance.random() < 0.7:
            sign = 0 if abs(value) < NEAR else int(mpmath.sign(value))
            relation = ("negative", "zero", "positive")[sign + 1]
            relation = "nonzero" if sign and chance.random() < 0.5 else relation
            asked.setdefault(relation, []).append(name)
    return asked


CURVED = [
    *(a for a in ACTIVATIONS.values() if not isinstance(a, PiecewiseLinear)),
    *(elu("1"), elu("1/2"), elu(3), celu("1/2"), celu(2)),
]
OTHERS: list[Activation] = [LINEAR, ACTIVATIONS["relu"], ACTIVATIONS["hardtanh"], ACTIVATIONS["abs"]]


def network(activation: Activation, final: Activation | None, outputs: int, chance: Random) -> Network:
    hidden = [
        Layer(
            chance.choice([1, 1, 2]), chance.choice([activation, activation, *OTHERS]), chance.random() < 0.8
        )
        for _ in range(chance.choice([1, 1, 2]))
    ]
    hidden[chance.randrange(len(hidden))] = Layer(chance.choice([1, 2]), activation)
    ends = [final] if final is not None else [LINEAR, LINEAR, activation]
    last = Layer(outputs, chance.choice(ends), chance.random() < 0.8)
    return Network(chance.choice([1, 1, 2]), (*hidden, last))


ASKED = [(name, targets) for name, loss in LOSSES.items() for targets in loss.targets_for]
KINKS: tuple[Kink, ...] = ("torch", "torch", "left", "right", "forbid")


@pytest.mark.parametrize("activation", CURVED, ids=str)
@pytest.mark.parametrize(
    ("loss", "targets"), [(n, t) for n, loss in LOSSES.items() for t in loss.targets_for]
)
def test_facts_of_datasets_hold(activation: Activation, loss: str, targets: Targets) -> None:
    """For all activations and losses: of random networks, also where samples agree and units saturate."""
    look(activation, LOSSES[loss], targets, Random(f"{activation} {loss} {targets}"))


def look(activation: Activation, loss: Loss, targets: Targets, chance: Random) -> None:
    """Draw once."""
    with mpmath.workdps(DIGITS):
        kink = chance.choice(KINKS)
        last = ACTIVATIONS["sigmoid"] if loss.within_unit else None
        outputs = chance.choice([2, 3] if loss.is_balanced else [1, 1, 2])
        drawn = Drawn(network(activation, last, outputs, chance), chance.choice([1, 2, 3]), kink, chance)
        if drawn.on_kink:
            return
        adjoint = drawn.adjoint(loss, targets)
        if adjoint is None:
            return
        gradients = drawn.gradients(adjoint)
        asked = asked_of(gradients, drawn.network, chance)
        problem = Problem(
            network=drawn.network,
            samples=drawn.samples,
            derivative_at_kink=kink,
            loss=loss.name,
            targets=targets,
            where=chance.sample(drawn.of_losses(loss), chance.choice([0, 1, 3])),
            **asked,
        )
        facts = all_hold(system_of(problem, "dataset", drawn.samples), drawn.values)
        drawn.values |= {f"g_{name}": value for name, value in gradients.items()}
        total = sum(v for name, v in drawn.values.items() if name.startswith("l["))
        drawn.values["loss"] = total * real(loss.share(drawn.samples, drawn.network.outputs))
        facts += all_hold(system_of(problem, "identities", None), drawn.values)
    assert facts > 0


@pytest.mark.slow
@pytest.mark.parametrize("activation", CURVED, ids=str)
def test_facts_hold_of_many_networks(activation: Activation) -> None:
    """More of the same."""
    for loss, targets in ASKED:
        for seed in range(3):
            look(activation, LOSSES[loss], targets, Random(f"{activation} {loss} {targets} slow {seed}"))
