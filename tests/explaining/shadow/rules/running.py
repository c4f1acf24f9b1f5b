"""Running a small program, and comparing the shadows of its outputs and gradients with what the run has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from zerograd.explaining.shadow.bounded import Bounded
    from zerograd.explaining.tape.recorder import Recorder
else:
    torch = pytest.importorskip("torch")


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Return normal numbers in float64 that require a gradient."""
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()


def run(f: Callable[..., Any], *inputs: Any) -> tuple[list[Tensor], Recorder]:
    """Return the outputs of ``f`` and the gradients of all inputs that require one, for random adjoints."""
    from zerograd.explaining.tape.recorder import Recorder

    recorder = Recorder()
    with recorder:
        outputs = list(tensors(f(*inputs)))
    smooth = [out for out in outputs if out.requires_grad]
    wanted = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
    adjoints = [draw(*out.shape, seed=k).detach().to(out.dtype) for k, out in enumerate(smooth)]
    if smooth and wanted:
        with recorder:
            gradients = torch.autograd.grad(smooth, wanted, adjoints, allow_unused=True)
        outputs += [g for g in gradients if g is not None]
    return [out.detach() for out in outputs if out.is_floating_point()], recorder


def tensors(results: Any) -> Sequence[Tensor]:
    """Return the tensors in nested tuples."""
    if isinstance(results, torch.Tensor):
        return [results]
    return [t for each in results if each is not None for t in tensors(each)]


def shadows(results: Sequence[Tensor], recorder: Recorder) -> list[Bounded]:
    """Return the shadows of some tensors of a recorded run.

    Raises:
        AssertionError: one has none.
    """
    from zerograd.explaining.shadow.bounded import BoundedDomain
    from zerograd.explaining.shadow.evaluation import Evaluation

    with recorder.paused():
        evaluate = Evaluation(BoundedDomain())
        values = [evaluate(recorder.read(result)) for result in results]
    assert all(value is not None for value in values), evaluate.reasons
    return [value for value in values if value is not None]


def check(f: Callable[..., Any], *inputs: Any) -> list[Bounded]:
    """Hold that each shadow contains what the run has, up to its rounding, and is tight; return shadows.

    Outputs of ``f`` come first, then gradients of the inputs.
    """
    results, recorder = run(f, *inputs)
    assert results
    values = shadows(results, recorder)
    for value, result in zip(values, results, strict=True):
        assert value.value.shape == result.shape
        size = float(result.abs().max()) if result.numel() else 0.0
        off = (value.value - result).abs()
        rounding = 1e-9 if result.dtype == torch.float64 else 1e-4
        assert bool((off <= value.errors + rounding * (size + 1e-3)).all()), float(off.max())
        assert bool((value.errors <= 1e-6 * (size + 1e-3)).all()), float(value.errors.max())
    assert_agreed(results, recorder, values)
    return values


def assert_agreed(results: Sequence[Tensor], recorder: Recorder, values: Sequence[Bounded]) -> None:
    """Balls meet the bounds, and residues are those of the rational numbers among the balls."""
    from zerograd.explaining.shadow.balls import BallDomain, fraction, is_exact
    from zerograd.explaining.shadow.evaluation import Evaluation
    from zerograd.explaining.shadow.residues import ResidueDomain, primes

    with recorder.paused():
        domain = ResidueDomain(next(primes()))
        balls, residues = Evaluation(BallDomain(128)), Evaluation(domain)
        for result, value in zip(results, values, strict=True):
            exact, modulo = balls(recorder.read(result)), residues(recorder.read(result))
            assert exact is not None, balls.reasons
            numbers, middles = exact.reshape(-1).tolist(), value.value.flatten().tolist()
            remainders = [None] * len(numbers) if modulo is None else modulo.residue.flatten().tolist()
            for x, middle, error, r in zip(
                numbers, middles, value.errors.flatten().tolist(), remainders, strict=True
            ):
                assert abs(float(x) - middle) <= error + 1e-12 * abs(middle)
                if is_exact(x) and r is not None and r == r:
                    assert domain.residue(fraction(x)) == r
                assert is_exact(x) or r is None or r != r


def assert_contains(value: Bounded, exact: Sequence[Any]) -> None:
    """The bounds hold for numbers of mpmath, or rational ones, in the order of the entries."""
    import mpmath

    assert value.value.numel() == len(exact)
    for middle, error, number in zip(
        value.value.flatten().tolist(), value.errors.flatten().tolist(), exact, strict=True
    ):
        if isinstance(number, Fraction):
            assert abs(Fraction(middle) - number) <= Fraction(error)
        else:
            assert abs(mpmath.mpf(middle) - number) <= error


def assert_zero(value: Bounded, where: Tensor | None = None) -> None:
    """Entries are exactly zero."""
    assert bool((value.zero() if where is None else value.zero()[where]).all())
