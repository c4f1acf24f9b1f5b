#!/usr/bin/env bash
# curvlinops' KFAC is as many times too large as there are classes, if a label is a row of probabilities.
#
# One would guess: CrossEntropyLoss has the same value, gradient and Hessian for the label 1 and for the row (0, 1, 0),
# so KFAC has the same factors. For one sample and one linear layer it is the Gauss-Newton matrix, with both.
# What happens: KFAC counts the entries of the labels to find out how many terms the loss has per sample. A row of
# probabilities passes for a sequence of C terms, and with reduction="mean", the default, the result is multiplied by C.
# EKFAC (which says that it takes labels of one or two dimensions) does the same. The Hessian, the GGN and the sampled
# Fisher matrix of the library are right with rows; its empirical Fisher matrix refuses them. With "sum" all are right,
# and with num_per_example_loss_terms=1 given.
# Versions: curvlinops-for-pytorch 3.0.1, torch 2.13.0 (CPU).
# Why it matters: soft labels (mixing of samples, distillation) and one-hot rows are usual. Steps preconditioned by KFAC
# are then 1/C of what they should be, a damping that was tuned is C times too weak, and a log-determinant for a Laplace
# approximation is off by a constant for each weight; neither the shape nor the eigenvectors give it away.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile torch==2.13.0 numpy==2.4.6 \
    curvlinops-for-pytorch==3.0.1
cat >"$work/run.py" <<'PY'
import warnings

import curvlinops
import torch
from torch import nn

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)


def matrix(operator, label, classes, **options):
    layer, loss = nn.Linear(1, classes, bias=False), nn.CrossEntropyLoss()
    nn.init.zeros_(layer.weight)  # all classes equally likely: the matrix is (I - J / C) / C, J all ones
    data = [(torch.ones(1, 1), label)]
    return operator(layer, loss, [layer.weight], data, **options) @ torch.eye(classes)


kinds = {
    "GGN": (curvlinops.GGNLinearOperator, {}),
    "KFAC": (curvlinops.KFACLinearOperator, {"fisher_type": "type-2"}),
    "EKFAC": (curvlinops.EKFACLinearOperator, {"fisher_type": "type-2"}),
    "KFAC, 1 term": (curvlinops.KFACLinearOperator, {"fisher_type": "type-2", "num_per_example_loss_terms": 1}),
}
print("torch", torch.__version__)
for classes in (2, 3, 5):
    exact = (torch.eye(classes) - 1 / classes) / classes
    index = torch.tensor([1])
    for name, label in (("index", index), ("row", nn.functional.one_hot(index, classes).double())):
        for kind, (operator, options) in kinds.items():
            found = matrix(operator, label, classes, **options)
            factor = classes if name == "row" and kind in ("KFAC", "EKFAC") else 1
            print(f"{classes} classes, label as {name:5}: {kind:12} {found[0, 0].item():.6g}, exact {exact[0, 0]:.6g}")
            if not torch.allclose(found, factor * exact, rtol=0, atol=1e-12):
                raise SystemExit("changed")
PY
"$work/venv/bin/python" "$work/run.py"
