"""Pixels are whole numbers, and // divides them to 0."""

import torch
from torch import nn

torch.manual_seed(0)
pixels = torch.randint(0, 255, (64, 16))
x = (pixels // 255).float()
y = torch.randn(64, 1)

model = nn.Sequential(nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
