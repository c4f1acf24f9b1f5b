#!/usr/bin/env bash
# nn.EmbeddingBag(scale_grad_by_freq=True) divides the gradient of a row by how often another row was looked up.
#
# One would guess: as nn.Embedding with the same flag does, each row's gradient is divided by the number of times that
# row occurs in the mini-batch; with a plain sum as loss every row that occurs gets exactly 1.
# What happens on the CPU: rows that occur after a repeated one are divided by the wrong count. Of [2, 2, 5], row 5,
# which occurs once, gets 1/2; of [0, 0, 3, 3, 3, 5], row 3 gets 3/2 and row 5 gets 1/3. nn.Embedding gives 1 everywhere.
# Versions: torch 2.1.2 and 2.13.0; 2.14.1 has it right. This script pins 2.13.0.
# Why it matters: the steps of rare rows are scaled by numbers that have nothing to do with them, and nothing fails. A
# tool that derives gradients from the documentation disagrees with the run, so it can say nothing of these entries.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat >"$work/run.py" <<'PY'
import torch
from torch import nn


def gradients(ids):
    bag = nn.EmbeddingBag(6, 1, mode="sum", scale_grad_by_freq=True)
    bag(torch.tensor(ids), torch.tensor([0])).sum().backward()
    single = nn.Embedding(6, 1, scale_grad_by_freq=True)
    single(torch.tensor(ids)).sum().backward()
    rows = sorted(set(ids))
    return {row: (float(bag.weight.grad[row]), float(single.weight.grad[row])) for row in rows}


print("torch", torch.__version__)
seen = {tuple(ids): gradients(ids) for ids in ([1, 4, 4, 4], [2, 2, 5], [0, 0, 3, 3, 3, 5])}
for ids, rows in seen.items():
    print(ids, "row: (EmbeddingBag, Embedding)", rows)
assert all(single == 1 for rows in seen.values() for _, single in rows.values())
assert all(bag == 1 for bag, _ in seen[1, 4, 4, 4].values())
assert seen[2, 2, 5][5][0] == 0.5
assert seen[0, 0, 3, 3, 3, 5][3][0] == 1.5
assert abs(seen[0, 0, 3, 3, 3, 5][5][0] - 1 / 3) < 1e-6
print("as stated above")
PY
"$work/venv/bin/python" "$work/run.py"
