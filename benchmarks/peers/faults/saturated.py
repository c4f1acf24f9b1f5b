"""Pixels from 0 to 255, not normalised, drive a hard tanh beyond its bounds."""

import torch
from torch import nn

torch.manual_seed(0)
pixels = torch.randint(100, 256, (32, 64)).float()
y = torch.randn(32, 1)

model = nn.Sequential(nn.Linear(64, 8), nn.Hardtanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(pixels), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
