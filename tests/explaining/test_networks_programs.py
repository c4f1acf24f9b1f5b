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
