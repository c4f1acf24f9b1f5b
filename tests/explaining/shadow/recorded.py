"""Training steps under a recorder, and the same gradients in fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from tests.explaining.torches import runs
from zerograd.explaining.shadow.bounded import Bounded, BoundedDomain
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.tape.recorder import Recorder

Matrix = list[list[Fraction]]
_NARROW = torch.ones(1, dtype=torch.bfloat16)
_HAS_NARROW = runs(lambda: torch.nn.functional.mse_loss(_NARROW, _NARROW))


def _mean_square(x: Tensor, y: Tensor) -> Tensor:
    if x.dtype == torch.bfloat16 and not _HAS_NARROW:
        return ((x - y) ** 2).mean()
    return torch.nn.functional.mse_loss(x, y)


def recorded(program: Callable[[], Sequence[Tensor]]) -> list[Source]:
    """Run a program, and return the values of the tensors that it returns."""
    recorder = Recorder()
    with recorder:
        tensors = program()
        with recorder.paused():
            return [recorder.read(tensor) for tensor in tensors]


def bounded() -> Evaluation[Bounded]:
    return Evaluation(BoundedDomain())


@dataclass
class Network:
    """A network of ReLU layers, with what it is trained on, and mean square as its loss."""

    weights: list[Tensor]
    biases: list[Tensor]
    x: Tensor
    y: Tensor

    def gradients(self) -> list[Source]:
        """Return what torch computes: for x, then for each weight and each bias."""
        wanted = [t.clone().requires_grad_() for t in (self.x, *self.weights, *self.biases)]

        def program() -> Sequence[Tensor]:
            n = len(self.weights)
            x, weights, biases = wanted[0], wanted[1 : n + 1], wanted[n + 1 :]
            for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
                x = torch.nn.functional.linear(x, w, b)
                x = x.relu() if i + 1 < n else x
            _mean_square(x, self.y).backward()
            return [t.grad for t in wanted if t.grad is not None]

        return recorded(program)

    def exact(self) -> list[Any]:
        """Return the same gradients in fractions; units are on where the run's are."""
        weights, biases = [_exact(w) for w in self.weights], [_exact(b[None])[0] for b in self.biases]
        inputs, passes, run = [_exact(self.x)], [], self.x
        for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
            z = [
                [sum(map(_product, row, unit), bias) for unit, bias in zip(w, b, strict=True)]
                for row in inputs[-1]
            ]
            run = torch.nn.functional.linear(run, self.weights[i], self.biases[i])
            last = i + 1 == len(weights)
            passes.append((run > 0).tolist() if not last else torch.ones_like(run).tolist())
            run = run if last else run.relu()
            inputs.append(_gated(z, passes[-1]))
        y, count = _exact(self.y), self.y.numel()
        g = [
            [2 * (a - b) / count for a, b in zip(p, q, strict=True)]
            for p, q in zip(inputs[-1], y, strict=True)
        ]
        of_weights, of_biases = [], []
        for w, x, mask in zip(reversed(weights), reversed(inputs[:-1]), reversed(passes), strict=True):
            g = _gated(g, mask)
            columns = list(zip(*g, strict=True))
            of_weights.append(
                [[sum(map(_product, c, xs), Fraction(0)) for xs in zip(*x, strict=True)] for c in columns]
            )
            of_biases.append([sum(c, Fraction(0)) for c in columns])
            g = [[sum(map(_product, row, v), Fraction(0)) for v in zip(*w, strict=True)] for row in g]
        return [g, *reversed(of_weights), *reversed(of_biases)]


def _product(a: Fraction, b: Fraction) -> Fraction:
    return a * b


def _gated(z: Matrix, mask: Any) -> Matrix:
    return [
        [a if on else Fraction(0) for a, on in zip(row, ms, strict=True)]
        for row, ms in zip(z, mask, strict=True)
    ]


def _exact(t: Tensor) -> Matrix:
    return [[Fraction(x) for x in row] for row in t.tolist()]


def flat(rows: Any) -> list[Fraction]:
    """Return the entries of nested lists."""
    return [x for row in rows for x in flat(row)] if isinstance(rows, list) else [rows]
