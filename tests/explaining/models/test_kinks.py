"""Every operator with a kink says so where values lie on one, and not elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explaining.models.files import Array, model_of, saved

pytestmark = pytest.mark.needs("torch", "onnx")

ZERO, LINE = np.zeros((1, 1, 4), np.float32), np.array([[[1, -2, 3, -4]]], np.float32)
PAIR = np.array([[[2, 1, 2, 0]]], np.float32)
AXES = np.array([2], np.int64)
SLOPES = np.array([[0.5, 0.25, 0.5, 0.5]], np.float32)


def number(value: float) -> Array:
    return np.array(value, np.float32)


Kinked = tuple[str, Array, Array, list[Array], dict[str, Any], str]

KINKED: list[Kinked] = [
    # operator, values on a kink, values that are not, further inputs, attributes, what is said
    ("Abs", ZERO, LINE, [], {}, "4 values of it (Abs) lie on 0, derivative 0"),
    ("Relu", ZERO, LINE, [], {}, "4 values of it (Relu) lie on 0, derivative 0"),
    ("LeakyRelu", ZERO, LINE, [], {"alpha": 0.5}, "lie on 0, derivative 0.5"),
    ("PRelu", ZERO, LINE, [np.array([0.25], np.float32)], {}, "lie on 0, derivative 0.25"),
    ("PRelu", ZERO, LINE, [SLOPES], {}, "lie on 0, derivative the slope for negative values"),
    ("PRelu", ZERO, LINE, [np.array([[[0.5]]], np.float32)], {}, "lie on 0, derivative 0.5"),
    ("ThresholdedRelu", ZERO + 1, LINE * 2, [], {}, "lie on 1, derivative 0"),
    ("Elu", ZERO, LINE, [], {"alpha": 0.5}, "lie on 0, derivative 0.5"),
    ("Selu", ZERO, LINE, [], {}, "lie on 0, derivative 1.75"),
    ("HardSigmoid", ZERO + 2.5, LINE / 8, [], {}, "lie on 1, derivative 1"),
    ("HardSwish", ZERO + 3, LINE / 8, [], {}, "lie on 3, derivative"),
    ("Shrink", ZERO + 0.5, LINE, [], {}, "lie on 0.5, derivative 0"),
    ("Shrink", ZERO + 0.5, LINE, [], {"bias": 0.5}, "lie on 0.5, derivative 0"),
    ("Shrink", ZERO - 0.5, LINE, [], {"bias": 0.25}, "4 values of it (Shrink) lie on -0.5, derivative 0"),
    ("Clip", ZERO, LINE, [number(0)], {}, "lie on 0, derivative"),
    ("Max", ZERO, LINE, [number(0)], {}, "4 values of it (Max) tie, derivative 0.5"),
    ("Min", ZERO, LINE, [number(0)], {}, "4 values of it (Min) tie, derivative 0.5"),
    ("MaxPool", PAIR, LINE, [], {"kernel_shape": [3]}, "of it (MaxPool) ties, derivative 1 for the first"),
    ("GlobalMaxPool", PAIR, LINE, [], {}, "of it (GlobalMaxPool) ties, derivative in equal parts"),
    ("ReduceMax", PAIR, LINE, [AXES], {}, "of it (ReduceMax) ties, derivative in equal parts"),
    ("ReduceMin", ZERO, LINE, [AXES], {"keepdims": 0}, "of it (ReduceMin) ties, derivative in equal parts"),
    ("ReduceL1", ZERO, LINE, [AXES], {}, "4 values of it (ReduceL1) lie on 0, derivative 0"),
    ("ReduceL2", ZERO, LINE, [AXES], {}, "one value of it (ReduceL2) lies on 0, derivative 0"),
    ("LpNormalization", PAIR, LINE, [], {"p": 1}, "of it (LpNormalization) lies on 0, derivative 0"),
    ("TopK", PAIR, LINE, [np.array([1], np.int64)], {}, "ties, derivative 1 for the first; torch.topk"),
]  # fmt: skip

SMOOTH = {
    *("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Cos", "Cosh", "Erf", "Exp", "Gelu", "Log"),
    *("Mish", "Neg", "Reciprocal", "Sigmoid", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan"),
    *("Tanh", "Add", "Div", "Mul", "Sub", "Sum", "Mean", "Pow", "Softmax", "LogSoftmax"),
    *("Gemm", "MatMul", "Einsum", "Conv", "ConvTranspose", "AveragePool", "GlobalAveragePool", "LRN"),
    *("BatchNormalization", "LayerNormalization", "RMSNormalization", "InstanceNormalization"),
    *("GroupNormalization", "CumSum"),
    *("ReduceSum", "ReduceMean", "ReduceProd", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"),
}
"""Operators with a derivative wherever they have a value, or none at a border of their domain."""
STEPS = {
    *("Ceil", "Floor", "Round", "Sign", "Mod", "ArgMax", "ArgMin", "IsNaN", "IsInf", "Not", "And", "Or"),
    *("Xor", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
}
"""Operators that are constant between jumps, or answer what has no gradient."""
MOVING = {
    *("Identity", "Dropout", "Constant", "ConstantOfShape", "Cast", "CastLike", "Where", "Reshape"),
    *("Flatten", "Transpose", "Concat", "Split", "Slice", "Gather", "GatherElements", "Unsqueeze", "Squeeze"),
    *("Expand", "Tile", "Shape", "Size", "Range", "Pad", "Trilu", "DepthToSpace", "SpaceToDepth"),
}
"""Operators that choose, place or make numbers."""


def said(folder: Path, case: Kinked, values: Array) -> str:
    """Return what the explanation of a parameter plus 0 that goes through the operator says of kinks."""
    from onnx import helper

    from zerograd.watching import explain_model

    kind, _, _, others, attributes, _ = case
    names = [f"i{n}" for n in range(len(others))]
    outputs = ["out", "where"] if kind == "TopK" else ["out"]
    nodes = [
        helper.make_node("Add", ["x", "w"], ["sum"], name="add"),
        helper.make_node(kind, ["sum", *names], outputs, name="it", **attributes),
    ]
    tensors = {"w": values, **dict(zip(names, others, strict=True))}
    model = saved(model_of(nodes, {"x": np.zeros_like(values)}, ["out"], tensors), folder)
    np.savez(folder / "data.npz", x=np.zeros_like(values))
    messages = explain_model(model, folder / "data.npz", "sum").explanation.last.messages
    return " ".join(message for message in messages if "at its kinks" in message)


@pytest.mark.parametrize("case", KINKED, ids=lambda case: f"{case[0]}-{case[4]}")
def test_a_value_on_a_kink_is_said(case: Kinked, tmp_path: Path) -> None:
    assert case[5] in said(tmp_path, case, case[1])
    assert said(tmp_path, case, case[2]) == ""


def test_every_operator_is_tried_or_has_none() -> None:
    pytest.importorskip("torch")
    from zerograd.explaining.models.operators import kinds

    tried = {case[0] for case in KINKED}
    assert tried | SMOOTH | STEPS | MOVING == set(kinds())


def test_ties_of_moving_windows(tmp_path: Path) -> None:
    """Windows with strides, padding, dilation and rounding up: those that tie are counted."""
    import torch

    from zerograd.explaining.models.graph import Operation
    from zerograd.explaining.models.operators import find
    from zerograd.explaining.models.operators.table import Call

    image = torch.tensor([[[[0.0, 0, 1], [2, 0, 1], [3, 2, 2]]]], requires_grad=True)
    operator = find("MaxPool")
    assert operator is not None
    for attributes, ties in (
        ({"kernel_shape": [2, 2]}, 2),
        ({"kernel_shape": [2, 2], "strides": [2, 2]}, 0),
        ({"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, 1),
        ({"kernel_shape": [2, 2], "pads": [1, 1, 0, 0]}, 3),
        ({"kernel_shape": [1, 2], "dilations": [1, 2]}, 0),
    ):
        call = Call(Operation("it", "MaxPool", ("x",), ("y",), attributes, 20), [image])
        operator.run(call)
        assert sum(kink.count for kink in call.kinks) == ties, attributes
