"""Small programs that use one operation forward and backward, recorded and evaluated in two arithmetics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from zerograd.explaining.shadow.balls import BallDomain, is_exact
from zerograd.explaining.shadow.bounded import Bounded, BoundedDomain
from zerograd.explaining.shadow.evaluation import Evaluation, cone, is_supported
from zerograd.explaining.shadow.residues import ResidueDomain
from zerograd.explaining.tape.nodes import Node, Source
from zerograd.explaining.tape.recorder import Recorder

Program = Callable[..., Any]


@dataclass(frozen=True)
class Run:
    """What a program returned, and the gradients of its inputs.

    Attributes:
        tensors: the run's own results and gradients.
        sources: the same in the graph.
    """

    tensors: list[Tensor]
    sources: list[Source]

    @property
    def nodes(self) -> list[Node]:
        """Every operation that they depend on."""
        return cone(self.sources)


def inputs(shapes: Sequence[Any], seed: int, dtype: torch.dtype, kind: str) -> list[Tensor]:
    """Return tensors of shapes, or given tensors in a type.

    They are random ("smooth"), or small multiples of 1/2 with many ties, zeros and kinks ("kinks").
    """
    generator = torch.Generator().manual_seed(seed)
    out = []
    for shape in shapes:
        if isinstance(shape, Tensor):
            x = shape.detach().clone().to(dtype) if shape.is_floating_point() else shape.clone()
        elif kind == "smooth":
            x = torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)
        else:
            x = (torch.randint(-7, 8, shape, generator=generator).to(torch.float64) / 2).to(dtype)
        out.append(x.requires_grad_(x.is_floating_point()))
    return out


def cotangent(y: Tensor, seed: int) -> Tensor:
    """Return what comes back to a result: small multiples of 1/2."""
    generator = torch.Generator().manual_seed(seed + 1)
    return (torch.randint(-3, 4, y.shape, generator=generator).to(torch.float64) / 2).to(y.dtype)


def _run(f: Program, xs: Sequence[Tensor], seed: int) -> list[Tensor]:
    torch.manual_seed(seed)
    ys = f(*xs)
    ys = [y for y in (ys if isinstance(ys, list | tuple) else [ys]) if isinstance(y, Tensor)]
    ys = [y for y in ys if y.is_floating_point()]
    smooth = [y for y in ys if y.requires_grad]
    wanted = [x for x in xs if x.requires_grad]
    if not smooth:
        return ys
    grads = torch.autograd.grad(smooth, wanted, [cotangent(y, seed) for y in smooth], allow_unused=True)
    return [*ys, *(g for g in grads if g is not None)]


def record(f: Program, xs: Sequence[Tensor], seed: int = 0) -> Run:
    """Run a program and its gradients under a recorder."""
    recorder = Recorder()
    with recorder:
        tensors = _run(f, xs, seed)
        sources = [recorder.read(t) for t in tensors]
    return Run([t.detach() for t in tensors], sources)


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return function(*args, **(kwargs or {}))


def in_float64(f: Program, xs: Sequence[Tensor], seed: int = 0) -> list[Tensor]:
    """Run the same in float64, unrecorded: what torch's own kernels make of the same numbers.

    Some derivatives are computed by another formula while any mode is on, so one is here as well.
    """
    wide = [
        x.detach().to(torch.float64).requires_grad_(x.requires_grad) if x.is_floating_point() else x
        for x in xs
    ]
    with _Mode():  # type: ignore[no-untyped-call]
        return [t.detach() for t in _run(f, wide, seed)]


def bounded(run: Run) -> list[Bounded]:
    """Evaluate with error bounds."""
    for node in run.nodes:
        assert is_supported(node), node.operation
    evaluation = Evaluation(BoundedDomain())
    out = []
    for source in run.sources:
        value = evaluation(source)
        assert value is not None, evaluation.reasons
        out.append(value)
    return out


def check_against(values: Sequence[Bounded], references: Sequence[Tensor], tolerance: float = 1e-9) -> None:
    """Check enclosures against the results of torch in float64, which have small errors of their own."""
    assert len(values) == len(references)
    for value, reference in zip(values, references, strict=True):
        assert tuple(value.value.shape) == tuple(reference.shape)
        errors = value.errors.expand(value.value.shape)
        known = errors.isfinite()
        finite = reference.isfinite()
        assert not (known & reference.isnan()).any(), "something is known of a nan"
        assert not (known & ~finite & (value.value != reference)).any(), "something is known of an infinity"
        assert bool((known | ~finite).all()), f"unknown: {reference[~known & finite][:5]}"
        size = tolerance * (1 + reference.abs())
        apart = (value.value - reference).abs()
        wrong = finite & (apart > errors + size)
        assert not wrong.any(), (value.value[wrong][:5], reference[wrong][:5], errors[wrong][:5])
        assert not (finite & (errors > size)).any(), f"loose: {errors[finite & (errors > size)][:5]}"


def check_against_balls(run: Run, values: Sequence[Bounded], precision: int = 200) -> None:
    """Check that each enclosure contains the number that exact arithmetic, or balls of many digits, give."""
    evaluation = Evaluation(BallDomain(precision))
    for source, value in zip(run.sources, values, strict=True):
        exact = evaluation(source)
        assert exact is not None, evaluation.reasons
        middles = value.value.flatten().tolist()
        radii = value.errors.expand(value.value.shape).flatten().tolist()
        for x, middle, radius in zip(exact.reshape(-1).tolist(), middles, radii, strict=True):
            if radius != radius or radius == float("inf"):
                continue
            assert contains(middle, radius, x), (middle, radius, x)


def contains(middle: float, radius: float, x: Any) -> bool:
    """Whether middle ± radius contains a rational number, or what a tiny ball has."""
    if is_exact(x):
        return bool(abs(Fraction(int(x.p), int(x.q)) - Fraction(middle)) <= Fraction(radius))
    if middle == float("-inf"):
        return bool(x == flint.arb.neg_inf())
    with flint.ctx.workprec(400):
        return not abs(x - flint.arb(middle)) > flint.arb(radius)


def check_against_residues(run: Run, precision: int = 64) -> int:
    """Check that what has a residue is a rational number with this residue; return how many have one."""
    prime = 4194301
    residues, balls = Evaluation(ResidueDomain(prime)), Evaluation(BallDomain(precision))
    count = 0
    for source in run.sources:
        residue, exact = residues(source), balls(source)
        if residue is None:
            continue
        assert exact is not None
        for r, x in zip(residue.residue.flatten().tolist(), exact.reshape(-1).tolist(), strict=True):
            if r == r:
                assert is_exact(x), x
                assert (int(x.p) - int(r) * int(x.q)) % prime == 0
                count += 1
    return count


def bounded_or_none(run: Run) -> list[Bounded | None]:
    """Evaluate with error bounds; None where nothing at all is known."""
    evaluation = Evaluation(BoundedDomain())
    return [evaluation(source) for source in run.sources]
