"""Targets in the wrong unit: the norm of the gradients overflows, and clipping divides by it."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
joules = 1e12 * torch.randn(64, 1)

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.l1_loss(model(x), joules) * 1e22
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
print(f"loss {loss.item():.3g}")
