"""How long it takes to decide what kind of point the parameters of a one-hidden-layer network are.

    python benchmarks/kinds.py [--units 20] [--samples 50] [--rounds 5] [--seed 1]

Weights and inputs are drawn; targets are such that the last layer's gradient is 0, and mostly also that of
each unit under some choice of slopes at kinks. A line for each number of samples on kinks: the kinds that
were found, and the median and longest times of deciding, and of checking the evidence, in seconds of this
process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from zerograd.classifying.kinds import kind_of  # noqa: E402  # found now
from zerograd.core.model.activations import RELU  # noqa: E402
from zerograd.core.model.backprop import ExactActivate  # noqa: E402
from zerograd.core.model.losses import LOSSES  # noqa: E402
from zerograd.core.model.network import Network  # noqa: E402
from zerograd.core.model.point import Model, Point  # noqa: E402
from zerograd.core.numbers.arrays import Array  # noqa: E402
from zerograd.core.points.second_order import kernel  # noqa: E402

ON_KINKS = (0, 1, 5, 10)
INPUTS = 2


def drawn(random: Random, units: int, samples: int, on_kinks: int) -> Point[Any]:
    """A point with so many samples on the kink of some unit, and the gradient 0 that is described above."""
    network = Network.mlp(INPUTS, units, 1)
    shapes = network.shapes
    some = [number for number in range(-9, 10) if number]
    values: Any = {name: Array.build(shape, lambda _: random.choice(some)) for name, shape in shapes.items()}
    values["b1"] = Array((units,), (0,) * units)
    weights = values["w1"].rows()
    x: list[list[int]] = []
    while len(x) < samples:
        row = [random.randint(-9, 9) for _ in range(INPUTS)]
        if len(x) < on_kinks:  # orthogonal to the weights of a unit
            first, second = weights[random.randrange(units)]
            row = [-second * (len(x) + 1), first * (len(x) + 1)]
        elif any(sum(a * b for a, b in zip(unit, row, strict=True)) == 0 for unit in weights):
            continue
        x.append(row)
    model = Model(network, LOSSES["mse"], "torch")
    inputs: Any = Array.of(x, INPUTS)
    zeros: Any = Array.build((samples, 1), lambda _: 0)
    point: Point[Any] = Point(model, values, inputs, zeros, ExactActivate("torch"))
    rows = [[Fraction(v) for v in column] for column in zip(*point.forward.a[0].rows(), strict=True)]
    rows.append([Fraction(1)] * samples)
    for unit in range(units) if random.random() < 0.8 else ():
        slopes = []
        for value in point.forward.z[0].entries[unit::units]:
            piece, on_kink = RELU.locate(value)
            slopes.append(Fraction(RELU.pieces[piece].slope) + (random.choice((0, 1)) if on_kink else 0))
        columns = zip(*((*row, 1) for row in x), strict=True)
        rows += [[s * v for s, v in zip(slopes, column, strict=True)] for column in columns]
    residual = [Fraction(0)] * samples
    for vector in kernel(rows, samples):
        times = random.choice((-1, 0, 1, 2))
        residual = [a + times * b for a, b in zip(residual, vector, strict=True)]
    pairs = zip(point.forward.y_hat.entries, residual, strict=True)
    return Point(model, values, inputs, Array((samples, 1), tuple(p - r for p, r in pairs)), point.activate)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, default=20)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{INPUTS}-{options.units}-1, {options.samples} samples, {options.rounds} points each\n")
    print("| samples on kinks | kinds | decided | checked |\n|---:|---|---:|---:|")
    random = Random(options.seed)
    for on_kinks in ON_KINKS:
        kinds: Counter[str] = Counter()
        decided, checked = [], []
        for _ in range(options.rounds):
            point = drawn(random, options.units, options.samples, on_kinks)
            start = time.process_time()
            found = kind_of(point)
            middle = time.process_time()
            found.check(point)
            decided.append(middle - start)
            checked.append(time.process_time() - middle)
            kinds[str(found.kind)] += 1
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        times = [f"{median(some):.2f} to {max(some):.2f} s" for some in (decided, checked)]
        print(f"| {on_kinks} | {told} | {times[0]} | {times[1]} |")


if __name__ == "__main__":
    main()
