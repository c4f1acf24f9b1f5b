"""Weights of a thousandth in three layers: products of small weights, and one unit that is off."""

import torch
from torch import nn

model = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
numbers = [
    [[0.0013], [-0.0007]], [0.0004, 0.0002],
    [[0.0009, -0.0011], [0.0006, 0.0015]], [0.0003, -0.0005],
    [[0.0012, -0.0008]], [0.0001],
]  # fmt: skip
with torch.no_grad():
    for parameter, given in zip(model.parameters(), numbers):
        parameter.copy_(torch.tensor(given))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
x, y = torch.tensor([[0.5], [-0.25]]), torch.tensor([[0.25], [-0.125]])
nn.functional.mse_loss(model(x), y).backward()
optimizer.step()
