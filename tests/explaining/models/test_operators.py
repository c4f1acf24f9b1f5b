"""Every operator of the table gives the numbers that onnxruntime gives, or ONNX's reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.explaining.models.files import by_network, by_reference, by_runtime, like, model_of, saved
from tests.explaining.models.operating import CASES, Case

pytestmark = pytest.mark.needs("torch", "onnx", "onnxruntime")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operator_gives_the_same_numbers(case: Case, tmp_path: Path) -> None:
    from onnx import helper

    names = ["" if value is None else f"i{n}" for n, value in enumerate(case.inputs)]
    arrays = {name: value for name, value in zip(names, case.inputs, strict=True) if value is not None}
    outputs = [f"o{n}" for n in range(case.outputs)]
    node = helper.make_node(case.kind, names, outputs, name="it", **case.attributes)
    path = saved(model_of([node], arrays, outputs, opset=case.opset, kind=0), tmp_path)
    # onnxruntime needs types of outputs, which it finds by itself where none is given
    theirs = (by_reference if case.reference else by_runtime)(path, arrays)
    for name, expected in zip(outputs, theirs, strict=True):
        like(by_network(path, arrays, name), np.asarray(expected))


def test_every_operator_is_tried() -> None:
    pytest.importorskip("torch")
    from zerograd.explaining.models.operators import kinds

    assert set(kinds()) == {case.kind for case in CASES} | {"Constant"}
