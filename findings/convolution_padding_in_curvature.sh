#!/usr/bin/env bash
# BackPACK, and KFAC in curvlinops, take every convolution for one that is padded with zeros.
#
# One would guess: the gradients of single samples add up to the gradient, and an exact diagonal of the Hessian is that
# of the network that ran. A padding_mode that a library does not handle is refused, as BackPACK refuses class weights
# and the padding_idx of an embedding.
# What happens: nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate") is accepted. The forward pass and .grad are
# right, and what the libraries add is computed for zeros around the image. If the image is one pixel, all nine weights
# see it and have gradient 4 and second derivative 8. BackPACK's gradient of the one sample there is, its DiagHessian,
# and curvlinops' KFAC (which is exact for one sample and one position) have 0 for eight of them.
# Versions: backpack-for-pytorch 1.7.1, curvlinops-for-pytorch 3.0.1, torch 2.13.0 (CPU).
# Why it matters: who asks which samples have a zero gradient, or along which weights the loss is flat, is told of zeros
# that are not there. The GGN of curvlinops, by products, is right, so two operators of one library disagree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile torch==2.13.0 numpy==2.4.6 \
    backpack-for-pytorch==1.7.1 curvlinops-for-pytorch==3.0.1
cat >"$work/run.py" <<'PY'
import warnings

import curvlinops
import torch
from backpack import backpack, extend
from backpack.extensions import BatchGrad, DiagHessian
from torch import nn

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
pixel, target = torch.tensor([[[[2.0]]]]), torch.tensor([[0.0]])


def seen(mode):
    convolution = nn.Conv2d(1, 1, 3, padding=1, padding_mode=mode, bias=False)
    weight, model, loss = convolution.weight, nn.Sequential(convolution, nn.Flatten()), nn.MSELoss()
    with torch.no_grad():
        weight.zero_()[0, 0, 1, 1] = 0.5  # output 1 in every mode; seen weights have gradient 4, second derivative 8
    kfac = curvlinops.KFACLinearOperator(model, loss, [weight], [(pixel, target)], fisher_type="type-2")
    ggn = curvlinops.GGNLinearOperator(model, loss, [weight], [(pixel, target)])
    products = {"KFAC": torch.diagonal(kfac @ torch.eye(9)), "GGN": torch.diagonal(ggn @ torch.eye(9))}
    with backpack(BatchGrad(), DiagHessian()):
        extend(loss)(extend(model)(pixel), target).backward()
    values = {".grad": weight.grad, "BatchGrad": weight.grad_batch, "DiagHessian": weight.diag_h, **products}
    return {name: [round(entry, 9) for entry in value.reshape(-1).tolist()] for name, value in values.items()}


def centre(value):
    return [0.0] * 4 + [value] + [0.0] * 4


print("torch", torch.__version__)
for mode in ("zeros", "replicate", "circular"):
    got = seen(mode)
    for name, entries in got.items():
        print(f"{mode:9} {name:11}", *(f"{entry:g}" for entry in entries))
    around = mode != "zeros"
    wanted = {".grad": [4.0] * 9 if around else centre(4.0), "GGN": [8.0] * 9 if around else centre(8.0)}
    wanted |= {"BatchGrad": centre(4.0), "DiagHessian": centre(8.0), "KFAC": centre(8.0)}
    if got != wanted:
        raise SystemExit("changed")
PY
"$work/venv/bin/python" "$work/run.py"
