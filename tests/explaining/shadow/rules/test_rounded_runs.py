"""Every rule on runs of smaller types, and on what is not a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

from tests.explaining.shadow.rules import programs  # noqa: E402
from tests.explaining.shadow.rules.everything import CASES, ignored, tried  # noqa: E402


@ignored
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", CASES)
def test_of_rounded_runs(name: str, dtype: str) -> None:
    """What is computed is what exact operations make of the run's inputs, whatever the run rounded."""
    tried(name, 2, getattr(torch, dtype), "kinks")


@ignored
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", CASES)
def test_what_is_not_a_number_is_not_known(name: str, bad: float) -> None:
    f, shapes = CASES[name]
    xs = programs.inputs(shapes, 3, torch.float64, "kinks")
    if not xs[0].numel():
        return
    with torch.no_grad():
        xs[0].view(-1)[-1] = bad
    try:
        run = programs.record(f, xs)
        references = programs.in_float64(f, xs)
    except (RuntimeError, ValueError):  # torch refuses it
        return
    for value, reference in zip(programs.bounded_or_none(run), references, strict=True):
        if value is None:
            continue
        errors = value.errors.expand(value.value.shape)
        known = errors.isfinite()
        assert not (known & reference.isnan()).any()
        assert not (known & reference.isinf() & (value.value != reference)).any()
        finite = known & reference.isfinite()
        size = errors + 1e-7 * (1 + reference.abs())
        assert not (finite & ((value.value - reference).abs() > size)).any()
