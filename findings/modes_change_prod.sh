#!/usr/bin/env bash
# A dispatch mode that does nothing changes the gradient of torch.prod: inf becomes 1e30, 0 becomes 1e-40.
#
# One would guess: FlopCounterMode, or a TorchDispatchMode that calls each operation as it is, only looks. Losses and
# gradients are the same bits as without it.
# What happens: the backward of prod divides, grad * result / input, but takes another formula, the products of all
# other factors, as soon as any dispatch mode is active (it asks whether "tensor subclasses" may be about, and a mode
# counts as one). The two differ in the last bits for most inputs, and altogether where the product overflows or
# underflows: without a mode the gradient of 1e30 * 1e30 is inf, with one 1e30; that of 1e-20 ** 3 is 0, with one 1e-40.
# Versions: torch 2.1.2, 2.13.0 and 2.14.1, CPU; this script pins 2.13.0. (In 2.1.2 cumprod does the same.)
# Why it matters: a monitor that is switched on to find out where an inf or a zero gradient comes from makes it go away.
# Results under a profiler or counter built on modes are not those of the run without it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
from contextlib import nullcontext

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


class Nothing(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


def gradient(numbers, mode):
    x = torch.tensor(numbers, requires_grad=True)
    with mode:
        torch.prod(x).backward()
    return x.grad


torch.manual_seed(0)
some = torch.randn(30).tolist()
differ = int((gradient(some, nullcontext()) != gradient(some, Nothing())).sum())
print(f"torch {torch.__version__}")
print(f"30 normal numbers: {differ} gradient entries differ under a mode that does nothing")
seen = {}
for numbers in ([1e30, 1e30], [1e-20, 1e-20, 1e-20]):
    modes = {"no mode": nullcontext(), "empty mode": Nothing(), "FlopCounterMode": FlopCounterMode(display=False)}
    seen[len(numbers)] = {name: float(gradient(numbers, mode)[0]) for name, mode in modes.items()}
    print(numbers, seen[len(numbers)])
assert differ > 0
assert seen[2]["no mode"] == float("inf") and seen[3]["no mode"] == 0.0
for name in ("empty mode", "FlopCounterMode"):
    assert abs(seen[2][name] / 1e30 - 1) < 1e-6 and 0.9e-40 < seen[3][name] < 1.1e-40
PY
"$work/venv/bin/python" "$work/run.py"
echo "as it was seen"
