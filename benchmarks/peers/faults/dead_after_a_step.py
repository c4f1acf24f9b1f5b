"""A learning rate that is far too large kills all ReLUs in the first step."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.rand(64, 4)
y = 2 * x.sum(1, keepdim=True) - 3

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=100.0)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.05
print(f"loss {loss.item():.3g}")
