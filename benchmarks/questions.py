"""The questions that `benchmarks/engine.py` asks: named cases, and random ones from a seed.

    python benchmarks/questions.py [--count 200] [--seed 2026]

prints the random questions, one canonical problem a line.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zerograd.core.errors import ProblemError
from zerograd.core.model.activations import Activation, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Shape, indices
from zerograd.core.question.language import names_in
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.question.vocabulary import RELATIONS, quantity_shapes, variable_shapes

COUNT, SEED = 200, 2026


@dataclass(frozen=True)
class Case:
    """A named question. It is made when it is first looked at: large ones take a moment.

    Attributes:
        group: questions of a kind; what ``--only`` selects.
        asked: the seconds in which zerograd is asked to answer.
    """

    group: str
    name: str
    asked: float
    arguments: Mapping[str, Any]

    @cached_property
    def problem(self) -> Problem:
        return Problem(**self.arguments)


# --- named cases -------------------------------------------------------------------------


def named_cases() -> list[Case]:
    """The named questions, in the order of the table."""
    founding = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    crossed = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}
    below = {"zero": ["w2", "b2", "w3", "b3", "w4", "b4"], "nonzero": ["w1", "b1"]}

    def case(group: str, asked: float, shape: tuple[int, int, int | str], query: Any) -> Case:
        units, inputs, samples = shape
        arguments = {"network": [inputs, units, 1], "samples": samples, **query}
        return Case(group, f"H={units} D={inputs} M={samples}", asked, arguments)

    small = [
        (1, 1, 3), (1, 1, 20), (1, 2, 5), (2, 1, 3), (2, 1, 4), (2, 1, 5), (2, 2, 4),
        (3, 1, 4), (3, 1, 10), (4, 1, 5), (4, 2, 10), (5, 1, 10), (5, 2, 20),
    ]  # fmt: skip
    layered = {"network": [2, 20, 20, 20, 1], "samples": 200}
    zero_one = {**founding, "where": ["y * (y - 1) == 0"]}
    return [
        *(case("headline", 0.05, size, founding) for size in small),
        case("large", 3, (100, 10, 400), founding),
        case("large", 10, (20, 5, 10_000), founding),
        *(case("three samples", 1, (units, 1, 3), founding) for units in (2, 5, 10, 20)),
        *(case("two samples", 5, (units, 1, 2), founding) for units in (1, 2, 3, 4)),
        Case("deep", "2-20-20-20-1 M=200", 5, {**layered, **below}),
        case("crossed", 0.3, (2, 1, 3), crossed),
        case("crossed", 0.6, (2, 1, 4), crossed),
        case("crossed", 10, (3, 1, 3), crossed),
        case("crossed", 10, (3, 1, 4), crossed),
        *(case("any samples", 1, (units, 1, "any"), founding) for units in (1, 2)),
        *(case("targets 0 or 1", 1, (1, 1, samples), zero_one) for samples in range(3, 9)),
    ]


# --- random questions --------------------------------------------------------------------


def random_questions(count: int = COUNT, seed: int = SEED) -> list[Problem]:
    """Questions a user might ask of a small network, sat or unsat, nobody knows.

    Question n depends on ``seed`` and n alone, on every machine. It has at most three hidden
    units a layer, two hidden layers, two inputs, two outputs and four samples.
    """
    return [random_question(f"question {seed} {number}") for number in range(count)]


def random_question(seed: str) -> Problem:
    """One question; draws that make no problem (contradictions, say) are drawn again."""
    draw = _Draw(random.Random(seed))
    while True:
        try:
            problem = Problem(**draw.question())
        except ProblemError:
            continue
        if problem.samples.most is not None or _ends(problem):
            return problem  # otherwise no end is known, and no one could ever say no


def _ends(problem: Problem) -> bool:
    """Whether few samples suffice if any do; what is known of input gradients came after these questions."""
    of_inputs = any(r.name == "x" for references in problem.query.values() for r in references)
    of_adjoints = any(names_in(condition.node) & {"r", "grad"} for condition in problem.where)
    return not of_inputs and not of_adjoints and (sufficient_samples(problem) or 99) <= 8


class _Draw:
    """Draws the parts of a question from one stream of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def often(self, probability: float) -> bool:
        return self.chance.random() < probability

    def question(self) -> dict[str, Any]:
        self.network = self._network()
        samples: Any = self._samples()
        self.samples = samples if isinstance(samples, int) else 1
        question: dict[str, Any] = {"network": self.network, "samples": samples, **self._query()}
        open_ended = not isinstance(samples, int)
        number = self.chance.choice([0, 0, 1] if open_ended else [0, 1, 1, 2, 2, 3])
        if not any(question.get(relation) for relation in RELATIONS):
            number = max(1, number)
        question["where"] = list(dict.fromkeys(self._condition(open_ended) for _ in range(number)))
        question["derivative_at_kink"] = self.chance.choice(["torch"] * 4 + ["left", "right", "forbid"])
        if not open_ended:
            question |= self._limits()
        return question

    def _network(self) -> Network:
        hidden = self.chance.choice([[1], [1], [2], [2], [3], [1, 1], [2, 1], [1, 2], [2, 2]])
        usual: list[Activation | str] = ["relu"] * 6
        usual += ["abs", "relu6", "hardtanh", leaky_relu("1/10"), "leaky_relu"]
        alike = self.chance.choice(usual) if self.often(0.6) else None
        biased = self.often(0.85)
        layers = [Layer(n, alike or self.chance.choice(usual), biased or self.often(0.5)) for n in hidden]
        outputs = 2 if self.often(0.15) else 1
        last = "relu" if self.often(0.06) else "linear"
        layers.append(Layer(outputs, last, biased or self.often(0.5)))
        return Network(2 if self.often(0.3) else 1, tuple(layers))

    def _samples(self) -> int | str | dict[str, int]:
        if self.often(0.8):
            return self.chance.choice([1, 2, 2, 3, 3, 3, 4])
        words: list[int | str | dict[str, int]] = [
            "any",
            "fewest",
            {"from": 1, "to": 3},
            {"from": 2, "to": 4},
        ]
        return self.chance.choice(words)

    # --- what is asked of gradients ---

    def _query(self) -> dict[str, list[str]]:
        names = list(self.network.shapes)
        last = [n for n in names if n.endswith(str(self.network.depth))]
        below = [n for n in names if n not in last]
        signs = ["nonzero", "nonzero", "some_nonzero", "positive", "negative"]
        match self.chance.randrange(8):
            case 0:  # the upper layer stands still, the others learn
                return {"zero": last, self.chance.choice(signs): below}
            case 1:  # the upper layer learns alone
                return {self.chance.choice(signs): last, "zero": below}
            case 2:  # a critical point, or nearly
                kept = [n for n in names if self.often(0.85)]
                return {"zero": kept, "nonzero": [n for n in names if n not in kept]}
            case 3:  # one unit at rest
                return self._unit_at_rest(signs)
            case 4:  # the inputs
                return {
                    self.chance.choice(["zero", *signs]): ["x"],
                    self.chance.choice(signs): [self.chance.choice(names)],
                }
            case 5:  # each name as it comes
                return self._mixed([n for n in names if self.often(0.75)], signs)
            case 6:  # single entries as they come
                shapes = self.network.shapes
                sites = [entry(n, i) for n, shape in shapes.items() for i in indices(shape)]
                return self._mixed(self.chance.sample(sites, min(len(sites), 4)), signs)
        return {}  # conditions on gradients alone, or no question of gradients

    def _unit_at_rest(self, signs: Sequence[str]) -> dict[str, list[str]]:
        shape = self.network.shapes["w1"]
        unit = self.chance.randrange(shape[0])
        resting = [entry("w1", (unit, i)) for i in range(shape[1])]
        others = [entry("w1", (u, i)) for u in range(shape[0]) if u != unit for i in range(shape[1])]
        if self.network.layers[0].bias:
            resting.append(entry("b1", (unit,)))
        relation = self.chance.choice(signs)
        return {"zero": resting, relation: [*others, f"w{self.network.depth}"]}

    def _mixed(self, names: Sequence[str], signs: Sequence[str]) -> dict[str, list[str]]:
        query: dict[str, list[str]] = {}
        for name in names:
            query.setdefault(self.chance.choice([*["zero"] * 5, *signs]), []).append(name)
        return query

    # --- conditions ---

    def _condition(self, open_ended: bool) -> str:
        if open_ended:
            return self.chance.choice(OPEN)(self)
        text = self.chance.choice(CONDITIONS)(self)
        if self.often(0.06):
            return f"not ({text})"
        if self.often(0.12):
            other = self.chance.choice(CONDITIONS)(self)
            return f"({text}) {self.chance.choice(['or', 'or', 'and'])} ({other})"
        return text

    def pick(self, *texts: str) -> str:
        return self.chance.choice(texts)

    def one(self, *names: str) -> str:
        """A single entry of one of these names."""
        shapes = quantity_shapes(self.network, self.samples)
        name = self.chance.choice(names)
        return self.site(name, shapes[name])

    def site(self, name: str, shape: Shape) -> str:
        return entry(name, tuple(self.chance.randrange(n) for n in shape))

    def slope(self) -> str:
        """The gradient of a single entry."""
        return f"grad({self.one(*self.network.shapes, 'x')})"

    @property
    def weight(self) -> str:
        """A weight matrix."""
        return f"w{self.chance.randint(1, self.network.depth)}"

    @property
    def layer(self) -> int:
        """A hidden layer."""
        return self.chance.randint(1, self.network.depth - 1)

    def along(self, joint: str, name: str) -> str:
        """Sample 0, sample 1, … of a column, joined."""
        return joint.join(entry(name, (m, 0)) for m in range(max(2, self.samples)))

    # --- given values, bounds, domain ---

    def _limits(self) -> dict[str, Any]:
        if self.often(0.12):
            bounds = {
                name: [-3, 3] if self.often(0.5) else [0 if name == "y" else -2, 4]
                for name in self._variables
            }
            return {"domain": "integer", "bounds": bounds}
        limits: dict[str, Any] = {"given": {}, "bounds": {}}
        if self.often(0.25):
            for name in self.chance.sample(sorted(self._variables), self.chance.choice([1, 1, 2])):
                limits["given"][name] = self._values(self._variables[name], keep=self.pick("all", "some"))
        if self.often(0.2):
            name = self.chance.choice(sorted(set(self._variables) - set(limits["given"])))
            ends = self.chance.choice([[-1, 1], [0, 1], [0, None], [None, 2], ["1/10", 1], [-5, 5], [1, 1]])
            whole = self.often(0.7)
            limits["bounds"][name if whole else self.site(name, self._variables[name])] = ends
        return limits

    @property
    def _variables(self) -> dict[str, Shape]:
        return variable_shapes(self.network, self.samples)

    def _values(self, shape: Shape, *, keep: str) -> Any:
        if not shape:
            if keep == "some" and self.often(0.4):
                return None
            return self.chance.choice([-2, -1, 0, 1, 1, 2, 3, "1/2", "-1/3"])
        return [self._values(shape[1:], keep=keep) for _ in range(shape[0])]


CONDITIONS: tuple[Callable[[_Draw], str], ...] = (
    # inputs
    lambda d: d.along(" < ", "x"),
    lambda d: d.pick("distinct(x)", f"distinct({d.along(', ', 'x')})"),
    lambda d: d.pick("-1 <= x <= 1", "all(x >= 0)", "min(x) >= 0", "any(x < 0) and any(x > 0)"),
    lambda d: f"sum(x) / {d.samples} == {d.pick('0', '1', '1/2')}",
    lambda d: f"max(x) - min(x) {d.pick('<= 2', '== 1', '>= 3')}",
    lambda d: f"not ({d.one('x')} == 0 or {d.one('y')} == 0)",
    # targets and predictions
    lambda d: d.pick("y * (y - 1) == 0", "y == 1 or y == 0", "y > 0", "y == 0"),
    lambda d: d.pick("sum(y) == 0", "sum(y * y) == 1", f"sum(y) / {d.samples} == 1", "max(y) <= 1"),
    lambda d: d.pick("distinct(y)", d.along(" < ", "y"), d.along(" == ", "y")),
    lambda d: d.pick("y_hat != 0", "min(y_hat) > 0", "y_hat == 1", "abs(y_hat) <= 1", "y_hat < y"),
    lambda d: f"{d.along(' < ', 'y_hat')}",
    lambda d: f"{d.one('y')} == {d.one('x')}",
    lambda d: f"({d.one('y_hat')} + {d.one('y')}) / 2 == {d.pick('0', '1', '-1/2')}",
    # residuals and the loss
    lambda d: d.pick("any(r != 0)", "r != 0", "any(r > 0)", "all(r >= 0)", "sum(r) == 0", "distinct(r)"),
    lambda d: d.pick("abs(r) <= 1", "max(abs(r)) == 1", "min(r) < -1", "any(r == 0) and any(r != 0)"),
    lambda d: f"loss {d.pick('== 1', '== 2', '> 1', '<= 1/2', '== 0', '!= 0')}",
    lambda d: d.pick("0 < loss < 1", "1 <= loss <= 2", "loss == 1 or loss == 0", "loss / 3 > 1"),
    # units
    lambda d: f"z{d.layer} {d.pick('> 0', '!= 0', '< 0', '>= 0')}",
    lambda d: f"any(z{(n := d.layer)} > 0) and any(z{n} < 0)",
    lambda d: f"not z{d.layer} > 0",
    lambda d: f"{d.one(f'z{d.layer}')} == {d.pick('0', '1', '-1')}",
    lambda d: f"{d.pick('sum', 'max')}(a{d.layer}) {d.pick('== 1', '<= 3', '> 4', '== 0')}",
    lambda d: f"{d.one(f'a{(n := d.layer)}')} {d.pick('==', '!=', '<')} {d.one(f'a{n}')}",
    lambda d: f"any([{d.one(f'a{d.layer}')} > 1, {d.one('r')} == 1])",
    lambda d: f"all(a{d.layer} {d.pick('> 0', '!= 0', '== 0')})",
    # parameters
    lambda d: f"{d.weight} {d.pick('!= 0', '> 0', '== 1', '< 0', '!= 1')}",
    lambda d: f"abs({d.weight}) {d.pick('<= 1', '== 1', '>= 1/2')}",
    lambda d: f"sum({(w := d.weight)} * {w}) == {d.pick('1', '2', '4')}",
    lambda d: f"{d.one(d.weight)} == {d.pick('', '-', '2 * ')}{d.one(d.weight)}",
    lambda d: f"abs({d.one(d.weight)}) == abs({d.one(d.weight)})",
    lambda d: f"distinct({d.weight})",
    lambda d: f"max({d.one(d.weight)}, {d.one(d.weight)}) == {d.pick('1', '0', '2')}",
    lambda d: f"min({d.one(d.weight)}, {d.one('x')}) < -1",
    lambda d: f"0 < {d.one(d.weight)} < {d.one(d.weight)} <= 1",
    lambda d: f"{d.one(d.weight)} / 2 + {d.one('x')} / 3 == 1",
    # gradients
    lambda d: f"{d.slope()} {d.pick('==', '<', '!=', '>')} {d.pick('', '-', '2 * ')}{d.slope()}",
    lambda d: f"abs({d.slope()}) {d.pick('>= 1', '== 1', '<= 1/100', '< abs(' + d.slope() + ')')}",
    lambda d: f"{d.slope()} {d.pick('== 1', '> 2', '== 0', '!= 0', '== -1/2', '< 0')}",
    lambda d: f"{d.slope()} / 2 > {d.one('r', 'y', 'x')}",
    lambda d: f"sum(grad({(w := d.weight)}) * grad({w})) {d.pick('== 1', '< 1/100', '>= 4')}",
    lambda d: f"max(abs(grad({d.weight}))) {d.pick('<', '==', '>')} {d.pick('1', '1/10', '2')}",
    lambda d: f"grad(x) {d.pick('== 0', '!= 0', '> 0')}",
    lambda d: f"{d.pick('all', 'any')}(grad({d.weight}) {d.pick('> 0', '< 0', '== 1', '== 0')})",
)  # fmt: skip
"""Conditions for a fixed number of samples."""

OPEN: tuple[Callable[[_Draw], str], ...] = (
    lambda d: f"{d.weight} {d.pick('!= 0', '> 0', '!= 1')}",
    lambda d: f"abs({d.one(d.weight)}) {d.pick('<= 1', '== 1')}",
    lambda d: d.pick("x >= 0", "-1 <= x <= 1", "x != 0"),
    lambda d: f"z{d.layer} {d.pick('> 0', '!= 0', '>= 0')}",
)
"""Conditions under which small datasets suffice, for an open number of samples."""


def main() -> None:
    """Print random questions."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    for problem in random_questions(options.count, options.seed):
        print(json.dumps(problem.to_json()))


if __name__ == "__main__":
    main()
