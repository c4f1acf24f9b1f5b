"""Biases of a hidden layer start so low that no unit is ever on."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x[:, :1] * x[:, 1:2]

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
nn.init.constant_(model[0].bias, -10.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
