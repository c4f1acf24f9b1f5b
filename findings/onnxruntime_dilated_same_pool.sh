#!/usr/bin/env bash
# onnxruntime's MaxPool with auto_pad=SAME_UPPER and dilations is not "same": 7 x 6 becomes 5 x 5.
#
# One would guess: SAME_UPPER pads so that the output has ceil(input / stride) entries, whatever the kernel is: with
# stride 1 the shape stays. So says ONNX's definition, and so do its shape inference and its reference evaluator.
# What happens: onnxruntime pads for the kernel without its dilations and pools with them, so the output shrinks. It
# warns that the shape is not the expected one, and goes on.
# Versions: onnx 1.23.2, onnxruntime 1.32.0 (CPU), numpy 2.4.6.
# Why it matters: two runtimes of one file give other shapes, and a following Reshape or Gemm other numbers or an error.
# A test against onnxruntime alone takes the wrong shape for the right one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(3)
seen = {}
for dilations in ([1, 1], [2, 2]):
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], auto_pad="SAME_UPPER", dilations=dilations)
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 1, 7, 6]), ("y", None))
    )
    graph = helper.make_graph([node], "pool", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim
    numbers = {"x": np.arange(42, dtype=np.float32).reshape(1, 1, 7, 6)}
    shapes = {
        "inferred": tuple(d.dim_value for d in inferred),
        "reference": ReferenceEvaluator(model).run(None, numbers)[0].shape,
        "onnxruntime": onnxruntime.InferenceSession(model.SerializeToString()).run(None, numbers)[0].shape,
    }
    print(f"dilations {dilations}:", shapes)
    seen[dilations[0]] = shapes
assert set(seen[1].values()) == {(1, 1, 7, 6)}
assert seen[2] == {"inferred": (1, 1, 7, 6), "reference": (1, 1, 7, 6), "onnxruntime": (1, 1, 5, 5)}
PY
"$work/venv/bin/python" "$work/run.py"
echo "as it was seen"
