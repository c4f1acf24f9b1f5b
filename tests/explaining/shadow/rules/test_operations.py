"""Every rule, forward and backward, against torch in float64, against balls, and modulo a prime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

from tests.effort import seeds  # noqa: E402
from tests.explaining.shadow.rules import cases, layers, programs  # noqa: E402
from zerograd.explaining.shadow.rules import DECIDED, RULES  # noqa: E402

CASES = {
    **cases.ARITHMETIC,
    **cases.LINEAR,
    **cases.REDUCTIONS,
    **cases.SHAPES,
    **cases.INDEXING,
    **layers.ACTIVATIONS,
    **layers.SOFTMAX,
    **layers.LOSSES,
}
ROUGH = {"hardsigmoid"}
"""Torch's sixth is a float32 in the derivative, whatever the type."""
MINE = {
    "activations", "class_losses", "elementwise", "indexing", "linear_algebra", "losses", "powers",
    "reductions", "shapes", "softmax",
}  # fmt: skip
"""Modules of rules that are tried here."""

ignored = pytest.mark.filterwarnings("ignore:The reduce argument|reduction:UserWarning")


def tried(name: str, seed: int, dtype: torch.dtype, kind: str) -> programs.Run:
    f, shapes = CASES[name]
    xs = programs.inputs(shapes, seed, dtype, kind)
    try:
        run = programs.record(f, xs, seed)
    except NotImplementedError:
        pytest.skip(f"not there in {dtype}")
    values = programs.bounded(run)
    programs.check_against(values, programs.in_float64(f, xs, seed), 1e-7 if name in ROUGH else 1e-9)
    programs.check_against_balls(run, values)
    if kind == "kinks":
        programs.check_against_residues(run)
    return run


@ignored
@pytest.mark.parametrize("seed", seeds(8, quick=1))
@pytest.mark.parametrize("kind", ["smooth", "kinks"])
@pytest.mark.parametrize("name", CASES)
def test_in_float64(name: str, kind: str, seed: int) -> None:
    tried(name, seed, torch.float64, kind)


@ignored
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", CASES)
def test_of_rounded_runs(name: str, dtype: str) -> None:
    """What is computed is what exact operations make of the run's inputs, whatever the run rounded."""
    tried(name, 2, getattr(torch, dtype), "kinks")


@ignored
def test_every_rule_is_tried() -> None:
    seen = set()
    for f, shapes in CASES.values():
        run = programs.record(f, programs.inputs(shapes, 1, torch.float64, "kinks"), 1)
        seen |= {node.operation for node in run.nodes} | {
            node.operation.removesuffix("_") for node in run.nodes
        }
    mine = {name for name, f in RULES.items() if f.__module__.rpartition(".")[2] in MINE}
    assert mine
    assert mine - seen == {"_efficientzerotensor"}  # a tensor that dispatch shows only to forward derivatives
    assert {name for name in DECIDED if not name.endswith("_")} <= seen


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
