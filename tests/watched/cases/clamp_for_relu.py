"""A unit exactly on the kink: relu takes the slope 0 there, clamp(min=0) took 1 for years."""

import torch
from torch import nn

model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
with torch.no_grad():
    model[0].weight.copy_(torch.tensor([[1.0, 1.0], [1.0, -3.0]]))
    model[2].weight.copy_(torch.tensor([[1.0, 2.0]]))
x, y = torch.tensor([[1.0, 2.0], [3.0, 1.0]]), torch.tensor([[1.0], [0.0]])
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
nn.functional.mse_loss(model(x), y).backward()
optimizer.step()
