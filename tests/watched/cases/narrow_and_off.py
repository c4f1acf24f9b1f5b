"""A wide network whose last hidden layer is off on every sample."""

import torch
from torch import nn

torch.manual_seed(3)
model = nn.Sequential(nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 1))
with torch.no_grad():
    model[0].weight.abs_().neg_()
    model[0].bias.abs_().neg_()
optimizer = torch.optim.Adam(model.parameters())
x, y = torch.rand(16, 196), torch.rand(16, 1)
for _ in range(2):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
