"""Predictions are rounded to whole stars before the loss."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
stars = torch.randint(1, 6, (64, 1)).float()

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(torch.round(model(x)), stars)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
