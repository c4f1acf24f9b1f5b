"""Every program, and how it is tried: against torch in float64, against balls, and modulo a prime."""

from __future__ import annotations

import pytest
import torch

from tests.explaining.shadow.rules import cases, layers, programs
from tests.explaining.torches import skipped_where_missing

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
ignored = pytest.mark.filterwarnings("ignore:The reduce argument|reduction:UserWarning")


def tried(name: str, seed: int, dtype: torch.dtype, kind: str) -> programs.Run:
    f, shapes = CASES[name]
    xs = programs.inputs(shapes, seed, dtype, kind)
    with skipped_where_missing():
        run = programs.record(f, xs, seed)
    values = programs.bounded(run)
    programs.check_against(values, programs.in_float64(f, xs, seed), 1e-7 if name in ROUGH else 1e-9)
    programs.check_against_balls(run, values)
    if kind == "kinks":
        programs.check_against_residues(run)
    return run
