#!/usr/bin/env bash
# Exported to ONNX, torch.topk takes other entries: where values tie, the lower index, and not the one that torch took.
#
# One would guess: an exported model returns what the module returns; torch.onnx.export and onnxruntime agree on topk.
# What happens: ONNX's TopK says that of equal values the one with the lower index comes first, and onnxruntime keeps
# to it. torch.topk promises nothing, and on a CPU returns others: of 8 equal numbers 6, 5, 4. The exporter writes a
# TopK node without a word. The values are the same, the indices are not.
# Versions: torch 2.13.0 (CPU), onnx 1.23.2, onnxruntime 1.32.0.
# Why it matters: what reads the indices (gather of a mixture of experts, pruning masks, k nearest neighbours) computes
# something else in the exported model, and gradients go to other entries. Ties are common behind ReLU: all its zeros.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 onnx==1.23.2 onnxruntime==1.32.0 \
    numpy==2.4.6
cat >"$work/run.py" <<'PY'
import sys
import warnings

import onnxruntime
import torch

warnings.simplefilter("ignore")


class Largest(torch.nn.Module):
    def forward(self, x):
        return torch.topk(x, 3)


path = f"{sys.argv[1]}/topk.onnx"
differ = 0
for n in (8, 17, 40):
    x = torch.relu(-torch.arange(1.0, n + 1)).reshape(1, n)  # units that are off: all equal
    torch.onnx.export(Largest(), (x,), path, dynamo=False, input_names=["x"], output_names=["values", "indices"])
    values, indices = onnxruntime.InferenceSession(path).run(None, {"x": x.numpy()})
    here = torch.topk(x, 3)
    print(f"{n} equal numbers: torch {here.indices.tolist()[0]}, onnxruntime {indices.tolist()[0]}")
    assert here.values.tolist() == values.tolist()
    assert indices.tolist() == [[0, 1, 2]]
    differ += here.indices.tolist() != indices.tolist()
assert differ == 3
PY
"$work/venv/bin/python" "$work/run.py" "$work"
echo "as it was seen"
