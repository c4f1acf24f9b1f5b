#!/usr/bin/env bash
# The gradient of F.gelu at -7 is -6e-11 for one number, and exactly 0 if there is a second one beside it.
#
# One would guess: an activation works entry by entry, so what a sample gets does not depend on how many there are.
# What happens: a tensor of one number goes through the scalar code, which ends in the C library's erf and exp; two or
# more go through vectors, whose approximations reach erf = -1 and a density of 0 earlier. In float32 the gradient is 0
# below about -6.15 in a batch, and below about -14.3 alone.
# Versions: torch 2.1.2, 2.13.0 and 2.14.1, CPU with AVX-512; this script pins 2.13.0.
# Why it matters: a unit whose gradient is exactly zero in a batch trains if the last batch has a single sample. A tool
# that replays a step sample by sample, to find out which one is to blame for a zero, sees other zeros than the run had.
# (The derivative is not zero anywhere near: at -7 it is -6.4e-11.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
import math

import torch
from torch.nn.functional import gelu


def slope(z, count):
    x = torch.full((count,), z, requires_grad=True)
    gelu(x).sum().backward()
    return float(x.grad[0])


z = -7.0
exact = 0.5 * math.erfc(-z / math.sqrt(2)) + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
slopes = {count: slope(z, count) for count in (1, 2, 4, 8, 16, 17)}
print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
print(f"gelu'({z}) = {exact:.3e}; what float32 gives, by how many entries the tensor has: {slopes}")
first = {n: next(k / 100 for k in range(2000) if slope(-k / 100, n) == 0) for n in (1, 8)}
print(f"zero from -{first[1]} on alone, from -{first[8]} on in a batch of 8")
assert abs(slopes[1] / exact - 1) < 0.05
assert all(value == 0 for count, value in slopes.items() if count > 1)
assert first[8] < 7 < 14 < first[1]
PY
"$work/venv/bin/python" "$work/run.py"
echo "as it was seen"
