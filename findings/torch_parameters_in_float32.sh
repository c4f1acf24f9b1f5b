#!/usr/bin/env bash
# In float64, torch's celu and hardsigmoid differentiate with constants that were rounded to float32.
#
# One would guess: in float64 all of an activation is calculated in float64; celu has the slope 1 at 0, whatever alpha.
# What happens: celu(z, 1/3) has the slope 0.99999997 at 0, celu(z, 0.1) has 0.999999985, and hardsigmoid has
# 0.1666666716 inside, 1/6 as a float32. Their values are those of float64. With alpha 1/2, a float32, celu's slope is 1.
# Versions: torch 2.13.0, CPU; this script pins it.
# Why it matters: gradcheck and comparisons with finite differences in float64 are off by 1e-8, not 1e-16, which looks
# like a mistake in one's own derivative; a gradient that cancels exactly does not cancel any more.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
import math

import numpy as np
import torch
from torch.nn.functional import celu, hardsigmoid


def slope(function, at):
    z = torch.tensor([at], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(function(z).sum(), z)[0].item()


print(f"torch {torch.__version__}, float64")
seen = {alpha: slope(lambda z, a=alpha: celu(z, a), 0.0) for alpha in (1 / 3, 0.1, 0.5)}
for alpha, value in seen.items():
    print(f"  celu(z, {alpha:.4g}): slope {value!r} at 0, alpha/float32(alpha) {alpha / float(np.float32(alpha))!r}")
inside = slope(hardsigmoid, 1.0)
print(f"  hardsigmoid: slope {inside!r} at 1, float32(1/6) {float(np.float32(1 / 6))!r}")
value = celu(torch.tensor([-1.0], dtype=torch.float64), 1 / 3).item()
assert abs(value - math.expm1(-3.0) / 3) < 1e-15
assert 1e-9 < abs(seen[1 / 3] - 1) < 1e-7 and 1e-9 < abs(seen[0.1] - 1) < 1e-7 and seen[0.5] == 1
assert inside == float(np.float32(1 / 6)) != 1 / 6
PY
"$work/venv/bin/python" "$work/run.py"
echo "as it was seen"
