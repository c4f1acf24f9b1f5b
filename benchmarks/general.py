"""General questions, for which nothing was tuned: two hidden layers, all activations, all conditions.

    python benchmarks/general.py [--count 400] [--seed 15]

prints them, one canonical problem a line. `benchmarks/proofs.py --only general` asks which of them are
impossible, and how many of these carry a certificate.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from typing import Any

from zerograd.core.errors import ProblemError
from zerograd.core.model.activations import PIECEWISE, Activation, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Shape
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes

COUNT, SEED = 400, 15

RELATIONS = ["zero"] * 5 + ["nonzero"] * 3 + ["some_nonzero", "positive", "positive", "negative", "negative"]
ENDS = ([0, 0], [0, 1], [-1, 1], [-2, -1], [1, None], [None, -1], [1, 1], ["-1/2", "1/2"])
SMOOTH = ("sigmoid", "tanh", "softplus", "square", "elu", "silu")


def general_questions(count: int = COUNT, seed: int = SEED) -> list[Problem]:
    """Questions of which most ask for much: question n depends on ``seed`` and n alone."""
    return [general_question(f"general {seed} {number}") for number in range(count)]


def general_question(seed: str) -> Problem:
    """One question; draws that make no problem (contradictions, say) are drawn again."""
    draw = _Draw(random.Random(seed))
    while True:
        try:
            return Problem(**draw.question())
        except ProblemError:
            continue


class _Draw:
    """Draws the parts of a question from one stream of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def often(self, probability: float) -> bool:
        return self.chance.random() < probability

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.chance.choice(choices)

    def question(self) -> dict[str, Any]:
        self.network = self._network()
        samples: Any = self.pick([1, 2, 2, 3]) if self.often(0.7) else self.pick(["any", "fewest"])
        self.fixed = samples if isinstance(samples, int) else None
        question: dict[str, Any] = {"network": self.network, "samples": samples}
        names = [*self.network.shapes, *(["x"] if self.often(0.4) else [])]
        for name in names:
            if self.often(0.85):
                question.setdefault(self.pick(RELATIONS), []).append(name)
        question["derivative_at_kink"] = self.pick(["torch", "torch", "left", "right", "mean", "forbid"])
        if self.often(0.25):
            question["where"] = [self._condition()]
        return question | self._limits()

    def _network(self) -> Network:
        usual: list[Activation | str] = [a for a in PIECEWISE if a.name != "linear"]
        usual += ["relu", "relu", leaky_relu("1/10")]
        smooth = self.often(0.1)
        hidden = self.pick([[1], [2], [2], [3], [1, 1], [1, 2], [2, 1], [2, 2]])
        layers = [
            Layer(units, self.pick(SMOOTH) if smooth else self.pick(usual), self.often(0.7))
            for units in hidden
        ]
        last = self.pick(usual) if self.often(0.2) else "linear"
        layers.append(Layer(2 if self.often(0.15) else 1, last, self.often(0.7)))
        return Network(2 if self.often(0.2) else 1, tuple(layers))

    @property
    def _variables(self) -> dict[str, Shape]:
        """What can be limited, whatever the number of samples."""
        shapes = variable_shapes(self.network, self.fixed or 1)
        return shapes if self.fixed else {n: s for n, s in shapes.items() if n not in ("x", "y")}

    def _limits(self) -> dict[str, Any]:
        limits: dict[str, Any] = {}
        if self.fixed and self.often(0.2):
            bounds: dict[str, Any] = {name: [-2, 2] for name in self._variables}
            return {"domain": "integer", "bounds": bounds}
        if self.often(0.3):
            names = [*self.network.shapes, "x"]
            limits["bounds"] = {
                name: self.pick(ENDS) for name in self.chance.sample(names, 1 + self.often(0.3))
            }
        if self.often(0.2):
            name = self.pick(sorted(set(self._variables) - set(limits.get("bounds", {}))))
            limits["given"] = {name: self._values(self._variables[name])}
        return limits

    def _values(self, shape: Shape) -> Any:
        if not shape:
            return self.pick([-2, -1, 0, 0, 1, 1, 2, 3, "1/2"])
        return [self._values(shape[1:]) for _ in range(shape[0])]

    def _one(self, name: str) -> str:
        shape = variable_shapes(self.network, self.fixed or 1)[name]
        return entry(name, tuple(self.chance.randrange(n) for n in shape))

    def _condition(self) -> str:
        a, b = (self._one(self.pick(list(self.network.shapes))) for _ in range(2))
        texts = [
            f"{a}**2 + {b}**2 {self.pick(['< 1', '== 2', '<= 1/4', f'< 2*{a}*{b} + 1/9'])}",
            f"{a} * {b} {self.pick(['> 0', '< 0', '== 1', '>= 2'])}",
            f"abs({a}) {self.pick(['<', '>', '=='])} abs({b})",
            f"{a} {self.pick(['<', '>', '==', '!='])} {b}",
            f"max({a}, {b}) {self.pick(['< 0', '== 1'])}",
            f"x {self.pick(['> 0', '< 0', '!= 0', '>= 1'])}",
            f"z1 {self.pick(['> 0', '!= 0', '< 0'])}",
        ]
        if self.fixed:
            texts += [
                f"r {self.pick(['> 0', '!= 0', '>= 1'])}",
                "y * (y - 1) == 0",
                f"loss {self.pick(['< 1', '== 1', '> 2'])}",
                f"grad({a}) {self.pick(['>', '==', '<'])} {self.pick(['1', '-1', f'grad({b})'])}",
                f"sum(y_hat) == {self.pick(['0', '1'])}",
            ]
        return str(self.pick(texts))


def main() -> None:
    """Print the questions."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    for problem in general_questions(options.count, options.seed):
        print(json.dumps(problem.to_json()))


if __name__ == "__main__":
    main()
