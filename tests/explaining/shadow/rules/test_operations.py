"""Every rule, forward and backward, in float64; and that there is a program for every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")

from tests.effort import seeds  # noqa: E402
from tests.explaining.shadow.rules import programs  # noqa: E402
from tests.explaining.shadow.rules.everything import CASES, ignored, tried  # noqa: E402
from zerograd.explaining.shadow.rules import DECIDED, RULES  # noqa: E402

MINE = {
    "activations", "class_losses", "ctc", "elementwise", "indexing", "linear_algebra", "losses", "powers",
    "reductions", "shapes", "softmax",
}  # fmt: skip
"""Modules of rules that are tried here."""


@ignored
@pytest.mark.parametrize("seed", seeds(4, quick=1))
@pytest.mark.parametrize("kind", ["smooth", "kinks"])
@pytest.mark.parametrize("name", CASES)
def test_in_float64(name: str, kind: str, seed: int) -> None:
    tried(name, seed, torch.float64, kind)


@ignored
def test_every_rule_is_tried() -> None:
    seen, refused = set(), set()
    for name, (f, shapes) in CASES.items():
        try:
            run = programs.record(f, programs.inputs(shapes, 1, torch.float64, "kinks"), 1)
        except RuntimeError:  # not there in this torch
            refused.add(name)
            continue
        seen |= {node.operation for node in run.nodes} | {
            node.operation.removesuffix("_") for node in run.nodes
        }
    mine = {name for name, f in RULES.items() if f.__module__.rpartition(".")[2] in MINE}
    assert mine
    mine = {name for name in mine if hasattr(torch.ops.aten, name)} - refused
    # a tensor that dispatch shows only to forward derivatives; and what torch 2.1 composes of others
    assert mine - seen - {"ldexp"} == {"_efficientzerotensor"}
    assert {name for name in DECIDED if not name.endswith("_")} <= seen
