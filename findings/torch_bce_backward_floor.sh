#!/usr/bin/env bash
# PyTorch 2.13.0: torch.nn.functional.binary_cross_entropy in float64.
#
# One would guess: in float64 its gradient is that of -y log p - (1 - y) log(1 - p) wherever p is neither 0 nor 1. The
# documentation tells of one bound, on the logarithms (at least -100), which is far away from p = 1 - 2^-44.
#
# What happens: going back, p - y is divided by p (1 - p) or by 1e-12, whichever is larger. So for p within 1e-12 of
# 0 or 1 the gradient of the logit is too small, here 17 times (0.0142 in place of 0.25), though all numbers are far
# from the ends of float64. The same formula written out, and binary_cross_entropy_with_logits, give 0.25. In float32
# no p but 0 and 1 is so close to an end at 1; close to 0 there are some.
#
# Why it matters: where a sigmoid is saturated on the wrong side, the samples that should pull hardest hardly pull;
# their share of a sum over samples may be so small that the sum has the other sign. A comparison of exact gradients
# with those of this function fails there, and neither is at fault.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

"$work/venv/bin/python" - <<'PYTHON'
import math
import sys

import torch

z = torch.tensor(math.log(2.0**44 - 1), dtype=torch.float64, requires_grad=True)  # sigmoid(z) = 1 - 2^-44
y = torch.tensor(0.75, dtype=torch.float64)
p = torch.sigmoid(z)
ways = {
    "binary_cross_entropy": torch.nn.functional.binary_cross_entropy(p, y),
    "the formula written out": -y * torch.log(p) - (1 - y) * torch.log(1 - p),
    "binary_cross_entropy_with_logits": torch.nn.functional.binary_cross_entropy_with_logits(z, y),
}
found = {}
for name, loss in ways.items():
    (gradient,) = torch.autograd.grad(loss, z, retain_graph=True)
    found[name] = gradient.item()
    print(f"{name:34} loss {loss.item():.6f}, gradient of the logit {gradient.item():.6f}")
share = 2.0**-44 * (1 - 2.0**-44) / 1e-12
expected = {
    "binary_cross_entropy": 0.25 * share,
    "the formula written out": 0.25,
    "binary_cross_entropy_with_logits": 0.25,
}
changed = [name for name, value in expected.items() if abs(found[name] - value) > 1e-3]
if changed:
    sys.exit(f"changed: {', '.join(changed)}")
PYTHON
