"""Covers of zero entries against all terms of small networks, each with the factors that are zero in it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn

Label = tuple[str, str]
"""What makes a factor zero: a kind, and the module or the weight."""
WIDTHS = (2, 3, 3, 2)
SAMPLES = 3


def rows(tensor: Tensor) -> list[list[Fraction]]:
    return [[Fraction(v) for v in row] for row in tensor.tolist()]


class Reference:
    """A network of two hidden ReLU layers with mean squared error, in fractions."""

    def __init__(self, model: nn.Sequential, x: Tensor, y: Tensor) -> None:
        self.x, self.y = rows(x), rows(y)
        layers: Any = [model[0], model[2], model[4]]
        self.w = [rows(layer.weight.detach()) for layer in layers]
        self.b = [[Fraction(v) for v in layer.bias.tolist()] for layer in layers]
        a, self.z = self.x, []
        for w, b in zip(self.w, self.b, strict=True):
            z = [
                [
                    sum((wi * ai for wi, ai in zip(row, sample, strict=True)), bi)
                    for row, bi in zip(w, b, strict=True)
                ]
                for sample in a
            ]
            self.z.append(z)
            a = [[max(v, Fraction(0)) for v in sample] for sample in z]

    def gate(self, layer: int, sample: int, unit: int) -> tuple[Fraction, Label | None]:
        """Return the slope of a unit, and what makes it zero."""
        z = self.z[layer][sample][unit]
        if z > 0:
            return Fraction(1), None
        return Fraction(0), ("dead" if z else "at_kink", f"{2 * layer + 1}")

    def terms(self, unit: int, entry: int) -> Iterator[tuple[Fraction, frozenset[Label]]]:
        """Yield the terms of the gradient of ``w1[unit, entry]``, with what makes each zero."""
        for n, upper, out in product(range(SAMPLES), range(WIDTHS[2]), range(WIDTHS[3])):
            factors: list[tuple[Fraction, Label | None]] = [
                (self.z[2][n][out] - self.y[n][out], ("zero_adjoint", "loss")),
                (self.w[2][out][upper], ("zero_weight", "4.weight")),
                self.gate(1, n, upper),
                (self.w[1][upper][unit], ("zero_weight", "2.weight")),
                self.gate(0, n, unit),
                (self.x[n][entry], ("zero_factor", "the input")),
            ]
            value = Fraction(1)
            for factor, _ in factors:
                value *= factor
            yield value, frozenset(label for factor, label in factors if not factor and label)


def smallest(terms: list[frozenset[Label]]) -> int:
    """Return how many labels are needed so that each term has one of them."""
    labels = sorted(set().union(*terms))
    return next(
        size
        for size in range(len(labels) + 1)
        if any(all(term & set(chosen) for term in terms) for chosen in combinations(labels, size))
    )


@given(st.integers(0, 10**6))
def test_covers_are_smallest_and_those_that_suffice_alone_are_all_there(seed: int) -> None:
    from tests.explaining.training.causing import Step

    draw = torch.Generator().manual_seed(seed)

    def numbers(*shape: int, zeros: float = 0.3) -> Tensor:
        values = torch.randint(-40, 41, shape, generator=draw)
        return (values * (torch.rand(shape, generator=draw) > zeros)).double()

    model = nn.Sequential(
        nn.Linear(*WIDTHS[:2]), nn.ReLU(), nn.Linear(*WIDTHS[1:3]), nn.ReLU(), nn.Linear(*WIDTHS[2:])
    ).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(numbers(*parameter.shape))
    x, y = numbers(SAMPLES, 2), numbers(SAMPLES, 2, zeros=0)
    with torch.no_grad():
        known = torch.rand(SAMPLES, generator=draw) < 0.4
        y[known] = model(x)[known]

    def backward() -> None:
        nn.functional.mse_loss(model(x), y).backward()

    step = Step([model], backward, batch=SAMPLES)
    covers = step.covers("0.weight")
    reference = Reference(model, x, y)
    for unit, entry in product(range(WIDTHS[1]), range(WIDTHS[0])):
        terms = list(reference.terms(unit, entry))
        assert bool(step.zeros["0.weight"][unit, entry]) == (sum(value for value, _ in terms) == 0)
        if any(value for value, _ in terms):
            continue  # nothing is zero, or terms cancel
        here = [
            {(str(root.kind), _label(root)) for root in roots}
            for roots, entries in covers
            if entries[unit, entry]
        ]
        missing = [labels for _, labels in terms]
        every = set().union(*missing)
        alone = {label for label in every if all(label in labels for labels in missing)}
        found = {next(iter(labels)) for labels in here if len(labels) == 1}
        assert alone <= found
        assert all(label in alone for label in found if label in every)
        assert here
        for labels in here:
            if len(labels) > 1 and not alone:
                assert all(labels & term for term in missing) or not labels <= every
                assert len(labels) <= smallest(missing)


@given(st.integers(0, 10**6))
def test_structural_zeros_are_zero_with_other_data(seed: int) -> None:
    from tests.explaining.training.causing import Step

    draw = torch.Generator().manual_seed(seed)

    def numbers(*shape: int, zeros: float) -> Tensor:
        values = torch.randint(-20, 21, shape, generator=draw)
        return (values * (torch.rand(shape, generator=draw) > zeros)).double()

    hard = nn.Hardtanh(-30.0, 30.0)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3), hard, nn.Linear(3, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(numbers(*parameter.shape, zeros=0.6))

    def backward() -> None:
        x, y = numbers(SAMPLES, 2, zeros=0.2), numbers(SAMPLES, 2, zeros=0)
        nn.functional.mse_loss(model(x), y).backward()

    step = Step([model], backward, batch=SAMPLES)
    always = {name: step.always(name) for name in step.gradients}
    model.zero_grad()
    for _ in range(3):
        backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        assert not bool(parameter.grad[always[name]].any())


def _label(root: object) -> str:
    from zerograd.explaining.training.causes.origins import Root

    assert isinstance(root, Root)
    if root.kind in ("dead", "at_kink"):
        return root.anchor.place.module[0] if root.anchor.place.module else ""
    return root.name
