"""Printed formulas are read back and evaluated: they must give the checker's own gradients."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import pytest

from zerograd.core.model.activations import ACTIVATIONS, LINEAR, PIECEWISE, leaky_relu, piecewise
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import KINKS, Kink
from zerograd.core.model.names import function_name
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.references import complete_index
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness
from zerograd.show.say.gradients import gradients_text

TOKEN = re.compile(
    r"\s*(?P<indicator>1\[)|\s*(?P<number>\d+)|\s*(?P<slope>[A-Za-z_0-9]+(?:\([\d/-]+\))?')"
    r"|\s*(?P<name>[a-zŷδM]\d*)(?P<sample>ₘ)?(?:\[(?P<index>[^\]]*)\])?"
    r"|\s*(?P<sum>Σ)(?P<letter>ₘ|ₖ|ᵢ|ⱼ|_d)|\s*(?P<sign>[-+−/()²<>=≤≥\]])"
)
LETTERS = {"ₘ": "m", "ₖ": "k", "ᵢ": "i", "ⱼ": "j", "_d": "d"}
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "≤": lambda a, b: a <= b,
    "≥": lambda a, b: a >= b,
}

Values = Callable[[str, tuple[int, ...]], Fraction]


@dataclass
class Reader:
    """A recursive descent over the notation; juxtaposition is a product, Σ reaches to the next + or −."""

    text: str
    values: Values
    ranges: Mapping[str, int]
    slopes: Mapping[str, Callable[[Fraction], Fraction]]
    letters: dict[str, int] = field(default_factory=dict)
    place: int = 0

    def evaluate(self) -> Fraction:
        result = self.expression()
        assert not self.text[self.place :].strip(), self.text[self.place :]
        return result

    def peek(self) -> re.Match[str] | None:
        return TOKEN.match(self.text, self.place)

    def take(self) -> re.Match[str]:
        token = self.peek()
        assert token, f"cannot read {self.text[self.place :]!r}"
        self.place = token.end()
        return token

    def sees(self, signs: str) -> bool:
        token = self.peek()
        return token is not None and token["sign"] is not None and token["sign"] in signs

    def expression(self) -> Fraction:
        negative = self.sees("−")
        if negative:
            self.take()
        total = -self.term() if negative else self.term()
        while self.sees("+−"):
            sign = -1 if self.take()["sign"] == "−" else 1
            total += sign * self.term()
        return total

    def term(self) -> Fraction:
        value = self.factor()
        while (token := self.peek()) and not (token["sign"] and token["sign"] not in "/("):
            if token["sign"] == "/":
                self.take()
                value /= self.factor()
            else:
                value *= self.factor()
        return value

    def factor(self) -> Fraction:
        value = self.base()
        if self.sees("²"):
            self.take()
            value *= value
        return value

    def base(self) -> Fraction:
        token = self.take()
        if token["number"]:
            return Fraction(token["number"])
        if token["sign"] == "(":
            value = self.expression()
            assert self.take()["sign"] == ")"
            return value
        if token["indicator"]:
            return Fraction(self.condition())
        if token["slope"]:
            assert self.take()["sign"] == "("
            value = self.slopes[token["slope"]](self.expression())
            assert self.take()["sign"] == ")"
            return value
        if token["sum"]:
            return self.sum(LETTERS[token["letter"]])
        assert token["name"], token
        written = (["m"] if token["sample"] else []) + [i for i in (token["index"] or "").split(",") if i]
        return self.values(
            token["name"], tuple(self.letters[i] if i in self.letters else int(i) for i in written)
        )

    def condition(self) -> bool:
        left, true = self.expression(), True
        while not self.sees("]"):
            holds = COMPARISONS[self.take()["sign"]]
            right = self.expression()
            true, left = true and holds(left, right), right
        self.take()
        return true

    def sum(self, letter: str) -> Fraction:
        start, total = self.place, Fraction(0)
        for number in range(self.ranges[letter]):
            self.place, self.letters[letter] = start, number
            total += self.term()
        del self.letters[letter]
        return total


def prime(text: str, network: Network, kink: Kink) -> Callable[[Fraction], Fraction]:
    """φ' by the name that it is printed with."""
    name = text.removesuffix("'")
    activation = next(layer.activation for layer in network.layers if function_name(layer.activation) == name)

    def slope(z: Fraction) -> Fraction:
        piece, on_kink = piecewise(activation).locate(z)
        found = (
            piecewise(activation).derivative_at_kink(piece, kink)
            if on_kink
            else piecewise(activation).slopes[piece]
        )
        assert found is not None
        return Fraction(found)

    return slope


@dataclass
class Page:
    """A printed page of formulas beside the numbers of a witness."""

    witness: Witness
    known: dict[tuple[str, tuple[int, ...]], Fraction] = field(default_factory=dict)
    """Adjoints, as they are defined on the page."""

    @property
    def network(self) -> Network:
        return self.witness.problem.network

    @cached_property
    def sections(self) -> dict[str, list[str]]:
        """The lines under each heading; broken lines are joined again."""
        sections: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in gradients_text(self.witness.problem).splitlines():
            if line.startswith("      "):
                lines[-1] += " " + line.strip()
            elif line.startswith("  "):
                lines.append(line.strip())
            elif line:
                lines = sections.setdefault(line, [])
        return sections

    @property
    def ranges(self) -> dict[str, int]:
        widths = self.network.widths
        hidden = dict(zip("ij", widths[1:-1], strict=False))
        return {"m": self.witness.samples, "d": widths[0], "k": widths[-1], **hidden}

    def value(self, name: str, index: tuple[int, ...], sample: int | None = None) -> Fraction:
        """A number of the witness; for a region's formulas ``sample`` is the first index."""
        run = self.witness.forward
        if name == "M":
            return Fraction(self.witness.samples)
        if name in self.network.shapes:
            array: Array[Any] = self.witness.parameters[name]
            return Fraction(array[complete_index(name, index, array.shape)])
        index = index if sample is None else (sample, *index)
        if name[0] == "δ":
            return self.known[name, index]
        arrays = {"x": run.x, "y": self.witness.y, "ŷ": run.y_hat}
        array = arrays[name] if name in arrays else {"z": run.z, "a": run.a}[name[0]][int(name[1:]) - 1]
        found: Any = array[index if len(index) > 1 else (*index, 0)]
        return Fraction(found)

    def read(self, text: str, letters: Mapping[str, int], sample: int | None = None) -> Fraction:
        slopes = {
            f"{function_name(layer.activation)}'": prime(
                f"{function_name(layer.activation)}'", self.network, self.witness.problem.derivative_at_kink
            )
            for layer in self.network.layers
        }
        reader = Reader(text, lambda n, i: self.value(n, i, sample), self.ranges, slopes, dict(letters))
        return reader.evaluate()

    def equations(
        self, lines: list[str], sample: int | None = None
    ) -> Iterator[tuple[str, tuple[int, ...], Fraction]]:
        """(left side without its index, index, value of the right side) for all that letters stand for."""
        for line in lines:
            left, right = line.split(" = ", 1)
            match = re.fullmatch(r"((?:∂[Lℓ]/∂)?[a-zŷδL]\d*)(ₘ)?(?:\[([^\]]*)\])?", left)
            if match is None:
                continue
            written = (["m"] if match[2] else []) + [i for i in (match[3] or "").split(",") if i]
            free = [i for i in written if not i.isdigit()]
            for numbers in product(*(range(self.ranges[letter]) for letter in free)):
                letters = dict(zip(free, numbers, strict=True))
                index = tuple(letters[i] if i in letters else int(i) for i in written)
                value = self.read(right, letters, sample)
                if left.startswith("δ"):
                    self.known[match[1], index if sample is None else (sample, *index)] = value
                yield match[1], index, value


def check_totals(page: Page) -> None:
    """∂L/∂… for any number of samples."""
    gradients = page.witness.gradients
    (lines,) = (lines for heading, lines in page.sections.items() if heading.startswith("Gradients, "))
    found: dict[str, dict[tuple[int, ...], Fraction]] = {}
    for left, index, value in page.equations(lines):
        name = left.removeprefix("∂L/∂")
        if name != left:
            shape = gradients[name].shape
            full = (*index, 0) if name == "x" and len(index) == 1 else complete_index(name, index, shape)
            found.setdefault(name, {})[full] = value
    assert found == {name: dict(gradients[name].items()) for name in (*page.network.shapes, "x")}
    lines = page.sections["Loss, over M samples"]
    assert [value for _, _, value in page.equations(lines)] == [page.witness.loss]


def holds(page: Page, heading: str, sample: int) -> bool:
    """Whether a sample is in the region with this heading."""
    conditions = re.sub(r" \([a-z ]+\)", "", heading).split(", ")
    return all(page.read(f"1[{condition}]", {}, sample) for condition in conditions)


def check_regions(page: Page) -> None:
    """What each sample contributes, by the formulas of the region that it is in."""
    network, gradients = page.network, page.witness.gradients
    regions = {heading: lines for heading, lines in page.sections.items() if re.match(r"[z0-9−]", heading)}
    loss_of_one, _, *alone = page.sections["One sample"]
    sums = {name: dict.fromkeys(indices(shape), Fraction(0)) for name, shape in network.shapes.items()}
    for sample in range(page.witness.samples):
        (lines,) = (
            [lines for heading, lines in regions.items() if holds(page, heading, sample)]
            if regions
            else [alone]
        )
        squares = page.read(loss_of_one.removeprefix("ℓ = "), {}, sample)
        assert squares == sum(r * r for r in page.witness.point.residuals.rows()[sample])
        from_x = dict.fromkeys(indices((network.inputs,)), Fraction(0))
        for left, index, value in page.equations(lines, sample):
            name = left.removeprefix("∂ℓ/∂")
            if name[0] == "δ":
                continue
            if left == name:
                assert value == page.value(name, index, sample), (left, index)
            elif name == "x":
                for d in from_x if not index and not value else [index or (0,)]:
                    from_x[d] += value
            else:
                shape = network.shapes[name]
                whole = not index and prod(shape) > 1
                for full in indices(shape) if whole and not value else [complete_index(name, index, shape)]:
                    sums[name][full] += value
        scale = Fraction(1, page.witness.samples * network.outputs)
        assert [scale * v for v in from_x.values()] == list(gradients["x"].rows()[sample])
    scale = Fraction(1, page.witness.samples * network.outputs)
    for name, entries in sums.items():
        assert {index: scale * value for index, value in entries.items()} == dict(gradients[name].items())


def random_witness(network: Network, kink: Kink, samples: int, seed: int) -> Witness:
    """Small integers, so that kinks are hit; under ``forbid`` none is."""
    asked = [*network.shapes, "x"]
    problem = Problem(network=network, samples=samples, derivative_at_kink=kink, some_nonzero=asked)
    rng = random.Random(seed)
    shapes = {**network.shapes, "x": (samples, network.inputs), "y": (samples, network.outputs)}
    while True:
        values: dict[str, Array[Any]] = {
            name: Array.build(shape, lambda _: rng.randint(-2, 2)) for name, shape in shapes.items()
        }
        witness = Witness.of(problem, values)
        try:
            assert witness.forward
        except OnKink:
            continue
        return witness


HIDDEN = [*PIECEWISE, leaky_relu("1/10"), leaky_relu(-2)]
NETWORKS = [
    Network.mlp(1, 1),
    Network.mlp(2, 2, 1),
    Network.mlp(2, 2, 2, bias=False),
    Network.mlp(1, 1, 1, 1),
    Network.mlp(1, 2, 2, 1),
    Network.mlp(6, 2, 3),
    Network.mlp(2, 7, 6, activation="linear"),
    Network.mlp(1, 6, 7, 2, activation="linear"),
    Network.mlp(1, 4, 4, 4, activation="linear"),
    Network(1, (Layer(1, bias=False), Layer(1, leaky_relu("1/10"), bias=False), Layer(2))),
    Network(2, (Layer(1, ACTIVATIONS["abs"]), Layer(1))),
]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: "-".join(map(str, network.widths)))
def test_printed_formulas_of_networks(network: Network) -> None:
    """Totals, and the formulas of the regions that the samples are in."""
    page = Page(random_witness(network, "torch", 4, seed=len(str(network))))
    check_totals(page)
    check_regions(page)


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("activation", HIDDEN, ids=str)
def test_printed_formulas_of_activations(activation: Any, kink: Kink) -> None:
    """Every activation under every convention, with samples on kinks where that is allowed."""
    page = Page(random_witness(Network(1, (Layer(1, activation), Layer(1, LINEAR))), kink, 6, seed=9))
    check_totals(page)
    check_regions(page)


def test_samples_of_these_tests_are_on_kinks() -> None:
    """The convention at kinks is put to the test above: some samples are on one."""
    for activation in HIDDEN:
        witness = random_witness(Network(1, (Layer(1, activation), Layer(1, LINEAR))), "torch", 6, seed=9)
        on_kinks = [piecewise(activation).locate(z)[1] for z in witness.forward.z[0].entries]
        assert not activation.has_kinks or any(on_kinks)
