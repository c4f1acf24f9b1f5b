#!/usr/bin/env bash
# The second derivative of torch's weight_norm takes the norm for a constant: its Hessian is not even symmetric.
#
# One would guess: the gradient of nn.utils.parametrizations.weight_norm(nn.Linear(2, 1)) can be differentiated again,
# since backward(create_graph=True) and torch.autograd.functional.hessian raise nothing. A Hessian is symmetric, and for
# a single unit dim=0 and dim=None are the same layer, so they have the same one.
# What happens: with dim=0, the default, the second differentiation leaves ||v|| out. At v = (3, 4), g = 25 and
# x = (1, 0) the Hessian of the output g v.x / ||v|| in v is [[-6/5, 0], [-4/5, -3/5]]: neither symmetric nor right.
# dim=None goes through other code and gives [[-144/125, 8/125], [8/125, 69/125]]. Output and gradient are the same.
# Versions: torch 2.1.2, 2.13.0 and 2.14.1, CPU, float64; this script pins 2.13.0. (torch.func.hessian raises an error.)
# Why it matters: here the true matrix is indefinite, but the one that comes out has negative eigenvalues only: a saddle
# passes for a maximum, and Newton steps, curvature estimates and gradients through a training step (as in MAML) are
# wrong. First derivatives agree with finite differences, so gradcheck is content; gradgradcheck is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile torch==2.13.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
from fractions import Fraction

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

v, x, g, r = (3, 4), (1, 0), 25, 5  # r = ||v||
dot = sum(a * b for a, b in zip(v, x))
pairs = [(i, j) for i in range(2) for j in range(2)]
# d2/dv2 of g v.x / ||v||, and what is left of it if ||v|| in the gradient g (x / r - (v.x) v / r^3) is a constant
exact = [
    g * (Fraction(-x[i] * v[j] - v[i] * x[j] - (i == j) * dot, r**3) + Fraction(3 * dot * v[i] * v[j], r**5))
    for i, j in pairs
]
frozen = [g * Fraction(-(i == j) * dot - v[i] * x[j], r**3) for i, j in pairs]


def derivatives(dim):
    layer = weight_norm(nn.Linear(2, 1, bias=False).double(), dim=dim)
    length, direction = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    with torch.no_grad():
        length.fill_(g)
        direction.copy_(torch.tensor([v]))
    out = layer(torch.tensor([x], dtype=torch.float64)).sum()
    (first,) = torch.autograd.grad(out, direction, create_graph=True)
    rows = [torch.autograd.grad(entry, direction, retain_graph=True)[0] for entry in first.reshape(-1)]
    return [out.item(), *first.reshape(-1).tolist()], torch.cat(rows).reshape(-1).tolist()


def same(found, wanted):
    return all(abs(a - b) < 1e-12 for a, b in zip(found, wanted, strict=True))


print("torch", torch.__version__, "exact Hessian:", *exact)
first, second = derivatives(0), derivatives(None)
print("dim=0:   ", *first[1])
print("dim=None:", *second[1])
if not same(first[0], second[0]):
    raise SystemExit("changed: output or gradient")
if not (same(first[1], frozen) and same(second[1], exact)):
    raise SystemExit("changed: the Hessians")
PY
"$work/venv/bin/python" "$work/run.py"
