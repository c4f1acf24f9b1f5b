#!/usr/bin/env bash
# At a tie torch.fmax and clamp(min=tensor) have derivative 1 backwards and 0 forwards.
#
# One would guess: reverse and forward mode compute one derivative; a convention at a kink belongs to the function.
# What happens: in 2.13 torch.func.grad gives 1 for fmax(t, 1) and clamp(t, min=tensor(1.)) at t = 1, torch.func.jvp
# gives 0; prelu with slope 1/4 has 1/4 and 1 at 0. maximum (1/2), clamp with a number (1) and relu (0) agree.
# Versions: torch 2.13.0, CPU; this script pins it. (In 2.14.1 both modes give 1/2 for fmax and clamp(min=tensor).)
# Why it matters: Hessians by jacfwd over grad, or a check of reverse against forward mode, meet a step that no side of
# the kink has; activations at exactly a bound are common (zero inputs, zero initial weights, quantised data).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
import torch
from torch.func import grad, jvp
from torch.nn.functional import prelu

one = torch.tensor(1.0)
functions = {
    "fmax(t, 1)": lambda t: torch.fmax(t, one),
    "clamp(t, min=tensor(1.))": lambda t: torch.clamp(t, min=one),
    "prelu(t - 1, 1/4)": lambda t: prelu((t - 1).reshape(1), torch.tensor([0.25])).sum(),
    "maximum(t, 1)": lambda t: torch.maximum(t, one),
    "clamp(t, min=1.)": lambda t: torch.clamp(t, min=1.0),
    "relu(t - 1)": lambda t: torch.relu(t - 1),
}
print(f"torch {torch.__version__}, at t = 1: reverse, forward")
seen = {name: (float(grad(f)(one)), float(jvp(f, (one,), (one,))[1])) for name, f in functions.items()}
for name, pair in seen.items():
    print(f"  {name:25} {pair}")
assert seen["fmax(t, 1)"] == seen["clamp(t, min=tensor(1.))"] == (1.0, 0.0)
assert seen["prelu(t - 1, 1/4)"] == (0.25, 1.0)
assert (seen["maximum(t, 1)"], seen["clamp(t, min=1.)"], seen["relu(t - 1)"]) == ((0.5, 0.5), (1.0, 1.0), (0.0, 0.0))
PY
"$work/venv/bin/python" "$work/run.py"
echo "as it was seen"
