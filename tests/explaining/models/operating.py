"""One case or several for each operator: attributes, inputs, and the versions that differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_RANDOM = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """An operator with inputs.

    Attributes:
        inputs: arrays; None where one is left out.
        reference: whether ONNX's reference implementation is asked, not onnxruntime.
        outputs: how many there are.
    """

    kind: str
    inputs: tuple[Array | None, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 20
    reference: bool = False
    outputs: int = 1

    def __str__(self) -> str:
        shown = ",".join(f"{name}={value}" for name, value in self.attributes.items())
        shapes = "/".join("x" if value is None else str(value.shape) for value in self.inputs)
        return f"{self.kind}-{self.opset}-{shapes}-{shown}"


def f(*shape: int) -> Array:
    """Random numbers."""
    return _RANDOM.normal(size=shape).astype(np.float32) * 2


def u(*shape: int) -> Array:
    """Random numbers from 0.1 to 0.9."""
    return _RANDOM.uniform(0.1, 0.9, size=shape).astype(np.float32)


def i(*numbers: int) -> Array:
    """A list of integers."""
    return np.array(numbers, dtype=np.int64)


def s(number: float) -> Array:
    """One number."""
    return np.array(number, dtype=np.float32)


def b(*shape: int) -> Array:
    """Random truth values."""
    return _RANDOM.uniform(size=shape) > 0.5


def n(*shape: int) -> Array:
    """Random integers, none of them 0."""
    numbers: Array = _RANDOM.integers(1, 9, size=shape) * _RANDOM.choice([-1, 1], size=shape)
    return numbers


TIES = np.array([[1, 3, 3, 2, 3, 1, 3, 3, 0, 3, 3, 3, 1, 1, 1, 3, 3, 2]], dtype=np.float32)

PLAIN = [
    "Abs", "Atan", "Asinh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "Identity", "Neg",
    "Reciprocal", "Round", "Sigmoid", "Sign", "Sin", "Sinh", "Tan", "Tanh", "Relu",
    "LeakyRelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "Mish", "Gelu", "HardSigmoid",
    "HardSwish", "ThresholdedRelu", "Shrink", "IsNaN", "IsInf", "Size", "Shape", "Dropout",
]  # fmt: skip
"""Operators that are tried with one matrix."""


def _elementwise() -> list[Case]:
    x = f(3, 4)
    cases = [Case(kind, (x,)) for kind in PLAIN]
    cases += [Case(kind, (u(3, 4),)) for kind in ["Acos", "Asin", "Atanh", "Log", "Sqrt"]]
    cases += [Case("Acosh", (u(3, 4) + 1,)), Case("Not", (b(3, 4),))]
    for kind in ["Add", "Sub", "Mul", "Div", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]:
        cases += [Case(kind, (f(3, 4), f(4))), Case(kind, (f(2, 1, 4), f(3, 1))), Case(kind, (n(3, 4), n(4)))]
    cases += [Case("Equal", (n(3, 4), n(3, 4))), Case("Pow", (u(3, 4), s(2.5))), Case("Pow", (x, s(3)))]
    cases += [Case("Pow", (u(3, 4), f(4))), Case("Pow", (x, i(2).reshape(())))]
    cases += [Case(kind, (b(3, 4), b(4))) for kind in ["And", "Or", "Xor"]]
    cases += [Case(kind, (f(3, 4), f(4), f(1))) for kind in ["Max", "Min", "Sum", "Mean"]]
    cases += [Case("Mod", (n(3, 4), n(4))), Case("Mod", (f(3, 4), f(4)), {"fmod": 1})]
    cases += [Case("Where", (b(3, 4), f(4), f(3, 1))), Case("Sum", (x,))]
    cases += [Case("Cast", (x,), {"to": to}) for to in (7, 9, 11, 10)]
    cases += [Case("CastLike", (n(3, 4), s(1)), reference=True)]
    cases += [
        Case("ConstantOfShape", (i(2, 3),)),
        Case("Range", (i(1)[0:1].reshape(()), i(9).reshape(()), i(3).reshape(()))),
    ]
    cases += [Case("IsInf", (np.array([1, np.inf, -np.inf], dtype=np.float32),), {"detect_negative": 0})]
    return cases


def _activations() -> list[Case]:
    x = f(3, 4)
    return [
        Case("LeakyRelu", (x,), {"alpha": 0.3}),
        Case("Elu", (x,), {"alpha": 0.5}),
        Case("Selu", (x,), {"alpha": 1.5, "gamma": 1.1}),
        Case("Celu", (x,), {"alpha": 0.5}),
        Case("Gelu", (x,), {"approximate": "tanh"}),
        Case("HardSigmoid", (x,), {"alpha": 1 / 6, "beta": 0.5}),
        Case("HardSigmoid", (x,), {"alpha": 0.3, "beta": 0.4}),
        Case("ThresholdedRelu", (x,), {"alpha": 0.5}),
        Case("Shrink", (x,), {"lambd": 1.0, "bias": 1.0}),
        Case("Shrink", (x,), {"lambd": 1.0, "bias": 0.25}),
        Case("PRelu", (x, u(4))),
        Case("PRelu", (x, u(1))),
        Case("PRelu", (f(2, 3, 4, 4), u(3, 1, 1))),
        Case("PRelu", (f(2, 3, 4), u(3, 4))),
        Case("Clip", (x, s(-1), s(1))),
        Case("Clip", (x, None, s(1))),
        Case("Clip", (x, s(0))),
        Case("Clip", (x,)),
        Case("Clip", (n(3, 4), i(-2).reshape(()), i(3).reshape(()))),
        Case("Clip", (n(3, 4).astype(np.int32), None, np.array(3, dtype=np.int32))),
        Case("Clip", (n(3, 4) + 2**60, i(2**60 + 1).reshape(()))),
        Case("Clip", (x,), {"min": -1.0, "max": 0.5}, opset=10),
        Case("Softmax", (f(2, 3, 4),)),
        Case("Softmax", (f(2, 3, 4),), {"axis": 1}),
        Case("Softmax", (f(2, 3, 4),), opset=11),
        Case("Softmax", (f(2, 3, 4),), {"axis": 2}, opset=11),
        Case("LogSoftmax", (f(2, 3, 4),), {"axis": 0}),
        Case("LogSoftmax", (f(2, 3, 4),), opset=12),
        Case("Swish", (x,), opset=24, reference=True),
        Case("Swish", (x,), {"alpha": 1.5}, opset=24, reference=True),
    ]


def _linear() -> list[Case]:
    return [
        Case("Gemm", (f(3, 4), f(4, 5), f(5))),
        Case("Gemm", (f(3, 4), f(5, 4), f(5)), {"transB": 1}),
        Case("Gemm", (f(4, 3), f(4, 5), f(3, 1)), {"transA": 1, "alpha": 0.5, "beta": 2.0}),
        Case("Gemm", (f(3, 4), f(4, 5))),
        Case("Gemm", (f(3, 4), f(4, 5), f(1)), {"alpha": 3.0}),
        Case("MatMul", (f(3, 4), f(4, 5))),
        Case("MatMul", (f(2, 3, 4), f(4, 5))),
        Case("MatMul", (f(2, 1, 3, 4), f(5, 4, 2))),
        Case("MatMul", (f(4), f(4, 5))),
        Case("Einsum", (f(3, 4), f(4, 5)), {"equation": "ij,jk->ki"}),
    ]


def _norms() -> list[Case]:
    return [
        Case("BatchNormalization", (f(3, 4), u(4), f(4), f(4), u(4))),
        Case("BatchNormalization", (f(2, 4, 3, 3), u(4), f(4), f(4), u(4)), {"epsilon": 0.01}),
        Case("LayerNormalization", (f(2, 3, 4), f(4), f(4))),
        Case("LayerNormalization", (f(2, 3, 4), f(3, 4), f(3, 4)), {"axis": 1}),
        Case("LayerNormalization", (f(2, 3, 4), f(4))),
        Case("InstanceNormalization", (f(2, 3, 5), u(3), f(3))),
        Case("GroupNormalization", (f(2, 4, 5), u(4), f(4)), {"num_groups": 2}, opset=21),
        Case("RMSNormalization", (f(2, 3, 4), f(4)), opset=23, reference=True),
        Case("LpNormalization", (f(3, 4),), {"p": 1}),
        Case("LpNormalization", (f(3, 4),), {"p": 2, "axis": 0}),
        Case("LRN", (f(2, 5, 3, 3),), {"size": 3}),
    ]


def _reductions() -> list[Case]:
    cases = []
    for kind in ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"]:
        x = u(2, 3, 4)
        cases += [
            Case(f"Reduce{kind}", (x, i(1))),
            Case(f"Reduce{kind}", (x,), {"keepdims": 0}),
            Case(f"Reduce{kind}", (x,), {"axes": [0, -1], "keepdims": 0}, opset=12),
            Case(f"Reduce{kind}", (x, i(0, 2)), {"keepdims": 0}),
        ]
    x = f(3, 4)
    return [
        *cases,
        *(
            Case(f"Reduce{kind}", (x,), {"noop_with_empty_axes": 1})
            for kind in ["Sum", "L1", "L2", "SumSquare"]
        ),
        Case("ReduceLogSum", (u(3, 4),), {"noop_with_empty_axes": 1}),
        Case("ReduceLogSumExp", (x,), {"noop_with_empty_axes": 1}),
        Case("ArgMax", (x,), {"axis": 1}),
        Case("ArgMin", (x,), {"axis": 0, "keepdims": 0}),
        Case("CumSum", (x, i(1).reshape(()))),
        Case("TopK", (x, i(2)), outputs=2),
        Case("TopK", (x, i(2)), {"largest": 0, "axis": 0}, outputs=2),
        Case("TopK", (TIES, i(5)), outputs=2),
        Case("TopK", (TIES, i(5)), {"largest": 0}, outputs=2),
    ]


def _shapes() -> list[Case]:
    x = f(2, 3, 4)
    return [
        Case("Reshape", (x, i(0, -1))),
        Case("Reshape", (x, i(4, 3, 2))),
        Case("Flatten", (x,)),
        Case("Flatten", (x,), {"axis": 2}),
        Case("Flatten", (x,), {"axis": 0}),
        Case("Transpose", (x,)),
        Case("Transpose", (x,), {"perm": [1, 2, 0]}),
        Case("Concat", (f(2, 3), f(2, 1)), {"axis": 1}),
        Case("Split", (f(4, 6), i(2, 4)), {"axis": 1}, outputs=2),
        Case("Split", (f(5, 6),), {"num_outputs": 2}, outputs=2),
        Case("Split", (f(4, 6),), opset=12, outputs=2),
        Case("Slice", (x, i(1), i(3), i(2))),
        Case("Slice", (x, i(-1, 0), i(-100, 2), i(2, 1), i(-1, 1))),
        Case("Slice", (x, i(0, 1), i(1, 3))),
        Case("Slice", (x, i(-100), i(-200), i(2), i(-1))),
        Case("Slice", (x, i(-100), i(0), i(2), i(-1))),
        Case("Slice", (x, i(-2, 9), i(-100, 0), i(2, 1), i(-1, -2))),
        Case("Slice", (x,), {"starts": [1], "ends": [9], "axes": [1]}, opset=9),
        Case("Gather", (x, np.array([[0, -1], [2, 1]])), {"axis": 1}),
        Case("Gather", (x, i(1).reshape(()))),
        Case("GatherElements", (f(3, 3), np.array([[0, 1, -1]])), {"axis": 0}),
        Case("Unsqueeze", (x, i(0, -1))),
        Case("Unsqueeze", (x,), {"axes": [1]}, opset=11),
        Case("Squeeze", (f(1, 3, 1), i(0))),
        Case("Squeeze", (f(1, 3, 1),)),
        Case("Expand", (f(3, 1), i(2, 1, 4))),
        Case("Tile", (f(2, 3), i(2, 1))),
        Case("Shape", (x,), {"start": 1, "end": -1}),
        Case("Pad", (f(2, 3), i(0, 1, 2, 1), s(1.5))),
        Case("Pad", (f(2, 3), i(1, 2), None, i(1))),
        Case("Pad", (f(2, 3, 5), i(0, 0, 1, 0, 0, 2)), {"mode": "reflect"}),
        Case("Pad", (f(2, 3, 5), i(0, 1, 1, 0, 0, 2)), {"mode": "edge"}),
        Case("Pad", (f(2, 3),), {"pads": [0, 1, 2, 1], "value": 2.0}, opset=10),
        Case("Trilu", (f(3, 4),)),
        Case("Trilu", (f(3, 4), i(1).reshape(())), {"upper": 0}),
        Case("DepthToSpace", (f(1, 8, 2, 3),), {"blocksize": 2}),
        Case("DepthToSpace", (f(1, 8, 2, 3),), {"blocksize": 2, "mode": "CRD"}),
        Case("SpaceToDepth", (f(1, 2, 4, 6),), {"blocksize": 2}),
    ]


def _layers() -> list[Case]:
    return [
        Case("Conv", (f(2, 3, 8), f(4, 3, 3), f(4))),
        Case("Conv", (f(2, 4, 8, 7), f(6, 2, 3, 2)), {"group": 2, "strides": [2, 1], "pads": [1, 0, 1, 0]}),
        Case("Conv", (f(1, 2, 8, 8), f(3, 2, 3, 3)), {"pads": [0, 1, 2, 1], "dilations": [2, 1]}),
        Case("Conv", (f(1, 2, 7, 8), f(3, 2, 3, 2)), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        Case("Conv", (f(1, 2, 7, 8), f(3, 2, 3, 2)), {"auto_pad": "SAME_LOWER"}),
        Case("Conv", (f(1, 1, 4, 4, 4), f(2, 1, 2, 2, 2))),
        Case("ConvTranspose", (f(1, 3, 4), f(3, 2, 3), f(2)), {"strides": [2]}),
        Case("ConvTranspose", (f(1, 4, 4, 4), f(4, 2, 3, 3)),
             {"group": 2, "strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
        Case("MaxPool", (f(2, 3, 8),), {"kernel_shape": [2], "strides": [2]}),
        Case("MaxPool", (f(1, 2, 7, 7),), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        Case("MaxPool", (f(1, 2, 7, 7),), {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
        Case("MaxPool", (f(1, 2, 7, 7),), {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]}),
        Case("AveragePool", (f(1, 2, 7, 7),), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        Case("AveragePool", (f(1, 2, 7, 7),),
             {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
        Case("AveragePool", (f(1, 2, 7, 7),), {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]}),
        Case("GlobalAveragePool", (f(2, 3, 4, 5),)),
        Case("GlobalMaxPool", (f(2, 3, 4, 5),)),
    ]  # fmt: skip


CASES = [
    *_elementwise(), *_activations(), *_linear(), *_norms(), *_reductions(), *_shapes(), *_layers()
]  # fmt: skip
