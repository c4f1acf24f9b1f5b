"""Enclosures of all values and gradients of random programs contain what exact arithmetic gives."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

import mpmath
import pytest
from hypothesis import given, settings

from tests.effort import examples

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

from tests.explaining.oracle import DIGITS, Both, Interpreter, gradients, numbers, values  # noqa: E402
from tests.explaining.oracle_programs import Step, leaves, programs, run  # noqa: E402
from zerograd.explaining.shadow.balls import BallDomain, fraction  # noqa: E402
from zerograd.explaining.shadow.bounded import Bounded, BoundedDomain  # noqa: E402
from zerograd.explaining.shadow.deciding import decide_all  # noqa: E402
from zerograd.explaining.shadow.evaluation import Evaluation  # noqa: E402
from zerograd.explaining.tape.recorder import Recorder  # noqa: E402


def check(tensors: list[Tensor], program: list[Step], field: Any) -> None:
    """Hold enclosures and classes against exact numbers."""
    with mpmath.workdps(DIGITS):
        recorder = Recorder()
        interpreter = Interpreter(recorder.paused)
        starts = [t.requires_grad_() for t in tensors]
        exact = [numbers(t, field, needs=True) for t in starts]
        sources: list[Any] = []
        wanted: list[list[tuple[Any, Any]]] = []

        def seen(out: Both) -> None:
            with recorder.paused():
                sources.append(recorder.read(out.run))
                wanted.append([(v, 0) for v in values(out.read)])

        with recorder:
            begun = [interpreter("p.clone", Both(t, e), k=0) for t, e in zip(starts, exact, strict=True)]
            run(interpreter, begun, program, seen)
            results = [v for v in begun if v.run.requires_grad]
            try:
                (results[-1].run.sum() + results[0].run.sum()).backward()
            except RuntimeError as error:  # torch refuses what was written to since, and some views
                assert "inplace" in str(error)
                return
            outputs = [(n, 1) for v in (results[-1], results[0]) for n in v.read.flatten().tolist()]
            with recorder.paused():
                for tensor, array in zip(starts, exact, strict=True):
                    if tensor.grad is not None:
                        sources.append(recorder.read(tensor.grad))
                        wanted.append(gradients(outputs, array))
        bounded = Evaluation(BoundedDomain())
        for source, exactly in zip(sources, wanted, strict=True):
            value = bounded(source)
            assert value is not None, bounded.reasons
            assert_contains(value, exactly)
        for classes, exactly in zip(decide_all(sources, bounded), wanted, strict=True):
            claims = zip(
                classes.zero.flatten().tolist(), classes.nonzero.flatten().tolist(), exactly, strict=True
            )
            for zero, nonzero, (x, size) in claims:
                if field is Fraction:
                    assert (zero, nonzero) in ((x == 0, x != 0), (False, False))
                else:
                    assert not zero or abs(x) <= (size + 1) * mpmath.mpf(10) ** (20 - DIGITS)
                    assert not nonzero or x != 0


def assert_contains(value: Bounded, exactly: list[tuple[Any, Any]]) -> None:
    assert value.value.numel() == len(exactly)
    middles, radii = value.value.flatten().tolist(), value.errors.expand(value.value.shape).flatten().tolist()
    for middle, radius, (x, size) in zip(middles, radii, exactly, strict=True):
        if not isfinite(radius):
            continue
        assert isfinite(middle), (middle, radius, x)
        if isinstance(x, Fraction | int):
            assert abs(x - Fraction(middle)) <= Fraction(radius), (middle, radius, float(x))
        else:
            slack = (size + abs(x) + 1) * mpmath.mpf(10) ** (20 - DIGITS)
            assert abs(x - middle) <= radius + slack, (middle, radius, x)


@given(leaves(), programs(smooth=False))
@settings(max_examples=4 * settings().max_examples)
def test_rational_programs(tensors: list[Tensor], program: list[Step]) -> None:
    check(tensors, program, Fraction)


@given(leaves(), programs(smooth=True, most=8))
@examples(200)
def test_smooth_programs(tensors: list[Tensor], program: list[Step]) -> None:
    check(tensors, program, mpmath.mpf)


@pytest.mark.parametrize("n", [3, 7, 11])
@pytest.mark.parametrize("correction", [0, 1, 0.5])
@pytest.mark.parametrize("spread", ["var", "var_mean"])
def test_the_factor_in_the_derivative_of_a_variance(n: int, correction: float, spread: str) -> None:
    """It is 2 / (n − correction), though torch rounds it to a double."""
    x = torch.zeros(n, dtype=torch.float64)
    x[-1] = 1
    x.requires_grad_()
    recorder = Recorder()
    with recorder:
        out = getattr(torch, spread)(x, 0, correction=correction)
        (out[0] if spread == "var_mean" else out).backward()
        with recorder.paused():
            assert x.grad is not None
            source = recorder.read(x.grad)
    slopes = [2 * (Fraction(v) - Fraction(1, n)) / (n - Fraction(correction)) for v in x.tolist()]
    exact = Evaluation(BallDomain(64))(source)
    assert exact is not None
    assert [fraction(v) for v in exact.tolist()] == slopes


def test_a_variance_times_what_it_is_of() -> None:
    """∂ Σ var(x) · x is (2/3) · (−1/3) + 2/9 = 0 at two entries of (0, 0, 1), though 2/3 is no float."""
    x = torch.tensor([[0.0], [0.0], [1.0]], requires_grad=True)
    recorder = Recorder()
    with recorder:
        (x.var(0, correction=0) * x).sum().backward()
        with recorder.paused():
            assert x.grad is not None
            source = recorder.read(x.grad)
    (classes,) = decide_all([source], Evaluation(BoundedDomain()))
    assert classes.zero.flatten().tolist() == [True, True, False]
    assert classes.nonzero.flatten().tolist() == [False, False, True]
