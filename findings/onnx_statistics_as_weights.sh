#!/usr/bin/env bash
# In a fresh model that the old exporter wrote, the running variance of a batch norm is its weight.
#
# One would guess: the file of a Linear, ReLU, BatchNorm1d has weight, bias, running_mean and running_var of the batch
# norm as four initializers, under their names.
# What happens: torch.onnx.export(..., dynamo=False) merges all tensors with equal numbers, of whatever size and use. In
# a fresh batch norm weight and running_var are ones, bias and running_mean zeros: the file has two initializers,
# 2.weight and 2.bias, and Identity nodes that call them 2.running_var and 2.running_mean.
# Versions: torch 2.13.0 (CPU), onnx 1.23.2.
# Why it matters: who reads initializers as parameters (to train further, to prune, to explain gradients) changes or
# differentiates the statistics with the weight. Matching names against a state_dict finds no running_var.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 onnx==1.23.2 numpy==2.4.6
cat >"$work/run.py" <<'PY'
import sys
import warnings

import onnx
import torch
from torch import nn

warnings.simplefilter("ignore")
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3)).eval()
path = f"{sys.argv[1]}/model.onnx"
torch.onnx.export(model, (torch.randn(4, 2),), path, dynamo=False)
graph = onnx.load(path).graph
names = [initializer.name for initializer in graph.initializer]
same = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
print("state_dict:  ", *model.state_dict())
print("initializers:", *names)
print("Identity:    ", same)
assert "2.running_var" in model.state_dict() and "2.running_var" not in names
assert same == {"2.running_var": "2.weight", "2.running_mean": "2.bias"}
PY
"$work/venv/bin/python" "$work/run.py" "$work"
echo "as it was seen"
